# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site in the lab: arrays and clients on one wire, and a repository from which Ansible configures both, as its users do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import yaml

from environment import PROGRAMS
from lab.clients import DAEMONS, around
from lab.door import Door, reached
from lab.guest import Guest
from lab.hosts import Ipsec, Network, StrongSwan
from lab.negotiating_array import NegotiatingArray
from simulator import Request
from support.harness import Play, ansible_playbook, base_environment


class Site:
    """Arrays, clients and their repository; as a context, all of it is gone at its end."""

    def __init__(self, guest: Guest, folder: Path) -> None:
        """The repository is made in a folder."""
        self.guest, self.folder = guest, folder
        self.arrays: dict[str, NegotiatingArray] = {}
        self.clients: dict[str, Ipsec] = {}
        self.secrets: dict[str, str] = {}
        """The variables of the environment that have the keys, by their names: no run may show one."""
        self._variables: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.network = stack.enter_context(Network(self.guest))
            self._door = stack.enter_context(Door(self.guest, self.folder))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def array(self, name: str, *addresses: str, **variables: Any) -> NegotiatingArray:
        """A new array, which the repository calls so, with its addresses on the wire; ``variables`` go to its inventory."""
        one = self._stack.enter_context(NegotiatingArray(self.network, *addresses, name=name))
        self.arrays[name] = one
        self._variables[name] = {"ipsec_hostname": f"{one.host}:{one.port}", **variables}
        return one

    def client(self, name: str, daemon: str, address: str, **variables: Any) -> Ipsec:
        """A new client with a daemon that runs, and nothing configured."""
        one = DAEMONS[daemon](self.network, name, address)
        if isinstance(one, StrongSwan):
            # What the role would write, see below.
            one.write(around(daemon), mode=0o644)
            one.start_daemon()
        else:
            one.start()
        self.clients[name] = one
        self._variables[name] = {
            **reached(one),
            "ansible_python_interpreter": sys.executable,
            "ipsec_client_format": daemon,
            "ipsec_client_addresses": one.addresses,
            # Its packages are there, and no package manager would find them. Nothing is mounted, and there is no systemd.
            "ipsec_client_install": False,
            "ipsec_client_before_mounts": False,
            # This is there as well. In tests/hosts, where nothing is slow, the role writes it, and has it checked first.
            "ipsec_client_retransmission": False,
            **variables,
        }
        return one

    def write(self, path: str, content: Any) -> None:
        """Writes a file of the repository: a text as it is, anything else as YAML."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))

    def play(self, *arguments: str, killed_after: tuple[str, str] | None = None) -> Play:
        """Runs a playbook in the repository, so loudly that everything that can be seen is seen: no key may be.

        killed_after: the method and the path of a request to an array, after which the run is killed before it has an answer.
        """
        self._write_what_counts()
        environment = {
            **base_environment(self.folder / "results.jsonl"),
            **self._door.environment(),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_INVENTORY": "inventory.yml",
            # A guest needs seconds to find out what it is.
            "ANSIBLE_CACHE_PLUGIN": "jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(self.folder / "facts"),
            "ONTAP_USERNAME": NegotiatingArray.username,
            "ONTAP_PASSWORD": NegotiatingArray.password,
            "ONTAP_CA_PATH": str(self.folder / "ca.pem"),
            # What an array answers counts on the wire by then, and a guest is slow.
            "ONTAP_TIMEOUT": "120",
            **self.secrets,
        }
        given = [*arguments, "-vvvv", "--diff"]
        done = (
            self._killed(given, environment, *killed_after)
            if killed_after
            else ansible_playbook(given, environment, self.folder)
        )
        shown = done.output + json.dumps(done.results)
        assert not [name for name, secret in self.secrets.items() if secret in shown], "a key is shown"
        return done

    def _write_what_counts(self) -> None:
        """Writes the inventory, and the authorities of all arrays."""
        groups = {"clusters": list(self.arrays), "clients": list(self.clients)}
        hosts = {group: {"hosts": {name: self._variables[name] for name in names}} for group, names in groups.items()}
        self.write("ca.pem", "".join(Path(one.ca_path).read_text() for one in self.arrays.values()))
        self.write("inventory.yml", {"all": {"children": hosts}})

    def _killed(self, arguments: list[str], environment: dict[str, str], method: str, path: str) -> Play:
        with subprocess.Popen(
            [PROGRAMS / "ansible-playbook", *arguments],
            env=environment,
            cwd=self.folder,
            encoding="utf-8",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:

            def kill(request: Request) -> None:
                if (request.method, request.path) == (method, path):
                    os.killpg(process.pid, signal.SIGKILL)

            former = {name: one.on_request for name, one in self.arrays.items()}
            for one in self.arrays.values():
                one.on_request = kill
            output, _nothing = process.communicate()
        for name, one in self.arrays.items():
            one.on_request = former[name]
        return Play(process.returncode, output)
