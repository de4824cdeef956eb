# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a daemon of a client has to be able to, whichever it is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .own_view import View


@dataclass(frozen=True)
class Traffic:
    """The associations of a connection that carry packets, and how many bytes came and went by them."""

    associations: int = 0
    bytes_in: int = 0
    bytes_out: int = 0


@dataclass(frozen=True)
class Negotiated:
    """What there is of a connection with its peer. ike: ``established``, or what the daemon calls it. children: that carry packets."""

    ike: str
    children: int


class DaemonError(Exception):
    """The daemon could not do what it was told; the message says what."""


class Daemon:
    """One kind of daemon on this machine. All methods raise ``DaemonError`` and ``OSError``."""

    def incarnation(self) -> str:
        """Stands for this process of the daemon: a later one knows what its files say, and nothing else."""
        raise NotImplementedError

    def has_read_the_files(self) -> bool:
        """Whether the daemon was started after the files of this collection, and certificates, were written, and so has read them."""
        raise NotImplementedError

    def wanted(self) -> Mapping[str, str]:
        """The connections that the files of this collection have, each with a digest of all that it consists of."""
        raise NotImplementedError

    def loaded(self) -> set[str]:
        """The connections that the daemon has and that are this collection's."""
        raise NotImplementedError

    def load(self, names: Iterable[str], known: Mapping[str, str]) -> None:
        """Loads some connections, and what they authenticate by. known: what ``wanted`` said when they were loaded last."""
        raise NotImplementedError

    def unload(self, names: Iterable[str]) -> None:
        """Removes some connections, their associations among it."""
        raise NotImplementedError

    def trapped(self) -> set[str]:
        """The connections whose packets can't leave without the daemon."""
        raise NotImplementedError

    def protecting(self) -> set[str]:
        """The connections of ``wanted`` that protect packets to a peer whose address is known, and so can be negotiated."""
        raise NotImplementedError

    def negotiate(self, name: str) -> None:
        """Lets the daemon negotiate a connection that has no association. It may take a while after that until it has one."""
        raise NotImplementedError

    def end(self, name: str) -> None:
        """Ends the associations of a connection, and keeps its packets back."""
        raise NotImplementedError

    def traffic(self) -> Mapping[str, Traffic]:
        """The connections that have associations."""
        raise NotImplementedError

    def views(self) -> list[View]:
        """What the files of this collection say of each connection, without secrets. The daemon need not run."""
        raise NotImplementedError

    def negotiated(self) -> Mapping[str, Negotiated]:
        """The connections of which there is IKE, with an association or without."""
        raise NotImplementedError


def contents(path: str) -> bytes:
    """What is in a file. Raises ``DaemonError`` that names it."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise DaemonError(f"{path} can't be read: {error.strerror}.") from None


def identity(process: int) -> str:
    """Stands for a process, and for no later one of the same number. Raises ``DaemonError`` where there is none."""
    return f"{process} {_ticks(process)}"


def started(process: int) -> float:
    """When a process started, in seconds of the epoch. Raises ``DaemonError`` where there is none."""
    uptime = float(contents("/proc/uptime").split()[0])
    return time.time() - uptime + _ticks(process) / os.sysconf("SC_CLK_TCK")


def _ticks(process: int) -> int:
    """When a process started, counted from the start of the machine."""
    stat = contents(f"/proc/{process}/stat").decode("ascii", "replace")
    return int(stat.rpartition(")")[2].split()[19])
