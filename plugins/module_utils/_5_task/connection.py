# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client that the connection options of a task describe, with what the environment gives where the task is silent."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from .._0_basics import normalize
from .._0_basics.errors import InvalidInput
from .._1_array.rest import RestClient
from .._1_array.route import host_and_port
from .._1_array.trace import Trace
from .._1_array.wire import Connection
from .._2_objects.resource import OLDEST_SUPPORTED, Resource
from .options import CONNECTION, variable


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
        version=release_of(params["ontap_version"]),
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


def release_of(given_as: Any) -> tuple[int, int, int] | None:
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
