# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe: it finds out which setting the array has, leaves nothing behind, and touches nothing of anybody else's."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import ApiError, InvalidInput, OntapError
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.rest import RestClient
from ansible_collections.wiresec.ontap.plugins.module_utils._4_probe.first_experiments import (
    FIRST_EXPERIMENT,
    SERVICE_EXPERIMENT,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._4_probe.investigation import EXPERIMENTS
from ansible_collections.wiresec.ontap.plugins.module_utils._4_probe.unasked import APPROVAL, UNASKED
from simulator import Request, Simulator, Unknowns
from support.arrays import writes
from support.clock import Clock
from support.harness import CHECKOUT
from support.paths import POLICIES
from support.probing import PREFIX, furnish, probe, surroundings

QUESTIONS = [
    question for experiment in (SERVICE_EXPERIMENT, FIRST_EXPERIMENT, *EXPERIMENTS) for question in experiment.questions
]
ASKED_WHILE_DISABLED = {question.switch for question in QUESTIONS if question.while_disabled}
ASKED = {question.switch for question in QUESTIONS if question.switch} - ASKED_WHILE_DISABLED
NOT_ASKED = {unasked.switch for unasked in UNASKED if unasked.switch}

SWITCHES = {switch.name: switch for switch in fields(Unknowns)}
DEFAULT_FIELDS = [("uuid", "name", "svm"), ("name",), ("uuid",), ("uuid", "name", "enabled", "local_endpoint"), ()]


def choices(switch: str) -> list[Any]:
    return list(SWITCHES[switch].metadata["choices"] or DEFAULT_FIELDS)


def answer(result: dict[str, Any], switch: str) -> dict[str, Any]:
    """What the report says of a switch."""
    (found,) = [entry for entry in result["report"]["answers"] if entry["switch"] == switch]
    return dict(found)


def found(result: dict[str, Any], switch: str) -> Any:
    """The setting that the report says the array has."""
    setting = answer(result, switch)["setting"]
    return setting if switch != "brief_default_fields" or setting is None else set(setting)


def stolen_writes(array: Simulator, existing: set[str]) -> list[str]:
    """The writes in the log that could concern anything but what has the prefix and is on the SVM of the test."""
    stolen = []
    for request in array.requests:
        if request.method == "POST" and request.path == POLICIES:
            ours = request.body["name"].startswith(PREFIX) and request.body["svm"] == {"name": "svm1"}
            if not ours or request.body["enabled"] is not False:
                stolen.append(f"POST {request.body}")
        elif request.method != "GET":
            # A whole collection, the service, or an object that was there before.
            identifier = request.path.rpartition("/")[2]
            if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identifier) or identifier in existing:
                stolen.append(f"{request.method} {request.path}")
            if request.query.keys() - {"return_records"}:
                stolen.append(f"{request.method} {request.path}?{request.raw_query}")
    return stolen


def test_every_unknown_is_asked_or_has_a_reason_not_to_be() -> None:
    told = [question.switch for question in QUESTIONS if question.switch]
    told += [unasked.switch for unasked in (APPROVAL, *UNASKED) if unasked.switch]
    assert sorted(told) == sorted(SWITCHES)
    sheet = (CHECKOUT / "docs" / "ontap_facts.md").read_text(encoding="utf-8")
    numbers = set(re.findall(r"^\| (9\.\d+) \|", sheet, re.MULTILINE))
    assert numbers - {entry.number for entry in (*QUESTIONS, APPROVAL, *UNASKED)} == set()
    for entry in (*QUESTIONS, APPROVAL, *UNASKED):
        for number in entry.number.split(", "):
            assert number in numbers or re.search(rf"^###? {number} ", sheet, re.MULTILINE), entry


def test_no_two_questions_are_the_same() -> None:
    texts = [entry.text for entry in (*QUESTIONS, APPROVAL, *UNASKED)]
    assert len(texts) == len(set(texts))


# --- which setting has the array? ---


def expected(unknowns: Unknowns, switch: str, version: str) -> Any:
    """The setting that the report has to show of a switch; None if there is nothing to go by."""
    if switch == "port_zero_accepted" and version == "9.19.1":
        return None
    if switch == "identifiers_always" and not unknowns.brief_default_fields:
        return None
    setting = getattr(unknowns, switch)
    return set(setting) if switch == "brief_default_fields" else setting


@pytest.mark.parametrize("version", ["9.10.1", "9.19.1"])
def test_it_finds_out_the_default_of_each_switch(array: Simulator, version: str) -> None:
    array.version = version
    furnish(array)
    before = surroundings(array)
    result = probe(array)
    told = {switch: found(result, switch) for switch in ASKED}
    assert told == {switch: expected(Unknowns(), switch, version) for switch in ASKED}
    assert (result["left"], result["changed_others"]) == ([], [])
    assert surroundings(array) == before


IN_WORDS = {
    "What JSON type has replay_window of the service?": "a number",
    "What does the configuration of the service come as?": "an object",
    "Is a create answered with 201, or with 202 and a job?": "HTTP 201",
    "What is the Location of a create?": "it ends in the UUID",
    "Does a create obey return_records?": "yes",
    "Which fields has the record that a create returns?": "all of them",
    "Do endpoints show their family?": "yes: ipv4",
    "Do policies show their IPspace?": "no",
    "Does a policy have a link to itself?": "no",
    "Which fields has a listing that names none?": "name, svm, uuid",
    "Do those come along when others are named?": "yes: name, svm, uuid",
    "Does a listing say how many records it holds?": "yes",
    "Are there empty pages?": "not seen in 2 pages",
    "Does a count come in parts, as records do?": "as one number",
    "What is in the link to the next page?": (
        "a path below /api/security/ipsec/policies with the parameters start.record, name, svm.name, fields, order_by, max_records"
    ),
    "Does a filter by name tell upper from lower case?": "yes",
    "Are names that differ in case two names?": "yes, they are two",
    "What makes characters of the query language literal?": "double quotes and braces do, and braces make double quotes literal",
    "How are protocols other than tcp, udp and any spelled?": "132 as '132', 1 as '1', 47 as '47'",
    "What becomes of bits of an address outside of its netmask?": "they are kept",
    "When does 66257120 ask for a host?": "not for a disabled policy with a remote subnet",
    "What becomes of a port that a PATCH leaves out?": "it is kept: 4500-4500",
    "Can port 0 reset a port to any?": "port 0 is accepted; the switch is about releases before 9.16.1",
    "Is a JSON number accepted for a string?": "no (HTTP 400 with code 262245)",
    "What does null do to a property?": "it clears the property",
    "Is an IPv6 netmask of 128 accepted?": "it is accepted",
    "What is the netmask of an IPv6 address without one?": "it is refused (HTTP 400 with code 66257126)",
    "Is BYPASS accepted for bypass?": "no (HTTP 400 with code 262185)",
    "What is the action of a policy without one?": "it becomes esp_transport",
    "What is the method of a policy with a key?": "it becomes psk",
    "Is 66257112 an error?": "the key is ignored",
    "Does a create have to have both endpoints?": "yes (HTTP 400 with code 262212)",
    "Which HTTP status do 66257xxx codes come with?": ", ".join(
        f"{code} with HTTP 400" for code in (66257104, 66257115, 66257107, 66257133, 66257099)
    ),
    "Do they name their target?": (
        "66257104 names name, 66257115 names local_endpoint.port, 66257107 names secret_key, 66257133 names secret_key, "
        "66257099 names protocol"
    ),
    "What JSON type has error.code?": "a string",
    "What is answered for a UUID that no policy has?": "GET HTTP 404 with code 4, DELETE HTTP 404 with code 4",
    "What is answered for a UUID that nothing has?": "HTTP 404 with code 4",
}
"""What the report says of an array that has nothing unusual, on 9.19.1, to each question that was asked."""


def test_the_report_says_in_words_what_was_seen(array: Simulator) -> None:
    array.version = "9.19.1"
    furnish(array)
    answers = probe(array)["report"]["answers"]
    assert {one["question"]: one["answer"] for one in answers if one["not_asked"] is None} == IN_WORDS


@pytest.mark.parametrize("version", ["9.10.1", "9.19.1"])
@pytest.mark.parametrize("switch", sorted(ASKED))
def test_it_finds_out_how_each_switch_is_set(array: Simulator, switch: str, version: str) -> None:
    array.version = version
    furnish(array)
    others = [setting for setting in choices(switch) if setting != getattr(Unknowns(), switch)]
    assert others
    for setting in others:
        array.unknowns = replace(Unknowns(), **{switch: setting})
        before = surroundings(array)
        result = probe(array)
        assert found(result, switch) == expected(array.unknowns, switch, version), answer(result, switch)
        assert (result["left"], result["changed_others"]) == ([], [])
        assert surroundings(array) == before


@pytest.mark.parametrize("version", ["9.8", "9.10.1", "9.16.1", "9.19.1"])
@pytest.mark.parametrize("which", [0, -1])
def test_it_tells_all_switches_at_once(array: Simulator, version: str, which: int) -> None:
    array.version = version
    settings = {switch: choices(switch)[which] for switch in ASKED}
    # No IPv6 policy could be created if remote ends had to be hosts, and the netmask of one were refused.
    settings |= {"brief_default_fields": ("uuid", "name"), "host_address_rule": "never"}
    if version == "9.8":
        # This release has no method that a create could name.
        settings["default_authentication_method"] = "infer"
    array.unknowns = replace(Unknowns(), **settings)
    result = probe(array)
    unclear = {
        "posted_record": not settings["post_returns_records"],
        "port_zero_accepted": version in ("9.16.1", "9.19.1"),
        "default_authentication_method": version == "9.8",
        "ca_delete_not_added": version == "9.8",
    }
    wrong = {
        switch: (found(result, switch), setting)
        for switch, setting in settings.items()
        if found(result, switch)
        != (None if unclear.get(switch) else set(setting) if isinstance(setting, tuple) else setting)
    }
    assert wrong == {}
    assert array.policies() == []


@pytest.mark.parametrize("reading", choices("while_disabled"))
@pytest.mark.parametrize("writing", choices("writes_while_disabled"))
@pytest.mark.parametrize("furnished", [True, False])
def test_what_only_a_disabled_ipsec_can_tell(array: Simulator, reading: str, writing: str, furnished: bool) -> None:
    if furnished:
        furnish(array)
    array.ipsec_enabled = False
    array.unknowns = replace(Unknowns(), while_disabled=reading, writes_while_disabled=writing)
    before = surroundings(array)
    result = probe(array)
    assert surroundings(array) == before
    assert result["left"] == []
    if reading == "error":
        # Without a listing nothing could be verified, so nothing is written.
        assert found(result, "while_disabled") == "error"
        assert {request.method for request in array.requests} == {"GET"}
    else:
        assert found(result, "writes_while_disabled") == writing
        # Policies of others show that a listing is not empty; that it is takes one that is known to be there.
        told = writing == "accepted" or (furnished and reading == "normal")
        assert found(result, "while_disabled") == (reading if told else None)


def test_an_enabled_ipsec_is_left_enabled_and_the_report_says_what_that_leaves_open(array: Simulator) -> None:
    result = probe(array)
    for switch in ASKED_WHILE_DISABLED:
        assert answer(result, switch)["not_asked"] == "IPsec is enabled"
    for switch in NOT_ASKED:
        assert answer(result, switch)["not_asked"]
    assert "PATCH /api/security/ipsec" not in {f"{request.method} {request.path}" for request in array.requests}


@pytest.mark.parametrize("setting", choices("approval_answer"))
def test_an_approval_stops_it_and_is_told(array: Simulator, setting: str) -> None:
    array.unknowns = replace(Unknowns(), approval_answer=setting)
    array.require_approval("POST", POLICIES)
    result = probe(array)
    assert found(result, "approval_answer") == setting
    assert "request delete" in result["report"]["stopped"]
    assert len(array.approvals) == 1
    assert (result["left"], array.policies()) == ([], [])


def test_a_delete_that_needs_an_approval_is_told(array: Simulator) -> None:
    array.require_approval("DELETE", f"{POLICIES}/*")
    result = probe(array)
    assert result["left"] == [f"{PREFIX}first"]
    assert [policy["name"] for policy in array.policies()] == result["left"]
    assert result["report"]["left"] == result["left"]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_writes_that_become_jobs_are_waited_for(array: Simulator, method: str) -> None:
    for occurrence in range(1, 6):
        array.as_job(method, f"{POLICIES}*", polls=3, occurrence=occurrence)
    result = probe(array)
    assert result["report"]["stopped"] is None
    assert found(result, "protocol_names") == "number"
    assert found(result, "patch_without_port") == "keeps"
    told = {entry["number"]: entry["answer"] for entry in result["report"]["answers"]}
    assert told["9.20"] == ("HTTP 202, as a job" if method == "POST" else "HTTP 201")
    assert (result["left"], array.policies()) == ([], [])


# --- nothing of anybody else's ---


@pytest.mark.parametrize("version", ["9.8", "9.12.1", "9.19.1"])
def test_only_policies_with_the_prefix_are_written(array: Simulator, version: str) -> None:
    array.version = version
    furnish(array)
    before = surroundings(array)
    existing = {policy["uuid"] for policy in array.policies()}
    result = probe(array)
    assert stolen_writes(array, existing) == []
    assert surroundings(array) == before
    assert result["changed"] is False
    assert result["report"]["other_policies"] == {"compared": len(existing), "changed": 0}
    for request in array.requests:
        assert "certificate" not in (request.body or {})


def test_check_mode_writes_nothing_and_says_what_would_be_asked(array: Simulator) -> None:
    furnish(array)
    result = probe(array, check_mode=True)
    assert {request.method for request in array.requests} == {"GET"}
    planned = [
        (request["method"], request["path"], request["query"])
        for experiment in result["report"]["experiments"]
        for request in experiment["requests"]
    ]
    array.clear_log()
    probe(array)
    writes = [request.method for request in array.requests if request.method in ("POST", "PATCH")]
    assert [method for method, _path, _query in planned if method in ("POST", "PATCH")] == writes
    assert answer(result, "protocol_names")["not_asked"] == "check mode"


def test_a_policy_that_has_the_prefix_and_is_not_ours_stops_it(array: Simulator) -> None:
    array.add_policy({"name": f"{PREFIX}production", "svm": "svm1", "action": "esp_transport"})
    before = surroundings(array)
    with pytest.raises(InvalidInput, match="was not made by a probe"):
        probe(array)
    assert surroundings(array) == before
    assert {request.method for request in array.requests} == {"GET"}


@pytest.mark.parametrize("prefix", ["", "a", "short", "with space_", "star*star*", "x" * 45, "1234567890", 'quo"ted_'])
def test_a_prefix_that_others_might_have_is_refused(array: Simulator, prefix: str) -> None:
    with pytest.raises(InvalidInput, match="prefix"):
        probe(array, prefix=prefix)
    assert array.requests == []


def test_somebody_elses_change_in_the_meantime_is_told() -> None:
    def interfere(request: Request) -> None:
        if request.method == "PATCH":
            other.edit_policy("mine", "svm1", {"enabled": False})

    with Simulator(on_request=interfere) as other:
        other.add_policy({"name": "mine", "svm": "svm1", "action": "discard"})
        result = probe(other)
    assert result["changed_others"] == ["'mine' on SVM 'svm1'"]
    assert result["report"]["other_policies"] == {"compared": 1, "changed": 1}


# --- nothing left, whatever happens ---


def test_an_interrupted_run_removes_what_it_created(array: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = RestClient.exchange

    def interrupted(client: RestClient, method: str, *rest: Any, **more: Any) -> Any:
        if method == "PATCH":
            raise KeyboardInterrupt
        return exchange(client, method, *rest, **more)

    monkeypatch.setattr(RestClient, "exchange", interrupted)
    with pytest.raises(KeyboardInterrupt):
        probe(array)
    assert "POST" in {request.method for request in array.requests}
    assert array.policies() == []


def test_leftovers_of_an_aborted_run_are_removed(array: Simulator) -> None:
    furnish(array)
    before = surroundings(array)
    for name, address in (
        (f"{PREFIX}first", "192.0.2.10"),
        (f"{PREFIX}v6hosts", "2001:db8::1"),
        (f'{PREFIX}c|d"e', "192.0.2.10"),
    ):
        array.add_policy({"name": name, "svm": "svm1", "action": "bypass", "local_endpoint": {"address": address}})
    result = probe(array)
    assert sorted(result["removed_leftovers"]) == sorted([f"{PREFIX}first", f'{PREFIX}c|d"e', f"{PREFIX}v6hosts"])
    assert result["changed"] is True
    assert surroundings(array) == before
    assert result["report"]["stopped"] is None


KINDS = ["reset", "truncated", "html", "bad_gateway", "internal_error", "error_in_success"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("after_effect", [True, False])
def test_a_fault_at_any_write_leaves_nothing(array: Simulator, kind: str, after_effect: bool) -> None:
    """Each kind meets every sixth write, and all of them together each write."""
    furnish(array)
    probe(array)
    writes = Counter(
        request.method for request in array.requests if request.method != "GET" and request.path.startswith(POLICIES)
    )
    assert writes.keys() == {"POST", "PATCH", "DELETE"} and writes.total() > 5 * len(KINDS)
    for method, number in writes.items():
        for occurrence in range(KINDS.index(kind) + 1, number + 1, len(KINDS)):
            array.reset()
            furnish(array)
            before = surroundings(array)
            array.fault(kind, method, f"{POLICIES}*", occurrence=occurrence, after_effect=after_effect)
            result = probe(array)
            assert (result["left"], result["changed_others"]) == ([], [])
            assert surroundings(array) == before


def ours(array: Simulator) -> list[str]:
    """The names of the policies of a probe that are on the array."""
    policies = [policy for policy in array.policies() if policy.get("svm", {}).get("name") == "svm1"]
    return [policy["name"] for policy in policies if policy["name"].startswith(PREFIX)]


def test_an_array_that_dies_is_told_with_what_may_be_left(array: Simulator) -> None:
    left = []
    for occurrence in range(6, 110, 7):
        array.reset()
        furnish(array)
        before = surroundings(array)
        array.fault("reset", "*", "/*", occurrence=occurrence, times=10_000)
        result = probe(array)
        assert result["report"]["stopped"]
        assert set(ours(array)) <= set(result["left"])
        assert result["report"]["left"] == result["left"]
        assert result["report"]["other_policies"]["compared"] is None
        left += ours(array)
        array.heal()
        again = probe(array)
        assert surroundings(array) == before
        assert again["report"]["stopped"] is None
    assert left != []


def test_an_account_without_write_permission_learns_what_reading_tells(array: Simulator) -> None:
    array.refuse("POST", POLICIES, 6, times=1000)
    result = probe(array)
    assert found(result, "replay_window_type") == "int"
    assert "code 6" in answer(result, "protocol_names")["not_asked"]
    assert writes(array) == ["POST"]
    assert result["left"] == []


@pytest.mark.parametrize(("path", "code"), [(POLICIES, 6), (POLICIES, 262145)])
def test_an_array_that_cannot_be_read_is_an_error_before_any_write(array: Simulator, path: str, code: int) -> None:
    array.refuse("GET", path, code, times=1000)
    with pytest.raises(ApiError):
        probe(array)
    assert {request.method for request in array.requests} == {"GET"}


def test_wrong_credentials_are_an_error(array: Simulator) -> None:
    with pytest.raises(OntapError, match="credentials|authorized"):
        probe(array, password="wrong-password")


def test_an_svm_that_is_not_there_is_told(array: Simulator) -> None:
    array.add_account("blind", "blind-password", forbidden=("/api/svm",))
    for login_ in ({}, {"username": "blind", "password": "blind-password"}):
        with pytest.raises(InvalidInput, match="svm: there is no SVM 'no-such-svm'"):
            probe(array, svm="no-such-svm", **login_)
    with pytest.raises(InvalidInput, match="svm: there is no SVM 'no-such-svm'"):
        probe(array, check_mode=True, svm="no-such-svm")
    assert array.policies() == []


def once_before(monkeypatch: pytest.MonkeyPatch, method: str, happens: Callable[[], None]) -> None:
    """Lets something happen before the next request of a method, such as a whole second probe."""
    exchange = RestClient.exchange
    pending = [happens]

    def interrupted(client: RestClient, sent: str, *rest: Any, **more: Any) -> Any:
        if sent == method and pending:
            pending.pop()()
        return exchange(client, sent, *rest, **more)

    monkeypatch.setattr(RestClient, "exchange", interrupted)


def test_a_second_probe_leaves_the_first_alone(array: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[dict[str, Any]] = []

    def second() -> None:
        clock = Clock()
        sleep = clock.sleep

        def meanwhile(seconds: float) -> None:
            # The first one goes on, as the second sees when it looks again.
            array.add_policy({"name": f"{PREFIX}next", "svm": "svm1", "local_endpoint": {"address": "192.0.2.10"}})
            sleep(seconds)

        with monkeypatch.context() as patch:
            patch.setattr(clock, "sleep", meanwhile)
            with pytest.raises(InvalidInput, match="another probe with this prefix is at work") as caught:
                probe(array, clock=clock)
        refused.append(caught.value.result())

    once_before(monkeypatch, "PATCH", second)
    result = probe(array)
    assert [(told["changed"], told["other_probe"]) for told in refused] == [(False, True)]
    assert (result["changed"], result["report"]["stopped"]) == (False, None)
    assert array.policies() == []


def test_of_two_probes_that_start_at_once_one_goes_on(array: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def second() -> None:
        array.add_policy({"name": f"{PREFIX}first", "svm": "svm1", "local_endpoint": {"address": "192.0.2.10"}})

    # The first one has looked, and is about to create.
    once_before(monkeypatch, "POST", second)
    with pytest.raises(InvalidInput, match="another probe with this prefix is at work"):
        probe(array)
    assert [record["name"] for record in array.policies()] == [f"{PREFIX}first"]


def test_an_account_of_the_svm_is_enough(array: Simulator) -> None:
    array.add_account("vsadmin", "svm-account-password", svm="svm1")
    result = probe(array, username="vsadmin", password="svm-account-password")
    assert result["report"]["ontap"]["release"] is None
    assert found(result, "protocol_names") == "number"
    assert array.policies() == []


# --- the report ---


def test_the_report_names_nobody(array: Simulator) -> None:
    furnish(array)
    array.page_size = 1
    array.refuse("PATCH", f"{POLICIES}/*", 2, message=f"cluster1 at {array.host} for {array.username}: svm1, 10.1.2.3")
    text = json.dumps(probe(array)["report"])
    secret = [array.username, array.password, array.host, str(array.port), "svm1", "cluster1", "foreign", "10.1.2.3"]
    assert [word for word in secret if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)] == []
    assert not re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)
    told = [request.body["secret_key"] for request in array.requests if "secret_key" in (request.body or {})]
    assert [key for key in told if key in text] == []
    assert "(svm)" in text


def test_names_are_kept_if_they_are_asked_for(array: Simulator) -> None:
    text = json.dumps(probe(array, names=True)["report"])
    assert "svm1" in text
    assert array.password not in text
