# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security associations of an array: what they look like, and which change of a policy ends them."""

from __future__ import annotations

import secrets
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_interface

from .schema import Record

IKE_STATES = ("none", "connecting", "established", "dead_peer_probe")

_TRAFFIC = tuple(f"{side}_endpoint.{part}" for side in ("local", "remote") for part in ("address", "netmask", "port"))
_NEGOTIATED = (*_TRAFFIC, "protocol", "local_identity", "remote_identity", "ppk.identity")
_AUTHENTICATION = {"psk": "psk", "pki": "cert"}
# Fact sheet 2.1: what the CLI shows as defaults, which REST offers no way to change.
_CIPHER_SUITE = "suiteb_gcm256"
_IKE_LIFETIME = 86400
_IPSEC_LIFETIME = 28800
_PACKET = 1400


@dataclass(frozen=True)
class Traffic:
    """What went through an association in one direction; packets that nobody counted are of a common size."""

    bytes: int = 0
    packets: int | None = None

    def record(self, direction: str, offloaded: bool) -> Record:
        """Return the fields of one direction: with offload, the hardware processes all of it (fact sheet 7)."""
        packets = -(-self.bytes // _PACKET) if self.packets is None else self.packets
        counters = {
            "bytes": self.bytes,
            "packets": packets,
            "security_parameter_index": _index(4),
            "offload_bytes": self.bytes if offloaded else 0,
            "offload_packets": packets if offloaded else 0,
        }
        return {f"ipsec.{direction}.{name}": value for name, value in counters.items()}


@dataclass(frozen=True)
class Peers:
    """The two hosts of an association, and the node that it is on."""

    node: Record
    local: str | None
    remote: str | None

    @classmethod
    def of(cls, policy: Record, node: Record, local: str | None = None, remote: str | None = None) -> Peers:
        """Return the hosts of a policy; the address of a whole network stands for its first host."""
        return cls(node, local or _host(policy, "local_endpoint"), remote or _host(policy, "remote_endpoint"))

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        """What the associations of a policy are told apart by."""
        return self.node["uuid"], self.local, self.remote


def ike(policy: Record, peers: Peers, state: str, is_initiator: bool) -> Record:
    """Return an IKE association; as long as no peer has answered, there is no index that it could have chosen."""
    answered = state in ("established", "dead_peer_probe")
    return {
        **_association("ike", policy, peers),
        "lifetime": _IKE_LIFETIME,
        "ike.authentication": _AUTHENTICATION.get(policy.get("authentication_method", ""), "none"),
        "ike.state": state,
        "ike.is_initiator": is_initiator,
        "ike.version": 2,
        "ike.initiator_security_parameter_index": _index(8),
        **({"ike.responder_security_parameter_index": _index(8)} if answered else {}),
    }


def ipsec(policy: Record, peers: Peers, inbound: Traffic, outbound: Traffic, offloaded: bool) -> Record:
    """Return an IPsec association, which has both directions; there is no word for ESP in UDP (fact sheet 7)."""
    return {
        **_association("ipsec", policy, peers),
        "lifetime": _IPSEC_LIFETIME,
        "ipsec.action": "esp_transport",
        "ipsec.state": "installed",
        **inbound.record("inbound", offloaded),
        **outbound.record("outbound", offloaded),
    }


def ended_by(old: Record, new: Record, change: str) -> bool:
    """Return whether a change of a policy ends its associations (fact sheet 8); `change` is the switch of that name."""
    if not new.get("enabled", True):
        return True
    if change == "dropped" and any(old.get(path) != new.get(path) for path in _NEGOTIATED):
        return True
    other_certificate = old.get("certificate.uuid") != new.get("certificate.uuid")
    return other_certificate and not new.get("certificate_modify_keepsa")


class Associations:
    """The associations that there are, by the UUID of their policy, and how often clients looked for others in vain."""

    def __init__(self) -> None:
        self._by_policy: dict[str, dict[tuple[str, str | None, str | None], list[Record]]] = {}
        self._looks: Counter[str] = Counter()

    def all(self) -> Iterable[Record]:
        """Return every association, in no order."""
        for by_peers in self._by_policy.values():
            for records in by_peers.values():
                yield from records

    def put(self, policy: Record, peers: Peers, records: list[Record]) -> None:
        """Store the associations between two hosts on a node; those that were there are replaced."""
        self._by_policy.setdefault(policy["uuid"], {})[peers.key] = records

    def drop(self, policy_uuid: str, node_uuid: str | None = None) -> None:
        """End the associations of a policy, on one node or everywhere; whoever waits for new ones begins anew."""
        self._looks.pop(policy_uuid, None)
        by_peers = self._by_policy.pop(policy_uuid, {})
        kept = {key: records for key, records in by_peers.items() if node_uuid not in (None, key[0])}
        if kept:
            self._by_policy[policy_uuid] = kept

    def clear(self) -> None:
        """End all of them."""
        self._by_policy.clear()
        self._looks.clear()

    def due(self, policy: Record, looks: int, counted: bool) -> bool:
        """Return whether a policy without associations gets some after as many looks; this one counts if `counted`."""
        if policy["uuid"] in self._by_policy:
            return False
        if self._looks[policy["uuid"]] >= looks:
            return True
        self._looks[policy["uuid"]] += counted
        return False


def _association(kind: str, policy: Record, peers: Peers) -> Record:
    owner: Record = {path: policy[path] for path in ("svm.name", "svm.uuid") if path in policy}
    addresses = {"local_address": peers.local, "remote_address": peers.remote}
    return {
        "uuid": str(uuid.uuid4()),
        "type": kind,
        "node.name": peers.node["name"],
        "node.uuid": peers.node["uuid"],
        "scope": policy.get("scope", "svm" if owner else "cluster"),
        **owner,
        "policy_name": policy["name"],
        **{path: address for path, address in addresses.items() if address is not None},
        "cipher_suite": _CIPHER_SUITE,
    }


def _host(policy: Record, endpoint: str) -> str | None:
    address, netmask = (policy.get(f"{endpoint}.{part}") for part in ("address", "netmask"))
    if address is None:
        return None
    interface = ip_interface(f"{address}/{netmask}")
    network = interface.network
    is_network = network.num_addresses > 1 and interface.ip == network.network_address
    return str(interface.ip + 1 if is_network else interface.ip)


def _index(length: int) -> str:
    """Return a security parameter index, spelled as in the vendor's examples for the cluster network of 9.19."""
    return f"0x{secrets.token_hex(length)}"
