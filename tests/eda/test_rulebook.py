# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events from a simulated array to a report: the real ansible-rulebook, its engine, and the rulebook of the collection."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from simulator import Simulator
from support.client_host import ClientHost, Unavailable
from support.harness import CHECKOUT
from support.pages import blocks
from support.repository import Repository

PROGRAMS = CHECKOUT / ".venv-eda" / "bin"
CLIENT, ARRAY = "10.0.1.7", "10.0.0.1"
KEY = {"key": "{{ lookup('ansible.builtin.env', 'KEY') }}"}
FORMER_KEY, NEW_KEY = "kR8vTq2LxW9zNc4MbY7s", "Zt7QpLm3vRx9WcN2kHsB"
NFS = {
    "name": "nfs",
    "svm": "svm1",
    "local_endpoint": {"address": ARRAY, "netmask": "32"},
    "remote_endpoint": {"address": "10.0.1.0", "netmask": "24"},
}


@pytest.fixture(autouse=True)
def java() -> None:
    """Skips where the engine can't run, and fails where tests run for a change that is to land."""
    if shutil.which("java") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("java is not installed")


class Rulebook:
    """ansible-rulebook, at work; what it prints is read line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.output = ""

    def until(self, text: str) -> None:
        """Waits for a line that has this text; fails if the program ends before."""
        for line in self._process.stdout or ():
            self.output += line
            if text in line:
                return
        pytest.fail(f"it ended without {text!r}:\n{self.output}")


@contextmanager
def rulebook(repository: Repository, port: int, **clients: Mapping[str, Any]) -> Iterator[Rulebook]:
    """Runs the rulebook of the collection for the clusters of a repository and for clients, until the test is over."""
    folder = repository.outside
    hosts = {name: {"ansible_host": f"{one.host}:{one.port}", **KEY} for name, one in repository.clusters.items()}
    groups = {"clusters": {"hosts": hosts}, "clients": {"hosts": clients}}
    inventory = {"all": {"children": groups, "vars": {"ansible_connection": "local"}}}
    options = {
        "ipsec_events_clusters": list(repository.clusters),
        "ipsec_events_host": "127.0.0.1",
        "ipsec_events_port": port,
        **{f"ipsec_events_{name}": "" for name in ("certfile", "keyfile", "cafile")},
        "ipsec_events_repository": str(repository.folder),
    }
    for name, content in {"inventory.yml": inventory, "events.yml": options}.items():
        (folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    environment = {**os.environ, **repository.environment()}
    environment |= {"PATH": f"{PROGRAMS}:{environment['PATH']}", "ANSIBLE_STDOUT_CALLBACK": "default"}
    command = [PROGRAMS / "ansible-rulebook", "--rulebook", "wiresec.ontap.ipsec_events", "--verbose"]
    with subprocess.Popen(
        [*command, "--inventory", folder / "inventory.yml", "--vars", folder / "events.yml"],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            yield Rulebook(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def send_events(array: Simulator, name: str, port: int) -> None:
    """Tells an array where its events go, as a user of the simulator would."""
    array.add_destination(
        name="rulebook", destination=f"http://127.0.0.1:{port}/{name}", filters=["no-info-debug-events"]
    )


def test_a_storm_of_events_starts_one_run_for_each_client(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Repository(tmp_path / "repository") as repository, rulebook(repository, port) as running:
        (first_name, first), (second_name, second), *_others = repository.clusters.items()
        for name, array in repository.clusters.items():
            repository.write(f"ipsec/{name}/svm1.yml", [], svm="svm1")
            array.add_policy(NFS)
            send_events(array, name, port)
        running.until("Waiting for events")
        for _packet in range(20):
            assert first.packet_in(CLIENT, ARRAY) == "ipsec.ib.policy.violation"
        running.until("PLAY RECAP")
        # What is no event of IPsec starts nothing.
        second.log_event("wafl.vol.full", "alert", "Volume is full.")
        second.log_event("ipsec.ib.bad.encrypt", "alert", "IPsec: a packet cannot be decrypted.")
        running.until("PLAY RECAP")
        # Had the storm started another run, that would have ended here in place of the one of the second cluster.
        assert [running.output.count(f"PLAY [{name}]") for name in ("Find the client", "Drift")] == [1, 1], (
            running.output
        )
        assert {one.outcome for array in (first, second) for one in array.deliveries} == {200}
        assert (len(first.deliveries), len(second.deliveries)) == (20, 2)
        page = (repository.folder / "ipsec-reports" / f"diagnosis-{CLIENT}.md").read_text(encoding="utf-8")
        assert first_name in page and "ipsec.ib.policy.violation" in page
        (report,) = repository.read(f"ipsec-reports/{second_name}/drift.json")["plans"]
        assert [one["name"] for one in report["unmanaged"]] == ["nfs"]
        assert Simulator.password not in running.output


ARRAY_END = """
connections {{
  nfs {{
    remote_addrs = {client}
    proposals = aes256-sha384-ecp384
    local {{
      auth = psk
      id = {array}
    }}
    remote {{
      auth = psk
    }}
    children {{
      nfs {{
        mode = transport
        esp_proposals = aes256gcm16
        local_ts = {array}[tcp/2049]
        remote_ts = {client}[tcp]
      }}
    }}
  }}
}}
secrets {{
  ike {{
    secret = {key}
  }}
}}
"""


# What the journal has where there is systemd.
LOG = """
printf 'charon-systemd { filelog { log { path = /run/charon.log\\n flush_line = yes } } }' >/etc/strongswan.d/log.conf
swanctl --reload-settings
"""


def test_an_event_leads_to_the_end_that_has_the_wrong_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client, array = "10.10.20.5", "10.10.10.7"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    try:
        host = ClientHost("strongswan")
    except Unavailable as reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(reason))
    with host, Repository(tmp_path / "repository") as repository:
        name, cluster = next(iter(repository.clusters.items()))
        endpoints = {
            "local_endpoint": {"address": f"{array}/32", "port": 2049},
            "remote_endpoint": {"address": f"{client}/32"},
        }
        entry = {"name": "nfs", "action": "esp_transport", "protocol": "tcp", "secret_key": "{{ key }}"}
        repository.write(f"ipsec/{name}/svm1.yml", [{**entry, **endpoints}], svm="svm1")
        db1 = {
            **{"ansible_connection": "local", "ansible_become": False, "ipsec_client_install": False},
            **{"ipsec_client_before_mounts": False},
            **{"ipsec_client_addresses": [client], "ipsec_client_log_file": "/run/charon.log"},
            "ansible_python_interpreter": str(host.interpreter(tmp_path / "python-of-db1")),
        }
        monkeypatch.setenv("KEY", NEW_KEY)
        with rulebook(repository, port, db1=db1) as running:
            inventory = ("-i", str(repository.outside / "inventory.yml"))
            # The client has the key that there was, and the array gets another one.
            for playbook, key in (("clients", FORMER_KEY), ("apply", NEW_KEY)):
                arguments = [*inventory, "-e", "ipsec_verify=false", "-e", f"ipsec_clusters={name}"]
                done = repository.run(f"wiresec.ontap.{playbook}", *arguments, environment={"KEY": key})
                assert done.code == 0, done.output
            (tmp_path / "array.conf").write_text(
                ARRAY_END.format(array=array, client=client, key=NEW_KEY), encoding="utf-8"
            )
            host.start_peer(array, tmp_path / "array.conf")
            host.shell(LOG)
            host.shell(f"swanctl --initiate --child wiresec-{name}--svm1--nfs --timeout 20 || true")
            running.until("Waiting for events")
            send_events(cluster, name, port)
            assert cluster.packet_out(array, client) == "ipsec.ob.no.acquire"
            running.until("PLAY RECAP")
        page = (repository.folder / "ipsec-reports" / f"diagnosis-{client}.md").read_text(encoding="utf-8")
        assert "AUTHENTICATION\\_FAILED" in page, page
        assert "The client's files have another key for the connection than the policy files." in page, page
        assert not [key for key in (FORMER_KEY, NEW_KEY) if key in page + running.output]


def test_rulebooks_are_what_ansible_rulebook_takes() -> None:
    (schema_path,) = CHECKOUT.glob(".venv-eda/lib/python3*/site-packages/ansible_rulebook/schema/ruleset_schema.json")
    schema = json.loads(schema_path.read_text(encoding="utf-8"))
    shipped = [path.read_text(encoding="utf-8") for path in (CHECKOUT / "extensions/eda/rulebooks").glob("*.yml")]
    shown = [text for text in blocks(CHECKOUT / "docs" / "events.md", "yaml") if "sources:" in text]
    assert (len(shipped), len(shown)) == (1, 1)
    for text in (*shipped, *shown):
        jsonschema.validate(yaml.safe_load(text), schema)


def test_the_guide_names_every_variable_of_the_rulebook() -> None:
    text = (CHECKOUT / "extensions/eda/rulebooks/ipsec_events.yml").read_text(encoding="utf-8")
    used = {word for word in text.replace("{", " ").replace("}", " ").split() if word.startswith("ipsec_events_")}
    (example,) = [one for one in blocks(CHECKOUT / "docs" / "events.md", "yaml") if "ipsec_events_clusters" in one]
    assert yaml.safe_load(example).keys() == used
