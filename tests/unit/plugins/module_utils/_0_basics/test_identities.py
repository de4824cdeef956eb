# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which identity of a policy is which name of a certificate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import identities
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.identities import Alternatives, Name

COUNTRY, ORGANISATION, COMMON = "2.5.4.6", "2.5.4.10", "2.5.4.3"
SUBJECT = ((COUNTRY, "DE"), (ORGANISATION, "Example, Inc."), (COMMON, "svm1.example.com"))
ALTERNATIVES = Alternatives(
    hosts=("svm1.example.com", "*.lab.example.com"),
    emails=("storage@example.com",),
    addresses=("10.10.10.7", "2001:db8::7"),
    uris=("https://svm1.example.com",),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"C=DE, O=Example\, Inc., CN=svm1.example.com", SUBJECT),
        ('C=DE,O="Example, Inc.",CN=svm1.example.com', SUBJECT),
        ("/C=DE/O=Example, Inc./CN=svm1.example.com", SUBJECT),
        (" c = DE ; o = Example\\2C Inc. ; commonName = svm1.example.com ", SUBJECT),
        ("2.5.4.3=x, OID.2.5.4.10=y", ((COMMON, "x"), (ORGANISATION, "y"))),
        ("CN=caf\\C3\\A9", ((COMMON, "café"),)),
        ("DC=com, DC=example", (("0.9.2342.19200300.100.1.25", "com"), ("0.9.2342.19200300.100.1.25", "example"))),
        ("emailAddress=a@b.example", (("1.2.840.113549.1.9.1", "a@b.example"),)),
        ("CN=a=b", ((COMMON, "a=b"),)),
    ],
)
def test_a_distinguished_name(text: str, expected: Name) -> None:
    assert identities.distinguished_name(text) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("CN=", "'CN=' is no attribute with a value"),
        ("CN=a, b", "'b' is no attribute with a value"),
        ("CN=a,,O=b", "'' is no attribute with a value"),
        ("NAME1=a", "'NAME1' is no attribute of a subject; there are CN, "),
        ("C=DEU, CN=a", "C=DEU: a country has two letters"),
        ("=a", "'' is no attribute of a subject"),
    ],
)
def test_what_is_no_distinguished_name(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        identities.distinguished_name(text)


values = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1).map(lambda text: f"x{text}x")
names = st.lists(st.tuples(st.sampled_from([ORGANISATION, COMMON, "1.2.3.4"]), values), min_size=1).map(tuple)


@given(names)
def test_what_is_written_is_read_again(name: Name) -> None:
    assert identities.distinguished_name(identities.written(name)) == name
    assert identities.proves(name, Alternatives(), identities.written(name)) is not False


@pytest.mark.parametrize(
    ("identity", "proven"),
    [
        (r"C=DE, O=Example\, Inc., CN=svm1.example.com", True),
        (r"c=de,o=example\, inc.,cn=SVM1.EXAMPLE.COM", True),
        ("CN=svm1.example.com", False),
        (r"CN=svm1.example.com, O=Example\, Inc., C=DE", False),
        ("CN=*", None),
        ("CN=", False),
        ("svm1.example.com", True),
        ("SVM1.example.com", True),
        # strongSwan tells it from the name without the dot.
        ("SVM1.example.com.", None),
        ("svm2.example.com", False),
        ("a.lab.example.com", False),
        ("*.lab.example.com", None),
        ("10.10.10.7", True),
        ("2001:DB8:0::7", True),
        ("10.10.10.8", False),
        ("10.10.10.0/24", False),
        ("storage@example.com", True),
        ("storage@example.net", False),
        ("https://svm1.example.com", False),
        ("ANYTHING", True),
        ("@#0123", None),
        ("two words", False),
    ],
)
def test_what_a_certificate_proves(identity: str, proven: bool | None) -> None:
    assert identities.proves(SUBJECT, ALTERNATIVES, identity) is proven
    if proven is False:
        assert (
            "that proves 'C=DE, O=Example\\\\, Inc., CN=svm1.example.com' or 'svm1.example.com'"
            in identities.why_not(SUBJECT, ALTERNATIVES, identity)
        )


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        ("CN=svm1.example.com", "is a part of the certificate's subject, and peers take only the whole; that proves"),
        (
            r"CN=svm1.example.com, C=DE, O=Example\, Inc.",
            "has the attributes of the certificate's subject in another order; that proves",
        ),
        ("svm2.example.com", "is neither the subject nor an alternative name of the certificate; that proves"),
        ("C=DEU", "can't be the subject of a certificate: C=DEU: a country has two letters; that proves"),
    ],
)
def test_why_a_certificate_does_not_prove_it(identity: str, reason: str) -> None:
    assert identities.why_not(SUBJECT, ALTERNATIVES, identity).startswith(reason)


def test_a_certificate_without_names() -> None:
    assert identities.why_not((), Alternatives(), "a.example").endswith("; that names nobody")


TREES = Alternatives(("example.com",), ("example.com", "root@db.test"), ("10.10.0.0/16",), names=(SUBJECT[:1],))


@pytest.mark.parametrize(
    ("identity", "within"),
    [
        ("db.example.com", True),
        ("EXAMPLE.com.", True),
        ("badexample.com", False),
        ("root@mail.example.com", True),
        ("root@db.test", True),
        ("admin@db.test", False),
        ("10.10.3.4", True),
        ("10.11.3.4", False),
        ("2001:db8::1", False),
        ("C=de, CN=db", True),
        ("CN=db, C=DE", False),
    ],
)
def test_what_an_authority_may_sign(identity: str, within: bool) -> None:
    nothing = Alternatives()
    assert identities.excluded(TREES, nothing, identity) is not within
    assert identities.excluded(nothing, TREES, identity) is within
    assert not identities.excluded(nothing, nothing, identity)
    for open_to_all in ("ANYTHING", "@#cafe", "CN=*"):
        assert not identities.excluded(TREES, TREES, open_to_all)


def test_an_alternative_name_may_be_a_distinguished_one() -> None:
    alternatives = Alternatives(names=(SUBJECT,))
    assert identities.proves((), alternatives, identities.written(SUBJECT)) is True
    assert list(alternatives) == [identities.written(SUBJECT)]


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        ("ANYTHING", ""),
        ("CN=db.example.com", ""),
        ("db.example.com", ""),
        ("db_1", ""),
        ("10.1.1.1", ""),
        ("root@example.com", ""),
        ("@#cafe", ""),
        ("CN", ""),
        ("10.1.1.0/24", "is a subnet, and a certificate names single addresses"),
        ("CN=db, here", "can't be the subject of a certificate: 'here' is no attribute"),
        ("https://db", "is a URI"),
        ("the database", "is neither a subject"),
    ],
)
def test_what_no_certificate_can_prove(identity: str, reason: str) -> None:
    assert identities.impossible(identity).startswith(reason)
    assert bool(identities.impossible(identity)) == bool(reason)


def test_anything_is_no_identity_of_ones_own() -> None:
    assert "for remote_identity only" in identities.impossible("ANYTHING", remote=False)
