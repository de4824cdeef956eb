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
    NONE,
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
    gone = "released" if before["action"] == "discard" else "disabled"
    expected = None if not lost else "narrowed" if after["enabled"] else gone
    assert effects([change], [])[0].loss == expected


def rules(state: dict[str, Any] | None) -> set[Packet]:
    """The packets that a bypass or discard may take out of the protection of others."""
    return packets(state) if state and state["enabled"] and state["action"] != "esp_transport" else set()


def protects(state: dict[str, Any] | None) -> bool:
    return bool(state and state["enabled"] and state["action"] == "esp_transport")


def parts(kept: set[Packet]) -> list[set[Packet]]:
    """What must not all be gone: TCP and UDP, or what there is without them."""
    by_protocol = [{one for one in kept if one[2] == protocol} for protocol in ("tcp", "udp")]
    return [one for one in by_protocol if one] or ([kept] if kept else [])


SVMS = st.sampled_from(["svm1", "svm1", "svm1", "svm2", None])
FATES = st.sampled_from([NONE, CREATED, CREATED, MODIFIED, DELETED])
# What becomes of a policy: by which operation, where, what is there before and after.
Told = tuple[str, "str | None", "dict[str, Any] | None", "dict[str, Any] | None"]


def fates(
    selector: dict[str, Any],
    action: st.SearchStrategy[str],
    svm: st.SearchStrategy[Any] = SVMS,
    few: st.SearchStrategy[Any] = FEW,
) -> st.SearchStrategy[Told]:
    """A policy that is ``selector``, or becomes it, or is or becomes much like it."""

    def told(fate: str, place: Any, action: str, few: dict[str, Any], more: dict[str, Any], back: bool) -> Told:
        state = {**selector, "enabled": True, "action": action, **few}
        changed = {**state, **more, "action": state["action"]}
        before, after = (changed, state) if back else (state, changed)
        if fate != MODIFIED:
            before = after = state
        return fate, place, None if fate == CREATED else before, None if fate == DELETED else after

    return st.builds(told, FATES, svm, action, few, FEW, st.booleans())


HALVES = {
    "local_endpoint": [{"local_endpoint.address": f"10.0.0.{last}", "local_endpoint.netmask": "31"} for last in (0, 2)],
    "remote_endpoint": [
        {"remote_endpoint.address": f"10.0.0.{last}", "remote_endpoint.netmask": "31"} for last in (4, 6)
    ],
    "protocol": [{"protocol": "tcp"}, {"protocol": "udp"}],
}
SVM1, ESP, BYPASS = st.just("svm1"), st.just("esp_transport"), st.just("bypass")


@st.composite
def worlds(draw: st.DrawFn) -> list[Told]:
    """Policies that overlap; often bypasses that together cover another policy."""
    whole = draw(POLICIES)
    whole.update({"local_endpoint.netmask": "30", "remote_endpoint.netmask": "30", "protocol": "any"})
    pieces = [whole]
    for side in draw(st.lists(st.sampled_from(list(HALVES)), max_size=2, unique=True)):
        pieces = [{**piece, **half} for piece in pieces for half in HALVES[side]]
    victim = draw(fates(whole, ESP, SVM1, st.just({})))
    parts = [draw(fates(piece, BYPASS, st.sampled_from(["svm1", "svm1", None]), st.just({}))) for piece in pieces]
    return [victim, *parts, *draw(st.lists(fates(whole, ESP | BYPASS), max_size=3))]


@settings(deadline=None, max_examples=3 * settings().max_examples)
@given(worlds())
def test_what_overrides_others_is_found_as_by_counting_packets(drawn: list[Told]) -> None:
    """By the definition: one by one for what is new, all together for what is left."""
    changes, bystanders, told = [], [], []
    for index, (fate, svm, before, after) in enumerate(drawn):
        full = [None if side is None else policy(f"p{index}", svm, **side) for side in (before, after)]
        if fate == NONE:
            bystanders.append(full[0] or {})
        else:
            changes.append(Change(fate, *full))
        told.append((f"p{index}", svm, fate != NONE, before, after))
    names = [(change.after or change.before or {})["name"] for change in changes]
    found = dict(zip(names, effects(changes, bystanders)))
    losing, partly, overridden, overlapping = set(), set(), {}, {}
    for victim, home, _changes, before, after in told:
        if not protects(after):
            continue
        near = [one for one in told if home is None or one[1] in (home, None)]
        kept = packets(before) & packets(after) if protects(before) else set()
        newly = [one for one in near if one[2] and rules(one[4]) & kept - rules(one[3])]
        for one in near:
            if one[2] and rules(one[4]) & packets(after):
                overlapping.setdefault(one[0], set()).add(victim)
        losing |= {one[0] for one in newly}
        new, ruled, ruled_before = (
            set().union(*sets)
            for sets in (
                (rules(one[4]) for one in near if one[2] and not rules(one[4]) <= rules(one[3])),
                (rules(one[4]) for one in near),
                (rules(one[3]) for one in told if one[1] == home),
            )
        )
        if newly and any(part <= new or (part <= ruled and not part <= ruled_before) for part in parts(kept)):
            overridden[home, victim] = newly[0][0]
        else:
            partly |= {one[0] for one in newly}
    assert {name for name, one in found.items() if one.overlaps} == set(overlapping)
    assert all(len(one.overlaps) == min(len(overlapping.get(name, ())), 3) for name, one in found.items())
    own = {"deleted", "disabled", "narrowed"}
    assert {name for name, one in found.items() if one.loss == "overriding"} == {
        name for name in losing if found[name].loss not in own
    }
    assert {name for name, one in found.items() if one.in_part} == partly
    victims = [(victim, name) for name, one in found.items() for victim in one.overridden]
    assert len(victims) == len(dict(victims))
    assert dict(victims) == overridden


WEB = policy()
LOW, HIGH = ({"remote_endpoint.address": f"10.0.0.{last}", "remote_endpoint.netmask": "31"} for last in (4, 6))


def open_(name: str = "open", svm: str | None = "svm1", **options: Any) -> dict[str, Any]:
    return policy(name, svm, action="bypass", **options)


def new(*states: dict[str, Any]) -> list[Change]:
    return [Change(CREATED, None, state) for state in states]


@pytest.mark.parametrize(
    ("changes", "bystanders", "overridden"),
    [
        (new(open_("a", **LOW), open_("b", **HIGH)), [WEB], [1, 0]),
        (new(open_("a", **LOW)), [WEB, open_("b", **HIGH)], [1]),
        (new(open_("a", **LOW)), [WEB, open_("b", "svm2", **HIGH)], [0]),
        (new(open_("a", **LOW)), [WEB, open_("b", None, **HIGH)], [1]),
        (new(open_("a", **LOW)), [WEB, open_("b", enabled=False, **HIGH)], [0]),
        (new(open_("a", **LOW), policy("b", action="discard", **HIGH)), [WEB], [1, 0]),
        (new(open_("a", protocol="tcp")), [WEB], [1]),
        (new(open_("a", protocol="udp")), [WEB], [1]),
        (new(open_("a", protocol="1")), [WEB], [0]),
        (new(open_("a", protocol="1")), [policy(protocol="1")], [1]),
        (new(open_("a", protocol="tcp", **LOW), open_("b", protocol="tcp", **HIGH)), [WEB], [1, 0]),
        (new(open_("a", protocol="tcp", **LOW), open_("b", protocol="udp", **HIGH)), [WEB], [0, 0]),
        # What is a protocol of the array's own may be any.
        (new(open_("a", protocol="odd")), [policy(protocol="tcp")], [1]),
        (new(open_("a", protocol="tcp")), [policy(protocol="odd")], [1]),
        (new(open_("a")), [policy(**{"remote_endpoint.address": None})], [0]),
        (new(open_("a", **{"local_endpoint.address": None, "remote_endpoint.netmask": "8"})), [WEB], [1]),
        (
            new(open_("a", **{"local_endpoint.address": None, "remote_endpoint.address": None})),
            [policy(**{"local_endpoint.address": "2001:db8::1", "remote_endpoint.address": "2001:db8::2"})],
            [1],
        ),
        # Where another one covers everything already, a small one leaves as much as there was.
        (new(open_("a", **LOW)), [WEB, open_("b")], [0]),
        (new(open_("a")), [WEB, open_("b")], [1]),
        ([Change(MODIFIED, open_("a", **LOW), open_("a"))], [WEB], [1]),
        ([Change(MODIFIED, open_("a"), open_("a", local_identity="CN=a"))], [WEB], [0]),
        ([*new(open_("b", **LOW)), Change(MODIFIED, open_("a"), open_("a", local_identity="CN=a"))], [WEB], [0, 0]),
        ([Change(MODIFIED, open_("a", enabled=False), open_("a"))], [WEB], [1]),
        # Half of it is new with what overrides it, so only the other half was protected.
        ([*new(open_("a", **LOW)), Change(MODIFIED, policy(**LOW), WEB)], [], [1, 0]),
        ([*new(open_("a", **HIGH)), Change(MODIFIED, policy(**LOW), WEB)], [], [0, 0]),
        ([*new(open_("a")), Change(MODIFIED, policy(enabled=False), WEB)], [], [0, 0]),
        ([*new(open_("a")), Change(DELETED, WEB, None)], [], [0, 0]),
        ([*new(open_("a", **HIGH)), Change(DELETED, open_("b", **LOW), None)], [WEB], [0, 0]),
    ],
)
def test_what_is_left_of_a_policy_is_judged_by_all_that_override_it(
    changes: list[Change], bystanders: list[Any], overridden: list[int]
) -> None:
    assert [len(one.overridden) for one in effects(changes, bystanders)] == overridden


@pytest.mark.parametrize(
    ("operation", "after", "loss"),
    [
        (DELETED, None, "deleted"),
        (RECREATED, policy(), "recreated"),
        (RECREATED, policy(enabled=False), "unprotected"),
        (RECREATED, policy(action="bypass"), "unprotected"),
        (RECREATED, policy(action="discard"), "unprotected"),
        (MODIFIED, policy(remote_identity="CN=a"), "reauthenticated"),
        (MODIFIED, policy(local_identity="CN=a"), "reauthenticated"),
        (MODIFIED, policy(certificate="b"), "reauthenticated"),
        (MODIFIED, policy(certificate_modify_keepsa=True), None),
        (MODIFIED, policy(**{"ppk.identity": "a"}), "reauthenticated"),
        (MODIFIED, policy(remote_identity="CN=a", protocol="tcp"), "narrowed"),
        (MODIFIED, policy(remote_identity="CN=a", enabled=False), "disabled"),
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


@pytest.mark.parametrize(
    ("before", "operation", "after", "loss"),
    [
        ({"action": "bypass"}, DELETED, None, None),
        ({"action": "bypass"}, MODIFIED, {"action": "bypass", "enabled": False}, None),
        ({"action": "bypass"}, RECREATED, {}, None),
        ({"action": "bypass"}, RECREATED, {"action": "discard"}, None),
        ({"enabled": False}, DELETED, None, None),
        ({"enabled": False}, RECREATED, {}, None),
        ({"action": "discard"}, DELETED, None, "released"),
        ({"action": "discard"}, MODIFIED, {"action": "discard", "enabled": False}, "released"),
        ({"action": "discard"}, RECREATED, {"action": "bypass"}, "released"),
        ({"action": "discard"}, RECREATED, {}, "recreated"),
        ({"action": "discard"}, MODIFIED, {"action": "discard", "protocol": "tcp"}, "narrowed"),
    ],
)
def test_only_what_was_kept_from_leaving_in_clear_can_be_lost(
    before: dict[str, Any], operation: str, after: dict[str, Any] | None, loss: str | None
) -> None:
    change = Change(operation, policy(**before), None if after is None else policy(**after))
    assert effects([change], [])[0].loss == loss


@pytest.mark.parametrize("action", ["bypass", "discard"])
@pytest.mark.parametrize(
    ("options", "loss", "overlaps"),
    [
        ({}, "overriding", ["web"]),
        ({"local_endpoint.netmask": "29", "remote_endpoint.netmask": "8"}, "overriding", ["web"]),
        ({"protocol": "tcp"}, "overriding", ["web"]),
        ({"local_endpoint.netmask": "8", "remote_endpoint.netmask": "31"}, "overriding", ["web"]),
        ({"remote_endpoint.address": "192.0.2.1"}, None, []),
        ({"enabled": False}, None, []),
        ({"svm": "svm2"}, None, []),
        ({"svm": None}, "overriding", ["svm1/web"]),
    ],
)
def test_a_new_policy_overrides_what_it_covers(
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
    for after, loss in ((policy(), "narrowed"), ({**odd, "certificate_modify_keepsa": True}, None)):
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
