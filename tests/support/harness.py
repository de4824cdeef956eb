# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two ways to run a module against a simulated array: in this process, and by ansible-playbook as a user does.

Both go over HTTPS. In-process calls pass Ansible's own argument validation, then the module's ``run``: they are for
what needs many calls. Whatever concerns Ansible itself is tested by playbooks.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.wire import SHARED_SESSIONS
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.certificate import CERTIFICATE
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ems_destination import EMS_DESTINATION
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_ca_certificate import CA_CERTIFICATE
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_security_association import (
    SECURITY_ASSOCIATION,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_service import SERVICE
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import given
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import options as tables
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.connection import client_of
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.execute import Mode
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.texts import checked
from ansible_collections.wiresec.ontap.plugins.modules import certificate as certificate_module
from ansible_collections.wiresec.ontap.plugins.modules import certificate_info as certificate_info_module
from ansible_collections.wiresec.ontap.plugins.modules import (
    ems_destination,
    ipsec_ca_certificate,
    ipsec_config,
    ipsec_coverage,
    ipsec_policies,
    ipsec_policy,
    ipsec_policy_health,
    ipsec_policy_info,
    ipsec_security_association_info,
    ipsec_service_info,
)
from environment import CHECKOUT, PROGRAMS, isolated
from simulator import Simulator
from support.prepared_python import PreparedPython

__all__ = ["CHECKOUT"]

IN_PROCESS = "wiresec_ontap_in_process"
"""The variable that says whether a task runs in Ansible's own process."""

CALLBACKS = Path(__file__).resolve().parent / "callback_plugins"

PYTHON = PreparedPython(PROGRAMS / "python", isolated(os.environ))

POLICY_SPEC = {
    **tables.CONNECTION,
    **tables.POLICY,
    **tables.PERMISSIONS,
    **tables.VERIFICATION,
    **tables.IMPACT,
}
WHOLE_SET_SPEC = {**tables.CONNECTION, **tables.WHOLE_SET, **tables.IMPACT}
INFO_SPEC = {**tables.CONNECTION, **tables.POLICY_FILTERS, **tables.LISTING}


def login(array: Simulator) -> dict[str, Any]:
    """The connection options for an array."""
    return {
        "hostname": array.host,
        "port": array.port,
        "username": array.username,
        "password": array.password,
        "ca_path": array.ca_path,
        "timeout": 30,
        "retries": 0,
    }


def validated(spec: dict[str, Any], options: dict[str, Any], **rules: Any) -> dict[str, Any]:
    """Options as action and Ansible hand them to a module; ``None`` counts as omitted. Raises ``InvalidInput`` as they would fail."""
    told = {name: value for name, value in options.items() if value is not None}
    given.check(spec, told)
    result = ArgumentSpecValidator(spec, **rules).validate(told)
    if result.error_messages:
        raise InvalidInput(*result.error_messages)
    return checked(spec, result.validated_parameters)


@contextmanager
def sharing_sessions() -> Iterator[None]:
    """Within, the tasks that run in this process share connections, as tasks in Ansible's own process do."""
    sessions: dict[Any, requests.Session] = {}
    token = SHARED_SESSIONS.set(sessions)
    try:
        yield
    finally:
        SHARED_SESSIONS.reset(token)
        for session in sessions.values():
            session.close()


def close_connections() -> None:
    """Lets the next task in this process connect anew, also where tasks share connections."""
    for session in (SHARED_SESSIONS.get() or {}).values():
        session.close()


def policy(array: Simulator, check_mode: bool = False, clock: Any = time, **options: Any) -> dict[str, Any]:
    """Runs ``ipsec_policy`` in this process. Raises ``OntapError`` where the module would fail."""
    params = validated(POLICY_SPEC, {**login(array), **options})
    with client_of(params, {}, POLICY, clock) as client:
        return ipsec_policy.run(params, client, Mode(check_mode))


def info(array: Simulator, clock: Any = time, **options: Any) -> dict[str, Any]:
    """Runs ``ipsec_policy_info`` in this process."""
    params = validated(INFO_SPEC, {**login(array), **options})
    with client_of(params, {}, POLICY, clock) as client:
        return ipsec_policy_info.run(params, client, Mode())


def policies(
    array: Simulator, check_mode: bool = False, diff_mode: bool = True, clock: Any = time, **options: Any
) -> dict[str, Any]:
    """Runs ``ipsec_policies`` in this process. Raises ``OntapError`` where the module would fail."""
    params = validated(WHOLE_SET_SPEC, {**login(array), **options})
    with client_of(params, {}, POLICY, clock) as client:
        return ipsec_policies.run(params, client, Mode(check_mode, diff_mode))


def config(array: Simulator, check_mode: bool = False, clock: Any = time, **options: Any) -> dict[str, Any]:
    """Runs ``ipsec_config`` in this process. Raises ``OntapError`` where the module would fail."""
    params = validated({**tables.CONNECTION, **ipsec_config.OPTIONS}, {**login(array), **options})
    with client_of(params, {}, SERVICE, clock) as client:
        return ipsec_config.run(params, client, Mode(check_mode))


def service_info(array: Simulator, **options: Any) -> dict[str, Any]:
    """Runs ``ipsec_service_info`` in this process. Raises ``OntapError`` where the module would fail."""
    params = validated({**tables.CONNECTION, **ipsec_service_info.OPTIONS}, {**login(array), **options})
    with client_of(params, {}, SERVICE) as client:
        return ipsec_service_info.run(params, client, Mode())


def coverage(array: Simulator, **options: Any) -> dict[str, Any]:
    """Runs ``ipsec_coverage`` in this process. Raises ``OntapError`` where the module would fail."""
    params = validated({**tables.CONNECTION, **ipsec_coverage.OPTIONS}, {**login(array), **options})
    with client_of(params, {}, POLICY) as client:
        return ipsec_coverage.run(params, client, Mode())


def ca_certificate(array: Simulator, check_mode: bool = False, clock: Any = time, **options: Any) -> dict[str, Any]:
    """Runs ``ipsec_ca_certificate`` in this process. Raises ``OntapError`` where the module would fail."""
    spec = {**tables.CONNECTION, **ipsec_ca_certificate.OPTIONS}
    params = validated(spec, {**login(array), **options}, **ipsec_ca_certificate.RULES)
    with client_of(params, {}, CA_CERTIFICATE, clock) as client:
        return ipsec_ca_certificate.run(params, client, Mode(check_mode))


def certificate(array: Simulator, check_mode: bool = False, clock: Any = time, **options: Any) -> dict[str, Any]:
    """Runs ``certificate`` in this process, without files. Raises ``OntapError`` where the module would fail."""
    spec = {**tables.CONNECTION, **certificate_module.OPTIONS}
    params = validated(spec, {**login(array), **options}, **certificate_module.RULES)
    with client_of(params, {}, CERTIFICATE, clock) as client:
        return certificate_module.run(params, client, Mode(check_mode))


def destination(array: Simulator, check_mode: bool = False, clock: Any = time, **options: Any) -> dict[str, Any]:
    """Runs ``ems_destination`` in this process."""
    params = validated({**tables.CONNECTION, **ems_destination.OPTIONS}, {**login(array), **options})
    with client_of(params, {}, EMS_DESTINATION, clock) as client:
        return ems_destination.run(params, client, Mode(check_mode))


def certificate_info(array: Simulator, clock: Any = time, **options: Any) -> dict[str, Any]:
    """Runs ``certificate_info`` in this process. Raises ``OntapError`` where the module would fail."""
    params = validated({**tables.CONNECTION, **certificate_info_module.OPTIONS}, {**login(array), **options})
    with client_of(params, {}, CERTIFICATE, clock) as client:
        return certificate_info_module.run(params, client, Mode())


def associations(array: Simulator, clock: Any = time, **options: Any) -> dict[str, Any]:
    """Runs ``ipsec_security_association_info`` in this process."""
    spec = {**tables.CONNECTION, **ipsec_security_association_info.OPTIONS}
    params = validated(spec, {**login(array), **options})
    with client_of(params, {}, SECURITY_ASSOCIATION, clock) as client:
        return ipsec_security_association_info.run(params, client, Mode())


def health(array: Simulator, check_mode: bool = False, clock: Any = time, **options: Any) -> dict[str, Any]:
    """Runs ``ipsec_policy_health`` in this process. Raises ``OntapError`` where the module would fail."""
    params = validated({**tables.CONNECTION, **ipsec_policy_health.OPTIONS}, {**login(array), **options})
    with client_of(params, {}, SECURITY_ASSOCIATION, clock) as client:
        return ipsec_policy_health.run(params, client, Mode(check_mode))


def task(title: str, module: str = "ipsec_policy", /, **options: Any) -> dict[str, Any]:
    """A task of a playbook; ``None`` counts as omitted."""
    return {"name": title, f"wiresec.ontap.{module}": {name: one for name, one in options.items() if one is not None}}


@dataclass
class Play:
    """What a run of ansible-playbook left: everything it printed, and the results of its tasks in order."""

    code: int
    output: str
    results: list[dict[str, Any]] = field(default_factory=list)

    @property
    def changed(self) -> list[str]:
        """Names of the tasks that changed something."""
        return [entry["task"] for entry in self.results if entry["result"].get("changed")]

    @property
    def failed(self) -> list[str]:
        """Names of the tasks that failed, ignored failures among them."""
        return [entry["task"] for entry in self.results if entry["failed"]]

    def result(self, task: str) -> dict[str, Any]:
        """The result of the task of that name."""
        found: dict[str, Any] = next(entry["result"] for entry in self.results if entry["task"] == task)
        return found


def base_environment(record: Path) -> dict[str, str]:
    """The environment of any run of ansible-playbook: the collection under test, and a record of all results."""
    return {**isolated(os.environ), **recording(record)}


def recording(record: Path) -> dict[str, str]:
    """Variables by which Ansible writes down the results of all tasks."""
    return {
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_CALLBACKS_ENABLED": "record_results",
        "ANSIBLE_NOCOLOR": "true",
        "RECORD_RESULTS": str(record),
    }


def ansible_playbook(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    within: Sequence[str] = (),
    python: PreparedPython = PYTHON,
) -> Play:
    """Runs ansible-playbook in a folder, with an environment that has a record of results.

    within: a command that runs others. python: the one whose ansible-playbook it is.
    """
    record = Path(environment["RECORD_RESULTS"])
    record.unlink(missing_ok=True)
    command = [*within, str(python.programs / "ansible-playbook"), *arguments]
    run = python.run if python.can_run_in(environment) and not within else run_to_end
    code, output = run(command, environment, folder)
    lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    return Play(code, output, [json.loads(line) for line in lines])


def run_to_end(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """Runs a command, and gives its exit status and all that it printed; whatever ends the test ends all that it started."""
    with subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            output, _nothing = process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return process.returncode, output


class Playbooks:
    """Runs playbooks in a folder of their own, with the collection under test and one array as the default."""

    def __init__(self, folder: Path, array: Simulator) -> None:
        self.folder = folder
        self.array = array

    def environment(self) -> dict[str, str]:
        """The environment of a run: the collection, the array, and a record of all results."""
        return {
            **base_environment(self.folder / "results.jsonl"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ONTAP_HOSTNAME": self.array.host,
            "ONTAP_PORT": str(self.array.port),
            "ONTAP_USERNAME": self.array.username,
            "ONTAP_PASSWORD": self.array.password,
            "ONTAP_CA_PATH": self.array.ca_path,
        }

    def play(self, tasks: list[dict[str, Any]], *arguments: str, **keywords: Any) -> Play:
        """Runs one play on localhost with these tasks."""
        head = {"name": "test", "hosts": "localhost", "gather_facts": False, **keywords.pop("head", {})}
        return self.run([{**head, "tasks": tasks}], *arguments, **keywords)

    def run(
        self, playbook: list[dict[str, Any]] | Path, *arguments: str, environment: dict[str, str] | None = None
    ) -> Play:
        """Runs a playbook, given as data or as a file; ``environment`` is added to the usual one."""
        path = playbook if isinstance(playbook, Path) else self.folder / "playbook.yml"
        if not isinstance(playbook, Path):
            path.write_text(yaml.safe_dump(playbook, sort_keys=False), encoding="utf-8")
        return ansible_playbook([str(path), *arguments], {**self.environment(), **(environment or {})}, self.folder)
