# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows both ends from one repository: an array, and two clients in the lab, one with strongSwan, one with libreswan.

``make demo-clients``. The playbook is real, so are the daemons, their kernel, and the packets. The array takes policies over HTTPS,
as the simulator, and a daemon in its place negotiates what ONTAP is known to negotiate. Exits non-zero if anything is not as it
is said.
"""

from __future__ import annotations

import re
import sys
import tempfile
import textwrap
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / ".venv"), str(CHECKOUT / "tests")]

from lab.guest import Guest  # noqa: E402 - it is found only now
from lab.hosts import wait_until  # noqa: E402 - as well
from lab.packages import Unavailable  # noqa: E402
from lab.site import Site  # noqa: E402

KEY = "kR8vTq2LxW9zNc4MbY7s"
CLIENTS = {"db1": ("strongswan", "10.10.20.5"), "db2": ("libreswan", "10.10.20.6")}
ARRAY = "10.10.10.7"
FILE = "ipsec/cluster1/svm1.yml"
POLICIES = f"""\
svm: svm1
policies:
  - name: nfs-clients
    action: esp_transport
    protocol: tcp
    local_endpoint:
      address: {ARRAY}/32
      port: 2049
    remote_endpoint:
      address: 10.10.20.0/24
    remote_identity: nfs-clients.example.com
    secret_key: "{{{{ lookup('ansible.builtin.env', 'IPSEC_NFS_KEY') }}}}"
"""
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


def play(site: Site, *arguments: str) -> None:
    """Runs a playbook in the repository, and says of each host how much changed. Raises ``Failed``."""
    print(f"$ ansible-playbook {' '.join(arguments)}", flush=True)
    done = site.play(*arguments)
    recap = done.output.partition("PLAY RECAP")[2]
    for host, changed in re.findall(r"^(\S+) +: .*changed=(\d+)", recap, re.MULTILINE):
        print(f"{host}: {'nothing changed' if changed == '0' else f'{changed} changed'}", flush=True)
    if done.code:
        raise Failed(done.output)


def show(site: Site) -> None:
    """From files to files that were copied. Raises ``Failed``."""
    say("One policy file says what both ends do. The key comes from the environment.")
    print(f"$ cat {FILE}\n{POLICIES.rstrip()}", flush=True)
    site.write(FILE, POLICIES)
    site.secrets["IPSEC_NFS_KEY"] = KEY
    array = site.array("cluster1", f"{ARRAY}/16")
    array.wire_side.serve()
    for name, (daemon, address) in CLIENTS.items():
        site.client(name, daemon, f"{address}/16")
    say(
        "Clients first, so that their packets wait; then the array gets the policy; then they negotiate, and both ends prove it."
    )
    play(site, "wiresec.ontap.protect")

    say("Each client copies a file to TCP port 2049 of the array, and back.")
    began = site.network.now()
    for name, host in site.clients.items():
        same, size = host.run("/usr/bin/python3", "-c", COPY, ARRAY, name, timeout=90).split()
        print(f"{name}: {size} bytes, {'the same' if same == 'True' else 'ANOTHER'}", flush=True)
        if same != "True":
            raise Failed("the copy is another one")
    say("Meanwhile all packets on the wire were counted.")
    encrypted, readable = site.network.encrypted(began), sum(one.count for one in site.network.in_clear(began))
    print(f"{encrypted} encrypted (ESP), {readable} of port 2049 in clear", flush=True)
    if readable or not encrypted:
        raise Failed("packets were in clear")

    say("Both ends tell of their security associations: the daemons of the clients, and the array over REST.")
    for name, host in site.clients.items():
        if not wait_until(lambda host=host: host.children() == 1, 5):
            raise Failed(f"{name}: {host.associations()}")
        print(f"{name}: {host.children()} of {CLIENTS[name][0]}", flush=True)
    play(site, "wiresec.ontap.apply", "--tags", "verify", "-e", "ipsec_clusters=clusters")
    peers = sorted(one["remote_address"] for one in array.security_associations() if one["type"] == "ipsec")
    print(f"cluster1: {len(peers)}, with {' and '.join(peers)}", flush=True)
    if peers != sorted(address for _daemon, address in CLIENTS.values()):
        raise Failed("the array lists others")


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
    with tempfile.TemporaryDirectory() as folder, prepared as guest, Site(guest, Path(folder)) as site:
        try:
            show(site)
        except Failed as problem:
            print(problem, file=sys.stderr)
            return 1
    say(
        f"All went as it should, in {time.monotonic() - set_up:.0f} seconds, after {set_up - began:.0f} to set up. With your own array and hosts, "
        "docs/both_ends.md is the way; begin with:"
    )
    print("ansible-playbook -i inventory.yml wiresec.ontap.protect --check")
    return 0


if __name__ == "__main__":
    sys.exit(main())
