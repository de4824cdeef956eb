# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pure functions that bring a value into the one form in which ONTAP returns it.

Each takes what a user may write or ONTAP may return, is idempotent, and raises ``ValueError`` with a
sentence that says what is allowed. The forms are those that real ONTAP output and NetApp's own modules
show: a prefix length as a string, a port as ``N-N`` with ``0-0`` for any, ``tcp``/``udp``/``any`` by name.
Those ending in ``_as_returned`` are for values from ONTAP, which may have more than a user may write.
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from .ip_protocols import NUMBERS

ANY_PORT = "0-0"
ANY_PROTOCOL = "any"

_MASKS = ("*" * 8, "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")

# The words that Ansible takes for truth values.
_TRUE = frozenset({"true", "yes", "on", "y", "t", "1"})
_FALSE = frozenset({"false", "no", "off", "n", "f", "0"})
_NAMED_PROTOCOLS = {0: ANY_PROTOCOL, NUMBERS["tcp"]: "tcp", NUMBERS["udp"]: "udp"}
_IPV4_MASKS = {str(ipaddress.ip_network((0, length)).netmask): length for length in range(33)}


def text(value: Any) -> str:
    """Free text, such as a name, that has something to see from end to end. A whole number counts as its digits.

    YAML makes other things of text without quotes: truth values, dates, numbers that lose zeros at their ends.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError(f"is {kind(value)}, not text: put it in quotes.")
    return _visible(str(value))


def secret(value: Any) -> str:
    """A key, password or token: text as typed, without the one line break that files and pipes have at their end.

    No number: YAML reads digits with ``0x`` or ``0`` in front, underscores or colons as numbers that are written otherwise.
    Messages never show it.
    """
    if not isinstance(value, str):
        raise ValueError(f"is {kind(value)}, not text as it was typed: put it in quotes.")
    return _visible(without_line_break(value))


def without_line_break(value: str) -> str:
    """Text without one line break at its end."""
    if value.endswith("\r\n"):
        return value[:-2]
    return value[:-1] if value.endswith("\n") else value


def as_returned(value: Any) -> str:
    """Text as ONTAP has it: others may have written what users of this collection may not."""
    return str(value)


def name(value: Any) -> str:
    """The name of something that has a UUID as well, which is no name."""
    if is_uuid(str(value)):
        raise ValueError(f"{str(value)!r} is a UUID: give the name.")
    return text(value)


def is_masked(value: Any) -> bool:
    """Whether a value has what Ansible puts in the place of a secret, so that nobody knows what it was."""
    return isinstance(value, str) and any(mask in value for mask in _MASKS)


def _visible(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty: give a value, or leave it out (default(omit)).")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("is no text, because it has bytes that are not UTF-8.")
    if not value.isprintable() or value != value.strip():
        raise ValueError("has a line break, a control character, or white space at an end.")
    return value


def kind(value: Any) -> str:
    """What a value is instead of text, without any part of it."""
    kinds: Mapping[str, Any] = {
        "a truth value": bool,
        "text": str,
        "a number": (int, float),
        "a list": (list, tuple, set),
        "a mapping": Mapping,
        "a date": date,
        "binary data": (bytes, bytearray),
    }
    return next((word for word, types in kinds.items() if isinstance(value, types)), f"of type {type(value).__name__}")


def boolean(value: Any) -> bool:
    """A truth value, also as one of Ansible's words for it, which a filter may have."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise ValueError(f"{value!r} is neither true nor false.")


def integer(value: Any) -> int:
    """A whole number, also as text: releases differ in the type of some."""
    try:
        return int(str(value).strip())
    except ValueError:
        raise ValueError(f"{value!r} is not a whole number.") from None


def moment(value: Any) -> datetime:
    """A point in time as ONTAP writes it: ISO 8601 with an offset. One that leaves the offset open is none."""
    # Python 3.9 does not know the letter, nor an offset without a colon, which a sample of NetApp's has.
    found = datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", str(value).replace("Z", "+00:00")))
    if found.tzinfo is None:
        raise ValueError(f"{value!r} names no time zone.")
    return found


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
    """An IPv4 or IPv6 address in its shortest spelling, host bits kept as typed, without a zone."""
    spelling = str(value).strip()
    if "%" in spelling:
        raise ValueError(
            f"{spelling!r} names a zone (from the % on), which is an interface of one machine: leave it out."
        )
    return ip_address_as_returned(spelling)


def ip_address_as_returned(value: Any) -> str:
    """As ``ip_address``, but a zone stays."""
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
    spelling = str(value).strip()
    spelling = spelling[1:] if spelling.startswith("/") else spelling
    if spelling in _IPV4_MASKS:
        return str(_IPV4_MASKS[spelling])
    if re.fullmatch(r"[0-9]{1,3}", spelling) and int(spelling) <= 128:
        return str(int(spelling))
    raise ValueError(f"{str(value)!r} is not a prefix length (such as 24) or an IPv4 mask (such as 255.255.255.0).")


def is_ipv4_mask(value: Any) -> bool:
    """Whether a netmask is spelled as IPv4 spells them, so that it can't be one of IPv6."""
    return "." in str(value)


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
    """As ``protocol``, but a name that is not in the table stays as it is: the array may know more."""
    try:
        return protocol(value)
    except ValueError:
        return str(value).strip().lower()


def protocol_names(value: Any) -> list[str]:
    """The names of a protocol, lower case; empty for one that has none."""
    number = _protocol_number(str(value).strip().lower())
    if number in _NAMED_PROTOCOLS:
        return [_NAMED_PROTOCOLS[number]]
    return [name for name, known in NUMBERS.items() if known == number]


def _protocol_number(spelling: str) -> int:
    if re.fullmatch(r"[0-9]{1,3}", spelling) and int(spelling) <= 255:
        return int(spelling)
    if spelling == ANY_PROTOCOL:
        return 0
    number = NUMBERS.get(spelling)
    if number is None:
        raise ValueError(
            f"{spelling!r} is not an IP protocol of IANA's registry: give its number (0 to 255), tcp, udp or any."
        )
    if number == 0:
        raise ValueError(f"{spelling!r} has the number 0, which is any protocol to ONTAP: write any if that is meant.")
    return number
