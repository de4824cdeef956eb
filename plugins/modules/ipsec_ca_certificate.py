#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages which CA certificates IPsec trusts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_ca_certificate
short_description: Register a CA certificate with IPsec on NetApp ONTAP, or remove it there
version_added: 1.0.0
description:
  - Registers the certificate of an authority with IPsec, or removes that registration, over ONTAP's REST API. Policies that
    authenticate by certificates accept peers whose certificates such an authority signed.
  - The certificate itself has to be installed already, and stays installed.
  - The name is resolved exactly, on the SVM that the task names. A run that changes nothing costs two requests, a change
    costs three.
  - Needs ONTAP 9.10.1.
author:
  - wiresec.ontap contributors (@wiresec)
extends_documentation_fragment:
  - wiresec.ontap.attributes
  - wiresec.ontap.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - Name under which the certificate is installed. Either this or O(uuid) is needed.
    type: str
  uuid:
    description:
      - UUID of the installed certificate.
    type: str
  svm:
    description:
      - Name of the SVM that the certificate is installed on.
      - Without it the task is about a certificate of the cluster.
    type: str
  state:
    description:
      - Whether the certificate should be registered.
      - V(present) fails if the certificate is not installed, if it is no authority's, or if it has expired and is not registered yet.
      - V(absent) has nothing to do if the certificate is not registered, or not even installed; RV(installed) tells which.
    type: str
    choices: [present, absent]
    default: present
  verify_writes:
    description:
      - Whether the array is read once more after each write that it answered with success, at the cost of one request for each.
      - If the array does not show it, the task fails with RV(operation=unknown).
      - Without it, an answer of success is believed, and only a create whose answer does not show what was created is looked up.
    type: bool
    default: false
    version_added: 2.0.0
seealso:
  - module: wiresec.ontap.ipsec_config
  - module: wiresec.ontap.ipsec_policy
"""

EXAMPLES = r"""
- name: Trust the authority that signed the certificates of the clients
  wiresec.ontap.ipsec_ca_certificate:
    name: ipsec-ca
    svm: svm1

- name: Do not trust it any more
  wiresec.ontap.ipsec_ca_certificate:
    name: ipsec-ca
    svm: svm1
    state: absent

- name: An authority of the cluster is not there
  wiresec.ontap.ipsec_ca_certificate:
    name: former-ca
    state: absent
"""

RETURN = r"""
operation:
  description:
    - What was done, or would be done in check mode.
    - V(unknown) if the task failed because the answer to a write did not come, and reading the array again could not tell.
  returned: always
  type: str
  choices: [none, created, deleted, unknown]
  sample: created
installed:
  description: Whether the certificate is installed.
  returned: success
  type: bool
registered:
  description: Whether the certificate is registered with IPsec now, or would be.
  returned: success
  type: bool
ca_certificate:
  description: The registration as it now is, or would be, in the options of this module; empty when there is none.
  returned: success, and after a failure that left a trace on the array
  type: dict
  sample: {name: ipsec-ca, svm: svm1, uuid: 1cd8a442-86d1-11e0-ae1c-123478563412}
uuid:
  description: UUID of the certificate; V(null) if it is not installed.
  returned: success, and after a failure that left a trace on the array
  type: str
  sample: 1cd8a442-86d1-11e0-ae1c-123478563412
diff:
  description: The registration before and after.
  returned: success
  type: dict
  sample: {before: {}, after: {name: ipsec-ca, svm: svm1}}
approval:
  description: Says that multi-admin verification holds the change back, as in M(wiresec.ontap.ipsec_policy).
  returned: when an approval is pending
  type: dict
error:
  description: What ONTAP said, as in M(wiresec.ontap.ipsec_policy).
  returned: when ONTAP refused a request
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._0_basics import x509
from ..module_utils._1_array.rest import RestClient
from ..module_utils._2_objects.certificate import AUTHORITY, AUTHORITY_BY_UUID
from ..module_utils._2_objects.ipsec_ca_certificate import CA_CERTIFICATE
from ..module_utils._2_objects.resource import State
from ..module_utils._3_state.applying import apply
from ..module_utils._3_state.outcome import foreseen, report
from ..module_utils._3_state.planning import CREATED, NONE, Change, Permissions
from ..module_utils._3_state.preparing import check_containers, check_home, prepare
from ..module_utils._3_state.reading import find
from ..module_utils._5_task import options
from ..module_utils._5_task.execute import Mode, execute

OPTIONS: dict[str, Any] = {
    "name": {"type": "str"},
    "uuid": {"type": "str"},
    "svm": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    **options.VERIFICATION,
}
RULES: dict[str, Any] = {"required_one_of": [["name", "uuid"]], "mutually_exclusive": [["name", "uuid"]]}


def run(params: Mapping[str, Any], client: RestClient, mode: Mode) -> dict[str, Any]:
    """From validated options to the result of the task. Raises ``OntapError``."""
    present = params["state"] == "present"
    wanted = CA_CERTIFICATE.from_options(params)
    CA_CERTIFICATE.check_release(wanted, client.known_version)
    certificates = AUTHORITY_BY_UUID if "uuid" in wanted else AUTHORITY
    installed = find(client, certificates, wanted)
    warnings: list[str] = []
    if present:
        certificates.check_usable(installed.current, wanted, installed.namesakes)
    elif installed.current is None and "svm" not in wanted:
        check_home(client, CA_CERTIFICATE)
    elif installed.current is None:
        warnings = check_containers(client, CA_CERTIFICATE, [wanted])
    wanted.update({option: value for option, value in (installed.current or {}).items() if option in ("name", "uuid")})
    change = _change(client, wanted, present)
    if change.operation == CREATED and installed.current:
        certificates.check_valid(installed.current, x509.now())
    outcome = foreseen(change) if mode.check else apply(client, CA_CERTIFICATE, change, params["verify_writes"])
    told = {"installed": installed.current is not None, "registered": change.after is not None}
    result = report(CA_CERTIFICATE, change, outcome)
    return {**result, **told, "warnings": [*result["warnings"], *warnings]}


def _change(client: RestClient, wanted: State, present: bool) -> Change:
    """Nothing where the name leads to no certificate: what can't be identified can't be removed either."""
    if "uuid" not in wanted:
        return Change(NONE, None, None, sought=wanted)
    current = find(client, CA_CERTIFICATE, wanted).current
    current = {**current, **wanted} if current else None
    return prepare(client, CA_CERTIFICATE, wanted, current, present, Permissions())


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Entry point of Ansible."""
    module = module_class(argument_spec={**options.CONNECTION, **OPTIONS}, supports_check_mode=True, **RULES)
    execute(module, CA_CERTIFICATE, run, {"operation": "none"})


if __name__ == "__main__":
    main()
