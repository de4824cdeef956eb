# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of many clusters: complete at the end of a run, whatever became of some, and not made anew for each of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.utils import vars as ids

from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_reports.report_files import (
    NOT_YET,
    Reports,
    forget,
    of_task,
)

HOSTS = [f"cluster{number:03}" for number in range(100)]
RUN, OTHER_RUN = "run", "run before"


def reports(folder: Path, run: str = RUN, purpose: str = "plan", hosts: list[str] | None = None) -> Reports:
    def describe() -> dict[str, str]:
        return {"commit": "abc1234", "time": "2026-01-02 03:04 UTC"}

    return Reports(str(folder), purpose, run, HOSTS if hosts is None else hosts, describe, "apply -e @{}")


def planned(cluster: str, digest: str = "") -> dict[str, Any]:
    counts = {"created": int(bool(digest)), "modified": 0, "recreated": 0, "deleted": 0, "unchanged": 1}
    lists: dict[str, Any] = {name: [] for name in ("unmanaged", "refused", "not_compared", "findings")}
    change = {"kind": "policy", "name": "nfs", "svm": "svm1", "operation": "created", "modified": [], "loss": None}
    changes = [{**change, "before": {}, "after": {"action": "discard"}}] if digest else []
    return {"cluster": cluster, "summary": counts, **lists, "changes": changes, "digests": [digest] if digest else []}


def failed(cluster: str) -> dict[str, Any]:
    return {"cluster": cluster, "problem": "no connection"}


def told(folder: Path, purpose: str = "plan") -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / f"{purpose}.json").read_text(encoding="utf-8"))
    return content


def clusters(folder: Path, purpose: str = "plan") -> list[str]:
    return [one["cluster"] for one in told(folder, purpose)["plans"]]


def test_the_last_cluster_of_a_play_writes_the_report_of_all(tmp_path: Path) -> None:
    for host in reversed(HOSTS):
        reports(tmp_path).write(planned(host, f"change:{host}"), HOSTS)
    assert clusters(tmp_path) == HOSTS
    (approval,) = tmp_path.glob("approve-*.json")
    assert json.loads(approval.read_text(encoding="utf-8"))["ipsec_plan_digests"] == [f"change:{one}" for one in HOSTS]
    assert approval.name in (tmp_path / "plan.md").read_text(encoding="utf-8")


def test_it_is_not_made_anew_for_each_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    replace = Path.replace

    def replaced(path: Path, target: Path) -> Path:
        written.append(target.relative_to(tmp_path))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replaced)
    for host in HOSTS:
        reports(tmp_path).write(planned(host), HOSTS)
    assert written.count(Path("plan.md")) == 8, "by the first, second, fourth, ... and by the last"


def test_what_failed_before_is_not_waited_for(tmp_path: Path) -> None:
    for host in HOSTS[3:]:
        reports(tmp_path).write(planned(host), HOSTS[3:])
    assert (clusters(tmp_path), told(tmp_path)["unplanned"]) == (HOSTS[3:], HOSTS[:3])
    assert NOT_YET in (tmp_path / "plan.md").read_text(encoding="utf-8")


def test_where_nothing_could_be_planned_each_may_be_the_last(tmp_path: Path) -> None:
    for host in HOSTS[:7]:
        reports(tmp_path).write(failed(host), HOSTS)
    assert (clusters(tmp_path), told(tmp_path)["unplanned"]) == (HOSTS[:7], HOSTS)


def test_a_cluster_that_never_reports_is_told_by_the_task_at_the_end(tmp_path: Path) -> None:
    for host in HOSTS[1:]:
        reports(tmp_path).write(planned(host), HOSTS)
    assert reports(tmp_path).write_all() == (HOSTS[1:], HOSTS[:1])
    assert (clusters(tmp_path), told(tmp_path)["unplanned"]) == (HOSTS[1:], HOSTS[:1])


@pytest.mark.parametrize("left", ["", "{", '{"run": "run before", "reported": {"cluster000": true}}'])
def test_what_an_earlier_run_left_counts_for_nothing(tmp_path: Path, left: str) -> None:
    for host in HOSTS[:5]:
        reports(tmp_path, OTHER_RUN).write(planned(host), HOSTS[:5])
    (tmp_path / ".plan.run").write_text(left, encoding="utf-8")
    (tmp_path / HOSTS[4] / "plan.json").write_text(left, encoding="utf-8")
    reports(tmp_path).write(planned(HOSTS[1]), HOSTS)
    assert clusters(tmp_path) == [HOSTS[1]]


def test_runs_on_one_machine_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> str:
        return of_task(str(tmp_path), "plan", False, ids.get_unique_id(), {}).run

    first = run()
    assert run() == first, "another task of it"
    # What another process makes up; the address of the machine stays.
    monkeypatch.setattr(ids, "random_int", f"{int(ids.random_int, 16) ^ 1:08x}")
    assert run() != first


def test_a_removed_report_is_gone_and_what_was_to_be_approved_is_not(tmp_path: Path) -> None:
    reports(tmp_path).write(planned(HOSTS[0], "change:one"), HOSTS[:1])
    reports(tmp_path, purpose="drift").write(planned(HOSTS[0]), HOSTS[:1])
    reports(tmp_path).remove()
    assert not list(tmp_path.glob("*plan*")) and (tmp_path / "drift.md").exists()
    assert len(list(tmp_path.glob("approve-*.json"))) == 1


def test_a_plan_that_needs_nothing_is_the_report_of_an_apply(tmp_path: Path) -> None:
    for host in HOSTS[:4]:
        reports(tmp_path).write(planned(host, f"change:{host}" if host in HOSTS[2:] else ""), HOSTS[:4])
    applied = reports(tmp_path, purpose="applied", hosts=HOSTS[2:4])
    assert applied.write_unchanged(HOSTS[:2]) == (HOSTS[:2], [])
    assert clusters(tmp_path, "applied") == clusters(tmp_path / HOSTS[0], "applied") + HOSTS[1:2] == HOSTS[:2]
    # Those that change, in another play, come first.
    applied.write(planned(HOSTS[3], "change:done"), HOSTS[2:4])
    assert clusters(tmp_path, "applied") == [HOSTS[3], *HOSTS[:2]]
    assert told(tmp_path, "applied")["unplanned"] == [HOSTS[2]]


def test_what_no_plan_of_this_run_calls_unchanged_is_refused(tmp_path: Path) -> None:
    reports(tmp_path).write(planned(HOSTS[0], "change:one"), HOSTS[:2])
    reports(tmp_path).write(failed(HOSTS[1]), HOSTS[:2])
    reports(tmp_path, OTHER_RUN).write(planned(HOSTS[2]), HOSTS[2:3])
    for host in HOSTS[:4]:
        with pytest.raises(ValueError, match=f"{host}: no plan of this run says that nothing is to be done"):
            reports(tmp_path, purpose="applied").write_unchanged([host])
    assert not list(tmp_path.glob("applied*"))


# Reports of several runs


def test_reports_of_slices_are_one_and_need_one_approval(tmp_path: Path) -> None:
    slices = [HOSTS[0::2], HOSTS[1::2]]
    for number, hosts in enumerate(slices):
        for host in hosts[1:]:
            reports(tmp_path / str(number), f"run{number}", hosts=hosts).write(
                planned(host, f"change:{host}"), hosts[1:]
            )
    sources = [str(tmp_path / str(number) / "plan.json") for number in (0, 1)]
    found, missing = reports(tmp_path / "all").merge(sources)
    assert (sorted(found), missing) == (HOSTS[2:], HOSTS[:2])
    (approval,) = (tmp_path / "all").glob("approve-*.json")
    digests = json.loads(approval.read_text(encoding="utf-8"))["ipsec_plan_digests"]
    assert sorted(digests) == [f"change:{host}" for host in HOSTS[2:]]
    assert approval.name in (tmp_path / "all" / "plan.md").read_text(encoding="utf-8")
    assert told(tmp_path / "all")["unplanned"] == HOSTS[:2]


def test_what_does_not_go_together_is_refused_and_nothing_written(tmp_path: Path) -> None:
    for name, purpose in (("one", "plan"), ("two", "plan"), ("three", "drift")):
        reports(tmp_path / name, purpose=purpose, hosts=HOSTS[:1]).write(planned(HOSTS[0]), HOSTS[:1])
    (tmp_path / "list.json").write_text("[]", encoding="utf-8")
    of_nobody = {"purpose": "plan", "plans": [{}], "unplanned": [], "time": ""}
    (tmp_path / "nobody.json").write_text(json.dumps(of_nobody), encoding="utf-8")
    one, two = (str(tmp_path / name / "plan.json") for name in ("one", "two"))
    for sources, words in (
        ([one, two], "cluster000: reported more than once"),
        ([one, str(tmp_path / "three" / "drift.json")], "is no report called plan"),
        ([one, str(tmp_path / "list.json")], "is no report of this collection"),
        ([one, str(tmp_path / "nobody.json")], "is no report of this collection"),
        ([], "sources: has no report"),
    ):
        with pytest.raises(ValueError, match=words):
            reports(tmp_path / "all").merge(sources)
    with pytest.raises(OSError, match="nowhere"):
        reports(tmp_path / "all").merge([str(tmp_path / "nowhere" / "plan.json")])
    assert not (tmp_path / "all").exists()


LINKS = ("plan.md", "plan.json", "plan.html", ".plan.run", ".plan.md.draft", "cluster1/plan.md", "cluster1/plan.json")


@pytest.mark.parametrize("name", LINKS)
def test_no_link_that_came_with_the_files_leads_a_report_elsewhere(tmp_path: Path, name: str) -> None:
    theirs = tmp_path / "authorized_keys"
    theirs.write_text("theirs", encoding="ascii")
    link = tmp_path / "reports" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(theirs)
    reports(tmp_path / "reports", hosts=["cluster1"]).write(planned("cluster1", "one"), ["cluster1"])
    assert theirs.read_text(encoding="ascii") == "theirs"
    assert told(tmp_path / "reports")["plans"][0]["cluster"] == "cluster1"


@pytest.mark.parametrize("name", ["cluster1", ".lock"])
def test_where_a_link_can_not_be_replaced_nothing_is_written(tmp_path: Path, name: str) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / name).symlink_to(theirs if name == "cluster1" else theirs / "made")
    forget(str(tmp_path / "reports"), "cluster1", "plan")
    with pytest.raises(OSError, match=name):
        reports(tmp_path / "reports", hosts=["cluster1"]).write(planned("cluster1"), ["cluster1"])
    assert list(theirs.iterdir()) == []


@pytest.mark.parametrize(
    ("purpose", "check", "variables", "command"),
    [
        ("plan", False, {}, "ansible-playbook wiresec.ontap.apply -e @{}"),
        ("plan", True, {"ipsec_is_applied_at_once": True}, ""),
        # An apply in its place would cut off clients that have no traps.
        ("plan", True, {"ipsec_carried_out_by": "protect"}, "ansible-playbook wiresec.ontap.protect -e @{}"),
        ("plan", False, {"ipsec_carried_out_by": "protect"}, ""),
        ("drift", False, {}, ""),
    ],
)
def test_a_plan_is_carried_out_by_the_playbook_that_made_it_unless_it_goes_on_at_once(
    tmp_path: Path, purpose: str, check: bool, variables: dict[str, Any], command: str
) -> None:
    assert of_task(str(tmp_path), purpose, check, "a-b-c", variables).approve == command
