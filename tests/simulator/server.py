# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as tests see it: start, set up, look inside, interfere."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import application, faults, webhooks
from .access import ACCESS_TOKEN, ADMIN, PASSWORD, Account
from .associations import IKE_STATES, Peers, Traffic
from .certificates import Certificates, check_certificate
from .errors import OntapError
from .events import SEVERITIES, Packet
from .interventions import AsJob, Interventions, PendingApproval, Refusal, WithoutEffect
from .messages import Answer, Call, Request
from .plausible import completed
from .resource import flat, nested
from .schema import Record
from .served import ServedData
from .settings import Settings
from .state import State
from .transport import Transport
from .unknowns import Unknowns
from .versions import parse
from .webhooks import Delivery


class Simulator(ServedData, Settings):
    """A stateful ONTAP over HTTPS, in a thread of its own; all methods may be called from any thread."""

    username = ADMIN
    password = PASSWORD
    access_token = ACCESS_TOKEN

    def __init__(
        self,
        version: str = "9.17.1",
        unknowns: Unknowns | None = None,
        page_size: int = 10000,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ca_dir: str | Path | None = None,
        on_request: Callable[[Request], None] | None = None,
        certificate: str = "valid",
    ) -> None:
        """`port` 0 takes a free one; `ca_dir` keeps the PEM files; `on_request` sees each line of the log.

        The server's certificate is "valid", "expired", or one for an "other_name".
        """
        parse(version)
        check_certificate(certificate)
        self._initial = (version, unknowns or Unknowns(), page_size)
        self._ca_dir = ca_dir
        self.on_request = on_request
        self._certificate = certificate
        self.on_silence: Callable[[], None] | None = None
        """Called, in the server's thread, when a client waits in vain, so that a test can move its own clock on."""
        self._requests: list[Request] = []
        self._deliveries: list[Delivery] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._transport: Transport | None = None
        self.host = host
        self.port = port
        self.ca_path = self.client_cert = self.client_key = ""
        super().__init__(State(*self._initial), threading.RLock())

    # --- life ---

    def start(self) -> Self:
        """Serve until `stop`; OSError when the port is taken."""
        if self._ca_dir is None:
            self._folder = tempfile.TemporaryDirectory(prefix="ontap-simulator-")
        folder = Path(self._folder.name if self._folder else self._ca_dir or ".")
        certificates = Certificates(folder, self._certificate)
        self.ca_path = str(certificates.ca_path)
        self.client_cert = str(certificates.client_cert)
        self.client_key = str(certificates.client_key)
        self._transport = Transport(self.answer)
        try:
            self.port = self._transport.start(self.host, self.port, certificates.context())
        except OSError:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Close all connections and remove the temporary files."""
        if self._transport is not None:
            self._transport.stop()
            self._transport = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def reset(self) -> None:
        """Go back to the beginning: state, settings, accounts, log; nothing is arranged any more."""
        with self._lock:
            self._state = State(*self._initial)
            self._requests.clear()
            self._deliveries.clear()
            self.latency = 0.0
            self.on_silence = None
            if self._transport is not None:
                self._transport.welcome()

    @property
    def url(self) -> str:
        """The address, without path."""
        return f"https://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def latency(self) -> float:
        """Seconds that pass before each answer."""
        return self._transport.latency if self._transport is not None else 0.0

    @latency.setter
    def latency(self, seconds: float) -> None:
        if self._transport is not None:
            self._transport.latency = seconds

    # --- the log ---

    @property
    def requests(self) -> list[Request]:
        """The requests since the last `clear_log`, in the order in which they were answered."""
        with self._lock:
            return list(self._requests)

    @property
    def connections(self) -> int:
        """The number of TLS connections that carried those requests."""
        return len({request.connection for request in self.requests})

    def clear_log(self) -> None:
        """Forget the requests so far."""
        with self._lock:
            self._requests.clear()

    # --- what is there ---

    def add_account(
        self, name: str, password: str, svm: str | None = None, forbidden: tuple[str, ...] = ("/api/cluster",)
    ) -> None:
        """Create an account, of an SVM if one is named; paths below a forbidden prefix are answered 403."""
        with self._lock:
            owner = None if svm is None else self._svm(svm)["uuid"]
            self._state.accounts.add(Account(name, password, owner, tuple(forbidden)))

    def add_node(self, name: str) -> str:
        """Let the cluster have a further node than the two that it begins with, and return its UUID."""
        with self._lock:
            return self._state.add_node(name)

    def add_svm(self, name: str) -> str:
        """Create an SVM and return its UUID."""
        with self._lock:
            return self._state.add_svm(name)

    def remove_svm(self, name: str) -> None:
        """Remove an SVM and all that belongs to it."""
        with self._lock:
            self._state.remove_svm(self._svm(name)["uuid"])

    def add_certificate(self, name: str, svm: str | None = None, type: str = "client", **details: Any) -> str:
        """Install a certificate, for the cluster when no SVM is named, and return its UUID.

        It is good for a year unless `details`, fields as the API names them, has another `expiry_time`.
        """
        with self._lock:
            return self._state.add_certificate(name, svm, type, **details)

    def certificates(self, svm: str | None = None) -> list[dict[str, Any]]:
        """Return copies of the installed certificates, those of one SVM if one is named, by SVM and name."""
        with self._lock:
            found = [one for one in self._state.certificates.values() if svm in (None, one.get("svm.name"))]
            found.sort(key=lambda record: (record.get("svm.name", ""), record["name"]))
            return [nested(record) for record in found]

    def remove_certificate(self, name: str, svm: str | None = None) -> None:
        """Remove an installed certificate, from IPsec as well; KeyError if it is not there."""
        with self._lock:
            uuid = self._certificate_named(name, svm)["uuid"]
            del self._state.certificates[uuid]
            self._state.ca_certificates.pop(uuid, None)

    def edit_certificate(self, name: str, svm: str | None, changes: dict[str, Any]) -> None:
        """Change an installed certificate behind everybody's back: fields and values; None takes a field away."""
        with self._lock:
            record = self._certificate_named(name, svm)
            changed = {**record, **changes}
            self._state.certificates[record["uuid"]] = {
                path: value for path, value in changed.items() if value is not None
            }

    def add_policy(self, record: dict[str, Any]) -> str:
        """Store a policy as given, `svm` being a name, and return its UUID; what is missing is filled in plausibly."""
        with self._lock:
            stored = flat(record)
            svm = self._svm(name) if (name := stored.pop("svm", None) or stored.get("svm.name")) else None
            if isinstance(certificate := stored.pop("certificate", None), str):
                stored["certificate.name"] = certificate
            complete = completed(stored, svm, self._state.certificates.values())
            self._state.put_policy(complete)
            return str(complete["uuid"])

    def edit_policy(self, name: str, svm: str | None, changes: dict[str, Any]) -> None:
        """Change a stored policy behind everybody's back: dotted paths and values; None takes a property away."""
        with self._lock:
            record = self._policy(name, svm)
            changed = {**record, **flat(changes)}
            self._state.put_policy({path: value for path, value in changed.items() if value is not None})

    def policies(self) -> list[dict[str, Any]]:
        """Return copies of all stored policies, secrets included, by SVM and name."""
        with self._lock:
            records = sorted(
                self._state.policies.all(), key=lambda record: (record.get("svm.name", ""), record["name"])
            )
            return [nested(record) for record in records]

    def policy(self, name: str, svm: str | None = None) -> dict[str, Any] | None:
        """Return a copy of one stored policy, of cluster scope when no SVM is named."""
        with self._lock:
            record = self._find(name, svm)
            return None if record is None else nested(record)

    def inventory(self) -> list[str]:
        """Return a line for each SVM that serves data, and one for the cluster, with the certificates that are installed."""
        lines = []
        for owner in [*(svm["name"] for svm in self._state.data_svms()), None]:
            installed = [
                f"{one['name']} ({one['type'].replace('_', '-')})"
                for one in self._state.certificates.values()
                if one.get("svm.name") == owner
            ]
            whose = "the cluster itself" if owner is None else f"SVM {owner}"
            lines.append(f"{whose}: {'certificates ' + ', '.join(installed) if installed else 'no certificates'}")
        return lines

    def add_ca_certificate(self, name: str, svm: str | None = None) -> str:
        """Add an installed certificate of an authority to IPsec, and return its UUID; KeyError if it is not there."""
        with self._lock:
            certificate = self._certificate_named(name, svm)
            self._state.add_ca_certificate(certificate)
            return str(certificate["uuid"])

    def ca_certificates(self) -> list[dict[str, Any]]:
        """Return copies of what is added to IPsec, by SVM and name; the name of the certificate comes along."""
        with self._lock:
            names = {uuid: certificate["name"] for uuid, certificate in self._state.certificates.items()}
            records = [
                {**record, "certificate.name": names[uuid]} for uuid, record in self._state.ca_certificates.items()
            ]
            records.sort(key=lambda record: (record.get("svm.name", ""), record["certificate.name"]))
            return [nested(record) for record in records]

    # --- security associations ---

    def establish(
        self,
        name: str,
        svm: str | None = None,
        node: str | None = None,
        ike_state: str = "established",
        ipsec: bool = True,
        *,
        in_bytes: int = 0,
        out_bytes: int = 0,
        in_packets: int | None = None,
        out_packets: int | None = None,
        is_initiator: bool = False,
        local_address: str | None = None,
        remote_address: str | None = None,
    ) -> list[str]:
        """Let a policy have its IKE and, if `ipsec`, its IPsec association with one host; return their UUIDs.

        They are on the first node unless one is named, between hosts that the policy covers unless addresses are given;
        there, they take the place of those before. KeyError for a policy or node that is not there, ValueError for a
        policy that can't have any because it, IPsec or protection is off, and for an unknown state.
        """
        if ike_state not in IKE_STATES:
            raise ValueError(f"an IKE association is {', '.join(IKE_STATES)}, not {ike_state!r}")
        traffic = (Traffic(in_bytes, in_packets), Traffic(out_bytes, out_packets)) if ipsec else None
        with self._lock:
            policy = self._policy(name, svm)
            if not self._state.protects(policy):
                raise ValueError(f"policy {name} has no associations: it is disabled, IPsec is, or it protects nothing")
            peers = Peers.of(policy, self._node(node), local_address, remote_address)
            return [one["uuid"] for one in self._state.establish(policy, peers, ike_state, is_initiator, traffic)]

    def drop_sas(self, name: str | None = None, svm: str | None = None, node: str | None = None) -> None:
        """End the associations of one policy, or of all if none is named; on one node, or everywhere."""
        with self._lock:
            node_uuid = None if node is None else self._node(node)["uuid"]
            policies = self._state.policies.all() if name is None else [self._policy(name, svm)]
            for policy in policies:
                self._state.associations.drop(policy["uuid"], node_uuid)

    def security_associations(self) -> list[dict[str, Any]]:
        """Return copies of the associations that there are; unlike a request, this lets none come by itself."""
        with self._lock:
            return [nested(record) for record in self._state.associations.all()]

    # --- packets and events ---

    def packet_in(
        self,
        source: str,
        destination: str,
        *,
        protocol: str = "tcp",
        port: int = 2049,
        source_port: int = 1023,
        spi: str | None = None,
        damaged: bool = False,
        replayed: bool = False,
    ) -> str | None:
        """Let a host's packet arrive: in clear, or as ESP with an index. Return the name of the event that it leads to.

        `damaged` and `replayed` are about a packet of an association that there is.
        """
        packet = Packet(destination, source, protocol, port, source_port)
        with self._lock:
            event = self._state.packet_in(packet, spi, damaged=damaged, replayed=replayed)
        return self._sent(event)

    def packet_out(
        self, source: str, destination: str, *, protocol: str = "tcp", port: int = 2049, destination_port: int = 1023
    ) -> str | None:
        """Let the array send a packet to a host; return the name of the event that it leads to, if any."""
        with self._lock:
            event = self._state.packet_out(Packet(source, destination, protocol, port, destination_port))
        return self._sent(event)

    def log_event(
        self,
        name: str,
        severity: str = "notice",
        text: str = "",
        node: str | None = None,
        when: datetime | None = None,
        **parameters: Any,
    ) -> None:
        """Write any event into the log, on the first node unless one is named; ValueError for an unknown severity."""
        if severity not in SEVERITIES:
            raise ValueError(f"a severity is {', '.join(SEVERITIES)}, not {severity!r}")
        with self._lock:
            moment = when or self._state.time()
            event = self._state.events.put(self._node(node), name, severity, text, parameters, moment)
        self._sent(event)

    def events(self) -> list[dict[str, Any]]:
        """Return copies of the events that the log has, the oldest first."""
        with self._lock:
            return [
                nested({path: value for path, value in one.items() if path not in ("key", "newness")})
                for one in self._state.events.all()
            ]

    def add_destination(self, name: str, destination: str, filters: list[str], type: str = "rest_api") -> None:
        """Let events that pass one of the filters be sent to somewhere; KeyError for a filter that is not there."""
        with self._lock:
            unknown = [one for one in filters if one not in self._state.event_filters]
            if unknown:
                raise KeyError(*unknown)
            self._state.destinations[name] = {
                "name": name,
                "type": type,
                "destination": destination,
                "filters": [{"name": one} for one in filters],
                "system_defined": False,
            }

    def destinations(self) -> list[dict[str, Any]]:
        """Return copies of the destinations of events, those of the system included."""
        with self._lock:
            return [nested(record) for record in self._state.destinations.values()]

    @property
    def deliveries(self) -> list[Delivery]:
        """What became of the events that were sent to destinations of type rest_api, the oldest first."""
        with self._lock:
            return list(self._deliveries)

    # --- what is going to happen: each to `times` requests that fit, from the `occurrence`-th on; "*" is any method ---

    def refuse(
        self,
        method: str,
        path: str,
        code: int,
        message: str | None = None,
        status: int | None = None,
        target: str | None = None,
        after_effect: bool = False,
        times: int = 1,
        occurrence: int = 1,
    ) -> None:
        """Answer requests that fit with an error, carried out first if `after_effect`."""
        error = OntapError(code, target, message=message, status=status, exact=True)
        with self._lock:
            self._state.interventions.add(method, path, Refusal(error, after_effect), times, occurrence)

    def as_job(
        self,
        method: str,
        path: str,
        outcome: str = "success",
        message: str | None = None,
        code: int | None = None,
        polls: int = 1,
        paused: bool = False,
        occurrence: int = 1,
    ) -> None:
        """Answer a request that fits with a job, unfinished for `polls` polls; then it takes effect, or fails."""
        with self._lock:
            job = AsJob(self._state.jobs, outcome, message, code, polls, paused)
            self._state.interventions.add(method, path, job, occurrence=occurrence)

    def answer_accepted(self, method: str, path: str, occurrence: int = 1) -> None:
        """Answer a request that fits with 202, without a job and without an effect."""
        with self._lock:
            pending = PendingApproval(self._state.approvals.next_index())
            self._state.interventions.add(method, path, pending, occurrence=occurrence)

    def answer_without_effect(self, method: str, path: str, occurrence: int = 1) -> None:
        """Answer a request that fits as a success, without body and without an effect (fact sheet 6.1)."""
        with self._lock:
            self._state.interventions.add(method, path, WithoutEffect(), occurrence=occurrence)

    def fault(
        self,
        kind: str,
        method: str,
        path: str,
        *,
        occurrence: int = 1,
        times: int = 1,
        after_effect: bool = False,
        **details: Any,
    ) -> None:
        """Let a fault of a kind in `faults.KINDS` happen to requests that fit, carried out first if `after_effect`.

        ValueError for an unknown kind, and for what a kind does not offer; KeyError for an SVM that is not there.
        """
        with self._lock:
            fault = faults.arrange(self._state, kind, method, after_effect, details)
            self._state.interventions.add(method, path, fault, times, occurrence)

    def heal(self) -> None:
        """Forget all that is arranged for coming requests and connections."""
        with self._lock:
            self._state.interventions = Interventions()
            if self._transport is not None:
                self._transport.welcome()

    # --- multi-admin verification ---

    def require_approval(self, method: str, path: str) -> None:
        """Hold back each request that fits, from now on, until it is approved and sent again."""
        with self._lock:
            self._state.approvals.require(method, path)

    @property
    def approvals(self) -> list[int]:
        """The indices of the requests that wait for approval."""
        with self._lock:
            return self._state.approvals.pending()

    def approve(self, index: int | None = None) -> None:
        """Approve one request, or all that wait; each is carried out the next time that it is sent, and only then."""
        with self._lock:
            self._state.approvals.approve(index)

    # --- inside ---

    def answer(self, call: Call, connection: int, in_progress: int) -> Answer:
        """Answer a request, by the number of its connection and of how many are in progress; in the server's thread."""
        with self._lock:
            limit = self._state.request_limit
            if limit is not None and in_progress > limit:
                answer = application.refusal(self._state, OntapError(262160))
            else:
                answer = application.handle(self._state, call)
            line = call.logged(answer.status if answer.delivery.has_status else 0, connection)
            self._requests.append(line)
        if self.on_request is not None:
            self.on_request(line)
        if answer.exhausts_time and self.on_silence is not None:
            # Without the lock: whatever a test does here, it can't keep others from the array.
            self.on_silence()
        return answer

    def _sent(self, event: Record | None) -> str | None:
        """Send an event to whoever is to have it, outside of the lock, since that may ask the array; return its name."""
        if event is None:
            return None
        with self._lock:
            where, body = webhooks.due(self._state, event), webhooks.body_of(event, self._state.unknowns)
            known = self._state.certificates.values()
            trusted = [one.get("public_certificate", "") for one in known if one["type"] == "server_ca"]
        if where:
            found = webhooks.send(where, body, trusted)
            with self._lock:
                self._deliveries += found
        return str(event["message.name"])

    def _svm(self, name: str) -> Record:
        svm = self._state.svm(name)
        if svm is None:
            raise KeyError(name)
        return svm

    def _certificate_named(self, name: str, svm: str | None) -> Record:
        for certificate in self._state.certificates.values():
            if (certificate["name"], certificate.get("svm.name")) == (name, svm):
                return certificate
        raise KeyError((svm, name))

    def _node(self, name: str | None) -> Record:
        """Return the node of this name, the first one for None."""
        nodes = {node["name"]: node for node in self._state.nodes.values()}
        return nodes[next(iter(nodes)) if name is None else name]

    def _policy(self, name: str, svm: str | None) -> Record:
        record = self._find(name, svm)
        if record is None:
            raise KeyError((svm, name))
        return record

    def _find(self, name: str, svm: str | None) -> Record | None:
        found = self._state.policies.named(name)
        return next((one for one in found if one["name"] == name and one.get("svm.name") == svm), None)
