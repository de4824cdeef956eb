# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the integration tests: a simulated array comes from the simulator, playbooks run against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.harness import Playbooks
from simulator import Simulator

pytest_plugins = ["simulator.fixtures"]


@pytest.fixture
def playbooks(tmp_path: Path, array: Simulator) -> Playbooks:
    """Runs playbooks against ``array``."""
    return Playbooks(tmp_path, array)
