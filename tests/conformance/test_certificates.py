# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates, as the vendor's client and module see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator import Simulator
from simulator.authority import Authority, Issued
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
