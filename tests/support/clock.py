# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that passes only when a test says so, for the client's pauses and for its time-outs on real sockets."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
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

    def wait_in_vain(self, fault: str = "") -> Callable[[], None]:
        """What happens to this clock while a request of 30 s meets a fault of this kind.

        A listing that gives up is answered in the time that it was given, 5 s before the end of that of the request.
        """
        return lambda: self.advance(26 if fault == "gave_up" else 31)

    @contextmanager
    def governs_sockets(self) -> Iterator[None]:
        """Within, a TLS client's wait for data ends when data is there or when its time-out has passed on this clock.

        The time-out runs from the last thing that was sent: a server that is quick may move the clock on between the moment
        at which the client says how long it will wait, and the wait.
        """
        send = ssl.SSLSocket.sendall
        sent: WeakKeyDictionary[ssl.SSLSocket, float] = WeakKeyDictionary()

        def sendall(sock: ssl.SSLSocket, *arguments: Any, **options: Any) -> None:
            sent[sock] = self.now
            send(sock, *arguments, **options)

        def waiting(receive: Callable[..., Any]) -> Callable[..., Any]:
            def wait(sock: ssl.SSLSocket, *arguments: Any, **options: Any) -> Any:
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

            return wait

        with (
            mock.patch.object(ssl.SSLSocket, "sendall", sendall),
            # Through a proxy that speaks TLS itself, urllib3 reads by recv what it then decrypts.
            mock.patch.object(ssl.SSLSocket, "recv", waiting(ssl.SSLSocket.recv)),
            mock.patch.object(ssl.SSLSocket, "recv_into", waiting(ssl.SSLSocket.recv_into)),
        ):
            yield
