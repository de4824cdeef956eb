# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever fault meets a task about the service, its CA_CERTIFICATES certificates or associations: its result tells the truth."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import OntapError
from simulator import Simulator, Unknowns
from support.clock import Clock
from support.fault_matrix import Fault, meet, read_faults, write_faults
from support.harness import associations, ca_certificate, config, health
from support.paths import ASSOCIATIONS, CA_CERTIFICATES, CERTIFICATES, POLICIES, SERVICE

OFFLOAD = {"enabled": True, "replay_window": 0, "offload_enabled": True}

Snapshot = tuple[Any, ...]


@dataclass(frozen=True)
class Scenario:
    """A task, what it leaves behind, and the requests that a fault meets.

    there: whether the CA_CERTIFICATES certificate is registered. after: the service, and what is registered, if all goes well.
    requests: method, path, and which of those requests it is. preceding: the one after whose answer connections fail.
    """

    name: str
    module: Callable[..., dict[str, Any]]
    options: dict[str, Any]
    after: Snapshot
    method: str = "GET"
    path: str = SERVICE
    occurrence: int = 1
    preceding: tuple[str, str] = ("GET", SERVICE)
    there: bool = False
    before: dict[str, Any] = field(default_factory=dict)


_ON = (True, 64, False)
_CA = {"name": "ipsec-ca", "svm": "svm1"}
_OFF = {"enabled": False, "force": True}
_STEPS = {**OFFLOAD, "force": True}
READS = [
    Scenario("no change", config, {"replay_window": 64}, (_ON, [])),
    Scenario("disable", config, _OFF, ((False, 64, False), [])),
    Scenario("guard", config, {"replay_window": 0, "offload_enabled": True}, ((True, 0, True), []), path=POLICIES),
    Scenario("resolve", ca_certificate, _CA, (_ON, ["ipsec-ca"]), path=CERTIFICATES),
    Scenario("registered?", ca_certificate, _CA, (_ON, ["ipsec-ca"]), path=CA_CERTIFICATES),
    Scenario("removed?", ca_certificate, {**_CA, "state": "absent"}, (_ON, []), path=CA_CERTIFICATES, there=True),
    Scenario("list", associations, {}, (_ON, []), path=ASSOCIATIONS),
    Scenario("health, policies", health, {"policies": ["idle"], "wait": 0}, (_ON, []), path=POLICIES),
    Scenario("health", health, {"svm": "svm2", "policies": ["idle"], "wait": 0}, (_ON, []), path=ASSOCIATIONS),
]
WRITES = [
    Scenario("disable", config, _OFF, ((False, 64, False), []), "PATCH"),
    *(
        Scenario(f"step {number}", config, _STEPS, ((True, 0, True), []), "PATCH", occurrence=number)
        for number in (1, 2, 3, 4)
    ),
    Scenario(
        "register",
        ca_certificate,
        _CA,
        (_ON, ["ipsec-ca"]),
        "POST",
        CA_CERTIFICATES,
        preceding=("GET", CA_CERTIFICATES),
    ),
    Scenario(
        "remove",
        ca_certificate,
        {**_CA, "state": "absent"},
        (_ON, []),
        "DELETE",
        f"{CA_CERTIFICATES}/*",
        1,
        ("GET", CA_CERTIFICATES),
        True,
    ),
]


def snapshot(array: Simulator) -> Snapshot:
    """The service and what is registered."""
    service = (array.ipsec_enabled, array.replay_window, array.offload_enabled)
    return service, [one["certificate"]["name"] for one in array.ca_certificates()]


def prepare(array: Simulator, scenario: Scenario) -> None:
    array.reset()
    array.replay_window = 64
    array.unknowns = Unknowns(ipsec_config_shape="records")
    if scenario.there:
        array.add_ca_certificate("ipsec-ca", "svm1")
    if scenario.module in (health, associations):
        array.add_policy({"name": "idle", "svm": "svm2"})
        array.establish("idle", "svm2")


def run(array: Simulator, clock: Clock, scenario: Scenario) -> tuple[bool, dict[str, Any]]:
    try:
        return False, scenario.module(array, clock=clock, retries=1, **scenario.options)
    except OntapError as error:
        return True, {"operation": "none", **error.result()}


CELLS = [(scenario, fault) for scenario in READS for fault in read_faults()]
CELLS += [(scenario, fault) for scenario in WRITES for fault in write_faults()]


@pytest.mark.usefixtures("shared_sessions")
@pytest.mark.parametrize(("scenario", "fault"), CELLS, ids=[f"{s.method} {s.name}-{f.name}" for s, f in CELLS])
def test_each_cell(array: Simulator, scenario: Scenario, fault: Fault) -> None:
    prepare(array, scenario)
    before = snapshot(array)
    clock = Clock()
    array.on_silence = clock.wait_in_vain(fault.kind)
    meet(array, fault, scenario.method, scenario.path, scenario.preceding, scenario.occurrence)
    with clock.governs_sockets():
        failed, result = run(array, clock, scenario)
    after = snapshot(array)
    assert array.password not in json.dumps(result)
    if failed:
        assert result["msg"].endswith(".")
        assert result["changed"] is (result["operation"] != "none")
        if result["operation"] == "none":
            assert after == before
        elif result["operation"] == "unknown":
            assert "is not known" in result["msg"]
        else:
            # Steps that were taken back, or could not be: what the result says is there, is there.
            assert tuple(result["config"][option] for option in OFFLOAD) == after[0]
            assert ("taken back: IPsec service is as it was" in result["msg"]) is (after == before)
            assert ("lost" in result) is (after != before)
    else:
        assert after == scenario.after
        assert result["changed"] is (after != before)
    if fault.kind == "approval":
        assert result["approval"]["pending"] is True
    array.heal()
    # Steps of a change may each need an approval, and what was taken back needs it again.
    for _attempt in range(8):
        array.approve()
        failed, result = run(array, Clock(), scenario)
        if not failed:
            break
    assert not failed
    assert snapshot(array) == scenario.after
    failed, result = run(array, Clock(), scenario)
    assert (failed, result["changed"]) == (False, False)
