# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ipsec_security_association_info returns of an array."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import ApiError
from simulator import Simulator, Unknowns
from support.harness import associations
from support.paths import ASSOCIATIONS


@pytest.fixture
def traffic(array: Simulator) -> Simulator:
    """Four policies that protect, of which three have associations, and others that can't have any."""
    for name, svm in (("web", "svm1"), ("web", "svm2"), ("half", "svm1"), ("idle", "svm1")):
        array.add_policy({"name": name, "svm": svm, "action": "esp_transport", "enabled": True})
    array.add_policy({"name": "open", "svm": "svm1", "action": "bypass"})
    array.add_policy({"name": "old", "svm": "svm1", "action": "esp_udp", "enabled": False})
    array.establish("web", "svm1", in_bytes=1, in_packets=2, out_bytes=3, out_packets=4, remote_address="10.0.0.1")
    array.establish("web", "svm1", in_bytes=10, in_packets=20, out_bytes=30, out_packets=40, remote_address="10.0.0.2")
    array.establish("web", "svm1", "cluster1-02", "connecting", ipsec=False, remote_address="10.0.0.3")
    array.establish("web", "svm2", "cluster1-02", in_bytes=5, remote_address="2001:db8::1")
    array.establish("half", "svm1", ike_state="dead_peer_probe", remote_address="10.0.0.4")
    array.clear_log()
    return array


def found(result: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(one["svm"], one["policy"], one["type"], one["remote_address"]) for one in result["security_associations"]]


@pytest.mark.parametrize("version", ["9.8", "9.12.1", "9.17.1", "9.19.1"])
def test_all_have_the_same_shape(traffic: Simulator, version: str) -> None:
    traffic.version = version
    result = associations(traffic)
    assert result["num_records"] == len(result["security_associations"]) == 9
    shapes = {tuple(one) for one in result["security_associations"]}
    assert len(shapes) == 1
    for one in result["security_associations"]:
        assert (one["ike"] is None, one["ipsec"] is None) == (one["type"] == "ipsec", one["type"] == "ike")
    ike = {tuple(one["ike"]) for one in result["security_associations"] if one["ike"]}
    inbound = {tuple(one["ipsec"]["inbound"]) for one in result["security_associations"] if one["ipsec"]}
    assert (len(ike), len(inbound)) == (1, 1)
    assert "offload_bytes" in next(iter(inbound))
    assert [request.status for request in traffic.requests] == [200, 200]
    assert traffic.connections == 1


def test_the_summary_tells_what_is_protected(traffic: Simulator) -> None:
    summary = associations(traffic)["summary"]
    assert [(one["svm"], one["policy"], one["status"]) for one in summary] == [
        ("svm1", "half", "half_open"),
        ("svm1", "idle", "none"),
        ("svm1", "web", "established"),
        ("svm2", "web", "established"),
    ]
    assert summary[2] == {
        "policy": "web",
        "svm": "svm1",
        "status": "established",
        "peers": {"established": 2, "half_open": 1},
        "security_associations": {"ike": 3, "ipsec": 2},
        "ike_states": {"connecting": 1, "established": 2},
        "nodes": ["cluster1-01", "cluster1-02"],
        "inbound": {"bytes": 11, "packets": 22},
        "outbound": {"bytes": 33, "packets": 44},
    }
    assert summary[1]["inbound"] == {"bytes": 0, "packets": 0}
    traffic.clear_log()
    assert "summary" not in associations(traffic, summary=False)
    assert [request.path for request in traffic.requests] == [ASSOCIATIONS]


FILTERS: list[tuple[dict[str, Any], int]] = [
    ({"svm": "svm2"}, 2),
    ({"svm": "svm*"}, 9),
    ({"policy": "web"}, 7),
    ({"policy_name": "ha*"}, 2),
    ({"policy": "web", "svm": "svm1"}, 5),
    ({"node": "cluster1-02"}, 3),
    ({"type": "IKE"}, 5),
    ({"type": "ipsec", "svm": "svm1"}, 3),
    ({"remote_address": "2001:0db8:0::1"}, 2),
    ({"remote_address": "10.0.0.1|10.0.0.2"}, 4),
    ({"ike": {"state": "connecting"}}, 1),
    ({"type": "ike", "ike": {"state": "!established"}}, 2),
    ({"ipsec": {"state": "installed"}}, 4),
    ({"svm": "nobody"}, 0),
]


@pytest.mark.parametrize(("filters", "number"), FILTERS, ids=str)
def test_filters(traffic: Simulator, filters: dict[str, Any], number: int) -> None:
    assert associations(traffic, **filters)["num_records"] == number


def test_an_svm_and_a_node_go_by_uuid_as_well(traffic: Simulator) -> None:
    one = next(record for record in traffic.security_associations() if record["svm"]["name"] == "svm2")
    result = associations(traffic, svm=one["svm"]["uuid"], node=one["node"]["uuid"].upper())
    assert (result["num_records"], [entry["svm"] for entry in result["summary"]]) == (2, ["svm2"])


def test_filters_by_name_confine_the_summary(traffic: Simulator) -> None:
    assert [one["policy"] for one in associations(traffic, svm="svm1", policy="!web")["summary"]] == ["half", "idle"]


@pytest.mark.parametrize("empty", ["never", "first", "last"])
def test_every_page_is_read(traffic: Simulator, empty: str) -> None:
    everything = associations(traffic)
    traffic.unknowns = Unknowns(empty_page=empty, num_records_present=False)
    assert associations(traffic, max_records=2) == everything


def test_cluster_scope_has_no_svm(array: Simulator) -> None:
    array.add_policy({"name": "all", "action": "esp_transport", "enabled": True})
    array.establish("all")
    result = associations(array)
    assert {one["svm"] for one in [*result["security_associations"], *result["summary"]]} == {None}
    assert [one["status"] for one in result["summary"]] == ["established"]


@pytest.mark.parametrize("code", [66257118, 66257119])
def test_a_release_may_call_it_an_error_that_there_are_none(array: Simulator, code: int) -> None:
    array.refuse("GET", ASSOCIATIONS, code=code)
    assert associations(array)["security_associations"] == []


def test_other_errors_are_errors(array: Simulator) -> None:
    array.refuse("GET", ASSOCIATIONS, code=262145)
    with pytest.raises(ApiError, match="Listing IPsec security association objects failed"):
        associations(array)


def test_what_a_listing_does_not_say_of_an_association_is_read_by_uuid(traffic: Simulator) -> None:
    expected = associations(traffic)
    traffic.fault("missing_fields", "GET", ASSOCIATIONS, fields=("type",))
    assert associations(traffic) == expected


def test_an_answer_that_does_not_say_what_it_is_about_is_refused(traffic: Simulator) -> None:
    traffic.fault("missing_fields", "GET", ASSOCIATIONS, fields=("type",))
    traffic.refuse("GET", f"{ASSOCIATIONS}/*", code=262145, times=1000)
    with pytest.raises(ApiError):
        associations(traffic)
