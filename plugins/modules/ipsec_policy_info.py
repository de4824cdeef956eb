#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists IPsec policies."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_policy_info
short_description: List IPsec policies of NetApp ONTAP
version_added: 1.0.0
description:
  - Lists the IPsec policies of an array, or those that match all filters, over ONTAP's REST API.
  - The policies come in the options of M(wiresec.ontap.ipsec_policy), so that they can be fed back to it.
  - Every filter takes a plain value, in any spelling that M(wiresec.ontap.ipsec_policy) takes, or a query expression of ONTAP.
  - Query expressions are wildcards (V(nfs*)), negation (V(!tcp)), alternatives (V(tcp|udp)), comparison (V(>1024), V(<=24)),
    ranges (V(16..24)), and V(null) or V(!null) for unset and set. A value that contains such characters itself goes in
    double quotes (V("a|b")).
  - Values that can't be, such as an action or a protocol that there is not, are an error, in query expressions as well, because an
    empty list would look like a fact. Any text can be a name, an identity, a certificate or an IPspace.
author:
  - wiresec.ontap contributors (@wiresec)
extends_documentation_fragment:
  - wiresec.ontap.attributes
  - wiresec.ontap.attributes.info_module
  - wiresec.ontap.connection
options:
  name:
    description: Name of the policy.
    type: str
  svm:
    description: Name or UUID of the SVM.
    type: str
  uuid:
    description: UUID of the policy.
    type: str
  scope:
    description: V(svm) or V(cluster).
    type: str
  action:
    description:
      - V(bypass), V(discard), V(esp_transport) or V(esp_udp).
      - ONTAP filters by it from 9.15.1 on.
    type: str
  enabled:
    description: Whether the policy is in force, as a truth value or a query expression.
    type: raw
  protocol:
    description: IP protocol by name or number.
    type: str
  local_endpoint:
    description: The array's side.
    type: dict
    suboptions: &endpoint
      address:
        description: IPv4 or IPv6 address.
        type: str
      family:
        description: V(ipv4) or V(ipv6).
        type: str
      netmask:
        description: Prefix length or IPv4 mask.
        type: str
      port:
        description: Port, V(any) for policies without one.
        type: str
  remote_endpoint:
    description: The peer's side.
    type: dict
    suboptions: *endpoint
  local_identity:
    description: IKE identity of the array.
    type: str
  remote_identity:
    description: IKE identity of the peer.
    type: str
  authentication_method:
    description:
      - V(psk), V(pki) or V(none).
      - Needs ONTAP 9.10.1.
    type: str
  certificate:
    description:
      - Name of the certificate.
      - Needs ONTAP 9.10.1.
    type: str
  certificate_modify_keepsa:
    description:
      - Whether security associations survive a change of certificate, as a truth value or a query expression.
      - Needs ONTAP 9.18.1.
    type: raw
  ppk:
    description:
      - Post-quantum pre-shared key.
      - Needs ONTAP 9.17.1.
    type: dict
    suboptions:
      identity:
        description: Its identity.
        type: str
  ipspace:
    description:
      - Name of the IPspace.
      - NetApp's own modules do not use it as a filter, because ONTAP has failed to find policies by it.
    type: str
  fields:
    description:
      - The options to return, such as V(enabled) or V(local_endpoint.port); by default all that the array's release has.
      - V(uuid), V(scope) and V(local_endpoint.family) are returned only if they are named here, because
        M(wiresec.ontap.ipsec_policy) does not take them.
    type: list
    elements: str
  order_by:
    description:
      - The options to sort by, each optionally followed by V(asc) or V(desc).
    type: list
    elements: str
  max_records:
    description:
      - How many records ONTAP returns in one answer, V(1) at least. All answers are read whatever their number.
    type: int
  count_only:
    description:
      - Returns only how many policies match.
    type: bool
    default: false
seealso:
  - module: wiresec.ontap.ipsec_policy
"""

EXAMPLES = r"""
- name: All policies of an SVM
  wiresec.ontap.ipsec_policy_info:
    svm: svm1
  register: listing

- name: Policies whose names begin with nfs and that are not in force
  wiresec.ontap.ipsec_policy_info:
    name: nfs*
    enabled: false

- name: A policy whose name contains characters of the query language
  wiresec.ontap.ipsec_policy_info:
    name: '"a|b"'

- name: Everything for TCP or UDP with a subnet of clients, largest subnets first
  wiresec.ontap.ipsec_policy_info:
    protocol: tcp|udp
    remote_endpoint:
      family: ipv4
      netmask: <=24
    order_by:
      - remote_endpoint.netmask
      - name desc

- name: Names and UUIDs only
  wiresec.ontap.ipsec_policy_info:
    fields:
      - name
      - uuid

- name: How many policies use certificates
  wiresec.ontap.ipsec_policy_info:
    authentication_method: pki
    count_only: true
  register: pki

- name: Disable every policy that was found
  wiresec.ontap.ipsec_policy:
    name: "{{ item.name }}"
    svm: "{{ item.svm }}"
    enabled: false
  loop: "{{ listing.policies }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
policies:
  description: The policies, in the options of M(wiresec.ontap.ipsec_policy). Policies of cluster scope have no C(svm).
  returned: success
  type: list
  elements: dict
  sample:
    - name: nfs-clients
      svm: svm1
      action: esp_transport
      authentication_method: psk
      enabled: true
      local_endpoint: {address: 10.10.10.7, netmask: "32", port: 2049-2049}
      protocol: tcp
      remote_endpoint: {address: 10.10.20.0, netmask: "24", port: 0-0}
num_records:
  description: How many policies match.
  returned: success
  type: int
  sample: 1
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
from ..module_utils._3_state.preparing import doubts_of_nothing
from ..module_utils._3_state.reading import count, listing
from ..module_utils._5_task import options
from ..module_utils._5_task.execute import Mode, execute


def run(params: Mapping[str, Any], client: RestClient, mode: Mode) -> dict[str, Any]:
    """From validated options to the result of the task. Raises ``OntapError``."""
    policies: list[dict[str, Any]] = []
    if params["count_only"]:
        number = count(client, POLICY, params)
    else:
        policies = listing(client, POLICY, params, params["fields"], params["order_by"], params["max_records"])
        number = len(policies)
    warnings = [] if number else doubts_of_nothing(client, POLICY)
    return {"changed": False, "policies": policies, "num_records": number, "warnings": warnings}


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Entry point of Ansible."""
    module = module_class(
        argument_spec={**options.CONNECTION, **options.POLICY_FILTERS, **options.LISTING},
        supports_check_mode=True,
    )
    execute(module, POLICY, run, exact=True)


if __name__ == "__main__":
    main()
