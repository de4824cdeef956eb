# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/faults_compared.md says what is measured: what becomes of the tasks of two collections under the same faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator import Simulator, faults
from simulator.messages import Answer
from support.fault_comparison import (
    CELLS,
    HEALTHY,
    JOBS,
    LOCKED,
    LOOKS,
    Cell,
    Comparison,
    healthy,
    is_true,
    measure,
    versions,
)
from support.fault_matrix import SECRETS, others
from support.harness import CHECKOUT, policy
from support.paths import POLICIES
from support.third_party import KEY, PSK, task

DOCUMENT = (CHECKOUT / "docs" / "faults_compared.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.xdist_group("compared faults")
"""One worker measures, once."""


@pytest.fixture(scope="module")
def comparison(client_python: str) -> Comparison:
    """Everything that is measured; about a minute, for netapp.ontap waits as long for an answer that does not come."""
    return measure(client_python)


def leaked(text: str) -> list[str]:
    """The secrets in a text."""
    return [secret for secret in (*SECRETS, Simulator.password) if secret in text]


def test_the_document_names_the_releases(client_python: str) -> None:
    assert versions(client_python) in " ".join(DOCUMENT.split())


def test_the_tables_in_the_document_are_these(comparison: Comparison) -> None:
    assert "\n".join(comparison.tables()) in DOCUMENT


def test_without_faults_both_do_what_the_tasks_describe(comparison: Comparison) -> None:
    assert [comparison.texts(cell) for cell in HEALTHY] == [("done", "done")] * len(HEALTHY)
    assert [comparison.peer[cell.name].result["changed"] for cell in HEALTHY] == [False, True, True, True, True]
    assert [comparison.own[cell.name].result["changed"] for cell in HEALTHY] == [False, True, True, True, True]


@pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])
def test_each_cell_of_this_collection_is_judged_as_those_of_the_other_one(comparison: Comparison, cell: Cell) -> None:
    outcome = comparison.own[cell.name]
    if not outcome.failed:
        assert is_true(outcome, comparison.own[healthy(cell).name].after)
    elif not outcome.result["changed"]:
        assert outcome.after == outcome.before
    assert others(outcome.after) == others(outcome.before)
    assert leaked(json.dumps(outcome.result)) == []


def test_what_the_document_says_of_all_cells_of_the_other_collection(comparison: Comparison) -> None:
    for cell in CELLS:
        outcome = comparison.peer[cell.name]
        assert leaked(outcome.printed) == []
        assert others(outcome.after) == others(outcome.before)
        assert ("read timeout=60" in json.dumps(outcome.result)) is (cell.fault.kind == "silence")
        # One request each for the release, the look-up and the write, one more for a look at a job, and what is repeated.
        repeated = cell.fault in LOOKS or (cell.fault == LOCKED and cell.scenario.method in ("POST", "PATCH"))
        assert outcome.requests <= 3 + (cell.fault in (*JOBS, *LOOKS)) + repeated
        assert outcome.connections == outcome.requests


def test_a_second_run_of_the_other_collection_does_not_tell_of_a_change_that_the_first_one_missed(
    array: Simulator, play: Callable[..., list[dict[str, Any]]]
) -> None:
    array.fault("reset", "POST", POLICIES, after_effect=True)
    first, second = play(array, [task(PSK), task(PSK)])
    assert (first["failed"], first["changed"]) == (True, False)
    assert (second.get("failed", False), second["changed"]) == (False, False)


def test_only_the_other_collection_follows_a_redirect_to_another_host_with_a_key(
    array: Simulator,
    make_array: Callable[..., Simulator],
    play: Callable[..., list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = make_array()
    # Tasks trust the other host as well: its certificate is as good as the array's.
    authorities = Path(array.ca_path)
    own_authority = authorities.read_text(encoding="ascii")
    to_elsewhere = faults.Kind(
        "307 to the same path of a host that is there",
        lambda scene: Answer(307, None, {"Location": elsewhere.url + scene.call.target}),
        faults.Effect.NEVER,
    )
    monkeypatch.setitem(faults.KINDS, "to_elsewhere", to_elsewhere)
    try:
        authorities.write_text(own_authority + Path(elsewhere.ca_path).read_text(encoding="ascii"), encoding="ascii")
        array.fault("to_elsewhere", "POST", POLICIES)
        (result,) = play(array, [task(PSK)])
        assert result["failed"]
        (received,) = elsewhere.requests
        assert received.body["secret_key"] == KEY
        assert "authorization" not in received.headers

        elsewhere.clear_log()
        array.reset()
        array.fault("to_elsewhere", "POST", POLICIES)
        assert policy(array, **PSK, retries=1)["changed"] is True
        assert [(request.method, request.status) for request in array.requests if request.method == "POST"] == [
            ("POST", 307),
            ("POST", 201),
        ]
        assert elsewhere.requests == []
    finally:
        authorities.write_text(own_authority, encoding="ascii")
