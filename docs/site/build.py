# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the documentation site into build/site: ``make docs``.

The guides are the Markdown files of the repository, as they are. Pages about modules, plugins and roles come from their
documentation, the page about playbooks from the comments at their tops. Every warning is an error, so is a link to nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SITE = CHECKOUT / "docs" / "site"
STAGE = CHECKOUT / "build" / "docs"
OUTPUT = CHECKOUT / "build" / "site"

PAGES = ("docs/*.md", "docs/*.svg", "CONTRIBUTING.md", "benchmarks/README.md")


def stage() -> None:
    """Puts everything that Sphinx reads into a folder of its own, pages where they lie in the repository."""
    for folder in (STAGE, OUTPUT):
        shutil.rmtree(folder, ignore_errors=True)
    STAGE.mkdir(parents=True)
    for pattern in PAGES:
        for page in CHECKOUT.glob(pattern):
            copy = STAGE / page.relative_to(CHECKOUT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(page, copy)
    for name in ("conf.py", "index.md"):
        shutil.copy(SITE / name, STAGE)
    shutil.copytree(SITE / "_static", STAGE / "_static")
    shutil.copytree(CHECKOUT / "docs" / "images", STAGE / "docs" / "images")
    (STAGE / "playbooks.md").write_text("\n".join(playbooks()), encoding="utf-8")


def playbooks() -> Iterator[str]:
    """The lines of the page about playbooks: of each, the comment at its top."""
    yield "# Playbooks\n"
    yield "They come with the collection, and run by their names. What each needs and takes is said at its top:\n"
    for path in sorted((CHECKOUT / "playbooks").glob("*.yml")):
        lines = path.read_text(encoding="utf-8").removeprefix("---\n").splitlines()
        comment = [line[1:].removeprefix(" ") for line in lines[: [line[:1] for line in lines].index("-")]]
        yield f"## {path.stem}\n"
        yield from map(_as_markdown, comment)
        yield f"\n[playbooks/{path.name}](playbooks/{path.name})\n"


def _as_markdown(line: str) -> str:
    """In comments, commands are indented, and what they do comes after some more spaces."""
    if not line.startswith("  "):
        return line
    command, *said = re.split(r" {2,}", line.strip())
    return f"- `{command}`{''.join(f': {text}' for text in said)}"


def reference(environment: dict[str, str]) -> None:
    """Writes the pages about modules, plugins and roles."""
    pages = STAGE / "reference"
    pages.mkdir()
    arguments = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", str(pages), "wiresec.ontap"]
    _call("antsibull-docs", "collection", *arguments, environment=environment)
    kinds = {"modules/*.py": "module", "lookup/*.py": "lookup", "../roles/*": "role"}
    documented = [f"{path.stem}_{kind}" for where, kind in kinds.items() for path in CHECKOUT.glob(f"plugins/{where}")]
    missing = [page for page in documented if not (pages / f"{page}.rst").exists()]
    if missing:
        sys.exit(f"The reference has no page for: {', '.join(missing)}")
    for page in pages.glob("*.rst"):
        # The theme has a list of what is on a page at its side, and calls another one an error.
        text = re.sub(r"^\.\. contents::\n(?: +:.*\n)+", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        # Short names for the navigation.
        text = re.sub(r"^    (\w+)_(module|lookup|role)$", r"    \1 \2 <\1_\2>", text, flags=re.MULTILINE)
        page.write_text(text, encoding="utf-8")


def fold_titles() -> None:
    """Lets the names of modules in titles break after a dot or an underscore, and nowhere else, on narrow screens."""
    for page in (OUTPUT / "reference").glob("*.html"):
        text = page.read_text(encoding="utf-8")
        title = re.compile(r"(?<=<h1>)[^<]+")
        page.write_text(
            title.sub(lambda found: re.sub(r"(?<=\w)[._](?=\w)", r"\g<0><wbr>", found[0]), text), encoding="utf-8"
        )


def search_for_codes() -> None:
    """Fails unless the search of the site finds each error code of the page about trouble, at a place of its own."""
    index = json.loads(
        (OUTPUT / "searchindex.js").read_text(encoding="utf-8").removeprefix("Search.setIndex(").removesuffix(")")
    )
    page = (CHECKOUT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| ([0-9][^|]*) \|", page, re.MULTILINE)
    codes = {code for cell in cells for code in re.findall(r"(?<!HTTP )[0-9]+", cell)}
    built = (OUTPUT / "docs" / "troubleshooting.html").read_text(encoding="utf-8")
    here = index["docnames"].index("docs/troubleshooting")
    found = {code for code in codes if any(place[0] == here for place in index["indexentries"].get(code, []))}
    lost = sorted(codes - {code for code in found if f'id="code-{code}"' in built})
    if lost or not codes:
        sys.exit(
            f"The search does not find these codes of docs/troubleshooting.md: {', '.join(lost) or 'there are none'}"
        )


def _call(program: str, *arguments: str, environment: dict[str, str]) -> None:
    command = [str(Path(sys.executable).parent / program), *arguments]
    if subprocess.run(command, env=environment, check=False).returncode:
        sys.exit(1)


def main() -> None:
    """Builds the site, and says where it is."""
    stage()
    # Outside of the checkout, which may lie in a folder ansible_collections itself: Ansible finds no roles below two of them.
    with tempfile.TemporaryDirectory(prefix="collections-") as collections:
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": collections,
            "WIRESEC_ONTAP_CHECKOUT": str(CHECKOUT),
        }
        collection = Path(collections, "ansible_collections", "wiresec", "ontap")
        collection.parent.mkdir(parents=True)
        collection.symlink_to(CHECKOUT)
        reference(environment)
    _call("sphinx-build", "-q", "-W", "--keep-going", "-b", "html", str(STAGE), str(OUTPUT), environment=environment)
    fold_titles()
    search_for_codes()
    print(f"The site is at {OUTPUT / 'index.html'}")


if __name__ == "__main__":
    main()
