# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the array holds and how it is set: SVMs, certificates, policies, associations, jobs, limits, switches."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from . import associations, pem
from .access import Accounts
from .approvals import Approvals
from .associations import Associations, Peers, Traffic
from .authority import installed, installed_authority
from .events import CATALOGUE, EVENT_FILTERS, Events, Packet, between, covers, sa_text
from .interventions import Interventions
from .jobs import Jobs
from .schema import Record
from .unknowns import Unknowns
from .versions import Version, parse

ADMIN_SVM = "cluster1"

KINDS = (
    "interfaces",
    "export_policies",
    "nfs_services",
    "nfs_tls_interfaces",
    "nfs_clients",
    "smb_services",
    "smb_sessions",
    "iscsi_sessions",
)
"""What there is of the data that is served, each a list of records."""


def new_uuid() -> str:
    """Return a UUID as ONTAP would make it up."""
    return str(uuid.uuid4())


class Policies:
    """The stored policies, found by UUID or by name without a search through all of them."""

    def __init__(self) -> None:
        self._by_uuid: dict[str, Record] = {}
        self._by_name: dict[str, dict[str, Record]] = {}

    def __len__(self) -> int:
        return len(self._by_uuid)

    def all(self) -> Iterable[Record]:
        """Return every policy, in no order."""
        return self._by_uuid.values()

    def get(self, uuid_: str) -> Record | None:
        """Return the policy of this UUID."""
        return self._by_uuid.get(uuid_)

    def named(self, name: str) -> list[Record]:
        """Return the policies of this name in any case, on any SVM."""
        return list(self._by_name.get(name.casefold(), {}).values())

    def put(self, record: Record) -> None:
        """Store a policy; one of the same UUID is replaced."""
        self.remove(record["uuid"])
        self._by_uuid[record["uuid"]] = record
        self._by_name.setdefault(record["name"].casefold(), {})[record["uuid"]] = record

    def remove(self, uuid_: str) -> None:
        """Remove the policy of this UUID if it is there."""
        record = self._by_uuid.pop(uuid_, None)
        if record is not None:
            del self._by_name[record["name"].casefold()][uuid_]


@dataclass
class State:
    """One array. The settings are those that a test may change at any time; everything is dropped by a reset."""

    version_text: str
    unknowns: Unknowns
    page_size: int
    accounts: Accounts = field(default_factory=Accounts)
    interventions: Interventions = field(default_factory=Interventions)
    approvals: Approvals = field(default_factory=Approvals)
    jobs: Jobs = field(default_factory=Jobs)
    policies: Policies = field(default_factory=Policies)
    associations: Associations = field(default_factory=Associations)
    events: Events = field(default_factory=Events)
    svms: dict[str, Record] = field(default_factory=dict)
    ipspaces: dict[str, Record] = field(default_factory=dict)
    certificates: dict[str, Record] = field(default_factory=dict)
    ca_certificates: dict[str, Record] = field(default_factory=dict)
    destinations: dict[str, Record] = field(default_factory=dict)
    event_filters: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(EVENT_FILTERS))
    cluster: Record = field(default_factory=dict)
    nodes: dict[str, Record] = field(default_factory=dict)
    ipsec: Record = field(default_factory=dict)
    served: dict[str, list[Record]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    policy_limit_per_svm: int | None = None
    policy_limit_cluster: int | None = None
    request_limit: int | None = None
    search_rate: int | None = None
    migrating_svms: set[str] = field(default_factory=set)
    out_of_quorum: set[str] = field(default_factory=set)
    rules_in_policies: int | None = None
    mixed_version: bool = False
    low_ecv: bool = False
    metrocluster: bool = False
    now: datetime | None = None
    auto_establish: bool | int = False
    restarts: int = 0

    def __post_init__(self) -> None:
        self.cluster = {"uuid": new_uuid(), "name": ADMIN_SVM, "location": "simulated", "contact": "nobody"}
        for name in (f"{ADMIN_SVM}-01", f"{ADMIN_SVM}-02"):
            self.add_node(name)
        for name in ("Default", "Cluster"):
            ipspace = new_uuid()
            self.ipspaces[ipspace] = {"uuid": ipspace, "name": name}
        self.destinations["snmp-traphost"] = {
            "name": "snmp-traphost",
            "type": "snmp",
            "destination": "",
            "filters": [{"name": "default-trap-events"}],
            "system_defined": True,
        }
        self.ipsec = {"enabled": True, "replay_window": 0, "offload_enabled": False}
        self.add_svm(ADMIN_SVM)
        for name in ("svm1", "svm2"):
            self.add_svm(name)
            self.add_certificate("ipsec-cert", name, "server")
        authority = installed_authority().certificate
        self.add_certificate(
            "ipsec-ca", "svm1", "server_ca", **pem.facts(pem.one_in(authority)), public_certificate=authority
        )
        self.add_certificate("cluster-cert", None, "server")

    @property
    def version(self) -> Version:
        """The release, comparable."""
        return parse(self.version_text)

    def time(self) -> datetime:
        """Return what time it is on the array."""
        return self.now or datetime.now(UTC)

    def add_node(self, name: str) -> str:
        """Let the cluster have a further node, and return its UUID."""
        uuid_ = new_uuid()
        self.nodes[uuid_] = {"uuid": uuid_, "name": name, "state": "up"}
        return uuid_

    def add_svm(self, name: str) -> str:
        """Create an SVM in the default IPspace and return its UUID."""
        uuid_ = new_uuid()
        default = next(ipspace for ipspace in self.ipspaces.values() if ipspace["name"] == "Default")
        self.svms[uuid_] = {
            "uuid": uuid_,
            "name": name,
            "state": "running",
            "subtype": "default",
            "ipspace.name": default["name"],
            "ipspace.uuid": default["uuid"],
        }
        return uuid_

    def remove_svm(self, uuid_: str) -> None:
        """Remove an SVM with its certificates and policies."""
        del self.svms[uuid_]
        for kept in (self.certificates, self.ca_certificates):
            for key in [key for key, one in kept.items() if one.get("svm.uuid") == uuid_]:
                del kept[key]
        for kind, records in self.served.items():
            self.served[kind] = [one for one in records if one["svm.uuid"] != uuid_]
        for record in [one for one in self.policies.all() if one.get("svm.uuid") == uuid_]:
            self.remove_policy(record["uuid"])

    def svm(self, name: str) -> Record | None:
        """Return the SVM of this name."""
        return next((svm for svm in self.svms.values() if svm["name"] == name), None)

    def data_svms(self) -> list[Record]:
        """Return the SVMs that serve data: all but the admin SVM."""
        return [svm for svm in self.svms.values() if svm["name"] != ADMIN_SVM]

    def add_certificate(self, name: str, svm: str | None, kind: str, **details: Any) -> str:
        """Install a certificate on an SVM, or for the cluster, and return its UUID.

        It is for svm1.example.com, say, and good for a year, unless `details` say otherwise.
        """
        uuid_ = new_uuid()
        is_end = kind in ("client", "server")
        common_name = details.get("common_name") or (f"{svm}.example.com" if is_end and svm else name)
        end = details.get("expiry_time") or (self.time() + timedelta(days=366)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        text = installed(common_name, not is_end, end if isinstance(end, datetime) else datetime.fromisoformat(end))
        record: Record = {
            "uuid": uuid_,
            "name": name,
            "type": kind,
            "scope": "cluster" if svm is None else "svm",
            **pem.facts(pem.one_in(text)),
            "public_certificate": text,
            **details,
        }
        if svm is not None:
            owner = self.svm(svm)
            if owner is None:
                raise KeyError(svm)
            record |= {"svm.name": svm, "svm.uuid": owner["uuid"]}
        self.certificates[uuid_] = record
        return uuid_

    def add_ca_certificate(self, certificate: Record) -> Record:
        """Let IPsec trust an authority whose certificate is installed, and return the new record."""
        owner: Record = {path: certificate[path] for path in ("scope", "svm.name", "svm.uuid") if path in certificate}
        record: Record = {"certificate.uuid": certificate["uuid"], **owner}
        self.ca_certificates[certificate["uuid"]] = record
        return record

    # --- what has an effect on associations (fact sheet 8) ---

    def configure_ipsec(self, changes: Record) -> None:
        """Change the configuration of the IPsec service."""
        self.ipsec |= changes
        if not self.ipsec["enabled"]:
            self.associations.clear()

    def put_policy(self, record: Record) -> None:
        """Store a policy; one of the same UUID is replaced."""
        old = self.policies.get(record["uuid"])
        if old is not None and associations.ended_by(old, record, self.unknowns.associations_on_change):
            self.associations.drop(record["uuid"])
        self.policies.put(record)

    def remove_policy(self, uuid_: str) -> None:
        """Remove the policy of this UUID if it is there."""
        self.policies.remove(uuid_)
        self.associations.drop(uuid_)

    def protects(self, policy: Record) -> bool:
        """Whether a policy can have associations at all."""
        protecting = policy.get("action") in ("esp_transport", "esp_udp")
        return bool(protecting and policy.get("enabled", True) and self.ipsec["enabled"])

    def establish(
        self,
        policy: Record,
        peers: Peers,
        ike_state: str = "established",
        is_initiator: bool = False,
        traffic: tuple[Traffic, Traffic] | None = (Traffic(), Traffic()),
    ) -> list[Record]:
        """Let a policy have associations with a peer, the one for IPsec only if there is traffic, in and out."""
        records = [associations.ike(policy, peers, ike_state, is_initiator)]
        if traffic is not None:
            records.append(associations.ipsec(policy, peers, *traffic, offloaded=self.ipsec["offload_enabled"]))
        self.associations.put(policy, peers, records)
        return records

    def catch_up(self, *, counted: bool) -> None:
        """Let policies have the associations that come by themselves; `counted` says that this is one more look."""
        if self.auto_establish is False:
            return
        looks = 0 if self.auto_establish is True else self.auto_establish
        node = next(iter(self.nodes.values()))
        for policy in self.policies.all():
            if self.protects(policy) and self.associations.due(policy, looks, counted):
                self.establish(policy, Peers.of(policy, node))

    # --- what IPsec says of packets (fact sheet 7.2) ---

    def log(self, name: str, node: Record, **parameters: str) -> Record:
        """Write an event of NetApp's catalogue into the log: every event of IPsec comes by here."""
        severity, text = CATALOGUE[name]
        return self.events.put(node, name, severity, text.format(**parameters), parameters, self.time())

    def packet_in(self, packet: Packet, spi: str | None, *, damaged: bool, replayed: bool) -> Record | None:
        """Let a packet come in, in clear or as ESP with an index; return the event that it leads to, if any."""
        policy = next((one for one in self.policies.all() if self.protects(one) and covers(one, packet)), None)
        if not self.ipsec["enabled"]:
            return None
        node = self._node_of(packet.local)
        addresses = {"srcAddr": packet.remote, "dstAddr": packet.local}
        if spi is None:
            return policy and self.log("ipsec.ib.policy.violation", node, protocol=packet.protocol, **addresses)
        known = self._with_index(spi, packet)
        if known is None:
            return self.log("ipsec.ib.no.lookup", node, spi=spi, **addresses)
        text = sa_text(self.unknowns.association_text, spi, packet.remote, packet.local)
        if damaged:
            return self.log("ipsec.ib.bad.encrypt", node, sa2str=text)
        if replayed and self.ipsec["replay_window"]:
            return self.log("ipsec.ib.no.replay", node, sa2str=text)
        return None

    def packet_out(self, packet: Packet) -> Record | None:
        """Let a packet be sent; return the event that it leads to if a policy protects it and nothing is negotiated."""
        if not any(self.protects(one) and covers(one, packet) for one in self.policies.all()):
            return None
        if any(one["type"] == "ipsec" and between(one, packet) for one in self.associations.all()):
            return None
        return self.log("ipsec.ob.no.acquire", self._node_of(packet.local), srcAddr=packet.local, dstAddr=packet.remote)

    def _with_index(self, spi: str, packet: Packet) -> Record | None:
        path = "ipsec.inbound.security_parameter_index"
        return next((one for one in self.associations.all() if one.get(path) == spi and between(one, packet)), None)

    def _node_of(self, address: str) -> Record:
        """Return the node on which an interface has the address, the first one if none has."""
        homes = (one for one in self.served["interfaces"] if one["ip.address"] == address)
        uuid_ = next((one["location.node.uuid"] for one in homes), next(iter(self.nodes)))
        return self.nodes[uuid_]
