# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an array shows of a policy, and which causes that speaks for, in which order, and how certainly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ems_event import (
    NO_SA,
    REPLAYED,
    UNKNOWN_SA,
    UNREADABLE,
    VIOLATION,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._4_associations.causes import Facts, causes
from ansible_collections.wiresec.ontap.plugins.module_utils._4_associations.event_join import Happened

PEER, OTHER = "10.0.1.7", "10.0.1.8"
ON = {"enabled": True, "replay_window": 0, "offload_enabled": False}
POLICY = {"name": "nfs", "svm": "svm1", "enabled": True, "action": "esp_transport"}
PKI = {**POLICY, "certificate": "own"}


def ike(state: str = "established", peer: str = PEER) -> dict[str, Any]:
    return {"type": "ike", "remote_address": peer, "ike": {"state": state}}


def ipsec(peer: str = PEER) -> dict[str, Any]:
    return {"type": "ipsec", "remote_address": peer}


def happened(name: str, peer: str = PEER, time: str = "2026-03-01T10:00:00+00:00") -> Happened:
    return Happened(name, peer, "10.0.0.1", time, "cluster1-01")


@pytest.mark.parametrize(
    ("policy", "associations", "events", "service", "certificates", "expected"),
    [
        # What the array itself says comes first, and the rest of no use then.
        (POLICY, [], [happened(VIOLATION)], {**ON, "enabled": False}, None, [("ipsec_disabled", "certain")]),
        (None, [], [], ON, None, [("policy_missing", "certain")]),
        (None, [], [], None, None, [("policy_missing", "certain")]),
        (
            None,
            [],
            [],
            {**ON, "enabled": False},
            None,
            [("ipsec_disabled", "certain"), ("policy_missing", "possible")],
        ),
        ({**POLICY, "enabled": False}, [], [happened(NO_SA)], ON, None, [("policy_disabled", "certain")]),
        ({**POLICY, "action": "bypass"}, [], [], ON, None, [("policy_protects_nothing", "certain")]),
        # Certificates and settings.
        (PKI, [], [], ON, {("svm1", "own"): -3}, [("certificate_expired", "likely")]),
        (PKI, [], [], ON, {("svm2", "own"): -3}, [("certificate_missing", "likely")]),
        (PKI, [], [], ON, {("svm1", "own"): 0}, [("silent", "possible")]),
        (PKI, [], [], ON, {("svm1", "own"): None}, [("silent", "possible")]),
        (PKI, [], [], ON, None, [("silent", "possible")]),
        (
            POLICY,
            [],
            [],
            {**ON, "offload_enabled": True, "replay_window": 64},
            None,
            [("offload_with_replay_window", "likely")],
        ),
        # IKE.
        (POLICY, [ike()], [], ON, None, [("ike_without_child", "likely")]),
        (POLICY, [ike("connecting")], [], ON, None, [("ike_unfinished", "possible")]),
        (POLICY, [ike("dead_peer_probe")], [], ON, None, [("peer_silent", "likely")]),
        (POLICY, [ike("established"), ike("connecting")], [], ON, None, [("ike_without_child", "likely")]),
        (
            POLICY,
            [ike(), ike("connecting", OTHER)],
            [],
            ON,
            None,
            [("ike_without_child", "likely"), ("ike_unfinished", "possible")],
        ),
        (POLICY, [ike(), ipsec()], [], ON, None, [("silent", "possible")]),
        # Events.
        (POLICY, [], [happened(VIOLATION)], ON, None, [("sent_unprotected", "likely")]),
        (POLICY, [ike(), ipsec()], [happened(VIOLATION)], ON, None, [("protected_otherwise", "likely")]),
        # IKE protects no packet.
        (
            POLICY,
            [ike()],
            [happened(VIOLATION)],
            ON,
            None,
            [("ike_without_child", "likely"), ("sent_unprotected", "likely")],
        ),
        (POLICY, [], [happened(UNKNOWN_SA)], ON, None, [("out_of_step", "likely")]),
        (POLICY, [], [happened(UNREADABLE)], ON, None, [("out_of_step", "likely")]),
        (POLICY, [ike(), ipsec()], [happened(UNKNOWN_SA)], ON, None, [("out_of_step", "possible")]),
        (POLICY, [], [happened(NO_SA)], ON, None, [("not_negotiated", "possible")]),
        (POLICY, [ike()], [happened(NO_SA)], ON, None, [("ike_without_child", "likely")]),
        (POLICY, [ike(), ipsec()], [happened(REPLAYED)], ON, None, [("replayed", "possible")]),
        (
            POLICY,
            [],
            [happened(NO_SA), happened(VIOLATION), happened(UNKNOWN_SA, OTHER)],
            ON,
            None,
            [("out_of_step", "likely"), ("sent_unprotected", "likely"), ("not_negotiated", "possible")],
        ),
        # What could not be read.
        (POLICY, [], None, ON, None, [("silent", "possible")]),
        (POLICY, [], [], None, None, [("silent", "possible")]),
    ],
)
def test_causes(
    policy: Any, associations: Any, events: Any, service: Any, certificates: Any, expected: list[tuple[str, str]]
) -> None:
    found = causes(policy, associations, events, Facts(service, certificates))
    assert [(one["cause"], one["certainty"]) for one in found] == expected


def test_evidence_names_peers_times_and_events() -> None:
    events = [happened(VIOLATION, f"10.0.1.{host}", f"2026-03-01T10:00:0{host}+00:00") for host in range(5)]
    (found,) = causes(POLICY, [], events, Facts(ON, None))
    assert found["evidence"].startswith(
        "ipsec.ib.policy.violation of 10.0.1.4, 10.0.1.3, 10.0.1.2 and 2 more 5 times, the last time at "
        "2026-03-01T10:00:04+00:00 on cluster1-01: packets came that were not protected"
    )
    assert found["peers"] == [f"10.0.1.{host}" for host in (4, 3, 2, 1, 0)]
    (once,) = causes(POLICY, [], events[:1], Facts(ON, None))
    assert once["evidence"].startswith("ipsec.ib.policy.violation of 10.0.1.0 once at ")


def test_whether_events_were_read_is_said() -> None:
    (unread,) = causes(POLICY, [], None, Facts(ON, None))
    (read,) = causes(POLICY, [], [], Facts(ON, None))
    assert "events could not be read" in unread["evidence"]
    assert "no event of such packets" in read["evidence"]


PEERS = st.sampled_from([PEER, OTHER, "10.0.1.9"])
EVENTS = st.lists(
    st.builds(happened, st.sampled_from([VIOLATION, UNREADABLE, UNKNOWN_SA, REPLAYED, NO_SA]), PEERS), max_size=6
)
ASSOCIATIONS = st.lists(
    st.one_of(
        st.builds(ike, st.sampled_from(["none", "connecting", "established", "dead_peer_probe"]), PEERS),
        st.builds(ipsec, PEERS),
    ),
    max_size=6,
)


@settings(max_examples=2 * settings().max_examples, deadline=None)
@given(ASSOCIATIONS, st.none() | EVENTS, st.booleans(), st.sampled_from([0, 64]))
def test_nothing_is_said_without_evidence(associations: Any, events: Any, offload: bool, window: int) -> None:
    facts = Facts({**ON, "offload_enabled": offload, "replay_window": window}, None)
    found = causes(POLICY, associations, events, facts)
    known = {one["remote_address"] for one in associations} | {one.peer for one in events or ()}
    carrying = {one["remote_address"] for one in associations if one["type"] == "ipsec"}
    # Something is always said, in sentences.
    assert found
    assert all(one["evidence"].endswith(".") and one["advice"].endswith(".") for one in found)
    for one in found:
        # The policy is in force, so the array itself says nothing of a cause.
        assert one["certainty"] != "certain"
        assert set(one["peers"]) <= known
        assert all(peer in one["evidence"] for peer in one["peers"][:3])
        if one["cause"] in ("ike_without_child", "sent_unprotected", "not_negotiated"):
            assert not carrying & set(one["peers"])
        if one["cause"] in ("sent_unprotected", "out_of_step", "replayed"):
            assert events
        if one["cause"] == "silent":
            assert len(found) == 1
