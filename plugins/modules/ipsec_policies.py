#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages a whole set of IPsec policies."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_policies
short_description: Bring a whole set of IPsec policies on NetApp ONTAP to a list
version_added: 1.0.0
description:
  - Brings the IPsec policies of one or more SVMs to what a list says, as many M(wiresec.ontap.ipsec_policy) tasks would,
    with one read of the array, one plan of the whole, and only the writes that differ.
  - Options that an entry leaves out are left alone, as with M(wiresec.ontap.ipsec_policy), unless O(strict=true), which
    O(prune=true) implies. Policies that the list does not name are left alone, too, unless O(prune=true).
  - All entries are checked before anything is written, and all errors are reported together, each with the position of its
    entry, its SVM and its name.
  - What adds protection is written first, and what takes it away last. The order is creates, modifications, recreates, then
    modifications that disable a policy, then deletes; what may have taken over is there before something goes. A policy
    under a new name is a create and a delete, in that order.
  - Without changes, it costs one listing of the SVMs concerned, which is one request for each page (10,000 policies).
  - Policies with certificates that are created, are switched on, or whose certificate or identities change, are held against
    what the array has, as by M(wiresec.ontap.ipsec_policy), with two requests for all of them.
  - A plan that must not be carried out fails the task with all of the plan in its result, and RV(refused) says why. That is so
    in check mode, too.
author:
  - wiresec.ontap contributors (@wiresec)
extends_documentation_fragment:
  - wiresec.ontap.attributes
  - wiresec.ontap.connection
  - wiresec.ontap.policies
attributes:
  check_mode:
    support: full
    details:
      - Returns the plan. A real run of the same list does exactly that, if certificates that are named in warnings as not installed are
        installed by then.
  diff_mode:
    support: full
    details:
      - Shows one block for each policy that changes, sorted by SVM and name, and the number of the others.
  idempotent:
    support: partial
    details:
      - With O(update_secret_key=always) every run deletes and creates policies that have keys, because ONTAP never returns a
        key and so nobody can tell whether it differs.
options:
  policies:
    description:
      - The policies. Each entry takes the options of M(wiresec.ontap.ipsec_policy), with O(policies[].state=absent) for one
        that should not be there.
      - SVM and name together may stand in the list once.
    type: list
    elements: dict
    required: true
  svm:
    description:
      - Name of the SVM of all entries that name none.
      - Entries without any SVM are about policies of cluster scope. They are never pruned.
    type: str
  prune:
    description:
      - Whether policies that the list does not name are deleted.
      - Fails if the array lists no policy at all while IPsec is disabled, because ONTAP may then not list what it has.
    type: bool
    default: false
  strict:
    description:
      - Whether the list is the whole truth about the policies that it names, so that what an entry leaves out means ONTAP's
        default. That is C(enabled=true), C(protocol=any), any port, C(certificate_modify_keepsa=false), and neither
        identities nor a post-quantum key. RV(changes[].assumed) and RV(assumed) show what was taken for granted.
      - What ONTAP documents no default of, such as C(authentication_method) where an entry gives no credential, stays as it
        is. RV(not_compared) names it.
      - An identity or post-quantum key that a policy has and its entry has not can't be taken away in place, so it needs
        O(recreate=true).
      - By default it is what O(prune) is.
    type: bool
    version_added: 2.0.0
  whole_cluster:
    description:
      - Whether to look at the policies of all SVMs and of the cluster, so that RV(unmanaged) has all that the list does not
        name. By default only SVMs are looked at that the list or O(svms) name, and cluster scope if an entry is about it.
      - In check mode, a certificate that is not installed is an error then, and else a warning, because an earlier task may
        only have predicted it.
      - It changes nothing else, and costs no further request.
    type: bool
    default: false
    version_added: 2.0.0
  svms:
    description:
      - The SVMs in which O(prune) may delete. By default those that the entries name; with an empty list nowhere.
    type: list
    elements: str
  keep:
    description:
      - Names of policies that O(prune) leaves alone, as patterns of the shell such as V(manual-*).
      - A pattern that keeps nothing is named in a warning. If what O(prune) would delete looks much like it, nothing is changed,
        because it may be misspelt.
    type: list
    elements: str
    default: []
  max_deletes:
    description:
      - How much may go in one run, as a number or as a percentage such as V(30%). If the plan has more, nothing is written.
      - What counts is a delete and a recreate, also of a bypass, which takes no protection away, and a change after which a policy
        protects less or its peers may be cut off. That is if it is disabled, if its endpoints, ports or protocol no longer cover all
        that they covered, and if it has another certificate or another identity of either side. See RV(changes[].loss).
      - A bypass or discard counts if it newly covers packets that others protect. That is once for each policy of which it leaves
        nothing of TCP, or nothing of UDP, be it together with others, and else once. One of cluster scope may override policies of
        every SVM, and one of an SVM those of cluster scope as far as they are looked at (see O(whole_cluster)), because what ONTAP
        does then is not known.
      - It holds for each SVM as well as for all together, and for the policies that protect as well as for all that exist.
      - If it is not given, V(30%) applies. Where that is less than three, up to three may go, but no more than half; one may
        always.
    type: str
  allow_empty:
    description:
      - Whether a list without entries may delete anything, and whether an SVM, or cluster scope, may lose its last policy or
        the last one that protects traffic. O(max_deletes) applies all the same.
    type: bool
    default: false
  continue_on_error:
    description:
      - What happens after a change has failed. By default no further one is begun.
      - With V(true) the others are made all the same, except that no policy is disabled or deleted on an SVM where
        something failed, because what should take over may be missing.
      - Useful where every change waits for an approval.
    type: bool
    default: false
  concurrency:
    description:
      - How many changes are made at the same time, from 1 to 8. Changes of different kinds never overlap.
    type: int
    default: 4
  return_policies:
    description:
      - Whether RV(policies) is returned.
    type: bool
    default: false
  verify_writes:
    description:
      - Whether the array is read once more after each write that it answered with success, at the cost of one request for each.
      - If a policy is not as it was written, its RV(changes[].result) is V(unknown), and the task fails.
      - Without it, an answer of success is believed, and only a create whose answer does not show what was created is looked up.
    type: bool
    default: false
    version_added: 2.0.0
  report_impact:
    description:
      - Whether to count the live security associations that the changes end, in RV(impact), also in check mode.
      - Costs one listing more, if there is a change that may end any.
    type: bool
    default: false
  approved_digests:
    description:
      - Makes changes only if these values approve them, which a check run returned as RV(digests). Otherwise the task fails and
        changes nothing, in check mode, too, and says what is not as it was approved.
      - With all of RV(digests), what is left of a plan that was carried out in part stays approved. RV(digest) alone approves
        the plan as a whole only.
      - A plan without changes always passes, so that a run which was cut short can be repeated for several arrays.
      - V(any) approves every plan, and is refused beside digests. With an empty list nothing is approved, and null is refused.
      - Costs one request if there is a change, because a plan is approved for one array only. The account has to be allowed to
        read C(/api/cluster) or C(/api/svm/svms).
    type: list
    elements: str
    default: [any]
  source:
    description:
      - What the list was made from, such as a checksum of files or a commit. Any text; RV(digest) covers it.
    type: str
    default: ""
  update_secret_key:
    description:
      - ONTAP can neither return nor modify O(policies[].secret_key) and O(policies[].ppk.shared_key).
      - V(on_create) uses them when a policy is created, and leaves existing policies alone.
      - V(always) deletes and creates existing policies that have keys in the list, in every run. This needs O(recreate=true) as well.
    type: str
    choices: [on_create, always]
    default: on_create
  recreate:
    description:
      - Allows to delete a policy and create it again where ONTAP can't modify it, one after the other within each policy. See
        M(wiresec.ontap.ipsec_policy).
      - Without it such a difference is an error.
    type: bool
    default: false
notes:
  - Set C(no_log) on nothing for the sake of keys. They are hidden wherever they appear, also in check mode, diff mode and errors.
  - After every hundredth change the module writes a line of progress to the system log, as Ansible's modules do with their
    calls, and shows it with C(-v) where it runs in Ansible's own process. The option O(trace) shows each request as it happens.
  - Ansible itself takes longer over a list of a thousand policies in a variable than this module does, because it looks at
    each of its values whenever it looks at any variable. A list that is read in the task itself is faster, as in the examples.
seealso:
  - module: wiresec.ontap.ipsec_policy
  - module: wiresec.ontap.ipsec_policy_info
"""

EXAMPLES = r"""
- name: The policies of an SVM are those of the file, and no others
  wiresec.ontap.ipsec_policies:
    svm: svm1
    policies: "{{ ipsec_policies_of_svm1 }}"
    prune: true
    keep:
      - manual-*

- name: The same with a very long list, which stays out of Ansible's variables
  wiresec.ontap.ipsec_policies:
    svm: svm1
    policies: "{{ lookup('ansible.builtin.file', playbook_dir ~ '/policies.json') | from_json }}"

- name: Two SVMs in one task, one policy less
  wiresec.ontap.ipsec_policies:
    policies:
      - name: nfs-clients
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
        secret_key: "{{ vault_nfs_clients_key }}"
      - name: nfs-clients
        svm: svm2
        enabled: true
        action: esp_transport
        local_endpoint:
          address: 10.10.11.7/32
          port: 2049
        remote_endpoint:
          address: 10.10.20.0/24
        remote_identity: nfs-clients.example.com
        protocol: tcp
        secret_key: "{{ vault_nfs_clients_key }}"
      - name: monitoring
        svm: svm1
        state: absent

- name: Give all policies of the list new keys, however many they are
  wiresec.ontap.ipsec_policies:
    svm: svm1
    policies: "{{ ipsec_policies_of_svm1 }}"
    update_secret_key: always
    recreate: true
    max_deletes: 100%

- name: Make a plan to be approved
  wiresec.ontap.ipsec_policies:
    svm: svm1
    policies: "{{ ipsec_policies_of_svm1 }}"
  check_mode: true
  register: plan

- name: Do what was approved, or what is left of it, or nothing
  wiresec.ontap.ipsec_policies:
    svm: svm1
    policies: "{{ ipsec_policies_of_svm1 }}"
    approved_digests: "{{ plan.digests }}"

- name: Leave nothing on an SVM that is going to be removed
  wiresec.ontap.ipsec_policies:
    policies: []
    svms:
      - svm2
    prune: true
    allow_empty: true
    max_deletes: 100%
"""

RETURN = r"""
summary:
  description:
    - How many policies the plan creates, modifies, recreates and deletes, and how many ended with each result.
  returned: when there was a plan
  type: dict
  sample: {created: 1, modified: 2, recreated: 0, deleted: 0, unchanged: 97, planned: 0, done: 3, failed: 0, unknown: 0, not_attempted: 0}
changes:
  description: The policies that change, in the order in which they do, with what changes.
  returned: when there was a plan
  type: list
  elements: dict
  contains:
    position:
      description: Index of the entry in O(policies); V(null) for a policy that is pruned.
      type: int
    name:
      description: Name of the policy.
      type: str
    svm:
      description: Its SVM; missing for a policy of cluster scope.
      type: str
    operation:
      description: What was done, or would be; after a failure what was left.
      type: str
      choices: [created, modified, recreated, deleted]
    result:
      description:
        - V(planned) in check mode. V(unknown) if the answer to a write did not come, and reading the array again could not tell.
      type: str
      choices: [planned, done, failed, unknown, not_attempted]
    loss:
      description:
        - What the change takes away, V(null) if nothing, as where a bypass or a policy that is disabled goes. O(max_deletes) counts
          what is not V(null), and whatever is deleted or recreated.
        - V(unprotected) is a recreate after which the policy protects no more, V(released) a discard after which its packets pass,
          V(narrowed) a policy that no longer covers all that it covered, V(reauthenticated) one that has another certificate or
          identity, and V(overriding) a bypass or discard that newly covers packets that another policy protects.
      type: str
      choices: [deleted, recreated, unprotected, released, disabled, narrowed, reauthenticated, overriding]
      version_added: 2.0.0
    overlaps:
      description:
        - Names of up to three policies that protect traffic, and that a new or changed bypass or discard overlaps with; of those
          elsewhere with their SVM, as in V(svm1/web), or V(cluster/web).
      returned: when there are any
      type: list
      elements: str
      version_added: 2.0.0
    assumed:
      description: What the entry leaves out and was taken for granted; V(null) for what should not be set.
      returned: when there is any, with O(strict=true)
      type: dict
      version_added: 2.0.0
    modified:
      description: The options whose value changes on a policy that was there before.
      type: list
      elements: str
    before:
      description: Old values of what changes, without secrets.
      type: dict
    after:
      description: New values of what changes, without secrets.
      type: dict
    uuid:
      description: UUID of the policy, V(null) when it is not known.
      type: str
    msg:
      description: What went wrong.
      returned: when it failed
      type: str
    error:
      description: What ONTAP said, as in M(wiresec.ontap.ipsec_policy).
      returned: when ONTAP refused a request
      type: dict
    approval:
      description: As in M(wiresec.ontap.ipsec_policy).
      returned: when an approval is pending
      type: dict
    impact:
      description: As in M(wiresec.ontap.ipsec_policy).
      returned: with O(report_impact=true)
      type: dict
    lost:
      description: As in M(wiresec.ontap.ipsec_policy).
      returned: when a policy is missing, or may be, after a failed recreate
      type: dict
entries:
  description:
    - Every entry of the list in its order, and what was pruned after them, each with C(position), C(name), C(svm),
      C(operation) (V(none) if nothing changes), C(result) (V(unchanged) then), and after a failure C(msg) and C(error).
  returned: when there was a plan
  type: list
  elements: dict
unmanaged:
  description:
    - The policies that the list does not name, and that stay, of the SVMs concerned, or of all SVMs and of cluster scope with
      O(whole_cluster=true).
    - Name, SVM (missing in cluster scope), action and whether it is enabled; C(kept) if O(keep) has its name, and C(concerned) if
      it is where the list is about.
  returned: when there was a plan
  type: list
  elements: dict
  sample:
    - name: manual-backup
      svm: svm1
      action: esp_transport
      enabled: true
      kept: true
      concerned: true
assumed:
  description: What was taken for granted of any entry, as in RV(changes[].assumed).
  returned: when there was a plan
  type: dict
  version_added: 2.0.0
  sample: {enabled: true, protocol: any}
not_compared:
  description: What was not compared although it is in reach, by option.
  returned: when there was a plan
  type: list
  elements: dict
  version_added: 2.0.0
  contains:
    option:
      description: The option, dotted.
      type: str
    reason:
      description: That ONTAP never returns it, or that entries leave it out.
      type: str
    number:
      description: Of how many policies.
      type: int
    policies:
      description: Name and SVM of the first ten of them.
      type: list
      elements: dict
refused:
  description: Why a plan must not be carried out.
  returned: when it must not
  type: list
  elements: dict
  version_added: 2.0.0
  contains:
    reason:
      description: An entry that can't be made, a guard (O(max_deletes), O(allow_empty)), or that it was not approved.
      type: str
      choices: [entry, guard, approval]
    msg:
      description: What is wrong, and what to do about it.
      type: str
    position:
      description: Index of the entry in O(policies), if it is about one; C(name) and C(svm) then say which.
      type: int
digest:
  description:
    - Stands for the plan. It covers each policy of the SVMs concerned as it was before and will be after, the array itself, and
      O(source). It is another one as soon as any of these is.
    - Secrets are not covered, so that nobody can find out one by trying. What O(source) says of where they come from is.
  returned: in check mode and with O(approved_digests), if neither an entry nor a guard stops the plan
  type: str
  sample: sha256:64ec88ca00b268e5ba1a35678a1b5316d212f4f366b2477232534a8aeca37f3c
digests:
  description:
    - What approves the plan and each part of it; for O(approved_digests). RV(digest) is the first.
    - Each that begins with C(change:) approves one change, on the same grounds. By those with C(done:) a later run knows
      what is done already. The others approve nothing, but let a refusal say what has changed.
  returned: as RV(digest)
  type: list
  elements: str
  version_added: 2.0.0
policies:
  description: All policies of the SVMs concerned as they now are, or would be, in the options of M(wiresec.ontap.ipsec_policy), without secrets.
  returned: when there was a plan and O(return_policies=true)
  type: list
  elements: dict
impact:
  description: How many live security associations the changes ended, or would end, as the sum of what each of RV(changes) says.
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
        - V(false) if it is not known whether ONTAP ends them by one of the changes, as of endpoints, protocol or
          identities. It is
          known that associations end with the policy, when it is disabled, and by another C(certificate) unless
          C(certificate_modify_keepsa) is V(true).
      type: bool
  sample: {security_associations: 2, ike: 1, ipsec: 1, certain: true}
diff:
  description: One block with C(before) and C(after) for each policy that changes, and the number of the others.
  returned: in diff mode
  type: list
  elements: dict
error:
  description: What ONTAP said.
  returned: when ONTAP refused to be read
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._0_basics import normalize
from ..module_utils._0_basics.errors import InvalidInput
from ..module_utils._1_array.rest import RestClient
from ..module_utils._2_objects.ipsec_policy import POLICY
from ..module_utils._3_state import approval, guards, set_report, whole_set
from ..module_utils._4_associations.impact import impact, total
from ..module_utils._4_certificates import handshake
from ..module_utils._5_task import options
from ..module_utils._5_task.execute import Mode, execute
from ..module_utils._5_task.texts import check_texts


def run(params: Mapping[str, Any], client: RestClient, mode: Mode) -> dict[str, Any]:
    """From validated options to the result of the task. Raises ``OntapError``."""
    if not 1 <= params["concurrency"] <= 8:
        raise InvalidInput(f"concurrency: {params['concurrency']} is not from 1 to 8.")
    check_texts(params, ["svm"])
    if approval.ANY in params["approved_digests"] and len(params["approved_digests"]) > 1:
        raise InvalidInput(
            "approved_digests: 'any' approves every plan, so digests beside it mean nothing: give either."
        )
    identified = [svm for svm in params["svms"] or () if normalize.is_uuid(svm)]
    if identified:
        raise InvalidInput(*(f"svms: {svm!r} is a UUID: give the name." for svm in identified))
    common = {option: params[option] for option in ("svm", "recreate", "update_secret_key")}
    entries = whole_set.read_entries(POLICY, params["policies"], common, client.known_version)
    strict = params["prune"] if params["strict"] is None else params["strict"]
    svms = None if params["svms"] is None else frozenset(params["svms"])
    limits = guards.Limits(params["max_deletes"], params["allow_empty"])
    keep, everywhere = tuple(params["keep"]), params["whole_cluster"]
    scope = whole_set.Scope(params["prune"], svms, keep, strict, everywhere, limits, mode.check)
    # Of a whole cluster nothing is decided earlier, or elsewhere.
    predicting = mode.check and not everywhere
    plan = handshake.checked(client, whole_set.plan(client, POLICY, entries, scope), predicting)
    told = _digests(params, client, mode, plan)
    refused = bool(plan.refusals)
    impacts = impact(client, [step.change for step in plan.taken()]) if params["report_impact"] else []
    if not (mode.check or refused):
        whole_set.carry_out(
            client,
            POLICY,
            plan,
            params["concurrency"],
            params["continue_on_error"],
            mode.progress,
            params["verify_writes"],
        )
    result = {**set_report.report(POLICY, plan, params["return_policies"], mode.diff), **told}
    if params["report_impact"]:
        result["impact"] = total(impacts)
        result["changes"] = [{**change, "impact": one} for change, one in zip(result["changes"], impacts)]
    set_report.check_refusals(POLICY, plan, result)
    set_report.check_success(POLICY, plan, result)
    return result


def _digests(params: Mapping[str, Any], client: RestClient, mode: Mode, plan: whole_set.Plan) -> dict[str, Any]:
    """What approves the plan, if somebody wants to know or to check; nothing, if a guard or an entry stops it anyway."""
    approved = params["approved_digests"]
    if plan.refusals or (approval.ANY in approved and not mode.check):
        return {}
    digests = whole_set.digests(client, POLICY, plan, params["source"], approved)
    whole_set.check_approval(POLICY, plan, digests, approved)
    return {"digest": digests.plan, "digests": digests.all()}


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Entry point of Ansible."""
    module = module_class(
        argument_spec={**options.CONNECTION, **options.WHOLE_SET, **options.IMPACT}, supports_check_mode=True
    )
    execute(module, POLICY, run)


if __name__ == "__main__":
    main()
