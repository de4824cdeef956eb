# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which daemon a task means, by its options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .daemon import Daemon
from .libreswan import Libreswan, Run
from .strongswan import StrongSwan

DAEMON_OPTIONS: dict[str, Any] = {
    "format": {"type": "str", "choices": ["strongswan", "libreswan"], "default": "strongswan"},
    "directory": {"type": "path"},
    "socket": {"type": "path"},
    "pid_file": {"type": "path", "default": "/run/pluto/pluto.pid"},
}

_SOCKETS = ("/run/charon.vici", "/run/strongswan/charon.vici")
_DIRECTORIES = {"strongswan": "/etc/swanctl/conf.d", "libreswan": "/etc/ipsec.d"}


def daemon_of(params: Mapping[str, Any], run: Run) -> Daemon:
    """The daemon that ``DAEMON_OPTIONS`` describe; certificates, keys and authorities where a task has such options, too."""
    folder = params["directory"] or _DIRECTORIES[params["format"]]
    if params["format"] == "strongswan":
        sockets = [params["socket"]] if params["socket"] else _SOCKETS
        return StrongSwan(folder, sockets, params.get("private_keys", []), params.get("authorities", []))
    return Libreswan(folder, params["pid_file"], params.get("certificates", []), run)
