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

from .messages import Answer, Call

# What an ONTAP sends with everything (fact sheet 6).
_HEADERS = {"Server": "libzapid-httpd", "Cache-Control": "no-cache,no-store,must-revalidate"}
_LONGEST_PRETTY = 100
"""Records up to which an answer is laid out for a reader: beyond, the layout would cost more than all the rest."""

Handler = Callable[[Call, int, int], Answer]
"""Takes a call, the number of its connection, and how many requests are in progress, this one included."""


class Transport:
    """A server in a thread of its own, with an event loop of its own."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ontap-simulator", daemon=True)
        self._runner: web.ServerRunner | None = None
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
            asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _serve(self, host: str, port: int, context: ssl.SSLContext) -> int:
        self._runner = web.ServerRunner(web.Server(self._respond), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, ssl_context=context).start()
        return int(self._runner.addresses[0][1])

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
        if answer.hang_up and request.transport is not None:
            request.transport.abort()
        return _response(call, answer)

    def _number(self, request: web.BaseRequest) -> int:
        """Return the number of the connection; aiohttp serves each one in a task of its own."""
        if request.task not in self._numbers:
            self._numbers[request.task] = next(self._next_number)
        return self._numbers[request.task]


def _certificate_name(request: web.BaseRequest) -> str | None:
    """Return the common name of the client's certificate, which is an account's name (fact sheet 6)."""
    certificate = request.get_extra_info("peercert") or {}
    subject = dict(pair for relative_name in certificate.get("subject", ()) for pair in relative_name)
    return subject.get("commonName")


def _response(call: Call, answer: Answer) -> web.Response:
    kind = "application/hal+json" if call.hal else "application/json"
    if answer.body is None:
        return web.Response(status=answer.status, headers={**_HEADERS, **answer.headers})
    pretty = "pretty=false" not in call.raw_query and len(answer.body.get("records", ())) <= _LONGEST_PRETTY
    # An empty object is three bytes long on the wire (fact sheet 4.1).
    text = json.dumps(answer.body, indent=2 if pretty else None) if answer.body else "{\n}"
    return web.Response(
        body=text.encode(), status=answer.status, headers={**_HEADERS, "Content-Type": kind, **answer.headers}
    )
