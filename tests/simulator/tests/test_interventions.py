# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test can arrange: refusals, jobs, pending approval, too many requests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator import Simulator, Unknowns

from .conftest import POLICIES, Api, Record

Body = Callable[..., Record]


def test_refusals_are_for_the_requests_that_fit(array: Simulator, api: Api, psk: Body) -> None:
    array.refuse("POST", POLICIES, 66257110, times=2)
    array.refuse("GET", "/api/cluster*", 6, status=418, message="No tea", target="pot")
    assert api("GET").status_code == 200
    for _attempt in range(2):
        assert api.refused("POST", body=psk()) == ("66257110", None)
    assert api("POST", body=psk()).status_code == 201
    response = api("GET", "/api/cluster")
    assert response.status_code == 418
    assert response.json() == {"error": {"message": "No tea", "code": "6", "target": "pot"}}


def test_a_refusal_may_come_after_the_effect(array: Simulator, api: Api, psk: Body) -> None:
    array.refuse("POST", "/security/ipsec/policies", 65552, after_effect=True)
    response = api("POST", body=psk())
    assert (response.status_code, response.json()["error"]["code"]) == (500, "65552")
    assert array.policy("psk", "svm1") is not None


def test_a_refusal_means_its_code_in_any_release(array: Simulator, api: Api) -> None:
    array.version = "9.8"
    for code in (66257130, 262325, 99999999):
        array.refuse("GET", "*", code)
        assert api.refused("GET")[0] == str(code)


def test_a_refusal_may_wait_for_its_turn(array: Simulator, api: Api) -> None:
    array.refuse("GET", POLICIES, 6, status=403, occurrence=3, times=2)
    array.refuse("*", POLICIES, 8, status=409, occurrence=2)
    assert [api("GET").status_code for _request in range(5)] == [200, 409, 403, 403, 200]


def test_a_rule_counts_the_requests_that_another_takes(array: Simulator, api: Api) -> None:
    array.refuse("GET", POLICIES, 6, status=403, times=2)
    array.refuse("GET", POLICIES, 8, status=409, occurrence=2)
    array.refuse("GET", POLICIES, 7, status=503, occurrence=5)
    # The second is due at once with the first, which goes before: its turn is put off, not lost.
    assert [api("GET").status_code for _request in range(6)] == [403, 403, 409, 200, 503, 200]


def test_rules_count_from_when_they_are_arranged(array: Simulator, api: Api) -> None:
    assert api("GET").status_code == 200
    array.refuse("GET", POLICIES, 6, occurrence=2)
    assert api("GET", "/api/cluster").status_code == 200
    assert [api("GET").status_code for _request in range(3)] == [200, 403, 200]
    with pytest.raises(ValueError, match="counts from 1"):
        array.refuse("GET", POLICIES, 6, occurrence=0)


def test_jobs_and_pending_approvals_wait_for_their_turn(array: Simulator, api: Api, psk: Body) -> None:
    array.as_job("POST", POLICIES, occurrence=2)
    array.answer_accepted("POST", POLICIES, occurrence=3)
    answers = [api("POST", body=psk(name)) for name in ("a", "b", "c", "d")]
    assert [answer.status_code for answer in answers] == [201, 202, 202, 201]
    assert ["job" in answer.json() for answer in answers] == [False, True, False, False]
    assert [policy["name"] for policy in array.policies()] == ["a", "d"]


def poll(api: Api, answer: Record) -> list[str]:
    """Poll a job until it is finished, or seen to be paused."""
    states: list[str] = []
    while not states or states[-1] in ("queued", "running"):
        job = api("GET", answer["job"]["_links"]["self"]["href"]).json()
        states.append(job["state"])
    return states


@pytest.mark.parametrize(("polls", "expected"), [(0, []), (1, ["running"]), (3, ["queued", "running", "running"])])
def test_a_job_has_its_effect_when_it_succeeds(
    array: Simulator, api: Api, psk: Body, polls: int, expected: list[str]
) -> None:
    array.as_job("POST", POLICIES, polls=polls)
    response = api("POST", body=psk())
    assert response.status_code == 202
    assert len(array.policies()) == (0 if polls else 1)
    assert poll(api, response.json()) == [*expected, "success"]
    assert array.policy("psk", "svm1") is not None
    assert poll(api, response.json()) == ["success"]
    assert len(array.policies()) == 1


def test_a_job_fails(array: Simulator, api: Api, psk: Body) -> None:
    array.as_job("POST", POLICIES, outcome="failure", message="Out of luck", code=65562, polls=0)
    job = api("GET", api("POST", body=psk()).json()["job"]["_links"]["self"]["href"]).json()
    assert (job["state"], job["message"], job["code"]) == ("failure", "Out of luck", 65562)
    assert job["error"] == {"message": "Out of luck", "code": "65562"}
    assert array.policies() == []


def test_a_job_fails_without_a_message(array: Simulator, api: Api, psk: Body) -> None:
    array.as_job("POST", POLICIES, outcome="failure", polls=0)
    job = api("GET", api("POST", body=psk()).json()["job"]["_links"]["self"]["href"]).json()
    assert job["state"] == "failure"
    assert "message" not in job


def test_a_job_fails_where_the_operation_would(array: Simulator, api: Api, psk: Body) -> None:
    array.as_job("POST", POLICIES, polls=0)
    job = api("GET", api("POST", body=psk(protocol="6,17")).json()["job"]["_links"]["self"]["href"]).json()
    assert (job["state"], job["code"]) == ("failure", 66257099)


def test_a_job_pauses(array: Simulator, api: Api, psk: Body) -> None:
    array.as_job("POST", POLICIES, paused=True)
    assert poll(api, api("POST", body=psk()).json()) == ["running", "paused"]
    assert array.policies() == []


def test_plain_json_has_no_link_to_the_job(array: Simulator, api: Api, psk: Body) -> None:
    array.as_job("POST", POLICIES)
    api.session.headers["Accept"] = "application/json"
    assert {*api("POST", body=psk()).json()["job"]} == {"uuid"}


def test_jobs_can_be_listed(array: Simulator, api: Api, psk: Body) -> None:
    array.as_job("POST", POLICIES)
    uuid = api("POST", body=psk()).json()["job"]["uuid"]
    listed = api.records("/api/cluster/jobs", fields="state,description")
    assert [(job["uuid"], job["state"]) for job in listed] == [(uuid, "running")]
    assert listed[0]["description"] == f"POST {POLICIES}"
    assert api.refused("GET", "/api/cluster/jobs/x") == ("4", "uuid")


def test_pending_approval(array: Simulator, api: Api, psk: Body) -> None:
    array.answer_accepted("POST", POLICIES)
    response = api("POST", body=psk())
    assert response.status_code == 202
    assert response.json()["records"] == [{"index": 1}]
    assert array.policies() == []
    assert api("POST", body=psk()).status_code == 201


def test_too_many_requests(array: Simulator, api: Api) -> None:
    array.request_limit = 0
    response = api("GET")
    assert (response.status_code, response.json()["error"]["code"]) == (429, "262160")
    assert response.headers["Retry-After"] == "1"


def test_the_form_of_errors(array: Simulator, api: Api, psk: Body) -> None:
    array.unknowns = Unknowns(error_status=500, error_target_present=False, error_code_type="int")
    response = api("POST", body=psk(protocol="6,17"))
    assert response.status_code == 500
    assert response.json()["error"] == {"message": "More than one protocol is given", "code": 66257099}
    assert api("GET", "/api/cluster?fields=x").json()["error"]["target"] == "fields"
