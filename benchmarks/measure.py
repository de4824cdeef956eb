# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one way of doing a workload, measures it, and insists that it did what it should."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from benchmarks.memory import Peak
from benchmarks.simulated_array import Array
from benchmarks.ways import BARE, Job, Way, environment
from benchmarks.workload import Workload

_COMPARED = ("name", "action", "enabled", "protocol", "authentication_method")


class Wrong(Exception):
    """A run did not do what it should have."""


@dataclass(frozen=True)
class Cost:
    """What a run costs. cpu: seconds of all processes that it started, the array's not among them. peak: their memory in MiB."""

    wall: float
    cpu: float
    requests: int = 0
    connections: int = 0
    peak: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.wall + other.wall,
            self.cpu + other.cpu,
            self.requests + other.requests,
            self.connections + other.connections,
            max(self.peak, other.peak),
        )


@dataclass(frozen=True)
class Cell:
    """One figure to be measured: a way to do a workload at a latency in seconds. watched: whether its memory is measured, too."""

    way: Way
    workload: Workload
    latency: float
    watched: bool = False


Costs = dict[tuple[str, Workload, float], list[Cost]]


def key(cell: Cell) -> tuple[str, Workload, float]:
    """What a cell's costs are found by."""
    return cell.way.name, cell.workload, cell.latency


def median(costs: Iterable[Cost]) -> Cost:
    """The median of each part."""
    costs = list(costs)
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        statistics.median_high(cost.requests for cost in costs),
        statistics.median_high(cost.connections for cost in costs),
        statistics.median(cost.peak for cost in costs),
    )


def measure_all(array: Array, cells: Iterable[Cell], runs: int, patience: float) -> Costs:
    """Measures all cells of one round after the other, so that what disturbs the machine meets all alike.

    patience: a cell that has taken so many seconds altogether is not run again.
    """
    cells = list({key(cell): cell for cell in cells}.values())
    costs: Costs = {key(cell): [] for cell in cells}
    for number in range(runs):
        for cell in cells:
            so_far = costs[key(cell)]
            if sum(cost.wall for cost in so_far) >= patience:
                continue
            note = f"run {number + 1}: {cell.workload.size} policies, {cell.latency * 1000:g} ms, "
            print(f"{note}{cell.workload.scenario.name}, {cell.way.name}", file=sys.stderr, flush=True)
            so_far.append(measure(array, cell))
    return costs


def measure(array: Array, cell: Cell) -> Cost:
    """Runs a cell once. Raises ``Wrong`` if it did not do what it should."""
    workload = cell.workload
    uuids = array.prepare(workload.before(), workload.svms, cell.latency)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        job = Job(workload, array.login(), uuids, Path(folder))
        command, variables = [*cell.way.command(job), *cell.way.arguments], environment(job, cell.way)
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        peak = Peak()
        with (
            subprocess.Popen(
                command, env=variables, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            ) as process,
            peak.of(process.pid) if cell.watched else nullcontext() as _watching,
        ):
            output, _nothing = process.communicate()
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    problem = _problem(array, cell, process.returncode, output)
    if problem:
        what = f"{cell.way.name}, {workload.scenario.name}, {workload.size} policies"
        raise Wrong(f"{what}: {problem}\n{output[-3000:]}")
    traffic = array.traffic()
    return Cost(wall, cpu, sum(traffic.methods.values()), traffic.connections, peak.mib)


def _problem(array: Array, cell: Cell, code: int, output: str) -> str:
    """What is wrong with the end of a run, empty if nothing is."""
    workload, way = cell.workload, cell.way
    if code:
        return f"it ended with exit status {code}"
    expected = workload.writes if way.works else Counter()
    methods = array.traffic().methods
    written = Counter({method: count for method, count in methods.items() if method != "GET"})
    if written != expected:
        return f"it wrote {dict(written)} and should have written {dict(expected)}"
    if way is not BARE:
        changed = sum(line.startswith("changed: [localhost]") for line in output.splitlines())
        should = expected.total() if way.loops else min(1, expected.total())
        if changed != should:
            return f"{changed} changes were reported and {should} expected"
    if not way.works:
        return ""
    stored = {(one["svm"]["name"], one["name"]): one for one in array.policies()}
    listed = {(one["svm"], one["name"]): one for one in workload.listed()}
    if stored.keys() != listed.keys():
        return f"the array has {len(stored)} policies, and not the {len(listed)} of the list"
    for place, policy in listed.items():
        found = stored[place]
        same = all(found[option] == policy[option] for option in _COMPARED)
        for side in ("local_endpoint", "remote_endpoint"):
            same = same and all(found[side][part] == value for part, value in policy[side].items())
        if not same:
            return f"policy {place} is {found}, not {policy}"
    return ""
