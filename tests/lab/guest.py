# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guest: a Linux kernel that runs as an ordinary process of this machine, and takes requests."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lab.packages import LAYERS, fetched, program

BOOT_SECONDS = 300
"""A boot takes 5 to 10 seconds of a quiet machine."""

_numbers_of_guests = itertools.count()
"""Each guest of this process takes the next one, and with it the next core."""


class GuestFailed(Exception):
    """The guest did not do what it was asked for; the text says what came of it."""


@dataclass(frozen=True)
class Ran:
    """What a command on a host left."""

    code: int
    raw_out: bytes
    raw_err: bytes

    @property
    def out(self) -> str:
        return self.raw_out.decode(errors="replace")

    @property
    def err(self) -> str:
        return self.raw_err.decode(errors="replace")


class Guest:
    """A running guest; as a context, it is gone at its end. Its methods may be called by several threads at a time."""

    def __init__(self) -> None:
        self._layers = fetched(*LAYERS)
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {0: Future()}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        # The command line of a kernel knows no spaces: what may have some is in this script.
        self._folder = Path(tempfile.mkdtemp(prefix="lab-"))
        init = self._folder / "init"
        agent = [
            sys.executable,
            "-I",
            str(Path(__file__).with_name("agent.py")),
            str(self._folder),
            json.dumps(_texts(self._layers)),
        ]
        init.write_text(f"#!/bin/sh\nexec {shlex.join(agent)}\n")
        init.chmod(0o755)
        cores = sorted(os.sched_getaffinity(0))
        self._line, other_end = socket.socketpair()
        self._console = (self._folder / "console").open("wb")
        self._kernel = subprocess.Popen(
            [
                # The kernel and the process that it lets run take turns. On one core a turn costs a fifth less than on two.
                *("taskset", "--cpu-list", str(cores[next(_numbers_of_guests) % len(cores)])),
                program("linux.uml"),
                *("mem=1500M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", f"init={init}", "quiet"),
                *("con=null", "con0=null,fd:1", f"con1=fd:{other_end.fileno()}", "ssl=null", "panic=-1"),
            ],
            env={
                "PATH": os.defpath,
                "HOME": str(self._folder),
                "TMPDIR": str(self._folder),
                "LD_PRELOAD": str(self._layers["kernel"] / "ptrace.so"),
            },
            stdin=subprocess.DEVNULL,
            stdout=self._console,
            stderr=subprocess.STDOUT,
            pass_fds=[other_end.fileno()],
            start_new_session=True,
        )
        other_end.close()
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self._waiting[0].result(BOOT_SECONDS)
        except Exception as error:
            told = self.console()
            self.__exit__()
            raise GuestFailed(f"The guest did not boot: {error!r}\n{told}") from error
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._kernel.pid, 9)
        self._kernel.wait()
        self._line.close()
        self._console.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def console(self) -> str:
        """The end of what the kernel, and whatever had no other place, printed."""
        return (self._folder / "console").read_text(errors="replace")[-3000:]

    def ask(self, do: str, **details: Any) -> Any:
        """Asks the agent for something, see there. Raises ``GuestFailed``."""
        # The agent keeps to ``timeout`` itself: whoever waits longer finds nothing that still runs.
        seconds = details.get("timeout", 30) + 60
        number, future = next(self._numbers), Future[Any]()
        # Of more than 4,096 bytes at a time that wait on the line, the guest would lose some: a request is a file.
        request = self._folder / f"request-{number}"
        request.write_text(json.dumps({"id": number, "do": do, **details}))
        with self._lock:
            self._waiting[number] = future
            self._line.sendall(b"%d\n" % number)
        try:
            return future.result(seconds)
        except TimeoutError:
            raise GuestFailed(f"{do}: no answer after {seconds} seconds\n{self.console()}") from None
        finally:
            request.unlink()

    def run(
        self, host: str | None, *argv: str, stdin: bytes = b"", timeout: float = 120, env: dict[str, str] | None = None
    ) -> Ran:
        """Runs a command on a host, whatever its exit code; one that takes too long ends with 124."""
        sent = base64.b64encode(stdin).decode()
        answer = self.ask("run", host=host, argv=argv, stdin=sent, timeout=timeout, env=env or {})
        out, err = (base64.b64decode(answer[stream]) for stream in ("out", "err"))
        return Ran(answer["code"], out, err)

    def _listen(self) -> None:
        waiting = b""
        while True:
            try:
                data = self._line.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                break
            *answers, waiting = (waiting + data).split(b"\n")
            for answer in map(json.loads, answers):
                future = self._waiting.pop(answer["id"])
                if "error" in answer:
                    future.set_exception(GuestFailed(answer["error"]))
                else:
                    future.set_result(answer["answer"])
        for future in self._waiting.values():
            future.set_exception(GuestFailed("The guest is gone."))


def _texts(layers: dict[str, Path]) -> dict[str, str]:
    return {name: str(folder) for name, folder in layers.items()}
