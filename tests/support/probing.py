# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A probe of an array, and what it must leave alone."""

from __future__ import annotations

from typing import Any

from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import options as tables
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.connection import client_of
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.execute import Mode
from ansible_collections.wiresec.ontap.plugins.modules import ipsec_probe
from simulator import Simulator
from support.clock import Clock
from support.harness import login, validated

PREFIX = "wiresec_probe_"


def probe(array: Simulator, check_mode: bool = False, clock: Any = None, **options: Any) -> dict[str, Any]:
    """Runs ``ipsec_probe`` in this process."""
    spec = {**tables.CONNECTION, **ipsec_probe.OPTIONS}
    params = validated(spec, {**login(array), "svm": "svm1", **options})
    with client_of(params, {}, POLICY, clock or Clock()) as client:
        return ipsec_probe.run(params, client, Mode(check_mode))


def furnish(array: Simulator) -> None:
    """Policies of other people, on the same SVM and elsewhere, some of which look like ours."""
    for number in range(3):
        array.add_policy({"name": f"foreign{number}", "svm": "svm1", "action": "esp_transport", "secret_key": "k" * 20})
    array.add_policy({"name": f"{PREFIX}first", "svm": "svm2", "action": "bypass"})
    array.add_policy({"name": "WIRESEC_PROBING", "svm": "svm1", "action": "discard"})
    array.add_policy({"name": "of-the-cluster", "action": "bypass"})
    array.establish("foreign0", "svm1")


def surroundings(array: Simulator) -> tuple[Any, ...]:
    """All that no probe may change."""
    return (
        array.policies(),
        array.security_associations(),
        array.ca_certificates(),
        (array.ipsec_enabled, array.replay_window, array.offload_enabled, array.restarts),
    )
