# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a policy has not the security associations that it should have: what an array shows of that, in the order of a search. Pure.

Nothing is said that has no evidence, and no more than it supports: certain is what the array itself says, likely is what is known to
look like that, possible what the array can't tell apart. What a mistake looks like was measured between daemons
(docs/diagnosis.md); what events mean is NetApp's catalogue (docs/ontap_facts.md, 7.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._2_objects.ems_event import NO_SA, REPLAYED, UNKNOWN_SA, UNREADABLE, VIOLATION
from .event_join import Happened

CERTAIN, LIKELY, POSSIBLE = "certain", "likely", "possible"

_SHOWN = 3
"""Peers that a sentence names."""

Finding = dict[str, Any]
Associations = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Facts:
    """What there is to know of an array beside a policy and its associations, ``None`` for what could not be read.

    service: the settings of IPsec. certificates: when those that are installed expire, by SVM and name: days, or ``None``.
    """

    service: Mapping[str, Any] | None
    certificates: Mapping[tuple[Any, Any], int | None] | None


def causes(
    policy: Mapping[str, Any] | None,
    associations: Associations,
    events: Sequence[Happened] | None,
    facts: Facts,
) -> list[Finding]:
    """What speaks for which cause.

    policy: its options, ``None`` if the array lists none. associations: of it, as options, all or those with one peer. events: that
    concern it, ``None`` if they could not be read.
    """
    found = switched_off(facts)
    off = bool(found)
    if policy is None:
        return [*found, _MISSING_WHILE_OFF if off else _MISSING]
    asleep = list(_asleep(policy))
    if off or asleep:
        return [*found, *asleep]
    found += [*_certificate(policy, facts), *_settings(facts)]
    found += [*_ike(associations, facts), *_events(associations, events or ())]
    return found or [_silent(events)]


def switched_off(facts: Facts) -> list[Finding]:
    """The cause that holds for all policies, whatever is known of them."""
    return [_OFF] if facts.service is not None and facts.service.get("enabled") is False else []


def _finding(cause: str, certainty: str, evidence: str, advice: str, peers: Sequence[str] = ()) -> Finding:
    return {"cause": cause, "certainty": certainty, "evidence": evidence, "advice": advice, "peers": list(peers)}


_OFF = _finding(
    "ipsec_disabled",
    CERTAIN,
    "IPsec is not enabled on this array (GET /api/security/ipsec).",
    "Enable it, with ipsec_config. Until then packets of its policies go in clear.",
)
_MISSING = _finding(
    "policy_missing",
    CERTAIN,
    "The array lists no policy of this name there.",
    "Create it, or correct the name or the SVM.",
)
_MISSING_WHILE_OFF = _finding(
    "policy_missing",
    POSSIBLE,
    "The array lists no policy of this name there, but may not list any while IPsec is disabled.",
    "Enable IPsec first, and look again.",
)


def _asleep(policy: Mapping[str, Any]) -> Iterator[Finding]:
    if policy.get("enabled") is False:
        yield _finding("policy_disabled", CERTAIN, "The policy has enabled: false.", "Enable it, with ipsec_policy.")
    if policy.get("action") in ("bypass", "discard"):
        yield _finding(
            "policy_protects_nothing",
            CERTAIN,
            f"The policy has action: {policy['action']}, which never has associations.",
            "If its packets are to be protected, it has to be replaced by one with action: esp_transport.",
        )


def _certificate(policy: Mapping[str, Any], facts: Facts) -> Iterator[Finding]:
    name = policy.get("certificate")
    if not name or facts.certificates is None:
        return
    place = (policy.get("svm"), name)
    if place not in facts.certificates:
        yield _finding(
            "certificate_missing",
            LIKELY,
            f"The policy names certificate {name!r}, and the array lists none of that name there.",
            "Install it, with the module certificate.",
        )
        return
    days = facts.certificates[place]
    if days is not None and days < 0:
        yield _finding(
            "certificate_expired",
            LIKELY,
            f"Certificate {name!r} of the policy has expired {-days} days ago, so peers refuse it.",
            "Renew it, with the playbook rotate_certificates.",
        )


def _settings(facts: Facts) -> Iterator[Finding]:
    service = facts.service or {}
    if service.get("offload_enabled") and service.get("replay_window"):
        yield _finding(
            "offload_with_replay_window",
            LIKELY,
            f"IPsec has offload_enabled: true and replay_window: {service['replay_window']}, which exclude each other.",
            "Set replay_window to 0, with ipsec_config, and on the clients.",
        )


def _ike(associations: Associations, facts: Facts) -> Iterator[Finding]:
    """What IKE without a child says. A peer that has both somewhere is not among it."""
    with_child = {one["remote_address"] for one in associations if one["type"] == "ipsec"}
    by_state: dict[str, list[str]] = {}
    for one in associations:
        if one["type"] == "ike":
            by_state.setdefault(str(one["ike"]["state"]), []).append(str(one["remote_address"]))
    for state, peers in by_state.items():
        by_state[state] = sorted(set(peers))
    without = [one for one in by_state.get("established", ()) if one not in with_child]
    if without:
        offload = facts.service is not None and facts.service.get("offload_enabled")
        yield _finding(
            "ike_without_child",
            LIKELY,
            f"IKE is established with {_named(without)}, and there is no IPsec association: both know and trust each other, and do not "
            "agree on what is to be protected, or how.",
            "Compare the client's ESP suite (AES-256-GCM with a 16-byte ICV) and its addresses, protocol and port with the policy"
            + (", and see that it uses no extended sequence numbers, which offload can't do." if offload else "."),
            without,
        )
    silent = by_state.get("dead_peer_probe", [])
    if silent:
        yield _finding(
            "peer_silent",
            LIKELY,
            f"IKE with {_named(silent)} is being probed (dead_peer_probe): no answer comes from there any more.",
            "See whether the host is up, its daemon runs, and UDP ports 500 and 4500 are open between both.",
            silent,
        )
    waiting = sorted({*by_state.get("connecting", ()), *by_state.get("none", ())} - {*without, *silent, *with_child})
    if waiting:
        yield _finding(
            "ike_unfinished",
            POSSIBLE,
            f"IKE with {_named(waiting)} has begun, and is not established: the array does not say what it waits for.",
            "The client's log tells. In this order: UDP ports 500 and 4500 both ways, its daemon, its IKE proposal (AES-256, SHA-384, "
            "ECP-384), its identity, its key or certificate.",
            waiting,
        )


def _events(associations: Associations, events: Sequence[Happened]) -> Iterator[Finding]:
    by_name: dict[str, list[Happened]] = {}
    for one in events:
        by_name.setdefault(one.name, []).append(one)
    connected = {one["remote_address"] for one in associations}
    carrying = {one["remote_address"] for one in associations if one["type"] == "ipsec"}
    lost = [one for name in (UNKNOWN_SA, UNREADABLE) for one in by_name.get(name, ())]
    for certainty, own in (
        (LIKELY, [one for one in lost if one.peer not in carrying]),
        (POSSIBLE, [one for one in lost if one.peer in carrying]),
    ):
        if own:
            yield _of_events(
                "out_of_step",
                certainty,
                own,
                "packets came by an association that the array does not have, or can't decrypt, as after a takeover"
                + ("; there is another one now, so that may be over" if certainty == POSSIBLE else ""),
                "NetApp's remedy is to disable and enable the policy, with the playbook repair, which drops all of its associations. A "
                "client that probes its peer (dpd_delay) recovers by itself.",
            )
    violating = by_name.get(VIOLATION, [])
    clear = [one for one in violating if one.peer not in carrying]
    if clear:
        yield _of_events(
            "sent_unprotected",
            LIKELY,
            clear,
            "packets came that were not protected, or in another way than the policy says, and there is no IPsec association with that peer",
            "The client protects nothing of it: see that its connection is loaded and trapped, and covers this address, protocol and port.",
        )
    odd = [one for one in violating if one.peer in carrying]
    if odd:
        yield _of_events(
            "protected_otherwise",
            LIKELY,
            odd,
            "packets came that were not protected, or in another way than the policy says, although there is an IPsec association with that peer",
            "The client's connection covers only a part of what the policy does, such as another port, or its suite is another one.",
        )
    failed = [one for one in by_name.get(NO_SA, ()) if one.peer not in connected]
    if failed:
        yield _of_events(
            "not_negotiated",
            POSSIBLE,
            failed,
            "the array had packets to send, and could negotiate no association; it does not say why",
            "The client's log tells. In this order: UDP ports 500 and 4500 both ways, its daemon, its IKE proposal (AES-256, SHA-384, "
            "ECP-384), its identity, its key or certificate, its ESP suite and selectors.",
        )
    replayed = by_name.get(REPLAYED, [])
    if replayed:
        yield _of_events(
            "replayed",
            POSSIBLE,
            replayed,
            "the replay window refused packets: they came out of order, or twice",
            "Look for congestion, or several paths; if none is found, for an attack. A wider replay_window, or 0, helps against the first.",
        )


def _of_events(cause: str, certainty: str, events: Sequence[Happened], meaning: str, advice: str) -> Finding:
    newest = max(events, key=lambda one: one.time)
    peers = list(dict.fromkeys(one.peer for one in sorted(events, key=lambda one: one.time, reverse=True)))
    names = " and ".join(sorted({one.name for one in events}))
    times = "once" if len(events) == 1 else f"{len(events)} times, the last time"
    where = f" on {newest.node}" if newest.node else ""
    evidence = f"{names} of {_named(peers)} {times} at {newest.time}{where}: {meaning}."
    return _finding(cause, certainty, evidence, advice, peers)


def _silent(events: Sequence[Happened] | None) -> Finding:
    told = "and no event of such packets" if events is not None else "and events could not be read"
    return _finding(
        "silent",
        POSSIBLE,
        f"There is no association, {told}: the array knows nothing of a peer, or refused one without writing an event.",
        "Let the client send something, and look at its end: the playbook diagnose puts both ends on one page.",
    )


def _named(peers: Sequence[str]) -> str:
    more = f" and {len(peers) - _SHOWN} more" if len(peers) > _SHOWN else ""
    return f"{', '.join(peers[:_SHOWN])}{more}"
