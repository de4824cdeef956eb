# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resources of the event management system below /api/support/ems (fact sheet 7.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from .errors import OntapError
from .events import SEVERITIES
from .query import Condition
from .resource import Collection, Context, InstanceHandler, Resource
from .schema import Field, Kind, Link, Record, Schema
from .search import View
from .versions import V9_6

_SEVERITY = "message.severity"


class EmsEvents(Collection):
    """What has happened, the newest first; nobody writes it."""

    schema = Schema(
        "/api/support/ems/events",
        [
            Field("node.name"),
            Field("node.uuid"),
            Field("index", Kind.NUMBER),
            Field("time", Kind.TIME),
            Field("message.name"),
            Field(_SEVERITY, Kind.WORD, words=dict.fromkeys(SEVERITIES, V9_6)),
            Field("log_message"),
            Field("parameters"),
            Field("source"),
        ],
        identifiers=("node", "index"),
        links=[Link("node", "/api/cluster/nodes/{uuid}")],
        key="key",
        order=("newness",),
    )

    def view(self, context: Context) -> View:
        """See Resource; a listing that names no fields has all but the parameters (the client's field list)."""
        view = super().view(context)
        if "fields" in context.call.parameters():
            return view
        return replace(view, identifiers=("node", "index", "time", "message", "log_message"))

    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """See Collection; events to debug with are for who asks for a severity."""
        if context.svm is not None and context.state.unknowns.events_of_svm_accounts == "refused":
            raise OntapError(6)
        every = _SEVERITY in context.call.parameters()
        return [one for one in context.state.events.all() if every or one[_SEVERITY] != "debug"]

    def instance_handlers(self, context: Context) -> Mapping[str, InstanceHandler]:
        """See Resource: an event is linked by node and index, and the vendor's client reads none."""
        return {}


ALL: tuple[type[Resource], ...] = (EmsEvents,)
