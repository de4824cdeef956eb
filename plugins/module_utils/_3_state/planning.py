# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run is one plan: what is wanted against what the array has gives the change, and the change its report.

Everything here is pure. What an object consists of, and which rules hold for it, is the resource's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.resource import Field, Resource, State, Version

NONE, CREATED, MODIFIED, RECREATED, DELETED = "none", "created", "modified", "recreated", "deleted"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Change:
    """One step of a plan: what will be done to one object, and what will be there before and after.

    ``before`` and ``after`` are ``None`` where there is no object, and hold no secrets. ``modified`` names top-level
    options. ``wanted`` is what a create writes, secrets included, what a modification changes, or what should not be
    there; ``implied`` is what a create says although the user did not. ``body`` is what a modification sends.
    ``reported`` is the object as the array returned it after a create. ``steps`` are the modifications that make up this
    one, where it takes more than one; ``body`` is then empty.
    """

    operation: str
    before: State | None
    after: State | None
    modified: list[str] = field(default_factory=list)
    wanted: State = field(default_factory=dict, repr=False)
    implied: State = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    warnings: list[str] = field(default_factory=list)
    reported: State | None = None
    steps: list[Change] = field(default_factory=list)

    @property
    def uuid(self) -> str | None:
        """The UUID of the object as it was, ``None`` where there was none."""
        return (self.before or {}).get("uuid")

    @property
    def rests_on_absence(self) -> bool:
        """Whether there is nothing to do because what should be absent was not found."""
        return self.operation == NONE and self.before is None


@dataclass(frozen=True)
class Permissions:
    """What the user allows beyond a change in place.

    recreate: delete and create what can't be modified. replace_secrets: write secrets although nobody can tell
    whether they differ.
    """

    recreate: bool = False
    replace_secrets: bool = False


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
        return Change(DELETED if current else NONE, current, None, wanted=wanted)
    wanted, warnings = resource.settle(wanted, current or {})
    if current is not None:
        resource.check_wanted(wanted, current)
    if current is None:
        return creation(resource, Change(CREATED, None, None, warnings=warnings), wanted, version)
    resource.check_release(wanted, version)
    changes = resource.differing(wanted, current)
    fixed, secrets = unmodifiable(resource, wanted, current, permissions, version)
    if fixed or secrets:
        if not permissions.recreate:
            raise InvalidInput(_why_recreate(resource, wanted, current, fixed, secrets))
        modified = _top_level([*changes, *secrets])
        return _recreation(
            resource, Change(RECREATED, current, None, modified, warnings=warnings), wanted, current, version
        )
    if not changes:
        return Change(NONE, current, current, warnings=warnings)
    result = {**current, **{row.option: wanted[row.option] for row in changes}}
    resource.check_modify(current, changes)
    resource.check_result(result)
    stations = [current, *resource.steps(current, result)]
    steps = [_modification(resource, before, after) for before, after in zip(stations, stations[1:])]
    if len(steps) == 1:
        return replace(steps[0], warnings=warnings)
    return replace(_modification(resource, current, result), body={}, steps=steps, warnings=warnings)


def _modification(resource: Resource, before: State, after: State) -> Change:
    changes = resource.differing(after, before)
    body = resource.modify_body(before, after, changes)
    targets = {row.option: after[row.option] for row in changes}
    return Change(MODIFIED, before, after, _top_level(changes), wanted=targets, body=body)


def _recreation(resource: Resource, change: Change, wanted: State, current: State, version: Version | None) -> Change:
    """Completes a change that deletes ``current`` for what it becomes by ``wanted``, if that stands every rule."""
    try:
        successor = resource.successor(current, wanted)
        resource.check_recreate(successor, current)
        return creation(resource, change, successor, version)
    except InvalidInput as error:
        kept = "The new one would keep what the task leaves out. Nothing was deleted."
        raise InvalidInput(*error.problems, f"{resource.title(current)} would have to be recreated. {kept}") from None


def creation(resource: Resource, change: Change, wanted: State, version: Version | None = None) -> Change:
    """Completes a change that creates ``wanted``. version: the array's release, as far as it is known."""
    resource.check_release(wanted, version)
    resource.check_create(wanted, version)
    resource.check_result(wanted)
    implied = resource.implied(wanted)
    return replace(change, wanted=wanted, implied=implied, after=resource.predict({**implied, **wanted}))


def unmodifiable(
    resource: Resource, wanted: State, current: State, permissions: Permissions, version: Version | None = None
) -> tuple[list[Field], list[Field]]:
    """The fields that only a new object can have as wanted: those that can't be modified, and secrets to be replaced."""
    changes = resource.differing(wanted, current)
    # What is set can't be cleared: whether ONTAP takes null or empty text for that is not known (docs/ontap_facts.md, 9.13).
    fixed = [
        row for row in changes if wanted[row.option] is None or not row.modifiable(wanted[row.option], current, version)
    ]
    secrets = [row for row in resource.fields if row.write_only and row.option in wanted]
    return fixed, secrets if permissions.replace_secrets else []


def _why_recreate(resource: Resource, wanted: State, current: State, fixed: list[Field], secrets: list[Field]) -> str:
    reasons = [
        f"{row.option} is {repr(current[row.option]) if row.option in current else 'not set'} "
        f"and should {'not be set' if wanted[row.option] is None else f'be {wanted[row.option]!r}'}"
        for row in fixed
    ]
    reasons += [f"{row.option} is to be replaced" for row in secrets]
    return (
        f"{resource.title(current)} can't be changed in place, because ONTAP can't modify this: {'; '.join(reasons)}. "
        "Set recreate: true to have it deleted and created again; its security associations drop meanwhile."
    )


def _top_level(changes: Iterable[Field]) -> list[str]:
    return sorted({row.option.partition(".")[0] for row in changes})


# Reporting


def report(resource: Resource, change: Change) -> dict[str, Any]:
    """The result of a task: the same keys in check mode, after a run, and as far as possible after a failure."""
    result = outcome(resource, change.operation, change.reported or change.after or change.before)
    if change.after is None:
        result[resource.result_name] = {}
    return {**result, "modified": change.modified, "diff": diff(resource, change), "warnings": change.warnings}


def diff(resource: Resource, change: Change) -> dict[str, Any]:
    """Before and after in the options of the task. A replaced secret shows as replaced, never as itself."""
    sides: dict[str, Any] = {
        "before": resource.to_options(change.before or {}),
        "after": resource.to_options(change.after or {}),
    }
    title = resource.title(change.before or change.wanted)
    headers = {"before_header": title, "after_header": title}
    if change.operation == RECREATED:
        headers["after_header"] = f"{title}, deleted and created again"
        sides["before"]["uuid"] = change.uuid
        sides["after"]["uuid"] = "(a new one)"
        for row in resource.fields:
            if row.write_only and row.option in change.wanted and row.option.partition(".")[0] in change.modified:
                sides["before"][row.option] = "(as it was)"
                sides["after"][row.option] = "(replaced)"
    return {**headers, **sides}


def outcome(resource: Resource, operation: str, state: State | None) -> dict[str, Any]:
    """The keys that tell, of success and failure alike, what was done and what the array has now."""
    told = {
        "changed": operation != NONE,
        "operation": operation,
        "modified": [],
        resource.result_name: resource.to_options(state or {}),
    }
    return told if resource.single else {**told, "uuid": (state or {}).get("uuid")}
