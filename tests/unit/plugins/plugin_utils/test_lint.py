# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules: for every finding a file that provokes it, and nothing else, and one that looks alike and is in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret
from ansible.template import Templar

from ansible_collections.wiresec.ontap.plugins.plugin_utils import lint, policy_files
from ansible_collections.wiresec.ontap.plugins.plugin_utils.findings import KINDS, Finding
from ansible_collections.wiresec.ontap.plugins.plugin_utils.policy_values import Values

SAMPLES = Path(__file__).resolve().parents[3] / "integration" / "policy_files"
VARIABLES = {
    "key_a": "XnTT4cQ2mJ9rVw8sKpLz",
    "key_b": "Zt7QpLm3vRx9WcN2kHsB",
    "key_weak": "netapp-password-123",
    "key_binary": "0x8f14e45fceea167a5a36dedd4bea2543",
    "key_base64": "0sjxTkX87qFnpaNt7dS+olQw==",
    "net_of_clients": "10.2.0.0/16",
}
VAULT_PASSWORD = b"sample files only"
TARGET: dict[str, dict[str, Any]] = {
    "release-too-old": {"version": (9, 9, 1)},
    "lockout-management": {"management_addresses": ["10.0.0.10"], "controller_addresses": ["10.9.0.1"]},
    "lockout-controller": {"management_addresses": ["10.0.0.10"], "controller_addresses": ["10.9.0.1"]},
}


def values(**more: Any) -> tuple[DataLoader, Values]:
    """A loader that knows the Vault password, and values for one host."""
    loader = DataLoader()
    secrets = [("default", VaultSecret(VAULT_PASSWORD))]
    loader.set_vault_secrets(secrets)
    return loader, Values(loader, Templar(loader=loader, variables={**VARIABLES, **more}))


def check(folder: Path, **target: Any) -> list[Finding]:
    loader, known = values()
    return lint.check(policy_files.read([str(folder)], loader), known, lint.Target(**target))


def test_every_finding_has_samples() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_provokes_it_and_nothing_else(kind: str) -> None:
    found = check(SAMPLES / kind / "provokes", **TARGET.get(kind, {}))
    expected = {kind, "weak-secret"} if kind == "ignore-without-reason" else {kind}
    assert {one.id for one in found if not one.ignored} == expected, found


@pytest.mark.parametrize("kind", KINDS)
def test_what_looks_alike_is_in_order(kind: str) -> None:
    found = check(SAMPLES / kind / "looks_alike", **TARGET.get(kind, {}))
    assert [one for one in found if not one.ignored] == []
