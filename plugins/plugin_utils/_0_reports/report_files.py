# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports on disk: one of each cluster, one of all clusters of a play, and the digests of what may be approved.

Clusters are worked on by processes of their own, in any order. Each writes its own report. The one of all clusters is put
together by the last that the play still has; and now and then before that, so that a run which is broken off leaves one, but
not each time, for that would be a hundred reports to read for each of a hundred clusters. Reports of an earlier run count
for nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from errno import ELOOP
from hashlib import sha256
from pathlib import Path
from typing import Any, Callable

from . import html_report, plan_report

TITLES = {"plan": "IPsec plan", "drift": "IPsec drift", "applied": "IPsec apply", "check": "IPsec check"}
"""What reports are made for: each has file names of its own."""

NOT_YET = "it has not been looked at in this run, or the run ended before."


class Reports:
    """The reports of one purpose in one run.

    folder: of all reports. run: tells runs apart. hosts: of the play. describe: tells ``commit`` and ``time``; it is asked once
    a run. approve: the command that carries an approved plan out, with ``{}`` for the file of digests; empty if there is nothing
    to approve.

    command: that command, for what was written last; empty if nothing is to be carried out. differs: whether anything in that is to change.
    """

    def __init__(
        self,
        folder: str,
        purpose: str,
        run: str,
        hosts: Sequence[str],
        describe: Callable[[], Mapping[str, str]],
        approve: str = "",
    ) -> None:
        self.folder, self.purpose, self.run = Path(folder), purpose, run
        self.hosts, self.describe, self.approve = list(hosts), describe, approve
        self.command = ""
        self.differs = False

    @property
    def path(self) -> Path:
        """The report of all clusters, for people."""
        return self.folder / f"{self.purpose}.md"

    def write(self, report: Mapping[str, Any], expected: Iterable[str]) -> None:
        """Writes the report of a cluster, and that of all if it is time for it. Raises ``OSError``.

        expected: the hosts that the play has not given up.
        """
        cluster = str(report["cluster"])
        own = folder_of(self.folder, cluster)
        with self._alone():
            noted = self._noted()
            noted["reported"][cluster] = not report.get("problem")
            self._write(own, [report], [], noted)
            write_whole(self._note, json.dumps(noted))
            reported = noted["reported"]
            # Where nothing could be planned so far, no later task may be left to write the report, and the reports are short.
            if not any(reported.values()) or reported.keys() >= set(expected) or len(reported).bit_count() == 1:
                self._write_all(noted)

    def write_all(self) -> tuple[list[str], list[str]]:
        """Writes the report of all clusters; returns which have been looked at, and which have not. Raises ``OSError``."""
        with self._alone():
            return self._write_all(self._noted())

    def write_unchanged(self, clusters: Sequence[str], planned: str = "plan") -> tuple[list[str], list[str]]:
        """Reports clusters of which a plan of this run said that nothing is to be done, by that plan. As ``write_all``.

        Clusters that have no plan to carry out are reported as well, lest nobody misses them. planned: the purpose of those
        plans. Raises ``ValueError`` where one of ``clusters`` has none or it says something else, ``OSError``.
        """
        hosts = [*clusters, *(host for host in self.hosts if host not in clusters)]
        plans = {str(one["cluster"]): one for one in self._of_this_run(hosts, planned)}
        for cluster in clusters:
            plan = plans.get(cluster, {"problem": "none"})
            if plan.get("problem") or plan.get("refused") or plan.get("changes"):
                raise ValueError(f"{cluster}: no plan of this run says that nothing is to be done.")
        none = {"problem": NOT_YET}
        stopped = {
            host: plans.get(host, {"cluster": host, **none})
            for host in hosts
            if plans.get(host, none).get("problem") or plans.get(host, none).get("refused")
        }
        with self._alone():
            noted = self._noted()
            noted["unchanged"] = [*clusters, *stopped]
            write_whole(self._note, json.dumps(noted))
            for cluster in noted["unchanged"]:
                self._write(folder_of(self.folder, cluster), [stopped.get(cluster) or plans[cluster]], [], noted)
            if noted["unchanged"]:
                shown = [stopped.get(cluster) or plans[cluster] for cluster in noted["unchanged"]]
                self._write(self.folder, shown, [], noted)
        return list(clusters), list(stopped)

    def merge(self, sources: Sequence[str]) -> tuple[list[str], list[str]]:
        """Makes one report of those of other runs. Raises ``ValueError`` for what does not go together, ``OSError``."""
        if not sources:
            raise ValueError("sources: has no report to be put together with others.")
        contents = [_content(Path(source)) for source in sources]
        for source, content in zip(sources, contents):
            if content.get("purpose") != self.purpose:
                raise ValueError(f"{source} is no report called {self.purpose}.")
        reports = [report for content in contents for report in content["plans"]]
        names = [str(one["cluster"]) for one in reports]
        twice = sorted(name for name, times in Counter(names).items() if times > 1)
        if twice:
            raise ValueError(f"{', '.join(twice)}: reported more than once, and nobody can tell which report counts.")
        missing = sorted({str(name) for content in contents for name in content["unplanned"]} - set(names))
        commits = {str(content.get("commit", "")) for content in contents}
        head = {"commit": commits.pop() if len(commits) == 1 else "", "time": max(str(one["time"]) for one in contents)}
        with self._alone():
            self._write(self.folder, reports, missing, head)
        return names, missing

    def remove(self) -> None:
        """Removes the report of all clusters, and those of each that this run is about. Raises ``OSError``."""
        for path in (*(self.path.with_suffix(suffix) for suffix in (".md", ".json", ".html")), self._note):
            path.unlink(missing_ok=True)
        for host in self.hosts:
            forget(str(self.folder), host, self.purpose)

    @property
    def _note(self) -> Path:
        """The file that says which clusters of which run have reported, and whether there is a plan for them."""
        return self.folder / f".{self.purpose}.run"

    def _noted(self) -> dict[str, Any]:
        try:
            noted = json.loads(self._note.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            noted = {}
        return noted if noted.get("run") == self.run else {"run": self.run, **self.describe(), "reported": {}}

    def _write_all(self, noted: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        hosts = [*self.hosts, *(host for host in noted.get("unchanged", ()) if host not in self.hosts)]
        found = {str(one["cluster"]): one for one in self._of_this_run(hosts, self.purpose)}
        missing = [host for host in hosts if host not in found]
        self._write(self.folder, [found[host] for host in hosts if host in found], missing, noted)
        return list(found), missing

    def _of_this_run(self, hosts: Iterable[str], purpose: str) -> Iterator[Mapping[str, Any]]:
        for host in hosts:
            path = self.folder / host / f"{purpose}.json"
            try:
                content = _content(path)
            except (FileNotFoundError, ValueError):
                continue
            if content.get("run") == self.run:
                yield content["plans"][0]

    def _write(
        self, folder: Path, reports: Sequence[Mapping[str, Any]], missing: Sequence[str], head: Mapping[str, str]
    ) -> None:
        told = {name: head[name] for name in ("commit", "time")}
        unplanned = [str(one["cluster"]) for one in reports if one.get("problem")] + list(missing)
        content = {
            "purpose": self.purpose,
            "run": self.run,
            **told,
            "plans": list(reports),
            "unplanned": sorted(unplanned),
            # Whoever takes this file for an approval gets none: what is in it comes from arrays.
            "ipsec_plan_digests": None,
        }
        write_whole(folder / f"{self.purpose}.json", json.dumps(content, indent=2, sort_keys=True) + "\n")
        absent = [{"cluster": host, "problem": NOT_YET} for host in missing]
        title = {"title": TITLES[self.purpose], **told, "command": self._command(folder, reports)}
        self.command = plan_report.command([*reports, *absent], title)
        self.differs = any(one.get("changes") for one in reports)
        write_whole(folder / f"{self.purpose}.md", plan_report.markdown([*reports, *absent], title))
        if self.purpose == "plan" and folder == self.folder:
            # One page is what people look at before they approve; it is not made for each of a hundred clusters.
            write_whole(self.path.with_suffix(".html"), html_report.plan([*reports, *absent], title))

    def _command(self, folder: Path, reports: Sequence[Mapping[str, Any]]) -> str:
        """The command that carries the plans out, with a file of their digests, whose name says what is in it."""
        digests = [digest for one in reports for digest in one.get("digests") or ()]
        if not self.approve or not digests:
            return ""
        content = json.dumps({"ipsec_plan_digests": digests}, indent=2) + "\n"
        path = folder / f"approve-{sha256(content.encode()).hexdigest()[:12]}.json"
        if folder == self.folder:
            self._supersede(path)
        write_whole(path, content)
        return self.approve.format(os.path.relpath(path))

    def _supersede(self, path: Path) -> None:
        """Removes the digests that a plan wrote here before, be it of fewer clusters or in another run: the report names others now.

        Whoever approves some keeps them elsewhere (docs/gitops.md), or there is one more file for ``approve-*.json`` to mean.
        """
        noted = self.folder / ".approve"
        name = noted.read_text(encoding="utf-8").rpartition("\n")[2] if noted.exists() else ""
        # A merge request may bring the note along: it must lead to no other file.
        if re.fullmatch(r"approve-[0-9a-f]{12}\.json", name) and name != path.name:
            (self.folder / name).unlink(missing_ok=True)
        # What was put here by somebody stays.
        write_whole(noted, "" if path.exists() and name != path.name else path.name)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Within, no other process writes reports here."""
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.folder / ".lock", os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def of_task(folder: str, purpose: str, check: bool, task: str, task_vars: Mapping[str, Any]) -> Reports:
    """The reports of a run, as a task of it writes them.

    purpose: as ``ipsec_files`` has it. task: the id of the task: all but the last of its parts are the same for all tasks of one
    run, and the first two of them for all runs on one machine.
    """
    name = {"apply": "check" if check else "applied"}.get(purpose, purpose)
    hosts = task_vars.get("ansible_play_hosts_all") or [str(task_vars.get("inventory_hostname", "cluster"))]
    # What carries a plan out: another order of the steps would cut clients off.
    whole = str(task_vars.get("ipsec_carried_out_by", "apply"))
    # The plan that an apply begins with is for nobody to approve, and must not take the place of what was approved.
    at_once = task_vars.get("ipsec_is_applied_at_once") or (whole != "apply" and not check)
    approve = f"{command_of(whole)} -e @{{}}" if purpose == "plan" and not at_once else ""
    return Reports(folder, name, task.rpartition("-")[0], hosts, commit_and_time, approve)


def command_of(playbook: str) -> str:
    """The command that runs a playbook of the collection. A repository may have its own, with what it needs."""
    own = f"{playbook}.yml"
    return f"ansible-playbook {own if Path(own).is_file() else f'wiresec.ontap.{playbook}'}"


def commit_and_time() -> dict[str, str]:
    """The commit of the working directory, marked where files differ from it and empty where there is none; and the time."""
    now = f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC"
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return {"commit": "", "time": now}
    return {"commit": found.stdout.strip() if found.returncode == 0 else "", "time": now}


def forget(folder: str, cluster: str, purpose: str) -> None:
    """Removes what an earlier run reported of a cluster."""
    own = Path(folder) / cluster
    for suffix in ("json", "md") if not own.is_symlink() else ():
        (own / f"{purpose}.{suffix}").unlink(missing_ok=True)


def _content(path: Path) -> dict[str, Any]:
    """The report in a file of JSON. Raises ``OSError``, and ``ValueError`` for what is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if (
        not isinstance(content, dict)
        or not {"purpose", "plans", "unplanned", "time"} <= content.keys()
        or not isinstance(content["unplanned"], list)
        or not isinstance(content["plans"], list)
        or not all(isinstance(one, dict) and "cluster" in one for one in content["plans"])
    ):
        raise ValueError(f"{path} is no report of this collection.")
    return content


def write_whole(path: Path, text: str) -> None:
    """Writes a file in one step, so that nobody reads half of it, with the permissions of the one that it replaces. Raises ``OSError``.

    Where a link is in its place, that is replaced, and what it leads to stays as it is: a merge request may bring links along.
    """
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with open(draft, "x", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        stream.write(text)
    if path.is_file() and not path.is_symlink():
        shutil.copymode(path, draft)
    draft.replace(path)


def folder_of(folder: Path, cluster: str) -> Path:
    """Makes the folder for the reports of a cluster. Raises ``OSError``, also where it is a link to somewhere else."""
    own = folder / cluster
    if own.is_symlink():
        raise OSError(ELOOP, "reports are written to no folder that is a link", str(own))
    own.mkdir(parents=True, exist_ok=True)
    return own
