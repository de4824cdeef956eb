# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of authorities that IPsec trusts: to be listed, added and removed."""

from __future__ import annotations

import pytest

from simulator import Simulator, Unknowns

from .conftest import Api, Record

PATH = "/api/security/ipsec/ca-certificates"


def installed(array: Simulator, name: str = "ca", svm: str | None = "svm1", type: str = "server_ca") -> Record:
    """Install a certificate and return the body that adds it to IPsec."""
    body: Record = {"certificate": {"uuid": array.add_certificate(name, svm, type)}}
    return body if svm is None else {**body, "svm": {"name": svm}}


def added(array: Simulator) -> list[tuple[str | None, str]]:
    """Return SVM and name of each certificate that is added to IPsec."""
    return [(one.get("svm", {}).get("name"), one["certificate"]["name"]) for one in array.ca_certificates()]


@pytest.mark.parametrize(("version", "status"), [("9.9.1", 404), ("9.10.1", 200), ("9.19.1", 200)])
def test_it_came_with_9_10_1(array: Simulator, api: Api, version: str, status: int) -> None:
    array.version = version
    assert api("GET", PATH).status_code == status


def test_methods(array: Simulator, api: Api) -> None:
    allowed = {"9.15.1": "GET, HEAD, OPTIONS, POST", "9.16.1": "DELETE, GET, HEAD, OPTIONS, POST"}
    for version, methods in allowed.items():
        array.version = version
        assert api("OPTIONS", PATH).headers["Allow"] == methods
        assert api("OPTIONS", f"{PATH}/x").headers["Allow"] == "DELETE, GET, HEAD, OPTIONS"
    assert api("PATCH", f"{PATH}/x", {"scope": "svm"}).status_code == 405


@pytest.mark.parametrize("kind", ["server_ca", "client_ca", "root_ca"])
@pytest.mark.parametrize("svm", ["svm1", None])
def test_from_its_addition_to_its_removal(array: Simulator, api: Api, kind: str, svm: str | None) -> None:
    body = installed(array, svm=svm, type=kind)
    path = f"{PATH}/{body['certificate']['uuid']}"
    assert api("GET", path).status_code == 404
    response = api("POST", PATH, body)
    assert (response.status_code, response.json(), response.headers["Location"]) == (201, {}, path)
    plain = Api(array, Accept="application/json")
    shown = plain("GET", path).json()
    assert shown["certificate"] == body["certificate"]
    assert (shown["scope"], shown.get("svm", {}).get("name")) == ("cluster" if svm is None else "svm", svm)
    assert added(array) == [(svm, "ca")]
    response = api("DELETE", path)
    assert (response.status_code, response.json()) == (200, {})
    assert added(array) == []
    assert api("GET", path).status_code == 404
    assert api("GET", f"/api/security/certificates/{body['certificate']['uuid']}").status_code == 200


def test_dotted_names_and_the_uuid_of_the_svm(array: Simulator, api: Api) -> None:
    svm = api.records("/api/svm/svms", name="svm2")[0]["uuid"]
    body = {"certificate.uuid": array.add_certificate("ca", "svm2", "root_ca"), "svm.uuid": svm}
    assert api("POST", PATH, body).status_code == 201
    assert added(array) == [("svm2", "ca")]


@pytest.mark.parametrize(
    ("version", "code"),
    [("9.10.1", "66257296"), ("9.12.1", "66257296"), ("9.15.1", "66257296"), ("9.16.1", "66257304")],
)
@pytest.mark.parametrize(
    ("owner", "type", "named"),
    [
        ("svm1", "server", "svm1"),
        ("svm1", "client", "svm1"),
        ("svm1", "server_ca", "svm2"),
        ("svm1", "server_ca", None),
        (None, "server_ca", "svm1"),
        (None, "server_ca", "cluster1"),
    ],
)
def test_it_has_to_be_installed_there(
    array: Simulator, api: Api, version: str, code: str, owner: str | None, type: str, named: str | None
) -> None:
    array.version = version
    body = {"certificate": {"uuid": array.add_certificate("ca", owner, type)}}
    if named is not None:
        body["svm"] = {"name": named}
    assert api.refused("POST", PATH, body) == (code, "certificate.uuid")
    assert added(array) == []


def test_what_can_not_be_added(array: Simulator, api: Api) -> None:
    body = installed(array)
    for changes, refusal in [
        ({"certificate": {"uuid": "5ab4aa51-0000-0000-0000-000000000000"}}, ("66257304", "certificate.uuid")),
        ({"certificate": None}, ("262212", "certificate.uuid")),
        ({"certificate": {"name": "ca"}}, ("262179", "certificate.name")),
        ({"scope": "svm"}, ("262196", "scope")),
        ({"svm": {"name": "nobody"}}, ("262197", "svm.name")),
        ({"svm": {"uuid": "nobody"}}, ("262197", "svm.uuid")),
        ({"name": "ca"}, ("262179", "name")),
    ]:
        assert api.refused("POST", PATH, {**body, **changes}) == refusal
    assert api.refused("POST", PATH, body, svm__name="svm1") == ("262211", "svm.name")
    assert added(array) == []


def test_it_is_added_once(array: Simulator, api: Api) -> None:
    body = installed(array)
    assert api("POST", PATH, body).status_code == 201
    response = api("POST", PATH, body)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "1")
    assert added(array) == [("svm1", "ca")]


def test_what_was_not_added_is_not_there(array: Simulator, api: Api) -> None:
    known = installed(array)["certificate"]["uuid"]
    for uuid, code in ((known, "66257298"), ("5ab4aa51-0000-0000-0000-000000000000", "66257303")):
        array.unknowns = Unknowns()
        for method in ("GET", "DELETE"):
            response = api(method, f"{PATH}/{uuid}")
            assert response.status_code == 404
            assert response.json() == {"error": {"message": "entry doesn't exist", "code": "4", "target": "uuid"}}
        array.unknowns = Unknowns(ca_delete_not_added="code")
        assert api.refused("DELETE", f"{PATH}/{uuid}") == (code, "certificate.uuid")
        assert api("GET", f"{PATH}/{uuid}").status_code == 404


@pytest.fixture
def three(array: Simulator) -> list[str]:
    """Add a certificate for each of two SVMs and for the cluster to IPsec; return the UUIDs in this order."""
    for svm in ("svm1", "svm2", None):
        array.add_certificate("ca", svm, "root_ca")
    return [array.add_ca_certificate("ca", svm) for svm in ("svm1", "svm2", None)]


def test_adding_without_a_request(array: Simulator, three: list[str]) -> None:
    assert added(array) == [(None, "ca"), ("svm1", "ca"), ("svm2", "ca")]
    assert [one["certificate"]["uuid"] for one in array.ca_certificates()] == [three[2], *three[:2]]
    with pytest.raises(KeyError):
        array.add_ca_certificate("other", "svm1")


def test_listing(api: Api, three: list[str]) -> None:
    first, second, of_cluster = three
    listed = api.records(PATH)
    assert [one["certificate"]["uuid"] for one in listed] == [of_cluster, first, second]
    assert [{*one} for one in listed] == [{"certificate"}, {"certificate", "svm"}, {"certificate", "svm"}]
    everything = api.records(PATH, fields="*")
    assert [(one["scope"], one.get("svm", {}).get("name")) for one in everything] == [
        ("cluster", None),
        ("svm", "svm1"),
        ("svm", "svm2"),
    ]
    assert everything[1]["certificate"]["_links"]["self"]["href"] == f"/api/security/certificates/{first}"
    assert "_links" not in everything[1]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"svm__name": "svm2"}, [1]),
        ({"svm__name": "svm*"}, [0, 1]),
        ({"scope": "cluster"}, [2]),
        ({"svm__name": "null"}, [2]),
        ({"scope": "svm", "order_by": "svm.name desc"}, [1, 0]),
        ({"max_records": "1"}, [2]),
    ],
)
def test_filters(api: Api, three: list[str], filters: dict[str, str], found: list[int]) -> None:
    listed = api.records(PATH, **filters)
    assert [one["certificate"]["uuid"] for one in listed] == [three[number] for number in found]


def test_a_filter_by_certificate(api: Api, three: list[str]) -> None:
    assert [one["svm"]["name"] for one in api.records(PATH, certificate__uuid=three[0])] == ["svm1"]
    assert api.refused("GET", PATH, certificate__name="ca") == ("262179", "certificate.name")


@pytest.mark.parametrize("switch", ["never", "first", "last"])
def test_pages(array: Simulator, api: Api, three: list[str], switch: str) -> None:
    array.unknowns = Unknowns(empty_page=switch)
    seen, href = [], f"{PATH}?max_records=1"
    while href:
        page = api("GET", href).json()
        seen += [one["certificate"]["uuid"] for one in page["records"]]
        href = page["_links"].get("next", {}).get("href")
    assert seen == [three[2], *three[:2]]
    assert api("GET", PATH, return_records="false").json()["num_records"] == 3


def test_self_links(array: Simulator, api: Api, three: list[str]) -> None:
    array.unknowns = Unknowns(self_links_in_records=True)
    assert api.records(PATH, svm__name="svm1")[0]["_links"] == {"self": {"href": f"{PATH}/{three[0]}"}}


@pytest.mark.parametrize("confined", [{"auth": ("vsadmin", "secret")}, {"X-Dot-SVM-Name": "svm1"}])
def test_the_confines_of_an_svm(array: Simulator, three: list[str], confined: dict[str, str]) -> None:
    array.add_account("vsadmin", "secret", "svm1")
    api = Api(array, **confined)
    own, foreign, of_cluster = three
    assert [one["certificate"]["uuid"] for one in api.records(PATH)] == [own]
    for uuid in (foreign, of_cluster):
        assert [api(method, f"{PATH}/{uuid}").status_code for method in ("GET", "DELETE")] == [404, 404]
    assert len(added(array)) == 3
    implied = {"certificate": installed(array, "implied")["certificate"]}
    assert api("POST", PATH, implied).status_code == 201
    assert api.refused("POST", PATH, installed(array, "foreign", "svm2"))[0] == "262186"
    assert api.refused("POST", PATH, installed(array, "of cluster", None))[0] == "66257304"
    assert added(array) == [(None, "ca"), ("svm1", "ca"), ("svm1", "implied"), ("svm2", "ca")]


def test_removing_all_that_match(array: Simulator, api: Api, three: list[str]) -> None:
    assert api.refused("DELETE", PATH)[0] == "262212"
    assert len(added(array)) == 3
    assert api("DELETE", PATH, svm__name="svm*").json() == {"num_records": 2}
    assert added(array) == [(None, "ca")]


def test_what_an_addition_answers(array: Simulator, api: Api) -> None:
    body = installed(array)
    everything = api("POST", PATH, body, return_records="true").json()
    assert everything["num_records"] == 1
    assert {*everything["records"][0]} == {"certificate", "scope", "svm"}
    array.unknowns = Unknowns(posted_record="brief", location_header="without_uuid")
    body = installed(array, "other")
    response = api("POST", PATH, body, return_records="true")
    assert {*response.json()["records"][0]} == {"certificate", "svm"}
    assert response.headers["Location"] == f"{PATH}/?certificate.uuid={body['certificate']['uuid']}"


def test_an_svm_takes_its_own_along(array: Simulator, api: Api, three: list[str]) -> None:
    array.remove_svm("svm1")
    assert added(array) == [(None, "ca"), ("svm2", "ca")]
    assert api("GET", f"{PATH}/{three[0]}").status_code == 404


def test_policies_are_left_alone(array: Simulator, api: Api, three: list[str]) -> None:
    array.add_policy({"name": "pki", "svm": "svm1", "certificate": "ipsec-cert"})
    before = array.policies()
    array.establish("pki", "svm1")
    assert api("DELETE", f"{PATH}/{three[0]}").status_code == 200
    assert array.policies() == before
    assert len(array.security_associations()) == 2
