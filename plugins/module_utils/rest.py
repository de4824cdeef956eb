# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of ONTAP's REST API: one ``requests`` session, every page of a listing, every job to its end.

It knows HTTP and the conventions that all of ONTAP's endpoints share, and nothing of what is behind them. What is
safe to repeat it repeats; what is not comes back as an error that says how much is known (``lost``, ``doubtful``).
"""

from __future__ import annotations

import random
import re
import ssl
import time
import traceback
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from typing import Any, Callable, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from ansible_collections.wiresec.ontap.plugins.module_utils.errors import (
    ApiError,
    ApprovalPending,
    ConnectionFailed,
    InvalidInput,
    JobFailed,
    OntapError,
    UnexpectedAnswer,
    Unfinished,
)
from ansible_collections.wiresec.ontap.plugins.module_utils.trace import Trace

OLDEST_REQUESTS = (2, 25, 1)
"""The oldest release of requests that the client works with."""

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
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

SERVER_TIME_LIMIT = 120
"""The longest time in seconds that ONTAP lets a listing ask for with ``return_timeout``."""

LONGEST_PAUSE = 30.0
"""Seconds that the client waits before it repeats a request, whatever ``Retry-After`` asks for."""

_NO_TIME = 0.001
_MAX_PAGES = 10_000
_APPROVAL_NEEDED = 262325
_FORBIDDEN = 6
_TOO_MANY_REQUESTS = 262160
_TEMPORARILY_LOCKED = 2621573
_LIMIT_REACHED = 7
_FILTER_SYNTAX = re.compile(r'[*|,!<>"{}]|\.\.|^null$|^\s|\s$')
_UNQUOTABLE = re.compile(r'["{}]')


T = TypeVar("T")


@dataclass(frozen=True)
class Connection:
    """How to reach an array and log in. Exactly one of basic, token and certificate log-in is set.

    hostname: name or address, without port. timeout: seconds that one request may take to answer.
    retries: how often a request that is safe to repeat is repeated. version: the release, where the user told it.
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

    @property
    def base_url(self) -> str:
        """Scheme, host and port; an IPv6 literal in brackets."""
        host = f"[{self.hostname}]" if ":" in self.hostname else self.hostname
        return f"https://{host}:{self.port}"


@dataclass(frozen=True)
class Answer:
    """A successful answer: its JSON object, empty where there was none, and the seconds that the array took for it."""

    body: Mapping[str, Any]
    seconds: float = 0.0

    @property
    def records(self) -> list[Mapping[str, Any]]:
        """The records that a write returned, if it was asked for them and ONTAP obliged."""
        records = self.body.get("records", [])
        return [record for record in records if isinstance(record, Mapping)] if isinstance(records, list) else []


@dataclass(frozen=True)
class Exchange:
    """Whatever came back for a request. body: the JSON object, empty where there was none."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]


SHARED_SESSIONS: ContextVar[dict[Connection, requests.Session] | None] = ContextVar("SHARED_SESSIONS", default=None)
"""Sessions that outlive one client, by account and TLS settings: whoever sets it has to close them. ``None`` for none."""


def literal(value: str) -> str:
    """A filter value that matches ``value`` itself, whatever characters of ONTAP's query language it contains.

    Double quotes make a value literal on every release. How to escape a double quote or a brace differs
    between releases, so a value with one of those matches by wildcards instead: more than itself, never less.
    The caller compares exactly what comes back.
    """
    if not _FILTER_SYNTAX.search(value):
        return value
    if not _UNQUOTABLE.search(value):
        return f'"{value}"'
    return _FILTER_SYNTAX.sub("*", value)


class RestClient:
    """One session with one array. Use it as a context manager: it closes its connection on leaving, unless it is shared.

    Every method raises ``ConnectionFailed``, ``ApiError``, ``ApprovalPending`` or ``UnexpectedAnswer``.
    """

    def __init__(self, connection: Connection, trace: Trace | None = None, clock: Any = time) -> None:
        self.connection = connection
        self.known_version = connection.version
        self._clock = clock
        self.trace = trace
        self._verify = (connection.ca_path or True) if connection.validate_certs else False
        self._timeout = (min(CONNECT_TIMEOUT, connection.timeout), connection.timeout)
        self._shared = SHARED_SESSIONS.get()
        self._session = _session(connection) if self._shared is None else self._shared_session(self._shared)

    def _shared_session(self, sessions: dict[Connection, requests.Session]) -> requests.Session:
        # What a session does not depend on must not tell two of them apart.
        account = replace(self.connection, timeout=0, retries=0, version=None)
        if account not in sessions:
            sessions[account] = _session(self.connection)
        return sessions[account]

    def __enter__(self) -> RestClient:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._shared is None:
            self._session.close()

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """One object."""
        return self._request("GET", _url(path, query)).body

    def get_all(self, path: str, query: Mapping[str, str]) -> list[Mapping[str, Any]]:
        """All records of a collection that match the query, from every page."""
        return [record for page in self.pages(path, query) for record in page.get("records", [])]

    def pages(self, path: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """The pages of a collection as they come; each is complete and has a list of records, if records were asked for."""
        time_limit = int(max(1, min(SERVER_TIME_LIMIT, self.connection.timeout - 5)))
        url = _url(path, {"return_timeout": str(time_limit), **query})
        seen = {url}
        while url:
            answer = self._request("GET", url)
            page = answer.body
            following = _next_link(page)
            records = page.get("records", [])
            if not isinstance(records, list) or not all(isinstance(record, Mapping) for record in records):
                raise UnexpectedAnswer(f"{_named('GET', url)}: the answer has no list of records.")
            if "records" not in page and "num_records" not in page:
                raise UnexpectedAnswer(f"{_named('GET', url)}: the answer has neither records nor their number.")
            # A count of the records elsewhere (return_records=false) comes without records.
            if "records" in page and _integer(page.get("num_records", len(records))) != len(records):
                raise UnexpectedAnswer(
                    f"{_named('GET', url)}: the answer has another number of records ({len(records)}) than it says "
                    f"(num_records {page['num_records']!r})."
                )
            # Some builds give up after the time limit and return nothing, without a link to go on (CONTAP-677909).
            if not records and not page.get("num_records") and not following and answer.seconds >= time_limit:
                raise UnexpectedAnswer(
                    f"{_named('GET', url)}: ONTAP used up its {time_limit} s and found nothing; that is no proof of absence."
                )
            if following in seen or len(seen) > _MAX_PAGES:
                raise UnexpectedAnswer(f"{_named('GET', url)}: the link to the next page leads in a circle.")
            yield page
            seen.add(following)
            url = following

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Creates an object and asks for its record."""
        return self._request("POST", _url(path, {"return_records": "true"}), body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Modifies an object; ``path`` comes from ``instance``."""
        return self._request("PATCH", _url(path), body)

    def delete(self, path: str) -> Answer:
        """Deletes an object; ``path`` comes from ``instance``."""
        return self._request("DELETE", _url(path))

    def exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        accept: str = "application/json",
    ) -> Exchange:
        """Sends a request once and takes ONTAP's answer as it is, be it an error.

        Raises ``ConnectionFailed``, and ``UnexpectedAnswer`` for a success that is none of ONTAP's.
        """
        url = _url(path, query)
        response = self._send(method, url, body, {"Accept": accept})
        return Exchange(response.status_code, response.headers, _json_object(_named(method, url), response))

    def version(self) -> tuple[int, int, int] | None:
        """The release of the array, read at most once; ``None`` where the account may not read it."""
        if self.known_version is None:
            try:
                answer = self.get("/cluster", {"fields": "version"})
            except ApiError as error:
                if forbidden(error):
                    return None
                raise
            numbers = answer.get("version", {})
            try:
                self.known_version = (int(numbers["generation"]), int(numbers["major"]), int(numbers["minor"]))
            except (KeyError, TypeError, ValueError):
                raise UnexpectedAnswer("GET /api/cluster: the answer names no version.") from None
        return self.known_version

    def patiently(self, seconds: float | None = None, pause: float = 0.1) -> Iterator[None]:
        """Yields at once, and again after growing pauses, until the time is over: ``seconds``, or what a request may take."""
        deadline = self._clock.monotonic() + (self.connection.timeout if seconds is None else seconds)
        yield
        while (left := deadline - self._clock.monotonic()) > _NO_TIME:
            self._clock.sleep(min(pause, left))
            pause = min(pause * 2, 5.0)
            yield

    def _request(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Answer:
        def attempt() -> Answer:
            request = _named(method, url)
            started = self._clock.monotonic()
            response = self._send(method, url, body)
            seconds = self._clock.monotonic() - started
            answer = _json_object(request, response)
            error = _api_error(request, response, answer)
            if error:
                raise error
            return self._finish(request, answer) if response.status_code == 202 else Answer(answer, seconds)

        return self._repeating(method, url, attempt)

    def _repeating(self, method: str, url: str, attempt: Callable[[], T]) -> T:
        """The result of ``attempt``, which is made again while that is safe and of use, up to ``retries`` times.

        The decision is taken here and not by urllib3, because it depends on ONTAP's error code, which urllib3 does
        not read, and so that the trace shows each attempt. urllib3's Retry counts, and knows how long to wait.
        """
        retry = Retry(total=self.connection.retries, backoff_factor=0.5)
        while True:
            try:
                return attempt()
            except (ConnectionFailed, ApiError) as error:
                if not _worth_repeating(method, error):
                    raise
                try:
                    retry = retry.increment(method, url)
                except urllib3.exceptions.MaxRetryError:
                    raise error from None
                self._clock.sleep(_pause(retry, error))

    def _send(
        self, method: str, url: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        started = self._clock.monotonic()
        try:
            response = self._session.request(
                method,
                self.connection.base_url + url,
                json=body,
                headers=headers,
                timeout=self._timeout,
                # With each request, because requests lets REQUESTS_CA_BUNDLE win over what a session says.
                verify=self._verify,
                allow_redirects=False,
            )
        except (requests.exceptions.RequestException, OSError) as error:
            failure = _connection_failure(error, _named(method, url), self.connection)
            if self.trace:
                self.trace.write(method, url, None, self._clock.monotonic() - started, body, failure.message)
            raise failure from error
        if self.trace:
            duration = self._clock.monotonic() - started
            self.trace.write(
                method, url, response.status_code, duration, body, response.content.decode(errors="replace")
            )
        return response

    def _finish(self, request: str, accepted: Mapping[str, Any]) -> Answer:
        """Follows the job behind a 202 to its end."""
        job = accepted.get("job")
        if not isinstance(job, Mapping) or not job.get("uuid"):
            number = _approval_request(accepted)
            raise ApprovalPending(
                f"{request}: ONTAP accepted the request without carrying it out, as it does while multi-admin "
                f"verification waits for an approval{f' (request {number})' if number else ''}. "
                "Run the task again once it is approved.",
                number,
            )
        path = instance("/cluster/jobs", job["uuid"])
        unseen = ""
        for _attempt in self.patiently():
            try:
                state = self._job(path)
            except OntapError as error:
                unseen = f"which can't be followed: {error}"
                if isinstance(error, ApiError) and forbidden(error):
                    break
                continue
            if state.get("state") == "success":
                return Answer({})
            if state.get("state") == "failure":
                raise _job_error(request, state)
            unseen = f"which is still {state.get('state', 'in an unknown state')} after {self.connection.timeout:g} s."
        # Of the job only: the write itself was accepted, so this must not look like its refusal.
        raise Unfinished(f"{request}: accepted as job {job['uuid']}, {unseen}")

    def _job(self, path: str) -> Mapping[str, Any]:
        url = _url(path, {"fields": "state,message,code,error"})

        def attempt() -> Mapping[str, Any]:
            response = self._send("GET", url)
            job = _json_object(_named("GET", url), response)
            # The ``error`` of a job comes with status 200: it is about the write, not about this request.
            error = _api_error(_named("GET", url), response, {} if response.status_code < 400 else job)
            if error:
                raise error
            return job

        return self._repeating("GET", url, attempt)


def _worth_repeating(method: str, error: ConnectionFailed | ApiError) -> bool:
    """Whether a request can be sent once more without harm, and with a chance.

    Reads always can. A write only if it is certain that it was not carried out: no connection came about, or ONTAP
    put it off (429, 503, and the codes for too many requests and for a temporary lock, on any status).
    """
    if isinstance(error, ConnectionFailed):
        return not error.lasting and (error.never_sent or method == "GET")
    if error.code in (_TOO_MANY_REQUESTS, _TEMPORARILY_LOCKED):
        return True
    # Limits of a resource come with the same statuses and don't pass by waiting (docs/ontap_facts.md, 5.2, 9.16).
    put_off = error.status in (429, 503) and error.code != _LIMIT_REACHED
    return put_off or (method == "GET" and error.status in (429, 502, 503, 504))


def _pause(retry: Retry, error: ConnectionFailed | ApiError) -> float:
    """Seconds to wait before the next attempt; a little random, lest many clients come back at once."""
    asked = 0.0
    if isinstance(error, ApiError) and error.code == _TEMPORARILY_LOCKED:
        # A MetroCluster that records its configuration asks for "a few minutes" (docs/ontap_facts.md, 5.2).
        asked = LONGEST_PAUSE
    elif isinstance(error, ApiError) and error.retry_after:
        with suppress(urllib3.exceptions.InvalidHeader):
            asked = float(retry.parse_retry_after(error.retry_after))
    return min(max(asked, retry.get_backoff_time()) + random.uniform(0, 0.5), LONGEST_PAUSE)


def forbidden(error: ApiError) -> bool:
    """Whether the account may not do this, so that a caller who can do without it may go on."""
    return error.status == 403 or error.code == _FORBIDDEN


def instance(collection: str, identifier: Any) -> str:
    """The path of one object. Refuses what is no UUID: ``..`` or nothing would address the whole collection."""
    try:
        return f"{collection}/{uuid.UUID(str(identifier))}"
    except ValueError:
        raise UnexpectedAnswer(
            f"{identifier!r} is not a UUID, so no object of {collection} can be addressed by it."
        ) from None


class _HttpsConnection(HTTPSConnection):
    """Tells an error while connecting from one afterwards: only then it is certain that nothing was sent.

    urllib3 by itself reports a handshake that was cut off like an answer that was cut off.
    """

    def connect(self) -> None:
        """As in urllib3; whatever fails in TCP, proxy or TLS becomes a NewConnectionError, save invalid certificates."""
        try:
            super().connect()
        except (ssl.SSLCertVerificationError, urllib3.exceptions.HTTPError):
            raise
        except (OSError, HTTPException) as error:
            raise urllib3.exceptions.NewConnectionError(self, str(error)) from error


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


def _session(connection: Connection) -> requests.Session:
    if not connection.validate_certs:
        # The user said so; repeating it on stderr with every request helps nobody.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    session = requests.Session()
    session.headers.update({"Accept": "application/json", "X-Dot-Client-App": "wiresec.ontap"})
    session.auth = _login(connection)
    if connection.client_cert:
        _check_client_certificate(connection.client_cert, connection.client_key)
        session.cert = (
            (connection.client_cert, connection.client_key) if connection.client_key else connection.client_cert
        )
    session.mount("https://", _Adapter())
    return session


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


def _login(connection: Connection) -> Any:
    """What ``requests`` takes as ``auth``. Always something, or it would look for credentials in ``~/.netrc``."""
    if connection.access_token:
        bearer = f"Bearer {connection.access_token}".encode()

        def authorize(request: Any) -> Any:
            request.headers["Authorization"] = bearer
            return request

        return authorize
    if connection.username is not None:
        # As bytes, because requests encodes text as Latin-1 and ONTAP expects UTF-8.
        return connection.username.encode(), (connection.password or "").encode()
    return lambda request: request


def _url(path: str, query: Mapping[str, str] | None = None) -> str:
    return f"/api{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")


def _named(method: str, url: str) -> str:
    """How messages call a request: without its query, which is long and says nothing to the user."""
    return f"{method} {url.partition('?')[0]}"


def _next_link(page: Mapping[str, Any]) -> str:
    links = page.get("_links")
    following = links.get("next") if isinstance(links, Mapping) else None
    href = following.get("href") if isinstance(following, Mapping) else None
    if href is None:
        return ""
    # Only paths below /api: anything else could carry the credentials to another host.
    if not isinstance(href, str) or not href.startswith("/api/"):
        raise UnexpectedAnswer("The link to the next page of a listing is not a path below /api.")
    return href


def _json_object(request: str, response: Any) -> Mapping[str, Any]:
    status = response.status_code
    if 300 <= status < 400:
        target = urlsplit(response.headers.get("Location", "")).netloc or "nowhere in particular"
        raise UnexpectedAnswer(
            f"{request}: answered with a redirect to {target}, which is not followed. Check hostname and proxy."
        )
    if not response.content.strip():
        return {}
    kind = response.headers.get("Content-Type", "no content type")
    try:
        body = response.json()
        problem = "which is JSON but no object"
    except ValueError as error:
        body = None
        problem = f"whose JSON is broken: {error}" if "json" in kind else "instead of JSON"
    if isinstance(body, Mapping):
        return body
    if status >= 400:
        return {}
    raise UnexpectedAnswer(
        f"{request}: answered HTTP {status} with {len(response.content)} bytes of {kind}, {problem}. "
        "Check that hostname is an ONTAP array, and what is between it and here."
    )


def _api_error(request: str, response: Any, body: Mapping[str, Any]) -> ApiError | ApprovalPending | None:
    status = response.status_code
    reported = body.get("error")
    if not reported and status < 400:
        return None
    details = reported if isinstance(reported, Mapping) else {"message": reported or _STATUS_MEANING.get(status, "")}
    code = _integer(details.get("code"))
    message = str(details.get("message") or "")
    if code == _APPROVAL_NEEDED:
        return ApprovalPending(
            f"{request}: {message.rstrip('. ')}. Run the task again once it is approved.", _approval_request(body)
        )
    error = ApiError(
        request, status, code, message, str(details.get("target") or ""), _arguments(details.get("arguments"))
    )
    error.advice = _STATUS_ADVICE.get(status, "")
    error.retry_after = response.headers.get("Retry-After", "")
    return error


def _approval_request(body: Mapping[str, Any]) -> str:
    """The number of the request that somebody has to approve, empty where the answer does not tell it.

    That a 202 carries one is known from NetApp's core team (docs/ontap_facts.md, 6.1), where in it is not. Requests
    for approval are known by their ``index`` (NetApp's reference of ``/security/multi-admin-verify/requests``).
    """
    found = [place.get("index") for place in (body, *Answer(body).records)]
    return next((str(index) for index in found if index is not None), "")


def _job_error(request: str, job: Mapping[str, Any]) -> JobFailed:
    error = job.get("error")
    details = error if isinstance(error, Mapping) else {}
    message = details.get("message") or job.get("message") or "the job failed and ONTAP gave no reason"
    code = _integer(details.get("code") or job.get("code"))
    return JobFailed(
        request, 202, code, str(message), str(details.get("target") or ""), _arguments(details.get("arguments"))
    )


def _arguments(value: Any) -> list[dict[str, str]]:
    # Drawn as a single object in the samples of the reference, and as an array in its schema.
    values = value if isinstance(value, list) else [value]
    return [
        {key: str(entry.get(key, "")) for key in ("code", "message")} for entry in values if isinstance(entry, Mapping)
    ]


def _integer(value: Any) -> int:
    # An integer inside a string in the reference, a bare integer in NetApp's automation guide.
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


_STATUS_MEANING = {
    401: "the array did not accept the credentials",
    403: "the account may not do this",
    404: "the array does not know this path",
    429: "the array has too many requests in progress",
    502: "a proxy got no answer from the array",
    503: "the service is not available",
    504: "a proxy waited for the array in vain",
}

_STATUS_ADVICE = {
    401: "Check username and password (or access_token, client_cert), and that the account may log in by the application http.",
    403: "Check that the role of the account gives access to this REST path.",
}


def _connection_failure(error: Exception, request: str, connection: Connection) -> ConnectionFailed:
    """What to raise when no answer came: why not, which option helps, and whether the request can have arrived."""
    host = f"{connection.hostname}:{connection.port}"
    if not isinstance(error, requests.exceptions.RequestException):
        # requests checks the files of ca_path, client_cert and client_key itself and raises plain OSErrors.
        return ConnectionFailed(f"{request}: {error}", never_sent=True, lasting=True)
    certificate = _certificate_problem(error, host)
    if certificate:
        return ConnectionFailed(f"{request}: {certificate}", never_sent=True, lasting=True)
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.exceptions.ProxyError):
        return ConnectionFailed(
            f"{request}: the proxy did not connect to {host}: {_innermost(error)}. Check HTTPS_PROXY and NO_PROXY.",
            never_sent=True,
        )
    if isinstance(error, requests.exceptions.ConnectTimeout):
        seconds = min(CONNECT_TIMEOUT, connection.timeout)
        return ConnectionFailed(
            f"{request}: {host} could not be reached within {seconds:g} s. Check hostname, port and firewalls.",
            never_sent=True,
        )
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return ConnectionFailed(
            f"{request}: no connection to {host}: {_innermost(error)}. Check hostname and port; an array that is busy or "
            "failing over may refuse connections, too.",
            never_sent=True,
        )
    if isinstance(error, requests.exceptions.ReadTimeout):
        return ConnectionFailed(
            f"{request}: no answer within {connection.timeout:g} s. The option timeout allows for more."
        )
    return ConnectionFailed(f"{request}: the answer from {host} did not arrive whole: {_innermost(error)}.")


def _certificate_problem(error: Exception, host: str) -> str:
    """What is wrong with the array's certificate and what helps; empty where that is not the problem."""
    reason = str(error)
    if not isinstance(error, requests.exceptions.SSLError) or not re.search(
        "CERTIFICATE_VERIFY_FAILED|doesn't match", reason
    ):
        return ""
    if re.search("Hostname mismatch|IP address mismatch|doesn't match", reason):
        return f"the certificate of {host} is valid for another name. Give as hostname a name that the certificate contains."
    if "has expired" in reason:
        return f"the certificate of {host} has expired. Renew it on the array."
    return (
        f"the certificate of {host} is not signed by a known authority ({_innermost(error)}). "
        "Set ca_path to the PEM file of the authority that signed it."
    )


def _innermost(error: BaseException) -> str:
    """The reason at the bottom of the errors that urllib3 and requests wrap around each other."""
    while True:
        wrapped = [getattr(error, "reason", None), *error.args, error.__cause__]
        inner = next((cause for cause in wrapped if isinstance(cause, BaseException)), None)
        if inner is None:
            # OpenSSL's and the operating system's own words are shorter than the exceptions around them.
            words = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or error
            # urllib3 before 2.0 puts its own object in front of its words.
            return re.sub(r"^<.*? object at 0x[0-9a-f]+>: ", "", str(words)).rstrip(". ")
        error = inner
