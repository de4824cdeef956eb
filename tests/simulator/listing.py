# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A collection GET: what has been found is cut into pages and projected (fact sheet 3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .messages import Answer, Call
from .parameters import LISTING, Parameters
from .schema import Record, Schema
from .search import Position, Search, Source, View
from .selection import Projection, excluded, select


class Listing:
    """One collection GET; its parts are checked in the constructor, before anything is looked at."""

    def __init__(self, call: Call, schema: Schema, view: View) -> None:
        self._call = call
        self._view = view
        self._search = Search(call, schema, view, LISTING)
        self._controls = self._search.parameters.controls
        filters = [condition.path for condition in self._search.conditions]
        self._project = projection(call, schema, view, self._search.parameters, filters)

    def answer(self, source: Source) -> Answer:
        """Return the page; `source` takes the conditions and gives at least the records that match them."""
        unknowns = self._view.unknowns
        wants_records = self._controls.get("return_records", True)
        records, unfinished = self._search.found(source)
        more = None if not records and unknowns.out_of_time == "nothing" else unfinished
        if wants_records or unknowns.count_in_parts:
            records, more = self._page(records, more)
        is_late = unfinished is not None and more in (None, unfinished)
        body: dict[str, Any] = {}
        if wants_records:
            body["records"] = [self._project(record) for record in records]
        if unknowns.num_records_present or not wants_records:
            body["num_records"] = len(records)
        if self._call.hal:
            itself = self._call.raw_path + (f"?{self._call.raw_query}" if self._call.raw_query else "")
            body["_links"] = {"self": {"href": itself}}
        return self._search.linked(Answer(body=body, exhausts_time=is_late), more)

    def _page(self, records: list[Record], rest: Position | None) -> tuple[list[Record], Position | None]:
        """Return the records of this page and the position at which the next one goes on, None at the end.

        `rest` is where to go on behind these records.
        """
        empty_page = self._view.unknowns.empty_page
        if self._search.begins and empty_page == "first":
            return [], []
        first = self._controls.get("offset", 0)
        size = min(self._controls.get("max_records", self._view.page_size), self._view.page_size)
        page = records[first : first + size]
        if first + size < len(records) or (page and rest is None and empty_page == "last"):
            return page, self._search.position(page[-1])
        return page, rest


def projection(
    call: Call, schema: Schema, view: View, parameters: Parameters, echoed: Iterable[str] = ()
) -> Projection:
    """Return the shape of a listing's records: the fields asked for, the identifying ones, and `echoed` filters."""
    identifiers = [row.path for path in view.identifiers for row in schema.below(path, view.version)]
    text = parameters.controls.get("fields", "")
    wanted = select(text, schema, view.version, ignore_unknown=parameters.ignores_unknown)
    if not text or view.unknowns.identifiers_always:
        wanted.update(set(identifiers) - excluded(text, schema, view.version))
    filtered = set(echoed)
    lost = view.unknowns.lost_by_name_filter if "name" in filtered else ()
    wanted |= filtered
    wanted -= view.hidden | view.unset | {row.path for path in lost for row in schema.below(path, view.version)}
    return Projection.of(schema, wanted, links=call.hal, self_link=view.self_links)
