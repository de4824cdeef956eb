# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the packets of a flow by the policies of an SVM. Pure.

Nothing is ever called protected of which one packet may go in clear. Which of several policies ONTAP applies to a packet is
not published (docs/ontap_facts.md, 9.24), so a packet has all outcomes that its policies have, and is ambiguous if these
differ.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, islice
from typing import Any, NamedTuple

from .._0_basics.overlaps import Prefix, Selector
from .._0_basics.regions import Line, Regions, Stretch
from .._2_objects.ipsec_policy import ENDPOINTS, POLICY
from .._3_state.protection import selector_of

PROTECTED, OTHERWISE, PARTLY = "protected", "protected_otherwise", "partly"
CLEAR, BYPASSED, AMBIGUOUS, UNKNOWN = "clear", "bypassed", "ambiguous", "unknown"
AUTHENTICATED, DISCARDED = "authenticated", "discarded"

STATES = (CLEAR, BYPASSED, AMBIGUOUS, UNKNOWN, AUTHENTICATED, PARTLY, DISCARDED, OTHERWISE, PROTECTED)
"""What a flow may be, the worst first."""

GOOD = (PROTECTED, OTHERWISE)
"""What an auditor wants to see."""

SHOWN = 3
"""How many policies, or parts of a network, are named; of the others there is the number."""

_ESP, _GMAC, _BYPASS, _DISCARD, _NO_IDEA = (1 << bit for bit in range(5))
_MAYBE = 5
"""Kinds of policies that may concern a packet, or not, are further left by so many bits."""

_LATER = 10
"""So are the kinds of what there will be, as against what there is."""

_ALL = (1 << _LATER) - 1
_OUTCOMES = {_ESP: PROTECTED, _GMAC: AUTHENTICATED, _BYPASS: BYPASSED, _DISCARD: DISCARDED, _NO_IDEA: UNKNOWN}
_ACTIONS = {"esp_transport": _ESP, "esp_udp": _ESP, "bypass": _BYPASS, "discard": _DISCARD}

_RESTRAINED = {PROTECTED: 3, DISCARDED: 3, AUTHENTICATED: 2, AMBIGUOUS: 1, UNKNOWN: 1, BYPASSED: 0, CLEAR: 0}
"""How far a packet is kept from going in clear."""


@cache
def outcome(mask: int) -> str:
    """What becomes of a packet that policies of these kinds cover."""
    certain = mask & ((1 << _MAYBE) - 1)
    if not certain:
        # A policy that may not even concern the packet is no protection.
        return CLEAR
    kinds = certain | mask >> _MAYBE & ((1 << _MAYBE) - 1)
    if kinds & _NO_IDEA:
        return UNKNOWN
    return _OUTCOMES.get(kinds, AMBIGUOUS)


@dataclass(frozen=True)
class Verdict:
    """What becomes of a flow.

    parts: the number of packets by outcome, a packet being an address of the client and a port there. policies: the first
    that overlap with it, by name, and their number. stretches: by outcome, the first parts of the network that have it.
    """

    state: str
    parts: Mapping[str, int]
    policies: tuple[str, ...] = ()
    number: int = 0
    stretches: Mapping[str, Sequence[Stretch]] = field(default_factory=dict)

    def share(self, state: str) -> float:
        """Which part of the packets has an outcome, from 0 to 1."""
        return self.parts.get(state, 0) / sum(self.parts.values())


@dataclass(frozen=True)
class Turn:
    """What a change makes of a flow. lost: packets that will be less kept from going in clear. cut_off: that will be discarded.

    stretches: the first parts of the network that lose.
    """

    after: Verdict
    lost: int
    cut_off: int
    stretches: Sequence[Stretch] = ()


def summary(states: Iterable[str]) -> str:
    """One word for a flow whose packets have these outcomes."""
    found = set(states)
    if len(found) == 1:
        return found.pop()
    return PARTLY if found & {*GOOD, PARTLY} else next(state for state in STATES if state in found)


Column = tuple[tuple[int, Line], ...]
"""What covers one address, protocol and port of an SVM: lines with their weights."""


@dataclass(frozen=True)
class Situation:
    """What an array has, or will have. states: of all policies, as ``POLICY`` has them.

    enabled: whether the service is, ``None`` if nobody could tell.
    """

    states: Sequence[Mapping[str, Any]]
    enabled: bool | None

    def in_force(self) -> Iterable[Mapping[str, Any]]:
        """The policies that do anything."""
        if self.enabled is False:
            return []
        return [state for state in self.states if state.get("enabled", True) is not False]


class Policies:
    """The policies of one array, to ask what becomes of flows, and what a change makes of that.

    authenticating: SVM and name of policies whose associations do not encrypt. ipspaces: by SVM, as far as they are known.
    """

    def __init__(
        self,
        now: Situation,
        later: Situation | None = None,
        authenticating: Iterable[tuple[Any, Any]] = (),
        ipspaces: Mapping[str, str] | None = None,
    ) -> None:
        self._now, self._later = now, later
        self._gmac = set(authenticating)
        self._ipspaces = ipspaces or {}
        self._states: list[Mapping[str, Any]] = []
        self._kinds: list[int] = []
        self._boxes: list[_Boxes] = []
        self._by_svm: dict[Any, list[int]] = {}
        self._by_name: dict[tuple[Any, Any], int] = {}
        """Of the policies that there are now."""
        self._enter(now, 0)
        if later:
            self._enter(later, _LATER)
        self._regions: dict[tuple[str, int], Regions] = {}
        self._columns: dict[tuple[str, Selector], Column] = {}

    def _enter(self, situation: Situation, shift: int) -> None:
        """Adds the policies of a situation; one that is there in the same form gets the kinds of both."""
        known = {_form(state): position for position, state in enumerate(self._states)}
        for state in situation.in_force():
            position = known.get(_form(state))
            if position is None:
                position = len(self._states)
                self._states.append(state)
                self._boxes.append(_boxes(state))
                self._kinds.append(0)
                self._by_svm.setdefault(state.get(POLICY.container), []).append(position)
            self._kinds[position] |= self._kind(position) << shift
            if not shift:
                self._by_name[state.get(POLICY.container), state.get("name")] = position

    def concerns(self, svm: str, name: Any, box: Selector) -> bool:
        """Whether a policy that is in force now, by SVM and name, has a packet in common with a box."""
        position = self._by_name.get((svm, name))
        own = None if position is None else self._boxes[position].by_width.get(box[0].width)
        return own is not None and all(one.contains(side) or side.contains(one) for one, side in zip(own, box))

    def column(self, svm: str, box: Selector) -> Column:
        """What covers the packets of a box, whatever its remote network."""
        key = (svm, box[1:])
        if key not in self._columns:
            parts = self._of(svm, box[0].width).parts(box)
            self._columns[key] = tuple((part.weight, part.line) for part in parts)
        return self._columns[key]

    def _of(self, svm: str, width: int) -> Regions:
        if (svm, width) not in self._regions:
            positions = [*self._by_svm.get(svm, ()), *self._of_cluster_scope(svm)]
            selectors = {
                one: self._boxes[one].by_width[width] for one in positions if width in self._boxes[one].by_width
            }
            self._regions[svm, width] = Regions(selectors, {one: self._kinds[one] for one in selectors})
        return self._regions[svm, width]

    def _of_cluster_scope(self, svm: str) -> list[int]:
        own = self._ipspaces.get(svm)
        return [
            position
            for position in self._by_svm.get(None, ())
            if own is None or self._states[position].get("ipspace", own) == own
        ]

    def _kind(self, position: int) -> int:
        state = self._states[position]
        svm = state.get(POLICY.container)
        kind = _ACTIONS.get(str(state.get("action")), _NO_IDEA)
        if kind == _ESP and (svm, state.get("name")) in self._gmac:
            kind = _GMAC
        # Which SVMs a policy of cluster scope concerns, if any, is not published (docs/ontap_facts.md, 4.5).
        return kind if svm is not None and self._boxes[position].certain else kind << _MAYBE

    def judge(self, column: Column, network: Prefix) -> tuple[Verdict, Turn | None]:
        """What becomes of the packets of a column and a remote network, and what the change makes of them, if there is one."""
        masks: dict[int, int] = {}
        for weight, line in column:
            for mask, number in line.census(network).items():
                masks[mask] = masks.get(mask, 0) + number * weight
        verdict = self._verdict(column, network, masks, 0)
        return verdict, self._turn(column, network, masks) if self._later else None

    def _turn(self, column: Column, network: Prefix, masks: Mapping[int, int]) -> Turn:
        lost, cut_off = 0, 0
        losing = []
        for mask, number in masks.items():
            before, after = self._state(mask, 0), self._state(mask, _LATER)
            if _RESTRAINED[after] < _RESTRAINED[before]:
                lost += number
                losing.append(mask)
            if after == DISCARDED != before:
                cut_off += number
        stretches = tuple(islice(_stretches(column, network, losing), SHOWN + 1))
        return Turn(self._verdict(column, network, masks, _LATER), lost, cut_off, stretches)

    def _verdict(self, column: Column, network: Prefix, masks: Mapping[int, int], shift: int) -> Verdict:
        parts: dict[str, int] = {}
        by_state: dict[str, list[int]] = {}
        for mask, number in masks.items():
            state = self._state(mask, shift)
            parts[state] = parts.get(state, 0) + number
            by_state.setdefault(state, []).append(mask)
        names, total = self._names(column, network, _ALL << shift)
        stretches = {}
        if len(parts) > 1:
            stretches = {
                state: tuple(islice(_stretches(column, network, own), SHOWN + 1)) for state, own in by_state.items()
            }
        return Verdict(summary(parts), parts, names, total, stretches)

    def _state(self, mask: int, shift: int) -> str:
        state = outcome(mask >> shift & _ALL)
        situation = self._later if shift and self._later else self._now
        return UNKNOWN if situation.enabled is None and state != CLEAR else state

    def _names(self, column: Column, network: Prefix, kinds: int) -> tuple[tuple[str, ...], int]:
        """The first policies that overlap with a flow, by name. One that several lines have counts once."""
        if len(column) == 1:
            number, positions = column[0][1].covering(network, kinds)
            return tuple(str(self._states[one]["name"]) for one in islice(positions, SHOWN)), number
        found = dict.fromkeys(chain.from_iterable(line.covering(network, kinds)[1] for _weight, line in column))
        return tuple(str(self._states[one]["name"]) for one in islice(found, SHOWN)), len(found)


def _form(state: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """What makes a policy do what it does, and who it is."""
    return tuple((option, state.get(option)) for option in _TELLING)


_TELLING = (
    *POLICY.key,
    "action",
    "ipspace",
    "protocol",
    *(f"{side}.{part}" for side in ENDPOINTS for part in ("address", "netmask", "port")),
)


class _Boxes(NamedTuple):
    """What a policy covers, by the width of addresses. certain: false if that is no more than what it may cover."""

    by_width: Mapping[int, Selector]
    certain: bool


def _boxes(state: Mapping[str, Any]) -> _Boxes:
    """What a policy covers. An endpoint or protocol that makes no sense here may stand for anything (docs/ontap_facts.md, 2)."""
    selector = selector_of(state)
    if selector is not None:
        return _Boxes({selector[0].width: selector}, True)
    return _Boxes({width: tuple(Prefix(0, 0, one) for one in (width, width, 8, 16, 16)) for width in (32, 128)}, False)


def _stretches(column: Column, network: Prefix, masks: Sequence[int]) -> Iterable[Stretch]:
    found: list[Stretch] = []
    for _weight, line in column:
        for mask in masks:
            found += islice(line.stretches(network, mask), SHOWN + 1)
    return sorted(found, key=lambda one: (one.first, one.last, one.port is not None, one.port or 0))


def prefix_of(network: Any) -> Prefix:
    """A network or address of ``ipaddress`` as a side of a box."""
    if isinstance(network, (ipaddress.IPv4Address, ipaddress.IPv6Address)):
        return Prefix(int(network), network.max_prefixlen, network.max_prefixlen)
    return Prefix(int(network.network_address), network.prefixlen, network.max_prefixlen)


def told(stretch: Stretch, width: int) -> list[str]:
    """The networks that a stretch is made of, the first ones only if they are many; a single address without its length."""
    kind: Any = ipaddress.IPv4Address if width == 32 else ipaddress.IPv6Address
    networks = islice(ipaddress.summarize_address_range(kind(stretch.first), kind(stretch.last)), SHOWN + 1)
    texts = [str(one.network_address) if one.prefixlen == width else str(one) for one in networks]
    return texts if len(texts) <= SHOWN else [f"{kind(stretch.first)} to {kind(stretch.last)}"]
