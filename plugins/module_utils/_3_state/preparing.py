# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning a change with an array at hand: what the plan needs to know is read, and what it rests on is made certain.

Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from .._0_basics.errors import InvalidInput, OntapError, UnexpectedAnswer
from .._1_array.rest import RestClient, literal
from .._2_objects.resource import Field, Resource, State
from .planning import DELETED, RECREATED, Change, Permissions, compare, plan, plan_change
from .reading import (
    Whole,
    check_complete,
    containers,
    find,
    is_enabled,
    no_such_container,
    only_container,
    read_whole,
    visible,
)

CLUSTER_EVIDENCE = "/security/certificates"
"""What a cluster always has some of, so that who sees none belongs to an SVM."""


def prepare(
    client: RestClient,
    resource: Resource,
    wanted: State,
    current: State | None,
    present: bool,
    permissions: Permissions,
) -> Change:
    """As ``plan``, after making sure that what was read is enough to plan upon.

    An object that is to be replaced is read whole, because what the user leaves out is carried over, and nothing is
    left to be found out after it was deleted, such as the release.
    """
    if current is None or not present:
        return plan(resource, wanted, current, present, permissions, client.known_version)
    compared = compare(resource, wanted, current, permissions, client.known_version)
    check_complete(resource, current, resource.needed_to_change(compared.wanted))
    if not permissions.recreate:
        return plan_change(resource, compared, permissions)
    with _before_deleting(resource, current):
        if client.known_version is None and compared.rests_on_release:
            compared = compare(resource, wanted, current, permissions, client.version())
        if not compared.in_place:
            version = client.version()
            if not isinstance(current, Whole):
                current = read_whole(client, resource, current, compared.wanted)
            compared = compare(resource, wanted, current, permissions, version)
        change = plan_change(resource, compared, permissions)
        if not change.creation:
            return change
        warnings = _check_container(client, resource, compared.wanted, current)
    if compared.version is None:
        warnings.append(
            f"This account may not ask GET /api/cluster, so it was not checked whether the release takes all of "
            f"{resource.title(change.subject)}. The option ontap_version tells the release."
        )
    return replace(change, warnings=[*change.warnings, *warnings])


def doubts_of_nothing(client: RestClient, resource: Resource, at_stake: str = "") -> list[str]:
    """What is not certain where the array listed nothing at all. Costs one request.

    at_stake: what must not rest on that. It is then an ``UnexpectedAnswer`` if the service is off.
    """
    if resource.switch is None:
        return []
    enabled = is_enabled(client, resource)
    where = f"GET /api{resource.switch.path}"
    if enabled is None:
        return [f"The array lists nothing, and this account may not ask {where} whether that can be believed."]
    if enabled:
        return []
    problem = f"The array lists nothing, but {resource.switch.off} ({where}), and ONTAP may then not list what it has."
    if at_stake:
        raise UnexpectedAnswer(f"{problem} {at_stake}")
    return [problem]


@contextmanager
def _before_deleting(resource: Resource, current: State) -> Iterator[None]:
    """Says of an error from within what the reading was for, and that nothing came of it."""
    try:
        yield
    except InvalidInput:
        raise
    except OntapError as error:
        error.notes.append(
            f"It was to be found out whether {resource.title(current)} can be recreated. Nothing was changed."
        )
        raise


def confirm(
    client: RestClient, resource: Resource, changes: Sequence[Change], before_deleting: bool = False
) -> list[str]:
    """Refuses to conclude from an empty answer that something is not there, where it may be, and not be listed.

    Costs two requests, if something that should be absent was not found: whether the service is on, and whether there is
    what it should belong to. Returns a warning if the account may not make them. before_deleting: the first also if
    something is to be deleted; the second is a set's own business. Costs one or two more, if something was not found that
    names nothing that it belongs to: an account of one SVM sees and makes it there.
    """
    absent = [change for change in changes if change.before is None]
    if resource.containers_path and any(resource.container not in change.subject for change in absent):
        check_home(client, resource)
    unproven = [change.sought for change in changes if change.sought]
    doomed = [change.subject for change in changes if change.operation in (DELETED, RECREATED)]
    warnings = check_listed(client, resource, unproven, doomed if before_deleting else [])
    return warnings if before_deleting else [*warnings, *check_containers(client, resource, unproven)]


def check_containers(client: RestClient, resource: Resource, sought: Sequence[State]) -> list[str]:
    """Raises ``InvalidInput`` for what was not found and is sought in a container (SVM) that the array does not have.

    A misspelt name must not pass for peace. Returns a warning if the account may not see which there are.
    """
    places = sorted({state[resource.container] for state in sought if resource.container in state})
    if not (places and resource.containers_path):
        return []
    seen = containers(client, resource)
    if not seen:
        return [
            f"{', '.join(resource.title(one) for one in sought)} not found: this account may not ask GET /api{resource.containers_path}, so "
            f"it is not certain that there is such an {resource.container.upper()}."
        ]
    missing = [place for place in places if place not in seen]
    if missing:
        raise InvalidInput(*(f"{resource.container}: {no_such_container(resource, one, seen)}" for one in missing))
    for state in sought if len(seen) == 1 else ():
        # To an account of one SVM a filter by that may find nothing (docs/ontap_facts.md, 6).
        name = resource.key[0]
        if any(one.get(resource.container) in places for one in find(client, resource, {name: state[name]}).namesakes):
            raise UnexpectedAnswer(
                f"{resource.title(state)} is there, and the array does not find it by its {resource.container.upper()} for this "
                "account. Use an account of the cluster."
            )
    return []


def check_listed(
    client: RestClient, resource: Resource, unproven: Sequence[State], doomed: Sequence[State] = ()
) -> list[str]:
    """As ``confirm``, of objects that were not found, and of those that would be deleted upon a listing."""
    if not (unproven or doomed):
        return []
    enabled = is_enabled(client, resource)
    if enabled or resource.switch is None:
        return []
    where = f"GET /api{resource.switch.path}"
    titles = ", ".join(resource.title(one) for one in unproven)
    absent = f"{titles} not found" if unproven else "Not everything may be listed"
    if enabled is None:
        return [f"{absent}: this account may not ask {where}, so it is not certain that ONTAP lists what it has."]
    problem = f"{absent}, but {resource.switch.off} ({where}), and ONTAP may then not list what it has."
    if doomed:
        problem += f" So these are not deleted: {', '.join(resource.title(one) for one in doomed)}."
    raise UnexpectedAnswer(f"{problem} What is there can't be told until that is enabled.")


def _check_container(client: RestClient, resource: Resource, wanted: State, current: State) -> list[str]:
    """Raises ``InvalidInput`` where a task wants an object to have what its container (SVM) has otherwise, or what nobody has.

    Nothing is asked unless the task names such an option with a value that the object does not show. Returns a warning for
    each that could not be checked.
    """
    rows = [row for row in resource.fields if row.of_container and row.option in wanted]
    rows = [row for row in rows if wanted[row.option] != current.get(row.option)]
    if not rows:
        return []
    if resource.container not in current:
        return [warning for row in rows for warning in _check_named(client, resource, row, wanted[row.option], current)]
    name = current[resource.container]
    fields = ",".join(["name", *(row.api_path for row in rows)])
    seen = visible(client, resource.containers_path, {"name": literal(name), "fields": fields})
    had = next((resource.from_api(record) for record in seen if record.get("name") == name), {})
    for row in rows:
        if row.option in had and had[row.option] != wanted[row.option]:
            raise InvalidInput(
                f"{row.option}: {resource.container.upper()} {name!r} has {had[row.option]!r}, so {resource.title(current)} can't "
                f"have {wanted[row.option]!r}. Leave it out, or give {had[row.option]!r}."
            )
    return [
        f"{row.option}: GET /api{resource.containers_path} did not tell this account that of {resource.container.upper()} {name!r}, so "
        "it was not checked."
        for row in rows
        if row.option not in had
    ]


def _check_named(client: RestClient, resource: Resource, row: Field, value: str, current: State) -> list[str]:
    """The same for an object of the cluster, which may have any that there is."""
    seen = sorted(str(one.get("name")) for one in visible(client, row.listed_at, {"fields": "name"}))
    if seen and value not in seen:
        raise InvalidInput(
            f"{row.option}: the array has no {value!r}, only {', '.join(map(repr, seen))}. {resource.title(current)} would have to be "
            "recreated. Nothing was deleted."
        )
    return (
        []
        if seen
        else [f"{row.option}: this account may not ask GET /api{row.listed_at}, so {value!r} was not checked."]
    )


def check_home(client: RestClient, resource: Resource) -> None:
    """Raises ``InvalidInput`` if the account belongs to one container (SVM), which ONTAP takes where a request names none.

    Such an account sees its own SVM and nothing of the cluster, which always has a certificate (docs/ontap_facts.md, 6).
    """
    name = only_container(client, resource)
    if name is None or visible(client, CLUSTER_EVIDENCE, {"scope": "cluster", "fields": "uuid"}):
        return
    raise InvalidInput(
        f"{resource.container}: is needed, because this account sees SVM {name!r} and nothing of the cluster, so ONTAP takes "
        f"that SVM where none is named. Set {resource.container}: {name}. Nothing was changed."
    )
