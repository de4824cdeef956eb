# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which policies the events of an array are about. Pure.

No event names a policy or an SVM (docs/ontap_facts.md, 7.2), only two addresses. So an event belongs to each policy between whose
endpoints they lie, on whatever SVM: where IPspaces have the same addresses, that may be one too many.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Union

from .._2_objects.ems_event import Ends, ends

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
Key = tuple[Any, Any]
"""SVM (``None`` for cluster scope) and name of a policy."""


class Happened(NamedTuple):
    """An event, with the address of the peer and that of the array."""

    name: str
    peer: str
    local: str
    time: str
    node: str


class Joined(NamedTuple):
    """The events of each policy that has some, the newest first, and how many there are of which nobody knows what they are about."""

    by_policy: Mapping[Key, Sequence[Happened]]
    strangers: int


def joined(events: Iterable[Mapping[str, Any]], policies: Sequence[Mapping[str, Any]]) -> Joined:
    """Events and policies, as options.

    Takes a step for each event, and one for each policy that concerns the peer of one: how many policies there are beside these does not
    matter.
    """
    index = _Index(policies)
    known: dict[Ends, list[tuple[Key, str, str]]] = {}
    by_policy: dict[Key, list[Happened]] = {}
    strangers = 0
    for event in events:
        hosts = ends(event)
        if hosts is None:
            strangers += 1
            continue
        if hosts not in known:
            known[hosts] = index.policies_of(hosts)
        strangers += not known[hosts]
        for key, peer, local in known[hosts]:
            happened = Happened(event["name"], peer, local, event["time"], event.get("node") or "")
            by_policy.setdefault(key, []).append(happened)
    for found in by_policy.values():
        found.sort(key=lambda one: one.time, reverse=True)
    return Joined(by_policy, strangers)


def of_peer(events: Iterable[Mapping[str, Any]], peer: str) -> list[Happened]:
    """The events that name an address, the newest first."""
    found = []
    for event in events:
        hosts = ends(event)
        if hosts is None or peer not in hosts[:2] or (hosts.ordered and peer != hosts.remote):
            continue
        local = hosts.local if hosts.remote == peer else hosts.remote
        found.append(Happened(event["name"], peer, local, event["time"], event.get("node") or ""))
    return sorted(found, key=lambda one: one.time, reverse=True)


def concerns(policy: Mapping[str, Any], peer: str) -> bool:
    """Whether the remote endpoint of a policy, as options, has an address in it. One that is not told may have any."""
    network = _network(policy, "remote_endpoint")
    return network is None or ipaddress.ip_address(peer) in network


class _Index:
    """Policies by the network of their peers."""

    def __init__(self, policies: Sequence[Mapping[str, Any]]) -> None:
        self._by_network: dict[tuple[int, int, int], list[tuple[Key, Network]]] = {}
        for one in policies:
            local, remote = (_network(one, f"{side}_endpoint") for side in ("local", "remote"))
            if local is None or remote is None:
                continue
            place = (remote.version, remote.prefixlen, int(remote.network_address))
            self._by_network.setdefault(place, []).append(((one.get("svm"), one["name"]), local))
        self._lengths = {(version, length) for version, length, _network in self._by_network}

    def policies_of(self, hosts: Ends) -> list[tuple[Key, str, str]]:
        """The policies between whose endpoints two hosts are, each with which of them is the peer and which the array."""
        ways = [(hosts.local, hosts.remote)] + ([] if hosts.ordered else [(hosts.remote, hosts.local)])
        return [(key, remote, local) for local, remote in ways for key in self._between(local, remote)]

    def _between(self, local: str, remote: str) -> Iterable[Key]:
        own, other = ipaddress.ip_address(local), ipaddress.ip_address(remote)
        for version, length in sorted(self._lengths):
            if version == other.version:
                start = int(other) >> (other.max_prefixlen - length) << (other.max_prefixlen - length)
                for key, network in self._by_network.get((version, length, start), ()):
                    if own in network:
                        yield key


def _network(policy: Mapping[str, Any], side: str) -> Network | None:
    endpoint = policy.get(side) or {}
    try:
        return ipaddress.ip_network(f"{endpoint['address']}/{endpoint['netmask']}", strict=False)
    except (KeyError, ValueError):
        return None
