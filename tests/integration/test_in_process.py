# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task is the same whether it runs in Ansible's own process or as a module: one list of tasks, both ways, key by key."""

from __future__ import annotations

import json
import re
import shutil
import sys
import venv
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator import Simulator
from support.harness import CHECKOUT, IN_PROCESS, Play, Playbooks, task
from support.samples import KEY, NEW_KEY, PPK, SHORT_KEY, WEB

pytestmark = pytest.mark.covers_plays

PKI = {**WEB, "name": "pki", "secret_key": None, "authentication_method": "pki", "certificate": "ipsec-cert"}
PKI = {**PKI, "remote_identity": "ANYTHING"}


def web(title: str, /, **changes: Any) -> dict[str, Any]:
    return task(title, **{**WEB, **changes})


LIST = [WEB, {**WEB, "name": "second"}]

# Each task goes on whatever became of the one before it.
TASKS = [
    web("create"),
    web("no change"),
    web("predicted", enabled=False) | {"check_mode": True, "diff": True},
    web("modify", enabled=False) | {"diff": True},
    web("spelled otherwise", enabled="no", protocol="ANY", timeout="30"),
    task("warned", **{**WEB, "name": "bypass", "action": "bypass"}),
    web("bad words", action="drop"),
    task("bad values", **{**WEB, "protocol": "nonsense", "secret_key": SHORT_KEY}),
    web("bad option", actoin="bypass"),
    task("missing option", svm="svm1"),
    web("bad type", enabled="perhaps"),
    task("not permitted", **{**WEB, "action": "discard", "secret_key": None}),
    task("rotation", **{**WEB, "secret_key": NEW_KEY}, update_secret_key="always", recreate=True),
    task("post-quantum", **{**WEB, "name": "ppk", "ppk": {"identity": "ppk-identity", "shared_key": PPK}}),
    web("aliases", http_port="{{ ontap_port }}", user="admin", https=True, use_rest="always"),
    web("wrong password", password="wrong-password"),
    web("nobody there", port=1, retries=0),
    task(
        "cluster scope", **{**WEB, "svm": None, "action": "bypass", "secret_key": None, "authentication_method": None}
    ),
    task("environment", name="web", svm="svm1", state="absent") | {"environment": {"ONTAP_PORT": "{{ ontap_port }}"}},
    task("absent again", name="web", svm="svm1", state="absent"),
    web("hidden") | {"no_log": True},
    web("until") | {"until": "created is changed", "retries": 2, "delay": 0, "register": "created"},
    task("lost", **PKI),
    task("lost key", **{**WEB, "name": "lost"}),
    task("set", "ipsec_policies", policies=LIST, prune=True, svms=["svm1"], keep=["l*"], return_policies=True)
    | {"diff": True},
    task("set again", "ipsec_policies", policies=LIST),
    task("bad set", "ipsec_policies", policies=[*LIST, {**WEB, "action": "drop"}, {"svm": "svm1"}]),
    task("guarded set", "ipsec_policies", policies=[], svms=["svm1"], prune=True),
    task(
        "half a set", "ipsec_policies", policies=[{**WEB, "name": f"p{number}"} for number in range(3)], concurrency=1
    ),
    task("list", "ipsec_policy_info", svm="svm1"),
    task("count", "ipsec_policy_info", count_only=True),
    task("bad list", "ipsec_policy_info", fields=["nonsense"]),
    task("service as it is", "ipsec_config", enabled=True),
    task("service guarded", "ipsec_config", enabled=False) | {"diff": True},
    task("service changed", "ipsec_config", replay_window=64),
    task("service bad", "ipsec_config", replay_window=65),
    task("authority", "ipsec_ca_certificate", name="ipsec-ca", svm="svm1") | {"diff": True},
    task("authority unknown", "ipsec_ca_certificate", name="nobody", svm="svm1"),
    task("authority not named", "ipsec_ca_certificate", svm="svm1"),
    task("associations", "ipsec_security_association_info", svm="svm1"),
    task("health", "ipsec_policy_health", svm="svm1", wait=0),
    web("counted", enabled=True, report_impact=True),
    task("loop", **{**WEB, "name": "{{ item }}"}) | {"loop": ["web", "one", "two"]},
]


def prepare(array: Simulator) -> None:
    array.reset()
    array.refuse("POST", "/security/ipsec/policies", code=66257110, occurrence=13)
    array.fault("reset", "POST", "/security/ipsec/policies", occurrence=7, after_effect=True, times=2)


def run(playbooks: Playbooks, in_process: bool, *arguments: str) -> Play:
    prepare(playbooks.array)
    tasks = [{**one, "ignore_errors": True} for one in TASKS]
    variables = {IN_PROCESS: in_process, "ontap_port": playbooks.array.port}
    return playbooks.play(tasks, *arguments, "-e", json.dumps(variables))


def alike(result: Any) -> Any:
    """A result without what differs from one run to the next: UUIDs, digests of them, words that Ansible takes from a set."""
    text = re.sub(r"Valid booleans include: [^\"]*", "Valid booleans", json.dumps(result, sort_keys=True))
    text = re.sub(r"sha256:[0-9a-f]{64}", "DIGEST", text)
    return json.loads(re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text))


def test_results_and_requests_are_the_same_on_fewer_connections(playbooks: Playbooks) -> None:
    array = playbooks.array
    plays, states, seen, connections = {}, [], [], []
    for in_process in (True, False):
        plays[in_process] = play = run(playbooks, in_process, "-vvv", "--diff")
        assert play.code == 0, play.output
        assert ("Using module file" in play.output) is not in_process
        states.append(alike(array.policies()))
        seen.append([(request.method, request.path.count("/"), request.status) for request in array.requests])
        connections.append(array.connections)
    assert states[0] == states[1]
    assert seen[0] == seen[1]
    assert connections[0] < connections[1]
    results = {in_process: [alike(entry) for entry in play.results] for in_process, play in plays.items()}
    assert len(results[True]) == len(results[False]) > len(TASKS)
    for here, there in zip(results[True], results[False], strict=True):
        assert here == there
    failed = {entry["task"] for entry in results[True] if entry["failed"]}
    assert {"bad words", "bad values", "bad option", "missing option", "bad type", "lost key", "bad set"} < failed
    hidden = [KEY, NEW_KEY, PPK, SHORT_KEY, "wrong-password", playbooks.array.password]
    printed = plays[True].output.replace(json.dumps(TASKS), "")
    assert [one for one in hidden if one in json.dumps(results[True])] == []
    assert [one for one in hidden[:3] if one in "".join(re.findall(r"=> \{.*?\n\}", printed, re.DOTALL))] == []


def test_a_loop_has_one_connection_for_each_account(playbooks: Playbooks) -> None:
    array = playbooks.array
    array.add_account("second", "second-password")
    for account in ("admin", "second"):
        array.add_policy({"name": account, "svm": "svm1", "action": "bypass"})
    accounts = [{"name": "admin", "key": array.password}, {"name": "second", "key": "second-password"}] * 5
    loop = task(
        "loop", "ipsec_policy_info", name="{{ item.name }}", username="{{ item.name }}", password="{{ item.key }}"
    )
    play = playbooks.play([loop | {"loop": accounts, "loop_control": {"label": "{{ item.name }}"}}])
    assert play.code == 0, play.output
    assert (len(array.requests), array.connections) == (10, 2)
    array.clear_log()
    playbooks.play([task("first", "ipsec_policy_info"), task("second", "ipsec_policy_info")])
    assert (len(array.requests), array.connections) == (2, 2)


def test_a_connection_that_the_array_closed_meanwhile_is_opened_anew(playbooks: Playbooks) -> None:
    array = playbooks.array
    array.fault("refused", "GET", "/security/ipsec/policies", times=2, attempts=1)
    array.add_policy({"name": "web", "svm": "svm1"})
    play = playbooks.play([task("loop", "ipsec_policy_info", max_records="{{ item }}") | {"loop": [1, 2, 3]}])
    assert play.code == 0, play.output
    assert (len(array.requests), array.connections) == (3, 3)


# Where a task does not run here


@pytest.fixture
def other_python(tmp_path: Path) -> str:
    """An interpreter that is not the controller's."""
    venv.create(tmp_path / "bare", with_pip=False)
    return str(tmp_path / "bare" / "bin" / "python")


ELSEWHERE: dict[str, dict[str, Any]] = {
    f"{IN_PROCESS} is false": {"vars": {IN_PROCESS: False}},
    "it is asynchronous": {"async": 30, "poll": 1},
    "it has become": {"become": True, "become_method": "ansible.builtin.sudo", "become_exe": "env"},
}
"""What -vv says of it, and the keywords of a task."""


@pytest.mark.parametrize(("why", "keywords"), ELSEWHERE.items(), ids=ELSEWHERE)
def test_what_needs_a_process_gets_one(playbooks: Playbooks, why: str, keywords: dict[str, Any]) -> None:
    play = playbooks.play([task("list", "ipsec_policy_info") | keywords], "-vvv")
    assert "Using module file" in play.output or "async_wrapper" in play.output
    assert f"ipsec_policy_info is executed by a process of its own: {why}." in play.output
    if "become" not in keywords:
        assert play.code == 0, play.output


def test_another_interpreter_is_respected(playbooks: Playbooks, other_python: str) -> None:
    other = f"ansible_python_interpreter={other_python}"
    play = playbooks.play([task("list", "ipsec_policy_info")], "-e", other, "-vv")
    assert play.code == 2
    assert f"its interpreter is {other_python}, and Ansible's is {sys.executable}." in play.output
    assert f"{other_python} -m pip install 'requests>=2.25.1'" in play.result("list")["msg"]


OTHER_NAME = next(
    path
    for path in (Path(sys.executable).with_name(name) for name in ("python3", "python"))
    if path != Path(sys.executable) and path.exists()
)
INVENTORIES = {
    "declared localhost": "localhost ansible_connection=local",
    "array as host": "cluster1 ansible_connection=local",
    "the controller's interpreter": f"cluster1 ansible_connection=local ansible_python_interpreter={sys.executable}",
    "the same by another name": f"cluster1 ansible_connection=local ansible_python_interpreter={OTHER_NAME}",
}


@pytest.mark.parametrize("inventory", INVENTORIES.values(), ids=INVENTORIES)
def test_no_interpreter_has_to_be_set(playbooks: Playbooks, tmp_path: Path, inventory: str) -> None:
    (tmp_path / "inventory.ini").write_text(f"{inventory}\n", encoding="utf-8")
    book = [{"name": "test", "hosts": "all", "gather_facts": False, "tasks": [task("list", "ipsec_policy_info")]}]
    play = playbooks.run(book, "-i", str(tmp_path / "inventory.ini"), "-vvv")
    assert (play.code, "Using module file" in play.output) == (0, False), play.output


def test_delegation_to_the_controller_runs_here(playbooks: Playbooks, tmp_path: Path) -> None:
    (tmp_path / "inventory.ini").write_text("far.example ansible_python_interpreter=/usr/bin/none\n", encoding="utf-8")
    tasks = [task("list", "ipsec_policy_info") | {"delegate_to": "localhost"}]
    book = [{"name": "test", "hosts": "all", "gather_facts": False, "tasks": tasks}]
    play = playbooks.run(book, "-i", str(tmp_path / "inventory.ini"), "-vvv")
    assert (play.code, "Using module file" in play.output) == (0, False), play.output


def test_a_time_out_of_the_task_ends_it(playbooks: Playbooks) -> None:
    playbooks.array.fault("silence", "GET", "/security/ipsec/policies")
    play = playbooks.play([task("list", "ipsec_policy_info") | {"timeout": 1}])
    assert play.code == 2
    assert re.search("(?i)timed out|time frame", play.result("list")["msg"])


def test_a_set_that_is_interrupted_begins_nothing_more(playbooks: Playbooks) -> None:
    array = playbooks.array
    array.fault("silence", "POST", "/security/ipsec/policies", occurrence=2)
    wanted = [{**WEB, "name": f"p{number}"} for number in range(20)]
    options = {"policies": wanted, "concurrency": 1, "timeout": 3, "retries": 0}
    result = playbooks.play([task("set", "ipsec_policies", **options) | {"timeout": 1}]).result("set")
    assert result["changed"] is True
    assert "The time that the task may take (the keyword timeout) was over" in result["msg"]
    assert result["summary"]["done"] + result["summary"]["unknown"] == len(array.policies()) <= 2
    assert result["summary"]["not_attempted"] >= 18


def test_relative_paths_begin_where_ansible_was_started_either_way(playbooks: Playbooks, tmp_path: Path) -> None:
    folder = tmp_path / "plays"
    folder.mkdir()
    shutil.copy(playbooks.array.ca_path, tmp_path / "ca.pem")
    tasks = [
        task(f"{way} {switch}", "ipsec_policy_info", **options) | {"vars": {IN_PROCESS: switch}, **keywords}
        for switch in (True, False)
        for way, options, keywords in (
            ("options", {"ca_path": "ca.pem", "trace": f"trace-{switch}"}, {}),
            ("task", {}, {"environment": {"ONTAP_CA_PATH": "./ca.pem"}}),
            ("variable", {}, {}),
        )
    ]
    book = folder / "playbook.yml"
    head = {"name": "test", "hosts": "localhost", "gather_facts": False}
    book.write_text(yaml.safe_dump([{**head, "tasks": tasks}]), encoding="utf-8")
    play = playbooks.run(book, "-vvv", environment={"ONTAP_CA_PATH": "ca.pem"})
    assert play.code == 0, play.output
    assert play.output.count("Using module file") == 3
    assert sorted(path.name for path in tmp_path.glob("trace-*")) == ["trace-False", "trace-True"]


def test_progress_shows_with_v(playbooks: Playbooks) -> None:
    wanted = [{**WEB, "name": f"p{number}"} for number in range(200)]
    task_of_200 = task("set", "ipsec_policies", policies=wanted)
    loud = playbooks.play([task_of_200], "-v")
    assert "100 of 200 changes made" in loud.output
    assert loud.output.index("100 of 200 changes made") < loud.output.index("changed: [localhost]")


def test_the_connection_of_module_defaults_holds(playbooks: Playbooks) -> None:
    array = playbooks.array
    defaults = {"hostname": f"{array.host}:{array.port}", "username": array.username, "password": array.password}
    head = {"module_defaults": {"group/wiresec.ontap.ontap": {**defaults, "ca_path": array.ca_path}}}
    nothing = {f"ONTAP_{name}" for name in ("HOSTNAME", "PORT", "USERNAME", "PASSWORD", "CA_PATH")}
    environment = {name: value for name, value in playbooks.environment().items() if name not in nothing}
    playbooks.environment = lambda: environment  # type: ignore[method-assign]
    play = playbooks.play([task("list", "ipsec_policy_info")], "-vvv", head=head)
    assert (play.code, "Using module file" in play.output) == (0, False), play.output


def test_an_array_as_a_host_is_not_logged_in_to(playbooks: Playbooks, tmp_path: Path) -> None:
    array = playbooks.array
    host = f"{array.host}\n[all:vars]\nansible_connection=ssh\n"
    (tmp_path / "inventory.ini").write_text(host, encoding="utf-8")
    arguments = ("-i", str(tmp_path / "inventory.ini"))
    head = {"hosts": "all", "module_defaults": {"group/wiresec.ontap.ontap": {"hostname": "{{ inventory_hostname }}"}}}
    play = playbooks.play([task("list", "ipsec_policy_info")], *arguments, head=head)
    assert (play.code, play.failed, array.requests) == (2, ["list"], []), play.output
    assert f"would log in to the array {array.host} by ssh" in play.result("list")["msg"]
    assert "set connection: local" in play.result("list")["msg"]
    # The playbooks of the collection do not depend on what the inventory says.
    play = playbooks.run(CHECKOUT / "playbooks" / "export.yml", *arguments)
    assert (play.code, len(array.requests) > 0) == (0, True), play.output


def test_the_base_is_short_and_no_module_knows_of_it() -> None:
    for path in (CHECKOUT / "plugins").glob("modul*/*.py"):
        assert "plugin_utils" not in path.read_text(encoding="utf-8")


ON_CLIENTS = {"ipsec_client_files", "ipsec_client_info", "ipsec_client_load", "ipsec_client_negotiate"}
"""Modules that are about the host of their task, and so run there."""

OF_ROLES = {"_ipsec_policies"}
"""Action plugins that roles call, and nobody else."""


def test_every_module_has_an_action_plugin_under_another_name_than_its_own() -> None:
    runtime = yaml.safe_load((CHECKOUT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    routed = {
        name: row["action_plugin"].rpartition(".")[2] for name, row in runtime["plugin_routing"]["modules"].items()
    }
    modules = {path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py")}
    actions = {path.stem for path in (CHECKOUT / "plugins" / "action").glob("*.py")} - {"__init__"}
    assert routed.keys() == modules - ON_CLIENTS, "meta/runtime.yml, plugin_routing: a module is missing"
    assert set(routed.values()) | OF_ROLES == actions, "an action plugin is of no use, or is not there"
    assert actions & modules == set(), "ansible-lint does not check the options of these modules"
    in_process = {name for name, action in routed.items() if action in ("_ipsec_policy", "_certificate")}
    assert in_process | {"ipsec_files", "ipsec_packet_info"} == set(runtime["action_groups"]["ontap"])
