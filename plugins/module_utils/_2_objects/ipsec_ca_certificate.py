# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA certificates that IPsec trusts (``/api/security/ipsec/ca-certificates``).

A certificate is installed under a name, and registered with IPsec by its UUID.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._0_basics import normalize
from .resource import SCOPES, Field, SvmScoped


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
        Field("svm", normalizer=normalize.name, path="svm.name", uuid_path="svm.uuid", immutable=True),
        Field("scope", normalizer=normalize.keyword, choices=SCOPES, read_only=True),
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


CA_CERTIFICATE = IpsecCaCertificate()
