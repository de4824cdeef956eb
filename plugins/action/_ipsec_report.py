# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the reports of all clusters together; documented in modules/ipsec_report.py."""

from __future__ import annotations

import os
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..modules.ipsec_report import OPTIONS
from ..plugin_utils._0_reports import report_files, terminal


class ActionModule(ActionBase):
    """See the documentation of the module."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Writes the report of all clusters, or removes it."""
        result: dict[str, Any] = {**super().run(tmp, task_vars), "changed": False}
        _validation, params = self.validate_argument_spec(OPTIONS)
        reports = report_files.of_task(
            params["report_directory"],
            params["purpose"],
            self._task.check_mode,
            str(self._task._uuid),
            task_vars or {},
        )
        try:
            if params["state"] == "absent":
                reports.remove()
                return {**result, "report": None}
            if params["unchanged"] is not None:
                found, missing = reports.write_unchanged(params["unchanged"])
            elif params["sources"] is not None:
                found, missing = reports.merge(params["sources"])
            else:
                found, missing = reports.write_all()
        except (OSError, ValueError) as error:
            return {**result, "failed": True, "msg": str(error)}
        path = os.path.relpath(reports.path)
        # What to do next is what a person looks for at the end.
        after = f"\nTo carry it out, when it is approved:\n{reports.command}" if reports.command else ""
        if params["purpose"] == "drift" and reports.differs:
            after = f"\nWhat would bring it back to the files, to be approved:\n{report_files.command_of('plan')}"
        Display().display(f"The report of all clusters: {path}{after}")
        # As all reports, it is none of what a run changes.
        told = {"report": path, "clusters": found, "missing": missing}
        return {**result, **told, **terminal.shown_once()}
