# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates can be used for what."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput, UnexpectedAnswer
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.certificate import AUTHORITY, CERTIFICATE

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
def test_what_identifies_one_end_is_no_authority(kind: str) -> None:
    found = AUTHORITY.from_api({**RECORD, "type": kind})
    if kind in ("server", "client"):
        with pytest.raises(InvalidInput, match=f"of type {kind}"):
            AUTHORITY.check_usable(found, WANTED, [])
    else:
        AUTHORITY.check_usable(found, WANTED, [])


@pytest.mark.parametrize("table", [AUTHORITY, CERTIFICATE])
def test_one_that_is_not_installed_is_named_with_its_namesakes(table: Any) -> None:
    with pytest.raises(InvalidInput, match="'cert' on SVM 'svm1' is not installed.* Install it first"):
        table.check_usable(None, WANTED, [])
    with pytest.raises(InvalidInput, match="installed on SVM 'svm2', for the cluster: check the option svm"):
        table.check_usable(None, WANTED, [{"name": "cert", "svm": "svm2"}, {"name": "cert"}])


@pytest.mark.parametrize("spelling", ["2001-01-01T00:00:00", "never", ""])
def test_a_time_that_leaves_it_open_is_no_answer(spelling: str) -> None:
    with pytest.raises(UnexpectedAnswer, match="expiry_time makes no sense"):
        CERTIFICATE.from_api({**RECORD, "expiry_time": spelling})
