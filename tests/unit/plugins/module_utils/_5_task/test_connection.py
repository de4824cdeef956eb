# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection that options and environment describe."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.connection import connection
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task.options import CONNECTION

NOTHING = {option: spec.get("default") for option, spec in CONNECTION.items()}
NO_PASSWORD = {"username": None, "password": None}
BASIC = {"hostname": "array", "username": "admin", "password": "hush"}


def connect(environment: dict[str, str] | None = None, **options: Any) -> Any:
    return connection({**NOTHING, **options}, environment or {})


@pytest.mark.parametrize(
    ("hostname", "port", "url"),
    [
        ("array", None, "https://array:443"),
        ("array", 8443, "https://array:8443"),
        ("array:8443", None, "https://array:8443"),
        ("array:8443", 8443, "https://array:8443"),
        ("10.0.0.1:8443", None, "https://10.0.0.1:8443"),
        ("2001:db8::1", None, "https://[2001:db8::1]:443"),
        ("[2001:db8::1]:8443", None, "https://[2001:db8::1]:8443"),
        (" array ", None, "https://array:443"),
        ("Array.Example.", None, "https://array.example.:443"),
        ("k\u00e4the_1.example", None, "https://k\u00e4the_1.example:443"),
        ("fe80::1%eth0", None, "https://[fe80::1%eth0]:443"),
    ],
)
def test_hostname_and_port(hostname: str, port: int | None, url: str) -> None:
    assert connect(**{**BASIC, "hostname": hostname}, port=port).base_url == url


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hostname": None}, "by module_defaults (the group is group/wiresec.ontap.ontap"),
        ({"hostname": ""}, "hostname: is empty"),
        ({"hostname": "https://array"}, "leave out https://"),
        ({"hostname": "https://127.0.0.1:443"}, "leave out https://"),
        ({"hostname": "https://admin:hush@array"}, "leave out https://"),
        ({"hostname": "array/api"}, "leave out https://"),
        ({"hostname": "admin:hush@array"}, "leave out user name and password"),
        ({"hostname": "two words"}, "contains a blank"),
        ({"hostname": "array\nHost: other"}, "hostname: has a line break"),
        ({"hostname": "arr\u200bay"}, "hostname: has a line break, a control character"),
        ({"hostname": "\udce4rray"}, "hostname: is no text"),
        ({"hostname": "a..b"}, "between its dots"),
        ({"hostname": ".array"}, "between its dots"),
        ({"hostname": "-array"}, "between its dots"),
        ({"hostname": "a" * 64}, "1 to 63 of them"),
        ({"hostname": ".".join(["a" * 60] * 5)}, "between its dots"),
        ({"hostname": "array?x"}, "between its dots"),
        ({"hostname": "[::1"}, "bracket that is not closed"),
        ({"hostname": "[::1]443"}, "something other than a port"),
        ({"hostname": "[array]"}, "is not an IPv6 address"),
        ({"hostname": "1:2:3"}, "is not an IPv6 address"),
        ({"hostname": "fe80::1%"}, "has a zone"),
        ({"hostname": "array:https"}, "is not a number from 1 to 65535"),
        ({"hostname": "array:"}, "is not a number from 1 to 65535"),
        ({"hostname": "array:0"}, "is not a number from 1 to 65535"),
        ({"hostname": "array:65536"}, "is not a number from 1 to 65535"),
        ({"hostname": "array:\u0661"}, "is not a number from 1 to 65535"),
        ({"hostname": "array:1", "port": 2}, "different ports"),
        ({"port": 0}, "port: 0 is not from 1 to 65535"),
        ({"port": 65536}, "port: 65536 is not from 1 to 65535"),
        ({"username": None, "password": None}, "No credentials: give username and password"),
        ({"password": None}, "password: is missing, and username is given"),
        ({"username": None}, "username: is missing, and password is given"),
        ({"username": ""}, "username: is empty"),
        ({"password": ""}, "password: is empty"),
        ({"username": "ad:min"}, "username: has a colon"),
        ({"username": "admin "}, "username: has a line break, a control character, or white space at an end"),
        ({"password": " hush"}, "password: has a line break, a control character, or white space at an end"),
        ({"password": "hu\nsh"}, "password: has a line break"),
        ({"password": "hush\n\n"}, "password: has a line break"),
        ({"password": "hush\udce4"}, "password: is no text"),
        ({"access_token": "token"}, "more than one way to log in"),
        ({"client_cert": "/cert"}, "more than one way to log in"),
        ({**NO_PASSWORD, "access_token": "hu\nsh"}, "access_token: has a line break"),
        ({**NO_PASSWORD, "access_token": "Bearer hush"}, "access_token: has a blank"),
        ({**NO_PASSWORD, "access_token": "hush\u00e9"}, "access_token: has a blank, or a character that no token has"),
        ({**NO_PASSWORD, "access_token": ""}, "access_token: is empty"),
        ({**NO_PASSWORD, "client_key": "/key"}, "client_cert: is missing, and client_key is given"),
        ({"ca_path": ""}, "ca_path: is empty"),
        ({"trace": ""}, "trace: is empty"),
        ({"timeout": 0}, "timeout: 0 is not from 1 to 86400"),
        ({"timeout": 10**12}, "timeout: 1000000000000 is not from 1 to 86400"),
        ({"retries": -1}, "retries: -1 is not from 0 to 1000"),
        ({"retries": 1001}, "retries: 1001 is not from 0 to 1000"),
        ({"ontap_version": "new"}, "is not a release such as"),
        ({"ontap_version": ""}, "is not a release such as"),
        ({"ontap_version": [9, 10]}, "is not a release such as"),
        ({"ontap_version": 9.10}, "put it in quotes"),
        ({"password": 4711}, "password: is a number, not text as it was typed: put it in quotes."),
        ({"trace": "trace\n"}, "trace: has a line break"),
        ({"client_cert": " /cert", **NO_PASSWORD}, "client_cert: has a line break"),
    ],
)
def test_bad_connection_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        connect(**{**BASIC, **options})
    assert message in str(caught.value)
    assert "hu" not in str(caught.value)


def test_an_error_names_the_variable_that_a_value_comes_from() -> None:
    environment = {"ONTAP_HOSTNAME": "two words", "ONTAP_USERNAME": "admin", "ONTAP_TIMEOUT": "0", "ONTAP_PASSWORD": ""}
    for options, sentence in (
        ({**BASIC, "hostname": "two words"}, "hostname (ONTAP_HOSTNAME): 'two words' contains a blank"),
        ({**BASIC, "timeout": 0}, "timeout (ONTAP_TIMEOUT): 0 is not"),
        (
            {**BASIC, "password": None},
            "password: is missing, and username (ONTAP_USERNAME) is given; .* ONTAP_PASSWORD, which is set, but empty",
        ),
    ):
        with pytest.raises(InvalidInput, match=sentence.replace("(", r"\(").replace(")", r"\)")):
            connect(environment, **options)


@pytest.mark.parametrize("option", ["password", "access_token"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_end_of_a_line_in_a_file_is_no_part_of_a_secret(option: str, end: str) -> None:
    login = {**BASIC, **NO_PASSWORD} if option == "access_token" else BASIC
    connected = connect(**{**login, option: f"secret{end}"})
    assert getattr(connected, option) == "secret"
    assert connected.warnings == (f"{option}: ends with a line break, which was taken off.",)


def test_the_task_wins_over_the_environment() -> None:
    environment = {"ONTAP_USERNAME": "admin", "ONTAP_PASSWORD": "hush"}
    chosen = connect(environment, **BASIC, access_token="token")
    assert (chosen.access_token, chosen.username, chosen.password) == ("token", None, None)


def test_two_ways_to_log_in_from_the_environment_are_an_error() -> None:
    environment = {"ONTAP_USERNAME": "admin", "ONTAP_PASSWORD": "hush", "ONTAP_ACCESS_TOKEN": "token"}
    with pytest.raises(InvalidInput, match=r"environment variables ONTAP_\*"):
        connect(environment, **BASIC, access_token="token")


@pytest.mark.parametrize(
    ("spelling", "version"),
    [("9.8", (9, 8, 0)), (9.8, (9, 8, 0)), ("9.12.1", (9, 12, 1)), ("9.12.1P3", (9, 12, 1)), ("9.16.1RC1", (9, 16, 1))],
)
def test_releases(spelling: Any, version: tuple[int, int, int]) -> None:
    assert connect(**BASIC, ontap_version=spelling).version == version


def test_credentials_do_not_show_in_a_connection() -> None:
    assert "hush" not in repr(connect(**BASIC))


def test_a_line_break_is_no_part_of_a_secret_and_the_environment_still_the_environment() -> None:
    environment = {"ONTAP_USERNAME": "admin", "ONTAP_PASSWORD": "hush\n"}
    assert connect(environment, **{**BASIC, "password": "hush\n"}).password == "hush"
    assert connect(environment, **{**BASIC, "password": "hush\n"}, access_token="token\r\n").access_token == "token"
