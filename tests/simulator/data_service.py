# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an array serves data with, and to whom: interfaces, NFS, SMB, iSCSI; to be read only (fact sheet 7.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .errors import OntapError
from .listing import Listing, projection
from .messages import Answer
from .parameters import INSTANCE, Parameters
from .query import Condition
from .resource import Collection, Context, InstanceHandler, Resource
from .schema import Field, Kind, Link, Record, Schema
from .versions import V9_6, V9_8, V9_9_1, V9_10_1, V9_13_1, V9_15_1, V9_18_1, V9_19_1, Version

_SVM = [Field("svm.name"), Field("svm.uuid")]
_SVM_LINK = Link("svm", "/api/svm/svms/{uuid}")


def _flags(prefix: str, *names: str, since: Version = V9_6) -> list[Field]:
    return [Field(f"{prefix}{name}", Kind.FLAG, since) for name in names]


def _numbers(prefix: str, *names: str, since: Version = V9_6) -> list[Field]:
    return [Field(f"{prefix}{name}", Kind.NUMBER, since) for name in names]


class _Kept(Collection):
    """A collection whose records are kept in the state under a name."""

    kind: str

    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """See Collection."""
        return filter(context.sees, context.state.served[self.kind])

    def find(self, context: Context, uuid: str) -> Record:
        """See Collection; a key may be a number."""
        for record in self.records(context, []):
            if str(record[self.schema.key]) == uuid:
                return record
        raise OntapError(4, self.schema.key)


class _WithoutInstances(_Kept):
    """A collection whose records have no address of their own here: no client needs one."""

    links_itself = False

    def instance_handlers(self, context: Context) -> Mapping[str, InstanceHandler]:
        """See Resource."""
        return {}


class Interfaces(_Kept):
    """The logical interfaces (LIFs)."""

    kind = "interfaces"
    schema = Schema(
        "/api/network/ip/interfaces",
        [
            Field("uuid"),
            Field("name"),
            Field("ip.address", Kind.ADDRESS),
            Field("ip.netmask"),
            Field("ip.family", Kind.WORD, words={"ipv4": V9_6, "ipv6": V9_6}),
            *_SVM,
            Field("ipspace.name"),
            Field("ipspace.uuid"),
            Field("scope", Kind.WORD, words={"svm": V9_6, "cluster": V9_6}),
            Field("services"),
            Field("service_policy.name"),
            Field("service_policy.uuid"),
            Field("enabled", Kind.FLAG),
            Field("state", Kind.WORD, words={"up": V9_6, "down": V9_6}),
            Field("location.node.name"),
            Field("location.node.uuid"),
            Field("location.home_node.name"),
            Field("location.home_node.uuid"),
            Field("location.port.name"),
            Field("location.is_home", Kind.FLAG),
            Field("vip", Kind.FLAG),
        ],
        identifiers=("uuid", "name"),
        links=[_SVM_LINK, Link("ipspace", "/api/network/ipspaces/{uuid}")],
    )


_RULE = (
    Field("index", Kind.NUMBER),
    Field("clients"),
    Field("protocols"),
    Field("ro_rule"),
    Field("rw_rule"),
    Field("superuser"),
    Field("anonymous_user"),
    Field("allow_suid", Kind.FLAG),
    Field("allow_device_creation", Kind.FLAG, V9_9_1),
    Field("chown_mode", since=V9_9_1),
    Field("ntfs_unix_security", since=V9_9_1),
    Field("allow_nfs_tls_only", Kind.FLAG, V9_19_1),
)


class ExportPolicies(_Kept):
    """Who may mount what. The rules of a policy are in its record, or not all of them (`rules_in_policies`)."""

    kind = "export_policies"
    schema = Schema(
        "/api/protocols/nfs/export-policies",
        [
            Field("id", Kind.NUMBER),
            Field("name"),
            *_SVM,
            Field("rules"),
            Field("are_rules_truncated", Kind.FLAG, V9_18_1),
        ],
        identifiers=("id", "name"),
        links=[_SVM_LINK],
        key="id",
    )

    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """See Collection."""
        most = context.state.rules_in_policies
        for record in super().records(context, conditions):
            rules = [_known_to(context, rule) for rule in record["rules"]]
            cut = most is not None and len(rules) > most
            yield {**record, "rules": rules[:most], "are_rules_truncated": cut}

    def handlers_below(self, context: Context, uuid: str, rest: str) -> Mapping[str, InstanceHandler]:
        """See Resource: the rules of one policy, or one of them."""
        rules, _slash, index = rest.partition("/")
        if rules != "rules" or "/" in index:
            return {}
        return {"GET": lambda context, uuid: self.get_rules(context, uuid, index)}

    def get_rules(self, context: Context, uuid: str, index: str) -> Answer:
        """Answer with all rules of a policy, or with the one of an index."""
        self.find(context, uuid)
        policy = next(one for one in context.state.served[self.kind] if str(one["id"]) == uuid)
        schema = Schema(f"{self.schema.path}/{uuid}/rules", _RULE, ("index",), key="index", order=())
        rules = [_known_to(context, rule) for rule in policy["rules"]]
        if not index:
            return Listing(context.call, schema, self.view(context)).answer(lambda conditions: rules)
        for rule in rules:
            if str(rule["index"]) == index:
                parameters = Parameters(context.call.parameters(), INSTANCE, schema, context.state.version)
                parameters.controls.setdefault("fields", "*")
                return Answer(body=projection(context.call, schema, self.view(context), parameters)(rule))
        raise OntapError(4, "index")


def _known_to(context: Context, rule: Record) -> Record:
    """Return a rule without what the release does not have."""
    known = {row.path for row in _RULE if row.since <= context.state.version}
    return {name: value for name, value in rule.items() if name in known}


class NfsServices(_WithoutInstances):
    """The NFS server of each SVM that has one."""

    kind = "nfs_services"
    schema = Schema(
        "/api/protocols/nfs/services",
        [
            *_SVM,
            *_flags("", "enabled"),
            *_flags("protocol.", "v3_enabled", "v40_enabled", "v41_enabled"),
            *_numbers(
                "protocol.v3_features.",
                "mount_daemon_port",
                "network_lock_manager_port",
                "network_status_monitor_port",
                "rquota_daemon_port",
                since=V9_13_1,
            ),
            *_flags("transport.", "tcp_enabled", "udp_enabled"),
        ],
        identifiers=("svm",),
        links=[_SVM_LINK],
        key="svm.uuid",
        order=("svm.name",),
    )


class NfsTlsInterfaces(_WithoutInstances):
    """Where NFS over TLS is offered."""

    kind = "nfs_tls_interfaces"
    since = V9_15_1
    schema = Schema(
        "/api/protocols/nfs/tls/interfaces",
        [
            Field("interface.name"),
            Field("interface.uuid"),
            Field("interface.ip.address", Kind.ADDRESS),
            *_SVM,
            *_flags("", "enabled"),
            Field("certificate.name"),
            Field("certificate.uuid"),
        ],
        identifiers=("interface", "svm"),
        links=[_SVM_LINK],
        key="interface.uuid",
        order=("svm.name", "interface.name"),
    )


class NfsClients(_WithoutInstances):
    """Who uses NFS: a record for each client, interface, volume and version."""

    kind = "nfs_clients"
    schema = Schema(
        "/api/protocols/nfs/connected-clients",
        [
            Field("client_ip", Kind.ADDRESS),
            Field("server_ip", Kind.ADDRESS),
            Field("protocol"),
            *_SVM,
            Field("volume.name"),
            Field("volume.uuid"),
            Field("export_policy.name", since=V9_10_1),
            Field("node.name"),
            Field("node.uuid"),
            Field("idle_duration"),
        ],
        identifiers=("client_ip", "server_ip", "svm"),
        links=[_SVM_LINK],
        key="volume.name",
        order=("svm.name", "server_ip", "client_ip", "protocol"),
    )
    since = (9, 7, 0)


class SmbServices(_WithoutInstances):
    """The SMB server of each SVM that has one."""

    kind = "smb_services"
    schema = Schema(
        "/api/protocols/cifs/services",
        [*_SVM, Field("name"), *_flags("", "enabled"), *_flags("security.", "smb_encryption", "smb_signing")],
        identifiers=("svm", "name"),
        links=[_SVM_LINK],
        key="svm.uuid",
        order=("svm.name",),
    )


class SmbSessions(_WithoutInstances):
    """The SMB sessions."""

    kind = "smb_sessions"
    since = V9_8
    schema = Schema(
        "/api/protocols/cifs/sessions",
        [
            Field("identifier", Kind.NUMBER),
            Field("connection_id", Kind.NUMBER),
            Field("client_ip", Kind.ADDRESS),
            Field("server_ip", Kind.ADDRESS),
            *_SVM,
            Field("protocol"),
            Field(
                "smb_encryption",
                Kind.WORD,
                words=dict.fromkeys(("unencrypted", "encrypted", "partially_encrypted"), V9_8),
            ),
            Field("user"),
            Field("node.name"),
            Field("node.uuid"),
        ],
        identifiers=("identifier", "connection_id", "svm", "node"),
        links=[_SVM_LINK],
        key="identifier",
        order=("svm.name",),
    )


class IscsiSessions(_WithoutInstances):
    """The iSCSI sessions with their connections."""

    kind = "iscsi_sessions"
    schema = Schema(
        "/api/protocols/san/iscsi/sessions",
        [
            *_SVM,
            Field("target_portal_group"),
            Field("tsih", Kind.NUMBER),
            Field("initiator.name"),
            Field("connections"),
        ],
        identifiers=("svm", "target_portal_group", "tsih"),
        links=[_SVM_LINK],
        key="tsih",
        order=("svm.name", "target_portal_group"),
    )


ALL: tuple[type[Resource], ...] = (
    Interfaces,
    ExportPolicies,
    NfsServices,
    NfsTlsInterfaces,
    NfsClients,
    SmbServices,
    SmbSessions,
    IscsiSessions,
)
