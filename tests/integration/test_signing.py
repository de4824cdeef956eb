# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository of policies is signed, and looked at, by the commands of docs/gitops.md."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from environment import CHECKOUT, PROGRAMS, isolated

SECTION = (
    (CHECKOUT / "docs" / "gitops.md")
    .read_text(encoding="utf-8")
    .partition("## Sign what was reviewed\n")[2]
    .partition("\n## ")[0]
)
MANIFEST, SIGN, VERIFY = re.findall(r"^```\w*\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)

Shell = Callable[[str], int]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Runs commands in a repository of policies, as somebody who has a key to sign with, and gives their exit status."""
    if shutil.which("gpg") is None:
        problem = "gpg is not installed, so NOTHING was signed. Install it: apt-get install gpg"
        if "CI" in os.environ:
            pytest.fail(problem)
        pytest.skip(problem)
    # The agent's socket is in the folder, and its path may not be long.
    home = Path(os.environ.get("TMPDIR", "/tmp"), f"gpg-{os.getpid()}")
    home.mkdir(mode=0o700)
    folder = tmp_path / "repository"
    shutil.copytree(CHECKOUT / "docs" / "gitops" / "repository", folder)
    (folder / "ipsec" / "cluster1").mkdir(parents=True)
    (folder / "ipsec" / "cluster1" / "svm1.yml").write_text("policies: []\n", encoding="utf-8")
    (folder / "MANIFEST.in").write_text(MANIFEST, encoding="utf-8")
    environment = {
        **isolated(os.environ),
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "GNUPGHOME": str(home),
        "ANSIBLE_SIGN_GPG_PASSPHRASE": "word",
        **{f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }

    def run(command: str) -> int:
        finished = subprocess.run(
            ["sh", "-ec", command], cwd=folder, env=environment, text=True, capture_output=True, check=False
        )
        return finished.returncode

    try:
        assert (
            run(
                "gpg --batch --quiet --passphrase word --pinentry-mode loopback --quick-generate-key 'Team <team@example.com>' default default never"
            )
            == 0
        )
        assert run("git init --quiet && git add --all && git commit --quiet --message first") == 0
        yield run
    finally:
        run("gpgconf --kill all")
        # The agent, which ends meanwhile, removes files of its own.
        shutil.rmtree(home, ignore_errors=True)


def test_what_changes_after_it_was_signed_is_seen(shell: Shell) -> None:
    assert shell(VERIFY) != 0, "it is not signed yet"
    assert shell(SIGN) == 0
    assert shell(VERIFY) == 0
    assert shell(f"mkdir ipsec-reports && touch ipsec-reports/plan.md && {VERIFY}") == 0, (
        "reports are made anew each time"
    )
    for change, back in (
        ("echo '# allowed' >> ipsec/cluster1/svm1.yml", "git checkout --quiet ."),
        ("mkdir library && touch library/ipsec_policy.py", "rm -r library"),
        ("rm drift.yml", "git checkout --quiet ."),
        ("echo 'exclude drift.yml' >> MANIFEST.in", "git checkout --quiet ."),
        ("echo >> .ansible-sign/sha256sum.txt", "git checkout --quiet ."),
    ):
        assert shell(change) == 0
        assert shell(VERIFY) != 0, change
        assert shell(f"{back} && {VERIFY}") == 0, back
