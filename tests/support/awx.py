# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX does to run a job, without AWX: its credential injectors, its private data directory, and ansible-runner.

The kit of docs/awx is read from its files. What AWX does was read from its sources and is done again here in its own order:
injectors are rendered by Jinja's sandbox, files that a credential brings are in ``env`` with the mode 0600, variables and passwords
are handed to ansible-runner without a file, a slice of a job has a part of the inventory, and the working folder is the project.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jinja2 import ChainableUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from environment import isolated
from simulator import Simulator
from support.harness import CHECKOUT

KIT = CHECKOUT / "docs" / "awx"
REPOSITORY = CHECKOUT / "docs" / "gitops" / "repository"
CREDENTIAL_TYPE = "Make the credential type of ONTAP"
RUNNER = [sys.executable, "-m", "ansible_runner"]
JOB = [sys.executable, str(Path(__file__).parent / "awx_job.py")]
COLLECTION = ["meta", "playbooks", "plugins", "roles", "galaxy.yml"]


class _Loader(yaml.SafeLoader):
    """YAML as Ansible reads it; what is marked as unsafe is text like any other."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def load(text: str) -> Any:
    """The data of a YAML document of the kit."""
    return yaml.load(text, _Loader)


def tasks() -> dict[str, tuple[str, dict[str, Any]]]:
    """The tasks of the playbook that sets AWX up: module and options, by name."""
    play = load((KIT / "configure.yml").read_text(encoding="utf-8"))[0]
    return {
        task["name"]: next((key, options) for key, options in task.items() if key.startswith("awx.awx."))
        for task in play["tasks"]
    }


def inject(inputs: dict[str, Any], folder: Path, seen_as: Path) -> dict[str, str]:
    """Writes the files of a credential into ``folder``, which a job sees as ``seen_as``; returns its variables."""
    credential_type = tasks()[CREDENTIAL_TYPE][1]
    injectors = credential_type["injectors"]
    sandbox = ImmutableSandboxedEnvironment()
    # A text that was left empty is not there at all, a box that nobody ticked is false.
    boxes = {entry["id"]: False for entry in credential_type["inputs"]["fields"] if entry["type"] == "boolean"}
    known: dict[str, Any] = {**boxes, **{name: value for name, value in inputs.items() if value != ""}}
    names: dict[str, str] = {}
    for label, template in injectors.get("file", {}).items():
        name = label.removeprefix("template.")
        path = folder / f"tmp-{name}"
        path.touch(mode=0o600)
        path.write_text(sandbox.from_string(template).render(known), encoding="utf-8")
        names[name] = str(seen_as / path.name)
    known["tower"] = {"filename": names}
    return {name: sandbox.from_string(template).render(known) for name, template in injectors["env"].items()}


def message(event: str, part: str, **context: Any) -> str:
    """A message of the notification template, as AWX renders it."""
    template = tasks()["Tell by mail of plans, of failures, and of what waits for an approval"][1]["messages"]
    text = template[event][part]
    return ImmutableSandboxedEnvironment(undefined=ChainableUndefined).from_string(text).render(context)


@dataclass
class Result:
    """What AWX knows of a job afterwards."""

    code: int
    output: str
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def artifacts(self) -> dict[str, Any]:
        """The data of ``set_stats``, which AWX keeps with the job and hands on in a workflow."""
        stats = [event["event_data"] for event in self.events if event["event"] == "playbook_on_stats"]
        return dict(stats[0].get("artifact_data", {})) if stats else {}


class Controller:
    """Runs jobs, each in a private data directory of its own, from one project, with one credential."""

    def __init__(self, folder: Path, *arrays: Simulator) -> None:
        """The inventory has the arrays as ``cluster1``, ``cluster2``, ..., which one account manages."""
        self.folder = folder
        self.project = folder / "repository"
        self.inputs = {
            "username": arrays[0].username,
            "password": arrays[0].password,
            "ca_certificates": "".join(Path(array.ca_path).read_text(encoding="utf-8") for array in arrays),
        }
        self.inventory = {
            f"cluster{number}": {"ansible_host": f"{array.host}:{array.port}"} for number, array in enumerate(arrays, 1)
        }
        self.vault_password = "password-of-the-vault-of-the-tests"
        self.jobs = 0
        shutil.copytree(REPOSITORY, self.project)
        installed = self.project / "collections" / "ansible_collections" / "wiresec" / "ontap"
        for name in COLLECTION:
            source = CHECKOUT / name
            if source.is_dir():
                shutil.copytree(source, installed / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, installed / name)

    def launch(self, playbook: str, *options: str, **keywords: Any) -> Result:
        """Runs a job on this machine. Keywords: see ``prepare``."""
        folder, parameters = self.prepare(playbook, *options, **keywords)
        done = self._call(JOB, {**parameters, "private_data_dir": str(folder)})
        return self._result(folder, done.returncode, done.stdout)

    def launch_remotely(self, playbook: str, *options: str, **keywords: Any) -> Result:
        """Runs a job by three processes, as if on an execution node: transmit, worker, process."""
        node = self.folder / "node"
        folder, parameters = self.prepare(playbook, *options, seen_as=node, **keywords)
        home = {"private_data_dir": str(folder)}
        sent = self._call(JOB, {**parameters, **home, "streamer": "transmit"}, text=False)
        worked = self._call([*RUNNER, "worker", "--private-data-dir", str(node)], None, sent.stdout, text=False)
        (self.folder / "worker-output").write_bytes(worked.stdout)
        done = self._call(JOB, {**home, "ident": parameters["ident"], "streamer": "process"}, worked.stdout)
        return self._result(folder, done.returncode, done.stdout)

    def prepare(
        self,
        playbook: str,
        *options: str,
        variables: dict[str, Any] | None = None,
        slice_of: tuple[int, int] = (1, 1),
        facts: bool = False,
        seen_as: Path | None = None,
    ) -> tuple[Path, dict[str, Any]]:
        """Makes a private data directory; returns it with what ansible-runner is told.

        ``options`` are those of ansible-playbook, ``variables`` what survey, prompts and artifacts of a workflow bring,
        ``slice_of`` is the number of the slice and of how many, ``facts`` turns the fact cache on, and ``seen_as`` is where the job
        finds its directory.
        """
        self.jobs += 1
        folder = self.folder / f"job{self.jobs}"
        for name in ("env", "inventory"):
            (folder / name).mkdir(parents=True, mode=0o700)
        shutil.copytree(self.project, folder / "project")
        which, many = slice_of
        hosts = dict(sorted(self.inventory.items())[which - 1 :: many])
        (folder / "inventory" / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
        if variables:
            (folder / "env" / "extravars").write_text(json.dumps(variables), encoding="utf-8")
        return folder, {
            "ident": str(self.jobs),
            "playbook": playbook,
            "passwords": {r"Vault password:\s*?$": self.vault_password},
            "cmdline": " ".join(["--ask-vault-pass", *options]),
            "envvars": {
                **inject(self.inputs, folder / "env", (seen_as or folder) / "env"),
                "ANSIBLE_HOME": str(self.folder / "home"),
                "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "none"),
            },
            "settings": {"suppress_ansible_output": False},
            "suppress_env_files": True,
            "fact_cache_type": "jsonfile" if facts else "",
        }

    def _call(
        self, command: list[str], parameters: dict[str, Any] | None, stream: bytes | str = b"", text: bool = True
    ) -> subprocess.CompletedProcess[Any]:
        """Runs one process, with parameters as the first line of its input."""
        inherited = isolated(os.environ)
        head = b"" if parameters is None else json.dumps(parameters).encode() + b"\n"
        body = stream.encode() if isinstance(stream, str) else stream
        done = subprocess.run(
            command,
            input=head + body,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if text else subprocess.PIPE,
            cwd=self.folder,
            env={**inherited, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{inherited['PATH']}"},
            check=False,
        )
        if text:
            done.stdout = done.stdout.decode()
        else:
            assert not done.stderr, done.stderr.decode()
        return done

    def _result(self, folder: Path, code: int, output: str) -> Result:
        files = (folder / "artifacts").glob("*/job_events/*.json")
        events = [json.loads(path.read_text(encoding="utf-8")) for path in files]
        return Result(code, output, sorted(events, key=lambda event: event["counter"]))

    def found(self, *secrets: str) -> set[str]:
        """Names of all files that jobs left, on this machine and on nodes, and that have one of the secrets in them."""
        remains = [path for path in self.folder.rglob("*") if path.is_file()]
        return {path.name for path in remains if any(secret.encode() in path.read_bytes() for secret in secrets)}
