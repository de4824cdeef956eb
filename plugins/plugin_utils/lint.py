# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of ipsec_policy_lint. Pure: from what was read to findings. Messages never have a secret."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.wiresec.ontap.plugins.module_utils.resource import Version
from ansible_collections.wiresec.ontap.plugins.plugin_utils.findings import Finding, in_order
from ansible_collections.wiresec.ontap.plugins.plugin_utils.policy_files import PolicyFiles
from ansible_collections.wiresec.ontap.plugins.plugin_utils.policy_values import Values


@dataclass(frozen=True)
class Target:
    """What policies are checked for. version: of the array, ``None`` if it is not known. Addresses: normalised."""

    version: Version | None = None
    management_addresses: list[str] = field(default_factory=list)
    controller_addresses: list[str] = field(default_factory=list)


def check(files: PolicyFiles, values: Values, target: Target) -> list[Finding]:
    """All findings, ignored ones among them, by file and line."""
    found = [Finding(one.id, one.message, one.path, one.line, one.svm, one.policy) for one in files.problems]
    return in_order(found)
