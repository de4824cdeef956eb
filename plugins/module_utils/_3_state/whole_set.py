# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole set of objects in one plan: read once, plan all, guard, carry out in an order that opens no gap, report.

Each object is planned and changed as if it were alone (planning, applying); what is here is what only many have.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import groupby
from typing import Any, Callable

from .._0_basics.errors import InvalidInput
from .._1_array.rest import RestClient
from .._2_objects.resource import Resource, State, Version
from . import approval, guards, protection
from .applying import apply
from .outcome import NOT_ATTEMPTED, Outcome, foreseen
from .planning import CREATED, DELETED, MODIFIED, NONE, RECREATED, Change, Permissions
from .preparing import confirm, doubts_of_nothing, prepare
from .reading import containers, find_all, identity, no_such_container

_LISTED_ERRORS = 10
_CLOSE = 0.7
"""How much of a pattern and a name must be the same for one to be taken for a slip of the other; ``manul-*`` and ``manual-1`` have 0.8."""

_UNIDENTIFIED = (
    "this account may read neither GET /api/cluster nor GET /api/svm/svms, so nobody can tell which array this is"
)


@dataclass(frozen=True)
class Entry:
    """One entry of the user's list. position: its index there. present: whether the object should be there."""

    position: int
    wanted: State
    present: bool
    permissions: Permissions


@dataclass(frozen=True)
class Scope:
    """What a list is the truth about, and what may go for its sake.

    prune: whether what it does not name is deleted. containers: where, ``None`` for those of the list. keep: patterns of
    names that stay all the same. strict: whether what an entry leaves out means ONTAP's default. everywhere: whether to
    look beyond the containers concerned. predicting: whether nothing is written, so that no write finds out what is there.
    """

    prune: bool = False
    containers: frozenset[str] | None = None
    keep: tuple[str, ...] = ()
    strict: bool = False
    everywhere: bool = False
    limits: guards.Limits = guards.Limits()
    predicting: bool = False


@dataclass
class Step:
    """What becomes of one object. position: of its entry, ``None`` for one that the list does not name.

    assumed: what its entry leaves out and was taken for granted. left_open: what it leaves out and nobody compared.
    """

    position: int | None
    change: Change
    outcome: Outcome
    assumed: State = field(default_factory=dict)
    left_open: list[str] = field(default_factory=list)
    effect: protection.Effect = protection.Effect()

    @property
    def state(self) -> State:
        """The object, by which it is identified."""
        return self.change.subject


@dataclass(frozen=True)
class Refusal:
    """Why a plan must not be carried out. reason: an entry that can't be made, a guard, or that nobody approved it."""

    reason: str
    sentence: str
    entry: Entry | None = None


@dataclass(frozen=True)
class Plan:
    """All steps in the order in which they are taken, the unchanged ones first.

    others: objects that no entry names, and that stay. concerned: the places that the list is about, ``None`` among them
    for what is in no container. refusals: with any, nothing is carried out.
    """

    steps: list[Step]
    others: list[State] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    entries: Sequence[Entry] = ()
    scope: Scope = Scope()
    concerned: frozenset[str | None] = frozenset()

    def taken(self) -> list[Step]:
        """The steps that change something."""
        return [step for step in self.steps if step.change.operation != NONE]

    def inside(self, resource: Resource) -> list[State]:
        """Those of the others that are where the list is about."""
        return [state for state in self.others if state.get(resource.container) in self.concerned]


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
        title = label(resource, position, own)
        try:
            present = _one_of(own, "state", "present", "absent") == "present"
            replaces = _one_of(own, "update_secret_key", "on_create", "always") == "always"
            wanted = resource.from_options(own)
            resource.check_release(wanted if present else resource.key_of(wanted), version)
        except InvalidInput as error:
            problems += [f"{title}: {problem}" for problem in error.problems]
            continue
        if resource.key[0] not in wanted:
            problems.append(f"{title}: {resource.key[0]}: is needed.")
            continue
        first = positions.setdefault(tuple(sorted(resource.key_of(wanted).items())), position)
        if first != position:
            problems.append(f"{title}: is at {resource.plural}[{first}], too; name it once.")
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


def label(resource: Resource, position: int | None, state: Mapping[str, Any]) -> str:
    """How messages call an entry: by position, and by name and container as far as it says them."""
    title = resource.title(state)
    return title if position is None else f"{resource.plural}[{position}] ({title})"


# The plan


def plan(client: RestClient, resource: Resource, entries: Sequence[Entry], scope: Scope) -> Plan:
    """Reads the array once and plans every entry, and what is to be pruned, in order.

    What can't be done, and what a guard forbids, is among the refusals of the plan.
    """
    named_places = {entry.wanted.get(resource.container) for entry in entries}
    pruned_places = named_places - {None} if scope.containers is None else scope.containers
    concerned = frozenset(named_places | pruned_places)
    reach = None if scope.everywhere else {place for place in concerned if place is not None}
    wanted = [entry.wanted for entry in entries]
    there = find_all(client, resource, reach, wanted, scope.strict) if entries or reach is None or reach else {}
    empty = sorted(concerned - {None} - {state.get(resource.container) for state in there.values()}, key=str)
    seen = containers(client, resource) if empty else []
    steps, refusals = _plan_entries(client, resource, entries, there, scope)
    refusals += _nowhere(resource, entries, set(empty) - set(seen) if seen else set(), seen)
    warnings = [
        f"{resource.container}: this account may not ask GET /api{resource.containers_path}, so it is not certain that there is "
        f"an {resource.container.upper()} {place!r}."
        for place in empty
        if not seen and any(not one.present and one.wanted.get(resource.container) == place for one in entries)
    ]
    named = {resource.sort_key(entry) for entry in wanted}
    inside = {key: state for key, state in there.items() if state.get(resource.container) in concerned}
    others = {key: state for key, state in (there if reach is None else inside).items() if key not in named}
    if scope.prune:
        doomed = [state for state in others.values() if state.get(resource.container) in pruned_places]
        warnings += _unused(resource, scope, doomed, there.values(), named_places)
        pruning = _plan_pruning(resource, doomed, scope)
        refusals += _check_keep(resource, scope, doomed, pruning)
        steps += pruning
    taken = {resource.sort_key(step.state): step for step in steps if step.change.operation != NONE}
    standing = [state for key, state in inside.items() if key not in taken]
    elsewhere = [state for key, state in there.items() if key not in inside]
    refusals += _weigh(resource, list(taken.values()), standing, elsewhere, scope.limits, empty=not entries)
    warnings += _believe(client, resource, steps, bool(there), scope)
    warnings += _hints(resource, entries, there.values())
    steps.sort(key=lambda step: _phase(resource, step.change))
    left = [state for key, state in others.items() if key not in taken]
    return Plan(steps, left, warnings, refusals, entries, scope, concerned)


def _plan_entries(
    client: RestClient, resource: Resource, entries: Sequence[Entry], there: Mapping[Any, State], scope: Scope
) -> tuple[list[Step], list[Refusal]]:
    """What becomes of each entry, and why some can't be made."""
    steps: list[Step] = []
    refusals: list[Refusal] = []
    for entry in entries:
        try:
            steps.append(_plan_entry(client, resource, entry, there.get(resource.sort_key(entry.wanted)), scope))
        except InvalidInput as error:
            title = label(resource, entry.position, entry.wanted)
            refusals += [Refusal("entry", f"{title}: {problem}", entry) for problem in error.problems]
    return steps, refusals


def _nowhere(
    resource: Resource, entries: Sequence[Entry], missing: Collection[Any], seen: Sequence[str]
) -> list[Refusal]:
    """Refuses what is about containers (SVMs) that the array does not have: such a name may be misspelt."""
    option = resource.container
    refusals = []
    for place in sorted(missing):
        sentence = f"{option}: {no_such_container(resource, place, seen)}"
        own = [entry for entry in entries if entry.wanted.get(option) == place]
        refusals += [
            Refusal("entry", f"{label(resource, entry.position, entry.wanted)}: {sentence}", entry) for entry in own
        ] or [Refusal("entry", f"{option}s: {sentence.partition(': ')[2]}")]
    return refusals


def _plan_entry(client: RestClient, resource: Resource, entry: Entry, current: State | None, scope: Scope) -> Step:
    """What becomes of an entry. Raises ``InvalidInput`` if it can't be made."""
    assumed = resource.assumed(entry.wanted, current or {}) if scope.strict and entry.present else {}
    # Only what differs: the release may be older than the option. A create leaves it to ONTAP anyway.
    drifted = {row.option: assumed[row.option] for row in resource.differing(assumed, current)} if current else {}
    wanted = {**drifted, **entry.wanted}
    change = prepare(client, resource, wanted, current, entry.present, entry.permissions)
    silent = resource.left_open({**assumed, **entry.wanted}, current or {}) if entry.present else []
    left_open = [row.option for row in (*silent, *resource.secrets(entry.wanted))]
    return Step(entry.position, change, foreseen(change), assumed, left_open)


def _plan_pruning(resource: Resource, doomed: Sequence[State], scope: Scope) -> list[Step]:
    """The deletion of each object that no entry names, and no pattern keeps."""
    changes = [Change(DELETED, state, None) for state in doomed if not kept(resource, state, scope)]
    changes.sort(key=lambda change: resource.sort_key(change.subject))
    return [Step(None, change, foreseen(change)) for change in changes]


def _weigh(
    resource: Resource,
    taken: Sequence[Step],
    standing: Sequence[State],
    elsewhere: Sequence[State],
    limits: guards.Limits,
    empty: bool,
) -> list[Refusal]:
    """Notes in each step what it takes away, and refuses too much of it.

    standing: what stays as it is, where the list is about. elsewhere: what there is at other places.
    """
    changes = [step.change for step in taken]
    for step, effect in zip(taken, protection.effects(changes, [*standing, *elsewhere])):
        step.effect = effect
    losses = list(_losses(resource, taken))
    places = {loss.place for loss in losses}
    affected = [state for state in elsewhere if state.get(resource.container) in places]
    problems = guards.problems(guards.standings(changes, [*standing, *affected]), losses, limits, empty)
    return [Refusal("guard", problem) for problem in problems]


def _losses(resource: Resource, steps: Sequence[Step]) -> Iterator[guards.Loss]:
    """What counts: each policy that itself goes or protects less, and each that others override.

    One that is deleted counts although it protected nothing: whoever deletes many may not know which. A change that overrides
    others in part counts once, and one that leaves nothing of some counts for each of these.
    """
    overridden = {one for step in steps for one in step.effect.overridden}
    told: set[tuple[str | None, str]] = set()
    for step in steps:
        key = (step.state.get(resource.container), step.state[resource.key[0]])
        loss = None if step.effect.loss == protection.OVERRIDING else step.effect.loss
        if loss or step.change.operation in (DELETED, RECREATED):
            told.add(key)
            protected = resource.protects(step.change.before or {})
            yield guards.Loss(*key, loss or step.change.operation, protected, key in overridden)
    for step in steps:
        place, name = step.state.get(resource.container), step.state[resource.key[0]]
        victims = [one for one in step.effect.overridden if one not in told]
        for where, victim in victims:
            yield guards.Loss(where, victim, f"overridden by {name!r}", of_protection=True, overridden=True)
        if step.effect.loss == protection.OVERRIDING and step.effect.in_part and not victims:
            yield guards.Loss(place, name, protection.OVERRIDING, of_protection=True)


def _believe(client: RestClient, resource: Resource, steps: Sequence[Step], listed: bool, scope: Scope) -> list[str]:
    """Refuses to conclude from an incomplete listing; returns what is not certain.

    An empty listing proves nothing while the service is off. Where the list is the whole truth, that has to be known.
    """
    warnings = confirm(client, resource, [step.change for step in steps], before_deleting=True)
    proven = any(step.change.sought or step.change.operation == DELETED for step in steps)
    created = scope.predicting and any(step.change.operation == CREATED for step in steps)
    if listed or proven or not (scope.prune or scope.strict or created):
        return warnings
    at_stake = "What prune would delete can't be told until that is enabled." if scope.prune else ""
    told = " What is to be created may be there already." if created else ""
    return [*warnings, *(f"{doubt}{told}" for doubt in doubts_of_nothing(client, resource, at_stake))]


def _check_keep(resource: Resource, scope: Scope, doomed: Sequence[State], pruning: Sequence[Step]) -> list[Refusal]:
    """Refuses to delete what looks like a pattern that keeps nothing: that may be misspelt, and what is deleted is gone.

    A pattern that looks like nothing of this may stand there for what is made by hand some day.
    """
    names = [str(step.state[resource.key[0]]) for step in pruning]
    refusals = []
    for pattern in _keeping_nothing(resource, scope, doomed):
        beginnings = {name.casefold()[: len(pattern)]: name for name in names}
        close = get_close_matches(pattern.casefold(), beginnings, cutoff=_CLOSE)
        alike = ", ".join(repr(beginnings[one]) for one in close)
        if alike:
            refusals.append(
                Refusal(
                    "guard",
                    f"keep: {pattern!r} keeps nothing, and prune would delete {alike}, which looks much like it. Correct the "
                    f"pattern; to delete such a {resource.noun} all the same, name it with state: absent. Nothing was changed.",
                )
            )
    return refusals


def _keeping_nothing(resource: Resource, scope: Scope, doomed: Sequence[State]) -> list[str]:
    names = [state[resource.key[0]] for state in doomed]
    return [pattern for pattern in scope.keep if not any(fnmatchcase(name, pattern) for name in names)]


def _unused(
    resource: Resource, scope: Scope, doomed: Sequence[State], states: Collection[State], named: Collection[Any]
) -> list[str]:
    """A warning for every pattern that keeps nothing, and for every container to prune that has nothing and gets nothing."""
    warnings = [
        f"keep: {pattern!r} keeps nothing: where prune deletes, the list leaves no {resource.noun} of such a name out."
        for pattern in _keeping_nothing(resource, scope, doomed)
    ]
    known = {state.get(resource.container) for state in states} | set(named)
    empty = sorted((scope.containers or frozenset()) - known)
    if empty:
        warnings.append(f"{resource.container}s: the array lists no {resource.noun} on {', '.join(map(repr, empty))}.")
    return warnings


def kept(resource: Resource, state: State, scope: Scope) -> bool:
    """Whether a pattern keeps an object that no entry names."""
    return any(fnmatchcase(state[resource.key[0]], pattern) for pattern in scope.keep)


def _hints(resource: Resource, entries: Sequence[Entry], states: Collection[State]) -> list[str]:
    """What the resource has to say about objects of the same name that an entry does not mean."""
    name = resource.key[0]
    homeless = {entry.wanted[name]: entry.wanted for entry in entries if resource.container not in entry.wanted}
    namesakes: dict[str, list[State]] = {}
    for state in states if homeless else []:
        if state[name] in homeless and resource.sort_key(state) != resource.sort_key(homeless[state[name]]):
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


# Approval


def digests(
    client: RestClient, resource: Resource, planned: Plan, source: str, approved: Sequence[str]
) -> approval.Digests:
    """What the plan is approved by. Costs one request if the plan changes something, to tell this array from any other."""

    def lasting(state: Mapping[str, Any]) -> State:
        return {"uuid": state.get("uuid"), **resource.writable(state)}

    targets = [
        [entry.present, _without_secrets(resource, entry.wanted), planned.scope.strict] for entry in planned.entries
    ]
    array = identity(client) if planned.taken() else None
    if planned.taken() and array is None:
        planned.warnings.append(f"digest: {_UNIDENTIFIED}, so this plan can't be approved.")
    basis = approval.Basis(array, source, targets, planned.inside(resource), lasting, resource.key_of)
    return approval.Digests(basis, [step.change for step in planned.steps], approved)


def _without_secrets(resource: Resource, state: State) -> State:
    return {option: value for option, value in state.items() if not resource.by_option[option].write_only}


def check_approval(resource: Resource, planned: Plan, found: approval.Digests, approved: Sequence[str]) -> None:
    """Adds a refusal to the plan for what it changes without approval."""
    if approval.ANY in approved or not planned.taken():
        return
    if not found.bound:
        planned.refusals.append(
            Refusal("approval", f"approved_digests: {_UNIDENTIFIED}. Allow it to read one of them.")
        )
        return
    missing = found.unapproved(approved)
    if not missing:
        return
    titles = [f"{change.operation} {resource.title(change.subject)}" for change in missing]
    more = f" and {len(titles) - _LISTED_ERRORS} more" if len(titles) > _LISTED_ERRORS else ""
    differences = [f"{sentence[0].upper()}{sentence[1:]}." for sentence in found.differences(approved)]
    planned.refusals.append(
        Refusal(
            "approval",
            f"approved_digests: this plan is {found.plan}, and that is not among the {len(approved)} approved. "
            f"{' '.join(differences) or 'The array, or what the list was made from, has changed since the approval.'} "
            f"Not approved: {', '.join(titles[:_LISTED_ERRORS])}{more}. Nothing was changed. "
            "Make a new plan (check mode) and have it approved.",
        )
    )


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
                step.outcome = Outcome(NOT_ATTEMPTED)
                return
        step.outcome = apply(client, resource, step.change, verify)
        with lock:
            if step.outcome.error:
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
