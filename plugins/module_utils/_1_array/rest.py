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
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Callable, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from .._0_basics import interruption
from .._0_basics.errors import (
    ApiError,
    ApprovalPending,
    ConnectionFailed,
    InvalidInput,
    JobFailed,
    OntapError,
    UnexpectedAnswer,
    Unfinished,
)
from .trace import Trace
from .wire import Connection, Repetition, Wire

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
    """Whatever came back for a request. body: the JSON object, empty where there was none. error: ``None`` for a success."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    error: ApiError | ApprovalPending | None = None

    def __str__(self) -> str:
        return f"HTTP {self.status}{f' with code {self.code}' if self.code else ''}"

    @property
    def accepted(self) -> bool:
        """Whether ONTAP did what it was asked for, or is about to."""
        return self.error is None

    @property
    def code(self) -> int:
        """ONTAP's error code, 0 if there is none."""
        return _integer(_details(self.body).get("code"))

    @property
    def following(self) -> str:
        """The link of a page to the next one, empty if there is none. Raises ``UnexpectedAnswer`` if it leads elsewhere."""
        return _next_link(self.body)


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
        self._may_read_version = True
        self._clock = clock
        self.trace = trace
        self._wire = Wire(connection, clock)
        self._interruption = interruption.current()

    def __enter__(self) -> RestClient:
        return self

    def __exit__(self, *exception: object) -> None:
        self._wire.close()

    def hold(self) -> None:
        """From now on whoever wants to end the task has to wait for its end; so it is from the first write on at the latest."""
        self._interruption.hold()

    @property
    def interrupted(self) -> bool:
        """Whether somebody waits for the end of the task, so that nothing new should begin."""
        return self._interruption.waits

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
        return self._exchange(method, _url(path, query), body, accept)

    def follow(self, link: str) -> Exchange:
        """The page that a page's link leads to, as ``exchange``."""
        return self._exchange("GET", link)

    def _exchange(
        self, method: str, url: str, body: Mapping[str, Any] | None = None, accept: str = "application/json"
    ) -> Exchange:
        response = self._send(method, url, body, {"Accept": accept})
        answer = _json_object(_named(method, url), response)
        error = _api_error(_named(method, url), response, answer)
        return Exchange(response.status_code, response.headers, answer, error)

    def version(self) -> tuple[int, int, int] | None:
        """The release of the array, read at most once; ``None`` where the account may not read it."""
        if self.known_version is None and self._may_read_version:
            answer = if_allowed(lambda: self.get("/cluster", {"fields": "version"}))
            if answer is None:
                self._may_read_version = False
                return None
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
            return self.finish(request, answer) if response.status_code == 202 else Answer(answer, seconds)

        return self._repeating(method, attempt)

    def _repeating(self, method: str, attempt: Callable[[], T]) -> T:
        """The result of ``attempt``, which is made again while that is safe and of use, up to ``retries`` times.

        The decision is taken here and not by urllib3, because it depends on ONTAP's error code, which urllib3 does
        not read, and so that the trace shows each attempt.
        """
        repetition = Repetition(self.connection.retries)
        while True:
            try:
                return attempt()
            except (ConnectionFailed, ApiError) as error:
                if not _worth_repeating(method, error):
                    raise
                pause = repetition.pause(error.retry_after if isinstance(error, ApiError) else "")
                if pause is None:
                    raise
                self._clock.sleep(_pause(pause, error))

    def _send(
        self, method: str, url: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        if method != "GET":
            self.hold()
        started = self._clock.monotonic()
        try:
            response = self._wire.send(method, url, body, headers)
        except ConnectionFailed as failure:
            if self.trace:
                self.trace.write(method, url, None, self._clock.monotonic() - started, body, failure.message)
            raise
        if self.trace:
            duration = self._clock.monotonic() - started
            self.trace.write(
                method, url, response.status_code, duration, body, response.content.decode(errors="replace")
            )
        return response

    def finish(self, request: str, accepted: Mapping[str, Any]) -> Answer:
        """Follows the job behind a 202 to its end. request: how messages call it. accepted: the answer.

        Raises ``ApprovalPending`` if there is no job, ``JobFailed``, and ``Unfinished`` if its end can't be seen.
        """
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

        return self._repeating("GET", attempt)


def _worth_repeating(method: str, error: ConnectionFailed | ApiError) -> bool:
    """Whether a request can be sent once more without harm, and with a chance.

    Reads always can. A write only if it is certain that it was not carried out: no byte of it left, or ONTAP put it off
    (429, 503, and the codes for too many requests and for a temporary lock, on any status).
    """
    if isinstance(error, ConnectionFailed):
        return not error.lasting and (error.never_sent or method == "GET")
    if error.code in (_TOO_MANY_REQUESTS, _TEMPORARILY_LOCKED):
        return True
    # Limits of a resource come with the same statuses and don't pass by waiting (docs/ontap_facts.md, 5.2, 9.16).
    put_off = error.status in (429, 503) and error.code != _LIMIT_REACHED
    return put_off or (method == "GET" and error.status in (429, 502, 503, 504))


def _pause(seconds: float, error: ConnectionFailed | ApiError) -> float:
    """Seconds to wait before the next attempt; a little random, lest many clients come back at once."""
    if isinstance(error, ApiError) and error.code == _TEMPORARILY_LOCKED:
        # A MetroCluster that records its configuration asks for "a few minutes" (docs/ontap_facts.md, 5.2).
        seconds = LONGEST_PAUSE
    return min(seconds + random.uniform(0, 0.5), LONGEST_PAUSE)


def forbidden(error: ApiError) -> bool:
    """Whether the account may not do this, so that a caller who can do without it may go on."""
    return error.status == 403 or error.code == _FORBIDDEN


def if_allowed(ask: Callable[[], T]) -> T | None:
    """What a request returns, ``None`` where the account may not make it."""
    try:
        return ask()
    except ApiError as error:
        if forbidden(error):
            return None
        raise


def instance(collection: str, identifier: Any) -> str:
    """The path of one object. Refuses what is no UUID: ``..`` or nothing would address the whole collection."""
    try:
        return f"{collection}/{uuid.UUID(str(identifier))}"
    except ValueError:
        raise UnexpectedAnswer(
            f"{identifier!r} is not a UUID, so no object of {collection} can be addressed by it."
        ) from None


def named(collection: str, name: Any) -> str:
    """The path of one object that is known by its name. Refuses what would address the whole collection, or another one."""
    text = str(name or "")
    if text in ("", ".", ".."):
        raise UnexpectedAnswer(f"{name!r} is no name, so no object of {collection} can be addressed by it.")
    return f"{collection}/{quote(text, safe='')}"


def _url(path: str, query: Mapping[str, str] | None = None) -> str:
    try:
        return f"/api{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    except UnicodeEncodeError:
        # As bytes of the environment that are no UTF-8 come to Python.
        raise InvalidInput(
            "A value by which the array is to be searched is no text: it has bytes that are not UTF-8."
        ) from None


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


def _target(location: str) -> str:
    """The host that a redirect leads to: nothing else of the URL, which may have credentials."""
    try:
        return urlsplit(location).hostname or "nowhere in particular"
    except ValueError:
        return "somewhere that can't be read"


def _json_object(request: str, response: Any) -> Mapping[str, Any]:
    status = response.status_code
    if 300 <= status < 400:
        raise UnexpectedAnswer(
            f"{request}: answered with a redirect to {_target(response.headers.get('Location', ''))}, which is not followed. "
            "Check hostname and proxy."
        )
    if not response.content.strip():
        return {}
    kind = response.headers.get("Content-Type", "no content type")
    try:
        body = response.json()
        problem = "which is JSON but no object"
    except (ValueError, RecursionError):
        body = None
        problem = "whose JSON is broken" if "json" in kind else "instead of JSON"
    if isinstance(body, Mapping):
        return body
    if status >= 400:
        return {}
    raise UnexpectedAnswer(
        f"{request}: answered HTTP {status} with {len(response.content)} bytes of {kind}, {problem}. {_CHECK_WAY}"
    )


def _api_error(request: str, response: Any, body: Mapping[str, Any]) -> ApiError | ApprovalPending | None:
    status = response.status_code
    reported = body.get("error")
    if not reported and status < 400:
        return None
    details = reported if isinstance(reported, Mapping) else {"message": reported or _meaning(status, response)}
    code = _integer(details.get("code"))
    message = str(details.get("message") or "")
    if code == _APPROVAL_NEEDED:
        return ApprovalPending(
            f"{request}: {message.rstrip('. ')}. Run the task again once it is approved.", _approval_request(body)
        )
    error = ApiError(
        request, status, code, message, str(details.get("target") or ""), _arguments(details.get("arguments"))
    )
    error.advice = ADVICE.get(code, "") or _STATUS_ADVICE.get(status, "" if reported else _CHECK_WAY)
    error.retry_after = response.headers.get("Retry-After", "")
    return error


def _details(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The error object of an answer or a job, empty if there is none."""
    error = body.get("error")
    return error if isinstance(error, Mapping) else {}


def _approval_request(body: Mapping[str, Any]) -> str:
    """The number of the request that somebody has to approve, empty where the answer does not tell it.

    That a 202 carries one is known from NetApp's core team (docs/ontap_facts.md, 6.1), where in it is not. Requests
    for approval are known by their ``index`` (NetApp's reference of ``/security/multi-admin-verify/requests``).
    """
    found = [place.get("index") for place in (body, *Answer(body).records)]
    return next((str(index) for index in found if index is not None), "")


def _job_error(request: str, job: Mapping[str, Any]) -> JobFailed:
    details = _details(job)
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
    except (TypeError, ValueError, OverflowError):
        return 0


def _meaning(status: int, response: Any) -> str:
    """What a status means that came without an error object, as from a proxy, or from something that is no array."""
    kind = response.headers.get("Content-Type", "").partition(";")[0] or "empty"
    return f"{_STATUS_MEANING.get(status, 'no reason given')}; the answer is {kind}, not ONTAP's"


_CHECK_WAY = "Check that hostname is an ONTAP array, and what is between it and here."

_STATUS_MEANING = {
    401: "the array did not accept the credentials",
    403: "the account may not do this",
    404: "whoever answered does not know this path",
    429: "the array has too many requests in progress",
    502: "a proxy got no answer from the array",
    503: "the service is not available",
    504: "a proxy waited for the array in vain",
}

_BUSY = (
    "Give the tasks more retries, or let fewer run at once: by throttle or forks, by concurrency in a set, and between "
    "playbooks."
)

ADVICE = {
    2: "Leave out what the error names, or give it a value that this release knows.",
    _LIMIT_REACHED: "A limit of the array is reached, and waiting does not help: remove what is no longer needed, or see the limits of this release.",
    _TOO_MANY_REQUESTS: _BUSY,
}
"""What to do about codes that any endpoint may answer, unless what is asked for has advice of its own."""

_STATUS_ADVICE = {
    401: "Check username and password (or access_token, client_cert), and that the account may log in by the application http.",
    403: "Check that the role of the account gives access to this REST path.",
    429: _BUSY,
}
