# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/adding_a_field.md, done in a copy of the repository: the field works, and a place that is left out is named in words."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.harness import CHECKOUT

PAGE = CHECKOUT / "docs" / "adding_a_field.md"
NEEDED = ("docs", "plugins", "tests")

TRIED = """
import sys
sys.path[:0] = [".venv", "tests"]
from support.harness import info, policy
from simulator import Simulator
ends = {"local_endpoint": {"address": "10.0.0.1/32"}, "remote_endpoint": {"address": "10.0.1.1/32"}}
with Simulator("9.18.1") as array:
    options = {"name": "a", "svm": "svm1", "action": "bypass", **ends}
    said = [policy(array, **options, dpd_timeout=seconds)["operation"] for seconds in (30, 30, 60)]
    listed = [len(info(array, dpd_timeout=seconds)["policies"]) for seconds in ("60", "30")]
    print(*said, *listed)
"""


def steps() -> list[tuple[str, str]]:
    """Each file that the page changes, and the change."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.finditer(r"^```diff\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    linked = [(re.findall(r"\]\(([^)#]+)\)", text[: one.start()])[-1], one[1]) for one in found]
    return [(os.path.relpath(PAGE.parent / file, CHECKOUT), change) for file, change in linked]


def take(folder: Path, file: str, change: str, back: bool = False) -> None:
    """Makes one change of the page in a copy of the repository, or takes it back."""
    lines = change.splitlines(keepends=True)
    # Nothing is removed, so a file of another content is never as long, and Python sees that within a second, too.
    assert all(line.startswith((" ", "+")) for line in lines), change
    before = "".join(line[1:] for line in lines if line.startswith(" "))
    after = "".join(line[1:] for line in lines)
    old, new = (after, before) if back else (before, after)
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"This is not once in {file}, so the page can't be followed:\n{old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Runs Python in a copy of the repository."""
    finished = subprocess.run([sys.executable, *arguments], cwd=folder, text=True, capture_output=True, check=False)
    return finished.returncode, finished.stdout + finished.stderr


def test_the_page_can_be_followed(tmp_path: Path) -> None:
    for name in NEEDED:
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    (tmp_path / ".venv" / "ansible_collections" / "wiresec").mkdir(parents=True)
    (tmp_path / ".venv" / "ansible_collections" / "wiresec" / "ontap").symlink_to(tmp_path)
    for file, change in steps():
        take(tmp_path, file, change)
    assert run(tmp_path, "tests/policy_file_schema.py") == (0, "")
    assert run(tmp_path, "tests/places_of_a_field.py") == (0, "Every field is in every place.\n")
    assert run(tmp_path, "-c", TRIED) == (0, "created none modified 1 0\n")
    code, output = run(
        tmp_path, "-m", "pytest", "-q", "tests/unit/plugins/module_utils/_2_objects/test_ipsec_policy.py"
    )
    assert code == 0, output
    for file, change in steps():
        take(tmp_path, file, change, back=True)
        code, output = run(tmp_path, "tests/places_of_a_field.py")
        assert code == 1, output
        assert re.search(rf"^dpd_timeout: {re.escape(file)}\b", output, re.MULTILINE), f"{file} is not named:\n{output}"
        take(tmp_path, file, change)


@pytest.mark.parametrize("script", ["places_of_a_field.py", "policy_file_schema.py"])
def test_outside_of_the_environment_a_script_says_how_to_run_it(script: str, tmp_path: Path) -> None:
    # -S: without the packages of the environment, as the Python of the system is
    code, output = run(tmp_path, "-S", str(CHECKOUT / "tests" / script))
    assert (code, "Run it by the environment" in output) == (1, True), output
