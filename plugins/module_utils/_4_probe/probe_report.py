# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a probe writes down: each request and its answer, the answers to the questions, and nothing that a public issue must not have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._0_basics.hiding import Hider
from .._1_array.rest import Exchange
from .experiment import Finding, Question, Unasked

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_HARMLESS = re.compile(r"192\.0\.2\.|198\.51\.100\.|0\.0\.0\.0|255\.")


class Notes:
    """What was sent, and what is known. experiments: a purpose and its requests, each. answers: one for each question."""

    def __init__(self) -> None:
        self.experiments: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []

    def begin(self, purpose: str) -> None:
        """What is sent from now on is for this purpose."""
        self.experiments.append({"purpose": purpose, "requests": []})

    def sent(self, method: str, path: str, query: Mapping[str, str], body: Any, answer: Exchange | None) -> None:
        """Adds a request and its answer, ``None`` for one that would be sent."""
        entry: dict[str, Any] = {"method": method, "path": f"/api{path}", "query": dict(query), "body": body}
        if answer is not None:
            entry["status"] = answer.status
            error = answer.body.get("error")
            entry.update({"error": error} if error else {"answer": answer.body})
            if "Location" in answer.headers:
                entry["location"] = answer.headers["Location"]
        self.experiments[-1]["requests"].append(entry)

    def answer(
        self, question: Question | Unasked, finding: Finding | None = None, not_asked: str = "", purpose: str = ""
    ) -> None:
        """Adds an answer, or why there is none. The first one to a question stays. purpose: of its experiment."""
        if any(entry["question"] == question.text for entry in self.answers):
            return
        self.answers.append(
            {
                "number": question.number,
                "switch": question.switch or None,
                "question": question.text,
                "answer": finding.answer if finding else None,
                "setting": finding.setting if finding else None,
                "not_asked": not_asked or None,
                "experiment": purpose or None,
            }
        )


class Redactor:
    """Takes out of a report what a public issue must not have.

    hide: takes secrets out. names: texts, such as host names, and what they become; ``None`` if names, addresses and
    UUIDs of the array are to be kept.
    """

    def __init__(self, hide: Hider, names: Mapping[str, str] | None) -> None:
        self._hide = hide
        # The longest first, because a host name may contain the name of an SVM.
        self._names = None if names is None else sorted(names.items(), key=lambda item: len(item[0]), reverse=True)
        self._uuids: dict[str, str] = {}

    def __call__(self, report: Any) -> Any:
        """A copy that can be shown."""
        safe = self._hide(report)
        return safe if self._names is None else self._nameless(safe, self._names)

    def _nameless(self, value: Any, names: list[tuple[str, str]]) -> Any:
        if isinstance(value, dict):
            return {
                key: self._nameless(_without_values(inner) if key == "href" else inner, names)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return [self._nameless(inner, names) for inner in value]
        if not isinstance(value, str):
            return value
        for name, word in names:
            value = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", word, value) if name else value
        value = _UUID.sub(self._numbered, value)
        return _IPV4.sub(lambda match: match[0] if _HARMLESS.match(match[0]) else "(address)", value)

    def _numbered(self, match: re.Match[str]) -> str:
        return self._uuids.setdefault(match[0].lower(), f"(uuid {len(self._uuids) + 1})")


def _without_values(link: Any) -> Any:
    """A link that keeps the names of its parameters: it may carry anything in any encoding, so nothing else is sure."""
    if not isinstance(link, str):
        return link
    path, question_mark, parameters = link.partition("?")
    names = [item.partition("=")[0] for item in parameters.split("&")]
    return path + question_mark + "&".join(f"{name}=..." for name in names if name)
