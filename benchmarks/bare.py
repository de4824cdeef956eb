# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that any client could do: one session, the pages of the listing, and the writes; no look at the answers.

Reads a JSON object from the file that is named: url, user, password, ca_path, listing, and writes, which are lists of
method, path and body.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import requests


def main() -> None:
    """Sends the requests one after the other."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with requests.Session() as session:
        session.auth = (job["user"], job["password"])
        session.verify = job["ca_path"]
        session.trust_env = False
        page = job["listing"]
        while page:
            answer = session.get(job["url"] + page, timeout=60)
            answer.raise_for_status()
            page = answer.json().get("_links", {}).get("next", {}).get("href")
        for method, path, body in job["writes"]:
            session.request(method, job["url"] + path, json=body, timeout=60).raise_for_status()


if __name__ == "__main__":
    main()
