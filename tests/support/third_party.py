# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others wrote, unmodified, from an environment of its own: netapp-ontap, the modules of netapp.ontap and of awx.awx."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from environment import CHECKOUT, isolated
from simulator import Simulator
from support.harness import Play, ansible_playbook, recording
from support.prepared_python import PreparedPython

CLIENT_PYTHON = CHECKOUT / ".venv-conformance" / "bin" / "python"
"""The interpreter of an environment in which tests/conformance/requirements.txt is installed."""

_PYTHON = PreparedPython(CLIENT_PYTHON, isolated(os.environ))

KEY = "a-key-of-eighteen-and-more"
CONNECTION = {
    "hostname": "{{ netapp_hostname }}",
    "username": "{{ netapp_username }}",
    "password": "{{ netapp_password }}",
    "validate_certs": "{{ validate_certs }}",
}
"""The options of the modules of netapp.ontap that lead to the array of a play."""
MODULE = "netapp.ontap.na_ontap_security_ipsec_policy"
PSK = {
    "name": "ipsec_policy_psk",
    "svm": "svm1",
    "authentication_method": "psk",
    "secret_key": KEY,
    "action": "esp_transport",
    "local_endpoint": {"address": "10.23.43.23", "netmask": "255.255.255.0", "port": "201"},
    "remote_endpoint": {"address": "10.23.43.30", "netmask": "24", "port": "205"},
    "protocol": "17",
}


def environment(array: Simulator, home: Path) -> dict[str, str]:
    """Variables for a client: no collection from outside of its environment, the simulator's authority."""
    # Nor is anything of it measured, by what it does not have.
    not_theirs = ("ANSIBLE_COLLECTIONS_PATH", "COVERAGE_")
    kept = {name: value for name, value in isolated(os.environ).items() if not name.startswith(not_theirs)}
    own = {"HOME": str(home), "ANSIBLE_HOME": str(home / ".ansible")}
    quiet = {"ANSIBLE_LOCALHOST_WARNING": "False", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False"}
    return {**kept, **own, **quiet, "REQUESTS_CA_BUNDLE": array.ca_path, "CURL_CA_BUNDLE": array.ca_path}


def playbook(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> Play:
    """Runs ansible-playbook of that environment, in a folder, and records the results of all tasks there."""
    return ansible_playbook(arguments, {**environment, **recording(folder / "results.jsonl")}, folder, python=_PYTHON)


def task(options: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A task of the module that is compared."""
    return {"name": str(options["name"]), MODULE: {**CONNECTION, **options, **changes}}


def changed(results: list[dict[str, Any]]) -> list[bool | str]:
    """Whether each task changed something, or how it failed."""
    return [str(result["msg"]) if result.get("failed") else result["changed"] for result in results]
