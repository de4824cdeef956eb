# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executes a module many times as Ansible does: each time anew, as the main program of a process that has its options.

The processes are forks of this one, which has imported what the module imports: that is most of what a module costs.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import traceback
from collections.abc import Mapping
from contextlib import ExitStack
from importlib import import_module
from tempfile import TemporaryFile
from typing import IO, Any

from ansible.module_utils import basic

given: dict[str, Any] = json.load(sys.stdin)
NAMESPACE, COLLECTION, NAME = given["module"].split(".")
MODULE = f"ansible_collections.{NAMESPACE}.{COLLECTION}.plugins.modules.{NAME}"


def execute(options: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    """Executes the module, which ends by SystemExit unless it crashes."""
    os.environ.update(environment)
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    runpy.run_module(MODULE, run_name="__main__", alter_sys=True)


def fork(task: Mapping[str, Any], printed: IO[bytes]) -> int:
    """Starts a process for a task, and returns its number; what the process prints goes to a file."""
    child = os.fork()
    if child:
        return child
    os.dup2(printed.fileno(), 1)
    os.dup2(printed.fileno(), 2)
    try:
        execute(task["options"], task["environment"])
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


import_module(MODULE)
del sys.modules[MODULE]
outcome = []
with ExitStack() as stack:
    files = [stack.enter_context(TemporaryFile()) for _task in given["tasks"]]
    running = 0
    for one, file in zip(given["tasks"], files, strict=True):
        if running == given["at_once"]:
            os.wait()
            running -= 1
        fork(one, file)
        running += 1
    for _process in range(running):
        os.wait()
    for file in files:
        file.seek(0)
        outcome.append(file.read().decode())
json.dump(outcome, sys.stdout)
