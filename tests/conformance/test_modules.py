# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of netapp.ontap, run by ansible-playbook, as they are."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator import Simulator, Unknowns
from support.arrays import writes
from support.paths import POLICIES
from support.third_party import CONNECTION, KEY, MODULE, PSK, changed, task

Play = Callable[..., list[dict[str, Any]]]
BYPASS = {
    **{option: value for option, value in PSK.items() if option not in ("authentication_method", "secret_key")},
    "name": "ipsec_policy_none",
    "action": "bypass",
}
PKI = {
    **BYPASS,
    "name": "ipsec_policy_pki",
    "action": "esp_transport",
    "authentication_method": "pki",
    "certificate": "ipsec-cert",
    "remote_identity": "client.example",
}


def info(**options: Any) -> dict[str, Any]:
    """Return a task that lists policies."""
    gather = {"gather_subset": ["security/ipsec/policies"], "fields": ["*"], **options}
    return {"name": "list", "netapp.ontap.na_ontap_rest_info": {**CONNECTION, **gather}}


@pytest.mark.parametrize("version", ["9.8", "9.19.1"])
def test_a_policy_from_its_creation_to_its_end(array: Simulator, play: Play, version: str) -> None:
    array.version = version
    old = version == "9.8"
    psk = {option: value for option, value in PSK.items() if not (old and option == "authentication_method")}
    modified = {"local_endpoint": {"address": "10.23.43.50", "netmask": "24", "port": "201"}, "enabled": False}
    results = play(array, [task(psk), task(psk), task(psk, **modified), task(psk, **modified)])
    assert changed(results) == [True, False, True, False]
    assert writes(array) == ["POST", "PATCH"]
    policy = array.policy("ipsec_policy_psk", "svm1")
    assert policy is not None
    assert policy["local_endpoint"] == {
        "address": "10.23.43.50",
        "family": "ipv4",
        "netmask": "24",
        "port": "201-201",
    }
    assert (policy["enabled"], policy["protocol"], policy["secret_key"]) == (False, "udp", KEY)

    results = play(array, [task(psk, state="absent"), task(psk, state="absent")])
    assert changed(results) == [True, False]
    assert array.policies() == []


def test_check_mode_writes_nothing(array: Simulator, play: Play) -> None:
    assert changed(play(array, [task(PSK), task(BYPASS), task(PKI)], "--check")) == [True, True, True]
    assert writes(array) == []
    assert array.policies() == []


def test_certificates_and_actions_without_protection(array: Simulator, play: Play) -> None:
    array.add_certificate("other", "svm1")
    results = play(
        array,
        [
            task(PKI),
            task(PKI),
            task(PKI, certificate="other"),
            task(BYPASS, authentication_method="psk", secret_key=KEY),
            task(BYPASS),
            task(PSK, svm="svm2", ipspace="Default"),
        ],
    )
    assert changed(results) == [True, False, True, True, False, True]
    assert [(one["name"], one["svm"]["name"], one["authentication_method"]) for one in array.policies()] == [
        ("ipsec_policy_none", "svm1", "none"),
        ("ipsec_policy_pki", "svm1", "pki"),
        ("ipsec_policy_psk", "svm2", "psk"),
    ]
    assert array.policies()[1]["certificate"]["name"] == "other"
    assert array.restarts == 0


def test_what_the_array_refuses_reaches_the_user(array: Simulator, play: Play) -> None:
    array.refuse("DELETE", f"{POLICIES}/*", 66257096)
    array.add_policy({"name": "ipsec_policy_psk", "svm": "svm1"})
    results = play(
        array,
        [
            task(BYPASS, svm="nobody"),
            task(BYPASS, protocol="6,17"),
            task(PKI, remote_identity=None),
            task({"name": "ipsec_policy_psk", "svm": "svm1"}, state="absent"),
            task(BYPASS, password="wrong"),
        ],
    )
    for message, expected in zip(
        changed(results), ["66257202", "66257099", "66257138", "66257096", "not authorized"], strict=True
    ):
        assert expected in str(message)


def test_a_job_is_followed_to_its_end(array: Simulator, play: Play) -> None:
    array.as_job("POST", POLICIES, polls=0)
    array.as_job("DELETE", f"{POLICIES}/*", outcome="failure", message="Out of luck", polls=0)
    results = changed(play(array, [task(PSK), task(PSK), task(PSK, state="absent")]))
    assert results[:2] == [True, False]
    assert "Out of luck" in str(results[2])
    assert array.policy("ipsec_policy_psk", "svm1") is not None


def test_listing_follows_every_page(array: Simulator, play: Play) -> None:
    array.unknowns = Unknowns(empty_page="last")
    names = [f"policy-{number}" for number in range(7)]
    for name in names:
        array.add_policy({"name": name, "svm": "svm1", "action": "discard"})
    policies = "security/ipsec/policies"
    subsets = [policies, "security/ipsec", "svm/svms", "cluster/software"]
    results = play(
        array,
        [
            info(max_records=3),
            info(parameters={"name": "policy-3|policy-5", "svm.name": "svm1"}, fields=["action", "enabled"]),
            info(gather_subset=subsets, fields=None),
        ],
    )
    assert changed(results) == [False, False, False]
    everything, some, subset = (result["ontap_info"] for result in results)
    assert [record["name"] for record in everything[policies]["records"]] == names
    assert [record["name"] for record in some[policies]["records"]] == ["policy-3", "policy-5"]
    assert some[policies]["records"][0]["action"] == "discard"
    assert {*subset[policies]["records"][0]} == {"uuid", "name", "svm"}
    assert subset["security/ipsec"]["enabled"] is True
    assert subset["svm/svms"]["num_records"] == 2
    assert subset["cluster/software"] == "API not found"


# --- the examples of the vendor's documentation ---


@pytest.fixture(scope="session")
def examples(client_python: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the examples of the module as its documentation has them."""
    home = tmp_path_factory.mktemp("home")
    result = subprocess.run(
        [client_python, "-m", "ansible", "doc", "--json", MODULE],
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": str(home), "PATH": str(Path(client_python).parent)},
    )
    documentation = json.loads(result.stdout)
    return str(documentation[MODULE]["examples"])


@pytest.mark.parametrize(
    ("version", "outcome"),
    [
        ("9.12.1", [True, True, True, True, True, False]),
        # From 9.16.1 on a policy with a certificate needs the identity of its remote end, which the examples leave out.
        # The last one, which is meant to delete that policy, does not say `state: absent`.
        ("9.17.1", [True, "66257138", True, "66257138", "66257138", "262212"]),
    ],
)
def test_the_documented_examples(
    array: Simulator, play: Play, examples: str, tmp_path: Path, version: str, outcome: list[bool | str]
) -> None:
    array.version = version
    array.add_svm("ansibleSVM")
    array.add_certificate("cert", "ansibleSVM", "server")
    (tmp_path / "examples.yml").write_text(examples)
    included = {"ansible.builtin.include_tasks": {"file": "examples.yml", "apply": {"ignore_errors": True}}}
    results = play(array, [included], secret_key=KEY, cert_name="cert")
    found = changed(results[1:])
    assert len(found) == len(outcome)
    for result, expected in zip(found, outcome, strict=True):
        assert result == expected or (isinstance(expected, str) and expected in str(result))
    names = ["ipsec_policy_none", "ipsec_policy_pki", "ipsec_policy_psk"]
    assert [policy["name"] for policy in array.policies()] == [
        name for name in names if version == "9.12.1" or "pki" not in name
    ]
    policy = array.policy("ipsec_policy_pki", "ansibleSVM")
    if policy is not None:
        assert (policy["protocol"], policy["enabled"], policy["local_endpoint"]["address"]) == (
            "udp",
            False,
            "10.23.43.50",
        )


def test_what_an_array_serves(array: Simulator, play: Play) -> None:
    array.serve_data()
    subsets = [
        "network/ip/interfaces",
        "protocols/nfs/export-policies",
        "protocols/nfs/services",
        "protocols/nfs/connected-clients",
        "protocols/cifs/services",
        "protocols/cifs/sessions",
        "protocols/san/iscsi/sessions",
    ]
    gather = {"gather_subset": subsets, "fields": ["*"], "use_python_keys": True}
    rule = {
        "name": "backup",
        "vserver": "svm1",
        "rule_index": 1,
        "client_match": ["10.30.0.0/24"],
        "ro_rule": ["sys"],
        "rw_rule": ["sys"],
        "protocol": ["nfs4"],
    }
    listed, same = play(
        array,
        [
            {"name": "list", "netapp.ontap.na_ontap_rest_info": {**CONNECTION, **gather}},
            # It compares what it finds with what is wanted, and finds nothing to do.
            {"name": "rule", "netapp.ontap.na_ontap_export_policy_rule": {**CONNECTION, **rule, "use_rest": "always"}},
        ],
    )
    found = listed["ontap_info"]
    assert {name: len(found[name.replace("/", "_").replace("-", "_")]["records"]) for name in subsets} == {
        "network/ip/interfaces": 6,
        "protocols/nfs/export-policies": 4,
        "protocols/nfs/services": 2,
        "protocols/nfs/connected-clients": 6,
        "protocols/cifs/services": 2,
        "protocols/cifs/sessions": 2,
        "protocols/san/iscsi/sessions": 2,
    }
    assert changed([same]) == [False]
    assert writes(array) == []
