# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resources around the policies."""

from __future__ import annotations

import pytest

from simulator import Simulator

from .conftest import POLICIES, Api


@pytest.mark.parametrize(
    ("version", "major", "minor"), [("9.7", 7, 0), ("9.8", 8, 0), ("9.12.1", 12, 1), ("9.19.1", 19, 1)]
)
def test_cluster(array: Simulator, api: Api, version: str, major: int, minor: int) -> None:
    array.version = version
    body = api("GET", "/api/cluster", fields="version").json()
    assert {*body} == {"version", "_links"}
    assert body["_links"] == {"self": {"href": "/api/cluster"}}
    full = body["version"].pop("full")
    assert body["version"] == {"generation": 9, "major": major, "minor": minor}
    assert full.startswith(f"NetApp Release {version}: ")
    assert api("GET", "/api/cluster", max_records="1024", fields="").json()["name"] == "cluster1"
    assert api("GET", "/api/v1/cluster", fields="name").json()["name"] == "cluster1"
    assert len(api.records("/api/cluster/nodes", fields="version")) == 2


def test_a_cluster_may_have_more_nodes(array: Simulator, api: Api) -> None:
    uuid = array.add_node("cluster1-03")
    assert [node["name"] for node in api.records("/api/cluster/nodes")] == [f"cluster1-0{n}" for n in (1, 2, 3)]
    array.add_policy({"name": "p", "svm": "svm1"})
    for node in ("cluster1-01", "cluster1-03"):
        array.establish("p", "svm1", node)
    associations = "/api/security/ipsec/security-associations"
    assert len(api.records(associations, node__uuid=uuid)) == 2
    array.out_of_quorum = {"cluster1-03"}
    assert [node["name"] for node in api.records("/api/cluster/nodes", state="!up")] == ["cluster1-03"]
    assert {one["node"]["name"] for one in api.records(associations)} == {"cluster1-01"}
    for method, path, body in (
        ("POST", POLICIES, {}),
        ("DELETE", f"{POLICIES}/x", None),
        ("PATCH", "/api/security/ipsec", {"enabled": False}),
    ):
        response = api(method, path, body)
        assert (response.status_code, response.json()["error"]["code"]) == (500, "393271")
    assert api("GET").json()["num_records"] == 1
    array.out_of_quorum = set()
    assert len(api.records(associations)) == 4


def test_svms(array: Simulator, api: Api) -> None:
    uuid = array.add_svm("svm3")
    assert [record["name"] for record in api.records("/api/svm/svms")] == ["svm1", "svm2", "svm3"]
    assert api.records("/api/svm/svms", name="svm3")[0]["uuid"] == uuid
    assert api("GET", f"/api/svm/svms/{uuid}").json()["ipspace"]["name"] == "Default"
    assert api.refused("GET", "/api/svm/svms/x") == ("4", "uuid")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "3"),
        ("GET", "/api/security/ipsec/nothing", 404, "3"),
        ("GET", "/", 404, "3"),
        ("GET", "/api/v2/cluster", 404, "3"),
        ("GET", f"{POLICIES}/x/y", 404, "262179"),
        ("POST", "/api/cluster", 405, "3"),
        ("PATCH", "/api/svm/svms", 405, "3"),
        ("PUT", POLICIES, 405, "3"),
    ],
)
def test_what_there_is_not(api: Api, method: str, path: str, status: int, code: str) -> None:
    response = api(method, path)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert ("Allow" in response.headers) is (status == 405)


def test_options_and_head(api: Api) -> None:
    assert api("OPTIONS").headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST"
    assert api("OPTIONS", "/api/cluster").headers["Allow"] == "GET, HEAD, OPTIONS"
    response = api("HEAD")
    assert (response.status_code, response.content) == (200, b"")


def test_headers(api: Api) -> None:
    response = api("GET")
    assert response.headers["Server"] == "libzapid-httpd"
    assert "no-store" in response.headers["Cache-Control"]
    assert response.text.count("\n") > 1
    assert api("GET", pretty="false").text.count("\n") == 0
