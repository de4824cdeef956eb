# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reviewer reads of a plan: what takes protection away is there and comes first, however long the plan is."""

from __future__ import annotations

import string
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_reports import plan_report
from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_reports.plan_report import LOSSES, lines_of, markdown

HEAD = {"title": "IPsec plan", "commit": "abc1234", "time": "2026-01-02 03:04 UTC", "command": "apply -e @approve.json"}
GITHUB = 65_536


def policy(**options: Any) -> dict[str, Any]:
    return {
        "action": "esp_transport",
        "protocol": "tcp",
        "enabled": True,
        "local_endpoint": {"address": "10.1.1.7", "netmask": "32", "port": "2049-2049"},
        "remote_endpoint": {"address": "10.2.0.0", "netmask": "16", "port": "0-0"},
        "authentication_method": "psk",
        **options,
    }


def change(operation: str, name: str = "nfs", **more: Any) -> dict[str, Any]:
    filled = {
        "created": {"after": policy()},
        "deleted": {"before": policy(), "loss": "deleted"},
        "modified": {"before": {"enabled": False}, "after": {"enabled": True}, "modified": ["enabled"]},
        "recreated": {"modified": ["secret_key"], "loss": "recreated"},
    }[operation]
    basis = {"name": name, "svm": "svm1", "before": {}, "after": {}, "modified": [], "loss": None}
    return {**basis, **filled, "operation": operation, "result": "planned", **more}


def report(*changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    counts = Counter(one["operation"] for one in changes)
    summary = {name: counts[name] for name in ("created", "modified", "recreated", "deleted")}
    impact = {"security_associations": 2, "certain": True}
    return {"cluster": "c1", "changes": list(changes), "summary": {**summary, "unchanged": 7}, "impact": impact, **more}


def disabled(name: str) -> dict[str, Any]:
    return change("modified", name, before={"enabled": True}, after={"enabled": False}, loss="disabled")


# What each change consists of


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "`esp_transport` of tcp, `10.1.1.7/32` port 2049 to `10.2.0.0/16` any port, enabled, psk"),
        ({"protocol": None, "enabled": False}, "`esp_transport` of any, `10.1.1.7/32` port 2049 to `10.2.0.0/16` any port, disabled, psk"),
        (
            {"authentication_method": "pki", "certificate": "c", "local_identity": "CN=a", "remote_identity": "ANYTHING"},
            "`esp_transport` of tcp, `10.1.1.7/32` port 2049 to `10.2.0.0/16` any port, enabled, pki, certificate `c`, "
            "local identity `CN=a`, any peer: remote identity `ANYTHING`",
        ),
        (
            {"ppk": {"identity": "p"}, "ipspace": "other", "remote_endpoint": {"address": "::", "netmask": "0", "port": "700"}},
            "`esp_transport` of tcp, `10.1.1.7/32` port 2049 to `::/0` port 700, enabled, psk, ppk `p`, IPspace `other`",
        ),
        ({"action": "bypass", "authentication_method": "none"}, "`bypass` of tcp, `10.1.1.7/32` port 2049 to `10.2.0.0/16` any port, enabled"),
    ],
)  # fmt: skip
def test_a_create_shows_all_that_decides_what_it_means(options: dict[str, Any], expected: str) -> None:
    assert plan_report.what(change("created", after=policy(**options)), plan_report.code) == expected


@pytest.mark.parametrize(
    ("before", "after", "modified", "expected"),
    [
        ({"enabled": True}, {"enabled": False}, ["enabled"], "enabled true becomes false"),
        ({}, {"remote_identity": "CN=b"}, ["remote_identity"], "remote_identity not set becomes CN=b"),
        ({"ppk": {"identity": "a"}}, {"ppk": {"identity": "b"}}, ["ppk"], "ppk.identity a becomes b"),
        (
            {"remote_endpoint": policy()["remote_endpoint"]},
            {"remote_endpoint": {"address": "10.2.3.0", "netmask": "24", "port": "0-0"}},
            ["remote_endpoint"],
            "remote_endpoint 10.2.0.0/16 becomes 10.2.3.0/24",
        ),
        (
            {"local_endpoint": policy()["local_endpoint"]},
            {"local_endpoint": {**policy()["local_endpoint"], "port": "0-0"}},
            ["local_endpoint"],
            "local_endpoint.port port 2049 becomes any port",
        ),
        ({}, {}, ["secret_key"], "secret_key is replaced"),
        ({}, {}, [], "deleted and created again"),
    ],
)
def test_a_change_shows_what_changes_and_nothing_else(
    before: dict[str, Any], after: dict[str, Any], modified: list[str], expected: str
) -> None:
    assert plan_report.what(change("modified", before=before, after=after, modified=modified)) == expected


def test_what_an_entry_leaves_out_is_told_where_it_matters() -> None:
    assumed = {"enabled": True, "remote_endpoint": {"port": "0-0"}, "remote_identity": None}
    assert plan_report.what(change("modified", assumed=assumed)).endswith(
        " (left out, so ONTAP's default: enabled true)"
    )
    told = plan_report.what(change("created", assumed=assumed))
    assert told.endswith("(left out, so ONTAP's default: enabled true, remote_endpoint.port any)")
    # A terminal has many of them below each other.
    one = report(change("created", assumed=assumed))
    assert "left out" not in "".join([*lines_of(one), *lines_of(one, drift=True)])


def test_a_terminal_shows_the_numbers_that_there_are() -> None:
    assert lines_of(report(change("created"), change("deleted")))[0].startswith("c1: 1 to create, 1 to delete, ")
    assert lines_of(report())[0].startswith("c1: nothing to change, ")


# Markdown


def test_a_small_plan_is_shown_whole() -> None:
    found = {"id": "weak-secret", "severity": "warning", "message": "easy", "path": "a.yml", "line": 3, "ignored": None}
    one = report(
        change("created", "new"),
        change("created", "open", after=policy(action="bypass"), loss="overriding", overlaps=["nfs-1"]),
        change("deleted", "old"),
        disabled("off"),
        unmanaged=[{"name": "debug", "svm": "svm9", "action": "bypass", "enabled": True, "kept": False}],
        findings=[found, {**found, "ignored": "Why."}, {**found, "severity": "note"}],
        not_compared=[{"option": "secret_key", "reason": "ONTAP never returns it", "number": 2}],
    )
    text = markdown([one, {**report(), "cluster": "c2"}], HEAD)
    assert text.startswith("# IPsec plan: 4 changes on 2 clusters, **3 take protection away**\n")
    assert "Made of commit `abc1234` at 2026-01-02 03:04 UTC." in text
    assert "| `c1` | **3** | 2 | 1 | 0 | 1 | 7 | 1 | 2 |" in text
    lost, _sign, rest = text.partition("## On the array and in no file")
    assert [name in lost for name in ("`open`", "`old`", "`off`", "`new`")] == [True, True, True, False]
    assert "may let through what others protect" in lost and "covers packets that `nfs-1` should protect" in lost
    assert "`debug` on `svm9` (lets traffic through in clear)" in rest
    assert rest.count("weak-secret") == 1 and "not compared: `secret_key` of 2 policies" in rest
    assert text.index("## `c1`") < text.index("## To carry it out")


def test_a_cluster_without_a_plan_and_one_that_is_stopped_say_why() -> None:
    refused = [
        {"reason": "guard", "msg": "max_deletes: too many."},
        {"reason": "entry", "msg": "secret_key: needed.", "path": "ipsec/c1/svm1.yml", "line": 9},
    ]
    stopped = report(change("deleted"), refused=refused)
    text = markdown([stopped, {"cluster": "c2", "problem": "no connection to c2."}], HEAD)
    assert "| `c1` **stopped** |" in text and "| `c2` | **no plan** |" in text
    assert "- `max_deletes: too many.`" in text and "- `ipsec/c1/svm1.yml:9: secret_key: needed.`" in text
    assert "## No plan for `c2`\n\n- `no connection to c2.`" in text
    assert "To carry it out" not in text and "`nfs`" in text
    assert lines_of(stopped)[1:3] == ["! max_deletes: too many.", "! ipsec/c1/svm1.yml:9: secret_key: needed."]
    assert lines_of({"cluster": "c2", "problem": "no connection to c2."}) == ["c2: no plan: no connection to c2."]


def test_an_apply_does_not_repeat_what_its_plan_has_said_with_more_words() -> None:
    change_ = change("created")
    losing = {"touched": [{"after": {"worse": True}}]}
    planned = lines_of(report(change_, coverage=losing))
    lines = lines_of(report(change_))
    assert planned[0] == f"{lines[0]}; 1 flow loses protection"
    assert plan_report.told_already(lines, planned)
    assert not plan_report.told_already(planned, lines)
    assert not plan_report.told_already(lines, lines_of(report(change("created", "another"))))
    assert not plan_report.told_already(lines, [])


@pytest.mark.parametrize("count", [3, 300, 3000])
def test_three_losses_are_seen_whole_among_any_number_of_creates(count: int) -> None:
    changes = [change("created", f"new-{number}") for number in range(count)]
    one = report(
        *changes[: count // 2],
        change("deleted", "old"),
        disabled("off"),
        change("recreated", "again"),
        *changes[count // 2 :],
    )
    text = markdown([one], HEAD)
    assert len(text.encode()) < GITHUB
    for name in ("old", "off", "again"):
        assert text.index(f"`{name}`") < text.index("`new-0`")
        assert any(line.startswith("|") and f"`{name}`" in line for line in text.splitlines())
    assert ("all are in the JSON file" in text) == (count > 100)
    told = lines_of(one)
    assert [line.split()[1] for line in told[1:4]] == ["old", "off", "again"]
    assert len(told) == min(count, plan_report.LINES) + 4 + (count > plan_report.LINES)


def test_one_loss_is_one() -> None:
    assert markdown([report(disabled("off"))], HEAD).startswith(
        "# IPsec plan: 1 change on 1 cluster, **1 takes protection away**\n"
    )


def test_a_kind_of_which_there_is_one_is_seen_whole_among_thousands() -> None:
    """What opens everything is more than a name, and what nobody had to give way for is there."""
    open_ = change(
        "created",
        "open",
        loss="overriding",
        after=policy(action="bypass", remote_endpoint={"address": "0.0.0.0", "netmask": "0"}),
    )
    stranger = {"name": "by-hand", "svm": "svm1", "action": "bypass"}
    others = [change("deleted", f"gone-{number}") for number in range(1500)] + [
        disabled(f"off-{number}") for number in range(1500)
    ]
    one = report(*others, change("created", "harmless"), open_, unmanaged=[stranger], warnings=["mind the gap"])
    text = markdown([one], HEAD)
    assert len(text.encode()) < GITHUB
    rows = [
        line for line in text.splitlines() if line.startswith("|") and "| may let through what others protect |" in line
    ]
    assert len(rows) == 1 and "`0.0.0.0/0`" in rows[0]
    assert text.index("`open`") < text.index("`gone-0`") < text.index("`off-0`")
    assert all(f"`{name}-1499`" in text for name in ("gone", "off"))
    assert "`by-hand` on `svm1` (lets traffic through in clear)" in text and "mind the gap" in text
    assert "`harmless`" in text


@pytest.mark.parametrize("length", [8, 60])
def test_of_thousands_of_losses_names_are_kept_as_long_as_they_fit(length: int) -> None:
    names = [f"{'n' * (length - 5)}{number:05}" for number in range(3000)]
    text = markdown([report(*(change("deleted", name) for name in names))], HEAD)
    assert len(text.encode()) < GITHUB
    shown = sum(f"`{name}`" in text for name in names)
    assert shown == len(names) if length == 8 else shown > 400
    assert (f"and {3000 - shown} more, all in the JSON file" in text) == (shown < 3000)
    assert len(lines_of(report(*(change("deleted", name) for name in names)))) == 3001


_NAMES = st.text(string.printable + "äöü`|€😀", min_size=1, max_size=64)
_CHANGES = st.builds(
    lambda operation, name, loss: change(operation, name, **({"loss": loss} if loss else {})),
    st.sampled_from(["created", "modified", "recreated", "deleted"]),
    _NAMES,
    st.sampled_from([None, *LOSSES]),
)


@given(
    st.lists(st.builds(lambda changes, times: report(*(changes * times)), st.lists(_CHANGES, max_size=5), st.integers(1, 80)), min_size=1, max_size=5),
    st.lists(_NAMES, max_size=30),
)  # fmt: skip
def test_any_plan_fits_into_a_comment_and_names_what_goes_first(
    reports: list[dict[str, Any]], warnings: list[str]
) -> None:
    reports = [{**one, "cluster": f"c{number}", "warnings": warnings} for number, one in enumerate(reports)]
    text = markdown(reports, HEAD)
    assert len(text) < GITHUB and len(text.encode()) < GITHUB
    lost = sum(bool(one["loss"]) for each in reports for one in each["changes"])
    assert (f"**{lost} take" in text) == (lost > 0)
    heading = text.find("## Takes protection away")
    assert (heading >= 0) == (lost > 0)
    for each in reports:
        for one in each["changes"] if lost < 300 else ():
            if one["loss"]:
                assert plan_report.code(one["name"]) in text
    assert all(line.count("|") - line.count("\\|") >= 4 for line in text.splitlines() if line.startswith("|"))


def test_hundreds_of_clusters_are_counted() -> None:
    quiet = [{**report(), "cluster": f"q{number}"} for number in range(900)]
    busy = [{**report(disabled("off")), "cluster": f"b{number}"} for number in range(300)]
    text = markdown([*quiet, *busy], HEAD)
    assert len(text.encode()) < GITHUB
    assert "900 clusters are what the files say." in text and "300 take protection away" in text
    assert "`q0`" not in text


# Drift


def test_drift_says_what_is_and_what_should_be() -> None:
    one = report(
        change("modified", before={"enabled": False}, after={"enabled": True}),
        change("created", "gone"),
        change("deleted", "block", before=policy(action="discard"), loss="released"),
        change("deleted", "debugging", before=policy(action="bypass"), loss=None),
        unmanaged=[
            {"name": "lost", "svm": "svm9", "action": "esp_transport", "enabled": True, "kept": False},
            {"name": "emergency-1", "action": "discard", "enabled": True, "kept": True},
        ],
        warnings=["off"],
    )
    lines = lines_of(one, drift=True)
    assert lines[0] == "c1: 4 differences between array and files, 7 unchanged"
    assert lines[1].startswith("- debugging on svm1: lets traffic through in clear, and is in no file: bypass of tcp")
    assert lines[2].startswith("- block on svm1: discards traffic, and is in no file: discard of tcp")
    assert lines[3] == "~ nfs on svm1: enabled is false, and should be true"
    assert lines[4].startswith("+ gone on svm1: missing on the array: esp_transport of tcp")
    assert lines[5:] == [
        "? lost on svm9 is in no file",
        "kept although in no file: emergency-1 on the cluster (discards traffic)",
        "warning: off",
    ]
    assert lines_of(report(), drift=True) == ["c1: no policy differs, 7 unchanged"]
