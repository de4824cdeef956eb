# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ipsec_policy_info lists, and how it pages, filters and counts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import ApiError, InvalidInput
from simulator import Simulator, Unknowns
from support.harness import Playbooks, info

POLICIES: list[dict[str, Any]] = [
    {
        "name": f"policy{number}",
        "svm": {"name": f"svm{number % 2 + 1}"},
        "action": "bypass",
        "enabled": number % 3 > 0,
        "protocol": ("tcp", "udp", "any", "1")[number % 4],
        "local_endpoint": {"address": f"10.0.0.{number}", "netmask": "32", "port": f"{number}-{number}"},
        "remote_endpoint": {"address": "10.1.0.0", "netmask": str(16 + number), "port": "0-0"},
        "authentication_method": "none",
    }
    for number in range(1, 9)
]


@pytest.fixture(autouse=True)
def policies(array: Simulator) -> None:
    for record in POLICIES:
        array.add_policy(record)
    array.add_policy({"name": "a|b", "action": "discard", "enabled": True, "scope": "cluster"})


def names(result: dict[str, Any]) -> list[str]:
    return sorted(entry["name"] for entry in result["policies"])


def numbered(*numbers: int) -> list[str]:
    return [f"policy{number}" for number in numbers]


def test_everything_is_listed_over_all_pages_on_one_connection(array: Simulator) -> None:
    for unknowns in (Unknowns(), Unknowns(empty_page="first"), Unknowns(empty_page="last", num_records_present=False)):
        array.unknowns = unknowns
        array.clear_log()
        result = info(array, max_records=4)
        assert names(result) == ["a|b", *numbered(*range(1, 9))]
        assert result["num_records"] == 9
        assert result["changed"] is False
        assert len(array.requests) >= 3
        assert array.connections == 1


def test_a_policy_comes_in_the_options_of_ipsec_policy(array: Simulator) -> None:
    (entry,) = info(array, name="policy1")["policies"]
    assert entry == {
        "name": "policy1",
        "svm": "svm2",
        "action": "bypass",
        "enabled": True,
        "protocol": "udp",
        "authentication_method": "none",
        "local_endpoint": {"address": "10.0.0.1", "netmask": "32", "port": "1-1"},
        "remote_endpoint": {"address": "10.1.0.0", "netmask": "17", "port": "0-0"},
    }


def test_no_match_is_an_empty_list(array: Simulator) -> None:
    nothing = {"changed": False, "policies": [], "num_records": 0}
    assert info(array, name="nobody") == {**nothing, "warnings": []}
    array.unknowns = Unknowns(while_disabled="empty")
    array.ipsec_enabled = False
    for options in ({}, {"count_only": True}):
        result = info(array, **options)
        assert {**result, "warnings": []} == {**nothing, "warnings": []}
        assert "The array lists nothing, but IPsec is not enabled" in result["warnings"][0]


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({"name": "policy3"}, numbered(3)),
    ({"name": "policy1|policy2"}, numbered(1, 2)),
    ({"name": '"a|b"'}, ["a|b"]),
    ({"name": "!policy*"}, ["a|b"]),
    ({"svm": "svm1"}, numbered(2, 4, 6, 8)),
    ({"svm": "svm1", "enabled": False}, numbered(6)),
    ({"enabled": "false"}, numbered(3, 6)),
    ({"scope": "cluster"}, ["a|b"]),
    ({"scope": "SVM", "name": "policy1"}, numbered(1)),
    ({"protocol": "UDP"}, numbered(1, 5)),
    ({"protocol": 6}, numbered(4, 8)),
    ({"protocol": "icmp"}, numbered(3, 7)),
    ({"protocol": "tcp|udp"}, numbered(1, 4, 5, 8)),
    ({"local_endpoint": {"port": 5}}, numbered(5)),
    ({"local_endpoint": {"address": "10.0.0.7"}}, numbered(7)),
    ({"local_endpoint": {"netmask": "255.255.255.255", "port": "2-2"}}, numbered(2)),
    ({"remote_endpoint": {"netmask": "<=18"}}, numbered(1, 2)),
    ({"remote_endpoint": {"netmask": "23..24"}}, ["a|b", *numbered(7, 8)]),
    ({"remote_endpoint": {"port": "any"}}, ["a|b", *numbered(*range(1, 9))]),
    ({"action": "discard"}, ["a|b"]),
    ({"authentication_method": "none"}, ["a|b", *numbered(*range(1, 9))]),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS, ids=lambda case: str(case)[:50])
def test_filters(array: Simulator, filters: dict[str, Any], expected: list[str]) -> None:
    assert names(info(array, **filters)) == expected
    array.unknowns = Unknowns(count_in_parts=True)
    counted = info(array, **filters, count_only=True, max_records=2)
    assert (counted["num_records"], counted["policies"]) == (len(expected), [])


@pytest.mark.parametrize("spelled", ["number", "name"])
def test_a_protocol_is_found_however_the_array_stores_it(array: Simulator, spelled: str) -> None:
    array.unknowns = Unknowns(protocol_names=spelled)
    array.edit_policy("policy3", "svm2", {"protocol": "1" if spelled == "number" else "icmp"})
    array.edit_policy("policy7", "svm2", {"protocol": "1" if spelled == "number" else "icmp"})
    assert names(info(array, protocol="icmp")) == numbered(3, 7)


def test_an_svm_is_found_by_its_uuid(array: Simulator) -> None:
    uuid = array.add_svm("svm3")
    array.add_policy({"name": "third", "svm": {"name": "svm3"}, "action": "bypass", "enabled": True})
    assert names(info(array, svm=uuid)) == ["third"]


def test_fields_and_order(array: Simulator) -> None:
    result = info(array, svm="svm1", fields=["enabled", "uuid", "local_endpoint.port"], order_by=["name desc"])
    assert [entry["name"] for entry in result["policies"]] == numbered(8, 6, 4, 2)
    assert all(set(entry) <= {"name", "svm", "uuid", "enabled", "local_endpoint"} for entry in result["policies"])
    assert all(set(entry["local_endpoint"]) == {"port"} for entry in result["policies"])


def test_read_only_fields_come_only_if_named(array: Simulator) -> None:
    assert not {"uuid", "scope"} & set(info(array, name="policy1")["policies"][0])
    named = info(array, name="policy1", fields=["scope", "uuid", "local_endpoint"])["policies"][0]
    assert {"uuid", "scope"} <= set(named)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fields": ["colour"]}, "'colour' is not a field of an IPsec policy that can be read. There are: uuid, name"),
        ({"fields": ["*"]}, "fields: '*' names no field; leave fields out to read all of them."),
        ({"fields": ["secret_key"]}, "'secret_key' is not a field"),
        ({"order_by": ["local_endpoint"]}, "order_by: 'local_endpoint' stands for several fields"),
        ({"order_by": ["name up"]}, "sorted neither asc nor desc"),
    ],
)
def test_bad_options_are_refused_without_a_request(array: Simulator, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        info(array, **options)
    assert message in str(caught.value)
    assert array.requests == []


def test_a_filter_that_the_release_lacks(array: Simulator) -> None:
    array.version = "9.12.1"
    with pytest.raises(ApiError, match="Filtering by action needs ONTAP 9.15.1 or later; this array runs 9.12.1"):
        info(array, action="bypass")
    array.clear_log()
    with pytest.raises(InvalidInput, match="Filtering by action needs"):
        info(array, action="bypass", ontap_version="9.12.1")
    assert array.requests == []


@pytest.mark.parametrize("version", ["9.8", "9.12.1", "9.19.1"])
def test_every_release_lists_what_it_has(array: Simulator, version: str) -> None:
    array.version = version
    assert info(array)["num_records"] == 9
    assert len(array.requests) == 1


def test_what_ansible_would_hide_in_a_name_is_no_answer(playbooks: Playbooks) -> None:
    array = playbooks.array
    array.add_policy({"name": f"{array.password}-hidden", "svm": "svm1", "action": "bypass"})
    task = {"name": "read", "wiresec.ontap.ipsec_policy_info": {"name": "*-hidden"}}
    play = playbooks.play([task, {"name": "never", "ansible.builtin.debug": {}}], "-vvvv")
    message = play.result("read")["msg"]
    assert play.failed == ["read"]
    assert (
        "Ansible would hide it there: policies[0].name. Read with an account whose password is in no name." in message
    )
    assert "policies" not in play.result("read")
    assert array.password not in play.output
