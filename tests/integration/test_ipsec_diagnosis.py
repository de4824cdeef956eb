# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks diagnose and repair, as somebody runs them at night."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from negotiate.course import diagnoses
from support.harness import CHECKOUT, Play, Playbooks

DIAGNOSE, REPAIR = (CHECKOUT / "playbooks" / f"{name}.yml" for name in ("diagnose", "repair"))
PEER, LIF = "10.10.20.20", "10.10.10.7"

CONNECTION = f"""connections {{
  wiresec-cluster1--svm1--nfs {{
    local_addrs = {PEER}
    remote_addrs = {LIF}
    dpd_delay = 5s
    local {{
      auth = psk
    }}
    children {{
      wiresec-cluster1--svm1--nfs {{
        mode = transport
        esp_proposals = aes256gcm16
        remote_ts = {LIF}/32[6/2050]
        local_ts = {PEER}/32[6]
        start_action = trap
      }}
    }}
  }}
}}
"""


def prepared(playbooks: Playbooks) -> None:
    """An array with a policy, a client that has sent something in clear, and an inventory with both."""
    array = playbooks.array
    array.add_policy(
        {
            **{"name": "nfs", "svm": "svm1", "protocol": "tcp"},
            "local_endpoint": {"address": LIF, "netmask": "32", "port": "2049-2049"},
            "remote_endpoint": {"address": PEER, "netmask": "32"},
        }
    )
    array.packet_in(PEER, LIF)
    array.connect_nfs(PEER, LIF, "svm1")
    (playbooks.folder / "conf.d").mkdir()
    (playbooks.folder / "conf.d" / "wiresec-cluster1.conf").write_text(CONNECTION, encoding="utf-8")
    (playbooks.folder / "charon.log").write_text(
        "12[IKE] <wiresec-cluster1--svm1--nfs|1> received TS_UNACCEPTABLE notify, no CHILD_SA built\n", encoding="utf-8"
    )
    client = {
        **{
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        },
        **{"ipsec_client_addresses": [PEER], "ipsec_client_format": "strongswan"},
        "ipsec_client_log_file": str(playbooks.folder / "charon.log"),
    }
    clusters: dict[str, Any] = {
        "cluster1": {"ansible_host": f"{array.host}:{array.port}"},
        # Nobody is there.
        "cluster2": {"ansible_host": "127.0.0.1:1", "ipsec_connection": {"retries": 0, "timeout": 1}},
    }
    hosts = {
        "clusters": {"hosts": clusters},
        "clients": {"hosts": {"db1": client, "db2": {"ansible_host": "10.9.9.9"}}},
    }
    (playbooks.folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": hosts}}), encoding="utf-8")


def diagnosed(playbooks: Playbooks, *arguments: str) -> Play:
    kind = {
        "ipsec_client_kind": {"directory": str(playbooks.folder / "conf.d"), "unit": "strongswan"},
        # There is no daemon here whose parser could be asked.
        "ipsec_client_validate": {"strongswan": "test -s %s"},
    }
    return playbooks.run(DIAGNOSE, "-i", "hosts.yml", "-e", json.dumps(kind), *arguments)


@pytest.mark.covers_plays
def test_both_ends_on_one_page(playbooks: Playbooks) -> None:
    prepared(playbooks)
    play = diagnosed(playbooks, "-e", f"peer={PEER}", "--check")
    assert (play.code, play.changed) == (0, []), play.output
    result = play.result("Say what keeps them apart")
    causes = [(one["cause"], one["certainty"], one["side"]) for one in result["findings"]]
    assert causes == [
        ("daemon_down", "certain", "client"),
        ("selectors_differ", "certain", "both"),
        ("sent_unprotected", "likely", "array"),
    ]
    assert "The port of the array is 2049 in the policy, and 2050 in the client's connection." in result["msg"]
    assert [one for one in result["unread"] if one.startswith("Array cluster2: ")]
    assert [one for one in result["unread"] if one.startswith("On the client: Not looked at: daemon.")]
    page = (playbooks.folder / "ipsec-reports" / f"diagnosis-{PEER}.md").read_text(encoding="utf-8")
    for text in (
        f"# Diagnosis of `{PEER}`",
        "| certain | `selectors_differ` | both, `cluster1 nfs` |",
        "| `svm1 nfs` | `yes` | `esp_transport` | `tcp` | `10.10.10.7/32 2049` | `10.10.20.20/32` |",
        "| `ipsec.ib.policy.violation` |",
        "| `nfs3` | `10.10.10.7` | `svm1` |",
        "| `TS_UNACCEPTABLE` | `wiresec-cluster1--svm1--nfs` | `1` |",
        "- Array cluster2: ",
    ):
        assert text in page, page
    doc = json.loads((playbooks.folder / "ipsec-reports" / f"diagnosis-{PEER}.json").read_text(encoding="utf-8"))
    assert (doc["report"], doc["peer"], len(doc["findings"])) == ("ipsec_diagnosis", PEER, 3)
    assert playbooks.array.password not in page + play.output + json.dumps(doc)


def test_policy_files_say_which_end_is_not_what_they_ask_for(playbooks: Playbooks) -> None:
    prepared(playbooks)
    entry = {
        **{"name": "nfs", "action": "esp_transport", "protocol": "tcp", "secret_key": "{{ undefined_key }}"},
        "local_endpoint": {"address": f"{LIF}/32", "port": 2049},
        "remote_endpoint": {"address": f"{PEER}/32"},
    }
    file = playbooks.folder / "ipsec" / "cluster1" / "svm1.yml"
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump({"svm": "svm1", "policies": [entry]}), encoding="utf-8")
    # Who may not read the keys still gets the rest.
    without = diagnosed(playbooks, "-e", f"peer={PEER}")
    (reason,) = [
        one
        for one in without.result("Say what keeps them apart")["unread"]
        if one.startswith("The client and the policy files: ")
    ]
    assert (without.code, "undefined_key" in reason) == (0, True), without.output
    key = "kR8vTq2LxW9zNc4MbY7s"
    play = diagnosed(playbooks, "-e", f"peer={PEER} undefined_key={key}", "--diff", "-vvv")
    assert (play.code, play.changed) == (0, []), play.output
    (differs,) = [
        one for one in play.result("Say what keeps them apart")["findings"] if one["cause"] == "configured_otherwise"
    ]
    assert (differs["certainty"], differs["side"], differs["policy"]) == ("certain", "client", "nfs")
    assert "otherwise than the policy files ask for" in differs["evidence"]
    page = (playbooks.folder / "ipsec-reports" / f"diagnosis-{PEER}.md").read_text(encoding="utf-8")
    assert "## The client and the policy files" in page
    assert (playbooks.folder / "conf.d" / "wiresec-cluster1.conf").read_text(encoding="utf-8") == CONNECTION
    assert not (playbooks.folder / "conf.d" / "wiresec-cluster1--secrets.conf").exists()
    # The variable itself is on the command line of this test.
    assert key not in page + json.dumps(play.results)
    (playbooks.folder / "conf.d" / "wiresec-cluster1.conf").write_text(f"{CONNECTION}mine", encoding="utf-8")
    edited = diagnosed(playbooks, "-e", f"peer={PEER} undefined_key={key}")
    unread = " ".join(edited.result("Say what keeps them apart")["unread"])
    assert edited.code == 0 and "is not as it was written" in unread, edited.output


def test_it_says_whom_it_could_not_ask_and_fails_if_that_is_every_array(playbooks: Playbooks) -> None:
    prepared(playbooks)
    play = diagnosed(playbooks, "-e", "peer=10.10.20.99", "-e", "ipsec_clusters=cluster2")
    assert play.code == 2
    result = play.result("Say what keeps them apart")
    assert "Nothing is known of any array." in result["msg"]
    assert "The client's half: nobody asked the client." in result["unread"]
    for arguments, message in (
        ((), "Say which client is meant"),
        (("-e", f"peer={PEER}", "-e", "client=db9"), "client: the inventory has no host db9."),
        (("-e", f"peer={PEER}", "-e", "ipsec_clusters=nobody"), "There is nothing to do: the inventory has no array."),
    ):
        refused = diagnosed(playbooks, *arguments)
        assert (refused.code, message in refused.output) == (2, True), refused.output
        assert len(refused.results) == 1


def test_repair_ends_no_more_than_is_allowed_and_leaves_the_policy_enabled(playbooks: Playbooks) -> None:
    prepared(playbooks)
    array = playbooks.array
    array.add_policy({"name": "asleep", "svm": "svm1", "enabled": False})
    array.add_certificate("old", "svm1", "server", expiry_time="2020-01-01T00:00:00Z")
    array.add_policy({"name": "expired", "svm": "svm1", "certificate": "old", "action": "esp_transport"})
    for node in ("cluster1-01", "cluster1-02"):
        array.establish("nfs", "svm1", node)
    before = array.security_associations()

    def repaired(*arguments: str, policy: str = "nfs") -> Play:
        given = ["-e", f"svm=svm1 policy={policy} wait=1"]
        return playbooks.run(REPAIR, "-i", "hosts.yml", "-l", "cluster1", *given, *arguments)

    for arguments, policy, message in (
        ((), "nfs", "2 associations would end, and drop_at_most is not given."),
        (("-e", "drop_at_most=1"), "nfs", "2 associations would end, and drop_at_most is 1."),
        (("-e", "drop_at_most=all"), "nfs", "as whole numbers, drop_at_most and wait."),
        (("-e", "drop_at_most=9 wait=long"), "nfs", "as whole numbers, drop_at_most and wait."),
        (("-e", "drop_at_most=9 svm=*"), "nfs", "Say which policy of which array is meant"),
        (("-e", "drop_at_most=9"), "expired", "has expired"),
        (("-e", "drop_at_most=9"), "asleep", "SVM svm1 has no policy asleep that is enabled and protects"),
        (("-e", "drop_at_most=9"), "nowhere", "SVM svm1 has no policy nowhere that is enabled and protects"),
    ):
        play = repaired(*arguments, policy=policy)
        said = " ".join(play.results[-1]["result"]["msg"].split())
        assert (play.code, message in said) == (2, True), play.output
        assert array.security_associations() == before
    foreseen = repaired("--check")
    assert foreseen.code == 0, foreseen.output
    assert "Disabling nfs ends 2 associations and 2 of IKE." in foreseen.output
    assert array.security_associations() == before
    assert array.policy("expired", "svm1")["enabled"] is True  # type: ignore[index]
    array.refuse("PATCH", "/api/security/ipsec/policies/*", code=262145, status=500, after_effect=True)
    broken = repaired("-e", "drop_at_most=2")
    assert (broken.code, array.policy("nfs", "svm1")["enabled"]) == (2, True), broken.output  # type: ignore[index]
    array.auto_establish = True
    array.establish("nfs", "svm1")
    done = repaired("-e", "drop_at_most=2")
    assert (done.code, done.changed) == (0, ["Disable the policy", "Enable the policy"]), done.output
    assert array.policy("nfs", "svm1")["enabled"] is True  # type: ignore[index]
    array.refuse("PATCH", "/api/security/ipsec/policies/*", code=262145, status=500, occurrence=2, times=100)
    left = repaired("-e", "drop_at_most=2 ipsec_pause=0")
    assert (left.code, array.policy("nfs", "svm1")["enabled"]) == (2, False), left.output  # type: ignore[index]
    assert "nfs on SVM svm1 may be DISABLED NOW" in left.results[-1]["result"]["msg"]


def test_the_table_of_mistakes_is_what_the_lab_holds() -> None:
    page = (CHECKOUT / "docs" / "diagnosis.md").read_text(encoding="utf-8")
    table = page.partition("| what is wrong |")[2].partition("\n\n")[0].splitlines()[2:]
    assert table == diagnoses()
