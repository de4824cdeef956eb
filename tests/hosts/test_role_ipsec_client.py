# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role ipsec_client on hosts with real daemons: it loads what is new, disturbs nobody, and shows no key."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.client_host import ClientHost, Unavailable
from support.harness import CHECKOUT, Play, base_environment

KEY = 'kR8"vTq2LxW9zNc4MbY7s'
NEW_KEY = "Zt7QpLm3vRx9WcN2kHsB"
SECRETS = [
    text for key in (KEY, NEW_KEY) for text in (key, json.dumps(key)[1:-1], base64.b64encode(key.encode()).decode())
]

PLAYBOOK = CHECKOUT / "playbooks" / "clients.yml"
NFS = "wiresec-cluster1--svm1--nfs"
SMB = "wiresec-cluster1--svm1--smb"
ISCSI = "wiresec-cluster1--svm1--iscsi"
# Each play starts a module a task on a host that may be slow.
pytestmark = pytest.mark.timeout(420)

TRAP = "src 10.10.20.5/32 dst 10.10.10.7/32 proto tcp dport {}"

OTHERS = {
    # Of the other connection of strongSwan there is no file: somebody has loaded it by the socket.
    "strongswan": (
        "printf 'connections { other { remote_addrs = 10.1.1.1\\n children { other { remote_ts = 10.1.1.1/32\\n"
        " start_action = trap } } } }' >/run/other.conf; swanctl --load-conns --file /run/other.conf"
    ),
    "libreswan": (
        "printf 'conn other\\n left=10.10.20.5\\n right=10.1.1.1\\n authby=secret\\n auto=ondemand\\n' >/etc/ipsec.d/other.conf; "
        "ipsec auto --add other; ipsec auto --ondemand other"
    ),
}
LOADED = {"strongswan": "swanctl --list-conns", "libreswan": "ipsec status"}


class Client:
    """A client, the repository of policies, and the role."""

    def __init__(self, host: ClientHost, daemon: str, folder: Path) -> None:
        self.host, self.daemon, self.folder = host, daemon, folder
        self.key = KEY
        self.certificate: dict[str, Any] = {}
        self.policies = [policy("nfs", 2049), policy("smb", 445, secret_key="{{ key }}")]

    def run(self, *arguments: str, playbook: Path = PLAYBOOK, **variables: Any) -> Play:
        """Runs the playbook, so loudly that everything that can be seen is seen. No key may be."""
        hosts = {
            "clusters": {"hosts": {"cluster1": {"key": "{{ lookup('env', 'KEY') }}"}}},
            "clients": {
                "hosts": {"db1": {}},
                "vars": {
                    "ansible_connection": "local",
                    "ansible_become": False,
                    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
                    "ipsec_client_addresses": ["10.10.20.5"],
                    "ipsec_client_install": False,
                    "ipsec_client_format": self.daemon,
                    **self.certificate,
                    **variables,
                },
            },
        }
        self._write("inventory.yml", {"all": {"children": hosts}})
        self._write("ipsec/cluster1/svm1.yml", {"policies": self.policies})
        environment = {
            **base_environment(self.folder / "results.jsonl"),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "KEY": self.key,
        }
        given = [str(playbook), "-i", "inventory.yml", "-vvvv", "--diff", *arguments]
        done = self.host.play(given, environment, self.folder)
        seen = done.output + json.dumps(done.results)
        assert [secret for secret in SECRETS if secret in seen] == []
        return done

    def _write(self, name: str, content: Any) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def known(self) -> dict[str, Any]:
        """What the host says of itself when it is diagnosed; there is no array to be asked, and that is a failure."""
        done = self.run("-e", "peer=10.10.20.5", playbook=PLAYBOOK.with_name("diagnose.yml"))
        assert "Nothing is known of any array." in done.result("Say what keeps them apart")["msg"], done.output
        text = (self.folder / "ipsec-reports" / "diagnosis-10.10.20.5.json").read_text(encoding="utf-8")
        assert [secret for secret in SECRETS if secret in text] == []
        found: dict[str, Any] = json.loads(text)["client"]
        return found

    def traps(self) -> str:
        return self.host.shell("ip xfrm policy")

    def loaded(self) -> str:
        return self.host.shell(LOADED[self.daemon])


def policy(name: str, port: int, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "action": "esp_transport",
        "protocol": "tcp",
        "local_endpoint": {"address": "10.10.10.7/32", "port": port},
        "remote_endpoint": {"address": "10.10.20.5/32"},
        "secret_key": "{{ key }}",
        **more,
    }


@pytest.fixture(params=["strongswan", "libreswan"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    """A host with a daemon that runs, and a connection of somebody else."""
    try:
        with ClientHost(request.param) as host:
            host.shell(OTHERS[request.param])
            yield Client(host, request.param, tmp_path)
    except Unavailable as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))


def loads(done: Play) -> tuple[list[str], list[str]]:
    """What was loaded into the daemon, and what was removed from it."""
    result = done.result("wiresec.ontap.ipsec_client : Load what is new")
    return result["loaded"], result["unloaded"]


def test_a_host_becomes_a_client_and_changes_with_the_files(client: Client) -> None:
    checked = client.run("--check")
    assert checked.code == 0 and checked.changed, checked.output
    assert NFS not in client.loaded() and "dport 2049" not in client.traps()

    first = client.run()
    assert first.code == 0, first.output
    assert loads(first) == ([NFS, SMB], [])
    assert TRAP.format(2049) in client.traps() and TRAP.format(445) in client.traps()
    assert "other" in client.loaded() and "10.1.1.1" in client.traps()
    again = client.run()
    assert (again.code, again.changed) == (0, []), again.changed
    known = client.known()
    assert known["running"], known["unread"]
    assert {(one["name"], one["loaded"], one["trapped"], one["trap"]) for one in known["connections"]} == {
        (name, True, True, True) for name in (NFS, SMB)
    }
    assert {one["remote_port"] for one in known["connections"]} == {2049, 445}

    # Only what is another one is loaded anew, and what no file has any more goes.
    client.policies[0]["local_endpoint"]["port"] = 2050
    client.policies.pop()
    client.policies.append(policy("iscsi", 3260, local_endpoint={"address": "10.10.10.8/32", "port": 3260}))
    changed = client.run()
    assert (changed.code, loads(changed)) == (0, ([ISCSI, NFS], [SMB])), changed.output
    assert TRAP.format(2050) in client.traps() and TRAP.format(2049) not in client.traps()
    # libreswan takes the trap away before it makes the next: meanwhile the kernel keeps the packets back.
    assert ("action block" in client.traps()) == (client.daemon == "libreswan")
    assert SMB not in client.loaded() and TRAP.format(445) not in client.traps()
    # Keys of other connections are nothing to one that stays.
    client.policies.pop()
    fewer = client.run()
    assert (fewer.code, loads(fewer)) == (0, ([], [ISCSI])), fewer.output

    # Another key disturbs nobody who is connected: libreswan reads it, and replaces no connection.
    client.key = NEW_KEY
    replaced = client.host.shell("grep -c 'added IKEv2 connection' /run/log || true")
    rotated = client.run()
    assert (rotated.code, loads(rotated)) == (0, ([NFS], [])), rotated.output
    assert client.host.shell("grep -c 'added IKEv2 connection' /run/log || true") == replaced

    # The last one goes only if that is meant.
    client.policies[0]["enabled"] = False
    last = client.run()
    assert last.code and "this host would lose all of its connections" in last.output
    assert TRAP.format(2050) in client.traps()
    gone = client.run(ipsec_client_state="absent")
    assert gone.code == 0, gone.output
    # A block of the kernel's may be there, which closed the gap of a moment ago and ends by itself.
    traps = re.sub(r"src .*\n\s+dir out action block", "", client.traps())
    assert "wiresec" not in client.loaded() and TRAP.format(2050) not in traps
    assert "other" in client.loaded() and "10.1.1.1" in client.traps()
    assert client.host.shell("find /etc -name 'wiresec*'") == ""


def test_a_certificate_comes_to_where_the_daemon_looks_for_it(client: Client, tmp_path: Path) -> None:
    pki = tmp_path / "pki"
    pki.mkdir()
    script = """
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -nodes -keyout ca.key -out ca.pem -days 9 -subj '/CN=Test CA'
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -nodes -keyout db1.key -out db1.csr -subj /C=US/O=Example/CN=db1
    openssl x509 -req -in db1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -out db1.pem
    """
    subprocess.run(["sh", "-euc", script], cwd=pki, check=True, capture_output=True)
    client.certificate = {
        "ipsec_client_certificate": str(pki / "db1.pem"),
        "ipsec_client_private_key": str(pki / "db1.key"),
        "ipsec_client_authorities": [str(pki / "ca.pem")],
    }
    by_certificate = {
        "certificate": "svm1",
        "secret_key": None,
        "local_identity": "C=US, O=Example, CN=svm1",
        "remote_identity": "C=US, O=Example, CN=db1",
    }
    client.policies = [{k: v for k, v in {**policy("nfs", 2049), **by_certificate}.items() if v is not None}]
    first = client.run()
    assert (first.code, loads(first)) == (0, ([NFS], [])), first.output
    assert TRAP.format(2049) in client.traps() and "CN=db1" in client.loaded()
    key = (pki / "db1.key").read_text(encoding="utf-8").splitlines()[1]
    assert key not in first.output
    again = client.run()
    assert (again.code, again.changed) == (0, []), again.changed

    # A year later: for the same key and names, and as old as if it had been here all the time.
    sign = "openssl x509 -req -in db1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out db1.pem -days"
    subprocess.run(["sh", "-euc", f"{sign} 9; touch -d 2020-01-01 db1.pem"], cwd=pki, check=True, capture_output=True)
    renewed = client.run()
    assert (renewed.code, loads(renewed)) == (0, ([NFS], [])), renewed.output
    assert TRAP.format(2049) in client.traps()
    again = client.run()
    assert (again.code, again.changed) == (0, []), again.changed

    # libreswan would give up the trap for one that has expired.
    subprocess.run(["sh", "-euc", f"{sign} -1"], cwd=pki, check=True, capture_output=True)
    expired = client.run()
    refused = ["wiresec.ontap.ipsec_client : Refuse a certificate that has expired"]
    assert expired.failed == (refused if client.daemon == "libreswan" else []), expired.output
    assert TRAP.format(2049) in client.traps()


def test_a_daemon_that_does_not_run_is_told(client: Client) -> None:
    client.host.shell(
        "kill $(cat /run/pluto/pluto.pid 2>/dev/null || pidof charon-systemd); sleep 1; rm -f /run/pluto/pluto.pid"
    )
    done = client.run()
    assert done.code and "is it running?" in done.output.lower(), done.output
    known = client.known()
    assert (known["running"], [one["loaded"] for one in known["connections"]]) == (False, [None, None])
