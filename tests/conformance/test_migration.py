# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/migration.md has every option of the modules that it replaces, and what it says of each is so."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import options as tables
from ansible_collections.wiresec.ontap.plugins.modules import certificate, ipsec_ca_certificate, ipsec_config
from environment import CHECKOUT, isolated
from support.harness import INFO_SPEC, POLICY_SPEC

GUIDE = (CHECKOUT / "docs" / "migration.md").read_text(encoding="utf-8")
CONNECTION = "The connection, for all modules"
SPECS: dict[str, dict[str, Any]] = {
    "na_ontap_security_ipsec_policy": POLICY_SPEC,
    "na_ontap_security_ipsec_config": {**tables.CONNECTION, **ipsec_config.OPTIONS},
    "na_ontap_security_ipsec_ca_certificate": {**tables.CONNECTION, **ipsec_ca_certificate.OPTIONS},
    "na_ontap_security_certificates": {**tables.CONNECTION, **certificate.OPTIONS},
    "na_ontap_rest_info": INFO_SPEC,
}


pytestmark = pytest.mark.xdist_group("documentation of netapp.ontap")
"""One worker reads it, once."""


@pytest.fixture(scope="module")
def documented(client_python: str) -> dict[str, Any]:
    """The documentation of the modules, as their own collection has it."""
    modules = [f"netapp.ontap.{module}" for module in SPECS]
    finished = subprocess.run(
        [str(Path(client_python).parent / "ansible-doc"), "--json", *modules],
        env={name: value for name, value in isolated(os.environ).items() if name != "ANSIBLE_COLLECTIONS_PATH"},
        text=True,
        capture_output=True,
        check=True,
    )
    return dict(json.loads(finished.stdout))


def names(options: Mapping[str, Any], of: str = "") -> Iterator[str]:
    """Names of options, their aliases, and their suboptions in dotted form."""
    for name, option in options.items():
        yield from (f"{of}{spelling}" for spelling in (name, *option.get("aliases", [])))
        yield from names(option.get("suboptions") or option.get("options") or {}, f"{of}{name}.")


def table(heading: str) -> dict[str, str]:
    """Option and what becomes of it, from the last table of a section."""
    section = GUIDE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*) \| ([^|]*) \|$", section, re.MULTILINE)
    return {name: text for cell, text in rows for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize("module", SPECS)
def test_every_option_is_in_the_guide(documented: dict[str, Any], module: str) -> None:
    options = set(names(documented[f"netapp.ontap.{module}"]["doc"]["options"]))
    told = {**table(CONNECTION), **table(module)}
    assert options - told.keys() == set()
    # The guide is for the newest release, and the environment may have an older one.
    assert [option for option in told.keys() - options if "(since 23." not in told[option]] == []


@pytest.mark.parametrize("module", SPECS)
def test_what_is_said_to_be_the_same_is_an_option_here(module: str) -> None:
    here = set(names(SPECS[module]))
    for option, text in {**table(CONNECTION), **table(module)}.items():
        assert (option in here) is text.startswith("the same"), f"{module}, {option}: {text}"
        if alias := re.search(r"an alias of `(\w+)`", text):
            assert option in SPECS[module][alias[1]]["aliases"]
