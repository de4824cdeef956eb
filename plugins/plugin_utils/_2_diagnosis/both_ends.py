# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a client and an array apart: where their two ends differ. Pure.

As in ``causes``, nothing is said without evidence: certain is what one end says of itself, or where both say different things; likely is
what is known to look like that; possible is what can't be told apart from something else. What a mistake looks like was measured between
daemons (docs/diagnosis.md).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...module_utils._0_basics.ip_protocols import NUMBERS
from ...module_utils._4_associations.causes import CERTAIN, LIKELY, POSSIBLE
from .._1_clients.connections import name_of

Finding = dict[str, Any]
Policy = Mapping[str, Any]
View = Mapping[str, Any]

ARRAY, CLIENT, BOTH = "array", "client", "both"

_ORDER = (CERTAIN, LIKELY, POSSIBLE)

_EXPLAINED = {
    # What the array can only call possible is not worth a line where the client's half names it.
    "silent",
    "not_negotiated",
    "ike_unfinished",
}


@dataclass(frozen=True)
class Compared:
    """How a client differs from what the policy files ask of it.

    connections: by name ``same``, ``other``, ``other_secrets``, ``missing`` or ``surplus``. not_loaded: those that the daemon is not known
    to have loaded as the client's files have them, ``None`` if it did not answer.
    """

    connections: Mapping[str, str]
    not_loaded: Collection[str] | None


def headline(findings: Sequence[Finding], looked_at_client: bool) -> str:
    """What is found, in one sentence; and what would tell, where it is too little."""
    sure = [one for one in findings if one["certainty"] != POSSIBLE]
    if sure:
        return " ".join(dict.fromkeys(one["evidence"] for one in sure))
    if findings:
        told = " ".join(dict.fromkeys(one["evidence"] for one in findings))
        return f"It can't be told. {told} {_would_tell(looked_at_client)}"
    return f"Nothing is found that keeps them apart. {_would_tell(looked_at_client)}"


def _would_tell(looked_at_client: bool) -> str:
    if looked_at_client:
        return (
            "What the client sends, and whether it arrives, would tell: capture UDP 500, UDP 4500 and ESP on both ends."
        )
    return "The client's half would tell: nobody looked at it."


def diagnosis(
    cluster: str,
    array: Mapping[str, Any],
    client: Mapping[str, Any] | None,
    compared: Compared | None = None,
) -> list[Finding]:
    """What is found of a client on one array, the most certain first, and among these in the order of a search.

    array: what ``ipsec_policy_health`` returns with ``peer``. client: what ``ipsec_client_info`` returns, ``None`` if nobody asked it.
    compared: ``None`` if nobody compared the client with the policy files.
    Raises ``KeyError`` and ``TypeError`` for what is neither.
    """
    peer = array["peer"]
    policies = [one for one in peer["policies"] or () if _protects(one)]
    found = [
        {**cause, "side": ARRAY, "policy": one["policy"], "connection": None}
        for one in array["policies"]
        for cause in one.get("causes") or ()
    ]
    if client is None:
        return _sorted(cluster, found)
    own = list(_daemon(client))
    for policy in policies:
        connection = _connection(cluster, policy, policies, client)
        own += _of_policy(cluster, policy, connection, peer, client, compared)
    told = [one for one in own if one["certainty"] != POSSIBLE]
    array_says = [one for one in found if not (one["cause"] in _EXPLAINED and told)]
    return _sorted(cluster, [*array_says, *own])


def _sorted(cluster: str, found: Sequence[Finding]) -> list[Finding]:
    return [{"cluster": cluster, **one} for one in sorted(found, key=lambda one: _ORDER.index(one["certainty"]))]


def _finding(
    side: str, cause: str, certainty: str, evidence: str, advice: str, policy: str | None, connection: str | None
) -> Finding:
    return {
        **{"side": side, "cause": cause, "certainty": certainty, "evidence": evidence, "advice": advice},
        **{"policy": policy, "connection": connection, "peers": []},
    }


def _protects(policy: Policy) -> bool:
    return policy.get("enabled") is not False and str(policy.get("action", "")).startswith("esp")


def _daemon(client: Mapping[str, Any]) -> Iterator[Finding]:
    if client["running"]:
        return
    yield _finding(
        *(CLIENT, "daemon_down", CERTAIN),
        f"The client's daemon ({client['format']}) does not answer.",
        "Start it, and see that it starts with the host, before network file systems are mounted: the role ipsec_client does that.",
        *(None, None),
    )


def _connection(cluster: str, policy: Policy, policies: Sequence[Policy], client: Mapping[str, Any]) -> View | None:
    """The connection of a client that is meant for a policy: the one of its name, or the only one between the same hosts."""
    views: list[View] = [one for one in client["connections"] or () if one["protects"]]
    named = name_of(cluster, str(policy.get("svm")), str(policy["name"]))
    by_name = [one for one in views if one["name"] == named]
    if by_name:
        return by_name[0]
    between = [one for one in views if _meets(one, policy)]
    rivals = [one for one in policies if any(_meets(view, one) for view in between)]
    return between[0] if len(between) == 1 and len(rivals) == 1 else None


def _meets(view: View, policy: Policy) -> bool:
    endpoint = policy.get("local_endpoint") or {}
    try:
        network = ipaddress.ip_network(f"{endpoint['address']}/{endpoint['netmask']}", strict=False)
        return any(ipaddress.ip_address(one) in network for one in view["remote_addresses"])
    except (KeyError, ValueError):
        return False


def _of_policy(
    cluster: str,
    policy: Policy,
    view: View | None,
    peer: Mapping[str, Any],
    client: Mapping[str, Any],
    compared: Compared | None,
) -> Iterator[Finding]:
    name = str(policy["name"])
    if client["connections"] is None:
        return
    asked = name_of(cluster, str(policy.get("svm")), name) if view is None else view["name"]
    yield from _configured(name, asked, compared)
    if view is None:
        yield _finding(
            *(CLIENT, "no_connection", CERTAIN),
            f"The client's files have no connection of this collection for policy {name!r}, which covers it.",
            "Write it, with the playbook clients. What others have configured on the host is not looked at.",
            *(name, None),
        )
        return
    found = [
        *_state(name, view, client, compared),
        *_differences(name, policy, view),
        *_counterparts(name, policy, view, peer),
    ]
    known = {one["cause"] for one in found if one["certainty"] != POSSIBLE}
    found += _log(name, policy, view, client, known, compared)
    if view["associations"]:
        # What differs did not keep them from agreeing.
        harmless = {"selectors_wider", "suite_differs", "esn_differs", "mode_differs"}
        found = [{**one, "certainty": POSSIBLE} if one["cause"] in harmless else one for one in found]
    if any(one["cause"] == "pfs_differs" and one["certainty"] != POSSIBLE for one in found):
        # Where a new key is refused, an association ends with its old one, on one end sooner than on the other.
        found = [{**one, "certainty": POSSIBLE} if one["cause"] == "out_of_step" else one for one in found]
    sure = {one["cause"] for one in found if one["certainty"] != POSSIBLE}
    yield from (one for one in found if one["certainty"] != POSSIBLE or one["cause"] not in sure)


def _configured(name: str, connection: str, compared: Compared | None) -> Iterator[Finding]:
    known = compared.connections.get(connection, "same") if compared else "same"
    told = {
        "other": "The client's files have the connection otherwise than the policy files ask for.",
        "other_secrets": "The client's files have another key for the connection than the policy files.",
        "missing": "The client's files don't have a connection that the policy files ask for.",
        "surplus": "The client's files have a connection that the policy files don't ask for, although the array has its policy.",
    }
    if known in told:
        advice = (
            "See whether the policy files are those of this cluster, and name this client."
            if known == "surplus"
            else "See what differs with the playbook clients, --check --diff and --limit; keys show nowhere. Then let it write and load them."
        )
        yield _finding(CLIENT, "configured_otherwise", CERTAIN, told[known], advice, name, connection)


def _state(name: str, view: View, client: Mapping[str, Any], compared: Compared | None) -> Iterator[Finding]:
    connection = view["name"]
    if client["running"] and view["loaded"] is False:
        yield _finding(
            *(CLIENT, "not_loaded", CERTAIN),
            "The client's files have the connection, and its daemon does not.",
            "Load it, with the playbook clients.",
            *(name, connection),
        )
        return
    if compared and connection in (compared.not_loaded or ()) and not view["associations"]:
        yield _finding(
            *(CLIENT, "not_loaded", LIKELY),
            "The client's daemon is not known to have loaded the connection as its files have it now, which may be about its key only.",
            "Load it, with the playbook clients.",
            *(name, connection),
        )
    untrapped = client["running"] and view["trapped"] is False and not view["associations"]
    if untrapped or not view["trap"]:
        how = "its file asks for none that lasts" if not view["trap"] else "its daemon has none in force"
        yield _finding(
            *(CLIENT, "no_trap", CERTAIN),
            f"The client's connection has no trap: {how}. Packets leave in clear as long as there is no association.",
            "Write and load the connection as the playbook clients does it.",
            *(name, connection),
        )


def _differences(name: str, policy: Policy, view: View) -> Iterator[Finding]:
    connection = view["name"]
    protocol = str(policy.get("protocol", "any")).lower()
    number = (
        0 if protocol == "any" else int(NUMBERS.get(protocol, protocol)) if not protocol.isdecimal() else int(protocol)
    )
    for what, there, here in (
        ("protocol", number, view["protocol"]),
        ("port of the array", _port(policy, "local_endpoint"), view["remote_port"]),
        ("port of the client", _port(policy, "remote_endpoint"), view["local_port"]),
    ):
        if there == here:
            continue
        wider = here == 0
        yield _finding(
            *(BOTH, "selectors_wider" if wider else "selectors_differ", LIKELY if wider else CERTAIN),
            f"The {what} is {_any(there)} in the policy, and {_any(here)} in the client's connection.",
            "Make both the same. Of wider selectors strongSwan is known to take less, libreswan to refuse them.",
            *(name, connection),
        )
    if not view["fitting_suite"]:
        yield _finding(
            *(BOTH, "suite_differs", LIKELY),
            f"The client's ESP proposals are {', '.join(view['esp'])}, and ONTAP takes AES-256-GCM with a 16-byte ICV by default.",
            "Use aes256gcm16 (strongSwan) or aes_gcm_c256 (libreswan).",
            *(name, connection),
        )
    if view["esn"]:
        yield _finding(
            *(BOTH, "esn_differs", LIKELY),
            "The client wants extended sequence numbers, which ONTAP is not known to take.",
            "Do without them.",
            *(name, connection),
        )
    if not view["transport"]:
        yield _finding(
            *(BOTH, "mode_differs", LIKELY),
            "The client's connection is in tunnel mode, and ONTAP's is in transport mode.",
            "Use transport mode.",
            *(name, connection),
        )
    yield from _credentials(name, policy, view)


def _credentials(name: str, policy: Policy, view: View) -> Iterator[Finding]:
    connection = view["name"]
    methods = (policy.get("authentication_method"), view["method"])
    if methods[0] in ("psk", "pki") and methods[0] != methods[1]:
        yield _finding(
            *(BOTH, "method_differs", CERTAIN),
            f"The policy authenticates by {methods[0]}, and the client's connection by {methods[1]}.",
            "Make both the same.",
            *(name, connection),
        )
    for whose, there, here in (
        ("client", policy.get("remote_identity"), view["local_identity"]),
        ("array", policy.get("local_identity"), view["remote_identity"]),
    ):
        if there and here and there != "ANYTHING" and _identity(here) not in ("", _identity(there)):
            yield _finding(
                *(BOTH, "identity_differs", CERTAIN),
                f"The {whose}'s identity is {there!r} in the policy, and {here!r} in the client's connection.",
                "Make both the same: a subject whole, and in its order.",
                *(name, connection),
            )
    there, here = (policy.get("ppk") or {}).get("identity"), view["ppk_identity"]
    if (there is None) != (here is None) or (there and here and _identity(here) != _identity(there)):
        ends = "the policy has none" if there is None else f"the policy has {there!r}"
        other = "the client's connection none" if here is None else f"the client's connection {here or 'one'!r}"
        yield _finding(
            *(BOTH, "ppk_differs", CERTAIN),
            f"Of the post-quantum key, {ends}, and {other}.",
            "Give it to both ends, or to none.",
            *(name, connection),
        )


def _counterparts(name: str, policy: Policy, view: View, peer: Mapping[str, Any]) -> Iterator[Finding]:
    """What one end has and the other has not."""
    listed = peer["security_associations"]
    if listed is None or view["associations"] is None:
        return
    there = [
        one
        for one in listed
        if one["policy"] == name and one["type"] == "ipsec" and one.get("svm") == policy.get("svm")
    ]
    if view["associations"] and not there:
        probes = "" if view["probes_peer"] else " It does not probe its peer (dpd_delay), so it may never notice."
        yield _finding(
            *(BOTH, "out_of_step", LIKELY),
            f"The client has {view['associations']} associations, and the array has none with it, as after a takeover.{probes}",
            "Let the client negotiate anew, with ipsec_client_negotiate, or disable and enable the policy, with the playbook repair.",
            *(name, view["name"]),
        )
    elif there and not view["associations"]:
        yield _finding(
            *(BOTH, "out_of_step", LIKELY),
            f"The array has {len(there)} associations with the client, and the client has none.",
            "Let the client send something, or negotiate, with ipsec_client_negotiate.",
            *(name, view["name"]),
        )
    if view["pfs"] is True and view["associations"]:
        yield _finding(
            *(BOTH, "pfs_differs", POSSIBLE),
            "The client wants a key exchange of its own (PFS) whenever it renews a key. Whether ONTAP does is not published; if it does not, "
            "the association stalls at its first rekeying, hours after it was made.",
            "Propose both (aes256gcm16-ecp384,aes256gcm16 with strongSwan), or none (pfs=no with libreswan).",
            *(name, view["name"]),
        )


def _log(
    name: str, policy: Policy, view: View, client: Mapping[str, Any], known: set[str], compared: Compared | None
) -> Iterator[Finding]:
    """What the client's log says, unless a difference that is known already explains it."""
    words = {one["error"]: one["count"] for one in client["errors"] or () if one["connection"] in (view["name"], None)}
    connection = view["name"]

    def found(cause: str, certainty: str, word: str, meaning: str, advice: str) -> Finding:
        times = "once" if words[word] == 1 else f"{words[word]} times"
        return _finding(
            BOTH, cause, certainty, f"The client's log has {word} {times}: {meaning}.", advice, name, connection
        )

    if "NO_TRAP" in words and "no_trap" not in known:
        yield found(
            *("no_trap", CERTAIN, "NO_TRAP", "the kernel took no trap, and packets leave in clear"),
            "Write and load the connection as the playbook clients does it.",
        )
    authentic = {"identity_differs", "ppk_differs", "method_differs"} & known
    if "AUTHENTICATION_FAILED" in words and not authentic and not view["associations"]:
        if view["method"] == "psk":
            named = any(
                one["error"] == "AUTHENTICATION_FAILED" and one["connection"] == connection
                for one in client["errors"] or ()
            )
            whose, advice = _whose_key(view, compared, named)
            yield found(
                *("authentication_failed", LIKELY, "AUTHENTICATION_FAILED"),
                f"methods and identities are the same as far as both ends tell, so the keys are not{whose}",
                advice,
            )
        else:
            yield found(
                *("authentication_failed", POSSIBLE, "AUTHENTICATION_FAILED"),
                "the array did not accept the client's certificate, or its identity, which the client may take from its certificate",
                "Compare the subject and the alternative names of the client's certificate with the policy's remote_identity, whole and in "
                "order; see that IPsec trusts its authority (ipsec_ca_certificate), and that neither certificate has expired.",
            )
    suite = {"suite_differs", "esn_differs", "mode_differs", "pfs_differs"} & known
    if "NO_PROPOSAL_CHOSEN" in words and not suite:
        if view["ike"] == "established" or view["associations"]:
            yield found(
                *("pfs_differs", LIKELY, "NO_PROPOSAL_CHOSEN"),
                "IKE is established, and the suite fits, so the ends differ in whether a key is renewed with an exchange of its own (PFS)",
                "Propose both (aes256gcm16-ecp384,aes256gcm16 with strongSwan). libreswan can do with one only: pfs=yes, or no.",
            )
        else:
            yield found(
                *("proposal_differs", LIKELY, "NO_PROPOSAL_CHOSEN", "the array took none of the client's proposals"),
                "Use AES-256, SHA-384, ECP-384 for IKE, and AES-256-GCM with a 16-byte ICV for ESP.",
            )
    if "TS_UNACCEPTABLE" in words and not {"selectors_differ", "selectors_wider"} & known:
        yield found(
            *(
                "selectors_differ",
                LIKELY,
                "TS_UNACCEPTABLE",
                "the array has no policy for what the client wants protected",
            ),
            "Compare addresses, protocol and ports of both ends.",
        )
    for word, cause, meaning, advice in (
        (
            "NO_KEY",
            "no_key",
            "the client has no key for these identities",
            "Write and load the connection with its key.",
        ),
        ("NOT_TRUSTED", "not_trusted", "a certificate is not trusted", "Give the client the authority of the array."),
        ("CERTIFICATE_EXPIRED", "certificate_expired", "a certificate has expired", "Renew it."),
        (
            "PPK_MISSING",
            "ppk_differs",
            "one end has a post-quantum key and the other none",
            "Give it to both, or to none.",
        ),
    ):
        if word in words and cause not in known and not view["associations"]:
            yield found(cause, LIKELY, word, meaning, advice)
    if "NO_ANSWER" in words and not view["associations"] and view["ike"] != "established":
        yield found(
            *("no_answer", LIKELY, "NO_ANSWER", "the array does not answer IKE"),
            "See that IPsec is enabled on the array, that the policy is, and that UDP ports 500 and 4500 are open between both.",
        )


def _whose_key(view: View, compared: Compared | None, named: bool) -> tuple[str, str]:
    """Which end has another key than the policy files, and what to do about it. Nobody can read the array's.

    named: whether the log names the connection. Otherwise the failure may be another one's.
    """
    name = view["name"]
    known = compared.connections.get(name) if compared else None
    if known in ("other", "other_secrets"):
        return (
            ", and the client's connection, or its key, is not what the policy files ask for",
            "Begin with the client: let the playbook clients write and load what the policy files ask for.",
        )
    if known != "same" or not compared or compared.not_loaded is None:
        return "", "Give both ends the same key: nobody can read the array's. The playbook protect rotates it on both."
    if name in compared.not_loaded:
        return ", and the client's daemon may still have a former one", "Let the playbook clients load it."
    return (
        f", and as the client has the one of the policy files, the array has another{'' if named else ', if this connection is meant'}",
        "If that is no failure of before it was mended, which the client's next packet shows: give the array the key of the policy files, by "
        "an apply with recreate: true and update_secret_key: always in the policy's entry, which ends its associations.",
    )


def _port(policy: Policy, side: str) -> int:
    return int(str((policy.get(side) or {}).get("port") or "0-0").partition("-")[0])


def _any(value: int | str) -> str:
    return "any" if value == 0 else str(value)


def _identity(text: str) -> str:
    """An identity without what a daemon puts around it, to be compared; empty for one that stands in a certificate."""
    bare = re.sub(r"^(fqdn:|email:|keyid:|@)", "", text.strip().strip('"'))
    if bare.startswith("%"):
        return ""
    parts = re.split(r"\s*[,/]\s*", bare.strip("/")) if "=" in bare else [bare]
    return ",".join(parts).casefold()
