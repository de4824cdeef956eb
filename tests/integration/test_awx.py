# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AWX kit, run by AWX's engine: jobs from a private data directory, with what the credential type injects."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import options
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.connection import client_of
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.execute import Mode
from ansible_collections.wiresec.ontap.plugins.modules import ipsec_policy_info
from simulator import Simulator
from support.awx import CREDENTIAL_TYPE, KIT, REPOSITORY, Controller, inject, load, message, tasks
from support.harness import INFO_SPEC, validated
from support.pages import blocks

KEYS = ["first-secret-of-the-awx-tests", "second-secret-of-the-awx-tests"]


LOGINS = {
    "password": lambda array: {"username": array.username, "password": array.password},
    "token": lambda array: {"access_token": array.access_token},
    "certificate": lambda array: {
        "client_certificate": Path(array.client_cert).read_text(encoding="utf-8"),
        "client_key": Path(array.client_key).read_text(encoding="utf-8"),
    },
}


def policy(key: str) -> dict[str, Any]:
    return {
        "name": "nfs",
        "enabled": True,
        "action": "esp_transport",
        "secret_key": key,
        "local_endpoint": {"address": "10.10.10.7/32", "port": 2049},
        "remote_endpoint": {"address": "10.10.20.0/24"},
    }


@pytest.fixture
def arrays(make_array: Callable[[], Simulator]) -> list[Simulator]:
    return [make_array(), make_array()]


@pytest.fixture
def controller(tmp_path: Path, arrays: list[Simulator]) -> Controller:
    """A project with one policy for each cluster: a key in the vault for the first, the whole file for the second."""
    controller = Controller(tmp_path, *arrays)
    vault = VaultLib([("default", VaultSecret(controller.vault_password.encode()))])
    inline, whole = (controller.project / "ipsec" / f"cluster{number}" / "svm1.yml" for number in (1, 2))
    for path in (inline, whole):
        path.parent.mkdir(parents=True)
    key = vault.encrypt(KEYS[0]).decode()
    text = yaml.safe_dump({"policies": [policy(key)]}, default_style="|")
    inline.write_text(text.replace('"secret_key": |', '"secret_key": !vault |'), encoding="utf-8")
    whole.write_bytes(vault.encrypt(json.dumps({"policies": [policy(KEYS[1])]})))
    return controller


def test_what_is_applied_is_what_was_planned_and_nothing_else(controller: Controller, arrays: list[Simulator]) -> None:
    plan = controller.launch("plan.yml", "--diff", "-vvvv", facts=True)
    assert plan.code == 0, plan.output
    assert [array.policies() for array in arrays] == [[], []]
    assert plan.artifacts["ipsec_plan_changes"] == {
        name: {"created": 1, "modified": 0, "recreated": 0, "deleted": 0, "unmanaged": 0}
        for name in controller.inventory
    }
    assert all(digest in plan.output for digest in plan.artifacts["ipsec_plan_digests"])
    mail = message("success", "body", job={"artifacts": plan.artifacts}, url="https://awx.example.com/#/jobs/1")
    assert mail.splitlines() == [
        "cluster1: 1 to create, 0 to modify, 0 to recreate, 0 to delete, 0 in no file",
        "cluster2: 1 to create, 0 to modify, 0 to recreate, 0 to delete, 0 in no file",
        "The whole plan is in the output of the job: https://awx.example.com/#/jobs/1",
    ]

    # Answers of a survey are texts. Peers of these clusters are silent, so nothing is to be waited for.
    answers = {"ipsec_recreate": "false", "ipsec_update_secret_key": "on_create", "ipsec_verify": "false"}
    apply = controller.launch("apply.yml", "--diff", variables={**answers, **plan.artifacts}, facts=True)
    assert apply.code == 0, apply.output
    assert [[record["name"] for record in array.policies()] for array in arrays] == [["nfs"], ["nfs"]]

    # What happens between plan and apply is not what was approved.
    arrays[0].edit_policy("nfs", "svm1", {"enabled": False})
    arrays[1].edit_policy("nfs", "svm1", {"enabled": False})
    refused = controller.launch("apply.yml", variables={**answers, **plan.artifacts})
    assert refused.code == 2
    assert [array.policies()[0]["enabled"] for array in arrays] == [False, False]
    assert controller.found(*KEYS, controller.vault_password) == set()
    # ansible-runner's own record of its environment; AWX hides the value, and deletes the file after the job.
    assert controller.found(controller.inputs["password"]) == {"command"}


@pytest.mark.parametrize(("login", "fail", "code"), [("password", "false", 0), ("certificate", "true", 2)])
def test_drift_is_found_on_a_remote_node_and_the_mail_has_the_numbers(
    controller: Controller, arrays: list[Simulator], login: str, fail: str, code: int
) -> None:
    controller.inventory.pop("cluster2")
    controller.inputs = {"ca_certificates": controller.inputs["ca_certificates"], **LOGINS[login](arrays[0])}
    drift = controller.launch_remotely("drift.yml", "--diff", "-vvvv", variables={"ipsec_fail_on_drift": fail})
    assert drift.code == code, drift.output
    assert "cluster1: 1 difference between array and files" in drift.output
    mail = message("error", "body", job={"artifacts": drift.artifacts}, url="https://awx.example.com/#/jobs/1")
    assert mail.splitlines()[0] == "cluster1: 1 to create, 0 to modify, 0 to recreate, 0 to delete, 0 in no file"

    assert controller.found(*KEYS, controller.vault_password) == set()
    # The environment of a job goes through ansible-runner's records. Of a certificate only the path is in it.
    secret = {"password": arrays[0].password, "certificate": Path(arrays[0].client_key).read_text(encoding="utf-8")}
    left = {"password": {"command", "worker-output"}, "certificate": {"tmp-client_key"}}
    assert controller.found(secret[login].strip()) == left[login]


MERGE = """
- hosts: localhost
  gather_facts: false
  tasks:
    - wiresec.ontap.ipsec_report:
        report_directory: "{{ merged }}"
        sources: "{{ slices }}"
"""


def test_slices_plan_their_own_clusters_and_apply_takes_the_digests_of_no_other(
    controller: Controller, arrays: list[Simulator]
) -> None:
    (controller.project / "merge.yml").write_text(MERGE, encoding="utf-8")
    sources = []
    slices = [controller.launch("plan.yml", slice_of=(number, 2)) for number in (1, 2)]
    for number, one in enumerate(slices, 1):
        assert one.code == 0, one.output
        assert list(one.artifacts["ipsec_plan_changes"]) == [f"cluster{number}"]
        reports = controller.folder / f"job{number}" / "project" / "ipsec-reports"
        assert [plan["cluster"] for plan in json.loads((reports / "plan.json").read_text())["plans"]] == [
            f"cluster{number}"
        ]
        sources.append(str(reports / "plan.json"))
    # As AWX puts the artifacts of slices together: the last one wins.
    answers = {"ipsec_verify": "false", "ipsec_require_approval": "true"}
    apply = controller.launch("apply.yml", variables={**answers, **slices[0].artifacts, **slices[1].artifacts})
    assert apply.code == 2
    assert [array.policies() for array in arrays] == [[], []]
    # Where their reports are kept, one is made of them, with one approval, which one job applies.
    merged = controller.folder / "merged"
    made = controller.launch("merge.yml", variables={"slices": sources, "merged": str(merged)})
    assert made.code == 0, made.output
    (approval,) = merged.glob("approve-*.json")
    assert approval.name in (merged / "plan.md").read_text(encoding="utf-8")
    approved = json.loads(approval.read_text(encoding="utf-8"))
    applied = controller.launch("apply.yml", variables={**answers, **approved})
    assert applied.code == 0, applied.output
    assert [[record["name"] for record in array.policies()] for array in arrays] == [["nfs"], ["nfs"]]


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("login", LOGINS)
def test_modules_log_in_with_what_a_credential_injects(
    array: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, login: str, skip: bool
) -> None:
    # A certificate authority, or a box ticked to do without.
    trust = {"skip_certificate_check": True} if skip else {"ca_certificates": Path(array.ca_path).read_text("utf-8")}
    inputs = {**LOGINS[login](array), **trust, "hostname": array.host, "port": str(array.port)}
    for name, value in inject(inputs, tmp_path, tmp_path).items():
        monkeypatch.setenv(name, value)
    params = validated(INFO_SPEC, {"count_only": True})
    with client_of(params, dict(os.environ), POLICY) as client:
        assert ipsec_policy_info.run(params, client, Mode())["num_records"] == 0
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_credential_that_nobody_filled_in_sets_nothing_and_checks_certificates(tmp_path: Path) -> None:
    injected = inject({}, tmp_path, tmp_path)
    assert {name: value for name, value in injected.items() if value} == {"ONTAP_VALIDATE_CERTS": "true"}


def test_the_credential_type_injects_what_modules_read_and_hides_what_is_secret() -> None:
    credential_type = tasks()[CREDENTIAL_TYPE][1]
    read = {option["fallback"][1][0]: name for name, option in options.CONNECTION.items() if "fallback" in option}
    assert set(credential_type["injectors"]["env"]) <= set(read)
    secret = {entry["id"] for entry in credential_type["inputs"]["fields"] if entry.get("secret")}
    assert secret == {"password", "access_token", "client_key"}


def test_ansible_builder_takes_the_execution_environment(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ansible_builder", "create", "--context", str(tmp_path / "context")]
        + ["--file", str(KIT / "execution-environment.yml")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    galaxy = yaml.safe_load((tmp_path / "context" / "_build" / "requirements.yml").read_text(encoding="utf-8"))
    assert galaxy == {"collections": [{"name": "wiresec.ontap"}]}
    assert "python3.12" in (tmp_path / "context" / "Dockerfile").read_text(encoding="utf-8")


def test_the_yaml_of_the_guide_is_that_of_the_kit() -> None:
    guide = (KIT.parent / "awx.md").read_text(encoding="utf-8")
    credential_type = tasks()[CREDENTIAL_TYPE][1]
    known = [
        load((REPOSITORY / "plan.yml").read_text(encoding="utf-8")),
        load((KIT / "execution-environment.yml").read_text(encoding="utf-8")),
        credential_type["inputs"],
        credential_type["injectors"],
        {"rrule": tasks()["Look for drift every night at two o'clock UTC"][1]["rrule"]},
    ]
    assert [load(block) for block in blocks(KIT.parent / "awx.md", "yaml")] == known
    messages = tasks()["Tell by mail of plans, of failures, and of what waits for an approval"][1]["messages"]
    assert messages["success"]["body"] in guide
    made = {options["name"] for _module, options in tasks().values()} - {"{{ organization }}", "Repository"}
    assert [name for name in made if name not in guide] == []
