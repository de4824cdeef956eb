# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU seconds of what ``ipsec_policies`` does between reading and writing, with an array that is a list in memory."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state import set_report, whole_set
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state.reading import check_release
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import options
from benchmarks.measure import Wrong
from benchmarks.workload import NO_CHANGE, Policy, Workload

T = TypeVar("T")

STAGES = ("validate options", "read entries", "check releases", "plan", "report")


@dataclass
class ListedPolicies:
    """Stands in for the client: its listing returns records that were made beforehand, and nothing else is asked."""

    records: list[dict[str, Any]]
    known_version: tuple[int, int, int] = (9, 17, 1)

    def get_all(self, path: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """The records, whatever is asked for."""
        return self.records

    def version(self) -> tuple[int, int, int]:
        """The release of the array."""
        return self.known_version


@dataclass
class Stopwatch:
    """Notes the CPU seconds of calls by the name of their stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    def time(self, stage: str, call: Callable[..., T], *arguments_: Any) -> T:
        """The result of the call."""
        started = time.process_time()
        result = call(*arguments_)
        self.seconds[stage] = time.process_time() - started
        return result


def seconds_of_stages(size: int, svms: int, runs: int) -> dict[str, float]:
    """The median CPU seconds of each stage for so many policies, of which none changes."""
    measured = [_run(size, svms) for _number in range(runs)]
    return {stage: statistics.median(run[stage] for run in measured) for stage in STAGES}


def _run(size: int, svms: int) -> dict[str, float]:
    policies = Workload(NO_CHANGE, size, svms).listed()
    client: Any = ListedPolicies([_record(number, policy) for number, policy in enumerate(policies)])
    validator = ArgumentSpecValidator({**options.CONNECTION, **options.WHOLE_SET})
    gc.collect()
    watch = Stopwatch()
    validated = watch.time("validate options", validator.validate, {"policies": policies}).validated_parameters
    common = {option: validated[option] for option in ("svm", "recreate", "update_secret_key")}
    entries = watch.time("read entries", whole_set.read_entries, POLICY, validated["policies"], common)
    watch.time("check releases", _check_releases, client, entries)
    plan = watch.time("plan", whole_set.plan, client, POLICY, entries, whole_set.Scope())
    report = watch.time("report", set_report.report, POLICY, plan, False, False)
    if report["changed"] or report["summary"]["unchanged"] != size:
        raise Wrong(f"planning of {size} policies without change: {report['summary']}")
    return watch.seconds


def _check_releases(client: Any, entries: list[whole_set.Entry]) -> None:
    """As the module does."""
    for entry in entries:
        check_release(client, POLICY, POLICY.requirements(entry.wanted))


def _record(number: int, policy: Policy) -> dict[str, Any]:
    """What ONTAP returns of a policy."""
    shown = {option: value for option, value in policy.items() if option != "secret_key"}
    return {
        **shown,
        "uuid": f"00000000-0000-4000-8000-{number:012}",
        "scope": "svm",
        "svm": {"name": policy["svm"], "uuid": f"00000000-0000-4000-9000-{number:012}"},
        "remote_endpoint": {**policy["remote_endpoint"], "port": "0-0"},
    }
