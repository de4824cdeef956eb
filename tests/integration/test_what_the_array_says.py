# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that leave something out, writes that are answered and have no effect, accounts that see one SVM only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import (
    ApiError,
    InvalidInput,
    OntapError,
    UnexpectedAnswer,
)
from simulator import Simulator, Unknowns
from support.arrays import methods
from support.harness import ca_certificate, config, info, policies, policy
from support.paths import POLICIES

KEY = "a-shared-key-of-25-chars."
ENDPOINTS: dict[str, Any] = {
    "local_endpoint": {"address": "10.10.10.7/32", "port": 2049},
    "remote_endpoint": {"address": "10.10.20.0/24"},
}
WEB: dict[str, Any] = {"name": "web", "svm": "svm1"}
PSK = {**WEB, "action": "esp_transport", "authentication_method": "psk", "secret_key": KEY, **ENDPOINTS}
PKI = {
    **WEB,
    "action": "esp_transport",
    "authentication_method": "pki",
    "certificate": "ipsec-cert",
    "certificate_modify_keepsa": True,
    "local_identity": "CN=svm1.example.com",
    "remote_identity": "ANYTHING",
    "enabled": True,
    "protocol": "tcp",
    **ENDPOINTS,
}
BYPASS = {**WEB, "action": "bypass", **ENDPOINTS}
LOGIN = {"username": "vsadmin", "password": "vsadmin-password"}


def one(array: Simulator, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    return policy(array, check_mode=check_mode, **options)


def in_a_set(array: Simulator, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    common = {name: options.pop(name) for name in (*LOGIN, "ontap_version", "verify_writes") if name in options}
    return policies(array, check_mode=check_mode, policies=[options], allow_empty=True, **common)


BOTH = pytest.mark.parametrize("run", [one, in_a_set], ids=["alone", "set"])
Run = Callable[..., dict[str, Any]]


# Fields that a listing leaves out

LEFT_OUT = [
    "certificate.name",
    "certificate_modify_keepsa",
    "local_identity",
    "remote_identity",
    "authentication_method",
    "action",
    "enabled",
    "protocol",
    "svm.name",
    "local_endpoint.port",
    "remote_endpoint.netmask",
]


@BOTH
@pytest.mark.parametrize("field", LEFT_OUT)
def test_what_a_listing_leaves_out_is_read_by_uuid(array: Simulator, run: Run, field: str) -> None:
    array.version = "9.18.1"
    one(array, **PKI)
    before = array.policies()
    array.clear_log()
    array.fault("missing_fields", "GET", POLICIES, fields=(field, "scope"), times=9)
    assert run(array, **PKI)["changed"] is False
    # Of a policy without SVM, the SVMs that there are come first.
    assert methods(array) == ["GET"] * (3 if field == "svm.name" else 2)
    assert run(array, **{**PKI, "enabled": False})["changed"] is True
    array.heal()
    assert [{**record, "enabled": True} for record in array.policies()] == before


@BOTH
def test_a_key_is_not_taken_to_fit_because_the_method_was_left_out(array: Simulator, run: Run) -> None:
    array.version = "9.18.1"
    one(array, **PKI)
    array.fault("missing_fields", "GET", POLICIES, fields=("authentication_method",), times=9)
    with pytest.raises(InvalidInput, match="authentication_method is 'pki' and should be 'psk'"):
        run(array, **WEB, secret_key=KEY)


@BOTH
def test_what_is_not_set_costs_a_read_only_where_it_is_asked_for(array: Simulator, run: Run) -> None:
    one(array, **PSK)
    for task, requests in (
        (PSK, ["GET"]),
        ({**PSK, "enabled": False}, ["GET", "PATCH"]),
        ({**PSK, "enabled": False, "local_identity": "CN=svm1"}, ["GET", "GET", "PATCH"]),
        ({**PSK, "enabled": False, "local_identity": "CN=svm1"}, ["GET"]),
    ):
        array.clear_log()
        run(array, **task)
        assert methods(array) == requests


def test_a_list_by_name_is_completed_by_uuid_too(array: Simulator) -> None:
    one(array, **BYPASS)
    array.fault("missing_fields", "GET", POLICIES, fields=("action", "enabled"))
    (listed,) = info(array, name="web")["policies"]
    assert (listed["action"], listed["enabled"]) == ("bypass", True)


# The same keys in check mode


@BOTH
@pytest.mark.parametrize("wanted", [PSK, PKI, BYPASS], ids=["psk", "pki", "bypass"])
@pytest.mark.parametrize("posted", ["all", "brief"])
@pytest.mark.parametrize("version", ["9.8", "9.12.1", "9.18.1"])
def test_check_mode_of_a_create_returns_what_the_run_returns(
    array: Simulator, run: Run, version: str, posted: str, wanted: dict[str, Any]
) -> None:
    array.version = version
    array.unknowns = Unknowns(posted_record=posted, ipspace_on_read=True)
    newer = {"authentication_method", "certificate", "certificate_modify_keepsa"} if version == "9.8" else set()
    if version == "9.8" and "certificate" in wanted:
        return
    if version == "9.12.1":
        newer = {"certificate_modify_keepsa"}
    task = {option: value for option, value in wanted.items() if option not in newer}
    predicted, result = run(array, check_mode=True, **task), run(array, **task)
    uuid = array.policies()[0]["uuid"]
    if run is one:
        assert {**result, "uuid": None} == predicted
        assert result["uuid"] == uuid
    else:
        assert {**result["changes"][0], "uuid": None, "result": "planned"} == predicted["changes"][0]
        assert result["changes"][0]["uuid"] == uuid


# What the release is known to refuse

KNOWN: list[tuple[str, dict[str, Any] | None, dict[str, Any], str]] = [
    ("9.8", None, {**PSK, "action": "esp_udp", "authentication_method": None}, "action=esp_udp needs ONTAP 9.9.1"),
    ("9.8", None, {**BYPASS, "local_identity": "short"}, "local_identity: has 5 characters, but 8 to 64"),
    ("9.9.1", BYPASS, {**WEB, "remote_identity": "x" * 65}, "remote_identity: has 65 characters"),
    ("9.12.1", PSK, {**WEB, "remote_endpoint": {"port": "any"}, "local_endpoint": {"port": 0}}, "recreate: true"),
    ("9.16.1", None, {**PKI, "remote_identity": None, "certificate_modify_keepsa": None}, "remote_identity: needed"),
    ("9.16.1", None, {**PKI}, "certificate_modify_keepsa needs ONTAP 9.18.1"),
]


@BOTH
@pytest.mark.parametrize(("version", "there", "task", "sentence"), KNOWN, ids=[case[3][:30] for case in KNOWN])
def test_what_a_known_release_refuses_is_said_before_and_in_check_mode(
    array: Simulator, run: Run, version: str, there: dict[str, Any] | None, task: dict[str, Any], sentence: str
) -> None:
    array.version = version
    if there:
        one(array, **there)
    before = array.policies()
    wanted = {option: value for option, value in task.items() if value is not None}
    for check_mode in (True, False):
        with pytest.raises(InvalidInput, match=sentence):
            run(array, check_mode=check_mode, ontap_version=version, **wanted)
    # The array itself is of the same opinion.
    with pytest.raises(ApiError if run is one else OntapError):
        run(array, **wanted)
    assert array.policies() == before


def test_a_set_says_which_entries_the_release_refuses_before_it_reads(array: Simulator) -> None:
    entries = [
        BYPASS,
        {**BYPASS, "name": "other", "action": "esp_udp"},
        {**BYPASS, "name": "x", "local_identity": "me"},
    ]
    with pytest.raises(InvalidInput) as caught:
        policies(array, policies=entries, ontap_version="9.8")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "policies[1] (IPsec policy 'other' on SVM 'svm1')",
        "policies[2] (IPsec policy 'x' on SVM 'svm1')",
    ]
    assert array.requests == []


# Writes without effect


def without_effect(array: Simulator, kind: str) -> Callable[..., dict[str, Any]]:
    """A task whose write will have no effect."""
    if kind == "config":
        array.answer_without_effect("PATCH", "/api/security/ipsec")
        return lambda **options: config(array, replay_window=64, **options)
    if kind == "ca, created":
        array.answer_without_effect("POST", "/api/security/ipsec/ca-certificates")
        return lambda **options: ca_certificate(array, name="ipsec-ca", svm="svm1", **options)
    if kind == "ca, deleted":
        array.add_ca_certificate("ipsec-ca", "svm1")
        array.answer_without_effect("DELETE", "/api/security/ipsec/ca-certificates/*")
        return lambda **options: ca_certificate(array, name="ipsec-ca", svm="svm1", state="absent", **options)
    run, operation = (in_a_set, kind.removeprefix("set, ")) if kind.startswith("set") else (one, kind)
    task = {"modified": {**PSK, "enabled": False}, "deleted": {**WEB, "state": "absent"}, "created": PSK}[operation]
    if operation != "created":
        one(array, **PSK)
    method, path = {
        "modified": ("PATCH", f"{POLICIES}/*"),
        "deleted": ("DELETE", f"{POLICIES}/*"),
        "created": ("POST", POLICIES),
    }[operation]
    array.answer_without_effect(method, path)
    return lambda **options: run(array, **task, **options)


SILENT = ["modified", "deleted", "set, modified", "set, deleted", "config", "ca, deleted"]


@pytest.mark.parametrize("kind", SILENT)
def test_a_write_without_effect_is_reported_as_done_unless_it_is_to_be_verified(array: Simulator, kind: str) -> None:
    assert without_effect(array, kind)()["changed"] is True
    array.reset()
    task = without_effect(array, kind)
    with pytest.raises(OntapError, match="was answered with success, but") as caught:
        task(verify_writes=True)
    told = caught.value.result()
    assert told["changed"] is True
    assert (told["entries"][0]["result"] if "entries" in told else told["operation"]) == "unknown"
    assert "Run the task again" in told["msg"]
    # Which has its effect then.
    assert task(verify_writes=True)["changed"] is True
    assert task(verify_writes=True)["changed"] is False


@pytest.mark.parametrize("kind", ["created", "set, created", "ca, created"])
def test_a_create_without_effect_is_always_noticed(array: Simulator, kind: str) -> None:
    with pytest.raises(OntapError, match="but the array does not list it"):
        without_effect(array, kind)()


@BOTH
def test_verifying_costs_one_request_for_each_write(array: Simulator, run: Run) -> None:
    for task, requests in (
        (PSK, ["GET", *(["GET", "GET"] if run is in_a_set else []), "POST", "GET"]),
        ({**PSK, "enabled": False}, ["GET", "PATCH", "GET"]),
        ({**PSK, "enabled": False}, ["GET"]),
        ({**WEB, "state": "absent"}, ["GET", *(["GET"] if run is in_a_set else []), "DELETE", "GET"]),
    ):
        array.clear_log()
        run(array, verify_writes=True, **task)
        assert methods(array) == requests
        array.clear_log()
        run(array, check_mode=True, verify_writes=True, **task)
        assert "POST" not in methods(array)


def test_a_recreate_that_only_deletes_is_noticed_as_lost(array: Simulator) -> None:
    one(array, **{**PKI, "certificate_modify_keepsa": None})
    array.answer_without_effect("POST", POLICIES)
    with pytest.raises(UnexpectedAnswer) as caught:
        one(array, **{**PKI, "certificate_modify_keepsa": None, "action": "esp_udp"}, recreate=True, verify_writes=True)
    assert caught.value.result()["changed"] is True
    assert array.policies() == []
    assert caught.value.result()["lost"]["certificate"] == "ipsec-cert"


def test_a_recreate_whose_delete_has_no_effect_ends_there(array: Simulator) -> None:
    one(array, **{**PKI, "certificate_modify_keepsa": None})
    array.answer_without_effect("DELETE", f"{POLICIES}/*")
    with pytest.raises(UnexpectedAnswer, match="it is still there"):
        one(array, **{**PKI, "certificate_modify_keepsa": None, "action": "esp_udp"}, recreate=True, verify_writes=True)
    assert [record["action"] for record in array.policies()] == ["esp_transport"]


def test_what_is_put_back_is_verified_as_well(array: Simulator) -> None:
    one(array, **{**PKI, "certificate_modify_keepsa": None})
    array.refuse("POST", POLICIES, code=66257110)
    array.clear_log()
    with pytest.raises(OntapError, match="was put back as it was"):
        one(array, **{**PKI, "certificate_modify_keepsa": None, "action": "esp_udp"}, recreate=True, verify_writes=True)
    requests = methods(array)
    assert requests[requests.index("DELETE") :] == ["DELETE", "GET", "POST", "POST", "GET"]


# Accounts of one SVM


@pytest.fixture
def svm_account(array: Simulator) -> Simulator:
    """An array with an account of svm1."""
    array.add_account("vsadmin", "vsadmin-password", svm="svm1")
    return array


@BOTH
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_an_account_of_one_svm_is_told_to_name_it_before_any_write(
    svm_account: Simulator, run: Run, state: str, there: bool
) -> None:
    if there:
        one(svm_account, **BYPASS)
    before = svm_account.policies()
    task = {option: value for option, value in BYPASS.items() if option != "svm"}
    for check_mode in (True, False):
        with pytest.raises(InvalidInput, match="svm: is needed, because this account sees SVM 'svm1'.* Set svm: svm1."):
            run(svm_account, check_mode=check_mode, state=state, **task, **LOGIN)
    assert svm_account.policies() == before
    assert run(svm_account, state=state, **task, svm="svm1", **LOGIN)["changed"] is (there is (state == "absent"))


@pytest.mark.parametrize(("run", "shown"), [(one, "left_out"), (in_a_set, "left_out"), (in_a_set, "unset")])
def test_an_account_that_is_not_shown_its_svm_finds_its_policies(svm_account: Simulator, run: Run, shown: str) -> None:
    one(svm_account, **{**BYPASS, "svm": "svm2"})
    svm_account.unknowns = Unknowns(svm_of_own_account=shown)
    for task, operation in (
        (PKI, "created"),
        (PKI, "none"),
        ({**PKI, "enabled": False}, "modified"),
        ({**PKI, "action": "esp_udp", "recreate": True}, "recreated"),
        ({**WEB, "state": "absent"}, "deleted"),
        ({**WEB, "state": "absent"}, "none"),
    ):
        wanted = {option: value for option, value in task.items() if option != "certificate_modify_keepsa"}
        login = {**LOGIN, "ontap_version": "9.17.1"}
        for check_mode in (True, False):
            result = run(svm_account, check_mode=check_mode, **wanted, **login)
            told = result["operation"] if run is one else result["entries"][0]["operation"]
            assert told == operation
    assert [(record["svm"]["name"], record["name"]) for record in svm_account.policies()] == [("svm2", "web")]


def test_what_an_account_can_not_find_by_its_svm_is_not_told_as_absent(svm_account: Simulator) -> None:
    svm_account.unknowns = Unknowns(svm_of_own_account="unset")
    assert one(svm_account, **BYPASS, **LOGIN)["operation"] == "created"
    with pytest.raises(ApiError, match="66257104"):
        one(svm_account, **BYPASS, **LOGIN)
    with pytest.raises(
        UnexpectedAnswer, match="'web' on SVM 'svm1' is there, and the array does not find it by its SVM"
    ):
        one(svm_account, **WEB, state="absent", **LOGIN)
    assert one(svm_account, **{**WEB, "name": "other"}, state="absent", **LOGIN)["operation"] == "none"
    assert len(svm_account.policies()) == 1


# SVMs that are not there


@BOTH
@pytest.mark.parametrize("name", ["svm-1", "SVM1", "gone"])
def test_nothing_is_absent_from_an_svm_that_the_array_does_not_have(array: Simulator, run: Run, name: str) -> None:
    """Such a name may be misspelt, and the policy be there."""
    one(array, **BYPASS)
    for check_mode in (True, False):
        with pytest.raises(OntapError) as caught:
            run(array, check_mode=check_mode, **{**WEB, "svm": name}, state="absent")
        assert f"svm: the array has no SVM {name!r}, only 'svm1', 'svm2'." in str(caught.value)
    assert run(array, **{**WEB, "name": "other"}, state="absent")["changed"] is False


@BOTH
def test_an_account_that_sees_no_svms_is_told_what_is_not_certain(array: Simulator, run: Run) -> None:
    array.add_account("blind", "password-of-blind", forbidden=("/api/svm",))
    result = run(array, **{**WEB, "svm": "gone"}, state="absent", username="blind", password="password-of-blind")
    assert "this account may not ask GET /api/svm/svms, so it is not certain" in " ".join(result["warnings"])


def test_a_set_names_each_entry_of_an_svm_that_the_array_does_not_have(array: Simulator) -> None:
    """Before anything is written, so that no half of a list is done when ONTAP refuses the rest."""
    wanted = [BYPASS, {**BYPASS, "svm": "svm-2"}, {**WEB, "name": "old", "svm": "svm-2", "state": "absent"}]
    for check_mode in (True, False):
        with pytest.raises(OntapError) as caught:
            policies(array, check_mode=check_mode, policies=wanted, svms=["svm1", "svm-2", "svm3"], prune=True)
        told = caught.value.result()["refused"]
        assert [one.get("position") for one in told] == [1, 2, None]
        assert told[2]["msg"].startswith("svms: the array has no SVM 'svm3', only 'svm1', 'svm2'.")
    assert array.policies() == []


def test_an_authority_is_not_absent_from_an_svm_that_the_array_does_not_have(array: Simulator) -> None:
    with pytest.raises(InvalidInput, match="svm: the array has no SVM 'svm-1', only 'svm1', 'svm2'."):
        ca_certificate(array, name="ipsec-ca", svm="svm-1", state="absent")


def test_an_account_of_one_svm_is_told_so_about_authorities(svm_account: Simulator) -> None:
    svm_account.add_ca_certificate("ipsec-ca", "svm1")
    with pytest.raises(InvalidInput, match="Set svm: svm1"):
        ca_certificate(svm_account, name="ipsec-ca", state="absent", **LOGIN)
    assert len(svm_account.ca_certificates()) == 1


def test_a_cluster_with_one_svm_has_policies_of_cluster_scope(array: Simulator) -> None:
    array.remove_svm("svm2")
    task = {option: value for option, value in BYPASS.items() if option != "svm"}
    assert one(array, **task)["operation"] == "created"
    assert array.policy("web", None) is not None
    assert one(array, **task, state="absent")["operation"] == "deleted"
    assert one(array, **task, state="absent")["operation"] == "none"


def test_a_policy_that_ended_up_on_an_svm_is_named_in_the_error(svm_account: Simulator) -> None:
    svm_account.add_account("blind", "blind-password", svm="svm1", forbidden=("/api/svm",))
    task = {option: value for option, value in BYPASS.items() if option != "svm"}
    with pytest.raises(UnexpectedAnswer, match="ONTAP made it IPsec policy 'web' on SVM 'svm1'") as caught:
        one(svm_account, **task, username="blind", password="blind-password")
    told = caught.value.result()
    assert (told["changed"], told["operation"]) == (True, "created")
    assert told["uuid"] == svm_account.policies()[0]["uuid"]
