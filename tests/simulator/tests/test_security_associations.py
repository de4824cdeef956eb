# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security associations: what they look like, how they are listed, when they come and go."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from simulator import Simulator, Unknowns

from .conftest import POLICIES, Api, Record

PATH = "/api/security/ipsec/security-associations"
IPSEC = "/api/security/ipsec"
NODE_1, NODE_2 = "cluster1-01", "cluster1-02"

Body = Callable[..., Record]


def kinds(array: Simulator) -> list[str]:
    """Return the types of the associations that there are."""
    return sorted(one["type"] for one in array.security_associations())


def seen(api: Api, **filters: str) -> list[tuple[str, str, str]]:
    """Return policy, node and type of the associations of one page."""
    filters = {"fields": "policy_name,node.name,type", **filters}
    return [(one["policy_name"], one["node"]["name"], one["type"]) for one in api.records(PATH, **filters)]


@pytest.fixture
def policy(array: Simulator) -> str:
    """Return the UUID of a policy on svm1 whose name is p."""
    return array.add_policy({"name": "p", "svm": "svm1", "remote_endpoint": {"address": "10.0.1.7", "netmask": "32"}})


# --- what they look like ---


@pytest.mark.parametrize(("version", "status"), [("9.7", 404), ("9.8", 200), ("9.19.1", 200)])
def test_they_came_with_9_8(array: Simulator, api: Api, version: str, status: int) -> None:
    array.version = version
    assert api("GET", PATH).status_code == status


def test_nobody_writes_them(array: Simulator, api: Api, policy: str) -> None:
    uuid = array.establish("p", "svm1")[0]
    assert api("OPTIONS", PATH).headers["Allow"] == "GET, HEAD, OPTIONS"
    assert api("OPTIONS", f"{PATH}/{uuid}").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert api("DELETE", f"{PATH}/{uuid}").status_code == 405


def without_indices(record: Record) -> Record:
    """Return a record from which the random numbers are taken, after a look at their spelling."""
    places = [record.get("ike", {}), *(record.get("ipsec", {}).get(way, {}) for way in ("inbound", "outbound"))]
    for place in places:
        for name in [name for name in place if name.endswith("security_parameter_index")]:
            assert re.fullmatch("0x[0-9a-f]{16}" if "_security" in name else "0x[0-9a-f]{8}", place.pop(name))
    return record


@pytest.mark.parametrize(("version", "offload"), [("9.15.1", False), ("9.16.1", True)])
def test_all_fields(array: Simulator, policy: str, version: str, offload: bool) -> None:
    array.version = version
    ike, ipsec = array.establish("p", "svm1", NODE_2, in_bytes=3000, out_bytes=14, out_packets=7)
    api = Api(array, Accept="application/json")
    node = api.records("/api/cluster/nodes", name=NODE_2, fields="uuid")[0]
    svm = api.records("/api/svm/svms", name="svm1")[0]
    common = {
        "node": {"name": NODE_2, "uuid": node["uuid"]},
        "svm": {"name": "svm1", "uuid": svm["uuid"]},
        "scope": "svm",
        "policy_name": "p",
        "local_address": "10.0.0.1",
        "remote_address": "10.0.1.7",
        "cipher_suite": "suiteb_gcm256",
    }
    offloaded = {"offload_bytes": 0, "offload_packets": 0} if offload else {}
    expected = {
        ike: {
            "uuid": ike,
            "type": "ike",
            **common,
            "lifetime": 86400,
            "ike": {"authentication": "psk", "state": "established", "is_initiator": False, "version": 2},
        },
        ipsec: {
            "uuid": ipsec,
            "type": "ipsec",
            **common,
            "lifetime": 28800,
            "ipsec": {
                "action": "esp_transport",
                "state": "installed",
                "inbound": {"bytes": 3000, "packets": 3, **offloaded},
                "outbound": {"bytes": 14, "packets": 7, **offloaded},
            },
        },
    }
    assert {one["uuid"]: without_indices(one) for one in api.records(PATH, fields="*")} == expected
    for uuid, record in expected.items():
        assert without_indices(api("GET", f"{PATH}/{uuid}").json()) == record
    assert api("GET", f"{PATH}/{ike}", fields="type").json() == {
        "uuid": ike,
        "type": "ike",
        "node": common["node"],
        "svm": common["svm"],
    }


def test_what_a_listing_shows_unasked(array: Simulator, api: Api, policy: str) -> None:
    uuid = array.establish("p", "svm1", ipsec=False)[0]
    (record,) = api.records(PATH)
    assert {*record} == {"uuid", "node", "svm"}
    assert record["uuid"] == uuid
    assert record["node"]["_links"]["self"]["href"] == f"/api/cluster/nodes/{record['node']['uuid']}"
    array.unknowns = Unknowns(self_links_in_records=True)
    assert api.records(PATH)[0]["_links"] == {"self": {"href": f"{PATH}/{uuid}"}}


@pytest.mark.parametrize(
    ("policy", "authentication"),
    [
        ({}, "psk"),
        ({"certificate": "ipsec-cert"}, "cert"),
        ({"authentication_method": "none"}, "none"),
    ],
)
def test_authentication(array: Simulator, api: Api, policy: Record, authentication: str) -> None:
    array.add_policy({"name": "p", "svm": "svm1", **policy})
    array.establish("p", "svm1")
    assert api.records(PATH, type="ike", fields="ike.authentication")[0]["ike"] == {"authentication": authentication}


def test_a_policy_of_the_cluster(array: Simulator, api: Api) -> None:
    array.add_policy({"name": "p", "action": "esp_udp"})
    array.establish("p")
    ike, ipsec = api.records(PATH, fields="*")
    for record in (ike, ipsec):
        assert record["scope"] == "cluster"
        assert "svm" not in record
    # There is no other word for it.
    assert ipsec["ipsec"]["action"] == "esp_transport"


def test_offload(array: Simulator, api: Api, policy: str) -> None:
    array.offload_enabled = True
    array.establish("p", "svm1", in_bytes=5000, out_bytes=1)
    ipsec = api.records(PATH, type="ipsec", fields="ipsec.inbound,ipsec.outbound")[0]["ipsec"]
    for way, number, packets in (("inbound", 5000, 4), ("outbound", 1, 1)):
        counters = ipsec[way]
        assert (counters["bytes"], counters["offload_bytes"]) == (number, number)
        assert (counters["packets"], counters["offload_packets"]) == (packets, packets)


def test_a_connection_that_is_not_there_yet(array: Simulator, api: Api, policy: str) -> None:
    array.establish("p", "svm1", ike_state="connecting", ipsec=False, is_initiator=True)
    (record,) = api.records(PATH, fields="ike")
    assert (record["ike"]["state"], record["ike"]["is_initiator"]) == ("connecting", True)
    assert "initiator_security_parameter_index" in record["ike"]
    assert "responder_security_parameter_index" not in record["ike"]
    array.establish("p", "svm1")
    assert kinds(array) == ["ike", "ipsec"]
    assert api.records(PATH, type="ike", fields="ike.state")[0]["ike"]["state"] == "established"


@pytest.mark.parametrize(
    ("address", "netmask", "host"),
    [
        ("10.0.1.7", "32", "10.0.1.7"),
        ("10.0.1.0", "24", "10.0.1.1"),
        ("10.0.1.63", "25", "10.0.1.63"),
        ("2001:db8::", "64", "2001:db8::1"),
        ("2001:db8::5", "128", "2001:db8::5"),
    ],
)
def test_they_are_between_hosts(array: Simulator, api: Api, address: str, netmask: str, host: str) -> None:
    array.add_policy({"name": "p", "svm": "svm1", "remote_endpoint": {"address": address, "netmask": netmask}})
    array.establish("p", "svm1")
    assert {one["remote_address"] for one in api.records(PATH, fields="remote_address")} == {host}


def test_a_policy_of_many_peers(array: Simulator, api: Api, policy: str) -> None:
    for number in (1, 2, 1):
        array.establish("p", "svm1", local_address="10.9.0.1", remote_address=f"10.0.1.{number}", in_bytes=number)
    array.establish("p", "svm1", NODE_2, local_address="10.9.0.1", remote_address="10.0.1.1")
    listed = api.records(PATH, type="ipsec", fields="local_address,remote_address,node.name,ipsec.inbound.bytes")
    assert [
        (one["node"]["name"], one["local_address"], one["remote_address"], one["ipsec"]["inbound"]["bytes"])
        for one in listed
    ] == [
        (NODE_1, "10.9.0.1", "10.0.1.1", 1),
        (NODE_1, "10.9.0.1", "10.0.1.2", 2),
        (NODE_2, "10.9.0.1", "10.0.1.1", 0),
    ]


# --- which are found ---


@pytest.fixture
def several(array: Simulator) -> None:
    """Establish associations of three policies on two SVMs and two nodes."""
    for name, svm in (("a", "svm1"), ("b", "svm1"), ("a", "svm2")):
        local = {"address": "10.0.0.2" if svm == "svm2" else "10.0.0.1", "netmask": "32"}
        array.add_policy({"name": name, "svm": svm, "local_endpoint": local})
    array.establish("a", "svm1", in_bytes=100, remote_address="10.0.1.1")
    array.establish("b", "svm1", NODE_2, "connecting", ipsec=False, is_initiator=True, remote_address="10.0.1.20")
    array.establish("a", "svm2", NODE_2, "dead_peer_probe", in_bytes=20, remote_address="10.0.1.3")


A1 = [("a", NODE_1, "ike"), ("a", NODE_1, "ipsec")]
B1 = [("b", NODE_2, "ike")]
A2 = [("a", NODE_2, "ike"), ("a", NODE_2, "ipsec")]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, A1 + B1 + A2),
        ({"svm.name": "svm1"}, A1 + B1),
        ({"policy_name": "a"}, A1 + A2),
        ({"policy_name": "!a"}, B1),
        ({"node.name": NODE_2}, B1 + A2),
        ({"type": "ipsec"}, [A1[1], A2[1]]),
        ({"type": "ike|ipsec", "svm.name": "svm2"}, A2),
        ({"local_address": "10.0.0.2"}, A2),
        ({"remote_address": "10.0.1.20"}, B1),
        ({"remote_address": "<10.0.1.4"}, A1 + A2),
        ({"ike.state": "established"}, A1[:1]),
        ({"ike.state": "connecting,dead_peer_probe"}, B1 + A2[:1]),
        ({"ike.state": "null"}, [A1[1], A2[1]]),
        ({"ike.is_initiator": "true"}, B1),
        ({"ike.authentication": "psk"}, A1[:1] + B1 + A2[:1]),
        ({"ike.version": "2", "policy_name": "b"}, B1),
        ({"ipsec.state": "installed"}, [A1[1], A2[1]]),
        ({"ipsec.action": "esp_transport", "svm.name": "svm1"}, [A1[1]]),
        ({"ipsec.inbound.bytes": ">20"}, [A1[1]]),
        ({"ipsec.outbound.offload_bytes": "0"}, [A1[1], A2[1]]),
        ({"lifetime": "86400", "cipher_suite": "suiteb_gcm256"}, A1[:1] + B1 + A2[:1]),
        ({"scope": "cluster"}, []),
        ({"order_by": "ipsec.inbound.bytes desc", "type": "ipsec"}, [A1[1], A2[1]]),
        ({"order_by": "ipsec.inbound.bytes", "type": "ipsec"}, [A2[1], A1[1]]),
        ({"order_by": "remote_address desc,type", "max_records": "2"}, B1 + A2[:1]),
    ],
)
def test_filters(several: None, api: Api, filters: dict[str, str], found: list[tuple[str, str, str]]) -> None:
    assert seen(api, **filters) == found


def test_every_field_is_a_filter(several: None, array: Simulator, api: Api) -> None:
    leaves = [path for record in api.records(PATH, fields="*") for path in _leaves(record)]
    assert len({path for path, _value in leaves}) == 30
    for path, value in leaves:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        assert api.records(PATH, **{path: text, "fields": path}), path


def _leaves(record: Record, prefix: str = "") -> list[tuple[str, Any]]:
    leaves = []
    for name, value in record.items():
        if isinstance(value, dict):
            leaves += [] if name == "_links" else _leaves(value, f"{prefix}{name}.")
        else:
            leaves.append((prefix + name, value))
    return leaves


@pytest.mark.parametrize(
    ("filters", "refusal"),
    [
        ({"ike.state": "asleep"}, ("262185", "ike.state")),
        ({"type": "esp"}, ("262185", "type")),
        ({"ipsec.inbound.bytes": "many"}, ("262197", "ipsec.inbound.bytes")),
        ({"remote_address": "10.0.1"}, ("262197", "remote_address")),
        # Fact sheet 7: its name until 9.7.
        ({"name": "a"}, ("262179", "name")),
        ({"fields": "name"}, ("262197", "fields")),
    ],
)
def test_refused_filters(several: None, api: Api, filters: dict[str, str], refusal: tuple[str, str]) -> None:
    assert api.refused("GET", PATH, **filters) == refusal


def test_offload_is_unknown_before_9_16_1(several: None, array: Simulator, api: Api) -> None:
    array.version = "9.15.1"
    assert api.refused("GET", PATH, fields="ipsec.inbound.offload_bytes")[0] == "262197"
    assert api.refused("GET", PATH, ipsec__inbound__offload_bytes="0")[0] == "262179"


@pytest.mark.parametrize("switch", ["never", "first", "last"])
def test_pages(several: None, array: Simulator, api: Api, switch: str) -> None:
    array.unknowns = Unknowns(empty_page=switch)
    found, href = [], f"{PATH}?max_records=2&fields=policy_name,node.name,type"
    while href:
        page = api("GET", href).json()
        found += [(one["policy_name"], one["node"]["name"], one["type"]) for one in page["records"]]
        href = page["_links"].get("next", {}).get("href")
    assert found == A1 + B1 + A2
    assert api("GET", PATH, return_records="false", type="ike").json()["num_records"] == 3


@pytest.mark.parametrize("confined", [{"auth": ("vsadmin", "secret")}, {"X-Dot-SVM-Name": "svm2"}])
def test_the_confines_of_an_svm(several: None, array: Simulator, confined: dict[str, str]) -> None:
    array.add_account("vsadmin", "secret", "svm2")
    api = Api(array, **confined)
    assert seen(api) == A2
    for one in array.security_associations():
        expected = 200 if one["svm"]["name"] == "svm2" else 404
        assert api("GET", f"{PATH}/{one['uuid']}").status_code == expected


@pytest.mark.parametrize(
    ("version", "status", "code"), [("9.8", 400, "66257118"), ("9.12.1", 400, "66257118"), ("9.13.1", 404, "4")]
)
def test_an_unknown_uuid(array: Simulator, api: Api, version: str, status: int, code: str) -> None:
    array.version = version
    response = api("GET", f"{PATH}/5ab4aa51-0000-0000-0000-000000000000")
    assert response.status_code == status
    assert (response.json()["error"]["code"], response.json()["error"]["target"]) == (code, "uuid")


# --- when they come and go ---


def test_there_are_none_at_first(array: Simulator, api: Api, policy: str) -> None:
    assert api.records(PATH) == []
    assert api("GET", PATH).json()["num_records"] == 0


def test_what_can_not_be_established(array: Simulator, policy: str) -> None:
    for name, changes in (("off", {"enabled": False}), ("plain", {"action": "bypass"})):
        array.add_policy({"name": name, "svm": "svm1", **changes})
        with pytest.raises(ValueError, match=f"policy {name} has no associations"):
            array.establish(name, "svm1")
    with pytest.raises(ValueError, match="none, connecting, established, dead_peer_probe, not 'asleep'"):
        array.establish("p", "svm1", ike_state="asleep")
    for arguments in (("q", "svm1"), ("p", "svm2"), ("p",), ("p", "svm1", "cluster1-03")):
        with pytest.raises(KeyError):
            array.establish(*arguments)
    array.ipsec_enabled = False
    with pytest.raises(ValueError, match="policy p has no associations"):
        array.establish("p", "svm1")
    assert kinds(array) == []


def test_dropping(several: None, array: Simulator, api: Api) -> None:
    array.establish("a", "svm1", NODE_2)
    array.drop_sas("a", "svm1", NODE_1)
    assert seen(api) == [*A2, *B1, *A2]
    array.drop_sas("a", "svm1")
    assert seen(api) == B1 + A2
    array.drop_sas(node=NODE_1)
    assert seen(api) == B1 + A2
    with pytest.raises(KeyError):
        array.drop_sas("b", "svm2")
    array.drop_sas()
    assert seen(api) == []


PKI = {"certificate": "ipsec-cert", "remote_identity": "client.example"}
ENDPOINT = {"address": "10.0.5.0", "netmask": "24"}


@pytest.mark.parametrize(
    ("policy", "change", "kept"),
    [
        ({}, {"enabled": False}, False),
        ({}, {"enabled": True}, True),
        ({}, {"remote_endpoint": ENDPOINT}, False),
        ({}, {"local_endpoint": ENDPOINT}, False),
        ({}, {"local_endpoint": {"address": "10.0.0.1", "netmask": "32", "port": "80"}}, False),
        ({}, {"local_endpoint": {"address": "10.0.0.1", "netmask": "32"}}, True),
        ({}, {"protocol": "tcp"}, False),
        ({}, {"protocol": "any"}, True),
        ({}, {"remote_identity": "client.example"}, False),
        (PKI, {"certificate.name": "other"}, False),
        (PKI, {"certificate.name": "ipsec-cert"}, True),
        (PKI, {"certificate.name": "other", "certificate_modify_keepsa": True}, True),
        ({**PKI, "certificate_modify_keepsa": True}, {"certificate.name": "other"}, True),
        (
            {**PKI, "certificate_modify_keepsa": True},
            {"certificate.name": "other", "certificate_modify_keepsa": False},
            False,
        ),
        ({**PKI, "certificate_modify_keepsa": True}, {"certificate.name": "other", "enabled": False}, False),
        ({**PKI, "certificate_modify_keepsa": True}, {"certificate.name": "other", "protocol": "udp"}, False),
    ],
)
@pytest.mark.parametrize("in_bulk", [False, True])
def test_a_modified_policy(
    array: Simulator, api: Api, policy: Record, change: Record, kept: bool, in_bulk: bool
) -> None:
    array.version = "9.18.1"
    array.add_certificate("other", "svm1")
    uuid = array.add_policy({"name": "p", "svm": "svm1", **policy})
    array.add_policy({"name": "q", "svm": "svm1"})
    before = array.establish("p", "svm1")
    array.establish("q", "svm1", NODE_2)
    response = api("PATCH", POLICIES, change, name="p") if in_bulk else api("PATCH", f"{POLICIES}/{uuid}", change)
    assert response.status_code == 200, response.text
    listed = api.records(PATH, policy_name="p")
    assert {one["uuid"] for one in listed} == ({*before} if kept else set())
    assert len(seen(api, policy_name="q")) == 2


@pytest.mark.parametrize(("switch", "count"), [("dropped", 0), ("kept", 2)])
def test_a_policy_that_covers_something_else(array: Simulator, api: Api, policy: str, switch: str, count: int) -> None:
    array.unknowns = Unknowns(associations_on_change=switch)
    array.establish("p", "svm1")
    assert api("PATCH", f"{POLICIES}/{policy}", {"protocol": "tcp"}).status_code == 200
    assert len(seen(api)) == count
    assert api("PATCH", f"{POLICIES}/{policy}", {"enabled": False}).status_code == 200
    assert seen(api) == []


def test_another_certificate_counts_under_either_setting(array: Simulator, api: Api) -> None:
    array.unknowns = Unknowns(associations_on_change="kept")
    array.add_certificate("other", "svm1")
    uuid = array.add_policy({"name": "p", "svm": "svm1", **PKI})
    array.establish("p", "svm1")
    assert api("PATCH", f"{POLICIES}/{uuid}", {"certificate.name": "other"}).status_code == 200
    assert seen(api) == []


def test_a_refused_change_ends_nothing(array: Simulator, api: Api, policy: str) -> None:
    array.establish("p", "svm1")
    assert api("PATCH", f"{POLICIES}/{policy}", {"enabled": False, "protocol": "6,17"}).status_code == 400
    assert api("PATCH", IPSEC, {"enabled": False, "replay_window": 65}).status_code == 400
    array.refuse("DELETE", f"{POLICIES}/*", 66257096)
    assert api("DELETE", f"{POLICIES}/{policy}").status_code == 400
    assert kinds(array) == ["ike", "ipsec"]


@pytest.mark.parametrize("way", ["one", "bulk", "svm", "behind"])
def test_a_policy_that_goes(array: Simulator, api: Api, policy: str, way: str) -> None:
    array.add_policy({"name": "p", "svm": "svm2"})
    for svm in ("svm1", "svm2"):
        array.establish("p", svm)
    match way:
        case "one":
            assert api("DELETE", f"{POLICIES}/{policy}").status_code == 200
        case "bulk":
            assert api("DELETE", POLICIES, name="p", svm__name="svm1").status_code == 200
        case "svm":
            array.remove_svm("svm1")
        case _:
            array.edit_policy("p", "svm1", {"enabled": False})
    assert [one["svm"]["name"] for one in array.security_associations()] == ["svm2", "svm2"]


def test_a_policy_of_the_same_name_begins_without(array: Simulator, api: Api, psk: Body) -> None:
    for _round in range(2):
        assert api("POST", body=psk("p")).status_code == 201
        assert seen(api) == []
        array.establish("p", "svm1")
        assert len(seen(api)) == 2
        assert api("DELETE", POLICIES, name="p").status_code == 200


@pytest.mark.parametrize("by_request", [True, False])
def test_disabling_ipsec(several: None, array: Simulator, api: Api, by_request: bool) -> None:
    assert api("PATCH", IPSEC, {"replay_window": 64}).status_code == 200
    assert len(seen(api)) == 5
    for enabled in (False, True):
        if by_request:
            assert api("PATCH", IPSEC, {"enabled": enabled}).status_code == 200
        else:
            array.ipsec_enabled = enabled
        assert seen(api) == []


# --- when they come by themselves ---


def test_they_come_with_the_first_look(array: Simulator, api: Api, policy: str) -> None:
    for name, changes in (
        ("off", {"enabled": False}),
        ("plain", {"action": "discard"}),
        ("udp", {"action": "esp_udp"}),
    ):
        array.add_policy({"name": name, "svm": "svm2", **changes})
    array.auto_establish = True
    assert kinds(array) == []
    assert seen(api) == [
        ("p", NODE_1, "ike"),
        ("p", NODE_1, "ipsec"),
        ("udp", NODE_1, "ike"),
        ("udp", NODE_1, "ipsec"),
    ]
    assert len(seen(api, ike__state="established")) == 2


def test_they_come_and_stay(array: Simulator, api: Api, policy: str) -> None:
    array.auto_establish = True
    uuids = [one["uuid"] for one in api.records(PATH)]
    assert [one["uuid"] for one in api.records(PATH)] == uuids
    assert api("GET", f"{PATH}/{uuids[0]}").status_code == 200
    array.auto_establish = False
    assert [one["uuid"] for one in api.records(PATH)] == uuids


@pytest.mark.parametrize(("looks", "counts"), [(0, [2, 2]), (1, [0, 2, 2]), (3, [0, 0, 0, 2, 2])])
def test_they_come_after_some_looks(array: Simulator, api: Api, policy: str, looks: int, counts: list[int]) -> None:
    array.auto_establish = looks
    assert [len(seen(api)) for _look in counts] == counts


@pytest.mark.parametrize(
    "filters", [{"policy_name": "p"}, {"policy_name": "other"}, {"return_records": "false"}, {"max_records": "1"}]
)
def test_which_looks_count(array: Simulator, api: Api, policy: str, filters: dict[str, str]) -> None:
    array.auto_establish = 1
    assert api("GET", PATH, **filters).json()["num_records"] == 0
    assert len(seen(api)) == 2


def test_which_looks_do_not_count(array: Simulator, api: Api, policy: str) -> None:
    array.add_policy({"name": "q", "svm": "svm1"})
    array.establish("q", "svm1")
    array.auto_establish = 2
    page = api("GET", PATH, max_records="1").json()
    assert len(api("GET", page["_links"]["next"]["href"]).json()["records"]) == 1
    assert api("GET", POLICIES).status_code == 200
    assert api("GET", f"{PATH}/x").status_code == 404
    assert len(seen(api)) == 2
    assert len(seen(api)) == 4


def test_each_policy_waits_for_itself(array: Simulator, api: Api, policy: str) -> None:
    array.auto_establish = 1
    assert seen(api) == []
    array.add_policy({"name": "q", "svm": "svm1"})
    assert {name for name, _node, _kind in seen(api)} == {"p"}
    assert {name for name, _node, _kind in seen(api)} == {"p", "q"}


@pytest.mark.parametrize("interruption", ["dropped", "policy", "ipsec"])
def test_an_interruption_lets_them_wait_again(array: Simulator, api: Api, policy: str, interruption: str) -> None:
    array.auto_establish = 1
    assert [len(seen(api)) for _look in range(2)] == [0, 2]
    if interruption == "dropped":
        array.drop_sas("p", "svm1")
    else:
        path = IPSEC if interruption == "ipsec" else f"{POLICIES}/{policy}"
        assert api("PATCH", path, {"enabled": False}).status_code == 200
        assert [len(seen(api)) for _look in range(3)] == [0, 0, 0]
        assert api("PATCH", path, {"enabled": True}).status_code == 200
    assert [len(seen(api)) for _look in range(3)] == [0, 2, 2]


def test_what_a_test_established_stays_as_it_is(array: Simulator, api: Api, policy: str) -> None:
    array.establish("p", "svm1", NODE_2, "connecting", ipsec=False)
    array.auto_establish = True
    assert seen(api) == [("p", NODE_2, "ike")]


def test_a_reset_forgets_them(array: Simulator, api: Api, policy: str) -> None:
    array.auto_establish = True
    assert len(seen(api)) == 2
    array.reset()
    assert array.auto_establish is False
    array.add_policy({"name": "p", "svm": "svm1"})
    assert seen(api) == []
