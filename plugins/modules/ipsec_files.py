#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_files
short_description: Bring IPsec on a NetApp ONTAP cluster to what files say
version_added: 2.0.0
description:
  - Reads policy files on the controller, checks them as M(wiresec.ontap.ipsec_policy_lint) does, and compares them with the
    cluster, which is the service, the CA certificates that it trusts, and all policies of all SVMs and of cluster scope. Says
    what differs, writes reports, and with O(purpose=apply) brings the cluster to the files.
  - The work is done by M(wiresec.ontap.ipsec_policies), M(wiresec.ontap.ipsec_config) and M(wiresec.ontap.ipsec_ca_certificate),
    whose rules and guards hold. What protects comes first, what takes protection away comes last.
  - The role P(wiresec.ontap.ipsec#role) and the playbooks of the collection are made of this module. The format of the files is in
    L(the guide, https://github.com/wiresec/wiresec.ontap/blob/main/docs/policy_files.md).
author:
  - wiresec.ontap contributors (@wiresec)
extends_documentation_fragment:
  - wiresec.ontap.connection
attributes:
  check_mode:
    description: Predicts the result without writing anything to the array.
    support: full
    details:
      - Writes reports in check mode, too.
  diff_mode:
    description: Says what changed, or in check mode what would change.
    support: full
  idempotent:
    description: A second run with the same options changes nothing, if nobody else changed the array meanwhile.
    support: partial
    details:
      - As M(wiresec.ontap.ipsec_policies).
options:
  paths:
    description:
      - Files, or folders that are read with all below them, as in M(wiresec.ontap.ipsec_policy_lint). Neither empty nor the root
        of the file system.
    type: list
    elements: str
    required: true
  purpose:
    description:
      - V(plan) says what would be done. V(drift) says what is different, and counts what could not be compared as a host that could
        not be reached. V(apply) does it.
      - V(verify) asks no array, and returns RV(verify) only.
      - V(export) goes the other way, and writes what the cluster has into files in the folder that O(paths) names, one for each
        SVM and one for the service. Applying them changes nothing.
      - Reports of different purposes have different names. Those of V(apply) are called C(applied), in check mode C(check).
    type: str
    choices: [plan, drift, apply, verify, export]
    default: plan
  report_directory:
    description:
      - Folder for reports, with a folder for each cluster in it. Without it none are written.
      - It gets C(plan.md), for people, and C(plan.json), with everything but what the check of the files merely notes, which
        is in C(lint.sarif); a plan also C(plan.html), one page for all clusters.
      - C(approve-….json) has the digests of the plans of a run and nothing else; its name follows from its content, so no other plan
        overwrites it.
    type: path
  approved_digests:
    description:
      - What was approved, as RV(digests) of a plan and C(approve-….json) have it. Nothing else is applied then, and where a change was
        not approved, or no longer is because the array or the files are others, nothing is begun.
      - An empty value, null, and V(any) are refused.
    type: list
    elements: str
  require_approval:
    description:
      - Whether O(approved_digests) is needed to change anything.
    type: bool
    default: false
  fail_on:
    description:
      - Findings of which severity in the files keep the cluster from being planned.
    type: str
    choices: [error, warning, never]
    default: error
  management_addresses:
    description: As in M(wiresec.ontap.ipsec_policy_lint).
    type: list
    elements: str
    default: []
  controller_addresses:
    description: As in M(wiresec.ontap.ipsec_policy_lint).
    type: list
    elements: str
    default: []
  lookups:
    description: As in M(wiresec.ontap.ipsec_policy_lint).
    type: bool
    default: true
  prune:
    description: Whether policies, and CA certificates, that the files do not name are deleted where the files say which there are.
    type: bool
    default: false
  strict:
    description: As in M(wiresec.ontap.ipsec_policies); the value of O(prune) if not given.
    type: bool
  keep:
    description: As in M(wiresec.ontap.ipsec_policies).
    type: list
    elements: str
    default: []
  max_deletes:
    description:
      - As in M(wiresec.ontap.ipsec_policies). The CA certificates of each SVM, and those of the cluster, are counted by themselves,
        where peers may have to prove by certificates who they are.
    type: str
  allow_empty:
    description:
      - As in M(wiresec.ontap.ipsec_policies), and whether an SVM, or the cluster, may lose its last CA certificate where peers may
        have to prove by certificates who they are.
    type: bool
    default: false
  recreate:
    description: As in M(wiresec.ontap.ipsec_policies).
    type: bool
    default: false
  update_secret_key:
    description: As in M(wiresec.ontap.ipsec_policies).
    type: str
    choices: [on_create, always]
    default: on_create
  continue_on_error:
    description: As in M(wiresec.ontap.ipsec_policies).
    type: bool
    default: false
  report_coverage:
    description:
      - Whether a plan with changes says which flows lose protection by them, as M(wiresec.ontap.ipsec_coverage) finds with its defaults.
        It needs the rights that are named there. What could not be read is in the report.
    type: bool
    default: true
  report_impact:
    description: As in M(wiresec.ontap.ipsec_policies).
    type: bool
    default: true
  force:
    description: As in M(wiresec.ontap.ipsec_config), for C(ipsec_config) of the files.
    type: bool
    default: false
  option_names:
    description:
      - How messages and reports call options, by the name of the option, for whoever sets them by other names. The role gives the
        names of its variables, so that a guard says what to set.
    type: dict
    default: {}
  verify_ignore:
    description:
      - Policies that RV(verify) names as such that need no security associations, because their peers are silent. Names, or SVM and
        name as in V(svm1/backup), as patterns of the shell.
    type: list
    elements: str
    default: []
  expiry_warning:
    description:
      - With O(purpose=drift), warn of certificates that IPsec uses on the cluster and that expire within so many days, have expired, or do
        not say when they do; V(0) for those that have expired only. A warning is no drift.
      - Costs three requests, where the files have a policy with a certificate, or an authority, and none elsewhere.
      - Without it nobody looks.
    type: int
  overwrite:
    description:
      - Whether O(purpose=export) may overwrite policy files that are there. Keys that are in them are lost then, because ONTAP returns none.
    type: bool
    default: false
seealso:
  - module: wiresec.ontap.ipsec_policies
  - module: wiresec.ontap.ipsec_policy_lint
  - module: wiresec.ontap.ipsec_config
  - module: wiresec.ontap.ipsec_ca_certificate
"""

EXAMPLES = r"""
- name: What would be done?
  wiresec.ontap.ipsec_files:
    paths:
      - "ipsec/{{ inventory_hostname }}"
    prune: true
    report_directory: ipsec-reports
  register: planned

- name: Do what was approved, or nothing
  wiresec.ontap.ipsec_files:
    paths:
      - "ipsec/{{ inventory_hostname }}"
    prune: true
    purpose: apply
    approved_digests: "{{ ipsec_plan_digests }}"
"""

RETURN = r"""
files:
  description: The files that were written, or would be.
  returned: with O(purpose=export)
  type: list
  elements: str
verdict:
  description:
    - V(same) if the cluster is what the files say, V(differs) if not, V(refused) if a guard or an entry keeps the plan from being
      carried out.
  returned: when there was a plan
  type: str
  choices: [same, differs, refused]
reason:
  description: The verdict in one sentence.
  returned: when there was a plan
  type: str
lines:
  description: What was printed.
  returned: when there was a plan, and the task did not fail
  type: list
  elements: str
summary:
  description: How many changes of which kind the plan has, the service and CA certificates included.
  returned: when there was a plan
  type: dict
  sample: {created: 1, modified: 2, recreated: 0, deleted: 0, unchanged: 97}
unmanaged:
  description: How many policies and CA certificates are on the cluster, in no file, and not to be kept.
  returned: when there was a plan
  type: int
digests:
  description: What an approval of the plan names, as O(approved_digests) takes it.
  returned: when there was a plan that may be carried out, and the task did not fail
  type: list
  elements: str
service_enabled:
  description: Whether IPsec is switched on; while it is not, ONTAP may list none of the policies that there are.
  returned: when there was a plan
  type: bool
verify:
  description: What M(wiresec.ontap.ipsec_policy_health) is to be asked of each SVM, in its options C(svm), C(ignore) and C(allow_empty).
  returned: with O(purpose=apply) and O(purpose=verify)
  type: list
  elements: dict
  sample: [{svm: svm1, ignore: [backup], allow_empty: false}]
diff:
  description: As in M(wiresec.ontap.ipsec_policies).
  returned: in diff mode
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._5_task import options

OPTIONS: dict[str, Any] = {
    "paths": {"type": "list", "elements": "str", "required": True},
    "purpose": {"type": "str", "choices": ["plan", "drift", "apply", "verify", "export"], "default": "plan"},
    "report_directory": {"type": "path"},
    "approved_digests": {"type": "list", "elements": "str"},
    "require_approval": {"type": "bool", "default": False},
    "fail_on": {"type": "str", "choices": ["error", "warning", "never"], "default": "error"},
    "management_addresses": {"type": "list", "elements": "str", "default": []},
    "controller_addresses": {"type": "list", "elements": "str", "default": []},
    "lookups": {"type": "bool", "default": True},
    "prune": {"type": "bool", "default": False},
    "strict": {"type": "bool"},
    "keep": {"type": "list", "elements": "str", "default": []},
    "max_deletes": {"type": "str"},
    "allow_empty": {"type": "bool", "default": False},
    **options.PERMISSIONS,
    "continue_on_error": {"type": "bool", "default": False},
    "report_impact": {"type": "bool", "default": True},
    "report_coverage": {"type": "bool", "default": True},
    "force": {"type": "bool", "default": False},
    "expiry_warning": {"type": "int"},
    "verify_ignore": {"type": "list", "elements": "str", "default": []},
    "overwrite": {"type": "bool", "default": False},
    "option_names": {"type": "dict", "default": {}},
}


def main() -> None:
    """Fails: in a task Ansible runs the action plugin of this name, because Vault and variables are on the controller only."""
    AnsibleModule(argument_spec={**options.CONNECTION, **OPTIONS}, supports_check_mode=True).fail_json(
        msg="ipsec_files is an action of the controller and can't run as a module; call it in a task, by its full name."
    )


if __name__ == "__main__":
    main()
