# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning, which is pure: from what is wanted and what is there to what will be done."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.outcome import diff
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.planning import Change, Permissions, plan

KEY = "a-shared-key-of-25-chars."
UUID = "1cd8a442-86d1-11e0-ae1c-123478563412"
ENDPOINTS = {
    "local_endpoint": {"address": "10.0.0.1/32"},
    "remote_endpoint": {"address": "10.0.1.0/24"},
}
IDENTITY = {"name": "web", "svm": "svm1"}


def state(**options: Any) -> dict[str, Any]:
    return POLICY.from_options({**IDENTITY, **options})


def on_array(**options: Any) -> dict[str, Any]:
    stored = {row.option: row.default for row in POLICY.fields if row.default is not None}
    return {**stored, **state(**ENDPOINTS, **options), "uuid": UUID, "scope": "svm"}


PSK = on_array(action="esp_transport", authentication_method="psk")
PKI = on_array(action="esp_transport", authentication_method="pki", certificate="cert1")
BYPASS = on_array(action="bypass", authentication_method="none")
ALLOWED = Permissions(recreate=True)


def planned(wanted: dict[str, Any], current: dict[str, Any] | None, **how: Any) -> Change:
    return plan(POLICY, state(**wanted), current, **how)


def written(change: Change) -> dict[str, Any]:
    """All that the create of a change says."""
    return {**change.creation.implied, **change.creation.wanted} if change.creation else {}


CASES: list[tuple[str, dict[str, Any], dict[str, Any] | None, str, list[str]]] = [
    ("nothing said", {}, PSK, "none", []),
    ("as it is", {"action": "esp_transport", "authentication_method": "psk", "enabled": True}, PSK, "none", []),
    ("the key is never compared", {"secret_key": KEY}, PSK, "none", []),
    ("disable", {"enabled": False}, PSK, "modified", ["enabled"]),
    ("one port", {"local_endpoint": {"port": 23}}, PSK, "modified", ["local_endpoint"]),
    ("another identity of the array", {"local_identity": "CN=b"}, PSK, "modified", ["local_identity"]),
    ("other certificate", {"certificate": "cert2"}, PKI, "modified", ["certificate"]),
    ("keep SAs: false is the default", {"certificate_modify_keepsa": False}, PKI, "none", []),
    ("keep SAs", {"certificate_modify_keepsa": True}, PKI, "modified", ["certificate_modify_keepsa"]),
    ("IPspace was not returned", {"ipspace": "Default"}, PSK, "none", []),
    ("method none on a bypass", {"authentication_method": "none"}, BYPASS, "none", []),
    ("create", {"action": "bypass", **ENDPOINTS}, None, "created", []),
]


@pytest.mark.parametrize(
    ("wanted", "current", "operation", "modified"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_plan_is_the_difference(
    wanted: dict[str, Any], current: dict[str, Any] | None, operation: str, modified: list[str]
) -> None:
    change = planned(wanted, current)
    assert (change.operation, change.modified) == (operation, modified)


def test_absent_deletes_what_is_there_and_nothing_else() -> None:
    assert planned({}, PSK, present=False).operation == "deleted"
    assert planned({}, None, present=False).operation == "none"


def test_what_ontap_cannot_modify_is_an_error_with_both_values() -> None:
    with pytest.raises(InvalidInput, match="action is 'bypass' and should be 'discard'.*recreate: true"):
        planned({"action": "discard"}, BYPASS)


def test_a_certificate_is_never_patched_onto_another_method() -> None:
    for method in ("psk", "none", None):
        current = {**PSK, "authentication_method": method}
        with pytest.raises(InvalidInput, match="authentication_method is"):
            planned({"certificate": "cert1"}, current)


def test_recreate_is_used_only_where_it_is_needed() -> None:
    assert planned({"enabled": False}, PSK, permissions=ALLOWED).operation == "modified"
    assert planned({"action": "discard"}, BYPASS, permissions=ALLOWED).operation == "recreated"


def test_recreate_carries_over_what_the_task_leaves_out() -> None:
    current = {**BYPASS, "enabled": False, "protocol": "udp", "local_endpoint.port": "53-53"}
    change = planned({"action": "discard"}, current, permissions=ALLOWED)
    expected = {**POLICY.writable(current), "action": "discard"}
    del expected["authentication_method"]
    assert change.creation is not None and change.creation.wanted == expected


def test_recreate_is_refused_before_the_delete_if_the_key_is_missing() -> None:
    with pytest.raises(InvalidInput, match="secret_key: needed"):
        planned({"action": "esp_udp"}, PSK, permissions=ALLOWED)


def test_recreate_is_refused_if_the_post_quantum_key_is_missing() -> None:
    current = {**PSK, "ppk.identity": "ppk-id"}
    with pytest.raises(InvalidInput, match="ppk.shared_key"):
        planned({"action": "esp_udp", "secret_key": KEY}, current, permissions=ALLOWED)


def test_a_first_post_quantum_key_needs_a_recreate_and_another_identity_does_not() -> None:
    ppk = {"ppk": {"identity": "ppk-id", "shared_key": KEY}}
    with pytest.raises(InvalidInput, match="ppk.identity is not set and should be 'ppk-id'"):
        planned(ppk, PKI)
    with pytest.raises(InvalidInput, match="remote_identity: needed to create .* again"):
        planned(ppk, PKI, permissions=ALLOWED)
    assert planned({**ppk, "remote_identity": "ANYTHING"}, PKI, permissions=ALLOWED).operation == "recreated"
    assert planned(ppk, {**PKI, "ppk.identity": "other-id"}).operation == "modified"


def test_from_pki_to_psk_the_certificate_is_dropped() -> None:
    change = planned(
        {"authentication_method": "psk", "secret_key": KEY, "remote_identity": "CN=peers"}, PKI, permissions=ALLOWED
    )
    assert "certificate" not in written(change)


def test_replacing_a_key_needs_both_permissions() -> None:
    always = Permissions(replace_secrets=True)
    with pytest.raises(InvalidInput, match="secret_key is to be replaced.*recreate: true"):
        planned({"secret_key": KEY}, PSK, permissions=always)
    change = planned({"secret_key": KEY}, PSK, permissions=Permissions(recreate=True, replace_secrets=True))
    assert (change.operation, change.modified) == ("recreated", ["secret_key"])


def test_replacing_a_key_that_the_task_does_not_give_changes_nothing() -> None:
    both = Permissions(recreate=True, replace_secrets=True)
    assert planned({}, PSK, permissions=both).operation == "none"


@pytest.mark.parametrize("current", [None, BYPASS], ids=["create", "existing"])
def test_authentication_is_left_out_where_nothing_is_protected(current: dict[str, Any] | None) -> None:
    change = planned({"action": "bypass", "authentication_method": "psk", "secret_key": KEY, **ENDPOINTS}, current)
    assert change.operation == ("none" if current else "created")
    assert "authentication_method, secret_key left out" in change.warnings[0]
    assert not {"authentication_method", "secret_key"} & written(change).keys()


def test_a_create_says_how_it_authenticates_although_the_user_did_not() -> None:
    change = planned({"action": "esp_transport", "secret_key": KEY, **ENDPOINTS}, None)
    assert change.creation is not None and change.creation.implied == {"authentication_method": "psk"}


def test_the_diff_of_a_replaced_key_shows_that_and_not_the_key() -> None:
    both = Permissions(recreate=True, replace_secrets=True)
    shown = diff(POLICY, planned({"secret_key": KEY}, PSK, permissions=both))
    assert shown["after"]["secret_key"] == "(replaced)"
    assert shown["before"] != shown["after"]
    assert KEY not in str(shown)


def test_no_plan_prints_a_secret() -> None:
    assert KEY not in repr(planned({"action": "esp_transport", "secret_key": KEY, **ENDPOINTS}, None))


# What is known of the release

RELEASES: list[tuple[dict[str, Any], tuple[int, int, int], str]] = [
    ({"local_identity": "x" * 7}, (9, 9, 1), "local_identity: has 7 characters, but 8 to 64"),
    ({"remote_identity": "x" * 65}, (9, 8, 0), "remote_identity: has 65 characters, but 8 to 64"),
    ({"action": "esp_udp"}, (9, 8, 0), "action=esp_udp needs ONTAP 9.9.1"),
]


@pytest.mark.parametrize(("wanted", "version", "sentence"), RELEASES, ids=[case[2][:20] for case in RELEASES])
@pytest.mark.parametrize("current", [None, BYPASS], ids=["create", "existing"])
def test_a_release_that_is_known_is_asked_first(
    current: dict[str, Any] | None, wanted: dict[str, Any], version: tuple[int, int, int], sentence: str
) -> None:
    whole = {**{"action": "bypass"}, **ENDPOINTS, **wanted} if current is None else wanted
    state = POLICY.from_options({"name": "web", "svm": "svm1", **whole})
    with pytest.raises(InvalidInput, match=sentence):
        plan(POLICY, state, current, version=version)


@pytest.mark.parametrize(("version", "refused"), [(None, False), ((9, 15, 1), False), ((9, 16, 1), True)])
def test_a_certificate_without_the_identity_of_the_peer(version: Any, refused: bool) -> None:
    state = POLICY.from_options(
        {"name": "web", "svm": "svm1", "action": "esp_transport", "certificate": "cert1", **ENDPOINTS}
    )
    if refused:
        with pytest.raises(InvalidInput, match="remote_identity: needed to create"):
            plan(POLICY, state, None, version=version)
    else:
        assert plan(POLICY, state, None, version=version).operation == "created"


@pytest.mark.parametrize(
    ("version", "recreate", "operation"),
    [
        (None, True, "modified"),
        ((9, 16, 1), True, "modified"),
        ((9, 15, 1), True, "recreated"),
        ((9, 15, 1), False, None),
    ],
)
def test_a_port_goes_back_to_any_in_place_or_not(version: Any, recreate: bool, operation: str | None) -> None:
    current = {**BYPASS, "local_endpoint.port": "53-53"}
    wanted = {"name": "web", "svm": "svm1", "local_endpoint.port": "0-0"}
    permissions = Permissions(recreate=recreate)
    if operation is None:
        with pytest.raises(InvalidInput, match="local_endpoint.port is '53-53' and should be '0-0'.*recreate: true"):
            plan(POLICY, wanted, current, permissions=permissions, version=version)
    else:
        assert plan(POLICY, wanted, current, permissions=permissions, version=version).operation == operation


def test_what_is_kept_stands_the_rules_for_what_is_given() -> None:
    with pytest.raises(InvalidInput, match="ppk.identity: has 3 characters.*Nothing was deleted"):
        planned({"secret_key": KEY}, {**PSK, "ppk.identity": "odd"}, permissions=Permissions(True, True))


@pytest.mark.parametrize(("netmask", "refused"), [("32", False), ("24", True)])
def test_one_key_for_a_subnet_needs_the_identity_of_its_peers(netmask: str, refused: bool) -> None:
    task = {
        "action": "esp_transport",
        "secret_key": KEY,
        "remote_endpoint": {"address": "10.0.1.0", "netmask": netmask},
    }
    if refused:
        with pytest.raises(InvalidInput, match="remote_identity: needed .* with one key for a subnet"):
            planned(task, BYPASS, permissions=ALLOWED)
    else:
        assert planned(task, BYPASS, permissions=ALLOWED).operation == "recreated"
    assert planned({**task, "remote_identity": "CN=peers"}, BYPASS, permissions=ALLOWED).operation == "recreated"


def test_one_key_for_all_addresses_may_be_replaced_where_the_array_has_taken_it() -> None:
    anybody = {"remote_endpoint.address": "0.0.0.0", "remote_endpoint.netmask": "0", "local_endpoint.port": "53-53"}
    always = Permissions(recreate=True, replace_secrets=True)
    assert planned({"secret_key": KEY}, {**PSK, **anybody}, permissions=always).operation == "recreated"
    with pytest.raises(InvalidInput, match="remote_identity: needed .* with one key for all addresses"):
        planned({"action": "esp_transport", "secret_key": KEY}, {**BYPASS, **anybody}, permissions=ALLOWED)
