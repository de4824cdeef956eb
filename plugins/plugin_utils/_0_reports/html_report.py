# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports as one HTML file each, which needs no network and no script. Names come from arrays, so everything is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Callable

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import coverage_report, picture, plan_coverage, plan_report

MOST = 1000
"""How many flows, or changes that take nothing away, are listed one by one."""

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def coverage(doc: Mapping[str, Any]) -> str:
    """The page of a coverage document."""
    found = coverage_report.open_rows(doc["clusters"])
    accepted = [one for one in coverage_report.rows(doc["clusters"]) if one[2]["exception"] is not None]
    return _rendered(
        "coverage.html.j2",
        doc=doc,
        headline=coverage_report.headline(dict(doc)),
        counts=coverage_report.counted(dict(doc)),
        open=found[:MOST],
        more=max(0, len(found) - MOST),
        accepted=accepted[:MOST],
        pictures=picture.pictures(doc["clusters"]),
        what=coverage_report.what,
        exception=lambda one: coverage_report.exception(one, str),
    )


def plan(reports: Sequence[plan_report.Report], head: Mapping[str, Any]) -> str:
    """The page of a plan, made of what ``plan_report.markdown`` takes."""
    before, after = plan_coverage.totals(reports)
    return _rendered(
        "plan.html.j2",
        reports=reports,
        head=head,
        headline=plan_report.headline(reports),
        report=plan_report,
        stopped=[one for one in reports if plan_report.reasons(one)],
        losing=_named(reports, plan_coverage.losing),
        changing=_named(reports, plan_coverage.changing),
        lost=_named(reports, plan_report.losses),
        others=_named(reports, plan_report.others),
        strangers=_named(reports, plan_report.strangers),
        notes=plan_report.notes(reports),
        command=plan_report.command(reports, head),
        before=before,
        after=after,
        bars=[("before", picture.bar_of_states(before)), ("after", picture.bar_of_states(after))],
        width=picture.BAR,
        most=MOST,
    )


def _named(
    reports: Sequence[plan_report.Report], of_one: Callable[[plan_report.Report], Sequence[Mapping[str, Any]]]
) -> list[tuple[str, Mapping[str, Any]]]:
    """What there is of all clusters, each with the name of its own."""
    return [(str(report["cluster"]), found) for report in reports for found in of_one(report)]


def _rendered(template: str, **given: Any) -> str:
    shared: Sequence[tuple[str, Any]] = (
        ("states", coverage_report.STATES),
        ("good", coverage_report.GOOD),
        ("kinds", coverage_report.KINDS),
        ("looks", picture.LOOKS),
        ("dark", picture.DARK),
    )
    return _ENVIRONMENT.get_template(template).render(**dict(shared), **given)
