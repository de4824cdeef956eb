# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of docs/install.md install the collection; tests/archive does the same with the archive, on every release."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.harness import CHECKOUT
from support.pages import SHELL, blocks

PAGE = CHECKOUT / "docs" / "install.md"
COMMANDS = [line for block in blocks(PAGE, *SHELL) for line in block.splitlines()]
INSTALLING = [command for command in COMMANDS if "/path/to/wiresec.ontap" in command]
LOOKING = [command for command in COMMANDS if "install " not in command]


@pytest.mark.parametrize("command", INSTALLING)
def test_a_command_installs_from_a_checkout(command: str, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment = {**kept, "PATH": path, "HOME": str(tmp_path), "ANSIBLE_HOME": str(tmp_path / "home")}
    # A clone is the checkout of somebody else, without the environments and caches of this one.
    clone = tmp_path / "checkout"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{CHECKOUT}", str(clone)], check=True)
    script = "\n".join([command.replace("/path/to/wiresec.ontap", str(clone)), *LOOKING])
    finished = subprocess.run(
        ["sh", "-ec", script], cwd=tmp_path, env=environment, text=True, capture_output=True, check=False
    )
    output = finished.stdout + finished.stderr
    assert finished.returncode == 0, output
    assert re.search(r"^wiresec.ontap +\d+\.\d+\.\d+", finished.stdout, re.MULTILINE), output
    assert "Brings one IPsec policy of an SVM" in output
    installed = tmp_path / "home" / "collections" / "ansible_collections" / "wiresec" / "ontap"
    assert (installed / "plugins" / "action" / "_ipsec_policy.py").exists(), output
    assert not (installed / "tests").exists()


def test_the_development_container_runs_and_shows_what_there_is() -> None:
    container = json.loads((CHECKOUT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    program, *targets = container["postCreateCommand"].split()
    assert program == "make" and targets
    assert [one for one in targets if not re.search(rf"^{re.escape(one)}:", makefile, re.MULTILINE)] == []
    settings = container["customizations"]["vscode"]["settings"]
    assert [path for path in settings["yaml.schemas"] if not (CHECKOUT / path).exists()] == []
    told = {container["remoteEnv"]["ANSIBLE_COLLECTIONS_PATH"], settings["python.defaultInterpreterPath"]}
    assert told == {"${containerWorkspaceFolder}/.venv", "${containerWorkspaceFolder}/.venv/bin/python"}
