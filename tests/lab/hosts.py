# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host of the lab can do: run a daemon of IPsec, serve, talk, and tell of itself; and what was seen on its wire."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from lab.guest import Guest, GuestFailed, Ran

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Seen:
    """How many packets of one kind entered a wire, from where to where."""

    kind: str
    source: str
    destination: str
    source_port: int
    destination_port: int
    count: int


class Network:
    """A wire and the hosts on it; as a context, they are gone at its end."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.wire = f"wire{next(_numbers)}"
        self.hosts: list[Host] = []

    def __enter__(self) -> Self:
        self.guest.ask("wire", name=self.wire)
        return self

    def __exit__(self, *_error: object) -> None:
        self.guest.ask("remove", hosts=[host.id for host in self.hosts], wire=self.wire)

    def now(self) -> float:
        """The guest's clock, in seconds."""
        return float(self.guest.ask("seen", wire=self.wire, since=float("inf"))["now"])

    def seen(self, since: float = 0.0) -> list[Seen]:
        """What entered the wire since then. Raises ``GuestFailed`` if not everything was seen."""
        answer = self.guest.ask("seen", wire=self.wire, since=since)
        if answer["lost"]:
            raise GuestFailed(f"{answer['lost']} packets were not seen")
        return [Seen(*row) for row in answer["counts"]]

    def in_clear(self, since: float = 0.0, ports: Iterable[int] = (2049,)) -> list[Seen]:
        """TCP and UDP packets from or to these ports that anybody on the wire could read."""
        return [
            one
            for one in self.seen(since)
            if one.kind in ("tcp", "udp") and {one.source_port, one.destination_port} & set(ports)
        ]

    def encrypted(self, since: float = 0.0) -> int:
        """The number of ESP packets."""
        return sum(one.count for one in self.seen(since) if one.kind == "esp")


class Host:
    """A host with an address or two, and no IPsec."""

    layers: ClassVar[tuple[str, ...]] = ("base",)

    def __init__(self, network: Network, name: str, *addresses: str) -> None:
        self.network, self.guest, self.name = network, network.guest, name
        self.id = f"{network.wire}-{name}"
        self.addresses = [address.partition("/")[0] for address in addresses]
        network.hosts.append(self)
        self.guest.ask("host", name=self.id, layers=self.layers, wire=network.wire, addresses=addresses)

    @property
    def address(self) -> str:
        return self.addresses[0]

    def try_to_run(self, *argv: str, **details: Any) -> Ran:
        """Runs a command, whatever its exit code."""
        return self.guest.run(self.id, *argv, **details)

    def run(self, *argv: str, **details: Any) -> str:
        """Runs a command: what it printed. Raises ``GuestFailed`` if it did not end with 0."""
        ran = self.try_to_run(*argv, **details)
        if ran.code:
            raise GuestFailed(f"{self.name}: {' '.join(argv)} ended with {ran.code}:\n{ran.out}{ran.err}")
        return ran.out

    def shell(self, script: str, **details: Any) -> str:
        """Runs a script."""
        return self.run("sh", "-euc", script, **details)

    def write(self, files: dict[str, str], mode: int = 0o600) -> None:
        """Writes files, by their paths, and the folders that they need."""
        self.guest.ask("write", host=self.id, files=files, mode=mode)

    def read(self, path: str, last: int = 6000) -> str:
        """The end of a file, so many characters; empty where it is not there."""
        return str(self.guest.ask("read", host=self.id, path=path, last=last))

    def serve(self, port: int = 2049) -> None:
        """Answers on a TCP port of each address."""
        for address in self.addresses:
            self.guest.ask("serve", host=self.id, address=address, port=port)

    def connect(self, address: str, port: int = 2049, timeout: float = 5, source_port: int = 0) -> dict[str, Any]:
        """Tries a TCP connection: ``answered``, ``why`` not, ``seconds``."""
        answer: dict[str, Any] = self.guest.ask(
            "connect", host=self.id, address=address, port=port, timeout=timeout, source_port=source_port
        )
        return answer

    def talk(self, address: str, port: int = 2049, every: float = 0.05) -> Conversation:
        """Begins a connection that stays, as a mount does."""
        number = self.guest.ask("talk", host=self.id, address=address, port=port, every=every)
        return Conversation(self.guest, number)

    def log(self) -> str:
        """What the daemon logged, its end."""
        return ""


class Conversation:
    """A connection that sends a line every so often, and waits for its echo."""

    def __init__(self, guest: Guest, number: int) -> None:
        self.guest, self.number = guest, number

    def alive(self) -> bool:
        return bool(self.guest.ask("heard", number=self.number)["alive"])

    def outage(self, since: float) -> float:
        """The longest time without an answer since a second of the guest, up to now."""
        heard = self.guest.ask("heard", number=self.number)
        moments: list[float] = [since, *(one for one in heard["answers"] if one >= since), heard["now"]]
        return max(later - earlier for earlier, later in itertools.pairwise(moments))

    def heard_since(self, moment: float) -> bool:
        """Whether an answer came after that second of the guest."""
        answers = self.guest.ask("heard", number=self.number)["answers"]
        return bool(answers) and answers[-1] > moment

    def stop(self) -> None:
        self.guest.ask("heard", number=self.number, stop=True)


class Ipsec(Host):
    """A host with a daemon of IPsec, which logs into the file ``LOG``."""

    LOG: ClassVar[str]

    def start(self, files: dict[str, str] | None = None) -> None:
        """Starts the daemon with these files, and has them loaded."""
        raise NotImplementedError

    def xfrm(self) -> str:
        """The associations in the kernel, one a line, without their keys."""
        text = self.run("ip", "-oneline", "xfrm", "state", "list", "nokeys")
        return text.replace("\\", " ")

    def spis(self) -> set[str]:
        """The SPIs of the associations in the kernel that carry traffic, and not larval ones."""
        return set(re.findall(r"spi (0x[0-9a-f]+)(?=.*aead)", self.xfrm()))

    def traps(self) -> str:
        """The policies in the kernel that want protection."""
        return self.run("ip", "-oneline", "xfrm", "policy").replace("\\", " ")


class StrongSwan(Ipsec):
    """A host with charon, started as Debian's unit ``strongswan`` starts it."""

    layers: ClassVar[tuple[str, ...]] = ("base", "strongswan")
    LOG = "/run/charon.log"
    # Without the kernel's algorithms, which OpenSSL has, too: to ask for each costs ten seconds. What swanctl has to load is
    # most of what it costs.
    SETTINGS: ClassVar = f"""
        charon-systemd {{
          filelog {{
            log {{
              path = {LOG}
              flush_line = yes
              ike = 2
            }}
          }}
          plugins {{
            af-alg {{
              load = no
            }}
          }}
        }}
        swanctl {{
          load = pem pkcs1 x509 pubkey openssl random nonce
        }}
    """

    def start(self, files: dict[str, str] | None = None) -> None:
        """Starts the daemon with these files, and loads them, as the unit does."""
        self.start_daemon(files)
        self.load()

    def start_daemon(self, files: dict[str, str] | None = None) -> None:
        """Starts the daemon with these files, and loads nothing."""
        self.write({"/etc/strongswan.d/lab.conf": self.SETTINGS, **(files or {})})
        # It listens some time after its start, and on a busy machine long after. Whoever is gone will never listen.
        self.shell(
            "rm -f /run/charon.vici; charon-systemd >/run/charon.out 2>&1 & daemon=$!\n"
            "while [ ! -S /run/charon.vici ]; do kill -0 $daemon || { cat /run/charon.out; exit 1; }; sleep 0.1; done",
            timeout=300,
        )

    def load(self) -> str:
        """Loads what the files say."""
        return self.run("swanctl", "--load-all", "--noprompt", timeout=60)

    def ask_daemon(self, command: str, event: str = "", **message: str) -> Any:
        """What the daemon answers to a command of VICI: a mapping, or with ``event`` a list of such events."""
        return self.guest.ask("charon", host=self.id, command=command, event=event, message=message)

    def associations(self) -> list[tuple[str, dict[str, Any]]]:
        """The IKE associations with their children, each with the name of its connection, as the daemon tells of them."""
        told = self.ask_daemon("list-sas", "list-sa", noblock="yes")
        return [association for event in told for association in event.items()]

    def established(self) -> bool:
        """Whether IKE came up."""
        return bool(self.generations())

    def installed(self) -> list[str]:
        """The names of the associations that are installed."""
        children = [child for _name, one in self.associations() for child in one["child-sas"].values()]
        return [child["name"] for child in children if child["state"] == "INSTALLED"]

    def children(self) -> int:
        """The number of associations that are installed."""
        return len(self.installed())

    def rekey(self, what: str) -> None:
        """Makes new keys: of the ``child`` or of ``ike``."""
        name = self.installed()[0] if what == "child" else self.associations()[0][0]
        self.ask_daemon("rekey", **{what: name})

    def restart(self) -> None:
        """Starts the daemon anew; associations are gone."""
        self.shell("pkill -KILL charon-systemd; ip xfrm state flush; ip xfrm policy flush")
        self.start()

    def generations(self) -> set[str]:
        """The SPIs of IKE, as the initiator has them."""
        return {one["initiator-spi"] for _name, one in self.associations() if one["state"] == "ESTABLISHED"}

    def log(self) -> str:
        return self.read(self.LOG)


class Libreswan(Ipsec):
    """A host with pluto, started as Debian's unit ``ipsec`` starts it."""

    layers: ClassVar[tuple[str, ...]] = ("base", "libreswan")
    LOG = "/run/pluto.log"
    WAITS: ClassVar = "/run/waits"
    """Where the script is that waits, on a start, until connections are in force; none where nobody waits."""

    def start(self, files: dict[str, str] | None = None) -> None:
        """Starts the daemon with these files, which it loads."""
        self.write(files or {})
        self.shell(
            "[ -e /var/lib/ipsec/nss/cert9.db ] || ipsec initnss >/dev/null\n"
            f"/usr/libexec/ipsec/pluto --config /etc/ipsec.conf --logfile {self.LOG} >/run/pluto.out 2>&1 </dev/null\n"
            # It answers before it has loaded its connections, which another program does for it, and before they are in force.
            f"[ ! -e {self.WAITS} ] || sh {self.WAITS}",
            timeout=300,
        )

    def associations(self) -> str:
        return self.run("ipsec", "whack", "--showstates")

    def established(self) -> bool:
        return "(established IKE SA)" in self.associations()

    def children(self) -> int:
        return self.associations().count("(established Child SA)")

    def rekey(self, what: str) -> None:
        name = re.findall(r'^\d+ #\d+: "([^"]+)"', self.associations(), re.M)[0]
        # Otherwise the command waits for new keys, and where they are refused for ever.
        self.run("ipsec", "whack", "--asynchronous", f"--rekey-{'ipsec' if what == 'child' else 'ike'}", "--name", name)

    def restart(self) -> None:
        """Starts the daemon anew; associations are gone."""
        self.shell("pkill -KILL pluto; rm -f /run/pluto/*; ip xfrm state flush; ip xfrm policy flush")
        self.start()

    def log(self) -> str:
        return self.read(self.LOG)


def wait_until(condition: Callable[[], Any], seconds: float) -> bool:
    """Waits for something on hosts: whether it came."""
    end = time.monotonic() + seconds
    while True:
        if condition():
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.4)
