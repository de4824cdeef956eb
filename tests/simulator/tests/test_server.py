# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and stopping, the log, threads, the command line."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

import simulator
from simulator import Simulator, Unknowns, faults
from simulator.command import main

from .conftest import KEY, POLICIES, Api, Record

PACKAGE = Path(simulator.__file__).parent


def test_the_log(array: Simulator, api: Api, psk: Callable[..., Record]) -> None:
    api("POST", f"{POLICIES}?return_records=true", psk())
    api("GET", name="a b")
    created, listed = array.requests
    assert (created.method, created.path, created.raw_query, created.status) == (
        "POST",
        POLICIES,
        "return_records=true",
        201,
    )
    assert created.query == {"return_records": "true"}
    assert created.body == psk()
    assert created.headers["content-type"] == "application/json"
    assert (listed.query, listed.raw_query, listed.body) == ({"name": "a b"}, "name=a+b", None)
    assert (array.connections, created.connection) == (1, listed.connection)
    requests.get(array.url + POLICIES, verify=array.ca_path)
    assert (array.connections, array.requests[-1].status) == (2, 401)
    array.clear_log()
    assert (array.requests, array.connections) == ([], 0)


def test_reset_goes_back_to_the_beginning(make_array: Callable[..., Simulator]) -> None:
    array = make_array(version="9.12.1", unknowns=Unknowns(error_status=409), page_size=3)
    before = (array.version, array.unknowns, array.page_size)
    array.add_account("somebody", "secret")
    array.add_policy({"name": "p", "svm": "svm1"})
    array.version, array.unknowns, array.page_size = "9.8", Unknowns(), 1
    array.migrating_svms.add("svm1")
    array.low_ecv = array.mixed_version = array.metrocluster = True
    array.policy_limit_per_svm = array.policy_limit_cluster = array.request_limit = array.restarts = 1
    array.ipsec_enabled = False
    array.latency = 0.01
    array.refuse("GET", "*", 6)
    array.reset()
    assert (array.version, array.unknowns, array.page_size) == before
    assert not (array.migrating_svms or array.low_ecv or array.mixed_version or array.metrocluster or array.latency)
    assert {array.policy_limit_per_svm, array.policy_limit_cluster, array.request_limit} == {None}
    assert (array.restarts, array.policies(), array.requests, array.ipsec_enabled) == (0, [], [], True)
    assert Api(array)("GET").status_code == 200
    assert Api(array, ("somebody", "secret"))("GET").status_code == 401


def test_what_a_test_sets_up_needs_no_more_than_a_name(array: Simulator) -> None:
    array.add_policy({"name": "short", "svm": "svm1"})
    array.add_policy({"name": "cert", "svm": {"name": "svm2"}, "certificate": {"name": "ipsec-cert"}})
    array.add_policy({"name": "open", "action": "bypass"})
    assert [(one["name"], one["scope"], one["authentication_method"]) for one in array.policies()] == [
        ("open", "cluster", "none"),
        ("short", "svm", "psk"),
        ("cert", "svm", "pki"),
    ]
    certificate = array.policies()[2]["certificate"]
    assert certificate["uuid"] in [record["uuid"] for record in Api(array).records("/api/security/certificates")]
    for unknown in ("nobody", "svm9"):
        with pytest.raises(KeyError):
            array.add_policy({"name": "x", "svm": unknown})


@pytest.mark.parametrize(
    ("given", "local", "remote"),
    [
        ({}, ("10.0.0.1", "32", "0-0", "ipv4"), ("10.0.1.0", "24", "0-0", "ipv4")),
        (
            {"local_endpoint": {"address": "10.9.9.9"}, "remote_endpoint": {"port": "9-9"}},
            ("10.9.9.9", "32", "0-0", "ipv4"),
            ("10.0.1.0", "24", "9-9", "ipv4"),
        ),
        (
            {"remote_endpoint": {"address": "10.9.0.0", "netmask": "16"}},
            ("10.0.0.1", "32", "0-0", "ipv4"),
            ("10.9.0.0", "16", "0-0", "ipv4"),
        ),
        (
            {"remote_endpoint.address": "2001:db8:9::9"},
            ("2001:db8::1", "128", "0-0", "ipv6"),
            ("2001:db8:9::9", "128", "0-0", "ipv6"),
        ),
    ],
)
def test_a_policy_has_endpoints(
    array: Simulator, api: Api, given: Record, local: tuple[str, ...], remote: tuple[str, ...]
) -> None:
    uuid = array.add_policy({"name": "p", "svm": "svm1", "action": "bypass", **given})
    policy = api("GET", f"{POLICIES}/{uuid}").json()
    parts = ("address", "netmask", "port", "family")
    assert tuple(policy["local_endpoint"][part] for part in parts) == local
    assert tuple(policy["remote_endpoint"][part] for part in parts) == remote
    # What is filled in is as good as what a create has checked.
    sides = ("local_endpoint", "remote_endpoint")
    again = {side: {part: policy[side][part] for part in parts[:3]} for side in sides}
    assert api("PATCH", f"{POLICIES}/{uuid}", again).status_code == 200


def test_somebody_edits_behind_everybodys_back(array: Simulator) -> None:
    array.add_policy({"name": "p", "svm": "svm1", "local_identity": "me", "secret_key": KEY})
    array.edit_policy("p", "svm1", {"enabled": False, "remote_endpoint.port": "9-9", "local_identity": None})
    policy = array.policy("p", "svm1")
    assert policy is not None
    port = {"address": "10.0.1.0", "netmask": "24", "family": "ipv4", "port": "9-9"}
    assert (policy["enabled"], policy["remote_endpoint"], policy["secret_key"]) == (False, port, KEY)
    assert "local_identity" not in policy
    policy["enabled"] = True
    assert array.policies()[0]["enabled"] is False
    with pytest.raises(KeyError):
        array.edit_policy("p", "svm2", {"enabled": False})


def test_several_arrays_and_their_files(make_array: Callable[..., Simulator], tmp_path: Path) -> None:
    first, second = make_array(), make_array(ca_dir=tmp_path, version="9.8")
    assert first.port != second.port
    assert Path(second.ca_path).parent == tmp_path
    assert Path(second.client_key).stat().st_mode & 0o077 == 0
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(second.url, verify=first.ca_path)
    folder = Path(first.ca_path).parent
    first.stop()
    first.stop()
    assert not folder.exists()
    second.stop()
    assert Path(second.ca_path).exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_the_certificate_is_for_this_machine(make_array: Callable[..., Simulator], host: str) -> None:
    try:
        array = make_array(host=host.strip("[]"))
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert array.url == f"https://{host}:{array.port}"
    assert Api(array)("GET").status_code == 200


@pytest.mark.parametrize(
    ("kind", "message"), [("expired", "certificate has expired"), ("other_name", "IP address mismatch")]
)
def test_a_certificate_that_no_client_should_take(
    make_array: Callable[..., Simulator], kind: str, message: str
) -> None:
    array = make_array(certificate=kind)
    with pytest.raises(requests.exceptions.SSLError, match=message):
        Api(array)("GET")
    assert array.requests == []


def test_there_are_three_kinds_of_certificates() -> None:
    with pytest.raises(ValueError, match="valid, expired or other_name, not 'old'"):
        Simulator(certificate="old")


def test_many_threads(array: Simulator, psk: Callable[..., Record]) -> None:
    failures: list[str] = []

    def work(number: int) -> None:
        api = Api(array)
        for index in range(20):
            response = api("POST", body=psk(f"{number}-{index}"))
            if response.status_code != 201:
                failures.append(response.text)
            array.policies()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (len(array.policies()), array.connections) == (80, 4)


# --- the command line ---


@contextmanager
def running(*command: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run the command; give the process and the variables that it prints."""
    # Not from the folder of the package: Python would find it there in any case.
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    with subprocess.Popen(
        [sys.executable, *command, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            assert process.stdout is not None
            lines = [shlex.split(process.stdout.readline())[1] for _line in range(4)]
            yield process, dict(line.split("=", 1) for line in lines)
        finally:
            process.terminate()


@pytest.mark.parametrize("command", [(str(PACKAGE),), ("-m", "simulator")])
def test_the_command(command: tuple[str, ...], tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("ca.pem", "env")}
    options = ["--version", "9.9.1", "--svm", "nfs", "--unknown", "family_on_read=false", "--log"]
    options += ["--ca-file", str(files["ca.pem"]), "--env-file", str(files["env"])]
    with running(*command, *options) as (process, variables):
        assert files["env"].stat().st_mode & 0o777 == 0o600
        printed = files["env"].read_text()
        assert [line.partition("=")[0] for line in printed.splitlines()] == [f"export {name}" for name in variables]
        assert variables["ONTAP_CA_PATH"] == str(files["ca.pem"])
        response = requests.get(
            f"https://{variables['ONTAP_HOSTNAME']}/api/svm/svms?name=nfs",
            auth=(variables["ONTAP_USERNAME"], variables["ONTAP_PASSWORD"]),
            verify=variables["ONTAP_CA_PATH"],
        )
        assert response.json()["num_records"] == 1
        process.send_signal(signal.SIGINT)
        _output, log = process.communicate()
    assert process.returncode == 0
    assert log == "200 GET /api/svm/svms?name=nfs\n"


def test_the_command_arranges_faults_and_approvals() -> None:
    options = ["--fault", f"bad_gateway:GET:{POLICIES}:2", "--fault", "internal_error:post:/security/*:1:after"]
    options += ["--fault", "busy:*:*cluster", "--require-approval", f"DELETE:{POLICIES}*"]
    with running(str(PACKAGE), *options) as (_process, variables):
        sent = [
            requests.request(
                method,
                f"https://{variables['ONTAP_HOSTNAME']}{path}",
                json=body,
                auth=(variables["ONTAP_USERNAME"], variables["ONTAP_PASSWORD"]),
                verify=variables["ONTAP_CA_PATH"],
            ).status_code
            for method, path, body in [
                ("GET", POLICIES, None),
                ("GET", POLICIES, None),
                ("POST", POLICIES, {}),
                ("DELETE", f"{POLICIES}?name=x", None),
                ("GET", "/api/cluster", None),
                ("GET", "/api/cluster", None),
            ]
        ]
    assert sent == [200, 502, 500, 202, 429, 200]


def test_the_command_says_what_the_array_has_and_how_to_stop_it() -> None:
    with running(str(PACKAGE), "--svm", "nfs", "--version", "9.12.1") as (process, _variables):
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        told = process.stdout.read()
    for part in ("ONTAP 9.12.1", "Ctrl-C", "SVM nfs: no certificates", "IPsec: enabled; 0 policies"):
        assert part in told
    assert "SVM svm1: certificates ipsec-cert (server), ipsec-ca (server-ca)\n" in told


def test_the_help_of_the_command_lists_faults(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert faults.describe() in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--fault", "reset", "'reset' is not KIND:METHOD:PATH[:OCCURRENCE[:after]]"),
        ("--fault", "reset:GET:/x:1:after:all", "'reset:GET:/x:1:after:all' is not KIND:"),
        ("--fault", "flood:GET:/x", "no fault 'flood'; there are\n  reset "),
        ("--fault", "reset:GTE:/x", "a method is one of GET, HEAD, POST, PATCH, DELETE, OPTIONS, *, not 'GTE'"),
        ("--fault", "reset:GET:x", "a path begins with / or *, not as 'x' does"),
        ("--fault", "reset:GET:/x:0", "a number from 1 on, not '0'"),
        ("--fault", "reset:GET:/x:two", "a number from 1 on, not 'two'"),
        ("--fault", "reset:GET:/x:1:before", "is :after, not :before"),
        ("--fault", "busy:GET:/x:1:after", "busy happens before effect"),
        ("--fault", "wrong_count:POST:/x", "a lie about the records of a GET"),
        ("--require-approval", "POST", "'POST' is not METHOD:PATH"),
        ("--require-approval", "POST:x", "a path begins with / or *"),
    ],
)
def test_the_command_refuses_nonsense(
    option: str, value: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([option, value])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert f"argument {option}: " in told
    assert message in told


@pytest.mark.parametrize(("option", "message"), [("nothing=1", "no switch"), ("host_bits=lost", "kept, cleared")])
def test_the_command_refuses_switches(option: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--unknown", option])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_the_command_says_that_its_port_is_taken(array: Simulator) -> None:
    command = [sys.executable, str(PACKAGE), "--port", str(array.port)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert "Address already in use" in result.stderr
