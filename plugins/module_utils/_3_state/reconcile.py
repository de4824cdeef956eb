# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the array to what is wanted: read what the plan needs, plan, and carry the change out.

A write whose answer was lost is not repeated blindly: the array is read again, and what it shows decides. What an
object consists of, and which rules hold for it, is the resource's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Callable

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import (
    ApiError,
    ApprovalPending,
    InvalidInput,
    OntapError,
    UnexpectedAnswer,
    Unfinished,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.rest import Answer, RestClient, instance
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.resource import (
    NOT_KNOWN_TO_RELEASE,
    Resource,
    State,
    too_new,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.planning import (
    CREATED,
    DELETED,
    MODIFIED,
    NONE,
    RECREATED,
    UNKNOWN,
    Change,
    Permissions,
    creation,
    outcome,
    plan,
    unmodifiable,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.reading import (
    Whole,
    check_complete,
    check_container,
    check_home,
    check_references,
    explaining,
    find,
    is_enabled,
    read_whole,
)

# Preparing


def prepare(
    client: RestClient,
    resource: Resource,
    wanted: State,
    current: State | None,
    present: bool,
    permissions: Permissions,
) -> Change:
    """As ``plan``, after making sure that what was read is enough to plan upon.

    An object that is to be replaced is read whole, because what the user leaves out is carried over, and nothing is
    left to be found out after it was deleted: the release, and what the new one refers to.
    """
    if current is None or not present:
        return plan(resource, wanted, current, present, permissions, client.known_version)
    settled = resource.settle(wanted, current)[0]
    check_complete(resource, current, resource.needed_to_change(settled))
    if not permissions.recreate:
        return plan(resource, wanted, current, present, permissions, client.known_version)
    changes = resource.differing(settled, current)
    by_release = any(settled[row.option] in row.modify_since for row in changes)
    with _before_deleting(resource, current):
        version = client.version() if by_release else client.known_version
        if any(unmodifiable(resource, settled, current, permissions, version)):
            version = client.version()
            if not isinstance(current, Whole):
                current = read_whole(client, resource, current, settled)
        change = plan(resource, wanted, current, present, permissions, version)
        if change.operation != RECREATED:
            return change
        warnings = check_container(client, resource, settled, current)
        warnings += check_references(client, resource, change.wanted)
    if version is None:
        warnings.append(
            f"This account may not ask GET /api/cluster, so it was not checked whether the release takes all of "
            f"{resource.title(change.wanted)}. The option ontap_version tells the release."
        )
    return replace(change, warnings=[*change.warnings, *warnings])


@contextmanager
def _before_deleting(resource: Resource, current: State) -> Iterator[None]:
    """Says of an error from within what the reading was for, and that nothing came of it."""
    try:
        yield
    except InvalidInput:
        raise
    except OntapError as error:
        error.notes.append(
            f"It was to be found out whether {resource.title(current)} can be recreated. Nothing was changed."
        )
        raise


def confirm(
    client: RestClient, resource: Resource, changes: Sequence[Change], before_deleting: bool = False
) -> list[str]:
    """Refuses to conclude from an empty answer that something is not there, where it may be, and not be listed.

    Costs one request, if something that should be absent was not found. before_deleting: also if something is to be
    deleted. Returns a warning if the account may not make that request. Costs one or two more, if something was not
    found that names nothing that it belongs to: an account of one SVM sees and makes it there.
    """
    absent = [change for change in changes if change.before is None]
    if resource.containers_path and any(resource.container not in change.wanted for change in absent):
        check_home(client, resource)
    return _confirm_listed(client, resource, changes, before_deleting)


def _confirm_listed(
    client: RestClient, resource: Resource, changes: Sequence[Change], before_deleting: bool = False
) -> list[str]:
    unproven = [resource.title(change.wanted) for change in changes if change.rests_on_absence]
    deletes = [resource.title(change.before or {}) for change in changes if change.operation in (DELETED, RECREATED)]
    if not (unproven or (before_deleting and deletes)):
        return []
    enabled = is_enabled(client, resource)
    if enabled or resource.switch is None:
        return []
    where = f"GET /api{resource.switch.path}"
    absent = f"{', '.join(unproven)} not found" if unproven else "Not everything may be listed"
    if enabled is None:
        return [f"{absent}: this account may not ask {where}, so it is not certain that ONTAP lists what it has."]
    problem = f"{absent}, but {resource.switch.off} ({where}), and ONTAP may then not list what it has."
    if before_deleting and deletes:
        problem += f" So these are not deleted: {', '.join(deletes)}."
    raise UnexpectedAnswer(f"{problem} What is there can't be told until that is enabled.")


# Applying


def apply(client: RestClient, resource: Resource, change: Change, verify: bool = False) -> Change:
    """Carries one change out and returns it with what the array reported.

    verify: whether to read the object after each write that was answered with success, which costs one request more.
    An error that comes after something was written, or may have been, tells so in its ``outcome``.
    """
    if change.operation == DELETED:
        return _delete(client, resource, change, verify)
    if change.operation == MODIFIED:
        modify = _modify_in_steps if change.steps else _modify
        return modify(client, resource, change, verify)
    if change.operation == CREATED:
        return _create(client, resource, change, verify)
    if change.operation == RECREATED:
        deleted = _delete(client, resource, change, verify)
        try:
            return _create(client, resource, deleted, verify)
        except OntapError as error:
            _put_back(client, resource, change, error)
            raise
    return change


def _delete(client: RestClient, resource: Resource, change: Change, verify: bool) -> Change:
    before = change.before or {}
    path = instance(resource.path, change.uuid)

    def send() -> None:
        try:
            client.delete(path)
        except ApiError as error:
            if not resource.not_found(error):
                raise

    def look() -> Evidence:
        found = find(client, resource, resource.key_of(before)).current
        if found is None:
            _confirm_listed(client, resource, [Change(NONE, None, None, wanted=before)])
            return Evidence(done=True)
        if found.get("uuid") != change.uuid:
            return Evidence(None, found, "The array has another one of this name by now.", foreign=True)
        return Evidence(False, found)

    def still_there() -> str:
        try:
            client.get(path)
        except ApiError as error:
            if not resource.not_found(error):
                raise
            return ""
        return "it is still there"

    doing = f"Deleting {resource.title(before)}"
    warnings = _write(client, resource, change, doing, send, look)[1]
    if verify:
        _verify(resource, change, doing, still_there, before)
    return replace(change, warnings=[*change.warnings, *warnings])


def _modify(client: RestClient, resource: Resource, change: Change, verify: bool = False) -> Change:
    before = change.before or {}
    path = resource.path if resource.single else instance(resource.path, change.uuid)

    def look() -> Evidence:
        found = find(client, resource, {**change.wanted, **resource.key_of(before)}).current
        if found is None or found.get("uuid") != change.uuid:
            return Evidence(None, found, "The array no longer has the one that was to be modified.", foreign=True)
        check_complete(resource, found, resource.needed_to_change(change.wanted))
        remaining = resource.differing(change.wanted, found)
        resource.check_modify(found, remaining)
        return Evidence(not remaining, found)

    def send() -> None:
        client.patch(path, change.body)

    doing = f"Modifying {resource.title(before)}"
    warnings = _write(client, resource, change, doing, send, look)[1]
    if verify:
        _verify(resource, change, doing, lambda: _still_differs(client, resource, change.wanted, before), before)
    return replace(change, warnings=[*change.warnings, *warnings])


def _modify_in_steps(client: RestClient, resource: Resource, change: Change, verify: bool) -> Change:
    """One modification after the other; if one fails, those before it are taken back."""
    warnings = []
    for step in change.steps:
        try:
            warnings += _modify(client, resource, step, verify).warnings
        except OntapError as error:
            if step is not change.steps[0]:
                _go_back(client, resource, change, step, error)
            raise
    return replace(change, warnings=[*change.warnings, *warnings])


def _go_back(client: RestClient, resource: Resource, change: Change, failed: Change, error: OntapError) -> None:
    """After steps of which one failed: restores what was there, and completes the error with what is there now."""
    before, current = change.before or {}, failed.before
    title = resource.title(before)
    operation = UNKNOWN if error.outcome else MODIFIED
    try:
        current = find(client, resource, change.wanted).current
        if resource.differing(resource.writable(change.after or {}), current or {}):
            back = plan(resource, resource.writable(before), current)
            for step in back.steps or ([back] if back.operation == MODIFIED else []):
                _modify(client, resource, step)
                current = step.after
            error.notes.append(f"Earlier steps had been taken and were taken back: {title} is as it was.")
        error.outcome = outcome(resource, operation, current)
    except OntapError as second:
        # What the task leaves out is left alone by a later run, so it would stay as the steps have left it.
        was = {"lost": resource.to_options(before)}
        error.outcome = {**(second.outcome or outcome(resource, operation, current)), **was}
        error.notes.append(
            f"Earlier steps had been taken and could not be taken back: {title} is now {resource.to_options(current or {})}, "
            f"as far as is known; the key 'lost' of the result has what it was. {second}"
        )


def _create(client: RestClient, resource: Resource, change: Change, verify: bool = False) -> Change:
    """The change with the object as created: what was predicted, in the words of the array where it returned them."""
    wanted = change.wanted
    readable = {row.option: wanted[row.option] for row in resource.fields if row.option in wanted and row.comparable}

    def look() -> Evidence:
        found = find(client, resource, readable).current
        if found is None:
            return Evidence(done=False)
        check_complete(resource, found, readable)
        others = ", ".join(row.option for row in resource.differing(readable, found))
        if others:
            return Evidence(None, found, f"The array has one by now that differs in {others}.", foreign=True)
        secrets = " and ".join(row.option for row in resource.fields if row.write_only and row.option in wanted)
        if secrets:
            same = "The array has one by now that is the same as far as it can be compared"
            return Evidence(None, found, f"{same}; its {secrets} can't be, because ONTAP returns no secrets.")
        return Evidence(True, found)

    def send() -> State | None:
        records = _post(client, resource, change).records
        # What is created for an SVM is there, whether or not this account is shown it.
        state = resource.placed(resource.from_api(records[0]) if records else {}, wanted.get(resource.container))
        mine = state.get(resource.key[0]) == wanted[resource.key[0]]
        return state if mine and resource.identified(state) and "uuid" in state else None

    doing = f"Creating {resource.title(wanted)}"
    told, warnings = _write(client, resource, change, doing, send, look)
    created = told
    try:
        if told and resource.key_of(told) != resource.key_of(wanted):
            raise UnexpectedAnswer(f"ONTAP made it {resource.title(told)}, where {resource.title(wanted)} was wanted.")
        created = told or find(client, resource, readable).current
        if not created:
            raise UnexpectedAnswer(f"{resource.title(wanted)} was created, but the array does not list it.")
    except OntapError as error:
        left = outcome(resource, CREATED, {**(change.after or {}), **(told or {})})
        error.outcome = {**left, **_lost(resource, change)}
        raise
    if verify:
        found = created
        _verify(resource, change, doing, lambda: _still_differs(client, resource, readable, found), found)
    # Not what it tells beyond that: check mode could not have, and how much it is differs from array to array.
    known = {option: value for option, value in created.items() if option in (change.after or {}) or option == "uuid"}
    return replace(change, reported={**(change.after or {}), **known}, warnings=[*change.warnings, *warnings])


def _still_differs(client: RestClient, resource: Resource, wanted: State, current: State) -> str:
    """In what an object is not as wanted although a write was answered with success; empty if it is."""
    found = find(client, resource, wanted).current if resource.single else read_whole(client, resource, current, wanted)
    others = ", ".join(row.option for row in resource.differing(wanted, found or {}))
    return f"the array shows another {others}" if others else ""


def _verify(resource: Resource, change: Change, doing: str, problem: Callable[[], str], state: State) -> None:
    """Raises ``UnexpectedAnswer`` if the array shows no effect of a write, or can't be read to find out."""
    try:
        seen = problem()
        if seen:
            raise UnexpectedAnswer(f"{doing} was answered with success, but {seen}.")
    except OntapError as error:
        error.outcome = {**outcome(resource, UNKNOWN, state), **_lost(resource, change)}
        error.notes.append(f"{doing} was answered with success and could not be verified. Run the task again.")
        raise


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
    error.outcome = {**outcome(resource, DELETED, None), **_lost(resource, change)}
    if isinstance(error, ApprovalPending) or predecessor == resource.writable(change.wanted):
        error.notes.append(f"{lost}; the key 'lost' of the result has its options.")
        return
    try:
        restored = _create(client, resource, creation(resource, Change(CREATED, None, None), predecessor)).reported
    except OntapError as second:
        if second.outcome:
            error.outcome.update(outcome(resource, UNKNOWN, None))
        error.notes.append(f"{lost}; the key 'lost' of the result has its options. It could not be put back: {second}")
    else:
        used = [option for option in secrets if option in predecessor]
        key = f" (with the {' and '.join(used)} of this task, since ONTAP returns none)" if used else ""
        error.outcome = outcome(resource, RECREATED, restored)
        error.notes.append(
            f"{resource.title(before)} had been deleted for this and was put back as it was{key}; its UUID is new."
        )


def _lost(resource: Resource, change: Change) -> dict[str, Any]:
    """What a failed recreate reports of its predecessor: options that the task left out were nowhere else."""
    return {"lost": resource.to_options(change.before or {})} if change.operation == RECREATED else {}


# When it is in doubt whether a write was carried out


@dataclass(frozen=True)
class Evidence:
    """What the array shows after a write in doubt.

    done: whether the write was carried out, ``None`` where that can't be told; ``sentence`` then says what was seen.
    found: the object as it is now. foreign: it is another one than the write would have left behind.
    """

    done: bool | None
    found: State | None = None
    sentence: str = ""
    foreign: bool = False


def _write(
    client: RestClient,
    resource: Resource,
    change: Change,
    doing: str,
    send: Callable[[], State | None],
    look: Callable[[], Evidence],
) -> tuple[State | None, list[str]]:
    """Sends a write. Where it is in doubt whether it was carried out, ``look`` decides; it is sent twice at most.

    Returns what ``send`` returned, or the object that was found to be as wanted, and a warning for each doubt. An error
    whose ``outcome`` is empty means that nothing was written.
    """
    repeated = False
    warnings: list[str] = []
    while True:
        try:
            with explaining(client, resource, resource.requirements(change.wanted), doing):
                return send(), warnings
        except OntapError as error:
            # Proxies repeat requests, too, so a name that is taken may be taken by this very write.
            duplicate = isinstance(error, ApiError) and resource.duplicate(error)
            if not (error.doubtful or duplicate or repeated):
                raise
            evidence = _examine(client, error, look)
            if evidence.done:
                warnings.append(f"{error.sentence()} The array shows that it was carried out all the same.")
                return evidence.found, warnings
            refused = isinstance(error, (ApiError, ApprovalPending)) and not error.lost
            if refused and (evidence.done is False or (duplicate and evidence.foreign and not repeated)):
                error.notes.extend(filter(None, [evidence.sentence]))
                raise
            if evidence.done is False and error.lost and not isinstance(error, Unfinished) and not repeated:
                repeated = True
                warnings.append(f"{error.sentence()} The array showed no effect of it, so it was sent once more.")
                continue
            found = {"uuid": change.uuid, **(evidence.found or {})}
            error.outcome = {**outcome(resource, UNKNOWN, found), **_lost(resource, change)}
            seen = evidence.sentence or "The array shows no effect of it, which may still come."
            error.notes.append(f"Whether ONTAP carried the request out is not known. {seen} Run the task again.")
            raise


def _examine(client: RestClient, error: OntapError, look: Callable[[], Evidence]) -> Evidence:
    """What the array shows; of a job that can't be followed, as soon as it shows something or the time is over."""
    evidence = Evidence(done=None)
    try:
        for _attempt in client.patiently():
            evidence = look()
            if evidence.done is not False or not isinstance(error, Unfinished):
                break
    except OntapError as second:
        return Evidence(None, sentence=f"Reading it again failed, too: {second}")
    return evidence
