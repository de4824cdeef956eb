# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list that is the whole truth: what an entry leaves out, and what no entry names, is compared or named."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput
from simulator import Simulator, Unknowns
from support.arrays import names
from support.harness import policies, policy
from support.paths import POLICIES
from support.samples import bypass, entry, there

SPARSE = entry("web", enabled=None, local_endpoint={"address": "10.10.10.7/32"})
PKI = {"secret_key": None, "certificate": "ipsec-cert", "remote_identity": "ANYTHING"}


def strict(array: Simulator, *wanted: dict[str, Any], **options: Any) -> dict[str, Any]:
    return policies(array, policies=list(wanted), **{"strict": True, **options})


EDITS: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "disabled": ({"enabled": False}, {"enabled": False}, {"enabled": True}),
    "protocol": ({"protocol": "tcp"}, {"protocol": "tcp"}, {"protocol": "any"}),
    "remote port": (
        {"remote_endpoint.port": "9-9"},
        {"remote_endpoint": {"address": "10.10.20.0", "netmask": "24", "port": "9-9"}},
        {"remote_endpoint": {"address": "10.10.20.0", "netmask": "24", "port": "0-0"}},
    ),
    "local port": (
        {"local_endpoint.port": "9-9"},
        {"local_endpoint": {"address": "10.10.10.7", "netmask": "32", "port": "9-9"}},
        {"local_endpoint": {"address": "10.10.10.7", "netmask": "32", "port": "0-0"}},
    ),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("port_resets", ["keeps", "resets"])
def test_what_an_entry_leaves_out_means_the_default(array: Simulator, edit: str, port_resets: str) -> None:
    array.unknowns = Unknowns(patch_without_port=port_resets)
    strict(array, SPARSE)
    assert strict(array, SPARSE)["changed"] is False
    values, before, after = EDITS[edit]
    array.edit_policy("web", "svm1", values)
    assert strict(array, SPARSE, strict=False)["changed"] is False
    for check_mode in (True, False):
        change = strict(array, SPARSE, check_mode=check_mode)["changes"][0]
        assert (change["operation"], change["before"], change["after"]) == ("modified", before, after)
        assert change["assumed"] == {
            "enabled": True,
            "protocol": "any",
            "local_endpoint": {"port": "0-0"},
            "remote_endpoint": {"port": "0-0"},
            "local_identity": None,
            "remote_identity": None,
            "ppk": {"identity": None},
        }
    assert strict(array, SPARSE)["changed"] is False


@pytest.mark.parametrize("option", ["local_identity", "remote_identity", "ppk"])
def test_what_cannot_be_cleared_is_never_silently_equal(array: Simulator, option: str) -> None:
    value: Any = {"identity": "ppk-one", "shared_key": "a-post-quantum-key-of-the-tests"} if option == "ppk" else "CN=x"
    sparse = {**SPARSE, "remote_endpoint": {"address": "10.10.20.5/32"}}
    policies(array, policies=[{**sparse, option: value}])
    dotted = "ppk.identity" if option == "ppk" else option
    with pytest.raises(InvalidInput, match=rf"{dotted} is '[^']+' and should not be set. Set recreate: true"):
        strict(array, sparse)
    change = strict(array, sparse, recreate=True)["changes"][0]
    assert (change["operation"], change["modified"], change["loss"]) == ("recreated", [option], "recreated")
    assert "CN=x" not in str(change["after"])
    assert strict(array, sparse)["changed"] is False
    assert option not in array.policies()[0]


def test_a_certificate_policy_keeps_its_associations_only_if_the_entry_says_so(array: Simulator) -> None:
    array.version = "9.18.1"
    wanted = entry("web", **PKI)
    policies(array, policies=[{**wanted, "certificate_modify_keepsa": True}])
    change = strict(array, wanted)["changes"][0]
    assert (change["before"], change["after"]) == (
        {"certificate_modify_keepsa": True},
        {"certificate_modify_keepsa": False},
    )


@pytest.mark.parametrize("release", ["9.8", "9.9.1", "9.12.1", "9.17.1", "9.18.1"])
def test_it_costs_one_request_on_every_release(array: Simulator, release: str) -> None:
    array.version = release
    wanted = [SPARSE, bypass("open")]
    strict(array, *wanted)
    array.clear_log()
    assert strict(array, *wanted, whole_cluster=True)["changed"] is False
    assert len(array.requests) == 1
    array.edit_policy("web", "svm1", {"enabled": False})
    assert strict(array, *wanted)["changes"][0]["modified"] == ["enabled"]


def test_prune_makes_it_strict_unless_that_is_forbidden(array: Simulator) -> None:
    strict(array, SPARSE)
    array.edit_policy("web", "svm1", {"enabled": False})
    assert policies(array, policies=[SPARSE])["changed"] is False
    assert policies(array, policies=[SPARSE], prune=True, strict=False)["changed"] is False
    assert policy(array, **SPARSE)["changed"] is False
    assert policies(array, policies=[SPARSE], prune=True)["changes"][0]["after"] == {"enabled": True}


def test_an_unprotected_entry_assumes_nothing_of_authentication(array: Simulator) -> None:
    result = strict(array, bypass("open", enabled=None))
    assert set(result["changes"][0]["assumed"]) == {
        "enabled",
        "protocol",
        "remote_endpoint",
        "local_identity",
        "remote_identity",
    }
    assert result["not_compared"] == []
    assert strict(array, entry("open", state="absent"), allow_empty=True)["changes"][0].get("assumed") is None


def test_what_was_assumed_is_told_once_for_all(array: Simulator) -> None:
    strict(array, SPARSE, bypass("open"))
    told = strict(array, SPARSE, bypass("open"))["assumed"]
    assert (told["enabled"], told["protocol"], told["remote_identity"]) == (True, "any", None)
    assert policies(array, policies=[SPARSE])["assumed"] == {}


def test_what_is_not_compared_is_named(array: Simulator) -> None:
    policies(array, policies=[SPARSE, entry("pki", **PKI)])
    told = strict(
        array, SPARSE, {"name": "pki", "svm": "svm1", "certificate": "ipsec-cert", "remote_identity": "ANYTHING"}
    )
    assert [(one["option"], one["number"], one["reason"]) for one in told["not_compared"]] == [
        ("action", 1, "left out"),
        ("local_endpoint.address", 1, "left out"),
        ("local_endpoint.netmask", 1, "left out"),
        ("remote_endpoint.address", 1, "left out"),
        ("remote_endpoint.netmask", 1, "left out"),
        ("secret_key", 1, "ONTAP never returns it"),
    ]
    assert told["not_compared"][0]["policies"] == [{"name": "pki", "svm": "svm1"}]
    lenient = policies(array, policies=[SPARSE])["not_compared"]
    assert {"enabled", "protocol", "remote_identity", "secret_key"} <= {one["option"] for one in lenient}


# The whole cluster


def unmanaged(result: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(one.get("svm"), one["name"], one["kept"], one["concerned"]) for one in result["unmanaged"]]


def test_one_listing_tells_of_svms_and_cluster_scope_that_no_entry_names(array: Simulator) -> None:
    policies(array, policies=[SPARSE, bypass("everything", None, remote_endpoint={"address": "10.0.0.0/8"})])
    for name, svm in (("manual", "svm1"), ("lost", "svm2")):
        array.add_policy(there(name, svm))
    array.clear_log()
    result = strict(array, SPARSE, whole_cluster=True)
    assert [request.path for request in array.requests] == [POLICIES]
    assert unmanaged(result) == [
        (None, "everything", False, False),
        ("svm1", "manual", False, True),
        ("svm2", "lost", False, False),
    ]
    assert (result["unmanaged"][0]["action"], result["unmanaged"][0]["enabled"]) == ("bypass", True)
    assert unmanaged(strict(array, SPARSE)) == [("svm1", "manual", False, True)]
    assert unmanaged(policies(array, policies=[], whole_cluster=True)) == [
        (None, "everything", False, False),
        ("svm1", "manual", False, False),
        ("svm1", "web", False, False),
        ("svm2", "lost", False, False),
    ]


def test_prune_reaches_no_further_for_looking_further(array: Simulator) -> None:
    policies(array, policies=[SPARSE, bypass("everything", None)])
    for name, svm in (("manual", "svm1"), ("auto", "svm1"), ("lost", "svm2")):
        array.add_policy(there(name, svm))
    result = strict(array, SPARSE, whole_cluster=True, prune=True, keep=["man*"], return_policies=True)
    assert names(array) == ["-/everything", "svm1/manual", "svm1/web", "svm2/lost"]
    assert unmanaged(result) == [
        (None, "everything", False, False),
        ("svm1", "manual", True, True),
        ("svm2", "lost", False, False),
    ]
    assert [one["name"] for one in result["policies"]] == ["manual", "web"]


def test_entries_of_cluster_scope_concern_all_of_it(array: Simulator) -> None:
    policies(array, policies=[bypass("mine", None), bypass("by-hand", None)])
    result = strict(array, bypass("mine", None), prune=True)
    assert unmanaged(result) == [(None, "by-hand", False, True)]
    assert names(array) == ["-/by-hand", "-/mine"]


def test_what_is_elsewhere_neither_counts_for_guards_nor_for_the_approval(array: Simulator) -> None:
    policies(
        array, policies=[entry(f"p{index}", "svm2") for index in range(30)] + [SPARSE, entry("web2"), entry("web3")]
    )
    task = {"policies": [SPARSE], "prune": True, "whole_cluster": True}
    with pytest.raises(InvalidInput, match="the default allows 1 of the 3 that exist to be deleted"):
        policies(array, **task)
    planned = policies(array, check_mode=True, **task, max_deletes="2")
    array.edit_policy("p7", "svm2", {"enabled": False})
    assert policies(array, **task, max_deletes="2", approved_digests=[planned["digest"]])["summary"]["deleted"] == 2
