# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The coverage of an array's traffic as plain data: flows, a summary of them, what could not be read, what was accepted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from .._0_basics.errors import counted
from .._0_basics.regions import Stretch
from .._2_objects.ipsec_policy import POLICY
from .._2_objects.resource import State
from .flows import Array, Flow, Question, authenticating
from .gate import Accepted, Gate, sentences
from .question import PORTS
from .survey import Survey
from .verdicts import GOOD, PARTLY, SHOWN, STATES, Policies, Situation, Turn, Verdict, told

_TOLD = 10
"""How many flows a message names."""

INTENDED, OBSERVED = "intended", "observed"


@dataclass(frozen=True)
class Coverage:
    """What there is to say. result: as a module returns it. problems: what keeps the gate closed, a sentence each."""

    result: dict[str, Any]
    problems: list[str]


def cover(
    survey: Survey,
    question: Question,
    gate: Gate,
    exceptions: Sequence[Accepted],
    changes: Sequence[Mapping[str, Any]] | None = None,
) -> Coverage:
    """Holds what was read against what is asked. changes: as ``changed`` takes them, ``None`` if nothing is to change."""
    now = Situation(survey.policies, survey.enabled)
    later = None if changes is None else changed(now, changes)
    policies = Policies(now, later, authenticating(survey.traffic.associations), survey.ipspaces)
    array = Array(survey.traffic, question)
    found: dict[str, list[Flow]] = {INTENDED: list(array.intended(policies)), OBSERVED: list(array.observed(policies))}
    rows: dict[str, list[dict[str, Any]]] = {INTENDED: [], OBSERVED: []}
    failing: list[tuple[Flow, Sequence[str]]] = []
    for kind, flows in found.items():
        for flow in flows:
            accepted = gate.exception(flow)
            rows[kind].append(_row(flow, array, accepted))
            reasons = gate.reasons(flow)
            if reasons and accepted is None:
                failing.append((flow, reasons))
    failing.sort(key=lambda one: (not one[0].loses, not one[0].observed, STATES.index(one[0].state)))
    blind = gate.blind(survey.unread)
    result = {
        "flows": rows,
        "summary": _summary(rows),
        "unread": [one.as_dict() for one in survey.unread],
        "exceptions": [
            _exception(one, gate.state(position), gate.used.get(position, 0)) for position, one in enumerate(exceptions)
        ],
        "array": survey.array,
        "ipsec_enabled": survey.enabled,
        "looked_at": survey.looked_at,
        "digest": survey.digest,
        "failing": len(failing) + len(blind),
        "worse": sum(flow.loses for flows in found.values() for flow in flows),
        "msg": said(rows),
    }
    return Coverage(result, list(sentences(failing, blind, _TOLD)))


def changed(now: Situation, changes: Iterable[Mapping[str, Any]]) -> Situation:
    """What an array has after changes as ``ipsec_policies`` and ``ipsec_files`` plan them."""
    states: dict[tuple[Any, Any], State] = {(one.get("svm"), one["name"]): dict(one) for one in now.states}
    enabled = now.enabled
    for change in changes:
        kind, after = change.get("kind", "policy"), change.get("after") or {}
        if kind == "config":
            enabled = after.get("enabled", enabled)
        if kind != "policy":
            continue
        key = (change.get("svm"), change["name"])
        if change["operation"] == "deleted":
            states.pop(key, None)
            continue
        wanted = POLICY.from_options({option: value for option, value in after.items() if option in _COVERING})
        state = {**states.get(key, {}), **wanted, "name": key[1]}
        states[key] = state if key[0] is None else {**state, "svm": key[0]}
    return Situation(list(states.values()), enabled)


_COVERING = ("action", "enabled", "ipspace", "local_endpoint", "protocol", "remote_endpoint")


def _row(flow: Flow, array: Array, accepted: Accepted | None) -> dict[str, Any]:
    network = flow.client.network
    row: dict[str, Any] = {
        "svm": flow.svm,
        "protocol": flow.services[0].group or PORTS,
        "services": list(dict.fromkeys(one.name for one in flow.services)),
        "ports": [one.spelling for one in flow.services],
        "interface": flow.interface,
        "address": flow.address,
        "client": flow.client.name,
        "client_name": array.label(network),
        "let_in_by": list(flow.client.sources[: SHOWN + 1]),
        "state": flow.state,
        "means": list(flow.means),
        "policies": list(flow.verdict.policies),
        "policy_count": flow.verdict.number,
        "in_use": flow.in_use,
        "parts": _parts(flow.verdict, flow.address),
        "notes": list(flow.notes),
        "exception": None if accepted is None else {"reason": accepted.reason, "until": accepted.until.isoformat()},
    }
    if flow.turn:
        row["after"] = _after(flow, flow.turn)
    return row


def _after(flow: Flow, turn: Turn) -> dict[str, Any]:
    return {
        "state": flow.after,
        "policies": list(turn.after.policies),
        "policy_count": turn.after.number,
        "parts": _parts(turn.after, flow.address),
        "worse": flow.loses,
        "cut_off": turn.cut_off > 0,
        "losing": _places(turn.stretches, flow.address) if flow.loses else [],
    }


def _parts(verdict: Verdict, address: str) -> list[dict[str, Any]]:
    """The parts of a flow whose packets do not all fare alike, the worst first; nothing of others."""
    if len(verdict.parts) < 2:
        return []
    return [
        {"state": state, "share": _share(verdict, state), "where": _places(verdict.stretches.get(state, ()), address)}
        for state in STATES
        if state in verdict.parts
    ]


def _share(verdict: Verdict, state: str) -> float:
    """Rounded so that a part is never all or nothing, and what is good never more than it is."""
    exact = verdict.share(state) * 10_000
    rounded = floor(exact) if state in GOOD else ceil(exact)
    return min(max(rounded, 0 if state in GOOD else 1), 9_999) / 10_000


def _places(stretches: Sequence[Stretch], address: str) -> list[str]:
    """Where in a network a part is, the first places."""
    width = 128 if ":" in address else 32
    texts: list[str] = []
    for stretch in stretches:
        port = f" from port {stretch.port}" if stretch.port is not None else ""
        texts += [f"{one}{port}" for one in told(stretch, width)]
    return texts if len(texts) <= SHOWN else [*texts[:SHOWN], "…"]


def _exception(one: Accepted, state: str, number: int) -> dict[str, Any]:
    given = {
        "svm": one.svm,
        # Empty stands for what has been named by port.
        "protocol": one.protocol if one.protocol is None else one.protocol or PORTS,
        "service": one.service,
        "interface": one.interface,
        "client": one.client_name if one.client is None else str(one.client),
        "unread": one.unread,
        "states": sorted(one.states) or None,
    }
    return {
        "reason": one.reason,
        "until": one.until.isoformat(),
        "state": state,
        "used": number,
        **{key: value for key, value in given.items() if value is not None},
    }


def _summary(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """By SVM and protocol: how many flows are what, and how many of those that are not good are accepted."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for kind, flows in rows.items():
        for row in flows:
            key = (row["svm"], row["protocol"])
            entry = found.setdefault(
                key,
                {
                    "svm": key[0],
                    "protocol": key[1],
                    **{one: {"flows": 0, "excepted": 0} for one in (INTENDED, OBSERVED)},
                },
            )
            counts = entry[kind]
            counts["flows"] += 1
            counts[row["state"]] = counts.get(row["state"], 0) + 1
            counts["excepted"] += row["exception"] is not None
    return [found[key] for key in sorted(found)]


def said(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The whole in one sentence or two."""
    texts = []
    for kind, flows in rows.items():
        good = sum(row["state"] in GOOD for row in flows)
        states = [row["state"] for row in flows]
        bad = [
            f"{states.count(state)} {_SHORT.get(state, state)}"
            for state in STATES
            if state in states and state not in GOOD
        ]
        told_ = f"{good} of {counted(len(flows), f'{kind} flow is', f'{kind} flows are')} protected"
        texts.append(told_ + (f" ({', '.join(bad)})" if bad else ""))
    return f"{'; '.join(texts)}."


_SHORT = {PARTLY: "in part", "clear": "in clear"}
