# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit as people get it: four files by one playbook, and the page in a real browser, with names that try to be HTML."""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_reports import coverage_report, html_report
from simulator import Simulator
from support.browser import EVIL, check_page
from support.harness import CHECKOUT, coverage
from support.pages import blocks
from support.repository import Repository

NFS = {
    "name": "nfs",
    "svm": "svm1",
    "action": "esp_transport",
    "authentication_method": "psk",
    "local_endpoint": {"address": "10.10.10.7", "netmask": "32"},
    "remote_endpoint": {"address": "10.0.0.0", "netmask": "8"},
    "protocol": "any",
}
HOLE = {**NFS, "name": EVIL, "action": "bypass", "remote_endpoint": {"address": "10.10.20.128", "netmask": "25"}}
HEAD = {"title": "IPsec audit", "time": "2026-05-05 10:00 UTC"}
ACCEPTED = {"svm": "svm2", "reason": f"=cmd {EVIL}", "until": "2099-12-31"}


@pytest.fixture
def answer(array: Simulator) -> dict[str, Any]:
    """What there is to say of an array with a hole in it, and with a name and a reason that try to be HTML."""
    array.serve_data()
    array.add_policy(NFS)
    array.add_policy(HOLE)
    array.refuse("GET", "/api/protocols/cifs/sessions", 6, status=403)
    networks = [{"network": "10.30.0.0/16", "name": f"Frankfurt {EVIL}"}]
    return {"cluster": "cluster1", "problem": "", **coverage(array, client_networks=networks, exceptions=[ACCEPTED])}


def document(*clusters: dict[str, Any], previous: Any = None) -> dict[str, Any]:
    return coverage_report.document(clusters, HEAD, previous)


LOST = {"cluster": "cluster2", "problem": f"it does not answer {EVIL}"}


def test_the_page_in_a_browser(answer: dict[str, Any], tmp_path: Path) -> None:
    page = tmp_path / "audit.html"
    page.write_text(html_report.coverage(document(answer, LOST)), encoding="utf-8")
    check_page(page, tmp_path, "IPsec audit, 2026-05-05 10:00 UTC")


def test_every_state_is_told_by_a_letter_and_a_hatching_and_not_by_colour_alone() -> None:
    looks = html_report.picture.LOOKS
    assert list(looks) == list(coverage_report.STATES)
    assert len({letter for _colour, letter, _hatching in looks.values()}) == len(looks)


def test_the_first_sentence_is_the_answer(answer: dict[str, Any]) -> None:
    first = coverage_report.markdown(document(answer, LOST)).splitlines()[0]
    assert re.fullmatch(
        r"# IPsec audit: \d+ of \d+ intended flows are protected, and \d+ of \d+ observed flows are protected; "
        r"\d+ are neither protected nor accepted, \d+ are accepted. But nothing is known of 1 of 2 clusters, "
        r"and not everything could be read.",
        first,
    )


def test_a_spreadsheet_runs_nothing(answer: dict[str, Any]) -> None:
    rows = list(csv.DictReader(coverage_report.as_csv(document(answer)).splitlines()))
    flows = answer["flows"]
    assert len(rows) == len(flows["intended"]) + len(flows["observed"])
    assert {row["exception"][:5] for row in rows} == {"", "'=cmd"}
    assert {row["state"] for row in rows} <= set(coverage_report.STATES)


def test_what_has_changed(answer: dict[str, Any], array: Simulator) -> None:
    before = document(answer)
    array.edit_policy("nfs", "svm1", {"enabled": False})
    array.heal()
    after = {"cluster": "cluster1", "problem": "", **coverage(array)}
    doc = document(after, previous=json.loads(json.dumps(before)))
    assert doc["since"] == HEAD["time"]
    worse = [one for one in doc["changes"] if one["worse"] and one["before"] == "protected"]
    assert {(one["address"], one["after"]) for one in worse} == {("10.10.10.7", "clear")}
    assert "**worse**" in coverage_report.markdown(doc)
    assert document(after, previous=document(after))["changes"] == []


def test_what_nobody_looked_at_has_not_changed(answer: dict[str, Any]) -> None:
    lost = {"cluster": "cluster1", "problem": "it does not answer"}
    another = {**answer, "cluster": EVIL}
    both = json.loads(json.dumps(document(answer, another)))
    for now, names in (([lost, another], ["cluster1"]), ([another], ["cluster1"]), ([answer, another], [])):
        doc = document(*now, previous=both)
        assert (doc["changes"], doc["not_compared"]) == ([], names)
        for text in (coverage_report.markdown(doc), html_report.coverage(doc)):
            assert ("Not compared, because nothing was known then or is now" in text) == bool(names)
    doc = document(answer, previous=json.loads(json.dumps(document(lost))))
    assert (doc["changes"], doc["not_compared"]) == ([], ["cluster1"])
    # An account that lost the right to see interfaces.
    unread = [{"what": "interfaces", "endpoint": "GET", "why": "no", "missing": "nothing"}]
    blind = {**answer, "unread": unread, "flows": {**answer["flows"], "intended": []}}
    assert document(blind, another, previous=both)["changes"] == []


def test_a_cluster_that_was_away_is_compared_with_what_was_known_of_it(
    answer: dict[str, Any], array: Simulator
) -> None:
    away = document(LOST, {"cluster": "cluster1", "problem": "away"}, previous=document(answer))
    still = document({"cluster": "cluster1", "problem": "away"}, previous=json.loads(json.dumps(away)))
    elsewhere = document({**answer, "cluster": "cluster3"}, previous=still)
    array.edit_policy("nfs", "svm1", {"enabled": False})
    back = {"cluster": "cluster1", "problem": "", **coverage(array)}
    for before in (away, still, elsewhere):
        doc = document(back, previous=json.loads(json.dumps(before)))
        assert {(one["before"], one["after"]) for one in doc["changes"] if one["worse"]} >= {("protected", "clear")}
        assert (doc["since_earlier"], "cluster1" in doc["earlier"]) == ({"cluster1": HEAD["time"]}, False)
        for text in (coverage_report.markdown(doc), html_report.coverage(doc)):
            assert f"is compared with what was known of it at {HEAD['time']}" in text
    # What is not looked at any more is told once, and not for ever.
    gone = document({**answer, "cluster": "cluster3"}, previous=elsewhere)
    assert (elsewhere["not_compared"], gone["not_compared"]) == (["cluster1"], [])


def test_a_picture_of_an_array_of_any_size_fits(answer: dict[str, Any]) -> None:
    (row, *_others) = answer["flows"]["intended"]
    states = list(coverage_report.STATES)
    flows = [
        {
            **row,
            "client": f"10.{x}.{y}.0/24",
            "interface": f"lif{y}",
            "state": states[(x * y) % 9],
            "services": ["nfs"],
            "ports": ["tcp/2049"],
        }
        for x in range(60)
        for y in range(60)
    ]
    drawn = html_report.picture.picture(flows)
    assert (len(drawn["rows"]), len(drawn["columns"])) == (40, 16)
    assert drawn["left_out"] > 0
    assert len(html_report.picture.picture([row] * 500)["rows"]) == 1


# The playbook.


@pytest.mark.covers_plays
def test_the_playbook_reports_all_clusters_and_fails_afterwards(tmp_path: Path, place: Path) -> None:
    with Repository(place / "repository") as repository:
        first, second, third = repository.clusters.values()
        for array in (first, second):
            array.serve_data()
            array.add_policy({**NFS, "local_endpoint": {"address": "10.10.0.0", "netmask": "16"}})
        second.add_policy({**HOLE, "name": "scanner"})
        soon = datetime.now(UTC) + timedelta(days=12, hours=1)
        second.add_certificate("<b>soon</b>", "svm1", "server", expiry_time=soon.isoformat())
        second.add_policy({"name": "later", "svm": "svm1", "certificate": "<b>soon</b>", "enabled": False})
        third.add_account("admin", "another password")
        (repository.folder / "exceptions.yml").write_text(
            yaml.safe_dump({"ipsec_audit_exceptions": [{"svm": "svm2", "reason": "not yet", "until": "2099-12-31"}]}),
            encoding="utf-8",
        )
        policies = repository.folder / "ipsec" / next(iter(repository.clusters)) / "svm1.yml"
        repository.write(str(policies), [])
        # What another playbook has reported is its own business.
        (repository.folder / "ipsec-reports").mkdir()
        (repository.folder / "ipsec-reports" / "drift.md").touch()
        given = ["-e", "@exceptions.yml", "-e", '{"ipsec_audit_protocols": ["nfs"]}']
        play = repository.run("audit.yml", *given)
        assert play.code == 2, play.output
        reports = repository.folder / "ipsec-reports"
        assert {path.name for path in reports.glob("audit.*")} == {"audit.html", "audit.md", "audit.json", "audit.csv"}
        assert (reports / "drift.md").exists()
        check_signing(repository, tmp_path)
        doc = repository.read("ipsec-reports/audit.json")
        listed = f"{sha256(policies.read_bytes()).hexdigest()}  {policies.relative_to(repository.folder)}\n"
        assert doc["clusters"][0]["policy_files"] == {"checksum": sha256(listed.encode()).hexdigest()}
        assert "there is no such file or folder" in doc["clusters"][1]["policy_files"]["problem"]
        assert [(one["cluster"], bool(one["problem"])) for one in doc["clusters"]] == [
            (name, number == 2) for number, name in enumerate(repository.clusters)
        ]
        failed = set(re.findall(r"^(\S+) +:.* failed=1", play.output, re.MULTILINE))
        assert failed == {name for number, name in enumerate(repository.clusters) if number}
        told = "X.509 certificate '<b>soon</b>' on SVM 'svm1' expires in 12 days"
        assert [one.get("expiry_warnings", [""])[:1] for one in doc["clusters"][:2]] == [
            [],
            [f"{told}, on {soon:%Y-%m-%d} (used by policy 'later')."],
        ]
        assert told in (reports / "audit.md").read_text(encoding="utf-8")
        page = (reports / "audit.html").read_text(encoding="utf-8")
        assert told in html.unescape(page) and "<b>soon" not in page
        # The second report tells what has changed.
        second.edit_policy("scanner", "svm1", {"enabled": False})
        (reports / "audit.json").rename(repository.folder / "before.json")
        told_more = {
            "ipsec_audit_previous": "before.json",
            "ipsec_audit_protocols": ["nfs", "tcp/4420"],
            "ipsec_audit_client_networks": [{"network": "10.20.0.0/16", "name": "office"}],
            "ipsec_audit_client_names": {"client.example.com": ["10.20.0.7"]},
            "ipsec_audit_svms": ["svm1"],
            "ipsec_audit_fail_on": [],
            "ipsec_audit_allow_empty": True,
        }
        again = repository.run("audit.yml", *given, "-e", json.dumps(told_more))
        assert set(re.findall(r"^(\S+) +:.* failed=1", again.output, re.MULTILINE)) == {"cluster3"}, again.output
        text = (reports / "audit.md").read_text(encoding="utf-8")
        of_first = repository.read("ipsec-reports/audit.json")["clusters"][0]["flows"]["intended"]
        assert {one["svm"] for one in of_first} == {"svm1"} and "office" in json.dumps(of_first)
        assert "## Changed since" in text
        assert "was protected in part, is protected by IPsec" in text
        (repository.folder / "before.json").write_text('{"report": "ipsec_coverage", "clusters": 3}', encoding="utf-8")
        useless = repository.run("audit.yml", *given, "-e", json.dumps(told_more))
        assert (
            "before.json makes no sense here, so nobody can tell what has changed since. Move it away" in useless.output
        )
        assert first.password not in "".join(path.read_text(encoding="utf-8") for path in reports.glob("audit.*"))


def test_an_audit_that_is_refused_leaves_no_report_of_another_day(repository: Repository) -> None:
    fine = repository.run("audit.yml", "-l", "cluster1", "-e", '{"ipsec_audit_allow_empty": true}')
    assert fine.code == 0, fine.output
    reports = repository.folder / "ipsec-reports"
    before = (reports / "audit.md").read_text(encoding="utf-8")
    refused = repository.run("audit.yml", "-l", "cluster1", "-e", '{"ipsec_audit_protocols": [""]}')
    reason = "ipsec_audit_protocols: is empty, or a list with an entry that is."
    after = (reports / "audit.md").read_text(encoding="utf-8")
    assert refused.code == 2 and reason in refused.output, refused.output
    assert reason in after and reason not in before and reason in (reports / "audit.html").read_text(encoding="utf-8")
    assert list(repository.read("ipsec-reports/audit.json")["earlier"]) == ["cluster1"]
    blank = repository.run("audit.yml", "-l", "cluster1", "-e", '{"ipsec_report_directory": " "}')
    assert blank.code == 2 and {path.name for path in repository.folder.glob("*audit*")} == {"audit.yml"}


def check_signing(repository: Repository, folder: Path) -> None:
    """The commands of the documentation sign a report, and find out that somebody has edited it."""
    gpg = shutil.which("gpg")
    if gpg is None:
        return
    home = folder / "keys"
    home.mkdir(mode=0o700)
    environment = {**repository.environment(), "GNUPGHOME": str(home)}

    def run(*command: str) -> int:
        return subprocess.run(command, cwd=repository.folder, env=environment, check=False).returncode

    key = ("--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "audit@example.com", "ed25519", "sign")
    assert run(gpg, *key) == 0
    commands = [
        line[2:].split()
        for block in blocks(CHECKOUT / "docs" / "coverage.md", "console")
        for line in block.splitlines()
        if line.startswith("$ gpg ")
    ]
    assert [run(*one) for one in commands] == [0, 0]
    report = repository.folder / "ipsec-reports" / "audit.json"
    signed = report.read_bytes()
    report.write_bytes(signed.replace(b'"clear"', b'"protected"', 1))
    assert run(*commands[-1]) != 0
    report.write_bytes(signed)
    # Otherwise its agent stays.
    assert run("gpgconf", "--kill", "all") == 0
