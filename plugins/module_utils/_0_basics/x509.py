# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""X.509 certificates and their keys: as text, as content, and what they say.

Text and content need no library. What a certificate says is read by cryptography, which is wherever Ansible itself is;
where a module runs elsewhere it may be missing, and ``READABLE`` says so. Messages never show a part of a key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from functools import cached_property
from typing import Any

from .identities import Alternatives, Name

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
except ImportError:
    READABLE = False
else:
    READABLE = True

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_CERTIFICATE = "CERTIFICATE"
_CERTIFICATES = (_CERTIFICATE, "X509 CERTIFICATE")
_ANY_PURPOSE = "2.5.29.37.0"
_COMMON_NAME = "2.5.4.3"
_SIGN = ("digital_signature", "content_commitment")

PURPOSES = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.5": "ipsecEndSystem",
    "1.3.6.1.5.5.7.3.6": "ipsecTunnel",
    "1.3.6.1.5.5.7.3.7": "ipsecUser",
    "1.3.6.1.5.5.7.3.17": "ipsecIKE",
}
"""The purposes (extendedKeyUsage) for which daemons take a certificate: RFC 4945, 5.1.3.12, and what TLS authorities issue."""


class Certificate:
    """One certificate, the same as another one if all of its content is.

    der: its content. Raises ``ValueError`` if that is no certificate, as far as it can be read here.
    """

    def __init__(self, der: bytes) -> None:
        self.der = der
        self._parsed: Any = None
        if READABLE:
            try:
                self._parsed = x509.load_der_x509_certificate(der)
                self._extensions = {one.oid.dotted_string: one.value for one in self._parsed.extensions}
            except (ValueError, x509.DuplicateExtension) as error:
                raise ValueError(f"is no certificate that can be read: {error}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other.der == self.der

    def __hash__(self) -> int:
        return hash(self.der)

    @property
    def pem(self) -> str:
        """As text, in one form whatever it came in."""
        return _pem(_CERTIFICATE, self.der)

    @property
    def fingerprint(self) -> str:
        """SHA-256, as ``openssl x509 -fingerprint -sha256`` prints it."""
        return ":".join(f"{octet:02X}" for octet in hashlib.sha256(self.der).digest())

    # What it says; only if READABLE.

    @cached_property
    def subject(self) -> Name:
        """Whom it is about."""
        return _name(self._parsed.subject)

    @cached_property
    def issuer(self) -> Name:
        """Who signed it."""
        return _name(self._parsed.issuer)

    @property
    def common_name(self) -> str:
        """The last common name of the subject, or else the first alternative name; empty if there is neither."""
        named = [value for oid, value in self.subject if oid == _COMMON_NAME]
        return named[-1] if named else next(iter(self.alternatives), "")

    @property
    def has_common_name(self) -> bool:
        """Whether the subject has one."""
        return any(oid == _COMMON_NAME for oid, _value in self.subject)

    @property
    def serial_number(self) -> str:
        """Hexadecimal, as ONTAP shows it."""
        return f"{self._parsed.serial_number:X}"

    @property
    def start(self) -> datetime:
        """From when on it is valid."""
        return self._moment("not_valid_before")

    @property
    def expiry(self) -> datetime:
        """Until when it is valid."""
        return self._moment("not_valid_after")

    @cached_property
    def alternatives(self) -> Alternatives:
        """Its alternative names."""
        found = self._extensions.get("2.5.29.17")
        if found is None:
            return Alternatives()
        return _of_kinds(found)

    @cached_property
    def constraints(self) -> tuple[Alternatives, Alternatives]:
        """Of an authority: the subtrees of names that it may sign, and those that it must not; networks in place of addresses."""
        found = self._extensions.get("2.5.29.30")
        trees = (found.permitted_subtrees, found.excluded_subtrees) if found else (None, None)
        return _of_kinds(trees[0] or ()), _of_kinds(trees[1] or ())

    @property
    def is_authority(self) -> bool:
        """Whether it may sign others. Those of the first version of X.509 say nothing of that, and sign themselves."""
        constraints, usage = self._extensions.get("2.5.29.19"), self._usage
        if constraints is None and not self._extensions:
            return self.signed_itself
        return bool(constraints and constraints.ca and (usage is None or usage.key_cert_sign))

    @property
    def may_sign(self) -> bool:
        """Whether its key may sign what one end says, as IKE does (RFC 4945, 5.1.3.2)."""
        return self._usage is None or any(getattr(self._usage, name) for name in _SIGN)

    @property
    def purposes(self) -> list[str]:
        """For what it was issued, by name where there is one; empty if that is not said."""
        found = [one.dotted_string for one in self._extensions.get("2.5.29.37", ())]
        return [PURPOSES.get(oid, "anyExtendedKeyUsage" if oid == _ANY_PURPOSE else oid) for oid in found]

    @property
    def is_for_ike(self) -> bool:
        """Whether a daemon takes it, by what it was issued for."""
        found = self.purposes
        return not found or bool({*found} & {*PURPOSES.values(), "anyExtendedKeyUsage"})

    @property
    def signed_itself(self) -> bool:
        """Whether it is the end of any chain."""
        return self.subject == self.issuer and self.is_signed_by(self)

    @property
    def public_key(self) -> bytes:
        """The key that it is about."""
        return bytes(self._parsed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def is_issued_by(self, authority: Certificate) -> bool:
        """Whether an authority signed it, which may."""
        return authority.is_authority and self.is_signed_by(authority)

    def is_signed_by(self, authority: Certificate) -> bool:
        """Whether it was signed by the key of a certificate, be that of an authority or not."""
        if self.issuer != authority.subject:
            return False
        try:
            self._parsed.verify_directly_issued_by(authority._parsed)
        except (InvalidSignature, ValueError, TypeError):
            return False
        except (UnsupportedAlgorithm, AttributeError):
            # An algorithm that this library does not know, or a library before 40.0, which can't check: names have to do.
            return True
        return True

    @property
    def _usage(self) -> Any:
        return self._extensions.get("2.5.29.15")

    def _moment(self, name: str) -> datetime:
        # Without a time zone before cryptography 42.0.
        moment: datetime = getattr(self._parsed, f"{name}_utc", None) or getattr(self._parsed, name)
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def now() -> datetime:
    """What time it is where this runs, by which certificates are judged."""
    return datetime.now(timezone.utc)


def certificates(text: str) -> list[Certificate]:
    """The certificates of a text, in its order; what stands around them does not count. Raises ``ValueError``."""
    found = []
    for label, der in _blocks(text):
        if "PRIVATE KEY" in label:
            raise ValueError("has a private key, which does not belong here.")
        if label not in _CERTIFICATES:
            raise ValueError(f"has a block {label!r}, where certificates are expected.")
        found.append(Certificate(der))
    return found


def private_key(text: str) -> str:
    """The one private key of a text, in one form. Raises ``ValueError``, which shows no part of it."""
    keys = [(label, der) for label, der in _blocks(text) if label != "EC PARAMETERS"]
    if len(keys) != 1 or not keys[0][0].endswith("PRIVATE KEY"):
        raise ValueError("is not one private key: give the key alone, without certificates.")
    label, der = keys[0]
    if label.startswith("ENCRYPTED") or "Proc-Type:" in text:
        raise ValueError("is encrypted, and ONTAP takes it in clear only: decrypt it, and keep it in Ansible Vault.")
    if label.startswith("OPENSSH"):
        raise ValueError("has the format of OpenSSH: convert it to PKCS #8 (ssh-keygen -p -m PKCS8).")
    return _pem(label, der)


def belong_together(certificate: Certificate, key: str) -> bool:
    """Whether a private key, as ``private_key`` returns it, is that of a certificate. Raises ``ValueError``."""
    return public_key_of(key) == certificate.public_key


def public_key_of(key: str) -> bytes:
    """The public key of a private one, as ``private_key`` returns it. Raises ``ValueError``."""
    try:
        loaded = load_pem_private_key(key.encode(), None)
        return bytes(loaded.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    except (ValueError, TypeError, UnsupportedAlgorithm, AttributeError):
        # What the library says may have parts of the key.
        raise ValueError("is no private key that can be read.") from None


def path(certificate: Certificate, others: Sequence[Certificate]) -> list[Certificate]:
    """Those of ``others`` that lead from a certificate towards a root, the nearest first."""
    found: list[Certificate] = []
    current = certificate
    while not current.signed_itself:
        signers = [one for one in others if one not in found and one != current and current.is_issued_by(one)]
        if not signers:
            break
        # Of several of the same name and key, the one that is valid longest.
        current = max(signers, key=lambda one: one.expiry)
        found.append(current)
    return found


def is_pem(value: Any) -> bool:
    """Whether a value is text in the form that certificates and keys have, and so may have more than one line, and the mark of UTF-8."""
    return isinstance(value, str) and re.search("^\ufeff?-----BEGIN ", value, re.MULTILINE) is not None


def _blocks(text: str) -> Iterator[tuple[str, bytes]]:
    found = _BLOCK.findall(text)
    if not found:
        raise ValueError("has nothing that begins with -----BEGIN and ends with -----END: give PEM.")
    for label, content in found:
        # Headers, which only encrypted keys have, end with an empty line.
        body = content.rpartition("\n\n")[2] if ":" in content else content
        try:
            yield label, base64.b64decode("".join(body.split()), validate=True)
        except binascii.Error:
            raise ValueError(f"has a block {label!r} that is not Base64, or not all of it.") from None


def _pem(label: str, der: bytes) -> str:
    lines = re.findall(".{1,64}", base64.b64encode(der).decode())
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def _of_kinds(names: Iterable[Any]) -> Alternatives:
    """General names by their kind; others than these are no identities of IKE."""

    def of(kind: Any) -> list[Any]:
        return [one.value for one in found if isinstance(one, kind)]

    found = list(names)
    return Alternatives(
        tuple(of(x509.DNSName)),
        tuple(of(x509.RFC822Name)),
        tuple(map(str, of(x509.IPAddress))),
        tuple(of(x509.UniformResourceIdentifier)),
        tuple(map(_name, of(x509.DirectoryName))),
    )


def _name(name: Any) -> Name:
    return tuple((one.oid.dotted_string, str(one.value)) for one in name)
