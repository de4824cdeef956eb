# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx's configuration. It is read in the staged folder of ``build.py``, where pages lie as in the repository."""

from __future__ import annotations

import os
import re
from pathlib import Path

from docutils.nodes import Element
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

project = "wiresec.ontap"
author = "wiresec.ontap contributors"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name for it

extensions = ["myst_parser", "sphinx_antsibull_ext", "sphinx_copybutton"]
# Of a block with prompts, the commands behind them are copied, over all of their lines; of a block without, everything.
copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"
exclude_patterns: list[str] = []
myst_heading_anchors = 4
# Links are relative files, as on GitHub, or have one of these schemes; anything else is a typo.
myst_url_schemes = ["http", "https"]

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
highlight_language = "text"

CHECKOUT = Path(os.environ["WIRESEC_ONTAP_CHECKOUT"])
REPOSITORY = "https://github.com/wiresec/wiresec.ontap"
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")


CODES = re.compile(r"^\| ([0-9][^|]*) \|", re.MULTILINE)


def let_codes_be_found(app: Sphinx, document: str, source: list[str]) -> None:
    """Gives each error code of the page about trouble an anchor and an entry of the index, since the search drops plain numbers."""
    if document != "docs/troubleshooting":
        return
    seen = set()

    def entry(found: re.Match[str]) -> str:
        code = found[0]
        anchor = "" if code in seen else f'<span id="code-{code}"></span>'
        seen.add(code)
        return f"{anchor}{{index}}`{code}`"

    source[0] = CODES.sub(lambda row: f"| {re.sub(r'(?<!HTTP )[0-9]+', entry, row[1])} |", source[0])


def link_to_repository(app: Sphinx, document: str, source: list[str]) -> None:
    """Lets links to files that are no pages of the site lead to the repository. A link to nothing stays, and is an error."""
    folder = Path(app.srcdir, document).parent

    def target(found: re.Match[str]) -> str:
        linked = Path(os.path.normpath(folder / found[1]))
        if linked.is_file():
            return found[0]
        path = linked.relative_to(app.srcdir)
        kind = "tree" if (CHECKOUT / path).is_dir() else "blob"
        return f"{REPOSITORY}/{kind}/main/{path}{found[2] or ''}" if (CHECKOUT / path).exists() else found[0]

    if app.env.doc2path(document).suffix == ".md":
        source[0] = LINK.sub(target, source[0])


def of_ansible_itself(app: Sphinx, env: BuildEnvironment, node: pending_xref, text: Element) -> Element | None:
    """Leaves references of the generated pages to Ansible's own documentation plain text: the build needs no network."""
    own = node["reftarget"].startswith("ansible_collections.wiresec.ontap.")
    return text if node["reftype"] == "ref" and not own else None


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("source-read", link_to_repository)
    app.connect("source-read", let_codes_be_found)
    app.connect("missing-reference", of_ansible_itself)
