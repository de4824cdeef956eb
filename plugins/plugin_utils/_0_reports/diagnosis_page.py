# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A diagnosis of a client as one page in Markdown: what is found, both ends beside each other, and what they are made of. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .markup import code

_EVENTS = 20
"""Events that the page has."""


def page(doc: Mapping[str, Any]) -> str:
    """doc: ``peer``, ``time``, ``headline``, ``findings``, ``arrays`` by cluster, ``client``, ``compared``, ``problems`` and ``unread``."""
    lines = [f"# Diagnosis of {code(doc['peer'])}", "", f"{doc['time']}", "", code_free(doc["headline"]), ""]
    lines += _findings(doc["findings"])
    for cluster, array in doc["arrays"].items():
        lines += _both_ends(cluster, array, doc["client"])
    if doc["compared"] is not None:
        lines += _compared(doc["compared"])
    lines += (
        [f"## Not looked at\n\n{_bullets([*doc['problems'], *doc['unread']])}"]
        if doc["problems"] or doc["unread"]
        else []
    )
    return "\n".join(lines).rstrip() + "\n"


def code_free(text: str) -> str:
    """A sentence that has names in it, none of which may be read as Markdown."""
    return " ".join(_escaped(word) for word in text.split())


def _escaped(word: str) -> str:
    return "".join(f"\\{one}" if one in "\\`*_[]<>|#!" else one for one in word)


def _bullets(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {code_free(one)}" for one in sentences)


def _findings(findings: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not findings:
        return
    yield from ("## What is found", "", "| | cause | where | evidence | what to do |", "|---|---|---|---|---|")
    for one in findings:
        place = " ".join(filter(None, [one["cluster"], one["policy"]]))
        where = f"{one['side']}{f', {code(place)}' if place else ''}"
        cells = [one["certainty"], f"`{one['cause']}`", where, code_free(one["evidence"]), code_free(one["advice"])]
        yield f"| {' | '.join(cells)} |"
    yield ""


def _both_ends(cluster: str, array: Mapping[str, Any], client: Mapping[str, Any] | None) -> Iterator[str]:
    peer = array["peer"]
    yield from (f"## Array {code(cluster)}", "")
    statuses = {(one["svm"], one["policy"]): one["status"] for one in array["policies"]}
    yield from _table(
        ["policy", "in force", "action", "protocol", "array", "client", "identities", "status"],
        [
            [
                f"{one.get('svm') or '(cluster)'} {one['name']}",
                "yes" if one.get("enabled", True) else "no",
                str(one.get("action", "")),
                str(one.get("protocol", "any")),
                _endpoint(one.get("local_endpoint")),
                _endpoint(one.get("remote_endpoint")),
                f"{one.get('local_identity') or '-'} / {one.get('remote_identity') or '-'}",
                statuses.get((one.get("svm"), one["name"]), ""),
            ]
            for one in peer["policies"] or ()
        ],
        "No policy covers the client.",
    )
    yield from _table(
        ["association", "policy", "node", "state", "bytes in", "bytes out"],
        [
            [
                one["type"],
                one["policy"],
                one["node"],
                str((one["ike"] or {}).get("state") or (one["ipsec"] or {}).get("state") or ""),
                str(((one["ipsec"] or {}).get("inbound") or {}).get("bytes", "")),
                str(((one["ipsec"] or {}).get("outbound") or {}).get("bytes", "")),
            ]
            for one in peer["security_associations"] or ()
        ],
        "No association with the client.",
    )
    if client is not None:
        yield from _table(
            ["connection of the client", "loaded", "trap", "IKE", "associations", "protocol", "array", "proposals"],
            [
                [
                    one["name"],
                    _word(one["loaded"]),
                    _word(one["trapped"]),
                    one["ike"] or "-",
                    _word(one["associations"]),
                    str(one["protocol"] or "any"),
                    f"{', '.join(one['remote_addresses'])} {one['remote_port'] or ''}".strip(),
                    ", ".join(one["esp"]),
                ]
                for one in client["connections"] or ()
            ],
            "No connection of this collection on the client.",
        )
        yield from _table(
            ["the client's log", "connection", "times"],
            [[one["error"], one["connection"] or "-", str(one["count"])] for one in client["errors"] or ()],
            "No error of a negotiation in the client's log.",
        )
    events = peer["events"] or ()
    yield from _table(
        ["event", "time", "node", "address of the array"],
        [[one["name"], one["time"], one["node"], one["local"]] for one in events[:_EVENTS]],
        "No event of IPsec names the client.",
    )
    yield from _table(
        ["in use now", "address of the array", "SVM"],
        [[one["protocol"], one["server"], str(one["svm"])] for one in peer["sessions"] or ()],
        "The array knows of no session of the client.",
    )


def _compared(compared: Mapping[str, str]) -> Iterator[str]:
    yield from ("## The client and the policy files", "")
    yield from _table(
        ["connection of the client", "compared with the policy files"],
        [[name, how.replace("_", " ")] for name, how in compared.items()],
        "The policy files ask nothing of the client, and it has no connection of this collection.",
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], none: str) -> Iterator[str]:
    if not rows:
        yield from (none, "")
        return
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(code(cell) for cell in row)} |"
    yield ""


def _endpoint(endpoint: Mapping[str, Any] | None) -> str:
    if not endpoint:
        return "-"
    port = str(endpoint.get("port") or "0-0").partition("-")[0]
    return f"{endpoint.get('address')}/{endpoint.get('netmask')}{'' if port == '0' else f' {port}'}"


def _word(value: Any) -> str:
    return (
        "?"
        if value is None
        else {True: "yes", False: "no"}.get(value, str(value))
        if isinstance(value, bool)
        else str(value)
    )
