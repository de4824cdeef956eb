# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request to a collection does when its time is up before all records have been looked at (fact sheet 3.3, 4.3)."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Simulator, Unknowns

from .conftest import POLICIES, Api

NAMES = [f"p{number}" for number in range(7)]


@pytest.fixture
def slow(array: Simulator) -> Simulator:
    """Return an array that looks at two policies in a second, and has seven."""
    for name in NAMES:
        array.add_policy({"name": name, "svm": "svm1"})
    array.search_rate = 2
    return array


def parts(api: Api, method: str = "GET", body: Any = None, **parameters: str) -> list[dict[str, Any]]:
    """Follow the next links with the same method; return the body of each answer."""
    bodies = [api(method, POLICIES, body, **parameters).json()]
    while "next" in (links := bodies[-1].get("_links", {})):
        bodies.append(api(method, links["next"]["href"], body).json())
    return bodies


def found(api: Api, **parameters: str) -> list[list[str]]:
    return [[record["name"] for record in body["records"]] for body in parts(api, **parameters)]


def test_a_listing_returns_what_it_has_and_a_link_to_the_rest(slow: Simulator, api: Api) -> None:
    assert found(api, return_timeout="1") == [NAMES[:2], NAMES[2:4], NAMES[4:6], NAMES[6:]]
    assert found(api, return_timeout="0", name="p0|p2") == [["p0"], [], ["p2"], [], [], [], []]
    assert found(api, return_timeout="2", max_records="3") == [NAMES[:3], NAMES[3:6], NAMES[6:]]
    assert found(api) == [NAMES]
    slow.search_rate = None
    assert found(api, return_timeout="0") == [NAMES]


def test_a_count_comes_in_parts(slow: Simulator, api: Api) -> None:
    counted = [body["num_records"] for body in parts(api, return_timeout="2", return_records="false")]
    assert counted == [4, 3]


@pytest.mark.parametrize(("switch", "expected"), [("next", [[], [], ["p5"], []]), ("nothing", [[]])])
def test_nothing_may_be_found_in_time(slow: Simulator, api: Api, switch: str, expected: list[list[str]]) -> None:
    slow.unknowns = Unknowns(out_of_time=switch)
    assert found(api, name="p5", return_timeout="1") == expected
    assert found(api, name="p5", return_timeout="5") == [["p5"]]
    assert found(api, name="p*", return_timeout="3") == ([NAMES[:6], NAMES[6:]])


def test_what_takes_all_of_it_fails(slow: Simulator, api: Api) -> None:
    for parameters in ({"order_by": "name"}, {"offset": "1"}):
        response = api("GET", return_timeout="2", **parameters)
        assert (response.status_code, response.json()["error"]["code"]) == (500, "262210")
        assert api("GET", return_timeout="4", **parameters).status_code == 200


def test_a_client_learns_that_time_has_passed(slow: Simulator, api: Api) -> None:
    waited: list[None] = []
    slow.on_silence = lambda: waited.append(None)
    found(api, return_timeout="2", max_records="3")
    assert len(waited) == 0
    found(api, return_timeout="2")
    assert len(waited) == 1


def test_a_write_to_all_that_match_goes_on_with_the_same_method(slow: Simulator, api: Api) -> None:
    changed = parts(api, "PATCH", {"enabled": False}, name="!p1", return_timeout="2")
    assert [body["num_records"] for body in changed] == [3, 3]
    assert [policy["name"] for policy in slow.policies() if policy["enabled"]] == ["p1"]
    deleted = parts(api, "DELETE", name="p*", return_timeout="1")
    assert [body["num_records"] for body in deleted] == [2, 2, 2, 1]
    assert slow.policies() == []
