# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies to begin with: as a task gives them, as an entry of a list, as an array has them; and keys that no output may show."""

from __future__ import annotations

from typing import Any

KEY = "first-secret-of-the-tests"
NEW_KEY = "second-secret-of-the-tests"
SHORT_KEY = "short-secret-7"
PPK = "post-quantum-secret-of-tests"

WEB: dict[str, Any] = {
    "name": "web",
    "svm": "svm1",
    "action": "esp_transport",
    "authentication_method": "psk",
    "secret_key": KEY,
    "local_endpoint": {"address": "10.10.10.7/32", "port": 2049},
    "remote_endpoint": {"address": "10.10.20.0/24"},
}


def entry(name: str, svm: str | None = "svm1", **options: Any) -> dict[str, Any]:
    """An entry of the list: a policy with a key, unless the options say otherwise."""
    plain = {
        "name": name,
        "svm": svm,
        "action": "esp_transport",
        "secret_key": KEY,
        "enabled": True,
        "local_endpoint": {"address": "10.10.10.7/32", "port": 2049},
        "remote_endpoint": {"address": "10.10.20.0/24"},
    }
    return {option: value for option, value in {**plain, **options}.items() if value is not None}


def bypass(name: str, svm: str | None = "svm1", **options: Any) -> dict[str, Any]:
    """An entry that lets traffic pass without IPsec."""
    return entry(name, svm, **{"action": "bypass", "secret_key": None, **options})


def there(name: str, svm: str = "svm1") -> dict[str, Any]:
    """A policy that somebody else made, as the simulator takes it."""
    return {"name": name, "svm": svm, "action": "bypass"}


def entries(number: int, *svms: str) -> list[dict[str, Any]]:
    """A list of so many entries, which are on the SVMs in turn."""
    return [entry(f"policy{index:03}", svms[index % len(svms)]) for index in range(number)]
