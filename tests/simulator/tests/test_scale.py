# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""5,000 policies on 20 SVMs answer as few do. How fast is a matter of benchmarks/."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator import Simulator

from .conftest import POLICIES, Api

COUNT = 5000


@pytest.fixture(scope="module")
def many() -> Iterator[Simulator]:
    """Give a running array that is full of policies."""
    simulator = Simulator()
    for number in range(20):
        simulator.add_svm(f"data{number}")
    for number in range(COUNT):
        address = f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"
        simulator.add_policy(
            {
                "name": f"policy-{number}",
                "svm": f"data{number % 20}",
                "local_endpoint": {"address": address, "netmask": "32"},
                "remote_endpoint": {"address": "192.168.0.0", "netmask": "16"},
            }
        )
    with simulator:
        yield simulator


def test_a_thousand_records(many: Simulator) -> None:
    api = Api(many)
    assert len(api.records(fields="*", max_records="1000")) == 1000


def test_one_record(many: Simulator) -> None:
    api = Api(many)
    uuid = api.records(name="policy-4711", svm__name="data11")[0]["uuid"]
    assert api("GET", f"{POLICIES}/{uuid}").json()["name"] == "policy-4711"


def test_an_svm(many: Simulator) -> None:
    api = Api(many)
    assert len(api.records(svm__name="data7")) == COUNT / 20


def test_associations(many: Simulator) -> None:
    path = "/api/security/ipsec/security-associations"
    api = Api(many)
    many.auto_establish = True
    assert len(api.records(path, policy_name="policy-4711", svm__name="data11")) == 2
    assert len(api.records(path, fields="*", max_records="1000")) == 1000


def test_creating(many: Simulator) -> None:
    api = Api(many)
    body = {
        "svm": {"name": "data0"},
        "secret_key": "a-key-of-eighteen-and-more",
        "local_endpoint": {"address": "10.0.0.1", "netmask": "32"},
        "remote_endpoint": {"address": "10.0.1.0", "netmask": "24"},
    }
    for number in range(3):
        assert api("POST", body={**body, "name": f"new-{number}"}).status_code == 201
    assert [policy["name"] for policy in many.policies() if policy["name"].startswith("new")] == [
        "new-0",
        "new-1",
        "new-2",
    ]
