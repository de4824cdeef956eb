# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's Python client, netapp-ontap, as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator import Simulator, Unknowns
from support.paths import POLICIES
from support.third_party import KEY

Run = Callable[..., Any]
VERSIONS = ["9.8", "9.10.1", "9.14.1", "9.19.1"]

PSK = {
    "name": "nfs clients",
    "svm": {"name": "svm1"},
    "action": "esp_transport",
    "secret_key": KEY,
    "protocol": "17",
    "local_endpoint": {"address": "10.0.0.1", "netmask": "255.255.255.255", "port": "2049"},
    "remote_endpoint": {"address": "10.1.0.0", "netmask": "24"},
}
PKI = {
    **{name: value for name, value in PSK.items() if name != "secret_key"},
    "authentication_method": "pki",
    "certificate": {"name": "ipsec-cert"},
    "remote_identity": "client.example",
}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_policy_from_its_creation_to_its_end(array: Simulator, run_client: Run, version: str) -> None:
    array.version = version
    outcome = run_client("lifecycle.py", array, body=PSK)
    created, changed = outcome["created"], outcome["changed"]
    assert created["local_endpoint"] == {"address": "10.0.0.1", "family": "ipv4", "netmask": "32", "port": "2049-2049"}
    assert (created["protocol"], created["enabled"], created["svm"]["name"]) == ("udp", True, "svm1")
    assert outcome["found"]["uuid"] == created["uuid"]
    expected = {"address": "10.9.0.0", "family": "ipv4", "netmask": "16", "port": "443-443"}
    assert (changed["enabled"], changed["remote_endpoint"]) == (False, expected)
    assert (outcome["deleted"], outcome["gone"]) == (200, True)
    assert array.policies() == []
    assert array.connections == 1


def test_a_policy_with_a_certificate(array: Simulator, run_client: Run) -> None:
    outcome = run_client("lifecycle.py", array, body=PKI)
    assert outcome["changed"]["certificate"]["name"] == "ipsec-cert"
    assert outcome["changed"]["authentication_method"] == "pki"
    assert array.restarts == 0


@pytest.mark.parametrize("switch", ["never", "first", "last"])
def test_many_policies(array: Simulator, run_client: Run, switch: str) -> None:
    array.unknowns = Unknowns(empty_page=switch)
    for name, svm in [("p1", "svm1"), ("p2", "svm1"), ("p3", "svm1"), ("p1", "svm2"), ("p2b", "svm2")]:
        array.add_policy({"name": name, "svm": svm})
    everything = ["p1", "p2", "p3", "p1", "p2b"]
    outcome = run_client("many.py", array, bulk=True)
    assert outcome == {
        "all": everything,
        "paged": everything,
        "raw": everything,
        "filtered": ["p1", "p3"],
        "ordered": ["p3", "p2b", "p2", "p1", "p1"],
        "counted": 5,
        "two": True,
    }
    assert [(policy["name"], policy["enabled"]) for policy in array.policies()] == [
        ("p1", False),
        ("p3", True),
        ("p1", False),
    ]


def test_many_policies_in_one_request(array: Simulator, run_client: Run) -> None:
    bodies = [{**PSK, "name": "a"}, {**PSK, "name": "b"}]
    wrong = {**PSK, "protocol": "6,17"}
    outcome = run_client("bulk.py", array, bodies=bodies, later=[("c", PSK), ("d", wrong)])
    assert [policy["local_endpoint"]["port"] for policy in outcome["created"]] == ["2049-2049"] * 2
    assert "More than one protocol is given" in outcome["refused"]
    assert outcome["enabled"] == [False, False]
    assert [policy["name"] for policy in array.policies()] == ["b"]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (
            "9.8",
            {
                "duplicate": (400, "66257103", "name"),
                "no_key": (400, "66257111", "secret_key"),
                "not_found": (400, "66257116", "uuid"),
            },
        ),
        (
            "9.17.1",
            {
                "duplicate": (400, "66257104", "name"),
                "no_key": (400, "66257144", "secret_key"),
                "not_found": (404, "4", "uuid"),
            },
        ),
    ],
)
def test_refusals(array: Simulator, run_client: Run, version: str, expected: dict[str, Any]) -> None:
    array.version = version
    outcome = run_client("refusals.py", array, body=PSK)
    assert {name: (found["status"], found["code"], found["target"]) for name, found in outcome.items()} == {
        **expected,
        "port_range": (400, "66257115", "local_endpoint.port"),
        "patch": (400, "66257099", "protocol"),
        "no_such_field": (400, "262197", "fields"),
        "no_such_filter": (400, "262179", "nothing"),
        "secret": (400, "262249", "fields"),
    }


def test_neighbours(array: Simulator, run_client: Run) -> None:
    assert run_client("neighbours.py", array) == {
        "version": [9, 17, 1],
        "svms": ["svm1", "svm2"],
        "ipspaces": ["Cluster", "Default"],
        "certificates": [["svm1", "ipsec-ca", "server_ca", True], ["svm1", "ipsec-cert", "server", True]],
        "enabled": True,
        "changed": [False, 64],
    }
    assert array.ipsec_enabled is False


def test_ways_to_log_in(array: Simulator, run_client: Run) -> None:
    nobody = {"username": None, "password": None}
    for way, refused in [
        ({}, None),
        ({"password": "wrong"}, 401),
        ({**nobody, "cert": array.client_cert, "key": array.client_key}, None),
        ({**nobody, "headers": {"Authorization": f"Bearer {array.access_token}"}}, None),
    ]:
        outcome = run_client("login.py", array, connection=way)
        assert (outcome and outcome["status"]) == refused, way


def test_a_job_is_followed_to_its_end(array: Simulator, run_client: Run) -> None:
    array.as_job("POST", POLICIES, polls=2)
    run_client("created.py", array, body=PSK)
    assert array.policy("nfs clients", "svm1") is not None
    array.as_job("POST", POLICIES, outcome="failure", message="Out of luck", code=65562)
    outcome = run_client("created.py", array, body={**PSK, "name": "other"})
    assert "Out of luck" in outcome["error"]


def test_a_location_without_uuid_is_completed(array: Simulator, run_client: Run) -> None:
    array.unknowns = Unknowns(location_header="without_uuid", self_links_in_records=True)
    outcome = run_client("created.py", array, body=PSK)
    policy = array.policy("nfs clients", "svm1")
    assert policy is not None
    assert outcome["uuid"] == policy["uuid"]


@pytest.mark.parametrize("version", ["9.8", "9.15.1", "9.19.1"])
def test_what_an_array_serves(array: Simulator, run_client: Run, version: str) -> None:
    array.version = version
    array.serve_data()
    array.offer_nfs_tls("svm1_nfs1", "svm1")
    with_tls = version != "9.8"
    services = ["data_cifs", "data_core", "data_flexcache", "data_nfs", "management_dns_client"]
    assert run_client("data_service.py", array) == {
        "interfaces": [
            ["svm1_nfs1", "10.10.10.7", services, "svm1", "up"],
            ["svm1_nfs2", "10.10.10.8", services, "svm1", "up"],
        ],
        "rules": [[["10.10.20.0/24", "10.20.0.0/16"], ["sys"], False if version == "9.19.1" else None]],
        "own_rules": 1,
        "nfs": [[True, True, True]],
        "smb": [[True, False]],
        "no_tls": None if with_tls else {"status": 404, "code": "3", "target": None},
        "tls": [["svm1_nfs1", True]] if with_tls else [],
        "nfs_clients": [
            ["10.10.20.11", "10.10.10.7", "nfs3"],
            ["10.10.20.12", "10.10.10.7", "nfs3"],
            ["10.30.0.5", "10.10.10.8", "nfs4.1"],
        ],
        "smb_sessions": [["10.10.20.30", "encrypted"]],
        "iscsi": [["10.10.30.5", 3260]],
    }
