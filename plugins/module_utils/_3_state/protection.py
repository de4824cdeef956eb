# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes of IPsec policies take away from the protection of traffic, by whichever verb they do it. All of it is pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import normalize
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.overlaps import (
    A_WIDER,
    EQUAL,
    Prefix,
    Selector,
    covers,
    related,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import ENDPOINTS, POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.resource import State
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.planning import (
    DELETED,
    MODIFIED,
    NONE,
    RECREATED,
    Change,
)

UNPROTECTED, DISABLED, NARROWED, OVERRIDING = "unprotected", "disabled", "narrowed", "overriding"
"""Losses beyond ``DELETED`` and ``RECREATED``.

A policy is created anew so that it protects no more; is disabled; covers no longer all that it covered; or is a bypass or
discard that covers all that another one protects, and did not before.
"""

SHOWN = 3
"""How many of the policies that a bypass or discard overlaps with are named."""

_PROTOCOLS = {normalize.ANY_PROTOCOL: 0, "tcp": 6, "udp": 17}


@dataclass(frozen=True)
class Effect:
    """What a change takes away. loss: in one word, ``None`` for nothing. overlaps: with names of policies that protect.

    overridden: names of all that a bypass or discard newly covers and that protect; each is told of one change only.
    """

    loss: str | None = None
    overlaps: list[str] = field(default_factory=list)
    overridden: list[str] = field(default_factory=list)


def selector_of(state: Mapping[str, Any]) -> Selector | None:
    """The packets that a policy covers, ``None`` if that can't be told."""
    sides = []
    for side in ("remote_endpoint", "local_endpoint"):
        address, netmask = state.get(f"{side}.address"), state.get(f"{side}.netmask")
        if not address or netmask is None:
            return None
        network = ipaddress.ip_network(f"{address}/{netmask}", strict=False)
        sides.append(Prefix(int(network.network_address), network.prefixlen, network.max_prefixlen))
    protocol = state.get("protocol", normalize.ANY_PROTOCOL)
    number = _PROTOCOLS.get(protocol)
    if number is None:
        # ONTAP may name a protocol that has no number here.
        if not protocol.isdigit():
            return None
        number = int(protocol)
    ports = [int(state.get(f"{side}.port", normalize.ANY_PORT).partition("-")[0]) for side in ENDPOINTS]
    points = [(number, 8), *((port, 16) for port in ports)]
    return (*sides, *(Prefix(value, width if value else 0, width) for value, width in points))


def effects(changes: Sequence[Change], bystanders: Iterable[State]) -> list[Effect]:
    """What each change takes away. bystanders: the policies that are there and don't change."""
    found = [Effect(_own_loss(change)) for change in changes]
    suspects = [position for position, change in enumerate(changes) if _overrules(change.after)]
    if not suspects:
        return found
    # By place: each policy that protects after the changes, and whether it did before, too.
    protecting: dict[Any, list[tuple[State, bool]]] = {}
    for state in bystanders:
        if POLICY.protects(state):
            protecting.setdefault(_place(state), []).append((state, True))
    for change in changes:
        if change.operation != NONE and change.after and POLICY.protects(change.after):
            before = bool(change.before) and POLICY.protects(change.before or {})
            protecting.setdefault(_place(change.after), []).append((change.after, before))
    for place, there in protecting.items():
        here = [position for position in suspects if _place(changes[position].after or {}) == place]
        for position, effect in _overruling(changes, here, there):
            found[position] = replace(effect, loss=found[position].loss or effect.loss)
    return found


def _place(state: Mapping[str, Any]) -> Any:
    return state.get(POLICY.container)


def _own_loss(change: Change) -> str | None:
    before, after = change.before or {}, change.after or {}
    if change.operation == RECREATED:
        return UNPROTECTED if POLICY.protects(before) and not POLICY.protects(after) else RECREATED
    if change.operation == MODIFIED and POLICY.restrains(before):
        if not POLICY.restrains(after):
            return DISABLED
        return None if _still_covers(before, after) else NARROWED
    return DELETED if change.operation == DELETED else None


def _still_covers(before: State, after: State) -> bool:
    """Whether a policy covers all that it covered; where that can't be told, whether nothing of it has changed."""
    old, new = selector_of(before), selector_of(after)
    if old is None or new is None:
        return not any(row.option.startswith((*ENDPOINTS, "protocol")) for row in POLICY.differing(after, before))
    return covers(new, old)


def _overrules(state: Mapping[str, Any] | None) -> bool:
    """Whether a policy is in force, and may keep one that protects from doing so."""
    return bool(state) and (state or {}).get("enabled", True) is not False and not POLICY.protects(state or {})


def _overruling(
    changes: Sequence[Change], suspects: Sequence[int], protecting: Sequence[tuple[State, bool]]
) -> Iterator[tuple[int, Effect]]:
    """For each of the suspects, all of one place, that overlaps with a policy there which protects: how."""
    selectors = {position: selector_of(changes[position].after or {}) for position in suspects}
    offset = len(changes)
    selectors.update({offset + index: selector_of(state) for index, (state, _before) in enumerate(protecting)})
    known = {position: selector for position, selector in selectors.items() if selector is not None}
    former = {position: _former(changes[position]) for position in suspects}
    names: dict[int, list[int]] = {}
    overridden: dict[int, set[int]] = {}
    told: set[int] = set()
    for width in {selector[0].width for selector in known.values()}:
        family = {position: selector for position, selector in known.items() if selector[0].width == width}
        own = [position for position in family if position < offset]
        others = [position for position in family if position >= offset]
        for some, rest, relation in related(family, own, others):
            # Those that protected until now. Each is told of the first only that newly covers it.
            covered = [one for one in rest if protecting[one - offset][1]] if relation in (EQUAL, A_WIDER) else []
            untold = [one for one in covered if one not in told]
            for position in some:
                names[position] = sorted({*names.get(position, []), *rest[:SHOWN]})[:SHOWN]
                was = former[position]
                gone = {one for one in untold if not (was and covers(was, known[one]))}
                if gone or any(not (was and covers(was, known[one])) for one in covered):
                    overridden.setdefault(position, set()).update(gone)
                    told.update(gone)
                    untold = [one for one in untold if one not in gone]
    for position, others in names.items():
        titles = sorted(protecting[one - offset][0]["name"] for one in others)
        victims = sorted(protecting[one - offset][0]["name"] for one in overridden.get(position, ()))
        yield position, Effect(OVERRIDING if position in overridden else None, titles, victims)


def _former(change: Change) -> Selector | None:
    """What a change's policy covered before, if it was in force then and did not protect that either."""
    return selector_of(change.before or {}) if _overrules(change.before) else None
