# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that probes an array and writes a report, and the guide to it: docs/real_array.md."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator import Request, Simulator, Unknowns
from support.harness import CHECKOUT, Play, Playbooks
from support.pages import blocks
from support.paths import POLICIES
from support.probing import PREFIX, furnish, probe, surroundings

PROBE = CHECKOUT / "playbooks" / "probe.yml"
GUIDE = CHECKOUT / "docs" / "real_array.md"


def play_probe(playbooks: Playbooks, *arguments: str, **keywords: Any) -> Play:
    # A shell sets PWD, where reports go; the harness starts programs without one.
    environment = {"PWD": str(playbooks.folder)}
    return playbooks.run(PROBE, "-e", "svm=svm1", *arguments, environment=environment, **keywords)


@pytest.fixture
def report(tmp_path: Path) -> Callable[[], tuple[str, dict[str, Any]]]:
    """Reads the report that a playbook wrote, as Markdown and as data."""
    place = tmp_path / "wiresec_probe_report"
    return lambda: (
        place.with_suffix(".md").read_text(encoding="utf-8"),
        json.loads(place.with_suffix(".json").read_text(encoding="utf-8")),
    )


def test_the_playbook_writes_a_report(playbooks: Playbooks, report: Callable[[], tuple[str, dict[str, Any]]]) -> None:
    array = playbooks.array
    furnish(array)
    array.unknowns = replace(Unknowns(), protocol_names="name", patch_without_port="resets")
    before = surroundings(array)
    play = play_probe(playbooks, "-vvvv")
    assert play.code == 0, play.output
    assert surroundings(array) == before
    markdown, data = report()
    assert {entry["switch"]: entry["setting"] for entry in data["answers"]}["protocol_names"] == "name"
    assert "| 9.7 | `protocol_names` | How are protocols other than tcp, udp and any spelled? |" in markdown
    assert "`resets`" in markdown
    assert "9.17.1" in markdown
    assert "POST /api/security/ipsec/policies" in markdown
    for text in (markdown, play.output):
        assert array.password not in text
        told = [request.body["secret_key"] for request in array.requests if "secret_key" in (request.body or {})]
        assert [key for key in told if key.startswith("probe-") and key in text] == []
    assert "svm1" not in markdown


def test_the_playbook_in_check_mode_writes_nothing(playbooks: Playbooks, tmp_path: Path) -> None:
    play = play_probe(playbooks, "--check")
    assert play.code == 0, play.output
    assert {request.method for request in playbooks.array.requests} == {"GET"}
    assert not list(tmp_path.glob("wiresec_probe_report*"))
    assert "POST /api/security/ipsec/policies" in play.output
    assert "How are protocols other than tcp, udp and any spelled?" in play.output


def test_the_playbook_asks_for_the_svm(playbooks: Playbooks) -> None:
    play = playbooks.run(PROBE)
    assert play.code == 2
    assert "-e svm=" in play.output
    assert playbooks.array.requests == []


def test_the_playbook_fails_if_something_is_left_and_says_how_to_remove_it(
    playbooks: Playbooks, report: Callable[[], tuple[str, dict[str, Any]]]
) -> None:
    array = playbooks.array
    array.refuse("DELETE", f"{POLICIES}/*", 66257096, times=1000)
    play = play_probe(playbooks, "-e", "names=false")
    assert play.code == 2
    assert f"security ipsec policy delete -vserver svm1 -name {PREFIX}first" in play.output
    markdown, data = report()
    assert data["left"] == [f"{PREFIX}first"]
    assert f"{PREFIX}first" in markdown


def test_the_playbook_removes_leftovers_even_if_the_module_fails(playbooks: Playbooks) -> None:
    array = playbooks.array
    furnish(array)
    before = surroundings(array)
    leftover = {"name": f"{PREFIX}x", "svm": "svm1", "action": "bypass", "local_endpoint": {"address": "192.0.2.10"}}
    array.add_policy(leftover)
    array.refuse("GET", POLICIES, 262145, times=1)
    play = play_probe(playbooks)
    assert play.code == 2
    assert "Ask the array" in play.failed
    assert surroundings(array) == before


# --- the guide ---


@pytest.mark.parametrize(
    "command",
    [line for block in blocks(GUIDE, "console") for line in block.splitlines() if line.startswith("ansible-playbook ")],
)
def test_the_commands_of_the_guide_run(playbooks: Playbooks, tmp_path: Path, command: str) -> None:
    _program, playbook, *arguments = command.split()
    play = playbooks.run(Path(playbook), *arguments, environment={"PWD": str(tmp_path)})
    assert play.code == 0, play.output
    assert play.failed == []
    assert bool(list(tmp_path.glob("wiresec_probe_report.*"))) == ("--check" not in arguments)


def test_the_playbook_of_the_guide_runs(playbooks: Playbooks, tmp_path: Path) -> None:
    (block,) = [yaml.safe_load(block) for block in blocks(GUIDE, "yaml") if block.startswith("- ")]
    play = playbooks.run(block, environment={"PWD": str(tmp_path)})
    assert play.code == 0, play.output
    assert (tmp_path / "report_of_svm1.md").exists()
    created = [request.body["name"] for request in playbooks.array.requests if request.method == "POST"]
    assert {name[: len("netops_probe_")] for name in created} == {"netops_probe_"}


def test_the_configuration_in_the_guide_is_that_of_the_template() -> None:
    (block,) = [yaml.safe_load(block) for block in blocks(GUIDE, "yaml") if not block.startswith("- ")]
    text = (CHECKOUT / "tests" / "integration" / "integration_config.yml.template").read_text(encoding="utf-8")
    assert [option for option in block if f"{option}:" not in text] == []


def test_it_costs_what_the_guide_says() -> None:
    most = 0

    def count(request: Request) -> None:
        nonlocal most
        most = max(most, len(other.policies()))

    with Simulator(on_request=count) as other:
        probe(other)
        guide = GUIDE.read_text(encoding="utf-8")
        assert "There are six at a time at the most" in guide
        assert most <= 6
        assert "About 120 requests on one connection" in guide
        assert 105 < len(other.requests) < 135
        assert other.connections == 1
