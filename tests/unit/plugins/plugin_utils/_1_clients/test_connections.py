# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client needs, from policies of arrays: mirrored exactly, and nothing that would take protection away."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_clients.connections import (
    DROP,
    LONGEST_NAME,
    PASS,
    PROTECT,
    ArrayPolicy,
    Client,
    Connection,
    Needed,
    Service,
    Source,
    name_of,
    needed,
)

KEY = "a-key-of-the-tests-2049"
LIF = {"address": "10.10.10.7/32", "port": 2049}
CLIENTS = {"address": "10.10.20.0/24"}
CLIENT = Client("db1", ["10.10.20.5", "fd00:20::5"])
WITH_CERTIFICATE = Client(
    "db1", ["10.10.20.5"], identities=["C=US, O=Example, CN=db1", "db1.example.com"], certificate="db1.pem"
)
PKI = {"certificate": "svm1", "local_identity": "CN=svm1"}


def policy(
    name: str = "nfs", cluster: str = "cluster1", svm: str | None = "svm1", unknown: Any = None, **options: Any
) -> ArrayPolicy:
    """A policy as an entry of a file has it, by default one that protects NFS by a key."""
    given = {"name": name, "action": "esp_transport", "local_endpoint": LIF, "remote_endpoint": CLIENTS, **options}
    if given["action"].startswith("esp") and not {"certificate", "authentication_method"} & given.keys():
        given.setdefault("secret_key", KEY)
    present = given.pop("state", "present") == "present"
    told = {option: value for option, value in given.items() if value is not None}
    state, _warnings = POLICY.settle(POLICY.from_options(told), {})
    return ArrayPolicy(Source(cluster, svm, name), state, present, unknown or {})


def only(found: Needed) -> Connection:
    assert found.problems == []
    (connection,) = found.connections
    return connection


# One policy


def test_a_policy_is_mirrored_exactly() -> None:
    one = only(needed(CLIENT, [policy(protocol="tcp")]))
    assert (one.does, str(one.local.network), one.local.port) == (PROTECT, "10.10.20.5/32", 0)
    assert (str(one.remote.network), one.remote.port, one.protocol) == ("10.10.10.7/32", 2049, 6)
    assert (one.method, one.key, one.replay_window, one.in_udp) == ("psk", KEY.encode(), None, False)
    assert one.name == "wiresec-cluster1--svm1--nfs--10-10-20-5"


@pytest.mark.parametrize(
    ("options", "protocol", "ports"),
    [
        ({}, 0, (0, 2049)),
        ({"protocol": "udp"}, 17, (0, 2049)),
        ({"protocol": "sctp"}, 132, (0, 2049)),
        ({"local_endpoint": {"address": "10.10.10.7/32"}}, 0, (0, 0)),
        ({"local_endpoint": {"address": "10.10.10.7/32"}, "remote_endpoint": {**CLIENTS, "port": 873}}, 0, (873, 0)),
        ({"remote_endpoint": {**CLIENTS, "port": 873}, "protocol": "tcp"}, 6, (873, 2049)),
        ({"remote_endpoint": {"address": "0.0.0.0/0"}, "protocol": "tcp"}, 6, (0, 2049)),
    ],
)
def test_protocol_and_ports_stay_on_their_side(options: dict[str, Any], protocol: int, ports: tuple[int, int]) -> None:
    one = only(needed(CLIENT, [policy(**options)]))
    assert (one.protocol, (one.local.port, one.remote.port)) == (protocol, ports)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"enabled": False}, "is disabled"),
        ({"state": "absent"}, "is to be absent"),
        ({"remote_endpoint": {"address": "10.9.0.0/16"}}, "remote_endpoint 10.9.0.0/16 has none of the addresses"),
        (
            {"local_endpoint": {"address": "fd00::7/128"}, "remote_endpoint": {"address": "fd00:9::/64"}},
            "remote_endpoint fd00:9::/64 has none of the addresses 10.10.20.5, fd00:20::5",
        ),
    ],
)
def test_a_policy_that_does_not_concern_the_client_says_why(options: dict[str, Any], reason: str) -> None:
    found = needed(CLIENT, [policy(**options)])
    assert (found.connections, found.problems) == ([], [])
    assert found.unconcerned[0].reason.startswith(reason)


def test_each_address_of_the_client_has_its_connection_and_families_stay_apart() -> None:
    client = Client("db1", ["10.10.20.5", "10.10.20.6", "10.10.21.5", "fd00:20::5"])
    of_v6 = policy(
        "six", local_endpoint={"address": "fd00:10::7/128"}, remote_endpoint={"address": "fd00:20::/64"}, protocol="tcp"
    )
    found = needed(client, [policy(), of_v6])
    assert [(str(one.local.network), str(one.remote.network)) for one in found.connections] == [
        ("10.10.20.5/32", "10.10.10.7/32"),
        ("10.10.20.6/32", "10.10.10.7/32"),
        ("fd00:20::5/128", "fd00:10::7/128"),
    ]
    assert len({one.name for one in found.connections}) == 3


def test_host_bits_as_ontap_keeps_them_do_not_matter() -> None:
    one = only(needed(CLIENT, [policy(remote_endpoint={"address": "10.10.20.77/24"})]))
    assert str(one.local.network) == "10.10.20.5/32"


def test_a_subnet_of_the_array_is_met_by_each_address_that_is_known_or_whole() -> None:
    whole = only(needed(CLIENT, [policy(local_endpoint={"address": "10.10.10.0/24", "port": 2049})]))
    assert (str(whole.remote.network), whole.remote.address, whole.remote.identity) == ("10.10.10.0/24", None, None)
    client = Client("db1", CLIENT.addresses, array_addresses=["10.10.10.7", "10.10.10.8", "10.10.11.7"])
    found = needed(client, [policy(local_endpoint={"address": "10.10.10.0/24", "port": 2049})])
    assert [one.remote.address for one in found.connections] == ["10.10.10.7", "10.10.10.8"]
    assert [one.remote.identity for one in found.connections] == ["10.10.10.7", "10.10.10.8"]


# Who authenticates to whom


def test_by_a_key_both_are_their_addresses_unless_the_policy_says_otherwise() -> None:
    plain = only(needed(CLIENT, [policy()]))
    assert (plain.local.identity, plain.remote.identity) == ("10.10.20.5", "10.10.10.7")
    said = only(needed(CLIENT, [policy(local_identity="svm1.example.com", remote_identity="nfs-clients")]))
    assert (said.local.identity, said.remote.identity) == ("nfs-clients", "svm1.example.com")


@pytest.mark.parametrize(
    ("expected", "identity"),
    [
        ("ANYTHING", "C=US, O=Example, CN=db1"),
        ("C=US, O=Example, CN=db1", "C=US, O=Example, CN=db1"),
        ("c=us,o=example,cn=DB1", "c=us,o=example,cn=DB1"),
        ("db1.example.com", "db1.example.com"),
    ],
)
def test_by_certificate_the_client_is_what_the_policy_expects(expected: str, identity: str) -> None:
    one = only(needed(WITH_CERTIFICATE, [policy(**PKI, remote_identity=expected)]))
    assert (one.method, one.local.identity, one.remote.identity, one.key) == ("pki", identity, "CN=svm1", b"")


def test_without_a_known_subject_it_follows_from_the_certificate() -> None:
    client = Client("db1", ["10.10.20.5"], certificate="db1.pem")
    assert only(needed(client, [policy(**PKI, remote_identity="ANYTHING")])).local.identity is None
    assert only(needed(client, [policy(**PKI, remote_identity="CN=db1")])).local.identity == "CN=db1"


@pytest.mark.parametrize(
    ("client", "options", "problem"),
    [
        (
            WITH_CERTIFICATE,
            {**PKI, "remote_identity": "CN=db1"},
            "remote_identity: expects 'CN=db1', and the certificate",
        ),
        (WITH_CERTIFICATE, {**PKI, "remote_identity": "CN=db1, O=Example, C=US"}, "remote_identity: expects"),
        (WITH_CERTIFICATE, {"certificate": "svm1", "remote_identity": "ANYTHING"}, "local_identity: is missing"),
        (CLIENT, {**PKI, "remote_identity": "ANYTHING"}, "authenticates by certificates, and none is given for db1"),
        (CLIENT, {"authentication_method": "psk"}, "secret_key: is missing"),
        (CLIENT, {"authentication_method": "none"}, "authentication_method: must be psk or pki"),
        (CLIENT, {"ppk": {"identity": "quantum"}}, "ppk.shared_key: is missing"),
        (
            CLIENT,
            {"unknown": {"secret_key": "none of the Vault passwords decrypts it."}},
            "secret_key: none of the Vault",
        ),
        (CLIENT, {"local_endpoint": None}, "local_endpoint.address: is missing"),
        (
            CLIENT,
            {"remote_endpoint": None, "unknown": {"remote_endpoint": "must be a mapping."}},
            "remote_endpoint: must",
        ),
        (CLIENT, {"enabled": False, "unknown": {"enabled": "its template needs x."}}, "enabled: its template needs x."),
    ],
)
def test_what_can_not_be_met_is_a_problem(client: Client, options: dict[str, Any], problem: str) -> None:
    found = needed(client, [policy(**options)])
    assert found.connections == []
    assert problem in found.problems[0] and "policy nfs on SVM svm1 of cluster1" in found.problems[0]


def test_what_does_not_concern_the_client_need_not_be_known() -> None:
    found = needed(CLIENT, [policy(remote_endpoint={"address": "10.9.0.0/16"}, unknown={"secret_key": "no Vault"})])
    assert (found.connections, found.problems) == ([], [])


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("0x" + "ab" * 18, b"\xab" * 18),
        ("0sYWJjYWJjYWJjYWJjYWJj", b"abcabcabcabcabc"),
        ('q"uote\\' * 3, b'q"uote\\' * 3),
    ],
)
def test_a_key_is_the_bytes_that_ontap_takes_it_for(written: str, key: bytes) -> None:
    one = only(needed(CLIENT, [policy(secret_key=written, ppk={"identity": "quantum", "shared_key": written})]))
    assert (one.key, one.ppk_key, one.ppk_identity) == (key, key, "quantum")


def test_no_key_shows_in_what_python_prints() -> None:
    found = needed(CLIENT, [policy(ppk={"identity": "quantum", "shared_key": KEY})])
    assert KEY not in repr((found, policy()))


@pytest.mark.parametrize(
    ("service", "window"),
    [
        (Service(), None),
        (Service(replay_window=0), None),
        (Service(replay_window=128), 128),
        (Service(offload=True), 0),
        (Service(replay_window=64, offload=True), 0),
        (Service(replay_window=64, offload=False), 64),
    ],
)
def test_the_replay_window_follows_the_service(service: Service, window: int | None) -> None:
    assert only(needed(CLIENT, [policy()], {"cluster1": service})).replay_window == window


def test_esp_in_udp_is_asked_for() -> None:
    assert only(needed(CLIENT, [policy(action="esp_udp")])).in_udp


def test_neighbour_discovery_in_a_policy_for_everything_is_told() -> None:
    six = {"local_endpoint": {"address": "fd00:10::7/128"}, "remote_endpoint": {"address": "fd00:20::/64"}}
    assert "neighbour discovery" in needed(CLIENT, [policy(**six)]).warnings[0]
    assert needed(CLIENT, [policy(**six, protocol="tcp")]).warnings == []


# Several policies


BYPASS = {"action": "bypass"}
DISCARD = {"action": "discard"}


@pytest.mark.parametrize(
    ("shunt", "kept"),
    [
        # Nothing to do with what is protected.
        ({**BYPASS, "local_endpoint": {"address": "10.10.10.7/32", "port": 111}}, PASS),
        ({**DISCARD, "local_endpoint": {"address": "10.10.10.7/32", "port": 111}}, DROP),
        # An exception within what is protected.
        ({**BYPASS, "remote_endpoint": {**CLIENTS, "port": 700}, "protocol": "tcp"}, PASS),
        ({**DISCARD, "remote_endpoint": {**CLIENTS, "port": 700}, "protocol": "tcp"}, DROP),
        # The same, wider, or partly the same: protection wins, and what is dropped all around it stays.
        ({**BYPASS, "protocol": "tcp"}, None),
        ({**DISCARD, "protocol": "tcp"}, None),
        ({**BYPASS}, None),
        ({**BYPASS, "local_endpoint": {"address": "10.10.10.0/24"}}, None),
        ({**DISCARD, "local_endpoint": {"address": "10.10.10.0/24"}}, DROP),
        ({**BYPASS, "local_endpoint": {"address": "10.10.10.7/32"}, "remote_endpoint": {**CLIENTS, "port": 700}}, None),
        (
            {**DISCARD, "local_endpoint": {"address": "10.10.10.7/32"}, "remote_endpoint": {**CLIENTS, "port": 700}},
            DROP,
        ),
    ],
)
def test_exceptions_never_widen_what_leaves_in_clear(shunt: dict[str, Any], kept: str | None) -> None:
    found = needed(CLIENT, [policy(protocol="tcp"), policy("other", **shunt)])
    assert found.problems == []
    assert sorted(one.does for one in found.connections) == sorted([PROTECT, *([kept] if kept else [])])
    assert bool(found.warnings) == (kept is None)
    inside = "protocol" in shunt and "port" in shunt.get("remote_endpoint", {})
    assert [one.exception for one in found.connections if one.does != PROTECT] == ([inside] if kept else [])


def test_policies_that_come_to_the_same_are_one_connection_of_both() -> None:
    wider = policy("all", remote_endpoint={"address": "10.0.0.0/8"})
    one = only(needed(CLIENT, [policy(), wider]))
    assert [source.policy for source in one.sources] == ["nfs", "all"]


def test_each_policy_that_is_left_out_is_told_once() -> None:
    two = Client("db1", ["10.10.20.5", "10.10.20.6"])
    found = needed(two, [policy(), policy("one", **BYPASS), policy("other", **BYPASS)])
    told = [warning.partition(" lets through in clear all of what policy nfs ")[0] for warning in found.warnings]
    assert told == ["policy one on SVM svm1 of cluster1", "policy other on SVM svm1 of cluster1"]


@pytest.mark.parametrize(
    "other",
    [{"secret_key": "another-key-of-the-tests"}, {"remote_identity": "clients"}, {"action": "esp_udp"}],
)
def test_policies_for_the_same_packets_that_differ_are_a_problem(other: dict[str, Any]) -> None:
    found = needed(CLIENT, [policy(), policy("all", remote_endpoint={"address": "10.0.0.0/8"}, **other)])
    assert "for 10.10.20.5/32 to 10.10.10.7/32 port 2049 it wants something else than policy nfs " in found.problems[0]
    assert "NetApp does not say which applies" in found.problems[0]
    assert not any(KEY in problem or "another-key" in problem for problem in found.problems)


def test_packets_are_told_with_their_protocol_and_both_ports() -> None:
    rsync = {
        "local_endpoint": {"address": "10.10.10.7/32"},
        "remote_endpoint": {**CLIENTS, "port": 873},
        "protocol": "tcp",
    }
    found = needed(CLIENT, [policy(**rsync), policy("other", secret_key="another-key-of-the-tests", **rsync)])
    assert " for 10.10.20.5/32 port 873 to 10.10.10.7/32 of protocol 6 it wants " in found.problems[0]


def test_a_key_must_follow_from_the_two_identities() -> None:
    smb = {"local_endpoint": {"address": "10.10.10.7/32", "port": 445}}
    assert needed(CLIENT, [policy(), policy("smb", **smb)]).problems == []
    others = [policy(name, secret_key="another-key-of-the-tests", **smb) for name in ("smb", "smb-again")]
    found = needed(CLIENT, [policy(), *others])
    assert all("for the same two identities (10.10.20.5 and 10.10.10.7)" in problem for problem in found.problems)
    assert [problem.partition(" on SVM ")[0] for problem in found.problems] == ["policy smb", "policy smb-again"]
    named = policy("smb", secret_key="another-key-of-the-tests", remote_identity="smb-clients", **smb)
    assert needed(CLIENT, [policy(), named]).problems == []


def test_clusters_are_told_apart() -> None:
    other = policy(cluster="cluster2", local_endpoint={"address": "10.30.10.7/32", "port": 2049})
    found = needed(CLIENT, [policy(), other])
    assert [one.cluster for one in found.connections] == ["cluster1", "cluster2"]
    assert needed(CLIENT, [policy(), policy(cluster="cluster2", secret_key="another-key-of-the-tests")]).problems


# Names


@given(st.lists(st.text(min_size=1, max_size=70), min_size=1, max_size=4), st.lists(st.text(min_size=1), min_size=1))
def test_names_are_plain_and_tell_apart(one: list[str], other: list[str]) -> None:
    names = [name_of(*one), name_of(*other)]
    for name in names:
        assert name.isascii() and all(character.isalnum() or character in "-_" for character in name)
        assert name.startswith("wiresec-") and len(name) <= len("wiresec-") + LONGEST_NAME
    assert (names[0] == names[1]) == (one == other)


def test_plain_names_are_read_as_they_are() -> None:
    assert name_of("cluster1", "svm1", "nfs-clients") == "wiresec-cluster1--svm1--nfs-clients"


# Any policies


ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.1.1", "10.1.0.1"])
LENGTHS = st.sampled_from([8, 16, 24, 31, 32])
PORTS = st.sampled_from([0, 111, 2049])


@st.composite
def policies(draw: st.DrawFn) -> list[ArrayPolicy]:
    found = []
    for number in range(draw(st.integers(1, 5))):
        action = draw(st.sampled_from(["esp_transport", "bypass", "discard"]))
        local = {"address": f"{draw(ADDRESSES)}/{draw(LENGTHS)}", "port": draw(PORTS)}
        remote = {"address": f"{draw(ADDRESSES)}/{draw(LENGTHS)}", "port": draw(PORTS)}
        protocol = draw(st.sampled_from(["any", "tcp", "udp"]))
        options = {"local_endpoint": local, "remote_endpoint": remote, "protocol": protocol}
        found.append(policy(f"p{number}", action=action, **options))
    return found


@given(policies())
def test_whatever_policies_there_are_no_exception_covers_what_is_protected(found: list[ArrayPolicy]) -> None:
    client = Client("db1", ["10.0.0.1", "10.1.0.1"])
    result = needed(client, found)
    concerned = {source.policy for one in result.connections for source in one.sources}
    left_out = {one.source.policy for one in result.unconcerned}
    told = " ".join(result.warnings + result.problems)
    # Nothing gets lost without a word.
    assert all(one.source.policy in concerned | left_out or f"policy {one.source.policy} " in told for one in found)
    assert len({one.name for one in result.connections}) == len(result.connections)
    for one in result.connections:
        assert str(one.local.network[0]) in client.addresses
        for other in result.connections:
            if one.does == PASS and other.does == PROTECT and overlap(one, other):
                assert inside(one, other)


def overlap(one: Connection, other: Connection) -> bool:
    numbers = ((one.protocol, other.protocol), (one.local.port, other.local.port), (one.remote.port, other.remote.port))
    networks = ((one.local.network, other.local.network), (one.remote.network, other.remote.network))
    return all(not a or not b or a == b for a, b in numbers) and all(a.overlaps(b) for a, b in networks)


def inside(one: Connection, other: Connection) -> bool:
    numbers = ((one.protocol, other.protocol), (one.local.port, other.local.port), (one.remote.port, other.remote.port))
    networks: list[tuple[Any, Any]] = [
        (one.local.network, other.local.network),
        (one.remote.network, other.remote.network),
    ]
    differs = one.selector != other.selector
    return differs and all(not b or a == b for a, b in numbers) and all(a.subnet_of(b) for a, b in networks)


def test_the_selector_has_the_addresses_of_both_ends() -> None:
    one = only(needed(CLIENT, [policy()]))
    assert [side.length for side in one.selector] == [32, 32, 0, 0, 16]
    assert one.selector[0].value == int(ipaddress.ip_address("10.10.20.5"))
