# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hypothesis may choose: any valid policy in any spelling, any answer to what nobody knows of ONTAP, any faults."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY as TABLE
from simulator import Simulator, Unknowns
from simulator.faults import KINDS, Effect
from support.fault_matrix import others
from support.paths import POLICIES, POLICY

LIMITS = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    # Without shrinking: an example takes a dozen HTTPS requests, and is small as it is.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

WEB = {"name": "web", "svm": "svm1"}
PRINTABLE = st.characters(min_codepoint=33, max_codepoint=126)
KEYS = st.text(PRINTABLE, min_size=18, max_size=128).filter(lambda key: key[:2] not in ("0x", "0s"))
IDENTITIES = st.sampled_from(["CN=svm1.example.com", "ANYTHING", "10.0.0.1", "ops@example.com"])
# What the certificates of the array prove: others are refused with them.
OWN_IDENTITIES = st.sampled_from(["CN=svm1.example.com", "svm1.example.com"])
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
    """A port in one of its spellings."""
    return st.sampled_from(["any", "0", "0-0"] if port is None else [str(port), f"{port}-{port}"])


@st.composite
def endpoints(draw: st.DrawFn, family: int) -> dict[str, Any]:
    """Both endpoints, IPv4 or IPv6, in any spelling."""
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
        options["local_identity"] = draw(OWN_IDENTITIES)
        options["remote_identity"] = draw(IDENTITIES)
        if method == "psk":
            options["secret_key"] = draw(KEYS)
        else:
            options["certificate"] = draw(st.sampled_from(["ipsec-cert", "second-cert"]))
        if draw(st.booleans()):
            options["ppk"] = {"identity": draw(st.sampled_from(["ppk-one", "ppk-two"])), "shared_key": draw(KEYS)}
    return options


def prepared(array: Simulator, unknowns: Unknowns) -> list[dict[str, Any]]:
    """An array with bystanders, and their records."""
    array.reset()
    array.unknowns = unknowns
    array.add_certificate("second-cert", svm="svm1", type="server")
    for name, svm in (("web", "svm2"), ("Web", "svm1"), ("web2", "svm1")):
        array.add_policy({"name": name, "svm": {"name": svm}, "action": "discard", "enabled": True})
    return bystanders(array)


def bystanders(array: Simulator) -> list[dict[str, Any]]:
    """The policies that no task is about."""
    return others(array.policies())


def current(array: Simulator) -> dict[str, Any]:
    """The policy as a state, secrets included."""
    record = array.policy("web", "svm1")
    assert record is not None
    secrets = {"secret_key": record.get("secret_key"), "ppk.shared_key": record.get("ppk", {}).get("shared_key")}
    return {**TABLE.from_api(record), **{option: value for option, value in secrets.items() if value}}


FAULTS = st.builds(
    lambda kind, method, after, occurrence, times: {
        "kind": kind,
        "method": method,
        "path": POLICIES if method == "POST" else POLICY,
        "after_effect": after and KINDS[kind].effect is Effect.EITHER,
        "occurrence": occurrence,
        "times": times,
    },
    st.sampled_from([name for name, kind in KINDS.items() if kind.effect is not Effect.ALWAYS]),
    st.sampled_from(["POST", "PATCH", "DELETE"]),
    st.booleans(),
    st.integers(1, 3),
    st.integers(1, 3),
)
READ_FAULTS = st.builds(
    lambda kind, occurrence: {"kind": kind, "method": "GET", "path": POLICIES, "occurrence": occurrence},
    st.sampled_from(sorted(set(KINDS) - {"foreign_svm"})),
    st.integers(1, 4),
)
