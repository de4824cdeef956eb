# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a cluster to its files; documented in modules/ipsec_files.py."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._0_basics.errors import InvalidInput, counted
from ..module_utils._4_certificates.inventory import expiring, said_of
from ..module_utils._5_task import options
from ..modules.ipsec_files import OPTIONS
from ..plugin_utils._0_execution.in_process import InProcessAction
from ..plugin_utils._0_reports import findings, plan_coverage, plan_report, report_files, terminal
from ..plugin_utils._1_policy_files import exported, policy_files
from ..plugin_utils._1_policy_files.policy_values import Values
from ..plugin_utils._2_cluster.cluster_plan import CannotPlan, ClusterPlan, Wanted, protects
from ..plugin_utils._2_lint import lint
from ._ipsec_policy_lint import FAILING, target_of

_SET = ("prune", "strict", "keep", "max_deletes", "allow_empty", "recreate", "update_secret_key", "continue_on_error")
_MAY_BE_NULL = ("approved_digests", "max_deletes", "strict")
"""Options of which null is the careful choice, or which have words of their own for it."""

_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-f]{64}")
_SHOWN = 10
_UNAPPROVED = (
    "approved_digests: nothing is applied without an approval (require_approval: true). Make a plan, have it approved, and give the "
    "file of digests that it names, with -e @ipsec-reports/approve-….json."
)


class ActionModule(InProcessAction):
    """See the documentation of the module."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Reads, checks, plans, reports; applies where it is asked for."""
        self._vars = task_vars or {}
        result: dict[str, Any] = {**ActionBase.run(self, tmp, task_vars), "changed": False}
        # Whatever the environment says of the connection is for the modules to read.
        connection = {
            name: {key: value for key, value in row.items() if key != "fallback"}
            for name, row in options.CONNECTION.items()
        }
        _validation, params = self.validate_argument_spec({**connection, **OPTIONS})
        self._params = params
        self._connection_options = {
            name: value for name, value in self._task.args.items() if name in _names(options.CONNECTION)
        }
        self._cluster = str(self._vars.get("inventory_hostname", "cluster"))
        reports = self._reports()
        if reports:
            report_files.forget(params["report_directory"], self._cluster, reports.purpose)
        try:
            self._check_options()
            if params["purpose"] == "export":
                return {**result, **self._export(params["paths"][0])}
            wanted, found = self._read()
            if params["purpose"] == "verify":
                return {**result, "verify": self._to_verify(wanted, {}, None)}
            return {**result, **self._work(wanted, found, reports)}
        except (InvalidInput, CannotPlan, OSError) as error:
            return {**result, **self._without_plan(str(error), reports)}

    # The other way round.

    def _export(self, folder: str) -> dict[str, Any]:
        """Writes what the cluster has into files. Raises ``CannotPlan``."""
        there = [os.path.relpath(path) for path in policy_files.of_folder(folder)]
        if there and not self._params["overwrite"]:
            raise CannotPlan(
                f"paths: {os.path.relpath(folder)} has policy files already: {', '.join(there)}. Nothing was written, because ONTAP returns "
                "no keys, and those in the files would be lost. Name another folder, or set overwrite: true."
            )
        found = self._run_module("ipsec_policy_info", {}, True)
        if found.get("failed"):
            raise CannotPlan(str(found["msg"]))
        policies = found["policies"]
        names = exported.looks_like_a_template(policies)
        if names:
            raise CannotPlan(
                f"These policies have braces that Ansible would read as a template: {', '.join(names)}. "
                "Nothing was written. Rename them, or set up their files by hand, with the tag !unsafe."
            )
        # Releases before 9.10.1 have no authorities, and accounts of an SVM no service.
        service = self._run_module("ipsec_service_info", {}, True)
        unread = [str(service["msg"])] if service.get("failed") else []
        if unread:
            service = self._run_module("ipsec_service_info", {"ca_certificates": False}, True)
        if not policies and (service.get("config") or {}).get("enabled") is not True:
            raise CannotPlan(
                f"{self._cluster}: nothing was exported, because the array lists no policies and IPsec is not known to be enabled: ONTAP "
                f"may then not list what it has. Export when it is; if there are none, write the first file by hand, such as "
                f"{os.path.relpath(folder)}/SVM.yml (docs/policy_files.md of the collection)."
            )
        texts = exported.files(self._cluster, policies, service.get("config"), service.get("ca_certificates"))
        lines = [f"{self._cluster}: not exported, so it will not be compared: {reason}" for reason in unread]
        if not policies:
            lines.append(
                f"{self._cluster} has no IPsec policies. Write its first file by hand, such as {os.path.relpath(folder)}/SVM.yml; "
                "docs/policy_files.md of the collection tells how."
            )
        else:
            written = f"{counted(len(policies), 'policy', 'policies')} in {counted(len(texts), 'file', 'files')}"
            lines.append(f"{self._cluster}: {written} of {os.path.relpath(folder)}")
        terminal.tell(lines)
        return {**self._write_exported(folder, texts), "files": sorted(texts)}

    def _write_exported(self, folder: str, texts: Mapping[str, str]) -> dict[str, Any]:
        """Writes files that are not as they should be; in check mode only says so."""
        blocks = []
        for name, text in texts.items():
            path = os.path.join(folder, name)
            before = ""
            if os.path.exists(path):
                with open(path, encoding="utf-8") as stream:
                    before = stream.read()
            if before == text:
                continue
            shown = os.path.relpath(path)
            blocks.append({"before": before, "after": text, "before_header": shown, "after_header": shown})
            if not self._task.check_mode:
                os.makedirs(folder, exist_ok=True)
                with open(path, "w", encoding="utf-8") as stream:
                    stream.write(text)
        return {"changed": bool(blocks), "diff": blocks}

    # What is given.

    def _check_options(self) -> None:
        """Raises ``InvalidInput`` for what must not mean everything, nothing, or no approval."""
        params, given = self._params, self._task.args
        problems = [
            f"{name}: is null or empty, which stands for an answer left blank; give a value, or leave it out."
            for name in OPTIONS
            if name not in _MAY_BE_NULL and name in given and given[name] in (None, "")
        ]
        if (params["expiry_warning"] or 0) < 0:
            problems.append(f"expiry_warning: {params['expiry_warning']} is too small.")
        for path in params["paths"] or [""]:
            if not path.strip() or os.path.realpath(os.path.expanduser(path)) == os.sep:
                problems.append(f"paths: {path!r} is no file or folder of policies.")
        if isinstance(self._task.args.get("paths"), str) and "," in self._task.args["paths"]:
            problems.append("paths: give a list of files and folders, and no text with commas.")
        if "approved_digests" in self._task.args:
            approved = params["approved_digests"]
            wrong = [one for one in approved or () if not _DIGEST.fullmatch(one)]
            if not approved or wrong:
                problems.append(
                    "approved_digests: must be the digests of an approved plan, as approve-….json has them; empty, null and any "
                    "other word approve nothing."
                )
        if problems:
            raise InvalidInput(*problems)

    def _reports(self) -> report_files.Reports | None:
        params = self._params
        if not params["report_directory"] or params["purpose"] in ("verify", "export"):
            return None
        return report_files.of_task(
            params["report_directory"], params["purpose"], self._task.check_mode, str(self._task._uuid), self._vars
        )

    def _read(self) -> tuple[Wanted, list[findings.Finding]]:
        """What the files want, and what the check finds. Raises ``CannotPlan`` if they can't be used as they are."""
        params = self._params
        files = policy_files.read(params["paths"], self._loader)
        values = Values(self._loader, self._templar, params["lookups"])
        known = [values.of(policy) for policy in files.policies]
        found = lint.check(files, values, target_of(params, self._vars))
        if params["report_directory"] and params["purpose"] != "verify":
            self._write_findings(files, found)
        failing = [one for one in found if one.severity in FAILING[params["fail_on"]] and not one.ignored]
        if failing:
            raise CannotPlan(_about_files([f"{one.path}:{one.line or 1}: {one.id}: {one.message}" for one in failing]))
        problems = [str(problem) for problem in files.problems]
        options = []
        for policy, (given, unknown) in zip(files.policies, known):
            problems += [f"{policy.path}:{policy.line(option)}: {option}: {why}" for option, why in unknown.items()]
            options.append(given if policy.svm is None else {"svm": policy.svm, **given})
        if problems:
            raise CannotPlan(_about_files(problems))
        source = f"{self._cluster} {files.checksum} {values.checksum}"
        set_options = {name: params[name] for name in _SET if params[name] is not None}
        set_options["report_impact"] = params["report_impact"]
        return Wanted(files, options, source, set_options, params["prune"], params["force"]), found

    def _write_findings(self, files: policy_files.PolicyFiles, found: Sequence[findings.Finding]) -> None:
        folder = report_files.folder_of(Path(self._params["report_directory"]), self._cluster)
        counts = findings.summary(found, len(files.files), len(files.policies))
        report_files.write_whole(folder / "lint.sarif", findings.as_sarif(found, counts))

    # Plan and apply.

    def _work(
        self, wanted: Wanted, found: Sequence[findings.Finding], reports: report_files.Reports | None
    ) -> dict[str, Any]:
        params = self._params
        approved = params["approved_digests"] if "approved_digests" in self._task.args else None
        # A plan says what it is before anybody approves it.
        plan = ClusterPlan(wanted, self._run_module, approved if params["purpose"] == "apply" else None)
        # Notes are in lint.sarif; exported files have one for every key, and the report of all clusters would have all of them.
        told_of = [one.as_dict() for one in found if one.severity != findings.NOTE]
        report = self._in_words({"cluster": self._cluster, "findings": told_of, **plan.report()})
        report.update({"digests": plan.digests, "source": wanted.source})
        if params["purpose"] == "plan" and params["report_coverage"] and report["changes"]:
            covered = self._run_module("ipsec_coverage", {"changes": report["changes"]}, True)
            report["coverage"] = plan_coverage.compact(covered)
        if params["purpose"] == "drift" and params["expiry_warning"] is not None:
            report["warnings"] += self._expiring(wanted, params["expiry_warning"])
        applies = params["purpose"] == "apply" and not self._task.check_mode
        lines = plan_report.lines_of(report, drift=params["purpose"] == "drift")
        # An apply comes after a plan of the same run, whose lines need not be read twice.
        if not plan_report.told_already(lines, (self._vars.get("ipsec_planned") or {}).get("lines") or ()):
            terminal.tell(lines)
        differs = bool(report["changes"])
        told: dict[str, Any] = {
            "lines": lines,
            "summary": report["summary"],
            "unmanaged": len(plan_report.strangers(report)),
            "digests": plan.digests,
            "service_enabled": plan.service_enabled,
            "changed": differs and not report["refused"],
            "diff": plan.diff,
        }
        told["verdict"], told["reason"] = _verdict(report, plan.off, params["purpose"] == "drift")
        told["ansible_stats"] = self._stats(report, plan)
        if params["purpose"] in ("plan", "drift"):
            told["changed"] = False
        if params["purpose"] == "apply":
            told.update(self._apply(plan, report, wanted, approved is not None, applies))
        if reports:
            try:
                reports.write(report, self._expected())
            except OSError as error:
                if not (applies and told["changed"]):
                    raise
                # That the array is another one by now must not get lost with the report of it.
                done = told.get("msg", f"{self._cluster}: the changes were made.")
                told.update({"failed": True, "msg": f"{done} The report could not be written: {error}"})
        if told.get("failed"):
            # Ansible prints all of a result that failed, and would bury the reason under what has been said, and is in the report.
            del told["lines"], told["digests"]
        told.update(terminal.shown_once())
        return told

    def _apply(
        self, plan: ClusterPlan, report: dict[str, Any], wanted: Wanted, approved: bool, applies: bool
    ) -> dict[str, Any]:
        """Carries the plan out, and puts into its report what was done."""
        if report["refused"]:
            return {
                "failed": True,
                "msg": f"{self._cluster}: nothing was changed: {'; '.join(plan_report.reasons(report))}",
            }
        if not applies or not report["changes"]:
            return {"verify": self._to_verify(wanted, {}, [])}
        if not approved and self._params["require_approval"]:
            unapproved = self._called(_UNAPPROVED)
            report["refused"] = [{"reason": "approval", "msg": unapproved}]
            return {"failed": True, "changed": False, "msg": f"{self._cluster}: {unapproved}"}
        before = self._associations()
        done = self._in_words(plan.apply())
        failed = self._called(str(done.pop("failed")))
        report.update(done)
        told: dict[str, Any] = {"changed": bool(done.get("changed"))}
        made = sum(1 for one in done["changes"] if one.get("result") == "done")
        Display().display(f"{self._cluster}: {made} of {len(done['changes'])} changes made")
        if failed:
            report["refused"] = [{"reason": "failure", "msg": failed}]
            return {**told, "failed": True, "msg": f"{self._cluster}: {failed}"}
        return {**told, "verify": self._to_verify(wanted, before, done["changes"])}

    def _stats(self, report: Mapping[str, Any], plan: ClusterPlan) -> dict[str, Any]:
        """What a workflow of AWX hands on, as ``set_stats`` would."""
        counts = {name: report["summary"][name] for name in ("created", "modified", "recreated", "deleted")}
        counts["unmanaged"] = len(plan_report.strangers(report))
        data: dict[str, Any] = {"ipsec_plan_changes": {self._cluster: counts}}
        if self._params["purpose"] == "plan" and plan.digests:
            data["ipsec_plan_digests"] = plan.digests
        return {"data": data, "per_host": False, "aggregate": True}

    def _without_plan(self, reason: str, reports: report_files.Reports | None) -> dict[str, Any]:
        """The result where there is no plan; what could not be compared is no drift, and must not look like it."""
        reason = self._called(" ".join(reason.split(" \n")))
        if reports:
            try:
                reports.write({"cluster": self._cluster, "problem": " ".join(reason.split())}, self._expected())
            except OSError as error:
                reason = f"{reason} And no report was written: {error}."
        ends = "unreachable" if self._params["purpose"] == "drift" else "failed"
        return {ends: True, "msg": reason}

    def _in_words(self, report: dict[str, Any]) -> dict[str, Any]:
        """A report of a plan in which options are called what whoever set them calls them."""
        refused = [{**one, "msg": self._called(str(one["msg"]))} for one in report["refused"]]
        return {**report, "refused": refused, "warnings": [self._called(str(one)) for one in report["warnings"]]}

    def _called(self, text: str) -> str:
        names = {str(option): str(name) for option, name in self._params["option_names"].items()}
        # What stands in quotes may be the name of a policy.
        found = rf"(?<![\w'\"])({'|'.join(map(re.escape, names))})(?=:)"
        return re.sub(found, lambda option: names[option[1]], text) if names else text

    def _expected(self) -> list[str]:
        """The hosts that this task is executed for: those of the wave that nothing has failed on."""
        return list(self._vars.get("ansible_play_batch") or [self._cluster])

    # The cluster.

    def _run_module(self, name: str, options: dict[str, Any], check: bool) -> dict[str, Any]:
        """Runs a module of the collection with the connection of this task."""
        keeps = self._task.check_mode
        self._task.check_mode = check or keeps
        try:
            result: dict[str, Any] = self._execute_module(
                f"wiresec.ontap.{name}", {**self._connection_options, **options}, task_vars=self._vars
            )
        finally:
            self._task.check_mode = keeps
        return result

    def _expiring(self, wanted: Wanted, days: int) -> list[str]:
        """A warning for each certificate of IPsec that expires too soon; nothing is read where the files know of none."""
        if not (any(one.get("certificate") for one in wanted.options) or any(wanted.files.ca_certificates.values())):
            return []
        found = self._run_module("certificate_info", {"used_by_ipsec": True}, True)
        if found.get("failed"):
            return [f"Whether a certificate expires was not looked at: {found['msg']}"]
        return [f"{said_of(one)}." for one in expiring(found["certificates"], days)]

    def _associations(self) -> dict[tuple[str, str], str]:
        """The state of each policy's security associations before the change, by SVM and name."""
        found = self._run_module("ipsec_security_association_info", {}, True)
        if found.get("failed"):
            raise CannotPlan(str(found["msg"]))
        return {(str(one["svm"]), str(one["policy"])): str(one["status"]) for one in found.get("summary", [])}

    def _to_verify(
        self, wanted: Wanted, before: Mapping[tuple[str, str], str], changes: Sequence[Mapping[str, Any]] | None
    ) -> list[dict[str, Any]]:
        """Which policies need no associations on each SVM: silent ones that nobody touched, and those that the user names.

        changes: that were made; ``None`` if nothing is known of any, so that all policies are looked at.
        """
        if changes is not None and not changes:
            return []
        touched = {(str(one.get("svm")), str(one["name"])) for one in changes or ()}
        silent = [key for key, status in before.items() if status != "established" and key not in touched]
        told = []
        for svm in wanted.files.svms:
            here = [one for one in wanted.options if one.get("svm") == svm]
            named = {str(one.get("name")) for one in here} | {name for place, name in before if place == svm}
            ignore = {name for place, name in silent if place == svm}
            for pattern in self._params["verify_ignore"]:
                ignore |= {
                    name for name in named if fnmatchcase(name, pattern) or fnmatchcase(f"{svm}/{name}", pattern)
                }
            told.append({"svm": svm, "ignore": sorted(ignore), "allow_empty": not any(map(protects, here))})
        return told


def _names(spec: Mapping[str, Any]) -> set[str]:
    return {name for option, row in spec.items() for name in (option, *row.get("aliases", ()))}


def _about_files(problems: Sequence[str]) -> str:
    shown = "\n".join(problems[:_SHOWN])
    more = f"\n… and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    return f"The policy files can't be used.\n{shown}{more}"


def _verdict(report: Mapping[str, Any], off: str, drift: bool) -> tuple[str, str]:
    """Whether the cluster is what the files say, and a sentence about it."""
    cluster, changes = report["cluster"], len(report["changes"])
    foreign = len(plan_report.strangers(report))
    found = plan_report.reasons(report)
    told = [f"{changes} difference{'s' * (changes != 1)}"] if changes else []
    told += [f"{foreign} on the array and in no file"] if foreign else []
    told += ["IPsec is switched off"] if off else []
    differs = f"{cluster} is not what its files say: {', '.join(told)}."
    if found:
        why = found[0] + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")
        # Who asks for drift wants to know of it, and only then what keeps an apply from mending it.
        return "refused", f"{differs} An apply would be refused: {why}" if drift and changes else f"{cluster}: {why}"
    if not told:
        return "same", f"{cluster} is what its files say."
    return ("differs" if changes or off else "unmanaged"), differs
