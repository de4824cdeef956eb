# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NFS and SMB of an array: the services, who may mount, what protects beside IPsec. Nobody writes these.

Source: the field lists and descriptions of NetApp's Python client, 9.8 to 9.19.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._0_basics import normalize
from .data_interface import words
from .resource import Field, SvmScoped

Rule = dict[str, Any]


def _rule(value: Any) -> Rule:
    if not isinstance(value, Mapping):
        raise ValueError(f"has a rule that is {normalize.kind(value)}.")
    clients = value.get("clients") or []
    if not isinstance(clients, list) or not all(isinstance(one, Mapping) and one.get("match") for one in clients):
        raise ValueError("has a rule whose clients make no sense.")
    return {
        "index": value.get("index"),
        "clients": [str(one["match"]).strip() for one in clients],
        **{name: words(value.get(name) or []) for name in ("protocols", "ro_rule", "rw_rule")},
        "allow_nfs_tls_only": value.get("allow_nfs_tls_only") is True,
    }


def _rules(value: Any) -> list[Rule]:
    if not isinstance(value, list):
        raise ValueError(f"is {normalize.kind(value)}, not a list.")
    return [_rule(one) for one in value]


class ExportPolicy(SvmScoped):
    """Who may mount the volumes that have it."""

    noun = "export policy"
    plural = "export_policies"
    path = "/protocols/nfs/export-policies"
    key = ("name", "svm")
    fields = (
        Field("id", normalizer=normalize.integer, always_returned=True),
        Field("name", always_returned=True),
        Field("svm", path="svm.name", uuid_path="svm.uuid"),
        Field("rules", normalizer=_rules),
        Field("are_rules_truncated", normalizer=normalize.boolean, since=(9, 18, 1)),
    )

    def strong(self, rule: Mapping[str, Any]) -> str | None:
        """What protects everything that a rule lets in, ``None`` if nothing has to.

        Kerberos with privacy does if no other flavour is allowed, NFS over TLS if the rule lets nothing else in.
        """
        flavours = {*rule["ro_rule"], *rule["rw_rule"]} - {"never"}
        if flavours == {"krb5p"} and rule["ro_rule"] and rule["rw_rule"]:
            return "krb5p"
        return "nfs_tls" if rule["allow_nfs_tls_only"] else None

    def lets_in(self, rule: Mapping[str, Any]) -> bool:
        """Whether a rule lets anybody do anything."""
        return not rule["ro_rule"] == rule["rw_rule"] == ["never"]

    def versions(self, rule: Mapping[str, Any]) -> frozenset[str]:
        """Which versions of NFS a rule lets in: ``v3``, ``v4``; all if it does not say, none if it is about SMB only."""
        protocols = set(rule["protocols"])
        if not protocols or protocols & {"any", "nfs"}:
            return frozenset({"v3", "v4"})
        by_name = {"nfs3": "v3", "nfs4": "v4"}
        found = {by_name[one] for one in protocols if one in by_name}
        # A word that is not known here may stand for anything.
        return frozenset(found | ({"v3", "v4"} if protocols - {*by_name, "cifs", "flexcache"} else set()))


class NfsService(SvmScoped):
    """The NFS server of an SVM. What it does not say, it may be doing."""

    noun = "NFS service"
    plural = "nfs_services"
    path = "/protocols/nfs/services"
    key = ("svm", "svm")
    fields = (
        Field("svm", path="svm.name", uuid_path="svm.uuid"),
        Field("enabled", normalizer=normalize.boolean),
        Field("v3", path="protocol.v3_enabled", normalizer=normalize.boolean),
        Field("v40", path="protocol.v40_enabled", normalizer=normalize.boolean),
        Field("v41", path="protocol.v41_enabled", normalizer=normalize.boolean),
        Field("tcp", path="transport.tcp_enabled", normalizer=normalize.boolean),
        Field("udp", path="transport.udp_enabled", normalizer=normalize.boolean),
        Field("mountd", path="protocol.v3_features.mount_daemon_port", normalizer=normalize.integer, since=(9, 13, 1)),
        Field(
            "nlm", path="protocol.v3_features.network_lock_manager_port", normalizer=normalize.integer, since=(9, 13, 1)
        ),
        Field(
            "nsm",
            path="protocol.v3_features.network_status_monitor_port",
            normalizer=normalize.integer,
            since=(9, 13, 1),
        ),
        Field(
            "rquotad", path="protocol.v3_features.rquota_daemon_port", normalizer=normalize.integer, since=(9, 13, 1)
        ),
    )


class NfsTlsInterface(SvmScoped):
    """Whether NFS over TLS is offered on an interface."""

    noun = "NFS over TLS interface"
    plural = "nfs_tls_interfaces"
    path = "/protocols/nfs/tls/interfaces"
    key = ("interface", "svm")
    since = (9, 15, 1)
    fields = (
        Field("interface", path="interface.name", always_returned=True),
        Field(
            "address",
            path="interface.ip.address",
            normalizer=normalize.ip_address,
            reader=normalize.ip_address_as_returned,
        ),
        Field("svm", path="svm.name", uuid_path="svm.uuid"),
        Field("enabled", normalizer=normalize.boolean),
    )


class SmbService(SvmScoped):
    """The SMB server of an SVM."""

    noun = "SMB service"
    plural = "smb_services"
    path = "/protocols/cifs/services"
    key = ("svm", "svm")
    fields = (
        Field("svm", path="svm.name", uuid_path="svm.uuid"),
        Field("enabled", normalizer=normalize.boolean),
        Field("encryption_required", path="security.smb_encryption", normalizer=normalize.boolean),
    )


EXPORT_POLICY, NFS_SERVICE, NFS_TLS_INTERFACE, SMB_SERVICE = (
    ExportPolicy(),
    NfsService(),
    NfsTlsInterface(),
    SmbService(),
)
