# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate with all that comes along with it, its key and the certificates above it, and what is wrong with that."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import normalize, x509
from .errors import InvalidInput
from .identities import written
from .x509 import Certificate

END_ENTITIES = ("client", "server")
AUTHORITIES = ("client_ca", "server_ca")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NOT_READABLE = (
    "The Python library cryptography is not installed where this task runs, so nothing was checked but the form: not whether "
    "the key belongs to the certificate, nor its chain, its time, its usage and its names. It is there on every controller."
)


@dataclass(frozen=True)
class Bundle:
    """What is to be installed. above: the certificates that came along, in the order of the chain. key: PEM, if there is one."""

    certificate: Certificate
    above: tuple[Certificate, ...] = ()
    key: str | None = field(default=None, repr=False)

    def problems(self, kind: str, now: datetime) -> list[str]:
        """What ONTAP or a peer would refuse, one sentence each. kind: the type that it is to have on the array."""
        problems = list(self._of_type(kind))
        if not x509.READABLE:
            return problems
        problems += [
            f"{option}: {title(one)} {problem}"
            for option, found in (("public_certificate", [self.certificate]), ("intermediate_certificates", self.above))
            for one in found
            if (problem := out_of_time(one, now))
        ]
        chain = reachable(self.certificate, self.above)
        return [
            *problems,
            *self._of_use(kind),
            *(f"intermediate_certificates: {self._stranger(one)}" for one in self.above if one not in chain),
        ]

    def _stranger(self, above: Certificate) -> str:
        """Why a certificate that came along leads from this one to no root."""
        if not above.is_authority:
            return f"{title(above)} is not that of an authority, which may sign others (basicConstraints, keyUsage)."
        return f"{title(above)} is not in the chain of {title(self.certificate)}, which {written(self.certificate.issuer)!r} signed."

    def _of_type(self, kind: str) -> list[str]:
        """What the type asks for, and what it excludes (codes 3735693, 3735618, 3735696)."""
        if kind in END_ENTITIES:
            return [] if self.key else [f"private_key: is needed; ONTAP installs type {kind} with its key only."]
        return [
            f"{option}: does not go with type {kind}, which is for the certificate of an authority, and for nothing else."
            for option, given in (("private_key", self.key), ("intermediate_certificates", self.above))
            if given
        ]

    def _of_use(self, kind: str) -> list[str]:
        problems = []
        if self.key:
            try:
                if not x509.belong_together(self.certificate, self.key):
                    own = [one for one in self.above if x509.belong_together(one, self.key)]
                    first = f" It is that of {title(own[0])}, which has to come first." if own else ""
                    problems.append(
                        f"private_key: is not the key of {title(self.certificate)}: that has another public key.{first}"
                    )
            except ValueError as error:
                problems.append(f"private_key: {error}")
        if kind in AUTHORITIES:
            if not self.certificate.is_authority:
                problems.append(f"type: {kind} is for an authority, which {title(self.certificate)} may not be.")
            return problems
        return [
            *problems,
            *(f"public_certificate: {title(self.certificate)} {problem}" for problem in unfit(self.certificate)),
        ]

    def name(self, pattern: str) -> str:
        """The name that a pattern stands for. Raises ``InvalidInput``."""
        unknown = [one for one in _PLACEHOLDER.findall(pattern) if one not in PLACEHOLDERS]
        if unknown:
            raise InvalidInput(
                *(
                    f"name: {{{one}}} is none of {', '.join(f'{{{known}}}' for known in PLACEHOLDERS)}."
                    for one in unknown
                )
            )
        if not x509.READABLE:
            raise InvalidInput(
                f"name: {pattern!r} can't be filled in, because the Python library cryptography is not installed where this task "
                "runs. Give a name without braces, or run the task on the controller."
            )
        values = {
            "common_name": self.certificate.common_name,
            "expiry": f"{self.certificate.expiry:%Y-%m-%d}",
            "start": f"{self.certificate.start:%Y-%m-%d}",
            "serial_number": self.certificate.serial_number,
            "fingerprint": hashlib.sha256(self.certificate.der).hexdigest()[:16],
        }
        name = _PLACEHOLDER.sub(lambda found: values[found[1]], pattern)
        try:
            return normalize.text(name)
        except ValueError:
            raise InvalidInput(
                f"name: {pattern!r} makes {name!r} of this certificate, which is no name: give one."
            ) from None


PLACEHOLDERS = ("common_name", "expiry", "start", "serial_number", "fingerprint")
"""What the pattern of a name may have in braces."""


def read(options: Mapping[str, Any]) -> Bundle:
    """What the options ``public_certificate``, ``private_key`` and ``intermediate_certificates`` of a task have.

    The first one may be the bundle that authorities hand out, with the certificates above it. Raises ``InvalidInput``.
    """
    problems: list[str] = []

    def of(option: str, text: str) -> list[Certificate]:
        try:
            return x509.certificates(text)
        except ValueError as error:
            problems.append(f"{option}: {error}")
            return []

    given = of("public_certificate", options["public_certificate"])
    for text in options.get("intermediate_certificates") or ():
        given += of("intermediate_certificates", text)
    key = None
    if options.get("private_key") is not None:
        try:
            key = x509.private_key(options["private_key"])
        except ValueError as error:
            problems.append(f"private_key: {error}")
    if problems:
        raise InvalidInput(*problems)
    certificate, *others = dict.fromkeys(given)
    ordered = x509.path(certificate, others) if x509.READABLE else []
    return Bundle(certificate, (*ordered, *(one for one in others if one not in ordered)), key)


def is_pattern(name: str) -> bool:
    """Whether a name has something in braces."""
    return bool(_PLACEHOLDER.search(name))


def unchecked() -> list[str]:
    """A warning if certificates can't be read where this runs."""
    return [] if x509.READABLE else [_NOT_READABLE]


def title(certificate: Certificate) -> str:
    """How messages call a certificate."""
    return f"the certificate of {(written(certificate.subject) or certificate.common_name)!r}"


def out_of_time(certificate: Certificate, now: datetime) -> str:
    """Why a certificate is not valid now, as the end of a sentence; empty if it is (codes 52559972, 52559973)."""
    if certificate.expiry <= now:
        return f"has expired, on {certificate.expiry:%Y-%m-%d at %H:%M UTC}."
    if certificate.start > now:
        return f"is not valid before {certificate.start:%Y-%m-%d at %H:%M UTC}."
    return ""


def unfit(certificate: Certificate) -> list[str]:
    """Why a peer would not take a certificate of one end, by its usage; each the end of a sentence."""
    problems = []
    if not certificate.may_sign:
        problems.append("has a key that may not sign (keyUsage), which IKE needs.")
    if not certificate.is_for_ike:
        problems.append(
            f"was issued for {', '.join(certificate.purposes)} (extendedKeyUsage), and peers want one of "
            f"{', '.join(x509.PURPOSES.values())}, or none at all."
        )
    return problems


def told(certificate: Certificate) -> dict[str, Any]:
    """What a result says of a certificate; where it can't be read, only by what it is told from others."""
    if not x509.READABLE:
        return {"fingerprint": certificate.fingerprint}
    return {
        "subject": written(certificate.subject),
        "issuer": written(certificate.issuer),
        "serial_number": certificate.serial_number,
        "expiry_time": certificate.expiry.isoformat(),
        "fingerprint": certificate.fingerprint,
    }


def reachable(certificate: Certificate, others: Sequence[Certificate]) -> list[Certificate]:
    """A certificate and all of ``others`` that lead from it towards a root, on any way, the nearest first."""
    found = [certificate]
    for current in found:
        found += [one for one in dict.fromkeys(others) if one not in found and current.is_issued_by(one)]
    return found
