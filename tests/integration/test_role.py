# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role and its playbooks as a team uses them: a repository of files, three clusters, ansible-playbook."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import yaml

from integration.repository import Repository

KEY = "kept-by-vault-and-seen-nowhere"
VAULT_PASSWORD = "password-of-the-vault"
QUICK = ("-e", "ipsec_verify=false")


def stored(number: int, **fields: Any) -> dict[str, Any]:
    """A policy as an array has it."""
    return {
        "name": f"nfs-{number:02}",
        "svm": f"svm{number % 2 + 1}",
        "action": "esp_transport",
        "authentication_method": "psk",
        "local_endpoint": {"address": "10.10.10.7", "netmask": "32", "port": "2049-2049"},
        "remote_endpoint": {"address": f"10.20.{number}.0", "netmask": "24"},
        "protocol": "tcp",
        "enabled": True,
        **fields,
    }


def fill(repository: Repository) -> None:
    """Gives each cluster ten policies."""
    for array in repository.clusters.values():
        for number in range(10):
            array.add_policy(stored(number))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Policy files as the playbook writes them."""
    with Repository(tmp_path_factory.mktemp("exported") / "repository") as made:
        fill(made)
        run = made.run("export.yml")
        assert run.code == 0, run.output
        return made.folder / "ipsec"


@pytest.fixture
def repository(tmp_path: Path, exported: Path) -> Iterator[Repository]:
    """Three clusters with ten policies each, and their files."""
    with Repository(tmp_path / "repository") as made:
        fill(made)
        shutil.copytree(exported, made.folder / "ipsec")
        yield made


def policies(repository: Repository) -> dict[str, list[dict[str, Any]]]:
    return {name: copy.deepcopy(array.policies()) for name, array in repository.clusters.items()}


def writes(repository: Repository) -> dict[str, int]:
    return {
        name: len([request for request in array.requests if request.method != "GET"])
        for name, array in repository.clusters.items()
    }


def edit_file(repository: Repository, path: str, number: int, **options: Any) -> None:
    """Changes one policy in a file."""
    content = repository.read(path)
    content["policies"][number].update(options)
    repository.write(path, content["policies"], svm=content["svm"])


def add_to_file(repository: Repository, path: str, name: str, **options: Any) -> None:
    """Adds one policy with a key to a file."""
    content = repository.read(path)
    added = {**content["policies"][0], "name": name, "secret_key": "{{ lookup('env', 'NFS_KEY') }}", **options}
    repository.write(path, [*content["policies"], added], svm=content["svm"])


NEW = {"local_endpoint": {"address": "10.10.10.7/32", "port": 873}, "remote_endpoint": {"address": "10.30.0.0/16"}}


# Export


def test_a_plan_of_what_was_exported_is_empty(repository: Repository) -> None:
    repository.clusters["cluster1"].add_policy(stored(20, svm=None, name="whole cluster"))
    repository.clusters["cluster1"].add_policy(
        stored(21, name="pki", authentication_method="pki", certificate="ipsec-cert", remote_identity="ANYTHING")
    )
    assert repository.run("export.yml", "-e", "ipsec_export_overwrite=true").code == 0
    assert repository.read("ipsec/cluster1/cluster_scope.yml")["scope"] == "cluster"
    plan = repository.run("drift.yml")
    assert (plan.code, plan.changed) == (0, []), plan.output
    assert [one["summary"]["unchanged"] for one in repository.read("ipsec-reports/plan.json")["plans"]] == [12, 10, 10]


def test_an_export_overwrites_nothing(repository: Repository) -> None:
    edit_file(repository, "ipsec/cluster2/svm1.yml", 0, secret_key="{{ lookup('env', 'NFS_KEY') }}")
    again = repository.run("export.yml")
    assert again.code and "Nothing was written, because ONTAP returns no" in again.output
    assert "secret_key" in repository.read("ipsec/cluster2/svm1.yml")["policies"][0]


def test_an_export_refuses_what_would_be_read_as_a_template(repository: Repository) -> None:
    repository.clusters["cluster1"].add_policy(stored(20, name="{{ name }}"))
    refused = repository.run(
        "export.yml", "-e", "ipsec_export_directory=other/{{ inventory_hostname }}", "-l", "cluster1"
    )
    assert refused.code and "with the tag !unsafe" in refused.output
    assert list((repository.folder / "other").rglob("*.yml")) == []


# Plan


def test_a_plan_says_what_would_be_done_and_writes_to_no_array(repository: Repository) -> None:
    array = repository.clusters["cluster2"]
    array.edit_policy("nfs-03", "svm2", {"enabled": False})
    array.add_policy(stored(30, name="odd | `name`", action="bypass"))
    array.add_policy(stored(31, name="emergency-1", action="bypass"))
    array.establish("nfs-04", "svm1")
    add_to_file(repository, "ipsec/cluster3/svm1.yml", "backup", **NEW)
    before = policies(repository)
    plan = repository.run("plan.yml", environment={"NFS_KEY": KEY, "ANSIBLE_SHOW_CUSTOM_STATS": "true"})
    assert (plan.code, sum(writes(repository).values()), policies(repository)) == (0, 0, before), plan.output
    report = (repository.folder / "ipsec-reports" / "plan.md").read_text(encoding="utf-8")
    assert report.startswith("# IPsec plan: 3 changes on 3 clusters\n")
    assert "| `cluster2` | 0 | 1 | 0 | 1 | 9 | 1 | 0 |" in report
    assert "| modify | `nfs-03` | `svm2` | `enabled`: `false` becomes `true` |" in report
    assert (
        "| **delete** | `odd \\| 'name'` | `svm1` | `bypass` `10.10.10.7/32 port 2049` to `10.20.30.0/24` |" in report
    )
    assert "| create | `backup` | `svm1` | `esp_transport` `10.10.10.7/32 port 873` to `10.30.0.0/16` |" in report
    assert "left alone: `emergency-1` on `svm2`" in report
    written = repository.read("ipsec-reports/plan.json")
    assert f"ipsec_plan_digests={','.join(written['ipsec_plan_digests'][1:])}\n" in report
    stats = plan.output[plan.output.index("CUSTOM STATS") :]
    assert all(digest in stats for digest in written["ipsec_plan_digests"])
    assert all(cluster in stats for cluster in repository.clusters)
    assert KEY not in report + plan.output + str(written)


def test_a_cluster_that_can_not_be_read_has_no_plan_and_hides_no_other(repository: Repository) -> None:
    repository.clusters["cluster2"].stop()
    plan = repository.run("plan.yml")
    report = (repository.folder / "ipsec-reports" / "plan.md").read_text(encoding="utf-8")
    assert plan.code
    assert "| `cluster2` | **no plan**" in report and "| `cluster3` | 0 | 0 | 0 | 0 | 10 | 0 | 0 |" in report
    assert repository.read("ipsec-reports/plan.json")["unplanned"] == ["cluster2"]


def test_files_with_errors_stop_a_cluster_before_it_is_asked_anything(repository: Repository) -> None:
    edit_file(repository, "ipsec/cluster1/svm1.yml", 0, action="encrypt")
    for array in repository.clusters.values():
        array.clear_log()
    plan = repository.run("plan.yml")
    assert plan.code and "ipsec/cluster1/svm1.yml:" in plan.output
    assert [len(array.requests) for array in repository.clusters.values()][0] == 0
    assert "| `cluster1` | **no plan**" in (repository.folder / "ipsec-reports" / "plan.md").read_text(encoding="utf-8")


# Approval


def test_what_was_approved_is_applied_and_no_cluster_that_changed_since(repository: Repository) -> None:
    for array in repository.clusters.values():
        array.edit_policy("nfs-01", "svm2", {"enabled": False})
    repository.run("plan.yml")
    repository.clusters["cluster2"].edit_policy("nfs-05", "svm2", {"enabled": False})
    applied = repository.run("apply.yml", "-e", "@ipsec-reports/plan.json", *QUICK)
    assert applied.code and "is not among the 3 approved" in applied.output
    assert writes(repository) == {"cluster1": 1, "cluster2": 0, "cluster3": 1}


def test_other_files_need_another_approval(repository: Repository) -> None:
    repository.clusters["cluster1"].edit_policy("nfs-01", "svm2", {"enabled": False})
    repository.run("plan.yml")
    path = repository.folder / "ipsec" / "cluster1" / "svm1.yml"
    path.write_text(path.read_text(encoding="utf-8") + "# another commit\n", encoding="utf-8")
    assert repository.run("apply.yml", "-e", "@ipsec-reports/plan.json", *QUICK).code
    assert writes(repository)["cluster1"] == 0
    planned_again = repository.run("plan.yml")
    assert planned_again.code == 0
    assert repository.run("apply.yml", "-e", "@ipsec-reports/plan.json", *QUICK).code == 0
    assert writes(repository)["cluster1"] == 1


def test_one_array_is_down_the_others_finish_and_the_same_command_completes_it(repository: Repository) -> None:
    for array in repository.clusters.values():
        array.edit_policy("nfs-01", "svm2", {"enabled": False})
    repository.run("plan.yml")
    down = repository.clusters["cluster2"]
    down.fault("reset", "GET", "/security/ipsec/policies", times=1000)
    command = ("apply.yml", "-e", "@ipsec-reports/plan.json", *QUICK)
    first = repository.run(*command, "-e", '{"ipsec_connection": {"retries": 0}}')
    assert first.code and writes(repository) == {"cluster1": 1, "cluster2": 0, "cluster3": 1}, first.output
    down.heal()
    second = repository.run(*command)
    assert second.code == 0 and writes(repository) == {"cluster1": 1, "cluster2": 1, "cluster3": 1}, second.output
    assert repository.run("drift.yml").code == 0


# Apply and verify


def test_a_canary_whose_associations_do_not_come_up_stops_the_others(repository: Repository) -> None:
    for cluster in repository.clusters:
        add_to_file(repository, f"ipsec/{cluster}/svm1.yml", "backup", **NEW)
    applied = repository.run("apply.yml", "-e", "ipsec_verify_wait=0", environment={"NFS_KEY": KEY})
    assert applied.code and "IPsec policy 'backup' on SVM 'svm1' has none" in applied.output
    assert "policy 'nfs-00' on SVM 'svm1' has none" not in applied.output, (
        "policies that were silent before are none of the run's business"
    )
    assert writes(repository) == {"cluster1": 1, "cluster2": 0, "cluster3": 0}


def test_associations_that_do_not_come_back_stop_the_others(repository: Repository) -> None:
    array = repository.clusters["cluster1"]
    array.establish("nfs-02", "svm1")
    array.establish("nfs-04", "svm1")
    edit_file(repository, "ipsec/cluster1/svm1.yml", 1, enabled=False)
    assert repository.run("apply.yml", "-e", "ipsec_verify_wait=0").code == 0
    array.drop_sas("nfs-04", "svm1")
    verified = repository.run("apply.yml", "--tags", "verify", "-e", "ipsec_verify_wait=0", "-l", "cluster1")
    assert verified.code and "IPsec policy 'nfs-04' on SVM 'svm1' has none" in verified.output


def test_associations_that_come_up_let_all_clusters_have_it(repository: Repository) -> None:
    for cluster, array in repository.clusters.items():
        array.auto_establish = True
        add_to_file(repository, f"ipsec/{cluster}/svm1.yml", "backup", **NEW)
    applied = repository.run("apply.yml", environment={"NFS_KEY": KEY})
    assert applied.code == 0, applied.output
    assert writes(repository) == {"cluster1": 1, "cluster2": 1, "cluster3": 1}
    assert repository.read("ipsec-reports/cluster3/applied.json")["summary"]["created"] == 1
    again = repository.run("apply.yml", environment={"NFS_KEY": KEY})
    assert (again.code, again.changed) == (0, [])


def test_a_check_run_writes_nothing_to_an_array(repository: Repository) -> None:
    repository.clusters["cluster1"].edit_policy("nfs-01", "svm2", {"enabled": False})
    before = policies(repository)
    checked = repository.run("apply.yml", "--check", "--diff")
    assert (checked.code, policies(repository), sum(writes(repository).values())) == (0, before, 0), checked.output
    assert '+    "enabled": true' in checked.output and "Apply the policies" in "".join(checked.changed)


def test_tags_go_a_part_of_the_way(repository: Repository) -> None:
    repository.clusters["cluster1"].edit_policy("nfs-01", "svm2", {"enabled": False})
    assert repository.run("apply.yml", "--tags", "plan").code == 0
    assert sum(writes(repository).values()) == 0
    applied = repository.run("apply.yml", "--tags", "apply")
    assert applied.code == 0 and writes(repository)["cluster1"] == 1, applied.output


# Drift


@pytest.mark.parametrize("fails", [True, False])
def test_drift_fails_if_it_should(repository: Repository, fails: bool) -> None:
    repository.clusters["cluster2"].edit_policy("nfs-03", "svm2", {"enabled": False})
    drift = repository.run("drift.yml", "-e", f'{{"ipsec_fail_on_drift": {str(fails).lower()}}}')
    assert bool(drift.code) is fails
    assert "~ nfs-03 on svm2: enabled" in drift.output
    assert "cluster3" in (repository.folder / "ipsec-reports" / "plan.md").read_text(encoding="utf-8")


def test_a_commit_that_would_delete_half_of_the_policies_is_stopped(repository: Repository) -> None:
    repository.write("ipsec/cluster1/svm1.yml", [], svm="svm1")
    refused = repository.run("apply.yml", *QUICK)
    assert refused.code and "max_deletes: 30% of the 10 that exist allows 3" in refused.output
    assert sum(writes(repository).values()) == 0


# Secrets


def test_keys_from_vault_are_seen_nowhere(repository: Repository) -> None:
    password = repository.folder / "vault-password"
    password.write_text(VAULT_PASSWORD, encoding="utf-8")
    sealed = subprocess.run(
        [
            sys.executable,
            "-m",
            "ansible",
            "vault",
            "encrypt_string",
            "--vault-password-file",
            str(password),
            "--stdin-name",
            "secret_key",
        ],
        input=KEY,
        text=True,
        capture_output=True,
        check=True,
    ).stdout
    path = repository.folder / "ipsec" / "cluster1" / "svm1.yml"
    added = yaml.safe_dump([{"name": "backup", "action": "esp_transport", **NEW}], sort_keys=False) + indent(
        sealed, "  "
    )
    path.write_text(path.read_text(encoding="utf-8").rstrip() + "\n" + indent(added, "  "), encoding="utf-8")
    for playbook in ("plan.yml", "apply.yml"):
        done = repository.run(playbook, "-vvvv", "--diff", "--vault-password-file", str(password), *QUICK)
        assert done.code == 0, done.output
        assert KEY not in done.output
    assert KEY in str([one for one in repository.clusters["cluster1"].policies() if one["name"] == "backup"])
    reports = [file.read_text(encoding="utf-8") for file in (repository.folder / "ipsec-reports").rglob("*.*")]
    assert len(reports) > 5 and KEY not in "".join(reports)


BLANK = {
    "ipsec_keep": ["manual-*", ""],
    "ipsec_max_deletes": "",
    "ipsec_ontap_version": " ",
    "ipsec_plan_digests": None,
    "ipsec_report_directory": "\t\n",
}


def test_variables_without_a_value_stop_everything(repository: Repository) -> None:
    fine = {"ipsec_controller_addresses": [], "ipsec_connection": {"retries": 0}, "ipsec_verify_wait": 0}
    for playbook in ("apply.yml", "export.yml"):
        done = repository.run(playbook, "-l", "cluster1", "-e", json.dumps({**BLANK, **fine}))
        (message,) = [entry["result"]["msg"] for entry in done.results if entry["failed"]]
        assert message.startswith(f"{', '.join(sorted(BLANK))}: are empty"), message
    assert [array.requests for array in repository.clusters.values()] == [[], [], []]


def test_an_array_without_policies_is_told_of(repository: Repository) -> None:
    repository.clusters["cluster1"].reset()
    export = repository.run("export.yml", "-l", "cluster1", "-e", "ipsec_export_directory=new/cluster1")
    assert export.code == 0 and "cluster1 has no IPsec policies" in export.output
    assert not (repository.folder / "new").exists()
