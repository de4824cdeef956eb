# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the result of a task says of a whole set: planned, carried out, refused or failed. Nothing here reads or writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._0_basics.errors import InvalidInput, SetFailed, counted
from .._2_objects.resource import Resource, State
from .outcome import NOT_ATTEMPTED, RESULTS, diff
from .planning import DELETED, MODIFIED, NONE, OPERATIONS, RECREATED, UNKNOWN
from .whole_set import Plan, Step, kept, label

_LISTED_ERRORS = 10


def report(resource: Resource, planned: Plan, with_objects: bool, with_diff: bool) -> dict[str, Any]:
    """The result of a task: the same keys in check mode, after a run, and after a failure."""
    steps = sorted(planned.steps, key=lambda step: (step.position is None, step.position or 0))
    taken = planned.taken()
    result: dict[str, Any] = {
        "changed": any(step.outcome.changed for step in taken) and not planned.refusals,
        "summary": {
            **dict.fromkeys((*OPERATIONS, *RESULTS), 0),
            **Counter(step.change.operation for step in taken),
            **Counter(step.outcome.result for step in steps),
        },
        "entries": [_entry(resource, step) for step in steps],
        "changes": [_details(resource, step) for step in taken],
        "unmanaged": [_unmanaged(resource, planned, state) for state in _sorted(resource, planned.others)],
        "assumed": resource.nested({option: value for step in steps for option, value in step.assumed.items()}),
        "not_compared": _not_compared(resource, steps),
        "warnings": [*planned.warnings, *(one for step in steps for one in _warnings(resource, step))],
    }
    if with_objects:
        states = [*(state for step in steps if (state := _left(step)) is not None), *planned.inside(resource)]
        result[resource.plural] = [resource.to_options(state) for state in _sorted(resource, states)]
    if with_diff:
        result["diff"] = list(_diffs(resource, planned))
    return result


def _warnings(resource: Resource, step: Step) -> list[str]:
    warnings = [*step.change.warnings, *step.outcome.warnings]
    return [f"{label(resource, step.position, step.state)}: {warning}" for warning in warnings]


def _sorted(resource: Resource, states: Sequence[State]) -> list[State]:
    return sorted(states, key=resource.sort_key)


def _unmanaged(resource: Resource, planned: Plan, state: State) -> dict[str, Any]:
    """What the result says of an object that no entry names."""
    return {
        **{option: state[option] for option in (*resource.key, *resource.telling) if option in state},
        "kept": kept(resource, state, planned.scope),
        "concerned": state.get(resource.container) in planned.concerned,
    }


def _not_compared(resource: Resource, steps: Sequence[Step]) -> list[dict[str, Any]]:
    """By option: of which objects it was not compared, and why."""
    found: dict[str, list[State]] = {}
    for step in steps:
        for option in step.left_open:
            found.setdefault(option, []).append(resource.key_of(step.state))
    return [
        {
            "option": row.option,
            "reason": "ONTAP never returns it" if row.write_only else "left out",
            "number": len(found[row.option]),
            resource.plural: found[row.option][:_LISTED_ERRORS],
        }
        for row in resource.fields
        if row.option in found
    ]


def check_refusals(resource: Resource, planned: Plan, result: Mapping[str, Any]) -> None:
    """Raises ``InvalidInput`` with the whole plan if it must not be carried out."""
    if not planned.refusals:
        return
    sentences = [one.sentence for one in planned.refusals]
    more = [f"{len(sentences) - _LISTED_ERRORS} more are in the result."] if len(sentences) > _LISTED_ERRORS else []
    failure = InvalidInput(*sentences[:_LISTED_ERRORS], *more)
    refused = []
    for one in planned.refusals:
        about = {"position": one.entry.position, **resource.key_of(one.entry.wanted)} if one.entry else {}
        refused.append({"reason": one.reason, "msg": one.sentence, **about})
    raise failure.reporting({**result, "changed": False, "refused": refused})


def check_success(resource: Resource, planned: Plan, result: dict[str, Any]) -> None:
    """Raises ``SetFailed`` with the whole result if a step did not succeed."""
    errors = [
        f"{label(resource, step.position, step.state)}: {step.outcome.error}"
        for step in planned.steps
        if step.outcome.error
    ]
    left = result["summary"][NOT_ATTEMPTED]
    if not (errors or left):
        return
    first = " ".join(errors[:_LISTED_ERRORS])
    more = f" The other {len(errors) - _LISTED_ERRORS} are in the result." if len(errors) > _LISTED_ERRORS else ""
    failure = SetFailed(
        f"{len(errors)} of {counted(len(planned.taken()), 'change', 'changes')} failed, {counted(left, 'was', 'were')} not attempted. {first}{more}".rstrip()
    )
    raise failure.reporting(result)


def _left(step: Step) -> State | None:
    """The object that a step leaves behind, as far as is known; ``None`` if there is none."""
    outcome = step.outcome
    if outcome.error or outcome.result == NOT_ATTEMPTED:
        return None if outcome.operation == DELETED else step.change.before
    return outcome.state


def _entry(resource: Resource, step: Step) -> dict[str, Any]:
    """What the result says of every object, in few words: lists are long."""
    outcome = step.outcome
    entry: dict[str, Any] = {
        "position": step.position,
        **resource.key_of(step.state),
        "operation": step.change.operation if outcome.operation in (NONE, UNKNOWN) else outcome.operation,
        "result": outcome.result,
    }
    if outcome.error:
        told = outcome.error.details()
        entry.update({key: told[key] for key in ("msg", "error", "approval") if key in told})
    if outcome.lost is not None:
        entry["lost"] = resource.to_options(outcome.lost)
    return entry


def _details(resource: Resource, step: Step) -> dict[str, Any]:
    """The same of an object that changes, with what changes: old and new values, without secrets."""
    change, outcome = step.change, step.outcome
    before, after = (resource.to_options(state or {}) for state in (change.before, change.after))
    if change.operation in (MODIFIED, RECREATED):
        before, after = ({key: side[key] for key in change.modified if key in side} for side in (before, after))
    # After a failure, what was found or put back has another one than what was there before.
    uuid = (outcome.state or {}).get("uuid")
    if not (outcome.error and outcome.changed):
        uuid = uuid or change.uuid
    details: dict[str, Any] = {"uuid": uuid, "modified": change.modified, "loss": step.effect.loss}
    if step.effect.overlaps:
        details["overlaps"] = step.effect.overlaps
    if step.assumed:
        details["assumed"] = resource.nested(step.assumed)
    return {**_entry(resource, step), **details, "before": before, "after": after}


def _diffs(resource: Resource, planned: Plan) -> Iterator[dict[str, Any]]:
    """One block for each object that changes, sorted, and the number of the others."""
    taken = [step for step in planned.taken() if step.outcome.changed and not step.outcome.error]
    for step in sorted(taken, key=lambda step: resource.sort_key(step.state)):
        yield diff(resource, step.change)
    yield {
        "prepared": f"{resource.plural} unchanged: {len(planned.steps) - len(taken) + len(planned.inside(resource))}\n"
    }
