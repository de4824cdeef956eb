# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IPsec service of the cluster: one object that is read and changed."""

from __future__ import annotations

import pytest

from simulator import Simulator, Unknowns

from .conftest import Api, Record

IPSEC = "/api/security/ipsec"


def stored(array: Simulator) -> Record:
    """Return how the service is set."""
    return {
        "enabled": array.ipsec_enabled,
        "replay_window": array.replay_window,
        "offload_enabled": array.offload_enabled,
    }


def test_it_is_one_object(api: Api) -> None:
    assert api("GET", IPSEC).json() == {
        "enabled": True,
        "replay_window": 0,
        "offload_enabled": False,
        "_links": {"self": {"href": IPSEC}},
    }


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("9.8", {"enabled", "replay_window"}),
        ("9.15.1", {"enabled", "replay_window"}),
        ("9.16.1", {"enabled", "replay_window", "offload_enabled"}),
    ],
)
def test_releases(array: Simulator, version: str, expected: set[str]) -> None:
    array.version = version
    assert {*Api(array, Accept="application/json")("GET", IPSEC).json()} == expected


def test_it_came_with_9_8(array: Simulator, api: Api) -> None:
    array.version = "9.7"
    assert api("GET", IPSEC).status_code == 404


def test_fields(api: Api) -> None:
    assert {*api("GET", IPSEC, fields="enabled").json()} == {"enabled", "_links"}
    assert api.refused("GET", IPSEC, fields="window") == ("262197", "fields")
    assert api.refused("GET", IPSEC, enabled="true") == ("262179", "enabled")


@pytest.mark.parametrize(
    ("version", "before", "change"),
    [
        ("9.17.1", {}, {"enabled": False}),
        ("9.8", {"enabled": False}, {"enabled": True, "replay_window": 64}),
        ("9.17.1", {}, {"replay_window": 1024}),
        # The vendor's own module sends digits in a string.
        ("9.17.1", {}, {"replay_window": "128"}),
        ("9.17.1", {"replay_window": 64}, {"replay_window": 0}),
        ("9.17.1", {"enabled": False}, {"offload_enabled": True}),
        ("9.17.1", {"enabled": False}, {"offload_enabled": True, "enabled": True}),
        ("9.17.1", {"enabled": False, "replay_window": 64}, {"offload_enabled": True, "replay_window": 0}),
        # Nothing changes in what must not change while IPsec is enabled.
        ("9.17.1", {}, {"offload_enabled": False, "replay_window": 64}),
    ],
)
def test_a_change(array: Simulator, api: Api, version: str, before: Record, change: Record) -> None:
    array.version = version
    for name, value in before.items():
        setattr(array, "ipsec_enabled" if name == "enabled" else name, value)
    expected = {**stored(array), **change}
    expected["replay_window"] = int(expected["replay_window"])
    response = api("PATCH", IPSEC, change)
    assert (response.status_code, response.json()) == (200, {})
    assert stored(array) == expected
    shown = api("GET", IPSEC).json()
    assert {name: shown[name] for name in change} == {name: expected[name] for name in change}


@pytest.mark.parametrize(
    ("version", "before", "change", "refusal"),
    [
        ("9.17.1", {}, {"replay_window": 65}, ("262185", "replay_window")),
        ("9.17.1", {}, {"replay_window": "many"}, ("262245", "replay_window")),
        ("9.17.1", {}, {"enabled": "yes"}, ("262245", "enabled")),
        ("9.17.1", {}, {}, ("262190", None)),
        ("9.17.1", {}, {"enabled": None}, ("262190", None)),
        ("9.17.1", {}, {"lifetime": 1}, ("262179", "lifetime")),
        ("9.15.1", {"ipsec_enabled": False}, {"offload_enabled": True}, ("262179", "offload_enabled")),
        ("9.17.1", {}, {"offload_enabled": True}, ("66256913", "offload_enabled")),
        ("9.17.1", {}, {"offload_enabled": True, "enabled": False}, ("66256913", "offload_enabled")),
        (
            "9.17.1",
            {"ipsec_enabled": False},
            {"offload_enabled": True, "replay_window": 64},
            ("66256915", "replay_window"),
        ),
        ("9.17.1", {"offload_enabled": True}, {"replay_window": 64}, ("66256915", "replay_window")),
        (
            "9.17.1",
            {"ipsec_enabled": False, "replay_window": 64},
            {"offload_enabled": True},
            ("66256915", "offload_enabled"),
        ),
        ("9.17.1", {"mixed_version": True}, {"enabled": True}, ("66257199", None)),
        ("9.8", {"low_ecv": True}, {"enabled": True}, ("66257199", None)),
    ],
)
def test_a_refused_change(
    array: Simulator, api: Api, version: str, before: Record, change: Record, refusal: tuple[str, str | None]
) -> None:
    array.version = version
    for name, value in before.items():
        setattr(array, name, value)
    unchanged = stored(array)
    assert api.refused("PATCH", IPSEC, change) == refusal
    assert stored(array) == unchanged


@pytest.mark.parametrize("code", [66256898, 66256899, 66257007, 66257496])
def test_a_refusal_that_has_no_rule(array: Simulator, api: Api, code: int) -> None:
    array.refuse("PATCH", IPSEC, code)
    assert api.refused("PATCH", IPSEC, {"enabled": False}) == (str(code), None)
    assert array.ipsec_enabled is True
    assert api("PATCH", IPSEC, {"enabled": False}).status_code == 200
    assert array.ipsec_enabled is False


def test_accounts_of_an_svm_only_read(array: Simulator) -> None:
    array.add_account("vsadmin", "secret", "svm1")
    api = Api(array, ("vsadmin", "secret"))
    assert api("GET", IPSEC).json()["enabled"] is True
    response = api("PATCH", IPSEC, {"enabled": False})
    assert (response.status_code, response.json()["error"]["code"]) == (403, "6")
    assert array.ipsec_enabled is True


def test_a_reset_puts_it_back(array: Simulator, api: Api) -> None:
    array.ipsec_enabled, array.offload_enabled = False, True
    array.reset()
    array.replay_window = 256
    assert stored(array) == {"enabled": True, "replay_window": 256, "offload_enabled": False}


@pytest.mark.parametrize(("switch", "shown"), [("int", 64), ("str", "64")])
def test_the_type_of_the_replay_window(array: Simulator, api: Api, switch: str, shown: int | str) -> None:
    array.unknowns = Unknowns(replay_window_type=switch)
    array.replay_window = 64
    assert api("GET", IPSEC, fields="replay_window").json()["replay_window"] == shown
    assert array.replay_window == 64


def test_a_list_of_one(array: Simulator, api: Api) -> None:
    array.unknowns = Unknowns(ipsec_config_shape="records")
    assert api("GET", IPSEC, fields="enabled").json() == {
        "records": [{"enabled": True}],
        "num_records": 1,
        "_links": {"self": {"href": IPSEC}},
    }
    array.unknowns = Unknowns(ipsec_config_shape="records", num_records_present=False)
    plain = Api(array, Accept="application/json")
    assert plain("GET", IPSEC, fields="enabled").json() == {"records": [{"enabled": True}]}


def test_it_is_neither_created_nor_deleted(api: Api) -> None:
    assert api("OPTIONS", IPSEC).headers["Allow"] == "GET, HEAD, OPTIONS, PATCH"
    assert [api(method, IPSEC).status_code for method in ("POST", "DELETE")] == [405, 405]
