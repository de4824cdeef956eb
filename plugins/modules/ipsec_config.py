#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages the IPsec service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_config
short_description: Enable, disable and configure IPsec on NetApp ONTAP
version_added: 1.0.0
description:
  - Brings the IPsec service of an array to the state that the task describes, over ONTAP's REST API. IPsec policies do
    nothing until it is enabled.
  - Options that are left out are left alone.
  - A run that changes nothing costs one request. A change costs one more for each of RV(steps), and one for the guard
    that O(force) takes away, if IPsec is to be disabled.
  - ONTAP changes offload only while IPsec is disabled. So RV(steps) has up to four changes then, and if one of them fails,
    those before it are taken back.
  - The account has to be one of the cluster; accounts of an SVM can't change the service.
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
  state:
    description:
      - Accepted, so that tasks for C(netapp.ontap) need no change. The service is always there.
    type: str
    choices: [present]
    default: present
  enabled:
    description:
      - Whether IPsec is enabled.
    type: bool
  replay_window:
    description:
      - Size in packets of the window that protects against replayed packets; V(0) disables this protection.
      - Has to be V(0) for O(offload_enabled=true).
    type: int
    choices: [0, 64, 128, 256, 512, 1024]
  offload_enabled:
    description:
      - Whether network cards do the work of IPsec. Needs ONTAP 9.16.1.
      - If IPsec is enabled, it is disabled for the change, and enabled again. All security associations end.
    type: bool
  force:
    description:
      - Allows to disable IPsec, or to interrupt it for a change of O(offload_enabled), although enabled policies protect or
        discard traffic.
      - Without it this is an error that counts and names them, in check mode, too.
    type: bool
    default: false
  verify_writes:
    description:
      - Whether the array is read once more after each write that it answered with success, at the cost of one request for each.
      - If the service is not as it was written, the task fails with RV(operation=unknown).
      - Without it, an answer of success is believed.
    type: bool
    default: false
    version_added: 2.0.0
seealso:
  - module: wiresec.ontap.ipsec_policy
  - module: wiresec.ontap.ipsec_ca_certificate
  - name: ONTAP IP security over wire encryption
    description: NetApp's guide to IPsec on ONTAP.
    link: https://docs.netapp.com/us-en/ontap/networking/ipsec-configure.html
"""

EXAMPLES = r"""
- name: Enable IPsec
  wiresec.ontap.ipsec_config:
    enabled: true

- name: Protect against replayed packets
  wiresec.ontap.ipsec_config:
    replay_window: 64

- name: Let network cards do the work, which interrupts IPsec
  wiresec.ontap.ipsec_config:
    offload_enabled: true
    replay_window: 0
    force: true

- name: Disable IPsec, whatever it protects
  wiresec.ontap.ipsec_config:
    enabled: false
    force: true
"""

RETURN = r"""
operation:
  description:
    - What was done, or would be done in check mode.
    - V(unknown) if the task failed because the answer to a write did not come, and reading the array again could not tell.
  returned: always
  type: str
  choices: [none, modified, unknown]
  sample: modified
modified:
  description: The options whose value changed.
  returned: success
  type: list
  elements: str
  sample: [enabled]
config:
  description: The service as it now is, or would be; C(offload_enabled) since ONTAP 9.16.1.
  returned: success, and after a failure that left a trace on the array
  type: dict
  sample: {enabled: true, offload_enabled: false, replay_window: 64}
steps:
  description: The changes that were made, or would be made, one request each, in this order.
  returned: success
  type: list
  elements: dict
  sample: [{enabled: false}, {offload_enabled: true}, {enabled: true}]
diff:
  description: The service before and after.
  returned: success
  type: dict
  sample: {before: {enabled: false}, after: {enabled: true}}
lost:
  description:
    - The service as it was, if the task failed between RV(steps) that could not be taken back. What the task leaves out
      stays as it is now, above all C(enabled), so add it to the task before running it again.
  returned: when steps were taken and could not be taken back
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

from ..module_utils._0_basics.errors import InvalidInput, counted
from ..module_utils._1_array.rest import RestClient
from ..module_utils._2_objects.ipsec_policy import POLICY
from ..module_utils._2_objects.ipsec_service import REPLAY_WINDOWS, SERVICE
from ..module_utils._3_state.applying import apply
from ..module_utils._3_state.outcome import foreseen, report
from ..module_utils._3_state.planning import MODIFIED, Change, Permissions
from ..module_utils._3_state.preparing import prepare
from ..module_utils._3_state.reading import find, listing
from ..module_utils._5_task import options
from ..module_utils._5_task.execute import Mode, execute

OPTIONS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present"], "default": "present"},
    "enabled": {"type": "bool"},
    "replay_window": {"type": "int", "choices": list(REPLAY_WINDOWS)},
    "offload_enabled": {"type": "bool"},
    "force": {"type": "bool", "default": False},
    **options.VERIFICATION,
}

_SHOWN = 10
"""Policies that an error names."""


def run(params: Mapping[str, Any], client: RestClient, mode: Mode) -> dict[str, Any]:
    """From validated options to the result of the task. Raises ``OntapError``."""
    wanted = SERVICE.from_options(params)
    SERVICE.check_release(wanted, client.known_version)
    current = find(client, SERVICE, wanted).current
    change = prepare(client, SERVICE, wanted, current, present=True, permissions=Permissions())
    if not params["force"]:
        _guard(client, change)
    outcome = foreseen(change) if mode.check else apply(client, SERVICE, change, params["verify_writes"])
    steps = [SERVICE.to_options(step.targets) for step in change.modifications]
    return {**report(SERVICE, change, outcome), "steps": steps}


def _guard(client: RestClient, change: Change) -> None:
    """Raises ``InvalidInput`` if IPsec would be disabled, be it for a moment, while it has something to do."""
    if change.operation != MODIFIED or not SERVICE.interrupts(change.before or {}, change.after or {}):
        return
    # Counted here and not by a filter, because a filter that found too few would let this pass.
    policies = listing(client, POLICY, {}, ["name", "svm", "scope", "enabled", "action"])
    affected = [POLICY.title(policy) for policy in policies if policy["enabled"] and policy["action"] != "bypass"]
    if affected:
        shown = ", ".join(affected[:_SHOWN]) + (", ..." if len(affected) > _SHOWN else "")
        moment = " for a moment" if (change.after or {})["enabled"] else ""
        raise InvalidInput(
            f"{', '.join(change.modified)}: this disables IPsec{moment}, while "
            f"{counted(len(affected), 'enabled policy protects or discards', 'enabled policies protect or discard')} traffic. "
            f"Nothing was changed. Set force: true if that is meant; all security associations end. It concerns {shown}."
        )


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Entry point of Ansible."""
    module = module_class(argument_spec={**options.CONNECTION, **OPTIONS}, supports_check_mode=True)
    execute(module, SERVICE, run, {"operation": "none"})


if __name__ == "__main__":
    main()
