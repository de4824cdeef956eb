# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions against looking at every single packet, and the number of steps that many selectors take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import regions
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.overlaps import Prefix, Selector
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.regions import Regions

WIDTHS = (4, 2, 1, 1, 2)


def prefix(value: int, length: int, width: int) -> Prefix:
    return Prefix(value, width, width).cut(length)


def sides(*lengths: st.SearchStrategy[int]) -> st.SearchStrategy[Selector]:
    """Boxes in a space of few packets. lengths: of the prefix in each side."""
    return st.tuples(
        *(
            st.builds(
                lambda value, length, width=width: prefix(value, length, width), st.integers(0, 2**width - 1), one
            )
            for width, one in zip(WIDTHS, lengths)
        )
    )


# A remote port is one port or any, as in ONTAP.
boxes = sides(*(st.integers(0, width) for width in WIDTHS[:4]), st.sampled_from([0, WIDTHS[4]]))
drawn = st.lists(st.tuples(boxes, st.sampled_from([1, 2, 4])), max_size=12)

Packet = tuple[int, ...]


def packets(box: Selector) -> Iterator[Packet]:
    """Every packet of a box."""
    return product(*(range(side.value, side.value + (1 << side.width - side.length)) for side in box))


def holds(box: Selector, packet: Packet) -> bool:
    return all(
        side.value == value >> side.width - side.length << side.width - side.length for side, value in zip(box, packet)
    )


def mask_of(packet: Packet, selectors: list[tuple[Selector, int]]) -> int:
    mask = 0
    for selector, kind in selectors:
        if holds(selector, packet):
            mask |= kind
    return mask


def made(selectors: list[tuple[Selector, int]]) -> Regions:
    return Regions(dict(enumerate(one for one, _kind in selectors)), dict(enumerate(kind for _one, kind in selectors)))


@given(drawn, boxes)
@settings(deadline=None)
def test_a_census_is_what_looking_at_every_packet_gives(selectors: list[tuple[Selector, int]], box: Selector) -> None:
    assert made(selectors).census(box) == Counter(mask_of(packet, selectors) for packet in packets(box))


@given(drawn, sides(st.integers(0, WIDTHS[0]), *(st.just(width) for width in WIDTHS[1:4]), st.sampled_from([0, 2])))
@settings(deadline=None)
def test_the_stretches_of_a_mask_are_where_packets_have_it(
    selectors: list[tuple[Selector, int]], box: Selector
) -> None:
    masks: dict[int, set[Packet]] = {}
    for packet in packets(box):
        masks.setdefault(mask_of(packet, selectors), set()).add(packet)
    (part,) = made(selectors).parts(box)
    for mask in range(8):
        told = list(part.line.stretches(box[0], mask))
        found = {address for stretch in told for address in range(stretch.first, stretch.last + 1)}
        assert found == {packet[0] for packet in masks.get(mask, ())}
        for stretch in told:
            if stretch.port is not None and not box[4].length:
                named = {
                    (address, *(side.value for side in box[1:4]), stretch.port)
                    for address in (stretch.first, stretch.last)
                }
                assert named <= masks[mask]


@given(drawn, boxes, st.sampled_from([1, 3, 6, 7]))
@settings(deadline=None)
def test_what_covers_a_network_is_what_overlaps_with_it(
    selectors: list[tuple[Selector, int]], box: Selector, kinds: int
) -> None:
    found: set[int] = set()
    for part in made(selectors).parts(box):
        number, positions = part.line.covering(box[0], kinds)
        told = list(positions)
        assert len(set(told)) == len(told) == number
        found |= set(told)
    assert found == {
        position
        for position, (selector, kind) in enumerate(selectors)
        if kind & kinds and all(one.contains(side) or side.contains(one) for one, side in zip(selector, box))
    }


ANY = (Prefix(0, 0, 8), Prefix(0, 0, 16), Prefix(0, 0, 16))
HOST = Prefix(0x0A000001, 32, 32)


def test_real_widths() -> None:
    clients = prefix(0x0A140000, 16, 32)
    found = made(
        [
            ((clients, HOST, Prefix(6, 8, 8), Prefix(2049, 16, 16), Prefix(0, 0, 16)), 1),
            ((prefix(0x0A140100, 24, 32), HOST, *ANY), 2),
            ((prefix(0x0A140200, 24, 32), HOST, ANY[0], ANY[1], Prefix(700, 16, 16)), 4),
        ]
    )
    flow = (prefix(0x0A140000, 15, 32), HOST, Prefix(6, 8, 8), Prefix(2049, 16, 16), Prefix(0, 0, 16))
    ports = 1 << 16
    assert found.census(flow) == {
        0: (1 << 16) * ports,
        1: ((1 << 16) - 256) * ports - 256,
        3: 256 * ports,
        5: 256,
    }
    other = (flow[0], HOST, Prefix(17, 8, 8), Prefix(111, 16, 16), Prefix(700, 16, 16))
    assert found.census(other) == {0: (1 << 17) - 512, 2: 256, 4: 256}


ADVERSARIAL = {
    "disjoint networks": lambda i: (prefix(i << 12, 24, 32), HOST, *ANY),
    "all of one network": lambda i: (prefix(0x0A000000, 8, 32), HOST, *ANY),
    "one chain": lambda i: (prefix(0, i % 33, 32), HOST, *ANY),
    "one remote port each": lambda i: (prefix(0, 0, 32), HOST, *ANY[:2], Prefix(i + 1, 16, 16)),
    "networks below one with ports": lambda i: (
        prefix(i << 12, 24 * (i % 2), 32),
        HOST,
        *ANY[:2],
        Prefix((i + 1) * (1 - i % 2), 16 * (1 - i % 2), 16),
    ),
}


def steps(count: int, case: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many networks and remote ports are opened, and segments emitted, for so many selectors."""
    taken = 0
    real_node, real_masks = regions._Node, regions.Line._masks

    class Counting(real_node):  # type: ignore[misc, valid-type]
        def mask_of(self, port: int) -> int:
            nonlocal taken
            taken += 1
            return int(super().mask_of(port))

    def masks(self: regions.Line, node: regions._Node | None) -> regions.Census:
        nonlocal taken
        taken += 1 + (len(node.census) if node else 0)
        return real_masks(self, node)

    monkeypatch.setattr(regions, "_Node", Counting)
    monkeypatch.setattr(regions.Line, "_masks", masks)
    found = Regions({i: ADVERSARIAL[case](i) for i in range(count)}, {i: 1 << i % 3 for i in range(count)})
    found.census((prefix(0, 0, 32), HOST, *(Prefix(1, side.width, side.width) for side in ANY[:2]), ANY[2]))
    monkeypatch.undo()
    return taken


@pytest.mark.parametrize("case", ADVERSARIAL)
def test_twice_as_many_take_about_twice_the_steps(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = steps(1000, case, monkeypatch), steps(2000, case, monkeypatch)
    assert many <= 2.2 * few
    assert many < 20 * 2000
