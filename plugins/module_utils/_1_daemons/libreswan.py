# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libreswan's daemon on this machine: its own connections only, by the command ``ipsec``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Callable

from . import own_files
from .daemon import (
    Daemon,
    DaemonError,
    Negotiated,
    Traffic,
    contents,
    identity,
    started,
)
from .own_view import View, of_libreswan

_BLOCK = (
    *("ip", "xfrm", "policy", "update", "dir", "out", "action", "block"),
    *("priority", "4294967295", "limit", "time-hard", "60"),
)
"""Makes the kernel drop packets for a minute, unless a policy of any other priority, such as a trap, says what to do with them."""

_DATABASE = ("/var/lib/ipsec/nss/cert9.db", "/var/lib/ipsec/nss/key4.db")
"""Where the daemon has certificates and keys from."""

Run = Callable[[Sequence[str]], "tuple[int, str, str]"]
"""Runs a command; gives its exit status, output and errors."""


class Libreswan(Daemon):
    """See ``Daemon``. folder: of the connections. pid_file: of the daemon. certificates: files. run: runs a command."""

    def __init__(self, folder: str, pid_file: str, certificates: Sequence[str], run: Run) -> None:
        self._folder = folder
        self._pid_file = pid_file
        self._certificates = certificates
        self._run = run

    @property
    def _connections(self) -> dict[str, str]:
        return {name: text for name, (text, _secrets) in self._parts.items()}

    @cached_property
    def _parts(self) -> dict[str, tuple[str, list[str]]]:
        return own_files.libreswan_parts(*(own_files.texts(self._folder, ending) for ending in (".conf", ".secrets")))

    def incarnation(self) -> str:
        """See ``Daemon``."""
        return identity(self._process())

    def has_read_the_files(self) -> bool:
        """See ``Daemon``. It does so by itself."""
        certificates = [*self._certificates, *_DATABASE] if self._certificates else []
        return own_files.last_change(self._folder, certificates) < started(self._process())

    def _process(self) -> int:
        if not os.path.exists(self._pid_file):
            raise DaemonError(f"libreswan has no {self._pid_file}: is it running?")
        return int(contents(self._pid_file).split()[0])

    def wanted(self) -> Mapping[str, str]:
        """See ``Daemon``. Which certificate a connection takes is in a database, so all count for each that takes one."""
        certificates = [contents(path).decode("utf-8", "replace") for path in self._certificates]
        return {
            name: f"{own_files.digest(text)} {own_files.digest(secrets if _by_key(text) else certificates)}"
            for name, (text, secrets) in self._parts.items()
        }

    def loaded(self) -> set[str]:
        """See ``Daemon``."""
        return set(re.findall(r'"(wiresec-[\w-]+)"', self._status()))

    def load(self, names: Iterable[str], known: Mapping[str, str]) -> None:
        """See ``Daemon``. A connection that is there already ends, and begins anew, unless only its key is another one."""
        self._ipsec("rereadsecrets")
        wanted, loaded, in_use = self.wanted(), self.loaded(), self.traffic()
        for name in names:
            if _by_key(self._connections[name]) and _options(known.get(name, "")) == _options(wanted[name]):
                continue
            if name in loaded:
                self.end(name)
                if name in in_use:
                    # For packets of the moment in between, the kernel has asked in vain, and does so again after half a minute.
                    self.negotiate(name)
            else:
                self._ipsec("ondemand", name)

    def end(self, name: str) -> None:
        """See ``Daemon``. What the file says takes the place of what was there, its trap among it."""
        guard = _guard(self._connections[name])
        if guard:
            self._command([*_BLOCK, *guard])
        self._ipsec("ondemand", name)

    def unload(self, names: Iterable[str]) -> None:
        """See ``Daemon``."""
        for name in names:
            self._ipsec("delete", name)
        self._ipsec("rereadsecrets")

    def trapped(self) -> set[str]:
        """See ``Daemon``: those that the daemon calls routed in one way or another."""
        lines = self._status().splitlines()
        routed = (re.search(r'"(wiresec-[\w-]+)"[^:]*:.*;.*?(unrouted|\w*routed)', line) for line in lines)
        return {found[1] for found in routed if found and found[2] != "unrouted"}

    def protecting(self) -> set[str]:
        """See ``Daemon``."""
        return {
            name
            for name, text in self._connections.items()
            if "type=transport\n" in text and not re.search(r"^right=(0\.0\.0\.0|::)$", text, re.M)
        }

    def negotiate(self, name: str) -> None:
        """See ``Daemon``. It waits for nothing, because the daemon itself would wait for ever."""
        self._command(["ipsec", "whack", "--asynchronous", "--initiate", "--name", name])

    def traffic(self) -> Mapping[str, Traffic]:
        """See ``Daemon``."""
        found: dict[str, Traffic] = {}
        for line in self._command(["ipsec", "whack", "--trafficstatus"]).splitlines():
            about = re.search(r'"([^"]+)".*, inBytes=(\d+), outBytes=(\d+)', line)
            if about:
                so_far = found.get(about[1], Traffic())
                found[about[1]] = Traffic(
                    so_far.associations + 1, so_far.bytes_in + int(about[2]), so_far.bytes_out + int(about[3])
                )
        return found

    def views(self) -> list[View]:
        """See ``Daemon``."""
        return [of_libreswan(name, text) for name, text in self._connections.items()]

    def negotiated(self) -> Mapping[str, Negotiated]:
        """See ``Daemon``."""
        found: dict[str, Negotiated] = {}
        for line in self._command(["ipsec", "whack", "--showstates"]).splitlines():
            about = re.search(r'#\d+: "([^"]+)".*?\((.*?)\)', line)
            if about:
                so_far = found.get(about[1], Negotiated("connecting", 0))
                up = "established" in about[2]
                child = "established Child SA" in about[2]
                found[about[1]] = Negotiated("established" if up else so_far.ike, so_far.children + child)
        return found

    def _status(self) -> str:
        return self._command(["ipsec", "status"])

    def _ipsec(self, what: str, *names: str) -> None:
        # libreswan 5 would do without the word auto, and takes it.
        self._command(["ipsec", "auto", f"--{what}", *names])

    def _command(self, command: Sequence[str]) -> str:
        code, output, errors = self._run(command)
        if code:
            raise DaemonError(f"{' '.join(command)} failed: {(errors or output).strip()}")
        return output


def _options(digests: str) -> str:
    """Of what ``wanted`` says, that about everything but secrets and certificates."""
    return digests.partition(" ")[0]


def _guard(text: str) -> list[str]:
    """What keeps the packets of a connection from leaving while it is replaced: the selector of a policy of the kernel.

    The daemon takes away the trap before it makes the next. The kernel keeps two policies for the same packets only if they want
    different marks, and ``ip`` can't delete one that wants none: it ends by itself.
    """
    options = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    if options.get("type") != "transport":
        return []
    protocol, _slash, port = options.get("rightprotoport", "").partition("/")
    own_port = options.get("leftprotoport", "").partition("/")[2]
    return [
        *("src", options["left"], "dst", options.get("rightsubnet", options["right"])),
        *(["proto", protocol] if protocol else []),
        *(["sport", own_port] if own_port.strip("0") else []),
        *(["dport", port] if port.strip("0") else []),
        *("mark", "0", "mask", "0xffffffff"),
    ]


def _by_key(text: str) -> bool:
    return "authby=secret\n" in text
