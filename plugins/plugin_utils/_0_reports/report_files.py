# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports on disk: one of each cluster, one of all clusters of a play, and the digests of what may be approved.

Clusters are worked on by processes of their own, in any order. Each writes its own report, and then puts together those
that there are of the same run, so that the last one writes the whole. Reports of an earlier run count for nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_reports import plan_report

TITLES = {"plan": "IPsec plan", "drift": "IPsec drift", "applied": "IPsec apply", "check": "IPsec check"}
"""What reports are made for: each has file names of its own."""

NOT_YET = "it has not been looked at in this run, or the run ended before."


class Reports:
    """The reports of one purpose in one run.

    folder: of all reports. run: tells runs apart. hosts: of the play. head: ``commit`` and ``time``. approve: the command
    that carries an approved plan out, with ``{}`` for the file of digests; empty if there is nothing to approve.
    """

    def __init__(
        self, folder: str, purpose: str, run: str, hosts: Sequence[str], head: Mapping[str, Any], approve: str = ""
    ) -> None:
        self.folder, self.purpose, self.run = Path(folder), purpose, run
        self.hosts, self.head, self.approve = list(hosts), dict(head), approve

    def write(self, report: Mapping[str, Any]) -> None:
        """Writes the report of a cluster, and that of all. Raises ``OSError``."""
        own = self.folder / str(report["cluster"])
        own.mkdir(parents=True, exist_ok=True)
        with self._alone():
            self._write(own, [report], [])
            found = {str(one["cluster"]): one for one in self._others(own)}
            found[str(report["cluster"])] = report
            missing = [host for host in self.hosts if host not in found]
            self._write(self.folder, [found[host] for host in self.hosts if host in found], missing)

    def _others(self, own: Path) -> Iterator[Mapping[str, Any]]:
        for host in self.hosts:
            path = self.folder / host / f"{self.purpose}.json"
            if path.parent == own or not path.exists():
                continue
            content = json.loads(path.read_text(encoding="utf-8"))
            if content.get("run") == self.run:
                yield content["plans"][0]

    def _write(self, folder: Path, reports: Sequence[Mapping[str, Any]], missing: Sequence[str]) -> None:
        unplanned = [str(one["cluster"]) for one in reports if one.get("problem")] + list(missing)
        content = {
            "purpose": self.purpose,
            "run": self.run,
            **self.head,
            "plans": list(reports),
            "unplanned": sorted(unplanned),
            # Whoever takes this file for an approval gets none: what is in it comes from arrays.
            "ipsec_plan_digests": None,
        }
        _replace(folder / f"{self.purpose}.json", json.dumps(content, indent=2, sort_keys=True) + "\n")
        absent = [{"cluster": host, "problem": NOT_YET} for host in missing]
        head = {"title": TITLES[self.purpose], **self.head, "command": self._command(folder, reports)}
        _replace(folder / f"{self.purpose}.md", plan_report.markdown([*reports, *absent], head))

    def _command(self, folder: Path, reports: Sequence[Mapping[str, Any]]) -> str:
        """The command that carries the plans out, with a file of their digests, whose name says what is in it."""
        digests = [digest for one in reports for digest in one.get("digests") or ()]
        if not self.approve or not digests:
            return ""
        content = json.dumps({"ipsec_plan_digests": digests}, indent=2) + "\n"
        path = folder / f"approve-{sha256(content.encode()).hexdigest()[:12]}.json"
        if folder == self.folder:
            self._supersede(path)
        _replace(path, content)
        return self.approve.format(os.path.relpath(path))

    def _supersede(self, path: Path) -> None:
        """Removes the digests of fewer clusters that this run itself wrote a moment ago; nobody has read of them."""
        noted = self.folder / ".approve"
        run, _newline, name = noted.read_text(encoding="utf-8").partition("\n") if noted.exists() else ("", "", "")
        if run == self.run and name and name != path.name:
            (self.folder / name).unlink(missing_ok=True)
        # What was there before is somebody's approval, and stays.
        _replace(noted, f"{self.run}\n{'' if path.exists() and name != path.name else path.name}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Within, no other process writes reports here."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def forget(folder: str, cluster: str, purpose: str) -> None:
    """Removes what an earlier run reported of a cluster."""
    for suffix in ("json", "md"):
        (Path(folder) / cluster / f"{purpose}.{suffix}").unlink(missing_ok=True)


def _replace(path: Path, text: str) -> None:
    """Writes a file in one step, so that nobody reads half of it."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8", errors="surrogateescape")
    draft.replace(path)
