#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells what the daemon of an IPsec client knows."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_client_info
short_description: Read what an IPsec client knows of its connections to arrays
version_added: 2.0.0
description:
  - Tells, on the host, what the files that M(wiresec.ontap.ipsec_client_config) has written say of each connection, whether the daemon
    has it, whether its packets can leave without the daemon, which associations there are, and which errors of negotiations its log has.
  - Returns no key, and of the log nothing but the words in RV(errors).
  - A daemon that does not run, and a log that can't be read, are told, and no failure.
author:
  - wiresec.ontap contributors (@wiresec)
attributes:
  check_mode:
    description: It only reads.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: It only reads.
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
  log_file:
    description: The log of the daemon, where it writes one. By default the journal of O(unit) is read.
    type: path
  unit:
    description: Its unit of systemd. By default V(strongswan), or V(ipsec) for libreswan.
    type: str
  minutes:
    description: How far back the journal is read. Of O(log_file) it is the end.
    type: int
    default: 60
  socket:
    description: Where V(strongswan) listens. By default C(/run/charon.vici) or C(/run/strongswan/charon.vici), whichever is there.
    type: path
  pid_file:
    description: Where V(libreswan) notes its process.
    type: path
    default: /run/pluto/pluto.pid
seealso:
  - module: wiresec.ontap.ipsec_diagnosis
  - module: wiresec.ontap.ipsec_client_negotiate
"""

EXAMPLES = r"""
- name: What does the client know?
  wiresec.ontap.ipsec_client_info:
  become: true
  register: client
"""

RETURN = r"""
running:
  description: Whether the daemon answers.
  returned: success
  type: bool
format:
  description: Which daemon it is.
  returned: success
  type: str
connections:
  description: Each connection that the files of this collection have, V(null) if they could not be read.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
    loaded:
      description: Whether the daemon has it, V(null) if it could not be asked.
      type: bool
    trapped:
      description: Whether its packets can't leave without the daemon, V(null) if it could not be asked.
      type: bool
    ike:
      description: V(established), or the state of IKE in the words of the daemon; V(null) if there is none, or if it could not be asked.
      type: str
    associations:
      description: How many pairs of associations carry packets, V(null) if it could not be asked.
      type: int
    protects:
      description: Whether its packets are protected, and not dropped or let through.
      type: bool
    local_identity:
      description: What the client says that it is. Other keys tell addresses, ports, proposals and settings in the same manner.
      type: str
  sample:
    - name: wiresec-cluster1--svm1--nfs
      loaded: true
      trapped: true
      ike: established
      associations: 1
      protects: true
errors:
  description:
    - What the log has of negotiations that failed, the last one first, V(null) if it could not be read.
    - C(connection) is V(null) where the log names none, C(error) is one of V(AUTHENTICATION_FAILED), V(NO_PROPOSAL_CHOSEN),
      V(TS_UNACCEPTABLE), V(NO_TRAP), V(NO_ANSWER), V(NO_KEY), V(PPK_MISSING), V(CERTIFICATE_EXPIRED) and V(NOT_TRUSTED), C(count) how
      often.
  returned: success
  type: list
  elements: dict
  sample: [{connection: wiresec-cluster1--svm1--nfs, error: AUTHENTICATION_FAILED, count: 3}]
unread:
  description: A sentence for all that could not be read.
  returned: success
  type: list
  elements: str
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._1_daemons.daemon import Daemon, DaemonError, Negotiated
from ..module_utils._1_daemons.kinds import DAEMON_OPTIONS, daemon_of
from ..module_utils._1_daemons.own_view import errors

OPTIONS: dict[str, Any] = {
    **DAEMON_OPTIONS,
    "log_file": {"type": "path"},
    "unit": {"type": "str"},
    "minutes": {"type": "int", "default": 60},
}

_LINES = 5000
"""The end of a log that is looked at."""

_UNITS = {"strongswan": "strongswan", "libreswan": "ipsec"}


def main() -> None:
    """Entry point of Ansible."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    params = module.params
    if params["minutes"] < 1:
        module.fail_json(msg=f"minutes: {params['minutes']} is too small.")

    def command(argv: Sequence[str]) -> tuple[int, str, str]:
        # A command that is not there is told, and no end of the task.
        code, output, problem = module.run_command(list(argv), handle_exceptions=False)
        return code, output, problem

    module.exit_json(**run(daemon_of(params, command), lambda: log_of(params, command), params["format"]))


def run(daemon: Daemon, log: Callable[[], Iterable[str]], kind: str) -> dict[str, Any]:
    """What there is to tell. log: gives its lines. Raises nothing: what can't be read is told."""
    unread: list[str] = []
    views = _unless(unread, "files", daemon.views)
    loaded = _unless(unread, "daemon", daemon.loaded)
    trapped = None if loaded is None else _unless(unread, "traps", daemon.trapped)
    negotiated = None if loaded is None else _unless(unread, "associations", daemon.negotiated)
    lines = _unless(unread, "log", log)
    return {
        "changed": False,
        "format": kind,
        "running": loaded is not None,
        "connections": None
        if views is None
        else [
            {
                **view,
                "loaded": None if loaded is None else view["name"] in loaded,
                "trapped": None if trapped is None else view["name"] in trapped,
                **_told(view["name"], negotiated),
            }
            for view in views
        ],
        "errors": None if lines is None else errors(lines),
        "unread": unread,
    }


def log_of(params: Mapping[str, Any], command: Callable[..., Any]) -> Iterable[str]:
    """The lines of the daemon's log. Raises ``DaemonError`` and ``OSError``."""
    if params["log_file"]:
        with open(params["log_file"], encoding="utf-8", errors="replace") as stream:
            return deque(stream, _LINES)
    unit = params["unit"] or _UNITS[params["format"]]
    asked = [
        "journalctl",
        "--no-pager",
        "--output=cat",
        f"--unit={unit}",
        f"--since=-{params['minutes']}min",
        f"--lines={_LINES}",
    ]
    code, output, problem = command(asked)
    if code:
        raise DaemonError(f"{' '.join(asked)} failed: {(problem or output).strip()}")
    return str(output).splitlines()


def _told(name: str, negotiated: Mapping[str, Negotiated] | None) -> dict[str, Any]:
    if negotiated is None:
        return {"ike": None, "associations": None}
    found = negotiated.get(name)
    return {"ike": found.ike if found else None, "associations": found.children if found else 0}


def _unless(unread: list[str], what: str, ask: Callable[[], Any]) -> Any:
    """What a question gives, ``None`` and a sentence where nothing answers."""
    try:
        return ask()
    except DaemonError as error:
        unread.append(f"Not looked at: {what}. {error}")
    except OSError as error:
        unread.append(f"Not looked at: {what}. {error.filename or 'A command'}: {error.strerror}.")
    return None


if __name__ == "__main__":
    main()
