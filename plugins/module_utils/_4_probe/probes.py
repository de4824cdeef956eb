# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody knows of ONTAP's IPsec policies (docs/ontap_facts.md, 9), as experiments that a production array can bear.

An experiment is a list of requests and the questions that their answers settle. Three things hold for all of them:
every policy is disabled, its local end is an address of the networks that are reserved for documentation, so that it
could match no traffic even if it were enabled, and no certificate is ever sent (docs/ontap_facts.md, 4.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, Callable

from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.rest import Exchange

POLICIES = "/security/ipsec/policies"
SERVICE = "/security/ipsec"
CA_CERTIFICATES = "/security/ipsec/ca-certificates"

PREFIX = "{prefix}"
"""In names and filters: the prefix of all policies."""
SWAPPED = "{swapped}"
"""The same with upper and lower case exchanged."""
UUID = "{uuid}"
"""In filters: the UUID of the step's policy. In paths: one that nothing has."""
KEY = "{key}"
"""In bodies: a pre-shared key that is made up for this run."""

AUTHENTICATION_METHOD_SINCE = (9, 10, 1)
PORT_ZERO_SINCE = (9, 16, 1)

LOCAL = "192.0.2.10"
REMOTE = "198.51.100.10"
_RESERVED = tuple(ip_network(network) for network in ("192.0.2.0/24", "2001:db8::/32"))


def is_reserved(address: Any) -> bool:
    """Whether an address is one that only the policies of a probe have as their local end."""
    try:
        parsed = ip_address(str(address))
    except ValueError:
        return False
    return any(parsed in network for network in _RESERVED)


class Unclear(Exception):
    """The answers do not settle a question. The message says why."""


@dataclass(frozen=True)
class Step:
    """One request. policy: the rest of the name of the policy that it is about, where it is about one.

    query: filters and control parameters. links: whether links are asked for.
    """

    method: str
    policy: str = ""
    path: str = POLICIES
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    links: bool = False

    @property
    def creates(self) -> bool:
        """Whether a policy may come of it."""
        return self.method == "POST"


class Seen:
    """The answers to the steps of an experiment, by the step's name. A step that made no sense any more has none."""

    def __init__(self, release: tuple[int, int, int] | None = None) -> None:
        self.release = release
        self._answers: dict[str, list[Exchange]] = {}

    def add(self, step: str, answers: list[Exchange]) -> None:
        """Adds the answers to a step, one for each page."""
        self._answers[step] = answers

    def all(self, step: str) -> list[Exchange]:
        """The answers to a step. Raises ``Unclear`` if it was not taken."""
        if step not in self._answers:
            raise Unclear("an earlier request of the experiment was refused")
        return self._answers[step]

    def one(self, step: str) -> Exchange:
        """The first answer to a step."""
        return self.all(step)[0]

    def accepted(self, step: str) -> bool:
        """Whether ONTAP did what it was asked for."""
        return step in self._answers and accepted(self.one(step))

    def refused(self, step: str, *codes: int) -> bool:
        """Whether ONTAP refused, with one of the codes if any are given. Raises ``Unclear`` if it was not asked."""
        answer = self.one(step)
        return not accepted(answer) and (not codes or code_of(answer) in codes)

    def record(self, step: str) -> Mapping[str, Any]:
        """The policy that a read returned. Raises ``Unclear`` if it returned none."""
        answer = self.one(step)
        if not accepted(answer):
            raise Unclear(f"the array answered {named(answer)}")
        records = self._records(step) if "records" in answer.body else [answer.body]
        if len(records) != 1:
            raise Unclear(f"the array returned {len(records)} records where there is one")
        return records[0] if isinstance(records[0], Mapping) else {}

    def count(self, step: str) -> int:
        """How many records a listing had, an error counting as none."""
        return len(self._records(step))

    def _records(self, step: str) -> list[Any]:
        return [record for page in self.all(step) for record in page.body.get("records", [])]


@dataclass(frozen=True)
class Finding:
    """An answer for people, and the position of the simulator's switch that behaves so, ``None`` where none does."""

    answer: str
    setting: Any = None


@dataclass(frozen=True)
class Question:
    """A question. number: its paragraph in docs/ontap_facts.md. switch: its switch in tests/simulator/unknowns.py.

    conclude raises ``Unclear``. while_disabled: it can only be asked while IPsec is disabled.
    """

    number: str
    switch: str
    text: str
    conclude: Callable[[Seen], Finding]
    while_disabled: bool = False


@dataclass(frozen=True)
class Experiment:
    """Requests, by a name that the questions call them by, and what is asked with them. since: the first release."""

    purpose: str
    steps: Mapping[str, Step]
    questions: tuple[Question, ...]
    since: tuple[int, int, int] = (9, 8, 0)


@dataclass(frozen=True)
class Unasked:
    """A question that no experiment on a production array should ask, and why not."""

    number: str
    switch: str
    text: str
    reason: str


# --- reading answers ---


def error_of(answer: Exchange) -> Mapping[str, Any]:
    """The error object of an answer, empty if there is none."""
    error = answer.body.get("error")
    return error if isinstance(error, Mapping) else {}


def code_of(answer: Exchange) -> int:
    """The error code of an answer, 0 if there is none."""
    try:
        return int(error_of(answer).get("code", 0))
    except (TypeError, ValueError):
        return 0


def accepted(answer: Exchange) -> bool:
    """Whether an answer is a success."""
    return answer.status < 300 and not error_of(answer)


def named(answer: Exchange) -> str:
    """Status and code of an answer, in words."""
    code = code_of(answer)
    return f"HTTP {answer.status}{f' with code {code}' if code else ''}"


def next_of(answer: Exchange) -> str:
    """The link of a page to the next one, empty if there is none."""
    return str(_at(answer.body, "_links.next.href") or "")


def _at(record: Mapping[str, Any], path: str) -> Any:
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


# --- writing requests ---


def _policy(name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    body = {
        "name": PREFIX + name,
        "action": "bypass",
        "enabled": False,
        "local_endpoint": {"address": LOCAL, "netmask": "32"},
        "remote_endpoint": {"address": REMOTE, "netmask": "32"},
        **changes,
    }
    return {key: value for key, value in body.items() if value is not None}


def _create(name: str, return_records: bool = False, **changes: Any) -> Step:
    query = {"return_records": "true"} if return_records else {}
    return Step("POST", name, query=query, body=_policy(name, changes))


def _esp(name: str, **changes: Any) -> Step:
    return _create(
        name,
        **{"action": "esp_transport", "authentication_method": "psk", "secret_key": KEY, **changes},
    )


def _modify(name: str, body: Mapping[str, Any]) -> Step:
    return Step("PATCH", name, body=body)


def _read(name: str, links: bool = False) -> Step:
    return Step("GET", name, query={"fields": "*"}, links=links)


def _list(policy: str = "", **query: str) -> Step:
    return Step("GET", policy, query={name.replace("__", "."): value for name, value in query.items()})


def _to(address: str, netmask: str = "32", **more: str) -> dict[str, str]:
    return {"address": address, "netmask": netmask, **more}


# --- concluding: first what several experiments share ---


def _whether(step: str, yes: tuple[str, Any], no: tuple[str, Any]) -> Callable[[Seen], Finding]:
    """A question that the fate of one write answers."""

    def conclude(seen: Seen) -> Finding:
        refused = seen.refused(step)
        text, setting = no if refused else yes
        return Finding(f"{text} ({named(seen.one(step))})" if refused else text, setting)

    return conclude


def _returns_records(seen: Seen) -> Finding:
    returned = bool(seen.one("create").body.get("records"))
    return Finding("yes" if returned else "no, the parameter has no effect", returned)


def _posted_record(seen: Seen) -> Finding:
    records = seen.one("create").body.get("records")
    if not records:
        raise Unclear("the create returned no record")
    missing = sorted(set(seen.record("read")) - set(records[0]) - {"_links"})
    return Finding(f"all but {', '.join(missing)}" if missing else "all of them", "brief" if missing else "all")


def _location(seen: Seen) -> Finding:
    location = seen.one("create").headers.get("Location", "")
    if not location:
        return Finding("there is none", "missing")
    whole = re.search(r"/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", location)
    return Finding("it ends in the UUID" if whole else "it has no UUID", "full" if whole else "without_uuid")


def _shows(path: str) -> Callable[[Seen], Finding]:
    def conclude(seen: Seen) -> Finding:
        value = _at(seen.record("read"), path)
        return Finding("no" if value is None else f"yes: {value}", value is not None)

    return conclude


def _self_link(seen: Seen) -> Finding:
    link = _at(seen.record("linked"), "_links.self.href")
    return Finding("yes" if link else "no", link is not None)


def _defaults(seen: Seen) -> set[str]:
    # What is filtered by comes along anyway, so each filter tells about the other fields only (1.3).
    by_uuid = set(seen.record("by_uuid")) - {"uuid", "_links"}
    return by_uuid | ({"uuid"} & set(seen.record("by_name")))


def _default_fields(seen: Seen) -> Finding:
    names = sorted(_defaults(seen))
    return Finding(", ".join(names) or "none", names)


def _identifiers_always(seen: Seen) -> Finding:
    if not _defaults(seen):
        raise Unclear("there are no such fields")
    extra = set(seen.record("enabled_by_uuid")) - {"uuid", "enabled", "_links"}
    extra |= {"uuid"} & set(seen.record("enabled_by_name"))
    return Finding(f"yes: {', '.join(sorted(extra))}" if extra else "no", bool(extra))


def _num_records(seen: Seen) -> Finding:
    present = "num_records" in seen.one("by_uuid").body
    return Finding("yes" if present else "no", present)


def _create_status(seen: Seen) -> Finding:
    answer = seen.one("create")
    return Finding(f"HTTP {answer.status}{', as a job' if 'job' in (answer.body or {}) else ''}")


def _while_disabled(seen: Seen) -> Finding:
    if not seen.accepted("create"):
        raise Unclear("there is no policy that is known to be there")
    if seen.refused("by_name"):
        return Finding(f"it is refused: {named(seen.one('by_name'))}", "error")
    found = seen.count("by_name")
    return Finding("policies are listed" if found else "nothing is listed", "normal" if found else "empty")


def _empty_page(seen: Seen) -> Finding:
    pages = seen.all("pages")
    empty = [index for index, page in enumerate(pages) if not page.body.get("records")]
    if not empty:
        return Finding(f"not seen in {len(pages)} pages", "never")
    if empty == [0] and len(pages) > 1:
        return Finding("the first page was empty, and had a link to the next", "first")
    if empty == [len(pages) - 1]:
        return Finding("the last page was empty", "last")
    return Finding(f"the pages {', '.join(str(index + 1) for index in empty)} of {len(pages)} were empty")


def _counted(seen: Seen) -> Finding:
    parts = seen.all("count")
    return Finding(f"in {len(parts)} parts" if len(parts) > 1 else "as one number", len(parts) > 1)


def _tokens(seen: Seen) -> Finding:
    link = next_of(seen.one("pages"))
    if not link:
        raise Unclear("there was no link to a next page")
    names = [item.partition("=")[0] for item in link.partition("?")[2].split("&")]
    return Finding(f"a path below {link.partition('?')[0]} with the parameters {', '.join(names)}")


def _matches_case(seen: Seen) -> Finding:
    if not seen.accepted("create"):
        raise Unclear("the policy could not be created")
    if seen.refused("listing"):
        raise Unclear(f"the listing was answered {named(seen.one('listing'))}")
    found = seen.count("listing") > 0
    return Finding("no, another case is found, too" if found else "yes", not found)


def _unique_case(seen: Seen) -> Finding:
    if not seen.accepted("create"):
        raise Unclear("the first policy could not be created")
    if seen.accepted("other"):
        return Finding("yes, they are two", True)
    if seen.refused("other", 66257103, 66257104, 1):
        return Finding(f"no, the second is refused ({named(seen.one('other'))})", False)
    raise Unclear(f"the second was answered {named(seen.one('other'))}")


def _quoting(seen: Seen) -> Finding:
    if not seen.count("control"):
        raise Unclear("not even double quotes made the name literal")
    if not seen.count("braces"):
        return Finding("double quotes do, braces do not", "double_quotes")
    if not seen.accepted("quote"):
        raise Unclear(f"braces do; a name with a double quote was answered {named(seen.one('quote'))}")
    if seen.count("escaped"):
        return Finding("double quotes and braces do, and braces make double quotes literal", "braces_escape")
    return Finding("double quotes and braces do, and double quotes stay special inside of braces", "whole_value")


_PROTOCOLS = {"132": "sctp", "1": "icmp", "47": "gre"}


def _protocols(seen: Seen) -> Finding:
    spelled = {}
    for number in _PROTOCOLS:
        if seen.accepted(f"set_{number}") and seen.accepted(f"read_{number}"):
            spelled[number] = seen.record(f"read_{number}").get("protocol")
    if not spelled:
        raise Unclear("no protocol was accepted")
    text = ", ".join(f"{number} as {value!r}" for number, value in spelled.items())
    numbers = all(str(value) == number for number, value in spelled.items())
    return Finding(text, "number" if numbers else "name")


def _host_bits(seen: Seen) -> Finding:
    address = _at(seen.record("read"), "local_endpoint.address")
    if address == "192.0.2.9":
        return Finding("they are kept", "kept")
    return Finding(f"192.0.2.9/24 became {address}", "cleared" if address == "192.0.2.0" else None)


def _host_rule(seen: Seen) -> Finding:
    if seen.accepted("subnet"):
        return Finding("not for a disabled policy with a remote subnet", "never")
    if seen.refused("subnet", 66257120):
        return Finding(f"a remote subnet is refused ({named(seen.one('subnet'))})", "remote")
    raise Unclear(f"a remote subnet was answered {named(seen.one('subnet'))}")


def _kept_port(seen: Seen) -> Finding:
    if seen.refused("without"):
        raise Unclear(f"the modification was answered {named(seen.one('without'))}")
    port = _at(seen.record("after_without"), "local_endpoint.port")
    if str(port) in ("4500-4500", "4500"):
        return Finding(f"it is kept: {port}", "keeps")
    return Finding(f"it becomes {port or 'any'}", "resets" if port in (None, "0", "0-0") else None)


def _port_zero(seen: Seen) -> Finding:
    taken = seen.accepted("zero")
    text = "port 0 is accepted" if taken else f"port 0 is refused ({named(seen.one('zero'))})"
    if seen.release is None or seen.release >= PORT_ZERO_SINCE:
        return Finding(f"{text}; the switch is about releases before 9.16.1")
    return Finding(text, taken)


def _null(seen: Seen) -> Finding:
    if seen.record("before").get("local_identity") is None:
        raise Unclear("the policy did not get an identity")
    if seen.refused("clear"):
        return Finding(f"it is refused ({named(seen.one('clear'))})", "refused")
    kept = seen.record("after").get("local_identity")
    return Finding("it is ignored" if kept else "it clears the property", "ignored" if kept else "clears")


def _mask_128(seen: Seen) -> Finding:
    if seen.accepted("hosts"):
        return Finding("it is accepted", "accepted")
    if seen.accepted("subnets"):
        return Finding(f"it is refused ({named(seen.one('hosts'))})", "refused")
    raise Unclear(f"no IPv6 policy was accepted: {named(seen.one('subnets'))}, {named(seen.one('hosts'))}")


def _default_mask(seen: Seen) -> Finding:
    if seen.accepted("unmasked"):
        netmask = _at(seen.record("read"), "remote_endpoint.netmask")
        return Finding(f"it becomes {netmask}", "64" if str(netmask) == "64" else None)
    if seen.accepted("subnets") or seen.accepted("hosts"):
        return Finding(f"it is refused ({named(seen.one('unmasked'))})", "required")
    raise Unclear("no IPv6 policy was accepted")


def _default_action(seen: Seen) -> Finding:
    if seen.refused("no_action"):
        return Finding(f"it is refused ({named(seen.one('no_action'))})", "required")
    action = seen.record("read_no_action").get("action")
    return Finding(f"it becomes {action}", action if action == "esp_transport" else None)


def _default_method(seen: Seen) -> Finding:
    if seen.refused("no_method"):
        return Finding(f"it is refused ({named(seen.one('no_method'))})", "refuse")
    method = seen.record("read_no_method").get("authentication_method")
    return Finding(f"it becomes {method}", {"psk": "infer", "none": "none"}.get(str(method)))


def _ignored(seen: Seen) -> Finding:
    if seen.accepted("create"):
        return Finding("the key is ignored", "ignored")
    if seen.refused("create", 66257112):
        return Finding(f"the create is refused ({named(seen.one('create'))})", "error")
    raise Unclear(f"the create was answered {named(seen.one('create'))}")


_PROVOKED = ("duplicate", "port_range", "hexadecimal", "no_key", "protocols")


def _ipsec_errors(seen: Seen) -> list[Exchange]:
    answers = [seen.one(step) for step in _PROVOKED]
    errors = [answer for answer in answers if str(code_of(answer)).startswith("66257")]
    if not errors:
        raise Unclear(f"no such code came, but {', '.join(sorted({named(answer) for answer in answers}))}")
    return errors


def _statuses(seen: Seen) -> Finding:
    errors = _ipsec_errors(seen)
    statuses = sorted({answer.status for answer in errors})
    text = ", ".join(f"{code_of(answer)} with HTTP {answer.status}" for answer in errors)
    return Finding(text, statuses[0] if len(statuses) == 1 else None)


def _targets(seen: Seen) -> Finding:
    targets = {code_of(answer): error_of(answer).get("target") for answer in _ipsec_errors(seen)}
    text = ", ".join(f"{code} names {target or 'none'}" for code, target in targets.items())
    present = {bool(target) for target in targets.values()}
    # Some codes need not have one although others have: only "none ever" is the other position of the switch.
    return Finding(text, True in present)


def _code_type(seen: Seen) -> Finding:
    codes = [error_of(seen.one(step)).get("code") for step in _PROVOKED if error_of(seen.one(step))]
    kinds = {"int" if isinstance(code, int) else "str" for code in codes if code is not None}
    if len(kinds) != 1:
        raise Unclear("no error came" if not kinds else "both came")
    kind = kinds.pop()
    return Finding({"int": "a number", "str": "a string"}[kind], kind)


def _absent(seen: Seen) -> Finding:
    return Finding(f"GET {named(seen.one('get'))}, DELETE {named(seen.one('delete'))}")


def _ca_absent(seen: Seen) -> Finding:
    answer = seen.one("delete")
    by_code = {66257298: "code", 66257303: "code", 4: "entry"}
    return Finding(named(answer), by_code.get(code_of(answer)))


def _service(seen: Seen) -> tuple[Mapping[str, Any], bool]:
    answer = seen.one("get")
    if not accepted(answer):
        raise Unclear(f"the array answered {named(answer)}")
    return seen.record("get"), "records" in answer.body


def _window_type(seen: Seen) -> Finding:
    window = _service(seen)[0].get("replay_window")
    if window is None:
        raise Unclear("the answer has no replay_window")
    return Finding("a number" if isinstance(window, int) else "a string", "int" if isinstance(window, int) else "str")


def _config_shape(seen: Seen) -> Finding:
    in_list = _service(seen)[1]
    return Finding("a list of one record" if in_list else "an object", "records" if in_list else "object")


# --- the experiments, in the order in which they are made ---

SERVICE_EXPERIMENT = Experiment(
    "Read the configuration of IPsec",
    {"get": Step("GET", path=SERVICE)},
    (
        Question("9.23", "replay_window_type", "What JSON type has replay_window of the service?", _window_type),
        Question("7", "ipsec_config_shape", "What does the configuration of the service come as?", _config_shape),
    ),
)

FIRST_EXPERIMENT = Experiment(
    "Create a policy and look at it",
    {
        "create": _create("first", return_records=True),
        "read": _read("first"),
        "linked": _read("first", links=True),
        "by_uuid": _list("first", uuid=UUID),
        "by_name": _list(name=PREFIX + "first", svm__name="{svm}"),
        "enabled_by_uuid": _list("first", uuid=UUID, fields="enabled"),
        "enabled_by_name": _list(name=PREFIX + "first", svm__name="{svm}", fields="enabled"),
    },
    (
        Question(
            "9.3",
            "writes_while_disabled",
            "Can policies be written while IPsec is disabled?",
            _whether("create", ("yes", "accepted"), ("no", "refused")),
            while_disabled=True,
        ),
        Question("9.2", "while_disabled", "What does a listing show while IPsec is disabled?", _while_disabled, True),
        Question("9.20", "", "Is a create answered with 201, or with 202 and a job?", _create_status),
        Question("4.1", "location_header", "What is the Location of a create?", _location),
        Question("4.1", "post_returns_records", "Does a create obey return_records?", _returns_records),
        Question("4.1", "posted_record", "Which fields has the record that a create returns?", _posted_record),
        Question("1.1", "family_on_read", "Do endpoints show their family?", _shows("local_endpoint.family")),
        Question("9.6", "ipspace_on_read", "Do policies show their IPspace?", _shows("ipspace.name")),
        Question("9.5", "self_links_in_records", "Does a policy have a link to itself?", _self_link),
        Question("9.5", "brief_default_fields", "Which fields has a listing that names none?", _default_fields),
        Question("9.5", "identifiers_always", "Do those come along when others are named?", _identifiers_always),
        Question("3.4", "num_records_present", "Does a listing say how many records it holds?", _num_records),
    ),
)

EXPERIMENTS = (
    Experiment(
        "List two policies, one to a page",
        {
            "one": _create("page1"),
            "two": _create("page2", remote_endpoint=_to("198.51.100.11")),
            "pages": _list(name=PREFIX + "page*", svm__name="{svm}", fields="name", order_by="name", max_records="1"),
            "count": _list(name=PREFIX + "page*", svm__name="{svm}", return_records="false", max_records="1"),
        },
        (
            Question("3.4", "empty_page", "Are there empty pages?", _empty_page),
            Question("3.3", "count_in_parts", "Does a count come in parts, as records do?", _counted),
            Question("9.17", "", "What is in the link to the next page?", _tokens),
        ),
    ),
    Experiment(
        "Tell names in upper and lower case apart",
        {
            "create": _create("Case"),
            "listing": _list(name=SWAPPED + "cASE", svm__name="{svm}"),
            "other": _create("case", remote_endpoint=_to("198.51.100.11")),
        },
        (
            Question("9.4", "names_match_case", "Does a filter by name tell upper from lower case?", _matches_case),
            Question("9.4", "names_unique_case", "Are names that differ in case two names?", _unique_case),
        ),
    ),
    Experiment(
        "Quote names in filters",
        {
            "bar": _create("a|b"),
            "quote": _create('c|d"e', remote_endpoint=_to("198.51.100.11")),
            "control": _list(name=f'"{PREFIX}a|b"', svm__name="{svm}"),
            "braces": _list(name="{" + PREFIX + "a|b}", svm__name="{svm}"),
            "escaped": _list(name="{" + PREFIX + 'c|d"e}', svm__name="{svm}"),
        },
        (Question("9.4", "accept_quoting", "What makes characters of the query language literal?", _quoting),),
    ),
    Experiment(
        "Set protocols by number",
        {
            "create": _create("protocol"),
            **{
                key: step
                for number in _PROTOCOLS
                for key, step in (
                    (f"set_{number}", _modify("protocol", {"protocol": number})),
                    (f"read_{number}", _read("protocol")),
                )
            },
        },
        (Question("9.7", "protocol_names", "How are protocols other than tcp, udp and any spelled?", _protocols),),
    ),
    Experiment(
        "Create policies for subnets",
        {
            "bits": _create("bits", local_endpoint=_to("192.0.2.9", "24")),
            "read": _read("bits"),
            "subnet": _create("subnet", remote_endpoint=_to("198.51.100.0", "24")),
        },
        (
            Question("9.10", "host_bits", "What becomes of bits of an address outside of its netmask?", _host_bits),
            Question("9.9", "host_address_rule", "When does 66257120 ask for a host?", _host_rule),
        ),
    ),
    Experiment(
        "Modify ports",
        {
            "create": _create("port", protocol="udp", local_endpoint=_to(LOCAL, port="4500")),
            "without": _modify("port", {"local_endpoint": _to(LOCAL)}),
            "after_without": _read("port"),
            "zero": _modify("port", {"local_endpoint": _to(LOCAL, port="0")}),
            "after_zero": _read("port"),
        },
        (
            Question("9.12", "patch_without_port", "What becomes of a port that a PATCH leaves out?", _kept_port),
            Question("9.11", "port_zero_accepted", "Can port 0 reset a port to any?", _port_zero),
        ),
    ),
    Experiment(
        "Write a number where the schema has a string",
        {"create": _create("number"), "number": _modify("number", {"protocol": 17})},
        (
            Question(
                "9.23",
                "number_for_string",
                "Is a JSON number accepted for a string?",
                _whether("number", ("yes", "accepted"), ("no", "refused")),
            ),
        ),
    ),
    Experiment(
        "Clear a property by null",
        {
            "create": _esp("null", local_identity="local.wiresec.example"),
            "before": _read("null"),
            # With another property, because ignoring the only one could be refused as nothing to do (262190).
            "clear": _modify("null", {"local_identity": None, "enabled": False}),
            "after": _read("null"),
        },
        (Question("9.13", "null_in_body", "What does null do to a property?", _null),),
    ),
    Experiment(
        "Create policies for IPv6",
        {
            "subnets": _create(
                "v6subnets", local_endpoint=_to("2001:db8::", "64"), remote_endpoint=_to("2001:db8:1::", "64")
            ),
            "hosts": _create(
                "v6hosts", local_endpoint=_to("2001:db8::1", "128"), remote_endpoint=_to("2001:db8:1::1", "128")
            ),
            "unmasked": _create(
                "v6unmasked",
                local_endpoint=_to("2001:db8:2::", "64"),
                remote_endpoint={"address": "2001:db8:3::"},
            ),
            "read": _read("v6unmasked"),
        },
        (
            Question("9.8", "ipv6_host_mask_128", "Is an IPv6 netmask of 128 accepted?", _mask_128),
            Question(
                "9.8", "ipv6_default_netmask", "What is the netmask of an IPv6 address without one?", _default_mask
            ),
        ),
    ),
    Experiment(
        "Create a policy whose action is in capitals",
        {"create": _create("capitals", action="BYPASS")},
        (
            Question(
                "2",
                "enum_case",
                "Is BYPASS accepted for bypass?",
                _whether("create", ("yes", "any"), ("no", "lower")),
            ),
        ),
    ),
    Experiment(
        "Create a policy without action",
        {"no_action": _esp("no_action", action=None), "read_no_action": _read("no_action")},
        (Question("9.14", "default_action", "What is the action of a policy without one?", _default_action),),
    ),
    Experiment(
        "Create a policy without authentication method",
        {
            "no_method": _esp("no_method", authentication_method=None),
            "read_no_method": _read("no_method"),
        },
        (
            Question(
                "9.14", "default_authentication_method", "What is the method of a policy with a key?", _default_method
            ),
        ),
        since=AUTHENTICATION_METHOD_SINCE,
    ),
    Experiment(
        "Create a bypass with a key",
        {"create": _create("ignored", secret_key=KEY)},
        (Question("9.15", "ignored_authentication", "Is 66257112 an error?", _ignored),),
    ),
    Experiment(
        "Create a policy without remote endpoint",
        {"create": _create("one_end", remote_endpoint=None)},
        (
            Question(
                "2, 4.1",
                "endpoints_required",
                "Does a create have to have both endpoints?",
                _whether("create", ("no", False), ("yes", True)),
            ),
        ),
    ),
    Experiment(
        "Provoke error codes",
        {
            "create": _create("error"),
            "duplicate": _create("error"),
            "port_range": _create("error_range", local_endpoint=_to(LOCAL, port="1-2")),
            "hexadecimal": _esp("error_hexadecimal", secret_key="0xnot-a-hexadecimal-key"),
            "no_key": _esp("error_no_key", secret_key=None),
            "protocols": _create("error_protocols", protocol="6,17"),
        },
        (
            Question("9.1", "error_status", "Which HTTP status do 66257xxx codes come with?", _statuses),
            Question("9.1", "error_target_present", "Do they name their target?", _targets),
            Question("9.23", "error_code_type", "What JSON type has error.code?", _code_type),
        ),
    ),
    Experiment(
        "Address a policy that does not exist",
        {
            "get": Step("GET", path=f"{POLICIES}/{UUID}"),
            "delete": Step("DELETE", path=f"{POLICIES}/{UUID}"),
        },
        (Question("9.25", "", "What is answered for a UUID that no policy has?", _absent),),
    ),
    Experiment(
        "Remove a CA certificate that does not exist",
        {"delete": Step("DELETE", path=f"{CA_CERTIFICATES}/{UUID}")},
        (Question("7", "ca_delete_not_added", "What is answered for a UUID that nothing has?", _ca_absent),),
        since=(9, 10, 1),
    ),
)

APPROVAL = Unasked(
    "6.1",
    "approval_answer",
    "What answers a request that waits for approval?",
    "no request of this run needed an approval",
)

_NO_CERTIFICATES = "the probe installs no certificates, and the modules are right either way"

UNASKED = (
    Unasked(
        "2.1",
        "svm_implied_when_single",
        "Does a create without SVM go to the only data SVM?",
        "it might create a policy outside of the named SVM",
    ),
    Unasked(
        "4.5",
        "cluster_scope",
        "Are there policies of cluster scope?",
        "it might create a policy outside of the named SVM",
    ),
    Unasked(
        "6",
        "svm_of_own_account",
        "Do records that an account of one SVM reads say which SVM they are of?",
        "the modules are right either way, and the account of this run may be one of the cluster",
    ),
    Unasked(
        "3.2",
        "address_filters",
        "Does a filter compare addresses by value, or as text?",
        "the modules do not filter by address unless a user of the info module does",
    ),
    Unasked(
        "3.1, 3.2",
        "port_filters",
        "Does a filter compare ports as they are stored, by number, or as text?",
        "the modules do not filter by port unless a user of the info module does",
    ),
    Unasked(
        "3.2",
        "invalid_filter_value",
        "Is a filter value that no record can have refused, or does it find nothing?",
        "the modules check such values themselves",
    ),
    Unasked(
        "5.1",
        "reported_fault",
        "Which of several faults of a body is reported?",
        "advice is given for whatever code comes",
    ),
    Unasked(
        "6",
        "long_request_lines",
        "Is a request line of more than 8 KB refused?",
        "a front end may take it for an attack",
    ),
    Unasked(
        "6.1",
        "approval_of_svm_accounts",
        "Do requests of an account of one SVM need approval as well?",
        "approvals are asked for by rules that others have made",
    ),
    Unasked(
        "7",
        "certificate_text",
        "Has an installed certificate line breaks, or blanks?",
        "the modules read it either way",
    ),
    Unasked(
        "7",
        "several_intermediates",
        "May several intermediate certificates each be an element of the list?",
        _NO_CERTIFICATES,
    ),
    Unasked(
        "7",
        "incomplete_chain",
        "Is a certificate refused whose authority the array does not know?",
        _NO_CERTIFICATES,
    ),
    Unasked(
        "7",
        "certificate_names",
        "May certificates of one name and several types be on one SVM?",
        _NO_CERTIFICATES,
    ),
    Unasked(
        "7",
        "certificate_in_use",
        "Is a certificate that IPsec uses deleted?",
        _NO_CERTIFICATES,
    ),
    Unasked(
        "8",
        "identities_with_key",
        "For which remote ends does a policy with a key need the remote identity?",
        "it takes policies for everybody's traffic to see",
    ),
    Unasked(
        "9.13",
        "empty_strings",
        "Is an empty string stored or refused?",
        "the modules send none",
    ),
    Unasked(
        "8",
        "lost_by_name_filter",
        "Which fields does a listing that is filtered by name leave out?",
        "whatever the listing of one policy shows, another may lack",
    ),
    Unasked(
        "8",
        "associations_on_change",
        "Does a change of endpoints, protocol or identities end security associations?",
        "it needs a live peer, whose traffic would be interrupted",
    ),
    Unasked("9.16", "", "How many policies can there be?", "the SVM would have to be filled up"),
    Unasked(
        "9.18",
        "out_of_time",
        "What does a listing say when time is up?",
        "the array would have to be slowed down until it is",
    ),
    Unasked("9.19", "", "What became of a write whose answer is lost?", "an answer would have to be lost on purpose"),
    Unasked(
        "9.21", "", "What does 9.7 answer?", "it can be seen on 9.7 only, which this collection does not work with"
    ),
    Unasked("9.22", "", "Does a secret differ?", "ONTAP returns none"),
    Unasked("9.24", "", "Which of two overlapping policies wins?", "it takes traffic and enabled policies to see"),
)
