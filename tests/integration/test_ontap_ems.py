# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source for ansible-rulebook: what it makes of what arrives, and whom it takes it from. That rules run: tests/eda."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import aiohttp
import pytest
import trustme

from ansible_collections.wiresec.ontap.extensions.eda.plugins.event_source.ontap_ems import (
    LARGEST,
    Receiver,
    checked,
    event_of,
    main,
)

HEAD = "<?xml version='1.0' encoding='UTF-8'?><!DOCTYPE netapp SYSTEM 'file:/etc/netapp_filer.dtd'>"
VIOLATION = "ipsec.ib.policy.violation: IPsec: Inbound tcp packet 10.0.1.7 ==> 10.0.0.1 security policy violation."


def posted(
    text: str, *more: str, severity: str = "alert", space: str = " xmlns='http://www.netapp.com/filer/admin'"
) -> bytes:
    """An event as ONTAP posts it."""
    inner = "".join([f"<node>cluster1-01</node><severity>{severity}</severity><event>{escape(text)}</event>", *more])
    return f"{HEAD}<netapp version='1.1'{space}><ems-message-info>{inner}</ems-message-info></netapp>".encode()


def parameters(**values: str) -> str:
    return "".join(
        f"<parameter><name>{name}</name><value>{value}</value></parameter>" for name, value in values.items()
    )


SIX = "ipsec.ob.no.acquire: IPsec: Could not acquire SA for packet fd00::1 ==> fd00::7."
NO_LOOKUP = "ipsec.ib.no.lookup: IPsec: SA not found. SPI: 0xabc Src IP: 10.0.1.7 Dst IP: 10.0.0.1."
ADDRESSES = {"source": "10.0.1.7", "destination": "10.0.0.1", "peer": "10.0.1.7"}
SA_TEXTS = ["SA (0x10, 10.0.1.7, 10.0.0.1)", "10.0.1.7 ==> 10.0.0.1 SPI 0x10", "SPI 16 src: 10.0.1.7, dst: 10.0.0.1"]

KNOWN: list[tuple[bytes, dict[str, str]]] = [
    (
        posted(VIOLATION),
        {"message": "ipsec.ib.policy.violation", "severity": "alert", "node": "cluster1-01", **ADDRESSES},
    ),
    (posted(VIOLATION, space=""), ADDRESSES),
    (posted(NO_LOOKUP, severity="NOTICE"), {"message": "ipsec.ib.no.lookup", "severity": "notice", **ADDRESSES}),
    (posted(SIX), {"source": "fd00::1", "destination": "fd00::7", "peer": "fd00::7"}),
    *((posted(f"ipsec.ib.bad.encrypt: IPsec: {one} packet cannot be decrypted."), ADDRESSES) for one in SA_TEXTS),
    (posted("a.b: {{{ c }} {% d %} {# e #} {f}"), {"text": "a.b: { { { c }} { % d %} { # e #} {f}"}),
    # Should ONTAP send more than was seen, it counts more than the text.
    (posted("IPsec", "<message-name>ipsec.ib.no.replay</message-name>"), {"message": "ipsec.ib.no.replay"}),
    (
        posted("ipsec.ob.no.acquire: of 1.1.1.1 and 2.2.2.2", parameters(srcAddr="10.0.0.1", dstAddr="10.0.1.7")),
        {"source": "10.0.0.1", "destination": "10.0.1.7", "peer": "10.0.1.7"},
    ),
]
NOT_TOLD: list[tuple[bytes, set[str]]] = [
    (posted("ipsec.ib.policy.violation: nothing else"), {"source", "destination", "peer"}),
    (posted("wafl.vol.full: of 10.0.0.1 and 10.0.0.2"), {"peer"}),
    (posted("Nothing has a name here."), {"message", "peer"}),
    # Python takes what follows a zone's % as it is, and a rule would hand it to a playbook, which evaluates it.
    (
        posted("ipsec.ib.bad.encrypt: no", parameters(srcAddr="fe80::1%{{ lookup('pipe','id') }}", dstAddr="10.0.0.1")),
        {"source", "destination", "peer"},
    ),
    (b"<netapp/>", {"message", "severity", "node", "text", "source", "destination", "peer"}),
]
REFUSED = [
    b"",
    b"{}",
    b"<netapp>",
    b"\xff\xfe",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".encode("utf-16"),
    b"<?xml version='1.0' encoding='nonsense'?><a/>",
]


@pytest.mark.parametrize(("body", "told"), KNOWN)
def test_what_an_event_tells(body: bytes, told: dict[str, str]) -> None:
    assert event_of(body).items() >= told.items()


@pytest.mark.parametrize(("body", "missing"), NOT_TOLD)
def test_what_an_event_does_not_tell_is_not_in_it(body: bytes, missing: set[str]) -> None:
    assert missing & event_of(body).keys() == set()


@pytest.mark.parametrize("body", REFUSED)
def test_what_is_no_event(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"it (is no XML|declares entities)"):
        event_of(body)


BAD_OPTIONS: dict[str, dict[str, Any]] = {
    "clusters: give": {},
    "clusters: give a list": {"clusters": "cluster1"},
    "clusters: give a list of": {"clusters": []},
    "cluster: there is no such option": {"clusters": ["c"], "cluster": "c"},
    "cafile: needs certfile": {"clusters": ["c"], "cafile": "ca.pem"},
    "keyfile: needs certfile": {"clusters": ["c"], "keyfile": "key.pem"},
    "port: 0 is not": {"clusters": ["c"], "port": 0},
    "most_per_minute: None is not": {"clusters": ["c"], "most_per_minute": None},
}


@pytest.mark.parametrize(("said", "options"), BAD_OPTIONS.items())
def test_options_that_make_no_sense(said: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=said):
        checked(options)


@asynccontextmanager
async def listening(**options: Any) -> AsyncIterator[tuple[str, asyncio.Queue[Any]]]:
    """A source that listens, its address, and the queue of what it has taken."""
    queue: asyncio.Queue[Any] = asyncio.Queue()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    source = asyncio.create_task(main(queue, {"clusters": ["c1"], "port": port, **options}))
    try:
        while True:
            with suppress(OSError):
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            assert not source.done(), source.exception()
            await asyncio.sleep(0)
        yield f"{'https' if 'certfile' in options else 'http'}://127.0.0.1:{port}", queue
    finally:
        source.cancel()
        with suppress(asyncio.CancelledError):
            await source


def test_whom_it_takes_what_from() -> None:
    async def run() -> tuple[list[int], list[Any]]:
        async with listening(most_per_minute=3) as (url, queue), aiohttp.ClientSession() as session:
            statuses = []
            for path, body in (
                ("/c1", posted(VIOLATION)),
                ("/c2", posted(VIOLATION)),
                ("/", posted(VIOLATION)),
                ("/c1/x", posted(VIOLATION)),
                ("/c1", b"{}"),
                ("/c1", posted("x" * LARGEST)),
                *[("/c1", posted(VIOLATION))] * 3,
            ):
                async with session.post(url + path, data=body) as answer:
                    statuses.append(answer.status)
            async with session.get(f"{url}/c1") as answer:
                statuses.append(answer.status)
            return statuses, [queue.get_nowait() for _event in range(queue.qsize())]

    statuses, events = asyncio.run(run())
    assert statuses == [200, 404, 404, 404, 400, 413, 200, 200, 429, 405]
    assert [event["cluster"] for event in events] == ["c1"] * 3


def test_the_bound_is_of_a_minute() -> None:
    receiver = Receiver(asyncio.Queue(), ["c1"], 2)
    moments = [0.0, 59.0, 59.5, 60.0, 61.0, 119.0]
    assert [receiver._has_room(moment) for moment in moments] == [True, True, False, True, False, True]


def test_with_authorities_only_who_has_a_certificate_of_theirs(tmp_path: Path) -> None:
    ours, others = trustme.CA(), trustme.CA()
    server = ours.issue_cert("127.0.0.1")
    (tmp_path / "server.pem").write_bytes(server.private_key_and_cert_chain_pem.bytes())
    ours.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    async def run() -> list[Any]:
        files = {"certfile": str(tmp_path / "server.pem"), "cafile": str(tmp_path / "ca.pem")}
        async with listening(**files) as (url, _queue):
            seen: list[Any] = []
            for authority in (ours, others, None):
                context = ssl.create_default_context()
                ours.configure_trust(context)
                if authority:
                    authority.issue_cert("cluster1.example.com").configure_cert(context)
                async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
                    try:
                        async with session.post(f"{url}/c1", data=posted(VIOLATION)) as answer:
                            seen.append(answer.status)
                    except aiohttp.ClientError:
                        seen.append("refused")
            return seen

    assert asyncio.run(run()) == [200, "refused", "refused"]
