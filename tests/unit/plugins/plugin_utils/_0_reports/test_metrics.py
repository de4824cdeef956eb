# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics: what a result says, and that nothing passes for a result that is none. That programs can read them: test_ipsec_metrics.py."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_reports.metrics import PARTS, read, text

POLICY: dict[str, Any] = {
    "policy": "nfs",
    "svm": "svm1",
    "status": "established",
    "peers": {"established": 2, "half_open": 1},
    "security_associations": {"ike": 3, "ipsec": 2},
    "ike_states": {"connecting": 1, "established": 2},
    "inbound": {"bytes": 1400, "packets": 1},
    "outbound": {"bytes": 2800, "packets": 2},
}
OTHERS = [{"policy": "web", "svm": None, "status": "not_expected"}]
CERTIFICATE = {"name": "c1", "svm": "svm1", "type": "server", "serial_number": "0F"}
EXPIRING = {**CERTIFICATE, "expiry_time": "2027-03-31T12:00:00+00:00"}
SUMMARY = {"created": 1, "modified": 2, "recreated": 0, "deleted": 0, "unchanged": 97}
ROW = {"state": "clear", "exception": None}

GOOD: dict[str, Any] = {
    "service": {"config": {"enabled": True}},
    "health": {"policies": [POLICY, *OTHERS]},
    "certificates": {"certificates": [EXPIRING, {**CERTIFICATE, "expiry_time": None}]},
    "drift": {"verdict": "differs", "summary": SUMMARY, "unmanaged": 3},
    "coverage": {
        "flows": {
            "intended": [ROW, {**ROW, "exception": {"reason": "x"}}],
            "observed": [{**ROW, "state": "protected"}],
        },
        "failing": 1,
        "unread": [{"what": "service"}],
    },
}
TOLD = {
    "service": ["enabled 1"],
    "health": [
        'policies{status="established"} 1',
        'policies{status="half_open"} 0',
        'policies{status="none"} 0',
        'policies{status="not_expected"} 1',
        'policy_peers{policy="nfs",state="established",svm="svm1"} 2',
        'policy_peers{policy="nfs",state="half_open",svm="svm1"} 1',
        'policy_ike_associations{policy="nfs",state="established",svm="svm1"} 2',
        'policy_ike_associations{policy="nfs",state="connecting",svm="svm1"} 1',
        'policy_ipsec_associations{policy="nfs",svm="svm1"} 2',
        'policy_bytes{direction="inbound",policy="nfs",svm="svm1"} 1400',
        'policy_bytes{direction="outbound",policy="nfs",svm="svm1"} 2800',
        'policy_packets{direction="inbound",policy="nfs",svm="svm1"} 1',
        'policy_packets{direction="outbound",policy="nfs",svm="svm1"} 2',
    ],
    "certificates": [
        'certificate_expiry_timestamp_seconds{certificate="c1",serial_number="0F",svm="svm1",type="server"} 1806494400',
        "certificates_without_expiry 1",
    ],
    "drift": [
        "drift 1",
        'drift_changes{operation="created"} 1',
        'drift_changes{operation="modified"} 2',
        'drift_changes{operation="recreated"} 0',
        'drift_changes{operation="deleted"} 0',
        "unmanaged 3",
    ],
    "coverage": [
        'flows{accepted="false",kind="intended",state="clear"} 1',
        'flows{accepted="true",kind="intended",state="clear"} 1',
        'flows{accepted="false",kind="intended",state="protected"} 0',
        'flows{accepted="false",kind="observed",state="clear"} 0',
        'flows{accepted="false",kind="observed",state="protected"} 1',
        "flows_failing 1",
        "flows_unread 1",
    ],
}


def lines(found: str) -> list[str]:
    """The metrics of a text, without the prefix that all have."""
    assert found.endswith("# EOF\n")
    return [line.removeprefix("ontap_ipsec_") for line in found.splitlines() if not line.startswith("#")]


def of_cluster(part: str, result: Any, now: int = 1000, earlier: str = "") -> list[str]:
    return lines(text({"c": {part: result}}, now, earlier))


@pytest.mark.parametrize("part", PARTS)
def test_what_a_result_says(part: str) -> None:
    own = [line for line in of_cluster(part, GOOD[part]) if not re.match(r"up|last_", line)]
    plain = [re.sub(r"\{\}", "", re.sub(r'cluster="c",?', "", line)).replace(",}", "}") for line in own]
    assert plain == TOLD[part]
    assert of_cluster(part, GOOD[part])[:3] == [
        f'up{{cluster="c",part="{part}"}} 1',
        f'last_run_timestamp_seconds{{cluster="c",part="{part}"}} 1000',
        f'last_success_timestamp_seconds{{cluster="c",part="{part}"}} 1000',
    ]


BAD: list[tuple[str, Any]] = [
    *(
        (part, nothing)
        for part in PARTS
        for nothing in (None, {}, [], "", {"failed": True, "msg": "no"}, {"skipped": True})
    ),
    ("service", {"config": {}}),
    ("service", {"config": {"enabled": None}}),
    ("service", {"config": {"enabled": "true"}}),
    ("health", {"policies": None}),
    ("health", {"policies": [{**POLICY, "status": "fine"}]}),
    ("health", {"policies": [{**POLICY, "peers": {"established": 1}}]}),
    ("health", {"policies": [{**POLICY, "inbound": {"bytes": None, "packets": 1}}]}),
    ("health", {"policies": [POLICY, POLICY]}),
    ("certificates", {"certificates": [{**CERTIFICATE, "expiry_time": "soon"}]}),
    ("certificates", {"certificates": [CERTIFICATE]}),
    ("certificates", {"certificates": [EXPIRING, EXPIRING]}),
    ("drift", {**GOOD["drift"], "verdict": "fine"}),
    ("drift", {**GOOD["drift"], "unmanaged": None}),
    ("drift", {**GOOD["drift"], "summary": {**SUMMARY, "deleted": True}}),
    ("drift", {"unreachable": True, "msg": "no connection"}),
    ("coverage", {**GOOD["coverage"], "flows": {"intended": []}}),
    ("coverage", {**GOOD["coverage"], "failing": None}),
    ("coverage", {**GOOD["coverage"], "unread": None}),
]


@pytest.mark.parametrize(("part", "result"), BAD)
def test_what_is_no_result_has_no_numbers_and_is_not_up(part: str, result: Any) -> None:
    assert read(part, result) is None
    up, run = f'up{{cluster="c",part="{part}"}} 0', f'last_run_timestamp_seconds{{cluster="c",part="{part}"}} 2000'
    assert of_cluster(part, result, 2000) == [up, run]
    # It was read before, which keeps its time and none of its numbers.
    before = text({"c": {part: GOOD[part]}}, 1000)
    last = f'last_success_timestamp_seconds{{cluster="c",part="{part}"}} 1000'
    once = text({"c": {part: result}}, 2000, before)
    assert lines(once) == [up, run, last]
    assert of_cluster(part, result, 3000, once)[-1] == last


def test_a_failure_that_was_read_is_read() -> None:
    """Modules that fail because of what they found return what they found."""
    for part in ("health", "coverage", "certificates"):
        assert read(part, {"failed": True, "msg": "no", **GOOD[part]}) is not None


@given(name=st.text(), svm=st.text(), cluster=st.text())
def test_any_name_is_a_label_and_is_remembered(name: str, svm: str, cluster: str) -> None:
    policy = {**POLICY, "policy": name, "svm": svm}
    found = text({cluster: {"health": {"policies": [policy]}}}, 1000)
    label = r'[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"'
    for line in found.split("\n"):
        assert re.fullmatch(rf"#.*|ontap_ipsec_[a-z_]+\{{{label}(?:,{label})*\}} [0-9]+|", line), line
    later = text({cluster: {"health": None}}, 2000, found)
    assert re.search(r"last_success_timestamp_seconds\{.*\} 1000\n", later, re.DOTALL)


@pytest.mark.parametrize("earlier", ["nonsense", "ontap_ipsec_last_success_timestamp_seconds{} x\n", '{"a": 1}'])
def test_a_file_of_others_says_nothing(earlier: str) -> None:
    assert not [line for line in of_cluster("health", None, 2000, earlier) if line.startswith("last_success")]
