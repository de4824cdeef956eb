# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stops the playbook protect before anything is changed. With real daemons it is in tests/negotiate."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from support.arrays import writes
from support.harness import CHECKOUT, Play, Playbooks


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        # It is alone in its batch, after which Ansible goes on.
        (
            (),
            "Nothing was changed, because db1 can't be reached, or prepared. Run it again when that is mended, or without: --limit 'all:!db1'.",
        ),
        # Its packets would wait for an array that nobody asks.
        (("-l", "db1"), "There is nothing to do: --limit leaves out every host that is meant by clusters."),
        (("-l", "clusters"), "Nothing was changed, because no client takes part: --limit leaves out every one."),
    ],
)
def test_nothing_begins_without_a_client_that_can_be_reached_and_a_cluster(
    playbooks: Playbooks, arguments: tuple[str, ...], message: str
) -> None:
    array = playbooks.array
    gone = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_become": False}
    hosts = {
        "clients": {"hosts": {"db1": gone}},
        "clusters": {"hosts": {"cluster1": {"ipsec_hostname": f"{array.host}:{array.port}"}}},
    }
    (playbooks.folder / "inventory.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    play = playbooks.run(CHECKOUT / "playbooks" / "protect.yml", "-i", "inventory.yml", *arguments)
    assert play.code and message in " ".join(play.output.split()), play.output
    assert array.requests == []


KEY = "kR8vTq2LxW9zNc4MbY7s"
ADDRESS = "10.10.20.5"
LOCAL = {
    "ansible_connection": "local",
    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    "ansible_become": False,
}


def policy(
    name: str = "nfs", clients: str = f"{ADDRESS}/32", array: str = "10.10.10.7/32", **more: Any
) -> dict[str, Any]:
    key = {"secret_key": "{{ lookup('ansible.builtin.env', 'KEY') }}"}
    endpoints = {"local_endpoint": {"address": array, "port": 2049}, "remote_endpoint": {"address": clients}}
    return {"name": name, "action": "esp_transport", "protocol": "tcp", **endpoints, **key, **more}


def on_the_array(name: str, **more: Any) -> dict[str, Any]:
    local = {"address": "10.10.10.7", "netmask": "32", "port": "2049-2049"}
    remote = {"address": ADDRESS, "netmask": "32", "port": "0-0"}
    kind = {"action": "esp_transport", "protocol": "tcp", "authentication_method": "psk", "secret_key": KEY}
    return {"name": name, "svm": "svm1", "local_endpoint": local, "remote_endpoint": remote, **kind, **more}


class Check:
    """A rehearsal of the playbook, with clients that have no daemon yet."""

    def __init__(self, playbooks: Playbooks) -> None:
        self.playbooks, self.array = playbooks, playbooks.array
        self.clients = {"db1": ADDRESS}
        self.variables: dict[str, Any] = {"ipsec_max_deletes": 9, "ipsec_allow_empty": True}

    def files(self, *policies: dict[str, Any], cluster: str = "cluster1") -> None:
        path = self.playbooks.folder / "ipsec" / cluster / "svm1.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"svm": "svm1", "policies": list(policies)}), encoding="utf-8")

    def run(self, *arguments: str) -> Play:
        cluster = {"ipsec_hostname": f"{self.array.host}:{self.array.port}", **self.variables}
        clients = {
            name: {**LOCAL, "ipsec_client_install": False, "ipsec_client_addresses": [address]}
            for name, address in self.clients.items()
        }
        hosts = {"clients": {"hosts": clients}, "clusters": {"hosts": {"cluster1": cluster}}}
        (self.playbooks.folder / "inventory.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
        given = ["-i", "inventory.yml", "--check", *arguments]
        return self.playbooks.run(CHECKOUT / "playbooks" / "protect.yml", *given, environment={"KEY": KEY})


def with_ipsec_off(check: Check) -> tuple[str, ...]:
    check.array.ipsec_enabled = False
    check.files(policy())
    return ()


def with_a_policy_that_is_disabled(check: Check) -> tuple[str, ...]:
    check.array.add_policy(on_the_array("nfs"))
    check.files(policy(enabled=False))
    return ()


def with_a_policy_for_nobody(check: Check) -> tuple[str, ...]:
    check.files(policy(), policy("others", "10.10.20.9/32"))
    return ()


def with_another_key_for_nobody(check: Check) -> tuple[str, ...]:
    check.array.add_policy(on_the_array("others", remote_endpoint={"address": "10.10.20.9", "netmask": "32"}))
    check.files(policy("others", "10.10.20.9/32", recreate=True, update_secret_key="always"))
    return ()


def with_a_policy_enabled_for_nobody(check: Check) -> tuple[str, ...]:
    check.array.add_policy(on_the_array("nfs", enabled=False))
    check.files(policy(clients="10.10.30.0/24", remote_identity="others.example.com"))
    return ()


def with_a_canary_of_a_subnet(check: Check) -> tuple[str, ...]:
    check.clients["db2"] = "10.10.20.6"
    check.files(policy(clients="10.10.20.0/24", remote_identity="clients.example.com"))
    return ("-l", "db1,cluster1")


def with_files_of_an_array_that_takes_no_part(check: Check) -> tuple[str, ...]:
    check.files(policy())
    check.files(policy(array="10.10.10.8/32"), cluster="cluster2")
    return ()


def with_a_subnet_of_the_array(check: Check) -> tuple[str, ...]:
    check.files(policy(array="10.10.10.8/30", local_identity="storage.example.com"))
    return ()


def without_a_proof(check: Check) -> tuple[str, ...]:
    check.files(policy())
    return ("-e", "ipsec_verify=false")


def with_a_host_that_is_both(check: Check) -> tuple[str, ...]:
    check.clients["cluster1"] = "10.10.20.7"
    check.files(policy())
    return ()


def with_a_note_that_can_not_be_read(check: Check) -> tuple[str, ...]:
    note = check.playbooks.folder / "ipsec-reports" / "cluster1" / "protect.json"
    note.parent.mkdir(parents=True)
    note.write_text('{"made": [', encoding="utf-8")
    check.files(policy())
    return ()


@pytest.mark.parametrize(
    ("arranged", "message"),
    [
        (with_ipsec_off, "IPsec is switched off on cluster1, and ONTAP may list none of its policies then."),
        (with_a_policy_that_is_disabled, "Protection would be taken away by nfs."),
        (with_a_policy_for_nobody, "No client of this run is met by svm1/others,"),
        (with_another_key_for_nobody, "No client of this run is met by svm1/others,"),
        (with_a_policy_enabled_for_nobody, "No client of this run is met by svm1/nfs,"),
        (
            with_a_canary_of_a_subnet,
            "Others than the clients of this run would be cut off by svm1/nfs, and --limit leaves out db2.",
        ),
        (with_files_of_an_array_that_takes_no_part, "Packets of clients would wait for cluster2, because"),
        (with_a_subnet_of_the_array, "Nobody can negotiate wiresec-cluster1--svm1--nfs"),
        (without_a_proof, "ipsec_verify is off, and without a proof nothing is protected."),
        (with_a_host_that_is_both, "Hosts can not be clients and clusters: cluster1."),
        (with_a_note_that_can_not_be_read, "ipsec-reports/cluster1/protect.json can't be read."),
    ],
)
def test_what_would_cut_somebody_off_is_refused_before_anything_changes(
    playbooks: Playbooks, arranged: Callable[[Check], tuple[str, ...]], message: str
) -> None:
    check = Check(playbooks)
    play = check.run(*arranged(check))
    assert play.code and "Nothing was changed. " in play.output and message in " ".join(play.output.split()), (
        play.output
    )
    assert writes(check.array) == []


@pytest.mark.parametrize("pattern", ["others", "svm1/others", "svm1/oth*", "other?"])
def test_policies_that_somebody_else_answers_for_are_no_obstacle(playbooks: Playbooks, pattern: str) -> None:
    check = Check(playbooks)
    check.variables["ipsec_verify_ignore"] = [pattern]
    with_a_policy_for_nobody(check)
    play = check.run()
    assert (play.code, play.changed) == (0, ["wiresec.ontap.ipsec_client : Write what the policies ask of this host"])


def test_another_identity_is_no_obstacle_because_both_ends_learn_it(playbooks: Playbooks) -> None:
    check = Check(playbooks)
    check.array.add_policy(on_the_array("nfs"))
    check.files(policy(remote_identity="db1.example.com"))
    play = check.run()
    assert play.code == 0 and "1 to modify" in play.output, play.output


@pytest.mark.parametrize(
    ("playbook", "arguments"),
    [
        ("protect", ("--skip-tags", "always")),
        ("clients", ("--skip-tags", "always")),
        ("clients", ("-l", "cluster1")),
        ("client_config", ("--skip-tags", "always")),
        ("client_config", ("-l", "cluster1")),
    ],
)
def test_what_leaves_nothing_to_do_does_not_end_well(
    playbooks: Playbooks, playbook: str, arguments: tuple[str, ...]
) -> None:
    hosts = {"clients": {"hosts": {"db1": LOCAL}}, "clusters": {"hosts": {"cluster1": LOCAL}}}
    (playbooks.folder / "inventory.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    play = playbooks.run(CHECKOUT / "playbooks" / f"{playbook}.yml", "-i", "inventory.yml", *arguments)
    assert play.code and "nothing is left to do" in play.output, play.output


def test_a_policy_of_an_interrupted_run_that_is_in_use_by_now_is_not_taken_back(playbooks: Playbooks) -> None:
    check = Check(playbooks)
    other = {"local_endpoint": {"address": "10.10.10.8", "netmask": "32", "port": "2049-2049"}}
    check.array.add_policy(on_the_array("nfs"))
    check.array.add_policy(on_the_array("other", **other))
    check.array.establish("nfs", "svm1")
    note = playbooks.folder / "ipsec-reports" / "cluster1" / "protect.json"
    note.parent.mkdir(parents=True)
    made = [{"name": name, "svm": "svm1"} for name in ("nfs", "other")]
    note.write_text(json.dumps({"made": made}), encoding="utf-8")
    check.files(policy(), policy("other", array="10.10.10.8/32"))
    play = check.run()
    facts = play.result("Forget those, because they were proven since")["ansible_facts"]
    assert facts == {"ipsec_protect_pending": made[1:]}, play.output
