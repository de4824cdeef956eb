# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way over from netapp.ontap: a playbook that moved means what it meant, and docs/migration.md tells no lies.

The guide has every option of the modules that are replaced, and what it says of each is so.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import options as tables
from ansible_collections.wiresec.ontap.plugins.modules import certificate, ipsec_ca_certificate, ipsec_config
from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_migration.netapp_ontap import REMOVED
from environment import CHECKOUT, isolated
from simulator import Simulator
from support.harness import INFO_SPEC, POLICY_SPEC
from support.third_party import KEY, environment, playbook

GUIDE = (CHECKOUT / "docs" / "migration.md").read_text(encoding="utf-8")
CONNECTION = "The connection, for all modules"
SPECS: dict[str, dict[str, Any]] = {
    "na_ontap_security_ipsec_policy": POLICY_SPEC,
    "na_ontap_security_ipsec_config": {**tables.CONNECTION, **ipsec_config.OPTIONS},
    "na_ontap_security_ipsec_ca_certificate": {**tables.CONNECTION, **ipsec_ca_certificate.OPTIONS},
    "na_ontap_security_certificates": {**tables.CONNECTION, **certificate.OPTIONS},
    "na_ontap_rest_info": INFO_SPEC,
}


pytestmark = pytest.mark.xdist_group("documentation of netapp.ontap")
"""One worker reads it, once."""


@pytest.fixture(scope="module")
def documented(client_python: str) -> dict[str, Any]:
    """The documentation of the modules, as their own collection has it."""
    modules = [f"netapp.ontap.{module}" for module in SPECS]
    finished = subprocess.run(
        [str(Path(client_python).parent / "ansible-doc"), "--json", *modules],
        env={name: value for name, value in isolated(os.environ).items() if name != "ANSIBLE_COLLECTIONS_PATH"},
        text=True,
        capture_output=True,
        check=True,
    )
    return dict(json.loads(finished.stdout))


def names(options: Mapping[str, Any], of: str = "") -> Iterator[str]:
    """Names of options, their aliases, and their suboptions in dotted form."""
    for name, option in options.items():
        yield from (f"{of}{spelling}" for spelling in (name, *option.get("aliases", [])))
        yield from names(option.get("suboptions") or option.get("options") or {}, f"{of}{name}.")


def table(heading: str) -> dict[str, str]:
    """Option and what becomes of it, from the last table of a section."""
    section = GUIDE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*) \| ([^|]*) \|$", section, re.MULTILINE)
    return {name: text for cell, text in rows for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize("module", SPECS)
def test_every_option_is_in_the_guide(documented: dict[str, Any], module: str) -> None:
    options = set(names(documented[f"netapp.ontap.{module}"]["doc"]["options"]))
    told = {**table(CONNECTION), **table(module)}
    assert options - told.keys() == set()
    # The guide is for the newest release, and the environment may have an older one.
    assert [option for option in told.keys() - options if "(since 23." not in told[option]] == []


@pytest.mark.parametrize("module", SPECS)
def test_what_is_said_to_be_the_same_is_an_option_here(module: str) -> None:
    here = set(names(SPECS[module]))
    for option, text in {**table(CONNECTION), **table(module)}.items():
        assert (option in here) is text.startswith("the same"), f"{module}, {option}: {text}"
        if alias := re.search(r"an alias of `(\w+)`", text):
            assert option in SPECS[module][alias[1]]["aliases"]


def test_what_the_command_takes_out_is_to_be_removed() -> None:
    text = {**table(CONNECTION), "ontapi": table("na_ontap_security_certificates")["ontapi"]}
    assert {option for option in text if text[option].startswith("remove it")} == set(REMOVED)


PLAYBOOK = """\
---
# IPsec of svm1, as it has been for years
- name: IPsec
  hosts: localhost
  gather_facts: false
  collections: [netapp.ontap]
  vars:
    login: &login    # as the examples of netapp.ontap have it
      hostname: "{{ netapp_hostname }}"
      username: "{{ netapp_username }}"
      password: "{{ netapp_password }}"
      validate_certs: true
  tasks:
    - name: With a key
      netapp.ontap.na_ontap_security_ipsec_policy:
        <<: *login
        name: with-a-key
        svm: svm1
        authentication_method: psk
        secret_key: "{{ secret_key }}"
        action: esp_transport
        local_endpoint: {address: 10.23.43.23, netmask: 255.255.255.0, port: 201}
        remote_endpoint: {address: 10.23.43.30, netmask: 24, port: 205}
        protocol: 17
        use_rest: always
        feature_flags:
          trace_apis: false
        https: true

    - name: Clusters by defaults
      module_defaults:
        group/netapp.ontap.netapp_ontap:
          hostname: "{{ netapp_hostname }}"
          username: "{{ netapp_username }}"
          password: "{{ netapp_password }}"
      block:
        - name: In clear
          na_ontap_security_ipsec_policy:
            name: "in-clear"   # not "none"
            svm: svm1
            action: bypass
            authentication_method: psk
            secret_key: "{{ secret_key }}"
            local_endpoint: {address: 10.23.43.23, netmask: 24}
            remote_endpoint: {address: 10.24.0.0, netmask: 16}
        - name: Gone
          netapp.ontap.na_ontap_security_ipsec_policy:
            name: gone
            svm: svm1
            state: absent
        - name: The service
          netapp.ontap.na_ontap_security_ipsec_config:
            enabled: true
        - name: Which svms there are
          netapp.ontap.na_ontap_rest_info:
            gather_subset: svm/svms
            use_rest: always
"""


@pytest.fixture
def book(client_python: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Return a function that runs a playbook, by its path or name, with both collections, and returns what is printed."""

    def run(array: Simulator, name: str, *arguments: str) -> str:
        # The same for all, so that they are forks of one Python.
        given = environment(array, tmp_path_factory.getbasetemp())
        there = Path(client_python).parents[1].glob("lib/python*/site-packages")
        known = {
            "netapp_hostname": f"{array.host}:{array.port}",
            "netapp_username": array.username,
            "netapp_password": array.password,
            "secret_key": KEY,
            "ansible_python_interpreter": client_python,
        }
        surroundings = {
            **given,
            "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join([str(CHECKOUT / ".venv"), *map(str, there)]),
            "ANSIBLE_PIPELINING": "True",
            # What requests takes from its own variable, which the modules of netapp.ontap leave to it.
            "ONTAP_CA_PATH": array.ca_path,
        }
        done = playbook([name, "--extra-vars", json.dumps(known), *arguments], surroundings, tmp_path)
        assert done.code == 0, done.output
        return done.output

    return run


def kept(value: Any) -> Any:
    """What an array has, without the UUIDs, which are others on each."""
    if isinstance(value, dict):
        return {name: kept(one) for name, one in value.items() if name != "uuid"}
    return [kept(one) for one in value] if isinstance(value, list) else value


def test_a_playbook_that_moved_means_what_it_meant(
    array: Simulator, make_array: Callable[..., Simulator], book: Callable[..., str], tmp_path: Path
) -> None:
    arrays = [array, make_array()]
    for one in arrays:
        one.add_policy({"name": "gone", "svm": "svm1", "action": "discard"})
    (tmp_path / "requirements.yml").write_text("collections:\n  - name: netapp.ontap\n", encoding="utf-8")
    playbook = tmp_path / "site.yml"
    playbook.write_text(PLAYBOOK, encoding="utf-8")
    assert "changed=3 " in book(array, "site.yml")
    foreseen = book(array, "wiresec.ontap.migrate", "-e", "migrate=.", "--check")
    assert playbook.read_text(encoding="utf-8") == PLAYBOOK, "a check writes nothing"
    draft = tmp_path / ".site.yml.draft"
    draft.write_text("- half of what a run wrote that was killed", encoding="utf-8")
    told = book(array, "wiresec.ontap.migrate", "-e", "migrate=site.yml,requirements.yml")
    assert not draft.exists()
    for text in (foreseen, told):
        assert "+      wiresec.ontap.ipsec_policy:" in text
        assert "4 tasks" in text
        assert "WARNING]: site.yml" not in text, "there is nothing to decide"
    after = playbook.read_text(encoding="utf-8")
    assert [line for line in PLAYBOOK.splitlines() if "#" in line] == [
        line for line in after.splitlines() if "#" in line
    ]
    assert "changed=0 " in book(array, "site.yml"), "the array is as the playbook has always said"
    book(arrays[1], "site.yml")
    assert kept(arrays[0].policies()) == kept(arrays[1].policies())
    assert len(array.policies()) == 2
