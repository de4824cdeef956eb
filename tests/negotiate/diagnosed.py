# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A diagnosis of a client of the lab. Its half is what its daemon says; the array's is a simulated one that knows what the lab's does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import Unprotected
from ansible_collections.wiresec.ontap.plugins.plugin_utils._2_diagnosis.both_ends import diagnosis
from lab import modules
from lab.ontap import Policy
from simulator import Simulator
from support.harness import health

if TYPE_CHECKING:
    from negotiate.course import Course

SYMPTOMS = {"ike_without_child", "sent_unprotected"}
"""What the array sees of a mistake, whichever it is."""


def findings(course: Course) -> list[dict[str, Any]]:
    """What a diagnosis finds now."""
    client = modules.info(course.client, course.daemon)
    with Simulator() as array:
        _tell(array, course)
        try:
            half = health(array, peer=course.client.address, wait=0)
        except Unprotected as error:
            half = error.result()
    return diagnosis("cluster1", half, client)


def _tell(array: Simulator, course: Course) -> None:
    """Lets a simulated array have the policies, the associations and the events that the lab's has, or would have."""
    for policy in course.policies:
        if "certificate" in policy:
            array.add_certificate(str(policy["certificate"]), "svm1", "server")
        array.add_policy(_record(policy))
        ike, child = course.array.has_associations(policy)
        if ike:
            hosts = {"local_address": course.array.address, "remote_address": course.client.address}
            array.establish(str(policy["name"]), "svm1", ipsec=child, **hosts)
    for packet in course.network.in_clear(course.began):
        if packet.source == course.client.address:
            array.packet_in(packet.source, course.array.address, port=packet.destination_port)


def _record(policy: Policy) -> dict[str, Any]:
    """A policy of a file, as ONTAP has it. Its key stays where it is."""
    record = {
        key: one
        for key, one in policy.items()
        if key in ("name", "action", "local_identity", "remote_identity", "certificate")
    }
    for side in ("local_endpoint", "remote_endpoint"):
        address, _slash, netmask = policy[side]["address"].partition("/")
        port = policy[side].get("port", 0)
        whole = "128" if ":" in address else "32"
        record[side] = {"address": address, "netmask": netmask or whole, "port": f"{port}-{port}"}
    ppk = {"ppk": {"identity": policy["ppk"]["identity"]}} if "ppk" in policy else {}
    return {**record, **ppk, "svm": "svm1", "protocol": str(policy.get("protocol", "any"))}
