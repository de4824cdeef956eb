# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role and its playbooks as a team uses them: a repository of files, three clusters, ansible-playbook."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import indent

import yaml

from environment import CHECKOUT
from simulator.authority import Authority
from support.repository import Repository
from support.team import NEW, NO_APPROVAL, QUICK, add_to_file, edit_file, of_plan, policies, stored, writes

KEY = "kept-by-vault-and-seen-nowhere"
VAULT_PASSWORD = "password-of-the-vault"


# Export


def test_what_was_exported_is_complete_and_reads_like_a_persons(repository: Repository) -> None:
    array = repository.clusters["cluster1"]
    array.add_policy(stored(20, svm=None, name="whole cluster"))
    array.add_policy(
        stored(21, name="pki", authentication_method="pki", certificate="ipsec-cert", remote_identity="ANYTHING")
    )
    array.add_ca_certificate("ipsec-ca", "svm1")
    array.replay_window = 64
    refused = repository.run("export.yml", "-l", "cluster1")
    assert refused.code and "Nothing was written, because ONTAP returns no" in refused.output
    export = repository.run("export.yml", "-l", "cluster1", "-e", "ipsec_export_overwrite=true")
    assert export.code == 0 and "cluster1: 12 policies in 3 files of ipsec/cluster1" in export.output, export.output
    assert repository.read("ipsec/cluster1/cluster_scope.yml")["ipsec_config"]["replay_window"] == 64
    of_svm = repository.read("ipsec/cluster1/svm1.yml")
    assert of_svm["ca_certificates"] == ["ipsec-ca"]
    assert of_svm["policies"][0] == {
        "name": "nfs-00",
        "action": "esp_transport",
        "authentication_method": "psk",
        "enabled": True,
        "protocol": "tcp",
        "local_endpoint": {"address": "10.10.10.7/32", "port": 2049},
        "remote_endpoint": {"address": "10.20.0.0/24", "port": "any"},
    }
    drift = repository.run("drift.yml")
    assert (drift.code, drift.changed) == (0, []), drift.output
    assert [one["summary"]["unchanged"] for one in of_plan(repository, "drift")["plans"]] == [12, 10, 10]
    assert [one["not_compared"] for one in of_plan(repository, "drift")["plans"][1:]] == [[], []]


def test_an_export_says_what_it_could_not_write(repository: Repository) -> None:
    repository.clusters["cluster1"].add_policy(stored(20, name="{{ name }}"))
    repository.clusters["cluster2"].reset()
    repository.clusters["cluster2"].version = "9.8"
    other = ("-e", "ipsec_export_directory=other/{{ inventory_hostname }}", "-l", "cluster1,cluster2")
    checked = repository.run("export.yml", *other, "--check", "--diff")
    assert "ipsec_config:" in checked.output and not (repository.folder / "other").exists()
    export = repository.run("export.yml", *other)
    assert export.code and "with the tag !unsafe" in export.output
    assert (
        "cluster2 has no IPsec policies. Write its first file by hand, such as other/cluster2/SVM.yml" in export.output
    )
    assert "cluster2: not exported, so it will not be compared:" in export.output
    assert [str(path.relative_to(repository.folder)) for path in (repository.folder / "other").rglob("*.yml")] == [
        "other/cluster2/cluster_scope.yml"
    ]


def test_an_export_that_may_not_see_the_policies_fails(repository: Repository) -> None:
    array = repository.clusters["cluster1"]
    array.reset()
    array.ipsec_enabled = False
    export = repository.run("export.yml", "-l", "cluster1", "-e", "ipsec_export_directory=other")
    assert export.code == 2, export.output
    assert "cluster1: nothing was exported, because the array lists no policies and IPsec is not known" in export.output
    assert not (repository.folder / "other").exists()


# Plan


def test_a_plan_says_what_would_be_done_and_writes_to_no_array(repository: Repository) -> None:
    array = repository.clusters["cluster2"]
    array.edit_policy("nfs-03", "svm2", {"enabled": False})
    array.edit_policy("nfs-05", "svm2", {"remote_endpoint.netmask": "25"})
    array.add_policy(stored(30, name="odd | `name`", action="discard"))
    array.add_policy(stored(32, name="open", action="bypass"))
    array.add_policy(stored(31, name="emergency-1", action="bypass"))
    array.establish("nfs-04", "svm1")
    add_to_file(repository, "ipsec/cluster3/svm1.yml", "backup", **NEW)
    subprocess.run(["git", "init", "--quiet"], cwd=repository.folder, check=True)
    before = policies(repository)
    plan = repository.run("plan.yml", environment={"NFS_KEY": KEY, "ANSIBLE_SHOW_CUSTOM_STATS": "true"})
    assert (plan.code, plan.changed, sum(writes(repository).values()), policies(repository)) == (0, [], 0, before)
    report = (repository.folder / "ipsec-reports" / "plan.md").read_text(encoding="utf-8")
    assert report.startswith("# IPsec plan: 5 changes on 3 clusters, **1 takes protection away**\n")
    assert "| `cluster2` | **1** | 0 | 2 | 0 | 2 | 8 | 1 | 0 or more |" in report
    assert "| modify | `nfs-03` | `svm2` | `enabled` `false` becomes `true` | 0 |" in report
    assert "| modify | `nfs-05` | `svm2` | `remote_endpoint` `10.20.5.0/25` becomes `10.20.5.0/24` |" in report
    lost = "| `cluster2` | **delete** | `odd \\| 'name'` | `svm1` | lets through what it discarded | `discard` of tcp"
    assert report.index(lost) < report.index("| **delete** | `open` |") < report.index("`nfs-03`")
    assert (
        "| create | `backup` | `svm1` | `esp_transport` of tcp, `10.10.10.7/32` port 873 to `10.30.0.0/16` any"
        in report
    )
    assert "in no file, and to be kept: `emergency-1` on `svm2` (lets traffic through in clear)" in report
    assert "~ nfs-03 on svm2: enabled false becomes true\n" in plan.output
    # The digests of all clusters with changes are in one file, whose name is in the report, and in no other.
    digests = repository.digests("plan.md")
    assert of_plan(repository, "plan")["ipsec_plan_digests"] is None
    assert set(digests) == {digest for one in of_plan(repository, "plan")["plans"] for digest in one["digests"]}
    stats = plan.output[plan.output.index("CUSTOM STATS") :]
    assert all(digest in stats for digest in digests) and all(cluster in stats for cluster in repository.clusters)
    assert KEY not in report + plan.output + str(of_plan(repository, "plan"))


def test_nothing_is_told_twice_and_the_next_command_comes_last(repository: Repository) -> None:
    edit_file(repository, "ipsec/cluster1/svm1.yml", 0, protocol="udp")
    for playbook, command in (
        ("plan.yml", "ansible-playbook apply.yml -e @"),
        ("drift.yml", "ansible-playbook plan.yml"),
    ):
        loud = repository.run(playbook, "-l", "cluster1", "-v")
        assert (loud.output.count("nfs-00"), loud.output.count("sha256")) == (1, 0), loud.output
        last = loud.output.partition("The report of all clusters: ")[2].partition("\n\n")[0].splitlines()
        assert last[-2].startswith(command) and last[-1] == "ok: [cluster1]", loud.output
    edit_file(repository, "ipsec/cluster1/svm1.yml", 0, secret_key="a key in clear, for everybody to read")
    linted = repository.run("lint.yml", "-l", "cluster1", "-v", "-e", "ipsec_lint_fail_on=never")
    assert linted.output.count("plain-text-secret") == 1, linted.output


def test_no_plan_hides_another_and_the_reason_is_told(repository: Repository) -> None:
    """One cluster does not answer, one has a file with an error, one has an entry that can't be made."""
    folder = repository.folder / "ipsec-reports"
    assert repository.run("plan.yml").code == 0
    repository.clusters["cluster2"].stop()
    edit_file(repository, "ipsec/cluster1/svm1.yml", 0, action="encrypt")
    repository.clusters["cluster3"].edit_policy("nfs-00", "svm1", {"enabled": False})
    unmakeable = {**repository.read("ipsec/cluster3/svm1.yml")["policies"][0], "name": "gone", **NEW}
    content = repository.read("ipsec/cluster3/svm1.yml")
    repository.write("ipsec/cluster3/svm1.yml", [*content["policies"], unmakeable], svm="svm1")
    repository.clusters["cluster1"].clear_log()
    plan = repository.run("plan.yml", "-e", '{"ipsec_connection": {"retries": 0}}')
    report = (folder / "plan.md").read_text(encoding="utf-8")
    assert (plan.code, repository.clusters["cluster1"].requests) == (2, [])
    assert "| `cluster1` | **no plan** |" in report and "| `cluster2` | **no plan** |" in report
    assert (
        "- `The policy files can't be used. ipsec/cluster1/svm1.yml:" in report and "'encrypt' is not one of" in report
    )
    assert "## No plan for `cluster2`" in report and "no connection to" in report
    # What can be planned is planned, and what can't is named by file and line.
    assert "## Nothing is carried out for `cluster3`" in report and "secret_key" in report
    assert "- `ipsec/cluster3/svm1.yml:" in report and "| modify | `nfs-00` |" in report
    assert of_plan(repository, "plan")["unplanned"] == ["cluster1", "cluster2"]
    assert "approve-" not in report
    # No report of the run before stays behind, not even where nothing runs on any host.
    broken = repository.run("plan.yml", "-e", "ipsec_prune=maybe")
    assert broken.code and not (folder / "plan.md").exists() and not (folder / "plan.json").exists()


def test_nothing_ends_well_that_looked_at_nothing(repository: Repository) -> None:
    repository.clusters["cluster1"].edit_policy("nfs-01", "svm2", {"enabled": False})
    assert repository.run("drift.yml", "--tags", "plan", "-l", "cluster1").code == 2
    nobody = repository.run("drift.yml", "-e", "ipsec_clusters=clusters_of_berlin")
    assert (
        nobody.code
        and "There is nothing to do: no host of the inventory is meant by clusters_of_berlin." in nobody.output
    )
    for skipping in (("--skip-tags", "always"), ("-l", "cluster2", "-e", "ipsec_clusters=cluster1")):
        skipped = repository.run("drift.yml", *skipping)
        assert skipped.code == 4 and f"nothing is left to do: {skipping[0].replace('-l', '--limit')}" in skipped.output
    alone = repository.run(str(CHECKOUT / "playbooks" / "diagnose.yml"), "-e", "peer=10.0.1.7", "-l", "cluster1")
    assert alone.code and "--limit leaves out localhost" in alone.output, alone.output
    typo = repository.run("apply.yml", "--tags", "applied", *NO_APPROVAL)
    assert typo.code and "no task has the tags applied; there are plan, apply and verify." in typo.output
    skipped = repository.run("apply.yml", "--skip-tags", "apply,verify", *NO_APPROVAL)
    assert skipped.code == 2 and "There is nothing to do: --skip-tags leaves nothing of it." in skipped.output
    for empty in ("", "/", ","):
        bad = repository.run("plan.yml", "-l", "cluster1", "-e", f'{{"ipsec_policy_files": "{empty}"}}')
        assert bad.code and re.search(r"ipsec_policy_files: (is empty|'|give a list)", bad.output), bad.output


# Apply and verify


def test_a_canary_is_where_something_changes_and_stops_the_others(repository: Repository) -> None:
    for cluster in ("cluster2", "cluster3"):
        add_to_file(repository, f"ipsec/{cluster}/svm1.yml", "backup", **NEW)
    options = ("-e", "ipsec_verify_wait=0", *NO_APPROVAL)
    applied = repository.run("apply.yml", *options, environment={"NFS_KEY": KEY})
    assert applied.code and "IPsec policy 'backup' on SVM 'svm1' has none" in applied.output
    assert "policy 'nfs-00' on SVM 'svm1' has none" not in applied.output, (
        "policies that were silent before are none of the run's business"
    )
    assert '"causes"' not in applied.output, "a sentence, and not all that is known of each policy"
    assert writes(repository) == {"cluster1": 0, "cluster2": 1, "cluster3": 0}
    report = (repository.folder / "ipsec-reports" / "applied.md").read_text(encoding="utf-8")
    assert report.startswith("# IPsec apply: 1 change on ") and "| create | `backup` |" in report
    # A peer that is silent can be named instead of turning verification off.
    edit_file(repository, "ipsec/cluster2/svm1.yml", 5, enabled=False)
    ignoring = '{"ipsec_verify_ignore": ["svm1/back*"]}'
    applied = repository.run("apply.yml", *options, "-e", ignoring, environment={"NFS_KEY": KEY})
    assert applied.code == 0, applied.output
    assert writes(repository) == {"cluster1": 0, "cluster2": 2, "cluster3": 1}


def test_an_apply_without_the_plan_of_all_plans_each_cluster_in_its_turn(repository: Repository) -> None:
    edit_file(repository, "ipsec/cluster2/svm1.yml", 0, protocol="udp")
    applied = repository.run("apply.yml", "--skip-tags", "plan,verify", *NO_APPROVAL)
    assert applied.code == 0 and writes(repository) == {"cluster1": 0, "cluster2": 1, "cluster3": 0}, applied.output
    assert [one["cluster"] for one in of_plan(repository, "applied")["plans"]] == list(repository.clusters)
    # To look at associations replaces no report of what was done.
    repository.run("apply.yml", "--tags", "verify", "-l", "cluster1", "-e", "ipsec_verify_wait=0", *NO_APPROVAL)
    assert len(of_plan(repository, "applied")["plans"]) == 3


def test_a_failure_in_one_wave_keeps_the_next_from_beginning(repository: Repository) -> None:
    for cluster in repository.clusters:
        edit_file(repository, f"ipsec/{cluster}/svm1.yml", 0, enabled=False)
    variables = repository.folder / "group_vars" / "all" / "waves.yml"
    variables.write_text('ipsec_serial: [2, "100%"]\n', encoding="utf-8")
    repository.clusters["cluster2"].refuse("PATCH", "/security/ipsec/policies/*", 65552, times=100)
    applied = repository.run("apply.yml", *QUICK)
    assert applied.code and writes(repository)["cluster3"] == 0 and writes(repository)["cluster1"] == 1, applied.output
    assert "Nothing was changed on cluster3, because of cluster2 in an earlier wave." in applied.output
    variables.write_text("ipsec_serial: one at a time\n", encoding="utf-8")
    bad = repository.run("apply.yml", *QUICK)
    assert bad.code and "ipsec_serial: must be numbers and percentages" in bad.output
    repository.clusters["cluster2"].heal()
    assert repository.run("apply.yml", "-e", "ipsec_serial=1,100%", *QUICK).code == 0
    assert [array.policy("nfs-00", "svm1")["enabled"] for array in repository.clusters.values()] == [False] * 3  # type: ignore[index]


def test_associations_that_do_not_come_back_are_found(repository: Repository) -> None:
    array = repository.clusters["cluster1"]
    array.establish("nfs-02", "svm1")
    array.establish("nfs-04", "svm1")
    edit_file(repository, "ipsec/cluster1/svm1.yml", 1, enabled=False)
    quick = ("-e", "ipsec_verify_wait=0", "-l", "cluster1", *NO_APPROVAL)
    assert repository.run("apply.yml", *quick).code == 0
    array.drop_sas("nfs-04", "svm1")
    verified = repository.run("apply.yml", "--tags", "verify", *quick)
    assert verified.code and re.search("on SVM 'svm1' have none: [^.]*nfs-04", verified.output), verified.output


def test_what_an_earlier_run_has_made_is_waited_for_although_nothing_changes(repository: Repository) -> None:
    also = [{"name": "nfs-00", "svm": "svm1"}, {"name": "nfs-03", "svm": "svm2"}]
    roles = [
        {"ansible.builtin.include_role": {"name": "wiresec.ontap.ipsec", "tasks_from": "apply"}},
        {
            "ansible.builtin.include_role": {"name": "wiresec.ontap.ipsec", "tasks_from": "verify"},
            "vars": {"ipsec_verify_also": also, "ipsec_verify_wait": 0},
        },
    ]
    play = {"hosts": "cluster1", "connection": "local", "gather_facts": False, "tasks": roles}
    (repository.folder / "again.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    waited = repository.run("again.yml", *NO_APPROVAL)
    assert waited.code and "IPsec policy 'nfs-00' on SVM 'svm1' has none" in waited.output, waited.output
    assert "IPsec policy 'nfs-03' on SVM 'svm2' has none" in waited.output, waited.output
    assert "'nfs-03' on SVM 'svm1'" not in waited.output
    repository.clusters["cluster1"].establish("nfs-00", "svm1")
    repository.clusters["cluster1"].establish("nfs-03", "svm2")
    assert repository.run("again.yml", *NO_APPROVAL).code == 0


def test_associations_that_come_up_let_all_clusters_have_it(repository: Repository) -> None:
    for cluster, array in repository.clusters.items():
        array.auto_establish = True
        add_to_file(repository, f"ipsec/{cluster}/svm1.yml", "backup", **NEW)
    checked = repository.run("apply.yml", "--check", "--diff", *NO_APPROVAL, environment={"NFS_KEY": KEY})
    assert (checked.code, sum(writes(repository).values())) == (0, 0), checked.output
    assert '+    "name": "backup"' in checked.output and "Bring the cluster to its files" in "".join(checked.changed)
    applied = repository.run("apply.yml", *NO_APPROVAL, environment={"NFS_KEY": KEY})
    assert applied.code == 0, applied.output
    assert writes(repository) == {"cluster1": 1, "cluster2": 1, "cluster3": 1}
    done = repository.read("ipsec-reports/cluster3/applied.json")["plans"][0]["changes"]
    assert [(one["name"], one["result"]) for one in done] == [("backup", "done")]
    again = repository.run("apply.yml", *NO_APPROVAL, environment={"NFS_KEY": KEY})
    assert (again.code, again.changed) == (0, [])


def test_an_apply_reads_files_and_array_once_and_again_only_to_write(repository: Repository) -> None:
    array = repository.clusters["cluster1"]
    noted = repository.folder.parent / "rendered"
    count = f"{{{{ lookup('pipe', 'echo once >> {noted}; echo $NFS_KEY') }}}}"
    add_to_file(repository, "ipsec/cluster1/svm1.yml", "backup", **{**NEW, "secret_key": count})
    done = repository.run("apply.yml", "-l", "cluster1", *QUICK, environment={"NFS_KEY": KEY})
    assert done.code == 0, done.output
    assert noted.read_text(encoding="utf-8").count("once") == 2
    array.clear_log()
    again = repository.run(
        "apply.yml", "-l", "cluster1", "-e", "ipsec_verify_wait=0", *NO_APPROVAL, environment={"NFS_KEY": KEY}
    )
    assert (again.code, again.changed) == (0, []), again.output
    assert noted.read_text(encoding="utf-8").count("once") == 3
    assert (len(array.requests), array.connections) == (4, 1), array.requests
    of_all, of_one = (repository.read(f"ipsec-reports/{folder}applied.json") for folder in ("", "cluster1/"))
    assert [(one["cluster"], one["changes"]) for one in of_all["plans"]] == [("cluster1", [])]
    assert of_all["plans"] == of_one["plans"]
    assert repository.run("plan.yml", "-l", "cluster1", "-e", '{"ipsec_lookups": false}').code
    assert noted.read_text(encoding="utf-8").count("once") == 3


# Secrets


def test_keys_from_vault_are_seen_nowhere(repository: Repository) -> None:
    password = repository.folder / "vault-password"
    password.write_text(VAULT_PASSWORD, encoding="utf-8")
    command = [sys.executable, "-m", "ansible", "vault", "encrypt_string", "--vault-password-file", str(password)]
    sealed = subprocess.run(
        [*command, "--stdin-name", "secret_key"], input=KEY, text=True, capture_output=True, check=True
    ).stdout
    path = repository.folder / "ipsec" / "cluster1" / "svm1.yml"
    added = yaml.safe_dump([{"name": "backup", "action": "esp_transport", **NEW}], sort_keys=False) + indent(
        sealed, "  "
    )
    path.write_text(path.read_text(encoding="utf-8").rstrip() + "\n" + indent(added, "  "), encoding="utf-8")
    for playbook in ("plan.yml", "apply.yml"):
        done = repository.run(
            playbook, "-vvvv", "--diff", "-l", "cluster1", "--vault-password-file", str(password), *QUICK
        )
        assert done.code == 0, done.output
        assert KEY not in done.output
    assert KEY in str([one for one in repository.clusters["cluster1"].policies() if one["name"] == "backup"])
    reports = [
        file.read_text(encoding="utf-8")
        for file in (repository.folder / "ipsec-reports").rglob("*.*")
        if file.is_file()
    ]
    assert len(reports) > 5 and KEY not in "".join(reports)


def test_folders_that_no_host_has_are_found(repository: Repository) -> None:
    (repository.folder / "ipsec" / "cluster2").rename(repository.folder / "ipsec" / "cluster-2")
    repository.write("ipsec/cluster1/svm3.yml", [], svm="svm2")
    linted = repository.run("lint.yml")
    assert linted.code and "ipsec/cluster-2:1: warning folder-without-host" in linted.output
    assert linted.output.count("folder-without-host") == 1
    assert "ipsec/cluster1/svm3.yml:1: warning misplaced-file" in linted.output
    assert Path(repository.folder / "ipsec-reports" / "cluster3" / "lint.sarif").exists()


def test_lint_looks_at_the_certificates_that_the_inventory_names(repository: Repository) -> None:
    end = datetime.now(UTC) + timedelta(days=12, hours=1)
    for name, certificate in (
        ("svm1.pem", Authority("CN=Root").issue("CN=svm1", end=end).certificate),
        ("old.pem", Authority("CN=Old", end=end - timedelta(days=20)).certificate),
    ):
        (repository.folder / name).write_text(certificate, encoding="utf-8")
    assert repository.run("lint.yml").code == 0
    rotation = {"svm": "svm1", "old_certificate": "first", "public_certificate_path": "svm1.pem"}
    (repository.folder / "host_vars").mkdir()
    (repository.folder / "host_vars" / "cluster2.yml").write_text(yaml.safe_dump(rotation), encoding="utf-8")
    expires = "svm1.pem:1: warning expiring-certificate: the certificate of 'CN=svm1' expires in 12 days"
    linted = repository.run("lint.yml")
    assert (linted.code, linted.output.count(expires)) == (0, 1), linted.output
    quiet = repository.run("lint.yml", "-e", "ipsec_expiry_warning=10")
    assert (quiet.code, "expires in" in quiet.output) == (0, False), quiet.output
    expired = repository.run("lint.yml", "-l", "cluster1", "-e", '{"ipsec_certificate_files": ["svm1.pem", "old.pem"]}')
    assert expired.code and expires in expired.output
    assert "old.pem:1: error invalid-certificate: the certificate of 'CN=Old' has expired" in expired.output


# Variables

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


def of_hosts(repository: Repository, **variables: dict[str, object]) -> None:
    """Gives each cluster variables of its own."""
    for cluster, own in variables.items():
        path = repository.folder / "host_vars" / f"{cluster}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(own), encoding="utf-8")


def test_variables_say_what_counts_as_drift(repository: Repository) -> None:
    first, second, third = repository.clusters.values()
    content = repository.read("ipsec/cluster1/svm2.yml")
    del content["policies"][0]["enabled"]
    repository.write("ipsec/cluster1/svm2.yml", content.pop("policies"), **content)
    first.edit_policy("nfs-01", "svm2", {"enabled": False})
    second.add_policy(stored(30, name="by-hand"))
    third.edit_policy("nfs-01", "svm2", {"enabled": False})
    of_hosts(
        repository,
        cluster1={"ipsec_strict": False},
        cluster2={"ipsec_prune": False, "ipsec_fail_on_unmanaged": False},
        cluster3={
            "ansible_host": "nowhere.invalid",
            "ipsec_hostname": f"{third.host}:{third.port}",
            "ipsec_report_impact": False,
        },
    )
    drift = repository.run("drift.yml")
    plans = {one["cluster"]: one for one in of_plan(repository, "drift")["plans"]}
    assert drift.code == 2 and set(plans) == set(repository.clusters), drift.output
    assert [len(one["changes"]) for one in plans.values()] == [0, 0, 1]
    assert [one["name"] for one in plans["cluster2"]["unmanaged"]] == ["by-hand"]
    assert plans["cluster3"]["impact"] is None and plans["cluster1"]["impact"] is not None
    assert "cluster3 is not what its files say" in drift.output and "cluster2 is not what" not in drift.output


def test_variables_say_how_far_an_apply_goes(repository: Repository) -> None:
    """All of an SVM goes where that is meant, a failure stops what follows unless it must not, and nobody is locked out."""
    content = repository.read("ipsec/cluster1/svm2.yml")
    repository.write("ipsec/cluster1/svm2.yml", [], ca_certificates=content["ca_certificates"])
    for cluster in ("cluster2", "cluster3"):
        add_to_file(repository, f"ipsec/{cluster}/svm1.yml", "backup", **NEW)
        edit_file(repository, f"ipsec/{cluster}/svm2.yml", 0, enabled=False)
        edit_file(repository, f"ipsec/{cluster}/svm2.yml", 1, protocol="udp")
        repository.clusters[cluster].refuse("POST", "/security/ipsec/policies", 65552, times=100)
    of_hosts(
        repository,
        cluster1={"ipsec_allow_empty": True, "ipsec_max_deletes": "5"},
        cluster2={"ipsec_continue_on_error": True},
    )
    applied = repository.run("apply.yml", "-e", "ipsec_serial=100%", *QUICK, environment={"NFS_KEY": KEY})
    assert applied.code == 2
    assert [one["svm"]["name"] for one in repository.clusters["cluster1"].policies()] == ["svm1"] * 5, applied.output
    protocols = [array.policy("nfs-03", "svm2")["protocol"] for array in list(repository.clusters.values())[1:]]  # type: ignore[index]
    assert protocols == ["udp", "tcp"], applied.output
    locked = {"name": "all", "action": "discard", "local_endpoint": {"address": "10.10.10.0/24"}}
    repository.write("ipsec/cluster3/svm1.yml", [{**locked, "remote_endpoint": {"address": "10.0.0.0/8"}}], svm="svm1")
    addresses = {"ipsec_management_addresses": ["10.10.10.99"]}
    refused = repository.run("plan.yml", "-l", "cluster3", "-e", json.dumps(addresses))
    assert refused.code == 2 and "lockout-management" in refused.output


def test_the_way_back_takes_away_what_it_is_told_and_nothing_else(repository: Repository) -> None:
    array = repository.clusters["cluster1"]
    made, *others = array.policies()
    (repository.folder / "back.yml").write_text(
        yaml.safe_dump(
            [
                {
                    "hosts": "all",
                    "connection": "local",
                    "gather_facts": False,
                    "tasks": [
                        {
                            "ansible.builtin.include_role": {"name": "wiresec.ontap.ipsec", "tasks_from": "withdraw"},
                            "vars": {"ipsec_withdrawn": [{"name": made["name"], "svm": made["svm"]["name"]}]},
                        }
                    ],
                }
            ]
        ),
        encoding="utf-8",
    )
    for _time in ("taken away", "gone already"):
        back = repository.run("back.yml", "-l", "cluster1")
        assert back.code == 0, back.output
        assert [policy["name"] for policy in array.policies()] == [policy["name"] for policy in others]


def test_every_variable_of_the_role_is_set_by_some_test() -> None:
    specs = yaml.safe_load((CHECKOUT / "roles" / "ipsec" / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    documented = {name for spec in specs["argument_specs"].values() for name in spec["options"]}
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in sorted(documented) if not re.search(rf"{name}\b", tests)] == []
