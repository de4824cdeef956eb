# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a task of netapp.ontap, and of the same task of wiresec.ontap, when a fault meets one of its requests.

`main` prints the tables of docs/faults_compared.md. Both collections meet the faults of fault_matrix.py:
netapp.ontap's module runs as it is, with a process and an array of its own for each cell.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator import Simulator
from support import fault_matrix
from support.clock import Clock
from support.fault_matrix import KEY, READS, WRITES, Fault, Scenario
from support.harness import close_connections, sharing_sessions
from support.paths import POLICIES
from support.third_party import CLIENT_PYTHON, MODULE, environment

Records = list[dict[str, Any]]
PEER, OWN = "netapp.ontap", "wiresec.ontap"
NO_FAULT = Fault("no fault")
# What fault_matrix.py does not have: jobs, and a refusal of ONTAP's own.
JOBS = [Fault("job fails", "with message"), Fault("job fails", "without message")]
LOOKS = [Fault("look at the job:", kind) for kind in ("reset", "html", "internal_error")]
LOCKED = Fault("temporarily locked")

_WEB = {"name": "web", "svm": "svm1"}
_ESP = {
    **_WEB,
    "action": "esp_transport",
    "local_endpoint": {"address": "10.10.10.7", "netmask": "32", "port": "2049"},
    "remote_endpoint": {"address": "10.10.20.0", "netmask": "24"},
}
_PKI = {
    **_ESP,
    "authentication_method": "pki",
    "certificate": "ipsec-cert",
    "remote_identity": "ANYTHING",
    "enabled": True,
}
PEER_OPTIONS: dict[str, dict[str, Any]] = {
    "no change": _PKI,
    "create": _PKI,
    "create with key": {**_ESP, "authentication_method": "psk", "secret_key": KEY},
    "modify": {**_PKI, "enabled": False},
    "delete": {**_WEB, "state": "absent"},
}
"""The tasks of fault_matrix.py that the peer can do, in its options, by the name of the scenario."""


@dataclass(frozen=True)
class Cell:
    """A task whose look-up, or write, meets a fault."""

    scenario: Scenario
    fault: Fault
    write: bool

    @property
    def name(self) -> str:
        """Tells this cell from all others."""
        return f"{self.scenario.name}-{self.fault.name}-{'write' if self.write else 'read'}"

    @property
    def waits(self) -> bool:
        """Whether the peer is going to wait, for seconds or a minute."""
        return self.fault.kind == "silence" or self.fault in (LOCKED, *LOOKS)


@dataclass(frozen=True)
class Outcome:
    """What the peer's task reported, everything that its process printed, the array before and after."""

    result: dict[str, Any]
    printed: str
    before: Records
    after: Records
    requests: int
    connections: int

    @property
    def failed(self) -> bool:
        """Whether the task failed."""
        return bool(self.result.get("failed"))

    @property
    def crashed(self) -> bool:
        """Whether the module ended by an exception that it did not handle: else it says how it was invoked."""
        return self.failed and "invocation" not in self.result

    def text(self, as_described: Records) -> str:
        """The cell, given the policies that the task leaves if all goes well."""
        if not self.failed:
            return "done" if is_true(self, as_described) else "done, but untrue"
        if self.after != self.before:
            return "fails, but changed"
        return "crashes" if self.crashed else "fails, no change"


MEANINGS = {
    "done": "it succeeds, the array is as it describes, and `changed` is what happened",
    "done, checked": "the same, after a look at what the array made of a write whose answer got lost, with a warning",
    "done, sent twice": "the same, after the array showed no effect of such a write and it was sent once more, with a warning",
    "fails, no change": "it fails with `changed: false`, and nothing was changed",
    "fails, unknown": "it fails with `changed: true` and says that nobody knows whether the change was made",
    "fails, but changed": "it fails with `changed: false`, although the array was changed",
    "done, but untrue": "it succeeds, but the array is not as it describes, or `changed` is not what happened",
    "crashes": "its module ends by an exception that it does not handle; nothing was changed",
}


def is_true(outcome: Outcome | fault_matrix.Outcome, as_described: Records) -> bool:
    """Whether a task that reports success was carried out, and reports whether it had anything to do."""
    told = bool(outcome.result["changed"])
    return told is (outcome.after != outcome.before) and without_uuids(outcome.after) == without_uuids(as_described)


def without_uuids(value: Any) -> Any:
    """A value of JSON without the properties that are different on each array."""
    if isinstance(value, dict):
        return {name: without_uuids(inner) for name, inner in value.items() if name != "uuid"}
    return [without_uuids(inner) for inner in value] if isinstance(value, list) else value


# --- what is compared ---


@dataclass(frozen=True)
class Table:
    """One of the two tables: the request that meets the faults, the tasks as columns, the faults as rows."""

    heading: str
    scenarios: list[Scenario]
    faults: list[Fault]
    write: bool

    def cells(self) -> Iterator[Cell]:
        """All cells, row by row."""
        for fault in self.faults:
            yield from self.row(fault)

    def row(self, fault: Fault) -> list[Cell]:
        """The cells of one row."""
        return [Cell(scenario, fault, self.write) for scenario in self.scenarios]


def _doable(scenarios: list[Scenario]) -> list[Scenario]:
    return [scenario for scenario in scenarios if scenario.name in PEER_OPTIONS]


_NO_UUID = Fault("missing_fields", "(uuid)", details={"fields": ("uuid",)})
LOOKUPS = Table("the look-up meets", _doable(READS), [*fault_matrix.read_faults(), _NO_UUID], False)
CHANGES = Table("the write meets", _doable(WRITES), [*fault_matrix.write_faults(), LOCKED, *JOBS, *LOOKS], True)
HEALTHY = [Cell({s.name: s for s in (*READS, *WRITES)}[name], NO_FAULT, True) for name in PEER_OPTIONS]
CELLS = [*HEALTHY, *LOOKUPS.cells(), *CHANGES.cells()]


def healthy(cell: Cell) -> Cell:
    """The same task as in a cell, without a fault."""
    return next(one for one in HEALTHY if one.scenario.name == cell.scenario.name)


def arrange(array: Simulator, cell: Cell) -> None:
    """Prepares an array for a cell, in the same way as fault_matrix.py does."""
    scenario, fault = cell.scenario, cell.fault
    fault_matrix.prepare(array, scenario)
    method, path = (scenario.method, scenario.path) if cell.write else ("GET", POLICIES)
    if fault == NO_FAULT:
        return
    if fault in JOBS:
        message = "The job found no room" if fault.when == "with message" else None
        array.as_job(method, path, outcome="failure", message=message, polls=0)
    elif fault in LOOKS:
        array.as_job(method, path, polls=0)
        array.fault(fault.when, "GET", "/api/cluster/jobs/*")
    elif fault == LOCKED:
        # As https://github.com/ansible-collections/netapp.ontap/issues/147 quotes it; the status is not known.
        message = "This Vserver is temporarily locked from changes while recording the configuration baseline"
        array.refuse(method, path, 2621573, f"{message}. Try again in a few minutes", status=400)
    else:
        fault_matrix.arrange(array, scenario, fault, cell.write)


# --- the peer ---

_AT_ONCE = 60


def peer(cells: list[Cell], python: str) -> dict[str, Outcome]:
    """What the peer's module makes of each cell. What waits does so beside all the rest."""
    waiting = [cell for cell in cells if cell.waits]
    others = [cell for cell in cells if not cell.waits]
    batches = [others[start : start + _AT_ONCE] for start in range(0, len(others), _AT_ONCE)]
    outcomes: dict[str, Outcome] = {}
    with ThreadPoolExecutor(max_workers=1) as beside:
        running = beside.submit(execute, waiting, python, len(waiting)) if waiting else None
        for batch in batches:
            outcomes |= execute(batch, python, os.cpu_count() or 1)
        return outcomes | (running.result() if running else {})


def execute(cells: list[Cell], python: str, at_once: int) -> dict[str, Outcome]:
    """Executes the module once for each cell, each against an array of its own."""
    with ExitStack() as stack:
        arrays = [stack.enter_context(Simulator()) for _cell in cells]
        for array, cell in zip(arrays, cells, strict=True):
            arrange(array, cell)
        before = [array.policies() for array in arrays]
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fault-comparison-")))
        tasks = [_task(array, cell) for array, cell in zip(arrays, cells, strict=True)]
        finished = subprocess.run(
            [python, str(Path(__file__).parent / "third_party_modules.py")],
            input=json.dumps({"module": MODULE, "tasks": tasks, "at_once": at_once}),
            capture_output=True,
            text=True,
            check=False,
            cwd=home,
            env=environment(arrays[0], home),
        )
        if finished.returncode != 0:
            raise RuntimeError(finished.stdout + finished.stderr)
        return {
            cell.name: Outcome(
                _result(printed), printed, earlier, array.policies(), len(array.requests), array.connections
            )
            for cell, array, earlier, printed in zip(cells, arrays, before, json.loads(finished.stdout), strict=True)
        }


def _task(array: Simulator, cell: Cell) -> dict[str, Any]:
    """What a process is given: the options of the module, and variables."""
    connection = {
        "hostname": array.host,
        "http_port": array.port,
        "username": array.username,
        "password": array.password,
        "validate_certs": True,
    }
    options = {**connection, **PEER_OPTIONS[cell.scenario.name]}
    return {"options": options, "environment": {"REQUESTS_CA_BUNDLE": array.ca_path}}


def _result(printed: str) -> dict[str, Any]:
    """The result among all that a module printed; Ansible makes one of an exception, too."""
    *_log, last = printed.splitlines()
    if last.startswith("{"):
        return dict(json.loads(last))
    if "Traceback (most recent call last):" not in printed:
        raise RuntimeError(f"The module neither has a result nor crashed: {printed}")
    return {"failed": True, "msg": last}


def versions(python: str) -> str:
    """The releases that are compared, in words."""
    code = (
        "import json, importlib.metadata as metadata\n"
        "ansible = metadata.distribution('ansible')\n"
        "manifest = json.load(open(ansible.locate_file('ansible_collections/netapp/ontap/MANIFEST.json')))\n"
        "print(manifest['collection_info']['version'], ansible.version, metadata.version('ansible-core'))"
    )
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    collection, package, core = found
    with Simulator() as array:
        return (
            f"netapp.ontap {collection} of Ansible {package}, with ansible-core {core}, against ONTAP {array.version}"
        )


# --- this collection ---


def own(array: Simulator, cell: Cell) -> fault_matrix.Outcome:
    """What `ipsec_policy` makes of a cell."""
    if cell.fault not in (NO_FAULT, LOCKED, *JOBS, *LOOKS):
        return fault_matrix.cell(array, cell.scenario, cell.fault, cell.write)
    arrange(array, cell)
    before = array.policies()
    close_connections()
    failed, result = fault_matrix.run(array, Clock(), cell.scenario)
    return fault_matrix.Outcome(failed, result, before, array.policies())


# --- the tables ---


@dataclass(frozen=True)
class Traffic:
    """What a task costs on an array without faults."""

    requests: int
    connections: int

    def __str__(self) -> str:
        return f"{self.requests} / {self.connections}"


@dataclass(frozen=True)
class Comparison:
    """Everything that was measured."""

    peer: dict[str, Outcome]
    own: dict[str, fault_matrix.Outcome]
    own_traffic: dict[str, Traffic]

    def texts(self, cell: Cell) -> tuple[str, str]:
        """A cell of the peer's, and of this collection's."""
        return self.peer[cell.name].text(self.peer[healthy(cell).name].after), self.own[cell.name].text

    def tables(self) -> Iterator[str]:
        """All tables in Markdown, line by line."""
        texts = [self.texts(cell) for cell in (*LOOKUPS.cells(), *CHANGES.cells())]
        of_peer, of_own = (Counter(column) for column in zip(*texts, strict=True))
        yield from _head("cell", "the task", [PEER, OWN])
        for text, meaning in MEANINGS.items():
            yield _line(text, meaning, [str(of_peer[text]), str(of_own[text])])
        yield ""
        yield from _head("requests / connections", "collection", [cell.scenario.name for cell in HEALTHY])
        measured = [Traffic(self.peer[cell.name].requests, self.peer[cell.name].connections) for cell in HEALTHY]
        yield _line("no fault", PEER, [str(traffic) for traffic in measured])
        yield _line("", OWN, [str(self.own_traffic[cell.name]) for cell in HEALTHY])
        for table in (LOOKUPS, CHANGES):
            yield ""
            yield from _head(table.heading, "collection", [scenario.name for scenario in table.scenarios])
            for fault in table.faults:
                texts = [self.texts(cell) for cell in table.row(fault)]
                yield _line(fault.name, PEER, [text for text, _own in texts])
                yield _line("", OWN, [text for _peer, text in texts])


def _head(first: str, second: str, columns: list[str]) -> Iterator[str]:
    yield _line(first, second, columns)
    yield f"|{'---|' * (len(columns) + 2)}"


def _line(first: str, second: str, cells: list[str]) -> str:
    return f"| {' | '.join([first, second, *cells])} |"


def measure(python: str) -> Comparison:
    """Runs everything, given the interpreter of the environment that has netapp.ontap."""
    with Simulator() as array, sharing_sessions():
        outcomes, traffic = {}, {}
        for cell in CELLS:
            outcomes[cell.name] = own(array, cell)
            traffic[cell.name] = Traffic(len(array.requests), array.connections)
    return Comparison(peer(CELLS, python), outcomes, traffic)


def main() -> None:
    """Prints the releases and the tables."""
    if not CLIENT_PYTHON.exists():
        sys.exit(f"{CLIENT_PYTHON} is not there: `make compared` makes that environment.")
    print(versions(str(CLIENT_PYTHON)), end="\n\n")
    for line in measure(str(CLIENT_PYTHON)).tables():
        print(line)


if __name__ == "__main__":
    main()
