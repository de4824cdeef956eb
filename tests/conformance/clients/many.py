# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List page by page, count, change and delete all policies that match."""

from __future__ import annotations

from netapp_ontap.resources import IpsecPolicy
from script import arguments, refused, report

given = arguments()


def listed(**filters: object) -> list[str]:
    """Return the names of the policies that match."""
    return [policy.name for policy in IpsecPolicy.get_collection(**filters)]


outcome = {
    "all": listed(),
    "paged": listed(max_records=2, fields="*"),
    "raw": [policy.name for policy in IpsecPolicy.fast_get_collection(max_records=3)],
    "filtered": listed(**{"name": "p1|p3*", "svm.name": "svm1"}),
    "ordered": listed(order_by="name desc", max_records=2),
    "counted": IpsecPolicy.count_collection(name="p*"),
    "two": refused(lambda: IpsecPolicy.find(name="p*")) is not None,
}
if given["bulk"]:
    IpsecPolicy.patch_collection({"enabled": False}, name="p1")
    IpsecPolicy.delete_collection(name="p2*")
report(outcome)
