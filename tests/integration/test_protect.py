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


def with_policies_that_protect_less_or_nobody_of_this_run(check: Check) -> tuple[str, ...]:
    host, others = {"netmask": "32"}, "10.10.20.9"
    check.array.add_policy(on_the_array("less"))
    check.array.add_policy(on_the_array("rekeyed", remote_endpoint={"address": others, **host}))
    check.array.add_policy(on_the_array("enabled", enabled=False, remote_endpoint={"address": ADDRESS, **host}))
    check.files(
        policy("less", enabled=False),
        policy("new", f"{others}/32", array="10.10.10.8/32"),
        policy("rekeyed", f"{others}/32", recreate=True, update_secret_key="always"),
        policy("enabled", "10.10.30.0/24", remote_identity="others.example.com"),
    )
    return ("-e", "ipsec_verify=false")


def with_arrays_that_can_not_answer(check: Check) -> tuple[str, ...]:
    check.array.ipsec_enabled = False
    check.files(policy(array="10.10.10.8/30", local_identity="storage.example.com"))
    check.files(policy(array="10.10.10.16/32"), cluster="cluster2")
    return ()


def with_a_canary_of_a_subnet(check: Check) -> tuple[str, ...]:
    check.clients["db2"] = "10.10.20.6"
    check.files(policy(clients="10.10.20.0/24", remote_identity="clients.example.com"))
    return ("-l", "db1,cluster1")


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
    ("arranged", "messages"),
    [
        (
            with_policies_that_protect_less_or_nobody_of_this_run,
            [
                "ipsec_verify is off, and without a proof nothing is protected.",
                "Protection would be taken away by less.",
                "No client of this run is met by svm1/new, svm1/enabled, svm1/rekeyed, svm1/less, and",
            ],
        ),
        (
            with_arrays_that_can_not_answer,
            [
                "IPsec is switched off on cluster1, and ONTAP may list none of its policies then.",
                "Nobody can negotiate wiresec-cluster1--svm1--nfs",
                "Packets of clients would wait for cluster2, because",
            ],
        ),
        (
            with_a_canary_of_a_subnet,
            ["Others than the clients of this run would be cut off by svm1/nfs, and --limit leaves out db2."],
        ),
        (with_a_host_that_is_both, ["Hosts can not be clients and clusters: cluster1."]),
        (with_a_note_that_can_not_be_read, ["ipsec-reports/cluster1/protect.json can't be read."]),
    ],
)
def test_what_would_cut_somebody_off_is_refused_before_anything_changes(
    playbooks: Playbooks, arranged: Callable[[Check], tuple[str, ...]], messages: list[str]
) -> None:
    check = Check(playbooks)
    play = check.run(*arranged(check))
    output = " ".join(play.output.split())
    assert play.code and "Nothing was changed. " in output, play.output
    assert [message for message in messages if message not in output] == [], play.output
    assert writes(check.array) == []


def test_policies_that_somebody_else_answers_for_are_no_obstacle(playbooks: Playbooks) -> None:
    check = Check(playbooks)
    check.variables["ipsec_verify_ignore"] = ["others", "svm1/else", "svm1/some*", "backup?"]
    ignored = ("others", "else", "somebody", "backup1")
    check.files(policy(), *(policy(name, f"10.10.20.{90 + at}/32") for at, name in enumerate(ignored)))
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
