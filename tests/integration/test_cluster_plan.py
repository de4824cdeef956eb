# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service and its authorities, planned, guarded and approved beside the policies of a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator import Simulator
from simulator.unknowns import Unknowns
from support.arrays import writes
from support.cluster import plan
from support.samples import bypass, entry

SERVICE = {"scope": "cluster", "ipsec_config": {"enabled": True, "replay_window": 64}}
PKI = entry("pki", secret_key=None, certificate="ipsec-cert", remote_identity="ANYTHING")


def of_svm(*policies: dict[str, Any], **top: Any) -> dict[str, Any]:
    """A file: entries without the SVM, which its name says, and without what is null."""
    return {
        **top,
        "policies": [
            {key: value for key, value in one.items() if key != "svm" and value is not None} for one in policies
        ],
    }


def reasons(refused: list[dict[str, Any]]) -> str:
    return " ".join(f"{one['reason']}: {one['msg']}" for one in refused)


# Approval


def test_a_change_of_the_service_is_approved_for_one_array_and_these_files(array: Simulator, tmp_path: Path) -> None:
    """Also where no policy changes, so that nothing but the service is approved."""
    array.replay_window = 0
    approved = plan(tmp_path, {"c.yml": SERVICE}, array).digests
    assert len([one for one in approved if one.startswith("change:")]) == 1
    other_files = plan(tmp_path, {"c.yml": {**SERVICE, "x-comment": "another commit"}}, array, approved)
    assert "not among what was approved" in reasons(other_files.report()["refused"]) and other_files.digests == []
    mine = plan(tmp_path, {"c.yml": SERVICE}, array, approved)
    assert mine.report()["refused"] == []
    assert mine.apply()["failed"] == "" and array.replay_window == 64
    # Another array under the same name.
    array.reset()
    array.replay_window = 0
    assert "IPsec service: not among what was approved" in reasons(
        plan(tmp_path, {"c.yml": SERVICE}, array, approved).report()["refused"]
    )


def test_nobody_approves_what_may_be_on_any_array(array: Simulator, tmp_path: Path) -> None:
    array.replay_window = 0
    array.add_account("blind", "password-of-blind", forbidden=("/api/cluster", "/api/svm"))
    login = {"username": "blind", "password": "password-of-blind"}
    planned = plan(tmp_path, {"c.yml": SERVICE}, array, login=login)
    assert "nobody can tell which array this is" in " ".join(planned.report()["warnings"])
    refused = plan(tmp_path, {"c.yml": SERVICE}, array, planned.digests, login=login).report()["refused"]
    assert "nobody can tell which array this is" in reasons(refused)


@pytest.mark.parametrize("approves", ["service", "policies"])
def test_a_plan_of_which_a_part_is_approved_is_not_begun(array: Simulator, tmp_path: Path, approves: str) -> None:
    array.replay_window = 0
    files = {"c.yml": SERVICE, "svm1.yml": of_svm(bypass("open"))}
    digests = plan(tmp_path, files, array).digests
    both = [one for one in digests if one.startswith(("change:", "sha256:"))]
    approved = both[-1:] if approves == "service" else both[:-1]
    planned = plan(tmp_path, files, array, approved)
    report = planned.report()
    assert [one["reason"] for one in report["refused"]] == ["approval"]
    assert ("open" in report["refused"][0]["msg"]) is (approves == "service")
    assert len(report["changes"]) == 2, "what it would do is told all the same"
    assert plan(tmp_path, files, array, both).report()["refused"] == []
    assert writes(array) == []


# Authorities


def trusting(array: Simulator, number: int, svm: str | None = "svm1") -> None:
    for name in [f"ca-{index}" for index in range(number)]:
        array.add_certificate(name, svm, "root_ca")
        array.add_ca_certificate(name, svm)


LEFT = {
    # How many there are, which of them stay, options; what is refused, if anything.
    "one of three": (3, ["ca-0", "ca-1"], {}, ""),
    "two of three": (
        3,
        ["ca-0"],
        {},
        "max_deletes: the default allows 1 of the 3 CA certificates of SVM 'svm1' to go, not 2.",
    ),
    "two of three, meant": (3, ["ca-0"], {"max_deletes": "2"}, ""),
    "the last": (1, [], {}, "allow_empty: the last CA certificate of SVM 'svm1' would go."),
    "the last, meant": (1, [], {"allow_empty": True}, ""),
    "all of three": (3, [], {"max_deletes": "100%"}, "allow_empty: the last CA certificate of SVM 'svm1' would go."),
    "not one": (
        2,
        ["ca-0"],
        {"max_deletes": "0"},
        "max_deletes: 0 of the 2 CA certificates of SVM 'svm1' allows 0 to go, not 1.",
    ),
    "another one instead": (1, ["new"], {}, ""),
}


@pytest.mark.parametrize("case", LEFT)
def test_authorities_are_not_taken_away_by_the_dozen(array: Simulator, tmp_path: Path, case: str) -> None:
    number, names, options, refused = LEFT[case]
    trusting(array, number)
    array.add_certificate("new", "svm1", "root_ca")
    file = of_svm(PKI, ca_certificates=names)
    planned = plan(tmp_path, {"svm1.yml": file}, array, prune=True, **options)
    told = reasons(planned.report()["refused"])
    assert told.startswith(f"guard: ca_certificates: {refused}") if refused else told == ""
    assert (planned.digests == []) is bool(refused)
    if refused:
        assert "Peers of pki prove by certificates who they are." in told and "What would go: ca-" in told


def test_an_authority_that_no_policy_can_need_may_go(array: Simulator, tmp_path: Path) -> None:
    """Where all authenticate by keys, what somebody registered by hand is removed like anything else."""
    trusting(array, 3)
    trusting(array, 1, None)
    files = {"svm1.yml": of_svm(entry("web"), ca_certificates=[]), "c.yml": {"scope": "cluster", "ca_certificates": []}}
    assert plan(tmp_path, files, array, prune=True).report()["refused"] == []
    # Of a policy that no file has, nobody knows how it authenticates, and any SVM may rely on those of the cluster.
    array.add_policy({"name": "unknown", "svm": "svm2"})
    (refused,) = plan(tmp_path, files, array, prune=True).report()["refused"]
    assert "the last CA certificate of the cluster would go" in refused["msg"]
    assert "Peers of unknown, in no file, may prove by certificates who they are." in refused["msg"]


def test_authorities_stay_while_the_policies_can_not_be_seen(array: Simulator, tmp_path: Path) -> None:
    trusting(array, 1)
    array.unknowns = Unknowns(while_disabled="empty")
    array.ipsec_enabled = False
    files = {"svm1.yml": of_svm(entry("web"), ca_certificates=[]), "c.yml": SERVICE}
    planned = plan(tmp_path, files, array, prune=True)
    report = planned.report()
    assert "Which policies there are can't be told" in reasons(report["refused"])
    assert [one["name"] for one in report["changes"]] == ["IPsec service", "ca-0"], "of policies nothing can be planned"


def test_what_is_approved_before_policies_can_be_seen_is_the_service(array: Simulator, tmp_path: Path) -> None:
    """An approval of what switches IPsec on is one, though nobody could see the policies; it covers none of them."""
    array.unknowns = Unknowns(while_disabled="empty")
    array.ipsec_enabled = False
    files = {"svm1.yml": of_svm(entry("web")), "c.yml": SERVICE}
    approved = plan(tmp_path, files, array, prune=True).digests
    planned = plan(tmp_path, files, array, approved, prune=True)
    assert (len(approved), planned.report()["refused"]) == (1, [])
    done = planned.apply()
    assert "create IPsec policy 'web'" in done["failed"].replace("created", "create")
    assert (array.ipsec_enabled, array.policies()) == (True, [])
