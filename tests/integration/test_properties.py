# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any valid policy converges to any other, a second run changes nothing, and check mode predicted both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from simulator import Simulator, Unknowns
from support.harness import info, policy
from support.strategies import LIMITS, UNKNOWNS, WEB, bystanders, current, policies, prepared

pytestmark = pytest.mark.usefixtures("shared_sessions")

PARTIAL = st.sets(st.sampled_from(["enabled", "protocol", "local_identity", "remote_identity", "endpoints"]))


def converge(array: Simulator, options: dict[str, Any]) -> dict[str, Any]:
    """Predicts, runs, runs again; returns the state that the array ends in."""
    wanted = {**WEB, **options, "recreate": True}
    before = array.policies()
    predicted = policy(array, check_mode=True, **wanted)
    assert array.policies() == before
    result = policy(array, **wanted)
    assert [predicted[key] for key in ("changed", "operation", "modified", "diff")] == [
        result[key] for key in ("changed", "operation", "modified", "diff")
    ]
    assert result["changed"] is (array.policies() != before)
    assert result["policy"].items() >= predicted["policy"].items()
    assert policy(array, check_mode=True, **wanted)["changed"] is False
    again = policy(array, **wanted)
    assert (again["changed"], again["operation"]) == (False, "none")
    assert result["uuid"] == again["uuid"] == current(array)["uuid"]
    return current(array)


@LIMITS
@given(unknowns=UNKNOWNS, first=policies(), second=policies())
def test_any_policy_converges_to_any_other(
    array: Simulator, unknowns: Unknowns, first: dict[str, Any], second: dict[str, Any]
) -> None:
    others = prepared(array, unknowns)
    converge(array, first)
    methods = [one.get("authentication_method", "none") for one in (first, second)]
    if "ppk" in first and "none" not in methods and methods != ["psk", "pki"]:
        # A post-quantum key that is left out is kept, and a policy that is created anew needs it.
        second = {"ppk": first["ppk"], **second}
    result = converge(array, second)
    wanted, _warnings = POLICY.settle(POLICY.from_options(second), {})
    for option, value in wanted.items():
        if option not in ("secret_key", "ppk.shared_key"):
            assert result[option] == value
    if result.get("authentication_method") != "pki":
        assert "certificate" not in result
    assert bystanders(array) == others
    assert policy(array, **WEB, state="absent")["operation"] == "deleted"
    assert array.policies() == others


@LIMITS
@given(unknowns=UNKNOWNS, first=policies(), second=policies(), named=PARTIAL)
def test_what_a_task_leaves_out_stays_as_it_is(
    array: Simulator, unknowns: Unknowns, first: dict[str, Any], second: dict[str, Any], named: set[str]
) -> None:
    others = prepared(array, unknowns)
    before = converge(array, first)
    options = {option: value for option, value in second.items() if option in named}
    if "endpoints" in named and first["action"] != "esp_udp":
        options.update({side: second[side] for side in ("local_endpoint", "remote_endpoint")})
    after = converge(array, options)
    told = POLICY.from_options(options)
    unsaid = {option: value for option, value in before.items() if option not in told and not option.endswith("family")}
    assert {option: after.get(option) for option in unsaid} == unsaid
    assert {option: after.get(option) for option in told} == told
    assert bystanders(array) == others


@LIMITS
@given(unknowns=UNKNOWNS, options=policies())
def test_what_the_listing_returns_can_be_fed_back(
    array: Simulator, unknowns: Unknowns, options: dict[str, Any]
) -> None:
    prepared(array, unknowns)
    converge(array, options)
    listed = info(array)["policies"]
    assert len(listed) == len(array.policies())
    for entry in listed:
        assert policy(array, **entry)["changed"] is False
