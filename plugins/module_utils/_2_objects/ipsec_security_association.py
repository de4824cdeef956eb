# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security associations of IPsec (``/api/security/ipsec/security-associations``), and what they say of policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._0_basics import normalize
from .resource import SCOPES, Field, SvmScoped

ESTABLISHED, HALF_OPEN, NONE = "established", "half_open", "none"
TYPES = ("ike", "ipsec")
DIRECTIONS = ("inbound", "outbound")
IKE_STATES = ("none", "connecting", "established", "dead_peer_probe")

NEEDED_FOR_STATUS = (
    *("uuid", "type", "policy", "svm", "scope", "node", "local_address", "remote_address", "ike.state"),
    *(f"ipsec.{direction}.{counter}" for direction in DIRECTIONS for counter in ("bytes", "packets")),
)
"""The fields that ``summarize`` looks at."""


def _version(value: Any) -> int | str:
    """A string in the documents of 9.9, an integer from 9.11.1 on (docs/ontap_facts.md, 7)."""
    spelling = str(value).strip()
    return int(spelling) if spelling.isdecimal() else spelling


def _direction(path: str) -> tuple[Field, ...]:
    return (
        Field(f"{path}.bytes", normalizer=normalize.integer),
        Field(f"{path}.packets", normalizer=normalize.integer),
        Field(f"{path}.offload_bytes", normalizer=normalize.integer, since=(9, 16, 1)),
        Field(f"{path}.offload_packets", normalizer=normalize.integer, since=(9, 16, 1)),
        Field(f"{path}.security_parameter_index"),
    )


class SecurityAssociation(SvmScoped):
    """One association of a policy on one node, between two hosts, for IKE or for IPsec. Nobody writes these."""

    noun = "IPsec security association"
    plural = "security_associations"
    path = "/security/ipsec/security-associations"
    key = ("uuid", "svm")
    fields = (
        Field("uuid", always_returned=True),
        Field("type", normalizer=normalize.keyword, choices=TYPES, always_returned=True),
        Field("node", path="node.name", uuid_path="node.uuid"),
        Field("svm", path="svm.name", uuid_path="svm.uuid"),
        Field("scope", normalizer=normalize.keyword, choices=SCOPES),
        Field("policy", path="policy_name"),
        Field("local_address", normalizer=normalize.ip_address, reader=normalize.ip_address_as_returned),
        Field("remote_address", normalizer=normalize.ip_address, reader=normalize.ip_address_as_returned),
        Field("cipher_suite", normalizer=normalize.keyword),
        Field("lifetime", normalizer=normalize.integer),
        Field("ike.state", normalizer=normalize.keyword, choices=IKE_STATES),
        Field("ike.authentication", normalizer=normalize.keyword),
        Field("ike.is_initiator", normalizer=normalize.boolean),
        Field("ike.version", normalizer=_version),
        Field("ike.initiator_security_parameter_index"),
        Field("ike.responder_security_parameter_index"),
        Field("ipsec.state", normalizer=normalize.keyword),
        Field("ipsec.action", normalizer=normalize.keyword),
        *_direction("ipsec.inbound"),
        *_direction("ipsec.outbound"),
    )
    # Documents up to 9.12 list these for reading; whether an empty listing answers so is not known.
    none_codes = frozenset({66257118, 66257119})

    def to_options(self, state: Mapping[str, Any], also: Iterable[str] = ()) -> dict[str, Any]:
        """The same keys for each, ``None`` where there is nothing to say: of two types, or on releases that know less."""
        shown: dict[str, Any] = self.nested({row.option: state.get(row.option) for row in self.fields})
        return {**shown, **{kind: None for kind in TYPES if kind != state.get("type")}}


def summarize(
    associations: Sequence[Mapping[str, Any]], policies: Iterable[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """What associations, as options, say of each policy that has some, and of each of ``policies``, by SVM and name.

    A policy is established if it is with one peer at least, a pair of hosts on a node.
    """
    by_policy: dict[tuple[Any, Any], list[Mapping[str, Any]]] = {
        _key(one["name"], one.get("svm")): [] for one in policies
    }
    for one in associations:
        by_policy.setdefault(_key(one["policy"], one["svm"]), []).append(one)
    return [
        {"policy": name or None, "svm": svm or None, **_status(found)}
        for (svm, name), found in sorted(by_policy.items())
    ]


def _key(policy: str | None, svm: str | None) -> tuple[str, str]:
    return svm or "", policy or ""


def _status(associations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    by_peers: dict[Any, dict[str, Any]] = {}
    for one in associations:
        peers = (one["node"], one["local_address"], one["remote_address"])
        by_peers.setdefault(peers, {}).setdefault(one["type"], []).append(one)
    statuses = [ESTABLISHED if _is_established(found) else HALF_OPEN for found in by_peers.values()]
    types = Counter(one["type"] for one in associations)
    states = Counter(one["ike"]["state"] for one in associations if one["type"] == "ike")
    return {
        "status": min(statuses, default=NONE),
        "peers": {status: statuses.count(status) for status in (ESTABLISHED, HALF_OPEN)},
        "security_associations": {kind: types[kind] for kind in TYPES},
        "ike_states": {str(state): number for state, number in sorted(states.items(), key=str)},
        "nodes": sorted({one["node"] for one in associations if one["node"]}),
        **{direction: _traffic(associations, direction) for direction in DIRECTIONS},
    }


def _is_established(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> bool:
    """Whether two hosts have an association that protects packets, and know each other.

    ONTAP deletes no such association while its peer is probed (``dead_peer_probe``), but whether packets still arrive is
    not known then, so that does not count. Where IKE is not in the list there is nothing against what IPsec shows; its
    own ``state`` is free text in the documents and does not decide.
    """
    ike = [one["ike"]["state"] for one in found.get("ike", ())]
    return bool(found.get("ipsec")) and (not ike or "established" in ike)


def _traffic(associations: Iterable[Mapping[str, Any]], direction: str) -> dict[str, int]:
    counters = [one["ipsec"][direction] for one in associations if one["type"] == "ipsec"]
    return {name: sum(counter[name] or 0 for counter in counters) for name in ("bytes", "packets")}


SECURITY_ASSOCIATION = SecurityAssociation()
