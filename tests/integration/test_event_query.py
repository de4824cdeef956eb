# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The counting of nodes in automation controller: its expressions, on real results, as awx.main.tasks.host_indirect carries them out."""

from __future__ import annotations

from typing import Any

import jq
import yaml

from support.harness import CHECKOUT, Playbooks, task

QUERIES: dict[str, dict[str, str]] = yaml.safe_load(
    (CHECKOUT / "extensions" / "audit" / "event_query.yml").read_text(encoding="utf-8")
)


def counted(action: str, result: dict[str, Any]) -> list[Any]:
    """The nodes of one event."""
    found: list[Any] = jq.compile(QUERIES[action]["query"]).input(result).all()
    return found


def test_every_module_that_connects_to_an_array_counts_it() -> None:
    group = yaml.safe_load((CHECKOUT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["ontap"]
    assert list(QUERIES) == [f"wiresec.ontap.{name}" for name in group]
    assert {tuple(one) for one in QUERIES.values()} == {("query",)}
    given = {"invocation": {"module_args": {"hostname": "Cluster1.example.com"}}}
    for name in QUERIES:
        (node,) = counted(name, given)
        assert node["name"] == "cluster1.example.com"
        assert node["canonical_facts"] == {"host_name": "cluster1.example.com"}
        assert node["facts"].keys() == {"infra_type", "infra_bucket", "device_type"}
        for nothing in ({}, {"invocation": {"module_args": {"hostname": None}}}, {"failed": True, "results": []}):
            assert counted(name, nothing) == []


def test_real_results_count_the_array_once(playbooks: Playbooks) -> None:
    modules = {"ipsec_policy_info": {}, "ipsec_policy": {"name": "x", "svm": "svm1", "state": "absent"}}
    play = playbooks.play(
        [task(name, name, **options) for name, options in modules.items()], "-e", "ansible_inject_invocation=true"
    )
    assert play.code == 0, play.output
    nodes = [node for name in modules for node in counted(f"wiresec.ontap.{name}", play.result(name))]
    assert [node["canonical_facts"] for node in nodes] == [{"host_name": playbooks.array.host}] * 2
    assert playbooks.array.password not in str(nodes)
