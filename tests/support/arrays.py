# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a simulated array has, and what it was asked."""

from __future__ import annotations

from simulator import Simulator


def methods(array: Simulator) -> list[str]:
    """The methods of all requests that the array got."""
    return [request.method for request in array.requests]


def writes(array: Simulator) -> list[str]:
    """The methods of the requests that were to change something."""
    return [method for method in methods(array) if method != "GET"]


def names(array: Simulator) -> list[str]:
    """What there is on an array, as ``svm/name``."""
    return [f"{record.get('svm', {}).get('name', '-')}/{record['name']}" for record in array.policies()]


def added(array: Simulator) -> list[tuple[str | None, str]]:
    """SVM and name of each certificate that is registered."""
    return [(one.get("svm", {}).get("name"), one["certificate"]["name"]) for one in array.ca_certificates()]
