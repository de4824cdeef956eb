# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security associations: list all of them with every field, pick some, read one."""

from __future__ import annotations

from netapp_ontap.resources import SecurityAssociation
from script import arguments, refused, report


def listed(**parameters: object) -> list[list[str]]:
    """Return policy, node and type of the associations that match."""
    found = SecurityAssociation.get_collection(fields="policy_name,node.name,type", **parameters)
    return [[one.policy_name, one.node.name, one.type] for one in found]


arguments()
everything = [one.to_dict() for one in SecurityAssociation.get_collection(fields="*", max_records=3)]
one = SecurityAssociation(uuid=everything[0]["uuid"])
one.get()
report(
    {
        "everything": everything,
        "one": one.to_dict(),
        "established": listed(**{"ike.state": "established"}),
        "of_node": listed(**{"node.name": "cluster1-02", "type": "ipsec"}),
        "busy": listed(**{"ipsec.inbound.bytes": ">0"}),
        "ordered": listed(order_by="policy_name desc,type desc", max_records=2),
        "counted": SecurityAssociation.count_collection(type="ike"),
        "raw": len(list(SecurityAssociation.fast_get_collection(max_records=2))),
        "unknown": refused(SecurityAssociation(uuid="5ab4aa51-0000-0000-0000-000000000000").get),
        "no_such_filter": refused(lambda: listed(name="p")),
    }
)
