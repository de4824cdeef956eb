# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task gives, before Ansible converts it: every value has the shape that its option takes, or a sentence says so."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import assume, settings
from hypothesis import given as examples
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import given, options

SPEC = {**options.CONNECTION, **options.POLICY, **options.PERMISSIONS}
SET = {**options.CONNECTION, **options.WHOLE_SET}
FILTERS = {**options.CONNECTION, **options.POLICY_FILTERS, **options.LISTING}
KEY = "a-secret-that-never-shows"

FINE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (SPEC, {"name": "web", "svm": "svm1", "enabled": "no", "port": "443", "recreate": True}),
    (SPEC, {"name": 2049, "protocol": 6, "local_endpoint": {"address": "10.0.0.1", "netmask": 24, "port": 23}}),
    (SPEC, {"protocol": " tcp ", "local_endpoint": {"address": "10.0.0.1\n", "port": " any"}, "hostname": " array "}),
    (SPEC, {"name": "web", "user": "admin", "pass": KEY, "use_rest": True, "https": True}),
    (SPEC, {"name": "web", "ppk": f"identity=someone shared_key={KEY}"}),
    (SPEC, {"name": "web", "ppk": f'{{"identity": "someone", "shared_key": "{KEY}"}}'}),
    (SPEC, {"name": "web", "action": "drop", "state": ""}),
    (SPEC, {"name": "web", "secret_key": f"{KEY}\n"}),
    (SET, {"policies": [{"name": "web", "secret_key": KEY}], "keep": "a,b", "svms": ["svm1", 2], "max_deletes": 3}),
    (SET, {"policies": [], "svms": [], "keep": [], "approved_digests": None, "source": ""}),
    (FILTERS, {"enabled": True, "protocol": "!tcp", "local_endpoint": {"port": ">1024"}, "fields": "name,svm"}),
]

WRONG: list[tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = [
    (SPEC, {"secret_key": 12345678901234567890}, {"secret_key": "is a number, not text as it was typed"}),
    (SPEC, {"pass": 4711}, {"pass": "is a number"}),
    (SPEC, {"access_token": f"{KEY}\n{KEY}"}, {"access_token": "has a line break"}),
    (SPEC, {"username": "ad\nmin"}, {"username": "has a line break"}),
    (SPEC, {"client_cert": "/cert "}, {"client_cert": "white space"}),
    (SPEC, {"ca_path": ""}, {"ca_path": "is empty"}),
    (SPEC, {"client_key": "/key\u200b"}, {"client_key": "has a line break, a control character"}),
    (SPEC, {"trace": " "}, {"trace": "is empty"}),
    (SPEC, {"name": True, "svm": 1.10}, {"name": "is a truth value", "svm": "is a number, not text"}),
    (SPEC, {"port": True, "retries": False}, {"port": "is a truth value", "retries": "is a truth value"}),
    (SPEC, {"enabled": date(2026, 1, 1)}, {"enabled": "is a date"}),
    (SPEC, {"secret_key": datetime(2026, 1, 1)}, {"secret_key": "is a date"}),
    (SPEC, {"secret_key": [KEY]}, {"secret_key": "is a list"}),
    (SPEC, {"ppk": {"identity": "", "shared_key": 1}}, {"ppk.identity": "is empty", "ppk.shared_key": "is a number"}),
    (SPEC, {"ppk": KEY}, {"ppk": "is text: give a mapping with options such as identity, shared_key"}),
    (SPEC, {"ppk": [{"shared_key": KEY}]}, {"ppk": "is a list: give a mapping"}),
    (SPEC, {"ppk": 4711}, {"ppk": "is a number: give a mapping"}),
    (SPEC, {"ppk": f"{{{KEY}"}, {"ppk": "is text: give a mapping"}),
    (SPEC, {"ppk": "shared_key="}, {"ppk.shared_key": "is empty"}),
    (SPEC, {"secretkey": KEY}, {"secretkey": "there is no such option; there are access_token, action"}),
    (SPEC, {"ppk": {"key": KEY}}, {"ppk.key": "there is no such option; there are identity, shared_key"}),
    (
        SET,
        {"policies": [[{"secret_key": KEY}]]},
        {"policies[0]": "is a list: give a mapping with options such as name"},
    ),
    (SET, {"policies": [{}, KEY, 5]}, {"policies[1]": "is text: give a mapping", "policies[2]": "is a number"}),
    (SET, {"policies": {"secret_key": KEY}}, {"policies": "is a mapping: give a list of mappings"}),
    (SET, {"policies": f"[{{'secret_key': '{KEY}'}}]"}, {"policies": "is text: give a list of mappings"}),
    (SET, {"policies": [{"secret_key": 5}]}, {"policies[0].secret_key": "is a number"}),
    (SET, {"policies": [{"ppk": {"shared_key": [KEY]}}]}, {"policies[0].ppk.shared_key": "is a list"}),
    (SET, {"policies": [{"svm": ""}], "svm": ""}, {"policies[0].svm": "is empty", "svm": "is empty"}),
    (SET, {"svms": ["svm1", "", " "]}, {"svms[1]": "is empty", "svms[2]": "is empty"}),
    (
        SET,
        {"svms": [["svm1"], {}, None]},
        {"svms[0]": "is a list", "svms[1]": "is a mapping", "svms[2]": "of type None"},
    ),
    (SET, {"keep": ""}, {"keep": "is empty"}),
    (SET, {"keep": "a,,b"}, {"keep": "is empty"}),
    (SET, {"keep": {"a": 1}}, {"keep": "is a mapping: give a list"}),
    (SET, {"keep": ["a\nb"], "source": "a\x00"}, {"keep[0]": "has a line break", "source": "a control character"}),
    (SET, {"approved_digests": [""]}, {"approved_digests[0]": "is empty"}),
    (SET, {"max_deletes": ""}, {"max_deletes": "is empty"}),
    (FILTERS, {"fields": [""], "order_by": ["name", ""]}, {"fields[0]": "is empty", "order_by[1]": "is empty"}),
    (FILTERS, {"local_endpoint": {"address": ""}}, {"local_endpoint.address": "is empty"}),
]


@pytest.mark.parametrize(("spec", "values"), FINE, ids=lambda case: str(case)[:60])
def test_what_an_option_takes_passes(spec: dict[str, Any], values: dict[str, Any]) -> None:
    assert given.problems(spec, values) == {}


@pytest.mark.parametrize(("spec", "values", "expected"), WRONG, ids=lambda case: str(case)[:60])
def test_what_an_option_does_not_take_is_told_by_its_name_alone(
    spec: dict[str, Any], values: dict[str, Any], expected: dict[str, str]
) -> None:
    found = given.problems(spec, values)
    assert found.keys() == expected.keys()
    assert [option for option, part in expected.items() if part not in found[option]] == []
    assert KEY not in str(found)


def texts(spec: dict[str, Any], above: str = "") -> list[tuple[str, dict[str, Any]]]:
    """The options of a spec that are for text of any kind."""
    found = []
    for name, row in spec.items():
        if "options" in row:
            found += texts(row["options"], f"{above}{name}{'[0]' if row['type'] == 'list' else ''}.")
        elif row.get("type") in ("str", "path") and "choices" not in row:
            found.append((above + name, row))
    return found


def placed(option: str, value: Any) -> dict[str, Any]:
    """The values of a task that has one at a dotted option."""
    for part in reversed(option.split(".")):
        value = {part[:-3]: [value]} if part.endswith("[0]") else {part: value}
    return dict(value)


EVERYWHERE = {
    f"{kind} {option}": (spec, option, row)
    for kind, spec in (("policy", SPEC), ("set", SET), ("info", FILTERS))
    for option, row in texts(spec)
}
NO_TEXT = (
    st.booleans() | st.floats() | st.dates() | st.binary() | st.lists(st.text()) | st.dictionaries(st.text(), st.text())
)
BLANK = st.text(" \t\n\r\u00a0", max_size=4)


@pytest.mark.parametrize(("spec", "option", "row"), EVERYWHERE.values(), ids=EVERYWHERE)
# There are many options, and one rule for all of them.
@settings(deadline=None, max_examples=25)
@examples(value=NO_TEXT | BLANK | st.sampled_from(["a\nb", "a\x00b", "a\u200bb"]))
def test_nothing_but_text_to_see_is_taken_for_text(spec: dict[str, Any], option: str, row: Any, value: Any) -> None:
    assume("default" not in row or value != row["default"])
    assert given.problems(spec, placed(option, value)).keys() == {option}


def test_line_breaks_of_secrets_are_found_wherever_they_are() -> None:
    values = {
        "password": f"{KEY}\n",
        "username": "admin",
        "policies": [{"secret_key": KEY}, {"secret_key": f"{KEY}\r\n", "ppk": {"shared_key": f"{KEY}1\n"}}],
        "svm": "svm1\n",
    }
    assert given.line_breaks(SET, values) == {
        "password": KEY,
        "policies[1].secret_key": KEY,
        "policies[1].ppk.shared_key": f"{KEY}1",
    }
