# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes of IPsec policies take away from the protection of traffic, by whichever verb they do it. All of it is pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._0_basics import normalize
from .._0_basics.overlaps import Prefix, Selector, covers, intersection, related
from .._0_basics.regions import PROTOCOL, Regions
from .._2_objects.ipsec_policy import ENDPOINTS, POLICY
from .._2_objects.resource import State
from .planning import DELETED, MODIFIED, NONE, RECREATED, Change

UNPROTECTED, RELEASED, DISABLED, NARROWED, REAUTHENTICATED, OVERRIDING = (
    "unprotected",
    "released",
    "disabled",
    "narrowed",
    "reauthenticated",
    "overriding",
)
"""Losses beyond ``DELETED`` and ``RECREATED``.

A policy is created anew so that it protects no more; lets through what it discarded, by whichever verb; is disabled; covers
no longer all that it covered; authenticates otherwise, so that peers which do not follow are cut off; or is a bypass or
discard that newly covers packets of another one that protects.
"""

SHOWN = 3
"""How many of the policies that a bypass or discard overlaps with are named."""

_TCP, _UDP = 6, 17
_PROTOCOLS = {normalize.ANY_PROTOCOL: 0, "tcp": _TCP, "udp": _UDP}
_NOW, _NEW, _BEFORE = 1, 2, 4
"""Kinds of what overrides: after the changes; after them and by a change; before them."""

_GONE = {DELETED: DELETED, MODIFIED: DISABLED, RECREATED: UNPROTECTED}
"""What it is called if nothing is left of what a policy protected."""

_AUTHENTICATION = ("authentication_method", "certificate", "local_identity", "remote_identity", "ppk.identity")


@dataclass(frozen=True)
class Effect:
    """What a change takes away. loss: in one word, ``None`` for nothing. overlaps: with names of policies that protect.

    overridden: SVM and name of all that protect and of which the change, alone or with others, newly leaves nothing; each
    is told of one change only. in_part: whether it newly covers packets of others, too, and leaves them some.
    """

    loss: str | None = None
    overlaps: list[str] = field(default_factory=list)
    overridden: list[tuple[str | None, str]] = field(default_factory=list)
    in_part: bool = False


def selector_of(state: Mapping[str, Any]) -> Selector | None:
    """The packets that a policy covers, ``None`` if that can't be told."""
    sides = [_network(state, side) for side in ("remote_endpoint", "local_endpoint")]
    protocol = _protocol(state)
    known = [side for side in sides if side is not None]
    return None if protocol is None or len(known) < len(sides) else (*known, protocol, *_ports(state))


def _network(state: Mapping[str, Any], side: str) -> Prefix | None:
    address, netmask = state.get(f"{side}.address"), state.get(f"{side}.netmask")
    if not address or netmask is None:
        return None
    network = ipaddress.ip_network(f"{address}/{netmask}", strict=False)
    return Prefix(int(network.network_address), network.prefixlen, network.max_prefixlen)


def _protocol(state: Mapping[str, Any]) -> Prefix | None:
    protocol = state.get("protocol", normalize.ANY_PROTOCOL)
    number = _PROTOCOLS.get(protocol)
    if number is None:
        # ONTAP may name a protocol that has no number here.
        if not protocol.isdigit():
            return None
        number = int(protocol)
    return _point(number, 8)


def _ports(state: Mapping[str, Any]) -> list[Prefix]:
    ports = [int(state.get(f"{side}.port", normalize.ANY_PORT).partition("-")[0]) for side in ENDPOINTS]
    return [_point(port, 16) for port in ports]


def _point(value: int, width: int) -> Prefix:
    return Prefix(value, width if value else 0, width)


def _possible(state: Mapping[str, Any]) -> list[Selector]:
    """The packets that a policy may cover: all, as far as it can't be told."""
    sides = [_network(state, side) for side in ("remote_endpoint", "local_endpoint")]
    widths = {side.width for side in sides if side} or {32, 128}
    protocol = _protocol(state) or _point(0, 8)
    return [(*(side or Prefix(0, 0, width) for side in sides), protocol, *_ports(state)) for width in sorted(widths)]


def effects(changes: Sequence[Change], bystanders: Iterable[State]) -> list[Effect]:
    """What each change takes away. bystanders: the policies that are there and don't change."""
    found = [Effect(_own_loss(change)) for change in changes]
    if not any(_overrules(change.after) for change in changes):
        return found
    for position, effect in _Overriding(changes, list(bystanders)).effects():
        found[position] = replace(effect, loss=found[position].loss or effect.loss)
    return found


def _place(state: Mapping[str, Any]) -> Any:
    return state.get(POLICY.container)


def _own_loss(change: Change) -> str | None:
    before, after = change.before, change.after
    if not (before and POLICY.restrains(before)):
        return None
    protected = POLICY.protects(before)
    if not (after and POLICY.restrains(after)):
        return _GONE[change.operation] if protected else RELEASED
    if change.operation == RECREATED:
        return UNPROTECTED if protected and not POLICY.protects(after) else RECREATED
    if not _still_covers(before, after):
        return NARROWED
    changed = {row.option for row in POLICY.differing(after, before)}
    return REAUTHENTICATED if protected and changed & set(_AUTHENTICATION) else None


def _still_covers(before: State, after: State) -> bool:
    """Whether a policy covers all that it covered; where that can't be told, whether nothing of it has changed."""
    old, new = selector_of(before), selector_of(after)
    if old is None or new is None:
        return not any(row.option.startswith((*ENDPOINTS, "protocol")) for row in POLICY.differing(after, before))
    return covers(new, old)


def _overrules(state: Mapping[str, Any] | None) -> bool:
    """Whether a policy is in force, and may keep one that protects from doing so."""
    return bool(state) and (state or {}).get("enabled", True) is not False and not POLICY.protects(state or {})


@dataclass(frozen=True)
class _Overrider:
    """Packets that a policy takes out of the protection of others, after the changes.

    position: of the change, ``None`` where nothing changes. former: what its policy took out before, as far as is known.
    """

    place: str | None
    selector: Selector
    position: int | None = None
    former: Selector | None = None


@dataclass(frozen=True)
class _Protected:
    """Packets that a policy protects after the changes. kept: those of them that it protected before, too."""

    place: str | None
    name: str
    selector: Selector
    kept: tuple[Selector, ...]


class _Overriding:
    """Which policies that protect are overridden by bypasses and discards, by each alone and by all together.

    Which of two policies ONTAP applies is not known (docs/ontap_facts.md, 9.24), nor what one of cluster scope means for
    the SVMs. So whoever may override counts, and only what a policy itself took out before was lost before.
    """

    def __init__(self, changes: Sequence[Change], bystanders: Sequence[State]) -> None:
        self._overriders: list[_Overrider] = []
        self._protected: list[_Protected] = []
        self._former: list[tuple[str | None, Selector]] = []
        for state in bystanders:
            self._add(None, state, state)
        for position, change in enumerate(changes):
            if change.operation != NONE:
                self._add(position, change.before, change.after)
        self._places = {one.position: one.place for one in self._overriders}
        self._names: dict[int, set[tuple[str | None, str]]] = {}
        self._losing: set[int] = set()
        self._in_part: set[int] = set()
        self._overridden: dict[int, set[tuple[str | None, str]]] = {}

    def _add(self, position: int | None, before: State | None, after: State | None) -> None:
        """Takes up a policy. position: of its change, ``None`` for one that stays as it is."""
        former = selector_of(before) if before and _overrules(before) else None
        if before and former:
            self._former.append((_place(before), former))
        if after and _overrules(after):
            self._overriders += [_Overrider(_place(after), one, position, former) for one in _possible(after)]
        elif after and POLICY.protects(after):
            protected = _possible(before) if before and POLICY.protects(before) else []
            for selector in _possible(after):
                kept = tuple(filter(None, (intersection(selector, one) for one in protected)))
                self._protected.append(_Protected(_place(after), after["name"], selector, kept))

    def effects(self) -> Iterator[tuple[int, Effect]]:
        """For each position of a change that overlaps with a policy which protects: how."""
        places: dict[str | None, list[_Protected]] = {}
        for one in self._protected:
            places.setdefault(one.place, []).append(one)
        for place, protected in places.items():
            near = [one for one in self._overriders if place is None or one.place in (place, None)]
            if any(one.position is not None for one in near):
                self._judge(place, protected, near)
        for position, found in self._names.items():
            home = self._places[position]
            names = sorted(name if place == home else f"{place or 'cluster'}/{name}" for place, name in found)
            overridden = sorted(self._overridden.get(position, ()), key=lambda one: (one[0] or "", one[1]))
            loss = OVERRIDING if position in self._losing else None
            yield position, Effect(loss, names[:SHOWN], overridden, position in self._in_part)

    def _judge(self, place: str | None, protected: Sequence[_Protected], near: Sequence[_Overrider]) -> None:
        """Notes what becomes of the policies of one place. near: what may override them."""
        selectors = dict(enumerate([*(one.selector for one in near), *(one.selector for one in protected)]))
        touching: dict[int, list[_Overrider]] = {}
        for some, rest, _relation in related(selectors, range(len(near)), range(len(near), len(selectors))):
            for index in rest:
                touching.setdefault(index - len(near), []).extend(near[one] for one in some)
        regions = self._regions(place, near)
        for index, overriders in sorted(touching.items()):
            one = protected[index]
            changing = [(other.position, other) for other in overriders if other.position is not None]
            for position, _other in changing:
                self._names.setdefault(position, set()).add((place, one.name))
            positions = {position for position, other in changing if any(_is_new(other, part) for part in one.kept)}
            self._losing |= positions
            parts = [part for kept in one.kept for part in _parts(kept)]
            if positions and any(_nothing_left(regions[part[0].width].census(part)) for part in parts):
                self._overridden.setdefault(min(positions), set()).add((place, one.name))
            else:
                self._in_part |= positions

    def _regions(self, place: str | None, near: Sequence[_Overrider]) -> dict[int, Regions]:
        """What may override a policy of a place, and what did so before, by the width of addresses."""
        # What others took out before, too, is certain of the same place only.
        rows = [(selector, _BEFORE) for where, selector in self._former if where == place]
        rows += [(one.selector, _NOW | (_NEW if _takes_more(one) else 0)) for one in near]
        regions = {}
        for width in {selector[0].width for selector, _kind in rows}:
            own = {index: row for index, row in enumerate(rows) if row[0][0].width == width}
            selectors = {index: selector for index, (selector, _kind) in own.items()}
            regions[width] = Regions(selectors, {index: kind for index, (_selector, kind) in own.items()})
        return regions


def _takes_more(overrider: _Overrider) -> bool:
    """Whether a change lets a policy override what it did not before."""
    former = overrider.former
    return overrider.position is not None and not (former and covers(former, overrider.selector))


def _is_new(overrider: _Overrider, kept: Selector) -> bool:
    """Whether an overrider takes packets out of a protection that its policy did not take out before."""
    both = intersection(overrider.selector, kept)
    return both is not None and not (overrider.former and covers(overrider.former, both))


def _parts(selector: Selector) -> list[Selector]:
    """The packets of which none may be left for a policy to count as overridden: those of TCP, or of UDP, if it has both.

    Clients speak hardly anything else, so a policy of which all of TCP is gone protects nothing of use any more.
    """
    before, protocol, after = selector[:PROTOCOL], selector[PROTOCOL], selector[PROTOCOL + 1 :]
    protocols = [protocol] if protocol.length else [_point(_TCP, 8), _point(_UDP, 8)]
    return [(*before, one, *after) for one in protocols]


def _nothing_left(masks: Collection[int]) -> bool:
    """Whether nothing is left of packets: because of what is new, or of all together that there was not before."""
    return all(mask & _NEW for mask in masks) or (
        all(mask & _NOW for mask in masks) and not all(mask & _BEFORE for mask in masks)
    )
