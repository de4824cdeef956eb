# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator tells of the data that it serves, by release, and to whom."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Simulator

from .conftest import Api

INTERFACES = "/api/network/ip/interfaces"
EXPORTS = "/api/protocols/nfs/export-policies"
PATHS = {
    INTERFACES: "9.8",
    EXPORTS: "9.8",
    "/api/protocols/nfs/services": "9.8",
    "/api/protocols/nfs/tls/interfaces": "9.15.1",
    "/api/protocols/nfs/connected-clients": "9.8",
    "/api/protocols/cifs/services": "9.8",
    "/api/protocols/cifs/sessions": "9.8",
    "/api/protocols/san/iscsi/sessions": "9.8",
}


@pytest.fixture
def serving(array: Simulator) -> Simulator:
    """Return an array that serves data."""
    array.serve_data()
    array.offer_nfs_tls("svm1_nfs1", "svm1")
    return array


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("version", ["9.8", "9.14.1", "9.15.1", "9.19.1"])
def test_each_release_has_its_endpoints(serving: Simulator, api: Api, path: str, version: str) -> None:
    serving.version = version
    response = api("GET", path, fields="*")
    there = tuple(map(int, version.split("."))) >= tuple(map(int, PATHS[path].split(".")))
    assert response.status_code == (200 if there else 404)
    if there:
        assert response.json()["num_records"] >= 1
        assert {one["svm"]["name"] for one in response.json()["records"]} <= {"svm1", "svm2"}


def test_an_array_that_nobody_set_up_serves_nothing(array: Simulator, api: Api) -> None:
    assert [api.records(path) for path in PATHS] == [[]] * len(PATHS)


def test_interfaces(serving: Simulator, api: Api) -> None:
    (one,) = api.records(INTERFACES, name="svm1_nfs1", fields="ip,services,svm.name,scope,ipspace.name")
    assert (one["ip"]["address"], one["ip"]["family"]) == ("10.10.10.7", "ipv4")
    assert {"data_nfs", "data_cifs"} <= {*one["services"]}
    assert (one["svm"]["name"], one["ipspace"]["name"]) == ("svm1", "Default")
    # Whether one of a list is so.
    assert {one["name"] for one in api.records(INTERFACES, services="data_iscsi")} == {"iscsi1"}
    assert api("GET", f"{INTERFACES}/{one['uuid']}").json()["name"] == "svm1_nfs1"
    serving.add_interface("v6", "svm2", "2001:db8::7", enabled=False)
    (six,) = api.records(INTERFACES, **{"ip.family": "ipv6", "fields": "enabled,ip"})
    assert (six["enabled"], six["ip"]["netmask"]) == (False, "64")


def rules_of(record: dict[str, Any]) -> list[list[str]]:
    return [[client["match"] for client in rule["clients"]] for rule in record["rules"]]


def test_rules_of_export_policies(serving: Simulator, api: Api) -> None:
    number = serving.add_export_policy(
        "mixed", "svm1", {"clients": ["10.1.1.1"]}, {"clients": ["@farm", ".example.com"], "ro_rule": ["krb5p"]}
    )
    (one,) = api.records(EXPORTS, name="mixed", fields="rules")
    assert rules_of(one) == [["10.1.1.1"], ["@farm", ".example.com"]]
    assert [rule["ro_rule"] for rule in one["rules"]] == [["any"], ["krb5p"]]
    assert "allow_nfs_tls_only" not in one["rules"][0]
    whole = api.records(f"{EXPORTS}/{number}/rules", fields="*")
    assert [rule["index"] for rule in whole] == [1, 2]
    assert api.refused("GET", f"{EXPORTS}/7/rules") == ("4", "id")
    assert rules_of({"rules": [api("GET", f"{EXPORTS}/{number}/rules/2").json()]}) == [["@farm", ".example.com"]]
    assert api.refused("GET", f"{EXPORTS}/{number}/rules/3") == ("4", "index")
    assert api.refused("GET", f"{EXPORTS}/{number}/nothing")[0] == "262179"
    assert api("GET", f"{EXPORTS}/{number}").json()["name"] == "mixed"


def test_a_policy_may_not_show_all_of_its_rules(serving: Simulator, api: Api) -> None:
    serving.version = "9.19.1"
    number = serving.add_export_policy("long", "svm1", *({"clients": [f"10.1.1.{host}"]} for host in range(5)))
    serving.rules_in_policies = 2
    long, *others = api.records(EXPORTS, svm__name="svm1", fields="rules,are_rules_truncated", order_by="name desc")
    assert (len(long["rules"]), long["are_rules_truncated"]) == (2, True)
    assert not any(one["are_rules_truncated"] for one in others)
    assert long["rules"][0]["allow_nfs_tls_only"] is False
    assert len(api.records(f"{EXPORTS}/{number}/rules")) == 5


def test_services_and_who_is_connected(serving: Simulator, api: Api) -> None:
    serving.set_nfs_service("svm1", **{"protocol.v3_enabled": False})
    found = {one["svm"]["name"]: one for one in api.records("/api/protocols/nfs/services", fields="protocol,transport")}
    assert [found[name]["protocol"]["v3_enabled"] for name in ("svm1", "svm2")] == [False, True]
    assert found["svm2"]["protocol"]["v3_features"]["mount_daemon_port"] == 635
    clients = api.records("/api/protocols/nfs/connected-clients", **{"svm.name": "svm1"}, fields="protocol")
    assert [(one["client_ip"], one["server_ip"], one["protocol"]) for one in clients] == [
        ("10.10.20.11", "10.10.10.7", "nfs3"),
        ("10.10.20.12", "10.10.10.7", "nfs3"),
        ("10.30.0.5", "10.10.10.8", "nfs4.1"),
    ]
    (session, _of_svm2) = api.records("/api/protocols/cifs/sessions", fields="client_ip,smb_encryption")
    assert (session["client_ip"], session["smb_encryption"]) == ("10.10.20.30", "encrypted")
    (iscsi, _of_svm2) = api.records("/api/protocols/san/iscsi/sessions", fields="connections,initiator")
    assert iscsi["connections"][0]["initiator_address"]["address"] == "10.10.30.5"
    assert iscsi["connections"][0]["interface"]["ip"] == {"address": "10.10.10.20", "port": 3260}
    serving.disconnect()
    assert api.records("/api/protocols/nfs/connected-clients") == []


def test_what_does_not_exist_or_may_not_be_seen(serving: Simulator, api: Api) -> None:
    for call in (
        lambda: serving.add_interface("x", "svm9", "10.0.0.1"),
        lambda: serving.offer_nfs_tls("nope", "svm1"),
        lambda: serving.set_export_rules("nope", "svm1"),
    ):
        with pytest.raises(KeyError):
            call()
    serving.add_account("auditor", "secret", svm="svm1", forbidden=("/api/protocols/cifs",))
    auditor = Api(serving, ("auditor", "secret"))
    with auditor.session:
        assert {one["name"] for one in auditor.records(INTERFACES)} == {"svm1_nfs1", "svm1_nfs2", "iscsi1"}
        assert auditor.refused("GET", "/api/protocols/cifs/sessions")[0] == "6"
    serving.remove_svm("svm1")
    assert {one["svm"]["name"] for one in api.records(INTERFACES, fields="svm")} == {"svm2"}


def test_pages(serving: Simulator, api: Api) -> None:
    serving.page_size = 2
    first = api("GET", INTERFACES, fields="name").json()
    assert (len(first["records"]), "next" in first["_links"]) == (2, True)
