# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to an array: host and port as a user writes them, and the proxy that the environment names. Pure functions.

Both are checked here, because the HTTP libraries accept what means nothing, or something else, and quote what they
refuse, passwords included. What this module raises quotes nothing that may be one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")
_LONGEST_NAME = 253
_ZONE = re.compile(r"[A-Za-z0-9_.-]+")
_PROXY_SCHEMES = ("http", "https")
_VARIABLES = ("https_proxy", "all_proxy")


def host_and_port(text: str) -> tuple[str, int | None]:
    """Splits ``host``, ``host:port`` and ``[address]:port``; a bare IPv6 address is a host, too.

    Raises ``ValueError`` with the end of a sentence that begins with what was given.
    """
    if "://" in text or "/" in text:
        raise ValueError("is not a host name or address; leave out https:// and any path")
    if "@" in text:
        raise ValueError("is not a host name or address; leave out user name and password")
    if not all(character.isprintable() and not character.isspace() for character in text):
        raise ValueError("contains a blank, or a character that can't be shown, and so is not a host name or address")
    port: str | None
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or rest[:1] not in ("", ":"):
            raise ValueError("has a bracket that is not closed, or something other than a port behind it")
        port = rest[1:] if rest else None
    elif text.count(":") > 1:
        host, port = text, None
    else:
        host, colon, behind = text.partition(":")
        port = behind if colon else None
    if ":" in host or text.startswith("["):
        _check_ipv6(host)
    else:
        _check_name(host)
    return host.lower(), None if port is None else _port(port)


def _check_ipv6(host: str) -> None:
    address, percent, zone = host.partition("%")
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        raise ValueError("is not an IPv6 address, though it has the colons or brackets of one") from None
    if percent and not _ZONE.fullmatch(zone):
        raise ValueError("has a zone behind its % that is no name of an interface")


def _check_name(host: str) -> None:
    labels = host.removesuffix(".").split(".")
    if len(host) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError(
            "is not a host name or address: the parts between its dots must be letters, digits and hyphens, 1 to 63 of them"
        )


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise ValueError("has a port that is not a number from 1 to 65535")
    return int(text)


@dataclass(frozen=True)
class Proxy:
    """A proxy by which an array is reached. url: may contain a password. shown: what messages call it."""

    url: str = field(repr=False)
    shown: str


def proxy(url: str, environment: Mapping[str, str]) -> Proxy:
    """The proxy of this URL, which the environment or the system has named. Raises ``ValueError``."""
    source = _source(url, environment)

    def refuse(why: str) -> ValueError:
        return ValueError(f"{source}: {why}.")

    scheme, separator, rest = url.partition("://") if "://" in url else ("http", "", url)
    if scheme.lower() not in _PROXY_SCHEMES:
        known = re.fullmatch("[A-Za-z][A-Za-z0-9+.-]*", scheme)
        raise refuse(
            f"a proxy of the kind {scheme.lower() if known and separator else 'that is named'} is not supported; name one "
            "of http:// or https://, or except the array by NO_PROXY"
        )
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    login, _at, place = authority.rpartition("@")
    if "@" in login or "@" in rest[len(authority) :]:
        raise refuse(
            "in the user name and password of a proxy the characters # / ? @ : and % must be written as %23 %2F %3F %40 %3A "
            "and %25"
        )
    try:
        host, port = host_and_port(place)
    except ValueError as error:
        raise refuse(f"the host of the proxy {error}") from None
    if not login.isprintable() or " " in login:
        raise refuse("the user name or password of the proxy has a blank or a control character; write a blank as %20")
    name, colon, password = login.partition(":")
    try:
        # requests encodes them so.
        name, password = (
            unquote(part, errors="strict").encode("latin-1").decode("latin-1") for part in (name, password)
        )
    except UnicodeError:
        raise refuse("the user name or password of the proxy has a character beyond Latin-1") from None
    shown = f"[{host}]" if ":" in host else host
    shown += f":{port}" if port else ""
    encoded = f"{quote(name, safe='')}{colon}{quote(password, safe='')}@" if login else ""
    return Proxy(f"{scheme.lower()}://{encoded}{shown}", f"{shown} ({source})")


def _source(url: str, environment: Mapping[str, str]) -> str:
    """The variable that has the URL, as its user has spelt it."""
    named = [name for name, value in environment.items() if value == url and name.lower() in _VARIABLES]
    return named[0] if named else "The system's proxy settings"
