# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes each task's result, as callbacks and so users see it, as one line of JSON to the file RECORD_RESULTS."""

from __future__ import annotations

DOCUMENTATION = r"""
name: record_results
type: notification
short_description: Records the results of all tasks for a test
description: One JSON object a line, with task, whether it failed, and result.
"""

import json
import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """See the module's docstring."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record_results"
    CALLBACK_NEEDS_ENABLED = True

    def _record(self, result: Any, failed: bool = False) -> None:
        entry = {
            "task": result._task.get_name(),
            "host": result._host.get_name(),
            "failed": failed,
            "result": result._result,
        }
        with Path(os.environ["RECORD_RESULTS"]).open("a", encoding="utf-8") as record:
            record.write(json.dumps(entry, default=str) + "\n")
        coverage = sys.modules.get("coverage")
        if coverage and coverage.Coverage.current():
            # A worker saves what was traced after it has sent its result, and Ansible ends whichever there are after the last one.
            for worker in multiprocessing.active_children():
                worker.join(20)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._record(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._record(result, failed=True)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._record(result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        self._record(result, failed=True)
