# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs third-party clients, which live in an environment of their own, against the simulator."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator import Simulator
from simulator.fixtures import _running_array, array, make_array
from support.third_party import CLIENT_PYTHON, environment, playbook

__all__ = ["_running_array", "array", "make_array"]

CLIENTS = Path(__file__).parent / "clients"


@pytest.fixture(scope="session")
def client_python() -> str:
    """Return the interpreter of the clients' environment; without one there is no conformance to speak of."""
    if not CLIENT_PYTHON.exists():
        pytest.fail(f"{CLIENT_PYTHON} is not there: `make conformance` makes that environment.", pytrace=False)
    return str(CLIENT_PYTHON)


@pytest.fixture
def run_client(client_python: str, tmp_path: Path) -> Callable[..., Any]:
    """Return a function that runs a script of `clients` against an array and returns what it prints as JSON."""

    def run(script: str, array: Simulator, **arguments: Any) -> Any:
        connection = {
            "host": array.host,
            "port": array.port,
            "username": array.username,
            "password": array.password,
            "verify": array.ca_path,
            "poll_interval": 0.01,
            **arguments.pop("connection", {}),
        }
        result = subprocess.run(
            [client_python, str(CLIENTS / script), json.dumps({"connection": connection, **arguments})],
            capture_output=True,
            text=True,
            check=False,
            env=environment(array, tmp_path),
            timeout=60,
        )
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return run


@pytest.fixture
def play(
    client_python: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., list[dict[str, Any]]]:
    """Return a function that runs tasks with ansible-playbook and returns the result of each, in order."""

    def run(array: Simulator, tasks: list[dict[str, Any]], *options: str, **variables: Any) -> list[dict[str, Any]]:
        book = tmp_path / "playbook.yml"
        header = {"hosts": "localhost", "gather_facts": False, "vars": {"ansible_python_interpreter": client_python}}
        # Each JSON document is a YAML document as well.
        book.write_text(json.dumps([{**header, "tasks": [{**task, "ignore_errors": True} for task in tasks]}]))
        known = {
            "netapp_hostname": f"{array.host}:{array.port}",
            "netapp_username": array.username,
            "netapp_password": array.password,
            "validate_certs": True,
        }
        arguments = [str(book), *options, "--extra-vars", json.dumps({**known, **variables})]
        # The same for all, so that they are forks of one Python.
        home = tmp_path_factory.getbasetemp()
        done = playbook(arguments, {**environment(array, home), "ANSIBLE_PIPELINING": "True"}, tmp_path)
        assert done.code == 0, done.output
        return [{**entry["result"], **({"failed": True} if entry["failed"] else {})} for entry in done.results]

    return run
