#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages one IPsec policy."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_policy
short_description: Create, modify or delete an IPsec policy on NetApp ONTAP
version_added: 1.0.0
description:
  - Brings one IPsec policy of an SVM (or of the cluster) to the state that the task describes, over ONTAP's REST API.
  - Options that are left out are left alone. What is compared is only what the task gives, in the form in which ONTAP
    returns it, so every spelling of a netmask, port, protocol or address can be used.
  - A run that changes nothing costs one request, a change costs two. O(state=absent) that finds nothing costs three, because
    ONTAP may not list its policies while IPsec is disabled, and the name of the SVM may be misspelt. What the array's answer to a
    look-up by name leaves out of what the task is about, be it not set or known to get lost, is read by UUID, which costs one
    more.
  - A policy with a certificate that is created, is switched on, or whose certificate or identities change, is first held
    against what the array has, at the cost of two requests. What would fail at the first handshake is an error, what may fail
    a warning; L(the guide to certificates,https://github.com/wiresec/wiresec.ontap/blob/main/docs/pki.md) has the list.
  - If the answer to a write gets lost, the array is read again. A change that it shows is reported as done, with a warning;
    one that it doesn't show is sent once more. Where that can't be told, because ONTAP returns no key, the task fails
    with RV(operation=unknown). A later run then brings the policy to the wanted state.
author:
  - wiresec.ontap contributors (@wiresec)
extends_documentation_fragment:
  - wiresec.ontap.attributes
  - wiresec.ontap.connection
  - wiresec.ontap.policy
attributes:
  check_mode:
    support: full
    details:
      - In check mode a certificate that is not installed is a warning, because an earlier task may only have predicted it, unless
        the policy would be deleted for it.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - With O(update_secret_key=always) every run deletes and creates the policy, because ONTAP never returns a key and so
        nobody can tell whether it differs.
options:
  name:
    description:
      - Name of the policy, unique within its SVM; 1 to 64 ASCII characters.
      - A policy can't be renamed.
    type: str
    required: true
  state:
    description:
      - Whether the policy should be there.
      - ONTAP may not list its policies while IPsec is disabled. An V(absent) that finds nothing then fails, because it can't
        be told whether the policy is there.
      - An V(absent) on an SVM that the array does not have fails, because the name may be misspelt. Leave tasks about an SVM that
        was deleted out.
    type: str
    choices: [present, absent]
    default: present
  update_secret_key:
    description:
      - ONTAP can neither return nor modify O(secret_key) and O(ppk.shared_key).
      - V(on_create) uses them when the policy is created, and leaves an existing policy alone.
      - V(always) deletes and creates an existing policy in every run, so that it has these keys for certain.
        This needs O(recreate=true) as well, because its security associations drop.
    type: str
    choices: [on_create, always]
    default: on_create
  recreate:
    description:
      - Allows to delete the policy and create it again where ONTAP can't modify it.
        This concerns O(action), O(authentication_method), O(ipspace), a first O(ppk), a port back to V(any) before ONTAP
        9.16.1 and, with O(update_secret_key=always), the keys.
      - Without it such a difference is an error that names the old and the new value.
      - What the task leaves out is carried over from the old policy. Nothing is deleted unless everything that the create
        needs is there. If the create fails all the same, the old policy is put back where that is possible.
      - So before a delete the new policy is checked as a whole, with what it keeps, by all rules for a create; also against the
        release of the array, and its certificate as for any other policy. An O(ipspace) has to be that of the SVM. That costs up
        to five reads more, in check mode as well. What the account may not read is named in a warning.
      - Between delete and create there is no policy, and its security associations drop.
    type: bool
    default: false
  verify_writes:
    description:
      - Whether the array is read once more after each write that it answered with success, at the cost of one request for each.
      - If the policy is not as it was written, the task fails with RV(operation=unknown).
      - Without it, an answer of success is believed, and only a create whose answer does not show what was created is looked up.
    type: bool
    default: false
    version_added: 2.0.0
  report_impact:
    description:
      - Whether to count the live security associations that the change ends, in RV(impact), also in check mode.
      - Costs one request more, if there is a change that may end any.
    type: bool
    default: false
seealso:
  - module: wiresec.ontap.ipsec_policy_info
  - module: wiresec.ontap.ipsec_policy_health
  - module: wiresec.ontap.ipsec_config
  - name: ONTAP IP security over wire encryption
    description: NetApp's guide to IPsec on ONTAP.
    link: https://docs.netapp.com/us-en/ontap/networking/ipsec-configure.html
"""

EXAMPLES = r"""
- name: Encrypt NFS for the clients of a subnet, with a pre-shared key
  wiresec.ontap.ipsec_policy:
    name: nfs-clients
    svm: svm1
    enabled: true
    action: esp_transport
    local_endpoint:
      address: 10.10.10.7/32
      port: 2049
    remote_endpoint:
      address: 10.10.20.0/24
    remote_identity: nfs-clients.example.com
    protocol: tcp
    authentication_method: psk
    secret_key: "{{ vault_nfs_clients_key }}"

- name: Encrypt all traffic with one host, with certificates
  wiresec.ontap.ipsec_policy:
    name: db-host
    svm: svm1
    enabled: true
    action: esp_transport
    local_endpoint:
      address: 10.10.10.7
      netmask: 255.255.255.255
    remote_endpoint:
      address: 10.10.30.5
      netmask: 32
    authentication_method: pki
    certificate: ipsec-cert
    local_identity: CN=svm1.example.com
    remote_identity: CN=db.example.com

- name: Let monitoring through unencrypted
  wiresec.ontap.ipsec_policy:
    name: monitoring
    svm: svm1
    action: bypass
    local_endpoint:
      address: 10.10.10.7/32
    remote_endpoint:
      address: 10.10.40.9/32

- name: How many live security associations would another subnet cost?
  wiresec.ontap.ipsec_policy:
    name: nfs-clients
    svm: svm1
    remote_endpoint:
      address: 10.10.21.0/24
    report_impact: true
  check_mode: true
  register: cost

- name: Take a policy out of service, whatever else it says
  wiresec.ontap.ipsec_policy:
    name: nfs-clients
    svm: svm1
    enabled: false

- name: Give a policy a new key (its security associations drop)
  wiresec.ontap.ipsec_policy:
    name: nfs-clients
    svm: svm1
    secret_key: "{{ vault_nfs_clients_new_key }}"
    update_secret_key: always
    recreate: true

- name: Delete a policy
  wiresec.ontap.ipsec_policy:
    name: monitoring
    svm: svm1
    state: absent
"""

RETURN = r"""
operation:
  description:
    - What was done, or would be done in check mode.
    - V(unknown) if the task failed because the answer to a write did not come, and reading the array again could not tell.
  returned: always
  type: str
  choices: [none, created, modified, recreated, deleted, unknown]
  sample: modified
modified:
  description: The options whose value changed on a policy that was there before, V(secret_key) among them when it was replaced.
  returned: success
  type: list
  elements: str
  sample: [enabled, remote_endpoint]
policy:
  description:
    - The policy as it now is, or would be, in the options of this module and without secrets; empty when there is none.
    - On a policy that was there before, options that came with later releases than ONTAP 9.8 are in it if the task gives
      them, and C(authentication_method) if it gives a key or certificate. On a new one, what the task gives and ONTAP's
      documented defaults.
  returned: success, and after a failure that left a trace on the array
  type: dict
  sample:
    name: nfs-clients
    svm: svm1
    enabled: true
    action: esp_transport
    authentication_method: psk
    local_endpoint: {address: 10.10.10.7, netmask: "32", port: 2049-2049}
    protocol: tcp
    remote_endpoint: {address: 10.10.20.0, netmask: "24", port: 0-0}
uuid:
  description: UUID of the policy; V(null) when it is not known, as when check mode predicts a create.
  returned: success, and after a failure that left a trace on the array
  type: str
  sample: 1cd8a442-86d1-11e0-ae1c-123478563412
impact:
  description: How many live security associations the change ended, or would end.
  returned: success and O(report_impact=true)
  type: dict
  contains:
    security_associations:
      description: Number of security associations, on all nodes.
      type: int
    ike:
      description: How many of them are of IKE.
      type: int
    ipsec:
      description: How many of them are of IPsec.
      type: int
    certain:
      description:
        - V(false) if it is not known whether ONTAP ends them, as for a change of endpoints, protocol or identities. It is
          known that associations end with the policy, when it is disabled, and by another C(certificate) unless
          C(certificate_modify_keepsa) is V(true).
      type: bool
  sample: {security_associations: 2, ike: 1, ipsec: 1, certain: true}
diff:
  description: The policy before and after, in the options of this module and without secrets.
  returned: success
  type: dict
  sample: {before: {enabled: false}, after: {enabled: true}}
lost:
  description:
    - The options, without secrets, of a policy that was deleted to be created again and then could not be. What the task
      leaves out was carried over from it, so add it to the task before running it again.
  returned: when a policy is missing, or may be, after a failed O(recreate=true)
  type: dict
approval:
  description: Says that multi-admin verification holds the change back. Run the same task again once it is approved.
  returned: when an approval is pending
  type: dict
  contains:
    pending:
      description: Always V(true).
      type: bool
    request:
      description: The number of the request for approval, if ONTAP told it.
      type: str
error:
  description: What ONTAP said.
  returned: when ONTAP refused a request
  type: dict
  contains:
    request:
      description: Method and path of the request.
      type: str
    status:
      description: HTTP status.
      type: int
    code:
      description: Error code of ONTAP, 0 if it gave none.
      type: int
    message:
      description: Message of ONTAP.
      type: str
    target:
      description: The property that the error is about, as far as ONTAP names one.
      type: str
    arguments:
      description: Arguments of the message, each with C(code) and C(message).
      type: list
      elements: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._1_array.rest import RestClient
from ..module_utils._2_objects.ipsec_policy import POLICY
from ..module_utils._3_state.applying import apply
from ..module_utils._3_state.outcome import foreseen, report
from ..module_utils._3_state.planning import CREATED, Permissions
from ..module_utils._3_state.preparing import confirm, doubts_of_nothing, prepare
from ..module_utils._3_state.reading import find
from ..module_utils._4_associations.impact import impact
from ..module_utils._4_certificates import handshake
from ..module_utils._5_task import options
from ..module_utils._5_task.execute import Mode, execute


def run(params: Mapping[str, Any], client: RestClient, mode: Mode) -> dict[str, Any]:
    """From validated options to the result of the task. Raises ``OntapError``."""
    present = params["state"] == "present"
    wanted = POLICY.from_options(params)
    if not present:
        wanted = {option: wanted[option] for option in POLICY.key if option in wanted}
    POLICY.check_release(wanted, client.known_version)
    found = find(client, POLICY, wanted)
    permissions = Permissions(params["recreate"], params["update_secret_key"] == "always")
    change = prepare(client, POLICY, wanted, found.current, present, permissions)
    warnings = [*confirm(client, POLICY, [change]), *POLICY.hints(wanted, found.namesakes)]
    warnings += handshake.check(client, change, mode.check)
    if mode.check and change.operation == CREATED:
        warnings += [
            f"{doubt} {POLICY.title(wanted)} may be there already." for doubt in doubts_of_nothing(client, POLICY)
        ]
    told = {"impact": impact(client, [change])[0]} if params["report_impact"] else {}
    outcome = foreseen(change) if mode.check else apply(client, POLICY, change, params["verify_writes"])
    result = report(POLICY, change, outcome)
    return {**result, **told, "warnings": [*result["warnings"], *warnings]}


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Entry point of Ansible."""
    module = module_class(
        argument_spec={
            **options.CONNECTION,
            **options.POLICY,
            **options.PERMISSIONS,
            **options.VERIFICATION,
            **options.IMPACT,
        },
        supports_check_mode=True,
    )
    execute(module, POLICY, run, {"operation": "none"})


if __name__ == "__main__":
    main()
