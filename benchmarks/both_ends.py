# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of both ends costs whoever is connected, by the order of its steps: the tables of docs/both_ends.md and docs/pki.md.

Real daemons in the lab of ``make negotiate``. A client sends a line over TCP 2049 twenty times a second, and waits for its echo: the
outage is the longest time without an answer, retransmissions of TCP included. Between what is done on one end and what is done
on the other there are three seconds, as between tasks of a play. Packets in clear are those on the wire from the first
step to the last. ``make bench-both-ends``
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("tests", ".venv")]

from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_clients.connections import Client  # noqa: E402
from lab.certificates import Authority  # noqa: E402
from lab.clients import AUTHORITIES, CERTIFICATE, DAEMONS, around, install_certificate, rendered  # noqa: E402
from lab.guest import Guest  # noqa: E402
from lab.hosts import Conversation, Ipsec, Network, wait_until  # noqa: E402
from lab.ontap import Array, Policy, Unknown  # noqa: E402

BETWEEN = 3.0
"""Seconds from what is done on one end to what is done on the other."""

OLD_KEY, NEW_KEY = "the-key-until-today-2049", "the-key-from-today-on-2049"

ARRAY, CLIENT = "C=DE, O=Example, CN=storage1.example.com", "C=DE, O=Example, CN=client1.example.com"


def policy(key: str = OLD_KEY) -> Policy:
    return {
        "name": "nfs",
        "action": "esp_transport",
        "protocol": "tcp",
        "local_endpoint": {"address": "10.10.10.7/32", "port": 2049},
        "remote_endpoint": {"address": "10.10.20.20/32"},
        "secret_key": key,
    }


def files(daemon: str, key: str = OLD_KEY, trap: bool = True) -> dict[str, str]:
    """The files of the client."""
    made = {**around(daemon), **rendered(Client("client1", ["10.10.20.20"]), [policy(key)], daemon)}
    if not trap:
        made = {path: text.replace("start_action = trap", "start_action = none") for path, text in made.items()}
    return made


@dataclass
class Change:
    """A change under way."""

    network: Network
    array: Array
    client: Ipsec
    talk: Conversation
    began: float = 0.0

    def now(self) -> float:
        return self.network.now()

    def initiate(self) -> bool:
        """Lets the client negotiate by itself: whether it succeeded within a second."""
        return self.client.try_to_run("swanctl", "--initiate", "--child", child_name(), "--timeout", "1").code == 0


def child_name() -> str:
    return "wiresec-cluster1--svm1--nfs"


@contextmanager
def connected(guest: Guest, unknown: Unknown, daemon: str = "strongswan", silent: bool = False) -> Iterator[Change]:
    """An array without policies, and a client that uses it in clear."""
    with Network(guest) as network:
        array = Array(network, "10.10.10.7/16", unknown=unknown)
        if not silent:
            array.start_with([])
        array.serve()
        client = DAEMONS[daemon](network, "client", "10.10.20.20/16")
        client.start(around(daemon))
        talk = client.talk("10.10.10.7")
        change = Change(network, array, client, talk)
        if not wait_until(lambda: talk.heard_since(change.now() - 1), 20):
            raise RuntimeError("no connection to begin with")
        yield change


def outcome(change: Change, since: float, clear_since: float, to: float | None = None) -> str:
    """The outage, once the connection goes on, and packets in clear."""
    moment = change.now()
    back = wait_until(lambda: change.talk.heard_since(moment), 60)
    outage = change.talk.outage(since)
    readable = sum(one.count for one in change.network.in_clear(clear_since))
    change.talk.stop()
    return f"{outage:5.1f} s, {readable:4d} packets in clear{'' if back else ', NOT BACK'}"


def array_first(change: Change) -> str:
    began = change.now()
    change.array.put([policy()])
    enabled = change.now()
    time.sleep(BETWEEN)
    change.client.write(files("strongswan"))
    change.client.run("swanctl", "--load-all", "--noprompt")
    return outcome(change, began, enabled)


def traps_first(change: Change, nudged: bool, silent: bool = False) -> str:
    change.client.write(files("strongswan"))
    began = change.now()
    change.client.run("swanctl", "--load-all", "--noprompt")
    trapped = change.now()
    time.sleep(BETWEEN)
    if silent:
        change.array.start()
    change.array.put([policy()])
    if nudged:
        wait_until(change.initiate, 20)
    return outcome(change, began, trapped)


def without_traps(change: Change, asking: bool) -> str:
    change.client.write(files("strongswan", trap=False))
    change.client.run("swanctl", "--load-all", "--noprompt")
    if asking:
        change.client.shell(
            f"(for try in $(seq 60); do swanctl --initiate --child {child_name()} --timeout 2 && break; sleep 0.5; done)"
            " >/run/asking 2>&1 </dev/null &"
        )
    began = change.now()
    time.sleep(BETWEEN if asking else 0)
    change.array.put([policy()])
    enabled = change.now()
    time.sleep(BETWEEN)
    if not asking:
        wait_until(change.initiate, 20)
    told = outcome(change, began, enabled)
    change.client.write(files("strongswan"))
    moment = change.now()
    change.client.run("swanctl", "--load-all", "--noprompt")
    kept = change.client.children()
    return f"{told}; the trap afterwards: {kept} association(s), {sum(p.count for p in change.network.in_clear(moment))} in clear"


def protected(change: Change, one: Policy | None = None, made: dict[str, str] | None = None) -> None:
    change.array.put([one or policy()])
    change.client.write(made or files("strongswan"))
    change.client.run("swanctl", "--load-all", "--noprompt")
    moment = change.now()
    if not wait_until(lambda: change.talk.heard_since(moment) and change.client.children(), 40):
        raise RuntimeError("not protected to begin with")


def key_on_the_array_first(change: Change) -> str:
    protected(change)
    began = change.now()
    change.array.put([])
    change.array.put([policy(NEW_KEY)])
    time.sleep(BETWEEN)
    change.client.write(files("strongswan", NEW_KEY))
    change.client.run("swanctl", "--load-all", "--clear", "--noprompt")
    return outcome(change, began, began)


def key_on_the_client_first(change: Change, beside: bool) -> str:
    protected(change)
    began = change.now()
    new = files("strongswan", NEW_KEY)
    if beside:
        [old] = [text for path, text in files("strongswan").items() if path.endswith("--secrets.conf")]
        new["/etc/swanctl/conf.d/wiresec-cluster1--zz-former.conf"] = old.replace("ike-wiresec", "ike-former-wiresec")
    change.client.write(new)
    change.client.run("swanctl", "--load-creds", "--clear", "--noprompt")
    time.sleep(BETWEEN)
    change.array.put([])
    change.array.put([policy(NEW_KEY)])
    return outcome(change, began, began)


def by_certificate(name: str, keeps: bool = False) -> Policy:
    """The policy, with a certificate of the array instead of a key."""
    told = {key: value for key, value in policy().items() if key != "secret_key"}
    identities = {"local_identity": ARRAY, "remote_identity": CLIENT}
    return {**told, **identities, "certificate": name, "certificate_modify_keepsa": keeps}


def certificate_of_the_array(change: Change, keeps: bool) -> str:
    authority = Authority()
    first, second = by_certificate("first"), by_certificate("second", keeps)
    change.array.install("first", authority.sign(ARRAY))
    install_certificate(change.client, authority.sign(CLIENT))
    client = Client("client1", ["10.10.20.20"], [CLIENT], CERTIFICATE["strongswan"], AUTHORITIES["strongswan"])
    protected(change, first, {**around("strongswan"), **rendered(client, [first], "strongswan")})
    change.array.install("second", authority.sign(ARRAY))
    began = change.now()
    change.array.put([second])
    change.array.remove("first")
    time.sleep(BETWEEN)
    return outcome(change, began, began)


def takeover(change: Change) -> str:
    protected(change)
    began = change.now()
    change.array.lose_state()
    return outcome(change, began, began)


EXPERIMENTS: dict[str, tuple[Unknown, bool, Callable[[Change], str]]] = {
    "over: array, then traps": (Unknown(), False, array_first),
    "over: traps, then array": (Unknown(), False, lambda one: traps_first(one, False)),
    "over: traps, then array, that says nothing before": (Unknown(), True, lambda one: traps_first(one, False, True)),
    "over: traps, then array, then ask": (Unknown(), False, lambda one: traps_first(one, True)),
    "over: array, then ask, then traps": (Unknown(), False, lambda one: without_traps(one, False)),
    "over: ask all the time, array, then traps": (Unknown(), False, lambda one: without_traps(one, True)),
    "over: array, then traps; array initiates": (Unknown(initiates=True), False, array_first),
    "key: array, then client": (Unknown(), False, key_on_the_array_first),
    "key: client, then array": (Unknown(), False, lambda one: key_on_the_client_first(one, False)),
    "key: client beside the old one, then array": (Unknown(), False, lambda one: key_on_the_client_first(one, True)),
    "key: client, then array, which initiates": (
        Unknown(initiates=True),
        False,
        lambda one: key_on_the_client_first(one, False),
    ),
    "certificate: of the array, associations end": (Unknown(), False, lambda one: certificate_of_the_array(one, False)),
    "certificate: of the array, associations are kept": (
        Unknown(),
        False,
        lambda one: certificate_of_the_array(one, True),
    ),
    "takeover": (Unknown(), False, takeover),
}


def measured(guest: Guest, unknown: Unknown, silent: bool, experiment: Callable[[Change], str]) -> str:
    with connected(guest, unknown, silent=silent) as change:
        try:
            return experiment(change)
        except Exception as error:
            return f"{type(error).__name__}: {error}"[:300]


def main(*chosen: Any) -> None:
    """Prints the table."""
    with Guest() as guest, ThreadPoolExecutor(2) as pool:
        under_way = {
            name: pool.submit(measured, guest, *details)
            for name, details in EXPERIMENTS.items()
            if not chosen or any(one in name for one in chosen)
        }
        for name, future in under_way.items():
            print(f"{name:52} {future.result()}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
