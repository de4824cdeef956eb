# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables a template needs, with all that those need in turn, and whether it does more than read them.

Ansible copies the variables of a host whenever it renders anything, so a thousand templates and a thousand variables are
a million steps. With the few variables that a template needs, they are a thousand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes

MARKS = ("{{", "{%", "{#")

_NAME = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")

_REACHES_ALL = frozenset({"lookup", "query", "q", "vars", "hostvars"})
"""Names by which a template can get at variables that it does not name."""

_PURE_FILTERS = frozenset(
    name
    for names in (
        (
            "abs",
            "bool",
            "b64decode",
            "b64encode",
            "capitalize",
            "combine",
            "count",
            "d",
            "default",
            "dict2items",
            "first",
        ),
        ("flatten", "float", "int", "ipaddr", "ipv4", "ipv6", "items2dict", "join", "last", "length", "list", "lower"),
        ("mandatory", "max", "min", "quote", "regex_replace", "regex_search", "replace", "reverse", "round", "sort"),
        ("split", "string", "sum", "ternary", "title", "to_json", "trim", "union", "unique", "upper", "zip"),
        ("ansible.utils.ipaddr", "ansible.utils.ipv4", "ansible.utils.ipv6", "ansible.netcommon.ipaddr"),
    )
    for name in names
)
"""Filters that read nothing but what they are given."""

_PLAIN = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.For,
    nodes.Assign,
    nodes.Name,
    nodes.Literal,
    nodes.Pair,
    nodes.Keyword,
    nodes.CondExpr,
    nodes.BinExpr,
    nodes.UnaryExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.Concat,
    nodes.Filter,
    nodes.Test,
    nodes.Getitem,
    nodes.Getattr,
    nodes.Slice,
)


@dataclass(frozen=True)
class Needs:
    """What rendering takes. names: of variables. everything: whether any variable may be needed. beyond: what it does
    besides reading variables, in words; empty if nothing."""

    names: frozenset[str] = frozenset()
    everything: bool = False
    beyond: str = ""

    def __or__(self, other: Needs) -> Needs:
        return Needs(self.names | other.names, self.everything or other.everything, self.beyond or other.beyond)


class References:
    """What templates need of the variables of one host."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._known: dict[str, Needs] = {}

    def of(self, value: Any) -> Needs:
        """What a value needs, be it a template or hold some, with all that its variables need in turn."""
        found = _of_value(value)
        todo, seen = sorted(found.names), set(found.names)
        while todo:
            name = todo.pop()
            if name not in self._variables:
                continue
            if name not in self._known:
                self._known[name] = _of_value(self._variables[name])
            found |= self._known[name]
            fresh = self._known[name].names - seen
            seen |= fresh
            todo += fresh
        return found

    def plain(self, template: str) -> str | None:
        """The text of a variable if the template is nothing but its name and the variable no template itself."""
        match = _NAME.fullmatch(template)
        value = self._variables.get(match.group(1)) if match else None
        return str(value) if isinstance(value, str) and not any(mark in value for mark in MARKS) else None

    def subset(self, needs: Needs) -> dict[str, Any]:
        """The variables that are needed, as far as there are any."""
        return {name: self._variables[name] for name in needs.names if name in self._variables}


def _of_value(value: Any) -> Needs:
    found = Needs()
    for text in _texts(value):
        found |= _of_template(text)
    return found


def _texts(value: Any) -> Iterator[str]:
    """The templates in a value."""
    if isinstance(value, str):
        if any(mark in value for mark in MARKS):
            yield str(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(key)
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)


def literals(template: str) -> list[str]:
    """The texts that a template has in itself; none where its syntax is not known."""
    try:
        tree = _ENVIRONMENT.parse(template)
    except TemplateSyntaxError:
        return []
    texts = [node.data for node in tree.find_all(nodes.TemplateData)]
    return texts + [node.value for node in tree.find_all(nodes.Const) if isinstance(node.value, str)]


@lru_cache(maxsize=4096)
def _of_template(text: str) -> Needs:
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError:
        # Of Ansible's own syntax, or wrong: let Ansible say so.
        return Needs(everything=True, beyond="syntax that is not known")
    # Those of loops among them, which no host has, or which do no harm.
    names = frozenset(node.name for node in tree.find_all(nodes.Name))
    return Needs(names, bool(names & _REACHES_ALL), next(_beyond(tree), ""))


_ENVIRONMENT = Environment()  # noqa: S701 - it only parses, and renders nothing.


def _beyond(node: nodes.Node) -> Iterator[str]:
    """What a template does that can reach beyond its variables: plugins, calls, and the inner side of Python's objects."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in _REACHES_ALL:
        yield "a lookup"
    elif isinstance(node, nodes.Name) and node.name in _REACHES_ALL:
        yield f"the name {node.name}"
    elif isinstance(node, nodes.Filter) and node.name.removeprefix("ansible.builtin.") not in _PURE_FILTERS:
        yield f"the filter {node.name}"
    elif isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        yield f"the attribute {node.attr}"
    elif isinstance(node, nodes.Getitem) and not isinstance(node.arg, (nodes.Const, nodes.Slice)):
        yield "a computed key"
    elif isinstance(node, nodes.Getitem) and str(getattr(node.arg, "value", "")).startswith("_"):
        yield "a key that begins with _"
    elif not isinstance(node, _PLAIN):
        yield f"the construct {type(node).__name__.lower()}"
    else:
        for child in node.iter_child_nodes():
            yield from _beyond(child)
