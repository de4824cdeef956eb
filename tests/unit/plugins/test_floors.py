# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floors of the house: an import only ever goes down, and what belongs to Ansible stays on the top floor.

A folder is a room, and the number in its name is its floor: _1_array is below _2_objects. Rooms of one floor know
nothing of each other.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
PREFIX = "ansible_collections.wiresec.ontap.plugins."
UTILITIES = ("module_utils", "plugin_utils")
ROOM = re.compile(r"_([0-9])_[a-z_]+")
SOURCES = [path for kind in UTILITIES for path in sorted((PLUGINS / kind).rglob("*.py"))]
MODULES = sorted(PLUGINS.glob("modules/*.py"))
ROOMS = sorted({path.parent for path in SOURCES})
PURE = {
    "findings",
    "plan_report",
    *(path.stem for path in SOURCES if path.parent.name == "_1_clients"),
}
"""Files for the controller that know neither Ansible nor YAML."""


def name_of(path: Path) -> str:
    return "/".join(path.relative_to(PLUGINS).parts)


@cache
def imports(path: Path) -> set[str]:
    """The dotted names of all modules that a source file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            if node.level:
                module = resolve_name(module, PREFIX + ".".join(path.parent.relative_to(PLUGINS).parts))
            names.update({f"{module}.{alias.name}" for alias in node.names} | {module})
    return names


def imported_files(path: Path) -> set[Path]:
    """The files of module_utils and plugin_utils that a source file imports."""
    candidates = {
        PLUGINS.joinpath(*name[len(PREFIX) :].split(".")).with_suffix(".py")
        for name in imports(path)
        if name.startswith(PREFIX)
    }
    return candidates & set(SOURCES)


def floor_of(path: Path) -> int:
    found = ROOM.fullmatch(path.parent.name)
    assert found, f"{name_of(path)} is in no room: its folder is to be called _FLOOR_what"
    return int(found[1])


@pytest.mark.parametrize("path", sorted(PLUGINS.rglob("*.py")), ids=name_of)
def test_imports_say_the_room_and_little_else(path: Path) -> None:
    assert f"from {PREFIX}" not in path.read_text(encoding="utf-8"), "Imports within plugins are relative."


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_go_down(path: Path) -> None:
    kind = path.parent.parent
    own = [one for one in imported_files(path) if one.parent.parent == kind and one.parent != path.parent]
    assert [name_of(one) for one in own if floor_of(one) >= floor_of(path)] == []


@pytest.mark.parametrize("room", ROOMS, ids=name_of)
def test_no_files_of_a_room_import_each_other_in_a_circle(room: Path) -> None:
    TopologicalSorter({path: imported_files(path) for path in room.glob("*.py")}).prepare()


@pytest.mark.parametrize("room", ROOMS, ids=name_of)
def test_contributors_are_told_what_a_room_is_for(room: Path) -> None:
    page = (PLUGINS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"\n| `{room.name}` | " in page, (
        f"Say in CONTRIBUTING.md, How the code is laid out, what {name_of(room)} is for."
    )


TOP_FLOOR = max(floor_of(path) for path in SOURCES if name_of(path).startswith("module_utils"))


@pytest.mark.parametrize("path", [path for path in SOURCES if name_of(path).startswith("module_utils")], ids=name_of)
def test_only_the_top_floor_knows_ansible(path: Path) -> None:
    of_ansible = [name for name in imports(path) if name.split(".")[0] == "ansible"]
    assert of_ansible == [] or floor_of(path) == TOP_FLOOR


@pytest.mark.parametrize("path", [*SOURCES, *MODULES], ids=name_of)
def test_only_the_wire_knows_http(path: Path) -> None:
    of_http = [name for name in imports(path) if name.split(".")[0] in ("requests", "urllib3", "http")]
    assert of_http == [] or path.stem == "wire"


@pytest.mark.parametrize("path", [*SOURCES, *MODULES], ids=name_of)
def test_what_may_run_anywhere_needs_nothing_of_the_controller(path: Path) -> None:
    of_the_controller = [name for name in imports(path) if name.startswith(f"{PREFIX}plugin_utils")]
    assert of_the_controller == [] or name_of(path).startswith("plugin_utils")


@pytest.mark.parametrize("path", [path for path in SOURCES if path.stem in PURE], ids=name_of)
def test_what_is_pure_knows_nothing_of_ansible(path: Path) -> None:
    assert [one for one in imports(path) if one.split(".")[0] in ("ansible", "yaml")] == []
