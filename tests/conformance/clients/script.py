# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each script begins and ends with: the connection from its argument, the outcome on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from netapp_ontap import HostConnection, config
from netapp_ontap.error import NetAppRestError


def arguments() -> dict[str, Any]:
    """Return what the test passed, and make its connection the one that every resource uses."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    config.CONNECTION = HostConnection(**given["connection"])
    return given


def refused(action: Callable[[], object]) -> dict[str, Any] | None:
    """Return status, code and target of the error that an action ends in, None if it ends well."""
    try:
        action()
    except NetAppRestError as error:
        details = (error.response_body or {}).get("error", {})
        return {"status": error.status_code, "code": details.get("code"), "target": details.get("target")}
    return None


def report(outcome: Any) -> None:
    """Hand the outcome to the test."""
    json.dump(outcome, sys.stdout)
