# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes all experiments on an array, one after the other, and removes whatever came of them."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from .._0_basics import normalize
from .._0_basics.errors import ApiError, ApprovalPending, InvalidInput, OntapError
from .._0_basics.hiding import Hider
from .._1_array.rest import Exchange, RestClient, forbidden, instance, literal
from .._2_objects.ipsec_policy import POLICY
from .._2_objects.ipsec_service import SERVICE
from .._2_objects.resource import dig
from .error_experiments import ERROR_EXPERIMENTS
from .experiment import KEY, PREFIX, SVM, SWAPPED, UUID, Experiment, Finding, Question, Seen, Step, Unclear, is_reserved
from .first_experiments import FIRST_EXPERIMENT, SERVICE_EXPERIMENT
from .listing_experiments import LISTING_EXPERIMENTS
from .probe_report import Notes, Redactor
from .unasked import APPROVAL, UNASKED
from .value_experiments import VALUE_EXPERIMENTS

EXPERIMENTS = (*LISTING_EXPERIMENTS, *VALUE_EXPERIMENTS, *ERROR_EXPERIMENTS)
"""The experiments that follow the first one, in their order."""

SETTLED_AFTER = 15.0
"""Seconds for which what an earlier run left has to stay as it is, to be told from the policies of one that is running."""

_NO_SUCH_SVM = (66257202, 66257203)
_MOST_PAGES = 10
_LONGEST_NAME = 64 - 20


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
        self._notes = Notes()
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
        self._notes.begin(SERVICE_EXPERIMENT.purpose)
        self._notes.sent("GET", SERVICE.path, {}, None, service.one("get"))
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
        answer = self._client.exchange("GET", SERVICE.path)
        seen.add("get", [answer])
        if answer.accepted:
            enabled = seen.record("get").get("enabled")
            self._enabled = enabled if isinstance(enabled, bool) else None
        elif answer.status == 401 and answer.error:
            # Nothing else would be answered otherwise.
            raise answer.error
        return seen

    def _read_release(self) -> None:
        self._release = self._client.known_version
        answer = self._client.exchange("GET", "/cluster", {"fields": "version,name"})
        if not answer.accepted:
            return
        version = answer.body.get("version", {})
        self._full_release = str(version.get("full", ""))
        self._connection_names[str(answer.body.get("name", ""))] = "(cluster)"
        self._release = self._client.version()

    def _check_svm(self) -> None:
        """Raises ``InvalidInput`` if the SVM is not there. Not every account may ask, and then the first create tells."""
        try:
            found = self._client.get_all(POLICY.containers_path, {"name": literal(self._svm), "fields": "name"})
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
            return self._client.get_all(POLICY.path, {"fields": "*"})
        except ApiError as error:
            if self._enabled is not False or forbidden(error):
                raise
            code = f" with code {error.code}" if error.code else ""
            self._settle_while_disabled(Finding(f"it is refused: HTTP {error.status}{code}", "error"))
            return None

    def _settle_while_disabled(self, finding: Finding) -> None:
        """Answers a question that reading alone has settled."""
        question = next(one for one in FIRST_EXPERIMENT.questions if one.switch == "while_disabled")
        self._notes.answer(question, finding)

    def _leftovers(self, policies: list[Mapping[str, Any]] | None) -> dict[str, str]:
        """The policies that an earlier run left, by name. Raises ``InvalidInput`` if one with the prefix is no such."""
        found = {}
        for policy in policies or []:
            name = str(policy.get("name", ""))
            if not name.startswith(self._prefix) or _svm_of(policy) != self._svm:
                continue
            if not is_reserved(dig(policy, "local_endpoint.address")):
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
            if answer.code in POLICY.duplicate_codes:
                raise _other_probe(self._svm)
            if answer.code in _NO_SUCH_SVM:
                raise InvalidInput(self._no_such_svm())
            message = str(dig(answer.body, "error.message") or "no reason given").rstrip(". ")
            raise _Stop(f"the array refused to create a policy: {message} ({answer})")
        if not seen.accepted("by_name") or not seen.count("by_name"):
            raise _Stop("the array does not list the policy that was created, so nothing could be checked afterwards")
        self._lists = True
        self._keep_others_out()

    def _keep_others_out(self) -> None:
        """Creates the first policy once more, for good, now that it is known that it can be deleted as well."""
        create = FIRST_EXPERIMENT.steps["create"]
        self._notes.begin("keep other probes from the prefix")
        if self._check:
            self._announce(create)
            return
        self._kept = self._prefix + create.policy
        if self._take(create)[0].code in POLICY.duplicate_codes:
            raise _other_probe(self._svm)

    # --- one experiment ---

    def _make(self, experiment: Experiment) -> Seen:
        seen = Seen(self._release)
        if self._release is not None and self._release < experiment.since:
            since = ".".join(map(str, experiment.since))
            for question in experiment.questions:
                self._notes.answer(question, not_asked=f"ONTAP has what it is about since {since}")
            return seen
        self._notes.begin(experiment.purpose)
        if self._check:
            for step in experiment.steps.values():
                self._announce(step)
            for question in experiment.questions:
                not_asked = self._not_now(question) or "check mode"
                self._notes.answer(question, not_asked=not_asked, purpose=experiment.purpose)
            return seen
        try:
            for name, step in experiment.steps.items():
                if self._possible(step):
                    seen.add(name, self._take(step))
        except (_Stop, OntapError):
            # What the first requests have settled is worth as much as ever.
            self._conclude(experiment, seen, only_settled=True)
            raise
        self._conclude(experiment, seen)
        self._clean_up_known()
        return seen

    def _possible(self, step: Step) -> bool:
        name = self._prefix + step.policy
        return step.creates or not step.policy or self._created.get(name) is not None

    def _take(self, step: Step) -> list[Exchange]:
        """The answers to a step, one for each page. Raises ``_Stop``."""
        if self._client.interrupted:
            raise _Stop("the time of the task is over")
        method, path, query, body = self._request(step)
        name = self._prefix + step.policy
        new = step.creates and name not in self._created
        if new:
            self._created[name] = None
        accept = "application/hal+json" if step.links else "application/json"
        answers = [self._client.exchange(method, path, query, body, accept)]
        self._notes.sent(method, path, query, body, answers[0])
        if method != "GET":
            self._finish(f"{method} {path}", answers[0])
        while method == "GET" and len(answers) < _MOST_PAGES and (link := answers[-1].following):
            answers.append(self._client.follow(link))
            path, _question_mark, parameters = link.partition("?")
            told = {key: text if key in query else "..." for key, text in parse_qsl(parameters, keep_blank_values=True)}
            self._notes.sent("GET", path.removeprefix("/api"), told, None, answers[-1])
        if new:
            self._find_created(name, answers[0])
        return answers

    def _finish(self, request: str, answer: Exchange) -> None:
        """Waits for the end of the job that an answer names, if it names one. Raises ``_Stop`` for one that waits for approval."""
        refused = answer.error
        try:
            if answer.accepted and answer.status == 202:
                self._client.finish(request, answer.body)
        except ApprovalPending as pending:
            refused = pending
        except OntapError:
            # Whatever became of the job, what the array has afterwards decides.
            pass
        if isinstance(refused, ApprovalPending):
            self._approval = Finding(str(answer), "accepted" if answer.accepted else "error")
            raise _Stop(
                f"multi-admin verification holds back {request}. A request for approval was left on the array; "
                "withdraw it with 'security multi-admin-verify request delete', or let it expire"
            )

    def _request(self, step: Step) -> tuple[str, str, dict[str, str], Any]:
        name = self._prefix + step.policy
        own = self._created.get(name) if step.policy else None
        target = own or (str(uuid.uuid4()) if not self._check else "(a UUID that nothing has)")
        if self._check and step.policy:
            target = f"(UUID of {name})"
        path = step.path.replace(UUID, target)
        if step.policy and not step.creates and path == POLICY.path and UUID not in step.query.values():
            path = f"{POLICY.path}/{target}" if self._check else instance(POLICY.path, target)
        query = {
            key: text.replace(PREFIX, self._prefix)
            .replace(SWAPPED, self._prefix.swapcase())
            .replace(UUID, target)
            .replace(SVM, literal(self._svm))
            for key, text in step.query.items()
        }
        body = self._filled(step.body)
        if step.creates:
            body["svm"] = {"name": self._svm}
            if self._release is not None and self._release < POLICY.by_option["authentication_method"].since:
                body.pop("authentication_method", None)
        return step.method, path, query, body

    def _filled(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._filled(inner) for key, inner in value.items()}
        if isinstance(value, str):
            return value.replace(PREFIX, self._prefix).replace(KEY, self._key)
        return value

    def _find_created(self, name: str, answer: Exchange) -> None:
        """Finds out the UUID of a new policy. Only an answer that is a plain refusal proves that there is none."""
        if answer.code in POLICY.duplicate_codes:
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
            for policy in self._client.get_all(POLICY.path, query)
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
        path = instance(POLICY.path, uuid_)
        try:
            self._client.delete(path)
        except ApiError as error:
            # Whether it is gone decides, whatever the array said of it; and that only ONTAP itself can tell.
            gone = POLICY.not_found(error) or self._client.exchange("GET", path).code in POLICY.not_found_codes
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
            after = self._client.get_all(POLICY.path, {"fields": "*"})
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

    def _announce(self, step: Step) -> None:
        method, path, query, body = self._request(step)
        self._notes.sent(method, path, query, body, None)

    def _not_now(self, question: Question) -> str:
        """Why a question can't be asked in the state that IPsec is in; empty if it can."""
        if not question.while_disabled or self._enabled is False:
            return ""
        return "IPsec is enabled" if self._enabled else "whether IPsec is enabled is not known"

    def _conclude(self, experiment: Experiment, seen: Seen, only_settled: bool = False) -> None:
        for question in experiment.questions:
            if not_now := self._not_now(question):
                self._notes.answer(question, not_asked=not_now)
                continue
            try:
                self._notes.answer(question, question.conclude(seen), purpose=experiment.purpose)
            except Unclear as unclear:
                if not only_settled:
                    self._notes.answer(question, Finding(f"unclear: {unclear}"), purpose=experiment.purpose)

    def _skip_the_rest(self) -> None:
        for experiment in (FIRST_EXPERIMENT, *EXPERIMENTS):
            for question in experiment.questions:
                self._notes.answer(question, not_asked=self._not_now(question) or self._stopped)
        if self._approval:
            self._notes.answer(APPROVAL, self._approval)
        for unasked in (APPROVAL, *UNASKED):
            self._notes.answer(unasked, not_asked=unasked.reason)

    def _report(self) -> None:
        outcome = self._outcome
        connection = self._client.connection
        hide = Hider(POLICY.secret_names, [self._key, connection.password, connection.access_token])
        redact = Redactor(hide, None if self._names else self._connection_names)
        number = ".".join(map(str, self._release)) if self._release else None
        outcome.report = redact(
            {
                "ontap": {"release": number, "full": self._full_release or None},
                "ipsec_enabled": self._enabled,
                "prefix": self._prefix,
                "stopped": self._stopped or None,
                "answers": self._notes.answers,
                "experiments": self._notes.experiments,
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
    return str(dig(policy, "svm.name") or "")


def _told_uuid(answer: Exchange) -> str | None:
    """The UUID of a new policy as the answer to its creation tells it."""
    if not answer.accepted:
        return None
    records = answer.body.get("records")
    told = records[0].get("uuid", "") if records else answer.headers.get("Location", "").rpartition("/")[2]
    return str(told) if normalize.is_uuid(str(told)) else None
