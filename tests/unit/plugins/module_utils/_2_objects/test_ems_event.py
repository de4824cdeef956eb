# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts an event is about, however ONTAP spells it, and which record makes no sense."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import UnexpectedAnswer
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ems_event import EMS_EVENT, Ends, ends

INBOUND, OUTBOUND = "ipsec.ib.no.lookup", "ipsec.ob.no.acquire"


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        (INBOUND, {"srcAddr": "10.0.1.7", "dstAddr": "10.0.0.1"}, Ends("10.0.0.1", "10.0.1.7")),
        (OUTBOUND, {"srcAddr": "10.0.0.1", "dstAddr": "10.0.1.7"}, Ends("10.0.0.1", "10.0.1.7")),
        (INBOUND, {"srcAddr": "2001:DB8:0::7", "dstAddr": "2001:db8::1"}, Ends("2001:db8::1", "2001:db8::7")),
        (INBOUND, {"sa2str": "SA (0xc0ffee, 10.0.1.7, 10.0.0.1)"}, Ends("10.0.0.1", "10.0.1.7", False)),
        (INBOUND, {"sa2str": "10.0.1.7 ==> 10.0.0.1 SPI 3735928559"}, Ends("10.0.0.1", "10.0.1.7", False)),
        (
            INBOUND,
            {"sa2str": "SA(spi=0x1,src=2001:db8::7,dst=2001:db8::1)."},
            Ends("2001:db8::1", "2001:db8::7", False),
        ),
        (INBOUND, {"sa2str": "SA (0xc0ffee)"}, None),
        (INBOUND, {"sa2str": "SA (0xc0ffee, 10.0.1.7, 10.0.0.1, 10.0.0.2)"}, None),
        (INBOUND, {"srcAddr": "10.0.1.7", "dstAddr": ""}, None),
        (INBOUND, {"srcAddr": "somewhere", "dstAddr": "10.0.0.1"}, None),
        (INBOUND, {}, None),
    ],
)
def test_which_hosts_an_event_is_about(name: str, parameters: dict[str, str], expected: Ends | None) -> None:
    assert ends({"name": name, "parameters": parameters}) == expected


def record(**changes: Any) -> dict[str, Any]:
    return {"time": "2026-03-01T06:00:00-04:00", "message": {"name": INBOUND}, "parameters": [], **changes}


def test_times_sort_as_texts() -> None:
    times = ["2026-03-01T06:00:00-04:00", "2026-03-01T09:59:59Z", "2026-03-01T11:00:00+0100"]
    states = [EMS_EVENT.from_api(record(time=one)) for one in times]
    assert [one["time"] for one in states] == [
        "2026-03-01T10:00:00+00:00",
        "2026-03-01T09:59:59+00:00",
        "2026-03-01T10:00:00+00:00",
    ]


@pytest.mark.parametrize(
    "changes", [{"time": "yesterday"}, {"time": "2026-03-01T06:00:00"}, {"parameters": "none"}, {"parameters": [{}]}]
)
def test_what_makes_no_sense_is_an_error(changes: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer, match="ONTAP returned an EMS event whose"):
        EMS_EVENT.from_api(record(**changes))
