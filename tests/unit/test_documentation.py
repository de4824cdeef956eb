# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages agree with the repository: their links lead somewhere, quotes are what is there, no error code is missing."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._1_array import rest
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.certificate import CERTIFICATE
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ems_destination import EMS_DESTINATION
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_ca_certificate import CA_CERTIFICATE
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_service import SERVICE
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.resource import NOT_KNOWN_TO_RELEASE, Resource

CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"
PAGES = sorted(
    [
        *CHECKOUT.glob("*.md"),
        *DOCS.glob("*.md"),
        *CHECKOUT.glob("roles/*/README.md"),
        CHECKOUT / "benchmarks" / "README.md",
        CHECKOUT / "tests" / "support" / "README.md",
    ]
)
QUOTING = ("architecture.md",)


def prose(page: Path) -> str:
    """A page without its code."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"`[^`\n]*`", "code", re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE))


def anchors(page: Path) -> set[str]:
    """What a link may name behind ``#``, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)]+)\)", prose(page)):
        if re.match(r"https?://[\w.-]+\.[a-z]+(/\S*)?$", link):
            continue
        file, _sign, anchor = link.partition("#")
        target = page.parent / file if file else page
        found = target.exists() and target.resolve().is_relative_to(CHECKOUT)
        if not found or (anchor and (target.suffix != ".md" or anchor not in anchors(target))):
            dead.append(link)
    assert dead == []


# What these pages are about is files.
ABOUT_FILES = ("adding_a_field.md", "AGENTS.md", "architecture.md", "CONTRIBUTING.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_a_link_to_a_page_says_what_is_there(page: Path) -> None:
    labels = re.findall(r"\[([^\]]*\.md)\]\(", page.read_text(encoding="utf-8"))
    assert page.name in ABOUT_FILES or labels == []


def quotes() -> Iterator[tuple[str, str, str]]:
    """Page, file and text of every quote: a block whose file is the last one that was linked before it."""
    for name in QUOTING:
        text = (DOCS / name).read_text(encoding="utf-8")
        for block in re.finditer(r"^```(?:python|text)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
            yield name, re.findall(r"\]\(([^)#]+)\)", text[: block.start()])[-1], block[1]


def undented(lines: list[str]) -> str:
    """Lines without the indentation that all of them share."""
    return textwrap.dedent("\n".join(lines)).strip()


@pytest.mark.parametrize(
    ("page", "file", "quote"), list(quotes()), ids=lambda value: value.strip().partition("\n")[0][:50]
)
def test_every_quote_is_what_is_there(page: str, file: str, quote: str) -> None:
    wanted = quote.strip().splitlines()
    there = (DOCS / file).read_text(encoding="utf-8").splitlines()
    excerpts = (undented(there[at : at + len(wanted)]) for at in range(len(there)))
    assert undented(wanted) in excerpts, f"{page}: this is not in {file} any more:\n{quote}"


TITLES = {
    POLICY: "Policies",
    SERVICE: "The service",
    CA_CERTIFICATE: "Authorities",
    CERTIFICATE: "Certificates",
    EMS_DESTINATION: "Destinations of events",
}


def table(resource: Resource) -> str:
    """The codes of one kind of object, as the guide has them."""
    rows = "".join(f"| {code} | {advice} |\n" for code, advice in sorted(resource.advice.items()))
    return f"## {TITLES[resource]}\n\n| code | what to do |\n|--:|---|\n{rows}"


@pytest.mark.parametrize("resource", TITLES, ids=TITLES.values())
def test_troubleshooting_has_the_advice_of_every_code(resource: Resource) -> None:
    assert table(resource) in (DOCS / "troubleshooting.md").read_text(encoding="utf-8"), table(resource)


def test_troubleshooting_has_the_codes_of_every_endpoint() -> None:
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    section = page.partition("## Codes of every endpoint\n")[2].partition("\n## ")[0]
    cells = [row.split("|")[1] for row in section.splitlines() if re.match(r"\| [0-9]", row)]
    told = {int(code) for cell in cells for code in re.findall(r"(?<!HTTP )\b[0-9]+", cell)}
    repeated = {rest._APPROVAL_NEEDED, rest._TOO_MANY_REQUESTS, rest._TEMPORARILY_LOCKED}
    assert told == NOT_KNOWN_TO_RELEASE | Resource.not_found_codes | repeated | {3, 6, 7}


def test_troubleshooting_quotes_messages_that_there_are() -> None:
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    section = page.partition("## Before ONTAP has said anything\n")[2].partition("\n## ")[0]
    quoted = [
        text for cell in re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE) for text in re.findall("`(.*?)`", cell)
    ]
    code = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "plugins").glob("*_utils/*/*.py"))
    assert quoted
    assert [text for text in quoted if text not in code] == []


def test_all_kinds_of_objects_with_advice_are_in_troubleshooting() -> None:
    with_advice = [
        path.stem
        for path in (CHECKOUT / "plugins" / "module_utils").glob("*/*.py")
        if re.search(r"^    advice = \{", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert sorted(with_advice) == [
        "certificate",
        "ems_destination",
        "ipsec_ca_certificate",
        "ipsec_policy",
        "ipsec_service",
    ]


def test_every_guide_is_in_the_table_of_contents() -> None:
    index = (DOCS / "site" / "index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^(?:[^<\n]+ <)?(docs/[\w/]+)>?$", index, re.MULTILINE))
    assert listed == {os.fspath(page.relative_to(CHECKOUT).with_suffix("")) for page in DOCS.glob("*.md")}


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml"])
def test_pipelines_call_playbooks_that_there_are_and_nothing_without_an_approval(name: str) -> None:
    text = (DOCS / "gitops" / name).read_text(encoding="utf-8")
    called = re.findall(r"ansible-playbook (\S+)(.*)", text)
    assert {playbook for playbook, _rest in called} == {"wiresec.ontap.lint", "plan.yml", "apply.yml", "drift.yml"}
    for playbook, options in called:
        own = DOCS / "gitops" / "repository" / playbook
        assert own.exists() or (CHECKOUT / "playbooks" / f"{playbook.rpartition('.')[2]}.yml").exists()
        assert playbook != "apply.yml" or "-e" in options
        assert "lint" not in playbook or '"ipsec_lookups": false' in options
