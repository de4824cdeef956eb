# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run of ipsec_policies does to an array: requests, order, guards, failures, result."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import (
    InvalidInput,
    OntapError,
    SetFailed,
    UnexpectedAnswer,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state import whole_set
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.connection import client_of
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.execute import Mode
from ansible_collections.wiresec.ontap.plugins.modules import ipsec_policies
from simulator import Simulator, Unknowns
from support.arrays import names, writes
from support.clock import Clock
from support.harness import WHOLE_SET_SPEC, login, policies, validated
from support.paths import POLICIES
from support.samples import KEY, bypass, entries, entry, there


def counts(result: dict[str, Any]) -> dict[str, int]:
    return {key: number for key, number in result["summary"].items() if number}


# One read, one plan


@pytest.mark.parametrize(("number", "page_size", "pages"), [(0, 10, 1), (1, 10, 1), (10, 10, 1), (95, 10, 10)])
def test_without_changes_it_costs_one_listing(array: Simulator, number: int, page_size: int, pages: int) -> None:
    wanted = entries(number, "svm1", "svm2")
    policies(array, policies=wanted)
    array.page_size = page_size
    array.clear_log()
    result = policies(array, policies=wanted, svms=["svm1", "svm2"])
    assert (result["changed"], counts(result)) == (False, {"unchanged": number} if number else {})
    # Where an SVM has no policy, whether there is such an SVM; where nothing is listed, whether the account sees but one.
    assert [request.method for request in array.requests] == ["GET"] * (pages + (number < 1) + (number < 2))
    assert array.connections == 1


def test_all_kinds_of_change_in_one_run(array: Simulator) -> None:
    policies(array, policies=[entry("same"), entry("drifted", enabled=False), entry("gone"), bypass("other")])
    wanted = [
        entry("same"),
        entry("drifted"),
        entry("gone", state="absent"),
        entry("never-there", state="absent"),
        bypass("other", action="discard", recreate=True),
        entry("new"),
    ]
    result = policies(array, policies=wanted)
    operations = [(one["name"], one["operation"], one["result"]) for one in result["entries"]]
    assert operations == [
        ("same", "none", "unchanged"),
        ("drifted", "modified", "done"),
        ("gone", "deleted", "done"),
        ("never-there", "none", "unchanged"),
        ("other", "recreated", "done"),
        ("new", "created", "done"),
    ]
    assert names(array) == ["svm1/drifted", "svm1/new", "svm1/other", "svm1/same"]
    assert counts(result) == {"created": 1, "modified": 1, "recreated": 1, "deleted": 1, "done": 4, "unchanged": 2}
    drifted = next(change for change in result["changes"] if change["name"] == "drifted")
    assert (drifted["before"], drifted["after"]) == ({"enabled": False}, {"enabled": True})
    assert (drifted["position"], drifted["modified"]) == (1, ["enabled"])
    assert policies(array, policies=wanted)["changed"] is False


def test_what_the_task_says_once_holds_for_all_entries(array: Simulator) -> None:
    policies(array, policies=[entry("a", None), entry("b", "svm2")], svm="svm1")
    assert names(array) == ["svm1/a", "svm2/b"]
    rotated = policies(
        array,
        policies=[entry("a", None), bypass("c", None), entry("b", "svm2", update_secret_key="on_create")],
        svm="svm1",
        update_secret_key="always",
        recreate=True,
        max_deletes="2",
        # The bypass covers all that the only policy of its SVM protects.
        allow_empty=True,
    )
    assert [(change["name"], change["operation"]) for change in rotated["changes"]] == [
        ("c", "created"),
        ("a", "recreated"),
    ]


@pytest.mark.parametrize("number", [1, 30, 400])
def test_svms_by_the_hundred_are_read_at_once(array: Simulator, number: int) -> None:
    svms = [f"svm-of-a-rather-long-name-{index}" for index in range(number)]
    for svm in svms:
        array.add_svm(svm)
    wanted = [entry("web", svm) for svm in svms]
    array.add_policy(there("web", "svm1"))
    policies(array, policies=wanted, concurrency=8)
    array.clear_log()
    assert policies(array, policies=wanted, prune=True)["changed"] is False
    assert len(array.requests) == 1
    assert len(array.requests[0].raw_query) < 4000


def test_entries_without_svm_are_of_cluster_scope_and_never_pruned(array: Simulator) -> None:
    array.add_policy(there("web", "svm2"))
    result = policies(array, policies=[bypass("web", None), bypass("web", "svm1")], prune=True)
    assert names(array) == ["-/web", "svm1/web", "svm2/web"]
    assert "exists on SVM svm1, svm2" in result["warnings"][0] or "exists on SVM svm2" in result["warnings"][0]
    policies(array, policies=[bypass("web", "svm1")], prune=True)
    assert names(array) == ["-/web", "svm1/web", "svm2/web"]


def test_policies_as_they_now_are_on_request(array: Simulator) -> None:
    array.add_policy(there("bystander"))
    wanted = [entry("b"), entry("a"), entry("gone", state="absent")]
    predicted = policies(array, check_mode=True, policies=wanted, return_policies=True)
    result = policies(array, policies=wanted, return_policies=True)
    assert [one["name"] for one in result["policies"]] == ["a", "b", "bystander"]
    assert [one["name"] for one in predicted["policies"]] == ["a", "b", "bystander"]
    assert (
        policies(
            array,
            policies=[one | {"secret_key": KEY} if one["action"] != "bypass" else one for one in result["policies"]],
        )["changed"]
        is False
    )
    assert "policies" not in policies(array, policies=wanted)


# Bad entries


def test_all_bad_entries_are_reported_together_and_nothing_is_written(array: Simulator) -> None:
    policies(array, policies=[bypass("fixed")])
    array.clear_log()
    wanted = [
        entry("good"),
        entry("bad-port", local_endpoint={"address": "10.10.10.7/32", "port": "1-2"}),
        {"svm": "svm1", "action": "bypass"},
        entry("bad-words", action="drop", state="gone"),
        entry("bad-action", action="drop"),
        entry("good"),
        entry("good", "svm2"),
    ]
    with pytest.raises(InvalidInput) as caught:
        policies(array, policies=wanted)
    for sentence in (
        "policies[1] (IPsec policy 'bad-port' on SVM 'svm1'): local_endpoint.port: '1-2' is a range of ports",
        "policies[2] (IPsec policy None on SVM 'svm1'): name: is needed.",
        "policies[3] (IPsec policy 'bad-words' on SVM 'svm1'): state: 'gone' is not one of present, absent.",
        "policies[4] (IPsec policy 'bad-action' on SVM 'svm1'): action: 'drop' is not one of bypass, discard,",
        "policies[5] (IPsec policy 'good' on SVM 'svm1'): is at policies[0], too; name it once.",
    ):
        assert sentence in str(caught.value)
    assert "policies[6]" not in str(caught.value)
    assert array.requests == []

    with pytest.raises(InvalidInput) as caught:
        policies(array, policies=[entry("new"), bypass("fixed", action="discard"), entry("keyless", secret_key=None)])
    for sentence in (
        "policies[1] (IPsec policy 'fixed' on SVM 'svm1'): IPsec policy 'fixed' on SVM 'svm1' can't be changed in place",
        "policies[2] (IPsec policy 'keyless' on SVM 'svm1'): secret_key or certificate: needed",
    ):
        assert sentence in str(caught.value)
    assert writes(array) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"concurrency": 0}, "concurrency: 0 is not from 1 to 8"),
        ({"concurrency": 9}, "concurrency: 9 is not from 1 to 8"),
        ({"max_deletes": "many"}, "max_deletes: 'many' is neither a number nor a percentage"),
        ({"max_deletes": "101%"}, "max_deletes: '101%' is neither"),
        ({"max_deletes": "-1"}, "max_deletes: '-1' is neither"),
    ],
)
def test_bad_options_are_refused_before_the_first_request(
    array: Simulator, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        policies(array, policies=[entry("web")], **options)
    assert array.requests == []


# Order


def test_what_protects_comes_first_and_what_takes_away_comes_last(array: Simulator) -> None:
    policies(array, policies=[entry(name) for name in ("gone", "off", "moved")] + [bypass("other")])
    array.clear_log()
    wanted = [
        entry("gone", state="absent"),
        entry("off", enabled=False),
        bypass("other", action="discard", recreate=True),
        entry("moved", remote_endpoint={"address": "10.10.21.0/24"}),
        entry("renamed"),
    ]
    result = policies(array, policies=wanted, concurrency=8, max_deletes="4")
    assert [change["name"] for change in result["changes"]] == ["renamed", "moved", "other", "off", "gone"]
    assert writes(array) == ["POST", "PATCH", "DELETE", "POST", "PATCH", "DELETE"]


def test_a_new_name_is_a_create_and_then_a_delete(array: Simulator) -> None:
    policies(array, policies=[entry("old")])
    array.clear_log()
    policies(array, policies=[entry("new")], prune=True)
    assert writes(array) == ["POST", "DELETE"]
    assert names(array) == ["svm1/new"]


# Prune and its guards: each saves somebody


def test_nothing_is_pruned_unless_asked_for(array: Simulator) -> None:
    array.add_policy(there("manual"))
    policies(array, policies=[entry("web")])
    assert names(array) == ["svm1/manual", "svm1/web"]


def test_prune_stays_within_the_svms_that_the_entries_name_or_that_are_listed(array: Simulator) -> None:
    for svm in ("svm1", "svm2"):
        array.add_policy(there("manual", svm))
    policies(array, policies=[entry("web", "svm1")], prune=True, check_mode=True)
    policies(array, policies=[entry("web", "svm1")], prune=True)
    assert names(array) == ["svm1/web", "svm2/manual"]
    array.add_policy(there("manual", "svm1"))
    policies(array, policies=[entry("web", "svm1")], prune=True, svms=["svm2"], allow_empty=True)
    assert names(array) == ["svm1/manual", "svm1/web"]


def test_prune_goes_nowhere_if_the_list_of_svms_is_empty(array: Simulator) -> None:
    array.add_policy(there("manual"))
    policies(array, policies=[entry("web")], prune=True, svms=[])
    assert names(array) == ["svm1/manual", "svm1/web"]


def test_a_policy_of_cluster_scope_is_deleted_by_name(array: Simulator) -> None:
    policies(array, policies=[bypass("web", None), entry("web")])
    assert policies(array, policies=[bypass("web", None, state="absent")], allow_empty=True)["summary"]["deleted"] == 1
    assert names(array) == ["svm1/web"]


def test_prune_keeps_what_a_pattern_matches(array: Simulator) -> None:
    for name in ("manual-1", "Manual-2", "x-manual", "auto"):
        array.add_policy(there(name))
    policies(array, policies=[], svms=["svm1"], prune=True, keep=["manual-*", "?-manual"], allow_empty=True)
    assert names(array) == ["svm1/manual-1", "svm1/x-manual"]


def test_half_a_list_does_not_delete_the_other_half(array: Simulator) -> None:
    wanted = entries(20, "svm1")
    policies(array, policies=wanted)
    array.clear_log()
    for check_mode in (True, False):
        with pytest.raises(InvalidInput) as caught:
            policies(array, check_mode=check_mode, policies=wanted[:10], prune=True)
        message = str(caught.value)
        assert (
            "max_deletes: 30% of the 20 that exist allows 6 to be deleted, recreated or to protect less, not 10."
            in message
        )
        assert "Set max_deletes: 10 if that is meant. Nothing was changed." in message
        assert all(one["name"] in message for one in wanted[10:])
    assert writes(array) == []
    assert policies(array, policies=wanted[:14], prune=True)["summary"]["deleted"] == 6
    assert policies(array, policies=wanted[:4], prune=True, max_deletes="10")["summary"]["deleted"] == 10


@pytest.mark.parametrize(
    ("existing", "deleted", "limit", "allowed"),
    [
        (9, 3, None, True),
        (9, 4, None, False),
        (4, 2, None, True),
        (4, 3, None, False),
        (1, 1, None, True),
        (10, 3, None, True),
        (10, 4, None, False),
        (9, 1, "0", False),
        (4, 1, "30%", True),
        (3, 1, "30%", False),
        (4, 4, "100 %", True),
        (12, 12, "12", True),
    ],
)
def test_how_much_may_be_deleted(
    array: Simulator, existing: int, deleted: int, limit: str | None, allowed: bool
) -> None:
    wanted = entries(existing, "svm1")
    policies(array, policies=wanted)
    options = {"policies": wanted[deleted:], "svms": ["svm1"], "prune": True, "allow_empty": True, "max_deletes": limit}
    if allowed:
        assert policies(array, **options)["summary"]["deleted"] == deleted
    else:
        with pytest.raises(InvalidInput, match="max_deletes"):
            policies(array, **options)
    assert len(array.policies()) == existing - (deleted if allowed else 0)


def test_a_rotation_of_all_keys_counts_as_deletes(array: Simulator) -> None:
    wanted = entries(10, "svm1")
    policies(array, policies=wanted)
    rotation = {"policies": wanted, "update_secret_key": "always", "recreate": True}
    with pytest.raises(InvalidInput, match="SVM 'svm1' has 10 recreated: 'policy000'"):
        policies(array, **rotation)
    assert policies(array, **rotation, max_deletes="100%")["summary"]["recreated"] == 10


def test_an_empty_list_deletes_nothing_unless_that_is_allowed(array: Simulator) -> None:
    policies(array, policies=entries(3, "svm1"))
    empty = {"policies": [], "svms": ["svm1"], "prune": True}
    with pytest.raises(InvalidInput, match="policies: the list is empty. Set allow_empty: true.*policy000"):
        policies(array, **empty)
    assert len(array.policies()) == 3
    with pytest.raises(InvalidInput, match="the default allows 1 of the 3 that exist .* Set max_deletes: 3"):
        policies(array, **empty, allow_empty=True)
    assert policies(array, **empty, allow_empty=True, max_deletes="3")["summary"]["deleted"] == 3
    assert policies(array, **empty)["changed"] is False


@pytest.mark.parametrize("behaviour", ["normal", "empty"])
def test_nothing_is_deleted_while_ipsec_is_disabled(array: Simulator, behaviour: str) -> None:
    array.unknowns = Unknowns(while_disabled=behaviour)
    policies(array, policies=[entry("web"), entry("old")])
    array.ipsec_enabled = False
    for options in (
        {"policies": [entry("web")], "prune": True},
        {"policies": [entry("old", state="absent")]},
        {"policies": [entry("web")], "update_secret_key": "always", "recreate": True},
    ):
        if behaviour == "empty" and "state" not in options["policies"][0]:
            continue
        with pytest.raises(UnexpectedAnswer, match="IPsec is not enabled on this array"):
            policies(array, **options)
    assert len(array.policies()) == 2


@pytest.mark.parametrize("kind", ["wrong_count", "looping_next", "foreign_svm", "html", "gave_up"])
def test_an_incomplete_read_ends_the_run_before_any_write(array: Simulator, kind: str) -> None:
    policies(array, policies=[entry("web"), entry("old")])
    array.clear_log()
    clock = Clock()
    array.on_silence = clock.wait_in_vain(kind)
    array.fault(kind, "GET", POLICIES)
    with pytest.raises(UnexpectedAnswer, match="GET /api/security/ipsec/policies"):
        policies(array, policies=[entry("web", enabled=False), entry("new")], prune=True, clock=clock)
    assert writes(array) == []


# Failures


def test_the_first_failure_stops_what_has_not_begun(array: Simulator) -> None:
    policies(array, policies=[entry("old")])
    array.refuse("POST", POLICIES, code=66257110, occurrence=2)
    wanted = [*entries(4, "svm1"), entry("old", state="absent")]
    with pytest.raises(SetFailed) as caught:
        policies(array, policies=wanted, concurrency=1)
    result = caught.value.result()
    assert [one["result"] for one in result["entries"]] == ["done", "failed", *["not_attempted"] * 3]
    assert result["changed"] is True
    assert result["entries"][1]["error"]["code"] == 66257110
    assert "1 of 5 changes failed, 3 were not attempted. policies[1] (IPsec policy 'policy001'" in result["msg"]
    assert names(array) == ["svm1/old", "svm1/policy000"]
    policies(array, policies=wanted)
    assert names(array) == [f"svm1/policy00{index}" for index in range(4)]


@pytest.mark.parametrize("concurrency", [1, 8])
def test_with_continue_on_error_nothing_is_taken_away_where_something_failed(
    array: Simulator, concurrency: int
) -> None:
    policies(array, policies=[entry(name, svm) for svm in ("svm1", "svm2") for name in ("old", "off")])
    unlucky = entry("new", "svm1", ipspace="nowhere")
    wanted = [unlucky, entry("new", "svm2"), entry("third", "svm1")]
    wanted += [entry("off", svm, enabled=False) for svm in ("svm1", "svm2")]
    with pytest.raises(SetFailed) as caught:
        policies(
            array, policies=wanted, prune=True, continue_on_error=True, concurrency=concurrency, max_deletes="100%"
        )
    outcome = {(one["svm"], one["name"]): one["result"] for one in caught.value.result()["entries"]}
    assert outcome == {
        ("svm1", "new"): "failed",
        ("svm2", "new"): "done",
        ("svm1", "third"): "done",
        ("svm1", "off"): "not_attempted",
        ("svm2", "off"): "done",
        ("svm1", "old"): "not_attempted",
        ("svm2", "old"): "done",
    }
    assert names(array) == ["svm1/off", "svm1/old", "svm1/third", "svm2/new", "svm2/off"]


def test_a_bug_is_told_as_what_it_is_and_nothing_more_is_begun(
    array: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies(array, policies=[entry("gone")])

    def divide(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(whole_set, "apply", divide)
    with pytest.raises(ZeroDivisionError):
        policies(array, policies=[entry("new"), entry("gone", state="absent")])
    assert names(array) == ["svm1/gone"]


def test_a_write_whose_answer_got_lost_is_settled_for_each(array: Simulator) -> None:
    pki = {"secret_key": None, "certificate": "ipsec-cert", "remote_identity": "A"}
    array.add_ca_certificate("ipsec-ca", "svm1")
    array.fault("reset", "POST", POLICIES, times=2, after_effect=True)
    with pytest.raises(SetFailed) as caught:
        policies(array, policies=[entry("a", **pki), entry("b")], concurrency=1)
    result = caught.value.result()
    assert [one["result"] for one in result["entries"]] == ["done", "unknown"]
    assert "policies[0] (IPsec policy 'a' on SVM 'svm1'): " in result["warnings"][0]
    assert "carried out all the same" in result["warnings"][0]
    assert policies(array, policies=[entry("a", **pki), entry("b")])["changed"] is False


def test_a_failed_recreate_tells_what_is_missing(array: Simulator) -> None:
    policies(array, policies=[entry("web", protocol="tcp")])
    array.refuse("POST", POLICIES, code=66257110)
    with pytest.raises(SetFailed) as caught:
        policies(array, policies=[entry("web")], update_secret_key="always", recreate=True)
    told = caught.value.result()["entries"][0]
    assert (told["operation"], told["result"], told["lost"]["protocol"]) == ("deleted", "failed", "tcp")


def test_what_awaits_approval_is_told_apart(array: Simulator) -> None:
    array.require_approval("POST", POLICIES)
    wanted = entries(3, "svm1")
    with pytest.raises(SetFailed) as caught:
        policies(array, policies=wanted, continue_on_error=True)
    assert [one["approval"]["pending"] for one in caught.value.result()["entries"]] == [True] * 3
    assert caught.value.result()["changed"] is False
    array.approve()
    assert policies(array, policies=wanted)["summary"]["done"] == 3


# Check mode, diff mode, secrets


def test_check_mode_returns_the_plan_and_a_real_run_does_it(array: Simulator) -> None:
    policies(array, policies=[entry("b", enabled=False), entry("c"), entry("gone")])
    before = array.policies()
    wanted = [entry("c"), entry("b"), entry("a"), entry("a", "svm2")]
    planned = policies(array, check_mode=True, policies=wanted, prune=True)
    assert array.policies() == before
    assert [change["result"] for change in planned["changes"]] == ["planned"] * 4
    done = policies(array, policies=wanted, prune=True)
    for result in (planned, done):
        for change in result["changes"]:
            del change["result"], change["uuid"]
    assert planned["changes"] == done["changes"]
    assert planned["diff"] == done["diff"]
    assert [block.get("after_header", block.get("prepared")) for block in done["diff"]] == [
        "IPsec policy 'a' on SVM 'svm1'",
        "IPsec policy 'b' on SVM 'svm1'",
        "IPsec policy 'gone' on SVM 'svm1'",
        "IPsec policy 'a' on SVM 'svm2'",
        "policies unchanged: 1\n",
    ]


def test_no_key_is_in_any_result(array: Simulator) -> None:
    array.refuse("POST", POLICIES, code=66257107, occurrence=2)
    results = [policies(array, check_mode=True, policies=entries(3, "svm1"), return_policies=True)]
    with pytest.raises(OntapError) as caught:
        policies(array, policies=entries(3, "svm1"), return_policies=True, concurrency=1)
    results.append(caught.value.result())
    results.append(policies(array, policies=entries(3, "svm1"), return_policies=True))
    assert KEY not in json.dumps(results)


def test_progress_is_reported_as_it_goes(array: Simulator) -> None:
    params = validated(WHOLE_SET_SPEC, {**login(array), "policies": entries(5, "svm1"), "concurrency": 3})
    seen: list[tuple[int, int]] = []
    with client_of(params, {}, POLICY) as client:
        mode = Mode(progress=lambda done, total: seen.append((done, total)))
        ipsec_policies.run(params, client, mode)
    assert seen == [(number, 5) for number in range(1, 6)]
