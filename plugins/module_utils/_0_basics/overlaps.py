# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which IPsec policies cover the same packets: overlaps of their selectors, without comparing each with each.

A selector is a box of five sides: remote network, local network, protocol, local port, remote port. Each side is a
*prefix* of a fixed space: a network is one by nature, a single port or protocol is one of full length, and "any" is the
empty one. Two prefixes are the same, or one contains the other, or they are disjoint; nothing else can be. So each side
is a tree, and this is how it is used: to find what of A overlaps with what of B, split by one side at a time.

* Elements of both that have the same prefix go on together.
* Elements of B whose prefix lies strictly within one that A has go on together with the elements of A there; to find
  them, the prefix of B is cut to each of the lengths that A has, and looked up. The same the other way round.
* Groups of which one part is empty end there.

After the fifth side what is left are pairs of groups of which every element overlaps with every one of the other, and in
the same manner (equal, wider, narrower, crossing). They are kept as groups.

Why it scales: in each split an element goes on at most once for its own prefix, once for what is below it, and once for
each prefix above it that the other part has. With d networks nested in each other at most, that is d + 2 for a network
and 3 for a port or protocol; so n elements cost no more than n · (d₁ + 2) · (d₂ + 2) · 27 steps, however many pairs
overlap. d is 33 in theory for IPv4 and two or three in practice, and most groups end after the first or second split.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

SHOWN = 3
"""How many counterparts a policy's overlaps name; of the others there is the number."""

EQUAL, A_WIDER, B_WIDER, CROSSING = range(4)


class Prefix(NamedTuple):
    """The first ``length`` bits of a number of ``width`` bits; the others are 0."""

    value: int
    length: int
    width: int

    def cut(self, length: int) -> Prefix:
        """The prefix of a smaller length that contains this one."""
        below = self.width - length
        return Prefix(self.value >> below << below, length, self.width)

    def contains(self, other: Prefix) -> bool:
        """Whether everything that the other one covers is covered by this one."""
        return self.width == other.width and self.length <= other.length and other.cut(self.length) == self


Selector = tuple[Prefix, ...]


@dataclass
class Counterparts:
    """The first positions that something overlaps with, and how many there are."""

    first: list[int] = field(default_factory=list)
    number: int = 0

    def add(self, positions: Sequence[int], end: int | None = None) -> None:
        """Adds sorted positions up to an index. Takes no longer for many than for few."""
        count = len(positions) if end is None else end
        self.number += count
        self.first = sorted([*self.first, *positions[: min(count, SHOWN)]])[:SHOWN]

    def merge(self, other: Counterparts) -> None:
        """Adds those of another, which has none that this one has."""
        self.number += other.number
        self.first = sorted([*self.first, *other.first])[:SHOWN]


def duplicates(selectors: Mapping[int, Selector]) -> dict[int, Counterparts]:
    """For each position whose selector an earlier one has: those earlier ones."""
    places: dict[Selector, list[int]] = {}
    found: dict[int, Counterparts] = {}
    for position, selector in sorted(selectors.items()):
        earlier = places.setdefault(selector, [])
        if earlier:
            found[position] = Counterparts(earlier[:SHOWN], len(earlier))
        earlier.append(position)
    return found


@dataclass
class Overlaps:
    """Who overlaps with whom of another group, attached to the narrower one, or to the later one if neither is narrower.

    within: what lies wholly within others. crossing: what overlaps in part.
    """

    within: dict[int, Counterparts] = field(default_factory=dict)
    crossing: dict[int, Counterparts] = field(default_factory=dict)


def overlaps(selectors: Mapping[int, Selector], a: Iterable[int], b: Iterable[int]) -> Overlaps:
    """How selectors of two disjoint groups of positions overlap. Equal ones are left to ``duplicates``."""
    found = Overlaps()
    for left, right, relation in related(selectors, a, b):
        if relation == A_WIDER:
            _attach(found.within, right, left)
        elif relation == B_WIDER:
            _attach(found.within, left, right)
        elif relation == CROSSING:
            for some, others in ((left, right), (right, left)):
                for position in some:
                    earlier = bisect_left(others, position)
                    if earlier:
                        found.crossing.setdefault(position, Counterparts()).add(others, earlier)
    return found


def _attach(found: dict[int, Counterparts], positions: Iterable[int], others: Sequence[int]) -> None:
    for position in positions:
        found.setdefault(position, Counterparts()).add(others)


Group = list[int]


def related(
    selectors: Mapping[int, Selector], a: Iterable[int], b: Iterable[int]
) -> Iterator[tuple[Group, Group, int]]:
    """Pairs of groups of positions, of a and of b: each of the one overlaps with each of the other, all in one manner."""
    return _groups(selectors, sorted(a), sorted(b), 0, EQUAL)


def covers(wider: Selector, narrower: Selector) -> bool:
    """Whether the one selector has all packets of the other."""
    return all(one.contains(other) for one, other in zip(wider, narrower))


def intersection(one: Selector, other: Selector) -> Selector | None:
    """The packets that both selectors have, ``None`` if there are none."""
    sides = []
    for left, right in zip(one, other):
        if left.contains(right):
            sides.append(right)
        elif right.contains(left):
            sides.append(left)
        else:
            return None
    return tuple(sides)


def _groups(
    selectors: Mapping[int, Selector], a: Group, b: Group, side: int, relation: int
) -> Iterator[tuple[Group, Group, int]]:
    """Pairs of groups that overlap in this side and all after it. relation: how they do in the sides before."""
    if side == len(next(iter(selectors.values()), ())):
        yield a, b, relation
        return
    for left, right, here in split(selectors, a, b, side):
        # Wider in one side and narrower in another is neither.
        both = here if relation == EQUAL else relation if here in (EQUAL, relation) else CROSSING
        yield from _groups(selectors, left, right, side + 1, both)


def split(selectors: Mapping[int, Selector], a: Group, b: Group, side: int) -> Iterator[tuple[Group, Group, int]]:
    """Pairs of groups, neither of them empty, that overlap in one side, each in one manner. Positions stay sorted."""
    nodes_a, nodes_b = _nodes(selectors, a, side), _nodes(selectors, b, side)
    for prefix, left in nodes_a.items():
        if prefix in nodes_b:
            yield left, nodes_b[prefix], EQUAL
    for prefix, right in _below(selectors, nodes_a, b, side).items():
        yield nodes_a[prefix], right, A_WIDER
    for prefix, left in _below(selectors, nodes_b, a, side).items():
        yield left, nodes_b[prefix], B_WIDER


def _nodes(selectors: Mapping[int, Selector], group: Group, side: int) -> dict[Prefix, Group]:
    nodes: dict[Prefix, Group] = {}
    for position in group:
        nodes.setdefault(selectors[position][side], []).append(position)
    return nodes


def _below(
    selectors: Mapping[int, Selector], nodes: Mapping[Prefix, Group], group: Group, side: int
) -> dict[Prefix, Group]:
    """For each prefix of ``nodes``: the elements of a group that lie strictly within it."""
    found: dict[Prefix, Group] = {}
    lengths = sorted({prefix.length for prefix in nodes})
    for position in group:
        own = selectors[position][side]
        for length in lengths:
            if length >= own.length:
                break
            wider = own.cut(length)
            if wider in nodes:
                found.setdefault(wider, []).append(position)
    return found
