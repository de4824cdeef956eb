# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports as one HTML file each, which needs no network and no script. Names come from arrays, so everything is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_reports import coverage_report, picture

MOST = 1000
"""How many flows are listed one by one."""

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


def _rendered(template: str, **given: Any) -> str:
    shared: Sequence[tuple[str, Any]] = (
        ("states", coverage_report.STATES),
        ("good", coverage_report.GOOD),
        ("kinds", coverage_report.KINDS),
        ("looks", picture.LOOKS),
        ("dark", picture.DARK),
    )
    return _ENVIRONMENT.get_template(template).render(**dict(shared), **given)
