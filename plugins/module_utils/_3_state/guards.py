# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a plan may take away: of each SVM, and of all together. All of it is pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._0_basics.errors import InvalidInput
from .._2_objects.ipsec_policy import POLICY
from .._2_objects.resource import State
from .planning import NONE, Change

DEFAULT_SHARE = "30%"
"""The share of what exists that may go unless the user says otherwise."""

FEW = 3
"""How many may go where that share is less, as far as they are no more than half, or are one."""

_SHOWN = 20
_SHOWN_PLACES = 10


@dataclass(frozen=True)
class Limits:
    """What the user allows. max_deletes: number or percentage, ``None`` for the default.

    allow_empty: whether a list without entries may delete, and an SVM lose its last policy, or the last that protects.
    """

    max_deletes: str | None = None
    allow_empty: bool = False

    def __post_init__(self) -> None:
        """Raises ``InvalidInput`` for a ``max_deletes`` that makes no sense, before anything is read."""
        self.allowed(0)

    def allowed(self, existing: int) -> int:
        """How many of as many as exist may go."""
        if not self.max_deletes:
            return max(existing * 30 // 100, min(FEW, max(1, existing // 2)))
        number, percent, rest = self.max_deletes.strip().partition("%")
        number = number.strip()
        is_number = number.isascii() and number.isdigit() and len(number) < 10
        if not is_number or rest or (percent and int(number) > 100):
            raise InvalidInput(f"max_deletes: {self.max_deletes!r} is neither a number nor a percentage such as 30%.")
        return int(number) * existing // 100 if percent else int(number)

    def told(self, existing: int, which: str) -> str:
        """How messages say how many of as many as exist may go. which: what those are."""
        allowed = self.allowed(existing)
        if self.max_deletes or existing * 30 // 100 >= FEW:
            return f"{self.max_deletes or DEFAULT_SHARE} of the {existing} {which} allows {allowed}"
        return f"the default allows {allowed} of the {existing} {which}"


@dataclass(frozen=True)
class Loss:
    """A change that takes something away. place: its SVM, ``None`` for cluster scope. kind: of loss, in one word.

    overridden: a policy that protects stays, and bypasses or discards leave nothing of it.
    """

    place: str | None
    name: str
    kind: str
    of_protection: bool
    overridden: bool = False


class Standing:
    """What there is at one place, before and after: policies, and those that protect."""

    def __init__(self) -> None:
        self.before: Counter[bool] = Counter()
        self.after: Counter[bool] = Counter()

    @property
    def existing(self) -> int:
        """Policies that are there."""
        return sum(self.before.values())

    @property
    def protecting(self) -> int:
        """Those of them that protect."""
        return self.before[True]

    def emptied(self, overridden: int) -> str:
        """What the place would have none of any more, though it has some. overridden: how many that stay protect nothing."""
        if self.existing and not sum(self.after.values()):
            return "last policy"
        return "last policy that protects" if self.protecting and self.after[True] <= overridden else ""


def standings(changes: Iterable[Change], bystanders: Iterable[State]) -> dict[Any, Standing]:
    """What there is at each place. bystanders: the policies that are there and don't change."""
    found: dict[Any, Standing] = {}
    sides = [(change.before, change.after) for change in changes if change.operation != NONE]
    for before, after in [*sides, *((state, state) for state in bystanders)]:
        for state, side in ((before, "before"), (after, "after")):
            if state:
                standing = found.setdefault(state.get(POLICY.container), Standing())
                getattr(standing, side)[POLICY.protects(state)] += 1
    return found


def problems(places: Mapping[Any, Standing], losses: Sequence[Loss], limits: Limits, empty: bool) -> list[str]:
    """A sentence for every guard that stops a plan, and what would go. empty: whether the list has no entries."""
    found = []
    overridden = Counter(loss.place for loss in losses if loss.overridden)
    emptied = [
        f"{_title(place)} would lose its {what}"
        for place, one in places.items()
        if (what := one.emptied(overridden[place]))
    ]
    if not limits.allow_empty and losses and empty:
        found.append(f"{POLICY.plural}: the list is empty. Set allow_empty: true if that is meant.")
    elif not limits.allow_empty and emptied:
        found.append(f"allow_empty: {_some(emptied)}. Set allow_empty: true if that is meant.")
    exceeded = list(_exceeded(places, losses, limits))
    if exceeded:
        found.append(f"max_deletes: {_some(exceeded)}. Set max_deletes: {len(losses)} if that is meant.")
    return [f"{' '.join(found)} Nothing was changed. {_what_goes(losses)}"] if found else []


def _exceeded(places: Mapping[Any, Standing], losses: Sequence[Loss], limits: Limits) -> Iterator[str]:
    """Each group that would lose more than is allowed: all policies, those of a place, and those of them that protect."""
    existing = sum(one.existing for one in places.values())
    protecting = sum(one.protecting for one in places.values())
    groups = [("", existing, protecting, losses)]
    if len(places) > 1:
        for place, one in sorted(places.items(), key=lambda item: str(item[0] or "")):
            where = f" on {_title(place)}" if place is not None else " in cluster scope"
            groups.append((where, one.existing, one.protecting, [loss for loss in losses if loss.place == place]))
    for where, existing, protecting, going in groups:
        of_protection = sum(loss.of_protection for loss in going)
        counts = {"that exist": (existing, len(going)), "that protect": (protecting, of_protection)}
        told = set()
        for which, (number, gone) in counts.items():
            if gone > limits.allowed(number) and (number, gone) not in told:
                told.add((number, gone))
                allowed = limits.told(number, f"{which}{where}")
                yield f"{allowed} to be deleted, recreated or to protect less, not {gone}"


def _what_goes(losses: Sequence[Loss]) -> str:
    """All names, by place and by what becomes of them."""
    sentences = []
    for place in sorted({loss.place for loss in losses}, key=lambda place: str(place or "")):
        kinds: dict[str, list[str]] = {}
        for loss in losses:
            if loss.place == place:
                kinds.setdefault(loss.kind, []).append(repr(loss.name))
        parts = [f"{len(names)} {kind}: {_some(names, ', ', _SHOWN)}" for kind, names in sorted(kinds.items())]
        sentences.append(f"{_title(place)} has {'; '.join(parts)}.")
    return f"What would go: {' '.join(sentences)}" if sentences else ""


def _some(texts: Sequence[str], between: str = "; ", shown: int = _SHOWN_PLACES) -> str:
    more = f"{between}and {len(texts) - shown} more" if len(texts) > shown else ""
    return between.join(texts[:shown]) + more


def _title(place: str | None) -> str:
    return "cluster scope" if place is None else f"SVM {place!r}"
