# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to do the work that are compared: each is a command, in an environment."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.simulated_array import Login
from benchmarks.workload import Policy, Workload, svm
from environment import isolated

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent

COLLECTION = "/api/security/ipsec/policies"
FIELDS = (
    "uuid,name,svm.name,scope,action,enabled,protocol,local_endpoint,remote_endpoint,local_identity,remote_identity,"
    "authentication_method"
)


@dataclass(frozen=True)
class Job:
    """A workload on an array that is prepared for it. uuids: of the policies that are there, by name."""

    workload: Workload
    login: Login
    uuids: Mapping[str, str]
    folder: Path


@dataclass(frozen=True)
class Way:
    """One way to do the work.

    command: writes the files that are needed into the job's folder and returns what to run. works: whether it changes
    the array. loops: whether each policy is an item of a loop, so that each change shows as a line. ours: whether it is this
    collection that works, so that another commit of it may cost something else. arguments: added to the command. environment:
    added to the usual one.
    """

    name: str
    command: Callable[[Job], list[str]]
    works: bool = True
    loops: bool = False
    ours: bool = False
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def environment(job: Job, way: Way) -> dict[str, str]:
    """The variables of a command. Pipelining spares every way the same copying of modules to files."""
    return {
        **isolated(os.environ),
        "ANSIBLE_LIBRARY": str(HERE / "library"),
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_HOME": str(job.folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(job.folder / "temp"),
        "ONTAP_HOSTNAME": f"{job.login.host}:{job.login.port}",
        "ONTAP_USERNAME": job.login.user,
        "ONTAP_PASSWORD": job.login.password,
        "ONTAP_CA_PATH": job.login.ca_path,
        "REQUESTS_CA_BUNDLE": job.login.ca_path,
        **way.environment,
    }


def _playbook(job: Job, task: dict[str, Any], policies: list[Policy]) -> list[str]:
    """The command that runs a play of one task, for which ``policies`` is a variable from a file."""
    variables, book = job.folder / "variables.json", job.folder / "playbook.json"
    variables.write_text(json.dumps({"policies": policies}), encoding="utf-8")
    play = {"hosts": "localhost", "gather_facts": False, "vars_files": [str(variables)], "tasks": [task]}
    book.write_text(json.dumps([play]), encoding="utf-8")
    return [sys.executable, "-m", "ansible", "playbook", str(book)]


def _start(job: Job) -> list[str]:
    return _playbook(job, {"ansible.builtin.meta": "noop"}, [])


def _nothing(job: Job) -> list[str]:
    return _playbook(job, {"nothing": {}}, [])


def _nothing_with_list(job: Job) -> list[str]:
    return _playbook(job, {"nothing": {"policies": "{{ policies }}"}}, job.workload.listed())


def _bare(job: Job) -> list[str]:
    """The script, and the requests that it sends."""
    workload = job.workload
    svms = "|".join(svm(number) for number in range(min(workload.size, workload.svms)))
    writes: list[tuple[str, str, Any]] = []
    if workload.scenario.method == "POST":
        writes = [
            ("POST", COLLECTION, {**{key: value for key, value in one.items() if key != "svm"}, "svm.name": one["svm"]})
            for one in _with_single_ports(workload.listed())
        ]
    elif workload.scenario.method == "PATCH":
        changed = workload.listed()[: workload.changes]
        writes = [("PATCH", f"{COLLECTION}/{job.uuids[one['name']]}", {"enabled": True}) for one in changed]
    elif workload.scenario.method == "DELETE":
        writes = [("DELETE", f"{COLLECTION}/{job.uuids[one['name']]}", None) for one in workload.surplus()]
    path = job.folder / "requests.json"
    content = {
        "url": f"https://{job.login.host}:{job.login.port}",
        "user": job.login.user,
        "password": job.login.password,
        "ca_path": job.login.ca_path,
        "listing": f"{COLLECTION}?{urlencode({'fields': FIELDS, 'svm.name': svms})}",
        "writes": writes,
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return [sys.executable, str(HERE / "bare.py"), str(path)]


def _with_single_ports(policies: list[Policy]) -> list[Policy]:
    local = {"address": "10.10.10.7", "netmask": "32", "port": "2049"}
    return [{**one, "local_endpoint": local} for one in policies]


def _whole_set(job: Job) -> list[str]:
    options: dict[str, Any] = {"policies": "{{ policies }}"}
    if job.workload.scenario.method == "DELETE":
        options["prune"] = True
    return _playbook(job, {"wiresec.ontap.ipsec_policies": options}, job.workload.listed())


def _whole_set_by_lookup(job: Job) -> list[str]:
    """The same, with a list that no variable holds: Ansible reads and marks variables again for each play and task."""
    policies = job.folder / "policies.json"
    policies.write_text(json.dumps(job.workload.listed()), encoding="utf-8")
    expression = f"{{{{ lookup('ansible.builtin.file', '{policies}') | from_json }}}}"
    return _playbook(job, {"wiresec.ontap.ipsec_policies": {"policies": expression}}, [])


def _loop(module: str, connection: dict[str, Any]) -> Callable[[Job], list[str]]:
    """A loop over a module that manages one policy; what should go stands in the list as absent."""

    def command(job: Job) -> list[str]:
        surplus = [{**one, "state": "absent"} for one in job.workload.surplus()]
        items = job.workload.listed() + surplus
        options = {option: f"{{{{ item.{option} }}}}" for option in items[0]}
        options["state"] = "{{ item.state | default('present') }}"
        task = {
            module: {**connection, **options},
            "loop": "{{ policies }}",
            "loop_control": {"label": "{{ item.name }}"},
        }
        return _playbook(job, task, items)

    return command


def _coverage(job: Job) -> list[str]:
    """What every policy makes of the traffic of the array, of which there is none here: reading and understanding policies."""
    return _playbook(job, {"wiresec.ontap.ipsec_coverage": {"allow_empty": True}}, [])


IN_PROCESS = ("--extra-vars", '{"wiresec_ontap_in_process": true}')
"""Lets the collection do its work in Ansible's own process."""

IN_PROCESSES = ("--extra-vars", '{"wiresec_ontap_in_process": false}')
"""Lets it do its work in a process for each module, as modules do in general."""

START = Way("start of ansible-playbook (`meta: noop`)", _start, works=False)
EMPTY_TASK = Way("empty task (one module that does nothing)", _nothing, works=False)
EMPTY_TASK_WITH_LIST = Way("empty task that is given the list", _nothing_with_list, works=False)
BARE = Way("bare script", _bare)
WHOLE_SET = Way("`ipsec_policies`", _whole_set, ours=True, arguments=IN_PROCESS)
WHOLE_SET_BY_LOOKUP = Way(
    "`ipsec_policies`, list read by a lookup", _whole_set_by_lookup, ours=True, arguments=IN_PROCESS
)
WHOLE_SET_AS_MODULE = Way("`ipsec_policies`, in a process", _whole_set, ours=True, arguments=IN_PROCESSES)
COVERAGE = Way("`ipsec_coverage`", _coverage, works=False, ours=True, arguments=IN_PROCESS)
LOOP = Way(
    "loop of `ipsec_policy`", _loop("wiresec.ontap.ipsec_policy", {}), loops=True, ours=True, arguments=IN_PROCESS
)

LOOPS = (LOOP, replace(LOOP, name="loop of `ipsec_policy`, a process each", arguments=IN_PROCESSES))
"""The ways to execute a loop, one row each in the tables; another one is one more entry."""


def peer() -> Way | None:
    """The loop of the vendor's module, if the environment of the conformance tests is there.

    It runs on the same ansible-core and the same interpreter as the others.
    """
    pattern = ".venv-conformance/lib/python*/site-packages/ansible_collections/netapp/ontap"
    found = next(CHECKOUT.glob(pattern), None)
    if found is None:
        return None
    connection = {
        "hostname": "{{ lookup('ansible.builtin.env', 'ONTAP_HOSTNAME') }}",
        "username": "{{ lookup('ansible.builtin.env', 'ONTAP_USERNAME') }}",
        "password": "{{ lookup('ansible.builtin.env', 'ONTAP_PASSWORD') }}",
        "validate_certs": True,
    }
    return Way(
        "loop of the peer's `na_ontap_security_ipsec_policy`",
        _loop("netapp.ontap.na_ontap_security_ipsec_policy", connection),
        loops=True,
        environment={"ANSIBLE_COLLECTIONS_PATH": str(found.parents[2])},
    )
