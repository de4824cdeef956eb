# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole set of objects in one plan: read once, plan all, guard, carry out in an order that opens no gap, report.

Each object is planned and changed as if it were alone (planning, reconcile); what is here is what only many have.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import sha256
from itertools import groupby
from typing import Any, Callable

from ansible_collections.wiresec.ontap.plugins.module_utils.errors import InvalidInput, OntapError, SetFailed, counted
from ansible_collections.wiresec.ontap.plugins.module_utils.planning import (
    CREATED,
    DELETED,
    MODIFIED,
    NONE,
    RECREATED,
    UNKNOWN,
    Change,
    Permissions,
    diff,
)
from ansible_collections.wiresec.ontap.plugins.module_utils.reading import find_all
from ansible_collections.wiresec.ontap.plugins.module_utils.reconcile import apply, confirm, prepare
from ansible_collections.wiresec.ontap.plugins.module_utils.resource import Resource, State, Version
from ansible_collections.wiresec.ontap.plugins.module_utils.rest import RestClient

UNCHANGED, PLANNED, DONE, FAILED, NOT_ATTEMPTED = "unchanged", "planned", "done", "failed", "not_attempted"

DEFAULT_SHARE = "30%"
"""The share of the existing objects that may be deleted unless the user says otherwise."""

FEW = 10
"""Below this number of existing objects that default does not apply: a share of few is nothing."""

_LISTED_ERRORS = 10


@dataclass(frozen=True)
class Entry:
    """One entry of the user's list. position: its index there. present: whether the object should be there."""

    position: int
    wanted: State
    present: bool
    permissions: Permissions


@dataclass(frozen=True)
class Pruning:
    """What may be deleted beyond what the list names. containers: where, ``None`` for those of the list. keep: patterns of names that stay.

    max_deletes: number or percentage of deletes and recreates, ``None`` for the default. allow_empty: whether a list
    without entries may delete.
    """

    enabled: bool = False
    containers: frozenset[str] | None = None
    keep: tuple[str, ...] = ()
    max_deletes: str | None = None
    allow_empty: bool = False

    def __post_init__(self) -> None:
        """Raises ``InvalidInput`` for a ``max_deletes`` that makes no sense, before anything is read."""
        _allowed(self.max_deletes or DEFAULT_SHARE, 0)


@dataclass
class Step:
    """What becomes of one object. position: of its entry, ``None`` for one that the list does not name."""

    position: int | None
    change: Change
    result: str
    error: OntapError | None = None

    @property
    def state(self) -> State:
        """The object as it now is, or was if there is none."""
        return self.change.reported or self.change.after or self.change.before or self.change.wanted


@dataclass(frozen=True)
class Plan:
    """All steps in the order in which they are taken, the unchanged ones first. others: objects out of its reach."""

    steps: list[Step]
    others: list[State] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def taken(self) -> list[Step]:
        """The steps that change something."""
        return [step for step in self.steps if step.change.operation != NONE]


# The list


def read_entries(
    resource: Resource,
    options: Sequence[Mapping[str, Any]],
    common: Mapping[str, Any],
    version: Version | None = None,
) -> list[Entry]:
    """The entries of a list of options, each completed by ``common``. Raises ``InvalidInput`` with all that is wrong.

    version: the array's release, where the user told it.
    """
    entries: list[Entry] = []
    problems: list[str] = []
    positions: dict[tuple[tuple[str, Any], ...], int] = {}
    for position, given in enumerate(options):
        own = {**common, **{option: value for option, value in given.items() if value is not None}}
        label = _label(resource, position, own)
        try:
            present = _one_of(own, "state", "present", "absent") == "present"
            replaces = _one_of(own, "update_secret_key", "on_create", "always") == "always"
            wanted = resource.from_options(own)
            resource.check_release(wanted if present else resource.key_of(wanted), version)
        except InvalidInput as error:
            problems += [f"{label}: {problem}" for problem in error.problems]
            continue
        if resource.key[0] not in wanted:
            problems.append(f"{label}: {resource.key[0]}: is needed.")
            continue
        first = positions.setdefault(tuple(sorted(resource.key_of(wanted).items())), position)
        if first != position:
            problems.append(f"{label}: is at {resource.plural}[{first}], too; name it once.")
        permissions = Permissions(bool(own.get("recreate")), replaces)
        entries.append(Entry(position, wanted if present else resource.key_of(wanted), present, permissions))
    if problems:
        raise InvalidInput(*problems)
    return entries


def _one_of(options: Mapping[str, Any], name: str, *choices: str) -> str:
    value = options.get(name, choices[0])
    if value not in choices:
        raise InvalidInput(f"{name}: {value!r} is not one of {', '.join(choices)}.")
    return str(value)


def _label(resource: Resource, position: int | None, state: Mapping[str, Any]) -> str:
    """How messages call an entry: by position, and by name and container as far as it says them."""
    title = resource.title(state)
    return title if position is None else f"{resource.plural}[{position}] ({title})"


# The plan


def plan(client: RestClient, resource: Resource, entries: Sequence[Entry], pruning: Pruning) -> Plan:
    """Reads the array once and plans every entry, and what is to be pruned, in order.

    Raises ``InvalidInput`` with all that can't be done, or that a guard forbids.
    """
    containers = {entry.wanted[resource.container] for entry in entries if resource.container in entry.wanted}
    scope = containers if pruning.containers is None else pruning.containers
    reach = containers | scope
    states = find_all(client, resource, reach, [entry.wanted for entry in entries]) if entries or reach else []
    by_key = {_key(resource, state): state for state in states}
    problems: list[str] = []
    steps: list[Step] = []
    for entry in entries:
        current = by_key.get(_key(resource, entry.wanted))
        try:
            change = prepare(client, resource, entry.wanted, current, entry.present, entry.permissions)
        except InvalidInput as error:
            label = _label(resource, entry.position, entry.wanted)
            problems += [f"{label}: {problem}" for problem in error.problems]
        else:
            steps.append(Step(entry.position, change, UNCHANGED if change.operation == NONE else PLANNED))
    if problems:
        raise InvalidInput(*problems)
    named = {_key(resource, entry.wanted) for entry in entries}
    others = [state for key, state in by_key.items() if key not in named and state.get(resource.container) in reach]
    existing = len(others) + len(named & by_key.keys())
    if pruning.enabled:
        pruned = [one for one in others if one[resource.container] in scope and not _kept(resource, one, pruning)]
        steps += [
            Step(None, Change(DELETED, state, None, wanted=resource.key_of(state)), PLANNED)
            for state in sorted(pruned, key=lambda state: _key(resource, state))
        ]
        gone = {_key(resource, state) for state in pruned}
        others = [state for state in others if _key(resource, state) not in gone]
    _guard(resource, steps, existing, pruning, empty=not entries)
    warnings = confirm(client, resource, [step.change for step in steps], before_deleting=True)
    warnings += _hints(resource, entries, states)
    steps.sort(key=lambda step: _phase(resource, step.change))
    return Plan(steps, others, warnings)


def _key(resource: Resource, state: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(state.get(option, "")) for option in reversed(resource.key))


def _kept(resource: Resource, state: State, pruning: Pruning) -> bool:
    return any(fnmatchcase(state[resource.key[0]], pattern) for pattern in pruning.keep)


def _warnings(resource: Resource, step: Step) -> list[str]:
    return [f"{_label(resource, step.position, step.state)}: {warning}" for warning in step.change.warnings]


def _hints(resource: Resource, entries: Sequence[Entry], states: Sequence[State]) -> list[str]:
    """What the resource has to say about objects of the same name that an entry does not mean."""
    name = resource.key[0]
    homeless = {entry.wanted[name]: entry.wanted for entry in entries if resource.container not in entry.wanted}
    namesakes: dict[str, list[State]] = {}
    for state in states if homeless else []:
        if state[name] in homeless and _key(resource, state) != _key(resource, homeless[state[name]]):
            namesakes.setdefault(state[name], []).append(state)
    return [hint for found, others in namesakes.items() for hint in resource.hints(homeless[found], others)]


def _phase(resource: Resource, change: Change) -> int:
    """When a change is due: what adds protection first, what takes it away last, so that no gap opens between the two.

    A create may take over what a modification gives up, or what is missing while another object is recreated. An
    object that is disabled or deleted may have been what protected the traffic until then. So a rename, which is a
    create and a delete, leaves no moment without either.
    """
    if change.operation == MODIFIED and resource.withdraws(change.before or {}, change.after or {}):
        return 4
    return {NONE: 0, CREATED: 1, MODIFIED: 2, RECREATED: 3, DELETED: 5}[change.operation]


_FIRST_WITHDRAWAL = 4


# Guards


def _guard(resource: Resource, steps: Sequence[Step], existing: int, pruning: Pruning, empty: bool) -> None:
    """Raises ``InvalidInput`` if more would be deleted than the user allows, with all names and the option that allows it."""
    deletes = [step for step in steps if step.change.operation in (DELETED, RECREATED)]
    if not deletes:
        return
    count = Counter(step.change.operation for step in deletes)
    names = ", ".join(
        f"{resource.title(step.change.before or {})}{' (recreate)' if step.change.operation == RECREATED else ''}"
        for step in deletes
    )
    what = f"Nothing was changed. To be deleted: {count[DELETED]}, to be recreated: {count[RECREATED]}: {names}."
    if empty and not pruning.allow_empty:
        raise InvalidInput(f"{resource.plural}: the list is empty. Set allow_empty: true if that is meant. {what}")
    limit = pruning.max_deletes or (DEFAULT_SHARE if existing >= FEW else None)
    allowed = existing if limit is None else _allowed(limit, existing)
    if len(deletes) > allowed:
        raise InvalidInput(
            f"max_deletes: {limit} of the {existing} that exist allows {allowed} deletes and recreates, not {len(deletes)}. "
            f"Set max_deletes: {len(deletes)} if that is meant. {what}"
        )


def _allowed(limit: str, existing: int) -> int:
    """How many deletes a number or percentage allows. Raises ``InvalidInput`` for what is neither."""
    number, percent, rest = limit.strip().partition("%")
    if not (number.strip().isascii() and number.strip().isdigit()) or rest or (percent and int(number) > 100):
        raise InvalidInput(f"max_deletes: {limit!r} is neither a number nor a percentage such as 30%.")
    return int(number) * existing // 100 if percent else int(number)


# Approval


def digest(resource: Resource, planned: Plan, source: str) -> str:
    """A text that stands for a plan, what it rests on and ``source``: it is another one as soon as any of these is.

    It covers every object in reach as it is, with its UUID, and as it will be. No secret is in it, because whoever knows
    the rest could find out a weak one by trying.
    """
    steps = [[step.change.operation, step.change.before, step.change.after] for step in planned.steps]
    covered = [source, sorted(map(_canonical, steps)), sorted(map(_canonical, planned.others))]
    return f"sha256:{sha256(_canonical(covered).encode()).hexdigest()}"


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def check_approval(planned: Plan, found: str, approved: Sequence[str] | None) -> None:
    """Raises ``InvalidInput`` if the plan changes something and is none of the approved ones; ``None`` approves all."""
    if approved is None or found in approved or not planned.taken():
        return
    error = InvalidInput(
        f"approved_digests: this plan is {found}, and that is not among the {len(approved)} approved. The array, or what "
        "the list was made from, has changed since the approval. Nothing was changed. Make a new plan (check mode) and have "
        "it approved."
    )
    error.outcome = {"digest": found, "changed": False}
    raise error


# Carrying out


def carry_out(
    client: RestClient,
    resource: Resource,
    planned: Plan,
    concurrency: int,
    continue_on_error: bool,
    progress: Callable[[int, int], None],
    verify: bool = False,
) -> None:
    """Takes the steps of a plan, several at once within a phase, and notes in each what became of it.

    After a failure what has not begun is left; with ``continue_on_error`` only what would take something away where
    something failed. If the task is to end early, what has not begun is left as well. progress: called with the number of
    steps that are done and of all. verify: as for ``apply``.
    """
    steps = planned.taken()
    finished = Counter({"steps": 0})
    lock = threading.Lock()
    failed: set[Any] = set()
    interrupted = threading.Event()
    # Here and not with the first write, which another thread sends: what this one learns of comes too late for that.
    client.hold()

    def take(step: Step) -> None:
        place = step.state.get(resource.container)
        withdraws = _phase(resource, step.change) >= _FIRST_WITHDRAWAL
        with lock:
            stops = failed and (not continue_on_error or (withdraws and place in failed))
            if stops or interrupted.is_set() or client.interrupted:
                step.result = NOT_ATTEMPTED
                return
        try:
            step.change = apply(client, resource, step.change, verify)
            step.result = DONE
        except OntapError as error:
            step.error = error
            step.result = UNKNOWN if error.outcome.get("operation") == UNKNOWN else FAILED
        with lock:
            if step.error:
                failed.add(place)
            finished["steps"] += 1
            progress(finished["steps"], len(steps))

    for _phase_number, phase in groupby(steps, key=lambda step: _phase(resource, step.change)):
        with ThreadPoolExecutor(max_workers=concurrency) as pool:
            try:
                # Listed, so that an exception that is no OntapError, a bug, is raised here with its traceback.
                list(pool.map(take, phase))
            except BaseException:
                # Leaving the pool carries out what it has been given, unless that is told to do nothing; map itself takes
                # back only what it has handed over completely.
                interrupted.set()
                raise


# Reporting


def report(resource: Resource, planned: Plan, with_objects: bool, with_diff: bool) -> dict[str, Any]:
    """The result of a task: the same keys in check mode, after a run, and after a failure."""
    steps = sorted(planned.steps, key=lambda step: (step.position is None, step.position or 0))
    taken = planned.taken()
    result: dict[str, Any] = {
        "changed": any(_changed(step) for step in taken),
        "summary": {
            **dict.fromkeys((CREATED, MODIFIED, RECREATED, DELETED), 0),
            **dict.fromkeys((UNCHANGED, PLANNED, DONE, FAILED, UNKNOWN, NOT_ATTEMPTED), 0),
            **Counter(step.change.operation for step in taken),
            **Counter(step.result for step in steps),
        },
        "entries": [_entry(resource, step) for step in steps],
        "changes": [_details(resource, step) for step in taken],
        "unmanaged": [
            resource.key_of(state) for state in sorted(planned.others, key=lambda state: _key(resource, state))
        ],
        "warnings": planned.warnings + [warning for step in steps for warning in _warnings(resource, step)],
    }
    if with_objects:
        states = [*(state for step in steps if (state := _left(step)) is not None), *planned.others]
        states.sort(key=lambda state: _key(resource, state))
        result[resource.plural] = [resource.to_options(state) for state in states]
    if with_diff:
        result["diff"] = list(_diffs(resource, planned))
    return result


def check_success(resource: Resource, planned: Plan, result: dict[str, Any]) -> None:
    """Raises ``SetFailed`` with the whole result as outcome if a step did not succeed."""
    errors = [f"{_label(resource, step.position, step.state)}: {step.error}" for step in planned.steps if step.error]
    left = result["summary"][NOT_ATTEMPTED]
    if not (errors or left):
        return
    first = " ".join(errors[:_LISTED_ERRORS])
    more = f" The other {len(errors) - _LISTED_ERRORS} are in the result." if len(errors) > _LISTED_ERRORS else ""
    failure = SetFailed(
        f"{len(errors)} of {counted(len(planned.taken()), 'change', 'changes')} failed, {counted(left, 'was', 'were')} not attempted. {first}{more}".rstrip()
    )
    failure.outcome = result
    raise failure


def _changed(step: Step) -> bool:
    """Whether a step changed the array, may have, or would."""
    return bool(step.error.outcome.get("changed")) if step.error else step.result in (PLANNED, DONE)


def _left(step: Step) -> State | None:
    """The object that a step leaves behind, as far as is known; ``None`` if there is none."""
    if step.result in (UNCHANGED, PLANNED, DONE):
        return step.change.reported or step.change.after
    return None if step.error and step.error.outcome.get("operation") == DELETED else step.change.before


def _entry(resource: Resource, step: Step) -> dict[str, Any]:
    """What the result says of every object, in few words: lists are long."""
    outcome = step.error.outcome.get("operation", UNKNOWN) if step.error else UNKNOWN
    entry: dict[str, Any] = {
        "position": step.position,
        **resource.key_of(step.state),
        "operation": step.change.operation if outcome == UNKNOWN else outcome,
        "result": step.result,
    }
    if step.error:
        told = step.error.result()
        entry.update({key: told[key] for key in ("msg", "error", "approval", "lost") if key in told})
    return entry


def _details(resource: Resource, step: Step) -> dict[str, Any]:
    """The same of an object that changes, with what changes: old and new values, without secrets."""
    change = step.change
    before, after = (resource.to_options(state or {}) for state in (change.before, change.after))
    if change.operation in (MODIFIED, RECREATED):
        before, after = ({key: side[key] for key in change.modified if key in side} for side in (before, after))
    # After a failure, what was found or put back has another one than what was there before.
    told = step.error.outcome if step.error else {}
    uuid = told["uuid"] if "uuid" in told else (change.reported or {}).get("uuid") or change.uuid
    details = {"uuid": uuid, "modified": change.modified}
    return {**_entry(resource, step), **details, "before": before, "after": after}


def _diffs(resource: Resource, planned: Plan) -> Iterator[dict[str, Any]]:
    """One block for each object that changes, sorted, and the number of the others."""
    taken = [step for step in planned.taken() if step.result in (PLANNED, DONE)]
    for step in sorted(taken, key=lambda step: _key(resource, step.state)):
        yield diff(resource, step.change)
    yield {"prepared": f"{resource.plural} unchanged: {len(planned.steps) - len(taken) + len(planned.others)}\n"}
