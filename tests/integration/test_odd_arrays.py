# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrays that are slow, or strict where others are not, and accounts that see less: the same results, or an error."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import ApprovalPending, UnexpectedAnswer
from simulator import Simulator, Unknowns
from support.clock import Clock
from support.harness import info, policies, policy
from support.paths import POLICIES

KEY = "a-key-of-eighteen-and-more"
HERE = {"local_endpoint": {"address": "10.0.0.1/32"}, "remote_endpoint": {"address": "10.1.0.0/24", "port": "2049"}}
PSK: dict[str, Any] = {"name": "web", "svm": "svm1", "action": "esp_transport", "secret_key": KEY, **HERE}
PSK |= {"remote_identity": "peer.example"}


@pytest.fixture
def clock(array: Simulator) -> Clock:
    """Return a clock that moves on whenever the array has used up the time that it was given."""
    clock = Clock()
    array.on_silence = lambda: clock.advance(25)
    return clock


def slow(array: Simulator, setting: str) -> None:
    """Fills the array with 60 policies, of which it looks at 25 in the time that a module gives it."""
    array.unknowns = Unknowns(out_of_time=setting)
    for number in range(60):
        array.add_policy({"name": f"p{number:02}", "svm": "svm1", "action": "discard"})
    array.search_rate = 1


def test_a_slow_array_is_read_to_its_end(array: Simulator, clock: Clock) -> None:
    slow(array, "next")
    assert policy(array, clock=clock, **PSK)["operation"] == "created"
    assert policy(array, clock=clock, **PSK)["operation"] == "none"
    assert len(info(array, clock=clock, name="p*")["policies"]) == 60
    assert info(array, clock=clock, name="p*", count_only=True)["num_records"] == 60
    assert policy(array, clock=clock, name="p59", svm="svm1", state="absent")["operation"] == "deleted"
    kept = [{"name": f"p{number:02}", "svm": "svm1", "action": "discard", **HERE} for number in range(59)]
    result = policies(
        array, clock=clock, policies=kept, prune=True, strict=False, max_deletes="60", allow_empty=True, check_mode=True
    )
    assert [change["name"] for change in result["changes"] if change["operation"] == "deleted"] == ["web"]


def test_a_slow_array_that_finds_nothing_in_time_proves_nothing(array: Simulator, clock: Clock) -> None:
    slow(array, "nothing")
    before = array.policies()
    tasks = [PSK, {"name": "p59", "svm": "svm1", "state": "absent"}]
    for task in tasks:
        with pytest.raises(UnexpectedAnswer, match="no proof of absence"):
            policy(array, clock=clock, **task)
    with pytest.raises(UnexpectedAnswer, match="no proof of absence"):
        info(array, clock=clock, name="p59")
    assert array.policies() == before


@pytest.mark.parametrize("setting", ["exempt", "needed"])
def test_an_account_of_one_svm_may_need_no_approval(array: Simulator, setting: str) -> None:
    array.unknowns = Unknowns(approval_of_svm_accounts=setting)
    array.add_account("vsadmin", "svm-account-password", svm="svm1")
    array.require_approval("*", f"{POLICIES}*")
    account = {"username": "vsadmin", "password": "svm-account-password"}
    if setting == "exempt":
        assert policy(array, **PSK, **account)["operation"] == "created"
        assert policy(array, **PSK, **account)["operation"] == "none"
    else:
        with pytest.raises(ApprovalPending):
            policy(array, **PSK, **account)
    assert len(array.approvals) == (setting == "needed")


OF_WRITES = ("reported_fault", "empty_strings", "identities_with_key", "enum_case", "number_for_string", "null_in_body")
OF_FILTERS = ("address_filters", "port_filters", "invalid_filter_value", "names_match_case", "long_request_lines")


@pytest.mark.parametrize("version", ["9.8", "9.19.1"])
@pytest.mark.parametrize("switch", OF_WRITES)
def test_a_policy_is_made_changed_and_removed(array: Simulator, switch: str, version: str) -> None:
    array.version = version
    for setting in choices(switch):
        array.unknowns = replace(Unknowns(), **{switch: setting})
        done = [
            policy(array, **options)["operation"]
            for options in (
                PSK,
                PSK,
                {**PSK, "remote_endpoint": {"address": "0.0.0.0/0", "port": "2049"}, "protocol": "17"},
                {"name": "web", "svm": "svm1", "state": "absent"},
            )
        ]
        assert done == ["created", "none", "modified", "deleted"], setting


@pytest.mark.parametrize("switch", OF_FILTERS)
def test_a_policy_is_found_by_what_it_covers(array: Simulator, switch: str) -> None:
    array.add_policy({"name": "six", "svm": "svm1", "local_endpoint": {"address": "2001:db8::1", "port": "443-443"}})
    array.add_policy({"name": "four", "svm": "svm1", "local_endpoint": {"address": "10.0.0.5", "port": "22-22"}})
    for setting in choices(switch):
        array.unknowns = replace(Unknowns(), **{switch: setting})
        for filters, expected in (
            ({"local_endpoint": {"address": "2001:DB8:0:0::1"}}, ["six"]),
            ({"local_endpoint": {"port": 22}}, ["four"]),
            ({"local_endpoint": {"address": "10.0.0.5", "port": "22-22"}}, ["four"]),
            ({"local_endpoint": {"address": "10.0.0.6"}}, []),
        ):
            found = [one["name"] for one in info(array, **filters)["policies"]]
            assert found == expected, (setting, filters)


def choices(switch: str) -> tuple[Any, ...]:
    return next(tuple(row.metadata["choices"]) for row in fields(Unknowns) if row.name == switch)
