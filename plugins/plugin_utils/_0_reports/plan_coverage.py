# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan makes of the traffic of a cluster: which flows lose protection, and what there is before and after. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable

from .coverage_report import KINDS, STATES
from .markup import code

_KEPT = ("svm", "protocol", "services", "ports", "interface", "address", "client", "client_name", "state", "after")

Report = Mapping[str, Any]


def compact(found: Mapping[str, Any]) -> dict[str, Any]:
    """What a report of a plan keeps of the coverage with its changes: the flows that they touch, and how many there are of each state."""
    if not isinstance(found.get("flows"), Mapping):
        return {"problem": str(found.get("msg") or "it was not compared.")}
    every = [(kind, row) for kind in KINDS for row in found["flows"][kind]]
    touched = [
        {"kind": kind, **{key: row[key] for key in _KEPT}}
        for kind, row in every
        if row["after"]["state"] != row["state"] or row["after"]["worse"] or row["after"]["cut_off"]
    ]
    touched.sort(key=lambda row: (not row["after"]["worse"], row["kind"] != "observed"))
    return {
        "problem": "",
        "before": dict(Counter(row["state"] for _kind, row in every)),
        "after": dict(Counter(row["after"]["state"] for _kind, row in every)),
        "touched": touched,
        "unread": list(found.get("unread") or ()),
    }


def losing(report: Report) -> list[Mapping[str, Any]]:
    """The flows from which a plan takes protection away."""
    touched = (report.get("coverage") or {}).get("touched") or ()
    return [row for row in touched if row["after"]["worse"]]


def changing(report: Report) -> list[Mapping[str, Any]]:
    """The other flows of which a plan makes something else."""
    touched = (report.get("coverage") or {}).get("touched") or ()
    return [row for row in touched if not row["after"]["worse"]]


def totals(reports: Iterable[Report]) -> tuple[Counter[str], Counter[str]]:
    """How many flows there are of each state, before the plan and after it; of clusters of which both are known."""
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for one in reports:
        found = one.get("coverage") or {}
        before.update(found.get("before") or {})
        after.update(found.get("after") or {})
    return before, after


def told(number: int) -> str:
    """How a first line says that flows lose protection."""
    return f"{number} {'flow loses' if number == 1 else 'flows lose'} protection"


def section(reports: Sequence[Report], shown: int) -> list[str]:
    """The part of a plan in Markdown."""
    rows = [(str(one["cluster"]), row) for one in reports for row in losing(one)]
    lines: list[str] = []
    if rows:
        lines += [
            "",
            "## Flows that lose protection",
            "",
            "| cluster | | client | interface | services | is | will be | where |",
        ]
        lines.append("|---|---|---|---|---|---|---|---|")
        for cluster, row in rows[:shown]:
            where = ", ".join(row["after"]["losing"])
            cells = [
                code(cluster),
                row["kind"],
                code(row["client"]),
                f"{code(row['interface'] or row['address'])} on {code(row['svm'])}",
            ]
            cells += [
                ", ".join(row["services"]),
                row["state"],
                f"**{row['after']['state']}**",
                code(where) if where else "",
            ]
            lines.append(f"| {' | '.join(cells)} |")
        lines += ["", f"… and {len(rows) - shown} more, all in the JSON file."] if len(rows) > shown else []
    before, after = totals(reports)
    if before != after:
        lines += ["", "## Coverage before and after", "", "| flows | before | after |", "|---|--:|--:|"]
        lines += [
            f"| {word} | {before[state]} | {after[state]} |"
            for state, word in STATES.items()
            if before[state] or after[state]
        ]
    return lines


def notes(report: Report, mark: Callable[[str], str] = code) -> Iterable[str]:
    """What a reviewer has to know of how far the comparison goes. mark: makes a text that comes from elsewhere stand out."""
    coverage = report.get("coverage") or {}
    if coverage.get("problem"):
        yield f"which flows lose protection is not known: {mark(' '.join(coverage['problem'].split()))}"
    for one in coverage.get("unread") or ():
        yield f"of the traffic, {mark(one['endpoint'])} could not be read: {one['missing']}"
