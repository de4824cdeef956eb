# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever fault meets a task, wherever: its result tells the truth, nothing else is touched, and a rerun converges."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput, OntapError
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from simulator import Simulator, Unknowns
from support.clock import Clock
from support.fault_matrix import (
    HEADINGS,
    READS,
    WRITES,
    Fault,
    Scenario,
    as_wanted,
    cell,
    check_truth,
    documented,
    others,
    read_faults,
    run,
    subject,
    write_faults,
)
from support.harness import CHECKOUT, policy
from support.strategies import FAULTS, LIMITS, READ_FAULTS, WEB, bystanders, current, policies, prepared

CELLS = [(scenario, fault, False) for fault in read_faults() for scenario in READS]
CELLS += [(scenario, fault, True) for fault in write_faults() for scenario in WRITES]
DOCUMENTED = documented((CHECKOUT / "docs" / "faults.md").read_text(encoding="utf-8"))


@pytest.mark.usefixtures("shared_sessions")
@pytest.mark.parametrize(
    ("scenario", "fault", "write"), CELLS, ids=[f"{s.name}-{f.name}-{'write' if w else 'read'}" for s, f, w in CELLS]
)
def test_each_cell_of_the_matrix(array: Simulator, scenario: Scenario, fault: Fault, write: bool) -> None:
    outcome = cell(array, scenario, fault, write)
    check_truth(array, scenario, fault, outcome)
    assert outcome.text == DOCUMENTED[HEADINGS[write], fault.name, scenario.name]
    # Whatever it was: when it is over, the same task again, if need be after an approval, brings what it describes.
    array.heal()
    for _attempt in range(2):
        array.approve()
        failed, result = run(array, Clock(), scenario)
        if not failed:
            break
    assert not failed
    assert others(array.policies()) == others(outcome.before)
    if scenario.lists:
        assert result["num_records"] == len(outcome.before)
    else:
        assert as_wanted(subject(array.policies()), scenario.options)


def test_the_tables_in_the_documentation_have_these_cells_and_no_others() -> None:
    assert list(DOCUMENTED) == [(HEADINGS[write], fault.name, scenario.name) for scenario, fault, write in CELLS]


# Any faults, any plans


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
