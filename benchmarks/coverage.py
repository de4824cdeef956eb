# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU seconds of what ``ipsec_coverage`` does after it has read an array: which flows there are, and what becomes of each."""

from __future__ import annotations

import gc
import ipaddress
import statistics
import time
from datetime import date
from typing import Any, NamedTuple

from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.nas import EXPORT_POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.resource import State
from ansible_collections.wiresec.ontap.plugins.module_utils._4_coverage.coverage import cover
from ansible_collections.wiresec.ontap.plugins.module_utils._4_coverage.flows import NFS, Question, Traffic
from ansible_collections.wiresec.ontap.plugins.module_utils._4_coverage.gate import Gate
from ansible_collections.wiresec.ontap.plugins.module_utils._4_coverage.survey import Survey
from benchmarks.measure import Wrong

SVM = "svm1"
_CLIENTS, _LIFS = ipaddress.ip_address("10.64.0.0"), ipaddress.ip_address("10.1.0.0")


class Size(NamedTuple):
    """Of an array, all on one SVM, which is the hardest way to have it."""

    policies: int
    interfaces: int
    networks: int


class Figure(NamedTuple):
    """What an array of a size costs. flows: how many there are. seconds: of CPU; of_change: the same with a change to compare with."""

    size: Size
    flows: int
    seconds: float
    of_change: float


def figure(size: Size, runs: int) -> Figure:
    """The medians of so many runs."""
    survey = _survey(size)
    change = [{"operation": "deleted", "name": "policy00000", "svm": SVM}]
    flows, seconds = 0, ([], [])  # type: ignore[var-annotated]
    for _number in range(runs):
        for taken, changes in zip(seconds, (None, change), strict=True):
            gc.collect()
            started = time.process_time()
            found = cover(survey, Question(groups=frozenset({NFS})), Gate([], [], date(2026, 1, 1)), [], changes).result
            taken.append(time.process_time() - started)
            flows = len(found["flows"]["intended"])
            _check(size, found, changes is not None)
    return Figure(size, flows, *(statistics.median(one) for one in seconds))


def _survey(size: Size) -> Survey:
    """An array that serves NFSv3 and NFSv4: each policy protects port 2049 of one interface for one network of clients or a part of it."""
    interfaces = [
        {"name": f"lif{number}", "svm": SVM, "address": str(_LIFS + number), "services": ["data_nfs"], "scope": "svm"}
        for number in range(size.interfaces)
    ]
    clients = [f"{_CLIENTS + (number << 12)}/20" for number in range(size.networks)]
    record = {
        "rules": [
            {
                "index": number,
                "clients": [{"match": one}],
                "protocols": ["nfs"],
                "ro_rule": ["sys"],
                "rw_rule": ["sys"],
            }
            for number, one in enumerate(clients, 1)
        ]
    }
    exports = {"id": 1, "name": "default", "svm": SVM, "rules": EXPORT_POLICY.from_api(record)["rules"]}
    traffic = Traffic([*interfaces], [exports], [{"svm": SVM, "enabled": True}], [], [], (), [])
    return Survey([_policy(number, size) for number in range(size.policies)], True, traffic, [SVM], {SVM: "Default"})


def _policy(number: int, size: Size) -> State:
    """Interfaces first, then networks, then parts of networks, until there are as many as there should be."""
    part, of_part = divmod(number, size.interfaces * size.networks)
    network, interface = divmod(of_part, size.interfaces)
    return {
        "name": f"policy{number:05}",
        "svm": SVM,
        "action": "esp_transport",
        "enabled": True,
        "protocol": "tcp",
        "local_endpoint.address": str(_LIFS + interface),
        "local_endpoint.netmask": "32",
        "local_endpoint.port": "2049-2049",
        "remote_endpoint.address": str(_CLIENTS + (network << 12) + (part << 4)),
        "remote_endpoint.netmask": "20" if part == 0 else "28",
        "remote_endpoint.port": "0-0",
    }


def _check(size: Size, found: dict[str, Any], changes: bool) -> None:
    """Raises ``Wrong`` unless as many flows are protected as there are policies for, and the change is seen."""
    protected = sum(row["state"] == "protected" for row in found["flows"]["intended"])
    wanted = min(size.policies, size.interfaces * size.networks)
    if protected != wanted or found["worse"] != int(changes):
        raise Wrong(f"coverage of {size}: {protected} flows are protected and not {wanted}; {found['worse']} lose")
