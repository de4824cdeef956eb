# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Multi-admin verification: which requests need an approval, which wait for one, which have it (fact sheet 6.1)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .errors import OntapError
from .messages import Answer, Call, Pattern


class ApprovalNeeded(OntapError):
    """A request has no effect before the request for approval of this index is approved."""

    def __init__(self, index: int) -> None:
        super().__init__(262325, message=f"Multi-admin verification: request {index} has to be approved first")
        self.index = index


def accepted(index: int) -> Answer:
    """Return the answer 202 that names the request for approval, and no job."""
    return Answer(202, {"num_records": 1, "records": [{"index": index}]})


@dataclass
class _Waiting:
    index: int
    approved: bool = False


class Approvals:
    """The requests for approval of an array. Two requests are the same if method, path and body are."""

    def __init__(self) -> None:
        self._protected: list[Pattern] = []
        self._waiting: dict[tuple[str, str, str], _Waiting] = {}
        self._last_index = 0

    def require(self, method: str, path: str) -> None:
        """Hold back, from now on, each request that fits until it is approved."""
        self._protected.append(Pattern(method, path))

    def next_index(self) -> int:
        """Return the index of a new request for approval."""
        self._last_index += 1
        return self._last_index

    def pending(self) -> list[int]:
        """Return the indices of what nobody has approved yet."""
        return [request.index for request in self._waiting.values() if not request.approved]

    def approve(self, index: int | None = None) -> None:
        """Approve the request of this index, or all that are pending; KeyError for an index that is not pending."""
        pending = {request.index: request for request in self._waiting.values() if not request.approved}
        for request in pending.values() if index is None else [pending[index]]:
            request.approved = True

    def check(self, call: Call) -> None:
        """Let a request pass that needs no approval, or use up the one that it has; else ApprovalNeeded."""
        if not any(pattern.fits(call) for pattern in self._protected):
            return
        key = (call.method, call.path, json.dumps(call.json(), sort_keys=True))
        if key not in self._waiting:
            self._waiting[key] = _Waiting(self.next_index())
        if not self._waiting[key].approved:
            raise ApprovalNeeded(self._waiting[key].index)
        del self._waiting[key]
