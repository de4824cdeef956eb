# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is deleted before all is known of what comes instead: in one task and in sets, in check mode as in the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import ApiError, InvalidInput, OntapError
from simulator import Simulator
from support.arrays import writes
from support.harness import policies, policy

KEY = "a-shared-key-of-25-chars."
OTHER_KEY = "another-key-of-many-chars"
PPK = {"identity": "ppk-identity", "shared_key": OTHER_KEY}
ENDPOINTS: dict[str, Any] = {
    "local_endpoint": {"address": "10.10.10.7/32", "port": 2049},
    "remote_endpoint": {"address": "10.10.20.0/24"},
}
WEB: dict[str, Any] = {"name": "web", "svm": "svm1"}
PSK = {**WEB, "action": "esp_transport", "secret_key": KEY, **ENDPOINTS}
PKI = {**WEB, "action": "esp_transport", "certificate": "ipsec-cert", "remote_identity": "ANYTHING", **ENDPOINTS}
BYPASS = {**WEB, "action": "bypass", **ENDPOINTS}
TO_PKI = {**WEB, "certificate": "ipsec-cert", "remote_identity": "ANYTHING"}
REPLACE = {"update_secret_key": "always"}
WILDCARD = {"address": "0.0.0.0/0"}


def alone(array: Simulator, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    return policy(array, check_mode=check_mode, recreate=True, **options)


def in_a_set(array: Simulator, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    login = {name: options.pop(name) for name in ("username", "password", "ontap_version") if name in options}
    wanted = {**options, "recreate": True}
    return policies(array, check_mode=check_mode, policies=[wanted], max_deletes="100%", allow_empty=True, **login)


BOTH = pytest.mark.parametrize("run", [alone, in_a_set], ids=["alone", "set"])
Run = Callable[..., dict[str, Any]]


def stored(array: Simulator) -> dict[str, Any]:
    record = array.policy("web", "svm1")
    assert record is not None
    return record


# The release, what is there, the task, and what it is told.
REFUSED: list[tuple[str, str, dict[str, Any], dict[str, Any], str]] = [
    ("misspelt certificate", "9.17.1", PSK, {**TO_PKI, "certificate": "ipsec-crt"}, "certificate: .*is not installed"),
    ("a CA's certificate", "9.17.1", PSK, {**TO_PKI, "certificate": "ipsec-ca"}, "certificate: .*of type server_ca"),
    (
        "certificate of the cluster",
        "9.17.1",
        PSK,
        {**TO_PKI, "certificate": "cluster-cert"},
        "cluster-cert' on SVM 'svm1' is not",
    ),
    (
        "certificate of another SVM",
        "9.17.1",
        PSK,
        {**TO_PKI, "certificate": "elsewhere"},
        "elsewhere' on SVM 'svm1' is not",
    ),
    (
        "expired certificate",
        "9.17.1",
        PSK,
        {**TO_PKI, "certificate": "expired"},
        "certificate: .*has expired, on 2001-01-01",
    ),
    ("another IPspace", "9.17.1", PSK, {**BYPASS, "ipspace": "Nowhere"}, "ipspace: SVM 'svm1' has 'Default'"),
    (
        "an IPspace that is not there",
        "9.17.1",
        {**PSK, "svm": None},
        {**BYPASS, "svm": None, "ipspace": "Nowhere"},
        "ipspace: the array has no 'Nowhere', only .*'Default'.* Nothing was deleted",
    ),
    ("no identity of the peer", "9.17.1", PSK, {**WEB, "certificate": "ipsec-cert"}, "remote_identity: needed"),
    ("key and certificate", "9.17.1", PSK, {**TO_PKI, "secret_key": KEY}, "secret_key, certificate: give one of them"),
    ("the key is not given", "9.17.1", PSK, {**WEB, "action": "esp_udp"}, "secret_key: needed"),
    ("nor for another method", "9.17.1", PKI, {**WEB, "authentication_method": "psk"}, "secret_key: needed"),
    ("its post-quantum key is not given", "9.17.1", {**PSK, "ppk": PPK}, {**PSK, **REPLACE}, "ppk.shared_key"),
    (
        "NAT over IPv6",
        "9.17.1",
        {
            **PKI,
            "local_endpoint": {"address": "2001:db8::1/64"},
            "remote_endpoint": {"address": "2001:db8:1::/64"},
        },
        {**WEB, "action": "esp_udp"},
        "esp_udp works over IPv4 only",
    ),
    (
        "all addresses without a port",
        "9.17.1",
        {**PKI, "remote_endpoint": WILDCARD},
        {**WEB, "action": "esp_udp", "local_endpoint": {"port": "any"}},
        "only allowed together with one port",
    ),
    (
        "one key for all, and no identities",
        "9.17.1",
        {**BYPASS, "remote_endpoint": WILDCARD},
        {**WEB, "action": "esp_transport", "secret_key": KEY},
        "remote_identity: needed .* with one key for all addresses",
    ),
    (
        "one key for a subnet, and no identity",
        "9.17.1",
        BYPASS,
        {**WEB, "action": "esp_transport", "secret_key": KEY},
        "remote_identity: needed .* with one key for a subnet",
    ),
    (
        "one key for all, moved there",
        "9.17.1",
        PSK,
        {**PSK, **REPLACE, "remote_endpoint": WILDCARD},
        "remote_identity: needed .* with one key for all addresses",
    ),
    ("a release without the action", "9.8", PSK, {**PSK, "action": "esp_udp"}, "action=esp_udp needs ONTAP 9.9.1"),
    (
        "a release with short identities",
        "9.9.1",
        PSK,
        {**PSK, **REPLACE, "remote_identity": "ANY"},
        "remote_identity: has 3 characters, but 8 to 64 .*from 9.10.1 on",
    ),
    ("a release without PPK", "9.16.1", PSK, {**PSK, **REPLACE, "ppk": PPK}, "needs ONTAP 9.17.1"),
]


def prepared(array: Simulator, version: str, there: dict[str, Any]) -> list[dict[str, Any]]:
    array.version = version
    array.add_certificate("expired", "svm1", "server", expiry_time="2001-01-01T00:00:00-05:00")
    array.add_certificate("elsewhere", "svm2", "server")
    policy(array, **there)
    array.clear_log()
    return array.policies()


@BOTH
@pytest.mark.parametrize(
    ("version", "there", "task", "sentence"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_successor_that_cannot_be_is_refused_with_its_predecessor_in_place(
    array: Simulator, run: Run, version: str, there: dict[str, Any], task: dict[str, Any], sentence: str
) -> None:
    before = prepared(array, version, there)
    said = []
    for check_mode in (True, False):
        with pytest.raises(OntapError, match=sentence) as caught:
            run(array, check_mode=check_mode, **task)
        said.append(str(caught.value))
        assert caught.value.result()["changed"] is False
    assert said[0] == said[1]
    assert KEY not in said[0]
    assert writes(array) == []
    assert array.policies() == before


@BOTH
def test_what_stands_every_check_is_recreated(array: Simulator, run: Run) -> None:
    prepared(array, "9.17.1", PSK)
    predicted = run(array, check_mode=True, **TO_PKI)
    result = run(array, **TO_PKI)
    assert (predicted["changed"], result["changed"]) == (True, True)
    assert stored(array)["certificate"]["name"] == "ipsec-cert"
    assert run(array, **TO_PKI)["changed"] is False


def test_the_checks_cost_reads_only_where_something_is_recreated(array: Simulator) -> None:
    (stored_before,) = prepared(array, "9.17.1", PSK)
    alone(array, **{**PSK, "enabled": False})
    assert [request.method for request in array.requests] == ["GET", "PATCH"]
    array.clear_log()
    alone(array, **TO_PKI)
    reads = [request.path.rpartition("/")[2] for request in array.requests if request.method == "GET"]
    assert reads == ["policies", stored_before["uuid"], "cluster", "certificates", "ca-certificates"]
    assert writes(array) == ["DELETE", "POST"]
    array.clear_log()
    alone(array, **{**PSK, "action": "esp_udp", "ontap_version": "9.17.1"})
    assert [request.method for request in array.requests] == ["GET", "GET", "DELETE", "POST"]


@BOTH
@pytest.mark.parametrize(
    ("hidden", "sentence"),
    [
        ("/api/security/certificates", "certificate: this account may not ask GET /api/security/certificates"),
        ("/api/cluster", "This account may not ask GET /api/cluster"),
    ],
)
def test_what_the_account_may_not_read_is_a_warning_that_says_so(
    array: Simulator, run: Run, hidden: str, sentence: str
) -> None:
    prepared(array, "9.17.1", PSK)
    array.add_account("restricted", "restricted-password", forbidden=(hidden,))
    login = {"username": "restricted", "password": "restricted-password"}
    for check_mode in (True, False):
        warnings = run(array, check_mode=check_mode, **TO_PKI, **login)["warnings"]
        assert [warning for warning in warnings if sentence in warning], warnings
    assert stored(array)["authentication_method"] == "pki"


def test_a_certificate_that_does_not_say_when_it_expires_is_used_with_a_warning(array: Simulator) -> None:
    prepared(array, "9.17.1", PSK)
    array.fault("missing_fields", "GET", "/api/security/certificates", fields=("expiry_time", "public_certificate"))
    assert "does not say when it expires" in alone(array, check_mode=True, **TO_PKI)["warnings"][0]


@pytest.mark.parametrize("path", ["/api/cluster", "/api/security/certificates", "/api/security/ipsec/policies/*"])
def test_a_check_that_fails_leaves_the_policy_alone(array: Simulator, path: str) -> None:
    before = prepared(array, "9.17.1", PSK)
    for check_mode in (True, False):
        array.refuse("GET", path, code=262145, status=500)
        with pytest.raises(ApiError, match="An unexpected exception occurred"):
            alone(array, check_mode=check_mode, **TO_PKI)
    assert array.policies() == before


# A create that fails after the delete


POLICIES_PATH = "/api/security/ipsec/policies"
ROTATION = {**WEB, "secret_key": "another-secret-of-the-tests", **REPLACE}


@BOTH
@pytest.mark.parametrize("times", [1, 2])
def test_a_rotation_outlasts_failures_of_ontap(array: Simulator, run: Run, times: int) -> None:
    prepared(array, "9.17.1", PSK)
    array.refuse("POST", POLICIES_PATH, code=262145, status=500, times=times)
    result = run(array, **ROTATION)
    assert stored(array)["secret_key"] == ROTATION["secret_key"]
    told = [one for one in result["warnings"] if "no effect of it, so it was sent once more" in one]
    assert len(told) == times


@pytest.mark.parametrize(("error", "creates"), [({"code": 262145, "status": 500}, 3), ({"code": 66257121}, 1)])
def test_a_rotation_ends_where_trying_again_is_of_no_use(array: Simulator, error: Any, creates: int) -> None:
    prepared(array, "9.17.1", PSK)
    array.clear_log()
    array.refuse("POST", POLICIES_PATH, times=99, **error)
    with pytest.raises(ApiError, match="had been deleted for this and is now missing") as caught:
        alone(array, **ROTATION)
    assert [request.method for request in array.requests].count("POST") == creates
    assert caught.value.result()["lost"]["name"] == WEB["name"]


def test_what_can_not_be_created_is_put_back_although_ontap_fails(array: Simulator) -> None:
    before = prepared(array, "9.17.1", PKI)
    array.refuse("POST", POLICIES_PATH, code=66257121)
    array.refuse("POST", POLICIES_PATH, code=262145, status=500, occurrence=2)
    with pytest.raises(ApiError, match="was put back as it was"):
        alone(array, **WEB, secret_key=KEY)
    assert stored(array)["certificate"] == before[0]["certificate"]


# What a credential implies


@BOTH
@pytest.mark.parametrize("version", ["9.10.1", "9.17.1"])
def test_a_key_for_a_policy_with_a_certificate_is_a_difference(array: Simulator, run: Run, version: str) -> None:
    prepared(array, version, PKI)
    task = {**WEB, "secret_key": KEY}
    with pytest.raises(InvalidInput, match="authentication_method is 'pki' and should be 'psk'"):
        policy(array, **task)
    with pytest.raises(InvalidInput, match="authentication_method is 'pki' and should be 'psk'"):
        policies(array, policies=[task])
    assert run(array, **task)["changed"] is True
    record = stored(array)
    assert (record["authentication_method"], record["secret_key"]) == ("psk", KEY)
    assert "certificate" not in record
    assert run(array, **task)["changed"] is False


@BOTH
def test_a_key_that_is_always_replaced_makes_a_key_policy_of_one_with_a_certificate(array: Simulator, run: Run) -> None:
    prepared(array, "9.17.1", PKI)
    for key in (KEY, OTHER_KEY):
        assert run(array, **WEB, secret_key=key, **REPLACE)["changed"] is True
        assert (stored(array)["authentication_method"], stored(array)["secret_key"]) == ("psk", key)


@BOTH
@pytest.mark.parametrize("version", ["9.8", "9.9.1"])
def test_where_there_are_no_methods_a_key_changes_nothing(array: Simulator, run: Run, version: str) -> None:
    prepared(array, version, PSK)
    for told, requests in ((None, 2), (version, 1)):
        array.clear_log()
        assert run(array, **PSK, ontap_version=told)["changed"] is False
        # The first of two is refused because it asks for the method.
        assert len(array.requests) == requests
    assert run(array, **PSK, **REPLACE)["changed"] is True


ASKING: list[dict[str, Any]] = [
    {"secret_key": KEY},
    {"certificate": "ipsec-cert"},
    {"authentication_method": "psk"},
    {"authentication_method": "pki"},
    {"ppk": PPK},
]


@BOTH
@pytest.mark.parametrize("action", ["bypass", "discard"])
@pytest.mark.parametrize("asked", ASKING, ids="-".join)
def test_credentials_without_an_action_are_an_error_where_nothing_is_protected(
    array: Simulator, run: Run, action: str, asked: dict[str, Any]
) -> None:
    before = prepared(array, "9.17.1", {**BYPASS, "action": action})
    for check_mode in (True, False):
        with pytest.raises(InvalidInput, match=f"has action {action}, which protects no packets"):
            run(array, check_mode=check_mode, **WEB, **asked)
    assert array.policies() == before
    # Whoever says it means it.
    result = run(array, **WEB, action=action, **asked)
    assert (result["changed"], "left out" in result["warnings"][0]) == (False, True)
    # And no credentials are none.
    assert run(array, **WEB, authentication_method="none")["changed"] is False


@BOTH
def test_a_bypass_becomes_protection_with_what_the_task_gives(array: Simulator, run: Run) -> None:
    for credentials, method in (
        ({"secret_key": KEY, "remote_identity": "CN=peers"}, "psk"),
        ({**TO_PKI, "action": "esp_udp"}, "pki"),
    ):
        array.reset()
        prepared(array, "9.17.1", BYPASS)
        assert run(array, **{**WEB, "action": "esp_transport", **credentials})["changed"] is True
        assert stored(array)["authentication_method"] == method


# A port back to any


@BOTH
@pytest.mark.parametrize("version", ["9.12.1", "9.15.1"])
def test_before_9_16_1_a_port_goes_back_to_any_by_recreating(array: Simulator, run: Run, version: str) -> None:
    prepared(array, version, PKI)
    task = {**WEB, "local_endpoint": {"port": "any"}}
    with pytest.raises(ApiError, match="set recreate: true"):
        policy(array, **task)
    for check_mode in (True, False):
        with pytest.raises(
            InvalidInput, match="local_endpoint.port is '2049-2049' and should be '0-0'.*recreate: true"
        ):
            policy(array, check_mode=check_mode, ontap_version=version, **task)
    assert run(array, check_mode=True, **task)["changed"] is True
    array.clear_log()
    assert run(array, **task)["changed"] is True
    assert writes(array) == ["DELETE", "POST"]
    assert stored(array)["local_endpoint"]["port"] == "0-0"


@BOTH
def test_from_9_16_1_on_a_port_goes_back_to_any_in_place(array: Simulator, run: Run) -> None:
    prepared(array, "9.16.1", PSK)
    assert run(array, **WEB, local_endpoint={"port": "any"})["changed"] is True
    assert writes(array) == ["PATCH"]


# After a failure


def test_a_set_tells_the_uuid_of_what_was_put_back(array: Simulator) -> None:
    prepared(array, "9.17.1", PKI)
    dead = stored(array)["uuid"]
    array.refuse("POST", "/api/security/ipsec/policies", code=66257110)
    with pytest.raises(OntapError) as caught:
        in_a_set(array, **WEB, action="esp_udp")
    change = caught.value.result()["changes"][0]
    assert change["uuid"] == stored(array)["uuid"] != dead
    array.refuse("POST", "/api/security/ipsec/policies", code=66257110, times=2)
    with pytest.raises(OntapError) as caught:
        in_a_set(array, **WEB, action="esp_udp")
    change = caught.value.result()["changes"][0]
    assert (change["uuid"], change["lost"]["certificate"]) == (None, "ipsec-cert")
    assert array.policies() == []
