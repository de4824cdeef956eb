# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: a list of policies, what the array has before, and what it must have after."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

Policy = dict[str, Any]
"""A policy in options that ``ipsec_policy`` and the peer's module both take."""


@dataclass(frozen=True)
class Scenario:
    """How the array differs from the list: in which share of the policies, and which request puts one right."""

    name: str
    method: str = ""
    share: float = 0.0


FIRST_RUN = Scenario("first run, all are created", "POST", 1.0)
NO_CHANGE = Scenario("no change")
DRIFT_1 = Scenario("1 % drift", "PATCH", 0.01)
DRIFT_10 = Scenario("10 % drift", "PATCH", 0.1)
PRUNE_1 = Scenario("prune of 1 %", "DELETE", 0.01)


@dataclass(frozen=True)
class Workload:
    """A scenario of so many policies, spread evenly over so many SVMs."""

    scenario: Scenario
    size: int
    svms: int

    @property
    def changes(self) -> int:
        """How many policies have to be written: the share, but at least one."""
        return max(1, round(self.size * self.scenario.share)) if self.scenario.method else 0

    @property
    def writes(self) -> Counter[str]:
        """How many requests of each method write something."""
        return Counter({self.scenario.method: self.changes}) if self.changes else Counter()

    def listed(self) -> list[Policy]:
        """The policies of the list."""
        return [policy(number, self.svms) for number in range(self.size)]

    def surplus(self) -> list[Policy]:
        """The policies that the array has and the list has not."""
        numbers = range(self.changes) if self.scenario.method == "DELETE" else ()
        return [{**policy(number, self.svms), "name": f"surplus-{number:05}"} for number in numbers]

    def before(self) -> list[Policy]:
        """What the array has before."""
        if self.scenario.method == "POST":
            return []
        drifted = self.changes if self.scenario.method == "PATCH" else 0
        listed = [{**one, "enabled": number >= drifted} for number, one in enumerate(self.listed())]
        return listed + self.surplus()


def policy(number: int, svms: int) -> Policy:
    """The policy of this number."""
    return {
        "name": f"policy-{number:05}",
        "svm": svm(number % svms),
        "action": "esp_transport",
        "enabled": True,
        "protocol": "tcp",
        "local_endpoint": {"address": "10.10.10.7", "netmask": "32", "port": "2049-2049"},
        "remote_endpoint": {"address": f"10.{100 + number // 256 % 128}.{number % 256}.0", "netmask": "24"},
        "authentication_method": "psk",
        "secret_key": "an example key of enough length",
    }


def svm(number: int) -> str:
    """The name of the SVM of this number."""
    return f"bench{number}"
