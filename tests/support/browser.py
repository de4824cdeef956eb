# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real browser without a window, to look at pages as people do: Debian's package chromium, or Chrome."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
)
DARK = "--blink-settings=preferredColorScheme=0"


def browser() -> str:
    """Its path. Skips the test where there is none, and fails where tests run for a change that is to land."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"none of {', '.join(_NAMES)} is installed")
    return str(found)


def _run(page: Path, folder: Path, *arguments: str) -> str:
    command = [browser(), *_QUIET, f"--user-data-dir={folder / 'profile'}", *arguments, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def loaded(page: Path, folder: Path) -> str:
    """The document as the browser has it after it has run what it runs."""
    return _run(page, folder, "--dump-dom")


def screenshot(page: Path, folder: Path, name: str, width: int, height: int, *arguments: str) -> bytes:
    """A picture (PNG) of the page in a window of that size."""
    path = folder / f"{name}.png"
    _run(page, folder, f"--screenshot={path}", f"--window-size={width},{height}", *arguments)
    return path.read_bytes()


def printed(page: Path, folder: Path) -> bytes:
    """The page as it prints (PDF)."""
    path = folder / "printed.pdf"
    _run(page, folder, f"--print-to-pdf={path}", "--no-pdf-header-footer")
    return path.read_bytes()


EVIL = '"><script>document.title="taken over"</script>'
"""A name that tries to be HTML."""


def check_page(page: Path, folder: Path, title: str) -> None:
    """Holds that a page, in which ``EVIL`` is, shows it as text, asks nobody for anything, and shows in all ways to look at it."""
    dom = loaded(page, folder)
    # SVG has titles, too, and they come later.
    assert re.findall(r"<title>(.*?)</title>", dom)[0] == title
    assert "&lt;script&gt;" in dom
    assert "<script" not in dom
    assert re.findall(r"""(?:src|href)=|url\((?!#)|@import""", page.read_text(encoding="utf-8")) == []
    pictures = [
        screenshot(page, folder, "wide", 1300, 1200),
        screenshot(page, folder, "narrow", 500, 1200),
        screenshot(page, folder, "dark", 1300, 1200, DARK),
    ]
    assert all(one.startswith(b"\x89PNG") for one in pictures)
    assert len(set(pictures)) == len(pictures)
    # On paper, a table that goes on has its head on each sheet.
    assert dom.count("<table") == dom.count("<thead>")
    assert printed(page, folder).startswith(b"%PDF")
