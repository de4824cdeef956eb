# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest for each core, for all scenarios of a run. Where none can be had, tests are skipped, and fail where all has to be here."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.guest import Guest
from lab.packages import Unavailable
from lab.site import Site
from negotiate.course import Course, read

AT_A_TIME = 2
"""Scenarios under way at once in a guest, which has one core: with more of them, daemons are too slow for one another."""


@pytest.fixture(scope="session")
def guests() -> Iterator[list[Guest]]:
    """Kernels with IPsec, two of them where there are as many cores."""
    with ExitStack() as stack:
        try:
            made = [Guest() for _core in range(min(2, os.cpu_count() or 1))]
        except Unavailable as reason:
            (pytest.fail if "CI" in os.environ else pytest.skip)(f"There is no lab: {reason}", pytrace=False)
        with ThreadPoolExecutor(len(made)) as pool:
            booting = [pool.submit(stack.enter_context, one) for one in made]
        yield [one.result() for one in booting]


@dataclass(frozen=True)
class Scenarios:
    """Scenarios that are under way, by the names of their tests, and guests that may take one more."""

    courses: dict[str, Future[Course]]
    free: queue.SimpleQueue[Guest | None]


@pytest.fixture
def site(guests: list[Guest], scenarios: Scenarios, tmp_path: Path) -> Iterator[Site]:
    """A site without arrays and clients yet; on the other guest, scenarios are under way."""
    with Site(guests[0], tmp_path) as one:
        yield one


@pytest.fixture(scope="session")
def scenarios(request: pytest.FixtureRequest, guests: list[Guest]) -> Iterator[Scenarios]:
    """All scenarios that were selected, side by side, those that wait longest first; the first guest is for sites, as yet."""
    chosen = [item for item in request.session.items if "variant" in getattr(item, "fixturenames", ())]
    variants = sorted(((item.callspec.params["variant"], item.name) for item in chosen), key=_patience)
    free: queue.SimpleQueue[Guest | None] = queue.SimpleQueue()
    for guest in guests[1:] * AT_A_TIME:
        free.put(guest)

    def gone_through(name: str, daemon: str, pfs: bool) -> Course:
        guest = free.get()
        if guest is None:
            raise CancelledError
        try:
            course = Course(guest, name, daemon, pfs)
            course.problems = course.run()
        finally:
            free.put(guest)
        return course

    with ThreadPoolExecutor(len(guests) * AT_A_TIME) as pool:
        under_way = {name: pool.submit(gone_through, *variant) for variant, name in variants}
        yield Scenarios(under_way, free)
        for future in under_way.values():
            future.cancel()
        for _waiting in under_way:
            free.put(None)


@pytest.fixture(scope="session")
def courses(guests: list[Guest], scenarios: Scenarios) -> dict[str, Future[Course]]:
    """What becomes of scenarios, by the names of their tests: these come last, when there are no sites any more."""
    for guest in guests[:1] * AT_A_TIME:
        scenarios.free.put(guest)
    return scenarios.courses


def _patience(variant: tuple[tuple[str, str, bool], str]) -> int:
    """What a scenario may have to wait for, in seconds, less than zero."""
    (name, _daemon, _pfs), _test = variant
    steps = read(name)["course"]
    return -sum(40 if one == "rekeys" else next(iter(one.values())) for one in steps if one == "rekeys" or _waits(one))


def _waits(step: object) -> bool:
    return isinstance(step, dict) and any("takeover" in one or one == "stalls" for one in step)
