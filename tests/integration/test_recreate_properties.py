# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a task that may recreate asks for, on whatever release: check mode foretells it, and no policy gets lost unsaid."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import OntapError
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.connection import release_of
from simulator import Simulator, Unknowns
from support.harness import policies as run_set
from support.harness import policy as run_one
from support.strategies import KEYS, LIMITS, WEB, endpoints, policies

pytestmark = pytest.mark.usefixtures("shared_sessions")

RELEASES = st.sampled_from(["9.8", "9.9.1", "9.10.1", "9.12.1", "9.15.1", "9.16.1", "9.17.1", "9.18.1", "9.19.1"])
UNKNOWNS = st.builds(
    Unknowns,
    empty_strings=st.sampled_from(["stored", "refused"]),
    identities_with_key=st.sampled_from(["wildcard", "subnet", "never"]),
    default_authentication_method=st.sampled_from(["infer", "none", "refuse"]),
    ignored_authentication=st.sampled_from(["ignored", "error"]),
    ipspace_on_read=st.booleans(),
    patch_without_port=st.sampled_from(["keeps", "resets"]),
    post_returns_records=st.booleans(),
    protocol_names=st.sampled_from(["number", "name"]),
)
IDENTITIES = st.sampled_from(["CN=svm1.example.com", "ANYTHING", "short", "10.0.0.1"])


def known_to(version: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options that a release has."""
    parsed = release_of(version)
    known = {option.partition(".")[0] for option, row in POLICY.by_option.items() if parsed and row.since <= parsed}
    return {option: value for option, value in options.items() if option in {*known, "update_secret_key"}}


@st.composite
def scenes(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A release, a policy that it may have, and a task that is mostly about options that it has."""
    version = draw(RELEASES)
    there, task = draw(policies()), draw(tasks())
    if "certificate" in there and "certificate" not in known_to(version, there):
        there["secret_key"] = draw(KEYS)
    return version, known_to(version, there), task if draw(st.integers(0, 9)) == 0 else known_to(version, task)


@st.composite
def tasks(draw: st.DrawFn) -> dict[str, Any]:
    """What a task may say of a policy that is there: any part of a policy, fit or unfit."""
    parts = {
        "action": st.sampled_from(["bypass", "discard", "esp_transport", "esp_udp"]),
        "authentication_method": st.sampled_from(["none", "psk", "pki"]),
        "certificate": st.sampled_from(["ipsec-cert", "second-cert", "ipsec-ca", "expired", "misspelt"]),
        "certificate_modify_keepsa": st.booleans(),
        "secret_key": KEYS,
        "ppk": st.sampled_from([{"identity": "ppk-one"}, {"identity": "ppk-two", "shared_key": "k" * 20}]),
        "local_identity": IDENTITIES,
        "remote_identity": IDENTITIES,
        "enabled": st.booleans(),
        "protocol": st.sampled_from(["tcp", "any", "89"]),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(parts)), max_size=4))
    options = {option: draw(parts[option]) for option in sorted(chosen)}
    if draw(st.integers(0, 3)) == 0:
        options |= draw(endpoints(draw(st.sampled_from([4, 6]))))
    elif draw(st.booleans()):
        options["local_endpoint"] = {"port": draw(st.sampled_from(["any", "2049"]))}
    return {**options, "update_secret_key": draw(st.sampled_from(["on_create", "always"]))}


def attempt(array: Simulator, as_set: bool, check_mode: bool, task: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The message of a failure, empty for success, and the result, of a set that of its one entry."""
    wanted = {**WEB, **task, "recreate": True}
    try:
        if not as_set:
            return "", run_one(array, check_mode=check_mode, **wanted)
        limits = {"max_deletes": "100%", "allow_empty": True}
        return "", _of_entry(run_set(array, check_mode=check_mode, policies=[wanted], **limits))
    except OntapError as error:
        result = error.result()
        return str(error), _of_entry(result) if result.get("entries") else {"operation": "none", **result}


def _of_entry(result: dict[str, Any]) -> dict[str, Any]:
    return {**result["entries"][0], "changed": result["changed"], **(result["changes"] or [{"modified": []}])[0]}


def prepared(array: Simulator, version: str, unknowns: Unknowns, there: dict[str, Any]) -> bool:
    """Whether the release can have such a policy, which is there then."""
    array.reset()
    array.version = version
    array.unknowns = unknowns
    array.add_certificate("second-cert", "svm1", "client")
    array.add_certificate("expired", "svm1", "server", expiry_time="2001-01-01T00:00:00Z")
    try:
        run_one(array, **WEB, **there)
    except OntapError:
        return False
    return True


@settings(LIMITS, max_examples=60)
@given(scene=scenes(), unknowns=UNKNOWNS, as_set=st.booleans())
def test_check_mode_foretells_the_run_and_nothing_is_lost(
    array: Simulator, scene: tuple[str, dict[str, Any], dict[str, Any]], unknowns: Unknowns, as_set: bool
) -> None:
    version, there, task = scene
    if not prepared(array, version, unknowns, there):
        return
    before = array.policies()
    foretold, prediction = attempt(array, as_set, True, task)
    assert array.policies() == before
    array.clear_log()
    said, result = attempt(array, as_set, False, task)
    after = array.policy("web", "svm1")
    assert after is not None, (said, result)
    deleted = [request for request in array.requests if request.method == "DELETE"]
    if foretold:
        assert said == foretold
        assert array.policies() == before
    elif said:
        # What only the array can tell is refused in place: nothing has been deleted for it.
        assert (deleted, array.policies()) == ([], before)
    else:
        assert {key: prediction[key] for key in ("changed", "operation", "modified")} == {
            key: result[key] for key in ("changed", "operation", "modified")
        }
        assert bool(deleted) is (result["operation"] == "recreated")


@settings(LIMITS, max_examples=60)
@given(
    scene=scenes(),
    unknowns=UNKNOWNS,
    as_set=st.booleans(),
    refusals=st.integers(1, 2),
    effect=st.booleans(),
)
def test_after_a_failure_the_policy_is_there_or_the_result_says_that_it_is_lost(
    array: Simulator,
    scene: tuple[str, dict[str, Any], dict[str, Any]],
    unknowns: Unknowns,
    as_set: bool,
    refusals: int,
    effect: bool,
) -> None:
    version, there, task = scene
    if not prepared(array, version, unknowns, there):
        return
    path = "/api/security/ipsec/policies"
    if effect:
        array.fault("reset", "POST", path, after_effect=refusals == 1, times=refusals)
    else:
        array.refuse("POST", path, code=66257110, times=refusals)
    said, result = attempt(array, as_set, False, task)
    if array.policy("web", "svm1") is None:
        assert said
        assert (result["changed"], bool(result["lost"])) == (True, True)
    elif said and result["operation"] == "none":
        assert result["changed"] is False
