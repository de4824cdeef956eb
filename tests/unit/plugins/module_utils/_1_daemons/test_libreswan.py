# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libreswan's daemon is told, and in which order, by one that only answers; whether real daemons do it, the lab proves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._1_daemons.libreswan import Libreswan

BY_CERTIFICATE = "  authby=rsasig"
BY_KEY = "  authby=secret"
USED, IDLE, NEW = "wiresec-cluster1--svm1--used", "wiresec-cluster1--svm1--idle", "wiresec-cluster1--svm1--new"


class Pluto:
    """Stands for the daemon: it has two connections, packets went by one of them, and it notes what it is told to do."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []

    def __call__(self, command: Sequence[str]) -> tuple[int, str, str]:
        if list(command) == ["ipsec", "status"]:
            return 0, "".join(f'000 "{name}": 10.1.1.2...10.1.1.1; routed\n' for name in (USED, IDLE)), ""
        if list(command) == ["ipsec", "whack", "--trafficstatus"]:
            return 0, f'#2: "{USED}", type=ESP, add_time=1, inBytes=84, outBytes=84, id="CN=svm1"\n', ""
        self.told.append(list(command))
        return 0, "", ""

    def steps(self, name: str) -> list[str]:
        """What was done to a connection, in order: the kernel blocks its packets, or the daemon acts."""
        number = (USED, IDLE, NEW).index(name)
        steps = {
            "block": ["src", "10.1.1.2", "dst", f"10.1.1.{number}"],
            "ondemand": ["ipsec", "auto", "--ondemand", name],
            "initiate": ["--initiate", "--name", name],
        }
        return [
            step
            for command in self.told
            for step, part in steps.items()
            if any(command[at : at + len(part)] == part for at in range(len(command)))
        ]


@pytest.fixture
def pluto() -> Pluto:
    return Pluto()


def daemon(folder: Path, pluto: Pluto, authentication: str) -> Libreswan:
    """The daemon, and a file with its connections, each to a peer of its own."""
    text = "".join(
        f"conn {name}\n  type=transport\n{authentication}\n  left=10.1.1.2\n  right=10.1.1.{number}\n"
        f"  leftid=10.1.1.2\n  rightid=10.1.1.{number}\n"
        for number, name in enumerate((USED, IDLE, NEW))
    )
    (folder / "wiresec-cluster1.conf").write_text(text, encoding="utf-8")
    return Libreswan(str(folder), "unused.pid", [], pluto)


def test_a_connection_in_use_that_is_replaced_negotiates_at_once(tmp_path: Path, pluto: Pluto) -> None:
    """A packet of the moment in between has asked in vain, and the kernel asks again after half a minute only."""
    daemon(tmp_path, pluto, BY_CERTIFICATE).load([USED, IDLE, NEW], {})
    # In this order: while it is replaced nothing leaves in clear, and what has no trap yet can't be negotiated.
    assert pluto.steps(USED) == ["block", "ondemand", "initiate"]
    # Nobody waits for the others, whose next packet asks by itself.
    assert pluto.steps(IDLE) == ["block", "ondemand"]
    assert pluto.steps(NEW) == ["ondemand"]


def test_a_new_certificate_replaces_what_a_new_key_lets_live(tmp_path: Path, pluto: Pluto) -> None:
    by_certificate = daemon(tmp_path, pluto, BY_CERTIFICATE)
    other = {name: f"{digests.split()[0]} other" for name, digests in by_certificate.wanted().items()}
    by_certificate.load([USED], other)
    assert pluto.steps(USED) == ["block", "ondemand", "initiate"]
    pluto.told.clear()
    by_key = daemon(tmp_path, pluto, BY_KEY)
    other = {name: f"{digests.split()[0]} other" for name, digests in by_key.wanted().items()}
    by_key.load([USED], other)
    assert pluto.told == [["ipsec", "auto", "--rereadsecrets"]]


@pytest.mark.parametrize(
    ("authentication", "follows"), [(BY_CERTIFICATE, "server.pem"), (BY_KEY, "wiresec-cluster1.secrets")]
)
def test_a_connection_is_another_one_with_another_certificate_or_another_key_whichever_it_takes(
    tmp_path: Path, pluto: Pluto, authentication: str, follows: str
) -> None:
    daemon(tmp_path, pluto, authentication)
    secret = "10.1.1.2 10.1.1.{number} : PSK {key}\n"
    contents = {
        "server.pem": ("one", "other"),
        "wiresec-cluster1.secrets": tuple(
            "".join(secret.format(number=number, key=key) for number in range(3)) for key in ("0x0102", "0x0304")
        ),
    }

    def wanted() -> dict[str, str]:
        return dict(Libreswan(str(tmp_path), "unused.pid", [str(tmp_path / "server.pem")], pluto).wanted())

    for name, (first, _other) in contents.items():
        (tmp_path / name).write_text(first, encoding="utf-8")
    before = wanted()
    assert before == wanted()
    for name, (first, other) in contents.items():
        (tmp_path / name).write_text(other, encoding="utf-8")
        changed = {connection for connection, digests in wanted().items() if digests != before[connection]}
        assert changed == ({USED, IDLE, NEW} if name == follows else set())
        (tmp_path / name).write_text(first, encoding="utf-8")
