# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan says in its first line if it takes protection away from traffic, even where it only adds a policy."""

from __future__ import annotations

from pathlib import Path

from support.browser import EVIL, check_page
from support.repository import Repository
from support.team import fill

HOLE = {
    "name": EVIL,
    "action": "bypass",
    "local_endpoint": {"address": "10.10.10.7/32"},
    "remote_endpoint": {"address": "10.20.1.128/25"},
}


def test_an_innocent_looking_commit_opens_a_hole(tmp_path: Path, place: Path) -> None:
    with Repository(place / "repository") as repository:
        fill(repository)
        first = next(iter(repository.clusters))
        for array in repository.clusters.values():
            array.serve_data()
            array.set_export_rules("default", "svm2", {"clients": ["10.20.1.0/24"], "protocols": ["nfs4"]})
            array.add_interface("shared", "svm2", "10.10.10.7")
        assert repository.run("export.yml").code == 0
        path = f"ipsec/{first}/svm2.yml"
        content = repository.read(path)
        before = content.pop("policies")
        repository.write(path, [*before, HOLE], **content)
        play = repository.run("plan.yml", "-e", '{"ipsec_lint_fail_on": "never"}')
        text = (repository.folder / "ipsec-reports" / "plan.md").read_text(encoding="utf-8")
        first_line = text.splitlines()[0]
        assert first_line.endswith("**1 flow loses protection**"), play.output
        assert "1 flow loses protection" in play.output
        plans = {one["cluster"]: one for one in repository.read("ipsec-reports/plan.json")["plans"]}
        (row,) = [one for one in plans[first]["coverage"]["touched"] if one["after"]["worse"]]
        assert (row["state"], row["after"]["state"], row["after"]["losing"]) == (
            "protected",
            "partly",
            ["10.20.1.128/25"],
        )
        assert "| protected in part | 1 | 2 |" in text
        page = repository.folder / "ipsec-reports" / "plan.html"
        html = page.read_text(encoding="utf-8")
        assert "Flows that lose protection: 1" in html
        assert html.index("Flows that lose protection") < html.index("By cluster")
        plan = repository.read("ipsec-reports/plan.json")
        assert sum(plans[first]["coverage"]["after"].values()) == sum(plans[first]["coverage"]["before"].values())
        check_page(page, tmp_path, f"IPsec plan, {plan['time']}")
        # An account that may not read the traffic gets a plan that says so, and no greener one.
        array = repository.clusters[first]
        array.refuse("GET", "/api/network/ip/interfaces", 6, status=403, times=5)
        repository.run("plan.yml", "-e", '{"ipsec_lint_fail_on": "never"}')
        text = (repository.folder / "ipsec-reports" / "plan.md").read_text(encoding="utf-8")
        assert "`GET /api/network/ip/interfaces` could not be read" in text
        repository.run("plan.yml", "-e", '{"ipsec_lint_fail_on": "never", "ipsec_report_coverage": false}')
        assert "coverage" not in repository.read("ipsec-reports/plan.json")["plans"][0]
