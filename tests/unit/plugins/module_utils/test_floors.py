# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floors of the house: an import only ever goes down, and what belongs to Ansible stays on the top floor."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[4] / "plugins"
PREFIX = "ansible_collections.wiresec.ontap.plugins."

FLOORS = {
    "ip_protocols": -1,
    "errors": 0,
    "interruption": 0,
    "normalize": 0,
    "overlaps": 0,
    "route": 0,
    "query": 0,
    "given": 1,
    "trace": 1,
    "wire": 1,
    "resource": 1,
    "certificate": 2,
    "ipsec_ca_certificate": 2,
    "ipsec_policy": 3,
    "ipsec_security_association": 2,
    "ipsec_service": 2,
    "rest": 2,
    "reading": 3,
    "planning": 2,
    "protection": 4,
    "guards": 4,
    "approval": 4,
    "reconcile": 4,
    "policy_health": 4,
    "probes": 3,
    "probing": 4,
    "impact": 4,
    "whole_set": 5,
    "arguments": 5,
}
# What only runs on the controller stands on top of module_utils, and has floors of its own.
CONTROLLER_FLOORS = {
    "exported": 0,
    "findings": 0,
    "in_process": 0,
    "plan_report": 0,
    "template_names": 0,
    "policy_files": 1,
    "policy_values": 2,
    "lint": 3,
    "cluster_plan": 2,
    "report_files": 1,
}
PURE = ("findings", "plan_report")
CONTROLLER_SOURCES = sorted(PLUGINS.glob("plugin_utils/*.py"))
SOURCES = sorted(PLUGINS.glob("module_utils/*.py")) + sorted(PLUGINS.glob("modules/*.py"))


def imports(path: Path) -> set[str]:
    """The dotted names of all modules that a source file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            names.update({f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)})
    return names


def floor_of(path: Path) -> int:
    return 6 if path.parent.name == "modules" else FLOORS[path.stem]


def test_every_file_has_a_floor() -> None:
    assert {path.stem for path in PLUGINS.glob("module_utils/*.py")} == set(FLOORS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_imports_go_down(path: Path) -> None:
    prefix = f"{PREFIX}module_utils."
    own = {name[len(prefix) :].partition(".")[0] for name in imports(path) if name.startswith(prefix)}
    assert [name for name in own if name in FLOORS and FLOORS[name] >= floor_of(path)] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_only_the_top_floor_knows_ansible(path: Path) -> None:
    of_ansible = [name for name in imports(path) if name.split(".")[0] == "ansible"]
    assert of_ansible == [] or floor_of(path) >= FLOORS["arguments"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_only_the_wire_knows_http(path: Path) -> None:
    of_http = [name for name in imports(path) if name.split(".")[0] in ("requests", "urllib3", "http")]
    assert of_http == [] or path.stem == "wire"


def test_every_file_of_the_controller_has_a_floor() -> None:
    assert {path.stem for path in CONTROLLER_SOURCES} == set(CONTROLLER_FLOORS)


@pytest.mark.parametrize("path", CONTROLLER_SOURCES, ids=lambda path: path.stem)
def test_imports_go_down_on_the_controller_as_well(path: Path) -> None:
    prefix = f"{PREFIX}plugin_utils."
    own = {name[len(prefix) :].partition(".")[0] for name in imports(path) if name.startswith(prefix)}
    floor = CONTROLLER_FLOORS[path.stem]
    assert [name for name in own if name in CONTROLLER_FLOORS and CONTROLLER_FLOORS[name] >= floor] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_may_run_anywhere_needs_nothing_of_the_controller(path: Path) -> None:
    assert [name for name in imports(path) if name.startswith(f"{PREFIX}plugin_utils")] == []


@pytest.mark.parametrize("name", PURE)
def test_what_is_pure_knows_nothing_of_ansible(name: str) -> None:
    found = imports(PLUGINS / "plugin_utils" / f"{name}.py")
    assert [one for one in found if one.split(".")[0] in ("ansible", "yaml")] == []
