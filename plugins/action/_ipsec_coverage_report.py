# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a report of coverages; documented in modules/ipsec_coverage_report.py."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._0_basics.errors import InvalidInput
from ..modules.ipsec_coverage_report import OPTIONS
from ..plugin_utils._0_execution.in_process import plain
from ..plugin_utils._0_reports import coverage_report, html_report, report_files, terminal
from ..plugin_utils._1_policy_files import policy_files

_KEYS = (
    *("flows", "summary", "unread", "exceptions", "array", "account", "time", "digest", "looked_at", "ipsec_enabled"),
    *("failing", "worse", "expiry_warnings"),
)
"""What a report keeps of a result."""


class ActionModule(ActionBase):
    """See the documentation of the module."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Writes all files, and says the answer."""
        result: dict[str, Any] = {**super().run(tmp, task_vars), "changed": False}
        try:
            _validation, params = self.validate_argument_spec(OPTIONS)
            return {**result, **self._write({**params, "coverages": plain(params["coverages"])})}
        except InvalidInput as error:
            return {**result, "failed": True, "msg": str(error)}

    def _write(self, params: Mapping[str, Any]) -> dict[str, Any]:
        if not params["coverages"]:
            raise InvalidInput("coverages: is empty, so there is nothing to report.")
        clusters = [
            {**_cluster(name, found), "policy_files": _files(name, params["policy_files"].get(name))}
            for name, found in params["coverages"].items()
        ]
        head = {"title": params["title"], **report_files.commit_and_time()}
        previous = _previous(params)
        try:
            doc = coverage_report.document(clusters, head, previous)
        except (AttributeError, KeyError, TypeError, ValueError):
            if previous is None:
                raise
            raise InvalidInput(_useless(params["previous"], "makes no sense here")) from None
        folder = Path(params["directory"])
        texts = {
            "html": html_report.coverage(doc),
            "md": coverage_report.markdown(doc),
            "json": json.dumps(doc, indent=1, sort_keys=True) + "\n",
            "csv": coverage_report.as_csv(doc),
        }
        paths = [folder / f"audit.{suffix}" for suffix in texts]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for path, text in zip(paths, texts.values()):
                report_files.write_whole(path, text)
        except OSError as error:
            raise InvalidInput(f"directory: {folder} can't be written: {error.strerror}.") from None
        said = coverage_report.headline(doc)
        terminal.tell([f"{params['title']}: {said}", f"The report of all clusters: {os.path.relpath(paths[0])}"])
        return {
            **terminal.shown_once(),
            "msg": said,
            "files": [str(path) for path in paths],
            "unprotected": len(coverage_report.open_rows(clusters)),
            "unknown_clusters": [one["cluster"] for one in clusters if one["problem"]],
        }


def _cluster(name: str, found: Any) -> dict[str, Any]:
    """What a report has of a cluster. Anything but a coverage is a cluster of which nothing is known."""
    if not isinstance(found, Mapping) or not isinstance(found.get("flows"), Mapping):
        reason = str(found.get("msg") or "") if isinstance(found, Mapping) else ""
        return {"cluster": name, "problem": reason or "it has not been looked at in this run, or the run ended before."}
    return {"cluster": name, "problem": "", **{key: found.get(key) for key in _KEYS}}


def _files(name: str, paths: Any) -> dict[str, str]:
    """The checksum of the policy files of a cluster, or why there is none; nothing if none are given. Raises ``InvalidInput``."""
    if paths in (None, []):
        return {}
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise InvalidInput(f"policy_files: of {name}, give a list of files and folders.")
    try:
        return {"checksum": policy_files.checksum(paths)}
    except InvalidInput as error:
        return {"problem": str(error)}
    except OSError as error:
        return {"problem": f"{error.filename} can't be read: {error.strerror}."}


def _useless(path: Path | str, why: str) -> str:
    return f"previous: {path} {why}, so nobody can tell what has changed since. Move it away, or name another one."


def _previous(params: Mapping[str, Any]) -> dict[str, Any] | None:
    """The earlier report. Raises ``InvalidInput`` for a file that is none."""
    if not params["previous"]:
        return None
    path = Path(params["previous"])
    if not path.exists() and params["allow_missing"]:
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(_useless(path, f"can't be read ({error})")) from None
    if not isinstance(content, dict) or content.get("report") != "ipsec_coverage":
        raise InvalidInput(_useless(path, "is no audit.json"))
    return content
