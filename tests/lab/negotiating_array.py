# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An array with both of its sides: over HTTPS it takes policies, as the simulator, and on the wire it negotiates by them."""

from __future__ import annotations

import threading
from collections import defaultdict
from ipaddress import ip_network
from typing import Any, Self

from lab.hosts import Network
from lab.ontap import Array, Credentials, Policy, Unknown
from simulator import Simulator
from simulator.messages import Answer, Call


class NegotiatingArray(Simulator):
    """A simulated array whose policies count on a wire, and whose associations are those that were negotiated there."""

    def __init__(
        self, network: Network, *addresses: str, name: str, version: str = "9.18.1", unknown: Unknown | None = None
    ) -> None:
        """``addresses`` are those of the array on the wire, with prefix lengths."""
        super().__init__(version)
        self.wire_side = Array(network, *addresses, name=name, unknown=unknown)
        self._one_at_a_time = threading.Lock()
        self._keys: dict[str, str] = {}

    def start(self) -> Self:
        """Serves on both sides."""
        self.wire_side.start_with([])
        super().start()
        return self

    def answer(self, call: Call, connection: int, in_progress: int) -> Answer:
        """Answers a request: what was changed counts on the wire by then, and what is listed is what is there."""
        with self._one_at_a_time:
            if call.method == "GET" and call.path.startswith("/api/security/ipsec/security-associations"):
                self._learn_associations()
            answer = super().answer(call, connection, in_progress)
            if call.method != "GET" and answer.status < 300:
                self._keep_key(call)
                self._tell_wire_side()
        return answer

    def _keep_key(self, call: Call) -> None:
        """Keeps the private key of a certificate that was installed: an array has it, and tells nobody."""
        if call.path == "/api/security/certificates" and call.has_content and "private_key" in (given := call.json()):
            self._keys[given["public_certificate"].strip()] = given["private_key"]

    def _tell_wire_side(self) -> None:
        protecting = [_as_in_a_file(one) for one in self.policies()] if self.ipsec_enabled else []
        used = {str(one["certificate"]) for one in protecting if "certificate" in one}
        trusted = {one["certificate"]["name"] for one in self.ca_certificates()}
        every = {one["name"]: one["public_certificate"] for one in self.certificates()}
        for name in used:
            key = self._keys[every[name].strip()]
            self.wire_side.install(name, Credentials(every[name], key, [every[one] for one in sorted(trusted)]))
        if protecting != self.wire_side.policies:
            self.wire_side.put(protecting)

    def _learn_associations(self) -> None:
        """Takes over who has associations by which policy, as the daemon tells of them."""
        there: dict[tuple[str, str], set[str]] = defaultdict(set)
        for _name, one in self.wire_side.associations() if self.wire_side.answers else []:
            for child in one["child-sas"].values():
                svm, _separator, policy = child["name"].partition("--")
                if child["state"] == "INSTALLED":
                    there[svm, policy].add(one["remote-host"])
        known: dict[tuple[str, str], set[str]] = defaultdict(set)
        for listed in self.security_associations():
            known[listed["svm"]["name"], listed["policy_name"]].add(listed["remote_address"])
        for svm, policy in known.keys() | there.keys():
            if known[svm, policy] != there[svm, policy] and self.policy(policy, svm):
                self.drop_sas(policy, svm)
                for address in sorted(there[svm, policy]):
                    self.establish(policy, svm, remote_address=address)


def _as_in_a_file(record: dict[str, Any]) -> Policy:
    """A policy that the simulator stores, in the words of policy files; its name is unique in the cluster."""
    options: dict[str, Any] = {
        name: record[name]
        for name in (
            *("action", "enabled", "protocol", "local_identity", "remote_identity", "secret_key", "ppk"),
            "certificate_modify_keepsa",
        )
        if name in record
    }
    for side in ("local_endpoint", "remote_endpoint"):
        told = record[side]
        port = str(told["port"]).partition("-")[0]
        network = ip_network(f"{told['address']}/{told['netmask']}", strict=False)
        options[side] = {"address": str(network), **({"port": int(port)} if port != "0" else {})}
    if record["authentication_method"] == "pki":
        options["certificate"] = record["certificate"]["name"]
    return {**options, "name": f"{record['svm']['name']}--{record['name']}"}
