# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending a task early, by a signal or the keyword ``timeout``: it waits until writes that belong together are done.

Two signals end a process: SIGINT and SIGTERM, when somebody breaks off a run. A third one ends a task: Ansible implements
the keyword ``timeout`` by an alarm whose handler raises, in the process that executes the task. As long as nothing was
written all of them act at once. From the first write on they wait for the end of the module, which learns of it and
begins nothing new.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_ENDING = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """What a module knows of signals that ask for its end. ``overdue``: the time of the task (``timeout``) is over."""

    def __init__(self) -> None:
        self._held = False
        self._waiting: list[int] = []
        self._handlers: dict[int, Any] = {}

    def hold(self) -> None:
        """From now on signals wait."""
        self._held = True

    @property
    def waits(self) -> bool:
        """Whether nothing new should begin."""
        return bool(self._waiting)

    @property
    def overdue(self) -> bool:
        """Whether the time that Ansible gives the task has ended while signals had to wait."""
        return signal.SIGALRM in self._waiting

    def install(self) -> None:
        """Stands between the signals and their handlers. Only for the main thread."""
        # An alarm without a handler is none of Ansible's.
        alarm = [signal.SIGALRM] if callable(signal.getsignal(signal.SIGALRM)) else []
        for number in (*_ENDING, *alarm):
            handler = signal.getsignal(number)
            # None: somebody has installed it past Python, and it could not be brought back.
            if handler not in (None, signal.SIG_IGN):
                self._handlers[number] = handler
                signal.signal(number, self._receive)

    def remove(self) -> None:
        """Gives the handlers their place back, and those that end a process the signal that waits for them."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        for number in dict.fromkeys(self._waiting):
            if number in _ENDING:
                signal.raise_signal(number)

    def _receive(self, number: int, frame: Any) -> None:
        if self._held:
            self._waiting.append(number)
            return
        handler = self._handlers[number]
        if callable(handler):
            handler(number, frame)
        else:
            signal.signal(number, handler)
            signal.raise_signal(number)


_CURRENT: ContextVar[Interruption | None] = ContextVar("_CURRENT", default=None)


def current() -> Interruption:
    """The one that the code around has made; outside of any, one that never comes."""
    return _CURRENT.get() or Interruption()


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Within, signals wait from the first write on. Inside of another one it is the same one."""
    if (there := _CURRENT.get()) is not None:
        yield there
        return
    interruption = Interruption()
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread:
        interruption.install()
    token = _CURRENT.set(interruption)
    try:
        yield interruption
    finally:
        _CURRENT.reset(token)
        if in_main_thread:
            interruption.remove()
