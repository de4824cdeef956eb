# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws what a terminal shows of real runs, on simulated arrays, for the documentation: ``make pictures``.

A test makes each run again, and fails if it shows something else than the picture.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rich.console import Console
from rich.text import Text

CHECKOUT = Path(__file__).resolve().parents[2]
IMAGES = CHECKOUT / "docs" / "images"
sys.path[:0] = [str(CHECKOUT / ".venv"), str(CHECKOUT / "tests")]

from demo.week import policy  # noqa: E402 - it is found only now

from environment import PROGRAMS, isolate, isolated  # noqa: E402 - as well
from simulator import Simulator  # noqa: E402 - as well
from support.pages import blocks  # noqa: E402 - as well
from support.repository import Repository  # noqa: E402 - as well

COLUMNS = 80
KEY = "an example key of enough length"

# The colours that Ansible uses, by day and by night, as readable as the text beside them.
_DAY = {
    "paper": "#f6f8fa",
    "line": "#818b98",
    "plain": "#1f2328",
    "red": "#b42318",
    "green": "#0b6b3a",
    "yellow": "#7d4e00",
    "blue": "#0550ae",
    "magenta": "#8250df",
    "cyan": "#0f6a73",
    "black": "#59636e",
}
_NIGHT = {
    "paper": "#151b23",
    "line": "#656c76",
    "plain": "#f0f6fc",
    "red": "#ff8f85",
    "green": "#3fb950",
    "yellow": "#d29922",
    "blue": "#79c0ff",
    "magenta": "#bc8cff",
    "cyan": "#39c5cf",
    "black": "#9198a1",
}
_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "plain")
"""In the order of their numbers."""

_WIDTH, _HEIGHT, _MARGIN = 8.4, 18, 14
"""Of a character of 14 pixels, of a line, and around all."""


def shown(command: str, folder: Path, environment: Mapping[str, str], behind: str = "") -> str:
    """A command, and what a terminal of 80 columns shows of it. Raises ``SystemExit`` if it fails.

    behind: what it runs, where it would look after the environment of the tests first.
    """
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    run = subprocess.Popen(
        ["bash", "-c", behind or command],
        cwd=folder,
        env={**environment, "TERM": "xterm-256color", "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=end,
        stderr=end,
    )
    os.close(end)
    try:
        output = b"".join(iter(lambda: _read(terminal), b""))
    finally:
        os.close(terminal)
        run.kill()
    text = output.decode().replace("\r\n", "\n")
    if run.wait():
        sys.exit(f"{text}\nThis was to be drawn: {command}")
    return f"\033[1m$ {command}\033[0m\n{text.strip()}\n"


def _read(terminal: int) -> bytes:
    """More of the output. A terminal whose last program has ended has no end of file: it can't be read."""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""


def drawn(title: str, text: str) -> str:
    """The picture (SVG) of what a terminal shows. It needs no script and nothing from elsewhere."""
    lines = [part for line in Text.from_ansi(text.rstrip()).split("\n", allow_blank=True) for part in _full(line)]
    width, height = round(COLUMNS * _WIDTH) + 2 * _MARGIN, len(lines) * _HEIGHT + 2 * _MARGIN
    drawing = [
        # REUSE-IgnoreStart
        "<!-- SPDX-FileCopyrightText: 2026 wiresec.ontap contributors -->",
        "<!-- SPDX-License-Identifier: GPL-3.0-or-later -->",
        # REUSE-IgnoreEnd
        "<!-- `make pictures` draws it from a real run. -->",
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title">',
        f'<title id="title">{escape(title)}</title>',
        "<style>",
        'text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; }',
        ".bold { font-weight: 700; }",
        *_rules(_DAY),
        "@media screen and (prefers-color-scheme: dark) {",
        *_rules(_NIGHT),
        "}",
        "</style>",
        f'<rect class="paper line" x="1" y="1" width="{width - 2}" height="{height - 2}" rx="8"/>',
        *(_line(part, _MARGIN + (number + 0.75) * _HEIGHT) for number, part in enumerate(lines) if part.plain.strip()),
        "</svg>",
    ]
    return "\n".join(drawing) + "\n"


def _full(line: Text) -> list[Text]:
    """A line, broken as a terminal does where it is full, whatever the word."""
    line.rstrip()
    return list(line.divide(range(COLUMNS, len(line), COLUMNS)))


def _rules(colours: Mapping[str, str]) -> Iterator[str]:
    for name, colour in colours.items():
        yield f".{name} {{ {'stroke' if name == 'line' else 'fill'}: {colour}; }}"


def _line(text: Text, y: float) -> str:
    """One line, as wide as its characters are many, whichever font there is."""
    drawing = ""
    for part, style, _control in text.render(Console()):
        number = style.color.number if style and style.color else None
        colour = "plain" if number is None else _COLOURS[number]
        drawing += (
            f'<tspan class="{colour}{" bold" if style and style.bold else ""}">{escape(part)}</tspan>' if part else ""
        )
    return (
        f'<text x="{_MARGIN}" y="{y:g}" textLength="{text.cell_len * _WIDTH:g}" xml:space="preserve">{drawing}</text>'
    )


def text_of(picture: str) -> str:
    """What is to be read in a picture."""
    lines = ElementTree.fromstring(picture).iterfind("{http://www.w3.org/2000/svg}text")
    return "\n".join("".join(line.itertext()) for line in lines)


# What is drawn.


def _environment(array: Simulator) -> dict[str, str]:
    return {
        **isolated(os.environ),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ONTAP_HOSTNAME": f"{array.host}:{array.port}",
        "ONTAP_USERNAME": array.username,
        "ONTAP_PASSWORD": array.password,
        "ONTAP_CA_PATH": array.ca_path,
        "IPSEC_NFS_KEY": KEY,
    }


def demo(_folder: Path) -> str:
    """The whole of ``make demo``."""
    text = shown("make demo", CHECKOUT, isolated(os.environ), "python tests/demo/run.py")
    # Each array has a port of its own.
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:50443", text)


def check(folder: Path) -> str:
    """The play of README, after somebody disabled the policy."""
    (folder / "nfs.yml").write_text(blocks(CHECKOUT / "README.md", "yaml")[0], encoding="utf-8")
    with Simulator() as array:
        shown("ansible-playbook nfs.yml", folder, _environment(array))
        array.edit_policy("nfs-clients", "svm1", {"enabled": False})
        return shown("ansible-playbook nfs.yml --check --diff", folder, _environment(array))


def plan(folder: Path) -> str:
    """Policies in Git: one is new, one was disabled on the array, one is in no file, and one that is in none is kept."""
    with Repository(folder / "repository") as repository:
        array = repository.clusters["cluster1"]
        for number in (1, 2):
            array.add_policy({**policy(1, number), "enabled": number == 2})
        for number, name in enumerate(("debugging", "emergency-nfs"), 8):
            array.add_policy({**policy(1, number), "name": name, "action": "bypass"})
        files = [policy(1, number) for number in (1, 2, 3)]
        repository.write("ipsec/cluster1/svm1.yml", [as_written(one) for one in files], svm="svm1")
        text = shown(
            "ansible-playbook wiresec.ontap.plan -l cluster1",
            repository.folder,
            {**repository.environment(), "ANSIBLE_NOCOLOR": "false", "IPSEC_NFS_KEY": KEY},
        )
    return re.sub(r"approve-[0-9a-f]{12}", "approve-3f1c9a7be204", text)


def as_written(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A policy that an array has, as a file says it."""
    ends = {f"{end}_endpoint": policy[f"{end}_endpoint"] for end in ("local", "remote")}
    kept = {name: value for name, value in policy.items() if name not in ("svm", "authentication_method")}
    return {**kept, **ends, "secret_key": "{{ lookup('ansible.builtin.env', 'IPSEC_NFS_KEY') }}"}


def health(folder: Path) -> str:
    """Two policies with associations, and what they have carried."""
    (folder / "traffic.yml").write_text("svm: svm1\nwait: 0\n", encoding="utf-8")
    with Simulator() as array:
        array.ipsec_enabled = True
        for one in ("nfs-clients", "database"):
            array.add_policy({**policy(1, 1), "name": one})
            array.establish(
                one, "svm1", in_bytes=48_211_000, out_bytes=1_530_400, in_packets=33_800, out_packets=21_020
            )
        command = "ansible-playbook wiresec.ontap.protected_traffic -e @traffic.yml --tags verify"
        return shown(command, folder, _environment(array))


PICTURES: dict[str, tuple[str, Callable[[Path], str]]] = {
    "demo": ("make demo, from its beginning to its end", demo),
    "check": ("What a play would change, with --check --diff", check),
    "plan": ("The plan of a cluster", plan),
    "health": ("Whether policies protect traffic now", health),
}


def picture(name: str) -> str:
    """One picture, from a run that is made now."""
    title, run = PICTURES[name]
    with tempfile.TemporaryDirectory(prefix="picture-") as folder:
        return drawn(title, run(Path(folder)))


def path(name: str) -> Path:
    """Where a picture is."""
    return IMAGES / f"terminal_{name}.svg"


def main() -> None:
    """Draws the pictures that are named, or all."""
    isolate()
    for name in sys.argv[1:] or PICTURES:
        path(name).write_text(picture(name), encoding="utf-8")
        print(path(name))


if __name__ == "__main__":
    main()
