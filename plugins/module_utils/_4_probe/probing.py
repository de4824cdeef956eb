# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the experiments of ``probes`` on an array, removes whatever came of them, and writes the report of it."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import (
    ApiError,
    InvalidInput,
    OntapError,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.rest import (
    Exchange,
    RestClient,
    forbidden,
    instance,
    literal,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._4_probe import probes
from ansible_collections.wiresec.ontap.plugins.module_utils._4_probe.probes import (
    APPROVAL,
    EXPERIMENTS,
    FIRST_EXPERIMENT,
    POLICIES,
    SERVICE_EXPERIMENT,
    UNASKED,
    Experiment,
    Finding,
    Question,
    Seen,
    Step,
    Unasked,
    Unclear,
)

HIDDEN = "(hidden)"

SETTLED_AFTER = 15.0
"""Seconds for which what an earlier run left has to stay as it is, to be told from the policies of one that is running."""

_APPROVAL_NEEDED = 262325
_NAME_IS_TAKEN = (1, 66257103, 66257104)
_NO_SUCH_SVM = (66257202, 66257203)
_SVMS = "/svm/svms"
_MOST_PAGES = 10
_LONGEST_NAME = 64 - 20
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_HARMLESS = re.compile(r"192\.0\.2\.|198\.51\.100\.|0\.0\.0\.0|255\.")
_SECRETS = ("secret_key", "shared_key")


class _Stop(Exception):
    """No further request is of use, or safe. The message says why."""


@dataclass
class Outcome:
    """What a run found out, and what it left.

    left: names of policies that are, or may be, still there. removed: leftovers of an earlier run that were removed.
    changed_others: titles of other policies that are not as they were before the run. compared: how many there are,
    ``None`` if they could not be listed.
    """

    report: dict[str, Any] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed_others: list[str] = field(default_factory=list)
    compared: int | None = None
    problem: str = ""


class Redactor:
    """Takes out of a report what a public issue must not have. names: texts, such as host names, and what they become."""

    def __init__(self, hidden: Iterable[str], names: Mapping[str, str], keep_names: bool) -> None:
        self._hidden = [text for text in hidden if text]
        self._names = {} if keep_names else {text: word for text, word in names.items() if text}
        self._keep = keep_names
        self._uuids: dict[str, str] = {}

    def __call__(self, value: Any) -> Any:
        """A copy without secrets and, unless they are to be kept, without names, addresses and UUIDs of the array."""
        if isinstance(value, Mapping):
            return {key: self._member(key, inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self(inner) for inner in value]
        return self._text(value) if isinstance(value, str) else value

    def _member(self, key: str, value: Any) -> Any:
        if key in _SECRETS:
            return HIDDEN
        # A link to a next page may carry anything in any encoding, so nothing is kept that this run did not write itself.
        if key == "href" and not self._keep and isinstance(value, str):
            path, question_mark, parameters = value.partition("?")
            names = [item.partition("=")[0] for item in parameters.split("&")]
            return self._text(path) + question_mark + "&".join(f"{name}=..." for name in names if name)
        return self(value)

    def _text(self, text: str) -> str:
        for secret in self._hidden:
            text = text.replace(secret, HIDDEN)
        if self._keep:
            return text
        # The longest first, because a host name may contain the name of an SVM.
        for name in sorted(self._names, key=len, reverse=True):
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", self._names[name], text)
        text = _UUID.sub(self._numbered, text)
        return _IPV4.sub(lambda match: match[0] if _HARMLESS.match(match[0]) else "(address)", text)

    def _numbered(self, match: re.Match[str]) -> str:
        return self._uuids.setdefault(match[0].lower(), f"(uuid {len(self._uuids) + 1})")


def check_prefix(prefix: str) -> None:
    """Raises ``InvalidInput`` for a prefix that might be that of somebody else's policies, or needs quoting in filters."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{7,}", prefix) or len(prefix) > _LONGEST_NAME:
        raise InvalidInput(
            f"prefix: {prefix!r} must begin with a letter, consist of letters, digits, _ and -, and have 8 to "
            f"{_LONGEST_NAME} characters."
        )


def investigate(client: RestClient, svm: str, prefix: str, names: bool, check: bool) -> Outcome:
    """Asks everything that the array can be asked, on one SVM. check: only reads, and says what would be asked.

    Raises ``InvalidInput`` if the SVM is not there, if a policy has the prefix that is none of ours, or if another probe is
    running, and ``OntapError`` if the array can't even be read; nothing was written then.
    """
    check_prefix(prefix)
    return _Investigation(client, svm, prefix, names, check).run()


class _Investigation:
    def __init__(self, client: RestClient, svm: str, prefix: str, names: bool, check: bool) -> None:
        self._client = client
        self._svm = svm
        self._prefix = prefix
        self._check = check
        self._key = f"probe-{secrets.token_hex(16)}"
        self._release: tuple[int, int, int] | None = None
        self._full_release = ""
        self._enabled: bool | None = None
        # Every policy that may be there because of this run, and its UUID as far as it is known.
        self._created: dict[str, str | None] = {}
        # Whether a policy that is not in a listing is gone, which is unknown while IPsec is disabled (9.2).
        self._lists = False
        # The policy that stays to the end, because its name keeps other probes out.
        self._kept = ""
        # Whether what has the prefix is this run's, and so its to be removed.
        self._begun = False
        self._entries: list[dict[str, Any]] = []
        self._sent: list[dict[str, Any]] = []
        self._stopped = ""
        self._approval: Finding | None = None
        self._connection_names = {
            client.connection.hostname: "(host)",
            client.connection.username or "": "(account)",
            svm: "(svm)",
        }
        self._names = names
        self._outcome = Outcome()

    # --- the run ---

    def run(self) -> Outcome:
        service = self._read_service()
        self._read_release()
        self._check_svm()
        before = self._snapshot()
        if before and self._enabled is False:
            self._settle_while_disabled(Finding("policies are listed", "normal"))
        leftovers = self._leftovers(before)
        self._record(self._begin(SERVICE_EXPERIMENT), "GET", probes.SERVICE, {}, None, service.one("get"))
        self._conclude(SERVICE_EXPERIMENT, service)
        try:
            if before is None:
                raise _Stop("the array does not list policies, so nothing that is written could be checked afterwards")
            self._check_settled(leftovers)
            self._begun = True
            self._remove(leftovers)
            self._outcome.removed = sorted(leftovers)
            self._first()
            for experiment in EXPERIMENTS:
                self._make(experiment)
        except _Stop as stop:
            self._stopped = str(stop)
        except InvalidInput:
            # What has the prefix is another probe's.
            self._begun = False
            raise
        except OntapError as error:
            self._stopped = str(error).rstrip(". ")
        finally:
            if not self._check and self._begun:
                self._clean_up()
        self._skip_the_rest()
        if before is not None and not self._check:
            self._compare(before)
        self._report()
        return self._outcome

    def _read_service(self) -> Seen:
        seen = Seen()
        answer = self._client.exchange("GET", probes.SERVICE)
        seen.add("get", [answer])
        if probes.accepted(answer):
            enabled = seen.record("get").get("enabled")
            self._enabled = enabled if isinstance(enabled, bool) else None
        elif answer.status == 401:
            # Nothing else would be answered otherwise, and this method has the words for it.
            self._client.get(probes.SERVICE)
        return seen

    def _read_release(self) -> None:
        self._release = self._client.known_version
        answer = self._client.exchange("GET", "/cluster", {"fields": "version,name"})
        if not probes.accepted(answer):
            return
        version = answer.body.get("version", {})
        self._full_release = str(version.get("full", ""))
        self._connection_names[str(answer.body.get("name", ""))] = "(cluster)"
        self._release = self._client.version()

    def _check_svm(self) -> None:
        """Raises ``InvalidInput`` if the SVM is not there. Not every account may ask, and then the first create tells."""
        try:
            found = self._client.get_all(_SVMS, {"name": literal(self._svm), "fields": "name"})
        except ApiError as error:
            if forbidden(error):
                return
            raise
        if self._svm not in [svm.get("name") for svm in found]:
            raise InvalidInput(self._no_such_svm())

    def _no_such_svm(self) -> str:
        return f"svm: there is no SVM {self._svm!r} that this account sees. Nothing was asked, and nothing was written."

    def _check_settled(self, leftovers: Mapping[str, str]) -> None:
        """Raises ``InvalidInput`` if what seems to be left changes by itself: then another probe is at work on it."""
        if not leftovers:
            return
        for _attempt in self._client.patiently(SETTLED_AFTER, pause=1.0):
            if self._listed() != leftovers:
                raise _other_probe(self._svm)

    def _snapshot(self) -> list[Mapping[str, Any]] | None:
        """All policies that the account sees; ``None`` if IPsec is disabled and that is why they can't be listed."""
        try:
            return self._client.get_all(POLICIES, {"fields": "*"})
        except ApiError as error:
            if self._enabled is not False or forbidden(error):
                raise
            code = f" with code {error.code}" if error.code else ""
            self._settle_while_disabled(Finding(f"it is refused: HTTP {error.status}{code}", "error"))
            return None

    def _settle_while_disabled(self, finding: Finding) -> None:
        """Answers a question that reading alone has settled."""
        question = next(one for one in FIRST_EXPERIMENT.questions if one.switch == "while_disabled")
        self._enter(question, finding)

    def _leftovers(self, policies: list[Mapping[str, Any]] | None) -> dict[str, str]:
        """The policies that an earlier run left, by name. Raises ``InvalidInput`` if one with the prefix is no such."""
        found = {}
        for policy in policies or []:
            name = str(policy.get("name", ""))
            if not name.startswith(self._prefix) or _svm_of(policy) != self._svm:
                continue
            local = policy.get("local_endpoint")
            if not probes.is_reserved(local.get("address") if isinstance(local, Mapping) else None):
                raise InvalidInput(
                    f"prefix: IPsec policy {name!r} on SVM {self._svm!r} begins with it and was not made by a probe, since "
                    "its local endpoint is no address that is reserved for documentation. Nothing was written. "
                    "Choose another prefix."
                )
            found[name] = str(policy.get("uuid"))
        return found

    def _first(self) -> None:
        """The first policy decides whether there can be others."""
        seen = self._make(FIRST_EXPERIMENT)
        if self._check:
            self._keep_others_out()
            return
        if seen.refused("create"):
            answer = seen.one("create")
            if probes.code_of(answer) in _NAME_IS_TAKEN:
                raise _other_probe(self._svm)
            if probes.code_of(answer) in _NO_SUCH_SVM:
                raise InvalidInput(self._no_such_svm())
            message = str(probes.error_of(answer).get("message", "no reason given")).rstrip(". ")
            raise _Stop(f"the array refused to create a policy: {message} ({probes.named(answer)})")
        if not seen.accepted("by_name") or not seen.count("by_name"):
            raise _Stop("the array does not list the policy that was created, so nothing could be checked afterwards")
        self._lists = True
        self._keep_others_out()

    def _keep_others_out(self) -> None:
        """Creates the first policy once more, for good, now that it is known that it can be deleted as well."""
        create = FIRST_EXPERIMENT.steps["create"]
        sent: list[dict[str, Any]] = []
        self._sent.append({"purpose": "keep other probes from the prefix", "requests": sent})
        if self._check:
            sent.append(self._announced(create))
            return
        self._kept = self._prefix + create.policy
        if probes.code_of(self._take(create, sent)[0]) in _NAME_IS_TAKEN:
            raise _other_probe(self._svm)

    # --- one experiment ---

    def _make(self, experiment: Experiment) -> Seen:
        seen = Seen(self._release)
        if self._release is not None and self._release < experiment.since:
            since = ".".join(map(str, experiment.since))
            for question in experiment.questions:
                self._enter(question, not_asked=f"ONTAP has what it is about since {since}")
            return seen
        sent = self._begin(experiment)
        if self._check:
            self._announce(experiment, sent)
            return seen
        try:
            for name, step in experiment.steps.items():
                if self._possible(step):
                    seen.add(name, self._take(step, sent))
        except (_Stop, OntapError):
            # What the first requests have settled is worth as much as ever.
            self._conclude(experiment, seen, only_settled=True)
            raise
        self._conclude(experiment, seen)
        self._clean_up_known()
        return seen

    def _begin(self, experiment: Experiment) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []
        self._sent.append({"purpose": experiment.purpose, "requests": sent})
        return sent

    def _possible(self, step: Step) -> bool:
        name = self._prefix + step.policy
        return step.creates or not step.policy or self._created.get(name) is not None

    def _take(self, step: Step, sent: list[dict[str, Any]]) -> list[Exchange]:
        if self._client.interrupted:
            raise _Stop("the time of the task is over")
        method, path, query, body = self._request(step)
        name = self._prefix + step.policy
        known = step.creates and name in self._created
        if step.creates and not known:
            self._created[name] = None
        accept = "application/hal+json" if step.links else "application/json"
        answers = [self._client.exchange(method, path, query, body, accept)]
        self._record(sent, method, path, query, body, answers[0])
        self._stop_for_approval(method, path, answers[0])
        self._await_job(answers[0])
        while method == "GET" and len(answers) < _MOST_PAGES and (link := probes.next_of(answers[-1])):
            if not link.startswith("/api/"):
                break
            path, _question_mark, parameters = link.removeprefix("/api").partition("?")
            following = dict(parse_qsl(parameters, keep_blank_values=True))
            answers.append(self._client.exchange("GET", path, following))
            told = {key: text if key in query else "..." for key, text in following.items()}
            self._record(sent, "GET", path, told, None, answers[-1])
        if step.creates and not known:
            self._find_created(name, answers[0])
        return answers

    def _request(self, step: Step) -> tuple[str, str, dict[str, str], Any]:
        name = self._prefix + step.policy
        own = self._created.get(name) if step.policy else None
        target = own or (str(uuid.uuid4()) if not self._check else "(a UUID that nothing has)")
        if self._check and step.policy:
            target = f"(UUID of {name})"
        path = step.path.replace(probes.UUID, target)
        if step.policy and not step.creates and path == POLICIES and probes.UUID not in step.query.values():
            path = f"{POLICIES}/{target}" if self._check else instance(POLICIES, target)
        query = {
            key: text.replace(probes.PREFIX, self._prefix)
            .replace(probes.SWAPPED, self._prefix.swapcase())
            .replace(probes.UUID, target)
            .replace("{svm}", literal(self._svm))
            for key, text in step.query.items()
        }
        body = self._filled(step.body)
        if step.creates:
            body["svm"] = {"name": self._svm}
            if self._release is not None and self._release < probes.AUTHENTICATION_METHOD_SINCE:
                body.pop("authentication_method", None)
        return step.method, path, query, body

    def _filled(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._filled(inner) for key, inner in value.items()}
        if isinstance(value, str):
            return value.replace(probes.PREFIX, self._prefix).replace(probes.KEY, self._key)
        return value

    def _stop_for_approval(self, method: str, path: str, answer: Exchange) -> None:
        waits = answer.status == 202 and "job" not in (answer.body)
        refused = probes.code_of(answer) == _APPROVAL_NEEDED
        if method == "GET" or not (waits or refused):
            return
        self._approval = Finding(f"{probes.named(answer)}", "error" if refused else "accepted")
        raise _Stop(
            f"multi-admin verification holds back {method} {path}. A request for approval was left on the array; "
            "withdraw it with 'security multi-admin-verify request delete', or let it expire"
        )

    def _await_job(self, answer: Exchange) -> None:
        """Waits for the end of the job that an answer names, if it names one, for as long as a request may take."""
        job = answer.body.get("job") if answer.status == 202 else None
        if not isinstance(job, Mapping):
            return
        for _attempt in self._client.patiently():
            state = self._client.exchange("GET", instance("/cluster/jobs", job.get("uuid")), {"fields": "state"})
            if not probes.accepted(state) or state.body.get("state") in ("success", "failure"):
                return

    def _find_created(self, name: str, answer: Exchange) -> None:
        """Finds out the UUID of a new policy. Only an answer that is a plain refusal proves that there is none."""
        if probes.code_of(answer) in _NAME_IS_TAKEN:
            # Each request is sent once, so what has the name is somebody else's.
            del self._created[name]
            return
        uuid_ = self._listed().get(name) or _told_uuid(answer)
        if uuid_ is not None:
            self._created[name] = uuid_
        elif 400 <= answer.status < 500:
            del self._created[name]

    def _listed(self) -> dict[str, str]:
        """The policies with the prefix, by name, as a listing shows them now. Raises ``OntapError``."""
        query = {"name": f"{self._prefix}*", "svm.name": literal(self._svm), "fields": "name,uuid,svm.name"}
        return {
            str(policy.get("name")): str(policy.get("uuid"))
            for policy in self._client.get_all(POLICIES, query)
            if str(policy.get("name", "")).startswith(self._prefix) and _svm_of(policy) == self._svm
        }

    # --- removing ---

    def _remove(self, policies: Mapping[str, str]) -> None:
        """Deletes policies of a probe. Raises ``OntapError`` for one that can't be deleted."""
        if self._check:
            return
        for name, uuid_ in policies.items():
            self._created[name] = uuid_
            self._delete(name, uuid_)

    def _delete(self, name: str, uuid_: str) -> None:
        path = instance(POLICIES, uuid_)
        try:
            self._client.delete(path)
        except ApiError as error:
            # Whether it is gone decides, whatever the array said of it; and that only ONTAP itself can tell.
            gone = (
                POLICY.not_found(error) or probes.code_of(self._client.exchange("GET", path)) in POLICY.not_found_codes
            )
            if not gone:
                raise
        del self._created[name]

    def _clean_up_known(self) -> None:
        for name, uuid_ in list(self._created.items()):
            if uuid_ is not None and name != self._kept:
                self._delete(name, uuid_)

    def _clean_up(self) -> None:
        """Removes all that may be left, whatever went wrong before, and notes what could not be removed."""
        problems = []
        for name, uuid_ in list(self._created.items()):
            try:
                if uuid_ is not None:
                    self._delete(name, uuid_)
            except OntapError as error:
                problems.append(str(error))
        try:
            for name, uuid_ in self._listed().items():
                self._created[name] = uuid_
                try:
                    self._delete(name, uuid_)
                except OntapError as error:
                    problems.append(str(error))
            if self._lists or self._enabled:
                self._created = dict(self._listed())
        except OntapError as error:
            problems.append(str(error))
        self._outcome.left = sorted(self._created)
        self._outcome.problem = " ".join(dict.fromkeys(problems)) if self._created else ""

    def _compare(self, before: list[Mapping[str, Any]]) -> None:
        try:
            after = self._client.get_all(POLICIES, {"fields": "*"})
        except OntapError:
            return
        old, new = (self._others(policies) for policies in (before, after))
        self._outcome.compared = len(old)
        self._outcome.changed_others = sorted(
            f"{name!r} on {f'SVM {svm!r}' if svm else 'the cluster'}"
            for svm, name in {*old, *new}
            if old.get((svm, name)) != new.get((svm, name))
        )

    def _others(self, policies: list[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, Any]]:
        return {
            (_svm_of(policy), str(policy.get("name"))): policy
            for policy in policies
            if not (str(policy.get("name", "")).startswith(self._prefix) and _svm_of(policy) == self._svm)
        }

    # --- writing down ---

    def _record(
        self, sent: list[dict[str, Any]], method: str, path: str, query: Any, body: Any, answer: Exchange
    ) -> None:
        error = probes.error_of(answer)
        entry = {"method": method, "path": f"/api{path}", "query": dict(query), "body": body, "status": answer.status}
        if error:
            entry["error"] = dict(error)
        else:
            entry["answer"] = answer.body
        if "Location" in answer.headers:
            entry["location"] = answer.headers["Location"]
        sent.append(entry)

    def _announce(self, experiment: Experiment, sent: list[dict[str, Any]]) -> None:
        sent += map(self._announced, experiment.steps.values())
        for question in experiment.questions:
            self._enter(question, not_asked=self._not_now(question) or "check mode", purpose=experiment.purpose)

    def _announced(self, step: Step) -> dict[str, Any]:
        method, path, query, body = self._request(step)
        return {"method": method, "path": f"/api{path}", "query": query, "body": body}

    def _not_now(self, question: Question) -> str:
        """Why a question can't be asked in the state that IPsec is in; empty if it can."""
        if not question.while_disabled or self._enabled is False:
            return ""
        return "IPsec is enabled" if self._enabled else "whether IPsec is enabled is not known"

    def _conclude(self, experiment: Experiment, seen: Seen, only_settled: bool = False) -> None:
        for question in experiment.questions:
            if not_now := self._not_now(question):
                self._enter(question, not_asked=not_now)
                continue
            try:
                self._enter(question, question.conclude(seen), purpose=experiment.purpose)
            except Unclear as unclear:
                if not only_settled:
                    self._enter(question, Finding(f"unclear: {unclear}"), purpose=experiment.purpose)

    def _enter(
        self, question: Question | Unasked, finding: Finding | None = None, not_asked: str = "", purpose: str = ""
    ) -> None:
        """Adds an answer to the report, or why there is none. The first one to a question stays."""
        if any(entry["question"] == question.text for entry in self._entries):
            return
        self._entries.append(
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

    def _skip_the_rest(self) -> None:
        for experiment in (FIRST_EXPERIMENT, *EXPERIMENTS):
            for question in experiment.questions:
                self._enter(question, not_asked=self._not_now(question) or self._stopped)
        if self._approval:
            self._enter(APPROVAL, self._approval)
        for unasked in (APPROVAL, *UNASKED):
            self._enter(unasked, not_asked=unasked.reason)

    def _report(self) -> None:
        outcome = self._outcome
        redact = Redactor(
            [self._key, self._client.connection.password or "", self._client.connection.access_token or ""],
            self._connection_names,
            self._names,
        )
        release = ".".join(map(str, self._release)) if self._release else None
        outcome.report = redact(
            {
                "ontap": {"release": release, "full": self._full_release or None},
                "ipsec_enabled": self._enabled,
                "prefix": self._prefix,
                "stopped": self._stopped or None,
                "answers": self._entries,
                "experiments": self._sent,
                "left": outcome.left,
                "left_because": outcome.problem or None,
                "removed_leftovers": outcome.removed,
                "other_policies": {"compared": outcome.compared, "changed": len(outcome.changed_others)},
            }
        )


def _other_probe(svm: str) -> OntapError:
    error = InvalidInput(
        f"svm, prefix: another probe with this prefix is at work on SVM {svm!r}. Nothing of it was touched. Run this one "
        "again when that has ended, or choose another prefix."
    )
    return error.reporting({"other_probe": True})


def _svm_of(policy: Mapping[str, Any]) -> str:
    svm = policy.get("svm")
    return str(svm.get("name", "")) if isinstance(svm, Mapping) else ""


def _told_uuid(answer: Exchange) -> str | None:
    """The UUID of a new policy as the answer to its creation tells it."""
    if not probes.accepted(answer):
        return None
    records = answer.body.get("records")
    told = records[0].get("uuid", "") if records else answer.headers.get("Location", "").rpartition("/")[2]
    return str(told) if _UUID.fullmatch(str(told)) else None
