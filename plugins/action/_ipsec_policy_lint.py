# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks policy files on the controller; documented in modules/ipsec_policy_lint.py."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from typing import Any

from ansible import template
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.wiresec.ontap.plugins.module_utils import arguments, given, normalize
from ansible_collections.wiresec.ontap.plugins.module_utils.errors import InvalidInput
from ansible_collections.wiresec.ontap.plugins.modules.ipsec_policy_lint import OPTIONS
from ansible_collections.wiresec.ontap.plugins.plugin_utils import findings, lint, policy_files
from ansible_collections.wiresec.ontap.plugins.plugin_utils.in_process import plain
from ansible_collections.wiresec.ontap.plugins.plugin_utils.policy_values import Values

_FAILURES_KEEP_LINES = hasattr(template, "trust_as_template")  # ansible-core 2.19 and later
_FORMAT_OF = {".txt": "text", ".json": "json", ".sarif": "sarif"}
_FAILING = {"error": ("error",), "warning": ("error", "warning"), "never": ()}


class ActionModule(ActionBase):
    """See the documentation of the module."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Reads, checks, reports. Fails with all findings as text if there are any that ``fail_on`` means."""
        result: dict[str, Any] = {**super().run(tmp, task_vars), "changed": False}
        try:
            given.check(OPTIONS, plain(self._task.args, also=(date, bytes)))
            _validation, params = self.validate_argument_spec(OPTIONS)
            return {**result, **self._check(params)}
        except InvalidInput as error:
            return {**result, "failed": True, "msg": str(error)}

    def _check(self, params: Mapping[str, Any]) -> dict[str, Any]:
        target, format_ = _target(params), _format(params)
        files = policy_files.read(params["paths"], self._loader)
        found = lint.check(files, Values(self._loader, self._templar), target)
        counted = findings.summary(found, len(files.files), len(files.policies))
        # Exported files have a note for every key that ONTAP keeps to itself: that is for the report, not for a terminal.
        text = findings.as_text([one for one in found if one.severity != findings.NOTE], counted)
        if params["report"]:
            _write(params["report"], findings.FORMATS[format_](found, counted))
        failed = any(counted[severity] for severity in _FAILING[params["fail_on"]])
        # What does not fail, Ansible does not show, and before 2.19 it shows the lines of a failure as one.
        if any(counted[severity] for severity in (findings.ERROR, findings.WARNING)) and not (
            failed and _FAILURES_KEEP_LINES
        ):
            Display().display(text)
        return {
            "failed": failed,
            "msg": text,
            "findings": [one.as_dict() for one in found],
            "summary": counted,
            "files": [vars(one) for one in files.files],
            "svms": files.svms,
            "checksum": files.checksum,
            "report": params["report"],
        }


def _target(params: Mapping[str, Any]) -> lint.Target:
    """What the files are checked for. Raises ``InvalidInput``."""
    problems = []
    addresses: dict[str, list[str]] = {}
    for option in ("management_addresses", "controller_addresses"):
        addresses[option] = []
        for address in params[option]:
            try:
                addresses[option].append(normalize.ip_address(address))
            except ValueError as error:
                problems.append(f"{option}: {error}")
    if problems:
        raise InvalidInput(*problems)
    return lint.Target(arguments.version(params["ontap_version"]), **addresses)


def _format(params: Mapping[str, Any]) -> str:
    """The format of the report. Raises ``InvalidInput``."""
    if params["report_format"] or not params["report"]:
        return str(params["report_format"] or "text")
    suffix = os.path.splitext(params["report"])[1]
    if suffix not in _FORMAT_OF:
        raise InvalidInput(
            f"report: ends with none of {', '.join(_FORMAT_OF)}; name it so, or give report_format as well."
        )
    return _FORMAT_OF[suffix]


def _write(path: str, text: str) -> None:
    """Writes a report, into a folder that is made if there is none. Raises ``InvalidInput``."""
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(text if text.endswith("\n") else f"{text}\n")
    except OSError as error:
        raise InvalidInput(f"report: {path} can't be written: {error.strerror}.") from None
