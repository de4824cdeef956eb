# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook rotate_certificates: from an empty SVM to policies by certificate, and a year later to their successors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator import Simulator
from simulator.authority import Authority, Issued
from support.harness import CHECKOUT, Play, Playbooks, health, task
from support.repository import Repository

ROTATE = CHECKOUT / "playbooks" / "rotate_certificates.yml"
NOW = datetime.now(UTC)
A_YEAR_AGO = NOW - timedelta(days=353)
SUBJECT = "C=DE, O=Example, CN=svm1.example.com"
NAMES = ["backup", "database", "web"]


@dataclass
class Estate:
    """An array, and the files of its operator."""

    playbooks: Playbooks
    authority: Authority
    first: str

    @property
    def array(self) -> Simulator:
        return self.playbooks.array

    def write(self, name: str, issued: Issued) -> None:
        self.text(f"{name}.pem", issued.certificate)
        self.text(f"{name}.key", issued.key)

    def text(self, name: str, content: str) -> None:
        (self.playbooks.folder / name).write_text(content, encoding="utf-8")

    def rotate(self, *arguments: str, **changes: Any) -> Play:
        given = {
            "svm": "svm1",
            "old_certificate": self.first,
            "public_certificate_path": "next.pem",
            "private_key_path": "next.key",
            "wait": 0,
            **changes,
        }
        self.text("rotation.yml", yaml.safe_dump({key: one for key, one in given.items() if one is not None}))
        return self.run(ROTATE, "-e", "@rotation.yml", *arguments)

    def run(self, playbook: Path, *arguments: str) -> Play:
        self.text("hosts.yml", yaml.safe_dump({"all": {"hosts": {"cluster1": {"ansible_host": self.address}}}}))
        return self.playbooks.run(playbook, "-i", "hosts.yml", *arguments)

    def drift(self, certificate: str, **more: Any) -> Play:
        """Looks for a drift from files that have the policies of ``setup_of`` with this certificate."""
        entries = [one["wiresec.ontap.ipsec_policy"] for one in setup_of(certificate)[3:]]
        policies = [{**{key: one for key, one in entry.items() if key != "svm"}, **more} for entry in entries]
        (self.playbooks.folder / "ipsec" / "cluster1").mkdir(parents=True, exist_ok=True)
        self.text("ipsec/cluster1/svm1.yml", yaml.safe_dump({"svm": "svm1", "policies": policies}))
        return self.run(ROTATE.with_name("drift.yml"))

    @property
    def address(self) -> str:
        return f"{self.array.host}:{self.array.port}"

    @property
    def used(self) -> dict[str, str]:
        return {one["name"]: one["certificate"]["name"] for one in self.array.policies()}

    @property
    def associations(self) -> set[str]:
        return {one["uuid"] for one in self.array.security_associations()}

    @property
    def installed(self) -> set[str]:
        return {one["name"] for one in self.array.certificates("svm1")} - {"ipsec-cert", "ipsec-ca"}


def setup_of(first: str) -> list[dict[str, Any]]:
    """From an empty SVM to policies by certificate."""
    common = {"svm": "svm1"}
    return [
        task("authority", "certificate", name="root", type="server_ca", public_certificate_path="root.pem", **common),
        task("trust", "ipsec_ca_certificate", name="root", **common),
        task(
            "own",
            "certificate",
            name="{common_name}-{expiry}",
            type="server",
            public_certificate_path="first.pem",
            private_key_path="first.key",
            **common,
        ),
        *(
            task(
                name,
                name=name,
                action="esp_transport",
                local_endpoint={"address": "10.10.10.7/32"},
                remote_endpoint={"address": f"10.10.30.{number}/32"},
                certificate=first,
                local_identity=SUBJECT,
                remote_identity="ANYTHING",
                **common,
            )
            for number, name in enumerate(NAMES, 1)
        ),
    ]


@pytest.fixture
def estate(playbooks: Playbooks) -> Estate:
    """Files as of a year ago, and those of today."""
    authority = Authority("C=DE, O=Example, CN=Root", start=A_YEAR_AGO - timedelta(days=1))
    end = NOW + timedelta(days=12)
    found = Estate(playbooks, authority, f"svm1.example.com-{end:%Y-%m-%d}")
    found.text("root.pem", authority.certificate)
    found.write("first", authority.issue(SUBJECT, start=A_YEAR_AGO - timedelta(hours=1), end=end))
    found.write("next", authority.issue(SUBJECT))
    playbooks.array.version = "9.18.1"
    return found


def in_use(estate: Estate) -> None:
    """The same without playbooks, where what matters comes later."""
    text = (estate.playbooks.folder / "first.pem").read_text(encoding="utf-8")
    furnish(estate.array, estate.authority, estate.first, text)


def furnish(array: Simulator, authority: Authority, first: str, text: str) -> None:
    """Gives an array an authority, a certificate, and policies that use it."""
    array.add_certificate("root", "svm1", "server_ca", public_certificate=authority.certificate)
    array.add_ca_certificate("root", "svm1")
    array.add_certificate(first, "svm1", "server", public_certificate=text)
    for options in (one["wiresec.ontap.ipsec_policy"] for one in setup_of(first)[3:]):
        shown = {
            option: options[option]
            for option in ("name", "svm", "action", "certificate", "local_identity", "remote_identity")
        }
        array.add_policy({**shown, "enabled": True})


def test_from_an_empty_svm_to_the_successor_a_year_later(estate: Estate) -> None:
    array, setup = estate.array, setup_of(estate.first)
    array.now = A_YEAR_AGO
    first = estate.playbooks.play(setup)
    assert (first.code, len(first.changed)) == (0, len(setup)), first.output
    assert estate.playbooks.play(setup).changed == []
    assert first.result("own")["name"] == estate.first
    array.now = None
    array.auto_establish = True
    (expiring,) = health(array, svm="svm1", wait=0, expiry_warning=30)["expiring"]
    assert (expiring["name"], expiring["expires_in_days"]) == (estate.first, 11)
    array.auto_establish = False
    drift = estate.drift(estate.first)
    assert (drift.code, f"{estate.first}' on SVM 'svm1' expires in 11 days" in drift.output) == (0, True), drift.output
    live = estate.associations
    before = (array.policies(), estate.installed)
    foretold = estate.rotate("--check")
    assert (foretold.code, (array.policies(), estate.installed)) == (0, before), foretold.output
    rotated = estate.rotate()
    assert rotated.code == 0, rotated.output
    successor = rotated.result("Install the successor")["name"]
    assert estate.used == dict.fromkeys(NAMES, successor)
    assert estate.installed == {"root", successor}
    # They live on.
    assert estate.associations == live
    assert "end, and come back with traffic" not in rotated.output
    again = estate.rotate()
    assert (again.code, again.changed) == (0, []), again.output
    assert health(array, svm="svm1", wait=0, expiry_warning=30)["expiring"] == []
    drift = estate.drift(successor, certificate_modify_keepsa=True)
    assert (drift.code, "expires" in drift.output) == (0, False), drift.output
    measured = estate.run(ROTATE.with_name("metrics.yml"))
    told = (estate.playbooks.folder / "ipsec-reports" / "ipsec.prom").read_text(encoding="utf-8")
    assert (measured.code, successor in told, estate.first in told) == (0, True, False), measured.output
    key = (estate.playbooks.folder / "next.key").read_text(encoding="utf-8").splitlines()[1]
    assert key not in first.output + rotated.output


def test_where_the_release_can_not_keep_associations_their_end_is_asked_for_and_counted(estate: Estate) -> None:
    in_use(estate)
    array = estate.array
    array.version = "9.17.1"
    for name in NAMES:
        array.establish(name, "svm1")
    live = estate.associations
    refused = estate.rotate()
    assert refused.code == 2
    assert "certificate_modify_keepsa needs ONTAP 9.18.1 or later" in refused.output
    assert (set(estate.used.values()), estate.associations) == ({estate.first}, live)
    # The canary does not come back, so the others stay as they are, and the old certificate, too.
    stopped = estate.rotate(keep_associations=False, canary="database")
    assert (stopped.code, stopped.failed) == (2, ["Prove it"]), stopped.output
    assert "2 security associations of database end, and come back with traffic" in stopped.output
    successor = estate.used["database"]
    assert estate.used == {"backup": estate.first, "database": successor, "web": estate.first}
    assert estate.installed == {"root", estate.first, successor}
    # Its peers are silent. Run again, it goes on from there.
    array.auto_establish = True
    done = estate.rotate(keep_associations=False, canary="database", silent=["database"])
    assert (done.code, "Let the first policy use the successor" in done.changed) == (0, False), done.output
    assert "4 security associations of the others end" in done.output
    assert (estate.used, estate.installed) == (dict.fromkeys(NAMES, successor), {"root", successor})


def test_another_authority(estate: Estate) -> None:
    """Old and new are trusted together; the former one goes when somebody says so, and nothing that is used."""
    in_use(estate)
    array = estate.array
    array.auto_establish = True
    other = Authority("C=DE, O=Example, CN=Next Root")
    estate.text("other.pem", other.certificate)
    estate.write("next", other.issue(SUBJECT))
    without = estate.rotate()
    assert (without.code, without.failed) == (2, ["Install the successor"])
    assert (
        "to an authority of SVM 'svm1': the certificate of 'C=DE, O=Example, CN=Next Root' is missing" in without.output
    )
    named = {"authority": "next-root", "authority_path": "other.pem"}
    play = estate.rotate(**named)
    assert play.code == 0, play.output
    trusted = {one["certificate"]["name"] for one in array.ca_certificates()}
    assert trusted == {"root", "next-root"}
    last = estate.rotate(**named, former_authority="root")
    assert last.code == 0, last.output
    assert last.changed == ["Do not trust the former authority any more", "Remove its certificate"]
    assert {one["certificate"]["name"] for one in array.ca_certificates()} == {"next-root"}


def test_clients_come_between_what_is_new_and_what_is_moved(estate: Estate) -> None:
    """One that can't be configured stops everything before a policy has the new authority's certificate."""
    in_use(estate)
    other = Authority("C=DE, O=Example, CN=Next Root")
    estate.text("other.pem", other.certificate)
    estate.write("next", other.issue(SUBJECT))
    new = {"authority": "next-root", "authority_path": "other.pem"}
    # The role refuses it at its first step, on the controller; or it can't be reached.
    unfit = {"ansible_connection": "local", "ipsec_client_format": "nothing"}
    gone = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_become": False}
    # The authority is said of the cluster in the inventory, or of everything.
    for client, of_cluster, of_all, sentence in (
        (unfit, new, {}, "value of ipsec_client_format must be one of"),
        (gone, {}, new, "No policy was changed, because db1 can't be reached"),
    ):
        hosts = {"clients": {"hosts": {"db1": client}}, "clusters": {"hosts": {"cluster1": of_cluster}}}
        estate.text("clients.yml", yaml.safe_dump(hosts))
        play = estate.rotate("-i", "clients.yml", ipsec_clusters="cluster1", **of_all)
        assert (play.code != 0, sentence in " ".join(play.output.split())) == (True, True), play.output
    assert {one["certificate"]["name"] for one in estate.array.ca_certificates()} == {"root", "next-root"}
    assert set(estate.used.values()) == {estate.first}
    assert len(estate.installed) == 4


def test_a_limit_that_leaves_out_all_clients_is_refused(estate: Estate) -> None:
    """They would meet an authority that they don't know; whoever asks for the steps has let them know it."""
    in_use(estate)
    estate.array.auto_establish = True
    other = Authority("C=DE, O=Example, CN=Next Root")
    estate.text("other.pem", other.certificate)
    estate.write("next", other.issue(SUBJECT))
    new = {"authority": "next-root", "authority_path": "other.pem", "ipsec_clusters": "cluster1"}
    estate.text("clients.yml", yaml.safe_dump({"clients": {"hosts": {"db1": {"ansible_host": "127.0.0.1"}}}}))
    limited = ("-i", "clients.yml", "--limit", "cluster1")
    refused = estate.rotate(*limited, **new)
    assert (refused.code, refused.failed) == (2, ["Clients are part of it"]), refused.output
    assert estate.installed == {"root", estate.first}
    for tags in ("new", "move,old"):
        done = estate.rotate(*limited, "--tags", tags, **new)
        assert done.code == 0, done.output
    assert estate.first not in estate.used.values()


def test_one_cluster_comes_first_and_whatever_stops_it_is_taken_up_again(place: Path) -> None:
    authority = Authority("C=DE, O=Example, CN=Root")
    first, second = authority.issue(SUBJECT), authority.issue(SUBJECT)
    moved, as_it_was = dict.fromkeys(NAMES, "second"), dict.fromkeys(NAMES, "first")
    given = {"svm": "svm1", "old_certificate": "first", "new_certificate": "second", "wait": 0}
    files = {"public_certificate_path": "next.pem", "private_key_path": "next.key"}
    with Repository(place / "repository", version="9.18.1") as repository:
        arrays = repository.clusters
        for name, content in (
            ("next.pem", second.certificate),
            ("next.key", second.key),
            ("rotation.yml", yaml.safe_dump({**given, **files})),
        ):
            (repository.folder / name).write_text(content, encoding="utf-8")
        for array in arrays.values():
            furnish(array, authority, "first", first.certificate)
            array.auto_establish = True

        def run() -> tuple[Play, dict[str, dict[str, str]], list[bool]]:
            play = repository.run(str(ROTATE), "-e", "@rotation.yml")
            used = {
                name: {one["name"]: one["certificate"]["name"] for one in array.policies()}
                for name, array in arrays.items()
            }
            kept = ["first" in {one["name"] for one in array.certificates("svm1")} for array in arrays.values()]
            return play, used, kept

        # The first one's associations don't come back.
        arrays["cluster1"].auto_establish = False
        play, used, kept = run()
        assert (play.code, play.failed, kept) == (2, ["Prove it"], [True] * 3), play.output
        assert used == {**dict.fromkeys(arrays, as_it_was), "cluster1": {**as_it_was, "backup": "second"}}
        # The last one stops in the middle of its policies, and the one beside it with it.
        arrays["cluster1"].auto_establish = True
        arrays["cluster3"].refuse("PATCH", "/security/ipsec/policies/*", 65552, occurrence=2, times=9)
        play, used, kept = run()
        assert (play.code, kept) == (2, [False, True, True]), play.output
        assert (used["cluster1"], used["cluster3"]) == (moved, {**as_it_was, "backup": "second"})
        arrays["cluster3"].heal()
        play, used, kept = run()
        assert (play.code, used, kept) == (0, dict.fromkeys(arrays, moved), [False] * 3), play.output


def test_what_is_asked_for_before_anything_is_done(estate: Estate) -> None:
    in_use(estate)
    array = estate.array
    before = (array.policies(), estate.installed)
    for changes, sentence in (
        (
            {"svm": None, "old_certificate": "", "authority": "next-root"},
            "Missing, or empty: svm, old_certificate, authority_path.",
        ),
        ({"ipsec_clients": "hosts"}, "ipsec_clients: no host of the inventory is meant by hosts"),
        ({"canary": "nobody", "new_certificate": "x"}, "canary: nobody uses neither"),
        ({"old_certificate": "nothing"}, "No policy of svm1 uses nothing or svm1.example.com-"),
        ({"public_certificate_path": "first.pem", "private_key_path": "first.key"}, "so there is nothing to rotate"),
    ):
        play = estate.rotate("--check", **changes)
        assert (play.code, sentence in play.output.replace("\n", " ")) == (2, True), play.output
    assert (array.policies(), estate.installed) == before
    # What a survey leaves blank, and what would pass for false, or come to light after the first policy was changed.
    senseless: dict[str, Any] = {
        "keep_associations": "maybe",
        "wait": -1,
        "silent": "web",
        "new_certificate": "",
        "canary": " ",
        "former_authority": "root",
        "ipsec_serial": 0,
    }
    of_authority = {"authority": "root", "authority_path": "root.pem"}
    for changes in (senseless, dict.fromkeys(senseless, "")):
        play = estate.rotate(**of_authority, **changes)
        told = f"These can't be meant: {', '.join(senseless)}. keep_associations is true or false"
        assert (play.code, told in " ".join(play.output.split())) == (2, True), play.output
    assert (array.policies(), estate.installed) == before
    # Nothing is removed while anything uses it.
    array.auto_establish = True
    play = estate.rotate("--tags", "new,old")
    assert (play.code, play.failed) == (2, ["Remove the old certificate"]), play.output
    assert "is used by IPsec policy 'backup', IPsec policy 'database', IPsec policy 'web'" in play.output
