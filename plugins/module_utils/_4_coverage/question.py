# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task asks of the coverage, and what it accepts, from its options. Pure.

Empty, misspelt and contradictory options are errors: none of them may come to mean that there is nothing to look at.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from .._0_basics.errors import InvalidInput
from .flows import PROTOCOLS, Declared, Network, Question, Service
from .gate import WORSE, Accepted
from .survey import ASSOCIATIONS, HIDING
from .verdicts import GOOD, STATES

ALL = "all"
PORTS = "ports"
ACCEPTABLE = tuple(state for state in STATES if state not in GOOD)
"""The states that an exception may be about."""

_PORT = re.compile(r"(tcp|udp)/([0-9]{1,5})")
T = TypeVar("T")


def network(text: str) -> Network:
    """A network or address in any spelling. Raises ``ValueError`` for anything else, and for bits beyond the netmask."""
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is no network such as 10.20.0.0/16: {error}.") from None


def service(text: str) -> Service:
    """A service such as ``tcp/4420``. Raises ``ValueError``."""
    match = _PORT.fullmatch(text)
    if not match or not 1 <= int(match.group(2)) <= 65535:
        raise ValueError(f"{text!r} is none of {', '.join((*PROTOCOLS, ALL))}, and no port such as tcp/4420.")
    return Service("", text, match.group(1), int(match.group(2)))


class _Reader:
    """Reads options, and keeps what is wrong with them until the end."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def read(self, option: str, reader: Callable[[Any], T], value: Any, otherwise: T) -> T:
        try:
            return reader(value)
        except ValueError as error:
            self.problems.append(f"{option}: {error}")
            return otherwise

    def done(self) -> None:
        if self.problems:
            raise InvalidInput(*self.problems)


def question(params: Mapping[str, Any]) -> Question:
    """What the options ``svms``, ``protocols``, ``client_networks`` and ``client_names`` ask. Raises ``InvalidInput``."""
    reader = _Reader()
    for option in ("svms", "protocols"):
        if params.get(option) is not None and not params[option]:
            reader.problems.append(f"{option}: the list is empty. Leave it out to mean all.")
    groups, services = _protocols(params["protocols"], reader)
    declared = []
    for position, one in enumerate(params.get("client_networks") or ()):
        option = f"client_networks[{position}]"
        found = reader.read(f"{option}.network", network, one["network"], None)
        own = one.get("protocols")
        for empty in [name for name in ("protocols", "svms") if one.get(name) is not None and not one[name]]:
            reader.problems.append(f"{option}.{empty}: the list is empty. Leave it out to mean all.")
        if found:
            declared.append(
                Declared(found, one.get("name") or "", frozenset(own or ()), frozenset(one.get("svms") or ()))
            )
    names: dict[str, Sequence[Network]] = {}
    for name, given in (params.get("client_names") or {}).items():
        texts = given if isinstance(given, list) else [given]
        option = f"client_names.{name}"
        if not texts:
            reader.problems.append(f"{option}: the list is empty. Leave the name out if nobody knows its addresses.")
        read = [reader.read(option, network, str(text), None) for text in texts]
        names[str(name)] = [one for one in read if one is not None]
    reader.done()
    svms = None if params.get("svms") is None else frozenset(params["svms"])
    return Question(svms, groups, services, tuple(declared), names)


def _protocols(words: Iterable[str], reader: _Reader) -> tuple[frozenset[str], tuple[Service, ...]]:
    groups: set[str] = set()
    services: dict[str, Service] = {}
    for word in words:
        if word == ALL:
            groups |= set(PROTOCOLS)
        elif word in PROTOCOLS:
            groups.add(word)
        else:
            found = reader.read("protocols", service, word, None)
            if found:
                services[word] = found
    return frozenset(groups), tuple(services.values())


def exceptions(entries: Iterable[Mapping[str, Any]]) -> list[Accepted]:
    """What the option ``exceptions`` accepts. Raises ``InvalidInput``; one without reason or end is none."""
    reader = _Reader()
    found = []
    for position, one in enumerate(entries):
        option = f"exceptions[{position}]"
        until = reader.read(f"{option}.until", _day, one["until"], date.min)
        if not one["reason"].strip():
            reader.problems.append(f"{option}.reason: is empty: say why it is accepted.")
        given = {key: one.get(key) for key in ("svm", "protocol", "service", "interface", "client", "unread")}
        states = frozenset(one.get("states") or ())
        if one.get("states") is not None and not states:
            reader.problems.append(f"{option}.states: the list is empty. Leave it out to mean all.")
        if given["unread"] and (states or any(value for key, value in given.items() if key != "unread")):
            reader.problems.append(f"{option}: unread is about what could not be read, and goes with nothing else.")
        client = reader.read(f"{option}.client", _client, given["client"], None)
        accepted = Accepted(
            reason=one["reason"].strip(),
            until=until,
            svm=given["svm"],
            protocol="" if given["protocol"] == PORTS else given["protocol"],
            service=given["service"],
            interface=given["interface"],
            client=client,
            client_name=given["client"] if client is None else None,
            states=states,
            unread=given["unread"],
        )
        found.append(accepted)
    reader.done()
    return found


def check_changes(changes: Sequence[Any] | None, fail_on: Iterable[str]) -> None:
    """Raises ``InvalidInput`` for what are no changes, and for a gate that is about changes where there are none given."""
    problems = []
    if changes is None and WORSE in fail_on:
        problems.append(
            "fail_on: worse is about changes; give what ipsec_policies returns in check mode, even if it is empty."
        )
    for position, one in enumerate(changes or ()):
        whole = isinstance(one, Mapping) and all(isinstance(one.get(key), str) for key in ("name", "operation"))
        if not whole or not isinstance(one.get("after") or {}, Mapping):
            problems.append(f"changes[{position}]: is no change as ipsec_policies returns them.")
    if problems:
        raise InvalidInput(*problems)


def _client(text: str | None) -> Network | None:
    """A network, ``None`` for the name of a host or netgroup. Raises ``ValueError`` for bits beyond the netmask."""
    try:
        return None if text is None else ipaddress.ip_network(text.strip())
    except ValueError:
        try:
            meant = ipaddress.ip_network(str(text).strip(), strict=False)
        except ValueError:
            return None
    raise ValueError(f"{text!r} has bits beyond its netmask. Its network is {meant}.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no day such as 2026-12-31.") from None


UNREAD = (*HIDING, ASSOCIATIONS)
