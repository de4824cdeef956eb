# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set is changed only as it was approved: one digest stands for the plan and all that it rests on."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils.errors import InvalidInput
from integration.harness import Playbooks, policies
from simulator import Simulator

KEY = "first-secret-of-the-tests"


def entry(name: str, **options: Any) -> dict[str, Any]:
    return {
        "name": name,
        "svm": "svm1",
        "action": "esp_transport",
        "authentication_method": "psk",
        "secret_key": KEY,
        "local_endpoint": {"address": "10.10.10.7/32", "port": 2049},
        "remote_endpoint": {"address": "10.10.20.0/24"},
        **options,
    }


WANTED = [entry("web", enabled=True), entry("backup", local_endpoint={"address": "10.10.10.7/32", "port": 873})]


@pytest.fixture
def planned(array: Simulator) -> dict[str, Any]:
    """An array on which one policy drifted and one is missing, and a plan for it."""
    policies(array, policies=[WANTED[0], entry("other", action="bypass", authentication_method=None, secret_key=None)])
    array.edit_policy("web", "svm1", {"enabled": False})
    return policies(array, check_mode=True, policies=WANTED, source="commit 1")


def test_the_approved_plan_is_carried_out(array: Simulator, planned: dict[str, Any]) -> None:
    done = policies(array, policies=WANTED, source="commit 1", approved_digests=["sha256:another", planned["digest"]])
    assert (done["summary"]["done"], done["digest"]) == (2, planned["digest"])


def edit(array: Simulator) -> None:
    array.edit_policy("web", "svm1", {"remote_endpoint.netmask": "16"})


def edit_an_unmanaged_one(array: Simulator) -> None:
    array.edit_policy("other", "svm1", {"enabled": False})


def replace_by_a_twin(array: Simulator) -> None:
    """The same policy under another UUID: somebody deleted and created it, so its associations are others, too."""
    policies(array, policies=[{"name": "web", "svm": "svm1", "state": "absent"}])
    policies(array, policies=[WANTED[0]])
    array.edit_policy("web", "svm1", {"enabled": False})


def nothing(array: Simulator) -> None:
    """The array stays as it is."""


DEVIATIONS: dict[str, tuple[Callable[[Simulator], None], dict[str, Any]]] = {
    "a policy was edited": (edit, {}),
    "a policy that no entry names was edited": (edit_an_unmanaged_one, {}),
    "a policy was replaced": (replace_by_a_twin, {}),
    "the source is another": (nothing, {"source": "commit 2"}),
    "an entry is gone": (nothing, {"policies": WANTED[:1]}),
    "an entry has another value": (nothing, {"policies": [WANTED[0], entry("backup", enabled=False)]}),
    "more is deleted": (nothing, {"prune": True}),
    "nothing is approved": (nothing, {"approved_digests": []}),
}


@pytest.mark.parametrize("deviation", DEVIATIONS)
@pytest.mark.parametrize("check_mode", [False, True])
def test_any_other_plan_changes_nothing(
    array: Simulator, planned: dict[str, Any], deviation: str, check_mode: bool
) -> None:
    act, options = DEVIATIONS[deviation]
    act(array)
    before = copy.deepcopy(array.policies())
    given = {"policies": WANTED, "source": "commit 1", "approved_digests": [planned["digest"]], **options}
    with pytest.raises(InvalidInput, match=r"approved_digests: .* Nothing was changed") as refused:
        policies(array, check_mode=check_mode, **given)
    assert refused.value.result()["digest"] in str(refused.value)
    assert array.policies() == before


def test_a_plan_without_changes_needs_no_approval(array: Simulator, planned: dict[str, Any]) -> None:
    policies(array, policies=WANTED, source="commit 1", approved_digests=[planned["digest"]])
    again = policies(array, policies=WANTED, source="commit 1", approved_digests=[planned["digest"]])
    assert (again["changed"], again["digest"] != planned["digest"]) == (False, True)


def test_the_order_of_the_list_and_the_secrets_in_it_are_not_covered(array: Simulator, planned: dict[str, Any]) -> None:
    others = [{**one, "secret_key": "second-secret-of-the-tests"} for one in reversed(WANTED)]
    assert policies(array, check_mode=True, policies=others, source="commit 1")["digest"] == planned["digest"]


def test_the_result_names_what_the_list_does_not(array: Simulator, planned: dict[str, Any]) -> None:
    assert planned["unmanaged"] == [{"name": "other", "svm": "svm1"}]
    assert policies(array, check_mode=True, policies=WANTED, prune=True)["unmanaged"] == []
    assert policies(array, check_mode=True, policies=WANTED, prune=True, keep=["oth*"])["unmanaged"] == [
        {"name": "other", "svm": "svm1"}
    ]


def test_a_user_reads_what_to_do(playbooks: Playbooks) -> None:
    options = {"policies": WANTED, "approved_digests": ["sha256:0"]}
    play = playbooks.play([{"name": "apply", "wiresec.ontap.ipsec_policies": options}])
    assert play.code and "Make a new plan (check mode) and have it approved" in play.output
    assert play.result("apply")["digest"].startswith("sha256:")


def test_an_empty_variable_of_the_environment_counts_as_not_set(playbooks: Playbooks) -> None:
    empty = dict.fromkeys(
        ("ONTAP_ACCESS_TOKEN", "ONTAP_CLIENT_CERT", "ONTAP_TIMEOUT", "ONTAP_VERSION", "ONTAP_TRACE"), ""
    )
    play = playbooks.play(
        [{"name": "count", "wiresec.ontap.ipsec_policy_info": {"count_only": True}}], environment=empty
    )
    assert play.code == 0, play.output
