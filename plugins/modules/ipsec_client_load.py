#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads the connections of an IPsec client into its daemon."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_client_load
short_description: Load the connections of an IPsec client into its daemon
version_added: 2.0.0
description:
  - Lets the daemon on the host know the connections that M(wiresec.ontap.ipsec_client_config) has written, only those that are new or
    others, and lets it forget those of this collection that no file has any more. It touches no other connection, be it from a file,
    or loaded by somebody else.
  - Fails unless every connection is in force afterwards, so that no packet of it leaves in clear.
author:
  - wiresec.ontap contributors (@wiresec)
attributes:
  check_mode:
    description: Predicts the result without changing anything in the daemon.
    support: full
  diff_mode:
    description: Says what changed, or in check mode what would change.
    support: none
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
    details:
      - What was loaded last is noted in O(state_file), for the daemon that was running then.
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
  certificates:
    description:
      - Files with the certificates of the client. They are only looked at to know whether the connections that use them are others by
        now; V(libreswan) takes certificates from its database, and V(strongswan) from where the connections say.
    type: list
    elements: path
    default: []
  private_keys:
    description: Files with private keys, for connections by certificate, with V(strongswan) only.
    type: list
    elements: path
    default: []
  authorities:
    description: Files with certificates of authorities, for connections by certificate, with V(strongswan) only.
    type: list
    elements: path
    default: []
  socket:
    description: Where V(strongswan) listens. By default C(/run/charon.vici) or C(/run/strongswan/charon.vici), whichever is there.
    type: path
  pid_file:
    description: Where V(libreswan) notes its process.
    type: path
    default: /run/pluto/pluto.pid
  state_file:
    description: Where is noted what was loaded last. It has digests of secrets, and is for its owner only.
    type: path
    default: /run/wiresec-ipsec-client.json
  wait:
    description: Seconds to wait for a daemon that has just been started.
    type: int
    default: 10
seealso:
  - module: wiresec.ontap.ipsec_client_config
"""

EXAMPLES = r"""
- name: Load what has changed
  wiresec.ontap.ipsec_client_load:
  become: true
"""

RETURN = r"""
loaded:
  description: Names of the connections that were loaded, or would be.
  returned: success
  type: list
  elements: str
unloaded:
  description: Names of the connections that were removed from the daemon, or would be.
  returned: success
  type: list
  elements: str
connections:
  description: Names of all connections that there are to be.
  returned: success
  type: list
  elements: str
"""

import json
import os
import tempfile
import time
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._1_daemons.daemon import Daemon, DaemonError
from ..module_utils._1_daemons.kinds import DAEMON_OPTIONS, daemon_of

OPTIONS: dict[str, Any] = {
    **DAEMON_OPTIONS,
    "certificates": {"type": "list", "elements": "path", "default": []},
    # Names of files, not what is in them.
    "private_keys": {"type": "list", "elements": "path", "default": [], "no_log": False},
    "authorities": {"type": "list", "elements": "path", "default": []},
    "state_file": {"type": "path", "default": "/run/wiresec-ipsec-client.json"},
    "wait": {"type": "int", "default": 10},
}


def main() -> None:
    """Entry point of Ansible."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    params = module.params
    daemon = daemon_of(params, module.run_command)
    try:
        module.exit_json(**run(daemon, params["state_file"], params["wait"], module.check_mode))
    except DaemonError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}")


def run(daemon: Daemon, state_file: str, wait: int, check_mode: bool) -> dict[str, Any]:
    """From the files to the result of the task. Raises ``DaemonError`` and ``OSError``."""
    wanted, incarnation = daemon.wanted(), _incarnation(daemon, wait)
    loaded, known = daemon.loaded(), _read(state_file, incarnation)
    if known is None:
        known = wanted if daemon.has_read_the_files() else {}
    todo = sorted(name for name in wanted if name not in loaded or known.get(name) != wanted[name])
    surplus = sorted(loaded - wanted.keys())
    result = {"changed": bool(todo or surplus), "loaded": todo, "unloaded": surplus, "connections": sorted(wanted)}
    if check_mode:
        return result
    # Until all of it is done, nothing is known of what is there.
    _write(state_file, incarnation, {name: value for name, value in known.items() if name not in todo})
    if todo:
        daemon.load(todo, {name: value for name, value in known.items() if name in loaded})
    if surplus:
        daemon.unload(surplus)
    missing = sorted(wanted.keys() - daemon.trapped())
    if missing:
        raise DaemonError(
            f"These connections are not in force, so their packets may leave in clear: {', '.join(missing)}. See the log of the daemon."
        )
    _write(state_file, incarnation, wanted)
    return result


def _incarnation(daemon: Daemon, wait: int) -> str:
    end = time.monotonic() + wait
    while True:
        try:
            return daemon.incarnation()
        except DaemonError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.2)


def _read(path: str, incarnation: str) -> Mapping[str, str] | None:
    """What was loaded last, by digest; ``None`` if that is not known of this process of the daemon."""
    try:
        with open(path, encoding="utf-8") as stream:
            noted = json.load(stream)
        return dict(noted["connections"]) if noted["daemon"] == incarnation else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: str, incarnation: str, connections: Mapping[str, str]) -> None:
    handle, beside = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", dir=os.path.dirname(path))
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump({"daemon": incarnation, "connections": dict(connections)}, stream)
    os.replace(beside, path)


if __name__ == "__main__":
    main()
