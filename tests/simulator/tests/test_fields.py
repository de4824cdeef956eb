# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulator, collection, documentation and tests know the same fields of a policy (docs/adding_a_field.md)."""

from __future__ import annotations

import places_of_a_field


def test_no_field_lacks_a_place() -> None:
    assert places_of_a_field.missing() == []
