# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, change and delete many policies with one request each; once with one that can't be."""

from __future__ import annotations

from netapp_ontap.error import NetAppRestError
from netapp_ontap.resources import IpsecPolicy
from script import arguments, report

given = arguments()
created = IpsecPolicy.post_collection([IpsecPolicy.from_dict(body) for body in given["bodies"]], hydrate=True)
outcome = {"created": [policy.to_dict() for policy in created]}
try:
    IpsecPolicy.post_collection([IpsecPolicy.from_dict({**body, "name": name}) for name, body in given["later"]])
except NetAppRestError as error:
    outcome["refused"] = str(error)
for policy in created:
    policy.enabled = False
IpsecPolicy.patch_collection({}, records=created)
outcome["enabled"] = [policy.enabled for policy in IpsecPolicy.get_collection(fields="enabled")]
IpsecPolicy.delete_collection(records=created[:1])
report(outcome)
