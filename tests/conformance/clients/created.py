# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create a policy and say which UUID the client believes it to have, or how that failed."""

from __future__ import annotations

from netapp_ontap.error import NetAppRestError
from netapp_ontap.resources import IpsecPolicy
from script import arguments, report

given = arguments()
policy = IpsecPolicy.from_dict(given["body"])
try:
    policy.post()
except NetAppRestError as error:
    report({"error": str(error)})
else:
    report({"uuid": getattr(policy, "uuid", None)})
