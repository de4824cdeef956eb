# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an array serves, and to whom."""

from __future__ import annotations

from netapp_ontap.resources import (
    CifsService,
    CifsSession,
    ExportPolicy,
    ExportRule,
    IpInterface,
    IscsiSession,
    NfsClients,
    NfsService,
    NfsTlsInterface,
)
from script import arguments, refused, report

given = arguments()
of_svm1 = {"svm.name": "svm1"}
export = next(iter(ExportPolicy.get_collection(fields="rules", name="default", **of_svm1)))
tls: list[list[object]] = []


def read_tls() -> None:
    """Read where NFS over TLS is offered, which not every release can tell."""
    tls.extend([one.interface.name, one.enabled] for one in NfsTlsInterface.get_collection(fields="*", **of_svm1))


outcome = {
    "interfaces": sorted(
        [one.name, one.ip.address, sorted(one.services), one.svm.name, one.state]
        for one in IpInterface.get_collection(fields="name,ip,services,svm,state", services="data_nfs", **of_svm1)
    ),
    "rules": [
        [[client.match for client in rule.clients], rule.ro_rule, getattr(rule, "allow_nfs_tls_only", None)]
        for rule in export.rules
    ],
    "own_rules": len(list(ExportRule.get_collection(export.id, fields="*"))),
    "nfs": [
        [one.enabled, one.protocol.v3_enabled, one.transport.udp_enabled]
        for one in NfsService.get_collection(fields="*", **of_svm1)
    ],
    "smb": [[one.enabled, one.security.smb_encryption] for one in CifsService.get_collection(fields="*", **of_svm1)],
    "no_tls": refused(read_tls),
    "tls": tls,
    "nfs_clients": sorted(
        [one.client_ip, one.server_ip, one.protocol] for one in NfsClients.get_collection(fields="*", **of_svm1)
    ),
    "smb_sessions": [[one.client_ip, one.smb_encryption] for one in CifsSession.get_collection(fields="*", **of_svm1)],
    "iscsi": [
        [connection.initiator_address.address, connection.interface.ip.port]
        for one in IscsiSession.get_collection(fields="*", **of_svm1)
        for connection in one.connections
    ],
}
report(outcome)
