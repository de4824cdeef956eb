# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""strongSwan's daemon on this machine: its own connections only, by VICI."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

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
from .own_view import View, of_strongswan
from .vici import Message, Vici, ViciError

_LISTS = ("local_addrs", "remote_addrs", "proposals", "esp_proposals", "local_ts", "remote_ts")
_CERTIFICATES = {"certs": "x509", "cacerts": "x509ca"}
"""Lists of files, each with the folder beside that of the connections in which swanctl looks for them."""

_KINDS = ("ike", "ppk")


class StrongSwan(Daemon):
    """See ``Daemon``.

    folder: of the connections. sockets: where the daemon may listen. keys, authorities: files with private keys and certificates
    of authorities.
    """

    def __init__(self, folder: str, sockets: Sequence[str], keys: Sequence[str], authorities: Sequence[str]) -> None:
        self._folder = folder
        self._sockets = sockets
        self._keys = keys
        self._authorities = authorities

    @cached_property
    def _parts(self) -> dict[str, tuple[Message, Message]]:
        try:
            return own_files.strongswan_parts(own_files.texts(self._folder, ".conf"))
        except ValueError as error:
            raise DaemonError(f"a file in {self._folder} is not as it was written: {error}") from None

    @property
    def _connections(self) -> dict[str, Message]:
        return {name: section for name, (section, _secrets) in self._parts.items()}

    def _secrets_of(self, name: str) -> dict[str, Message]:
        return self._parts[name][1]

    def incarnation(self) -> str:
        """See ``Daemon``."""
        return identity(self._process())

    def has_read_the_files(self) -> bool:
        """See ``Daemon``. Its unit lets swanctl load everything right after the start."""
        credentials = [path for section in self._connections.values() for path in self._credential_files(section)]
        return own_files.last_change(self._folder, credentials) < started(self._process())

    def _process(self) -> int:
        with self._vici() as vici:
            return vici.process

    def wanted(self) -> Mapping[str, str]:
        """See ``Daemon``."""
        return {
            name: own_files.digest(section, self._secrets_of(name), self._credentials(section))
            for name, section in self._connections.items()
        }

    def _credentials(self, section: Message) -> list[str]:
        """What a connection authenticates by beside its secrets, where that are certificates."""
        return [base64.b64encode(contents(path)).decode("ascii") for path in self._credential_files(section)]

    def _credential_files(self, section: Message) -> list[str]:
        if section.get("local", {}).get("auth") != "pubkey":
            return []
        files = [*self._keys, *self._authorities]
        for end in ("local", "remote"):
            files += [path for key, folder in _CERTIFICATES.items() for path in self._paths(section[end], key, folder)]
        return files

    def _paths(self, section: Message, key: str, folder: str) -> list[str]:
        """The files that a list names, as swanctl finds them."""
        beside = os.path.join(os.path.dirname(self._folder.rstrip(os.sep)), folder)
        return [os.path.join(beside, path) for path in section.get(key, "").split(", ") if path]

    def loaded(self) -> set[str]:
        """See ``Daemon``."""
        with self._vici() as vici:
            names = [name.decode("utf-8", "replace") for name in vici.request("get-conns").get("conns", [])]
        return {name for name in names if name.startswith(own_files.PREFIX)}

    def load(self, names: Iterable[str], known: Mapping[str, str]) -> None:
        """See ``Daemon``. What is loaded already and the same stays as it is, associations among it."""
        with self._vici() as vici:
            todo = [(name, self._connections[name]) for name in names]
            if any(self._credentials(section) for _name, section in todo):
                for path in self._keys:
                    self._ask(vici, path, "load-key", {"type": "any", "data": contents(path)})
                for path in self._authorities:
                    self._ask(vici, path, "load-cert", {"type": "X509", "flag": "CA", "data": contents(path)})
            for name, section in todo:
                for key, secret in self._secrets_of(name).items():
                    self._ask(vici, name, "load-shared", _shared(key, secret))
                self._ask(vici, name, "load-conn", {name: self._message(section)})

    def _message(self, section: Message) -> Message:
        """A section as the daemon takes it: lists as lists, certificates instead of their files."""
        message: Message = {}
        for key, value in section.items():
            if isinstance(value, dict):
                message[key] = self._message(value)
            elif key in _CERTIFICATES:
                message[key] = [contents(path) for path in self._paths(section, key, _CERTIFICATES[key])]
            else:
                message[key] = [one.strip() for one in value.split(",")] if key in _LISTS else value
        return message

    def unload(self, names: Iterable[str]) -> None:
        """See ``Daemon``."""
        with self._vici() as vici:
            known = [key.decode("utf-8", "replace") for key in vici.request("get-shared").get("keys", [])]
            for name in names:
                self._ask(vici, name, "unload-conn", {"name": name})
                for kind in _KINDS:
                    if f"{kind}-{name}" in known:
                        self._ask(vici, name, "unload-shared", {"id": f"{kind}-{name}"})
                self._terminate(vici, name)

    def _terminate(self, vici: Vici, name: str) -> None:
        if any(name in one for one in vici.stream("list-sas", "list-sa", {"ike": name})):
            # It waits for nobody, because the other side may know nothing of it any more.
            self._ask(vici, name, "terminate", {"ike": name, "force": "yes", "timeout": "-1"})

    def trapped(self) -> set[str]:
        """See ``Daemon``."""
        with self._vici() as vici:
            told = vici.stream("list-policies", "list-policy", {"trap": "yes", "pass": "yes", "drop": "yes"})
        return {section["child"].decode("utf-8", "replace") for one in told for section in one.values()}

    def protecting(self) -> set[str]:
        """See ``Daemon``."""
        return {
            name
            for name, section in self._connections.items()
            if "remote" in section and "/" not in section["remote_addrs"]
        }

    def negotiate(self, name: str) -> None:
        """See ``Daemon``. Waits for some seconds, and says what kept it from succeeding."""
        with self._vici() as vici:
            self._ask(vici, name, "initiate", {"ike": name, "child": name, "timeout": "4000", "loglevel": "0"})

    def end(self, name: str) -> None:
        """See ``Daemon``. The trap stays as it is."""
        with self._vici() as vici:
            self._terminate(vici, name)

    def traffic(self) -> Mapping[str, Traffic]:
        """See ``Daemon``."""
        found: dict[str, Traffic] = {}
        with self._vici() as vici:
            events = vici.stream("list-sas", "list-sa")
        for child in (one for event in events for ike in event.values() for one in ike.get("child-sas", {}).values()):
            name = child["name"].decode("utf-8", "replace")
            if child["state"] == b"INSTALLED":
                so_far = found.get(name, Traffic())
                found[name] = Traffic(
                    so_far.associations + 1,
                    so_far.bytes_in + int(child["bytes-in"]),
                    so_far.bytes_out + int(child["bytes-out"]),
                )
        return found

    def views(self) -> list[View]:
        """See ``Daemon``."""
        return [of_strongswan(name, section) for name, section in self._connections.items()]

    def negotiated(self) -> Mapping[str, Negotiated]:
        """See ``Daemon``. Of several, one that is established counts."""
        found: dict[str, Negotiated] = {}
        with self._vici() as vici:
            events = vici.stream("list-sas", "list-sa")
        for name, ike in (pair for event in events for pair in event.items()):
            state = ike["state"].decode("ascii", "replace").lower()
            children = sum(one["state"] == b"INSTALLED" for one in ike.get("child-sas", {}).values())
            so_far = found.get(name, Negotiated(state, 0))
            best = state if state == "established" else so_far.ike
            found[name] = Negotiated(best, so_far.children + children)
        return found

    def _vici(self) -> Vici:
        try:
            return Vici(next(filter(os.path.exists, self._sockets), self._sockets[0]))
        except ViciError as error:
            raise DaemonError(str(error)) from None

    def _ask(self, vici: Vici, about: str, command: str, message: Mapping[str, Any]) -> None:
        try:
            vici.request(command, message)
        except ViciError as error:
            raise DaemonError(f"{about}: {error}") from None


def _shared(key: str, secret: Mapping[str, str]) -> Message:
    """A secret as swanctl would hand it over, under the same name, so that both know it as the same."""
    owners = [value for option, value in secret.items() if option.startswith("id")]
    data = base64.b64decode(secret["secret"][2:])
    return {"id": key, "type": key.partition("-")[0], "data": data, "owners": owners}
