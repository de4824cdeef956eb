# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in, and what an account may see."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
import requests

from simulator import Simulator, Unknowns

from .conftest import POLICIES, Api, Record

Body = Callable[..., Record]


def status(array: Simulator, path: str = POLICIES, **options: Any) -> int:
    return requests.get(array.url + path, verify=array.ca_path, **options).status_code


def basic(credentials: bytes) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}


def test_ways_to_log_in(array: Simulator) -> None:
    array.add_account("jürgen", "pässword:€")
    for headers, expected in [
        (basic(f"{array.username}:{array.password}".encode()), 200),
        (basic("jürgen:pässword:€".encode()), 200),
        (basic("jürgen:pässword".encode()), 401),
        (basic("jürgen:pässword".encode("latin-1")), 401),
        (basic(b"admin:wrong"), 401),
        (basic(b"cert-admin:"), 401),
        ({"Authorization": "Basic ???"}, 401),
        ({"Authorization": f"Bearer {array.access_token}"}, 200),
        ({"Authorization": "Bearer x.y.z"}, 401),
        ({"Authorization": "Digest x"}, 401),
        ({}, 401),
    ]:
        assert status(array, headers=headers) == expected, headers
    assert status(array, cert=(array.client_cert, array.client_key)) == 200


def test_a_refused_login(array: Simulator) -> None:
    response = requests.get(array.url + POLICIES, verify=array.ca_path)
    assert response.json() == {"error": {"message": "User is not authorized.", "code": "6691623"}}
    assert response.headers["WWW-Authenticate"].startswith("Basic")
    array.version = "9.12.1"
    assert requests.get(array.url + POLICIES, verify=array.ca_path).json()["error"]["code"] == "6691623"


@pytest.mark.parametrize(("version", "expected"), [("9.13.1", 401), ("9.14.1", 200)])
def test_tokens_came_with_9_14_1(array: Simulator, version: str, expected: int) -> None:
    array.version = version
    assert status(array, headers={"Authorization": f"Bearer {array.access_token}"}) == expected


def test_forbidden_paths(array: Simulator) -> None:
    array.add_account("limited", "secret")
    array.add_account("narrow", "secret", forbidden=(f"{POLICIES}/",))
    limited, narrow = Api(array, ("limited", "secret")), Api(array, ("narrow", "secret"))
    for path in ("/api/cluster", "/api/cluster/jobs/x", "/api/v1/cluster"):
        response = limited("GET", path)
        assert (response.status_code, response.json()["error"]["code"]) == (403, "6")
    assert limited("GET").status_code == 200
    assert narrow("POST", body={}).status_code == 403
    assert narrow("GET", "/api/cluster").status_code == 200


@pytest.fixture
def two(array: Simulator) -> list[str]:
    """Return the UUIDs of a policy on svm1, one on svm2, and one of the cluster; all have the same name."""
    return [array.add_policy({"name": "p", "svm": svm}) for svm in ("svm1", "svm2", None)]


def confined(array: Simulator, way: str) -> Api:
    """Return a client that sees svm1 only."""
    if way == "account":
        array.add_account("vsadmin", "secret", svm="svm1")
        return Api(array, ("vsadmin", "secret"))
    uuid = next(record["uuid"] for record in Api(array).records("/api/svm/svms") if record["name"] == "svm1")
    return Api(array, None, **{"X-Dot-SVM-Name": "svm1"} if way == "name" else {"X-Dot-SVM-UUID": uuid})


@pytest.mark.parametrize("way", ["account", "name", "uuid"])
def test_confined_to_an_svm(array: Simulator, two: list[str], psk: Body, way: str) -> None:
    api = confined(array, way)
    assert [record["uuid"] for record in api.records(name="p")] == two[:1]
    assert [record["name"] for record in api.records("/api/svm/svms")] == ["svm1"]
    assert {record["name"] for record in api.records("/api/security/certificates")} == {"ipsec-cert", "ipsec-ca"}
    for foreign in two[1:]:
        for method, body in (("GET", None), ("PATCH", {"enabled": False}), ("DELETE", None)):
            assert api.refused(method, f"{POLICIES}/{foreign}", body) == ("4", "uuid")

    assert api("POST", body=psk("implied", svm=None)).status_code == 201
    assert array.policy("implied", "svm1") is not None
    assert api("POST", body=psk("named", svm={"name": "svm1"})).status_code == 201
    response = api("POST", body=psk("mismatch", svm={"name": "svm2"}))
    assert response.status_code == 400
    assert api("DELETE", name="*").json() == {"num_records": 3}
    assert len(array.policies()) == 2


@pytest.mark.parametrize("way", ["account", "name", "uuid"])
@pytest.mark.parametrize("setting", ["shown", "left_out", "unset"])
def test_an_account_of_one_svm_may_not_be_told_which(
    array: Simulator, two: list[str], psk: Body, way: str, setting: str
) -> None:
    array.establish("p", "svm1")
    array.unknowns = Unknowns(svm_of_own_account=setting)
    api = confined(array, way)
    posted = api("POST", body=psk("new", svm=None), return_records="true").json()["records"]
    for path in (POLICIES, "/api/security/certificates", "/api/security/ipsec/security-associations"):
        records = api.records(path, fields="svm,uuid")
        assert len(records) == 2
        one = api("GET", f"{path}/{records[0]['uuid']}").json()
        for record in (*records, *posted, one):
            assert ("svm" in record) is (setting == "shown")
        assert len(api.records(path, svm__name="svm1")) == (0 if setting == "unset" else 2)
        assert api.records(path, svm__name="svm2") == []
        assert all("svm" in record for record in Api(array).records(path, svm__name="svm1", fields="uuid"))


def test_tunnels_that_lead_nowhere(array: Simulator) -> None:
    array.add_account("vsadmin", "secret", svm="svm1")
    uuid = array.add_svm("svm3")
    for headers, auth, expected in [
        ({"X-Dot-SVM-Name": "nobody"}, None, 400),
        ({"X-Dot-SVM-Name": "svm1", "X-Dot-SVM-UUID": uuid}, None, 400),
        ({"X-Dot-SVM-Name": "svm3", "X-Dot-SVM-UUID": uuid}, None, 200),
        ({"X-Dot-SVM-Name": "svm2"}, ("vsadmin", "secret"), 403),
        ({"X-Dot-SVM-Name": "svm1"}, ("vsadmin", "secret"), 200),
    ]:
        assert Api(array, auth, **headers)("GET").status_code == expected
