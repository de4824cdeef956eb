# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that are installed on an array (``/api/security/certificates``), and what each may be used for.

The modules only read these. Source: NetApp's REST reference, and the field lists of its Python client.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import normalize
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.resource import SCOPES, Field, State, SvmScoped

_END_ENTITIES = ("client", "server")


def _moment(value: Any) -> datetime:
    """A point in time as ONTAP writes it: ISO 8601 with an offset. Raises ``ValueError`` for one that leaves it open."""
    # Python 3.9 does not know the letter.
    moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} names no time zone.")
    return moment


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
    )

    def check_usable(self, found: State | None, wanted: Mapping[str, Any], namesakes: list[State]) -> list[str]:
        """As the base class, as far as it goes for any certificate: it has to be installed just there."""
        if found is None:
            places = ", ".join(
                f"on SVM {state['svm']!r}" if "svm" in state else "for the cluster" for state in namesakes
            )
            elsewhere = f" It is installed {places}: check the option svm." if namesakes else ""
            raise InvalidInput(
                f"{self.title(wanted)} is not installed, so IPsec can't use it.{elsewhere or ' Install it first.'}"
            )
        return []


class Authority(Certificate):
    """The certificate of an authority, by which peers are recognised."""

    def check_usable(self, found: State | None, wanted: Mapping[str, Any], namesakes: list[State]) -> list[str]:
        """As the base class; refuses what identifies one end."""
        warnings = super().check_usable(found, wanted, namesakes)
        if found and found["type"] in _END_ENTITIES:
            raise InvalidInput(
                f"{self.title(found)} is of type {found['type']}: it identifies one end and is no CA's. "
                "Name it in the option certificate of an IPsec policy; here, name the CA that signed the peer's."
            )
        return warnings


class AuthorityByUuid(Authority):
    """The same, looked up by UUID."""

    key = ("uuid", "svm")


class EndEntity(Certificate):
    """The certificate by which this end identifies itself."""

    fields = (*Certificate.fields, Field("expiry_time", normalizer=_moment))

    def check_usable(self, found: State | None, wanted: Mapping[str, Any], namesakes: list[State]) -> list[str]:
        """As the base class; refuses a CA's (code 66257140), and what has expired by this machine's clock."""
        warnings = super().check_usable(found, wanted, namesakes)
        if found is None:
            return warnings
        if found["type"] not in _END_ENTITIES:
            raise InvalidInput(
                f"{self.title(found)} is of type {found['type']}: IPsec identifies itself by one of type client or server."
            )
        expiry = found.get("expiry_time")
        if expiry is None:
            return [*warnings, f"{self.title(found)}: the array does not say when it expires, so that was not checked."]
        if expiry <= datetime.now(timezone.utc):
            raise InvalidInput(f"{self.title(found)} has expired, on {expiry:%Y-%m-%d at %H:%M %Z}.")
        return warnings


AUTHORITY = Authority()
AUTHORITY_BY_UUID = AuthorityByUuid()
END_ENTITY = EndEntity()
