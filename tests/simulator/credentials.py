# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the two ends of a policy prove who they are: keys, certificates, identities (fact sheet 1.1, 4.2, 5.1)."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection

from .errors import OntapError
from .schema import Record
from .unknowns import Unknowns
from .versions import V9_10_1, V9_16_1, V9_18_1, Version

UNPROTECTED = ("bypass", "discard")
_CERTIFICATE = ("certificate.name", "certificate.uuid")
_OF_AUTHENTICATION = (*_CERTIFICATE, "secret_key", "ppk.identity", "ppk.shared_key")


class Restarted(Exception):
    """ONTAP restarts instead of answering (fact sheet 4.2, the dangerous bug)."""


def for_create(
    action: str,
    given: Record,
    certificates: Collection[Record],
    owner: Record | None,
    version: Version,
    unknowns: Unknowns,
) -> Record:
    """Return the authentication fields of a new policy, its identities apart; `owner` is its SVM, None for the cluster."""
    named = {path: value for path in _OF_AUTHENTICATION if (value := given.get(path)) is not None}
    asked = given.get("authentication_method")
    _check_lengths(given, version)
    if action in UNPROTECTED:
        if unknowns.ignored_authentication == "error" and (named or asked not in (None, "none")):
            raise OntapError(66257112, "authentication_method")
        return {"authentication_method": "none"}

    has_certificate = any(path in named for path in _CERTIFICATE)
    method = asked or _method(named, has_certificate, unknowns)
    _check_method(method, asked is not None, "secret_key" in named, has_certificate)
    if "secret_key" in named:
        _check_key(named["secret_key"])
    fields: Record = {**named, "authentication_method": method}
    if has_certificate:
        fields |= _certificate(named, certificates, owner)
        _require_remote_identity(given.get("remote_identity"), version)
        if version >= V9_18_1:
            fields["certificate_modify_keepsa"] = bool(given.get("certificate_modify_keepsa"))
    _check_ppk(fields)
    return fields


def for_modify(
    current: Record, given: Record, certificates: Collection[Record], owner: Record | None, version: Version
) -> Record:
    """Return the authentication fields that a PATCH changes, identities apart; Restarted where ONTAP would do that."""
    changes: Record = {}
    _check_lengths(given, version)
    if any(path in given for path in _CERTIFICATE):
        changes |= _new_certificate(current, given, certificates, owner, version)
    if "certificate_modify_keepsa" in given:
        changes["certificate_modify_keepsa"] = bool(given["certificate_modify_keepsa"])
    if "ppk.identity" in given:
        changes["ppk.identity"] = given["ppk.identity"]
        _check_ppk({**current, **changes})
    if current.get("authentication_method") == "pki" and "remote_identity" in given:
        _require_remote_identity(given["remote_identity"], version)
    return changes


def check_identities(policy: Record, unknowns: Unknowns) -> None:
    """Check that a key is for peers that can be told apart from others: by address, or by identity (fact sheet 8)."""
    hosts = {"ipv4": "32", "ipv6": "128"}
    netmask = policy.get("remote_endpoint.netmask")
    is_host = netmask == hosts.get(policy.get("remote_endpoint.family", ""))
    covered = {"wildcard": netmask == "0", "subnet": netmask is not None and not is_host, "never": False}
    needed = policy.get("authentication_method") == "psk" and covered[unknowns.identities_with_key]
    if needed and not policy.get("remote_identity"):
        raise OntapError(
            262212, "remote_identity", message="A key for more than one remote host needs the remote identity"
        )


def _method(named: Record, has_certificate: bool, unknowns: Unknowns) -> str:
    """Return the method of a create that names none."""
    if unknowns.default_authentication_method == "refuse":
        raise OntapError(262212, "authentication_method")
    if not has_certificate and "secret_key" not in named:
        raise OntapError(66257144, "secret_key")
    if unknowns.default_authentication_method == "none":
        return "none"
    return "psk" if "secret_key" in named else "pki"


def _check_method(method: str, asked: bool, has_key: bool, has_certificate: bool) -> None:
    """Check that the method has what it needs, and nothing that belongs to the other one."""
    if method == "psk" and has_certificate:
        raise OntapError(66257136, "certificate")
    if method == "psk" and not has_key:
        raise OntapError(66257133, "secret_key")
    if method == "pki" and has_key:
        raise OntapError(66257137, "secret_key")
    if method == "pki" and not has_certificate:
        raise OntapError(66257134, "certificate")
    if method == "none" and asked:
        if has_key or has_certificate:
            raise OntapError(262186, "authentication_method")
        raise OntapError(66257144, "secret_key")


def _check_key(key: str) -> None:
    """Check a pre-shared key: 0x begins a hexadecimal one, 0s one in Base64 (fact sheet 5.1)."""
    digits = key[2:]
    if key.startswith("0x") and not re.fullmatch("[0-9A-Fa-f]+", digits):
        raise OntapError(66257107, "secret_key")
    if key.startswith("0s"):
        try:
            base64.b64decode(digits, validate=True)
        except ValueError:
            raise OntapError(66257109, "secret_key") from None
    _check_shared_key("secret_key", key)


def _check_shared_key(path: str, key: str) -> None:
    if not 18 <= len(key) <= 128 or not key.isascii():
        raise OntapError(66257200, path)


def _check_ppk(fields: Record) -> None:
    """Check the post-quantum key: identity and key come together (fact sheet 1.1, 5.1)."""
    identity, key = fields.get("ppk.identity"), fields.get("ppk.shared_key")
    if identity is not None and key is None:
        raise OntapError(66257153, "ppk.shared_key")
    if key is not None and identity is None:
        raise OntapError(66257154, "ppk.identity")
    if identity is not None and not 6 <= len(identity) <= 64:
        raise OntapError(262185, "ppk.identity")
    if key is not None:
        _check_shared_key("ppk.shared_key", key)


def _check_lengths(given: Record, version: Version) -> None:
    """Check the identities; until 9.10.1 they are 8 to 64 characters long (fact sheet 1.1)."""
    for path in ("local_identity", "remote_identity"):
        identity = given.get(path)
        if identity is not None and version < V9_10_1 and not 8 <= len(identity) <= 64:
            raise OntapError(262185, path)


def _require_remote_identity(identity: str | None, version: Version) -> None:
    """Check the rule of 66257138: the vendor's own example breaks it, so older releases cannot have had it."""
    if not identity and version >= V9_16_1:
        raise OntapError(66257138, "remote_identity")


def _new_certificate(
    current: Record, given: Record, certificates: Collection[Record], owner: Record | None, version: Version
) -> Record:
    method = current.get("authentication_method")
    if method == "psk" and version >= V9_16_1:
        raise OntapError(66257136, "certificate")
    if method != "pki":
        raise Restarted
    named = {path: given[path] for path in _CERTIFICATE if given.get(path) is not None}
    if not named:
        raise OntapError(66257134, "certificate")
    return _certificate(named, certificates, owner)


def _certificate(named: Record, certificates: Collection[Record], owner: Record | None) -> Record:
    """Return name and UUID of the certificate that is meant, which the owner has to have (fact sheet 5.1)."""
    name, uuid = (named.get(path) for path in _CERTIFICATE)
    by_uuid = next((certificate for certificate in certificates if certificate["uuid"] == uuid), None)
    if uuid is not None and by_uuid is None:
        raise OntapError(66257139, "certificate.uuid")
    if by_uuid is not None and name not in (None, by_uuid["name"]):
        raise OntapError(66257305, "certificate.name")
    owned = [
        certificate
        for certificate in ([by_uuid] if by_uuid else certificates)
        if certificate.get("svm.uuid") == (owner or {}).get("uuid") and name in (None, certificate["name"])
    ]
    if not owned:
        raise OntapError(66257135, "certificate.name" if name is not None else "certificate.uuid")
    usable = next((certificate for certificate in owned if certificate["type"] in ("client", "server")), None)
    if usable is None:
        raise OntapError(66257140, "certificate.name" if name is not None else "certificate.uuid")
    return {"certificate.name": usable["name"], "certificate.uuid": usable["uuid"]}
