# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the role have in common: clusters with ten policies each, their files, and what becomes of both."""

from __future__ import annotations

import copy
from typing import Any

from support.repository import Repository

NO_APPROVAL = ("-e", '{"ipsec_require_approval": false}')
QUICK = ("-e", '{"ipsec_verify": false}', *NO_APPROVAL)
"""For an apply of which neither approval nor associations are the point."""

NEW = {"local_endpoint": {"address": "10.10.10.7/32", "port": 873}, "remote_endpoint": {"address": "10.30.0.0/16"}}


def stored(number: int, **fields: Any) -> dict[str, Any]:
    """A policy as an array has it."""
    return {
        "name": f"nfs-{number:02}",
        "svm": f"svm{number % 2 + 1}",
        "action": "esp_transport",
        "authentication_method": "psk",
        "local_endpoint": {"address": "10.10.10.7", "netmask": "32", "port": "2049-2049"},
        "remote_endpoint": {"address": f"10.20.{number}.0", "netmask": "24"},
        "protocol": "tcp",
        "enabled": True,
        **fields,
    }


def fill(repository: Repository) -> None:
    """Gives each cluster ten policies."""
    for array in repository.clusters.values():
        for number in range(10):
            array.add_policy(stored(number))


def policies(repository: Repository) -> dict[str, list[dict[str, Any]]]:
    """What each cluster has."""
    return {name: copy.deepcopy(array.policies()) for name, array in repository.clusters.items()}


def writes(repository: Repository) -> dict[str, int]:
    """How often each cluster was written to."""
    return {
        name: len([request for request in array.requests if request.method != "GET"])
        for name, array in repository.clusters.items()
    }


def edit_file(repository: Repository, path: str, number: int, **options: Any) -> None:
    """Changes one policy in a file."""
    content = repository.read(path)
    content["policies"][number].update(options)
    repository.write(path, content.pop("policies"), **content)


def add_to_file(repository: Repository, path: str, name: str, **options: Any) -> None:
    """Adds one policy with a key to a file."""
    content = repository.read(path)
    own = content.pop("policies")
    added = {**own[0], "name": name, "secret_key": "{{ lookup('env', 'NFS_KEY') }}", **options}
    repository.write(path, [*own, added], **content)


def of_plan(repository: Repository, purpose: str) -> dict[str, Any]:
    """A report of all clusters."""
    found: dict[str, Any] = repository.read(f"ipsec-reports/{purpose}.json")
    return found
