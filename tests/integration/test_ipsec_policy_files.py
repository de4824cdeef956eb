# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy files as users work with them: ansible-playbook reads them by the lookup, and checks them by ipsec_policy_lint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from simulator.authority import Authority
from support.harness import CHECKOUT, Play, Playbooks

pytestmark = pytest.mark.covers_plays

PASSWORD = "password-of-the-vault"
IN_VAULT = "kR8vTq2LxW9zNc4MbY7s"
IN_VARIABLE = "{{ Zt7QpLm3vRx9WcN2kHsB"
IN_FILE = "Hd5JwXq8RzP3uVt6KcMa"
WEAK = "netapp-password-4711"
PLAIN = "Bq3YfTs7GnEe9ZxLr2Vk"
SECRETS = [IN_VAULT, IN_VARIABLE, IN_FILE, WEAK, PLAIN, PASSWORD]

POLICY = """
  - name: {name}
    action: esp_transport
    protocol: tcp
    local_endpoint:
      address: "{{{{ lif }}}}"
      port: {port}
    remote_endpoint:
      address: 10.2.0.5/32
    secret_key: {key}
"""


def encrypted(text: str) -> str:
    return VaultLib([("default", VaultSecret(PASSWORD.encode()))]).encrypt(text).decode()


def repository(folder: Path) -> None:
    """A repository of policies: secrets in a file by Vault, in a variable, and in a file that is encrypted as a whole."""
    vaulted = "!vault |\n" + "".join(f"      {line}\n" for line in encrypted(IN_VAULT).splitlines())
    files = {
        "ipsec/cluster1/svm1.yml": "policies:"
        + POLICY.format(name="inline", port=1, key=vaulted)
        + POLICY.format(name="variable", port=2, key='"{{ vault_key }}"'),
        "ipsec/cluster1/svm2/nfs.yml": encrypted("policies:" + POLICY.format(name="whole-file", port=3, key=IN_FILE)),
        "ipsec/cluster1/svm2/empty.yml": "policies: []\n",
        "ipsec/one/svm1.yml": "policies:\n  - name: gone\n    state: absent\n",
        "ipsec/none/svm3.yml": "policies: []\n",
        "ipsec/broken/svm1.yml": f"policies:\n  - name: a\n    secret_key: *{PLAIN}\n",
        "ipsec/careless/svm1.yml": "policies:"
        + POLICY.format(name="plain", port=4, key=PLAIN)
        + POLICY.format(name="weak", port=5, key='"{{ weak_key }}"')
        + POLICY.format(name="ignored", port=6, key='"{{ weak_key }}"')
        + "    lint_ignore:\n      weak-secret: Not in use yet.\n",
    }
    files["ipsec/weak/svm1.yml"] = "policies:" + POLICY.format(name="weak", port=5, key='"{{ weak_key }}"')
    # Secrets come from the environment, because in a file of the repository they would be plain text.
    keys = {"weak_key": "{{ lookup('env', 'WEAK_KEY') }}", "vault_key": "{{ lookup('env', 'VAULT_KEY') }}"}
    files["variables.yml"] = yaml.safe_dump({"lif": "10.1.1.1/32", **keys})
    files["password"] = PASSWORD
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")


def run(playbooks: Playbooks, tasks: list[dict[str, Any]], *arguments: str, vault: bool = True) -> Play:
    """Runs tasks in a repository, so loudly that everything that can be seen is seen. No secret may be."""
    repository(playbooks.folder)
    if vault:
        arguments = ("--vault-password-file", "password", *arguments)
    keys = {"WEAK_KEY": WEAK, "VAULT_KEY": IN_VARIABLE}
    play = playbooks.play(tasks, "-vvvv", "--diff", "-e", "@variables.yml", *arguments, environment=keys)
    seen = play.output + json.dumps(play.results)
    assert [secret for secret in SECRETS if secret in seen] == []
    return play


def bring(*paths: str, **options: Any) -> dict[str, Any]:
    """A task that brings an array to policy files."""
    names = ", ".join(f"'{path}'" for path in paths)
    lookup = f"{{{{ lookup('wiresec.ontap.ipsec_policy_files', {names}) }}}}"
    return {"name": "set", "wiresec.ontap.ipsec_policies": {"policies": lookup, **options}}


def lint(name: str, *paths: str, **options: Any) -> dict[str, Any]:
    return {
        "name": name,
        "wiresec.ontap.ipsec_policy_lint": {"paths": list(paths), **options},
        "ignore_errors": True,
    }


# The lookup


def test_files_become_policies_with_their_secrets(playbooks: Playbooks) -> None:
    array = playbooks.array
    array.add_svm("svm2")
    play = run(playbooks, [bring("ipsec/cluster1")])
    assert play.code == 0, play.output
    assert {(one["name"], one["svm"]["name"]) for one in array.policies()} == {
        ("inline", "svm1"),
        ("variable", "svm1"),
        ("whole-file", "svm2"),
    }
    assert {one["name"]: one["secret_key"] for one in array.policies()} == {
        "inline": IN_VAULT,
        "variable": IN_VARIABLE,
        "whole-file": IN_FILE,
    }
    assert run(playbooks, [bring("ipsec/cluster1")]).changed == []


def test_one_policy_and_none_are_lists_as_well(playbooks: Playbooks) -> None:
    tasks = [bring("ipsec/one"), {**bring("ipsec/none"), "name": "none"}]
    play = run(playbooks, tasks)
    assert play.code == 0, play.output
    assert (play.result("set")["summary"]["unchanged"], play.result("none")["entries"]) == (1, [])


def test_everything_that_is_wrong_fails_the_task_before_anything_is_sent(playbooks: Playbooks) -> None:
    play = run(playbooks, [bring("ipsec/cluster1", "ipsec/broken", "ipsec/cluster2")], vault=False)
    assert (play.code, playbooks.array.requests) == (2, [])
    for problem in (
        "ipsec/cluster1/svm1.yml:10: secret_key: none of the Vault passwords that are given decrypts it.",
        "ipsec/cluster1/svm2/nfs.yml: is encrypted, and none of the Vault passwords that are given decrypts it.",
        "ipsec/broken/svm1.yml:3: is no YAML: found undefined alias.",
        "ipsec/cluster2: there is no such file or folder.",
    ):
        assert problem in play.output, play.output


def test_variables_are_those_of_the_host(playbooks: Playbooks) -> None:
    repository(playbooks.folder)
    tasks = [
        {**bring("ipsec/weak"), "vars": {"lif": "10.1.1.1/32", "weak_key": IN_VAULT}, "no_log": True},
        {**bring("ipsec/weak"), "name": "undefined", "vars": {"lif": "10.1.1.1/32"}},
    ]
    play = playbooks.play(tasks)
    assert play.failed == ["undefined"]
    assert "ipsec/weak/svm1.yml:10: secret_key: its template needs weak_key, which is undefined." in play.output
    assert [one["secret_key"] for one in playbooks.array.policies()] == [IN_VAULT]


# The check


def test_files_in_order_pass(playbooks: Playbooks) -> None:
    play = run(playbooks, [lint("lint", "ipsec/cluster1", "ipsec/none")])
    result = play.result("lint")
    assert (play.failed, play.changed, playbooks.array.requests) == ([], [], [])
    assert result["summary"] == {"files": 4, "policies": 3, "error": 0, "warning": 0, "note": 0, "ignored": 0}
    assert result["msg"] == "0 errors, 0 warnings, 0 notes in 3 policies of 4 files"
    assert result["svms"] == ["svm1", "svm2", "svm3"]
    assert [(one["path"], one["svm"], one["policies"]) for one in result["files"]] == [
        ("ipsec/cluster1/svm1.yml", "svm1", 2),
        ("ipsec/cluster1/svm2/empty.yml", "svm2", 0),
        ("ipsec/cluster1/svm2/nfs.yml", "svm2", 1),
        ("ipsec/none/svm3.yml", "svm3", 0),
    ]
    assert len(result["checksum"]) == 64


def test_without_lookups_templates_run_nothing(playbooks: Playbooks) -> None:
    repository(playbooks.folder)
    text = "policies:" + POLICY.format(
        name="attack", port=1, key="\"{{ lookup('pipe', 'touch ran; echo $VAULT_KEY') }}\""
    )
    (playbooks.folder / "ipsec" / "one" / "svm1.yml").write_text(text, encoding="utf-8")
    tasks = [
        lint("safe", "ipsec/one", lookups=False),
        {
            "name": "set",
            "wiresec.ontap.ipsec_policies": {
                "policies": "{{ lookup('wiresec.ontap.ipsec_policy_files', 'ipsec/one', lookups=False) }}"
            },
            "ignore_errors": True,
        },
        {"name": "look", "ansible.builtin.stat": {"path": "ran"}},
        lint("trusting", "ipsec/one"),
    ]
    play = playbooks.play(tasks, "-e", "@variables.yml", environment={"VAULT_KEY": IN_VAULT})
    assert [one["id"] for one in play.result("safe")["findings"]] == ["unreadable-secret"]
    assert "its template uses a lookup, which lookups: false keeps from being evaluated." in play.output
    assert (play.failed, play.result("look")["stat"]["exists"]) == (["set"], False)
    assert (playbooks.folder / "ran").exists()
    assert "localhost: 0 errors, 0 warnings, 1 note in 1 policy of 1 file" in play.output


def test_without_the_vault_password_it_says_what_it_could_not_see(playbooks: Playbooks) -> None:
    tasks = [lint("inline", "ipsec/cluster1/svm1.yml"), lint("tree", "ipsec/cluster1", fail_on="error")]
    play = run(playbooks, tasks, vault=False)
    assert play.failed == ["inline", "tree"]
    assert [(one["id"], one["line"]) for one in play.result("tree")["findings"]] == [
        ("unreadable-secret", 10),
        ("unreadable-file", 0),
    ]


def test_certificates_and_keys_are_looked_at_beside_the_policies(playbooks: Playbooks) -> None:
    authority, end = Authority("CN=Root"), datetime.now(UTC) + timedelta(days=12, hours=1)
    first, second = (authority.issue(f"CN=svm{number}", end=end) for number in (1, 2))
    keep(playbooks.folder, "root.pem", authority.certificate)
    keep(playbooks.folder, "svm1.pem", first.certificate + authority.certificate)
    keep(playbooks.folder, "svm1.key", encrypted(first.key))
    keep(playbooks.folder, "svm2.key", second.key)
    report = {"report": "out/lint.sarif"}
    tasks = [
        lint("warned", "ipsec/one", certificates=["pki/svm1.pem", "pki/svm1.key"], **report),
        lint("late enough", "ipsec/one", certificates=["pki/svm1.pem"], expiry_warning=12),
        lint("careless", "ipsec/one", certificates=["pki"]),
        lint("nothing", "ipsec/one", certificates=["pki/none.pem"]),
        lint("no number of days", "ipsec/one", certificates=["pki"], expiry_warning=-1),
    ]
    play = run(playbooks, tasks)
    assert play.failed == ["careless", "nothing", "no number of days"], play.output
    (warning,) = play.result("warned")["findings"]
    expected = f"the certificate of 'CN=svm1' expires in 12 days, on {end:%Y-%m-%d}."
    assert (warning["id"], warning["path"], warning["message"]) == ("expiring-certificate", "pki/svm1.pem", expected)
    assert f"pki/svm1.pem:1: warning expiring-certificate: {expected}" in play.output
    (shown,) = json.loads((playbooks.folder / "out" / "lint.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert (shown["ruleId"], shown["level"], shown["message"]["text"]) == ("expiring-certificate", "warning", expected)
    assert play.result("late enough")["findings"] == []
    careless = [(one["path"], one["id"]) for one in play.result("careless")["findings"]]
    assert careless == [
        ("pki/svm1.pem", "expiring-certificate"),
        ("pki/svm2.key", "key-without-certificate"),
        ("pki/svm2.key", "plain-text-secret"),
    ]
    assert "pki/none.pem:1: error unreadable-file: there is no such file or folder." in play.result("nothing")["msg"]
    assert play.result("no number of days")["msg"] == "expiry_warning: -1 is too small."
    assert not [line for one in (first, second) for line in one.key.splitlines()[1:-1] if line in play.output]


def keep(folder: Path, name: str, content: str) -> None:
    """Puts a file into the folder pki."""
    (folder / "pki").mkdir(exist_ok=True)
    (folder / "pki" / name).write_text(content, encoding="utf-8")


def test_findings_fail_the_task_and_stand_in_every_report(playbooks: Playbooks) -> None:
    reports = {"text": "out/lint.txt", "json": "out/lint.json", "sarif": "out/lint.sarif"}
    tasks = [lint(name, "ipsec/careless", report=path) for name, path in reports.items()]
    play = run(playbooks, tasks, "--check")
    assert (play.failed, play.changed) == (list(reports), [])
    result = play.result("sarif")
    assert result["msg"].splitlines() == [
        "ipsec/careless/svm1.yml:10: error plain-text-secret: secret_key: stands here as plain text; encrypt it by "
        "ansible-vault, or take it from a lookup.",
        "ipsec/careless/svm1.yml:20: warning weak-secret: secret_key: is easy to guess; use at least 24 random letters and digits.",
        "1 error, 1 warning, 0 notes, 1 ignored in 3 policies of 1 file",
    ]
    assert result["msg"] in play.output
    text, data, sarif = ((playbooks.folder / path).read_text(encoding="utf-8") for path in reports.values())
    assert text == result["msg"] + "\n"
    assert json.loads(data) == {"findings": result["findings"], "summary": result["summary"]}
    found = json.loads(sarif)["runs"][0]["results"]
    assert [one["message"]["text"] for one in found] == [one["message"] for one in result["findings"]]
    assert [one.get("suppressions", [{}])[0].get("justification") for one in found] == [None, None, "Not in use yet."]
    assert [secret for secret in SECRETS if secret in text + data + sarif] == []


def test_what_fails_is_for_the_user_to_say(playbooks: Playbooks) -> None:
    tasks = [lint(fail_on, "ipsec/weak", fail_on=fail_on) for fail_on in ("error", "warning", "never")]
    tasks += [lint("all", "ipsec/weak", "ipsec/careless", fail_on="never")]
    play = run(playbooks, tasks)
    assert play.failed == ["warning"]
    # What does not fail shows all the same.
    assert play.output.count("0 errors, 1 warning, 0 notes in 1 policy of 1 file\n") >= 3


def test_options_that_make_no_sense_are_refused(playbooks: Playbooks) -> None:
    (playbooks.folder / "file").write_text("", encoding="utf-8")
    tasks = [
        lint(
            "names",
            "ipsec/weak",
            management_addresses=["https://cluster1.example.com"],
            controller_addresses=["10.0.0.0/8"],
        ),
        lint("release", "ipsec/weak", ontap_version="latest"),
        lint("format", "ipsec/weak", report="report.xml"),
        lint("folder", "ipsec/weak", report="file/report.txt"),
        lint("nothing"),
    ]
    play = run(playbooks, tasks)
    assert play.failed == [task["name"] for task in tasks]
    assert [play.result(task["name"])["msg"] for task in tasks] == [
        "management_addresses: 'https://cluster1.example.com' is neither an address nor the name of a host. controller_addresses: '10.0.0.0/8' "
        "is not an IPv4 or IPv6 address.",
        "ontap_version: 'latest' is not a release such as 9.12.1.",
        "report: ends with none of .txt, .json, .sarif; name it so, or give report_format as well.",
        "report: file/report.txt can't be written: File exists.",
        "paths:1: error unreadable-file: no file or folder is given.\n1 error, 0 warnings, 0 notes in 0 policies of 0 files",
    ]


def test_as_a_module_it_says_where_it_belongs() -> None:
    module = CHECKOUT / "plugins" / "modules" / "ipsec_policy_lint.py"
    given = json.dumps({"ANSIBLE_MODULE_ARGS": {"paths": ["ipsec"]}})
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / ".venv")}
    ran = subprocess.run(
        [sys.executable, str(module), given], env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    assert "is an action of the controller and can't run as a module" in json.loads(ran.stdout)["msg"]
