# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what an array knows beside policies that have not what they should, and says of each what speaks for which cause.

Whoever asks has a failure to tell already, so whatever can't be read is told, and stops nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, NamedTuple, TypeVar

from .._0_basics.errors import OntapError
from .._1_array.rest import RestClient, literal
from .._2_objects.certificate import INSTALLED
from .._2_objects.client_session import ISCSI_SESSION, NFS_CLIENT, SMB_SESSION
from .._2_objects.ems_event import EMS_EVENT, NEEDED, OF_IPSEC
from .._2_objects.ipsec_policy import POLICY
from .._2_objects.ipsec_security_association import SECURITY_ASSOCIATION
from .._2_objects.ipsec_service import SERVICE
from .._3_state.reading import find, find_all, listing
from .causes import Facts, causes, switched_off
from .event_join import Happened, concerns, joined, of_peer

Options = list[dict[str, Any]]
T = TypeVar("T")


class Explained(NamedTuple):
    """What speaks for which cause, by SVM and name of a policy; and a sentence for all that could not be read."""

    causes: Mapping[tuple[Any, Any], list[dict[str, Any]]]
    unread: list[str]


def explain(
    client: RestClient,
    policies: Sequence[Mapping[str, Any]],
    associations: Sequence[Mapping[str, Any]],
    where: Mapping[str, str],
    peer: str | None,
) -> Explained:
    """Of policies that lack associations, by ``svm`` and ``policy``.

    associations: what there is, with one peer or with all. where: the filter that all of it was found by. peer: that alone counts.
    """
    if not policies:
        return Explained({}, [])
    unread = _Unread()
    known = unread.unless(lambda: listing(client, POLICY, where), "what policies say")
    by_key = {(one.get("svm"), one["name"]): one for one in known or ()}
    own = [by_key[one["svm"], one["policy"]] for one in policies if (one["svm"], one["policy"]) in by_key]
    service: Mapping[str, Any] | None = unread.unless(
        lambda: find(client, SERVICE, {}).current, "the settings of IPsec"
    )
    events: Options | None = []
    if not switched_off(Facts(service, None)) and any(POLICY.protects(one) for one in own):
        events = unread.unless(lambda: events_of_ipsec(client), "events")
    certificates = None
    if any(one.get("certificate") for one in own):
        certificates = unread.unless(lambda: _expiries(client), "certificates")
    by_policy: dict[tuple[Any, Any], list[Mapping[str, Any]]] = {}
    for one in associations:
        by_policy.setdefault((one["svm"], one["policy"]), []).append(one)
    happened = joined(events or (), own).by_policy
    facts = Facts(service, certificates)
    found = {}
    for policy in policies:
        key = (policy["svm"], policy["policy"])
        of_it = [event for event in happened.get(key, ()) if peer in (None, event.peer)]
        if known is None:
            found[key] = switched_off(facts)
        else:
            found[key] = causes(by_key.get(key), by_policy.get(key, []), None if events is None else of_it, facts)
    return Explained(found, unread.sentences)


def about(client: RestClient, peer: str, where: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Everything that the array knows of a peer, and a sentence for all that could not be read; there is ``None`` in its place."""
    unread = _Unread()
    policies = unread.unless(lambda: listing(client, POLICY, where), "policies")
    associations = unread.unless(lambda: listing(client, SECURITY_ASSOCIATION, where), "associations")
    events = unread.unless(lambda: events_of_ipsec(client), "events")
    return {
        "address": peer,
        "policies": None if policies is None else [one for one in policies if concerns(one, peer)],
        "security_associations": None
        if associations is None
        else [one for one in associations if one["remote_address"] == peer],
        "events": None if events is None else [told(one) for one in of_peer(events, peer)],
        "sessions": unread.unless(lambda: _sessions(client, peer, where), "its sessions of NFS, SMB and iSCSI"),
    }, unread.sentences


def events_of_ipsec(client: RestClient) -> Options:
    """The events of IPsec that the log still has, as options."""
    return listing(client, EMS_EVENT, {"name": OF_IPSEC}, list(NEEDED))


def told(event: Happened) -> dict[str, Any]:
    """An event as results have it."""
    return event._asdict()


class _Unread:
    """What could not be read, as sentences."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def unless(self, ask: Callable[[], T], what: str) -> T | None:
        """What a reading gives, ``None`` and a sentence where it fails."""
        try:
            return ask()
        except OntapError as error:
            self.sentences.append(f"Not looked at: {what}. {error}")
            return None


def _expiries(client: RestClient) -> dict[tuple[Any, Any], int | None]:
    now = datetime.now(timezone.utc)
    return {
        (one.get("svm"), one["name"]): (one["expiry_time"] - now) // timedelta(days=1)
        if one.get("expiry_time")
        else None
        for one in find_all(client, INSTALLED, None, [{}]).values()
    }


def _sessions(client: RestClient, peer: str, where: Mapping[str, str]) -> Options:
    """Who is connected from an address, by protocol, server and SVM, each once."""
    found = []
    for resource, protocol in ((NFS_CLIENT, "nfs"), (SMB_SESSION, "smb")):
        for one in listing(client, resource, {**where, "client": literal(peer)}):
            found.append({"protocol": one.get("protocol") or protocol, "server": one["server"], "svm": one.get("svm")})
    for one in listing(client, ISCSI_SESSION, where, ["initiator", "connections", "svm"]):
        found += [
            {"protocol": "iscsi", "server": connection["server"], "svm": one.get("svm")}
            for connection in one["connections"]
            if connection["client"] == peer
        ]
    return [dict(one) for one in dict.fromkeys(tuple(sorted(one.items(), key=str)) for one in found)]
