# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters: every value in a query expression is one that there can be, and goes out as ONTAP stores it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import ACTIONS, POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_security_association import (
    SECURITY_ASSOCIATION,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.resource import Resource

UUID = "1CD8A442-86D1-11E0-AE1C-123478563412"

SENT: list[tuple[Resource, dict[str, Any], dict[str, str]]] = [
    (POLICY, {"action": "ESP_TRANSPORT"}, {"action": "esp_transport"}),
    (POLICY, {"action": "!discard"}, {"action": "!discard"}),
    (POLICY, {"action": "ESP*"}, {"action": "esp*"}),
    (POLICY, {"action": "!*pass"}, {"action": "!*pass"}),
    (POLICY, {"action": "bypass|Discard"}, {"action": "bypass|discard"}),
    (POLICY, {"action": "bypass, discard"}, {"action": "bypass|discard"}),
    (POLICY, {"action": "*"}, {"action": "*"}),
    (POLICY, {"authentication_method": "!null"}, {"authentication_method": "!null"}),
    (POLICY, {"authentication_method": "null|psk"}, {"authentication_method": "null|psk"}),
    (POLICY, {"enabled": True}, {"enabled": "true"}),
    (POLICY, {"enabled": "on"}, {"enabled": "true"}),
    (POLICY, {"enabled": "!off"}, {"enabled": "!false"}),
    (POLICY, {"scope": "SVM"}, {"scope": "svm"}),
    (POLICY, {"local_endpoint": {"family": "IPv6"}}, {"local_endpoint.family": "ipv6"}),
    (POLICY, {"protocol": "6|17"}, {"protocol": "tcp|udp"}),
    (POLICY, {"protocol": "!TCP"}, {"protocol": "!tcp"}),
    (POLICY, {"protocol": "icmp"}, {"protocol": "1|icmp"}),
    (POLICY, {"protocol": "!icmp"}, {"protocol": "!icmp"}),
    (POLICY, {"protocol": '"tcp"'}, {"protocol": "tcp"}),
    (POLICY, {"remote_endpoint": {"netmask": "<=24"}}, {"remote_endpoint.netmask": "<=24"}),
    (POLICY, {"remote_endpoint": {"netmask": "255.255.255.0|32"}}, {"remote_endpoint.netmask": "24|32"}),
    (POLICY, {"remote_endpoint": {"netmask": "16..24"}}, {"remote_endpoint.netmask": "16..24"}),
    (POLICY, {"local_endpoint": {"port": "!any"}}, {"local_endpoint.port": "!0-0"}),
    (POLICY, {"local_endpoint": {"port": ">1024"}}, {"local_endpoint.port": ">1024"}),
    (POLICY, {"local_endpoint": {"address": "10.0.*"}}, {"local_endpoint.address": "10.0.*"}),
    (POLICY, {"local_endpoint": {"address": "2001:DB8::0"}}, {"local_endpoint.address": "2001:db8::"}),
    (POLICY, {"name": "a|b*"}, {"name": "a|b*"}),
    (POLICY, {"svm": UUID}, {"svm.uuid": UUID.lower()}),
    (POLICY, {"uuid": UUID}, {"uuid": UUID.lower()}),
    (SECURITY_ASSOCIATION, {"type": "IKE"}, {"type": "ike"}),
    (SECURITY_ASSOCIATION, {"ike": {"state": "!established"}}, {"ike.state": "!established"}),
    (SECURITY_ASSOCIATION, {"ipsec": {"state": "whatever it is"}}, {"ipsec.state": "whatever it is"}),
]

REFUSED: list[tuple[Resource, dict[str, Any], str]] = [
    (POLICY, {"action": "nope"}, "action: 'nope' is not one of bypass, discard, esp_transport, esp_udp."),
    (POLICY, {"action": "bypass|nope"}, "action: 'nope' is not one of"),
    (POLICY, {"action": "!nope"}, "action: 'nope' is not one of"),
    (POLICY, {"action": "ipsec*"}, "action: 'ipsec*' fits none of bypass, discard"),
    (POLICY, {"action": ""}, "action: is empty"),
    (POLICY, {"action": "bypass|"}, "action: is empty, or has an alternative that is"),
    (POLICY, {"action": "!"}, "action: '' is not one of"),
    (POLICY, {"action": ">"}, "action: '>' compares with nothing"),
    (POLICY, {"action": ">nope"}, "action: 'nope' is not one of"),
    (POLICY, {"authentication_method": "pkcs"}, "authentication_method: 'pkcs' is not one of none, psk, pki."),
    (POLICY, {"enabled": "maybe"}, "enabled: 'maybe' is neither true nor false."),
    (POLICY, {"enabled": "!maybe"}, "enabled: 'maybe' is neither true nor false."),
    (POLICY, {"certificate_modify_keepsa": "always"}, "certificate_modify_keepsa: 'always' is neither"),
    (POLICY, {"scope": "array"}, "scope: 'array' is not one of svm, cluster."),
    (POLICY, {"remote_endpoint": {"family": "ipv5"}}, "remote_endpoint.family: 'ipv5' is not one of ipv4, ipv6."),
    (POLICY, {"protocol": "tpc"}, "protocol: 'tpc' is not an IP protocol"),
    (POLICY, {"protocol": "tcp|256"}, "protocol: '256' is not an IP protocol"),
    (POLICY, {"local_endpoint": {"port": "htp"}}, "local_endpoint.port: 'htp' is not a port"),
    (POLICY, {"local_endpoint": {"port": ">x"}}, "local_endpoint.port: 'x' is not a port"),
    (POLICY, {"local_endpoint": {"address": "10.0.0"}}, "local_endpoint.address: '10.0.0' is not an IPv4 or IPv6"),
    (POLICY, {"local_endpoint": {"netmask": "8..33.0"}}, "local_endpoint.netmask: '33.0' is not a prefix length"),
    (POLICY, {"uuid": "1cd8"}, "uuid: '1cd8' is not a UUID."),
    (POLICY, {"name": ""}, "name: is empty"),
    (POLICY, {"svm": " svm1"}, "svm: has a line break, a control character, or white space at an end"),
    (POLICY, {"certificate": "a\nb"}, "certificate: has a line break"),
    (SECURITY_ASSOCIATION, {"type": "nope"}, "type: 'nope' is not one of ike, ipsec."),
    (SECURITY_ASSOCIATION, {"ike": {"state": "up"}}, "ike.state: 'up' is not one of none, connecting, established"),
    (SECURITY_ASSOCIATION, {"local_address": "fe80::1%e0a"}, "local_address: 'fe80::1%e0a' names a zone"),
]


@pytest.mark.parametrize(("resource", "options", "query"), SENT, ids=lambda case: str(case)[:50])
def test_a_filter_goes_out_as_ontap_stores_it(resource: Resource, options: dict[str, Any], query: Any) -> None:
    assert resource.filters(options) == query


@pytest.mark.parametrize(("resource", "options", "message"), REFUSED, ids=lambda case: str(case)[:50])
def test_a_filter_that_nothing_can_match_is_refused(resource: Resource, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        resource.filters(options)
    assert str(caught.value).startswith(message)


def test_all_slips_are_told_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        POLICY.filters({"action": "nope", "enabled": "maybe", "name": ""})
    assert len(caught.value.problems) == 3


@given(st.text("abcdefgh_", min_size=1).filter(lambda word: word not in ACTIONS))
def test_no_word_that_there_is_not_passes(word: str) -> None:
    for expression in (word, f"!{word}", f"bypass|{word}", f'"{word}"', f"<{word}", f"bypass..{word}"):
        with pytest.raises(InvalidInput, match="action: .* is not one of"):
            POLICY.filters({"action": expression})
