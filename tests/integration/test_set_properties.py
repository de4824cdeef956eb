# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any array converges to any list, whatever goes wrong: nothing outside is touched, and no guard is passed."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils.errors import InvalidInput, OntapError
from ansible_collections.wiresec.ontap.plugins.module_utils.ipsec_policy import POLICY
from integration import harness
from integration.clock import Clock
from integration.test_faults import FAULTS, READ_FAULTS
from integration.test_properties import LIMITS, UNKNOWNS, policies
from simulator import Simulator, Unknowns

Key = tuple[str, str]
KEYS = st.tuples(st.sampled_from(["svm1", "svm2"]), st.sampled_from(["a", "A", "b", "web-1", "web-2", "x*"]))
LISTS = st.dictionaries(KEYS, policies(), max_size=6)
LATER = st.dictionaries(KEYS, policies() | st.just({"state": "absent"}) | st.just({"enabled": False}), max_size=6)
KEPT = st.sets(KEYS)
OPTIONS = st.fixed_dictionaries(
    {
        "prune": st.booleans(),
        "keep": st.sampled_from([[], ["web-*"], ["?"]]),
        "svms": st.sampled_from([None, [], ["svm1"], ["svm1", "svm2"]]),
        "max_deletes": st.sampled_from([None, "1", "50%", "100%"]),
        "allow_empty": st.booleans(),
        "recreate": st.booleans(),
        "concurrency": st.integers(1, 8),
        "continue_on_error": st.booleans(),
    }
)


def mixed(first: dict[Key, Any], second: dict[Key, Any], kept: set[Key]) -> dict[Key, Any]:
    """A list of which much is in the first one already, as it is or drifted; an entry in part needs what it is a part of."""
    same = {key: first[key] for key in first.keys() & kept}
    drifted = {key: options for key, options in second.items() if "enabled" not in options or len(options) > 1}
    partial = {key: {**first[key], **options} for key, options in second.items() if key not in drifted and key in first}
    return {**drifted, **same, **partial}


def entries(wanted: dict[Key, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"svm": svm, "name": name, **options} for (svm, name), options in wanted.items()]


def prepared(array: Simulator, unknowns: Unknowns, first: dict[Key, dict[str, Any]]) -> None:
    """An array with the policies of a first list, and with others on an SVM that no list names."""
    array.reset()
    array.unknowns = unknowns
    for svm in ("svm1", "svm2"):
        array.add_certificate("second-cert", svm=svm, type="server")
    array.add_svm("bystander")
    array.add_policy({"name": "a", "svm": "bystander", "action": "discard"})
    harness.policies(array, policies=entries(first))


def by_key(array: Simulator) -> dict[Key, dict[str, Any]]:
    records = array.policies()
    found = {(record["svm"]["name"], record["name"]): record for record in records}
    assert len(found) == len(records)
    return found


def check_end(
    before: dict[Key, dict[str, Any]], after: dict[Key, dict[str, Any]], second: dict[Key, Any], options: dict[str, Any]
) -> None:
    """The array is what list and options say, and untouched beyond."""
    present = {key: wanted for key, wanted in second.items() if wanted.get("state") != "absent"}
    scope = {svm for svm, _name in second} if options["svms"] is None else options["svms"]
    for key, wanted in present.items():
        told, _warnings = POLICY.settle(POLICY.from_options(wanted), {})
        state = POLICY.from_api(after[key])
        assert {option: state.get(option) for option in told if not POLICY.by_option[option].write_only} == {
            option: value for option, value in told.items() if not POLICY.by_option[option].write_only
        }
    for key in after.keys() - present.keys():
        assert after[key] == before[key]
    for key in before.keys() - present.keys():
        pruned = options["prune"] and key[0] in scope and not any(fnmatchcase(key[1], one) for one in options["keep"])
        assert (key in after) is not (pruned or key in second)


def guarded(plan: dict[str, Any], existing: int, second: dict[Key, Any], options: dict[str, Any]) -> bool:
    """Whether a plan keeps to the guards, computed anew."""
    deletes = plan["summary"]["deleted"] + plan["summary"]["recreated"]
    limits = {
        None: existing * 30 // 100 if existing >= 10 else existing,
        "1": 1,
        "50%": existing // 2,
        "100%": existing,
    }
    return not deletes or (deletes <= limits[options["max_deletes"]] and (bool(second) or options["allow_empty"]))


@LIMITS
@given(unknowns=UNKNOWNS, first=LISTS, second=LATER, kept=KEPT, options=OPTIONS)
def test_any_array_converges_to_any_list(
    array: Simulator,
    unknowns: Unknowns,
    first: dict[Key, Any],
    second: dict[Key, Any],
    kept: set[Key],
    options: dict[str, Any],
) -> None:
    prepared(array, unknowns, first)
    before = by_key(array)
    second = mixed(first, second, kept)
    task = {"policies": entries(second), **options}
    try:
        predicted = harness.policies(array, check_mode=True, **task)
    except InvalidInput:
        with pytest.raises(InvalidInput):
            harness.policies(array, **task)
        assert by_key(array) == before
        return
    assert by_key(array) == before
    result = harness.policies(array, **task)
    after = by_key(array)
    check_end(before, after, second, options)
    reach = {svm for svm, _name in second} | set(options["svms"] or ())
    assert guarded(result, sum(svm in reach for svm, _name in before), second, options)
    assert result["changed"] is (after != before)
    assert result["diff"] == predicted["diff"]
    assert result["summary"] | {"done": 0} == predicted["summary"] | {"planned": 0, "done": 0}
    assert harness.policies(array, **task)["changed"] is False


@LIMITS
@given(
    first=LISTS, second=LATER, kept=KEPT, options=OPTIONS, faults=st.lists(FAULTS | READ_FAULTS, min_size=1, max_size=6)
)
def test_the_same_list_again_converges_whatever_goes_wrong(
    array: Simulator,
    first: dict[Key, Any],
    second: dict[Key, Any],
    kept: set[Key],
    options: dict[str, Any],
    faults: list[dict[str, Any]],
) -> None:
    prepared(array, Unknowns(), first)
    before = by_key(array)
    second = mixed(first, second, kept)
    # A run that is cut short leaves less to delete for the next one; the guards are the other test's business.
    task = {"policies": entries(second), **options, "max_deletes": "100%", "allow_empty": True, "recreate": True}
    try:
        harness.policies(array, check_mode=True, **task)
    except InvalidInput:
        return
    clock = Clock()
    array.on_silence = clock.wait_in_vain()
    for fault in faults:
        array.fault(**fault)
    with clock.governs_sockets():
        for _run in range(40):
            now = by_key(array)
            try:
                result = harness.policies(array, clock=clock, retries=1, **task)
            except OntapError as error:
                told = error.result()
                assert by_key(array)["bystander", "a"] == before["bystander", "a"]
                assert told["changed"] or by_key(array) == now
                # What is reported as done or as not attempted is so.
                for one in told.get("entries", []):
                    key = one["svm"], one["name"]
                    if one["result"] in ("not_attempted", "unchanged"):
                        assert by_key(array).get(key) == now.get(key)
                    if one["result"] == "done":
                        assert (key in by_key(array)) is (one["operation"] != "deleted")
                continue
            assert result["changed"] is (by_key(array) != now)
            break
        else:
            pytest.fail("it never succeeded")
    check_end(before, by_key(array), second, {**options, "recreate": True})
