# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pure functions that bring a value into the one form in which ONTAP returns it.

Each takes what a user may write or ONTAP may return, is idempotent, and raises ``ValueError`` with a
sentence that says what is allowed. The forms are those that real ONTAP output and NetApp's own modules
show: a prefix length as a string, a port as ``N-N`` with ``0-0`` for any, ``tcp``/``udp``/``any`` by name.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import uuid
from functools import cache, lru_cache
from typing import Any

ANY_PORT = "0-0"
ANY_PROTOCOL = "any"

_MASKS = ("*" * 8, "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")

_NAMED_PROTOCOLS = {0: ANY_PROTOCOL, socket.IPPROTO_TCP: "tcp", socket.IPPROTO_UDP: "udp"}
_IPV4_MASKS = {str(ipaddress.ip_network((0, length)).netmask): length for length in range(33)}


def text(value: Any) -> str:
    """Text as it is."""
    return str(value)


def name(value: Any) -> str:
    """The name of something that has a UUID as well, which is no name."""
    if is_uuid(str(value)):
        raise ValueError(f"{str(value)!r} is a UUID: give the name.")
    return text(value)


def is_masked(value: Any) -> bool:
    """Whether a value has what Ansible puts in the place of a secret, so that nobody knows what it was."""
    return isinstance(value, str) and any(mask in value for mask in _MASKS)


def boolean(value: Any) -> bool:
    """A truth value, also as the text that a filter option makes of it."""
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "yes"):
        return True
    if str(value).lower() in ("false", "no"):
        return False
    raise ValueError(f"{value!r} is neither true nor false.")


def integer(value: Any) -> int:
    """A whole number, also as text: releases differ in the type of some."""
    try:
        return int(str(value).strip())
    except ValueError:
        raise ValueError(f"{value!r} is not a whole number.") from None


def uuid_text(value: Any) -> str:
    """A UUID in lower case, with hyphens."""
    spelling = str(value).strip().lower()
    if not is_uuid(spelling):
        raise ValueError(f"{str(value)!r} is not a UUID.")
    return spelling


def is_uuid(value: str) -> bool:
    """Whether a text is a UUID as ONTAP spells them, in any case."""
    try:
        return str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


def keyword(value: Any) -> str:
    """A word of a fixed vocabulary: lower case, as REST returns it (the CLI shows capitals)."""
    return str(value).strip().lower()


def ip_address(value: Any) -> str:
    """An IPv4 or IPv6 address in its shortest spelling, host bits kept as typed."""
    spelling = str(value).strip()
    try:
        return _shortest(spelling)
    except ValueError:
        raise ValueError(f"{spelling!r} is not an IPv4 or IPv6 address.") from None


@lru_cache(maxsize=10_000)
def _shortest(spelling: str) -> str:
    """Remembered, because a whole set of policies has each of its addresses many times, on both sides."""
    return str(ipaddress.ip_address(spelling))


def prefix_length(value: Any) -> str:
    """A netmask as the prefix length, a string: ``24``, ``/24`` and ``255.255.255.0`` all give ``"24"``."""
    spelling = str(value).strip().lstrip("/")
    if spelling in _IPV4_MASKS:
        return str(_IPV4_MASKS[spelling])
    if re.fullmatch(r"[0-9]{1,3}", spelling) and int(spelling) <= 128:
        return str(int(spelling))
    raise ValueError(f"{str(value)!r} is not a prefix length (such as 24) or an IPv4 mask (such as 255.255.255.0).")


def port_range(value: Any) -> str:
    """One port as the range that ONTAP shows: ``23`` gives ``"23-23"``; ``0`` and ``any`` give ``"0-0"``."""
    spelling = str(value).strip().lower()
    if spelling == "any":
        return ANY_PORT
    match = re.fullmatch(r"([0-9]{1,5})(?:\s*-\s*([0-9]{1,5}))?", spelling)
    if not match:
        raise ValueError(f"{str(value)!r} is not a port: give one number from 0 to 65535, or any.")
    first = int(match.group(1))
    last = int(match.group(2) or first)
    if first != last:
        raise ValueError(f"{str(value)!r} is a range of ports: ONTAP takes one port per policy, or any.")
    if first > 65535:
        raise ValueError(f"{str(value)!r} is not a port: the highest is 65535.")
    return f"{first}-{first}"


def protocol(value: Any) -> str:
    """An IP protocol as ``any``, ``tcp``, ``udp`` or its number as a string.

    Whether ONTAP returns protocol 1 as ``1`` or ``icmp`` is not known, so everything but the three names that are
    known becomes a number on both sides of a comparison.
    """
    number = _protocol_number(str(value).strip().lower())
    return _NAMED_PROTOCOLS.get(number, str(number))


def protocol_as_returned(value: Any) -> str:
    """As ``protocol``, but a name that this machine does not know stays as it is: the array may know more."""
    try:
        return protocol(value)
    except ValueError:
        return str(value).strip().lower()


def protocol_names(value: Any) -> list[str]:
    """The IANA names under which this machine knows a protocol, lower case; empty for one that it doesn't."""
    number = _protocol_number(str(value).strip().lower())
    if number in _NAMED_PROTOCOLS:
        return [_NAMED_PROTOCOLS[number]]
    return [name for name, known in _protocol_constants().items() if known == number]


def _protocol_number(spelling: str) -> int:
    if re.fullmatch(r"[0-9]{1,3}", spelling) and int(spelling) <= 255:
        return int(spelling)
    if spelling == ANY_PROTOCOL:
        return 0
    constants = _protocol_constants()
    if spelling in constants:
        return constants[spelling]
    try:
        return socket.getprotobyname(spelling)
    except OSError:
        raise ValueError(
            f"{spelling!r} is not an IP protocol that this machine knows: give its number (0 to 255), tcp, udp or any."
        ) from None


@cache
def _protocol_constants() -> dict[str, int]:
    """The protocol numbers that Python carries with it: they work where ``/etc/protocols`` is missing."""
    prefix = "IPPROTO_"
    constants = {
        name[len(prefix) :].lower(): int(getattr(socket, name)) for name in dir(socket) if name.startswith(prefix)
    }
    return {name: number for name, number in constants.items() if number <= 255}
