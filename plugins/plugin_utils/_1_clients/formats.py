# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All ways to configure a client, and rendering in one of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ...module_utils._0_basics import identities
from .connections import Client, Connection, place
from .libreswan import LIBRESWAN
from .nmstate import NMSTATE
from .rendering import File, Format
from .strongswan import STRONGSWAN
from .windows import WINDOWS

FORMATS: dict[str, Format] = {one.name: one for one in (STRONGSWAN, LIBRESWAN, WINDOWS, NMSTATE)}


def misfits(way: Format, client: Client, connections: Sequence[Connection]) -> list[str]:
    """Why some connections can't be rendered in a format, for each of their policies; empty if all can."""
    unfit = [(one, reason) for one in connections if (reason := _misfit(way, client, one))]
    return list(dict.fromkeys(f"{place(source)}: {reason}." for one, reason in unfit for source in one.sources))


def _misfit(way: Format, client: Client, one: Connection) -> str:
    for end in (one.local, one.remote):
        if end.identity is not None and identities.kind(end.identity) == identities.DN:
            reason = identities.impossible(end.identity)
            if reason:
                return f"{end.identity!r} {reason}"
    return way.unfit(client, one)


def render(way: Format, client: Client, connections: Sequence[Connection]) -> list[File]:
    """The files of a client, by name. Only for connections without ``misfits``."""
    return sorted(way.render(client, connections), key=lambda one: one.name)
