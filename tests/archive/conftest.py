# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of the archive: it, made as for a release, and environments that only have ansible-core."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from environment import isolated
from gates.ansible_test import COMING, RELEASES, Release
from gates.archive import build
from gates.interpreters import Version, dotted, look_for_pythons, make_environment, pip_install
from simulator import Simulator
from support.harness import Playbooks

pytest_plugins = ["simulator.fixtures"]

PYTHONS = look_for_pythons().found


class User:
    """Somebody with a release of ansible-core in an environment of their own, and with ``home``, outside of the checkout."""

    def __init__(self, release: Release, home: Path) -> None:
        self.release, self.home = release, home
        self._interpreter, self._environment = interpreter(*release.pythons), home / "venv"
        make_environment(self._interpreter, self._environment)
        self.pip_install(*release.pip_options, release.requirement)
        self.python = self._environment / "bin" / "python"
        ours = {name for name in isolated(os.environ) if name.startswith("ANSIBLE_")}
        self.variables = {name: value for name, value in isolated(os.environ).items() if name not in ours}
        self.variables |= {"HOME": str(home), "ANSIBLE_NOCOLOR": "true", "ANSIBLE_LOCALHOST_WARNING": "false"}

    def ansible(self, program: str, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs a program of Ansible, as in ``ansible("doc", "--list")``."""
        return subprocess.run(
            [self.python, "-m", "ansible", program, *arguments],
            cwd=self.home,
            env={**self.variables, **variables},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def pip_install(self, *requirements: str) -> None:
        pip_install(self._interpreter, self._environment, *requirements)


def interpreter(*choice: Version) -> Path:
    """The first of these Pythons that is here. Without any, the test is skipped, or fails where everything has to be here."""
    found = [PYTHONS[version] for version in choice if version in PYTHONS]
    if not found:
        (pytest.fail if "CI" in os.environ else pytest.skip)(f"Python {' or '.join(map(dotted, choice))} is not here")
    return found[0]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, made of the work tree."""
    return build(tmp_path_factory.mktemp("archive"))


# What fails on a release that is not final yet is told, and stops nothing.
NOT_YET = pytest.param(
    COMING, marks=pytest.mark.xfail(strict=False, reason="The COMING release of ansible-core fails.")
)


@pytest.fixture(scope="session", params=[*RELEASES, NOT_YET], ids=lambda release: f"core-{release.name}")
def user(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, archive: Path) -> User:
    """Users who have installed the archive, offline, and have only ansible-core, each of another release."""
    someone = User(request.param, tmp_path_factory.mktemp("home"))
    installed = someone.ansible("galaxy", "collection", "install", "--offline", archive)
    assert installed.returncode == 0, installed.stdout
    return someone


@pytest.fixture
def playbooks(tmp_path: Path, array: Simulator) -> Playbooks:
    """Runs playbooks against ``array``, with the collection of the checkout."""
    return Playbooks(tmp_path, array)
