# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows both ends from one repository: a simulated array, and two clients in the lab, one with strongSwan, one with libreswan.

``make demo-clients``. The playbooks are real, so are the daemons, their kernel, and the packets. The array is two: one takes
the policies over HTTPS, one negotiates what ONTAP is known to negotiate; what the second has negotiated, the first lists. Exits
non-zero if anything is not as it is said.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / ".venv"), str(CHECKOUT / "tests")]

import yaml  # noqa: E402 - it is found only now

from environment import isolated  # noqa: E402 - as well
from lab.clients import DAEMONS, FOLDERS, around  # noqa: E402
from lab.guest import Guest  # noqa: E402
from lab.hosts import Ipsec, Network, wait_until  # noqa: E402
from lab.ontap import Array  # noqa: E402
from lab.packages import Unavailable  # noqa: E402
from simulator import Simulator  # noqa: E402
from support.harness import ansible_playbook, base_environment  # noqa: E402

KEY = "kR8vTq2LxW9zNc4MbY7s"
CLIENTS = {"db1": ("strongswan", "10.10.20.5"), "db2": ("libreswan", "10.10.20.6")}
ARRAY = "10.10.10.7"
POLICY = {
    "name": "nfs-clients",
    "action": "esp_transport",
    "protocol": "tcp",
    "local_endpoint": {"address": f"{ARRAY}/32", "port": 2049},
    "remote_endpoint": {"address": "10.10.20.0/24"},
    "remote_identity": "nfs-clients.example.com",
    "secret_key": "{{ lookup('ansible.builtin.env', 'IPSEC_NFS_KEY') }}",
}
COPY = """
import hashlib, socket, sys
lines = [b"%08d of the file of %s\\n" % (number, sys.argv[2].encode()) for number in range(20_000)]
with socket.create_connection((sys.argv[1], 2049), timeout=30) as there, there.makefile("rb") as back:
    came = []
    for first in range(0, len(lines), 200):
        there.sendall(b"".join(lines[first:first + 200]))
        came += [back.readline() for _ in lines[first:first + 200]]
print(hashlib.sha256(b"".join(came)).hexdigest() == hashlib.sha256(b"".join(lines)).hexdigest(), sum(map(len, came)))
"""
"""Copies a file there and back, and compares."""


class Failed(Exception):
    """Something is not as it should be; the text says what."""


def say(text: str) -> None:
    """Prints one paragraph of the story, in lines that any terminal has room for."""
    story = textwrap.fill(text, 79, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    print(f"\n\033[1m{story}\033[0m" if sys.stdout.isatty() else f"\n{story}", flush=True)


def play(folder: Path, simulator: Simulator, *arguments: str) -> None:
    """Runs a playbook in the repository, and says of each host how much changed. Raises ``Failed``."""
    print(f"$ ansible-playbook {' '.join(arguments)}", flush=True)
    environment = {
        **isolated(os.environ),
        **base_environment(folder / "results.jsonl"),
        "ANSIBLE_INVENTORY": "inventory.yml",
        "ANSIBLE_HOME": str(folder / "home"),
        "ONTAP_USERNAME": simulator.username,
        "ONTAP_PASSWORD": simulator.password,
        "ONTAP_CA_PATH": str(simulator.ca_path),
        "IPSEC_NFS_KEY": KEY,
    }
    done = ansible_playbook(arguments, environment, folder)
    recap = done.output.partition("PLAY RECAP")[2]
    for host, changed in re.findall(r"^(\S+) +: .*changed=(\d+)", recap, re.MULTILINE):
        print(f"{host}: {'nothing changed' if changed == '0' else f'{changed} changed'}", flush=True)
    if done.code or KEY in done.output:
        raise Failed("it shows a key" if KEY in done.output else done.output)


def write(folder: Path, simulator: Simulator) -> None:
    """The repository: one policy file, one inventory."""
    hosts: dict[str, Any] = {
        name: {"ipsec_client_format": daemon, "ipsec_client_addresses": [address]}
        for name, (daemon, address) in CLIENTS.items()
    }
    cluster = {"cluster1": {"ipsec_hostname": f"{simulator.host}:{simulator.port}"}}
    inventory = {"all": {"children": {"clusters": {"hosts": cluster}, "clients": {"hosts": hosts}}}}
    (folder / "ipsec" / "cluster1").mkdir(parents=True)
    for path, content in (
        ("inventory.yml", inventory),
        ("ipsec/cluster1/svm1.yml", {"svm": "svm1", "policies": [POLICY]}),
    ):
        (folder / path).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    say("One policy file says what both ends do. The key comes from the environment.")
    print("$ cat ipsec/cluster1/svm1.yml")
    print((folder / "ipsec/cluster1/svm1.yml").read_text(encoding="utf-8").rstrip(), flush=True)


def started(network: Network, name: str, folder: Path) -> Ipsec:
    """A client, with the files that the playbook has written for it."""
    daemon, address = CLIENTS[name]
    host = DAEMONS[daemon](network, name, f"{address}/16")
    files = {f"{FOLDERS[daemon]}/{one.name}": one.read_text() for one in (folder / "ipsec-clients" / name).iterdir()}
    host.start({**around(daemon), **files})
    return host


def show(folder: Path, simulator: Simulator, guest: Guest) -> None:
    """From files to files that were copied. Raises ``Failed``."""
    with Network(guest) as network, ThreadPoolExecutor(2) as pool:
        array = Array(network, f"{ARRAY}/16")
        array.start_with([{**POLICY, "secret_key": KEY}])
        array.serve()
        began = network.now()
        hosts = list(pool.map(lambda name: started(network, name, folder), CLIENTS))
        say("The clients have loaded their files. Each copies a file to TCP port 2049 of the array, and back.")
        for host in hosts:
            same, size = host.run("/usr/bin/python3", "-c", COPY, ARRAY, host.name, timeout=90).split()
            print(f"{host.name}: {size} bytes, {'the same' if same == 'True' else 'ANOTHER'}", flush=True)
            if same != "True":
                raise Failed("the copy is another one")
        seen = network.seen(began)
        encrypted = sum(one.count for one in seen if one.kind == "esp")
        readable = network.in_clear(began)
        say("Meanwhile all packets on the wire were counted.")
        print(f"{encrypted} encrypted (ESP), {sum(one.count for one in readable)} of port 2049 in clear", flush=True)
        if readable or not encrypted:
            raise Failed("packets were in clear")
        say("Both ends tell of their security associations: the daemons of the clients, and the array over REST.")
        for host in hosts:
            if not wait_until(lambda host=host: host.children() == 1, 5):
                raise Failed(f"{host.name}: {host.associations()}")
            print(f"{host.name}: {host.children()} of {CLIENTS[host.name][0]}", flush=True)
        for _daemon, address in CLIENTS.values():
            simulator.establish("nfs-clients", "svm1", remote_address=address)
    say("And on the array, as REST tells of those")
    print(f"{len(CLIENTS)} clients, {len(simulator.security_associations())} associations (IKE and IPsec)", flush=True)
    play(folder, simulator, "wiresec.ontap.apply", "--tags", "verify", "-e", "ipsec_clusters=clusters")


def main() -> int:
    """Shows all of it: the exit code."""
    began = time.monotonic()
    try:
        prepared = Guest()
    except Unavailable as reason:
        print(f"There is no lab on this machine: {reason}", file=sys.stderr)
        return 1
    set_up = time.monotonic()
    say(
        "A simulated array, and two clients with real daemons in a Linux of their own: db1 has strongSwan, db2 has libreswan. NFS "
        "between them is to be encrypted."
    )
    with tempfile.TemporaryDirectory() as place, Simulator() as simulator, ThreadPoolExecutor(1) as pool:
        booting = pool.submit(prepared.__enter__)
        folder = Path(place)
        try:
            write(folder, simulator)
            say("The array gets the policy.")
            play(folder, simulator, "wiresec.ontap.apply", "--tags", "apply", "-e", "ipsec_clusters=clusters")
            say("And each client its files, as somebody would get them who configures it without Ansible.")
            play(folder, simulator, "wiresec.ontap.client_config")
            for path in sorted((folder / "ipsec-clients").glob("*/*")):
                print(path.relative_to(folder), flush=True)
            show(folder, simulator, booting.result())
        except Failed as problem:
            print(problem, file=sys.stderr)
            return 1
        finally:
            booting.result()
            prepared.__exit__()
    say(
        f"All went as it should, in {time.monotonic() - set_up:.0f} seconds, after {set_up - began:.0f} to set up. With your own array and hosts, "
        "docs/both_ends.md is the way; begin with:"
    )
    print("ansible-playbook -i inventory.yml wiresec.ontap.protect --check")
    return 0


if __name__ == "__main__":
    sys.exit(main())
