# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What documentation shows: the blocks of a page, and the EXAMPLES of plugins."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import yaml

from support.harness import CHECKOUT

SHELL = ("console", "sh", "bash", "shell")


def blocks(page: Path, *languages: str) -> list[str]:
    """The texts of the fenced blocks of a page that are in one of the languages."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(rf"^ *```(?:{'|'.join(languages)})\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for block in found]


def examples() -> list[tuple[str, list[dict[str, Any]]]]:
    """The EXAMPLES of every module, and of every lookup."""
    found = []
    plugins = CHECKOUT / "plugins"
    for path in sorted(plugins.glob("modules/*.py")) + sorted(plugins.glob("lookup/*.py")):
        text = path.read_text(encoding="utf-8").partition('EXAMPLES = r"""')[2].partition('"""')[0]
        found.append((path.stem, yaml.safe_load(text)))
    return found
