# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checkout, and copies of it without what git does not know."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from environment import CHECKOUT

FOR_DEVELOPERS = ("benchmarks/", "docs/site/", "tests/")
"""Where the Python is that no user gets, see build_ignore in galaxy.yml."""


def copy(folder: Path, *, untracked: bool, without: tuple[str, ...] = ()) -> Path:
    """Copies what git tracks to ``folder``, as it is in the work tree; if ``untracked``, also what git would add.

    without: folders to leave out, each with a slash at its end; ansible-test's own settings come along in any case.
    """
    others = ["--others", "--exclude-standard"] if untracked else []
    listing = subprocess.run(
        ["git", "ls-files", "--cached", *others, "-z"], cwd=CHECKOUT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listing.stdout.split("\0")):
        if os.path.lexists(CHECKOUT / name) and (name == "tests/config.yml" or not name.startswith(without)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, folder / name, follow_symlinks=False)
    if not list(folder.glob("plugins/modules/*.py")):
        sys.exit("Nothing to work on: git knows no module in plugins/modules.")
    return folder
