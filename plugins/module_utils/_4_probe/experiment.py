# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an experiment is, with which a production array tells what nobody knows of ONTAP (docs/ontap_facts.md, 9).

An experiment is a list of requests and the questions that their answers settle. Three things hold for all of them:
every policy is disabled, its local end is an address of the networks that are reserved for documentation, so that it
could match no traffic even if it were enabled, and no certificate is ever sent (docs/ontap_facts.md, 4.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, Callable

from .._1_array.rest import Exchange
from .._2_objects.ipsec_policy import POLICY

PREFIX = "{prefix}"
"""In names and filters: the prefix of all policies."""
SWAPPED = "{swapped}"
"""The same with upper and lower case exchanged."""
SVM = "{svm}"
"""In filters: the SVM."""
UUID = "{uuid}"
"""In filters: the UUID of the step's policy. In paths: one that nothing has."""
KEY = "{key}"
"""In bodies: a pre-shared key that is made up for this run."""

LOCAL = "192.0.2.10"
REMOTE = "198.51.100.10"
_RESERVED = tuple(ip_network(network) for network in ("192.0.2.0/24", "2001:db8::/32"))


def is_reserved(address: Any) -> bool:
    """Whether an address is one that only the policies of a probe have as their local end."""
    try:
        parsed = ip_address(str(address))
    except ValueError:
        return False
    return any(parsed in network for network in _RESERVED)


class Unclear(Exception):
    """The answers do not settle a question. The message says why."""


@dataclass(frozen=True)
class Step:
    """One request. policy: the rest of the name of the policy that it is about, where it is about one.

    query: filters and control parameters. links: whether links are asked for.
    """

    method: str
    policy: str = ""
    path: str = POLICY.path
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    links: bool = False

    @property
    def creates(self) -> bool:
        """Whether a policy may come of it."""
        return self.method == "POST"


class Seen:
    """The answers to the steps of an experiment, by the step's name. A step that made no sense any more has none."""

    def __init__(self, release: tuple[int, int, int] | None = None) -> None:
        self.release = release
        self._answers: dict[str, list[Exchange]] = {}

    def add(self, step: str, answers: list[Exchange]) -> None:
        """Adds the answers to a step, one for each page."""
        self._answers[step] = answers

    def all(self, step: str) -> list[Exchange]:
        """The answers to a step. Raises ``Unclear`` if it was not taken."""
        if step not in self._answers:
            raise Unclear("an earlier request of the experiment was refused")
        return self._answers[step]

    def one(self, step: str) -> Exchange:
        """The first answer to a step."""
        return self.all(step)[0]

    def accepted(self, step: str) -> bool:
        """Whether ONTAP did what it was asked for."""
        return step in self._answers and self.one(step).accepted

    def refused(self, step: str, *codes: int) -> bool:
        """Whether ONTAP refused, with one of the codes if any are given. Raises ``Unclear`` if it was not asked."""
        answer = self.one(step)
        return not answer.accepted and (not codes or answer.code in codes)

    def record(self, step: str) -> Mapping[str, Any]:
        """The policy that a read returned. Raises ``Unclear`` if it returned none."""
        answer = self.one(step)
        if not answer.accepted:
            raise Unclear(f"the array answered {answer}")
        records = self._records(step) if "records" in answer.body else [answer.body]
        if len(records) != 1:
            raise Unclear(f"the array returned {len(records)} records where there is one")
        return records[0] if isinstance(records[0], Mapping) else {}

    def count(self, step: str) -> int:
        """How many records a listing had, an error counting as none."""
        return len(self._records(step))

    def _records(self, step: str) -> list[Any]:
        return [record for page in self.all(step) for record in page.body.get("records", [])]


@dataclass(frozen=True)
class Finding:
    """An answer for people, and the position of the simulator's switch that behaves so, ``None`` where none does."""

    answer: str
    setting: Any = None


@dataclass(frozen=True)
class Question:
    """A question. number: its paragraph in docs/ontap_facts.md. switch: its switch in tests/simulator/unknowns.py.

    conclude raises ``Unclear``. while_disabled: it can only be asked while IPsec is disabled.
    """

    number: str
    switch: str
    text: str
    conclude: Callable[[Seen], Finding]
    while_disabled: bool = False


@dataclass(frozen=True)
class Experiment:
    """Requests, by a name that the questions call them by, and what is asked with them. since: the first release."""

    purpose: str
    steps: Mapping[str, Step]
    questions: Sequence[Question]
    since: tuple[int, int, int] = (9, 8, 0)


@dataclass(frozen=True)
class Unasked:
    """A question that no experiment on a production array should ask, and why not."""

    number: str
    switch: str
    text: str
    reason: str


# --- writing requests ---


def _policy(name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    body = {
        "name": PREFIX + name,
        "action": "bypass",
        "enabled": False,
        "local_endpoint": {"address": LOCAL, "netmask": "32"},
        "remote_endpoint": {"address": REMOTE, "netmask": "32"},
        **changes,
    }
    return {key: value for key, value in body.items() if value is not None}


def create(name: str, return_records: bool = False, **changes: Any) -> Step:
    """Creates a policy that can do no harm, with changes; ``None`` leaves a property out."""
    query = {"return_records": "true"} if return_records else {}
    return Step("POST", name, query=query, body=_policy(name, changes))


def create_esp(name: str, **changes: Any) -> Step:
    """Creates one that protects traffic by a key."""
    return create(name, **{"action": "esp_transport", "authentication_method": "psk", "secret_key": KEY, **changes})


def modify(name: str, body: Mapping[str, Any]) -> Step:
    """Modifies a policy of the experiment."""
    return Step("PATCH", name, body=body)


def read(name: str, links: bool = False) -> Step:
    """Reads a policy of the experiment whole."""
    return Step("GET", name, query={"fields": "*"}, links=links)


def listing(policy: str = "", **query: str) -> Step:
    """Lists policies; ``svm__name`` stands for ``svm.name``. policy: the one whose UUID the query has."""
    return Step("GET", policy, query={name.replace("__", "."): value for name, value in query.items()})


def endpoint(address: str, netmask: str = "32", **more: str) -> dict[str, str]:
    """One end of a policy."""
    return {"address": address, "netmask": netmask, **more}


# --- concluding ---


def whether(step: str, yes: tuple[str, Any], no: tuple[str, Any]) -> Callable[[Seen], Finding]:
    """A question that the fate of one write answers."""

    def conclude(seen: Seen) -> Finding:
        refused = seen.refused(step)
        text, setting = no if refused else yes
        return Finding(f"{text} ({seen.one(step)})" if refused else text, setting)

    return conclude
