#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks an array what is not known of ONTAP's IPsec policies."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_probe
short_description: Find out what NetApp ONTAP does where its documentation does not say
version_added: 1.0.0
description:
  - What the playbook C(wiresec.ontap.probe) is made of; run that. The guide C(docs/real_array.md) describes both.
  - Creates disabled IPsec policies on one SVM, looks at what the array makes of them, and removes them. All have names that
    begin with O(prefix), and a local end that is an address reserved for documentation (RFC 5737, RFC 3849), so that
    they could match no traffic.
  - Never enables or disables IPsec, never writes to other policies, and never sends a certificate.
  - Removes what an earlier run that was aborted left.
  - Fails before anything is written if there is no such SVM, if a policy begins with O(prefix) that was not made by a probe,
    or if another probe with this prefix is at work on the SVM. To tell its policies from what was left, it looks at them
    for 15 seconds.
  - In check mode it only reads, and returns what it would ask.
author:
  - wiresec.ontap contributors (@wiresec)
extends_documentation_fragment:
  - wiresec.ontap.attributes
  - wiresec.ontap.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  svm:
    description:
      - Name of the SVM on which the policies are created.
    type: str
    required: true
  prefix:
    description:
      - What the names of all policies begin with. Letters, digits, C(_) and C(-), at least 8 of them.
    type: str
    default: wiresec_probe_
  names:
    description:
      - Whether the report may have names, addresses and UUIDs of the array. It never has secrets.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Find out what this array does
  wiresec.ontap.ipsec_probe:
    svm: svm1
  register: probed
"""

RETURN = r"""
report:
  description:
    - What was asked, sent and answered. C(answers) has an entry for each question, with C(number) (the paragraph of
      C(docs/ontap_facts.md)), C(switch) (of the simulator), C(question), C(answer), C(setting) (the position of the switch that
      behaves so), C(not_asked) (why not, if it was not asked) and C(experiment) (the C(purpose) of the entry in C(experiments)
      that has the requests and their answers).
  returned: success
  type: dict
left:
  description: Names of policies that could not be removed, or may not have been.
  returned: success
  type: list
  elements: str
removed_leftovers:
  description: Names of policies that an earlier run had left and that were removed, or would be.
  returned: success
  type: list
  elements: str
changed_others:
  description: Other policies that are not as they were before the run, be it because somebody else changed them.
  returned: success
  type: list
  elements: str
other_probe:
  description: Says that another probe is at work, whose policies must not be removed. Always V(true).
  returned: when another probe is at work
  type: bool
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
from ..module_utils._4_probe.investigation import investigate
from ..module_utils._5_task import options
from ..module_utils._5_task.execute import Mode, execute
from ..module_utils._5_task.texts import check_texts

OPTIONS: dict[str, Any] = {
    "svm": {"type": "str", "required": True},
    "prefix": {"type": "str", "default": "wiresec_probe_"},
    "names": {"type": "bool", "default": False},
}


def run(params: Mapping[str, Any], client: RestClient, mode: Mode) -> dict[str, Any]:
    """From validated options to the result of the task. Raises ``OntapError``."""
    check_texts(params, ("svm", "prefix"))
    outcome = investigate(client, params["svm"], params["prefix"], params["names"], mode.check)
    return {
        "changed": bool(outcome.removed or outcome.left),
        "report": outcome.report,
        "left": outcome.left,
        "removed_leftovers": outcome.removed,
        "changed_others": outcome.changed_others,
    }


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Entry point of Ansible."""
    module = module_class(argument_spec={**options.CONNECTION, **OPTIONS}, supports_check_mode=True)
    execute(module, POLICY, run)


if __name__ == "__main__":
    main()
