# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes over the wire: one request at a time, by one ``requests`` session, through TLS and a proxy if need be.

Two things are known of a request that failed, whatever exception that showed by: how far its connection had come, and
whether any byte of the request had left. The connection itself writes both down. Errors have words of this collection:
those of other libraries quote credentials.
"""

from __future__ import annotations

import io
import os
import re
import socket
import ssl
import sys
import time
import traceback
import zlib
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from enum import Enum
from http.client import HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected
from typing import Any

from .._0_basics.errors import ConnectionFailed, InvalidInput
from . import route

OLDEST_REQUESTS = (2, 25, 1)
"""The oldest release of requests that the client works with."""

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from requests.utils import get_environ_proxies, select_proxy
    from urllib3.connection import HTTPSConnection
    from urllib3.connectionpool import HTTPSConnectionPool
    from urllib3.util.retry import Retry
except ImportError as _error:
    REQUESTS_IMPORT_ERROR: str | None = traceback.format_exc()
    _there = not isinstance(_error, ModuleNotFoundError) or _error.name != "requests"
    REQUESTS_PROBLEM: str | None = f"has one that can't be imported ({_error})" if _there else "has none"
    # Without them there is no client, but the classes below must be defined for the error to be reported.
    HTTPAdapter = HTTPSConnection = HTTPSConnectionPool = object  # type: ignore[assignment,misc]
else:
    REQUESTS_IMPORT_ERROR = None
    _too_old = tuple(map(int, re.findall("[0-9]+", requests.__version__)[:3])) < OLDEST_REQUESTS
    REQUESTS_PROBLEM = f"has {requests.__version__}" if _too_old else None

CONNECT_TIMEOUT = 10.0
"""Seconds within which TCP and TLS must be up, unless the whole time-out is shorter."""


@dataclass(frozen=True)
class Connection:
    """How to reach an array and log in. Exactly one of basic, token and certificate log-in is set.

    hostname: name or address, without port. timeout: seconds after which one request must have been answered.
    retries: how often a request that is safe to repeat is repeated. version: the release, where the user told it.
    warnings: what the user should hear of these options.
    """

    hostname: str
    port: int = 443
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    client_cert: str | None = None
    client_key: str | None = None
    validate_certs: bool = True
    ca_path: str | None = None
    timeout: float = 60.0
    retries: int = 3
    version: tuple[int, int, int] | None = None
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def place(self) -> str:
        """Host and port; an IPv6 literal in brackets."""
        host = f"[{self.hostname}]" if ":" in self.hostname else self.hostname
        return f"{host}:{self.port}"

    @property
    def base_url(self) -> str:
        """Scheme, host and port."""
        return f"https://{self.place}"


SHARED_SESSIONS: ContextVar[dict[Any, requests.Session] | None] = ContextVar("SHARED_SESSIONS", default=None)
"""Sessions that outlive one client, by account, TLS settings and proxy: whoever sets it has to close them. ``None`` for none."""


class Wire:
    """Sends requests to one array. Raises ``InvalidInput`` for options, files and a proxy that can't be used."""

    def __init__(self, connection: Connection, clock: Any = time) -> None:
        self._connection = connection
        self._clock = clock
        self._timeout = (min(CONNECT_TIMEOUT, connection.timeout), connection.timeout)
        self._proxy = _proxy(connection)
        self._shared = SHARED_SESSIONS.get()
        self._session = self._new_session() if self._shared is None else self._shared_session(self._shared)

    def _shared_session(self, sessions: dict[Any, requests.Session]) -> requests.Session:
        # What a session does not depend on must not tell two of them apart.
        account = replace(self._connection, timeout=0, retries=0, version=None), self._proxy
        if account not in sessions:
            sessions[account] = self._new_session()
        return sessions[account]

    def _new_session(self) -> requests.Session:
        return _session(self._connection, self._proxy)

    def close(self) -> None:
        """Closes the connections, unless they are shared."""
        if self._shared is None:
            self._session.close()

    def send(
        self, method: str, url: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Sends a request once, and returns whatever is answered. url: path and query. Raises ``ConnectionFailed``."""
        passage = _Passage(self._clock, self._connection.timeout)
        token = _PASSAGE.set(passage)
        try:
            response = self._session.request(
                method,
                self._connection.base_url + url,
                json=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
            _check_length(response)
            return response
        # What requests, urllib3 and http.client raise, and what they let pass; ValueError covers the codecs.
        except (
            requests.exceptions.RequestException,
            urllib3.exceptions.HTTPError,
            HTTPException,
            OSError,
            ValueError,
        ) as error:
            failure = self._failure(f"{method} {url.partition('?')[0]}", passage, error)
        finally:
            _PASSAGE.reset(token)
        # Outside of the handler, lest a traceback shows the other exception as its context.
        raise failure

    # Failures in words of our own

    def _failure(self, request: str, passage: _Passage, error: Exception) -> ConnectionFailed:
        """What to raise when no answer came: why not, which option helps, and whether the request can have arrived."""
        cause = _innermost(error)
        sentence, lasting = self._explained(passage, cause)
        return ConnectionFailed(f"{request}: {sentence}", never_sent=not passage.sent, lasting=lasting)

    def _explained(self, passage: _Passage, cause: BaseException) -> tuple[str, bool]:
        """A sentence, and whether trying again is of no use."""
        host = self._connection.place
        timed_out = isinstance(cause, socket.timeout)
        if passage.sent:
            if timed_out:
                limit = f"{self._connection.timeout:g} s"
                return f"no whole answer within {limit}. The option timeout allows for more.", False
            return f"the answer from {host} did not arrive whole: {_words(cause)}.", False
        via_proxy = self._proxy is not None and passage.stage in (Stage.DIALLING, Stage.DIALLED, Stage.AT_PROXY)
        peer = f"the proxy {self._proxy.shown}" if via_proxy and self._proxy else host
        if certificate := _certificate_problem(cause, peer, via_proxy):
            return certificate, True
        if passage.stage is Stage.AT_PROXY:
            return self._refused_by_proxy(peer, cause)
        if timed_out:
            seconds = f"{min(CONNECT_TIMEOUT, self._connection.timeout):g} s"
            return f"{peer} could not be reached within {seconds}. {_LOOK_AT[via_proxy]}", False
        if passage.stage is Stage.BEFORE:
            lasting = not isinstance(cause, OSError)
            return f"no request could be made for {host}: {_words(cause)}. Check hostname and proxy.", lasting
        if passage.stage is Stage.DIALLING:
            return f"no connection to {peer}: {_words(cause)}. {_LOOK_AT[via_proxy]}", False
        return f"no TLS connection to {peer}: {_words(cause)}. {_LOOK_AT[via_proxy]}", False

    def _refused_by_proxy(self, proxy: str, cause: BaseException) -> tuple[str, bool]:
        """The same for a proxy that was reached and made no connection to the array."""
        # http.client's words for a status other than 200; what follows the number is the proxy's.
        status = re.match("Tunnel connection failed: ([0-9]{3})", str(cause))
        why = f"it answered HTTP {status[1]}" if status else _words(cause)
        refused = f"{proxy} did not connect to {self._connection.place}: {why}. "
        if status and status[1] == "407":
            return f"{refused}Give it user name and password in its variable: http://user:password@host:port.", True
        return refused + _LOOK_AT[True], False


_LOOK_AT = {
    True: "Check HTTPS_PROXY and NO_PROXY.",
    False: "Check hostname and port; an array that is busy or failing over may refuse connections, too.",
}


def _check_length(response: requests.Response) -> None:
    """Raises ``IncompleteRead`` for a body that has not come whole, which urllib3 before 2.0 does not notice."""
    promised = response.headers.get("Content-Length", "")
    has_none = response.status_code in (204, 304)
    if not has_none and promised.isdecimal() and response.raw.tell() < int(promised):
        raise IncompleteRead(b"")


class Repetition:
    """How often a request may still be sent again, and after which pause. urllib3's Retry counts."""

    def __init__(self, retries: int) -> None:
        self._retry = Retry(total=retries, backoff_factor=0.5)

    def pause(self, asked_for: str = "") -> float | None:
        """Seconds to wait before the next attempt, ``None`` if it was the last. asked_for: a header ``Retry-After``."""
        try:
            self._retry = self._retry.increment("", "")
        except urllib3.exceptions.MaxRetryError:
            return None
        pause = float(self._retry.get_backoff_time())
        # A date may be one that there is not, a number too long.
        with suppress(urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
            pause = max(pause, float(self._retry.parse_retry_after(asked_for))) if asked_for else pause
        return pause


# What a connection writes down


class Stage(Enum):
    """How far a connection has come: dialling (TCP), at the proxy (CONNECT), up to the array (TLS)."""

    BEFORE = 0
    DIALLING = 1
    DIALLED = 2
    AT_PROXY = 3
    THROUGH_PROXY = 4
    ESTABLISHED = 5


class _Passage:
    """What is known of one request on its way. Only the thread that sends it writes here."""

    def __init__(self, clock: Any, seconds: float) -> None:
        self.stage = Stage.BEFORE
        self.sent = False
        self._clock = clock
        self._deadline = clock.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds that are left for the whole answer. Raises ``socket.timeout``, which urllib3 expects, if there are none."""
        seconds: float = self._deadline - self._clock.monotonic()
        if seconds <= 0:
            raise socket.timeout
        return seconds


_PASSAGE: ContextVar[_Passage] = ContextVar("_PASSAGE")


class _Deadline(io.RawIOBase):
    """What arrives on a socket, as long as the time for the whole answer is not over.

    A time-out of the socket itself begins anew with every byte that arrives.
    """

    def __init__(self, sock: Any, raw: Any, passage: _Passage) -> None:
        self._sock = sock
        self._raw = raw
        self._passage = passage
        self._each = sock.gettimeout()
        self.ended = False

    def readable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """Of the socket."""
        return int(self._raw.fileno())

    def readinto(self, buffer: Any) -> Any:
        """See RawIOBase."""
        self._sock.settimeout(min(self._each, self._passage.remaining()))
        number = self._raw.readinto(buffer)
        self.ended = number == 0
        return number

    def close(self) -> None:
        """Lets go of the socket, which closes if nobody else holds it."""
        if not self.closed:
            self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    """An answer that has to be there in time, from its first byte to the last, and whole."""

    def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self._arriving = _Deadline(sock, self.fp.detach(), _PASSAGE.get())
        self.fp = io.BufferedReader(self._arriving)

    def begin(self) -> None:
        """As in http.client, which takes the end of a connection for the end of the headers."""
        super().begin()
        if self._arriving.ended:
            raise IncompleteRead(b"")


class _HttpsConnection(HTTPSConnection):
    """Writes down how far it has come. No byte of a request can leave but through ``send``."""

    response_class = _Answer
    _connects = False

    def connect(self) -> None:
        """As in urllib3."""
        passage = _PASSAGE.get()
        passage.stage = Stage.DIALLING
        self._connects = True
        try:
            super().connect()
        finally:
            self._connects = False
        passage.stage = Stage.ESTABLISHED

    def _new_conn(self) -> Any:
        sock = super()._new_conn()
        _PASSAGE.get().stage = Stage.DIALLED
        return sock

    def _tunnel(self) -> None:
        _PASSAGE.get().stage = Stage.AT_PROXY
        super()._tunnel()
        _PASSAGE.get().stage = Stage.THROUGH_PROXY

    def send(self, data: Any) -> None:
        """As in http.client, which sends the request to a proxy by this method, too."""
        if self.sock is None:
            self.connect()
        if not self._connects:
            passage = _PASSAGE.get()
            self.sock.settimeout(passage.remaining())
            passage.sent = True
        super().send(data)


class _HttpsConnectionPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _Adapter(HTTPAdapter):
    """Makes requests use these connections, through a proxy as well."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """See requests."""
        super().init_poolmanager(*arguments, **options)
        self._equip(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        """See requests."""
        manager = super().proxy_manager_for(*arguments, **options)
        self._equip(manager)
        return manager

    @staticmethod
    def _equip(manager: Any) -> None:
        manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": _HttpsConnectionPool}


# The session


def _session(connection: Connection, proxy: route.Proxy | None) -> requests.Session:
    if not connection.validate_certs:
        # The user said so; repeating it on stderr with every request helps nobody.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    session = requests.Session()
    # Of the environment, ~/.netrc has credentials that nobody asked for, and REQUESTS_CA_BUNDLE would win over ca_path.
    session.trust_env = False
    session.proxies = {"https": proxy.url} if proxy else {}
    session.headers.update({"Accept": "application/json", "X-Dot-Client-App": "wiresec.ontap"})
    session.auth = _login(connection)
    session.verify = connection.validate_certs
    if connection.validate_certs and connection.ca_path:
        _check_authorities(connection.ca_path)
        session.verify = connection.ca_path
    if connection.client_cert:
        _check_client_certificate(connection.client_cert, connection.client_key)
        session.cert = (
            (connection.client_cert, connection.client_key) if connection.client_key else connection.client_cert
        )
    session.mount("https://", _Adapter())
    return session


def _proxy(connection: Connection) -> route.Proxy | None:
    """The proxy that the environment or the system names for this array."""
    named = select_proxy(connection.base_url, get_environ_proxies(connection.base_url))
    try:
        return route.proxy(named, os.environ) if named else None
    except ValueError as error:
        raise InvalidInput(str(error)) from None


def _login(connection: Connection) -> Any:
    """What ``requests`` takes as ``auth``."""
    if connection.access_token:
        bearer = f"Bearer {connection.access_token}".encode()

        def authorize(request: Any) -> Any:
            request.headers["Authorization"] = bearer
            return request

        return authorize
    if connection.username is not None:
        # As bytes, because requests encodes text as Latin-1 and ONTAP expects UTF-8.
        return connection.username.encode(), (connection.password or "").encode()
    return None


def _check_authorities(path: str) -> None:
    """Raises ``InvalidInput`` for a file or folder that no authority can be read from."""
    folder = os.path.isdir(path)
    try:
        if not folder:
            with open(path, "rb"):
                pass
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(
            None if folder else path, path if folder else None
        )
    except ssl.SSLError:
        raise InvalidInput(
            f"ca_path: {path} must be a PEM file with certificates, and has none that can be read."
        ) from None
    except OSError as error:
        raise InvalidInput(f"ca_path: {path} can't be read: {error.strerror}.") from None


def _check_client_certificate(certificate: str, key: str | None) -> None:
    """Raises ``InvalidInput`` for files that can't be used; OpenSSL itself would ask the terminal for a passphrase."""

    def refuse() -> str:
        raise InvalidInput(
            f"{'client_key' if key else 'client_cert'}: the key in {key or certificate} is protected by a passphrase, "
            "which can't be given. Save it without one ('openssl pkey'), readable by its owner only."
        )

    for option, path in (("client_cert", certificate), ("client_key", key)):
        try:
            if path:
                with open(path, "rb"):
                    pass
        except OSError as error:
            raise InvalidInput(f"{option}: {path} can't be read: {error.strerror}.") from None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, refuse)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            problem = f"client_cert, client_key: the key in {key or certificate} does not belong to {certificate}."
        else:
            problem = (
                f"client_cert: {certificate} must be a PEM file with a certificate, and "
                f"{f'client_key: {key}' if key else 'the same file'} one with its key."
            )
        raise InvalidInput(problem) from None


# The causes of failures


def _innermost(error: BaseException) -> BaseException:
    """The reason at the bottom of the errors that requests and urllib3 wrap around each other."""
    seen = [error]
    while True:
        last = seen[-1]
        context = None if last.__suppress_context__ else last.__context__
        wrapped = [getattr(last, "reason", None), *last.args, last.__cause__, context]
        inner = next((cause for cause in wrapped if isinstance(cause, BaseException) and cause not in seen), None)
        if inner is None:
            return last
        seen.append(inner)


def _words(cause: BaseException) -> str:
    """What an exception means, without its own text; that of the operating system and of OpenSSL is known not to quote."""
    if isinstance(cause, socket.gaierror):
        return "its name can't be resolved"
    if isinstance(cause, UnicodeError):
        return "a name in it is none that the DNS can have"
    if isinstance(cause, socket.timeout):
        return "it took too long"
    if isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError, RemoteDisconnected, IncompleteRead)):
        return "the connection was closed"
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed ({(cause.reason or 'no reason given').replace('_', ' ').lower()})"
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno)
    if isinstance(cause, (zlib.error, urllib3.exceptions.DecodeError)):
        return "its compression is broken"
    if isinstance(cause, HTTPException):
        return f"what came is not HTTP ({type(cause).__name__})"
    return f"the library that makes requests failed ({type(cause).__name__})"


_EXPIRED = 10
_NOT_YET_VALID = 9
_OTHER_NAME = (62, 64)
# X509_V_ERR_* of OpenSSL: no CA, no right to sign, and the rules of X509_V_FLAG_X509_STRICT.
_AGAINST_THE_RULES = (24, 32, *range(79, 95))


def _certificate_problem(cause: BaseException, peer: str, is_proxy: bool) -> str:
    """What is wrong with the peer's certificate and what helps; empty where that is not the problem."""
    code = getattr(cause, "verify_code", None)
    # urllib3 before 2.0 compares names itself, and then raises one of several classes of this name.
    by_urllib3 = code is None and type(cause).__name__ in ("CertificateError", "SSLCertVerificationError")
    if code in _OTHER_NAME or by_urllib3:
        return (
            f"the certificate of {peer} is valid for another name. Give as {'proxy' if is_proxy else 'hostname'} a name that "
            "the certificate contains. Only its subjectAltName counts: a certificate that has nothing but a common name is "
            "valid for none, and has to be created anew."
        )
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return ""
    if code == _EXPIRED:
        return f"the certificate of {peer} has expired. Renew it {'there' if is_proxy else 'on the array'}."
    if code == _NOT_YET_VALID:
        return f"the certificate of {peer} is not valid yet. Check the clocks on both sides."
    if code in _AGAINST_THE_RULES:
        return (
            f"the certificate of {peer}, or that of its authority, breaks a rule ({cause.verify_message}). Python 3.13 and "
            f"later are stricter than those before; this is {sys.version.split()[0]}. Create it anew by the rules of RFC 5280, "
            "or set ca_path to a PEM file with the certificate of the array itself."
        )
    return (
        f"the certificate of {peer} is not signed by a known authority ({cause.verify_message}). "
        "Set ca_path to the PEM file of the authority that signed it."
    )
