# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reports in Markdown have in common."""

from __future__ import annotations


def code(value: str) -> str:
    """A code span, which keeps what comes from an array from being read as Markdown."""
    text = " ".join(value.replace("`", "'").replace("|", "\\|").split())
    return f"`{text or ' '}`"
