# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a request to its answer: log in, confine to an SVM, route, carry out. Knows nothing of sockets."""

from __future__ import annotations

from collections.abc import Callable

from .access import Account
from .approvals import ApprovalNeeded, accepted
from .ca_certificates import CaCertificates
from .credentials import Restarted
from .data_service import ALL as DATA_SERVICE
from .destinations import EmsDestinations
from .ems import ALL as EMS
from .errors import OntapError, describe
from .ipsec_config import IpsecConfig
from .messages import Answer, Call, Delivery
from .neighbours import ALL as NEIGHBOURS
from .policies import PolicyCollection
from .resource import Context, Resource
from .schema import Record
from .security_associations import SecurityAssociations
from .security_certificates import SecurityCertificates
from .state import State

_KINDS: tuple[type[Resource], ...] = (
    PolicyCollection,
    IpsecConfig,
    CaCertificates,
    SecurityAssociations,
    SecurityCertificates,
    *NEIGHBOURS,
    *DATA_SERVICE,
    *EMS,
    EmsDestinations,
)
# The longest path first: /api/security/ipsec is not /api/security/ipsec/policies.
_RESOURCES: dict[str, Resource] = {
    kind.schema.path: kind() for kind in sorted(_KINDS, key=lambda kind: len(kind.schema.path), reverse=True)
}
_LONG_LINE = 8 * 1024
_WRITES = ("POST", "PATCH", "DELETE")
_WITHOUT_BODY = ("GET", "HEAD", "DELETE", "OPTIONS")


def handle(state: State, call: Call) -> Answer:
    """Return the answer to a request."""
    if state.unknowns.long_request_lines == "refused" and len(call.target) > _LONG_LINE:
        return Answer(414, page="<html><head><title>Request-URI Too Long</title></head></html>\n")
    try:
        account = state.accounts.log_in(call, state.version)
        interference = state.interventions.take(call)
        if interference is not None:
            return interference.answer(call, lambda: _carry_out(state, call, account))
        return _carry_out(state, call, account)
    except OntapError as error:
        return refusal(state, error)
    except Restarted:
        state.restarts += 1
        return Answer(delivery=Delivery.RESET)


def refusal(state: State, error: OntapError) -> Answer:
    """Return the answer that says why not."""
    if isinstance(error, ApprovalNeeded) and state.unknowns.approval_answer == "accepted":
        return accepted(error.index)
    status, details = describe(error, state.version, state.unknowns)
    by_status = {401: {"WWW-Authenticate": 'Basic realm="ONTAP"'}, 429: {"Retry-After": "1"}}
    return Answer(status, {"error": details}, {**by_status.get(status, {}), **error.headers})


def _carry_out(state: State, call: Call, account: Account) -> Answer:
    if not account.may_reach(call.path):
        raise OntapError(6)
    context = Context(state, call, account, _confines(state, call, account))
    operations, many = _operations(context)
    allowed = sorted({*operations, "OPTIONS", *({"HEAD"} if "GET" in operations else ())})
    if call.method == "OPTIONS":
        return Answer(200, None, {"Allow": ", ".join(allowed)})
    if call.method not in allowed:
        raise OntapError(3, headers={"Allow": ", ".join(allowed)})
    if call.method in _WRITES and state.out_of_quorum and call.path.startswith("/api/security/ipsec"):
        raise OntapError(393271)
    if call.method in _WITHOUT_BODY and call.has_content and not (many and call.method == "DELETE"):
        raise OntapError(262198)
    # Last, so that nobody is asked to approve what can't be done anyway.
    if account.svm is None or state.unknowns.approval_of_svm_accounts == "needed":
        state.approvals.check(call)
    return operations["GET" if call.method == "HEAD" else call.method]()


def _operations(context: Context) -> tuple[dict[str, Callable[[], Answer]], bool]:
    """Return what the path of a request serves, by HTTP method, and whether the request is about many records.

    OntapError with status 404 for no path at all.
    """
    path = context.call.path
    for base, resource in _RESOURCES.items():
        if context.state.version < resource.since or not f"{path}/".startswith(f"{base}/"):
            continue
        uuid, _slash, superfluous = path.removeprefix(base).strip("/").partition("/")
        if not uuid:
            bulk = resource.bulk_handlers(context)
            handlers = {**resource.handlers(context), **bulk}
            return {method: _bound(handler, context) for method, handler in handlers.items()}, bool(bulk)
        below = resource.handlers_below(context, uuid, superfluous)
        instance = below or resource.instance_handlers(context)
        if not instance:
            continue
        if superfluous and not below:
            # Fact sheet 5.2: this code is seen with 404 for a superfluous path segment.
            raise OntapError(262179, message=f'Unexpected argument "{superfluous}"', status=404)
        return {method: _bound(handler, context, uuid) for method, handler in instance.items()}, False
    # The vendor's info module takes code 3 for "this release has no such API".
    raise OntapError(3, message="API not found", status=404)


def _bound(handler: Callable[..., Answer], *arguments: object) -> Callable[[], Answer]:
    return lambda: handler(*arguments)


def _confines(state: State, call: Call, account: Account) -> Record | None:
    """Return the SVM that a request may see: that of the account, or the one that it is tunnelled to (fact sheet 6)."""
    own = state.svms.get(account.svm or "")
    named = None
    for header, found in (("x-dot-svm-name", state.svm), ("x-dot-svm-uuid", state.svms.get)):
        if header in call.headers:
            svm = found(call.headers[header])
            if svm is None:
                raise OntapError(4, header, message=f'The SVM "{call.headers[header]}" does not exist', status=400)
            if named is not None and svm is not named:
                raise OntapError(262186, header, message="The headers name two SVMs")
            named = svm
    if own is not None and named is not None and named is not own:
        raise OntapError(6)
    return own or named
