# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a client: what is in them is what was asked for, whatever characters it has, and keys are where they belong."""

from __future__ import annotations

import base64
import ipaddress
import re
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_clients.connections import (
    DROP,
    PASS,
    Client,
    Connection,
    End,
    Source,
)
from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_clients.formats import FORMATS, misfits, render
from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_clients.rendering import PREFIX, File

KEY = b"a-key-of-the-tests-2049"
PPK_KEY = b"a-ppk-of-the-tests-2049"
CLIENT = Client("db1", ["10.10.20.5"], certificate="db1.pem", authorities=["ca.pem"])
NFS = Connection(
    "wiresec-cluster1--svm1--nfs",
    (Source("cluster1", "svm1", "nfs", "ipsec/cluster1/svm1.yml", 4, "cluster1/svm1.yml"),),
    "protect",
    End(ipaddress.ip_network("10.10.20.5/32"), 0, "10.10.20.5"),
    End(ipaddress.ip_network("10.10.10.7/32"), 2049, "10.10.10.7"),
    6,
    "psk",
    KEY,
)
BY_CERTIFICATE = replace(
    NFS,
    method="pki",
    key=b"",
    local=replace(NFS.local, identity="C=US, O=Example, CN=db1"),
    remote=replace(NFS.remote, identity="C=US, O=Example, CN=svm1"),
)
QUANTUM = replace(NFS, ppk_identity="quantum-1", ppk_key=PPK_KEY)
TO_SUBNET = replace(NFS, remote=End(ipaddress.ip_network("10.10.10.0/24"), 2049))


def texts(way: str, *connections: Connection, client: Client = CLIENT) -> dict[str, str]:
    """The files by name."""
    assert misfits(FORMATS[way], client, connections) == []
    return {one.name: one.text for one in render(FORMATS[way], client, connections)}


def options(way: str, one: Connection, client: Client = CLIENT) -> dict[str, Any]:
    """The settings of one connection, by name, however deep they are."""
    (text,) = [text for name, text in texts(way, one, client=client).items() if "secret" not in name]
    if way == "strongswan":
        return flat(parsed(text))
    if way == "nmstate":
        return dict(yaml.safe_load(text)["interfaces"][0]["libreswan"])
    return dict(line.strip().split("=", 1) for line in text.splitlines() if line.startswith("    "))


# What real daemons were seen to take


def test_what_swanctl_loads() -> None:
    assert texts("strongswan", NFS) == {
        "wiresec-cluster1.conf": """\
# IPsec of db1 with the array cluster1.
# Made by wiresec.ontap from policy files: what is edited here gets lost.
connections {

  # Policy nfs on SVM svm1 of cluster1 (cluster1/svm1.yml)
  wiresec-cluster1--svm1--nfs {
    version = 2
    mobike = no
    unique = never
    local_addrs = 10.10.20.5
    remote_addrs = 10.10.10.7
    proposals = aes256-sha384-ecp384
    rekey_time = 86400s
    dpd_delay = 5s
    local {
      auth = psk
      id = "10.10.20.5"
    }
    remote {
      auth = psk
      id = "10.10.10.7"
    }
    children {
      wiresec-cluster1--svm1--nfs {
        mode = transport
        esp_proposals = aes256gcm16-ecp384,aes256gcm16
        local_ts = 10.10.20.5/32[6]
        remote_ts = 10.10.10.7/32[6/2049]
        rekey_time = 28800s
        start_action = trap
        dpd_action = restart
      }
    }
  }
}
""",
        "wiresec-cluster1--secrets.conf": f"""\
# IPsec of db1 with the array cluster1.
# Made by wiresec.ontap from policy files: what is edited here gets lost.
# It has secrets.
secrets {{
  ike-wiresec-cluster1--svm1--nfs {{
    id-1 = "10.10.20.5"
    id-2 = "10.10.10.7"
    secret = "0s{base64.b64encode(KEY).decode()}"
  }}
}}
""",
    }


def test_what_libreswan_loads() -> None:
    assert texts("libreswan", NFS) == {
        "wiresec-cluster1.conf": """\
# IPsec of db1 with the array cluster1.
# Made by wiresec.ontap from policy files: what is edited here gets lost.

# Policy nfs on SVM svm1 of cluster1 (cluster1/svm1.yml)
conn wiresec-cluster1--svm1--nfs
    ikev2=insist
    type=transport
    authby=secret
    left=10.10.20.5
    right=10.10.10.7
    leftprotoport=6/0
    rightprotoport=6/2049
    leftid=10.10.20.5
    rightid=10.10.10.7
    ike=aes256-sha2_384;dh20
    esp=aes_gcm_c256
    pfs=no
    esn=no
    ikelifetime=86400s
    salifetime=28800s
    dpddelay=5s
    retransmit-timeout=5s
    dpdaction=restart
    auto=ondemand
""",
        "wiresec-cluster1.secrets": f"""\
# IPsec of db1 with the array cluster1.
# Made by wiresec.ontap from policy files: what is edited here gets lost.
# It has secrets.
10.10.20.5 10.10.10.7 : PSK 0s{base64.b64encode(KEY).decode()}
""",
    }


SETTINGS: list[tuple[str, Connection, dict[str, Any]]] = [
    ("strongswan", replace(NFS, replay_window=0), {"replay_window": "0"}),
    ("libreswan", replace(NFS, replay_window=128), {"replay-window": "128"}),
    ("strongswan", replace(NFS, in_udp=True), {"encap": "yes"}),
    ("libreswan", replace(NFS, in_udp=True), {"encapsulation": "yes"}),
    ("strongswan", QUANTUM, {"ppk_id": "quantum-1", "ppk_required": "yes"}),
    ("libreswan", QUANTUM, {"ppk": "insist"}),
    ("strongswan", BY_CERTIFICATE, {"certs": "db1.pem", "cacerts": "ca.pem", "auth": "pubkey", "send_cert": "always"}),
    ("strongswan", BY_CERTIFICATE, {"remote.id": "C=US, O=Example, CN=svm1", "local.id": None}),
    (
        "libreswan",
        BY_CERTIFICATE,
        {"leftid": "%fromcert", "leftcert": "db1.pem", "rightid": '"C=US, O=Example, CN=svm1"'},
    ),
    ("libreswan", BY_CERTIFICATE, {"authby": None}),
    ("nmstate", BY_CERTIFICATE, {"leftid": "%fromcert", "leftcert": "db1.pem", "rightid": "C=US, O=Example, CN=svm1"}),
    ("nmstate", NFS, {"psk": KEY.decode(), "leftprotoport": "6/0", "rightprotoport": "6/2049", "type": "transport"}),
    (
        "strongswan",
        TO_SUBNET,
        {"remote_addrs": "10.10.10.0/24", "remote_ts": "10.10.10.0/24[6/2049]", "remote.id": None},
    ),
    ("strongswan", replace(NFS, protocol=0), {"local_ts": "10.10.20.5/32", "remote_ts": "10.10.10.7/32[any/2049]"}),
    ("strongswan", replace(NFS, does=PASS), {"mode": "pass", "start_action": "trap", "auth": None, "priority": None}),
    ("strongswan", replace(NFS, does=DROP), {"mode": "drop", "priority": None, "remote_addrs": "127.0.0.1"}),
    ("strongswan", replace(NFS, does=DROP, exception=True), {"mode": "drop", "priority": "1"}),
    ("libreswan", replace(NFS, does=PASS), {"type": "passthrough", "authby": "never", "auto": "ondemand"}),
    ("libreswan", replace(TO_SUBNET, does=DROP), {"type": "drop", "rightsubnet": "10.10.10.0/24", "right": "0.0.0.0"}),
]


@pytest.mark.parametrize(("way", "connection", "expected"), SETTINGS)
def test_settings(way: str, connection: Connection, expected: dict[str, Any]) -> None:
    found = options(way, connection)
    assert {name: found.get(name) for name in expected} == expected


SIX = replace(
    NFS,
    local=End(ipaddress.ip_network("fd00:20::5/128"), 700, "fd00:20::5"),
    remote=End(ipaddress.ip_network("fd00:10::7/128"), 2049, "fd00:10::7"),
)


def test_ipv6_and_ports_on_both_sides() -> None:
    strongswan = options("strongswan", SIX)
    assert (strongswan["local_ts"], strongswan["remote_ts"]) == ("fd00:20::5/128[6/700]", "fd00:10::7/128[6/2049]")
    libreswan = options("libreswan", SIX)
    assert (libreswan["left"], libreswan["leftprotoport"]) == ("fd00:20::5", "6/700")
    assert options("nmstate", SIX)["hostaddrfamily"] == "ipv6"


# What can't be rendered


MISFITS = [
    ("windows", NFS, "certificates only"),
    ("windows", replace(BY_CERTIFICATE, ppk_identity="quantum-1"), "post-quantum"),
    ("windows", replace(BY_CERTIFICATE, replay_window=0), "replay protection"),
    ("windows", replace(BY_CERTIFICATE, protocol=132), "together with TCP or UDP"),
    (
        "windows",
        replace(BY_CERTIFICATE, local=replace(NFS.local, identity="db1.example.com")),
        "subject of its certificate",
    ),
    ("libreswan", TO_SUBNET, "give array_addresses"),
    ("libreswan", replace(NFS, protocol=0), "only together with a protocol"),
    ("libreswan", replace(NFS, local=replace(NFS.local, identity='a"b')), "can't quote"),
    ("libreswan", replace(NFS, local=replace(NFS.local, identity="@#beef")), "something else"),
    ("libreswan", replace(NFS, local=replace(NFS.local, identity="%any")), "something else"),
    ("strongswan", replace(NFS, local=replace(NFS.local, identity="caf\u00e9")), "ASCII characters only"),
    ("strongswan", replace(NFS, local=replace(NFS.local, identity="CN=a/b, O=c\\, d")), "can't be told the subject"),
    ("strongswan", replace(NFS, remote=replace(NFS.remote, identity="planet=earth")), "no attribute of a subject"),
    ("nmstate", QUANTUM, "post-quantum"),
    ("nmstate", replace(NFS, replay_window=0), "replay window"),
    ("nmstate", replace(NFS, does=PASS), "neither exceptions"),
    ("nmstate", replace(NFS, key=b"\x00" * 18), "can't hand on a key"),
    ("nmstate", replace(NFS, key=b'"' * 18), "can't hand on a key"),
]


@pytest.mark.parametrize(("way", "connection", "reason"), MISFITS)
def test_what_a_format_can_not_say_is_refused(way: str, connection: Connection, reason: str) -> None:
    (found,) = misfits(FORMATS[way], CLIENT, [connection])
    assert reason in found and found.startswith("ipsec/cluster1/svm1.yml:4: policy nfs on SVM svm1 of cluster1: ")


def test_each_policy_that_a_format_can_not_say_is_told_once() -> None:
    again = replace(NFS.sources[0], policy="again")
    unfit = replace(NFS, protocol=0, sources=(*NFS.sources, again))
    found = misfits(FORMATS["libreswan"], CLIENT, [unfit, replace(unfit, name="for-another-address")])
    assert [problem.partition(" on SVM ")[0] for problem in found] == [
        "ipsec/cluster1/svm1.yml:4: policy nfs",
        "ipsec/cluster1/svm1.yml:4: policy again",
    ]


@pytest.mark.parametrize("path", ["my certificate.pem", "a,b.pem", 'a".pem', "a\n.pem"])
def test_names_of_files_that_swanctl_would_divide_are_refused(path: str) -> None:
    assert misfits(FORMATS["strongswan"], replace(CLIENT, certificate=path), [BY_CERTIFICATE])


# Windows


@pytest.mark.parametrize("authority", ["CN=a\nRemove-Item x", "CN=\ud800"])
def test_an_authority_that_a_script_can_not_have_is_refused(authority: str) -> None:
    assert misfits(FORMATS["windows"], replace(CLIENT, authorities=[authority]), [BY_CERTIFICATE])


def test_a_script_makes_what_is_new_before_it_removes_what_is_old() -> None:
    (script,) = texts("windows", BY_CERTIFICATE, replace(NFS, name="wiresec-x", does=DROP)).values()
    assert script.startswith("\ufeff# IPsec of db1") and script.count("\r\n") == script.count("\n")
    assert script.index("New-NetIPsecRule") < script.index("Remove-")
    rule = next(line for line in script.splitlines() if "New-NetIPsecRule" in line)
    for part in (
        "-Mode Transport -KeyModule IKEv2 -InboundSecurity Require -OutboundSecurity Require",
        "-LocalAddress 10.10.20.5/32 -RemoteAddress 10.10.10.7/32 -Protocol TCP -RemotePort 2049",
    ):
        assert part in rule
    assert "-Encryption AES256 -Hash SHA384 -KeyExchange DH20" in script
    assert "New-NetFirewallRule" in script and "-Direction Outbound -Action Block" in script
    assert "-Authority 'ca.pem'" in script


def test_a_changed_rule_has_another_name() -> None:
    names = [
        set(re.findall(r"\$name = '([^']*)'", text))
        for one in (BY_CERTIFICATE, replace(BY_CERTIFICATE, protocol=17))
        for text in texts("windows", one).values()
    ]
    assert len(names[0] & names[1]) == 1  # the main mode rule, which knows no protocol


# Any values


AWKWARD = st.text(
    st.one_of(st.sampled_from("\"'\\#$%{}=:;,/@ \u2019\u201c`&*!|\n\t"), st.characters()), min_size=1, max_size=40
)


@given(AWKWARD, AWKWARD, st.binary(min_size=1, max_size=64), AWKWARD, AWKWARD)
def test_whatever_it_is_called_it_arrives_or_is_refused(own: str, peer: str, key: bytes, name: str, ppk: str) -> None:
    one = replace(
        NFS,
        sources=(Source("cluster1", name, name, name),),
        local=replace(NFS.local, identity=own),
        remote=replace(NFS.remote, identity=peer),
        key=key,
        ppk_identity=ppk,
        ppk_key=key,
    )
    client = replace(CLIENT, name=name)
    if not misfits(FORMATS["strongswan"], client, [one]):
        assert_strongswan(client, one)
    if not misfits(FORMATS["libreswan"], client, [one]):
        assert_libreswan(client, one)
    plain = replace(one, ppk_identity=None, ppk_key=b"")
    if not misfits(FORMATS["nmstate"], client, [plain]):
        found = options("nmstate", plain, client)
        assert (found["psk"].encode(), found["rightid"].removeprefix("@")) == (key, peer.removeprefix("@"))
    windows = replace(BY_CERTIFICATE, sources=one.sources)
    trusting = replace(client, authorities=[name])
    if not misfits(FORMATS["windows"], trusting, [windows]):
        (text,) = texts("windows", windows, client=trusting).values()
        quoted = re.search(
            r"-Authority '((?:[^'\u2018\u2019\u201a\u201b]|(['\u2018\u2019\u201a\u201b])\2)*)' -AuthorityType", text
        )
        assert quoted and re.sub("(['\u2018\u2019\u201a\u201b])\\1", r"\1", quoted[1]) == name


def assert_strongswan(client: Client, one: Connection) -> None:
    files = texts("strongswan", one, client=client)
    connections, secrets = (parsed(files[name]) for name in ("wiresec-cluster1.conf", "wiresec-cluster1--secrets.conf"))
    assert set(connections["connections"]) == {NFS.name}
    remote = connections["connections"][NFS.name]["remote"]["id"]
    kind, _colon, rest = remote.partition(":")
    assert remote == one.remote.identity or (kind in ("fqdn", "email") and rest == one.remote.identity) or "=" in remote
    assert connections["connections"][NFS.name]["ppk_id"].removeprefix("keyid:") == one.ppk_identity
    assert set(secrets["secrets"]) == {f"ike-{NFS.name}", f"ppk-{NFS.name}"}
    assert {base64.b64decode(section["secret"][2:]) for section in secrets["secrets"].values()} == {one.key}


def assert_libreswan(client: Client, one: Connection) -> None:
    files = texts("libreswan", one, client=client)
    lines = [line for line in files["wiresec-cluster1.conf"].split("\n") if line and not line.startswith("#")]
    assert lines[0] == f"conn {NFS.name}" and all(re.match("    [a-z0-9-]+=[^ ]", line) for line in lines[1:])
    (peer,) = [line.partition("=")[2] for line in lines if line.startswith("    rightid=")]
    assert (peer[1:-1] if peer[0] == '"' else peer).removeprefix("@") == one.remote.identity
    secrets = [line for line in files["wiresec-cluster1.secrets"].split("\n") if line and not line.startswith("#")]
    assert [re.search(" : (PSK|PPKS) ", line) is not None for line in secrets] == [True, True]
    assert {base64.b64decode(line.rpartition(" 0s")[2]) for line in secrets} == {one.key}


@given(st.binary(min_size=18, max_size=128))
def test_keys_are_in_files_for_secrets_only(key: bytes) -> None:
    assume(key not in (b"0" * len(key),))
    one = replace(QUANTUM, key=key, ppk_key=key[::-1])
    for way in ("strongswan", "libreswan"):
        for file in render(FORMATS[way], CLIENT, [one]):
            has = any(base64.b64encode(secret).decode() in file.text for secret in (one.key, one.ppk_key))
            assert has == file.secret


@pytest.mark.parametrize("way", FORMATS)
def test_all_files_have_names_of_their_own_and_say_where_they_come_from(way: str) -> None:
    other = replace(BY_CERTIFICATE, name="wiresec-x", sources=(Source("cluster1-secrets", None, "o"),))
    files = render(FORMATS[way], CLIENT, [BY_CERTIFICATE, other])
    assert len({one.name for one in files}) == len(files) == (1 if way == "windows" else 2)
    text = "".join(one.text for one in files)
    for one in files:
        assert one.name.startswith(PREFIX) and one.name.endswith(FORMATS[way].endings)
        assert "IPsec of db1 with " in one.text
    assert "Policy nfs on SVM svm1 of cluster1 (cluster1/svm1.yml)" in text
    assert "Policy o of cluster1-secrets" in text
    assert sorted(re.findall(FORMATS[way].names, text)) == [NFS.name, "wiresec-x"]


def test_no_file_shows_what_is_in_it() -> None:
    assert "hidden" not in repr(File("name", "hidden", True))


def parsed(text: str) -> dict[str, Any]:
    """What strongSwan reads from a file: sections in braces, values as they are or in quotes with backslashes."""
    tokens = re.findall(r'#[^\n]*|"(?:\\.|[^"\\])*"|[{}=\n]|[^\s{}="#]+(?: [^\s{}="#]+)*', text)
    stack: list[dict[str, Any]] = [{}]
    words: list[str] = []
    for token in (one for one in tokens if not one.startswith("#")):
        if token == "{":
            inner: dict[str, Any] = {}
            stack[-1][words.pop()] = inner
            stack.append(inner)
        elif token == "}":
            stack.pop()
        elif token == "\n":
            if words:
                key, value = words
                stack[-1][key] = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL) if value[0] == '"' else value
                words = []
        elif token != "=":
            words.append(token)
    assert len(stack) == 1 and not words
    return stack[0]


def flat(tree: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Settings by their last name, and identities by whose they are, too."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found.update(flat(value, key))
        else:
            found[f"{above}.{key}" if key == "id" else key] = value
    return found
