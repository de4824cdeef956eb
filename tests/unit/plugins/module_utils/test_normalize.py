# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values in every form that a user may write or ONTAP may return, and the one form that they are compared in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils import normalize

FORMS: list[tuple[Callable[[Any], Any], Any, list[Any]]] = [
    (normalize.prefix_length, "24", ["24", 24, "255.255.255.0", "/24", " 24 ", "024"]),
    (normalize.prefix_length, "0", ["0", 0, "0.0.0.0"]),
    (normalize.prefix_length, "32", ["32", "255.255.255.255"]),
    (normalize.prefix_length, "128", ["128", "/128"]),
    (normalize.port_range, "23-23", [23, "23", "23-23", "23 - 23", "0023"]),
    (normalize.port_range, "0-0", ["0", 0, "any", "ANY", "0-0"]),
    (normalize.port_range, "65535-65535", ["65535"]),
    (normalize.protocol, "tcp", ["tcp", "TCP", "6", 6, " tcp "]),
    (normalize.protocol, "udp", ["udp", "17", "UDP"]),
    (normalize.protocol, "any", ["any", "0", 0, "ANY"]),
    (normalize.protocol, "1", ["icmp", "ICMP", "1", "01"]),
    (normalize.protocol, "132", ["sctp", "132"]),
    (normalize.protocol, "255", ["255"]),
    (normalize.ip_address, "2001:db8::1", ["2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:0db8::0001", " 2001:db8::1"]),
    (normalize.ip_address, "10.1.2.3", ["10.1.2.3"]),
    (normalize.keyword, "esp_transport", ["esp_transport", "ESP_TRANSPORT"]),
    (normalize.boolean, True, [True, "true", "Yes"]),
    (normalize.boolean, False, [False, "false", "no"]),
]

REFUSED: list[tuple[Callable[[Any], Any], Any, str]] = [
    (normalize.prefix_length, "33.0.0.0", "prefix length"),
    (normalize.prefix_length, "0.0.0.255", "IPv4 mask"),
    (normalize.prefix_length, "255.0.255.0", "IPv4 mask"),
    (normalize.prefix_length, "129", "prefix length"),
    (normalize.prefix_length, "-1", "prefix length"),
    (normalize.prefix_length, "", "prefix length"),
    (normalize.port_range, "23-25", "one port"),
    (normalize.port_range, "65536", "65535"),
    (normalize.port_range, "http", "from 0 to 65535"),
    (normalize.port_range, "-1", "from 0 to 65535"),
    (normalize.port_range, "23,25", "one number"),
    (normalize.protocol, "256", "0 to 255"),
    (normalize.protocol, "tcp,udp", "0 to 255"),
    (normalize.protocol, "", "0 to 255"),
    (normalize.ip_address, "10.1.2", "IPv4 or IPv6 address"),
    (normalize.ip_address, "10.1.2.3/24", "IPv4 or IPv6 address"),
    (normalize.ip_address, "host.example.com", "IPv4 or IPv6 address"),
    (normalize.boolean, "maybe", "true nor false"),
]


@pytest.mark.parametrize(
    ("normalizer", "expected", "spelling"),
    [(normalizer, expected, spelling) for normalizer, expected, spellings in FORMS for spelling in spellings],
)
def test_every_spelling_has_one_form(normalizer: Callable[[Any], Any], expected: Any, spelling: Any) -> None:
    assert normalizer(spelling) == expected
    assert normalizer(expected) == expected


@pytest.mark.parametrize(("normalizer", "value", "allowed"), REFUSED)
def test_what_makes_no_sense_is_refused_with_what_is_allowed(
    normalizer: Callable[[Any], Any], value: Any, allowed: str
) -> None:
    with pytest.raises(ValueError, match=allowed):
        normalizer(value)


@given(st.integers(min_value=0, max_value=255))
def test_a_protocol_number_survives_its_own_name(number: int) -> None:
    canonical = normalize.protocol(number)
    assert normalize.protocol(canonical) == canonical
    assert {normalize.protocol(name) for name in normalize.protocol_names(canonical)} <= {canonical}


@given(st.ip_addresses())
def test_an_address_is_the_same_in_its_long_spelling(address: Any) -> None:
    assert normalize.ip_address(address.exploded) == normalize.ip_address(str(address)) == str(address)


@given(st.integers(min_value=1, max_value=65535))
def test_a_port_is_the_same_as_a_range_of_itself(port: int) -> None:
    assert normalize.port_range(port) == normalize.port_range(f"{port}-{port}") == f"{port}-{port}"
