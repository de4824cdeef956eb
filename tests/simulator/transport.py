# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS: turns what arrives on a socket into a Call and an Answer into what leaves; numbers the connections."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Callable
from itertools import count
from weakref import WeakKeyDictionary

from aiohttp import web

from .messages import Answer, Call, Delivery
from .reception import Listener, reset_when_closed

# What an ONTAP sends with everything (fact sheet 6).
_HEADERS = {"Server": "libzapid-httpd", "Cache-Control": "no-cache,no-store,must-revalidate"}
_LONGEST_PRETTY = 100
"""Records up to which an answer is laid out for a reader: beyond, the layout would cost more than all the rest."""

_LONGEST_LINE = 1024 * 1024
"""Bytes of a request line: whether long ones are refused is for the array to say."""

Handler = Callable[[Call, int, int], Answer]
"""Takes a call, the number of its connection, and how many requests are in progress, this one included."""


class Transport:
    """A server in a thread of its own, with an event loop of its own."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ontap-simulator", daemon=True)
        self._runner: web.ServerRunner | None = None
        self._listener: Listener | None = None
        self._silent: set[asyncio.Transport] = set()
        self._numbers: WeakKeyDictionary[asyncio.Task[None], int] = WeakKeyDictionary()
        self._next_number = count(1)
        self._in_progress = 0
        self.latency = 0.0

    def start(self, host: str, port: int, context: ssl.SSLContext) -> int:
        """Serve, and return the port."""
        self._thread.start()
        return asyncio.run_coroutine_threadsafe(self._serve(host, port, context), self._loop).result()

    def stop(self) -> None:
        """Close every connection and end the thread."""
        if self._runner is not None:
            asyncio.run_coroutine_threadsafe(self._close(self._runner), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _serve(self, host: str, port: int, context: ssl.SSLContext) -> int:
        self._runner = web.ServerRunner(web.Server(self._respond, max_line_size=_LONGEST_LINE), shutdown_timeout=0.1)
        await self._runner.setup()
        self._listener = Listener(host, port)
        await web.SockSite(self._runner, self._listener, ssl_context=context).start()
        return int(self._runner.addresses[0][1])

    async def _close(self, runner: web.ServerRunner) -> None:
        for transport in self._silent:
            transport.abort()
        await runner.cleanup()

    def welcome(self) -> None:
        """Let no new connection fail, whatever answers before have arranged."""
        if self._listener is not None:
            self._listener.welcome()

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        self._in_progress += 1
        try:
            call = Call(
                request.method,
                request.raw_path,
                {name.lower(): text for name, text in request.headers.items()},
                await request.read(),
                _certificate_name(request),
            )
            if self.latency:
                await asyncio.sleep(self.latency)
            answer = self._handler(call, self._number(request), self._in_progress)
        finally:
            self._in_progress -= 1
        if answer.delivery is Delivery.SILENCE:
            await self._keep_silent(request)
        if not answer.delivery.has_status:
            _reset(request)
        response = _response(call, answer)
        if answer.delivery is Delivery.HALF_THE_PROMISE:
            return await _broken_off(request, response)
        if answer.next_connections and self._listener is not None:
            # Before the client has its answer: it may come back at once.
            self._listener.reject(answer.next_connections)
            response.force_close()
        return response

    async def _keep_silent(self, request: web.BaseRequest) -> None:
        """Return when the client, or `stop`, has closed the connection."""
        transport = request.transport
        if transport is None:
            return
        unheard = _Unheard(request.protocol, self._loop.create_future())
        transport.set_protocol(unheard)
        self._silent.add(transport)
        await unheard.end
        self._silent.remove(transport)

    def _number(self, request: web.BaseRequest) -> int:
        """Return the number of the connection; aiohttp serves each one in a task of its own."""
        if request.task not in self._numbers:
            self._numbers[request.task] = next(self._next_number)
        return self._numbers[request.task]


class _Unheard(asyncio.Protocol):
    """Stands in for a protocol that would not tell its request handler that the client is gone."""

    def __init__(self, protocol: asyncio.BaseProtocol, end: asyncio.Future[None]) -> None:
        self._protocol = protocol
        self.end = end

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass the news on."""
        self._protocol.connection_lost(exc)
        if not self.end.done():
            self.end.set_result(None)


def _certificate_name(request: web.BaseRequest) -> str | None:
    """Return the common name of the client's certificate, which is an account's name (fact sheet 6)."""
    certificate = request.get_extra_info("peercert") or {}
    subject = dict(pair for relative_name in certificate.get("subject", ()) for pair in relative_name)
    return subject.get("commonName")


def _response(call: Call, answer: Answer) -> web.Response:
    if answer.page is not None:
        # None of ONTAP's headers: it is not ONTAP that sends pages.
        return web.Response(text=answer.page, status=answer.status, headers=answer.headers, content_type="text/html")
    kind = "application/hal+json" if call.hal else "application/json"
    if answer.body is None:
        return web.Response(status=answer.status, headers={**_HEADERS, **answer.headers})
    pretty = "pretty=false" not in call.raw_query and len(answer.body.get("records", ())) <= _LONGEST_PRETTY
    # An empty object is three bytes long on the wire (fact sheet 4.1).
    text = json.dumps(answer.body, indent=2 if pretty else None) if answer.body else "{\n}"
    if answer.delivery is Delivery.HALF_THE_TEXT:
        text = text[: len(text) // 2]
    return web.Response(
        body=text.encode(), status=answer.status, headers={**_HEADERS, "Content-Type": kind, **answer.headers}
    )


def _reset(request: web.BaseRequest) -> None:
    if request.transport is not None:
        reset_when_closed(request.transport.get_extra_info("socket"))
        request.transport.abort()


async def _broken_off(request: web.BaseRequest, whole: web.Response) -> web.StreamResponse:
    """Send the headers of an answer and half of its body; the connection is closed when this returns."""
    assert isinstance(whole.body, bytes)
    content = whole.body
    headers = {**whole.headers, "Content-Length": str(len(content))}
    half = web.StreamResponse(status=whole.status, headers=headers)
    half.force_close()
    await half.prepare(request)
    await half.write(content[: len(content) // 2])
    return half
