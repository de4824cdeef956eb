# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource /api/security/ipsec/policies (fact sheet 1 to 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from . import credentials, traffic
from .body import Operation
from .bulk import BulkCollection
from .checks import Checks
from .errors import OntapError, not_found
from .listing import Listing
from .messages import Answer
from .ownership import check_writable, owner
from .parameters import Parameters
from .policy_schema import POLICY
from .query import Condition
from .resource import Context, Handler, InstanceHandler
from .schema import Record
from .search import View
from .state import State, new_uuid
from .versions import V9_8, V9_16_1


class PolicyCollection(BulkCollection):
    """IPsec policies."""

    schema = POLICY
    since = V9_8
    links_itself = False

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
        view, unknowns = super().view(context), context.state.unknowns
        unset = set(view.unset)
        if not unknowns.family_on_read:
            unset |= {"local_endpoint.family", "remote_endpoint.family"}
        if not unknowns.ipspace_on_read:
            unset |= {"ipspace.name", "ipspace.uuid"}
        return replace(view, identifiers=unknowns.brief_default_fields, unset=frozenset(unset))

    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """Return the policies within the confines; those of one name without a search when that is asked for."""
        policies = context.state.policies
        name = next((condition.exact for condition in conditions if condition.path == "name"), None)
        candidates = policies.all() if name is None else policies.named(name)
        return candidates if context.svm is None else filter(context.sees, candidates)

    def get_all(self, context: Context) -> Answer:
        """Answer a GET of the collection, which may say nothing while IPsec is disabled (fact sheet 9.2)."""
        shows = self._shows_policies(context)
        listing = Listing(context.call, POLICY, self.view(context))
        return listing.answer(lambda conditions: self.records(context, conditions) if shows else [])

    def get_one(self, context: Context, uuid: str) -> Answer:
        """Answer a GET of one policy, which a listing that is empty does not have either."""
        if not self._shows_policies(context):
            raise not_found(context.state.version)
        return super().get_one(context, uuid)

    def _shows_policies(self, context: Context) -> bool:
        """Whether a read finds policies; OntapError where it is refused while IPsec is disabled."""
        state = context.state
        if state.ipsec["enabled"] or state.unknowns.while_disabled == "normal":
            return True
        if state.unknowns.while_disabled == "error":
            raise OntapError(3, message="This operation is supported only while IPsec is enabled", status=400)
        return False

    def find(self, context: Context, uuid: str) -> Record:
        """Return the policy of this UUID."""
        record = context.state.policies.get(uuid)
        if record is None or not context.sees(record):
            raise not_found(context.state.version)
        return record

    # --- creating ---

    def create(self, context: Context) -> Answer:
        """Answer a POST."""
        parameters = self.write_parameters(context, code=262211)
        return self.created(context, parameters, self.add(context, parameters), by="name")

    def add(self, context: Context, parameters: Parameters) -> Record:
        """See BulkCollection."""
        record = self._new_record(context, self.read_body(context, parameters, Operation.CREATE))
        context.state.put_policy(record)
        return record

    def _new_record(self, context: Context, given: Record) -> Record:
        """Return the record that a POST makes; the order of the checks is ours."""
        state, version, unknowns = context.state, context.state.version, context.state.unknowns
        checks = Checks(unknowns)
        record: Record = {"uuid": new_uuid(), "name": given.get("name", ""), "scope": "cluster"}
        record |= {"action": "esp_transport", "enabled": given.get("enabled") is not False}
        record |= {path: value for path, value in POLICY.as_given(given).items() if value is not None}
        svm = None
        with checks:
            _check_name(given.get("name"), state)
        with checks:
            svm = owner(context, given)
        with checks:
            check_writable(state, svm)
        with checks:
            record["action"] = _action(given, state)
        with checks:
            record["protocol"] = traffic.protocol(given.get("protocol"), unknowns)
        if svm is not None:
            record |= {"scope": "svm", "svm.name": svm["name"], "svm.uuid": svm["uuid"]}
            record |= {path: svm[path] for path in ("ipspace.name", "ipspace.uuid")}
        for side in (traffic.LOCAL, traffic.REMOTE):
            with checks:
                record |= traffic.endpoint(side, given, None, version, unknowns)
        with checks:
            traffic.check_pair(record, unknowns)
        with checks:
            authentication = credentials.for_create(
                record["action"], given, state.certificates.values(), svm, version, unknowns
            )
            record |= authentication
            credentials.check_identities(record, unknowns)
        with checks:
            _check_room(state, record)
        checks.report()
        return record

    # --- changing ---

    def modify(self, context: Context, uuid: str) -> Answer:
        """Answer a PATCH of one policy."""
        parameters = self.write_parameters(context)
        record = self.find(context, uuid)
        given = self.read_body(context, parameters, Operation.MODIFY)
        context.state.put_policy(self._changed(context, record, given))
        return Answer()

    def delete(self, context: Context, uuid: str) -> Answer:
        """Answer a DELETE of one policy."""
        self.write_parameters(context)
        context.state.remove_policy(self.find(context, uuid)["uuid"])
        return Answer()

    def _changed(self, context: Context, record: Record, given: Record) -> Record:
        """Return a policy as it is after a PATCH."""
        state, version, unknowns = context.state, context.state.version, context.state.unknowns
        if not given:
            raise OntapError(262190)
        checks = Checks(unknowns)
        svm = state.svms.get(record.get("svm.uuid", ""))
        with checks:
            check_writable(state, svm)
        changes = POLICY.as_given(given)
        if "enabled" in given:
            changes["enabled"] = given["enabled"] is not False
        if "protocol" in given:
            with checks:
                changes["protocol"] = traffic.protocol(given["protocol"], unknowns)
        endpoints: Record = {}
        for side in (traffic.LOCAL, traffic.REMOTE):
            with checks:
                endpoints |= traffic.endpoint(side, given, record, version, unknowns)
        if endpoints:
            with checks:
                traffic.check_pair({**record, **endpoints}, unknowns)
        changes |= endpoints
        with checks:
            changes |= credentials.for_modify(record, given, state.certificates.values(), svm, version)
        changed = {path: value for path, value in {**record, **changes}.items() if value is not None}
        if endpoints or "remote_identity" in given:
            with checks:
                credentials.check_identities(changed, unknowns)
        checks.report()
        return changed

    # --- many at a time ---

    def stored(self, context: Context, uuid: str) -> Record | None:
        """See BulkCollection."""
        return context.state.policies.get(uuid)

    def put_back(self, context: Context, uuid: str, record: Record | None) -> None:
        """See BulkCollection."""
        if record is None:
            context.state.remove_policy(uuid)
        else:
            context.state.put_policy(record)

    # --- all that match a query (fact sheet 4.3): what happens to a client that loses a UUID ---

    def modify_matching(self, context: Context) -> Answer:
        """Answer a PATCH of the collection."""

        def write(records: list[Record], parameters: Parameters) -> None:
            given = self.read_body(context, parameters, Operation.MODIFY)
            for changed in [self._changed(context, record, given) for record in records]:
                context.state.put_policy(changed)

        return self.write_matching(context, write)

    def delete_matching(self, context: Context) -> Answer:
        """Answer a DELETE of the collection."""

        def write(records: list[Record], parameters: Parameters) -> None:
            for record in records:
                context.state.remove_policy(record["uuid"])

        return self.write_matching(context, write)


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
