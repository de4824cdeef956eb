# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Approval: what was approved is applied, all of it or the rest of it, and nothing else can pass for it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from support.repository import Repository
from support.team import NEW, NO_APPROVAL, edit_file, stored, writes

pytestmark = pytest.mark.covers_plays

UNVERIFIED = ("-e", '{"ipsec_verify": false}')


def test_what_was_approved_is_applied_and_no_cluster_that_changed_since(repository: Repository) -> None:
    for array in repository.clusters.values():
        array.edit_policy("nfs-01", "svm2", {"enabled": False})
    planned = repository.run("plan.yml")
    approved = repository.approval()
    assert planned.code == 0
    assert f"To carry it out, when it is approved:\nansible-playbook apply.yml -e @{approved}\n" in planned.output
    (repository.folder / approved).rename(repository.folder / "approved.json")
    # Somebody else's commit, the night's drift and another plan come between; none of them touches what was approved.
    edit_file(repository, "ipsec/cluster3/svm2.yml", 1, enabled=False)
    repository.clusters["cluster2"].edit_policy("nfs-05", "svm2", {"enabled": False})
    assert repository.run("drift.yml").code == 2
    for report in ("plan.json", "drift.json"):
        refused = repository.run("apply.yml", "-e", f"@ipsec-reports/{report}", *UNVERIFIED)
        assert refused.code and sum(writes(repository).values()) == 0
        assert "ipsec_plan_digests: is empty" in refused.output, refused.output
    applied = repository.run("apply.yml", "-e", "@approved.json", *UNVERIFIED)
    assert applied.code
    assert writes(repository) == {"cluster1": 1, "cluster2": 0, "cluster3": 0}, applied.output
    assert "source" in applied.output
    assert repository.run("apply.yml", "-e", "@approved.json", "-l", "cluster1", *UNVERIFIED).code == 0


IN_FORCE = {"ipsec_require_approval": True}
NO_APPROVAL_AT_ALL: dict[str, tuple[dict[str, Any], str]] = {
    "not given": (IN_FORCE, "nothing is applied without an approval"),
    "null": ({"ipsec_plan_digests": None}, "ipsec_plan_digests: is empty"),
    "empty": ({"ipsec_plan_digests": ""}, "ipsec_plan_digests: is empty"),
    "empty list": ({"ipsec_plan_digests": []}, "must be the digests of an approved plan, as approve-….json has them"),
    "list of nothing": (
        {"ipsec_plan_digests": [None]},
        "ipsec_plan_digests: is empty, or a list with an entry that is",
    ),
    "any": ({"ipsec_plan_digests": "any"}, "must be the digests of an approved plan"),
    "misspelt": ({**IN_FORCE, "ipsec_plan_digest": [f"sha256:{'0' * 64}"]}, "nothing is applied without an approval"),
    "of another plan": ({"ipsec_plan_digests": [f"sha256:{'0' * 64}"]}, "is not among the 1 approved"),
    "blank word for it": ({"ipsec_require_approval": None}, "ipsec_require_approval"),
    "blank elsewhere": ({"ipsec_require_approval": False, "ipsec_keep": None}, "ipsec_keep"),
}
"""What a workflow may hand on in place of an approval, and what an apply says of it."""


@pytest.mark.parametrize("changes", [True, False])
def test_what_is_no_approval_approves_nothing_and_is_told(repository: Repository, changes: bool) -> None:
    array = repository.clusters["cluster1"]
    if changes:
        array.edit_policy("nfs-01", "svm2", {"enabled": False})
    common = {"ansible_host": f"{array.host}:{array.port}", "ipsec_policy_files": ["ipsec/cluster1"]}
    hosts = {name.replace(" ", "_"): {**common, **given} for name, (given, _told) in NO_APPROVAL_AT_ALL.items()}
    inventory = repository.folder / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    refused = repository.run("apply.yml", "-i", str(inventory), *UNVERIFIED, "-e", "ipsec_serial=100%")
    assert refused.code == 2
    messages = {one["host"]: one["result"].get("msg", "") for one in refused.results if one["failed"]}
    # Where nothing is to be done, no approval is asked for; but nothing passes for one either.
    needless = set() if changes else {"not given", "misspelt", "of another plan"}
    assert messages.keys() == {name.replace(" ", "_") for name in NO_APPROVAL_AT_ALL.keys() - needless}
    for name, (_given, told) in NO_APPROVAL_AT_ALL.items():
        if name not in needless:
            assert told in messages[name.replace(" ", "_")], refused.output
    assert writes(repository)["cluster1"] == 0


def test_another_array_and_another_secret_need_another_approval(repository: Repository) -> None:
    """The array is replaced by an equal one, and the ciphertext of a key in group_vars by another, after the approval."""
    password = repository.outside / "password"
    password.write_text("password-of-the-vault", encoding="utf-8")
    variables = repository.folder / "group_vars" / "all" / "vault.yml"
    vault = ("--vault-password-file", str(password))

    def seal(key: str) -> None:
        command = [sys.executable, "-m", "ansible", "vault", "encrypt_string", *vault, "--name", "vault_key", key]
        sealed = subprocess.run(command, text=True, capture_output=True, check=True, cwd=repository.folder).stdout
        variables.write_text(sealed, encoding="utf-8")

    seal("first-key-of-the-backup-policy")
    content = repository.read("ipsec/cluster1/svm1.yml")
    added = {**content["policies"][0], "name": "backup", "secret_key": "{{ vault_key }}", **NEW}
    repository.write("ipsec/cluster1/svm1.yml", [*content.pop("policies"), added], **content)
    one = ("-l", "cluster1", *vault)
    # Without the password the check works, and says what it could not look at.
    linted = repository.run("lint.yml", "-l", "cluster1")
    assert linted.code == 0, linted.output
    sarif = json.loads((repository.folder / "ipsec-reports" / "cluster1" / "lint.sarif").read_text(encoding="utf-8"))
    assert [one["ruleId"] for one in sarif["runs"][0]["results"]].count("unreadable-secret") == 1
    assert repository.run("plan.yml", *one).code == 0
    (repository.folder / repository.approval()).rename(repository.folder / "approved.json")
    seal("another-key-of-somebody-else")
    swapped = repository.run("apply.yml", "-e", "@approved.json", *one, *UNVERIFIED)
    assert swapped.code and "(source) is another" in swapped.output and writes(repository)["cluster1"] == 0
    assert repository.run("plan.yml", *one).code == 0
    twin = repository.clusters["cluster1"]
    kept = twin.policies()
    twin.reset()
    for record in kept:
        twin.add_policy({**record, "svm": record["svm"]["name"]})
    twin.clear_log()
    replaced = repository.run("apply.yml", "-e", f"@{repository.approval()}", *one, *UNVERIFIED)
    assert replaced.code and writes(repository)["cluster1"] == 0
    assert "This is another array than the one that was planned for" in replaced.output, replaced.output


def test_the_rest_of_an_approved_plan_is_approved(repository: Repository) -> None:
    array = repository.clusters["cluster1"]
    for name in ("nfs-01", "nfs-03", "nfs-05"):
        array.edit_policy(name, "svm2", {"enabled": False})
    assert repository.run("plan.yml", "-l", "cluster1").code == 0
    command = ("apply.yml", "-l", "cluster1", "-e", f"@{repository.approval()}", *UNVERIFIED)
    array.refuse("PATCH", "/security/ipsec/policies/*", 65552, occurrence=2)
    half = repository.run(*command)
    assert half.code and "of 3 changes made" in half.output, half.output
    report = (repository.folder / "ipsec-reports" / "applied.md").read_text(encoding="utf-8")
    assert "not attempted" in report or ": failed: " in report
    assert repository.run(*command).code == 0
    assert all(one["enabled"] for one in array.policies())


def test_the_command_that_a_plan_names_can_be_given_again(repository: Repository) -> None:
    for name in ("cluster1", "cluster3"):
        repository.clusters[name].edit_policy("nfs-01", "svm2", {"enabled": False})
    assert repository.run("plan.yml").code == 0
    command = ("apply.yml", "-e", f"@{repository.approval()}", *UNVERIFIED)
    repository.clusters["cluster3"].stop()
    assert repository.run(*command).code == 2
    told = repository.read("ipsec-reports/applied.json")
    assert {one["cluster"]: bool(one.get("problem")) for one in told["plans"]} == {
        "cluster1": False,
        "cluster2": False,
        "cluster3": True,
    }
    assert told["unplanned"] == ["cluster3"]
    repository.clusters["cluster3"].start()
    repository.link()
    again = repository.run(*command)
    assert (again.code, len(again.changed), again.results[-1]["host"]) == (0, 1, "cluster3"), again.output
    assert len(list((repository.folder / "ipsec-reports").glob("approve-*.json"))) == 1


def test_a_change_is_told_even_if_the_report_of_it_can_not_be_written(repository: Repository) -> None:
    repository.clusters["cluster1"].edit_policy("nfs-01", "svm2", {"enabled": False})
    (repository.folder / "ipsec-reports" / ".applied.json.draft").mkdir(parents=True)
    applied = repository.run("apply.yml", "-l", "cluster1", *NO_APPROVAL, *UNVERIFIED)
    assert (applied.code, len(applied.changed), writes(repository)["cluster1"]) == (2, 1, 1), applied.output
    assert "cluster1: the changes were made. The report could not be written: " in applied.output


def test_a_report_of_what_was_begun_does_not_say_that_nothing_was_done(repository: Repository) -> None:
    array = repository.clusters["cluster1"]
    array.add_certificate("peers", "svm1", "server_ca")
    content = repository.read("ipsec/cluster1/svm1.yml")
    by_certificate = {**content["policies"][0], **NEW, "name": "backup", "authentication_method": "pki"}
    by_certificate.update(certificate="not-there", remote_identity="ANYTHING")
    own = content.pop("policies")
    repository.write("ipsec/cluster1/svm1.yml", [*own, by_certificate], **{**content, "ca_certificates": ["peers"]})
    # What is certain to fail is known before anything is begun.
    refused = repository.run("apply.yml", "-l", "cluster1", *NO_APPROVAL, *UNVERIFIED)
    assert refused.code == 2 and "'not-there' on SVM 'svm1' is not installed" in refused.output, refused.output
    assert (array.ca_certificates(), "no authority is listed" in refused.output) == ([], False)
    # The plans and the authority look at certificates five times, and then nobody can see any more whether it is there.
    array.add_certificate("not-there", "svm1", "server")
    array.refuse("GET", "/api/security/certificates", code=262145, status=500, times=99, occurrence=6)
    applied = repository.run("apply.yml", "-l", "cluster1", *NO_APPROVAL, *UNVERIFIED)
    assert applied.code == 2 and "cluster1: 1 of 2 changes made" in applied.output, applied.output
    assert [one["certificate"]["name"] for one in array.ca_certificates()] == ["peers"]
    report = (repository.folder / "ipsec-reports" / "applied.md").read_text(encoding="utf-8")
    assert "## Not all is carried out for `cluster1`" in report and "not attempted" in report, report


def test_a_name_from_an_array_is_never_rendered(repository: Repository) -> None:
    array = repository.clusters["cluster1"]
    name = "{{ lookup('pipe', 'touch ran') }}"
    array.add_policy(stored(30, name=name))
    planned = repository.run("plan.yml", "-l", "cluster1")
    assert planned.code == 0, planned.output
    assert name in json.dumps(repository.read("ipsec-reports/plan.json"))
    assert name not in (repository.folder / repository.approval()).read_text(encoding="utf-8")
    applied = repository.run("apply.yml", "-l", "cluster1", "-e", f"@{repository.approval()}", *UNVERIFIED)
    assert applied.code == 0, applied.output
    repository.run("apply.yml", "-l", "cluster1", "-e", "@ipsec-reports/plan.json", *UNVERIFIED, *NO_APPROVAL)
    assert not list(repository.folder.rglob("ran"))
    assert len(array.policies()) == 10
