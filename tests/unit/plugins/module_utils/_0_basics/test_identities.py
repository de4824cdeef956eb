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


def test_an_alternative_name_may_be_a_distinguished_one() -> None:
    alternatives = Alternatives(names=(SUBJECT,))
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
