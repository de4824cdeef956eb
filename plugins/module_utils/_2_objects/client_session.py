# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is connected to an array now, by NFS, SMB and iSCSI. Nobody writes these.

Source: the field lists and descriptions of NetApp's Python client, 9.8 to 9.19.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._0_basics import normalize
from .resource import Field, SvmScoped


def _address(option: str, path: str = "", always: bool = True) -> Field:
    return Field(option, path, normalize.ip_address, reader=normalize.ip_address_as_returned, always_returned=always)


_SVM = Field("svm", path="svm.name", uuid_path="svm.uuid")


class NfsClient(SvmScoped):
    """A client of an interface by NFS. There is one for each volume that it uses."""

    noun = "NFS client"
    plural = "nfs_clients"
    path = "/protocols/nfs/connected-clients"
    key = ("client", "svm")
    fields = (
        _address("client", "client_ip"),
        _address("server", "server_ip"),
        Field("protocol", normalizer=normalize.keyword),
        _SVM,
    )


class SmbSession(SvmScoped):
    """A session of a client with an interface by SMB."""

    noun = "SMB session"
    plural = "smb_sessions"
    path = "/protocols/cifs/sessions"
    key = ("client", "svm")
    fields = (
        _address("client", "client_ip"),
        _address("server", "server_ip"),
        Field("encryption", path="smb_encryption", normalizer=normalize.keyword),
        _SVM,
    )


Connection = dict[str, Any]


def _connections(value: Any) -> list[Connection]:
    """The two ends of each connection of an iSCSI session. Raises ``ValueError`` where one is missing."""
    if not isinstance(value, list):
        raise ValueError(f"is {normalize.kind(value)}, not a list.")
    return [_connection(one) for one in value]


def _connection(value: Any) -> Connection:
    interface = _part(_part(value, "interface"), "ip")
    initiator = _part(value, "initiator_address")
    return {
        "client": normalize.ip_address_as_returned(initiator.get("address")),
        "server": normalize.ip_address_as_returned(interface.get("address")),
        "port": normalize.integer(interface.get("port") or 3260),
    }


def _part(value: Any, name: str) -> Mapping[str, Any]:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


class IscsiSession(SvmScoped):
    """A session of an initiator, which has one connection or more."""

    noun = "iSCSI session"
    plural = "iscsi_sessions"
    path = "/protocols/san/iscsi/sessions"
    key = ("initiator", "svm")
    fields = (
        Field("initiator", path="initiator.name"),
        Field("connections", normalizer=_connections),
        _SVM,
    )


NFS_CLIENT, SMB_SESSION, ISCSI_SESSION = NfsClient(), SmbSession(), IscsiSession()
