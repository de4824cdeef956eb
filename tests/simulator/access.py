# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may log in, how, and what an account may reach (fact sheet 6)."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass

from .errors import OntapError
from .messages import Call
from .versions import V9_14_1, Version

ADMIN = "admin"
PASSWORD = "Sim-Adm1n-Passw0rd-d0-n0t-l0g"
CERTIFICATE_ADMIN = "cert-admin"


def _jwt(*parts: bytes) -> str:
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


# The vendor's client refuses a token that is not built like a JSON web token.
ACCESS_TOKEN = _jwt(b'{"alg":"none","typ":"JWT"}', b'{"sub":"admin","iss":"ontap-simulator"}', b"not-a-real-signature")


@dataclass(frozen=True)
class Account:
    """An account; `svm` is the UUID of the SVM that it belongs to, None for the cluster."""

    name: str
    password: str | None = None
    svm: str | None = None
    forbidden: tuple[str, ...] = ()

    def may_reach(self, path: str) -> bool:
        """Whether no forbidden prefix covers the path."""
        return not any(f"{path}/".startswith(prefix.rstrip("/") + "/") for prefix in self.forbidden)


class Accounts:
    """The accounts of an array."""

    def __init__(self) -> None:
        self._by_name: dict[str, Account] = {}
        self.add(Account(ADMIN, PASSWORD))
        self.add(Account(CERTIFICATE_ADMIN))

    def add(self, account: Account) -> None:
        """Create an account, or change the one of the same name."""
        self._by_name[account.name] = account

    def log_in(self, call: Call, version: Version) -> Account:
        """Return the account that a request comes from; OntapError with status 401 when there is none."""
        kind, _space, credentials = call.headers.get("authorization", "").partition(" ")
        account = None
        match kind.lower():
            case "basic":
                account = self._by_password(credentials)
            case "bearer":
                # OAuth 2.0 came with 9.14.1 (fact sheet 6).
                if version >= V9_14_1 and hmac.compare_digest(credentials.encode(), ACCESS_TOKEN.encode()):
                    account = self._by_name[ADMIN]
            case "":
                account = self._by_name.get(call.certificate_name or "")
        if account is None:
            raise OntapError(6691623, status=401, exact=True)
        return account

    def _by_password(self, credentials: str) -> Account | None:
        try:
            name, _colon, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:
            return None
        account = self._by_name.get(name)
        if account is None or account.password is None:
            return None
        return account if hmac.compare_digest(password.encode(), account.password.encode()) else None
