# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a set may take away without being asked: by whichever verb, of each SVM and of all together."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput, UnexpectedAnswer
from simulator import Simulator, Unknowns
from support.arrays import names, writes
from support.harness import policies
from support.samples import bypass, entries, entry, there


def refused(array: Simulator, **options: Any) -> dict[str, Any]:
    """The result of a run that a guard stops, in check mode as well, before it writes anything."""
    before = copy.deepcopy(array.policies())
    results = []
    for check_mode in (True, False):
        with pytest.raises(InvalidInput) as caught:
            policies(array, check_mode=check_mode, **options)
        results.append(caught.value.result())
    assert array.policies() == before
    assert results[0]["msg"] == results[1]["msg"]
    assert (results[1]["changed"], results[1]["refused"][0]["reason"]) == (False, "guard")
    return results[1]


def moved(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "remote_endpoint": {"address": "192.0.2.1/32"}}


LOSING: dict[str, tuple[Any, dict[str, Any], str]] = {
    "disabled": (lambda one: {**one, "enabled": False}, {}, "disabled"),
    "moved": (moved, {}, "narrowed"),
    "of fewer hosts": (lambda one: {**one, "remote_endpoint": {"address": "10.10.20.0/25"}}, {}, "narrowed"),
    "of another port": (
        lambda one: {**one, "local_endpoint": {"address": "10.10.10.7/32", "port": 873}},
        {},
        "narrowed",
    ),
    "of one protocol": (lambda one: {**one, "protocol": "tcp"}, {}, "narrowed"),
    "of another identity of the peer": (lambda one: {**one, "remote_identity": "CN=other"}, {}, "reauthenticated"),
    "of another identity of its own": (lambda one: {**one, "local_identity": "CN=other"}, {}, "reauthenticated"),
    "of one remote port": (
        lambda one: {**one, "remote_endpoint": {"address": "10.10.20.0/24", "port": 9}},
        {},
        "narrowed",
    ),
    # Elsewhere, because of the same packets they would override all the others as well.
    "bypassed": (lambda one: moved(bypass(one["name"])), {"recreate": True}, "unprotected"),
    "discarded": (lambda one: moved(bypass(one["name"], action="discard")), {"recreate": True}, "unprotected"),
    "recreated": (lambda one: one, {"recreate": True, "update_secret_key": "always"}, "recreated"),
    "deleted by name": (lambda one: {**one, "state": "absent"}, {}, "deleted"),
}


@pytest.mark.parametrize("change", LOSING)
def test_whatever_takes_protection_away_counts(array: Simulator, change: str) -> None:
    act, options, loss = LOSING[change]
    wanted = [entry(f"p{index}", protocol="any") for index in range(10)]
    policies(array, policies=wanted)
    array.clear_log()
    changed = [*map(act, wanted[:4]), *wanted[4:]]
    if options.get("update_secret_key"):
        options = {**options, "update_secret_key": None}
        changed = [{**one, "update_secret_key": "always"} for one in wanted[:4]] + wanted[4:]
    result = refused(array, policies=changed, **options)
    assert (
        "max_deletes: 30% of the 10 that exist allows 3 to be deleted, recreated or to protect less, not 4."
        in result["msg"]
    )
    assert "Set max_deletes: 4 if that is meant. Nothing was changed." in result["msg"]
    assert f"SVM 'svm1' has 4 {loss}: 'p0', 'p1', 'p2', 'p3'." in result["msg"]
    assert [one["loss"] for one in result["changes"]] == [loss] * 4
    assert "digest" not in result
    few = [*changed[:3], *wanted[3:]]
    assert policies(array, check_mode=True, policies=few, **options)["changed"]
    assert policies(array, policies=changed, max_deletes="4", **options)["summary"]["done"] == 4


@pytest.mark.parametrize(
    "options",
    [
        {"remote_endpoint": {"address": "10.10.0.0/16"}},
        {"local_endpoint": {"address": "10.10.10.0/24", "port": 2049}},
        {"enabled": True},
    ],
)
def test_what_covers_all_that_it_covered_takes_nothing_away(array: Simulator, options: dict[str, Any]) -> None:
    wanted = entries(10, "svm1")
    policies(array, policies=wanted)
    result = policies(array, policies=[{**one, **options} for one in wanted])
    assert {one["loss"] for one in result["changes"]} <= {None}


def test_a_bypass_is_no_protection_to_lose_but_a_discard_is(array: Simulator) -> None:
    wanted = [bypass("open"), bypass("shut", action="discard")]
    policies(array, policies=wanted)
    changed = [{**one, "enabled": False} for one in wanted]
    losses = {one["name"]: one["loss"] for one in policies(array, policies=changed)["changes"]}
    assert losses == {"open": None, "shut": "released"}


def test_who_deletes_many_is_stopped_whatever_they_are(array: Simulator) -> None:
    """Whoever empties a file by mistake may not know that it had nothing but bypasses."""
    wanted = [bypass(f"open{index}", remote_endpoint={"address": f"10.20.{index}.0/24"}) for index in range(10)]
    policies(array, policies=wanted)
    gone = [{**one, "state": "absent"} for one in wanted[:4]] + wanted[4:]
    result = refused(array, policies=gone)
    assert "SVM 'svm1' has 4 deleted: 'open0', 'open1', 'open2', 'open3'." in result["msg"]
    assert [one["loss"] for one in result["changes"]] == [None] * 4


def test_the_share_counts_for_each_svm_as_well(array: Simulator) -> None:
    wanted = [entry(f"a{index}", "svm1") for index in range(9)] + [entry(f"b{index}", "svm2") for index in range(30)]
    policies(array, policies=wanted)
    pruned = {"policies": wanted[9:], "svms": ["svm1", "svm2"], "prune": True}
    message = refused(array, **pruned)["msg"]
    assert "allow_empty: SVM 'svm1' would lose its last policy. Set allow_empty: true" in message
    assert "max_deletes: the default allows 3 of the 9 that exist on SVM 'svm1' to be deleted" in message
    pruned["policies"] = wanted[5:]
    message = refused(array, **pruned)["msg"]
    assert "allow_empty" not in message
    assert (
        "the default allows 3 of the 9 that exist on SVM 'svm1' to be deleted, recreated or to protect less, not 5."
        in message
    )
    assert "30% of the 9 that exist on SVM 'svm1' allows 2" in refused(array, **pruned, max_deletes="30%")["msg"]
    pruned["policies"] = wanted[3:]
    assert policies(array, **pruned)["summary"]["deleted"] == 3


def test_what_protects_counts_by_itself_too(array: Simulator) -> None:
    wanted = [bypass(f"open{index}", remote_endpoint={"address": f"10.20.{index}.0/24"}) for index in range(30)]
    wanted += [entry(f"esp{index}") for index in range(4)]
    policies(array, policies=wanted)
    message = refused(array, policies=[*wanted[:30], *({**one, "enabled": False} for one in wanted[30:33])])["msg"]
    assert "the default allows 2 of the 4 that protect to be deleted, recreated or to protect less, not 3." in message


@pytest.mark.parametrize("last", ["deleted", "disabled", "bypassed"])
def test_an_svm_loses_its_last_protection_only_if_that_is_allowed(array: Simulator, last: str) -> None:
    wanted = [entry("web"), bypass("open", remote_endpoint={"address": "10.20.0.0/16"}), entry("web", "svm2")]
    policies(array, policies=wanted)
    lost = {"deleted": entry("web", state="absent"), "disabled": entry("web", enabled=False), "bypassed": bypass("web")}
    task = {"policies": [lost[last], *wanted[1:]], "recreate": True}
    message = refused(array, **task)["msg"]
    assert "allow_empty: SVM 'svm1' would lose its last policy that protects. Set allow_empty: true" in message
    assert policies(array, **task, allow_empty=True)["summary"]["done"] == 1


def test_a_recreate_or_a_rename_leaves_no_svm_empty(array: Simulator) -> None:
    policies(array, policies=[entry("web")])
    assert policies(array, policies=[entry("web", update_secret_key="always", recreate=True)])["changed"]
    assert policies(array, policies=[entry("www")], prune=True)["summary"]["deleted"] == 1


WIDE = {"local_endpoint": {"address": "10.10.10.0/24"}, "remote_endpoint": {"address": "10.0.0.0/8"}}


@pytest.mark.parametrize("action", ["bypass", "discard"])
def test_a_new_policy_that_overrides_one_that_protects_is_a_loss(array: Simulator, action: str) -> None:
    policies(array, policies=[entry("web"), entry("web2"), entry("elsewhere", "svm2")])
    task = {"policies": [bypass("all", action=action, **WIDE)], "max_deletes": "2"}
    assert "allow_empty: SVM 'svm1' would lose its last policy that protects" in refused(array, **task)["msg"]
    task["allow_empty"] = True
    change = policies(array, check_mode=True, **task)["changes"][0]
    assert (change["operation"], change["loss"], change["overlaps"]) == ("created", "overriding", ["web", "web2"])
    # One that takes a part counts for itself, and leaves the others with something to protect.
    partly = [bypass(f"part{last}", remote_endpoint={"address": f"10.10.20.{last}/32"}) for last in (5, 6)]
    change = policies(array, check_mode=True, policies=partly[:1])["changes"][0]
    assert (change["loss"], change["overlaps"]) == ("overriding", ["web", "web2"])
    assert "'svm1' has 2 overriding: 'part5', 'part6'." in refused(array, policies=partly)["msg"]
    for harmless in (
        bypass("off", enabled=False, **WIDE),
        bypass("port", local_endpoint={"address": "10.10.10.7/32", "port": 22}),
        bypass("place", "svm2", remote_endpoint={"address": "192.0.2.0/24"}),
        bypass("family", local_endpoint={"address": "2001:db8::1/128"}, remote_endpoint={"address": "2001:db8::/32"}),
    ):
        change = policies(array, check_mode=True, policies=[harmless])["changes"][0]
        assert (change["loss"], "overlaps" in change) == (None, False)


def test_a_bypass_counts_for_each_policy_that_it_overrides(array: Simulator) -> None:
    wanted = [*entries(10, "svm1"), bypass("open", remote_endpoint={"address": "192.0.2.0/24"})]
    policies(array, policies=wanted)
    for task in ([bypass("all", **WIDE)], [bypass("open", **WIDE)], [bypass("all", **WIDE), bypass("open", **WIDE)]):
        message = refused(array, policies=task)["msg"]
        assert "allows 3 to be deleted, recreated or to protect less, not 10" in message
        assert "'svm1' has 10 overridden by '" in message
    # What is lost in another way as well is lost once.
    both = [{**one, "enabled": False} for one in wanted[:9]] + [bypass("all", **WIDE)]
    assert policies(array, policies=both, max_deletes="100%", allow_empty=True)["summary"]["done"] == 10


TOGETHER: dict[str, list[dict[str, Any]]] = {
    "halves of the subnet": [{"remote_endpoint": {"address": f"10.10.20.{last}/25"}} for last in (0, 128)],
    "TCP and UDP": [{"protocol": "tcp"}, {"protocol": "udp"}],
    "TCP of each half": [
        {"protocol": "tcp", "remote_endpoint": {"address": f"10.10.20.{last}/25"}} for last in (0, 128)
    ],
}


@pytest.mark.parametrize("parts", TOGETHER)
def test_bypasses_that_together_leave_nothing_count_for_what_they_override(array: Simulator, parts: str) -> None:
    policies(array, policies=entries(10, "svm1"))
    together = [bypass(f"part{index}", **options) for index, options in enumerate(TOGETHER[parts])]
    message = refused(array, policies=together, max_deletes="9")["msg"]
    assert "allow_empty: SVM 'svm1' would lose its last policy that protects" in message
    assert "'svm1' has 10 overridden by 'part0': 'policy000'" in message
    # The second half of it comes later, be it in the same run or in another.
    if parts == "halves of the subnet":
        assert policies(array, policies=together[:1])["summary"]["created"] == 1
        assert "'svm1' has 10 overridden by 'part1'" in refused(array, policies=together)["msg"]


@pytest.mark.parametrize("whole_cluster", [False, True])
def test_what_a_bypass_of_cluster_scope_may_override_counts_on_every_svm(array: Simulator, whole_cluster: bool) -> None:
    policies(array, policies=[*entries(8, "svm1", "svm2"), entry("web", None)])
    task = {"policies": [bypass("all", None, **WIDE)], "whole_cluster": whole_cluster}
    result = refused(array, **task)
    for place in ("SVM 'svm1'", "SVM 'svm2'", "cluster scope"):
        assert f"{place} would lose its last policy that protects" in result["msg"]
    assert "SVM 'svm1' has 4 overridden by 'all': 'policy000', 'policy002'" in result["msg"]
    assert result["changes"][0]["overlaps"] == ["svm1/policy000", "svm1/policy002", "svm1/policy004"]
    allowed = policies(array, check_mode=True, **task, allow_empty=True, max_deletes="100%")
    assert allowed["changes"][0]["loss"] == "overriding"
    # What an SVM lets through may be what a policy of the cluster protects.
    narrow = bypass("host", remote_endpoint={"address": "10.10.20.5/32"})
    change = policies(array, check_mode=True, policies=[narrow], whole_cluster=True)["changes"][0]
    assert change["overlaps"] == ["cluster/web", "policy000", "policy002"]


def test_a_bypass_counts_when_it_becomes_one_that_overrides(array: Simulator) -> None:
    policies(array, policies=[entry("web"), bypass("open", remote_endpoint={"address": "192.0.2.0/24"})])
    wider = policies(array, policies=[bypass("open", **WIDE)], allow_empty=True)["changes"][0]
    assert wider["loss"] == "overriding"
    again = policies(array, policies=[bypass("open", **{**WIDE, "remote_endpoint": {"address": "10.0.0.0/7"}})])
    assert again["changes"][0]["loss"] is None
    # What is new with the policy that overrides it was never protected.
    fresh = [bypass("all", "svm2", **WIDE), entry("new", "svm2")]
    assert [one["loss"] for one in policies(array, policies=fresh)["changes"]] == [None, None]


def test_long_lists_are_cut_in_the_message_and_whole_in_the_result(array: Simulator) -> None:
    wanted = entries(40, "svm1")
    policies(array, policies=wanted)
    result = refused(array, policies=[{**one, "enabled": False} for one in wanted[:39]] + wanted[39:])
    assert "'policy019', and 19 more." in result["msg"]
    assert len([one for one in result["changes"] if one["loss"]]) == 39
    assert len(result["msg"]) < 1500


def test_entries_that_cannot_be_made_and_guards_are_told_together(array: Simulator) -> None:
    policies(array, policies=[entry("web"), entry("old")])
    keyless = [entry(f"keyless{index}", secret_key=None) for index in range(12)]
    with pytest.raises(InvalidInput) as caught:
        policies(array, policies=[entry("new"), entry("web", enabled=False), *keyless], prune=True)
    result = caught.value.result()
    assert [one["reason"] for one in result["refused"]] == ["entry"] * 12 + ["guard"]
    assert (result["refused"][0]["position"], result["refused"][0]["name"]) == (2, "keyless0")
    assert [one["name"] for one in result["changes"]] == ["new", "web", "old"]
    assert "3 more are in the result." in result["msg"]
    assert (result["changed"], "digest" in result) == (False, False)


def test_a_policy_whose_entry_cannot_be_made_counts_as_staying(array: Simulator) -> None:
    policies(array, policies=[entry("web"), bypass("old", remote_endpoint={"address": "192.0.2.0/24"})])
    with pytest.raises(InvalidInput) as caught:
        policies(array, policies=[bypass("web")], prune=True)
    assert [one["reason"] for one in caught.value.result()["refused"]] == ["entry"]


# Prune trusts nothing that proves nothing


@pytest.mark.parametrize("wanted", [[], [entry("web")]])
def test_prune_does_not_trust_an_empty_listing_while_ipsec_is_disabled(array: Simulator, wanted: Any) -> None:
    array.unknowns = Unknowns(while_disabled="empty")
    policies(array, policies=[entry("web"), entry("old")])
    array.ipsec_enabled = False
    array.clear_log()
    for check_mode in (True, False):
        with pytest.raises(UnexpectedAnswer, match="lists nothing, but IPsec is not enabled .* prune would delete"):
            policies(array, check_mode=check_mode, policies=wanted, svms=["svm1"], prune=True)
    assert writes(array) == []
    predicted = policies(array, check_mode=True, policies=[entry("web")], strict=True)
    assert "What is to be created may be there already." in predicted["warnings"][0]


def test_an_account_that_may_not_ask_is_warned(array: Simulator) -> None:
    array.refuse("GET", "/api/security/ipsec", code=6)
    result = policies(array, policies=[], svms=["svm1"], prune=True)
    assert "this account may not ask GET /api/security/ipsec whether that can be believed" in result["warnings"][1]


# Lists of text


@pytest.mark.parametrize("keep", [["manual-*", " emergency-* "], "manual-*, emergency-*", "manual-*,emergency-*"])
def test_white_space_around_a_pattern_does_not_count(array: Simulator, keep: Any) -> None:
    for name in ("manual-1", "emergency-2", "auto"):
        array.add_policy(there(name))
    result = policies(array, policies=[entry("web")], prune=True, keep=keep)
    assert names(array) == ["svm1/emergency-2", "svm1/manual-1", "svm1/web"]
    assert result["warnings"] == []


@pytest.mark.parametrize("option", ["keep", "svms", "approved_digests"])
@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("['manual-*']", "is a piece of a list that became text"),
        ('["manual-*", "b"]', "is a piece of a list that became text"),
        ("[manual-*, b]", "is a piece of a list that became text"),
        (["['a']"], "is a piece of a list that became text"),
        ([["a"]], "is a list, not text"),
        ("", "is empty"),
        (["a", " "], "is empty"),
        ("a\nb", "has a line break"),
    ],
)
def test_a_list_that_is_text_is_refused(array: Simulator, option: str, value: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^{option}(\[\d\])?: .*{sentence}"):
        policies(array, policies=[entry("web")], prune=True, **{option: value})
    assert array.requests == []


@pytest.mark.parametrize("option", ["keep", "svms"])
@pytest.mark.parametrize("element", ["manual-*, emergency-*", "manual-*;emergency-*"])
def test_an_element_that_looks_like_several_is_refused(array: Simulator, option: str, element: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^{option}: '.*' has a (comma|semicolon)\. Give each .* of its own"):
        policies(array, policies=[entry("web")], prune=True, **{option: [element]})
    assert array.requests == []
    assert policies(array, policies=[entry("web")], prune=True, keep=["manual-1?*"])["changed"]


def test_patterns_with_brackets_are_patterns(array: Simulator) -> None:
    for name in ("a1", "b2", "c3"):
        array.add_policy(there(name))
    policies(array, policies=[entry("web")], prune=True, keep=["[ab]*", "c[0-9]"])
    assert names(array) == ["svm1/a1", "svm1/b2", "svm1/c3", "svm1/web"]


def test_what_prune_names_in_vain_is_told(array: Simulator) -> None:
    array.add_policy(there("manual-1"))
    array.add_svm("svm9")
    wanted = [entry("web"), entry("emergency-1")]
    task = {"svms": ["svm1", "svm9"], "prune": True, "keep": ["manual-*", "emergency-*", "x"]}
    warnings = policies(array, policies=wanted, **task)["warnings"]
    assert [warning.partition(":")[0] for warning in warnings] == ["keep", "keep", "svms"]
    assert "'emergency-*' keeps nothing" in warnings[0] and "'x' keeps nothing" in warnings[1]
    assert "no IPsec policy on 'svm9'" in warnings[2]
    assert policies(array, policies=wanted, keep=["x"])["warnings"] == []


@pytest.mark.parametrize("pattern", ["manul-*", "Manual-*", "manual_*", "MANUAL-1"])
def test_what_looks_like_a_pattern_that_keeps_nothing_is_not_deleted(array: Simulator, pattern: str) -> None:
    for name in ("manual-1", "old"):
        array.add_policy(there(name))
    task = {"policies": [bypass("web")], "prune": True, "max_deletes": "100%", "keep": [pattern]}
    message = refused(array, **task)["msg"]
    assert f"keep: {pattern!r} keeps nothing, and prune would delete 'manual-1', which looks much like it." in message
    named = {**task, "policies": [bypass("web"), bypass("manual-1", state="absent")]}
    assert policies(array, check_mode=True, **named)["summary"]["deleted"] == 2
    # One that looks like nothing may stand there for another day.
    result = policies(array, **{**task, "keep": ["manual-*", "emergency-*"]})
    assert (names(array), len(result["warnings"])) == (["svm1/manual-1", "svm1/web"], 1)


def test_nothing_that_ansible_masked_gets_onto_the_array(array: Simulator) -> None:
    with pytest.raises(InvalidInput, match=r"policies\[0\] .*name: is masked"):
        policies(array, policies=[bypass("********-bypass")])
    with pytest.raises(InvalidInput, match="svm: '11111111-2222-3333-4444-555555555555' is a UUID: give the name"):
        policies(array, policies=[bypass("web", "11111111-2222-3333-4444-555555555555", state="absent")])
    with pytest.raises(InvalidInput, match="svms: '11111111-2222-3333-4444-555555555555' is a UUID: give the name"):
        policies(array, policies=[bypass("web")], svms=["11111111-2222-3333-4444-555555555555"], prune=True)
    assert array.requests == []
