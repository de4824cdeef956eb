# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of a report: client networks against services, as rows and columns with the worst that is true of each crossing. Pure.

Columns that look alike are one, and so are rows, because an array has many of both; what does not fit is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .coverage_report import STATES

LOOKS = {
    "clear": ("#d55e00", "C", "cross"),
    "bypassed": ("#e69f00", "B", "cross"),
    "ambiguous": ("#cc79a7", "?", "dots"),
    "unknown": ("#9a9a9a", "n", "dots"),
    "authenticated": ("#f0e442", "A", "lines"),
    "partly": ("#f0e442", "½", "lines"),
    "discarded": ("#404040", "×", ""),
    "protected_otherwise": ("#56b4e9", "O", ""),
    "protected": ("#0072b2", "P", ""),
}
"""Colour, letter and hatching of each state: colours that the colour-blind tell apart (Okabe and Ito), and two things beside colour."""

DARK = ("discarded", "protected")
"""States with a dark ground, on which the letter is light."""

_SIDE = ("portmapper", "mountd", "nlm", "nsm", "rquotad")
_MOST_ROWS, _MOST_COLUMNS = 40, 16
_CELL, _LEFT, _TOP, _RIGHT = 34, 230, 170, 170
"""Sizes in pixels; labels of columns lean to the right."""

Row = Mapping[str, Any]


def picture(flows: Sequence[Row]) -> dict[str, Any]:
    """The geometry of the picture of one SVM's intended flows: sizes, labels and cells, for a template to draw."""
    order = list(STATES)
    cells: dict[tuple[str, str], str] = {}
    names: dict[str, str] = {}
    for row in flows:
        client = str(row["client"])
        names.setdefault(client, str(row["client_name"]))
        for column in _columns(row):
            known = cells.get((client, column))
            if known is None or order.index(row["state"]) < order.index(known):
                cells[client, column] = row["state"]
    clients = list(dict.fromkeys(client for client, _column in cells))
    services = list(dict.fromkeys(column for _client, column in cells))
    columns, more_columns = _merged(
        services, [[cells.get((one, column)) for one in clients] for column in services], _MOST_COLUMNS
    )
    firsts = [one[0] for one in columns]
    lines, more_rows = _merged(
        clients, [[cells.get((one, column)) for column in firsts] for one in clients], _MOST_ROWS
    )
    drawn = [
        {
            "x": _LEFT + index * _CELL,
            "y": _TOP + number * _CELL,
            "state": state,
            "letter": LOOKS[state][1],
            "title": f"{_named(line)} with {_named(column)}: {STATES[state]}",
        }
        for number, line in enumerate(lines)
        for index, column in enumerate(columns)
        if (state := cells.get((line[0], column[0]))) is not None
    ]
    return {
        "width": _LEFT + max(len(columns), 1) * _CELL + _RIGHT,
        "height": _TOP + max(len(lines), 1) * _CELL + 10,
        "cell": _CELL - 4,
        "rows": [
            {"y": _TOP + number * _CELL + 20, "x": _LEFT - 8, "label": _label(line, names)}
            for number, line in enumerate(lines)
        ],
        "columns": [
            {"x": _LEFT + index * _CELL + 18, "y": _TOP - 10, "label": _short(_named(column), 34)}
            for index, column in enumerate(columns)
        ],
        "cells": drawn,
        "left_out": more_rows + more_columns,
        "text": f"{len(lines)} groups of client networks against {len(columns)} groups of services",
    }


def _columns(row: Row) -> list[str]:
    where = str(row["interface"] or row["address"])
    groups = ["v3 side" if one in _SIDE else str(one) for one in row["services"] if one != "nfs"]
    # Of both transports at once, the worse would hide the better.
    groups += [name for port, name in (("tcp/2049", "nfs"), ("udp/2049", "nfs udp")) if port in row["ports"]]
    return [f"{one} {where}" for one in sorted(set(groups), key=lambda one: (one == "v3 side", one))]


def _merged(keys: Sequence[str], looks: Sequence[Sequence[str | None]], most: int) -> tuple[list[list[str]], int]:
    """Keys that look alike together, the worst first if they are too many, and how many are left out then."""
    groups: dict[tuple[str | None, ...], list[str]] = {}
    for key, look in zip(keys, looks):
        groups.setdefault(tuple(look), []).append(key)
    if len(groups) <= most:
        return list(groups.values()), 0
    order = list(STATES)
    ranked = sorted(
        groups.items(), key=lambda one: min((order.index(state) for state in one[0] if state), default=len(order))
    )
    return [members for _look, members in ranked[:most]], sum(len(members) for _look, members in ranked[most:])


def _named(members: Sequence[str]) -> str:
    return members[0] if len(members) == 1 else f"{members[0]} and {len(members) - 1} more"


def _label(members: Sequence[str], names: Mapping[str, str]) -> str:
    name = names.get(members[0]) or ""
    return _short(f"{_named(members)}{f' {name}' if name else ''}", 34)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def pictures(clusters: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A picture for each SVM of each cluster that has intended flows."""
    found = []
    for cluster in clusters:
        flows = (cluster.get("flows") or {}).get("intended") or []
        for svm in dict.fromkeys(row["svm"] for row in flows):
            found.append(
                {"cluster": cluster["cluster"], "svm": svm, **picture([row for row in flows if row["svm"] == svm])}
            )
    return found


BAR = 720
"""The width of a bar."""

_LEAST = 22
"""The width of a part of a bar, however small it is: it has a letter."""


def bar_of_states(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The geometry of a bar of flows by state, the worst first: parts as wide as they are many, but never too small to be seen."""
    there = [(state, counts[state]) for state in STATES if counts.get(state)]
    total = sum(number for _state, number in there)
    free = BAR - _LEAST * len(there)
    drawn, x = [], 0.0
    for state, number in there:
        width = _LEAST + free * number / total
        title = f"{STATES[state]}: {number} of {total} flows"
        drawn.append({"x": round(x, 1), "width": round(width, 1), "state": state, "title": title, "number": number})
        x += width
    return drawn
