# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The integration targets, which run unchanged on a real array, on simulated ones of several releases.

Here the array has objects of other people, right next to those of the targets. They have to be the same afterwards,
whatever happens to a target, and the log of the simulator shows that nothing was ever written to them.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Simulator
from support.harness import Playbooks
from support.paths import ASSOCIATIONS, CA_CERTIFICATES, CERTIFICATES, POLICIES, POLICY, SERVICE
from support.targets import CHECKOUT, NAMES, PREFIX, TARGETS, furnish, play_targets


def everything(array: Simulator) -> tuple[Any, ...]:
    """All that there is on the array."""
    service = (array.ipsec_enabled, array.replay_window, array.offload_enabled)
    certificates = array.certificates()
    return (
        array.policies(),
        array.ca_certificates(),
        certificates,
        array.security_associations(),
        service,
        array.restarts,
    )


def foreign_writes(array: Simulator, theirs: set[str], is_test_array: bool) -> list[str]:
    """The writes of the log that went to anything but objects of the tests on their SVM."""
    authorities = {certificate["certificate"]["uuid"] for certificate in array.ca_certificates()}
    certificates = {certificate["uuid"] for certificate in array.certificates()}
    wrong = []
    for request in array.requests:
        body = request.body or {}
        collection, _slash, uuid = request.path.rpartition("/")
        is_ours = str(body.get("name")).startswith(PREFIX) and body.get("svm", {}).get("name") == "svm1"
        allowed = {
            ("POST", POLICIES): is_ours,
            ("PATCH", POLICIES): uuid not in theirs,
            ("DELETE", POLICIES): uuid not in theirs,
            ("PATCH", SERVICE): is_test_array and body.keys() == {"replay_window"},
            ("POST", CA_CERTIFICATES): is_test_array and body.get("certificate", {}).get("uuid") not in authorities,
            ("DELETE", CA_CERTIFICATES): is_test_array and uuid not in authorities,
            ("POST", CERTIFICATES): is_test_array and is_ours,
            ("DELETE", CERTIFICATES): is_test_array and uuid not in certificates,
        }
        # A PATCH or DELETE of a whole collection, which a lost UUID would lead to, is none of these.
        place = request.path if request.method == "POST" or request.path == SERVICE else collection
        if request.method != "GET" and not allowed.get((request.method, place)):
            wrong.append(f"{request.method} {request.path} {body}")
    return wrong


def source(target: str) -> str:
    """All tasks of a target."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted((TARGETS / target).rglob("*.yml")))


def test_every_module_has_a_target_but_those_that_take_a_daemon_of_a_client() -> None:
    modules = {path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py")}
    assert modules - {*NAMES} == {"ipsec_client_info", "ipsec_client_load", "ipsec_client_negotiate"}


@pytest.mark.parametrize(
    ("version", "is_test_array", "word"),
    [
        # What asks no array is the same on each release.
        ("9.10.1", True, "ontap_connection"),
        ("9.19.1", True, ""),
        # Whether they may change what there is only once on an array is nothing to the others.
        ("9.19.1", False, "ontap_is_test_array"),
    ],
)
def test_targets_leave_everything_as_it_was(playbooks: Playbooks, version: str, is_test_array: bool, word: str) -> None:
    array = playbooks.array
    array.version = version
    furnish(array)
    before = everything(array)
    theirs = {policy["uuid"] for policy in array.policies()}
    for name in ("psk", "a|b*", "of an aborted run"):
        leftover = {"name": f"{PREFIX}{name}", "svm": "svm1", "action": "bypass"}
        array.add_policy({**leftover, "local_endpoint": {"address": "192.0.2.7"}})

    names = [name for name in NAMES if word in source(name)]
    play = play_targets(playbooks, *names, ontap_is_test_array=is_test_array)
    assert play.code == 0, play.output
    assert everything(array) == before
    assert foreign_writes(array, theirs, is_test_array) == []
    written = {request.path for request in array.requests if request.method in ("POST", "PATCH")}
    assert {SERVICE, CA_CERTIFICATES} & written == ({SERVICE, CA_CERTIFICATES} if is_test_array else set())


@pytest.mark.parametrize(
    ("target", "method", "path", "occurrence"),
    [
        ("ipsec_policies", "POST", POLICIES, 2),
        ("ipsec_policies", "DELETE", POLICY, 1),
        ("ipsec_policy", "POST", POLICIES, 2),
        ("ipsec_policy", "PATCH", POLICY, 1),
        ("ipsec_policy", "DELETE", POLICY, 1),
        ("ipsec_policy_health", "GET", ASSOCIATIONS, 1),
        ("ipsec_policy_info", "POST", POLICIES, 3),
        ("ipsec_policy_info", "GET", POLICIES, 5),
    ],
)
def test_a_target_that_fails_midway_leaves_everything_as_it_was(
    playbooks: Playbooks, target: str, method: str, path: str, occurrence: int
) -> None:
    array = playbooks.array
    furnish(array)
    before = everything(array)
    theirs = {policy["uuid"] for policy in array.policies()}
    array.refuse(method, path, 262145, occurrence=occurrence)
    play = play_targets(playbooks, target, ontap_is_test_array=True)
    assert play.code == 2, play.output
    assert "POST" in {request.method for request in array.requests}, play.output
    assert everything(array) == before
    assert foreign_writes(array, theirs, True) == []


@pytest.mark.parametrize(
    ("target", "method", "path"),
    [("ipsec_config", "PATCH", SERVICE), ("ipsec_ca_certificate", "DELETE", f"{CA_CERTIFICATES}/*")],
)
def test_what_there_is_only_once_is_put_back_after_a_failure(
    playbooks: Playbooks, target: str, method: str, path: str
) -> None:
    array = playbooks.array
    furnish(array)
    before = everything(array)
    array.refuse(method, path, 262145, after_effect=target == "ipsec_config")
    play = play_targets(playbooks, target, ontap_is_test_array=True)
    assert everything(array) == before, play.output


def test_what_an_array_that_died_kept_is_removed_by_the_next_run(playbooks: Playbooks) -> None:
    array = playbooks.array
    furnish(array)
    before = everything(array)
    # It makes something, and then nothing more; how often it is asked for what it has meanwhile depends on the clock.
    array.refuse("POST", f"{POLICIES}*", 393271, times=10_000, occurrence=2)
    for method in ("PATCH", "DELETE"):
        array.refuse(method, f"{POLICIES}*", 393271, times=10_000)
    assert play_targets(playbooks, "ipsec_policies").code == 2
    assert everything(array) != before
    array.heal()
    assert play_targets(playbooks, "ipsec_policy_info").code == 0
    assert everything(array) == before


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ontap_svm": ""}, "needs ontap_svm"),
        ({"ontap_prefix": "w"}, "8 or more letters"),
        ({"ontap_prefix": "wiresec_test*"}, "8 or more letters"),
    ],
)
def test_nothing_is_read_before_svm_and_prefix_are_plain(
    playbooks: Playbooks, variables: dict[str, Any], words: str
) -> None:
    play = play_targets(playbooks, "ipsec_policy", **variables)
    assert play.code == 2
    assert words in play.output
    assert playbooks.array.requests == []


def test_policies_of_others_with_the_prefix_stop_the_tests(playbooks: Playbooks) -> None:
    array = playbooks.array
    array.add_policy({"name": f"{PREFIX}production", "svm": "svm1", "action": "esp_transport"})
    before = everything(array)
    play = play_targets(playbooks, "ipsec_policy")
    assert play.code == 2
    assert "Choose another ontap_prefix" in play.output
    assert everything(array) == before
    assert {request.method for request in array.requests} == {"GET"}
