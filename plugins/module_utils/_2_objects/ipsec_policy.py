# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IPsec policy of ONTAP (``/api/security/ipsec/policies``): its field table and its own rules.

Sources: NetApp's REST reference for this endpoint (9.7 to 9.19), the field lists that NetApp ships in its Python
client by release, NetApp's networking guide and CLI manual for the rules between options.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from .._0_basics import normalize
from .._0_basics.errors import InvalidInput
from .resource import SCOPES, Field, Resource, State, SvmScoped, Switch, Version

ACTIONS = ("bypass", "discard", "esp_transport", "esp_udp")
AUTHENTICATION_METHODS = ("none", "psk", "pki")
ENDPOINTS = ("local_endpoint", "remote_endpoint")

_UNPROTECTED_ACTIONS = ("bypass", "discard")
_AUTHENTICATION = (
    "authentication_method",
    "certificate",
    "certificate_modify_keepsa",
    "secret_key",
    "ppk.identity",
    "ppk.shared_key",
)
_PKI_ONLY = ("certificate", "certificate_modify_keepsa")
_CREDENTIALS = ("certificate", "secret_key", "ppk.identity", "ppk.shared_key")
_REMOTE_IDENTITY_SINCE: Version = (9, 16, 1)
"""The first release that creates no policy with a certificate and without the peer's identity (code 66257138)."""


def _old_identity(value: Any) -> str:
    """An identity as releases before 9.10.1 take it."""
    if not 8 <= len(value) <= 64:
        raise ValueError(f"has {len(value)} characters, but 8 to 64 are allowed.")
    return str(value)


def _shared_key(value: Any) -> str:
    """A pre-shared key: ASCII characters, or binary as ``0x`` hex or ``0s`` Base64. Messages never show it."""
    key = normalize.secret(value)
    if not key.isascii():
        raise ValueError("may contain ASCII characters only.")
    try:
        if key.startswith("0x"):
            binascii.unhexlify(key[2:])
        if key.startswith("0s"):
            base64.b64decode(key[2:], validate=True)
    except ValueError:
        form = "hexadecimal (it starts with 0x)" if key.startswith("0x") else "Base64 (it starts with 0s)"
        raise ValueError(f"is not valid {form}.") from None
    return key


def _endpoint_fields(side: str) -> tuple[Field, ...]:
    return (
        Field(
            f"{side}.address",
            normalizer=normalize.ip_address,
            reader=normalize.ip_address_as_returned,
            always_returned=True,
        ),
        Field(f"{side}.family", normalizer=normalize.keyword, choices=("ipv4", "ipv6"), read_only=True),
        Field(f"{side}.netmask", normalizer=normalize.prefix_length, always_returned=True),
        Field(
            f"{side}.port",
            normalizer=normalize.port_range,
            always_returned=True,
            default=normalize.ANY_PORT,
            when_absent=normalize.ANY_PORT,
            # Older documents begin the range of ports with 1, and how else a port goes back to any no document says.
            modify_since={normalize.ANY_PORT: (9, 16, 1)},
        ),
    )


class IpsecPolicy(SvmScoped):
    """See the module's docstring. The key is the name within an SVM; without SVM the policy is of cluster scope."""

    noun = "IPsec policy"
    result_name = "policy"
    plural = "policies"
    path = "/security/ipsec/policies"
    key = ("name", "svm")
    telling = ("action", "enabled")
    # NetApp's CLI shows policies only while IPsec is enabled; what REST does then is not known (docs/ontap_facts.md, 9.2).
    switch: Switch = Switch("/security/ipsec", "enabled", "IPsec is not enabled on this array")
    fields = (
        Field(
            "uuid",
            normalizer=normalize.uuid_text,
            reader=normalize.as_returned,
            read_only=True,
            always_returned=True,
        ),
        Field("name", shortest=1, longest=64, immutable=True, always_returned=True),
        Field("svm", path="svm.name", normalizer=normalize.name, uuid_path="svm.uuid", immutable=True),
        Field("scope", normalizer=normalize.keyword, choices=SCOPES, read_only=True),
        # ONTAP has been seen to return a policy without its IPspace, and NetApp knows that a policy can't be
        # found by it (burt 1519419).
        Field(
            "ipspace",
            path="ipspace.name",
            immutable=True,
            unreliable_read=True,
            of_container=True,
            listed_at="/network/ipspaces",
        ),
        Field(
            "action",
            normalizer=normalize.keyword,
            choices=ACTIONS,
            immutable=True,
            always_returned=True,
            value_since={"esp_udp": (9, 9, 1)},
            filter_since=(9, 15, 1),
        ),
        Field(
            "authentication_method",
            normalizer=normalize.keyword,
            choices=AUTHENTICATION_METHODS,
            since=(9, 10, 1),
            immutable=True,
            always_returned=True,
        ),
        Field("certificate", path="certificate.name", since=(9, 10, 1), always_returned=True),
        Field(
            "certificate_modify_keepsa",
            normalizer=normalize.boolean,
            since=(9, 18, 1),
            when_absent=False,
        ),
        Field("enabled", normalizer=normalize.boolean, always_returned=True, default=True),
        Field(
            "protocol",
            normalizer=normalize.protocol,
            always_returned=True,
            reader=normalize.protocol_as_returned,
            default=normalize.ANY_PROTOCOL,
        ),
        *_endpoint_fields("local_endpoint"),
        *_endpoint_fields("remote_endpoint"),
        Field("local_identity", narrower=((9, 10, 1), _old_identity), optional=True),
        Field("remote_identity", narrower=((9, 10, 1), _old_identity), optional=True),
        Field("secret_key", normalizer=_shared_key, shortest=18, longest=128, write_only=True),
        # Its key is write-only and can't be modified, so a policy without one can't be given one (code 66257153).
        Field("ppk.identity", shortest=6, longest=64, since=(9, 17, 1), first_on_create=True, optional=True),
        Field("ppk.shared_key", normalizer=_shared_key, shortest=18, longest=128, since=(9, 17, 1), write_only=True),
    )
    not_found_codes = Resource.not_found_codes | {66257116}
    duplicate_codes = Resource.duplicate_codes | {66257103, 66257104}
    # "Purge of connections failed" on a delete, "update failed" on a modification.
    unclear_codes = frozenset({66257096, 66257097})
    advice = {
        1: "Another policy of this name was created in the meantime, or its name differs only in case.",
        66257096: "The policy may be gone while connections that it protected are still there: run the task again.",
        66257097: "Nothing can be concluded about the policy: run the task again, and look into the event log of the array if it fails again.",
        66257099: "Give one protocol, or any.",
        66257100: "Give one port in local_endpoint.port, or any.",
        66257101: "Give one port in remote_endpoint.port, or any.",
        66257102: "Use IKEv2: ONTAP does not speak IKEv1.",
        66257103: "Another policy of this name was created in the meantime, or its name differs only in case; without the option svm, look for it on an SVM.",
        66257104: "Another policy of this name was created in the meantime, or its name differs only in case; without the option svm, look for it on an SVM.",
        66257107: "A secret_key that starts with 0x must be hexadecimal digits, an even number of them.",
        66257109: "A secret_key that starts with 0s must be Base64.",
        66257110: "ONTAP could not give the policy its place in the order: run the task again, and call NetApp support if it fails again.",
        66257111: "Give secret_key, or certificate on ONTAP 9.10.1 and later.",
        66257112: "Leave authentication_method, secret_key, certificate and ppk out, or choose esp_transport.",
        66257113: "Give one subnet in local_endpoint.",
        66257114: "Give one subnet in remote_endpoint.",
        66257115: "Give one port, such as 2049, or any; make one policy for each port of a range.",
        66257116: "The policy was deleted in the meantime: run the task again.",
        66257117: "Name a data SVM in the option svm.",
        66257120: "Use a single host as the endpoint: netmask 32 for IPv4, 128 for IPv6.",
        66257121: "Delete policies of this SVM that are no longer needed, or cover several hosts by one subnet.",
        66257125: "Give local_endpoint.address and local_endpoint.netmask together.",
        66257126: "Give remote_endpoint.address and remote_endpoint.netmask together.",
        66257127: "Name the address or subnet of the SVM's interfaces in local_endpoint.",
        66257128: "Write the subnet of all clients as 0.0.0.0/0; for IPv6 NetApp documents netmasks from 1 to 127 only.",
        66257129: "With 0.0.0.0/0 as remote_endpoint, give one local_endpoint.port or remote_endpoint.port.",
        66257130: "Delete policies of the cluster that are no longer needed, or cover several hosts by one subnet.",
        66257131: "Use esp_transport, or IPv4 endpoints.",
        66257132: "Give a port from 1 to 65535. Before 9.16.1 no port goes back to any in place: set recreate: true, and ontap_version if it can't be read.",
        66257133: "Give secret_key.",
        66257134: "Give certificate.",
        66257135: "Install the certificate on this SVM first, or name one that 'security certificate show' lists for it.",
        66257136: "Leave certificate out, or set authentication_method: pki.",
        66257137: "Leave secret_key out, or set authentication_method: psk.",
        66257138: "Give remote_identity: the subject of the peer's certificate, or ANYTHING.",
        66257139: "Install the certificate on this SVM first, or name one that 'security certificate show' lists for it.",
        66257140: "Name an end-entity certificate of type server or client, not a CA.",
        66257142: "Run the task again when the migration of the SVM has ended.",
        66257143: "Give both endpoints an address with a netmask.",
        66257144: "Give secret_key or certificate.",
        66257148: "Choose a name of 1 to 64 ASCII characters.",
        66257153: "Give ppk.shared_key together with ppk.identity.",
        66257154: "Give ppk.identity together with ppk.shared_key.",
        66257199: "Finish the upgrade: every node must run a release that has IPsec.",
        66257200: "Use 18 to 128 ASCII characters in secret_key and ppk.shared_key.",
        66257201: "Finish the upgrade: the effective cluster version is still too low for one of these options.",
        66257202: "Check the option svm: there is no SVM of that name.",
        66257203: "Check the option svm: there is no such SVM.",
        66257204: "Check the option ipspace.",
        66257205: "Leave ipspace out, or name the IPspace that the SVM is in.",
        66257305: "Check the option certificate: several certificates may share the name.",
        66257396: "Name a data SVM in the option svm: on MetroCluster the admin SVM can't have IPsec policies.",
    }

    def from_options(self, options: Mapping[str, Any]) -> State:
        """As the base class; splits ``address: 10.1.0.0/16`` and checks the rules that need no array.

        An IPv4 mask without an address says of which family the endpoint has to be.
        """
        given = {**options, **_without_cidr(options)}
        state = super().from_options(given)
        problems = []
        for side in ENDPOINTS:
            if normalize.is_ipv4_mask((given.get(side) or {}).get("netmask", "")):
                state[f"{side}.family"] = "ipv4"
                problems += _mask_problems(state, state, side)
        problems += _endpoint_problems(state)
        if state.get("action") not in _UNPROTECTED_ACTIONS:
            problems += _contradictions(state)
        if problems:
            raise InvalidInput(*problems)
        return state

    def needed_to_change(self, options: Iterable[str]) -> set[str]:
        """As the base class, and each endpoint whole, since that is how a modification writes it."""
        needed = super().needed_to_change(options)
        # Whether credentials mean anything depends on the action.
        if needed & set(_AUTHENTICATION):
            needed.add("action")
        touched = {option.partition(".")[0] for option in needed} & set(ENDPOINTS)
        return needed | {row.option for row in self.fields if row.option.partition(".")[0] in touched}

    def withdraws(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Whether the policy is disabled."""
        return before.get("enabled") is not False and after.get("enabled") is False

    def protects(self, state: Mapping[str, Any]) -> bool:
        """Whether packets that a policy covers are to be protected, which takes security associations."""
        return bool(state.get("enabled", True) and state.get("action") not in _UNPROTECTED_ACTIONS)

    def restrains(self, state: Mapping[str, Any]) -> bool:
        """Whether a policy keeps packets from leaving in clear, by protecting or by discarding them."""
        return state.get("enabled", True) is not False and state.get("action") != "bypass"

    def ends_associations(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool | None:
        """Whether a change ends the security associations of a policy, ``None`` where nobody knows. after: empty if it goes.

        What is disabled or deleted has none (docs/ontap_facts.md, 8), and another certificate ends them unless the
        policy says otherwise. Of other traffic, identities or post-quantum keys no document tells.
        """
        if not before or not self.protects(before):
            return False
        if not after or not self.protects(after):
            return True
        changed = {row.option for row in self.differing(after, before)}
        if "certificate" in changed and not after.get("certificate_modify_keepsa"):
            return True
        return None if changed - {"certificate", "certificate_modify_keepsa", "enabled"} else False

    def judged_by(self, options: Iterable[str]) -> set[str]:
        """As the base class: what a key or certificate means for a policy depends on how that authenticates.

        And whether a policy has a post-quantum key shows in its identity.
        """
        wanted = set(options)
        judges = {"authentication_method"} if wanted & {*_CREDENTIALS, *_PKI_ONLY} else set()
        return judges | ({"ppk.identity"} if "ppk.shared_key" in wanted else set())

    def concerns(self, row: Field, state: Mapping[str, Any]) -> bool | None:
        """As the base class; nothing of authentication where nothing is protected, and certificates only with PKI."""
        if row.option in _AUTHENTICATION and state.get("action") in _UNPROTECTED_ACTIONS:
            return False
        if row.option in _PKI_ONLY:
            return state["authentication_method"] == "pki" if "authentication_method" in state else None
        return True

    def left_open(self, wanted: Mapping[str, Any], current: Mapping[str, Any]) -> list[Field]:
        """As the base class, without what follows from the rest: from the action, the credential, or the SVM."""
        told = {**current, **self.settle(dict(wanted), current)[0]}
        follows: set[str] = {"ipspace"} if "svm" in wanted else set()
        if wanted.keys() & {"secret_key", "certificate"}:
            follows.add("authentication_method")
        rows = [row for row in super().left_open(wanted, current) if row.option not in follows]
        return [row for row in rows if self.concerns(row, told) is not False]

    def stored_forms(self, row: Field, value: Any) -> list[str]:
        """As the base class; a protocol may be stored as a number or by one of its names."""
        forms = super().stored_forms(row, value)
        if row.option == "protocol" and forms[0].isdigit():
            forms += normalize.protocol_names(forms[0])
        return forms

    def settle(self, wanted: State, current: Mapping[str, Any]) -> tuple[State, list[str]]:
        """What a credential implies, and nothing of authentication where nothing is protected (code 66257112).

        Raises ``InvalidInput`` where a task asks for credentials and the policy protects nothing, without the task saying
        that this is meant: whoever wrote it believes that the traffic is protected.
        """
        action = wanted.get("action", current.get("action"))
        if action in _UNPROTECTED_ACTIONS:
            asked = [option for option in _CREDENTIALS if option in wanted]
            if wanted.get("authentication_method", "none") != "none":
                asked.insert(0, "authentication_method")
            if asked and "action" not in wanted:
                raise InvalidInput(
                    f"action, {', '.join(asked)}: {self.title({**current, **wanted})} has action {action}, which protects no "
                    "packets, and the task gives credentials without naming an action. Give action: esp_transport and "
                    f"recreate: true to have them protected, or action: {action} if they are not to be."
                )
            ignored = [option for option in _AUTHENTICATION if option in wanted]
            remaining = {option: value for option, value in wanted.items() if option not in ignored}
            if wanted.get("authentication_method") == "none":
                ignored.remove("authentication_method")
            warnings = [
                f"{', '.join(ignored)} left out: a policy with action {action} protects no packets, "
                "so ONTAP ignores how it authenticates."
            ]
            return remaining, warnings if ignored else []
        if "certificate" in wanted:
            return {"authentication_method": "pki", **wanted}, []
        # Releases without methods know nothing but keys, and a create says by itself what the key implies (see implied).
        if "secret_key" in wanted and "authentication_method" in current:
            return {"authentication_method": "psk", **wanted}, []
        return wanted, []

    def implied(self, wanted: Mapping[str, Any]) -> State:
        """The authentication method that the credential stands for: no document names ONTAP's default for a create."""
        said = "authentication_method" in wanted or wanted.get("action") in _UNPROTECTED_ACTIONS
        return {"authentication_method": "psk"} if "secret_key" in wanted and not said else {}

    def check_wanted(self, wanted: Mapping[str, Any], current: Mapping[str, Any]) -> None:
        """An IPv4 mask is none of IPv6, and a policy without post-quantum key can't have the key that the task gives."""
        problems = [problem for side in ENDPOINTS for problem in _mask_problems(wanted, {**current, **wanted}, side)]
        if "ppk.shared_key" in wanted and "ppk.identity" not in {*wanted, *current}:
            problems.append(
                f"ppk.identity: needed with ppk.shared_key, because {self.title(current)} has no post-quantum key."
            )
        if problems:
            raise InvalidInput(*problems)

    def check_create(self, wanted: Mapping[str, Any], version: Version | None = None) -> None:
        """Name, action, endpoints and credential. NetApp's CLI, guide and own modules ask for the same."""
        problems = []
        if not str(wanted.get("name", "")).isascii():
            problems.append("name: may contain ASCII characters only.")
        missing = [
            option
            for option in ("action", *(f"{side}.{part}" for side in ENDPOINTS for part in ("address", "netmask")))
            if option not in wanted
        ]
        if missing:
            problems.append(f"{', '.join(missing)}: needed to create {self.title(wanted)}.")
        elif wanted["action"] not in _UNPROTECTED_ACTIONS:
            problems += self._missing_credentials(wanted)
            if version and version >= _REMOTE_IDENTITY_SINCE and self.lacks_identity_of_peer(wanted):
                problems.append(
                    f"remote_identity: needed to create {self.title(wanted)} with a certificate on ONTAP 9.16.1 and later; "
                    "give the subject of the peer's certificate, or ANYTHING."
                )
        if problems:
            raise InvalidInput(*problems)

    def _missing_credentials(self, wanted: Mapping[str, Any]) -> list[str]:
        problems = []
        method = wanted.get("authentication_method")
        purpose = f"needed to create {self.title(wanted)} with action {wanted['action']}"
        if method == "none":
            problems.append(f"authentication_method: psk or pki is {purpose}, not none.")
        elif method == "psk" and "secret_key" not in wanted:
            problems.append(f"secret_key: {purpose} and authentication_method psk; ONTAP never returns a key.")
        elif method == "pki" and "certificate" not in wanted:
            problems.append(f"certificate: {purpose} and authentication_method pki.")
        elif "secret_key" not in wanted and "certificate" not in wanted:
            problems.append(f"secret_key or certificate: {purpose}; ONTAP never returns a key.")
        if ("ppk.identity" in wanted) != ("ppk.shared_key" in wanted):
            missing = "ppk.identity" if "ppk.shared_key" in wanted else "ppk.shared_key"
            problems.append(f"{missing}: identity and key of a post-quantum key are only usable together.")
        return problems

    def lacks_identity_of_peer(self, state: Mapping[str, Any]) -> bool:
        """Whether a policy with a certificate does not say whose it accepts, as NetApp's guide always wants it to."""
        return state.get("authentication_method") == "pki" and "remote_identity" not in state

    def check_recreate(self, wanted: Mapping[str, Any], current: Mapping[str, Any]) -> None:
        """What is doubtful by NetApp's documents, whatever the release, unless the predecessor shows that the array takes it."""
        problems = []
        if self.lacks_identity_of_peer(wanted):
            problems.append(
                f"remote_identity: needed to create {self.title(wanted)} again with authentication_method pki; "
                "give the subject of the peer's certificate, or ANYTHING."
            )
        if _unnamed_peers(wanted) > _unnamed_peers(current):
            problems.append(
                f"remote_identity: needed to create {self.title(wanted)} again with one key for "
                f"{'all addresses' if _is_wildcard(wanted, 'remote_endpoint') else 'a subnet'}."
            )
        if _family(wanted, "remote_endpoint") == 6 and _is_wildcard(wanted, "remote_endpoint"):
            problems.append("remote_endpoint: NetApp documents netmasks from 1 to 127 for IPv6, and no wildcard.")
        if problems:
            raise InvalidInput(*problems)

    def check_result(self, result: Mapping[str, Any]) -> None:
        """The rules between endpoints, ports and action that hold for the policy as a whole."""
        problems = _endpoint_problems(result)
        ports = [result.get(f"{side}.port", normalize.ANY_PORT) for side in ENDPOINTS]
        if _is_wildcard(result, "remote_endpoint") and set(ports) == {normalize.ANY_PORT}:
            problems.append(
                "remote_endpoint: all addresses are only allowed together with one port; "
                "give local_endpoint.port or remote_endpoint.port."
            )
        if problems:
            raise InvalidInput(*problems)

    def check_modify(self, current: Mapping[str, Any], changes: Iterable[Field]) -> None:
        """Refuses a certificate for a policy that does not authenticate by PKI.

        ONTAP does not answer such a PATCH with an error, it restarts (NetApp's own module guards against it).
        """
        method = current.get("authentication_method")
        if method != "pki" and any(row.option == "certificate" for row in changes):
            raise InvalidInput(
                f"certificate: {self.title(current)} authenticates by {method or 'an unknown method'}, not by pki; "
                "writing a certificate to it would make ONTAP restart. Set authentication_method: pki and recreate: true."
            )

    def modify_body(
        self, current: Mapping[str, Any], result: Mapping[str, Any], changes: Iterable[Field]
    ) -> dict[str, Any]:
        """As the base class, but with each endpoint whole.

        ONTAP wants address and netmask together, and whether it keeps or resets a port that a PATCH leaves out is
        not known. A port that was any and stays any is left out all the same: either way it stays any, and releases
        before 9.16.1 document no way to write it.
        """
        options = {row.option for row in changes}
        for side in ENDPOINTS:
            parts = [f"{side}.address", f"{side}.netmask", f"{side}.port"]
            if options.intersection(parts):
                options.update(part for part in parts if part in result)
                before, after = (state.get(parts[-1], normalize.ANY_PORT) for state in (current, result))
                if before == after == normalize.ANY_PORT:
                    options.discard(parts[-1])
        return self.to_api({option: result[option] for option in options})

    def to_api(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """As the base class; a port goes out as one number, the form that every release takes."""
        return super().to_api(
            {option: value.partition("-")[0] if option.endswith(".port") else value for option, value in state.items()}
        )

    def create_body(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """As the base class, without ports that stay any: that is ONTAP's default (see modify_body)."""
        return super().create_body(
            {k: v for k, v in wanted.items() if not (k.endswith(".port") and v == normalize.ANY_PORT)}
        )

    def carry_over(self, current: Mapping[str, Any], wanted: Mapping[str, Any]) -> State:
        """As the base class, without credentials that the new action or method has no use for."""
        carried = super().carry_over(current, wanted)
        merged = {**carried, **wanted}
        useless: tuple[str, ...] = ()
        if merged.get("action") in _UNPROTECTED_ACTIONS:
            useless = _AUTHENTICATION
        elif merged.get("authentication_method") != "pki":
            useless = _PKI_ONLY
        elif current.get("authentication_method") == "psk":
            # NetApp documents post-quantum keys for policies with a pre-shared key (release notes of 9.17.1).
            useless = ("ppk.identity",)
        return {option: value for option, value in carried.items() if option not in useless}

    def to_restore(self, current: Mapping[str, Any], secrets: Mapping[str, Any]) -> State:
        """As the base class; the secrets are those of the task, because ONTAP returns none."""
        restored = super().to_restore(current, secrets)
        if current.get("action") in _UNPROTECTED_ACTIONS:
            return restored
        needed = set()
        if current.get("authentication_method", "psk") == "psk":
            needed.add("secret_key")
        if "ppk.identity" in current:
            needed.add("ppk.shared_key")
        return {**restored, **{option: value for option, value in secrets.items() if option in needed}}

    def hints(self, wanted: Mapping[str, Any], namesakes: list[State]) -> list[str]:
        """Says so when a policy of that name is on an SVM and the task names none."""
        svms = sorted(state["svm"] for state in namesakes if "svm" in state)
        if "svm" in wanted or not svms:
            return []
        return [
            f"Without the option svm this task is about cluster scope, but a policy named {wanted['name']!r} exists on "
            f"SVM {', '.join(svms)}. Set svm if that one is meant."
        ]


def _without_cidr(options: Mapping[str, Any]) -> dict[str, Any]:
    """The endpoints of a task with ``address: 10.1.0.0/16`` split into address and netmask."""
    endpoints = {}
    problems = []
    for side in ENDPOINTS:
        endpoint = options.get(side) or {}
        address, slash, length = str(endpoint.get("address") or "").partition("/")
        if not slash:
            continue
        netmask = endpoint.get("netmask")
        try:
            if netmask is not None and normalize.prefix_length(netmask) != normalize.prefix_length(length):
                problems.append(f"{side}: address says /{length} and netmask says {netmask}.")
        except ValueError as error:
            problems.append(f"{side}: {error}")
        endpoints[side] = {**endpoint, "address": address, "netmask": length}
    if problems:
        raise InvalidInput(*problems)
    return endpoints


def _family(state: Mapping[str, Any], side: str) -> int:
    """4 or 6; 0 where the state names no address."""
    address = state.get(f"{side}.address")
    return (6 if ":" in address else 4) if address else 0


def _mask_problems(wanted: Mapping[str, Any], result: Mapping[str, Any], side: str) -> list[str]:
    """Whether a task gives an IPv4 mask, and the endpoint has an IPv6 address, be it the task's or that of the policy."""
    if wanted.get(f"{side}.family") != "ipv4" or _family(result, side) != 6:
        return []
    return [
        f"{side}.netmask: is an IPv4 mask, but {result[f'{side}.address']} is IPv6: give a prefix length, such as 64."
    ]


def _is_wildcard(state: Mapping[str, Any], side: str) -> bool:
    return state.get(f"{side}.netmask") == "0" and f"{side}.address" in state


def _unnamed_peers(state: Mapping[str, Any]) -> int:
    """For how many peers a policy has one key and does not say who they are: 0 for none or a host, 1 a subnet, 2 all.

    NetApp's guide wants the remote identity for a subnet and for all; what ONTAP enforces is not known.
    """
    keyed = state.get("action") not in _UNPROTECTED_ACTIONS and state.get("authentication_method", "psk") == "psk"
    host = {4: "32", 6: "128"}.get(_family(state, "remote_endpoint"))
    if not keyed or "remote_identity" in state or state.get("remote_endpoint.netmask") in (None, host):
        return 0
    return 2 if _is_wildcard(state, "remote_endpoint") else 1


def _endpoint_problems(state: Mapping[str, Any]) -> list[str]:
    """What is wrong with the endpoints that this state names, be it a whole policy or what a task says of one."""
    problems = []
    families = {side: _family(state, side) for side in ENDPOINTS}
    for side, family in families.items():
        netmask = state.get(f"{side}.netmask")
        if family and netmask is None:
            problems.append(
                f"{side}: address needs a netmask, as in {state[f'{side}.address']}/{32 if family == 4 else 64}."
            )
        if family == 4 and netmask is not None and int(netmask) > 32:
            problems.append(f"{side}.netmask: {netmask} is too long for an IPv4 address, 32 is the longest.")
        if _is_wildcard(state, side) and int(ipaddress.ip_address(state[f"{side}.address"])):
            problems.append(f"{side}: a netmask of 0 means all addresses and goes with 0.0.0.0 or :: only.")
    if _is_wildcard(state, "local_endpoint"):
        problems.append("local_endpoint: can't be all addresses; name an address or subnet of the SVM.")
    if set(families.values()) == {4, 6}:
        problems.append("local_endpoint, remote_endpoint: one is IPv4 and the other IPv6; both must be of one family.")
    if state.get("action") == "esp_udp" and 6 in families.values():
        problems.append("action: esp_udp works over IPv4 only; use esp_transport for IPv6.")
    return problems


def _contradictions(state: Mapping[str, Any]) -> list[str]:
    """Credentials that don't go with each other or with the authentication method."""
    method = state.get("authentication_method")
    has_key, has_certificate = "secret_key" in state, "certificate" in state
    problems = []
    if has_key and has_certificate:
        problems.append("secret_key, certificate: give one of them, psk uses the key and pki the certificate.")
    elif has_key and method in ("pki", "none"):
        problems.append(f"secret_key: goes with authentication_method psk, not {method}.")
    elif has_certificate and method in ("psk", "none"):
        problems.append(f"certificate: goes with authentication_method pki, not {method}.")
    return problems


POLICY = IpsecPolicy()
