# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A collection GET: filter, order, cut into pages, project (fact sheet 3)."""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import total_ordering
from typing import Any
from urllib.parse import quote, urlencode

from .errors import OntapError
from .messages import Answer, Call
from .parameters import LISTING, START, Parameters
from .query import Condition, order_key
from .schema import Record, Schema
from .selection import Projection, excluded, select
from .unknowns import Unknowns
from .versions import Version


@dataclass(frozen=True)
class View:
    """What shapes every answer: release, switches, page size, default fields.

    `hidden` paths are not shown; `unset` ones are not found by filters either (fact sheet 1.4, burt 1519419).
    """

    version: Version
    unknowns: Unknowns
    page_size: int
    identifiers: tuple[str, ...]
    hidden: frozenset[str] = frozenset()
    unset: frozenset[str] = frozenset()
    self_links: bool = True


Source = Callable[[list[Condition]], Iterable[Record]]


class Listing:
    """One collection GET; its parts are checked in the constructor, before anything is looked at."""

    def __init__(self, call: Call, schema: Schema, view: View) -> None:
        given = call.parameters()
        self._call = call
        self._schema = schema
        self._view = view
        self._given = given
        self._start = _decoded(given[START]) if START in given else None
        self._parameters = Parameters(
            {name: text for name, text in given.items() if name != START}, LISTING, schema, view.version
        )
        self.conditions = self._parameters.conditions(view.unknowns)
        self._order = self._sort_fields(self._parameters.controls.get("order_by", ""))
        self._project = projection(
            call, schema, view, self._parameters, [condition.path for condition in self.conditions]
        )

    def answer(self, source: Source) -> Answer:
        """Return the page; `source` takes the conditions and gives at least the records that match them."""
        controls, unknowns = self._parameters.controls, self._view.unknowns
        wants_records = controls.get("return_records", True)
        records = matching(source(self.conditions), self.conditions, self._view.unset)
        more = None
        if wants_records or unknowns.count_in_parts:
            records, more = self._page(sorted(records, key=self._key))
        body: dict[str, Any] = {}
        if wants_records:
            body["records"] = [self._project(record) for record in records]
        if unknowns.num_records_present or not wants_records:
            body["num_records"] = len(records)
        return self._linked(body, more)

    def _page(self, records: list[Record]) -> tuple[list[Record], list[Any] | None]:
        """Return the records of this page and the position at which the next one goes on, None at the end."""
        if self._start is None and self._view.unknowns.empty_page == "first":
            return [], []
        first = self._parameters.controls.get("offset", 0)
        if self._start:
            first = bisect_right(records, self._key_of(self._start), key=self._key)
        size = min(self._parameters.controls.get("max_records", self._view.page_size), self._view.page_size)
        page = records[first : first + size]
        more = first + size < len(records) or (page and self._view.unknowns.empty_page == "last")
        return page, self._position(page[-1]) if more else None

    def _linked(self, body: dict[str, Any], more: list[Any] | None) -> Answer:
        links, headers = {}, {}
        if self._call.hal:
            links["self"] = {"href": self._call.raw_path + (f"?{self._call.raw_query}" if self._call.raw_query else "")}
        if more is not None:
            token = base64.urlsafe_b64encode(json.dumps(more).encode()).decode()
            carried = {name: text for name, text in self._given.items() if name not in (START, "offset")}
            href = f"{self._schema.path}?{urlencode({START: token, **carried}, quote_via=quote)}"
            links["next"] = {"href": href}
            headers["Link"] = f'<{href}>; rel="next"'
        if links:
            body["_links"] = links
        return Answer(body=body, headers=headers)

    # --- order: the fields asked for, then those that give each record a place of its own ---

    def _sort_fields(self, text: str) -> list[SortField]:
        """Read `order_by`; OntapError for a field that is unknown or can't be ordered by."""
        version = self._view.version
        order = []
        for item in filter(None, text.split(",")):
            name, _space, direction = item.strip().partition(" ")
            row = self._schema.known(version).get(name)
            if direction.strip() not in ("", "asc", "desc"):
                raise OntapError(262197, "order_by")
            if row is None and name not in self._schema.parents(version):
                raise OntapError(262197, "order_by", message=f'The value "{name}" is invalid for field "order_by"')
            if row is None or not row.filters_in(version):
                raise OntapError(262268, "order_by", message=f'Records cannot be ordered by "{name}"')
            order.append(SortField(name, order_key(row, self._view.unknowns), direction.strip() == "desc"))
        return order

    def _key(self, record: Record) -> tuple[Any, ...]:
        place = tuple([record.get(path) or "" for path in self._schema.place])
        return (*(field.key_of(record) for field in self._order), *place) if self._order else place

    def _places(self) -> list[str]:
        """Return the paths that decide where a record stands; the last ones are the same for no two records."""
        return [*(field.path for field in self._order), *self._schema.place]

    def _position(self, record: Record) -> list[Any]:
        """Return what a `next` link keeps of the last record of a page."""
        return [record.get(path) for path in self._places()]

    def _key_of(self, position: list[Any]) -> tuple[Any, ...]:
        """Return the sort key of the record that a position was made of, which may be gone by now."""
        paths = self._places()
        if len(position) != len(paths):
            raise OntapError(262197, START)
        return self._key(dict(zip(paths, position, strict=True)))


@dataclass(frozen=True)
class SortField:
    """One field of `order_by`."""

    path: str
    key: Callable[[Any], tuple[int, Any]]
    descending: bool

    def key_of(self, record: Record) -> tuple[int, Any] | _Descending:
        """Return what a record is sorted by."""
        key = self.key(record.get(self.path))
        return _Descending(key) if self.descending else key


@total_ordering
@dataclass(frozen=True)
class _Descending:
    """A sort key that goes backwards."""

    key: tuple[int, Any]

    def __lt__(self, other: _Descending) -> bool:
        return other.key < self.key


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


def matching(records: Iterable[Record], conditions: list[Condition], unset: frozenset[str]) -> list[Record]:
    """Return the records that meet all conditions, none of which has an `unset` path."""
    tests = [(condition.path, condition.matches, condition.path in unset) for condition in conditions]
    return [
        record
        for record in records
        if all(matches(None if unseen else record.get(path)) for path, matches, unseen in tests)
    ]


def _decoded(token: str) -> list[Any]:
    try:
        position = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        raise OntapError(262197, START) from None
    if not isinstance(position, list):
        raise OntapError(262197, START)
    return position
