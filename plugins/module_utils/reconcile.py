# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run is one plan: what is wanted against what the array has gives the change, which is then applied.

``plan`` is pure, ``apply`` writes through a client. What an object consists of, and which rules hold for it, is the
resource's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.wiresec.ontap.plugins.module_utils.errors import (
    ApiError,
    ApprovalPending,
    ConnectionFailed,
    InvalidInput,
    OntapError,
    UnexpectedAnswer,
)
from ansible_collections.wiresec.ontap.plugins.module_utils.reading import explaining, find, read_whole, too_new
from ansible_collections.wiresec.ontap.plugins.module_utils.resource import (
    NOT_KNOWN_TO_RELEASE,
    Field,
    Resource,
    State,
)
from ansible_collections.wiresec.ontap.plugins.module_utils.rest import Answer, RestClient, instance

NONE, CREATED, MODIFIED, RECREATED, DELETED = "none", "created", "modified", "recreated", "deleted"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Change:
    """One step of a plan: what will be done to one object, and what will be there before and after.

    ``before`` and ``after`` are ``None`` where there is no object, and hold no secrets. ``modified`` names top-level
    options. ``wanted`` is what a create writes, secrets included; ``implied`` what it says although the user did not.
    ``body`` is what a modification sends. ``reported`` is the object as the array returned it after a create.
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


# Planning


def prepare(
    client: RestClient,
    resource: Resource,
    wanted: State,
    current: State | None,
    present: bool = True,
    permissions: Permissions = Permissions(),
) -> Change:
    """As ``plan``, after reading an object whole that is to be replaced: what the user leaves out is carried over."""
    if present and current and permissions.recreate:
        settled = resource.settle(wanted, current)[0]
        if any(_unmodifiable(resource, settled, current, permissions)):
            current = read_whole(client, resource, current)
    return plan(resource, wanted, current, present, permissions)


def plan(
    resource: Resource,
    wanted: State,
    current: State | None,
    present: bool = True,
    permissions: Permissions = Permissions(),
) -> Change:
    """The change that brings ``current`` (``None``: no such object) to ``wanted``, or to nothing unless ``present``.

    Pure. Raises ``InvalidInput`` for whatever must not or can't be done, so that a plan that exists can be applied.
    """
    if not present:
        return Change(DELETED if current else NONE, current, None)
    wanted, warnings = resource.settle(wanted, current or {})
    if current is None:
        return _creation(resource, Change(CREATED, None, None, warnings=warnings), wanted)
    changes = resource.differing(wanted, current)
    fixed, secrets = _unmodifiable(resource, wanted, current, permissions)
    if fixed or secrets:
        if not permissions.recreate:
            raise InvalidInput(_why_recreate(resource, wanted, current, fixed, secrets))
        successor = {**resource.carry_over(current, wanted), **wanted}
        modified = _top_level([*changes, *secrets])
        return _creation(resource, Change(RECREATED, current, None, modified, warnings=warnings), successor)
    if not changes:
        return Change(NONE, current, current, warnings=warnings)
    result = {**current, **{row.option: wanted[row.option] for row in changes}}
    resource.check_modify(current, changes)
    resource.check_result(result)
    body = resource.modify_body(current, result, changes)
    return Change(MODIFIED, current, result, _top_level(changes), body=body, warnings=warnings)


def _creation(resource: Resource, change: Change, wanted: State) -> Change:
    """Completes a change that creates ``wanted``."""
    resource.check_create(wanted)
    resource.check_result(wanted)
    implied = resource.implied(wanted)
    return replace(change, wanted=wanted, implied=implied, after=resource.predict({**implied, **wanted}))


def _unmodifiable(
    resource: Resource, wanted: State, current: State, permissions: Permissions
) -> tuple[list[Field], list[Field]]:
    """The fields that only a new object can have as wanted: those that can't be modified, and secrets to be replaced."""
    fixed = [row for row in resource.differing(wanted, current) if not row.modifiable(current)]
    secrets = [row for row in resource.fields if row.write_only and row.option in wanted]
    return fixed, secrets if permissions.replace_secrets else []


def _why_recreate(resource: Resource, wanted: State, current: State, fixed: list[Field], secrets: list[Field]) -> str:
    reasons = [
        f"{row.option} is {repr(current[row.option]) if row.option in current else 'not set'} "
        f"and should be {wanted[row.option]!r}"
        for row in fixed
    ]
    reasons += [f"{row.option} is to be replaced" for row in secrets]
    return (
        f"{resource.title(current)} can't be changed in place, because ONTAP can't modify this: {'; '.join(reasons)}. "
        "Set recreate: true to have it deleted and created again; its security associations drop meanwhile."
    )


def _top_level(changes: Iterable[Field]) -> list[str]:
    return sorted({row.option.partition(".")[0] for row in changes})


# Applying


def apply(client: RestClient, resource: Resource, change: Change) -> Change:
    """Carries one change out and returns it with what the array reported.

    An error that comes after something was written, or may have been, tells so in its ``outcome``.
    """
    before = change.before or {}
    if change.operation in (DELETED, RECREATED):
        _delete(client, resource, before)
    if change.operation == MODIFIED:
        path = instance(resource.path, change.uuid)
        needs = resource.requirements(change.after or {})
        doing = f"Modifying {resource.title(before)}"
        with _admitting_doubt(resource, before), explaining(client, resource, needs, doing):
            client.patch(path, change.body)
    if change.operation == CREATED:
        return replace(change, reported=_create(client, resource, change))
    if change.operation == RECREATED:
        try:
            return replace(change, reported=_create(client, resource, change))
        except OntapError as error:
            _put_back(client, resource, change, error)
            raise
    return change


@contextmanager
def _admitting_doubt(resource: Resource, state: State) -> Iterator[None]:
    """Says so in the outcome when nobody can tell whether the write within was carried out."""
    try:
        yield
    except OntapError as error:
        if _uncertain(error):
            error.outcome = {**_outcome(resource, UNKNOWN, None), "uuid": state.get("uuid")}
            error.notes.append("Whether ONTAP carried the request out is not known; run the task again to find out.")
        raise


def _uncertain(error: OntapError) -> bool:
    """Whether a write that ended so may have been carried out all the same."""
    if isinstance(error, ConnectionFailed):
        return not error.never_sent
    if isinstance(error, ApiError):
        # A proxy says so of an answer that it did not get; ONTAP's own errors have a code.
        return error.status in (502, 504) and not error.code
    return isinstance(error, UnexpectedAnswer)


def _create(client: RestClient, resource: Resource, change: Change) -> State:
    """The object as created: what the array returned, and what was predicted where the array is silent."""
    needs = resource.requirements(change.wanted)
    doing = f"Creating {resource.title(change.wanted)}"
    with _admitting_doubt(resource, {}), explaining(client, resource, needs, doing):
        answer = _post(client, resource, change)
    try:
        created = resource.from_api(answer.records[0]) if answer.records else {}
        if "uuid" not in created:
            created = find(client, resource, change.wanted).current or {}
        if not created:
            raise UnexpectedAnswer(f"{resource.title(change.wanted)} was created, but the array does not list it.")
    except OntapError as error:
        error.outcome = _outcome(resource, CREATED, change.after)
        raise
    return {**(change.after or {}), **created}


def _post(client: RestClient, resource: Resource, change: Change) -> Answer:
    """Creates what was wanted, with what it implies as far as the release knows that."""
    asked_for = resource.create_body(change.wanted)
    body = resource.create_body({**change.implied, **change.wanted})
    if client.known_version and too_new(client.known_version, resource, resource.requirements(change.implied)):
        body = asked_for
    try:
        return client.post(resource.path, body)
    except ApiError as error:
        if error.code not in NOT_KNOWN_TO_RELEASE or body == asked_for:
            raise
        # An old release refused what the user never said, but a newer one needs to be told.
        return client.post(resource.path, asked_for)


def _delete(client: RestClient, resource: Resource, current: State) -> None:
    path = instance(resource.path, current.get("uuid"))
    with _admitting_doubt(resource, current), explaining(client, resource, [], f"Deleting {resource.title(current)}"):
        try:
            client.delete(path)
        except ApiError as error:
            if not resource.not_found(error):
                raise


def _put_back(client: RestClient, resource: Resource, change: Change, error: OntapError) -> None:
    """After a delete whose create failed: restores what was there, and completes the error with what is there now."""
    before = change.before or {}
    if error.outcome:
        error.notes.append(f"{resource.title(before)} had been deleted for this.")
        return
    secrets = {
        row.option: change.wanted[row.option]
        for row in resource.fields
        if row.write_only and row.option in change.wanted
    }
    predecessor = resource.to_restore(before, secrets)
    lost = f"{resource.title(before)} had been deleted for this and is now missing"
    error.outcome = _outcome(resource, DELETED, None)
    if isinstance(error, ApprovalPending) or predecessor == resource.writable(change.wanted):
        error.notes.append(f"{lost}.")
        return
    try:
        restored = _create(client, resource, _creation(resource, Change(CREATED, None, None), predecessor))
    except OntapError as second:
        if second.outcome:
            error.outcome = _outcome(resource, UNKNOWN, None)
        error.notes.append(f"{lost}; it could not be put back: {second}")
    else:
        used = [option for option in secrets if option in predecessor]
        key = f" (with the {' and '.join(used)} of this task, since ONTAP returns none)" if used else ""
        error.outcome = _outcome(resource, RECREATED, restored)
        error.notes.append(
            f"{resource.title(before)} had been deleted for this and was put back as it was{key}; its UUID is new."
        )


# Reporting


def report(resource: Resource, change: Change) -> dict[str, Any]:
    """The result of a task: the same keys in check mode, after a run, and as far as possible after a failure."""
    result = _outcome(resource, change.operation, change.reported or change.after or change.before)
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


def _outcome(resource: Resource, operation: str, state: State | None) -> dict[str, Any]:
    return {
        "changed": operation != NONE,
        "operation": operation,
        "modified": [],
        resource.result_name: resource.to_options(state or {}),
        "uuid": (state or {}).get("uuid"),
    }
