# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an IPsec policy consists of."""

from __future__ import annotations


class ModuleDocFragment:
    """See the module's docstring."""

    DOCUMENTATION = r"""
options:
  svm:
    description:
      - Name of the SVM that the policy belongs to.
      - Without it the task is about a policy of cluster scope. An account of one SVM, which sees no such policies, has to
        give it.
    type: str
  action:
    description:
      - What happens to packets that the policy covers. Needed to create a policy; ONTAP can't modify it.
      - V(esp_transport) protects them, V(esp_udp) protects them across NAT (IPv4 only, ONTAP 9.9.1),
        V(bypass) lets them through as they are, V(discard) drops them.
    type: str
    choices: [bypass, discard, esp_transport, esp_udp]
  enabled:
    description:
      - Whether the policy is in force. ONTAP enables a new policy if the task is silent.
    type: bool
  protocol:
    description:
      - The IP protocol that the policy covers, as a number, as V(tcp), V(udp), V(any) or by another name of the IANA registry,
        such as V(icmp) or V(ospf). The names are those of the collection, the same on every controller.
      - ONTAP covers V(any) if the task is silent when the policy is created.
    type: str
  local_endpoint:
    description:
      - The array's side of the traffic. Needed to create a policy.
    type: dict
    suboptions: &endpoint
      address:
        description:
          - IPv4 or IPv6 address in any spelling, alone or with a prefix length as in V(10.10.20.0/24); without a zone.
        type: str
      netmask:
        description:
          - Prefix length (V(24)) or, for IPv4, a mask (V(255.255.255.0)). Needed unless O(ignore:address) has a prefix length.
        type: str
      port:
        description:
          - One port, as V(2049) or V(2049-2049). V(any) or V(0) cover all ports.
        type: str
  remote_endpoint:
    description:
      - The peer's side of the traffic. Needed to create a policy.
      - All addresses (V(0.0.0.0/0)) are only allowed together with one port on either side.
    type: dict
    suboptions: *endpoint
  local_identity:
    description:
      - IKE identity of the array.
    type: str
  remote_identity:
    description:
      - IKE identity of the peer, V(ANYTHING) for any.
      - NetApp's guide asks for it with certificates, and where O(remote_endpoint) is a subnet whose hosts share a key.
    type: str
  authentication_method:
    description:
      - How the peers authenticate to each other. Needs ONTAP 9.10.1; ONTAP can't modify it.
      - Without it O(secret_key) stands for V(psk) and O(certificate) for V(pki), of a new policy and of one that is there.
      - Of no effect for the actions V(bypass) and V(discard); a warning says so if the task names such an action. A task
        that gives credentials and no action fails if the policy has one of these, because it protects nothing.
    type: str
    choices: [none, psk, pki]
  certificate:
    description:
      - Name of the array's certificate (type server or client), for V(pki). Needs ONTAP 9.10.1.
    type: str
  certificate_modify_keepsa:
    description:
      - Whether security associations survive a change of O(certificate). Needs ONTAP 9.18.1.
    type: bool
  secret_key:
    description:
      - Pre-shared key for V(psk), 18 to 128 ASCII characters; V(0x…) is read as hexadecimal and V(0s…) as Base64.
      - Needed to create a policy with V(psk). ONTAP neither returns nor modifies it.
      - Put it in quotes. What YAML takes for a number, a date or a truth value without them is refused. One line break at the end
        is taken off, with a warning.
    type: str
  ppk:
    description:
      - Post-quantum pre-shared key, in addition to O(authentication_method). Needs ONTAP 9.17.1.
    type: dict
    suboptions:
      identity:
        description:
          - Its identity, 6 to 64 characters.
        type: str
      shared_key:
        description:
          - The key, 18 to 128 ASCII characters. ONTAP neither returns nor modifies it.
        type: str
  ipspace:
    description:
      - Name of the IPspace of the SVM. ONTAP can't modify it and does not always return it; it is compared only if it does.
    type: str
"""
