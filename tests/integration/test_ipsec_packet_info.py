# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a packet: asked of files without any array, and of an array, in one playbook each."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Unknowns
from support.harness import Playbooks

FILE = """\
svm: svm1
policies:
  - name: nfs
    action: esp_transport
    protocol: tcp
    local_endpoint: {address: 10.10.10.7/32, port: 2049}
    remote_endpoint: {address: "{{ clients }}"}
    secret_key: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      33323964616263643363
  - name: scanner
    action: bypass
    local_endpoint: {address: 10.10.10.7/32}
    remote_endpoint: {address: 10.20.9.9/32}
  - name: asleep
    action: esp_transport
    enabled: false
    local_endpoint: {address: 10.10.10.7/32}
    remote_endpoint: {address: 10.30.0.0/16}
  - name: gone
    state: absent
    local_endpoint: {address: 10.10.10.7/32}
    remote_endpoint: {address: 10.40.0.0/16}
"""
NFS = {"destination": "10.10.10.7", "protocol": "tcp", "destination_port": 2049}


def asked(playbooks: Playbooks, *questions: dict[str, Any], **connection: Any) -> list[dict[str, Any]]:
    """The answers, in one play."""
    tasks = [
        {"name": str(number), "wiresec.ontap.ipsec_packet_info": {**NFS, **one}, "ignore_errors": True}
        for number, one in enumerate(questions)
    ]
    play = playbooks.play(tasks, "-e", "clients=10.20.0.0/16", **connection)
    assert play.code == 0, play.output
    return [{"verdicts": [], **one["result"]} for one in play.results]


def test_files_answer_without_an_array_and_without_the_vault_password(playbooks: Playbooks) -> None:
    (playbooks.folder / "svm1.yml").write_text(FILE, encoding="utf-8")
    playbooks.array.clear_log()
    files = {"paths": ["svm1.yml"]}
    found = asked(
        playbooks,
        {**files, "source": "10.20.1.1"},
        {**files, "source": "10.20.9.9"},
        {**files, "source": "10.30.0.1"},
        {**files, "source": "10.40.0.1"},
        {**files, "source": "10.20.0.0/15", "svm": "svm1"},
        {
            **files,
            "source": "10.10.10.7",
            "destination": "10.20.1.1",
            "source_port": 2049,
            "destination_port": None,
            "sender": "array",
        },
        {**files, "source": "10.20.1.1", "destination_port": 111, "svm": "svm1"},
        {**files, "source": "10.20.1.1", "protocol": "icmp", "destination_port": None},
        {**files, "source": "10.20.1.1", "protocol": None},
        {**files, "source": "2001:db8::1"},
        {"paths": [], "source": "10.20.1.1"},
        {"paths": ["nothing.yml"], "source": "10.20.1.1"},
    )
    assert playbooks.array.requests == []
    states = [[one["state"] for one in answer.get("verdicts", [])] for answer in found]
    assert states == [
        ["protected"],
        ["ambiguous"],
        ["clear"],
        ["clear"],
        ["partly"],
        ["protected"],
        ["clear"],
        ["clear"],
        *[[]] * 4,
    ]
    assert found[0]["msg"] == "SVM svm1: protected by nfs. Of any other SVM it goes in clear."
    (nfs,) = found[0]["verdicts"][0]["policies"]
    assert (nfs["path"], nfs["line"], nfs["covers"], nfs["in_force"]) == ("svm1.yml", 3, "all", True)
    client = found[0]["verdicts"][0]["client"]
    assert (client["local"], client["remote"], client["remote_port"], client["protocol"]) == (
        "10.20.1.1",
        "10.10.10.7",
        2049,
        "tcp",
    )
    assert "which one ONTAP applies is not published" in found[1]["msg"]
    assert "(asleep would match, and is not in force)" in found[2]["msg"]
    assert [part["state"] for part in found[4]["verdicts"][0]["parts"]] == ["clear", "ambiguous", "protected"]
    assert "10.20.9.9" in found[4]["verdicts"][0]["parts"][1]["where"]
    assert [one["msg"][:40] for one in found[8:]] == [
        "protocol: a port needs tcp or udp.",
        "source, destination: one is IPv4 and the",
        "paths: the list is empty. Leave it out t",
        "The policy files can't be used.\nnothing.",
    ]


@pytest.mark.covers_plays
def test_an_array_answers(playbooks: Playbooks) -> None:
    array = playbooks.array
    endpoints = {
        "local_endpoint": {"address": "10.10.10.0", "netmask": "24"},
        "remote_endpoint": {"address": "10.20.0.0", "netmask": "16"},
    }
    array.add_policy({"name": "all", "svm": "svm1", **endpoints})
    array.add_policy(
        {"name": "ports", "svm": "svm2", **endpoints, "local_endpoint.port": "2049-2049", "protocol": "tcp"}
    )
    array.add_policy({"name": "cluster", "action": "bypass", **endpoints})
    found = asked(
        playbooks,
        {"source": "10.20.1.1"},
        {"source": "10.20.1.1", "svm": "svm2", "protocol": "udp"},
        {"source": "10.99.1.1", "svm": "svm1"},
    )
    assert [[(one["svm"], one["state"]) for one in answer["verdicts"]] for answer in found] == [
        # The policy of cluster scope may concern both.
        [("svm1", "ambiguous"), ("svm2", "ambiguous")],
        [("svm2", "clear")],
        [("svm1", "clear")],
    ]
    assert "whether it concerns an SVM is not published" in found[0]["msg"]
    array.edit_policy("cluster", None, {"enabled": False})
    found = asked(
        playbooks,
        {"source": "10.20.1.1", "svm": "svm1"},
        {"source": "10.20.1.1", "svm": "svm2", "protocol": "icmp", "destination_port": None},
    )
    assert [answer["verdicts"][0]["state"] for answer in found] == ["protected", "clear"]
    array.add_account("auditor", "a-password", svm="svm1")
    for shown in ("shown", "left_out", "unset"):
        array.unknowns = Unknowns(svm_of_own_account=shown)
        question = {"source": "10.20.1.1", "username": "auditor", "password": "a-password"}
        own, nameless = asked(playbooks, {**question, "svm": "svm1"}, question)
        assert [one["state"] for one in own["verdicts"]] == ["protected"]
        if shown == "shown":
            assert [one["state"] for one in nameless["verdicts"]] == ["protected"]
        else:
            assert "name its SVM" in nameless["msg"]
    array.unknowns = Unknowns()
    array.refuse("GET", "/api/security/ipsec/security-associations", 6, status=403)
    (unread,) = asked(playbooks, {"source": "10.20.1.1", "svm": "svm1"})
    assert "Whether its associations encrypt could not be read." in unread["verdicts"][0]["notes"]
    array.heal()
    array.establish("all", "svm1")
    for one in array._state.associations.all():
        one["cipher_suite"] = "suiteb_gmac256"
    (authenticated,) = asked(playbooks, {"source": "10.20.1.1", "svm": "svm1"})
    assert "SVM svm1: authenticated and not encrypted, by all" in authenticated["msg"]
    assert authenticated["verdicts"][0]["state"] == "authenticated"
    array.ipsec_enabled = False
    for answer in ("normal", "empty", "error"):
        array.unknowns = Unknowns(while_disabled=answer)
        (off,) = asked(playbooks, {"source": "10.20.1.1", "svm": "svm1"})
        assert (off["ipsec_enabled"], off["verdicts"][0]["state"]) == (False, "clear")
        assert "IPsec is disabled, so no policy is in force." in off["msg"]
