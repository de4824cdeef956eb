# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Approving a plan by digests of it: of the whole, and of each of its changes, so that the rest of it stays approved. Pure.

No secret is covered, because whoever knows the rest could find out a weak one by trying.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Callable

from .._2_objects.resource import State
from .planning import CREATED, MODIFIED, NONE, RECREATED, Change

ANY = "any"
"""Stands for every plan among what is approved."""

_PARTS = {
    "array": "this is another array than the one that was planned for",
    "source": "what the list was made from (source) is another",
    "list": "the list, or what it leaves open, is another",
    "others": "the policies that the list does not name are others than they were",
    "unchanged": "the policies that are as the list wants them are others than they were",
}
"""What a plan rests on, and how messages say that it has changed."""


@dataclass(frozen=True)
class Basis:
    """What a plan rests on, and what stays the same while it is carried out.

    array: what identifies it, ``None`` if nobody can tell. source: what the list was made from. targets: what each entry
    wants, without secrets. others: the objects in reach that stay although no entry names them. lasting: what of a state
    only a change changes. key: what identifies an object, whichever it is by UUID.
    """

    array: str | None
    source: str
    targets: Sequence[Any]
    others: Sequence[State]
    lasting: Callable[[Mapping[str, Any]], State] = dict
    key: Callable[[Mapping[str, Any]], State] = dict

    def digests(self) -> dict[str, str]:
        """By part."""
        parts = {
            "array": self.array,
            "source": self.source,
            "list": sorted(map(_canonical, self.targets)),
            "others": sorted(map(_canonical, self.others)),
        }
        return {part: _digest([part, value]) for part, value in parts.items()}


class Digests:
    """The digests of a plan."""

    def __init__(self, basis: Basis, changes: Sequence[Change], approved: Collection[str] = ()) -> None:
        """changes: of all entries, also those that change nothing. approved: by which what is done already is known."""
        self.bound = basis.array is not None
        self._basis = basis
        self._parts = basis.digests()
        covered = sorted(_canonical([change.operation, change.before, change.after]) for change in changes)
        self.plan = f"sha256:{_digest([self._parts, covered])}"
        same = [change.before for change in changes if change.operation == NONE and change.before]
        same = [state for state in same if not {self._done(state, True), self._done(state, False)} & set(approved)]
        unchanged = sorted(_canonical(basis.lasting(state)) for state in same)
        self._results = [
            self._done(change.after, change.operation != MODIFIED)
            for change in changes
            if change.operation != NONE and change.after
        ]
        self._parts["unchanged"] = _digest(["unchanged", unchanged])
        self._changes = [(change, self._of_change(change)) for change in changes if change.operation != NONE]

    def _done(self, state: State, made: bool) -> str:
        """Stands for an object as an approved change leaves it. made: anew, so that nobody can know all of it before."""
        return f"done:{_digest([self._parts['array'], self._parts['list'], made, self._left(state, made)])}"

    def _left(self, state: State, made: bool) -> State:
        return self._basis.key(state) if made else self._basis.lasting(state)

    def _of_change(self, change: Change) -> list[str]:
        """Each that approves a change. Where a new one could not be made after the delete, that is what is left to do."""
        rest = [CREATED, None, change.after] if change.operation == RECREATED else None
        covered = [[change.operation, change.before, change.after], *([rest] if rest else [])]
        return [f"change:{_digest([self._parts, one])}" for one in covered]

    def all(self) -> list[str]:
        """That of the plan, those of its parts, which only tell what differs, and those of its changes and their results."""
        parts = [f"{part}:{digest}" for part, digest in self._parts.items()]
        changes = sorted(one for _change, own in self._changes for one in own)
        return [self.plan, *parts, *changes, *sorted(self._results)]

    def unapproved(self, approved: Collection[str]) -> list[Change]:
        """The changes that nobody approved, neither as a part of the whole nor by themselves."""
        given = set(approved)
        if self.plan in given:
            return []
        return [change for change, own in self._changes if own[0] not in given]

    def differences(self, approved: Collection[str]) -> list[str]:
        """A sentence for each part that is another one than in any of the approved plans, as far as they tell."""
        given = set(approved)
        return [
            sentence
            for part, sentence in _PARTS.items()
            if any(one.startswith(f"{part}:") for one in given) and f"{part}:{self._parts[part]}" not in given
        ]


def _digest(value: Any) -> str:
    return sha256(_canonical(value).encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
