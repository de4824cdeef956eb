# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configures the other end of IPsec policies; documented in modules/ipsec_client_config.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._0_basics import normalize
from ..module_utils._0_basics.errors import InvalidInput
from ..module_utils._5_task import given
from ..modules.ipsec_client_config import OPTIONS
from ..plugin_utils._0_execution.in_process import plain
from ..plugin_utils._1_clients.connections import Client, Connection, End, Needed, Service, Source, needed
from ..plugin_utils._1_clients.formats import FORMATS, misfits, render
from ..plugin_utils._1_clients.rendering import File
from ..plugin_utils._1_policy_files.policy_values import Values
from ..plugin_utils._2_clients.client_policies import ClientPolicies, clusters_below

_DIRECTORIES = {"strongswan": "/etc/swanctl/conf.d", "libreswan": "/etc/ipsec.d"}
_SHOWN = 10


_CONCERNS_NOBODY = "No policy of the files concerns {}, whose addresses are {}: nothing of it will be protected."


class ActionModule(ActionBase):
    """See the documentation of the module."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Reads, finds out what concerns the client, renders, and lets the files be written where the task runs."""
        self._vars = task_vars or {}
        result: dict[str, Any] = {**super().run(tmp, task_vars), "changed": False}
        try:
            given.check(OPTIONS, plain(self._task.args, also=(date, bytes)))
            _validation, params = self.validate_argument_spec(OPTIONS)
            self._check(params)
            client = self._client(params)
            found = self._needed(params, client)
        except InvalidInput as error:
            return {**result, "failed": True, "msg": str(error)}
        way = FORMATS[params["format"]]
        notes = way.notes if found.connections else [_CONCERNS_NOBODY.format(client.name, ", ".join(client.addresses))]
        written = self._write(params, render(way, client, found.connections))
        if written.get("failed"):
            return {**result, **written}
        return {
            **result,
            **written,
            "connections": [_told(one) for one in found.connections],
            "unconcerned": [{**_of(one.source), "reason": one.reason} for one in found.unconcerned],
            "warnings": [*written.get("warnings", []), *found.warnings, *notes],
        }

    def _check(self, params: Mapping[str, Any]) -> None:
        """Raises ``InvalidInput`` for what must not mean everything or nothing."""
        problems = [
            f"{name}: is null or empty, which stands for an answer left blank; give a value, or leave it out."
            for name in OPTIONS
            if name in self._task.args and self._task.args[name] in (None, "")
        ]
        for name in ("clusters", "addresses"):
            if params[name] == [] and name in self._task.args:
                problems.append(f"{name}: is empty, so no policy would concern the client; give at least one.")
        if not params["directory"] and params["format"] not in _DIRECTORIES:
            problems.append(f"directory: is needed with format {params['format']}.")
        if params["replay_window"] is not None and params["replay_window"] < 0:
            problems.append("replay_window: can't be less than 0.")
        if problems:
            raise InvalidInput(*problems)

    def _client(self, params: Mapping[str, Any]) -> Client:
        """What the task says of the client. Raises ``InvalidInput``."""
        problems = []
        addresses: dict[str, list[str]] = {"addresses": [], "array_addresses": []}
        for name, taken in addresses.items():
            for address in params[name]:
                try:
                    taken.append(normalize.ip_address(address))
                except ValueError as error:
                    problems.append(f"{name}: {error}")
        if problems:
            raise InvalidInput(*problems)
        return Client(
            params["client"] or str(self._vars.get("inventory_hostname", "client")),
            addresses["addresses"],
            params["identities"],
            params["certificate"],
            params["authorities"],
            addresses["array_addresses"],
        )

    def _needed(self, params: Mapping[str, Any], client: Client) -> Needed:
        """What the client needs. Raises ``InvalidInput`` if that is not known, or can't be said."""
        known = self._policies(params)
        services = known.services
        if params["replay_window"] is not None:
            clusters = {one.source.cluster for one in known.policies}
            asked = Service(params["replay_window"], params["replay_window"] == 0)
            services = dict.fromkeys(clusters, asked)
        found = needed(client, known.policies, services)
        problems = known.problems + found.problems
        problems += misfits(FORMATS[params["format"]], client, found.connections)
        if problems:
            shown = "\n".join(problems[:_SHOWN])
            more = f"\n… and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
            raise InvalidInput(f"Nothing was written for {client.name}.\n{shown}{more}")
        return found

    def _policies(self, params: Mapping[str, Any]) -> ClientPolicies:
        folder = params["policy_files"]
        clusters = params["clusters"] or clusters_below(folder)
        if not clusters:
            raise InvalidInput(f"policy_files: {folder} has no folder with policy files.")
        known = ClientPolicies()
        for cluster in clusters:
            values = Values(self._loader, self._templar_of(cluster), params["lookups"])
            known.add(folder, cluster, self._loader, values)
        return known

    def _templar_of(self, cluster: str) -> Any:
        """A templar with the variables of a cluster, if it is a host of the inventory, else of the client."""
        templar = self._templar.copy_with_new_env()
        hostvars = self._vars.get("hostvars")
        known = cluster in self._vars.get("groups", {}).get("all", ())
        templar.available_variables = hostvars.raw_get(cluster) if hostvars and known else self._vars
        return templar

    def _write(self, params: Mapping[str, Any], files: Sequence[File]) -> dict[str, Any]:
        """Lets the files be written where the task runs."""
        way = FORMATS[params["format"]]
        options = {
            "directory": params["directory"] or _DIRECTORIES[params["format"]],
            "make_directory": params["make_directory"],
            "files": [{"name": one.name, "secret_content" if one.secret else "content": one.text} for one in files],
            "endings": list(way.endings),
            "names": way.names,
            "format": params["format"] if params["format"] in _DIRECTORIES else None,
            "validate": params["validate"],
            "allow_empty": params["allow_empty"],
        }
        written: dict[str, Any] = self._execute_module(
            "wiresec.ontap.ipsec_client_files",
            {name: value for name, value in options.items() if value is not None},
            task_vars=self._vars,
        )
        return {name: value for name, value in written.items() if name != "invocation"}


def _told(one: Connection) -> dict[str, Any]:
    """A connection without its keys."""
    return {
        "name": one.name,
        "policies": [{**_of(source), "clients": source.clients} for source in one.sources],
        "does": one.does,
        "local": _end(one.local),
        "remote": _end(one.remote),
        "protocol": one.protocol,
        "method": one.method,
    }


def _end(end: End) -> dict[str, Any]:
    return {"address": end.address or str(end.network), "port": end.port, "identity": end.identity}


def _of(source: Source) -> dict[str, Any]:
    return {"cluster": source.cluster, "svm": source.svm, "policy": source.policy, "path": source.path}
