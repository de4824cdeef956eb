# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of a process and of all that it started, at its highest. Linux only; elsewhere it is 0, which stands for unknown."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

INTERVAL = 0.25
"""Seconds between two looks; what a process needs for less than that is not seen."""


class Peak:
    """The highest sum so far, in MiB. What processes share counts once: each has its part of it (PSS)."""

    def __init__(self) -> None:
        self.mib = 0.0

    @contextlib.contextmanager
    def of(self, root: int) -> Iterator[None]:
        """Within, the process ``root`` and its descendants are watched."""
        done = threading.Event()
        watching = threading.Thread(target=self._watch, args=(root, done), daemon=True)
        watching.start()
        try:
            yield
        finally:
            done.set()
            watching.join()

    def _watch(self, root: int, done: threading.Event) -> None:
        while not done.wait(INTERVAL):
            self.mib = max(self.mib, sum(map(_kib, _tree(root))) / 1024)


def _tree(root: int) -> set[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name of a program, in brackets, may have blanks.
            parents[int(stat.parent.name)] = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    found = {root}
    while True:
        more = {process for process, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def _kib(process: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
