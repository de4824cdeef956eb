# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter language, without a server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import Unknowns
from simulator.errors import OntapError
from simulator.policy_schema import POLICY
from simulator.query import condition
from simulator.schema import Field, Kind

RELEASE = (9, 17, 1)
TEXT = Field("text")
NUMBER = Field("number", Kind.NUMBER)
NAME, PORT, NETMASK, ADDRESS, ENABLED, ACTION = (
    POLICY.fields[path]
    for path in ("name", "local_endpoint.port", "local_endpoint.netmask", "local_endpoint.address", "enabled", "action")
)


def matching(row: Field, expression: str, values: list[Any], **unknowns: Any) -> list[Any]:
    test = condition(row, expression, RELEASE, Unknowns(**unknowns)).matches
    return [value for value in values if test(value)]


@pytest.mark.parametrize(
    ("row", "expression", "values", "expected"),
    [
        (NAME, "a", ["a", "A", "ab", None], ["a"]),
        (NAME, "a|b", ["a", "b", "c"], ["a", "b"]),
        (NAME, "a,b", ["a", "b", "c"], ["a", "b"]),
        (NAME, "!a", ["a", "b", None], ["b", None]),
        (NAME, "!a*", ["a", "ab", "b"], ["b"]),
        (NAME, "null", ["a", None], [None]),
        (NAME, "!null", ["a", None], ["a"]),
        (NAME, '"null"', ["null", None], ["null"]),
        (NAME, "p*d", ["prod", "pd", "prods", None], ["prod", "pd"]),
        (NAME, "*", ["a", "", None], ["a", ""]),
        (NAME, "a.b*", ["a.bc", "axbc"], ["a.bc"]),
        (NAME, "b..d", ["a", "b", "c", "d", "e", None], ["b", "c", "d"]),
        (NAME, "!b..d", ["a", "c"], ["a"]),
        (NAME, ">b", ["a", "b", "c", None], ["c"]),
        (NAME, ">b|null", ["a", "c", None], ["c", None]),
        (NUMBER, "<10", [9, 10, 100, None], [9]),
        (NUMBER, "<=10", [9, 10, 100], [9, 10]),
        (NUMBER, ">=10", [9, 10, 100], [10, 100]),
        (NUMBER, "9..10", [8, 9, 10, 11], [9, 10]),
        (NUMBER, "64", [64, 128], [64]),
        (NETMASK, ">9", ["8", "9", "24"], ["24"]),
        (NETMASK, "24", ["24", "2"], ["24"]),
        (PORT, "201-201", ["201-201", "2-2"], ["201-201"]),
        (PORT, "201", ["201-201"], []),
        (PORT, ">=100", ["80-80", "443-443", "0-0"], ["443-443"]),
        (PORT, "80..443", ["80-80", "443-443", "0-0"], ["80-80", "443-443"]),
        (ADDRESS, "2001:db8:0:0::1", ["2001:db8::1", "10.0.0.1"], ["2001:db8::1"]),
        (ADDRESS, "10.0.0.9..10.0.0.10", ["10.0.0.9", "10.0.0.10", "10.0.0.100"], ["10.0.0.9", "10.0.0.10"]),
        (ADDRESS, "10.*", ["10.0.0.1", "192.168.0.1"], ["10.0.0.1"]),
        (ENABLED, "true", [True, False], [True]),
        (ENABLED, "!true", [True, False], [False]),
        (ACTION, "<discard", ["bypass", "discard", "esp_udp"], ["bypass"]),
        (ACTION, "esp_*", ["bypass", "esp_udp"], ["esp_udp"]),
    ],
)
def test_operators(row: Field, expression: str, values: list[Any], expected: list[Any]) -> None:
    assert matching(row, expression, values) == expected


AWKWARD = ["prod*", "a|b", "!x", '"q"', "{b}", "x..y", "50%", "a&b=c", "with space", "<x", "a,b", "null", '{"', "plain"]


@pytest.mark.parametrize(
    ("quoting", "expression", "expected"),
    [
        ("braces_escape", "{prod*}", ["prod*"]),
        ("braces_escape", '"a|b"', ["a|b"]),
        ("braces_escape", "{!x}", ["!x"]),
        ("braces_escape", '{"q"}', ['"q"']),
        ("braces_escape", "{{b}}", ["{b}"]),
        ("braces_escape", '"{b}"', ["{b}"]),
        ("braces_escape", "{x..y}", ["x..y"]),
        ("braces_escape", '"prod"*', ["prod*"]),
        ("braces_escape", "{null}|{a,b}", ["a,b", "null"]),
        ("braces_escape", "*q*", ['"q"']),
        ("whole_value", "{prod*}", ["prod*"]),
        ("whole_value", '"{b}"', ["{b}"]),
        ("whole_value", '{"q"}', []),
        ("double_quotes", '"prod*"', ["prod*"]),
        ("double_quotes", "{b}", ["{b}"]),
        ("double_quotes", "{prod*}", []),
    ],
)
def test_quoting(quoting: str, expression: str, expected: list[str]) -> None:
    assert matching(NAME, expression, AWKWARD, accept_quoting=quoting) == expected


@pytest.mark.parametrize(
    ("row", "expression", "code"),
    [
        (NAME, "", 262194),
        (NAME, "a|", 262194),
        (NAME, "!", 262194),
        (NAME, '"a', 262197),
        (NAME, "{a", 262197),
        (NAME, "a}", 262197),
        (ENABLED, "yes", 262197),
        (NUMBER, "many", 262197),
        (NETMASK, ">many", 262197),
        (ADDRESS, "nowhere", 262197),
        (ACTION, "esp", 262185),
    ],
)
def test_refusals(row: Field, expression: str, code: int) -> None:
    with pytest.raises(OntapError) as refused:
        condition(row, expression, RELEASE, Unknowns())
    assert (refused.value.code, refused.value.target) == (code, row.path)


@pytest.mark.parametrize(
    ("row", "expression", "switch", "setting", "expected"),
    [
        (ADDRESS, "2001:DB8:0::1", "address_filters", "text", []),
        (ADDRESS, "2001:db8::1", "address_filters", "text", ["2001:db8::1"]),
        (ADDRESS, ">9.0.0.0", "address_filters", "value", ["10.0.0.1", "2001:db8::1"]),
        (ADDRESS, ">9.0.0.0", "address_filters", "text", []),
        (ADDRESS, "not one", "address_filters", "text", []),
        (PORT, "201", "port_filters", "number", ["201-201"]),
        (PORT, "201-201", "port_filters", "number", ["201-201"]),
        (PORT, "<201", "port_filters", "stored", ["80-80"]),
        (PORT, "<201", "port_filters", "text", ["1024-1024"]),
        (PORT, "201", "port_filters", "text", []),
        (PORT, "201-300", "port_filters", "stored", []),
    ],
)
def test_switches_of_comparison(row: Field, expression: str, switch: str, setting: str, expected: list[str]) -> None:
    values = ["10.0.0.1", "2001:db8::1"] if row is ADDRESS else ["80-80", "201-201", "1024-1024"]
    assert matching(row, expression, values, **{switch: setting}) == expected


@pytest.mark.parametrize(
    ("row", "expression"),
    [(ENABLED, "yes"), (ACTION, "encrypt"), (NUMBER, "x"), (NUMBER, "<x"), (ADDRESS, "x..10.0.0.1"), (PORT, ">x")],
)
def test_a_value_that_there_cannot_be(row: Field, expression: str) -> None:
    with pytest.raises(OntapError):
        matching(row, expression, [])
    values = [True, "bypass", 1, "10.0.0.1", "80-80", None]
    assert matching(row, expression, values, invalid_filter_value="nothing") == []
    assert matching(row, f"!{expression}", values, invalid_filter_value="nothing") == values


def test_case() -> None:
    values = ["prod", "Prod"]
    assert matching(NAME, "prod", values) == ["prod"]
    for expression in ("prod", "PR*D"):
        assert matching(NAME, expression, values, names_match_case=False) == values


@given(st.text(st.characters(codec="utf-8", exclude_characters='"'), min_size=1), st.text(min_size=1))
def test_double_quotes_make_any_text_literal(name: str, other: str) -> None:
    assert matching(NAME, f'"{name}"', [name, other]) == ([name, other] if name == other else [name])


@given(st.text(st.characters(codec="utf-8", exclude_characters="{}"), min_size=1))
def test_braces_make_quotes_literal(name: str) -> None:
    assert matching(NAME, "{" + name + "}", [name, name + "x"]) == [name]


@pytest.mark.parametrize(
    ("expression", "exact"), [("a", "a"), ('"a*"', "a*"), ("a*", None), ("!a", None), ("a|b", None), ("null", None)]
)
def test_what_can_be_looked_up_directly(expression: str, exact: str | None) -> None:
    assert condition(NAME, expression, RELEASE, Unknowns()).exact == exact
