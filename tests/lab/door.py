# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A door to the hosts of a guest, for other processes of this machine: Ansible's, which call it by the connection plugin ``lab``.

On a socket of this machine, each connection brings one request and takes one answer, both JSON.
"""

from __future__ import annotations

import json
import socketserver
import threading
from pathlib import Path
from typing import Any, Self

from lab.guest import Guest, GuestFailed
from lab.hosts import Host

PLUGINS = Path(__file__).with_name("connection_plugins")


class Door(socketserver.ThreadingUnixStreamServer):
    """The open door; as a context, it is closed at its end. There is one for a guest."""

    daemon_threads = True

    def __init__(self, guest: Guest, folder: Path) -> None:
        """The socket is made in a folder."""
        self.guest = guest
        super().__init__(str(folder / "door"), _Request)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()

    def environment(self) -> dict[str, str]:
        """The variables by which Ansible finds the plugin, and the plugin the door."""
        return {"ANSIBLE_CONNECTION_PLUGINS": str(PLUGINS), "LAB_DOOR": str(self.server_address)}


def reached(host: Host) -> dict[str, Any]:
    """The variables of an inventory by which Ansible reaches a host: as root, without a detour."""
    return {"ansible_connection": "lab", "ansible_host": host.id, "ansible_become": False, "ansible_pipelining": True}


class _Request(socketserver.StreamRequestHandler):
    """A command for a host: as ``run`` of the agent takes it, and answers."""

    server: Door

    def handle(self) -> None:
        asked = json.loads(self.rfile.readline())
        try:
            answer = {"ran": self.server.guest.ask("run", **asked)}
        except GuestFailed as error:
            answer = {"failed": str(error)}
        self.wfile.write(json.dumps(answer).encode())
