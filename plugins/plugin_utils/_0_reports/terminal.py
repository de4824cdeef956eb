# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task says to the person at a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from ansible import constants
from ansible.utils import color
from ansible.utils.display import Display

_COLOURS = {
    "+": constants.COLOR_DIFF_ADD,
    "-": constants.COLOR_DIFF_REMOVE,
    "~": constants.COLOR_CHANGED,
    "±": constants.COLOR_CHANGED,
    "!": constants.COLOR_ERROR,
    "?": constants.COLOR_WARN,
    "warning:": constants.COLOR_WARN,
}
"""By the first word of a line."""

_INDENT = "    "


def tell(lines: Sequence[str]) -> None:
    """Shows the lines in one piece, whatever other hosts say at the same time.

    Where Ansible shows colours, they are as wide as the terminal and coloured as a diff; elsewhere programs may read them, and each stays
    one line. A worker can't ask whether there is a terminal, because Ansible takes it away.
    """
    display = Display()
    display.display("\n".join(styled(lines, display.columns) if color.ANSIBLE_COLOR else lines))


def shown_once() -> dict[str, bool]:
    """What a result has so that Ansible shows it with -vv, which asks for all there is, and not with -v, below what ``tell`` has shown."""
    return {"_ansible_verbose_override": Display().verbosity < 2}


def styled(lines: Sequence[str], columns: int) -> list[str]:
    """Lines for people: broken between words, in the colours of Ansible."""
    return [_coloured(line, _folded(line, columns)) for line in lines]


def _folded(line: str, columns: int) -> str:
    # What has no space, such as a path, is left whole: who copies it needs no line break in it.
    return textwrap.fill(line, columns, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False)


def _coloured(line: str, text: str) -> str:
    colour = _COLOURS.get(line.partition(" ")[0])
    return color.stringc(text, colour) if colour else text
