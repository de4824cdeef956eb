# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The field tables around the policies: contracts of every row, the order of changes, and what associations tell."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput, UnexpectedAnswer
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.certificate import AUTHORITY
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ems_destination import EMS_DESTINATION
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_ca_certificate import CA_CERTIFICATE
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_security_association import (
    NEEDED_FOR_STATUS,
    SECURITY_ASSOCIATION,
    summarize,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_service import REPLAY_WINDOWS, SERVICE
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.resource import Field, Resource
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.planning import plan
from ansible_collections.wiresec.ontap.plugins.modules import (
    ipsec_ca_certificate,
    ipsec_config,
    ipsec_security_association_info,
)

UUID = "1cd8a442-86d1-11e0-ae1c-123478563412"
SAMPLES: dict[str, Any] = {
    "enabled": "no",
    "replay_window": "64",
    "offload_enabled": True,
    "uuid": UUID.upper(),
    "scope": "SVM",
    "expiry_time": "2199-12-31T23:59:59Z",
    "destination": "https://rulebook.example.com:5000/cluster1",
    "filters": ["b", "a", "b"],
    "type": "IKE",
    "local_address": "2001:DB8::0:1",
    "remote_address": "10.0.0.1",
    "cipher_suite": "SUITEB_GCM256",
    "lifetime": "86400",
    "ike.is_initiator": False,
    "ike.version": "2",
    "ike.state": "ESTABLISHED",
    **{f"ipsec.{way}.{unit}": "7" for way in ("inbound", "outbound") for unit in ("bytes", "packets", "offload_bytes")},
    **{f"ipsec.{way}.offload_packets": 7 for way in ("inbound", "outbound")},
}

TABLES = [SERVICE, AUTHORITY, CA_CERTIFICATE, EMS_DESTINATION, SECURITY_ASSOCIATION]
ROWS = [(table, row) for table in TABLES for row in table.fields]
EACH_ROW = pytest.mark.parametrize(("table", "row"), ROWS, ids=[f"{type(t).__name__}-{r.option}" for t, r in ROWS])


def sample(row: Field) -> Any:
    return SAMPLES.get(row.option, "text")


@EACH_ROW
def test_a_normalizer_is_idempotent(table: Resource, row: Field) -> None:
    once = row.normalizer(sample(row))
    assert row.normalizer(once) == once


@EACH_ROW
def test_what_goes_to_the_array_comes_back_the_same(table: Resource, row: Field) -> None:
    state = {row.option: row.normalizer(sample(row))}
    body = table.to_api(state)
    if row.read_only or row.elsewhere:
        assert body == {}
    else:
        assert table.from_api(body) == state


@EACH_ROW
def test_only_what_the_object_has_is_asked_for(table: Resource, row: Field) -> None:
    assert (row.api_path in table.query_fields([row.option]).split(",")) is not row.elsewhere


@EACH_ROW
def test_omitted_is_left_alone(table: Resource, row: Field) -> None:
    assert table.differing({}, {row.option: row.normalizer(sample(row))}) == []


def leaves(spec: dict[str, Any], prefix: str = "") -> set[str]:
    names: set[str] = set()
    for name, option in spec.items():
        names |= leaves(option["options"], f"{prefix}{name}.") if "options" in option else {prefix + name}
    return names


def test_rows_and_options_are_the_same() -> None:
    of_service = {row.option for row in SERVICE.fields}
    assert leaves(ipsec_config.OPTIONS) == of_service | {"state", "force", "verify_writes"}
    of_certificate = {row.option for row in CA_CERTIFICATE.fields if not row.read_only}
    assert leaves(ipsec_ca_certificate.OPTIONS) == of_certificate | {"state", "verify_writes"}


def test_filters_are_rows() -> None:
    rows = {row.option for row in SECURITY_ASSOCIATION.fields}
    assert leaves(ipsec_security_association_info.OPTIONS) - rows == {"summary", "max_records"}
    assert set(NEEDED_FOR_STATUS) <= rows


# The service

STATES = [
    {"enabled": enabled, "replay_window": window, "offload_enabled": offload}
    for enabled, window, offload in itertools.product((True, False), (0, 64), (True, False))
    if not (window and offload)
]


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, STATES)))
def test_no_step_is_one_that_ontap_refuses(before: dict[str, Any], after: dict[str, Any]) -> None:
    at = before
    for step in plan(SERVICE, after, before).modifications:
        assert step.before == at
        assert not (step.after["offload_enabled"] != at["offload_enabled"] and at["enabled"])
        assert not (step.after["offload_enabled"] and step.after["replay_window"])
        at = step.after
    assert at == after
    interrupted = before["enabled"] and not (after["enabled"] and before["offload_enabled"] == after["offload_enabled"])
    assert SERVICE.interrupts(before, after) is bool(interrupted)


@pytest.mark.parametrize("window", [*REPLAY_WINDOWS, *map(str, REPLAY_WINDOWS)])
def test_a_replay_window_is_a_number_or_its_text(window: int | str) -> None:
    assert SERVICE.from_options({"replay_window": window}) == {"replay_window": int(window)}


@pytest.mark.parametrize("window", [1, "65", "many", True, 1.5])
def test_what_is_no_replay_window(window: Any) -> None:
    with pytest.raises(InvalidInput, match="replay_window: "):
        SERVICE.from_options({"replay_window": window})


def test_what_an_array_has_may_be_more_than_documents_know() -> None:
    assert SERVICE.from_api({"replay_window": "2048"}) == {"replay_window": 2048}
    for window in ("many", True, 1.5):
        with pytest.raises(UnexpectedAnswer, match="makes no sense"):
            SERVICE.from_api({"replay_window": window})


# Associations


def one(kind: str, state: str = "", node: str = "n1", remote: str = "10.0.0.1", **record: Any) -> dict[str, Any]:
    own = (
        {"ike": {"state": state}} if kind == "ike" else {"ipsec": {"inbound": {"bytes": 5}, "outbound": {"packets": 1}}}
    )
    common = {"uuid": UUID, "type": kind, "node": {"name": node}, "policy_name": "web", "remote_address": remote}
    return SECURITY_ASSOCIATION.to_options(
        SECURITY_ASSOCIATION.from_api({**common, "svm": {"name": "svm1"}, **own, **record})
    )


IKE, DEAD, CONNECTING, IPSEC = (
    one("ike", "established"),
    one("ike", "dead_peer_probe"),
    one("ike", "connecting"),
    one("ipsec"),
)
STATUSES: list[tuple[str, list[dict[str, Any]], str, dict[str, int]]] = [
    ("nothing", [], "none", {"established": 0, "half_open": 0}),
    ("both", [IKE, IPSEC], "established", {"established": 1, "half_open": 0}),
    ("IPsec alone", [IPSEC], "established", {"established": 1, "half_open": 0}),
    ("IKE alone", [IKE], "half_open", {"established": 0, "half_open": 1}),
    ("connecting", [CONNECTING], "half_open", {"established": 0, "half_open": 1}),
    ("the peer is probed", [DEAD, IPSEC], "half_open", {"established": 0, "half_open": 1}),
    ("rekeying", [CONNECTING, IKE, IPSEC, IPSEC], "established", {"established": 1, "half_open": 0}),
    ("other node", [IKE, one("ipsec", node="n2")], "established", {"established": 1, "half_open": 1}),
    (
        "other peer",
        [IKE, IPSEC, one("ike", "established", remote="10.0.0.2")],
        "established",
        {"established": 1, "half_open": 1},
    ),
]


@pytest.mark.parametrize(
    ("found", "status", "peers"), [case[1:] for case in STATUSES], ids=[case[0] for case in STATUSES]
)
def test_the_status_of_a_policy(found: list[dict[str, Any]], status: str, peers: dict[str, int]) -> None:
    (summary,) = summarize(found, [{"name": "web", "svm": "svm1"}])
    assert (summary["status"], summary["peers"]) == (status, peers)
    ipsec = [association for association in found if association["type"] == "ipsec"]
    assert summary["inbound"] == {"bytes": 5 * len(ipsec), "packets": 0}
    assert summary["outbound"] == {"bytes": 0, "packets": len(ipsec)}


@pytest.mark.parametrize(("told", "version"), [("2", 2), (2, 2), ("v2", "v2")])
def test_the_version_of_ike_is_a_number_where_it_is_one(told: Any, version: Any) -> None:
    record = one("ike", ike={"version": told})
    assert record["ike"]["version"] == version


def test_an_association_without_policy_belongs_to_none() -> None:
    found = [one("ipsec", policy_name=None)]
    assert [(entry["policy"], entry["status"]) for entry in summarize(found, [{"name": "web", "svm": "svm1"}])] == [
        (None, "established"),
        ("web", "none"),
    ]


# What a change of a policy ends

PSK = {"action": "esp_transport", "enabled": True, "authentication_method": "psk", "protocol": "any"}
PKI = {**PSK, "authentication_method": "pki", "certificate": "one"}
ENDINGS: list[tuple[dict[str, Any], dict[str, Any], bool | None]] = [
    ({}, PSK, False),
    (PSK, PSK, False),
    (PSK, {}, True),
    (PSK, {**PSK, "enabled": False}, True),
    ({**PSK, "enabled": False}, PSK, False),
    ({"action": "bypass", "enabled": True}, {}, False),
    (PKI, {**PKI, "certificate": "two"}, True),
    (PKI, {**PKI, "certificate": "two", "certificate_modify_keepsa": True}, False),
    (PSK, {**PSK, "protocol": "tcp"}, None),
    (PSK, {**PSK, "remote_identity": "x"}, None),
    (PKI, {**PKI, "protocol": "tcp", "certificate": "two"}, True),
]


@pytest.mark.parametrize(("before", "after", "ends"), ENDINGS)
def test_what_ends_associations(before: dict[str, Any], after: dict[str, Any], ends: bool | None) -> None:
    assert POLICY.ends_associations(before, after) is ends
