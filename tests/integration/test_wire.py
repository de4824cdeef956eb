# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between a task and the array: proxies, and whatever can't even become a request. No text of others shows in errors."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import proxy
import pytest
import trustme
import yaml

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import ConnectionFailed, OntapError
from simulator import Simulator
from support.fault_matrix import WRITES, Scenario, cell, check_truth, write_faults
from support.harness import CHECKOUT, Playbooks, info, policy

SECRET = "s3cr3t"
SUBJECT: dict[str, Any] = {"name": "web", "svm": "svm1"}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NO_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)


# Through a proxy


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], str]]:
    """The URLs of a proxy that is spoken to by HTTP and of one by HTTPS, and the certificate of the latter's authority."""
    folder = tmp_path_factory.mktemp("proxy")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    tls = ["--cert-file", str(folder / "cert.pem"), "--key-file", str(folder / "key.pem")]
    common = ["--hostname", "127.0.0.1", "--port", "0", "--num-workers", "1", "--num-acceptors", "1"]
    common += ["--log-level", "CRITICAL"]
    with proxy.Proxy(common) as plain, proxy.Proxy([*common, *tls]) as secured:
        urls = {
            "http": f"http://127.0.0.1:{plain.flags.port}",
            "https": f"https://127.0.0.1:{secured.flags.port}",
        }
        yield urls, authority.cert_pem.bytes().decode()


@pytest.fixture
def proxied(
    request: pytest.FixtureRequest,
    array: Simulator,
    proxies: tuple[dict[str, str], str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Simulator:
    """An array behind a proxy."""
    urls, authority = proxies
    monkeypatch.setenv("HTTPS_PROXY", urls[request.param])
    both = tmp_path / "both.pem"
    both.write_text(Path(array.ca_path).read_text(encoding="utf-8") + authority, encoding="utf-8")
    monkeypatch.setattr(array, "ca_path", str(both))
    return array


# Those where a connection breaks; an answer that arrives is the same whatever is between.
BREAKS = [fault for fault in write_faults() if fault.kind in ("reset", "silence", "truncated", "refused", "handshake")]


PROXIED = [("http", scenario) for scenario in WRITES] + [("https", scenario) for scenario in (WRITES[0], WRITES[-1])]


def documented(scenario: Scenario) -> dict[str, str]:
    """What docs/faults.md, which another test holds, says of a scenario without a proxy: a cell for each fault."""
    page = (CHECKOUT / "docs" / "faults.md").read_text(encoding="utf-8")
    heading, _line, *rows = page.partition("| the write meets |")[2].split("\n\n")[0].splitlines()
    column = [name.strip() for name in heading.split("|")].index(scenario.name)
    return {row.split("|")[1].strip(): row.split("|")[2:][column].strip() for row in rows}


@pytest.mark.parametrize(
    ("proxied", "scenario"), PROXIED, indirect=["proxied"], ids=lambda one: getattr(one, "name", one)
)
def test_a_broken_connection_behind_a_proxy_leads_to_the_same_as_without(
    proxied: Simulator, scenario: Scenario
) -> None:
    expected = documented(scenario)
    for fault in BREAKS:
        behind = cell(proxied, scenario, fault, write=True)
        assert behind.text == expected[fault.name], fault.name
        check_truth(proxied, scenario, fault, behind)


@pytest.mark.parametrize("proxied", ["http"], indirect=True)
def test_a_delete_whose_answer_a_proxy_lost_is_no_change_that_was_not_made(proxied: Simulator) -> None:
    proxied.add_policy({**SUBJECT, "action": "bypass"})
    proxied.fault("reset", "DELETE", "/api/security/ipsec/policies/*", after_effect=True)
    result = policy(proxied, **SUBJECT, state="absent", retries=0)
    assert (result["changed"], result["operation"], proxied.policies()) == (True, "deleted", [])


def test_the_environment_names_the_proxy(array: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://someone:{SECRET}@127.0.0.1:1")
    with pytest.raises(ConnectionFailed, match="no connection to the proxy .*Check HTTPS_PROXY and NO_PROXY") as caught:
        info(array)
    assert caught.value.never_sent
    assert SECRET not in str(caught.value)
    monkeypatch.setenv("NO_PROXY", array.host)
    assert info(array)["num_records"] == 0


# What can't become a request

BYTES = "\udce4"
"""A byte of the environment that is no UTF-8, as Python reads it."""

NO_LOGIN = {"username": None, "password": None}

BAD_OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "token with a line break": ({**NO_LOGIN, "access_token": f"{SECRET}\n{SECRET}"}, "access_token: "),
    "token with a header": ({**NO_LOGIN, "access_token": f"{SECRET}\r\nX-Other: 1"}, "access_token: "),
    "token beyond ASCII": ({**NO_LOGIN, "access_token": f"{SECRET}é"}, "access_token: "),
    "token with its kind": ({**NO_LOGIN, "access_token": f"Bearer {SECRET}"}, "access_token: "),
    "token of bytes": ({**NO_LOGIN, "access_token": f"{SECRET}{BYTES}"}, "access_token: "),
    "password of bytes": ({"password": f"{SECRET}{BYTES}"}, "password: "),
    "password of two lines": ({"password": f"{SECRET}\n{SECRET}"}, "password: "),
    "account of bytes": ({"username": f"{SECRET}{BYTES}"}, "username: "),
    "account with a colon": ({"username": f"{SECRET}:admin"}, "username: "),
    "host with a login": ({"hostname": f"admin:{SECRET}@array"}, "hostname: "),
    "URL with a login": ({"hostname": f"https://admin:{SECRET}@array"}, "hostname: "),
    "host of bytes": ({"hostname": f"arr{BYTES}y"}, "hostname: "),
    "host with a blank": ({"hostname": "ar ray"}, "hostname: "),
    "host with a bracket": ({"hostname": "[::1"}, "hostname: "),
    "host without a part": ({"hostname": "a..b"}, "hostname: "),
    "host with a long part": ({"hostname": "a" * 70}, "hostname: "),
    "host that NFKC makes a path of": ({"hostname": "array\u2100x"}, "hostname: "),
    "host that no IDNA has": ({"hostname": "\u0660\u06f0.example", "port": None}, "hostname"),
    "host that nobody knows": ({"hostname": "nobody.invalid"}, "hostname"),
    "port": ({"port": 70000}, "port: "),
    "authorities that are not there": ({"ca_path": "/nowhere.pem"}, "ca_path: "),
    "authorities that are none": ({"ca_path": __file__}, "ca_path: "),
    "certificate that is none": ({**NO_LOGIN, "client_cert": __file__}, "client_cert: "),
    "name of bytes": ({"name": f"web{BYTES}"}, ""),
}
BAD_PROXIES: dict[str, tuple[str, str]] = {
    "socks": (f"socks5://me:{SECRET}@127.0.0.1:1", "HTTPS_PROXY: "),
    "number sign": (f"http://me:{SECRET}#{SECRET}@127.0.0.1:1", "HTTPS_PROXY: "),
    "slash": (f"http://me:{SECRET}/{SECRET}@127.0.0.1:1", "HTTPS_PROXY: "),
    "port": (f"http://me:{SECRET}@127.0.0.1:{SECRET}", "HTTPS_PROXY: "),
    "no host": (f"http://me:{SECRET}@", "HTTPS_PROXY: "),
    "bracket": (f"http://me:{SECRET}@[::1", "HTTPS_PROXY: "),
    "bytes": (f"http://me:{SECRET}{BYTES}@127.0.0.1:1", "HTTPS_PROXY: "),
    "Latin-2": (f"http://me:{SECRET}%C5%99@127.0.0.1:1", "HTTPS_PROXY: "),
    "NFKC": (f"http://me:{SECRET}\u2100@127.0.0.1:1", "HTTPS_PROXY: "),
    "nobody": (f"http://me:{SECRET}@nobody.invalid", "HTTPS_PROXY"),
    "unreachable": (f"http://me:{SECRET}@127.0.0.1:1", "HTTPS_PROXY"),
}


def check_words(error: OntapError, named: str) -> None:
    """The message begins with what is to be mended, or has it; nothing of the secret is in it or in a traceback."""
    assert str(error).startswith(named) if named.endswith(": ") else named in str(error)
    assert str(error).endswith(".")
    shown = "".join(traceback.format_exception(error, chain=True))
    assert SECRET not in str(error)
    assert SECRET not in "".join(line for line in shown.splitlines() if not line.startswith("    "))
    assert not isinstance(error, ConnectionFailed) or error.never_sent


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_options_that_are_no_connection(array: Simulator, case: str) -> None:
    options, named = BAD_OPTIONS[case]
    with pytest.raises(OntapError) as caught:
        policy(array, **{"name": "web", "svm": "svm1", "state": "absent", **options})
    check_words(caught.value, named)
    assert array.requests == []


@pytest.mark.parametrize("case", BAD_PROXIES)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_variables_that_are_no_proxy(
    array: Simulator, case: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, named = BAD_PROXIES[case]
    monkeypatch.setenv(variable, url)
    with pytest.raises(OntapError) as caught:
        info(array)
    check_words(caught.value, named.replace("HTTPS_PROXY", variable))
    assert array.requests == []


def test_nothing_of_a_secret_shows_in_a_playbook(playbooks: Playbooks) -> None:
    def task(title: str, options: dict[str, Any], variables: dict[str, str]) -> dict[str, Any]:
        told = {name: f"{{{{ given[{title!r}][{name!r}] }}}}" for name, value in options.items() if value is not None}
        told_variables = {name: f"{{{{ given[{title!r}][{name!r}] }}}}" for name in variables}
        module = {"name": "web", "svm": "svm1", "state": "absent", "retries": 0, **told}
        return {
            "name": title,
            "wiresec.ontap.ipsec_policy": module,
            "environment": told_variables,
            "ignore_errors": True,
        }

    given: dict[str, dict[str, Any]] = {title: options for title, (options, _named) in BAD_OPTIONS.items()}
    given |= {f"proxy {title}": {"HTTPS_PROXY": url} for title, (url, _named) in BAD_PROXIES.items()}
    # In a playbook bytes can only come from the environment of ansible-playbook; a name server may take its time.
    left_out = (BYTES, "nobody.invalid")
    given = {
        title: values
        for title, values in given.items()
        if not any(text in str(value) for value in values.values() for text in left_out)
    }
    tasks = [
        task(title, {} if "HTTPS_PROXY" in values else values, values if "HTTPS_PROXY" in values else {})
        for title, values in given.items()
    ]
    variables = playbooks.folder / "given.yml"
    variables.write_text(yaml.safe_dump({"given": given}), encoding="utf-8")
    play = playbooks.play(
        tasks, "-vvvv", "-e", f"@{variables}", environment={"ANSIBLE_DISPLAY_TRACEBACK": "always", "NO_PROXY": ""}
    )
    assert play.code == 0, play.output
    assert len(play.failed) == len(tasks)
    # The user name and the host name are no secrets to Ansible, which shows the options of a task.
    shown = re.sub(r'"(username|hostname)": "[^"]*"', "", play.output)
    assert [line for line in shown.splitlines() if SECRET in line] == []
    assert "Invalid" not in shown.replace("InvalidInput", "")
    assert "did not arrive whole" not in shown
