# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the archive of the collection from what git tracks:  python -m gates.archive [--release] [FOLDER]

It goes to FOLDER, which is dist unless named, and its path is printed. --release refuses to build what is no
release: the work tree differs from HEAD, HEAD has no tag of the version in galaxy.yml, or the changelog does not
describe that version.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from environment import CHECKOUT
from gates.checkout import copy


def build(folder: Path) -> Path:
    """The archive, made in ``folder`` from the tracked files as they are in the work tree."""
    with tempfile.TemporaryDirectory(prefix="archive-") as scratch:
        source = copy(Path(scratch), untracked=False)
        subprocess.run(
            [sys.executable, "-m", "ansible", "galaxy", "collection", "build", "--force", "--output-path", folder],
            cwd=source,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return folder / f"wiresec-ontap-{version()}.tar.gz"


def version() -> str:
    return str(yaml.safe_load((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))["version"])


def obstacles() -> list[str]:
    """Why the work tree is not the release that galaxy.yml names; empty if it is."""
    changelog = CHECKOUT / "changelogs" / "changelog.yaml"
    described = yaml.safe_load(changelog.read_text(encoding="utf-8"))["releases"] if changelog.exists() else {}
    found = []
    if version() not in described:
        found.append(f"changelogs/changelog.yaml does not describe {version()}: run antsibull-changelog release.")
    if list(CHECKOUT.glob("changelogs/fragments/*.y*ml")):
        found.append("changelogs/fragments has changes that no release describes.")
    if git("status", "--porcelain", "--untracked-files=no"):
        found.append("The work tree differs from HEAD: commit or undo.")
    if version() not in git("tag", "--points-at", "HEAD").split():
        found.append(f"HEAD has no tag {version()}.")
    return found


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout


def main() -> None:
    arguments = sys.argv[1:]
    if "--release" in arguments:
        arguments.remove("--release")
        if found := obstacles():
            sys.exit("Not a release:\n  " + "\n  ".join(found))
    print(build(Path(*arguments or ["dist"]).absolute()))


if __name__ == "__main__":
    main()
