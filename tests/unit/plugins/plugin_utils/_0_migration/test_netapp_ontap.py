# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a playbook of netapp.ontap becomes: what moves in whichever form, what stays byte for byte, and what is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_migration.netapp_ontap import (
    GROUP,
    MODULES,
    OWN_GROUP,
    REMOVED,
    Playbook,
    Unreadable,
    without_secrets,
)

CONNECTION = {"hostname", "username", "password", "https", "http_port", "use_rest"}
OPTIONS = {
    "wiresec.ontap.ipsec_policy": {*CONNECTION, "name", "svm", "state"},
    "wiresec.ontap.ipsec_config": {*CONNECTION, "enabled", "force", "state"},
    "wiresec.ontap.ipsec_ca_certificate": {*CONNECTION, "name", "svm"},
}
POLICY = "netapp.ontap.na_ontap_security_ipsec_policy"


def moved(text: str, with_defaults: bool = True) -> tuple[str, list[str]]:
    """The text that a file becomes, and what is asked, each with its line."""
    result = Playbook(text, OPTIONS).move(with_defaults)
    return result.text, [f"{question.line}: {question.message}" for question in result.questions]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"- {POLICY}:\n    name: a\n", "- wiresec.ontap.ipsec_policy:\n    name: a\n"),
        ("- na_ontap_security_ipsec_policy :\n    name: a\n", "- wiresec.ontap.ipsec_policy :\n    name: a\n"),
        (f'- "{POLICY}": {{name: a}}  # why\n', '- "wiresec.ontap.ipsec_policy": {name: a}  # why\n'),
        (f"- {{name: x, '{POLICY}': {{name: a}}}}\n", "- {name: x, 'wiresec.ontap.ipsec_policy': {name: a}}\n"),
        (f"- {POLICY}: name=a svm=b\n", "- wiresec.ontap.ipsec_policy: name=a svm=b\n"),
        (f"- {POLICY}:\n  args:\n    name: a\n", "- wiresec.ontap.ipsec_policy:\n  args:\n    name: a\n"),
        (f"- action: {POLICY} name=a\n", "- action: wiresec.ontap.ipsec_policy name=a\n"),
        (
            f"- local_action:\n    module: {POLICY}\n    name: a\n",
            "- local_action:\n    module: wiresec.ontap.ipsec_policy\n    name: a\n",
        ),
        (
            f"- hosts: all\n  handlers:\n  - block:\n    - rescue:\n      - {POLICY}:\n",
            "- hosts: all\n  handlers:\n  - block:\n    - rescue:\n      - wiresec.ontap.ipsec_policy:\n",
        ),
        (
            f"- hosts: all\n  module_defaults:\n    {POLICY}:\n      svm: a\n",
            "- hosts: all\n  module_defaults:\n    wiresec.ontap.ipsec_policy:\n      svm: a\n",
        ),
        *(
            (
                f"- na_ontap_security_ipsec_config:\n    enabled: {true}\n",
                f"- wiresec.ontap.ipsec_config:\n    enabled: {true}\n",
            )
            for true in ("True", "'y'", "1")
        ),
        # What means nothing here goes, with all its lines and no other.
        (
            f"- {POLICY}:\n    # first\n    feature_flags:\n      a: [1,\n        2]\n    # second\n    name: a\n",
            "- wiresec.ontap.ipsec_policy:\n    # first\n    # second\n    name: a\n",
        ),
        (
            f"- {POLICY}:\n    name: a\n    ontapi: |\n      much\n      more\n\n\n- debug:\n",
            "- wiresec.ontap.ipsec_policy:\n    name: a\n\n\n- debug:\n",
        ),
        (f"- {POLICY}:\r\n    use_lambda: no\r\n    name: a\r\n", "- wiresec.ontap.ipsec_policy:\r\n    name: a\r\n"),
        (f"- {POLICY}:\n    name: a\n    feature_flags: {{}}", "- wiresec.ontap.ipsec_policy:\n    name: a\n"),
        # Both ends of an anchor, all documents, what only other tags can read.
        (f"- &t\n  {POLICY}: {{name: a}}\n- *t\n", "- &t\n  wiresec.ontap.ipsec_policy: {name: a}\n- *t\n"),
        (
            f"---\n- {POLICY}:\n---\n- {POLICY}:\n",
            "---\n- wiresec.ontap.ipsec_policy:\n---\n- wiresec.ontap.ipsec_policy:\n",
        ),
        (
            f"- {POLICY}:\n    name: !unsafe '{{{{'\n    password: !vault |\n      $ANSIBLE\n",
            "- wiresec.ontap.ipsec_policy:\n    name: !unsafe '{{'\n    password: !vault |\n      $ANSIBLE\n",
        ),
        ("\ufeff- " + POLICY + ":\n", "\ufeff- wiresec.ontap.ipsec_policy:\n"),
    ],
)
def test_what_moves(before: str, after: str) -> None:
    assert moved(before) == (after, [])
    assert moved(after) == (after, []), "a second time nothing is to be done"


GROUPED = f"- hosts: all\n  module_defaults:\n    {GROUP}:"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "\n      hostname: a # its name\n\n  tasks: []\n",
            " &netapp_ontap\n      hostname: a # its name\n    OWN: *netapp_ontap\n\n  tasks: []\n",
        ),
        (" &mine\n      hostname: a", " &mine\n      hostname: a\n    OWN: *mine"),
        (" {hostname: a} # there\n", " &netapp_ontap {hostname: a} # there\n    OWN: *netapp_ontap\n"),
        (
            "\n      password: !vault |\n        $ANSIBLE\n\n  tasks: []\n",
            " &netapp_ontap\n      password: !vault |\n        $ANSIBLE\n    OWN: *netapp_ontap\n\n  tasks: []\n",
        ),
    ],
)
def test_defaults_reach_both_collections(before: str, after: str) -> None:
    result, asked = moved(GROUPED + before)
    assert (result, asked) == (GROUPED + after.replace("OWN", OWN_GROUP), [])
    assert moved(result) == (result, [])
    assert moved(GROUPED + before, with_defaults=False) == (GROUPED + before, [])


def test_defaults_that_are_shared_already() -> None:
    text = f"- hosts: a\n  vars:\n    login: &login\n      hostname: a\n  module_defaults: {{{GROUP}: *login}}\n"
    assert moved(text) == (text.replace("*login}", f"*login, {OWN_GROUP}: *login}}"), [])


def test_each_play_has_an_anchor_of_its_own() -> None:
    text, _asked = moved(f"{GROUPED}\n      hostname: a\n{GROUPED}\n      hostname: b\n")
    plays = yaml.safe_load(text)
    assert [play["module_defaults"][OWN_GROUP]["hostname"] for play in plays] == ["a", "b"]


@pytest.mark.parametrize(
    ("item", "added"),
    [("netapp.ontap", "wiresec.ontap"), ("name: netapp.ontap\n    version: 1", "name: wiresec.ontap")],
)
def test_what_is_required(item: str, added: str) -> None:
    text = f"roles: []\ncollections:\n  - community.general\n  - {item}\n"
    result, asked = moved(text)
    assert (result, asked) == (text.replace(f"  - {item}", f"  - {added}\n  - {item}"), [])
    assert moved(result) == (result, [])
    assert moved(text, with_defaults=False) == (text, [])


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (f"- {POLICY}:\n    name: a\n    bogus: b\n", "3: bogus is no option of wiresec.ontap.ipsec_policy"),
        (f"- {POLICY}: {{name: a, feature_flags: b}}\n", "1: feature_flags is no option of wiresec.ontap.ipsec_policy"),
        (f"- {POLICY}: name=a use_lambda=1\n", "1: use_lambda is no option of wiresec.ontap.ipsec_policy"),
        (
            f"- {POLICY}:\n    use_lambda: true\n    name: a\n",
            "2: use_lambda is no option of wiresec.ontap.ipsec_policy",
        ),
        (
            f"- debug: &login\n    feature_flags: 1\n- {POLICY}:\n    <<: *login\n    name: a\n",
            "2: feature_flags is no option of wiresec.ontap.ipsec_policy",
        ),
        (f"- {POLICY}:\n    https: false\n", "2: https is of no effect here"),
        (f"- {POLICY}:\n    https: False\n", "2: https is of no effect here"),
        (f"- {POLICY}: https=n\n", "1: https is of no effect here"),
        ("- na_ontap_security_ipsec_config:\n    enabled: False\n", "2: to disable IPsec"),
        (
            f"- module_defaults:\n    {POLICY}:\n      svm: a\n    na_ontap_security_ipsec_policy:\n      name: b\n",
            "4: na_ontap_security_ipsec_policy is mentioned",
        ),
        ("- na_ontap_security_ipsec_config:\n    enabled: no\n", "2: to disable IPsec"),
        ("- na_ontap_security_ipsec_config:\n    enabled: '{{ on }}'\n", "2: to disable IPsec"),
        ("- na_ontap_security_certificates:\n    name: a\n", "1: na_ontap_security_certificates stays"),
        ("- netapp.ontap.na_ontap_rest_info:\n    gather_subset: [security/ipsec]\n", "1: na_ontap_rest_info stays"),
        ("- na_ontap_rest_cli: {command: security ipsec policy show}\n", "1: na_ontap_rest_cli stays"),
        (f"- {POLICY}:\n  register: it\n- debug: msg={{{{ it.modify }}}}\n", "3: it.modify is not in the result here"),
        (f"# {POLICY}\n", "1: na_ontap_security_ipsec_policy is mentioned"),
        (f"module: {POLICY}\n", "1: na_ontap_security_ipsec_policy is mentioned"),
        ("- debug:\n  vars: {subsets: [security/ipsec/policies]}\n", "2: security/ipsec is mentioned"),
        (f"{GROUPED} '{{{{ login }}}}'\n", f"3: add {OWN_GROUP} beside it"),
        (
            f"{GROUPED}\n      feature_flags: 1\n",
            f"3: add {OWN_GROUP} beside it, with the same options, without feature_flags",
        ),
        ("collections: [netapp.ontap]\n", "1: add wiresec.ontap"),
        ("namespace: a\ndependencies:\n  netapp.ontap: '>=22'\n", "3: add wiresec.ontap beside it"),
    ],
)
def test_what_is_asked(text: str, asked: str) -> None:
    _text, questions = moved(text)
    assert len(questions) == 1, questions
    assert questions[0].startswith(asked)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("- a:\n    password: s3cret # x\n    b: c\n", "- a:\n    password: (hidden) # x\n    b: c\n"),
        ("- {secret_key: s3cret, b: c}\n", "- {secret_key: (hidden), b: c}\n"),
        ("- a: name=b Secret_Key=s3cret c=d\n", "- a: name=b Secret_Key=(hidden) c=d\n"),
        ("netapp_password: 's3cret'\n", "netapp_password: (hidden)\n"),
        ("private_key: |\n  s3cret\n  s3cret\n\nb: c\n", "private_key: (hidden)\n\nb: c\n"),
        ("p: &p\n  pass: s3cret\nq: *p\n", "p: &p\n  pass: (hidden)\nq: *p\n"),
        # Nothing of that is in clear.
        *(
            (text, text)
            for text in ("token: '{{ token }}'\n", "pass: !vault |\n  $ANSIBLE\n", "a: pass={{ b }}\n", "pass:\n")
        ),
    ],
)
def test_what_is_shown_has_no_secret(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


def test_the_diff_of_the_guide_is_what_comes_of_it() -> None:
    guide = (Path(__file__).resolve().parents[5] / "docs" / "migration.md").read_text(encoding="utf-8")
    lines = guide.partition("```diff\n")[2].partition("```")[0].splitlines()[3:]
    before, after = ("".join(f"{line[1:]}\n" for line in lines if line[0] != sign) for sign in "+-")
    assert moved(before) == (after, [])


def test_what_moved_is_asked_about_again_until_it_is_decided() -> None:
    text = f"- debug: &login\n    feature_flags: 1\n- {POLICY}:\n    <<: *login\n"
    result, asked = moved(text)
    assert moved(result) == (result, asked)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- netapp.ontap.na_ontap_rest_info:\n    gather_subset: [svm/svms]\n",
        "- other.netapp.ontap.na_ontap_security_ipsec: {}\n",
        "- netapp.ontap.na_ontap_volume: {name: a, feature_flags: {}}\n",
        "&a\n- *a\n",
        "? [a, b]\n: {? {c: d} : e}\n",
        "collections: [netapp.ontap]\nvars: {}\n",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert moved(text) == (text, [])
    assert not Playbook(text, OPTIONS).is_concerned


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: b\n- c\n", "is no YAML", 2),
        ("a: \x00", "is no YAML", 0),
        # The name of the anchor has the name of the module in it, and only the text after it is to change.
        ("- action: &na_ontap_security_ipsec_policy na_ontap_security_ipsec_policy name=a\n", "can't be changed", 0),
    ],
)
def test_what_can_not_be_looked_at(text: str, message: str, line: int) -> None:
    with pytest.raises(Unreadable) as caught:
        moved(text)
    assert (caught.value.message.startswith(message), caught.value.line) == (True, line)


VALUES = st.recursive(
    st.sampled_from(["a", "no", "", "two\nlines\n", "# none", "{{ x }}", "1", "é"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["k", "l"]), inner, max_size=2),
    max_leaves=4,
)
NAMES = [*MODULES, *(f"netapp.ontap.{name}" for name in MODULES)]
GIVEN = st.dictionaries(st.sampled_from(["name", "svm", "hostname", *REMOVED[:2]]), VALUES, max_size=4).map(
    lambda options: {"username": "a", **options}
)
TASK = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["debug", "netapp.ontap.na_ontap_volume", *NAMES[::2]], GIVEN),
        "name": VALUES,
        "vars": VALUES,
    },
)
PLAYS = st.lists(
    st.fixed_dictionaries({"hosts": st.just("all")}, optional={"tasks": st.lists(TASK, max_size=3), "vars": VALUES}),
    max_size=2,
)


def as_here(task: dict[str, Any]) -> dict[str, Any]:
    """A task of a property, as it is to be."""
    here = {}
    for key, value in task.items():
        new = MODULES.get(key.removeprefix("netapp.ontap."))
        here[new or key] = {name: one for name, one in value.items() if name not in REMOVED} if new else value
    return here


@settings(max_examples=40)
@given(plays=PLAYS, width=st.sampled_from([20, 80]), indent=st.sampled_from([2, 4]))
def test_any_playbook_means_the_same(plays: list[dict[str, Any]], width: int, indent: int) -> None:
    text = yaml.dump(plays, sort_keys=False, width=width, indent=indent, allow_unicode=True)
    result, _asked = moved(text)
    wanted = [
        {**play, **({"tasks": [as_here(task) for task in play["tasks"]]} if "tasks" in play else {})} for play in plays
    ]
    assert yaml.safe_load(result) == wanted
    assert moved(result)[0] == result
