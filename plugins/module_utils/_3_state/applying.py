# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying one change out, to its end or back: every write of the collection, and what became of it.

A write whose answer was lost is not repeated blindly: the array is read again, and what it shows decides. What an
object consists of, and which rules hold for it, is the resource's business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Callable

from .._0_basics.errors import ApiError, ApprovalPending, InvalidInput, OntapError, UnexpectedAnswer, Unfinished
from .._1_array.rest import Answer, RestClient
from .._2_objects.resource import NOT_KNOWN_TO_RELEASE, Resource, State, too_new
from .outcome import DONE, UNCHANGED, Outcome, failed, foreseen
from .planning import (
    CREATED,
    DELETED,
    MODIFIED,
    RECREATED,
    UNKNOWN,
    Change,
    Creation,
    Modification,
    plan,
    plan_creation,
)
from .preparing import check_listed
from .reading import address, check_complete, explaining, find, read_whole

_ATTEMPTS = 3
"""How many times what was deleted for a new one is created, while ONTAP fails and nothing comes of it."""


def apply(client: RestClient, resource: Resource, change: Change, verify: bool = False) -> Outcome:
    """Carries one change out, and tells what became of it; errors are in what it tells.

    verify: whether to read the object after each write that was answered with success, which costs one request more.
    """
    if change.creation and change.before:
        return _recreate(client, resource, change.before, change.creation, verify)
    if change.creation:
        return _create(client, resource, change.creation, verify)
    if change.modifications:
        return _modify_all(client, resource, change, verify)
    if change.operation == DELETED and change.before:
        return _delete(client, resource, change.before, verify)
    return foreseen(change)


def _delete(client: RestClient, resource: Resource, before: State, verify: bool) -> Outcome:
    key, path = resource.key_of(before), address(resource, before)

    def send() -> None:
        try:
            client.delete(path)
        except ApiError as error:
            if not resource.not_found(error):
                raise

    def look() -> Evidence:
        found = find(client, resource, key).current
        if found is None:
            check_listed(client, resource, [before])
            return Evidence(done=True)
        if found.get("uuid") != before.get("uuid"):
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
    deleted = _write(client, resource, DELETED, key, doing, send, look, before)
    return _verified(deleted, doing, still_there, before, verify)


def _modify(client: RestClient, resource: Resource, modification: Modification, verify: bool) -> Outcome:
    before, targets = modification.before, modification.targets
    path = address(resource, before)

    def send() -> None:
        client.patch(path, modification.body)

    def look() -> Evidence:
        found = find(client, resource, {**targets, **resource.key_of(before)}).current
        if found is None or found.get("uuid") != before.get("uuid"):
            return Evidence(None, found, "The array no longer has the one that was to be modified.", foreign=True)
        check_complete(resource, found, resource.needed_to_change(targets))
        remaining = resource.differing(targets, found)
        resource.check_modify(found, remaining)
        return Evidence(not remaining, found)

    doing = f"Modifying {resource.title(before)}"
    sent = _write(client, resource, MODIFIED, targets, doing, send, look, before)
    modified = sent if sent.error else replace(sent, state=modification.after)
    return _verified(modified, doing, lambda: _still_differs(client, resource, targets, before), before, verify)


def _modify_all(client: RestClient, resource: Resource, change: Change, verify: bool) -> Outcome:
    """One modification after the other; if one fails, those before it are taken back."""
    warnings: list[str] = []
    for modification in change.modifications:
        outcome = _modify(client, resource, modification, verify)
        if outcome.error:
            if modification is change.modifications[0]:
                return outcome
            return _go_back(client, resource, change, modification.before, outcome, outcome.error, verify)
        warnings += outcome.warnings
    return Outcome(DONE, MODIFIED, change.after, warnings=warnings)


def _go_back(
    client: RestClient,
    resource: Resource,
    change: Change,
    current: State | None,
    outcome: Outcome,
    error: OntapError,
    verify: bool,
) -> Outcome:
    """After modifications of which one failed: restores what was there. current: what was there when that one was sent."""
    before, after = change.before or {}, change.after or {}
    title = resource.title(before)
    operation = UNKNOWN if outcome.changed else MODIFIED
    back = Outcome(UNCHANGED)
    try:
        current = find(client, resource, after).current
        if resource.differing(resource.writable(after), current or {}):
            for modification in plan(resource, resource.writable(before), current).modifications:
                back = _modify(client, resource, modification, verify)
                if back.error:
                    raise back.error
                current = modification.after
            error.notes.append(f"Earlier steps had been taken and were taken back: {title} is as it was.")
    except OntapError as second:
        error.notes.append(
            f"Earlier steps had been taken and could not be taken back: {title} is now {resource.to_options(current or {})}, "
            f"as far as is known; the key 'lost' of the result has what it was. {second}"
        )
        if back.error and back.changed:
            operation, current = back.operation, back.state
        # What the task leaves out is left alone by a later run, so it would stay as the steps have left it.
        return failed(error, operation, current, lost=before)
    return failed(error, operation, current)


def _create(
    client: RestClient, resource: Resource, creation: Creation, verify: bool, replaced: State | None = None
) -> Outcome:
    """What is there then is what was predicted, in the words of the array where it returned them.

    replaced: the object that was deleted for it.
    """
    wanted = creation.wanted
    readable = {row.option: wanted[row.option] for row in resource.fields if row.option in wanted and row.comparable}

    def send() -> State | None:
        records = _post(client, resource, creation).records
        # What is created for an SVM is there, whether or not this account is shown it.
        state = resource.placed(resource.from_api(records[0]) if records else {}, wanted.get(resource.container))
        mine = state.get(resource.key[0]) == wanted[resource.key[0]]
        return state if mine and resource.identified(state) and "uuid" in state else None

    def look() -> Evidence:
        found = find(client, resource, readable).current
        if found is None:
            return Evidence(done=False)
        check_complete(resource, found, readable)
        others = ", ".join(row.option for row in resource.differing(readable, found))
        if others:
            return Evidence(None, found, f"The array has one by now that differs in {others}.", foreign=True)
        secrets = " and ".join(row.option for row in resource.unproven(wanted))
        if secrets:
            same = "The array has one by now that is the same as far as it can be compared"
            return Evidence(None, found, f"{same}; its {secrets} can't be, because ONTAP returns no secrets.")
        return Evidence(True, found)

    title = resource.title(wanted)
    sent = _write(client, resource, CREATED, wanted, f"Creating {title}", send, look, replaced or {})
    if sent.error:
        return sent
    try:
        if sent.state and resource.key_of(sent.state) != resource.key_of(wanted):
            raise UnexpectedAnswer(f"ONTAP made it {resource.title(sent.state)}, where {title} was wanted.")
        created = sent.state or find(client, resource, readable).current
        if not created:
            raise UnexpectedAnswer(f"{title} was created, but the array does not list it.")
    except OntapError as error:
        return failed(error, CREATED, {**creation.after, **(sent.state or {})})
    # Not what it tells beyond that: check mode could not have, and how much it is differs from array to array.
    known = {option: value for option, value in created.items() if option in creation.after or option == "uuid"}
    done = replace(sent, state={**creation.after, **known})
    different = partial(_still_differs, client, resource, readable, created)
    return _verified(done, f"Creating {title}", different, created, verify)


def _still_differs(client: RestClient, resource: Resource, wanted: State, current: State) -> str:
    """In what an object is not as wanted although a write was answered with success; empty if it is."""
    found = find(client, resource, wanted).current if resource.single else read_whole(client, resource, current, wanted)
    others = ", ".join(row.option for row in resource.differing(wanted, found or {}))
    return f"the array shows another {others}" if others else ""


def _verified(outcome: Outcome, doing: str, problem: Callable[[], str], state: State, verify: bool) -> Outcome:
    """The outcome of a write, unless that was answered with success and the array shows no effect of it, or can't be read."""
    if outcome.error or not verify:
        return outcome
    try:
        seen = problem()
        if seen:
            raise UnexpectedAnswer(f"{doing} was answered with success, but {seen}.")
    except OntapError as error:
        error.notes.append(f"{doing} was answered with success and could not be verified. Run the task again.")
        return failed(error, UNKNOWN, state)
    return outcome


def _post(client: RestClient, resource: Resource, creation: Creation) -> Answer:
    """Creates what was wanted, with what it implies as far as the release knows that."""
    asked_for = resource.create_body(creation.wanted)
    body = resource.create_body({**creation.implied, **creation.wanted})
    if client.known_version and too_new(client.known_version, resource, resource.requirements(creation.implied)):
        body = asked_for
    try:
        return client.post(resource.path, body)
    except ApiError as error:
        if error.code not in NOT_KNOWN_TO_RELEASE or body == asked_for:
            raise
        # An old release refused what the user never said, but a newer one needs to be told.
        return client.post(resource.path, asked_for)


def _recreate(client: RestClient, resource: Resource, before: State, creation: Creation, verify: bool) -> Outcome:
    """Options that the task leaves out are nowhere else once the object is deleted, so they are told whatever fails then."""
    deleted = _delete(client, resource, before, verify)
    if deleted.error:
        return replace(deleted, lost=before if deleted.changed else None)
    created = _create_in_place(client, resource, creation, before, verify)
    if created.error is None:
        return replace(created, operation=RECREATED, warnings=[*deleted.warnings, *created.warnings])
    if created.changed:
        created.error.notes.append(f"{resource.title(before)} had been deleted for this.")
        return replace(created, lost=before)
    return _put_back(client, resource, before, creation, created.error, verify)


def _create_in_place(
    client: RestClient, resource: Resource, creation: Creation, replaced: State, verify: bool
) -> Outcome:
    """Creates what is missing until then, and again where ONTAP failed and the array shows that nothing came of it.

    A plain refusal would be the same again, so it ends this at once.
    """
    warnings: list[str] = []
    created = Outcome(UNCHANGED)
    for _attempt in islice(client.patiently(pause=0.5), _ATTEMPTS):
        created = _create(client, resource, creation, verify, replaced)
        error = created.error
        if error is None or created.changed or not (isinstance(error, ApiError) and error.doubtful):
            break
        warnings.append(f"{error.sentence()} The array showed no effect of it, so it was sent once more.")
    return created if created.error else replace(created, warnings=[*warnings, *created.warnings])


def _put_back(
    client: RestClient, resource: Resource, before: State, creation: Creation, error: OntapError, verify: bool
) -> Outcome:
    """After a delete whose create failed: restores what was there."""
    secrets = {row.option: creation.wanted[row.option] for row in resource.secrets(creation.wanted)}
    predecessor = resource.to_restore(before, secrets)
    missing = f"{resource.title(before)} had been deleted for this and is now missing; the key 'lost' of the result has its options."
    if isinstance(error, ApprovalPending) or predecessor == resource.writable(creation.wanted):
        error.notes.append(missing)
        return failed(error, DELETED, lost=before)
    try:
        back = _create_in_place(client, resource, plan_creation(resource, predecessor), before, verify)
    except InvalidInput as refusal:
        back = failed(refusal)
    if back.error:
        error.notes.append(f"{missing} It could not be put back: {back.error}")
        return failed(error, UNKNOWN if back.changed else DELETED, lost=before)
    used = [option for option in secrets if option in predecessor]
    key = f" (with the {' and '.join(used)} of this task, since ONTAP returns none)" if used else ""
    error.notes.append(
        f"{resource.title(before)} had been deleted for this and was put back as it was{key}; its UUID is new."
    )
    return failed(error, RECREATED, back.state)


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
    operation: str,
    about: State,
    doing: str,
    send: Callable[[], State | None],
    look: Callable[[], Evidence],
    before: State,
) -> Outcome:
    """Sends a write. Where it is in doubt whether it was carried out, ``look`` decides; it is sent twice at most.

    about: the options that it is about. before: the object as it was, empty if there was none. What is there after a
    success is what ``send`` returned, or the object that was found to be as wanted.
    """
    repeated = False
    warnings: list[str] = []
    while True:
        try:
            with explaining(client, resource, resource.requirements(about), doing):
                return Outcome(DONE, operation, send(), warnings=warnings)
        except OntapError as error:
            # Proxies repeat requests, too, so a name that is taken may be taken by this very write.
            duplicate = isinstance(error, ApiError) and resource.duplicate(error)
            if not (error.doubtful or duplicate or repeated):
                return failed(error)
            evidence = _examine(client, error, look)
            if evidence.done:
                warnings.append(f"{error.sentence()} The array shows that it was carried out all the same.")
                return Outcome(DONE, operation, evidence.found, warnings=warnings)
            refused = isinstance(error, (ApiError, ApprovalPending)) and not error.lost
            if refused and (evidence.done is False or (duplicate and evidence.foreign and not repeated)):
                error.notes.extend(filter(None, [evidence.sentence]))
                return failed(error)
            if evidence.done is False and error.lost and not isinstance(error, Unfinished) and not repeated:
                repeated = True
                warnings.append(f"{error.sentence()} The array showed no effect of it, so it was sent once more.")
                continue
            seen = evidence.sentence or "The array shows no effect of it, which may still come."
            error.notes.append(f"Whether ONTAP carried the request out is not known. {seen} Run the task again.")
            return failed(error, UNKNOWN, {"uuid": before.get("uuid"), **(evidence.found or {})})


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
