# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to tell of the certificates of an array: what each says, when it expires, what it leads to, what uses it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from .._0_basics import x509
from .._0_basics.certificate_bundle import END_ENTITIES, reachable, told
from .._0_basics.errors import ApiError, Expiring, UnexpectedAnswer, counted
from .._1_array.rest import RestClient, forbidden
from .._2_objects.certificate import CERTIFICATE, readable_content_of
from .._2_objects.resource import State
from .uses import Owners, Uses, installed, uses

_SHOWN = 20


def inventory(client: RestClient, owners: Owners) -> list[dict[str, Any]]:
    """All certificates of these owners, by owner and name, with the same keys each, ``None`` where there is nothing to say."""
    states = installed(client, owners)
    used = uses(client, owners)
    contents = [readable_content_of(one) for one in states]
    now = x509.now()
    entries = []
    for state, content in zip(states, contents):
        neighbours = [
            (one, other)
            for one, other in zip(states, contents)
            if one.get("svm") == state.get("svm") and one["type"] not in END_ENTITIES and other is not None
        ]
        entries.append(_entry(state, content, neighbours, used, now))
    return sorted(entries, key=lambda one: (one["svm"] or "", one["name"], one["type"]))


def expiring(certificates: Sequence[Mapping[str, Any]], days: int) -> list[Mapping[str, Any]]:
    """Those that have expired or expire within so many days, or do not say when, the soonest first."""
    soon = [one for one in certificates if one["expires_in_days"] is None or one["expires_in_days"] < days]
    return sorted(soon, key=lambda one: one["expiry_time"] or "")


def expiring_of_ipsec(
    client: RestClient, svm: str | None, days: int, policies: Collection[str] | None = None
) -> tuple[list[Mapping[str, Any]] | None, list[str]]:
    """Those of them that IPsec uses on an SVM, or anywhere (``None``), and a warning for each, the soonest first.

    policies: the names of the policies whose certificates count, ``None`` for all. Authorities that IPsec trusts always do, and for
    an SVM those of the cluster, too. In place of certificates that could not be read there is ``None``, and the warning says so.
    """
    try:
        found = inventory(client, None if svm is None else [svm, None])
    except (ApiError, UnexpectedAnswer) as error:
        if isinstance(error, ApiError) and not forbidden(error):
            raise
        return None, [f"Whether a certificate expires was not looked at: {error}"]
    used = [
        one
        for one in found
        if one["ipsec_registered"]
        or (svm in (None, one["svm"]) and any(policies is None or name in policies for name in one["ipsec_policies"]))
    ]
    soon = expiring(used, days)
    return soon, [f"{said_of(one)}." for one in soon]


def check_expiry(certificates: Sequence[Mapping[str, Any]], days: int) -> None:
    """Raises ``Expiring`` with all that expire within so many days."""
    found = [said_of(one) for one in expiring(certificates, days)]
    if not found:
        return
    more = f"; and {len(found) - _SHOWN} more, which are in the result" if len(found) > _SHOWN else ""
    whole = counted(len(certificates), "certificate", "certificates")
    expire = "expires" if len(found) == 1 else "expire"
    raise Expiring(f"{len(found)} of {whole} {expire} within {days} days: {'; '.join(found[:_SHOWN])}{more}.")


def _entry(
    state: State,
    content: x509.Certificate | None,
    authorities: Sequence[tuple[State, x509.Certificate]],
    used: Uses,
    now: datetime,
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        **{option: state.get(option) for option in ("name", "svm", "scope", "type", "uuid", "common_name")},
        **dict.fromkeys(("subject", "issuer", "serial_number", "fingerprint", "chain", "leads_to")),
        "alternatives": None,
        "ipsec_policies": used.of_policies(state),
        "ipsec_registered": used.is_registered(state),
    }
    expiry = state.get("expiry_time")
    if content is not None:
        entry.update(told(content))
    if content is not None and x509.READABLE:
        expiry = content.expiry
        entry["alternatives"] = list(content.alternatives)
        way = reachable(content, [other for _one, other in authorities])[1:]
        chain = [one for other in way for one, own in authorities if own == other]
        entry["chain"] = [one["name"] for one in chain]
        entry["leads_to"] = _leads_to([state, *chain], [content, *way], used)
    entry["expiry_time"] = None if expiry is None else expiry.isoformat()
    entry["expires_in_days"] = None if expiry is None else (expiry - now) // timedelta(days=1)
    return entry


def _leads_to(states: Sequence[State], contents: Sequence[x509.Certificate], used: Uses) -> str | None:
    if any(used.is_registered(one) for one in states):
        return "registered"
    return "installed" if any(one.signed_itself for one in contents) else None


def said_of(certificate: Mapping[str, Any]) -> str:
    """When a certificate expires, and what uses it; a sentence without its end."""
    title = CERTIFICATE.title({key: value for key, value in certificate.items() if value is not None})
    days = certificate["expires_in_days"]
    if days is None:
        when = "does not say when it expires"
    elif days < 0:
        when = f"has expired, on {certificate['expiry_time'][:10]}"
    else:
        when = f"expires in {counted(days, 'day', 'days')}, on {certificate['expiry_time'][:10]}"
    by = [f"policy {name!r}" for name in certificate["ipsec_policies"][:3]]
    by += ["and others"] if len(certificate["ipsec_policies"]) > 3 else []
    by += ["IPsec, as an authority"] if certificate["ipsec_registered"] else []
    users = f" (used by {', '.join(by)})" if by else ""
    return f"{title} {when}{users}"
