# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an approval covers: the plan, each change of it on the same grounds, and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._3_state import approval
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.approval import Basis, Digests
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.planning import (
    CREATED,
    DELETED,
    MODIFIED,
    NONE,
    RECREATED,
    Change,
)

Array = dict[str, dict[str, Any]]
NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
STATES = st.fixed_dictionaries({"uuid": st.integers(0, 3), "value": st.integers(0, 2), "fixed": st.booleans()})
ARRAYS = st.dictionaries(NAMES, STATES, max_size=5)
TARGETS = st.dictionaries(NAMES, st.none() | st.tuples(st.integers(0, 2), st.booleans()), max_size=5)
OTHERS = st.lists(st.integers(0, 2), max_size=2)


def change(name: str, before: dict[str, Any] | None, target: Any) -> Change:
    """What brings an object to its target: a value that can be modified, and one that can't."""
    found = {"name": name, **before} if before else None
    if target is None:
        return Change(DELETED if found else NONE, found, None)
    after = {"name": name, "value": target[0], "fixed": target[1]}
    if not found or not before:
        return Change(CREATED, None, after)
    if found["fixed"] != target[1]:
        return Change(RECREATED, found, after)
    return Change(NONE if found["value"] == target[0] else MODIFIED, found, {"uuid": found["uuid"], **after})


def digests(
    array: Array,
    targets: dict[str, Any],
    others: list[Any],
    approved: Collection[str] = (),
    which: str = "one",
    source: str = "",
) -> Digests:
    wanted = sorted(map(list, targets.items()), key=str)
    basis = Basis(which, source, wanted, [{"other": one} for one in others], key=lambda state: {"name": state["name"]})
    return Digests(basis, [change(name, array.get(name), target) for name, target in targets.items()], approved)


def str_of(state: dict[str, Any]) -> str:
    """A text to sort states by, in whichever order their fields are."""
    return str(sorted(state.items()))


def carried_out(array: Array, targets: dict[str, Any], done: set[str], lost: set[str]) -> Array:
    """The array after some of the changes; what is lost was deleted, and could not be created again."""
    after = dict(array)
    for name, target in targets.items():
        one = change(name, array.get(name), target)
        if name in done and one.operation != NONE:
            after.pop(name, None)
            if one.after and not (one.operation == RECREATED and name in lost):
                after[name] = {"uuid": 9, **{key: value for key, value in one.after.items() if key != "name"}}
                if one.operation != MODIFIED:
                    after[name]["left_open"] = "what nobody knew before"
    return after


@settings(deadline=None)
@given(array=ARRAYS, targets=TARGETS, others=OTHERS, done=st.sets(NAMES), lost=st.sets(NAMES))
def test_the_rest_of_an_approved_plan_is_approved(
    array: Array, targets: dict[str, Any], others: list[Any], done: set[str], lost: set[str]
) -> None:
    approved = digests(array, targets, others).all()
    rest = digests(carried_out(array, targets, done, lost), targets, others, approved)
    assert rest.unapproved(approved) == []
    assert rest.differences(approved) == []


@settings(deadline=None)
@given(one=ARRAYS, two=ARRAYS, targets=TARGETS, others=OTHERS)
def test_no_change_is_approved_that_was_not_planned(
    one: Array, two: Array, targets: dict[str, Any], others: list[Any]
) -> None:
    planned = [change(name, one.get(name), target) for name, target in targets.items()]
    allowed = [(each.operation, each.before, each.after) for each in planned]
    allowed += [(CREATED, None, each.after) for each in planned if each.operation == RECREATED]
    now = [change(name, two.get(name), target) for name, target in targets.items()]
    approved = digests(one, targets, others).all()
    found = digests(two, targets, others, approved).unapproved(approved)
    # What is as it should be now is so by an approved change, or was so before.
    results = [each.after for each in planned if each.operation == MODIFIED]
    made = [each.after["name"] for each in planned if each.operation in (CREATED, RECREATED) and each.after]
    before = [each.before for each in planned if each.operation == NONE and each.before]
    same = [each.before for each in now if each.operation == NONE and each.before]
    same = [each for each in same if each not in results and each["name"] not in made]
    if sorted(same, key=str_of) != sorted(before, key=str_of):
        assert found == [each for each in now if each.operation != NONE]
        return
    expected = [
        each for each in now if each.operation != NONE and (each.operation, each.before, each.after) not in allowed
    ]
    assert found == expected


@settings(deadline=None)
@given(array=ARRAYS, targets=TARGETS, others=OTHERS, second=TARGETS, seconds=OTHERS)
@pytest.mark.parametrize("part", ["array", "source", "list", "others"])
def test_on_other_grounds_nothing_is_approved(
    part: str, array: Array, targets: dict[str, Any], others: list[Any], second: dict[str, Any], seconds: list[Any]
) -> None:
    approved = digests(array, targets, others).all()
    found = {
        "array": lambda: digests(array, targets, others, which="two"),
        "source": lambda: digests(array, targets, others, source="commit"),
        "list": lambda: digests(array, second, others),
        "others": lambda: digests(array, targets, seconds),
    }[part]()
    if (part == "list" and second == targets) or (part == "others" and sorted(seconds) == sorted(others)):
        assert found.all() == approved
        return
    changes = found.unapproved([])
    assert found.unapproved(approved) == changes
    assert found.differences(approved)[0] in approval._PARTS[part]


def test_no_digest_of_a_part_or_of_nothing_approves() -> None:
    found = digests({}, {"a": (0, True), "b": (1, True)}, [])
    parts = [one for one in found.all() if not one.startswith(("sha256:", "change:"))]
    for approved in ([], [""], parts, ["change:", "sha256:"], [found.plan[:-1]], [found.plan.upper()]):
        assert len(found.unapproved(approved)) == 2
    assert found.unapproved([found.plan]) == []


def test_all_digests_are_words_without_anything_of_the_array() -> None:
    found = digests({}, {"{{ a }}": (0, True)}, [])
    assert all(set(one.partition(":")[2]) <= set("0123456789abcdef") for one in found.all())
    assert len(found.all()) == len(set(found.all())) == 8
