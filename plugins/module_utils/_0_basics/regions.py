# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a box which kinds of selectors cover, for many boxes and many selectors. Pure; overlaps has the geometry.

A kind is a bit, and every packet of a box has a *mask*: the kinds of all selectors that it lies in, 0 if it lies in none. A
census counts the packets of a box by mask, so a union is nothing special: a box is covered by what has kind 1 if no mask
lacks that bit.

The sides are gone through one by one: local network, protocol, local port. In each, the prefixes that contain the box there
are looked up, by cutting it to every length that there is; where the box is wider than that, it falls into atoms, the parts
that the same prefixes contain. What is left after the third side, by remote network and remote port, is a line of addresses:
nested networks cut it into segments, in each of which every packet has the same mask but for the remote ports that some
selector names, and those are counted. Sums along the line answer for any network with two look-ups.

Why it scales: a line of n selectors takes n · log n steps once, and a network on it log n, however many selectors overlap.
Boxes that the same prefixes contain in the first three sides share a line, so p selectors and b boxes of c columns (local
address, protocol, port) take no more than (c · p + b) · log p steps, and as many lines as there are ways in which columns are
contained in practice: that is far less than c where most selectors are meant for one address.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from .overlaps import Prefix, Selector

REMOTE, LOCAL, PROTOCOL, LOCAL_PORT, REMOTE_PORT = range(5)
_ORDER = (LOCAL, PROTOCOL, LOCAL_PORT)

Census = dict[int, int]
"""The number of packets by mask; masks that no packet has are left out."""


class Stretch(NamedTuple):
    """Neighbouring remote addresses of which some packets have the same mask: of one remote port, or of all that no selector names."""

    first: int
    last: int
    mask: int
    port: int | None


class Atom(NamedTuple):
    """A part of a side that the same prefixes contain: the smallest of them or the side itself, and how much of it is left."""

    prefix: Prefix
    size: int
    containing: tuple[Prefix, ...]


class Part(NamedTuple):
    """A part of a box, cut by the first three sides: the atoms, and the line of what covers it."""

    atoms: tuple[Atom, ...]
    line: Line

    @property
    def weight(self) -> int:
        """How many packets of this part there are for one packet on the line."""
        product = 1
        for atom in self.atoms:
            product *= atom.size
        return product


class Regions:
    """The selectors of one address family, each with its kinds.

    selectors: by position. A remote port is one port, or any. kinds: bits by position.
    """

    def __init__(self, selectors: Mapping[int, Selector], kinds: Mapping[int, int]) -> None:
        self._side = _Side(list(selectors), selectors, kinds, 0, {})

    def parts(self, box: Selector) -> Iterator[Part]:
        """A box in disjoint parts, all of which have its remote network and remote port."""
        yield from self._parts(self._side, box, ())

    def _parts(self, side: _Side, box: Selector, chosen: tuple[Atom, ...]) -> Iterator[Part]:
        last = len(chosen) + 1 == len(_ORDER)
        for atom in side.atoms(box[_ORDER[len(chosen)]]):
            if last:
                yield Part((*chosen, atom), side.line(atom.containing, box[REMOTE_PORT]))
            else:
                yield from self._parts(side.beyond(atom.containing), box, (*chosen, atom))

    def census(self, box: Selector) -> Census:
        """How many packets of a box have which mask."""
        found: Census = {}
        for part in self.parts(box):
            for mask, number in part.line.census(box[REMOTE]).items():
                found[mask] = found.get(mask, 0) + number * part.weight
        return found


class _Side:
    """Selectors by their prefix in one side. lines: those that there are, whatever way led to them."""

    def __init__(
        self,
        positions: Sequence[int],
        selectors: Mapping[int, Selector],
        kinds: Mapping[int, int],
        depth: int,
        lines: dict[tuple[tuple[int, ...], Prefix], Line],
    ) -> None:
        self._selectors, self._kinds, self._depth, self._all_lines = selectors, kinds, depth, lines
        self._groups: dict[Prefix, list[int]] = {}
        for position in positions:
            self._groups.setdefault(selectors[position][_ORDER[depth]], []).append(position)
        self._lengths = sorted({prefix.length for prefix in self._groups})
        self._beyond: dict[tuple[Prefix, ...], _Side] = {}
        self._lines: dict[tuple[tuple[Prefix, ...], Prefix], Line] = {}

    def atoms(self, box: Prefix) -> Iterator[Atom]:
        """The atoms of a part of this side."""
        around = tuple(
            wider for length in self._lengths if length <= box.length and (wider := box.cut(length)) in self._groups
        )
        if box.length == box.width:
            yield Atom(box, 1, around)
            return
        within = sorted(prefix for prefix in self._groups if prefix.length > box.length and box.contains(prefix))
        # Each with those that contain it, and with what of it is in none that lies within it.
        open_ = [(box, around)]
        left = {box: _size(box)}
        found = [(box, around)]
        for prefix in within:
            while not open_[-1][0].contains(prefix):
                open_.pop()
            parent, containing = open_[-1]
            left[parent] -= _size(prefix)
            left[prefix] = _size(prefix)
            open_.append((prefix, (*containing, prefix)))
            found.append(open_[-1])
        yield from (Atom(prefix, left[prefix], containing) for prefix, containing in found if left[prefix])

    def beyond(self, containing: tuple[Prefix, ...]) -> _Side:
        """The next side of the selectors that have one of these prefixes."""
        if containing not in self._beyond:
            found = self._of(containing)
            self._beyond[containing] = _Side(found, self._selectors, self._kinds, self._depth + 1, self._all_lines)
        return self._beyond[containing]

    def line(self, containing: tuple[Prefix, ...], remote_port: Prefix) -> Line:
        """The line of the selectors that have one of these prefixes, for one remote port or for all."""
        key = (containing, remote_port)
        if key not in self._lines:
            positions = tuple(sorted(self._of(containing)))
            line = self._all_lines.get((positions, remote_port))
            if line is None:
                line = Line({one: self._selectors[one] for one in positions}, self._kinds, remote_port)
                self._all_lines[positions, remote_port] = line
            self._lines[key] = line
        return self._lines[key]

    def _of(self, containing: tuple[Prefix, ...]) -> list[int]:
        return [position for prefix in containing for position in self._groups[prefix]]


class _Node:
    """A remote network of some selectors: who they are, and what packets there have for masks."""

    __slots__ = ("census", "common", "first", "last", "named", "parent", "positions", "prefix")

    def __init__(self, prefix: Prefix, positions: list[int], parent: _Node | None, boxes: Mapping[int, Selector]):
        self.prefix, self.positions, self.parent = prefix, positions, parent
        self.first, self.last = prefix.value, prefix.value + _size(prefix) - 1
        self.common: int = parent.common if parent else 0
        """The mask by selectors of all remote ports, those of wider networks included."""
        self.named: dict[int, int] = {}
        """By remote port that a selector of just this network names: the mask by all selectors that name it."""
        self.census: Census = {}
        """By mask of selectors that name a remote port: of how many ports it is."""

    def mask_of(self, port: int) -> int:
        """The mask by selectors that name a remote port."""
        node: _Node | None = self
        while node:
            if port in node.named:
                return node.named[port]
            node = node.parent
        return 0


class Line:
    """All remote addresses, and what covers them. remote_port: one port, or any."""

    def __init__(self, boxes: Mapping[int, Selector], kinds: Mapping[int, int], remote_port: Prefix) -> None:
        self._kinds = kinds
        self._ports = _size(remote_port)
        self._boxes = {
            position: box
            for position, box in boxes.items()
            if box[REMOTE_PORT].contains(remote_port) or remote_port.contains(box[REMOTE_PORT])
        }
        self._any = remote_port.length
        self._nodes: list[_Node] = []
        self._starts: list[int] = []
        self._segments: list[_Node | None] = []
        self._draw()
        self._keys = [(node.first, node.prefix.length) for node in self._nodes]
        self._count()

    def _draw(self) -> None:
        groups: dict[Prefix, list[int]] = {}
        for position, box in self._boxes.items():
            groups.setdefault(box[REMOTE], []).append(position)
        reached = 0
        parent: _Node | None = None
        for prefix in sorted(groups):
            while parent and not parent.prefix.contains(prefix):
                reached = self._close(parent, reached)
                parent = parent.parent
            self._emit(reached, prefix.value - 1, parent)
            parent = self._open(_Node(prefix, groups[prefix], parent, self._boxes))
            reached = parent.first
        while parent:
            reached = self._close(parent, reached)
            parent = parent.parent
        # Whatever lies behind the last network, to the end of the space, is one segment.
        self._emit(reached, reached, None)

    def _close(self, node: _Node, reached: int) -> int:
        self._emit(reached, node.last, node)
        return max(reached, node.last + 1)

    def _emit(self, first: int, last: int, node: _Node | None) -> None:
        if first <= last:
            self._starts.append(first)
            self._segments.append(node)

    def _open(self, node: _Node) -> _Node:
        named: dict[int, int] = {}
        for position in node.positions:
            own = self._boxes[position][REMOTE_PORT]
            # A selector of just the remote port that is asked for covers all that is asked for.
            if own.length <= self._any:
                node.common |= self._kinds[position]
            else:
                named[own.value] = named.get(own.value, 0) | self._kinds[position]
        node.census = dict(node.parent.census) if node.parent else {}
        for port, mask in named.items():
            before = node.parent.mask_of(port) if node.parent else 0
            if before:
                node.census[before] -= 1
            node.named[port] = mask | before
            node.census[mask | before] = node.census.get(mask | before, 0) + 1
        self._nodes.append(node)
        return node

    def _masks(self, node: _Node | None) -> Census:
        """By mask, of how many remote ports it is, on any address of a segment."""
        if node is None:
            return {0: self._ports}
        found: Census = {}
        others = self._ports
        for mask, number in node.census.items():
            if number:
                found[mask | node.common] = found.get(mask | node.common, 0) + number
                others -= number
        if others:
            found[node.common] = found.get(node.common, 0) + others
        return found

    def _count(self) -> None:
        """Sums of packets by mask along the line, and where each mask is to be found."""
        self._of_segment = [self._masks(node) for node in self._segments]
        masks = {mask for one in self._of_segment for mask in one}
        self._sums: dict[int, list[int]] = {mask: [0] for mask in masks}
        self._where: dict[int, list[int]] = {mask: [] for mask in masks}
        for index, one in enumerate(self._of_segment):
            for mask in one:
                self._where[mask].append(index)
        for mask, sums in self._sums.items():
            total = 0
            # Of the last segment, which has no end, only a part is ever asked for.
            for index in range(len(self._starts) - 1):
                number = self._of_segment[index].get(mask)
                if number:
                    total += number * (self._starts[index + 1] - self._starts[index])
                sums.append(total)
        kinds: dict[int, list[int]] = {}
        for position in self._boxes:
            kinds.setdefault(self._kinds[position], [])
        self._before: dict[int, list[int]] = {kind: [0] for kind in kinds}
        for node in self._nodes:
            for kind, numbers in self._before.items():
                own = sum(1 for position in node.positions if self._kinds[position] == kind)
                numbers.append(numbers[-1] + own)

    def census(self, network: Prefix) -> Census:
        """How many packets of a remote network have which mask."""
        first, last = network.value, network.value + _size(network) - 1
        low, high = bisect_right(self._starts, first) - 1, bisect_right(self._starts, last) - 1
        found: Census = {}
        for mask, sums in self._sums.items():
            # What lies before the end of the network, less what lies before its beginning.
            number = sums[high] - sums[low]
            number += (last + 1 - self._starts[high]) * self._of_segment[high].get(mask, 0)
            number -= (first - self._starts[low]) * self._of_segment[low].get(mask, 0)
            if number:
                found[mask] = number
        return found

    def stretches(self, network: Prefix, mask: int) -> Iterator[Stretch]:
        """Where in a remote network packets have a mask, by address; one stretch for each remote port that has it there."""
        first, last = network.value, network.value + _size(network) - 1
        low, high = bisect_right(self._starts, first) - 1, bisect_right(self._starts, last) - 1
        where = self._where.get(mask, [])
        for index in where[bisect_left(where, low) :]:
            if index > high:
                return
            begin = max(first, self._starts[index])
            end = min(last, self._starts[index + 1] - 1) if index + 1 < len(self._starts) else last
            node = self._segments[index]
            named = dict(self._named(node))
            ports = [port for port, one in sorted(named.items()) if one | (node.common if node else 0) == mask]
            yield from (Stretch(begin, end, mask, port) for port in ports)
            if (node.common if node else 0) == mask and len(named) < self._ports:
                yield Stretch(begin, end, mask, None)

    @staticmethod
    def _named(node: _Node | None) -> Iterator[tuple[int, int]]:
        """Every remote port that selectors name there with its mask; of a port twice, the wider network's comes first."""
        chain = []
        while node:
            chain.append(node)
            node = node.parent
        for one in reversed(chain):
            yield from one.named.items()

    def covering(self, network: Prefix, kinds: int) -> tuple[int, Iterator[int]]:
        """Which selectors of some kinds overlap with a remote network: how many, and their positions, the widest first."""
        index = bisect_right(self._starts, network.value) - 1
        node = self._segments[index]
        around: list[_Node] = []
        while node:
            if node.prefix.contains(network):
                around.append(node)
            node = node.parent
        around.reverse()
        first = bisect_left(self._keys, (network.value, network.length + 1))
        last = bisect_left(self._keys, (network.value + _size(network), 0))
        wanted = [kind for kind in self._before if kind & kinds]
        number = sum(self._before[kind][last] - self._before[kind][first] for kind in wanted)
        number += sum(1 for one in around for position in one.positions if self._kinds[position] & kinds)
        return number, self._positions(around, first, last, kinds)

    def _positions(self, around: Sequence[_Node], first: int, last: int, kinds: int) -> Iterator[int]:
        for node in around:
            yield from (position for position in node.positions if self._kinds[position] & kinds)
        for index in range(first, last):
            yield from (position for position in self._nodes[index].positions if self._kinds[position] & kinds)


def _size(prefix: Prefix) -> int:
    """How many values a prefix has."""
    size: int = 1 << (prefix.width - prefix.length)
    return size
