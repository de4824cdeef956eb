# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of JSON without secrets, for whatever is written down of requests and answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

HIDDEN = "(hidden)"


class Hider:
    """Makes copies in which no secret is left.

    names: keys of JSON objects whose value is a secret. values: texts that are secrets wherever they stand; what comes
    under those names is added to them.
    """

    def __init__(self, names: Iterable[str], values: Iterable[str | None] = ()) -> None:
        self._names = frozenset(names)
        self._values = {value for value in values if value}

    def __call__(self, value: Any) -> Any:
        """A copy of JSON data without secrets."""
        if isinstance(value, Mapping):
            return {key: self._hide(inner) if key in self._names else self(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self(inner) for inner in value]
        if isinstance(value, str):
            for secret in self._values:
                value = value.replace(secret, HIDDEN)
        return value

    def _hide(self, secret: Any) -> str:
        if isinstance(secret, str) and secret:
            self._values.add(secret)
        return HIDDEN
