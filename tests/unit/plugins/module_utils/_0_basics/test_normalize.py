# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values in every form that a user may write or ONTAP may return, and the one form that they are compared in."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import normalize
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.ip_protocols import NUMBERS

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
    (normalize.protocol, "89", ["ospf", "OSPF", "ospfigp", "89"]),
    (normalize.protocol, "58", ["ipv6-icmp", "icmpv6", "58"]),
    (normalize.protocol, "59", ["ipv6-nonxt", "59"]),
    (normalize.boolean, True, [True, "true", "Yes", "on", "1", "y", "T"]),
    (normalize.boolean, False, [False, "false", "no", "Off", "0", "n", "f"]),
    (normalize.text, "a b", ["a b"]),
    (normalize.text, "2049", [2049, "2049"]),
    (normalize.secret, "a b", ["a b", "a b\n", "a b\r\n"]),
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
    (normalize.protocol, "hopopt", "write any"),
    # Names that Python or a system make up.
    *((normalize.protocol, name, "registry") for name in ("none", "raw", "mptcp", "ip", "hopopts", "routing", "262")),
    (normalize.ip_address, "fe80::1%eth0", "zone"),
    (normalize.ip_address, "fe80::1%1", "zone"),
    (normalize.ip_address, "", "IPv4 or IPv6 address"),
    (normalize.prefix_length, "//24", "prefix length"),
    (normalize.boolean, "maybe", "true nor false"),
    (normalize.boolean, "", "true nor false"),
    *((normalize.text, value, "put it in quotes") for value in (True, 1.10, ["a"], {"a": 1}, date(2026, 1, 1), b"a")),
    *((normalize.secret, value, "put it in quotes") for value in (True, 0x10, 1.10, ["a"], {}, date(2026, 1, 1), b"a")),
    *((each, value, "is empty") for each in (normalize.text, normalize.secret) for value in ("", " ", "\t", "\n")),
    (normalize.text, "a\n", "line break"),
    (normalize.secret, "a\n\n", "line break"),
    (normalize.secret, "a\r", "line break"),
    (normalize.secret, "\na", "line break"),
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


@pytest.mark.parametrize("normalizer", [normalize.text, normalize.secret])
@given(before=st.text(), character=st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), after=st.text(min_size=1))
def test_what_can_not_be_seen_is_refused_and_never_shown(
    normalizer: Callable[[Any], Any], before: str, character: str, after: str
) -> None:
    with pytest.raises(ValueError, match="has a line break, a control|not UTF-8") as caught:
        normalizer(f"key-{before}{character}{after}-end")
    assert "key-" not in str(caught.value)


@pytest.mark.parametrize("normalizer", [normalize.text, normalize.secret])
@given(inner=st.text("aß1 .:=*", min_size=1), space=st.characters(categories=["Zs"]), front=st.booleans())
def test_white_space_at_an_end_is_refused(
    normalizer: Callable[[Any], Any], inner: str, space: str, front: bool
) -> None:
    with pytest.raises(ValueError, match="white space|is empty"):
        normalizer(space + inner if front else inner + space)


def test_the_table_of_protocols_is_that_of_the_registry() -> None:
    # IANA has assigned 0 to 147; these have no keyword: they stand for "any" protocol of some kind.
    assert set(NUMBERS.values()) == set(range(148)) - {61, 63, 68, 99, 114}
    assert [name for name in NUMBERS if name != name.strip().lower() or not re.fullmatch(r"[a-z0-9./+-]+", name)] == []


def test_the_table_of_protocols_agrees_with_python_where_both_know_a_name() -> None:
    known = {name[8:].lower(): int(getattr(socket, name)) for name in dir(socket) if name.startswith("IPPROTO_")}
    # IANA has given this name to another protocol than the one that most systems have under it.
    common = (known.keys() & NUMBERS.keys()) - {"ipip"}
    assert len(common) > 10
    assert {name: NUMBERS[name] for name in common} == {name: known[name] for name in common}


def test_no_protocol_is_looked_up_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getprotobyname", lambda name: 59)
    assert normalize.protocol("ospf") == normalize.protocol("89") == "89"
    with pytest.raises(ValueError, match="registry"):
        normalize.protocol("none")


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
