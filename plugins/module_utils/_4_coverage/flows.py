# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flows of an array, and what protects each: who may come, by interface, service and network, and who has come. Pure.

Services of one interface and network that the same policies cover in the same way are one flow.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, Union

from .._0_basics.overlaps import Prefix, Selector
from .._2_objects.data_interface import DATA_INTERFACE
from .._2_objects.nas import EXPORT_POLICY
from .verdicts import CLEAR, DISCARDED, OTHERWISE, PROTECTED, UNKNOWN, Column, Policies, Turn, Verdict, prefix_of

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

NFS, SMB, ISCSI = "nfs", "smb", "iscsi"
PROTOCOLS = (NFS, SMB, ISCSI)

EVERYBODY: tuple[Network, Network] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))

_NUMBERS = {"tcp": 6, "udp": 17}
_SERVED_BY = {NFS: "data_nfs", SMB: "data_cifs", ISCSI: "data_iscsi"}
_SIDE_PORTS = {"portmapper": 111, "mountd": 635, "nlm": 4045, "nsm": 4046, "rquotad": 4049}
"""What NFSv3 needs beside 2049, with ONTAP's default ports (docs/ontap_facts.md, 7)."""

_ANY_PORT = Prefix(0, 0, 16)


class Service(NamedTuple):
    """Something that listens on a port. group: the protocol that it belongs to."""

    group: str
    name: str
    protocol: str
    port: int

    @property
    def spelling(self) -> str:
        """As in ``tcp/2049``."""
        return f"{self.protocol}/{self.port}"


class Client(NamedTuple):
    """Who may come: a network, or a name that stands for addresses which nobody knows.

    versions: of NFS. sources: what lets it in.
    """

    name: str
    network: Network | None
    versions: frozenset[str] = frozenset()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Connection:
    """Somebody who is connected. version: of NFS. encryption: of SMB."""

    svm: str
    group: str
    client: str
    server: str
    version: str = ""
    encryption: str = ""
    port: int = 0


@dataclass
class Traffic:
    """What an array told of its traffic. ``None`` stands for what it did not tell.

    interfaces, exports, nfs, tls, smb: states of their resources. connections: of the protocols that were asked for.
    associations: as options, established or not.
    """

    interfaces: Sequence[Mapping[str, Any]] | None = None
    exports: Sequence[Mapping[str, Any]] | None = None
    nfs: Sequence[Mapping[str, Any]] | None = None
    tls: Sequence[Mapping[str, Any]] | None = None
    smb: Sequence[Mapping[str, Any]] | None = None
    connections: Sequence[Connection] = ()
    associations: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class Declared:
    """A client network that the user declares. groups, svms: what it is about; empty for all."""

    network: Network
    name: str = ""
    groups: frozenset[str] = frozenset()
    svms: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Question:
    """What is asked. services: ports beside those of ``groups``. names: addresses of hosts and netgroups, by name."""

    svms: frozenset[str] | None = None
    groups: frozenset[str] = frozenset(PROTOCOLS)
    services: tuple[Service, ...] = ()
    declared: tuple[Declared, ...] = ()
    names: Mapping[str, Sequence[Network]] = field(default_factory=dict)

    def about(self, svm: str) -> bool:
        """Whether an SVM is meant."""
        return self.svms is None or svm in self.svms


@dataclass(frozen=True)
class Fate:
    """What becomes of a flow, whatever protects it. after: what does by a change, empty if there is none."""

    verdict: Verdict
    state: str
    means: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    turn: Turn | None = None
    after: str = ""

    @property
    def loses(self) -> bool:
        """Whether a change takes protection from packets that nothing else protects."""
        return self.turn is not None and self.turn.lost > 0 and self.after != OTHERWISE


@dataclass(frozen=True)
class Flow(Fate):
    """Packets between an interface and clients, of services that fare alike."""

    svm: str = ""
    interface: str = ""
    address: str = ""
    client: Client = Client("", None)
    services: tuple[Service, ...] = ()
    in_use: bool | None = None
    observed: bool = False


class Strength:
    """By which clients of an SVM can be protected otherwise, because every export rule that lets them in asks for it."""

    def __init__(self, rules: Iterable[tuple[Network | None, str | None]]) -> None:
        self._asked: dict[Prefix, set[str | None]] = {}
        """What rules ask for by the network that they let in; ``None`` stands for nothing."""
        self._names: set[str | None] = set()
        """The same of those that let in whoever has a name: that may be anybody."""
        for network, means in rules:
            (self._names if network is None else self._asked.setdefault(prefix_of(network), set())).add(means)
        self._sorted = sorted(self._asked)
        self._known: dict[Prefix, tuple[str, ...]] = {}

    def means(self, network: Network | None) -> tuple[str, ...]:
        """What protects all that rules let in from a network; nothing where one of them asks for nothing."""
        if network is None or None in self._names:
            return ()
        prefix = prefix_of(network)
        if prefix not in self._known:
            asked = set().union(*(self._asked[one] for one in self._overlapping(prefix)))
            certain = asked and None not in asked
            self._known[prefix] = tuple(sorted(map(str, asked | self._names))) if certain else ()
        return self._known[prefix]

    def _overlapping(self, network: Prefix) -> Iterator[Prefix]:
        """Networks of rules that contain a network, and those within it, without looking at any other."""
        for length in range(network.length):
            if network.cut(length) in self._asked:
                yield network.cut(length)
        last = network.value + (1 << network.width - network.length) - 1
        for position in range(bisect_left(self._sorted, network), len(self._sorted)):
            one = self._sorted[position]
            if one.value > last:
                return
            if one.width == network.width:
                yield one


def spelled(network: Network) -> str:
    """A network as people write it: one address without a length."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _order_of_client(client: Client) -> tuple[Any, ...]:
    return client.network is None, _order(client.network) if client.network else client.name


def _order(network: Network) -> tuple[int, int, int]:
    return network.version, int(network.network_address), network.prefixlen


class Array:
    """One array: what it told of its traffic, and what is asked of it."""

    def __init__(self, traffic: Traffic, question: Question) -> None:
        self._traffic, self._question = traffic, question
        self._nfs = _by_svm(traffic.nfs)
        self._smb = _by_svm(traffic.smb)
        self._rules = self._read_rules()
        self._strength = {
            svm: Strength((network, EXPORT_POLICY.strong(rule)) for _source, rule, _name, network in rules)
            for svm, rules in self._rules.items()
        }
        self._tls = {(one.get("svm"), one["interface"]) for one in traffic.tls or () if one.get("enabled") is not False}
        self._interfaces = [
            one
            for one in traffic.interfaces or ()
            if one.get("address") and one.get("svm") and one.get("scope") != "cluster" and DATA_INTERFACE.of_data(one)
        ]
        self._named = sorted(
            (one for one in question.declared if one.name), key=lambda one: one.network.prefixlen, reverse=True
        )
        self._associated = _associated(traffic.associations)

    @property
    def interfaces(self) -> list[Mapping[str, Any]]:
        """Those by which clients reach data, of the SVMs that are meant."""
        return [one for one in self._interfaces if self._question.about(str(one["svm"]))]

    def _read_rules(self) -> dict[str, list[tuple[str, Mapping[str, Any], str, Network | None]]]:
        """By SVM, each rule and client that it lets in: source, rule, the client as the rule has it, and its network."""
        found: dict[str, list[tuple[str, Mapping[str, Any], str, Network | None]]] = {}
        for policy in self._traffic.exports or ():
            for rule in policy.get("rules") or ():
                if not EXPORT_POLICY.lets_in(rule) or not EXPORT_POLICY.versions(rule):
                    continue
                source = f"export policy {policy['name']}, rule {rule['index']}"
                for name in rule["clients"]:
                    for network in self._networks(name):
                        found.setdefault(str(policy.get("svm")), []).append((source, rule, name, network))
        return found

    def _networks(self, name: str) -> Sequence[Network | None]:
        try:
            return [ipaddress.ip_network(name, strict=False)]
        except ValueError:
            return self._question.names.get(name) or [None]

    # Who may come.

    def intended(self, policies: Policies) -> Iterator[Flow]:
        """Every interface, service and network of clients that may come there."""
        for interface in self.interfaces:
            svm = str(interface["svm"])
            for group in (*PROTOCOLS, *(() if not self._question.services else ("",))):
                if group and (
                    group not in self._question.groups or not DATA_INTERFACE.serves(interface, _SERVED_BY[group])
                ):
                    continue
                for client in sorted(self._clients(svm, group), key=_order_of_client):
                    services = self._services(svm, group, client.versions)
                    yield from self._flows(policies, interface, client, services)

    def _clients(self, svm: str, group: str) -> list[Client]:
        if group == NFS and self._traffic.exports is not None:
            return self._mounting(svm)
        own = [
            one
            for one in self._question.declared
            if (not one.groups or group in one.groups) and (not one.svms or svm in one.svms)
        ]
        versions = frozenset({"v3", "v4"}) if group == NFS else frozenset()
        if own:
            return [Client(spelled(one.network), one.network, versions, ("declared",)) for one in own]
        return [Client(str(one), one, versions, ("anybody, because nothing limits it",)) for one in EVERYBODY]

    def _mounting(self, svm: str) -> list[Client]:
        """Who may mount by NFS, each network once."""
        found: dict[tuple[str, Network | None], tuple[set[str], dict[str, None]]] = {}
        for source, rule, name, network in self._rules.get(svm, ()):
            key = (name if network is None else spelled(network), network)
            versions, sources = found.setdefault(key, (set(), {}))
            versions |= EXPORT_POLICY.versions(rule)
            sources[source] = None
        return [Client(*key, frozenset(versions), tuple(sources)) for key, (versions, sources) in found.items()]

    def _services(self, svm: str, group: str, versions: frozenset[str]) -> list[Service]:
        if group == NFS:
            return list(self._services_of_nfs(svm, versions))
        if group == SMB:
            known = self._smb.get(svm, {}) if self._traffic.smb is not None else {"enabled": True}
            return [Service(SMB, SMB, "tcp", 445)] if known and known.get("enabled") is not False else []
        return [Service(ISCSI, ISCSI, "tcp", 3260)] if group == ISCSI else list(self._question.services)

    def _services_of_nfs(self, svm: str, versions: frozenset[str]) -> Iterator[Service]:
        """What listens for these versions; what the service does not say of itself, it may be doing."""
        known = self._nfs.get(svm) if self._traffic.nfs is not None else {}
        if known is None or known.get("enabled") is False:
            return
        v3 = "v3" in versions and known.get("v3") is not False
        v4 = "v4" in versions and not (known.get("v40") is False and known.get("v41") is False)
        tcp, udp = known.get("tcp") is not False, known.get("udp") is not False
        if (v3 or v4) and tcp:
            yield Service(NFS, NFS, "tcp", 2049)
        if v3 and udp:
            yield Service(NFS, NFS, "udp", 2049)
        if v3:
            for name, port in _SIDE_PORTS.items():
                for protocol in _NUMBERS:
                    yield Service(NFS, name, protocol, known.get(name) or port)

    # Who has come.

    def observed(self, policies: Policies) -> Iterator[Flow]:
        """Everybody who is connected, once for each interface, protocol and version."""
        by_address = {(one["svm"], one["address"]): one for one in self._interfaces}
        for one in sorted(set(self._traffic.connections), key=_order_of_connection):
            if not self._question.about(one.svm):
                continue
            unknown = {"name": "", "address": one.server, "svm": one.svm}
            interface = by_address.get((one.svm, one.server), unknown)
            network = ipaddress.ip_network(one.client)
            yield from self._flows(policies, interface, Client(one.client, network), self._used(one), one)

    def _used(self, connection: Connection) -> list[Service]:
        if connection.group == SMB:
            return [Service(SMB, SMB, "tcp", 445)]
        if connection.group == ISCSI:
            return [Service(ISCSI, ISCSI, "tcp", connection.port)]
        found = list(self._services_of_nfs(connection.svm, frozenset({connection.version})))
        # Which transport it uses, ONTAP does not say. TCP is what every client takes by default.
        tcp = any(one.name == NFS and one.protocol == "tcp" for one in found)
        kept = [one for one in found if not (tcp and one.name == NFS and one.protocol == "udp")]
        return kept or [Service(NFS, NFS, "tcp", 2049)]

    # What protects them.

    def _flows(
        self,
        policies: Policies,
        interface: Mapping[str, Any],
        client: Client,
        services: Sequence[Service],
        connection: Connection | None = None,
    ) -> Iterator[Flow]:
        """The flows of one interface and client, services that fare alike together."""
        address = ipaddress.ip_address(str(interface["address"]).partition("%")[0])
        network: Network = client.network or EVERYBODY[0 if address.version == 4 else 1]
        if network.version != address.version or not services:
            return
        alike: dict[Any, list[Service]] = {}
        columns: dict[Any, Column] = {}
        remote, local = prefix_of(network), prefix_of(address)
        for service in services:
            box = (remote, local, *_ports(service))
            column = policies.column(str(interface["svm"]), box)
            lines = tuple((weight, id(line)) for weight, line in column)
            key = (lines, *self._other_means(service, interface, client, connection))
            alike.setdefault(key, []).append(service)
            columns[key] = column
        fates: list[tuple[Fate, bool | None, list[Service]]] = []
        for key, same in alike.items():
            fate = self._fate(policies.judge(columns[key], remote), client, *key[1:])
            in_use = None
            if fate.state == PROTECTED and client.network is not None:
                boxes = [(remote, local, *_ports(one)) for one in same]
                in_use = self._in_use(policies, str(interface["svm"]), str(interface["address"]), boxes)
            known = next((others for one, used, others in fates if (one, used) == (fate, in_use)), None)
            if known is None:
                fates.append((fate, in_use, list(same)))
            else:
                known.extend(same)
        for fate, in_use, same in fates:
            yield Flow(
                svm=str(interface["svm"]),
                interface=str(interface["name"]),
                address=str(interface["address"]),
                client=client,
                services=tuple(sorted(same, key=services.index)),
                in_use=in_use,
                observed=connection is not None,
                **vars(fate),
            )

    def _fate(
        self, judged: tuple[Verdict, Turn | None], client: Client, means: tuple[str, ...], notes: tuple[str, ...]
    ) -> Fate:
        verdict, turn = judged
        state, note = self._state(verdict, client, means)
        return Fate(
            verdict=verdict,
            state=state,
            means=means if state == OTHERWISE else (),
            notes=(*notes, *note),
            turn=turn,
            after=self._state(turn.after, client, means)[0] if turn else "",
        )

    @staticmethod
    def _state(verdict: Verdict, client: Client, means: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """What becomes of a flow, whatever protects it, and what is to be said of that."""
        if means and verdict.state not in (PROTECTED, DISCARDED):
            return OTHERWISE, ()
        if client.network is None and verdict.state not in (PROTECTED, CLEAR):
            # Whatever the name stands for is a part of all addresses, and nobody knows which.
            return UNKNOWN, ("which addresses this name stands for is not known",)
        return verdict.state, ()

    def _other_means(
        self, service: Service, interface: Mapping[str, Any], client: Client, connection: Connection | None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What protects a service beside IPsec, and what is to be said of that."""
        svm = str(interface["svm"])
        if service.group == SMB:
            if connection and connection.encryption == "encrypted":
                return ("smb_encryption",), ()
            if connection:
                partly = connection.encryption == "partially_encrypted"
                return (), ("SMB encrypts some of its shares",) if partly else ()
            required = self._smb.get(svm, {}).get("encryption_required") is True
            return (("smb_encryption",) if required else ()), ()
        if service.name != NFS:
            return (), ()
        strength = self._strength.get(svm)
        means = strength.means(client.network) if strength else ()
        offered = (svm, interface["name"]) in self._tls and service.protocol == "tcp"
        if offered and "nfs_tls" not in means:
            return means, ("NFS over TLS is offered here, and not required",)
        return means, ()

    def _in_use(self, policies: Policies, svm: str, address: str, boxes: Sequence[Selector]) -> bool | None:
        """Whether a client has an association of a policy for one of these boxes: one for SMB is none for NFS."""
        if self._associated is None:
            return None
        peers = self._associated.get((svm, address), [])
        network = boxes[0][0]
        first = bisect_left(peers, (network.value, ""))
        last = bisect_left(peers, (network.value + (1 << network.width - network.length), ""))
        names = {name for _remote, name in peers[first:last]}
        return any(policies.concerns(svm, name, box) for name in names for box in boxes)

    def label(self, network: Network | None) -> str:
        """How the user calls a network: the smallest declared one that has it all."""
        if network is None:
            return ""
        for one in self._named:
            if one.network.version == network.version and network.subnet_of(one.network):  # type: ignore[arg-type]
                return one.name
        return ""


@cache
def _ports(service: Service) -> tuple[Prefix, Prefix, Prefix]:
    """Protocol, local port and remote port of a service, for which clients take any port."""
    return Prefix(_NUMBERS[service.protocol], 8, 8), Prefix(service.port, 16, 16), _ANY_PORT


def _by_svm(states: Sequence[Mapping[str, Any]] | None) -> dict[str, Mapping[str, Any]]:
    return {str(one.get("svm")): one for one in states or ()}


def _order_of_connection(one: Connection) -> tuple[Any, ...]:
    return (
        one.svm,
        one.group,
        one.server,
        ipaddress.ip_address(one.client).version,
        int(ipaddress.ip_address(one.client)),
        one.version,
        one.encryption,
        one.port,
    )


def _associated(
    associations: Sequence[Mapping[str, Any]] | None,
) -> dict[tuple[str, str], list[tuple[int, str]]] | None:
    """By SVM and local address, with whom associations protect packets now, and by which policy, sorted."""
    if associations is None:
        return None
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for one in associations:
        if one["type"] == "ipsec" and one.get("local_address") and one.get("remote_address"):
            remote = ipaddress.ip_address(str(one["remote_address"]).partition("%")[0])
            peer = (int(remote), str(one.get("policy") or ""))
            found.setdefault((str(one.get("svm")), str(one["local_address"])), []).append(peer)
    return {key: sorted(peers) for key, peers in found.items()}


def authenticating(associations: Iterable[Mapping[str, Any]] | None) -> set[tuple[Any, Any]]:
    """SVM and name of the policies whose associations authenticate packets and encrypt none (``suiteb_gmac256``)."""
    return {
        (one.get("svm"), one.get("policy"))
        for one in associations or ()
        if str(one.get("cipher_suite") or "").endswith("gmac256")
    }
