# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any valid policy converges to any other, a second run changes nothing, and check mode predicted both."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from simulator import Simulator, Unknowns
from support.harness import info, policy

WEB = {"name": "web", "svm": "svm1"}
PRINTABLE = st.characters(min_codepoint=33, max_codepoint=126)
KEYS = st.text(PRINTABLE, min_size=18, max_size=128).filter(lambda key: key[:2] not in ("0x", "0s"))
IDENTITIES = st.sampled_from(["CN=svm1.example.com", "ANYTHING", "10.0.0.1", "ops@example.com"])
PORTS = st.integers(1, 65535)

UNKNOWNS = st.builds(
    Unknowns,
    patch_without_port=st.sampled_from(["keeps", "resets"]),
    family_on_read=st.booleans(),
    self_links_in_records=st.booleans(),
    ipspace_on_read=st.booleans(),
    names_match_case=st.booleans(),
    accept_quoting=st.sampled_from(["braces_escape", "whole_value", "double_quotes"]),
    protocol_names=st.sampled_from(["number", "name"]),
    enum_case=st.sampled_from(["lower", "any"]),
    number_for_string=st.sampled_from(["refused", "accepted"]),
    null_in_body=st.sampled_from(["clears", "ignored", "refused"]),
    endpoints_required=st.booleans(),
    default_action=st.sampled_from(["esp_transport", "required"]),
    default_authentication_method=st.sampled_from(["infer", "none", "refuse"]),
    ignored_authentication=st.sampled_from(["ignored", "error"]),
    location_header=st.sampled_from(["full", "missing", "without_uuid"]),
    post_returns_records=st.booleans(),
    posted_record=st.sampled_from(["all", "brief"]),
    num_records_present=st.booleans(),
    empty_page=st.sampled_from(["never", "first", "last"]),
    identifiers_always=st.booleans(),
    address_filters=st.sampled_from(["value", "text"]),
    port_filters=st.sampled_from(["stored", "number", "text"]),
    invalid_filter_value=st.sampled_from(["refused", "nothing"]),
    reported_fault=st.sampled_from(["first", "last"]),
    empty_strings=st.sampled_from(["stored", "refused"]),
    identities_with_key=st.sampled_from(["wildcard", "subnet", "never"]),
    long_request_lines=st.sampled_from(["accepted", "refused"]),
)


def spelled(port: int | None) -> st.SearchStrategy[Any]:
    return st.sampled_from(["any", "0", "0-0"] if port is None else [str(port), f"{port}-{port}"])


@st.composite
def endpoints(draw: st.DrawFn, family: int) -> dict[str, Any]:
    bits = 32 if family == 4 else 127
    sides = {}
    wildcard = family == 4 and draw(st.integers(0, 4)) == 0
    ports = [draw(st.none() | PORTS) for _side in range(2)]
    if wildcard and ports == [None, None]:
        ports[draw(st.integers(0, 1))] = draw(PORTS)
    for side, port in zip(("local_endpoint", "remote_endpoint"), ports, strict=True):
        address = draw(st.ip_addresses(v=family).filter(lambda found: int(found) > 0))
        length = draw(st.integers(1, bits))
        if wildcard and side == "remote_endpoint":
            address, length = ipaddress.ip_address("0.0.0.0"), 0
        spelling = draw(st.sampled_from([str(address), address.exploded.upper()]))
        mask = str(ipaddress.ip_network((0, length)).netmask) if family == 4 else str(length)
        written = draw(
            st.sampled_from(
                [
                    {"address": f"{spelling}/{length}"},
                    {"address": spelling, "netmask": str(length)},
                    {"address": spelling, "netmask": mask},
                ]
            )
        )
        sides[side] = {**written, "port": draw(spelled(port))}
    return sides


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """All options of a valid policy, in any spelling."""
    family = draw(st.sampled_from([4, 6]))
    actions = ["bypass", "discard", "esp_transport"] + (["esp_udp"] if family == 4 else [])
    options: dict[str, Any] = {
        "action": draw(st.sampled_from(actions)),
        "enabled": draw(st.booleans()),
        "protocol": draw(st.sampled_from(["tcp", "TCP", "6", "udp", "17", "any", "0", "icmp", "1", "132", "89"])),
        **draw(endpoints(family)),
    }
    if options["action"].startswith("esp"):
        method = draw(st.sampled_from(["psk", "pki"]))
        options["authentication_method"] = method
        options["local_identity"] = draw(IDENTITIES)
        options["remote_identity"] = draw(IDENTITIES)
        if method == "psk":
            options["secret_key"] = draw(KEYS)
        else:
            options["certificate"] = draw(st.sampled_from(["ipsec-cert", "second-cert"]))
        if draw(st.booleans()):
            options["ppk"] = {"identity": draw(st.sampled_from(["ppk-one", "ppk-two"])), "shared_key": draw(KEYS)}
    return options


PARTIAL = st.sets(st.sampled_from(["enabled", "protocol", "local_identity", "remote_identity", "endpoints"]))


def prepared(array: Simulator, unknowns: Unknowns) -> list[dict[str, Any]]:
    """An array with bystanders, and their records."""
    array.reset()
    array.unknowns = unknowns
    array.add_certificate("second-cert", svm="svm1", type="server")
    for name, svm in (("web", "svm2"), ("Web", "svm1"), ("web2", "svm1")):
        array.add_policy({"name": name, "svm": {"name": svm}, "action": "discard", "enabled": True})
    return bystanders(array)


def bystanders(array: Simulator) -> list[dict[str, Any]]:
    return [record for record in array.policies() if (record["name"], record["svm"]["name"]) != ("web", "svm1")]


def current(array: Simulator) -> dict[str, Any]:
    """The policy as a state, secrets included."""
    record = array.policy("web", "svm1")
    assert record is not None
    secrets = {"secret_key": record.get("secret_key"), "ppk.shared_key": record.get("ppk", {}).get("shared_key")}
    return {**POLICY.from_api(record), **{option: value for option, value in secrets.items() if value}}


def converge(array: Simulator, options: dict[str, Any]) -> dict[str, Any]:
    """Predicts, runs, runs again; returns the state that the array ends in."""
    wanted = {**WEB, **options, "recreate": True}
    before = array.policies()
    predicted = policy(array, check_mode=True, **wanted)
    assert array.policies() == before
    result = policy(array, **wanted)
    assert [predicted[key] for key in ("changed", "operation", "modified", "diff")] == [
        result[key] for key in ("changed", "operation", "modified", "diff")
    ]
    assert result["changed"] is (array.policies() != before)
    assert result["policy"].items() >= predicted["policy"].items()
    assert policy(array, check_mode=True, **wanted)["changed"] is False
    again = policy(array, **wanted)
    assert (again["changed"], again["operation"]) == (False, "none")
    assert result["uuid"] == again["uuid"] == current(array)["uuid"]
    return current(array)


LIMITS = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    # Without shrinking: an example takes a dozen HTTPS requests, and is small as it is.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@LIMITS
@given(unknowns=UNKNOWNS, first=policies(), second=policies())
def test_any_policy_converges_to_any_other(
    array: Simulator, unknowns: Unknowns, first: dict[str, Any], second: dict[str, Any]
) -> None:
    others = prepared(array, unknowns)
    converge(array, first)
    methods = [one.get("authentication_method", "none") for one in (first, second)]
    if "ppk" in first and "none" not in methods and methods != ["psk", "pki"]:
        # A post-quantum key that is left out is kept, and a policy that is created anew needs it.
        second = {"ppk": first["ppk"], **second}
    result = converge(array, second)
    wanted, _warnings = POLICY.settle(POLICY.from_options(second), {})
    for option, value in wanted.items():
        if option not in ("secret_key", "ppk.shared_key"):
            assert result[option] == value
    if result.get("authentication_method") != "pki":
        assert "certificate" not in result
    assert bystanders(array) == others
    assert policy(array, **WEB, state="absent")["operation"] == "deleted"
    assert array.policies() == others


@LIMITS
@given(unknowns=UNKNOWNS, first=policies(), second=policies(), named=PARTIAL)
def test_what_a_task_leaves_out_stays_as_it_is(
    array: Simulator, unknowns: Unknowns, first: dict[str, Any], second: dict[str, Any], named: set[str]
) -> None:
    others = prepared(array, unknowns)
    before = converge(array, first)
    options = {option: value for option, value in second.items() if option in named}
    if "endpoints" in named and first["action"] != "esp_udp":
        options.update({side: second[side] for side in ("local_endpoint", "remote_endpoint")})
    after = converge(array, options)
    told = POLICY.from_options(options)
    unsaid = {option: value for option, value in before.items() if option not in told and not option.endswith("family")}
    assert {option: after.get(option) for option in unsaid} == unsaid
    assert {option: after.get(option) for option in told} == told
    assert bystanders(array) == others


@LIMITS
@given(unknowns=UNKNOWNS, options=policies())
def test_what_the_listing_returns_can_be_fed_back(
    array: Simulator, unknowns: Unknowns, options: dict[str, Any]
) -> None:
    prepared(array, unknowns)
    converge(array, options)
    listed = info(array)["policies"]
    assert len(listed) == len(array.policies())
    for entry in listed:
        assert policy(array, **entry)["changed"] is False
