# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what Ansible and its workers do that costs time into the file that RECORD_WORK names, a line each: what they start and import."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record_work
type: notification
short_description: Record for tests what a play starts and imports
description: Each program that is started, and each module of the collection that a worker imports.
"""


class CallbackModule(CallbackBase):
    """See the module's docstring."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record_work"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Workers are forks of this process, so they have the hook, too.
        self._main = os.getpid()
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            self._record("starts", [str(part) for part in arguments[1]])
        elif event == "import" and os.getpid() != self._main and str(arguments[0]).startswith("ansible_collections.w"):
            self._record("imports", str(arguments[0]))

    def _record(self, kind: str, what: Any) -> None:
        with Path(os.environ["RECORD_WORK"]).open("a", encoding="utf-8") as record:
            record.write(json.dumps([kind, what]) + "\n")
