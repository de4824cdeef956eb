# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module of this collection inside of Ansible's own process, where it would run on the controller anyway."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.common.warnings import get_deprecation_messages, get_warning_messages
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

from ...module_utils._0_basics.errors import InvalidInput
from ...module_utils._0_basics.interruption import interruptible
from ...module_utils._1_array.wire import SHARED_SESSIONS
from ...module_utils._5_task import given
from ...module_utils._5_task.options import CONNECTION, variable

SWITCH = "wiresec_ontap_in_process"
"""The variable that forbids in-process execution where it is false, and asks for it where it is true."""

_MODULES = "ansible_collections.wiresec.ontap.plugins.modules"
_PATHS = {
    name for option, row in CONNECTION.items() if row["type"] == "path" for name in (option, *row.get("aliases", ()))
}
_PATH_VARIABLES = {variable(option) for option in _PATHS & CONNECTION.keys()}
_AUTOMATIC = ("auto", "auto_silent", "auto_legacy", "auto_legacy_silent")


class InProcessAction(NormalAction):
    """What Ansible does with a module by default, except that executing it may need no process of its own.

    And except that a value which its option can't take is refused before Ansible has converted, or shown, it.
    """

    def run(self, tmp: str | None = None, task_vars: Any = None) -> dict[str, Any]:
        """As in Ansible, unless a value of the task is refused."""
        # A task that is tried again has what Ansible told the module before.
        told = {option: value for option, value in self._task.args.items() if not option.startswith("_ansible_")}
        try:
            given.check(_specification(self._task.action), plain(told, also=(date, bytes)))
        except InvalidInput as error:
            return {"failed": True, **error.result()}
        result: dict[str, Any] = super().run(tmp, task_vars)
        return result

    def _execute_module(
        self, module_name: str | None = None, module_args: Any = None, *, task_vars: Any = None, **others: Any
    ) -> dict[str, Any]:
        """As in Ansible; ``others`` are for Ansible's own way."""
        with self._paths():
            return self._execute(module_name, module_args, task_vars=task_vars, **others)

    def _execute(
        self, module_name: str | None = None, module_args: Any = None, *, task_vars: Any = None, **others: Any
    ) -> dict[str, Any]:
        task_vars = task_vars or {}
        self._refuse_to_log_in_to_the_array(self._task.args if module_args is None else module_args)
        why = "it is asynchronous" if others.get("wrap_async") else self._why_not_here(task_vars)
        if why:
            Display().vv(f"{module_name or self._task.action} is executed by a process of its own: {why}.")
            result: dict[str, Any] = super()._execute_module(module_name, module_args, task_vars=task_vars, **others)
            return result
        name = module_name or self._task.action
        params = plain(self._task.args if module_args is None else module_args)
        self._update_module_args(name, params, task_vars)
        # The outermost, so that no result of a module gets lost when the time of the task ends just then.
        with interruptible(), self._environment(), self._sessions(task_vars):
            try:
                _main(name)(partial(_Module, params))
            except _Finished as finished:
                return self._as_from_a_module(finished.result)
        raise AssertionError("The module ended without a result.")

    def _refuse_to_log_in_to_the_array(self, options: Mapping[str, Any]) -> None:
        """Raises ``AnsibleActionFail`` where Ansible would run the module on the array, which has neither shell nor Python.

        That is what becomes of an array as a host of the inventory if nothing says that its connection is local.
        """
        array = str(options.get("hostname") or os.environ.get("ONTAP_HOSTNAME") or "").strip()
        host, transport = self._play_context.remote_addr, self._connection.transport
        if transport != "local" and host and host in (array, array.rpartition(":")[0].strip("[]")):
            raise AnsibleActionFail(
                f"This task would log in to the array {host} by {transport}, to run there. Modules of this collection run on the "
                "controller: set connection: local in the play, and ansible_connection: local for this host if the inventory "
                "sets ansible_connection to something else."
            )

    def _as_from_a_module(self, result: dict[str, Any]) -> dict[str, Any]:
        """A result as Ansible reads it from what a module prints."""
        printed = {"stdout": json.dumps(result), "stderr": "", "rc": 0}
        # ansible-core 2.19 and later ask for the dialect of JSON, and 2.21 wraps what it reads.
        dialect = ["legacy"] if "profile" in signature(self._parse_returned_data).parameters else []
        read = self._parse_returned_data(printed, *dialect)
        return read if isinstance(read, dict) else read.as_result_dict(for_round_trip=True)

    def _why_not_here(self, task_vars: Mapping[str, Any]) -> str:
        """Why the task would not run here, by this interpreter and as this user, if it were executed as usual; empty if it would."""
        host_vars = task_vars
        if self._task.delegate_to:
            host_vars = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, task_vars)
        # Forked processes of macOS can't ask the system for proxies without the risk of a crash.
        if not boolean(self._templar.template(task_vars.get(SWITCH, sys.platform != "darwin"))):
            return f"{SWITCH} is false" if SWITCH in task_vars else f"on macOS it takes {SWITCH}: true"
        if self._connection.transport != "local":
            return f"its connection is {self._connection.transport}, not local"
        if self._connection.become:
            return "it has become"
        if self._task.async_val:
            return "it is asynchronous"
        interpreter = str(self._templar.template(C.config.get_config_value("INTERPRETER_PYTHON", variables=host_vars)))
        if not _is_this_python(interpreter):
            return f"its interpreter is {interpreter}, and Ansible's is {sys.executable}"
        return "" if find_spec("requests") else f"requests can't be imported by {sys.executable}"

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """Within, the keyword ``environment`` holds, as it does for the process of a module."""
        variables: dict[str, Any] = {}
        self._compute_environment_string(variables)
        before = dict(os.environ)
        os.environ.update({name: to_text(value) for name, value in variables.items()})
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    @contextmanager
    def _paths(self) -> Iterator[None]:
        """Within, relative paths of a connection begin where ``ansible-playbook`` was started, if the module runs here.

        The process of a module begins in the folder of the playbook, which for one of a collection nobody knows.
        """
        if self._connection.transport != "local":
            yield
            return
        given, environment = self._task.args, self._task.environment
        variables: dict[str, Any] = {}
        self._compute_environment_string(variables)
        found = {name: os.environ.get(name) for name in _PATH_VARIABLES} | variables
        absolute = {name: _absolute(value) for name, value in found.items() if name in _PATH_VARIABLES and value}
        self._task.args = {option: _absolute(value) if option in _PATHS else value for option, value in given.items()}
        self._task.environment = [*(environment or ()), absolute]
        try:
            yield
        finally:
            self._task.args, self._task.environment = given, environment

    @contextmanager
    def _sessions(self, task_vars: Mapping[str, Any]) -> Iterator[None]:
        """Within, clients of one account share a session, as long as it is the same task on the same host.

        Ansible forks a process for each task on each host, so the sessions end with that at the latest.
        """
        identity = (self._task._uuid, task_vars.get("inventory_hostname"))
        if _sessions_of.identity != identity:
            _sessions_of.begin(identity)
        token = SHARED_SESSIONS.set(_sessions_of.sessions)
        try:
            yield
        finally:
            SHARED_SESSIONS.reset(token)


def _is_this_python(interpreter: str) -> bool:
    """Whether an interpreter is left to Ansible, or is the one that runs Ansible, however it is spelt."""
    return interpreter in (*_AUTOMATIC, sys.executable) or _spelt(interpreter) == _spelt(sys.executable)


def _spelt(program: str) -> str:
    """One name for a program of a folder that has several, such as ``python``, ``python3`` and ``python3.13``.

    A link that leads out of the folder stays what it is: an environment is where its interpreter is called, and the
    system's Python, to which that of an environment leads, has other packages.
    """
    folder, name = os.path.split(os.path.abspath(program))
    folder = os.path.realpath(folder)
    for _link in range(10):
        path = os.path.join(folder, name)
        target = os.readlink(path) if os.path.islink(path) else os.sep
        if os.path.dirname(target):
            break
        name = target
    return os.path.join(folder, name)


def _absolute(path: Any) -> Any:
    """A path that does not depend on where a process begins."""
    # What is no path is for others to refuse, as it was given.
    is_one = isinstance(path, str) and path and path == path.strip()
    return os.path.abspath(os.path.expanduser(path)) if is_one else path


class _TaskSessions:
    """The sessions of the task that this process executes."""

    def __init__(self) -> None:
        self.identity: tuple[Any, ...] | None = None
        self.sessions: dict[Any, Any] = {}

    def begin(self, identity: tuple[Any, ...]) -> None:
        """Closes what another task left, should a strategy execute several in one process."""
        for session in self.sessions.values():
            session.close()
        self.identity, self.sessions = identity, {}


_sessions_of = _TaskSessions()


def plain(value: Any, also: tuple[type, ...] = ()) -> Any:
    """A copy of a task's arguments without the types by which Ansible tracks where text comes from, as JSON would make it.

    also: types that JSON has not, and that stay as they are all the same.
    """
    if isinstance(value, Mapping):
        return {str(to_text(key)): plain(inner, also) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner, also) for inner in value]
    return value if value is None or isinstance(value, (bool, int, float, *also)) else str(to_text(value))


def _main(name: str) -> Callable[..., None]:
    """The function ``main`` of a module of this collection."""
    main: Callable[..., None] = import_module(f"{_MODULES}.{name.rpartition('.')[2]}").main
    return main


def _specification(name: str) -> dict[str, Any]:
    """The argument spec of a module of this collection."""

    def tell(**specification: Any) -> None:
        raise _Told(specification["argument_spec"])

    try:
        _main(name)(tell)
    except _Told as told:
        return told.specification
    raise AssertionError("The module has no argument spec.")


class _Told(BaseException):
    """Ends a module before it begins, and takes its argument spec along."""

    def __init__(self, specification: dict[str, Any]) -> None:
        super().__init__()
        self.specification = specification


class _Finished(BaseException):
    """Ends a module as ``sys.exit`` would, past its handlers, and takes the result along."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__()
        self.result = result


class _Module(AnsibleModule):
    """An AnsibleModule that gets its arguments from, and leaves its result to, this process."""

    def __init__(self, given: dict[str, Any], **specification: Any) -> None:
        self._given = given
        # Sent by ansible-core 2.20 and later; those before always tell.
        self._tells_invocation = given.get("_ansible_inject_invocation", True)
        self._warnings: list[str] = []
        self._others = len(get_warning_messages()), len(get_deprecation_messages())
        super().__init__(**specification)

    def _load_params(self) -> None:
        self.params = self._given

    def warn(self, warning: str, *arguments: Any, **options: Any) -> None:
        """Keeps it for the result; ansible-core 2.19 and later would show it at once when called on the controller."""
        self._warnings.append(warning)

    def log(self, msg: str, log_args: Any = None) -> None:
        """As in Ansible; what the module itself logs, such as its progress, also shows with ``-v``."""
        if log_args is None:
            Display().v(msg)
        super().log(msg, log_args)

    def _return_formatted(self, kwargs: dict[str, Any]) -> None:
        """Makes the same result of it as Ansible's own method, but prints no JSON."""
        warnings = [*get_warning_messages()[self._others[0] :], *self._warnings]
        deprecations = list(get_deprecation_messages()[self._others[1] :])
        result = {
            "invocation": {"module_args": self.params},
            **kwargs,
            **({"warnings": warnings} if warnings else {}),
            **({"deprecations": deprecations} if deprecations else {}),
        }
        if not self._tells_invocation:
            del result["invocation"]
        # Not even a secret such as "1" may change a truth value.
        kept = {key: value for key, value in result.items() if value is None or isinstance(value, bool)}
        raise _Finished({**remove_values(result, self.no_log_values), **kept})
