# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters as ONTAP's query language has them, such as ``!tcp`` or ``16..24``, where a value is no free text (docs/ontap_facts.md, 3).

ONTAP may answer a slip in one of them with an empty list, which looks like a fact. So every value in it is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

_QUOTED = re.compile(r'"([^"]*)"|\{([^{}]*)\}')


def rewritten(expression: str, stored: Callable[[str], Sequence[str]], words: Sequence[str] = ()) -> str:
    """An expression that looks for values as ONTAP stores them, whatever spelling the user chose.

    stored: in which forms ONTAP may store a value; raises ``ValueError`` for what is none, and so does this function.
    words: all values that there are, empty where they can't be counted.

    A value after ``<`` or ``>``, or in a range, is looked at but goes out as it is: what ONTAP compares there is not known.
    """
    return "|".join(_alternative(part.strip(), stored, words) for part in re.split(r"[|,]", expression))


def _alternative(part: str, stored: Callable[[str], Sequence[str]], words: Sequence[str]) -> str:
    if not part:
        raise ValueError("is empty, or has an alternative that is.")
    negated, value = part.startswith("!"), part[1:] if part.startswith("!") else part
    if value == "null":
        return part
    bounds = re.fullmatch(r"[<>]=?(.*)|(.*?)\.\.(.*)", value)
    if bounds:
        for bound in filter(None, bounds.groups()):
            stored(_unquoted(bound))
        if not any(bounds.groups()):
            raise ValueError(f"{part!r} compares with nothing.")
        return part
    if "*" in value:
        if words and not any(fnmatchcase(word, value.lower()) for word in words):
            raise ValueError(f"{part!r} fits none of {', '.join(words)}.")
        return part.lower() if words else part
    forms = stored(_unquoted(value))
    if negated:
        # Not this and not that can't be said of two forms, so the user has to know which one it is.
        return f"!{forms[0]}" if len(forms) == 1 else part
    return "|".join(forms)


def _unquoted(value: str) -> str:
    quoted = _QUOTED.fullmatch(value)
    return (quoted[1] or quoted[2] or "") if quoted else value
