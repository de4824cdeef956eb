# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook protect, with a real daemon and a simulated array: it goes all the way, or all the way back."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.client_host import ClientHost, Unavailable
from support.harness import Play, base_environment

KEY = "kR8vTq2LxW9zNc4MbY7s"
TRAP = "src 10.10.20.5/32 dst 10.10.10.7/32 proto tcp dport {}"
# Each play starts a module a task on a host that may be slow.
pytestmark = pytest.mark.timeout(600)

ARRAY = """
{python} tests/simulator --port 8443 --ca-file /run/ca.pem --env-file /run/array >/run/simulator 2>&1 &
for try in $(seq 300); do [ -s /run/array ] && break; sleep 0.1; done
cat /run/array
"""
LISTED = """
{python} -c '
import os, ssl, sys, urllib.request
request = urllib.request.Request("https://127.0.0.1:8443/api/security/ipsec/policies?fields=name")
import base64
request.add_header("Authorization", "Basic " + base64.b64encode(b"{account}").decode())
print(urllib.request.urlopen(request, context=ssl.create_default_context(cafile="/run/ca.pem")).read().decode())'
"""


class Site:
    """A client, an array beside it, and the repository of both."""

    def __init__(self, host: ClientHost, folder: Path) -> None:
        self.host, self.folder = host, folder
        lines = host.shell(ARRAY.format(python=sys.executable)).splitlines()
        pairs = (line.removeprefix("export ").partition("=") for line in lines if "=" in line)
        self.array = {name: value.strip("'\"") for name, _sign, value in pairs}
        self.policies: list[dict[str, Any]] = []

    def run(self, *arguments: str, **variables: Any) -> Play:
        """Runs the playbook, so loudly that everything that can be seen is seen. No key may be."""
        locally = {"ansible_connection": "local", "ansible_become": False}
        interpreter = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        client = {"ipsec_client_addresses": ["10.10.20.5"], "ipsec_client_install": False, "ipsec_client_wait": 4}
        hosts = {
            "clusters": {
                "hosts": {"cluster1": {"ipsec_hostname": self.array["ONTAP_HOSTNAME"]}},
                "vars": {"key": "{{ lookup('ansible.builtin.env', 'KEY') }}", **variables},
            },
            "clients": {"hosts": {"db1": {}}, "vars": {**locally, **interpreter, **client}},
        }
        self._write("inventory.yml", {"all": {"children": hosts}})
        self._write("ipsec/cluster1/svm1.yml", {"svm": "svm1", "policies": self.policies})
        environment = {
            **base_environment(self.folder / "results.jsonl"),
            **self.array,
            "ANSIBLE_HOME": str(self.folder / "home"),
            "KEY": KEY,
        }
        given = ["wiresec.ontap.protect", "-i", "inventory.yml", "-vvvv", "--diff", *arguments]
        done = self.host.play(given, environment, self.folder)
        assert KEY not in done.output + json.dumps(done.results)
        return done

    def _write(self, name: str, content: Any) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def traps(self) -> str:
        return self.host.shell("ip xfrm policy")

    def names(self) -> list[str]:
        """The policies that the array has."""
        account = f"{self.array['ONTAP_USERNAME']}:{self.array['ONTAP_PASSWORD']}"
        listed = json.loads(self.host.shell(LISTED.format(python=sys.executable, account=account)))
        return sorted(one["name"] for one in listed["records"])

    def leftovers(self) -> str:
        """What a way over keeps for the way back."""
        return self.host.shell(
            f"ls -d /var/lib/wiresec-ipsec-client {self.folder}/ipsec-reports/*/protect.json || true"
        )


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


def discarded(name: str, port: int) -> dict[str, Any]:
    return {key: value for key, value in policy(name, port, action="discard").items() if key != "secret_key"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    try:
        with ClientHost("strongswan") as host:
            yield Site(host, tmp_path)
    except Unavailable as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))


def test_it_goes_all_the_way_or_all_the_way_back(site: Site) -> None:
    # What needs no association is proven by being there.
    site.policies = [discarded("rpc", 111)]
    first = site.run()
    assert first.code == 0, first.output
    assert (site.names(), TRAP.format(111) in site.traps()) == (["rpc"], True)
    assert site.leftovers().count("No such file") == 2
    again = site.run()
    assert (again.code, again.changed) == (0, []), again.changed

    # A policy for somebody who takes no part would cut them off.
    site.policies.append(policy("others", 2049, remote_endpoint={"address": "10.10.20.9/32"}))
    refused = site.run()
    assert refused.code and "No client of this run is met by svm1/others" in refused.output, refused.output
    assert site.names() == ["rpc"]

    # The array of this test negotiates with nobody: there is no proof, and everything is as it was.
    site.policies[1] = policy("nfs", 2049)
    back = site.run()
    assert back.code and "It is as it was before, because there is no proof from" in back.output, back.output
    assert (
        "wiresec-cluster1--svm1--nfs" in back.output and "have no security association after 4 seconds" in back.output
    )
    assert (site.names(), TRAP.format(2049) in site.traps(), TRAP.format(111) in site.traps()) == (["rpc"], False, True)
    assert "2049" not in site.host.shell("cat /etc/swanctl/conf.d/wiresec-*")
    assert site.leftovers().count("No such file") == 2
