#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets the daemon of an IPsec client negotiate, and says what its associations carry."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_client_negotiate
short_description: Let the daemon of an IPsec client negotiate with arrays, and wait until it has
version_added: 2.0.0
description:
  - Asks the daemon on the host to negotiate the connections that M(wiresec.ontap.ipsec_client_config) has written and that have no
    security association, and succeeds as soon as each has one. Fails, and says which have none, when O(wait) is over.
  - Of use right after the policies of an array have changed. A connection that has been negotiated in vain is not negotiated again for
    minutes, whatever is sent.
  - Connections to a subnet of the array, whose peer is not known before there is traffic, and those that protect nothing, are left alone.
author:
  - wiresec.ontap contributors (@wiresec)
attributes:
  check_mode:
    description: Asks the daemon for nothing, does not wait, and fails for nothing.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: Where all connections have associations, nothing changes, unless O(renew) names some.
    support: full
options:
  format:
    description: Which daemon it is.
    type: str
    choices: [strongswan, libreswan]
    default: strongswan
  directory:
    description:
      - The folder with the files of connections, by default C(/etc/swanctl/conf.d) for V(strongswan) and C(/etc/ipsec.d) for
        V(libreswan).
    type: path
  renew:
    description:
      - Connections whose associations end first, because the array has forgotten them, or their key is another one. Their packets wait
        meanwhile.
    type: list
    elements: str
    default: []
  wait:
    description: For how many seconds to wait.
    type: int
    default: 30
  socket:
    description: Where V(strongswan) listens. By default C(/run/charon.vici) or C(/run/strongswan/charon.vici), whichever is there.
    type: path
  pid_file:
    description: Where V(libreswan) notes its process.
    type: path
    default: /run/pluto/pluto.pid
seealso:
  - module: wiresec.ontap.ipsec_client_load
  - module: wiresec.ontap.ipsec_policy_health
    description: The same, seen from the array.
"""

EXAMPLES = r"""
- name: Negotiate now that the array has its policies
  wiresec.ontap.ipsec_client_negotiate:
    wait: 60
  become: true
"""

RETURN = r"""
asked:
  description: Names of the connections that the daemon was asked to negotiate, or would be.
  returned: success
  type: list
  elements: str
connections:
  description: What the connections that are to have associations have.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
    associations:
      description: How many pairs of associations carry packets.
      type: int
    bytes_in:
      description: What came by them.
      type: int
    bytes_out:
      description: What went by them.
      type: int
  sample: [{name: wiresec-cluster1--svm1--nfs, associations: 1, bytes_in: 1400, bytes_out: 2800}]
"""

import time
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._1_daemons.daemon import Daemon, DaemonError, Traffic
from ..module_utils._1_daemons.kinds import DAEMON_OPTIONS, daemon_of

OPTIONS: dict[str, Any] = {
    **DAEMON_OPTIONS,
    "renew": {"type": "list", "elements": "str", "default": []},
    "wait": {"type": "int", "default": 30},
}

_AGAIN = 5.0
"""Seconds after which a connection that has no association yet is asked for once more."""


def main() -> None:
    """Entry point of Ansible."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    params = module.params
    if params["wait"] < 0:
        module.fail_json(msg=f"wait: {params['wait']} is too small.", connections=[])
    daemon = daemon_of(params, module.run_command)
    try:
        result = run(daemon, params["renew"], params["wait"], module.check_mode)
    except DaemonError as error:
        module.fail_json(msg=str(error), connections=[])
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}", connections=[])
    lacking = [one["name"] for one in result["connections"] if not one["associations"]]
    if lacking and not module.check_mode:
        why = result.pop("why")
        module.fail_json(
            msg=f"These connections have no security association after {params['wait']} seconds, so their packets wait: "
            f"{', '.join(lacking)}. {why or 'See the log of the daemon.'}",
            **result,
        )
    module.exit_json(**result)


def run(daemon: Daemon, renew: list[str], wait: float, check_mode: bool) -> dict[str, Any]:
    """From the files to what there is; ``why`` is what the daemon said last. Raises ``DaemonError`` and ``OSError``."""
    wanted, traffic = daemon.protecting(), daemon.traffic()
    unknown = sorted(set(renew) - wanted)
    if unknown:
        raise DaemonError(f"renew: {', '.join(unknown)}: there is no such connection that could be negotiated.")
    asked = sorted(name for name in wanted if name in renew or name not in traffic)
    if check_mode:
        return {"changed": bool(asked), "asked": asked, "connections": _told(wanted, traffic), "why": ""}
    for name in renew:
        daemon.end(name)
    end, next_time, why = time.monotonic() + wait, 0.0, ""
    while True:
        traffic = daemon.traffic()
        lacking = sorted(wanted - traffic.keys())
        if not lacking or time.monotonic() >= end:
            break
        if time.monotonic() >= next_time:
            for name in lacking:
                try:
                    daemon.negotiate(name)
                except DaemonError as error:
                    why = str(error)
            next_time = time.monotonic() + _AGAIN
        time.sleep(0.3)
    return {"changed": bool(asked), "asked": asked, "connections": _told(wanted, traffic), "why": why}


def _told(wanted: set[str], traffic: Mapping[str, Traffic]) -> list[dict[str, Any]]:
    return [{"name": name, **vars(traffic.get(name, Traffic()))} for name in sorted(wanted)]


if __name__ == "__main__":
    main()
