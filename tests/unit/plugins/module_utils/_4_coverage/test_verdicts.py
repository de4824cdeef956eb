# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of flows, against looking at every packet: over thousands of random arrays, and what a change makes of them."""

from __future__ import annotations

import ipaddress
import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import settings

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.overlaps import Prefix
from ansible_collections.wiresec.ontap.plugins.module_utils._4_coverage.verdicts import (
    GOOD,
    Policies,
    Situation,
    Verdict,
    prefix_of,
    told,
)

# Fewer where a property has fewer examples, see tests/conftest.py.
SETS = 30 * settings().max_examples
LIFS = ("10.1.0.4", "10.1.0.5")
SERVICES = (("tcp", 2049), ("udp", 2049), ("udp", 111))
NUMBERS = {"any": None, "tcp": 6, "udp": 17, "1": 1}
NAMED_PORT, PORTS = 700, 1 << 16

State = dict[str, Any]

# A few of them, asked of very many packets.
network_of, address_of = cache(ipaddress.ip_network), cache(ipaddress.ip_address)


def policy(draw: random.Random, number: int) -> State:
    """A policy as an array has it, of so few addresses and ports that it overlaps with others."""
    length = draw.choice([26, 28, 28, 29, 30, 31, 32])
    address = ipaddress.ip_network((0x0A140000 + draw.randrange(32), length), strict=False).network_address
    svm = draw.choice(["svm1", "svm1", "svm1", "svm2", None])
    state = {
        "name": f"p{number}",
        "svm": svm,
        "action": draw.choice(["esp_transport"] * 4 + ["esp_udp", "bypass", "discard", "esp_tunnel"]),
        "enabled": draw.random() < 0.85,
        "protocol": draw.choice(["any", "any", "tcp", "udp", "1"]),
        "local_endpoint.address": draw.choice(LIFS),
        "local_endpoint.netmask": draw.choice(["32", "32", "31", "24"]),
        "local_endpoint.port": draw.choice(["0-0", "0-0", "2049-2049", "111-111"]),
        "remote_endpoint.address": str(address),
        "remote_endpoint.netmask": str(length),
        "remote_endpoint.port": draw.choice(["0-0"] * 5 + [f"{NAMED_PORT}-{NAMED_PORT}"]),
        "ipspace": draw.choice(["Default", "Default", "other"]),
    }
    if svm is None:
        del state["svm"]
    if draw.random() < 0.03:
        del state["remote_endpoint.address"]
    return state


def situation(draw: random.Random, states: list[State]) -> Situation:
    return Situation(states, draw.choice([True] * 8 + [False, None]))


def matches(state: State, client: int, client_port: int, lif: str, service: tuple[str, int]) -> bool | None:
    """Whether a policy covers a packet, by its text; None where that can't be told."""
    if "remote_endpoint.address" not in state:
        return None
    number = NUMBERS[state["protocol"]]
    remote = network_of(f"{state['remote_endpoint.address']}/{state['remote_endpoint.netmask']}", strict=False)
    local = network_of(f"{state['local_endpoint.address']}/{state['local_endpoint.netmask']}", strict=False)
    ports = [(state["local_endpoint.port"], service[1]), (state["remote_endpoint.port"], client_port)]
    return (
        number in (None, NUMBERS[service[0]])
        and address_of(client) in remote
        and address_of(lif) in local
        and all(wanted in ("0-0", f"{port}-{port}") for wanted, port in ports)
    )


def expected(
    there: Situation, gmac: set[Any], client: int, client_port: int, lif: str, service: tuple[str, int]
) -> str:
    """What becomes of one packet to an interface of svm1, by the words of the issue."""
    certain, possible = set(), set()
    for state in there.states if there.enabled is not False else ():
        if not state["enabled"] or state.get("svm", "svm1") != "svm1":
            continue
        if "svm" not in state and state["ipspace"] != "Default":
            continue
        found = matches(state, client, client_port, lif, service)
        word = {"bypass": "bypassed", "discard": "discarded", "esp_tunnel": "unknown"}.get(state["action"], "protected")
        if word == "protected" and (state.get("svm"), state["name"]) in gmac:
            word = "authenticated"
        if found and "svm" in state:
            certain.add(word)
        elif found or found is None:
            possible.add(word)
    if not certain:
        return "clear"
    if there.enabled is None or "unknown" in certain | possible:
        return "unknown"
    outcomes = certain | possible
    return outcomes.pop() if len(outcomes) == 1 else "ambiguous"


def packets(network: ipaddress.IPv4Network) -> Iterator[tuple[int, int, int]]:
    """Every address of a network with a port that policies name and one for all others, and how many ports that is."""
    for address in range(int(network.network_address), int(network.broadcast_address) + 1):
        yield address, NAMED_PORT, 1
        yield address, 40000, PORTS - 1


LEVEL = {"protected": 3, "discarded": 3, "authenticated": 2, "ambiguous": 1, "unknown": 1}


@pytest.mark.parametrize("tenth", range(10))
def test_every_part_of_every_flow_is_what_its_packets_are(tenth: int) -> None:
    for seed in range(tenth * SETS // 10, (tenth + 1) * SETS // 10):
        draw = random.Random(seed)
        states = [policy(draw, number) for number in range(draw.randrange(9))]
        later = [policy(draw, one) if draw.random() < 0.3 else dict(state) for one, state in enumerate(states)]
        now, then = situation(draw, states), situation(draw, [one for one in later if draw.random() < 0.9])
        gmac = {(one.get("svm"), one["name"]) for one in states if draw.random() < 0.1}
        policies = Policies(now, then, gmac, {"svm1": "Default"})
        for lif in LIFS:
            network = ipaddress.IPv4Network((0x0A140000 + 8 * draw.randrange(4), draw.choice([29, 32])))
            for service in SERVICES:
                box = (
                    prefix_of(network),
                    prefix_of(ipaddress.ip_address(lif)),
                    Prefix(NUMBERS[service[0]] or 0, 8, 8),
                    Prefix(service[1], 16, 16),
                    Prefix(0, 0, 16),
                )
                verdict, turn = policies.judge(policies.column("svm1", box), box[0])
                before: Counter[str] = Counter()
                after: Counter[str] = Counter()
                lost = cut_off = 0
                for address, port, number in packets(network):
                    one, other = (expected(there, gmac, address, port, lif, service) for there in (now, then))
                    before[one] += number
                    after[other] += number
                    lost += number * (LEVEL.get(other, 0) < LEVEL.get(one, 0))
                    cut_off += number * (other == "discarded" != one)
                assert turn
                assert (verdict.parts, turn.after.parts) == (before, after), seed
                assert (turn.lost, turn.cut_off) == (lost, cut_off), seed
                # The promise, in so many words.
                assert verdict.state not in GOOD or set(before) == {verdict.state}, seed
                if len(before) > 1:
                    check_places(verdict, network, now, gmac, lif, service)


def check_places(
    verdict: Verdict, network: ipaddress.IPv4Network, now: Situation, gmac: set[Any], lif: str, service: tuple[str, int]
) -> None:
    """Wherever a verdict says that a part is, a packet of that place is what it says."""
    for state, stretches in verdict.stretches.items():
        for stretch in stretches:
            assert told(stretch, 32)
            for address in (stretch.first, stretch.last):
                assert ipaddress.ip_address(address) in network
                port = 40000 if stretch.port is None else stretch.port
                assert expected(now, gmac, address, port, lif, service) == state


def one_policy(**changes: Any) -> State:
    return {
        "name": "nfs",
        "svm": "svm1",
        "action": "esp_transport",
        "enabled": True,
        "protocol": "tcp",
        "local_endpoint.address": "10.1.0.4",
        "local_endpoint.netmask": "32",
        "local_endpoint.port": "2049-2049",
        "remote_endpoint.address": "10.20.0.0",
        "remote_endpoint.netmask": "16",
        "remote_endpoint.port": "0-0",
        **changes,
    }


def judged(client: str, *states: State, later: list[State] | None = None) -> Any:
    network = ipaddress.ip_network(client)
    policies = Policies(Situation(states, True), None if later is None else Situation(later, True))
    box = (prefix_of(network), prefix_of(ipaddress.ip_address("10.1.0.4")), Prefix(6, 8, 8), Prefix(2049, 16, 16))
    return policies.judge(policies.column("svm1", (*box, Prefix(0, 0, 16))), box[0])


def test_two_policies_protect_together_what_neither_protects_alone() -> None:
    halves = [
        one_policy(name=name, **{"remote_endpoint.address": address, "remote_endpoint.netmask": "17"})
        for name, address in (("low", "10.20.0.0"), ("high", "10.20.128.0"))
    ]
    verdict, _turn = judged("10.20.0.0/16", *halves)
    assert (verdict.state, verdict.policies, verdict.number) == ("protected", ("low", "high"), 2)
    verdict, _turn = judged("10.20.0.0/16", halves[0])
    assert verdict.state == "partly"
    assert [told(one, 32) for one in verdict.stretches["clear"]] == [["10.20.128.0/17"]]


def test_a_policy_that_moves_loses_what_it_leaves_even_if_it_covers_as_much_as_before() -> None:
    moved = one_policy(**{"remote_endpoint.address": "10.21.0.0"})
    verdict, turn = judged("10.0.0.0/8", one_policy(), later=[moved])
    assert verdict.parts == turn.after.parts
    assert turn.lost == 2**16 * PORTS
    assert [told(one, 32) for one in turn.stretches] == [["10.20.0.0/16"]]


def test_ipv6() -> None:
    state = one_policy(
        **{
            "local_endpoint.address": "2001:db8::4",
            "local_endpoint.netmask": "128",
            "remote_endpoint.address": "2001:db8:1::",
            "remote_endpoint.netmask": "64",
        }
    )
    policies = Policies(Situation([state], True))
    for client, wanted in (
        ("2001:db8:1::/64", "protected"),
        ("2001:db8:1::/63", "partly"),
        ("2001:db8:2::/64", "clear"),
    ):
        network = ipaddress.ip_network(client)
        box = (
            prefix_of(network),
            prefix_of(ipaddress.ip_address("2001:db8::4")),
            Prefix(6, 8, 8),
            Prefix(2049, 16, 16),
        )
        verdict, _turn = policies.judge(policies.column("svm1", (*box, Prefix(0, 0, 16))), box[0])
        assert verdict.state == wanted
