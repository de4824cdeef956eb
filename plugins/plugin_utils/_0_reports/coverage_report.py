# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The coverage of clusters for people and programs: one document, in Markdown, as rows for a spreadsheet, as plain data. Pure.

A cluster is plain data: ``cluster``, its name; ``problem``, why nothing is known of it, else empty; and all that ipsec_coverage
returns. What is not as it should be comes first.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .markup import code

Cluster = Mapping[str, Any]
Row = Mapping[str, Any]
Document = dict[str, Any]

STATES = {
    "clear": "in clear",
    "bypassed": "let through in clear",
    "ambiguous": "ambiguous",
    "unknown": "not known",
    "authenticated": "not encrypted",
    "partly": "protected in part",
    "discarded": "discarded",
    "protected_otherwise": "protected otherwise",
    "protected": "protected by IPsec",
}
"""What a flow may be, the worst first, in words."""

GOOD = ("protected", "protected_otherwise")
KINDS = ("intended", "observed")
_MOST = 300
"""How many flows Markdown lists one by one."""

COLUMNS = (
    *(
        "cluster",
        "kind",
        "svm",
        "protocol",
        "services",
        "ports",
        "interface",
        "address",
        "client",
        "client_name",
        "state",
    ),
    *("means", "policies", "policy_count", "in_use", "parts", "notes", "exception", "exception_until"),
)
"""Of the spreadsheet."""


def document(clusters: Sequence[Cluster], head: Mapping[str, Any], previous: Document | None = None) -> Document:
    """All that a report says.

    head: ``title``, ``time`` and, if there is one, ``commit``. previous: an earlier document, to tell what has changed since. What it
    knows of a cluster of which nothing is known now goes along as ``earlier``, so that the next one is compared with that.
    """
    found: Document = {
        "report": "ipsec_coverage",
        **head,
        "clusters": [dict(one) for one in clusters],
        "totals": _totals(clusters),
        "since": None,
        "since_earlier": {},
        "changes": [],
        "not_compared": [],
        "earlier": {},
    }
    if previous is not None:
        earlier = previous.get("earlier") or {}
        before = [
            *(one for one in previous.get("clusters") or [] if str(one["cluster"]) not in earlier),
            *({"cluster": name, "flows": one["flows"]} for name, one in earlier.items()),
        ]
        known = {str(one["cluster"]) for one in clusters if not one.get("problem")}
        found.update(
            {
                "since": previous.get("time"),
                "since_earlier": {name: one["time"] for name, one in earlier.items() if name in known},
                "changes": list(_changes(before, clusters)),
                "not_compared": _not_compared(before, clusters, previous),
                "earlier": {
                    str(one["cluster"]): earlier.get(str(one["cluster"]))
                    or {"time": previous.get("time"), "flows": one["flows"]}
                    for one in before
                    if not one.get("problem") and str(one["cluster"]) not in known
                },
            }
        )
    return found


def rows(clusters: Iterable[Cluster]) -> Iterator[tuple[str, str, Row]]:
    """Every flow with its cluster and kind, the worst first."""
    every = [
        (str(cluster["cluster"]), kind, row)
        for cluster in clusters
        for kind in KINDS
        for row in (cluster.get("flows") or {}).get(kind) or ()
    ]
    order = list(STATES)
    yield from sorted(
        every, key=lambda one: (one[2]["exception"] is not None, order.index(one[2]["state"]), one[1] != "observed")
    )


def open_rows(clusters: Iterable[Cluster]) -> list[tuple[str, str, Row]]:
    """The flows that are not protected and that nobody has accepted."""
    return [one for one in rows(clusters) if one[2]["state"] not in GOOD and one[2]["exception"] is None]


def _totals(clusters: Sequence[Cluster]) -> dict[str, Any]:
    found: dict[str, Any] = {kind: dict.fromkeys((*STATES, "flows", "excepted"), 0) for kind in KINDS}
    for _cluster, kind, row in rows(clusters):
        counts = found[kind]
        counts["flows"] += 1
        counts[row["state"]] += 1
        counts["excepted"] += row["exception"] is not None
    return {
        **found,
        "clusters": len(clusters),
        "without_answer": sum(bool(one.get("problem")) for one in clusters),
        "unread": sum(len(one.get("unread") or ()) for one in clusters),
    }


def headline(doc: Document) -> str:
    """The answer in one sentence."""
    texts = []
    for kind in KINDS:
        counts = doc["totals"][kind]
        good = sum(counts[state] for state in GOOD)
        texts.append(f"{good} of {counts['flows']} {kind} flows are protected")
    still = len(open_rows(doc["clusters"]))
    doubt = []
    if doc["totals"]["without_answer"]:
        doubt.append(f"nothing is known of {doc['totals']['without_answer']} of {doc['totals']['clusters']} clusters")
    if doc["totals"]["unread"]:
        doubt.append("not everything could be read")
    accepted = sum(doc["totals"][kind]["excepted"] for kind in KINDS)
    rest = f"{still} are neither protected nor accepted" + (f", {accepted} are accepted" if accepted else "")
    return f"{', and '.join(texts)}; {rest}" + (f". But {', and '.join(doubt)}." if doubt else ".")


# What has changed.


def _by_port(clusters: Iterable[Cluster]) -> dict[tuple[Any, ...], Row]:
    return {
        (cluster, kind, row["svm"], row["protocol"], row["address"], row["client"], port): row
        for cluster, kind, row in rows(clusters)
        for port in row["ports"]
    }


def _changes(before: Sequence[Cluster], after: Sequence[Cluster]) -> Iterator[dict[str, Any]]:
    """Each flow whose state is another one, with its ports; that is new and not protected; or that is gone."""
    old, new = _by_port(before), _by_port(after)
    unknown = {str(one["cluster"]) for one in (*before, *after) if one.get("problem")}
    looked_at = {str(one["cluster"]) for one in after}
    # Flows are missing there that there may still be.
    blind = {
        str(one["cluster"])
        for one in after
        if any(each["what"] in ("interfaces", "export_policies") for each in one.get("unread") or ())
    }
    grouped: dict[tuple[Any, ...], list[str]] = {}
    for key in {**old, **new}:
        # What nobody looked at, then or now, has not changed as far as anybody knows.
        if key[0] in unknown or key[0] not in looked_at:
            continue
        was, now = (side[key]["state"] if key in side else None for side in (old, new))
        # A connection comes and goes; what matters is what it is while it is there.
        if was == now or (was is None and now in GOOD) or (now is None and (key[1] == "observed" or key[0] in blind)):
            continue
        grouped.setdefault((*key[:-1], was, now), []).append(key[-1])
    order = list(STATES)
    for key, ports in sorted(grouped.items(), key=lambda one: (_rank(one[0][-1], order), str(one[0]))):
        cluster, kind, svm, protocol, address, client, was, now = key
        yield {
            **{
                "cluster": cluster,
                "kind": kind,
                "svm": svm,
                "protocol": protocol,
                "address": address,
                "client": client,
            },
            **{"ports": ports, "before": was, "after": now, "worse": _rank(now, order) < _rank(was, order)},
        }


def _not_compared(before: Sequence[Cluster], after: Sequence[Cluster], previous: Document) -> list[str]:
    """The clusters of an earlier report of which nothing was ever known, nothing is now, or that nobody has looked at now."""
    known = {str(one["cluster"]) for one in after if not one.get("problem")}
    # What an earlier report only took along from one before may be gone for good.
    meant = {str(one["cluster"]) for one in (*(previous.get("clusters") or []), *after)}
    return sorted(
        name for one in before if (name := str(one["cluster"])) in meant and (one.get("problem") or name not in known)
    )


def _rank(state: str | None, order: Sequence[str]) -> int:
    """How good a state is. What was not there, or is not any more, is as good as can be."""
    return len(order) if state is None else order.index(state)


# Markdown.


def markdown(doc: Document) -> str:
    """For a merge request or a wiki."""
    commit = f" by commit {code(str(doc['commit']))}" if doc.get("commit") else ""
    lines = [f"# {doc['title']}: {headline(doc)}", "", f"Made at {doc['time']}{commit}."]
    lines += _table_of_clusters(doc)
    lines += _changed(doc)
    lines += _not_protected(doc)
    for one in doc["clusters"]:
        lines += _of_cluster(one)
    return "\n".join(lines).rstrip() + "\n"


def _table_of_clusters(doc: Document) -> list[str]:
    lines = [
        "",
        "| cluster | SVM | protocol | flows | intended | protected | observed | protected | accepted |",
        "|---|---|---|---|--:|--:|--:|--:|--:|",
    ]
    for one in doc["clusters"]:
        if one.get("problem"):
            lines.append(f"| {code(str(one['cluster']))} | **not known** | {code(str(one['problem']))} | | | | | | |")
        for entry in one.get("summary") or ():
            numbers = []
            for kind in KINDS:
                numbers += [str(entry[kind]["flows"]), str(sum(entry[kind].get(state, 0) for state in GOOD))]
            bad = [
                f"{sum(entry[kind].get(state, 0) for kind in KINDS)} {word}"
                for state, word in STATES.items()
                if state not in GOOD and any(entry[kind].get(state) for kind in KINDS)
            ]
            accepted = sum(entry[kind]["excepted"] for kind in KINDS)
            cells = [
                code(str(one["cluster"])),
                code(entry["svm"]),
                entry["protocol"],
                ", ".join(bad) or "all protected",
                *numbers,
                str(accepted),
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _changed(doc: Document) -> list[str]:
    if doc["since"] is None:
        return []
    names = ", ".join(map(code, doc["not_compared"]))
    without = ["", f"Not compared, because nothing was known then or is now: {names}."] if names else []
    for name, time in doc["since_earlier"].items():
        without += ["", f"{code(name)} is compared with what was known of it at {time}."]
    if not doc["changes"]:
        return ["", f"Nothing has changed since {doc['since']}."] + without
    lines = [*without, "", f"## Changed since {doc['since']}", ""]
    for one in doc["changes"][:_MOST]:
        before, after = (STATES.get(one[side], "not there") for side in ("before", "after"))
        mark = "**worse** " if one["worse"] else ""
        lines.append(
            f"- {mark}{code(one['cluster'])}: {code(one['client'])} with {code(one['address'])} on {code(one['svm'])} "
            f"({one['kind']}, {', '.join(one['ports'])}) "
            f"was {before}, is {after}"
        )
    return lines + ([f"- … and {len(doc['changes']) - _MOST} more"] if len(doc["changes"]) > _MOST else [])


def _not_protected(doc: Document) -> list[str]:
    found = open_rows(doc["clusters"])
    if not found:
        return []
    lines = [
        "",
        "## Not protected",
        "",
        "| cluster | | client | interface | services | what it is | policies |",
        "|---|---|---|---|---|---|---|",
    ]
    for cluster, kind, row in found[:_MOST]:
        cells = [
            code(cluster),
            kind,
            code(row["client"]) + (f" {code(row['client_name'])}" if row["client_name"] else ""),
        ]
        cells += [f"{code(row['interface'] or row['address'])} on {code(row['svm'])}", ", ".join(row["services"])]
        cells += [
            what(row),
            ", ".join(code(name) for name in row["policies"])
            + (" …" if row["policy_count"] > len(row["policies"]) else ""),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines + (
        ["", f"… and {len(found) - _MOST} more, all in the JSON and CSV files."] if len(found) > _MOST else []
    )


def what(row: Row) -> str:
    """What a flow is, in words."""
    text = STATES[row["state"]]
    if row["means"]:
        text += f" ({', '.join(row['means'])})"
    if row["state"] == "protected":
        text += {True: ", in use", False: ", not in use now"}.get(row["in_use"], "")
    parts = [
        f"{STATES[part['state']]}: {', '.join(part['where'])}" for part in row["parts"] if part["state"] not in GOOD
    ]
    return "; ".join([text, *parts, *row["notes"]])


def _of_cluster(one: Cluster) -> list[str]:
    name = code(str(one["cluster"]))
    lines: list[str] = []
    if one.get("unread"):
        lines += [
            "",
            f"## Not read on {name}",
            "",
            *(f"- {code(each['endpoint'])}: {each['why']}. {each['missing']}" for each in one["unread"]),
        ]
    if one.get("expiry_warnings"):
        lines += ["", f"## Certificates on {name}", "", *(f"- {code(str(each))}" for each in one["expiry_warnings"])]
    if one.get("exceptions"):
        lines += ["", f"## Accepted on {name}", ""]
        lines += [f"- {exception(each)}" for each in one["exceptions"]]
    array = one.get("array") or {}
    if array.get("uuid"):
        told = [code(str(array[key])) for key in ("name", "uuid", "version")]
        seen = f"seen by {code(str(one.get('account')))} at {one.get('time')}"
        lines += ["", f"{name} is {told[0]}, UUID {told[1]}, {told[2]}, {seen}; {code(str(one.get('digest')))}."]
    files = one.get("policy_files") or {}
    if files:
        known = "checksum" in files
        told_ = f"have the SHA-256 {code(files['checksum'])}" if known else f"are not known: {code(files['problem'])}"
        lines += ["", f"The policy files of {name} {told_}."]
    return lines


def exception(one: Mapping[str, Any], mark: Any = code) -> str:
    """An exception in words. mark: makes a text that somebody wrote stand out."""
    about = [
        f"{key} {mark(str(one[key]))}"
        for key in ("svm", "protocol", "service", "interface", "client", "unread")
        if one.get(key)
    ]
    about += [f"state {', '.join(one['states'])}"] if one.get("states") else []
    state = {"expired": ", **expired**", "unused": ", needed by nothing"}.get(
        one["state"], f", used {one['used']} times"
    )
    return f"{mark(one['reason'])} ({', '.join(about) or 'everything'}), until {one['until']}{state if mark is code else state.replace('*', '')}"


# A spreadsheet.


def as_csv(doc: Document) -> str:
    """One row for each flow. What could be read as a formula is shown as the text that it is."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for cluster, kind, row in rows(doc["clusters"]):
        accepted = row["exception"] or {}
        values = {
            **row,
            "cluster": cluster,
            "kind": kind,
            "parts": [f"{part['state']} {part['share']:.2%}: {', '.join(part['where'])}" for part in row["parts"]],
            "exception": accepted.get("reason", ""),
            "exception_until": accepted.get("until", ""),
        }
        writer.writerow([_cell(values[column]) for column in COLUMNS])
    return stream.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        value = "; ".join(map(str, value))
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def counted(doc: Document) -> Counter[str]:
    """How many flows there are of each state, of both kinds."""
    return Counter({state: sum(doc["totals"][kind][state] for kind in KINDS) for state in STATES})
