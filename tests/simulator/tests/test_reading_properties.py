# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds of every read, whatever is asked for: the algebra of fields and of filters, and pages that miss nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from simulator import Unknowns
from simulator.access import ADMIN, PASSWORD
from simulator.application import handle
from simulator.messages import Call
from simulator.plausible import completed
from simulator.policy_schema import PATH, POLICY
from simulator.resource import flat
from simulator.state import State

from .test_access import basic

HEADERS = {"accept": "application/json", "authorization": basic(f"{ADMIN}:{PASSWORD}".encode())["Authorization"]}
VERSIONS = st.sampled_from(["9.8", "9.10.1", "9.15.1", "9.19.1"])
NAMES = st.sampled_from(["a", "A", "b", "web", "web 1", "a|b", "n*ll", "null", '"q"', "{x}", "!a", "<b", "a..b", "a,b"])
LIMITS = settings(max_examples=50, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])


def answer(state: State, target: str, method: str = "GET") -> dict[str, Any]:
    """Return the body of an answer, without a socket in between."""
    told = handle(state, Call(method, target, HEADERS))
    assert told.status == 200, (target, told.body)
    return told.body or {}


def listed(state: State, **parameters: str) -> list[dict[str, Any]]:
    """Return the records of one page, flat."""
    query = urlencode({name.replace("__", "."): text for name, text in parameters.items()}, quote_via=quote)
    return [flat(record) for record in answer(state, f"{PATH}?{query}")["records"]]


def uuids(state: State, **parameters: str) -> set[str]:
    """Return which records match."""
    return {record["uuid"] for record in listed(state, fields="uuid", **parameters)}


@st.composite
def arrays(draw: st.DrawFn) -> State:
    """Draw an array with some policies, each with some of what a policy can have."""
    state = State(draw(VERSIONS), Unknowns(), 10000)
    addresses = st.sampled_from(["10.0.0.1", "10.0.0.9", "9.0.0.0", "2001:db8::1", "2001:db8::ff"])
    optional = {
        "enabled": st.booleans(),
        "protocol": st.sampled_from(["any", "tcp", "udp", "1", "132"]),
        "action": st.sampled_from(["bypass", "discard", "esp_transport"]),
        "local_identity": NAMES,
        "remote_identity": NAMES,
        "local_endpoint.address": addresses,
        "remote_endpoint.port": st.sampled_from(["0-0", "22-22", "2049-2049", "111-111"]),
        "secret_key": st.just("secret-secret-secret"),
    }
    owners = [*state.data_svms(), None]
    keys = draw(st.lists(st.tuples(NAMES, st.integers(0, 2)), unique=True, max_size=8))
    for name, owner in keys:
        given_ = draw(st.fixed_dictionaries({"name": st.just(name)}, optional=optional))
        state.put_policy(completed(given_, owners[owner], state.certificates.values()))
    return state


def readable(state: State) -> list[str]:
    return [path for path, row in POLICY.known(state.version).items() if row.read]


def nodes(state: State) -> list[str]:
    """Return all that `fields` can name: fields, and the objects that hold them."""
    return sorted({*readable(state), *POLICY.parents(state.version)})


def below(state: State, names: set[str]) -> set[str]:
    return {path for path in readable(state) for name in names if path == name or path.startswith(f"{name}.")}


# --- fields ---


@LIMITS
@given(state=arrays(), data=st.data(), always=st.booleans())
def test_a_record_shows_what_is_wanted_and_not_excluded(state: State, data: st.DataObject, always: bool) -> None:
    state.unknowns = Unknowns(identifiers_always=always, ipspace_on_read=True)
    wanted = data.draw(st.sets(st.sampled_from([*nodes(state), "*"]), max_size=4))
    excluded = data.draw(st.sets(st.sampled_from(nodes(state)), max_size=3))
    items = data.draw(st.permutations([*wanted, *(f"!{name}" for name in excluded)]))
    everything = below(state, set(nodes(state)))
    expected = everything if "*" in wanted or (excluded and not wanted) else below(state, wanted)
    if not items or always:
        expected = expected | {"uuid", "name", "svm.name", "svm.uuid"}
    expected = expected - below(state, excluded)
    shown = listed(state, fields=",".join(items))
    assert len(shown) == len(state.policies)
    for record in state.policies.all():
        stored = {path: value for path, value in record.items() if path in expected}
        assert stored in shown
    if items:
        for record in state.policies.all():
            target = f"{PATH}/{record['uuid']}?{urlencode({'fields': ','.join(items)})}"
            assert flat(answer(state, target)) == {path: record[path] for path in expected if path in record}


@LIMITS
@given(state=arrays(), data=st.data())
def test_braces_are_but_a_shorter_way(state: State, data: st.DataObject) -> None:
    parent = data.draw(st.sampled_from(sorted(POLICY.parents(state.version))))
    leaves = [path.rpartition(".")[2] for path in readable(state) if path.startswith(f"{parent}.")]
    chosen = data.draw(st.lists(st.sampled_from(leaves), min_size=1, unique=True))
    for sign in ("", "!"):
        short = f"{sign}{parent}.{{{','.join(chosen)}}}"
        long = ",".join(f"{sign}{parent}.{leaf}" for leaf in chosen)
        assert listed(state, fields=short) == listed(state, fields=long)


# --- filters ---


def filterable(state: State) -> list[str]:
    return [path for path, row in POLICY.known(state.version).items() if row.filters_in(state.version)]


@st.composite
def filters(draw: st.DrawFn, state: State) -> tuple[str, str]:
    """Draw a field, and a value that some policy has there, quoted as a literal."""
    path = draw(st.sampled_from(filterable(state)))
    values = sorted(
        {
            str(record[path]).lower() if record[path] in (True, False) else str(record[path])
            for record in state.policies.all()
            if path in record
        }
    )
    value = draw(st.sampled_from(values)) if values else "10.0.0.1" if path.endswith("address") else "none"
    return path, quoted(value)


def quoted(value: str) -> str:
    return '"' + value + '"' if '"' not in value else "{" + value + "}"


@LIMITS
@given(state=arrays(), data=st.data())
def test_operators_are_those_of_sets(state: State, data: st.DataObject) -> None:
    state.unknowns = Unknowns(invalid_filter_value="nothing", ipspace_on_read=True)
    everything = uuids(state)
    path, one = data.draw(filters(state))
    also = {path: one}
    other_path, other = data.draw(filters(state))

    def found(expression: str, field: str = path) -> set[str]:
        return uuids(state, **{field: expression})

    unset = {record["uuid"] for record in state.policies.all() if path not in record}
    assert found("null") == unset == everything - found("!null")
    assert found(f"!{one}") == everything - found(one)
    assert found(f"{one}|null") == found(one) | unset
    assert uuids(state, **{**also, other_path: other}) == (
        found(one) & found(other, other_path) if other_path != path else found(other)
    )
    values = [expression for _path, expression in (data.draw(filters(state)) for _twice in range(3)) if _path == path]
    for value in values:
        assert found(f"{one}|{value}") == found(f"{one},{value}") == found(one) | found(value)
        assert found(f"{one}..{value}") == found(f">={one}") & found(f"<={value}")
        assert found(f"!{one}..{value}") == everything - found(f"{one}..{value}")
    assert found(f"<{one}") | found(f">={one}") in (everything - unset, set())
    assert not found(f"<{one}") & found(f">={one}")
    assert found(f"<={one}") == found(f"<{one}") | (found(f"<={one}") & found(f">={one}"))
    assert found("*") == everything - unset


@LIMITS
@given(state=arrays(), name=NAMES)
def test_a_quoted_name_finds_that_name_and_nothing_else(state: State, name: str) -> None:
    expected = {record["uuid"] for record in state.policies.all() if record["name"] == name}
    assert uuids(state, name=quoted(name)) == expected
    assert uuids(state, name=f"{quoted(name)}|{quoted(name)}") == expected
    assert uuids(state, name=f"!{quoted(name)}") == uuids(state) - expected
    start = {record["uuid"] for record in state.policies.all() if record["name"].startswith(name)}
    assert uuids(state, name=f"{quoted(name)}*") == start


# --- pages ---


@LIMITS
@given(
    state=arrays(),
    size=st.integers(1, 4),
    rate=st.none() | st.integers(1, 3),
    order=st.sampled_from(["", "name", "enabled desc,name", "local_endpoint.address", "remote_endpoint.port desc"]),
    empty=st.sampled_from(["never", "first", "last"]),
    data=st.data(),
)
def test_pages_show_once_what_is_there_all_the_time(
    state: State, size: int, rate: int | None, order: str, empty: str, data: st.DataObject
) -> None:
    state.unknowns = Unknowns(empty_page=empty)
    state.search_rate = None if order else rate
    kept = uuids_stored(state)
    ever = set(kept)
    parameters = {"max_records": str(size), "return_timeout": "1", **({"order_by": order} if order else {})}
    target: str | None = f"{PATH}?{urlencode(parameters, quote_via=quote)}"
    seen: list[str] = []
    while target is not None:
        body = answer(state, target)
        assert len(body["records"]) <= size
        seen += [record["uuid"] for record in body["records"]]
        following = body.get("_links", {}).get("next", {}).get("href")
        assert following != target
        target = following
        for gone in data.draw(st.lists(st.sampled_from(by_key(state, kept)), max_size=2, unique=True)) if kept else ():
            state.remove_policy(gone)
            kept.discard(gone)
        if data.draw(st.integers(0, 3)) == 0:
            late = completed({"name": f"late{len(ever)}"}, state.data_svms()[0], ())
            state.put_policy(late)
            ever.add(late["uuid"])
    assert len(seen) == len(set(seen))
    assert kept <= set(seen) <= ever


def by_key(state: State, chosen: Iterable[str]) -> list[str]:
    """Return UUIDs, which are made up anew for each example, in an order that is always the same."""
    by_uuid = {record["uuid"]: (record["name"], record.get("svm.name", "")) for record in state.policies.all()}
    return sorted(chosen, key=by_uuid.__getitem__)


def uuids_stored(state: State) -> set[str]:
    return {record["uuid"] for record in state.policies.all()}


@LIMITS
@given(state=arrays(), data=st.data(), size=st.integers(1, 3), rate=st.integers(1, 3))
def test_counting_and_ordering_agree_with_listing(state: State, data: st.DataObject, size: int, rate: int) -> None:
    path, expression = data.draw(filters(state))
    state.unknowns = Unknowns(invalid_filter_value="nothing", count_in_parts=True)
    found = uuids(state, **{path: expression})
    for search_rate in (None, rate):
        state.search_rate = search_rate
        counted, target = (
            0,
            f"{PATH}?{urlencode({path: expression, 'max_records': size, 'return_records': 'false', 'return_timeout': 1})}",
        )
        while target:
            body = answer(state, target)
            counted += body["num_records"]
            target = body.get("_links", {}).get("next", {}).get("href")
        assert counted == len(found)
    state.search_rate = None
    for field in data.draw(st.lists(st.sampled_from(filterable(state)), min_size=1, max_size=2, unique=True)):
        up, down = (
            [record.get(field) for record in listed(state, order_by=f"{field} {way}", fields=field)]
            for way in ("asc", "desc")
        )
        assert len(up) == len(state.policies)
        assert [value is None for value in up] == sorted((value is None for value in up), reverse=True)
        assert sorted(map(str, up)) == sorted(map(str, down))
        assert up == down[::-1]
