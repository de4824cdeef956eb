# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run of ipsec_ca_certificate does to an array: which certificate it means, requests, result."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import (
    ApiError,
    ApprovalPending,
    InvalidInput,
    UnexpectedAnswer,
)
from simulator import Simulator, Unknowns
from support.arrays import added, methods
from support.harness import ca_certificate
from support.paths import CA_CERTIFICATES

NOBODY = "5ab4aa51-0000-0000-0000-000000000000"


@pytest.fixture
def uuids(array: Simulator) -> dict[str | None, str]:
    """A certificate of one name is installed on two SVMs and for the cluster, beside others."""
    for name in ("ca2", "CA", "c"):
        array.add_certificate(name, "svm1", "root_ca")
    return {svm: array.add_certificate("ca", svm, "root_ca") for svm in ("svm1", "svm2", None)}


@pytest.mark.parametrize("version", ["9.10.1", "9.16.1", "9.19.1"])
@pytest.mark.parametrize("svm", ["svm1", "svm2", None])
@pytest.mark.parametrize("by", ["name", "uuid", "UUID"])
def test_from_its_registration_to_its_removal(
    array: Simulator, uuids: dict[str | None, str], by: str, svm: str | None, version: str
) -> None:
    array.version = version
    options: dict[str, Any] = {"name": "ca", "svm": svm}
    if by != "name":
        options = {"uuid": uuids[svm].upper() if by == "UUID" else uuids[svm], "svm": svm}
    shown = {"name": "ca", "uuid": uuids[svm], **({"svm": svm} if svm else {})}
    for state, operation, requests in (
        ("present", "created", ["GET", "GET", "POST"]),
        ("present", "none", ["GET", "GET"]),
        ("absent", "deleted", ["GET", "GET", "DELETE"]),
        ("absent", "none", ["GET", "GET"]),
    ):
        before = added(array)
        predicted = ca_certificate(array, check_mode=True, **options, state=state)
        assert added(array) == before
        array.clear_log()
        result = ca_certificate(array, **options, state=state)
        assert result == predicted
        assert methods(array) == requests
        assert array.connections == 1
        present = state == "present"
        assert (result["operation"], result["changed"]) == (operation, operation != "none")
        assert (result["installed"], result["registered"]) == (True, present)
        assert added(array) == ([(svm, "ca")] if present else [])
        assert result["ca_certificate"] == result["diff"]["after"] == (shown if present else {})


def test_the_body_names_an_svm_only_where_there_is_one(array: Simulator, uuids: dict[str | None, str]) -> None:
    for svm in ("svm1", None):
        ca_certificate(array, name="ca", svm=svm)
    bodies = [request.body for request in array.requests if request.method == "POST"]
    assert bodies == [
        {"certificate": {"uuid": uuids["svm1"]}, "svm": {"name": "svm1"}},
        {"certificate": {"uuid": uuids[None]}},
    ]


@pytest.mark.parametrize("name", ["prod*", "a|b", '"q"', "{b}", "x..y", "two words", "null"])
@pytest.mark.parametrize("match_case", [True, False])
def test_a_name_is_resolved_exactly(array: Simulator, name: str, match_case: bool) -> None:
    array.unknowns = Unknowns(names_match_case=match_case)
    for other in ("prod", "prod1", "a", "b", "q", "x.y", "two", "PROD*", "A|B"):
        array.add_certificate(other, "svm1", "root_ca")
    array.add_certificate(name, "svm1", "root_ca")
    assert ca_certificate(array, name=name, svm="svm1")["operation"] == "created"
    assert added(array) == [("svm1", name)]
    with pytest.raises(InvalidInput, match="is not installed"):
        ca_certificate(array, name="x", svm="svm1")


def test_two_certificates_of_one_name_are_an_error_that_names_both(array: Simulator) -> None:
    uuids = [array.add_certificate("ca", "svm1", "root_ca") for _copy in range(2)]
    with pytest.raises(UnexpectedAnswer) as caught:
        ca_certificate(array, name="ca", svm="svm1")
    assert all(uuid in str(caught.value) for uuid in uuids)
    assert ca_certificate(array, uuid=uuids[1], svm="svm1")["uuid"] == uuids[1]


# Not installed, not registered


def test_what_is_not_installed_is_told_from_what_is_not_registered(
    array: Simulator, uuids: dict[str | None, str]
) -> None:
    for options, installed in (
        ({"name": "ca", "svm": "svm1"}, True),
        ({"name": "missing", "svm": "svm1"}, False),
        ({"uuid": uuids[None]}, True),
        ({"uuid": NOBODY}, False),
    ):
        result = ca_certificate(array, **options, state="absent")
        assert (result["operation"], result["registered"], result["installed"]) == ("none", False, installed)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "no-ca", "svm": "svm1"}, "certificate 'no-ca' on SVM 'svm1' is not installed.* Install it first"),
        ({"name": "no-ca"}, "certificate 'no-ca' of cluster scope is not installed.* Install it first"),
        ({"name": "ipsec-ca"}, "is not installed.* It is installed on SVM 'svm1': check the option svm"),
        ({"name": "ipsec-cert", "svm": "svm1"}, "is of type server: it identifies one end"),
        ({"uuid": NOBODY, "svm": "svm1"}, f"certificate '{NOBODY}' on SVM 'svm1' is not installed"),
        ({"uuid": "ipsec-ca"}, "uuid: 'ipsec-ca' is not a UUID"),
        ({"name": "ipsec-ca", "svm": NOBODY, "state": "absent"}, f"svm: '{NOBODY}' is a UUID: give the name"),
        ({"svm": "svm1"}, "one of the following is required: name, uuid"),
        ({"name": "ca", "uuid": NOBODY}, "mutually exclusive"),
    ],
)
def test_what_can_not_be_registered(array: Simulator, options: dict[str, Any], sentence: str) -> None:
    for check_mode in (True, False):
        with pytest.raises(InvalidInput, match=sentence):
            ca_certificate(array, check_mode=check_mode, **options)
    assert "POST" not in methods(array)


@pytest.mark.parametrize(("version", "code"), [("9.12.1", 66257296), ("9.17.1", 66257304)])
def test_a_certificate_that_vanishes_in_between(array: Simulator, version: str, code: int) -> None:
    array.version = version
    array.refuse("POST", CA_CERTIFICATES, code=code)
    with pytest.raises(ApiError, match="Install the CA certificate first") as caught:
        ca_certificate(array, name="ipsec-ca", svm="svm1")
    assert caught.value.result()["error"]["code"] == code
    assert caught.value.result()["changed"] is False


@pytest.mark.parametrize("setting", ["entry", "code"])
def test_a_registration_that_somebody_else_removes_meanwhile_counts_as_removed(array: Simulator, setting: str) -> None:
    array.unknowns = Unknowns(ca_delete_not_added=setting)
    array.add_ca_certificate("ipsec-ca", "svm1")
    # Carried out, and its answer lost: the second attempt finds nothing.
    array.refuse("DELETE", f"{CA_CERTIFICATES}/*", code=66257298 if setting == "code" else 4, after_effect=True)
    assert ca_certificate(array, name="ipsec-ca", svm="svm1", state="absent")["operation"] == "deleted"
    assert added(array) == []


def test_a_registration_by_somebody_else_meanwhile_is_no_failure(array: Simulator) -> None:
    array.refuse("POST", CA_CERTIFICATES, code=1, after_effect=True)
    result = ca_certificate(array, name="ipsec-ca", svm="svm1")
    assert "carried out all the same" in result["warnings"][0]


def test_one_that_has_expired_is_not_registered_any_more(array: Simulator, uuids: dict[str | None, str]) -> None:
    options = {"name": "ca", "svm": "svm1"}
    array.edit_certificate("ca", "svm1", {"expiry_time": "2020-01-31T12:00:00Z"})
    for check_mode in (True, False):
        with pytest.raises(
            InvalidInput, match="'ca' on SVM 'svm1' has expired, on 2020-01-31 at 12:00 UTC, so no peer"
        ):
            ca_certificate(array, check_mode, **options)
    assert "POST" not in methods(array)
    # Of what is registered already, certificate_info and the drift warn.
    array.add_ca_certificate("ca", "svm1")
    assert ca_certificate(array, **options)["operation"] == "none"
    assert ca_certificate(array, **options, state="absent")["operation"] == "deleted"


def test_it_needs_its_release(array: Simulator) -> None:
    array.version = "9.9.1"
    for login in ({}, {"ontap_version": "9.9.1"}):
        with pytest.raises((ApiError, InvalidInput), match=r"needs ONTAP 9.10.1 or later; this array runs 9.9.1"):
            ca_certificate(array, name="ipsec-ca", svm="svm1", **login)


@pytest.mark.parametrize("answer", ["accepted", "error"])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_an_approval_is_waited_for_by_running_again(array: Simulator, answer: str, state: str) -> None:
    array.unknowns = Unknowns(approval_answer=answer)
    if state == "absent":
        array.add_ca_certificate("ipsec-ca", "svm1")
    before = added(array)
    array.require_approval("POST" if state == "present" else "DELETE", f"{CA_CERTIFICATES}*")
    with pytest.raises(ApprovalPending) as caught:
        ca_certificate(array, name="ipsec-ca", svm="svm1", state=state)
    assert (caught.value.result()["changed"], added(array)) == (False, before)
    array.approve()
    assert ca_certificate(array, name="ipsec-ca", svm="svm1", state=state)["changed"] is True
