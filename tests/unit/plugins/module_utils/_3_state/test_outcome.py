# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a result says of a change: the same keys whatever became of it, and an error with what it left behind."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import ApprovalPending, UnexpectedAnswer
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_service import SERVICE
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.outcome import (
    DONE,
    Outcome,
    failed,
    foreseen,
    report,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.planning import Change

WEB = {"name": "web", "svm": "svm1", "action": "bypass", "enabled": True, "uuid": "old"}
OFF = {**WEB, "enabled": False}
NEW = {**OFF, "uuid": "new"}
CHANGES = {
    "none": Change("none", WEB, WEB),
    "created": Change("created", None, {"name": "web", "svm": "svm1"}),
    "modified": Change("modified", WEB, OFF, ["enabled"]),
    "recreated": Change("recreated", WEB, {"name": "web", "svm": "svm1"}, ["enabled"]),
    "deleted": Change("deleted", WEB, None),
}


@pytest.mark.parametrize("operation", CHANGES)
def test_a_plan_and_what_was_done_are_told_alike(operation: str) -> None:
    change = CHANGES[operation]
    planned = report(POLICY, change, foreseen(change))
    done = report(POLICY, change, Outcome(DONE, operation, change.after, warnings=["in doubt"]))
    assert done == {**planned, "warnings": ["in doubt"]}
    assert (planned["operation"], planned["changed"]) == (operation, operation != "none")


# Operation of the change, what the error left behind, and what the result says of that.
FAILURES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("modified", {}, {"changed": False}),
    ("created", {"operation": "unknown"}, {"changed": True, "operation": "unknown", "uuid": None}),
    ("modified", {"operation": "unknown", "state": OFF}, {"changed": True, "operation": "unknown", "uuid": "old"}),
    ("recreated", {"operation": "deleted", "lost": WEB}, {"operation": "deleted", "uuid": None, "policy": {}}),
    ("recreated", {"operation": "recreated", "state": NEW}, {"operation": "recreated", "uuid": "new"}),
]


@pytest.mark.parametrize(("operation", "left", "expected"), FAILURES)
def test_an_error_says_what_it_left_behind(operation: str, left: dict[str, Any], expected: dict[str, Any]) -> None:
    outcome = failed(UnexpectedAnswer("Out of luck."), **left)
    with pytest.raises(UnexpectedAnswer) as caught:
        report(POLICY, CHANGES[operation], outcome)
    result = caught.value.result()
    assert {key: result.get(key) for key in expected} == expected
    assert result["msg"] == "Out of luck."
    assert outcome.result == ("unknown" if left.get("operation") == "unknown" else "failed")
    assert result.get("lost") == (POLICY.to_options(WEB) if "lost" in left else None)
    assert not result.get("modified")


def test_a_change_that_waits_for_an_approval_has_changed_nothing() -> None:
    change = CHANGES["modified"]
    with pytest.raises(ApprovalPending) as caught:
        report(POLICY, change, failed(ApprovalPending("Wait.", "7")))
    assert caught.value.result() == {
        "changed": False,
        "msg": "Wait.",
        "approval": {"pending": True, "request": "7"},
    }


def test_a_single_object_has_no_uuid_to_tell() -> None:
    change = Change("modified", {"enabled": False}, {"enabled": True}, ["enabled"])
    told = report(SERVICE, change, foreseen(change))
    assert "uuid" not in told
    assert told["config"] == {"enabled": True}
