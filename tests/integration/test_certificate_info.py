# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What certificate_info tells of certificates, and when it fails as a gate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import x509
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import (
    Expiring,
    InvalidInput,
    UnexpectedAnswer,
)
from simulator import Simulator, Unknowns
from simulator.authority import Authority
from support.arrays import methods
from support.harness import certificate_info

ROOT = Authority("C=DE, CN=Root")
BETWEEN = Authority("CN=Between", ROOT)
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def furnished(array: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two SVMs whose policies use certificates, half a year before the new year of 2030."""
    monkeypatch.setattr(x509, "now", lambda: NOON - timedelta(days=180))
    for name, one in (("root", ROOT), ("between", BETWEEN)):
        array.add_certificate(
            name, "svm1", "server_ca", public_certificate=one.certificate, expiry_time="2036-01-01T00:00:00Z"
        )
    array.add_ca_certificate("root", "svm1")
    issued = BETWEEN.issue("C=DE, CN=svm1.example.com", hosts=["svm1.example.com"], end=NOON)
    array.add_certificate("mine", "svm1", "server", public_certificate=issued.certificate)
    array.add_policy({"name": "b", "svm": "svm1", "certificate": "mine"})
    array.add_policy({"name": "a", "svm": "svm1", "certificate": "mine"})
    array.add_policy({"name": "key", "svm": "svm1"})
    array.add_policy({"name": "other", "svm": "svm2", "certificate": "ipsec-cert"})


def by_name(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in result["certificates"]}


@pytest.mark.parametrize("version", ["9.10.1", "9.19.1"])
def test_all_that_there_is_to_tell(array: Simulator, version: str) -> None:
    array.version = version
    result = certificate_info(array)
    assert methods(array) == ["GET"] * 3
    assert [(one["svm"], one["name"]) for one in result["certificates"]] == [
        (None, "cluster-cert"),
        ("svm1", "between"),
        ("svm1", "ipsec-ca"),
        ("svm1", "ipsec-cert"),
        ("svm1", "mine"),
        ("svm1", "root"),
        ("svm2", "ipsec-cert"),
    ]
    assert result["num_records"] == 7
    assert len({tuple(one) for one in result["certificates"]}) == 1
    mine = by_name(result)["mine"]
    assert mine.pop("uuid") and mine.pop("serial_number") and mine.pop("fingerprint").count(":") == 31
    assert mine == {
        "name": "mine",
        "svm": "svm1",
        "scope": "svm",
        "type": "server",
        "common_name": "svm1.example.com",
        "subject": "C=DE, CN=svm1.example.com",
        "issuer": "CN=Between",
        "alternatives": ["svm1.example.com"],
        "expiry_time": NOON.isoformat(),
        "expires_in_days": 180,
        "chain": ["between", "root"],
        "leads_to": "registered",
        "ipsec_policies": ["a", "b"],
        "ipsec_registered": False,
    }
    assert [by_name(result)[name]["leads_to"] for name in ("root", "ipsec-ca", "cluster-cert")] == [
        "registered",
        "installed",
        None,
    ]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"svm": "svm1"}, ["between", "ipsec-ca", "ipsec-cert", "mine", "root"]),
        ({"svm": "svm2"}, ["ipsec-cert"]),
        ({"svm": "nobody"}, []),
        ({"name": "ipsec-*"}, ["ipsec-ca", "ipsec-cert", "ipsec-cert"]),
        ({"name": "mine"}, ["mine"]),
        ({"name": "m[i]ne"}, []),
        ({"type": "server_ca"}, ["between", "ipsec-ca", "root"]),
        ({"used_by_ipsec": True}, ["mine", "root", "ipsec-cert"]),
        ({"used_by_ipsec": True, "type": "server", "svm": "svm1"}, ["mine"]),
    ],
)
def test_which_are_meant(array: Simulator, options: dict[str, Any], names: list[str]) -> None:
    assert [one["name"] for one in certificate_info(array, **options)["certificates"]] == names


def test_a_gate(array: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    meant = {"name": "mine", "svm": "svm1"}
    assert certificate_info(array, **meant, expires_within=180)["num_records"] == 1
    with pytest.raises(Expiring) as caught:
        certificate_info(array, **meant, expires_within=181)
    assert str(caught.value) == (
        "1 of 1 certificate expires within 181 days: X.509 certificate 'mine' on SVM 'svm1' expires in 180 days, on 2030-01-01 "
        "(used by policy 'a', policy 'b')."
    )
    assert caught.value.result()["certificates"][0]["name"] == "mine"
    monkeypatch.setattr(x509, "now", lambda: NOON + timedelta(seconds=1))
    with pytest.raises(Expiring, match="has expired, on 2030-01-01"):
        certificate_info(array, **meant, expires_within=0)


def test_a_gate_is_not_passed_by_nothing(array: Simulator) -> None:
    with pytest.raises(Expiring, match="nothing was looked at"):
        certificate_info(array, svm="nobody", expires_within=30)
    array.edit_certificate("mine", "svm1", {"expiry_time": None, "public_certificate": "unreadable"})
    with pytest.raises(Expiring, match="does not say when it expires"):
        certificate_info(array, name="mine", expires_within=0)
    with pytest.raises(InvalidInput, match="expires_within: -1 is too small"):
        certificate_info(array, expires_within=-1)


def test_while_ipsec_is_off(array: Simulator) -> None:
    array.ipsec_enabled = False
    array.unknowns = Unknowns(while_disabled="empty")
    with pytest.raises(UnexpectedAnswer, match="which policies use a certificate can't be told"):
        certificate_info(array)


def test_on_a_release_without_certificates_for_ipsec(array: Simulator) -> None:
    array.version = "9.8"
    assert by_name(certificate_info(array))["mine"]["ipsec_policies"] == []


def test_without_cryptography(array: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x509, "READABLE", False)
    mine = by_name(certificate_info(array))["ipsec-cert"]
    assert (mine["subject"], mine["chain"], mine["common_name"]) == (None, None, "svm2.example.com")
    assert mine["expires_in_days"] is not None and mine["fingerprint"]
