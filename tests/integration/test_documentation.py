# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every YAML block of README and guides: tasks and plays run in the order of the page, policy files pass the check.

A page is read from top to bottom, so its blocks share one array and are one playbook. Its policy files lie where its tasks
look for them, in ``ipsec/localhost``.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import options
from support.harness import CHECKOUT, Playbooks
from support.pages import blocks
from support.samples import KEY, NEW_KEY
from support.third_party import CLIENT_PYTHON

PAGES = sorted([CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *(CHECKOUT / "docs").glob("*.md")])
ENTRY = {*options.POLICY, *options.PERMISSIONS, "lint_ignore"}

# What is neither for Ansible nor a policy file, by what such a block has at its top.
OTHERS = {
    "README.md": {"all"},  # an inventory
    "both_ends.md": {"all"},  # an inventory, for tests/hosts
    "install.md": {"collections"},  # what ansible-galaxy is to install
    "awx.md": {
        "version",
        "fields",
        "file",
        "rrule",
        "ansible.builtin.import_playbook",
    },  # held against docs/awx by the tests of AWX
    "events.md": {"ipsec_events_clusters", "sources"},  # for ansible-rulebook: tests/eda
    "pki.md": {"ansible.builtin.import_playbook"},  # run in the lab: tests/negotiate
    "policy_files.md": {"uses"},  # a step of GitHub's
    "CONTRIBUTING.md": {"minor_changes"},  # a changelog fragment
    "real_array.md": {"ansible.builtin.import_playbook", "ontap_hostname"},  # run by the tests of probe and targets
}

# What pages take for granted: policies that are there before their first task.
NFS_CLIENTS = {
    "name": "nfs-clients",
    "svm": "svm1",
    "action": "esp_transport",
    "authentication_method": "psk",
    "local_endpoint": {"address": "10.10.10.7", "netmask": "32", "port": "2049-2049"},
    "remote_endpoint": {"address": "10.10.20.0", "netmask": "24"},
}
MONITORING = {**NFS_CLIENTS, "name": "monitoring", "action": "bypass", "authentication_method": "none"}
BEFORE = {"diagnosis.md": NFS_CLIENTS, "pki.md": NFS_CLIENTS, "rotation.md": NFS_CLIENTS, "quick_start.md": MONITORING}


@dataclass
class Page:
    """The YAML blocks of a page by what they are. parts: entries of a policy file that are shown without the rest of it."""

    plays: list[dict[str, Any]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    others: list[Any] = field(default_factory=list)


def sorted_out(page: Path) -> Page:
    """What the blocks of a page are."""
    result = Page()
    for text in blocks(page, "yaml", "yml"):
        content = yaml.safe_load(text)
        first = content[0] if isinstance(content, list) else content or {}
        if content is None:
            assert text.startswith("# yaml-language-server:"), f"{page.name}: {text}"
        elif "sources" in first:
            result.others.append(first)
        elif isinstance(content, list) and any("ansible.builtin.import_playbook" in one for one in content):
            result.others.append(content[-1])
        elif "hosts" in first:
            result.plays += content
        elif isinstance(content, list) and any("." in key and "import_playbook" not in key for key in first):
            result.plays.append({"name": "Tasks", "hosts": "localhost", "gather_facts": False, "tasks": content})
        elif {"policies", "ca_certificates"} & first.keys():
            result.files.append(text)
        elif isinstance(content, list) and all(entry.keys() <= ENTRY for entry in content):
            result.parts.append(text)
        else:
            result.others.append(first)
    return result


WITH_YAML = [page for page in PAGES if blocks(page, "yaml", "yml")]


@pytest.mark.parametrize("path", WITH_YAML, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run(playbooks: Playbooks, path: Path, others: Path) -> None:
    array = playbooks.array
    array.version = "9.18.1"
    array.auto_establish = True
    for svm in ("svm1", "svm2"):
        for certificate in ("second", "storage1"):
            array.add_certificate(certificate, svm, "server")
    if path.name in BEFORE:
        array.add_policy(BEFORE[path.name])
    page = sorted_out(path)
    known = OTHERS.get(path.name, set())
    assert [other for other in page.others if not known & other.keys()] == [], "neither run nor checked"
    plays = [*page.plays, *checks(playbooks.folder, page)]
    if not plays:
        return
    play = playbooks.run(
        plays,
        *variables(playbooks),
        environment={
            "IPSEC_NFS_KEY": KEY,
            "IPSEC_NFS_NEW_KEY": NEW_KEY,
            "ANSIBLE_COLLECTIONS_PATH": f"{playbooks.environment()['ANSIBLE_COLLECTIONS_PATH']}:{others}",
        },
    )
    assert (play.code, play.failed) == (0, []), play.output
    assert [secret for secret in (KEY, NEW_KEY, array.password) if secret in play.output] == []
    tasks = [task for one in plays for task in one["tasks"]]
    assert len({result["task"] for result in play.results}) == len({task["name"] for task in tasks}), play.output


def test_a_loop_by_names_shows_no_key_even_of_an_item_that_fails(playbooks: Playbooks) -> None:
    (task,) = [
        task
        for play in sorted_out(CHECKOUT / "docs" / "concepts.md").plays
        for task in play["tasks"]
        if "hosts_with_keys" in str(task)
    ]
    hosts = {"db1": {"address": "no address", "key": KEY}, "db2": {"address": "10.10.30.5", "key": NEW_KEY}}
    (playbooks.folder / "hosts.yml").write_text(yaml.safe_dump({"hosts_with_keys": hosts}), encoding="utf-8")
    play = playbooks.play([task], "-vvv", "-e", "@hosts.yml")
    assert (play.code, len(playbooks.array.policies())) == (2, 1), play.output
    assert [key for key in (KEY, NEW_KEY) if key in play.output] == []


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What somebody has who has other collections, too: community.crypto, and of the vendor's the group of defaults."""
    folder = tmp_path_factory.mktemp("others")
    meta = folder / "ansible_collections" / "netapp" / "ontap" / "meta"
    meta.mkdir(parents=True)
    (meta / "runtime.yml").write_text("action_groups: {netapp_ontap: []}\n", encoding="utf-8")
    (community,) = CLIENT_PYTHON.parent.parent.glob("lib/python*/site-packages/ansible_collections/community")
    (meta.parents[2] / "community").symlink_to(community)
    return folder


def checks(folder: Path, page: Page) -> list[dict[str, Any]]:
    """Writes the policy files of a page, and returns the play that checks them."""
    texts = {f"ipsec/localhost/{number}.yml": text for number, text in enumerate(page.files)}
    for number, text in enumerate(page.parts):
        texts[f"parts/{number}.yml"] = "svm: svm1\npolicies:\n" + textwrap.indent(text, "  ")
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    tasks = [
        {"name": f"Check {name}", "wiresec.ontap.ipsec_policy_lint": {"paths": [name], "ontap_version": "9.18.1"}}
        for name in texts
    ]
    return [{"name": "Policy files", "hosts": "localhost", "gather_facts": False, "tasks": tasks}] if tasks else []


def variables(playbooks: Playbooks) -> list[str]:
    """Inventory and variables that the pages speak of, as arguments of a run."""
    array = playbooks.array
    address = f"{array.host}:{array.port}"
    of_svm1 = {
        "name": "nfs-clients",
        "action": "esp_transport",
        "local_endpoint": {"address": "10.10.10.7/32", "port": 2049},
        "remote_endpoint": {"address": "10.10.20.0/24"},
        "protocol": "tcp",
        "remote_identity": "nfs-clients.example.com",
        "secret_key": "{{ vault_nfs_clients_key }}",
    }
    values = {
        "vault_nfs_clients_key": "{{ lookup('ansible.builtin.env', 'IPSEC_NFS_KEY') }}",
        "vault_nfs_clients_new_key": "{{ lookup('ansible.builtin.env', 'IPSEC_NFS_NEW_KEY') }}",
        "secret_key": KEY,
        "hosts_with_keys": {"db1": {"address": "10.10.30.5", "key": KEY}},
        "ipsec_policies_of_svm1": [of_svm1],
        "backup_network": "10.30.0.0/24",
        "netapp_hostname": address,
        "netapp_username": array.username,
        "netapp_password": array.password,
        "ontap_hostname": address,
        "ontap_username": array.username,
        "ontap_password": array.password,
        "vault_ontap_password": array.password,
        "ontap_ca_path": array.ca_path,
        "validate_certs": True,
    }
    python = "ansible_python_interpreter='{{ ansible_playbook_python }}'"
    hosts = f"localhost ansible_connection=local {python}\n[arrays]\n{address}\n"
    (playbooks.folder / "inventory.ini").write_text(hosts, encoding="utf-8")
    (playbooks.folder / "variables.yml").write_text(yaml.safe_dump(values), encoding="utf-8")
    return ["-i", "inventory.ini", "-e", "@variables.yml"]


def test_the_commands_of_the_quick_start_do_what_it_says(playbooks: Playbooks) -> None:
    page = (CHECKOUT / "docs" / "quick_start.md").read_text(encoding="utf-8")
    (playbooks.folder / "disable.yml").write_text(
        blocks(CHECKOUT / "docs" / "quick_start.md", "yaml")[0], encoding="utf-8"
    )
    key = {"IPSEC_NFS_KEY": re.findall(r"^export IPSEC_NFS_KEY=(\S+)$", page, re.MULTILINE)[0]}
    commands = [command.split() for command in re.findall(r"^ansible-playbook (.*)$", page, re.MULTILINE)]
    changes = []
    for name, *given in commands:
        file = Path("disable.yml") if name == "disable.yml" else CHECKOUT / "playbooks" / f"{name.split('.')[-1]}.yml"
        play = playbooks.run(file, *given, environment=key)
        assert (play.code, key["IPSEC_NFS_KEY"] in play.output) == (0, False), play.output
        changes.append(len(play.changed))
    assert changes == [3, 3, 0, 1, 1, 3]
    assert playbooks.array.policies() == []
