# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of the role ``ipsec`` as ways to be measured: its playbooks, for a fleet whose clusters have equal files.

All clusters are one array: what is compared, written and reported of each is the same as if there were many, and the machine
that measures has to play one only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.ways import Job, Way
from benchmarks.workload import Policy

FLOOR = "floor: a play of ten `debug` tasks"
STEPS = ("lint", "plan", "drift", "apply", "export")
"""In what is measured nothing is to be changed: of an apply, all that is left is to find that out."""


@dataclass(frozen=True)
class Fleet:
    """So many clusters, of which Ansible works on so many at a time."""

    clusters: int
    forks: int

    def ways(self, *steps: str) -> list[Way]:
        """The floor, and the steps."""
        floor = Way(self._named(FLOOR), self._play([_ten_tasks()]), works=False)
        made = [
            Way(
                self._named(f"`{step}`"),
                self._play([{"ansible.builtin.import_playbook": f"wiresec.ontap.{step}"}]),
                works=False,
                ours=True,
            )
            for step in steps
        ]
        return [floor, *made]

    def _named(self, name: str) -> str:
        return f"{name}, {self.clusters} clusters, {self.forks} forks"

    def _play(self, playbook: list[dict[str, Any]]) -> Callable[[Job], list[str]]:
        def command(job: Job) -> list[str]:
            hosts = [f"cluster{number:03}" for number in range(self.clusters)]
            address = {"ansible_host": f"{job.login.host}:{job.login.port}"}
            inventory = {"all": {"hosts": dict.fromkeys(hosts, address)}}
            (job.folder / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
            (job.folder / "book.json").write_text(json.dumps(playbook), encoding="utf-8")
            _write_files(job.folder / "ipsec" / hosts[0], job.workload.listed())
            for host in hosts[1:]:
                (job.folder / "ipsec" / host).symlink_to(hosts[0])
            where = '{"ipsec_export_directory": "exported/{{ inventory_hostname }}"}'
            return [
                *(sys.executable, "-m", "ansible", "playbook", "book.json", "--inventory", "inventory.json"),
                *("--forks", str(self.forks), "--extra-vars", where),
            ]

        return command


def _ten_tasks() -> dict[str, Any]:
    task = {"ansible.builtin.debug": {"msg": "nothing"}}
    return {"hosts": "all", "gather_facts": False, "connection": "local", "tasks": [task] * 10}


def _write_files(folder: Path, policies: list[Policy]) -> None:
    """The policy files of a cluster, one for each SVM, without keys, as an export leaves them."""
    folder.mkdir(parents=True)
    of_svm: dict[str, list[Policy]] = {}
    for policy in policies:
        kept = {option: value for option, value in policy.items() if option not in ("svm", "secret_key")}
        of_svm.setdefault(policy["svm"], []).append(kept)
    for svm, here in of_svm.items():
        (folder / f"{svm}.yml").write_text(_readable(here), encoding="utf-8")


def _readable(policies: list[Policy]) -> str:
    """A policy file in YAML as people write it, an option a line."""
    lines = ["---", "policies:"]
    for policy in policies:
        head = "  - "
        for option, value in policy.items():
            if isinstance(value, dict):
                lines.append(f"{head}{option}:")
                lines += [f"      {inner}: {json.dumps(one)}" for inner, one in value.items()]
            else:
                lines.append(f"{head}{option}: {json.dumps(value)}")
            head = "    "
    return "\n".join(lines) + "\n"
