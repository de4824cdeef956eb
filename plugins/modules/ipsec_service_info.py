#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the IPsec service of an array, and which authorities it trusts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_service_info
short_description: Read the IPsec service of NetApp ONTAP, and which CA certificates it trusts
version_added: 2.0.0
description:
  - Returns what M(wiresec.ontap.ipsec_config) manages, and what M(wiresec.ontap.ipsec_ca_certificate) has registered, by name.
  - The account has to be one of the cluster.
author:
  - wiresec.ontap contributors (@wiresec)
extends_documentation_fragment:
  - wiresec.ontap.attributes
  - wiresec.ontap.attributes.info_module
  - wiresec.ontap.connection
options:
  ca_certificates:
    description:
      - Whether to read the CA certificates, which needs ONTAP 9.10.1 and costs two listings.
    type: bool
    default: true
  identity:
    description:
      - Whether to read what tells this array from any other, which costs one request, or two.
    type: bool
    default: false
seealso:
  - module: wiresec.ontap.ipsec_config
  - module: wiresec.ontap.ipsec_ca_certificate
  - module: wiresec.ontap.ipsec_policy_info
"""

EXAMPLES = r"""
- name: Is IPsec enabled, and whom does it trust?
  wiresec.ontap.ipsec_service_info:
  register: ipsec
"""

RETURN = r"""
config:
  description: The service, in the options of M(wiresec.ontap.ipsec_config).
  returned: success
  type: dict
  sample: {enabled: true, offload_enabled: false, replay_window: 64}
ca_certificates:
  description: The CA certificates that are registered with IPsec, sorted by SVM and name. C(svm) is missing for those of the cluster.
  returned: success and O(ca_certificates=true)
  type: list
  elements: dict
  sample:
    - name: ipsec-ca
      svm: svm1
      uuid: 1cd8a442-86d1-11e0-ae1c-123478563412
identity:
  description:
    - What tells this array from any other. The UUID of the cluster, or those of the SVMs that the account sees, or V(null) if it may
      see neither.
  returned: success and O(identity=true)
  type: str
  sample: 4b3b0d6c-86d1-11e0-ae1c-123478563412
error:
  description: What ONTAP said, as in M(wiresec.ontap.ipsec_policy).
  returned: when ONTAP refused a request
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._0_basics.errors import UnexpectedAnswer
from ..module_utils._1_array.rest import RestClient
from ..module_utils._2_objects.certificate import AUTHORITY
from ..module_utils._2_objects.ipsec_ca_certificate import CA_CERTIFICATE
from ..module_utils._2_objects.ipsec_service import SERVICE
from ..module_utils._3_state.reading import check_release, find, identity, listing
from ..module_utils._5_task import options
from ..module_utils._5_task.execute import Mode, execute

OPTIONS: dict[str, Any] = {
    "ca_certificates": {"type": "bool", "default": True},
    "identity": {"type": "bool", "default": False},
}


def run(params: Mapping[str, Any], client: RestClient, mode: Mode) -> dict[str, Any]:
    """From validated options to the result of the task. Raises ``OntapError``."""
    found: dict[str, Any] = {"changed": False, "config": SERVICE.to_options(find(client, SERVICE, {}).current or {})}
    if params["ca_certificates"]:
        found["ca_certificates"] = _authorities(client)
    if params["identity"]:
        found["identity"] = identity(client)
    return found


def _authorities(client: RestClient) -> list[dict[str, Any]]:
    """What is registered, with the names under which it is installed."""
    check_release(client, CA_CERTIFICATE, CA_CERTIFICATE.requirements({}))
    registered = listing(client, CA_CERTIFICATE, {}, ["uuid", "svm", "scope"])
    if not registered:
        return []
    names = {one["uuid"]: one["name"] for one in listing(client, AUTHORITY, {}, ["uuid", "name", "type"])}
    missing = [one["uuid"] for one in registered if one["uuid"] not in names]
    if missing:
        raise UnexpectedAnswer(
            f"The array says that IPsec trusts the certificates {', '.join(missing)}, and does not say that they are installed. "
            "Nothing can be concluded from that."
        )
    states = [
        {"name": names[one["uuid"]], "uuid": one["uuid"], **({"svm": one["svm"]} if one.get("svm") else {})}
        for one in registered
    ]
    return sorted(states, key=lambda one: (one.get("svm", ""), one["name"]))


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Entry point of Ansible."""
    module = module_class(argument_spec={**options.CONNECTION, **OPTIONS}, supports_check_mode=True)
    execute(module, SERVICE, run)


if __name__ == "__main__":
    main()
