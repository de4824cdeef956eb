# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listening socket: it can be told to let the next connections fail before there is a request."""

from __future__ import annotations

import socket
import struct
from collections import deque
from collections.abc import Iterable
from typing import Any

from .messages import Rejection

_BACKLOG = 128
# A record of type 21 (alert), TLS 1.2, two bytes long: fatal, handshake failure.
_HANDSHAKE_FAILURE = bytes([21, 3, 3, 0, 2, 2, 40])


class Listener(socket.socket):
    """A listening socket; the event loop accepts connections by its method `accept`."""

    def __init__(self, host: str, port: int) -> None:
        """Listen at the first address of a host; OSError when the port is taken."""
        addresses = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _type, _protocol, _name, address = addresses[0]
        super().__init__(fileno=socket.create_server(address, family=family, backlog=_BACKLOG).detach())
        self._rejections: deque[Rejection] = deque()

    def reject(self, rejections: Iterable[Rejection]) -> None:
        """Let as many further connections fail."""
        self._rejections.extend(rejections)

    def welcome(self) -> None:
        """Let no connection fail that does not have to."""
        # Not cleared: the event loop may be just about to take one.
        self._rejections = deque()

    def accept(self) -> tuple[socket.socket, Any]:
        """Return a connection; ConnectionAbortedError, which the event loop expects, when it is closed at once."""
        connection, address = super().accept()
        rejections = self._rejections
        rejection = rejections.popleft() if rejections else None
        if rejection is Rejection.AT_ONCE:
            reset_when_closed(connection)
            connection.close()
            raise ConnectionAbortedError
        if rejection is Rejection.IN_HANDSHAKE:
            # Written here, not by the TLS layer: asyncio drops the alerts of a handshake that fails. What the client
            # says is read all the same, for a close with something unread would be a reset, and could beat the alert.
            connection.sendall(_HANDSHAKE_FAILURE)
            connection.shutdown(socket.SHUT_WR)
        return connection, address


def reset_when_closed(connection: socket.socket) -> None:
    """Make the end of a connection a reset (RST) instead of an orderly one."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
