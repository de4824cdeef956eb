# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Destinations of events: what they take, and what is sent to them."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from xml.etree import ElementTree

import pytest
import trustme

from simulator import Simulator, Unknowns

from .conftest import Api

PATH = "/api/support/ems/destinations"
HOOK = {
    "name": "rulebook",
    "type": "rest_api",
    "destination": "https://rulebook.example.com:5000/c1",
    "filters": [{"name": "important-events"}],
}


def test_life(api: Api) -> None:
    assert api("POST", PATH, HOOK).status_code == 201
    assert api.refused("POST", PATH, HOOK)[0] == "1"
    assert [one["name"] for one in api.records(PATH)] == ["rulebook", "snmp-traphost"]
    found = api("GET", f"{PATH}/rulebook").json()
    assert {**found, "_links": None} == {**HOOK, "system_defined": False, "_links": None}
    (listed,) = api.records(PATH, name="rulebook", fields="destination,filters.name")
    assert listed["filters"] == HOOK["filters"]
    two = [{"name": "no-info-debug-events"}]
    assert api("PATCH", f"{PATH}/rulebook", {"filters": two}).status_code == 200
    assert api("GET", f"{PATH}/rulebook").json()["filters"] == two
    assert api("DELETE", f"{PATH}/rulebook").status_code == 200
    assert api.refused("DELETE", f"{PATH}/rulebook")[0] == "4"


CERTIFICATE = {"ca": "CA", "serial_number": "0F"}
REFUSED: dict[str, dict[str, Any]] = {
    "983180": {"name": ""},
    "983181": {"name": "a b"},
    "983182": {"name": "x"},
    "983149": {"type": "snmp"},
    "262212": {"destination": None},
    "983129": {"destination": "rulebook.example.com"},
    "983130": {"destination": "https://"},
    "983131": {"destination": "https://[::1"},
    "983107": {"filters": [{"name": "no-such"}]},
    "983144": {"certificate": {"ca": "CA"}},
    "983145": {"certificate": CERTIFICATE, "destination": "http://rulebook.example.com"},
    "983153": {"certificate": CERTIFICATE},
    "983184": {"certificate": CERTIFICATE, "type": "email", "destination": "a@example.com"},
    "262254": {"filters": {"name": "important-events"}},
    "262185": {"type": "carrier_pigeon"},
    "262196": {"system_defined": True},
}


@pytest.mark.parametrize(("code", "changes"), REFUSED.items())
def test_what_is_refused(api: Api, code: str, changes: dict[str, Any]) -> None:
    body = {name: value for name, value in {**HOOK, **changes}.items() if value is not None}
    assert api.refused("POST", PATH, body)[0] == code
    assert len(api.records(PATH)) == 1


def test_a_certificate_that_is_installed(array: Simulator, api: Api) -> None:
    array.add_certificate("hook", None, "client", ca="CA", serial_number="0F")
    assert api("POST", PATH, {**HOOK, "certificate": CERTIFICATE}).status_code == 201
    assert api("GET", f"{PATH}/rulebook").json()["certificate"] == {**CERTIFICATE, "name": "hook"}


def test_what_may_not_be_changed(api: Api) -> None:
    api("POST", PATH, HOOK)
    assert api.refused("PATCH", f"{PATH}/rulebook", {"type": "email"})[0] == "262203"
    assert api.refused("PATCH", f"{PATH}/rulebook", {"destination": ""})[0] == "983179"
    assert api.refused("PATCH", f"{PATH}/rulebook", {})[0] == "262190"
    for method, body in (("PATCH", {"destination": "x"}), ("DELETE", None)):
        assert api.refused(method, f"{PATH}/snmp-traphost", body)[0] == "983152"


def test_accounts_of_an_svm_have_no_business_here(array: Simulator) -> None:
    array.add_account("vsadmin", "secret-enough", svm="svm1")
    own = Api(array, auth=("vsadmin", "secret-enough"))
    for method, path, body in (("GET", "", None), ("POST", "", HOOK), ("DELETE", "/snmp-traphost", None)):
        assert own.refused(method, PATH + path, body)[0] == "6"


# --- what is sent ---


@contextmanager
def receiver(context: ssl.SSLContext | None = None, status: int = 200) -> Iterator[tuple[str, list[bytes]]]:
    """Run somebody who takes events; return the URL, and what has come."""
    came: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}", came
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("content", "names"), [("text", 0), ("record", 3)])
def test_an_event_is_posted_as_xml(array: Simulator, api: Api, content: str, names: int) -> None:
    array.unknowns = Unknowns(webhook_content=content)
    array.add_policy({"name": "nfs", "svm": "svm1"})
    with receiver() as (url, came):
        api("POST", PATH, {**HOOK, "destination": f"{url}/c1"})
        assert array.packet_in("10.0.1.7", "10.0.0.1") == "ipsec.ib.policy.violation"
        # A notice is nothing that this filter lets pass.
        assert array.packet_out("10.0.0.1", "10.0.1.7") == "ipsec.ob.no.acquire"
    assert [one.outcome for one in array.deliveries] == [200]
    (body,) = came
    root = ElementTree.fromstring(body)
    space = "{http://www.netapp.com/filer/admin}"
    assert root.findtext(f"{space}ems-message-info/{space}severity") == "alert"
    assert "10.0.1.7 ==> 10.0.0.1" in root.findtext(f"{space}ems-message-info/{space}event", "")
    assert len(root.findall(f".//{space}name")) == names


def test_whoever_receives_it_has_to_prove_who_that_is(array: Simulator, api: Api) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with receiver(context) as (url, came):
        api("POST", PATH, {**HOOK, "destination": f"{url}/c1"})
        array.log_event("raid.first", "alert")
        array.add_certificate("hook-ca", None, "server_ca", public_certificate=authority.cert_pem.bytes().decode())
        array.log_event("raid.second", "alert")
    assert [one.outcome for one in array.deliveries] == ["SSLError", 200]
    assert len(came) == 1


def test_nobody_there_and_nobody_who_takes_it(array: Simulator, api: Api) -> None:
    with receiver(status=503) as (url, _came):
        api("POST", PATH, {**HOOK, "destination": url})
        array.log_event("raid.first", "alert")
    array.log_event("raid.second", "alert")
    assert [one.outcome for one in array.deliveries] == [503, "ConnectionError"]
    array.reset()
    assert (array.deliveries, [one["name"] for one in array.destinations()]) == ([], ["snmp-traphost"])
