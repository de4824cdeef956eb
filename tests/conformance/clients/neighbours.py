# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resources around the policies."""

from __future__ import annotations

from datetime import UTC, datetime

from netapp_ontap.resources import Cluster, Ipsec, Ipspace, SecurityCertificate, Svm
from script import arguments, report

arguments()
cluster, ipsec = Cluster(), Ipsec()
cluster.get(fields="version")
ipsec.get()
outcome = {
    "version": [cluster.version.generation, cluster.version.major, cluster.version.minor],
    "svms": [svm.name for svm in Svm.get_collection()],
    "ipspaces": [ipspace.name for ipspace in Ipspace.get_collection()],
    "certificates": [
        [
            certificate.svm.name,
            certificate.name,
            certificate.type,
            datetime.fromisoformat(certificate.expiry_time) > datetime.now(UTC),
        ]
        for certificate in SecurityCertificate.get_collection(
            fields="name,type,expiry_time,serial_number,key_size,hash_function,ca", **{"svm.name": "svm1"}
        )
    ],
    "enabled": ipsec.enabled,
}
ipsec.enabled = False
ipsec.replay_window = 64
ipsec.patch(hydrate=True)
outcome["changed"] = [ipsec.enabled, ipsec.replay_window]
report(outcome)
