# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy files of clusters, as a client has to know them: every policy with its secrets, or why it is not known."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from ansible.parsing.dataloader import DataLoader

from ...module_utils._0_basics.errors import InvalidInput
from ...module_utils._2_objects.ipsec_policy import POLICY
from ...module_utils._2_objects.ipsec_service import SERVICE
from .._1_clients.connections import ArrayPolicy, Service, Source
from .._1_policy_files import policy_files
from .._1_policy_files.policy_files import Policy
from .._1_policy_files.policy_values import Values, converted


@dataclass
class ClientPolicies:
    """What the files of some clusters say. services: by cluster. problems: with path and line, and never with a secret."""

    policies: list[ArrayPolicy] = field(default_factory=list)
    services: dict[str, Service] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, folder: str, cluster: str, loader: DataLoader, values: Values) -> None:
        """Reads the files of a cluster, from a folder of the folder of all. values: with the variables of that cluster."""
        files = policy_files.read([os.path.join(folder, cluster)], loader)
        self.problems += [str(problem) for problem in files.problems]
        for policy in files.policies:
            self._add_entry(folder, cluster, policy, values)
        if files.config is not None:
            config = SERVICE.from_options(files.config)
            self.services[cluster] = Service(config.get("replay_window"), config.get("offload_enabled"))

    def _add_entry(self, folder: str, cluster: str, policy: Policy, values: Values) -> None:
        given, unknown = values.of(policy)
        options, problems = converted(given if policy.svm is None else {"svm": policy.svm, **given})
        # Without a name nobody can be told which one it is, and the array will not have it either.
        name = str(given.get("name", "without a name"))
        file = os.path.relpath(policy.path, os.path.expanduser(folder))
        source = Source(cluster, policy.svm, name, policy.path, policy.line(), file)
        state: dict[str, Any] = {}
        try:
            state, _warnings = POLICY.settle(POLICY.from_options(options), {})
        except InvalidInput as error:
            problems += error.problems
        for problem in problems:
            option = problem.partition(":")[0]
            self.problems.append(f"{policy.path}:{policy.line(option if option in policy.lines else '')}: {problem}")
        if not problems:
            present = given.get("state", "present") != "absent"
            self.policies.append(ArrayPolicy(source, state, present, unknown))


def clusters_below(folder: str) -> list[str]:
    """The names of the folders with policy files in a folder, none if there is no such folder."""
    top = os.path.expanduser(folder)
    if not os.path.isdir(top):
        return []
    return sorted(
        name for name in os.listdir(top) if not name.startswith(".") and policy_files.of_folder(os.path.join(top, name))
    )
