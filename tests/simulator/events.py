# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of events of an array (EMS), and which of them IPsec writes about a packet (fact sheet 7.2)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_interface

from .schema import Record

SEVERITIES = ("emergency", "alert", "error", "notice", "informational", "debug")

# NetApp's catalogue of 9.17.1: severity, and the text of the log with its parameters.
CATALOGUE = {
    "ipsec.ib.policy.violation": (
        "alert",
        "IPsec: Inbound {protocol} packet {srcAddr} ==> {dstAddr} security policy violation.",
    ),
    "ipsec.ib.bad.encrypt": ("alert", "IPsec: {sa2str} packet cannot be successfully decrypted."),
    "ipsec.ib.no.lookup": ("notice", "IPsec: SA not found. SPI: {spi} Src IP: {srcAddr} Dst IP: {dstAddr}."),
    "ipsec.ib.no.replay": (
        "notice",
        "IPsec: {sa2str} replay packets detected. Possible DoS attack or traffic congestion.",
    ),
    "ipsec.ob.no.acquire": ("notice", "IPsec: Could not acquire SA for packet {srcAddr} ==> {dstAddr}."),
}

EVENT_FILTERS = {
    "default-trap-events": ("emergency", "alert", "error"),
    "important-events": ("emergency", "alert"),
    "no-info-debug-events": ("emergency", "alert", "error", "notice"),
}
"""The filters that every array has, by the severities that they let pass."""

_SA_TEXT = {"brackets": "SA ({spi}, {source}, {destination})", "arrow": "{source} ==> {destination} SPI {spi}"}


class Events:
    """The events that there are, as records with what they are listed by; of a log with a size, the last ones."""

    def __init__(self) -> None:
        self._log: deque[Record] = deque()
        self._last: Counter[str] = Counter()
        self._number = 0
        self.size: int | None = None

    def all(self) -> Iterable[Record]:
        """Return every event that the log still has, the oldest first."""
        return list(self._log)

    def put(self, node: Record, name: str, severity: str, text: str, parameters: Record, when: datetime) -> Record:
        """Write an event of a node, and return its record."""
        self._last[node["uuid"]] += 1
        self._number += 1
        index = self._last[node["uuid"]]
        record: Record = {
            "key": f"{node['name']}/{index}",
            # What is listed first is the newest (the reference's example for the latest event).
            "newness": -self._number,
            "index": index,
            "node.name": node["name"],
            "node.uuid": node["uuid"],
            "time": when.isoformat(timespec="seconds"),
            "message.name": name,
            "message.severity": severity,
            "log_message": f"{name}: {text}",
            "parameters": [{"name": one, "value": str(value)} for one, value in parameters.items()],
            "source": "ipsec" if name.startswith("ipsec.") else name.partition(".")[0],
        }
        self._log.append(record)
        while self.size is not None and len(self._log) > self.size:
            self._log.popleft()
        return record


@dataclass(frozen=True)
class Packet:
    """A packet between an address of the array and another host."""

    local: str
    remote: str
    protocol: str = "tcp"
    local_port: int = 0
    remote_port: int = 0


def covers(policy: Record, packet: Packet) -> bool:
    """Return whether a policy is about a packet: endpoints, ports and protocol."""
    return (
        policy.get("protocol", "any") in ("any", packet.protocol)
        and _covers(policy, "local_endpoint", packet.local, packet.local_port)
        and _covers(policy, "remote_endpoint", packet.remote, packet.remote_port)
    )


def between(association: Record, packet: Packet) -> bool:
    """Return whether an association is one of the two hosts of a packet."""
    ends = {"local_address": packet.local, "remote_address": packet.remote}
    return all(name in association and ip_address(association[name]) == ip_address(one) for name, one in ends.items())


def sa_text(form: str, spi: str, source: str, destination: str) -> str:
    """Return an association in one text, as the parameter sa2str has it; `form` is the switch of that name."""
    return _SA_TEXT[form].format(spi=spi, source=source, destination=destination)


def _covers(policy: Record, endpoint: str, address: str, port: int) -> bool:
    own, netmask = (policy.get(f"{endpoint}.{part}") for part in ("address", "netmask"))
    if own is not None and ip_address(address) not in ip_interface(f"{own}/{netmask}").network:
        return False
    first = int(str(policy.get(f"{endpoint}.port", "0-0")).partition("-")[0])
    return first in (0, port)
