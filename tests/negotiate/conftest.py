# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One guest for all scenarios of a run. Where it can't be had, tests are skipped; where everything has to be here, they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from lab.guest import Guest
from lab.packages import Unavailable
from negotiate.course import Course

AT_A_TIME = 4
"""Scenarios under way at once: most of the time, daemons wait for one another."""


@pytest.fixture(scope="session")
def guest() -> Iterator[Guest]:
    """A kernel with IPsec."""
    try:
        made = Guest()
    except Unavailable as reason:
        (pytest.fail if "CI" in os.environ else pytest.skip)(f"There is no lab: {reason}", pytrace=False)
    with made:
        yield made


@pytest.fixture(scope="session")
def courses(request: pytest.FixtureRequest, guest: Guest) -> Iterator[dict[str, Future[Course]]]:
    """All scenarios that were selected, under way side by side; by the name of their test."""
    chosen = [item for item in request.session.items if "variant" in getattr(item, "fixturenames", ())]

    def gone_through(course: Course) -> Course:
        course.problems = course.run()
        return course

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        under_way = {
            item.name: pool.submit(gone_through, Course(guest, *item.callspec.params["variant"])) for item in chosen
        }
        yield under_way
        for future in under_way.values():
            future.cancel()
