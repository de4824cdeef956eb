# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a template needs: enough to render it with nothing else, and nothing that it does is overlooked."""

from __future__ import annotations

import string
from typing import Any

import pytest
from ansible import template
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_policy_files.policy_files import Policy
from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_policy_files.policy_values import Values
from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_policy_files.template_names import References

trusted = getattr(template, "trust_as_template", str)

VARIABLES = {
    "direct": "plain",
    "net": "10.{{ site }}.0.0/16",
    "site": "{{ sites['a'] }}",
    "sites": {"a": "{{ number }}"},
    "number": "7",
    "all_of_them": "{{ lookup('vars', 'number') }}",
    "unrelated": "{{ no_such_thing }}",
}


def host(**more: Any) -> dict[str, Any]:
    return {
        name: trusted(value) if isinstance(value, str) else {key: trusted(one) for key, one in value.items()}
        for name, value in {**VARIABLES, **more}.items()
    }


def values(lookups: bool = True, **more: Any) -> Values:
    loader = DataLoader()
    return Values(loader, Templar(loader=loader, variables=host(**more)), lookups)


def rendered(text: str, lookups: bool = True, **more: Any) -> tuple[Any, str | None]:
    known, unknown = values(lookups, **more).of(Policy({"protocol": text}, "svm1", "a.yml", {"": 1}))
    return known.get("protocol"), unknown.get("protocol")


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("{{ direct }}", {"direct"}),
        ("{{ net }}", {"net", "site", "sites", "number"}),
        ("{% if site %}{{ direct }}{% endif %}", {"site", "sites", "number", "direct"}),
        ("{{ nowhere | default('x') }}", {"nowhere"}),
        ("plain", set()),
    ],
)
def test_what_a_template_needs_comes_with_what_that_needs(text: str, needed: set[str]) -> None:
    found = References(host()).of(text)
    assert (set(found.names), found.everything, found.beyond) == (needed, False, "")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ direct }}", "plain"),
        ("{{ net }}", "10.7.0.0/16"),
        ("{{ all_of_them }}", "7"),
        ("{{ lookup('vars', 'number') }}", "7"),
        ("{{ nowhere | default('x') }}", "x"),
        ("{% for one in [1, 2] %}{{ one }}{% endfor %}", "12"),
        ("{% raw %}{{ net }}{% endraw %}", "{{ net }}"),
    ],
)
def test_what_is_rendered_is_what_ansible_renders(text: str, result: str) -> None:
    assert str(rendered(text)[0]) == result


@given(st.lists(st.sampled_from([*VARIABLES, "sites['a']", "direct ~ net", "number | int + 1"]), max_size=4))
def test_few_variables_and_all_of_them_give_the_same(names: list[str]) -> None:
    text = "".join(f"-{{{{ {name} }}}}" for name in names if name != "unrelated")
    loader = DataLoader()
    whole = Templar(loader=loader, variables=host()).template(trusted(text))
    assert str(rendered(text)[0] if text else "") == str(whole)


BEYOND = {
    "{{ lookup('pipe', 'id') }}": "a lookup",
    "{{ query('pipe', 'id') }}": "a lookup",
    "{{ q('file', '/etc/passwd') | join }}": "a lookup",
    "{% set f = lookup %}{{ f('pipe', 'id') }}": "the name lookup",
    "{{ [lookup] | map('string') | join }}": "the filter map",
    "{{ hidden }}": "a lookup",
    "{{ hostvars['other'].key }}": "the name hostvars",
    "{{ vars['hidden'] }}": "the name vars",
    "{{ ''.__class__ }}": "the attribute __class__",
    "{{ ''['__class__'] }}": "a key that begins with _",
    "{{ direct[direct] }}": "a computed key",
    "{{ '$HOME' | expandvars }}": "the filter expandvars",
    "{{ '' | attr('__class__') }}": "the filter attr",
    "{{ '%s' % net }}": "",
    "{{ direct.upper() }}": "the construct call",
    "{% include '/etc/passwd' %}": "the construct include",
    "{{ broken": "syntax that is not known",
}


@pytest.mark.parametrize("text", BEYOND)
def test_without_lookups_nothing_is_run(text: str) -> None:
    _value, reason = rendered(text, lookups=False, hidden="{{ lookup('pipe', 'id') }}")
    expected = BEYOND[text]
    if expected:
        assert reason == f"its template uses {expected}, which lookups: false keeps from being evaluated."
    else:
        assert reason is None


@given(st.text(string.printable, max_size=40))
def test_any_text_between_braces_is_taken_or_refused_in_words(text: str) -> None:
    value, reason = rendered("{{" + text + "}}", lookups=False)
    assert value is not None or reason is None or reason.endswith(".")
