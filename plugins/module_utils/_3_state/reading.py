# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading: one object by its key, or all that match filters. And explaining what ONTAP refused.

Nothing here writes. An answer from which nothing can be concluded is an error, never an empty result. What an object
consists of is the resource's business, how a page follows another the client's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .._0_basics.errors import ApiError, InvalidInput, OntapError, UnexpectedAnswer
from .._1_array.rest import Answer, RestClient, if_allowed, instance, literal, named
from .._2_objects.resource import (
    NO_SUCH_PATH,
    NOT_KNOWN_TO_RELEASE,
    OLDEST_SUPPORTED,
    Field,
    Requirement,
    Resource,
    State,
    too_new,
)

_LONGEST_FILTER = 2000
"""Characters of a list of containers in a URL."""

_SHOWN = 10
"""Containers that a message names."""


@dataclass(frozen=True)
class Found:
    """What the array has under a key. ``namesakes``: objects whose first key option is the same and the rest is not."""

    current: State | None
    namesakes: list[State]


class Whole(dict[str, Any]):
    """A state that was read by its UUID: what is not in it, the object does not have."""


def find(client: RestClient, resource: Resource, wanted: Mapping[str, Any]) -> Found:
    """Looks an object up by its key with one request, and compares the key exactly on this side.

    A single object is always there, with all fields that the array's release has.
    """
    if resource.single:
        return Found(_read_single(client, resource, wanted), [])
    name, container = resource.key[0], resource.container
    query = {resource.by_option[option].api_path: literal(value) for option, value in resource.key_of(wanted).items()}
    places = [wanted[container]] if container in wanted else None
    states, asked = _listed(client, resource, query, [wanted], f"Looking up {resource.title(wanted)}", places)
    found = _by_key(resource, (state for state in states if state.get(name) == wanted[name]))
    current = found.pop(resource.sort_key(wanted), None)
    return Found(current and _certain(client, resource, current, asked), list(found.values()))


def _records(
    client: RestClient, resource: Resource, query: Mapping[str, str], options: Iterable[str]
) -> tuple[list[Mapping[str, Any]], set[str]]:
    """The records that a query finds, and the options that were asked for.

    What only helps to judge the others is left out for a release that does not know it: one request more, if the user
    did not tell the release.
    """
    named = set(options)
    helpful = resource.judged_by(named) - named
    if client.known_version:
        helpful = {one for one in helpful if resource.by_option[one].since <= client.known_version}
    try:
        asked = named | helpful
        return client.get_all(resource.path, {**query, "fields": resource.query_fields(asked)}), asked
    except ApiError as error:
        if error.code not in NOT_KNOWN_TO_RELEASE or not helpful:
            raise
    return client.get_all(resource.path, {**query, "fields": resource.query_fields(named)}), named


def _certain(client: RestClient, resource: Resource, state: State, options: Iterable[str]) -> State:
    """A state from a listing, read again by its UUID where it lacks one of ``options`` that may be set.

    ONTAP is known to leave fields out of a listing that is filtered by name, although they are asked for
    (docs/ontap_facts.md, 8).
    """
    asked = resource.needed_to_change(options)
    if isinstance(state, Whole):
        return state
    if resource.doubtful(state, asked) or resource.missing(state, asked):
        return read_whole(client, resource, state, asked)
    return state


def _read_single(client: RestClient, resource: Resource, wanted: Mapping[str, Any]) -> State:
    with explaining(client, resource, resource.requirements(wanted), f"Reading {resource.title(wanted)}"):
        state = resource.from_api(_only_record(client.get(resource.path, {"fields": "*"})))
    check_complete(resource, state, _known_to_all_releases(resource))
    return state


def _only_record(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The single object itself: NetApp's own module finds it in a list of one at times (docs/ontap_facts.md, 7)."""
    return next(iter(Answer(answer).records), answer)


def find_all(
    client: RestClient,
    resource: Resource,
    containers: Collection[str] | None,
    wanted: Sequence[State],
    all_fields: bool = False,
) -> dict[tuple[str, ...], State]:
    """All objects in these containers (SVMs), by ``sort_key``, in one listing; of all containers and of none, if any of ``wanted`` is in none.

    containers: ``None`` for all, and those that are in none. wanted: the states that they will be compared with, which
    decides what is asked for. all_fields: ask for all that the release has, known by ``wanted`` or not.
    """
    confined = containers is not None and all(resource.container in state for state in wanted)
    places = sorted(containers or ()) if confined else None
    expression = "|".join(places or ())
    query = {}
    # Beyond a length of URL that every proxy passes on, or with names that a list can't hold, it is sorted out here.
    if places is not None and len(expression) <= _LONGEST_FILTER and all(literal(name) == name for name in places):
        query[resource.by_option[resource.container].api_path] = expression
    doing = f"Listing {resource.noun} objects"
    states, asked = _listed(client, resource, query, wanted, doing, places, all_fields)
    if query and not states and only_container(client, resource) in (places or ()):
        # To an account of one SVM that filter may find nothing (docs/ontap_facts.md, 6).
        states, asked = _listed(client, resource, {}, wanted, doing, places, all_fields)
    found = _by_key(resource, states)
    needed = {resource.sort_key(state): asked & (state.keys() | resource.judged_by(state)) for state in wanted}
    return {
        key: _certain(client, resource, state, needed[key]) if key in needed else state for key, state in found.items()
    }


def _listed(
    client: RestClient,
    resource: Resource,
    query: Mapping[str, str],
    wanted: Sequence[Mapping[str, Any]],
    doing: str,
    places: Collection[str] | None,
    all_fields: bool = False,
) -> tuple[list[State], set[str]]:
    """The objects that a query finds, with what ``wanted`` is about; and the options that were asked for.

    places: the containers that it is confined to. What is elsewhere is left out, unless the query itself excluded it.
    """
    options = {option for state in wanted for option in state}
    needs = list(dict.fromkeys(need for state in wanted for need in resource.requirements(state)))
    with explaining(client, resource, needs, doing):
        if all_fields:
            # The one expression that asks for fields of newer releases without knowing the release.
            records, asked = client.get_all(resource.path, {**query, "fields": "*"}), options
        else:
            records, asked = _records(client, resource, query, options)
    states = _identified(client, resource, records)
    if places is None:
        return states, asked
    inside = [state for state in states if not resource.outside(state, places)]
    if len(inside) < len(states) and resource.by_option[resource.container].api_path in query:
        stranger = next(state for state in states if resource.outside(state, places))
        raise UnexpectedAnswer(
            f"GET /api{resource.path}: asked for {resource.container} {', '.join(places)}, the array answered with "
            f"{resource.title(stranger)}. Nothing can be concluded from such an answer."
        )
    return inside, asked


def _by_key(resource: Resource, states: Iterable[State]) -> dict[tuple[str, ...], State]:
    """Refuses an answer that has an object twice: nobody can tell which of them is meant."""
    found: dict[tuple[str, ...], list[State]] = {}
    for state in states:
        found.setdefault(resource.sort_key(state), []).append(state)
    for same in found.values():
        if len(same) > 1:
            uuids = ", ".join(str(state.get("uuid")) for state in same)
            raise UnexpectedAnswer(
                f"The array returned {len(same)} objects for {resource.title(same[0])} ({uuids}); one is expected."
            )
    return {key: same[0] for key, same in found.items()}


def _identified(client: RestClient, resource: Resource, records: Iterable[Mapping[str, Any]]) -> list[State]:
    """The states that records describe. Each must say which object it is, be it when it is read by its UUID.

    Accounts of one SVM may be shown objects without their SVM (docs/ontap_facts.md, 6).
    """
    states = [resource.from_api(record) for record in records]
    nameless = [position for position, state in enumerate(states) if not resource.identified(state)]
    home = only_container(client, resource) if nameless else None
    for position in nameless:
        state = resource.placed(states[position], home)
        if not resource.identified(state) and "uuid" in state:
            state = resource.placed(_by_uuid(client, resource, state), home)
        states[position] = state
    for state in states:
        check_complete(resource, state, ["uuid", resource.key[0]])
    return states


def only_container(client: RestClient, resource: Resource) -> str | None:
    """The one container (SVM) that the account sees, ``None`` if it sees several or may not ask."""
    seen = containers(client, resource)
    return seen[0] if len(seen) == 1 else None


def containers(client: RestClient, resource: Resource) -> list[str]:
    """The names of the containers (SVMs) that the account sees; none if there are none for such objects, or if it may not ask."""
    if not resource.containers_path:
        return []
    return [str(one.get("name")) for one in visible(client, resource.containers_path, {"fields": "name"})]


def no_such_container(resource: Resource, name: str, seen: Sequence[str]) -> str:
    """A sentence about a container (SVM) that is not among those that there are."""
    shown = ", ".join(map(repr, sorted(seen)[:_SHOWN])) + (
        f" and {len(seen) - _SHOWN} more" if len(seen) > _SHOWN else ""
    )
    return (
        f"the array has no {resource.container.upper()} {name!r}, only {shown}. Correct the name; if the "
        f"{resource.container.upper()} was deleted, leave out what is about it. Nothing was changed."
    )


def address(resource: Resource, state: Mapping[str, Any]) -> str:
    """The path of one object, which is a UUID that the array returned, or the name where there is none."""
    if resource.single:
        return resource.path
    if resource.known_by_name:
        return named(resource.path, state.get(resource.key[0]))
    return instance(resource.path, state.get("uuid"))


def _by_uuid(client: RestClient, resource: Resource, state: State) -> Whole:
    with explaining(client, resource, [], f"Reading {resource.title(state)}"):
        found = resource.from_api(client.get(address(resource, state)))
    return Whole(found if resource.single else resource.placed(found, state.get(resource.container)))


def read_whole(client: RestClient, resource: Resource, current: State, options: Iterable[str]) -> State:
    """Every field of an object that the array's release has, not just those that ``find`` asked for.

    What every release knows, and ``options``, must be in it.
    """
    state = _by_uuid(client, resource, current)
    if any(state.get(option) != current.get(option) for option in ("uuid", *resource.key)):
        raise UnexpectedAnswer(f"Reading {resource.title(current)} by its UUID returned {resource.title(state)}.")
    check_complete(resource, state, [*_known_to_all_releases(resource), *options])
    return state


def visible(client: RestClient, path: str, query: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """The records that an account sees, none where it may not ask."""
    return if_allowed(lambda: client.get_all(path, query)) or []


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
    path, field = resource.switch.path, resource.switch.field
    answer = if_allowed(lambda: client.get(path, {"fields": field}))
    return None if answer is None else _only_record(answer).get(field) is True


def identity(client: RestClient) -> str | None:
    """What tells this array from any other: the UUID of the cluster, or of the SVMs that the account sees; ``None`` if it may see neither."""
    cluster = if_allowed(lambda: client.get("/cluster", {"fields": "uuid"})) or {}
    if cluster.get("uuid"):
        return str(cluster["uuid"])
    return " ".join(sorted(str(svm.get("uuid")) for svm in visible(client, "/svm/svms", {"fields": "uuid"}))) or None


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
    with a direction. max_records: the size of a page. Raises ``InvalidInput`` for what makes no sense in one of them.
    """
    if max_records is not None and max_records < 1:
        raise InvalidInput(f"max_records: {max_records} is too small.")
    for name in fields or []:
        if "*" in name:
            raise InvalidInput(f"fields: {name!r} names no field; leave fields out to read all of them.")
    rows = resource.select("fields", fields or [])
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
    expected = named or _known_to_all_releases(resource)
    for position, state in enumerate(states):
        if resource.missing(state, expected) and "uuid" in state:
            states[position] = _by_uuid(client, resource, state)
        check_complete(resource, states[position], expected)
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
    rows = resource.select("order_by", [name])
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
