# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and keys as text, and what a certificate says that ONTAP shows in fields of its own (fact sheet 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from .schema import Record

_BEGIN = "-----BEGIN CERTIFICATE-----"


def one_in(text: str) -> x509.Certificate:
    """Return the certificate of a text that has one; ValueError for none or several, which ONTAP refuses."""
    found = all_in(text)
    if len(found) != 1:
        raise ValueError("one certificate is expected")
    return found[0]


def all_in(text: str) -> list[x509.Certificate]:
    """Return the certificates of a text; ValueError if there are none, or one can't be read."""
    return x509.load_pem_x509_certificates(text.encode())


def public_key_of(private_key: str) -> bytes:
    """Return the public half of a private key; ValueError for a text that is none."""
    try:
        key = serialization.load_pem_private_key(private_key.encode(), None)
    except TypeError:
        raise ValueError("the key is encrypted") from None
    return _public(key.public_key())


def public_key(certificate: x509.Certificate) -> bytes:
    """Return the key that a certificate is about."""
    return _public(certificate.public_key())


def is_complete(certificate: x509.Certificate, others: Sequence[x509.Certificate]) -> bool:
    """Whether the others lead from a certificate to one that signed itself."""
    current, left = certificate, list(others)
    while current.subject != current.issuer:
        signer = next((one for one in left if _signed(current, one)), None)
        if signer is None:
            return False
        left.remove(signer)
        current = signer
    return True


def facts(certificate: x509.Certificate) -> Record:
    """Return the fields that repeat what is in a certificate; what it does not have is absent."""
    digest = certificate.signature_hash_algorithm
    record: Record = {
        "common_name": common_name(certificate.subject),
        "serial_number": f"{certificate.serial_number:X}",
        "ca": common_name(certificate.issuer),
        "expiry_time": certificate.not_valid_after_utc.isoformat(timespec="seconds"),
        "key_size": getattr(certificate.public_key(), "key_size", None),
        "hash_function": digest.name if digest else None,
    }
    for extension in certificate.extensions:
        value = extension.value
        if isinstance(value, x509.SubjectKeyIdentifier):
            record["subject_key_identifier"] = value.digest.hex(":").upper()
        elif isinstance(value, x509.AuthorityKeyIdentifier) and value.key_identifier:
            record["authority_key_identifier"] = value.key_identifier.hex(":").upper()
        elif isinstance(value, x509.SubjectAlternativeName):
            record["subject_alternatives.dns"] = value.get_values_for_type(x509.DNSName)
            record["subject_alternatives.email"] = value.get_values_for_type(x509.RFC822Name)
            record["subject_alternatives.ip"] = [str(one) for one in value.get_values_for_type(x509.IPAddress)]
            record["subject_alternatives.uri"] = value.get_values_for_type(x509.UniformResourceIdentifier)
    return {path: value for path, value in record.items() if value}


def common_name(name: x509.Name) -> str:
    """Return the (last) common name, empty if there is none."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[-1].value) if found else ""


def _signed(certificate: x509.Certificate, signer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _public(key: Any) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    try:
        return bytes(key.public_bytes(serialization.Encoding.DER, form))
    except AttributeError:
        raise ValueError("the type of the key is not supported") from None
