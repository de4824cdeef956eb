# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that passes only when a test says so, for the client's pauses and for its time-outs on real sockets."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from weakref import WeakKeyDictionary


class Clock:
    """Stands in for the module ``time``: it moves when somebody sleeps, and when a test advances it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Lets time pass at once, and remembers how much."""
        self.pauses.append(seconds)
        self.now += seconds

    def advance(self, seconds: float) -> None:
        """Lets time pass without anybody having slept, as when an answer does not come."""
        self.now += seconds

    @contextmanager
    def governs_sockets(self) -> Iterator[None]:
        """Within, a TLS client's wait for data ends when data is there or when its time-out has passed on this clock.

        The time-out runs from the last thing that was sent: a server that is quick may move the clock on before the
        client begins to wait.
        """
        send, receive = ssl.SSLSocket.sendall, ssl.SSLSocket.recv_into
        sent: WeakKeyDictionary[ssl.SSLSocket, float] = WeakKeyDictionary()

        def sendall(sock: ssl.SSLSocket, *arguments: Any, **options: Any) -> None:
            sent[sock] = self.now
            send(sock, *arguments, **options)

        def recv_into(sock: ssl.SSLSocket, *arguments: Any, **options: Any) -> int:
            time_out = sock.gettimeout()
            sock.settimeout(0.005)
            try:
                while True:
                    try:
                        return receive(sock, *arguments, **options)
                    except TimeoutError:
                        if time_out is not None and self.now >= sent.get(sock, self.now) + time_out:
                            raise
            finally:
                sock.settimeout(time_out)

        with (
            mock.patch.object(ssl.SSLSocket, "sendall", sendall),
            mock.patch.object(ssl.SSLSocket, "recv_into", recv_into),
        ):
            yield
