# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates can be used for what."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput, UnexpectedAnswer
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.certificate import AUTHORITY, END_ENTITY

RECORD = {
    "uuid": "1cd8a442-86d1-11e0-ae1c-123478563412",
    "name": "cert",
    "svm": {"name": "svm1"},
    "scope": "svm",
    "type": "server",
    "expiry_time": "2199-12-31T23:59:59+00:00",
}
WANTED = {"name": "cert", "svm": "svm1"}


@pytest.mark.parametrize("kind", ["server", "client", "server_ca", "client_ca", "root_ca"])
def test_one_end_and_its_authority_are_never_mistaken_for_each_other(kind: str) -> None:
    of_one_end = kind in ("server", "client")
    for table, fits in ((END_ENTITY, of_one_end), (AUTHORITY, not of_one_end)):
        found = table.from_api({**RECORD, "type": kind})
        if fits:
            assert table.check_usable(found, WANTED, []) == []
        else:
            with pytest.raises(InvalidInput, match=f"of type {kind}"):
                table.check_usable(found, WANTED, [])


@pytest.mark.parametrize("table", [AUTHORITY, END_ENTITY])
def test_one_that_is_not_installed_is_named_with_its_namesakes(table: Any) -> None:
    with pytest.raises(InvalidInput, match="'cert' on SVM 'svm1' is not installed.* Install it first"):
        table.check_usable(None, WANTED, [])
    with pytest.raises(InvalidInput, match="installed on SVM 'svm2', for the cluster: check the option svm"):
        table.check_usable(None, WANTED, [{"name": "cert", "svm": "svm2"}, {"name": "cert"}])


@pytest.mark.parametrize("spelling", ["2001-01-01T00:00:00Z", "2001-01-01T00:00:00-05:00", "2020-02-29T12:30:00+00:00"])
def test_one_that_has_expired_is_refused(spelling: str) -> None:
    with pytest.raises(InvalidInput, match=f"has expired, on {spelling[:10]}"):
        END_ENTITY.check_usable(END_ENTITY.from_api({**RECORD, "expiry_time": spelling}), WANTED, [])


@pytest.mark.parametrize("spelling", ["2001-01-01T00:00:00", "never", ""])
def test_a_time_that_leaves_it_open_is_no_answer(spelling: str) -> None:
    with pytest.raises(UnexpectedAnswer, match="expiry_time makes no sense"):
        END_ENTITY.from_api({**RECORD, "expiry_time": spelling})


def test_what_is_not_said_was_not_checked() -> None:
    found = END_ENTITY.from_api({path: value for path, value in RECORD.items() if path != "expiry_time"})
    assert "that was not checked" in END_ENTITY.check_usable(found, WANTED, [])[0]
