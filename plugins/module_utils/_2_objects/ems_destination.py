# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an array posts its events to (``/api/support/ems/destinations`` of type ``rest_api``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from .._0_basics import normalize
from .._0_basics.errors import InvalidInput
from .resource import Field, Resource, Version

TYPE = "rest_api"
_CERTIFICATE = ("certificate.ca", "certificate.serial_number")

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9_])")


def _name(value: Any) -> str:
    """As ONTAP's code 983182 says, and nothing else, because the path of a request ends in it. Raises ``ValueError``."""
    name = normalize.name(value)
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is no name of a destination: 2 to 64 letters, digits, '_' and '-', of which '-' neither begins nor ends it."
        )
    return name


def _url(value: Any) -> str:
    """A URL without a password: ONTAP would show that to everybody who reads the destination. Raises ``ValueError``."""
    url = normalize.text(value)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not host or port == 0 or re.search(r"\s", url):
        raise ValueError(f"{url!r} is no URL that begins with https:// or http:// and has a host.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("has a name or a password in it, which everybody could read. Use a certificate.")
    return url


def _filters(value: Any) -> tuple[str, ...]:
    """Names, in any order and each once; from ONTAP each is an object. Raises ``ValueError``."""
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{normalize.kind(value)} is no list of names.")
    return tuple(sorted({normalize.name(one.get("name") if isinstance(one, Mapping) else one) for one in value}))


def _serial_number(value: Any) -> str:
    """Text in the table of NetApp's documents, a number in their examples (docs/ontap_facts.md, 7.3)."""
    return normalize.text(value if isinstance(value, str) else str(value)).upper()


class EmsDestination(Resource):
    """A destination of the cluster. It has no UUID, and is known by its name."""

    noun = "EMS destination"
    result_name = "destination"
    plural = "destinations"
    path = "/support/ems/destinations"
    key = ("name",)
    known_by_name = True
    fields = (
        Field("name", normalizer=_name, reader=normalize.as_returned, immutable=True, always_returned=True),
        Field("type", normalizer=normalize.keyword, immutable=True, always_returned=True),
        Field("destination", normalizer=_url, reader=normalize.as_returned, always_returned=True),
        Field("filters", normalizer=_filters, when_absent=()),
        Field("certificate.ca"),
        Field("certificate.serial_number", normalizer=_serial_number),
    )
    advice = {
        983107: "Correct filters, or create the filter first; every array has important-events and no-info-debug-events.",
        983116: "Remove a destination, or filters from one.",
        983117: "Remove a destination first.",
        983152: "It belongs to the system, so it stays as it is: choose another name.",
        983153: "Install the client certificate first, with the module certificate and type: client.",
        983154: "Install the client certificate with its private key.",
    }

    def to_options(self, state: Mapping[str, Any], also: Iterable[str] = ()) -> dict[str, Any]:
        """As the base class."""
        options = super().to_options(state, also)
        return {**options, "filters": list(options["filters"])} if "filters" in options else options

    def to_api(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """As the base class; a filter is an object with a name."""
        body = super().to_api(state)
        if "filters" in body:
            body["filters"] = [{"name": name} for name in body["filters"]]
        return body

    def check_type(self, current: Mapping[str, Any] | None) -> None:
        """Raises ``InvalidInput`` if a name belongs to a destination of another type, which is none of a task's business."""
        if current is not None and current["type"] != TYPE:
            raise InvalidInput(
                f"name: {self.title(current)} is there, and of type {current['type']}. Choose another name; nothing was changed."
            )

    def check_result(self, result: Mapping[str, Any]) -> None:
        """Raises ``InvalidInput`` for a URL and a certificate that don't go together (codes 983144, 983145)."""
        certificate = [option for option in _CERTIFICATE if result.get(option)]
        if len(certificate) == 1:
            raise InvalidInput("certificate: ca and serial_number go together.")
        if certificate and result["destination"].startswith("http:"):
            raise InvalidInput("certificate: goes with https:// only, and destination is http://.")

    def modify_body(
        self, current: Mapping[str, Any], result: Mapping[str, Any], changes: Iterable[Field]
    ) -> dict[str, Any]:
        """As the base class; ONTAP takes a certificate whole or not at all (code 983144)."""
        rows = list(changes)
        if any(row.option in _CERTIFICATE for row in rows):
            rows += [self.by_option[option] for option in _CERTIFICATE]
        return super().modify_body(current, result, rows)

    def check_create(self, wanted: Mapping[str, Any], version: Version | None = None) -> None:
        """Raises ``InvalidInput`` unless it is said where events go to, and which."""
        missing = [option for option in ("destination", "filters") if option not in wanted]
        if missing:
            raise InvalidInput(
                f"{', '.join(missing)}: {'are' if len(missing) > 1 else 'is'} needed, because there is no {self.title(wanted)}."
            )


EMS_DESTINATION = EmsDestination()
