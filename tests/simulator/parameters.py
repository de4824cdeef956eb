# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control parameters of the query string, and which operation takes which of them (fact sheet 3.3, 4.1, 4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .errors import OntapError
from .query import Condition, condition
from .schema import Schema
from .unknowns import Unknowns
from .versions import V9_11_1, V9_16_1, Version

LISTING = {"fields", "max_records", "return_timeout", "return_records", "order_by", "offset"}
INSTANCE = {"fields", "return_timeout"}
"""The second one means nothing to an operation that is synchronous, and is ignored (fact sheet 4.1)."""
SINGLE = LISTING
"""For a resource that is a single object: the vendor's info module asks those for `max_records` as it does any other."""
WRITE = {"return_timeout", "return_records"}
BULK = WRITE | {"continue_on_failure", "serial_records"}
ALWAYS = {"pretty", "ignore_unknown_fields"}

START = "start.record"
"""Where a page begins; clients have to take it as it is (fact sheet 9.17)."""

RESULTS = "job_results_uuid"
"""Which job a collection shall tell the results of, instead of its records."""

# The sheet says "newer releases" of offset, and names the release of the other one.
_SINCE = {"ignore_unknown_fields": V9_11_1, "offset": V9_16_1}
_FLAGS = {"return_records", "pretty", "ignore_unknown_fields", "continue_on_failure", "serial_records"}
_RANGES = {"max_records": (1, 2**32), "return_timeout": (0, 120), "offset": (0, 2**32)}


class Parameters:
    """The parameters of one request: control parameters, already checked, and what is left, which may be filters."""

    def __init__(self, given: dict[str, str], allowed: Iterable[str], schema: Schema, version: Version) -> None:
        controls = ALWAYS.union(allowed)
        self.controls: dict[str, Any] = {}
        self.filters: dict[str, str] = {}
        for name, text in given.items():
            if name in controls and _SINCE.get(name, version) <= version:
                self.controls[name] = _value(name, text)
            else:
                self.filters[name] = text
        self._schema = schema
        self._version = version

    @property
    def ignores_unknown(self) -> bool:
        """Whether names that the release doesn't know are passed over."""
        return bool(self.controls.get("ignore_unknown_fields"))

    def conditions(self, unknowns: Unknowns) -> list[Condition]:
        """Return the filters; what is neither a control parameter nor a field that can be a filter is refused."""
        known = self._schema.known(self._version)
        conditions = []
        for name, expression in self.filters.items():
            row = known.get(name)
            if row is None:
                if self.ignores_unknown and name not in self._schema.parents(self._version):
                    continue
                raise unexpected(name)
            if not row.filters_in(self._version):
                raise OntapError(262250, name)
            conditions.append(condition(row, expression, self._version, unknowns))
        return conditions

    def refuse_filters(self, *, code: int) -> None:
        """Refuse filters where there can be none: `code` for a known field, 262202 for a secret one."""
        for name in self.filters:
            rows = self._schema.below(name, self._version)
            if any(row.secret for row in rows):
                raise OntapError(262202, name)
            if rows:
                raise OntapError(code, name)
            if not self.ignores_unknown:
                raise unexpected(name)


def unexpected(name: str) -> OntapError:
    """Return the refusal of a name that means nothing here."""
    return OntapError(262179, name, message=f'Unexpected argument "{name}"')


def _value(name: str, text: str) -> Any:
    if name in _FLAGS:
        if text not in ("true", "false"):
            raise OntapError(262197, name)
        return text == "true"
    if name in _RANGES:
        low, high = _RANGES[name]
        if not text.isdecimal() or not low <= int(text) <= high:
            raise OntapError(262197, name)
        return int(text)
    return text
