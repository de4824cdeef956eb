# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all renderers share: files of a client, their heads, keys as text. Pure."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from .connections import Client, Connection, name_of

PREFIX = "wiresec-"
"""How the names of all files and connections begin that are this collection's, and no others'."""


@dataclass(frozen=True)
class File:
    """A file of a client. name: without folder. secret: whether nobody else may see what is in it."""

    name: str
    text: str = field(repr=False)
    secret: bool


@dataclass(frozen=True)
class Format:
    """One way to configure a client.

    render: the files for some connections. unfit: why a connection can't be rendered, empty if it can. endings: of all file
    names that it makes. names: a regular expression for the names of connections in its files. notes: sentences about this way
    that somebody should know.
    """

    name: str
    render: Callable[[Client, Sequence[Connection]], list[File]]
    unfit: Callable[[Client, Connection], str]
    endings: tuple[str, ...]
    names: str
    notes: tuple[str, ...] = ()


def by_cluster(connections: Iterable[Connection]) -> Iterator[tuple[str, list[Connection]]]:
    """Clusters by name, each with its connections in their order."""
    groups: dict[str, list[Connection]] = {}
    for one in connections:
        groups.setdefault(one.cluster, []).append(one)
    yield from sorted(groups.items())


def file_name(cluster: str, ending: str) -> str:
    """The name of a file about a cluster."""
    return f"{name_of(cluster)}{ending}"


def head(client: Client, peer: str, *more: str) -> list[str]:
    """What a file begins with, without the sign of a comment."""
    return [
        f"IPsec of {in_comment(client.name)} with {in_comment(peer)}.",
        "Made by wiresec.ontap from policy files: what is edited here gets lost.",
        *more,
    ]


def origin(connection: Connection) -> list[str]:
    """Which policies a connection comes from. Without lines, which change with every edit above them, and wherever the files lie."""
    return [
        in_comment(f"{str(source)[:1].upper()}{str(source)[1:]}{f' ({source.file})' if source.file else ''}")
        for source in connection.sources
    ]


def in_comment(text: str) -> str:
    """Text that can't end a comment: names are printable, and whoever builds them otherwise is not believed."""
    return "".join(one if one.isprintable() else "?" for one in text)


def key_text(key: bytes) -> str:
    """A key as both daemons of Linux read it, whatever bytes it has, so that none of them needs to be quoted."""
    return f"0s{base64.b64encode(key).decode('ascii')}"


def odd_characters(texts: Iterable[str | None], forbidden: str) -> str:
    """The first character of some texts that is forbidden or can't be seen, as a reason; empty if there is none."""
    for text in texts:
        for one in text or "":
            if one in forbidden or not one.isprintable():
                return f"has the character {one!r} in {text!r}"
    return ""
