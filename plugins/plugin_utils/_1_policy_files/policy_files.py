# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds and reads policy files on the controller: the policies as they are written, and where each of their keys stands.

Files are read as YAML nodes, not as Ansible's data: nodes know their lines on every ansible-core, tell a key that stands
twice, and keep text as it was typed (``0x…`` stays text where YAML makes a number of it). Only Vault is Ansible's.
Messages never quote a value, because it may be a secret.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import is_encrypted

from ...module_utils._0_basics import normalize
from ...module_utils._0_basics.errors import InvalidInput
from ...module_utils._2_objects.ipsec_service import SERVICE
from ...module_utils._5_task import options

SUFFIXES = (".yml", ".yaml", ".json")
"""The files that are read of a folder."""

LINT_IGNORE = "lint_ignore"

OPTIONS: dict[str, Any] = {
    option: row for option, row in {**options.POLICY, **options.PERMISSIONS}.items() if option != "svm"
}
"""The options of one policy, as an argument spec."""

CONFIG: dict[str, Any] = {"enabled": "bool", "replay_window": "str", "offload_enabled": "bool"}
"""What a file of cluster scope may say of the service, in the options of ipsec_config."""

FILE_KEYS = ("svm", "scope", "policies", "ipsec_config", "ca_certificates")

_YAML = "tag:yaml.org,2002:"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BOOLEANS = yaml.constructor.SafeConstructor.bool_values


class Verbatim(str):
    """Text that was tagged ``!unsafe``: never a template."""

    __slots__ = ()


@dataclass(frozen=True)
class Vaulted:
    """A value that was tagged ``!vault``."""

    ciphertext: str


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file or an entry. id: of the finding that it is in ipsec_policy_lint. policy: its name."""

    id: str
    path: str
    line: int
    message: str
    svm: str | None = None
    policy: str | None = None

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


@dataclass(frozen=True)
class Policy:
    """One entry of a file.

    options: as written, ``Vaulted`` and ``Verbatim`` among them, without what is null. svm: ``None`` for cluster scope.
    lines: by dotted option. ignores: finding id and reason, as written. in_vault: whether the whole file is encrypted.
    """

    options: dict[str, Any]
    svm: str | None
    path: str
    lines: Mapping[str, int]
    ignores: Mapping[str, str] = field(default_factory=dict)
    in_vault: bool = False

    def line(self, option: str = "") -> int:
        """The line of an option, or the nearest that is known: of what it is in, or of the entry."""
        while option and option not in self.lines:
            option = option.rpartition(".")[0]
        return self.lines[option]


@dataclass(frozen=True)
class PolicyFile:
    """One file. checksum: SHA-256 of its bytes, encrypted or not. place: the SVM that its path stands for, if any.

    manages: whether it says which policies there are. ca_certificates: the names of all authorities that IPsec should
    trust there; ``None`` if it does not say.
    """

    path: str
    svm: str | None
    policies: int
    checksum: str
    place: str | None = None
    manages: bool = True
    ca_certificates: list[str] | None = None


@dataclass
class PolicyFiles:
    """All that was read, in the order of the paths, and everything that is wrong with it.

    config: what the service should be, ``None`` if no file says it. config_place: path and line of that. folders: those of
    the paths.
    """

    files: list[PolicyFile] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    config: dict[str, Any] | None = None
    config_place: tuple[str, int] = ("", 0)

    @property
    def svms(self) -> list[str]:
        """The names of all SVMs whose policies the files have, be it none."""
        return sorted({one.svm for one in self.files if one.svm is not None and one.manages})

    @property
    def ca_certificates(self) -> dict[str | None, set[str]]:
        """The names of the authorities to trust, by SVM, ``None`` for the cluster, as far as files say them."""
        wanted: dict[str | None, set[str]] = {}
        for one in self.files:
            if one.ca_certificates is not None:
                wanted.setdefault(one.svm, set()).update(one.ca_certificates)
        return wanted

    @property
    def checksum(self) -> str:
        """SHA-256 over the paths and bytes of all files."""
        return _checksum((one.path, one.checksum) for one in self.files)


def read(paths: Iterable[str], loader: DataLoader) -> PolicyFiles:
    """Reads files, and folders with all below them. Raises nothing for what users may have done wrong: see ``problems``."""
    result = PolicyFiles()
    seen: set[str] = set()
    given = list(paths)
    if not given:
        result.problems.append(Problem("unreadable-file", "paths", 0, "no file or folder is given."))
    result.folders = [path for path in given if path.strip() and os.path.isdir(os.path.expanduser(path))]
    for path in given:
        for found in files_at(path):
            if isinstance(found, Problem):
                result.problems.append(found)
            elif found[0] not in seen:
                seen.add(found[0])
                _File(found[0], found[1], loader, result).read()
    return result


def checksum(paths: Iterable[str]) -> str:
    """What ``PolicyFiles.checksum`` is if all files can be used, without looking at what they say. Raises ``InvalidInput``, ``OSError``."""
    found = [one for path in paths for one in files_at(path)]
    problems = [f"{one.path}: {one.message}" for one in found if isinstance(one, Problem)]
    if problems or not found:
        raise InvalidInput(*(problems or ["no file or folder is given."]))
    names = dict.fromkeys(one[0] for one in found if not isinstance(one, Problem))
    return _checksum((shown(path), hashlib.sha256(Path(path).read_bytes()).hexdigest()) for path in names)


def _checksum(files: Iterable[tuple[str, str]]) -> str:
    """SHA-256 over files, given by path and SHA-256, as ``sha256sum`` would list them."""
    lines = "".join(f"{own}  {path}\n" for path, own in files)
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def neighbours(folder: str) -> Iterator[str]:
    """The folders beside a folder that have policy files, as a user types them."""
    top = os.path.abspath(os.path.expanduser(folder))
    for name in sorted(os.listdir(os.path.dirname(top))):
        path = os.path.join(os.path.dirname(top), name)
        if path != top and not name.startswith(".") and of_folder(path):
            yield shown(path)


def of_folder(folder: str) -> list[str]:
    """The paths of all policy files below a folder; none if there is no such folder."""
    if not os.path.isdir(folder):
        return []
    return sorted(found for found in _walk(folder, (os.path.realpath(folder),), SUFFIXES) if isinstance(found, str))


def decrypt(loader: DataLoader, content: bytes) -> bytes:
    """The plain text of what Vault encrypted. Raises ``AnsibleError``."""
    # Not public, but the same in all releases, while every public way differs between them.
    return bytes(loader._vault.decrypt(content))


def files_at(given: str, suffixes: Sequence[str] = SUFFIXES) -> Iterator[tuple[str, str | None] | Problem]:
    """Each file that a path stands for, with the SVM that its place below a folder stands for. suffixes: those of a folder's files."""

    def problem(path: str, message: str) -> Problem:
        return Problem("unreadable-file", shown(path) or "''", 0, message)

    if not given.strip():
        yield problem("", "an empty path stands for no file.")
        return
    top = os.path.abspath(os.path.expanduser(given))
    # What comes of a list that is text, whose characters were taken for its elements.
    if os.path.realpath(top) == os.sep:
        yield problem(top, "the whole file system is no folder to read. Give a list of files and folders.")
        return
    if not os.path.isdir(top):
        yield (top, None) if os.path.isfile(top) else problem(top, "there is no such file or folder.")
        return
    files: list[str] = []
    for found in _walk(top, (os.path.realpath(top),), suffixes):
        if isinstance(found, str):
            files.append(found)
        else:
            yield problem(*found)
    if not files:
        yield problem(top, f"no file in this folder ends with {', '.join(suffixes)}.")
    for path in sorted(files):
        first = os.path.relpath(path, top).split(os.sep)
        yield path, first[0] if len(first) > 1 else os.path.splitext(first[0])[0]


def _walk(folder: str, ancestors: tuple[str, ...], suffixes: Sequence[str]) -> Iterator[str | tuple[str, str]]:
    """The files below a folder, or paths with what is wrong with them. Follows links, but never round in a circle."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        yield folder, f"can't be listed: {error.strerror}."
        return
    for name in names:
        path = os.path.join(folder, name)
        if name.startswith("."):
            continue
        if os.path.isdir(path):
            real = os.path.realpath(path)
            if real in ancestors:
                yield path, "is a link to a folder that it is in."
            else:
                yield from _walk(path, (*ancestors, real), suffixes)
        elif name.lower().endswith(tuple(suffixes)):
            yield path


def shown(path: str) -> str:
    """A path as a user types it: relative to the working directory where it is below that."""
    if not path:
        return path
    relative = os.path.relpath(path)
    return path if relative.split(os.sep, 1)[0] == os.pardir else relative


class _Unreadable(Exception):
    """Ends the reading of one file. line: 0 if it is about the file as a whole."""

    def __init__(self, message: str, line: int = 0, finding: str = "unreadable-file") -> None:
        super().__init__(message)
        self.message, self.line, self.finding = message, line, finding


class _File:
    """Reads one file into a result."""

    def __init__(self, path: str, svm_of_path: str | None, loader: DataLoader, result: PolicyFiles) -> None:
        self.path, self.svm_of_path, self.loader, self.result = path, svm_of_path, loader, result
        self.shown = shown(path)
        self.encrypted = False
        self.svm: str | None = None
        self.policy: str | None = None
        self.flat: dict[int, dict[str, tuple[yaml.Node, yaml.Node]]] = {}

    def read(self) -> None:
        """Adds what the file has, or what is wrong with it."""
        try:
            with open(self.path, "rb") as stream:
                content = stream.read()
            checksum = hashlib.sha256(content).hexdigest()
            root = self._compose(self._text(content))
            top = self._top(root)
            before = len(self.result.problems)
            self._find_svm(top)
            placed = len(self.result.problems) == before
            policies = list(self._policies(top, root))
            config = self._config(top)
            authorities = self._ca_certificates(top)
        except OSError as error:
            self._problem(0, f"can't be read: {error.strerror}.", "unreadable-file")
        except _Unreadable as error:
            self._problem(error.line, error.message, error.finding)
        except RecursionError:
            self._problem(0, "is nested too deeply.", "unreadable-file")
        else:
            # Without its SVM a policy would look like one of cluster scope.
            if placed:
                manages = "policies" in top
                self.result.files.append(
                    PolicyFile(self.shown, self.svm, len(policies), checksum, self.svm_of_path, manages, authorities)
                )
                if config is not None:
                    self.result.config = config
                    self.result.config_place = self.shown, 1 if self.encrypted else top["ipsec_config"][0]
                self.result.policies += policies

    def _problem(self, line: int, message: str, finding: str = "invalid-file") -> None:
        at = 1 if self.encrypted and line else line
        self.result.problems.append(Problem(finding, self.shown, at, message, self.svm, self.policy))

    # From bytes to nodes.

    def _text(self, content: bytes) -> str:
        if is_encrypted(content):
            self.encrypted = True
            try:
                content = decrypt(self.loader, content)
            except AnsibleError:
                raise _Unreadable("is encrypted, and none of the Vault passwords that are given decrypts it.") from None
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise _Unreadable("is not encoded as UTF-8.", line) from None

    def _compose(self, text: str) -> yaml.Node:
        if self.path.lower().endswith(".json"):
            try:
                json.loads(text)
            except ValueError as error:
                raise _Unreadable(f"is no JSON: {getattr(error, 'msg', error)}.", getattr(error, "lineno", 0)) from None
            # In JSON a tab is white space wherever it may stand, and YAML takes it in fewer places.
            text = text.replace("\t", " ")
        try:
            root = yaml.compose(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            # Quoted is what the parser met, which may be part of a secret; its own words for tokens are in <>.
            reason = re.sub(r"'(?!<)[^']{2,}'", "(hidden)", " ".join(filter(None, (error.context, error.problem))))
            raise _Unreadable(f"is no YAML: {reason}.", mark.line + 1 if mark else 0) from None
        except yaml.YAMLError as error:
            position = getattr(error, "position", None)
            line = text[:position].count("\n") + 1 if isinstance(position, int) else 0
            raise _Unreadable("is no YAML: it has a character that is not allowed.", line) from None
        if root is None:
            raise _Unreadable("is empty; it needs the key policies.", 1, "invalid-file")
        return root

    # Nodes.

    def _mapping(self, node: yaml.MappingNode, above: tuple[int, ...] = ()) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Key node and value node by key, with what ``<<`` merges. Says so if a key stands twice."""
        if id(node) in self.flat:
            return self.flat[id(node)]
        merged: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        own: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._problem(line, "a key must be a word.")
            elif key.tag == f"{_YAML}merge":
                for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if not isinstance(source, yaml.MappingNode) or id(source) in (*above, id(node)):
                        self._problem(line, "<<: takes mappings, or a list of them, and never one that it is in.")
                        continue
                    for name, pair in self._mapping(source, (*above, id(node))).items():
                        merged.setdefault(name, pair)
            elif key.value in own:
                first = own[key.value][0].start_mark.line + 1
                self._problem(line, f"{_key(key.value)}: stands here twice; it is in line {first}, too.")
            else:
                own[key.value] = key, value
        self.flat[id(node)] = {**merged, **own}
        return self.flat[id(node)]

    def _known(
        self, node: yaml.MappingNode, allowed: Iterable[str], where: str, finding: str = "unknown-option"
    ) -> dict[str, tuple[int, yaml.Node]]:
        """Line and value of the keys of a mapping that are allowed; the others are problems."""
        found = {}
        for name, (key, value) in self._mapping(node).items():
            line = key.start_mark.line + 1
            if name in allowed:
                found[name] = line, value
            else:
                self._problem(
                    line, f"{_key(name)}: is not known {where}; there are {', '.join(sorted(allowed))}.", finding
                )
        return found

    def _scalar(self, line: int, option: str, node: yaml.Node, kind: str = "str") -> Any:
        """Text as typed, a truth value where ``kind`` is ``bool``, or ``None`` for null and for what is no such thing."""
        if isinstance(node, yaml.MappingNode) and len(node.value) == 1:
            (key, value) = node.value[0]
            # How Ansible writes these two in JSON.
            if key.value in ("__ansible_vault", "__ansible_unsafe") and isinstance(value, yaml.ScalarNode):
                return Vaulted(value.value) if key.value == "__ansible_vault" else Verbatim(value.value)
        if not isinstance(node, yaml.ScalarNode):
            self._problem(line, f"{option}: must be {'true or false' if kind == 'bool' else 'text'}.", "invalid-value")
            return None
        if node.tag in ("!vault", "!vault-encrypted"):
            return Vaulted(node.value)
        if node.tag == "!unsafe":
            return Verbatim(node.value)
        if node.tag == f"{_YAML}null":
            return None
        if node.tag == f"{_YAML}bool" and kind == "bool":
            return _BOOLEANS[node.value.lower()]
        if node.tag not in (f"{_YAML}{name}" for name in ("str", "int", "float", "bool", "timestamp")):
            self._problem(line, f"{option}: has an unknown tag; !vault and !unsafe are known.", "invalid-value")
            return None
        return node.value

    # The format.

    def _top(self, root: yaml.Node) -> dict[str, tuple[int, yaml.Node]]:
        if not isinstance(root, yaml.MappingNode):
            raise _Unreadable(
                "must be a mapping with the key policies, not a list or text.", root.start_mark.line + 1, "invalid-file"
            )
        names = [name for name in self._mapping(root) if name.startswith("x-")]
        top = self._known(root, {*FILE_KEYS, *names}, "in a policy file", "invalid-file")
        return {name: pair for name, pair in top.items() if name in FILE_KEYS}

    def _find_svm(self, top: Mapping[str, tuple[int, yaml.Node]]) -> None:
        """Sets the SVM of the file, or says why there is none."""
        values = {name: self._scalar(*_at(top, name)) for name in ("svm", "scope") if name in top}
        if len(values) == 2:
            self._problem(top["scope"][0], "svm, scope: give one of them.")
        elif "scope" in values:
            if values["scope"] != "cluster":
                self._problem(top["scope"][0], "scope: can only be cluster; for policies of an SVM give svm.")
        elif "svm" in values:
            if not isinstance(values["svm"], str) or not values["svm"].strip() or "{{" in values["svm"]:
                # What may be deleted depends on it.
                self._problem(top["svm"][0], "svm: must be the name of an SVM, written out.")
            else:
                try:
                    self.svm = normalize.text(values["svm"])
                except ValueError as error:
                    self._problem(top["svm"][0], f"svm: {error}")
        elif self.svm_of_path is None:
            self._problem(
                1, "svm: is needed in a file that is named by itself; only inside of a folder the path can say it."
            )
        else:
            self.svm = self.svm_of_path

    def _policies(self, top: Mapping[str, tuple[int, yaml.Node]], root: yaml.Node) -> Iterator[Policy]:
        if "policies" not in top and ("ipsec_config" in top or "ca_certificates" in top):
            return
        if "policies" not in top:
            line = root.start_mark.line + 1
            self._problem(line, "policies: is missing; write policies: [] if there are to be none.")
            return
        line, node = top["policies"]
        if not isinstance(node, yaml.SequenceNode):
            self._problem(line, "policies: must be a list; write policies: [] if there are to be none.")
            return
        for entry in node.value:
            if isinstance(entry, yaml.MappingNode):
                yield self._policy(entry)
            else:
                self._problem(entry.start_mark.line + 1, "policies: each entry must be a mapping of options.")

    def _config(self, top: Mapping[str, tuple[int, yaml.Node]]) -> dict[str, Any] | None:
        """What the service should be. Written out, because every policy of the cluster depends on it."""
        if "ipsec_config" not in top:
            return None
        line, node = top["ipsec_config"]
        if "scope" not in top:
            self._problem(line, "ipsec_config: goes into a file with scope: cluster, because it is that of all SVMs.")
        elif self.result.config is not None:
            self._problem(line, "ipsec_config: stands in another file of the cluster, too; write it once.")
        if not isinstance(node, yaml.MappingNode) or not node.value:
            self._problem(line, f"ipsec_config: must be a mapping of {', '.join(CONFIG)}.")
            return None
        taken = {}
        for name, (at, value) in self._known(node, CONFIG, "in ipsec_config").items():
            plain = self._scalar(at, f"ipsec_config.{name}", value, CONFIG[name])
            if isinstance(plain, (Vaulted, Verbatim)) or plain is None or "{{" in str(plain):
                self._problem(at, f"ipsec_config.{name}: must be a value, written out.", "invalid-value")
            else:
                taken[name] = plain
        if not isinstance(taken.get("enabled", True), bool):
            self._problem(line, "ipsec_config.enabled: must be true or false.", "invalid-value")
        try:
            SERVICE.from_options(taken)
        except InvalidInput as error:
            for problem in error.problems:
                self._problem(line, f"ipsec_config.{problem}", "invalid-value")
        return taken

    def _ca_certificates(self, top: Mapping[str, tuple[int, yaml.Node]]) -> list[str] | None:
        """The names of all authorities that IPsec should trust on this SVM, or for the cluster."""
        if "ca_certificates" not in top:
            return None
        line, node = top["ca_certificates"]
        if not isinstance(node, yaml.SequenceNode):
            self._problem(line, "ca_certificates: must be a list of names; [] if IPsec should trust none.")
            return None
        names: list[str] = []
        for entry in node.value:
            at = entry.start_mark.line + 1
            name = self._scalar(at, "ca_certificates", entry)
            if not isinstance(name, str) or isinstance(name, Verbatim) or not name.strip() or "{{" in name:
                self._problem(at, "ca_certificates: must be names of certificates, written out.", "invalid-value")
            elif name in names:
                self._problem(at, "ca_certificates: a name stands here twice.", "invalid-value")
            else:
                names.append(name)
        return names

    def _policy(self, node: yaml.MappingNode) -> Policy:
        name = self._mapping(node).get("name")
        self.policy = name[1].value if name and isinstance(name[1], yaml.ScalarNode) else None
        start = name[0] if name else node
        lines = {"": start.start_mark.line + 1}
        options: dict[str, Any] = {}
        ignores: dict[str, str] = {}
        for option, (line, value) in self._known(node, [*OPTIONS, LINT_IGNORE], "in a policy").items():
            lines[option] = line
            if option == LINT_IGNORE:
                ignores = self._ignores(line, value, lines)
                continue
            row = OPTIONS[option]
            taken = (
                self._options(option, line, value, row["options"], lines)
                if row["type"] == "dict"
                else self._scalar(line, option, value, row["type"])
            )
            if taken is not None:
                options[option] = taken
        self.policy = None
        if self.encrypted:
            lines = dict.fromkeys(lines, 1)
        return Policy(options, self.svm, self.shown, lines, ignores, self.encrypted)

    def _options(
        self, option: str, line: int, node: yaml.Node, spec: Mapping[str, Any], lines: dict[str, int]
    ) -> dict[str, Any] | str | None:
        """The options below an option, or a template that may give them."""
        if isinstance(node, yaml.ScalarNode):
            if node.tag == f"{_YAML}null":
                return None
            if node.tag == f"{_YAML}str" and "{{" in node.value:
                return str(node.value)
        if not isinstance(node, yaml.MappingNode):
            self._problem(line, f"{option}: must be a mapping of {', '.join(spec)}.", "invalid-value")
            return None
        taken = {}
        for name, (at, value) in self._known(node, spec, f"in {option}").items():
            lines[f"{option}.{name}"] = at
            taken[name] = self._scalar(at, f"{option}.{name}", value)
        return {name: value for name, value in taken.items() if value is not None}

    def _ignores(self, line: int, node: yaml.Node, lines: dict[str, int]) -> dict[str, str]:
        if not isinstance(node, yaml.MappingNode):
            self._problem(line, f"{LINT_IGNORE}: must be a mapping from a finding to the reason.", "invalid-value")
            return {}
        taken = {}
        for name, (key, value) in self._mapping(node).items():
            lines[f"{LINT_IGNORE}.{name}"] = key.start_mark.line + 1
            reason = isinstance(value, yaml.ScalarNode) and value.tag.startswith(_YAML) and value.tag != f"{_YAML}null"
            taken[name] = value.value.strip() if reason else ""
        return taken


def _at(top: Mapping[str, tuple[int, yaml.Node]], name: str) -> tuple[int, str, yaml.Node]:
    return top[name][0], name, top[name][1]


def _key(name: str) -> str:
    """A key as messages show it. What follows a colon may be a value, even a secret, where only a space is missing."""
    word = name.partition(":")[0]
    return word if word == name and len(word) <= 64 else f"{word[:64]}…"
