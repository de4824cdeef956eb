# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Debian packages: fetched and unpacked once, without root, and without installing anything on this machine."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from environment import CHECKOUT, online

FOLDER = CHECKOUT / "build" / "lab"
_SOURCES = [Path(__file__).with_name(f"{name}.c") for name in ("ptrace", "pages")]
"""Libraries that the guest needs beside its packages; each says what for."""

LAYERS = {
    "kernel": ("user-mode-linux", "kmod", "tcc"),
    "base": ("iproute2", "keyutils", "nfs-common", "nfs-kernel-server"),
    "array": ("iptables",),
    "strongswan": (
        "charon-systemd",
        "strongswan-swanctl",
        "libstrongswan-standard-plugins",
        "libstrongswan-extra-plugins",
        "libcharon-extra-plugins",
    ),
    "libreswan": ("libreswan",),
}
"""What is unpacked together. The two daemons refuse to be installed on the same host, and so each has a layer of its own."""


class Unavailable(Exception):
    """The lab can't be had on this machine; the text says why."""


def fetched(*layers: str) -> dict[str, Path]:
    """The folder of each layer, unpacked as on the root of a file system. Fetches what is missing. Raises ``Unavailable``."""
    missing = [
        program for program in ("apt-get", "dpkg-deb", "unshare", "nsenter", "taskset") if not shutil.which(program)
    ]
    if missing:
        raise Unavailable(f"this is no Debian or Ubuntu: {', '.join(missing)} is not here")
    if "kernel" in layers and platform.machine() != "x86_64":
        raise Unavailable(f"user-mode-linux runs on x86_64, and this is {platform.machine()}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with _alone():
        outdated = [layer for layer in layers if not _is_ready(layer)]
        if outdated:
            _fetch(outdated)
    return {layer: FOLDER / layer for layer in layers}


def program(name: str) -> Path:
    """A program that is there for the kernel: what this machine has installed is not fetched again."""
    here = FOLDER / "kernel" / "usr" / "bin" / name
    return here if here.exists() else Path(shutil.which(name) or here)


def _stamp(layer: str) -> Path:
    return FOLDER / f"{layer}.ready"


def _wanted(layer: str) -> str:
    """What the stamp of a layer says that is as it should be."""
    status = Path("/var/lib/dpkg/status").read_bytes()
    sources = b"".join(one.read_bytes() for one in _SOURCES)
    return hashlib.sha256(repr(LAYERS[layer]).encode() + sources + status).hexdigest()


def _is_ready(layer: str) -> bool:
    return _stamp(layer).exists() and _stamp(layer).read_text() == _wanted(layer)


@contextmanager
def _alone() -> Iterator[None]:
    """Keeps other processes that want the same from doing it at the same time."""
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(layers: Iterable[str]) -> None:
    apt = FOLDER / "apt"
    for needed in ("lists/partial", "archives"):
        (apt / needed).mkdir(parents=True, exist_ok=True)
    settings = apt / "apt.conf"
    # What is installed here counts as installed there: the guest sees this machine's files, and the layers on top.
    settings.write_text(
        f'Dir::State "{apt}";\nDir::State::status "/var/lib/dpkg/status";\nDir::Cache "{apt}";\n'
        'APT::Sandbox::User "";\nAPT::Install-Recommends "false";\nDebug::NoLocking "true";\n'
        'Acquire::Retries "3";\nAcquire::http::Timeout "60";\nAcquire::Languages "none";\n'
    )
    environment = {**online(os.environ), "APT_CONFIG": str(settings), "DEBIAN_FRONTEND": "noninteractive"}
    _apt_get(environment, "update")
    for layer in layers:
        _stamp(layer).unlink(missing_ok=True)
        archives, root = apt / layer, FOLDER / layer
        for folder in (archives, root):
            shutil.rmtree(folder, ignore_errors=True)
        (archives / "partial").mkdir(parents=True)
        _apt_get(
            environment, "--yes", "--download-only", f"-oDir::Cache::archives={archives}", "install", *LAYERS[layer]
        )
        root.mkdir()
        for archive in sorted(archives.glob("*.deb")):
            subprocess.run(["dpkg-deb", "--extract", archive, root], check=True)
        _merge_usr(root)
        shutil.rmtree(archives)
        if layer == "kernel":
            for one in _SOURCES:
                subprocess.run([program("tcc"), "-nostdlib", "-shared", "-o", root / f"{one.stem}.so", one], check=True)
        _stamp(layer).write_text(_wanted(layer))


def _merge_usr(root: Path) -> None:
    """Moves ``/bin`` and the like into ``/usr``, where this machine has them: a folder would hide its symbolic link."""
    for name in ("bin", "sbin", "lib", "lib64"):
        if (root / name).is_dir() and Path("/", name).is_symlink():
            shutil.copytree(root / name, root / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(root / name)


def _apt_get(environment: dict[str, str], *arguments: str) -> None:
    ran = subprocess.run(
        ["apt-get", "-qq", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if ran.returncode:
        raise Unavailable(f"apt-get {arguments[0]} failed: {ran.stderr.strip()[-600:]}")
