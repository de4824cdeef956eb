# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pythons of this machine, and environments for them."""

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from environment import online

Version = tuple[int, int]

MODULES_NEED: Version = (3, 9)


class Pythons(NamedTuple):
    """The interpreters of this machine, and a search path on which each pythonX.Y is one that starts."""

    found: dict[Version, Path]
    search_path: list[str]


def dotted(version: Version) -> str:
    return ".".join(map(str, version))


def look_for_pythons() -> Pythons:
    """Try every pythonX.Y on PATH and in pyenv's versions; a version manager's stand-in may not start at all."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    on_path = [Path(folder) for folder in os.get_exec_path()]
    found: dict[Version, Path] = {}
    broken = set()
    for folder in [*on_path, *sorted(pyenv.glob("versions/*/bin"))]:
        for program in sorted(folder.glob("python[0-9].[0-9]*")):
            match = re.fullmatch(r"python(\d)\.(\d+)", program.name)
            if not match:
                continue
            if not (home := base_prefix(program)):
                broken.add(folder)
                continue
            version = int(match[1]), int(match[2])
            if version >= MODULES_NEED:
                found.setdefault(version, home / "bin" / program.name)
    folders = dict.fromkeys(str(program.parent) for program in found.values())
    return Pythons(found, [*folders, *(str(folder) for folder in on_path if folder not in broken)])


def base_prefix(program: Path) -> Path | None:
    """Where the interpreter is installed, or None when it does not start or can't make environments."""
    question = "import sys, ensurepip, venv; print(sys.base_prefix)"
    answer = subprocess.run([program, "-c", question], capture_output=True, text=True, check=False)
    return Path(answer.stdout.strip()) if answer.returncode == 0 else None


def make_environment(interpreter: Path, folder: Path) -> None:
    """Makes an environment in ``folder``, without pip: to install that is more work than most of what it would install."""
    subprocess.run([interpreter, "-m", "venv", "--without-pip", folder], check=True)


def pip_install(interpreter: Path, folder: Path, *arguments: str) -> None:
    """Installs packages into an environment of ``interpreter``, by the pip of that; where it has none, or an old one, by its own."""
    python = folder / "bin" / "python"
    pip: list[str | Path] = [interpreter, "-m", "pip", "--python", python]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        subprocess.run([python, "-m", "ensurepip"], capture_output=True, check=True)
        pip = [python, "-m", "pip"]
    # What is imported is compiled then, and most of it never is.
    install = ["install", "-qq", "--no-compile", *arguments]
    subprocess.run([*pip, *install], env=online(os.environ), check=True)
