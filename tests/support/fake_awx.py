# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of AWX's API as the modules of awx.awx need to set something up: objects, associations, surveys.

It checks nothing but that objects are there; what it was told can be looked at afterwards.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Object = dict[str, Any]

# What is listed together, too, for whatever launches or schedules one of them; singular because modules ask by it.
JOBS = {
    "job_templates": "job_template",
    "projects": "project",
    "workflow_job_templates": "workflow_job_template",
    "workflow_approval_templates": "workflow_approval",
}


class FakeAwx:
    """A server in a thread of its own."""

    def __init__(self) -> None:
        self.objects: list[Object] = []
        self.surveys: dict[int, Object] = {}
        self._links: dict[tuple[int, str], list[int]] = {}
        self.add("organizations", {"name": "Default"})
        for name in ("Vault", "Source Control"):
            self.add("credential_types", {"name": name})
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else {}
                status, answer = fake._answer(self.command, self.path, body)
                content = b"" if status == 204 else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = _serve

            def log_message(self, format: str, *arguments: Any) -> None:
                """Nothing; the output belongs to the tests."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FakeAwx:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, collection: str, fields: Object) -> Object:
        """Makes an object, as a POST to ``collection`` does."""
        number = len(self.objects) + 1
        url = f"/api/v2/{collection}/{number}/"
        related = {"survey_spec": f"{url}survey_spec/", "update": f"{url}update/"}
        added = {"scm_revision": "", "summary_fields": {}, **fields, "id": number, "url": url, "related": related}
        self.objects.append({**added, "type": JOBS.get(collection, collection.removesuffix("s"))})
        return self.objects[-1]

    def get(self, collection: str, name: str) -> Object:
        """The object of that name or identifier."""
        found = [entry for entry in self._of(collection) if name in (entry.get("name"), entry.get("identifier"))]
        assert len(found) == 1, f"{len(found)} {collection} are named {name}"
        return found[0]

    def linked(self, entry: Object, association: str) -> set[str]:
        """Names or identifiers of the objects that are associated with one."""
        others = [self.objects[number - 1] for number in self._links.get((entry["id"], association), [])]
        return {other.get("identifier") or other["name"] for other in others}

    def _of(self, collection: str) -> list[Object]:
        kinds = list(JOBS) if collection == "unified_job_templates" else [collection]
        return [entry for entry in self.objects if entry["url"].split("/")[3] in kinds]

    def _answer(self, method: str, path: str, body: Object) -> tuple[int, Any]:
        url = urlsplit(path)
        collection, *rest = url.path.removeprefix("/api/v2/").strip("/").split("/")
        if not rest:
            if method == "POST":
                return 201, self.add(collection, body)
            return 200, _page([entry for entry in self._of(collection) if _matches(entry, dict(parse_qsl(url.query)))])
        entry = self.objects[int(rest[0]) - 1]
        if len(rest) == 1:
            entry.update(body)
            return 200, entry
        return self._below(method, entry, rest[1], body)

    def _below(self, method: str, entry: Object, what: str, body: Object) -> tuple[int, Any]:
        if what == "survey_spec":
            if method == "POST":
                self.surveys[entry["id"]] = body
            return 200, self.surveys.get(entry["id"], {})
        if what == "update":
            return 202, self.add("project_updates", {"finished": "now", "failed": False, "status": "successful"})
        if what == "create_approval_template":
            approval = self.add("workflow_approval_templates", body)
            entry["unified_job_template"] = approval["id"]
            return 201, approval
        links = self._links.setdefault((entry["id"], what), [])
        if method == "POST":
            links.append(body["id"])
            return 204, None
        return 200, _page([self.objects[number - 1] for number in links])


def _matches(entry: Object, query: dict[str, str]) -> bool:
    return all(str(entry.get(name)) == value for name, value in query.items())


def _page(entries: list[Object]) -> Object:
    return {"count": len(entries), "next": None, "results": entries}
