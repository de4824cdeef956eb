# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What README, guides and demo tell to type works in the shells that people have, pasted at a prompt: bash, zsh and dash."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from demo import run as demo

from support.harness import CHECKOUT, Playbooks, base_environment
from support.pages import SHELL, blocks

README = CHECKOUT / "README.md"
PAGES = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").glob("*.md"), *CHECKOUT.glob("*/README.md")])
KEY = "an example key of enough length"
DEADLINE = 120
"""Seconds after which a shell that says nothing more has failed."""

SHELLS = {
    # Without anybody's configuration; zsh without its line editor, which would draw on the terminal.
    "bash": ["--noprofile", "--norc", "-i"],
    "zsh": ["-f", "-i", "+Z", "-o", "no_prompt_sp", "-o", "no_prompt_cr"],
    "dash": ["-i"],
}


def program(shell: str) -> str:
    """The path of a shell. Where it is not installed, the test is skipped and a warning says so; with CI set it fails."""
    path = shutil.which(shell)
    if path is None:
        problem = f"{shell} is not installed, so NOTHING was tried in it. Install it: apt-get install {shell}"
        if "CI" in os.environ:
            pytest.fail(problem)
        warnings.warn(problem, stacklevel=2)
        pytest.skip(problem)
    return path


class Terminal:
    """A shell at a terminal, as a person has it."""

    def __init__(self, shell: str, folder: Path, environment: dict[str, str]) -> None:
        self.seen = ""
        self._end, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [program(shell), *SHELLS[shell]],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env={**environment, "PS1": "", "PS2": "", "TERM": "dumb", "HOME": str(folder)},
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._end)

    def paste(self, text: str) -> None:
        """Pastes text at the prompt."""
        os.write(self._end, text.encode())

    def until(self, wanted: str) -> str:
        """What the terminal shows up to a text, which has to come."""
        while not (found := re.search(wanted, self.seen)):
            ready, _writable, _error = select.select([self._end], [], [], DEADLINE)
            assert ready, f"This did not come: {wanted}\n{self.seen}"
            self.seen += os.read(self._end, 65536).decode(errors="replace").replace("\r\n", "\n")
        shown, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return shown

    def run(self, command: str) -> tuple[int, str]:
        """Exit status of a command, and what the terminal shows of it."""
        # The terminal echoes what is pasted, so that the end must not be in the text itself.
        self.paste(f"{command.rstrip()}\necho 'status:'$?':'\n")
        shown = self.until(r"\nstatus:\d+:\n")
        return int(re.findall(r"status:(\d+):", shown)[-1]), shown


def user(playbooks: Playbooks) -> dict[str, str]:
    """The environment of somebody who has the collection, and has not said yet which array."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**base_environment(playbooks.folder / "results.jsonl"), "PATH": path, "ANSIBLE_LOCALHOST_WARNING": "false"}


def answer(terminal: Terminal, playbooks: Playbooks) -> None:
    """Types password and key when they are asked for, and looks whether the terminal shows them."""
    for prompt, secret in (("Password", playbooks.array.password), ("Key, 18 characters or more", KEY)):
        terminal.until(rf"{prompt}: $")
        terminal.paste(f"{secret}\n")
    assert KEY not in terminal.seen


def of_this_array(playbooks: Playbooks, text: str) -> str:
    """A text in which the array and the authority of the documentation are those of the test."""
    array = playbooks.array
    for theirs, ours in (
        ("cluster1.example.com", f"{array.host}:{array.port}"),
        ("/path/to/ca.pem", array.ca_path),
        ("YOUR_SVM", "svm1"),
        ("ITS_ADDRESS", "10.10.10.7"),
        ("ITS_CERTIFICATE", "ipsec-cert"),
    ):
        text = text.replace(theirs, ours)
    return text


@pytest.mark.parametrize("shell", SHELLS)
def test_the_first_screen_of_the_readme_works(playbooks: Playbooks, shell: str) -> None:
    play = blocks(README, "yaml")[0]
    (playbooks.folder / "nfs.yml").write_text(play, encoding="utf-8")
    account, command = blocks(README, *SHELL)[:2]
    local = {"address": "10.10.10.7", "netmask": "32", "port": "2049-2049"}
    playbooks.array.add_policy(
        {
            "name": "nfs-clients",
            "svm": "svm1",
            "enabled": False,
            "action": "esp_transport",
            "authentication_method": "psk",
            "protocol": "tcp",
            "local_endpoint": local,
            "remote_endpoint": {"address": "10.10.20.0", "netmask": "24"},
            "remote_identity": "nfs-clients.example.com",
        }
    )
    with Terminal(shell, playbooks.folder, user(playbooks)) as terminal:
        terminal.paste(of_this_array(playbooks, account))
        answer(terminal, playbooks)
        status, shown = terminal.run(command)
        assert status == 0, shown
        assert blocks(README, "diff")[0] in shown
        assert {request.method for request in playbooks.array.requests} == {"GET"}
        status, shown = terminal.run(command.replace(" --check --diff", ""))
        assert (status, playbooks.array.policies()[0]["enabled"]) == (0, True), shown
        assert KEY not in shown


@pytest.mark.parametrize("shell", SHELLS)
def test_the_last_lines_of_the_demo_work(playbooks: Playbooks, shell: str) -> None:
    (playbooks.folder / ".venv").symlink_to(CHECKOUT / ".venv")
    (playbooks.folder / "playbooks").symlink_to(CHECKOUT / "playbooks")
    environment = {name: value for name, value in user(playbooks).items() if name != "ANSIBLE_COLLECTIONS_PATH"}
    account, separator, command = of_this_array(playbooks, demo.ON_YOUR_ARRAY).rpartition("  export ANSIBLE")
    with Terminal(shell, playbooks.folder, environment) as terminal:
        terminal.paste(account)
        answer(terminal, playbooks)
        status, shown = terminal.run(separator + command)
    assert (status, "changed=3" in shown) == (0, True), shown


def test_policies_in_git_work_as_the_readme_says(playbooks: Playbooks) -> None:
    array = playbooks.array
    (told,) = [block for block in blocks(README, *SHELL) if "wiresec.ontap.export" in block]
    (inventory,) = [block for block in blocks(README, "yaml") if block.startswith("all:\n  hosts:")]
    (playbooks.folder / "inventory.yml").write_text(of_this_array(playbooks, inventory), encoding="utf-8")
    ends = {"local_endpoint": {"address": "10.10.10.7", "netmask": "32"}}
    ends["remote_endpoint"] = {"address": "10.10.40.9", "netmask": "32"}
    array.add_policy({"name": "monitoring", "svm": "svm1", "action": "bypass", "protocol": "any", **ends})
    before = array.policies()
    account = {"ONTAP_USERNAME": array.username, "ONTAP_PASSWORD": array.password, "ONTAP_CA_PATH": array.ca_path}
    finished = subprocess.run(
        [program("dash"), "-ec", told],
        cwd=playbooks.folder,
        env={**user(playbooks), **account},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert (finished.returncode, array.policies()) == (0, before), finished.stdout
    assert (playbooks.folder / "ipsec" / "cluster1" / "svm1.yml").exists()


def test_an_auditor_is_answered_as_the_readme_says(playbooks: Playbooks) -> None:
    array = playbooks.array
    array.serve_data()
    (told,) = [block for block in blocks(README, *SHELL) if "wiresec.ontap.audit" in block]
    (inventory,) = [block for block in blocks(README, "yaml") if block.startswith("all:\n  children:")]
    (playbooks.folder / "inventory.yml").write_text(of_this_array(playbooks, inventory), encoding="utf-8")
    account = {"ONTAP_USERNAME": array.username, "ONTAP_PASSWORD": array.password, "ONTAP_CA_PATH": array.ca_path}
    finished = subprocess.run(
        [program("dash"), "-ec", told],
        cwd=playbooks.folder,
        env={**user(playbooks), **account},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    # Everything is in clear, and clients are not asked.
    assert (finished.returncode, "db1" in finished.stdout) == (2, False), finished.stdout
    reports = {path.name for path in (playbooks.folder / "ipsec-reports").iterdir() if path.stem == "audit"}
    assert reports == {"audit.html", "audit.md", "audit.json", "audit.csv"}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_block_for_a_shell_is_one(shell: str) -> None:
    told = [demo.ON_YOUR_ARRAY, *(block for page in PAGES for block in blocks(page, *SHELL))]
    # A page that shows a session has a prompt before each command.
    told = [re.sub(r"^\$ ", "", block, flags=re.MULTILINE) for block in told]
    assert len(told) > 30
    # zsh takes no comments at its prompt, and some tools have other options on macOS and BSD.
    assert [block for block in told if re.search(r"(^|\s)#", block)] == []
    assert [block for block in told if re.search(r"sed [^|]*-i|readlink -f|grep -P|date -d|read -\w*[sp]", block)] == []
    path = program(shell)
    for block in told:
        parsed = subprocess.run([path, "-n", "-c", block], capture_output=True, text=True, check=False)
        assert (parsed.returncode, parsed.stderr) == (0, ""), block


def test_every_target_of_make_that_is_told_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = {name for page in PAGES for name in re.findall(r"^make ([a-z-]+)", "".join(blocks(page, *SHELL)), re.M)}
    assert {"demo", "test", "simulator"} <= told <= targets
