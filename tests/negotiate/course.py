# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens in a scenario, step by step: each method is one that ``scenario.yml`` may name."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_clients.connections import Client
from lab import modules
from lab.certificates import Authority
from lab.clients import AUTHORITIES, CERTIFICATE, DAEMONS, around, install_certificate, rendered
from lab.guest import Guest
from lab.hosts import Conversation, Ipsec, Network, wait_until
from lab.ontap import Array, Credentials, Policy, Unknown
from negotiate.diagnosed import SYMPTOMS, findings

SCENARIOS = Path(__file__).with_name("scenarios")

SUITE = "rfc4106(gcm(aes))"
"""AES-GCM, as the kernel calls it."""

SERVED = (111, 2049, 2050)
"""Ports on which the array answers."""

PREFIX_LENGTHS = {False: 16, True: 48}
"""Of the wire, which all subnets of a scenario are on."""

KNOWN = {
    *("about", "daemons", "pfs", "client", "array_certificate", "mistakes", "without"),
    *("starts_late", "course"),
}


PATIENCE = 120
"""How long something that has to come is waited for, in seconds: a busy machine is slow, and that is no mistake."""


def read(name: str) -> dict[str, Any]:
    """What a scenario says. Raises ``ValueError`` for what it must not say."""
    told: dict[str, Any] = yaml.safe_load((SCENARIOS / name / "scenario.yml").read_text())
    if told.keys() - KNOWN:
        raise ValueError(f"{name}: {', '.join(sorted(told.keys() - KNOWN))}?")
    return told


def variants(name: str) -> list[tuple[str, bool]]:
    """The daemons that a scenario is for, each with every way in which ONTAP may want PFS."""
    told = read(name)
    positions = told.get("pfs", {})
    return [(daemon, pfs) for daemon in told.get("daemons", DAEMONS) for pfs in positions.get(daemon, [False])]


def diagnoses() -> list[str]:
    """A row for each scenario in which a diagnosis is made: what it is about, with which daemons, and the causes that are named."""
    rows = []
    for folder in sorted(SCENARIOS.iterdir()):
        told = read(folder.name) if folder.is_dir() else {}
        for step in told.get("course", []):
            if isinstance(step, Mapping) and "diagnosed" in step:
                named = ", ".join(f"`{one}`" for one in step["diagnosed"])
                daemons = ", ".join(told.get("daemons", DAEMONS))
                rows.append(f"| {told['about']} | {daemons} | {named or 'nothing, or that it can not be told'} |")
    return rows


class Course:
    """One scenario, with one daemon."""

    def __init__(self, guest: Guest, name: str, daemon: str, pfs: bool) -> None:
        self.guest, self.daemon, self.told = guest, daemon, read(name)
        self.policies: list[Policy] = yaml.safe_load((SCENARIOS / name / "ipsec.yml").read_text())["policies"]
        self.unknown = Unknown(pfs)
        self.notes: list[str] = []

    def run(self) -> list[str]:
        """Goes through the course: what was not as it should be, with the ends of both logs; empty if all was."""
        with Network(self.guest) as network:
            try:
                self._set_up(network)
                for step in self.told["course"]:
                    [(what, detail)] = step.items() if isinstance(step, Mapping) else [(step, None)]
                    problem = getattr(self, what)(detail)
                    if problem:
                        return [f"{step}: {problem}", *self._evidence()]
            except Exception as error:
                return [f"{type(error).__name__}: {error}", *self._evidence()]
        return []

    def _set_up(self, network: Network) -> None:
        self.network = network
        locals_ = dict.fromkeys(_host_of(one["local_endpoint"]["address"]) for one in self.policies)
        self.array = Array(network, *map(_on_wire, locals_), unknown=self.unknown)
        told = self.told["client"]
        self.client: Ipsec = DAEMONS[self.daemon](network, "client", *map(_on_wire, told["addresses"]))
        certificate = told.get("certificate")
        own = [certificate["subject"], *certificate.get("alternatives", [])] if certificate else []
        self.load_options: dict[str, Any] = {}
        if certificate:
            self.authority = Authority()
            self.array.install(self.policies[0]["certificate"], self.authority.sign(**self.told["array_certificate"]))
            self._client_gets(self.authority.sign(**certificate))
        self.facts = Client(
            name="client1.example.com",
            addresses=told["addresses"],
            identities=told.get("identities", own),
            certificate=CERTIFICATE[self.daemon] if certificate else None,
            authorities=AUTHORITIES[self.daemon] if certificate else [],
            array_addresses=told.get("array_addresses", []),
        )
        self.array.start_with(self.policies)
        for port in SERVED:
            self.array.serve(port)
        self.address = self.array.address
        self.source_port = told.get("source_port", 0)
        self.began = network.now()
        if not self.told.get("starts_late"):
            self.client_starts(None)

    def _client_gets(self, credentials: Credentials) -> None:
        self.certificate = credentials.certificate
        self.load_options = install_certificate(self.client, credentials)

    def _files(self) -> dict[str, str]:
        """What the collection renders, with the mistakes of this scenario."""
        files = {**around(self.daemon), **rendered(self.facts, self.policies, self.daemon)}
        for mistake in self.told.get("mistakes", {}).get(self.daemon, []):
            if not any(mistake["replace"] in text for text in files.values()):
                raise ValueError(f"there is no {mistake['replace']!r} in\n" + "\n".join(files.values()))
            files = {path: text.replace(mistake["replace"], mistake["by"]) for path, text in files.items()}
        without = self.told.get("without", [])
        return {path: text for path, text in files.items() if not any(path.endswith(one) for one in without)}

    def _evidence(self) -> list[str]:
        told = []
        for host in self.network.hosts:
            told += [f"--- {host.name}", host.log()]
            if isinstance(host, Ipsec):
                told += [host.try_to_run("sh", "-c", "ip xfrm policy | head -40; ip xfrm state list nokeys").out]
        return told

    # --- steps ------------------------------------------------------------------------------------------------------

    def connects(self, port: int | None) -> str:
        """TCP gets through. Where the array was too slow for the client's daemon, the kernel asks that again after minutes only."""
        end = time.monotonic() + 2 * PATIENCE
        answer: dict[str, Any] = {"answered": False}
        while not answer["answered"] and time.monotonic() < end:
            answer = self.client.connect(self.address, port or 2049, timeout=20, source_port=self.source_port)
        return "" if answer["answered"] else answer["why"]

    def does_not_connect(self, port: int | None) -> str:
        """TCP does not get through."""
        answer = self.client.connect(self.address, port or 2049, timeout=4)
        return f"it does, after {answer['seconds']:.1f} s" if answer["answered"] else ""

    def protected(self, associations: int | None) -> str:
        """IKE came up, with this many associations, in transport mode, of the suite; ESP is on the wire, nothing in clear."""
        return self.associated(associations) or self.nothing_in_clear(None)

    def associated(self, associations: int | None) -> str:
        """The same, whatever else is on the wire."""
        wanted = associations or 1
        if not wait_until(lambda: self.client.children() == wanted, PATIENCE):
            return f"{self.client.children()} associations instead of {wanted}:\n{self.client.associations()}"
        states = [line for line in self.client.xfrm().splitlines() if "aead" in line]
        if len(states) != 2 * wanted or not all(SUITE in one and "mode transport" in one for one in states):
            return "the kernel has other associations:\n" + "\n".join(states)
        if not self.network.encrypted(self.began):
            return f"no ESP on the wire: {self.network.seen(self.began)}"
        return ""

    def nothing_in_clear(self, ports: list[int] | None) -> str:
        """No packet of NFS, or of these ports, was readable since the client's daemon was started."""
        readable = self.network.in_clear(self.began, ports or [2049])
        return f"packets in clear: {readable}" if readable else ""

    def in_clear(self, ports: list[int] | None) -> str:
        """Packets of NFS, or of these ports, were readable."""
        return "" if self.network.in_clear(self.began, ports or [2049]) else f"nothing: {self.network.seen(self.began)}"

    def rekeys(self, which: list[str] | None) -> str:
        """New keys, for association and for IKE, from both sides; a connection survives them."""
        talk = self.client.talk(self.address)
        for one in which or ["client child", "array child", "client ike", "array ike"]:
            side, what = one.split()
            host = self.client if side == "client" else self.array
            problem = self._rekeyed(host, what, talk)
            if problem:
                return f"{one}: {problem}"
        talk.stop()
        return self.nothing_in_clear(None)

    def _rekeyed(self, host: Ipsec, what: str, talk: Conversation) -> str:
        before = self._generation(what)
        host.rekey(what)

        def renewed() -> bool:
            now = self._generation(what)
            return bool(now) and not before & now

        if not wait_until(renewed, PATIENCE):
            return f"still the same: {before}"
        moment = self.network.now()
        if not wait_until(lambda: talk.heard_since(moment), PATIENCE):
            return "the connection stalls"
        return ""

    def _generation(self, what: str) -> set[str]:
        return self.client.spis() if what == "child" else self.array.generations()

    def rekeying_is_refused(self, _detail: None) -> str:
        """The client wants new keys for its association, and gets none."""
        before = self.client.spis()
        self.client.rekey("child")
        return "" if not wait_until(lambda: before - self.client.spis(), 5) else "it is not"

    def stalls(self, within: int) -> str:
        """A connection that is in use gets no answer any more, after so many seconds at the latest."""
        talk = self.client.talk(self.address)
        stalled = wait_until(lambda: not talk.heard_since(self.network.now() - 3), within)
        talk.stop()
        return "" if stalled else "it goes on"

    def array_goes_down(self, _detail: None) -> str:
        """Nobody answers IKE any more."""
        self.array.stop()
        return ""

    def client_starts(self, _detail: None) -> str:
        """The daemon of the client starts; what is counted from now on is what is seen from now on."""
        self.began = self.network.now()
        self.client.start(self._files())
        return ""

    def client_starts_anew(self, _detail: None) -> str:
        """The daemon of the client starts anew, with the same files."""
        self.client.restart()
        self.began = self.network.now()
        return ""

    def recovers_after_a_takeover(self, within: int) -> str:
        """The array loses its associations while a connection is in use, which goes on within so many seconds."""
        talk = self.client.talk(self.address)
        wait_until(lambda: talk.heard_since(self.network.now() - 1), PATIENCE)
        moment = self.network.now()
        self.array.lose_state()
        lost = self.network.now()
        back = wait_until(lambda: talk.heard_since(lost), within)
        outage = talk.outage(moment)
        self.notes.append(f"recovered after {outage:.1f} s")
        talk.stop()
        if not back or outage > within:
            return f"it takes {outage:.1f} s"
        return self.nothing_in_clear(None)

    def does_not_recover_from_a_takeover(self, within: int) -> str:
        """The same, and the connection does not go on."""
        return "" if self.recovers_after_a_takeover(within) else "it does"

    def logs(self, text: str | dict[str, str]) -> str:
        """The client's log has a text, which may be another one for each daemon."""
        text = text if isinstance(text, str) else text[self.daemon]
        return "" if wait_until(lambda: text in self.client.read(self.client.LOG, 100_000), PATIENCE) else "it does not"

    def client_certificate_is_renewed(self, _detail: None) -> str:
        """The client gets another certificate with the same names, as the role installs it, and the module of the role loads it."""
        self._client_gets(self.authority.sign(**{**self.told["client"]["certificate"], "expired": False}))
        loaded, again = (modules.load(self.client, self.daemon, self.load_options) for _time in range(2))
        return "" if len(loaded["loaded"]) == len(self.policies) and not again["changed"] else f"{loaded}, {again}"

    def array_certificate_is_renewed(self, options: dict[str, Any] | None) -> str:
        """The array gets another certificate under another name, its policies take it, and get these options, and the old one goes.

        Associations end, unless these options keep them.
        """
        before = self.array.generations()
        old = self.policies[0]["certificate"]
        new = f"{old}-renewed"
        self.array.install(new, self.authority.sign(**{**self.told["array_certificate"], "expired": False}))
        self.policies = [{**one, **(options or {}), "certificate": new} for one in self.policies]
        self.array.put(self.policies)
        self.array.remove(old)
        kept = before & self.array.generations()
        wanted = before if (options or {}).get("certificate_modify_keepsa") else set()
        return "" if kept == wanted else f"of {before} there is {kept}"

    def array_was_shown_the_certificate(self, _detail: None) -> str:
        """The client identified itself by the certificate that it has by now."""
        return "" if wait_until(lambda: self.array.was_shown(self.certificate), PATIENCE) else "only others"

    def is_asked(self, renew: bool | None) -> str:
        """The client is asked to negotiate, by the module, and has associations then; anew, if that is said."""
        asked = modules.negotiate(self.client, self.daemon, bool(renew))
        lacking = [one for one in asked["connections"] if not one["associations"]]
        return f"{lacking}, {asked['why']}" if lacking or not asked["connections"] else ""

    def is_refused(self, _detail: None) -> str:
        """The client is asked to negotiate, once more than what its log has already shown to be refused, and has no association."""
        asked = modules.negotiate(self.client, self.daemon, renew=False, wait=5)
        return "it has one" if any(one["associations"] for one in asked["connections"]) else ""

    def diagnosed(self, causes: list[str]) -> str:
        """A diagnosis from both ends names these causes and at no time another one, beside what they lead to; none if it can't be told."""
        told, named = "", {""}

        def settled() -> bool:
            nonlocal told, named
            found = findings(self)
            named = {one["cause"] for one in found if one["certainty"] != "possible"} - SYMPTOMS
            told = "; ".join(f"{one['certainty']} {one['cause']}: {one['evidence']}" for one in found)
            return not named < set(causes)

        # It takes a while until a daemon says that nobody answers.
        wait_until(settled, PATIENCE)
        self.notes.append(told)
        return "" if named == set(causes) else f"{', '.join(sorted(named)) or 'nothing'} is named: {told}"

    def talks(self, _detail: None) -> str:
        """A connection is in use from now on."""
        self.talk = self.client.talk(self.address)
        self.talks_since = self.network.now()
        return "" if wait_until(lambda: self.talk.heard_since(self.talks_since), PATIENCE) else "it gets no answer"

    def goes_on(self, within: int) -> str:
        """The connection that is in use has an answer, and had none for so many seconds at most, since then."""
        moment = self.network.now()
        back = wait_until(lambda: self.talk.heard_since(moment), within)
        outage = self.talk.outage(self.talks_since)
        self.notes.append(f"no answer for {outage:.1f} s")
        return "" if back and outage <= within else f"no answer for {outage:.1f} s"

    def no_association(self, _detail: None) -> str:
        """There is none; charon, unlike pluto, has IKE all the same, so that things look well at first sight."""
        if self.daemon == "strongswan" and not wait_until(self.client.established, PATIENCE):
            return f"and no IKE: {self.client.associations()}"
        return f"there is: {self.client.associations()}" if self.client.children() else ""


def _host_of(address: str) -> str:
    """An address of the array within a local endpoint."""
    plain, _slash, length = address.partition("/")
    if length in ("", "32", "128"):
        return plain
    return f"{plain}7" if ":" in plain else f"{plain.rpartition('.')[0]}.7"


def _on_wire(address: str) -> str:
    return f"{address}/{PREFIX_LENGTHS[':' in address]}"
