# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Field tables: what a resource consists of, since when, and what may be done with each field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .versions import V9_6, Version

Record = dict[str, Any]
"""A record as it is stored: flat, keyed by dotted path; what is unset is absent."""


class Kind(Enum):
    """What the values of a field are, which decides how they are read, compared and ordered."""

    TEXT = "text"
    WORD = "word"
    FLAG = "flag"
    NUMBER = "number"
    DIGITS = "digits"
    PORT = "port"
    ADDRESS = "address"
    TIME = "time"
    TEXTS = "texts"
    NAMES = "names"


@dataclass(frozen=True)
class Field:
    """One row: path, kind, first release; whether it can be created, modified, read; when it became a filter.

    as_given: a write stores what it is given, and no more is to be done about it than its kind and other rules check.
    """

    path: str
    kind: Kind = Kind.TEXT
    since: Version = V9_6
    create: bool = False
    modify: bool = False
    read: bool = True
    filter_since: Version | None = None
    as_given: bool = False
    words: Mapping[str, Version] = field(default_factory=dict)

    @property
    def secret(self) -> bool:
        """Whether the value can be written and never be read again."""
        return not self.read

    def filters_in(self, version: Version) -> bool:
        """Whether this release can filter and order by the field."""
        return self.read and version >= (self.filter_since or self.since)


@dataclass(frozen=True)
class Link:
    """Objects inside of a record that have a page of their own: where they are, and the address of that page."""

    parent: str
    template: str


class Schema:
    """The field table of one resource; one without identifiers is a single object.

    `key` is what the path of a record ends in; `order` and then the key decide where a record stands in a listing.
    """

    def __init__(
        self,
        path: str,
        fields: Iterable[Field],
        identifiers: tuple[str, ...] = (),
        links: Iterable[Link] = (),
        key: str = "uuid",
        order: tuple[str, ...] = ("svm.name", "name"),
    ) -> None:
        self.path = path
        self.record_path = path + "/{key}" if identifiers else path
        self.key = key
        self.place = (*order, key)
        self.fields = {row.path: row for row in fields}
        self.identifiers = identifiers
        self.links = tuple(links)
        self._known: dict[Version, dict[str, Field]] = {}
        self._parents: dict[Version, set[str]] = {}

    def as_given(self, given: Record) -> Record:
        """Return what a write stores as it is given."""
        return {path: value for path, value in given.items() if path in self.fields and self.fields[path].as_given}

    def known(self, version: Version) -> dict[str, Field]:
        """Return the fields that the release has, by path."""
        if version not in self._known:
            self._known[version] = {path: row for path, row in self.fields.items() if row.since <= version}
        return self._known[version]

    def parents(self, version: Version) -> set[str]:
        """Return the paths of the objects that hold fields: "svm", "ipsec.inbound", ..."""
        if version not in self._parents:
            paths = (path.split(".") for path in self.known(version))
            self._parents[version] = {".".join(path[:depth]) for path in paths for depth in range(1, len(path))}
        return self._parents[version]

    def below(self, path: str, version: Version) -> list[Field]:
        """Return the field of this path, or all fields of the object of this path; empty when there is neither."""
        known = self.known(version)
        if path in known:
            return [known[path]]
        of_list = known.get(path.removesuffix(".name"))
        if of_list is not None and of_list.kind is Kind.NAMES:
            return [of_list]
        return [row for name, row in known.items() if name.startswith(path + ".")]
