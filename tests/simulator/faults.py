# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of faults of network, proxy and server, in one table, and the interference that makes one happen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, NoReturn

from .application import refusal
from .errors import OntapError
from .interventions import Perform
from .messages import Answer, Call, Delivery, Rejection
from .schema import Record
from .state import State

_UNEXPECTED = OntapError(262145, exact=True)
_BUSY = 262160


class Effect(Enum):
    """Whether a request that meets a fault is carried out."""

    EITHER = "before or after effect"
    NEVER = "before effect"
    ALWAYS = "with effect"


@dataclass(frozen=True)
class Scene:
    """What a fault looks at: the array, the request, its honest answer if it was carried out, and the details."""

    state: State
    call: Call
    honest: Answer | None
    details: Mapping[str, Any]

    def answered(self) -> Answer:
        """Return the honest answer or, for a request that was not carried out, what a success looks like."""
        if self.honest is not None:
            return self.honest
        body = {"num_records": 0, "records": []} if self.call.method == "GET" else {}
        return Answer(201 if self.call.method == "POST" else 200, body)


@dataclass(frozen=True)
class Kind:
    """A kind of fault: one line for a reader, what it makes of a scene, and the details that it takes, with defaults.

    A lie is about the records of a listing, so it needs a GET; an answer without records stays honest.
    """

    meaning: str
    happen: Callable[[Scene], Answer]
    effect: Effect = Effect.EITHER
    details: Mapping[str, Any] = field(default_factory=dict)
    is_lie: bool = False


@dataclass(frozen=True)
class Fault:
    """An interference: a fault that is arranged on an array."""

    state: State
    kind: Kind
    after_effect: bool
    details: Mapping[str, Any]

    def answer(self, call: Call, perform: Perform) -> Answer:
        """Return what the fault leaves of the answer."""
        carried_out = self.after_effect or self.kind.effect is Effect.ALWAYS
        honest = self._honest(perform) if carried_out else None
        if honest is not None and self.kind.is_lie and "records" not in (honest.body or {}):
            return honest
        return self.kind.happen(Scene(self.state, call, honest, self.details))

    def _honest(self, perform: Perform) -> Answer:
        """Carry the request out; a fault happens to a refusal as to any other answer."""
        try:
            return perform()
        except OntapError as error:
            return refusal(self.state, error)


def arrange(state: State, kind: str, method: str, after_effect: bool, details: Mapping[str, Any]) -> Fault:
    """Return a fault for an array; ValueError as `check` has it, KeyError for an SVM that is not there."""
    row = check(kind, method, after_effect, details)
    complete = {**row.details, **details}
    if "svm" in complete and state.svm(complete["svm"]) is None:
        raise KeyError(complete["svm"])
    return Fault(state, row, after_effect, complete)


def check(kind: str, method: str, after_effect: bool = False, details: Mapping[str, Any] | None = None) -> Kind:
    """Return the row of a kind; ValueError for an unknown one, or for something that it does not offer."""
    if kind not in KINDS:
        raise ValueError(f"there is no fault {kind!r}; there are\n{describe()}")
    row = KINDS[kind]
    if after_effect and row.effect is not Effect.EITHER:
        raise ValueError(f"{kind} happens {row.effect.value}; there is nothing to choose")
    if row.is_lie and method.upper() != "GET":
        raise ValueError(f"{kind} is a lie about the records of a GET, not of {method}")
    superfluous = sorted(set(details or ()) - set(row.details))
    if superfluous:
        raise ValueError(f"{kind} takes {', '.join(row.details) or 'no details'}, not {', '.join(superfluous)}")
    return row


def describe() -> str:
    """Return one line for each kind: name, when it happens, details with their defaults, meaning."""
    lines = []
    for name, kind in KINDS.items():
        details = "".join(f", {detail}={default!r}" for detail, default in kind.details.items())
        lines.append(f"  {name} ({kind.effect.value}{details}): {kind.meaning}")
    return "\n".join(lines)


# --- what each kind does ---


def _delivered(delivery: Delivery) -> Callable[[Scene], Answer]:
    def happen(scene: Scene) -> Answer:
        answer = scene.answered()
        # No half of an answer without body could be told from the whole.
        return replace(answer, body=answer.body or {}, delivery=delivery)

    return happen


def _silence(scene: Scene) -> Answer:
    return Answer(delivery=Delivery.SILENCE, exhausts_time=True)


def _page(status: int, title: str) -> Callable[[Scene], Answer]:
    def happen(scene: Scene) -> Answer:
        headers = {"Retry-After": scene.details["retry_after"]} if "retry_after" in scene.details else {}
        page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
        return Answer(status, headers=headers, page=page)

    return happen


def _busy(scene: Scene) -> NoReturn:
    raise OntapError(_BUSY, exact=True, headers={"Retry-After": scene.details["retry_after"]})


def _locked(scene: Scene) -> NoReturn:
    raise OntapError(_BUSY, exact=True, status=400)


def _internal_error(scene: Scene) -> NoReturn:
    raise _UNEXPECTED


def _error_in_success(scene: Scene) -> Answer:
    answer = scene.answered()
    error = refusal(scene.state, _UNEXPECTED).body or {}
    # A refusal keeps the error that it has.
    return replace(answer, status=201 if scene.call.method == "POST" else 200, body={**error, **(answer.body or {})})


def _redirect(scene: Scene) -> Answer:
    return Answer(307, None, {"Location": f"https://elsewhere.example{scene.call.target}"})


def _rejecting(rejection: Rejection) -> Callable[[Scene], Answer]:
    def happen(scene: Scene) -> Answer:
        return replace(scene.answered(), next_connections=(rejection,) * scene.details["attempts"])

    return happen


# --- lies about records ---


def _wrong_count(scene: Scene) -> Answer:
    return _retold(scene, num_records=len(_records(scene)) + 1)


def _looping_next(scene: Scene) -> Answer:
    answer = _retold(scene)
    body = answer.body or {}
    body["_links"] = {**body.get("_links", {}), "next": {"href": scene.call.target}}
    return replace(answer, headers={**answer.headers, "Link": f'<{scene.call.target}>; rel="next"'})


def _missing_fields(scene: Scene) -> Answer:
    records = _records(scene)
    for record in records:
        for path in scene.details["fields"]:
            *parents, leaf = path.split(".")
            level = record
            for parent in parents:
                level = level.get(parent, {})
            level.pop(leaf, None)
    return _retold(scene, records=records)


def _foreign_svm(scene: Scene) -> Answer:
    svm = scene.state.svm(scene.details["svm"]) or {}
    foreign = {"name": svm.get("name"), "uuid": svm.get("uuid")}
    return _retold(scene, records=[{**record, "svm": foreign} for record in _records(scene)])


def _gave_up(scene: Scene) -> Answer:
    links = {name: link for name, link in _body(scene).get("_links", {}).items() if name != "next"}
    body = {"records": [], "num_records": 0, **({"_links": links} if links else {})}
    return Answer(body=body, exhausts_time=True)


def _body(scene: Scene) -> dict[str, Any]:
    return scene.answered().body or {}


def _records(scene: Scene) -> list[Record]:
    """Return the records of the answer; they were made for it, so they can be changed."""
    return list(_body(scene)["records"])


def _retold(scene: Scene, **changes: Any) -> Answer:
    """Return the honest answer with some of its body changed."""
    return replace(scene.answered(), body={**_body(scene), **changes})


_RETRY_AFTER = {"retry_after": "1"}
_ATTEMPTS = {"attempts": 1}

KINDS = {
    "reset": Kind("the connection is reset, without an answer", _delivered(Delivery.RESET)),
    "silence": Kind("no answer ever, on a connection that stays open", _silence),
    "truncated": Kind(
        "the connection is closed before all of the promised bytes have come", _delivered(Delivery.HALF_THE_PROMISE)
    ),
    "cut_json": Kind("a complete answer whose JSON text ends in the middle", _delivered(Delivery.HALF_THE_TEXT)),
    "html": Kind("200 with the page of some captive portal", _page(200, "Please log in to the network")),
    "bad_gateway": Kind("502 with the page of a proxy", _page(502, "Bad Gateway")),
    "gateway_timeout": Kind("504 with the page of a proxy", _page(504, "Gateway Timeout")),
    "busy": Kind("429 with error 262160 and Retry-After", _busy, Effect.NEVER, _RETRY_AFTER),
    "unavailable": Kind(
        "503 with a page and Retry-After", _page(503, "Service Unavailable"), Effect.NEVER, _RETRY_AFTER
    ),
    "locked": Kind("400 with error 262160: only the code says that it is busy", _locked, Effect.NEVER),
    "internal_error": Kind("500 with error 262145", _internal_error),
    "error_in_success": Kind("the status of a success, and error 262145 in the body", _error_in_success),
    "redirect": Kind("307 to the same path of another host", _redirect, Effect.NEVER),
    "refused": Kind(
        "an honest answer; the next connections are closed before their handshake",
        _rejecting(Rejection.AT_ONCE),
        Effect.ALWAYS,
        _ATTEMPTS,
    ),
    "handshake": Kind(
        "an honest answer; the next connections fail in their handshake",
        _rejecting(Rejection.IN_HANDSHAKE),
        Effect.ALWAYS,
        _ATTEMPTS,
    ),
    "wrong_count": Kind("num_records is one more than there are", _wrong_count, Effect.ALWAYS, is_lie=True),
    "looping_next": Kind("the next link leads to the very same page", _looping_next, Effect.ALWAYS, is_lie=True),
    "missing_fields": Kind(
        "no record has these fields", _missing_fields, Effect.ALWAYS, {"fields": ("enabled",)}, is_lie=True
    ),
    "foreign_svm": Kind("each record claims to be of this SVM", _foreign_svm, Effect.ALWAYS, {"svm": "svm2"}, True),
    "gave_up": Kind("no records, as if none had been found in time", _gave_up, Effect.ALWAYS, is_lie=True),
}
