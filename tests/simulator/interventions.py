# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test arranges for coming requests: a refusal, a job, an approval that is pending.

A further kind of interference is one more class with `answer`: it gets the call and `perform`, which carries the
request out, and says what goes back and how (`Answer.delivery`). The faults of network and server are in faults.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from .approvals import accepted
from .errors import OntapError
from .jobs import Job, Jobs
from .messages import Answer, Call, Pattern

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
        return accepted(self.index)


@dataclass(frozen=True)
class WithoutEffect:
    """A success that is none: a 2xx alone is no proof (fact sheet 6.1)."""

    def answer(self, call: Call, perform: Perform) -> Answer:
        """Return what a success without body looks like, and do nothing."""
        return Answer(201 if call.method == "POST" else 200)


@dataclass
class _Rule:
    pattern: Pattern
    interference: Interference
    times: int
    occurrence: int
    _seen: int = field(default=0, init=False)

    def applies_to(self, call: Call) -> bool:
        """Count a request that fits; whether the turn of this rule has come, and is not over."""
        if not self.pattern.fits(call):
            return False
        self._seen += 1
        return self._seen >= self.occurrence and self.times > 0


@dataclass
class Interventions:
    """What is arranged; of several rules that apply to a request, the one that was arranged first is used."""

    _rules: list[_Rule] = field(default_factory=list)

    def add(self, method: str, path: str, interference: Interference, times: int = 1, occurrence: int = 1) -> None:
        """Arrange something for `times` requests that fit, from the one on that is the `occurrence`-th from now."""
        if occurrence < 1:
            raise ValueError(f"occurrence counts from 1, so it can't be {occurrence}")
        self._rules.append(_Rule(Pattern(method, path), interference, times, occurrence))

    def take(self, call: Call) -> Interference | None:
        """Return what is arranged for this request, and count it as used."""
        # Each rule has to see each request, or its count would depend on what else is arranged.
        due = [rule for rule in self._rules if rule.applies_to(call)]
        if not due:
            return None
        due[0].times -= 1
        return due[0].interference
