# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identities of IKE, as policies have them in text, and which of them a certificate proves.

A peer takes an identity from a certificate if it is the whole subject, in its order, or one of the alternative names; a part
of the subject is refused (docs/ontap_facts.md). What text stands for what is as strongSwan reads it, which is what ONTAP's peers
are, most of the time. Nothing here needs a library.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

ANYTHING = "ANYTHING"
"""The identity of a peer that may be anybody whose certificate a registered authority has signed."""

Name = tuple[tuple[str, str], ...]
"""A distinguished name: dotted OID and value of each attribute, in the order of the certificate."""

OIDS = {
    "CN": "2.5.4.3",
    "SN": "2.5.4.4",
    "serialNumber": "2.5.4.5",
    "C": "2.5.4.6",
    "L": "2.5.4.7",
    "ST": "2.5.4.8",
    "STREET": "2.5.4.9",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "T": "2.5.4.12",
    "description": "2.5.4.13",
    "postalCode": "2.5.4.17",
    "name": "2.5.4.41",
    "GN": "2.5.4.42",
    "initials": "2.5.4.43",
    "dnQualifier": "2.5.4.46",
    "organizationIdentifier": "2.5.4.97",
    "UID": "0.9.2342.19200300.100.1.1",
    "DC": "0.9.2342.19200300.100.1.25",
    "E": "1.2.840.113549.1.9.1",
    "unstructuredName": "1.2.840.113549.1.9.2",
    "unstructuredAddress": "1.2.840.113549.1.9.8",
}
"""The attributes of a distinguished name, by the name that most documents have."""

_OTHER_SPELLINGS = {
    "S": "ST",
    "D": "description",
    "G": "GN",
    "I": "initials",
    "N": "name",
    "email": "E",
    "emailAddress": "E",
    "commonName": "CN",
    "surname": "SN",
    "countryName": "C",
    "localityName": "L",
    "stateOrProvinceName": "ST",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "title": "T",
    "givenName": "GN",
    "domainComponent": "DC",
    "userId": "UID",
}
_BY_SPELLING = {
    **{short.casefold(): oid for short, oid in OIDS.items()},
    **{other.casefold(): OIDS[short] for other, short in _OTHER_SPELLINGS.items()},
}
_SHORT = {oid: short for short, oid in OIDS.items()}
_COUNTRY = OIDS["C"]
_OID = re.compile(r"(?:OID\.)?([0-2](?:\.[0-9]+)+)", re.I)
_HOST_NAME = re.compile(r"(?=.{1,253}$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?)+")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")

DN, ADDRESS, EMAIL, HOST, OTHER = "distinguished name", "address", "e-mail address", "host name", "text"


@dataclass(frozen=True)
class Alternatives:
    """The alternative names of a certificate. hosts: of type DNS. names: distinguished ones."""

    hosts: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    names: tuple[Name, ...] = field(default=())

    def __iter__(self) -> Iterator[str]:
        """Each as a policy would have it; URIs are left out, because IKE has no identity of that kind."""
        yield from (*self.hosts, *self.addresses, *self.emails, *map(written, self.names))


def kind(identity: str) -> str:
    """What a text stands for: ``DN``, ``ADDRESS``, ``EMAIL``, ``HOST``, or ``OTHER``, of which nothing can be told."""
    if "=" in identity:
        return DN
    if _address(identity):
        return ADDRESS
    if _EMAIL.fullmatch(identity):
        return EMAIL
    return HOST if _HOST_NAME.fullmatch(identity) else OTHER


def distinguished_name(text: str) -> Name:
    """``C=US, O=Example, CN=svm1`` (or ``/C=US/O=Example/CN=svm1``) in the order of the text. Raises ``ValueError``."""
    name = []
    for attribute in _split(text[1:], "/") if text.startswith("/") else _split(text, ",+;"):
        spelling, equals, value = attribute.partition("=")
        spelling, value = spelling.strip(), _unescaped(value.strip())
        if not equals or not value:
            raise ValueError(f"{attribute.strip()!r} is no attribute with a value, such as CN=svm1.example.com.")
        dotted = _OID.fullmatch(spelling)
        oid = dotted[1] if dotted else _BY_SPELLING.get(spelling.casefold())
        if oid is None:
            raise ValueError(f"{spelling!r} is no attribute of a subject; there are {', '.join(OIDS)}, and OIDs.")
        if oid == _COUNTRY and not re.fullmatch("[A-Za-z]{2}", value):
            raise ValueError(f"C={value}: a country has two letters.")
        name.append((oid, value))
    return tuple(name)


def written(name: Name) -> str:
    """A distinguished name as a policy has it, in the order of the certificate."""
    return ", ".join(f"{_SHORT.get(oid, oid)}={_escaped(value)}" for oid, value in name)


def impossible(identity: str, remote: bool = True) -> str:
    """Why no certificate can prove this identity, as the end of a sentence; empty if one may. remote: of the peer."""
    if identity == ANYTHING:
        return "" if remote else f"is {ANYTHING}, which is no identity but a permission, for remote_identity only"
    if kind(identity) == DN:
        try:
            distinguished_name(identity)
        except ValueError as error:
            return f"can't be the subject of a certificate: {str(error).rstrip('.')}"
    if _is_subnet(identity):
        return "is a subnet, and a certificate names single addresses"
    if "://" in identity:
        return "is a URI, and IKE has no identity of that kind"
    if any(character.isspace() for character in identity) and kind(identity) == OTHER:
        return "is neither a subject, such as CN=svm1.example.com, nor an alternative name (host, address, e-mail)"
    return ""


def proves(subject: Name, alternatives: Alternatives, identity: str) -> bool | None:
    """Whether a certificate proves an identity, ``None`` for one of which that can't be told.

    Upper and lower case count as the same, as they do to most daemons; not so a dot at the end of a host name.
    """
    if identity == ANYTHING:
        return True
    what = kind(identity)
    if what == DN:
        try:
            wanted = _folded(distinguished_name(identity))
        except ValueError:
            return False
        if "*" in identity:
            return None
        return wanted in [_folded(name) for name in (subject, *alternatives.names)]
    if what == ADDRESS:
        return _address(identity) in map(_address, alternatives.addresses)
    if what == OTHER or "*" in identity:
        return False if impossible(identity) else None
    names = alternatives.emails if what == EMAIL else alternatives.hosts
    if identity.casefold() in map(str.casefold, names):
        return True
    bare = identity.rstrip(".").casefold()
    return None if bare in [name.rstrip(".").casefold() for name in names] else False


def why_not(subject: Name, alternatives: Alternatives, identity: str) -> str:
    """What distinguishes an identity from those that a certificate proves, and which these are: the end of a sentence."""
    own = [text for text in (written(subject), *alternatives) if text]
    has = f"that proves {' or '.join(repr(text) for text in own)}" if own else "that names nobody"
    reason = impossible(identity)
    if not reason and kind(identity) == DN:
        wanted, whole = _folded(distinguished_name(identity)), _folded(subject)
        if sorted(wanted) == sorted(whole):
            reason = "has the attributes of the certificate's subject in another order"
        elif set(wanted) < set(whole):
            reason = "is a part of the certificate's subject, and peers take only the whole"
    return f"{reason or 'is neither the subject nor an alternative name of the certificate'}; {has}"


def excluded(permitted: Alternatives, forbidden: Alternatives, identity: str) -> bool:
    """Whether the name constraints of an authority rule an identity out for all that it signs (RFC 5280, 4.2.1.10).

    permitted, forbidden: the subtrees, networks in place of addresses. False where that can't be told.
    """
    what = kind(identity)
    if identity == ANYTHING or what == OTHER or "*" in identity or impossible(identity):
        return False

    def within(tree: Any) -> bool:
        if what == DN:
            return _folded(distinguished_name(identity))[: len(tree)] == _folded(tree)
        if what == ADDRESS:
            return ipaddress.ip_address(identity) in ipaddress.ip_network(tree, strict=False)
        name, domain = identity.rstrip(".").casefold(), tree.strip(".").casefold()
        if what == EMAIL and "@" not in domain:
            name = name.rpartition("@")[2]
        return not domain or name == domain or name.endswith(f".{domain}")

    kinds = {DN: "names", ADDRESS: "addresses", EMAIL: "emails", HOST: "hosts"}
    allowed, denied = (getattr(one, kinds[what]) for one in (permitted, forbidden))
    return any(map(within, denied)) or bool(allowed and not any(map(within, allowed)))


def same(one: str, other: str) -> bool:
    """Whether two texts stand for the same identity."""
    if kind(one) == kind(other) == DN:
        try:
            return _folded(distinguished_name(one)) == _folded(distinguished_name(other))
        except ValueError:
            return False
    if kind(one) == kind(other) == ADDRESS:
        return _address(one) == _address(other)
    return one.rstrip(".").casefold() == other.rstrip(".").casefold()


def _folded(name: Name) -> Name:
    return tuple((oid, " ".join(value.casefold().split())) for oid, value in name)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def _is_subnet(text: str) -> bool:
    try:
        return "/" in text and bool(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return False


def _split(text: str, separators: str) -> list[str]:
    """The parts of a distinguished name: separators count unless a backslash or quotes protect them."""
    parts = [""]
    quoted = escaped = False
    for character in text:
        if not (quoted or escaped) and character in separators:
            parts.append("")
            continue
        parts[-1] += character
        quoted ^= character == '"' and not escaped
        escaped = character == "\\" and not escaped
    return parts


def _unescaped(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    octets = re.compile(r"(?:\\[0-9A-Fa-f]{2})+")
    value = octets.sub(lambda found: bytes.fromhex(found[0].replace("\\", "")).decode("utf-8", "replace"), value)
    return re.sub(r"\\(.)", r"\1", value)


def _escaped(value: str) -> str:
    return re.sub(r'([,+;"\\<>])', r"\\\1", value)
