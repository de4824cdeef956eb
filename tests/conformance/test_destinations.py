# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Destinations of events, as the vendor's client and module see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator import Simulator
from support.third_party import CONNECTION, changed

Run = Callable[..., Any]
Play = Callable[..., list[dict[str, Any]]]

HOOK = {
    "name": "rulebook",
    "type": "rest_api",
    "destination": "https://rulebook.example.com/c1",
    "filters": [{"name": "important-events"}],
    "system_defined": False,
}


def test_the_client(array: Simulator, run_client: Run) -> None:
    outcome = run_client("destinations.py", array)
    assert outcome["created"][0] == HOOK
    assert outcome["modified"][0] == {**HOOK, "filters": [{"name": "no-info-debug-events"}]}
    assert outcome["no_scheme"] == {"status": 400, "code": "983129", "target": "destination"}
    assert outcome["of_the_system"] == {"status": 400, "code": "983152", "target": "name"}
    assert outcome["last"] == ["snmp-traphost"]


def test_the_module(array: Simulator, play: Play) -> None:
    def task(**options: Any) -> dict[str, Any]:
        module = "netapp.ontap.na_ontap_ems_destination"
        given = {"name": "rulebook", "type": "rest_api", "destination": HOOK["destination"], **options}
        return {"name": module, module: {**CONNECTION, **given}}

    first, more = {"filters": ["important-events"]}, {"filters": ["no-info-debug-events"]}
    results = play(array, [task(**first), task(**first), task(**more), task(state="absent", **more)])
    assert changed(results) == [True, False, True, True]
    assert [one["name"] for one in array.destinations()] == ["snmp-traphost"]
