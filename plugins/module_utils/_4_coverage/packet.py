# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a packet: the policies that match it, what becomes of it, and what the client's end has to have. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._0_basics import normalize
from .._0_basics.errors import InvalidInput
from .._0_basics.ip_protocols import NUMBERS
from .._0_basics.overlaps import Prefix, Selector, covers
from .._2_objects.ipsec_policy import ENDPOINTS, POLICY
from .._3_state.protection import selector_of
from .flows import Network, spelled
from .question import network
from .verdicts import (
    AMBIGUOUS,
    AUTHENTICATED,
    CLEAR,
    GOOD,
    PROTECTED,
    STATES,
    Policies,
    Situation,
    Verdict,
    prefix_of,
    told,
)

_WITH_PORTS = {NUMBERS[name] for name in ("tcp", "udp")}


@dataclass(frozen=True)
class Packet:
    """Packets as an array sees them. protocol: number, 0 for any. Ports: 0 for any."""

    local: Network
    remote: Network
    protocol: int = 0
    local_port: int = 0
    remote_port: int = 0

    @property
    def box(self) -> Selector:
        """As selectors are compared."""
        points = [(self.protocol, 8), (self.local_port, 16), (self.remote_port, 16)]
        sides = (Prefix(value, width if value else 0, width) for value, width in points)
        return (prefix_of(self.remote), prefix_of(self.local), *sides)

    @property
    def has_ports(self) -> bool:
        """Whether such a packet is known to have ports."""
        return self.protocol == 0 or self.protocol in _WITH_PORTS


def packet(params: Mapping[str, Any]) -> Packet:
    """The packets that options describe. Raises ``InvalidInput``."""
    problems = []
    found: dict[str, Any] = {"protocol": 0}
    for option, reader in (
        ("source", network),
        ("destination", network),
        ("protocol", _protocol),
        ("source_port", _port),
        ("destination_port", _port),
    ):
        try:
            found[option] = reader(str(params[option])) if params.get(option) is not None else 0
        except ValueError as error:
            problems.append(f"{option}: {error}")
    families = {found[option].version for option in ("source", "destination") if found.get(option)}
    if len(families) > 1:
        problems.append("source, destination: one is IPv4 and the other IPv6; no packet has both.")
    ported = found.get("source_port") or found.get("destination_port")
    if ported and found.get("protocol") not in _WITH_PORTS:
        problems.append("protocol: a port needs tcp or udp.")
    if problems:
        raise InvalidInput(*problems)
    local, remote = ("destination", "source") if params["sender"] == "client" else ("source", "destination")
    return Packet(found[local], found[remote], found["protocol"], found[f"{local}_port"], found[f"{remote}_port"])


def _protocol(text: str) -> int:
    word = normalize.protocol(text)
    return 0 if word == normalize.ANY_PROTOCOL else int(NUMBERS.get(word, word))


def _port(text: str) -> int:
    return int(normalize.port_range(text).partition("-")[0])


def happens(
    asked: Packet,
    situation: Situation,
    svm: str | None,
    sources: Sequence[Mapping[str, Any]] = (),
    authenticating: Iterable[tuple[Any, Any]] | None = (),
) -> dict[str, Any]:
    """What becomes of packets, by SVM. svm: the one whose address it is, ``None`` for each that has a policy for it.

    sources: for each policy of the situation, where it is written, as ``path`` and ``line``. authenticating: SVM and name of
    policies whose associations do not encrypt, ``None`` if that is not known.
    """
    matching = list(_matching(asked, situation, sources))
    svms = [svm] if svm is not None else sorted({one["svm"] for one in matching if one["svm"] is not None})
    verdicts = [_verdict(asked, situation, one, matching, authenticating) for one in svms or [None]]
    # Whose address it is, policies do not say: theirs may be whole networks.
    elsewhere = " Of any other SVM it goes in clear." if svms and svm is None else ""
    return {"verdicts": verdicts, "msg": " ".join(one["msg"] for one in verdicts) + elsewhere}


def _matching(asked: Packet, situation: Situation, sources: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The policies that have a packet in common with what is asked, in force or not."""
    box = asked.box
    for position, state in enumerate(situation.states):
        selector = selector_of(state)
        if selector is None or not all(one.contains(side) or side.contains(one) for one, side in zip(selector, box)):
            continue
        yield {
            "name": state["name"],
            "svm": state.get(POLICY.container),
            "action": state.get("action"),
            "in_force": situation.enabled is not False and state.get("enabled", True) is not False,
            "covers": "all" if covers(selector, box) else "part",
            "with_ports": any(
                state.get(f"{side}.port", normalize.ANY_PORT) != normalize.ANY_PORT for side in ENDPOINTS
            ),
            **(sources[position] if position < len(sources) else {}),
        }


def _verdict(
    asked: Packet,
    situation: Situation,
    svm: str | None,
    matching: Sequence[Mapping[str, Any]],
    authenticating: Iterable[tuple[Any, Any]] | None,
) -> dict[str, Any]:
    policies = Policies(situation, None, authenticating or ())
    column = policies.column(svm or "", asked.box)
    verdict, _turn = policies.judge(column, asked.box[0])
    own = [one for one in matching if one["svm"] in (svm, None)]
    state, notes = verdict.state, []
    if not asked.has_ports and any(one["with_ports"] and one["in_force"] for one in own):
        # Whether a policy with a port concerns a packet that has none is not published.
        state = AMBIGUOUS
        notes.append("A policy with a port matches; whether it concerns packets without ports is not published.")
    if situation.enabled is False:
        notes.append("IPsec is disabled, so no policy is in force.")
    if situation.enabled is None and state != CLEAR:
        notes.append("Whether IPsec is enabled is not known.")
    if authenticating is None and state == PROTECTED:
        notes.append("Whether its associations encrypt could not be read.")
    if any(one["svm"] is None for one in own):
        notes.append("A policy of cluster scope matches; whether it concerns an SVM is not published.")
    shown = [{key: value for key, value in one.items() if key != "with_ports"} for one in own]
    width = 128 if asked.local.version == 6 else 32
    return {
        "svm": svm,
        "state": state,
        "policies": shown,
        "parts": _parts(verdict, width),
        "notes": notes,
        "client": _client(asked, state, shown),
        "msg": _said(svm, state, shown, notes),
    }


def _parts(verdict: Verdict, width: int) -> list[dict[str, Any]]:
    if len(verdict.parts) < 2:
        return []
    found = []
    for state in STATES:
        if state in verdict.parts:
            stretches = verdict.stretches.get(state, ())
            places = [
                f"{one}{'' if stretch.port is None else f' from port {stretch.port}'}"
                for stretch in stretches
                for one in told(stretch, width)
            ]
            found.append({"state": state, "where": list(dict.fromkeys(places))})
    return found


def _client(asked: Packet, state: str, policies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The same packet as the client sees it: its own end is local, and what it has to do with it."""
    in_force = [one for one in policies if one["in_force"]]
    protecting = [one["name"] for one in in_force if str(one["action"]).startswith("esp")]
    expects = {
        "protected": f"ESP in transport mode by IKEv2, as policy {' or '.join(protecting)} says; without it the array takes no such packet.",
        "clear": "No IPsec: the array has no policy in force for it, and what is protected on this end alone does not arrive.",
        "bypassed": "No IPsec: the array lets it through as it is.",
        "discarded": "Nothing: the array discards it.",
    }
    return {
        "local": spelled(asked.remote),
        "local_port": asked.remote_port or None,
        "remote": spelled(asked.local),
        "remote_port": asked.local_port or None,
        "protocol": None if asked.protocol == 0 else normalize.protocol(str(asked.protocol)),
        "expects": expects.get(state, "It depends on the policies that match: see them."),
    }


def _said(svm: str | None, state: str, policies: Sequence[Mapping[str, Any]], notes: Sequence[str]) -> str:
    where = "" if svm is None else f"SVM {svm}: "
    in_force = [str(one["name"]) for one in policies if one["in_force"]]
    asleep = [str(one["name"]) for one in policies if not one["in_force"]]
    sentence = {
        "protected": f"protected by {', '.join(in_force)}",
        CLEAR: "in clear, no policy in force matches",
        "bypassed": f"let through in clear by {', '.join(in_force)}",
        "discarded": f"discarded by {', '.join(in_force)}",
        AUTHENTICATED: f"authenticated and not encrypted, by {', '.join(in_force)}",
        AMBIGUOUS: f"{', '.join(in_force)} match with different actions, and which one ONTAP applies is not published",
    }.get(state, f"{state}, {', '.join(in_force) or 'no policy in force'}")
    sleeping = f" ({', '.join(asleep)} would match, and is not in force)" if asleep and state not in GOOD else ""
    return f"{where}{sentence}{sleeping}." + "".join(f" {note}" for note in notes)
