# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections for strongSwan, as files that swanctl loads (``/etc/swanctl/conf.d``). Pure.

Sources: strongSwan's swanctl.conf(5), and trials with charon 5.9.8 against a peer that offers what ONTAP does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...module_utils._0_basics import identities
from .connections import DROP, ESP_LIFETIME, IKE_LIFETIME, PEER_GONE, PKI, PROTECT, PSK, Client, Connection, End
from .rendering import File, Format, by_cluster, file_name, head, key_text, odd_characters, origin

CONFIGURATION, SECRETS = ".conf", "--secrets.conf"
"""The ends of the names of the two files of a cluster; swanctl reads every ``*.conf``. No name of a cluster ends like the second."""

_ATTRIBUTES = {
    identities.OIDS[name]: {"description": "D", "name": "N", "GN": "G", "initials": "I"}.get(name, name)
    for name in identities.OIDS
    if name != "organizationIdentifier"
}
"""What strongSwan 5.9 calls the attributes of a subject, by OID."""

_Section = Mapping[str, Any]


def render(client: Client, connections: Sequence[Connection]) -> list[File]:
    """Two files for each cluster: connections, and secrets if there are any."""
    files = []
    for cluster, group in by_cluster(connections):
        lines = [*_comments(head(client, f"the array {cluster}")), "connections {"]
        for one in group:
            lines += ["", *_indented(_comments(origin(one)))]
            lines += _indented(_section(one.name, _connection(client, one)))
        files.append(File(file_name(cluster, CONFIGURATION), _text([*lines, "}"]), False))
        secrets = [line for one in group for line in _secrets(one)]
        if secrets:
            lines = [
                *_comments(head(client, f"the array {cluster}", "It has secrets.")),
                "secrets {",
                *_indented(secrets),
                "}",
            ]
            files.append(File(file_name(cluster, SECRETS), _text(lines), True))
    return files


def unfit(client: Client, connection: Connection) -> str:
    """See ``Format``. Names of files go into lists, which commas and white space divide."""
    if connection.method == PKI:
        odd = odd_characters((client.certificate, *client.authorities), ', "\\#')
        if odd:
            return f"swanctl divides lists of files at commas and white space: it {odd}"
    for text in (connection.local.identity, connection.remote.identity, connection.ppk_identity):
        # The daemon refuses what is not ASCII ("invalid value for: id, config discarded").
        if text is not None and not (text.isascii() and text.isprintable()):
            return f"strongSwan takes identities of ASCII characters only, unlike {text!r}"
    for end in (_as_certified(connection), connection.remote):
        text = end.identity
        if text is not None and identities.kind(text) == identities.DN and not _subject(text):
            return f"strongSwan can't be told the subject {text!r}"
    return ""


def _connection(client: Client, one: Connection) -> _Section:
    if one.does != PROTECT:
        # No peer is ever met at this address, so nobody is authenticated by a connection that has no credentials.
        return {"local_addrs": "127.0.0.1", "remote_addrs": "127.0.0.1", "children": {one.name: _shunt(one)}}
    return {
        "version": "2",
        "mobike": "no",
        # With INITIAL_CONTACT the array may drop the associations of other policies for the same two addresses.
        "unique": "never",
        "local_addrs": str(one.local.network[0]),
        "remote_addrs": one.remote.address or str(one.remote.network),
        "proposals": "aes256-sha384-ecp384",
        "rekey_time": f"{IKE_LIFETIME}s",
        "dpd_delay": f"{PEER_GONE}s",
        **({"encap": "yes"} if one.in_udp else {}),
        **({"ppk_id": _quoted(_ppk_identity(one)), "ppk_required": "yes"} if one.ppk_identity is not None else {}),
        **({"send_cert": "always"} if one.method == PKI else {}),
        "local": _authentication(one, _as_certified(one), {"certs": client.certificate} if one.method == PKI else {}),
        "remote": _authentication(
            one,
            one.remote,
            {"cacerts": ", ".join(client.authorities)} if one.method == PKI and client.authorities else {},
        ),
        "children": {one.name: _child(one)},
    }


def _authentication(one: Connection, end: End, credentials: Mapping[str, Any]) -> _Section:
    auth = "psk" if one.method == PSK else "pubkey"
    return {"auth": auth, **credentials, **({} if end.identity is None else {"id": _quoted(_identity(end.identity))})}


def _child(one: Connection) -> _Section:
    return {
        "mode": "transport",
        "esp_proposals": esp_proposals(),
        "local_ts": _selector(one, one.local),
        "remote_ts": _selector(one, one.remote),
        "rekey_time": f"{ESP_LIFETIME}s",
        # Without a trap, packets leave in clear as long as there is no association.
        "start_action": "trap",
        "dpd_action": "restart",
        **({} if one.replay_window is None else {"replay_window": str(one.replay_window)}),
    }


def _shunt(one: Connection) -> _Section:
    return {
        "mode": one.does,
        "local_ts": _selector(one, one.local),
        "remote_ts": _selector(one, one.remote),
        "start_action": "trap",
        # What is dropped comes last by default, behind what protects.
        **({"priority": "1"} if one.does == DROP and one.exception else {}),
    }


def esp_proposals() -> str:
    """With a key exchange of its own and without. Whether ONTAP wants one when a child is rekeyed, nobody says: both work so."""
    return "aes256gcm16-ecp384,aes256gcm16"


def _selector(one: Connection, end: End) -> str:
    """Numbers only: for a name, the daemon needs /etc/protocols."""
    if not one.protocol and not end.port:
        return str(end.network)
    protocol = str(one.protocol) if one.protocol else "any"
    return f"{end.network}[{protocol}{f'/{end.port}' if end.port else ''}]"


def _as_certified(one: Connection) -> End:
    """The client's own end. Its subject is best taken from its certificate, byte by byte."""
    own = one.local.identity
    is_subject = own is not None and identities.kind(own) == identities.DN
    return replace(one.local, identity=None) if one.method == PKI and is_subject else one.local


def _identity(identity: str) -> str:
    """An identity with its kind, so that no spelling makes something else of it."""
    kind = identities.kind(identity)
    if kind == identities.DN:
        return _subject(identity)
    return identity if kind == identities.ADDRESS else f"{'email' if kind == identities.EMAIL else 'fqdn'}:{identity}"


def _subject(identity: str) -> str:
    """A subject as strongSwan reads it, empty if it can't. What it can't read, it would take for an identity of another kind.

    It knows neither quotes nor backslashes, but two signs that divide attributes.
    """
    name = identities.distinguished_name(identity)
    attributes = [(_ATTRIBUTES.get(oid), value) for oid, value in name]
    if any(attribute is None for attribute, _value in attributes):
        return ""
    texts = [f"{attribute}={value}" for attribute, value in attributes]
    if not any("," in text for text in texts):
        return ", ".join(texts)
    return "" if any("/" in text for text in texts) else f"/{'/'.join(texts)}"


def _ppk_identity(one: Connection) -> str:
    """As charon reads the same bytes from a peer that initiates: a name as a name. What it would convert has to be sent as it is."""
    text = str(one.ppk_identity)
    return text if re.fullmatch(r"[A-Za-z][\w-]*(\.[\w-]+)*", text, re.ASCII) else f"keyid:{text}"


def _secrets(one: Connection) -> Iterator[str]:
    """The sections of the secrets of a connection, each for its two identities only."""
    if one.method == PSK:
        identities = [end.identity for end in (one.local, one.remote) if end.identity is not None]
        owners = {f"id-{number}": _quoted(_identity(identity)) for number, identity in enumerate(identities, 1)}
        yield from _section(f"ike-{one.name}", {**owners, "secret": _quoted(key_text(one.key))})
    if one.ppk_identity is not None:
        yield from _section(
            f"ppk-{one.name}", {"id": _quoted(_ppk_identity(one)), "secret": _quoted(key_text(one.ppk_key))}
        )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _section(name: str, content: _Section) -> Iterator[str]:
    yield f"{name} {{"
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _indented(_section(key, value))
        else:
            yield f"  {key} = {value}"
    yield "}"


def _indented(lines: Any) -> list[str]:
    return [f"  {line}" if line else "" for line in lines]


def _comments(lines: Sequence[str]) -> list[str]:
    return [f"# {line}" for line in lines]


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


STRONGSWAN = Format("strongswan", render, unfit, (CONFIGURATION, SECRETS), r"(?m)^  (wiresec-[\w-]+) \{$")
