# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration of clients from the files of clusters, as a playbook writes it: all or nothing, and no key anywhere else."""

from __future__ import annotations

import base64
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

from support.harness import CHECKOUT, Play, ansible_playbook, base_environment

pytestmark = pytest.mark.covers_plays

NFS_KEY = 'kR8"vTq2$xW9zNc4\\bY7s'
SMB_KEY = "Zt7QpLm3vRx9WcN2kHsB"
PPK_KEY = "Hd5JwXq8RzP3uVt6KcMa"
PASSWORD = "password-of-the-vault"
SECRETS = [
    text
    for key in (NFS_KEY, SMB_KEY, PPK_KEY)
    for text in (key, json.dumps(key)[1:-1], base64.b64encode(key.encode()).decode())
]

Run = Callable[..., Play]


def vaulted(text: str) -> str:
    return VaultLib([("default", VaultSecret(PASSWORD.encode()))]).encrypt(text).decode()


def policy(name: str, address: str, port: int, **more: Any) -> dict[str, Any]:
    """An entry of a policy file."""
    return {
        "name": name,
        "action": "esp_transport",
        "protocol": "tcp",
        "local_endpoint": {"address": address, "port": port},
        "remote_endpoint": {"address": "10.10.20.0/24"},
        **more,
    }


class Tagged(str):
    """Text that stands in a file under !vault."""


yaml.SafeDumper.add_representer(Tagged, lambda dumper, value: dumper.represent_scalar("!vault", str(value), style="|"))


def repository(folder: Path) -> None:
    """Two clusters, whose keys only they know, and two clients."""
    files: dict[str, Any] = {
        "inventory.yml": {
            "all": {
                "children": {
                    "clusters": {"hosts": {"cluster1": {"key": "{{ lookup('env', 'NFS_KEY') }}"}, "cluster2": {}}},
                    "clients": {
                        "hosts": {"db1": {"key": "the key of nobody, 18 characters"}, "db2": {}},
                        "vars": {
                            "ansible_connection": "local",
                            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
                        },
                    },
                }
            }
        },
        "ipsec/cluster1/svm1.yml": {
            "policies": [
                policy("nfs", "10.10.10.7/32", 2049, secret_key="{{ key }}", remote_identity="nfs-clients"),
                policy("far", "10.10.10.7/32", 445, remote_endpoint={"address": "10.99.0.0/16"}, secret_key="{{ no }}"),
                policy("off", "10.10.10.7/32", 111, enabled=False, secret_key="{{ key }}"),
            ]
        },
        "ipsec/cluster1/cluster_scope.yml": {"scope": "cluster", "ipsec_config": {"offload_enabled": True}},
        "ipsec/cluster2/svm2/smb.yml": {
            "policies": [
                policy(
                    "smb",
                    "10.30.10.7/32",
                    445,
                    secret_key=Tagged(vaulted(SMB_KEY)),
                    ppk={"identity": "quantum-1", "shared_key": Tagged(vaulted(PPK_KEY))},
                ),
                {**policy("ping", "10.30.10.7/32", 0, action="bypass", protocol="icmp")},
            ]
        },
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    (folder / "password").write_text(PASSWORD, encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path, place: Path) -> Run:
    """Runs tasks for a client, so loudly that everything that can be seen is seen. No key may be."""
    repository(tmp_path)

    def run(tasks: list[dict[str, Any]], *arguments: str, host: str = "db1") -> Play:
        play = [{"name": "test", "hosts": host, "gather_facts": False, "tasks": tasks}]
        (tmp_path / "play.yml").write_text(yaml.safe_dump(play, sort_keys=False), encoding="utf-8")
        environment = {
            **base_environment(tmp_path / "results.jsonl"),
            "ANSIBLE_HOME": str(place / "home"),
            "NFS_KEY": NFS_KEY,
        }
        common = ("-i", "inventory.yml", "--vault-password-file", "password", "-vvvv", "--diff")
        done = ansible_playbook(["play.yml", *common, *arguments], environment, tmp_path)
        seen = done.output + json.dumps(done.results)
        assert [secret for secret in SECRETS if secret in seen] == []
        return done

    return run


def configure(**options: Any) -> dict[str, Any]:
    given = {"addresses": ["10.10.20.5"], "directory": "out", "make_directory": True, **options}
    told = {name: value for name, value in given.items() if value is not None}
    return {"name": "configure", "wiresec.ontap.ipsec_client_config": told}


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((folder / "out").iterdir())}


def test_a_client_gets_what_concerns_it_and_a_second_run_changes_nothing(run: Run, tmp_path: Path) -> None:
    done = run([configure()])
    result = done.result("configure")
    assert (done.code, done.changed) == (0, ["configure"]), done.output
    assert [(one["does"], one["remote"]["address"], one["remote"]["port"]) for one in result["connections"]] == [
        ("protect", "10.10.10.7", 2049),
        ("pass", "10.30.10.7", 0),
        ("protect", "10.30.10.7", 445),
    ]
    assert result["connections"][0]["local"] == {"address": "10.10.20.5", "port": 0, "identity": "nfs-clients"}
    assert {one["policy"]: one["reason"] for one in result["unconcerned"]} == {
        "far": "remote_endpoint 10.99.0.0/16 has none of the addresses 10.10.20.5",
        "off": "is disabled",
    }
    written = files(tmp_path)
    assert list(written) == [
        "wiresec-cluster1--secrets.conf",
        "wiresec-cluster1.conf",
        "wiresec-cluster2--secrets.conf",
        "wiresec-cluster2.conf",
    ]
    # Templates saw the variables of the cluster, and not those of the client.
    assert base64.b64encode(NFS_KEY.encode()).decode() in written["wiresec-cluster1--secrets.conf"]
    assert "replay_window = 0" in written["wiresec-cluster1.conf"]
    assert "replay_window" not in written["wiresec-cluster2.conf"]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()} == {0o600}
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert "+(new, not shown)" in done.output and "+    proposals = aes256-sha384-ecp384" in done.output
    again = run([configure()])
    assert (again.code, again.changed) == (0, []), again.output
    assert {one["operation"] for one in again.result("configure")["files"]} == {"none"}


def test_check_mode_says_what_would_be_written_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    done = run([configure()], "--check")
    assert (done.code, done.changed, (tmp_path / "out").exists()) == (0, ["configure"], False), done.output
    assert "+    proposals = aes256-sha384-ecp384" in done.output
    assert len(done.result("configure")["added_connections"]) == 3


def test_only_own_files_are_removed_and_never_the_last_connection_by_the_way(run: Run, tmp_path: Path) -> None:
    assert run([configure()]).code == 0
    out = tmp_path / "out"
    (out / "other.conf").write_text("connections {}\n", encoding="utf-8")
    (out / "wiresec-notes.txt").write_text("mine\n", encoding="utf-8")
    (out / "wiresec-cluster1.conf").chmod(0o644)
    one = run([configure(clusters=["cluster1"])])
    operations = {Path(file["path"]).name: file["operation"] for file in one.result("configure")["files"]}
    assert operations == {
        "wiresec-cluster1--secrets.conf": "none",
        "wiresec-cluster1.conf": "modified",
        "wiresec-cluster2--secrets.conf": "removed",
        "wiresec-cluster2.conf": "removed",
    }
    assert one.result("configure")["removed_connections"] == [
        "wiresec-cluster2--svm2--ping--10-10-20-5",
        "wiresec-cluster2--svm2--smb--10-10-20-5",
    ]
    before = files(tmp_path)
    last = run([configure(addresses=["10.77.0.1"])])
    assert last.code and "this host would lose all of its connections: wiresec-cluster1--svm1--nfs" in last.output
    assert files(tmp_path) == before
    assert run([configure(addresses=["10.77.0.1"], allow_empty=True)]).code == 0
    assert list(files(tmp_path)) == ["other.conf", "wiresec-notes.txt"]


def test_nothing_is_written_if_something_is_wrong(run: Run, tmp_path: Path) -> None:
    tasks = [
        {**configure(**options), "name": name, "ignore_errors": True}
        for name, options in {
            "unknown secret": {"addresses": ["10.99.1.1"]},
            "folder": {"policy_files": "policies"},
            "cluster": {"clusters": ["cluster3"]},
            "no clusters": {"clusters": []},
            "no address": {"addresses": []},
            "not an address": {"addresses": ["db1.example.com", "10.10.20.5"], "array_addresses": ["10.0.0.0/8"]},
            "format": {"format": "windows"},
            "directory": {"format": "nmstate", "directory": None},
            "missing directory": {"make_directory": False},
            "invalid": {"validate": "/bin/false %s"},
            "replay window": {"replay_window": -1},
        }.items()
    ]
    done = run(tasks)
    assert done.failed == [task["name"] for task in tasks], done.output
    told = {task["name"]: done.result(task["name"])["msg"] for task in tasks}
    for name, part in {
        "unknown secret": "policy far on SVM svm1 of cluster1: secret_key: its template needs no, which is undefined.",
        "folder": "policy_files: policies has no folder with policy files.",
        "cluster": "ipsec/cluster3: there is no such file or folder.",
        "no clusters": "clusters: is empty",
        "no address": "addresses: is empty",
        "not an address": "addresses: 'db1.example.com' is not an IPv4 or IPv6 address. array_addresses: '10.0.0.0/8' is not",
        "format": "Windows authenticates by certificates only",
        "directory": "directory: is needed with format nmstate.",
        "missing directory": "There is no folder out: is the daemon installed?",
        "invalid": "wiresec-cluster1.conf would not be valid: exit status 1.",
        "replay window": "replay_window: can't be less than 0.",
    }.items():
        assert part in told[name], (name, told[name])
    assert not (tmp_path / "out").exists() or files(tmp_path) == {}


def test_a_file_that_is_not_valid_replaces_nothing(run: Run, tmp_path: Path) -> None:
    assert run([configure(clusters=["cluster1"])]).code == 0
    before = files(tmp_path)
    # The file of the second cluster is refused, so that of the first, which would be fine, stays as it is, too.
    refuses = tmp_path / "refuses"
    refuses.write_text("#!/bin/sh\n! grep cluster2 $1\n", encoding="utf-8")
    refuses.chmod(0o755)
    done = run([configure(replay_window=64, validate=f"{refuses} %s")])
    assert (
        done.code and "Nothing was changed: out/wiresec-cluster2.conf would not be valid: # IPsec of db1" in done.output
    )
    assert files(tmp_path) == before


def test_policies_of_files_that_are_broken_are_told_with_their_place(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ipsec" / "cluster2" / "svm2" / "smb.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("port: 445", "port: 445-447"), encoding="utf-8")
    done = run([configure()])
    told = done.result("configure")["msg"]
    assert "ipsec/cluster2/svm2/smb.yml:7: local_endpoint.port: '445-447' is a range of ports" in told
    assert done.code and not (tmp_path / "out").exists()


FORMATS = {
    "libreswan": ["wiresec-cluster1.conf", "wiresec-cluster1.secrets"],
    "nmstate": ["wiresec-cluster1.yml"],
}


@pytest.mark.parametrize("way", FORMATS)
def test_other_formats(run: Run, tmp_path: Path, way: str) -> None:
    path = tmp_path / "ipsec" / "cluster1" / "svm1.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["policies"][0]["secret_key"] = Tagged(vaulted(SMB_KEY))
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    (tmp_path / "ipsec" / "cluster1" / "cluster_scope.yml").unlink()
    done = run([configure(format=way, clusters=["cluster1"])])
    assert done.code == 0, done.output
    assert list(files(tmp_path)) == FORMATS[way]
    assert ("NMState has no option for a trap" in done.output) == (way == "nmstate")


def test_files_are_the_same_wherever_the_repository_lies(run: Run, tmp_path: Path) -> None:
    first, moved = configure(), configure(policy_files=str(tmp_path / "ipsec"))
    done = run([first, {**moved, "register": "moved"}])
    assert done.code == 0, done.output
    assert [one["result"]["changed"] for one in done.results] == [True, False], done.output


@pytest.mark.parametrize("way", ["strongswan", "libreswan"])
def test_connections_are_compared_whatever_their_comments(run: Run, tmp_path: Path, way: str) -> None:
    task = configure(format=way, client="db1.example.com", clusters=["cluster2"])
    first = run([task]).result("configure")["compared"]
    assert first and set(first.values()) == {"missing"}
    # Another name of the client, and another mode of its files.
    for path in (tmp_path / "out").iterdir():
        path.chmod(0o640)
    looking = {**configure(format=way, clusters=["cluster2"], allow_empty=True), "check_mode": True}
    same = run([looking]).result("configure")
    assert (same["changed"], set(same["compared"].values())) == (True, {"same"})
    policies = [
        policy("smb", "10.30.10.7/32", 445, secret_key="an example that is long enough"),
        policy("new", "10.30.10.7/32", 2049, secret_key="an example that is long enough"),
    ]
    ppk = {"identity": "quantum-1", "shared_key": Tagged(vaulted(PPK_KEY))}
    (tmp_path / "ipsec" / "cluster2" / "svm2" / "smb.yml").write_text(
        yaml.safe_dump({"policies": [{**one, "ppk": ppk} for one in policies]}), encoding="utf-8"
    )
    done = run([looking])
    assert done.code == 0, done.output
    other = done.result("configure")["compared"]
    assert {name.split("--")[2]: how for name, how in other.items()} == {
        "smb": "other_secrets",
        "new": "missing",
        "ping": "surplus",
    }


def test_a_check_writes_no_secret_anywhere(run: Run, tmp_path: Path) -> None:
    # Each file is looked at in turn, beside what has been written before it.
    (tmp_path / "look").write_text('! ls "$(dirname "$1")"/.*secrets*\n', encoding="utf-8")
    looking = configure(validate=f"sh {tmp_path / 'look'} %s")
    assert run([{**looking, "check_mode": True}]).code == 0
    assert run([looking]).code, "where it writes them, they are seen like that"


def test_the_key_of_a_file_that_has_none_any_more_is_in_no_difference(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ipsec" / "cluster1" / "svm1.yml"
    (tmp_path / "ipsec" / "cluster1" / "cluster_scope.yml").unlink()
    former = yaml.safe_dump({"policies": [policy("smb", "10.30.10.7/32", 445, secret_key=SMB_KEY)]})
    path.write_text(former, encoding="utf-8")
    task = configure(format="nmstate", clusters=["cluster1"], certificate="db1")
    assert run([task]).code == 0
    assert SMB_KEY in files(tmp_path)["wiresec-cluster1.yml"]
    by_certificate = policy(
        "smb", "10.30.10.7/32", 445, certificate="svm1", local_identity="CN=svm1", remote_identity="ANYTHING"
    )
    path.write_text(yaml.safe_dump({"policies": [by_certificate]}), encoding="utf-8")
    done = run([task], "--diff")
    assert done.code == 0 and "wiresec-cluster1.yml" in done.output, done.output
    assert SMB_KEY not in files(tmp_path)["wiresec-cluster1.yml"]
    assert SMB_KEY not in done.output


def test_hosts_that_ansible_does_not_manage_get_their_files_on_the_controller(run: Run, tmp_path: Path) -> None:
    certificate = policy(
        "smb", "10.30.10.7/32", 445, certificate="svm2", local_identity="CN=svm2", remote_identity="ANYTHING"
    )
    (tmp_path / "ipsec" / "cluster2" / "svm2" / "smb.yml").write_text(
        yaml.safe_dump({"policies": [certificate]}), encoding="utf-8"
    )
    task = configure(
        format="windows", clusters=["cluster2"], certificate="store", authorities=["CN=Example's CA"], client="win1"
    )
    done = run([{**task, "delegate_to": "localhost"}], "-e", "ansible_connection=local")
    assert done.code == 0, done.output
    script = files(tmp_path)["wiresec-client.ps1"]
    assert "-Authority 'CN=Example''s CA'" in script and "IPsec of win1 with all arrays" in script
    # Whoever runs the script for a client that needs nothing any more gets rid of what there was.
    nothing = configure(format="windows", clusters=["cluster2"], addresses=["10.77.0.1"], allow_empty=True)
    assert run([nothing]).code == 0
    assert "Remove-$command" in files(tmp_path)["wiresec-client.ps1"]


@pytest.mark.parametrize("name", ["ipsec_client_config"])
def test_as_a_module_it_says_where_it_belongs(name: str) -> None:
    module = CHECKOUT / "plugins" / "modules" / f"{name}.py"
    given = json.dumps({"ANSIBLE_MODULE_ARGS": {"addresses": ["10.10.20.5"]}})
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / ".venv")}
    ran = subprocess.run(
        [sys.executable, str(module), given], env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    assert "is an action of the controller and can't run as a module" in json.loads(ran.stdout)["msg"]
