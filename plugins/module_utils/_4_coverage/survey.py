# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the coverage of an array's traffic depends on, in as many requests as there are kinds of objects.

What the account may not read, or the release does not have, is told and never taken for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from .._0_basics.errors import ApiError, InvalidInput
from .._1_array.rest import RestClient, forbidden
from .._2_objects.client_session import ISCSI_SESSION, NFS_CLIENT, SMB_SESSION
from .._2_objects.data_interface import DATA_INTERFACE
from .._2_objects.ipsec_policy import POLICY
from .._2_objects.ipsec_security_association import SECURITY_ASSOCIATION
from .._2_objects.nas import EXPORT_POLICY, NFS_SERVICE, NFS_TLS_INTERFACE, SMB_SERVICE
from .._2_objects.resource import NO_SUCH_PATH, Resource, State
from .._3_state.reading import find_all, is_enabled
from .flows import ISCSI, NFS, SMB, Connection, Traffic

_NOT_ALLOWED = "this account may not read it"
_NOT_THERE = "this release does not have it"

MANY_RULES = 50
"""From how many rules on an export policy is read by itself, where the release does not say that its record is complete."""

HIDING = ("service", "interfaces", "export_policies", "nfs_clients", "smb_sessions", "iscsi_sessions")
"""What can't be missing without flows that are not protected staying unseen. The rest can only show that some are."""

ASSOCIATIONS = "security_associations"
"""What can't be missing without connections that have none, and cipher suites that do not encrypt, staying unseen."""


@dataclass(frozen=True)
class Unread:
    """Something that could not be read. missing: what the answer lacks for it."""

    what: str
    endpoint: str
    why: str
    missing: str

    def as_dict(self) -> dict[str, str]:
        """As a result has it."""
        return dict(vars(self))


@dataclass
class Survey:
    """What was read. policies: their states. enabled: whether IPsec is. svms: names of those that the account sees.

    ipspaces: by SVM. array: ``name``, ``uuid`` and ``version`` as far as the account may know them.
    """

    policies: list[State]
    enabled: bool | None
    traffic: Traffic
    svms: list[str] | None
    ipspaces: dict[str, str] = field(default_factory=dict)
    array: dict[str, Any] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    looked_at: dict[str, int] = field(default_factory=dict)
    digest: str = ""


_MISSING = {
    "service": "Whether IPsec is enabled is not known, so no flow is known to be protected by it.",
    "interfaces": "Which addresses there are is not known, so there are no intended flows at all.",
    "export_policies": "Who may mount by NFS is not known, so anybody may, unless client_networks says who.",
    "nfs_services": "Which versions and ports of NFS are in use is not known, so all of them are with ONTAP's default ports.",
    "nfs_tls_interfaces": "Where NFS over TLS is offered is not known.",
    "smb_services": "Whether SMB is in use, and asks for encryption, is not known, so it is in use and asks for none.",
    "nfs_clients": "Who is connected by NFS is not known.",
    "smb_sessions": "Who is connected by SMB is not known.",
    "iscsi_sessions": "Who is connected by iSCSI is not known.",
    "security_associations": "Whether protection is in use is not known, nor whether a cipher suite encrypts.",
    "svms": "Which SVMs there are is not known, so a misspelt one is not found.",
    "array": "Which array and release this is, is not known.",
}


class Surveyor:
    """Reads one array. groups: protocols of which traffic is wanted. observe: whether connections are."""

    def __init__(self, client: RestClient, groups: Collection[str], observe: bool) -> None:
        self._client, self._groups, self._observe = client, groups, observe
        self._unread: list[Unread] = []
        self._seen: dict[str, Any] = {}
        self._home: str | None = None

    def survey(self) -> Survey:
        """Everything. Raises ``OntapError`` if the policies can't be read, and for any answer but a refusal."""
        array = self._array()
        svms = self._svms()
        enabled = is_enabled(self._client, POLICY)
        if enabled is None:
            self._note("service", POLICY.switch.path if POLICY.switch else "", _NOT_ALLOWED)
        policies = self._policies(enabled)
        nfs, smb = NFS in self._groups, SMB in self._groups
        traffic = Traffic(
            interfaces=self._list("interfaces", DATA_INTERFACE),
            exports=self._exports() if nfs else [],
            nfs=self._list("nfs_services", NFS_SERVICE, "svm,enabled,protocol,transport") if nfs else [],
            tls=self._tls() if nfs else [],
            smb=self._list("smb_services", SMB_SERVICE) if smb else [],
            connections=self._connections() if self._observe else [],
            associations=self._associations(),
        )
        names = None if svms is None else [str(one["name"]) for one in svms]
        ipspaces = {
            str(one["name"]): one["ipspace"]["name"] for one in svms or () if (one.get("ipspace") or {}).get("name")
        }
        counted = {what: len(found) for what, found in self._seen.items()}
        canonical = json.dumps({"enabled": enabled, "array": array, **self._seen}, sort_keys=True, default=str)
        digest = f"sha256:{sha256(canonical.encode()).hexdigest()}"
        return Survey(policies, enabled, traffic, names, ipspaces, array, self._unread, counted, digest)

    def _note(self, what: str, path: str, why: str) -> None:
        self._unread.append(Unread(what, f"GET /api{path}", why, _MISSING[what]))

    def _records(self, what: str, path: str, fields: str) -> list[Mapping[str, Any]] | None:
        try:
            return self._client.get_all(path, {"fields": fields})
        except ApiError as error:
            if forbidden(error):
                self._note(what, path, _NOT_ALLOWED)
            elif (error.status, error.code) == NO_SUCH_PATH:
                self._note(what, path, _NOT_THERE)
            else:
                error.doing = error.doing or f"Listing {what.replace('_', ' ')}"
                raise
        return None

    def _list(self, what: str, resource: Resource, fields: str = "") -> list[State] | None:
        """The states of a kind of object, ``None`` if they can't be read."""
        records = self._records(what, resource.path, fields or resource.query_fields(()))
        if records is None:
            return None
        states = [resource.from_api(record) for record in records]
        if self._home is not None:
            # Accounts of one SVM may be shown objects without their SVM (docs/ontap_facts.md, 6).
            states = [{**one, "svm": one.get("svm", self._home)} for one in states]
        self._seen[what] = states
        return states

    def _array(self) -> dict[str, Any]:
        try:
            found = self._client.get("/cluster", {"fields": "uuid,name,version"})
        except ApiError as error:
            if not forbidden(error):
                raise
            self._note("array", "/cluster", _NOT_ALLOWED)
            return {}
        told = found.get("version") or {}
        numbers = [told[one] for one in ("generation", "major", "minor") if one in told]
        if self._client.known_version is None and len(numbers) == 3:
            self._client.known_version = int(numbers[0]), int(numbers[1]), int(numbers[2])
        version = told.get("full")
        return {"name": found.get("name"), "uuid": found.get("uuid"), "version": version}

    def _svms(self) -> list[Mapping[str, Any]] | None:
        found = self._records("svms", POLICY.containers_path, "name,uuid,ipspace")
        if found is not None and len(found) == 1:
            self._home = found[0].get("name")
        self._seen["svms"] = list(found or ())
        return found

    def _policies(self, enabled: bool | None) -> list[State]:
        try:
            states = list(find_all(self._client, POLICY, None, []).values())
        except ApiError:
            # NetApp's CLI shows policies only while IPsec is enabled (docs/ontap_facts.md, 9.2), and then they protect nothing.
            if enabled is not False:
                raise
            states = []
        self._seen["policies"] = states
        return states

    def _exports(self) -> list[State] | None:
        found = self._list("export_policies", EXPORT_POLICY, "*")
        for policy in found or ():
            # Before 9.18.1 nothing says whether all of a policy's rules are in its record (docs/ontap_facts.md, 7.1).
            if policy.get("are_rules_truncated", len(policy.get("rules") or ()) >= MANY_RULES):
                whole = self._records("export_policies", f"{EXPORT_POLICY.path}/{policy['id']}/rules", "*")
                if whole is None:
                    return None
                policy["rules"] = EXPORT_POLICY.from_api({"rules": [dict(one) for one in whole]})["rules"]
        return found

    def _tls(self) -> list[State] | None:
        version = self._client.known_version
        if version is not None and version < NFS_TLS_INTERFACE.since:
            return []
        found = self._list("nfs_tls_interfaces", NFS_TLS_INTERFACE)
        if found is None and self._unread[-1].why == _NOT_THERE:
            self._unread.pop()
            return []
        return found

    def _associations(self) -> list[State] | None:
        fields = ("type", "svm", "scope", "policy", "local_address", "remote_address", "cipher_suite", "ike.state")
        paths = ",".join(SECURITY_ASSOCIATION.by_option[one].api_path for one in fields)
        try:
            return self._list("security_associations", SECURITY_ASSOCIATION, paths)
        except ApiError as error:
            if error.code not in SECURITY_ASSOCIATION.none_codes:
                raise
            return []

    def _connections(self) -> list[Connection]:
        found: list[Connection] = []
        if NFS in self._groups:
            for one in self._list("nfs_clients", NFS_CLIENT) or ():
                version = "v3" if one.get("protocol") in (None, "nfs", "nfs3") else "v4"
                found.append(_connection(one, NFS, one["client"], one["server"], version=version))
        if SMB in self._groups:
            for one in self._list("smb_sessions", SMB_SESSION) or ():
                found.append(_connection(one, SMB, one["client"], one["server"], encryption=one.get("encryption", "")))
        if ISCSI in self._groups:
            for one in self._list("iscsi_sessions", ISCSI_SESSION) or ():
                for each in one.get("connections") or ():
                    found.append(_connection(one, ISCSI, each["client"], each["server"], port=each["port"]))
        return found


def _connection(state: Mapping[str, Any], group: str, client: str, server: str, **more: Any) -> Connection:
    return Connection(str(state.get("svm")), group, client.partition("%")[0], server.partition("%")[0], **more)


def check_svms(survey: Survey, wanted: Sequence[str]) -> None:
    """Raises ``InvalidInput`` for names of SVMs that there are not: nothing would be looked at, and all would be well."""
    of_interfaces = {str(one["svm"]) for one in survey.traffic.interfaces or () if one.get("svm")}
    known = sorted(of_interfaces if survey.svms is None else survey.svms)
    missing = [name for name in wanted if name not in known]
    if missing and known:
        raise InvalidInput(f"svms: the array has no {', '.join(missing)}. It has {', '.join(known)}.")
    if missing:
        raise InvalidInput(f"svms: nothing tells this account whether there is {', '.join(missing)}.")
