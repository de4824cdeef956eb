# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drift: whatever is in reach is compared, or listed as not compared; an array that is not what the files say is never green."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from simulator.unknowns import Unknowns
from support.repository import Repository
from support.team import NO_APPROVAL, QUICK, edit_file, of_plan, policies, stored, writes

ONE = ("-l", "cluster1")


def test_each_difference_is_told_with_its_values(repository: Repository) -> None:
    array = repository.clusters["cluster1"]
    content = repository.read("ipsec/cluster1/svm2.yml")
    del content["policies"][1]["enabled"]
    repository.write("ipsec/cluster1/svm2.yml", content.pop("policies"), **content)
    array.edit_policy("nfs-03", "svm2", {"enabled": False})
    array.edit_policy("nfs-05", "svm2", {"remote_endpoint.port": "700-700"})
    array.edit_policy("nfs-07", "svm2", {"local_endpoint.port": "111-111", "enabled": False})
    array.add_policy(stored(30, name="debugging", action="bypass"))
    array.add_svm("svm9")
    array.add_policy(stored(31, name="forgotten", svm="svm9"))
    array.add_policy(stored(32, name="everything", svm=None, action="bypass"))
    array.add_policy(stored(33, name="emergency-1", action="bypass"))
    before = policies(repository)
    drift = repository.run("drift.yml", *ONE)
    assert (drift.code, drift.changed, policies(repository)) == (2, [], before)
    for line in (
        "~ nfs-03 on svm2: enabled is false, and should be true (left out, so ONTAP's default: enabled true)\n",
        "~ nfs-05 on svm2: remote_endpoint.port is port 700, and should be any port\n",
        "~ nfs-07 on svm2: enabled is false, and should be true; local_endpoint.port is port 111, and should be port 2049\n",
        "- debugging on svm1: lets traffic through in clear, and is in no file: bypass of tcp, 10.10.10.7/32 port 2049 to",
        "? everything on the cluster (lets traffic through in clear) is in no file\n",
        "? forgotten on svm9 is in no file\n",
        "kept although in no file: emergency-1 on svm2 (lets traffic through in clear)\n",
        "cluster1 is not what its files say: 4 differences, 2 on the array and in no file.",
    ):
        assert line in drift.output, drift.output
    assert "sha256" not in drift.output
    assert not (repository.folder / "ipsec-reports" / "plan.json").exists()
    told = repository.run("drift.yml", *ONE, "-e", '{"ipsec_fail_on_drift": false}')
    assert told.code == 0 and "- debugging on svm1" in told.output


def test_a_drift_that_no_apply_would_mend_says_both(repository: Repository) -> None:
    for number in range(5):
        edit_file(repository, "ipsec/cluster1/svm1.yml", number, enabled=False)
    drift = repository.run("drift.yml", *ONE)
    told = "cluster1 is not what its files say: 5 differences. An apply would be refused: ipsec_allow_empty: "
    assert drift.code == 2 and told in drift.output, drift.output


def test_files_that_got_lost_are_noticed(repository: Repository) -> None:
    (repository.folder / "ipsec" / "cluster1" / "svm2.yml").unlink()
    for prune in ("true", "false"):
        drift = repository.run("drift.yml", *ONE, "-e", f'{{"ipsec_prune": {prune}}}')
        assert drift.code == 2 and "cluster1: no policy differs, 5 unchanged" in drift.output
        assert drift.output.count("is in no file\n") == 5 and "? nfs-09 on svm2 is in no file" in drift.output
    planned = repository.run("plan.yml", *ONE)
    assert planned.code == 0
    assert len(of_plan(repository, "plan")["plans"][0]["unmanaged"]) == 5


def test_no_report_of_an_earlier_run_outlives_a_run_that_is_refused(repository: Repository) -> None:
    assert repository.run("drift.yml", "-l", "cluster1,cluster2").code == 0
    refused = repository.run("drift.yml", *ONE, "-e", '{"ipsec_keep": [""]}')
    assert refused.code == 2 and "ipsec_keep: is empty" in refused.output
    left = (repository.folder / "ipsec-reports").glob("**/drift.*")
    assert {path.parent.name for path in left} == {"cluster2"}, "of what this run was not about nothing is lost"


def test_the_service_is_compared_and_brought_to_the_files(repository: Repository) -> None:
    array = repository.clusters["cluster1"]
    array.add_ca_certificate("ipsec-ca", "svm1")
    array.ipsec_enabled = False
    array.replay_window = 128
    drift = repository.run("drift.yml", *ONE)
    assert drift.code == 2
    assert (
        "~ IPsec service on the cluster: enabled is false, and should be true; replay_window is 128, and should be 0"
        in drift.output
    )
    assert "- ipsec-ca on svm1: is in no file: a CA certificate that IPsec trusts" in drift.output
    assert repository.run("plan.yml", *ONE).code == 0
    report = (repository.folder / "ipsec-reports" / "plan.md").read_text(encoding="utf-8")
    assert (
        "| modify | `IPsec service` | the cluster | `enabled` `false` becomes `true`; `replay_window` `128` becomes `0` |"
        in report
    )
    assert "| **delete** | `ipsec-ca` | `svm1` | is deleted |" in report
    applied = repository.run("apply.yml", *ONE, "-e", f"@{repository.approval()}", *QUICK[:2])
    assert applied.code == 0, applied.output
    assert (array.ipsec_enabled, array.replay_window, array.ca_certificates()) == (True, 0, [])
    # To switch it off is a loss, and needs a word of its own.
    content = repository.read("ipsec/cluster1/cluster_scope.yml")
    content["ipsec_config"]["enabled"] = False
    repository.write("ipsec/cluster1/cluster_scope.yml", content.pop("policies"), **content)
    stopped = repository.run("apply.yml", *ONE, *QUICK)
    assert stopped.code and "ipsec_config: enabled: this disables IPsec, while 10 enabled policies" in stopped.output
    done = repository.run("apply.yml", *ONE, *QUICK, "-e", '{"ipsec_config_force": true}')
    assert done.code == 0 and "IPsec service on the cluster [IPsec is switched off]" in done.output
    assert array.ipsec_enabled is False


def test_a_service_that_is_off_is_no_peace_and_an_empty_listing_no_plan(repository: Repository) -> None:
    array = repository.clusters["cluster1"]
    array.unknowns = Unknowns(while_disabled="empty")
    array.ipsec_enabled = False
    planned = repository.run("plan.yml", *ONE)
    assert planned.code == 0 and "cluster1: 1 to modify" in planned.output, planned.output
    applied = repository.run("apply.yml", *ONE, *QUICK)
    assert applied.code == 0 and array.ipsec_enabled and writes(repository)["cluster1"] == 1, applied.output
    # Without a word about the service in the files, its state is a difference all the same.
    (repository.folder / "ipsec" / "cluster1" / "cluster_scope.yml").unlink()
    array.unknowns = Unknowns()
    array.ipsec_enabled = False
    drift = repository.run("drift.yml", *ONE)
    assert drift.code == 2 and "IPsec is switched off on this cluster, so none of its policies protects" in drift.output
    array.unknowns = Unknowns(while_disabled="empty")
    unseen = repository.run("drift.yml", *ONE)
    assert unseen.code == 4 and "What prune would delete can't be told" in unseen.output
    # Nor if the files want it off, and have nothing that protects.
    (repository.folder / "ipsec" / "cluster1" / "svm2.yml").unlink()
    backup = {"name": "backup", "action": "bypass", "local_endpoint": {"address": "192.0.2.7/32"}}
    repository.write(
        "ipsec/cluster1/svm1.yml", [{**backup, "remote_endpoint": {"address": "192.0.2.8/32"}}], svm="svm1"
    )
    repository.write("ipsec/cluster1/cluster_scope.yml", [], scope="cluster", ipsec_config={"enabled": False})
    unproven = repository.run("drift.yml", *ONE, "-e", '{"ipsec_prune": false}')
    assert unproven.code == 4 and "the array lists none, which proves nothing" in unproven.output, unproven.output


def test_what_could_not_be_compared_is_no_drift_and_no_peace(repository: Repository) -> None:
    repository.clusters["cluster2"].stop()
    drift = repository.run("drift.yml", "-e", '{"ipsec_connection": {"retries": 0}}')
    assert drift.code == 4 and "no connection to" in drift.output
    report = (repository.folder / "ipsec-reports" / "drift.md").read_text(encoding="utf-8")
    assert "| `cluster2` | **no plan** |" in report and "| `cluster3` | 0 | 0 | 0 | 0 | 0 | 10 | 0 | 0 |" in report
    edit_file(repository, "ipsec/cluster1/svm1.yml", 0, action="encrypt")
    assert repository.run("drift.yml", *ONE).code == 4


def test_a_commit_that_would_take_away_half_is_stopped_and_named(repository: Repository) -> None:
    """By deleting, and by disabling, which is no less."""
    content = repository.read("ipsec/cluster1/svm1.yml")
    repository.write("ipsec/cluster1/svm1.yml", content["policies"][:1], svm="svm1")
    content = repository.read("ipsec/cluster2/svm1.yml")
    half = [{**one, "enabled": False} for one in content["policies"]]
    repository.write("ipsec/cluster2/svm1.yml", half, svm="svm1")
    refused = repository.run("apply.yml", *QUICK)
    assert refused.code and sum(writes(repository).values()) == 0
    planned = repository.run("plan.yml", "-l", "cluster1,cluster2")
    report = (repository.folder / "ipsec-reports" / "plan.md").read_text(encoding="utf-8")
    assert planned.code == 2
    for cluster in ("cluster1", "cluster2"):
        section = report.partition(f"## Nothing is carried out for `{cluster}`")[2].partition("##")[0]
        assert "max_deletes" in section, report
    assert (
        "| `cluster1` | **delete** | `nfs-08` | `svm1` |" in report
        and "| `cluster2` | modify | `nfs-08` | `svm1` | is disabled |" in report
    )
    assert NO_APPROVAL[0] not in report


def test_certificates_that_expire_are_told_and_are_no_drift(repository: Repository) -> None:
    array = repository.clusters["cluster1"]
    soon = datetime.now(UTC) + timedelta(days=12, hours=1)
    array.add_certificate("mine", "svm1", "server", expiry_time=soon.isoformat())
    array.clear_log()
    quiet = repository.run("drift.yml", *ONE, "-e", '{"ipsec_fail_on_drift": false}')
    assert "/api/security/certificates" not in {request.path for request in array.requests}, (
        "no file knows of certificates"
    )
    assert quiet.code == 0 and "expires" not in quiet.output
    array.add_ca_certificate("ipsec-ca", "svm1")
    pki = {"authentication_method": "pki", "certificate": "mine", "local_identity": "svm1.example.com"}
    array.add_policy(stored(40, name="database", **pki, remote_identity="ANYTHING"))
    content = repository.read("ipsec/cluster1/svm1.yml")
    own = content.pop("policies")
    added = {
        **own[0],
        "name": "database",
        **pki,
        "remote_identity": "ANYTHING",
        "remote_endpoint": {"address": "10.20.40.0/24"},
    }
    added.pop("secret_key", None)
    repository.write("ipsec/cluster1/svm1.yml", [*own, added], **{**content, "ca_certificates": ["ipsec-ca"]})
    told = f"warning: X.509 certificate 'mine' on SVM 'svm1' expires in 12 days, on {soon:%Y-%m-%d} (used by policy 'database')."
    drift = repository.run("drift.yml", *ONE)
    assert (drift.code, told in drift.output) == (0, True), drift.output
    report = (repository.folder / "ipsec-reports" / "drift.md").read_text(encoding="utf-8")
    assert "expires in 12 days" in report
    later = repository.run("drift.yml", *ONE, "-e", '{"ipsec_expiry_warning": 12}')
    assert (later.code, "expires" in later.output) == (0, False), later.output
    # The first time the names of authorities are looked up.
    array.refuse("GET", "/api/security/certificates", code=6, status=403, occurrence=2)
    blind = repository.run("drift.yml", *ONE)
    assert blind.code == 0 and "warning: Whether a certificate expires was not looked at: " in blind.output, (
        blind.output
    )
