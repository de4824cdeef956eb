# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first process of the guest: makes hosts and wires, runs commands on hosts, and sees what is on a wire.

Called by ``guest`` over a serial line, with the number of a request to a line. A request is a file of JSON, an answer a line
of it. A host is a set of namespaces, and
a file system that is this machine's with Debian packages on top; what it writes stays in the guest's memory. A wire is a
bridge. All that a request starts is bounded in time, by its ``timeout``.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
import tty
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2] / ".venv"))
from ansible_collections.wiresec.ontap.plugins.module_utils._1_daemons.vici import Vici  # noqa: E402

PATH = f"/usr/sbin:/usr/bin:/sbin:/bin:{Path(sys.executable).parent}"
"""Where programs are, in the guest."""

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
IFNAMSIZ, IFF_UP, SIOCSIFFLAGS, SIOCBRADDBR, SIOCBRDELBR, SIOCBRADDIF = 16, 1, 0x8914, 0x89A0, 0x89A1, 0x89A2

MODULES = (
    "overlay bridge veth ipv6 xfrm_user esp4 esp6 ah4 cryptomgr hmac sha512_generic jitterentropy_rng drbg ctr gcm "
    "ghash-generic seqiv echainiv authenc cbc sha256_generic iptable_filter ip6table_filter xt_policy xt_tcpudp nfsd nfsv3 nfsv4"
)

SUITE = "rfc4106(gcm(aes))"
"""AES-GCM, as the kernel calls it."""

HOST = """
set -e
read PID REST </proc/self/stat
mount --all --fstab "$HOME/fstab"
ip -force -batch "$HOME/links"
echo "$NAME" >/proc/sys/kernel/hostname
cd "$HOME/root"
printf '127.0.0.1 localhost\\n::1 localhost\\n' >etc/hosts
echo "$PID" >"$HOME/pid"
exec chroot . sleep infinity
"""
"""Makes a host of what its agent has written down. Each program that is started costs a guest more than what it does."""

FILE_SYSTEMS = """
overlay {home}/root overlay lowerdir={layers},upperdir={home}/upper,workdir={home}/work
/dev {home}/root/dev none rbind
proc {home}/root/proc proc
sysfs {home}/root/sys sysfs
tmpfs {home}/root/run tmpfs mode=755
"""

ETHERNET_IP, ETHERNET_IP6 = 0x0800, 0x86DD
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 50: "esp", 51: "ah", 58: "icmp6"}


@dataclass
class Packet:
    """What was seen of one packet that entered a wire."""

    time: float
    kind: str
    source: str
    destination: str
    ports: tuple[int, int]
    length: int


@dataclass
class Wire:
    """A bridge, the packets on it, and how many of them were lost for want of room."""

    name: str
    listeners: list[socket.socket] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)

    def lost(self) -> int:
        return sum(struct.unpack("II", one.getsockopt(263, 6, 8))[1] for one in self.listeners)


@dataclass
class Host:
    """The process that keeps the namespaces of a host."""

    keeper: asyncio.subprocess.Process
    pid: int
    home: Path


class Talk:
    """A connection that sends a line every so often, and knows when the answers came."""

    def __init__(self, task: asyncio.Task[None], answers: list[float], began: float) -> None:
        self.task, self.answers, self.began = task, answers, began


class Agent:
    """Does what requests say: a method for each."""

    def __init__(self, pages: str) -> None:
        """pages: the library that gives programs their memory, as hosts see it, too."""
        self.memory = {"LD_AUDIT": pages, "LD_PRELOAD": pages}
        self.hosts: dict[str, Host] = {}
        self.wires: dict[str, Wire] = {}
        self.servers: list[asyncio.Server] = []
        self.talks: dict[int, Talk] = {}
        self.links = 0
        self.control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    # --- hosts and wires --------------------------------------------------------------------------------------------

    async def wire(self, name: str) -> None:
        """Lays a wire."""
        self.link(SIOCBRADDBR, name)
        Path("/sys/class/net", name, "bridge/multicast_snooping").write_text("0")
        self.switch(name, on=True)
        self.wires[name] = Wire(name)

    async def host(self, name: str, layers: list[str], wire: str, addresses: list[str]) -> None:
        """Makes a host with these layers of packages, on a wire, with these addresses (with prefix lengths)."""
        home = Path("/run/lab", name)
        for part in ("upper", "work", "root"):
            (home / part).mkdir(parents=True)
        self.links += 1
        port = f"port{self.links}"
        lower = ":".join([*(f"/run/layers/{layer}" for layer in reversed(layers)), "/"])
        (home / "fstab").write_text(FILE_SYSTEMS.format(home=home, layers=lower))
        links = ["link set lo up", f"link add eth0 type veth peer name {port} netns guest", "link set eth0 up"]
        # An address that is not yet known to be free could not be used at once.
        links += [f"addr add {one} dev eth0 {'nodad' * (':' in one)}" for one in addresses]
        (home / "links").write_text("\n".join([*links, ""]))
        keeper = await asyncio.create_subprocess_exec(
            *("unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "sh", "-c", HOST),
            env={"PATH": PATH, "HOME": str(home), "NAME": name.replace("_", "-")},
        )
        pid = home / "pid"
        await until(lambda: keeper.returncode is not None or pid.read_text().endswith("\n"), 60)
        self.hosts[name] = host = Host(keeper, int(pid.read_text()), home)
        await until(lambda: Path(f"/proc/{host.pid}/root").stat().st_dev != Path("/").stat().st_dev, 30)
        self.link(SIOCBRADDIF, wire, struct.pack("i", socket.if_nametoindex(port)))
        self.switch(port, on=True)
        self.listen(self.wires[wire], port)

    async def remove(self, hosts: list[str], wire: str) -> None:
        """Removes hosts, with all that runs on them, and their wire."""
        for name in hosts:
            if host := self.hosts.pop(name, None):
                with contextlib.suppress(ProcessLookupError):
                    host.keeper.kill()
                await host.keeper.wait()
        if gone := self.wires.pop(wire, None):
            for one in gone.listeners:
                asyncio.get_running_loop().remove_reader(one)
                one.close()
            self.switch(wire, on=False)
            self.link(SIOCBRDELBR, wire)
        for name in hosts:
            shutil.rmtree(Path("/run/lab", name), ignore_errors=True)

    def link(self, request: int, name: str, detail: bytes = b"") -> None:
        """Asks the kernel for something about a link: to start a program for that takes many times as long."""
        fcntl.ioctl(self.control, request, name.encode().ljust(IFNAMSIZ, b"\0") + detail.ljust(24, b"\0"))

    def switch(self, link: str, *, on: bool) -> None:
        """Switches a link on or off."""
        self.link(SIOCSIFFLAGS, link, struct.pack("h", IFF_UP if on else 0))

    async def run(
        self, host: str | None, argv: list[str], stdin: str = "", timeout: float = 30, env: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Runs a command on a host, or beside them all: its exit code, and what it printed."""
        enter = (
            []
            if host is None
            else ["nsenter", f"--target={self.hosts[host].pid}", *["-m", "-n", "-u", "-i", "-p", "-r", "-w"]]
        )
        process = await asyncio.create_subprocess_exec(
            *enter,
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", **self.memory, **(env or {})},
            start_new_session=True,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(base64.b64decode(stdin)), timeout)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            return {"code": 124, "out": "", "err": encoded(f"not done after {timeout} s".encode())}
        return {"code": process.returncode, "out": encoded(out), "err": encoded(err)}

    async def write(self, host: str, files: dict[str, str], mode: int) -> None:
        """Writes files on a host, by their paths, and the folders that they need."""
        for path, text in files.items():
            file = self.on(host, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=mode)
            file.write_text(text)
            file.chmod(mode)

    async def read(self, host: str, path: str, last: int) -> str:
        """The end of a file of a host, so many characters; empty where it is not there."""
        file = self.on(host, path)
        return file.read_text(errors="replace")[-last:] if file.exists() else ""

    async def charon(self, host: str, command: str, event: str, message: dict[str, Any]) -> Any:
        """What charon answers to a command of VICI, or the events that it answers with; ``swanctl`` takes ten times as long."""

        def asked() -> Any:
            with Vici(str(self.on(host, "/run/charon.vici"))) as vici:
                return vici.stream(command, event, message) if event else vici.request(command, message)

        return readable(await asyncio.to_thread(asked))

    def on(self, host: str, path: str) -> Path:
        """A file of a host, as it is seen from here. No folder above it may be a symbolic link."""
        return Path(f"/proc/{self.hosts[host].pid}/root{path}")

    # --- traffic ----------------------------------------------------------------------------------------------------

    async def serve(self, host: str, address: str, port: int) -> None:
        """Answers each line that comes to a TCP port with the same line."""

        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                while line := await reader.readline():
                    writer.write(line)
                    await writer.drain()
            writer.close()

        listener = self.socket(host, address)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        self.servers.append(await asyncio.start_server(echo, sock=listener))

    async def connect(self, host: str, address: str, port: int, timeout: float, source_port: int = 0) -> dict[str, Any]:
        """One line to a TCP port and back: whether it came, after how many seconds, or why not."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await self.opened(host, address, port, source_port)
                try:
                    writer.write(b"hello\n")
                    answer = await reader.readline()
                finally:
                    writer.transport.abort()
        except (OSError, TimeoutError) as error:
            return {"answered": False, "why": str(error) or "no answer", "seconds": time.monotonic() - began}
        return {"answered": answer == b"hello\n", "why": "", "seconds": time.monotonic() - began}

    async def talk(self, host: str, address: str, port: int, every: float) -> int:
        """Begins a connection that sends a line every so many seconds, and waits for its echo: its number."""
        reader, writer = await self.opened(host, address, port)
        answers: list[float] = []

        async def forever() -> None:
            try:
                while True:
                    writer.write(b"line\n")
                    if not await reader.readline():
                        return
                    answers.append(time.monotonic())
                    await asyncio.sleep(every)
            except OSError:
                return
            finally:
                writer.transport.abort()

        number = len(self.talks) + 1
        self.talks[number] = Talk(asyncio.create_task(forever()), answers, time.monotonic())
        return number

    async def heard(self, number: int, stop: bool = False) -> dict[str, Any]:
        """When answers came on a connection, in seconds of the guest, and whether it still lives."""
        talk = self.talks[number]
        alive = not talk.task.done()
        if stop:
            talk.task.cancel()
        return {"answers": talk.answers, "alive": alive, "now": time.monotonic()}

    async def opened(
        self, host: str, address: str, port: int, source_port: int = 0
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        one = self.socket(host, address)
        try:
            if source_port:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind(("", source_port))
            await asyncio.get_running_loop().sock_connect(one, (address, port))
        except BaseException:
            one.close()
            raise
        return await asyncio.open_connection(sock=one)

    def socket(self, host: str, address: str) -> socket.socket:
        """A TCP socket on a host: it stays in the network where it was made."""
        with Path("/proc/self/ns/net").open() as here, Path(f"/proc/{self.hosts[host].pid}/ns/net").open() as there:
            enter_network(there.fileno())
            try:
                one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            finally:
                enter_network(here.fileno())
        one.setblocking(False)
        return one

    # --- what is on a wire ------------------------------------------------------------------------------------------

    def listen(self, wire: Wire, port: str) -> None:
        """Writes down what enters a wire by a port of it."""
        one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        one.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
        one.bind((port, 3))
        one.setblocking(False)
        wire.listeners.append(one)

        def ready() -> None:
            # Nothing more, or a port that is gone.
            with contextlib.suppress(OSError):
                while True:
                    frame, (_port, _protocol, direction, *_rest) = one.recvfrom(96)
                    if direction != socket.PACKET_OUTGOING and (packet := dissected(frame)):
                        wire.packets.append(packet)

        asyncio.get_running_loop().add_reader(one, ready)

    async def seen(self, wire: str, since: float = 0.0, packets: bool = False) -> dict[str, Any]:
        """What entered a wire since a second of the guest: how many packets of each kind from where to where."""
        chosen = [packet for packet in self.wires[wire].packets if packet.time >= since]
        counts = Counter((one.kind, one.source, one.destination, *one.ports) for one in chosen)
        answer: dict[str, Any] = {
            "counts": [[*key, count] for key, count in sorted(counts.items())],
            "lost": self.wires[wire].lost(),
            "now": time.monotonic(),
        }
        if packets:
            answer["packets"] = [[p.time, p.kind, p.source, p.destination, *p.ports, p.length] for p in chosen]
        return answer


def dissected(frame: bytes) -> Packet | None:
    """What an Ethernet frame carries; None for what is not IP."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == ETHERNET_IP:
        protocol, offset = frame[23], 14 + 4 * (frame[14] & 15)
        source, destination = (socket.inet_ntop(socket.AF_INET, frame[at : at + 4]) for at in (26, 30))
        length = struct.unpack_from("!H", frame, 16)[0]
    elif kind == ETHERNET_IP6:
        protocol, offset = frame[20], 54
        source, destination = (socket.inet_ntop(socket.AF_INET6, frame[at : at + 16]) for at in (22, 38))
        length = 40 + struct.unpack_from("!H", frame, 18)[0]
    else:
        return None
    ports = (0, 0)
    if protocol in (6, 17) and len(frame) >= offset + 4:
        ports = struct.unpack_from("!HH", frame, offset)
    name = PROTOCOLS.get(protocol, str(protocol))
    if name == "udp" and ports[1] in (500, 4500):
        name = "ike"
    return Packet(time.monotonic(), name, source, destination, ports, length)


def enter_network(namespace: int) -> None:
    if LIBC.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def until(condition: Any, seconds: float) -> None:
    """Waits until a condition holds. Raises ``TimeoutError``."""
    async with asyncio.timeout(seconds):
        while True:
            with contextlib.suppress(OSError):
                if condition():
                    return
            await asyncio.sleep(0.02)


def readable(answer: Any) -> Any:
    """An answer of VICI with texts for its bytes."""
    if isinstance(answer, dict):
        return {key: readable(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [readable(one) for one in answer]
    return answer.decode(errors="replace")


def start_of_the_system(layers: dict[str, str]) -> None:
    """What an init does: file systems, modules, the network of the guest itself."""
    for kind, where in (("proc", "/proc"), ("sysfs", "/sys"), ("tmpfs", "/run")):
        subprocess.run(["mount", "-t", kind, kind, where], check=True)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        Path("/dev", name).symlink_to(f"/proc/self/fd{target}")
    for layer, folder in layers.items():
        Path("/run/layers", layer).mkdir(parents=True)
        # A file system of its own: layers of an overlay must not lie inside one another.
        subprocess.run(["mount", "-t", "hostfs", "-o", f"ro,{folder}", "none", f"/run/layers/{layer}"], check=True)
    # Modules lie where the package has them; modprobe wants lib/modules below a folder.
    Path("/run/modules/lib").mkdir(parents=True)
    Path("/run/modules/lib/modules").symlink_to(of_the_kernel("usr/lib/uml/modules"))
    Path("/run/bin").mkdir()
    Path("/run/bin/modprobe").symlink_to(of_the_kernel("usr/bin/kmod"))
    subprocess.run(["/run/bin/modprobe", "-d", "/run/modules", "-a", *MODULES.split()], check=False)
    # The kernel loads by itself what a program asks for, too.
    helper = Path("/run/modprobe")
    helper.write_text('#!/bin/sh\nexec /run/bin/modprobe -d /run/modules "$@"\n')
    helper.chmod(0o755)
    Path("/proc/sys/kernel/modprobe").write_text(str(helper))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # The kernel makes and tests a suite when it is asked for it first: not while a peer waits for an answer.
    association = ["src", "127.0.0.1", "dst", "127.0.0.1", "proto", "esp", "spi", "1"]
    subprocess.run(["ip", "xfrm", "state", "add", *association, "aead", SUITE, f"0x{'00' * 36}", "128"], check=True)
    subprocess.run(["ip", "xfrm", "state", "delete", *association], check=True)
    Path("/run/netns").mkdir()
    Path("/run/netns/guest").touch()
    subprocess.run(["mount", "--bind", "/proc/self/ns/net", "/run/netns/guest"], check=True)


def of_the_kernel(path: str) -> Path:
    """A file that is there for the kernel: what this machine has installed is not fetched again."""
    fetched = Path("/run/layers/kernel", path)
    return fetched if fetched.exists() else Path("/", path)


async def main() -> None:
    """Answers requests until the line is closed."""
    folder, layers = Path(sys.argv[1]), json.loads(sys.argv[2])
    start_of_the_system(layers)
    line = os.open("/dev/tty1", os.O_RDWR | os.O_NOCTTY)
    tty.setraw(line, termios.TCSANOW)
    agent = Agent(f"{layers['kernel']}/pages.so")
    loop = asyncio.get_running_loop()
    waiting = b""
    tasks: set[asyncio.Task[None]] = set()

    def say(message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(line, data) :]

    async def answer(request: dict[str, Any]) -> None:
        number = request.pop("id")
        try:
            say({"id": number, "answer": await getattr(agent, request.pop("do"))(**request)})
        except Exception as error:
            say({"id": number, "error": f"{type(error).__name__}: {error}"})

    over = asyncio.Event()

    def read() -> None:
        nonlocal waiting
        try:
            data = os.read(line, 65536)
        except OSError:
            data = b""
        if not data:
            loop.remove_reader(line)
            over.set()
            return
        *requests, waiting = (waiting + data).split(b"\n")
        for number in requests:
            request = json.loads((folder / f"request-{int(number)}").read_text())
            tasks.add(task := asyncio.create_task(answer(request)))
            task.add_done_callback(tasks.discard)

    loop.add_reader(line, read)
    say({"id": 0, "answer": "ready"})
    await over.wait()


if __name__ == "__main__":
    os.environ["PATH"] = PATH
    asyncio.run(main())
