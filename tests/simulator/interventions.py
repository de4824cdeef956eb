# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test arranges for coming requests: a refusal, a job, an approval that is pending.

A further kind of interference, such as a fault of the network, is one more class with `answer`: it gets the call and
`perform`, which carries the request out, and says what goes back, be it a closed connection (`Answer.hang_up`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Protocol

from .errors import OntapError
from .jobs import Job, Jobs
from .messages import Answer, Call

Perform = Callable[[], Answer]


class Interference(Protocol):
    """What happens instead of the plain operation."""

    def answer(self, call: Call, perform: Perform) -> Answer:
        """Return what goes back; OntapError for a refusal."""


@dataclass(frozen=True)
class Refusal:
    """The request is refused, possibly although it has had its effect."""

    error: OntapError
    after_effect: bool

    def answer(self, call: Call, perform: Perform) -> Answer:
        """Refuse."""
        if self.after_effect:
            perform()
        raise self.error


@dataclass(frozen=True)
class AsJob:
    """The request is answered at once and carried out by a job."""

    jobs: Jobs
    outcome: str
    message: str | None
    code: int | None
    polls: int
    paused: bool

    def answer(self, call: Call, perform: Perform) -> Answer:
        """Return 202 with the job; its link is a HAL link like any other (fact sheet 3.4)."""
        description = f"{call.method} {call.path}"
        job = Job(description, perform, self.outcome, self.message, self.code, self.polls, self.paused)
        self.jobs.add(job)
        shown: dict[str, object] = {"uuid": job.uuid}
        if call.hal:
            shown["_links"] = {"self": {"href": f"/api/cluster/jobs/{job.uuid}"}}
        return Answer(202, {"job": shown})


@dataclass(frozen=True)
class PendingApproval:
    """Multi-admin verification: 202 with the number of a request that somebody has to approve (fact sheet 6.1)."""

    index: int

    def answer(self, call: Call, perform: Perform) -> Answer:
        """Return 202 without a job, and do nothing."""
        return Answer(202, {"num_records": 1, "records": [{"index": self.index}]})


@dataclass
class _Rule:
    method: str
    pattern: str
    interference: Interference
    times: int = 1


@dataclass
class Interventions:
    """What is arranged, in the order in which it was; each applies to the first requests that fit."""

    _rules: list[_Rule] = field(default_factory=list)
    _approvals: int = 0

    def add(self, method: str, path: str, interference: Interference, times: int = 1) -> None:
        """Arrange something for the next `times` requests of this method whose path fits the shell-style pattern."""
        pattern = path if path.startswith("/api") else f"/api{path}"
        self._rules.append(_Rule(method.upper(), pattern, interference, times))

    def next_approval(self) -> int:
        """Return the number of a new request for approval."""
        self._approvals += 1
        return self._approvals

    def take(self, call: Call) -> Interference | None:
        """Return what is arranged for this request, and count it as used."""
        for rule in self._rules:
            if rule.times and rule.method == call.method and fnmatchcase(call.path, rule.pattern):
                rule.times -= 1
                return rule.interference
        return None
