# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain HTTP client for the simulator, and policies that it accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from simulator import Simulator
from simulator.fixtures import _running_array, array, make_array

__all__ = ["_running_array", "array", "make_array"]

POLICIES = "/api/security/ipsec/policies"
KEY = "a-key-of-eighteen-and-more"

Record = dict[str, Any]


class Api:
    """Requests to one simulator over one connection."""

    def __init__(self, array: Simulator, auth: tuple[str, str] | None = None, **headers: str) -> None:
        self.array = array
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = auth or (array.username, array.password)
        self.session.headers.update(headers)

    def __call__(self, method: str, path: str = POLICIES, body: Any = None, **parameters: str) -> requests.Response:
        """Send one request; a double underscore in the name of a parameter stands for a dot."""
        query = {name.replace("__", "."): value for name, value in parameters.items()}
        return self.session.request(
            method, self.array.url + path, params=query, json=body, verify=self.array.ca_path, allow_redirects=False
        )

    def records(self, path: str = POLICIES, **parameters: str) -> list[Record]:
        """Return the records of one page."""
        response = self("GET", path, **parameters)
        assert response.status_code == 200, response.text
        return list(response.json()["records"])

    def names(self, **parameters: str) -> list[str]:
        """Return the names of the policies of one page."""
        return [record["name"] for record in self.records(**parameters)]

    def refused(self, method: str, path: str = POLICIES, body: Any = None, **parameters: str) -> tuple[str, str | None]:
        """Return code and target of a request that must fail."""
        response = self(method, path, body, **parameters)
        assert response.status_code >= 400, response.text
        error = response.json()["error"]
        return error["code"], error.get("target")


@pytest.fixture
def api(array: Simulator) -> Iterator[Api]:
    """Return a client of the cluster's administrator."""
    client = Api(array)
    with client.session:
        yield client


@pytest.fixture
def psk() -> Callable[..., Record]:
    """Return a function that makes the body of a policy with a pre-shared key; None takes a property out."""

    def make(name: str = "psk", **changes: Any) -> Record:
        body = {
            "name": name,
            "svm": {"name": "svm1"},
            "action": "esp_transport",
            "secret_key": KEY,
            "local_endpoint": {"address": "10.0.0.1", "netmask": "32"},
            "remote_endpoint": {"address": "10.0.1.0", "netmask": "24"},
            **{path.replace("__", "."): value for path, value in changes.items()},
        }
        return {path: value for path, value in body.items() if value is not None}

    return make


@pytest.fixture
def pki(psk: Callable[..., Record]) -> Callable[..., Record]:
    """Return a function that makes the body of a policy with a certificate."""

    def make(name: str = "pki", **changes: Any) -> Record:
        base = {"secret_key": None, "certificate.name": "ipsec-cert", "remote_identity": "client.example"}
        return psk(name, **{"authentication_method": "pki", **base, **changes})

    return make
