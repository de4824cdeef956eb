# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asynchronous operations: a job has its effect when a client has polled it often enough, or at once (fact sheet 4.1)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import OntapError
from .schema import Field, Kind, Record, Schema

JOB = Schema(
    "/api/cluster/jobs",
    [
        Field("uuid"),
        Field("description"),
        Field("state"),
        Field("message"),
        Field("code", Kind.NUMBER),
        Field("error.message"),
        Field("error.code"),
    ],
    identifiers=("uuid",),
)


@dataclass
class Job:
    """One job; `effect` raises OntapError when the operation fails.

    One that writes many records has `results`, to be asked for at the path of their `collection`.
    """

    description: str
    effect: Callable[[], object]
    outcome: str = "success"
    message: str | None = None
    code: int | None = None
    polls: int = 1
    paused: bool = False
    results: Mapping[str, Any] | None = None
    collection: str = ""
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    _seen: int = field(default=0, init=False)
    _final: Record | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        # A client that may not look at jobs has to do without polls.
        if not self.polls and not self.paused:
            self._final = self._finish()

    @property
    def is_finished(self) -> bool:
        """Whether the effect has been tried, at least."""
        return self._final is not None

    def poll(self) -> Record:
        """Return the record that the next poll sees; the one after the last unfinished state has the effect."""
        self._seen += 1
        if self._final is None and self._seen > self.polls and not self.paused:
            self._final = self._finish()
        return {"uuid": self.uuid, "description": self.description, **(self._final or {"state": self._waiting()})}

    def peek(self) -> Record:
        """Return the record as a listing shows it, which moves nothing on."""
        return {"uuid": self.uuid, "description": self.description, **(self._final or {"state": self._waiting()})}

    def _waiting(self) -> str:
        if self._seen <= self.polls:
            return "queued" if self._seen <= 1 < self.polls else "running"
        return "paused"

    def _finish(self) -> Record:
        if self.outcome == "failure":
            return self._failed(self.message, self.code)
        try:
            self.effect()
        except OntapError as error:
            return self._failed(error.message, error.code)
        return {"state": "success", "message": self.message or "success", "code": 0}

    @staticmethod
    def _failed(message: str | None, code: int | None) -> Record:
        """Return a failed job; one without message happens, and is a failure all the same."""
        record: Record = {"state": "failure", "code": code if code is not None else 262145}
        if message is not None:
            record |= {"message": message, "error.message": message, "error.code": str(record["code"])}
        return record


class Jobs:
    """The jobs of an array."""

    def __init__(self) -> None:
        self._by_uuid: dict[str, Job] = {}

    def add(self, job: Job) -> None:
        """Keep a job."""
        self._by_uuid[job.uuid] = job

    def get(self, uuid_: str) -> Job | None:
        """Return the job of this UUID."""
        return self._by_uuid.get(uuid_)

    def records(self) -> list[Record]:
        """Return what a listing shows."""
        return [job.peek() for job in self._by_uuid.values()]
