# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An authority, and the certificates that it signs."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from lab.ontap import Credentials


class Authority:
    """An authority of its own."""

    def __init__(self, subject: str = "O=Example,CN=Example CA") -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._name = x509.Name.from_rfc4514_string(",".join(reversed(subject.split(","))))
        builder = _builder(self._name, self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.certificate = _pem(builder.sign(self._key, hashes.SHA256()))

    def sign(
        self, subject: str, alternatives: Sequence[str] = (), expired: bool = False, days: int = 30
    ) -> Credentials:
        """A certificate with this subject, in the order in which it is written, and these names and addresses.

        It expires in so many days. One that has expired did so yesterday: hosts of the lab have one clock.
        """
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name.from_rfc4514_string(",".join(reversed([part.strip() for part in subject.split(",")])))
        builder = _builder(name, self._name, key.public_key(), days=-1 if expired else days)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if alternatives:
            names = [_alternative(one) for one in alternatives]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return Credentials(_pem(builder.sign(self._key, hashes.SHA256())), private.decode(), [self.certificate])


def _builder(subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, days: int = 30) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _alternative(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.RFC822Name(text) if "@" in text else x509.DNSName(text)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
