# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stops the playbook protect before anything is changed. With real daemons it is in tests/negotiate."""

from __future__ import annotations

import pytest
import yaml

from support.harness import CHECKOUT, Playbooks


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
