# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For any two arrays that differ in anything a policy or the service has, and files that are true of one: drift on the other is never green."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import OntapError
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_service import SERVICE
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import options as tables
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.connection import client_of
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.execute import Mode
from ansible_collections.wiresec.ontap.plugins.modules import ipsec_service_info
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
from support.harness import login, validated

SVMS = ["svm1", "svm2", None]


def service_info(array: Simulator, **options: Any) -> dict[str, Any]:
    params = validated({**tables.CONNECTION, **ipsec_service_info.OPTIONS}, {**login(array), **options})
    with client_of(params, {}, SERVICE) as client:
        return ipsec_service_info.run(params, client, Mode())


def running_on(array: Simulator) -> Callable[[str, dict[str, Any], bool], dict[str, Any]]:
    """Runs modules as a ``ClusterPlan`` wants it, in this process."""
    functions: dict[str, Any] = {
        "ipsec_policies": lambda check, **options: harness.policies(array, check_mode=check, **options),
        "ipsec_config": lambda check, **options: harness.config(array, check_mode=check, **options),
        "ipsec_ca_certificate": lambda check, **options: harness.ca_certificate(array, check_mode=check, **options),
        "ipsec_service_info": lambda check, **options: service_info(array, **options),
    }

    def run(name: str, options: dict[str, Any], check: bool) -> dict[str, Any]:
        try:
            return dict(functions[name](check, **options))
        except OntapError as error:
            return {**error.result(), "failed": True}

    return run


# Arrays

_ADDRESS = st.integers(1, 200).map(lambda number: f"10.{number}.0.0")
_END = st.fixed_dictionaries(
    {"address": _ADDRESS, "netmask": st.sampled_from(["16", "24"]), "port": st.sampled_from(["0-0", "2049-2049"])}
)
_POLICY = st.fixed_dictionaries(
    {
        "svm": st.sampled_from(SVMS),
        "action": st.sampled_from(["esp_transport", "bypass", "discard"]),
        "enabled": st.booleans(),
        "protocol": st.sampled_from(["any", "tcp", "udp"]),
        "local_endpoint": _END,
        "remote_endpoint": _END,
    },
    optional={"local_identity": st.just("CN=a"), "remote_identity": st.sampled_from(["CN=b", "ANYTHING"])},
)
_SERVICE = st.fixed_dictionaries({"ipsec_enabled": st.booleans(), "replay_window": st.sampled_from([0, 64])})
_AUTHORITIES = st.sets(st.sampled_from([("ca-1", "svm1"), ("ca-1", "svm2"), ("ca-2", None)]), max_size=2)
_ARRAY = st.tuples(st.lists(_POLICY, max_size=4), _SERVICE, _AUTHORITIES)
_EDITS: dict[str, list[Any]] = {
    "enabled": [True, False],
    "protocol": ["any", "tcp", "udp"],
    "local_endpoint.port": ["0-0", "2049-2049", "111-111"],
    "remote_endpoint.port": ["0-0", "2049-2049"],
    "remote_endpoint.address": ["10.77.0.0"],
    "remote_endpoint.netmask": ["16", "24"],
    "action": ["esp_transport", "bypass", "discard"],
    "local_identity": [None, "CN=c"],
    "remote_identity": [None, "CN=c", "ANYTHING"],
}


def build(array: Simulator, drawn: Any) -> None:
    policies, service, authorities = drawn
    array.reset()
    array.ipsec_enabled = True
    for number, one in enumerate(policies):
        method = "psk" if one["action"] == "esp_transport" else "none"
        array.add_policy({"name": f"p{number}", "authentication_method": method, **copy.deepcopy(one)})
    for name, svm in sorted(authorities, key=str):
        array.add_certificate(name, svm, "root_ca")
        array.add_ca_certificate(name, svm)
    for setting, value in service.items():
        setattr(array, setting, value)


def content(array: Simulator) -> Any:
    """All that tells two arrays apart, without what each has of its own."""
    policies = harness.info(array)["policies"]
    service = service_info(array)
    authorities = [{key: one[key] for key in one if key != "uuid"} for one in service["ca_certificates"]]
    keyed = {(one.get("svm"), one["name"]): {k: v for k, v in one.items() if k != "uuid"} for one in policies}
    return keyed, service["config"], authorities


def drift(folder: Path, true_of: Simulator, other: Simulator, prune: bool) -> str:
    """The verdict about one array by files that are true of another."""
    service = service_info(true_of)
    made = exported.files("c", harness.info(true_of)["policies"], service["config"], service["ca_certificates"])
    for path in folder.glob("*.yml"):
        path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    loader = DataLoader()
    files = policy_files.read([str(folder)], loader)
    assert files.problems == []
    values = Values(loader, Templar(loader=loader, variables={}))
    options = [{**({"svm": one.svm} if one.svm else {}), **values.of(one)[0]} for one in files.policies]
    set_options = {"prune": prune, "strict": True, "max_deletes": "100%", "allow_empty": True}
    try:
        plan = ClusterPlan(Wanted(files, options, "", set_options, prune), running_on(other))
    except CannotPlan:
        return "not compared"
    report = {"cluster": "c", **plan.report()}
    differs = report["changes"] or report["refused"] or plan_report.strangers(report) or plan.off
    return "differs" if differs else "same"


@pytest.fixture
def other_array(make_array: Callable[..., Simulator]) -> Simulator:
    return make_array()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    base=_ARRAY,
    edits=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(sorted(_EDITS)), st.integers(0, 2)), max_size=2),
    other=st.none() | _ARRAY,
    prune=st.booleans(),
)
def test_drift_is_green_for_equal_arrays_and_for_no_others(
    tmp_path: Path, array: Simulator, other_array: Simulator, base: Any, edits: Any, other: Any, prune: bool
) -> None:
    build(array, base)
    build(other_array, base if other is None else other)
    for number, option, choice in edits:
        if other is None and number < len(base[0]):
            value = _EDITS[option][choice % len(_EDITS[option])]
            other_array.edit_policy(f"p{number}", base[0][number]["svm"], {option: value})
    equal = content(array) == content(other_array)
    found = drift(tmp_path, array, other_array, prune)
    # While IPsec is off, a listing proves nothing.
    unsure = [] if other_array.ipsec_enabled else ["not compared"]
    assert found in [*(["same"] if equal else ["differs"]), *unsure]
