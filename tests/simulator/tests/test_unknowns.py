# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each switch makes the difference that it is there for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from simulator import Simulator, Unknowns
from simulator.unknowns import describe

from .conftest import KEY, POLICIES, Api, Record

Body = Callable[..., Record]

EVERYBODY = {"address": "0.0.0.0", "netmask": "0", "port": "2049"}
NULL = object()
"""A JSON null: where None takes a property out of the body, this leaves it in."""


def created(array: Simulator, api: Api, body: Record, **unknowns: Any) -> Record:
    """Create a policy under some switches and return what is stored."""
    array.unknowns = Unknowns(**unknowns)
    response = api("POST", body=body)
    assert response.status_code == 201, response.text
    svm = body.get("svm", {}).get("name")
    policy = array.policy(body["name"], svm)
    assert policy is not None
    return policy


def test_a_switch_takes_what_it_offers() -> None:
    with pytest.raises(ValueError, match="keeps, resets"):
        Unknowns(patch_without_port="forgets")
    with pytest.raises(ValueError, match="no switch 'nothing'"):
        Unknowns().with_text(["nothing=1"])
    texts = ["family_on_read=false", "error_status=500", "host_bits=cleared", "brief_default_fields=uuid"]
    assert Unknowns().with_text(texts) == Unknowns(
        family_on_read=False, error_status=500, host_bits="cleared", brief_default_fields=("uuid",)
    )


def test_every_switch_names_a_paragraph_of_the_fact_sheet() -> None:
    assert len(describe().splitlines()) == len(fields(Unknowns))
    for switch in fields(Unknowns):
        assert re.fullmatch(r"\d[\d.]*(, \d[\d.]*)*", switch.metadata["sheet"]), switch.name


def test_what_a_read_shows(array: Simulator, api: Api) -> None:
    uuid = array.add_policy({"name": "p", "svm": "svm1", "local_endpoint": {"address": "::1", "netmask": "128"}})
    parts = {"family_on_read": "family", "ipspace_on_read": "ipspace", "self_links_in_records": "policies/"}
    for (switch, part), setting in itertools.product(parts.items(), (True, False)):
        array.unknowns = Unknowns().with_text([f"{switch}={setting}"])
        for shown in (api.records(fields="*")[0], api("GET", f"{POLICIES}/{uuid}").json()):
            assert (part in str(shown)) is setting
    array.unknowns = Unknowns(num_records_present=False)
    assert "num_records" not in api("GET").json()


@pytest.mark.parametrize(("shown", "found"), [(True, 1), (False, 0)])
def test_what_is_not_shown_is_not_found(array: Simulator, api: Api, shown: bool, found: int) -> None:
    array.unknowns = Unknowns(ipspace_on_read=shown)
    array.add_policy({"name": "p", "svm": "svm1"})
    assert len(api.records(ipspace__name="Default")) == found


@pytest.mark.parametrize(("switch", "listed", "status"), [("normal", 1, 200), ("empty", 0, 200), ("error", None, 400)])
def test_reading_while_disabled(array: Simulator, api: Api, switch: str, listed: int | None, status: int) -> None:
    array.add_policy({"name": "p", "svm": "svm1"})
    array.unknowns = Unknowns(while_disabled=switch)
    assert len(api.records()) == 1
    array.ipsec_enabled = False
    response = api("GET")
    assert (response.status_code, response.json().get("num_records")) == (status, listed)


@pytest.mark.parametrize(("switch", "status"), [("normal", 200), ("empty", 404), ("error", 400)])
def test_reading_one_while_disabled(array: Simulator, api: Api, switch: str, status: int) -> None:
    uuid = array.add_policy({"name": "p", "svm": "svm1"})
    array.unknowns = Unknowns(while_disabled=switch)
    assert api("GET", f"{POLICIES}/{uuid}").status_code == 200
    array.ipsec_enabled = False
    assert api("GET", f"{POLICIES}/{uuid}").status_code == status
    assert api("PATCH", f"{POLICIES}/{uuid}", {"protocol": "tcp"}).status_code == 200


def test_a_filter_by_name_may_lose_fields(array: Simulator, api: Api) -> None:
    uuid = array.add_policy({"name": "p", "svm": "svm1", "certificate": "ipsec-cert"})
    array.unknowns = Unknowns().with_text(["lost_by_name_filter=certificate,enabled"])
    fields = "name,certificate,enabled,protocol"
    for filters in ({"name": "p"}, {"name": "p*", "enabled": "true"}):
        assert {*api.records(fields=fields, **filters)[0]} == {"uuid", "name", "svm", "protocol"}
    whole = {"uuid", "name", "svm", "protocol", "certificate", "enabled"}
    assert {*api.records(fields=fields, svm__name="svm1")[0]} == whole
    assert {*api("GET", f"{POLICIES}/{uuid}", fields=fields).json()} == whole


def test_writing_while_disabled(array: Simulator, api: Api, psk: Body) -> None:
    array.ipsec_enabled = False
    policy = created(array, api, psk())
    array.unknowns = Unknowns(writes_while_disabled="refused")
    assert api("POST", body=psk("other")).status_code == 400
    assert api("PATCH", f"{POLICIES}/{policy['uuid']}", {"enabled": False}).status_code == 400


@pytest.mark.parametrize(
    ("switch", "given", "stored"), [("number", "icmp", "1"), ("name", "1", "icmp"), ("name", "200", "200")]
)
def test_names_of_protocols(array: Simulator, api: Api, psk: Body, switch: str, given: str, stored: str) -> None:
    assert created(array, api, psk(protocol=given), protocol_names=switch)["protocol"] == stored


@pytest.mark.parametrize(("switch", "address"), [("kept", "10.0.0.63"), ("cleared", "10.0.0.0")])
def test_host_bits(array: Simulator, api: Api, psk: Body, switch: str, address: str) -> None:
    body = psk(local_endpoint={"address": "10.0.0.63", "netmask": "25"})
    assert created(array, api, body, host_bits=switch)["local_endpoint"]["address"] == address


@pytest.mark.parametrize(("switch", "port"), [("keeps", "80-80"), ("resets", "0-0")])
def test_patch_without_port(array: Simulator, api: Api, psk: Body, switch: str, port: str) -> None:
    body = psk(remote_endpoint={"address": "10.0.1.0", "netmask": "24", "port": "80"})
    uuid = created(array, api, body, patch_without_port=switch)["uuid"]
    changed = {"address": "10.0.2.0", "netmask": "24"}
    assert api("PATCH", f"{POLICIES}/{uuid}", {"remote_endpoint": changed}).status_code == 200
    assert array.policies()[0]["remote_endpoint"] == {**changed, "family": "ipv4", "port": port}


@pytest.mark.parametrize(("unique", "status"), [(True, 201), (False, 400)])
def test_case_of_names(array: Simulator, api: Api, psk: Body, unique: bool, status: int) -> None:
    created(array, api, psk("name"), names_unique_case=unique)
    assert api("POST", body=psk("Name")).status_code == status
    for matters, found in ((True, ["name"]), (False, [policy["name"] for policy in array.policies()])):
        array.unknowns = Unknowns(names_match_case=matters)
        assert sorted(api.names(name="name")) == sorted(found)


@pytest.mark.parametrize(
    ("switch", "setting", "other", "changes"),
    [
        ("enum_case", "any", "lower", {"action": "ESP_TRANSPORT"}),
        ("number_for_string", "accepted", "refused", {"protocol": 17}),
        ("null_in_body", "ignored", "refused", {"protocol": NULL}),
        ("ipv6_host_mask_128", "accepted", "refused", {"local_endpoint": {"address": "2001:db8::1", "netmask": "128"}}),
        ("ipv6_default_netmask", "64", "required", {"local_endpoint": {"address": "2001:db8::1"}}),
        ("host_address_rule", "never", "remote", {}),
        ("default_action", "esp_transport", "required", {"action": None}),
        ("default_authentication_method", "infer", "refuse", {}),
        ("ignored_authentication", "ignored", "error", {"action": "bypass"}),
        ("endpoints_required", False, True, {"remote_endpoint": None}),
        ("identities_with_key", "wildcard", "subnet", {}),
        ("identities_with_key", "never", "wildcard", {"remote_endpoint": EVERYBODY}),
        ("empty_strings", "stored", "refused", {"local_identity": ""}),
        ("cluster_scope", "accepted", "refused", {"svm": None}),
    ],
)
def test_what_a_create_accepts(
    array: Simulator, api: Api, psk: Body, switch: str, setting: Any, other: Any, changes: Record
) -> None:
    if "ipv6" in switch:
        changes = {**changes, "remote_endpoint": {"address": "2001:db8:1::", "netmask": "64"}}
    body = {path: None if value is NULL else value for path, value in psk(**changes).items()}
    array.unknowns = Unknowns(**{switch: other})
    assert api("POST", body=body).status_code == 400
    array.unknowns = Unknowns(**{switch: setting})
    assert api("POST", body=body).status_code == 201


@pytest.mark.parametrize(
    ("body", "first", "last"),
    [
        ({"comment": "x", "protocol": 6}, "262179", "262245"),
        ({"name": "\u00e4", "svm": {"name": "nobody"}, "protocol": "6,17"}, "66257148", "66257099"),
        ({"name": None, "local_endpoint": None, "secret_key": "short"}, "262212", "66257200"),
        ({"name": "taken", "protocol": "6,17"}, "66257099", "66257104"),
    ],
)
def test_of_several_faults_one_is_reported(
    array: Simulator, api: Api, psk: Body, body: Record, first: str, last: str
) -> None:
    array.add_policy({"name": "taken", "svm": "svm1"})
    for switch, code in (("first", first), ("last", last)):
        array.unknowns = Unknowns(reported_fault=switch)
        assert api.refused("POST", body=psk(**body))[0] == code
    assert len(array.policies()) == 1
    assert api("POST", body=psk()).status_code == 201


@pytest.mark.parametrize(("switch", "code"), [("first", "66257099"), ("last", "66257120")])
def test_of_several_faults_of_a_change_one_is_reported(array: Simulator, api: Api, switch: str, code: str) -> None:
    path = f"{POLICIES}/{array.add_policy({'name': 'p', 'svm': 'svm1'})}"
    array.unknowns = Unknowns(reported_fault=switch, host_address_rule="remote")
    body = {"protocol": "6,17", "remote_endpoint": {"address": "10.0.0.0", "netmask": "8"}}
    assert api.refused("PATCH", path, body)[0] == code
    assert api("PATCH", path, {"protocol": "tcp"}).status_code == 200


@pytest.mark.parametrize("length", [8000, 9000, 100_000])
def test_long_request_lines(array: Simulator, api: Api, length: int) -> None:
    array.add_policy({"name": "p", "svm": "svm1"})
    assert api.names(name="x" * length + "|p") == ["p"]
    array.unknowns = Unknowns(long_request_lines="refused")
    response = api("GET", name="x" * length + "|p")
    assert response.status_code == (200 if length == 8000 else 414)
    assert api("GET").status_code == 200


def test_port_zero(array: Simulator, api: Api, psk: Body) -> None:
    array.version = "9.12.1"
    body = psk(local_endpoint={"address": "10.0.0.1", "netmask": "32", "port": "0"})
    assert api.refused("POST", body=body)[0] == "66257132"
    assert created(array, api, body, port_zero_accepted=True)["local_endpoint"]["port"] == "0-0"


def test_a_method_that_is_not_inferred(array: Simulator, api: Api, psk: Body) -> None:
    assert created(array, api, psk(), default_authentication_method="none")["authentication_method"] == "none"


def test_null_clears(array: Simulator, api: Api, psk: Body) -> None:
    path = f"{POLICIES}/{created(array, api, psk(local_identity='me.example'))['uuid']}"
    assert api("PATCH", path, {"local_identity": None}).status_code == 200
    assert "local_identity" not in array.policies()[0]
    array.unknowns = Unknowns(null_in_body="ignored")
    assert api.refused("PATCH", path, {"local_identity": None})[0] == "262190"


def test_a_single_svm_may_be_implied(array: Simulator, api: Api, psk: Body) -> None:
    array.unknowns = Unknowns(svm_implied_when_single=True)
    assert created(array, api, psk(svm=None), svm_implied_when_single=True)["scope"] == "cluster"
    array.remove_svm("svm2")
    assert api("POST", body=psk("implied", svm=None)).status_code == 201
    assert array.policy("implied", "svm1") is not None


def test_what_a_create_answers(array: Simulator, api: Api, psk: Body) -> None:
    for number, (unknowns, location) in enumerate(
        [
            (Unknowns(), POLICIES + "/{uuid}"),
            (Unknowns(location_header="missing"), None),
            (Unknowns(location_header="without_uuid"), POLICIES + "/?name=a%20b2"),
        ]
    ):
        array.unknowns = unknowns
        response = api("POST", body=psk(f"a b{number}"))
        stored = array.policy(f"a b{number}", "svm1")
        assert stored is not None
        assert response.headers.get("Location") == (location and location.format(uuid=stored["uuid"]))
    array.unknowns = Unknowns(post_returns_records=False)
    assert api("POST", body=psk("c"), return_records="true").json() == {}
    array.unknowns = Unknowns(posted_record="brief")
    answered = api("POST", body=psk("d"), return_records="true").json()["records"][0]
    assert {*answered} == {"uuid", "name", "svm"}
    assert KEY not in str(answered)
