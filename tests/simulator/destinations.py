# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource /api/support/ems/destinations: where events are sent to (fact sheet 7.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from .body import Operation
from .errors import OntapError
from .messages import Answer
from .query import Condition
from .resource import Collection, Context, Handler, InstanceHandler
from .schema import Field, Kind, Record, Schema
from .state import State
from .versions import V9_6, V9_10_1, V9_11_1, V9_12_1

_TYPES = ("snmp", "email", "syslog", "rest_api")
_CERTIFICATE = ("certificate.ca", "certificate.serial_number")
_SYSLOG = (
    "syslog.transport",
    *(f"syslog.format.{one}" for one in ("message", "timestamp_override", "hostname_override")),
)
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9_])")


class EmsDestinations(Collection):
    """Where events are sent to; a destination is known by its name, and belongs to the cluster."""

    schema = Schema(
        "/api/support/ems/destinations",
        [
            Field("name", create=True),
            Field("type", Kind.WORD, words=dict.fromkeys(_TYPES, V9_6), create=True),
            Field("destination", create=True, modify=True),
            Field("filters", Kind.NAMES, create=True, modify=True),
            *(Field(path, create=True, modify=True) for path in _CERTIFICATE),
            Field("certificate.name", since=V9_11_1),
            *(Field(path, since=V9_12_1, create=True, modify=True) for path in _SYSLOG),
            Field("syslog.port", Kind.NUMBER, since=V9_12_1, create=True, modify=True),
            Field("system_defined", Kind.FLAG, since=V9_10_1),
        ],
        identifiers=("name",),
        key="name",
        order=(),
    )

    def handlers(self, context: Context) -> Mapping[str, Handler]:
        """See Resource."""
        return {"GET": self.get_all, "POST": self.create}

    def instance_handlers(self, context: Context) -> Mapping[str, InstanceHandler]:
        """See Resource."""
        return {"GET": self.get_one, "PATCH": self.modify, "DELETE": self.delete}

    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """See Collection; they are the cluster's business, and the path is none for accounts of an SVM."""
        if context.svm is not None:
            raise OntapError(6)
        return context.state.destinations.values()

    def create(self, context: Context) -> Answer:
        """Answer a POST; the order of the checks is ours."""
        state = context.state
        self.records(context, [])
        parameters = self.write_parameters(context, code=262211)
        given = {path: value for path, value in self.read_body(context, parameters, Operation.CREATE).items() if value}
        name = given.get("name", "")
        if not _NAME.fullmatch(name):
            raise OntapError(983182 if name and " " not in name else 983181 if name else 983180, "name")
        for path in ("type", "destination"):
            if path not in given:
                raise OntapError(262212, path, message=f'The field "{path}" is required')
        if given["type"] == "snmp":
            raise OntapError(983149, "type")
        if name in state.destinations:
            raise OntapError(1, "name", message="duplicate entry")
        record = {"filters": [], "system_defined": False, **given}
        _check(record, state)
        state.destinations[name] = record
        return self.created(context, parameters, record, by="name")

    def modify(self, context: Context, name: str) -> Answer:
        """Answer a PATCH: the list of filters that it has takes the place of the one before."""
        record = self._changeable(context, name)
        parameters = self.write_parameters(context)
        given = self.read_body(context, parameters, Operation.MODIFY)
        if not given:
            raise OntapError(262190)
        if given.get("destination") == "":
            raise OntapError(983179, "destination")
        changed = {path: value for path, value in {**record, **given}.items() if value is not None}
        _check(changed, context.state)
        context.state.destinations[name] = changed
        return Answer()

    def delete(self, context: Context, name: str) -> Answer:
        """Answer a DELETE."""
        self._changeable(context, name)
        self.write_parameters(context)
        del context.state.destinations[name]
        return Answer()

    def find(self, context: Context, uuid: str) -> Record:
        """See Collection: by name."""
        for record in self.records(context, []):
            if record["name"] == uuid:
                return record
        raise OntapError(4, "name")

    def _changeable(self, context: Context, name: str) -> Record:
        record = self.find(context, name)
        if record["system_defined"]:
            raise OntapError(983152, "name")
        return record


def _check(record: Record, state: State) -> None:
    """Check what a destination would be."""
    for one in record["filters"]:
        if one["name"] not in state.event_filters:
            raise OntapError(983107, "filters.name")
    certificate = [path for path in _CERTIFICATE if record.get(path)]
    if record["type"] != "rest_api":
        if certificate:
            raise OntapError(983184, "certificate")
        return
    if any(path.startswith("syslog.") for path in record):
        raise OntapError(983184, "syslog")
    try:
        url = urlsplit(record["destination"])
        port_is_fine = url.port is None or url.port > 0
    except ValueError:
        raise OntapError(983131 if "[" in record["destination"] else 983130, "destination") from None
    if url.scheme not in ("http", "https"):
        raise OntapError(983129, "destination")
    if not (url.hostname and port_is_fine):
        raise OntapError(983130, "destination")
    if len(certificate) == 1:
        raise OntapError(983144, "certificate")
    if certificate:
        if url.scheme == "http":
            raise OntapError(983145, "certificate")
        _check_installed(record, state)


def _check_installed(record: Record, state: State) -> None:
    """Check that the certificate with which the array would prove who it is, is there."""
    wanted = [record[path] for path in _CERTIFICATE]
    for one in state.certificates.values():
        if one["type"] == "client" and [one.get("ca"), one.get("serial_number")] == wanted:
            record["certificate.name"] = one["name"]
            return
    raise OntapError(983153, "certificate")
