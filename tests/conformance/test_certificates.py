# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates, as the vendor's client and module see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput
from simulator import Simulator, Unknowns
from simulator.authority import Authority, Issued
from support.harness import certificate
from support.third_party import CONNECTION, changed

Run = Callable[..., Any]
Play = Callable[..., list[dict[str, Any]]]

MODULE = "netapp.ontap.na_ontap_security_certificates"
ROOT = Authority("CN=Root")
BETWEEN = Authority("CN=Between", ROOT)


def of_svm1(issued: Issued, **changes: Any) -> dict[str, Any]:
    """Return what installs a certificate with its key and the authorities above it."""
    return {
        "name": "svm1-cert",
        "type": "server",
        "common_name": "svm1.example.com",
        "public_certificate": issued.certificate,
        "private_key": issued.key,
        "intermediate_certificates": list(issued.chain),
        **changes,
    }


@pytest.mark.parametrize("version", ["9.8", "9.19.1"])
def test_certificates(array: Simulator, run_client: Run, version: str) -> None:
    array.version = version
    array.add_policy({"name": "pki", "svm": "svm1", "certificate": "ipsec-cert"})
    used = next(one["uuid"] for one in array.certificates("svm1") if one["name"] == "ipsec-cert")
    leaf, other = BETWEEN.issue(), BETWEEN.issue()
    authority = {"name": "root", "type": "server_ca", "public_certificate": ROOT.certificate}
    outcome = run_client(
        "certificates.py",
        array,
        bodies=[{**of_svm1(leaf), "svm": {"name": "svm1"}}, authority],
        refused={
            "twice": {**of_svm1(leaf), "name": "again", "svm": {"name": "svm1"}},
            "other_key": {**of_svm1(other, private_key=leaf.key), "name": "again", "svm": {"name": "svm1"}},
            "key_of_an_authority": {**authority, "name": "again", "private_key": leaf.key},
        },
        used=used,
    )
    mine, root = outcome["installed"]
    assert (mine["name"], mine["type"], mine["scope"], mine["ca"]) == ("svm1-cert", "server", "svm", "Between")
    assert (mine["public_certificate"], mine["hash_function"]) == (leaf.certificate, "sha256")
    assert ("subject_alternatives" in mine, root["scope"], root["common_name"]) == (False, "cluster", "Root")
    assert outcome["refused"] == {
        "twice": {"status": 409, "code": "1", "target": "uuid"},
        "other_key": {"status": 400, "code": "52559976", "target": "private_key"},
        "key_of_an_authority": {"status": 400, "code": "3735618", "target": "private_key"},
    }
    assert (outcome["found"], outcome["authorities"]) == (mine["uuid"], ["root", "ipsec-ca"])
    assert outcome["counted"] == 3
    assert outcome["used"]["code"] == ("3735589" if version == "9.8" else "52560272")
    assert outcome["gone"] == {"status": 404, "code": "4", "target": "uuid"}
    assert {one["name"] for one in array.certificates()} == {"cluster-cert", "ipsec-ca", "ipsec-cert"}


def task(**options: Any) -> dict[str, Any]:
    """Return a task of the vendor's module."""
    return {"name": str(options.get("name")), MODULE: {**CONNECTION, **options}}


def test_the_module(array: Simulator, play: Play) -> None:
    leaf = BETWEEN.issue()
    results = play(
        array,
        [
            task(**of_svm1(leaf, svm="svm1")),
            task(**of_svm1(leaf, svm="svm1")),
            task(**of_svm1(leaf, svm="svm1", name="another")),
            task(name="root", type="server_ca", common_name="Root", public_certificate=ROOT.certificate),
            task(name="svm1-cert", svm="svm1", state="absent"),
            task(name="svm1-cert", svm="svm1", state="absent"),
        ],
    )
    first, second, third, *others = changed(results)
    assert (first, second, others) == (True, False, [True, True, False])
    assert "Same certificate may already exist under a different name" in str(third)
    assert [one["name"] for one in array.certificates() if one["type"] == "server_ca"] == ["root", "ipsec-ca"]


# --- what its users reported, and what becomes of it here ---


def test_a_renewal_under_the_same_name(array: Simulator, play: Play) -> None:
    """netapp.ontap issue 39: the new certificate is "ok", and the old one stays."""
    array.add_certificate("root", "svm1", "server_ca", public_certificate=ROOT.certificate)
    array.add_ca_certificate("root", "svm1")
    old, new = BETWEEN.issue(), BETWEEN.issue()
    assert changed(play(array, [task(**of_svm1(old, svm="svm1"))])) == [True]
    assert changed(play(array, [task(**of_svm1(new, svm="svm1"))])) == [False]
    assert content(array) == {"svm1-cert": old.certificate}
    ours = {key: value for key, value in of_svm1(new, svm="svm1").items() if key != "common_name"}
    with pytest.raises(InvalidInput, match="'svm1-cert' on SVM 'svm1' is another one: serial_number is"):
        certificate(array, **ours)
    result = certificate(array, **{**ours, "name": "{common_name}-{fingerprint}"})
    assert content(array) == {"svm1-cert": old.certificate, result["name"]: new.certificate}


def test_the_same_name_with_another_type(array: Simulator, play: Play) -> None:
    """netapp.ontap issue 360: the second type is "ok", and is not installed."""
    array.unknowns = Unknowns(certificate_names="by_type")
    authority = {"name": "root", "svm": "svm1", "public_certificate": ROOT.certificate}
    results = play(array, [task(**authority, common_name="Root", type=kind) for kind in ("client_ca", "server_ca")])
    assert changed(results) == [True, False]
    assert types(array) == ["client_ca"]
    with pytest.raises(InvalidInput, match="type is 'client_ca', and should be 'server_ca'"):
        certificate(array, **authority, type="server_ca")
    assert certificate(array, **{**authority, "name": "root-of-servers"}, type="server_ca")["changed"]
    assert types(array) == ["client_ca", "server_ca"]


def content(array: Simulator) -> dict[str, str]:
    """Return name and text of what identifies svm1, beside what it has from the beginning."""
    found = [one for one in array.certificates("svm1") if one["type"] == "server" and one["name"] != "ipsec-cert"]
    return {one["name"]: one["public_certificate"] for one in found}


def types(array: Simulator) -> list[str]:
    """Return the types under which the root is installed on svm1."""
    return [one["type"] for one in array.certificates("svm1") if one["public_certificate"] == ROOT.certificate]
