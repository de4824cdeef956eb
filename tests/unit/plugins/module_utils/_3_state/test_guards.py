# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes of policies take away, and how much of it is allowed where."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.guards import (
    Limits,
    Loss,
    Standing,
    problems,
    standings,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.planning import (
    CREATED,
    DELETED,
    MODIFIED,
    RECREATED,
    Change,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.protection import effects

Packet = tuple[int, int, str, int, int]


def policy(name: str = "web", svm: str | None = "svm1", **options: Any) -> dict[str, Any]:
    state = {
        "name": name,
        "svm": svm,
        "action": "esp_transport",
        "enabled": True,
        "protocol": "any",
        "local_endpoint.address": "10.0.0.0",
        "local_endpoint.netmask": "30",
        "local_endpoint.port": "0-0",
        "remote_endpoint.address": "10.0.0.4",
        "remote_endpoint.netmask": "30",
        "remote_endpoint.port": "0-0",
        **options,
    }
    return {option: value for option, value in state.items() if value is not None}


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "protocol": st.sampled_from(["any", "tcp", "udp", "1"]),
    "local_endpoint.address": st.integers(0, 3).map(lambda last: f"10.0.0.{last}"),
    "local_endpoint.netmask": st.sampled_from(["30", "31", "32"]),
    "local_endpoint.port": st.sampled_from(["0-0", "7-7", "8-8"]),
    "remote_endpoint.address": st.integers(4, 7).map(lambda last: f"10.0.0.{last}"),
    "remote_endpoint.netmask": st.sampled_from(["30", "31", "32"]),
    "remote_endpoint.port": st.sampled_from(["0-0", "7-7", "9-9"]),
    "action": st.sampled_from(["esp_transport", "bypass", "discard"]),
    "enabled": st.booleans(),
}
# What differs from another policy in little finds more than what differs in everything.
FEW = st.lists(st.sampled_from(list(VALUES)), max_size=2, unique=True).flatmap(
    lambda options: st.fixed_dictionaries({option: VALUES[option] for option in options})
)
POLICIES = st.fixed_dictionaries(VALUES)


def packets(state: dict[str, Any] | None) -> set[Packet]:
    """All packets of a small world that a policy covers, one by one."""
    if state is None:
        return set()
    sides = []
    for side in ("local_endpoint", "remote_endpoint"):
        size = 1 << 32 - int(state[f"{side}.netmask"])
        last = int(state[f"{side}.address"].rpartition(".")[2])
        sides.append(range(last // size * size, last // size * size + size))
    protocols = ["tcp", "udp", "1", "50"] if state["protocol"] == "any" else [state["protocol"]]
    ports = [
        range(6, 10) if state[f"{side}.port"] == "0-0" else [int(state[f"{side}.port"].partition("-")[0])]
        for side in ("local_endpoint", "remote_endpoint")
    ]
    return {
        (local, remote, protocol, here, there)
        for local in sides[0]
        for remote in sides[1]
        for protocol in protocols
        for here in ports[0]
        for there in ports[1]
    }


def stopped(state: dict[str, Any] | None) -> set[Packet]:
    """The packets that a policy by itself keeps from leaving in clear."""
    return packets(state) if state and state["enabled"] and state["action"] != "bypass" else set()


@settings(deadline=None)
@given(before=POLICIES, after=FEW)
def test_a_modification_loses_what_no_longer_is_kept_from_leaving_in_clear(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    after = {**before, **after, "action": before["action"]}
    change = Change(MODIFIED, policy(**before), policy(**after))
    lost = not stopped(before) <= stopped(after)
    expected = None if not lost else "narrowed" if after["enabled"] else "disabled"
    assert effects([change], [])[0].loss == expected


@settings(deadline=None)
@given(
    modified=st.booleans(),
    first=POLICIES,
    few=FEW,
    others=st.lists(st.tuples(FEW, st.sampled_from(["svm1", "svm1", "svm2", None])), max_size=4),
)
def test_what_overrides_another_is_found_as_by_counting_packets(
    modified: bool, first: dict[str, Any], few: dict[str, Any], others: list[Any]
) -> None:
    before = first if modified else None
    after = {**first, **few, "action": first["action"]}
    others = [({**first, "action": "esp_transport", "enabled": True, **one}, svm) for one, svm in others]
    change = Change(
        MODIFIED if before else CREATED, policy("new", **before) if before else None, policy("new", **after)
    )
    standing = [policy(f"p{index}", svm, **one) for index, (one, svm) in enumerate(others)]
    protecting = [one for one, svm in others if svm == "svm1" and one["enabled"] and one["action"] == "esp_transport"]
    rules = after["enabled"] and after["action"] != "esp_transport"
    ruled = packets(before) if before and before["enabled"] and before["action"] != "esp_transport" else set()
    newly = [one for one in protecting if packets(one) <= packets(after) and not packets(one) <= ruled]
    overlapping = [one for one in protecting if packets(one) & packets(after)]
    found = effects([change], standing)[0]
    assert (found.loss == "overriding") is bool(rules and newly and (not before or stopped(before) <= stopped(after)))
    assert len(found.overlaps) == (min(len(overlapping), 3) if rules else 0)


@pytest.mark.parametrize(
    ("operation", "after", "loss"),
    [
        (DELETED, None, "deleted"),
        (RECREATED, policy(), "recreated"),
        (RECREATED, policy(enabled=False), "unprotected"),
        (RECREATED, policy(action="bypass"), "unprotected"),
        (RECREATED, policy(action="discard"), "unprotected"),
        (MODIFIED, policy(remote_identity="CN=a"), None),
        (MODIFIED, policy(protocol="ospf"), "narrowed"),
        (MODIFIED, policy(**{"remote_endpoint.address": "10.0.0.8"}), "narrowed"),
        (
            MODIFIED,
            policy(**{"remote_endpoint.address": "2001:db8::", "local_endpoint.address": "2001:db8::"}),
            "narrowed",
        ),
    ],
)
def test_losses_by_operation(operation: str, after: dict[str, Any] | None, loss: str | None) -> None:
    assert effects([Change(operation, policy(), after)], [])[0].loss == loss


@pytest.mark.parametrize("action", ["bypass", "discard"])
@pytest.mark.parametrize(
    ("options", "loss", "overlaps"),
    [
        ({}, "overriding", ["web"]),
        ({"local_endpoint.netmask": "29", "remote_endpoint.netmask": "8"}, "overriding", ["web"]),
        ({"protocol": "tcp"}, None, ["web"]),
        ({"local_endpoint.netmask": "8", "remote_endpoint.netmask": "31"}, None, ["web"]),
        ({"remote_endpoint.address": "192.0.2.1"}, None, []),
        ({"enabled": False}, None, []),
        ({"svm": "svm2"}, None, []),
        ({"svm": None}, None, []),
    ],
)
def test_a_new_policy_overrides_what_it_covers_wholly(
    action: str, options: dict[str, Any], loss: str | None, overlaps: list[str]
) -> None:
    found = effects([Change(CREATED, None, policy("new", **{"action": action, **options}))], [policy()])[0]
    assert (found.loss, found.overlaps) == (loss, overlaps)


@pytest.mark.parametrize(
    ("option", "old", "new"),
    [
        ("protocol", "tcp", "udp"),
        ("protocol", "6", "17"),
        ("local_endpoint.port", "7-7", "8-8"),
        ("remote_endpoint.port", "7-7", "8-8"),
        ("local_endpoint.netmask", "29", "30"),
        ("remote_endpoint.netmask", "29", "30"),
    ],
)
def test_each_side_of_a_selector_counts(option: str, old: str, new: str) -> None:
    change = Change(MODIFIED, policy(**{option: old}), policy(**{option: new}))
    assert effects([change], [])[0].loss == "narrowed"


def test_where_nobody_can_tell_what_is_covered_any_change_of_it_is_a_loss() -> None:
    odd = policy(protocol="a-name-of-the-array")
    for after, loss in ((policy(), "narrowed"), ({**odd, "remote_identity": "CN=a"}, None)):
        assert effects([Change(MODIFIED, odd, after)], [])[0].loss == loss


# Limits


@pytest.mark.parametrize(
    ("existing", "allowed"),
    [(0, 1), (1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (9, 3), (10, 3), (13, 3), (14, 4), (100, 30)],
)
def test_the_default_is_a_share_but_asks_among_few(existing: int, allowed: int) -> None:
    assert Limits().allowed(existing) == allowed


@pytest.mark.parametrize("text", ["many", "101%", "-1", "1%%", "%", "1.5", "٣", "30 percent", "9" * 5000])
def test_a_limit_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="max_deletes: .* is neither a number nor a percentage such as 30%"):
        Limits(text)


PLACES = st.sampled_from(["svm1", "svm2", None])
STANDING = st.lists(st.tuples(PLACES, st.booleans(), st.sampled_from(["keeps", "loses", "goes"])), max_size=40)


@settings(deadline=None)
@given(standing=STANDING, limit=st.sampled_from([None, "0", "2", "10", "25%", "100%"]), allow_empty=st.booleans())
def test_a_plan_passes_only_if_no_place_and_no_kind_loses_too_much(
    standing: list[Any], limit: str | None, allow_empty: bool
) -> None:
    places: dict[Any, Standing] = {}
    losses = []
    had: Counter[Any] = Counter()
    has: Counter[Any] = Counter()
    lost: Counter[Any] = Counter()
    for index, (place, protects, fate) in enumerate(standing):
        one = places.setdefault(place, Standing())
        one.before[protects] += 1
        groups = [
            (where, kind) for where in (place, "all") for kind in ("any", "protecting") if protects or kind == "any"
        ]
        had.update(groups)
        if fate != "goes":
            one.after[protects] += 1
            has.update(groups)
        if fate != "keeps":
            losses.append(Loss(place, f"p{index}", "deleted", protects))
            lost.update(groups)
    default = {group: max(had[group] * 3 // 10, min(3, max(1, had[group] // 2))) for group in had}
    fits = all(
        number <= {None: default[group], "0": 0, "2": 2, "10": 10, "25%": had[group] // 4, "100%": had[group]}[limit]
        for group, number in lost.items()
    )
    kept = allow_empty or all(has[group] for group in had if group[0] != "all")
    found = problems(places, losses, Limits(limit, allow_empty), empty=False)
    assert (found == []) is (fits and kept)
    for message in found:
        assert ("allow_empty: " in message, "max_deletes: " in message) == (not kept, not fits)
        assert all(
            f"SVM '{place}'" in message if place else "cluster scope" in message
            for place in {one.place for one in losses}
        )


def test_an_empty_list_may_take_nothing_unless_that_is_allowed() -> None:
    places = standings([], [policy(), policy("other")])
    loss = [Loss("svm1", "web", "deleted", True)]
    assert "policies: the list is empty. Set allow_empty: true" in problems(places, loss, Limits(), empty=True)[0]
    assert problems(places, loss, Limits(allow_empty=True), empty=True) == []
    assert problems(places, [], Limits(), empty=True) == []
