# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of the collection on a host of the lab, whose daemon they talk to. Called without Ansible around them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from environment import CHECKOUT
from lab.hosts import Ipsec

_SCRIPT = """
import json, subprocess
from ansible_collections.wiresec.ontap.plugins.module_utils._1_daemons.kinds import daemon_of
from ansible_collections.wiresec.ontap.plugins.modules import {module}

def command(argv):
    ran = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return ran.returncode, ran.stdout, ran.stderr

options = {{"format": {daemon!r}, "directory": None, "socket": None, "pid_file": "/run/pluto/pluto.pid", **{options!r}}}
daemon = daemon_of(options, command)
print(json.dumps({module}.run(daemon, {arguments})))
"""


def _ran(host: Ipsec, module: str, daemon: str, arguments: str, options: Mapping[str, Any] | None = None) -> Any:
    script = _SCRIPT.format(module=module, daemon=daemon, arguments=arguments, options=dict(options or {}))
    # As the interpreter of the environment, which has Ansible, and as little as can be beside.
    printed = host.run(sys.executable, "-c", script, timeout=150, env={"PYTHONPATH": str(CHECKOUT / ".venv")})
    return json.loads(printed)


def load(host: Ipsec, daemon: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What ``ipsec_client_load`` returns. options: where certificates, keys and authorities are."""
    result: dict[str, Any] = _ran(host, "ipsec_client_load", daemon, "'/run/wiresec.json', 10, False", options)
    return result


def info(host: Ipsec, daemon: str) -> dict[str, Any]:
    """What ``ipsec_client_info`` returns."""
    log = f"lambda: ipsec_client_info.log_of({{'log_file': {host.LOG!r}}}, None)"
    result: dict[str, Any] = _ran(host, "ipsec_client_info", daemon, f"{log}, {daemon!r}")
    return result


def negotiate(host: Ipsec, daemon: str, renew: bool, wait: int = 60) -> dict[str, Any]:
    """What ``ipsec_client_negotiate`` finds after so many seconds at most; with ``renew``, after the end of all associations."""
    arguments = f"sorted(daemon.protecting()) if {renew} else [], {wait}, False"
    result: dict[str, Any] = _ran(host, "ipsec_client_negotiate", daemon, arguments)
    return result
