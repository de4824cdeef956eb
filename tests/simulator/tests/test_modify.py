# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modifying and deleting, one policy or all that match; the certificate that makes ONTAP restart."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from http.client import HTTPSConnection
from typing import Any

import pytest
import requests

from simulator import Simulator

from .conftest import KEY, POLICIES, Api, Record

Body = Callable[..., Record]


@pytest.fixture
def one(array: Simulator) -> str:
    """Return the path of a policy with a pre-shared key."""
    uuid = array.add_policy(
        {
            "name": "psk",
            "svm": "svm1",
            "secret_key": KEY,
            "local_endpoint": {"address": "10.0.0.1", "netmask": "32"},
            "remote_endpoint": {"address": "10.0.1.0", "netmask": "24", "port": "80-80"},
        }
    )
    return f"{POLICIES}/{uuid}"


def stored(array: Simulator, name: str = "psk", svm: str | None = "svm1") -> Record:
    policy = array.policy(name, svm)
    assert policy is not None
    return policy


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        ({"enabled": False}, {"enabled": False}),
        ({"protocol": "17"}, {"protocol": "udp"}),
        ({"local_identity": "me.example"}, {"local_identity": "me.example"}),
        (
            {"remote_endpoint": {"address": "10.9.0.0", "netmask": "255.255.0.0", "port": "443"}},
            {"remote_endpoint": {"address": "10.9.0.0", "family": "ipv4", "netmask": "16", "port": "443-443"}},
        ),
        (
            {"remote_endpoint.port": "443"},
            {"remote_endpoint": {"address": "10.0.1.0", "family": "ipv4", "netmask": "24", "port": "443-443"}},
        ),
    ],
)
def test_what_changes(array: Simulator, api: Api, one: str, body: Record, changes: Record) -> None:
    before = stored(array)
    response = api("PATCH", one, body, return_timeout="30")
    assert (response.status_code, response.json()) == (200, {})
    assert stored(array) == {**before, **changes}


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({}, {"9.17.1": "262190"}),
        ({"name": "x"}, {"9.15.1": "262196", "9.16.1": "262203"}),
        ({"svm": {"name": "svm2"}}, {"9.8": "262196"}),
        ({"ipspace.name": "Default"}, {"9.8": "262196"}),
        ({"action": "bypass"}, {"9.8": "262196", "9.16.1": "262203"}),
        ({"authentication_method": "psk"}, {"9.10.1": "262196"}),
        ({"secret_key": KEY}, {"9.8": "262196", "9.16.1": "262203"}),
        ({"ppk": {"shared_key": KEY}}, {"9.17.1": "262203"}),
        ({"ppk": {"identity": "identity"}}, {"9.17.1": "66257153"}),
        ({"uuid": "x"}, {"9.16.1": "262203"}),
        ({"protocol": "6,17"}, {"9.8": "66257099"}),
        ({"local_endpoint.port": "1,2"}, {"9.8": "66257100"}),
        ({"remote_endpoint.port": "1,2"}, {"9.8": "66257101"}),
        ({"remote_endpoint.port": "1-2"}, {"9.8": "66257115"}),
        ({"local_endpoint.address": "10.0.0.1,10.0.0.2"}, {"9.8": "66257113", "9.16.1": "66257125"}),
        ({"remote_endpoint.address": "10.0.0.1"}, {"9.15.1": "", "9.16.1": "66257126"}),
        ({"remote_endpoint": {"address": "", "netmask": "8"}}, {"9.16.1": "66257143"}),
        ({"local_endpoint": {"address": "0.0.0.0", "netmask": "0"}}, {"9.16.1": "66257127"}),
        ({"remote_endpoint": {"address": "0.0.0.0", "netmask": "0", "port": "0"}}, {"9.16.1": "66257129"}),
        ({"remote_endpoint": {"address": "0.0.0.0", "netmask": "0", "port": "1"}}, {"9.16.1": "262212"}),
        ({"remote_endpoint": {"address": "::1", "netmask": "128"}}, {"9.16.1": "262186"}),
    ],
)
def test_codes(array: Simulator, api: Api, one: str, body: Record, codes: dict[str, str]) -> None:
    for version, code in codes.items():
        before = stored(array)
        array.version = version
        response = api("PATCH", one, body)
        assert response.json().get("error", {}).get("code", "") == code, response.text
        assert (stored(array) == before) is bool(code)


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [("mixed_version", True, "66257199"), ("low_ecv", True, "66257201"), ("migrating_svms", {"svm1"}, "66257142")],
)
def test_codes_of_conditions(array: Simulator, api: Api, one: str, setting: str, value: Any, code: str) -> None:
    setattr(array, setting, value)
    assert api.refused("PATCH", one, {"enabled": False})[0] == code


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_not_found(array: Simulator, api: Api, method: str) -> None:
    path, body = f"{POLICIES}/5ab4aa51-0000-0000-0000-000000000000", {"enabled": True} if method == "PATCH" else None
    for version, code, status in [("9.13.1", "66257116", 400), ("9.14.1", "4", 404)]:
        array.version = version
        response = api(method, path, body)
        assert (response.status_code, response.json()["error"]["code"]) == (status, code)


def test_delete(array: Simulator, api: Api, one: str) -> None:
    response = api("DELETE", one, return_timeout="30")
    assert (response.status_code, response.json()) == (200, {})
    assert array.policies() == []
    assert api.refused("DELETE", one) == ("4", "uuid")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("content", [b'{"enabled": true}', b"{", b"\xff", b"[]", b"null", b'{"records": []}'])
def test_no_body_where_there_is_none(array: Simulator, api: Api, one: str, method: str, content: bytes) -> None:
    for path in (one, POLICIES) if b"records" not in content else (one,):
        response = api.session.request(method, array.url + path, data=content, verify=array.ca_path)
        assert (response.status_code, response.json()["error"]["code"]) == (400, "262198")
    assert len(array.policies()) == 1
    assert api(method, one, {}).status_code == 200


# --- certificates ---


def test_a_certificate_is_changed_on_pki_only(array: Simulator, api: Api, one: str) -> None:
    other = array.add_certificate("other", "svm1", "client")
    uuid = array.add_policy({"name": "pki", "svm": "svm1", "certificate": "ipsec-cert", "remote_identity": "x.example"})
    path = f"{POLICIES}/{uuid}"
    assert api("PATCH", path, {"certificate.name": "other"}).status_code == 200
    assert stored(array, "pki")["certificate"] == {"name": "other", "uuid": other}
    for body, code in [
        ({"certificate.name": "x"}, "66257135"),
        ({"certificate.uuid": "x"}, "66257139"),
        ({"certificate.name": "ipsec-ca"}, "66257140"),
        ({"certificate.name": "ipsec-cert", "certificate.uuid": other}, "66257305"),
        ({"remote_identity": None}, "66257138"),
    ]:
        assert api.refused("PATCH", path, body)[0] == code
    assert array.restarts == 0
    assert api.refused("PATCH", one, {"certificate.name": "other"})[0] == "66257136"


@pytest.mark.parametrize(
    ("action", "version"), [("bypass", "9.17.1"), ("discard", "9.10.1"), ("esp_transport", "9.15.1")]
)
def test_elsewhere_it_makes_ontap_restart(array: Simulator, api: Api, action: str, version: str) -> None:
    array.version = version
    uuid = array.add_policy({"name": "none", "svm": "svm1", "action": action})
    before = array.policies()
    with pytest.raises(requests.ConnectionError):
        api("PATCH", f"{POLICIES}/{uuid}", {"certificate.name": "ipsec-cert"})
    assert array.restarts == 1
    assert array.policies() == before
    assert [request.status for request in array.requests] == [0]
    assert api("GET").status_code == 200


# --- what happens to a client that loses a UUID ---


@pytest.fixture
def four(array: Simulator) -> list[str]:
    """Return the names of policies on both SVMs."""
    for name in ("a1", "a2", "b1"):
        array.add_policy({"name": name, "svm": "svm1"})
    array.add_policy({"name": "a1", "svm": "svm2"})
    return [policy["name"] for policy in array.policies()]


def test_all_that_match_are_deleted(array: Simulator, api: Api, four: list[str]) -> None:
    response = api("DELETE", name="a*", svm__name="svm1")
    assert (response.status_code, response.json()) == (200, {"num_records": 2})
    assert [policy["name"] for policy in array.policies()] == ["b1", "a1"]


def test_all_that_match_are_modified(array: Simulator, api: Api, four: list[str]) -> None:
    assert api("PATCH", body={"enabled": False}, name="a1").json() == {"num_records": 2}
    assert [policy["enabled"] for policy in array.policies()] == [False, True, True, False]


@pytest.mark.parametrize("path", [POLICIES, f"{POLICIES}/", f"{POLICIES}/.", f"{POLICIES}/x/..", f"{POLICIES}/%2e"])
def test_a_filter_is_the_only_guard(array: Simulator, four: list[str], path: str) -> None:
    credentials = base64.b64encode(f"{array.username}:{array.password}".encode()).decode()
    # requests would resolve the dots itself.
    connection = HTTPSConnection(array.host, array.port, context=ssl.create_default_context(cafile=array.ca_path))
    for target, status in ((path, 400), (f"{path}?svm.name=svm1", 200)):
        connection.request("DELETE", target, headers={"Authorization": f"Basic {credentials}"})
        response = connection.getresponse()
        assert (response.status, response.read() != b"") == (status, True)
    connection.close()
    assert [policy["svm"]["name"] for policy in array.policies()] == ["svm2"]


@pytest.mark.parametrize(("version", "status"), [("9.15.1", 405), ("9.16.1", 200)])
def test_bulk_came_late(array: Simulator, api: Api, four: list[str], version: str, status: int) -> None:
    array.version = version
    response = api("DELETE", name="a1", continue_on_failure="true", serial_records="true", return_timeout="0")
    assert response.status_code == status
    if status == 405:
        assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
        assert response.json()["error"]["code"] == "3"
