# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run by every Python that is promised, each in a process of its own, as on a host other than the controller."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.conftest import interpreter
from gates.ansible_test import MODULE_PYTHONS
from gates.interpreters import MODULES_NEED, Version, dotted, make_environment, pip_install
from support.harness import Playbooks
from support.targets import NAMES, furnish, play_targets

# The promised minimum, on the oldest Python; anywhere else the newest.
LIBRARIES = {MODULES_NEED: ("requests==2.25.1", "urllib3==1.26.5")}


@pytest.mark.parametrize("version", MODULE_PYTHONS, ids=dotted)
def test_modules_run(playbooks: Playbooks, tmp_path: Path, version: Version) -> None:
    environment = tmp_path / "venv"
    make_environment(interpreter(version), environment)
    pip_install(interpreter(version), environment, *LIBRARIES.get(version, ("requests",)))
    # All that modules do on the oldest; on the others, that they run.
    targets = NAMES if version == MODULES_NEED else ["ipsec_policies"]
    furnish(playbooks.array)
    play = play_targets(playbooks, *targets, ansible_python_interpreter=str(environment / "bin" / "python"))
    assert play.code == 0, play.output
