# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a new policy goes: which SVM, or the cluster, and in which IPspace (fact sheet 4.5, 5.1, 6)."""

from __future__ import annotations

from .errors import OntapError
from .resource import Context
from .schema import Record
from .state import ADMIN_SVM, State


def owner(context: Context, given: Record) -> Record | None:
    """Return the SVM of a policy that is to be created, None for cluster scope."""
    state = context.state
    svm = named_svm(context, given)
    if svm is None:
        svm = context.svm
    if svm is None and state.unknowns.svm_implied_when_single and len(state.data_svms()) == 1:
        svm = state.data_svms()[0]
    admin = svm is None or svm["name"] == ADMIN_SVM
    if admin and state.metrocluster:
        raise OntapError(66257396, "svm")
    if (svm is None and state.unknowns.cluster_scope == "refused") or (svm is not None and admin):
        raise OntapError(66257117, "svm.name")
    _check_ipspace(state, given, svm)
    return svm


def check_writable(state: State, svm: Record | None) -> None:
    """Refuse to create or modify while the cluster or the SVM is in a condition that forbids it."""
    if state.mixed_version:
        raise OntapError(66257199)
    if state.low_ecv:
        raise OntapError(66257201)
    if svm is not None and svm["name"] in state.migrating_svms:
        raise OntapError(66257142, "svm.name")
    if not state.ipsec["enabled"] and state.unknowns.writes_while_disabled == "refused":
        raise OntapError(3, message="IPsec is not enabled", status=400)


def named_svm(
    context: Context, given: Record, unknown_name: int = 66257202, unknown_uuid: int = 66257203
) -> Record | None:
    """Return the SVM that the body names; one that is not the SVM of the account is a mismatch (fact sheet 6)."""
    svms = context.state.svms
    name, uuid = given.get("svm.name"), given.get("svm.uuid")
    if name is None and uuid is None:
        return None
    by_name = context.state.svm(name) if name is not None else None
    by_uuid = svms.get(uuid) if uuid is not None else None
    if context.svm is not None and any(svm is not context.svm for svm in (by_name, by_uuid) if svm is not None):
        raise OntapError(262186, "svm", message="The SVM is not the one that the request is confined to")
    if name is not None and by_name is None:
        raise OntapError(unknown_name, "svm.name")
    if uuid is not None and by_uuid is None:
        raise OntapError(unknown_uuid, "svm.uuid")
    if by_name is not None and by_uuid is not None and by_name is not by_uuid:
        raise OntapError(unknown_uuid, "svm.uuid", message="Name and UUID of the SVM disagree")
    return by_name or by_uuid


def _check_ipspace(state: State, given: Record, svm: Record | None) -> None:
    name, uuid = given.get("ipspace.name"), given.get("ipspace.uuid")
    if name is None and uuid is None:
        return
    found = [
        ipspace
        for ipspace in state.ipspaces.values()
        if name in (None, ipspace["name"]) and uuid in (None, ipspace["uuid"])
    ]
    if not found:
        known_name = any(ipspace["name"] == name for ipspace in state.ipspaces.values())
        disagree = known_name and uuid in state.ipspaces
        raise OntapError(66257204 if disagree else 262197, "ipspace.uuid" if name is None else "ipspace.name")
    if svm is not None and found[0]["uuid"] != svm["ipspace.uuid"]:
        raise OntapError(66257205, "ipspace.name")
