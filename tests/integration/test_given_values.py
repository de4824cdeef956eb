# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as users write them and YAML reads them: what is no text, nothing, or can't be seen never reaches the array."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput
from simulator import Simulator
from support import harness
from support.harness import IN_PROCESS, Play, Playbooks, task
from support.samples import KEY, PPK, WEB

# Without quotes, and 18 characters or more where that is possible, so that nothing but the type is wrong with them.
UNQUOTED = {
    "hexadecimal": "0x00112233445566778899aabbccddeeff",
    "decimal": "123456789012345678901234567890",
    "octal": "0123456701234567012345670",
    "underscores": "1_234_567_890_123_456_789",
    "sexagesimal": "190:20:30:40:50:10:20:30",
    "float": "1234567890.12345678901",
    "exponent": "1.2345678901234567e+100",
    "boolean": "yes",
    "date": "2026-01-01",
    "time": "2026-01-01T00:00:00.123456Z",
    "list": "[a-list-of-one-secret-key]",
    "mapping": "{key: a-mapping-of-a-secret-key}",
    "binary": "!!binary YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=",
}
PLACES: dict[str, Any] = {
    "secret_key": lambda value: task("t", **{**WEB, "secret_key": value}),
    "ppk.shared_key": lambda value: task("t", **WEB, ppk={"identity": "someone", "shared_key": value}),
    "password": lambda value: task("t", "ipsec_policy_info", password=value),
    "access_token": lambda value: task("t", "ipsec_policy_info", access_token=value),
    "policies[1].secret_key": lambda value: task(
        "t", "ipsec_policies", policies=[WEB, {**WEB, "name": "b", "secret_key": value}]
    ),
    "name": lambda value: task("t", **{**WEB, "name": value}),
    "svms[0]": lambda value: task("t", "ipsec_policies", policies=[], svms=[value]),
}
NUMBERS = ("hexadecimal", "decimal", "octal", "underscores", "sexagesimal")


def play(playbooks: Playbooks, tasks: dict[str, dict[str, Any]], *arguments: str, **keywords: Any) -> Play:
    """Runs tasks under these titles, each whatever became of those before, every second one as a process of its own."""
    named = [
        {**one, "name": title, "ignore_errors": True, "vars": {IN_PROCESS: number % 2 == 0}}
        for number, (title, one) in enumerate(tasks.items())
    ]
    return playbooks.play(named, "-vvv", *arguments, **keywords)


def refusals(playbooks: Playbooks, tasks: dict[str, dict[str, Any]], *arguments: str) -> tuple[Play, dict[str, str]]:
    """As ``play``, for tasks that have to fail: the play, and each message.

    Each module has two loops, one for each way: to start a task costs far more than to refuse a value. They are over titles, with
    the options in a file, because Ansible shows what a loop is over, and the playbook around a failed task.
    """
    cases: dict[str, dict[str, Any]] = {}
    loops: dict[tuple[str, bool], list[str]] = {}
    for number, (title, one) in enumerate(tasks.items()):
        ((module, cases[title]),) = ((key, value) for key, value in one.items() if key != "name")
        loops.setdefault((module, number % 2 == 0), []).append(title)
    (playbooks.folder / "cases.yml").write_text(yaml.safe_dump({"cases": cases}), encoding="utf-8")
    named = [
        {"name": module, module: "{{ cases[item] }}", "loop": titles, "vars": {IN_PROCESS: here}, "ignore_errors": True}
        for (module, here), titles in loops.items()
    ]
    done = playbooks.play(named, "-vvv", "-e", "@cases.yml", *arguments)
    results = [entry["result"] for entry in done.results if entry["failed"] and "item" in entry["result"]]
    return done, {result["item"]: result["msg"] for result in results}


def test_what_yaml_makes_no_text_of_is_refused_by_the_name_of_its_option(playbooks: Playbooks) -> None:
    typed = playbooks.folder / "typed.yml"
    typed.write_text("typed:\n" + "".join(f"  {kind}: {text}\n" for kind, text in UNQUOTED.items()), encoding="utf-8")
    tasks = {
        f"{option}: {kind}": make(f"{{{{ typed['{kind}'] }}}}")
        for option, make in PLACES.items()
        for kind in UNQUOTED
        # A name may be a number.
        if option not in ("name", "svms[0]") or kind not in NUMBERS
    }
    done, messages = refusals(playbooks, tasks, "-e", f"@{typed}")
    assert messages.keys() == tasks.keys(), done.output
    for title, message in messages.items():
        assert message.startswith(f"{title.partition(': ')[0]}: is "), message
        assert message.endswith("put it in quotes."), message
    assert playbooks.array.requests == []
    assert "secret-key" not in done.output
    converted = yaml.safe_load(typed.read_text(encoding="utf-8"))["typed"]
    shown = [kind for kind in (*NUMBERS, "float") if str(converted[kind]) in done.output]
    assert shown == []


def test_without_quotes_in_the_task_itself(playbooks: Playbooks) -> None:
    book = playbooks.folder / "book.yml"
    head = f"- hosts: localhost\n  gather_facts: false\n  vars: {{{IN_PROCESS}: false}}\n  tasks:\n"
    tasks = [
        f"    - name: {kind}\n      ignore_errors: true\n"
        f"      wiresec.ontap.ipsec_policy: {{name: web, svm: svm1, secret_key: {text}}}\n"
        for kind, text in UNQUOTED.items()
    ]
    book.write_text(head + "".join(tasks), encoding="utf-8")
    done = playbooks.run(book)
    assert [entry["result"]["msg"].endswith("put it in quotes.") for entry in done.results] == [True] * len(UNQUOTED)
    assert playbooks.array.requests == []


FILE = """
svm: svm1
policies:
  - name: typed
    secret_key: 0x00112233445566778899aabbccddeeff
    {rest}
  - name: by-variable
    secret_key: "{{{{ typed.hexadecimal }}}}"
    {rest}
  - name: "{{{{ typed.boolean }}}}"
    action: bypass
    {rest}
"""
REST = "local_endpoint: {address: 10.0.0.1/32}\n    remote_endpoint: {address: 10.1.0.0/16}"


def test_in_policy_files_text_is_as_typed_and_variables_have_to_be_text(playbooks: Playbooks) -> None:
    array, folder = playbooks.array, playbooks.folder
    (folder / "typed.yml").write_text(
        "typed:\n" + "".join(f"  {kind}: {text}\n" for kind, text in UNQUOTED.items()), encoding="utf-8"
    )
    (folder / "policies.yml").write_text(FILE.format(rest=REST), encoding="utf-8")
    (folder / "typed_only.yml").write_text(
        FILE.format(rest=f"action: esp_transport\n    {REST}").partition("  - name: by-variable")[0], encoding="utf-8"
    )
    read = "{{ lookup('wiresec.ontap.ipsec_policy_files', '%s.yml') }}"
    lint = {"wiresec.ontap.ipsec_policy_lint": {"paths": ["policies.yml"]}}
    tasks = {"set": task("t", "ipsec_policies", policies=read % "policies"), "lint": lint}
    done = play(playbooks, tasks, "-e", "@typed.yml")
    assert done.failed == ["set", "lint"], done.output
    for title in tasks:
        message = done.result(title)["msg"]
        assert re.search(r"policies.yml:9:.*secret_key: is a number, not text as it was typed", message), message
        assert re.search(r"policies.yml:12:.*name: is a truth value, not text", message), message
        assert not re.search("policies.yml:5:.* invalid-value", message)
    assert array.requests == []
    assert str(0x00112233445566778899AABBCCDDEEFF) not in done.output
    assert play(playbooks, {"typed": task("t", "ipsec_policies", policies=read % "typed_only")}).code == 0
    stored = array.policy("typed", "svm1")
    assert stored is not None
    assert stored["secret_key"] == UNQUOTED["hexadecimal"]


BLANK = {"empty": "", "blank": " ", "line break": "\n"}
HIDDEN = {"line break inside": "one\ntwo-three-four-five", "space": f"{KEY} ", "bell": f"{KEY}\a", "two": f"{KEY}\n\n"}


def test_what_is_blank_or_hidden_is_refused(playbooks: Playbooks) -> None:
    tasks: dict[str, dict[str, Any]] = {
        f"{option}: {kind}": make(value)
        for option, make in PLACES.items()
        for kind, value in {**BLANK, **HIDDEN}.items()
        # White space around an entry of a list is taken off.
        if (option, kind) not in (("svms[0]", "space"), ("svms[0]", "two"))
    }
    for option in (
        "svm",
        "certificate",
        "local_identity",
        "remote_identity",
        "ipspace",
        "username",
        "ca_path",
        "trace",
    ):
        for kind, value in BLANK.items():
            tasks[f"{option}: {kind}"] = task("t", **{**WEB, "state": "absent", option: value})
    for module, options in (("probe", ("svm", "prefix")), ("policy_health", ("svm",)), ("policies", ("svm",))):
        for option in options:
            values = {"svm": "svm1", **({"policies": []} if module == "policies" else {}), option: " svm1"}
            tasks[f"{option}: {module}"] = {f"wiresec.ontap.ipsec_{module}": values}
    for option, value in {
        "paths[0]": {"paths": [""]},
        "report": {"report": ""},
        "ontap_version": {"ontap_version": ""},
    }.items():
        tasks[f"{option}: lint"] = {"wiresec.ontap.ipsec_policy_lint": {"paths": ["ipsec"], **value}}
    for option in ("svm", "name", "protocol", "enabled", "certificate"):
        tasks[f"{option}: filter"] = task("t", "ipsec_policy_info", **{option: ""})
    done, messages = refusals(playbooks, tasks)
    assert messages.keys() == tasks.keys(), done.output
    for title, message in messages.items():
        assert message.startswith(f"{title.partition(': ')[0]}: "), message
    assert playbooks.array.requests == []
    assert [value for value in HIDDEN.values() if json.dumps(value)[1:-1] in json.dumps(done.results)] == []


def test_one_line_break_is_taken_off_secrets_with_a_warning(playbooks: Playbooks) -> None:
    array = playbooks.array
    # The array repeats what it was sent.
    array.refuse("POST", "/security/ipsec/policies", code=66257110, message=f"No order for {KEY}.", occurrence=3)
    ppk = {"identity": "someone", "shared_key": f"{PPK}\r\n"}
    tasks = {
        "policy": task("t", **{**WEB, "secret_key": f"{KEY}\n"}, ppk=ppk),
        "set": task("t", "ipsec_policies", policies=[{**WEB, "name": "set", "secret_key": f"{KEY}\n"}]),
        "refused": task("t", **{**WEB, "name": "refused", "secret_key": f"{KEY}\n"}),
        "log-in": task("t", "ipsec_policy_info", username=array.username, password=f"{array.password}\n"),
    }
    done = play(playbooks, tasks)
    assert (done.code, done.failed) == (0, ["refused"]), done.output
    stored = array.policy("web", "svm1")
    assert stored is not None
    assert (stored["secret_key"], stored["ppk"]["shared_key"]) == (KEY, PPK)
    for title, options in {
        "policy": ["secret_key", "ppk.shared_key"],
        "set": ["policies[0].secret_key"],
        "log-in": ["password"],
    }.items():
        warned = [text.partition(":")[0] for text in done.result(title)["warnings"]]
        assert sorted(warned) == sorted(options)
    record = json.dumps(done.results)
    assert [secret for secret in (KEY, PPK, array.password) if secret in record] == []


def test_a_line_break_in_the_environment_is_taken_off_as_well(playbooks: Playbooks) -> None:
    array = playbooks.array
    good = playbooks.play([task("list", "ipsec_policy_info")], environment={"ONTAP_PASSWORD": f"{array.password}\n"})
    assert good.code == 0, good.output
    assert "password (ONTAP_PASSWORD): ends with a line break, which was taken off." in good.output
    array.clear_log()
    bad = playbooks.play(
        [task("list", "ipsec_policy_info")], environment={"ONTAP_USERNAME": "admin\n", "ONTAP_PASSWORD": f"{KEY} "}
    )
    message = bad.result("list")["msg"]
    assert message.startswith(
        "username (ONTAP_USERNAME): has a line break, a control character, or white space at an end"
    )
    assert KEY not in bad.output
    assert array.requests == []


SHAPES: dict[str, dict[str, Any]] = {
    "list in a list": task("t", "ipsec_policies", policies=[[{**WEB, "secret_key": KEY}]]),
    "text in a list": task("t", "ipsec_policies", policies=[f"name=web secret key={KEY}"]),
    "mapping": task("t", "ipsec_policies", policies={**WEB, "secret_key": KEY}),
    "text": task("t", "ipsec_policies", policies=f"[[{{'name': 'web', 'secret_key': '{KEY}'}}]]"),
    "number": task("t", "ipsec_policies", policies=[4711]),
    "text for a mapping": task("t", **{**WEB, "secret_key": KEY, "ppk": PPK}),
    "list for a mapping": task("t", **{**WEB, "secret_key": KEY, "ppk": [[PPK]]}),
    "misspelt": task("t", **{**WEB, "secretkey": KEY, "secret_key": None}),
    "misspelt below": task("t", **{**WEB, "secret_key": KEY, "ppk": {"sharedkey": PPK}}),
    "URL with a password": task("t", "ipsec_policy_info", hostname=f"https://admin:{KEY}@array.example.com"),
    "misspelt in a set": task("t", "ipsec_policies", policies=[{**WEB, "secretkey": KEY}]),
}


def test_no_secret_shows_of_what_has_not_the_shape_of_its_option(playbooks: Playbooks) -> None:
    variables = playbooks.folder / "shapes.yml"
    names = {title: f"shape_{number}" for number, title in enumerate(SHAPES)}
    modules = {title: next(key for key in one if key.startswith("wiresec")) for title, one in SHAPES.items()}
    variables.write_text(
        yaml.safe_dump({names[title]: one[modules[title]] for title, one in SHAPES.items()}), encoding="utf-8"
    )
    # By a variable, because Ansible quotes the playbook around a failed task.
    tasks = {title: {modules[title]: f"{{{{ {names[title]} }}}}"} for title in SHAPES}
    done = play(playbooks, tasks, "-e", f"@{variables}")
    assert done.failed == list(SHAPES), done.output
    assert [secret for secret in (KEY, PPK) if secret in done.output or secret in json.dumps(done.results)] == []
    assert "policies[0]: is a list: give a mapping" in done.result("list in a list")["msg"]
    assert playbooks.array.requests == []


def test_a_post_quantum_key_for_a_policy_that_has_none_is_an_error(array: Simulator) -> None:
    array.version = "9.17.1"
    harness.policy(array, **{**WEB, "secret_key": KEY})
    for recreate in (False, True):
        with pytest.raises(InvalidInput, match="ppk.identity: needed with ppk.shared_key"):
            harness.policy(array, name="web", svm="svm1", ppk={"shared_key": PPK}, recreate=recreate)
        with pytest.raises(InvalidInput, match="ppk.identity: needed with ppk.shared_key"):
            harness.policies(array, policies=[{"name": "web", "svm": "svm1", "ppk": {"shared_key": PPK}}])
    harness.policy(array, **{**WEB, "secret_key": KEY}, ppk={"identity": "someone", "shared_key": PPK}, recreate=True)
    again = harness.policy(array, name="web", svm="svm1", ppk={"shared_key": PPK})
    assert again["changed"] is False


def test_an_ipv4_mask_alone_does_not_reach_a_policy_of_ipv6(array: Simulator) -> None:
    endpoints = {"local_endpoint": {"address": "2001:db8::1/64"}, "remote_endpoint": {"address": "2001:db8:1::/64"}}
    harness.policy(array, **{**WEB, "secret_key": KEY, **endpoints})
    with pytest.raises(InvalidInput, match="remote_endpoint.netmask: is an IPv4 mask"):
        harness.policy(array, name="web", svm="svm1", remote_endpoint={"netmask": "255.255.255.0"})
    changed = harness.policy(array, name="web", svm="svm1", remote_endpoint={"netmask": "48"})
    assert changed["modified"] == ["remote_endpoint"]


@pytest.mark.parametrize("number", [0, -1])
def test_a_page_has_one_record_at_least(array: Simulator, number: int) -> None:
    for listing in (harness.info, harness.associations):
        with pytest.raises(InvalidInput, match=f"max_records: {number} is too small"):
            listing(array, max_records=number)
    assert array.requests == []


def test_a_slip_in_a_filter_is_told_before_anything_is_asked(array: Simulator) -> None:
    for options, message in (
        ({"action": "nope", "enabled": "maybe"}, "action: 'nope' is not one of bypass, .* enabled: 'maybe' is neither"),
        ({"remote_endpoint": {"family": "ipv5"}, "count_only": True}, "remote_endpoint.family: 'ipv5' is not one of"),
    ):
        with pytest.raises(InvalidInput, match=message):
            harness.info(array, **options)
    with pytest.raises(InvalidInput, match="type: 'nope' is not one of ike, ipsec"):
        harness.associations(array, type="nope")
    assert array.requests == []


@pytest.mark.parametrize("spelled", ["number", "name"])
def test_a_protocol_agrees_however_the_array_spells_it(array: Simulator, spelled: str) -> None:
    harness.policy(
        array, **{**WEB, "secret_key": KEY, "protocol": "ospf", "local_endpoint": {"address": "10.0.0.1/32"}}
    )
    array.edit_policy("web", "svm1", {"protocol": {"number": "89", "name": "ospf"}[spelled]})
    for protocol in (89, "ospf", "OSPFIGP"):
        assert harness.policy(array, name="web", svm="svm1", protocol=protocol)["changed"] is False
    for name in ("none", "raw", "mptcp"):
        with pytest.raises(InvalidInput, match=f"protocol: '{name}' is not an IP protocol of IANA's registry"):
            harness.policy(array, name="web", svm="svm1", protocol=name)
