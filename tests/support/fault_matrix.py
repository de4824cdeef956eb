# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a task when a fault meets one of its requests: every fault, every request, before and after effect.

``make faults`` prints the tables that `tables` makes; docs/faults.md has them for users, and a test compares the two.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import OntapError
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY as TABLE
from simulator import Simulator
from simulator.faults import KINDS, Effect
from support.clock import Clock
from support.harness import close_connections, info, policy
from support.paths import CERTIFICATES, POLICIES, POLICY

KEY = "the-key-of-the-fault-tests"
OLD_KEY = "the-key-that-was-there-before"
PPK = "the-post-quantum-key-of-the-tests"
SECRETS = (KEY, OLD_KEY, PPK)

_WEB: dict[str, Any] = {"name": "web", "svm": "svm1"}
_ENDPOINTS = {
    "local_endpoint": {"address": "10.10.10.7/32", "port": 2049},
    "remote_endpoint": {"address": "10.10.20.0/24"},
}
_PKI = {
    **_WEB,
    **_ENDPOINTS,
    "action": "esp_transport",
    "certificate": "ipsec-cert",
    "remote_identity": "ANYTHING",
    "enabled": True,
}
_PSK = {
    **_WEB,
    **_ENDPOINTS,
    "action": "esp_transport",
    "secret_key": KEY,
    "ppk": {"identity": "ppk-one", "shared_key": PPK},
}
_NEW_KEY = {**_PSK, "update_secret_key": "always", "recreate": True}


@dataclass(frozen=True)
class Scenario:
    """A task and what it finds.

    there: options of the policy that is there. method, path: the write that is looked at. preceding: method and path
    of the request before it, after whose answer connections can be made to fail.
    """

    name: str
    options: dict[str, Any]
    there: dict[str, Any] | None = None
    method: str = "GET"
    path: str = POLICIES
    preceding: tuple[str, str] = ("GET", POLICIES)

    @property
    def lists(self) -> bool:
        """Whether the task only lists."""
        return not self.options


_LIST = Scenario("list", {}, _PKI)
_NO_CHANGE = Scenario("no change", _PKI, _PKI)
_CREATE = Scenario("create", _PKI, None, "POST")
_CREATE_PSK = Scenario("create with key", _PSK, None, "POST")
_MODIFY = Scenario("modify", {**_PKI, "enabled": False}, _PKI, "PATCH", POLICY)
_DELETE = Scenario("delete", {**_WEB, "state": "absent"}, _PKI, "DELETE", POLICY)
_RECREATE = {**_PKI, "action": "esp_udp", "recreate": True}
_DELETE_HALF = Scenario("recreate, its delete", _RECREATE, _PKI, "DELETE", POLICY, ("GET", CERTIFICATES))
_CREATE_HALF = Scenario("recreate, its create", _RECREATE, _PKI, "POST", POLICIES, ("DELETE", POLICY))
_KEY_HALF = Scenario(
    "new key, its create", _NEW_KEY, {**_PSK, "secret_key": OLD_KEY}, "POST", POLICIES, ("DELETE", POLICY)
)
READS = [_LIST, _NO_CHANGE, _CREATE, _MODIFY, _DELETE, _DELETE_HALF]
WRITES = [_CREATE, _CREATE_PSK, _MODIFY, _DELETE, _DELETE_HALF, _CREATE_HALF, _KEY_HALF]


@dataclass(frozen=True)
class Fault:
    """A kind of fault as a row of the table. ``kind`` is one of the simulator's, or `approval`."""

    kind: str
    when: str = ""
    times: int = 1
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The row's heading."""
        return f"{self.kind}{f' {self.when}' if self.when else ''}{', every time' if self.times > 1 else ''}"


_LASTING = 99


def read_faults() -> list[Fault]:
    """The rows of the first table."""
    rows = [Fault(name) for name, kind in KINDS.items() if kind.effect is not Effect.ALWAYS or kind.is_lie]
    lasting = [Fault(name, times=_LASTING) for name in ("reset", "silence", "gateway_timeout", "busy", "unavailable")]
    return rows + lasting


def write_faults() -> list[Fault]:
    """The rows of the second table."""
    rows = []
    for name, kind in KINDS.items():
        if kind.effect is Effect.EITHER:
            rows += [Fault(name, "before effect"), Fault(name, "after effect")]
        elif not kind.is_lie:
            rows.append(Fault(name))
    rows += [Fault(name, when, _LASTING) for name in ("reset", "silence") for when in ("before effect", "after effect")]
    rows += [Fault(name, times=_LASTING) for name in ("busy", "refused", "handshake")]
    return [*rows, Fault("approval", "by 202"), Fault("approval", "by error")]


@dataclass(frozen=True)
class Outcome:
    """What a cell shows: the task's result, and the array before and after."""

    failed: bool
    result: dict[str, Any]
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]

    @property
    def text(self) -> str:
        """The cell."""
        if self.failed:
            return f"fails, {_FAILURES[self.result['operation']]}"
        warnings = " ".join(self.result.get("warnings", []))
        if "carried out all the same" in warnings:
            return "done, checked"
        return "done, sent twice" if "sent once more" in warnings else "done"


Records = list[dict[str, Any]]


def others(records: Records) -> Records:
    """The policies that no task is about."""
    return [record for record in records if (record["name"], record["svm"]["name"]) != ("web", "svm1")]


def subject(records: Records) -> dict[str, Any] | None:
    """The one policy that the task is about; an error if there are two."""
    found = [record for record in records if record not in others(records)]
    assert len(found) <= 1
    return found[0] if found else None


def as_wanted(record: dict[str, Any] | None, options: dict[str, Any]) -> bool:
    """Whether a stored policy is what a task describes, its secrets included."""
    if record is None or options.get("state") == "absent":
        return record is None and options.get("state") == "absent"
    state = TABLE.from_api(record)
    state["secret_key"] = record.get("secret_key")
    state["ppk.shared_key"] = record.get("ppk", {}).get("shared_key")
    return TABLE.from_options(options).items() <= state.items()


def check_truth(array: Simulator, scenario: Scenario, fault: Fault, outcome: Outcome) -> None:
    """What a task says of itself is what the array shows, and nothing else was touched."""
    result, before, after = outcome.result, subject(outcome.before), subject(outcome.after)
    assert others(outcome.after) == others(outcome.before)
    assert [secret for secret in (*SECRETS, array.password) if secret in json.dumps(result)] == []
    if outcome.failed:
        assert result["msg"].endswith(".")
        assert "ipsec" in result["msg"].lower()
        # What can't be told counts as a change; what is said to be none is none, to the last property.
        assert result["changed"] is (result["operation"] != "none")
        known = {
            "none": after == before,
            "unknown": "is not known" in result["msg"],
            "deleted": after is None and result.get("lost", {}).get("name") == "web",
            "recreated": after is not None and before is not None and {**after, "uuid": 0} == {**before, "uuid": 0},
        }
        assert known[result["operation"]]
        assert result.get("uuid") in (None, *((record or {}).get("uuid") for record in (before, after)))
    elif not scenario.lists:
        assert result["changed"] is (after != before)
        assert as_wanted(after, scenario.options)
    if fault.kind == "approval":
        assert result["approval"]["pending"] is True
        assert "1" in f"{result['approval']['request']} {result['msg']}"
        assert array.approvals == [1]


_FAILURES = {"none": "no change", "unknown": "unknown", "deleted": "missing", "recreated": "put back"}


def prepare(array: Simulator, scenario: Scenario) -> None:
    """A new array with bystanders and what the scenario finds, in pages of one so that lists have several."""
    array.reset()
    for name, svm in (("web", "svm2"), ("web2", "svm1"), ("Web", "svm1")):
        array.add_policy({"name": name, "svm": {"name": svm}, "action": "discard", "enabled": True})
    if scenario.there:
        policy(array, **scenario.there)
    array.page_size = 1 if scenario.lists else 10000
    array.clear_log()


def run(array: Simulator, clock: Clock, scenario: Scenario) -> tuple[bool, dict[str, Any]]:
    """Whether the task of a scenario failed, and its result as Ansible would show it."""
    try:
        result = info(array, clock=clock, retries=1) if scenario.lists else None
        return False, result or policy(array, clock=clock, retries=1, **scenario.options)
    except OntapError as error:
        return True, {"operation": "none", **error.result()}


def arrange(array: Simulator, scenario: Scenario, fault: Fault, write: bool) -> None:
    """Lets a fault meet the write of a scenario, or its look-up."""
    method, path = (scenario.method, scenario.path) if write else ("GET", POLICIES)
    meet(array, fault, method, path, scenario.preceding)


def meet(
    array: Simulator, fault: Fault, method: str, path: str, preceding: tuple[str, str], occurrence: int = 1
) -> None:
    """Lets a fault meet a request, or the connection after the answer to the preceding one."""
    if fault.kind == "approval":
        answer = "accepted" if fault.when == "by 202" else "error"
        array.unknowns = replace(array.unknowns, approval_answer=answer)
        array.require_approval(method, path)
    elif KINDS[fault.kind].details.keys() == {"attempts"}:
        array.fault(fault.kind, *preceding, attempts=fault.times)
    else:
        after = fault.when == "after effect"
        details = {"times": fault.times, "occurrence": occurrence, "after_effect": after, **fault.details}
        array.fault(fault.kind, method, path, **details)


def cell(array: Simulator, scenario: Scenario, fault: Fault, write: bool) -> Outcome:
    """The outcome of a task whose look-up, or write, meets a fault."""
    prepare(array, scenario)
    before = array.policies()
    clock = Clock()
    array.on_silence = clock.wait_in_vain(fault.kind)
    arrange(array, scenario, fault, write)
    close_connections()
    with clock.governs_sockets():
        failed, result = run(array, clock, scenario)
    return Outcome(failed, result, before, array.policies())


HEADINGS = {False: "the look-up meets", True: "the write meets"}


def documented(page: str) -> dict[tuple[str, str, str], str]:
    """The outcomes in the tables of a page, in their order: by the heading of the table, the fault, and the scenario."""
    found: dict[tuple[str, str, str], str] = {}
    heading, scenarios = "", [""]
    for line in page.splitlines():
        first, *cells = line.removeprefix("| ").removesuffix(" |").split(" | ")
        if first in HEADINGS.values():
            heading, scenarios = first, cells
        elif not line.startswith("|"):
            heading = ""
        elif heading and cells:
            found |= {(heading, first, name): cell for name, cell in zip(scenarios, cells, strict=True)}
    return found


def rows(array: Simulator) -> Iterator[tuple[str, list[str]]]:
    """The lines of both tables, as they become known: heading and cells."""
    for scenarios, faults, write in ((READS, read_faults(), False), (WRITES, write_faults(), True)):
        yield HEADINGS[write], [scenario.name for scenario in scenarios]
        for fault in faults:
            outcomes = [cell(array, scenario, fault, write) for scenario in scenarios]
            yield fault.name, [outcome.text for outcome in outcomes]


def tables(array: Simulator) -> Iterator[str]:
    """Both tables in Markdown, line by line."""
    for heading, cells in rows(array):
        if heading.startswith("the "):
            yield ""
        yield f"| {heading} | {' | '.join(cells)} |"
        if heading.startswith("the "):
            yield f"|{'---|' * (len(cells) + 1)}"


def main() -> None:
    """Prints the tables."""
    with Simulator() as array:
        for line in tables(array):
            print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
