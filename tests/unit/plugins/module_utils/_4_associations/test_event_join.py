# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which policies an event is about: the index finds what a look at each policy would find."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._4_associations.event_join import concerns, joined, of_peer


def policy(name: str, local: str, remote: str, svm: str | None = "svm1") -> dict[str, Any]:
    sides = {}
    for side, text in (("local_endpoint", local), ("remote_endpoint", remote)):
        address, _slash, netmask = text.partition("/")
        sides[side] = {"address": address, "netmask": netmask}
    return {"name": name, "svm": svm, **sides}


def event(source: str, destination: str, name: str = "ipsec.ib.no.lookup", time: str = "1") -> dict[str, Any]:
    return {"name": name, "time": time, "parameters": {"srcAddr": source, "dstAddr": destination}}


def text_event(source: str, destination: str) -> dict[str, Any]:
    return {"name": "ipsec.ib.bad.encrypt", "time": "1", "parameters": {"sa2str": f"SA (0x1, {source}, {destination})"}}


POLICIES = [
    policy("host", "10.0.0.1/32", "10.0.1.7/32"),
    policy("subnet", "10.0.0.0/24", "10.0.1.99/24"),
    policy("everybody", "10.0.0.1/32", "0.0.0.0/0", "svm2"),
    policy("six", "2001:db8::1/128", "2001:db8:1::/64", None),
    {"name": "nothing is told of it", "svm": "svm1"},
]


@pytest.mark.parametrize(
    ("happened", "names"),
    [
        (event("10.0.1.7", "10.0.0.1"), {"host", "subnet", "everybody"}),
        (event("10.0.1.8", "10.0.0.1"), {"subnet", "everybody"}),
        (event("10.0.1.7", "10.0.0.2"), {"subnet"}),
        (event("10.0.0.1", "10.0.1.7"), set()),
        (event("10.0.0.1", "10.0.1.7", "ipsec.ob.no.acquire"), {"host", "subnet", "everybody"}),
        (event("2001:db8:1::5", "2001:db8::1"), {"six"}),
        (text_event("10.0.1.8", "10.0.0.1"), {"subnet", "everybody"}),
        # In which order the text has them is not published.
        (text_event("10.0.0.1", "10.0.1.8"), {"subnet", "everybody"}),
        (text_event("10.9.9.9", "10.9.9.8"), set()),
    ],
)
def test_by_addresses(happened: dict[str, Any], names: set[str]) -> None:
    found = joined([happened], POLICIES)
    assert {name for _svm, name in found.by_policy} == names
    assert found.strangers == (not names)
    assert all(one.peer in ("10.0.1.7", "10.0.1.8", "2001:db8:1::5") for own in found.by_policy.values() for one in own)


def test_the_newest_first() -> None:
    found = joined([event("10.0.1.7", "10.0.0.1", time=one) for one in ("2", "3", "1")], POLICIES[:1])
    assert [one.time for one in found.by_policy["svm1", "host"]] == ["3", "2", "1"]


def test_of_a_peer() -> None:
    events = [event("10.0.1.7", "10.0.0.1"), event("10.0.1.8", "10.0.0.1"), text_event("10.0.0.1", "10.0.1.7")]
    assert [(one.peer, one.local) for one in of_peer(events, "10.0.1.7")] == [("10.0.1.7", "10.0.0.1")] * 2
    # An address of the array is no peer, unless nobody knows which is which.
    assert [one.name for one in of_peer(events, "10.0.0.1")] == ["ipsec.ib.bad.encrypt"]


HOSTS = st.integers(0, 15).map(lambda one: f"10.0.0.{one}")
NETWORKS = st.tuples(HOSTS, st.sampled_from([0, 28, 29, 30, 31, 32])).map(lambda one: f"{one[0]}/{one[1]}")


@settings(deadline=None)
@given(st.lists(st.tuples(NETWORKS, NETWORKS), max_size=8), st.lists(st.tuples(HOSTS, HOSTS), max_size=8))
def test_the_index_finds_what_a_search_finds(sides: list[tuple[str, str]], hosts: list[tuple[str, str]]) -> None:
    policies = [policy(str(number), *own) for number, own in enumerate(sides)]
    found = joined([event(source, destination) for source, destination in hosts], policies)
    for (local, remote), one in zip(sides, policies):
        expected = [
            (source, destination)
            for source, destination in hosts
            if ipaddress.ip_address(destination) in ipaddress.ip_network(local, strict=False)
            and ipaddress.ip_address(source) in ipaddress.ip_network(remote, strict=False)
        ]
        own = found.by_policy.get(("svm1", one["name"]), [])
        assert sorted((each.peer, each.local) for each in own) == sorted(expected)
        assert all(concerns(one, source) for source, _destination in expected)
