# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ipsec_policies as users run it: ansible-playbook, over HTTPS, read from the screen; up to thousands of policies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.harness import Play, Playbooks

pytestmark = pytest.mark.covers_plays

KEY = "first-secret-of-the-set-tests"
PPK = "post-quantum-secret-of-set-tests"
SHORT_KEY = "too-short-key"
SVMS = [f"svm{number:02}" for number in range(20)]
PAGE = 100


def entries(number: int) -> list[dict[str, Any]]:
    """A set of policies over 20 SVMs."""
    return [
        {
            "name": f"policy{index:04}",
            "svm": SVMS[index % len(SVMS)],
            "enabled": True,
            "action": "esp_transport",
            "protocol": "tcp",
            "local_endpoint": {"address": f"10.{index // 250}.{index % 250}.7/32", "port": 2049},
            "remote_endpoint": {"address": "10.200.0.0/16"},
            "secret_key": KEY,
        }
        for index in range(number)
    ]


def bring(
    playbooks: Playbooks,
    folder: Path,
    policies: list[dict[str, Any]],
    *arguments: str,
    home: Path | None = None,
    **options: Any,
) -> Play:
    """Runs one task with a list that comes from a file, as in a repository of policies. home: Ansible's, of this run alone."""
    (folder / "policies.json").write_text(json.dumps({"ipsec_policies": policies}), encoding="utf-8")
    task = {"name": "set", "wiresec.ontap.ipsec_policies": {"policies": "{{ ipsec_policies }}", **options}}
    playbooks.array.clear_log()
    own_home = {"ANSIBLE_HOME": str(home)} if home else None
    return playbooks.play([task], "-e", f"@{folder / 'policies.json'}", *arguments, environment=own_home)


@pytest.mark.parametrize("number", [1, PAGE, 10 * PAGE])
def test_sets_of_any_size(playbooks: Playbooks, tmp_path: Path, number: int) -> None:
    array = playbooks.array
    array.page_size = PAGE
    for svm in SVMS:
        array.add_svm(svm)
    wanted = entries(number)
    pages = max(1, -(-number // PAGE))

    first = bring(playbooks, tmp_path, wanted, concurrency=8)
    assert first.result("set")["summary"]["created"] == number, first.output
    # Nothing is listed, so which SVMs there are is asked, and for one SVM whether the account sees that one only.
    assert [request.method for request in array.requests] == ["GET"] * (3 if number else 1) + ["POST"] * number

    again = bring(playbooks, tmp_path, wanted)
    assert (again.changed, again.result("set")["summary"]["unchanged"]) == ([], number)
    assert [request.method for request in array.requests] == ["GET"] * pages
    assert array.connections == 1

    drifted = wanted[:: max(1, number // (number // 100 or 1))][: number // 100 or 1]
    for entry in drifted:
        array.edit_policy(entry["name"], entry["svm"], {"enabled": False})
    repaired = bring(playbooks, tmp_path, wanted)
    assert repaired.result("set")["summary"]["modified"] == len(drifted)
    assert [request.method for request in array.requests] == ["GET"] * pages + ["PATCH"] * len(drifted)

    pruned = bring(playbooks, tmp_path, wanted[len(drifted) :], prune=True, svms=SVMS, allow_empty=True)
    assert pruned.result("set")["summary"]["deleted"] == len(drifted)
    assert len(array.policies()) == number - len(drifted)


def test_check_and_diff_show_one_block_a_policy_and_write_nothing(playbooks: Playbooks, tmp_path: Path) -> None:
    array = playbooks.array
    for svm in SVMS:
        array.add_svm(svm)
    wanted = entries(12)
    bring(playbooks, tmp_path, wanted)
    array.edit_policy("policy0003", "svm03", {"enabled": False})
    array.add_policy({"name": "manual", "svm": "svm01", "action": "bypass"})
    before = array.policies()
    play = bring(playbooks, tmp_path, [*wanted, {**wanted[0], "name": "new"}], "--check", "--diff", prune=True)
    assert array.policies() == before
    headers = [line for line in play.output.splitlines() if line.startswith(("--- ", "+++ "))]
    assert headers == [
        f"{sign} {side}: IPsec policy '{name}' on SVM '{svm}'"
        for name, svm in (("new", "svm00"), ("manual", "svm01"), ("policy0003", "svm03"))
        for sign, side in (("---", "before"), ("+++", "after"))
    ]
    assert "policies unchanged: 11" in play.output
    assert KEY not in play.output


def test_no_secret_of_a_list_shows_anywhere(playbooks: Playbooks, tmp_path: Path, place: Path) -> None:
    array = playbooks.array
    for svm in SVMS:
        array.add_svm(svm)
    wanted = entries(4)
    wanted[1]["ppk"] = {"identity": "ppk-identity", "shared_key": PPK}
    array.refuse("POST", "/security/ipsec/policies", code=66257107, message=f"what is {KEY}?", occurrence=2)

    def loud(policies: list[dict[str, Any]], *arguments: str, **options: Any) -> Play:
        return bring(playbooks, tmp_path, policies, "-vvvv", "--diff", *arguments, home=place / "home", **options)

    plays = [
        loud([*wanted, {**wanted[0], "name": "bad", "secret_key": SHORT_KEY}]),
        loud([{**wanted[0], "actoin": "bypass"}]),
        loud(wanted, "--check", return_policies=True),
        loud(wanted, concurrency=1, return_policies=True),
        loud(wanted, return_policies=True),
        loud(wanted, update_secret_key="always"),
    ]
    assert [play.code for play in plays] == [2, 2, 0, 2, 0, 2]
    assert "policies[4]" in plays[0].output
    assert "actoin" in plays[1].output
    hidden = [KEY, PPK, SHORT_KEY, array.password]
    for play in plays:
        assert [secret for secret in hidden if secret in play.output + json.dumps(play.results)] == []
    remains = [path for path in (place / "home").rglob("*") if path.is_file()]
    assert [path for path in remains if any(secret.encode() in path.read_bytes() for secret in hidden)] == []


def test_a_long_list_is_not_repeated_in_the_result(playbooks: Playbooks, tmp_path: Path) -> None:
    for svm in SVMS:
        playbooks.array.add_svm(svm)
    for number, echo in ((100, list), (101, str)):
        # ansible-core 2.20 and later add it on demand only.
        play = bring(playbooks, tmp_path, entries(number), "--check", "-e", "ansible_inject_invocation=true")
        assert isinstance(play.result("set")["invocation"]["module_args"]["policies"], echo)


def test_a_failure_reads_well(playbooks: Playbooks, tmp_path: Path) -> None:
    array = playbooks.array
    for svm in SVMS:
        array.add_svm(svm)
    array.refuse("POST", "/security/ipsec/policies", code=66257121, occurrence=2)
    play = bring(playbooks, tmp_path, entries(4), concurrency=1)
    message = play.result("set")["msg"]
    assert play.code == 2
    assert message.startswith(
        "1 of 4 changes failed, 2 were not attempted. policies[1] (IPsec policy 'policy0001' on SVM 'svm01'): "
    )
    assert "Delete policies of this SVM that are no longer needed" in message
    assert play.result("set")["changed"] is True
