# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The integration targets, which would run against a real array unchanged, on simulated ones of several releases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from integration.harness import Play, Playbooks

TARGETS = Path(__file__).resolve().parent / "targets"


def play_target(playbooks: Playbooks, target: str, **variables: Any) -> Play:
    """Runs a target with what integration_config.yml would say of this array."""
    array = playbooks.array
    configuration = {
        "ontap_hostname": f"{array.host}:{array.port}",
        "ontap_username": array.username,
        "ontap_password": array.password,
        "ontap_ca_path": array.ca_path,
        "ontap_svm": "svm1",
        "ontap_certificate": "ipsec-cert",
        "ontap_ca_certificate": "ipsec-ca",
    }
    head = {"vars": {**configuration, **variables}, "roles": [target]}
    play = playbooks.play([], head=head, environment={"ANSIBLE_ROLES_PATH": str(TARGETS)})
    assert play.code == 0, play.output
    return play


@pytest.mark.parametrize("version", ["9.10.1", "9.19.1"])
@pytest.mark.parametrize("target", sorted(path.name for path in TARGETS.iterdir()))
def test_target(playbooks: Playbooks, target: str, version: str) -> None:
    array = playbooks.array
    array.version = version
    array.add_policy({"name": "wiresec-test-bystander", "svm": {"name": "svm2"}, "action": "bypass", "enabled": True})
    before = array.policies()
    play_target(playbooks, target)
    assert array.policies() == before
