#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages where an array posts its events to."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ems_destination
short_description: Let NetApp ONTAP send its events to a URL, or no longer
version_added: 2.0.0
description:
  - Makes a destination of EMS events of type C(rest_api) what the task says, over ONTAP's REST API. ONTAP posts each event that one of
    its filters lets pass to the URL, as XML, which the event source C(wiresec.ontap.ontap_ems) of this collection receives.
  - A name that belongs to a destination of another type, or of the system, is refused.
  - A run that changes nothing costs one request, a modification or removal costs two, and a create three. The account has to be one of
    the cluster.
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
      - Name of the destination, 2 to 64 letters, digits, C(_) and C(-).
    type: str
    required: true
  state:
    description:
      - Whether the destination should be there.
    type: str
    choices: [present, absent]
    default: present
  destination:
    description:
      - The URL. For the event source of this collection its path is the name of the cluster in the inventory.
      - Neither a name nor a password may be in it, because ONTAP shows it to everybody who reads the destination.
      - For C(https), the authority of the server has to be installed on the cluster, as a certificate of type C(server_ca).
      - Needed to create a destination.
    type: str
  filters:
    description:
      - Names of the filters that decide which events are sent, all of them, in any order. Others are taken away.
      - Every array has V(important-events), which lets alerts and emergencies pass, and V(no-info-debug-events), which lets errors and
        notices pass as well.
      - Needed to create a destination.
    type: list
    elements: str
  certificate:
    description:
      - The client certificate by which the array shows who it is, which has to be installed on the cluster, as one of type C(client).
      - One that is set can be replaced, and not be taken away.
    type: dict
    suboptions:
      ca:
        description: The name of the authority that issued it, as ONTAP has it in C(ca) of the certificate.
        type: str
        required: true
      serial_number:
        description: Its serial number, as ONTAP has it.
        type: str
        required: true
  verify_writes:
    description:
      - Whether the array is read once more after each write that it answered with success, at the cost of one request for each.
      - If the array does not show it, the task fails with RV(operation=unknown).
      - Without it, an answer of success is believed, and only a create whose answer does not show what was created is looked up.
    type: bool
    default: false
seealso:
  - module: wiresec.ontap.certificate
  - module: wiresec.ontap.ipsec_policy_health
"""

EXAMPLES = r"""
- name: Send alerts to ansible-rulebook
  wiresec.ontap.ems_destination:
    name: rulebook
    destination: https://rulebook.example.com:5000/cluster1
    filters: [important-events]

- name: Send nothing there any more
  wiresec.ontap.ems_destination:
    name: rulebook
    state: absent
"""

RETURN = r"""
operation:
  description:
    - What was done, or would be done in check mode.
    - V(unknown) if the task failed because the answer to a write did not come, and reading the array again could not tell.
  returned: always
  type: str
  choices: [none, created, modified, deleted, unknown]
  sample: created
modified:
  description: Names of the options that were, or would be, modified.
  returned: success
  type: list
  elements: str
destination:
  description: The destination as it now is, or would be, in the options of this module and its C(type); empty when there is none.
  returned: success, and after a failure that left a trace on the array
  type: dict
  sample:
    name: rulebook
    type: rest_api
    destination: https://rulebook.example.com:5000/cluster1
    filters: [important-events]
diff:
  description: The destination before and after.
  returned: success
  type: dict
  sample:
    before: {}
    after: {name: rulebook, type: rest_api}
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

from ..module_utils._0_basics.errors import InvalidInput
from ..module_utils._1_array.rest import RestClient
from ..module_utils._2_objects.ems_destination import EMS_DESTINATION, TYPE
from ..module_utils._3_state.applying import apply
from ..module_utils._3_state.outcome import foreseen, report
from ..module_utils._3_state.planning import Permissions
from ..module_utils._3_state.preparing import prepare
from ..module_utils._3_state.reading import find
from ..module_utils._5_task import options
from ..module_utils._5_task.execute import Mode, execute

OPTIONS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "destination": {"type": "str"},
    "filters": {"type": "list", "elements": "str"},
    "certificate": {
        "type": "dict",
        "options": {"ca": {"type": "str", "required": True}, "serial_number": {"type": "str", "required": True}},
    },
    **options.VERIFICATION,
}


def run(params: Mapping[str, Any], client: RestClient, mode: Mode) -> dict[str, Any]:
    """From validated options to the result of the task. Raises ``OntapError``."""
    present = params["state"] == "present"
    wanted = EMS_DESTINATION.from_options({**params, "type": TYPE})
    if params["filters"] is not None and not params["filters"]:
        raise InvalidInput("filters: the list is empty, so no event would be sent. Leave it out, or set state: absent.")
    if not present:
        wanted = EMS_DESTINATION.key_of(wanted)
    current = find(client, EMS_DESTINATION, wanted).current
    EMS_DESTINATION.check_type(current)
    change = prepare(client, EMS_DESTINATION, wanted, current, present, Permissions())
    outcome = foreseen(change) if mode.check else apply(client, EMS_DESTINATION, change, params["verify_writes"])
    return report(EMS_DESTINATION, change, outcome)


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Entry point of Ansible."""
    module = module_class(argument_spec={**options.CONNECTION, **OPTIONS}, supports_check_mode=True)
    execute(module, EMS_DESTINATION, run, {"operation": "none"})


if __name__ == "__main__":
    main()
