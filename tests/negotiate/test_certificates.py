# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an SVM that has nothing to a client that negotiates by certificate, as docs/pki.md shows it; and the year after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.x509 import load_pem_x509_certificate

from environment import CHECKOUT
from lab.certificates import Authority
from lab.hosts import wait_until
from lab.ontap import Credentials
from lab.site import Site
from support.pages import blocks

ARRAY, CLIENT = "C=DE, O=Example, CN=svm1.example.com", "C=DE, O=Example, CN=client1.example.com"
ADDRESSES = {"array": "10.10.10.7", "client": "10.10.20.5"}
HERE = {
    "ipsec_client_certificate": "/etc/ipsec-pki/own.pem",
    "ipsec_client_private_key": "/etc/ipsec-pki/own.key",
    "ipsec_client_authorities": ["/etc/ipsec-pki/ca.pem"],
}
PATIENCE = 120


def name_of(one: Credentials) -> str:
    """The name that the pattern of the page makes of a certificate of the array."""
    return f"svm1.example.com-{load_pem_x509_certificate(one.certificate.encode()).not_valid_after_utc:%Y-%m-%d}"


@pytest.mark.parametrize("daemon", ["strongswan", "libreswan"])
def test_one_playbook_configures_both_ends_and_a_year_later_another_one_renews(site: Site, daemon: str) -> None:
    authority = Authority()
    array = site.array("cluster1", f"{ADDRESSES['array']}/16")
    client = site.client("client1", daemon, f"{ADDRESSES['client']}/16", ipsec_client_wait=PATIENCE, **HERE)
    array.wire_side.serve()
    talk = client.talk(ADDRESSES["array"])
    files = {"ca.pem": authority.certificate}
    first, successor = authority.sign(ARRAY), authority.sign(ARRAY, days=395)
    for name, one in {"svm1": first, "client1": authority.sign(CLIENT, days=800)}.items():
        files |= {f"{name}.pem": one.certificate, f"{name}.key": one.private_key}
    for name, text in files.items():
        site.write(f"pki/{name}", text)
    [page] = [one for one in blocks(CHECKOUT / "docs" / "pki.md", "yaml") if "import_playbook" in one]
    site.write("both_ends.yml", page)
    policy = {
        "name": "nfs",
        "action": "esp_transport",
        "protocol": "tcp",
        "local_endpoint": {"address": f"{ADDRESSES['array']}/32", "port": 2049},
        "remote_endpoint": {"address": f"{ADDRESSES['client']}/32"},
        "certificate": name_of(first),
        "local_identity": ARRAY,
        "remote_identity": CLIENT,
    }
    site.write("ipsec/cluster1/svm1.yml", {"svm": "svm1", "policies": [policy]})
    made = site.play("both_ends.yml")
    assert made.code == 0, made.output
    encrypted = site.network.now()
    assert wait_until(lambda: talk.heard_since(encrypted), PATIENCE) and client.children() == 1
    assert site.network.in_clear(encrypted) == []
    again = site.play("both_ends.yml")
    assert (again.code, again.changed) == (0, []), again.output

    # The clock of the array is moved, and nothing on the wire knows of it.
    array.now = datetime.now(UTC) + timedelta(25)
    drift = site.play("wiresec.ontap.drift", "-e", "ipsec_clusters=clusters")
    assert "expires" in drift.output and name_of(first) in drift.output, drift.output
    site.write("pki/svm1.pem", successor.certificate)
    site.write("pki/svm1.key", successor.private_key)
    rotation = {
        "ipsec_clusters": "clusters",
        "svm": "svm1",
        "old_certificate": name_of(first),
        "public_certificate_path": "pki/svm1.pem",
        "private_key_path": "pki/svm1.key",
        "wait": 60,
    }
    site.write("rotation.yml", rotation)
    began, before = site.network.now(), client.spis()
    renewed = site.play("wiresec.ontap.rotate_certificates", "-e", "@rotation.yml")
    assert renewed.code == 0, renewed.output
    moment = site.network.now()
    assert wait_until(lambda: talk.heard_since(moment), PATIENCE)
    print(f"{daemon}, a new certificate of the array: {talk.outage(began):.1f} s without an answer")
    assert client.spis() == before, "associations live on"
    moved = array.policy("nfs", "svm1")
    assert moved and moved["certificate"]["name"] == name_of(successor)
    settled = site.play("wiresec.ontap.rotate_certificates", "-e", "@rotation.yml")
    assert (settled.code, settled.changed) == (0, []), settled.output
    assert site.network.in_clear(encrypted) == []
