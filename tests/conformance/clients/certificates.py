# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: installing, reading, deleting."""

from __future__ import annotations

from netapp_ontap.resources import SecurityCertificate
from script import arguments, refused, report

given = arguments()
installed = []
for body in given["bodies"]:
    certificate = SecurityCertificate.from_dict(body)
    certificate.post(hydrate=True)
    installed.append(certificate)
outcome = {
    "installed": [certificate.to_dict() for certificate in installed],
    "refused": {
        name: refused(lambda body=body: SecurityCertificate.from_dict(body).post())
        for name, body in given["refused"].items()
    },
    "found": SecurityCertificate.find(name=installed[0].name, **{"svm.name": "svm1"}).uuid,
    "authorities": [one.name for one in SecurityCertificate.get_collection(fields="type", type="*_ca")],
    "counted": SecurityCertificate.count_collection(**{"svm.name": "svm1"}),
}
outcome["used"] = refused(lambda: SecurityCertificate(uuid=given["used"]).delete())
for certificate in installed:
    certificate.delete()
outcome["gone"] = refused(installed[0].get)
report(outcome)
