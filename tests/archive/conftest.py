# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of the archive: it, made as for a release, and an environment that only has ansible-core."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import ansible
import pytest

from gates.archive import build
from integration.harness import Playbooks
from simulator import Simulator

pytest_plugins = ["simulator.fixtures"]


class User:
    """Somebody with an environment of their own, ``environment``, and with ``home``, outside of the checkout."""

    def __init__(self, home: Path, environment: Path) -> None:
        self.home = home
        self.python = environment / "bin" / "python"
        hidden = ("ANSIBLE_", "ONTAP_", "PYTHON", "COVERAGE_")
        self.variables = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
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
        pip_install(self.python, *requirements)


def pip_install(python: Path, *requirements: str) -> None:
    """Installs packages for an interpreter."""
    options = ["--disable-pip-version-check", "--quiet", "--quiet"]
    subprocess.run([python, "-m", "pip", "install", *options, *requirements], check=True)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, made of the work tree."""
    return build(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="session")
def user(tmp_path_factory: pytest.TempPathFactory, archive: Path) -> User:
    """A user who has installed the archive, offline, and has only ansible-core, of the release that runs the tests."""
    home = tmp_path_factory.mktemp("home")
    subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
    someone = User(home, home / "venv")
    someone.pip_install(f"ansible-core=={ansible.__version__}")
    installed = someone.ansible("galaxy", "collection", "install", "--offline", archive)
    assert installed.returncode == 0, installed.stdout
    return someone


@pytest.fixture
def playbooks(tmp_path: Path, array: Simulator) -> Playbooks:
    """Runs playbooks against ``array``, with the collection of the checkout."""
    return Playbooks(tmp_path, array)
