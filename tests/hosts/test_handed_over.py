# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that somebody else manages: what the guide tells to write, to hand over and to type there puts the traps in place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.client_host import ClientHost, Unavailable
from support.harness import CHECKOUT, ansible_playbook, base_environment
from support.pages import blocks

PAGE = CHECKOUT / "docs" / "both_ends.md"
KEY = "kR8vTq2LxW9zNc4MbY7s"
LOOK = "ip xfrm policy list nosock"
pytestmark = pytest.mark.timeout(420)

WAY_BACK = {
    "strongswan": "rm /etc/swanctl/conf.d/wiresec-*; swanctl --load-all",
    "libreswan": "ipsec auto --delete {name}; rm /etc/ipsec.d/wiresec-*; ipsec auto --rereadsecrets",
}


@pytest.mark.parametrize(
    ("daemon", "name", "address"), [("strongswan", "db1", "10.10.20.5"), ("libreswan", "db2", "10.10.20.6")]
)
def test_what_the_guide_hands_over_makes_packets_wait(daemon: str, name: str, address: str, tmp_path: Path) -> None:
    (inventory,) = [block for block in blocks(PAGE, "yaml") if block.startswith("all:")]
    (policies,) = [block for block in blocks(PAGE, "yaml") if block.startswith("svm:")]
    (written,) = [block for block in blocks(PAGE, "console") if "wiresec.ontap.client_config" in block]
    (typed,) = [block for block in blocks(PAGE, "console") if LOOK in block and address.replace(".", "-") in block]
    before, _look, after = typed.partition(f"{LOOK}\n")
    # The rest takes an array that answers, and each line of it is one that tests of the role type.
    assert all(line.split()[0] in ("swanctl", "ipsec") for line in after.splitlines())
    (tmp_path / "inventory.yml").write_text(inventory, encoding="utf-8")
    (tmp_path / "ipsec" / "cluster1").mkdir(parents=True)
    (tmp_path / "ipsec" / "cluster1" / "svm1.yml").write_text(policies, encoding="utf-8")
    arguments = [*written.splitlines()[0].split()[1:], "-e", f"vault_nfs_clients_key={KEY}"]
    play = ansible_playbook(arguments, base_environment(tmp_path / "results.jsonl"), tmp_path)
    assert play.code == 0 and KEY not in play.output, play.output
    trap = f"src {address}/32 dst 10.10.10.7/32 proto tcp dport 2049"
    connection = f"wiresec-cluster1--svm1--nfs-clients--{address.replace('.', '-')}"
    try:
        with ClientHost(daemon) as host:
            # pluto looks for addresses when it starts, and when it is told.
            host.shell("ip address add 10.10.20.6/24 dev lo; ! command -v ipsec || ipsec whack --listen")
            assert trap not in host.shell(LOOK)
            host.shell(f"set -e; cd '{tmp_path}/ipsec-clients/{name}'; {before}")
            assert trap in host.shell(LOOK)
            host.shell(f"set -e; {WAY_BACK[daemon].format(name=connection)}")
            assert trap not in host.shell(LOOK)
    except Unavailable as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))
