# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CA certificates of IPsec: add, find, list, remove, and be refused."""

from __future__ import annotations

from typing import Any

from netapp_ontap.resources import IpsecCaCertificate
from script import arguments, refused, report


def listed(**filters: object) -> list[str]:
    """Return the UUIDs of the certificates that match."""
    return [found.certificate.uuid for found in IpsecCaCertificate.get_collection(max_records=1, **filters)]


given = arguments()
bodies: list[dict[str, Any]] = given["bodies"]
for body in bodies:
    IpsecCaCertificate.from_dict(body).post()
uuids = [body["certificate"]["uuid"] for body in bodies]
outcome: dict[str, Any] = {"listed": listed(), "of_svm1": listed(**{"svm.name": "svm1"})}

posted = IpsecCaCertificate.from_dict(given["late"])
posted.post(hydrate=True)
outcome["posted"] = posted.to_dict()
outcome["twice"] = refused(IpsecCaCertificate.from_dict(given["late"]).post)
outcome["not_installed"] = refused(IpsecCaCertificate.from_dict(given["not_installed"]).post)

one = IpsecCaCertificate.from_dict({"certificate": {"uuid": uuids[0]}})
one.get()
outcome["one"] = one.to_dict()
one.delete()
outcome["gone"] = [refused(one.get), refused(one.delete)]
outcome["found"] = IpsecCaCertificate.find(scope="cluster").certificate.uuid
outcome["counted"] = IpsecCaCertificate.count_collection()
if given["bulk"]:
    IpsecCaCertificate.delete_collection(**{"svm.name": "svm*"})
    outcome["left"] = listed()
report(outcome)
