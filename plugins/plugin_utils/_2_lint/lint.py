# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of ipsec_policy_lint: from what was read to findings. Messages never have a secret.

What one policy can't be is asked of the resource, as the modules do before they write. What is here is what takes a file,
several policies, or knowledge of who manages the array. docs/policy_files.md explains every finding.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, combinations
from math import log2
from typing import Any, Callable, Union

from ...module_utils._0_basics import normalize
from ...module_utils._0_basics.errors import InvalidInput
from ...module_utils._0_basics.overlaps import Counterparts, Selector, duplicates, overlaps
from ...module_utils._2_objects.ipsec_policy import ENDPOINTS, POLICY
from ...module_utils._2_objects.ipsec_service import SERVICE
from ...module_utils._2_objects.resource import State, Version
from ...module_utils._3_state.protection import selector_of
from ...module_utils._5_task.given import line_breaks
from .._0_reports.findings import KINDS, Finding, in_order
from .._1_policy_files.policy_files import LINT_IGNORE, OPTIONS, Policy, PolicyFiles, neighbours
from .._1_policy_files.policy_values import Values, converted, is_template
from . import other_end

SECRETS = tuple(row.option for row in POLICY.fields if row.write_only)

MANAGEMENT = {443: "HTTPS (443)", 22: "SSH (22)"}
"""What an array is managed by, all of it over TCP."""

ENOUGH_BITS = 50
"""What a secret needs by the measure of ``strength``, not to count as weak. 24 random letters and digits have more."""

_Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
_TELLTALES = re.compile(r"password|passw0rd|secret|netapp|ontap|ipsec|changeme|example|test|admin|welcome|key", re.I)
_UNKNOWN_SECRET = "?" * 18


@dataclass(frozen=True)
class Target:
    """What policies are checked for. version: of the array, ``None`` if it is not known. Addresses: normalised.

    unresolved: names by which the array is managed, whose addresses are not known. ports: by which it is managed beside
    those of ``MANAGEMENT``. hosts: of the inventory; ``None`` if nobody asks for folders without one. windows: where clients run it.
    nfs3: whether clients may mount by NFSv3.
    """

    version: Version | None = None
    management_addresses: Sequence[str] = field(default_factory=list)
    controller_addresses: Sequence[str] = field(default_factory=list)
    unresolved: Sequence[str] = field(default_factory=list)
    ports: Sequence[int] = field(default_factory=list)
    hosts: Sequence[str] | None = None
    windows: Sequence[_Network] = ()
    nfs3: bool = True

    @property
    def services(self) -> dict[int, str]:
        """By what the array is managed, all of it over TCP."""
        return {**MANAGEMENT, **{port: f"HTTPS ({port})" for port in self.ports}}


@dataclass
class Subject:
    """A policy and what is known of it.

    position: in the order of reading. name: as far as it is known. present: whether the policy should be there.
    state: ``None`` if it makes no sense or not all of it is known. secrets: by option. hidden: secrets that can't be known.
    """

    position: int
    policy: Policy
    name: str | None = None
    present: bool = True
    state: State | None = None
    secrets: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def place(self) -> str:
        """How messages about another policy call this one."""
        return f"{self.name!r} ({self.policy.path}:{self.policy.line()})"

    @property
    def works(self) -> bool:
        """Whether the policy is known and applies to packets."""
        return self.present and self.state is not None and self.state.get("enabled", True)

    def find(self, kind: str, message: str, option: str | None = None) -> None:
        """Adds a finding; its line is that of an option, by default of the one that the message begins with."""
        for secret in self.secrets.values():
            # In any case, because normalisers change it. What is shorter is no secret, but part of any text.
            if len(secret) >= 4:
                message = re.sub(re.escape(secret), "(hidden)", message, flags=re.I)
        if option is None:
            match = re.match(r"[a-z_]+(?:\.[a-z_]+)?(?=[:, ])", message)
            option = match.group() if match and match.group() in self.policy.lines else ""
        policy = self.policy
        self.findings.append(Finding(kind, message, policy.path, policy.line(option), policy.svm, self.name))


def check(files: PolicyFiles, values: Values, target: Target) -> list[Finding]:
    """All findings, ignored ones among them, by file and line."""
    found = [Finding(one.id, one.message, one.path, one.line, one.svm, one.policy) for one in files.problems]
    found += [*_misplaced(files), *_without_host(files, target.hosts), *_offload(files)]
    subjects = [_subject(position, policy, values) for position, policy in enumerate(files.policies)]
    for subject in subjects:
        _check_plain_text(subject, values)
        if subject.present:
            _check_secrets(subject)
            if subject.state is not None:
                _check_alone(subject, subject.state, target)
    _check_names(subjects)
    _check_shared(subjects)
    for group in _together(subjects).values():
        _check_selectors(group)
        if target.nfs3:
            _check_nfs([subject for subject, _selector in group.values()])
    unreadable = any(subject.hidden for subject in subjects)
    for subject in subjects:
        found += _after_ignores(subject, _blind(target, subject, unreadable))
    return in_order(found)


# Files and folders.


def _misplaced(files: PolicyFiles) -> Iterator[Finding]:
    """Files named as if they were about another SVM: a copy of which somebody forgot to edit a line.

    A name that is no SVM's, such as nfs.yml, is fine, unless other files are named after theirs.
    """
    regular = [one for one in files.files if one.svm is not None and one.svm == one.place]
    for one in files.files:
        if one.svm is None or one.place in (None, one.svm):
            continue
        alike = re.sub(r"\d+", "", str(one.place)) == re.sub(r"\d+", "", one.svm)
        if alike or regular:
            yield Finding(
                "misplaced-file",
                f"svm: says {one.svm!r}, and the place of the file {one.place!r}; nothing here is about {one.place!r}."
                if not any(other.svm == one.place for other in files.files)
                else f"svm: says {one.svm!r}, and the place of the file {one.place!r}.",
                one.path,
                1,
                one.svm,
            )


def _without_host(files: PolicyFiles, hosts: Sequence[str] | None) -> Iterator[Finding]:
    """Folders beside those of the hosts that nobody ever reads."""
    for folder in files.folders if hosts is not None else ():
        if os.path.basename(os.path.abspath(folder)) not in (hosts or ()):
            continue
        for neighbour in neighbours(folder):
            if os.path.basename(neighbour) not in (hosts or ()):
                yield Finding(
                    "folder-without-host",
                    "no host of the inventory has this name, so nothing applies it.",
                    neighbour,
                    0,
                )


def _offload(files: PolicyFiles) -> Iterator[Finding]:
    """A service that no array can have, and clients could not meet."""
    config = SERVICE.from_options(files.config or {})
    if config.get("offload_enabled") and config.get("replay_window"):
        message = f"ipsec_config: offload works without a replay window only, and {config['replay_window']} is asked for; give replay_window: 0."
        yield Finding("offload-with-replay-window", message, *files.config_place)


# One policy.


def _subject(position: int, policy: Policy, values: Values) -> Subject:
    """What is known of a policy, with findings about values that can't be."""
    options, unknown = values.of(policy)
    subject = Subject(position, policy)
    subject.secrets = {
        option: normalize.without_line_break(value) for option, value in _secrets(options) if isinstance(value, str)
    }
    subject.hidden = {option: reason for option, reason in unknown.items() if option in SECRETS}
    name = options.get("name")
    subject.name = None if name is None else str(name)
    subject.present = options.get("state", "present") != "absent"
    sound = True
    for option, reason in unknown.items():
        if option not in SECRETS:
            subject.find("unresolved-template", f"{option}: {reason}", option)
            sound = False
    if name is None and "name" not in unknown:
        subject.find("missing-name", "name: is needed.", "")
    given: dict[str, Any] = {**options, **({} if policy.svm is None else {"svm": policy.svm})}
    for option in subject.hidden:
        _put(given, option, _UNKNOWN_SECRET)
    for option in line_breaks(OPTIONS, options):
        subject.find(
            "secret-line-break", f"{option}: ends with a line break, which is taken off; write it without one.", option
        )
    given, problems = converted(given)
    try:
        state = POLICY.from_options(given)
    except InvalidInput as error:
        problems += error.problems
    for problem in problems:
        subject.find("invalid-value", problem)
    if sound and not problems and subject.name is not None:
        subject.state = state
    return subject


def _secrets(options: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for option in SECRETS:
        parent, _dot, last = option.rpartition(".")
        place = options.get(parent) if parent else options
        if isinstance(place, Mapping) and place.get(last):
            yield option, place[last]


def _put(options: dict[str, Any], option: str, value: Any) -> None:
    parent, _dot, last = option.rpartition(".")
    if parent:
        options[parent] = {**(options.get(parent) or {}), last: value}
    else:
        options[last] = value


def _problems(rule: Callable[[State], None], state: State) -> list[str]:
    try:
        rule(state)
    except InvalidInput as error:
        return list(error.problems)
    return []


_COMPLETE: State = {
    "action": "esp_transport",
    **{f"{side}.address": "192.0.2.1" for side in ENDPOINTS},
    **{f"{side}.netmask": "32" for side in ENDPOINTS},
    "certificate": "any",
    "ppk.identity": "any",
}
"""What makes a policy complete, so that what is wrong with it even then is wrong in any case."""


def _check_alone(subject: Subject, given: State, target: Target) -> None:
    """What can be said of a policy that makes sense, without the others."""
    for problem in POLICY.misfits(given, target.version):
        subject.find("release-too-old", problem)
    state, warnings = POLICY.settle(given, {})
    for warning in warnings:
        subject.find("ignored-option", warning)
    with_secrets = dict(state)
    if "certificate" not in state and state.get("authentication_method") in (None, "psk"):
        with_secrets.setdefault("secret_key", _UNKNOWN_SECRET)
    if "ppk.identity" in state:
        with_secrets.setdefault("ppk.shared_key", _UNKNOWN_SECRET)
    lacking = _problems(POLICY.check_create, with_secrets)
    impossible = _problems(POLICY.check_create, {**_COMPLETE, **with_secrets})
    for problem in lacking:
        subject.find("invalid-value" if problem in impossible else "incomplete-policy", problem)
    for problem in _problems(POLICY.check_create, state):
        if problem not in lacking:
            subject.find("psk-without-secret", problem)
    for problem in _problems(POLICY.check_result, state):
        subject.find("wildcard-without-port", problem)
    if POLICY.lacks_identity_of_peer(state):
        subject.find(
            "pki-without-identity",
            "remote_identity: is missing; give the subject of the peer's certificate, or ANYTHING. ONTAP 9.16.1 and later "
            "create no policy without it.",
            "certificate",
        )
    if _key_for_many(state) and "remote_identity" not in state:
        subject.find(
            "psk-without-identity",
            "remote_identity: is missing; where the remote endpoint is more than one address, NetApp's guide asks for the "
            "identity that all peers behind it use, together with the key that they share.",
            "remote_endpoint",
        )
    for option, message in other_end.impossible_identities(state):
        subject.find("impossible-identity", message, option)
    unfit = other_end.unfit_for_windows(state, target.windows)
    if unfit:
        subject.find("unfit-for-windows", unfit, "")
    if subject.works:
        _check_lockout(subject, state, target)


def _key_for_many(state: State) -> bool:
    """Whether peers authenticate by a key that all of a subnet have.

    NetApp's guide, under "IPsec multiple client configuration": such clients share identity and key, and the policy has to
    name that identity. For a single peer both default to its address.
    """
    remote = _network(state, "remote_endpoint")
    by_key = state.get("authentication_method") == "psk" or "secret_key" in state
    return by_key and remote is not None and remote.num_addresses > 1


# Who manages the array.


def _check_lockout(subject: Subject, state: State, target: Target) -> None:
    """Whether a policy discards packets by which the array is managed, or takes them from peers with IPsec only.

    The array answers at its management address (local) on a fixed port, to clients (remote) on any port. So a policy for
    another local port, for one remote port or for another protocol leaves management alone. Whether some other policy
    makes an exception is not asked, because nobody knows which one ONTAP would take.
    """
    networks = {side: _network(state, side) for side in ENDPOINTS}
    local, remote = networks["local_endpoint"], networks["remote_endpoint"]
    action, port = state.get("action"), _port(state, "local_endpoint")
    if action in (None, "bypass") or local is None or remote is None:
        return
    if state.get("protocol", "any") not in ("any", "tcp") or _port(state, "remote_endpoint"):
        return
    services = " and ".join(name for number, name in target.services.items() if port in (0, number))
    if not services:
        return
    managed = [address for address in target.management_addresses if _contains(local, address)]
    controllers = [address for address in target.controller_addresses if _contains(remote, address)]
    does = f"discards {services}" if action == "discard" else f"takes {services} with IPsec only, if it comes"
    # The controller talks to management addresses. Where nobody said which they are, any local address may be one.
    if controllers and (managed or not target.management_addresses):
        to = f"the management address {managed[0]}" if managed else f"{local}, which may have the management address"
        subject.find(
            "lockout-controller",
            f"{does} from the controller {controllers[0]} to {to}; Ansible itself may be cut off.",
            "",
        )
    elif managed:
        subject.find(
            "lockout-management",
            f"{does} from {remote} to the management address {managed[0]}; whoever manages the array from there "
            f"{'is' if action == 'discard' else 'and has no such policy is'} cut off.",
            "",
        )
    elif target.unresolved:
        subject.find(
            "lockout-unchecked",
            f"{does} from {remote} to {local}, and whether {', '.join(target.unresolved)} is in there is not known, because "
            "names are not resolved here; say by which address the array is managed.",
            "",
        )


def _network(state: State, side: str) -> _Network | None:
    address, netmask = state.get(f"{side}.address"), state.get(f"{side}.netmask")
    return ipaddress.ip_network(f"{address}/{netmask}", strict=False) if address and netmask is not None else None


def _port(state: State, side: str) -> int:
    """The port, 0 for any."""
    return int(state.get(f"{side}.port", normalize.ANY_PORT).partition("-")[0])


def _contains(network: _Network, address: str) -> bool:
    return ipaddress.ip_address(address) in network


# Secrets.


def _check_plain_text(subject: Subject, values: Values) -> None:
    """Whether a secret can be read by whoever reads the repository."""
    for option, value in _secrets(subject.policy.options):
        if not isinstance(value, str):
            continue
        where = None
        if is_template(value):
            where = values.exposure(value, subject.secrets.get(option, ""))
        elif not subject.policy.in_vault:
            where = "here"
        if where and not (subject.policy.in_vault and where == "the template itself"):
            subject.find(
                "plain-text-secret",
                f"{option}: stands {'here' if where == 'here' else f'in {where}'} as plain text; encrypt it by "
                "ansible-vault, or take it from a lookup.",
                option,
            )


def _check_secrets(subject: Subject) -> None:
    """Whether secrets can be looked at, and are hard to guess."""
    for option, reason in subject.hidden.items():
        subject.find("unreadable-secret", f"{option}: can't be looked at: {reason}", option)
    for option, secret in subject.secrets.items():
        if strength(secret) < ENOUGH_BITS:
            subject.find(
                "weak-secret", f"{option}: is easy to guess; use at least 24 random letters and digits.", option
            )


def strength(secret: str) -> float:
    """A simple measure of how hard a secret is to guess, in bits, and not more than there are.

    Words that many secrets have are taken out. Of what is a repetition, the repeated part counts once. A character
    counts if it neither repeats nor follows the one before, as in 111 or abc. Each counts as many bits as it takes to
    tell the different characters of the secret apart. Binary secrets count by their hexadecimal digits.
    """
    text = secret[2:].lower() if secret.startswith("0x") else _TELLTALES.sub("", secret)
    text = text[: (text + text).find(text, 1)]
    counted = [one for before, one in zip(" " + text, text) if abs(ord(one) - ord(before)) > 1]
    return len(counted) * log2(max(1, len(set(counted))))


def _check_shared(subjects: Sequence[Subject]) -> None:
    """Whether policies for different peers have one secret.

    One peer may need several policies, one for each port. Of remote endpoints of which one lies in the other, the policies
    meet the same peers, and ``conflicting-credentials`` asks for one secret there.
    """
    holders: dict[tuple[str, str], list[tuple[Subject, _Network]]] = {}
    for subject in subjects:
        network = _network(subject.state, "remote_endpoint") if subject.present and subject.state is not None else None
        if network is not None:
            for option, secret in subject.secrets.items():
                holders.setdefault((option, secret), []).append((subject, network))
    for (option, _secret), group in holders.items():
        widest = _widest({network for _subject, network in group})
        seen: Counter[str] = Counter()
        first: dict[str, Subject] = {}
        for number, (subject, network) in enumerate(group):
            remote = widest[network]
            others = number - seen[remote]
            if others:
                # Dictionaries keep their order, so one of the first two is for another peer.
                other = next(holder for peer, holder in first.items() if peer != remote)
                more = f" and {others - 1} more" if others > 1 else ""
                subject.find(
                    "shared-secret", f"{option}: is also that of {other.place}{more}, for other peers.", option
                )
            seen[remote] += 1
            first.setdefault(remote, subject)


def _widest(networks: set[_Network]) -> dict[_Network, str]:
    """For each network the widest of all that has it in itself."""
    lengths = sorted({network.prefixlen for network in networks})
    return {
        network: next(
            str(wider)
            for wider in (network.supernet(new_prefix=length) for length in lengths if length <= network.prefixlen)
            if wider in networks
        )
        for network in networks
    }


# Several policies.


def _check_names(subjects: Sequence[Subject]) -> None:
    """Whether a name stands twice, as ipsec_policies would say."""
    first: dict[tuple[str | None, str], Subject] = {}
    for subject in subjects:
        if subject.name is not None:
            other = first.setdefault((subject.policy.svm, subject.name), subject)
            if other is not subject:
                subject.find("duplicate-name", f"name: {other.place} has it, too; name it once.", "name")


def _together(subjects: Sequence[Subject]) -> dict[tuple[str, ...], dict[int, tuple[Subject, Selector]]]:
    """What can apply to the same packets at all, by position: an SVM, or an IPspace in cluster scope, and a family."""
    groups: dict[tuple[str, ...], dict[int, tuple[Subject, Selector]]] = {}
    for subject in subjects:
        selector = selector_of(subject.state) if subject.works and subject.state is not None else None
        if selector is not None and subject.state is not None:
            svm = subject.policy.svm
            place = ("svm", svm) if svm is not None else ("ipspace", str(subject.state.get("ipspace", "Default")))
            groups.setdefault((*place, str(selector[0].width)), {})[subject.position] = subject, selector
    return groups


def _check_selectors(group: Mapping[int, tuple[Subject, Selector]]) -> None:
    """Whether policies that can apply to the same packets do, and differ in what they do with them."""
    selectors = {position: selector for position, (_subject, selector) in group.items()}
    for position, others in duplicates(selectors).items():
        group[position][0].find(
            "duplicate-selector",
            f"covers the same packets as {_named(group, others)}; NetApp does not say which applies.",
        )
    _check_credentials(group, selectors)
    actions: dict[str, list[int]] = {}
    for position, (subject, _selector) in group.items():
        if subject.state and "action" in subject.state:
            actions.setdefault(subject.state["action"], []).append(position)
    ambiguous: dict[int, Counterparts] = {}
    for (action, some), (other, rest) in combinations(sorted(actions.items()), 2):
        found = overlaps(selectors, some, rest)
        protected = {
            position for one, those in ((action, some), (other, rest)) if one.startswith("esp") for position in those
        }
        for position, others in found.within.items():
            if "bypass" in (action, other) and position in protected:
                group[position][0].find(
                    "bypass-wider-than-esp",
                    f"all that this policy is to protect is bypassed by {_named(group, others)}; NetApp does not say which applies.",
                )
            else:
                ambiguous.setdefault(position, Counterparts()).merge(others)
        for position, others in found.crossing.items():
            ambiguous.setdefault(position, Counterparts()).merge(others)
    for position, others in ambiguous.items():
        group[position][0].find(
            "ambiguous-overlap", f"overlaps with {_named(group, others)}; NetApp does not say which applies."
        )


def _check_nfs(subjects: Sequence[Subject]) -> None:
    """Whether NFS is protected and what NFSv3 needs beside it is forgotten. Told once of each address of the SVM."""
    states = [subject.state or {} for subject in subjects]
    in_use = other_end.PortsInUse(states)
    told = set()
    for subject, state in zip(subjects, states):
        ports = other_end.in_clear(state, in_use)
        address = state.get("local_endpoint.address")
        if ports and address not in told:
            told.add(address)
            names = ", ".join(f"{other_end.SIDE_PROTOCOLS[port]} ({port})" for port in ports)
            subject.find("nfs3-in-clear", f"NFSv3 also needs {names}, which no policy for these addresses covers.", "")


def _check_credentials(group: Mapping[int, tuple[Subject, Selector]], selectors: Mapping[int, Selector]) -> None:
    """Whether ESP policies that can apply to the same packets authenticate by the same method and credential."""
    by_method: dict[str, dict[str, list[int]]] = {}
    for position, (subject, _selector) in group.items():
        method, credential = _credential(subject)
        if method:
            by_method.setdefault(method, {}).setdefault(credential, []).append(position)
    conflicts: dict[int, Counterparts] = {}

    def compare(some: Sequence[int], rest: Sequence[int]) -> None:
        found = overlaps(selectors, some, rest)
        for position, others in (*found.within.items(), *found.crossing.items()):
            conflicts.setdefault(position, Counterparts()).merge(others)

    for some, rest in combinations([list(chain(*one.values())) for one in by_method.values()], 2):
        compare(some, rest)
    for credentials in by_method.values():
        # Halves of halves: each two credentials are on different sides once, and few comparisons are made.
        todo = [[positions for credential, positions in credentials.items() if credential]]
        while todo:
            known = todo.pop()
            if len(known) > 1:
                halves = known[: len(known) // 2], known[len(known) // 2 :]
                compare(list(chain(*halves[0])), list(chain(*halves[1])))
                todo += halves
    for position, others in conflicts.items():
        group[position][0].find(
            "conflicting-credentials",
            f"covers packets of {_named(group, others)}, and authenticates differently; NetApp does not say which applies.",
        )


def _credential(subject: Subject) -> tuple[str, str]:
    """Method and credential of an ESP policy, empty where it is none or can't be known."""
    state = subject.state or {}
    if not POLICY.protects(state) or "action" not in state:
        return "", ""
    if "certificate" in state or state.get("authentication_method") == "pki":
        return "pki", str(state.get("certificate", ""))
    known = "secret_key" in state or state.get("authentication_method") == "psk"
    return "psk" if known else "", subject.secrets.get("secret_key", "")


def _named(group: Mapping[int, tuple[Subject, Selector]], others: Counterparts) -> str:
    names = []
    for position in others.first:
        subject = group[position][0]
        action = (subject.state or {}).get("action", "no action")
        names.append(f"{subject.name!r} ({action}, {subject.policy.path}:{subject.policy.line()})")
    more = others.number - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


# What users silence.


def _blind(target: Target, subject: Subject, unreadable: bool) -> set[str]:
    """The findings that could not be there, because what they take is not known here."""
    blind: set[str] = set()
    if target.version is None:
        blind.add("release-too-old")
    if not target.management_addresses:
        blind.add("lockout-management")
    if not target.unresolved:
        blind.add("lockout-unchecked")
    if not target.controller_addresses:
        blind.add("lockout-controller")
    if not target.windows:
        blind.add("unfit-for-windows")
    # It stands at the first policy of an address, which may be another one by now.
    blind.add("nfs3-in-clear")
    if subject.hidden:
        blind.add("weak-secret")
    if unreadable:
        blind.update(("shared-secret", "conflicting-credentials", "plain-text-secret"))
    else:
        blind.add("unreadable-secret")
    if subject.present and subject.state is None:
        blind.update(KINDS)
    return blind


def _after_ignores(subject: Subject, blind: set[str]) -> list[Finding]:
    """The findings of a policy, those silenced that it wants silenced, and findings about the silencing."""
    ignores = {
        kind: reason
        for kind, reason in subject.policy.ignores.items()
        if reason and kind in KINDS and KINDS[kind].ignorable
    }
    found = {one.id for one in subject.findings}
    for kind, reason in subject.policy.ignores.items():
        option = f"{LINT_IGNORE}.{kind}"
        if kind not in KINDS:
            subject.find("unused-ignore", f"{option}: there is no such finding.", option)
        elif not KINDS[kind].ignorable:
            subject.find("unused-ignore", f"{option}: this finding can't be ignored.", option)
        elif not reason:
            subject.find("ignore-without-reason", f"{option}: give the reason, as text.", option)
        elif kind not in found and kind not in blind:
            subject.find("unused-ignore", f"{option}: there is nothing to ignore.", option)
    return [replace(one, ignored=ignores.get(one.id)) for one in subject.findings]
