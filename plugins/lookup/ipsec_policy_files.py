# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads policy files for ipsec_policies."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ipsec_policy_files
short_description: Read IPsec policies from files, for ipsec_policies
version_added: 1.0.0
author:
  - wiresec.ontap contributors (@wiresec)
description:
  - Reads policy files on the controller, and returns all their policies as one list for the option O(wiresec.ontap.ipsec_policies#module:policies)
    of M(wiresec.ontap.ipsec_policies), with C(svm) filled in.
  - Vault is decrypted and templates are rendered with the variables of the host. As the list never becomes a variable,
    Ansible neither stores its secrets nor spends time on it.
  - Fails with everything that is wrong with the files, each with path and line.
options:
  _terms:
    description:
      - Files, or folders that are read with all below them (C(*.yml), C(*.yaml), C(*.json), nothing hidden).
      - Relative paths are relative to the folder in which C(ansible-playbook) was started.
    type: list
    elements: str
    required: true
  lookups:
    description:
      - Whether templates of the files may do more than read variables, as O(wiresec.ontap.ipsec_policy_lint#module:lookups) of
        M(wiresec.ontap.ipsec_policy_lint).
    type: bool
    default: true
    version_added: 2.0.0
notes:
  - Use it with C(lookup), not with C(query), which would put the list into a list.
seealso:
  - module: wiresec.ontap.ipsec_policies
  - module: wiresec.ontap.ipsec_policy_lint
"""

EXAMPLES = r"""
- name: The policies of this cluster are those of its files, and no others
  wiresec.ontap.ipsec_policies:
    policies: "{{ lookup('wiresec.ontap.ipsec_policy_files', 'ipsec/' ~ inventory_hostname) }}"
    prune: true
"""

RETURN = r"""
_raw:
  description: The policies, in the options of M(wiresec.ontap.ipsec_policies).
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils._5_task import given
from ..plugin_utils._1_policy_files import policy_files
from ..plugin_utils._1_policy_files.policy_values import Values


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: Any, variables: Any = None, **kwargs: Any) -> list[list[dict[str, Any]]]:
        """One list, inside of the list that Ansible unpacks. Raises ``AnsibleLookupError`` with all problems."""
        self.set_options(var_options=variables, direct=kwargs)
        read = policy_files.read([str(term) for term in self._flatten(terms)], self._loader)
        problems = [str(problem) for problem in read.problems]
        values = Values(self._loader, self._templar, self.get_option("lookups"))
        policies = []
        for policy in read.policies:
            options, unknown = values.of(policy)
            for option, reason in {**unknown, **given.problems(policy_files.OPTIONS, options)}.items():
                problems.append(f"{policy.path}:{policy.line(option)}: {option}: {reason}")
            policies.append(options if policy.svm is None else {"svm": policy.svm, **options})
        if problems:
            raise AnsibleLookupError("The policy files can't be used.\n" + "\n".join(problems))
        return [policies]
