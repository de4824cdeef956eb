# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When ipsec_policy_health succeeds, when it fails and with which words, and how often it asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import ApiError, InvalidInput, Unprotected
from simulator import Simulator, Unknowns
from support.clock import Clock
from support.harness import health
from support.paths import ASSOCIATIONS


@pytest.fixture
def policies(array: Simulator) -> Simulator:
    """Policies that can have associations on two SVMs, and two that can't."""
    for name, svm in (("web", "svm1"), ("db", "svm1"), ("web", "svm2")):
        array.add_policy({"name": name, "svm": svm, "action": "esp_transport", "enabled": True})
    array.add_policy({"name": "open", "svm": "svm1", "action": "bypass"})
    array.add_policy({"name": "old", "svm": "svm1", "action": "esp_udp", "enabled": False})
    array.clear_log()
    return array


def statuses(policies: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    return {(one["svm"], one["policy"]): one["status"] for one in policies}


def looks(array: Simulator) -> int:
    return len([request for request in array.requests if request.path == ASSOCIATIONS])


def failure(array: Simulator, **options: Any) -> tuple[str, Any]:
    """Message and outcome of a run that fails."""
    with pytest.raises(Unprotected) as caught:
        health(array, **options)
    result = caught.value.result()
    assert (result["changed"], result["healthy"]) == (False, False)
    return result["msg"], result["policies"]


@pytest.mark.parametrize("empty", ["never", "first"])
def test_three_requests_if_all_is_well(policies: Simulator, empty: str) -> None:
    policies.unknowns = Unknowns(empty_page=empty)
    policies.auto_establish = True
    clock = Clock()
    result = health(policies, clock=clock)
    assert statuses(result["policies"]) == {
        ("svm1", "db"): "established",
        ("svm1", "old"): "not_expected",
        ("svm1", "open"): "not_expected",
        ("svm1", "web"): "established",
        ("svm2", "web"): "established",
    }
    assert (result["changed"], result["warnings"], clock.pauses) == (False, [], [])
    assert result["healthy"] is True
    assert result["msg"] == (
        "3 policies have the security associations that are expected of them; 2 others are not expected to have any."
    )
    if empty == "never":
        assert len(policies.requests) == 3
    assert policies.connections == 1


@pytest.mark.parametrize("number", [1, 2, 5])
def test_it_waits_as_long_as_it_takes(policies: Simulator, number: int) -> None:
    policies.auto_establish = number
    clock = Clock()
    result = health(policies, clock=clock, svm="svm1", policies=["web", "db"])
    assert set(statuses(result["policies"]).values()) == {"established"}
    assert looks(policies) == number + 1
    assert clock.pauses == [1, 2, 4, 5, 5][:number]
    # The policies and the service are read once.
    assert len(policies.requests) == number + 3


def test_when_time_is_over_the_list_says_what_each_lacks(policies: Simulator) -> None:
    policies.establish("db", "svm1", ike_state="connecting", ipsec=False)
    policies.establish("web", "svm2")
    clock = Clock()
    message, outcome = failure(policies, clock=clock, wait=20)
    assert message == (
        "2 of 5 policies do not have the security associations that are expected of them after 20 s: IPsec policy 'db' on "
        "SVM 'svm1' is established with 0 of 1 peers, and is half-open with 1 (IKE: 1 connecting); IPsec policy 'web' on "
        "SVM 'svm1' has none. db: IKE with 10.0.1.1 has begun, and is not established: the array does not say what it waits for. "
        "The client's log tells. In this order: UDP ports 500 and 4500 both ways, its daemon, its IKE proposal (AES-256, SHA-384, "
        "ECP-384), its identity, its key or certificate."
    )
    assert statuses(outcome)["svm1", "db"] == "half_open"
    assert clock.pauses == [1, 2, 4, 5, 5, 3]
    assert looks(policies) == len(clock.pauses) + 1


def test_many_that_have_none_are_told_by_name(array: Simulator) -> None:
    for number in range(22):
        array.add_policy({"name": f"p{number:02}", "svm": "svm1", "action": "esp_transport"})
    array.add_policy({"name": "web", "svm": "svm2", "action": "esp_transport"})
    array.add_policy({"name": "db", "svm": "svm2", "action": "esp_transport"})
    array.establish("db", "svm2", ike_state="connecting", ipsec=False)
    message, outcome = failure(array, wait=0)
    names = ", ".join(f"p{number:02}" for number in range(20))
    assert message.startswith(
        "24 of 24 policies do not have the security associations that are expected of them: 22 on SVM 'svm1' have none: "
        f"{names}, and 2 more, which are in the result; 1 on SVM 'svm2' has none: web; IPsec policy 'db' on SVM 'svm2' is established "
        "with 0 of 1 peers"
    )
    assert len(outcome) == 24


def test_as_many_peers_as_are_expected(policies: Simulator) -> None:
    policies.establish("web", "svm2", remote_address="10.0.0.1")
    options = {"svm": "svm2", "policies": ["web"], "wait": 0}
    well = health(policies, **options)
    assert well["policies"][0]["peers"] == {"established": 1, "half_open": 0}
    assert well["msg"] == "1 policy has the security associations that are expected of it."
    assert "is established with 1 of 2 peers" in failure(policies, **options, peers=2)[0]
    policies.establish("web", "svm2", "cluster1-02", remote_address="10.0.0.2")
    assert health(policies, **options, peers=2)["policies"][0]["nodes"] == ["cluster1-01", "cluster1-02"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"policies": ["web", "nfs"], "svm": "svm2"},
            "1 of 2 policies .*: there is no IPsec policy 'nfs' on SVM 'svm2'",
        ),
        ({"policies": ["we*"], "svm": "svm2"}, r"there is no IPsec policy 'we\*'"),
        ({"policies": ["old"]}, "'old' on SVM 'svm1' can have none, because it is disabled or protects nothing"),
        ({"policies": ["open"]}, "'open' on SVM 'svm1' can have none"),
    ],
)
def test_what_waiting_does_not_help_fails_at_once(policies: Simulator, options: dict[str, Any], sentence: str) -> None:
    policies.establish("web", "svm2")
    clock = Clock()
    with pytest.raises(Unprotected, match=sentence):
        health(policies, clock=clock, **options)
    assert clock.pauses == []


@pytest.mark.parametrize("setting", ["normal", "empty"])
def test_while_ipsec_is_off_nothing_is_well(policies: Simulator, setting: str) -> None:
    policies.unknowns = Unknowns(while_disabled=setting)
    policies.ipsec_enabled = False
    clock = Clock()
    message, _outcome = failure(policies, clock=clock)
    assert "IPsec is not enabled on this array: enable it, with ipsec_config." in message
    assert clock.pauses == []


@pytest.mark.parametrize(
    ("svm", "reason"),
    [
        ("svm9", "The array lists no policy of SVM 'svm9'. The SVM may not exist, or have another name."),
        ("SVM1", "The array lists no policy of SVM 'SVM1'. The SVM may not exist, or have another name."),
        (
            "asleep",
            "None of the 2 policies of SVM 'asleep' protects traffic: each is disabled, or a bypass or discard.",
        ),
    ],
)
def test_nothing_looked_at_is_a_failure_unless_that_is_allowed(policies: Simulator, svm: str, reason: str) -> None:
    policies.add_svm("asleep")
    policies.add_policy({"name": "off", "svm": "asleep", "action": "esp_transport", "enabled": False})
    policies.add_policy({"name": "open", "svm": "asleep", "action": "bypass"})
    clock = Clock()
    message, outcome = failure(policies, clock=clock, svm=svm)
    assert message == f"{reason} So nothing was looked at. Set allow_empty: true if that is fine."
    assert (looks(policies), clock.pauses) == (0, [])
    assert statuses(health(policies, svm=svm, allow_empty=True)["policies"]) == statuses(outcome)
    assert reason in health(policies, svm=svm, check_mode=True)["warnings"][0]


def test_an_array_without_policies_is_well_only_if_that_is_allowed(array: Simulator) -> None:
    assert failure(array)[0].startswith("The array lists no policy. So nothing was looked at.")
    assert health(array, allow_empty=True)["policies"] == []


def test_what_is_ignored_counts_as_looked_at(policies: Simulator) -> None:
    assert health(policies, svm="svm2", ignore=["web"])["changed"] is False


def test_check_mode_looks_once_and_warns(policies: Simulator) -> None:
    clock = Clock()
    result = health(policies, check_mode=True, clock=clock, svm="svm1", policies=["web", "new"])
    assert statuses(result["policies"]) == {("svm1", "web"): "none", ("svm1", "new"): "missing"}
    assert "there is no IPsec policy 'new'" in result["warnings"][0]
    assert clock.pauses == []


@pytest.mark.parametrize(
    "options",
    [
        {"policies": []},
        {"peers": 0},
        {"wait": -1},
        {"wait": "long"},
        {"svm": "11111111-2222-3333-4444-555555555555"},
        {"ignore": "['web']"},
        {"policies": [""]},
    ],
)
def test_bad_input_is_refused_without_a_request(array: Simulator, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        health(array, **options)
    assert array.requests == []


def test_what_is_to_be_ignored_is_not_waited_for(policies: Simulator) -> None:
    policies.establish("web", "svm1")
    result = health(policies, clock=Clock(), svm="svm1", ignore=["db"])
    assert statuses(result["policies"])["svm1", "db"] == "not_expected"
    with pytest.raises(InvalidInput, match="policies, ignore: db"):
        health(policies, svm="svm1", policies=["db"], ignore=["db"])


def test_names_are_exact(policies: Simulator) -> None:
    for name in ('a|b*"{}', "a"):
        policies.add_policy({"name": name, "svm": "svm2", "action": "esp_transport", "enabled": True})
    policies.establish("a", "svm2")
    assert "'a|b*\"{}' on SVM 'svm2' has none" in failure(policies, policies=['a|b*"{}'], wait=0)[0]
    policies.establish('a|b*"{}', "svm2")
    assert len(health(policies, policies=['a|b*"{}'], wait=0)["policies"]) == 1


def test_an_error_ends_the_wait(policies: Simulator) -> None:
    policies.refuse("GET", ASSOCIATIONS, code=262145, occurrence=2)
    with pytest.raises(ApiError, match="Listing IPsec security association objects failed"):
        health(policies, clock=Clock())


def test_an_account_that_may_not_read_the_service_can_check(policies: Simulator) -> None:
    policies.add_account("limited", "a-password", forbidden=("/api/security/ipsec/x",))
    policies.refuse("GET", "/api/security/ipsec", code=6)
    policies.auto_establish = True
    assert health(policies, username="limited", password="a-password")["changed"] is False


# --- certificates that expire ---


def test_certificates_that_expire_are_warned_of(policies: Simulator) -> None:
    soon, later = (datetime.now(UTC) + timedelta(days=days, hours=1) for days in (12, 200))
    for name, svm, end in (("a", "svm1", soon), ("b", "svm1", later), ("c", "svm2", soon)):
        policies.add_certificate(name, svm, "server", expiry_time=end.isoformat())
        policies.add_policy({"name": f"pki-{name}", "svm": svm, "certificate": name})
    policies.add_certificate("ca", None, "server_ca", expiry_time=soon.isoformat())
    policies.add_ca_certificate("ca")
    policies.auto_establish = True
    assert "expiring" not in health(policies)
    policies.clear_log()
    result = health(policies, expiry_warning=30)
    assert len(policies.requests) == 6
    warnings = [
        f"X.509 certificate {name} expires in 12 days, on {soon:%Y-%m-%d} (used by {user})."
        for name, user in (
            ("'ca' of cluster scope", "IPsec, as an authority"),
            ("'a' on SVM 'svm1'", "policy 'pki-a'"),
            ("'c' on SVM 'svm2'", "policy 'pki-c'"),
        )
    ]
    assert sorted(result["warnings"]) == sorted(warnings)
    assert {one["name"] for one in result["expiring"]} == {"a", "c", "ca"}
    for options, names in (
        ({"svm": "svm1", "expiry_warning": 12}, []),
        ({"svm": "svm1", "expiry_warning": 13}, ["a", "ca"]),
        ({"policies": ["pki-b"], "expiry_warning": 300}, ["b", "ca"]),
        ({"svm": "svm1", "policies": ["pki-a"], "expiry_warning": 300}, ["a", "ca"]),
    ):
        found = health(policies, **options)["expiring"]
        assert sorted(one["name"] for one in found) == names
    # It may be why there are no associations.
    policies.auto_establish = False
    policies.add_policy({"name": "silent", "svm": "svm1", "certificate": "b"})
    message, _outcome = failure(policies, policies=["silent"], wait=0, expiry_warning=300)
    assert "'silent' on SVM 'svm1' has none. X.509 certificate 'ca' of cluster scope expires" in message
    assert "'b' on SVM 'svm1' expires in 200 days" in message
    with pytest.raises(InvalidInput, match="expiry_warning: -1 is too small"):
        health(policies, expiry_warning=-1)


def test_certificates_that_could_not_be_read_are_no_good_news(policies: Simulator) -> None:
    policies.auto_establish = True
    policies.add_account("restricted", "restricted-password", forbidden=("/api/security/certificates",))
    result = health(policies, username="restricted", password="restricted-password", expiry_warning=30)
    assert result["expiring"] is None
    assert "Whether a certificate expires was not looked at: " in result["warnings"][0]


# --- why a policy has none ---

CLIENT, LIF = "10.0.1.7", "10.0.0.1"


def causes(outcome: list[dict[str, Any]]) -> dict[str, list[tuple[str, str]]]:
    """Cause and certainty, by the name of the policy."""
    return {
        one["policy"]: [(cause["cause"], cause["certainty"]) for cause in one["causes"]]
        for one in outcome
        if one["causes"]
    }


@pytest.fixture
def clients(array: Simulator) -> Simulator:
    """A policy for each of six clients, and one that is asleep."""
    for host in range(1, 7):
        remote = {"address": f"10.0.1.{host}", "netmask": "32"}
        array.add_policy({"name": f"c{host}", "svm": "svm1", "remote_endpoint": remote})
    array.add_policy({"name": "asleep", "svm": "svm1", "enabled": False})
    array.add_policy({"name": "c1", "svm": "svm2", "remote_endpoint": {"address": "10.9.0.1", "netmask": "32"}})
    array.establish("c1", "svm2")
    return array


@pytest.mark.parametrize("form", ["brackets", "arrow"])
def test_the_events_say_why(clients: Simulator, form: str) -> None:
    clients.unknowns = Unknowns(association_text=form)
    clients.packet_in("10.0.1.1", LIF)
    clients.packet_out(LIF, "10.0.1.2")
    clients.establish("c3", "svm1", ipsec=False)
    clients.establish("c4", "svm1")
    index = clients.security_associations()[-1]["ipsec"]["inbound"]["security_parameter_index"]
    clients.packet_in("10.0.1.4", LIF, spi=index, damaged=True)
    clients.drop_sas("c4", "svm1")
    clients.packet_in("10.0.1.5", LIF, spi="0xc0ffee")
    clients.packet_in("10.8.8.8", LIF)
    clients.log_event("raid.disk.missing", "error")
    message, outcome = failure(clients, wait=0)
    assert causes(outcome) == {
        "c1": [("sent_unprotected", "likely")],
        "c2": [("not_negotiated", "possible")],
        "c3": [("ike_without_child", "likely")],
        "c4": [("out_of_step", "likely")],
        "c5": [("out_of_step", "likely")],
        "c6": [("silent", "possible")],
    }
    assert "c1: ipsec.ib.policy.violation of 10.0.1.1 once at " in message
    assert clients.requests[-1].path == "/api/support/ems/events"


def test_what_the_array_itself_says(clients: Simulator) -> None:
    expired = datetime.now(UTC) - timedelta(days=3, hours=1)
    clients.add_certificate("old", "svm1", "server", expiry_time=expired.isoformat())
    clients.add_policy({"name": "pki", "svm": "svm1", "certificate": "old"})
    message, outcome = failure(clients, wait=0, svm="svm1", policies=["pki", "asleep", "nowhere"])
    assert causes(outcome) == {
        "pki": [("certificate_expired", "likely")],
        "asleep": [("policy_disabled", "certain")],
        "nowhere": [("policy_missing", "certain")],
    }
    assert "pki: Certificate 'old' of the policy has expired 4 days ago" in message
    clients.ipsec_enabled = False
    for setting in ("normal", "empty"):
        clients.unknowns = Unknowns(while_disabled=setting)
        _message, outcome = failure(clients, wait=0, svm="svm1", policies=["pki"])
        assert causes(outcome)["pki"][0] == ("ipsec_disabled", "certain")


def test_without_the_right_to_read_events_the_same_and_that_is_said(clients: Simulator) -> None:
    clients.packet_in("10.0.1.1", LIF)
    clients.establish("c3", "svm1", ipsec=False)
    clients.add_account("auditor", "an-auditors-password", forbidden=("/api/support",))
    message, outcome = failure(clients, wait=0, username="auditor", password="an-auditors-password")
    assert "Not looked at: events. Listing EMS event objects failed: " in message
    assert causes(outcome)["c1"] == [("silent", "possible")]
    assert causes(outcome)["c3"] == [("ike_without_child", "likely")]
    (silent,) = next(one for one in outcome if one["policy"] == "c1" and one["svm"] == "svm1")["causes"]
    assert "events could not be read" in silent["evidence"]


@pytest.mark.parametrize("path", ["/api/security/ipsec/policies", "/api/security/ipsec"])
def test_what_can_not_be_read_for_the_causes_hides_no_failure(clients: Simulator, path: str) -> None:
    clients.refuse("GET", path, code=262145, occurrence=2, times=9)
    message, outcome = failure(clients, wait=0)
    assert "6 of 8 policies do not have the security associations" in message
    assert "Not looked at: " in message
    assert all("causes" in one for one in outcome)


def test_one_client(clients: Simulator) -> None:
    clients.add_policy({"name": "subnet", "svm": "svm1", "remote_endpoint": {"address": "10.0.1.0", "netmask": "24"}})
    clients.establish("subnet", "svm1", remote_address="10.0.1.99")
    clients.establish("c2", "svm1")
    clients.packet_in("10.0.1.1", LIF)
    clients.packet_in("10.0.1.3", LIF)
    clients.connect_nfs("10.0.1.1", LIF, "svm1")
    clients.connect_nfs("10.0.1.1", LIF, "svm1", volume="vol2")
    clients.connect_smb("10.0.1.2", LIF, "svm1")
    clients.connect_iscsi("10.0.1.1", "10.0.0.2", "svm1")
    with pytest.raises(Unprotected) as caught:
        health(clients, wait=0, peer="10.0.1.1")
    result = caught.value.result()
    assert statuses(result["policies"]) == {
        ("svm1", "asleep"): "not_expected",
        ("svm1", "c1"): "none",
        ("svm1", "subnet"): "none",
    }
    assert causes(result["policies"]) == {name: [("sent_unprotected", "likely")] for name in ("c1", "subnet")}
    peer = result["peer"]
    assert [one["name"] for one in peer["policies"]] == ["asleep", "c1", "subnet"]
    assert (peer["address"], peer["security_associations"], result["unread"]) == ("10.0.1.1", [], [])
    assert [(one["name"], one["peer"]) for one in peer["events"]] == [("ipsec.ib.policy.violation", "10.0.1.1")]
    assert sorted((one["protocol"], one["server"]) for one in peer["sessions"]) == [
        ("iscsi", "10.0.0.2"),
        ("nfs3", LIF),
    ]
    well = health(clients, wait=0, peer="10.0.1.2", ignore=["subnet"])
    assert [one["type"] for one in well["peer"]["security_associations"]] == ["ike", "ipsec"]
    assert "causes" not in well["policies"][0]
    message, _outcome = failure(clients, wait=0, peer="10.7.7.7")
    assert "The array lists no policy for peer 10.7.7.7. So nothing was looked at." in message
    with pytest.raises(InvalidInput, match="peer: 'db1' is not an IPv4 or IPv6 address"):
        health(clients, peer="db1")
