#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists certificates."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_info
short_description: List the certificates of NetApp ONTAP, when they expire, and which IPsec policies use them
version_added: 2.0.0
description:
  - Lists the certificates that are installed, with what each says of itself, in how many days it expires, which installed
    authorities its chain leads to, and what of IPsec uses it.
  - With O(expires_within) it is a gate that fails if one of them expires within so many days, or has expired.
  - Costs three requests, and more if ONTAP returns the objects in several pages.
author:
  - wiresec.ontap contributors (@wiresec)
extends_documentation_fragment:
  - wiresec.ontap.attributes
  - wiresec.ontap.attributes.info_module
  - wiresec.ontap.connection
options:
  svm:
    description:
      - Name of the SVM whose certificates are meant. Without it those of all SVMs and of the cluster are.
    type: str
  name:
    description:
      - Name of the certificates, or a pattern of such names, in which C(*) and C(?) stand for any characters, and for one.
    type: str
  type:
    description:
      - Type of the certificates.
    type: str
    choices: [client, server, client_ca, server_ca, root_ca]
  used_by_ipsec:
    description:
      - Whether only those are meant that an IPsec policy uses, or that are registered with IPsec as an authority.
      - A cluster has more than a hundred certificates of public authorities, some of which have expired, and which IPsec does not use.
    type: bool
    default: false
  expires_within:
    description:
      - Fail if one of the certificates that are meant expires within so many days, has expired, or does not say when it does.
      - Fail, too, if there are none, because a gate that looked at nothing must not be passed.
    type: int
notes:
  - What a certificate says is read by the Python library cryptography, which is wherever Ansible itself is installed. Where it is
    missing, what ONTAP itself says of a certificate is returned, and the rest is V(null).
seealso:
  - module: wiresec.ontap.certificate
  - module: wiresec.ontap.ipsec_policy_health
"""

EXAMPLES = r"""
- name: Which certificates does IPsec use, and until when?
  wiresec.ontap.certificate_info:
    used_by_ipsec: true
  register: found

- name: Show them
  ansible.builtin.debug:
    msg: "{{ item.subject }} expires in {{ item.expires_in_days }} days; used by {{ item.ipsec_policies | join(', ') }}"
  loop: "{{ found.certificates }}"
  loop_control:
    label: "{{ item.name }}"

- name: Fail if something of that expires within a month
  wiresec.ontap.certificate_info:
    used_by_ipsec: true
    expires_within: 30
"""

RETURN = r"""
certificates:
  description: The certificates, by SVM and name, each with the same keys; V(null) where there is nothing to say.
  returned: success, and if one expires too soon
  type: list
  elements: dict
  contains:
    name:
      description: Name under which it is installed.
      type: str
    svm:
      description: Name of the SVM, V(null) for the cluster.
      type: str
    scope:
      description: V(svm) or V(cluster).
      type: str
    type:
      description: Type, as O(type).
      type: str
    uuid:
      description: UUID.
      type: str
    common_name:
      description: Common name, as ONTAP has it.
      type: str
    subject:
      description: Whom it is about, whole and in its order, as a policy has it for C(local_identity).
      type: str
    issuer:
      description: Who signed it.
      type: str
    serial_number:
      description: Serial number, hexadecimal.
      type: str
    alternatives:
      description: Alternative names that an identity of IKE may be (hosts, addresses, e-mail addresses, subjects).
      type: list
      elements: str
    expiry_time:
      description: When it expires.
      type: str
    expires_in_days:
      description: In how many whole days by the clock of the host that the task runs on; below zero if it has expired.
      type: int
    fingerprint:
      description: SHA-256 of its content.
      type: str
    chain:
      description:
        - Names of the installed authorities that lead from it towards a root, the nearest first. Intermediate certificates
          that came with it are not among them, because ONTAP returns none.
      type: list
      elements: str
    leads_to:
      description: V(registered) if it, or its chain, is an authority that IPsec trusts, V(installed) if a root is installed, else V(null).
      type: str
    ipsec_policies:
      description: Names of the IPsec policies that use it.
      type: list
      elements: str
    ipsec_registered:
      description: Whether it is registered with IPsec as an authority.
      type: bool
  sample:
    - name: svm1.example.com-2027-03-31
      svm: svm1
      scope: svm
      type: server
      uuid: 1cd8a442-86d1-11e0-ae1c-123478563412
      common_name: svm1.example.com
      subject: C=US, O=Example, CN=svm1.example.com
      issuer: C=US, O=Example, CN=Example CA
      serial_number: 15428D45CF81CF56
      alternatives: [svm1.example.com, 10.10.10.7]
      expiry_time: "2027-03-31T12:00:00+00:00"
      expires_in_days: 212
      fingerprint: "3A:C5:11:0F:..."
      chain: [ipsec-ca-2026]
      leads_to: registered
      ipsec_policies: [database]
      ipsec_registered: false
num_records:
  description: How many certificates are meant.
  returned: success, and if one expires too soon
  type: int
  sample: 1
error:
  description: What ONTAP said, as in M(wiresec.ontap.ipsec_policy).
  returned: when ONTAP refused a request
  type: dict
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._0_basics.errors import Expiring, InvalidInput
from ..module_utils._1_array.rest import RestClient
from ..module_utils._2_objects.certificate import CERTIFICATE, TYPES
from ..module_utils._4_certificates.inventory import check_expiry, inventory
from ..module_utils._5_task import options
from ..module_utils._5_task.execute import Mode, execute
from ..module_utils._5_task.texts import check_texts

OPTIONS: dict[str, Any] = {
    "svm": {"type": "str"},
    "name": {"type": "str"},
    "type": {"type": "str", "choices": list(TYPES)},
    "used_by_ipsec": {"type": "bool", "default": False},
    "expires_within": {"type": "int"},
}


def run(params: Mapping[str, Any], client: RestClient, mode: Mode) -> dict[str, Any]:
    """From validated options to the result of the task. Raises ``OntapError``."""
    check_texts(params, ["svm", "name"])
    days = params["expires_within"]
    if days is not None and days < 0:
        raise InvalidInput(f"expires_within: {days} is too small.")
    svm = CERTIFICATE.from_options({"svm": params["svm"]}).get("svm")
    found = [one for one in inventory(client, None if svm is None else [svm]) if _is_meant(one, params)]
    result = {"changed": False, "certificates": found, "num_records": len(found)}
    if days is not None:
        if not found:
            raise Expiring("No certificate is meant by these options, so nothing was looked at.").reporting(result)
        try:
            check_expiry(found, days)
        except Expiring as error:
            raise error.reporting(result) from None
    return result


def _is_meant(certificate: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    return (
        params["type"] in (None, certificate["type"])
        # A bracket stands for itself.
        and (params["name"] is None or fnmatchcase(certificate["name"], params["name"].replace("[", "[[]")))
        and not (params["used_by_ipsec"] and not (certificate["ipsec_policies"] or certificate["ipsec_registered"]))
    )


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Entry point of Ansible."""
    module = module_class(argument_spec={**options.CONNECTION, **OPTIONS}, supports_check_mode=True)
    execute(module, CERTIFICATE, run, exact=True)


if __name__ == "__main__":
    main()
