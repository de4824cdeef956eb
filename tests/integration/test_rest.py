# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST client on the wire: ways to log in, TLS, answers that can't be trusted."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import (
    ApiError,
    ConnectionFailed,
    InvalidInput,
    OntapError,
    UnexpectedAnswer,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.rest import RestClient
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.trace import Trace
from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.wire import Connection
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from simulator import Simulator
from simulator.faults import KINDS, Effect, Kind
from simulator.messages import Answer
from support.clock import Clock
from support.harness import info, policy

NO_PASSWORD = {"username": None, "password": None}
POLICIES = "/security/ipsec/policies"


@pytest.fixture(autouse=True)
def netrc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, array: Simulator) -> None:
    """Credentials that must never be used."""
    path = tmp_path / "netrc"
    path.write_text(f"machine {array.host} login admin password from-netrc\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(path))


def test_three_ways_to_log_in(array: Simulator) -> None:
    array.add_policy({"name": "web", "svm": "svm1"})
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


def test_a_name_that_the_certificate_lacks(array: Simulator) -> None:
    with pytest.raises(ConnectionFailed, match="valid for another name. Give as hostname"):
        info(array, hostname="127.1")


def test_nobody_listens(array: Simulator) -> None:
    with pytest.raises(
        ConnectionFailed, match="no connection to 127.0.0.1:1: Connection refused. Check hostname and port"
    ):
        info(array, port=1)


def client_of(array: Simulator, clock: Any = None, **changes: Any) -> RestClient:
    options = {"hostname": array.host, "port": array.port, "username": array.username, "password": array.password}
    connection = Connection(**{**options, "ca_path": array.ca_path, "retries": 0, **changes})
    return RestClient(connection, clock=clock) if clock else RestClient(connection)


@pytest.fixture
def job() -> dict[str, Any]:
    return {"name": "web", "svm": {"name": "svm1"}, "action": "bypass"} | {
        side: {"address": "10.0.0.1", "netmask": "32"} for side in ("local_endpoint", "remote_endpoint")
    }


def test_a_paused_job_is_no_success(array: Simulator, job: dict[str, Any]) -> None:
    array.as_job("POST", "/api" + POLICIES, paused=True)
    clock = Clock()
    with client_of(array, clock) as client, pytest.raises(UnexpectedAnswer, match="which is still paused after 60 s"):
        client.post(POLICIES, job)
    assert sum(clock.pauses) == pytest.approx(60, abs=0.001)


def test_a_job_is_waited_for(array: Simulator, job: dict[str, Any]) -> None:
    array.as_job("POST", "/api" + POLICIES, polls=5)
    clock = Clock()
    with client_of(array, clock) as client:
        client.post(POLICIES, job)
    assert len(clock.pauses) == 5
    assert len(array.policies()) == 1


def test_a_failed_job_keeps_what_ontap_said(array: Simulator, job: dict[str, Any]) -> None:
    array.as_job("POST", "/api" + POLICIES, outcome="failure", message="out of cheese", code=4711, polls=0)
    with client_of(array) as client, pytest.raises(ApiError, match="out of cheese") as caught:
        client.post(POLICIES, job)
    assert caught.value.code == 4711


WEB = {"name": "web", "svm": "svm1", "action": "bypass"} | {
    side: {"address": "10.0.0.1/32"} for side in ("local_endpoint", "remote_endpoint")
}


def test_an_account_that_may_not_read_jobs_sees_by_the_policy_that_its_job_is_done(array: Simulator) -> None:
    array.add_account("restricted", "restricted-password", forbidden=("/api/cluster",))
    array.as_job("POST", "/api" + POLICIES, polls=0)
    result = policy(array, **WEB, username="restricted", password="restricted-password")
    assert (result["operation"], result["changed"], len(array.policies())) == ("created", True, 1)
    assert "which can't be followed" in result["warnings"][0]


def test_a_job_that_can_not_be_followed_and_shows_no_effect_leaves_its_write_in_doubt(array: Simulator) -> None:
    array.add_account("restricted", "restricted-password", forbidden=("/api/cluster",))
    array.as_job("POST", "/api" + POLICIES, paused=True)
    clock = Clock()
    with pytest.raises(UnexpectedAnswer, match="which can't be followed.*not known.*may still come") as caught:
        policy(array, **WEB, username="restricted", password="restricted-password", clock=clock)
    assert caught.value.result()["operation"] == "unknown"
    assert sum(clock.pauses) == pytest.approx(30, abs=0.001)
    assert [request.method for request in array.requests].count("POST") == 1


def test_an_error_object_counts_on_any_status(array: Simulator) -> None:
    array.refuse("GET", "/api" + POLICIES, code=262145, message="half a list", status=200)
    with pytest.raises(OntapError, match="half a list"):
        info(array)


def test_the_time_limit_of_the_array_is_no_proof_of_absence(array: Simulator) -> None:
    clock = Clock()
    array.on_silence = lambda: clock.advance(56)
    array.fault("gave_up", "GET", POLICIES)
    with client_of(array, clock) as client:
        with pytest.raises(UnexpectedAnswer, match="no proof of absence"):
            client.get_all(POLICIES, {"name": "web"})
        assert client.get_all(POLICIES, {"name": "web"}) == []


NOT_FOUND: dict[str, dict[str, Any]] = {
    "a page of another server": {"fault": "page"},
    "no such path": {"code": 3, "status": 404},
    "a path with one part too many": {"code": 262179, "status": 404},
}


@pytest.mark.parametrize("answer", NOT_FOUND.values(), ids=NOT_FOUND)
def test_a_status_alone_does_not_say_that_a_policy_is_gone(
    array: Simulator, answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy(array, **WEB)
    if "fault" in answer:
        page = "<html><title>404 Not Found</title></html>"
        kind = Kind("a page", lambda _scene: Answer(404, page=page), Effect.NEVER)
        monkeypatch.setitem(KINDS, "page", kind)
        array.fault("page", "DELETE", f"{POLICIES}/*")
    else:
        array.refuse("DELETE", f"{POLICIES}/*", **answer)
    with pytest.raises(ApiError, match="Deleting IPsec policy 'web' on SVM 'svm1' failed: .*HTTP 404") as caught:
        policy(array, **WEB, state="absent")
    assert caught.value.result()["changed"] is False
    assert len(array.policies()) == 1
    if "fault" in answer:
        assert "the answer is text/html, not ONTAP's" in str(caught.value)
        assert "Check that hostname is an ONTAP array" in str(caught.value)


def test_a_delete_finds_out_from_ontap_that_there_is_nothing_to_delete(array: Simulator) -> None:
    policy(array, **WEB)
    array.refuse("DELETE", f"{POLICIES}/*", code=4, status=404, after_effect=True)
    assert policy(array, **WEB, state="absent")["changed"] is True
    assert array.policies() == []


ADVICE = [
    (2, 400, "Leave out what the error names"),
    (7, 429, "A limit of the array is reached, and waiting does not help"),
    (7, 503, "A limit of the array is reached, and waiting does not help"),
    (262160, 400, "more retries, or let fewer run at once: by throttle"),
    (4711, 429, "more retries, or let fewer run at once: by throttle"),
]


@pytest.mark.parametrize(("code", "status", "advice"), ADVICE)
def test_codes_of_every_endpoint_have_advice(array: Simulator, code: int, status: int, advice: str) -> None:
    array.refuse("POST", POLICIES, code=code, status=status)
    with pytest.raises(ApiError, match=advice):
        policy(array, **WEB)


def test_what_a_redirect_or_a_broken_answer_has_in_it_does_not_show(
    array: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = '{"a":' * 100_000
    for answer, sentence in (
        (Answer(307, None, {"Location": "https://me:s3cr3t@elsewhere.example/"}), "redirect to elsewhere.example"),
        (Answer(307, None, {"Location": "https://[s3cr3t"}), "did not arrive whole"),
        (Answer(300, None, {"Location": "https://[s3cr3t"}), "redirect to somewhere that can't be read"),
        (Answer(200, page="s3cr3t"), "instead of JSON"),
        (Answer(200, page=deep, headers={}), "instead of JSON"),
        (Answer(503, page="", headers={"Retry-After": "Fri, 31 Dec 99999 23:59:59 GMT"}), "HTTP 503"),
        (Answer(503, page="", headers={"Retry-After": "9" * 5000}), "HTTP 503"),
    ):
        monkeypatch.setitem(KINDS, "odd", Kind("odd", lambda _scene, answer=answer: answer, Effect.NEVER))
        array.fault("odd", "GET", POLICIES, times=2)
        with pytest.raises(OntapError, match=sentence) as caught:
            info(array, clock=Clock(), retries=1)
        assert "s3cr3t" not in str(caught.value)
        array.heal()


# What is repeated


def paused(array: Simulator, **options: Any) -> tuple[list[float], list[int]]:
    """The pauses between the attempts of a listing, and the statuses of its answers."""
    clock = Clock()
    array.clear_log()
    info(array, clock=clock, **options)
    return clock.pauses, [request.status for request in array.requests]


def test_pauses_grow_and_are_never_quite_the_same(array: Simulator) -> None:
    array.add_policy({"name": "web", "svm": "svm1"})
    array.fault("bad_gateway", "GET", POLICIES, times=4)
    pauses, statuses = paused(array, retries=4)
    assert statuses == [502, 502, 502, 502, 200]
    assert all(floor <= pause <= floor + 0.5 for floor, pause in zip((0, 1, 2, 4), pauses, strict=True))
    array.fault("bad_gateway", "GET", POLICIES, times=4)
    assert paused(array, retries=4)[0] != pauses


@pytest.mark.parametrize(("kind", "status"), [("busy", 429), ("unavailable", 503)])
@pytest.mark.parametrize(("retry_after", "pause"), [("7", 7), ("3600", 30), ("soon", 0)])
def test_retry_after_is_honoured_up_to_a_bound(
    array: Simulator, kind: str, status: int, retry_after: str, pause: float
) -> None:
    array.add_policy({"name": "web", "svm": "svm1"})
    array.fault(kind, "GET", POLICIES, retry_after=retry_after)
    pauses, statuses = paused(array, retries=1)
    assert statuses == [status, 200]
    assert pause <= pauses[0] <= pause + 0.5


def test_retries_come_to_an_end(array: Simulator) -> None:
    array.fault("unavailable", "GET", POLICIES, times=3)
    with pytest.raises(ApiError, match="HTTP 503"):
        paused(array, retries=2)
    assert [request.status for request in array.requests] == [503, 503, 503]


@pytest.mark.parametrize("kind", ["refused", "handshake"])
def test_whatever_was_never_sent_is_sent_again(array: Simulator, job: dict[str, Any], kind: str) -> None:
    array.fault(kind, "GET", POLICIES, attempts=2)
    with client_of(array, Clock(), retries=2) as client:
        client.get_all(POLICIES, {"name": "web"})
        client.post(POLICIES, job)
    assert [request.method for request in array.requests] == ["GET", "POST"]


def test_a_temporary_lock_is_waited_for(array: Simulator, job: dict[str, Any]) -> None:
    array.refuse("POST", POLICIES, code=2621573, status=500, times=2)
    clock = Clock()
    with client_of(array, clock, retries=2) as client:
        client.post(POLICIES, job)
    assert clock.pauses == [30, 30]


def test_a_look_at_a_job_that_makes_no_sense_is_not_the_last(array: Simulator, job: dict[str, Any]) -> None:
    array.as_job("POST", POLICIES, polls=2)
    for occurrence, kind in enumerate(("html", "cut_json", "internal_error"), 1):
        array.fault(kind, "GET", "/api/cluster/jobs/*", occurrence=occurrence)
    with client_of(array, Clock()) as client:
        client.post(POLICIES, job)
    assert len(array.policies()) == 1


@pytest.mark.parametrize("kind", ["busy", "unavailable", "locked"])
def test_a_write_that_was_put_off_is_sent_again(array: Simulator, job: dict[str, Any], kind: str) -> None:
    array.fault(kind, "POST", POLICIES, times=2)
    with client_of(array, Clock(), retries=2) as client:
        client.post(POLICIES, job)
    assert len(array.policies()) == 1


@pytest.mark.parametrize(
    "kind", ["reset", "truncated", "cut_json", "html", "bad_gateway", "gateway_timeout", "redirect"]
)
def test_a_write_whose_answer_got_lost_is_not_sent_again_by_the_client(
    array: Simulator, job: dict[str, Any], kind: str
) -> None:
    array.fault(kind, "POST", POLICIES)
    with client_of(array, Clock(), retries=3) as client, pytest.raises(OntapError) as caught:
        client.post(POLICIES, job)
    assert caught.value.lost
    assert [request.method for request in array.requests] == ["POST"]


def test_a_limit_that_was_reached_does_not_pass_by_waiting(array: Simulator, job: dict[str, Any]) -> None:
    array.refuse("POST", POLICIES, code=7, status=503)
    with client_of(array, retries=3) as client, pytest.raises(ApiError, match="HTTP 503"):
        client.post(POLICIES, job)
    assert [request.method for request in array.requests] == ["POST"]


def test_a_time_out_is_over_when_the_clock_says_so(array: Simulator) -> None:
    clock = Clock()
    array.on_silence = lambda: clock.advance(60)
    array.fault("silence", "GET", POLICIES, times=2)
    with clock.governs_sockets():
        with pytest.raises(ConnectionFailed, match="no whole answer within 30 s. The option timeout allows for more"):
            info(array, clock=clock, retries=1)
        assert info(array, clock=clock)["num_records"] == 0


# Ways to the array


@pytest.mark.parametrize(
    ("certificate", "sentence"),
    [("expired", "has expired. Renew it on the array"), ("other_name", "valid for another name. Give as hostname")],
)
def test_an_invalid_certificate_is_named_and_not_tried_again(
    make_array: Callable[..., Simulator], certificate: str, sentence: str
) -> None:
    clock = Clock()
    with pytest.raises(ConnectionFailed, match=sentence):
        info(make_array(certificate=certificate), clock=clock, retries=3)
    assert clock.pauses == []


def test_an_ipv6_address_is_a_hostname(make_array: Callable[..., Simulator]) -> None:
    try:
        array = make_array(host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert info(array, hostname="::1", port=array.port)["num_records"] == 0
    assert info(array, hostname=f"[::1]:{array.port}", port=None)["num_records"] == 0


def test_credentials_are_not_sent_after_a_redirect(array: Simulator, make_array: Callable[..., Simulator]) -> None:
    array.fault("redirect", "GET", POLICIES)
    with pytest.raises(UnexpectedAnswer, match="a redirect to elsewhere.example, which is not followed"):
        info(array)


@pytest.fixture
def key_pair(tmp_path: Path, array: Simulator) -> dict[str, Path]:
    """The client certificate of the array with its key, that key under a passphrase, and the key of another one."""
    key = serialization.load_pem_private_key(Path(array.client_key).read_bytes(), None)
    protected = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"a passphrase"),
    )
    other = trustme.CA().issue_cert("other").private_key_pem.bytes()
    paths = {name: tmp_path / name for name in ("protected", "other", "both")}
    paths["protected"].write_bytes(protected)
    paths["other"].write_bytes(other)
    paths["both"].write_bytes(Path(array.client_cert).read_bytes() + protected)
    return paths


def test_a_client_key_that_can_not_be_used_is_named_before_any_request(
    array: Simulator, key_pair: dict[str, Path]
) -> None:
    for options, sentence in (
        ({"client_key": str(key_pair["protected"])}, "client_key: the key in .*protected is protected by a passphrase"),
        ({"client_cert": str(key_pair["both"])}, "client_cert: the key in .*both is protected by a passphrase"),
        ({"client_key": str(key_pair["other"])}, "the key in .*other does not belong to"),
        ({"client_key": "/nowhere.pem"}, "client_key: /nowhere.pem can't be read: No such file"),
        ({"client_cert": "/nowhere.pem"}, "client_cert: /nowhere.pem can't be read: No such file"),
        ({}, "the same file one with its key"),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            info(array, **{**NO_PASSWORD, "client_cert": array.client_cert, **options})
    assert array.requests == []


# Looking inside


def trace_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_trace_has_every_request_and_no_secret(array: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    key, ppk = "a secret key of the test", "a post-quantum key of the test"
    options = {**WEB, "action": "esp_transport", "secret_key": key, "ppk": {"identity": "ppk-one", "shared_key": ppk}}
    array.refuse("POST", POLICIES, code=66257107, message=f"what is {key}?")
    with pytest.raises(ApiError):
        policy(array, **options, trace=str(path))
    array.fault("busy", "GET", POLICIES)
    array.fault("reset", "POST", POLICIES)
    policy(array, **options, trace=str(path), retries=1, clock=Clock())
    entries = trace_of(path)
    assert [(entry["method"], entry["status"]) for entry in entries] == [
        (request.method, request.status or None) for request in array.requests
    ]
    posted = next(entry for entry in entries if entry["status"] == 201)
    assert posted["path"] == "/api" + POLICIES
    assert (posted["request"]["secret_key"], posted["request"]["ppk"]["shared_key"]) == ("(hidden)", "(hidden)")
    assert posted["answer"]["records"][0]["name"] == "web"
    assert "did not arrive whole" in next(entry for entry in entries if not entry["status"])["answer"]
    assert [secret for secret in (key, ppk, array.password) if secret in path.read_text(encoding="utf-8")] == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_trace_goes_to_a_private_file_only(array: Simulator, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.touch(mode=0o600)
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "open").touch(mode=0o644)
    os.mkfifo(tmp_path / "pipe", mode=0o600)
    for name, sentence in (
        ("link", "it is a symbolic link"),
        ("open", "mode 0600"),
        ("pipe", "can't be opened"),
        ("nowhere/trace", "No such file or directory"),
    ):
        with pytest.raises(InvalidInput, match=f"trace: .*{name}.*{sentence}"):
            info(array, trace=str(tmp_path / name))
    assert target.read_bytes() == b""
    assert array.requests == []


def test_a_trace_that_can_not_be_written_does_not_stop_the_run(array: Simulator, tmp_path: Path) -> None:
    with Trace(str(tmp_path / "trace"), POLICY.secret_names) as trace, Path("/dev/full").open("w") as full:
        os.dup2(full.fileno(), trace._file)
        with client_of(array) as client:
            client.trace = trace
            assert client.get_all(POLICIES, {}) == []
    assert "could not be written to its end: No space left" in trace.problem
