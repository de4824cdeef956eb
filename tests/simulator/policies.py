# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource /api/security/ipsec/policies (fact sheet 1 to 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from . import body, credentials, traffic
from .body import Operation
from .errors import OntapError, not_found
from .listing import Listing, View, matching
from .messages import Answer
from .ownership import check_writable, owner
from .parameters import BULK, WRITE, Parameters
from .policy_schema import PATH, POLICY
from .query import Condition
from .resource import Collection, Context, Handler, InstanceHandler
from .schema import Record
from .selection import Projection, select
from .state import State, new_uuid
from .versions import V9_8, V9_16_1


class PolicyCollection(Collection):
    """IPsec policies."""

    schema = POLICY
    since = V9_8

    def handlers(self, context: Context) -> Mapping[str, Handler]:
        """See Resource; query-based PATCH and DELETE are in the bindings of 9.16.1 (fact sheet 4.3)."""
        handlers = {"GET": self.get_all, "POST": self.create}
        if context.state.version >= V9_16_1:
            handlers |= {"PATCH": self.modify_matching, "DELETE": self.delete_matching}
        return handlers

    def instance_handlers(self, context: Context) -> Mapping[str, InstanceHandler]:
        """See Resource."""
        return {"GET": self.get_one, "PATCH": self.modify, "DELETE": self.delete}

    # --- reading ---

    def view(self, context: Context) -> View:
        """Return how policies are shown."""
        unknowns = context.state.unknowns
        hidden = set()
        if not unknowns.family_on_read:
            hidden |= {"local_endpoint.family", "remote_endpoint.family"}
        if not unknowns.ipspace_on_read:
            hidden |= {"ipspace.name", "ipspace.uuid"}
        return replace(
            super().view(context),
            identifiers=unknowns.brief_default_fields,
            hidden=frozenset(hidden),
            self_links=unknowns.self_links_in_records,
        )

    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """Return the policies within the confines; those of one name without a search when that is asked for."""
        policies = context.state.policies
        name = next((condition.exact for condition in conditions if condition.path == "name"), None)
        candidates = policies.all() if name is None else policies.named(name)
        return candidates if context.svm is None else filter(context.sees, candidates)

    def get_all(self, context: Context) -> Answer:
        """Answer a GET of the collection, which may say nothing while IPsec is disabled (fact sheet 9.2)."""
        behaviour = "normal" if context.state.ipsec["enabled"] else context.state.unknowns.while_disabled
        if behaviour == "error":
            raise OntapError(3, message="This operation is supported only while IPsec is enabled", status=400)
        listing = Listing(context.call, POLICY, self.view(context))
        return listing.answer(lambda conditions: [] if behaviour == "empty" else self.records(context, conditions))

    def find(self, context: Context, uuid: str) -> Record:
        """Return the policy of this UUID."""
        record = context.state.policies.get(uuid)
        if record is None or not context.sees(record):
            raise not_found(context.state.version)
        return record

    # --- creating ---

    def create(self, context: Context) -> Answer:
        """Answer a POST."""
        state = context.state
        parameters = Parameters(context.call.parameters(), WRITE, POLICY, state.version)
        parameters.refuse_filters(code=262211)
        record = self._new_record(context, self._read(context, parameters, Operation.CREATE))
        state.policies.put(record)

        answer = Answer(201)
        location = {"full": f"{PATH}/{record['uuid']}", "without_uuid": f"{PATH}/?name={quote(record['name'])}"}
        if state.unknowns.location_header in location:
            answer.headers["Location"] = location[state.unknowns.location_header]
        if parameters.controls.get("return_records") and state.unknowns.post_returns_records:
            answer.body = {"num_records": 1, "records": [self._posted(context, record)]}
        return answer

    def _read(self, context: Context, parameters: Parameters, operation: Operation) -> Record:
        state = context.state
        return body.read(
            context.call.json(),
            POLICY,
            operation,
            state.version,
            state.unknowns,
            ignore_unknown=parameters.ignores_unknown,
        )

    def _new_record(self, context: Context, given: Record) -> Record:
        """Return the record that a POST makes; the order of the checks is ours."""
        state, version, unknowns = context.state, context.state.version, context.state.unknowns
        _check_name(given.get("name"), state)
        svm = owner(context, given)
        check_writable(state, svm)
        record: Record = {
            "uuid": new_uuid(),
            "name": given["name"],
            "scope": "cluster" if svm is None else "svm",
            "action": _action(given, state),
            "enabled": given.get("enabled") is not False,
            "protocol": traffic.protocol(given.get("protocol"), unknowns),
        }
        if svm is not None:
            record |= {"svm.name": svm["name"], "svm.uuid": svm["uuid"]}
            record |= {path: svm[path] for path in ("ipspace.name", "ipspace.uuid")}
        for side in (traffic.LOCAL, traffic.REMOTE):
            record |= traffic.endpoint(side, given, None, version, unknowns)
        traffic.check_pair(record, unknowns)
        record |= credentials.for_create(record["action"], given, state.certificates.values(), svm, version, unknowns)
        _check_room(state, record)
        return record

    def _posted(self, context: Context, record: Record) -> dict[str, Any]:
        """Return the record as a POST with return_records=true shows it."""
        view = self.view(context)
        names = "*" if view.unknowns.posted_record == "all" else ",".join(view.identifiers)
        wanted = select(names, POLICY, view.version, ignore_unknown=True) - view.hidden
        return Projection.of(POLICY, wanted, links=context.call.hal, self_link=view.self_links)(record)

    # --- changing ---

    def modify(self, context: Context, uuid: str) -> Answer:
        """Answer a PATCH of one policy."""
        parameters = self._write_parameters(context)
        record = self.find(context, uuid)
        given = self._read(context, parameters, Operation.MODIFY)
        context.state.policies.put(self._changed(context, record, given))
        return Answer()

    def delete(self, context: Context, uuid: str) -> Answer:
        """Answer a DELETE of one policy."""
        self._write_parameters(context)
        context.state.policies.remove(self.find(context, uuid)["uuid"])
        return Answer()

    def _write_parameters(self, context: Context) -> Parameters:
        parameters = Parameters(context.call.parameters(), WRITE, POLICY, context.state.version)
        parameters.refuse_filters(code=262179)
        return parameters

    def _changed(self, context: Context, record: Record, given: Record) -> Record:
        """Return a policy as it is after a PATCH."""
        state, version, unknowns = context.state, context.state.version, context.state.unknowns
        if not given:
            raise OntapError(262190)
        svm = state.svms.get(record.get("svm.uuid", ""))
        check_writable(state, svm)
        changes: Record = {}
        if "enabled" in given:
            changes["enabled"] = given["enabled"] is not False
        if "protocol" in given:
            changes["protocol"] = traffic.protocol(given["protocol"], unknowns)
        endpoints: Record = {}
        for side in (traffic.LOCAL, traffic.REMOTE):
            endpoints |= traffic.endpoint(side, given, record, version, unknowns)
        if endpoints:
            traffic.check_pair({**record, **endpoints}, unknowns)
        changes |= endpoints
        changes |= credentials.for_modify(record, given, state.certificates.values(), svm, version)
        return {path: value for path, value in {**record, **changes}.items() if value is not None}

    # --- all that match a query (fact sheet 4.3): what happens to a client that loses a UUID ---

    def modify_matching(self, context: Context) -> Answer:
        """Answer a PATCH of the collection."""
        records, parameters = self._matching(context)
        given = self._read(context, parameters, Operation.MODIFY)
        changed = [self._changed(context, record, given) for record in records]
        for record in changed:
            context.state.policies.put(record)
        return Answer(body={"num_records": len(changed)})

    def delete_matching(self, context: Context) -> Answer:
        """Answer a DELETE of the collection."""
        records, _parameters = self._matching(context)
        for record in records:
            context.state.policies.remove(record["uuid"])
        return Answer(body={"num_records": len(records)})

    def _matching(self, context: Context) -> tuple[list[Record], Parameters]:
        state = context.state
        parameters = Parameters(context.call.parameters(), BULK, POLICY, state.version)
        conditions = parameters.conditions(state.unknowns)
        if not conditions:
            raise OntapError(262212, message="An operation on a collection needs at least one filter")
        hidden = self.view(context).hidden
        return matching(self.records(context, conditions), conditions, hidden), parameters


def _check_name(name: str | None, state: State) -> None:
    """Check a name: never longer than 64 bytes, ASCII only from 9.16.1 on (fact sheet 1.1, 5.1)."""
    if name is None:
        raise OntapError(262212, "name", message='The field "name" is required')
    if not 1 <= len(name.encode()) <= 64 or (state.version >= V9_16_1 and not name.isascii()):
        raise OntapError(66257148, "name")


def _action(given: Record, state: State) -> str:
    action = given.get("action")
    if action is None and state.unknowns.default_action == "required":
        raise OntapError(262212, "action", message='The field "action" is required')
    return action or state.unknowns.default_action


def _check_room(state: State, record: Record) -> None:
    """Check that the name is free, and that neither the SVM nor the cluster is full (fact sheet 4.5)."""
    owner_uuid = record.get("svm.uuid")
    for other in state.policies.named(record["name"]):
        same_name = other["name"] == record["name"] or not state.unknowns.names_unique_case
        if same_name and other.get("svm.uuid") == owner_uuid:
            raise OntapError(66257104, "name")
    if state.policy_limit_cluster is not None and len(state.policies) >= state.policy_limit_cluster:
        raise OntapError(66257130)
    if state.policy_limit_per_svm is not None:
        on_svm = sum(other.get("svm.uuid") == owner_uuid for other in state.policies.all())
        if on_svm >= state.policy_limit_per_svm:
            raise OntapError(66257121, "svm.name")
