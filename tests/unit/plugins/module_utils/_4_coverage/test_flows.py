# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which flows an array has by what it tells, what protects them beside IPsec, and what may be accepted."""

from __future__ import annotations

import ipaddress
import random
from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import settings

from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.nas import EXPORT_POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._4_coverage.flows import (
    EVERYBODY,
    Array,
    Connection,
    Declared,
    Flow,
    Question,
    Service,
    Strength,
    Traffic,
    authenticating,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._4_coverage.gate import FAIL_ON, Accepted, Gate
from ansible_collections.wiresec.ontap.plugins.module_utils._4_coverage.survey import Unread
from ansible_collections.wiresec.ontap.plugins.module_utils._4_coverage.verdicts import (
    Policies,
    Situation,
    prefix_of,
    summary,
)

LIF = {
    "name": "lif1",
    "svm": "svm1",
    "scope": "svm",
    "address": "10.1.0.4",
    "services": ["data_core", "data_nfs", "data_cifs"],
}
NFS_ONLY = {"svm": "svm1", "enabled": True, "v3": False, "v40": True, "v41": True, "tcp": True, "udp": True}
SIDES = ["portmapper", "mountd", "nlm", "nsm", "rquotad"]


def rule(*clients: str, index: int = 1, **fields: Any) -> dict[str, Any]:
    given = {"protocols": ["nfs"], "ro_rule": ["sys"], "rw_rule": ["sys"], **fields}
    record = {"rules": [{"index": index, "clients": [{"match": one} for one in clients], **given}]}
    return dict(EXPORT_POLICY.from_api(record)["rules"][0])


def exports(*rules: dict[str, Any], svm: str = "svm1", name: str = "default") -> dict[str, Any]:
    return {"id": 1, "name": name, "svm": svm, "rules": list(rules)}


def policy(name: str = "nfs", **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "svm": "svm1",
        "action": "esp_transport",
        "enabled": True,
        "protocol": "tcp",
        "local_endpoint.address": "10.1.0.4",
        "local_endpoint.netmask": "32",
        "local_endpoint.port": "2049-2049",
        "remote_endpoint.address": "10.20.0.0",
        "remote_endpoint.netmask": "16",
        **changes,
    }


def traffic(**given: Any) -> Traffic:
    known = {
        "interfaces": [LIF],
        "exports": [exports(rule("10.20.0.0/16"))],
        "nfs": [{"svm": "svm1"}],
        "tls": [],
        "smb": [],
        "associations": [],
    }
    return Traffic(**{**known, **given})


def intended(
    there: Traffic, *states: dict[str, Any], question: Question | None = None, enabled: bool | None = True
) -> list[Flow]:
    policies = Policies(Situation(states, enabled), None, authenticating(there.associations))
    return list(Array(there, question or Question(groups=frozenset({"nfs"}))).intended(policies))


def told(flows: list[Flow]) -> list[tuple[str, str, list[str]]]:
    """Client, state and services of each."""
    return [
        (one.client.name, one.state, list(dict.fromkeys(service.name for service in one.services))) for one in flows
    ]


def test_a_policy_for_2049_alone_leaves_the_side_protocols_of_nfsv3_in_clear() -> None:
    found = intended(traffic(), policy())
    assert told(found) == [
        ("10.20.0.0/16", "protected", ["nfs"]),
        ("10.20.0.0/16", "clear", ["nfs", *SIDES]),
    ]
    assert [one.spelling for one in found[0].services] == ["tcp/2049"]
    assert [one.spelling for one in found[1].services] == [
        "udp/2049",
        *(f"{protocol}/{port}" for port in (111, 635, 4045, 4046, 4049) for protocol in ("tcp", "udp")),
    ]


def test_version_4_has_none_of_them() -> None:
    assert told(intended(traffic(nfs=[NFS_ONLY]), policy())) == [("10.20.0.0/16", "protected", ["nfs"])]
    by_rule = traffic(exports=[exports(rule("10.20.0.0/16", protocols=["nfs4"]))])
    assert told(intended(by_rule, policy())) == [("10.20.0.0/16", "protected", ["nfs"])]


def test_ports_that_the_array_names_are_looked_at() -> None:
    found = intended(traffic(nfs=[{"svm": "svm1", "udp": False, "mountd": 30635}]), policy())
    assert "tcp/30635" in [one.spelling for flow in found for one in flow.services]
    assert "tcp/635" not in [one.spelling for flow in found for one in flow.services]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"nfs": []}, []),
        ({"nfs": [{"svm": "svm1", "enabled": False}]}, []),
        # What is not known, is.
        ({"nfs": None}, [("10.20.0.0/16", "clear")]),
        ({"exports": []}, []),
        ({"exports": None}, [("0.0.0.0/0", "clear")]),
        ({"exports": [exports(rule("10.20.0.0/16", protocols=["cifs"]))]}, []),
        ({"exports": [exports(rule("10.20.0.0/16", protocols=["a_new_word"]))]}, [("10.20.0.0/16", "clear")]),
        ({"exports": [exports(rule("10.20.0.0/16", ro_rule=["never"], rw_rule=["never"]))]}, []),
        ({"exports": [exports(rule("10.20.0.0/255.255.0.0"), rule("10.20.0.0/16"))]}, [("10.20.0.0/16", "clear")]),
        ({"interfaces": [{**LIF, "services": ["management_https"]}]}, []),
        ({"interfaces": [{**LIF, "services": ["data_core", "data_iscsi"]}]}, []),
        ({"interfaces": [{"name": "lif1", "svm": "svm1", "address": "10.1.0.4"}]}, [("10.20.0.0/16", "clear")]),
        ({"interfaces": [{**LIF, "address": "2001:db8::4"}]}, []),
        ({"interfaces": [{**LIF, "scope": "cluster"}]}, []),
    ],
)
def test_who_may_come(given: dict[str, Any], wanted: list[tuple[str, str]]) -> None:
    assert [(name, state) for name, state, _services in told(intended(traffic(**given)))] == wanted


def test_protocols_without_rules_are_for_everybody_unless_the_user_says_for_whom() -> None:
    smb = frozenset({"smb"})
    there = traffic(smb=[{"svm": "svm1", "enabled": True}])
    assert told(intended(there, question=Question(groups=smb))) == [("0.0.0.0/0", "clear", ["smb"])]
    office = Declared(ipaddress.ip_network("10.30.0.0/16"), "office")
    elsewhere = Declared(ipaddress.ip_network("10.40.0.0/16"), svms=frozenset({"svm2"}))
    of_iscsi = Declared(ipaddress.ip_network("10.50.0.0/16"), groups=frozenset({"iscsi"}))
    question = Question(groups=smb, declared=(office, elsewhere, of_iscsi))
    assert told(intended(there, question=question)) == [("10.30.0.0/16", "clear", ["smb"])]
    array = Array(there, question)
    assert (array.label(ipaddress.ip_network("10.30.7.0/24")), array.label(ipaddress.ip_network("10.0.0.0/8"))) == (
        "office",
        "",
    )


def test_a_port_is_a_service_on_every_interface_for_data() -> None:
    question = Question(groups=frozenset(), services=(Service("", "tcp/4420", "tcp", 4420),))
    there = traffic(interfaces=[{**LIF, "services": ["data_nvme_tcp"]}, {**LIF, "services": ["management_ssh"]}])
    anything = policy(protocol="any", **{"local_endpoint.port": "0-0", "remote_endpoint.netmask": "8"})
    assert told(intended(there, anything, question=question)) == [("0.0.0.0/0", "partly", ["tcp/4420"])]


def test_ipsec_that_is_off_or_a_policy_that_is_disabled_protects_nothing() -> None:
    for states, enabled in (([policy()], False), ([policy(enabled=False)], True)):
        assert {one.state for one in intended(traffic(), *states, enabled=enabled)} == {"clear"}
    assert told(intended(traffic(nfs=[NFS_ONLY]), policy(), enabled=None)) == [("10.20.0.0/16", "unknown", ["nfs"])]


# What protects beside IPsec.

KRB5P = {"ro_rule": ["krb5p"], "rw_rule": ["krb5p", "never"]}


@pytest.mark.parametrize(
    ("rules", "means"),
    [
        ([rule("10.20.0.0/16", **KRB5P)], ("krb5p",)),
        ([rule("10.20.0.0/16", **KRB5P), rule("10.30.0.0/16")], ("krb5p",)),
        ([rule("10.20.0.0/16", **KRB5P), rule("10.20.3.0/24")], ()),
        ([rule("10.20.0.0/16", **KRB5P), rule("10.0.0.0/8")], ()),
        # Who a name stands for, may be anybody.
        ([rule("10.20.0.0/16", **KRB5P), rule("@admins")], ()),
        ([rule("10.20.0.0/16", ro_rule=["krb5p"], rw_rule=["krb5p", "krb5i"])], ()),
        ([rule("10.20.0.0/16", ro_rule=["any"], rw_rule=["krb5p"])], ()),
        ([rule("10.20.0.0/16", ro_rule=[], rw_rule=["krb5p"])], ()),
        ([rule("10.20.0.0/16", allow_nfs_tls_only=True)], ("nfs_tls",)),
        ([rule("10.20.0.0/16", allow_nfs_tls_only=True), rule("10.20.0.0/24", **KRB5P)], ("krb5p", "nfs_tls")),
    ],
)
def test_kerberos_and_tls_protect_where_no_rule_does_without(
    rules: list[dict[str, Any]], means: tuple[str, ...]
) -> None:
    there = traffic(nfs=[NFS_ONLY], exports=[exports(*rules)])
    (flow,) = [one for one in intended(there) if one.client.name == "10.20.0.0/16"]
    assert (flow.state, flow.means) == ("protected_otherwise" if means else "clear", means)


def test_a_rule_of_another_policy_counts_because_a_client_may_mount_both() -> None:
    weak = exports(rule("10.20.0.0/16"), name="open")
    strong = exports(rule("10.20.0.0/16", **KRB5P))
    for there in ([strong, weak], [weak, strong]):
        assert [one.state for one in intended(traffic(nfs=[NFS_ONLY], exports=there))] == ["clear"]
    elsewhere = exports(rule("10.20.0.0/16"), svm="svm2")
    assert [one.state for one in intended(traffic(nfs=[NFS_ONLY], exports=[strong, elsewhere]))] == [
        "protected_otherwise"
    ]


def test_many_rules_are_not_all_looked_at_for_each_of_them() -> None:
    networks = [ipaddress.ip_network((number << 12, 20)) for number in range(2000)]
    strength = Strength([(one, "krb5p") for one in networks])
    assert [len(list(strength._overlapping(prefix_of(one)))) for one in networks] == [1] * len(networks)
    assert len(list(strength._overlapping(prefix_of(EVERYBODY[0])))) == len(networks)
    assert list(strength._overlapping(prefix_of(EVERYBODY[1]))) == []


def test_kerberos_does_not_protect_the_side_protocols() -> None:
    found = intended(traffic(exports=[exports(rule("10.20.0.0/16", **KRB5P))]))
    assert told(found) == [("10.20.0.0/16", "protected_otherwise", ["nfs"]), ("10.20.0.0/16", "clear", SIDES)]


def test_tls_that_is_only_offered_is_said_and_protects_nothing() -> None:
    there = traffic(nfs=[NFS_ONLY], tls=[{"interface": "lif1", "svm": "svm1", "enabled": True}])
    (flow,) = intended(there)
    assert (flow.state, flow.notes) == ("clear", ("NFS over TLS is offered here, and not required",))


def test_smb_that_asks_for_encryption() -> None:
    there = traffic(smb=[{"svm": "svm1", "encryption_required": True}])
    (flow,) = intended(there, question=Question(groups=frozenset({"smb"})))
    assert (flow.state, flow.means) == ("protected_otherwise", ("smb_encryption",))


# Names.


def test_a_name_is_anybody_until_the_user_says_who() -> None:
    there = traffic(nfs=[NFS_ONLY], exports=[exports(rule("@farm", "host1.example.com"))])
    everything = [policy(**{"remote_endpoint.address": "0.0.0.0", "remote_endpoint.netmask": "0"})]
    assert [one.state for one in intended(there)] == ["clear", "clear"]
    assert [one.state for one in intended(there, policy())] == ["unknown", "unknown"]
    assert [one.state for one in intended(there, *everything)] == ["protected", "protected"]
    names = {"@farm": [ipaddress.ip_network("10.20.1.0/24"), ipaddress.ip_network("10.99.0.0/24")]}
    question = Question(groups=frozenset({"nfs"}), names=names)
    assert [(one.client.name, one.state) for one in intended(there, policy(), question=question)] == [
        ("10.20.1.0/24", "protected"),
        ("10.99.0.0/24", "clear"),
        ("host1.example.com", "unknown"),
    ]


# Who is connected.


def observed(there: Traffic, *states: dict[str, Any], question: Question | None = None) -> list[Flow]:
    policies = Policies(Situation(states, True), None, authenticating(there.associations))
    return list(Array(there, question or Question()).observed(policies))


def association(remote: str, **changes: Any) -> dict[str, Any]:
    return {
        "type": "ipsec",
        "svm": "svm1",
        "policy": "nfs",
        "local_address": "10.1.0.4",
        "remote_address": remote,
        "cipher_suite": "suiteb_gcm256",
        **changes,
    }


def test_whoever_is_connected() -> None:
    connections = [
        Connection("svm1", "nfs", "10.20.0.7", "10.1.0.4", version="v3"),
        Connection("svm1", "nfs", "10.20.0.7", "10.1.0.4", version="v3"),
        Connection("svm1", "nfs", "10.20.0.8", "10.1.0.4", version="v4"),
        Connection("svm1", "smb", "10.20.0.9", "10.1.0.4", encryption="encrypted"),
        Connection("svm1", "smb", "10.20.0.9", "10.1.0.4", encryption="partially_encrypted"),
        Connection("svm1", "iscsi", "10.20.0.10", "10.1.0.9", port=3261),
        Connection("svm2", "nfs", "10.20.0.7", "10.2.0.4", version="v4"),
    ]
    there = traffic(connections=connections, associations=[association("10.20.0.8")])
    found = observed(there, policy(), question=Question(svms=frozenset({"svm1"})))
    assert [(one.client.name, one.state, one.interface, one.in_use, one.notes) for one in found] == [
        ("10.20.0.10", "clear", "", None, ()),
        ("10.20.0.7", "protected", "lif1", False, ()),
        ("10.20.0.7", "clear", "lif1", None, ()),
        ("10.20.0.8", "protected", "lif1", True, ()),
        ("10.20.0.9", "protected_otherwise", "lif1", None, ()),
        ("10.20.0.9", "clear", "lif1", None, ("SMB encrypts some of its shares",)),
    ]
    assert [one.spelling for one in found[0].services] == ["tcp/3261"]


def test_a_cipher_suite_that_does_not_encrypt_is_no_protection() -> None:
    there = traffic(nfs=[NFS_ONLY], associations=[association("10.20.0.8", cipher_suite="suiteb_gmac256")])
    assert [one.state for one in intended(there, policy())] == ["authenticated"]
    assert [one.state for one in intended(there, policy(name="another"))] == ["protected"]


def test_in_use_is_a_matter_of_the_network_and_unknown_where_nothing_tells() -> None:
    for associations, wanted in (([association("10.20.9.9")], True), ([association("10.21.0.1")], False), (None, None)):
        (flow,) = intended(traffic(nfs=[NFS_ONLY], associations=associations), policy())
        assert flow.in_use is wanted


@pytest.mark.parametrize("name", ["smb", "gone", None])
def test_an_association_of_another_policy_is_no_use_of_a_flow(name: str | None) -> None:
    smb = policy(name="smb", **{"local_endpoint.port": "445-445", "protocol": "tcp"})
    there = traffic(nfs=[NFS_ONLY], associations=[association("10.20.9.9", policy=name)])
    (flow,) = intended(there, policy(), smb, question=Question(groups=frozenset({"nfs"})))
    assert (flow.state, flow.in_use) == ("protected", False)


# No flow that has a packet in clear is called protected, and no packet is left out, whatever the array is like.

# Fewer where a property has fewer examples, see tests/conftest.py.
ARRAYS = 10 * settings().max_examples
ADDRESSES = {4: 0x0A140000, 6: 0x20010DB8 << 96}
"""By version of IP, where the 16 addresses begin from which clients come."""
FAR = 1 << 20
"""So far behind them is an address that only names, and networks of policies, reach."""
LIFS = {4: ("10.1.0.4", "10.1.0.5"), 6: ("2001:db8:ffff::4", "2001:db8:ffff::5")}
PORTS = (700, 40_000)
"""Of clients: one that policies name, and one for all others."""


# A few of them, asked of very many packets.
network_of, address_of = cache(ipaddress.ip_network), cache(ipaddress.ip_address)


@cache
def number_of(address: str) -> int:
    """An address as a number."""
    return int(ipaddress.ip_address(address))


class Drawn:
    """An array as a seed has it, and the truth about its packets, one by one."""

    def __init__(self, seed: int) -> None:
        draw = self.draw = random.Random(seed)
        self.version = draw.choice([4, 4, 6])
        self.enabled = draw.choice([True] * 6 + [False, None])
        self.states = [self._policy(number) for number in range(draw.randrange(7))]
        self.authenticating = {one["name"] for one in self.states if draw.random() < 0.08}
        self.rules = [self._rule(number) for number in range(1, draw.randrange(2, 5))]
        self.names = {"@farm": [self._network(30)]} if draw.random() < 0.5 else {}
        flags = {name: draw.random() < 0.7 for name in ("v3", "v40", "v41", "tcp", "udp")}
        self.nfs = draw.choice([[{"svm": "svm1", **flags}]] * 4 + [None])
        self._truth: dict[Any, str] = {}

    def _network(self, *lengths: int) -> Any:
        """A network among the addresses of clients. lengths: in IPv4, the same from the end in IPv6, but for 0."""
        width = 32 if self.version == 4 else 128
        length = self.draw.choice(lengths)
        length += width - 32 if length else 0
        return ipaddress.ip_network((ADDRESSES[self.version] + self.draw.randrange(16), length), strict=False)

    def _policy(self, number: int) -> dict[str, Any]:
        draw = self.draw
        remote = self._network(0 if draw.random() < 0.1 else 12, 28, 28, 29, 30, 31, 32)
        local = ipaddress.ip_interface(draw.choice(LIFS[self.version]))
        svm = draw.choice(["svm1"] * 8 + ["svm2", None])
        state = policy(
            name=f"p{number}",
            svm=svm,
            action=draw.choice(["esp_transport"] * 6 + ["esp_udp", "bypass", "discard", "a_new_word"]),
            enabled=draw.random() < 0.9,
            protocol=draw.choice(["any", "any", "any", "tcp", "udp"]),
            **{
                "local_endpoint.address": str(local.ip),
                "local_endpoint.netmask": str(local.network.prefixlen - draw.choice([0, 1, 8])),
                "local_endpoint.port": draw.choice(["0-0", "0-0", "2049-2049", "111-111"]),
                "remote_endpoint.address": str(remote.network_address),
                "remote_endpoint.netmask": str(remote.prefixlen),
                "remote_endpoint.port": draw.choice(["0-0"] * 6 + ["700-700"]),
            },
        )
        return {option: value for option, value in state.items() if value is not None}

    def _rule(self, index: int) -> dict[str, Any]:
        draw = self.draw
        name = draw.choice([str(self._network(28, 29, 30, 32)) for _number in range(6)] + ["@farm"])
        means = draw.choice([{}, {}, KRB5P, {"allow_nfs_tls_only": True}, {"ro_rule": ["never"], "rw_rule": ["never"]}])
        return rule(name, index=index, protocols=[draw.choice(["nfs", "nfs", "any", "nfs3", "nfs4", "cifs"])], **means)

    def flows(self) -> list[Flow]:
        """What is to be judged."""
        services = ["data_nfs"]
        lifs = [{**LIF, "name": one, "address": one, "services": services} for one in LIFS[self.version]]
        gmac = [
            {"type": "ipsec", "svm": "svm1", "policy": one, "cipher_suite": "suiteb_gmac256"}
            for one in self.authenticating
        ]
        there = traffic(interfaces=lifs, exports=[exports(*self.rules)], nfs=self.nfs, associations=gmac)
        question = Question(groups=frozenset({"nfs"}), names=self.names)
        return intended(there, *self.states, question=question, enabled=self.enabled)

    def becomes(self, address: int, port: int, lif: str, protocol: str, local_port: int) -> str:
        """What becomes of one packet by the policies, by the words of the documentation."""
        key = (address, port, lif, protocol, local_port)
        if key not in self._truth:
            self._truth[key] = self._becomes(*key)
        return self._truth[key]

    def _becomes(self, address: int, port: int, lif: str, protocol: str, local_port: int) -> str:
        own: set[str] = set()
        maybe: set[str] = set()
        for one in self.states if self.enabled is not False else ():
            here = one.get("svm") in ("svm1", None) and one["enabled"] and one["protocol"] in ("any", protocol)
            ends = [("local", number_of(lif), local_port), ("remote", address, port)]
            for side, end, of_end in ends:
                width = 32 if self.version == 4 else 128
                left = width - int(one[f"{side}_endpoint.netmask"])
                here &= number_of(one[f"{side}_endpoint.address"]) >> left == end >> left
                here &= one[f"{side}_endpoint.port"] in ("0-0", f"{of_end}-{of_end}")
            if here:
                word = {"bypass": "bypassed", "discard": "discarded", "a_new_word": "unknown"}.get(
                    one["action"], "protected"
                )
                if word == "protected" and "svm" in one and one["name"] in self.authenticating:
                    word = "authenticated"
                (own if "svm" in one else maybe).add(word)
        if not own:
            return "clear"
        if self.enabled is None or "unknown" in own | maybe:
            return "unknown"
        return next(iter(own)) if len(own | maybe) == 1 else "ambiguous"

    def let_in_by(self, address: int, versions: set[str]) -> list[dict[str, Any]]:
        """The rules by which an address may mount by one of these versions of NFS."""
        found = []
        words = {"nfs": {"v3", "v4"}, "any": {"v3", "v4"}, "nfs3": {"v3"}, "nfs4": {"v4"}, "cifs": set()}
        for one in self.rules:
            (match,) = one["clients"]
            networks = self.names.get(match, [None]) if match == "@farm" else [network_of(match)]
            there = any(network is None or address_of(address) in network for network in networks)
            if there and words[one["protocols"][0]] & versions and one["ro_rule"] != ["never"]:
                found.append(one)
        return found

    def services(self) -> dict[tuple[str, int], set[str]]:
        """What listens, with the versions of NFS that need it."""
        flags = dict.fromkeys(("v3", "v40", "v41", "tcp", "udp"), True) if self.nfs is None else self.nfs[0]
        v3 = {"v3"} if flags["v3"] else set()
        v4 = {"v4"} if flags["v40"] or flags["v41"] else set()
        found = {("tcp", 2049): v3 | v4 if flags["tcp"] else set(), ("udp", 2049): v3 if flags["udp"] else set()}
        found.update({(protocol, port): v3 for protocol in ("tcp", "udp") for port in (111, 635, 4045, 4046, 4049)})
        return {key: versions for key, versions in found.items() if versions}


@pytest.mark.parametrize("part", range(4))
def test_the_promise_over_whole_arrays(part: int) -> None:
    for seed in range(part, ARRAYS, 4):
        drawn = Drawn(seed)
        first = ADDRESSES[drawn.version]
        addresses = [*range(first, first + 16), first + FAR]
        listed: set[Any] = set()
        for flow in drawn.flows():
            network = flow.client.network
            own = [one for one in addresses if network is None or ipaddress.ip_address(one) in network]
            for service in flow.services:
                key = (service.protocol, service.port)
                found = {drawn.becomes(one, port, flow.address, *key) for one in own for port in PORTS}
                versions = drawn.services()[key]
                listed |= {(one, flow.address, key) for one in own}
                case = (seed, flow.client.name, flow.address, key, found)
                if flow.state == "protected":
                    assert found == {"protected"}, case
                elif flow.state == "protected_otherwise":
                    # Every rule that lets any of them in has to ask for it, and the side protocols have no such thing.
                    assert service.name == "nfs", case
                    rules = [each for one in own for each in drawn.let_in_by(one, versions)]
                    assert all(EXPORT_POLICY.strong(each) for each in rules), case
                elif network is None:
                    # Whom a name stands for nobody knows, and nothing better than the worst is said.
                    assert flow.state == "unknown" or (flow.state == "clear" and "clear" in found), case
                else:
                    assert flow.state == (found.pop() if len(found) == 1 else summary(found)), case
        for key, versions in drawn.services().items():
            for lif in LIFS[drawn.version]:
                may = {(one, lif, key) for one in addresses if drawn.let_in_by(one, versions)}
                assert may <= listed, (seed, may - listed)


# The gate.

TODAY = date(2026, 5, 5)


def accepted(**given: Any) -> Accepted:
    return Accepted(**{"reason": "decommissioned in June", "until": date(2026, 6, 30), **given})


@pytest.mark.parametrize(
    ("exception", "covered"),
    [
        ({}, True),
        ({"until": TODAY}, True),
        ({"until": date(2026, 5, 4)}, False),
        ({"svm": "svm1"}, True),
        ({"svm": "svm2"}, False),
        ({"protocol": "nfs", "interface": "lif1"}, True),
        ({"protocol": "smb"}, False),
        ({"interface": "lif2"}, False),
        ({"client": ipaddress.ip_network("10.0.0.0/8"), "client_name": "10.0.0.0/8"}, False),
        ({"client": ipaddress.ip_network("10.0.0.0/8")}, True),
        ({"client": ipaddress.ip_network("10.20.1.0/24")}, False),
        ({"client": EVERYBODY[1]}, False),
        ({"client_name": "10.20.0.0/16"}, True),
        ({"states": frozenset({"clear"})}, True),
        ({"states": frozenset({"bypassed"})}, False),
        ({"service": "nfs"}, True),
        ({"service": "tcp/2049"}, True),
        ({"service": "mountd"}, False),
        ({"unread": "nfs_clients"}, False),
    ],
)
def test_an_exception_covers_what_it_says_and_nothing_else(exception: dict[str, Any], covered: bool) -> None:
    (flow,) = intended(traffic(nfs=[NFS_ONLY]))
    gate = Gate(["clear"], [accepted(**exception)], TODAY)
    assert (gate.exception(flow) is not None) == covered
    assert gate.reasons(flow) == ["clear"]


def test_an_exception_is_used_unused_or_expired() -> None:
    (flow,) = intended(traffic(nfs=[NFS_ONLY]))
    (good,) = intended(traffic(nfs=[NFS_ONLY]), policy())
    gate = Gate(["clear"], [accepted(svm="svm1"), accepted(svm="svm2"), accepted(until=date(2026, 1, 1))], TODAY)
    assert gate.exception(good) is None
    assert gate.exception(flow) is not None
    assert [gate.state(position) for position in range(3)] == ["used", "unused", "expired"]
    assert gate.used == {0: 1, 2: 1}


def test_a_part_of_a_flow_counts_as_the_flow() -> None:
    bypass = policy(name="hole", action="bypass", **{"remote_endpoint.netmask": "24", "protocol": "any"})
    (flow,) = intended(traffic(nfs=[NFS_ONLY]), policy(), bypass)
    assert flow.state == "partly"
    for word, closed in (("ambiguous", True), ("partly", True), ("clear", False), ("bypassed", False)):
        assert Gate([word], [], TODAY).reasons(flow) == ([word] if closed else [])


def test_a_connection_without_association_is_not_in_use() -> None:
    there = traffic(connections=[Connection("svm1", "nfs", "10.20.0.7", "10.1.0.4", version="v4")])
    (flow,) = observed(there, policy())
    assert Gate(FAIL_ON, [], TODAY).reasons(flow) == ["not_in_use"]
    (configured,) = intended(traffic(nfs=[NFS_ONLY]), policy())
    assert Gate(FAIL_ON, [], TODAY).reasons(configured) == []


def test_what_could_not_be_read_closes_the_gate_if_it_may_hide_something() -> None:
    unread = [Unread(what, "GET", "no", "nothing") for what in ("nfs_clients", "nfs_tls_interfaces", "service")]
    assert [one.what for one in Gate(["clear"], [], TODAY).blind(unread)] == ["nfs_clients", "service"]
    assert Gate([], [], TODAY).blind(unread) == []
    gate = Gate(["clear"], [accepted(unread="nfs_clients"), accepted(unread="smb_sessions")], TODAY)
    assert [one.what for one in gate.blind(unread)] == ["service"]
    assert [gate.state(position) for position in range(2)] == ["used", "unused"]
    associations = [Unread("security_associations", "GET", "no", "nothing")]
    for word in FAIL_ON:
        blind = [one.what for one in Gate([word], [], TODAY).blind(associations)]
        assert blind == (["security_associations"] if word in ("authenticated", "not_in_use") else [])
    assert Gate(["not_in_use"], [accepted(unread="security_associations")], TODAY).blind(associations) == []
    expired = Gate(["clear"], [accepted(unread="nfs_clients", until=date(2026, 1, 1))], TODAY)
    assert [one.what for one in expired.blind(unread)] == ["nfs_clients", "service"]
