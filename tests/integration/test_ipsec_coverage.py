# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ipsec_coverage says of an array: which flows there are, what it could not read, and when its gate is closed."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import (
    ApiError,
    InvalidInput,
    OntapError,
    Uncovered,
)
from simulator import Simulator, Unknowns
from support.harness import Playbooks, coverage, policies

NFS = {
    "name": "nfs-clients",
    "svm": "svm1",
    "action": "esp_transport",
    "authentication_method": "psk",
    "local_endpoint": {"address": "10.10.10.7", "netmask": "32", "port": "2049-2049"},
    "remote_endpoint": {"address": "10.10.20.0", "netmask": "24"},
    "protocol": "tcp",
}
EVERYTHING = {
    **NFS,
    "name": "everything",
    "local_endpoint": {"address": "10.10.10.0", "netmask": "24"},
    "remote_endpoint": {"address": "10.0.0.0", "netmask": "8"},
    "protocol": "any",
}
LATER = "2099-12-31"
GATE = ["clear", "bypassed", "ambiguous", "unknown", "authenticated"]


@pytest.fixture
def serving(array: Simulator) -> Simulator:
    """An array that serves data from two SVMs, and protects NFS of one network with one interface."""
    array.serve_data()
    array.add_policy(NFS)
    return array


def states(found: dict[str, Any], kind: str = "intended", **wanted: str) -> Counter[str]:
    """How many flows there are of each state."""
    return Counter(
        one["state"] for one in found["flows"][kind] if all(one[key] == value for key, value in wanted.items())
    )


def test_an_array_as_it_is(serving: Simulator) -> None:
    serving.establish("nfs-clients", "svm1", remote_address="10.10.20.11")
    found = coverage(serving, svms=["svm1"])
    assert [
        (one["interface"], one["client"], one["protocol"], one["state"], one["in_use"], len(one["ports"]))
        for one in found["flows"]["intended"]
    ] == [
        ("iscsi1", "0.0.0.0/0", "iscsi", "clear", None, 1),
        ("svm1_nfs1", "10.10.20.0/24", "nfs", "protected", True, 1),
        ("svm1_nfs1", "10.10.20.0/24", "nfs", "clear", None, 11),
        ("svm1_nfs1", "10.20.0.0/16", "nfs", "clear", None, 12),
        ("svm1_nfs1", "10.30.0.0/24", "nfs", "clear", None, 1),
        ("svm1_nfs1", "0.0.0.0/0", "smb", "clear", None, 1),
        ("svm1_nfs2", "10.10.20.0/24", "nfs", "clear", None, 12),
        ("svm1_nfs2", "10.20.0.0/16", "nfs", "clear", None, 12),
        ("svm1_nfs2", "10.30.0.0/24", "nfs", "clear", None, 1),
        ("svm1_nfs2", "0.0.0.0/0", "smb", "clear", None, 1),
    ]
    assert [
        (one["client"], one["services"][0], one["state"], one["in_use"], one["means"])
        for one in found["flows"]["observed"]
    ] == [
        ("10.10.30.5", "iscsi", "clear", None, []),
        ("10.10.20.11", "nfs", "protected", True, []),
        ("10.10.20.11", "portmapper", "clear", None, []),
        ("10.10.20.12", "nfs", "protected", False, []),
        ("10.10.20.12", "portmapper", "clear", None, []),
        ("10.30.0.5", "nfs", "clear", None, []),
        ("10.10.20.30", "smb", "protected_otherwise", None, ["smb_encryption"]),
    ]
    protected = found["flows"]["intended"][1]
    assert (protected["policies"], protected["let_in_by"]) == (["nfs-clients"], ["export policy default, rule 1"])
    assert found["summary"][1]["observed"] == {"flows": 5, "excepted": 0, "protected": 2, "clear": 3}
    assert found["msg"] == (
        "1 of 10 intended flows are protected (9 in clear); 3 of 7 observed flows are protected (4 in clear)."
    )
    assert (found["unread"], found["array"]["name"], found["ipsec_enabled"]) == ([], "cluster1", True)
    assert (found["account"], found["digest"][:7], found["looked_at"]["policies"]) == ("admin", "sha256:", 1)


def test_a_few_requests_whatever_there_is(serving: Simulator) -> None:
    for number in range(200):
        serving.add_policy(
            {**NFS, "name": f"p{number}", "remote_endpoint": {"address": f"10.21.{number}.0", "netmask": "24"}}
        )
        serving.add_export_policy(f"e{number}", "svm1", {"clients": [f"10.21.{number}.0/24"]})
    serving.clear_log()
    found = coverage(serving)
    assert len(found["flows"]["intended"]) > 600
    paths = [request.path.removeprefix("/api/") for request in serving.requests]
    assert sorted(paths) == sorted(set(paths))
    assert len(paths) == 13
    assert {request.method for request in serving.requests} == {"GET"}


def test_the_digest_is_of_what_was_read(serving: Simulator) -> None:
    before = coverage(serving)["digest"]
    assert coverage(serving)["digest"] == before
    serving.edit_policy("nfs-clients", "svm1", {"enabled": False})
    assert coverage(serving)["digest"] != before


def test_a_policy_that_is_disabled_and_a_service_that_is_off(serving: Simulator) -> None:
    serving.edit_policy("nfs-clients", "svm1", {"enabled": False})
    assert set(states(coverage(serving))) == {"clear"}
    serving.edit_policy("nfs-clients", "svm1", {"enabled": True})
    for answer in ("normal", "empty", "error"):
        serving.unknowns = Unknowns(while_disabled=answer)
        serving.ipsec_enabled = False
        found = coverage(serving)
        assert (set(states(found)), found["ipsec_enabled"]) == ({"clear"}, False)


@pytest.mark.parametrize("version", ["9.8", "9.14.1", "9.15.1", "9.19.1"])
def test_every_release(serving: Simulator, version: str) -> None:
    serving.version = version
    serving.offer_nfs_tls("svm1_nfs1", "svm1")
    serving.add_export_policy("tls", "svm1", {"clients": ["192.0.2.0/24"], "allow_nfs_tls_only": True})
    found = coverage(serving, protocols=["nfs"], svms=["svm1"])
    assert found["unread"] == []
    with_tls = version in ("9.15.1", "9.19.1")
    notes = {note for one in found["flows"]["intended"] for note in one["notes"]}
    assert notes == ({"NFS over TLS is offered here, and not required"} if with_tls else set())
    secured = states(found, client="192.0.2.0/24")["protected_otherwise"]
    # One for each interface: the rule lets nothing else in. Earlier releases know no such rule.
    assert secured == (2 if version == "9.19.1" else 0)


def test_a_cipher_suite_that_does_not_encrypt(serving: Simulator) -> None:
    serving.establish("nfs-clients", "svm1")
    assert states(coverage(serving, protocols=["nfs"]))["protected"] == 1
    for one in serving._state.associations.all():
        one["cipher_suite"] = "suiteb_gmac256"
    found = states(coverage(serving, protocols=["nfs"]))
    assert (found["protected"], found["authenticated"]) == (0, 1)


# Rules that are not all in the record of their export policy.


@pytest.mark.parametrize("version", ["9.17.1", "9.18.1"])
def test_rules_that_the_record_of_an_export_policy_leaves_out(serving: Simulator, version: str) -> None:
    serving.version = version
    serving.rules_in_policies = 50
    serving.add_export_policy("long", "svm1", *({"clients": [f"192.0.2.{host}"]} for host in range(60)))
    serving.clear_log()
    found = coverage(serving, svms=["svm1"], protocols=["nfs"])
    assert states(found, client="192.0.2.59")["clear"] == 2
    assert len([request for request in serving.requests if request.path.endswith("/rules")]) == 1


# What the account may not read.

ENDPOINTS = {
    "service": "/api/security/ipsec",
    "interfaces": "/api/network/ip/interfaces",
    "export_policies": "/api/protocols/nfs/export-policies",
    "nfs_services": "/api/protocols/nfs/services",
    "nfs_tls_interfaces": "/api/protocols/nfs/tls/interfaces",
    "smb_services": "/api/protocols/cifs/services",
    "nfs_clients": "/api/protocols/nfs/connected-clients",
    "smb_sessions": "/api/protocols/cifs/sessions",
    "iscsi_sessions": "/api/protocols/san/iscsi/sessions",
    "security_associations": "/api/security/ipsec/security-associations",
    "svms": "/api/svm/svms",
    "array": "/api/cluster",
}


def good(found: dict[str, Any]) -> set[tuple[Any, ...]]:
    """The flows that are protected, port by port."""
    return {
        (kind, one["svm"], one["address"], one["client"], port)
        for kind, flows in found["flows"].items()
        for one in flows
        if one["state"] in ("protected", "protected_otherwise")
        for port in one["ports"]
    }


def blinded(serving: Simulator, *paths: str, **options: Any) -> dict[str, Any]:
    """What an account finds that may not read some paths."""
    for path in paths:
        # An account's confines are prefixes of paths, and the service is one of the policies'.
        serving.refuse("GET", path, 6, status=403)
    try:
        return coverage(serving, **options)
    finally:
        serving.heal()


def test_what_could_not_be_read_makes_no_answer_greener(serving: Simulator) -> None:
    serving.add_policy(EVERYTHING)
    serving.set_smb_service("svm2", **{"security.smb_encryption": True})
    serving.add_export_policy(
        "secret", "svm2", {"clients": ["192.0.2.0/24"], "ro_rule": ["krb5p"], "rw_rule": ["krb5p"]}
    )
    whole = coverage(serving)
    assert len(good(whole)) > 50
    for paths in [*combinations(ENDPOINTS.values(), 1), *combinations(ENDPOINTS.values(), 2)]:
        found = blinded(serving, *paths)
        assert {one["endpoint"] for one in found["unread"]} == {f"GET {path}" for path in paths}
        assert good(found) <= good(whole), paths
        assert all(one["why"] and one["missing"] for one in found["unread"])


def test_a_gate_is_closed_by_what_might_hide_something(serving: Simulator) -> None:
    for what, path in ENDPOINTS.items():
        hides = what in ("service", "interfaces", "export_policies", "nfs_clients", "smb_sessions", "iscsi_sessions")
        # Nothing is discarded, so nothing else closes the gate.
        if not hides:
            assert blinded(serving, path, fail_on=["discarded"])["failing"] == 0
            continue
        with pytest.raises(Uncovered, match=f"GET {path} could not be read: this account may not read it"):
            blinded(serving, path, fail_on=["discarded"])
        accepted = {"unread": what, "reason": "not for auditors", "until": LATER}
        assert blinded(serving, path, fail_on=["discarded"], exceptions=[accepted])["exceptions"][0]["state"] == "used"


def test_without_policies_there_is_no_answer(serving: Simulator) -> None:
    with pytest.raises(ApiError):
        blinded(serving, "/api/security/ipsec/policies")


def test_an_answer_that_fails_is_none(serving: Simulator) -> None:
    serving.refuse("GET", "/api/protocols/nfs/connected-clients", 65562, status=500)
    with pytest.raises(ApiError, match="Listing nfs clients failed"):
        coverage(serving)


@pytest.mark.parametrize("shown", ["shown", "left_out", "unset"])
def test_an_account_of_one_svm(serving: Simulator, shown: str) -> None:
    serving.unknowns = Unknowns(svm_of_own_account=shown)
    serving.add_account("auditor", "a-password", svm="svm1")
    found = coverage(serving, username="auditor", password="a-password")
    assert {one["svm"] for one in found["flows"]["intended"]} == {"svm1"}
    assert states(found)["protected"] == 1
    assert [one["what"] for one in found["unread"]] == ["array"]


# Who may come.


def test_networks_and_names_that_the_user_declares(serving: Simulator) -> None:
    serving.set_export_rules("default", "svm1", {"clients": ["@farm", "host.example.com"]})
    found = coverage(
        serving,
        svms=["svm1"],
        protocols=["nfs", "smb", "tcp/4420"],
        client_networks=[
            {"network": "10.10.0.0/16", "name": "Frankfurt"},
            {"network": "10.40.0.0/16", "protocols": ["smb"], "svms": ["svm1"]},
            {"network": "10.50.0.0/16", "svms": ["svm2"]},
        ],
        client_names={"@farm": ["10.10.20.0/24"]},
    )
    rows = {(one["protocol"], one["client"], one["client_name"]) for one in found["flows"]["intended"]}
    assert rows == {
        ("nfs", "10.10.20.0/24", "Frankfurt"),
        ("nfs", "host.example.com", ""),
        ("nfs", "10.30.0.0/24", ""),
        ("smb", "10.10.0.0/16", "Frankfurt"),
        ("smb", "10.40.0.0/16", ""),
        ("ports", "10.10.0.0/16", "Frankfurt"),
    }
    assert states(found, client="host.example.com", interface="svm1_nfs1")["unknown"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"svms": ["svm9"]}, "svms: the array has no svm9. It has svm1, svm2."),
        ({"svms": []}, "svms: the list is empty"),
        ({"protocols": []}, "protocols: the list is empty"),
        ({"protocols": ["nfs3"]}, "protocols: 'nfs3' is none of nfs, smb, iscsi, all, and no port such as tcp/4420."),
        ({"protocols": ["tcp/0"]}, "protocols: 'tcp/0' is none of"),
        ({"client_networks": [{"network": "10.20.0.1/16"}]}, "client_networks.0..network: .* has host bits set"),
        ({"client_networks": [{"network": "10.20.0.0/16", "svms": []}]}, "client_networks.0..svms: the list is empty"),
        ({"client_names": {"@farm": []}}, "client_names.@farm: the list is empty"),
        ({"client_names": {"@farm": ["farm"]}}, "client_names.@farm: 'farm' is no network"),
        ({"fail_on": ["cleer"]}, "value of fail_on must be one or more of"),
        ({"exceptions": [{"until": LATER}]}, "missing required arguments: reason"),
        ({"exceptions": [{"reason": "because"}]}, "missing required arguments: until"),
        ({"exceptions": [{"reason": "because", "until": "soon"}]}, "exceptions.0..until: 'soon' is no day"),
        ({"exceptions": [{"reason": " ", "until": LATER}]}, "exceptions.0..reason"),
        ({"exceptions": [{"reason": "x", "until": LATER, "states": []}]}, "exceptions.0..states: the list is empty"),
        (
            {"exceptions": [{"reason": "x", "until": LATER, "client": "10.20.5.5/16"}]},
            "exceptions.0..client: '10.20.5.5/16' has bits beyond its netmask. Its network is 10.20.0.0/16.",
        ),
        ({"fail_on": ["worse"]}, "fail_on: worse is about changes"),
        ({"changes": [{}]}, "changes.0.: is no change as ipsec_policies returns them"),
        ({"changes": [{"name": "nfs", "operation": "modified", "after": "x"}]}, "changes.0.: is no change"),
        (
            {"exceptions": [{"reason": "x", "until": LATER, "unread": "service", "svm": "svm1"}]},
            "unread is about what could not be read",
        ),
    ],
)
def test_what_can_not_be_meant(serving: Simulator, options: dict[str, Any], message: str) -> None:
    serving.clear_log()
    with pytest.raises(InvalidInput, match=message):
        coverage(serving, **options)
    if "svm9" not in str(options):
        assert serving.requests == []


# The gate.


def test_a_gate_that_is_closed_tells_everything(serving: Simulator) -> None:
    with pytest.raises(Uncovered) as failure:
        coverage(serving, svms=["svm1"], protocols=["nfs"], fail_on=GATE)
    text, result = str(failure.value), failure.value.result()
    assert "nfs of 10.30.0.5 with svm1_nfs2 (10.10.10.8) on SVM svm1 is in clear." in text
    assert result["failing"] == 9
    assert states(result)["protected"] == 1


def test_exceptions_have_a_reason_and_an_end(serving: Simulator) -> None:
    everything = [
        {"client": "0.0.0.0/0", "reason": "the move is under way", "until": LATER},
        {"svm": "svm2", "reason": "not yet", "until": "2001-01-01"},
        {"interface": "nope", "reason": "long gone", "until": LATER},
    ]
    found = coverage(serving, fail_on=GATE, exceptions=everything)
    assert [(one["state"], one["reason"]) for one in found["exceptions"]] == [
        ("used", "the move is under way"),
        ("expired", "not yet"),
        ("unused", "long gone"),
    ]
    assert found["failing"] == 0
    assert found["flows"]["intended"][0]["exception"] == {"reason": "the move is under way", "until": LATER}
    assert found["warnings"] == ["exceptions: 'not yet' has expired."]
    with pytest.raises(Uncovered):
        coverage(serving, fail_on=GATE, exceptions=everything[1:])


def test_an_exception_for_ports_is_told_as_one(serving: Simulator) -> None:
    ports = {"protocol": "ports", "reason": "NVMe comes later", "until": LATER}
    found = coverage(serving, protocols=["tcp/4420"], fail_on=GATE, exceptions=[ports])
    assert (found["exceptions"][0]["protocol"], found["exceptions"][0]["state"]) == ("ports", "used")


def test_a_gate_that_sees_nothing_is_closed(array: Simulator) -> None:
    with pytest.raises(Uncovered, match="There is not one flow, so nothing was looked at"):
        coverage(array, fail_on=["clear"])
    assert coverage(array, fail_on=["clear"], allow_empty=True)["failing"] == 0
    assert coverage(array)["msg"] == "0 of 0 intended flows are protected; 0 of 0 observed flows are protected."


def test_a_connection_without_association(serving: Simulator) -> None:
    serving.establish("nfs-clients", "svm1", remote_address="10.10.20.11")
    with pytest.raises(
        Uncovered, match=r"nfs of 10.10.20.12 .* is protected, and connected without a security association"
    ):
        coverage(serving, svms=["svm1"], fail_on=["not_in_use"])
    serving.establish("nfs-clients", "svm1", remote_address="10.10.20.12")
    assert coverage(serving, svms=["svm1"], fail_on=["not_in_use"])["failing"] == 0


# What a change would make of it.


def test_a_change_that_lets_a_subnet_through(serving: Simulator) -> None:
    hole = {
        **NFS,
        "name": "scanner",
        "action": "bypass",
        "remote_endpoint": {"address": "10.10.20.128", "netmask": "25"},
    }
    del hole["authentication_method"]
    planned = policies(serving, check_mode=True, policies=[hole])
    found = coverage(serving, svms=["svm1"], protocols=["nfs"], changes=planned["changes"])
    (worse,) = [one for one in found["flows"]["intended"] if one["after"]["worse"]]
    assert (worse["state"], worse["after"]["state"]) == ("protected", "partly")
    assert worse["after"]["losing"] == ["10.10.20.128/25"]
    assert found["worse"] == 1
    with pytest.raises(Uncovered, match="on SVM svm1 is protected, and would be less than that"):
        coverage(serving, svms=["svm1"], protocols=["nfs"], changes=planned["changes"], fail_on=["worse"])


@pytest.mark.parametrize(
    ("entry", "after", "worse"),
    [
        ({"enabled": False}, "clear", 3),
        ({"state": "absent"}, "clear", 3),
        ({"remote_endpoint": {"address": "10.20.0.0/16"}}, "clear", 3),
        ({"action": "discard", "recreate": True, "authentication_method": None}, "discarded", 0),
        ({"remote_endpoint": {"address": "10.10.0.0/16"}}, "protected", 0),
    ],
)
def test_what_becomes_of_a_flow(serving: Simulator, entry: dict[str, Any], after: str, worse: int) -> None:
    wanted = {key: value for key, value in {**NFS, **entry}.items() if value is not None}
    planned = policies(serving, check_mode=True, policies=[wanted], max_deletes="100%", allow_empty=True)
    found = coverage(serving, svms=["svm1"], protocols=["nfs"], changes=planned["changes"])
    assert found["flows"]["intended"][0]["after"]["state"] == after
    assert found["flows"]["intended"][0]["after"]["cut_off"] == (after == "discarded")
    # With the two clients that are connected.
    assert found["worse"] == worse


def test_switching_the_service_off(serving: Simulator) -> None:
    off = {"kind": "config", "name": "IPsec service", "operation": "modified", "after": {"enabled": False}}
    assert coverage(serving, svms=["svm1"], changes=[off])["worse"] == 3


# As users call it.


def test_a_task(playbooks: Playbooks) -> None:
    playbooks.array.serve_data()
    playbooks.array.add_policy(EVERYTHING)
    ask = {"protocols": ["nfs"], "svms": ["svm1"], "fail_on": GATE}
    declared = {"protocols": ["smb"], "svms": ["svm1"], "client_networks": [{"network": "10.30.0.0/16"}]}
    play = playbooks.play(
        [
            {"name": "Protected", "wiresec.ontap.ipsec_coverage": ask},
            {"name": "Declared", "wiresec.ontap.ipsec_coverage": {**declared, "fail_on": GATE}},
            {"name": "Open", "wiresec.ontap.ipsec_coverage": {**ask, "svms": ["svm2"]}, "ignore_errors": True},
        ]
    )
    assert play.code == 0, play.output
    protected, declared_, open_ = (one["result"] for one in play.results)
    assert (protected["failing"], declared_["failing"], open_["failing"]) == (0, 0, 9)
    assert "6 in clear" in open_["msg"]
    assert playbooks.array.password not in play.output


def test_a_failure_is_an_ontap_error() -> None:
    assert issubclass(Uncovered, OntapError)
