# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task says to the person at a terminal."""

from __future__ import annotations

import pytest
from ansible.utils import color
from ansible.utils.display import Display

from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_reports import terminal

LINES = [
    "c1: 1 to delete; it takes protection away",
    "- web on svm1: a/path/that-is-longer-than-the-terminal-is-wide",
    "",
]


@pytest.mark.parametrize(
    ("colours", "shown"),
    [
        (False, "\n".join(LINES)),
        (
            True,
            "c1: 1 to delete; it\n    takes protection\n    away\n"
            "\033[0;31m- web on svm1:\033[0m\n\033[0;31m    a/path/that-is-longer-than-the-terminal-is-wide\033[0m\n",
        ),
    ],
)
def test_lines_are_folded_and_coloured_where_a_person_reads_them(
    monkeypatch: pytest.MonkeyPatch, colours: bool, shown: str
) -> None:
    told: list[str] = []
    monkeypatch.setattr(color, "ANSIBLE_COLOR", colours)
    monkeypatch.setattr(Display(), "columns", 20)
    monkeypatch.setattr(Display(), "display", told.append)
    terminal.tell(LINES)
    assert told == [shown], "in one piece"
