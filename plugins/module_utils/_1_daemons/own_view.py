# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client's files, daemon and log say of a connection, in the words of no daemon and without secrets. Pure.

The log is searched for what is known to tell why a negotiation failed; nothing else of it is shown, because it may have anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

View = dict[str, Any]

ERRORS = {
    "AUTHENTICATION_FAILED": "AUTHENTICATION_FAILED",
    "NO_PROPOSAL_CHOSEN": "NO_PROPOSAL_CHOSEN",
    "TS_UNACCEPTABLE": "TS_UNACCEPTABLE",
    "cannot route template policy": "NO_TRAP",
    "giving up after": "NO_ANSWER",
    "timeout exceeded after": "NO_ANSWER",
    "no shared key found": "NO_KEY",
    "no preshared secret found": "NO_KEY",
    "PPK required": "PPK_MISSING",
    "PPK is required": "PPK_MISSING",
    "no PPK": "PPK_MISSING",
    "certificate has expired": "CERTIFICATE_EXPIRED",
    "no trusted": "NOT_TRUSTED",
    "no issuer certificate found": "NOT_TRUSTED",
}
"""What to look for in a log, and the word that stands for it here. The first three are IKEv2's own (RFC 7296, 3.10.1)."""

_NAME = re.compile(r"wiresec-[\w-]+")
_OTHER = re.compile(r'\] <[^|<>]+\|\d+>|"[^"]+"(?:\[\d+\])?(?: [\da-fA-F.:]+)? #\d+:')
"""How a line of strongSwan's or of libreswan's names a connection, whoever has configured it."""

_SUITE = re.compile(r"aes[_-]?gcm(?:16)?[_-]?c?256|aes256gcm(?:16|128)|aes_gcm_16-256")


def of_strongswan(name: str, section: Mapping[str, Any]) -> View:
    """What a section of a file of strongSwan's says, as ``own_files.sections`` reads it."""
    child = section.get("children", {}).get(name, {})
    mode = child.get("mode", "tunnel")
    local, remote = (_selector(child.get(f"{end}_ts", "dynamic")) for end in ("local", "remote"))
    proposals = [one.strip() for one in child.get("esp_proposals", "").split(",") if one.strip()]
    exchanges = [bool(re.search(r"-(ecp|modp|curve|x25519|x448)", one)) for one in proposals]
    return {
        "name": name,
        "protects": mode in ("transport", "tunnel", "beet"),
        "transport": mode == "transport",
        "local_addresses": _list(section.get("local_addrs")),
        "remote_addresses": _list(section.get("remote_addrs")),
        "protocol": remote["protocol"],
        "local_port": local["port"],
        "remote_port": remote["port"],
        "local_networks": local["networks"],
        "remote_networks": remote["networks"],
        "local_identity": section.get("local", {}).get("id"),
        "remote_identity": section.get("remote", {}).get("id"),
        "method": "psk" if section.get("local", {}).get("auth") == "psk" else "pki",
        "ppk_identity": section.get("ppk_id"),
        "esp": proposals,
        "fitting_suite": any(_SUITE.match(one) for one in proposals) if proposals else True,
        "pfs": None if not exchanges or (any(exchanges) and not all(exchanges)) else all(exchanges),
        "esn": any(re.search(r"-esn\b", one) for one in proposals) and not any("-noesn" in one for one in proposals),
        "trap": "trap" in child.get("start_action", "none"),
        "probes_peer": _seconds(section.get("dpd_delay", "0")) > 0,
    }


def of_libreswan(name: str, text: str) -> View:
    """What a connection of a file of libreswan's says, as ``own_files.conns`` reads it."""
    options = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    protocol, port = _half(options.get("rightprotoport", ""))
    _protocol, own_port = _half(options.get("leftprotoport", ""))
    networks = [options[key] for key in ("rightsubnet", "right") if key in options][:1]
    proposals = [one.strip() for one in options.get("esp", "").split(",") if one.strip()]
    kind = options.get("type", "tunnel")
    return {
        "name": name,
        "protects": kind in ("transport", "tunnel"),
        "transport": kind == "transport",
        "local_addresses": [options["left"]] if "left" in options else [],
        "remote_addresses": [options["right"]] if "right" in options else [],
        "protocol": protocol,
        "local_port": own_port,
        "remote_port": port,
        "local_networks": [options["leftsubnet"]] if "leftsubnet" in options else [],
        "remote_networks": networks,
        "local_identity": _plain(options.get("leftid")),
        "remote_identity": _plain(options.get("rightid")),
        "method": "psk" if options.get("authby") == "secret" else "pki",
        # It is in the file of secrets only.
        "ppk_identity": "" if "ppk" in options else None,
        "esp": proposals,
        "fitting_suite": any(_SUITE.match(one) for one in proposals) if proposals else True,
        # Its default; see perfect_forward_secrecy of what renders these files.
        "pfs": options.get("pfs", "yes") == "yes",
        "esn": options.get("esn", "either") == "yes",
        # What is known of libreswan 4.10: no trap for a port that is spelled %any, and none that lasts for a protocol without a port.
        "trap": options.get("auto") in ("ondemand", "route")
        and "%any" not in options.get("leftprotoport", "")
        and not (protocol and not port and not own_port),
        "probes_peer": _seconds(options.get("dpddelay", "0")) > 0,
    }


def errors(lines: Iterable[str]) -> list[dict[str, Any]]:
    """What a log says of failed negotiations: ``connection`` (``None`` where a line names none), ``error``, how often. The last first.

    What names a connection that somebody else has configured is left out.
    """
    found: dict[tuple[str | None, str], int] = {}
    for line in lines:
        word = next((word for text, word in ERRORS.items() if text in line), None)
        if word is None:
            continue
        name = _NAME.search(line)
        if name is None and _OTHER.search(line):
            continue
        key = (name[0] if name else None, word)
        found[key] = found.pop(key, 0) + 1
    return [{"connection": name, "error": word, "count": count} for (name, word), count in reversed(found.items())]


def _list(text: str | None) -> list[str]:
    return [one.strip() for one in (text or "").split(",") if one.strip()]


def _selector(text: str) -> View:
    """Networks, protocol and port of ``10.0.0.1/32[6/2049]``, 0 for any. Of several selectors, those of the first count."""
    parts = [re.fullmatch(r"([^\[]*)(?:\[([^/\]]*)(?:/([^\]]*))?\])?", one) for one in _list(text)]
    known = [one for one in parts if one]
    protocol, port = (known[0][2], known[0][3]) if known else (None, None)
    return {
        "networks": [one[1] for one in known],
        "protocol": _number(protocol),
        "port": _number(port),
    }


def _half(text: str) -> tuple[int | str, int | str]:
    protocol, _slash, port = text.partition("/")
    return _number(protocol), _number(port)


_NAMES = {"tcp": 6, "udp": 17, "icmp": 1, "any": 0, "%any": 0, "": 0}


def _number(text: str | None) -> int | str:
    """A protocol or port as a number, 0 for any; what is neither stays text."""
    word = (text or "").strip().lower()
    return int(word) if word.isdecimal() else _NAMES.get(word, word)


def _seconds(text: str) -> float:
    found = re.fullmatch(r"([0-9.]+)\s*([smhd]?)", text.strip())
    return float(found[1]) if found else 0.0


def _plain(text: str | None) -> str | None:
    return None if text is None else text.strip('"')
