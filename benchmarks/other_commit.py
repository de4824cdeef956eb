# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another commit of this collection, checked out beside this one, so that a run measures both in turn."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.measure import Wrong
from benchmarks.ways import CHECKOUT, Way


@dataclass(frozen=True)
class Other:
    """reference: the commit, as it was named. collections: the folder in which Ansible finds it."""

    reference: str
    collections: Path

    def beside(self, ways: Iterable[Way]) -> list[Way]:
        """The ways, and after each that is this collection's the same of the other commit. Benchmarks are those of this one."""
        found = {"ANSIBLE_COLLECTIONS_PATH": str(self.collections)}
        made = []
        for way in ways:
            made.append(way)
            if way.ours:
                there = {**way.environment, **found}
                made.append(replace(way, name=f"{way.name}, at {self.reference}", environment=there))
        return made


@contextmanager
def other_commit(reference: str) -> Iterator[Other]:
    """Checks a commit out into a folder of its own. Raises ``Wrong`` if git knows none of that name."""
    with tempfile.TemporaryDirectory(prefix="bench-commit-") as folder:
        place = Path(folder) / "ansible_collections" / "wiresec" / "ontap"
        place.parent.mkdir(parents=True)
        _git("worktree", "add", "--quiet", "--detach", str(place), f"{reference}^{{commit}}")
        try:
            yield Other(reference, Path(folder))
        finally:
            _git("worktree", "remove", "--force", str(place))


def _git(*arguments: str) -> None:
    done = subprocess.run(["git", "-C", str(CHECKOUT), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Wrong(f"git {' '.join(arguments[:2])}: {done.stderr.strip()}")
