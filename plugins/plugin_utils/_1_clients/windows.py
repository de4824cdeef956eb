# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections for Windows, as a PowerShell script. With IKEv2 Windows authenticates by certificates only. Pure.

Source: Microsoft, "Securing End-to-End IPsec connections by using IKEv2", and the reference of the module NetSecurity. No
Windows machine has run what is made here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from ...module_utils._0_basics import identities
from ...module_utils._0_basics.ip_protocols import NUMBERS
from .connections import DROP, ESP_LIFETIME, IKE_LIFETIME, PKI, PROTECT, Client, Connection, End
from .rendering import PREFIX, File, Format, head, odd_characters, origin

SCRIPT = ".ps1"
_BYTE_ORDER_MARK = "\ufeff"
_QUOTES = "'\u2018\u2019\u201a\u201b"
"""What PowerShell takes for a single quote."""
_WITH_PORTS = {NUMBERS["tcp"]: "TCP", NUMBERS["udp"]: "UDP"}

_BEGIN = """
#Requires -RunAsAdministrator
$ErrorActionPreference = 'Stop'
# Nothing is removed before what takes its place is there.
$kept = @()
function Test-Own($command, $name) { [bool](& $command -Name $name -PolicyStore PersistentStore -ErrorAction SilentlyContinue) }
$group = 'wiresec.ontap'
""".strip()

_END = """
foreach ($command in 'NetIPsecRule', 'NetIPsecMainModeRule', 'NetFirewallRule') {
  & "Get-$command" -Group $group -PolicyStore PersistentStore -ErrorAction SilentlyContinue |
    Where-Object { $kept -notcontains $_.Name } | & "Remove-$command"
}
""".strip()


def render(client: Client, connections: Sequence[Connection]) -> list[File]:
    """One script, which can run again. It is there without connections, too, because somebody has to remove former ones."""
    lines = [f"# {line}" for line in head(client, "all arrays", "Run it as administrator; again, after every change.")]
    lines += _BEGIN.splitlines()
    for one in connections:
        lines += ["", *(f"# {line}" for line in origin(one)), f"# connection {one.name}", *_rules(client, one)]
    lines += ["", *_END.splitlines()]
    # Without the mark, PowerShell 5 reads what is not ASCII in the code page of the machine.
    return [File(f"{PREFIX}client{SCRIPT}", _BYTE_ORDER_MARK + "\r\n".join(lines) + "\r\n", False)]


def unfit(client: Client, connection: Connection) -> str:
    """See ``Format``."""
    if connection.protocol not in _WITH_PORTS and (connection.local.port or connection.remote.port):
        return "Windows takes a port only together with TCP or UDP; give protocol"
    if connection.does != PROTECT:
        return ""
    if connection.method != PKI:
        return "Windows authenticates by certificates only with IKEv2; give the policy a certificate instead of a key"
    if connection.ppk_identity is not None:
        return "Windows has no post-quantum keys; leave ppk out"
    if connection.replay_window == 0:
        return "Windows can't be told to do without replay protection, which the array's offload needs"
    own = connection.local.identity
    if own is not None and identities.kind(own) != identities.DN:
        return f"Windows is to the array what the subject of its certificate says, and remote_identity is {own!r}"
    if not client.authorities:
        return "Windows needs the name of the authority that signed the certificates, as its subject"
    odd = odd_characters(client.authorities, "")
    return f"PowerShell can't be told the authority: it {odd}" if odd else ""


def _rules(client: Client, one: Connection) -> Iterator[str]:
    """The commands for one connection, each only where what it makes is not there. A change makes another name."""
    if one.does == DROP:
        for direction in ("Outbound", "Inbound"):
            yield from _once(
                one, "NetFirewallRule", [f"-Direction {direction} -Action Block {_packets(one)}"], direction
            )
        return
    if one.does != PROTECT:
        yield from _once(one, "NetIPsecRule", [f"-InboundSecurity None -OutboundSecurity None {_packets(one)}"])
        return
    authority = _quoted(client.authorities[0])
    main = [
        f"$credential = New-NetIPsecAuthProposal -Machine -Cert -Authority {authority} -AuthorityType Root",
        "$authentication = New-NetIPsecPhase1AuthSet -DisplayName $name -Group $group -Proposal $credential",
        "$ike = New-NetIPsecMainModeCryptoProposal -Encryption AES256 -Hash SHA384 -KeyExchange DH20",
        f"$ikeSet = New-NetIPsecMainModeCryptoSet -DisplayName $name -Group $group -Proposal $ike -MaxMinutes {IKE_LIFETIME // 60}",
    ]
    yield from _once(
        one,
        "NetIPsecMainModeRule",
        [f"-MainModeCryptoSet $ikeSet.Name -Phase1AuthSet $authentication.Name {_addresses(one)}"],
        before=main,
    )
    quick = [
        "$authentication = Get-NetIPsecMainModeRule -Name $mainName | Get-NetIPsecPhase1AuthSet",
        "$esp = New-NetIPsecQuickModeCryptoProposal -Encapsulation ESP -Encryption AESGCM256 -ESPHash AESGMAC256 "
        f"-MaxMinutes {ESP_LIFETIME // 60} -MaxKiloBytes 2147483647",
        "$espSet = New-NetIPsecQuickModeCryptoSet -DisplayName $name -Group $group -Proposal $esp -PerfectForwardSecrecyGroup None",
    ]
    yield "$mainName = $name"
    yield from _once(
        one,
        "NetIPsecRule",
        [
            "-Mode Transport -KeyModule IKEv2 -InboundSecurity Require -OutboundSecurity Require "
            f"-Phase1AuthSet $authentication.Name -QuickModeCryptoSet $espSet.Name {_packets(one)}"
        ],
        before=quick,
    )


def _once(
    one: Connection, kind: str, options: Sequence[str], variant: str = "", before: Sequence[str] = ()
) -> Iterator[str]:
    content = "\n".join((kind, variant, *before, *options))
    digest = hashlib.sha256(content.encode("utf-8")).hexdigest()[:8]
    yield f"$name = {_quoted('-'.join(filter(None, (one.name, variant.lower(), digest))))}"
    yield "$kept += $name"
    yield f"if (-not (Test-Own 'Get-{kind}' $name)) {{"
    yield from (f"  {line}" for line in before)
    yield f"  New-{kind} -Name $name -DisplayName $name -Group $group {' '.join(options)} | Out-Null"
    yield "}"


def _addresses(one: Connection) -> str:
    return f"-LocalAddress {one.local.network} -RemoteAddress {one.remote.network}"


def _packets(one: Connection) -> str:
    ports = "".join(
        f" -{side}Port {end.port}" for side, end in (("Local", one.local), ("Remote", one.remote)) if _has_port(end)
    )
    protocol = f" -Protocol {_WITH_PORTS.get(one.protocol, one.protocol)}" if one.protocol else ""
    return f"{_addresses(one)}{protocol}{ports}"


def _has_port(end: End) -> bool:
    return end.port != 0


def _quoted(text: str) -> str:
    """A string in which PowerShell looks for nothing; every kind of single quote it knows is written twice."""
    return f"'{''.join(one * 2 if one in _QUOTES else one for one in text)}'"


WINDOWS = Format(
    "windows",
    render,
    unfit,
    (SCRIPT,),
    r"(?m)^# connection (wiresec-[\w-]+)\r?$",
    (
        "Windows checks that an authority signed the certificate of the array, and not whose it is.",
        "The names of authorities are compared by case and order.",
    ),
)
