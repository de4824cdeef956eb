# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An authority of certificates, with all that can be wrong with one: what tests install, and what an array has from the beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey

_YEAR = timedelta(days=365)
_ATTRIBUTES = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
    "DC": NameOID.DOMAIN_COMPONENT,
}
PURPOSES = {
    "server": ExtendedKeyUsageOID.SERVER_AUTH,
    "client": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code": ExtendedKeyUsageOID.CODE_SIGNING,
}


def subject(text: str) -> x509.Name:
    """Return the name that "C=US, O=Example, CN=svm1" stands for; no more than that has no values with commas."""
    parts = [part.strip().split("=", 1) for part in text.split(",") if part.strip()]
    return x509.Name([x509.NameAttribute(_ATTRIBUTES[kind], value) for kind, value in parts])


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, and the certificates between it and the root, the nearest first; PEM."""

    certificate: str
    key: str
    chain: tuple[str, ...] = ()


class Authority:
    """An authority; the root if it has no `parent`."""

    def __init__(
        self,
        name: str = "CN=ca.example",
        parent: Authority | None = None,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        permitted: Sequence[str] = (),
        key: Key | None = None,
    ) -> None:
        """`permitted`: the DNS domains that it may name, any if there are none."""
        self._key = key or new_key()
        self._name = subject(name)
        self._parent = parent
        signer = parent or self
        builder = signer._builder(self._name, self._key, start, end or datetime.now(UTC) + 10 * _YEAR)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
        if permitted:
            names = [x509.DNSName(domain) for domain in permitted]
            builder = builder.add_extension(x509.NameConstraints(names, None), critical=True)
        self._certificate = signer._signed(builder)

    @property
    def certificate(self) -> str:
        """The authority's own certificate, PEM."""
        return _pem(self._certificate)

    @property
    def chain(self) -> tuple[str, ...]:
        """What stands between the certificates that it issues and the root: nothing for a root."""
        return () if self._parent is None else (self.certificate, *self._parent.chain)

    def issue(
        self,
        name: str = "CN=svm1.example.com",
        *,
        hosts: Sequence[str] = (),
        addresses: Sequence[str] = (),
        start: datetime | None = None,
        end: datetime | None = None,
        purposes: Sequence[str] = (),
        signs: bool = True,
        key: Key | None = None,
    ) -> Issued:
        """Issue a certificate of one end. purposes: of `PURPOSES`, none for any. signs: whether its key may sign at all."""
        own = key or new_key()
        builder = self._builder(subject(name), own, start, end or datetime.now(UTC) + _YEAR)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(signs=signs), critical=True)
        names: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
        names += [x509.IPAddress(ip_address(address)) for address in addresses]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=not name)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage([PURPOSES[one] for one in purposes]), critical=False)
        return Issued(_pem(self._signed(builder)), private(own), self.chain)

    def _builder(self, name: x509.Name, key: Key, start: datetime | None, end: datetime) -> x509.CertificateBuilder:
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start or min(datetime.now(UTC), end) - _YEAR)
            .not_valid_after(end)
            .add_extension(own, critical=False)
            .add_extension(signer, critical=False)
        )

    def _signed(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        return builder.sign(self._key, hashes.SHA256())


def new_key() -> Key:
    """Return a key for `Authority.issue`, where two certificates are to share it."""
    return ec.generate_private_key(ec.SECP256R1())


def private(key: Key) -> str:
    """Return a private key as PEM."""
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, none).decode()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_usage(*, signs: bool = True, signs_certificates: bool = False) -> x509.KeyUsage:
    given: dict[str, Any] = dict.fromkeys(
        ("content_commitment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    return x509.KeyUsage(
        digital_signature=signs,
        key_encipherment=not signs,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        **given,
    )


# --- what an array has from the beginning: made once, because a key takes longer than all the rest of a reset ---


@cache
def installed_authority() -> Authority:
    """Return the authority that signed what `Simulator.add_certificate` installs."""
    return Authority()


@cache
def installed(common_name: str, is_authority: bool, end: datetime) -> str:
    """Return a certificate of this name, as PEM: of an authority of its own, or signed by the one above."""
    if is_authority:
        return Authority(f"CN={common_name}", end=end).certificate
    return installed_authority().issue(f"CN={common_name}", hosts=[common_name], end=end).certificate
