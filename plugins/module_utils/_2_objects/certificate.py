# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that are installed on an array (``/api/security/certificates``), and what each may be used for.

They can be installed and deleted, and never be modified. Source: NetApp's REST reference, and the field lists of its Python client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .._0_basics import certificate_bundle, normalize, x509
from .._0_basics.errors import InvalidInput
from .resource import SCOPES, Field, State, SvmScoped

TYPES = ("client", "server", "client_ca", "server_ca", "root_ca")
_END_ENTITIES = certificate_bundle.END_ENTITIES


_USED = "Something on the array uses it: for IPsec, certificate_info says what."


class Certificate(SvmScoped):
    """A certificate that is installed. A subclass says what it is wanted for."""

    noun = "X.509 certificate"
    path = "/security/certificates"
    key = ("name", "svm")
    fields: tuple[Field, ...] = (
        Field("uuid", normalizer=normalize.uuid_text, always_returned=True),
        Field("name", always_returned=True),
        Field("svm", path="svm.name", uuid_path="svm.uuid"),
        Field("scope", normalizer=normalize.keyword, choices=SCOPES),
        Field("type", normalizer=normalize.keyword, always_returned=True),
        Field("expiry_time", normalizer=normalize.moment, read_only=True),
    )

    def check_usable(self, found: State | None, wanted: Mapping[str, Any], namesakes: Sequence[State]) -> None:
        """Raises ``InvalidInput`` unless it is installed just there. namesakes: those of the same name that are elsewhere."""
        if found is None:
            places = ", ".join(
                f"on SVM {state['svm']!r}" if "svm" in state else "for the cluster" for state in namesakes
            )
            elsewhere = f" It is installed {places}: check the option svm." if namesakes else ""
            raise InvalidInput(
                f"{self.title(wanted)} is not installed, so IPsec can't use it.{elsewhere or ' Install it first.'}"
            )


class Authority(Certificate):
    """The certificate of an authority, by which peers are recognised."""

    def check_usable(self, found: State | None, wanted: Mapping[str, Any], namesakes: Sequence[State]) -> None:
        """As the base class; refuses what identifies one end."""
        super().check_usable(found, wanted, namesakes)
        if found and found["type"] in _END_ENTITIES:
            raise InvalidInput(
                f"{self.title(found)} is of type {found['type']}: it identifies one end and is no CA's. "
                "Name it in the option certificate of an IPsec policy; here, name the CA that signed the peer's."
            )

    def check_valid(self, found: State, now: datetime) -> None:
        """Raises ``InvalidInput`` if it has expired, so that no peer can prove anything by it."""
        expiry = found.get("expiry_time")
        if expiry is not None and expiry <= now:
            raise InvalidInput(
                f"{self.title(found)} has expired, on {expiry:%Y-%m-%d at %H:%M %Z}, so no peer would be recognised by it. Install its "
                "successor, and register that. Nothing was changed."
            )


class AuthorityByUuid(Authority):
    """The same, looked up by UUID."""

    key = ("uuid", "svm")


def _content(value: Any) -> str:
    """A certificate in the one form in which it is compared. Raises ``ValueError``."""
    return x509.certificates(str(value))[0].pem


def _content_as_returned(value: Any) -> str:
    """As ``_content``; what can't be read is text that is compared as it is."""
    try:
        return _content(value)
    except ValueError:
        return str(value)


class InstalledCertificate(Certificate):
    """A certificate as it is installed, with its content. The key of one end comes along, and is never returned."""

    result_name = "certificate"
    plural = "certificates"
    fields = (
        Field("uuid", normalizer=normalize.uuid_text, read_only=True, always_returned=True),
        Field("name", immutable=True, always_returned=True),
        Field("svm", normalizer=normalize.name, path="svm.name", uuid_path="svm.uuid", immutable=True),
        Field("scope", normalizer=normalize.keyword, choices=SCOPES, read_only=True),
        Field("type", normalizer=normalize.keyword, choices=TYPES, immutable=True, always_returned=True),
        Field("common_name", read_only=True),
        Field("expiry_time", normalizer=normalize.moment, read_only=True),
        Field(
            "public_certificate", normalizer=_content, reader=_content_as_returned, immutable=True, always_returned=True
        ),
        Field("private_key", normalizer=x509.private_key, write_only=True),
        # No secret, but ONTAP returns it as little as one.
        Field("intermediate_certificates", normalizer=str, write_only=True),
    )
    advice = {
        1: "The SVM has another certificate of this name by now, or this one under another name.",
        8: _USED,
        3735553: "Give public_certificate: this collection lets ONTAP make none.",
        3735589: _USED,
        3735646: "Give the certificates between this one and the root in intermediate_certificates, or install those of the authorities first.",
        3735681: "Delete it by the CLI: it came with ONTAP.",
        3735679: "Delete it by the CLI: it came with ONTAP.",
        52559972: "The clock of the array is behind, or the certificate is for later.",
        52559973: "The certificate has expired by the clock of the array.",
        52559974: "The array is in FIPS mode: give a certificate with a key and a hash that it allows.",
        52559975: "Give PEM, one certificate in public_certificate.",
        52559976: "Give the key that the certificate was made for.",
        52560123: "Give the private key as PEM, PKCS #8 if ONTAP does not know the other form.",
        52560272: _USED,
        52363366: "Use a type of key that this release of ONTAP knows, such as RSA with 2048 bits.",
        3735700: "Use a size of key that this release of ONTAP knows, such as RSA with 2048 bits.",
        52560173: "Have it signed with SHA-256 or stronger.",
    }

    def to_options(self, state: Mapping[str, Any], also: Iterable[str] = ()) -> dict[str, Any]:
        """Which certificate it is, and what it says of itself; neither its text nor its key."""
        if not state:
            return {}
        known = {option: state[option] for option in ("name", "svm", "type") if option in state}
        try:
            return {**known, **certificate_bundle.told(content_of(state))}
        except ValueError:
            return known

    def check_wanted(self, wanted: Mapping[str, Any], current: Mapping[str, Any]) -> None:
        """As the base class: another content or type needs another name, because ONTAP modifies no certificate."""
        if not self.differing(wanted, current):
            return
        was, new = self.to_options(current), self.to_options(wanted)
        others = [
            f"{key} is {was[key]!r}, and should be {new[key]!r}"
            for key in ("type", "subject", "issuer", "serial_number", "expiry_time", "fingerprint")
            if key in new and was.get(key, new[key]) != new[key]
        ]
        raise InvalidInput(
            f"name: {self.title(current)} is another one: {'; '.join(others) or 'its content differs'}. ONTAP can't modify a "
            "certificate, so this one needs a name of its own, such as '{common_name}-{expiry}'; if that is the name already, "
            "'{common_name}-{fingerprint}'. Nothing was changed."
        )

    def create_body(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """As the base class, with all intermediate certificates in one element: ONTAP 9.12.1 was seen to take no more."""
        body = super().create_body(wanted)
        if "intermediate_certificates" in wanted:
            body["intermediate_certificates"] = [wanted["intermediate_certificates"]]
        content = content_of(wanted)
        if x509.READABLE and not content.has_common_name:
            # ONTAP wants to be told what the subject does not say (code 3735676).
            body["common_name"] = content.common_name or wanted["name"]
        return body

    def predict(self, wanted: Mapping[str, Any]) -> State:
        """As the base class, and the scope."""
        return {**super().predict(wanted), "scope": "svm" if "svm" in wanted else "cluster"}

    def unproven(self, wanted: Mapping[str, Any]) -> list[Field]:
        """Nothing: ONTAP takes a certificate of one end together with its key only, which there is but one of."""
        return []


class InstalledByUuid(InstalledCertificate):
    """The same in a listing: whether two may share a name is not known."""

    key = ("uuid", "svm")


def content_of(state: Mapping[str, Any]) -> x509.Certificate:
    """The certificate of a state. Raises ``ValueError`` if the array returned none that can be read."""
    return x509.certificates(state.get("public_certificate", ""))[0]


def readable_content_of(state: Mapping[str, Any]) -> x509.Certificate | None:
    """As ``content_of``, ``None`` in place of the error."""
    try:
        return content_of(state)
    except ValueError:
        return None


AUTHORITY = Authority()
AUTHORITY_BY_UUID = AuthorityByUuid()
CERTIFICATE = InstalledCertificate()
INSTALLED = InstalledByUuid()
