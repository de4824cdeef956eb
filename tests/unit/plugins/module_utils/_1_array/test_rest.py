# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure parts of the REST client; what it does on the wire is tested against the simulator."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import UnexpectedAnswer
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.rest import instance, literal


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("web", "web"),
        ("web-1_2.3", "web-1_2.3"),
        ("50%", "50%"),
        ("a&b=c", "a&b=c"),
        ("two words", "two words"),
        ("prod*", '"prod*"'),
        ("a|b", '"a|b"'),
        ("!x", '"!x"'),
        ("x..y", '"x..y"'),
        ("a,b", '"a,b"'),
        (">1", '">1"'),
        ("null", '"null"'),
        (" lead", '" lead"'),
        ('"q"', "*q*"),
        ("{b}", "*b*"),
        ('a|"b"', "a**b*"),
    ],
)
def test_a_name_is_looked_up_literally(value: str, expected: str) -> None:
    assert literal(value) == expected


@given(st.text(alphabet=st.sampled_from('ab*|,!<>"{}. '), min_size=1, max_size=12))
def test_a_filter_matches_the_value_whatever_it_contains(value: str) -> None:
    expression = literal(value)
    if expression in (value, f'"{value}"'):
        return
    assert not set(expression) & set('|,!<>"{}')
    assert fnmatch.fnmatchcase(value, expression)


@pytest.mark.parametrize("identifier", ["", None, "..", "../..", "*", "not-a-uuid"])
def test_only_a_uuid_addresses_an_object(identifier: str | None) -> None:
    with pytest.raises(UnexpectedAnswer, match="is not a UUID"):
        instance("/security/ipsec/policies", identifier)
