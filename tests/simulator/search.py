# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which records a request to a collection is about: filters, order, and where to go on if time or page is up."""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import total_ordering
from typing import Any
from urllib.parse import quote, urlencode

from .errors import OntapError
from .messages import Answer, Call
from .parameters import START, Parameters
from .query import Condition, order_key
from .schema import Record, Schema
from .unknowns import Unknowns
from .versions import Version

_PATIENCE = 15
"""Seconds of a request that does not say how long it may take (fact sheet 3.3, 4.3)."""

Source = Callable[[list[Condition]], Iterable[Record]]
Position = list[Any]


@dataclass(frozen=True)
class View:
    """What shapes every answer: release, switches, page size, default fields, records that a second is enough for.

    `hidden` paths are not shown; `unset` ones are not found by filters either (fact sheet 1.4, burt 1519419).
    """

    version: Version
    unknowns: Unknowns
    page_size: int
    identifiers: tuple[str, ...]
    hidden: frozenset[str] = frozenset()
    unset: frozenset[str] = frozenset()
    self_links: bool = True
    search_rate: int | None = None


class Search:
    """One request; its parameters are checked in the constructor, before anything is looked at."""

    def __init__(self, call: Call, schema: Schema, view: View, allowed: Iterable[str]) -> None:
        given = call.parameters()
        self._call = call
        self._schema = schema
        self._view = view
        self._given = given
        self._start = _decoded(given[START]) if START in given else None
        self.parameters = Parameters(
            {name: text for name, text in given.items() if name != START}, allowed, schema, view.version
        )
        self.conditions = self.parameters.conditions(view.unknowns)
        self._order = self._sort_fields(self.parameters.controls.get("order_by", ""))

    @property
    def begins(self) -> bool:
        """Whether the request goes on with no earlier one."""
        return self._start is None

    def found(self, source: Source) -> tuple[list[Record], Position | None]:
        """Return the records that match, and where to go on if time was up before all had been looked at.

        `source` takes conditions and gives at least the records that match them.
        """
        rate, unset = self._view.search_rate, self._view.unset
        if rate is None:
            return self._behind(sorted(matching(source(self.conditions), self.conditions, unset), key=self._key)), None
        # Without conditions: who may look at so many only, looks at those that don't match as well.
        candidates = self._behind(sorted(source([]), key=self._key))
        # A request that has no time at all would never come to an end.
        budget = max(1, rate * self.parameters.controls.get("return_timeout", _PATIENCE))
        if len(candidates) <= budget:
            return matching(candidates, self.conditions, unset), None
        if self._order or "offset" in self.parameters.controls:
            # Both take the whole collection (fact sheet 3.3).
            raise OntapError(262210, "order_by")
        looked_at = candidates[:budget]
        return matching(looked_at, self.conditions, unset), self.position(looked_at[-1])

    def linked(self, answer: Answer, more: Position | None) -> Answer:
        """Return an answer with the link to what is still to be done, in the body and as a header."""
        if more is None:
            return answer
        token = base64.urlsafe_b64encode(json.dumps(more).encode()).decode()
        carried = {name: text for name, text in self._given.items() if name not in (START, "offset")}
        href = f"{self._schema.path}?{urlencode({START: token, **carried}, quote_via=quote)}"
        body = answer.body or {}
        links = {**body.get("_links", {}), "next": {"href": href}}
        headers = {**answer.headers, "Link": f'<{href}>; rel="next"'}
        return replace(answer, body={**body, "_links": links}, headers=headers)

    def position(self, record: Record) -> Position:
        """Return what a link keeps of the last record that has been dealt with."""
        return [record.get(path) for path in self._places()]

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

    def _behind(self, records: list[Record]) -> list[Record]:
        """Return the records behind the one at which the request before ended, which may be gone by now."""
        if not self._start:
            return records
        paths = self._places()
        if len(self._start) != len(paths):
            raise OntapError(262197, START)
        last = self._key(dict(zip(paths, self._start, strict=True)))
        return records[bisect_right(records, last, key=self._key) :]


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


def matching(records: Iterable[Record], conditions: list[Condition], unset: frozenset[str]) -> list[Record]:
    """Return the records that meet all conditions, none of which has an `unset` path."""
    tests = [(condition.path, condition.matches, condition.path in unset) for condition in conditions]
    return [
        record
        for record in records
        if all(_meets(matches, None if unseen else record.get(path)) for path, matches, unseen in tests)
    ]


def _meets(matches: Callable[[Any], bool], value: Any) -> bool:
    """Return whether a value meets a condition; of a list, whether one of its elements does."""
    return any(map(matches, value)) if isinstance(value, list) else matches(value)


def _decoded(token: str) -> Position:
    try:
        position = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        raise OntapError(262197, START) from None
    if not isinstance(position, list):
        raise OntapError(262197, START)
    return position
