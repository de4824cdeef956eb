# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any array converges to any list, whatever goes wrong: nothing outside is touched, and no guard is passed."""

from __future__ import annotations

import ipaddress
from collections import Counter
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput, OntapError
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from simulator import Simulator, Unknowns
from support import harness
from support.clock import Clock
from support.strategies import FAULTS, LIMITS, READ_FAULTS, UNKNOWNS, policies

Key = tuple[str, str]
KEYS = st.tuples(st.sampled_from(["svm1", "svm2"]), st.sampled_from(["a", "A", "b", "web-1", "web-2", "x*"]))
LISTS = st.dictionaries(KEYS, policies(), max_size=6)
LATER = st.dictionaries(KEYS, policies() | st.just({"state": "absent"}) | st.just({"enabled": False}), max_size=6)
KEPT = st.sets(KEYS)
# What the silence of a strict list means, by NetApp's documentation of a create.
SILENCE = {
    "enabled": True,
    "protocol": "any",
    "local_endpoint.port": "0-0",
    "remote_endpoint.port": "0-0",
    "local_identity": None,
    "remote_identity": None,
    "ppk.identity": None,
}
OPTIONS = st.fixed_dictionaries(
    {
        "prune": st.booleans(),
        "keep": st.sampled_from([[], ["web-*"], ["?"]]),
        "svms": st.sampled_from([None, [], ["svm1"], ["svm1", "svm2"]]),
        "max_deletes": st.sampled_from([None, "1", "50%", "100%"]),
        "allow_empty": st.booleans(),
        "strict": st.sampled_from([None, True, False]),
        "whole_cluster": st.booleans(),
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
        # Both are for the identities that policies may have on either SVM.
        array.remove_certificate("ipsec-cert", svm)
        for name in ("ipsec-cert", "second-cert"):
            array.add_certificate(name, svm, "server", common_name="svm1.example.com")
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
        if options["prune"] if options["strict"] is None else options["strict"]:
            left_out = SILENCE.keys() - told.keys() - POLICY.from_options(wanted).keys()
            assert {option: state.get(option, SILENCE[option]) for option in left_out} == {
                option: SILENCE[option] for option in left_out
            }
    for key in after.keys() - present.keys():
        assert after[key] == before[key]
    for key in before.keys() - present.keys():
        pruned = options["prune"] and key[0] in scope and not any(fnmatchcase(key[1], one) for one in options["keep"])
        assert (key in after) is not (pruned or key in second)


def covered(state: dict[str, Any]) -> list[Any]:
    """What a policy covers: two networks, and protocol and ports, ``None`` for any."""
    networks = [
        ipaddress.ip_network(f"{state[f'{side}.address']}/{state[f'{side}.netmask']}", strict=False)
        for side in ("local_endpoint", "remote_endpoint")
    ]
    points = [state[option] for option in ("protocol", "local_endpoint.port", "remote_endpoint.port")]
    return [*networks, *(None if point in ("any", "0-0") else point for point in points)]


def covers(wide: dict[str, Any], narrow: dict[str, Any]) -> bool:
    one, other = covered(wide), covered(narrow)
    return all(
        narrower.version == wider.version and narrower.subnet_of(wider)
        for wider, narrower in zip(one[:2], other[:2], strict=True)
    ) and all(wider in (None, narrower) for wider, narrower in zip(one[2:], other[2:], strict=True))


def lost(operation: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> bool:
    """Whether a change takes away what a policy did."""
    if operation in ("deleted", "recreated"):
        return True
    restrained = old is not None and new is not None and old["enabled"] and old["action"] != "bypass"
    return bool(restrained and old and new and not (new["enabled"] and covers(new, old)))


def overrides(old: dict[str, Any] | None, new: dict[str, Any] | None, pairs: list[Any]) -> bool:
    """Whether a bypass or discard covers all of a policy that protects, before and after, and did not before."""
    if not new or not new["enabled"] or new["action"].startswith("esp"):
        return False
    ruled = old is not None and old["enabled"] and not old["action"].startswith("esp")
    return any(
        covers(new, later) and not (ruled and old is not None and covers(old, later))
        for earlier, later in pairs
        if earlier and later and all(one["enabled"] and one["action"].startswith("esp") for one in (earlier, later))
    )


def guarded(
    result: dict[str, Any],
    before: dict[Key, Any],
    after: dict[Key, Any],
    second: dict[Key, Any],
    options: dict[str, Any],
) -> bool:
    """Whether a run keeps to the guards, computed anew from what the array had and has."""
    old, new = ({key: POLICY.from_api(one) for key, one in side.items()} for side in (before, after))
    reach = {svm for svm, _name in second} | set(options["svms"] or ())
    pairs = {svm: [(old.get(key), new.get(key)) for key in {*old, *new} if key[0] == svm] for svm in reach}
    losses: Counter[Any] = Counter()
    for change in result["changes"]:
        key = change["svm"], change["name"]
        states = old.get(key), new.get(key)
        overriding = change["operation"] != "recreated" and overrides(*states, pairs[key[0]])
        if lost(change["operation"], *states) or overriding:
            protecting = overriding or bool(states[0] and protects(states[0]))
            for place in (None, key[0]):
                losses[place, False] += 1
                losses[place, True] += protecting
    if not losses:
        return True
    for states_there in pairs.values():
        for kind in (bool, protects):
            had = [one for one, _other in states_there if one and kind(one)]
            has = [one for _other, one in states_there if one and kind(one)]
            if had and not has and not options["allow_empty"]:
                return False
    for (place, only_protecting), number in losses.items():
        states_there = [one for svm in reach if place in (None, svm) for one, _other in pairs[svm] if one]
        existing = sum(protects(one) or not only_protecting for one in states_there)
        default = max(existing * 30 // 100, min(3, max(1, existing // 2)))
        limit = {None: default, "1": 1, "50%": existing // 2, "100%": existing}[options["max_deletes"]]
        if number > limit:
            return False
    return bool(second) or options["allow_empty"]


def protects(state: dict[str, Any]) -> bool:
    return bool(state["enabled"] and state["action"].startswith("esp"))


@pytest.mark.usefixtures("shared_sessions")
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
    assert guarded(result, before, after, second, options)
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
    task = {"policies": entries(second), **options, "max_deletes": "99", "allow_empty": True, "recreate": True}
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
