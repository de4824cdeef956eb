# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Request bodies: from JSON to a flat record, checked against the field table (fact sheet 4.1, 5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from .checks import Checks
from .errors import OntapError
from .parameters import unexpected
from .schema import Field, Kind, Record, Schema
from .unknowns import Unknowns
from .versions import Version


class Operation(Enum):
    """What a body is for."""

    CREATE = "POST"
    MODIFY = "PATCH"


def read(
    body: dict[str, Any],
    schema: Schema,
    operation: Operation,
    version: Version,
    unknowns: Unknowns,
    *,
    ignore_unknown: bool = False,
) -> Record:
    """Return what the body sets, by dotted path; a property that is to be cleared has the value None."""
    given: Record = {}
    checks = Checks(unknowns)
    for path, value in _leaves(body, schema, version):
        row = schema.known(version).get(path)
        with checks:
            if row is None:
                if ignore_unknown:
                    continue
                raise unexpected(path)
            if path in given:
                raise OntapError(262188, path)
            _permit(row, operation)
            if value is None and unknowns.null_in_body != "clears":
                if unknowns.null_in_body == "refused":
                    raise OntapError(262185, path)
                continue
            given[path] = None if value is None else _typed(row, value, version, unknowns)
    checks.report()
    return given


def _leaves(body: dict[str, Any], schema: Schema, version: Version, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Walk a body in which "a.b": 1 means the same as "a": {"b": 1}; links that a client sends back are passed over."""
    parents = schema.parents(version)
    for name, value in body.items():
        path = prefix + name
        if name == "_links":
            continue
        if path not in parents:
            yield path, value
        elif isinstance(value, dict):
            yield from _leaves(value, schema, version, path + ".")
        elif value is None:
            yield from ((row.path, None) for row in schema.below(path, version) if row.create)
        else:
            raise OntapError(262255 if isinstance(value, list) else 262245, path)


def _permit(row: Field, operation: Operation) -> None:
    if operation is Operation.CREATE and not row.create:
        raise OntapError(262196, row.path)
    if operation is Operation.MODIFY and not row.modify:
        raise OntapError(262203, row.path)


def _typed(row: Field, value: Any, version: Version, unknowns: Unknowns) -> Any:
    if row.kind is Kind.TEXTS:
        return _texts(row, value)
    if row.kind is Kind.NAMES:
        return _names(row, value)
    if isinstance(value, list):
        raise OntapError(262255, row.path)
    if row.kind is Kind.FLAG:
        return _of_type(bool, row, value)
    if row.kind is Kind.NUMBER:
        return _number(row, value)
    if isinstance(value, int) and not isinstance(value, bool) and unknowns.number_for_string == "accepted":
        value = str(value)
    text = _of_type(str, row, value)
    if not text and unknowns.empty_strings == "refused":
        raise OntapError(262185, row.path, message=f'An empty value is invalid for field "{row.path}"')
    if row.kind is not Kind.WORD:
        return text
    word = text.lower() if unknowns.enum_case == "any" else text
    if row.words.get(word, (99, 0, 0)) > version:
        raise OntapError(262185, row.path, message=f'"{text}" is an invalid value for field "{row.path}"')
    return word


def _texts(row: Field, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise OntapError(262254, row.path)
    return [_of_type(str, row, element) for element in value]


def _names(row: Field, value: Any) -> list[dict[str, str]]:
    """Return a list of objects that are known by their names."""
    if not isinstance(value, list):
        raise OntapError(262254, row.path)
    entries = [_of_type(dict, row, element) for element in value]
    return [{"name": _of_type(str, row, entry.get("name"))} for entry in entries]


def _of_type(expected: type, row: Field, value: Any) -> Any:
    if not isinstance(value, expected):
        raise OntapError(262245, row.path, message=f'The value of field "{row.path}" has the wrong type')
    return value


def _number(row: Field, value: Any) -> int:
    """Return an integer; digits in a string are one too, since the vendor's own module sends them (fact sheet 7)."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise OntapError(262245, row.path)
    return value
