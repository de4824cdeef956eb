# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections for NMState, which hands libreswan's options to NetworkManager. Pure.

Source: the type ``LibreswanConfig`` of NMState 2.2.60, which knows these options and refuses others. No node has run what is
made here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from . import libreswan
from .connections import ESP_LIFETIME, IKE_LIFETIME, NO_ANSWER, PEER_GONE, PROTECT, PSK, Client, Connection
from .rendering import File, Format, by_cluster, file_name, head, origin

STATE = ".yml"

_UNSAFE_IN_A_KEY = '"\\'


def render(client: Client, connections: Sequence[Connection]) -> list[File]:
    """A desired state for each cluster. Keys are in it, because NMState has no other place for them."""
    files = []
    for cluster, group in by_cluster(connections):
        keyed = any(one.method == PSK for one in group)
        lines = [
            "---",
            *(f"# {line}" for line in head(client, f"the array {cluster}", *(["It has secrets."] if keyed else []))),
            "interfaces:",
        ]
        for one in group:
            lines += [
                *(f"  # {line}" for line in origin(one)),
                f"  - name: {one.name}",
                "    type: ipsec",
                "    libreswan:",
            ]
            lines += [f"      {option}: {_value(value)}" for option, value in _options(client, one).items()]
        # Always: what is replaced by it may have had a key, and a difference shows what was there before.
        files.append(File(file_name(cluster, STATE), "\n".join(lines) + "\n", secret=True))
    return files


def unfit(client: Client, connection: Connection) -> str:
    """See ``Format``."""
    if connection.does != PROTECT:
        return "NMState knows connections that protect, and neither exceptions nor packets to drop"
    if connection.ppk_identity is not None:
        return "NMState has no option for post-quantum keys; leave ppk out, or use libreswan's own files"
    if connection.replay_window is not None:
        return "NMState has no option for the replay window; use libreswan's own files"
    if connection.in_udp:
        return "NMState has no option for ESP in UDP; use libreswan's own files"
    # NetworkManager writes the key in quotes, and libreswan takes what is in quotes as it stands there.
    text = connection.key.decode("latin-1")
    if any(one in _UNSAFE_IN_A_KEY or not one.isprintable() or not one.isascii() for one in text):
        return "NetworkManager can't hand on a key with a quote, a backslash, or bytes that are no ASCII"
    return libreswan.unfit(client, connection)


def _options(client: Client, one: Connection) -> dict[str, object]:
    """libreswan's options, without those that NMState does not know."""
    by_key = one.method == PSK
    selectors = {side: f"{one.protocol}/{end.port}" for side, end in (("left", one.local), ("right", one.remote))}
    return {
        "nm-auto-defaults": False,
        "type": "transport",
        "ikev2": "insist",
        **({"authby": "secret", "psk": one.key.decode("ascii")} if by_key else {}),
        "left": str(one.local.network[0]),
        "right": str(one.remote.address),
        **({f"{side}protoport": selector for side, selector in selectors.items()} if one.protocol else {}),
        "leftid": libreswan.own_identity(one),
        "rightid": libreswan.identity(str(one.remote.identity)),
        **({} if by_key else {"leftcert": client.certificate, "leftsendcert": "always"}),
        "ike": "aes256-sha2_384;dh20",
        "esp": esp(),
        "ikelifetime": f"{IKE_LIFETIME}s",
        "salifetime": f"{ESP_LIFETIME}s",
        "dpddelay": PEER_GONE,
        "dpdtimeout": NO_ANSWER,
        "dpdaction": "restart",
        **({"hostaddrfamily": "ipv6"} if one.local.network.version == 6 else {}),
    }


def esp() -> str:
    """There is no option for PFS, which libreswan wants by default, with the group of IKE."""
    return "aes_gcm_c256"


def _value(value: object) -> str:
    """A scalar of JSON is one of YAML, too."""
    return json.dumps(value)


NMSTATE = Format(
    "nmstate",
    render,
    unfit,
    (STATE,),
    r"(?m)^  - name: (wiresec-[\w-]+)$",
    (
        "NMState has no option for a trap: until a connection is up, packets leave in clear.",
        "libreswan renews keys with PFS then. Whether ONTAP does so, nobody says; if not, traffic stalls after eight hours.",
        "leftprotoport and rightprotoport need a recent NMState; 2.2.60 has them.",
    ),
)
