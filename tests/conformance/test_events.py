# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of an array, as the vendor's client sees them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator import Simulator

Run = Callable[..., Any]


@pytest.mark.parametrize("version", ["9.8", "9.19.1"])
def test_events(array: Simulator, run_client: Run, version: str) -> None:
    array.version = version
    array.add_policy({"name": "psk", "svm": "svm1", "remote_endpoint": {"address": "10.0.1.7", "netmask": "32"}})
    array.now = datetime(2026, 3, 1, 9, tzinfo=UTC)
    array.log_event("wafl.scan.done", "informational", "Done.")
    array.packet_out("10.0.0.1", "10.0.1.7")
    array.now = datetime(2026, 3, 1, 10, tzinfo=UTC)
    for _packet in range(3):
        array.packet_in("10.0.1.7", "10.0.0.1")
    outcome = run_client("events.py", array, since="2026-03-01T10:00:00+00:00")

    latest = outcome["latest"]
    assert {*latest} == {"_links", "index", "log_message", "message", "node", "parameters", "source", "time"}
    assert latest["message"] == {"name": "ipsec.ib.policy.violation", "severity": "alert"}
    assert latest["node"]["name"] == "cluster1-01"
    violation = {"protocol": "tcp", "srcAddr": "10.0.1.7", "dstAddr": "10.0.0.1"}
    assert outcome["ipsec"] == [
        *([index, "ipsec.ib.policy.violation", violation] for index in (5, 4, 3)),
        [2, "ipsec.ob.no.acquire", {"srcAddr": "10.0.0.1", "dstAddr": "10.0.1.7"}],
    ]
    assert (outcome["alerts"], outcome["since"]) == (3, 3)
    assert outcome["oldest"] == "2026-03-01T09:00:00+00:00"
    assert outcome["no_such_field"] == {"status": 400, "code": "262197", "target": "fields"}
