# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a resource is to the dispatcher: a schema, and one function for each HTTP method that it serves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from . import body
from .access import Account
from .body import Operation
from .errors import OntapError
from .listing import Listing, projection
from .messages import Answer, Call
from .parameters import BULK, INSTANCE, SINGLE, WRITE, Parameters
from .query import Condition
from .schema import Record, Schema
from .search import Search, View
from .selection import Projection, select
from .state import State
from .versions import V9_6, Version


@dataclass(frozen=True)
class Context:
    """All that an operation looks at: the array, the request, who sent it, the SVM that it is confined to."""

    state: State
    call: Call
    account: Account
    svm: Record | None

    def sees(self, record: Record) -> bool:
        """Whether a record that belongs to an SVM, or to none, is within the confines."""
        return self.svm is None or record.get("svm.uuid") == self.svm["uuid"]


Handler = Callable[[Context], Answer]
InstanceHandler = Callable[[Context, str], Answer]


class Resource(ABC):
    """A resource below `schema.path`."""

    schema: Schema
    since: Version = V9_6
    links_itself: bool = True
    """Whether the schema of a record has a link to the record itself."""

    @abstractmethod
    def handlers(self, context: Context) -> Mapping[str, Handler]:
        """Return what the path itself serves, by HTTP method."""

    def instance_handlers(self, context: Context) -> Mapping[str, InstanceHandler]:
        """Return what a path with a UUID serves, by HTTP method; nothing where there are no such paths."""
        return {}

    def handlers_below(self, context: Context, uuid: str, rest: str) -> Mapping[str, InstanceHandler]:
        """Return what a path below that of a record serves, by HTTP method; nothing where there is no such path."""
        return {}

    def bulk_handlers(self, context: Context) -> Mapping[str, Handler]:
        """Return what the path serves of requests about many records, by HTTP method (fact sheet 4.3)."""
        return {}

    def view(self, context: Context) -> View:
        """Return how records are shown."""
        state = context.state
        self_links = self.links_itself or state.unknowns.self_links_in_records
        view = View(
            state.version,
            state.unknowns,
            state.page_size,
            self.schema.identifiers,
            self_links=self_links,
            search_rate=state.search_rate,
        )
        setting = state.unknowns.svm_of_own_account
        if context.svm is None or setting == "shown":
            return view
        owner = frozenset({"svm.name", "svm.uuid"})
        return replace(view, hidden=owner) if setting == "left_out" else replace(view, unset=owner)

    def shown(self, context: Context, record: Record) -> Answer:
        """Answer with one record: all of it unless `fields` says otherwise."""
        view = self.view(context)
        allowed = INSTANCE if self.schema.identifiers else SINGLE
        parameters = Parameters(context.call.parameters(), allowed, self.schema, view.version)
        parameters.refuse_filters(code=262179)
        parameters.controls["fields"] = parameters.controls.get("fields") or "*"
        return Answer(body=projection(context.call, self.schema, view, parameters)(record))

    def write_parameters(self, context: Context, code: int = 262179) -> Parameters:
        """Return the parameters of a write that takes no filters; OntapError with this code for one of them."""
        parameters = Parameters(context.call.parameters(), WRITE, self.schema, context.state.version)
        parameters.refuse_filters(code=code)
        return parameters

    def read_body(self, context: Context, parameters: Parameters, operation: Operation) -> Record:
        """Return what the body of a write sets."""
        state = context.state
        return body.read(
            context.call.json(),
            self.schema,
            operation,
            state.version,
            state.unknowns,
            ignore_unknown=parameters.ignores_unknown,
        )


class Collection(Resource):
    """Records that can be listed and read."""

    @abstractmethod
    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """Return the records within the confines; all that meet the conditions, and possibly others."""

    def handlers(self, context: Context) -> Mapping[str, Handler]:
        """See Resource."""
        return {"GET": self.get_all}

    def instance_handlers(self, context: Context) -> Mapping[str, InstanceHandler]:
        """See Resource."""
        return {"GET": self.get_one}

    def get_all(self, context: Context) -> Answer:
        """Answer a GET of the collection."""
        listing = Listing(context.call, self.schema, self.view(context))
        return listing.answer(lambda conditions: self.records(context, conditions))

    def find(self, context: Context, uuid: str) -> Record:
        """Return the record of this UUID; OntapError if there is none within the confines."""
        for record in self.records(context, []):
            if record[self.schema.key] == uuid:
                return record
        raise OntapError(4, "uuid")

    def get_one(self, context: Context, uuid: str) -> Answer:
        """Answer a GET of one record."""
        return self.shown(context, self.find(context, uuid))

    def write_matching(self, context: Context, write: Callable[[list[Record], Parameters], None]) -> Answer:
        """Answer a write to the records of the whole collection that match, as far as there is time (fact sheet 4.3)."""
        search = Search(context.call, self.schema, self.view(context), BULK)
        if not search.conditions:
            raise OntapError(262212, message="An operation on a collection needs at least one filter")
        found, more = search.found(lambda conditions: self.records(context, conditions))
        write(found, search.parameters)
        return search.linked(Answer(body={"num_records": len(found)}, exhausts_time=more is not None), more)

    def created(self, context: Context, parameters: Parameters, record: Record, *, by: str) -> Answer:
        """Answer a POST; `by` is the field that a Location without UUID has in its query (fact sheet 4.1)."""
        unknowns, path = context.state.unknowns, self.schema.path
        answer = Answer(201)
        location = {
            "full": f"{path}/{record[self.schema.key]}",
            "without_uuid": f"{path}/?{by}={quote(record[by])}",
        }
        if unknowns.location_header in location:
            answer.headers["Location"] = location[unknowns.location_header]
        if parameters.controls.get("return_records") and unknowns.post_returns_records:
            answer.body = {"num_records": 1, "records": [self.posted(context, record, parameters)]}
        return answer

    def posted(self, context: Context, record: Record, parameters: Parameters) -> dict[str, Any]:
        """Return the record as the answer to its creation shows it: whole only with return_records=true."""
        view = self.view(context)
        is_whole = parameters.controls.get("return_records") and view.unknowns.posted_record == "all"
        names = "*" if is_whole else ",".join(view.identifiers)
        wanted = select(names, self.schema, view.version, ignore_unknown=True) - view.hidden - view.unset
        return Projection.of(self.schema, wanted, links=context.call.hal, self_link=view.self_links)(record)


def nested(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a flat record in the nested form of the API, as a copy."""
    result: dict[str, Any] = {}
    for path, value in record.items():
        *parents, leaf = path.split(".")
        level = result
        for parent in parents:
            level = level.setdefault(parent, {})
        level[leaf] = value
    return result


def flat(record: Mapping[str, Any], prefix: str = "") -> Record:
    """Return a nested record, whose keys may be dotted too, as a flat one."""
    result: Record = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            result |= flat(value, f"{prefix}{name}.")
        else:
            result[prefix + name] = value
    return result
