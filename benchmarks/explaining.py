# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it takes ``ipsec_policy_health`` to say why policies have no associations, on an array that has many, and as many events."""

from __future__ import annotations

import statistics
import time
from typing import Any, NamedTuple

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import Unprotected
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_security_association import (
    SECURITY_ASSOCIATION,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import options
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.connection import client_of
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.execute import Mode
from ansible_collections.wiresec.ontap.plugins.modules import ipsec_policy_health
from benchmarks.measure import Wrong
from benchmarks.simulated_array import Array


class Crowd(NamedTuple):
    """Of an array: policies, associations and events. One in ten policies has events and no association."""

    policies: int
    associations: int
    events: int


class Explanation(NamedTuple):
    """Seconds by the clock, and of CPU without those of the array."""

    crowd: Crowd
    wall: float
    cpu: float


def explanation(array: Array, crowd: Crowd, runs: int) -> Explanation:
    """The medians of so many runs. Raises ``Wrong`` unless each silent policy has the cause that its events speak for."""
    array.prepare_crowd(*crowd)
    login = array.login()
    given = {
        **{"hostname": login.host, "port": login.port, "username": login.user, "password": login.password},
        **{"ca_path": login.ca_path, "wait": 0},
    }
    params = ArgumentSpecValidator({**options.CONNECTION, **ipsec_policy_health.OPTIONS}).validate(given)
    walls, cpus = [], []
    for _number in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        policies = _explained(params.validated_parameters)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
        causes = [cause["cause"] for one in policies for cause in one["causes"]]
        if causes != ["sent_unprotected"] * (crowd.policies // 10):
            raise Wrong(f"explaining of {crowd}: the causes are {sorted(set(causes))}, {len(causes)} in all")
    return Explanation(crowd, statistics.median(walls), statistics.median(cpus))


def _explained(params: dict[str, Any]) -> list[dict[str, Any]]:
    with client_of(params, {}, SECURITY_ASSOCIATION) as client:
        try:
            ipsec_policy_health.run(params, client, Mode())
        except Unprotected as error:
            found: list[dict[str, Any]] = error.result()["policies"]
            return found
    raise Wrong("explaining: all is well, where it should not be")
