# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Linux host with a real daemon of IPsec, in namespaces of this machine: Debian's packages, unpacked over its own files.

Traps are real there, too. Packets are not encrypted: that takes a kernel with ESP.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from environment import CHECKOUT
from lab.packages import FOLDER, Unavailable, fetched
from support.harness import Play, ansible_playbook

_SETUP = """
set -e
mount -t tmpfs none /run
mkdir -p /run/upper/etc /run/upper/var /run/work/etc /run/work/var /run/pluto
mount -t overlay none -o lowerdir={root}/usr:/usr /usr
for folder in etc var; do
  lower=/$folder
  [ -d {root}/$folder ] && lower={root}/$folder:/$folder
  mount -t overlay none -o lowerdir=$lower,upperdir=/run/upper/$folder,workdir=/run/work/$folder /$folder
done
ip link set lo up
ip address add 10.10.20.5/24 dev lo
ip route add default dev lo
echo ready
exec sleep infinity
"""

_CHARON = """
charon-systemd >/run/log 2>&1 & charon=$!
while [ ! -S /run/charon.vici ]; do kill -0 $charon || { cat /run/log; exit 1; }; sleep 0.1; done
"""

_START = {
    "strongswan": _CHARON,
    "libreswan": (
        "mkdir -p /var/lib/ipsec/nss && certutil -N -d sql:/var/lib/ipsec/nss --empty-password && "
        "/usr/libexec/ipsec/pluto --config /etc/ipsec.conf --logfile /run/log --rundir /run/pluto && "
        "while ! ipsec status >/dev/null 2>&1; do kill -0 $(cat /run/pluto/pluto.pid) || { cat /run/log; exit 1; }; sleep 0.1; done"
    ),
}

# Another host, which shares the file system but for /run. It is over when the first one is.
_PEER = """
ip netns add peer
ip link add name to-peer type veth peer name eth0 netns peer
ip link set to-peer up
ip route add {address} dev to-peer
nsenter --net=/run/netns/peer sh -ec '
  ip link set lo up
  ip link set eth0 up
  ip address add {address}/32 dev eth0
  ip route add 10.10.20.5 dev eth0
  exec unshare --mount sh -ec "
    mount -t tmpfs none /run
    {start}
    swanctl --load-all --noprompt --file {file}
    echo loaded >{file}.loaded
    wait"' &
peer=$!
while [ ! -e {file}.loaded ]; do kill -0 $peer || exit 1; sleep 0.1; done
"""


class ClientHost:
    """A host with a daemon that runs; as a context, it is gone at its end. Raises ``Unavailable``."""

    def __init__(self, daemon: str) -> None:
        if not shutil.which("ip"):
            raise Unavailable("ip is not here")
        self._daemon = daemon
        self._root = fetched(daemon)[daemon]

    def __enter__(self) -> ClientHost:
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        script = _SETUP.format(root=self._root)
        self._process = subprocess.Popen(
            [
                "unshare",
                *as_root,
                "--mount",
                "--net",
                "--pid",
                "--fork",
                "--mount-proc",
                "--kill-child",
                "sh",
                "-c",
                script,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout and self._process.stderr
        if self._process.stdout.readline() != "ready\n":
            raise Unavailable(f"no namespaces: {self._process.stderr.read().strip()}")
        # The namespaces are those of the shell that unshare has forked.
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        pid = children.read_text(encoding="ascii").split()[0]
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        self._enter = ["nsenter", "--target", pid, *user, "--mount", "--net", "--pid", f"--wd={CHECKOUT}", "--"]
        self.shell(_START[self._daemon])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def shell(self, script: str) -> str:
        """What a script prints on the host. Raises ``CalledProcessError``."""
        with (FOLDER / f"out.{os.getpid()}").open("w+") as stream:
            # A daemon in the background would keep a pipe open.
            subprocess.run(
                [*self._enter, "sh", "-c", script], stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, check=True
            )
            stream.seek(0)
            return stream.read()

    def interpreter(self, path: Path) -> Path:
        """A program that is Python on this host, for Ansible that runs outside of it."""
        path.write_text(
            f'#!/bin/sh\nexec {shlex.join(self._enter)} {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8"
        )
        path.chmod(0o755)
        return path

    def start_peer(self, address: str, connections: Path) -> None:
        """Starts charon on another host, which the packets of this one reach, with the connections and secrets of a file."""
        start = _CHARON.strip().replace("$", "\\$")
        self.shell(_PEER.format(address=address, start=start, file=connections))

    def play(self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> Play:
        """Runs ansible-playbook on the host itself."""
        # Whatever goes wrong on the way there, nothing may be configured on this machine itself.
        inside = ["sh", "-c", 'test -d /run/upper/etc && exec "$@"', "sh"]
        return ansible_playbook(arguments, environment, folder, [*self._enter[:-2], f"--wd={folder}", "--", *inside])
