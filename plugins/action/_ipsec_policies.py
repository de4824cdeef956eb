# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses blank variables of a role of this collection; the first task of each of its entry points, and of no use elsewhere.

Ansible asks for this plugin in the process that it forks its workers from, because it is called by its own name, and not by that
of a module. So whatever is imported here is there for every later task on every host, and no worker compiles and imports it again.

It is no part of any module. The name is that of one, because ansible-test asks for a module behind each action plugin (it overlooks
the underscore).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ..modules import (
    ipsec_ca_certificate,
    ipsec_config,
    ipsec_policies,
    ipsec_policy_health,
    ipsec_policy_info,
    ipsec_security_association_info,
    ipsec_service_info,
)
from . import _ipsec_files, _ipsec_report

FOR_THE_WORKERS = (
    ipsec_ca_certificate,
    ipsec_config,
    ipsec_policies,
    ipsec_policy_health,
    ipsec_policy_info,
    ipsec_security_association_info,
    ipsec_service_info,
    _ipsec_files,
    _ipsec_report,
)
"""What tasks of the roles execute, imported here and now."""


class ActionModule(ActionBase):
    """Looks at the variables that the argument specs of the task's role document, those of all its entry points."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Fails with the names of all variables without a value, as surveys leave them where an answer is blank."""
        result: dict[str, Any] = {**super().run(tmp, task_vars), "changed": False}
        given = task_vars or {}
        path = f"{given['role_path']}/meta/argument_specs.yml"
        # Nothing changes it here, and a copy takes longer than all the rest.
        specs = self._loader.load_from_file(path, unsafe=True)["argument_specs"]
        documented = {name for spec in specs.values() for name in spec["options"]}
        blank = [name for name in sorted(documented & given.keys()) if is_blank(self._templar.template(given[name]))]
        if not blank:
            return result
        verb = "is" if len(blank) == 1 else "are"
        msg = f"{', '.join(blank)}: {verb} empty, or a list with an entry that is. Give a value, or leave it out."
        return {**result, "failed": True, "msg": msg}


def is_blank(value: Any) -> bool:
    """Whether nobody can tell what a value stands for: null, text of nothing but white space, or a list that has one of them."""
    if isinstance(value, (list, tuple)):
        return any(is_blank(entry) for entry in value)
    if isinstance(value, Mapping):
        return any(is_blank(entry) for entry in value.values() if isinstance(entry, (list, tuple)))
    return value is None or (isinstance(value, str) and not value.strip())
