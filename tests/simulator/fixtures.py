# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pytest fixtures: `array`, one running simulator that each test finds as new; `make_array` for other settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from .server import Simulator


@pytest.fixture(scope="session")
def _running_array() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def array(_running_array: Simulator) -> Simulator:
    """Return a simulator in its first state; the server is the same for all tests."""
    _running_array.reset()
    return _running_array


@pytest.fixture
def make_array() -> Iterator[Callable[..., Simulator]]:
    """Return a function that starts a simulator of its own, given what `Simulator` takes."""
    with ExitStack() as running:

        def make(*arguments: Any, **settings: Any) -> Simulator:
            return running.enter_context(Simulator(*arguments, **settings))

        yield make
