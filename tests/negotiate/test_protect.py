# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook protect, with arrays that negotiate and clients that are in use: it goes all the way, or all the way back."""

from __future__ import annotations

from typing import Any

import pytest

from lab.hosts import Conversation, wait_until
from lab.site import Site
from simulator import Request

PROTECT = "wiresec.ontap.protect"
KEYS = {"KEY": "kR8vTq2LxW9zNc4MbY7s", "NEXT_KEY": "mP3wZs6HyD8aFj5QeU1t"}
ARRAYS = {"cluster1": "10.10.10.7", "cluster2": "10.10.10.8"}
CLIENT = "10.10.20.5"
PATIENCE = 120


def policy(
    name: str, port: int = 2049, array: str = ARRAYS["cluster1"], key: str = "KEY", **more: Any
) -> dict[str, Any]:
    return {
        "name": name,
        "action": "esp_transport",
        "protocol": "tcp",
        "local_endpoint": {"address": f"{array}/32", "port": port},
        "remote_endpoint": {"address": f"{CLIENT}/32"},
        "secret_key": f"{{{{ lookup('ansible.builtin.env', '{key}') }}}}",
        **more,
    }


def discarded(name: str, port: int) -> dict[str, Any]:
    return {key: value for key, value in policy(name, port, action="discard").items() if key != "secret_key"}


class Way:
    """A client that uses arrays in clear, and the files of what is to become of it."""

    def __init__(self, site: Site, daemon: str, *clusters: str) -> None:
        self.site = site
        site.secrets.update(KEYS)
        self.client = site.client("db1", daemon, f"{CLIENT}/16", ipsec_client_wait=PATIENCE)
        self.arrays = {name: site.array(name, f"{ARRAYS[name]}/16", ipsec_verify_wait=PATIENCE) for name in clusters}
        self.talks: dict[str, Conversation] = {}
        self.created = 0.0
        """When an array has been asked to create a policy."""
        for name, array in self.arrays.items():
            for port in (111, 2049):
                array.wire_side.serve(port)
            array.on_request = self._note
            self.talks[name] = self.client.talk(ARRAYS[name])
        assert wait_until(self.goes_on, PATIENCE)

    def files(self, *policies: dict[str, Any], cluster: str = "cluster1") -> None:
        self.site.write(f"ipsec/{cluster}/svm1.yml", {"svm": "svm1", "policies": list(policies)})

    def _note(self, request: Request) -> None:
        if request.method == "POST":
            self.created = self.created or self.site.network.now()

    def let_out(self) -> int:
        """How many packets of the client have left in clear since there are policies."""
        assert self.created, "nothing was created"
        return sum(one.count for one in self.site.network.in_clear(self.created) if one.source == CLIENT)

    def goes_on(self) -> bool:
        """Whether each connection has had an answer since now."""
        moment = self.site.network.now()
        return wait_until(lambda: all(talk.heard_since(moment) for talk in self.talks.values()), PATIENCE)

    def names(self, cluster: str = "cluster1") -> list[str]:
        return sorted(one["name"] for one in self.arrays[cluster].policies())

    def leftovers(self) -> list[str]:
        """What a way over keeps for the way back."""
        kept = self.client.try_to_run("ls", "-d", "/var/lib/wiresec-ipsec-client").out.split()
        return [*kept, *(str(one) for one in self.site.folder.glob("ipsec-reports/*/protect.json"))]


@pytest.mark.parametrize("daemon", ["strongswan", "libreswan"])
def test_traffic_in_use_becomes_encrypted_and_later_gets_another_key(site: Site, daemon: str) -> None:
    way = Way(site, daemon, "cluster1")
    array, talk = way.arrays["cluster1"], way.talks["cluster1"]
    way.files(discarded("rpc", 111), policy("nfs"))
    assert way.client.connect(array.wire_side.address, 111)["answered"]
    began = site.network.now()
    over = site.play(PROTECT)
    assert (over.code, way.names(), way.leftovers()) == (0, ["nfs", "rpc"], []), over.output
    assert not way.client.connect(array.wire_side.address, 111)["answered"]
    assert "Protected, seen from both ends" in over.output
    assert way.goes_on() and way.client.children() == 1
    print(f"{daemon}, the way over: {talk.outage(began):.1f} s without an answer")
    encrypted = site.network.now()
    assert way.goes_on() and site.network.in_clear(encrypted) == []

    way.files(discarded("rpc", 111), policy("nfs", key="NEXT_KEY", recreate=True, update_secret_key="always"))
    began = site.network.now()
    rotated = site.play(PROTECT)
    assert rotated.code == 0, rotated.output
    assert way.goes_on() and way.client.children() == 1
    print(f"{daemon}, a new key: {talk.outage(began):.1f} s without an answer")
    made = array.policy("nfs", "svm1")
    assert made and made["secret_key"] == KEYS["NEXT_KEY"]
    # Between its delete and its create, an array sends in clear what it sends by itself.
    encrypted = site.network.now()

    way.files(discarded("rpc", 111), policy("nfs", key="NEXT_KEY"))
    settled = site.play(PROTECT)
    assert (settled.code, settled.changed, way.leftovers()) == (0, [], []), settled.output
    assert way.goes_on() and site.network.in_clear(encrypted) == []
    assert way.let_out() == 0

    # It is in no file any more, and still on the array: without its trap the client would be cut off, and let packets out.
    way.files(discarded("rpc", 111))
    refused = site.play(PROTECT)
    assert refused.code and "Clients would lose wiresec-cluster1--svm1--nfs" in refused.output, refused.output
    assert way.goes_on() and site.network.in_clear(encrypted) == []


def test_two_arrays_go_all_the_way_together_or_back_together(site: Site) -> None:
    way = Way(site, "strongswan", "cluster1", "cluster2")
    for name, address in ARRAYS.items():
        way.files(policy("nfs", array=address), cluster=name)
    way.arrays["cluster2"].wire_side.blocks_ike = True

    killed = site.play(PROTECT, killed_after=("POST", "/api/security/ipsec/policies"))
    assert killed.code and [name for name in way.arrays if way.names(name)]
    assert len(way.leftovers()) == 3

    # What the killed run has made goes, too.
    back = site.play(PROTECT, "-e", "ipsec_client_wait=5")
    assert back.code and "It is as it was before, because there is no proof from" in back.output, back.output
    assert "wiresec-cluster2--svm1--nfs" in back.output
    assert [way.names(name) for name in way.arrays] == [[], []]
    assert "10.10.10." not in way.client.traps() and way.leftovers() == []
    moment = site.network.now()
    assert way.goes_on() and site.network.in_clear(moment)

    way.arrays["cluster2"].wire_side.blocks_ike = False
    over = site.play(PROTECT)
    assert (over.code, way.leftovers()) == (0, []), over.output
    encrypted = site.network.now()
    assert way.goes_on() and way.client.children() == 2
    assert site.network.in_clear(encrypted) == []


@pytest.mark.parametrize(
    ("daemon", "policies_allowed", "problem"),
    [
        ("libreswan", None, "wiresec-cluster1--svm1--nfs"),
        ("strongswan", 0, "The SVM has as many IPsec policies as it may have"),
    ],
    ids=["libreswan-no_answer", "strongswan-refused_by_the_array"],
)
def test_without_a_proof_it_is_as_it_was(site: Site, daemon: str, policies_allowed: int | None, problem: str) -> None:
    way = Way(site, daemon, "cluster1")
    way.arrays["cluster1"].wire_side.blocks_ike = True
    way.arrays["cluster1"].policy_limit_per_svm = policies_allowed
    way.files(policy("nfs"))
    unapproved = site.play(PROTECT, "-e", "ipsec_require_approval=true")
    assert unapproved.code and "It has not been approved" in unapproved.output, unapproved.output
    assert "10.10.10." not in way.client.traps()

    back = site.play(PROTECT, "-e", "ipsec_client_wait=5")
    came_of_it = back.results[-1]["result"]["msg"]
    assert back.code and "It is as it was before, because there is no proof from" in came_of_it, back.output
    assert problem in came_of_it
    assert (way.names(), way.leftovers()) == ([], [])
    moment = site.network.now()
    assert way.goes_on() and site.network.in_clear(moment)
