# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the integration tests: a simulated array comes from the simulator, playbooks run against it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator import Simulator
from support.harness import Playbooks, sharing_sessions
from support.repository import Repository
from support.team import fill

pytest_plugins = ["simulator.fixtures"]


@pytest.fixture(autouse=True)
def _coverage_of_plays(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves plays out of the coverage, except those of the files that are there for what only a play reaches.

    To trace all of Ansible costs a play half as much again, for lines that other tests reach as well.
    """
    if not request.node.get_closest_marker("covers_plays"):
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture
def shared_sessions() -> Iterator[None]:
    """Lets the tasks of a test share connections, for tests of so many that to connect would be most of their work."""
    with sharing_sessions():
        yield


@pytest.fixture
def playbooks(tmp_path: Path, array: Simulator) -> Playbooks:
    """Runs playbooks against ``array``."""
    return Playbooks(tmp_path, array)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Policy files as the playbook writes them, for clusters as ``team.fill`` makes them."""
    kept = tmp_path_factory.mktemp("exported")
    with always_in_one_place(tmp_path_factory, kept) as place, Repository(place / "repository") as made:
        fill(made)
        run = made.run("export.yml")
        assert run.code == 0, run.output
    return kept / "used" / "repository" / "ipsec"


@contextmanager
def always_in_one_place(tmp_path_factory: pytest.TempPathFactory, kept: Path) -> Iterator[Path]:
    """A new folder, so that plays of all tests have the same settings, and are forks of one Python; afterwards it is in `kept`."""
    used = tmp_path_factory.getbasetemp() / "used"
    used.mkdir()
    try:
        yield used
    finally:
        used.rename(kept / "used")


@pytest.fixture
def place(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that has the same path in each test."""
    with always_in_one_place(tmp_path_factory, tmp_path) as used:
        yield used


@pytest.fixture
def repository(place: Path, exported: Path) -> Iterator[Repository]:
    """Three clusters with ten policies each, and their files."""
    with Repository(place / "repository") as made:
        fill(made)
        shutil.copytree(exported, made.folder / "ipsec")
        yield made
