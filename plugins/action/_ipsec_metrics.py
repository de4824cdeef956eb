# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes metrics of clusters; documented in modules/ipsec_metrics.py."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._0_basics.errors import InvalidInput
from ..modules.ipsec_metrics import OPTIONS
from ..plugin_utils._0_execution.in_process import plain
from ..plugin_utils._0_reports import metrics, report_files


class ActionModule(ActionBase):
    """See the documentation of the module."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Writes the file, and says what is missing from it."""
        result: dict[str, Any] = {**super().run(tmp, task_vars), "changed": False}
        try:
            _validation, params = self.validate_argument_spec(OPTIONS)
            given = {name: plain(params[name]) for name in metrics.PARTS if params[name] is not None}
            return {**result, **_write(Path(params["path"]), given)}
        except InvalidInput as error:
            return {**result, "failed": True, "msg": str(error)}


def _write(path: Path, given: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Raises ``InvalidInput`` if there is nothing to write, or it can't be written."""
    clusters = list(dict.fromkeys(cluster for results in given.values() for cluster in results))
    if not clusters:
        raise InvalidInput(
            f"{', '.join(metrics.PARTS)}: none of these options names a cluster, so there is nothing to tell."
        )
    measured = {cluster: {part: results.get(cluster) for part, results in given.items()} for cluster in clusters}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        earlier = path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
        report_files.write_whole(path, metrics.text(measured, int(time.time()), earlier))
    except OSError as error:
        raise InvalidInput(f"path: {path} can't be written: {error.strerror}.") from None
    unread = {
        cluster: missing
        for cluster, parts in measured.items()
        if (missing := [part for part, result in parts.items() if metrics.read(part, result) is None])
    }
    said = f"Metrics of {len(clusters)} cluster{'s' * (len(clusters) != 1)}."
    if unread:
        told = [f"{cluster} ({', '.join(parts)})" for cluster, parts in unread.items()]
        said += f" Not read: {', '.join(told)}."
    Display().display(said)
    return {"msg": said, "path": str(path), "unread": unread}
