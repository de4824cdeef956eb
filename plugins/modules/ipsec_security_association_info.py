#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists security associations."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_security_association_info
short_description: List IPsec security associations of NetApp ONTAP, with a summary by policy
version_added: 1.0.0
description:
  - Lists the security associations of IKE and IPsec on all nodes of an array, or those that match all filters, over ONTAP's
    REST API, and says of each policy whether traffic is protected now.
  - Every filter takes a plain value, or a query expression of ONTAP as in M(wiresec.ontap.ipsec_policy_info).
  - Costs one request, two with O(summary=true), and more if ONTAP returns the associations in several pages.
author:
  - wiresec.ontap contributors (@wiresec)
extends_documentation_fragment:
  - wiresec.ontap.attributes
  - wiresec.ontap.attributes.info_module
  - wiresec.ontap.connection
options:
  policy:
    description: Name of the policy.
    type: str
    aliases: [policy_name]
  svm:
    description: Name or UUID of the SVM.
    type: str
  node:
    description: Name or UUID of the node.
    type: str
  type:
    description: V(ike) or V(ipsec).
    type: str
  local_address:
    description: Address of the array's side.
    type: str
  remote_address:
    description: Address of the peer.
    type: str
  ike:
    description: Properties that only associations of IKE have.
    type: dict
    suboptions:
      state:
        description: V(none), V(connecting), V(established) or V(dead_peer_probe).
        type: str
  ipsec:
    description: Properties that only associations of IPsec have.
    type: dict
    suboptions:
      state:
        description: State as ONTAP calls it.
        type: str
  summary:
    description:
      - Whether to return RV(summary), which needs to know the policies, too.
      - O(policy) and O(svm) confine it. The other filters decide which associations it counts, so with O(type=ike) no
        policy is established.
    type: bool
    default: true
  max_records:
    description:
      - How many records ONTAP returns in one answer, V(1) at least. All answers are read whatever their number.
    type: int
seealso:
  - module: wiresec.ontap.ipsec_policy_health
  - module: wiresec.ontap.ipsec_policy_info
"""

EXAMPLES = r"""
- name: Is traffic protected now?
  wiresec.ontap.ipsec_security_association_info:
    svm: svm1
  register: associations

- name: Show it
  ansible.builtin.debug:
    msg: "{{ item.status }}, {{ item.inbound.bytes }} bytes in, {{ item.outbound.bytes }} bytes out"
  loop: "{{ associations.summary }}"
  loop_control:
    label: "{{ item.policy }}"

- name: With which peers does a policy still negotiate, on any node?
  wiresec.ontap.ipsec_security_association_info:
    policy: nfs-clients
    ike:
      state: connecting
    summary: false

- name: What is there with the hosts of a subnet?
  wiresec.ontap.ipsec_security_association_info:
    type: ipsec
    remote_address: 10.10.20.*
"""

RETURN = r"""
security_associations:
  description:
    - The associations, each with the same keys, V(null) where there is nothing to say. C(ike) is V(null) in those of IPsec,
      C(ipsec) in those of IKE. Associations of cluster scope have no SVM.
  returned: success
  type: list
  elements: dict
  sample:
    - uuid: 1cd8a442-86d1-11e0-ae1c-123478563412
      type: ike
      node: cluster1-01
      svm: svm1
      scope: svm
      policy: nfs-clients
      local_address: 10.10.10.7
      remote_address: 10.10.20.5
      cipher_suite: suiteb_gcm256
      lifetime: 86400
      ike:
        state: established
        authentication: psk
        is_initiator: false
        version: 2
        initiator_security_parameter_index: "0x1234567812345678"
        responder_security_parameter_index: "0x8765432187654321"
      ipsec: null
num_records:
  description: How many associations match.
  returned: success
  type: int
  sample: 2
summary:
  description:
    - One entry for each enabled policy that protects traffic, and for each other one that has associations, by SVM and name.
  returned: success and O(summary=true)
  type: list
  elements: dict
  contains:
    policy:
      description: Name of the policy.
      type: str
    svm:
      description: Name of the SVM, V(null) for cluster scope.
      type: str
    status:
      description:
        - V(established) with one peer at least, which then has an association of IPsec, and an established one of IKE if
          those are in the list.
        - V(half_open) if there are associations, but no peer has both; V(none) if there are none at all.
      type: str
    peers:
      description: Number of pairs of hosts, counted on each node, that are C(established), and that are C(half_open).
      type: dict
    security_associations:
      description: Number of associations of C(ike) and C(ipsec).
      type: dict
    ike_states:
      description: Number of associations of IKE by state.
      type: dict
    nodes:
      description: Nodes that have associations of the policy.
      type: list
      elements: str
    inbound:
      description: Sum of C(bytes) and C(packets) that came in through associations that there are now.
      type: dict
    outbound:
      description: The same of what went out.
      type: dict
  sample:
    - policy: nfs-clients
      svm: svm1
      status: established
      peers: {established: 1, half_open: 0}
      security_associations: {ike: 1, ipsec: 1}
      ike_states: {established: 1}
      nodes: [cluster1-01]
      inbound: {bytes: 1400, packets: 1}
      outbound: {bytes: 2800, packets: 2}
error:
  description: What ONTAP said, as in M(wiresec.ontap.ipsec_policy).
  returned: when ONTAP refused a request
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._1_array.rest import RestClient
from ..module_utils._2_objects.ipsec_policy import POLICY
from ..module_utils._2_objects.ipsec_security_association import SECURITY_ASSOCIATION, summarize
from ..module_utils._3_state.reading import listing
from ..module_utils._5_task import options
from ..module_utils._5_task.execute import Mode, execute

_STATE: dict[str, Any] = {"type": "dict", "options": {"state": {"type": "str"}}}
OPTIONS: dict[str, Any] = {
    "policy": {"type": "str", "aliases": ["policy_name"]},
    "svm": {"type": "str"},
    "node": {"type": "str"},
    "type": {"type": "str"},
    "local_address": {"type": "str"},
    "remote_address": {"type": "str"},
    "ike": _STATE,
    "ipsec": _STATE,
    "summary": {"type": "bool", "default": True},
    "max_records": {"type": "int"},
}


def run(params: Mapping[str, Any], client: RestClient, mode: Mode) -> dict[str, Any]:
    """From validated options to the result of the task. Raises ``OntapError``."""
    associations = listing(client, SECURITY_ASSOCIATION, params, max_records=params["max_records"])
    result = {"changed": False, "security_associations": associations, "num_records": len(associations)}
    if params["summary"]:
        filters = {"name": params["policy"], "svm": params["svm"], "enabled": "true"}
        enabled = listing(client, POLICY, filters, ["name", "svm", "action"], max_records=params["max_records"])
        result["summary"] = summarize(associations, [policy for policy in enabled if POLICY.protects(policy)])
    return result


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Entry point of Ansible."""
    module = module_class(argument_spec={**options.CONNECTION, **OPTIONS}, supports_check_mode=True)
    execute(module, SECURITY_ASSOCIATION, run, exact=True)


if __name__ == "__main__":
    main()
