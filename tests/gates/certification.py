# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run what Red Hat's partner certification checker runs beside the sanity tests:  python -m gates.certification

That is galaxy-importer, with the tags that it requires, and ansible-lint with the profile production, in the releases that the
checker pins (ansible-collections/partner-certification-checker, .github/workflows/certification-reusable.yml), on the
ansible-core that it takes by default. Exit status: 0 when both have passed.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from environment import CHECKOUT, isolated
from gates.ansible_test import COLLECTION, alone
from gates.checkout import copy
from gates.interpreters import look_for_pythons, make_environment, pip_install

PINNED = ("ansible-core==2.16.0", "galaxy-importer==0.4.31", "ansible-lint==24.12.2")
PYTHONS = ((3, 12), (3, 11), (3, 10))
"""Those that this ansible-core runs on, the checker's first."""


def programs() -> Path:
    """The programs of the environment, which is made where it is not there."""
    found = look_for_pythons().found
    version = next((version for version in PYTHONS if version in found), None)
    if version is None:
        sys.exit(f"{PINNED[0]} needs Python 3.12, 3.11 or 3.10, and none of them is here.")
    folder = CHECKOUT / ".venv-certification"
    with alone(folder):
        make_environment(found[version], folder)
        pip_install(found[version], folder, *PINNED)
    return folder / "bin"


def check(title: str, command: Sequence[str | Path], folder: Path, environment: dict[str, str], wanted: str) -> bool:
    """Whether a command ends well and has said what is wanted; shows all that it said where not."""
    finished = subprocess.run(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    passed = finished.returncode == 0 and wanted in finished.stdout
    print(f"{title}: {'passed' if passed else 'FAILED'}", flush=True)
    print("" if passed else finished.stdout, end="", flush=True)
    return passed


def main() -> int:
    """Runs both on a copy of the checkout."""
    bin_ = programs()
    with tempfile.TemporaryDirectory(prefix="certification-") as name:
        folder = Path(name)
        collection = copy(folder / COLLECTION, untracked=True)
        settings = folder / "galaxy-importer.cfg"
        settings.write_text("[galaxy-importer]\nCHECK_REQUIRED_TAGS=True\nRUN_ANSIBLE_LINT=False\n", encoding="utf-8")
        environment = {
            **isolated(os.environ),
            "ANSIBLE_COLLECTIONS_PATH": str(folder),
            "GALAXY_IMPORTER_CONFIG": str(settings),
            "HOME": str(folder),
            "NO_COLOR": "1",
            "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
        }
        importer: list[str | Path] = [
            bin_ / "python",
            "-m",
            "galaxy_importer.main",
            "--git-clone-path",
            collection,
            "--output-path",
            folder,
        ]
        lint: list[str | Path] = [bin_ / "python", bin_ / "ansible-lint", "--profile=production", "--offline"]
        results = [
            check(PINNED[1], importer, folder, environment, "Collection loading complete"),
            check(PINNED[2], lint, collection, environment, "0 failure(s), 0 warning(s)"),
        ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
