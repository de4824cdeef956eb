# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of an IPsec policy (fact sheet 1.1, filters of 3.1)."""

from __future__ import annotations

from .schema import Field, Kind, Link, Schema
from .versions import V9_8, V9_9_1, V9_10_1, V9_15_1, V9_17_1, V9_18_1

PATH = "/api/security/ipsec/policies"


def _endpoint(name: str) -> list[Field]:
    return [
        Field(f"{name}.address", Kind.ADDRESS, create=True, modify=True),
        Field(f"{name}.family", Kind.WORD, words={"ipv4": V9_8, "ipv6": V9_8}),
        Field(f"{name}.netmask", Kind.DIGITS, create=True, modify=True),
        Field(f"{name}.port", Kind.PORT, create=True, modify=True),
    ]


POLICY = Schema(
    PATH,
    [
        Field("uuid"),
        Field("name", create=True),
        Field("svm.name", create=True),
        Field("svm.uuid", create=True),
        Field("scope", Kind.WORD, words={"svm": V9_8, "cluster": V9_8}),
        Field("ipspace.name", create=True),
        Field("ipspace.uuid", create=True),
        Field(
            "action",
            Kind.WORD,
            create=True,
            filter_since=V9_15_1,
            words={"bypass": V9_8, "discard": V9_8, "esp_transport": V9_8, "esp_udp": V9_9_1},
        ),
        Field(
            "authentication_method",
            Kind.WORD,
            V9_10_1,
            create=True,
            words={"none": V9_10_1, "psk": V9_10_1, "pki": V9_10_1},
        ),
        Field("certificate.name", since=V9_10_1, create=True, modify=True),
        Field("certificate.uuid", since=V9_10_1, create=True, modify=True),
        Field("certificate_modify_keepsa", Kind.FLAG, V9_18_1, create=True, modify=True),
        Field("enabled", Kind.FLAG, create=True, modify=True),
        *_endpoint("local_endpoint"),
        *_endpoint("remote_endpoint"),
        Field("local_identity", create=True, modify=True, as_given=True),
        Field("remote_identity", create=True, modify=True, as_given=True),
        Field("protocol", create=True, modify=True),
        Field("secret_key", create=True, read=False),
        Field("ppk.identity", since=V9_17_1, create=True, modify=True),
        Field("ppk.shared_key", since=V9_17_1, create=True, read=False),
    ],
    identifiers=("uuid", "name", "svm"),
    links=[
        Link("svm", "/api/svm/svms/{uuid}"),
        Link("ipspace", "/api/network/ipspaces/{uuid}"),
        Link("certificate", "/api/security/certificates/{uuid}"),
    ],
)
