# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The field table of the IPsec policy: contracts that hold for every row, and the rules between rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import normalize
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput, UnexpectedAnswer
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.resource import OLDEST_SUPPORTED, Field, release
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import options as tables

KEY = "a-shared-key-of-25-chars."

# Two values of each kind, as users may write them.
VALUES: dict[Callable[[Any], Any], tuple[Any, Any]] = {
    normalize.boolean: (False, "yes"),
    normalize.integer: ("30", 60),
    normalize.ip_address: ("2001:DB8::0:1", "10.1.2.3"),
    normalize.name: ("svm1", "svm2"),
    normalize.port_range: ("23", "any"),
    normalize.prefix_length: ("64", "255.255.0.0"),
    normalize.protocol: ("TCP", 17),
    normalize.text: ("CN=first", "ANYTHING"),
    normalize.uuid_text: ("1cd8a442-86d1-11e0-ae1c-123478563412", "1cd8a442-86d1-11e0-ae1c-123478563413"),
    POLICY.by_option["secret_key"].normalizer: (KEY, KEY[::-1]),
}


def values(row: Field) -> tuple[Any, Any]:
    """Two values that differ, as a user may write them."""
    if row.choices:
        return row.choices[0].upper(), row.choices[1]
    assert row.normalizer in VALUES, f"VALUES: two values for {row.normalizer.__name__} are missing."
    return VALUES[row.normalizer]


def normal(row: Field) -> tuple[Any, Any]:
    """The same as they are compared."""
    one, other = values(row)
    return row.written(one), row.written(other)


ROWS = pytest.mark.parametrize("row", POLICY.fields, ids=lambda row: row.option)


def nested(dotted: str, value: Any) -> dict[str, Any]:
    *parents, last = dotted.split(".")
    result: dict[str, Any] = {last: value}
    for parent in reversed(parents):
        result = {parent: result}
    return result


def leaves(spec: dict[str, Any], prefix: str = "") -> set[str]:
    """The dotted names of all options of an argument spec that hold a value."""
    names: set[str] = set()
    for name, option in spec.items():
        names |= leaves(option["options"], f"{prefix}{name}.") if "options" in option else {prefix + name}
    return names


@ROWS
def test_a_normalizer_is_idempotent(row: Field) -> None:
    for value in normal(row):
        assert row.normalizer(value) == value


@pytest.mark.parametrize("row", [row for row in POLICY.fields if row.comparable], ids=lambda row: row.option)
def test_a_difference_shows(row: Field) -> None:
    one, other = normal(row)
    assert POLICY.differing({row.option: other}, {row.option: one}) == [row]
    assert POLICY.differing({row.option: one}, {row.option: one}) == []


NEWER = [row for row in POLICY.fields if row.since > OLDEST_SUPPORTED and not row.read_only]


@pytest.mark.parametrize("row", NEWER, ids=lambda row: row.option)
def test_the_release_before_refuses_an_option(row: Field) -> None:
    wanted = {row.option: normal(row)[0]}
    with pytest.raises(InvalidInput, match=f"{row.option} needs ONTAP {release(row.since)} or later"):
        POLICY.check_release(wanted, (row.since[0], row.since[1] - 1, 9))
    POLICY.check_release(wanted, row.since)


@pytest.mark.parametrize("row", [row for row in POLICY.fields if row.comparable], ids=lambda row: row.option)
def test_what_goes_to_the_array_comes_back_the_same(row: Field) -> None:
    state = {row.option: normal(row)[0]}
    assert POLICY.from_api(POLICY.to_api(state)) == state


@ROWS
def test_a_secret_never_comes_back(row: Field) -> None:
    record = nested(row.api_path, values(row)[0])
    state = {row.option: normal(row)[0]}
    assert (row.option in POLICY.from_api(record)) is not row.write_only
    assert (POLICY.to_options(state, also=[row.option]) == {}) is row.write_only


@ROWS
def test_what_is_read_only_is_never_sent(row: Field) -> None:
    state = {row.option: normal(row)[0]}
    assert (POLICY.to_api(state) == {}) is row.read_only


@ROWS
def test_omitted_is_left_alone(row: Field) -> None:
    assert POLICY.differing({}, {row.option: normal(row)[0]}) == []


def test_rows_and_options_are_the_same() -> None:
    writable = {row.option for row in POLICY.fields if not row.read_only}
    assert writable == leaves(tables.POLICY) - {"state"}


def test_a_secret_row_is_a_secret_option() -> None:
    spec = {**tables.POLICY, **tables.POLICY["ppk"]["options"]}
    for row in POLICY.fields:
        if row.write_only:
            assert spec[row.option.rpartition(".")[2]]["no_log"] is True


ENDPOINTS = {
    "local_endpoint": {"address": "10.0.0.1", "netmask": "32"},
    "remote_endpoint": {"address": "10.0.1.0", "netmask": "24"},
}
TEXTS = [row for row in POLICY.fields if (row.free_text or row.write_only) and not row.read_only]
NO_TEXT = st.one_of(
    st.booleans(),
    st.floats(),
    st.dates(),
    st.datetimes(),
    st.binary(),
    st.lists(st.text()),
    st.dictionaries(st.text(), st.text()),
)
BLANK = st.text(" \t\n\r\u00a0\u2028", max_size=5)


def refused(option: str, value: Any) -> str:
    """The message about an option, which has nothing of the value."""
    with pytest.raises(InvalidInput) as caught:
        POLICY.from_options({"name": "web", **nested(option, value)})
    (problem,) = caught.value.problems
    assert problem.startswith(f"{option}: ")
    return problem


def test_the_texts_of_a_policy_are_those_that_a_user_writes_freely() -> None:
    assert {row.option for row in TEXTS} == {
        *("name", "svm", "ipspace", "certificate", "local_identity", "remote_identity"),
        *("secret_key", "ppk.identity", "ppk.shared_key"),
    }


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row.option)
@settings(deadline=None)
@given(value=NO_TEXT)
def test_what_is_no_text_is_no_text(row: Field, value: Any) -> None:
    assert "put it in quotes" in refused(row.option, value)


@pytest.mark.parametrize("row", [row for row in TEXTS if row.write_only], ids=lambda row: row.option)
@settings(deadline=None)
@given(value=st.integers(10**17, 10**40))
def test_a_number_is_no_secret(row: Field, value: int) -> None:
    message = refused(row.option, value)
    assert "put it in quotes" in message
    assert str(value) not in message


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row.option)
@settings(deadline=None)
@given(blank=BLANK)
def test_what_is_blank_is_empty(row: Field, blank: str) -> None:
    assert "is empty" in refused(row.option, blank)


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row.option)
@settings(deadline=None)
@given(before=BLANK, after=BLANK.filter(lambda blank: blank not in ("\n", "\r\n")))
def test_nothing_is_around_a_text(row: Field, before: str, after: str) -> None:
    assume(before or after)
    message = refused(row.option, f"{before}{values(row)[0]}{after}")
    assert "white space at an end" in message or "line break" in message or "can't be seen" in message
    assert str(values(row)[0]) not in message


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row.option)
def test_one_line_break_is_taken_off_secrets_and_nothing_else(row: Field) -> None:
    for end in ("\n", "\r\n"):
        value = f"{values(row)[0]}{end}"
        if row.write_only:
            assert POLICY.from_options({"name": "web", **nested(row.option, value)})[row.option] == value.rstrip()
        else:
            assert "line break" in refused(row.option, value)


@pytest.mark.parametrize("row", [row for row in TEXTS if not row.write_only], ids=lambda row: row.option)
@settings(deadline=None)
@given(value=st.text() | st.integers())
def test_whatever_text_others_have_written_is_read(row: Field, value: Any) -> None:
    assert POLICY.from_api(nested(row.api_path, value))[row.option] == str(value)


def test_a_post_quantum_key_needs_one_that_is_there() -> None:
    without, with_one = {"name": "web"}, {"name": "web", "ppk.identity": "ppk-id"}
    key = {"name": "web", "ppk.shared_key": KEY}
    with pytest.raises(InvalidInput, match="ppk.identity: needed with ppk.shared_key"):
        POLICY.check_wanted(key, without)
    POLICY.check_wanted(key, with_one)
    assert "ppk.identity" in POLICY.judged_by(key)


def test_a_mask_without_an_address_must_fit_the_policy() -> None:
    told = POLICY.from_options({"name": "web", "remote_endpoint": {"netmask": "255.255.255.0"}})
    POLICY.check_wanted(told, {"remote_endpoint.address": "10.0.0.0"})
    with pytest.raises(InvalidInput, match="remote_endpoint.netmask: is an IPv4 mask, but 2001:db8:: is IPv6"):
        POLICY.check_wanted(told, {"remote_endpoint.address": "2001:db8::"})
    assert POLICY.to_api(told) == {"name": "web", "remote_endpoint": {"netmask": "24"}}


WHOLE = {"name": "web", "svm": "svm1", "action": "esp_transport", "secret_key": KEY, **ENDPOINTS}

BAD_INPUT: list[tuple[str, dict[str, Any], str]] = [
    ("name too long", {"name": "n" * 65}, "name: has 65 characters, but 1 to 64"),
    ("empty name", {"name": ""}, "name: is empty"),
    ("short key", {"secret_key": "seventeen-letters"}, "secret_key: has 17 characters, but 18 to 128"),
    ("long key", {"secret_key": "k" * 129}, "secret_key: has 129 characters"),
    ("foreign key", {"secret_key": "schlüssel-mit-umlauten"}, "secret_key: may contain ASCII"),
    ("odd hex key", {"secret_key": "0x" + "a" * 17}, "secret_key: is not valid hexadecimal"),
    ("wrong base64 key", {"secret_key": "0s" + "%" * 20}, "secret_key: is not valid Base64"),
    ("short ppk", {"ppk": {"identity": "ppk-id", "shared_key": "short"}}, "ppk.shared_key: has 5 characters"),
    ("short ppk identity", {"ppk": {"identity": "five5"}}, "ppk.identity: has 5 characters, but 6 to 64"),
    ("address without netmask", {"local_endpoint": {"address": "10.0.0.1"}}, "local_endpoint: address needs a netmask"),
    (
        "two netmasks",
        {"remote_endpoint": {"address": "10.0.0.0/16", "netmask": "24"}},
        "address says /16 and netmask says 24",
    ),
    (
        "IPv4 with a long netmask",
        {"local_endpoint": {"address": "10.0.0.1/33"}},
        "local_endpoint.netmask: 33 is too long",
    ),
    (
        "two families",
        {"local_endpoint": {"address": "10.0.0.1/32"}, "remote_endpoint": {"address": "2001:db8::/64"}},
        "both must be of one family",
    ),
    (
        "IPv4 mask of IPv6",
        {"remote_endpoint": {"address": "2001:db8::", "netmask": "255.255.255.0"}},
        "remote_endpoint.netmask: is an IPv4 mask, but 2001:db8:: is IPv6",
    ),
    (
        "IPv4 mask behind IPv6",
        {"local_endpoint": {"address": "2001:db8::1/255.255.255.0"}},
        "local_endpoint.netmask: is an IPv4 mask",
    ),
    ("zone", {"local_endpoint": {"address": "fe80::1%eth0/64"}}, "local_endpoint.address: 'fe80::1%eth0' names a zone"),
    ("wildcard with host bits", {"remote_endpoint": {"address": "10.0.0.1/0"}}, "netmask of 0 means all addresses"),
    ("local wildcard", {"local_endpoint": {"address": "0.0.0.0/0"}}, "local_endpoint: can't be all addresses"),
    ("several ports", {"local_endpoint": {"port": "1-2"}}, "local_endpoint.port: '1-2' is a range"),
    ("several protocols", {"protocol": "tcp udp"}, "protocol: 'tcp udp' is not an IP protocol"),
    (
        "NAT over IPv6",
        {"action": "esp_udp", "local_endpoint": {"address": "2001:db8::1/128"}},
        "esp_udp works over IPv4 only",
    ),
    ("key with pki", {"authentication_method": "pki", "secret_key": KEY}, "secret_key: goes with"),
    ("key with none", {"authentication_method": "none", "secret_key": KEY}, "secret_key: goes with"),
    ("certificate with psk", {"authentication_method": "psk", "certificate": "c"}, "certificate: goes with"),
    ("key and certificate", {"certificate": "c", "secret_key": KEY}, "give one of them"),
]


@pytest.mark.parametrize(("options", "message"), [case[1:] for case in BAD_INPUT], ids=[case[0] for case in BAD_INPUT])
def test_bad_input_is_refused_without_an_array(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        POLICY.from_options({"name": "web", **options})
    assert message in str(caught.value)
    assert str(options.get("secret_key")) not in str(caught.value)


def test_all_problems_are_reported_together() -> None:
    with pytest.raises(InvalidInput) as caught:
        POLICY.from_options({"name": "n" * 65, "protocol": "none such", "local_endpoint": {"port": "x"}})
    assert len(caught.value.problems) == 3


INCOMPLETE: list[tuple[str, dict[str, Any], list[str], str]] = [
    ("no action", {}, ["action"], "action: needed to create IPsec policy 'web' on SVM 'svm1'"),
    ("no endpoint", {}, ["remote_endpoint"], "remote_endpoint.address, remote_endpoint.netmask: needed"),
    ("no credential", {}, ["secret_key"], "secret_key or certificate: needed"),
    ("psk without key", {"authentication_method": "psk"}, ["secret_key"], "secret_key: needed"),
    ("pki without certificate", {"authentication_method": "pki"}, ["secret_key"], "certificate: needed"),
    ("protection without method", {"authentication_method": "none"}, ["secret_key"], "psk or pki is needed"),
    ("half a ppk", {"ppk": {"identity": "ppk-id"}}, [], "ppk.shared_key: identity and key"),
    ("the other half", {"ppk": {"shared_key": KEY}}, [], "ppk.identity: identity and key"),
    ("name not ASCII", {"name": "wéb"}, [], "name: may contain ASCII"),
]


@pytest.mark.parametrize(
    ("extra", "without", "message"), [case[1:] for case in INCOMPLETE], ids=[case[0] for case in INCOMPLETE]
)
def test_a_create_needs_everything(extra: dict[str, Any], without: list[str], message: str) -> None:
    options = {option: value for option, value in {**WHOLE, **extra}.items() if option not in without}
    with pytest.raises(InvalidInput) as caught:
        POLICY.check_create(POLICY.from_options(options))
    assert message in str(caught.value)


def test_a_remote_wildcard_needs_a_port_on_either_side() -> None:
    state = POLICY.from_options({**WHOLE, "remote_endpoint": {"address": "0.0.0.0/0"}})
    with pytest.raises(InvalidInput, match="only allowed together with one port"):
        POLICY.check_result(state)
    POLICY.check_result({**state, "local_endpoint.port": "2049-2049"})
    POLICY.check_result({**state, "remote_endpoint.port": "2049-2049"})


def test_nonsense_from_the_array_is_an_unexpected_answer() -> None:
    with pytest.raises(UnexpectedAnswer, match="local_endpoint.address makes no sense"):
        POLICY.from_api({"local_endpoint": {"address": "nowhere"}})


def test_a_patch_carries_endpoints_whole() -> None:
    current = POLICY.from_options({**WHOLE, "local_endpoint": {"address": "10.0.0.1/32", "port": 23}})
    result = {**current, "local_endpoint.netmask": "24"}
    body = POLICY.modify_body(current, result, POLICY.differing(result, current))
    assert body == {"local_endpoint": {"address": "10.0.0.1", "netmask": "24", "port": "23"}}


def test_a_patch_leaves_out_a_port_that_stays_any_and_writes_one_that_becomes_any() -> None:
    current = POLICY.from_options({**WHOLE, "local_endpoint": {"address": "10.0.0.1/32", "port": "any"}})
    moved = {**current, "local_endpoint.address": "10.0.0.2"}
    assert "port" not in POLICY.modify_body(current, moved, POLICY.differing(moved, current))["local_endpoint"]
    with_port = {**current, "local_endpoint.port": "23-23"}
    opened = POLICY.modify_body(with_port, current, POLICY.differing(current, with_port))
    assert opened["local_endpoint"]["port"] == "0"


@pytest.mark.parametrize(
    ("there", "needed"),
    [
        ({"authentication_method": "psk"}, {"secret_key"}),
        ({}, {"secret_key"}),
        ({"authentication_method": "psk", "ppk.identity": "one"}, {"secret_key", "ppk.shared_key"}),
        ({"authentication_method": "pki", "ppk.identity": "one"}, {"ppk.shared_key"}),
        ({"authentication_method": "pki"}, set()),
        ({"action": "bypass", "ppk.identity": "one"}, set()),
        ({"action": "discard"}, set()),
    ],
)
def test_a_policy_that_is_put_back_gets_the_secrets_that_it_had_and_no_others(
    there: dict[str, Any], needed: set[str]
) -> None:
    secrets = {"secret_key": "the-key-of-the-task", "ppk.shared_key": "the-other-key-of-the-task"}
    restored = POLICY.to_restore({"name": "web", "action": "esp_transport", **there}, secrets)
    assert {option: value for option, value in restored.items() if option in secrets} == {
        option: secrets[option] for option in needed
    }
