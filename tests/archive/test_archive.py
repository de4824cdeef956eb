# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive as users get it: what is in it, what services and tools read from it, and that it runs by itself."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from archive.conftest import User
from gates.ansible_test import NEWEST, OLDEST
from gates.archive import build, committed, git
from simulator import Simulator
from support.harness import CHECKOUT

FOR_USERS = ("docs", "extensions", "meta", "playbooks", "plugins", "roles")
BESIDES = {
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "LICENSE",
    "README.md",
    "changelogs/changelog.yaml",
    "requirements.txt",
}

# The importer lints a folder in which it finds neither other collections nor this one by its name. `make lint` can.
KNOWN_WARNINGS = (
    "syntax-check[unknown-module]: couldn't resolve module/action 'awx.awx.credential_type'",
    *(
        f"Failed to find wiresec.ontap.{name} playbook."
        for name in ("apply", "audit", "drift", "export", "lint", "metrics", "plan")
    ),
)

PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - wiresec.ontap.ipsec_policy:
        name: web
        svm: svm1
        action: discard
        local_endpoint: {address: 10.10.10.7/32}
        remote_endpoint: {address: 10.10.20.0/24}
    - wiresec.ontap.ipsec_policy_info:
      register: listed
    - ansible.builtin.debug:
        msg: "found {{ listed.policies | map(attribute='name') | join(',') }}"
"""


def test_it_holds_what_users_need_and_nothing_else(archive: Path) -> None:
    with tarfile.open(archive) as opened:
        inside = {member.name for member in opened if member.isfile()} - {"MANIFEST.json", "FILES.json"}
    tracked = {name for name in git("ls-files").splitlines() if (CHECKOUT / name).exists()}
    needed = {name for name in tracked if name.split("/")[0] in FOR_USERS or name in BESIDES}
    assert inside == {name for name in needed if not name.startswith("docs/site/")}, "docs/site only builds the site"


def test_one_commit_makes_one_archive(archive: Path, tmp_path: Path) -> None:
    again = build(tmp_path)
    assert again.read_bytes() == archive.read_bytes()
    with tarfile.open(archive) as opened:
        assert {member.mtime for member in opened} == {int(committed().timestamp())}
        listed = json.load(opened.extractfile("FILES.json") or pytest.fail("no list of files"))
    names = [one["name"] for one in listed["files"]]
    assert names == sorted(names), "in the order of the file system, which another machine has otherwise"


def test_what_lies_beside_it_tells_what_it_is(archive: Path) -> None:
    checksum, name = archive.with_name(f"{archive.name}.sha256").read_text(encoding="ascii").split()
    assert (checksum, name) == (hashlib.sha256(archive.read_bytes()).hexdigest(), archive.name)
    materials = archive.with_name(archive.name.replace(".tar.gz", ".cdx.json")).read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(materials) is None
    told = json.loads(materials)
    assert told["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": checksum}]
    assert [component["purl"] for component in told["components"]] == ["pkg:pypi/requests"]


def test_galaxy_takes_it(archive: Path, tmp_path: Path) -> None:
    importer = subprocess.run(
        [sys.executable, "-m", "galaxy_importer.main", archive],
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    # It ends with success whatever it had to say about the content.
    said = [
        line
        for line in importer.stdout.splitlines()
        if not line.startswith(("Loading ", "Linting ", "...")) and not any(known in line for known in KNOWN_WARNINGS)
    ]
    assert said[1:] == [
        "Getting doc strings via ansible-doc",
        "Finding content inside collection",
        "Collection loading complete",
        "Importer processing completed successfully",
    ], importer.stdout


def test_an_execution_environment_gets_requests_and_nothing_else(user: User) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "ansible_builder", "introspect", user.home / ".ansible" / "collections"],
        text=True,
        capture_output=True,
        check=True,
    )
    assert yaml.safe_load(answer.stdout) == {
        "python": ["requests>=2.25.1  # from collection wiresec.ontap"],
        "system": [],
    }


def test_every_plugin_has_documentation(user: User) -> None:
    for kind, folder in (("module", "modules"), ("lookup", "lookup")):
        names = sorted(f"wiresec.ontap.{path.stem}" for path in CHECKOUT.glob(f"plugins/{folder}/*.py"))
        shown = user.ansible("doc", "--type", kind, *names)
        assert shown.returncode == 0, shown.stdout
        assert len(re.findall("^EXAMPLES", shown.stdout, re.MULTILINE)) == len(names), shown.stdout


def test_every_playbook_is_found_by_its_name(user: User) -> None:
    names = sorted(f"wiresec.ontap.{path.stem}" for path in CHECKOUT.glob("playbooks/*.yml"))
    checked = user.ansible("playbook", "--syntax-check", *names)
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.count("playbook: ") == len(names), checked.stdout


def test_it_runs_and_says_what_it_lacks(user: User, array: Simulator) -> None:
    (user.home / "play.yml").write_text(PLAY, encoding="utf-8")
    login = {
        "ONTAP_HOSTNAME": array.host,
        "ONTAP_PORT": str(array.port),
        "ONTAP_USERNAME": array.username,
        "ONTAP_PASSWORD": array.password,
        "ONTAP_CA_PATH": array.ca_path,
    }

    def play(*arguments: str) -> subprocess.CompletedProcess[str]:
        return user.ansible("playbook", "play.yml", *arguments, **login)

    version = subprocess.run([user.python, "--version"], text=True, capture_output=True, check=True).stdout.strip()
    without = play()
    assert without.returncode == 2
    lacking = f"the interpreter that runs this task has none: {user.python}, {version}"
    assert lacking in " ".join(without.stdout.split())
    if user.release in (OLDEST, NEWEST):
        # What is said of one that is too old differs by Python, and not by ansible-core.
        user.pip_install("requests==2.20.0")
        # Python 3.12 took away what urllib3 of that time imports.
        modern = tuple(map(int, version.split()[1].split(".")))[:2] >= (3, 12)
        old = "has one that can't be imported (No module named " if modern else f"has 2.20.0: {user.python}, {version}"
        for arguments in ([], ["-e", "wiresec_ontap_in_process=false"]):
            too_old = play(*arguments)
            assert too_old.returncode == 2
            assert f"the interpreter that runs this task {old}" in " ".join(too_old.stdout.split())
    assert array.requests == []
    user.pip_install("--upgrade", "requests")
    first, apart = play(), play("-e", "wiresec_ontap_in_process=false")
    assert (first.returncode, apart.returncode) == (0, 0), first.stdout + apart.stdout
    assert "changed=1" in first.stdout
    assert "changed=0" in apart.stdout
    assert "found web" in apart.stdout
