# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first experiments, with the IPsec service and one policy: what answers hold, and whether there can be more policies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Callable

from .._2_objects.ipsec_service import SERVICE
from .._2_objects.resource import dig
from .experiment import (
    PREFIX,
    SVM,
    UUID,
    Experiment,
    Finding,
    Question,
    Seen,
    Step,
    Unclear,
    create,
    listing,
    read,
    whether,
)


def _service(seen: Seen) -> tuple[Mapping[str, Any], bool]:
    answer = seen.one("get")
    if not answer.accepted:
        raise Unclear(f"the array answered {answer}")
    return seen.record("get"), "records" in answer.body


def _window_type(seen: Seen) -> Finding:
    window = _service(seen)[0].get("replay_window")
    if window is None:
        raise Unclear("the answer has no replay_window")
    return Finding("a number" if isinstance(window, int) else "a string", "int" if isinstance(window, int) else "str")


def _config_shape(seen: Seen) -> Finding:
    in_list = _service(seen)[1]
    return Finding("a list of one record" if in_list else "an object", "records" if in_list else "object")


def _returns_records(seen: Seen) -> Finding:
    returned = bool(seen.one("create").body.get("records"))
    return Finding("yes" if returned else "no, the parameter has no effect", returned)


def _posted_record(seen: Seen) -> Finding:
    records = seen.one("create").body.get("records")
    if not records:
        raise Unclear("the create returned no record")
    missing = sorted(set(seen.record("read")) - set(records[0]) - {"_links"})
    return Finding(f"all but {', '.join(missing)}" if missing else "all of them", "brief" if missing else "all")


def _location(seen: Seen) -> Finding:
    location = seen.one("create").headers.get("Location", "")
    if not location:
        return Finding("there is none", "missing")
    whole = re.search(r"/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", location)
    return Finding("it ends in the UUID" if whole else "it has no UUID", "full" if whole else "without_uuid")


def _shows(path: str) -> Callable[[Seen], Finding]:
    def conclude(seen: Seen) -> Finding:
        value = dig(seen.record("read"), path)
        return Finding("no" if value is None else f"yes: {value}", value is not None)

    return conclude


def _self_link(seen: Seen) -> Finding:
    link = dig(seen.record("linked"), "_links.self.href")
    return Finding("yes" if link else "no", link is not None)


def _defaults(seen: Seen) -> set[str]:
    # What is filtered by comes along anyway, so each filter tells about the other fields only (1.3).
    by_uuid = set(seen.record("by_uuid")) - {"uuid", "_links"}
    return by_uuid | ({"uuid"} & set(seen.record("by_name")))


def _default_fields(seen: Seen) -> Finding:
    names = sorted(_defaults(seen))
    return Finding(", ".join(names) or "none", names)


def _identifiers_always(seen: Seen) -> Finding:
    if not _defaults(seen):
        raise Unclear("there are no such fields")
    extra = set(seen.record("enabled_by_uuid")) - {"uuid", "enabled", "_links"}
    extra |= {"uuid"} & set(seen.record("enabled_by_name"))
    return Finding(f"yes: {', '.join(sorted(extra))}" if extra else "no", bool(extra))


def _num_records(seen: Seen) -> Finding:
    present = "num_records" in seen.one("by_uuid").body
    return Finding("yes" if present else "no", present)


def _create_status(seen: Seen) -> Finding:
    answer = seen.one("create")
    return Finding(f"HTTP {answer.status}{', as a job' if 'job' in (answer.body or {}) else ''}")


def _while_disabled(seen: Seen) -> Finding:
    if not seen.accepted("create"):
        raise Unclear("there is no policy that is known to be there")
    if seen.refused("by_name"):
        return Finding(f"it is refused: {seen.one('by_name')}", "error")
    found = seen.count("by_name")
    return Finding("policies are listed" if found else "nothing is listed", "normal" if found else "empty")


SERVICE_EXPERIMENT = Experiment(
    "Read the configuration of IPsec",
    {"get": Step("GET", path=SERVICE.path)},
    [
        Question("9.23", "replay_window_type", "What JSON type has replay_window of the service?", _window_type),
        Question("7", "ipsec_config_shape", "What does the configuration of the service come as?", _config_shape),
    ],
)

FIRST_EXPERIMENT = Experiment(
    "Create a policy and look at it",
    {
        "create": create("first", return_records=True),
        "read": read("first"),
        "linked": read("first", links=True),
        "by_uuid": listing("first", uuid=UUID),
        "by_name": listing(name=PREFIX + "first", svm__name=SVM),
        "enabled_by_uuid": listing("first", uuid=UUID, fields="enabled"),
        "enabled_by_name": listing(name=PREFIX + "first", svm__name=SVM, fields="enabled"),
    },
    [
        Question(
            "9.3",
            "writes_while_disabled",
            "Can policies be written while IPsec is disabled?",
            whether("create", ("yes", "accepted"), ("no", "refused")),
            while_disabled=True,
        ),
        Question("9.2", "while_disabled", "What does a listing show while IPsec is disabled?", _while_disabled, True),
        Question("9.20", "", "Is a create answered with 201, or with 202 and a job?", _create_status),
        Question("4.1", "location_header", "What is the Location of a create?", _location),
        Question("4.1", "post_returns_records", "Does a create obey return_records?", _returns_records),
        Question("4.1", "posted_record", "Which fields has the record that a create returns?", _posted_record),
        Question("1.1", "family_on_read", "Do endpoints show their family?", _shows("local_endpoint.family")),
        Question("9.6", "ipspace_on_read", "Do policies show their IPspace?", _shows("ipspace.name")),
        Question("9.5", "self_links_in_records", "Does a policy have a link to itself?", _self_link),
        Question("9.5", "brief_default_fields", "Which fields has a listing that names none?", _default_fields),
        Question("9.5", "identifiers_always", "Do those come along when others are named?", _identifiers_always),
        Question("3.4", "num_records_present", "Does a listing say how many records it holds?", _num_records),
    ],
)
