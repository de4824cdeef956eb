# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ipsec_policy_lint finds: the table of all kinds of findings, and findings as text, JSON and SARIF."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ...module_utils._0_basics.errors import counted

ERROR, WARNING, NOTE = SEVERITIES = ("error", "warning", "note")


_SHOWN = 10
"""How many warnings of a kind a terminal shows."""


@dataclass(frozen=True)
class Kind:
    """One kind of finding. summary: what it means in general. ignorable: whether ``lint_ignore`` can silence it."""

    id: str
    severity: str
    summary: str
    ignorable: bool = True


KINDS = {
    kind.id: kind
    for kind in (
        Kind("unreadable-file", ERROR, "A file or folder is missing, empty, or can't be read or decrypted.", False),
        Kind("invalid-file", ERROR, "A file does not have the format of a policy file.", False),
        Kind("unknown-option", ERROR, "An option does not exist.", False),
        Kind("invalid-value", ERROR, "The value of an option can't be, by itself or together with others.", False),
        Kind("unresolved-template", ERROR, "A template of an option that is no secret can't be rendered.", False),
        Kind("misplaced-file", WARNING, "A file is named after another SVM than the one that it is about.", False),
        Kind("folder-without-host", WARNING, "A folder of policy files belongs to no host of the inventory.", False),
        Kind("missing-name", ERROR, "A policy has no name.", False),
        Kind("duplicate-name", ERROR, "Several policies of one SVM have the same name.", False),
        Kind("release-too-old", ERROR, "An option or value is newer than the release of the array."),
        Kind("incomplete-policy", WARNING, "The policy can only be there already: to create it, options are missing."),
        Kind("psk-without-secret", NOTE, "The policy can only be there already: to create it, its key is missing."),
        Kind("ignored-option", WARNING, "ONTAP has no use for an option beside the others."),
        Kind("wildcard-without-port", ERROR, "All remote addresses without a port, which ONTAP refuses."),
        Kind("pki-without-identity", WARNING, "Authentication by certificate does not say whom to expect."),
        Kind("psk-without-identity", WARNING, "A key is for many peers, and the policy does not say who they are."),
        Kind("impossible-identity", ERROR, "No certificate can prove an identity of the policy."),
        Kind("unfit-for-windows", WARNING, "Windows clients can't meet the policy."),
        Kind("nfs3-in-clear", NOTE, "NFS is protected, and what NFSv3 needs beside it is not."),
        Kind(
            "offload-with-replay-window",
            ERROR,
            "Hardware offload, and a replay window, which exclude each other.",
            False,
        ),
        Kind("duplicate-selector", ERROR, "Several policies of one SVM cover exactly the same packets."),
        Kind("ambiguous-overlap", WARNING, "Policies of different actions cover the same packets."),
        Kind("conflicting-credentials", WARNING, "ESP policies that cover the same packets authenticate differently."),
        Kind("bypass-wider-than-esp", ERROR, "A bypass covers everything that an ESP policy is to protect."),
        Kind("lockout-management", ERROR, "Policy applies to HTTPS or SSH to a management address of the array."),
        Kind("lockout-controller", ERROR, "Policy applies to HTTPS or SSH from the controller to the array."),
        Kind("lockout-unchecked", WARNING, "Policy applies to HTTPS or SSH, and an address to compare with is a name."),
        Kind(
            "plain-text-secret",
            ERROR,
            "A secret stands in a file as plain text, or in what its template takes it from.",
        ),
        Kind("secret-line-break", WARNING, "A secret ends with a line break, which is no part of it."),
        Kind("weak-secret", WARNING, "A secret is easy to guess."),
        Kind("shared-secret", WARNING, "Policies for different peers have the same secret."),
        Kind("unreadable-secret", NOTE, "A secret can't be known here, so what looks at secrets could not."),
        Kind("invalid-certificate", ERROR, "A certificate in a file has expired, or is not valid yet.", False),
        Kind("expiring-certificate", WARNING, "A certificate in a file expires soon.", False),
        Kind("key-without-certificate", ERROR, "A private key in a file belongs to no certificate.", False),
        Kind("ignore-without-reason", ERROR, "A finding is to be ignored, but there is no reason.", False),
        Kind("unused-ignore", NOTE, "A finding is to be ignored that there is not.", False),
    )
}


@dataclass(frozen=True)
class Finding:
    """One finding. line: 0 if it is about a file as a whole. ignored: the reason if ``lint_ignore`` silences it."""

    id: str
    message: str
    path: str
    line: int
    svm: str | None = None
    policy: str | None = None
    ignored: str | None = None

    @property
    def severity(self) -> str:
        """error, warning or note."""
        return KINDS[self.id].severity

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain data, as results and JSON reports have it."""
        return {
            "id": self.id,
            "severity": self.severity,
            "message": self.message,
            "path": self.path,
            "line": self.line,
            "svm": self.svm,
            "policy": self.policy,
            "ignored": self.ignored,
        }


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """By file and line."""
    return sorted(findings, key=lambda one: (one.path, one.line, SEVERITIES.index(one.severity), one.id, one.message))


def summary(findings: Sequence[Finding], files: int, policies: int) -> dict[str, int]:
    """How many there are of what."""
    count = Counter("ignored" if one.ignored else one.severity for one in findings)
    return {"files": files, "policies": policies, **{name: count[name] for name in (*SEVERITIES, "ignored")}}


def as_text(findings: Sequence[Finding], numbered: dict[str, int]) -> str:
    """A line for each finding that is not ignored, and the count."""
    lines = [
        f"{one.path}:{one.line or 1}: {one.severity} {one.id}: {one.message}" for one in findings if not one.ignored
    ]
    numbers = ", ".join(counted(numbered[name], name, f"{name}s") for name in SEVERITIES)
    ignored = f", {numbered['ignored']} ignored" if numbered["ignored"] else ""
    policies = counted(numbered["policies"], "policy", "policies")
    files = counted(numbered["files"], "file", "files")
    return "\n".join([*lines, f"{numbers}{ignored} in {policies} of {files}"])


def on_terminal(findings: Sequence[Finding], numbered: dict[str, int]) -> str:
    """As text, without notes; of each kind of warning the first, and how many more there are. Errors are shown whole."""
    shown: list[Finding] = []
    found: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for one in findings:
        if one.ignored or one.severity == NOTE:
            continue
        found[one.id] += 1
        if one.severity == WARNING and found[one.id] > _SHOWN:
            left[one.id] += 1
        else:
            shown.append(one)
    more = [
        f"… and {number} more of {kind}, all in the findings of the result, and in the report"
        for kind, number in left.items()
    ]
    *lines, last = as_text(shown, numbered).split("\n")
    return "\n".join([*lines, *more, last])


def as_json(findings: Sequence[Finding], counted: dict[str, int]) -> str:
    """One JSON object with ``findings`` and ``summary``, as in the result of the module."""
    return json.dumps({"findings": [one.as_dict() for one in findings], "summary": counted}, indent=2) + "\n"


def as_sarif(findings: Sequence[Finding], counted: dict[str, int]) -> str:
    """A log in SARIF 2.1.0, which code scanning of GitHub, GitLab and Azure DevOps read. Ignored findings are suppressed."""
    kinds = list(KINDS.values())
    indexes = {kind.id: index for index, kind in enumerate(kinds)}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "wiresec.ontap.ipsec_policy_lint",
                        "informationUri": "https://github.com/wiresec/wiresec.ontap/blob/main/docs/policy_files.md",
                        "rules": [
                            {
                                "id": kind.id,
                                "shortDescription": {"text": kind.summary},
                                "helpUri": f"https://github.com/wiresec/wiresec.ontap/blob/main/docs/policy_files.md#{kind.id}",
                                "defaultConfiguration": {"level": kind.severity},
                            }
                            for kind in kinds
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "properties": {"summary": counted},
                "results": [_sarif_result(one, indexes[one.id]) for one in findings],
            }
        ],
    }
    return json.dumps(log, indent=2) + "\n"


def _sarif_result(finding: Finding, index: int) -> dict[str, Any]:
    # Without the line, so that a finding stays the same one when others are fixed above it.
    identity = "\0".join((finding.id, finding.path, finding.svm or "", finding.policy or "", finding.message))
    address = quote(os.fsencode(finding.path), safe="/")
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": f"file://{address}" if address.startswith("/") else address},
                    "region": {"startLine": finding.line or 1},
                },
            }
        ],
        "partialFingerprints": {
            "finding/v1": hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest(),
        },
    }
    if finding.policy is not None:
        place = f"{finding.svm}/{finding.policy}" if finding.svm else finding.policy
        result["locations"][0]["logicalLocations"] = [{"fullyQualifiedName": place}]
    if finding.ignored:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.ignored}]
    return result


FORMATS = {"text": as_text, "json": as_json, "sarif": as_sarif}
