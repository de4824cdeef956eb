# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resources around the policies, as far as clients of them look there (fact sheet 6, 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .errors import OntapError
from .jobs import JOB
from .query import Condition
from .resource import Collection, Context, Handler, Resource
from .schema import Field, Kind, Link, Record, Schema

_VERSION = [
    Field("version.full"),
    Field("version.generation", Kind.NUMBER),
    Field("version.major", Kind.NUMBER),
    Field("version.minor", Kind.NUMBER),
]


def _release(context: Context) -> Record:
    """Return the version as /api/cluster shows it (fact sheet 6)."""
    generation, major, minor = context.state.version
    full = f"NetApp Release {context.state.version_text}: Thu Jan 01 00:00:00 UTC 2026"
    return {"version.full": full, "version.generation": generation, "version.major": major, "version.minor": minor}


class Cluster(Resource):
    """The cluster: one object, which every client asks for its version."""

    schema = Schema(
        "/api/cluster",
        [Field("uuid"), Field("name"), Field("location"), Field("contact"), *_VERSION],
    )

    def handlers(self, context: Context) -> Mapping[str, Handler]:
        """See Resource."""
        return {"GET": lambda context: self.shown(context, {**context.state.cluster, **_release(context)})}


class Nodes(Collection):
    """The nodes of the cluster."""

    schema = Schema(
        "/api/cluster/nodes", [Field("uuid"), Field("name"), Field("state"), *_VERSION], identifiers=("uuid", "name")
    )

    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """See Collection."""
        down = {"state": "unknown"}
        return (
            {**node, **_release(context), **(down if node["name"] in context.state.out_of_quorum else {})}
            for node in context.state.nodes.values()
        )


class Jobs(Collection):
    """Jobs; looking at one is what moves it on."""

    schema = JOB

    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """See Collection."""
        return context.state.jobs.records()

    def find(self, context: Context, uuid: str) -> Record:
        """Return a job after one more poll."""
        job = context.state.jobs.get(uuid)
        if job is None:
            raise OntapError(4, "uuid")
        return job.poll()


class Svms(Collection):
    """The SVMs that serve data."""

    schema = Schema(
        "/api/svm/svms",
        [
            Field("uuid"),
            Field("name"),
            Field("state"),
            Field("subtype"),
            Field("ipspace.name"),
            Field("ipspace.uuid"),
        ],
        identifiers=("uuid", "name"),
        links=[Link("ipspace", "/api/network/ipspaces/{uuid}")],
    )

    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """See Collection."""
        return [svm for svm in context.state.data_svms() if context.svm is None or svm is context.svm]


class Ipspaces(Collection):
    """The IPspaces."""

    schema = Schema("/api/network/ipspaces", [Field("uuid"), Field("name")], identifiers=("uuid", "name"))

    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """See Collection."""
        return context.state.ipspaces.values()


ALL: tuple[type[Resource], ...] = (Cluster, Nodes, Jobs, Svms, Ipspaces)
