# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection that options and environment describe."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils.arguments import CONNECTION, connection
from ansible_collections.wiresec.ontap.plugins.module_utils.errors import InvalidInput

NOTHING = {option: spec.get("default") for option, spec in CONNECTION.items()}
BASIC = {"hostname": "array", "username": "admin", "password": "secret"}


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
    ],
)
def test_hostname_and_port(hostname: str, port: int | None, url: str) -> None:
    assert connect(**{**BASIC, "hostname": hostname}, port=port).base_url == url


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hostname": None}, "give the array's management address"),
        ({"hostname": "https://array"}, "leave out https://"),
        ({"hostname": "array/api"}, "leave out https://"),
        ({"hostname": "admin@array"}, "is not a host name"),
        ({"hostname": "array:https"}, "is not a number"),
        ({"hostname": "array:1", "port": 2}, "different ports"),
        ({"username": None, "password": None}, "No credentials"),
        ({"password": None}, "both are needed"),
        ({"username": None}, "both are needed"),
        ({"access_token": "token"}, "more than one way to log in"),
        ({"client_cert": "/cert"}, "more than one way to log in"),
        ({"username": None, "password": None, "client_key": "/key"}, "goes with client_cert"),
        ({"timeout": 0}, "timeout: 0 is too small"),
        ({"retries": -1}, "retries: -1 is too small"),
        ({"ontap_version": "new"}, "is not a release such as"),
    ],
)
def test_bad_connection_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        connect(**{**BASIC, **options})
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_task_wins_over_the_environment() -> None:
    environment = {"ONTAP_USERNAME": "admin", "ONTAP_PASSWORD": "secret"}
    chosen = connect(environment, **BASIC, access_token="token")
    assert (chosen.access_token, chosen.username, chosen.password) == ("token", None, None)


def test_two_ways_to_log_in_from_the_environment_are_an_error() -> None:
    environment = {"ONTAP_USERNAME": "admin", "ONTAP_PASSWORD": "secret", "ONTAP_ACCESS_TOKEN": "token"}
    with pytest.raises(InvalidInput, match=r"environment variables ONTAP_\*"):
        connect(environment, **BASIC, access_token="token")


@pytest.mark.parametrize(
    ("spelling", "version"),
    [("9.8", (9, 8, 0)), ("9.12.1", (9, 12, 1)), ("9.12.1P3", (9, 12, 1)), ("9.16.1RC1", (9, 16, 1))],
)
def test_releases(spelling: str, version: tuple[int, int, int]) -> None:
    assert connect(**BASIC, ontap_version=spelling).version == version


def test_credentials_do_not_show_in_a_connection() -> None:
    assert "secret" not in repr(connect(**BASIC))
