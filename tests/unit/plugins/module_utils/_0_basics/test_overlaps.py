# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlaps of selectors: the same as by comparing each with each, in a number of steps that does not explode."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import overlaps
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.overlaps import SHOWN, Prefix, Selector

ANY_PROTOCOL, ANY_PORT = Prefix(0, 0, 8), Prefix(0, 0, 16)


def network(value: int, length: int, width: int = 32) -> Prefix:
    return Prefix(value, width, width).cut(length)


def by_comparing(selectors: dict[int, Selector], a: set[int], b: set[int]) -> dict[str, dict[int, list[int]]]:
    """What ``overlaps`` and ``duplicates`` should find, from their definition."""
    found: dict[str, dict[int, list[int]]] = {"within": {}, "crossing": {}, "duplicates": {}}
    for low in sorted(selectors):
        for high in sorted(selectors):
            if low >= high:
                continue
            one, other = selectors[low], selectors[high]
            wider = all(x.contains(y) for x, y in zip(one, other))
            narrower = all(y.contains(x) for x, y in zip(one, other))
            if wider and narrower:
                found["duplicates"].setdefault(high, []).append(low)
            elif (low in a) == (high in a) or not all(x.contains(y) or y.contains(x) for x, y in zip(one, other)):
                continue
            elif wider:
                found["within"].setdefault(high, []).append(low)
            elif narrower:
                found["within"].setdefault(low, []).append(high)
            else:
                found["crossing"].setdefault(high, []).append(low)
    return found


# Few bits, so that there are many of all relations.
sides = [
    st.builds(lambda value, length, width=width: network(value, length, width), st.integers(0, 7), st.integers(0, 3))
    for width in (3, 3)
]
points = [
    st.one_of(
        st.just(Prefix(0, 0, width)), st.integers(1, 2).map(lambda value, width=width: Prefix(value, width, width))
    )
    for width in (8, 16, 16)
]
boxes = st.lists(st.tuples(st.tuples(*sides, *points), st.booleans()), max_size=40)


@given(boxes)
def test_it_finds_what_comparing_each_with_each_finds(drawn: list[tuple[Selector, bool]]) -> None:
    selectors = {position: box for position, (box, _side) in enumerate(drawn)}
    a = {position for position, (_box, side) in enumerate(drawn) if side}
    b = set(selectors) - a
    expected = by_comparing(selectors, a, b)
    found = overlaps.overlaps(selectors, a, b)
    told = {"within": found.within, "crossing": found.crossing, "duplicates": overlaps.duplicates(selectors)}
    assert {
        kind: {position: (one.first, one.number) for position, one in those.items()} for kind, those in told.items()
    } == {
        kind: {position: (sorted(others)[:SHOWN], len(others)) for position, others in those.items()}
        for kind, those in expected.items()
    }


def points_of(selector: Selector) -> set[tuple[int, ...]]:
    """Every packet of a small world, one by one; of ports and protocols the numbers 1, 2 and 3."""
    sides = [
        range(side.value, side.value + (1 << side.width - side.length))
        if side.width == 3
        else [side.value]
        if side.length
        else range(1, 4)
        for side in selector
    ]
    return set(product(*sides))


@given(st.tuples(*sides, *points), st.tuples(*sides, *points))
def test_an_intersection_has_the_packets_of_both(one: Selector, other: Selector) -> None:
    both = overlaps.intersection(one, other)
    assert (points_of(both) if both else set()) == points_of(one) & points_of(other)


def box(remote: Prefix, local: Prefix, port: int = 0) -> Selector:
    local_port = Prefix(port, 16, 16) if port else ANY_PORT
    return (remote, local, ANY_PROTOCOL, local_port, ANY_PORT)


HOST, ALL = network(0x0A000001, 32), network(0, 0)

ADVERSARIAL: dict[str, Callable[[int], tuple[Selector, Selector]]] = {
    "one local address": lambda i: (box(network(i << 8, 24), HOST), box(network(i << 8, 32), HOST)),
    "the same networks and different ports": lambda i: (box(ALL, HOST, 2 * i + 1), box(ALL, HOST, 2 * i + 2)),
    "the same networks and ports": lambda i: (box(ALL, HOST, 1), box(ALL, HOST, 1)),
    "hosts below one network": lambda i: (box(network(0x0A000000, 8), HOST), box(network(0x0A000000 + i, 32), HOST)),
    "all of one cross all of the other": lambda i: (
        box(ALL, network(0x0A000000 + i, 32)),
        box(network(0x0B000000 + i, 32), network(0x0A000000, 8)),
    ),
    "chains of networks": lambda i: (
        box(network(i * 2654435761 % 2**32, i % 33), network(i * 40503 % 2**32, i % 32 + 1)),
        box(network(i * 2246822519 % 2**32, i % 33), network(i * 3266489917 % 2**32, i % 32 + 1)),
    ),
    "one chain": lambda i: (box(network(0, i % 33), HOST), box(network(0, (i + 7) % 33), HOST)),
}


def steps(count: int, case: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many times an element is looked at to find all overlaps of ``count`` elements of each group."""
    taken = 0
    real = overlaps.split

    def counting(
        selectors: dict[int, Selector], a: list[int], b: list[int], side: int
    ) -> list[tuple[list[int], list[int], int]]:
        nonlocal taken
        parts = list(real(selectors, a, b, side))
        taken += len(a) + len(b) + sum(len(left) + len(right) for left, right, _relation in parts)
        return parts

    monkeypatch.setattr(overlaps, "split", counting)
    pairs = [ADVERSARIAL[case](i) for i in range(count)]
    selectors = dict(enumerate([one for one, _other in pairs] + [other for _one, other in pairs]))
    overlaps.overlaps(selectors, range(count), range(count, 2 * count))
    monkeypatch.setattr(overlaps, "split", real)
    return taken


@pytest.mark.parametrize("case", ADVERSARIAL)
def test_twice_as_many_take_about_twice_the_steps(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = steps(1000, case, monkeypatch), steps(2000, case, monkeypatch)
    assert many < 2.5 * few
    assert many < 200 * 4000


def test_counterparts_of_many_are_counted_and_not_listed() -> None:
    pairs = [ADVERSARIAL["hosts below one network"](i) for i in range(500)]
    selectors = dict(enumerate([one for one, _other in pairs] + [other for _one, other in pairs]))
    found = overlaps.overlaps(selectors, range(500), range(500, 1000))
    assert {(tuple(one.first), one.number) for one in found.within.values()} == {((0, 1, 2), 500)}
    assert found.crossing == {}
