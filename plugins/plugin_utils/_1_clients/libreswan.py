# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections for libreswan, as files of ``/etc/ipsec.d``. Pure.

Sources: libreswan's ipsec.conf(5) and ipsec.secrets(5), and trials with pluto 4.10 against a peer that offers what ONTAP does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...module_utils._0_basics import identities
from .connections import (
    ESP_LIFETIME,
    IKE_LIFETIME,
    NO_ANSWER,
    PASS,
    PEER_GONE,
    PKI,
    PROTECT,
    PSK,
    Client,
    Connection,
    End,
)
from .rendering import File, Format, by_cluster, file_name, head, key_text, odd_characters, origin

CONFIGURATION, SECRETS = ".conf", ".secrets"
FROM_CERTIFICATE = "%fromcert"


def render(client: Client, connections: Sequence[Connection]) -> list[File]:
    """Two files for each cluster: connections, and secrets if there are any."""
    files = []
    for cluster, group in by_cluster(connections):
        lines = _comments(head(client, f"the array {cluster}"))
        for one in group:
            options = [f"    {option}={value}" for option, value in options_of(client, one).items()]
            lines += ["", *_comments(origin(one)), f"conn {one.name}", *options]
        files.append(File(file_name(cluster, CONFIGURATION), _text(lines), False))
        secrets = [line for one in group for line in _secrets(one)]
        if secrets:
            lines = [*_comments(head(client, f"the array {cluster}", "It has secrets.")), *secrets]
            files.append(File(file_name(cluster, SECRETS), _text(lines), True))
    return files


def unfit(client: Client, connection: Connection) -> str:
    """See ``Format``."""
    if not connection.protocol and (connection.local.port or connection.remote.port):
        return "libreswan takes a port only together with a protocol; give protocol"
    if connection.does != PROTECT:
        return ""
    if connection.protocol and not connection.local.port and not connection.remote.port:
        # Seen with 4.10 against a peer that does not answer: the first packet takes the trap away.
        return (
            "libreswan gives up the trap of a protocol without a port while it negotiates, and packets leave in clear; give a port, "
            "or leave protocol out"
        )
    if connection.remote.address is None:
        return "libreswan needs the address of its peer, and local_endpoint is a subnet; give array_addresses"
    texts = (connection.local.identity, connection.remote.identity, connection.ppk_identity, client.certificate)
    odd = odd_characters(texts, '"')
    if odd:
        return f"libreswan's files can't quote it: it {odd}"
    for text in texts[:3]:
        if text is not None and not text.isascii():
            return f"libreswan is known to take identities of ASCII characters only, unlike {text!r}"
    for text in texts[:2]:
        if text is not None and identities.kind(text) == identities.DN and set(text) & set(',+<>;\\"') - {","}:
            return f"libreswan can't be told the subject {text!r}"
        if text is not None and not _has_own_spelling(text) and (text[0] in "#[@~%{" or " " in text):
            return f"libreswan would take the identity {text!r} for something else"
    return ""


def options_of(client: Client, one: Connection) -> dict[str, str]:
    """The options of a connection, in the order in which a person reads them."""
    ends = {
        "left": str(one.local.network[0]),
        "right": one.remote.address or ("0.0.0.0" if one.remote.network.version == 4 else "::"),
        **({} if one.remote.address else {"rightsubnet": str(one.remote.network)}),
        **(
            {"leftprotoport": _selector(one, one.local), "rightprotoport": _selector(one, one.remote)}
            if one.protocol
            else {}
        ),
    }
    if one.does != PROTECT:
        kind = "passthrough" if one.does == PASS else "drop"
        # Nobody is met, so there is nothing to route to.
        return {"type": kind, "authby": "never", **ends, "leftupdown": "%disabled", "auto": "ondemand"}
    by_key = one.method == PSK
    return {
        "ikev2": "insist",
        "type": "transport",
        **({"authby": "secret"} if by_key else {}),
        **ends,
        "leftid": _quoted(own_identity(one)),
        "rightid": _quoted(identity(str(one.remote.identity))),
        **({} if by_key else {"leftcert": _quoted(str(client.certificate)), "leftsendcert": "always"}),
        "ike": "aes256-sha2_384;dh20",
        "esp": "aes_gcm_c256",
        "pfs": perfect_forward_secrecy(),
        "esn": "no",
        **({} if one.replay_window is None else {"replay-window": str(one.replay_window)}),
        **({} if one.ppk_identity is None else {"ppk": "insist"}),
        **({"encapsulation": "yes"} if one.in_udp else {}),
        "ikelifetime": f"{IKE_LIFETIME}s",
        "salifetime": f"{ESP_LIFETIME}s",
        "dpddelay": f"{PEER_GONE}s",
        # How long it takes until nobody is there; with IKEv2 libreswan ignores dpdtimeout, and says so.
        "retransmit-timeout": f"{NO_ANSWER}s",
        "dpdaction": "restart",
        # Without a trap, packets leave in clear as long as there is no association.
        "auto": "ondemand",
    }


def perfect_forward_secrecy() -> str:
    """Whether ONTAP wants a key exchange of its own when a child is rekeyed, nobody says, and libreswan can't do with both.

    With it, libreswan always wants the group of IKE, whatever ``esp`` says (libreswan #1265, and trials with 4.10).
    """
    return "no"


def _selector(one: Connection, end: End) -> str:
    """Numbers only. ``6/0`` is what ``tcp`` means; with ``6/%any`` libreswan installs no trap, and packets leave in clear."""
    return f"{one.protocol}/{end.port}"


def own_identity(one: Connection) -> str:
    """The client's identity. Its subject is best taken from its certificate, byte by byte."""
    own = one.local.identity
    if own is None or (one.method == PKI and identities.kind(own) == identities.DN):
        return FROM_CERTIFICATE
    return identity(own)


def identity(text: str) -> str:
    """An identity in libreswan's spelling: a name has a sign in front, or it would be looked up."""
    return text if _has_own_spelling(text) else f"@{text}"


def _has_own_spelling(text: str) -> bool:
    return identities.kind(text) in (identities.ADDRESS, identities.DN, identities.EMAIL)


def _secrets(one: Connection) -> Iterator[str]:
    owners = " ".join(
        _quoted(identity(str(end.identity))) for end in (one.local, one.remote) if end.identity is not None
    )
    if one.method == PSK:
        yield f"{owners} : PSK {key_text(one.key)}"
    if one.ppk_identity is not None:
        # Without the quotes libreswan skips the line.
        yield f'{owners} : PPKS "{one.ppk_identity}" {key_text(one.ppk_key)}'


def _quoted(text: str) -> str:
    """Quoted where a character might mean something; ``unfit`` refuses what can't be."""
    return text if all(one.isalnum() or one in "@.:-_%" for one in text) else f'"{text}"'


def _comments(lines: Sequence[str]) -> list[str]:
    return [f"# {line}" for line in lines]


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


LIBRESWAN = Format("libreswan", render, unfit, (CONFIGURATION, SECRETS), r"(?m)^conn (wiresec-[\w-]+)$")
