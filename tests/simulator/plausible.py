# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is filled in where a test says no more of a policy than it cares for."""

from __future__ import annotations

from collections.abc import Iterable

from .schema import Record
from .state import new_uuid
from .traffic import ANY_PORT

_SUBNETS = {
    4: {"local_endpoint": ("10.0.0.1", "32"), "remote_endpoint": ("10.0.1.0", "24")},
    6: {"local_endpoint": ("2001:db8::1", "128"), "remote_endpoint": ("2001:db8:1::", "64")},
}


def completed(given: Record, svm: Record | None, certificates: Iterable[Record]) -> Record:
    """Return a policy with all that ONTAP would show of it; what is given is kept."""
    record: Record = {"uuid": new_uuid(), "scope": "cluster", "enabled": True, "protocol": "any"}
    record["action"] = given.get("action", "esp_transport")
    if svm is not None:
        record |= {"scope": "svm", "svm.name": svm["name"], "svm.uuid": svm["uuid"]}
        record |= {path: svm[path] for path in ("ipspace.name", "ipspace.uuid")}
    record |= _endpoints(given)
    if record["action"] in ("bypass", "discard"):
        record["authentication_method"] = "none"
    elif name := given.get("certificate.name"):
        record["authentication_method"] = "pki"
        owner = record.get("svm.uuid")
        for certificate in certificates:
            if certificate["name"] == name and certificate.get("svm.uuid") == owner:
                record["certificate.uuid"] = certificate["uuid"]
    else:
        record["authentication_method"] = "psk"
    return {**record, **given}


def _endpoints(given: Record) -> Record:
    """Return both endpoints, of one address family: a single address is one host."""
    addresses = {side: given.get(f"{side}.address") for side in _SUBNETS[4]}
    version = 6 if any(":" in address for address in addresses.values() if address) else 4
    record: Record = {}
    for side, subnet in _SUBNETS[version].items():
        own = addresses[side]
        address, netmask = (own, "128" if ":" in own else "32") if own else subnet
        record |= {f"{side}.address": address, f"{side}.netmask": netmask}
        record |= {f"{side}.port": ANY_PORT, f"{side}.family": "ipv6" if ":" in address else "ipv4"}
    return record
