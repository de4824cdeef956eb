# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster against its files: the service, the authorities that it trusts, and all policies, planned and applied as one.

The modules do the work; here is what they do in which order, and one report of it (plan_report). Nothing is known of how
a module is run: whoever makes a ``ClusterPlan`` hands over a function for that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Callable

from ...module_utils._2_objects.ipsec_policy import POLICY
from ...module_utils._3_state import guards
from ...module_utils._4_certificates import handshake
from .._1_policy_files.policy_files import Policy, PolicyFiles

RunModule = Callable[[str, "dict[str, Any]", bool], "dict[str, Any]"]
"""Runs a module of the collection: name, options, whether in check mode. Returns its result, failed or not."""

_POLICIES, _CONFIG, _CA, _SERVICE = "ipsec_policies", "ipsec_config", "ipsec_ca_certificate", "ipsec_service_info"
_COUNTED = ("created", "modified", "recreated", "deleted")
_OFF = (
    "IPsec is switched off on this cluster, so none of its policies protects anything; the files have {} that should."
)
_UNBOUND = (
    "digest: this account may read neither GET /api/cluster nor GET /api/svm/svms, so nobody can tell which array this is, and this "
    "can't be approved: {}."
)
_SHOWN = 10
"""Names that a message has."""


@dataclass(frozen=True)
class Wanted:
    """What the files want of a cluster, and how to go about it.

    options: of each policy, secrets included. source: what they were made from. set_options: of ipsec_policies for the
    set as a whole. prune: whether authorities that no file names are removed. force: whether the service may be interrupted.
    """

    files: PolicyFiles
    options: Sequence[Mapping[str, Any]] = field(repr=False)
    source: str
    set_options: Mapping[str, Any]
    prune: bool
    force: bool = False


@dataclass
class _Step:
    """A change of what is not a policy: the module that makes it, with its options, and the change as reports have it."""

    module: str
    options: dict[str, Any]
    change: dict[str, Any]
    digest: str = ""


class CannotPlan(Exception):
    """There is no plan; the message is the reason."""


_BLIND = (
    "The files have policies, and the array lists none, which proves nothing while IPsec is switched off: ONTAP may list none of them "
    "then. Compare again when it is on."
)


class ClusterPlan:
    """What becomes of one cluster. Raises ``CannotPlan`` if nothing can be said of it."""

    def __init__(self, wanted: Wanted, run_module: RunModule, approved: Sequence[str] | None = None) -> None:
        """approved: digests of what may be carried out, ``None`` for whatever is planned. What is not among them is refused."""
        self._wanted, self._run, self._approved = wanted, run_module, approved
        self._service = self._read_service()
        self._not_compared: list[dict[str, Any]] = []
        self._unmanaged: list[dict[str, Any]] = []
        self._refused: list[dict[str, Any]] = []
        self.blind = False
        """Whether the array may have policies that it does not list now."""
        self.off = ""
        """What is to be said if the service is off, although the files want protection and say nothing of the service."""
        self._unbound = ""
        self._config = self._plan_config()
        self._authorities = self._plan_authorities()
        self._policies = self._plan_policies()
        self._guard_authorities()
        self._finish()

    # Planning.

    def _read_service(self) -> dict[str, Any]:
        reads = bool(self._wanted.files.ca_certificates)
        found = self._run(_SERVICE, {"ca_certificates": reads}, True)
        if found.get("failed"):
            raise CannotPlan(str(found["msg"]))
        return found

    def _plan_config(self) -> _Step | None:
        config = self._wanted.files.config
        if config is None:
            self._leave_open("ipsec_config", "no file says what the service should be")
            return None
        options = {**config, "force": self._wanted.force}
        planned = self._run(_CONFIG, options, True)
        left = sorted(set(self._service["config"]) - set(config))
        if left:
            self._leave_open(f"ipsec_config: {', '.join(left)}", "left out")
        if planned.get("failed"):
            self._refused.append({"reason": "guard", "msg": f"ipsec_config: {planned['msg']}"})
            return None
        if not planned["changed"]:
            return None
        before, after = (
            {option: side[option] for option in planned["modified"] if option in side}
            for side in (planned["diff"]["before"], planned["diff"]["after"])
        )
        loss = "switched_off" if after.get("enabled") is False else None
        change = _change("config", "IPsec service", "modified", before=before, after=after, loss=loss)
        return _Step(_CONFIG, options, {**change, "modified": planned["modified"]})

    def _plan_authorities(self) -> list[_Step]:
        wanted = self._wanted.files.ca_certificates
        if not wanted:
            self._leave_open("ca_certificates", "no file says which authorities IPsec should trust")
            return []
        steps = []
        registered: dict[str | None, dict[str, str]] = {}
        for one in self._service["ca_certificates"]:
            registered.setdefault(one.get("svm"), {})[one["name"]] = one["uuid"]
        for svm in sorted({*wanted, *registered}, key=str):
            names, there = wanted.get(svm, set()), registered.get(svm, {})
            steps += [self._authority(name, svm, "created") for name in sorted(names - set(there))]
            for name in sorted(set(there) - names):
                if self._wanted.prune and svm in wanted:
                    steps.append(self._authority(name, svm, "deleted"))
                else:
                    where = {} if svm is None else {"svm": svm}
                    self._unmanaged.append({"name": f"CA certificate {name}", **where, "kept": False})
        return steps

    def _authority(self, name: str, svm: str | None, operation: str) -> _Step:
        where = {} if svm is None else {"svm": svm}
        options = {"name": name, **where, "state": "absent" if operation == "deleted" else "present"}
        planned = self._run(_CA, options, True)
        if planned.get("failed"):
            self._refused.append(
                {"reason": "entry", "msg": f"ca_certificates: {planned['msg']}", "name": name, **where}
            )
        side = {("before" if operation == "deleted" else "after"): {"name": name, **where}}
        loss = "deleted" if operation == "deleted" else None
        change = {**_change("ca_certificate", name, operation, loss=loss, **side), **where}
        return _Step(_CA, options, change)

    def _plan_policies(self) -> dict[str, Any]:
        planned = self._run(_POLICIES, self._set_options(), True)
        off = self._service["config"].get("enabled") is False
        if planned.get("failed") and "changes" not in planned:
            if not (off and self._config):
                raise CannotPlan(str(planned["msg"]))
            # Nobody can tell what the policies are before the service is as the files want it.
            counts = dict.fromkeys((*_COUNTED, "unchanged"), 0)
            planned = {"summary": counts, "changes": [], "unmanaged": [], "not_compared": []}
            self._doubt(planned)
        elif off:
            known = sum(planned["summary"].get(name, 0) for name in ("unchanged", "modified", "recreated", "deleted"))
            if planned["changes"] and not known and not planned["unmanaged"]:
                self._doubt(planned)
        return planned

    @property
    def service_enabled(self) -> bool:
        """Whether IPsec is on; while it is not, ONTAP may list none of the policies."""
        return self._service["config"].get("enabled") is not False

    def _doubt(self, planned: dict[str, Any]) -> None:
        """Believes no empty listing while IPsec is switched off: some releases say nothing then (docs/ontap_facts.md, 9.2)."""
        self._leave_open(
            "policies", "IPsec is switched off, and ONTAP may list none of them then; plan again when it is on"
        )
        self.blind = True
        # Nobody can have approved what nobody can tell; it is asked for again when the policies are seen.
        refused = [one for one in planned.get("refused") or () if one["reason"] != "approval"]
        planned.update(changes=[], summary=dict.fromkeys(planned["summary"], 0), refused=refused)

    def _set_options(self) -> dict[str, Any]:
        wanted = self._wanted
        return {
            **wanted.set_options,
            "policies": [dict(one) for one in wanted.options],
            "svms": wanted.files.svms,
            "source": wanted.source,
            "whole_cluster": True,
            **({} if self._approved is None else {"approved_digests": list(self._approved)}),
        }

    def _guard_authorities(self) -> None:
        """Refuses to take away many authorities at once, or the last, where policies may authenticate by certificates.

        The limits are those of policies, counted apart.
        """
        limits = guards.Limits(
            self._wanted.set_options.get("max_deletes"), bool(self._wanted.set_options.get("allow_empty"))
        )
        removed: dict[str | None, list[str]] = {}
        for step in self._authorities:
            if step.change["operation"] == "deleted":
                removed.setdefault(step.change.get("svm"), []).append(step.change["name"])
        for svm, names in removed.items():
            there = [one["name"] for one in self._service["ca_certificates"] if one.get("svm") == svm]
            needing = self._may_need_authorities(svm)
            if not needing:
                continue
            where = f"of SVM {svm!r}" if svm is not None else "of the cluster"
            problems = []
            allowed = limits.allowed(len(there))
            if len(names) > allowed:
                told = limits.told(len(there), f"CA certificates {where}")
                problems.append(
                    f"max_deletes: {told} to go, not {len(names)}. Set max_deletes: {len(names)} if that is meant."
                )
            if not (limits.allow_empty or self._wanted.files.ca_certificates[svm]):
                problems.append(
                    f"allow_empty: the last CA certificate {where} would go. Set allow_empty: true if that is meant."
                )
            if problems:
                msg = f"ca_certificates: {' '.join(problems)} {needing} Nothing was changed. What would go: {', '.join(names)}."
                self._refused.append({"reason": "guard", "msg": msg})

    def _may_need_authorities(self, svm: str | None) -> str:
        """Why peers may have to prove who they are by an authority of this place, be it in a policy that no file has; empty if none.

        svm: ``None`` for the cluster, whose authorities any SVM may rely on.
        """
        if self.blind:
            return "Which policies there are can't be told, because IPsec is switched off."
        by_certificate = [
            str(one.get("name"))
            for one in self._wanted.options
            if protects(one)
            and (one.get("certificate") or one.get("authentication_method") == "pki")
            and svm in (None, one.get("svm"))
        ]
        # Of what is in no file the method is not known.
        unknown = [
            str(one["name"])
            for one in self._policies["unmanaged"]
            if POLICY.protects(one) and svm in (None, one.get("svm"))
        ]
        if by_certificate:
            return f"Peers of {_some(by_certificate)} prove by certificates who they are."
        return f"Peers of {_some(unknown)}, in no file, may prove by certificates who they are." if unknown else ""

    def _finish(self) -> None:
        """Puts places and digests to what was planned, and says so if nothing is protected at all."""
        entries = self._wanted.files.policies
        for one in self._policies.get("refused") or ():
            position = one.get("position")
            where = _where(entries[position]) if isinstance(position, int) else {}
            self._refused.append({**one, **where})
        self._sign()
        protecting = sum(1 for one in self._wanted.options if protects(one))
        settled = "enabled" in (self._wanted.files.config or {})
        if self._service["config"].get("enabled") is False and protecting and not settled:
            self.off = _OFF.format(f"{protecting} {'policy' if protecting == 1 else 'policies'}")
        if self.blind and not (self._steps() or self.off):
            raise CannotPlan(_BLIND)

    def _sign(self) -> None:
        """Gives the steps that are no policies digests that hold for these files, and for no other array; refuses what is not approved."""
        if not self._steps():
            return
        found = self._run(_SERVICE, {"ca_certificates": False, "identity": True}, True)
        if found.get("failed"):
            raise CannotPlan(str(found["msg"]))
        array = found["identity"]
        for step in self._steps() if array else ():
            covered = json.dumps([array, self._wanted.source, step.module, step.change], sort_keys=True)
            step.digest = f"change:{sha256(covered.encode()).hexdigest()}"
        if not array:
            self._unbound = _UNBOUND.format(", ".join(step.change["name"] for step in self._steps()))
        missing = [step.change["name"] for step in self._steps() if step.digest not in (self._approved or ())]
        if self._approved is not None and missing:
            why = self._unbound or "This change, the array, or the files, are others than those that were approved."
            msg = f"approved_digests: {', '.join(missing)}: not among what was approved. {why} Nothing was changed."
            self._refused.append({"reason": "approval", "msg": msg})

    def _leave_open(self, option: str, reason: str) -> None:
        self._not_compared.append({"option": option, "reason": reason, "number": 0})

    def _steps(self) -> list[_Step]:
        return [*([self._config] if self._config else []), *self._authorities]

    # What it says.

    @property
    def digests(self) -> list[str]:
        """What an approval of the whole plan names; empty if there is nothing to approve."""
        if self._refused:
            return []
        of_policies = [] if self.blind else self._policies.get("digests") or []
        return [*of_policies, *(step.digest for step in self._steps() if step.digest)]

    @property
    def diff(self) -> list[dict[str, Any]]:
        """As the modules show it."""
        return list(self._policies.get("diff") or [])

    def report(self) -> dict[str, Any]:
        """The plan as reports have it."""
        planned = self._policies
        steps = [step.change for step in self._steps()]
        counts = dict(planned["summary"])
        for change in steps:
            counts[change["operation"]] += 1
        return {
            "summary": {name: counts[name] for name in (*_COUNTED, "unchanged")},
            "changes": [*steps, *planned["changes"]],
            "unmanaged": [*self._unmanaged, *planned["unmanaged"]],
            "not_compared": [*self._not_compared, *planned["not_compared"]],
            "refused": self._refused,
            "impact": planned.get("impact"),
            "warnings": [*filter(None, (self.off, self._unbound)), *self._told(planned)],
        }

    def _told(self, planned: Mapping[str, Any]) -> list[str]:
        """The warnings of a set, but for what this plan mends itself.

        That a pattern keeps nothing is worth a word only where something is deleted.
        """
        deletes = planned["summary"].get("deleted")
        warnings = [str(one) for one in planned.get("warnings", [])]
        # Those of the cluster may count for its SVMs.
        coming = {step.change.get("svm") for step in self._authorities if step.change["operation"] == "created"}
        mended = tuple(
            handshake.NO_AUTHORITY.format(handshake.place_of(svm))
            for svm in ([None, *self._wanted.files.svms] if None in coming else coming)
        )
        return [
            one
            for one in warnings
            if not (mended and one.endswith(mended))
            and (deletes or not (one.startswith("keep:") and "keeps nothing" in one))
        ]

    # Carrying it out.

    def apply(self) -> dict[str, Any]:
        """Carries out what was planned, protection first. Returns the report of what was done; ``failed`` says why not all was.

        Of policies just this plan, or what of the rest is approved. A plan that is refused must not be begun.
        """
        done: list[dict[str, Any]] = []
        failed = ""
        first = [step for step in self._steps() if self._adds(step)]
        last = [step for step in reversed(self._steps()) if step not in first]
        for step in first:
            failed = failed or self._take(step, done)
        policies = self._policies
        if not failed:
            # What was approved before anybody could see the policies does not cover them.
            own = ["any"] if self.blind else self._policies.get("digests") or ["any"]
            allowed = list(self._approved) if self._approved is not None else own
            policies = self._run(_POLICIES, {**self._set_options(), "approved_digests": allowed}, False)
            failed = str(policies["msg"]) if policies.get("failed") else ""
            # A set that is refused, or can't be read any more, was not begun, although this plan was.
            refused = "changes" in policies
            why = "refused when it came to be written" if refused else "the array could not be read any more"
            left = {"result": "not_attempted", "msg": why}
            done += [
                {**one, **left} if failed and one.get("result") == "planned" else one
                for one in policies.get("changes", self._policies["changes"])
            ]
        for step in last:
            failed = failed or self._take(step, done)
        report = {**self.report(), "changes": done, "failed": failed, "changed": any(map(_has_changed, done))}
        report["impact"] = policies.get("impact", report["impact"])
        return {**report, "refused": policies.get("refused", [])}

    def _adds(self, step: _Step) -> bool:
        """Whether a step comes before the policies: what switches IPsec on, and authorities that policies may need."""
        if step.module == _CA:
            return bool(step.change["operation"] == "created")
        return step.change["loss"] is None

    def _take(self, step: _Step, done: list[dict[str, Any]]) -> str:
        result = self._run(step.module, step.options, False)
        state = "failed" if result.get("failed") else "done"
        done.append({**step.change, "result": state, **({"msg": result["msg"]} if result.get("failed") else {})})
        return f"{step.change['name']}: {result['msg']}" if result.get("failed") else ""


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _has_changed(change: Mapping[str, Any]) -> bool:
    return change.get("result") in ("done", "unknown") or bool(change.get("changed"))


def _change(kind: str, name: str, operation: str, **more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"modified": [], "before": {}, "after": {}, "loss": None, "result": "planned"}
    return {"kind": kind, "name": name, "operation": operation, **empty, **more}


def _where(policy: Policy) -> dict[str, Any]:
    return {"path": policy.path, "line": policy.line()}


def protects(options: Mapping[str, Any]) -> bool:
    """Whether the options of a policy say that it is to protect packets."""
    return options.get("state", "present") != "absent" and POLICY.protects(
        {
            "enabled": options.get("enabled") not in (False, "no", "false", "False", "off"),
            "action": options.get("action"),
        }
    )
