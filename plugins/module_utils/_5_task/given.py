# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of a task as they were given, before Ansible converts them: whether each can be what its option takes.

Ansible makes text of whatever stands at an option for text: of 0x10 "16", of ``on`` "True", of a list what Python prints.
And what it says about a value that has not the shape of its option shows that value, which may hold secrets.
Messages of this file name the option, and show no part of any value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from .._0_basics import normalize, x509
from .._0_basics.errors import InvalidInput

Spec = Mapping[str, Any]

_NONE = "none"
"""The type of an option that there is not."""


def check(spec: Spec, values: Mapping[str, Any]) -> None:
    """Raises ``InvalidInput`` with all ``problems``."""
    found = problems(spec, values)
    if found:
        raise InvalidInput(*(f"{option}: {problem}" for option, problem in found.items()))


def problems(spec: Spec, values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the values of a task, by dotted option. spec: an argument spec of Ansible."""
    found = {}
    for option, row, value in _leaves(spec, values):
        try:
            _check(row, value)
        except ValueError as error:
            found[option] = str(error)
    return found


def line_breaks(spec: Spec, values: Mapping[str, Any]) -> dict[str, str]:
    """The secrets that lose a line break at their end, as they are without it, by option."""
    found = {}
    for option, row, value in _leaves(spec, values):
        if (
            row.get("no_log")
            and isinstance(value, str)
            and not x509.is_pem(value)
            and value != normalize.without_line_break(value)
        ):
            found[option] = normalize.without_line_break(value)
    return found


def _leaves(spec: Spec, values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Spec, Any]]:
    """Option, its row and its value, for all values that have none below them, or not those that they should have."""
    rows = {name: row for option, row in spec.items() for name in (option, *row.get("aliases", ()))}
    for name, value in values.items():
        row = rows.get(name)
        option = f"{above}{name}"
        if row is None:
            yield option, {"type": _NONE, "options": spec}, value
        elif value is None:
            continue
        elif row.get("type") != "list":
            yield from _below(option, row, value)
        elif isinstance(value, list):
            for number, element in enumerate(value):
                yield from _below(f"{option}[{number}]", _of_element(row), element)
        elif isinstance(value, str) and "options" not in row:
            # Ansible splits it.
            for part in value.split(","):
                yield option, _of_element(row), part.strip()
        else:
            yield option, row, value


def _of_element(row: Spec) -> Spec:
    return {**row, "type": row["elements"]}


def _below(option: str, row: Spec, value: Any) -> Iterator[tuple[str, Spec, Any]]:
    inner = _mapping_in(value) if "options" in row and isinstance(value, str) else value
    if "options" in row and isinstance(inner, Mapping):
        yield from _leaves(row["options"], inner, f"{option}.")
    else:
        yield option, row, value


def _mapping_in(text: str) -> Mapping[str, Any] | None:
    """What Ansible reads from text that stands at an option for a mapping, JSON or ``key=value``; ``None`` if it can't."""
    try:
        read = json.loads(text) if text.strip().startswith("{") else dict(word.split("=", 1) for word in text.split())
    except ValueError:
        return None
    return read or None if isinstance(read, dict) else None


def _check(row: Spec, value: Any) -> None:
    """Raises ``ValueError`` for a value that its option can't take."""
    kind = row.get("type", "str")
    if kind == _NONE:
        raise ValueError(f"there is no such option; there are {', '.join(sorted(row['options']))}.")
    if "options" in row:
        entries = "a list of mappings, each" if kind == "list" else "a mapping"
        raise ValueError(
            f"is {normalize.kind(value)}: give {entries} with options such as {', '.join(row['options'])}."
        )
    if kind == "list":
        if not isinstance(value, int):
            raise ValueError(f"is {normalize.kind(value)}: give a list.")
    elif kind == "str" and x509.is_pem(value):
        # Certificates and keys have lines, and whoever takes one reads it.
        return
    elif kind in ("str", "path") and row.get("no_log"):
        normalize.secret(value)
    elif kind in ("str", "path") and "choices" not in row and ("default" not in row or value != row["default"]):
        # An address, a port or a pattern may have white space around it. What may not, the module knows.
        around = kind == "str" and isinstance(value, str)
        normalize.text(value.strip() if around else value)
    elif isinstance(value, (date, bytes)) or (kind == "int" and isinstance(value, bool)):
        raise ValueError(f"is {normalize.kind(value)}.")
