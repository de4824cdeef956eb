#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_report
short_description: Put the reports of all clusters together
version_added: 2.0.0
description:
  - Makes one report of those that M(wiresec.ontap.ipsec_files) wrote of each cluster, or removes the one of an earlier run.
  - M(wiresec.ontap.ipsec_files) does the same when the last cluster of a play has reported. A task of this module is for the
    clusters that never got so far, and for reports of several runs, such as the slices of a job of AWX.
  - Runs on the controller, and asks no array. Once for a play is enough, with C(run_once).
author:
  - wiresec.ontap contributors (@wiresec)
attributes:
  check_mode:
    description: Predicts the result without writing anything.
    support: none
    details:
      - Reports of a run in check mode are reports, too.
  diff_mode:
    description: Says what changed.
    support: none
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
options:
  report_directory:
    description: The folder for reports, as in M(wiresec.ontap.ipsec_files).
    type: path
    required: true
  purpose:
    description:
      - The purpose of the reports, as in M(wiresec.ontap.ipsec_files). Those of V(apply) are called C(applied), in check mode C(check).
    type: str
    choices: [plan, drift, apply]
    default: plan
  state:
    description:
      - V(present) writes the report of all clusters of the play. V(absent) removes the one that an earlier run wrote, and
        those of each of these clusters, so that nobody takes them for those of a run which ended before it had any.
      - Digests that were to be approved, C(approve-….json), give way to those of a later plan only, which the new report names.
    type: str
    choices: [present, absent]
    default: present
  sources:
    description:
      - Reports of other runs, such as V(slice1/plan.json), to be put together instead. All have to be of O(purpose), and no two of
        the same cluster.
    type: list
    elements: path
  unchanged:
    description:
      - Names of clusters of which a plan of the same run said that nothing is to be done. It is their report of O(purpose) then, and
        nobody has to look at them again. Reports that clusters make of themselves later in this run are put to them.
      - Clusters of the play that such a plan could not be made for, or was refused, are reported with that.
      - Fails if the folder has no such plan of one of them.
    type: list
    elements: str
seealso:
  - module: wiresec.ontap.ipsec_files
"""

EXAMPLES = r"""
- name: Remove what an earlier run reported
  wiresec.ontap.ipsec_report:
    report_directory: ipsec-reports
    state: absent
  run_once: true

- name: Plan each cluster
  wiresec.ontap.ipsec_files:
    paths:
      - "ipsec/{{ inventory_hostname }}"
    report_directory: ipsec-reports

- name: Make one report of it, whatever became of some
  wiresec.ontap.ipsec_report:
    report_directory: ipsec-reports
  run_once: true
"""

RETURN = r"""
report:
  description: The report of all clusters, C(None) with O(state=absent).
  returned: success
  type: str
  sample: ipsec-reports/plan.md
clusters:
  description: Names of the clusters that have been looked at.
  returned: with O(state=present)
  type: list
  elements: str
missing:
  description: Names of the clusters of the play that have not.
  returned: with O(state=present)
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

OPTIONS: dict[str, Any] = {
    "report_directory": {"type": "path", "required": True},
    "purpose": {"type": "str", "choices": ["plan", "drift", "apply"], "default": "plan"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "sources": {"type": "list", "elements": "path"},
    "unchanged": {"type": "list", "elements": "str"},
}


def main() -> None:
    """Fails: in a task Ansible runs the action plugin of this name, because reports are on the controller only."""
    AnsibleModule(argument_spec=OPTIONS, supports_check_mode=False).fail_json(
        msg="ipsec_report is an action of the controller and can't run as a module; call it in a task, by its full name."
    )


if __name__ == "__main__":
    main()
