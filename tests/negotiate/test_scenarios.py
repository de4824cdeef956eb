# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection renders for clients, loaded by real daemons against one that stands in for an array.

Each folder of ``scenarios`` is one of them: ``ipsec.yml``, the policy file, and ``scenario.yml``, the client and what must be seen.
"""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from negotiate.course import SCENARIOS, Course, variants

VARIANTS = [
    (folder.name, *variant)
    for folder in sorted(SCENARIOS.iterdir())
    if folder.is_dir()
    for variant in variants(folder.name)
]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda one: "-".join([one[0], one[1], *["pfs"] * one[2]]))
def test_scenario(
    variant: tuple[str, str, bool], courses: dict[str, Future[Course]], request: pytest.FixtureRequest
) -> None:
    course = courses[request.node.name].result()
    print("\n".join(course.notes))
    if course.problems:
        pytest.fail("\n".join(course.problems), pytrace=False)
