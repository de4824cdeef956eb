# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option groups that the modules compose, and the client that the connection options describe."""

from __future__ import annotations

import itertools
import os
import platform
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule, env_fallback
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import AnsibleFallbackNotFound

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import normalize
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput, OntapError
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.interruption import interruptible
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.rest import RestClient
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.route import host_and_port
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.trace import Trace
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.wire import (
    OLDEST_REQUESTS,
    REQUESTS_IMPORT_ERROR,
    REQUESTS_PROBLEM,
    Connection,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects import ipsec_policy
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import (
    ACTIONS,
    AUTHENTICATION_METHODS,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.resource import OLDEST_SUPPORTED, Resource
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.given import line_breaks


def _from_environment(option: str) -> tuple[Any, list[str]]:
    return _set_in_environment, [variable(option)]


def _set_in_environment(variable: str) -> str:
    """As Ansible's ``env_fallback``; an empty variable counts as not set, because AWX sets one for a field left blank."""
    value = str(env_fallback(variable))
    if not value:
        raise AnsibleFallbackNotFound
    return value


def variable(option: str) -> str:
    """The environment variable that stands in for an option of the connection."""
    return "ONTAP_VERSION" if option == "ontap_version" else f"ONTAP_{option.upper()}"


CONNECTION: dict[str, Any] = {
    "hostname": {"type": "str", "fallback": _from_environment("hostname")},
    "port": {"type": "int", "aliases": ["http_port"], "fallback": _from_environment("port")},
    "username": {"type": "str", "aliases": ["user"], "fallback": _from_environment("username")},
    "password": {"type": "str", "aliases": ["pass"], "no_log": True, "fallback": _from_environment("password")},
    "access_token": {"type": "str", "no_log": True, "fallback": _from_environment("access_token")},
    "client_cert": {"type": "path", "aliases": ["cert_filepath"], "fallback": _from_environment("client_cert")},
    "client_key": {
        "type": "path",
        "aliases": ["key_filepath"],
        "no_log": False,
        "fallback": _from_environment("client_key"),
    },
    "validate_certs": {"type": "bool", "default": True, "fallback": _from_environment("validate_certs")},
    "ca_path": {"type": "path", "fallback": _from_environment("ca_path")},
    "timeout": {"type": "int", "default": 60, "fallback": _from_environment("timeout")},
    "retries": {"type": "int", "default": 3, "fallback": _from_environment("retries")},
    # As it was given, because 9.10 without quotes is a number, 9.1.
    "ontap_version": {
        "type": "raw",
        "aliases": ["force_ontap_version"],
        "fallback": _from_environment("ontap_version"),
    },
    "trace": {"type": "path", "fallback": _from_environment("trace")},
    "https": {"type": "bool"},
    "use_rest": {"type": "raw"},
}

_ENDPOINT: dict[str, Any] = {
    "type": "dict",
    "options": {"address": {"type": "str"}, "netmask": {"type": "str"}, "port": {"type": "str"}},
}

POLICY: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "svm": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "action": {"type": "str", "choices": list(ACTIONS)},
    "enabled": {"type": "bool"},
    "protocol": {"type": "str"},
    "local_endpoint": _ENDPOINT,
    "remote_endpoint": _ENDPOINT,
    "local_identity": {"type": "str"},
    "remote_identity": {"type": "str"},
    "authentication_method": {"type": "str", "choices": list(AUTHENTICATION_METHODS)},
    "certificate": {"type": "str"},
    "certificate_modify_keepsa": {"type": "bool"},
    "secret_key": {"type": "str", "no_log": True},
    "ppk": {
        "type": "dict",
        "options": {"identity": {"type": "str"}, "shared_key": {"type": "str", "no_log": True}},
    },
    "ipspace": {"type": "str"},
}


def _of_a_list(spec: dict[str, Any]) -> dict[str, Any]:
    """Options of a list's entries: without defaults and choices, so that errors can say which entry they are about."""
    return {
        option: {key: value for key, value in row.items() if key not in ("default", "choices", "required")}
        for option, row in spec.items()
    }


def _filters(resource: Resource) -> dict[str, Any]:
    """An option for each field that can be read. Filters may be ONTAP's query expressions, so they are text, or truth values."""
    options: dict[str, Any] = {}
    for row in resource.fields:
        if row.readable:
            option, dot, part = row.option.partition(".")
            kind = {"type": "raw" if row.normalizer is normalize.boolean else "str"}
            if dot:
                options.setdefault(option, {"type": "dict", "options": {}})["options"][part] = kind
            else:
                options[option] = kind
    return options


POLICY_FILTERS: dict[str, Any] = _filters(ipsec_policy.POLICY)

LISTING: dict[str, Any] = {
    "fields": {"type": "list", "elements": "str"},
    "order_by": {"type": "list", "elements": "str"},
    "max_records": {"type": "int"},
    "count_only": {"type": "bool", "default": False},
}

PERMISSIONS: dict[str, Any] = {
    "update_secret_key": {
        "type": "str",
        "choices": ["on_create", "always"],
        "default": "on_create",
        "no_log": False,
    },
    "recreate": {"type": "bool", "default": False},
}

VERIFICATION: dict[str, Any] = {"verify_writes": {"type": "bool", "default": False}}

IMPACT: dict[str, Any] = {"report_impact": {"type": "bool", "default": False}}

WHOLE_SET: dict[str, Any] = {
    "policies": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": _of_a_list({**POLICY, **PERMISSIONS}),
    },
    "svm": {"type": "str"},
    "prune": {"type": "bool", "default": False},
    "svms": {"type": "list", "elements": "str"},
    "strict": {"type": "bool"},
    "whole_cluster": {"type": "bool", "default": False},
    "keep": {"type": "list", "elements": "str", "default": []},
    "max_deletes": {"type": "str"},
    "allow_empty": {"type": "bool", "default": False},
    "continue_on_error": {"type": "bool", "default": False},
    "concurrency": {"type": "int", "default": 4},
    "return_policies": {"type": "bool", "default": False},
    # Not null by default, so that null, which a blank answer gives, is refused.
    "approved_digests": {"type": "list", "elements": "str", "default": ["any"]},
    "source": {"type": "str", "default": ""},
    **PERMISSIONS,
    **VERIFICATION,
}


def checked(spec: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Validated options with what Ansible lets pass in lists of text put right. Raises ``InvalidInput`` for what can't be."""
    problems: list[str] = []
    right = dict(params)
    for option, row in spec.items():
        if row.get("type") == "list" and row.get("elements") == "str" and isinstance(params.get(option), list):
            try:
                right[option] = texts(option, params[option])
                problems += _several(option, right[option]) if option in _OF_NAMES else []
            except InvalidInput as error:
                problems += error.problems
    if problems:
        raise InvalidInput(*problems)
    return right


def texts(option: str, elements: Iterable[Any]) -> list[str]:
    """The elements of a list of names or patterns, without white space at the ends.

    Ansible splits a text at its commas where a list is due, so that the text of a list, with brackets and quotes, becomes a
    list of its pieces, which stand for nothing. Raises ``InvalidInput`` for such pieces, and for what is empty.
    """
    stripped = [str(element).strip() for element in elements]
    problems = []
    for element in dict.fromkeys(stripped):
        if not element:
            problems.append(f"{option}: an element is empty. Leave it out.")
        elif not element.isprintable():
            problems.append(
                f"{option}: {element!r} has a line break or control character. Give a list, one in each element."
            )
        elif _is_a_piece(element):
            problems.append(
                f"{option}: {element!r} is a piece of a list that became text. Give a list; on the command line as JSON, "
                f'such as -e \'{{"{option}": ["a", "b"]}}\'.'
            )
    if problems:
        raise InvalidInput(*problems)
    return stripped


_OF_NAMES = ("keep", "svms")
"""Lists of names or patterns on which depends what is deleted."""


def _several(option: str, elements: Iterable[str]) -> list[str]:
    """A problem for each element that looks like several: it would stand for none of them."""
    return [
        f"{option}: {element!r} has a {'comma' if ',' in element else 'semicolon'}. Give each name or pattern an element "
        "of its own; in a pattern, ? stands for that character."
        for element in dict.fromkeys(elements)
        if "," in element or ";" in element
    ]


def _is_a_piece(element: str) -> bool:
    """Whether an element begins or ends as the text of a list does. A pattern such as ``[ab]*`` does not."""
    return bool(
        re.match(r"""[\[({]?\s*['"]""", element)
        or re.search(r"""['"]\s*[\])}]?$""", element)
        or re.fullmatch(r"\[[^\]]*\]?|[^\[]*\]", element)
    )


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


@contextmanager
def client_of(
    params: Mapping[str, Any], environment: Mapping[str, str], resource: Resource, clock: Any = time
) -> Iterator[RestClient]:
    """A client from validated options. clock: what pauses and time-outs go by. Raises ``InvalidInput``."""
    reached = connection(params, environment)
    credentials = filter(None, [reached.password, reached.access_token])
    tracing = Trace(params["trace"], resource.secret_names, credentials) if params["trace"] else nullcontext()
    with tracing as trace, RestClient(reached, trace, clock) as array:
        yield array


def connection(params: Mapping[str, Any], environment: Mapping[str, str]) -> Connection:
    """The connection that validated options describe. Raises ``InvalidInput``."""
    warnings: list[str] = []
    given = {option: _as_typed(option, params[option], environment, warnings) for option in _TEXTS}
    hostname, port = _host_and_port(given["hostname"], params["port"], environment)
    for option, (least, most) in _LIMITS.items():
        if params[option] is not None and not least <= params[option] <= most:
            raise InvalidInput(
                f"{_named(option, params[option], environment)}: {params[option]} is not from {least} to {most}."
            )
    return Connection(
        hostname=hostname,
        port=port,
        validate_certs=params["validate_certs"],
        ca_path=given["ca_path"],
        timeout=params["timeout"],
        retries=params["retries"],
        version=version(params["ontap_version"]),
        warnings=tuple(warnings),
        **_login({option: given[option] for option in (*_BASIC, *_OTHERS)}, environment),
    )


_LIMITS = {"port": (1, 65535), "timeout": (1, 86400), "retries": (0, 1000)}
_BASIC = ("username", "password")
_OTHERS = ("access_token", "client_cert", "client_key")
_TEXTS = ("hostname", "ca_path", "trace", *_BASIC, *_OTHERS)
_SECRETS = tuple(option for option in _TEXTS if CONNECTION[option].get("no_log"))


def _named(option: str, value: Any, environment: Mapping[str, str]) -> str:
    """How messages call an option whose value may come from the environment."""
    name = variable(option)
    return f"{option} ({name})" if environment.get(name) == str(value) else option


def _as_typed(option: str, value: str | None, environment: Mapping[str, str], warnings: list[str]) -> str | None:
    """A text as it is meant. Raises ``InvalidInput`` for one with something in it that nobody sees; quotes no value.

    The line break at the end of a file that a secret was read from is taken off, with a warning.
    """
    if value is None:
        return None
    named = _named(option, value, environment)
    try:
        if option not in _SECRETS:
            return normalize.text(value.strip() if option == "hostname" else value)
        typed = normalize.secret(value)
    except ValueError as error:
        raise InvalidInput(f"{named}: {error}") from None
    if typed != value:
        warnings.append(f"{named}: ends with a line break, which was taken off.")
    return typed


def check_texts(params: Mapping[str, Any], options: Iterable[str]) -> None:
    """Raises ``InvalidInput`` for free text that an option can't have of which no field table knows."""
    problems = []
    for option in options:
        try:
            if params[option] is not None:
                normalize.text(params[option])
        except ValueError as error:
            problems.append(f"{option}: {error}")
    if problems:
        raise InvalidInput(*problems)


def _login(given: Mapping[str, str | None], environment: Mapping[str, str]) -> dict[str, str | None]:
    """The credentials to use. What the task gives wins over what the environment gives."""
    used = {option: value for option, value in given.items() if value is not None}
    if used.keys() & set(_BASIC) and used.keys() & set(_OTHERS):
        by_task = {
            option
            for option, value in used.items()
            if value != normalize.without_line_break(environment.get(variable(option), ""))
        }
        chosen = [group for group in (_BASIC, _OTHERS) if by_task & set(group)]
        if len(chosen) != 1:
            named = ", ".join(_named(option, value, environment) for option, value in used.items())
            raise InvalidInput(
                f"{named}: more than one way to log in is given; use username with password, or access_token, "
                "or client_cert. Mind the environment variables ONTAP_*."
            )
        used = {option: value for option, value in used.items() if option in chosen[0]}
    if not used:
        raise InvalidInput(
            f"No credentials: give username and password, or access_token, or client_cert; {_WAYS} (ONTAP_USERNAME, ...)."
        )
    for option, other in (*itertools.permutations(_BASIC), ("client_cert", "client_key")):
        if other in used and option not in used:
            raise InvalidInput(
                f"{option}: is missing, and {_named(other, used[other], environment)} is given; {_WAYS} "
                f"{variable(option)}{_emptiness(option, environment)}."
            )
    name, token = used.get("username"), used.get("access_token")
    if name and ":" in name:
        raise InvalidInput(
            f"{_named('username', name, environment)}: has a colon, which HTTP does not allow in a name."
        )
    if token and not re.fullmatch("[!-~]+", token):
        raise InvalidInput(
            f"{_named('access_token', token, environment)}: has a blank, or a character that no token has. Give the token "
            "alone, without the word Bearer."
        )
    return dict(used)


_WAYS = (
    "as an option, for all tasks of a play by module_defaults (the group is group/wiresec.ontap.ontap; defaults of other "
    "collections' groups do not apply), or by an environment variable"
)


def _emptiness(option: str, environment: Mapping[str, str]) -> str:
    return ", which is set, but empty" if environment.get(variable(option)) == "" else ""


def _host_and_port(hostname: str | None, port: int | None, environment: Mapping[str, str]) -> tuple[str, int]:
    """The host and port to connect to, be they given apart or together."""
    if hostname is None:
        raise InvalidInput(
            f"hostname: give the array's management address {_WAYS} ONTAP_HOSTNAME{_emptiness('hostname', environment)}."
        )
    named = _named("hostname", hostname, environment)
    try:
        host, named_port = host_and_port(hostname)
    except ValueError as error:
        # What has an @ may be a URL with a password.
        shown = "what is given" if "@" in hostname else repr(hostname)
        raise InvalidInput(f"{named}: {shown} {error}.") from None
    if port and named_port and port != named_port:
        raise InvalidInput(
            f"{named}, {_named('port', port, environment)}: {hostname!r} and {port} name different ports."
        )
    return host, port or named_port or 443


def version(given_as: Any) -> tuple[int, int, int] | None:
    """The release that an option ``ontap_version`` names, as text or as the number that YAML makes of 9.8. Raises ``InvalidInput``."""
    if given_as is None:
        return None
    match = re.match(r"\s*([0-9]+)\.([0-9]+)(?:\.([0-9]+))?(?:[A-Z][0-9A-Z]*)?\s*$", str(given_as))
    if not match:
        raise InvalidInput(f"ontap_version: {given_as!r} is not a release such as 9.12.1.")
    release = int(match.group(1)), int(match.group(2)), int(match.group(3) or 0)
    if isinstance(given_as, float) and release < OLDEST_SUPPORTED:
        raise InvalidInput(
            f"ontap_version: without quotes 9.10 is the number 9.1, and so is {given_as}: put it in quotes."
        )
    return release
