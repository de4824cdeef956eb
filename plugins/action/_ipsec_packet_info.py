# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what becomes of a packet; documented in modules/ipsec_packet_info.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._0_basics.errors import InvalidInput
from ..module_utils._2_objects.ipsec_policy import POLICY
from ..module_utils._2_objects.resource import State
from ..module_utils._4_coverage.flows import authenticating
from ..module_utils._4_coverage.packet import happens, packet
from ..module_utils._4_coverage.verdicts import Situation
from ..module_utils._5_task import given, options
from ..modules.ipsec_packet_info import OPTIONS
from ..plugin_utils._0_execution.in_process import InProcessAction, plain
from ..plugin_utils._1_policy_files import policy_files
from ..plugin_utils._1_policy_files.policy_values import Values

_COVERING = ("name", "action", "enabled", "ipspace", "local_endpoint", "protocol", "remote_endpoint", "state")
"""The options that decide what a policy does to packets. No secret is among them, so none is decrypted."""

_NEEDED = [one for one in _COVERING if one != "state"] + ["svm", "scope"]
_SHOWN = 10


class ActionModule(InProcessAction):
    """See the documentation of the module."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Reads policies, from files or an array, and looks the packet up in them."""
        result: dict[str, Any] = {**ActionBase.run(self, tmp, task_vars), "changed": False}
        try:
            given.check({**options.CONNECTION, **OPTIONS}, plain(self._task.args, also=(date, bytes)))
            connection = {
                name: {key: value for key, value in row.items() if key != "fallback"}
                for name, row in options.CONNECTION.items()
            }
            _validation, params = self.validate_argument_spec({**connection, **OPTIONS})
            asked = packet(params)
            if params["paths"] is not None and not params["paths"]:
                raise InvalidInput("paths: the list is empty. Leave it out to ask the array.")
            if params["paths"]:
                situation, sources = self._of_files(params)
                encrypting_nothing: set[tuple[Any, Any]] | None = set()
            else:
                situation, sources = self._of_array(params["svm"], task_vars or {}), []
                encrypting_nothing = self._authenticating(params["svm"], task_vars or {})
            found = happens(asked, situation, params["svm"], sources, encrypting_nothing)
            return {**result, **found, "ipsec_enabled": situation.enabled}
        except InvalidInput as error:
            return {**result, "failed": True, "msg": str(error)}

    def _of_files(self, params: Mapping[str, Any]) -> tuple[Situation, list[dict[str, Any]]]:
        """What files want, and where each policy is written. Raises ``InvalidInput`` with everything that is wrong with them."""
        files = policy_files.read(params["paths"], self._loader)
        problems = [str(problem) for problem in files.problems]
        values = Values(self._loader, self._templar, params["lookups"])
        states: list[State] = []
        sources = []
        for policy in files.policies:
            covering = {option: value for option, value in policy.options.items() if option in _COVERING}
            known, unknown = values.of(replace(policy, options=covering))
            try:
                state = POLICY.from_options({**known, "name": known.get("name"), "svm": policy.svm})
            except InvalidInput as error:
                unknown, state = {**unknown, "policy": str(error)}, {}
            problems += [f"{policy.path}:{policy.line(option)}: {option}: {why}" for option, why in unknown.items()]
            if known.get("state", "present") != "absent" and state:
                states.append(state)
                sources.append({"path": policy.path, "line": policy.line()})
        if problems:
            more = [f"… and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
            raise InvalidInput("\n".join(["The policy files can't be used.", *problems[:_SHOWN], *more]))
        return Situation(states, (files.config or {}).get("enabled", True)), sources

    def _login(self) -> dict[str, Any]:
        return {name: value for name, value in self._task.args.items() if name not in OPTIONS}

    def _authenticating(self, svm: str | None, task_vars: Mapping[str, Any]) -> set[tuple[Any, Any]] | None:
        """The policies whose associations encrypt nothing, ``None`` if the account may not know. Raises ``InvalidInput``."""
        listed = self._execute_module(
            "wiresec.ontap.ipsec_security_association_info", {**self._login(), "summary": False}, task_vars=task_vars
        )
        if listed.get("failed") and (listed.get("error") or {}).get("code") != 6:
            raise InvalidInput(str(listed["msg"]))
        if "security_associations" not in listed:
            return None
        return authenticating(self._placed(one, svm) for one in listed["security_associations"])

    def _of_array(self, svm: str | None, task_vars: Mapping[str, Any]) -> Situation:
        """What the array has. Raises ``InvalidInput`` with what the modules say that can't read it."""
        connection = self._login()
        service = self._execute_module(
            "wiresec.ontap.ipsec_service_info", {**connection, "ca_certificates": False}, task_vars=task_vars
        )
        if service.get("failed") and (service.get("error") or {}).get("code") != 6:
            raise InvalidInput(str(service["msg"]))
        enabled = (service.get("config") or {}).get("enabled")
        listed = self._execute_module(
            "wiresec.ontap.ipsec_policy_info", {**connection, "fields": _NEEDED}, task_vars=task_vars
        )
        if listed.get("failed"):
            # NetApp's CLI shows policies only while IPsec is enabled (docs/ontap_facts.md, 9.2), and then they protect nothing.
            if enabled is not False or not listed.get("error"):
                raise InvalidInput(str(listed["msg"]))
            return Situation([], enabled)
        return Situation([POLICY.from_options(self._placed(one, svm)) for one in listed["policies"]], enabled)

    @staticmethod
    def _placed(found: dict[str, Any], svm: str | None) -> dict[str, Any]:
        """An object with its SVM, which accounts of one SVM may not be shown (docs/ontap_facts.md, 6). Raises ``InvalidInput``."""
        if found.get("scope") != "svm" or found.get("svm"):
            return found
        if svm is None:
            raise InvalidInput("svm: ONTAP does not tell this account whose policies these are; name its SVM.")
        return {**found, "svm": svm}
