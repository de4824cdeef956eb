# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Receives the events that ONTAP sends to destinations of type rest_api, for ansible-rulebook.

That ONTAP sends XML by POST is NetApp's documentation ("Configure important EMS events to forward notifications to a webhook
application"), so sources that take JSON can't be used. That it is netapp/ems-message-info with severity and event, the text of the log, was seen
by an operator (github.com/CLEURNOC/ciscolive-potpourri, netapp-rest-gw.py); the names of its other elements are those that ONTAP's
older interface has for such a record. Nobody publishes whether parameters come along, so what is not there is looked for in the text.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import time
from collections import deque
from ipaddress import ip_address
from typing import Any
from xml.etree import ElementTree

from aiohttp import web

DOCUMENTATION = r"""
---
short_description: Receive the events of NetApp ONTAP
description:
  - Takes the XML that ONTAP posts to a destination of type C(rest_api), and makes an event of it.
  - The path of the URL is the name of the cluster, such as C(https://rulebook.example.com:5000/cluster1), because what ONTAP sends names
    the node only. Any other path is refused.
  - An event has C(cluster), C(message) such as C(ipsec.ib.policy.violation), C(severity), C(node), C(text), and, where these are told,
    C(source), C(destination), and C(peer), the one of the two that is not the array.
options:
  clusters:
    description: The names of the clusters that may send events, as in the inventory.
    type: list
    elements: str
    required: true
  host:
    description: The address to listen at.
    type: str
    default: 127.0.0.1
  port:
    description: The port to listen at.
    type: int
    default: 5000
  certfile:
    description: The certificate of the server, with its chain, in PEM. Without it there is no encryption.
    type: str
  keyfile:
    description: The key of the certificate, in PEM, where it is not in O(certfile).
    type: str
  cafile:
    description:
      - The authorities, in PEM, one of which must have signed the certificate of whoever sends events. Without it anybody who reaches the
        port can send some.
    type: str
  most_per_minute:
    description: How many events are taken within a minute. More are refused, and the log says so.
    type: int
    default: 120
"""

EXAMPLES = r"""
- wiresec.ontap.ontap_ems:
    host: 0.0.0.0
    port: 5000
    clusters: [cluster1, cluster2]
    certfile: /etc/rulebook/server.pem
    keyfile: /etc/rulebook/server.key
    cafile: /etc/rulebook/clusters-ca.pem
"""

LARGEST = 64 * 1024
"""Bytes of a body. An event has some hundred."""

_NAME = re.compile(r"\s*([A-Za-z][\w-]*(?:\.[\w-]+)+):")
_TEMPLATE = re.compile(r"\{(?=[{%#])")
"""What begins a template. ansible-rulebook hands whole events to playbooks, as extra variables, which Ansible evaluates."""

_WORD = re.compile(r"[0-9A-Fa-f:.]+")
_OPTIONS = ("clusters", "host", "port", "certfile", "keyfile", "cafile", "most_per_minute")
_logger = logging.getLogger(__name__)


def event_of(body: bytes) -> dict[str, str]:
    """What ONTAP posted, as an event. Raises ``ValueError`` for what is no XML.

    Whatever is not told is not in it: no rule should take an empty text for an address.
    """
    # They would be expanded before anybody could look at the length. In UTF-16 the declaration has zeros, and XML has none otherwise.
    if b"<!ENTITY" in body or b"\0" in body:
        raise ValueError("it declares entities, or is no UTF-8")
    try:
        root = ElementTree.fromstring(body)
    except (ElementTree.ParseError, LookupError) as error:
        raise ValueError(f"it is no XML: {error}") from None
    told = _told(root)
    text = told.get("event", "")
    named = _NAME.match(text)
    message = told.get("message-name") or (named[1] if named else "")
    addresses = [told.get("srcaddr", ""), told.get("dstaddr", "")]
    if not all(map(_is_address, addresses)):
        addresses = [*filter(_is_address, _words(text)), "", ""][:2]
    event = {
        "message": message,
        "severity": told.get("severity", "").lower(),
        "node": told.get("node", ""),
        "text": text,
        "source": addresses[0],
        "destination": addresses[1],
        "peer": {"ipsec.ib": addresses[0], "ipsec.ob": addresses[1]}.get(message[:8], ""),
    }
    return {name: _TEMPLATE.sub("{ ", value) for name, value in event.items() if value}


def _told(root: ElementTree.Element) -> dict[str, str]:
    """The texts of all elements by their names in lower case, and parameters, which have name and value, by theirs."""
    found: dict[str, str] = {}
    for element in root.iter():
        inner = {_local(child): (child.text or "").strip() for child in element}
        if {"name", "value"} <= inner.keys():
            found.setdefault(inner["name"].lower(), inner["value"])
        if not inner and (element.text or "").strip():
            found.setdefault(_local(element), (element.text or "").strip())
    return found


def _local(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _words(text: str) -> list[str]:
    return [word.strip(".:") if not word.endswith("::") else word for word in _WORD.findall(text)]


def _is_address(text: str) -> bool:
    """Whether a text is an address and nothing else: what follows a % is whatever the sender likes, such as a template."""
    try:
        return "%" not in text and bool(ip_address(text))
    except ValueError:
        return False


class Receiver:
    """Answers requests, and puts events into the queue of ansible-rulebook."""

    def __init__(self, queue: asyncio.Queue[Any], clusters: list[str], most: int) -> None:
        self._queue, self._clusters, self._most = queue, frozenset(clusters), most
        self._taken: deque[float] = deque()

    async def take(self, request: web.Request) -> web.Response:
        """Takes one event."""
        cluster = request.match_info["cluster"]
        if cluster not in self._clusters:
            _logger.warning("An event of %r was refused: clusters does not name it.", cluster)
            return web.Response(status=404)
        try:
            event = event_of(await request.read())
        except ValueError as error:
            _logger.warning("What %s sent was refused: %s.", cluster, error)
            return web.Response(status=400)
        if not self._has_room(time.monotonic()):
            _logger.error("An event of %s was refused: there were %d within a minute.", cluster, self._most)
            return web.Response(status=429)
        await self._queue.put({**event, "cluster": cluster})
        return web.Response(status=200)

    def _has_room(self, now: float) -> bool:
        while self._taken and self._taken[0] <= now - 60:
            self._taken.popleft()
        if len(self._taken) >= self._most:
            return False
        self._taken.append(now)
        return True


def checked(args: dict[str, Any]) -> dict[str, Any]:
    """The options of the source. Raises ``ValueError`` for one that is missing, misspelt or makes no sense."""
    unknown = sorted(args.keys() - {*_OPTIONS})
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: there is no such option; there are {', '.join(_OPTIONS)}.")
    clusters = args.get("clusters")
    if not isinstance(clusters, list) or not clusters or not all(isinstance(one, str) and one for one in clusters):
        raise ValueError("clusters: give a list of names, those of the clusters that may send events.")
    if args.get("cafile") and not args.get("certfile"):
        raise ValueError("cafile: needs certfile, because without TLS nobody shows a certificate.")
    if args.get("keyfile") and not args.get("certfile"):
        raise ValueError("keyfile: needs certfile.")
    numbers = {name: args.get(name, default) for name, default in (("port", 5000), ("most_per_minute", 120))}
    for name, value in numbers.items():
        if not str(value).isdecimal() or int(value) < 1:
            raise ValueError(f"{name}: {value!r} is not a number above zero.")
    return {**args, "host": args.get("host") or "127.0.0.1", **{name: int(value) for name, value in numbers.items()}}


def _context(args: dict[str, Any]) -> ssl.SSLContext | None:
    if not args.get("certfile"):
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=args.get("cafile"))
    context.load_cert_chain(args["certfile"], args.get("keyfile"))
    if args.get("cafile"):
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Entry point of ansible-rulebook: listens until it is cancelled."""
    options = checked(args)
    receiver = Receiver(queue, options["clusters"], options["most_per_minute"])
    application = web.Application(client_max_size=LARGEST)
    application.router.add_post("/{cluster}", receiver.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, options["host"], options["port"], ssl_context=_context(options)).start()
        if not options.get("cafile"):
            _logger.warning(
                "Whoever reaches %s:%d can send events: cafile is not given.", options["host"], options["port"]
            )
        await asyncio.Future()
    finally:
        await runner.cleanup()
