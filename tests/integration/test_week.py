# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The week of docs/gitops.md, as ``make demo-gitops`` plays it: every command does what the page says."""

from __future__ import annotations

import os
import sys

from support.harness import CHECKOUT, PYTHON, run_to_end
from support.prepared_program import program


def test_the_week_goes_as_the_page_says() -> None:
    with program(PYTHON) as folder:
        week = [sys.executable, str(CHECKOUT / "tests" / "demo" / "week.py"), str(folder)]
        code, shown = run_to_end(week, os.environ, CHECKOUT)
    assert code == 0, shown
    days = [line for line in shown.splitlines() if line.startswith("== ")]
    assert [day.split()[1].rstrip(":") for day in days] == [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ]
    assert "horse battery staple" not in shown.replace("printf %s 'correct horse battery staple", "")
