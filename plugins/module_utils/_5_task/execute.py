# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a module from ``run`` to success or failure, as Ansible expects it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values

from .._0_basics.errors import InvalidInput, OntapError
from .._0_basics.interruption import interruptible
from .._1_array.rest import RestClient
from .._1_array.wire import OLDEST_REQUESTS, REQUESTS_IMPORT_ERROR, REQUESTS_PROBLEM
from .._2_objects.resource import Resource
from .connection import client_of
from .given import line_breaks
from .options import CONNECTION
from .texts import checked


@dataclass(frozen=True)
class Mode:
    """How a task runs. check: nothing is written. diff: the result shows what changes. progress: gets done and total."""

    check: bool = False
    diff: bool = False
    progress: Callable[[int, int], None] = lambda done, total: None


_LONGEST_ECHO = 100
"""Entries of a list that a result repeats under ``invocation``."""

_OVERDUE = (
    "The time that the task may take (the keyword timeout) was over while the array was being changed. What had begun was "
    "brought to its end first, as this result says; nothing new was begun."
)

Run = Callable[[Mapping[str, Any], RestClient, Mode], "dict[str, Any]"]


def execute(
    module: AnsibleModule,
    resource: Resource,
    run: Run,
    after_failure: Mapping[str, Any] | None = None,
    exact: bool = False,
) -> None:
    """Runs a module to its end: ``run`` with the client that its options describe, then success or failure.

    after_failure: what the result of a failure says where the failure itself does not. exact: fail if Ansible would hide a
    part of the result, because others write down what the array has.
    """
    # Not with long lists: Ansible looks for every secret in every text of a result, and a set has thousands of both.
    echoed = {
        option: f"({len(value)} entries)" if isinstance(value, list) and len(value) > _LONGEST_ECHO else value
        for option, value in module.params.items()
    }

    def progress(done: int, total: int) -> None:
        if done % 100 == 0:
            module.log(f"{done} of {total} changes made")

    shortened = line_breaks(module.argument_spec, module.params)
    # Ansible hides secrets as they were given, and ONTAP gets them without their line break.
    module.no_log_values.update(shortened.values())
    if "@" in (module.params["hostname"] or ""):
        # No host has one, but a URL with a password.
        module.no_log_values.add(module.params["hostname"])
    with interruptible() as interruption:
        failed = False
        try:
            params = checked(module.argument_spec, module.params)
            with _client(module, resource) as array:
                result = run(params, array, Mode(module.check_mode, module._diff, progress))
            if exact:
                refuse_masked(result, module.no_log_values)
        except OntapError as error:
            failed, result = True, {**(after_failure or {}), **error.result()}
        if interruption.overdue:
            failed, result = True, {**result, "msg": f"{result.get('msg', '')} {_OVERDUE}".strip()}
        # Those of the connection are told with it, because they may come from the environment.
        cut = [
            f"{option}: ends with a line break, which was taken off."
            for option in shortened
            if option not in CONNECTION
        ]
        for warning in [*cut, *result.pop("warnings", [])]:
            module.warn(warning)
        result["invocation"] = {"module_args": echoed}
        if failed:
            module.fail_json(**result)
        module.exit_json(**result)


def refuse_masked(result: Mapping[str, Any], secrets: Iterable[str]) -> None:
    """Raises ``InvalidInput`` if a secret of the task is a part of its result, where Ansible would put asterisks."""
    places = list(_differing(result, remove_values(result, secrets), ""))
    if places:
        more = f" and {len(places) - _SHOWN_PLACES} more" if len(places) > _SHOWN_PLACES else ""
        raise InvalidInput(
            "A password or token of this task is a part of what the array returned, and Ansible would hide it there: "
            f"{', '.join(places[:_SHOWN_PLACES])}{more}. Read with an account whose password is in no name."
        )


_SHOWN_PLACES = 10


def _differing(one: Any, other: Any, place: str) -> Iterator[str]:
    """Where two values differ. Keys are never hidden."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key, value in one.items():
            yield from _differing(value, other.get(key), f"{place}.{key}" if place else str(key))
    elif isinstance(one, list) and isinstance(other, list):
        for index, (value, second) in enumerate(zip(one, other)):
            yield from _differing(value, second, f"{place}[{index}]")
    elif one != other:
        yield place


@contextmanager
def _client(module: AnsibleModule, resource: Resource) -> Iterator[RestClient]:
    """The client of the array that the module's connection options name, to work on ``resource``.

    Fails the task where ``requests`` is missing or too old; raises ``InvalidInput`` for options that don't go together.
    """
    if REQUESTS_PROBLEM:
        module.fail_json(
            msg=_without_requests(REQUESTS_PROBLEM),
            **({"exception": REQUESTS_IMPORT_ERROR} if REQUESTS_IMPORT_ERROR else {}),
        )
    with client_of(module.params, os.environ, resource) as array:
        for warning in array.connection.warnings:
            module.warn(warning)
        yield array
        if array.trace and array.trace.problem:
            module.warn(array.trace.problem)


def _without_requests(problem: str) -> str:
    """Which interpreter lacks ``requests``, and the two ways to cure that. problem: what that interpreter has instead."""
    needed = ".".join(map(str, OLDEST_REQUESTS))
    return (
        f"The Python library requests {needed} or later is needed, and the interpreter that runs this task {problem}: "
        f"{sys.executable}, Python {platform.python_version()}, on {platform.node()}. "
        f"Cure: install it there, with \"{sys.executable} -m pip install 'requests>={needed}'\" or as a package of the "
        "system. Or, if the interpreter that runs Ansible itself has it, let that one run the task: with "
        '"delegate_to: localhost" and the variable ansible_python_interpreter: "{{ ansible_playbook_python }}".'
    )
