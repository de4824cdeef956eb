# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which values of a role's variables nobody can tell the meaning of; tests/integration/test_role.py has what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.action._ipsec_policies import is_blank


@pytest.mark.parametrize("value", [None, "", " ", "\t\r\n", [None], ["a", ""], [["a", " "]], [{"a": ["b", None]}]])
def test_a_value_that_says_nothing_is_blank(value: Any) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", [0, False, "0", "null", [], {}, ["a"], {"a": None}, [{"a": None}], [0, False]])
def test_a_value_that_says_something_is_not(value: Any) -> None:
    assert not is_blank(value)
