# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would fail at the first handshake of policies that authenticate by certificate, found before they are written.

What is certain to fail is a problem, what is only likely, or could not be checked, is a warning (docs/pki.md says which and why).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Optional

from .._0_basics import identities, x509
from .._0_basics.certificate_bundle import END_ENTITIES, out_of_time, unfit
from .._0_basics.errors import InvalidInput, OntapError
from .._1_array.rest import RestClient, if_allowed
from .._2_objects.certificate import CERTIFICATE, readable_content_of
from .._2_objects.ipsec_ca_certificate import CA_CERTIFICATE
from .._2_objects.ipsec_policy import POLICY
from .._2_objects.resource import State
from .._3_state.planning import CREATED, MODIFIED, RECREATED, Change
from .._3_state.reading import Whole, read_whole
from .._3_state.whole_set import Plan, Refusal, label
from .uses import installed, registrations

_JUDGED = ("certificate", "local_identity", "remote_identity")
"""The options of a policy whose change calls for a check; so does that it is switched on."""

_ASKED_FOR = {"authentication_method", "certificate"}
"""What a task that does not name it does not read of a policy; identities come along with every one."""


NO_AUTHORITY = (
    "remote_identity: no authority is listed as registered with IPsec for {}, by which it would recognise the certificate of a peer: "
    "register it, with ipsec_ca_certificate."
)
"""The warning that none is registered for a place, see ``place_of``."""

Installed = tuple[State, Optional[x509.Certificate]]
"""A certificate as the array has it, and its content, ``None`` if that can't be read."""


@dataclass
class Finding:
    """Of one change: problems, each of which forbids it, and warnings; each a sentence that begins with an option."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check(client: RestClient, change: Change, predicting: bool) -> list[str]:
    """The warnings about one change. Raises ``InvalidInput`` if it is certain to fail."""
    (finding,) = findings(client, [change], predicting)
    if finding.problems:
        raise InvalidInput(*finding.problems)
    return finding.warnings


def checked(client: RestClient, plan: Plan, predicting: bool) -> Plan:
    """A plan with what is to be said of its changes; it refuses those that are certain to fail."""
    entries = {entry.position: entry for entry in plan.entries}
    steps = plan.taken()
    refusals, warnings = [*plan.refusals], [*plan.warnings]
    for step, finding in zip(steps, findings(client, [step.change for step in steps], predicting)):
        title = label(POLICY, step.position, step.state)
        warnings += [f"{title}: {one}" for one in finding.warnings]
        entry = None if step.position is None else entries[step.position]
        refusals += [Refusal("entry", f"{title}: {one}", entry) for one in finding.problems]
    return replace(plan, refusals=refusals, warnings=warnings)


def findings(client: RestClient, changes: Sequence[Change], predicting: bool) -> list[Finding]:
    """A finding for each change. Costs two listings if one of them is about a certificate, and else nothing.

    predicting: whether nothing will be written, so that a certificate that is missing may be one that an earlier task only
    predicted: a warning then, except where a policy would be deleted for it.
    """
    found = [Finding() for _change in changes]
    try:
        judged = [
            (change, policy, finding)
            for change, finding in zip(changes, found)
            if (policy := _by_certificate(client, change)) is not None
        ]
        if judged:
            _check(client, judged, predicting)
    except OntapError as error:
        error.notes.append(
            "It was to be found out whether the certificate of an IPsec policy is of use. Nothing was changed."
        )
        raise
    return found


def _by_certificate(client: RestClient, change: Change) -> State | None:
    """The policy as it will be, if a change makes it one by certificate, changes its certificate or an identity, or switches it on.

    Costs a request where the task names so little of the policy that this can't be told.
    """
    policy = change.after or {}
    if change.operation == MODIFIED and change.before is not None and _calls_for_a_check(change):
        known = isinstance(change.before, Whole) or policy.keys() >= _ASKED_FOR
        if not known and policy.get("authentication_method", "pki") == "pki":
            policy = {**read_whole(client, POLICY, change.before, []), **policy}
    elif change.operation not in (CREATED, RECREATED):
        return None
    return policy if policy.get("authentication_method") == "pki" and "certificate" in policy else None


def _calls_for_a_check(change: Change) -> bool:
    """Whether a modification may let handshakes fail that did not fail before."""
    switched_on = "enabled" in change.modified and bool((change.after or {}).get("enabled"))
    return switched_on or not set(change.modified).isdisjoint(_JUDGED)


def _check(client: RestClient, judged: Sequence[tuple[Change, State, Finding]], predicting: bool) -> None:
    svms = {policy.get("svm") for _change, policy, _finding in judged}
    found = if_allowed(lambda: installed(client, None if None in svms else svms))
    # Each is read once, and not for every policy.
    there = None if found is None else [(one, readable_content_of(one)) for one in found]
    trusted = if_allowed(lambda: registrations(client, None if None in svms else {*svms, None}))
    told: set[str] = set()
    for change, policy, finding in judged:
        if there is None:
            finding.warnings.append(
                f"certificate: this account may not ask GET /api{CERTIFICATE.path}, so it was not checked whether "
                f"{CERTIFICATE.title(_reference(policy))} is installed, of the right type, valid, and for local_identity."
            )
        else:
            lenient = predicting and change.operation != RECREATED
            _check_own(policy, there, lenient, finding)
        about_peer = list(_of_peer(policy, there or (), trusted))
        finding.warnings += [one for one in about_peer if one not in told]
        told.update(about_peer)
        for option, remote in (("local_identity", False), ("remote_identity", True)):
            reason = identities.impossible(policy[option], remote) if option in policy else ""
            if reason:
                finding.problems.append(f"{option}: {policy[option]!r} {reason}.")


def _reference(policy: Mapping[str, object]) -> State:
    """What the policy refers to, by the key of a certificate."""
    own = {"name": policy["certificate"], "svm": policy.get("svm")}
    return {option: value for option, value in own.items() if value is not None}


def _check_own(policy: State, there: Sequence[Installed], lenient: bool, finding: Finding) -> None:
    """Whether the certificate is there, may identify this end now, and proves ``local_identity``."""
    named = [one for one in there if one[0]["name"] == policy["certificate"]]
    here = [one for one in named if one[0].get("svm") == policy.get("svm")]
    # Whether certificates of different types may share a name is not known.
    fitting = [one for one in here if one[0]["type"] in END_ENTITIES] or here
    if not fitting:
        try:
            CERTIFICATE.check_usable(None, _reference(policy), [state for state, _content in named])
        except InvalidInput as error:
            told = [f"certificate: {problem}" for problem in error.problems]
            if lenient:
                finding.warnings += [f"{one} This is no failure, because nothing is written now." for one in told]
            else:
                finding.problems += told
        return
    state, content = fitting[0]
    title = CERTIFICATE.title(state)
    if len(fitting) > 1:
        finding.warnings.append(f"certificate: there are {len(fitting)} of {title}, so none of them was checked.")
        return
    if state["type"] not in END_ENTITIES:
        finding.problems.append(
            f"certificate: {title} is of type {state['type']}: IPsec identifies itself by one of type client or server."
        )
        return
    finding.problems += [f"certificate: {title} {problem}" for problem in _unusable(state, content, x509.now())]
    finding.warnings += [f"certificate: {title}: {doubt}" for doubt in _unchecked(state, content)]
    local = policy.get("local_identity")
    if local is None or content is None or not x509.READABLE or identities.impossible(local, remote=False):
        return
    proven = identities.proves(content.subject, content.alternatives, local)
    if proven is False:
        reason = identities.why_not(content.subject, content.alternatives, local)
        finding.problems.append(f"local_identity: {local!r} {reason}. It is that of {title}.")
    if proven is None:
        finding.warnings.append(f"local_identity: whether {title} proves {local!r} can't be told.")


def _unusable(certificate: State, content: x509.Certificate | None, now: datetime) -> Iterator[str]:
    """Why an installed certificate can't identify this end, each the end of a sentence."""
    if content is None or not x509.READABLE:
        expiry = certificate.get("expiry_time")
        if expiry is not None and expiry <= now:
            yield f"has expired, on {expiry:%Y-%m-%d at %H:%M %Z}."
        return
    problem = out_of_time(content, now)
    if problem:
        yield problem
    yield from unfit(content)


def _unchecked(certificate: State, content: x509.Certificate | None) -> Iterator[str]:
    """What could not be told of an installed certificate, each a sentence without its subject."""
    if content is not None and x509.READABLE:
        return
    if "expiry_time" not in certificate:
        yield "the array does not say when it expires, so that was not checked."
    if x509.READABLE:
        yield "what the array returned of it can't be read, so its usage and local_identity were not checked."
    else:
        yield (
            "the Python library cryptography is not installed where this task runs, so its usage and local_identity were not checked."
        )


def place_of(svm: str | None) -> str:
    """An SVM, or with ``None`` the cluster, as warnings call it."""
    return "the cluster" if svm is None else f"SVM {svm!r}"


def _of_peer(policy: State, there: Sequence[Installed], trusted: Collection[State] | None) -> Iterator[str]:
    """Why no peer may be recognised, as far as it can be known from the authorities that IPsec trusts there."""
    place = place_of(policy.get("svm"))
    if trusted is None:
        yield (
            f"remote_identity: this account may not ask GET /api{CA_CERTIFICATE.path}, so it was not checked whether {place} has an "
            "authority that recognises peers."
        )
        return
    # Whether those of the cluster count for its SVMs is not known.
    uuids = {one["uuid"] for one in trusted if one.get("svm") in (None, policy.get("svm"))}
    if not uuids:
        yield NO_AUTHORITY.format(place)
        return
    contents = [content for one, content in there if one["uuid"] in uuids]
    known = [one for one in contents if one is not None]
    if not x509.READABLE or len(known) < len(uuids):
        return
    valid = [one for one in known if not out_of_time(one, x509.now())]
    if not valid:
        yield f"remote_identity: none of the authorities that IPsec trusts for {place} is valid now, so no peer is recognised."
    peer = policy.get("remote_identity")
    if valid and peer is not None and all(identities.excluded(*one.constraints, peer) for one in valid):
        yield (
            f"remote_identity: {peer!r} is outside of what the authorities that IPsec trusts for {place} may sign (their name "
            "constraints), so no peer can prove it."
        )
