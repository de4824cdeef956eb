# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found out about a policy by certificate before it is written: what would fail at its first handshake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import x509
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput, OntapError
from simulator import Simulator
from simulator.authority import Authority
from support.arrays import methods, writes
from support.harness import policies, policy

NOW = datetime.now(UTC)
ROOT = Authority("C=DE, O=Example, CN=Root")
SUBJECT = "C=DE, O=Example, CN=svm1.example.com"
CERTIFICATES, AUTHORITIES = "/api/security/certificates", "/api/security/ipsec/ca-certificates"
POLICY: dict[str, Any] = {
    "name": "web",
    "svm": "svm1",
    "action": "esp_transport",
    "local_endpoint": {"address": "10.10.10.7/32"},
    "remote_endpoint": {"address": "10.10.30.5/32"},
    "certificate": "mine",
    "local_identity": SUBJECT,
    "remote_identity": "CN=db.example.com",
}


def install(array: Simulator, name: str, authority: Authority = ROOT, **issued: Any) -> None:
    kind = issued.pop("type", "server")
    one = authority.issue(issued.pop("subject", SUBJECT), **issued)
    array.add_certificate(name, "svm1", kind, public_certificate=one.certificate)


def trust(array: Simulator, name: str, authority: Authority) -> None:
    array.add_certificate(name, "svm1", "server_ca", public_certificate=authority.certificate)
    array.add_ca_certificate(name, "svm1")


@pytest.fixture(autouse=True)
def furnished(array: Simulator) -> None:
    """One SVM with a certificate, all that could be wrong with others, and an authority that IPsec trusts."""
    install(array, "mine", hosts=["svm1.example.com"], addresses=["10.10.10.7"])
    install(array, "expired", end=NOW - timedelta(days=1))
    install(array, "early", start=NOW + timedelta(days=1))
    install(array, "mute", signs=False)
    install(array, "code", purposes=["code"])
    install(array, "other", subject="CN=svm2.example.com")
    trust(array, "root", ROOT)


WRONG = [
    ({"certificate": "nothing"}, "certificate: .*'nothing' on SVM 'svm1' is not installed"),
    ({"certificate": "root"}, "certificate: .*'root' on SVM 'svm1' is of type server_ca: IPsec identifies itself"),
    ({"certificate": "expired"}, "certificate: .*'expired' on SVM 'svm1' has expired, on"),
    ({"certificate": "early"}, "certificate: .*'early' on SVM 'svm1' is not valid before"),
    ({"certificate": "mute"}, "certificate: .*has a key that may not sign"),
    ({"certificate": "code"}, "certificate: .*was issued for 1.3.6.1.5.5.7.3.3"),
    (
        {"certificate": "other"},
        f"local_identity: '{SUBJECT}' is neither the subject nor .* proves 'CN=svm2.example.com'",
    ),
    ({"local_identity": "CN=svm1.example.com"}, "local_identity: .* is a part of the certificate's subject"),
    ({"local_identity": "CN=svm1.example.com, O=Example, C=DE"}, "local_identity: .* in another order"),
    ({"local_identity": "svm2.example.com"}, "local_identity: .* is neither .* or 'svm1.example.com' or '10.10.10.7'"),
    ({"local_identity": "ANYTHING"}, "local_identity: 'ANYTHING' is ANYTHING, which is no identity"),
    ({"remote_identity": "10.10.30.0/24"}, "remote_identity: '10.10.30.0/24' is a subnet"),
]


@pytest.mark.parametrize(("changes", "sentence"), WRONG)
def test_what_is_certain_to_fail_is_refused(array: Simulator, changes: dict[str, Any], sentence: str) -> None:
    """Alone and in a set, for a new policy and for one that is there; in a set, with the place of the entry."""
    good = {**POLICY, "name": "good"}
    policy(array, **good)
    before = array.policies()
    missing = changes.get("certificate") == "nothing"
    for options in ({**POLICY, **changes}, {**good, **changes}):
        for check_mode in (True, False):
            if check_mode and missing:
                # An earlier task may have predicted it.
                told = policy(array, check_mode=True, **options)["warnings"]
                assert any("is not installed" in one and "nothing is written now" in one for one in told)
                continue
            with pytest.raises(InvalidInput, match=sentence):
                policy(array, check_mode=check_mode, **options)
        with pytest.raises(InvalidInput, match=rf"policies\[1\] .*{sentence}") as caught:
            policies(array, policies=[{**good, "enabled": False}, {**options, "name": "new"}])
        (refused,) = caught.value.result()["refused"]
        assert (refused["position"], refused["name"], refused["reason"]) == (1, "new", "entry")
    assert array.policies() == before


def test_what_fits_is_said_nothing_of(array: Simulator) -> None:
    fitting = [SUBJECT, "c=de,o=Example,CN=svm1.example.com", "svm1.example.com", "10.10.10.7", None]
    for number, identity in enumerate(fitting):
        result = policy(array, **{**POLICY, "name": f"p{number}", "local_identity": identity})
        assert (result["operation"], result["warnings"]) == ("created", [])
    # A whole set costs what one policy costs: its own listing, that of certificates, that of authorities.
    array.clear_log()
    wanted = [{**POLICY, "name": f"q{number}"} for number in range(4)]
    assert policies(array, policies=wanted)["warnings"] == []
    assert methods(array) == ["GET"] * 3 + ["POST"] * 4


def test_only_certificates_and_identities_are_worth_a_request(array: Simulator) -> None:
    policy(array, **POLICY)
    install(array, "next")
    for changes, reads in (
        ({}, 1),
        ({"enabled": False}, 1),
        ({"enabled": True}, 3),
        ({"certificate": "next"}, 3),
        ({"remote_identity": "ANYTHING"}, 3),
        ({"local_identity": SUBJECT.lower()}, 3),
    ):
        array.clear_log()
        result = policy(array, **{**POLICY, **changes})
        assert (methods(array).count("GET"), result["warnings"]) == (reads, []), changes
        assert result["changed"] is bool(changes)
        policy(array, **POLICY)
    key = {**POLICY, "name": "key", "certificate": None, "secret_key": "a-secret-key-of-the-tests"}
    for changes, reads in (({}, 1), ({"local_identity": "svm2.example.com"}, 1)):
        array.clear_log()
        policy(array, **{**key, **changes})
        assert methods(array).count("GET") == reads


def test_certificates_of_other_svms_are_read_for_a_policy_of_none_only(array: Simulator) -> None:
    for svm, filtered in (("svm1", True), (None, False)):
        array.clear_log()
        warnings = policy(array, check_mode=True, **{**POLICY, "svm": svm})["warnings"]
        (asked,) = [request.raw_query for request in array.requests if request.path == CERTIFICATES]
        assert ("svm.name=svm1" in asked) is filtered
    assert "It is installed on SVM 'svm1': check the option svm." in warnings[0]


def test_a_task_that_names_little_is_checked_with_what_is_there(array: Simulator) -> None:
    policy(array, **POLICY)
    short = {"name": "web", "svm": "svm1"}
    # Whether it is one by certificate takes a request, where the task does not name that.
    for changes, reads in (({"certificate": "other"}, 3), ({"local_identity": "CN=svm1.example.com"}, 4)):
        array.clear_log()
        with pytest.raises(InvalidInput, match="local_identity"):
            policy(array, **short, **changes)
        assert methods(array) == ["GET"] * reads
    # Only the whole policy tells that it has a key.
    policy(array, **{**POLICY, "name": "key", "certificate": None, "secret_key": "a-secret-key-of-the-tests"})
    array.clear_log()
    assert policy(array, name="key", svm="svm1", local_identity="whatever")["warnings"] == []
    assert methods(array) == ["GET", "GET", "PATCH"]


def test_a_policy_that_is_switched_on_is_checked(array: Simulator) -> None:
    """Its certificate may have expired meanwhile. Switched off, nobody needs it."""
    install(array, "short", end=NOW + timedelta(days=1))
    policy(array, **{**POLICY, "certificate": "short"})
    array.edit_policy("web", "svm1", {"certificate.name": "expired"})
    short = {"name": "web", "svm": "svm1"}
    assert policy(array, enabled=False, **short)["warnings"] == []
    array.clear_log()
    with pytest.raises(InvalidInput, match="'expired' on SVM 'svm1' has expired, on"):
        policy(array, enabled=True, **short)
    assert methods(array) == ["GET"] * 4
    with pytest.raises(InvalidInput, match=r"policies\[0\] .*'expired' on SVM 'svm1' has expired, on"):
        policies(array, policies=[{"enabled": True, **short}])
    assert policy(array, enabled=True, **{**POLICY, "certificate": "mine"})["warnings"] == []
    # One with a key costs its own record, to know that.
    policy(array, **{**POLICY, "name": "key", "certificate": None, "secret_key": "a-secret-key-of-the-tests"})
    policy(array, name="key", svm="svm1", enabled=False)
    array.clear_log()
    assert policy(array, name="key", svm="svm1", enabled=True)["warnings"] == []
    assert methods(array) == ["GET", "GET", "PATCH"]


def test_a_plan_of_a_whole_cluster_waits_for_no_certificate(array: Simulator) -> None:
    """Whoever plans for all of it decides for all of it: nothing can have been predicted before."""
    missing = {**POLICY, "certificate": "nothing"}
    (warning,) = policies(array, check_mode=True, policies=[missing])["warnings"]
    assert "'nothing' on SVM 'svm1' is not installed" in warning
    with pytest.raises(InvalidInput, match="'nothing' on SVM 'svm1' is not installed"):
        policies(array, check_mode=True, policies=[missing], whole_cluster=True)


def test_what_is_only_likely_to_fail_is_a_warning(array: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(**changes: Any) -> list[str]:
        assert writes(array) == []
        warnings = policy(array, check_mode=True, **{**POLICY, **changes})["warnings"]
        in_a_set = policies(array, check_mode=True, policies=[{**POLICY, **changes}])["warnings"]
        assert [one.partition("svm1'): ")[2] for one in in_a_set] == warnings
        return [str(one) for one in warnings]

    assert told() == []
    assert "can't be told" in told(local_identity="@#0123")[0]
    array.remove_certificate("root", "svm1")
    assert "no authority is listed as registered with IPsec for SVM 'svm1'" in told()[0]
    # One of the cluster may count, or not.
    array.add_certificate("everywhere", None, "server_ca", public_certificate=ROOT.certificate)
    array.add_ca_certificate("everywhere")
    assert told() == []
    array.remove_certificate("everywhere")
    trust(array, "narrow", Authority("CN=Narrow", permitted=["example.com"]))
    assert told(remote_identity="db.example.com") == []
    assert "'db.example.net' is outside of what the authorities" in told(remote_identity="db.example.net")[0]
    # Another one may have signed it.
    trust(array, "wide", Authority("CN=Wide"))
    assert told(remote_identity="db.example.net") == []
    array.remove_certificate("wide", "svm1")
    trust(array, "old", Authority("CN=Old", end=NOW - timedelta(days=1)))
    assert "'db.example.net' is outside" in told(remote_identity="db.example.net")[0]
    array.remove_certificate("narrow", "svm1")
    assert "none of the authorities that IPsec trusts for SVM 'svm1' is valid now" in told()[0]


def test_what_could_not_be_checked_is_said(array: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for hidden, sentence in (
        (CERTIFICATES, "certificate: this account may not ask GET /api/security/certificates, so it was not checked"),
        (AUTHORITIES, "remote_identity: this account may not ask GET /api/security/ipsec/ca-certificates"),
    ):
        array.add_account("restricted", "restricted-password", forbidden=(hidden,))
        login = {"username": "restricted", "password": "restricted-password"}
        assert [one[: len(sentence)] for one in policy(array, check_mode=True, **POLICY, **login)["warnings"]] == [
            sentence
        ]
    array.edit_certificate("mine", "svm1", {"public_certificate": "unreadable"})
    assert "can't be read, so its usage and local_identity" in policy(array, check_mode=True, **POLICY)["warnings"][0]
    monkeypatch.setattr(x509, "READABLE", False)
    (warning,) = policy(array, check_mode=True, **{**POLICY, "certificate": "other"})["warnings"]
    assert (
        "cryptography is not installed where this task runs, so its usage and local_identity were not checked"
        in warning
    )
    array.edit_certificate("other", "svm1", {"expiry_time": "2001-01-01T00:00:00Z"})
    with pytest.raises(InvalidInput, match="has expired, on 2001-01-01"):
        policy(array, **{**POLICY, "certificate": "other"})
    array.edit_certificate("other", "svm1", {"expiry_time": None})
    told = policy(array, check_mode=True, **{**POLICY, "certificate": "other"})["warnings"]
    assert "does not say when it expires" in told[0]


@pytest.mark.parametrize("path", [CERTIFICATES, AUTHORITIES])
def test_a_check_that_fails_leaves_everything_as_it_was(array: Simulator, path: str) -> None:
    array.refuse("GET", path, code=262145, status=500)
    with pytest.raises(OntapError, match="found out whether the certificate .* Nothing was changed"):
        policy(array, **POLICY)
    assert writes(array) == []
