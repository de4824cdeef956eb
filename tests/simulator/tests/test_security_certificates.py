# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: listing, installing, deleting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import x25519

from simulator import Simulator, Unknowns
from simulator.authority import Authority, Issued

from .conftest import Api

PATH = "/api/security/certificates"
ROOT = Authority("CN=Root")
BETWEEN = Authority("CN=Between", ROOT)
LEAF = BETWEEN.issue("C=DE, O=Example, CN=svm1.example.com", hosts=["svm1.example.com"], addresses=["10.10.10.7"])


def install(issued: Issued, **changes: Any) -> dict[str, Any]:
    """Return the body that installs a certificate of svm1; None takes a field away."""
    body = {
        "name": "new",
        "svm": {"name": "svm1"},
        "type": "server",
        "public_certificate": issued.certificate,
        "private_key": issued.key,
        "intermediate_certificates": list(issued.chain),
        **changes,
    }
    return {field: value for field, value in body.items() if value is not None}


def authority(one: Authority, **changes: Any) -> dict[str, Any]:
    """Return the body that installs the certificate of an authority."""
    usual = {"type": "server_ca", "private_key": None, "intermediate_certificates": None}
    return install(Issued(one.certificate, ""), **{**usual, **changes})


def test_certificates(array: Simulator, api: Api) -> None:
    array.add_certificate("mine", "svm2")
    found = api.records(PATH, fields="name,type,scope,svm.name")
    shown = sorted((one.get("svm", {}).get("name", ""), one["name"], one["type"], one["scope"]) for one in found)
    assert shown == [
        ("", "cluster-cert", "server", "cluster"),
        ("svm1", "ipsec-ca", "server_ca", "svm"),
        ("svm1", "ipsec-cert", "server", "svm"),
        ("svm2", "ipsec-cert", "server", "svm"),
        ("svm2", "mine", "client", "svm"),
    ]


def found(api: Api, **filters: str) -> list[str]:
    """Return the names of the certificates that match."""
    return [one["name"] for one in api.records(PATH, **{"fields": "name", **filters})]


def test_certificates_are_found_by_what_they_are(array: Simulator, api: Api) -> None:
    uuid = array.add_certificate(
        "old", "svm1", "server", expiry_time="2020-01-01T02:00:00+02:00", common_name="me.example"
    )
    assert found(api, name="ipsec-*", svm__name="svm1") == ["ipsec-ca", "ipsec-cert"]
    assert found(api, type="client|server", svm__name="svm1") == ["ipsec-cert", "old"]
    assert found(api, type="*_ca") == ["ipsec-ca"]
    assert found(api, scope="cluster") == ["cluster-cert"]
    assert found(api, common_name="me.example") == found(api, uuid=uuid) == ["old"]
    for expression in ("<2020-01-01T00:00:01Z", "2020-01-01T00:00:00Z", "2019-12-31T00:00:00Z..2020-01-01T00:00:00"):
        assert found(api, expiry_time=expression) == ["old"], expression
    assert found(api, expiry_time="<=2019-12-31T23:59:59Z") == []
    assert api.refused("GET", PATH, expiry_time="soon") == ("262197", "expiry_time")
    assert found(api, order_by="expiry_time")[0] == "old"


def test_all_of_a_certificate(array: Simulator, api: Api) -> None:
    uuid = array.add_certificate("mine", "svm1", "client", public_certificate="-----BEGIN CERTIFICATE-----")
    shown = api("GET", f"{PATH}/{uuid}").json()
    assert shown["svm"]["name"] == "svm1"
    assert datetime.fromisoformat(shown["expiry_time"]) > datetime.now(UTC)
    assert {*shown} == {
        *("uuid", "name", "svm", "scope", "type", "common_name", "serial_number", "ca", "expiry_time", "key_size"),
        *("hash_function", "public_certificate", "_links"),
        *("subject_key_identifier", "authority_key_identifier", "subject_alternatives"),
    }


def test_certificates_change_and_go(array: Simulator, api: Api) -> None:
    array.edit_certificate("ipsec-cert", "svm1", {"type": "server_ca", "ca": None})
    (record,) = api.records(PATH, name="ipsec-cert", svm__name="svm1", fields="*")
    assert (record["type"], "ca" in record) == ("server_ca", False)
    array.add_ca_certificate("ipsec-ca", "svm1")
    array.remove_certificate("ipsec-ca", "svm1")
    assert found(api, name="ipsec-ca") == array.ca_certificates() == []
    with pytest.raises(KeyError):
        array.remove_certificate("ipsec-ca", "svm1")


# --- installing ---


@pytest.mark.parametrize("version", ["9.8", "9.14.1", "9.15.1", "9.19.1"])
def test_what_is_installed_shows_what_it_says_itself(array: Simulator, api: Api, version: str) -> None:
    array.version = version
    response = api("POST", PATH, install(LEAF), return_records="true")
    assert response.status_code == 201
    (record,) = response.json()["records"]
    expected = {
        "name": "new",
        "type": "server",
        "scope": "svm",
        "common_name": "svm1.example.com",
        "ca": "Between",
        "key_size": 256,
        "hash_function": "sha256",
        "public_certificate": LEAF.certificate,
    }
    assert {field: record[field] for field in expected} == expected
    assert "private_key" not in record and "intermediate_certificates" not in record
    assert record.get("subject_alternatives") == (
        {"dns": ["svm1.example.com"], "ip": ["10.10.10.7"]} if version in ("9.15.1", "9.19.1") else None
    )
    assert datetime.fromisoformat(record["expiry_time"]) > datetime.now(UTC) + timedelta(days=364)
    assert response.headers["Location"] == f"{PATH}/{record['uuid']}"


def test_nothing_shows_a_key(api: Api) -> None:
    api("POST", PATH, install(LEAF))
    assert api.refused("GET", PATH, fields="private_key") == ("262249", "fields")
    assert api.refused("GET", PATH, private_key=LEAF.key) == ("262250", "private_key")
    assert "PRIVATE" not in api("GET", PATH, fields="*").text


def test_a_certificate_of_the_cluster(api: Api) -> None:
    for number, svm in enumerate([None, {"name": "cluster1"}]):
        body = authority(Authority(f"CN=Root {number}"), name=f"root{number}", svm=svm)
        assert api("POST", PATH, body).status_code == 201
    shown = api.records(PATH, name="root*", fields="scope,svm")
    assert [(one["scope"], "svm" in one) for one in shown] == [("cluster", False)] * 2


def test_without_a_name_one_is_made(api: Api) -> None:
    response = api("POST", PATH, install(LEAF, name=None), return_records="true")
    assert response.json()["records"][0]["name"].startswith("svm1.example.com_")


OTHER = ROOT.issue("CN=other.example")
EARLY, LATE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
STRANGE = x25519.X25519PrivateKey.generate().private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)


@pytest.mark.parametrize(
    ("body", "code", "target"),
    [
        (install(LEAF, type=None), "262212", "type"),
        (install(LEAF, type="root_ca"), "3735622", "type"),
        (install(LEAF, type="server_chain"), "262185", "type"),
        (install(LEAF, svm={"name": "nobody"}), "262197", "svm.name"),
        (install(LEAF, public_certificate=None), "3735553", None),
        (install(LEAF, public_certificate="nothing"), "52559975", "public_certificate"),
        (install(LEAF, public_certificate=LEAF.certificate + LEAF.chain[0]), "52559975", "public_certificate"),
        (install(LEAF, private_key=None), "3735693", "private_key"),
        (install(LEAF, private_key="nothing"), "52560123", "private_key"),
        (install(LEAF, private_key=STRANGE.decode()), "52559976", "private_key"),
        (install(LEAF, private_key=OTHER.key), "52559976", "private_key"),
        (install(LEAF, intermediate_certificates=["nothing"]), "52559975", "intermediate_certificates"),
        (install(LEAF, intermediate_certificates=LEAF.chain[0]), "262254", "intermediate_certificates"),
        (install(LEAF, azure={"client_id": "x"}), "3735755", "azure"),
        (install(LEAF, uuid="x"), "262196", "uuid"),
        (authority(ROOT, private_key=LEAF.key), "3735618", "private_key"),
        (authority(ROOT, intermediate_certificates=[LEAF.chain[0]]), "3735696", "intermediate_certificates"),
        (install(ROOT.issue("", hosts=["a.example"])), "3735676", "common_name"),
        (install(ROOT.issue(start=EARLY, end=LATE)), "52559973", "public_certificate"),
        (install(ROOT.issue(start=datetime.now(UTC) + timedelta(days=1))), "52559972", "public_certificate"),
    ],
)
def test_what_can_not_be_installed(array: Simulator, api: Api, body: dict[str, Any], code: str, target: str) -> None:
    before = array.certificates()
    assert api.refused("POST", PATH, body) == (code, target)
    assert array.certificates() == before


def test_the_name_of_a_subject_that_is_empty(api: Api) -> None:
    body = install(ROOT.issue("", hosts=["a.example"]), common_name="a.example")
    assert api("POST", PATH, body).status_code == 201


def test_the_clock_is_that_of_the_array(array: Simulator, api: Api) -> None:
    array.now = datetime.now(UTC) + timedelta(days=366)
    assert api.refused("POST", PATH, install(LEAF))[0] == "52559973"
    array.now = EARLY
    assert api.refused("POST", PATH, install(LEAF))[0] == "52559972"
    array.now = None
    assert api("POST", PATH, install(LEAF)).status_code == 201


def test_a_certificate_is_there_once(api: Api) -> None:
    assert api("POST", PATH, install(LEAF)).status_code == 201
    for changes in ({}, {"name": "another"}):
        response = api("POST", PATH, install(LEAF, **changes))
        assert (response.status_code, response.json()["error"]["message"]) == (409, "duplicate entry")
    # Of another type, or on another SVM, the same is another one.
    assert api("POST", PATH, install(LEAF, name="another", type="client")).status_code == 201
    assert api("POST", PATH, install(LEAF, svm={"name": "svm2"})).status_code == 201
    # And the name is taken by another content.
    assert api.refused("POST", PATH, install(OTHER)) == ("1", "name")


@pytest.mark.parametrize(("setting", "status"), [("unique", 409), ("by_type", 201)])
def test_one_name_for_two_types(array: Simulator, api: Api, setting: str, status: int) -> None:
    array.unknowns = Unknowns(certificate_names=setting)
    assert api("POST", PATH, authority(ROOT)).status_code == 201
    assert api("POST", PATH, authority(ROOT, type="client_ca")).status_code == status


@pytest.mark.parametrize(
    ("setting", "form", "status"),
    [("either", "list", 201), ("either", "joined", 201), ("joined", "list", 400), ("joined", "joined", 201)],
)
def test_several_intermediates(array: Simulator, api: Api, setting: str, form: str, status: int) -> None:
    array.unknowns = Unknowns(several_intermediates=setting)
    deep = Authority("CN=Deep", BETWEEN).issue()
    chain = list(deep.chain) if form == "list" else ["".join(deep.chain)]
    assert api("POST", PATH, install(deep, intermediate_certificates=chain)).status_code == status


def test_a_chain_that_is_not_complete(array: Simulator, api: Api) -> None:
    array.unknowns = Unknowns(incomplete_chain="refused")
    assert api.refused("POST", PATH, install(LEAF)) == ("3735646", "intermediate_certificates")
    assert api("POST", PATH, authority(ROOT, name="root")).status_code == 201
    assert api.refused("POST", PATH, install(LEAF, intermediate_certificates=None))[0] == "3735646"
    assert api("POST", PATH, install(LEAF)).status_code == 201


def test_blanks_between_the_lines(array: Simulator, api: Api) -> None:
    array.unknowns = Unknowns(certificate_text="blanks")
    (record,) = api.records(PATH, name="ipsec-ca", fields="public_certificate")
    assert record["public_certificate"].startswith("-----BEGIN CERTIFICATE----- MII")


def test_many_at_a_time(array: Simulator, api: Api) -> None:
    response = api("POST", PATH, {"records": [install(LEAF), install(OTHER)]})
    assert response.status_code == 202
    job = f"/api/cluster/jobs/{response.json()['job']['uuid']}"
    assert [api("GET", job).json()["state"] for _poll in range(2)] == ["running", "failure"]
    assert found(api, name="new") == []


# --- deleting ---


def test_it_is_gone(api: Api) -> None:
    uuid = api.records(PATH, name="cluster-cert")[0]["uuid"]
    assert api("DELETE", f"{PATH}/{uuid}").status_code == 200
    assert api.refused("DELETE", f"{PATH}/{uuid}") == ("4", "uuid")
    assert api.refused("PATCH", f"{PATH}/{uuid}", {"name": "x"})[0] == "3"


@pytest.mark.parametrize(("version", "code"), [("9.10.1", "3735589"), ("9.17.1", "52560272")])
def test_what_is_used_stays(array: Simulator, api: Api, version: str, code: str) -> None:
    array.version = version
    array.add_policy({"name": "p", "svm": "svm1", "certificate": "ipsec-cert"})
    array.add_ca_certificate("ipsec-ca", "svm1")
    for name in ("ipsec-cert", "ipsec-ca"):
        uuid = api.records(PATH, name=name, svm__name="svm1")[0]["uuid"]
        assert api.refused("DELETE", f"{PATH}/{uuid}") == (code, "uuid")
        array.unknowns = Unknowns(certificate_in_use="deleted")
        assert api("DELETE", f"{PATH}/{uuid}").status_code == 200
        array.unknowns = Unknowns()
    assert array.ca_certificates() == []


def test_deleting_by_a_query(array: Simulator, api: Api) -> None:
    assert api("DELETE", PATH, type="server", svm__name="svm1|svm2").json()["num_records"] == 2
    assert found(api) == ["cluster-cert", "ipsec-ca"]
    assert api.refused("DELETE", PATH)[0] == "262212"
