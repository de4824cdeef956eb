# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ONTAP releases as comparable tuples, and those at which the API changed."""

from __future__ import annotations

Version = tuple[int, int, int]

V9_6: Version = (9, 6, 0)
"""The first release that has the REST API at all."""
V9_8: Version = (9, 8, 0)
"""The first release that has IPsec (fact sheet 0.1)."""
V9_9_1: Version = (9, 9, 1)
V9_10_1: Version = (9, 10, 1)
V9_11_1: Version = (9, 11, 1)
V9_12_1: Version = (9, 12, 1)
V9_13_1: Version = (9, 13, 1)
V9_14_1: Version = (9, 14, 1)
V9_15_1: Version = (9, 15, 1)
V9_16_1: Version = (9, 16, 1)
"""Most of the error codes of fact sheet 5.1, and the "newest text" codes of 5.2, are taken to begin here."""
V9_17_1: Version = (9, 17, 1)
V9_18_1: Version = (9, 18, 1)
V9_19_1: Version = (9, 19, 1)


def parse(text: str) -> Version:
    """Turn "9.17.1" or "9.8" into a tuple; ValueError for anything else."""
    generation, major, minor = (int(part) for part in (text + ".0" if text.count(".") == 1 else text).split("."))
    return generation, major, minor
