# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which flows are not as they should be, and which of these somebody has accepted, until when. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from .._0_basics.errors import counted
from .flows import Flow, Network
from .survey import ASSOCIATIONS, HIDING, Unread
from .verdicts import AMBIGUOUS, AUTHENTICATED, BYPASSED, CLEAR, DISCARDED, GOOD, PARTLY, PROTECTED, UNKNOWN

NOT_IN_USE, WORSE = "not_in_use", "worse"
FAIL_ON = (CLEAR, BYPASSED, AMBIGUOUS, UNKNOWN, AUTHENTICATED, PARTLY, DISCARDED, NOT_IN_USE, WORSE)
"""What a gate may be closed for.

A state counts wherever packets of a flow have it. ``not_in_use`` is a connection that a policy should protect, and that has no
association. ``worse`` is a flow from which a change takes protection away.
"""

UNUSED, USED, EXPIRED = "unused", "used", "expired"


@dataclass(frozen=True)
class Accepted:
    """An exception: what is accepted although it is not as it should be. What is not said is not looked at.

    until: the last day. client: a network that has all of the flow's. unread: what could not be read, in place of flows.
    """

    reason: str
    until: date
    svm: str | None = None
    protocol: str | None = None
    service: str | None = None
    interface: str | None = None
    client: Network | None = None
    client_name: str | None = None
    states: frozenset[str] = frozenset()
    unread: str | None = None

    def covers(self, flow: Flow) -> bool:
        """Whether it is about a flow."""
        if self.unread or (self.states and flow.state not in self.states):
            return False
        wanted = (self.svm, self.protocol, self.interface)
        if any(
            one not in (None, there) for one, there in zip(wanted, (flow.svm, flow.services[0].group, flow.interface))
        ):
            return False
        if self.service and any(self.service not in (one.name, one.spelling) for one in flow.services):
            return False
        if self.client_name is not None and self.client_name != flow.client.name:
            return False
        if self.client is None:
            return True
        network = flow.client.network
        return network is not None and network.version == self.client.version and network.subnet_of(self.client)  # type: ignore[arg-type]


class Gate:
    """Judges flows. fail_on: words of ``FAIL_ON``. today: exceptions end by it."""

    def __init__(self, fail_on: Collection[str], exceptions: Sequence[Accepted], today: date) -> None:
        self._fail_on, self._exceptions, self._today = frozenset(fail_on), exceptions, today
        self.used: dict[int, int] = {}
        """How many flows each exception, by its position, is used for."""

    def exception(self, flow: Flow) -> Accepted | None:
        """The first exception in force that a flow needs and has. Expired ones count as used, so that they are told apart."""
        if flow.state in GOOD and not self.reasons(flow):
            return None
        found = None
        for position, one in enumerate(self._exceptions):
            if one.covers(flow):
                self.used[position] = self.used.get(position, 0) + 1
                if found is None and one.until >= self._today:
                    found = one
        return found

    def reasons(self, flow: Flow) -> list[str]:
        """For which words the gate is closed because of a flow, whatever is accepted."""
        found = {flow.state, *(flow.verdict.parts if flow.state == PARTLY else ())}
        if flow.observed and flow.state == PROTECTED and flow.in_use is False:
            found.add(NOT_IN_USE)
        if flow.loses:
            found.add(WORSE)
        return [one for one in FAIL_ON if one in found & self._fail_on]

    def blind(self, unread: Iterable[Unread]) -> list[Unread]:
        """What could not be read and might hide a flow for which the gate would be closed, unless that is accepted."""
        accepted = set()
        for position, one in enumerate(self._exceptions):
            if one.unread:
                self.used.setdefault(position, 0)
                if one.until >= self._today:
                    accepted.add(one.unread)
        told_by_associations = bool(self._fail_on & {AUTHENTICATED, NOT_IN_USE})
        hiding = [one for one in unread if one.what in HIDING or (one.what == ASSOCIATIONS and told_by_associations)]
        for position, exception in enumerate(self._exceptions):
            if exception.unread:
                self.used[position] = sum(one.what == exception.unread for one in hiding)
        return [one for one in hiding if one.what not in accepted] if self._fail_on else []

    def state(self, position: int) -> str:
        """Whether an exception is used, unused or expired."""
        if self._exceptions[position].until < self._today:
            return EXPIRED
        return USED if self.used.get(position) else UNUSED


def sentences(failing: Sequence[tuple[Flow, Sequence[str]]], blind: Sequence[Unread], most: int) -> Iterator[str]:
    """What keeps the gate closed, a sentence each; of flows the first ones, and the number of the others."""
    for flow, reasons in failing[:most]:
        yield f"{title(flow)} is {_WORDS[flow.state]}{_why(flow, reasons)}."
    if len(failing) > most:
        yield f"{counted(len(failing) - most, 'more flow keeps', 'more flows keep')} the gate closed, all in the result."
    for one in blind:
        yield f"{one.endpoint} could not be read: {one.why}. {one.missing}"


def title(flow: Flow) -> str:
    """A flow in a few words."""
    services = ", ".join(dict.fromkeys(one.name for one in flow.services))
    where = f"{flow.interface} ({flow.address})" if flow.interface else flow.address
    return f"{services} of {flow.client.name} with {where} on SVM {flow.svm}"


def _why(flow: Flow, reasons: Sequence[str]) -> str:
    if NOT_IN_USE in reasons:
        return ", and connected without a security association"
    if reasons == [WORSE]:
        return ", and would be less than that"
    if flow.verdict.number:
        names = ", ".join(flow.verdict.policies)
        return f" ({names}{' and others' if flow.verdict.number > len(flow.verdict.policies) else ''})"
    return ""


_WORDS = {
    PROTECTED: "protected",
    PARTLY: "protected in part",
    CLEAR: "in clear",
    BYPASSED: "let through in clear",
    AMBIGUOUS: "covered by policies of different actions",
    UNKNOWN: "not known to be protected",
    AUTHENTICATED: "authenticated and not encrypted",
    DISCARDED: "discarded",
    "protected_otherwise": "protected otherwise",
}
