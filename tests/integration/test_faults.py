# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever fault meets a task, wherever: its result tells the truth, nothing else is touched, and a rerun converges."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput, OntapError
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from integration.test_properties import LIMITS, WEB, bystanders, current, policies, prepared
from simulator import Simulator, Unknowns
from simulator.faults import KINDS, Effect
from support.clock import Clock
from support.fault_matrix import (
    COLLECTION,
    INSTANCE,
    READS,
    SECRETS,
    WRITES,
    Fault,
    Outcome,
    Scenario,
    cell,
    read_faults,
    run,
    tables,
    write_faults,
)
from support.harness import CHECKOUT, policy

Records = list[dict[str, Any]]


def others(records: Records) -> Records:
    return [record for record in records if (record["name"], record["svm"]["name"]) != ("web", "svm1")]


def subject(records: Records) -> dict[str, Any] | None:
    """The one policy that the task is about; an error if there are two."""
    found = [record for record in records if record not in others(records)]
    assert len(found) <= 1
    return found[0] if found else None


def as_wanted(record: dict[str, Any] | None, options: dict[str, Any]) -> bool:
    """Whether a stored policy is what a task describes, its secrets included."""
    if record is None or options.get("state") == "absent":
        return record is None and options.get("state") == "absent"
    state = POLICY.from_api(record)
    state["secret_key"] = record.get("secret_key")
    state["ppk.shared_key"] = record.get("ppk", {}).get("shared_key")
    return POLICY.from_options(options).items() <= state.items()


def check_truth(array: Simulator, scenario: Scenario, fault: Fault, outcome: Outcome) -> None:
    """What a task says of itself is what the array shows, and nothing else was touched."""
    result, before, after = outcome.result, subject(outcome.before), subject(outcome.after)
    assert others(outcome.after) == others(outcome.before)
    assert [secret for secret in (*SECRETS, array.password) if secret in json.dumps(result)] == []
    if outcome.failed:
        assert result["msg"].endswith(".")
        assert "ipsec" in result["msg"].lower()
        # What can't be told counts as a change; what is said to be none is none, to the last property.
        assert result["changed"] is (result["operation"] != "none")
        known = {
            "none": after == before,
            "unknown": "is not known" in result["msg"],
            "deleted": after is None and result.get("lost", {}).get("name") == "web",
            "recreated": after is not None and before is not None and {**after, "uuid": 0} == {**before, "uuid": 0},
        }
        assert known[result["operation"]]
        assert result.get("uuid") in (None, *((record or {}).get("uuid") for record in (before, after)))
    elif not scenario.lists:
        assert result["changed"] is (after != before)
        assert as_wanted(after, scenario.options)
    if fault.kind == "approval":
        assert result["approval"]["pending"] is True
        assert "1" in f"{result['approval']['request']} {result['msg']}"
        assert array.approvals == [1]


CELLS = [(scenario, fault, False) for scenario in READS for fault in read_faults()]
CELLS += [(scenario, fault, True) for scenario in WRITES for fault in write_faults()]


@pytest.mark.parametrize(
    ("scenario", "fault", "write"), CELLS, ids=[f"{s.name}-{f.name}-{'write' if w else 'read'}" for s, f, w in CELLS]
)
def test_each_cell_of_the_matrix(array: Simulator, scenario: Scenario, fault: Fault, write: bool) -> None:
    outcome = cell(array, scenario, fault, write)
    check_truth(array, scenario, fault, outcome)
    # Whatever it was: when it is over, the same task again, if need be after an approval, brings what it describes.
    array.heal()
    for _attempt in range(2):
        array.approve()
        failed, result = run(array, Clock(), scenario)
    assert not failed
    assert others(array.policies()) == others(outcome.before)
    if scenario.lists:
        assert result["num_records"] == len(outcome.before)
    else:
        assert as_wanted(subject(array.policies()), scenario.options)


def test_the_tables_in_the_documentation_are_these(array: Simulator) -> None:
    text = (CHECKOUT / "docs" / "faults.md").read_text(encoding="utf-8")
    assert "\n".join(tables(array)) in text


# Any faults, any plans

FAULTS = st.builds(
    lambda kind, method, after, occurrence, times: {
        "kind": kind,
        "method": method,
        "path": COLLECTION if method == "POST" else INSTANCE,
        "after_effect": after and KINDS[kind].effect is Effect.EITHER,
        "occurrence": occurrence,
        "times": times,
    },
    st.sampled_from([name for name, kind in KINDS.items() if kind.effect is not Effect.ALWAYS]),
    st.sampled_from(["POST", "PATCH", "DELETE"]),
    st.booleans(),
    st.integers(1, 3),
    st.integers(1, 3),
)
READ_FAULTS = st.builds(
    lambda kind, occurrence: {"kind": kind, "method": "GET", "path": COLLECTION, "occurrence": occurrence},
    st.sampled_from(sorted(set(KINDS) - {"foreign_svm"})),
    st.integers(1, 4),
)


@LIMITS
@given(
    first=policies(),
    second=policies(),
    absent=st.booleans(),
    faults=st.lists(FAULTS | READ_FAULTS, min_size=1, max_size=6),
    status=st.sampled_from([400, 409, 500]),
)
def test_the_same_task_again_converges_whatever_goes_wrong(
    array: Simulator,
    first: dict[str, Any],
    second: dict[str, Any],
    absent: bool,
    faults: list[dict[str, Any]],
    status: int,
) -> None:
    untouched = prepared(array, Unknowns(error_status=status))
    policy(array, **WEB, **first)
    rotation = {"update_secret_key": "always"} if {"secret_key", "ppk"} & set(second) else {}
    options = {**WEB, **second, **rotation, "recreate": True}
    options = {**WEB, "state": "absent"} if absent else options
    try:
        policy(array, check_mode=True, **options)
    except InvalidInput:
        # As for a policy with a post-quantum key that the task can't give to its successor.
        reject()
    clock = Clock()
    array.on_silence = clock.wait_in_vain()
    for fault in faults:
        array.fault(**fault)
    with clock.governs_sockets():
        for _run in range(30):
            before = array.policies()
            try:
                result = policy(array, clock=clock, retries=1, **options)
            except OntapError as error:
                assert bystanders(array) == untouched
                assert len(array.policies()) <= len(untouched) + 1
                assert error.result()["changed"] or array.policies() == before
                continue
            assert result["changed"] is (array.policies() != before)
            break
        else:
            pytest.fail("it never succeeded")
    assert bystanders(array) == untouched
    if absent:
        assert array.policies() == untouched
        return
    state = current(array)
    wanted, _warnings = POLICY.settle(POLICY.from_options(second), {})
    assert {option: state.get(option) for option in wanted} == wanted
