# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Schema for editors: it is current, and says the same of files as the reader, as far as a schema can tell."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import policy_file_schema
import pytest
import yaml
from ansible.parsing.dataloader import DataLoader

from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_policy_files import policy_files

if TYPE_CHECKING:
    from jsonschema import Draft7Validator

SAMPLES = Path(__file__).resolve().parent / "policy_files"
SCHEMA = policy_file_schema.build()

SEEN = {"invalid-file", "unknown-option", "missing-name", "ignore-without-reason"}
"""The findings that a schema can make, too."""


class Editor(yaml.SafeLoader):
    """Reads YAML as an editor does that was told of Ansible's tags."""


for tag in ("!vault", "!unsafe"):
    Editor.add_constructor(tag, lambda loader, node: loader.construct_scalar(node))

FILES = [
    path for path in sorted(SAMPLES.rglob("*.yml")) if not path.read_text(encoding="utf-8").startswith("$ANSIBLE_VAULT")
]


@cache
def validator() -> Draft7Validator:
    import jsonschema  # noqa: PLC0415 - to import it takes a quarter of what it takes to collect all tests

    return jsonschema.Draft7Validator(SCHEMA)


def valid(content: str) -> bool:
    return bool(validator().is_valid(yaml.load(content, Loader=Editor)))  # noqa: S506


def test_the_committed_file_is_current() -> None:
    validator().check_schema(SCHEMA)
    assert policy_file_schema.PATH.read_text(encoding="utf-8") == policy_file_schema.text(), (
        "run: python tests/policy_file_schema.py"
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.relative_to(SAMPLES).parts))
def test_samples_are_as_good_as_the_linter_says(path: Path) -> None:
    provoked = path.relative_to(SAMPLES).parts[:2]
    assert valid(path.read_text(encoding="utf-8")) == (provoked[1] == "looks_alike" or provoked[0] not in SEEN)


CONTENTS: dict[str, Any] = {
    "policies: []": True,
    "policies:": False,
    "svm: a": False,
    "svm: a\npolicies: []": True,
    "svm: '{{ a }}'\npolicies: []": False,
    "svm: a\nscope: cluster\npolicies: []": False,
    "scope: cluster\npolicies: []": True,
    "scope: svm\npolicies: []": False,
    "x-a: [1]\npolicies: []": True,
    "y: 1\npolicies: []": False,
    "policies: [a]": False,
    "policies: [{name: a, action: [a]}]": False,
    "policies: [{name: a, enabled: {a: b}}]": False,
    "policies: [{name: a, enabled: yes}]": True,
    "policies: [{name: a, enabled: '{{ b }}'}]": True,
    "policies: [{name: a, ppk: key}]": False,
    "policies: [{name: a, ppk: '{{ key }}'}]": True,
    "policies: [{name: a, ppk: {identity: a, shared_key: !vault b}}]": True,
    "policies: [{name: a, local_endpoint: [a]}]": False,
    "policies: [{name: a, local_endpoint: {address: a, port: 1, netmask: 24}}]": True,
    "policies: [{name: a, local_endpoint: {address: a, prot: 1}}]": False,
    "policies: [{name: a, secret_key: {__ansible_vault: b}}]": True,
    "policies: [{name: a, secret_key: {vault: b}}]": False,
    "policies: [{name: a, svm: a}]": False,
    "policies: [{name: a, lint_ignore: yes}]": False,
    "policies: [{name: 1, recreate: true, update_secret_key: always, ipspace: null}]": True,
}


@pytest.mark.parametrize("content", CONTENTS)
def test_it_takes_and_refuses_what_the_reader_does(content: str, tmp_path: Path) -> None:
    folder = tmp_path / "ipsec"
    folder.mkdir()
    (folder / "svm1.yml").write_text(content, encoding="utf-8")
    read = policy_files.read([str(folder)], DataLoader())
    assert (valid(content), not read.problems) == (CONTENTS[content], CONTENTS[content])


@pytest.mark.parametrize(
    "content",
    [
        "policies: [{name: a, action: esp}]",
        "policies: [{name: a, state: gone}]",
        "policies: [{name: a, local_endpoint: {port: 65536}}]",
        "policies: [{name: a, enabled: maybe}]",
        "policies: [{name: a, lint_ignore: {weak-secrets: b}}]",
        "policies: [{name: a, lint_ignore: {weak-secret: ''}}]",
        "policies: [{action: bypass}]",
    ],
)
def test_it_also_refuses_some_of_what_only_the_linter_does(content: str) -> None:
    assert not valid(content)
