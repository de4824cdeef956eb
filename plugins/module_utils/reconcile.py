# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run is one plan: find what the array has, plan the difference to what is wanted, apply it.

``plan`` is pure. Finding and applying talk to the array through a client. What an object consists of, and which
rules hold for it, is the resource's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.wiresec.ontap.plugins.module_utils.errors import (
    ApiError,
    InvalidInput,
    OntapError,
    UnexpectedAnswer,
)
from ansible_collections.wiresec.ontap.plugins.module_utils.resource import (
    NOT_KNOWN_TO_RELEASE,
    OLDEST_SUPPORTED,
    Field,
    Requirement,
    Resource,
    State,
    Version,
    release,
)
from ansible_collections.wiresec.ontap.plugins.module_utils.rest import RestClient, instance, literal

NONE, CREATED, MODIFIED, RECREATED, DELETED = "none", "created", "modified", "recreated", "deleted"


@dataclass(frozen=True)
class Found:
    """What the array has under a key. ``namesakes``: objects whose first key option is the same and the rest is not."""

    current: State | None
    namesakes: list[State]


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


# Reading


def find(client: RestClient, resource: Resource, wanted: Mapping[str, Any]) -> Found:
    """Looks an object up by its key with one request, and compares the key exactly on this side."""
    first, *others = resource.key
    filters = {
        resource.by_option[option].api_path: literal(wanted[option]) for option in resource.key if option in wanted
    }
    with explaining(client, resource, resource.requirements(wanted), f"Looking up {resource.title(wanted)}"):
        records = client.get_all(resource.path, {**filters, "fields": resource.query_fields(wanted)})
    states = [resource.from_api(record) for record in records]
    same_name = [state for state in states if state.get(first) == wanted[first]]
    matches = [state for state in same_name if all(state.get(option) == wanted.get(option) for option in others)]
    if len(matches) > 1:
        uuids = ", ".join(str(state.get("uuid")) for state in matches)
        raise UnexpectedAnswer(
            f"The array returned {len(matches)} objects for {resource.title(wanted)} ({uuids}); one is expected."
        )
    return Found(matches[0] if matches else None, [state for state in same_name if state not in matches])


def _read_whole(client: RestClient, resource: Resource, current: State) -> State:
    """Every field of an object that the array's release has, not just those that ``find`` asked for."""
    with explaining(client, resource, [], f"Reading {resource.title(current)}"):
        state = resource.from_api(client.get(instance(resource.path, current.get("uuid"))))
    if any(state.get(option) != current.get(option) for option in ("uuid", *resource.key)):
        raise UnexpectedAnswer(f"Reading {resource.title(current)} by its UUID returned {resource.title(state)}.")
    return state


def listing(
    client: RestClient,
    resource: Resource,
    options: Mapping[str, Any],
    fields: list[str] | None = None,
    order_by: list[str] | None = None,
    max_records: int | None = None,
) -> list[dict[str, Any]]:
    """All objects that match the filters in ``options``, as nested options.

    fields: dotted options to return, ``None`` for all that the array has. order_by: dotted options, each optionally
    with a direction. max_records: the size of a page.
    """
    rows = resource.select(fields or [])
    sorting = [_sorting(resource, entry) for entry in order_by or []]
    # The one query that returns what a release has without knowing the release; unknown names would be refused.
    query = {**resource.filters(options), "fields": ",".join(row.api_path for row in rows) or "*"}
    if sorting:
        query["order_by"] = ",".join(f"{row.api_path}{direction}" for row, direction in sorting)
    if max_records is not None:
        query["max_records"] = str(max_records)
    needs = resource.filter_requirements(options)
    needs += [
        (row.option, row.since)
        for row in (*rows, *(row for row, _direction in sorting))
        if row.since > OLDEST_SUPPORTED
    ]
    check_release(client, resource, needs)
    with explaining(client, resource, needs, f"Listing {resource.noun} objects"):
        records = client.get_all(resource.path, query)
    named = {row.option for row in rows}
    return [resource.to_options(resource.from_api(record), also=named) for record in records]


def count(client: RestClient, resource: Resource, options: Mapping[str, Any]) -> int:
    """How many objects match the filters in ``options``."""
    needs = resource.filter_requirements(options)
    check_release(client, resource, needs)
    with explaining(client, resource, needs, f"Counting {resource.noun} objects"):
        pages = list(client.pages(resource.path, {**resource.filters(options), "return_records": "false"}))
    return sum(page.get("num_records", 0) for page in pages)


def _sorting(resource: Resource, entry: str) -> tuple[Field, str]:
    name, _space, direction = entry.strip().partition(" ")
    rows = resource.select([name])
    if len(rows) > 1:
        raise InvalidInput(f"order_by: {name!r} stands for several fields; name one, such as {rows[0].option}.")
    if direction.strip() not in ("", "asc", "desc"):
        raise InvalidInput(f"order_by: {entry!r} is sorted neither asc nor desc.")
    return rows[0], f" {direction.strip()}" if direction else ""


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
            current = _read_whole(client, resource, current)
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
    """The fields that only a new object can have as wanted: immutable ones that differ, and secrets to be replaced."""
    fixed = [row for row in resource.differing(wanted, current) if row.immutable]
    secrets = [row for row in resource.fields if row.write_only and row.option in wanted]
    return fixed, secrets if permissions.replace_secrets else []


def _why_recreate(resource: Resource, wanted: State, current: State, fixed: list[Field], secrets: list[Field]) -> str:
    reasons = [f"{row.option} is {current.get(row.option)!r} and should be {wanted[row.option]!r}" for row in fixed]
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

    An error that comes after something was written carries the truth about the array in its ``outcome``.
    """
    if change.operation == CREATED:
        return replace(change, reported=_create(client, resource, change))
    if change.operation == MODIFIED:
        needs = resource.requirements(change.after or {})
        with explaining(client, resource, needs, f"Modifying {resource.title(change.before or {})}"):
            client.patch(instance(resource.path, change.uuid), change.body)
    if change.operation == DELETED:
        _delete(client, resource, change.before or {})
    if change.operation == RECREATED:
        _delete(client, resource, change.before or {})
        try:
            return replace(change, reported=_create(client, resource, change))
        except OntapError as error:
            _put_back(client, resource, change, error)
            raise
    return change


def _create(client: RestClient, resource: Resource, change: Change) -> State:
    """The object as created: what the array returned, and what was predicted where the array is silent."""
    asked_for = resource.create_body(change.wanted)
    body = resource.create_body({**change.implied, **change.wanted})
    if client.known_version and _too_new(client.known_version, resource, resource.requirements(change.implied)):
        body = asked_for
    with explaining(
        client, resource, resource.requirements(change.wanted), f"Creating {resource.title(change.wanted)}"
    ):
        try:
            answer = client.post(resource.path, body)
        except ApiError as error:
            if error.code not in NOT_KNOWN_TO_RELEASE or body == asked_for:
                raise
            # An old release refused what the user never said, but a newer one needs to be told.
            answer = client.post(resource.path, asked_for)
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


def _delete(client: RestClient, resource: Resource, current: State) -> None:
    with explaining(client, resource, [], f"Deleting {resource.title(current)}"):
        try:
            client.delete(instance(resource.path, current.get("uuid")))
        except ApiError as error:
            if not resource.not_found(error):
                raise


def _put_back(client: RestClient, resource: Resource, change: Change, error: OntapError) -> None:
    """After a delete whose create failed: restores what was there, and completes the error with what is there now."""
    if error.outcome:
        return
    before = change.before or {}
    secrets = {
        row.option: change.wanted[row.option]
        for row in resource.fields
        if row.write_only and row.option in change.wanted
    }
    predecessor = resource.to_restore(before, secrets)
    lost = f"{resource.title(before)} had been deleted for this and is now missing"
    error.outcome = _outcome(resource, DELETED, None)
    if predecessor == resource.writable(change.wanted):
        error.notes.append(f"{lost}.")
        return
    try:
        restored = _create(client, resource, _creation(resource, Change(CREATED, None, None), predecessor))
    except OntapError as second:
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


# Explaining


@contextmanager
def explaining(client: RestClient, resource: Resource, needs: list[Requirement], doing: str) -> Iterator[None]:
    """Completes an ``ApiError`` from within: what was attempted, what the user can do, and which option is too new.

    The release is read here only, after a refusal that may come from an option which the array does not know.
    """
    try:
        yield
    except ApiError as error:
        error.doing = error.doing or doing
        error.advice = error.advice or resource.advice.get(error.code, "")
        if error.code in NOT_KNOWN_TO_RELEASE:
            try:
                version = client.version()
            except OntapError:
                # The refusal is what the user must see, not that its explanation failed.
                version = None
            error.advice = " ".join(_too_new(version, resource, needs)) or error.advice
        raise


def check_release(client: RestClient, resource: Resource, needs: list[Requirement]) -> None:
    """Refuses options that are newer than the release, if the user told the release. Sends nothing."""
    problems = _too_new(client.known_version, resource, needs) if client.known_version else []
    if problems:
        raise InvalidInput(*problems)


def _too_new(version: Version | None, resource: Resource, needs: list[Requirement]) -> list[str]:
    """A sentence for everything that a release lacks, or may lack where the release is not known (``None``)."""
    runs = f"; this array runs {release(version)}" if version else ""
    if version and version < OLDEST_SUPPORTED:
        return [f"{resource.noun} needs ONTAP {release(OLDEST_SUPPORTED)} or later{runs}."]
    return [
        f"{subject} needs ONTAP {release(needed)} or later{runs}."
        for subject, needed in needs
        if version is None or needed > version
    ]
