# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options of a policy file stand for on one host: templates rendered, Vault decrypted, all of it plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from ansible import template
from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.parsing.dataloader import DataLoader

from ansible_collections.wiresec.ontap.plugins.plugin_utils.policy_files import (
    OPTIONS,
    Policy,
    Vaulted,
    Verbatim,
    decrypt,
)

# ansible-core 2.19 and later render only what is marked as trusted, and need not be told to leave text as it is.
_trusted = getattr(template, "trust_as_template", None)


def is_template(value: Any) -> bool:
    """Whether a value as written is a template, be it a broken one, which older releases would take as plain text."""
    return (
        isinstance(value, str)
        and not isinstance(value, Verbatim)
        and any(start in value for start in ("{{", "{%", "{#"))
    )


class Unknown(Exception):
    """A value that can't be known here; the message says why, without any part of the value."""


class Values:
    """Renders and decrypts for one host. templar: with the variables of that host."""

    def __init__(self, loader: DataLoader, templar: Any) -> None:
        self._loader = loader
        self._templar = templar
        self._decrypted: dict[str, str] = {}

    def of(self, policy: Policy) -> tuple[dict[str, Any], dict[str, str]]:
        """The options of a policy as plain data, and by dotted option why others can't be known."""
        known: dict[str, Any] = {}
        unknown: dict[str, str] = {}
        for option, value in policy.options.items():
            spec = OPTIONS[option].get("options")
            try:
                given = self._plain(value, structured=bool(spec)) if not isinstance(value, dict) else value
            except Unknown as reason:
                unknown[option] = str(reason)
                continue
            if not spec:
                if isinstance(given, (dict, list)):
                    unknown[option] = f"must be text, but its template gives a {type(given).__name__}."
                elif given is not None:
                    known[option] = given
            elif not isinstance(given, Mapping) or given.keys() - spec.keys():
                unknown[option] = f"must be a mapping of {', '.join(spec)}, but its template gives something else."
            else:
                known[option] = self._below(option, given, unknown)
        return known, unknown

    def _below(self, option: str, given: Mapping[str, Any], unknown: dict[str, str]) -> dict[str, Any]:
        known = {}
        for name, value in given.items():
            try:
                known[str(name)] = self._plain(value)
            except Unknown as reason:
                unknown[f"{option}.{name}"] = str(reason)
        return known

    def _plain(self, value: Any, structured: bool = False) -> Any:
        """Plain text or truth value. structured: whether a template may give more than text. Raises ``Unknown``."""
        if isinstance(value, Vaulted):
            return self._decrypt(value.ciphertext)
        if not is_template(value):
            return str(value) if isinstance(value, str) else value
        try:
            if _trusted is not None:
                return _untagged(self._templar.template(_trusted(value)))
            return _untagged(self._templar.template(value, convert_data=structured))
        except Exception as error:  # Filters and lookups raise whatever they like.
            raise Unknown(_reason(error)) from None

    def _decrypt(self, ciphertext: str) -> str:
        if ciphertext not in self._decrypted:
            try:
                self._decrypted[ciphertext] = decrypt(self._loader, ciphertext.encode("utf-8")).decode("utf-8")
            except (AnsibleError, ValueError):
                raise Unknown("none of the Vault passwords that are given decrypts it.") from None
        return self._decrypted[ciphertext]


def _untagged(value: Any) -> Any:
    """A copy without the types by which Ansible tracks where text comes from, and decrypted.

    What is no text stays what it is, be it a date, because an option for text refuses it.
    """
    if isinstance(value, Mapping):
        return {_untagged(key): _untagged(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_untagged(inner) for inner in value]
    return value if value is None or isinstance(value, (bool, int, float, date, bytes)) else str(to_text(str(value)))


def _reason(error: Exception) -> str:
    """Why a template can't be rendered. Only names are taken from the message, because the rest may quote a secret."""
    message = str(error)
    for pattern, reason in (
        (r"'([A-Za-z_][A-Za-z0-9_]*)' is undefined", "its template needs {}, which is undefined."),
        (r"(?i)vault secrets|vault password|decrypt", "its template needs a Vault password that is not given."),
        (r"(?i)has no attribute '?([A-Za-z_][A-Za-z0-9_]*)", "its template needs {}, which is undefined."),
        (
            r"""(?i)(?:no (?:filter|test) named|could not load) ['"]([a-z0-9_.]+)['"]""",
            "its template needs the filter or test {}, which is not there.",
        ),
        (r"(?i)lookup plugin \(?'?([a-z0-9_.]+)", "its template uses the lookup {}, which fails."),
    ):
        match = re.search(pattern, message)
        if match:
            return reason.format(*match.groups())
    return "its template can't be rendered."
