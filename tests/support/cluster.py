# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster against its files in the test's own process: what ``ipsec_files`` decides, without a play."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import OntapError
from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_reports import plan_report
from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_policy_files import exported, policy_files
from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_policy_files.policy_values import Values
from ansible_collections.wiresec.ontap.plugins.plugin_utils._2_cluster.cluster_plan import (
    CannotPlan,
    ClusterPlan,
    Wanted,
)
from simulator import Simulator
from support import harness

UNLIMITED = {"strict": True, "max_deletes": "100%", "allow_empty": True}
"""Options of the set by which no guard stops anything."""


def running_on(array: Simulator, **login: Any) -> Callable[[str, dict[str, Any], bool], dict[str, Any]]:
    """Runs modules as a ``ClusterPlan`` wants it. login: connection options other than those of the admin."""
    functions: dict[str, Any] = {
        "ipsec_policies": lambda check, **options: harness.policies(array, check_mode=check, **options),
        "ipsec_config": lambda check, **options: harness.config(array, check_mode=check, **options),
        "ipsec_ca_certificate": lambda check, **options: harness.ca_certificate(array, check_mode=check, **options),
        "ipsec_service_info": lambda check, **options: harness.service_info(array, **options),
    }

    def run(name: str, options: dict[str, Any], check: bool) -> dict[str, Any]:
        try:
            return dict(functions[name](check, **login, **options))
        except OntapError as error:
            return {**error.result(), "failed": True}

    return run


def files_of(array: Simulator) -> dict[str, str]:
    """The files that an export of an array writes, by name."""
    service = harness.service_info(array)
    policies = harness.info(array)["policies"]
    return exported.files("c", policies, service["config"], service["ca_certificates"])


def plan(
    folder: Path,
    files: Mapping[str, Any],
    array: Simulator,
    approved: Sequence[str] | None = None,
    login: Mapping[str, Any] | None = None,
    **set_options: Any,
) -> ClusterPlan:
    """What becomes of an array by these files, and no others in the folder. Raises ``CannotPlan``.

    files: by name, their text or what is in them. set_options: as of ``ipsec_policies``.
    """
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.yml"):
        path.unlink()
    for name, content in files.items():
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        (folder / name).write_text(text, encoding="utf-8")
    loader = DataLoader()
    read = policy_files.read([str(folder)], loader)
    assert read.problems == [], read.problems
    values = Values(loader, Templar(loader=loader, variables={}))
    options = [{**({"svm": one.svm} if one.svm else {}), **values.of(one)[0]} for one in read.policies]
    source = f"c {read.checksum}"
    prune = bool(set_options.get("prune"))
    return ClusterPlan(Wanted(read, options, source, set_options, prune), running_on(array, **(login or {})), approved)


def verdict(folder: Path, files: Mapping[str, Any], array: Simulator, **set_options: Any) -> str:
    """Whether an array is what files say, or can't be compared with them."""
    try:
        planned = plan(folder, files, array, **set_options)
    except CannotPlan:
        return "not compared"
    report = {"cluster": "c", **planned.report()}
    differs = report["changes"] or report["refused"] or plan_report.strangers(report) or planned.off
    return "differs" if differs else "same"
