# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Ansible reaches a host of the lab."""

from __future__ import annotations

DOCUMENTATION = """
name: lab
short_description: run commands on hosts of the lab
description: Commands go through the door of a guest, see tests/lab/door.py.
author: wiresec.ontap contributors
options:
  host:
    description: The host.
    type: str
    required: true
    vars:
      - name: ansible_host
  door:
    description: The socket of the guest.
    type: path
    required: true
    env:
      - name: LAB_DOOR
extends_documentation_fragment: connection_pipelining
"""

import base64
import json
import shlex
import socket
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

TIMEOUT = 600
"""Seconds for a command: a module that waits for associations takes its time, and a guest is slow."""


class Connection(ConnectionBase):
    """A host of the lab, as root."""

    transport = "lab"
    has_pipelining = True

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Runs a command of the shell: its exit code and what it printed."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        request = {
            "host": self.get_option("host"),
            "argv": ["/bin/sh", "-c", cmd],
            "stdin": base64.b64encode(in_data or b"").decode(),
            "timeout": TIMEOUT,
        }
        with socket.socket(socket.AF_UNIX) as door:
            try:
                door.connect(self.get_option("door"))
                door.sendall(json.dumps(request).encode() + b"\n")
                answer = json.loads(b"".join(iter(lambda: door.recv(1 << 16), b"")))
            except (OSError, ValueError) as error:
                raise AnsibleConnectionFailure(f"the lab does not answer: {error}") from error
        if "failed" in answer:
            raise AnsibleConnectionFailure(answer["failed"])
        ran = answer["ran"]
        return ran["code"], base64.b64decode(ran["out"]), base64.b64decode(ran["err"])

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copies a file of this machine to the host."""
        super().put_file(in_path, out_path)
        self._copied(f"cat > {shlex.quote(out_path)}", Path(in_path).read_bytes())

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copies a file of the host to this machine."""
        super().fetch_file(in_path, out_path)
        Path(out_path).write_bytes(self._copied(f"cat {shlex.quote(in_path)}"))

    def close(self) -> None:
        """Leaves nothing behind: each command was a connection of its own."""
        self._connected = False

    def _copied(self, command: str, data: bytes = b"") -> bytes:
        code, out, err = self.exec_command(command, data, sudoable=False)
        if code:
            raise AnsibleConnectionFailure(f"{command}: {err.decode(errors='replace')}")
        return out
