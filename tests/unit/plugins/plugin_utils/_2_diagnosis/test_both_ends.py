# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where two ends differ, and what is said of it: each known mistake by its name, and nothing of ends that fit."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.plugin_utils._2_diagnosis.both_ends import Compared, diagnosis, headline

NAME = "wiresec-cluster1--svm1--nfs"
POLICY = {
    **{"name": "nfs", "svm": "svm1", "enabled": True, "action": "esp_transport", "protocol": "tcp"},
    "authentication_method": "psk",
    "local_endpoint": {"address": "10.10.10.7", "netmask": "32", "port": "2049-2049"},
    "remote_endpoint": {"address": "10.10.20.20", "netmask": "32", "port": "0-0"},
}
CONNECTION = {
    **{"name": NAME, "protects": True, "transport": True, "method": "psk", "ppk_identity": None},
    **{"local_addresses": ["10.10.20.20"], "remote_addresses": ["10.10.10.7"]},
    **{"local_networks": ["10.10.20.20/32"], "remote_networks": ["10.10.10.7/32"]},
    **{"protocol": 6, "local_port": 0, "remote_port": 2049},
    **{"local_identity": "10.10.20.20", "remote_identity": "10.10.10.7"},
    **{"esp": ["aes256gcm16"], "fitting_suite": True, "pfs": None, "esn": False, "trap": True, "probes_peer": True},
    **{"loaded": True, "trapped": True, "ike": None, "associations": 0},
}
IPSEC = {"type": "ipsec", "policy": "nfs", "svm": "svm1"}
SILENT = {"cause": "silent", "certainty": "possible", "evidence": "Nothing.", "advice": "Look.", "peers": []}


def array(*associations: Any, causes: Any = (SILENT,), **policy: Any) -> dict[str, Any]:
    return {
        "policies": [{"policy": "nfs", "svm": "svm1", "status": "none", "causes": list(causes)}],
        "peer": {
            "address": "10.10.20.20",
            "policies": [{**POLICY, **policy}],
            "security_associations": list(associations),
            "events": [],
            "sessions": [],
        },
    }


def client(*errors: str, connections: Any = None, running: bool = True, **changes: Any) -> dict[str, Any]:
    return {
        "running": running,
        "format": "strongswan",
        "connections": [{**CONNECTION, **changes}] if connections is None else connections,
        "errors": [{"connection": NAME, "error": one, "count": 1} for one in errors],
        "unread": [],
    }


def told(found: Any) -> set[tuple[str, str]]:
    return {(one["cause"], one["certainty"]) for one in found}


UP = {"ike": "established", "associations": 1}


@pytest.mark.parametrize(
    ("there", "here", "expected"),
    [
        # Nothing but what the array can't tell.
        (array(), client(), {("silent", "possible")}),
        (array(IPSEC, causes=()), client(**UP), set()),
        # The client's state.
        (array(), client(running=False, loaded=None, trapped=None, associations=None), {("daemon_down", "certain")}),
        (array(), client(connections=[]), {("no_connection", "certain")}),
        (array(), client(loaded=False, trapped=False), {("not_loaded", "certain")}),
        (array(), client(trapped=False), {("no_trap", "certain")}),
        (array(), client(trap=False), {("no_trap", "certain")}),
        (array(), client("NO_TRAP"), {("no_trap", "certain")}),
        # Selectors.
        (array(), client("TS_UNACCEPTABLE", remote_port=2050, ike="established"), {("selectors_differ", "certain")}),
        (array(), client("TS_UNACCEPTABLE", remote_port=0), {("selectors_wider", "likely")}),
        (array(IPSEC, causes=()), client(remote_port=0, **UP), {("selectors_wider", "possible")}),
        (array(protocol="any"), client(), {("selectors_differ", "certain")}),
        (array(protocol="6"), client(), {("silent", "possible")}),
        (array(), client("TS_UNACCEPTABLE"), {("selectors_differ", "likely")}),
        # Suites.
        (
            array(),
            client("NO_PROPOSAL_CHOSEN", fitting_suite=False, ike="established"),
            {("suite_differs", "likely")},
        ),
        (array(), client("NO_PROPOSAL_CHOSEN", esn=True, ike="established"), {("esn_differs", "likely")}),
        (array(), client("NO_PROPOSAL_CHOSEN"), {("proposal_differs", "likely")}),
        (array(), client(transport=False), {("mode_differs", "likely")}),
        (
            array(IPSEC, causes=()),
            client("NO_PROPOSAL_CHOSEN", pfs=True, **UP),
            {("pfs_differs", "likely")},
        ),
        (array(IPSEC, causes=()), client(pfs=True, **UP), {("pfs_differs", "possible")}),
        (array(IPSEC, causes=()), client("NO_PROPOSAL_CHOSEN", pfs=False, **UP), {("pfs_differs", "likely")}),
        # New keys are refused, and one end has lost the old one before the other.
        (
            array(causes=()),
            client("NO_PROPOSAL_CHOSEN", **UP),
            {("pfs_differs", "likely"), ("out_of_step", "possible")},
        ),
        # Credentials.
        (array(), client("AUTHENTICATION_FAILED"), {("authentication_failed", "likely")}),
        (
            array(remote_identity="db1.example.com"),
            client("AUTHENTICATION_FAILED", local_identity="fqdn:db2.example.com"),
            {("identity_differs", "certain")},
        ),
        (array(remote_identity="db1.example.com"), client(local_identity="@db1.example.com"), {("silent", "possible")}),
        (array(remote_identity="C=DE, CN=x"), client(local_identity="C=DE,CN=x"), {("silent", "possible")}),
        (array(remote_identity="ANYTHING"), client(local_identity="@db1"), {("silent", "possible")}),
        (array(remote_identity="CN=x"), client(local_identity="%fromcert"), {("silent", "possible")}),
        (
            array(authentication_method="pki"),
            client("AUTHENTICATION_FAILED", method="pki"),
            {("authentication_failed", "possible"), ("silent", "possible")},
        ),
        (array(authentication_method="pki"), client("AUTHENTICATION_FAILED"), {("method_differs", "certain")}),
        (
            array(),
            client("AUTHENTICATION_FAILED", "PPK_MISSING", ppk_identity="keyid:other"),
            {("ppk_differs", "certain")},
        ),
        (array(ppk={"identity": "one"}), client("AUTHENTICATION_FAILED"), {("ppk_differs", "certain")}),
        (array(ppk={"identity": "one"}), client(ppk_identity=""), {("silent", "possible")}),
        (array(), client("NO_KEY"), {("no_key", "likely")}),
        (array(), client("NOT_TRUSTED"), {("not_trusted", "likely")}),
        # One end has what the other has not.
        (array(), client(**UP), {("out_of_step", "likely")}),
        (array(IPSEC), client(), {("out_of_step", "likely")}),
        (array(), client("NO_ANSWER"), {("no_answer", "likely")}),
        # An old line of the log is nothing against an association.
        (array(IPSEC, causes=()), client("NO_ANSWER", "AUTHENTICATION_FAILED", **UP), set()),
    ],
)
def test_what_is_found(there: Any, here: Any, expected: set[tuple[str, str]]) -> None:
    found = diagnosis("cluster1", there, here)
    assert told(found) == expected
    assert all(
        one["evidence"].endswith(".") and one["advice"].endswith(".") and one["cluster"] == "cluster1" for one in found
    )
    order = ["certain", "likely", "possible"]
    assert [order.index(one["certainty"]) for one in found] == sorted(order.index(one["certainty"]) for one in found)


def test_the_array_alone() -> None:
    found = diagnosis("cluster1", array(), None)
    assert told(found) == {("silent", "possible")}
    assert headline(found, False) == ("It can't be told. Nothing. The client's half would tell: nobody looked at it.")
    assert "capture UDP 500" in headline([], True)


def test_a_connection_is_found_by_its_name_or_by_its_hosts() -> None:
    other = {**CONNECTION, "name": "wiresec-elsewhere", "remote_port": 445}
    assert told(diagnosis("cluster1", array(), client(connections=[other]))) == {("selectors_differ", "certain")}
    # Of two between the same hosts, nobody knows which is meant.
    both = [other, {**other, "name": "wiresec-third"}]
    assert told(diagnosis("cluster1", array(), client(connections=both))) == {("no_connection", "certain")}
    assert told(diagnosis("cluster1", array(), client(connections=[*both, CONNECTION]))) == {("silent", "possible")}


def test_what_does_not_protect_is_none_of_it() -> None:
    for changes in ({"enabled": False}, {"action": "bypass"}):
        assert told(diagnosis("cluster1", array(causes=(), **changes), client(connections=[]))) == set()


def compared(how: str, *, not_loaded: Any = ()) -> Compared:
    # What is said of other connections says nothing of this one.
    return Compared({NAME: how, "wiresec-cluster2--svm1--nfs": "other_secrets"}, not_loaded)


@pytest.mark.parametrize(
    ("found", "causes", "words"),
    [
        (None, {"authentication_failed"}, "so the keys are not."),
        (
            compared("same"),
            {"authentication_failed"},
            "as the client has the one of the policy files, the array has another.",
        ),
        (
            compared("other_secrets"),
            {"authentication_failed", "configured_otherwise"},
            "is not what the policy files ask for.",
        ),
        (compared("other"), {"authentication_failed", "configured_otherwise"}, "is not what the policy files ask for."),
        # Nobody knows which key it has.
        (compared("surplus"), {"authentication_failed", "configured_otherwise"}, "so the keys are not."),
        (Compared({}, ()), {"authentication_failed"}, "so the keys are not."),
        (compared("same", not_loaded=None), {"authentication_failed"}, "so the keys are not."),
        (
            compared("same", not_loaded=[NAME]),
            {"authentication_failed", "not_loaded"},
            "the client's daemon may still have a former one.",
        ),
    ],
)
def test_policy_files_tell_which_end_has_another_key(found: Any, causes: set[str], words: str) -> None:
    told = diagnosis("cluster1", array(), client("AUTHENTICATION_FAILED"), found)
    assert {one["cause"] for one in told if one["certainty"] != "possible"} == causes
    (failed,) = [one for one in told if one["cause"] == "authentication_failed"]
    assert failed["evidence"].endswith(words), failed["evidence"]


def test_a_log_that_names_no_connection_may_mean_another_one() -> None:
    here = client("AUTHENTICATION_FAILED")
    here["errors"][0]["connection"] = None
    told = diagnosis("cluster1", array(), here, compared("same"))
    assert any(one["evidence"].endswith("the array has another, if this connection is meant.") for one in told)


def test_what_the_policy_files_ask_for_and_the_client_has_not_is_told() -> None:
    told = diagnosis("cluster1", array(), client(connections=[]), compared("missing"))
    assert {one["cause"] for one in told if one["certainty"] == "certain"} == {"configured_otherwise", "no_connection"}
    up = diagnosis("cluster1", array(IPSEC, causes=()), client(**UP), compared("same", not_loaded=[NAME]))
    assert up == []
