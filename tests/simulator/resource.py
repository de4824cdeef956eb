# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a resource is to the dispatcher: a schema, and one function for each HTTP method that it serves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .access import Account
from .errors import OntapError
from .listing import Listing, View, projection
from .messages import Answer, Call
from .parameters import INSTANCE, SINGLE, Parameters
from .query import Condition
from .schema import Record, Schema
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

    @abstractmethod
    def handlers(self, context: Context) -> Mapping[str, Handler]:
        """Return what the path itself serves, by HTTP method."""

    def instance_handlers(self, context: Context) -> Mapping[str, InstanceHandler]:
        """Return what a path with a UUID serves, by HTTP method; nothing where there are no such paths."""
        return {}

    def view(self, context: Context) -> View:
        """Return how records are shown."""
        state = context.state
        return View(state.version, state.unknowns, state.page_size, self.schema.identifiers)

    def shown(self, context: Context, record: Record) -> Answer:
        """Answer with one record: all of it unless `fields` says otherwise."""
        view = self.view(context)
        allowed = INSTANCE if self.schema.identifiers else SINGLE
        parameters = Parameters(context.call.parameters(), allowed, self.schema, view.version)
        parameters.refuse_filters(code=262179)
        parameters.controls["fields"] = parameters.controls.get("fields") or "*"
        return Answer(body=projection(context.call, self.schema, view, parameters)(record))


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
            if record["uuid"] == uuid:
                return record
        raise OntapError(4, "uuid")

    def get_one(self, context: Context, uuid: str) -> Answer:
        """Answer a GET of one record."""
        return self.shown(context, self.find(context, uuid))


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
