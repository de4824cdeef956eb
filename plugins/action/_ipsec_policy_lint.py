# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks policy files on the controller; documented in modules/ipsec_policy_lint.py."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from ansible import template
from ansible.plugins.action import ActionBase

from ..module_utils._0_basics import normalize, x509
from ..module_utils._0_basics.errors import InvalidInput
from ..module_utils._5_task import given
from ..module_utils._5_task.connection import release_of
from ..modules.ipsec_policy_lint import OPTIONS
from ..plugin_utils._0_execution.in_process import plain
from ..plugin_utils._0_reports import findings, terminal
from ..plugin_utils._1_policy_files import policy_files
from ..plugin_utils._1_policy_files.policy_values import Values
from ..plugin_utils._2_lint import lint, pem_files

_FAILURES_KEEP_LINES = hasattr(template, "trust_as_template")  # ansible-core 2.19 and later
_FORMAT_OF = {".txt": "text", ".json": "json", ".sarif": "sarif"}
FAILING = {"error": ("error",), "warning": ("error", "warning"), "never": ()}


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
            return {**result, **self._check(params, task_vars or {})}
        except InvalidInput as error:
            return {**result, "failed": True, "msg": str(error)}

    def _check(self, params: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        target, format_ = target_of(params, task_vars), _format(params)
        days = params["expiry_warning"]
        if days < 0:
            raise InvalidInput(f"expiry_warning: {days} is too small.")
        files = policy_files.read(params["paths"], self._loader)
        found = findings.in_order(
            [
                *lint.check(files, Values(self._loader, self._templar, params["lookups"]), target),
                *pem_files.check(params["certificates"], self._loader, days, x509.now()),
            ]
        )
        counted = findings.summary(found, len(files.files), len(files.policies))
        # Exported files have a note for every key that ONTAP keeps to itself: that is for the report, not for a terminal.
        text = findings.on_terminal(found, counted)
        if params["report"]:
            _write(params["report"], findings.FORMATS[format_](found, counted))
        failed = any(counted[severity] for severity in FAILING[params["fail_on"]])
        # What does not fail, Ansible does not show, and before 2.19 it shows the lines of a failure as one.
        if not failed or not _FAILURES_KEEP_LINES:
            quiet = not any(counted[severity] for severity in (findings.ERROR, findings.WARNING))
            terminal.tell((f"{task_vars['inventory_hostname']}: {text}" if quiet else text).splitlines())
        return {
            **terminal.shown_once(),
            "failed": failed,
            "msg": text,
            "findings": [one.as_dict() for one in found],
            "summary": counted,
            "files": [vars(one) for one in files.files],
            "svms": files.svms,
            "checksum": files.checksum,
            "report": params["report"],
        }


def target_of(params: Mapping[str, Any], task_vars: Mapping[str, Any]) -> lint.Target:
    """What the files are checked for. Raises ``InvalidInput``."""
    problems = []
    managed: dict[str, list[Any]] = {"addresses": [], "names": [], "ports": []}
    controllers = []
    for address in params["management_addresses"]:
        try:
            host, port = _host(address)
        except ValueError as error:
            problems.append(f"management_addresses: {error}")
            continue
        managed["ports"] += [port] if port and port not in lint.MANAGEMENT else []
        try:
            managed["addresses"].append(normalize.ip_address(host))
        except ValueError:
            managed["names"].append(host)
    for address in params["controller_addresses"]:
        try:
            controllers.append(normalize.ip_address(address))
        except ValueError as error:
            problems.append(f"controller_addresses: {error}")
    windows = []
    for client in params.get("windows_clients", []):
        try:
            windows.append(ipaddress.ip_network(client, strict=False))
        except ValueError:
            problems.append(f"windows_clients: {client!r} is not an address or subnet.")
    if problems:
        raise InvalidInput(*problems)
    # One host of a play tells of folders that no host has; all of them would tell the same.
    tells = task_vars.get("inventory_hostname") in list(task_vars.get("ansible_play_hosts_all", []))[:1]
    return lint.Target(
        release_of(params["ontap_version"]),
        managed["addresses"],
        controllers,
        managed["names"],
        managed["ports"],
        list(task_vars.get("groups", {}).get("all", [])) if tells else None,
        windows,
        params.get("nfs3", True),
    )


def _host(text: str) -> tuple[str, int | None]:
    """Host and port of ``host``, ``host:port``, ``[address]:port`` or an address. Raises ``ValueError``."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?|([0-9A-Fa-f:.]+)", text.strip())
    if not match:
        raise ValueError(f"{text!r} is neither an address nor the name of a host.")
    return match.group(1) or match.group(2) or match.group(4), int(match.group(3)) if match.group(3) else None


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
