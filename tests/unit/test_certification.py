# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/certification.md says of the repository, as far as no other gate holds it."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
RUNNING = ("meta", "playbooks", "plugins", "roles")
"""What a collection may use when it runs."""


def test_nothing_is_ignored_and_nothing_is_skipped() -> None:
    assert list(CHECKOUT.glob("tests/sanity/ignore-*.txt")) == []
    assert list(CHECKOUT.glob(".ansible-lint-ignore")) == []
    lint = yaml.safe_load((CHECKOUT / ".ansible-lint").read_text(encoding="utf-8"))
    assert (lint["profile"], {"skip_list", "warn_list", "use_default_rules"} & lint.keys()) == ("production", set())


def test_plugins_are_where_ansible_core_looks_for_them() -> None:
    known = {"action", "doc_fragments", "lookup", "module_utils", "modules", "plugin_utils"}
    assert {
        path.name for path in (CHECKOUT / "plugins").iterdir() if path.is_dir() and path.name != "__pycache__"
    } <= known


def test_utilities_are_private_by_name() -> None:
    utilities = [path for kind in ("module_utils", "plugin_utils") for path in (CHECKOUT / "plugins" / kind).glob("*")]
    assert [path.name for path in utilities if not path.name.startswith("_")] == []


def test_what_runs_needs_nothing_beside_it() -> None:
    used = [
        path for folder in RUNNING for path in (CHECKOUT / folder).rglob("*") if path.suffix in (".py", ".yml", ".j2")
    ]
    beside = r"(?:\.\./)+(?:docs|tests|benchmarks|changelogs|extensions)\b|\bfrom \.{3,}(?:docs|tests|extensions)\b"
    leading_out = {path: re.findall(beside, path.read_text(encoding="utf-8")) for path in used}
    assert len(used) > 100
    assert {path.name: found for path, found in leading_out.items() if found} == {}
