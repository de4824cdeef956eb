# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the diagnosis of a client; documented in modules/ipsec_diagnosis.py."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._0_basics import normalize
from ..module_utils._0_basics.errors import InvalidInput
from ..modules.ipsec_diagnosis import OPTIONS
from ..plugin_utils._0_execution.in_process import plain
from ..plugin_utils._0_reports import report_files
from ..plugin_utils._0_reports.diagnosis_page import page
from ..plugin_utils._2_diagnosis.both_ends import Compared, diagnosis, headline

_OF_CLIENT = ("running", "format", "connections", "errors", "unread")


class ActionModule(ActionBase):
    """See the documentation of the module."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Writes the page, and says what is found."""
        result: dict[str, Any] = {**super().run(tmp, task_vars), "changed": False}
        try:
            _validation, params = self.validate_argument_spec(OPTIONS)
            return {**result, **self._write(plain(params))}
        except InvalidInput as error:
            return {**result, "failed": True, "msg": str(error)}

    def _write(self, params: Mapping[str, Any]) -> dict[str, Any]:
        try:
            peer = normalize.ip_address(params["peer"])
        except ValueError as error:
            raise InvalidInput(f"peer: {error}") from None
        if not params["arrays"]:
            raise InvalidInput("arrays: is empty, so there is nothing to say.")
        doc = _document(peer, params["arrays"], params["client"], params["compared"])
        folder = Path(params["directory"])
        stem = f"diagnosis-{re.sub(r'[^0-9a-f.]', '-', peer)}"
        texts = {
            folder / f"{stem}.md": page(doc),
            folder / f"{stem}.json": json.dumps(doc, indent=1, sort_keys=True) + "\n",
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for path, text in texts.items():
                report_files.write_whole(path, text)
        except OSError as error:
            raise InvalidInput(f"directory: {folder} can't be written: {error.strerror}.") from None
        Display().display(f"{peer}: {doc['headline']}")
        nothing = not doc["arrays"]
        return {
            **({"failed": True} if nothing else {}),
            "msg": " ".join([doc["headline"], *doc["problems"]]) if nothing else doc["headline"],
            "findings": doc["findings"],
            "files": [str(path) for path in texts],
            "unread": [*doc["problems"], *doc["unread"]],
        }


def _document(peer: str, arrays: Mapping[str, Any], client: Any, compared: Any) -> dict[str, Any]:
    """All that the page has. What is no answer of the modules is told, and left out."""
    problems, unread, findings, known = [], [], [], {}
    comparison = None
    half = client if isinstance(client, Mapping) and all(key in client for key in _OF_CLIENT) else None
    if half is None:
        reason = str(client.get("msg") or "") if isinstance(client, Mapping) else ""
        problems.append(f"The client's half: {reason or 'nobody asked the client.'}")
    else:
        half = {key: half[key] for key in _OF_CLIENT}
        unread += [f"On the client: {one}" for one in half["unread"]]
        comparison = _comparison(compared)
        if comparison is None:
            reason = " ".join(str(compared.get("msg") or "").split()) if isinstance(compared, Mapping) else ""
            problems.append(f"The client and the policy files: {reason or 'nobody compared them.'}")
    for cluster, found in arrays.items():
        if not isinstance(found, Mapping) or not isinstance(found.get("peer"), Mapping) or "policies" not in found:
            reason = str(found.get("msg") or "") if isinstance(found, Mapping) else ""
            problems.append(f"Array {cluster}: {reason or 'it has not been looked at.'}")
            continue
        if found["peer"].get("address") != peer:
            raise InvalidInput(f"arrays: {cluster} was asked about {found['peer'].get('address')}, not about {peer}.")
        try:
            findings += diagnosis(cluster, found, half, comparison)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InvalidInput(f"arrays, client: what is said of {cluster} makes no sense here ({error!r}).") from None
        known[cluster] = {"peer": found["peer"], "policies": found["policies"]}
        unread += [f"On {cluster}: {one}" for one in found.get("unread") or ()]
    said = headline(findings, half is not None) if known else "Nothing is known of any array."
    return {
        "report": "ipsec_diagnosis",
        **{"peer": peer, "time": datetime.now(timezone.utc).isoformat(timespec="seconds"), "headline": said},
        **{"findings": findings, "arrays": known, "client": half},
        "compared": None if comparison is None else dict(comparison.connections),
        **{"problems": problems, "unread": unread},
    }


def _comparison(compared: Any) -> Compared | None:
    """What the role has found, ``None`` if that is nothing that could be read."""
    if not isinstance(compared, Mapping) or not isinstance(compared.get("connections"), Mapping):
        return None
    not_loaded = compared.get("not_loaded")
    connections = {str(name): str(how) for name, how in compared["connections"].items()}
    return Compared(connections, not_loaded if isinstance(not_loaded, list) else None)
