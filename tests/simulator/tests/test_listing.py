# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listing policies: filters, paging, order, control parameters, links."""

from __future__ import annotations

import itertools

import pytest

from simulator import Simulator, Unknowns

from .conftest import POLICIES, Api


@pytest.fixture
def five(array: Simulator) -> Simulator:
    """Return an array with p1 to p3 on svm1, p1 and p4 on svm2."""
    for number, (name, svm) in enumerate(
        [("p1", "svm1"), ("p2", "svm1"), ("p3", "svm1"), ("p1", "svm2"), ("p4", "svm2")]
    ):
        port = f"{(9, 80, 443, 100, 22)[number]}"
        array.add_policy(
            {
                "name": name,
                "svm": svm,
                "enabled": number != 1,
                "local_endpoint": {"address": f"10.0.0.{number + 1}", "netmask": "32", "port": f"{port}-{port}"},
            }
        )
    return array


def pages(api: Api, path: str) -> list[list[str]]:
    """Follow every next link, as it is."""
    result = []
    while path:
        body = api("GET", path).json()
        result.append([record["name"] for record in body["records"]])
        path = body["_links"].get("next", {}).get("href")
    return result


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["p1", "p2", "p3", "p1", "p4"]),
        ("name=p1", ["p1", "p1"]),
        ("name=p1&svm.name=svm2", ["p1"]),
        ("svm.name=svm1&enabled=true", ["p1", "p3"]),
        ("name=!p1", ["p2", "p3", "p4"]),
        ("name=p2..p3", ["p2", "p3"]),
        ("local_endpoint.port=%3E99", ["p3", "p1"]),
        ("local_endpoint.address=10.0.0.3", ["p3"]),
        ("remote_identity=!null", []),
        ("scope=cluster", []),
        ("name=p*&offset=3", ["p1", "p4"]),
        ("order_by=name%20desc", ["p4", "p3", "p2", "p1", "p1"]),
        ("order_by=local_endpoint.port", ["p1", "p4", "p2", "p1", "p3"]),
        ("order_by=enabled+asc,name+desc", ["p2", "p4", "p3", "p1", "p1"]),
        ("max_records=2", ["p1", "p2"]),
        ("fields=", ["p1", "p2", "p3", "p1", "p4"]),
    ],
)
def test_what_is_listed(five: Simulator, api: Api, query: str, expected: list[str]) -> None:
    assert [record["name"] for record in api("GET", f"{POLICIES}?{query}").json()["records"]] == expected


@pytest.mark.parametrize("order", ["", "&order_by=name%20desc", "&order_by=enabled,svm.name%20desc"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 6])
def test_paging_shows_each_record_once(five: Simulator, api: Api, size: int, order: str) -> None:
    whole = pages(api, f"{POLICIES}?fields=*{order}")[0]
    split = pages(api, f"{POLICIES}?fields=*{order}&max_records={size}")
    assert list(itertools.chain(*split)) == whole
    assert all(len(page) == size for page in split[:-1])
    five.page_size = size
    assert pages(api, f"{POLICIES}?{order}") == split


def test_a_next_link_is_relative_and_carries_the_parameters(five: Simulator, api: Api) -> None:
    response = api("GET", name="p*|x y", max_records="2", fields="svm.name")
    href = response.json()["_links"]["next"]["href"]
    assert href.startswith("/api/security/ipsec/policies?start.record=")
    assert {"name=p%2A%7Cx%20y", "max_records=2", "fields=svm.name"} <= set(href.partition("?")[2].split("&"))
    assert response.headers["Link"] == f'<{href}>; rel="next"'


def test_a_page_goes_on_where_the_last_one_ended_although_records_come_and_go(five: Simulator, api: Api) -> None:
    body = api("GET", max_records="2").json()
    five.add_policy({"name": "p0", "svm": "svm1"})
    for record in body["records"]:
        api("DELETE", f"{POLICIES}/{record['uuid']}")
    assert pages(api, body["_links"]["next"]["href"]) == [["p3", "p1"], ["p4"]]


def test_links_are_for_hal(five: Simulator, api: Api) -> None:
    for accept, has_links in [("*/*", True), ("application/hal+json", True), ("application/json", False)]:
        api.session.headers["Accept"] = accept
        response = api("GET", max_records="2", fields="svm")
        body = response.json()
        assert ("self" in body["_links"]) is has_links
        assert ("_links" in body["records"][0]["svm"]) is has_links
        assert "next" in body["_links"]
        assert response.headers["Content-Type"] == ("application/hal+json" if has_links else "application/json")
        assert ("_links" in api("GET").json()) is has_links


def test_default_fields_and_echoed_filters(five: Simulator, api: Api) -> None:
    record = api.records(svm__name="svm2", enabled="true", name="p4")[0]
    assert {*record} == {"uuid", "name", "svm", "enabled"}
    five.unknowns = Unknowns(brief_default_fields=("uuid",), identifiers_always=False)
    assert {*api.records(name="p4")[0]} == {"uuid", "name"}
    assert {*api.records(name="p4", fields="protocol")[0]} == {"name", "protocol"}


def test_what_is_excluded_does_not_come_unasked(five: Simulator, api: Api) -> None:
    record = api.records(fields="*", svm__name="svm2", enabled="true")[0]
    shown = api.records(fields="!name,!svm.uuid", svm__name="svm2", enabled="true")[0]
    assert "name" not in shown
    assert shown["svm"].keys() == {"name", "_links"}
    assert {*record} - {*shown} == {"name"}
    one = api("GET", f"{POLICIES}/{record['uuid']}", fields="protocol,!uuid").json()
    assert {*one} == {"name", "svm", "protocol"}
    # A filter is echoed whatever else is asked for.
    assert {*api.records(fields="uuid,!name,!svm", name="p4")[0]} == {"uuid", "name"}


def test_counting(five: Simulator, api: Api) -> None:
    five.page_size = 2
    assert api("GET", return_records="false").json()["num_records"] == 5
    assert api("GET", return_records="false", name="p1").json() == {
        "num_records": 2,
        "_links": {"self": {"href": f"{POLICIES}?return_records=false&name=p1"}},
    }
    five.unknowns = Unknowns(count_in_parts=True)
    body = api("GET", return_records="false").json()
    assert body["num_records"] == 2
    assert api("GET", body["_links"]["next"]["href"]).json()["num_records"] == 2


@pytest.mark.parametrize(
    ("switch", "expected"),
    [("first", [[], ["p1", "p2", "p3", "p1", "p4"]]), ("last", [["p1", "p2", "p3", "p1", "p4"], []])],
)
def test_empty_pages(five: Simulator, api: Api, switch: str, expected: list[list[str]]) -> None:
    five.unknowns = Unknowns(empty_page=switch)
    assert pages(api, POLICIES) == expected


def test_nothing_found(api: Api) -> None:
    response = api("GET", name="nobody")
    assert response.status_code == 200
    assert response.json() == {
        "records": [],
        "num_records": 0,
        "_links": {"self": {"href": f"{POLICIES}?name=nobody"}},
    }


@pytest.mark.parametrize(
    ("query", "code", "target"),
    [
        ("nothing=1", "262179", "nothing"),
        ("svm=svm1", "262179", "svm"),
        ("secret_key=x", "262250", "secret_key"),
        ("fields=secret_key", "262249", "fields"),
        ("fields=name,nothing", "262197", "fields"),
        ("fields=svm.{name", "262286", "fields"),
        ("order_by=secret_key", "262268", "order_by"),
        ("order_by=svm", "262268", "order_by"),
        ("order_by=nothing", "262197", "order_by"),
        ("order_by=name%20up", "262197", "order_by"),
        ("max_records=0", "262197", "max_records"),
        ("max_records=many", "262197", "max_records"),
        ("return_timeout=121", "262197", "return_timeout"),
        ("return_records=no", "262197", "return_records"),
        ("name", "262248", "name"),
        ("name=", "262194", "name"),
        ("name=a&name=b", "262188", "name"),
        ("start.record=nonsense", "262197", "start.record"),
        ("start.svm=x", "262179", "start.svm"),
    ],
)
def test_refused_queries(api: Api, query: str, code: str, target: str) -> None:
    assert api.refused("GET", f"{POLICIES}?{query}") == (code, target)


@pytest.mark.parametrize(
    ("version", "query", "code"),
    [
        ("9.14.1", "action=bypass", "262250"),
        ("9.15.1", "action=bypass", None),
        ("9.8", "fields=action", None),
        ("9.8", "authentication_method=psk", "262179"),
        ("9.10.1", "authentication_method=psk", None),
        ("9.8", "action=esp_udp", "262250"),
        ("9.16.1", "ppk.identity=x", "262179"),
        ("9.17.1", "ppk.identity=x", None),
        ("9.17.1", "certificate_modify_keepsa=true", "262179"),
        ("9.18.1", "certificate_modify_keepsa=true", None),
        ("9.15.1", "offset=1", "262179"),
        ("9.10.1", "fields=ppk&ignore_unknown_fields=true", "262179"),
        ("9.11.1", "fields=ppk&ignore_unknown_fields=true", None),
        ("9.15.1", "name=", "262177"),
        ("9.7", "", "3"),
    ],
)
def test_releases(array: Simulator, api: Api, version: str, query: str, code: str | None) -> None:
    array.version = version
    response = api("GET", f"{POLICIES}?{query}")
    assert response.json().get("error", {}).get("code") == code


def test_one_policy(five: Simulator, api: Api) -> None:
    uuid = api.records(name="p4")[0]["uuid"]
    record = api("GET", f"{POLICIES}/{uuid}").json()
    assert record["local_endpoint"] == {"address": "10.0.0.5", "family": "ipv4", "netmask": "32", "port": "22-22"}
    assert {*api("GET", f"{POLICIES}/{uuid}", fields="enabled").json()} == {"uuid", "name", "svm", "enabled"}
    assert api.refused("GET", f"{POLICIES}/{uuid}", name="p4") == ("262179", "name")
    assert api("GET", f"{POLICIES}/{uuid}", return_timeout="30").json() == record
    assert api.refused("GET", f"{POLICIES}/{uuid}", max_records="1") == ("262179", "max_records")
