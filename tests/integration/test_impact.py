# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many live associations a change of policies ends: what is said beforehand is what happens."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Simulator, Unknowns
from support.harness import policies, policy

pytestmark = pytest.mark.covers_plays

WEB: dict[str, Any] = {"name": "web", "svm": "svm1"}
PKI = {
    **WEB,
    "action": "esp_transport",
    "certificate": "ipsec-cert",
    "remote_identity": "ANYTHING",
    "enabled": True,
    "local_endpoint": {"address": "10.10.10.7/32", "port": 2049},
    "remote_endpoint": {"address": "10.10.20.0/24"},
}
NOTHING = {"security_associations": 0, "ike": 0, "ipsec": 0, "certain": True}
ALL = {"security_associations": 5, "ike": 3, "ipsec": 2, "certain": True}
PATHS = ["/api/security/ipsec/policies", "/api/security/ipsec/security-associations"]

CHANGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("nothing", {}, NOTHING),
    ("disable", {"enabled": False}, ALL),
    ("delete", {"state": "absent"}, ALL),
    ("recreate", {"action": "esp_udp", "recreate": True}, ALL),
    ("certificate", {"certificate": "second"}, ALL),
    ("certificate, kept", {"certificate": "second", "certificate_modify_keepsa": True}, NOTHING),
    ("keep", {"certificate_modify_keepsa": True}, NOTHING),
    ("protocol", {"protocol": "tcp"}, {**ALL, "certain": False}),
    ("endpoint", {"remote_endpoint": {"address": "10.10.30.0/24"}}, {**ALL, "certain": False}),
    ("identity", {"remote_identity": "CN=peer"}, {**ALL, "certain": False}),
    ("endpoint and off", {"remote_endpoint": {"address": "10.10.30.0/24"}, "enabled": False}, ALL),
]


@pytest.fixture
def live(array: Simulator) -> Simulator:
    """A policy with three peers, one of them half-open, beside others with associations of their own."""
    array.version = "9.18.1"
    array.add_certificate("second", "svm1", "server")
    policy(array, **PKI)
    for name, svm in (("web", "svm2"), ("Web", "svm1")):
        array.add_policy({"name": name, "svm": svm, "action": "esp_transport", "enabled": True})
        array.establish(name, svm)
    array.establish("web", "svm1", remote_address="10.0.0.1")
    array.establish("web", "svm1", "cluster1-02", remote_address="10.0.0.2")
    array.establish("web", "svm1", ike_state="connecting", ipsec=False, remote_address="10.0.0.3")
    array.clear_log()
    return array


def number(array: Simulator) -> int:
    return len(array.security_associations())


@pytest.mark.parametrize("setting", ["dropped", "kept"])
@pytest.mark.parametrize(("options", "expected"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_it_is_counted_before_it_happens(
    live: Simulator, options: dict[str, Any], expected: dict[str, Any], setting: str
) -> None:
    live.unknowns = Unknowns(associations_on_change=setting)
    before = number(live)
    task = {**WEB, **options, "report_impact": True}
    assert policy(live, check_mode=True, **task)["impact"] == expected
    assert number(live) == before
    assert policy(live, **task)["impact"] == expected
    if expected["certain"] or setting == "dropped":
        assert before - number(live) == expected["security_associations"]


def test_nothing_is_read_unless_asked_for_or_without_need(live: Simulator) -> None:
    assert "impact" not in policy(live, **WEB, protocol="tcp")
    assert [request.path for request in live.requests if request.method == "GET"] == PATHS[:1]
    live.clear_log()
    policy(live, **WEB, protocol="tcp", report_impact=True)
    policy(live, **WEB, certificate_modify_keepsa=True, report_impact=True)
    assert [request.path for request in live.requests if request.method == "GET"] == PATHS[:1] * 2
    live.clear_log()
    policy(live, **WEB, enabled=False, report_impact=True)
    assert [request.path for request in live.requests if request.method == "GET"] == PATHS
    # What is disabled has none.
    live.clear_log()
    assert policy(live, **WEB, state="absent", report_impact=True)["impact"] == NOTHING
    assert PATHS[1] not in [request.path for request in live.requests]


def test_a_create_ends_nothing(array: Simulator) -> None:
    assert policy(array, **PKI, report_impact=True)["impact"] == NOTHING


def test_a_whole_set_adds_up(live: Simulator) -> None:
    wanted = [{**WEB, "enabled": False}, {"name": "web", "svm": "svm2", "protocol": "tcp"}]
    options = {
        "policies": wanted,
        "prune": True,
        "strict": False,
        "max_deletes": "3",
        "allow_empty": True,
        "report_impact": True,
    }
    predicted = policies(live, check_mode=True, **options)
    live.clear_log()
    result = policies(live, **options)
    assert len([request for request in live.requests if request.path == PATHS[1]]) == 1
    for one in (predicted, result):
        assert one["impact"] == {"security_associations": 9, "ike": 5, "ipsec": 4, "certain": False}
        by_name = {(change["svm"], change["name"]): change["impact"] for change in one["changes"]}
        assert by_name == {
            ("svm1", "web"): ALL,
            ("svm1", "Web"): {"security_associations": 2, "ike": 1, "ipsec": 1, "certain": True},
            ("svm2", "web"): {"security_associations": 2, "ike": 1, "ipsec": 1, "certain": False},
        }
    assert live.security_associations() == []
    again = policies(live, **options)
    assert (again["impact"], again["changes"]) == (NOTHING, [])
    assert "impact" not in policies(live, policies=wanted)
