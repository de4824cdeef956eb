# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set is changed only as it was approved: one digest stands for the plan and all that it rests on."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput, SetFailed
from simulator import Simulator
from support.harness import WHOLE_SET_SPEC, Playbooks, login, policies
from support.samples import WEB

WANTED = [
    dict(WEB, name="web", enabled=True),
    dict(WEB, name="backup", local_endpoint={"address": "10.10.10.7/32", "port": 873}),
    dict(WEB, name="same", local_endpoint={"address": "10.10.10.7/32", "port": 111}),
]
OTHER = dict(WEB, name="other", action="bypass", authentication_method=None, secret_key=None)


@pytest.fixture
def planned(array: Simulator) -> dict[str, Any]:
    """An array on which one policy drifted and one is missing, and a plan for it."""
    policies(array, policies=[WANTED[0], WANTED[2], OTHER])
    array.edit_policy("web", "svm1", {"enabled": False})
    return policies(array, check_mode=True, policies=WANTED, source="commit 1")


def test_the_approved_plan_is_carried_out(array: Simulator, planned: dict[str, Any]) -> None:
    done = policies(array, policies=WANTED, source="commit 1", approved_digests=["sha256:another", planned["digest"]])
    assert (done["summary"]["done"], done["digest"]) == (2, planned["digest"])


def edit(array: Simulator) -> None:
    array.edit_policy("web", "svm1", {"remote_endpoint.netmask": "16"})


def edit_an_unmanaged_one(array: Simulator) -> None:
    array.edit_policy("other", "svm1", {"enabled": False})


def replace_by_a_twin(array: Simulator) -> None:
    """The same policy under another UUID: somebody deleted and created it, so its associations are others, too."""
    policies(array, policies=[{"name": "web", "svm": "svm1", "state": "absent"}])
    policies(array, policies=[WANTED[0]])
    array.edit_policy("web", "svm1", {"enabled": False})


def edit_what_is_left_alone(array: Simulator) -> None:
    """Of a policy that needs no change, what its entry says nothing of."""
    array.edit_policy("same", "svm1", {"local_identity": "CN=by-hand"})


def nothing(array: Simulator) -> None:
    """The array stays as it is."""


DEVIATIONS: dict[str, tuple[Callable[[Simulator], None], dict[str, Any]]] = {
    "a policy was edited": (edit, {}),
    "a policy that no entry names was edited": (edit_an_unmanaged_one, {}),
    "what an entry leaves alone was edited": (edit_what_is_left_alone, {}),
    "a policy was replaced": (replace_by_a_twin, {}),
    "the source is another": (nothing, {"source": "commit 2"}),
    "an entry is gone": (nothing, {"policies": WANTED[:1]}),
    "an entry has another value": (
        nothing,
        {"policies": [WANTED[0], dict(WEB, name="backup", enabled=False), WANTED[2]]},
    ),
    "more is deleted": (nothing, {"prune": True}),
    "nothing is approved": (nothing, {"approved_digests": []}),
}


def refused(array: Simulator, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    """The result of a run that is not approved, and changes nothing."""
    before = copy.deepcopy(array.policies())
    with pytest.raises(InvalidInput, match=r"approved_digests: .* Nothing was changed") as caught:
        policies(array, check_mode=check_mode, **{"policies": WANTED, "source": "commit 1", **options})
    assert array.policies() == before
    result = caught.value.result()
    assert result["digest"] in str(caught.value)
    assert (result["changed"], [one["reason"] for one in result["refused"]]) == (False, ["approval"])
    return result


@pytest.mark.parametrize("deviation", DEVIATIONS)
@pytest.mark.parametrize("given", ["digest", "digests"])
def test_any_other_plan_changes_nothing(array: Simulator, planned: dict[str, Any], deviation: str, given: str) -> None:
    act, options = DEVIATIONS[deviation]
    act(array)
    approved = [planned["digest"]] if given == "digest" else planned["digests"]
    for check_mode in (True, False):
        refused(array, check_mode, **{"approved_digests": approved, **options})


def test_the_parts_that_only_tell_what_differs_approve_nothing(array: Simulator, planned: dict[str, Any]) -> None:
    parts = [one for one in planned["digests"] if not one.startswith(("sha256:", "change:"))]
    kinds = [one.partition(":")[0] for one in parts]
    assert kinds == ["array", "source", "list", "others", "unchanged", "done", "done"]
    refused(array, approved_digests=parts)
    some = [one for one in planned["digests"] if one.startswith("change:")]
    assert "Not approved: " in refused(array, approved_digests=some[:1])["msg"]
    assert policies(array, policies=WANTED, source="commit 1", approved_digests=some)["summary"]["done"] == 2


def swap(array: Simulator) -> None:
    """Another array under the same name, on which the same policies were created."""
    array.reset()
    policies(array, policies=[WANTED[0], WANTED[2], OTHER])
    array.edit_policy("web", "svm1", {"enabled": False})


@pytest.mark.parametrize(
    ("act", "options", "sentences"),
    [
        (swap, {}, ["This is another array than the one that was planned for."]),
        (nothing, {"source": "commit 2"}, ["What the list was made from (source) is another."]),
        (edit_an_unmanaged_one, {}, ["The policies that the list does not name are others than they were."]),
        (nothing, {"policies": [*WANTED, dict(WEB, name="new")]}, ["The list, or what it leaves open, is another."]),
        (edit_what_is_left_alone, {}, ["The policies that are as the list wants them are others than they were."]),
        (edit, {}, ["Not approved: modified IPsec policy 'web' on SVM 'svm1'. Nothing"]),
    ],
)
def test_a_refusal_says_what_differs(
    array: Simulator, planned: dict[str, Any], act: Callable[[Simulator], None], options: Any, sentences: list[str]
) -> None:
    act(array)
    message = refused(array, approved_digests=planned["digests"], **options)["msg"]
    for sentence in sentences:
        assert sentence in message
    told = [one for one in ("another array", "(source)", "others than they were", "leaves open") if one in message]
    swapped = act is swap
    assert len(told) == (2 if swapped else 0 if act is edit else 1)


def test_a_plan_fits_no_other_array_even_if_both_are_empty(array: Simulator) -> None:
    plans = []
    for _array in range(2):
        array.reset()
        plans.append(policies(array, check_mode=True, policies=WANTED))
    assert plans[0]["changes"] == plans[1]["changes"]
    assert not {*plans[0]["digests"]} & {
        one for one in plans[1]["digests"] if not one.startswith(("source", "list", "others", "unchanged"))
    }
    message = refused(array, approved_digests=plans[0]["digests"], source="")["msg"]
    assert "This is another array than the one that was planned for." in message
    assert policies(array, policies=WANTED, approved_digests=plans[1]["digests"])["summary"]["done"] == 3


def test_what_is_left_of_an_approved_plan_can_be_finished(array: Simulator, planned: dict[str, Any]) -> None:
    web = next(one for one in array.policies() if one["name"] == "web")
    array.refuse("PATCH", f"/api/security/ipsec/policies/{web['uuid']}", code=66257110)
    approved = {"policies": WANTED, "source": "commit 1", "approved_digests": planned["digests"]}
    with pytest.raises(SetFailed):
        policies(array, **approved)
    assert "backup" in [one["name"] for one in array.policies()]
    message = refused(array, approved_digests=[planned["digest"]])["msg"]
    assert "Not approved: modified IPsec policy 'web' on SVM 'svm1'." in message
    assert policies(array, **approved)["summary"]["done"] == 1
    assert policies(array, **approved)["changed"] is False


def test_a_policy_that_an_approved_recreate_lost_may_be_created(array: Simulator) -> None:
    task = {"policies": [dict(WEB, name="web", update_secret_key="always", recreate=True)]}
    policies(array, **task)
    approved = policies(array, check_mode=True, **task)["digests"]
    array.refuse("POST", "/api/security/ipsec/policies", code=66257110)
    with pytest.raises(SetFailed):
        policies(array, **task, approved_digests=approved)
    assert array.policies() == []
    assert policies(array, **task, approved_digests=approved)["changes"][0]["operation"] == "created"
    with pytest.raises(InvalidInput, match="Not approved: recreated IPsec policy 'web'"):
        policies(array, **task, approved_digests=approved)


def test_an_account_of_an_svm_is_told_apart_by_it(array: Simulator) -> None:
    array.add_account("svm1-admin", "password-of-svm1", "svm1")
    account = {"username": "svm1-admin", "password": "password-of-svm1", "policies": WANTED}
    approved = policies(array, check_mode=True, **account)["digests"]
    assert approved != policies(array, check_mode=True, policies=WANTED)["digests"]
    assert policies(array, **account, approved_digests=approved)["summary"]["done"] == 3


def test_an_array_that_nobody_can_tell_apart_takes_no_approved_plan(array: Simulator) -> None:
    array.add_account("limited", "password-of-limited", forbidden=("/api/cluster", "/api/svm"))
    account = {"username": "limited", "password": "password-of-limited", "policies": WANTED}
    planned = policies(array, check_mode=True, **account)
    assert "so nobody can tell which array this is, so this plan can't be approved." in planned["warnings"][0]
    with pytest.raises(InvalidInput, match="approved_digests: .* nobody can tell which array this is. Allow it"):
        policies(array, **account, approved_digests=planned["digests"])
    assert array.policies() == []
    assert policies(array, **account)["summary"]["done"] == 3


@pytest.mark.parametrize(("check_mode", "approved"), [(True, None), (False, "its own"), (False, None)])
def test_the_array_is_asked_who_it_is_only_if_somebody_wants_to_know(
    array: Simulator, check_mode: bool, approved: str | None
) -> None:
    given = policies(array, check_mode=True, policies=WANTED)["digests"] if approved else None
    array.clear_log()
    result = policies(array, check_mode=check_mode, policies=WANTED, approved_digests=given)
    asked = bool(check_mode or approved)
    assert ("/api/cluster" in [request.path for request in array.requests]) is asked
    assert ("digest" in result) is ("digests" in result) is asked


@pytest.mark.parametrize("check_mode", [True, False])
def test_any_beside_digests_approves_nothing(array: Simulator, planned: dict[str, Any], check_mode: bool) -> None:
    array.clear_log()
    with pytest.raises(InvalidInput, match="approved_digests: 'any' approves every plan, so digests beside it"):
        policies(array, check_mode=check_mode, policies=WANTED, approved_digests=[*planned["digests"], "any"])
    assert array.requests == []


def test_null_approves_nothing(array: Simulator) -> None:
    result = ArgumentSpecValidator(WHOLE_SET_SPEC).validate({**login(array), "policies": [], "approved_digests": None})
    assert ["approved_digests" in message for message in result.error_messages] == [True]


def test_a_plan_without_changes_needs_no_approval(array: Simulator, planned: dict[str, Any]) -> None:
    policies(array, policies=WANTED, source="commit 1", approved_digests=[planned["digest"]])
    again = policies(array, policies=WANTED, source="commit 1", approved_digests=[planned["digest"]])
    assert (again["changed"], again["digest"] != planned["digest"]) == (False, True)


def test_the_order_of_the_list_and_the_secrets_in_it_are_not_covered(array: Simulator, planned: dict[str, Any]) -> None:
    others = [{**one, "secret_key": "second-secret-of-the-tests"} for one in reversed(WANTED)]
    assert policies(array, check_mode=True, policies=others, source="commit 1")["digest"] == planned["digest"]


def test_the_result_names_what_the_list_does_not(array: Simulator, planned: dict[str, Any]) -> None:
    other = {"name": "other", "svm": "svm1", "action": "bypass", "enabled": True, "kept": False, "concerned": True}
    assert planned["unmanaged"] == [other]
    assert policies(array, check_mode=True, policies=WANTED, prune=True)["unmanaged"] == []
    assert policies(array, check_mode=True, policies=WANTED, prune=True, keep=["oth*"])["unmanaged"] == [
        {**other, "kept": True}
    ]


def test_a_user_reads_what_to_do(playbooks: Playbooks) -> None:
    options = {"policies": WANTED, "approved_digests": ["sha256:0"]}
    play = playbooks.play(
        [
            {"name": "apply", "ignore_errors": True, "wiresec.ontap.ipsec_policies": options},
            {
                "name": "blank",
                "ignore_errors": True,
                "vars": {"blank": None},
                "wiresec.ontap.ipsec_policies": {**options, "approved_digests": "{{ blank }}"},
            },
            {"name": "fail", "wiresec.ontap.ipsec_policies": {**options, "approved_digests": "['any']"}},
        ]
    )
    assert play.code and "Make a new plan (check mode) and have it approved" in play.output
    assert play.result("apply")["digest"].startswith("sha256:")
    assert [one["name"] for one in play.result("apply")["changes"]] == ["web", "backup", "same"]
    assert play.failed == ["apply", "blank", "fail"]
    assert "approved_digests" in play.result("blank")["msg"]
    assert "is a piece of a list that became text" in play.result("fail")["msg"]
    assert playbooks.array.policies() == []


def test_an_empty_variable_of_the_environment_counts_as_not_set(playbooks: Playbooks) -> None:
    empty = dict.fromkeys(
        ("ONTAP_ACCESS_TOKEN", "ONTAP_CLIENT_CERT", "ONTAP_TIMEOUT", "ONTAP_VERSION", "ONTAP_TRACE"), ""
    )
    play = playbooks.play(
        [{"name": "count", "wiresec.ontap.ipsec_policy_info": {"count_only": True}}], environment=empty
    )
    assert play.code == 0, play.output
