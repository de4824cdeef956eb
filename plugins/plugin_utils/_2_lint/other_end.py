# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules of ipsec_policy_lint know of the other end: whether clients can meet a policy, and what it leaves in clear. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...module_utils._0_basics import identities
from ...module_utils._2_objects.ipsec_policy import POLICY
from .._1_clients.connections import PKI, Network, method_of, network_of, port_of

SMB = 445
NFS = 2049
SIDE_PROTOCOLS = {111: "portmapper", 635: "mountd", 4045: "NLM", 4046: "NSM", 4049: "rquotad"}
"""What NFSv3 needs beside port 2049, at the ports that ONTAP has by default, by TCP and UDP."""

State = Mapping[str, Any]


def impossible_identities(state: State) -> Iterator[tuple[str, str]]:
    """Option and message for each identity of a policy that no certificate can prove."""
    if method_of(state) != PKI:
        return
    for option in ("local_identity", "remote_identity"):
        reason = identities.impossible(state[option], option == "remote_identity") if option in state else ""
        if reason:
            yield option, f"{option}: {reason}."


def unfit_for_windows(state: State, windows: Sequence[Network]) -> str:
    """Why Windows can't meet a policy that is for it; empty if it can, or is not concerned. windows: where it runs."""
    remote = network_of(state, "remote_endpoint")
    if remote is None or not POLICY.protects(state) or not method_of(state):
        return ""
    theirs = [one for one in windows if one.version == remote.version and one.overlaps(remote)]
    if not theirs and port_of(state, "local_endpoint") != SMB:
        return ""
    whose = f"Windows in {theirs[0]}" if theirs else "Windows, if that is what uses SMB,"
    if method_of(state) != PKI:
        return f"{whose} authenticates by certificates only; give certificate instead of secret_key."
    if "ppk.identity" in state:
        return f"{whose} has no post-quantum keys; leave ppk out."
    own = state.get("remote_identity", identities.ANYTHING)
    if own != identities.ANYTHING and identities.kind(own) != identities.DN:
        return f"{whose} is what the subject of its certificate says, and remote_identity is {own!r}."
    return ""


class PortsInUse:
    """The ports of an array that policies are for, whatever they do: what somebody lets through by a policy is no oversight.

    policies: all that apply to a place, with their addresses. Only what NFSv3 needs, and 0 for any port, is of interest.
    """

    def __init__(self, policies: Iterable[State]) -> None:
        self._ports: dict[tuple[Network, Network], set[int]] = {}
        for state in policies:
            port, addresses = port_of(state, "local_endpoint"), _addresses(state)
            if addresses and port in (0, *SIDE_PROTOCOLS):
                self._ports.setdefault(addresses, set()).add(port)
        # Of few lengths in any place, so that no policy has to be compared with each other one.
        self._lengths = {(local.prefixlen, remote.prefixlen) for local, remote in self._ports}

    def of_all(self, local: Network, remote: Network) -> set[int]:
        """Those for which some policy has all of these addresses, on both sides."""
        found: set[int] = set()
        for shorter, other in self._lengths:
            if shorter <= local.prefixlen and other <= remote.prefixlen:
                wider = local.supernet(new_prefix=shorter), remote.supernet(new_prefix=other)
                found |= self._ports.get(wider, set())
        return found


def in_clear(state: State, others: PortsInUse) -> list[int]:
    """The ports of NFSv3's side protocols that a policy for NFS leaves in clear. others: of all that apply to its place."""
    if not POLICY.protects(state) or port_of(state, "local_endpoint") != NFS:
        return []
    addresses = _addresses(state)
    ports = others.of_all(*addresses) if addresses else set()
    return [] if 0 in ports else [port for port in SIDE_PROTOCOLS if port not in ports]


def _addresses(state: State) -> tuple[Network, Network] | None:
    """The networks of both ends, ``None`` where the policy leaves one out."""
    local, remote = network_of(state, "local_endpoint"), network_of(state, "remote_endpoint")
    return (local, remote) if local is not None and remote is not None else None
