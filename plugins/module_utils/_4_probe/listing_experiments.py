# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Experiments on how policies are found: pages, upper and lower case, quoting."""

from __future__ import annotations

from .experiment import PREFIX, SVM, SWAPPED, Experiment, Finding, Question, Seen, Unclear, create, endpoint, listing


def _empty_page(seen: Seen) -> Finding:
    pages = seen.all("pages")
    empty = [index for index, page in enumerate(pages) if not page.body.get("records")]
    if not empty:
        return Finding(f"not seen in {len(pages)} pages", "never")
    if empty == [0] and len(pages) > 1:
        return Finding("the first page was empty, and had a link to the next", "first")
    if empty == [len(pages) - 1]:
        return Finding("the last page was empty", "last")
    return Finding(f"the pages {', '.join(str(index + 1) for index in empty)} of {len(pages)} were empty")


def _counted(seen: Seen) -> Finding:
    parts = seen.all("count")
    return Finding(f"in {len(parts)} parts" if len(parts) > 1 else "as one number", len(parts) > 1)


def _tokens(seen: Seen) -> Finding:
    link = seen.one("pages").following
    if not link:
        raise Unclear("there was no link to a next page")
    names = [item.partition("=")[0] for item in link.partition("?")[2].split("&")]
    return Finding(f"a path below {link.partition('?')[0]} with the parameters {', '.join(names)}")


def _matches_case(seen: Seen) -> Finding:
    if not seen.accepted("create"):
        raise Unclear("the policy could not be created")
    if seen.refused("listing"):
        raise Unclear(f"the listing was answered {seen.one('listing')}")
    found = seen.count("listing") > 0
    return Finding("no, another case is found, too" if found else "yes", not found)


def _unique_case(seen: Seen) -> Finding:
    if not seen.accepted("create"):
        raise Unclear("the first policy could not be created")
    if seen.accepted("other"):
        return Finding("yes, they are two", True)
    if seen.refused("other", 66257103, 66257104, 1):
        return Finding(f"no, the second is refused ({seen.one('other')})", False)
    raise Unclear(f"the second was answered {seen.one('other')}")


def _quoting(seen: Seen) -> Finding:
    if not seen.count("control"):
        raise Unclear("not even double quotes made the name literal")
    if not seen.count("braces"):
        return Finding("double quotes do, braces do not", "double_quotes")
    if not seen.accepted("quote"):
        raise Unclear(f"braces do; a name with a double quote was answered {seen.one('quote')}")
    if seen.count("escaped"):
        return Finding("double quotes and braces do, and braces make double quotes literal", "braces_escape")
    return Finding("double quotes and braces do, and double quotes stay special inside of braces", "whole_value")


LISTING_EXPERIMENTS = (
    Experiment(
        "List two policies, one to a page",
        {
            "one": create("page1"),
            "two": create("page2", remote_endpoint=endpoint("198.51.100.11")),
            "pages": listing(name=PREFIX + "page*", svm__name=SVM, fields="name", order_by="name", max_records="1"),
            "count": listing(name=PREFIX + "page*", svm__name=SVM, return_records="false", max_records="1"),
        },
        [
            Question("3.4", "empty_page", "Are there empty pages?", _empty_page),
            Question("3.3", "count_in_parts", "Does a count come in parts, as records do?", _counted),
            Question("9.17", "", "What is in the link to the next page?", _tokens),
        ],
    ),
    Experiment(
        "Tell names in upper and lower case apart",
        {
            "create": create("Case"),
            "listing": listing(name=SWAPPED + "cASE", svm__name=SVM),
            "other": create("case", remote_endpoint=endpoint("198.51.100.11")),
        },
        [
            Question("9.4", "names_match_case", "Does a filter by name tell upper from lower case?", _matches_case),
            Question("9.4", "names_unique_case", "Are names that differ in case two names?", _unique_case),
        ],
    ),
    Experiment(
        "Quote names in filters",
        {
            "bar": create("a|b"),
            "quote": create('c|d"e', remote_endpoint=endpoint("198.51.100.11")),
            "control": listing(name=f'"{PREFIX}a|b"', svm__name=SVM),
            "braces": listing(name="{" + PREFIX + "a|b}", svm__name=SVM),
            "escaped": listing(name="{" + PREFIX + 'c|d"e}', svm__name=SVM),
        },
        [Question("9.4", "accept_quoting", "What makes characters of the query language literal?", _quoting)],
    ),
)
