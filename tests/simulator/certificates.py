# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The array's certificate authority, its server certificate, and a client certificate to log in with."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import trustme

from .access import CERTIFICATE_ADMIN

_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


def check_certificate(kind: str) -> None:
    """ValueError for a kind of server certificate that there is not."""
    if kind not in ("valid", "expired", "other_name"):
        raise ValueError(f"a certificate is valid, expired or other_name, not {kind!r}")


class Certificates:
    """Certificates of one array, written to a folder as PEM files."""

    def __init__(self, folder: Path, server: str = "valid") -> None:
        """`server` is the kind of the server's certificate, as `check_certificate` has them."""
        self._authority = trustme.CA(organization_name="ONTAP simulator")
        names = ("elsewhere.example",) if server == "other_name" else _THIS_MACHINE
        self._server = self._authority.issue_cert(*names, not_after=_LONG_AGO if server == "expired" else None)
        client = self._authority.issue_cert(CERTIFICATE_ADMIN, common_name=CERTIFICATE_ADMIN)
        self.ca_path = folder / "ca.pem"
        self.client_cert = folder / "client.pem"
        self.client_key = folder / "client.key"
        self._authority.cert_pem.write_to_path(str(self.ca_path))
        for number, blob in enumerate(client.cert_chain_pems):
            blob.write_to_path(str(self.client_cert), append=number > 0)
        self.client_key.touch(mode=0o600)
        client.private_key_pem.write_to_path(str(self.client_key))

    def context(self) -> ssl.SSLContext:
        """Return the TLS side of the server: a client may show a certificate, and need not."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._server.configure_cert(context)
        self._authority.configure_trust(context)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context
