# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong in a run, as one tree of exceptions. Each message is a whole sentence for the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def counted(number: int, one: str, many: str) -> str:
    """A number with the word that goes with it: ``counted(1, "policy", "policies")`` is "1 policy"."""
    return f"{number} {one if number == 1 else many}"


class OntapError(Exception):
    """Base of everything that a module reports as a failed task.

    ``notes`` are sentences that are added on the way up, by those who know what the failure means for the array.
    ``report`` is what the result of the task says beyond the error itself: whoever reports says so, at the end.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.notes: list[str] = []
        self.report: Mapping[str, Any] = {}

    def __str__(self) -> str:
        return " ".join([self.sentence(), *self.notes])

    @property
    def lost(self) -> bool:
        """Whether no answer of ONTAP's came, so that a write may have been carried out or not."""
        return False

    @property
    def doubtful(self) -> bool:
        """Whether a write that ended so may have been carried out, wholly or in part."""
        return self.lost

    def sentence(self) -> str:
        """What went wrong, without notes."""
        return self.message

    def details(self) -> dict[str, Any]:
        """The error itself as results have it: ``msg``, and what a playbook can branch on."""
        return {"msg": str(self)}

    def reporting(self, report: Mapping[str, Any]) -> OntapError:
        """The error, with what became of the task in the keys of a result, to be raised. Once, and by no floor that writes."""
        self.report = report
        return self

    def result(self) -> dict[str, Any]:
        """The keyword arguments of ``fail_json``."""
        return {"changed": False, **self.report, **self.details()}


class InvalidInput(OntapError):
    """The task asks for something that can't be: found before anything was written. ``problems`` has one sentence each."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class SetFailed(OntapError):
    """Some objects of a set could not be brought to what is wanted. ``report`` has what became of each."""


class Unprotected(OntapError):
    """Policies do not have the security associations that are expected of them. ``report`` has what each has."""


class Uncovered(OntapError):
    """Traffic is not protected as it should be, or nobody can tell. ``report`` has all that was found."""


class Expiring(OntapError):
    """Certificates expire within the time that somebody asked about, or have. ``report`` has all that were looked at."""


class ConnectionFailed(OntapError):
    """No whole answer came from the array: name resolution, a proxy, TCP, TLS, a time-out, or an end in the middle.

    never_sent: no byte of the request left, so the array can't have carried it out.
    lasting: trying again is of no use, as with a certificate that is not valid.
    """

    def __init__(self, message: str, never_sent: bool = False, lasting: bool = False) -> None:
        super().__init__(message)
        self.never_sent = never_sent
        self.lasting = lasting

    @property
    def lost(self) -> bool:
        """Unless the request can't even have reached the array."""
        return not self.never_sent


class UnexpectedAnswer(OntapError):
    """An answer came that is not what ONTAP documents, so nothing can be concluded from it."""

    @property
    def lost(self) -> bool:
        """Always: somebody else may have answered in ONTAP's place."""
        return True


class Unfinished(UnexpectedAnswer):
    """ONTAP accepted a write as a job whose end could not be seen. It may still take effect by itself."""


class ApprovalPending(OntapError):
    """Multi-admin verification holds the request back until somebody approves it.

    ``request_id`` is what the approver needs, as far as ONTAP told it.
    """

    def __init__(self, message: str, request_id: str = "") -> None:
        super().__init__(message)
        self.request_id = request_id

    @property
    def doubtful(self) -> bool:
        """Always: that an answer means this is inferred from a status without a job (docs/ontap_facts.md, 9.20)."""
        return True

    def details(self) -> dict[str, Any]:
        """Adds ``approval``, so that a playbook can tell this from a failure and pass the number on."""
        return {**super().details(), "approval": {"pending": True, "request": self.request_id or None}}


class ApiError(OntapError):
    """ONTAP answered with an error object, whatever the HTTP status.

    ``code`` is an integer (0 where ONTAP gave none), ``arguments`` a list of ``{code, message}``.
    ``doing`` (what was attempted) and ``advice`` (what the user can do) are filled in by those who know.
    ``retry_after`` is the header of that name. ``unclear``: this code leaves open how far the request got.
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
        self.retry_after = ""
        self.unclear = False

    @property
    def lost(self) -> bool:
        """A proxy says so of an answer that it did not get; ONTAP's own errors have a code."""
        return self.status in (502, 504) and not self.code

    @property
    def doubtful(self) -> bool:
        """Unless it is a plain refusal: internal errors, failed jobs and errors inside a success can come at any moment.

        503 is a refusal, too: the service did not take the request on.
        """
        return self.unclear or not (400 <= self.status < 500 or self.status == 503)

    def sentence(self) -> str:
        labels = [f"HTTP {self.status}"]
        if self.code:
            labels.append(f"code {self.code}")
        if self.target:
            labels.append(f"target {self.target}")
        reason = (self.message or "no reason given").rstrip(". ")
        text = f"{self.doing or self.request} failed: {reason} ({', '.join(labels)})."
        return f"{text} {self.advice}" if self.advice else text

    def details(self) -> dict[str, Any]:
        """Adds ``error``, so that a playbook can branch on the ONTAP code."""
        error = {
            "request": self.request,
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "target": self.target,
            "arguments": self.arguments,
        }
        return {**super().details(), "error": error}


class JobFailed(ApiError):
    """A write was accepted as a job, and the job did not succeed."""
