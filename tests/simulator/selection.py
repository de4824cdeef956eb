# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The `fields` parameter: which properties an answer shows (fact sheet 3.3). Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .errors import OntapError
from .schema import Record, Schema
from .versions import Version


def paths(text: str) -> list[tuple[str, bool]]:
    """Spell out "a,b.{c,!d}" as [("a", True), ("b.c", True), ("b.d", False)]: path, and whether it is wanted."""
    return [(path.replace("!", ""), "!" not in path) for path in _expand(text)]


def _expand(text: str) -> Iterator[str]:
    for item in _split(text):
        head, brace, rest = item.partition("{")
        if not brace:
            yield item
        elif not rest.endswith("}"):
            raise OntapError(262286, "fields")
        else:
            yield from (head + inner for inner in _expand(rest[:-1]))


def _split(text: str) -> list[str]:
    """Split at the commas that are in no braces."""
    items, depth = [""], 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            raise OntapError(262286, "fields")
        if character == "," and depth == 0:
            items.append("")
        else:
            items[-1] += character
    if depth:
        raise OntapError(262286, "fields")
    return [item.strip() for item in items if item.strip()]


def select(text: str, schema: Schema, version: Version, *, ignore_unknown: bool) -> set[str]:
    """Return the paths of the fields that the text names; OntapError for one that doesn't exist or can't be read."""
    everything = {path for path, row in schema.known(version).items() if row.read}
    wanted: set[str] = set()
    unwanted: set[str] = set()
    choices = paths(text)
    for path, included in choices:
        found = everything if path in ("*", "**") else _named(path, schema, version, ignore_unknown=ignore_unknown)
        (wanted if included else unwanted).update(found)
    if choices and not any(included for _path, included in choices):
        wanted = everything
    return wanted - unwanted


def excluded(text: str, schema: Schema, version: Version) -> set[str]:
    """Return the paths of the fields that the text wants left out, even where they would come unasked."""
    unwanted = [path for path, included in paths(text) if not included]
    return {name for path in unwanted for name in _named(path, schema, version, ignore_unknown=True)}


def _named(path: str, schema: Schema, version: Version, *, ignore_unknown: bool) -> set[str]:
    rows = schema.below(path.removesuffix(".*"), version)
    if not rows and not ignore_unknown:
        raise OntapError(262197, "fields", message=f'The value "{path}" is invalid for field "fields"')
    readable = {row.path for row in rows if row.read}
    if rows and not readable:
        raise OntapError(262249, "fields", message=f'The field "{path}" cannot be read')
    return readable


@dataclass(frozen=True)
class Projection:
    """The shape of the records of one answer, worked out once and then applied to each of them."""

    leaves: tuple[tuple[str, tuple[str, ...], str], ...]
    links: tuple[tuple[tuple[str, ...], str, str], ...]
    self_link: str | None
    key: str

    @classmethod
    def of(cls, schema: Schema, wanted: set[str], *, links: bool, self_link: bool) -> Projection:
        """Prepare the answer that shows these paths; `links` adds those of the objects inside of a record."""
        ordered = [path.split(".") for path in schema.fields if path in wanted]
        leaves = tuple((".".join(path), tuple(path[:-1]), path[-1]) for path in ordered)
        parents = {parent for _path, parent, _leaf in leaves}
        shown = tuple(
            (parent, f"{link.parent}.uuid", link.template)
            for link in schema.links
            if links and (parent := tuple(link.parent.split("."))) in parents
        )
        return cls(leaves, shown, schema.record_path if links and self_link else None, schema.key)

    def __call__(self, record: Record) -> dict[str, Any]:
        """Return the nested form of a record."""
        shown: dict[str, Any] = {}
        for path, parents, leaf in self.leaves:
            value = record.get(path)
            if value is None:
                continue
            level = shown
            for parent in parents:
                level = level.setdefault(parent, {})
            level[leaf] = value
        for parents, uuid_path, template in self.links:
            level = shown
            for parent in parents:
                level = level.get(parent, {})
            if level and uuid_path in record:
                level["_links"] = {"self": {"href": template.format(uuid=record[uuid_path])}}
        if self.self_link is not None:
            shown["_links"] = {"self": {"href": self.self_link.format(key=record.get(self.key))}}
        return shown
