#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages one certificate of an SVM or of the cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate
short_description: Install a certificate on NetApp ONTAP, by its content, or remove it
version_added: 2.0.0
description:
  - Makes the certificate of an SVM, or of the cluster, the one that is given, over ONTAP's REST API. What counts is its content and
    its type, not that something has its name.
  - ONTAP can't modify a certificate. Another content under a name that is taken is an error that says what differs; with a
    pattern as O(name) each certificate gets a name of its own, which RV(name) returns.
  - Before anything is written it checks what would fail at the first handshake, that the key belongs to the certificate, that it
    is valid now and may be used for IKE, and that its chain leads to an authority that IPsec trusts.
  - It removes nothing that IPsec uses. What else uses a certificate, such as the web server, only ONTAP itself knows.
  - The private key is in no result, difference, log or trace.
  - A run that changes nothing costs one request. An installation costs three, two more without O(svm), and one more on an
    SVM that has no certificate at all; a removal costs four.
author:
  - wiresec.ontap contributors (@wiresec)
extends_documentation_fragment:
  - wiresec.ontap.attributes
  - wiresec.ontap.connection
attributes:
  check_mode:
    support: full
    details:
      - In check mode an authority that is not there yet is a warning, because earlier tasks only predicted it.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - Name under which the certificate is, or is to be, installed.
      - With C({common_name}), C({expiry}), C({start}), C({serial_number}) or C({fingerprint}) in it, it is a pattern that is
        filled in from the certificate. Dates are such as V(2027-03-31), the fingerprint is the beginning of that by SHA-256.
        If the certificate is installed under any name already, that is the one.
      - For O(state=absent) it is a name, and no pattern.
    type: str
    required: true
  svm:
    description:
      - Name of the SVM that the certificate belongs to.
      - Without it the task is about a certificate of the cluster.
    type: str
    aliases: [vserver]
  state:
    description:
      - Whether the certificate should be installed.
      - V(absent) fails, and names them, while IPsec policies use it, or while it is registered with IPsec as an authority.
    type: str
    choices: [present, absent]
    default: present
  type:
    description:
      - V(server) or V(client) for what identifies an SVM, which a policy may use either of; V(server_ca) or V(client_ca) for that of an authority.
      - Needed with O(state=present).
    type: str
    choices: [client, server, client_ca, server_ca]
  public_certificate:
    description:
      - The certificate, as PEM. It may be followed by the certificates above it, as authorities hand them out.
    type: str
  public_certificate_path:
    description:
      - A file on the controller with what O(public_certificate) would have. It is looked for as C(src) of
        M(ansible.builtin.copy) is.
    type: path
  private_key:
    description:
      - The private key of a certificate of type V(server) or V(client), as PEM without a passphrase.
    type: str
  private_key_path:
    description:
      - A file on the controller with the private key, which Ansible Vault may have encrypted.
    type: path
  intermediate_certificates:
    description:
      - The certificates between this one and the root, as PEM, in any order; each element may have several.
      - ONTAP does not return them, so what is installed already is not compared with them.
    type: list
    elements: str
  intermediate_certificates_path:
    description:
      - A file on the controller with such certificates.
    type: path
  chain_to:
    description:
      - How far the chain of a certificate of type V(server) or V(client) has to lead before it is installed, by authorities that are valid.
      - V(registered) means an authority that is registered with IPsec there, V(installed) one that is installed there, of which only
        peers need to know, V(anywhere) that nothing is asked.
    type: str
    choices: [registered, installed, anywhere]
    default: registered
  verify_writes:
    description:
      - Whether the array is read once more after each write that it answered with success, at the cost of one request for each.
      - If the array does not show it, the task fails with RV(operation=unknown).
    type: bool
    default: false
notes:
  - Checks need the Python library cryptography, which is wherever Ansible itself is installed. Where the task runs elsewhere and it
    is missing, a warning says what was not checked.
seealso:
  - module: wiresec.ontap.certificate_info
  - module: wiresec.ontap.ipsec_ca_certificate
  - module: wiresec.ontap.ipsec_policy
"""

EXAMPLES = r"""
- name: Install the authority that signs the certificates of both ends
  wiresec.ontap.certificate:
    name: ipsec-ca-2026
    svm: svm1
    type: server_ca
    public_certificate_path: pki/ca.pem

- name: Trust it
  wiresec.ontap.ipsec_ca_certificate:
    name: ipsec-ca-2026
    svm: svm1

- name: Install the certificate of the SVM, with a name for each year
  wiresec.ontap.certificate:
    name: "{common_name}-{expiry}"
    svm: svm1
    type: server
    public_certificate_path: pki/svm1.pem
    private_key_path: pki/svm1.key
  register: installed

- name: Use it
  wiresec.ontap.ipsec_policy:
    name: database
    svm: svm1
    enabled: true
    action: esp_transport
    local_endpoint:
      address: 10.10.10.7/32
    remote_endpoint:
      address: 10.10.30.5/32
    certificate: "{{ installed.name }}"
    local_identity: CN=svm1.example.com
    remote_identity: CN=db.example.com

- name: Remove the one before, which no policy uses any more
  wiresec.ontap.certificate:
    name: ipsec-cert
    svm: svm1
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
name:
  description: Name under which the certificate is installed, or would be, or was looked for.
  returned: success
  type: str
  sample: svm1.example.com-2027-03-31
certificate:
  description:
    - The certificate as it now is, or would be; empty when there is none.
    - C(subject) is what a policy has as O(wiresec.ontap.ipsec_policy#module:local_identity).
    - Without the Python library cryptography, only what tells it from others.
  returned: success, and after a failure that left a trace on the array
  type: dict
  sample:
    name: svm1.example.com-2027-03-31
    svm: svm1
    type: server
    subject: C=US, O=Example, CN=svm1.example.com
    issuer: C=US, O=Example, CN=Example CA
    serial_number: 15428D45CF81CF56
    expiry_time: "2027-03-31T12:00:00+00:00"
    fingerprint: "3A:C5:11:0F:..."
uuid:
  description: UUID of the certificate; V(null) if there is none.
  returned: success, and after a failure that left a trace on the array
  type: str
  sample: 1cd8a442-86d1-11e0-ae1c-123478563412
diff:
  description: The certificate before and after, without its text.
  returned: success
  type: dict
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

from ..module_utils._0_basics import certificate_bundle, x509
from ..module_utils._0_basics.errors import InvalidInput
from ..module_utils._1_array.rest import RestClient
from ..module_utils._2_objects.certificate import CERTIFICATE
from ..module_utils._3_state.applying import apply
from ..module_utils._3_state.outcome import foreseen, report
from ..module_utils._3_state.planning import Change
from ..module_utils._4_certificates.installing import ANYWHERE, INSTALLED, REGISTERED, installation, removal
from ..module_utils._5_task import options
from ..module_utils._5_task.execute import Mode, execute

FILES = ("public_certificate", "private_key", "intermediate_certificates")
"""Options whose content may come from a file on the controller, which the action plugin reads."""

OPTIONS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "svm": {"type": "str", "aliases": ["vserver"]},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "type": {"type": "str", "choices": [*certificate_bundle.END_ENTITIES, *certificate_bundle.AUTHORITIES]},
    "public_certificate": {"type": "str"},
    "public_certificate_path": {"type": "path"},
    "private_key": {"type": "str", "no_log": True},
    "private_key_path": {"type": "path", "no_log": False},
    "intermediate_certificates": {"type": "list", "elements": "str"},
    "intermediate_certificates_path": {"type": "path"},
    "chain_to": {"type": "str", "choices": [REGISTERED, INSTALLED, ANYWHERE], "default": REGISTERED},
    **options.VERIFICATION,
}
RULES: dict[str, Any] = {
    "required_if": [["state", "present", ["type"]]],
    "mutually_exclusive": [[option, f"{option}_path"] for option in FILES],
}


def run(params: Mapping[str, Any], client: RestClient, mode: Mode) -> dict[str, Any]:
    """From validated options to the result of the task. Raises ``OntapError``."""
    present = params["state"] == "present"
    change = (_present if present else _absent)(params, client, mode)
    outcome = foreseen(change) if mode.check else apply(client, CERTIFICATE, change, params["verify_writes"])
    result = report(CERTIFICATE, change, outcome)
    warnings = certificate_bundle.unchecked() if present else []
    return {**result, "name": change.subject.get("name"), "warnings": [*result["warnings"], *warnings]}


def _present(params: Mapping[str, Any], client: RestClient, mode: Mode) -> Change:
    unread = [f"{option}_path" for option in FILES if params[f"{option}_path"] is not None]
    if unread:
        raise InvalidInput(f"{', '.join(unread)}: files are read on the controller, so this task has to begin there.")
    if params["public_certificate"] is None:
        raise InvalidInput("public_certificate: is needed, or public_certificate_path.")
    bundle = certificate_bundle.read(params)
    problems = bundle.problems(params["type"], x509.now())
    if problems:
        raise InvalidInput(*problems)
    wanted = CERTIFICATE.from_options(
        {
            **{option: params[option] for option in ("name", "svm", "type")},
            "public_certificate": bundle.certificate.pem,
            "private_key": bundle.key,
            "intermediate_certificates": "".join(one.pem for one in bundle.above) or None,
        }
    )
    return installation(client, wanted, bundle, params["chain_to"], lenient=mode.check)


def _absent(params: Mapping[str, Any], client: RestClient, mode: Mode) -> Change:
    if certificate_bundle.is_pattern(params["name"]):
        raise InvalidInput("name: is a pattern, and what is to be removed has to be named.")
    return removal(client, CERTIFICATE.from_options({option: params[option] for option in CERTIFICATE.key}))


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Entry point of Ansible."""
    module = module_class(argument_spec={**options.CONNECTION, **OPTIONS}, supports_check_mode=True, **RULES)
    execute(module, CERTIFICATE, run, {"operation": "none"})


if __name__ == "__main__":
    main()
