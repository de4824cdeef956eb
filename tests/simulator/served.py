# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test says of the data that an array serves: addresses, who may come, who is connected."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from .resource import flat
from .schema import Record
from .state import State, new_uuid

OF_FILES = ("data_core", "data_nfs", "data_cifs", "data_flexcache", "management_dns_client")
OF_BLOCKS = ("data_core", "data_iscsi")
_PORTS = {"mount_daemon": 635, "network_lock_manager": 4045, "network_status_monitor": 4046, "rquota_daemon": 4049}


class ServedData:
    """The part of a simulator that is about the data it serves. SVMs are named; KeyError for one that is not there."""

    _state: State
    _lock: threading.RLock

    def add_interface(
        self, name: str, svm: str, address: str, services: Iterable[str] = OF_FILES, **details: Any
    ) -> str:
        """Give an SVM an interface, and return its UUID."""
        version = ip_address(address).version
        node = next(iter(self._state.nodes.values()))
        record = {
            "uuid": new_uuid(),
            "name": name,
            "ip.address": address,
            "ip.netmask": "24" if version == 4 else "64",
            "ip.family": f"ipv{version}",
            "scope": "svm",
            "services": list(services),
            "service_policy.name": "default-data-blocks" if "data_iscsi" in services else "default-data-files",
            "service_policy.uuid": new_uuid(),
            "enabled": True,
            "state": "up",
            **{f"location.{where}.{key}": node[key] for where in ("node", "home_node") for key in ("name", "uuid")},
            "location.port.name": "e0c",
            "location.is_home": True,
            "vip": False,
        }
        return str(self._put("interfaces", svm, {**record, **flat(details)}, "ipspace.name", "ipspace.uuid")["uuid"])

    def add_export_policy(self, name: str, svm: str, *rules: dict[str, Any]) -> int:
        """Give an SVM an export policy, and return its id. A rule may name its clients as texts."""
        with self._lock:
            number = len(self._state.served["export_policies"]) + 1 + (1 << 32)
            self._put("export_policies", svm, {"id": number, "name": name, "rules": _rules(rules)})
        return number

    def set_export_rules(self, name: str, svm: str, *rules: dict[str, Any]) -> None:
        """Give an export policy other rules."""
        with self._lock:
            for record in self._state.served["export_policies"]:
                if (record["name"], record["svm.name"]) == (name, svm):
                    record["rules"] = _rules(rules)
                    return
        raise KeyError((svm, name))

    def set_nfs_service(self, svm: str, **details: Any) -> None:
        """Let an SVM serve NFS, with ONTAP's defaults unless `details`, fields as the API names them, say otherwise."""
        defaults = {
            "enabled": True,
            **{f"protocol.{version}_enabled": version == "v3" for version in ("v3", "v40", "v41")},
            **{f"protocol.v3_features.{name}_port": port for name, port in _PORTS.items()},
            "transport.tcp_enabled": True,
            "transport.udp_enabled": True,
        }
        self._replace("nfs_services", svm, {**defaults, **flat(details)})

    def set_smb_service(self, svm: str, **details: Any) -> None:
        """Let an SVM serve SMB."""
        defaults = {
            "name": svm.upper(),
            "enabled": True,
            "security.smb_encryption": False,
            "security.smb_signing": False,
        }
        self._replace("smb_services", svm, {**defaults, **flat(details)})

    def offer_nfs_tls(self, interface: str, svm: str, *, enabled: bool = True) -> None:
        """Let NFS over TLS be offered on an interface, or be set up and disabled."""
        with self._lock:
            for one in self._state.served["interfaces"]:
                if (one["name"], one["svm.name"]) == (interface, svm):
                    details = {f"interface.{path}": one[path] for path in ("name", "uuid", "ip.address")}
                    self._put("nfs_tls_interfaces", svm, {**details, "enabled": enabled})
                    return
        raise KeyError((svm, interface))

    def connect_nfs(self, client: str, server: str, svm: str, protocol: str = "nfs3", volume: str = "vol1") -> None:
        """Let a client use a volume by NFS."""
        details = {
            "protocol": protocol,
            "volume.name": volume,
            "volume.uuid": new_uuid(),
            "export_policy.name": "default",
        }
        self._connect("nfs_clients", client, server, svm, {**details, "idle_duration": "PT5S"})

    def connect_smb(self, client: str, server: str, svm: str, encryption: str = "unencrypted") -> None:
        """Let a client have an SMB session."""
        number = len(self._state.served["smb_sessions"]) + 1
        details = {"identifier": number, "connection_id": number, "protocol": "smb3_1", "user": "EXAMPLE\\somebody"}
        self._connect("smb_sessions", client, server, svm, {**details, "smb_encryption": encryption})

    def connect_iscsi(
        self, client: str, server: str, svm: str, initiator: str = "iqn.1994-05.com.example:host"
    ) -> None:
        """Let an initiator have a session with one connection."""
        number = len(self._state.served["iscsi_sessions"]) + 1
        connection = {
            "cid": 0,
            "authentication_type": "chap",
            "initiator_address": {"address": client, "port": 50000 + number},
            "interface": {"name": "iscsi1", "uuid": new_uuid(), "ip": {"address": server, "port": 3260}},
        }
        details = {"target_portal_group": "iscsi1", "tsih": number, "initiator.name": initiator}
        self._put("iscsi_sessions", svm, {**details, "connections": [connection]})

    def disconnect(self) -> None:
        """Let nobody be connected any more."""
        with self._lock:
            for kind in ("nfs_clients", "smb_sessions", "iscsi_sessions"):
                self._state.served[kind].clear()

    def serve_data(self) -> None:
        """Give every SVM plausible interfaces, rules, services and clients: NFS for two networks, SMB, iSCSI."""
        with self._lock:
            for number, svm in enumerate(self._state.data_svms(), 1):
                name, net = svm["name"], f"10.10.{10 * number}"
                self.add_interface(f"{name}_nfs1", name, f"{net}.7")
                self.add_interface(f"{name}_nfs2", name, f"{net}.8")
                self.add_interface("iscsi1", name, f"{net}.20", OF_BLOCKS)
                self.set_nfs_service(name, **{"protocol.v41_enabled": True})
                self.set_smb_service(name)
                every = {"ro_rule": ["sys"], "rw_rule": ["sys"]}
                self.add_export_policy("default", name, {"clients": ["10.10.20.0/24", "10.20.0.0/16"], **every})
                self.add_export_policy("backup", name, {"clients": ["10.30.0.0/24"], "protocols": ["nfs4"], **every})
                for host in (11, 12):
                    self.connect_nfs(f"10.10.20.{host}", f"{net}.7", name)
                self.connect_nfs("10.30.0.5", f"{net}.8", name, "nfs4.1")
                self.connect_smb("10.10.20.30", f"{net}.7", name, "encrypted")
                self.connect_iscsi("10.10.30.5", f"{net}.20", name)

    # --- inside ---

    def _put(self, kind: str, svm: str, record: Record, *of_svm: str) -> Record:
        with self._lock:
            owner = self._state.svm(svm)
            if owner is None:
                raise KeyError(svm)
            stored = {
                **record,
                "svm.name": owner["name"],
                "svm.uuid": owner["uuid"],
                **{path: owner[path] for path in of_svm},
            }
            self._state.served[kind].append(stored)
            return stored

    def _replace(self, kind: str, svm: str, record: Record) -> None:
        with self._lock:
            self._state.served[kind] = [one for one in self._state.served[kind] if one["svm.name"] != svm]
            self._put(kind, svm, record)

    def _connect(self, kind: str, client: str, server: str, svm: str, record: Record) -> None:
        node = next(iter(self._state.nodes.values()))
        where = {"node.name": node["name"], "node.uuid": node["uuid"]}
        self._put(kind, svm, {"client_ip": client, "server_ip": server, **where, **record})


def _rules(given: Iterable[dict[str, Any]]) -> list[Record]:
    defaults = {
        "protocols": ["any"],
        "ro_rule": ["any"],
        "rw_rule": ["any"],
        "superuser": ["none"],
        "anonymous_user": "65534",
        "allow_suid": True,
        "allow_device_creation": True,
        "chown_mode": "restricted",
        "ntfs_unix_security": "fail",
        "allow_nfs_tls_only": False,
    }
    return [
        {**defaults, "index": index, **rule, "clients": [{"match": one} for one in rule["clients"]]}
        for index, rule in enumerate(given, 1)
    ]
