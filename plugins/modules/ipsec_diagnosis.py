#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_diagnosis
short_description: Say what keeps a client and NetApp ONTAP arrays apart, from what both know
version_added: 2.0.0
description:
  - Puts both halves on one page, what M(wiresec.ontap.ipsec_policy_health) knows of a client and what M(wiresec.ontap.ipsec_client_info)
    knows on it. Where the two ends differ is the diagnosis.
  - Nothing is said that has no evidence. Where that is too little, the page says so, and what would tell.
  - The playbook C(diagnose) calls it.
author:
  - wiresec.ontap contributors (@wiresec)
attributes:
  check_mode:
    description: Predicts the result without writing anything to the array.
    support: full
    details:
      - Asks no array and no host. The page is written in check mode, too.
  diff_mode:
    description: Says what changed, or in check mode what would change.
    support: N/A
    details:
      - Asks no array and no host.
  idempotent:
    description: A second run with the same options changes nothing, if nobody else changed the array meanwhile.
    support: full
    details:
      - It never says that something changed.
options:
  peer:
    description: Address of the client.
    type: str
    required: true
  arrays:
    description:
      - By the name of a cluster, what M(wiresec.ontap.ipsec_policy_health) returned for it with O(peer), also if it failed.
      - A cluster with anything else is told as one of which nothing is known.
    type: dict
    required: true
  client:
    description:
      - What M(wiresec.ontap.ipsec_client_info) returned on the client. Without it, or with anything else, the array alone has its say.
    type: dict
  compared:
    description:
      - What the entry point C(compare) of the role P(wiresec.ontap.ipsec_client#role) left in C(ipsec_client_compared), whether the client
        has what the policy files ask of it. This tells which end has the wrong key.
    type: dict
  directory:
    description: Folder for the files C(diagnosis-ADDRESS.md) and C(diagnosis-ADDRESS.json). It is made if there is none.
    type: path
    required: true
notes:
  - It runs on the controller only.
seealso:
  - module: wiresec.ontap.ipsec_policy_health
  - module: wiresec.ontap.ipsec_client_info
"""

EXAMPLES = r"""
- name: Ask the array
  wiresec.ontap.ipsec_policy_health:
    peer: 10.10.20.20
    wait: 0
  register: array
  failed_when: false

- name: Say what keeps them apart
  wiresec.ontap.ipsec_diagnosis:
    peer: 10.10.20.20
    arrays:
      cluster1: "{{ array }}"
    directory: reports
"""

RETURN = r"""
msg:
  description: What is found, in words.
  returned: success
  type: str
findings:
  description: What speaks for which cause, the most certain first.
  returned: success
  type: list
  elements: dict
  contains:
    cause:
      description:
        - One of those of M(wiresec.ontap.ipsec_policy_health), or V(daemon_down), V(configured_otherwise),
          V(no_connection), V(not_loaded), V(no_trap),
          V(selectors_differ), V(selectors_wider), V(suite_differs), V(esn_differs), V(mode_differs), V(pfs_differs), V(proposal_differs),
          V(method_differs), V(identity_differs), V(ppk_differs), V(authentication_failed), V(no_key), V(not_trusted), V(no_answer).
      type: str
    certainty:
      description: V(certain), V(likely) or V(possible), as in M(wiresec.ontap.ipsec_policy_health).
      type: str
    side:
      description: Whether the V(array) says so, the V(client), or a comparison of V(both).
      type: str
    evidence:
      description: What was read that speaks for it.
      type: str
    advice:
      description: What to do, or where to look.
      type: str
    cluster:
      description: The cluster.
      type: str
    policy:
      description: The policy, V(null) where it is about none.
      type: str
    connection:
      description: The connection of the client, V(null) where it is about none.
      type: str
files:
  description: The files that were written.
  returned: success
  type: list
  elements: str
unread:
  description: A sentence for all that could not be looked at.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

OPTIONS: dict[str, Any] = {
    "peer": {"type": "str", "required": True},
    "arrays": {"type": "dict", "required": True},
    "client": {"type": "dict"},
    "compared": {"type": "dict"},
    "directory": {"type": "path", "required": True},
}


def main() -> None:
    """Fails: in a task Ansible runs the action plugin of this name, because reports are for the controller only."""
    AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True).fail_json(
        msg="ipsec_diagnosis is an action of the controller and can't run as a module; call it in a task, by its full name."
    )


if __name__ == "__main__":
    main()
