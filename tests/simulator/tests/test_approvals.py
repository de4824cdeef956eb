# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Multi-admin verification, from the request that is held back to the approval that is used up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator import Simulator, Unknowns

from .conftest import POLICIES, Api, Record

Body = Callable[..., Record]


@pytest.fixture
def guarded(array: Simulator) -> Simulator:
    """Return an array on which creating a policy needs an approval."""
    array.require_approval("POST", "/security/ipsec/policies")
    return array


def held(api: Api, body: Record) -> int:
    """Send a POST that must be held back, and return the index of the request for approval."""
    response = api("POST", body=body)
    assert response.status_code == 202
    assert {*response.json()} == {"num_records", "records"}
    return int(response.json()["records"][0]["index"])


def test_a_request_has_no_effect_before_it_is_approved_and_sent_again(guarded: Simulator, api: Api, psk: Body) -> None:
    assert guarded.approvals == []
    assert held(api, psk()) == 1
    assert guarded.approvals == [1]
    guarded.approve(1)
    assert (guarded.approvals, guarded.policies()) == ([], [])
    assert api("POST", body=psk()).status_code == 201
    assert guarded.policy("psk", "svm1") is not None
    assert [line.status for line in guarded.requests] == [202, 201]


def test_an_approval_is_used_up(guarded: Simulator, api: Api, psk: Body) -> None:
    held(api, psk())
    guarded.approve()
    uuid = api("POST", body=psk(), return_records="true").json()["records"][0]["uuid"]
    assert api("DELETE", f"{POLICIES}/{uuid}").status_code == 200
    assert held(api, psk()) == 2
    assert (guarded.approvals, guarded.policies()) == ([2], [])


def test_the_same_request_is_that_of_the_same_method_path_and_body(array: Simulator, api: Api, psk: Body) -> None:
    array.require_approval("*", f"{POLICIES}*")
    body = psk()
    assert held(api, body) == held(api, dict(reversed(body.items()))) == 1
    assert held(api, {**body, "name": "other"}) == 2
    for number, (method, path) in enumerate(
        [("PATCH", POLICIES), ("PATCH", f"{POLICIES}/x"), ("DELETE", f"{POLICIES}/x")], start=3
    ):
        for _again in range(2):
            response = api(method, path, {"enabled": False} if method == "PATCH" else None)
            assert (response.status_code, response.json()["records"]) == (202, [{"index": number}])
    assert array.approvals == [1, 2, 3, 4, 5]
    assert api("GET", "/api/cluster").status_code == 200


def test_one_of_two_is_approved(guarded: Simulator, api: Api, psk: Body) -> None:
    assert (held(api, psk("a")), held(api, psk("b"))) == (1, 2)
    guarded.approve(2)
    assert (held(api, psk("a")), api("POST", body=psk("b")).status_code) == (1, 201)
    assert guarded.approvals == [1]
    assert [policy["name"] for policy in guarded.policies()] == ["b"]


def test_all_are_approved(guarded: Simulator, api: Api, psk: Body) -> None:
    held(api, psk("a"))
    held(api, psk("b"))
    guarded.approve()
    assert guarded.approvals == []
    assert [api("POST", body=psk(name)).status_code for name in ("a", "b")] == [201, 201]
    assert held(api, psk("c")) == 3


def test_what_does_not_wait_cannot_be_approved(guarded: Simulator, api: Api, psk: Body) -> None:
    guarded.approve()
    held(api, psk())
    for _twice in range(2):
        with pytest.raises(KeyError, match="7"):
            guarded.approve(7)
    guarded.approve(1)
    with pytest.raises(KeyError, match="1"):
        guarded.approve(1)


def test_the_answer_may_be_an_error(guarded: Simulator, api: Api, psk: Body) -> None:
    held(api, psk("a"))
    guarded.unknowns = Unknowns(approval_answer="error")
    response = api("POST", body=psk("b"))
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "262325"
    assert "request 2 " in response.json()["error"]["message"]
    assert guarded.policies() == []
    guarded.approve(2)
    assert api("POST", body=psk("b")).status_code == 201


def test_what_cannot_be_done_needs_no_approval(array: Simulator, api: Api) -> None:
    array.add_account("limited", "secret", forbidden=(POLICIES,))
    array.require_approval("*", "*")
    assert Api(array, ("limited", "secret"))("POST", body={}).status_code == 403
    assert api("POST", "/api/cluster", {}).status_code == 405
    assert api("POST", "/api/nothing", {}).status_code == 404
    assert array.approvals == []


@pytest.mark.parametrize(("switch", "status"), [("exempt", 201), ("needed", 202)])
def test_accounts_of_one_svm_may_be_exempt(guarded: Simulator, psk: Body, switch: str, status: int) -> None:
    guarded.unknowns = Unknowns(approval_of_svm_accounts=switch)
    guarded.add_account("vsadmin", "secret", svm="svm1")
    assert Api(guarded, ("vsadmin", "secret"))("POST", body=psk()).status_code == status
    # A tunnel into an SVM makes no account of it.
    assert Api(guarded, None, **{"X-Dot-SVM-Name": "svm1"})("POST", body=psk("other")).status_code == 202


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_fault_can_hide_that_a_request_is_held_back(
    guarded: Simulator, api: Api, psk: Body, after_effect: bool
) -> None:
    guarded.fault("bad_gateway", "POST", POLICIES, after_effect=after_effect)
    assert api("POST", body=psk()).status_code == 502
    assert guarded.approvals == ([1] if after_effect else [])
    assert held(api, psk()) == 1


def test_a_job_fails_for_want_of_an_approval(guarded: Simulator, api: Api, psk: Body) -> None:
    guarded.as_job("POST", POLICIES, polls=0)
    job = api("GET", api("POST", body=psk()).json()["job"]["_links"]["self"]["href"]).json()
    assert (job["state"], job["code"]) == ("failure", 262325)
    assert (guarded.approvals, guarded.policies()) == ([1], [])


def test_an_arranged_answer_has_an_index_of_its_own(guarded: Simulator, api: Api, psk: Body) -> None:
    guarded.answer_accepted("POST", POLICIES)
    assert (held(api, psk()), held(api, psk())) == (1, 2)
    assert guarded.approvals == [2]


def test_a_reset_drops_it_all(guarded: Simulator, api: Api, psk: Body) -> None:
    held(api, psk("a"))
    held(api, psk("b"))
    guarded.approve(1)
    guarded.reset()
    assert guarded.approvals == []
    assert api("POST", body=psk("b")).status_code == 201
    guarded.require_approval("POST", POLICIES)
    assert held(api, psk("a")) == 1
