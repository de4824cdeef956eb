# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of the lab, configured by what the collection renders for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_clients import formats
from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_clients.connections import (
    ArrayPolicy,
    Client,
    Service,
    Source,
    needed,
)
from environment import CHECKOUT
from lab.hosts import Ipsec, Libreswan, StrongSwan
from lab.ontap import Credentials, Policy

DAEMONS: dict[str, type[Ipsec]] = {"strongswan": StrongSwan, "libreswan": Libreswan}

FOLDERS = {"strongswan": "/etc/swanctl/conf.d", "libreswan": "/etc/ipsec.d"}
"""Where a daemon reads the files."""

CERTIFICATE = {"strongswan": "client.pem", "libreswan": "client"}
"""How a daemon finds the certificate that ``credentials`` installed."""


def rendered(
    client: Client, policies: Iterable[Policy], daemon: str, service: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """The files of a client for policies of a file, by their paths. Raises ``ValueError`` with what is wrong."""
    known = [
        ArrayPolicy(Source("cluster1", "svm1", str(one["name"])), POLICY.from_options(one))
        for one in policies
        if one.get("state", "present") == "present"
    ]
    found = needed(client, known, {"cluster1": Service(**(service or {}))})
    way = formats.FORMATS[daemon]
    problems = [*found.problems, *formats.misfits(way, client, found.connections)]
    if problems:
        raise ValueError("\n".join(problems))
    return {f"{FOLDERS[daemon]}/{one.name}": one.text for one in formats.render(way, client, found.connections)}


TEMPLATES = CHECKOUT / "roles" / "ipsec_client" / "templates"


def around(daemon: str) -> dict[str, str]:
    """What the role writes once beside the files of clusters, and for libreswan what its unit waits for, as a script."""
    if daemon == "libreswan":
        [waits] = re.findall(r"ExecStartPost=/bin/sh -c '(.*)'", (TEMPLATES / "before-mounts.conf.j2").read_text())
        # With fewer tries: some mistakes keep connections from coming into force.
        return {Libreswan.WAITS: f"{waits.replace('seq 150', 'seq 25')}\n"}
    return {"/etc/strongswan.d/retransmission.conf": (TEMPLATES / "retransmission.conf.j2").read_text()}


def install_certificate(host: Ipsec, credentials: Credentials) -> None:
    """Puts a certificate where the daemon of a host looks for it, under the name in ``CERTIFICATE``."""
    if isinstance(host, StrongSwan):
        host.write(
            {
                "/etc/swanctl/x509/client.pem": credentials.certificate,
                "/etc/swanctl/private/client.pem": credentials.private_key,
                **{f"/etc/swanctl/x509ca/{n}.pem": one for n, one in enumerate(credentials.authorities)},
            }
        )
        return
    host.write(
        {
            "/run/client.pem": credentials.certificate + credentials.private_key,
            "/run/ca.pem": credentials.authorities[0],
        }
    )
    host.shell(
        "[ -e /var/lib/ipsec/nss/cert9.db ] || ipsec initnss >/dev/null\n"
        "openssl pkcs12 -export -in /run/client.pem -out /run/client.p12 -name client -passout pass:\n"
        "pk12util -i /run/client.p12 -d sql:/var/lib/ipsec/nss -W ''\n"
        "certutil -A -n ca -t CT,, -d sql:/var/lib/ipsec/nss -i /run/ca.pem",
        timeout=60,
    )
