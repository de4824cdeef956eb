# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packets a policy covers: endpoints and protocol, brought into the form that ONTAP returns (fact sheet 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, ip_address, ip_interface

from .errors import OntapError
from .schema import Record
from .unknowns import Unknowns
from .versions import V9_16_1, Version

ANY_PORT = "0-0"

_NAMED_PROTOCOLS = {0: "any", 6: "tcp", 17: "udp"}
_IANA_PROTOCOLS = {
    1: "icmp",
    2: "igmp",
    41: "ipv6",
    46: "rsvp",
    47: "gre",
    50: "esp",
    51: "ah",
    58: "ipv6-icmp",
    88: "eigrp",
    89: "ospf",
    103: "pim",
    112: "vrrp",
    132: "sctp",
}
_NUMBERS = {name: number for number, name in (_NAMED_PROTOCOLS | _IANA_PROTOCOLS).items()}


@dataclass(frozen=True)
class Side:
    """One end of a policy and the codes that are its own (fact sheet 5.1)."""

    path: str
    many_ports: int
    many_subnets: int
    incomplete: int


LOCAL = Side("local_endpoint", 66257100, 66257113, 66257125)
REMOTE = Side("remote_endpoint", 66257101, 66257114, 66257126)


def protocol(text: str | None, unknowns: Unknowns) -> str:
    """Return the protocol as it is stored: tcp, udp and any by name, others by number or name (fact sheet 2, 9.7)."""
    if text is None:
        return "any"
    if "," in text or re.fullmatch(r"\d+\s*(-|\.\.)\s*\d+", text):
        raise OntapError(66257099, "protocol")
    known = text.lower() if unknowns.enum_case == "any" else text
    number = int(text) if text.isascii() and text.isdecimal() else _NUMBERS.get(known)
    if number is None or number > 255:
        raise OntapError(262185, "protocol", message=f'"{text}" is an invalid value for field "protocol"')
    if number in _NAMED_PROTOCOLS:
        return _NAMED_PROTOCOLS[number]
    return _IANA_PROTOCOLS.get(number, str(number)) if unknowns.protocol_names == "name" else str(number)


def endpoint(side: Side, given: Record, current: Record | None, version: Version, unknowns: Unknowns) -> Record:
    """Return all fields of one endpoint as they are to be stored, {} when nothing is said of it.

    `given` is what the body sets, `current` the stored policy (None on create).
    """
    prefix = f"{side.path}."
    mine = {path.removeprefix(prefix): value for path, value in given.items() if path.startswith(prefix)}
    if not mine:
        if current is None and unknowns.endpoints_required:
            raise OntapError(262212, side.path, message=f'The field "{side.path}" is required')
        return {}
    stored = {name: (current or {}).get(prefix + name) for name in ("address", "netmask", "port")}
    _refuse_half_a_subnet(side, mine, current, version, unknowns)
    address = _address(side, mine.get("address", stored["address"]))
    netmask = mine["netmask"] if mine.get("netmask") is not None else stored["netmask"] or "64"
    length = _prefix_length(side, address, netmask, unknowns)
    if unknowns.host_bits == "cleared":
        address = ip_interface(f"{address}/{length}").network.network_address
    kept = stored["port"] if unknowns.patch_without_port == "keeps" and "port" not in mine else None
    port = _port(side, mine["port"], version, unknowns) if mine.get("port") is not None else kept or ANY_PORT
    return {
        f"{prefix}address": str(address),
        f"{prefix}family": f"ipv{address.version}",
        f"{prefix}netmask": str(length),
        f"{prefix}port": port,
    }


def check_pair(record: Record, unknowns: Unknowns) -> None:
    """Check what both endpoints have to be together; the order in which ONTAP checks is not known."""
    for side in (LOCAL, REMOTE):
        _check_zero_subnet(side, record)
    local, remote = (record.get(f"{side.path}.family") for side in (LOCAL, REMOTE))
    if local and remote and local != remote:
        raise OntapError(262186, "remote_endpoint.address", message="Both endpoints have to be of one address family")
    if record.get("action") == "esp_udp" and "ipv6" in (local, remote):
        raise OntapError(66257131, "action")
    ports = {record.get(f"{side.path}.port", ANY_PORT) for side in (LOCAL, REMOTE)}
    if record.get("remote_endpoint.netmask") == "0" and ports == {ANY_PORT}:
        raise OntapError(66257129, "remote_endpoint.address")
    is_host = (remote, record.get("remote_endpoint.netmask")) in (("ipv4", "32"), ("ipv6", "128"))
    if unknowns.host_address_rule == "remote" and remote and not is_host:
        raise OntapError(66257120, "remote_endpoint.netmask")


def _refuse_half_a_subnet(
    side: Side, mine: Record, current: Record | None, version: Version, unknowns: Unknowns
) -> None:
    """Address and netmask come together: on create always, on modify since 9.16.1 (fact sheet 4.2)."""
    given = {"address", "netmask"} & mine.keys()
    complete = len(given) == 2
    kept = current is not None and (not given or version < V9_16_1)
    defaulted = ":" in str(mine.get("address")) and unknowns.ipv6_default_netmask == "64"
    if not (complete or kept or defaulted):
        raise OntapError(side.incomplete, f"{side.path}.{'netmask' if 'address' in given else 'address'}")


def _address(side: Side, text: str | None) -> IPv4Address | IPv6Address:
    target = f"{side.path}.address"
    if not text:
        raise OntapError(66257143, target)
    if re.search(r",|\s|(?<=[0-9a-f])-", text):
        raise OntapError(side.many_subnets, target)
    invalid = OntapError(262185, target, message=f'"{text}" is an invalid value for field "{target}"')
    if "%" in text:
        raise invalid
    try:
        return ip_address(text)
    except ValueError:
        raise invalid from None


def _prefix_length(side: Side, address: IPv4Address | IPv6Address, text: str, unknowns: Unknowns) -> int:
    """Return the length of a netmask given as length or, for IPv4, as a dotted mask."""
    invalid = OntapError(262185, f"{side.path}.netmask", message=f'"{text}" is an invalid netmask')
    if text.isascii() and text.isdecimal():
        length = int(text)
    elif address.version == 4 and re.fullmatch(r"[\d.]+", text):
        length = _dotted_length(text, invalid)
    else:
        raise invalid
    longest = 127 if address.version == 6 and unknowns.ipv6_host_mask_128 == "refused" else address.max_prefixlen
    if length > longest:
        raise invalid
    return length


def _dotted_length(text: str, invalid: OntapError) -> int:
    try:
        mask = int(IPv4Address(text))
    except AddressValueError:
        raise invalid from None
    length = mask.bit_count()
    if mask != int(IPv4Network(f"0.0.0.0/{length}").netmask):
        raise invalid
    return length


def _port(side: Side, text: str, version: Version, unknowns: Unknowns) -> str:
    """Return a port as the range of one that ONTAP shows; 0 is a port since 9.16.1 (fact sheet 1.1, 9.11)."""
    target = f"{side.path}.port"
    if "," in text:
        raise OntapError(side.many_ports, target)
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text, re.ASCII)
    if match is None:
        raise OntapError(262185, target, message=f'"{text}" is an invalid value for field "{target}"')
    first, last = int(match[1]), int(match[2] or match[1])
    if first != last:
        raise OntapError(66257115, target)
    lowest = 0 if version >= V9_16_1 or unknowns.port_zero_accepted else 1
    if not lowest <= first <= 65535:
        raise OntapError(66257132, target)
    return f"{first}-{first}"


def _check_zero_subnet(side: Side, record: Record) -> None:
    """Check wildcards: 0.0.0.0/0 is the one that there is, and for the remote end only (fact sheet 2)."""
    address, netmask = (record.get(f"{side.path}.{name}") for name in ("address", "netmask"))
    if address is None:
        return
    zero = int(ip_address(address)) == 0
    if zero and netmask == "0" and side is LOCAL:
        raise OntapError(66257127, "local_endpoint.address")
    if zero != (netmask == "0") or (zero and ":" in address):
        raise OntapError(66257128, f"{side.path}.address")
