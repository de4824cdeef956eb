# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying a change when no answer comes, with a client whose answers the test decides."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils.errors import (
    ApiError,
    ApprovalPending,
    ConnectionFailed,
    OntapError,
    UnexpectedAnswer,
)
from ansible_collections.wiresec.ontap.plugins.module_utils.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils.reconcile import Permissions, apply, plan
from ansible_collections.wiresec.ontap.plugins.module_utils.rest import Answer

UUID = "1cd8a442-86d1-11e0-ae1c-123478563412"
WANTED = POLICY.from_options(
    {
        "name": "web",
        "svm": "svm1",
        "action": "bypass",
        "local_endpoint": {"address": "10.0.0.1/32"},
        "remote_endpoint": {"address": "10.0.1.0/24"},
    }
)
CURRENT = {**POLICY.predict(WANTED), "uuid": UUID, "scope": "svm"}

LOST = ConnectionFailed, "time-out"
FOREIGN = UnexpectedAnswer, "HTML"


class GatewayTimeout(ApiError):
    """What a proxy answers when the array's answer did not come."""

    def __init__(self, reason: str) -> None:
        super().__init__("POST", 504, message=reason)


PROXY = GatewayTimeout, "gateway time-out"


class Client:
    """Answers each write with the next of the given errors; ``None`` is success."""

    known_version = None

    def __init__(self, *answers: OntapError | None) -> None:
        self.answers = list(answers)
        self.written: list[str] = []

    def _write(self, method: str) -> Answer:
        self.written.append(method)
        error = self.answers.pop(0)
        if error:
            raise error
        return Answer({"records": [{"uuid": UUID, "name": "web"}]})

    def post(self, path: str, body: Any) -> Answer:
        return self._write("POST")

    def patch(self, path: str, body: Any) -> Answer:
        return self._write("PATCH")

    def delete(self, path: str) -> Answer:
        return self._write("DELETE")


def outcome(wanted: dict[str, Any], current: Any, *answers: OntapError | None, present: bool = True) -> dict[str, Any]:
    """The result of a failed run, and the writes that it made."""
    client = Client(*answers)
    change = plan(POLICY, wanted, current, present, Permissions(recreate=True))
    with pytest.raises(OntapError) as caught:
        apply(client, POLICY, change)  # type: ignore[arg-type]
    assert client.answers == []
    return {**caught.value.result(), "written": client.written}


WRITES: dict[str, tuple[dict[str, Any], Any, bool]] = {
    "POST": (WANTED, None, True),
    "PATCH": ({**WANTED, "enabled": False}, CURRENT, True),
    "DELETE": (WANTED, CURRENT, False),
}


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize(("error", "reason"), [LOST, FOREIGN, PROXY])
def test_a_lost_answer_is_reported_as_unknown_and_not_repeated(
    method: str, error: type[OntapError], reason: str
) -> None:
    wanted, current, present = WRITES[method]
    result = outcome(wanted, current, error(reason), present=present)
    assert (result["changed"], result["operation"], result["written"]) == (True, "unknown", [method])
    assert result["uuid"] == (UUID if current else None)
    assert "is not known; run the task again" in result["msg"]


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize(
    "error", [ConnectionFailed("refused", never_sent=True), ApiError("POST", 400, 4711, "no"), ApprovalPending("wait")]
)
def test_what_was_certainly_not_carried_out_is_no_change(method: str, error: OntapError) -> None:
    wanted, current, present = WRITES[method]
    error.notes.clear()
    result = outcome(wanted, current, error, present=present)
    assert result["changed"] is False
    assert "not known" not in result["msg"]


OTHER_ACTION = {**WANTED, "action": "discard"}


def test_a_recreate_whose_delete_got_no_answer_creates_nothing() -> None:
    result = outcome(OTHER_ACTION, CURRENT, ConnectionFailed("time-out"))
    assert (result["operation"], result["written"]) == ("unknown", ["DELETE"])


def test_a_recreate_whose_create_got_no_answer_does_not_put_the_old_one_back() -> None:
    result = outcome(OTHER_ACTION, CURRENT, None, ConnectionFailed("time-out"))
    assert (result["operation"], result["written"]) == ("unknown", ["DELETE", "POST"])
    assert "had been deleted for this" in result["msg"]


def test_a_recreate_whose_create_never_left_tries_to_put_the_old_one_back() -> None:
    result = outcome(OTHER_ACTION, CURRENT, None, ConnectionFailed("refused", never_sent=True), None)
    assert (result["operation"], result["written"]) == ("recreated", ["DELETE", "POST", "POST"])
    assert "was put back as it was" in result["msg"]


def test_if_even_putting_back_gets_no_answer_nothing_is_claimed() -> None:
    refusal, lost = ApiError("POST", 400, 4711, "no"), ConnectionFailed("time-out")
    result = outcome(OTHER_ACTION, CURRENT, None, refusal, lost)
    assert (result["changed"], result["operation"]) == (True, "unknown")


@pytest.mark.parametrize("present", [True, False])
def test_without_a_uuid_nothing_is_written_and_nothing_in_doubt(present: bool) -> None:
    nameless = {option: value for option, value in CURRENT.items() if option != "uuid"}
    result = outcome({**WANTED, "enabled": False}, nameless, present=present)
    assert (result["changed"], result["written"]) == (False, [])


def test_a_recreate_whose_create_awaits_approval_says_what_is_missing_until_then() -> None:
    result = outcome(OTHER_ACTION, CURRENT, None, ApprovalPending("wait"))
    assert (result["changed"], result["operation"], result["written"]) == (True, "deleted", ["DELETE", "POST"])
    assert "is now missing" in result["msg"]
