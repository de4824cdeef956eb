#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the files of an IPsec client on the machine that the task runs on."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_client_files
short_description: Write the files of an IPsec client, all of them or none
version_added: 2.0.0
description:
  - Brings the files in a folder that begin with C(wiresec-) to a list, and removes others of that name. It touches no other file.
  - M(wiresec.ontap.ipsec_client_config) renders the files, and hands them over to this module where they are to be. There is
    hardly a reason to call it in a task.
  - Every file is checked before the first is replaced. All of them are for their owner only (0600), from the moment on in which
    they are there.
author:
  - wiresec.ontap contributors (@wiresec)
attributes:
  check_mode:
    description: Predicts the result without writing anything to the host.
    support: full
  diff_mode:
    description: Says what changed, or in check mode what would change.
    support: full
    details:
      - Of files with secrets it only says that they are others.
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
options:
  directory:
    description: The folder of the files.
    type: path
    required: true
  make_directory:
    description: Whether the folder is made, for its owner only, if there is none. Otherwise that is an error.
    type: bool
    default: false
  files:
    description: The files that there are to be.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Its name, which begins with C(wiresec-).
        type: str
        required: true
      content:
        description: What is in it, if everybody may see it.
        type: str
      secret_content:
        description: What is in it, if it has secrets.
        type: str
  endings:
    description: How the names of files end that are removed if O(files) does not have them.
    type: list
    elements: str
    required: true
  names:
    description: A regular expression whose only group is the name of a connection in such files.
    type: str
    required: true
  format:
    description: Which daemon reads the files, to compare them connection by connection.
    type: str
    choices: [strongswan, libreswan]
  validate:
    description:
      - A command that checks a file before it takes its place, with C(%s) where the path of the file belongs. No shell runs it.
      - Files with secrets are not checked, because of what a command may say of them.
    type: str
  allow_empty:
    description: Whether a host that has connections may lose all of them.
    type: bool
    default: false
seealso:
  - module: wiresec.ontap.ipsec_client_config
"""

EXAMPLES = r"""
- name: Remove all connections that are written here
  wiresec.ontap.ipsec_client_files:
    directory: ipsec-clients/db1
    make_directory: true
    files: []
    endings: [.conf]
    names: '(?m)^  (wiresec-[\w-]+) \{$'
    allow_empty: true
"""

RETURN = r"""
files:
  description: All files that there are to be, and those that are removed, with what becomes of each.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    operation:
      description: What becomes of it.
      type: str
      choices: [created, modified, removed, none]
  sample: [{path: /etc/swanctl/conf.d/wiresec-cluster1.conf, operation: modified}]
added_connections:
  description: Names of connections that were in no such file before.
  returned: always
  type: list
  elements: str
removed_connections:
  description: Names of connections that are in no such file any more.
  returned: always
  type: list
  elements: str
compared:
  description:
    - By the name of a connection, whether the files have it as it is to be (V(same)), or otherwise (V(other), V(other_secrets) if only its
      secrets are others), not yet (V(missing)), or although there is none to be (V(surplus)). Comments, modes and owners don't count.
  returned: with O(format), if the files are as they were written
  type: dict
  sample: {wiresec-cluster1--svm1--nfs: same}
diff:
  description: What changes, of files with secrets only whether.
  returned: in diff mode
  type: list
  elements: dict
"""

import contextlib
import os
import re
import stat
import tempfile
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._1_daemons import own_files

OPTIONS: dict[str, Any] = {
    "directory": {"type": "path", "required": True},
    "make_directory": {"type": "bool", "default": False},
    "files": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "content": {"type": "str"},
            "secret_content": {"type": "str", "no_log": True},
        },
        "required_one_of": [("content", "secret_content")],
        "mutually_exclusive": [("content", "secret_content")],
    },
    "endings": {"type": "list", "elements": "str", "required": True},
    "names": {"type": "str", "required": True},
    "format": {"type": "str", "choices": ["strongswan", "libreswan"]},
    "validate": {"type": "str"},
    "allow_empty": {"type": "bool", "default": False},
}

PREFIX = "wiresec-"
MODE = 0o600


class Refused(Exception):
    """Nothing was written; the message says why."""


def main() -> None:
    """Entry point of Ansible."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    os.umask(0o077)
    try:
        module.exit_json(**run(module))
    except Refused as error:
        module.fail_json(msg=str(error))
    except (OSError, UnicodeDecodeError) as error:
        module.fail_json(msg=f"{module.params['directory']}: {error}")


def run(module: AnsibleModule) -> dict[str, Any]:
    """From options to the result of the task. Raises ``Refused``, ``OSError`` and ``UnicodeDecodeError``."""
    params = module.params
    wanted = {one["name"]: one for one in params["files"]}
    counted = Counter(one["name"] for one in params["files"])
    odd = [n for n in wanted if counted[n] > 1 or not n.startswith(PREFIX) or os.path.basename(n) != n]
    if odd:
        raise Refused(
            f"files: names have to begin with {PREFIX}, without a folder, and be different: {', '.join(odd)}."
        )
    there = _there(params)
    operations = {name: _operation(params["directory"], one, there) for name, one in wanted.items()}
    operations.update((name, "removed") for name in there if name not in wanted)
    before = _connections(params["names"], there)
    after = _connections(params["names"], {name: _content(one) for name, one in wanted.items()})
    if before and not after and not params["allow_empty"]:
        raise Refused(
            f"Nothing was changed: this host would lose all of its connections: {', '.join(sorted(before))}. If no policy concerns it any "
            "more, set allow_empty: true."
        )
    result = {
        "changed": any(one != "none" for one in operations.values()),
        "files": [
            {"path": os.path.join(params["directory"], name), "operation": operation}
            for name, operation in sorted(operations.items())
        ],
        "added_connections": sorted(after - before),
        "removed_connections": sorted(before - after),
    }
    if params["format"]:
        with contextlib.suppress(ValueError):
            result["compared"] = own_files.compared(
                params["format"], there, {name: _content(one) for name, one in wanted.items()}
            )
    if module._diff:
        changed = [name for name, how in sorted(operations.items()) if how != "none"]
        result["diff"] = [_diff(params["directory"], name, wanted.get(name), there) for name in changed]
    _write(module, [wanted[name] for name, how in operations.items() if how in ("created", "modified")])
    if not module.check_mode:
        for name, how in operations.items():
            if how == "removed":
                os.unlink(os.path.join(params["directory"], name))
    return result


def _there(params: Mapping[str, Any]) -> dict[str, str]:
    """Name and text of the files that are this collection's."""
    folder = params["directory"]
    if not os.path.isdir(folder):
        if params["make_directory"]:
            return {}
        raise Refused(f"There is no folder {folder}: is the daemon installed?")
    found = {}
    for name in sorted(os.listdir(folder)):
        if name.startswith(PREFIX) and name.endswith(tuple(params["endings"])):
            # Files of a format may begin with a mark, and end lines as Windows does.
            with open(os.path.join(folder, name), encoding="utf-8", newline="") as stream:
                found[name] = stream.read()
    return found


def _content(one: Mapping[str, Any]) -> str:
    return str(one["content"] if one["content"] is not None else one["secret_content"])


def _operation(folder: str, one: Mapping[str, Any], there: Mapping[str, str]) -> str:
    if one["name"] not in there:
        return "created"
    known = os.lstat(os.path.join(folder, one["name"]))
    private = stat.S_ISREG(known.st_mode) and stat.S_IMODE(known.st_mode) == MODE and known.st_uid == os.geteuid()
    return "none" if private and there[one["name"]] == _content(one) else "modified"


def _connections(pattern: str, texts: Mapping[str, str]) -> set[str]:
    return {name for text in texts.values() for name in re.findall(pattern, text)}


def _diff(folder: str, name: str, one: Mapping[str, Any] | None, there: Mapping[str, str]) -> dict[str, str]:
    """Old and new text. A file that is not wanted any more may have secrets, whatever it is called."""
    path = os.path.join(folder, name)
    before, after = there.get(name, ""), _content(one) if one else ""
    if one is None or one["content"] is None:
        before, after = (
            f"({what}, not shown)\n" if text else "" for what, text in (("former", before), ("new", after))
        )
    return {"before": before, "after": after, "before_header": path, "after_header": path}


def _write(module: AnsibleModule, files: list[Mapping[str, Any]]) -> None:
    """Writes files beside those that they replace, checks them, and puts them into their places; in check mode only checks."""
    folder = module.tmpdir if module.check_mode else module.params["directory"]
    if module.params["make_directory"] and not module.check_mode:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    made: list[tuple[str, str]] = []
    try:
        # What nobody checks is written only to be put into its place: secrets are in no file longer than they need to be.
        for one in [one for one in files if not module.check_mode or one["content"] is not None]:
            target = os.path.join(module.params["directory"], one["name"])
            # Hidden, and with another ending, so that no daemon reads it by the way.
            handle, path = tempfile.mkstemp(prefix=f".{one['name']}.", suffix=".new", dir=folder)
            made.append((path, target))
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                stream.write(_content(one))
            _validate(module, one, path, target)
        for path, target in () if module.check_mode else made:
            if module.selinux_enabled():
                module.set_context_if_different(path, module.selinux_default_context(target), False)
            os.replace(path, target)
    finally:
        for path, _target in made:
            if os.path.lexists(path):
                os.unlink(path)


def _validate(module: AnsibleModule, one: Mapping[str, Any], path: str, target: str) -> None:
    command = module.params["validate"]
    if not command or one["content"] is None:
        return
    if "%s" not in command:
        raise Refused("validate: needs %s where the path of the file belongs.")
    code, output, errors = module.run_command(command.replace("%s", path))
    if code:
        reason = (errors or output).strip()
        raise Refused(f"Nothing was changed: {target} would not be valid: {reason or f'exit status {code}'}.")


if __name__ == "__main__":
    main()
