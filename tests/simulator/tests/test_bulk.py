# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many records in one body: the job, its results, and what is taken back (fact sheet 4.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator import Simulator

from .conftest import KEY, POLICIES, Api, Record

Body = Callable[..., Record]
CA_CERTIFICATES = "/api/security/ipsec/ca-certificates"


def sent(api: Api, method: str, records: list[Record], path: str = POLICIES, **parameters: str) -> Record:
    """Send many records; return the job as the answer tells it."""
    response = api(method, path, {"records": records}, **parameters)
    assert response.status_code == 202, response.text
    return dict(response.json()["job"])


def done(api: Api, method: str, records: list[Record], path: str = POLICIES, **parameters: str) -> tuple[Any, ...]:
    """Send many records and wait; return how the job ended, its code, and what it did and did not."""
    job = sent(api, method, records, path, **parameters)
    while (state := api("GET", job["_links"]["self"]["href"]).json())["state"] in ("queued", "running"):
        pass
    results = api("GET", job["_links"]["results"]["href"]).json()
    assert results["num_records"] == len(results["records"])
    return state["state"], state["code"], results["records"], [error["code"] for error in results.get("errors", [])]


def names(array: Simulator) -> list[str]:
    return [policy["name"] for policy in array.policies()]


def test_a_job_creates_them_all(array: Simulator, api: Api, psk: Body) -> None:
    response = api("POST", body={"records": [psk("a"), psk("b", svm={"name": "svm2"})]})
    job = response.json()["job"]
    assert response.status_code == 202
    assert response.headers["Location"] == job["_links"]["results"]["href"]
    assert response.headers["Location"] == f"{POLICIES}?job_results_uuid={job['uuid']}"
    assert array.policies() == []
    states = [api("GET", job["_links"]["self"]["href"]).json()["state"] for _poll in range(2)]
    assert (states, names(array)) == (["running", "success"], ["a", "b"])
    results = api("GET", response.headers["Location"]).json()
    assert [{*record} for record in results["records"]] == [{"uuid", "name", "svm"}] * 2
    assert "errors" not in results


def test_records_come_back_when_they_are_asked_for(array: Simulator, api: Api, psk: Body) -> None:
    _state, _code, records, _errors = done(api, "POST", [psk("a")], return_records="true")
    assert records[0]["local_endpoint"]["address"] == "10.0.0.1"
    assert KEY not in str(records)


@pytest.mark.parametrize(
    ("parameters", "code", "left", "errors"),
    [
        ({}, 262287, [], ["66257099"]),
        ({"continue_on_failure": "false"}, 262287, [], ["66257099"]),
        ({"continue_on_failure": "true"}, 262288, ["a", "c"], ["66257099", "66257104"]),
    ],
)
def test_one_fails_and_the_others_are_taken_back(
    array: Simulator, api: Api, psk: Body, parameters: Record, code: int, left: list[str], errors: list[str]
) -> None:
    records = [psk("a"), psk("b", protocol="6,17"), psk("c"), psk("a")]
    state, found, done_records, told = done(api, "POST", records, **parameters)
    assert (state, found, told) == ("failure", code, errors)
    assert names(array) == [record["name"] for record in done_records] == left


def test_changes_are_taken_back(array: Simulator, api: Api) -> None:
    uuids = [array.add_policy({"name": name, "svm": "svm1"}) for name in ("a", "b")]
    before = array.policies()
    changes = [{"uuid": uuid, "protocol": protocol} for uuid, protocol in zip(uuids, ("tcp", "6,17"), strict=True)]
    assert done(api, "PATCH", changes) == ("failure", 262287, [], ["66257099"])
    assert array.policies() == before
    assert done(api, "PATCH", changes[:1]) == ("success", 0, [{"uuid": uuids[0]}], [])
    assert array.policies()[0]["protocol"] == "tcp"


def test_deletions_go_on_and_are_never_taken_back(array: Simulator, api: Api) -> None:
    uuids = [array.add_policy({"name": name, "svm": "svm1"}) for name in ("a", "b", "c")]
    records = [{"uuid": uuids[0]}, {"uuid": "nobody"}, {"uuid": uuids[2]}]
    shown = [{"uuid": uuids[0]}, {"uuid": uuids[2]}]
    assert done(api, "DELETE", records) == ("failure", 262288, shown, ["4"])
    assert names(array) == ["b"]


def test_what_cannot_be_read_is_refused_at_once(array: Simulator, api: Api, psk: Body) -> None:
    array.add_policy({"name": "a", "svm": "svm1"})
    for method, body, code in [
        ("POST", {"records": {"name": "a"}}, "262254"),
        ("POST", {"records": ["a"]}, "262200"),
        ("POST", {"records": [psk("b")], "name": "c"}, "262186"),
        ("PATCH", {"records": [{"enabled": False}]}, "262212"),
        ("DELETE", {"records": [{"uuid": None}]}, "262212"),
    ]:
        assert api.refused(method, body=body)[0] == code, body
    assert api.refused("POST", body={"records": [psk("b")]}, name="x")[0] == "262211"
    assert api.refused("DELETE", body={"records": []}, name="x")[0] == "262186"
    assert names(array) == ["a"]
    assert api.records("/api/cluster/jobs") == []


def test_results_are_those_of_a_job_of_this_collection(array: Simulator, api: Api, psk: Body) -> None:
    array.as_job("POST", POLICIES)
    other = api("POST", body=psk()).json()["job"]["uuid"]
    for path, uuid in ((POLICIES, "x"), (POLICIES, other), (CA_CERTIFICATES, sent(api, "POST", [])["uuid"])):
        assert api.refused("GET", path, job_results_uuid=uuid) == ("262294", "job_results_uuid")
    job = sent(api, "POST", [psk("late")])["uuid"]
    assert api.refused("GET", job_results_uuid=job)[0] == "262293"
    assert api("GET", job_results_uuid=job).json()["records"][0]["name"] == "late"


@pytest.mark.parametrize(("version", "status"), [("9.9.1", 400), ("9.10.1", 202)])
def test_they_came_with_9_10_1(array: Simulator, api: Api, psk: Body, version: str, status: int) -> None:
    array.version = version
    assert api("POST", body={"records": [psk()]}).status_code == status
    assert api("DELETE", body={"records": []}).status_code == (405 if status == 400 else 202)


def test_certificates_of_authorities(array: Simulator, api: Api) -> None:
    ca = next(one["uuid"] for one in api.records("/api/security/certificates", name="ipsec-ca"))
    record = {"certificate": {"uuid": ca}, "svm": {"name": "svm1"}}
    assert done(api, "POST", [record, record], CA_CERTIFICATES) == ("failure", 262287, [], ["1"])
    assert array.ca_certificates() == []
    assert done(api, "POST", [record], CA_CERTIFICATES)[0] == "success"
    assert done(api, "DELETE", [{"certificate.uuid": ca}], CA_CERTIFICATES)[2] == [{"certificate": {"uuid": ca}}]
    assert array.ca_certificates() == []
    assert api.refused("PATCH", CA_CERTIFICATES, {"records": [record]})[0] == "3"


def test_an_approval_is_for_all_of_them(array: Simulator, api: Api, psk: Body) -> None:
    array.require_approval("POST", POLICIES)
    body = {"records": [psk("a"), psk("b")]}
    assert "job" not in api("POST", body=body).json()
    array.approve()
    assert done(api, "POST", body["records"])[0] == "success"
    assert array.approvals == []
