# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-lint checks the options of tasks that use the collection: it takes every example, and finds what is misspelt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from support.harness import CHECKOUT
from support.pages import examples

EXAMPLES = {name: tasks for name, tasks in examples() if (CHECKOUT / "plugins" / "modules" / f"{name}.py").exists()}


def findings(folder: Path, tasks: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What ansible-lint finds wrong with the options of tasks: module and message."""
    playbook = folder / "playbook.yml"
    head = {"name": "Checked", "hosts": "localhost", "gather_facts": False}
    text = "---\n" + yaml.safe_dump([{**head, "tasks": tasks}], sort_keys=False)
    playbook.write_text(text, encoding="utf-8")
    (folder / ".git").mkdir(exist_ok=True)  # where ansible-lint ends its search for a configuration
    finished = subprocess.run(
        [sys.executable, "-m", "ansiblelint", "--offline", "--nocolor", "--format", "json", playbook.name],
        cwd=folder,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / ".venv"), "ANSIBLE_HOME": str(folder / "home")},
        text=True,
        capture_output=True,
        check=False,
    )
    assert finished.stdout.startswith("["), finished.stderr
    lines = text.splitlines()
    found = []
    for finding in json.loads(finished.stdout):
        assert not finding["check_name"].startswith(("internal-error", "syntax-check", "load-failure")), finding
        if finding["check_name"] == "args[module]":
            after = lines[finding["location"]["lines"]["begin"] - 1 :]
            module = next(line for line in after if "wiresec.ontap." in line).strip(" -:").rpartition(".")[2]
            found.append((module, finding["description"]))
    return found


def misspelt(task: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The module of an example, and the example with one option more, which there is not."""
    action = next(key for key in task if key.startswith("wiresec.ontap."))
    # A template in place of a list of dictionaries ends ansible-lint's check of any task before it gets to names.
    options = {
        name: [] if name == "policies" and "{{" in value else value for name, value in (task[action] or {}).items()
    }
    return action.rpartition(".")[2], {**task, action: {**options, "svn": "svm1"}}


def test_it_takes_the_examples_of_every_module_and_finds_a_misspelt_option_of_each(tmp_path: Path) -> None:
    right = [task for tasks in EXAMPLES.values() for task in tasks]
    wrong = [misspelt(next(one for one in tasks if f"wiresec.ontap.{name}" in one)) for name, tasks in EXAMPLES.items()]
    assert {module for module, _task in wrong} == {path.stem for path in (CHECKOUT / "plugins/modules").glob("*.py")}
    endpoint = {"name": "Inside of another option", "wiresec.ontap.ipsec_policy": {"name": "a"}}
    endpoint["wiresec.ontap.ipsec_policy"] |= {"svm": "svm1", "remote_endpoint": {"adress": "10.10.20.0/24"}}
    found = findings(tmp_path, [*right, *(task for _module, task in wrong), endpoint])
    assert [module for module, _message in found] == [*(module for module, _task in wrong), "ipsec_policy"]
    assert all("Unsupported parameters" in message for _module, message in found)
    assert ["svn" in message for _module, message in found] == [True] * len(wrong) + [False]
    assert "adress" in found[-1][1]
