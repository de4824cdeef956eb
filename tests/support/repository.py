# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Git repository of policies, as docs/gitops/repository lays it out, and simulated clusters that it is about."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from environment import NEW_REPOSITORY
from simulator import Simulator
from support.harness import CHECKOUT, Play, ansible_playbook, base_environment

SKELETON = CHECKOUT / "docs" / "gitops" / "repository"


class Repository:
    """The skeleton in a folder of its own, with one simulator for each cluster of its inventory."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self._settings = settings
        self._running = ExitStack()
        self.clusters: dict[str, Simulator] = {}
        self.outside = folder.parent / f"{folder.name}-outside"

    def __enter__(self) -> Repository:
        shutil.copytree(SKELETON, self.folder, dirs_exist_ok=True)
        hosts = yaml.safe_load((self.folder / "inventory.yml").read_text(encoding="utf-8"))["all"]["hosts"]
        self.clusters = {name: self._running.enter_context(Simulator(**self._settings)) for name in hosts}
        self.link()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def link(self) -> None:
        """Leads the clusters of the inventory to the simulators; with a second inventory, so that the files stay as they are."""
        ports = {name: f"{array.host}:{array.port}" for name, array in self.clusters.items()}
        hosts = {name: {"ansible_host": address} for name, address in ports.items()}
        self.outside.mkdir(exist_ok=True)
        self._simulators = self.outside / "simulators.yml"
        self._simulators.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
        self._ca_path = self.outside / "ca.pem"
        self._ca_path.write_bytes(b"".join(Path(array.ca_path).read_bytes() for array in self.clusters.values()))

    def environment(self) -> dict[str, str]:
        """The environment of a run: the collection under test, the account of the clusters, and a record of all results."""
        return {
            **base_environment(self.outside / "results.jsonl"),
            **NEW_REPOSITORY,
            # Its own settings count, and git before 2.32 looks for the caller's at home only.
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "HOME": str(self.outside),
            "ANSIBLE_INVENTORY": f"inventory.yml,{self._simulators}",
            "ANSIBLE_HOME": str(self.outside / "home"),
            "ONTAP_USERNAME": Simulator.username,
            "ONTAP_PASSWORD": Simulator.password,
            "ONTAP_CA_PATH": str(self._ca_path),
        }

    def write(self, path: str, policies: list[dict[str, Any]], **top: Any) -> None:
        """Writes a policy file."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump({**top, "policies": policies}, sort_keys=False), encoding="utf-8")

    def read(self, path: str) -> Any:
        """A report, or any other YAML or JSON file of the repository."""
        return yaml.safe_load((self.folder / path).read_text(encoding="utf-8"))

    def approval(self, report: str = "plan.md") -> str:
        """The file of digests that a report names."""
        text = (self.folder / "ipsec-reports" / report).read_text(encoding="utf-8")
        (path,) = re.findall(r"-e @(ipsec-reports/\S*approve-[0-9a-f]{12}\.json)", text)
        return str(path)

    def digests(self, report: str = "plan.md") -> list[str]:
        """The digests in it, and there is nothing else."""
        content: dict[str, list[str]] = self.read(self.approval(report))
        assert list(content) == ["ipsec_plan_digests"]
        return content["ipsec_plan_digests"]

    def run(self, playbook: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Play:
        """Runs a playbook of the repository at its root."""
        return ansible_playbook([playbook, *arguments], {**self.environment(), **(environment or {})}, self.folder)
