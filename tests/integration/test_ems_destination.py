# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Destinations of events: what a task makes of them, what it refuses, and what becomes of it when an answer is lost."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import (
    ApiError,
    InvalidInput,
    OntapError,
    UnexpectedAnswer,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.rest import named
from simulator import Simulator
from support.arrays import methods, writes
from support.harness import Playbooks, destination, task

PATH = "/api/support/ems/destinations"
HOOK: dict[str, Any] = {
    "name": "rulebook",
    "destination": "https://rulebook.example.com:5000/cluster1",
    "filters": ["important-events"],
}
CERTIFICATE = {"ca": "Example CA", "serial_number": "0f1e"}


def hook(array: Simulator) -> dict[str, Any] | None:
    """The destination of the tests as the array has it."""
    return next((one for one in array.destinations() if one["name"] == "rulebook"), None)


def test_life(array: Simulator) -> None:
    array.add_certificate("hook", None, "client", ca="Example CA", serial_number="0F1E")
    more = {**HOOK, "filters": ["no-info-debug-events", "important-events"], "certificate": CERTIFICATE}
    course: list[tuple[dict[str, Any], str, list[str]]] = [
        (HOOK, "created", []),
        (HOOK, "none", []),
        ({**HOOK, "filters": ["important-events", "important-events"]}, "none", []),
        ({"name": "rulebook"}, "none", []),
        (more, "modified", ["certificate", "filters"]),
        ({**more, "filters": [*reversed(more["filters"])]}, "none", []),
        ({"name": "rulebook", "destination": "https://other.example.com/c"}, "modified", ["destination"]),
        ({"name": "rulebook", "state": "absent"}, "deleted", []),
        ({"name": "rulebook", "state": "absent"}, "none", []),
    ]
    for options, operation, modified in course:
        before = hook(array)
        predicted = destination(array, check_mode=True, **options)
        assert hook(array) == before
        array.clear_log()
        result = destination(array, **options)
        assert (result["operation"], result["modified"], result["changed"]) == (
            operation,
            modified,
            operation != "none",
        )
        assert {key: predicted[key] for key in ("operation", "modified", "destination", "diff")} == {
            key: result[key] for key in ("operation", "modified", "destination", "diff")
        }
        if operation == "none":
            assert methods(array) == ["GET"]
        assert "uuid" not in result
    assert hook(array) is None


def test_a_certificate_is_written_whole(array: Simulator) -> None:
    for number in ("0F1E", "0F1F"):
        array.add_certificate(number, None, "client", ca="Example CA", serial_number=number)
    destination(array, **HOOK, certificate=CERTIFICATE)
    array.clear_log()
    destination(array, **HOOK, certificate={**CERTIFICATE, "serial_number": "0F1F"})
    assert array.requests[-1].body == {"certificate": {"ca": "Example CA", "serial_number": "0F1F"}}


REFUSED: dict[str, dict[str, Any]] = {
    "name: '../policies' is no name of a destination": {"name": "../policies"},
    "name: 'a' is no name of a destination": {"name": "a"},
    "name: ": {"name": ""},
    "destination: 'rulebook.example.com' is no URL": {"destination": "rulebook.example.com"},
    "destination: 'ftp://a.example.com' is no URL": {"destination": "ftp://a.example.com"},
    "destination: 'https://' is no URL": {"destination": "https://"},
    "destination: 'https://[::1' is no URL": {"destination": "https://[::1"},
    "destination: 'https://a b/' is no URL": {"destination": "https://a b/"},
    "destination: has a name or a password in it": {"destination": "https://me:secret@rulebook.example.com"},
    "filters: the list is empty": {"filters": []},
    "certificate: goes with https:// only": {"destination": "http://a.example.com", "certificate": CERTIFICATE},
    "filters: is needed, because there is no EMS destination 'rulebook'": {"filters": None},
    "destination, filters: are needed": {"filters": None, "destination": None},
}


@pytest.mark.parametrize(("said", "changes"), REFUSED.items())
def test_what_is_refused_before_anything_is_written(array: Simulator, said: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        destination(array, **{**HOOK, **changes})
    assert said in str(refused.value) and "secret" not in str(refused.value)
    assert writes(array) == []


@pytest.mark.parametrize("state", ["present", "absent"])
def test_what_belongs_to_others_stays(array: Simulator, state: str) -> None:
    array.add_destination("mail", "admin@example.com", ["important-events"], type="email")
    for name, kind in (("mail", "email"), ("snmp-traphost", "snmp")):
        with pytest.raises(InvalidInput, match=f"of type {kind}. Choose another name"):
            destination(array, **{**HOOK, "name": name}, state=state)
    assert writes(array) == []


def test_what_ontap_refuses_is_explained(array: Simulator) -> None:
    with pytest.raises(ApiError, match="create the filter first"):
        destination(array, **{**HOOK, "filters": ["no-such-filter"]})
    with pytest.raises(ApiError, match="Install the client certificate first"):
        destination(array, **HOOK, certificate=CERTIFICATE)
    array.add_account("vsadmin", "secret-enough", svm="svm1")
    with pytest.raises(ApiError, match="not authorized"):
        destination(array, **HOOK, username="vsadmin", password="secret-enough")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_lost_answer_is_looked_into(array: Simulator, method: str, after: bool) -> None:
    wanted = {
        "POST": HOOK,
        "PATCH": {**HOOK, "filters": ["no-info-debug-events"]},
        "DELETE": {"name": "rulebook", "state": "absent"},
    }
    if method != "POST":
        destination(array, **HOOK)
    array.fault("reset", method, "/support/ems/destinations*", after_effect=after)
    result = destination(array, **wanted[method])
    assert result["changed"] and len(result["warnings"]) == 1
    assert (hook(array) is None) is (method == "DELETE")
    assert destination(array, **wanted[method])["operation"] == "none"


@pytest.mark.parametrize("lacking", ["type", "destination"])
def test_an_answer_that_lacks_something_is_no_answer(array: Simulator, lacking: str) -> None:
    destination(array, **HOOK)
    array._state.destinations["rulebook"].pop(lacking)
    array.clear_log()
    with pytest.raises(OntapError):
        destination(array, **{**HOOK, "filters": ["no-info-debug-events"]})
    assert writes(array) == []


@pytest.mark.parametrize("name", ["", None, ".", ".."])
def test_no_name_leads_to_the_whole_collection(name: str | None) -> None:
    with pytest.raises(UnexpectedAnswer, match="is no name"):
        named("/support/ems/destinations", name)
    assert named("/a", "b/c?d") == "/a/b%2Fc%3Fd"


def test_a_play(playbooks: Playbooks) -> None:
    tasks = [task("create", "ems_destination", **HOOK), task("again", "ems_destination", **HOOK)]
    play = playbooks.play(
        [*tasks, {**task("bad", "ems_destination", name="rulebook", filters=""), "ignore_errors": True}]
    )
    assert play.changed == ["create"]
    assert play.result("create")["destination"] == {**HOOK, "type": "rest_api"}
    assert play.failed == ["bad"]
