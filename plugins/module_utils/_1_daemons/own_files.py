# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that ``ipsec_client_config`` writes, read back: which connections there are, and a digest of each. Pure."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

PREFIX = "wiresec-"
Tree = dict[str, Any]


def texts(folder: str, ending: str) -> list[str]:
    """What is in the files of this collection that end so, in the order of their names. Raises ``OSError``."""
    found = []
    for name in sorted(os.listdir(folder)):
        if name.startswith(PREFIX) and name.endswith(ending):
            with open(os.path.join(folder, name), encoding="utf-8") as stream:
                found.append(stream.read())
    return found


def last_change(folder: str, others: Iterable[str]) -> float:
    """When a file of this collection, or one of these others, became what it is, in seconds of the epoch; 0 if there are none.

    By the time of its inode: a copy may have the time of modification of what it is a copy of.
    """
    own = [os.path.join(folder, name) for name in os.listdir(folder) if name.startswith(PREFIX)]
    return max((os.stat(path).st_ctime for path in [*own, *others] if os.path.exists(path)), default=0.0)


def digest(*values: Any) -> str:
    """Stands for some values, in the forms of JSON."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode("utf-8")).hexdigest()


def sections(text: str) -> Tree:
    """What strongSwan reads from a file: sections in braces, values as they are, or in quotes with backslashes.

    Only what this collection writes. Raises ``ValueError`` for anything else.
    """
    stack: list[Tree] = [{}]
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        value = re.fullmatch(r"([^\s={}]+) = (.*)", bare)
        if not bare or bare.startswith("#"):
            continue
        if bare == "}" and len(stack) > 1:
            stack.pop()
        elif re.fullmatch(r"[^\s={}]+ \{", bare):
            inner: Tree = {}
            stack[-1][bare[:-2]] = inner
            stack.append(inner)
        elif value:
            stack[-1][value[1]] = _unquoted(value[2])
        else:
            raise ValueError(f"line {number} is none that wiresec.ontap has written.")
    if len(stack) > 1:
        raise ValueError("a section does not end.")
    return stack[0]


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def conns(text: str) -> dict[str, str]:
    """The text of each connection of a file of libreswan's, without comments."""
    found: dict[str, str] = {}
    name = ""
    for line in text.split("\n"):
        head = re.fullmatch(r"conn (\S+)", line)
        if head:
            name = head[1]
            found[name] = ""
        elif name and line.startswith(" "):
            found[name] += f"{line.strip()}\n"
    return found


def compared(daemon: str, there: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """What becomes of each connection where files, text by name, become others, whatever their comments.

    daemon: ``strongswan`` or ``libreswan``. ``same``, ``other``, ``other_secrets`` if nothing else differs, ``missing`` or ``surplus``.
    Raises ``ValueError`` for files that are not as they were written.
    """
    before, after = (_parts(daemon, files) for files in (there, wanted))
    told = {}
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            told[name] = "surplus" if name in before else "missing"
        elif before[name] == after[name]:
            told[name] = "same"
        else:
            told[name] = "other_secrets" if before[name][0] == after[name][0] else "other"
    return told


def _parts(daemon: str, files: Mapping[str, str]) -> Mapping[str, tuple[Any, Any]]:
    """Each connection of some files, and its secrets."""
    if daemon == "strongswan":
        return strongswan_parts(files.values())
    of_kind = [[text for name, text in files.items() if name.endswith(ending)] for ending in (".conf", ".secrets")]
    return libreswan_parts(*of_kind)


def strongswan_parts(files: Iterable[str]) -> dict[str, tuple[Tree, Tree]]:
    """Each connection in the texts of files, with its section, and the sections of its secrets. Raises ``ValueError``."""
    connections: Tree = {}
    secrets: Tree = {}
    for tree in map(sections, files):
        connections.update(tree.get("connections", {}))
        secrets.update(tree.get("secrets", {}))
    return {
        name: (section, {key: secrets[key] for key in (f"ike-{name}", f"ppk-{name}") if key in secrets})
        for name, section in connections.items()
    }


def libreswan_parts(files: Iterable[str], files_of_secrets: Iterable[str]) -> dict[str, tuple[str, list[str]]]:
    """Each connection in the texts of files, with its text, and the lines of secrets that are for its two identities."""
    secrets = [line for text in files_of_secrets for line in text.splitlines()]
    found = {name: text for one in files for name, text in conns(one).items()}
    return {name: (text, _own_secrets(text, secrets)) for name, text in found.items()}


def _own_secrets(text: str, secrets: Sequence[str]) -> list[str]:
    identities = dict(re.findall(r"(?m)^(leftid|rightid)=(.*)$", text))
    return [line for line in secrets if line.startswith(f"{identities.get('leftid')} {identities.get('rightid')} : ")]
