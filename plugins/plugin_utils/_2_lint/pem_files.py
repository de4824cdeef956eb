# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of ipsec_policy_lint for files with certificates and private keys. Messages never have a part of a key.

Whether a certificate fits an array and its policies is looked at where it is installed; what is here is what files alone can tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import is_encrypted

from ...module_utils._0_basics import x509
from ...module_utils._0_basics.certificate_bundle import out_of_time, title
from ...module_utils._0_basics.errors import counted
from .._0_reports.findings import Finding
from .._1_policy_files.policy_files import Problem, decrypt, files_at, shown

SUFFIXES = (".pem", ".crt", ".cer", ".key")
"""The files that are read of a folder. A request (.csr) is neither a certificate nor a key."""


def check(paths: Iterable[str], loader: DataLoader, expiry_warning: int, now: datetime) -> list[Finding]:
    """All findings in these files and folders. expiry_warning: in days."""
    read = _Files(loader)
    seen: set[str] = set()
    for found in (one for path in paths for one in files_at(path, SUFFIXES)):
        if isinstance(found, Problem):
            read.find(found.id, found.path, found.message)
        elif found[0] not in seen:
            seen.add(found[0])
            read.read(found[0])
    for path, certificate in read.certificates:
        problem = out_of_time(certificate, now)
        left = (certificate.expiry - now) // timedelta(days=1)
        if problem:
            read.find("invalid-certificate", path, f"{title(certificate)} {problem}")
        elif left < expiry_warning:
            when = f"{counted(left, 'day', 'days')}, on {certificate.expiry:%Y-%m-%d}"
            read.find("expiring-certificate", path, f"{title(certificate)} expires in {when}.")
    known = {certificate.public_key for _path, certificate in read.certificates}
    for path, public_key in read.keys:
        if public_key not in known:
            read.find(
                "key-without-certificate", path, "none of the certificates that were looked at has this private key."
            )
    return read.findings


class _Files:
    """What was read, each with its path as users type it."""

    def __init__(self, loader: DataLoader) -> None:
        self._loader = loader
        self.findings: list[Finding] = []
        self.certificates: list[tuple[str, x509.Certificate]] = []
        self.keys: list[tuple[str, bytes]] = []
        """The public half of each private key."""

    def find(self, kind: str, path: str, message: str) -> None:
        """Adds a finding about a file as a whole."""
        self.findings.append(Finding(kind, message, path, 0))

    def read(self, path: str) -> None:
        """Adds what a file has, or what is wrong with it."""
        name = shown(path)
        try:
            content = Path(path).read_bytes()
            in_vault = is_encrypted(content)
            text = (decrypt(self._loader, content) if in_vault else content).decode("utf-8")
            if "PRIVATE KEY-----" in text:
                self.keys.append((name, x509.public_key_of(x509.private_key(text))))
                if not in_vault:
                    self.find(
                        "plain-text-secret",
                        name,
                        "a private key stands here as plain text; encrypt it by ansible-vault.",
                    )
            else:
                self.certificates += [(name, one) for one in x509.certificates(text)]
        except OSError as error:
            self.find("unreadable-file", name, f"can't be read: {error.strerror}.")
        except AnsibleError:
            # What Vault encrypts is a key: a certificate is no secret.
            self.find(
                "unreadable-secret",
                name,
                "can't be looked at: none of the Vault passwords that are given decrypts it.",
            )
        except UnicodeDecodeError:
            self.find("unreadable-file", name, "is no text: give PEM, which openssl makes of DER.")
        except ValueError as error:
            self.find("unreadable-file", name, str(error))
