#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_policy_lint
short_description: Check files with IPsec policies before they reach NetApp ONTAP
version_added: 1.0.0
description:
  - Reads policy files on the controller, such as P(wiresec.ontap.ipsec_policy_files#lookup) hands to
    M(wiresec.ontap.ipsec_policies), and says what is wrong with them, or may be, without any array.
  - It finds values that ONTAP can't take, policies that contradict each other, policies that would lock out whoever manages
    the array, careless use of secrets, and certificates that expire. All kinds of findings are explained in
    L(the guide, https://github.com/wiresec/wiresec.ontap/blob/main/docs/policy_files.md).
  - A policy silences a finding by C(lint_ignore), which wants a reason.
author:
  - wiresec.ontap contributors (@wiresec)
attributes:
  check_mode:
    description: Predicts the result without writing anything to the array.
    support: full
    details:
      - The module only reads, apart from its O(report), which it writes in check mode, too.
  diff_mode:
    description: Says what changed, or in check mode what would change.
    support: N/A
    details:
      - The module only reads.
  idempotent:
    description: A second run with the same options changes nothing, if nobody else changed the array meanwhile.
    support: full
    details:
      - The module only reads. It never says that something changed, not even with O(report).
options:
  paths:
    description:
      - Files, or folders that are read with all below them (C(*.yml), C(*.yaml), C(*.json), nothing hidden).
      - Relative paths are relative to the folder in which C(ansible-playbook) was started.
    type: list
    elements: str
    required: true
  ontap_version:
    description:
      - The ONTAP release of the array, such as V(9.12.1). Without it nothing is said about options that a release lacks.
    type: raw
  management_addresses:
    description:
      - Addresses by which the array is managed, to find policies that would cut them off, each also with a port that HTTPS is
        on, as in V(10.0.0.10:8443) and V([fd00::10]:8443).
      - Nothing is resolved. A name is taken, too, and then C(lockout-unchecked) says which policies nobody could look at.
    type: list
    elements: str
    default: []
  controller_addresses:
    description:
      - Addresses of this controller as the array sees them, to find policies that would cut it off. No names, because
        nothing is resolved.
    type: list
    elements: str
    default: []
  windows_clients:
    description:
      - Addresses and subnets of clients that run Windows, to find policies that they can't meet, as those with a key.
      - Policies for SMB (445) are looked at in any case.
    type: list
    elements: str
    default: []
    version_added: 2.0.0
  nfs3:
    description: Whether clients may mount by NFSv3, so that policies for NFS (2049) leave what it needs beside that in clear.
    type: bool
    default: true
    version_added: 2.0.0
  certificates:
    description:
      - Files with certificates or private keys, as PEM, or folders that are read with all below them (C(*.pem), C(*.crt), C(*.cer), C(*.key),
        nothing hidden). Ansible Vault may have encrypted them.
      - Certificates that have expired, or do so within O(expiry_warning) days, keys that are in clear, and keys of none of these
        certificates are found.
      - Relative paths are relative to the folder in which C(ansible-playbook) was started.
    type: list
    elements: str
    default: []
    version_added: 2.0.0
  expiry_warning:
    description: From how many days before it expires one of O(certificates) is warned of.
    type: int
    default: 30
    version_added: 2.0.0
  fail_on:
    description:
      - Whether the task fails if there are errors, if there are errors or warnings, or never. Ignored findings don't count.
    type: str
    choices: [error, warning, never]
    default: error
  lookups:
    description:
      - Whether templates of the files may do more than read variables. Lookups such as C(pipe) run code on the controller,
        with everything that its account has.
      - With V(false), for files that nobody has looked at yet, templates may use variables, operators and filters that only
        work on what they are given. A template that does more counts as one that can't be rendered.
    type: bool
    default: true
    version_added: 2.0.0
  report:
    description:
      - A file to write all findings to, also if the task fails for them, and also in check mode.
      - Its folder is made if there is none.
    type: path
  report_format:
    description:
      - The format of O(report). V(sarif) is SARIF 2.1.0, which code scanning of GitHub and others reads.
      - By default the one that O(report) ends with, as in C(.txt), C(.json) and C(.sarif).
    type: str
    choices: [text, json, sarif]
notes:
  - It runs on the controller only, and asks no array and no name server. Where templates of the files use lookups, these are
    done, unless O(lookups=false).
  - Where a path is a folder that is named as a host of the inventory, folders beside it that no host has are found.
  - Notes are in the result and in the report. The output has errors, the first ten warnings of each kind, and the number of notes.
  - Without the Vault passwords of the files it does what it can do without them, and says what it could not.
seealso:
  - plugin: wiresec.ontap.ipsec_policy_files
    plugin_type: lookup
  - module: wiresec.ontap.ipsec_policies
"""

EXAMPLES = r"""
- name: Check the policies of this cluster
  wiresec.ontap.ipsec_policy_lint:
    paths:
      - "ipsec/{{ inventory_hostname }}"
    ontap_version: 9.14.1
    management_addresses:
      - 10.0.0.10
    controller_addresses:
      - 10.0.5.20
    certificates:
      - pki
    report: reports/ipsec.sarif
"""

RETURN = r"""
msg:
  description:
    - A line for each error, and for the first ten warnings of each kind, C(path:line) first, and a line with their number. What is
      ignored is not in it.
  returned: always
  type: str
findings:
  description: All findings, by file and line.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The kind of finding.
      type: str
    severity:
      description: How bad it is.
      type: str
      choices: [error, warning, note]
    message:
      description: What was found. No secret is in it.
      type: str
    path:
      description: The file.
      type: str
    line:
      description: The line, V(0) if it is about the file as a whole.
      type: int
    svm:
      description: The SVM, V(null) for cluster scope or a finding about a whole file.
      type: str
    policy:
      description: Name of the policy, V(null) for a finding about a whole file.
      type: str
    ignored:
      description: The reason why it is ignored, else V(null).
      type: str
  sample:
    - id: weak-secret
      severity: warning
      message: "secret_key: is easy to guess; use at least 24 random letters and digits."
      path: ipsec/cluster1/svm1.yml
      line: 12
      svm: svm1
      policy: nfs-clients
      ignored: null
summary:
  description: How many files, policies and findings there are; ignored ones are counted apart.
  returned: always
  type: dict
  sample: {files: 2, policies: 30, error: 0, warning: 1, note: 0, ignored: 2}
files:
  description: The files that were read, each with C(path), C(svm) (V(null) for cluster scope), number of C(policies) and SHA-256 C(checksum).
  returned: always
  type: list
  elements: dict
svms:
  description: Names of all SVMs of these files, also of a file without policies.
  returned: always
  type: list
  elements: str
checksum:
  description: SHA-256 over the paths and bytes of all files.
  returned: always
  type: str
report:
  description: The file that was written, V(null) without O(report).
  returned: always
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

OPTIONS: dict[str, Any] = {
    "paths": {"type": "list", "elements": "str", "required": True},
    "ontap_version": {"type": "raw"},
    "management_addresses": {"type": "list", "elements": "str", "default": []},
    "controller_addresses": {"type": "list", "elements": "str", "default": []},
    "windows_clients": {"type": "list", "elements": "str", "default": []},
    "nfs3": {"type": "bool", "default": True},
    "certificates": {"type": "list", "elements": "str", "default": []},
    "expiry_warning": {"type": "int", "default": 30},
    "fail_on": {"type": "str", "choices": ["error", "warning", "never"], "default": "error"},
    "lookups": {"type": "bool", "default": True},
    "report": {"type": "path"},
    "report_format": {"type": "str", "choices": ["text", "json", "sarif"]},
}


def main() -> None:
    """Fails: in a task Ansible runs the action plugin of this name, because Vault and variables are on the controller only."""
    AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True).fail_json(
        msg="ipsec_policy_lint is an action of the controller and can't run as a module; call it in a task, by its full name."
    )


if __name__ == "__main__":
    main()
