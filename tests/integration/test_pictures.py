# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The terminals that the documentation shows are what runs show, drawn so that nothing else is needed to see them."""

from __future__ import annotations

import re

import pytest
from demo.pictures import PICTURES, path, picture, text_of

from support.harness import CHECKOUT


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_what_a_run_shows(name: str) -> None:
    assert text_of(path(name).read_text(encoding="utf-8")) == text_of(picture(name)), f"make pictures ARGS={name}"


@pytest.mark.parametrize("name", PICTURES)
def test_a_page_shows_it_and_it_needs_nothing_from_elsewhere(name: str) -> None:
    drawing = path(name).read_text(encoding="utf-8")
    assert re.findall(r"<script|href|@import|url\(|@font-face", drawing) == []
    pages = [CHECKOUT / "README.md", CHECKOUT / "docs" / "site" / "index.md"]
    assert any(f"images/{path(name).name})" in page.read_text(encoding="utf-8") for page in pages)
