# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as text, as content, and what they say; by certificates that others make (trustme)."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone

import pytest
import trustme

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import certificate_bundle, x509
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput

ROOT = trustme.CA(organization_name="Example")
BETWEEN = ROOT.create_child_ca()
LEAF = BETWEEN.issue_cert("svm1.example.com", "10.10.10.7", common_name="svm1.example.com")


def text(blob: trustme.Blob) -> str:
    return blob.bytes().decode()


def one(blob: trustme.Blob) -> x509.Certificate:
    return x509.certificates(text(blob))[0]


CHAIN = [one(blob) for blob in LEAF.cert_chain_pems]


def test_content_is_what_counts() -> None:
    pem = text(LEAF.cert_chain_pems[0])
    spellings = [pem, pem.replace("\n", "\r\n"), " ".join(pem.split("\n")), f"CN = x\n{pem}\n", CHAIN[0].pem]
    assert {x509.certificates(spelling)[0] for spelling in spellings} == {CHAIN[0]}
    assert {x509.certificates(spelling)[0].pem for spelling in spellings} == {CHAIN[0].pem}
    assert CHAIN[0].der == ssl.PEM_cert_to_DER_cert(pem)
    assert one(ROOT.cert_pem) != CHAIN[0] and CHAIN[0] != CHAIN[0].pem


def test_what_a_certificate_says() -> None:
    leaf, root = CHAIN[0], one(ROOT.cert_pem)
    assert (leaf.common_name, leaf.has_common_name, root.has_common_name) == ("svm1.example.com", True, False)
    assert (leaf.alternatives.hosts, leaf.alternatives.addresses) == (("svm1.example.com",), ("10.10.10.7",))
    assert leaf.start < datetime.now(timezone.utc) < leaf.expiry
    assert (leaf.is_authority, root.is_authority, root.signed_itself, leaf.signed_itself) == (False, True, True, False)
    assert leaf.may_sign and leaf.is_for_ike
    assert {*leaf.purposes} >= {"serverAuth", "clientAuth"}
    assert leaf.fingerprint.count(":") == 31
    assert int(leaf.serial_number, 16) > 0


def test_who_signed_whom() -> None:
    leaf, between = CHAIN
    root, stranger = one(ROOT.cert_pem), one(trustme.CA(organization_name="Example").cert_pem)
    assert leaf.is_signed_by(between) and between.is_signed_by(root)
    assert not leaf.is_signed_by(root) and not between.is_signed_by(stranger)
    assert x509.path(leaf, [stranger, root, between]) == [between, root]
    assert x509.path(leaf, [root]) == [] == x509.path(root, [root, between])
    assert certificate_bundle.reachable(leaf, [root, between, root, stranger]) == [leaf, between, root]


def test_keys() -> None:
    key = x509.private_key(text(LEAF.private_key_pem))
    assert x509.belong_together(CHAIN[0], key)
    assert not x509.belong_together(CHAIN[1], key)
    with pytest.raises(ValueError, match="is no private key that can be read") as caught:
        x509.belong_together(CHAIN[0], key.replace("\nM", "\nA", 1))
    assert key.splitlines()[1] not in str(caught.value) and caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("read", "given", "problem"),
    [
        (x509.certificates, "", "has nothing that begins with"),
        (x509.certificates, "-----BEGIN CERTIFICATE-----\nMIIB", "has nothing that begins with"),
        (x509.certificates, "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----", "that is not Base64"),
        (x509.certificates, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "is no certificate"),
        (x509.certificates, "-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----", "has a block 'X509 CRL'"),
        (x509.certificates, text(LEAF.private_key_pem), "has a private key"),
        (x509.private_key, text(LEAF.cert_chain_pems[0]), "is not one private key"),
        (x509.private_key, text(LEAF.private_key_pem) * 2, "is not one private key"),
        (x509.private_key, text(LEAF.private_key_and_cert_chain_pem), "is not one private key"),
    ],
    # What is read is made anew in each process, and is a secret at times.
    ids=[
        "nothing",
        "no end",
        "no Base64",
        "no certificate",
        "a CRL",
        "a key",
        "no key",
        "two keys",
        "key and certificate",
    ],
)
def test_what_can_not_be_read(read: object, given: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read(given)  # type: ignore[operator]


def test_what_is_pem() -> None:
    assert x509.is_pem(f"\nsome text\n{CHAIN[0].pem}")
    assert not any(map(x509.is_pem, ("", "text", "see -----BEGIN CERTIFICATE-----", None, 1)))


def test_a_bundle_is_put_in_order() -> None:
    options = {"public_certificate": text(LEAF.cert_chain_pems[0]), "private_key": text(LEAF.private_key_pem)}
    above = [text(ROOT.cert_pem) + CHAIN[1].pem, CHAIN[1].pem]
    bundle = certificate_bundle.read({**options, "intermediate_certificates": above})
    assert bundle.above == (CHAIN[1], one(ROOT.cert_pem))
    assert bundle.problems("server", datetime.now(timezone.utc)) == []
    assert "PRIVATE" not in repr(bundle)
    late = CHAIN[0].expiry + timedelta(days=1)
    assert "has expired" in bundle.problems("server", late)[0]
    with pytest.raises(InvalidInput, match="name: {cn} is none of {common_name}"):
        bundle.name("{cn}")


def test_a_bundle_tells_all_that_is_wrong() -> None:
    with pytest.raises(InvalidInput) as caught:
        certificate_bundle.read({"public_certificate": "x", "intermediate_certificates": ["y"], "private_key": "z"})
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "public_certificate",
        "intermediate_certificates",
        "private_key",
    ]
