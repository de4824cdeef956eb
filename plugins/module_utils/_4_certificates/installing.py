# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installing a certificate and removing one: which of those that are there is meant, and what has to be known before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._0_basics import certificate_bundle, x509
from .._0_basics.certificate_bundle import END_ENTITIES, Bundle, out_of_time, reachable, title
from .._0_basics.errors import InvalidInput, UnexpectedAnswer
from .._0_basics.identities import written
from .._1_array.rest import RestClient
from .._2_objects.certificate import CERTIFICATE, readable_content_of
from .._2_objects.resource import State
from .._3_state.planning import CREATED, Change, Permissions
from .._3_state.preparing import check_containers, confirm, prepare
from .._3_state.reading import find
from .uses import installed, registered, uses

REGISTERED, INSTALLED, ANYWHERE = "registered", "installed", "anywhere"
"""How far a chain has to lead: to an authority that IPsec trusts, to any that is installed, or not at all."""


def installation(client: RestClient, wanted: State, bundle: Bundle, chain_to: str, lenient: bool) -> Change:
    """What makes a certificate be there. wanted: as the table has it, with the name that the user gave, or its pattern.

    lenient: whether an authority that is missing is but a warning, because earlier tasks only predicted that it is there.
    Raises ``InvalidInput`` for what can't be, or would fail at the first handshake.
    """
    there = installed(client, [wanted.get("svm")])
    if not there and "svm" in wanted:
        check_containers(client, CERTIFICATE, [wanted])
    name, current = _meant(wanted, bundle, there)
    change = prepare(client, CERTIFICATE, {**wanted, "name": name}, current, True, Permissions())
    warnings = confirm(client, CERTIFICATE, [change])
    if change.operation == CREATED and wanted["type"] in END_ENTITIES and x509.READABLE:
        warnings += _check_chain(client, wanted, bundle, there, chain_to, lenient)
    return replace(change, warnings=[*change.warnings, *warnings])


def removal(client: RestClient, wanted: State) -> Change:
    """What makes a certificate be gone. Raises ``InvalidInput`` while IPsec uses it, with all that does."""
    current = find(client, CERTIFICATE, wanted).current
    if current is not None:
        used = uses(client, [current.get("svm")])
        by = [f"IPsec policy {name!r}" for name in sorted(used.of_policies(current))]
        if used.is_registered(current):
            by.append("the registration with IPsec (ipsec_ca_certificate), by which peers are recognised")
        if by:
            raise InvalidInput(f"{CERTIFICATE.title(current)} is used by {', '.join(by)}. Nothing was deleted.")
    change = prepare(client, CERTIFICATE, wanted, current, False, Permissions())
    return replace(change, warnings=[*change.warnings, *confirm(client, CERTIFICATE, [change])])


def _meant(wanted: State, bundle: Bundle, there: Sequence[State]) -> tuple[str, State | None]:
    """The name, and the certificate that has it, or that is the same under a name that somebody else gave it."""
    same = [one for one in there if one["type"] == wanted["type"] and readable_content_of(one) == bundle.certificate]
    pattern = certificate_bundle.is_pattern(wanted["name"])
    name = bundle.name(wanted["name"]) if pattern else wanted["name"]
    named = [one for one in there if one["name"] == name]
    fitting = [one for one in named if one["type"] == wanted["type"]] or named
    if len(fitting) > 1:
        uuids = ", ".join(str(one.get("uuid")) for one in fitting)
        raise UnexpectedAnswer(f"There are {len(fitting)} certificates named {name!r} ({uuids}); one is expected.")
    if same and fitting and fitting[0] in same:
        return name, fitting[0]
    if same and pattern:
        return same[0]["name"], same[0]
    if same:
        raise InvalidInput(
            f"name: {CERTIFICATE.title(same[0])} is the same one, and ONTAP takes a certificate of a type once. Use that name, or a pattern, "
            "such as '{common_name}-{expiry}', which finds it under whatever name it has. Nothing was changed."
        )
    return name, fitting[0] if fitting else None


def _check_chain(
    client: RestClient, wanted: State, bundle: Bundle, there: Sequence[State], chain_to: str, lenient: bool
) -> list[str]:
    """Whether the chain leads far enough. Raises ``InvalidInput``, or warns if ``lenient``."""
    if chain_to == ANYWHERE:
        return []
    authorities = [
        (one, content)
        for one in there
        if one["type"] not in END_ENTITIES and (content := readable_content_of(one)) is not None
    ]
    trusted = registered(client, [wanted.get("svm")]) if chain_to == REGISTERED else frozenset()
    # What has ended, or not begun, no peer goes by.
    ended = {content: problem for _one, content in authorities if (problem := out_of_time(content, x509.now()))}
    valid = [content for _one, content in authorities if content not in ended]
    way = reachable(bundle.certificate, [*bundle.above, *valid])
    known = [one for one, content in authorities if content in way]
    if any(chain_to != REGISTERED or one.get("uuid") in trusted for one in known):
        return []
    place = f"SVM {wanted['svm']!r}" if "svm" in wanted else "the cluster"
    useless = [
        (one, ended[content])
        for one, content in authorities
        if content in ended and any(each.is_issued_by(content) for each in way)
    ]
    if useless:
        authority, reason = useless[0]
        problem = (
            f"{title(bundle.certificate)} leads to {CERTIFICATE.title(authority)}, which {reason} Install one that is valid, and register it "
            "with ipsec_ca_certificate."
        )
    elif known:
        problem = (
            f"{title(bundle.certificate)} leads to {CERTIFICATE.title(known[-1])}, which is not registered with IPsec: register it "
            "first, with ipsec_ca_certificate. If only peers are to know that authority, set chain_to: installed."
        )
    else:
        problem = (
            f"nothing leads from {title(bundle.certificate)} to an authority of {place}: the certificate of "
            f"{written(way[-1].issuer)!r} is missing. Give what is between in intermediate_certificates, and install that of the "
            "authority first."
        )
    if lenient:
        return [f"public_certificate: {problem}"]
    raise InvalidInput(f"public_certificate: {problem}")
