# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fact sheet marks as unknown, one switch each: a client has to be right under every setting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any


def _switch(default: Any, choices: tuple[Any, ...], sheet: str, meaning: str) -> Any:
    # pylint: disable-next=invalid-field-call # only the dataclass below calls this
    return field(default=default, metadata={"choices": choices, "sheet": sheet, "meaning": meaning})


def _flag(default: bool, sheet: str, meaning: str) -> Any:
    return _switch(default, (True, False), sheet, meaning)


@dataclass(frozen=True)
class Unknowns:
    """The switches; ValueError when one is set to something that it doesn't offer."""

    # --- what a read shows ---
    brief_default_fields: tuple[str, ...] = field(
        default=("uuid", "name", "svm"),
        metadata={"choices": None, "sheet": "1.3, 9.5", "meaning": "fields of a listing that names none"},
    )
    identifiers_always: bool = _flag(True, "1.3, 9.5", "those fields come along when others are named")
    self_links_in_records: bool = _flag(False, "1.3, 9.5", "records without such a field carry _links.self")
    family_on_read: bool = _flag(True, "1.1", "endpoints show their family")
    ipspace_on_read: bool = _flag(False, "1.4, 9.6", "policies show their IPspace, and can be filtered by it")
    protocol_names: str = _switch(
        "number", ("number", "name"), "2, 9.7", "how a protocol other than tcp, udp and any is returned"
    )
    host_bits: str = _switch("kept", ("kept", "cleared"), "2, 9.10", "an address with bits outside of its netmask")
    svm_of_own_account: str = _switch(
        "shown",
        ("shown", "left_out", "unset"),
        "6",
        "records that an account of one SVM, or a tunnel to one, reads: with their SVM | without it, though it can be "
        "filtered by | without it, and a filter by it finds nothing",
    )
    lost_by_name_filter: tuple[str, ...] = field(
        default=(),
        metadata={
            "choices": None,
            "sheet": "8",
            "meaning": "fields that a listing filtered by name leaves out although it is asked for them",
        },
    )
    num_records_present: bool = _flag(True, "3.4", "a listing says how many records it holds")
    empty_page: str = _switch(
        "never", ("never", "first", "last"), "3.4", "a page without records that has, or is reached by, a next link"
    )
    count_in_parts: bool = _flag(False, "3.3", "a count is split over pages as records are")
    out_of_time: str = _switch(
        "next",
        ("next", "nothing"),
        "3.3, 9.18",
        "a listing that has found nothing when its time is up: a next link, or neither records nor link",
    )
    while_disabled: str = _switch(
        "normal", ("normal", "empty", "error"), "9.2", "reading policies while IPsec is disabled"
    )

    replay_window_type: str = _switch("int", ("int", "str"), "7, 9.23", "JSON type of the service's replay_window")
    ipsec_config_shape: str = _switch(
        "object", ("object", "records"), "7", "the service's configuration: an object, or a list that holds one"
    )

    certificate_text: str = _switch(
        "lines", ("lines", "blanks"), "7", "an installed certificate as it was given, or with blanks between its lines"
    )

    events_of_svm_accounts: str = _switch(
        "refused", ("refused", "shown"), "7.2", "whether an account of one SVM, or a tunnel to one, may read events"
    )
    association_text: str = _switch(
        "brackets", ("brackets", "arrow"), "7.2", "how the parameter sa2str of an event spells an association"
    )

    webhook_content: str = _switch(
        "text",
        ("text", "record"),
        "7.3",
        "an event that is posted has the text of the log | its name and parameters, too",
    )

    # --- how filters match ---
    names_match_case: bool = _flag(True, "3.2, 9.4", "a filter on text tells upper case from lower case")
    accept_quoting: str = _switch(
        "braces_escape",
        ("braces_escape", "whole_value", "double_quotes"),
        "3.2, 9.4",
        "braces nest and make quotes literal | braces end at the first } and do not | only double quotes quote",
    )

    address_filters: str = _switch(
        "value", ("value", "text"), "3.2", "whether a filter takes 2001:DB8:0::1 for 2001:db8::1, and 9.0.0.0 for less"
    )
    port_filters: str = _switch(
        "stored",
        ("stored", "number", "text"),
        "3.1, 3.2",
        "a filter on ports: 201-201 as it is stored, and 80-80 is less | 201 will do | all of it as text",
    )
    invalid_filter_value: str = _switch(
        "refused", ("refused", "nothing"), "3.2", "a filter value that no record can have: 400, or nothing matches"
    )

    # --- what a write accepts ---
    names_unique_case: bool = _flag(True, "4.5, 9.4", "Name and name are two policies")
    enum_case: str = _switch("lower", ("lower", "any"), "2", "whether ESP_TRANSPORT is taken for esp_transport")
    number_for_string: str = _switch("refused", ("refused", "accepted"), "9.23", "a JSON number for a string property")
    empty_strings: str = _switch("stored", ("stored", "refused"), "9.13", "an empty string for a property that is text")
    null_in_body: str = _switch("clears", ("clears", "ignored", "refused"), "4.1, 9.13", "a JSON null for a property")
    patch_without_port: str = _switch("keeps", ("keeps", "resets"), "9.12", "an endpoint modified without its port")
    port_zero_accepted: bool = _flag(False, "9.11", "port 0 on releases before 9.16.1")
    ipv6_host_mask_128: str = _switch("accepted", ("accepted", "refused"), "0.11, 9.8", "an IPv6 netmask of 128")
    ipv6_default_netmask: str = _switch("required", ("required", "64"), "0.11, 9.8", "an IPv6 address without netmask")
    host_address_rule: str = _switch(
        "never", ("never", "remote"), "9.9", "whether a remote endpoint has to be a host (66257120)"
    )
    default_action: str = _switch("esp_transport", ("esp_transport", "required"), "9.14", "a create without action")
    default_authentication_method: str = _switch(
        "infer", ("infer", "none", "refuse"), "9.14", "a create that has a key or certificate and no method"
    )
    ignored_authentication: str = _switch(
        "ignored", ("ignored", "error"), "9.15", "a key or certificate for bypass or discard (66257112)"
    )
    identities_with_key: str = _switch(
        "wildcard",
        ("wildcard", "subnet", "never"),
        "8",
        "remote ends for which a policy with a key needs the remote identity: all addresses | any but a host | none",
    )
    endpoints_required: bool = _flag(True, "2, 4.1", "a create has to have both endpoints")
    svm_implied_when_single: bool = _flag(False, "2.1", "a create without SVM goes to the only data SVM")
    cluster_scope: str = _switch("accepted", ("accepted", "refused"), "4.5", "policies without SVM (66257117)")
    writes_while_disabled: str = _switch(
        "accepted", ("accepted", "refused"), "9.3", "creating and modifying while IPsec is disabled"
    )

    several_intermediates: str = _switch(
        "either",
        ("either", "joined"),
        "7",
        "more than one intermediate certificate of a certificate: each an element of the list, or all in one",
    )
    incomplete_chain: str = _switch(
        "accepted", ("accepted", "refused"), "7", "installing a certificate whose authority is not known (3735646)"
    )
    certificate_names: str = _switch(
        "unique", ("unique", "by_type"), "7", "whether an SVM may have certificates of one name and several types"
    )
    certificate_in_use: str = _switch(
        "refused", ("refused", "deleted"), "7", "deleting a certificate that a policy uses, or IPsec (52560272)"
    )

    associations_on_change: str = _switch(
        "dropped",
        ("dropped", "kept"),
        "8",
        "associations of a policy whose endpoints, protocol or identities change; another certificate drops them anyway",
    )

    # --- what a write answers ---
    location_header: str = _switch(
        "full", ("full", "missing", "without_uuid"), "4.1", "the Location header of a create"
    )
    post_returns_records: bool = _flag(True, "4.1", "return_records=true is obeyed by a create")
    posted_record: str = _switch("all", ("all", "brief"), "4.1", "the fields of the record that a create returns")

    # --- errors ---
    ca_delete_not_added: str = _switch(
        "entry",
        ("entry", "code"),
        "7",
        "deleting a CA certificate that IPsec does not have: 404 with code 4, or 66257298 and 66257303",
    )
    reported_fault: str = _switch(
        "first",
        ("first", "last"),
        "5.1",
        "which of the faults of a body is reported, in the order of the simulator's checks",
    )
    approval_of_svm_accounts: str = _switch(
        "exempt", ("exempt", "needed"), "6.1", "whether requests of an account of one SVM need approval as well"
    )
    approval_answer: str = _switch(
        "accepted", ("accepted", "error"), "6.1", "a request that waits for approval: 202 without a job, or 262325"
    )
    long_request_lines: str = _switch(
        "accepted",
        ("accepted", "refused"),
        "6",
        "a request line of more than 8 KB, which may get 414 and a page instead",
    )
    error_status: int = _switch(400, (400, 409, 422, 500), "9.1", "HTTP status of the 66257xxx codes")
    error_target_present: bool = _flag(True, "9.1", "66257xxx codes name their target")
    error_code_type: str = _switch("str", ("str", "int"), "5.3, 9.23", "JSON type of error.code")

    def __post_init__(self) -> None:
        for switch in fields(self):
            choices = switch.metadata["choices"]
            value = getattr(self, switch.name)
            if choices is not None and value not in choices:
                raise ValueError(f"{switch.name} is one of {', '.join(map(str, choices))}, not {value!r}")

    def with_text(self, settings: Iterable[str]) -> Unknowns:
        """Return a copy with "name=value" texts applied, as the command line gives them."""
        by_name = {switch.name: switch for switch in fields(self)}
        changes = {}
        for setting in settings:
            name, _equals, text = setting.partition("=")
            if name not in by_name:
                raise ValueError(f"there is no switch {name!r}; there are {', '.join(by_name)}")
            changes[name] = _from_text(by_name[name], text)
        return replace(self, **changes)


def _from_text(switch: Field[Any], text: str) -> Any:
    choices = switch.metadata["choices"]
    if choices is None:
        return tuple(filter(None, text.split(",")))
    by_text = {str(choice).lower(): choice for choice in choices}
    return by_text.get(text.lower(), text)


def describe() -> str:
    """Return one line for each switch: name, choices, default, paragraph of the fact sheet, meaning."""
    lines = []
    for switch in fields(Unknowns):
        choices = switch.metadata["choices"]
        values = "|".join(str(choice).lower() for choice in choices) if choices else "comma list"
        value = getattr(Unknowns(), switch.name)
        default = str(value).lower() if choices else ",".join(value)
        lines.append(f"  {switch.name}={values} [{default}] ({switch.metadata['sheet']}): {switch.metadata['meaning']}")
    return "\n".join(lines)
