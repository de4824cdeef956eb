# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of a task and lists of them, as Ansible has converted them: put right, or refused where they can't be meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .._0_basics import normalize, x509
from .._0_basics.errors import InvalidInput


def checked(spec: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Validated options with what Ansible lets pass in lists of text put right. Raises ``InvalidInput`` for what can't be."""
    problems: list[str] = []
    right = dict(params)
    for option, row in spec.items():
        if row.get("type") == "list" and row.get("elements") == "str" and isinstance(params.get(option), list):
            try:
                right[option] = texts(option, params[option])
                problems += _several(option, right[option]) if option in _OF_NAMES else []
            except InvalidInput as error:
                problems += error.problems
    if problems:
        raise InvalidInput(*problems)
    return right


def texts(option: str, elements: Iterable[Any]) -> list[str]:
    """The elements of a list of names or patterns, without white space at the ends.

    Ansible splits a text at its commas where a list is due, so that the text of a list, with brackets and quotes, becomes a
    list of its pieces, which stand for nothing. Raises ``InvalidInput`` for such pieces, and for what is empty.
    """
    stripped = [str(element).strip() for element in elements]
    problems = []
    for element in dict.fromkeys(stripped):
        if not element:
            problems.append(f"{option}: an element is empty. Leave it out.")
        elif x509.is_pem(element):
            continue
        elif not element.isprintable():
            problems.append(
                f"{option}: {element!r} has a line break or control character. Give a list, one in each element."
            )
        elif _is_a_piece(element):
            problems.append(
                f"{option}: {element!r} is a piece of a list that became text. Give a list; on the command line as JSON, "
                f'such as -e \'{{"{option}": ["a", "b"]}}\'.'
            )
    if problems:
        raise InvalidInput(*problems)
    return stripped


_OF_NAMES = ("keep", "svms")
"""Lists of names or patterns on which depends what is deleted."""


def _several(option: str, elements: Iterable[str]) -> list[str]:
    """A problem for each element that looks like several: it would stand for none of them."""
    return [
        f"{option}: {element!r} has a {'comma' if ',' in element else 'semicolon'}. Give each name or pattern an element "
        "of its own; in a pattern, ? stands for that character."
        for element in dict.fromkeys(elements)
        if "," in element or ";" in element
    ]


def _is_a_piece(element: str) -> bool:
    """Whether an element begins or ends as the text of a list does. A pattern such as ``[ab]*`` does not."""
    return bool(
        re.match(r"""[\[({]?\s*['"]""", element)
        or re.search(r"""['"]\s*[\])}]?$""", element)
        or re.fullmatch(r"\[[^\]]*\]?|[^\[]*\]", element)
    )


def check_texts(params: Mapping[str, Any], options: Iterable[str]) -> None:
    """Raises ``InvalidInput`` for free text that an option can't have of which no field table knows."""
    problems = []
    for option in options:
        try:
            if params[option] is not None:
                normalize.text(params[option])
        except ValueError as error:
            problems.append(f"{option}: {error}")
    if problems:
        raise InvalidInput(*problems)
