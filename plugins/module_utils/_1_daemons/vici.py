# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VICI, by which strongSwan's daemon is told what to do: one request after the other over a socket.

Source: strongSwan, src/libcharon/plugins/vici/README.md. ``swanctl`` speaks it, too, but loads all connections of all files, and
unloads those that others have loaded.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

_REQUEST, _RESPONSE, _UNKNOWN, _REGISTER, _UNREGISTER, _CONFIRM, _NO_EVENT, _EVENT = range(8)
_SECTION, _END_OF_SECTION, _KEY, _LIST, _ITEM, _END_OF_LIST = range(1, 7)

Message = dict[str, Any]
"""Sections are mappings, lists are lists, values are bytes, or text where a message is made."""


class ViciError(Exception):
    """The daemon does not answer, or refuses; the message says what."""


class Vici:
    """A connection to the daemon. Use it in a ``with`` statement."""

    def __init__(self, path: str, timeout: float = 30) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(path)
        except OSError as error:
            self._socket.close()
            raise ViciError(
                f"strongSwan does not answer at {path}: {error.strerror or error}. Is it running?"
            ) from None

    def __enter__(self) -> Vici:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    @property
    def process(self) -> int:
        """The number of the daemon's process."""
        credentials = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[0])

    def request(self, command: str, message: Mapping[str, Any] | None = None) -> Message:
        """The answer to a command. Raises ``ViciError`` where it says that it failed."""
        answer, _events = self._ask(command, message, "")
        if answer.get("success", b"yes") != b"yes":
            raise ViciError(f"{command} failed: {_text(answer.get('errmsg', b''))}")
        return answer

    def stream(self, command: str, event: str, message: Mapping[str, Any] | None = None) -> list[Message]:
        """The events that a command answers with. Raises ``ViciError``."""
        self._send(struct.pack("!BB", _REGISTER, len(event)) + event.encode("ascii"))
        if self._receive()[:1] != bytes([_CONFIRM]):
            raise ViciError(f"this release of strongSwan has no event {event}.")
        try:
            return self._ask(command, message, event)[1]
        finally:
            self._send(struct.pack("!BB", _UNREGISTER, len(event)) + event.encode("ascii"))
            while self._receive()[:1] != bytes([_CONFIRM]):
                pass

    def _ask(self, command: str, message: Mapping[str, Any] | None, event: str) -> tuple[Message, list[Message]]:
        self._send(struct.pack("!BB", _REQUEST, len(command)) + command.encode("ascii") + encoded(message or {}))
        events: list[Message] = []
        while True:
            packet = self._receive()
            if packet[0] == _RESPONSE:
                return decoded(packet[1:]), events
            if packet[0] == _UNKNOWN:
                raise ViciError(f"this release of strongSwan has no command {command}.")
            if packet[0] == _EVENT and packet[2 : 2 + packet[1]].decode("ascii") == event:
                events.append(decoded(packet[2 + packet[1] :]))

    def _send(self, packet: bytes) -> None:
        try:
            self._socket.sendall(struct.pack("!I", len(packet)) + packet)
        except OSError as error:
            raise ViciError(f"strongSwan at {self._path}: {error.strerror or error}.") from None

    def _receive(self) -> bytes:
        (length,) = struct.unpack("!I", self._exactly(4))
        return self._exactly(length)

    def _exactly(self, length: int) -> bytes:
        received = b""
        while len(received) < length:
            try:
                part = self._socket.recv(length - len(received))
            except OSError as error:
                raise ViciError(f"strongSwan at {self._path}: {error.strerror or error}.") from None
            if not part:
                raise ViciError(f"strongSwan at {self._path} has closed the connection.")
            received += part
        return received


def encoded(message: Mapping[str, Any]) -> bytes:
    """A message as bytes."""
    return b"".join(_elements(message))


def _elements(message: Mapping[str, Any]) -> Iterator[bytes]:
    for key, value in message.items():
        name = struct.pack("!B", len(key)) + key.encode("ascii")
        if isinstance(value, Mapping):
            yield bytes([_SECTION]) + name
            yield from _elements(value)
            yield bytes([_END_OF_SECTION])
        elif isinstance(value, (list, tuple)):
            yield bytes([_LIST]) + name
            yield from (bytes([_ITEM]) + _value(item) for item in value)
            yield bytes([_END_OF_LIST])
        else:
            yield bytes([_KEY]) + name + _value(value)


def _value(value: str | bytes) -> bytes:
    data = value.encode("utf-8") if isinstance(value, str) else value
    return struct.pack("!H", len(data)) + data


def decoded(data: bytes) -> Message:
    """A message from bytes. Raises ``ViciError`` for what is none."""
    stack: list[Message] = [{}]
    items: list[bytes] | None = None
    at = 0

    def take(width: int) -> bytes:
        nonlocal at
        length = int.from_bytes(data[at : at + width], "big")
        at += width + length
        if at > len(data):
            raise ViciError("strongSwan's answer is cut off.")
        return data[at - length : at]

    while at < len(data):
        kind = data[at]
        at += 1
        if kind == _SECTION:
            inner: Message = {}
            stack[-1][_text(take(1))] = inner
            stack.append(inner)
        elif kind == _END_OF_SECTION and len(stack) > 1:
            stack.pop()
        elif kind == _KEY:
            name = _text(take(1))
            stack[-1][name] = take(2)
        elif kind == _LIST:
            items = stack[-1][_text(take(1))] = []
        elif kind == _ITEM and items is not None:
            items.append(take(2))
        elif kind == _END_OF_LIST:
            items = None
        else:
            raise ViciError("strongSwan's answer makes no sense.")
    return stack[0]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
