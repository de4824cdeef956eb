# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of connections, read back: what they have in common with others, and what of them counts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._1_daemons.own_files import compared, last_change, texts

STRONGSWAN = {
    "wiresec-c.conf": "# Of a client.\nconnections {\n  wiresec-a {\n    version = 2\n  }\n  wiresec-b {\n    version = 2\n  }\n}\n",
    "wiresec-c--secrets.conf": 'secrets {\n  ike-wiresec-a {\n    secret = "one"\n  }\n  ppk-wiresec-b {\n    secret = "two"\n  }\n}\n',
}
LIBRESWAN = {
    "wiresec-c.conf": "# Of a client.\nconn wiresec-a\n    leftid=10.0.0.1\n    rightid=10.0.0.2\n\nconn wiresec-b\n    leftid=@b\n    rightid=10.0.0.2\n",
    "wiresec-c.secrets": '10.0.0.1 10.0.0.2 : PSK "one"\n@b 10.0.0.2 : PSK "two"\n',
}


@pytest.mark.parametrize(("daemon", "files"), [("strongswan", STRONGSWAN), ("libreswan", LIBRESWAN)])
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("# Of a client.", "# Of another client.", {"wiresec-a": "same", "wiresec-b": "same"}),
        ('"one"', '"another"', {"wiresec-a": "other_secrets", "wiresec-b": "same"}),
        ('"two"', '"another"', {"wiresec-a": "same", "wiresec-b": "other_secrets"}),
        (" wiresec-b", " wiresec-d", {"wiresec-a": "same", "wiresec-b": "surplus", "wiresec-d": "missing"}),
    ],
)
def test_each_connection_is_compared_with_its_own_secrets(
    daemon: str, files: dict[str, str], old: str, new: str, expected: dict[str, str]
) -> None:
    wanted = {name: text.replace(old, new) for name, text in files.items()}
    assert wanted != files
    assert compared(daemon, files, wanted) == expected
    assert compared(daemon, {}, files) == {"wiresec-a": "missing", "wiresec-b": "missing"}
    assert compared(daemon, files, {}) == {"wiresec-a": "surplus", "wiresec-b": "surplus"}


def test_what_is_other_than_its_secrets_is_told_as_that() -> None:
    wanted = {name: text.replace("version = 2", "version = 1", 1) for name, text in STRONGSWAN.items()}
    assert compared("strongswan", STRONGSWAN, wanted) == {"wiresec-a": "other", "wiresec-b": "same"}


@pytest.mark.parametrize("text", ["connections {\n", "connections {\n  version\n}\n", "}\n"])
def test_what_somebody_edited_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"none that wiresec.ontap has written|does not end"):
        compared("strongswan", {"wiresec-c.conf": text}, {})


def test_only_files_of_this_collection_count(tmp_path: Path) -> None:
    assert (texts(str(tmp_path), ".conf"), last_change(str(tmp_path), [])) == ([], 0.0)
    for name in ("wiresec-b.conf", "wiresec-a.conf", "other.conf", "wiresec-a.secrets"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    assert texts(str(tmp_path), ".conf") == ["wiresec-a.conf", "wiresec-b.conf"]
    # A copy may be as old as what it is a copy of.
    os.utime(tmp_path / "wiresec-b.conf", (0, 0))
    assert last_change(str(tmp_path), [str(tmp_path / "no.pem")]) == max(
        (tmp_path / name).stat().st_ctime for name in ("wiresec-a.conf", "wiresec-a.secrets", "wiresec-b.conf")
    )
