# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays docs/gitops.md, a week with three clusters and 300 policies: ``make demo-gitops``.

Text is shown, commands are run in a repository of their own, and changes of files are applied, in the order of the page. What
happens behind the reader's back, and what a command should do, is in comments of the page. Exits non-zero at the first
command that does something else. An argument is a folder whose programs come before all others.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "gitops.md"
sys.path[:0] = [str(CHECKOUT / ".venv"), str(CHECKOUT / "tests")]

from environment import isolate  # noqa: E402 - it is found only now
from support.repository import Repository  # noqa: E402 - as well

POLICIES_OF_A_CLUSTER = 100
WIDEST = 240
LINES_OF_A_TEXT = 4
SCANNER = """\
  - name: scanner
    action: bypass
    local_endpoint:
      address: 10.10.{cluster}.8/32
    remote_endpoint:
      address: 10.40.0.9/32
"""

Part = tuple[str, str]


def parts(page: str) -> Iterator[Part]:
    """The page in order: ``heading``, ``text``, ``comment``, or the kind of a fenced block, each with its content."""
    played = page.partition("<!-- play: begin -->")[2].partition("<!-- play: end -->")[0]
    kinds = (
        r"```(?P<kind>\w+)\n(?P<block>.*?)^```$",
        r"<!-- (?P<comment>[^\n]*) -->$",
        r"## (?P<heading>[^\n]*)$",
        r"(?P<text>[^\n]+(?:\n[^\n`<#][^\n]*)*)",
    )
    for found in re.finditer(f"^(?:{'|'.join(kinds)})", played, re.MULTILINE | re.DOTALL):
        given = {name: text for name, text in found.groupdict().items() if text is not None}
        if "kind" in given:
            yield given["kind"], given["block"]
        else:
            yield from given.items()


def commands(block: str) -> list[str]:
    """The commands of a ``console`` block."""
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


class Week:
    """One play of the page."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.expected = ""
        for number, array in enumerate(repository.clusters.values(), 1):
            array.auto_establish = True
            for one in range(1, POLICIES_OF_A_CLUSTER + 1):
                array.add_policy(policy(number, one))
        (repository.folder / "scanner.txt").write_text(SCANNER.format(cluster=1), encoding="utf-8")

    def play(self, part: Part) -> None:
        """Shows or does one part of the page."""
        kind, content = part
        if kind == "heading":
            say(f"\n== {content} ==", bold=True)
        elif kind == "text":
            say("\n" + textwrap.fill(" ".join(content.split()), 100))
        elif kind == "diff":
            print(f"\n{content}", end="", flush=True)
            self._run(["git", "apply", "--unidiff-zero", "-"], content)
        elif kind == "console":
            for command in commands(content):
                self._command(command)
        elif content.startswith("expect: "):
            self.expected = content.removeprefix("expect: ")
        else:
            self._act(*content.removeprefix("play: ").split())

    def _act(self, act: str, cluster: str) -> None:
        array = self.repository.clusters[cluster]
        if act == "edit":
            array.edit_policy("backup", "svm1", {"enabled": False})
            array.add_policy({**policy(1, 1), "name": "debugging", "action": "bypass"})
        elif act == "disable":
            array.ipsec_enabled = False
        elif act == "replace":
            array.reset()
            for one in range(1, POLICIES_OF_A_CLUSTER + 1):
                array.add_policy(policy(3, one))
        elif act == "serve":
            array.add_interface("svm1_nfs1", "svm1", "10.10.1.7")
            array.set_nfs_service("svm1", protocol={"v3_enabled": False, "v40_enabled": True})
            array.add_export_policy("default", "svm1", {"clients": ["10.20.3.0/24"], "protocols": ["nfs4"]})
            array.connect_nfs("10.20.3.200", "10.10.1.7", "svm1", "nfs4")
        elif act == "stop":
            array.stop()
        else:
            array.start()
            self.repository.link()

    def _command(self, command: str) -> None:
        say(f"\n$ {command}", bold=True)
        finished = self._run(["bash", "-c", command], "")
        print("\n".join(shortened(finished.stdout)), flush=True)
        expected, self.expected = self.expected, ""
        texts = re.findall(r'"(.*?)"', expected)
        changed = {name: int(count) for name, count in re.findall(r"^(\S+) +:.* changed=(\d+)", finished.stdout, re.M)}
        as_expected = {
            "": finished.returncode == 0,
            "nothing": finished.returncode == 0 and bool(changed) and not any(changed.values()),
            "says": finished.returncode == 0 and all(text in finished.stdout for text in texts),
            "fails": finished.returncode != 0 and all(text in finished.stdout for text in texts),
        }
        word = expected.partition(" ")[0]
        if not as_expected.get(word, finished.returncode == 0 and changed.get(word, 0) > 0):
            sys.exit(f"{finished.stdout}\nThis is not what the page says: {expected or 'it succeeds'}.")

    def _run(self, command: list[str], given: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **self.repository.environment(),
            "PATH": os.pathsep.join([*sys.argv[1:], str(Path(sys.executable).parent), os.environ["PATH"]]),
            "ANSIBLE_VAULT_PASSWORD_FILE": str(self.repository.outside / "vault-password"),
            "ANSIBLE_DISPLAY_OK_HOSTS": "false",
            "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        }
        return subprocess.run(
            command,
            cwd=self.repository.folder,
            env=environment,
            input=given,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=command[0] == "git",
        )


def policy(cluster: int, number: int) -> dict[str, object]:
    """A policy as an array has it before the week begins."""
    svm = 1 + (number - 1) * 2 // POLICIES_OF_A_CLUSTER
    return {
        "name": f"nfs-{number:03}",
        "svm": f"svm{svm}",
        "action": "esp_transport",
        "authentication_method": "psk",
        "local_endpoint": {"address": f"10.10.{cluster}.{6 + svm}", "netmask": "32", "port": "2049-2049"},
        "remote_endpoint": {"address": f"10.20.{number}.0", "netmask": "24"},
        "remote_identity": "nfs-clients.example.com",
        "protocol": "tcp",
        "enabled": True,
    }


def shortened(output: str) -> Iterator[str]:
    """What Ansible prints, without rows of asterisks, empty lines, the ends of very long lines, and all of a long text."""
    continued = 0
    for line in output.splitlines():
        kept = re.sub(r" \*{3,}$", "", line.rstrip())
        continued = continued + 1 if kept.startswith(" " * 8) else 0
        if kept and continued <= LINES_OF_A_TEXT:
            yield kept if len(kept) <= WIDEST else f"{kept[:WIDEST]} …"
        elif continued == LINES_OF_A_TEXT + 1:
            yield "        …"


def say(text: str, bold: bool = False) -> None:
    """Prints, in bold on a terminal."""
    print(f"\033[1m{text}\033[0m" if bold and sys.stdout.isatty() else text, flush=True)


def main() -> None:
    """Plays the page from its beginning to its end."""
    isolate()
    with tempfile.TemporaryDirectory(prefix="gitops-") as folder, Repository(Path(folder, "repository")) as repository:
        (repository.outside / "vault-password").write_text("the password of the vault\n", encoding="utf-8")
        subprocess.run(["git", "init", "--quiet"], cwd=repository.folder, env=repository.environment(), check=True)
        week = Week(repository)
        for part in parts(PAGE.read_text(encoding="utf-8")):
            week.play(part)
        requests = {name: len(array.requests) for name, array in repository.clusters.items()}
        say(f"\nThat was the week. Requests that the arrays answered: {requests}.", bold=True)


if __name__ == "__main__":
    main()
