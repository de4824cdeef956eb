# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creating policies: what is stored, what is answered, what is refused with which code in which release."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator import Simulator

from .conftest import KEY, POLICIES, Api, Record

Body = Callable[..., Record]


def test_what_is_stored_and_answered(array: Simulator, api: Api, psk: Body) -> None:
    response = api("POST", body=psk())
    stored = array.policy("psk", "svm1")
    assert stored is not None
    assert response.status_code == 201
    assert response.headers["Location"] == f"{POLICIES}/{stored['uuid']}"
    assert (response.json(), len(response.content)) == ({}, 3)
    assert {path: stored[path] for path in stored if path not in ("uuid", "svm", "ipspace")} == {
        "name": "psk",
        "scope": "svm",
        "action": "esp_transport",
        "authentication_method": "psk",
        "secret_key": KEY,
        "enabled": True,
        "protocol": "any",
        "local_endpoint": {"address": "10.0.0.1", "family": "ipv4", "netmask": "32", "port": "0-0"},
        "remote_endpoint": {"address": "10.0.1.0", "family": "ipv4", "netmask": "24", "port": "0-0"},
    }


def test_the_record_can_be_returned_without_its_secrets(array: Simulator, api: Api, psk: Body) -> None:
    body = psk(ppk={"identity": "ppk-identity", "shared_key": KEY})
    record = api("POST", body=body, return_records="true").json()["records"][0]
    assert record["ppk"] == {"identity": "ppk-identity"}
    assert KEY not in str(record)
    assert api("GET", f"{POLICIES}/{record['uuid']}").json() == record


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"netmask": "255.255.240.0"}, {"netmask": "20"}),
        ({"address": "10.0.0.63", "netmask": "25"}, {"address": "10.0.0.63"}),
        ({"port": "23"}, {"port": "23-23"}),
        ({"port": "23-23"}, {"port": "23-23"}),
        ({"port": "0"}, {"port": "0-0"}),
    ],
)
def test_endpoints(array: Simulator, api: Api, psk: Body, given: Record, stored: Record) -> None:
    endpoint = {"address": "10.0.0.1", "netmask": "32", **given}
    assert api("POST", body=psk(local_endpoint=endpoint)).status_code == 201
    policy = array.policy("psk", "svm1")
    assert policy is not None
    assert stored.items() <= policy["local_endpoint"].items()


def test_ipv6_is_compressed(array: Simulator, api: Api, psk: Body) -> None:
    ends = ({"address": f"2001:0DB8:0:0:0:0:0:{number}", "netmask": "128"} for number in (1, 2))
    assert api("POST", body=psk(local_endpoint=next(ends), remote_endpoint=next(ends))).status_code == 201
    policy = array.policy("psk", "svm1")
    assert policy is not None
    assert policy["remote_endpoint"] == {
        "address": "2001:db8::2",
        "family": "ipv6",
        "netmask": "128",
        "port": "0-0",
    }


@pytest.mark.parametrize(("given", "stored"), [("6", "tcp"), ("17", "udp"), ("0", "any"), ("udp", "udp"), ("1", "1")])
def test_protocols(array: Simulator, api: Api, psk: Body, given: str, stored: str) -> None:
    api("POST", body=psk(protocol=given))
    policy = array.policy("psk", "svm1")
    assert policy is not None
    assert policy["protocol"] == stored


@pytest.mark.parametrize("action", ["bypass", "discard"])
def test_an_action_without_protection_drops_authentication(array: Simulator, api: Api, psk: Body, action: str) -> None:
    api("POST", body=psk(action=action, authentication_method="psk"))
    policy = array.policy("psk", "svm1")
    assert policy is not None
    assert policy["authentication_method"] == "none"
    assert "secret_key" not in policy


def test_dotted_keys_are_nested_objects(array: Simulator, api: Api, pki: Body) -> None:
    body = {**pki(), "svm": None, "svm.name": "svm2", "ipspace.name": "Default", "remote_endpoint.port": "80"}
    body["svm.name"] = body.pop("svm") or "svm2"
    assert api("POST", body=body).status_code == 201
    policy = array.policy("pki", "svm2")
    assert policy is not None
    assert policy["remote_endpoint"]["port"] == "80-80"
    assert policy["certificate"]["name"] == "ipsec-cert"


def test_names_are_unique_on_an_svm_only(array: Simulator, api: Api, psk: Body) -> None:
    for svm in ({"name": "svm1"}, {"name": "svm2"}, None):
        assert api("POST", body=psk(svm=svm)).status_code == 201
        assert api.refused("POST", body=psk(svm=svm))[0] == "66257104"
    assert [policy["scope"] for policy in array.policies()] == ["cluster", "svm", "svm"]


LOCAL, REMOTE = {"address": "10.0.0.1", "netmask": "32"}, {"address": "10.0.1.0", "netmask": "24"}
IPV6 = {"address": "2001:db8::", "netmask": "64"}
EVERYBODY = {"address": "0.0.0.0", "netmask": "0", "port": "2049"}
CODES: list[tuple[str, Record, dict[str, str]]] = [
    ("the first body", {}, {"9.8": "", "9.19.1": ""}),
    ("no name", {"name": None}, {"9.17.1": "262212"}),
    ("long name", {"name": "x" * 65}, {"9.15.1": "2", "9.16.1": "66257148"}),
    ("name not in ASCII", {"name": "prüfung"}, {"9.15.1": "", "9.16.1": "66257148"}),
    ("two protocols", {"protocol": "6,17"}, {"9.8": "66257099"}),
    ("range of protocols", {"protocol": "6-17"}, {"9.8": "66257099"}),
    ("no protocol of that name", {"protocol": "carrier-pigeon"}, {"9.8": "262185"}),
    ("no protocol of that number", {"protocol": "256"}, {"9.8": "262185"}),
    ("two local ports", {"local_endpoint": {**LOCAL, "port": "80,443"}}, {"9.8": "66257100"}),
    ("two remote ports", {"remote_endpoint": {**REMOTE, "port": "80,443"}}, {"9.8": "66257101"}),
    ("range of ports", {"remote_endpoint": {**REMOTE, "port": "80-90"}}, {"9.8": "66257115"}),
    ("port too high", {"local_endpoint": {**LOCAL, "port": "65536"}}, {"9.9.1": "2", "9.10.1": "66257132"}),
    ("port 0", {"local_endpoint": {**LOCAL, "port": "0"}}, {"9.15.1": "66257132", "9.16.1": ""}),
    ("port by name", {"local_endpoint": {**LOCAL, "port": "http"}}, {"9.17.1": "262185"}),
    ("key not hexadecimal", {"secret_key": "0x12345678901234567g"}, {"9.8": "66257107"}),
    ("key not Base64", {"secret_key": "0s12345678901234567*"}, {"9.8": "66257109"}),
    ("key too short", {"secret_key": "x" * 17}, {"9.15.1": "2", "9.16.1": "66257200"}),
    ("key too long", {"secret_key": "x" * 129}, {"9.16.1": "66257200"}),
    ("key not in ASCII", {"secret_key": "ü" * 20}, {"9.16.1": "66257200"}),
    ("no key", {"secret_key": None}, {"9.8": "66257111", "9.15.1": "66257111", "9.16.1": "66257144"}),
    (
        "no key for psk",
        {"secret_key": None, "authentication_method": "psk"},
        {"9.10.1": "66257111", "9.12.1": "66257133"},
    ),
    (
        "no certificate for pki",
        {"secret_key": None, "authentication_method": "pki"},
        {"9.10.1": "66257111", "9.12.1": "66257134"},
    ),
    ("no authentication at all", {"secret_key": None, "authentication_method": "none"}, {"9.17.1": "66257144"}),
    ("key without authentication", {"authentication_method": "none"}, {"9.17.1": "262186"}),
    ("key for pki", {"authentication_method": "pki"}, {"9.10.1": "2", "9.12.1": "66257137"}),
    ("no such method", {"authentication_method": "kerberos"}, {"9.17.1": "262185"}),
    ("method too new", {"authentication_method": "psk"}, {"9.9.1": "262179", "9.10.1": ""}),
    ("two local subnets", {"local_endpoint": {**LOCAL, "address": "10.0.0.1,10.0.0.2"}}, {"9.8": "66257113"}),
    ("two remote subnets", {"remote_endpoint": {**REMOTE, "address": "10.0.1.1-10.0.1.9"}}, {"9.8": "66257114"}),
    ("no local netmask", {"local_endpoint": {"address": "10.0.0.1"}}, {"9.8": "66257125"}),
    ("no local address", {"local_endpoint": {"netmask": "24"}}, {"9.8": "66257125"}),
    ("no remote netmask", {"remote_endpoint": {"address": "10.0.0.1"}}, {"9.8": "66257126"}),
    ("nothing but a port", {"remote_endpoint": {"port": "80"}}, {"9.8": "66257126"}),
    ("no endpoint", {"remote_endpoint": None}, {"9.8": "262212"}),
    (
        "local wildcard",
        {"local_endpoint": {"address": "0.0.0.0", "netmask": "0"}},
        {"9.15.1": "2", "9.16.1": "66257127"},
    ),
    (
        "half a wildcard",
        {"remote_endpoint": {"address": "0.0.0.0", "netmask": "8"}},
        {"9.15.1": "2", "9.16.1": "66257128"},
    ),
    ("other half", {"remote_endpoint": {"address": "10.0.0.0", "netmask": "0"}}, {"9.16.1": "66257128"}),
    (
        "wildcard, no port",
        {"remote_endpoint": {"address": "0.0.0.0", "netmask": "0"}},
        {"9.15.1": "2", "9.16.1": "66257129"},
    ),
    ("wildcard, port", {"remote_endpoint": EVERYBODY, "remote_identity": "ANYTHING"}, {"9.8": "", "9.16.1": ""}),
    ("wildcard, no identity", {"remote_endpoint": EVERYBODY}, {"9.8": "262212", "9.16.1": "262212"}),
    ("wildcard, bypass", {"remote_endpoint": EVERYBODY, "action": "bypass", "secret_key": None}, {"9.16.1": ""}),
    ("empty subnet", {"remote_endpoint": {"address": "", "netmask": ""}}, {"9.15.1": "2", "9.16.1": "66257143"}),
    ("not an address", {"remote_endpoint": {"address": "10.0.0", "netmask": "8"}}, {"9.17.1": "262185"}),
    ("CIDR as address", {"remote_endpoint": {"address": "10.0.0.0/8", "netmask": "8"}}, {"9.17.1": "262185"}),
    ("address with a zone", {"remote_endpoint": {"address": "fe80::1%e0a", "netmask": "64"}}, {"9.17.1": "262185"}),
    ("netmask too long", {"remote_endpoint": {**REMOTE, "netmask": "33"}}, {"9.17.1": "262185"}),
    ("netmask with a hole", {"remote_endpoint": {**REMOTE, "netmask": "255.0.255.0"}}, {"9.17.1": "262185"}),
    ("two families", {"remote_endpoint": IPV6}, {"9.17.1": "262186"}),
    (
        "ESP in UDP over IPv6",
        {"action": "esp_udp", "local_endpoint": IPV6, "remote_endpoint": IPV6},
        {"9.9.1": "2", "9.16.1": "66257131"},
    ),
    ("ESP in UDP", {"action": "esp_udp"}, {"9.8": "262185", "9.9.1": ""}),
    ("no such action", {"action": "ESP_TRANSPORT"}, {"9.17.1": "262185"}),
    ("ppk without key", {"ppk": {"identity": "identity"}}, {"9.17.1": "66257153"}),
    ("ppk without identity", {"ppk": {"shared_key": KEY}}, {"9.17.1": "66257154"}),
    ("ppk, short key", {"ppk": {"identity": "identity", "shared_key": "short"}}, {"9.17.1": "66257200"}),
    ("ppk, short identity", {"ppk": {"identity": "ident", "shared_key": KEY}}, {"9.17.1": "262185"}),
    ("ppk too new", {"ppk": {"identity": "identity", "shared_key": KEY}}, {"9.16.1": "262179", "9.17.1": ""}),
    ("identity too short", {"local_identity": "short"}, {"9.9.1": "262185", "9.10.1": ""}),
    ("no such SVM", {"svm": {"name": "nobody"}}, {"9.15.1": "2", "9.16.1": "66257202"}),
    ("no such UUID of an SVM", {"svm": {"uuid": "nobody"}}, {"9.15.1": "2", "9.16.1": "66257203"}),
    ("admin SVM", {"svm": {"name": "cluster1"}}, {"9.8": "66257117"}),
    ("no such IPspace", {"ipspace": {"name": "nowhere"}}, {"9.17.1": "262197"}),
    ("IPspace of others", {"ipspace": {"name": "Cluster"}}, {"9.15.1": "2", "9.16.1": "66257205"}),
    ("unknown property", {"comment": "x"}, {"9.17.1": "262179"}),
    ("property below a scalar", {"name.x": "x"}, {"9.17.1": "262179"}),
    ("read-only property", {"uuid": "x"}, {"9.17.1": "262196"}),
    ("read-only scope", {"scope": "svm"}, {"9.17.1": "262196"}),
    ("given twice", {"svm.name": "svm1"}, {"9.17.1": "262188"}),
    ("flag as text", {"enabled": "true"}, {"9.17.1": "262245"}),
    ("number as text", {"remote_endpoint": {**REMOTE, "netmask": 24}}, {"9.17.1": "262245"}),
    ("array for a scalar", {"protocol": ["tcp"]}, {"9.17.1": "262255"}),
    ("array for an object", {"remote_endpoint": [REMOTE]}, {"9.17.1": "262255"}),
    ("scalar for an object", {"remote_endpoint": "10.0.0.0/8"}, {"9.17.1": "262245"}),
]


@pytest.mark.parametrize(
    ("changes", "version", "code"),
    [
        pytest.param(changes, version, code, id=f"{title}, {version}")
        for title, changes, codes in CODES
        for version, code in codes.items()
    ],
)
def test_codes(array: Simulator, api: Api, psk: Body, changes: Record, version: str, code: str) -> None:
    array.version = version
    response = api("POST", body=psk(**changes))
    assert response.json().get("error", {}).get("code", "") == code, response.text
    assert len(array.policies()) == (0 if code else 1)


PKI_CODES: list[tuple[str, Record, dict[str, str]]] = [
    ("the first body", {}, {"9.9.1": "262179", "9.10.1": "", "9.17.1": ""}),
    ("no remote identity", {"remote_identity": None}, {"9.15.1": "", "9.16.1": "66257138"}),
    ("no such certificate", {"certificate.name": "x"}, {"9.15.1": "2", "9.16.1": "66257135"}),
    ("certificate of the cluster", {"certificate.name": "cluster-cert"}, {"9.16.1": "66257135"}),
    ("no such UUID", {"certificate.name": None, "certificate.uuid": "x"}, {"9.10.1": "66257139"}),
    ("certificate of a CA", {"certificate.name": "ipsec-ca"}, {"9.10.1": "66257140"}),
    ("certificate for psk", {"authentication_method": "psk", "secret_key": KEY}, {"9.15.1": "2", "9.16.1": "66257136"}),
    ("neither named", {"authentication_method": None, "secret_key": KEY}, {"9.16.1": "66257136"}),
    ("keepsa", {"certificate_modify_keepsa": True}, {"9.17.1": "262179", "9.18.1": ""}),
]


@pytest.mark.parametrize(
    ("changes", "version", "code"),
    [
        pytest.param(changes, version, code, id=f"{title}, {version}")
        for title, changes, codes in PKI_CODES
        for version, code in codes.items()
    ],
)
def test_codes_of_certificates(array: Simulator, api: Api, pki: Body, changes: Record, version: str, code: str) -> None:
    array.version = version
    response = api("POST", body=pki(**{"certificate.name": "ipsec-cert", **changes}))
    assert response.json().get("error", {}).get("code", "") == code, response.text


def test_a_certificate_can_be_named_by_uuid(array: Simulator, api: Api, pki: Body) -> None:
    uuid = array.add_certificate("other", "svm1")
    assert api("POST", body=pki(**{"certificate.name": None, "certificate.uuid": uuid})).status_code == 201
    policy = array.policy("pki", "svm1")
    assert policy is not None
    assert policy["certificate"] == {"name": "other", "uuid": uuid}
    both = {"certificate.name": "ipsec-cert", "certificate.uuid": uuid}
    assert api.refused("POST", body=pki("two", **both))[0] == "66257305"


def test_duplicate_in_9_8(array: Simulator, api: Api, psk: Body) -> None:
    array.version = "9.8"
    api("POST", body=psk())
    assert api.refused("POST", body=psk()) == ("66257103", "name")


@pytest.mark.parametrize(
    ("setting", "value", "codes"),
    [
        ("mixed_version", True, {"9.8": "66257199"}),
        ("low_ecv", True, {"9.15.1": "2", "9.16.1": "66257201"}),
        ("migrating_svms", {"svm1"}, {"9.15.1": "2", "9.16.1": "66257142"}),
        ("policy_limit_per_svm", 0, {"9.8": "66257121"}),
        ("policy_limit_cluster", 0, {"9.15.1": "7", "9.16.1": "66257130"}),
    ],
)
def test_codes_of_conditions(
    array: Simulator, api: Api, psk: Body, setting: str, value: Any, codes: dict[str, str]
) -> None:
    setattr(array, setting, value)
    for version, code in codes.items():
        array.version = version
        assert api.refused("POST", body=psk())[0] == code


def test_the_admin_svm_of_a_metrocluster(array: Simulator, api: Api, psk: Body) -> None:
    array.metrocluster = True
    assert api("POST", body=psk()).status_code == 201
    for svm, version, code in [
        (None, "9.12.1", "66257396"),
        ({"name": "cluster1"}, "9.12.1", "66257396"),
        (None, "9.11.1", "66257117"),
    ]:
        array.version = version
        assert api.refused("POST", body=psk("other", svm=svm))[0] == code


def test_ipspace_by_two_identifiers(array: Simulator, api: Api, psk: Body) -> None:
    uuids = {record["name"]: record["uuid"] for record in api.records("/api/network/ipspaces")}
    both = {"name": "Default", "uuid": uuids["Cluster"]}
    assert api.refused("POST", body=psk(ipspace=both))[0] == "66257204"
    assert api("POST", body=psk(ipspace={"uuid": uuids["Default"]})).status_code == 201


@pytest.mark.parametrize(
    ("query", "code"),
    [("name=x", "262211"), ("nothing=x", "262179"), ("secret_key=x", "262202"), ("return_records=x", "262197")],
)
def test_refused_queries(api: Api, psk: Body, query: str, code: str) -> None:
    assert api.refused("POST", f"{POLICIES}?{query}", psk())[0] == code


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"{", "262199"), (b"\xff", "262199"), (b"[]", "262200"), (b'{"name":"a","name":"b"}', "262188")],
)
def test_refused_bodies(array: Simulator, api: Api, content: bytes, code: str) -> None:
    response = api.session.post(array.url + POLICIES, data=content, verify=array.ca_path)
    assert response.json()["error"]["code"] == code


def test_unknown_properties_can_be_passed_over(array: Simulator, api: Api, psk: Body) -> None:
    assert api("POST", body=psk(comment="x"), ignore_unknown_fields="true").status_code == 201
