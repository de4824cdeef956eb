# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one client needs so that IPsec policies of arrays can be met: from policies to connections. Pure.

A policy is written from the array's side: its local endpoint is the array, its remote endpoint the clients. A connection is the
same seen from one client, in the words of no particular daemon.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Union

from ...module_utils._0_basics import identities, normalize
from ...module_utils._0_basics.overlaps import A_WIDER, B_WIDER, EQUAL, Prefix, Selector, duplicates, related
from ...module_utils._3_state.protection import selector_of

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

PROTECT, PASS, DROP = "protect", "pass", "drop"
"""What a connection does with its packets: ESP, in clear although a wider connection protects, or not at all."""

_DOES = {"esp_transport": PROTECT, "esp_udp": PROTECT, "bypass": PASS, "discard": DROP}

PSK, PKI = "psk", "pki"

IKE_LIFETIME, ESP_LIFETIME = 86_400, 28_800
"""Seconds: what ONTAP's policies have by default (docs/ontap_facts.md, 2.1). REST has no field for either."""

PEER_GONE = 5
"""Seconds of silence after which a client asks whether the array is still there. With ten, TCP goes on after half a minute only."""

NO_ANSWER = 5
"""Seconds without an answer after which the array counts as gone, or as somebody who knows nothing of the associations."""

LONGEST_NAME = 90
"""Of a connection. swanctl cuts the path of a section at 128 characters, without a word."""


@dataclass(frozen=True)
class Client:
    """What is known of a client.

    name: for people. addresses: as the array sees them. identities: of its certificate, the subject first. certificate,
    authorities: how its daemon finds them; ``None`` where there is none. array_addresses: of the interfaces
    of arrays, as far as they are known, for policies of which the local endpoint is a subnet.
    """

    name: str
    addresses: Sequence[str]
    identities: Sequence[str] = ()
    certificate: str | None = None
    authorities: Sequence[str] = ()
    array_addresses: Sequence[str] = ()


@dataclass(frozen=True)
class Source:
    """The policy that something comes from.

    svm: ``None`` for cluster scope. path, line: where it is written. file: the path from the folder of all clusters on, which is the
    same on each machine that has the files. clients: the network of the addresses that it is for.
    """

    cluster: str
    svm: str | None
    policy: str
    path: str = ""
    line: int = 0
    file: str = ""
    clients: str = ""

    def __str__(self) -> str:
        place = f" on SVM {self.svm}" if self.svm is not None else ""
        return f"policy {self.policy}{place} of {self.cluster}"


@dataclass(frozen=True)
class ArrayPolicy:
    """A policy of a file. state: in the forms of the resource, secrets among it. unknown: why, by option, what is not known."""

    source: Source
    state: Mapping[str, Any] = field(repr=False)
    present: bool = True
    unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """What the files of a cluster say of its service; ``None`` where they say nothing."""

    replay_window: int | None = None
    offload: bool | None = None


@dataclass(frozen=True)
class End:
    """One end of a connection. network: the addresses. port: 0 for any. identity: ``None`` if it follows from the rest."""

    network: Network
    port: int = 0
    identity: str | None = None

    @property
    def address(self) -> str | None:
        """The only address, ``None`` where there are several."""
        return str(self.network.network_address) if self.network.num_addresses == 1 else None


@dataclass(frozen=True)
class Connection:
    """What a client needs for one policy, or for several that come to the same.

    protocol: number, 0 for any. method: ``psk`` or ``pki``, empty where nothing is protected. key, ppk_key: the bytes of secrets.
    in_udp: whether ESP is to be in UDP. replay_window: in packets, ``None`` for the daemon's own. exception: whether packets that
    are not protected lie within what another connection protects.
    """

    name: str
    sources: tuple[Source, ...]
    does: str
    local: End
    remote: End
    protocol: int = 0
    method: str = ""
    key: bytes = field(default=b"", repr=False)
    ppk_identity: str | None = None
    ppk_key: bytes = field(default=b"", repr=False)
    in_udp: bool = False
    replay_window: int | None = None
    exception: bool = False

    @property
    def cluster(self) -> str:
        """The cluster whose files it comes from."""
        return self.sources[0].cluster

    @property
    def selector(self) -> Selector:
        """Its packets, as overlaps are found by."""
        ends = (self.local, self.remote)
        networks = [one.network for one in ends]
        points = [(self.protocol, 8), *((one.port, 16) for one in ends)]
        return (
            *(Prefix(int(one.network_address), one.prefixlen, one.max_prefixlen) for one in networks),
            *(Prefix(value, width if value else 0, width) for value, width in points),
        )

    def same_as(self, other: Connection) -> bool:
        """Whether two connections differ in nothing but where they come from."""
        return replace(self, name="", sources=()) == replace(other, name="", sources=())


@dataclass(frozen=True)
class Unconcerned:
    """A policy that a client need not know, and why."""

    source: Source
    reason: str


@dataclass
class Needed:
    """What a client needs. problems: because of which nothing may be written. warnings: what somebody should know."""

    connections: list[Connection] = field(default_factory=list)
    unconcerned: list[Unconcerned] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def needed(client: Client, policies: Iterable[ArrayPolicy], services: Mapping[str, Service] | None = None) -> Needed:
    """The connections that a client needs, by name. services: by cluster. Raises nothing for what users may have done wrong."""
    result = Needed()
    found: list[Connection] = []
    for policy in policies:
        reason = _why_not(client, policy)
        if reason:
            result.unconcerned.append(Unconcerned(policy.source, reason))
            continue
        problems = _lacking(client, policy)
        result.problems += [f"{place(policy.source)}: {problem}" for problem in problems]
        if not problems:
            service = (services or {}).get(policy.source.cluster, Service())
            found += _of_policy(client, policy, service, result)
    result.connections = _settled(found, result)
    # Connections for several addresses of the client differ in nothing that is told.
    result.problems, result.warnings = list(dict.fromkeys(result.problems)), list(dict.fromkeys(result.warnings))
    return result


def name_of(*parts: str) -> str:
    """A name that daemons, shells and file systems take for what it is, and no other parts have."""
    name = "--".join(_plain(part) for part in parts)
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 9].rstrip('-')}-{_digest(name)}"
    return f"wiresec-{name}"


def _plain(part: str) -> str:
    """A part of a name, with a digest of itself where characters of it are lost."""
    if re.fullmatch(r"[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*", part):
        return part
    kept = re.sub(r"[^A-Za-z0-9_]+", "-", part).strip("-")
    return f"{kept}-{_digest(part)}" if kept else _digest(part)


def _readable(host: Network) -> str:
    """An address as a part of a name. No two of them come to the same."""
    return str(host[0]).replace(".", "-") if host.version == 4 else host[0].exploded.replace(":", "")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def place(source: Source) -> str:
    """A policy, and where it is written."""
    return f"{source.path}:{source.line}: {source}" if source.path else str(source)


# One policy.


def _why_not(client: Client, policy: ArrayPolicy) -> str:
    """Why a policy does not concern a client; empty if it does, or if nobody can tell."""
    state = policy.state
    if not policy.present:
        return "is to be absent"
    if state.get("enabled", True) is False and "enabled" not in policy.unknown:
        return "is disabled"
    remote = network_of(state, "remote_endpoint")
    if remote is None or _addresses_in(client.addresses, remote):
        return ""
    return f"remote_endpoint {remote} has none of the addresses {', '.join(client.addresses) or '(none are given)'}"


def _lacking(client: Client, policy: ArrayPolicy) -> list[str]:
    """What keeps a policy that concerns a client, or may do so, from being met."""
    state = policy.state
    problems = [f"{option}: {reason}" for option, reason in policy.unknown.items()]
    for option in ("action", "remote_endpoint.address", "local_endpoint.address"):
        if option not in state and not any(option.startswith(one) for one in policy.unknown):
            problems.append(f"{option}: is missing, so nobody can tell what a client needs.")
    if problems or _DOES[state["action"]] != PROTECT:
        return problems
    method = method_of(state)
    if method == PSK and "secret_key" not in state:
        problems.append("secret_key: is missing; a client can't authenticate without it.")
    if "ppk.identity" in state and "ppk.shared_key" not in state:
        problems.append("ppk.shared_key: is missing; a client can't authenticate without it.")
    if method == PKI:
        expected = state.get("remote_identity", identities.ANYTHING)
        if "local_identity" not in state:
            problems.append(
                "local_identity: is missing; without it a client would take anybody for the array whose certificate a trusted "
                "authority signed. Give the subject of the certificate of the array."
            )
        if client.certificate is None:
            problems.append(f"authenticates by certificates, and none is given for {client.name}.")
        elif (
            expected != identities.ANYTHING
            and client.identities
            and not any(identities.same(expected, one) for one in client.identities)
        ):
            problems.append(
                f"remote_identity: expects {expected!r}, and the certificate of {client.name} has {', '.join(map(repr, client.identities))}."
            )
    elif not method:
        problems.append("authentication_method: must be psk or pki where packets are to be protected.")
    return problems


def method_of(state: Mapping[str, Any]) -> str:
    """How a policy authenticates, ``psk`` or ``pki``; empty for neither."""
    implied = PKI if "certificate" in state else PSK if "secret_key" in state else ""
    method = str(state.get("authentication_method", implied))
    return method if method in (PSK, PKI) else ""


def network_of(state: Mapping[str, Any], side: str) -> Network | None:
    """The addresses of an endpoint, ``None`` where the policy does not say them."""
    address, netmask = state.get(f"{side}.address"), state.get(f"{side}.netmask")
    if not address or netmask is None:
        return None
    return ipaddress.ip_network(f"{address}/{netmask}", strict=False)


def _addresses_in(addresses: Iterable[str], network: Network) -> list[Network]:
    """Those of some addresses that are in a network, each as a network of its own."""
    hosts = [ipaddress.ip_network(normalize.ip_address(one)) for one in addresses]
    return sorted({one for one in hosts if one.version == network.version and one[0] in network})


def port_of(state: Mapping[str, Any], side: str) -> int:
    """The port of an endpoint, 0 for any."""
    return int(str(state.get(f"{side}.port", normalize.ANY_PORT)).partition("-")[0])


def _of_policy(client: Client, policy: ArrayPolicy, service: Service, result: Needed) -> Iterator[Connection]:
    """The connections for one policy: one for each pair of addresses that the policy leaves open."""
    state, source = policy.state, policy.source
    clients, arrays = network_of(state, "remote_endpoint"), network_of(state, "local_endpoint")
    whole = selector_of(state)
    if clients is None or arrays is None or whole is None:
        result.problems.append(f"{place(source)}: its packets can't be told; give endpoints and protocol.")
        return
    does = _DOES[state["action"]]
    known = _addresses_in(client.array_addresses, arrays)
    # A shunt needs no peer to talk to, so it can be for the whole of a subnet.
    peers = known if does == PROTECT and known and arrays.num_addresses > 1 else [arrays]
    if does == PROTECT and arrays.version == 6 and not whole[2].value:
        result.warnings.append(
            f"{source} covers all protocols of IPv6, neighbour discovery among them; on a shared link nobody may find the other. "
            "Give protocol."
        )
    for own in _addresses_in(client.addresses, clients):
        for peer in peers:
            # What the policy itself leaves open tells its connections apart, and no name depends on how many there are.
            open_ends = [own] if clients.num_addresses > 1 else []
            open_ends += [peer] if arrays.num_addresses > 1 and peer.num_addresses == 1 else []
            connection = Connection(
                name=name_of(source.cluster, source.svm or "cluster-scope", source.policy, *map(_readable, open_ends)),
                sources=(replace(source, clients=str(clients)),),
                does=does,
                local=End(own, port_of(state, "remote_endpoint")),
                remote=End(peer, port_of(state, "local_endpoint")),
                protocol=whole[2].value,
            )
            yield _authenticated(connection, client, state, service) if does == PROTECT else connection


def _authenticated(connection: Connection, client: Client, state: Mapping[str, Any], service: Service) -> Connection:
    """A connection that protects, with who authenticates to whom and how.

    By a key both are their addresses unless the policy says otherwise (NetApp's guide). By certificates they are what the policy
    says; where it takes anything, the client is what its certificate says.
    """
    method = method_of(state)
    own, peer = state.get("remote_identity", identities.ANYTHING), state.get("local_identity")
    if own == identities.ANYTHING:
        own = connection.local.address if method == PSK else next(iter(client.identities), None)
    if peer is None and method == PSK:
        peer = connection.remote.address
    return replace(
        connection,
        local=replace(connection.local, identity=own),
        remote=replace(connection.remote, identity=peer),
        method=method,
        key=_bytes_of(state["secret_key"]) if method == PSK else b"",
        ppk_identity=state.get("ppk.identity"),
        ppk_key=_bytes_of(state["ppk.shared_key"]) if "ppk.identity" in state else b"",
        in_udp=state["action"] == "esp_udp",
        replay_window=_replay_window(service),
    )


def _replay_window(service: Service) -> int | None:
    """With hardware offload it must be off on both sides; otherwise what the array has is enough for the client, too."""
    if service.offload:
        return 0
    return service.replay_window or None


def _bytes_of(secret: str) -> bytes:
    """A key as the bytes that it stands for: ``0x`` is hexadecimal, ``0s`` is Base64, anything else is itself."""
    if secret.startswith("0x"):
        return binascii.unhexlify(secret[2:])
    if secret.startswith("0s"):
        return base64.b64decode(secret[2:])
    return secret.encode("ascii")


# All of them together.


def _settled(found: Sequence[Connection], result: Needed) -> list[Connection]:
    """Connections that don't contradict each other, by name."""
    kept: dict[int, Connection] = dict(enumerate(found))
    _merge_equal(kept, result)
    for family in {one.selector[0].width for one in found}:
        _settle_shunts({key: one for key, one in kept.items() if one.selector[0].width == family}, kept, result)
    _check_keys(kept.values(), result)
    return sorted(kept.values(), key=lambda one: one.name)


def _merge_equal(kept: dict[int, Connection], result: Needed) -> None:
    """Makes one of those that come to the same packets in the same way. Where protection differs, nobody knows which applies."""
    by_action: dict[str, dict[int, Selector]] = {}
    for key, one in kept.items():
        by_action.setdefault(one.does, {})[key] = one.selector
    for selectors in by_action.values():
        for key, earlier in duplicates(selectors).items():
            first = kept[earlier.first[0]]
            if not first.same_as(kept[key]):
                result.problems.append(
                    f"{place(kept[key].sources[0])}: for {_packets(first)} it wants something else than {first.sources[0]}, and NetApp does not "
                    "say which applies. Disable one of them, or make both the same."
                )
                continue
            kept[earlier.first[0]] = replace(first, sources=(*first.sources, *kept[key].sources))
            del kept[key]


def _settle_shunts(family: Mapping[int, Connection], kept: dict[int, Connection], result: Needed) -> None:
    """Leaves out what would take protection away from packets, or leave it to chance. Of what NetApp applies, nothing is known.

    Packets in clear are an exception only within what is protected. What is dropped may be wider than what is protected, because
    daemons put protection first there, but not the same.
    """
    selectors = {key: one.selector for key, one in family.items()}
    protecting = [key for key, one in family.items() if one.does == PROTECT]
    shunts = [key for key, one in family.items() if one.does != PROTECT]
    for some, rest, relation in related(selectors, protecting, shunts):
        for key in rest:
            shunt, protected = family[key], family[some[0]]
            if key in kept and relation == A_WIDER:
                kept[key] = replace(kept[key], exception=True)
            if key not in kept or relation == A_WIDER or (shunt.does == DROP and relation != EQUAL):
                continue
            del kept[key]
            does = "lets through in clear" if shunt.does == PASS else "discards"
            extent = "all" if relation in (EQUAL, B_WIDER) else "some"
            result.warnings += [
                f"{source} {does} {extent} of what {protected.sources[0]} protects, and NetApp does not say which applies. "
                "The client protects it."
                for source in shunt.sources
            ]


def _check_keys(kept: Iterable[Connection], result: Needed) -> None:
    """Whether a key can be found by who the two are, which is all that a daemon has."""
    first: dict[tuple[Any, ...], Connection] = {}
    for one in kept:
        if one.method == PSK:
            both = (one.local.identity, one.remote.identity or str(one.remote.network))
            other = first.setdefault(both, one)
            if (other.key, other.ppk_identity, other.ppk_key) != (one.key, one.ppk_identity, one.ppk_key):
                result.problems += [
                    f"{place(source)}: has another key than {other.sources[0]} for the same two identities ({both[0]} and "
                    f"{both[1]}). Give both the same key, or identities of their own."
                    for source in one.sources
                ]


def _packets(connection: Connection) -> str:
    """The packets of a connection, for people."""
    ends = [f"{one.network}{f' port {one.port}' if one.port else ''}" for one in (connection.local, connection.remote)]
    return f"{' to '.join(ends)}{f' of protocol {connection.protocol}' if connection.protocol else ''}"
