# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a change, and how a result tells of it: the same for one object and each of a set. All of it is pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .._0_basics.errors import OntapError
from .._2_objects.resource import Resource, State
from .planning import NONE, RECREATED, UNKNOWN, Change

UNCHANGED, PLANNED, DONE, FAILED, NOT_ATTEMPTED = "unchanged", "planned", "done", "failed", "not_attempted"
RESULTS = UNCHANGED, PLANNED, DONE, FAILED, UNKNOWN, NOT_ATTEMPTED
"""What may become of a change."""


@dataclass(frozen=True)
class Outcome:
    """What became of a change, and what the array has by now.

    result: one of ``RESULTS``. operation: what was done to the array in the words of a plan,
    ``NONE`` for nothing at all, ``UNKNOWN`` where nobody can tell. state: the object as it is now, as far as is known,
    ``None`` where there is none. error: why not all was done. lost: the object as it was, where a part of it may be
    nowhere else. warnings: what was in doubt for a while.
    """

    result: str
    operation: str = NONE
    state: State | None = None
    error: OntapError | None = None
    lost: State | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether the array was changed, may have been, or would be."""
        return self.operation != NONE


def foreseen(change: Change) -> Outcome:
    """What becomes of a change by its plan."""
    return Outcome(PLANNED if change.operation != NONE else UNCHANGED, change.operation, change.after)


def failed(error: OntapError, operation: str = NONE, state: State | None = None, lost: State | None = None) -> Outcome:
    """What became of a change that an error ended."""
    return Outcome(UNKNOWN if operation == UNKNOWN else FAILED, operation, state, error, lost)


def report(resource: Resource, change: Change, outcome: Outcome) -> dict[str, Any]:
    """The result of a task: the same keys in check mode, after a run, and as far as possible after a failure.

    Raises the error that there was, with the result of the failed task.
    """
    told: dict[str, Any] = {
        "changed": outcome.changed,
        "operation": outcome.operation,
        "modified": [] if outcome.error else change.modified,
        resource.result_name: resource.to_options(outcome.state or {}),
    }
    if not (resource.single or resource.known_by_name):
        told["uuid"] = (outcome.state or (not outcome.error and change.before) or {}).get("uuid")
    if outcome.lost is not None:
        told["lost"] = resource.to_options(outcome.lost)
    if outcome.error:
        raise outcome.error.reporting(told if outcome.changed else {})
    return {**told, "diff": diff(resource, change), "warnings": [*change.warnings, *outcome.warnings]}


def diff(resource: Resource, change: Change) -> dict[str, Any]:
    """Before and after in the options of the task. A replaced secret shows as replaced, never as itself."""
    sides: dict[str, Any] = {
        "before": resource.to_options(change.before or {}),
        "after": resource.to_options(change.after or {}),
    }
    title = resource.title(change.subject)
    headers = {"before_header": title, "after_header": title}
    if change.operation == RECREATED and change.creation:
        headers["after_header"] = f"{title}, deleted and created again"
        sides["before"]["uuid"] = change.uuid
        sides["after"]["uuid"] = "(a new one)"
        for row in resource.secrets(change.creation.wanted):
            if row.option.partition(".")[0] in change.modified:
                sides["before"][row.option] = "(as it was)"
                sides["after"][row.option] = "(replaced)"
    return {**headers, **sides}
