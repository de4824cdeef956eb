# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of the lab, configured by what the collection renders for them."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

import jinja2
import yaml

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

CERTIFICATE = {"strongswan": "wiresec-client.pem", "libreswan": "wiresec-client"}
"""How a daemon finds the certificate that the role has installed."""

AUTHORITIES = {"strongswan": ["wiresec-ca.pem"], "libreswan": []}
"""How it finds those that it trusts, where connections say that."""


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


ROLE = CHECKOUT / "roles" / "ipsec_client"
TEMPLATES = ROLE / "templates"


def around(daemon: str) -> dict[str, str]:
    """What the role writes once beside the files of clusters, and for libreswan what its unit waits for, as a script."""
    if daemon == "libreswan":
        [waits] = re.findall(r"ExecStartPost=/bin/sh -c '(.*)'", (TEMPLATES / "before-mounts.conf.j2").read_text())
        # With fewer tries: some mistakes keep connections from coming into force.
        return {Libreswan.WAITS: f"{waits.replace('seq 150', 'seq 25')}\n"}
    return {"/etc/strongswan.d/retransmission.conf": (TEMPLATES / "retransmission.conf.j2").read_text()}


def install_certificate(host: Ipsec, credentials: Credentials) -> dict[str, list[str]]:
    """Puts a certificate, or its successor, where the daemon of a host looks for it, as the role does.

    Gives the options by which ``ipsec_client_load`` knows of it.
    """
    [authority] = credentials.authorities
    if isinstance(host, StrongSwan):
        key, trusted = "/etc/swanctl/private/wiresec-client.pem", "/etc/swanctl/x509ca/wiresec-ca.pem"
        certificate = "/etc/swanctl/x509/wiresec-client.pem"
        host.write({certificate: credentials.certificate, key: credentials.private_key, trusted: authority})
        return {"private_keys": [key], "authorities": [trusted]}
    certificate, key, trusted = (f"/etc/pki/{name}.pem" for name in ("client", "key", "ca"))
    host.write({certificate: credentials.certificate, key: credentials.private_key, trusted: authority})
    host.shell("[ -e /var/lib/ipsec/nss/cert9.db ] || ipsec initnss >/dev/null")
    variables = {"ipsec_client_certificate": certificate, "ipsec_client_private_key": key}
    for command in _of_libreswan({**variables, "item": [{"item": trusted}]}):
        host.shell(command, timeout=60)
    return {"certificates": [certificate]}


def _of_libreswan(variables: Mapping[str, Any]) -> list[str]:
    """The commands by which the role changes what libreswan has: certificate and key, and an authority."""
    tasks = yaml.safe_load((ROLE / "tasks" / "certificate_libreswan.yml").read_text())
    changes = [one for one in tasks if one.get("changed_when") is True]
    texts = [one.get("ansible.builtin.shell") or one["ansible.builtin.command"] for one in changes]
    jinja = jinja2.Environment(undefined=jinja2.StrictUndefined)
    jinja.filters.update(quote=shlex.quote, basename=os.path.basename)
    fixed = yaml.safe_load((ROLE / "vars" / "main.yml").read_text())
    return [jinja.from_string(text).render({**fixed, **variables}) for text in texts]
