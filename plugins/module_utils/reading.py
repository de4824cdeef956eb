# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading: one object by its key, or all that match filters. And explaining what ONTAP refused.

Nothing here writes. An answer from which nothing can be concluded is an error, never an empty result. What an object
consists of is the resource's business, how a page follows another the client's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ansible_collections.wiresec.ontap.plugins.module_utils.errors import (
    ApiError,
    InvalidInput,
    OntapError,
    UnexpectedAnswer,
)
from ansible_collections.wiresec.ontap.plugins.module_utils.resource import (
    NO_SUCH_PATH,
    NOT_KNOWN_TO_RELEASE,
    OLDEST_SUPPORTED,
    Field,
    Requirement,
    Resource,
    State,
    Version,
    release,
)
from ansible_collections.wiresec.ontap.plugins.module_utils.rest import Answer, RestClient, forbidden, instance, literal

_LONGEST_FILTER = 2000
"""Characters of a list of containers in a URL."""


@dataclass(frozen=True)
class Found:
    """What the array has under a key. ``namesakes``: objects whose first key option is the same and the rest is not."""

    current: State | None
    namesakes: list[State]


def find(client: RestClient, resource: Resource, wanted: Mapping[str, Any]) -> Found:
    """Looks an object up by its key with one request, and compares the key exactly on this side.

    A single object is always there, with all fields that the array's release has.
    """
    if resource.single:
        return Found(_read_single(client, resource, wanted), [])
    first, *others = resource.key
    filters = {
        resource.by_option[option].api_path: literal(wanted[option]) for option in resource.key if option in wanted
    }
    needs = resource.requirements(wanted)
    with explaining(client, resource, needs, f"Looking up {resource.title(wanted)}"):
        records = client.get_all(resource.path, {**filters, "fields": resource.query_fields(wanted)})
    states = [_identified(resource, record) for record in records]
    for state in states:
        if resource.container in wanted and resource.outside(state, [wanted[resource.container]]):
            raise UnexpectedAnswer(
                f"GET /api{resource.path}: asked for {resource.title(wanted)}, the array answered with "
                f"{resource.title(state)}. Nothing can be concluded from such an answer."
            )
    same_name = [state for state in states if state.get(first) == wanted[first]]
    matches = [state for state in same_name if all(state.get(option) == wanted.get(option) for option in others)]
    if len(matches) > 1:
        uuids = ", ".join(str(state.get("uuid")) for state in matches)
        raise UnexpectedAnswer(
            f"The array returned {len(matches)} objects for {resource.title(wanted)} ({uuids}); one is expected."
        )
    return Found(matches[0] if matches else None, [state for state in same_name if state not in matches])


def _read_single(client: RestClient, resource: Resource, wanted: Mapping[str, Any]) -> State:
    with explaining(client, resource, resource.requirements(wanted), f"Reading {resource.title(wanted)}"):
        state = resource.from_api(_only_record(client.get(resource.path, {"fields": "*"})))
    check_complete(resource, state, _known_to_all_releases(resource))
    return state


def _only_record(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The single object itself: NetApp's own module finds it in a list of one at times (docs/ontap_facts.md, 7)."""
    return next(iter(Answer(answer).records), answer)


def find_all(
    client: RestClient, resource: Resource, containers: Collection[str], wanted: Sequence[State]
) -> list[State]:
    """All objects in these containers (SVMs), in one listing; of all containers and of none, if any of ``wanted`` is in none.

    wanted: the states that they will be compared with, which decides what is asked for.
    """
    row = resource.by_option[resource.container]
    confined = all(row.option in state for state in wanted)
    expression = "|".join(sorted(containers))
    query = {"fields": resource.query_fields({option for state in wanted for option in state})}
    # Beyond a length of URL that every proxy passes on, or with names that a list can't hold, it is sorted out here.
    if confined and len(expression) <= _LONGEST_FILTER and all(literal(name) == name for name in containers):
        query[row.api_path] = expression
    needs = list(dict.fromkeys(need for state in wanted for need in resource.requirements(state)))
    with explaining(client, resource, needs, f"Listing {resource.noun} objects"):
        records = client.get_all(resource.path, query)
    states = [_identified(resource, record) for record in records]
    strangers = [state for state in states if confined and resource.outside(state, containers)]
    if strangers and row.api_path in query:
        raise UnexpectedAnswer(
            f"GET /api{resource.path}: asked for {resource.container} {', '.join(sorted(containers))}, the array answered "
            f"with {resource.title(strangers[0])}. Nothing can be concluded from such an answer."
        )
    found = [state for state in states if state not in strangers] if strangers else states
    keys = Counter(tuple(sorted(resource.key_of(state).items())) for state in found)
    doubled = [resource.title(dict(key)) for key, number in keys.items() if number > 1]
    if doubled:
        raise UnexpectedAnswer(f"GET /api{resource.path}: the array returned more than one {', '.join(doubled)}.")
    return found


def _identified(resource: Resource, record: Mapping[str, Any]) -> State:
    """The state that a record describes, which must at least say which object it is."""
    state = resource.from_api(record)
    check_complete(resource, state, ["uuid", resource.key[0]])
    return state


def read_whole(client: RestClient, resource: Resource, current: State, options: Iterable[str]) -> State:
    """Every field of an object that the array's release has, not just those that ``find`` asked for.

    What every release knows, and ``options``, must be in it.
    """
    with explaining(client, resource, [], f"Reading {resource.title(current)}"):
        state = resource.from_api(client.get(instance(resource.path, current.get("uuid"))))
    if any(state.get(option) != current.get(option) for option in ("uuid", *resource.key)):
        raise UnexpectedAnswer(f"Reading {resource.title(current)} by its UUID returned {resource.title(state)}.")
    check_complete(resource, state, [*_known_to_all_releases(resource), *options])
    return state


def check_complete(resource: Resource, state: State, options: Iterable[str]) -> None:
    """Refuses an answer that lacks one of ``options`` though every object has it: absence must not look like a value."""
    missing = resource.missing(state, options)
    if missing:
        raise UnexpectedAnswer(
            f"GET /api{resource.path}: the answer about {resource.title(state)} lacks {', '.join(missing)}, "
            "so nothing can be concluded from it. Run the task again."
        )


def is_enabled(client: RestClient, resource: Resource) -> bool | None:
    """Whether the service is enabled that these objects belong to; ``None`` if the account may not know."""
    if resource.switch is None:
        return True
    try:
        answer = client.get(resource.switch.path, {"fields": resource.switch.field})
    except ApiError as error:
        if forbidden(error):
            return None
        raise
    return _only_record(answer).get(resource.switch.field) is True


def listing(
    client: RestClient,
    resource: Resource,
    options: Mapping[str, Any],
    fields: list[str] | None = None,
    order_by: list[str] | None = None,
    max_records: int | None = None,
) -> list[dict[str, Any]]:
    """All objects that match the filters in ``options``, as nested options.

    fields: dotted options to return, ``None`` for all that the array has. order_by: dotted options, each optionally
    with a direction. max_records: the size of a page.
    """
    for name in fields or []:
        if "*" in name:
            raise InvalidInput(f"fields: {name!r} names no field; leave fields out to read all of them.")
    rows = resource.select(fields or [])
    sorting = [_sorting(resource, entry) for entry in order_by or []]
    # The one query that returns what a release has without knowing the release; unknown names would be refused.
    query = {**resource.filters(options), "fields": ",".join(row.api_path for row in rows) or "*"}
    if sorting:
        query["order_by"] = ",".join(f"{row.api_path}{direction}" for row, direction in sorting)
    if max_records is not None:
        query["max_records"] = str(max_records)
    needs = resource.filter_requirements(options)
    needs += [
        (row.option, row.since)
        for row in (*rows, *(row for row, _direction in sorting))
        if row.since > OLDEST_SUPPORTED
    ]
    check_release(client, resource, needs)
    with explaining(client, resource, needs, f"Listing {resource.noun} objects"):
        records = _all_or_none(client, resource, query)
    named = {row.option for row in rows}
    states = [resource.from_api(record) for record in records]
    for state in states:
        check_complete(resource, state, named or _known_to_all_releases(resource))
    return [resource.to_options(state, also=named) for state in states]


def _all_or_none(client: RestClient, resource: Resource, query: Mapping[str, str]) -> list[Mapping[str, Any]]:
    try:
        return client.get_all(resource.path, query)
    except ApiError as error:
        if error.code in resource.none_codes:
            return []
        raise


def count(client: RestClient, resource: Resource, options: Mapping[str, Any]) -> int:
    """How many objects match the filters in ``options``."""
    needs = resource.filter_requirements(options)
    check_release(client, resource, needs)
    with explaining(client, resource, needs, f"Counting {resource.noun} objects"):
        pages = list(client.pages(resource.path, {**resource.filters(options), "return_records": "false"}))
    try:
        return sum(int(page["num_records"]) for page in pages)
    except (KeyError, TypeError, ValueError):
        raise UnexpectedAnswer(
            f"GET /api{resource.path}: asked for a number of records, the array gave none."
        ) from None


def _known_to_all_releases(resource: Resource) -> list[str]:
    return [row.option for row in resource.fields if row.since <= OLDEST_SUPPORTED]


def _sorting(resource: Resource, entry: str) -> tuple[Field, str]:
    name, _space, direction = entry.strip().partition(" ")
    rows = resource.select([name])
    if len(rows) > 1:
        raise InvalidInput(f"order_by: {name!r} stands for several fields; name one, such as {rows[0].option}.")
    if direction.strip() not in ("", "asc", "desc"):
        raise InvalidInput(f"order_by: {entry!r} is sorted neither asc nor desc.")
    return rows[0], f" {direction.strip()}" if direction else ""


@contextmanager
def explaining(client: RestClient, resource: Resource, needs: list[Requirement], doing: str) -> Iterator[None]:
    """Completes an ``ApiError`` from within: what was attempted, what the user can do, and which option is too new.

    The release is read here only, after a refusal that may come from an option which the array does not know.
    """
    try:
        yield
    except ApiError as error:
        error.doing = error.doing or doing
        error.advice = resource.advice.get(error.code) or error.advice
        error.unclear = error.code in resource.unclear_codes
        if error.code in NOT_KNOWN_TO_RELEASE or (error.status, error.code) == NO_SUCH_PATH:
            try:
                version = client.version()
            except OntapError:
                # The refusal is what the user must see, not that its explanation failed.
                version = None
            error.advice = " ".join(too_new(version, resource, needs)) or error.advice
        raise


def check_release(client: RestClient, resource: Resource, needs: list[Requirement]) -> None:
    """Refuses options that are newer than the release, if the user told the release. Sends nothing."""
    problems = too_new(client.known_version, resource, needs) if client.known_version else []
    if problems:
        raise InvalidInput(*problems)


def too_new(version: Version | None, resource: Resource, needs: list[Requirement]) -> list[str]:
    """A sentence for everything that a release lacks, or may lack where the release is not known (``None``)."""
    runs = f"; this array runs {release(version)}" if version else ""
    if version and version < OLDEST_SUPPORTED:
        return [f"{resource.noun} needs ONTAP {release(OLDEST_SUPPORTED)} or later{runs}."]
    return [
        f"{subject} needs ONTAP {release(needed)} or later{runs}."
        for subject, needed in needs
        if version is None or needed > version
    ]
