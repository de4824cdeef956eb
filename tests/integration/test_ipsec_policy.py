# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run of ipsec_policy does to an array: requests, connections, end state, result."""

from __future__ import annotations

from collections.abc import Callable
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
from support.arrays import methods
from support.clock import Clock
from support.harness import policies, policy

KEY = "a-shared-key-of-25-chars."
OTHER_KEY = "another-key-of-many-chars"
ENDPOINTS: dict[str, Any] = {
    "local_endpoint": {"address": "10.10.10.7/32", "port": 2049},
    "remote_endpoint": {"address": "10.10.20.0", "netmask": "255.255.255.0"},
}
WEB: dict[str, Any] = {"name": "web", "svm": "svm1"}
PSK = {**WEB, "action": "esp_transport", "authentication_method": "psk", "secret_key": KEY, **ENDPOINTS}
PKI = {
    **WEB,
    "action": "esp_transport",
    "authentication_method": "pki",
    "certificate": "ipsec-cert",
    "local_identity": "CN=svm1.example.com",
    "remote_identity": "ANYTHING",
    **ENDPOINTS,
}
BYPASS = {**WEB, "action": "bypass", **ENDPOINTS}


def stored(array: Simulator, name: str = "web", svm: str | None = "svm1") -> dict[str, Any]:
    record = array.policy(name, svm)
    assert record is not None
    return record


# Requests


@pytest.mark.parametrize("wanted", [PSK, PKI, BYPASS], ids=["psk", "pki", "bypass"])
def test_each_change_costs_two_requests_and_no_change_one(array: Simulator, wanted: dict[str, Any]) -> None:
    # What certificates there are, and which authorities IPsec trusts.
    checks = ["GET", "GET"] if "certificate" in wanted else []
    for options, operation, requests in (
        (wanted, "created", ["GET", *checks, "POST"]),
        (wanted, "none", ["GET"]),
        ({**wanted, "enabled": False, "protocol": "udp"}, "modified", ["GET", "PATCH"]),
        ({**wanted, "enabled": False, "protocol": 17}, "none", ["GET"]),
        ({**WEB, "state": "absent"}, "deleted", ["GET", "DELETE"]),
        # Whether IPsec is enabled: otherwise an empty answer proves nothing; and whether there is such an SVM.
        ({**WEB, "state": "absent"}, "none", ["GET", "GET", "GET"]),
    ):
        array.clear_log()
        result = policy(array, **options)
        assert (result["operation"], result["changed"]) == (operation, operation != "none")
        assert methods(array) == requests
        assert array.connections == 1


@pytest.mark.parametrize(
    "version", ["9.8", "9.9.1", "9.10.1", "9.12.1", "9.14.1", "9.16.1", "9.17.1", "9.18.1", "9.19.1"]
)
def test_the_release_is_never_read_while_things_go_well(array: Simulator, version: str) -> None:
    array.version = version
    array.add_account("restricted", "restricted-password", forbidden=("/api/cluster",))
    login = {"username": "restricted", "password": "restricted-password"}
    wanted = {option: value for option, value in PSK.items() if option != "authentication_method"}
    policy(array, **wanted, **login)
    policy(array, **{**wanted, "enabled": False}, **login)
    assert policy(array, **{**wanted, "enabled": False}, **login)["changed"] is False
    assert stored(array)["secret_key"] == KEY
    assert not [request for request in array.requests if "cluster" in request.path]


def test_a_create_asks_for_its_record_and_returns_the_uuid(array: Simulator) -> None:
    result = policy(array, **PSK)
    assert array.requests[-1].query["return_records"] == "true"
    assert result["uuid"] == stored(array)["uuid"]


@pytest.mark.parametrize(
    "unknowns",
    [Unknowns(post_returns_records=False), Unknowns(posted_record="brief"), Unknowns(location_header="missing")],
    ids=str,
)
def test_the_result_of_a_create_is_the_same_however_little_the_array_returns(
    array: Simulator, unknowns: Unknowns
) -> None:
    usual = policy(array, **PSK)
    array.reset()
    array.unknowns = unknowns
    result = policy(array, **PSK)
    assert result["policy"] == usual["policy"]
    assert result["uuid"] == stored(array)["uuid"]


# Names

NAMES = ["prod*", "a|b", "!x", '"q"', "{b}", "x..y", "50%", "a&b=c", "two words", "a,b", "<1", "null", "a/b", "ü", "*"]
OTHERS = ["prod1", "prod", "a", "b", "x", "y", "q", "z", "x.y", "x1y", "50", "c", "two", "words", "1", "A|B", "PROD*"]


@pytest.mark.parametrize("quoting", ["braces_escape", "whole_value", "double_quotes"])
@pytest.mark.parametrize("match_case", [True, False])
def test_a_policy_is_found_by_its_exact_name_and_no_other_is_touched(
    array: Simulator, quoting: str, match_case: bool
) -> None:
    array.unknowns = Unknowns(accept_quoting=quoting, names_match_case=match_case)
    for svm in ("svm1", "svm2"):
        for name in {*NAMES, *OTHERS}:
            array.add_policy({"name": name, "svm": {"name": svm}, "action": "bypass", "enabled": True})
    untouched = {(p["svm"]["name"], p["name"]) for p in array.policies()}
    for name in NAMES:
        assert policy(array, name=name, svm="svm1", enabled=False)["operation"] == "modified", name
        untouched.discard(("svm1", name))
        assert {(p["svm"]["name"], p["name"]) for p in array.policies() if p["enabled"]} == untouched
    for name in NAMES:
        assert policy(array, name=name, svm="svm1", state="absent")["operation"] == "deleted", name
        assert array.policy(name, "svm1") is None
        assert policy(array, name=name, svm="svm1", state="absent")["operation"] == "none", name
    assert {(p["svm"]["name"], p["name"]) for p in array.policies()} == untouched | {("svm2", name) for name in NAMES}


@pytest.mark.parametrize("name", ["prod*", "a|b", '"q"', "{b}", "x..y", "50%", "a&b=c", "two words"])
def test_a_policy_of_any_name_is_created_once(array: Simulator, name: str) -> None:
    assert policy(array, **{**PSK, "name": name})["operation"] == "created"
    assert policy(array, **{**PSK, "name": name})["operation"] == "none"
    assert stored(array, name)["name"] == name


def test_a_record_of_another_svm_is_never_taken_for_ours(array: Simulator) -> None:
    array.add_policy({"name": "web", "svm": {"name": "svm2"}, "action": "bypass", "enabled": True})
    assert policy(array, **WEB, state="absent")["operation"] == "none"
    assert policy(array, **BYPASS)["operation"] == "created"


def test_two_policies_of_one_name_and_svm_are_an_error(array: Simulator) -> None:
    for _copy in range(2):
        array.add_policy({"name": "web", "svm": {"name": "svm1"}, "action": "bypass", "enabled": True})
    with pytest.raises(UnexpectedAnswer, match="2 objects"):
        policy(array, **WEB, state="absent")
    assert len(array.policies()) == 2


def test_without_svm_the_policy_is_of_cluster_scope_and_a_namesake_is_mentioned(array: Simulator) -> None:
    array.add_policy({"name": "web", "svm": {"name": "svm2"}, "action": "bypass", "enabled": True})
    result = policy(array, **{**BYPASS, "svm": None})
    assert result["operation"] == "created"
    assert "exists on SVM svm2" in result["warnings"][0]
    assert stored(array, svm=None)["scope"] == "cluster"
    assert policy(array, name="web", state="absent")["operation"] == "deleted"
    assert array.policy("web", "svm2") is not None


# Check mode


def test_check_mode_predicts_and_writes_nothing(array: Simulator) -> None:
    for options in (PSK, {**PSK, "enabled": False}, {**WEB, "state": "absent"}):
        before = array.policies()
        predicted = policy(array, check_mode=True, **options)
        assert array.policies() == before
        actual = policy(array, **options)
        for key in ("changed", "operation", "modified", "policy", "diff", "warnings"):
            assert predicted[key] == actual[key], key
    assert {request.method for request in array.requests if request.status >= 400} == set()


# What ONTAP can't modify


def test_an_immutable_difference_is_an_error_before_any_write(array: Simulator) -> None:
    policy(array, **BYPASS)
    for check_mode in (True, False):
        with pytest.raises(InvalidInput, match="action is 'bypass' and should be 'discard'"):
            policy(array, check_mode=check_mode, **{**BYPASS, "action": "discard"})
    assert stored(array)["action"] == "bypass"


def test_recreate_deletes_and_creates_and_carries_over(array: Simulator) -> None:
    policy(array, **{**PKI, "enabled": False, "protocol": "tcp"})
    before = stored(array)
    array.clear_log()
    options = {**WEB, "action": "esp_udp", "recreate": True}
    predicted = policy(array, check_mode=True, **options)
    array.clear_log()
    result = policy(array, **options)
    after = stored(array)
    # By name, whole, its release, its certificate, the authorities.
    assert methods(array) == [*["GET"] * 5, "DELETE", "POST"]
    assert (result["operation"], result["modified"]) == ("recreated", ["action"])
    assert result["diff"] == predicted["diff"]
    assert result["diff"]["after_header"].endswith("deleted and created again")
    assert after["uuid"] != before["uuid"]
    assert {**after, "uuid": "", "action": ""} == {**before, "uuid": "", "action": ""}


def test_a_key_is_left_alone_unless_asked_for(array: Simulator) -> None:
    policy(array, **PSK)
    result = policy(array, **{**PSK, "secret_key": OTHER_KEY})
    assert result["changed"] is False
    assert stored(array)["secret_key"] == KEY


def test_a_key_is_replaced_by_recreating(array: Simulator) -> None:
    policy(array, **PSK)
    rotation = {**WEB, "secret_key": OTHER_KEY, "update_secret_key": "always"}
    with pytest.raises(InvalidInput, match="recreate: true"):
        policy(array, **rotation)
    assert stored(array)["secret_key"] == KEY
    for _run in range(2):
        result = policy(array, **rotation, recreate=True)
        assert (result["changed"], result["modified"]) == (True, ["secret_key"])
        assert stored(array)["secret_key"] == OTHER_KEY


def test_recreating_a_psk_policy_without_its_key_is_refused_before_the_delete(array: Simulator) -> None:
    policy(array, **PSK)
    array.clear_log()
    with pytest.raises(InvalidInput, match="secret_key: needed"):
        policy(array, **WEB, action="esp_udp", recreate=True)
    assert "DELETE" not in methods(array)


def test_an_existing_psk_policy_is_asserted_and_deleted_without_its_key(array: Simulator) -> None:
    policy(array, **PSK)
    keyless = {option: value for option, value in PSK.items() if option != "secret_key"}
    assert policy(array, **keyless)["operation"] == "none"
    assert policy(array, **keyless, state="absent")["operation"] == "deleted"


def test_if_the_create_of_a_recreate_fails_the_old_policy_is_put_back(array: Simulator) -> None:
    policy(array, **PKI)
    before = stored(array)
    array.refuse("POST", "/api/security/ipsec/policies", code=66257110)
    with pytest.raises(ApiError) as caught:
        policy(array, **WEB, action="esp_udp", recreate=True)
    after = stored(array)
    assert {**after, "uuid": ""} == {**before, "uuid": ""}
    outcome = caught.value.result()
    assert (outcome["changed"], outcome["operation"]) == (True, "recreated")
    assert (outcome["uuid"], outcome["policy"]["action"]) == (after["uuid"], "esp_transport")
    assert "was put back as it was; its UUID is new" in str(caught.value)


def test_if_it_cannot_be_put_back_the_result_says_that_it_is_missing(array: Simulator) -> None:
    policy(array, **PKI)
    array.refuse("POST", "/api/security/ipsec/policies", code=66257110, times=2)
    with pytest.raises(ApiError) as caught:
        policy(array, **WEB, action="esp_udp", recreate=True)
    assert array.policies() == []
    outcome = caught.value.result()
    assert (outcome["changed"], outcome["operation"], outcome["policy"]) == (True, "deleted", {})
    assert "is now missing; the key 'lost' of the result has its options. It could not be put back" in str(caught.value)
    assert outcome["lost"]["certificate"] == "ipsec-cert"


def test_a_failed_rotation_says_that_the_policy_is_missing(array: Simulator) -> None:
    policy(array, **PSK)
    array.refuse("POST", "/api/security/ipsec/policies", code=66257110)
    with pytest.raises(ApiError, match="is now missing") as caught:
        policy(array, **PSK, update_secret_key="always", recreate=True)
    assert caught.value.result()["operation"] == "deleted"
    assert KEY not in str(caught.value.result())


# Authentication


@pytest.mark.parametrize("setting", ["infer", "none", "refuse"])
def test_a_create_does_not_rely_on_the_default_method(array: Simulator, setting: str) -> None:
    array.unknowns = Unknowns(default_authentication_method=setting)
    keyed = {option: value for option, value in PSK.items() if option != "authentication_method"}
    policy(array, **keyed)
    assert stored(array)["authentication_method"] == "psk"


@pytest.mark.parametrize("setting", ["ignored", "error"])
def test_authentication_is_left_out_for_bypass_with_a_warning(array: Simulator, setting: str) -> None:
    array.unknowns = Unknowns(ignored_authentication=setting)
    options = {**BYPASS, "authentication_method": "psk", "secret_key": KEY}
    for operation in ("created", "none"):
        result = policy(array, **options)
        assert result["operation"] == operation
        assert "authentication_method, secret_key left out" in result["warnings"][0]
    assert "secret_key" not in stored(array)


@pytest.mark.parametrize("method", ["none", "psk", None])
@pytest.mark.parametrize("recreate", [True, False])
def test_a_certificate_never_reaches_a_policy_without_pki(array: Simulator, method: str | None, recreate: bool) -> None:
    record: dict[str, Any] = {"name": "web", "svm": {"name": "svm1"}, "action": "esp_transport", "enabled": True}
    array.add_policy({**record, **({"authentication_method": method} if method else {})})
    with pytest.raises(OntapError):
        policy(array, **WEB, certificate="ipsec-cert", recreate=recreate)
    assert array.restarts == 0
    assert len(array.policies()) == 1


def test_a_certificate_is_changed_on_a_pki_policy(array: Simulator) -> None:
    policy(array, **PKI)
    array.add_certificate("second-cert", svm="svm1", type="server")
    result = policy(array, **WEB, certificate="second-cert")
    assert result["modified"] == ["certificate"]
    assert stored(array)["certificate"]["name"] == "second-cert"


# Releases


@pytest.mark.parametrize(
    ("version", "option", "sentence"),
    [
        ("9.9.1", {"authentication_method": "psk"}, "authentication_method needs ONTAP 9.10.1 or later"),
        ("9.9.1", {"secret_key": None, "certificate": "ipsec-cert"}, "certificate needs ONTAP 9.10.1 or later"),
        ("9.16.1", {"ppk": {"identity": "ppk-identity", "shared_key": KEY}}, "ppk.identity needs ONTAP 9.17.1"),
        ("9.17.1", {"certificate_modify_keepsa": True}, "certificate_modify_keepsa needs ONTAP 9.18.1"),
        ("9.8", {"action": "esp_udp"}, "action=esp_udp needs ONTAP 9.9.1 or later; this array runs 9.8"),
    ],
)
def test_an_option_that_the_release_lacks(
    array: Simulator, version: str, option: dict[str, Any], sentence: str
) -> None:
    array.version = version
    options = {**{k: v for k, v in PSK.items() if k != "authentication_method"}, **option}
    with pytest.raises(ApiError, match=sentence):
        policy(array, **options)
    assert array.policies() == []
    array.clear_log()
    with pytest.raises(InvalidInput, match=sentence):
        policy(array, **options, ontap_version=version)
    assert array.requests == []


def test_an_option_that_the_release_lacks_where_the_release_may_not_be_read(array: Simulator) -> None:
    array.version = "9.16.1"
    array.add_account("restricted", "restricted-password", forbidden=("/api/cluster",))
    with pytest.raises(ApiError, match=r"ppk.identity needs ONTAP 9.17.1 or later\. "):
        policy(
            array,
            **PSK,
            ppk={"identity": "ppk-identity", "shared_key": KEY},
            username="restricted",
            password="restricted-password",
        )


def test_a_release_without_ipsec(array: Simulator) -> None:
    with pytest.raises(InvalidInput, match="needs ONTAP 9.8 or later; this array runs 9.7"):
        policy(array, **PSK, ontap_version="9.7")
    assert array.requests == []


# Jobs and approval


def test_a_write_that_becomes_a_job_is_followed_to_its_end(array: Simulator) -> None:
    array.as_job("POST", "/api/security/ipsec/policies", polls=2)
    result = policy(array, **PSK)
    assert (result["operation"], result["uuid"]) == ("created", stored(array)["uuid"])


def test_a_failed_job_is_a_failure_even_without_message(array: Simulator) -> None:
    array.as_job("POST", "/api/security/ipsec/policies", outcome="failure", polls=0)
    with pytest.raises(ApiError, match="Creating IPsec policy 'web' on SVM 'svm1' failed"):
        policy(array, **PSK)


@pytest.mark.parametrize("answer", ["accepted", "error"])
def test_what_awaits_approval_goes_through_when_it_is_run_again(array: Simulator, answer: str) -> None:
    array.unknowns = Unknowns(approval_answer=answer)
    for method in ("POST", "PATCH", "DELETE"):
        array.require_approval(method, "/security/ipsec/policies*")
    for options, operation in (
        (PSK, "created"),
        ({**PSK, "enabled": False}, "modified"),
        ({**WEB, "state": "absent"}, "deleted"),
    ):
        before = array.policies()
        for _impatient in range(2):
            with pytest.raises(ApprovalPending, match="Run the task again once it is approved") as caught:
                policy(array, **options)
            assert caught.value.result()["approval"]["pending"] is True
            assert caught.value.result()["changed"] is False
            assert (array.policies(), len(array.approvals)) == (before, 1)
        array.approve()
        assert policy(array, **options)["operation"] == operation


def test_the_number_of_an_approval_reaches_the_user(array: Simulator) -> None:
    array.require_approval("POST", "/security/ipsec/policies")
    with pytest.raises(ApprovalPending) as caught:
        policy(array, **PSK)
    assert caught.value.result()["approval"] == {"pending": True, "request": "1"}


def test_a_write_that_was_accepted_without_a_job_and_took_effect_is_done(array: Simulator) -> None:
    policy(array, **PKI)
    array.as_job("PATCH", "/security/ipsec/policies/*", polls=0)
    result = policy(array, **PKI, enabled=False)
    assert result["operation"] == "modified"
    assert stored(array)["enabled"] is False


# While IPsec is disabled


@pytest.mark.parametrize("behaviour", ["normal", "empty", "error"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_nothing_is_absent_while_ipsec_is_disabled(array: Simulator, behaviour: str, check_mode: bool) -> None:
    array.unknowns = Unknowns(while_disabled=behaviour)
    policy(array, **PSK)
    array.ipsec_enabled = False
    if behaviour == "normal":
        assert policy(array, check_mode=check_mode, **WEB, state="absent")["operation"] == "deleted"
    else:
        expected = "IPsec is not enabled on this array" if behaviour == "empty" else "only while IPsec is enabled"
        with pytest.raises(OntapError, match=expected):
            policy(array, check_mode=check_mode, **WEB, state="absent")
    with pytest.raises(OntapError, match="enabled"):
        policy(array, check_mode=check_mode, name="other", svm="svm1", state="absent")
    assert (array.policy("web", "svm1") is None) is (behaviour == "normal" and not check_mode)


def test_a_create_is_not_predicted_without_a_word_while_ipsec_is_disabled(array: Simulator) -> None:
    array.unknowns = Unknowns(while_disabled="empty")
    policy(array, **PSK)
    array.ipsec_enabled = False
    result = policy(array, check_mode=True, **PSK)
    assert result["operation"] == "created"
    assert "IPsec policy 'web' on SVM 'svm1' may be there already." in result["warnings"][0]
    for options in ({}, {"strict": True}):
        warnings = policies(array, check_mode=True, policies=[PSK], **options)["warnings"]
        assert "What is to be created may be there already." in warnings[0]


def test_an_account_that_may_not_ask_whether_ipsec_is_enabled_is_told_so(array: Simulator) -> None:
    array.add_account("restricted", "restricted-password", forbidden=("/api/security/ipsec",))
    array.add_account("policies", "policies-password", forbidden=("/api/cluster",))
    array.refuse("GET", "/security/ipsec", code=6)
    result = policy(array, **WEB, state="absent", username="policies", password="policies-password")
    assert result["operation"] == "none"
    assert "may not ask GET /api/security/ipsec, so it is not certain" in result["warnings"][0]


# Names that are taken


def test_a_create_that_a_proxy_sent_twice_is_done(array: Simulator) -> None:
    array.refuse("POST", "/security/ipsec/policies", code=66257104, after_effect=True)
    result = policy(array, **PKI)
    assert (result["operation"], result["changed"], result["uuid"]) == ("created", True, stored(array)["uuid"])
    assert "carried out all the same" in result["warnings"][0]


class Meanwhile(Clock):
    """A clock on which something happens whenever somebody pauses."""

    def __init__(self, event: Callable[[], object]) -> None:
        super().__init__()
        self.event = event

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.event()


@pytest.mark.parametrize(("code", "status"), [(66257103, 400), (66257104, 500), (1, 409), (0, 409)])
def test_a_name_that_somebody_else_took_meanwhile_is_a_failure_without_a_change(
    array: Simulator, code: int, status: int
) -> None:
    someone = {"name": "web", "svm": {"name": "svm1"}, "action": "discard", "enabled": False}
    array.fault("busy", "POST", "/security/ipsec/policies")
    array.refuse("POST", "/security/ipsec/policies", code=code, status=status)
    with pytest.raises(
        ApiError, match="The array has one by now that differs in action, authentication_method"
    ) as caught:
        policy(array, **PKI, retries=1, clock=Meanwhile(lambda: array.add_policy(someone)))
    assert caught.value.result()["changed"] is False
    assert stored(array)["action"] == "discard"


def test_a_policy_that_somebody_else_created_while_the_answer_did_not_come_is_not_ours(array: Simulator) -> None:
    clock = Clock()

    def meanwhile() -> None:
        clock.advance(31)
        array.add_policy({"name": "web", "svm": {"name": "svm1"}, "action": "discard"})

    array.on_silence = meanwhile
    array.fault("silence", "POST", "/security/ipsec/policies")
    with clock.governs_sockets(), pytest.raises(OntapError, match="is not known. The array has one by now") as caught:
        policy(array, **PKI, clock=clock)
    result = caught.value.result()
    assert (result["operation"], result["policy"]["action"]) == ("unknown", "discard")
    assert [request.method for request in array.requests].count("POST") == 1


@pytest.mark.parametrize("operation", ["modify", "delete"])
def test_a_policy_that_somebody_else_replaced_while_the_answer_did_not_come_is_left_alone(
    array: Simulator, operation: str
) -> None:
    policy(array, **PKI)
    clock = Clock()

    def meanwhile() -> None:
        clock.advance(31)
        array.edit_policy("web", "svm1", {"name": "theirs"})
        array.add_policy({"name": "web", "svm": {"name": "svm1"}, "action": "discard"})

    array.on_silence = meanwhile
    array.fault("silence", "*", "/security/ipsec/policies/*")
    options = {**PKI, "enabled": False} if operation == "modify" else {**WEB, "state": "absent"}
    with clock.governs_sockets(), pytest.raises(OntapError, match="is not known. The array") as caught:
        policy(array, **options, clock=clock)
    assert caught.value.result()["operation"] == "unknown"
    assert {record["name"]: record["action"] for record in array.policies()} == {
        "theirs": "esp_transport",
        "web": "discard",
    }


# PATCH of endpoints


@pytest.mark.parametrize("setting", ["keeps", "resets"])
@pytest.mark.parametrize("version", ["9.12.1", "9.16.1"])
def test_an_endpoint_keeps_what_the_task_does_not_mention(array: Simulator, setting: str, version: str) -> None:
    array.version = version
    array.unknowns = Unknowns(patch_without_port=setting)
    policy(array, **PSK)
    policy(array, **WEB, local_endpoint={"address": "10.10.10.8/32"}, remote_endpoint={"address": "10.10.21.0/24"})
    record = stored(array)
    assert record["local_endpoint"]["port"] == "2049-2049"
    assert (record["remote_endpoint"]["address"], record["remote_endpoint"]["port"]) == ("10.10.21.0", "0-0")


def test_a_port_can_be_opened_to_any(array: Simulator) -> None:
    policy(array, **PSK)
    assert policy(array, **WEB, local_endpoint={"port": "any"})["modified"] == ["local_endpoint"]
    assert stored(array)["local_endpoint"]["port"] == "0-0"


@pytest.mark.parametrize("names", ["number", "name"])
def test_other_protocols_converge_however_the_array_spells_them(array: Simulator, names: str) -> None:
    array.unknowns = Unknowns(protocol_names=names)
    assert policy(array, **{**BYPASS, "protocol": "icmp", **ICMP_ENDPOINTS})["operation"] == "created"
    for spelling in ("icmp", 1, "ICMP"):
        assert policy(array, **{**BYPASS, "protocol": spelling, **ICMP_ENDPOINTS})["operation"] == "none"


ICMP_ENDPOINTS = {"local_endpoint": {"address": "10.10.10.7/32"}, "remote_endpoint": {"address": "10.10.20.0/24"}}
