# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The targets of ansible-test in tests/integration/targets, run on a simulated array that has objects of other people."""

from __future__ import annotations

from typing import Any

import yaml

from simulator import Simulator
from support.harness import CHECKOUT, Play, Playbooks

INTEGRATION = CHECKOUT / "tests" / "integration"
TARGETS = INTEGRATION / "targets"
NAMES = sorted(path.name for path in TARGETS.iterdir() if not path.name.startswith("setup_"))

PREFIX = "wiresec_test_"


def configuration(array: Simulator, **variables: Any) -> dict[str, Any]:
    """What integration_config.yml would say of this array: the template, filled in."""
    template = yaml.safe_load((INTEGRATION / "integration_config.yml.template").read_text(encoding="utf-8"))
    return {
        **template,
        "ontap_hostname": f"{array.host}:{array.port}",
        "ontap_username": array.username,
        "ontap_password": array.password,
        "ontap_ca_path": array.ca_path,
        "ontap_svm": "svm1",
        "ontap_certificate": "ipsec-cert",
        "ontap_ca_certificate": f"{PREFIX}ca",
        **variables,
    }


def play_targets(playbooks: Playbooks, *targets: str, **variables: Any) -> Play:
    """Runs targets as ansible-test does, each as a play of its own, one after the other, until one fails."""
    # As ansible-test does, which makes a folder for what targets write.
    output = playbooks.folder / "output"
    output.mkdir(exist_ok=True)
    variables = {"output_dir": str(output), **variables}
    head = {"hosts": "localhost", "gather_facts": False, "vars": configuration(playbooks.array, **variables)}
    plays = [{"name": target, **head, "roles": [target]} for target in targets]
    return playbooks.run(plays, environment={"ANSIBLE_ROLES_PATH": str(TARGETS)})


def furnish(array: Simulator) -> None:
    """Objects of other people: on the same SVM, on another one, of the cluster, with names like those of the tests."""
    array.add_certificate(f"{PREFIX}ca", "svm1", "server_ca")
    array.add_certificate("theirs-ca", "svm1", "server_ca")
    array.add_ca_certificate("theirs-ca", "svm1")
    for name in ("theirs", "wiresec", "Wiresec_Test_psk", "wiresec-test-bystander", "a*|b"):
        policy = {"name": name, "svm": "svm1", "action": "esp_transport", "secret_key": f"key-of-{name}-0123456789"}
        array.add_policy({**policy, "enabled": name != "wiresec"})
    array.add_policy({"name": f"{PREFIX}psk", "svm": "svm2", "action": "bypass"})
    array.add_policy({"name": f"{PREFIX}set-1", "action": "discard"})
    array.establish("theirs", "svm1")
    array.replay_window = 256
