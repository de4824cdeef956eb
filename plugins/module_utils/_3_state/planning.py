# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning: what a task wants, compared with what the array has, is the change to be made.

Everything here is pure. What an object consists of, and which rules hold for it, is the resource's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._0_basics.errors import InvalidInput
from .._2_objects.resource import Field, Resource, State, Version

NONE, CREATED, MODIFIED, RECREATED, DELETED = "none", "created", "modified", "recreated", "deleted"
OPERATIONS = CREATED, MODIFIED, RECREATED, DELETED
"""What a plan may do to an object."""

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Creation:
    """One create. ``wanted``: what the user says, secrets included. ``implied``: what it says beyond that. ``after``: what will be there."""

    wanted: State = field(repr=False)
    implied: State
    after: State


@dataclass(frozen=True)
class Modification:
    """One modification, from ``before`` to ``after``. ``targets``: the options that get another value. ``body``: what is sent."""

    before: State
    after: State
    targets: State
    body: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Change:
    """One step of a plan: what will be done to one object, and what will be there before and after.

    ``before`` and ``after`` are ``None`` where there is no object, and hold no secrets. ``modified`` names top-level
    options. ``creation`` is there where an object is created, ``modifications`` where one is modified, in their order.
    ``sought`` is by what an object was looked for that is not there, and should not be.
    """

    operation: str
    before: State | None
    after: State | None
    modified: list[str] = field(default_factory=list)
    creation: Creation | None = None
    modifications: list[Modification] = field(default_factory=list)
    sought: State = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def subject(self) -> State:
        """The object that this is about, as it was, or else will be; what was looked for if there is none at all."""
        return self.before or self.after or self.sought

    @property
    def uuid(self) -> str | None:
        """The UUID of the object as it was, ``None`` where there was none."""
        return (self.before or {}).get("uuid")


@dataclass(frozen=True)
class Permissions:
    """What the user allows beyond a change in place.

    recreate: delete and create what can't be modified. replace_secrets: write secrets although nobody can tell
    whether they differ.
    """

    recreate: bool = False
    replace_secrets: bool = False


@dataclass(frozen=True)
class Comparison:
    """What is wanted of an object against what is there, by what is known of the array's release (``version``).

    ``wanted`` is without what ONTAP would ignore, of which ``warnings`` tell. ``changes`` are the fields that differ;
    ``fixed`` those of them that can't be modified, and ``secrets`` those to be replaced: only a new object can have them.
    """

    wanted: State = field(repr=False)
    current: State
    version: Version | None
    warnings: list[str]
    changes: list[Field]
    fixed: list[Field]
    secrets: list[Field]

    @property
    def in_place(self) -> bool:
        """Whether the object that is there can become as wanted."""
        return not (self.fixed or self.secrets)

    @property
    def rests_on_release(self) -> bool:
        """Whether the release decides what can be modified."""
        return any(self.wanted[row.option] in row.modify_since for row in self.changes)


def compare(
    resource: Resource, wanted: State, current: State, permissions: Permissions, version: Version | None
) -> Comparison:
    """Compares what is wanted with an object that is there."""
    wanted, warnings = resource.settle(wanted, current)
    changes = resource.differing(wanted, current)
    # What is set can't be cleared: whether ONTAP takes null or empty text for that is not known (docs/ontap_facts.md, 9.13).
    fixed = [
        row for row in changes if wanted[row.option] is None or not row.modifiable(wanted[row.option], current, version)
    ]
    secrets = resource.secrets(wanted) if permissions.replace_secrets else []
    return Comparison(wanted, current, version, warnings, changes, fixed, secrets)


def plan(
    resource: Resource,
    wanted: State,
    current: State | None,
    present: bool = True,
    permissions: Permissions = Permissions(),
    version: Version | None = None,
) -> Change:
    """The change that brings ``current`` (``None``: no such object) to ``wanted``, or to nothing unless ``present``.

    version: the array's release, as far as it is known. Pure. Raises ``InvalidInput`` for whatever must not or can't be
    done, so that a plan that exists can be applied.
    """
    if not present:
        return Change(DELETED, current, None) if current else Change(NONE, None, None, sought=wanted)
    if current is not None:
        return plan_change(resource, compare(resource, wanted, current, permissions, version), permissions)
    wanted, warnings = resource.settle(wanted, {})
    creation = plan_creation(resource, wanted, version)
    return Change(CREATED, None, creation.after, creation=creation, warnings=warnings)


def plan_change(resource: Resource, compared: Comparison, permissions: Permissions) -> Change:
    """The change that makes an object that is there as wanted. Raises as ``plan``."""
    wanted, current = compared.wanted, compared.current
    resource.check_wanted(wanted, current)
    resource.check_release(wanted, compared.version)
    if not compared.in_place:
        if not permissions.recreate:
            raise InvalidInput(_why_recreate(resource, compared))
        creation = _successor(resource, compared)
        modified = _top_level([*compared.changes, *compared.secrets])
        return Change(RECREATED, current, creation.after, modified, creation, warnings=compared.warnings)
    if not compared.changes:
        return Change(NONE, current, current, warnings=compared.warnings)
    after = {**current, **{row.option: wanted[row.option] for row in compared.changes}}
    resource.check_modify(current, compared.changes)
    resource.check_result(after)
    stations = [current, *resource.steps(current, after)]
    modifications = [_modification(resource, *both) for both in zip(stations, stations[1:])]
    modified = _top_level(compared.changes)
    return Change(MODIFIED, current, after, modified, modifications=modifications, warnings=compared.warnings)


def _modification(resource: Resource, before: State, after: State) -> Modification:
    changes = resource.differing(after, before)
    targets = {row.option: after[row.option] for row in changes}
    return Modification(before, after, targets, resource.modify_body(before, after, changes))


def _successor(resource: Resource, compared: Comparison) -> Creation:
    """What replaces an object, if that stands every rule."""
    try:
        successor = resource.successor(compared.current, compared.wanted)
        resource.check_recreate(successor, compared.current)
        return plan_creation(resource, successor, compared.version)
    except InvalidInput as error:
        kept = "The new one would keep what the task leaves out. Nothing was deleted."
        title = resource.title(compared.current)
        raise InvalidInput(*error.problems, f"{title} would have to be recreated. {kept}") from None


def plan_creation(resource: Resource, wanted: State, version: Version | None = None) -> Creation:
    """How ``wanted`` is created. Raises as ``plan``."""
    resource.check_release(wanted, version)
    resource.check_create(wanted, version)
    resource.check_result(wanted)
    implied = resource.implied(wanted)
    return Creation(wanted, implied, resource.predict({**implied, **wanted}))


def _why_recreate(resource: Resource, compared: Comparison) -> str:
    wanted, current = compared.wanted, compared.current
    reasons = [
        f"{row.option} is {repr(current[row.option]) if row.option in current else 'not set'} "
        f"and should {'not be set' if wanted[row.option] is None else f'be {wanted[row.option]!r}'}"
        for row in compared.fixed
    ]
    reasons += [f"{row.option} is to be replaced" for row in compared.secrets]
    return (
        f"{resource.title(current)} can't be changed in place, because ONTAP can't modify this: {'; '.join(reasons)}. "
        "Set recreate: true to have it deleted and created again; its security associations drop meanwhile."
    )


def _top_level(changes: Iterable[Field]) -> list[str]:
    return sorted({row.option.partition(".")[0] for row in changes})
