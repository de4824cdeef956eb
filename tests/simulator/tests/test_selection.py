# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The `fields` parameter, without a server."""

from __future__ import annotations

import pytest

from simulator.errors import OntapError
from simulator.policy_schema import POLICY
from simulator.selection import Projection, paths, select

NEWEST = (9, 19, 1)


def chosen(text: str, version: tuple[int, int, int] = NEWEST) -> set[str]:
    return select(text, POLICY, version, ignore_unknown=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b.c", [("a", True), ("b.c", True)]),
        ("b.{c,d}", [("b.c", True), ("b.d", True)]),
        ("a.{b.{c,d},e}", [("a.b.c", True), ("a.b.d", True), ("a.e", True)]),
        ("*,!b.c", [("*", True), ("b.c", False)]),
        ("b.{c,!d}", [("b.c", True), ("b.d", False)]),
        ("!b.{c,d}", [("b.c", False), ("b.d", False)]),
        ("", []),
    ],
)
def test_paths(text: str, expected: list[tuple[str, bool]]) -> None:
    assert paths(text) == expected


@pytest.mark.parametrize("text", ["a.{b", "a}", "a.{b}}", "a.{b}c"])
def test_unbalanced_braces(text: str) -> None:
    with pytest.raises(OntapError) as refused:
        paths(text)
    assert refused.value.code == 262286


def test_an_object_stands_for_all_that_is_below() -> None:
    assert chosen("svm,local_endpoint.{address,port}") == {
        "svm.name",
        "svm.uuid",
        "local_endpoint.address",
        "local_endpoint.port",
    }


def test_everything_leaves_secrets_out() -> None:
    assert chosen("*") == chosen("**")
    assert not {"secret_key", "ppk.shared_key"} & chosen("*")
    assert chosen("ppk") == {"ppk.identity"}


def test_exclusion() -> None:
    assert chosen("*") - chosen("*,!local_endpoint.port") == {"local_endpoint.port"}
    assert chosen("!svm") == chosen("*,!svm")


@pytest.mark.parametrize(
    ("text", "version", "code"),
    [
        ("secret_key", NEWEST, 262249),
        ("ppk.shared_key", NEWEST, 262249),
        ("nothing", NEWEST, 262197),
        ("ppk", (9, 16, 1), 262197),
        ("certificate_modify_keepsa", (9, 17, 1), 262197),
        ("authentication_method", (9, 9, 1), 262197),
    ],
)
def test_refusals(text: str, version: tuple[int, int, int], code: int) -> None:
    with pytest.raises(OntapError) as refused:
        chosen(text, version)
    assert (refused.value.code, refused.value.target) == (code, "fields")


def test_unknown_names_can_be_passed_over() -> None:
    assert select("name,nothing", POLICY, NEWEST, ignore_unknown=True) == {"name"}


def test_projection() -> None:
    record = {"uuid": "u", "name": "n", "svm.name": "s", "svm.uuid": "v", "enabled": True}
    shape = Projection.of(POLICY, {"name", "svm.name", "enabled", "protocol"}, links=True, self_link=True)
    assert shape(record) == {
        "name": "n",
        "svm": {"name": "s", "_links": {"self": {"href": "/api/svm/svms/v"}}},
        "enabled": True,
        "_links": {"self": {"href": "/api/security/ipsec/policies/u"}},
    }
    assert Projection.of(POLICY, {"svm.uuid"}, links=False, self_link=False)(record) == {"svm": {"uuid": "v"}}
