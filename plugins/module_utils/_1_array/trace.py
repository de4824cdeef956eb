# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A record of all requests for whoever has to find out what happened, without any secret."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from .._0_basics.errors import InvalidInput
from .._0_basics.hiding import Hider

_LONGEST_TEXT = 2000
"""Characters kept of an answer that is not JSON, such as a proxy's page."""


class Trace:
    """A file with one JSON object a line for each request that was sent. Use it as a context manager.

    path: created with mode 0600, or appended to if it is a regular file that only its owner, this user, can read.
    secret_names, secret_values: what is never written, see ``Hider``.

    Raises ``InvalidInput`` if the file can't be opened or is not private. If it can't be written later on, the run
    goes on, since the array matters more, and ``problem`` says so.
    """

    def __init__(self, path: str, secret_names: Iterable[str], secret_values: Iterable[str] = ()) -> None:
        self.problem = ""
        self._path = path
        self._hide = Hider(secret_names, secret_values)
        self._lock = threading.Lock()
        try:
            # O_NOFOLLOW, because the file may lie where others can put a link to something of ours in its place.
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        except OSError as error:
            why = "it is a symbolic link" if os.path.islink(path) else error.strerror
            raise InvalidInput(f"trace: {path} can't be opened: {why}.") from None
        status = os.fstat(self._file)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            os.close(self._file)
            raise InvalidInput(f"trace: {path} must be a file that only its owner, this user, can read (mode 0600).")

    def __enter__(self) -> Trace:
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self._file)

    def write(
        self,
        method: str,
        url: str,
        status: int | None,
        seconds: float,
        body: Mapping[str, Any] | None,
        answer: str,
    ) -> None:
        """Adds a request, from any thread. status: ``None`` if no answer came; ``answer`` says why then, or what came."""
        with self._lock:
            self._write(method, url, status, seconds, body, answer)

    def _write(
        self, method: str, url: str, status: int | None, seconds: float, body: Mapping[str, Any] | None, answer: str
    ) -> None:
        path, _question_mark, query = url.partition("?")
        entry: dict[str, Any] = {
            "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            "method": method,
            "path": path,
            "query": query,
            "status": status,
            "seconds": round(seconds, 3),
            "request": self._hide(body),
            "answer": self._hide(_parsed(answer)),
        }
        if isinstance(entry["answer"], str):
            entry["answer"] = entry["answer"][:_LONGEST_TEXT]
        try:
            os.write(self._file, f"{json.dumps(entry)}\n".encode())
        except OSError as error:
            self.problem = f"trace: {self._path} could not be written to its end: {error.strerror}."


def _parsed(answer: str) -> Any:
    try:
        return json.loads(answer)
    except ValueError:
        return answer
