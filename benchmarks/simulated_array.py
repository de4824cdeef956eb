# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated array, in a process of its own, so that its work is not counted as a client's."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.managers import BaseManager
from typing import Any

from benchmarks.workload import Policy, svm
from simulator import Simulator


@dataclass(frozen=True)
class Login:
    """How to reach the array."""

    host: str
    port: int
    user: str
    password: str
    ca_path: str


@dataclass(frozen=True)
class Traffic:
    """What clients have sent since the array was prepared: requests by method, and the TLS connections they came by."""

    methods: Counter[str]
    connections: int


class Array:
    """What the benchmarks ask of the array; lives in the array's process, and is called through a proxy."""

    def __init__(self) -> None:
        self._simulator = Simulator().start()

    def login(self) -> Login:
        """How to reach it."""
        array = self._simulator
        return Login(array.host, array.port, array.username, array.password, array.ca_path)

    def prepare(self, policies: list[Policy], svms: int, latency: float) -> dict[str, str]:
        """Begins anew with these policies and an empty log; returns the UUIDs by name. latency: seconds per request."""
        array = self._simulator
        array.reset()
        for number in range(svms):
            array.add_svm(svm(number))
        uuids = {policy["name"]: array.add_policy(policy) for policy in policies}
        array.latency = latency
        return uuids

    def prepare_crowd(self, policies: int, associations: int, events: int) -> None:
        """Begins anew with policies for networks of clients; one in ten has the events and no association, the others the associations."""
        array = self._simulator
        array.reset()
        busy = [number for number in range(policies) if number % 10]
        silent = [number for number in range(policies) if number % 10 == 0]
        for number in range(policies):
            remote = {"address": f"10.{number // 256}.{number % 256}.0", "netmask": "24"}
            array.add_policy({"name": f"policy{number:04}", "svm": "svm1", "remote_endpoint": remote})
        for pair in range(associations // 2):
            number, host = busy[pair % len(busy)], pair // len(busy) + 1
            address = f"10.{number // 256}.{number % 256}.{host}"
            array.establish(f"policy{number:04}", "svm1", remote_address=address)
        for event in range(events):
            number, host = silent[event % len(silent)], event // len(silent) % 254 + 1
            parameters = {"srcAddr": f"10.{number // 256}.{number % 256}.{host}", "dstAddr": "10.0.0.1"}
            array.log_event("ipsec.ib.policy.violation", "alert", protocol="tcp", **parameters)

    def traffic(self) -> Traffic:
        """What came in."""
        requests = self._simulator.requests
        return Traffic(Counter(request.method for request in requests), self._simulator.connections)

    def policies(self) -> list[dict[str, Any]]:
        """What is stored, by SVM and name."""
        return self._simulator.policies()


class _ArrayProcess(BaseManager):
    """The process that the array lives in."""


_ArrayProcess.register("Array", Array)


@contextmanager
def running_array() -> Iterator[Array]:
    """An array in a process of its own."""
    with _ArrayProcess(ctx=multiprocessing.get_context("spawn")) as process:
        yield process.Array()  # type: ignore[attr-defined]
