#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks whether policies protect traffic now."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_policy_health
short_description: Check that IPsec policies of NetApp ONTAP have their security associations, and wait for them
version_added: 1.0.0
description:
  - Succeeds as soon as each of the given policies, or each that protects traffic, is established with as many peers as are
    expected. Fails, with a list of those that are not and why, when O(wait) is over.
  - Fails at once where waiting is of no use, because a policy that O(policies) names does not exist, is disabled or protects
    nothing, because no policy protects anything, or because IPsec is not enabled.
  - Of use right after a change, and, with O(wait=0), as a scheduled check.
  - Reads the policies and the service once. The associations are read at once, and then after pauses that grow from one second
    to five.
  - When it fails it says of each policy what speaks for which cause, in the order in which one would search. For that it reads, once,
    the settings of IPsec, the certificates, if the policy has one, and the events of IPsec in the log of the array (EMS). What the
    account may not read is told, and the rest said without it.
  - In check mode it looks once, and warns instead of failing, because policies that earlier tasks only predicted have no
    associations.
  - Associations come with traffic, so a policy whose peers are silent has none although nothing is wrong.
  - With O(expiry_warning) it also says which certificates expire, because associations live until they are renewed, and fail then.
author:
  - wiresec.ontap contributors (@wiresec)
extends_documentation_fragment:
  - wiresec.ontap.attributes
  - wiresec.ontap.attributes.info_module
  - wiresec.ontap.connection
attributes:
  check_mode:
    support: full
    details:
      - The module only reads. In check mode it does not wait, and warns instead of failing.
options:
  svm:
    description:
      - Name of the SVM whose policies are meant, not its UUID. Without it those of all SVMs and of the cluster are.
    type: str
  policies:
    description:
      - Names of the policies, which must not be empty.
      - Without it all enabled policies with the action C(esp_transport) or C(esp_udp) are meant.
    type: list
    elements: str
  ignore:
    description:
      - Names of policies that need not have security associations, such as those that had none before a change.
    type: list
    elements: str
    default: []
  allow_empty:
    description:
      - Whether it is fine that no policy protects traffic, so that nothing is looked at. Without it that is a failure, because
        it is what a misspelt O(svm) looks like, and an SVM whose policies are all disabled.
      - Policies that O(ignore) names count as looked at.
    type: bool
    default: false
    version_added: 2.0.0
  peers:
    description:
      - With how many peers each policy should be established. A peer is a pair of hosts, counted on each node.
    type: int
    default: 1
  peer:
    description:
      - Address of a client. Then only the policies count whose remote endpoint has it, and only associations with it, and RV(peer) has all
        that the array knows of that client.
    type: str
    version_added: 2.0.0
  expiry_warning:
    description:
      - Warn of certificates of these policies, and of the authorities that IPsec trusts there, that expire within so many days, have
        expired, or do not say when they do. RV(expiring) has them.
      - Costs three requests more, and an account that may read C(/api/security/certificates). Without it nobody looks.
    type: int
    version_added: 2.0.0
  wait:
    description:
      - For how many seconds to wait; V(0) to look once.
    type: int
    default: 60
seealso:
  - module: wiresec.ontap.certificate_info
  - module: wiresec.ontap.ipsec_security_association_info
  - module: wiresec.ontap.ipsec_policy
"""

EXAMPLES = r"""
- name: Wait until a policy protects traffic
  wiresec.ontap.ipsec_policy_health:
    svm: svm1
    policies:
      - nfs-clients
    wait: 120

- name: Why is this client cut off?
  wiresec.ontap.ipsec_policy_health:
    peer: 10.10.20.20
    wait: 0
  register: health
  failed_when: false

- name: Tell what speaks for which cause
  ansible.builtin.debug:
    msg: "{{ item.policy }}: {{ item.causes | map(attribute='evidence') | join(' ') }}"
  loop: "{{ health.policies | selectattr('causes', 'defined') }}"

- name: Does everything on an SVM that should be protected have its associations?
  wiresec.ontap.ipsec_policy_health:
    svm: svm1
    wait: 0
    expiry_warning: 30
"""

RETURN = r"""
msg:
  description: In one sentence, how many policies have their security associations, and how many were not expected to have any.
  returned: always
  type: str
  sample: 2 policies have the security associations that are expected of them; 1 other is not expected to have any.
healthy:
  description:
    - Whether all policies have what is expected of them. Ansible prints all of a result that failed, which is long if there are many policies;
      with C(failed_when=false) and this, a later task fails with RV(msg) alone.
  returned: success, and if policies do not have what is expected of them
  type: bool
  version_added: 2.0.0
policies:
  description: What each policy has, sorted by SVM and name.
  returned: success, and if policies do not have what is expected of them
  type: list
  elements: dict
  contains:
    policy:
      description: Name of the policy.
      type: str
    svm:
      description: Name of the SVM, V(null) for cluster scope, and where O(svm) was not given and no such policy was found.
      type: str
    status:
      description:
        - As in M(wiresec.ontap.ipsec_security_association_info), whose other keys come along then.
        - V(not_expected) if the policy is disabled, protects nothing or is to be ignored, V(missing) if there is no policy of this name.
      type: str
    causes:
      description:
        - What speaks for which cause, in the order of a search; empty for policies that have what they should, and where too little could be
          read. L(The page on diagnosis, https://github.com/wiresec/wiresec.ontap/blob/main/docs/diagnosis.md) explains each.
      type: list
      elements: dict
      returned: if policies do not have what is expected of them
      contains:
        cause:
          description:
            - V(ipsec_disabled), V(policy_missing), V(policy_disabled), V(policy_protects_nothing), V(certificate_missing),
              V(certificate_expired), V(offload_with_replay_window), V(ike_without_child), V(peer_silent), V(ike_unfinished),
              V(out_of_step), V(sent_unprotected), V(protected_otherwise), V(not_negotiated), V(replayed) or V(silent).
          type: str
        certainty:
          description: V(certain) is what the array says itself, V(likely) what is known to look like that, V(possible) what it can't tell apart.
          type: str
        evidence:
          description: What was read that speaks for it.
          type: str
        advice:
          description: What to do, or where to look.
          type: str
        peers:
          description: The clients that it is about; empty where it is about all.
          type: list
          elements: str
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
peer:
  description:
    - What the array knows of O(peer); V(null) stands for what could not be read, and RV(unread) says why.
  returned: if O(peer) is given, also if policies do not have what is expected of them
  type: dict
  contains:
    address:
      description: The address.
      type: str
    policies:
      description: The policies whose remote endpoint has it, as in M(wiresec.ontap.ipsec_policy_info).
      type: list
      elements: dict
    security_associations:
      description: The associations with it, as in M(wiresec.ontap.ipsec_security_association_info).
      type: list
      elements: dict
    events:
      description: The events of IPsec that name it, the newest first, with C(name), C(peer), C(local), C(time) and C(node).
      type: list
      elements: dict
    sessions:
      description: What it uses now by NFS, SMB and iSCSI, with C(protocol), C(server) and C(svm).
      type: list
      elements: dict
unread:
  description: A sentence for all of RV(peer) that could not be read.
  returned: if O(peer) is given
  type: list
  elements: str
expiring:
  description:
    - The certificates that O(expiry_warning) is about, the soonest first, with the keys of M(wiresec.ontap.certificate_info).
    - V(null) if they could not be read; a warning says why.
  returned: if O(expiry_warning) is given
  type: list
  elements: dict
  sample:
    - name: svm1.example.com-2027-03-31
      svm: svm1
      expires_in_days: 12
      ipsec_policies: [nfs-clients]
error:
  description: What ONTAP said, as in M(wiresec.ontap.ipsec_policy).
  returned: when ONTAP refused a request
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._0_basics import normalize
from ..module_utils._0_basics.errors import InvalidInput, Unprotected
from ..module_utils._1_array.rest import RestClient, literal
from ..module_utils._2_objects.ipsec_policy import POLICY
from ..module_utils._2_objects.ipsec_security_association import SECURITY_ASSOCIATION
from ..module_utils._4_associations.explaining import about
from ..module_utils._4_associations.policy_health import Expectation, check, said
from ..module_utils._4_certificates.inventory import expiring_of_ipsec
from ..module_utils._5_task import options
from ..module_utils._5_task.execute import Mode, execute
from ..module_utils._5_task.texts import check_texts

OPTIONS: dict[str, Any] = {
    "svm": {"type": "str"},
    "policies": {"type": "list", "elements": "str"},
    "ignore": {"type": "list", "elements": "str", "default": []},
    "allow_empty": {"type": "bool", "default": False},
    "peers": {"type": "int", "default": 1},
    "peer": {"type": "str"},
    "expiry_warning": {"type": "int"},
    "wait": {"type": "int", "default": 60},
}


def run(params: Mapping[str, Any], client: RestClient, mode: Mode) -> dict[str, Any]:
    """From validated options to the result of the task. Raises ``OntapError``."""
    check_texts(params, ["svm"])
    for option, lowest in (("peers", 1), ("wait", 0), ("expiry_warning", 0)):
        if params[option] is not None and params[option] < lowest:
            raise InvalidInput(f"{option}: {params[option]} is too small.")
    if params["policies"] is not None and not params["policies"]:
        raise InvalidInput("policies: the list is empty. Leave it out to mean all policies that protect traffic.")
    both = sorted(set(params["policies"] or ()) & set(params["ignore"]))
    if both:
        raise InvalidInput(f"policies, ignore: {', '.join(both)}: can't be expected and ignored at once.")
    svm = POLICY.from_options({"svm": params["svm"]}).get("svm")
    ignored = frozenset(params["ignore"])
    peer = _peer(params["peer"])
    expected = Expectation(svm, params["policies"], params["peers"], ignored, params["allow_empty"], peer)
    told: dict[str, Any] = {}
    if peer is not None:
        told["peer"], told["unread"] = about(client, peer, {} if svm is None else {"svm": literal(svm)})
    doubts: list[str] = []
    if params["expiry_warning"] is not None:
        told["expiring"], doubts = expiring_of_ipsec(client, svm, params["expiry_warning"], params["policies"])
    try:
        policies, warnings = check(client, expected, params["wait"], lenient=mode.check)
    except Unprotected as error:
        # It may be the reason.
        error.notes += doubts
        raise error.reporting({"healthy": False, **error.report, **told}) from None
    return {
        "changed": False,
        "healthy": not warnings,
        "msg": warnings[0] if warnings else said(policies),
        "policies": policies,
        **told,
        "warnings": [*warnings, *doubts],
    }


def _peer(value: str | None) -> str | None:
    try:
        return None if value is None else normalize.ip_address(value)
    except ValueError as error:
        raise InvalidInput(f"peer: {error}") from None


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Entry point of Ansible."""
    module = module_class(argument_spec={**options.CONNECTION, **OPTIONS}, supports_check_mode=True)
    execute(module, SECURITY_ASSOCIATION, run)


if __name__ == "__main__":
    main()
