# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong in a run, as one tree of exceptions. Each message is a whole sentence for the user."""

from __future__ import annotations

from typing import Any


class OntapError(Exception):
    """Base of everything that a module reports as a failed task.

    ``outcome`` is what the run had already done to the array when it failed, in the result keys of success
    (``changed``, ``operation``, ...); it stays empty when nothing was written. ``notes`` are sentences that are
    added on the way up, by those who know what the failure means for the array.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.outcome: dict[str, Any] = {}
        self.notes: list[str] = []

    def __str__(self) -> str:
        return " ".join([self.sentence(), *self.notes])

    def sentence(self) -> str:
        """What went wrong, without notes."""
        return self.message

    def result(self) -> dict[str, Any]:
        """The keyword arguments of ``fail_json``: ``msg``, ``changed`` and whatever is known beyond them."""
        return {"changed": False, **self.outcome, "msg": str(self)}


class InvalidInput(OntapError):
    """The task asks for something that can't be: found before anything was written. ``problems`` has one sentence each."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class ConnectionFailed(OntapError):
    """No answer came from the array: name resolution, TCP, TLS or a time-out.

    ``never_sent``: no connection came about, so the array can't have carried the request out.
    """

    def __init__(self, message: str, never_sent: bool = False) -> None:
        super().__init__(message)
        self.never_sent = never_sent


class UnexpectedAnswer(OntapError):
    """An answer came that is not what ONTAP documents, so nothing can be concluded from it."""


class ApprovalPending(OntapError):
    """Multi-admin verification holds the request back until somebody approves it."""


class ApiError(OntapError):
    """ONTAP answered with an error object, whatever the HTTP status.

    ``code`` is an integer (0 where ONTAP gave none), ``arguments`` a list of ``{code, message}``.
    ``doing`` (what was attempted) and ``advice`` (what the user can do) are filled in by those who know.
    """

    def __init__(
        self,
        request: str,
        status: int,
        code: int = 0,
        message: str = "",
        target: str = "",
        arguments: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.request = request
        self.status = status
        self.code = code
        self.target = target
        self.arguments = arguments or []
        self.doing = ""
        self.advice = ""

    def sentence(self) -> str:
        labels = [f"HTTP {self.status}"]
        if self.code:
            labels.append(f"code {self.code}")
        if self.target:
            labels.append(f"target {self.target}")
        reason = (self.message or "no reason given").rstrip(". ")
        text = f"{self.doing or self.request} failed: {reason} ({', '.join(labels)})."
        return f"{text} {self.advice}" if self.advice else text

    def result(self) -> dict[str, Any]:
        """Adds ``error``, so that a playbook can branch on the ONTAP code."""
        error = {
            "request": self.request,
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "target": self.target,
            "arguments": self.arguments,
        }
        return {**super().result(), "error": error}


class JobFailed(ApiError):
    """A write was accepted as a job, and the job did not succeed."""
