# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA certificates that IPsec trusts (``/api/security/ipsec/ca-certificates``), and the certificates on the array.

A certificate is installed under a name, and registered with IPsec by its UUID.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.wiresec.ontap.plugins.module_utils import normalize
from ansible_collections.wiresec.ontap.plugins.module_utils.errors import InvalidInput
from ansible_collections.wiresec.ontap.plugins.module_utils.resource import Field, State, SvmScoped

_END_ENTITIES = ("client", "server")


class Certificate(SvmScoped):
    """A certificate that is installed. The modules only read these."""

    noun = "X.509 certificate"
    path = "/security/certificates"
    key = ("name", "svm")
    fields = (
        Field("uuid", normalizer=normalize.uuid_text, always_returned=True),
        Field("name", always_returned=True),
        Field("svm", path="svm.name", uuid_path="svm.uuid"),
        Field("scope", normalizer=normalize.keyword),
        Field("type", normalizer=normalize.keyword, always_returned=True),
    )

    def check_usable(self, certificate: State | None, wanted: Mapping[str, Any], others: list[State]) -> None:
        """Raises ``InvalidInput`` unless an authority's certificate is installed. others: where there are namesakes."""
        if certificate is None:
            places = ", ".join(f"on SVM {state['svm']!r}" if "svm" in state else "for the cluster" for state in others)
            elsewhere = f" It is installed {places}: check the option svm." if others else ""
            raise InvalidInput(
                f"{self.title(wanted)} is not installed, so IPsec can't use it.{elsewhere or ' Install it first.'}"
            )
        if certificate["type"] in _END_ENTITIES:
            raise InvalidInput(
                f"{self.title(certificate)} is of type {certificate['type']}: it identifies one end and is no CA's. "
                "Name it in the option certificate of an IPsec policy; here, name the CA that signed the peer's."
            )


class CertificateByUuid(Certificate):
    """The same, looked up by UUID."""

    key = ("uuid", "svm")


class IpsecCaCertificate(SvmScoped):
    """A certificate that is registered: ONTAP keeps no more than which one, and for which SVM."""

    noun = "IPsec CA certificate"
    result_name = "ca_certificate"
    plural = "ca_certificates"
    path = "/security/ipsec/ca-certificates"
    key = ("uuid", "svm")
    since = (9, 10, 1)
    fields = (
        Field("uuid", path="certificate.uuid", normalizer=normalize.uuid_text, immutable=True, always_returned=True),
        # Of the certificate, which has it elsewhere.
        Field("name", elsewhere=True),
        Field("svm", path="svm.name", uuid_path="svm.uuid", immutable=True),
        Field("scope", normalizer=normalize.keyword, read_only=True),
    )
    not_found_codes = SvmScoped.not_found_codes | {66257298, 66257303}
    advice = {
        1: "Somebody registered the certificate in the meantime: run the task again.",
        66257296: "Install the CA certificate first, on the SVM that the option svm names, or for the cluster without it.",
        66257304: "Install the CA certificate first, on the SVM that the option svm names, or for the cluster without it.",
    }

    def title(self, state: Mapping[str, Any]) -> str:
        """As the base class, by name where that is known."""
        return super().title({**state, "uuid": state.get("name", state.get("uuid"))})


CERTIFICATE = Certificate()
CERTIFICATE_BY_UUID = CertificateByUuid()
CA_CERTIFICATE = IpsecCaCertificate()
