# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether policies have the security associations that are expected of them: looked at until they have, or time is over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._0_basics.errors import Unprotected, counted
from .._1_array.rest import RestClient, literal
from .._2_objects.ipsec_policy import POLICY
from .._2_objects.ipsec_security_association import (
    ESTABLISHED,
    HALF_OPEN,
    NEEDED_FOR_STATUS,
    NONE,
    SECURITY_ASSOCIATION,
    summarize,
)
from .._3_state.reading import is_enabled, listing
from .event_join import concerns
from .explaining import explain

FIRST_PAUSE = 1.0
"""Seconds after which the associations are read for a second time; pauses grow from there."""

NOT_EXPECTED, MISSING = "not_expected", "missing"
_ABLE = (NONE, HALF_OPEN, ESTABLISHED)
_SHOWN = 20
_EXPLAINED = 3


@dataclass(frozen=True)
class Expectation:
    """Which policies, and what each should have.

    svm: of one SVM, or of any and the cluster (``None``). names: these only, ``None`` for all that protect traffic.
    peers: how many peers each should be established with. ignored: names of those that need none. empty: whether it is
    fine if no policy protects traffic, the ignored ones included. peer: an address that alone counts, ``None`` for any.
    """

    svm: str | None
    names: Sequence[str] | None
    peers: int
    ignored: frozenset[str] = frozenset()
    empty: bool = False
    peer: str | None = None


def check(
    client: RestClient, expected: Expectation, seconds: float, lenient: bool
) -> tuple[list[dict[str, Any]], list[str]]:
    """What each policy has, as soon as all have what is expected, and a warning for each that has not, if ``lenient``.

    Raises ``Unprotected`` when the time is over before, or at once if waiting is of no use.
    """
    where = {} if expected.svm is None else {"svm": literal(expected.svm)}
    policies, protecting = _policies(client, expected, where)
    nothing = not (protecting or expected.empty)
    off = is_enabled(client, POLICY) is False
    hopeless = off or nothing or any(_can_not_be_met(one, expected) for one in policies)
    for _attempt in client.patiently(0 if lenient or hopeless else seconds, FIRST_PAUSE):
        policies, associations = _with_associations(client, policies, where, expected.peer)
        unmet = [one for one in policies if not _is_met(one, expected)]
        if not (unmet or off or nothing):
            return policies, []
    waited = "" if lenient or hopeless or not seconds else f" after {seconds:g} s"
    problems = [_problem(policies, unmet, expected, waited)] if unmet else []
    if nothing and not unmet:
        problems.append(_nothing(policies, expected))
    if off:
        problems += [] if problems else ["Which policies there are is not certain."]
        problems.append(f"{POLICY.switch.off}: enable it, with ipsec_config.")
    doubtful = unmet or (policies if nothing or off else [])
    explained = explain(client, doubtful, associations, where, expected.peer)
    policies = [{**one, "causes": explained.causes.get(_key(one), [])} for one in policies]
    problems += [_first(one, explained.causes.get(_key(one), [])) for one in unmet[:_EXPLAINED]] + explained.unread
    problem = " ".join(filter(None, problems))
    if lenient:
        return policies, [problem]
    raise Unprotected(problem).reporting({"policies": policies})


def _key(policy: Mapping[str, Any]) -> tuple[Any, Any]:
    return policy["svm"], policy["policy"]


def _first(policy: Mapping[str, Any], causes: Sequence[Mapping[str, Any]]) -> str:
    """What to look at first, unless the reason says it already."""
    telling = [one for one in causes if one["cause"] not in ("ipsec_disabled", "policy_missing", "silent")]
    return f"{policy['policy']}: {telling[0]['evidence']} {telling[0]['advice']}" if telling else ""


def said(policies: Sequence[Mapping[str, Any]]) -> str:
    """What there is to say of policies that have what is expected of them."""
    others = sum(one["status"] == NOT_EXPECTED for one in policies)
    expected = len(policies) - others
    if not expected:
        return "No policy is expected to have security associations."
    have = counted(expected, "policy has", "policies have")
    of_them = f"the security associations that are expected of {'it' if expected == 1 else 'them'}"
    more = f"; {counted(others, 'other is', 'others are')} not expected to have any" if others else ""
    return f"{have} {of_them}{more}."


def _problem(
    policies: Sequence[Mapping[str, Any]], unmet: Sequence[Mapping[str, Any]], expected: Expectation, waited: str
) -> str:
    all_reasons = list(_reasons(unmet, expected))
    reasons = "; ".join(all_reasons[:_SHOWN])
    more = f"; and {len(all_reasons) - _SHOWN} more, which are in the result" if len(all_reasons) > _SHOWN else ""
    whole = counted(len(policies), "policy", "policies")
    return (
        f"{len(unmet)} of {whole} {'does' if len(unmet) == 1 else 'do'} not have the security associations that are expected of "
        f"{'it' if len(unmet) == 1 else 'them'}{waited}: {reasons}{more}."
    )


def _reasons(unmet: Sequence[Mapping[str, Any]], expected: Expectation) -> Iterator[str]:
    """A reason for each; if there are many without any association, as after a switch-over, their names are enough."""
    silent = [one for one in unmet if one["status"] == NONE]
    by_svm: dict[str | None, list[str]] = {}
    for one in silent if len(silent) > _EXPLAINED else []:
        by_svm.setdefault(one["svm"], []).append(one["policy"])
    for svm, names in by_svm.items():
        where = "of the cluster" if svm is None else f"on SVM {svm!r}"
        more = f", and {len(names) - _SHOWN} more, which are in the result" if len(names) > _SHOWN else ""
        yield f"{len(names)} {where} {'has' if len(names) == 1 else 'have'} none: {', '.join(names[:_SHOWN])}{more}"
    yield from (_reason(one, expected) for one in unmet if not (by_svm and one["status"] == NONE))


def _nothing(policies: Sequence[Mapping[str, Any]], expected: Expectation) -> str:
    where = "" if expected.svm is None else f" of SVM {expected.svm!r}"
    where += "" if expected.peer is None else f" for peer {expected.peer}"
    if policies:
        there = (
            f"None of the {len(policies)} policies{where} protects traffic: each is disabled, or a bypass or discard."
        )
    else:
        doubt = " The SVM may not exist, or have another name." if expected.svm is not None else ""
        there = f"The array lists no policy{where}.{doubt}"
    return f"{there} So nothing was looked at. Set allow_empty: true if that is fine."


def _policies(client: RestClient, expected: Expectation, where: Mapping[str, str]) -> tuple[list[dict[str, Any]], int]:
    """Every policy that is meant, with what can be said of it before its associations are known; how many of them protect."""
    fields = ["name", "svm", "scope", "enabled", "action"]
    if expected.peer is not None:
        fields += ["remote_endpoint.address", "remote_endpoint.netmask"]
    found = [one for one in listing(client, POLICY, where, fields) if expected.svm in (None, one.get("svm"))]
    if expected.peer is not None:
        found = [one for one in found if concerns(one, expected.peer)]
    if expected.names is not None:
        found = [one for one in found if one["name"] in expected.names]
    states = [
        {
            "policy": one["name"],
            "svm": one.get("svm"),
            "status": NONE if POLICY.protects(one) and one["name"] not in expected.ignored else NOT_EXPECTED,
        }
        for one in found
    ]
    missing = [name for name in dict.fromkeys(expected.names or ()) if name not in {one["name"] for one in found}]
    states.sort(key=lambda one: (one["svm"] or "", one["policy"]))
    states += [{"policy": name, "svm": expected.svm, "status": MISSING} for name in missing]
    return states, sum(POLICY.protects(one) for one in found)


def _with_associations(
    client: RestClient, policies: Sequence[dict[str, Any]], where: Mapping[str, str], peer: str | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The same with what the associations, with one peer or all, say of those that can have some, and these associations.

    Nothing is read if there are no such policies.
    """
    able = [{"name": one["policy"], "svm": one["svm"]} for one in policies if one["status"] in _ABLE]
    if not able:
        return list(policies), []
    associations = listing(client, SECURITY_ASSOCIATION, where, list(NEEDED_FOR_STATUS))
    if peer is not None:
        associations = [one for one in associations if one["remote_address"] == peer]
    summaries = {(one["svm"], one["policy"]): one for one in summarize(associations, able)}
    told = [summaries[one["svm"], one["policy"]] if one["status"] in _ABLE else one for one in policies]
    return told, associations


def _can_not_be_met(policy: Mapping[str, Any], expected: Expectation) -> bool:
    return policy["status"] == MISSING or (policy["status"] == NOT_EXPECTED and expected.names is not None)


def _is_met(policy: Mapping[str, Any], expected: Expectation) -> bool:
    if policy["status"] in _ABLE:
        return bool(policy["peers"][ESTABLISHED] >= expected.peers)
    return not _can_not_be_met(policy, expected)


def _reason(policy: Mapping[str, Any], expected: Expectation) -> str:
    title = POLICY.title(
        {key: policy[option] for key, option in (("name", "policy"), ("svm", "svm")) if policy[option]}
    )
    if policy["status"] == MISSING:
        return f"there is no {title}"
    if policy["status"] == NOT_EXPECTED:
        return f"{title} can have none, because it is disabled or protects nothing"
    if policy["status"] == NONE:
        return f"{title} has none"
    half = policy["peers"][HALF_OPEN]
    pending = f", and is half-open with {half}" if half else ""
    states = ", ".join(f"{number} {state}" for state, number in policy["ike_states"].items())
    ike = f" (IKE: {states})" if half and states else ""
    return f"{title} is established with {policy['peers'][ESTABLISHED]} of {expected.peers} peers{pending}{ike}"
