# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of events of an array (``/api/support/ems/events``), and which hosts an event of IPsec is about. Nobody writes these.

Source: docs/ontap_facts.md, 7.2. No event says what SVM or policy it is about.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import timezone
from typing import Any, NamedTuple

from .._0_basics import normalize
from .resource import Field, Resource

OF_IPSEC = "ipsec.*"
"""The filter for the names of the events of IPsec."""

VIOLATION, UNREADABLE, UNKNOWN_SA, REPLAYED, NO_SA = (
    "ipsec.ib.policy.violation",
    "ipsec.ib.bad.encrypt",
    "ipsec.ib.no.lookup",
    "ipsec.ib.no.replay",
    "ipsec.ob.no.acquire",
)


def _parameters(value: Any) -> dict[str, str]:
    """The parameters by name. Raises ``ValueError`` for what is no list of names with values."""
    if isinstance(value, Mapping):
        return {str(name): str(one) for name, one in value.items()}
    if not isinstance(value, list) or not all(isinstance(one, Mapping) and one.get("name") for one in value):
        raise ValueError(f"is {normalize.kind(value)}, not a list of names with values.")
    return {str(one["name"]): str(one.get("value", "")) for one in value}


def _utc(value: Any) -> str:
    """A point in time, so that texts sort as the times do. Raises ``ValueError``."""
    return normalize.moment(value).astimezone(timezone.utc).isoformat(timespec="seconds")


class EmsEvent(Resource):
    """One event of a node."""

    noun = "EMS event"
    plural = "events"
    path = "/support/ems/events"
    key = ("index", "node")
    fields = (
        Field("index", normalizer=normalize.integer),
        Field("node", path="node.name"),
        Field("time", normalizer=_utc, always_returned=True),
        Field("name", path="message.name", always_returned=True),
        Field("severity", path="message.severity", normalizer=normalize.keyword),
        Field("text", path="log_message"),
        Field("parameters", normalizer=_parameters),
    )


EMS_EVENT = EmsEvent()

NEEDED = ("time", "name", "severity", "node", "parameters")
"""What joining looks at."""


class Ends(NamedTuple):
    """The two hosts of an event, in their shortest spelling. ordered: whether it is known which of them is the array's."""

    local: str
    remote: str
    ordered: bool = True


def ends(event: Mapping[str, Any]) -> Ends | None:
    """Which hosts an event of IPsec is about, ``None`` if it does not say, or not in a way that is known.

    What is in one text (``sa2str``) are an index and two addresses; in which order is not published, so that is left open.
    """
    parameters: Mapping[str, str] = event.get("parameters") or {}
    source, destination = (_address(parameters.get(name, "")) for name in ("srcAddr", "dstAddr"))
    if source and destination:
        outbound = str(event["name"]).startswith("ipsec.ob.")
        return Ends(source, destination) if outbound else Ends(destination, source)
    words = re.split(r"[^0-9A-Za-z.:%]+", parameters.get("sa2str", ""))
    found = [one for one in map(_address, words) if one]
    return Ends(found[1], found[0], ordered=False) if len(found) == 2 else None


def _address(word: str) -> str:
    """An address in its shortest spelling, empty for what is none. A bare number is an index."""
    try:
        return "" if word.isdecimal() else str(ipaddress.ip_address(word.strip(" .")))
    except ValueError:
        return ""
