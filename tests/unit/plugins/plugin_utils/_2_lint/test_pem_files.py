# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for certificates and keys in files, by such that others make (trustme), at whatever time it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import trustme
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import x509
from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_reports.findings import as_text, in_order, summary
from ansible_collections.wiresec.ontap.plugins.plugin_utils._2_lint import pem_files

CA = trustme.CA(organization_name="Example")
LEAF = CA.issue_cert("svm1.example.com", common_name="svm1.example.com")
OTHER = CA.issue_cert("svm2.example.com", common_name="svm2.example.com")
ROOT = CA.cert_pem.bytes()
CERTIFICATE = LEAF.cert_chain_pems[0].bytes()
KEY = LEAF.private_key_pem.bytes()
(PARSED,) = x509.certificates(CERTIFICATE.decode())
NOW = PARSED.expiry - timedelta(days=100)
VAULT = [("default", VaultSecret(b"sample files only"))]


def in_vault(content: bytes) -> bytes:
    return bytes(VaultLib(VAULT).encrypt(content))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(**files: bytes) -> None:
    """Files of the folder pki, by their names with _ for the dot."""
    Path("pki").mkdir(exist_ok=True)
    for name, content in files.items():
        Path("pki", name.replace("_", ".")).write_bytes(content)


def check(*paths: str, now: datetime = NOW, vault: bool = True, days: int = 30) -> list[str]:
    """The lines of the text report, without the count."""
    loader = DataLoader()
    loader.set_vault_secrets(VAULT if vault else [])
    found = in_order(pem_files.check(paths or ["pki"], loader, days, now))
    lines = as_text(found, summary(found, 0, 0)).splitlines()[:-1]
    for secret in KEY.decode().splitlines()[1:-1]:
        assert secret not in "".join(lines)
    return lines


def test_what_is_in_order() -> None:
    # A request is neither, and nobody looks at what is hidden.
    write(svm1_pem=CERTIFICATE, ca_crt=ROOT, svm1_key=in_vault(KEY), svm1_csr=b"a request", _pem=b"nothing")
    assert check() == []
    # One file has the chain, too, and comes from a system with other ends of lines.
    write(svm1_pem=b"\xef\xbb\xbf" + (CERTIFICATE + ROOT).replace(b"\n", b"\r\n").rstrip())
    assert check() == []


@pytest.mark.parametrize(
    ("left", "line"),
    [
        (timedelta(days=30), None),
        (
            timedelta(days=30, seconds=-1),
            "warning expiring-certificate: {title} expires in 29 days, on {end:%Y-%m-%d}.",
        ),
        (timedelta(seconds=1), "warning expiring-certificate: {title} expires in 0 days, on {end:%Y-%m-%d}."),
        (timedelta(0), "error invalid-certificate: {title} has expired, on {end:%Y-%m-%d at %H:%M UTC}."),
        (PARSED.expiry - PARSED.start, None),
        (
            PARSED.expiry - PARSED.start + timedelta(seconds=1),
            "error invalid-certificate: {title} is not valid before {start:%Y-%m-%d at %H:%M UTC}.",
        ),
    ],
)
def test_when_it_is_valid(left: timedelta, line: str | None) -> None:
    write(svm1_pem=CERTIFICATE)
    title = pem_files.title(PARSED)
    told = (
        [] if line is None else [f"pki/svm1.pem:1: {line.format(title=title, end=PARSED.expiry, start=PARSED.start)}"]
    )
    assert check(now=PARSED.expiry - left) == told


def test_how_early_it_is_warned_of() -> None:
    write(svm1_pem=CERTIFICATE)
    at = PARSED.expiry - timedelta(days=20)
    assert [len(check(now=at, days=days)) for days in (0, 20, 21, 400)] == [0, 0, 1, 1]


NO_KEY = "error key-without-certificate: none of the certificates that were looked at has this private key."


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        ({"svm1_key": in_vault(KEY)}, [f"svm1.key:1: {NO_KEY}"]),
        ({"svm1_key": in_vault(KEY), "svm1_pem": OTHER.cert_chain_pems[0].bytes()}, [f"svm1.key:1: {NO_KEY}"]),
        # The name says nothing, and the authority is one of those that have a key.
        ({"a_key": in_vault(KEY), "b_pem": CERTIFICATE}, []),
        (
            {"svm1_key": KEY, "svm1_pem": CERTIFICATE},
            [
                "svm1.key:1: error plain-text-secret: a private key stands here as plain text; encrypt it by ansible-vault."
            ],
        ),
    ],
)
def test_whose_a_key_is_and_whether_it_shows(files: dict[str, bytes], lines: list[str]) -> None:
    write(**files)
    assert check() == [f"pki/{line}" for line in lines]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (PARSED.der, "is no text: give PEM, which openssl makes of DER."),
        (b"", "has nothing that begins with -----BEGIN and ends with -----END: give PEM."),
        (CERTIFICATE[:-40], "has nothing that begins with -----BEGIN and ends with -----END: give PEM."),
        (CERTIFICATE.replace(b"MII", b"M!I", 1), "has a block 'CERTIFICATE' that is not Base64, or not all of it."),
        (CERTIFICATE + KEY, "is not one private key: give the key alone, without certificates."),
        (KEY + KEY, "is not one private key: give the key alone, without certificates."),
        (KEY.replace(b"\nM", b"\nA", 1), "is no private key that can be read."),
        (
            b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "is encrypted, and ONTAP takes it in clear only: decrypt it, and keep it in Ansible Vault.",
        ),
        (
            b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
            "has a block 'CERTIFICATE REQUEST', where certificates are expected.",
        ),
    ],
    ids=["DER", "empty", "cut off", "no Base64", "both", "two keys", "broken key", "passphrase", "request"],
)
def test_what_can_not_be_read(content: bytes, message: str) -> None:
    write(svm1_pem=content)
    assert check() == [f"pki/svm1.pem:1: error unreadable-file: {message}"]


def test_what_is_not_there() -> None:
    Path("pki").mkdir()
    Path("pki/gone.pem").symlink_to("nowhere")
    Path("empty").mkdir()
    assert check("pki", "empty", "none.pem", "") == [
        "'':1: error unreadable-file: an empty path stands for no file.",
        "empty:1: error unreadable-file: no file in this folder ends with .pem, .crt, .cer, .key.",
        "none.pem:1: error unreadable-file: there is no such file or folder.",
        "pki/gone.pem:1: error unreadable-file: can't be read: No such file or directory.",
    ]


def test_without_the_vault_password_it_says_what_it_could_not_see() -> None:
    write(svm1_pem=CERTIFICATE, svm1_key=in_vault(KEY))
    assert check(vault=False) == [
        "pki/svm1.key:1: note unreadable-secret: can't be looked at: none of the Vault passwords that are given decrypts it."
    ]


def test_a_file_that_is_named_twice_is_told_of_once() -> None:
    write(svm1_pem=CERTIFICATE)
    assert len(check("pki", "pki/svm1.pem", now=PARSED.expiry)) == 1
