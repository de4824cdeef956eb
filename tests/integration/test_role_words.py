# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever uses the role sets variables, so what stops a run names a variable of the role; tasks of the modules name their options."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from support.harness import CHECKOUT
from support.repository import Repository
from support.team import NO_APPROVAL, edit_file, stored

ONE = ("-l", "cluster1")
SPECS = yaml.safe_load((CHECKOUT / "roles" / "ipsec" / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
VARIABLES = {name for spec in SPECS["argument_specs"].values() for name in spec["options"]}
FIXED = yaml.safe_load((CHECKOUT / "roles" / "ipsec" / "vars" / "main.yml").read_text(encoding="utf-8"))


def as_it_is(_repository: Repository) -> None:
    pass


def without_policies(repository: Repository) -> None:
    content = repository.read("ipsec/cluster1/svm2.yml")
    repository.write("ipsec/cluster1/svm2.yml", [], ca_certificates=content["ca_certificates"])


def with_ipsec_off(repository: Repository) -> None:
    content = repository.read("ipsec/cluster1/cluster_scope.yml")
    content["ipsec_config"]["enabled"] = False
    repository.write("ipsec/cluster1/cluster_scope.yml", content.pop("policies"), **content)


def with_traffic_in_clear(repository: Repository) -> None:
    repository.clusters["cluster1"].serve_data()


def with_a_change(repository: Repository) -> None:
    edit_file(repository, "ipsec/cluster1/svm1.yml", 0, enabled=False)


def with_an_svm_that_has_none(repository: Repository) -> None:
    repository.clusters["cluster1"].add_svm("svm9")
    content = repository.read("ipsec/cluster1/svm1.yml")
    repository.write("ipsec/cluster1/svm9.yml", content["policies"][:1], svm="svm9")


@pytest.mark.parametrize(
    ("playbook", "before", "variables", "told"),
    [
        (
            "plan.yml",
            without_policies,
            {},
            "Set ipsec_allow_empty: true if that is meant. ipsec_max_deletes: 30% of the 10 that exist allows 3 to be deleted, recreated or "
            "to protect less, not 5; the default allows 2 of the 5 that exist on SVM 'svm2' to be deleted, recreated or to protect less, "
            "not 5. Set ipsec_max_deletes: 5 if that is meant. Nothing was changed. What would go: SVM 'svm2' has 5 deleted: 'nfs-01', ",
        ),
        ("plan.yml", as_it_is, {"ipsec_max_deletes": "many"}, "ipsec_max_deletes: 'many' is neither a number"),
        ("plan.yml", as_it_is, {"ipsec_policy_files": "a,b"}, "ipsec_policy_files: give a list of files"),
        ("plan.yml", as_it_is, {"ipsec_plan_digests": ["yes"]}, "ipsec_plan_digests: must be the digests"),
        ("drift.yml", as_it_is, {"ipsec_expiry_warning": -1}, "ipsec_expiry_warning: -1 is too small"),
        ("plan.yml", with_ipsec_off, {}, "Set ipsec_config_force: true if that is meant"),
        ("apply.yml", with_a_change, {"ipsec_require_approval": True}, "an approval (ipsec_require_approval: true)"),
        ("apply.yml", with_a_change, {"ipsec_plan_digests": [f"sha256:{'0' * 64}"]}, "ipsec_plan_digests: this plan is"),
        ("export.yml", as_it_is, {}, "Name another folder, or set ipsec_export_overwrite: true"),
        ("audit.yml", as_it_is, {}, "Set ipsec_audit_allow_empty: true if that is fine"),
        (
            "audit.yml",
            with_traffic_in_clear,
            {},
            '"msg": "iscsi of 10.10.30.5 with iscsi1 (10.10.10.20) on SVM svm1 is in clear. nfs, portmapper, mountd, nlm, nsm, rquotad of '
            "10.10.20.11 with svm1_nfs1 (10.10.10.7) on SVM svm1 is in clear. nfs, portmapper, mountd, nlm, nsm, rquotad of 10.10.20.12 "
            'with svm1_nfs1 (10.10.10.7) on SVM svm1 is in clear. All of it is in ipsec-reports/audit.html."',
        ),
        ("apply.yml --tags verify", with_an_svm_that_has_none, {"ipsec_verify_wait": 0}, "apply them, or set ipsec_verify: false"),
    ],
)  # fmt: skip
def test_what_stops_a_run_names_a_variable_of_the_role(
    repository: Repository, playbook: str, before: Callable[[Repository], None], variables: dict[str, Any], told: str
) -> None:
    before(repository)
    play = repository.run(*playbook.split(), *ONE, *NO_APPROVAL, "-e", json.dumps(variables))
    assert play.code and told in play.output, play.output
    reports = [path.read_text(encoding="utf-8") for path in (repository.folder / "ipsec-reports").glob("**/*.md")]
    assert [text for text in (play.output, *reports) if re.search(r"\b[Ss]et (?!ipsec_)\w+: ", text)] == []


def test_each_option_that_the_role_sets_is_called_as_the_variable_that_sets_it() -> None:
    names = FIXED["ipsec_option_names"]
    assert set(names.values()) <= VARIABLES
    set_by = {
        option: found[1]
        for option, value in FIXED["ipsec_common_options"].items()
        if (found := re.fullmatch(r"\{\{ (ipsec_\w+) \}\}", value)) and found[1] in VARIABLES
    }
    # An entry of a policy file may have these, too, and has them as they are called there.
    assert {option: names.get(option) for option in set_by if option not in ("recreate", "update_secret_key")} == {
        option: variable for option, variable in set_by.items() if option not in ("recreate", "update_secret_key")
    }


def test_a_policy_that_is_called_as_an_option_stays_what_it_is(repository: Repository) -> None:
    repository.clusters["cluster1"].add_policy(stored(30, name="keep: all"))
    play = repository.run("plan.yml", *ONE, "-e", json.dumps({"ipsec_max_deletes": "0"}))
    assert play.code and "ipsec_max_deletes: 0 of the" in play.output and "1 deleted: 'keep: all'" in play.output
