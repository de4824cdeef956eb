# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IPsec service, its CA certificates and its associations, as the vendor's client and modules see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator import Simulator, Unknowns
from support.arrays import added
from support.third_party import CONNECTION, changed

Run = Callable[..., Any]
Play = Callable[..., list[dict[str, Any]]]

CONFIG = "netapp.ontap.na_ontap_security_ipsec_config"
CA_CERTIFICATE = "netapp.ontap.na_ontap_security_ipsec_ca_certificate"


def task(module: str, **options: Any) -> dict[str, Any]:
    """Return a task of one of the vendor's modules."""
    return {"name": module, module: {**CONNECTION, **options}}


def writes(array: Simulator) -> list[tuple[str, Any]]:
    """Return method and body of the requests that are not reads."""
    return [(request.method, request.body) for request in array.requests if request.method != "GET"]


def refusals(outcome: dict[str, Any]) -> dict[str, tuple[int, str, str | None]]:
    """Return how the client was refused, by the name of what it tried."""
    return {
        name: (found["status"], found["code"], found["target"])
        for name, found in outcome.items()
        if isinstance(found, dict) and {*found} == {"status", "code", "target"}
    }


# --- netapp_ontap ---


@pytest.mark.parametrize("window", ["int", "str"])
def test_the_service(array: Simulator, run_client: Run, window: str) -> None:
    array.unknowns = Unknowns(replay_window_type=window)
    outcome = run_client("service.py", array)
    assert outcome["first"] == {"enabled": True, "replay_window": 0, "offload_enabled": False}
    assert outcome["replay"] == {"enabled": True, "replay_window": 64, "offload_enabled": False}
    assert outcome["disabled"] == {"enabled": False, "replay_window": 64, "offload_enabled": False}
    assert outcome["offload"] == {"enabled": False, "replay_window": 0, "offload_enabled": True}
    assert outcome["last"] == outcome["enabled"] == {"enabled": True, "replay_window": 0, "offload_enabled": True}
    assert refusals(outcome) == {
        "offload_while_enabled": (400, "66256913", "offload_enabled"),
        "offload_with_replay": (400, "66256915", "offload_enabled"),
        "no_such_window": (400, "262185", "replay_window"),
    }


@pytest.mark.parametrize(("version", "not_installed"), [("9.10.1", "66257296"), ("9.19.1", "66257304")])
def test_ca_certificates(array: Simulator, run_client: Run, version: str, not_installed: str) -> None:
    array.version = version
    uuids = {svm: array.add_certificate("ca", svm, "root_ca") for svm in ("svm1", "svm2", None)}
    late = array.add_certificate("late", "svm2", "server_ca")
    end_entity = array.add_certificate("no ca", "svm1", "server")
    outcome = run_client(
        "ca_certificates.py",
        array,
        bodies=[
            {"certificate": {"uuid": uuids["svm1"]}, "svm": {"name": "svm1"}},
            {"certificate": {"uuid": uuids["svm2"]}, "svm": {"name": "svm2"}},
            {"certificate": {"uuid": uuids[None]}},
        ],
        late={"certificate": {"uuid": late}, "svm": {"name": "svm2"}},
        not_installed={"certificate": {"uuid": end_entity}, "svm": {"name": "svm1"}},
        bulk=version == "9.19.1",
    )
    assert outcome["listed"] == [uuids[None], uuids["svm1"], uuids["svm2"]]
    assert outcome["of_svm1"] == [uuids["svm1"]]
    assert (outcome["posted"]["certificate"]["uuid"], outcome["posted"]["scope"]) == (late, "svm")
    assert (outcome["posted"]["svm"]["name"], outcome["one"]["svm"]["name"]) == ("svm2", "svm1")
    assert refusals(outcome) == {
        "twice": (409, "1", "certificate.uuid"),
        "not_installed": (400, not_installed, "certificate.uuid"),
    }
    assert outcome["gone"] == [{"status": 404, "code": "4", "target": "uuid"}] * 2
    assert (outcome["found"], outcome["counted"]) == (uuids[None], 3)
    if version == "9.19.1":
        assert outcome["left"] == [uuids[None]]
        assert added(array) == [(None, "ca")]


@pytest.mark.parametrize("version", ["9.8", "9.19.1"])
def test_associations(array: Simulator, run_client: Run, version: str) -> None:
    array.version = version
    array.add_policy({"name": "psk", "svm": "svm1"})
    array.add_policy({"name": "pki", "svm": "svm2", "certificate": "ipsec-cert"})
    array.establish("psk", "svm1", in_bytes=5, out_bytes=6)
    array.establish("pki", "svm2", "cluster1-02", "dead_peer_probe", is_initiator=True)
    outcome = run_client("associations.py", array)

    everything = outcome["everything"]
    assert [(one["policy_name"], one["type"]) for one in everything] == [
        ("psk", "ike"),
        ("psk", "ipsec"),
        ("pki", "ike"),
        ("pki", "ipsec"),
    ]
    ike, ipsec = everything[:2]
    common = {"uuid", "type", "node", "svm", "scope", "policy_name", "local_address", "remote_address"}
    common |= {"cipher_suite", "lifetime"}
    assert {*ike} == {*common, "ike"}
    assert {*ipsec} == {*common, "ipsec"}
    assert {*ike["ike"]} == {
        *("authentication", "state", "is_initiator", "version"),
        *("initiator_security_parameter_index", "responder_security_parameter_index"),
    }
    counters = {"bytes", "packets", "security_parameter_index"}
    if version == "9.19.1":
        counters |= {"offload_bytes", "offload_packets"}
    assert ({*ipsec["ipsec"]["inbound"]}, {*ipsec["ipsec"]["outbound"]}) == (counters, counters)
    assert (ipsec["ipsec"]["inbound"]["bytes"], ipsec["ipsec"]["outbound"]["bytes"]) == (5, 6)
    dead = everything[2]
    assert (dead["ike"]["state"], dead["ike"]["authentication"], dead["ike"]["is_initiator"]) == (
        "dead_peer_probe",
        "cert",
        True,
    )
    assert (dead["node"]["name"], dead["svm"]["name"], dead["scope"]) == ("cluster1-02", "svm2", "svm")

    assert outcome["one"] == ike
    assert outcome["established"] == [["psk", "cluster1-01", "ike"]]
    assert outcome["of_node"] == [["pki", "cluster1-02", "ipsec"]]
    assert outcome["busy"] == [["psk", "cluster1-01", "ipsec"]]
    assert [[name, kind] for name, _node, kind in outcome["ordered"]] == [
        ["psk", "ipsec"],
        ["psk", "ike"],
        ["pki", "ipsec"],
        ["pki", "ike"],
    ]
    assert (outcome["counted"], outcome["raw"]) == (2, 4)
    assert refusals(outcome) == {
        "unknown": (400, "66257118", "uuid") if version == "9.8" else (404, "4", "uuid"),
        "no_such_filter": (400, "262179", "name"),
    }


# --- netapp.ontap ---


@pytest.mark.parametrize("shape", ["object", "records"])
def test_the_service_by_the_module(array: Simulator, play: Play, shape: str) -> None:
    # The module compares texts: it is right where the array answers with what its own test data has.
    array.unknowns = Unknowns(replay_window_type="str", ipsec_config_shape=shape)
    array.ipsec_enabled = False
    wanted = {"enabled": True, "replay_window": "64"}
    results = play(
        array,
        [
            task(CONFIG, **wanted),
            task(CONFIG, **wanted),
            task(CONFIG, replay_window="128"),
            task(CONFIG, enabled=False),
            task(CONFIG, enabled=False, replay_window="128"),
        ],
    )
    assert changed(results) == [True, False, True, True, False]
    assert writes(array) == [
        ("PATCH", {"enabled": True, "replay_window": "64"}),
        ("PATCH", {"replay_window": "128"}),
        ("PATCH", {"enabled": False}),
    ]
    assert (array.ipsec_enabled, array.replay_window) == (False, 128)


def test_the_module_can_not_take_a_number(array: Simulator, play: Play) -> None:
    # What the specification says of the type, and the module's own comparison of texts, do not go together.
    array.replay_window = 64
    message, enabled, disabled = changed(
        play(array, [task(CONFIG, replay_window="64"), task(CONFIG, enabled=True), task(CONFIG, enabled=False)])
    )
    assert "not supported between instances of 'int' and 'str'" in str(message)
    assert (enabled, disabled) == (False, True)
    assert writes(array) == [("PATCH", {"enabled": False})]


def test_the_modules_in_check_mode(array: Simulator, play: Play) -> None:
    array.add_certificate("ca", "svm1", "root_ca")
    array.add_ca_certificate("ipsec-ca", "svm1")
    tasks = [
        task(CONFIG, enabled=False),
        task(CA_CERTIFICATE, name="ca", svm="svm1"),
        task(CA_CERTIFICATE, name="ipsec-ca", svm="svm1", state="absent"),
        task(CA_CERTIFICATE, name="ipsec-ca", svm="svm1"),
    ]
    assert changed(play(array, tasks, "--check")) == [True, True, True, False]
    assert writes(array) == []
    assert array.ipsec_enabled is True
    assert added(array) == [("svm1", "ipsec-ca")]


@pytest.mark.parametrize("version", ["9.10.1", "9.19.1"])
def test_ca_certificates_by_the_module(array: Simulator, play: Play, version: str) -> None:
    array.version = version
    array.add_certificate("ca", None, "root_ca")
    of_svm, of_cluster = {"name": "ipsec-ca", "svm": "svm1"}, {"name": "ca"}
    tasks = [task(CA_CERTIFICATE, **options) for options in (of_svm, of_svm, of_cluster, of_cluster)]
    assert changed(play(array, tasks)) == [True, False, True, False]
    assert added(array) == [(None, "ca"), ("svm1", "ipsec-ca")]
    assert [method for method, _body in writes(array)] == ["POST", "POST"]

    tasks = [task(CA_CERTIFICATE, state="absent", **options) for options in (of_svm, of_svm, of_cluster, of_cluster)]
    assert changed(play(array, tasks)) == [True, False, True, False]
    assert added(array) == []


def test_what_the_array_refuses_reaches_the_user(array: Simulator, play: Play) -> None:
    array.refuse("PATCH", "/security/ipsec", 66256899)
    array.refuse("DELETE", "/security/ipsec/ca-certificates/*", 66257303)
    array.add_ca_certificate("ipsec-ca", "svm1")
    results = changed(
        play(
            array,
            [
                task(CONFIG, enabled=False),
                task(CA_CERTIFICATE, name="ipsec-cert", svm="svm1"),
                task(CA_CERTIFICATE, name="ipsec-ca", svm="svm1", state="absent"),
                task(CA_CERTIFICATE, name="unknown", svm="svm1"),
            ],
        )
    )
    for message, expected in zip(results, ["66256899", "66257304", "66257303", "is not installed"], strict=True):
        assert expected in str(message)
    assert array.ipsec_enabled is True
    assert added(array) == [("svm1", "ipsec-ca")]


@pytest.mark.parametrize(
    ("module", "options", "version", "minimum"),
    [
        (CONFIG, {"enabled": True}, "9.7", "9.8"),
        (CA_CERTIFICATE, {"name": "ipsec-ca", "svm": "svm1"}, "9.9.1", "9.10.1"),
    ],
)
def test_the_modules_ask_for_a_release(
    array: Simulator, play: Play, module: str, options: dict[str, Any], version: str, minimum: str
) -> None:
    array.version = version
    (message,) = changed(play(array, [task(module, **options)]))
    assert f"requires ONTAP {minimum}" in str(message)
    assert writes(array) == []


def test_associations_by_the_info_module(array: Simulator, play: Play) -> None:
    array.add_policy({"name": "psk", "svm": "svm1"})
    array.add_policy({"name": "other", "svm": "svm2"})
    array.auto_establish = 1
    subset = "security/ipsec/security-associations"
    gather = {"gather_subset": [subset], "fields": ["*"], "parameters": {"policy_name": "psk"}}
    results = play(array, [task("netapp.ontap.na_ontap_rest_info", **gather)] * 2)
    waiting, there = (result["ontap_info"]["security/ipsec/security-associations"] for result in results)
    assert waiting["records"] == []
    assert [(one["type"], one["policy_name"], one["svm"]["name"]) for one in there["records"]] == [
        ("ike", "psk", "svm1"),
        ("ipsec", "psk", "svm1"),
    ]
