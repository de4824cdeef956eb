# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every test: nothing of the caller's environment gets in, and no machine is too slow."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says something about the machine, and about what else it does.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
# Whether a property holds is found by many examples, and whether its code runs on another Python by a few.
settings.register_profile("another Python", settings.get_profile("any machine"), max_examples=10)

# ansible-test, which runs tests/unit, does not know of the search path in pyproject.toml.
sys.path.insert(0, str(Path(__file__).parent))

from environment import CHECKOUT, isolate  # noqa: E402 - it is found only now


def pytest_configure(config: pytest.Config) -> None:
    """Isolates this process, and with it all that it starts; ansible-test, with settings of its own, has done so by then."""
    if config.inipath == CHECKOUT / "pyproject.toml":
        isolate()
    else:
        settings.load_profile("another Python")
        # It runs each test in a process of its own, which costs more than the test. That none of them disturbs another is
        # shown where they run without it.
        config.pluginmanager.set_blocked("ansible_forked")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a worker waits for plays and servers now and then."""
    return (os.cpu_count() or 1) + 1
