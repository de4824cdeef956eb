# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which flows an array has by what it tells, what protects them beside IPsec, and what may be accepted."""

from __future__ import annotations

import ipaddress
import random
from datetime import date
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.nas import EXPORT_POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._4_coverage.flows import (
    EVERYBODY,
    Array,
    Connection,
    Declared,
    Flow,
    Question,
    Service,
    Traffic,
    authenticating,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._4_coverage.gate import FAIL_ON, Accepted, Gate
from ansible_collections.wiresec.ontap.plugins.module_utils._4_coverage.survey import Unread
from ansible_collections.wiresec.ontap.plugins.module_utils._4_coverage.verdicts import Policies, Situation

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


# No flow that has a packet in clear is called protected, whatever the array is like.


def test_the_promise_over_whole_arrays() -> None:
    for seed in range(1000):
        draw = random.Random(seed)
        networks = [
            f"10.20.{draw.randrange(4)}.{64 * draw.randrange(4)}/{draw.choice([16, 24, 26, 32])}"
            for _number in range(3)
        ]
        rules = [
            rule(one, protocols=[draw.choice(["nfs", "nfs3", "nfs4"])], **(KRB5P if draw.random() < 0.3 else {}))
            for one in networks
        ]
        states = [
            policy(
                name=f"p{number}",
                action=draw.choice(["esp_transport", "esp_transport", "bypass", "discard"]),
                protocol=draw.choice(["any", "tcp", "udp"]),
                **{
                    "local_endpoint.port": draw.choice(["0-0", "2049-2049", "111-111"]),
                    "remote_endpoint.address": f"10.20.{draw.randrange(4)}.0",
                    "remote_endpoint.netmask": draw.choice(["8", "16", "22", "24"]),
                },
            )
            for number in range(draw.randrange(5))
        ]
        for flow in intended(traffic(exports=[exports(*rules)]), *states):
            if flow.state not in ("protected", "protected_otherwise"):
                continue
            assert flow.client.network
            for service in flow.services:
                for address in (flow.client.network[0], flow.client.network[-1]):
                    by_policy = {one["action"] for one in states if meets(one, address, service)}
                    # First match decides within a policy of exports; that any of them is weak is enough to be careful.
                    weak = any(
                        address in ipaddress.ip_network(match, strict=False) and EXPORT_POLICY.strong(one) is None
                        for one in rules
                        for match in one["clients"]
                    )
                    assert by_policy == {"esp_transport"} or (service.name == "nfs" and not weak), (seed, flow)


def meets(state: dict[str, Any], address: Any, service: Service) -> bool:
    remote = f"{state['remote_endpoint.address']}/{state['remote_endpoint.netmask']}"
    return (
        address in ipaddress.ip_network(remote, strict=False)
        and state["protocol"] in ("any", service.protocol)
        and state["local_endpoint.port"] in ("0-0", f"{service.port}-{service.port}")
    )


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
    expired = Gate(["clear"], [accepted(unread="nfs_clients", until=date(2026, 1, 1))], TODAY)
    assert [one.what for one in expired.blind(unread)] == ["nfs_clients", "service"]
