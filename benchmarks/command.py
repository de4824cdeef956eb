# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the benchmarks, and the tables that it prints."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import product

import ansible.release

from benchmarks.coverage import Figure, Size, figure
from benchmarks.explaining import Crowd, Explanation, explanation
from benchmarks.fleet import STEPS, Fleet
from benchmarks.measure import Cell, Cost, Costs, Wrong, key, measure_all, median
from benchmarks.other_commit import other_commit
from benchmarks.planning import STAGES, seconds_of_stages
from benchmarks.simulated_array import running_array
from benchmarks.ways import (
    BARE,
    COVERAGE,
    EMPTY_TASK,
    EMPTY_TASK_WITH_LIST,
    LOOPS,
    START,
    WHOLE_SET,
    WHOLE_SET_AS_MODULE,
    WHOLE_SET_BY_LOOKUP,
    Way,
    peer,
)
from benchmarks.workload import DRIFT_1, DRIFT_10, FIRST_RUN, NO_CHANGE, PRUNE_1, Scenario, Workload

WHOLE_SET_SCENARIOS = (FIRST_RUN, NO_CHANGE, DRIFT_1, PRUNE_1)
LOOP_SCENARIOS = (FIRST_RUN, NO_CHANGE, DRIFT_10)

LONGEST_LOOP = 100
"""The largest size that loops are measured with."""

LONG_LOOP = 20
"""From this size on, table 1 has loops at the first latency only, unless all is asked for: they take minutes."""

PLANNED = (1_000, 10_000, 50_000)

COVERED = (
    Size(1_000, 10, 100),
    Size(2_000, 10, 100),
    Size(1_000, 20, 100),
    Size(1_000, 10, 200),
    Size(5_000, 50, 500),
    Size(10_000, 50, 500),
)
"""One, then with twice as much of each, and then what a large site has."""

CROWDED = (Crowd(100, 1_000, 500), Crowd(1_000, 10_000, 5_000))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints the tables, and returns the exit status."""
    options = _options(arguments)
    print(
        f"Python {platform.python_version()}, ansible-core {ansible.release.__version__}, {os.cpu_count()} CPUs, "
        f"load {os.getloadavg()[0]:.1f}, {options.svms} SVMs, medians of up to {options.runs} runs\n",
        flush=True,
    )
    started = time.perf_counter()
    try:
        with other_commit(options.compare) if options.compare else nullcontext() as options.other:
            _measure_and_print(options)
    except Wrong as wrong:
        print(f"benchmark: {wrong}", file=sys.stderr)
        return 1
    print(f"took {time.perf_counter() - started:.0f} s, load at the end {os.getloadavg()[0]:.1f}")
    return 0


def _measure_and_print(options: argparse.Namespace) -> None:
    planning = [(size, seconds_of_stages(size, options.svms, options.runs)) for size in options.planned]
    covered = [figure(size, options.runs) for size in options.covered]
    with running_array() as array:
        explained = [explanation(array, crowd, options.runs) for crowd in options.crowded]
        costs: Costs = {}
        for latency, size in product(options.latency, sorted({*options.sizes, *options.loops})):
            cells = [cell for cell in _cells(options) if (cell.latency, cell.workload.size) == (latency, size)]
            costs |= measure_all(array, cells, options.runs, options.patience)
        for _title, _clusters, workload, ways in _fleets(options):
            cells = [Cell(way, workload, options.latency[0], watched=True) for way in ways]
            costs |= measure_all(array, cells, options.runs, options.patience)
    for latency, size in product(options.latency, options.sizes):
        _print_whole_set(options, costs, size, latency)
    _print_planning(planning)
    _print_loops(options, costs)
    _print_coverage(covered)
    _print_explaining(explained)
    for title, clusters, workload, ways in _fleets(options):
        measured = [(way, costs[key(Cell(way, workload, options.latency[0]))]) for way in ways]
        _print_fleet(title, clusters, measured)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description="Measures the collection.")
    parser.add_argument("--sizes", type=_numbers, default=[1, 100, 1000], help="policies in table 1 [1,100,1000]")
    parser.add_argument("--loops", type=_numbers, default=[1, 20, 100], help="items in table 3 [1,20,100]")
    parser.add_argument("--latency", type=_milliseconds, default=[0.0, 0.02], help="ms per request [0,20]")
    parser.add_argument("--runs", type=int, default=3, help="runs of each figure [%(default)s]")
    parser.add_argument("--svms", type=int, default=20, help="SVMs that share the policies [%(default)s]")
    parser.add_argument(
        "--patience",
        type=float,
        default=5.0,
        metavar="SECONDS",
        help="do not run again what has taken so long altogether [%(default)s]",
    )
    parser.add_argument("--no-peer", action="store_true", help="leave the vendor's module out")
    parser.add_argument("--all", action="store_true", help="every way in every scenario, long loops at every latency")
    parser.add_argument(
        "--fleets",
        type=_fleets_of,
        default=[(10, 100, 5)],
        metavar="CLUSTERSxPOLICIESxFORKS",
        help="fleets in table 5 [10x100x5]; the large ones are 200x500x5,200x500x20",
    )
    parser.add_argument("--single", type=_numbers, default=[1000], help="policies of one array in table 6 [1000]")
    parser.add_argument("--compare", metavar="REF", help="measure this commit of the collection as well, in turn")
    parser.add_argument(
        "--quick", action="store_true", help="see whether all works: one run with 20 policies, no latency, no peer"
    )
    options = parser.parse_args(arguments)
    if options.quick:
        options.sizes, options.loops, options.latency, options.runs, options.no_peer = [20], [1], [0.0], 1, True
        options.fleets, options.single = [(2, 20, 5)], [20]
    options.planned = PLANNED[:1] if options.quick else PLANNED
    options.covered = [Size(100, 2, 10)] if options.quick else COVERED
    options.crowded = CROWDED[:1] if options.quick else CROWDED
    options.peer = None if options.no_peer else peer()
    return options


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


def _fleets_of(text: str) -> list[tuple[int, ...]]:
    fleets = [tuple(map(int, one.split("x"))) for one in text.split(",") if one]
    if any(len(one) != len(("clusters", "policies", "forks")) for one in fleets):
        raise ValueError(text)
    return fleets


def _milliseconds(text: str) -> list[float]:
    return [float(number) / 1000 for number in text.split(",")]


# What is measured.


def _cells(options: argparse.Namespace) -> Iterator[Cell]:
    """All that the tables 1 and 3 need; what both need is in it twice."""
    for latency, size in product(options.latency, options.sizes):
        for scenario in WHOLE_SET_SCENARIOS:
            for way in _ways_of_whole_set(options, scenario, size, latency):
                yield Cell(way, _workload(options, _scenario_of(way, scenario), size), latency)
    for size, scenario in product(options.loops, LOOP_SCENARIOS):
        for way in _both(options, (START, BARE, *_loops(options, scenario, size))):
            yield Cell(way, _workload(options, _scenario_of(way, scenario), size), options.latency[0])


def _fleets(options: argparse.Namespace) -> Iterator[tuple[str, int, Workload, list[Way]]]:
    """The tables 5 and 6: title, how many clusters with what, and the ways, of which the first is what the others are compared with."""
    for clusters, policies, forks in options.fleets:
        title = f"Table 5: the role, {clusters} clusters of {policies:,} policies, {forks} forks, no change"
        yield (
            title,
            clusters,
            Workload(NO_CHANGE, policies, options.svms),
            _both(options, Fleet(clusters, forks).ways(*STEPS)),
        )
    for policies in options.single:
        ways = [EMPTY_TASK, WHOLE_SET, WHOLE_SET_BY_LOOKUP, COVERAGE, *Fleet(1, 5).ways("lint", "plan")[1:]]
        title = f"Table 6: one array of {policies:,} policies, no change"
        yield title, 1, Workload(NO_CHANGE, policies, options.svms), _both(options, ways)


def _both(options: argparse.Namespace, ways: Iterable[Way]) -> list[Way]:
    """The ways, beside those of the commit that is compared, if there is one."""
    return options.other.beside(ways) if options.other else list(ways)


def _ways_of_whole_set(options: argparse.Namespace, scenario: Scenario, size: int, latency: float) -> list[Way]:
    """The ways that table 1 compares in a scenario."""
    ways = [EMPTY_TASK, EMPTY_TASK_WITH_LIST, BARE, WHOLE_SET]
    if scenario is NO_CHANGE or options.all:
        ways += [WHOLE_SET_AS_MODULE, WHOLE_SET_BY_LOOKUP]
    short = size < LONG_LOOP
    shown = (scenario is NO_CHANGE or scenario is FIRST_RUN) and (short or latency == options.latency[0])
    if size <= LONGEST_LOOP and (options.all or shown):
        ways += _loops(options, scenario, size)
        if options.peer and (scenario is NO_CHANGE or (scenario is FIRST_RUN and (options.all or short))):
            ways.append(options.peer)
    return _both(options, ways)


def _loops(options: argparse.Namespace, scenario: Scenario, size: int) -> tuple[Way, ...]:
    """The ways to execute a loop. What takes half a minute is measured once, without changes, unless all is asked for."""
    return LOOPS if options.all or scenario is NO_CHANGE or size <= LONG_LOOP else LOOPS[:1]


def _scenario_of(way: Way, scenario: Scenario) -> Scenario:
    """Ways that do nothing do the same in every scenario."""
    return scenario if way.works else NO_CHANGE


def _workload(options: argparse.Namespace, scenario: Scenario, size: int) -> Workload:
    return Workload(scenario, size, options.svms)


# The tables.


def _print_planning(measured: list[tuple[int, dict[str, float]]]) -> None:
    rows = []
    for size, seconds in measured:
        planning = seconds["read entries"] + seconds["plan"]
        stages = [f"{seconds[stage]:.3f}" for stage in STAGES]
        rows.append([f"{size:,}", *stages, f"{planning:.3f}", f"{planning / size * 1e6:.0f}"])
    print("## Table 2: planning alone, no change, CPU seconds; the client is a stub with prepared records\n")
    _print_table(["policies", *STAGES, "read entries + plan", "the same, µs per policy"], rows)


def _print_coverage(measured: Sequence[Figure]) -> None:
    rows = []
    for size, flows, seconds, of_change in measured:
        per_pair = seconds / (size.interfaces * size.networks) * 1e6
        numbers = [f"{number:,}" for number in (*size, flows)]
        rows.append([*numbers, f"{seconds:.2f}", f"{per_pair:.0f}", f"{of_change:.2f}"])
    print("## Table 4: coverage alone, NFSv3 and NFSv4 on one SVM, CPU seconds; nothing is read\n")
    head = [
        "policies",
        "interfaces",
        "networks",
        "flows",
        "audit",
        "the same, µs per interface and network",
        "with a change",
    ]
    _print_table(head, rows)


def _print_explaining(measured: Sequence[Explanation]) -> None:
    rows = [[*(f"{number:,}" for number in crowd), f"{wall:.2f}", f"{cpu:.2f}"] for crowd, wall, cpu in measured]
    print("## Table 7: why policies have no associations, ipsec_policy_health in this process\n")
    _print_table(["policies", "associations", "events", "wall s", "CPU s"], rows)


def _print_whole_set(options: argparse.Namespace, costs: Costs, size: int, latency: float) -> None:
    title = f"## Table 1: a whole set of {size:,} policies, {latency * 1000:g} ms latency"
    print(f"{title}; baseline = empty task + bare script\n")
    rows = []
    for way in (EMPTY_TASK, EMPTY_TASK_WITH_LIST):
        rows.append(_row(["", way.name], _costs(options, costs, way, NO_CHANGE, size, latency)))
    for scenario in WHOLE_SET_SCENARIOS:
        baseline, *others = _rows(
            options,
            costs,
            scenario,
            size,
            latency,
            EMPTY_TASK,
            _ways_of_whole_set(options, scenario, size, latency)[2:],
        )
        rows += [baseline, _baseline_with_list(options, costs, scenario, size, latency), *others]
    _print_table(["scenario", "way", *_COLUMNS], rows)


def _print_loops(options: argparse.Namespace, costs: Costs) -> None:
    latency = options.latency[0]
    print(f"## Table 3: loops, {latency * 1000:g} ms latency; baseline = start of ansible-playbook + bare script\n")
    rows = []
    for size, scenario in product(options.loops, LOOP_SCENARIOS):
        ways = _both(options, [BARE, *_loops(options, scenario, size)])
        more = _rows(options, costs, scenario, size, latency, START, ways)
        rows += [[str(size), *row] for row in more]
    _print_table(["items", "scenario", "way", *_COLUMNS], rows)


def _print_fleet(title: str, clusters: int, measured: Sequence[tuple[Way, list[Cost]]]) -> None:
    print(f"## {title}\n")
    floor = median(measured[0][1])
    rows = []
    for way, costs in measured:
        cost = median(costs)
        ratios = [f"{cost.wall / floor.wall:.2f}", f"{cost.cpu / floor.cpu:.2f}"]
        counted = [f"{cost.requests / clusters:g}", f"{cost.connections / clusters:g}", f"{cost.peak:.0f}"]
        seconds = [f"{cost.wall:.2f}", _spread(costs), f"{cost.cpu / clusters:.2f}"]
        rows.append([way.name, str(len(costs)), *seconds, *ratios, *counted])
    per = " a cluster" if clusters > 1 else ""
    head = ["way", "runs", "wall s", "min–max", f"CPU s{per}", "wall / first", "CPU / first"]
    _print_table([*head, f"requests{per}", f"TLS connections{per}", "peak MiB"], rows)


def _spread(costs: Sequence[Cost]) -> str:
    """The wall seconds of the fastest and the slowest run: how far the machine can be trusted."""
    seconds = [cost.wall for cost in costs]
    return f"{min(seconds):.2f}–{max(seconds):.2f}"


_COLUMNS = ["runs", "wall s", "min–max", "CPU s", "wall / baseline", "CPU / baseline", "requests", "TLS connections"]


def _rows(
    options: argparse.Namespace,
    costs: Costs,
    scenario: Scenario,
    size: int,
    latency: float,
    start: Way,
    ways: Iterable[Way],
) -> list[list[str]]:
    """The rows of one scenario; the bare script shows together with the start of Ansible, as the baseline."""
    base = median(_costs(options, costs, start, scenario, size, latency))
    baseline = base + median(_costs(options, costs, BARE, scenario, size, latency))
    rows = []
    for way in ways:
        measured = _costs(options, costs, way, scenario, size, latency)
        if way is BARE:
            rows.append(_row([scenario.name, "baseline"], [base + one for one in measured], baseline))
        else:
            rows.append(_row([scenario.name, way.name], measured, baseline))
    return rows


def _baseline_with_list(
    options: argparse.Namespace, costs: Costs, scenario: Scenario, size: int, latency: float
) -> list[str]:
    """The row of a baseline whose empty task is given the list, too."""
    measured = _costs(options, costs, BARE, scenario, size, latency)
    base, given = (
        median(_costs(options, costs, way, scenario, size, latency)) for way in (EMPTY_TASK, EMPTY_TASK_WITH_LIST)
    )
    name = "baseline, with the list given to the empty task"
    return _row([scenario.name, name], [given + one for one in measured], base + median(measured))


def _costs(
    options: argparse.Namespace, costs: Costs, way: Way, scenario: Scenario, size: int, latency: float
) -> list[Cost]:
    """What a way cost in each run."""
    return costs[key(Cell(way, _workload(options, _scenario_of(way, scenario), size), latency))]


def _row(head: list[str], costs: Sequence[Cost], baseline: Cost | None = None) -> list[str]:
    cost = median(costs)
    ratios = [f"{cost.wall / baseline.wall:.2f}", f"{cost.cpu / baseline.cpu:.2f}"] if baseline else ["", ""]
    seconds = [f"{cost.wall:.2f}", _spread(costs), f"{cost.cpu:.2f}"]
    return [*head, str(len(costs)), *seconds, *ratios, str(cost.requests), str(cost.connections)]


_NO_DIGITS = str.maketrans("", "", ",.–")
"""What figures have beside digits."""


def _print_table(head: list[str], rows: list[list[str]]) -> None:
    """Prints a Markdown table whose columns line up; figures at the right."""
    widths = [max(len(line[column]) for line in [head, *rows]) for column in range(len(head))]
    figures = [
        all(row[column].translate(_NO_DIGITS).isdigit() or not row[column] for row in rows)
        for column in range(len(head))
    ]
    for line in [head, None, *rows]:
        if line is None:
            cells = [
                f"{'-' * (width - 1)}{':' if right else '-'}" for width, right in zip(widths, figures, strict=True)
            ]
        else:
            cells = [
                text.rjust(width) if right else text.ljust(width)
                for text, width, right in zip(line, widths, figures, strict=True)
            ]
        print(f"| {' | '.join(cells)} |")
    print(flush=True)
