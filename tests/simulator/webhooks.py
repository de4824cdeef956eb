# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending an event to where destinations of type rest_api say (fact sheet 7.3)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

import requests

from .schema import Record
from .state import State
from .unknowns import Unknowns

_PATIENCE = 10.0
"""Seconds that whoever receives an event has; how many a real array waits is not known."""


@dataclass(frozen=True)
class Delivery:
    """What became of an event: the name of the destination, its URL, the body, and the status or why there was none."""

    name: str
    url: str
    body: str
    outcome: int | str


def due(state: State, event: Record) -> list[tuple[str, str]]:
    """Return name and URL of the destinations that an event is to be sent to."""
    severity = event["message.severity"]
    return [
        (one["name"], one["destination"])
        for one in state.destinations.values()
        if one["type"] == "rest_api" and any(severity in state.event_filters[each["name"]] for each in one["filters"])
    ]


def body_of(event: Record, unknowns: Unknowns) -> str:
    """Return an event as it is posted.

    netapp, ems-message-info, severity and event were seen (fact sheet, S19); the other elements are those that the older
    interface, ZAPI, has for such a record, and whether parameters come along is a switch.
    """
    root = ElementTree.Element("netapp", {"version": "1.1", "xmlns": "http://www.netapp.com/filer/admin"})
    info = ElementTree.SubElement(root, "ems-message-info")
    told = {
        "node": event["node.name"],
        "seq-num": str(event["index"]),
        "severity": event["message.severity"],
        "event": event["log_message"],
    }
    if unknowns.webhook_content == "record":
        told["message-name"] = event["message.name"]
        parameters = ElementTree.SubElement(info, "parameters")
        for one in event["parameters"]:
            pair = ElementTree.SubElement(parameters, "parameter")
            for key in ("name", "value"):
                ElementTree.SubElement(pair, key).text = one[key]
    for name, text in told.items():
        ElementTree.SubElement(info, name).text = text
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def send(destinations: Iterable[tuple[str, str]], body: str, authorities: Iterable[str]) -> list[Delivery]:
    """Post an event to each destination; those with https have to prove by one of these authorities who they are."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii") as trusted:
        trusted.write("\n".join(authorities))
        trusted.flush()
        return list(_sent(destinations, body, trusted.name))


def _sent(destinations: Iterable[tuple[str, str]], body: str, authorities: str) -> Iterator[Delivery]:
    for name, url in destinations:
        outcome: int | str
        try:
            with requests.Session() as session:
                # Neither a proxy nor a password of whoever runs this is the array's.
                session.trust_env = False
                answer = session.post(
                    url,
                    data=body.encode(),
                    headers={"Content-Type": "application/xml"},
                    timeout=_PATIENCE,
                    verify=authorities,
                )
            outcome = answer.status_code
        except (requests.RequestException, OSError) as error:
            outcome = type(error).__name__
        yield Delivery(name, url, body, outcome)
