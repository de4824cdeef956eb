#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: playbook_migration
short_description: Move playbooks from netapp.ontap to wiresec.ontap
version_added: 2.0.0
description:
  - Reads playbooks and files of tasks, and changes in them what is to change for this collection; as a diff with C(--check --diff).
  - Tasks of C(na_ontap_security_ipsec_policy), C(na_ontap_security_ipsec_config) and C(na_ontap_security_ipsec_ca_certificate) get their
    new names, by whichever name and in whichever form they are written. Options that mean nothing here are taken out.
  - Where defaults are given to the action group C(netapp.ontap.netapp_ontap), this collection's group gets them, too; where
    C(netapp.ontap) is required, this collection is.
  - What it can't decide it says, each with its place, and leaves as it is. Everything else in the files, comments and quotes among it,
    stays byte for byte. What it may and may not decide is in
    L(the guide, https://github.com/wiresec/wiresec.ontap/blob/main/docs/migration.md).
author:
  - wiresec.ontap contributors (@wiresec)
attributes:
  check_mode:
    description: Predicts the result without writing anything to the array.
    support: full
    details:
      - Asks no array. No file is written.
  diff_mode:
    description: Says what changed, or in check mode what would change.
    support: full
    details:
      - One diff a file.
  idempotent:
    description: A second run with the same options changes nothing, if nobody else changed the array meanwhile.
    support: full
    details:
      - Asks no array. What has moved is left alone.
options:
  paths:
    description:
      - Playbooks, files of tasks, or folders that are read with all below them (C(*.yml), C(*.yaml)), nothing hidden, no
        installed collections, and no links.
      - Relative paths are relative to the folder in which C(ansible-playbook) was started.
    type: list
    elements: str
    required: true
notes:
  - It runs on the controller only, and asks no array.
  - All files are read before the first is written.
  - What is left to decide is in the warnings, too.
"""

EXAMPLES = r"""
- name: Move what is in these folders
  wiresec.ontap.playbook_migration:
    paths:
      - playbooks
      - roles
"""

RETURN = r"""
msg:
  description: How much moves, and what to do next.
  returned: success
  type: str
tasks:
  description: How many tasks move.
  returned: success
  type: int
files:
  description: The files that change.
  returned: success
  type: list
  elements: str
questions:
  description: What is left to decide.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    line:
      description: The line in the file as it was, V(0) if it is about the file as a whole.
      type: int
    message:
      description: What is to be decided.
      type: str
  sample:
    - path: playbooks/ipsec.yml
      line: 12
      message: "na_ontap_security_certificates stays as it is: wiresec.ontap.certificate takes its place if the certificate is for IPsec"
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

OPTIONS: dict[str, Any] = {
    "paths": {"type": "list", "elements": "str", "required": True},
}


def main() -> None:
    """Fails: in a task Ansible runs the action plugin of this name, because playbooks are on the controller."""
    AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True).fail_json(
        msg="playbook_migration is an action of the controller and can't run as a module; call it in a task, by its full name."
    )


if __name__ == "__main__":
    main()
