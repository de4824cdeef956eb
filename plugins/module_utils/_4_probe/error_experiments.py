# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Experiments on how ONTAP refuses a request: by which status, code and target."""

from __future__ import annotations

from .._1_array.rest import Exchange
from .._2_objects.ipsec_ca_certificate import CA_CERTIFICATE
from .._2_objects.ipsec_policy import POLICY
from .._2_objects.resource import dig
from .experiment import LOCAL, UUID, Experiment, Finding, Question, Seen, Step, Unclear, create, create_esp, endpoint

_PROVOKED = ("duplicate", "port_range", "hexadecimal", "no_key", "protocols")


def _ipsec_errors(seen: Seen) -> list[Exchange]:
    answers = [seen.one(step) for step in _PROVOKED]
    errors = [answer for answer in answers if str(answer.code).startswith("66257")]
    if not errors:
        raise Unclear(f"no such code came, but {', '.join(sorted({str(answer) for answer in answers}))}")
    return errors


def _statuses(seen: Seen) -> Finding:
    errors = _ipsec_errors(seen)
    statuses = sorted({answer.status for answer in errors})
    text = ", ".join(f"{answer.code} with HTTP {answer.status}" for answer in errors)
    return Finding(text, statuses[0] if len(statuses) == 1 else None)


def _targets(seen: Seen) -> Finding:
    targets = {answer.code: dig(answer.body, "error.target") for answer in _ipsec_errors(seen)}
    text = ", ".join(f"{code} names {target or 'none'}" for code, target in targets.items())
    present = {bool(target) for target in targets.values()}
    # Some codes need not have one although others have: only "none ever" is the other position of the switch.
    return Finding(text, True in present)


def _code_type(seen: Seen) -> Finding:
    codes = [dig(seen.one(step).body, "error.code") for step in _PROVOKED]
    kinds = {"int" if isinstance(code, int) else "str" for code in codes if code is not None}
    if len(kinds) != 1:
        raise Unclear("no error came" if not kinds else "both came")
    kind = kinds.pop()
    return Finding({"int": "a number", "str": "a string"}[kind], kind)


def _absent(seen: Seen) -> Finding:
    return Finding(f"GET {seen.one('get')}, DELETE {seen.one('delete')}")


def _ca_absent(seen: Seen) -> Finding:
    answer = seen.one("delete")
    by_code = {66257298: "code", 66257303: "code", 4: "entry"}
    return Finding(str(answer), by_code.get(answer.code))


ERROR_EXPERIMENTS = (
    Experiment(
        "Provoke error codes",
        {
            "create": create("error"),
            "duplicate": create("error"),
            "port_range": create("error_range", local_endpoint=endpoint(LOCAL, port="1-2")),
            "hexadecimal": create_esp("error_hexadecimal", secret_key="0xnot-a-hexadecimal-key"),
            "no_key": create_esp("error_no_key", secret_key=None),
            "protocols": create("error_protocols", protocol="6,17"),
        },
        [
            Question("9.1", "error_status", "Which HTTP status do 66257xxx codes come with?", _statuses),
            Question("9.1", "error_target_present", "Do they name their target?", _targets),
            Question("9.23", "error_code_type", "What JSON type has error.code?", _code_type),
        ],
    ),
    Experiment(
        "Address a policy that does not exist",
        {
            "get": Step("GET", path=f"{POLICY.path}/{UUID}"),
            "delete": Step("DELETE", path=f"{POLICY.path}/{UUID}"),
        },
        [Question("9.25", "", "What is answered for a UUID that no policy has?", _absent)],
    ),
    Experiment(
        "Remove a CA certificate that does not exist",
        {"delete": Step("DELETE", path=f"{CA_CERTIFICATE.path}/{UUID}")},
        [Question("7", "ca_delete_not_added", "What is answered for a UUID that nothing has?", _ca_absent)],
        since=CA_CERTIFICATE.since,
    ),
)
