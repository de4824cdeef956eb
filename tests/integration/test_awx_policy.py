# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy as code for Automation Controller: docs/awx/approved.rego, evaluated by regorus, on what the controller asks.

The input is what awx/main/tasks/policy.py of AWX makes of a job, as far as the policy looks at it; how the answer is judged is
from there, too.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opa_eval import OpaEval

from environment import CHECKOUT

POLICY = CHECKOUT / "docs" / "awx" / "approved.rego"
ONE, TWO, OTHER = (f"sha256:{letter * 8}" for letter in "123")
APPROVALS = {"monday": {"ipsec_plan_digests": [ONE, TWO]}}
JOB: dict[str, Any] = {
    "id": 7,
    "name": "IPsec apply",
    "job_type": "run",
    "limit": "",
    "playbook": "apply.yml",
    "scm_branch": "",
    "project": {"id": 1, "name": "IPsec", "scm_branch": "main"},
    "inventory": {"id": 1, "name": "IPsec clusters"},
    "workflow_job_template": {"id": 2, "name": "IPsec change"},
    "extra_vars": {"ipsec_require_approval": "true", "ipsec_plan_digests": [ONE]},
}


def violations(job: dict[str, Any], approvals: Any) -> list[str]:
    """Why the controller does not start a job; nothing if it does."""
    data = {} if approvals is None else {"ipsec_approvals": approvals}
    verdict = OpaEval(str(POLICY), data_json=json.dumps(data), query="data.ipsec.job").evaluate_parsed(json.dumps(job))
    assert {type(verdict["allowed"]), type(verdict["violations"])} == {bool, list}, "anything else is an error to it"
    assert verdict["allowed"] is not bool(verdict["violations"]), "it starts what is not allowed without a violation"
    return list(verdict["violations"])


def with_vars(**variables: Any) -> dict[str, Any]:
    return {**JOB, "extra_vars": {**JOB["extra_vars"], **variables}}


@pytest.mark.parametrize(
    "job",
    [
        JOB,
        with_vars(ipsec_plan_digests=[ONE, TWO]),
        with_vars(tower_user_name="{a}", of_ansible_={"ansible_b": 1}),
        {**JOB, "playbook": "plan.yml", "extra_vars": {}},
        {**JOB, "playbook": "drift.yml", "extra_vars": {}},
        {**JOB, "job_type": "check", "extra_vars": {}},
        {**JOB, "scm_branch": None},
    ],
    ids=["approved", "both approved", "other variables", "plan", "drift", "check mode", "no branch"],
)
def test_what_may_run(job: dict[str, Any]) -> None:
    assert violations(job, APPROVALS) == []


NONE = "There is no digest of a plan that was approved"


@pytest.mark.parametrize(
    ("job", "approvals", "why"),
    [
        (with_vars(ipsec_plan_digests=[OTHER]), APPROVALS, f"not approved, is the plan {OTHER}"),
        (with_vars(ipsec_plan_digests=[ONE, OTHER]), APPROVALS, f"not approved, is the plan {OTHER}"),
        (with_vars(ipsec_plan_digests=[]), APPROVALS, NONE),
        (with_vars(ipsec_plan_digests=None), APPROVALS, NONE),
        (with_vars(ipsec_plan_digests=ONE), APPROVALS, NONE),
        (with_vars(ipsec_plan_digests={"a": ONE}), APPROVALS, NONE),
        (with_vars(ipsec_plan_digests=[[]]), APPROVALS, "not approved, is the plan []"),
        # Who may launch the template can answer so; who may attach this policy does not.
        ({**JOB, "extra_vars": {"ipsec_require_approval": "false"}}, APPROVALS, NONE),
        ({**JOB, "extra_vars": {}}, APPROVALS, NONE),
        ({name: JOB[name] for name in JOB if name != "extra_vars"}, APPROVALS, NONE),
        (JOB, None, "so not approved"),
        (JOB, {}, "so not approved"),
        (JOB, {"monday": {}}, "so not approved"),
        (JOB, {"monday": {"ipsec_plan_digests": None}}, "so not approved"),
        (JOB, {"monday": ONE}, "so not approved"),
        ({**JOB, "playbook": "mine.yml"}, APPROVALS, "may not run on these clusters: mine.yml"),
        ({**JOB, "playbook": "mine.yml", "extra_vars": {}}, APPROVALS, NONE),
        ({**JOB, "playbook": "sub/plan.yml"}, APPROVALS, "may not run on these clusters: sub/plan.yml"),
        ({**JOB, "project": {"name": "Mine"}}, APPROVALS, "from the project IPsec"),
        ({**JOB, "project": None}, APPROVALS, "from the project IPsec"),
        ({**JOB, "playbook": "plan.yml", "scm_branch": "mine"}, APPROVALS, "no other branch"),
        ({**with_vars(a={"b": ["{{ lookup('pipe', 'id') }}"]}), "playbook": "plan.yml"}, APPROVALS, "own: a"),
        (with_vars(a="x {% if b %}"), APPROVALS, "own: a"),
        ({**JOB, "playbook": "plan.yml", "extra_vars": "a: '{{ b }}'"}, APPROVALS, "is not told"),
        (with_vars(ansible_python_interpreter="/tmp/mine"), APPROVALS, "own: ansible_python_interpreter"),
    ],
)
def test_what_is_stopped(job: dict[str, Any], approvals: Any, why: str) -> None:
    assert any(why in violation for violation in violations(job, approvals))


JSON = st.recursive(
    st.none() | st.booleans() | st.sampled_from([ONE, TWO, OTHER, "", "plan.yml", "check", "IPsec"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["name", "ipsec_plan_digests"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(
    changes=st.dictionaries(st.sampled_from(["extra_vars", "scm_branch", "project", "job_type"]), JSON, max_size=2),
    digests=JSON,
    approvals=JSON,
)
def test_nothing_is_applied_that_nobody_approved(changes: dict[str, Any], digests: Any, approvals: Any) -> None:
    job = {**with_vars(ipsec_plan_digests=digests), **changes}
    if violations(job, approvals) or job["job_type"] == "check":
        return
    named = job["extra_vars"]["ipsec_plan_digests"]
    files = approvals.values() if isinstance(approvals, dict) else approvals
    known = [digest for file in files if isinstance(file, dict) for digest in file["ipsec_plan_digests"]]
    assert named
    assert all(digest in known for digest in named)


def test_anything_else_than_a_job_is_stopped() -> None:
    assert violations({}, APPROVALS) != []
