# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that stands in for an array: it negotiates what ONTAP negotiates, and ignores what a policy wants protected and is not.

Its configuration comes from the options of policies, by the facts about ONTAP (docs/ontap_facts.md) and by nothing of the
collection: a mistake of the renderers must not be made here, too. What nobody knows about ONTAP is a switch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from lab.hosts import StrongSwan

Policy = Mapping[str, Any]
"""The options of a policy, as a policy file has them."""

PROTOCOLS = {"any": "", "icmp": "1", "tcp": "6", "udp": "17", "sctp": "132"}


@dataclass(frozen=True)
class Unknown:
    """How ONTAP is where nobody knows it.

    pfs: whether it wants a key exchange of its own when a child is rekeyed. initiates: whether it negotiates by itself when it
    has something to send.
    """

    pfs: bool = False
    initiates: bool = False


@dataclass(frozen=True)
class Credentials:
    """The files of a certificate, in PEM, and of the authorities that are trusted."""

    certificate: str
    private_key: str
    authorities: Sequence[str] = ()


class Array(StrongSwan):
    """The array. Policies count as soon as they are ``put``, and only packets to their local endpoints."""

    layers: ClassVar[tuple[str, ...]] = ("base", "array", "strongswan")
    # Twelve of the seventy plugins that Debian's daemon loads: it is nobody's client, and starts in half the time.
    SETTINGS: ClassVar = f"""
        {StrongSwan.SETTINGS}
        charon-systemd {{
          load_modular = no
          load = random nonce x509 pubkey pkcs1 pkcs8 pem openssl kdf kernel-netlink socket-default vici
        }}
    """

    def __init__(self, network: Any, *addresses: str, name: str = "array", unknown: Unknown | None = None) -> None:
        super().__init__(network, name, *addresses)
        self.unknown = unknown or Unknown()
        self.policies: list[Policy] = []
        self._put: dict[str, Policy] = {}
        self._groups: dict[str, list[str]] = {}
        self.answers = True
        self.blocks_ike = False
        """Whether a firewall lets no IKE through, from when policies are put the next time."""

    def install(self, name: str, credentials: Credentials) -> None:
        """Installs a certificate under a name, and trusts the authorities of clients. Policies refer to it by ``put``."""
        self.write(
            {
                f"/etc/swanctl/x509/{name}.pem": credentials.certificate,
                f"/etc/swanctl/private/{name}.pem": credentials.private_key,
                **{f"/etc/swanctl/x509ca/{n}.pem": one for n, one in enumerate(credentials.authorities)},
            }
        )

    def remove(self, name: str) -> None:
        """Removes a certificate that no policy uses any more."""
        self.shell(f"rm /etc/swanctl/x509/{name}.pem /etc/swanctl/private/{name}.pem")

    def was_shown(self, certificate: str) -> bool:
        """Whether a peer has identified itself by a certificate, in PEM."""
        return "".join(certificate.split()) in "".join(self.run("swanctl", "--list-certs", "--pem", timeout=60).split())

    def put(self, policies: Sequence[Policy]) -> None:
        """Makes these the policies: what was negotiated by one that has changed or is gone is torn down, as ONTAP does it.

        Not where a policy that keeps its associations has another certificate, and nothing else.
        """
        self.policies = list(policies)
        protecting = [one for one in policies if _protects(one)]
        shunts = [one for one in policies if not _protects(one) and one.get("enabled", True)]
        groups = self._grouped(protecting)
        sections = {str(of[0]["name"]): self._connection(of) for of in groups}
        sections |= {str(one["name"]): _shunt(one) for one in shunts}
        secrets = "".join(_secret(number, one) for number, one in enumerate(protecting))
        connections = "".join(f"{name} {section}" for name, section in sections.items())
        self.write({"/etc/swanctl/conf.d/policies.conf": f"connections {{\n{connections}}}\nsecrets {{\n{secrets}}}\n"})
        changed = {str(one["name"]) for one in protecting if self._ends(self._put.get(str(one["name"]), one), one)}
        gone = (self._put.keys() - {str(one["name"]) for one in protecting}) | changed
        ends = [f"--ike {name}" for name, of in self._groups.items() if gone.issuperset(of)]
        ends += [f"--child {name}" for name in sorted(gone)]
        self._put = {str(one["name"]): one for one in protecting}
        self._groups = {str(of[0]["name"]): [str(one["name"]) for one in of] for of in groups}
        blocked = "-A INPUT -p 17 --dport 500 -j DROP" if self.blocks_ike else ""
        self.write({f"/run/rules{version}": _firewall(policies, version, blocked) for version in (4, 6)})
        self.shell(
            "\n".join(
                [
                    "iptables-legacy-restore /run/rules4 && ip6tables-legacy-restore /run/rules6",
                    "swanctl --load-all --clear --noprompt >/run/load.out 2>&1 || { cat /run/load.out; exit 1; }",
                    *(f"swanctl --terminate --force --timeout 1 {end} >/dev/null 2>&1 || true" for end in ends),
                ]
            ),
            timeout=60,
        )

    def start_with(self, policies: Sequence[Policy]) -> None:
        """Starts the daemon with these policies."""
        self.start_daemon()
        self.put(policies)

    def lose_state(self) -> None:
        """A takeover: another node has the address and the policies, and knows of no association."""
        self.shell("pkill -KILL charon-systemd; ip xfrm state flush; ip xfrm policy flush")
        self.start()

    def stop(self) -> None:
        """The array is there, and nobody answers IKE."""
        self.shell("pkill -KILL charon-systemd; ip xfrm state flush; ip xfrm policy flush")
        self.answers = False

    def has_associations(self, policy: Policy) -> tuple[bool, bool]:
        """Whether there is IKE for a policy, and whether there is an association."""
        if not self.answers:
            return False, False
        groups = [name for name, of in self._groups.items() if policy["name"] in of]
        found = [one for name, one in self.associations() if name in groups and one["state"] == "ESTABLISHED"]
        children = [child for one in found for child in one["child-sas"].values() if child["state"] == "INSTALLED"]
        return bool(found), policy["name"] in {child["name"] for child in children}

    def _ends(self, before: Policy, after: Policy) -> bool:
        """Whether a change ends what was negotiated."""
        if after.get("certificate_modify_keepsa"):
            before = {**before, "certificate": after["certificate"]}
        return self._connection([before]) + _secret(0, before) != self._connection([after]) + _secret(0, after)

    def _grouped(self, policies: Sequence[Policy]) -> list[list[Policy]]:
        """Those together that differ in their packets only: charon takes the first connection that fits, whatever packets it is for."""
        groups: dict[str, list[Policy]] = {}
        for policy in policies:
            groups.setdefault(self._ike(policy), []).append(policy)
        return list(groups.values())

    def _connection(self, policies: Sequence[Policy]) -> str:
        children = "".join(self._child(one) for one in policies)
        return f"{{{self._ike(policies[0])}    children {{\n{children}    }}\n  }}\n"

    def _ike(self, policy: Policy) -> str:
        local, remote = policy["local_endpoint"], policy["remote_endpoint"]
        by_key = "secret_key" in policy
        single = "/" not in remote["address"] or remote["address"].endswith(("/32", "/128"))
        expected = str(
            policy.get("remote_identity", remote["address"].partition("/")[0] if by_key and single else "%any")
        )
        own = str(policy.get("local_identity", local["address"].partition("/")[0] if by_key else "%any"))
        auth = "auth = psk" if by_key else "auth = pubkey"
        certificate = "" if by_key else f"\n      certs = {policy['certificate']}.pem"
        ppk = policy.get("ppk")
        ppk_lines = f'\n    ppk_id = "{ppk["identity"]}"\n    ppk_required = yes' if ppk else ""
        return f"""
    version = 2
    mobike = no
    encap = {"yes" if policy.get("action") == "esp_udp" else "no"}
    local_addrs = {local["address"].partition("/")[0]}
    remote_addrs = {"%any" if self.unknown.initiates else remote["address"]}
    proposals = aes256-sha384-ecp384
    rekey_time = 86400{ppk_lines}
    send_cert = always
    local {{
      {auth}{certificate}
      id = "{_identity(own)}"
    }}
    remote {{
      {auth}
      id = "{"%any" if expected == "ANYTHING" else _identity(expected)}"
    }}
"""

    def _child(self, policy: Policy) -> str:
        return f"""      {policy["name"]} {{
        mode = transport
        esp_proposals = {"aes256gcm16-ecp384" if self.unknown.pfs else "aes256gcm16"}
        rekey_time = 28800
        local_ts = {_selector(policy, policy["local_endpoint"])}
        remote_ts = {_selector(policy, policy["remote_endpoint"])}
        start_action = {"trap" if self.unknown.initiates else "none"}
      }}
"""


def _shunt(policy: Policy) -> str:
    """What is let through, or dropped, although another policy is about it, too."""
    mode = "pass" if policy["action"] == "bypass" else "drop"
    selectors = [_selector(policy, policy[side]) for side in ("local_endpoint", "remote_endpoint")]
    return f"""{{
    local_addrs = 127.0.0.1
    remote_addrs = 127.0.0.1
    children {{
      {policy["name"]} {{
        mode = {mode}
        priority = 1
        local_ts = {selectors[0]}
        remote_ts = {selectors[1]}
        start_action = trap
      }}
    }}
  }}
"""


def _protects(policy: Policy) -> bool:
    action = policy.get("action", "esp_transport")
    return bool(policy.get("enabled", True)) and action in ("esp_transport", "esp_udp")


def _identity(text: str) -> str:
    return text if "=" in text or ":" in text or text.replace(".", "").isdigit() or text == "%any" else f"fqdn:{text}"


def _selector(policy: Policy, endpoint: Mapping[str, Any]) -> str:
    protocol = PROTOCOLS[str(policy.get("protocol", "any"))]
    port = endpoint.get("port")
    return f"{endpoint['address']}[{protocol or 'any'}{f'/{port}' if port else ''}]"


def _secret(number: int, policy: Policy) -> str:
    """The key of a policy, for its two identities, and the post-quantum one."""
    text = ""
    if "secret_key" in policy:
        local, remote = policy["local_endpoint"]["address"], policy["remote_endpoint"]["address"]
        own = str(policy.get("local_identity", local.partition("/")[0]))
        expected = policy.get("remote_identity")
        if expected is None and remote.endswith(("/32", "/128")):
            expected = remote.partition("/")[0]
        peer = "" if expected in (None, "ANYTHING") else f'    id-2 = "{_identity(str(expected))}"\n'
        text += f'  ike-{number} {{\n    id-1 = "{_identity(own)}"\n{peer}    secret = "{policy["secret_key"]}"\n  }}\n'
    if "ppk" in policy:
        ppk = policy["ppk"]
        text += f'  ppk-{number} {{\n    id = "{ppk["identity"]}"\n    secret = "{ppk["shared_key"]}"\n  }}\n'
    return text


def _firewall(policies: Sequence[Policy], version: int, first: str) -> str:
    """What a policy wants protected comes and goes in ESP, or not at all; what is let through in clear before it, ``first`` above all."""
    rules = [first, *(f"-A {chain} -p 50 -j ACCEPT" for chain in ("INPUT", "OUTPUT"))]
    rules += [f"-A {chain} -p 17 --dport {port} -j ACCEPT" for chain in ("INPUT", "OUTPUT") for port in (500, 4500)]
    if version == 6:
        # Without neighbour discovery nothing is ever sent.
        rules += [f"-A {chain} -p 58 -j ACCEPT" for chain in ("INPUT", "OUTPUT")]
    for policy in sorted(policies, key=lambda one: one.get("action") != "bypass"):
        local, remote = policy["local_endpoint"], policy["remote_endpoint"]
        if not policy.get("enabled", True) or (":" in local["address"]) != (version == 6):
            continue
        protocol = PROTOCOLS[str(policy.get("protocol", "any"))]
        unprotected = ("-m policy --dir {} --pol none",) if _protects(policy) else ()
        verdict = "ACCEPT" if policy.get("action") == "bypass" else "DROP"
        for chain, direction, here, there in (("INPUT", "in", "d", "s"), ("OUTPUT", "out", "s", "d")):
            parts = [f"-A {chain} -{here} {local['address']} -{there} {remote['address']}"]
            parts += [f"-p {protocol}"] if protocol else []
            parts += [f"--{here}port {local['port']}"] if local.get("port") else []
            parts += [f"--{there}port {remote['port']}"] if remote.get("port") else []
            rules.append(" ".join([*parts, *(one.format(direction) for one in unprotected), f"-j {verdict}"]))
    return "\n".join(["*filter", *rules, "COMMIT", ""])
