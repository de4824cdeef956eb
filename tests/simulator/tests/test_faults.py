# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of network, proxy and server, as they are for a client that knows nothing of the collection."""

from __future__ import annotations

import base64
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPSConnection, IncompleteRead, RemoteDisconnected
from typing import Any

import pytest
import requests

from simulator import Simulator, Unknowns
from simulator.faults import KINDS, Effect, describe

from .conftest import POLICIES, Api, Record

Body = Callable[..., Record]

EITHER = [name for name, kind in KINDS.items() if kind.effect is Effect.EITHER]
NEVER = [name for name, kind in KINDS.items() if kind.effect is Effect.NEVER]
LIES = [name for name, kind in KINDS.items() if kind.is_lie]
REJECTING = [name for name, kind in KINDS.items() if kind.effect is Effect.ALWAYS and not kind.is_lie]

before_and_after = pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])


class Client:
    """One connection, and errors as the socket raises them."""

    def __init__(self, array: Simulator) -> None:
        credentials = base64.b64encode(f"{array.username}:{array.password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {credentials}"}
        self.connection = HTTPSConnection(
            array.host, array.port, context=ssl.create_default_context(cafile=array.ca_path)
        )

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def send(self, method: str, body: Record | None = None) -> None:
        """Send a request and wait for nothing."""
        self.connection.request(method, POLICIES, None if body is None else json.dumps(body), self._headers)

    def status(self, method: str, body: Record | None = None) -> int:
        """Send a request, read the answer, return its status."""
        self.send(method, body)
        response = self.connection.getresponse()
        response.read()
        return response.status


@pytest.fixture
def client(array: Simulator) -> Iterator[Client]:
    """Return a client whose connection is closed in the end."""
    with closing(Client(array)) as client:
        yield client


@pytest.fixture
def silence(array: Simulator) -> threading.Event:
    """Return what is set as soon as a request has been swallowed."""
    swallowed = threading.Event()
    array.on_silence = swallowed.set
    return swallowed


# --- what can be arranged ---


@pytest.mark.parametrize(
    ("kind", "method", "options", "message"),
    [
        ("flood", "GET", {}, "no fault 'flood'; there are\n  reset "),
        *((kind, "GET", {"after_effect": True}, f"{kind} happens before effect") for kind in NEVER),
        *((kind, "GET", {"after_effect": True}, f"{kind} happens with effect") for kind in LIES + REJECTING),
        *((kind, "POST", {}, f"{kind} is a lie about the records of a GET, not of POST") for kind in LIES),
        ("wrong_count", "*", {}, "of a GET, not of *"),
        ("reset", "GET", {"retry_after": "1"}, "reset takes no details, not retry_after"),
        ("busy", "GET", {"attempts": 2, "wait": 1}, "busy takes retry_after, not attempts, wait"),
        ("reset", "GET", {"occurrence": 0}, "can't be 0"),
    ],
)
def test_a_fault_that_cannot_be(
    array: Simulator, api: Api, kind: str, method: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError) as raised:
        array.fault(kind, method, POLICIES, **options)
    assert message in str(raised.value)
    assert api("GET").status_code == 200


def test_a_foreign_svm_has_to_exist(array: Simulator) -> None:
    with pytest.raises(KeyError, match="svm9"):
        array.fault("foreign_svm", "GET", POLICIES, svm="svm9")


def test_every_kind_has_a_line_in_the_help() -> None:
    assert [line.split()[0] for line in describe().splitlines()] == list(KINDS)


# --- what the client gets, and whether the request was carried out ---


def check_effect(array: Simulator, after_effect: bool, status: int) -> None:
    """Check that the one policy is there or not, and the log's one line."""
    assert [policy["name"] for policy in array.policies()] == (["psk"] if after_effect else [])
    assert [(line.method, line.path, line.status) for line in array.requests] == [("POST", POLICIES, status)]


@before_and_after
def test_reset(array: Simulator, client: Client, psk: Body, after_effect: bool) -> None:
    array.fault("reset", "POST", POLICIES, after_effect=after_effect)
    client.send("POST", psk())
    # Below TLS, for Python's TLS layer may take a reset for an end, and its HTTP client an end for a reset.
    with socket.socket(fileno=client.connection.sock.detach()) as plain, pytest.raises(ConnectionResetError):
        while plain.recv(4096):
            pass
    check_effect(array, after_effect, 0)


@before_and_after
def test_silence(array: Simulator, client: Client, psk: Body, silence: threading.Event, after_effect: bool) -> None:
    array.fault("silence", "POST", POLICIES, after_effect=after_effect)
    client.send("POST", psk())
    silence.wait()
    check_effect(array, after_effect, 0)


@before_and_after
def test_truncated(array: Simulator, client: Client, psk: Body, after_effect: bool) -> None:
    array.fault("truncated", "POST", POLICIES, after_effect=after_effect)
    client.send("POST", psk())
    response = client.connection.getresponse()
    promised = int(response.headers["Content-Length"])
    with pytest.raises(IncompleteRead) as raised:
        response.read()
    assert 0 < len(raised.value.partial) < promised
    assert response.status == 201
    check_effect(array, after_effect, 201)


@before_and_after
def test_cut_json(array: Simulator, api: Api, psk: Body, after_effect: bool) -> None:
    array.fault("cut_json", "POST", POLICIES, after_effect=after_effect)
    response = api("POST", body=psk())
    assert response.status_code == 201
    assert len(response.content) == int(response.headers["Content-Length"]) > 0
    assert "json" in response.headers["Content-Type"]
    with pytest.raises(requests.JSONDecodeError):
        response.json()
    check_effect(array, after_effect, 201)


@pytest.mark.parametrize(("kind", "status"), [("html", 200), ("bad_gateway", 502), ("gateway_timeout", 504)])
@before_and_after
def test_pages(array: Simulator, api: Api, psk: Body, kind: str, status: int, after_effect: bool) -> None:
    array.fault(kind, "POST", POLICIES, after_effect=after_effect)
    response = api("POST", body=psk())
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.text.startswith("<!DOCTYPE html>")
    check_effect(array, after_effect, status)


@before_and_after
def test_internal_error(array: Simulator, api: Api, psk: Body, after_effect: bool) -> None:
    array.fault("internal_error", "POST", POLICIES, after_effect=after_effect)
    response = api("POST", body=psk())
    assert (response.status_code, response.json()["error"]["code"]) == (500, "262145")
    check_effect(array, after_effect, 500)


@before_and_after
def test_error_in_success(array: Simulator, api: Api, psk: Body, after_effect: bool) -> None:
    array.unknowns = Unknowns(error_code_type="int")
    array.fault("error_in_success", "POST", POLICIES, after_effect=after_effect)
    response = api("POST", body=psk(), return_records="true")
    assert (response.status_code, response.json()["error"]["code"]) == (201, 262145)
    assert ("records" in response.json()) is after_effect
    check_effect(array, after_effect, 201)


@before_and_after
def test_a_listing_with_an_error_in_it(array: Simulator, api: Api, after_effect: bool) -> None:
    array.add_policy({"name": "p", "svm": "svm1"})
    array.fault("error_in_success", "GET", POLICIES, after_effect=after_effect)
    response = api("GET")
    assert (response.status_code, response.json()["error"]["code"]) == (200, "262145")
    assert [record["name"] for record in response.json()["records"]] == (["p"] if after_effect else [])


@pytest.mark.parametrize(
    ("kind", "details", "status", "retry_after"),
    [
        ("busy", {}, 429, "1"),
        ("busy", {"retry_after": "7"}, 429, "7"),
        ("unavailable", {}, 503, "1"),
        ("unavailable", {"retry_after": "7"}, 503, "7"),
        ("locked", {}, 400, None),
    ],
)
def test_too_busy(
    array: Simulator, api: Api, psk: Body, kind: str, details: Record, status: int, retry_after: str | None
) -> None:
    array.fault(kind, "POST", POLICIES, **details)
    response = api("POST", body=psk())
    assert (response.status_code, response.headers.get("Retry-After")) == (status, retry_after)
    if kind == "unavailable":
        assert response.headers["Content-Type"].startswith("text/html")
    else:
        assert response.json()["error"]["code"] == "262160"
    check_effect(array, False, status)


def test_redirect(array: Simulator, api: Api, psk: Body) -> None:
    array.fault("redirect", "POST", POLICIES)
    response = api("POST", body=psk(), return_records="true")
    assert response.status_code == 307
    assert response.headers["Location"] == f"https://elsewhere.example{POLICIES}?return_records=true"
    check_effect(array, False, 307)


@pytest.mark.parametrize("kind", [kind for kind in EITHER if kind not in ("reset", "silence", "internal_error")])
def test_a_fault_happens_to_a_refusal_too(array: Simulator, client: Client, psk: Body, kind: str) -> None:
    statuses = {"html": 200, "bad_gateway": 502, "gateway_timeout": 504, "error_in_success": 201}
    array.fault(kind, "POST", POLICIES, after_effect=True)
    client.send("POST", psk(name="x" * 65))
    assert client.connection.getresponse().status == statuses.get(kind, 400)
    assert array.policies() == []


def test_a_refusal_can_get_lost(array: Simulator, client: Client, psk: Body) -> None:
    array.fault("reset", "POST", POLICIES, after_effect=True)
    client.send("POST", psk(name="x" * 65))
    with pytest.raises(ConnectionResetError):
        client.connection.getresponse()


def test_error_in_success_keeps_the_error_of_a_refusal(array: Simulator, api: Api, psk: Body) -> None:
    array.fault("error_in_success", "POST", POLICIES, after_effect=True)
    response = api("POST", body=psk(name="x" * 65))
    assert (response.status_code, response.json()["error"]["code"]) == (201, "66257148")


# --- which requests it happens to ---


def test_occurrence_and_times(array: Simulator, api: Api) -> None:
    array.fault("busy", "*", "/security/ipsec/*", occurrence=2, times=2)
    assert api("GET", "/api/cluster").status_code == 200
    sent = [api("GET"), api("DELETE", name="x"), api("GET"), api("GET")]
    assert [response.status_code for response in sent] == [200, 429, 429, 200]
    assert [line.status for line in array.requests] == [200, 200, 429, 429, 200]


def test_nobody_meets_a_fault_without_a_login(array: Simulator, api: Api) -> None:
    array.fault("bad_gateway", "GET", POLICIES)
    assert requests.get(array.url + POLICIES, verify=array.ca_path).status_code == 401
    assert api("GET").status_code == 502


def test_a_reset_drops_faults(array: Simulator, api: Api) -> None:
    array.fault("bad_gateway", "GET", POLICIES)
    array.on_silence = threading.Event().set
    array.reset()
    assert array.on_silence is None
    assert api("GET").status_code == 200


# --- silence ---


def test_a_silence_holds_nobody_up(make_array: Callable[..., Simulator], psk: Body) -> None:
    array = make_array()
    swallowed = threading.Event()
    array.on_silence = swallowed.set
    array.fault("silence", "GET", POLICIES)
    with closing(Client(array)) as client:
        client.send("GET")
        swallowed.wait()
        assert array.requests[0].status == 0
        assert Api(array)("POST", body=psk()).status_code == 201
        assert array.policy("psk", "svm1") is not None
        # Neither an answer nor the end of the connection can be read.
        client.connection.sock.setblocking(False)
        with pytest.raises(ssl.SSLWantReadError):
            client.connection.sock.recv(1)
        client.connection.sock.setblocking(True)
        array.stop()
        with pytest.raises((RemoteDisconnected, ConnectionResetError)):
            client.connection.getresponse()


def test_a_client_can_end_a_silence(array: Simulator, client: Client, silence: threading.Event) -> None:
    array.fault("silence", "GET", POLICIES)
    client.send("GET")
    silence.wait()
    client.close()
    assert client.status("GET") == 200
    assert [line.status for line in array.requests] == [0, 200]
    assert array.connections == 2


def test_a_silence_does_not_count_as_a_request_in_progress(
    array: Simulator, client: Client, api: Api, silence: threading.Event
) -> None:
    array.request_limit = 1
    array.fault("silence", "GET", POLICIES)
    client.send("GET")
    silence.wait()
    assert api("GET").status_code == 200


# --- connections that fail ---


def fail_to_connect(array: Simulator, kind: str) -> None:
    """Check that the next connection fails as it has to."""
    with closing(Client(array)) as client, pytest.raises(OSError) as raised:
        client.connection.connect()
    alert = re.search("alert.handshake.failure", str(raised.value), re.IGNORECASE)
    assert (alert is not None) is (kind == "handshake")


@pytest.mark.parametrize("kind", REJECTING)
@pytest.mark.parametrize("details", [{}, {"attempts": 3}])
def test_the_next_connections_fail(
    array: Simulator, client: Client, api: Api, psk: Body, kind: str, details: dict[str, int]
) -> None:
    assert api("GET").status_code == 200
    array.fault(kind, "POST", POLICIES, **details)
    client.send("POST", psk())
    response = client.connection.getresponse()
    assert (response.status, response.headers["Connection"]) == (201, "close")
    assert array.policy("psk", "svm1") is not None
    for _attempt in range(details.get("attempts", 1)):
        fail_to_connect(array, kind)
    assert api("GET").status_code == 200
    assert client.status("GET") == 200
    assert [line.status for line in array.requests] == [200, 201, 200, 200]
    assert array.connections == 3


def test_a_refused_connection_is_reset_before_its_handshake(array: Simulator, client: Client) -> None:
    array.fault("refused", "GET", POLICIES)
    assert client.status("GET") == 200
    with socket.create_connection((array.host, array.port)) as plain, pytest.raises(ConnectionResetError):
        plain.recv(1)
    assert client.status("GET") == 200


def test_they_fail_in_the_order_in_which_they_were_arranged(array: Simulator, client: Client, api: Api) -> None:
    array.fault("handshake", "GET", POLICIES)
    array.fault("refused", "GET", POLICIES)
    assert client.status("OPTIONS") == 200
    assert api("GET").status_code == 200
    assert client.status("GET") == 200
    fail_to_connect(array, "handshake")
    fail_to_connect(array, "refused")
    assert api("GET").status_code == 200


@pytest.mark.parametrize("kind", REJECTING)
def test_a_reset_lets_everybody_connect(array: Simulator, client: Client, kind: str) -> None:
    array.fault(kind, "GET", POLICIES, attempts=2)
    assert client.status("GET") == 200
    array.reset()
    assert client.status("GET") == 200


# --- lies about records ---


@pytest.fixture
def three(array: Simulator) -> Simulator:
    """Return an array with three policies."""
    for name in ("a", "b", "c"):
        array.add_policy({"name": name, "svm": "svm1"})
    return array


def test_wrong_count(three: Simulator, api: Api) -> None:
    three.fault("wrong_count", "GET", POLICIES)
    body = api("GET").json()
    assert (body["num_records"], [record["name"] for record in body["records"]]) == (4, ["a", "b", "c"])
    assert api("GET").json()["num_records"] == 3


@pytest.mark.parametrize("max_records", ["2", "3"])
def test_looping_next(three: Simulator, api: Api, max_records: str) -> None:
    three.fault("looping_next", "GET", POLICIES)
    response = api("GET", name="*", max_records=max_records)
    href = response.json()["_links"]["next"]["href"]
    assert href == f"{POLICIES}?name=%2A&max_records={max_records}"
    assert response.headers["Link"] == f'<{href}>; rel="next"'
    assert len(response.json()["records"]) == int(max_records)


def test_missing_fields(three: Simulator, api: Api) -> None:
    honest = api.records(fields="*")
    three.fault("missing_fields", "GET", POLICIES)
    three.fault("missing_fields", "GET", POLICIES, fields=("name", "svm.uuid", "local_endpoint", "no.such.field"))
    for record in honest:
        del record["enabled"]
    assert api.records(fields="*") == honest
    for record in api.records(fields="*"):
        assert {"name", "local_endpoint"}.isdisjoint(record)
        assert ("uuid" in record["svm"], record["svm"]["name"], record["enabled"]) == (False, "svm1", True)
    assert three.policy("a", "svm1") is not None


def test_foreign_svm(three: Simulator, api: Api) -> None:
    third = three.add_svm("svm3")
    three.fault("foreign_svm", "GET", POLICIES)
    three.fault("foreign_svm", "GET", POLICIES, svm="svm3")
    assert {record["svm"]["name"] for record in api.records(svm__name="svm1")} == {"svm2"}
    assert [record["svm"] for record in api.records(svm__name="svm1")] == [{"name": "svm3", "uuid": third}] * 3
    assert {record["svm"]["name"] for record in api.records()} == {"svm1"}


def test_gave_up(three: Simulator, api: Api, silence: threading.Event) -> None:
    three.fault("gave_up", "GET", POLICIES)
    response = api("GET", max_records="1")
    assert response.status_code == 200
    assert silence.is_set()
    body = response.json()
    assert (body["records"], body["num_records"], "next" in body["_links"]) == ([], 0, False)
    assert "Link" not in response.headers
    assert len(api.records()) == 3


def test_nobody_has_to_hear_that_time_passes(three: Simulator, api: Api) -> None:
    three.fault("gave_up", "GET", POLICIES)
    assert three.on_silence is None
    assert api.records() == []


@pytest.mark.parametrize("kind", LIES)
def test_there_are_no_lies_where_there_are_no_records(three: Simulator, api: Api, kind: str) -> None:
    three.fault(kind, "GET", f"{POLICIES}*", times=2)
    policy = three.policy("a", "svm1")
    assert policy is not None
    assert api("GET", f"{POLICIES}/{policy['uuid']}").json()["name"] == "a"
    assert api.refused("GET", f"{POLICIES}?nothing=1")[0] == "262179"
