#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_coverage_report
short_description: Write a report of the coverage of one or more NetApp ONTAP clusters
version_added: 2.0.0
description:
  - Makes one report of what M(wiresec.ontap.ipsec_coverage) returned, as a page that needs neither network nor JavaScript (HTML), for a
    merge request (Markdown), for programs (JSON) and for a spreadsheet (CSV).
  - What could not be looked at is in it as such.
author:
  - wiresec.ontap contributors (@wiresec)
attributes:
  check_mode:
    description: Predicts the result without writing anything to the array.
    support: full
    details:
      - Asks no array. The report is written in check mode, too.
  diff_mode:
    description: Says what changed, or in check mode what would change.
    support: N/A
    details:
      - Asks no array.
  idempotent:
    description: A second run with the same options changes nothing, if nobody else changed the array meanwhile.
    support: full
    details:
      - It never says that something changed.
options:
  coverages:
    description:
      - By the name of a cluster, what M(wiresec.ontap.ipsec_coverage) returned for it, also if it failed.
      - A cluster with anything else is reported as one of which nothing is known.
    type: dict
    required: true
  directory:
    description: Folder for the files C(audit.html), C(audit.md), C(audit.json) and C(audit.csv). It is made if there is none.
    type: path
    required: true
  title:
    description: Title of the report.
    type: str
    default: IPsec audit
  previous:
    description:
      - An earlier C(audit.json), to say what has changed since. It is read before anything is written, so it may be the file that
        is replaced.
    type: path
  allow_missing:
    description: Whether it is fine that there is no file O(previous).
    type: bool
    default: false
  policy_files:
    description:
      - By the name of a cluster, a list of its policy files and folders, whose checksum is shown as evidence. It is the one that
        M(wiresec.ontap.ipsec_policy_lint) returns if nothing is wrong with them.
      - Files that can't be read are told, and no reason to fail.
    type: dict
    default: {}
notes:
  - It runs on the controller only.
seealso:
  - module: wiresec.ontap.ipsec_coverage
"""

EXAMPLES = r"""
- name: Look
  wiresec.ontap.ipsec_coverage:
  register: covered

- name: Report
  wiresec.ontap.ipsec_coverage_report:
    coverages:
      cluster1: "{{ covered }}"
    directory: reports
"""

RETURN = r"""
msg:
  description: The answer in one sentence.
  returned: success
  type: str
files:
  description: The files that were written.
  returned: success
  type: list
  elements: str
unprotected:
  description: How many flows are neither protected nor accepted.
  returned: success
  type: int
unknown_clusters:
  description: Names of the clusters of which nothing is known.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

OPTIONS: dict[str, Any] = {
    "coverages": {"type": "dict", "required": True},
    "directory": {"type": "path", "required": True},
    "title": {"type": "str", "default": "IPsec audit"},
    "previous": {"type": "path"},
    "allow_missing": {"type": "bool", "default": False},
    "policy_files": {"type": "dict", "default": {}},
}


def main() -> None:
    """Fails: in a task Ansible runs the action plugin of this name, because reports are for the controller only."""
    AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True).fail_json(
        msg="ipsec_coverage_report is an action of the controller and can't run as a module; call it in a task, by its full name."
    )


if __name__ == "__main__":
    main()
