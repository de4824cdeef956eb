# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options of a policy file stand for on one host: templates rendered, Vault decrypted, all of it plain data."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from ansible import template
from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import is_encrypted_file

from ...module_utils._2_objects.ipsec_policy import POLICY
from .policy_files import OPTIONS, Policy, Vaulted, Verbatim, decrypt
from .template_names import MARKS, References, literals

try:
    # Not public, and the only way from a value to the file that it stands in; before 2.19 values have it themselves.
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None

# ansible-core 2.19 and later render only what is marked as trusted, and need not be told to leave text as it is.
_trusted = getattr(template, "trust_as_template", None)


def is_template(value: Any) -> bool:
    """Whether a value as written is a template, be it a broken one, which older releases would take as plain text."""
    return isinstance(value, str) and not isinstance(value, Verbatim) and any(start in value for start in MARKS)


def converted(options: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Options with truth values converted, without those that are none, and what Ansible itself would refuse of all of them."""
    taken = dict(options)
    problems = []
    for option, value in options.items():
        row = OPTIONS.get(option, {})
        if row.get("type") == "bool":
            try:
                taken[option] = boolean(value)
            except TypeError:
                problems.append(f"{option}: {value!r} is neither true nor false.")
                del taken[option]
        elif option not in POLICY.by_option and "choices" in row and value not in row["choices"]:
            problems.append(f"{option}: {value!r} is not one of {', '.join(row['choices'])}.")
    return taken, problems


class Unknown(Exception):
    """A value that can't be known here; the message says why, without any part of the value."""


class Values:
    """Renders and decrypts for one host.

    templar: with the variables of that host. lookups: whether templates may do more than read variables, as lookups do,
    which run code here.
    """

    def __init__(self, loader: DataLoader, templar: Any, lookups: bool = True) -> None:
        self._loader = loader
        self._templar = templar
        self._narrow = templar.copy_with_new_env()
        self._references = References(templar.available_variables)
        self._lookups = lookups
        self._decrypted: dict[str, str] = {}
        self._known: dict[int, tuple[Policy, tuple[dict[str, Any], dict[str, str]]]] = {}
        self._sources: dict[str, frozenset[str]] = {}

    @property
    def checksum(self) -> str:
        """SHA-256 over the files that variables come from, as far as policies were rendered; encrypted as they are."""
        lines = []
        for path in sorted(frozenset().union(*self._sources.values())):
            with open(path, "rb") as stream:
                lines.append(f"{hashlib.sha256(stream.read()).hexdigest()}  {os.path.relpath(path)}\n")
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()

    def of(self, policy: Policy) -> tuple[dict[str, Any], dict[str, str]]:
        """The options of a policy as plain data, and by dotted option why others can't be known. Rendered once."""
        if id(policy) not in self._known:
            # Kept along with the policy, so that no other one can get its id.
            self._known[id(policy)] = policy, self._render(policy)
        return self._known[id(policy)][1]

    def _render(self, policy: Policy) -> tuple[dict[str, Any], dict[str, str]]:
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

    def exposure(self, written: str, secret: str) -> str | None:
        """Where a secret, or most of it, can be read by whoever reads the repository; ``None`` if nowhere.

        written: the template that the secret comes from.
        """
        if _most_of(literals(written), secret):
            return "the template itself"
        for name, value in sorted(self._references.subset(self._references.of(written)).items()):
            for text in _texts(value):
                place = _place(text)
                if place and _most_of([text, *literals(text)], secret):
                    return f"the variable {name} in {place}"
        return None

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
        self._note_sources(value)
        plain = self._references.plain(value)
        if plain is not None:
            return plain
        templar = self._templar_for(value)
        try:
            if _trusted is not None:
                return _untagged(templar.template(_trusted(value)))
            return _untagged(templar.template(value, convert_data=structured))
        except Exception as error:  # Filters and lookups raise whatever they like.
            raise Unknown(_reason(error)) from None

    def _note_sources(self, template: str) -> None:
        """Notes the files that the variables of a template come from."""
        for name, value in self._references.subset(self._references.of(template)).items():
            if name not in self._sources:
                self._sources[name] = frozenset(path for leaf in _leaves(value) if (path := _origin(leaf)[0]))

    def _templar_for(self, template: str) -> Any:
        """A templar that has at least what a template needs. Raises ``Unknown`` for one that does what it must not."""
        needs = self._references.of(template)
        if needs.beyond and not self._lookups:
            raise Unknown(f"its template uses {needs.beyond}, which lookups: false keeps from being evaluated.")
        if needs.everything:
            return self._templar
        self._narrow.available_variables = self._references.subset(needs)
        return self._narrow

    def _decrypt(self, ciphertext: str) -> str:
        if ciphertext not in self._decrypted:
            try:
                self._decrypted[ciphertext] = decrypt(self._loader, ciphertext.encode("utf-8")).decode("utf-8")
            except (AnsibleError, ValueError):
                raise Unknown("none of the Vault passwords that are given decrypts it.") from None
        return self._decrypted[ciphertext]


def _most_of(parts: Iterable[str], secret: str) -> bool:
    """Whether at least half of a secret stands in these texts. Less may be a prefix that tells nothing."""
    return sum(len(part) for part in set(map(str, parts)) if part and part in secret) * 2 >= len(secret) > 0


def _texts(value: Any) -> Iterator[str]:
    """The texts in a variable that nobody encrypted."""
    return (leaf for leaf in _leaves(value) if isinstance(leaf, str))


def _leaves(value: Any) -> Iterator[Any]:
    """What a variable consists of, encrypted values among it."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def _origin(value: Any) -> tuple[str | None, int]:
    """File and line of a value, ``None`` for one that stands in no file."""
    if Origin is not None:
        origin = Origin.get_tag(value)
        path, line = (origin.path, origin.line_num or 0) if origin else (None, 0)
    else:
        path, line = (getattr(value, "ansible_pos", None) or (None, 0))[:2]
    return (path if path and os.path.isfile(path) else None), line


def _place(text: str) -> str | None:
    """File and line of a text that stands as it is in a file below the working directory; ``None`` for any other."""
    path, line = _origin(text)
    shown = os.path.relpath(path) if path else os.pardir
    if shown.split(os.sep, 1)[0] == os.pardir:
        return None
    with open(shown, "rb") as stream:
        return None if is_encrypted_file(stream) else f"{shown}:{line}"


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
