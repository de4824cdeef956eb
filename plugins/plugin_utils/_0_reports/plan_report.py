# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of clusters, for people: a plan in Markdown for a merge request, lines for a terminal. Pure functions.

What takes protection away comes first and is the last to be shortened. A document stays below what GitHub takes for a
comment, whatever the plan: sections give way in the order of their importance, and say what they leave out.

A report of a cluster is plain data. ``cluster``: its name. ``problem``: why there is no plan, else empty. ``refused``: what
keeps it from being carried out. ``changes``, ``summary``, ``unmanaged``, ``not_compared``, ``impact``, ``warnings``: as
ipsec_policies returns them, the service and CA certificates among the changes. ``findings``: of the lint.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Callable

from . import plan_coverage
from .markup import code

Report = Mapping[str, Any]
Change = Mapping[str, Any]

LIMIT = 65_000
"""Bytes of a document; GitHub takes 65,536 characters for a comment, GitLab more."""

ROWS = 100
"""How many changes that take nothing away are shown one by one."""

LINES = 50
"""The same on a terminal."""

_LONG = 400
_LONGEST = {"approval": 2000, "guard": 2000}
"""Characters of a reason. There may be many about entries; of approvals and guards there are few, which say what to do about it."""

SIGNS = {"created": "+", "modified": "~", "recreated": "±", "deleted": "-"}
VERBS = {"created": "create", "modified": "modify", "recreated": "recreate", "deleted": "delete"}
_LOUD = ("recreated", "deleted")
LOSSES = {
    "switched_off": "IPsec is switched off",
    "overriding": "may let through what others protect",
    "unprotected": "protects no more",
    "released": "lets through what it discarded",
    "deleted": "is deleted",
    "disabled": "is disabled",
    "narrowed": "covers less than before",
    "recreated": "is deleted and created again",
    "reauthenticated": "cuts off peers that do not follow",
}
"""What takes protection away, in words; what takes away more comes first."""


# What a policy is, in words. mark: how a value is made to stand out, as by a code span.

Mark = Callable[[str], str]


def _endpoint(endpoint: Mapping[str, Any] | None) -> tuple[str, str]:
    """Network and port of an endpoint."""
    given = endpoint or {}
    address = given.get("address")
    netmask = given.get("netmask")
    network = "any address" if address is None else str(address) + ("" if netmask is None else f"/{netmask}")
    port = str(given.get("port") or "0").partition("-")[0]
    return network, "any port" if port == "0" else f"port {port}"


def describe(policy: Mapping[str, Any], mark: Mark = str) -> str:
    """All that decides what a policy means: action, protocol, selector, whether it is in force, and how it authenticates."""
    (local, local_port), (remote, remote_port) = (
        _endpoint(policy.get(f"{side}_endpoint")) for side in ("local", "remote")
    )
    parts = [
        f"{mark(str(policy.get('action', 'no action')))} of {policy.get('protocol') or 'any'}, "
        f"{mark(local)} {local_port} to {mark(remote)} {remote_port}",
        "enabled" if policy.get("enabled", True) else "disabled",
    ]
    method = policy.get("authentication_method")
    if method and method != "none":
        parts.append(str(method))
    for option, label in (("certificate", "certificate"), ("local_identity", "local identity")):
        if policy.get(option):
            parts.append(f"{label} {mark(str(policy[option]))}")
    if policy.get("remote_identity"):
        identity = str(policy["remote_identity"])
        stands_out = "any peer: " if identity.upper() == "ANYTHING" else ""
        parts.append(f"{stands_out}remote identity {mark(identity)}")
    if (policy.get("ppk") or {}).get("identity"):
        parts.append(f"ppk {mark(str(policy['ppk']['identity']))}")
    if policy.get("ipspace") not in (None, "Default"):
        parts.append(f"IPspace {mark(str(policy['ipspace']))}")
    return ", ".join(parts)


def differences(change: Change) -> Iterator[tuple[str, str, str]]:
    """What changes, value by value: option, old and new. Of an endpoint only the part that does."""
    before, after = change.get("before") or {}, change.get("after") or {}
    for option in change.get("modified") or ():
        if option not in before and option not in after:
            yield option, "", ""
        elif option.endswith("_endpoint"):
            old, new = _endpoint(before.get(option)), _endpoint(after.get(option))
            for name, one, other in ((option, old[0], new[0]), (f"{option}.port", old[1], new[1])):
                if one != other:
                    yield name, one, other
        elif isinstance(before.get(option), Mapping) or isinstance(after.get(option), Mapping):
            sides = [before.get(option) or {}, after.get(option) or {}]
            for key in sorted({*sides[0], *sides[1]}):
                if sides[0].get(key) != sides[1].get(key):
                    yield f"{option}.{key}", _value(sides[0].get(key)), _value(sides[1].get(key))
        else:
            yield option, _value(before.get(option)), _value(after.get(option))


def _value(value: Any) -> str:
    if value is None:
        return "not set"
    return str(value).lower() if isinstance(value, bool) else str(value)


def what(change: Change, mark: Mark = str, becomes: str = "{} becomes {}", assumed: bool = True) -> str:
    """What a change consists of. becomes: how old and new value are told. assumed: whether what was left out is told, too."""
    if change["operation"] == "created":
        text = _object(change, change.get("after") or {}, mark)
    elif change["operation"] == "deleted":
        text = _object(change, change.get("before") or {}, mark)
    else:
        told = [
            f"{mark(option)} {becomes.format(mark(old), mark(new))}" if old or new else f"{mark(option)} is replaced"
            for option, old, new in differences(change)
        ]
        text = "; ".join(told) or "deleted and created again"
    if change.get("overlaps"):
        text += f"; covers packets that {', '.join(mark(str(name)) for name in change['overlaps'])} should protect"
    creates = change["operation"] == "created"
    shown = [
        f"{option} {'any' if value == '0-0' else _value(value)}"
        for option, value in _leaves(change.get("assumed") or {})
        # Of a create all is shown anyway, and what is not set is not there.
        if (creates and assumed and value is not None) or (not creates and _touched(change, option))
    ]
    text += f" (left out, so ONTAP's default: {', '.join(shown)})" if shown else ""
    result = str(change.get("result") or "planned")
    return (
        text
        if result in ("planned", "done")
        else f"{text}: {result.replace('_', ' ')}: {mark(str(change.get('msg') or '?'))}"
    )


def _object(change: Change, state: Mapping[str, Any], mark: Mark) -> str:
    if change.get("kind", "policy") == "policy":
        return describe(state, mark)
    return "a CA certificate that IPsec trusts"


def _leaves(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for option, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{option}.")
        else:
            yield f"{above}{option}", value


def _touched(change: Change, option: str) -> bool:
    return option.partition(".")[0] in (change.get("modified") or ())


def place(thing: Mapping[str, Any], mark: Mark = str) -> str:
    """On which SVM something is."""
    return mark(str(thing["svm"])) if thing.get("svm") else "the cluster"


# What all documents are made of.


def losses(report: Report) -> list[Change]:
    """The changes that take protection away, those first that take away most."""
    found = [change for change in report.get("changes") or () if change.get("loss")]
    weight = {loss: position for position, loss in enumerate(LOSSES)}
    return sorted(found, key=lambda change: weight.get(change["loss"], -1))


def others(report: Report) -> list[Change]:
    """The other changes, what lets traffic through in clear first, then what ends that."""
    rest = [change for change in report.get("changes") or () if not change.get("loss")]
    return sorted(rest, key=lambda change: (not change.get("overlaps"), not _ends_a_bypass(change)))


def _ends_a_bypass(change: Change) -> bool:
    """Whether packets pass in clear until a change is made."""
    before = change.get("before") or {}
    return (
        change["operation"] == "deleted"
        and before.get("action") == "bypass"
        and before.get("enabled", True) is not False
    )


def strangers(report: Report) -> list[Mapping[str, Any]]:
    """What is on the array and in no file, and that nobody said is to be kept; what lets traffic through first."""
    found = [one for one in report.get("unmanaged") or () if not one.get("kept")]
    return sorted(
        found, key=lambda one: (one.get("action") != "bypass", str(one.get("svm") or ""), str(one.get("name")))
    )


def stranger(policy: Mapping[str, Any], mark: Mark = str) -> str:
    """What is in no file, in words."""
    meaning = {"bypass": "lets traffic through in clear", "discard": "discards traffic"}.get(str(policy.get("action")))
    off = ", disabled" if policy.get("enabled") is False else ""
    return f"{mark(str(policy['name']))} on {place(policy, mark)}" + (f" ({meaning}{off})" if meaning else off)


def headline(reports: Sequence[Report], loud: Mark = str) -> str:
    """How much is to change, and whether that takes protection away. loud: makes that stand out."""
    total = sum(len(one.get("changes") or ()) for one in reports)
    lost = sum(len(losses(one)) for one in reports)
    flows = sum(len(plan_coverage.losing(one)) for one in reports)
    texts = [f"{_plural(total, 'change')} on {_plural(len(reports), 'cluster')}"]
    texts += [loud(f"{lost} {'takes' if lost == 1 else 'take'} protection away")] if lost else []
    texts += [loud(plan_coverage.told(flows))] if flows else []
    return ", ".join(texts)


def _plural(number: int, word: str, words: str | None = None) -> str:
    return f"{number} {word if number == 1 else words or f'{word}s'}"


def ending(report: Report) -> str:
    """How many security associations end, as far as that is known."""
    impact = report.get("impact")
    if not impact:
        return "?"
    return f"{impact['security_associations']}{'' if impact.get('certain', True) else ' or more'}"


def reasons(report: Report) -> list[str]:
    """Why a plan is not there, or can't be carried out as it is, a sentence each."""
    if report.get("problem"):
        return [str(report["problem"])]
    return [
        (f"{one['path']}:{one['line']}: " if one.get("path") else "")
        + _first_sentences(str(one["msg"]), _LONGEST.get(str(one.get("reason")), _LONG))
        for one in report.get("refused") or ()
    ]


def _first_sentences(text: str, longest: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: text.rfind(' ', 0, longest)]} …"


# Markdown.


def markdown(reports: Sequence[Report], head: Mapping[str, Any], limit: int = LIMIT) -> str:
    """One document about all clusters. head: ``title``, ``commit``, ``time``, and ``command`` that carries it out, if any."""
    title = f"# {head['title']}: {headline(reports, '**{}**'.format)}"
    made = [f"of commit {code(head['commit'])}"] if head.get("commit") else []
    made += [f"at {head['time']}"] if head.get("time") else []
    top = [title, *(["", f"Made {' '.join(made)}."] if made else [])]
    # Each section with its forms, the fullest first; what is further down in this list gives way sooner.
    sections: list[list[Callable[[], list[str]]]] = [
        [lambda: top],
        [lambda: _table(reports, 1000), lambda: _table(reports, 200)],
        [lambda: _stopped(reports, 200), lambda: _stopped(reports, 20)],
        [lambda: plan_coverage.section(reports, 100), lambda: plan_coverage.section(reports, 10)],
        [
            lambda: _lost(reports),
            lambda: _lost(reports, 20),
            lambda: _lost(reports, 3),
            lambda: _lost(reports, 0),
            lambda: _lost(reports, 0, limit // 2),
        ],
        [lambda: _unmanaged(reports, 1000), lambda: _unmanaged(reports, 50), lambda: _unmanaged(reports, 0)],
        [lambda: _changes(reports, ROWS), lambda: _changes(reports, 20), lambda: _changes(reports, 0)],
        [lambda: _notes(reports, 50), lambda: _notes(reports, 10), lambda: _notes(reports, 0)],
        [lambda: _carry_out(reports, head)],
    ]
    forms = [0] * len(sections)
    texts = [section[0]() for section in sections]
    while _size(texts) > limit:
        weakest = next(
            (number for number in reversed(range(len(sections))) if forms[number] + 1 < len(sections[number])), None
        )
        if weakest is None:
            break
        forms[weakest] += 1
        texts[weakest] = sections[weakest][forms[weakest]]()
    # What gave way for something that gave way itself in the end may come back.
    for number, section in enumerate(sections):
        while forms[number]:
            fuller = section[forms[number] - 1]()
            if _size([*texts[:number], fuller, *texts[number + 1 :]]) > limit:
                break
            forms[number] -= 1
            texts[number] = fuller
    text = "\n".join(line for lines in texts for line in lines).rstrip() + "\n"
    if len(text.encode()) <= limit:
        return text
    # Only names without end get here; cut between lines, because half a line may say the opposite.
    kept = text.encode()[: limit - 200].decode(errors="ignore")
    return kept[: kept.rfind("\n")] + "\n\n**This document is cut here; all of it is in the JSON file beside it.**\n"


def _verb(change: Change) -> str:
    verb = VERBS[change["operation"]]
    return f"**{verb}**" if change["operation"] in _LOUD else verb


def _size(texts: Iterable[Sequence[str]]) -> int:
    return sum(len(line.encode()) + 1 for lines in texts for line in lines)


def _table(reports: Sequence[Report], shown: int) -> list[str]:
    """A line for each cluster of which there is anything to say."""
    quiet = [
        one for one in reports if not (one.get("changes") or strangers(one) or reasons(one) or one.get("warnings"))
    ]
    telling = [one for one in reports if one not in quiet] if len(reports) > 10 else list(reports)
    lines = [
        "",
        "| cluster | takes protection away | create | modify | recreate | delete | unchanged | not in files | associations that end |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in telling[:shown]:
        if one.get("problem"):
            lines.append(f"| {code(one['cluster'])} | **no plan** | | | | | | | |")
            continue
        counts = one.get("summary") or {}
        numbers = [str(counts.get(name, 0)) for name in (*VERBS, "unchanged")]
        lost = len(losses(one))
        name = code(one["cluster"]) + (" **stopped**" if one.get("refused") else "")
        cells = [name, f"**{lost}**" if lost else "0", *numbers, str(len(one.get("unmanaged") or ())), ending(one)]
        lines.append(f"| {' | '.join(cells)} |")
    if len(telling) > shown:
        lines += ["", f"… and {len(telling) - shown} more clusters with changes."]
    if len(telling) < len(reports):
        lines += ["", f"{_plural(len(reports) - len(telling), 'cluster is', 'clusters are')} what the files say."]
    return lines


def _stopped(reports: Sequence[Report], shown: int) -> list[str]:
    """Why there is no plan of a cluster, or what keeps it from being carried out."""
    lines: list[str] = []
    for one in reports:
        found = reasons(one)
        if found:
            begun = any(change.get("result") in ("done", "unknown") for change in one.get("changes") or ())
            kind = "No plan" if one.get("problem") else "Not all is carried out" if begun else "Nothing is carried out"
            lines += ["", f"## {kind} for {code(one['cluster'])}", ""]
            lines += [f"- {code(reason)}" for reason in found[:shown]]
            lines += [f"- … and {len(found) - shown} more"] if len(found) > shown else []
    return lines


def _lost(reports: Sequence[Report], each: int | None = None, most: int = 10_000_000) -> list[str]:
    """Everything that takes protection away, one by one.

    each: how many of each kind, on each SVM, are shown so; the rest only by name. most: bytes of names.
    """
    groups: dict[tuple[str, str, str], list[Change]] = {}
    for one in reports:
        for change in losses(one):
            groups.setdefault((str(one["cluster"]), str(change["loss"]), str(change.get("svm") or "")), []).append(
                change
            )
    if not groups:
        return []
    lines = ["", "## Takes protection away", ""]
    rows = [
        f"| {code(cluster)} | {_verb(change)} | {code(str(change['name']))} | {place(change, code)} "
        f"| {LOSSES.get(loss, loss)} | {what(change, code)} |"
        for (cluster, loss, _svm), found in groups.items()
        for change in found[:each]
    ]
    if rows:
        lines += ["| cluster | | policy | SVM | why | what changes |", "|---|---|---|---|---|---|", *rows]
    names = list(_lost_names(groups, each, most)) if each is not None else []
    return lines + (["", *names] if rows and names else names)


def _lost_names(groups: Mapping[tuple[str, str, str], Sequence[Change]], each: int, most: int) -> Iterator[str]:
    """Those that are not shown one by one, by their names as far as these fit."""
    size = 0
    for (cluster, loss, svm), found in groups.items():
        names = [str(change["name"]) for change in found[each:]]
        shown: list[str] = []
        for name in names:
            size += len(name.encode()) + 4
            if size > most:
                break
            shown.append(code(name))
        left = len(names) - len(shown)
        if names:
            told = f"{len(names)} more" if each else _plural(len(names), "policy", "policies")
            yield (
                f"- {code(cluster)}, {place({'svm': svm}, code)}, {told}, each "
                f"{LOSSES.get(loss, loss)}: {', '.join(shown)}{f' … and {left} more, all in the JSON file' if left else ''}"
            )


def _unmanaged(reports: Sequence[Report], shown: int) -> list[str]:
    """What is on arrays and in no file."""
    lines: list[str] = []
    for one in reports:
        found, kept = strangers(one), [policy for policy in one.get("unmanaged") or () if policy.get("kept")]
        for policies, why in ((found, "in no file, and left alone"), (kept, "in no file, and to be kept")):
            if policies:
                names = ", ".join(stranger(policy, code) for policy in policies[:shown])
                more = f"{', ' if names else ''}… and {len(policies) - shown} more" if len(policies) > shown else ""
                lines += ["", f"On {code(one['cluster'])}, {why}: {names}{more}."]
    return ["", "## On the array and in no file", *lines] if lines else []


def _changes(reports: Sequence[Report], shown: int) -> list[str]:
    """What takes nothing away."""
    lines: list[str] = []
    for one in reports:
        found = others(one)
        if not found:
            continue
        counts = Counter(change["operation"] for change in found)
        lines += ["", f"## {code(one['cluster'])}", ""]
        if shown:
            lines += ["| | policy | SVM | what changes | associations that end |", "|---|---|---|---|--:|"]
            lines += [
                f"| {_verb(change)} | {code(str(change['name']))} | {place(change, code)} "
                f"| {what(change, code)} | {0 if change['operation'] == 'created' else ending(change)} |"
                for change in found[:shown]
            ]
        if len(found) > shown:
            told = ", ".join(f"{counts[name]} {name}" for name in VERBS if counts[name])
            lines += [
                "",
                f"{f'{shown} of ' if shown else ''}{len(found)} changes that take nothing away ({told}); all are in the JSON file.",
            ]
    return lines


def _notes(reports: Sequence[Report], shown: int) -> list[str]:
    """What a reviewer should know beside."""
    found = notes(reports, code)
    if not found:
        return []
    more = [f"- … and {len(found) - shown} more; all are in the JSON file"] if len(found) > shown else []
    return ["", "## Worth knowing", "", *(f"- {note}" for note in found[:shown]), *more]


def notes(reports: Sequence[Report], mark: Mark = str) -> list[str]:
    """What the check of the files found, what was not compared, and warnings; once, where several clusters share it."""
    clusters: dict[str, list[str]] = {}
    for one in reports:
        for note in dict.fromkeys(_notes_of(one, mark)):
            clusters.setdefault(note, []).append(mark(str(one["cluster"])))
    return [
        f"{note} ({f'{len(names)} clusters' if len(names) > 10 else ', '.join(names)})"
        for note, names in clusters.items()
    ]


def _notes_of(report: Report, mark: Mark) -> Iterator[str]:
    for finding in report.get("findings") or ():
        if not finding.get("ignored") and finding["severity"] != "note":
            where = mark(f"{finding['path']}:{finding['line']}")
            yield f"{finding['severity']} {finding['id']}, {where}: {mark(str(finding['message']))}"
    for missing in report.get("not_compared") or ():
        number = f" of {_plural(missing['number'], 'policy', 'policies')}" if missing.get("number") else ""
        yield f"not compared: {mark(str(missing['option']))}{number}: {missing['reason']}"
    yield from plan_coverage.notes(report, mark)
    for warning in report.get("warnings") or ():
        yield f"warning: {mark(str(warning))}"


def command(reports: Sequence[Report], head: Mapping[str, Any]) -> str:
    """What carries the plan out, empty if nothing would be."""
    works = any(one.get("changes") and not reasons(one) for one in reports)
    return str(head["command"]) if head.get("command") and works else ""


def _carry_out(reports: Sequence[Report], head: Mapping[str, Any]) -> list[str]:
    found = command(reports, head)
    if not found:
        return []
    return [
        "",
        "## To carry it out",
        "",
        "```console",
        found,
        "```",
        "",
        "It refuses any cluster whose array or files have changed since.",
    ]


# A terminal.


def lines_of(report: Report, drift: bool = False) -> list[str]:
    """What a person reads of one cluster on a terminal. drift: as what is different, and not as what will be done."""
    cluster = report["cluster"]
    found = reasons(report)
    if report.get("problem"):
        return [f"{cluster}: no plan: {found[0]}"]
    counts = report.get("summary") or {}
    lost = losses(report)
    numbers = ", ".join(f"{counts[name]} to {verb}" for name, verb in VERBS.items() if counts.get(name))
    numbers = numbers or "nothing to change"
    if drift:
        differing = len(report.get("changes") or ())
        numbers = f"{_plural(differing, 'difference')} between array and files" if differing else "no policy differs"
    lines = [f"{cluster}: {numbers}, {counts.get('unchanged', 0)} unchanged"]
    if lost and not drift:
        lines[0] += f"; {len(lost)} {'takes' if len(lost) == 1 else 'take'} protection away"
    flows = plan_coverage.losing(report)
    lines[0] += f"; {plan_coverage.told(len(flows))}" if flows else ""
    lines += [f"! {reason}" for reason in found[:LINES]]
    rest = others(report)
    shown = [*lost, *rest[:LINES]]
    if drift:
        # What an apply would take away protects now; what is in clear is in clear now.
        shown.sort(key=lambda change: not _ends_a_bypass(change))
    told = _difference if drift else _step
    lines += [told(change) for change in shown]
    if len(rest) > LINES:
        lines.append(f"… and {len(rest) - LINES} more that take nothing away, all in the JSON file")
    foreign = strangers(report)
    lines += [f"? {stranger(policy)} is in no file" for policy in foreign[:LINES]]
    if len(foreign) > LINES:
        lines.append(f"… and {len(foreign) - LINES} more in no file")
    kept = [policy for policy in report.get("unmanaged") or () if policy.get("kept")]
    if kept:
        names = ", ".join(stranger(policy) for policy in kept[:LINES])
        lines.append(f"kept although in no file: {names}")
    lines += [f"warning: {warning}" for warning in report.get("warnings") or ()]
    return lines


def told_already(lines: Sequence[str], before: Sequence[str]) -> bool:
    """Whether earlier lines say all that these say. The first of a plan may say more: which flows lose protection."""
    return len(lines) == len(before) and before[0].startswith(lines[0]) and lines[1:] == before[1:]


def _step(change: Change) -> str:
    loss = f" [{LOSSES.get(change['loss'], change['loss'])}]" if change.get("loss") else ""
    # The defaults of a new policy make each of its lines three times as long, and are in the report.
    return f"{SIGNS[change['operation']]} {change['name']} on {place(change)}{loss}: {what(change, assumed=False)}"


def _difference(change: Change) -> str:
    title = f"{SIGNS[change['operation']]} {change['name']} on {place(change)}"
    if change["operation"] == "created":
        return f"{title}: missing on the array: {what(change, assumed=False)}"
    if change["operation"] == "deleted":
        meaning = {"bypass": "lets traffic through in clear, and ", "discard": "discards traffic, and "}
        return (
            f"{title}: {meaning.get(str((change.get('before') or {}).get('action')), '')}is in no file: {what(change)}"
        )
    return f"{title}: {what(change, becomes='is {}, and should be {}')}"
