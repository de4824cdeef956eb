# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run of ipsec_config does to an array: requests, their order, guards, failures, result."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import (
    ApiError,
    ApprovalPending,
    InvalidInput,
    OntapError,
    UnexpectedAnswer,
)
from simulator import Simulator, Unknowns
from support.harness import config
from support.paths import SERVICE

OFF: dict[str, Any] = {"enabled": False, "replay_window": 0, "offload_enabled": False}
ON = {**OFF, "enabled": True}
WINDOW = {**ON, "replay_window": 64}
OFFLOAD = {**ON, "offload_enabled": True}


def put(array: Simulator, state: dict[str, Any]) -> None:
    array.ipsec_enabled, array.replay_window, array.offload_enabled = state.values()


def stored(array: Simulator) -> dict[str, Any]:
    values = (array.ipsec_enabled, array.replay_window, array.offload_enabled)
    return dict(zip(ON, values, strict=True))


def bodies(array: Simulator) -> list[Any]:
    return [request.body for request in array.requests if request.method == "PATCH"]


WAYS = [
    (OFF, {"enabled": True}, [{"enabled": True}]),
    (ON, {"enabled": False}, [{"enabled": False}]),
    (ON, {"replay_window": 64}, [{"replay_window": 64}]),
    (OFF, {"enabled": True, "replay_window": "64"}, [{"enabled": True, "replay_window": 64}]),
    (OFF, {"offload_enabled": True}, [{"offload_enabled": True}]),
    (OFF, OFFLOAD, [{"offload_enabled": True}, {"enabled": True}]),
    (ON, {"offload_enabled": True}, [{"enabled": False}, {"offload_enabled": True}, {"enabled": True}]),
    (
        WINDOW,
        {"offload_enabled": True, "replay_window": 0},
        [{"enabled": False}, {"replay_window": 0}, {"offload_enabled": True}, {"enabled": True}],
    ),
    (
        OFFLOAD,
        {"offload_enabled": False, "replay_window": 128},
        [{"enabled": False}, {"offload_enabled": False}, {"replay_window": 128}, {"enabled": True}],
    ),
    (OFFLOAD, OFF, [{"enabled": False}, {"offload_enabled": False}]),
    (OFFLOAD, {"offload_enabled": True, "replay_window": 0}, []),
    (ON, {}, []),
]


@pytest.mark.parametrize(("before", "options", "steps"), WAYS, ids=str)
@pytest.mark.parametrize("shape", ["object", "records"])
@pytest.mark.parametrize("kind", ["int", "str"])
def test_a_change_takes_the_steps_that_ontap_accepts(
    array: Simulator, shape: str, kind: str, before: dict[str, Any], options: dict[str, Any], steps: list[Any]
) -> None:
    array.unknowns = Unknowns(ipsec_config_shape=shape, replay_window_type=kind)
    put(array, before)
    predicted = config(array, check_mode=True, **options)
    assert stored(array) == before
    array.clear_log()
    result = config(array, **options)
    assert result.pop("steps") == predicted.pop("steps") == bodies(array) == steps
    assert result == predicted
    # One request to read, one more to see whether anything would be interrupted, one for each step.
    guard = {"enabled": False} in steps and before["enabled"]
    assert len(array.requests) == 1 + guard + len(steps)
    assert (result["changed"], result["operation"]) == (bool(steps), "modified" if steps else "none")
    after = stored(array)
    assert result["config"] == result["diff"]["after"] == after
    assert result["diff"]["before"] == before
    assert result["modified"] == sorted(option for option in ON if after[option] != before[option])
    assert config(array, **options)["operation"] == "none"


def test_any_state_is_reached_from_any_other_in_one_run(array: Simulator) -> None:
    states = [
        dict(zip(ON, values, strict=True))
        for values in itertools.product((True, False), (0, 64), (True, False))
        if not (values[1] and values[2])
    ]
    for before, after in itertools.product(states, states):
        put(array, OFF)
        put(array, before)
        assert config(array, **after)["changed"] is (before != after)
        assert stored(array) == after


@pytest.mark.parametrize(
    ("before", "options"),
    [(WINDOW, {"offload_enabled": True}), (OFFLOAD, {"replay_window": 64}), (OFF, {**OFFLOAD, "replay_window": 64})],
)
def test_replay_window_and_offload_exclude_each_other(
    array: Simulator, before: dict[str, Any], options: dict[str, Any]
) -> None:
    put(array, before)
    for check_mode in (True, False):
        with pytest.raises(InvalidInput, match="would be 64. Give replay_window: 0 as well"):
            config(array, check_mode=check_mode, **options)
    assert (stored(array), bodies(array)) == (before, [])


@pytest.mark.parametrize("options", [{"replay_window": 65}, {"replay_window": "many"}, {"enabled": "perhaps"}])
def test_bad_input_is_refused_without_a_request(array: Simulator, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        config(array, **options)
    assert array.requests == []


# The guard


def protecting(array: Simulator) -> None:
    for name, action, enabled in (
        ("web", "esp_transport", True),
        ("nat", "esp_udp", True),
        ("block", "discard", True),
        ("open", "bypass", True),
        ("old", "esp_transport", False),
    ):
        array.add_policy({"name": name, "svm": "svm1", "action": action, "enabled": enabled})


@pytest.mark.parametrize(
    ("options", "disables"),
    [
        ({"enabled": False}, "enabled: this disables IPsec"),
        ({"offload_enabled": True}, "offload_enabled: this disables IPsec for a moment"),
    ],
)
def test_what_is_protected_is_not_given_up_without_permission(
    array: Simulator, options: dict[str, Any], disables: str
) -> None:
    protecting(array)
    array.establish("web", "svm1")
    for check_mode in (True, False):
        with pytest.raises(InvalidInput) as caught:
            config(array, check_mode=check_mode, **options)
    message = str(caught.value)
    assert (
        f"{disables}, while 3 enabled policies protect or discard traffic. Nothing was changed. Set force: true if that is meant"
        in message
    )
    assert "It concerns IPsec policy 'block' on SVM 'svm1', " in message
    assert "'open'" not in message
    assert stored(array) == ON
    array.clear_log()
    assert config(array, **options, force=True)["changed"] is True
    assert {request.path for request in array.requests} == {SERVICE}
    assert array.security_associations() == []


def test_without_policies_in_force_no_permission_is_needed(array: Simulator) -> None:
    array.add_policy({"name": "old", "svm": "svm1", "enabled": False})
    assert config(array, enabled=False)["operation"] == "modified"
    protecting(array)
    assert config(array, enabled=False)["operation"] == "none"


def test_a_policy_listing_that_fails_stops_the_run(array: Simulator) -> None:
    array.refuse("GET", "/security/ipsec/policies", code=262145)
    with pytest.raises(ApiError, match="Listing IPsec policy objects failed"):
        config(array, enabled=False)
    assert stored(array) == ON


# Releases and accounts


def test_offload_needs_its_release(array: Simulator) -> None:
    array.version = "9.15.1"
    for login in ({}, {"ontap_version": "9.15.1"}):
        with pytest.raises(InvalidInput, match="offload_enabled needs ONTAP 9.16.1 or later"):
            config(array, offload_enabled=True, force=True, **login)
    assert bodies(array) == []
    result = config(array, enabled=True, replay_window=64)
    assert result["config"] == {"enabled": True, "replay_window": 64}
    # That is what an old release does.
    assert config(array, offload_enabled=False)["changed"] is False


def test_an_account_of_an_svm_reads_and_may_not_write(array: Simulator) -> None:
    array.add_account("vsadmin", "a-password", "svm1")
    login = {"username": "vsadmin", "password": "a-password"}
    assert config(array, enabled=True, **login)["changed"] is False
    with pytest.raises(ApiError, match="Modifying IPsec service failed: .* Check that the role"):
        config(array, replay_window=64, **login)


# Failures on the way


@pytest.mark.parametrize(("occurrence", "option"), [(2, "replay_window"), (3, "offload_enabled"), (4, "enabled")])
def test_if_a_step_fails_those_before_it_are_taken_back(array: Simulator, occurrence: int, option: str) -> None:
    put(array, WINDOW)
    array.refuse("PATCH", SERVICE, code=66257007, occurrence=occurrence)
    with pytest.raises(ApiError) as caught:
        config(array, replay_window=0, offload_enabled=True)
    assert list(bodies(array)[occurrence - 1]) == [option]
    assert stored(array) == WINDOW
    result = caught.value.result()
    assert "were taken back: IPsec service is as it was." in result["msg"]
    assert (result["changed"], result["operation"], result["config"]) == (True, "modified", WINDOW)


def test_what_is_taken_back_is_verified_as_well(array: Simulator) -> None:
    array.refuse("PATCH", SERVICE, code=66257007, occurrence=2)
    with pytest.raises(ApiError, match="were taken back"):
        config(array, offload_enabled=True, verify_writes=True)
    # The step that succeeded, that which failed, and a look before and after what takes the former back.
    requests = [request.method for request in array.requests]
    assert requests[requests.index("PATCH") :] == ["PATCH", "GET", "PATCH", "GET", "PATCH", "GET"]


def test_taking_back_without_effect_is_told(array: Simulator) -> None:
    array.refuse("PATCH", SERVICE, code=66257007, occurrence=2)
    array.answer_without_effect("PATCH", SERVICE, occurrence=3)
    with pytest.raises(ApiError) as caught:
        config(array, offload_enabled=True, verify_writes=True)
    assert stored(array) == OFF
    result = caught.value.result()
    assert (result["changed"], result["operation"], result["lost"]) == (True, "unknown", ON)
    assert "could not be taken back" in result["msg"]


def test_if_they_can_not_be_taken_back_the_result_says_what_is_there(array: Simulator) -> None:
    array.refuse("PATCH", SERVICE, code=66257007, occurrence=2, times=2)
    with pytest.raises(ApiError) as caught:
        config(array, offload_enabled=True)
    assert stored(array) == OFF
    result = caught.value.result()
    assert (result["changed"], result["config"], result["lost"]) == (True, OFF, ON)
    assert "could not be taken back: IPsec service is now {'enabled': False" in result["msg"]
    assert "the key 'lost' of the result has what it was." in result["msg"]
    assert config(array, **OFFLOAD)["changed"] is True


@pytest.mark.parametrize("occurrence", [2, 3])
@pytest.mark.parametrize("after_effect", [True, False])
def test_a_step_in_doubt_does_not_leave_ipsec_off(array: Simulator, occurrence: int, after_effect: bool) -> None:
    # The answer is lost, and so is that to the look which would tell what the step did.
    array.fault("reset", "PATCH", SERVICE, occurrence=occurrence, after_effect=after_effect)
    array.fault("internal_error", "GET", SERVICE, occurrence=2)
    with pytest.raises(OntapError) as caught:
        config(array, offload_enabled=True)
    result = caught.value.result()
    assert (result["changed"], result["operation"]) == (True, "unknown")
    done = occurrence == 3 and after_effect
    assert stored(array) == result["config"] == (OFFLOAD if done else ON)
    assert ("were taken back" in result["msg"]) is not done


def test_a_first_step_that_is_refused_is_no_change(array: Simulator) -> None:
    array.refuse("PATCH", SERVICE, code=66257199)
    with pytest.raises(ApiError, match="Finish the upgrade") as caught:
        config(array, offload_enabled=True)
    assert (caught.value.report, stored(array)) == ({}, ON)


def test_an_internal_error_is_looked_into(array: Simulator) -> None:
    array.refuse("PATCH", SERVICE, code=66256899, after_effect=True)
    assert "carried out all the same" in config(array, enabled=False)["warnings"][0]
    array.refuse("PATCH", SERVICE, code=66256898)
    with pytest.raises(ApiError, match="Nothing can be concluded"):
        config(array, enabled=True)
    assert config(array, enabled=True)["changed"] is True


@pytest.mark.parametrize("answer", ["accepted", "error"])
def test_an_approval_is_waited_for_by_running_again(array: Simulator, answer: str) -> None:
    array.unknowns = Unknowns(approval_answer=answer)
    array.require_approval("PATCH", SERVICE)
    with pytest.raises(ApprovalPending) as caught:
        config(array, enabled=False)
    assert caught.value.result()["approval"]["pending"] is True
    assert (caught.value.result()["changed"], stored(array)) == (False, ON)
    array.approve()
    assert config(array, enabled=False)["changed"] is True


def test_a_job_is_followed(array: Simulator) -> None:
    array.as_job("PATCH", SERVICE, polls=2)
    assert config(array, enabled=False)["changed"] is True
    array.as_job("PATCH", SERVICE, outcome="failure", message="no quorum")
    with pytest.raises(OntapError, match="no quorum"):
        config(array, enabled=True)
    assert stored(array) == OFF


def test_an_answer_without_its_fields_proves_nothing(array: Simulator) -> None:
    array.unknowns = Unknowns(ipsec_config_shape="records")
    array.fault("missing_fields", "GET", SERVICE, fields=("replay_window",))
    with pytest.raises(UnexpectedAnswer, match="lacks replay_window"):
        config(array, enabled=False)
    assert stored(array) == ON
