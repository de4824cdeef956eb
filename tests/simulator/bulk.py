# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many records in one body: a job writes one after the other, and takes back what it can (fact sheet 4.3)."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from .errors import OntapError, describe
from .jobs import Job
from .messages import Answer, Call
from .parameters import BULK, LISTING, RESULTS, Parameters
from .resource import Collection, Context, Handler, nested
from .schema import Record
from .versions import V9_10_1


class BulkCollection(Collection):
    """A collection whose records can be written many at a time."""

    bulk_methods: tuple[str, ...] = ("POST", "PATCH", "DELETE")

    @abstractmethod
    def add(self, context: Context, parameters: Parameters) -> Record:
        """Create the record that the body of a request describes, and return it; OntapError if that can't be."""

    @abstractmethod
    def modify(self, context: Context, uuid: str) -> Answer:
        """Answer a PATCH of one record."""

    @abstractmethod
    def delete(self, context: Context, uuid: str) -> Answer:
        """Answer a DELETE of one record."""

    @abstractmethod
    def stored(self, context: Context, uuid: str) -> Record | None:
        """Return a record as it is stored, None if there is none."""

    @abstractmethod
    def put_back(self, context: Context, uuid: str, record: Record | None) -> None:
        """Store a record as it was, None if there was none."""

    def bulk_handlers(self, context: Context) -> Mapping[str, Handler]:
        """See Resource."""
        call = context.call
        if context.state.version < V9_10_1:
            return {}
        if call.method == "GET" and RESULTS in call.query():
            return {"GET": self.results}
        return dict.fromkeys(self.bulk_methods, self.write_many) if call.has_records else {}

    def write_many(self, context: Context) -> Answer:
        """Answer a write with records; what is wrong with one of them is for the job to tell, unless it can't be read."""
        call, state = context.call, context.state
        parameters = Parameters(call.parameters(), BULK, self.schema, state.version)
        parameters.refuse_filters(code=262211 if call.method == "POST" else 262186)
        items = _items(call, () if call.method == "POST" else (self.schema.key,))
        run = _Run(self, context, items, parameters)
        job = Job(f"{call.method} {call.path}", run.carry_out, results=run.results, collection=self.schema.path)
        state.jobs.add(job)
        results = f"{self.schema.path}?{RESULTS}={job.uuid}"
        shown: dict[str, Any] = {"uuid": job.uuid}
        if call.hal:
            shown["_links"] = {"self": {"href": f"/api/cluster/jobs/{job.uuid}"}, "results": {"href": results}}
        return Answer(202, {"job": shown}, {"Location": results} if call.method == "POST" else {})

    def results(self, context: Context) -> Answer:
        """Answer a GET of what a job has done: the records, and why others failed."""
        parameters = Parameters(context.call.parameters(), LISTING | {RESULTS}, self.schema, context.state.version)
        parameters.refuse_filters(code=262186)
        job = context.state.jobs.get(parameters.controls[RESULTS])
        if job is None or job.results is None or job.collection != self.schema.path:
            raise OntapError(262294, RESULTS)
        # An account that may not look at jobs moves them on by looking here.
        job.poll()
        if not job.is_finished:
            raise OntapError(262293, RESULTS)
        return Answer(body=dict(job.results))


def _items(call: Call, needed: tuple[str, ...]) -> list[Record]:
    """Return the records of a body; OntapError at once for what can't be read as such."""
    body = call.json()
    records = body.pop("records")
    if body:
        raise OntapError(262186, next(iter(body)))
    if not isinstance(records, list):
        raise OntapError(262254, "records")
    for record in records:
        if not isinstance(record, dict):
            raise OntapError(262200, "records")
        for path in needed:
            if not isinstance(_taken(dict(record), path), str):
                raise OntapError(262212, path, message=f'The field "{path}" is required in each record')
    return records


def _taken(record: dict[str, Any], path: str) -> Any:
    """Take a value out of a body, in which "a.b": 1 means the same as "a": {"b": 1}."""
    if path in record:
        return record.pop(path)
    parent, _dot, leaf = path.partition(".")
    level = record.get(parent)
    return level.get(leaf) if leaf and isinstance(level, dict) else None


@dataclass
class _Run:
    """What a job does with the records of one request, and what became of it."""

    resource: BulkCollection
    context: Context
    items: list[Record]
    parameters: Parameters
    results: dict[str, Any] = field(default_factory=lambda: {"records": [], "num_records": 0})
    _before: list[tuple[str, Record | None]] = field(default_factory=list)

    def carry_out(self) -> None:
        """Write the records; OntapError if one could not be written, and then what was written is taken back or not."""
        method = self.context.call.method
        goes_on = method == "DELETE" or self.parameters.controls.get("continue_on_failure")
        errors: list[dict[str, Any]] = []
        for item in self.items:
            try:
                self._write(method, dict(item))
            except OntapError as error:
                state = self.context.state
                errors.append(describe(error, state.version, state.unknowns)[1])
                if not goes_on:
                    break
        if errors and not goes_on:
            self._take_back()
        self.results["num_records"] = len(self.results["records"])
        if errors:
            self.results["errors"] = errors
            raise OntapError(262288 if self.results["records"] else 262287)

    def _write(self, method: str, item: dict[str, Any]) -> None:
        resource, path = self.resource, self.resource.schema.path
        if method == "POST":
            record = resource.add(self._single(path, item), self.parameters)
            self._before.append((record[resource.schema.key], None))
            self.results["records"].append(resource.posted(self.context, record, self.parameters))
            return
        uuid = str(_taken(item, resource.schema.key))
        context = self._single(f"{path}/{quote(uuid, safe='')}", item)
        before = resource.stored(context, uuid)
        if method == "PATCH":
            resource.modify(context, uuid)
        else:
            resource.delete(context, uuid)
        self._before.append((uuid, before))
        self.results["records"].append(nested({resource.schema.key: uuid}))

    def _single(self, target: str, item: dict[str, Any]) -> Context:
        """Return the request that would write this record alone; a DELETE has nothing to say of it but where it is."""
        call = self.context.call
        content = b"" if call.method == "DELETE" else json.dumps(item).encode()
        return replace(self.context, call=replace(call, target=target, content=content))

    def _take_back(self) -> None:
        for uuid, record in reversed(self._before):
            self.resource.put_back(self.context, uuid, record)
        self.results["records"] = []
