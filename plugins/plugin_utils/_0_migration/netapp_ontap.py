# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a playbook of netapp.ontap becomes here: its text with the changes that can be decided, and what can't.

A file is read as YAML nodes, which know where they stand, and changed there: whatever else it has, comments and quotes among
it, stays byte for byte. Each change is made to the nodes as well, and a text that does not read as these nodes is not
returned. What the modules of netapp.ontap take and return is known from netapp.ontap 23.2.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import yaml
from ansible.module_utils.parsing.convert_bool import BOOLEANS_FALSE, BOOLEANS_TRUE

from ...module_utils._0_basics.hiding import HIDDEN

MODULES = {
    f"na_ontap_security_{name}": f"wiresec.ontap.{name}"
    for name in ("ipsec_policy", "ipsec_config", "ipsec_ca_certificate")
}
"""What moves by its name alone, by the short name that it has in netapp.ontap."""

REMOVED = ("feature_flags", "ontapi", "use_lambda")
"""Options of every module of netapp.ontap, or of its older releases, that mean nothing here: they go."""

GROUP, OWN_GROUP = "group/netapp.ontap.netapp_ontap", "group/wiresec.ontap.ontap"

_BY_HAND = {
    "na_ontap_security_certificates": "wiresec.ontap.certificate takes its place if the certificate is for IPsec",
    "na_ontap_rest_info": (
        "wiresec.ontap.ipsec_policy_info or wiresec.ontap.ipsec_security_association_info takes its place, with another result"
    ),
    "na_ontap_restit": "the modules of wiresec.ontap take its place",
    "na_ontap_rest_cli": "the modules of wiresec.ontap take its place",
}
_ABOUT_IPSEC = re.compile(r"security[/ ]ipsec\b")
_MENTIONED = re.compile(rf"\b(?:{'|'.join(MODULES)})\b|{_ABOUT_IPSEC.pattern}")
_ACTIONS = ("action", "local_action", "ansible.builtin.action", "ansible.builtin.local_action")
_TASKS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
_MERGE = "tag:yaml.org,2002:merge"
_SECRET = r"\w*(?:pass|password|passwd|passphrase|psk|secret|secret_key|private_key|token)"
_SECRET_WORD = re.compile(rf"""\b({_SECRET})=(?!["']?{{{{)("[^"]*"|'[^']*'|\S+)""", re.IGNORECASE)


class Unreadable(Exception):
    """A file can't be looked at. line: 0 if it is about the file as a whole."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message, self.line = message, line


@dataclass(frozen=True)
class Question:
    """What somebody has to decide. line: in the file as it was."""

    line: int
    message: str


@dataclass
class Moved:
    """What becomes of a file. text: all of it, as it was if nothing moves. tasks: how many move."""

    text: str
    tasks: int = 0
    questions: list[Question] = field(default_factory=list)


class Playbook:
    """One file: a playbook, a file of tasks, or anything else that is YAML. Raises ``Unreadable``.

    options: by module of this collection, the names of all options that it has, aliases among them.
    """

    def __init__(self, text: str, options: Mapping[str, Set[str]]) -> None:
        self._text, self._options = text, options
        self._documents = _nodes(text)
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._edits: dict[int, tuple[int, str]] = {}
        self._told: dict[int, str] = {}
        self._decided: set[int] = set()
        self._registered: list[str] = []
        self._uses = _uses(self._documents)
        self._tasks = 0
        self._has_own = False
        self._groups: list[tuple[yaml.MappingNode, int]] = []
        self._requirements: list[yaml.SequenceNode] = []
        self._dependencies: list[yaml.Node] = []
        self._seen: set[int] = set()
        for document in self._documents:
            self._of_document(document)

    @property
    def is_concerned(self) -> bool:
        """Whether a task moves, or has moved: whatever holds for both collections is then to be said for both."""
        return bool(self._tasks) or self._has_own

    def move(self, with_defaults: bool) -> Moved:
        """What becomes of the file. with_defaults: whether groups of defaults and requirements get this collection beside them."""
        if with_defaults:
            for mapping, place in self._groups:
                self._add_group(mapping, place)
            for sequence in self._requirements:
                self._add_requirement(sequence)
            for key in self._dependencies:
                self._ask(key, "add wiresec.ontap beside it, because tasks of this collection that moved need it")
        self._ask_of_results()
        self._ask_of_mentions()
        text = self._edited()
        if not _reads_as(text, self._documents):
            raise Unreadable("can't be changed without changing more than is meant; move it by hand.")
        return Moved(text, self._tasks, [Question(line, message) for line, message in sorted(self._told.items())])

    # Where tasks are.

    def _of_document(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                if isinstance(item, yaml.MappingNode):
                    self._of_task(item)
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                names = _names(value) if key.value == "collections" else []
                if "netapp.ontap" in names and "wiresec.ontap" not in names and _is_requirements(node):
                    self._requirements.append(value)
                elif key.value == "dependencies" and isinstance(value, yaml.MappingNode):
                    # Of galaxy.yml. It names a release of each, and nobody but its owner knows which of this collection.
                    needed = {str(one.value): one for one, _release in value.value}
                    if "netapp.ontap" in needed and "wiresec.ontap" not in needed:
                        self._dependencies.append(needed["netapp.ontap"])

    def _of_task(self, node: yaml.MappingNode) -> None:
        """A task, a block or a play: they differ in what they may have, and none has what means something else in another."""
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        arguments = [value for key, value in node.value if key.value == "args"]
        registered = [value.value for key, value in node.value if key.value == "register"]
        for key, value in node.value:
            if key.value in _TASKS and isinstance(value, yaml.SequenceNode):
                for item in value.value:
                    if isinstance(item, yaml.MappingNode):
                        self._of_task(item)
            elif key.value == "module_defaults":
                for defaults in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    self._of_defaults(defaults)
            elif key.value in _ACTIONS:
                self._of_action(value, arguments, registered)
            else:
                self._of_module(key, [value, *arguments], registered)

    def _of_action(self, node: yaml.Node, arguments: list[yaml.Node], registered: list[str]) -> None:
        """``action: MODULE option=value``, or a mapping with the module's name among the options."""
        if isinstance(node, yaml.MappingNode):
            named = [value for key, value in node.value if key.value == "module"]
            if len(named) == 1:
                self._of_module(named[0], [node, *arguments], registered, ("module",))
        elif isinstance(node, yaml.ScalarNode):
            self._of_module(node, [node, *arguments], registered)

    def _of_module(
        self,
        name: yaml.Node,
        given: list[yaml.Node],
        registered: list[str],
        besides: tuple[str, ...] = (),
    ) -> None:
        """A task that may be one of netapp.ontap. name: the node that begins with the name of the module."""
        if not isinstance(name, yaml.ScalarNode):
            return
        called = name.value.split(None, 1)[0] if name.value.split() else ""
        self._has_own = self._has_own or called.startswith("wiresec.ontap.")
        short = called.removeprefix("netapp.ontap.")
        if called in MODULES.values():
            for node in given:
                self._of_options_here(called, node, besides)
        elif short in _BY_HAND:
            self._leave(name, short, given)
        elif short in MODULES:
            self._rename(name, called, MODULES[short])
            self._tasks += 1
            self._registered += registered
            for node in given:
                self._of_options(MODULES[short], node, besides)

    def _of_defaults(self, node: yaml.Node) -> None:
        if id(node) in self._seen or not isinstance(node, yaml.MappingNode):
            return
        self._seen.add(id(node))
        names = [key.value for key, _value in node.value]
        for place, (key, value) in enumerate(node.value):
            short = str(key.value).removeprefix("netapp.ontap.")
            if key.value == GROUP and OWN_GROUP not in names:
                self._groups.append((node, place))
            if short in MODULES and MODULES[short] not in names:
                self._rename(key, key.value, MODULES[short])
                self._of_options(MODULES[short], value)
                # Short and full name may both be there, and only one of two keys of one name would count.
                names.append(MODULES[short])

    # What becomes of it.

    def _rename(self, node: yaml.ScalarNode, old: str, new: str) -> None:
        start, end = node.start_mark.index, node.end_mark.index
        at = self._text.find(old, start, end)
        if at < 0:
            self._ask(node, f"{old} is written in a way that can't be changed here: write {new}")
            return
        self._edits[at] = (at + len(old), new)
        self._decided.add(at)
        node.value = new + node.value[len(old) :]

    def _leave(self, name: yaml.ScalarNode, short: str, given: list[yaml.Node]) -> None:
        certificates = short == "na_ontap_security_certificates"
        if certificates or any(_ABOUT_IPSEC.search(text) for node in given for text in _texts(node)):
            self._ask(name, f"{short} stays as it is: {_BY_HAND[short]}")
            self._decided.update(
                found.start() for found in _MENTIONED.finditer(self._text, name.start_mark.index, _end_of(given))
            )

    def _of_options(self, module: str, node: yaml.Node, besides: tuple[str, ...] = ()) -> None:
        """Takes options out that mean nothing here, and asks about those whose meaning may be another."""
        if isinstance(node, yaml.ScalarNode):
            words = dict(re.findall(r"(\w+)=(\S+)", node.value))
            self._ask_of_options(module, node, words)
            if unknown := [name for name in words if name in REMOVED]:
                self._ask(node, f"{' and '.join(unknown)} is no option of {module}")
        elif isinstance(node, yaml.MappingNode):
            own = {id(key) for key, _value in node.value} if self._uses[id(node)] == 1 else set()
            forced = "force" in {key.value for key, _value in _options(node)}
            for key, value in list(_options(node)):
                text = value.value if isinstance(value, yaml.ScalarNode) else ""
                if key.value in REMOVED and not (key.value == "use_lambda" and not _is(text, BOOLEANS_FALSE)):
                    if id(key) not in own or not self._remove(node, key, value):
                        self._ask(key, f"{key.value} is no option of {module}")
                elif key.value not in self._options[module] and key.value not in besides:
                    self._ask(key, f"{key.value} is no option of {module}")
                elif not (key.value == "enabled" and forced):
                    self._ask_of_options(module, key, {key.value: text})

    def _of_options_here(self, module: str, node: yaml.Node, besides: tuple[str, ...]) -> None:
        """Asks about what was left when a task moved, as options that it shares with others."""
        for key, _value in _options(node) if isinstance(node, yaml.MappingNode) else []:
            if key.value not in self._options[module] and key.value not in besides:
                self._ask(key, f"{key.value} is no option of {module}")

    def _ask_of_options(self, module: str, node: yaml.Node, texts: Mapping[str, str]) -> None:
        if _is(texts.get("https", ""), BOOLEANS_FALSE):
            self._ask(
                node, "https is of no effect here: HTTPS is always used, so look whether http_port is that of HTTPS"
            )
        is_service = module == MODULES["na_ontap_security_ipsec_config"]
        if is_service and "enabled" in texts and not _is(texts["enabled"], BOOLEANS_TRUE):
            self._ask(
                node,
                "to disable IPsec while enabled policies protect traffic takes force: true here; add it if that is meant",
            )

    def _remove(self, mapping: yaml.MappingNode, key: yaml.Node, value: yaml.Node) -> bool:
        """Takes an option out of a mapping, unless that is left with nothing, or the option can't be cut out as lines."""
        line = self._text.rfind("\n", 0, key.start_mark.index) + 1
        alone = not self._text[line : key.start_mark.index].strip()
        if mapping.flow_style or not alone or len(mapping.value) == 1 or any(_anchors(self._text, value)):
            return False
        end = self._end_of_line(_last(value))
        self._edits[line] = (min(end + len(self._newline), len(self._text)), "")
        mapping.value = [pair for pair in mapping.value if pair[0] is not key]
        return True

    def _add_group(self, mapping: yaml.MappingNode, place: int) -> None:
        """Adds the group of this collection beside that of netapp.ontap, with the same options, by an anchor."""
        key, value = mapping.value[place]
        options = list(_options(value)) if isinstance(value, yaml.MappingNode) else []
        only_there = [one.value for one, _value in options if one.value in REMOVED]
        colon = re.compile(r"\s*:").match(self._text, key.end_mark.index)
        if not isinstance(value, yaml.MappingNode) or not colon or only_there:
            without = f", without {' and '.join(only_there)}" if only_there else ""
            self._ask(
                key, f"add {OWN_GROUP} beside it, with the same options{without}: tasks that moved take them from there"
            )
            return
        given = re.compile(r"\s*(?:!\S*\s+)?([&*])([^\s,\[\]{}]+)").match(self._text, colon.end())
        name = given[2] if given else self._free_anchor()
        if not given:
            self._edits[colon.end()] = (colon.end(), f" &{name}")
        text = f"{OWN_GROUP}: *{name}"
        is_alias = given is not None and given[1] == "*"
        if mapping.flow_style:
            at = given.end() if given is not None and is_alias else value.end_mark.index
            self._edits[at] = (at, f", {text}")
        else:
            at = self._end_of_line(given.end() if given is not None and is_alias else _last(value))
            self._edits[at] = (at, f"{self._newline}{' ' * key.start_mark.column}{text}")
        own = yaml.ScalarNode("tag:yaml.org,2002:str", OWN_GROUP)
        mapping.value = [*mapping.value[: place + 1], (own, value), *mapping.value[place + 1 :]]

    def _add_requirement(self, sequence: yaml.SequenceNode) -> None:
        """Adds this collection to those that ansible-galaxy is to install, before netapp.ontap."""
        place = _names(sequence).index("netapp.ontap")
        item = sequence.value[place]
        is_mapping = isinstance(item, yaml.MappingNode)
        text = "name: wiresec.ontap" if is_mapping else "wiresec.ontap"
        start = item.start_mark.index
        before = self._text[self._text.rfind("\n", 0, start) + 1 : start]
        if sequence.flow_style or not re.fullmatch(r"\s*-\s+", before):
            self._ask(item, "add wiresec.ontap to what ansible-galaxy installs")
            return
        self._edits[start] = (start, f"{text}{self._newline}{before}")
        name = yaml.ScalarNode("tag:yaml.org,2002:str", "wiresec.ontap")
        key = yaml.ScalarNode("tag:yaml.org,2002:str", "name")
        added = yaml.MappingNode("tag:yaml.org,2002:map", [(key, name)]) if is_mapping else name
        sequence.value = [*sequence.value[:place], added, *sequence.value[place:]]

    # What stays to be decided.

    def _ask(self, node: yaml.Node, message: str) -> None:
        line = node.start_mark.line + 1
        told = self._told.get(line, "")
        if message not in told:
            self._told[line] = f"{told}; {message}" if told else message

    def _ask_of_results(self) -> None:
        for name in dict.fromkeys(self._registered):
            used = re.compile(rf"\b{re.escape(name)}(?:\.|\[['\"])(modify)\b")
            for found in used.finditer(self._text):
                self._ask_at(
                    found.start(), f"{name}.modify is not in the result here: modified has the names of what changed"
                )

    def _ask_of_mentions(self) -> None:
        for found in _MENTIONED.finditer(self._text):
            full = found.start() - len("netapp.ontap.")
            if not {found.start(), full} & self._decided:
                self._ask_at(found.start(), f"{found[0]} is mentioned, where nobody can tell what is to become of it")

    def _ask_at(self, index: int, message: str) -> None:
        line = self._text.count("\n", 0, index) + 1
        self._told.setdefault(line, message)

    # Text.

    def _edited(self) -> str:
        parts, at = [], 0
        for start, (end, new) in sorted(self._edits.items()):
            parts += [self._text[at:start], new]
            at = end
        return "".join([*parts, self._text[at:]])

    def _end_of_line(self, index: int) -> int:
        """Where the line ends that a text ends in, before what breaks it. A block of text ends at the beginning of the next."""
        if self._text[:index].endswith("\n"):
            index = len(self._text[:index].rstrip())
        end = self._text.find("\n", index)
        end = len(self._text) if end < 0 else end
        return end - 1 if self._text[end - 1 : end] == "\r" else end

    def _free_anchor(self) -> str:
        names = ("netapp_ontap", *(f"netapp_ontap_{number}" for number in range(2, 1000)))
        taken = [text for _end, text in self._edits.values()]
        return next(
            name for name in names if not re.search(rf"[&*]{name}(?!\w)", self._text) and f" &{name}" not in taken
        )


def without_secrets(text: str) -> str:
    """A text of YAML as it may be shown: what it has in clear for a password, a key or a token is hidden. Raises ``Unreadable``."""
    hidden = set()
    for one in _all(_nodes(text)):
        for key, value in one.value if isinstance(one, yaml.MappingNode) else ():
            named = isinstance(key, yaml.ScalarNode) and re.fullmatch(_SECRET, key.value, re.IGNORECASE)
            if named and isinstance(value, yaml.ScalarNode) and value.tag != "!vault" and "{{" not in value.value:
                hidden.add((value.start_mark.index, value.end_mark.index))
    for start, end in sorted(hidden, reverse=True):
        # A block of text ends where the next thing begins.
        left = text[start:end].rstrip()
        text = f"{text[:start]}{HIDDEN if left else ''}{text[start + len(left) :]}"
    return _SECRET_WORD.sub(rf"\1={HIDDEN}", text)


def _is(text: str, spellings: Iterable[Any]) -> bool:
    """Whether Ansible takes a text for one of these booleans."""
    return text.lower() in {str(one).lower() for one in spellings}


def _nodes(text: str) -> list[yaml.Node]:
    """The documents of a text. Raises ``Unreadable``."""
    try:
        return [node for node in yaml.compose_all(text, Loader=yaml.SafeLoader) if node is not None]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise Unreadable(f"is no YAML: {error.problem}.", line) from None
    except yaml.YAMLError:
        raise Unreadable("is no YAML: it has characters that YAML does not allow.") from None
    except RecursionError:
        raise Unreadable("is nested too deeply.") from None


def _children(node: yaml.Node) -> Iterable[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _uses(documents: Iterable[yaml.Node]) -> dict[int, int]:
    """How often each node is used: an anchor with an alias more than once."""
    counted: dict[int, int] = {}
    left = list(documents)
    while left:
        node = left.pop()
        counted[id(node)] = counted.get(id(node), 0) + 1
        if counted[id(node)] == 1:
            left += _children(node)
    return counted


def _reads_as(text: str, documents: list[yaml.Node]) -> bool:
    try:
        return _same(documents, _nodes(text))
    except Unreadable:
        return False


def _same(ones: list[yaml.Node], others: list[yaml.Node]) -> bool:
    """Whether nodes mean the same, wherever they stand."""
    left: list[tuple[yaml.Node, yaml.Node]] = list(zip(ones, others))
    seen = set()
    if len(ones) != len(others):
        return False
    while left:
        one, other = left.pop()
        if (id(one), id(other)) in seen:
            continue
        seen.add((id(one), id(other)))
        if isinstance(one, yaml.ScalarNode) or isinstance(other, yaml.ScalarNode):
            if type(one) is not type(other) or (one.tag, one.value) != (other.tag, other.value):
                return False
            continue
        mine, theirs = list(_children(one)), list(_children(other))
        if (type(one), one.tag, len(mine)) != (type(other), other.tag, len(theirs)):
            return False
        left += zip(mine, theirs)
    return True


def _options(node: yaml.MappingNode, within: tuple[int, ...] = ()) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """The options of a mapping, with those that it takes from others by ``<<``."""
    if id(node) in within:
        return
    for key, value in node.value:
        if key.tag == _MERGE:
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if isinstance(source, yaml.MappingNode):
                    yield from _options(source, (*within, id(node)))
        elif isinstance(key, yaml.ScalarNode):
            yield key, value


def _texts(node: yaml.Node) -> Iterator[str]:
    """All scalars of a node."""
    yield from (one.value for one in _all([node]) if isinstance(one, yaml.ScalarNode))


def _all(nodes: Iterable[yaml.Node]) -> Iterator[yaml.Node]:
    """Nodes with all below them, each once."""
    left, seen = list(nodes), set()
    while left:
        one = left.pop()
        if id(one) not in seen:
            seen.add(id(one))
            left += _children(one)
            yield one


def _names(node: yaml.Node) -> list[str]:
    """The names of a list of collections, each item a name or a mapping with one."""
    names = []
    for item in node.value if isinstance(node, yaml.SequenceNode) else []:
        own = (
            [value.value for key, value in item.value if key.value == "name"]
            if isinstance(item, yaml.MappingNode)
            else []
        )
        names.append(str(own[0] if own else item.value))
    return names


def _is_requirements(node: yaml.MappingNode) -> bool:
    return {str(key.value) for key, _value in node.value} <= {"collections", "roles"}


def _last(node: yaml.Node) -> int:
    """Where the last thing of a node ends. A block itself ends where the next begins, after comments that are not its own."""
    while not node.__dict__.get("flow_style") and (children := list(_children(node))):
        following = [child for child in children if child.start_mark.index >= node.start_mark.index]
        if not following:
            break
        node = following[-1]
    return int(node.end_mark.index)


def _end_of(nodes: list[yaml.Node]) -> int:
    return max(int(node.end_mark.index) for node in nodes)


def _anchors(text: str, node: yaml.Node) -> Iterator[str]:
    yield from re.findall(r"&\S+", text[node.start_mark.index : _last(node)])
