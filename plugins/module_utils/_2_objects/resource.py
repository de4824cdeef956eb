# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One table of fields describes a REST resource; everything generic follows from the table.

Inside the collection an object is a *state*: a flat dictionary from dotted option names (``local_endpoint.port``)
to values in ONTAP's own form. A key that is absent means "not given" or "not set", never "clear". ``None`` means "should
not be set", and is in what is wanted by a list that is the whole truth only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Callable

from .._0_basics import normalize
from .._0_basics.errors import ApiError, InvalidInput, UnexpectedAnswer
from .._1_array import query

State = dict[str, Any]
Version = tuple[int, int, int]
Requirement = tuple[str, Version]

OLDEST_SUPPORTED: Version = (9, 8, 0)

SCOPES = ("svm", "cluster")

# What ONTAP answers about a field or value that its release does not know, or does not know in this
# place (docs/ontap_facts.md, 5.2: field invalid, unexpected argument, invalid value, can't be set,
# unknown name in ``fields``, not readable, not queryable).
NOT_KNOWN_TO_RELEASE = frozenset({2, 262179, 262185, 262196, 262197, 262203, 262245, 262247, 262249, 262250})

# HTTP status and code for a path that the release does not have.
NO_SUCH_PATH = (404, 3)


@dataclass(frozen=True)
class Field:
    """One property of a resource.

    option: dotted name of the module option.
    path: dotted name in the REST API where it differs.
    normalizer: brings a user's or ONTAP's value into ONTAP's form; raises ``ValueError``. By default it is free text.
    reader: the same for a value from ONTAP, where that may be more than a user may write, as free text may be.
    shortest, longest: how many characters text that a user writes may have.
    choices: the values that a user may write, if they are few.
    since: first ONTAP release that has it. value_since: the same for single values.
    filter_since: first release that filters by it, where that is later than ``since``.
    modify_since: by value, the first release that brings an existing object to it.
    narrower: a release, and a normalizer of what those before it take, which is less.
    uuid_path: dotted name in the REST API of the UUID that a filter may give in its place.
    immutable: ONTAP can't modify it. first_on_create: it can, but not where it was never set.
    write_only: a secret, never returned. read_only: never sent.
    of_container: what the object belongs to has it as well, and the same. listed_at: URL path of all that it may name.
    elsewhere: no property of the object, but of another one that the task knows it by: never asked for, sent or compared.
    unreliable_read: ONTAP may leave it out of an answer although it is set, so that absence tells nothing.
    always_returned: every object has it, so that an answer without it is not the whole answer.
    default: what ONTAP stores when a create leaves it out, so that a prediction can say so.
    when_absent: what its absence from an answer stands for in a comparison.
    optional: what a create leaves out is not set.
    """

    option: str
    path: str = ""
    normalizer: Callable[[Any], Any] = normalize.text
    reader: Callable[[Any], Any] | None = None
    shortest: int = 0
    longest: int | None = None
    choices: tuple[str, ...] = ()
    since: Version = OLDEST_SUPPORTED
    value_since: Mapping[Any, Version] = field(default_factory=dict)
    filter_since: Version = OLDEST_SUPPORTED
    modify_since: Mapping[Any, Version] = field(default_factory=dict)
    narrower: tuple[Version, Callable[[Any], Any]] | None = None
    of_container: bool = False
    listed_at: str = ""
    uuid_path: str = ""
    immutable: bool = False
    first_on_create: bool = False
    write_only: bool = False
    read_only: bool = False
    elsewhere: bool = False
    unreliable_read: bool = False
    always_returned: bool = False
    default: Any = None
    when_absent: Any = None
    optional: bool = False

    @property
    def api_path(self) -> str:
        """The dotted name in the REST API."""
        return self.path or self.option

    @property
    def free_text(self) -> bool:
        """Whether any text may be written, so that nothing in it can be told to be a slip."""
        return self.normalizer in (normalize.text, normalize.name)

    @property
    def words(self) -> tuple[str, ...]:
        """All that a filter may look for, lower case; empty where that is not a closed set."""
        return self.choices or (("true", "false") if self.normalizer is normalize.boolean else ())

    def written(self, value: Any) -> Any:
        """What a user wrote, in ONTAP's form. Raises ``ValueError``; of a secret, the message shows no part."""
        normal = self.normalizer(value)
        if self.longest is not None and not self.shortest <= len(normal) <= self.longest:
            raise ValueError(f"has {len(normal)} characters, but {self.shortest} to {self.longest} are allowed.")
        if self.choices and normal not in self.choices:
            raise ValueError(f"{value!r} is not one of {', '.join(self.choices)}.")
        return normal

    def returned(self, value: Any) -> Any:
        """What ONTAP returned, in the form that is compared. Raises ``ValueError``."""
        if self.reader is None and self.free_text:
            return normalize.as_returned(value)
        return (self.reader or self.normalizer)(value)

    @property
    def comparable(self) -> bool:
        """Whether a difference between wanted and current can be seen and acted upon."""
        return not (self.write_only or self.read_only or self.elsewhere)

    @property
    def readable(self) -> bool:
        """Whether ONTAP can be asked for it."""
        return not (self.write_only or self.elsewhere)

    def modifiable(self, wanted: Any, current: Mapping[str, Any], version: Version | None = None) -> bool:
        """Whether ONTAP can give this field the wanted value on an object in the current state, as far as is known."""
        if version is not None and version < self.modify_since.get(wanted, OLDEST_SUPPORTED):
            return False
        return not (self.immutable or (self.first_on_create and self.option not in current))

    def differs(self, wanted: Any, current: Mapping[str, Any]) -> bool:
        """Whether the current state has another value than the wanted one in this field."""
        if self.unreliable_read and self.option not in current:
            return False
        return bool(current.get(self.option, self.when_absent) != wanted)


@dataclass(frozen=True)
class Switch:
    """What turns a service on: path and field of its settings, and how messages say that it is off."""

    path: str
    field: str
    off: str


class Resource:
    """A REST collection, or one single object, described by its fields; a subclass adds the rules of one kind of object.

    noun: what an object is called in messages. result_name, plural: the keys of results that hold one object, or many.
    telling: options that say most of an object where there is room for few.
    path: URL path below ``/api``. key: the options that identify an object, the name first; empty for a single object,
    which can be modified only. since: the first ONTAP release that has such objects.
    known_by_name: whether the name takes the place of a UUID, which such objects do not have.
    switch: the service without which ONTAP may not list these objects.
    containers_path: URL path of what such objects may belong to, empty where they belong to the cluster only.
    ``not_found_codes``, ``duplicate_codes``, ``unclear_codes`` (which leave open how far a write got), ``none_codes``
    (which a listing without any object may answer) and ``advice`` are by ONTAP error code.
    """

    noun = ""
    result_name = ""
    plural = ""
    path = ""
    fields: tuple[Field, ...] = ()
    key: tuple[str, ...] = ()
    telling: tuple[str, ...] = ()
    since: Version = OLDEST_SUPPORTED
    known_by_name = False
    switch: Switch | None = None
    containers_path = ""
    not_found_codes: frozenset[int] = frozenset({4, 8586226})
    duplicate_codes: frozenset[int] = frozenset({1})
    unclear_codes: frozenset[int] = frozenset()
    none_codes: frozenset[int] = frozenset()
    advice: Mapping[int, str] = {}

    def __init__(self) -> None:
        self.by_option = {row.option: row for row in self.fields}

    # Between the three forms of an object: module options, state, API record.

    def from_options(self, options: Mapping[str, Any]) -> State:
        """The state that a task's options describe; ``None`` counts as not given.

        Raises ``InvalidInput`` with one sentence for every value that can't be understood.
        """
        state: State = {}
        problems = []
        for row in self.fields:
            value = dig(options, row.option)
            if value is None or row.read_only:
                continue
            if normalize.is_masked(value):
                problems.append(
                    f"{row.option}: is masked, in part or whole: it comes from the output of a task whose password or key is "
                    "in it, and Ansible hides that. Write what it should be."
                )
                continue
            try:
                state[row.option] = row.written(value)
            except ValueError as error:
                problems.append(f"{row.option}: {error}")
        if problems:
            raise InvalidInput(*problems)
        return state

    def to_options(self, state: Mapping[str, Any], also: Iterable[str] = ()) -> dict[str, Any]:
        """The nested options that would describe this state in a task, without secrets.

        Read-only fields are in it only where ``also`` names them: a task does not take them.
        """
        named = set(also)
        shown = [row for row in self._shown(state) if not row.read_only or row.option in named]
        return self.nested({row.option: state[row.option] for row in shown})

    def from_api(self, record: Mapping[str, Any]) -> State:
        """The state that a record of ONTAP describes. Raises ``UnexpectedAnswer`` for a value that makes no sense."""
        state: State = {}
        for row in self.fields:
            if not row.readable:
                continue
            value = dig(record, row.api_path)
            if value is None:
                continue
            try:
                state[row.option] = row.returned(value)
            except ValueError as error:
                raise UnexpectedAnswer(
                    f"ONTAP returned an {self.noun} whose {row.api_path} makes no sense: {error}"
                ) from None
        return state

    def to_api(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON body that writes this state; read-only fields stay out."""
        return self.nested(
            {
                row.api_path: state[row.option]
                for row in self.fields
                if row.option in state and not (row.read_only or row.elsewhere)
            }
        )

    def judged_by(self, options: Iterable[str]) -> set[str]:
        """What to ask for besides ``options`` in order to judge them, as far as the release has it."""
        return set()

    def query_fields(self, options: Iterable[str]) -> str:
        """The value of ``fields=`` that reads what every release knows, and the named options.

        Named one by one, as NetApp advises; fields of newer releases only on demand, because a release refuses
        names that it does not know.
        """
        wanted = set(options)
        return ",".join(
            row.api_path
            for row in self.fields
            if row.readable and (row.since <= OLDEST_SUPPORTED or row.option in wanted)
        )

    # Listing.

    def select(self, option: str, names: Iterable[str]) -> list[Field]:
        """The readable fields that dotted names stand for; ``local_endpoint`` stands for all below it.

        Raises ``InvalidInput`` for names of no field, with those that there are. option: where a user gave the names.
        """
        readable = [row for row in self.fields if row.readable]
        chosen = []
        for name in names:
            rows = [row for row in readable if row.option == name or row.option.startswith(f"{name}.")]
            if not rows:
                known = ", ".join(row.option for row in readable)
                raise InvalidInput(
                    f"{option}: {name!r} is not a field of an {self.noun} that can be read. There are: {known}."
                )
            chosen += rows
        return chosen

    def filters(self, options: Mapping[str, Any]) -> dict[str, str]:
        """The query that a task's filter options stand for, by API path.

        Values are brought into the form that ONTAP stores, since that is what it compares with, those in a query
        expression (``!TCP``, ``esp*``, ``a|b``) as well. Free text goes out as it is.
        Raises ``InvalidInput`` with one sentence for every filter that has a value which no object can have.
        """
        expressions = {}
        problems = []
        for row in self.fields:
            value = dig(options, row.option)
            if value is None or not row.readable:
                continue
            try:
                path, expression = self.filter(row, value)
                expressions[path] = expression
            except ValueError as error:
                problems.append(f"{row.option}: {error}")
        if problems:
            raise InvalidInput(*problems)
        return expressions

    def filter(self, row: Field, value: Any) -> tuple[str, str]:
        """API path and expression of one filter. Raises ``ValueError``."""
        if row.free_text:
            value = normalize.text(value)
            return (
                (row.uuid_path, value.lower()) if row.uuid_path and normalize.is_uuid(value) else (row.api_path, value)
            )
        return row.api_path, query.rewritten(str(value), lambda part: self.stored_forms(row, part), row.words)

    def stored_forms(self, row: Field, value: Any) -> list[str]:
        """In which forms ONTAP may store a value that a user wrote, as a filter spells them. Raises ``ValueError``."""
        normal = row.written(value)
        return [str(normal).lower() if isinstance(normal, bool) else str(normal)]

    def filter_requirements(self, options: Mapping[str, Any]) -> list[Requirement]:
        """Which filters need a later release than the oldest, and which one."""
        given = [row for row in self.fields if dig(options, row.option) is not None]
        needed = [(row, max(row.since, row.filter_since)) for row in given]
        return self._of_release() + [
            (f"Filtering by {row.option}", since) for row, since in needed if since > OLDEST_SUPPORTED
        ]

    # What follows from states.

    def differing(self, wanted: Mapping[str, Any], current: Mapping[str, Any]) -> list[Field]:
        """The fields that ``wanted`` names with another value than ``current`` has."""
        return [
            row
            for row in self.fields
            if row.comparable and row.option in wanted and row.differs(wanted[row.option], current)
        ]

    def left_open(self, wanted: Mapping[str, Any], current: Mapping[str, Any]) -> list[Field]:
        """The fields that could be compared, and that ``wanted`` says nothing of. current: the object, empty if there is none."""
        return [row for row in self.fields if row.comparable and row.option not in {*wanted, *self.key}]

    def assumed(self, wanted: Mapping[str, Any], current: Mapping[str, Any]) -> State:
        """What ``wanted`` means by its silence if it is the whole truth: ONTAP's defaults, ``None`` for what is not set."""
        defaults: State = {}
        for row in self.left_open(wanted, current):
            default = row.when_absent if row.default is None else row.default
            if default is not None or row.optional:
                defaults[row.option] = default
        return defaults

    def requirements(self, state: Mapping[str, Any]) -> list[Requirement]:
        """Which options of ``state`` need a later release than the oldest, and which one."""
        needed = self._of_release()
        for row in self.fields:
            if row.option not in state:
                continue
            if row.since > OLDEST_SUPPORTED:
                needed.append((row.option, row.since))
            if state[row.option] in row.value_since:
                needed.append((f"{row.option}={state[row.option]}", row.value_since[state[row.option]]))
        return needed

    def misfits(self, state: Mapping[str, Any], version: Version | None) -> list[str]:
        """A sentence for every value of ``state`` that this release does not take; none where it is not known."""
        if version is None:
            return []
        problems = too_new(version, self, self.requirements(state))
        for row in self.fields:
            until, normalizer = row.narrower or (OLDEST_SUPPORTED, row.normalizer)
            if state.get(row.option) is None or version >= until:
                continue
            try:
                normalizer(state[row.option])
            except ValueError as error:
                problems.append(f"{row.option}: {error} ONTAP takes others from {release(until)} on.")
        return problems

    def check_release(self, state: Mapping[str, Any], version: Version | None) -> None:
        """Raises ``InvalidInput`` with all ``misfits``."""
        problems = self.misfits(state, version)
        if problems:
            raise InvalidInput(*problems)

    def _of_release(self) -> list[Requirement]:
        return [(self.noun, self.since)] if self.since > OLDEST_SUPPORTED else []

    def not_found(self, error: ApiError) -> bool:
        """Whether the error says that the object is not there (releases differ in code and status).

        A status alone does not: 404 is also what proxies and other servers say, and ONTAP of a path that it does not have.
        """
        return error.code in self.not_found_codes

    def duplicate(self, error: ApiError) -> bool:
        """Whether the error says that an object with this key is there already."""
        return error.code in self.duplicate_codes or (error.status == 409 and not error.code)

    def concerns(self, row: Field, state: Mapping[str, Any]) -> bool | None:
        """Whether an object in this state can have a value in this field at all, ``None`` where the state leaves it open."""
        return True

    def missing(self, state: Mapping[str, Any], options: Iterable[str]) -> list[str]:
        """Which of ``options`` this state lacks although every object has them that they concern."""
        asked = set(options)
        rows = [row for row in self.fields if row.always_returned and row.option in asked - state.keys()]
        return [row.option for row in rows if self.concerns(row, state)]

    def doubtful(self, state: Mapping[str, Any], options: Iterable[str]) -> list[str]:
        """Which of ``options`` a listing lacks so that it can't be told whether they are not set or were left out."""
        asked = set(options) - set(self.key)
        rows = [row for row in self.fields if row.comparable and row.option in asked - state.keys()]
        return [row.option for row in rows if not row.unreliable_read and self.concerns(row, state) is not False]

    def needed_to_change(self, options: Iterable[str]) -> set[str]:
        """Which options of an object must be known before these may be compared and changed."""
        return set(options)

    @property
    def single(self) -> bool:
        """Whether there is one such object, always."""
        return not self.key

    @property
    def container(self) -> str:
        """The option that says what an object belongs to, and within which its name is unique; empty if that is the cluster, always."""
        return self.key[1] if len(self.key) > 1 else ""

    def outside(self, state: Mapping[str, Any], containers: Iterable[str]) -> bool:
        """Whether a state lies outside of the containers that a look-up was confined to."""
        # In any case, because whether ONTAP's filters tell upper from lower case is not known.
        return str(state.get(self.container)).casefold() not in {name.casefold() for name in containers}

    def identified(self, state: Mapping[str, Any]) -> bool:
        """Whether a state says which object it is and what it belongs to."""
        return self.key[0] in state

    def placed(self, state: State, home: str | None) -> State:
        """``state`` with what it belongs to, where only that is not said and there is but one such place."""
        return state

    def key_of(self, state: Mapping[str, Any]) -> State:
        """The part of a state that identifies the object."""
        return {option: state[option] for option in self.key if option in state}

    def sort_key(self, state: Mapping[str, Any]) -> tuple[str, ...]:
        """What identifies an object, as a value that sorts by what it belongs to first."""
        return tuple(str(state.get(option, "")) for option in reversed(self.key))

    def predict(self, wanted: Mapping[str, Any]) -> State:
        """What the array will hold after a create of ``wanted``, as far as documentation tells."""
        defaults = {row.option: row.default for row in self.fields if row.default is not None}
        return {**defaults, **{row.option: wanted[row.option] for row in self._shown(wanted)}}

    # The rules of one kind of object: what a subclass says.

    def check_wanted(self, wanted: Mapping[str, Any], current: Mapping[str, Any]) -> None:
        """Raises ``InvalidInput`` for what a task can't say of an object in its current state, whatever it changes."""

    def settle(self, wanted: State, current: Mapping[str, Any]) -> tuple[State, list[str]]:
        """``wanted`` without what ONTAP would ignore for this object, and a warning for each such option."""
        return wanted, []

    def implied(self, wanted: Mapping[str, Any]) -> State:
        """What a create must say although the user did not, because ONTAP's default is not known."""
        return {}

    def check_create(self, wanted: Mapping[str, Any], version: Version | None = None) -> None:
        """Raises ``InvalidInput`` unless everything is there that a create needs, on that release if it is known."""

    def check_recreate(self, wanted: Mapping[str, Any], current: Mapping[str, Any]) -> None:
        """Raises ``InvalidInput`` for what a create may be refused for on some release: it would follow a delete here."""

    def check_result(self, result: Mapping[str, Any]) -> None:
        """Raises ``InvalidInput`` when the object that a write would leave behind breaks a rule of ONTAP."""

    def check_modify(self, current: Mapping[str, Any], changes: Iterable[Field]) -> None:
        """Raises ``InvalidInput`` for a modification that must not be sent."""

    def create_body(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """The body of the POST that creates ``wanted``."""
        return self.to_api(wanted)

    def modify_body(
        self, current: Mapping[str, Any], result: Mapping[str, Any], changes: Iterable[Field]
    ) -> dict[str, Any]:
        """The body of the PATCH that turns ``current`` into ``result``."""
        return self.to_api({row.option: result[row.option] for row in changes})

    def steps(self, current: State, result: State) -> list[State]:
        """The states that lead from ``current`` to ``result``, where ONTAP takes the changes in an order only."""
        return [result]

    def carry_over(self, current: Mapping[str, Any], wanted: Mapping[str, Any]) -> State:
        """What of ``current`` the object that replaces it keeps where ``wanted`` is silent."""
        return self.writable(current)

    def protects(self, state: Mapping[str, Any]) -> bool:
        """Whether an object in this state protects anything."""
        return False

    def withdraws(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Whether a modification takes an object out of service, so that it should come after all that takes over."""
        return False

    def to_restore(self, current: Mapping[str, Any], secrets: Mapping[str, Any]) -> State:
        """What a create must say to bring ``current`` back, with those of the task's secrets that it needs."""
        return self.writable(current)

    def unproven(self, wanted: Mapping[str, Any]) -> list[Field]:
        """Which options of a create nobody can tell to have been taken from the object that is there afterwards."""
        return self.secrets(wanted)

    def hints(self, wanted: Mapping[str, Any], namesakes: list[State]) -> list[str]:
        """Warnings about objects of the same name that the task does not mean."""
        return []

    def title(self, state: Mapping[str, Any]) -> str:
        """How messages call this object."""
        return f"{self.noun} {state.get(self.key[0])!r}"

    # Helpers.

    @property
    def secret_names(self) -> frozenset[str]:
        """The names that secrets have in bodies of requests, dotted and by themselves."""
        paths = [row.api_path for row in self.fields if row.write_only]
        return frozenset({*paths, *(path.rpartition(".")[2] for path in paths)})

    def secrets(self, state: Mapping[str, Any]) -> list[Field]:
        """The fields of ``state`` that ONTAP never returns."""
        return [row for row in self.fields if row.write_only and row.option in state]

    def successor(self, current: Mapping[str, Any], wanted: Mapping[str, Any]) -> State:
        """What replaces ``current``: what is wanted and what it keeps, by the rules for what a task gives.

        Raises ``InvalidInput`` with what is wrong with that as a whole.
        """
        return self.from_options(self.nested({**self.carry_over(current, wanted), **wanted}))

    def writable(self, state: Mapping[str, Any]) -> State:
        """``state`` without read-only fields."""
        return {row.option: state[row.option] for row in self.fields if row.option in state and not row.read_only}

    def _shown(self, state: Mapping[str, Any]) -> list[Field]:
        return [row for row in self.fields if row.option in state and not row.write_only]

    @staticmethod
    def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
        """Nested dictionaries of one with dotted names."""
        nested: dict[str, Any] = {}
        for dotted, value in flat.items():
            *parents, last = dotted.split(".")
            place = nested
            for parent in parents:
                place = place.setdefault(parent, {})
            place[last] = value
        return nested


class SvmScoped(Resource):
    """Objects that belong to an SVM, or to the cluster where they name none."""

    containers_path = "/svm/svms"

    def from_api(self, record: Mapping[str, Any]) -> State:
        """As the base class; an SVM counts for objects of SVM scope only."""
        state = super().from_api(record)
        if state.get("scope") == "cluster":
            state.pop("svm", None)
        return state

    def outside(self, state: Mapping[str, Any], containers: Iterable[str]) -> bool:
        """As the base class; an object of cluster scope belongs to the admin SVM, which may be the one that was named."""
        return state.get("scope") != "cluster" and super().outside(state, containers)

    def identified(self, state: Mapping[str, Any]) -> bool:
        """As the base class; without SVM only what is said to be of cluster scope."""
        return super().identified(state) and ("svm" in state or state.get("scope") == "cluster")

    def placed(self, state: State, home: str | None) -> State:
        """As the base class: an object of an SVM that is not named, where the account sees but one SVM."""
        nameless = home is not None and "svm" not in state and state.get("scope") == "svm"
        return {**state, "svm": home} if nameless else state

    def title(self, state: Mapping[str, Any]) -> str:
        """As the base class, and the SVM, or cluster scope."""
        place = f"on SVM {state['svm']!r}" if "svm" in state else "of cluster scope"
        return f"{super().title(state)} {place}"


def release(version: Version) -> str:
    """A version as NetApp writes it: ``9.8``, ``9.10.1``."""
    generation, major, minor = version
    return f"{generation}.{major}.{minor}" if minor else f"{generation}.{major}"


def too_new(version: Version | None, resource: Resource, needs: Iterable[Requirement]) -> list[str]:
    """A sentence for everything that a release lacks, or may lack where the release is not known (``None``)."""
    runs = f"; this array runs {release(version)}" if version else ""
    if version and version < OLDEST_SUPPORTED:
        return [f"{resource.noun} needs ONTAP {release(OLDEST_SUPPORTED)} or later{runs}."]
    return [
        f"{subject} needs ONTAP {release(needed)} or later{runs}."
        for subject, needed in needs
        if version is None or needed > version
    ]


@cache
def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(dotted.split("."))


def dig(nested: Any, dotted: str) -> Any:
    """What nested dictionaries have under a dotted name; ``None`` for nothing."""
    for part in _parts(dotted):
        # Not Mapping: that question takes ten times as long, and is asked for every field of every object.
        if not isinstance(nested, dict):
            return None
        nested = nested.get(part)
    return nested
