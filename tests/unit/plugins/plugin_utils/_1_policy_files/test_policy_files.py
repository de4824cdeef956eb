# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy files: which are found, what of them is read, and that everything that is wrong is said, with its line."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.template import Templar
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_policy_files import policy_files
from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_policy_files.policy_files import (
    PolicyFiles,
    Vaulted,
    Verbatim,
)
from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_policy_files.policy_values import Values

SECRETS = [("default", VaultSecret(b"a password"))]


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(*paths: str, vault: bool = True) -> PolicyFiles:
    loader = DataLoader()
    loader.set_vault_secrets(SECRETS if vault else None)
    return policy_files.read(paths, loader)


def write(path: str, content: str | bytes) -> None:
    place = Path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode() if isinstance(content, str) else content)


def problems(*paths: str) -> list[str]:
    return [str(problem) for problem in read(*paths).problems]


# Which files


def test_a_folder_is_read_with_all_below_it_in_order() -> None:
    for path in (
        "b.yml",
        "a/2.yaml",
        "a/1.json",
        "a/deep/er/3.YML",
        "a/notes.txt",
        ".hidden.yml",
        ".git/x.yml",
        "c.yml~",
    ):
        write(f"ipsec/{path}", '{"policies": []}')
    found = read("ipsec")
    assert [(one.path, one.svm) for one in found.files] == [
        ("ipsec/a/1.json", "a"),
        ("ipsec/a/2.yaml", "a"),
        ("ipsec/a/deep/er/3.YML", "a"),
        ("ipsec/b.yml", "b"),
    ]
    assert (found.problems, found.svms) == ([], ["a", "b"])


def test_a_file_that_two_paths_name_is_read_once() -> None:
    write("ipsec/svm1.yml", "policies: [{name: a}]")
    assert len(read("ipsec", "./ipsec/", "ipsec/svm1.yml").policies) == 1


def test_paths_are_shown_as_users_type_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("here/ipsec/svm1.yml", "policies: []")
    monkeypatch.chdir("here")
    assert [one.path for one in read(str(tmp_path / "here" / "ipsec")).files] == ["ipsec/svm1.yml"]
    monkeypatch.chdir("ipsec")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert [one.path for one in read("~/here").files] == ["svm1.yml"]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert [one.path for one in read("../here").files] == [str(tmp_path / "here" / "ipsec" / "svm1.yml")]


def test_links_are_followed_and_circles_are_errors() -> None:
    write("real/nfs.yml", "policies: [{name: a}]")
    Path("ipsec").mkdir()
    Path("ipsec/svm1").symlink_to("../real")
    Path("ipsec/svm2").symlink_to("../real")
    Path("ipsec/svm3").mkdir()
    Path("ipsec/svm3/back").symlink_to("..")
    Path("ipsec/svm3/gone.yml").symlink_to("nowhere")
    found = read("ipsec")
    assert [(one.path, one.svm) for one in found.files] == [
        ("ipsec/svm1/nfs.yml", "svm1"),
        ("ipsec/svm2/nfs.yml", "svm2"),
    ]
    assert [str(one) for one in found.problems] == [
        "ipsec/svm3/back: is a link to a folder that it is in.",
        "ipsec/svm3/gone.yml: can't be read: No such file or directory.",
    ]


def test_what_is_not_there_is_an_error() -> None:
    Path("empty").mkdir()
    write("other/README.md", "")
    assert problems("missing", "empty", "other", "") == [
        "missing: there is no such file or folder.",
        "empty: no file in this folder ends with .yml, .yaml, .json.",
        "other: no file in this folder ends with .yml, .yaml, .json.",
        "'': an empty path stands for no file.",
    ]
    assert problems() == ["paths: no file or folder is given."]


@pytest.mark.parametrize("path", ["/", "//", "/..", "root"])
def test_a_list_that_became_text_does_not_walk_the_whole_file_system(path: str) -> None:
    Path("root").symlink_to("/")
    sentence = "the whole file system is no folder to read. Give a list of files and folders."
    found = problems(*("ip" if path == "/" else ""), path)
    assert [one for one in found if sentence in one]
    assert len(found) == (3 if path == "/" else 1)


def test_the_checksum_is_of_paths_and_bytes() -> None:
    write("a/svm1.yml", "policies: []")
    write("b/svm1.yml", "policies: []")
    one, other = read("a"), read("b")
    assert one.files[0].checksum == other.files[0].checksum == hashlib.sha256(b"policies: []").hexdigest()
    assert one.checksum != other.checksum
    assert one.checksum == read("a").checksum == policy_files.checksum(["a"])
    write("a/svm1.yml", "policies: [] ")
    assert one.checksum != read("a").checksum


# What of them


WHOLE = """
x-lif: &lif
  address: 10.1.1.1/32
  port: 2049
x-base: &base
  enabled: no
  action: bypass
policies:
  - local_endpoint: *lif
    <<: *base
    action: discard
    name: nfs
    remote_endpoint:
      <<: *lif
      address: 10.2.0.0/16
    protocol: 6
    recreate: true
    local_identity: !unsafe "{{ no template }}"
    remote_identity:
    secret_key: 0x0123456789abcdef0123
    ppk: {identity: 2024-01-01, shared_key: no}
    lint_ignore:
      weak-secret: A reason.
"""


def test_text_is_read_as_it_was_typed_and_every_key_has_its_line() -> None:
    write("ipsec/svm1.yml", WHOLE)
    found = read("ipsec")
    assert found.problems == []
    (policy,) = found.policies
    assert policy.options == {
        "enabled": False,
        "action": "discard",
        "local_endpoint": {"address": "10.1.1.1/32", "port": "2049"},
        "name": "nfs",
        "remote_endpoint": {"address": "10.2.0.0/16", "port": "2049"},
        "protocol": "6",
        "recreate": True,
        "local_identity": "{{ no template }}",
        "secret_key": "0x0123456789abcdef0123",
        "ppk": {"identity": "2024-01-01", "shared_key": "no"},
    }
    assert isinstance(policy.options["local_identity"], Verbatim)
    assert (policy.svm, policy.ignores) == ("svm1", {"weak-secret": "A reason."})
    lines = {"": 12, "enabled": 6, "action": 11, "remote_endpoint.address": 15, "remote_endpoint.port": 4}
    assert {option: policy.line(option) for option in lines} == lines
    assert policy.line("remote_endpoint.netmask") == 13
    assert policy.line("certificate") == 12


def test_json_is_read_as_json() -> None:
    write("ipsec/svm1.json", '{\n\t"policies": [\n\t\t{"name": "a\\/b \\u00e4", "enabled": true, "svm": null}\n\t]\n}')
    assert problems("ipsec") == ["ipsec/svm1.json:3: svm: is not known in a policy; there are " + known() + "."]
    write(
        "ipsec/svm1.json", '{\n\t"policies": [\n\t\t{"name": "a\\/b \\u00e4", "secret_key": {"__ansible_vault": "x"}}]}'
    )
    (policy,) = read("ipsec").policies
    assert policy.options == {"name": "a/b ä", "secret_key": Vaulted("x")}
    assert policy.line("name") == 3


def known() -> str:
    return ", ".join(sorted([*policy_files.OPTIONS, "lint_ignore"]))


def test_the_svm_is_that_of_the_file_or_of_its_place() -> None:
    write("ipsec/folder/a.yml", "policies: [{name: a}]")
    write("ipsec/folder/b.yml", "svm: other\npolicies: [{name: b}]")
    write("ipsec/c.yml", "scope: cluster\npolicies: [{name: c}]")
    write("d.yml", "svm: alone\npolicies: [{name: d}]")
    found = read("ipsec", "d.yml")
    assert [one.svm for one in found.policies] == [None, "folder", "other", "alone"]
    assert found.svms == ["alone", "folder", "other"]


# What is wrong with them


ENTRY = "policies:\n  - name: nfs\n"

WRONG: dict[str, tuple[str | bytes, list[str]]] = {
    "empty": ("", ["1: is empty; it needs the key policies."]),
    "comment": ("# nothing\n", ["1: is empty; it needs the key policies."]),
    "list": ("- name: nfs\n", ["1: must be a mapping with the key policies, not a list or text."]),
    "text": ("policies", ["1: must be a mapping with the key policies, not a list or text."]),
    "no policies": ("svm: a\n", ["1: policies: is missing; write policies: [] if there are to be none."]),
    "null": ("svm: a\npolicies:\n", ["2: policies: must be a list; write policies: [] if there are to be none."]),
    "mapping": ("policies: {name: a}\n", ["1: policies: must be a list; write policies: [] if there are to be none."]),
    "entry": ("policies:\n  - nfs\n  - [a]\n", [f"{line}: policies: each entry must be a mapping of options." for line in (2, 3)]),
    "both": ("svm: a\nscope: cluster\npolicies: []\n", ["2: svm, scope: give one of them."]),
    "service of an SVM": (
        "ipsec_config: {enabled: true}\npolicies: []\n",
        ["1: ipsec_config: goes into a file with scope: cluster, because it is that of all SVMs."],
    ),
    "empty service": (
        "scope: cluster\nipsec_config: {}\n",
        ["2: ipsec_config: must be a mapping of enabled, replay_window, offload_enabled."],
    ),
    "template of a service": (
        'scope: cluster\nipsec_config: {enabled: "{{ on }}"}\n',
        ["2: ipsec_config.enabled: must be a value, written out."],
    ),
    "unknown option of a service": (
        "scope: cluster\nipsec_config: {enable: true}\n",
        ["2: enable: is not known in ipsec_config; there are enabled, offload_enabled, replay_window."],
    ),
    "value of a service": (
        "scope: cluster\nipsec_config: {replay_window: 65}\n",
        ["2: ipsec_config.replay_window: 65 is not one of 0, 64, 128, 256, 512, 1024."],
    ),
    "authorities": ("ca_certificates: ca\n", ["1: ca_certificates: must be a list of names; [] if IPsec should trust none."]),
    "an authority": (
        'ca_certificates: ["", "{{ ca }}", a, a]\n',
        [
            "1: ca_certificates: must be names of certificates, written out.",
            "1: ca_certificates: must be names of certificates, written out.",
            "1: ca_certificates: a name stands here twice.",
        ],
    ),
    "scope": ("scope: svm\npolicies: []\n", ["1: scope: can only be cluster; for policies of an SVM give svm."]),
    "svm": ("svm: [a]\npolicies: []\n", ["1: svm: must be text.", "1: svm: must be the name of an SVM, written out."]),
    "template": ("svm: '{{ a }}'\npolicies: []\n", ["1: svm: must be the name of an SVM, written out."]),
    "empty svm": ("svm: ''\npolicies: []\n", ["1: svm: must be the name of an SVM, written out."]),
    "svm with a line break": ('svm: "svm1\\n"\npolicies: []\n', ["1: svm: has a line break, a control character, or white space at an end."]),
    "svm with a space": ("svm: ' svm1'\npolicies: []\n", ["1: svm: has a line break, a control character, or white space at an end."]),
    "null svm": ("svm:\npolicies: []\n", ["1: svm: must be the name of an SVM, written out."]),
    "unknown key": (
        "policy: []\npolicies: []\n",
        ["1: policy: is not known in a policy file; there are ca_certificates, ipsec_config, policies, scope, svm."],
    ),
    "unknown option": (
        f"{ENTRY}    svm: a\n    remote_endpoint:\n      adress: a\n",
        [
            f"3: svm: is not known in a policy; there are {known()}.",
            "5: adress: is not known in remote_endpoint; there are address, netmask, port.",
        ],
    ),
    "kinds": (
        f"{ENTRY}    action: [a]\n    enabled: {{a: b}}\n    ppk: key\n    local_endpoint: [a]\n    lint_ignore: yes\n",
        [
            "3: action: must be text.",
            "4: enabled: must be true or false.",
            "5: ppk: must be a mapping of identity, shared_key.",
            "6: local_endpoint: must be a mapping of address, netmask, port.",
            "7: lint_ignore: must be a mapping from a finding to the reason.",
        ],
    ),
    "twice": (
        f"x-a: 1\nx-a: 2\n{ENTRY}    action: a\n    action: b\n    ppk: {{identity: a, identity: b}}\n",
        [
            "2: x-a: stands here twice; it is in line 1, too.",
            "6: action: stands here twice; it is in line 5, too.",
            "7: identity: stands here twice; it is in line 7, too.",
        ],
    ),
    "tag": (f"{ENTRY}    action: !env X\n", ["3: action: has an unknown tag; !vault and !unsafe are known."]),
    "circle": (
        "policies:\n  - &a\n    name: nfs\n    <<: *a\n    local_endpoint: *a\n",
        [
            "4: <<: takes mappings, or a list of them, and never one that it is in.",
            "3: name: is not known in local_endpoint; there are address, netmask, port.",
            "5: local_endpoint: is not known in local_endpoint; there are address, netmask, port.",
        ],
    ),
    "merge": (f"{ENTRY}    <<: text\n", ["3: <<: takes mappings, or a list of them, and never one that it is in."]),
    "key": ("? [a]\n: b\npolicies: []\n", ["1: a key must be a word."]),
    "tab": ("policies:\n\t- a\n", ["2: is no YAML: while scanning for the next token found character that cannot start any token."]),
    "two documents": ("policies: []\n---\n", ["2: is no YAML: expected a single document in the stream but found another document."]),
    "Latin-1": ("policies: []\n# caf\xe9\n".encode("latin-1"), ["2: is not encoded as UTF-8."]),
    "control": ("policies: []\n# \x01\n", ["2: is no YAML: it has a character that is not allowed."]),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_with_its_line(case: str) -> None:
    content, expected = WRONG[case]
    write("ipsec/svm1.yml", content)
    prefix = "ipsec/svm1.yml:"
    assert problems("ipsec") == [f"{prefix}{one}" if one[0].isdigit() else f"{prefix} {one}" for one in expected]


def test_a_file_by_itself_must_say_its_svm() -> None:
    write("svm1.yml", "policies: [{name: a}]")
    found = read("svm1.yml")
    assert [str(one) for one in found.problems] == [
        "svm1.yml:1: svm: is needed in a file that is named by itself; only inside of a folder the path can say it."
    ]
    assert (found.policies, found.files) == ([], [])


def test_all_problems_of_all_files_come_together() -> None:
    write("ipsec/a.yml", "- a")
    write("ipsec/b.yml", "policies: [1]")
    write("ipsec/c.json", '{\n"policies": }')
    write("ipsec/d.json", "[" * 100_000)
    assert len(problems("ipsec", "nowhere")) == 5
    assert "ipsec/d.json: is nested too deeply." in problems("ipsec")
    assert "ipsec/c.json:2: is no JSON: Expecting value." in problems("ipsec")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 20), st.text("-&*!|>'\"{}[]:,?<% \n\tax", max_size=5))
    )
)
def test_no_content_is_too_strange(edits: list[tuple[int, int, str]]) -> None:
    content = WHOLE
    for place, removed, added in edits:
        content = content[:place] + added + content[place + removed :]
    write("ipsec/svm1.yml", content)
    write("ipsec/svm2.json", content)
    found = read("ipsec")
    assert all(problem.message for problem in found.problems)
    assert all(str(problem).startswith("ipsec/svm") for problem in found.problems)
    for policy in found.policies:
        assert policy.svm == "svm1"


SECRET = "hush-hush-very-secret"

LEAKS = [
    f"policies:\n  - secret_key: *{SECRET}\n",
    f"policies:\n  - secret_key: %{SECRET}\n",
    f"policies:\n  - secret_key: @{SECRET}\n",
    f"policies:\n  - secret_key: !x!{SECRET}\n",
    f"policies:\n  - secret_key: !{SECRET} a\n",
    f"policies:\n  - secret_key: &a-{SECRET} &b-{SECRET} a\n",
    f'policies:\n  - secret_key: "{SECRET}\n',
    f'policies:\n  - secret_key: "\\q{SECRET}"\n',
    f"policies:\n  - {{name: a, secret_key:{SECRET}}}\n",
    f"policies:\n  - name: a\n    secret_key:{SECRET}\n",
    f"policies:\n  - secret_key: [{SECRET}]\n",
    f"policies:\n  - secret_key: {{{SECRET}}}\n",
    f"policies:\n  - ppk: {SECRET}\n",
    f"policies:\n  - {SECRET}\n",
    f"{SECRET}",
    f"secret_key: {SECRET}\nsecret_key: {SECRET}",
]


@pytest.mark.parametrize("content", LEAKS)
def test_problems_do_not_quote_values(content: str) -> None:
    write("ipsec/svm1.yml", content)
    assert problems("ipsec")
    assert SECRET not in "".join(problems("ipsec"))


def test_a_file_of_the_cluster_says_what_the_service_should_be() -> None:
    write(
        "ipsec/cluster.yml", "scope: cluster\nipsec_config: {enabled: yes, replay_window: 64}\nca_certificates: [a]\n"
    )
    write("ipsec/svm1.yml", "ca_certificates: [b]\npolicies: []\n")
    write("ipsec/svm2.yml", "ca_certificates: []\n")
    found = read("ipsec")
    assert found.problems == []
    assert {name: str(value) for name, value in (found.config or {}).items()} == {
        "enabled": "True",
        "replay_window": "64",
    }
    assert found.ca_certificates == {None: {"a"}, "svm1": {"b"}, "svm2": set()}
    # A file that says nothing of policies manages none.
    assert found.svms == ["svm1"]
    write("ipsec/other.yml", "scope: cluster\nipsec_config: {enabled: no}\n")
    assert "stands in another file of the cluster, too" in str(read("ipsec").problems[0])


# Vault and templates


def values(options: str, vault: bool = True, **variables: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """What the options of one policy stand for."""
    write("ipsec/svm1.yml", "policies:\n  -\n" + "".join(f"    {line}\n" for line in options.splitlines()))
    loader = DataLoader()
    loader.set_vault_secrets(SECRETS if vault else None)
    found = policy_files.read(["ipsec"], loader)
    assert found.problems == []
    return Values(loader, Templar(loader=loader, variables=variables)).of(found.policies[0])


def encrypted(text: str) -> str:
    return VaultLib(SECRETS).encrypt(text).decode()


def inline(text: str) -> str:
    return "secret_key: !vault |\n" + "".join(f"  {line}\n" for line in encrypted(text).splitlines())


def test_vault_is_decrypted_and_its_text_is_no_template() -> None:
    assert values(inline("{{ never }}")) == ({"secret_key": "{{ never }}"}, {})


@pytest.mark.parametrize(("text", "vault"), [(SECRET, False), ("", True)])
def test_what_vault_does_not_decrypt_is_said(text: str, vault: bool) -> None:
    options = inline(text) if text else "secret_key: !vault rubbish"
    assert values(options, vault) == ({}, {"secret_key": "none of the Vault passwords that are given decrypts it."})


def test_a_whole_file_in_vault_is_read_and_stands_on_line_1() -> None:
    write("ipsec/svm1.yml", encrypted(f"\n\npolicies:\n  - name: a\n    oops: {SECRET}\n"))
    found = read("ipsec")
    (policy,) = found.policies
    assert (policy.in_vault, policy.line("name"), found.problems[0].line) == (True, 1, 1)
    found = read("ipsec", vault=False)
    assert [str(one) for one in found.problems] == [
        "ipsec/svm1.yml: is encrypted, and none of the Vault passwords that are given decrypts it."
    ]


def test_templates_are_rendered_and_everything_else_stays() -> None:
    options = """name: "{{ site }}-nfs"
enabled: "{{ on }}"
local_endpoint: "{{ lif }}"
remote_endpoint: {address: "{{ net }}", port: 1}
local_identity: "not {a} template"
remote_identity: !unsafe "{{ site }}"
certificate: "{{ nothing }}"
secret_key: "{{ key }}"
ppk: {shared_key: "{{ key }}"}
"""
    known, unknown = values(
        options,
        site="berlin",
        on=True,
        lif={"address": "10.1.1.1", "netmask": 32},
        net="10.0.0.0/8",
        nothing=None,
        key="[1, 2]",
    )
    assert unknown == {}
    assert str(known.pop("enabled")) == "True"
    assert known.pop("certificate", None) in (None, "None", "")
    assert known == {
        "name": "berlin-nfs",
        "local_endpoint": {"address": "10.1.1.1", "netmask": 32},
        "remote_endpoint": {"address": "10.0.0.0/8", "port": "1"},
        "local_identity": "not {a} template",
        "remote_identity": "{{ site }}",
        "secret_key": "[1, 2]",
        "ppk": {"shared_key": "[1, 2]"},
    }
    plain = json.loads(json.dumps(known))
    assert plain == known


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ vault_key }}", "its template needs vault_key, which is undefined."),
        ("{{ keys.nfs }}", "its template needs nfs, which is undefined."),
        ("{{ 'hush-hush-very-secret' | nofilter }}", "its template needs the filter or test nofilter, which is not there."),
        ("{{ 'hush-hush-very-secret' }", "its template can't be rendered."),
        ("{{ 'hush-hush-very-secret' + 1 }}", "its template can't be rendered."),
        ("{{ lookup('ansible.builtin.file', 'hush-hush-very-secret') }}", "its template uses the lookup ansible.builtin.file, which fails."),
    ],
)  # fmt: skip
def test_why_a_template_fails_is_said_without_its_text(template: str, reason: str) -> None:
    assert values(f'secret_key: "{template}"', keys={}) == ({}, {"secret_key": reason})


def test_a_template_of_a_wrong_kind_is_refused() -> None:
    options = 'name: "{{ two }}"\nlocal_endpoint: "{{ one }}"\nremote_endpoint: "{{ wrong }}"\n'
    known, unknown = values(options, one="text", two={"a": 1}, wrong={"a": 1})
    mapping = "must be a mapping of address, netmask, port, but its template gives something else."
    assert {**unknown, "name": ""} == {"name": "", "local_endpoint": mapping, "remote_endpoint": mapping}
