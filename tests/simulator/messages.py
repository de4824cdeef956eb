# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request as the simulator understands it, which requests are meant, the answer, and the line in the log."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl, unquote

from .errors import OntapError

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Request:
    """What the log keeps of a request; `status` is 0 when not even a status line went back."""

    method: str
    path: str
    query: dict[str, str]
    raw_query: str
    body: Any
    headers: dict[str, str]
    status: int
    connection: int


class Delivery(Enum):
    """How much of an answer gets to the client."""

    WHOLE = "all of it"
    HALF_THE_TEXT = "the first half of its text, as if that were all"
    HALF_THE_PROMISE = "the first half of what its headers promise, then the connection is closed"
    RESET = "nothing, and the connection is reset"
    SILENCE = "nothing, and the connection stays open"

    @property
    def has_status(self) -> bool:
        """Whether a status line goes out."""
        return self not in (Delivery.RESET, Delivery.SILENCE)


class Rejection(Enum):
    """When a new connection fails."""

    AT_ONCE = "before its TLS handshake"
    IN_HANDSHAKE = "within its TLS handshake"


@dataclass
class Answer:
    """What goes back: JSON body (None: no body at all), or an HTML page in its place; and what else happens.

    `exhausts_time` is for an answer that comes when no client with a time limit waits any more, or never.
    `next_connections` fail, in this order; the connection of this answer is closed after it.
    """

    status: int = 200
    body: dict[str, Any] | None = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    page: str | None = None
    delivery: Delivery = Delivery.WHOLE
    exhausts_time: bool = False
    next_connections: tuple[Rejection, ...] = ()


@dataclass(frozen=True)
class Call:
    """One request: target as it was sent, headers with lower-case names, the name in the client's certificate."""

    method: str
    target: str
    headers: Headers
    content: bytes = b""
    certificate_name: str | None = None

    @property
    def raw_path(self) -> str:
        """The path as it was sent."""
        return self.target.partition("?")[0]

    @property
    def raw_query(self) -> str:
        """The query as it was sent, without question mark."""
        return self.target.partition("?")[2]

    @property
    def path(self) -> str:
        """The path that is routed: no dot segments (fact sheet 4.4), no empty ones, /api/v1 is /api (section 6)."""
        segments: list[str] = []
        for segment in map(unquote, self.raw_path.split("/")):
            if segment == "..":
                del segments[-1:]
            elif segment not in ("", "."):
                segments.append(segment)
        return re.sub(r"^/api/v1(?=/|$)", "/api", "/" + "/".join(segments))

    @property
    def hal(self) -> bool:
        """Whether links are wanted: always, unless plain JSON is asked for (fact sheet 6)."""
        return self.headers.get("accept", "*/*").partition(";")[0].strip().lower() != "application/json"

    def query(self) -> dict[str, str]:
        """Return the parameters for the log: of those that are given twice, the last one."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    def parameters(self) -> dict[str, str]:
        """Return the parameters; OntapError for one without "=" or given twice (fact sheet 5.2)."""
        for item in filter(None, self.raw_query.split("&")):
            if "=" not in item:
                raise OntapError(262248, unquote(item))
        pairs = parse_qsl(self.raw_query, keep_blank_values=True)
        parameters = dict(pairs)
        if len(parameters) != len(pairs):
            names = [name for name, _value in pairs]
            raise OntapError(262188, next(name for name in names if names.count(name) > 1))
        return parameters

    @property
    def has_content(self) -> bool:
        """Whether there is a body; the vendor's own client sends an empty object with each DELETE, which is none."""
        try:
            return bool(self.content) and json.loads(self.content) != {}
        except ValueError:
            return True

    @property
    def has_records(self) -> bool:
        """Whether the body holds many records (fact sheet 4.3)."""
        try:
            body = json.loads(self.content or b"{}")
        except ValueError:
            return False
        return isinstance(body, dict) and "records" in body

    def json(self) -> dict[str, Any]:
        """Return the body, {} when there is none; OntapError unless it is a JSON object (fact sheet 5.2)."""
        if not self.content:
            return {}
        try:
            body = json.loads(self.content.decode(), object_pairs_hook=_each_key_once)
        except ValueError:
            raise OntapError(262199) from None
        if not isinstance(body, dict):
            raise OntapError(262200)
        return body

    def logged(self, status: int, connection: int) -> Request:
        """Return the line for the log."""
        try:
            body = json.loads(self.content) if self.content else None
        except ValueError:
            body = None
        return Request(
            self.method, self.raw_path, self.query(), self.raw_query, body, dict(self.headers), status, connection
        )


@dataclass(frozen=True)
class Pattern:
    """Which requests are meant: a method, "*" for any, and a shell-style path, which may leave out /api."""

    method: str
    path: str

    def fits(self, call: Call) -> bool:
        """Whether a request is meant."""
        path = self.path if self.path.startswith("/api") else f"/api{self.path}"
        return self.method.upper() in ("*", call.method) and fnmatchcase(call.path, path)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _value in pairs]
    for name in names:
        if names.count(name) > 1:
            raise OntapError(262188, name)
    return dict(pairs)
