# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/awx, run with the real modules of awx.awx: a typo in an option, or a name that nothing has, fails here."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from simulator import Simulator
from support.awx import KIT, tasks
from support.fake_awx import FakeAwx
from support.third_party import environment, playbook

# What AWX takes, read from its sources: awx/main/fields.py, awx/api/views, awx/api/serializers.py.
FIELD_KEYS = {
    "id",
    "label",
    "type",
    "secret",
    "multiline",
    "help_text",
    "format",
    "choices",
    "default",
    "ask_at_runtime",
}
QUESTION_KEYS = {"question_name", "question_description", "variable", "type", "choices", "default", "required"}


pytestmark = pytest.mark.xdist_group("awx.awx")
"""One worker sets it up, once."""


@pytest.fixture(scope="module")
def awx(client_python: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """AWX after configure.yml, with a credential that was filled in before."""
    with FakeAwx() as fake:
        fake.add("credentials", {"name": "IPsec vault", "inputs": {"vault_password": "$encrypted$"}, "organization": 1})
        fake.objects[-1]["credential_type"] = fake.get("credential_types", "Vault")["id"]
        home = tmp_path_factory.mktemp("home")
        told = {"CONTROLLER_HOST": fake.url, "CONTROLLER_OAUTH_TOKEN": "a-token-of-the-tests"}
        done = playbook([str(KIT / "configure.yml")], {**environment(Simulator(), home), **told}, home)
        assert done.code == 0, done.output
        assert "WARNING" not in done.output
        yield fake


def test_templates_of_awx_arrive_as_they_are(awx: FakeAwx) -> None:
    wanted = tasks()
    for name, collection in (
        ("Make the credential type of ONTAP", "credential_types"),
        ("Tell by mail of plans, of failures, and of what waits for an approval", "notification_templates"),
    ):
        options = wanted[name][1]
        arrived = awx.get(collection, options["name"])
        for key in ("injectors", "messages"):
            assert arrived.get(key) == options.get(key)
    assert isinstance(awx.get("notification_templates", "IPsec")["notification_configuration"]["port"], int)


def test_the_workflow_asks_for_an_approval_between_plan_and_apply(awx: FakeAwx) -> None:
    nodes = {name: awx.get("workflow_job_template_nodes", name) for name in ("plan", "approval", "apply", "drift")}
    names = {name: awx.objects[node["unified_job_template"] - 1]["name"] for name, node in nodes.items()}
    assert names == {
        "plan": "IPsec plan",
        "approval": "Approve the IPsec plan",
        "apply": "IPsec apply",
        "drift": "IPsec drift",
    }
    assert {name: awx.linked(node, "success_nodes") for name, node in nodes.items()} == {
        "plan": {"approval"},
        "approval": {"apply"},
        "apply": {"drift"},
        "drift": set(),
    }
    for association in ("failure_nodes", "always_nodes"):
        assert [name for name, node in nodes.items() if awx.linked(node, association)] == []


def test_jobs_have_what_they_need(awx: FakeAwx) -> None:
    for name in ("plan", "apply", "drift"):
        template = awx.get("job_templates", f"IPsec {name}")
        assert template["playbook"] == f"{name}.yml"
        assert awx.linked(template, "credentials") == {"IPsec clusters", "IPsec vault"}
        assert awx.linked(template, "notification_templates_error") == {"IPsec"}
        assert template["allow_simultaneous"] is (name != "apply")
        assert template["job_slice_count"] == 1
    schedule = awx.get("schedules", "IPsec drift, nightly")
    assert schedule["unified_job_template"] == awx.get("job_templates", "IPsec drift")["id"]
    assert re.fullmatch(r"DTSTART:\d{8}T\d{6}Z RRULE:FREQ=DAILY;INTERVAL=1", schedule["rrule"])


def test_surveys_are_such_as_awx_takes(awx: FakeAwx) -> None:
    assert len(awx.surveys) == 4
    for survey in awx.surveys.values():
        assert set(survey) == {"name", "description", "spec"}
        for question in survey["spec"]:
            assert set(question) == QUESTION_KEYS
            assert question["required"] is True
            assert question["default"] in question["choices"].splitlines()


def test_what_was_filled_in_by_hand_is_left_alone_and_nothing_is_secret(awx: FakeAwx) -> None:
    assert awx.get("credentials", "IPsec vault")["inputs"] == {"vault_password": "$encrypted$"}
    for name in ("IPsec clusters", "IPsec repository"):
        assert "inputs" not in awx.get("credentials", name)


def test_inputs_are_such_as_awx_takes() -> None:
    options = tasks()["Make the credential type of ONTAP"][1]
    assert set(options["inputs"]) == {"fields"}
    for entry in options["inputs"]["fields"]:
        assert set(entry) <= FIELD_KEYS
        assert entry["type"] == "string" or not {"secret", "multiline", "choices", "format"} & set(entry)


def test_nested_options_are_those_of_the_documentation(client_python: str, tmp_path: Path) -> None:
    # The module takes any key in a node, so that a typo would be silent.
    done = subprocess.run(
        [client_python, "-m", "ansible", "doc", "-t", "module", "-j", "awx.awx.workflow_job_template"],
        capture_output=True,
        text=True,
        check=True,
        env=environment(Simulator(), tmp_path),
    )
    documented = json.loads(done.stdout)["awx.awx.workflow_job_template"]["doc"]["options"]["workflow_nodes"][
        "suboptions"
    ]
    for node in tasks()["Make the workflow from a plan, by an approval, to a change"][1]["workflow_nodes"]:
        assert_documented(node, documented)


def assert_documented(given: dict[str, Any], documented: dict[str, Any]) -> None:
    assert set(given) <= set(documented)
    for name, value in given.items():
        below = documented[name].get("suboptions", {})
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict):
                assert_documented(entry, below)
