# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language of filters: operators, quoting and comparison (fact sheet 3.2). Pure functions."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from .errors import OntapError
from .schema import Field, Kind
from .unknowns import Unknowns
from .versions import Version

Test = Callable[[Any], bool]

# Quoted ASCII becomes lone surrogates, which no request can contain, while an expression is taken apart: what is left
# in its own place is an operator, so that plain string methods find operators and nothing else.
_SHIELD = 0xDC00
_SHIELDED = range(_SHIELD, _SHIELD + 0x80)
_COMPARISONS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


@dataclass(frozen=True)
class Condition:
    """A filter on one field: `matches` takes a stored value or None; `exact` is the text if nothing else can match."""

    path: str
    matches: Test
    exact: str | None = None


class InvalidValue(OntapError):
    """No record can have the value that a filter names."""


def condition(row: Field, expression: str, version: Version, unknowns: Unknowns) -> Condition:
    """Read the expression that a request gives for a field; OntapError with that field as target when it is none."""
    alternatives = re.split(r"[|,]", _shield(expression, row, unknowns))
    tests = [_test(text, row, version, unknowns) for text in alternatives]
    literal = alternatives[0]
    plain = len(tests) == 1 and literal != "null" and not re.search(r"[*!<>]|\.\.", literal)
    matches = tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)
    if row.kind is Kind.TEXTS:
        return Condition(row.path, lambda values: any(matches(value) for value in values or [None]))
    return Condition(row.path, matches, _unshield(literal) if plain else None)


def order_key(row: Field, unknowns: Unknowns) -> Callable[[Any], tuple[int, Any]]:
    """Return what sorts the values of a field: numbers as numbers, addresses by family and number, unset ones first."""
    kind = _compared_as(row, unknowns)
    if kind in (Kind.TEXT, Kind.WORD):
        return lambda value: (0, "") if value is None else (1, value)

    def key(value: Any) -> tuple[int, Any]:
        try:
            return (0, "") if value is None else (1, _comparable(kind, _as_text(value)))
        except ValueError:
            return (2, _as_text(value))

    return key


def _shield(expression: str, row: Field, unknowns: Unknowns) -> str:
    """Take the quotes off and move what they enclosed out of the way."""
    braces = unknowns.accept_quoting != "double_quotes"
    nested = unknowns.accept_quoting == "braces_escape"
    shielded, closing, depth = [], "", 0
    for character in expression:
        if not closing:
            if character == '"' or (braces and character == "{"):
                closing, depth = {'"': '"', "{": "}"}[character], 1
            elif braces and character == "}":
                raise OntapError(262197, row.path, message=f"Unbalanced braces in {expression!r}")
            else:
                shielded.append(character)
        elif character == closing and depth == 1:
            closing = ""
        elif closing == "}" and not nested and character == '"':
            # A quote means something inside of braces until the newest text makes braces escape it.
            continue
        else:
            if closing == "}" and nested:
                depth += {"{": 1, "}": -1}.get(character, 0)
            shielded.append(chr(_SHIELD + ord(character)) if ord(character) < len(_SHIELDED) else character)
    if closing:
        raise OntapError(262197, row.path, message=f"A quote is not closed in {expression!r}")
    return "".join(shielded)


def _unshield(text: str) -> str:
    return "".join(chr(ord(character) - _SHIELD) if ord(character) in _SHIELDED else character for character in text)


def _test(text: str, row: Field, version: Version, unknowns: Unknowns) -> Test:
    if not text:
        raise OntapError(262194, row.path)
    if text.startswith("!"):
        negated = _test(text[1:], row, version, unknowns)
        return lambda value: not negated(value)
    if text == "null":
        return lambda value: value is None
    if "*" in text and ".." not in text and not text.startswith(tuple(_COMPARISONS)):
        return _wildcard(text, row, unknowns)
    try:
        return _test_of_value(text, row, version, unknowns)
    except InvalidValue:
        if unknowns.invalid_filter_value == "refused":
            raise
        return lambda value: False


def _test_of_value(text: str, row: Field, version: Version, unknowns: Unknowns) -> Test:
    """Return the test of an expression that contains values; InvalidValue for one that no record can have."""
    for sign, compare in _COMPARISONS.items():
        if text.startswith(sign):
            return _comparison(row, compare, _unshield(text.removeprefix(sign)), unknowns)
    if ".." in text:
        low, high = text.split("..", 1)
        at_least = _comparison(row, operator.ge, _unshield(low), unknowns)
        at_most = _comparison(row, operator.le, _unshield(high), unknowns)
        return lambda value: at_least(value) and at_most(value)
    return _equality(_unshield(text), row, version, unknowns)


def _comparison(row: Field, compare: Callable[[Any, Any], bool], text: str, unknowns: Unknowns) -> Test:
    kind = _compared_as(row, unknowns)
    try:
        bound = _comparable(kind, text)
    except ValueError:
        raise InvalidValue(262197, row.path) from None

    def test(value: Any) -> bool:
        # Records where the field is unset never match a comparison (fact sheet 3.2).
        try:
            return value is not None and compare(_comparable(kind, _as_text(value)), bound)
        except ValueError:
            return False

    return test


def _wildcard(text: str, row: Field, unknowns: Unknowns) -> Test:
    pattern = ".*".join(re.escape(_unshield(part)) for part in text.split("*"))
    flags = re.DOTALL if _case_matters(row, unknowns) else re.DOTALL | re.IGNORECASE
    match = re.compile(pattern, flags).fullmatch
    return lambda value: value is not None and match(_as_text(value)) is not None


def _equality(text: str, row: Field, version: Version, unknowns: Unknowns) -> Test:
    if row.kind is Kind.FLAG and text not in ("true", "false"):
        raise InvalidValue(262197, row.path)
    if row.kind is Kind.WORD and row.words.get(text, (99, 0, 0)) > version:
        raise InvalidValue(262185, row.path)
    kind = _compared_as(row, unknowns)
    by_value = kind in (Kind.NUMBER, Kind.ADDRESS, Kind.TIME)
    if by_value or (kind is Kind.PORT and unknowns.port_filters == "number"):
        return _comparison(row, operator.eq, text, unknowns)
    if not _case_matters(row, unknowns):
        folded = text.casefold()
        return lambda value: value is not None and _as_text(value).casefold() == folded
    return lambda value: value is not None and _as_text(value) == text


def _moment(text: str) -> datetime:
    """Return a point in time; one without zone is taken for UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _case_matters(row: Field, unknowns: Unknowns) -> bool:
    return unknowns.names_match_case or row.kind is not Kind.TEXT


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compared_as(row: Field, unknowns: Unknowns) -> Kind:
    """Return the kind whose rules of comparison hold for a field."""
    settings = {Kind.ADDRESS: unknowns.address_filters, Kind.PORT: unknowns.port_filters}
    return Kind.TEXT if settings.get(row.kind) == "text" else row.kind


def _comparable(kind: Kind, text: str) -> Any:
    """Return what texts of this kind are compared by; words compare alphabetically (fact sheet 3.2)."""
    match kind:
        case Kind.NUMBER | Kind.DIGITS:
            return int(text)
        case Kind.PORT:
            first, _dash, last = text.partition("-")
            if last not in ("", first):
                raise ValueError(text)
            return int(first)
        case Kind.ADDRESS:
            address = ip_address(text)
            return address.version, int(address)
        case Kind.TIME:
            return _moment(text)
        case _:
            return text
