# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create a policy, find it, read it, change it, delete it."""

from __future__ import annotations

from netapp_ontap.resources import IpsecPolicy
from script import arguments, report

given = arguments()
name, svm = given["body"]["name"], given["body"]["svm"]["name"]

policy = IpsecPolicy.from_dict(given["body"])
policy.post(hydrate=True)
outcome = {"created": policy.to_dict()}

found = IpsecPolicy.find(name=name, svm={"name": svm})
outcome["found"] = found.to_dict()

found.enabled = False
found.remote_endpoint = {"address": "10.9.0.0", "netmask": "255.255.0.0", "port": "443"}
found.patch()

again = IpsecPolicy(uuid=policy.uuid)
again.get()
outcome["changed"] = again.to_dict()

outcome["deleted"] = again.delete().http_response.status_code
outcome["gone"] = IpsecPolicy.find(name=name) is None
report(outcome)
