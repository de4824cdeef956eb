# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run of certificate does to an array: which certificate it means, requests, result, and what it refuses before."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import x509
from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import (
    ApiError,
    InvalidInput,
    OntapError,
    UnexpectedAnswer,
)
from environment import PROGRAMS
from simulator import Simulator, Unknowns
from simulator.authority import Authority, Issued, new_key
from support.arrays import methods
from support.harness import Playbooks, certificate, task

PATH = "/api/security/certificates"
NOW = datetime.now(UTC)
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@dataclass
class Pki:
    """A root that IPsec trusts on svm1, one authority below it, and a certificate of that one."""

    root: Authority
    between: Authority
    leaf: Issued

    def options(self, issued: Issued | None = None, **changes: Any) -> dict[str, Any]:
        """What installs a certificate on svm1; None takes an option away."""
        given = issued or self.leaf
        options = {
            "name": "svm1-cert",
            "svm": "svm1",
            "type": "server",
            "public_certificate": given.certificate,
            "private_key": given.key,
            "intermediate_certificates": list(given.chain) or None,
            **changes,
        }
        return {option: value for option, value in options.items() if value is not None}


@pytest.fixture(scope="module")
def authorities() -> tuple[Authority, Authority]:
    root = Authority("C=DE, O=Example, CN=Root")
    return root, Authority("CN=Between", root)


@pytest.fixture
def pki(array: Simulator, authorities: tuple[Authority, Authority]) -> Pki:
    root, between = authorities
    array.add_certificate("root", "svm1", "server_ca", public_certificate=root.certificate)
    array.add_ca_certificate("root", "svm1")
    return Pki(root, between, between.issue("C=DE, O=Example, CN=svm1.example.com", hosts=["svm1.example.com"]))


def installed(array: Simulator, svm: str | None = "svm1") -> dict[str, str]:
    """Name and content of what is installed there."""
    return {
        one["name"]: one["public_certificate"]
        for one in array.certificates()
        if one.get("svm", {}).get("name") == svm and one["name"] not in ("ipsec-cert", "ipsec-ca", "cluster-cert")
    }


# --- its whole life ---


@pytest.mark.parametrize("version", ["9.8", "9.10.1", "9.15.1", "9.19.1"])
@pytest.mark.parametrize("svm", ["svm1", None])
def test_from_its_installation_to_its_removal(array: Simulator, pki: Pki, svm: str | None, version: str) -> None:
    if svm is None:
        array.add_certificate("root", None, "server_ca", public_certificate=pki.root.certificate)
        array.add_ca_certificate("root")
    array.version = version
    chain_to = "installed" if version == "9.8" else "registered"
    present = pki.options(svm=svm, chain_to=chain_to)
    absent = {"name": "svm1-cert", "state": "absent", **({"svm": svm} if svm else {})}
    # Without an SVM, whether the account is one of an SVM; a removal asks what uses it, or whether there is such an SVM.
    home = ["GET"] if svm is None else []
    registered = [] if version == "9.8" else ["GET"]
    for options, operation, requests in (
        (present, "created", ["GET", *home, *registered, "POST"]),
        (present, "none", ["GET"]),
        (absent, "deleted", ["GET"] * (3 if version == "9.8" else 5 if svm else 4) + ["DELETE"]),
        (absent, "none", ["GET", "GET"]),
    ):
        before = installed(array, svm)
        predicted = certificate(array, check_mode=True, **options)
        assert installed(array, svm) == before
        array.clear_log()
        result = certificate(array, **options)
        if operation == "created":
            assert predicted.pop("uuid") is None and result["uuid"]
            predicted["uuid"] = result["uuid"]
        assert result == predicted
        assert methods(array) == requests, operation
        assert array.connections == 1
        assert (result["operation"], result["changed"], result["name"]) == (operation, operation != "none", "svm1-cert")
        there = "public_certificate" in options
        assert ("svm1-cert" in installed(array, svm)) is there
        if there:
            fingerprint = x509.certificates(pki.leaf.certificate)[0].fingerprint
            assert result["certificate"]["fingerprint"] == fingerprint
            assert result["certificate"]["subject"] == "C=DE, O=Example, CN=svm1.example.com"
            assert result["certificate"]["issuer"] == "CN=Between"
            assert result["diff"]["after"] == result["certificate"]
        else:
            assert result["certificate"] == result["diff"]["after"] == {}


def test_what_is_sent(array: Simulator, pki: Pki) -> None:
    deep = Authority("CN=Deep", pki.between)
    issued = deep.issue()
    certificate(array, **pki.options(issued))
    (body,) = [request.body for request in array.requests if request.method == "POST"]
    assert body == {
        "name": "svm1-cert",
        "svm": {"name": "svm1"},
        "type": "server",
        "public_certificate": issued.certificate,
        "private_key": issued.key,
        # The nearest first, and in one text: ONTAP was seen to take no second element.
        "intermediate_certificates": [deep.certificate + pki.between.certificate],
    }


@pytest.mark.parametrize("kind", ["server_ca", "client_ca"])
def test_an_authority(array: Simulator, kind: str) -> None:
    root = Authority("CN=New Root")
    options = {"name": "new-root", "svm": "svm1", "type": kind, "public_certificate": root.certificate}
    assert certificate(array, **options)["operation"] == "created"
    assert methods(array) == ["GET", "POST"]
    assert certificate(array, **options)["operation"] == "none"


@pytest.mark.parametrize(
    "written",
    [
        lambda pki: {
            "public_certificate": pki.leaf.certificate + "".join(pki.leaf.chain),
            "intermediate_certificates": None,
        },
        lambda pki: {"public_certificate": f"Subject: CN=x\n{pki.leaf.certificate}\n\n"},
        lambda pki: {"public_certificate": pki.leaf.certificate.replace("\n", "\r\n")},
        lambda pki: {"intermediate_certificates": [pki.root.certificate, *pki.leaf.chain, *pki.leaf.chain]},
        lambda pki: {
            "private_key": f"-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n{pki.leaf.key}"
        },
        lambda pki: {"private_key": pki.leaf.key.strip()},
        # The mark that Windows puts before UTF-8.
        lambda pki: {
            "public_certificate": f"\ufeff{pki.leaf.certificate}",
            "private_key": f"\ufeff{pki.leaf.key}",
        },
    ],
)
def test_it_may_be_written_in_many_ways(array: Simulator, pki: Pki, written: Callable[[Pki], dict[str, Any]]) -> None:
    options = pki.options(**written(pki))
    assert certificate(array, **options)["operation"] == "created"
    assert certificate(array, **pki.options())["operation"] == "none"
    assert x509.certificates(installed(array)["svm1-cert"]) == x509.certificates(pki.leaf.certificate)


@pytest.mark.parametrize(
    "unknowns",
    [
        Unknowns(several_intermediates="joined", incomplete_chain="refused"),
        Unknowns(certificate_text="blanks", certificate_names="by_type"),
        Unknowns(posted_record="brief", location_header="missing"),
        Unknowns(post_returns_records=False, identifiers_always=False),
        Unknowns(names_match_case=False, accept_quoting="double_quotes"),
    ],
)
def test_whatever_the_array_is_like(array: Simulator, pki: Pki, unknowns: Unknowns) -> None:
    array.unknowns = unknowns
    issued = Authority("CN=Deep", pki.between).issue()
    assert certificate(array, **pki.options(issued))["operation"] == "created"
    assert certificate(array, **pki.options(issued))["operation"] == "none"
    assert certificate(array, name="svm1-cert", svm="svm1", state="absent")["operation"] == "deleted"
    assert installed(array) == {"root": pki.root.certificate}


@pytest.mark.parametrize("setting", ["shown", "left_out", "unset"])
def test_an_account_of_one_svm(array: Simulator, pki: Pki, setting: str) -> None:
    array.unknowns = Unknowns(svm_of_own_account=setting)
    array.add_account("vsadmin", "secret-enough", "svm1")
    login = {"username": "vsadmin", "password": "secret-enough"}
    if setting == "unset":
        # A filter by SVM finds nothing then, so what is there can't be told from what is not.
        return
    assert certificate(array, **pki.options(), **login)["operation"] == "created"
    assert certificate(array, **pki.options(), **login)["operation"] == "none"
    with pytest.raises(InvalidInput, match="svm: is needed, because this account sees SVM 'svm1'"):
        certificate(array, **pki.options(svm=None, name="another"), **login, chain_to="anywhere")


# --- names ---


def test_another_content_needs_another_name(array: Simulator, pki: Pki) -> None:
    certificate(array, **pki.options())
    renewed = pki.between.issue("C=DE, O=Example, CN=svm1.example.com", end=NOW + timedelta(days=700))
    for check_mode in (True, False):
        with pytest.raises(InvalidInput) as caught:
            certificate(array, check_mode=check_mode, **pki.options(renewed))
        message = str(caught.value)
        assert "name: X.509 certificate 'svm1-cert' on SVM 'svm1' is another one: serial_number is " in message
        assert "expiry_time is " in message and "such as '{common_name}-{expiry}'" in message
    assert methods(array).count("POST") == 1
    assert certificate(array, **pki.options(renewed, name="svm1-cert-2"))["operation"] == "created"


def test_another_type_needs_another_name(array: Simulator, pki: Pki) -> None:
    certificate(array, **pki.options())
    with pytest.raises(InvalidInput, match="type is 'server', and should be 'client'"):
        certificate(array, **pki.options(type="client"))


def test_a_pattern_is_filled_in(array: Simulator, pki: Pki) -> None:
    content = x509.certificates(pki.leaf.certificate)[0]
    expected = {
        "{common_name}-{expiry}": f"svm1.example.com-{content.expiry:%Y-%m-%d}",
        "{start} {serial_number}": f"{content.start:%Y-%m-%d} {content.serial_number}",
        "ipsec-{fingerprint}": f"ipsec-{content.fingerprint.replace(':', '').lower()[:16]}",
    }
    for pattern, name in expected.items():
        result = certificate(array, **pki.options(name=pattern))
        assert (result["operation"], result["name"], result["certificate"]["name"]) == ("created", name, name)
        array.remove_certificate(name, "svm1")


def test_a_pattern_finds_what_has_another_name(array: Simulator, pki: Pki) -> None:
    certificate(array, **pki.options(name="by hand"))
    result = certificate(array, **pki.options(name="{common_name}-{expiry}"))
    assert (result["operation"], result["name"]) == ("none", "by hand")
    with pytest.raises(InvalidInput, match="name: X.509 certificate 'by hand' on SVM 'svm1' is the same one"):
        certificate(array, **pki.options(name="svm1-cert"))
    # Of another type it is another one.
    assert certificate(array, **pki.options(name="{common_name}-client", type="client"))["operation"] == "created"


def test_a_pattern_that_is_not_enough(array: Simulator, pki: Pki) -> None:
    end = NOW + timedelta(days=300)
    first, second = (pki.between.issue(end=end) for _number in range(2))
    certificate(array, **pki.options(first, name="{common_name}-{expiry}"))
    with pytest.raises(InvalidInput, match=r"if that is the name already, '\{common_name\}-\{fingerprint\}'"):
        certificate(array, **pki.options(second, name="{common_name}-{expiry}"))
    assert certificate(array, **pki.options(second, name="{common_name}-{fingerprint}"))["operation"] == "created"


# --- what would fail at the first handshake ---

OTHER = Authority("CN=Elsewhere")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            lambda pki: {"private_key": new_private()},
            "private_key: is not the key of the certificate of 'C=DE, O=Example, CN=svm1",
        ),
        (lambda pki: {"private_key": None}, "private_key: is needed; ONTAP installs type server with its key only"),
        (
            lambda pki: {"private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"},
            "private_key: is no private key that can be read",
        ),
        (lambda pki: {"private_key": pki.leaf.certificate}, "private_key: is not one private key"),
        (
            lambda pki: {
                "private_key": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----"
            },
            "private_key: is encrypted",
        ),
        (
            lambda pki: {
                "private_key": "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----"
            },
            "private_key: is encrypted",
        ),
        (
            lambda pki: {"private_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----"},
            "has the format of OpenSSH",
        ),
        (lambda pki: {"private_key": "a password"}, "private_key: has nothing that begins with -----BEGIN"),
        (lambda pki: {"public_certificate": pki.leaf.key}, "public_certificate: has a private key"),
        (lambda pki: {"public_certificate": "svm1.pem"}, "public_certificate: has nothing that begins with -----BEGIN"),
        (lambda pki: {"public_certificate": pki.leaf.certificate[:-60]}, "public_certificate: has nothing that begins"),
        (lambda pki: {"public_certificate": pki.leaf.certificate.replace("MII", "M!I", 1)}, "that is not Base64"),
        (
            lambda pki: {"public_certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"},
            "is no certificate that can be read",
        ),
        (lambda pki: {"public_certificate": None}, "public_certificate: is needed, or public_certificate_path"),
        (
            lambda pki: {"intermediate_certificates": [OTHER.certificate]},
            "intermediate_certificates: the certificate of 'CN=Elsewhere' is not in the chain",
        ),
        (
            lambda pki: {"intermediate_certificates": None},
            "CN=svm1.example.com' to an authority of SVM 'svm1': the certificate of 'CN=Between' is missing",
        ),
        (
            lambda pki: of(OTHER.issue()),
            "nothing leads from the certificate of 'CN=svm1.example.com' to an authority of SVM 'svm1': the certificate of 'CN=Elsewhere' is missing",
        ),
        (
            lambda pki: of(pki.root.issue(start=LONG_AGO, end=LONG_AGO + timedelta(days=1))),
            r"has expired, on 2001-01-02 at 00:00 UTC",
        ),
        (lambda pki: of(pki.root.issue(start=NOW + timedelta(days=1))), "is not valid before"),
        (
            lambda pki: of(Authority("CN=Old", pki.root, start=LONG_AGO, end=LONG_AGO + timedelta(days=1)).issue()),
            "intermediate_certificates: the certificate of 'CN=Old' has expired",
        ),
        (
            lambda pki: of(signed_by_no_authority(pki.root)),
            "intermediate_certificates: the certificate of 'CN=No Authority' is not that of an authority",
        ),
        (
            lambda pki: {"public_certificate": "".join(reversed(pki.leaf.chain)) + pki.leaf.certificate},
            "It is that of the certificate of 'C=DE, O=Example, CN=svm1.example.com', which has to come first",
        ),
        (
            lambda pki: of(pki.root.issue(signs=False)),
            "public_certificate: the certificate of 'CN=svm1.example.com' has a key that may not sign",
        ),
        (lambda pki: {"type": "server_ca"}, "private_key: does not go with type server_ca"),
        (
            lambda pki: {"type": "server_ca", "private_key": None, "intermediate_certificates": None},
            "type: server_ca is for an authority, which the certificate of 'C=DE, O=Example, CN=svm1.example.com' may not be",
        ),
        (lambda pki: {"type": "root_ca"}, "value of type must be one of"),
        (lambda pki: {"type": None}, "type"),
        (lambda pki: {"name": "{cn}-{expiry}"}, r"name: \{cn\} is none of \{common_name\}, \{expiry\}"),
        (lambda pki: {"name": " "}, "name: is empty"),
        (
            lambda pki: {"name": "{common_name}", **of(pki.root.issue(""))},
            r"name: '\{common_name\}' makes '' of this certificate, which is no name",
        ),
        (
            lambda pki: {"svm": "svm3"},
            "svm: the array has no SVM 'svm3', only 'svm1', 'svm2'",
        ),
        (lambda pki: {"chain_to": "nothing"}, "value of chain_to must be one of"),
    ],
)
def test_what_is_refused_before_anything_is_written(
    array: Simulator, pki: Pki, changes: Callable[[Pki], Mapping[str, Any]], sentence: str
) -> None:
    options = pki.options(**changes(pki))
    if sentence.endswith("is missing"):
        # An earlier task may have predicted the authority.
        (warning,) = certificate(array, check_mode=True, **options)["warnings"]
        assert sentence in warning
    else:
        with pytest.raises(InvalidInput, match=sentence):
            certificate(array, check_mode=True, **options)
    with pytest.raises(InvalidInput, match=sentence) as caught:
        certificate(array, **options)
    assert "POST" not in methods(array)
    assert pki.leaf.key.splitlines()[1] not in str(caught.value)


def of(issued: Issued) -> dict[str, Any]:
    """The options for another certificate."""
    return {
        "public_certificate": issued.certificate,
        "private_key": issued.key,
        "intermediate_certificates": list(issued.chain) or None,
    }


def signed_by_no_authority(root: Authority) -> Issued:
    """A certificate that another one of one end has signed, which has no business with that."""
    key = new_key()
    stranger = root.issue("CN=No Authority", key=key)
    return replace(Authority("CN=No Authority", key=key).issue(), chain=(stranger.certificate,))


def new_private() -> str:
    return OTHER.issue().key


def test_a_purpose_that_no_peer_takes(array: Simulator, pki: Pki) -> None:
    # The authority of tests knows those of TLS, which are taken.
    for purposes in (["server"], ["client"], ["server", "client"]):
        issued = pki.root.issue(purposes=purposes)
        result = certificate(array, check_mode=True, **pki.options(issued))
        assert (result["operation"], result["warnings"]) == ("created", [])
    with pytest.raises(
        InvalidInput, match=r"was issued for 1\.3\.6\.1\.5\.5\.7\.3\.3 \(extendedKeyUsage\), and peers want"
    ):
        certificate(array, **pki.options(pki.root.issue(purposes=["code"])))


def test_an_authority_that_is_not_registered(array: Simulator, pki: Pki) -> None:
    array.add_certificate("elsewhere", "svm1", "server_ca", public_certificate=OTHER.certificate)
    options = pki.options(OTHER.issue())
    sentence = "leads to X.509 certificate 'elsewhere' on SVM 'svm1', which is not registered with IPsec"
    with pytest.raises(InvalidInput, match=sentence):
        certificate(array, **options)
    # An earlier task would register it.
    (warning,) = certificate(array, check_mode=True, **options)["warnings"]
    assert sentence in warning
    assert certificate(array, **options, chain_to="installed")["operation"] == "created"


@pytest.mark.parametrize("chain_to", ["registered", "installed"])
def test_an_authority_that_is_not_valid_any_more(array: Simulator, pki: Pki, chain_to: str) -> None:
    """No peer goes by it, be it registered or not; of the same key and name, one that is valid is enough."""
    key = new_key()
    old = Authority("CN=Again", start=LONG_AGO, end=NOW - timedelta(days=1), key=key)
    array.add_certificate("old", "svm1", "server_ca", public_certificate=old.certificate)
    array.add_ca_certificate("old", "svm1")
    options = pki.options(old.issue(), chain_to=chain_to)
    with pytest.raises(InvalidInput, match=r"leads to X.509 certificate 'old' on SVM 'svm1', which has expired, on"):
        certificate(array, **options)
    array.add_certificate("new", "svm1", "server_ca", public_certificate=Authority("CN=Again", key=key).certificate)
    array.add_ca_certificate("new", "svm1")
    assert certificate(array, **options)["operation"] == "created"


def test_an_authority_that_only_peers_know(array: Simulator, pki: Pki) -> None:
    options = pki.options(Authority("CN=Nowhere").issue())
    with pytest.raises(InvalidInput, match="'CN=Nowhere' is missing"):
        certificate(array, **options, chain_to="installed")
    array.clear_log()
    assert certificate(array, **options, chain_to="anywhere")["operation"] == "created"
    assert methods(array) == ["GET", "POST"]


def test_an_authority_of_another_svm_does_not_count(array: Simulator, pki: Pki) -> None:
    with pytest.raises(InvalidInput, match="to an authority of SVM 'svm2'"):
        certificate(array, **pki.options(svm="svm2"))


def test_of_two_ways_one_is_enough(array: Simulator, pki: Pki) -> None:
    key = new_key()
    old, new = Authority("CN=Cross", pki.root, key=key), Authority("CN=Cross", OTHER, key=key)
    issued = old.issue()
    for chain in ([old.certificate, new.certificate], [new.certificate, old.certificate]):
        options = pki.options(issued, intermediate_certificates=chain)
        assert certificate(array, check_mode=True, **options)["warnings"] == []


# --- removing ---


def test_what_ipsec_uses_is_not_removed(array: Simulator, pki: Pki) -> None:
    certificate(array, **pki.options())
    for name in ("b", "a"):
        array.add_policy({"name": name, "svm": "svm1", "certificate": "svm1-cert"})
    array.add_policy({"name": "elsewhere", "svm": "svm2", "certificate": "ipsec-cert"})
    for check_mode in (True, False):
        for name, users in (
            ("svm1-cert", "IPsec policy 'a', IPsec policy 'b'. Nothing was deleted"),
            ("root", "the registration with IPsec"),
        ):
            with pytest.raises(InvalidInput, match=f"'{name}' on SVM 'svm1' is used by {users}"):
                certificate(array, check_mode=check_mode, name=name, svm="svm1", state="absent")
    assert certificate(array, name="ipsec-cert", svm="svm1", state="absent")["operation"] == "deleted"


def test_what_nobody_can_tell_is_not_removed(array: Simulator, pki: Pki) -> None:
    array.add_policy({"name": "a", "svm": "svm1", "certificate": "ipsec-cert"})
    array.ipsec_enabled = False
    array.unknowns = Unknowns(while_disabled="empty", certificate_in_use="deleted")
    with pytest.raises(UnexpectedAnswer, match="No policy is listed, but IPsec is not enabled"):
        certificate(array, name="ipsec-cert", svm="svm1", state="absent")
    array.add_account("blind", "secret-enough", forbidden=("/api/security/ipsec",))
    with pytest.raises(ApiError, match="403"):
        certificate(array, name="ipsec-cert", svm="svm1", state="absent", username="blind", password="secret-enough")
    assert "DELETE" not in methods(array)


def test_what_others_use_the_array_refuses(array: Simulator) -> None:
    array.refuse("DELETE", f"{PATH}/*", 52560272)
    with pytest.raises(ApiError, match="Something on the array uses it: for IPsec, certificate_info says what"):
        certificate(array, name="ipsec-cert", svm="svm1", state="absent")


def test_a_pattern_removes_nothing(array: Simulator) -> None:
    with pytest.raises(InvalidInput, match="name: is a pattern"):
        certificate(array, name="{common_name}", svm="svm1", state="absent")


# --- when an answer is lost ---


@pytest.mark.parametrize("kind", ["reset", "truncated", "bad_gateway"])
@pytest.mark.parametrize("after_effect", [True, False])
def test_a_lost_answer(array: Simulator, pki: Pki, kind: str, after_effect: bool) -> None:
    array.fault(kind, "POST", PATH, after_effect=after_effect)
    result = certificate(array, **pki.options())
    assert (result["operation"], len(result["warnings"])) == ("created", 1)
    assert [name for name in installed(array) if name != "root"] == ["svm1-cert"]
    array.fault(kind, "DELETE", f"{PATH}/*", after_effect=after_effect)
    assert certificate(array, name="svm1-cert", svm="svm1", state="absent")["operation"] == "deleted"


def test_somebody_else_took_the_name_meanwhile(array: Simulator, pki: Pki) -> None:
    array.refuse("POST", PATH, code=1, status=409)
    with pytest.raises(OntapError, match="another certificate of this name by now, or this one under another name"):
        certificate(array, **pki.options())


# --- without the library ---


def test_without_cryptography_only_the_form_is_checked(
    array: Simulator, pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x509, "READABLE", False)
    result = certificate(array, **pki.options(private_key=pki.leaf.key))
    assert (result["operation"], list(result["certificate"])) == ("created", ["name", "svm", "type", "fingerprint"])
    assert (
        "cryptography is not installed where this task runs, so nothing was checked but the form"
        in result["warnings"][0]
    )
    assert certificate(array, **pki.options())["operation"] == "none"
    with pytest.raises(
        InvalidInput, match="can't be filled in, because the Python library cryptography is not installed"
    ):
        certificate(array, **pki.options(name="{common_name}"))
    with pytest.raises(InvalidInput, match="is another one: fingerprint is"):
        certificate(array, **pki.options(pki.root.issue()))


# --- by ansible-playbook: files, and that no key shows ---


@pytest.mark.covers_plays
def test_files_on_the_controller(playbooks: Playbooks, array: Simulator, pki: Pki, tmp_path: Path) -> None:
    (tmp_path / "svm1.pem").write_text(pki.leaf.certificate + "".join(pki.leaf.chain))
    (tmp_path / "clear.key").write_text(pki.leaf.key)
    (tmp_path / "der.pem").write_bytes(x509.certificates(pki.leaf.certificate)[0].der)
    (tmp_path / "der.key").write_bytes(x509.certificates(pki.leaf.certificate)[0].der)
    (tmp_path / "password").write_text("vault")
    (tmp_path / "svm1.key").write_text(pki.leaf.key)
    vault = [str(PROGRAMS / "ansible-vault"), "encrypt", "--vault-password-file", "password", "svm1.key"]
    subprocess.run(vault, cwd=tmp_path, check=True, capture_output=True)
    common = {"name": "{common_name}-{expiry}", "svm": "svm1", "type": "server"}
    files = {"public_certificate_path": "svm1.pem", "private_key_path": "svm1.key"}
    text = {"public_certificate": pki.leaf.certificate, "private_key": pki.leaf.key}
    module = "certificate"
    trace = tmp_path / "trace.jsonl"
    play = playbooks.play(
        [
            task("installed", module, **common, **files, trace=str(trace)),
            task("again, as text", module, **common, **text, intermediate_certificates=list(pki.leaf.chain)),
            {**task("in a process of its own", module, **common, **files), "vars": {"wiresec_ontap_in_process": False}},
            {**task("both", module, **common, **files, **text), "ignore_errors": True},
            {**task("no file", module, **common, public_certificate_path="nothing.pem"), "ignore_errors": True},
            {**task("no text", module, **common, public_certificate_path="der.pem"), "ignore_errors": True},
            {
                **task(
                    "no text for a key",
                    module,
                    **common,
                    public_certificate_path="svm1.pem",
                    private_key_path="der.key",
                ),
                "ignore_errors": True,
            },
            {**task("a folder", module, **common, public_certificate_path="."), "ignore_errors": True},
            {**task("wrong", module, **{**common, **text, "name": "x", "type": "client_ca"}), "ignore_errors": True},
        ],
        *("--diff", "-vvvv", "--vault-password-file", "password"),
    )
    assert play.changed == ["installed"]
    assert play.failed == ["both", "no file", "no text", "no text for a key", "a folder", "wrong"], play.output
    result = play.result("installed")
    assert result["name"] == play.result("again, as text")["name"] == play.result("in a process of its own")["name"]
    assert play.result("both")["msg"].startswith("public_certificate, public_certificate_path: give one of them.")
    assert "public_certificate_path: nothing.pem can't be read" in play.result("no file")["msg"]
    assert "der.pem is no text: give PEM (openssl x509" in play.result("no text")["msg"]
    assert "der.key is no text: give PEM (openssl pkey" in play.result("no text for a key")["msg"]
    assert "public_certificate_path: . can't be read" in play.result("a folder")["msg"]
    assert "+++ after" in play.output
    shown = play.output + json.dumps(play.results) + trace.read_text()
    secret = pki.leaf.key.splitlines()[1:-1]
    assert not [line for line in secret if line in shown]
    assert "(hidden)" in trace.read_text()
