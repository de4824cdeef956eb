# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet costs, in what can be counted: requests, connections, programs, imports, bytes. ``make bench`` has the seconds."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from support.harness import Playbooks, task
from support.repository import Repository
from support.team import NO_APPROVAL, stored

GIT = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
LARGE = 60
"""Policies of one cluster, where the others have ten."""


@pytest.fixture
def fleet(repository: Repository) -> Repository:
    """Two clusters of ten policies and a large one, all as their files say."""
    array = repository.clusters["cluster3"]
    for number in range(10, LARGE):
        array.add_policy(stored(number))
    options = ("-l", "cluster3", "-e", '{"ipsec_export_overwrite": true}')
    assert repository.run("export.yml", *options).code == 0
    return repository


@pytest.mark.parametrize(
    ("playbook", "requests", "programs"),
    # The service, its authorities, the service again by what compares it, and the policies.
    [("lint.yml", 0, []), ("plan.yml", 4, [GIT]), ("drift.yml", 4, [GIT]), ("apply.yml", 4, [GIT, GIT])],
)
def test_a_step_asks_starts_and_hands_over_little(
    fleet: Repository, playbook: str, requests: int, programs: list[list[str]]
) -> None:
    for array in fleet.clusters.values():
        array.clear_log()
    record = fleet.outside / "work.jsonl"
    counting = {"ANSIBLE_CALLBACKS_ENABLED": "record_results,record_work", "RECORD_WORK": str(record)}
    run = fleet.run(playbook, *NO_APPROVAL, environment=counting)
    assert (run.code, run.changed) == (0, []), run.output
    for array in fleet.clusters.values():
        assert (len(array.requests), array.connections) == (requests, min(requests, 1)), array.requests
    work = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()] if record.exists() else []
    assert [what for kind, what in work if kind == "starts"] == programs
    imported = Counter(what for kind, what in work if kind == "imports")
    assert [name for name, times in imported.items() if times > 1] == [], "each worker imports it again"
    # No result grows with policies that are as they should be, because those of all clusters are in the memory of one process.
    sizes = [len(json.dumps(one["result"])) for one in run.results if "verdict" in one["result"]]
    assert len(sizes) == (len(fleet.clusters) if requests else 0)
    assert max(sizes, default=0) - min(sizes, default=0) < LARGE, sizes
    # Of what is read again for the report of all clusters, notes are no part: exported files have one for every key.
    for purpose in {"plan.yml": ["plan"], "drift.yml": ["drift"], "apply.yml": ["plan", "applied"]}.get(playbook, []):
        (report,) = fleet.read(f"ipsec-reports/cluster3/{purpose}.json")["plans"]
        assert {one["severity"] for one in report["findings"]} == {"warning"}


def test_the_worker_of_a_task_starts_and_imports_nothing(playbooks: Playbooks) -> None:
    record = playbooks.folder / "work.jsonl"
    counting = {"ANSIBLE_CALLBACKS_ENABLED": "record_results,record_work", "RECORD_WORK": str(record)}
    asked = {"name": "web", "svm": "svm1", "state": "absent"}
    play = playbooks.play([task("one", **asked), task("another", **asked)], environment=counting)
    assert play.code == 0, play.output
    assert not record.exists(), record.read_text(encoding="utf-8")
