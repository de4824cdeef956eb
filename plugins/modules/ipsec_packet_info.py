#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_packet_info
short_description: Say what becomes of a packet by the IPsec policies of NetApp ONTAP, or of files
version_added: 2.0.0
description:
  - Which policies match, whether the packet is protected, goes in clear or is discarded, and how the client's end sees it.
  - With O(paths) it answers from policy files, offline, and decrypts no secret. Otherwise it reads the policies of the array.
  - An account that may not read security associations is not told if those of a policy do not encrypt; a note says so.
  - Of policies with different actions that match, NetApp does not publish which one ONTAP applies. The answer then says that.
author:
  - wiresec.ontap contributors (@wiresec)
extends_documentation_fragment:
  - wiresec.ontap.attributes
  - wiresec.ontap.attributes.info_module
  - wiresec.ontap.connection
options:
  source:
    description: Address, or network, that the packet comes from.
    type: str
    required: true
  destination:
    description: Address, or network, that it goes to.
    type: str
    required: true
  protocol:
    description: Protocol by name or number. Without it any is meant.
    type: str
  source_port:
    description: Port that it comes from. Without it any is meant.
    type: str
  destination_port:
    description: Port that it goes to. Without it any is meant.
    type: str
  sender:
    description: Whether the client or the array sends it, so that O(source) is the address of one or the other.
    type: str
    choices: [client, array]
    default: client
  svm:
    description: The SVM whose address it is. Without it there is an answer for each SVM that has a policy for it; of any other one
      the packet goes in clear.
    type: str
  paths:
    description:
      - Policy files, or folders of them, as in M(wiresec.ontap.ipsec_policy_lint), to answer from in place of an array.
    type: list
    elements: str
  lookups:
    description: Whether templates of the files may do more than read variables, as in M(wiresec.ontap.ipsec_policy_lint).
    type: bool
    default: true
seealso:
  - module: wiresec.ontap.ipsec_coverage
"""

EXAMPLES = r"""
- name: What becomes of NFS from a client?
  wiresec.ontap.ipsec_packet_info:
    source: 10.10.20.5
    destination: 10.10.10.7
    protocol: tcp
    destination_port: 2049
  register: packet

- name: It is protected
  ansible.builtin.assert:
    that: packet.verdicts | map(attribute='state') | unique == ['protected']
  when: packet.verdicts[0].svm is not none
"""

RETURN = r"""
msg:
  description: The answer in words.
  returned: success
  type: str
  sample: "SVM svm1: protected by nfs-clients."
verdicts:
  description: The answer, for each SVM; with C(svm) being V(null) if no SVM has a policy for it.
  returned: success
  type: list
  elements: dict
  contains:
    svm:
      description: Name of the SVM.
      type: str
    state:
      description: As in M(wiresec.ontap.ipsec_coverage).
      type: str
    policies:
      description:
        - The policies that match, each with C(name), C(svm), C(action), C(in_force), and C(covers), which is V(all) or V(part) of what is
          asked; C(path) and C(line) if they are from files.
      type: list
      elements: dict
    parts:
      description: Where packets fare differently, C(state) and C(where).
      type: list
      elements: dict
    notes:
      description: What else there is to say.
      type: list
      elements: str
    client:
      description:
        - The same packet from the client's end, with C(local), C(local_port), C(remote), C(remote_port) and C(protocol), and what that end
          C(expects).
      type: dict
ipsec_enabled:
  description: Whether IPsec is enabled, V(null) if that is not known. Files that say nothing of it are taken to mean that it is.
  returned: success
  type: bool
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._5_task import options

OPTIONS: dict[str, Any] = {
    "source": {"type": "str", "required": True},
    "destination": {"type": "str", "required": True},
    "protocol": {"type": "str"},
    "source_port": {"type": "str"},
    "destination_port": {"type": "str"},
    "sender": {"type": "str", "choices": ["client", "array"], "default": "client"},
    "svm": {"type": "str"},
    "paths": {"type": "list", "elements": "str"},
    "lookups": {"type": "bool", "default": True},
}


def main() -> None:
    """Fails: in a task Ansible runs the action plugin of this name, because files and variables are on the controller only."""
    AnsibleModule(argument_spec={**options.CONNECTION, **OPTIONS}, supports_check_mode=True).fail_json(
        msg="ipsec_packet_info is an action of the controller and can't run as a module; call it in a task, by its full name."
    )


if __name__ == "__main__":
    main()
