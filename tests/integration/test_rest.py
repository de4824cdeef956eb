# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST client on the wire: ways to log in, TLS, answers that can't be trusted."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils.errors import (
    ApiError,
    ConnectionFailed,
    OntapError,
    UnexpectedAnswer,
)
from ansible_collections.wiresec.ontap.plugins.module_utils.rest import Connection, RestClient
from integration.harness import info, policy
from simulator import Simulator

NO_PASSWORD = {"username": None, "password": None}
POLICIES = "/security/ipsec/policies"


@pytest.fixture(autouse=True)
def netrc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, array: Simulator) -> None:
    """Credentials that must never be used."""
    path = tmp_path / "netrc"
    path.write_text(f"machine {array.host} login admin password from-netrc\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(path))


def test_three_ways_to_log_in(array: Simulator) -> None:
    info(array)
    info(array, **NO_PASSWORD, access_token=array.access_token)
    info(array, **NO_PASSWORD, client_cert=array.client_cert, client_key=array.client_key)
    authorization = [request.headers.get("authorization", "") for request in array.requests]
    assert [value.partition(" ")[0] for value in authorization] == ["Basic", "Bearer", ""]
    assert [request.status for request in array.requests] == [200, 200, 200]


def test_credentials_beyond_latin1(array: Simulator) -> None:
    array.add_account("käthe", "пароль-密码")
    assert info(array, username="käthe", password="пароль-密码")["num_records"] == 0


@pytest.mark.parametrize(
    "credentials", [{"password": "wrong"}, {**NO_PASSWORD, "access_token": "wrong"}, {"username": "nobody"}]
)
def test_refused_credentials(array: Simulator, credentials: dict[str, Any]) -> None:
    with pytest.raises(ApiError, match="HTTP 401.*Check username and password") as caught:
        info(array, **credentials)
    assert caught.value.status == 401
    assert array.password not in str(caught.value)


def test_an_account_that_may_not(array: Simulator) -> None:
    array.add_account("operator", "operator-password", forbidden=("/api/security",))
    with pytest.raises(ApiError, match="Check that the role of the account") as caught:
        info(array, username="operator", password="operator-password")
    assert (caught.value.status, caught.value.code) == (403, 6)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_ca_path_and_validate_certs_hold_whatever_the_environment_says(
    array: Simulator, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for other in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(variable, str(Path(array.client_cert)))
    info(array)
    info(array, ca_path=None, validate_certs=False)
    with pytest.raises(ConnectionFailed, match="not signed by a known authority.*Set ca_path"):
        info(array, ca_path=None)


def test_tls_names_the_option_that_helps(array: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ConnectionFailed, match="not signed by a known authority.*Set ca_path"):
        info(array, ca_path=None)
    with pytest.raises(ConnectionFailed, match="/nowhere.pem"):
        info(array, ca_path="/nowhere.pem")
    with pytest.raises(ConnectionFailed, match="/nowhere.pem"):
        info(array, **NO_PASSWORD, client_cert="/nowhere.pem")


def test_a_name_that_the_certificate_lacks(array: Simulator) -> None:
    with pytest.raises(ConnectionFailed, match="valid for another name. Give as hostname"):
        info(array, hostname="127.1")


def test_nobody_listens(array: Simulator) -> None:
    with pytest.raises(
        ConnectionFailed, match="no answer from 127.0.0.1:1: Connection refused. Check hostname and port"
    ):
        info(array, port=1)


def client_of(array: Simulator, clock: Any = None, **changes: Any) -> RestClient:
    options = {"hostname": array.host, "port": array.port, "username": array.username, "password": array.password}
    connection = Connection(**{**options, "ca_path": array.ca_path, "retries": 0, **changes})
    return RestClient(connection, clock) if clock else RestClient(connection)


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def job() -> dict[str, Any]:
    return {"name": "web", "svm": {"name": "svm1"}, "action": "bypass"} | {
        side: {"address": "10.0.0.1", "netmask": "32"} for side in ("local_endpoint", "remote_endpoint")
    }


def test_a_paused_job_is_no_success(array: Simulator, job: dict[str, Any]) -> None:
    array.as_job("POST", "/api" + POLICIES, paused=True)
    clock = Clock()
    with client_of(array, clock) as client, pytest.raises(UnexpectedAnswer, match="is still paused after 60 s"):
        client.post(POLICIES, job)
    assert clock.now >= 60


def test_a_job_is_waited_for(array: Simulator, job: dict[str, Any]) -> None:
    array.as_job("POST", "/api" + POLICIES, polls=5)
    clock = Clock()
    with client_of(array, clock) as client:
        client.post(POLICIES, job)
    assert clock.now > 1
    assert len(array.policies()) == 1


def test_a_failed_job_keeps_what_ontap_said(array: Simulator, job: dict[str, Any]) -> None:
    array.as_job("POST", "/api" + POLICIES, outcome="failure", message="out of cheese", code=4711, polls=0)
    with client_of(array) as client, pytest.raises(ApiError, match="out of cheese") as caught:
        client.post(POLICIES, job)
    assert caught.value.code == 4711


def test_a_job_that_can_not_be_followed_leaves_its_write_in_doubt(array: Simulator) -> None:
    array.add_account("restricted", "restricted-password", forbidden=("/api/cluster/jobs",))
    array.as_job("POST", "/api" + POLICIES, polls=0)
    options = {"name": "web", "svm": "svm1", "action": "bypass"}
    endpoints = {side: {"address": "10.0.0.1/32"} for side in ("local_endpoint", "remote_endpoint")}
    with pytest.raises(UnexpectedAnswer, match="which can't be followed.*not known") as caught:
        policy(array, **options, **endpoints, username="restricted", password="restricted-password")
    assert caught.value.result()["operation"] == "unknown"


def test_an_error_object_counts_on_any_status(array: Simulator) -> None:
    array.refuse("GET", "/api" + POLICIES, code=262145, message="half a list", status=200)
    with pytest.raises(OntapError, match="half a list"):
        info(array)


def test_the_time_limit_of_the_array_is_no_proof_of_absence(array: Simulator) -> None:
    class Slow(Clock):
        def monotonic(self) -> float:
            self.now += 100
            return self.now

    with client_of(array, Slow()) as client, pytest.raises(UnexpectedAnswer, match="no proof of absence"):
        client.get_all(POLICIES, {"name": "web"})
    with client_of(array, time) as client:
        assert client.get_all(POLICIES, {"name": "web"}) == []


def test_a_read_is_repeated_while_the_array_says_try_again_later(array: Simulator) -> None:
    array.refuse("GET", "/api" + POLICIES, code=7, status=503)
    assert info(array, retries=1)["num_records"] == 0
    assert [request.status for request in array.requests] == [503, 200]
    array.refuse("GET", "/api" + POLICIES, code=7, status=503)
    with pytest.raises(ApiError, match="HTTP 503"):
        info(array, retries=0)


def test_a_write_that_was_refused_is_not_repeated(array: Simulator, job: dict[str, Any]) -> None:
    array.refuse("POST", "/api" + POLICIES, code=7, status=503)
    with client_of(array, retries=3) as client, pytest.raises(ApiError, match="HTTP 503"):
        client.post(POLICIES, job)
    assert [request.method for request in array.requests] == ["POST"]
