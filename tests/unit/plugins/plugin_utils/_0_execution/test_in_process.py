# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which interpreters of a task are the one that runs Ansible: a spelling makes no difference, another environment does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_execution import in_process


@pytest.fixture(params=["python", "python3", "python3.13"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two environments of one Python of the system; Ansible was started by one of the names of the first."""
    system = tmp_path / "usr" / "bin"
    system.mkdir(parents=True)
    (system / "python3.13").touch()
    (system / "python3").symlink_to("python3.13")
    for name in ("venv", "other"):
        programs = tmp_path / name / "bin"
        programs.mkdir(parents=True)
        (programs / "python").symlink_to(system / "python3")
        for link in ("python3", "python3.13"):
            (programs / link).symlink_to("python")
    (tmp_path / "linked").symlink_to(tmp_path / "venv")
    (tmp_path / "venv" / "bin" / "circle").symlink_to("circle")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "bin" / request.param))
    return tmp_path


@pytest.mark.parametrize(
    ("interpreter", "same"),
    [
        ("venv/bin/python", True),
        ("venv/bin/python3", True),
        ("venv/bin/python3.13", True),
        ("venv/bin/../bin/python3", True),
        ("linked/bin/python3", True),
        ("venv/bin/circle", False),
        ("venv/bin/pythonx", False),
        ("other/bin/python", False),
        ("other/bin/python3.13", False),
        ("usr/bin/python3", False),
        ("usr/bin/python3.13", False),
    ],
)
def test_the_same_file_in_the_same_environment_however_it_is_spelt(folder: Path, interpreter: str, same: bool) -> None:
    assert in_process._is_this_python(str(folder / interpreter)) is same


def test_a_choice_that_is_left_to_ansible_is_this_one(folder: Path) -> None:
    assert in_process._is_this_python("auto_silent")
    assert not in_process._is_this_python("")
