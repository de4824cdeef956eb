# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds of every write, whatever is written: all or nothing, in the form that is read back, without secrets."""

from __future__ import annotations

import copy
import json
from collections import Counter
from dataclasses import replace
from ipaddress import IPv4Network, ip_address
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from simulator import Unknowns
from simulator.application import handle
from simulator.messages import Answer, Call
from simulator.parameters import RESULTS
from simulator.policy_schema import PATH
from simulator.resource import flat
from simulator.schema import Record
from simulator.state import State

from .test_reading_properties import HEADERS, by_key

LIMITS = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    # Without shrinking: it takes minutes, and an example is small as it is.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
SECRETS = ("secret-of-eighteen-characters", "0xab0123456789abcdef0123")
NONE = 0
ENDPOINTS = st.fixed_dictionaries(
    {
        "address": st.sampled_from(["10.0.0.1", "10.9.8.7", "10.0.0.0", "172.16.1.1"]),
        "netmask": st.sampled_from(["32", "24", "8", "255.255.0.0", "255.255.255.255"]),
    },
    optional={"port": st.sampled_from(["80", "22", "2049-2049"])},
)
FINE = {
    "enabled": st.booleans(),
    "protocol": st.sampled_from(["tcp", "17", "0", "1", "any", "132"]),
    "local_identity": st.sampled_from(["me.example", "CN=svm1"]),
    "remote_identity": st.sampled_from(["ANYTHING", "you.example"]),
    "local_endpoint": ENDPOINTS,
    "remote_endpoint": ENDPOINTS,
}
FAULTS = [
    {"protocol": "6,17"},
    {"protocol": "300"},
    {"local_endpoint": {"address": "0.0.0.0", "netmask": "0"}},
    {"remote_endpoint": {"address": "2001:DB8:0::1", "netmask": "64"}},
    {"remote_endpoint": {"address": "0.0.0.0", "netmask": "0", "port": "2049"}},
    {"remote_endpoint": {"address": "10.0.0.1", "netmask": "255.0.255.0"}},
    {"local_endpoint": {"address": "10.0.0.1", "netmask": "32", "port": "1-2"}},
    {"certificate.name": "ipsec-cert"},
    {"ppk": {"identity": "identity", "shared_key": SECRETS[0]}},
    {"secret_key": "short"},
    {"svm": {"name": "nobody"}},
    {"comment": "x"},
]
NAMED = {
    "name": st.sampled_from(["a", "b", "c", "A"]),
    "svm": st.sampled_from([{"name": "svm1"}, {"name": "svm2"}]),
    "local_endpoint": ENDPOINTS,
    "remote_endpoint": ENDPOINTS,
}
OPTIONAL = {path: values for path, values in FINE.items() if path not in NAMED}
PROTECTING = {"action": st.sampled_from(["esp_transport", "esp_udp"]), "secret_key": st.sampled_from(SECRETS)}
POSSIBLE = st.one_of(
    st.fixed_dictionaries({**NAMED, **PROTECTING}, optional=OPTIONAL),
    st.fixed_dictionaries({**NAMED, "action": st.sampled_from(["bypass", "discard"])}, optional=OPTIONAL),
)


def at_times_wrong(bodies: st.SearchStrategy[Record]) -> st.SearchStrategy[Record]:
    """Return bodies of which some have one property that is, mostly, refused."""
    faults = st.sampled_from([*[{}] * len(FAULTS), *FAULTS])
    return st.builds(lambda body, fault: {**body, **fault}, bodies, faults)


BODIES = at_times_wrong(POSSIBLE)
PATCHES = at_times_wrong(st.fixed_dictionaries({}, optional=FINE))
UNKNOWNS = st.builds(
    Unknowns,
    reported_fault=st.sampled_from(["first", "last"]),
    identities_with_key=st.sampled_from(["wildcard", "subnet", "never"]),
    patch_without_port=st.sampled_from(["keeps", "resets"]),
    protocol_names=st.sampled_from(["number", "name"]),
    names_unique_case=st.booleans(),
    ignored_authentication=st.sampled_from(["ignored", "error"]),
)
VERSIONS = st.sampled_from(["9.10.1", "9.15.1", "9.19.1"])
MANY = st.lists(BODIES, min_size=1, max_size=5)


def sent(state: State, method: str, target: str, body: Any = None) -> Answer:
    """Send a request without a socket in between; no answer may hold a secret, and a restart is an answer of its own."""
    answer = handle(state, Call(method, target, HEADERS, b"" if body is None else json.dumps(body).encode()))
    assert not any(secret in json.dumps(answer.body) for secret in SECRETS)
    return answer if answer.delivery.has_status else replace(answer, status=NONE)


def stored(state: State) -> dict[str, Record]:
    return {record["uuid"]: dict(record) for record in state.policies.all()}


def shapes(state: State) -> Counter[str]:
    """Return the policies as they are but for the UUIDs, which are made up."""
    return Counter(json.dumps({**record, "uuid": None}, sort_keys=True) for record in stored(state).values())


def canonical(body: Record, names: bool) -> Record:
    """Return how a read shows what a body sets, by the fact sheet (2)."""
    shown = {path: value for path, value in flat(body).items() if path not in ("secret_key", "ppk.shared_key")}
    for side in ("local_endpoint", "remote_endpoint"):
        if f"{side}.address" in shown:
            shown[f"{side}.address"] = str(ip_address(shown[f"{side}.address"]))
            mask = shown[f"{side}.netmask"]
            shown[f"{side}.netmask"] = str(IPv4Network(f"0.0.0.0/{mask}").prefixlen) if "." in mask else mask
        if f"{side}.port" in shown:
            port = shown[f"{side}.port"].partition("-")[0]
            shown[f"{side}.port"] = f"{port}-{port}"
    if "protocol" in shown:
        known = {"0": "any", "6": "tcp", "17": "udp", **({"1": "icmp", "132": "sctp"} if names else {})}
        shown["protocol"] = known.get(shown["protocol"], shown["protocol"])
    return shown


def check_read_back(state: State, uuid: str, body: Record) -> None:
    """Check that a read shows what has been written."""
    shown = flat(sent(state, "GET", f"{PATH}/{uuid}").body or {})
    wanted = canonical(body, state.unknowns.protocol_names == "name")
    if shown["authentication_method"] == "none":
        wanted = {path: value for path, value in wanted.items() if not path.startswith(("certificate", "ppk"))}
    assert {path: shown.get(path) for path in wanted} == wanted


@LIMITS
@given(version=VERSIONS, unknowns=UNKNOWNS, bodies=MANY, patches=st.lists(PATCHES, max_size=4), data=st.data())
def test_a_write_is_done_as_it_is_shown_or_not_at_all(
    version: str, unknowns: Unknowns, bodies: list[Record], patches: list[Record], data: st.DataObject
) -> None:
    state = State(version, unknowns, 10000)
    for body in bodies:
        before = stored(state)
        answer = sent(state, "POST", f"{PATH}?return_records=true", body)
        if answer.status != 201:
            assert stored(state) == before
            continue
        (uuid,) = stored(state).keys() - before.keys()
        assert answer.headers["Location"] == f"{PATH}/{uuid}"
        assert {key: record for key, record in stored(state).items() if key != uuid} == before
        check_read_back(state, uuid, body)
    names = Counter(
        (record["name"] if unknowns.names_unique_case else record["name"].lower(), record.get("svm.uuid"))
        for record in state.policies.all()
    )
    assert max(names.values(), default=1) == 1
    for patch in patches if stored(state) else ():
        uuid = data.draw(st.sampled_from(by_key(state, stored(state))))
        before = stored(state)
        answer = sent(state, "PATCH", f"{PATH}/{uuid}", patch)
        others = {key: record for key, record in before.items() if key != uuid}
        assert {key: record for key, record in stored(state).items() if key != uuid} == others
        if answer.status != 200:
            assert stored(state) == before
            continue
        check_read_back(state, uuid, patch)
        changed = {path for path, value in stored(state)[uuid].items() if before[uuid].get(path) != value}
        assert {path.partition(".")[0] for path in changed} <= {path.partition(".")[0] for path in flat(patch)}
    for uuid in sorted(stored(state)):
        assert sent(state, "DELETE", f"{PATH}/{uuid}").status == 200
        assert sent(state, "DELETE", f"{PATH}/{uuid}").status in (400, 404)
    assert stored(state) == {}


def done(state: State, method: str, records: list[Record], query: str = "") -> dict[str, Any]:
    """Send many records at once and return the results of the job."""
    answer = sent(state, method, f"{PATH}{query}", {"records": records})
    assert answer.status == 202
    (uuid,) = [job["uuid"] for job in state.jobs.records() if job["state"] in ("queued", "running")]
    for _poll in range(3):
        sent(state, "GET", f"/api/cluster/jobs/{uuid}")
    results = sent(state, "GET", f"{PATH}?{RESULTS}={uuid}").body or {}
    assert results["num_records"] == len(results["records"])
    return results


@LIMITS
@given(version=VERSIONS, unknowns=UNKNOWNS, bodies=MANY, patches=st.lists(PATCHES, min_size=1, max_size=4))
def test_many_at_once_are_what_they_are_one_by_one(
    version: str, unknowns: Unknowns, bodies: list[Record], patches: list[Record]
) -> None:
    single = State(version, unknowns, 10000)
    many = copy.deepcopy(single)
    fine = [sent(single, "POST", PATH, body).status == 201 for body in bodies]
    if not all(fine):
        results = done(copy_ := copy.deepcopy(many), "POST", bodies)
        assert (stored(copy_), results["records"], len(results["errors"])) == ({}, [], 1)
    results = done(many, "POST", bodies, "?continue_on_failure=true")
    assert (len(results["records"]), len(results.get("errors", []))) == (sum(fine), len(fine) - sum(fine))
    assert shapes(many) == shapes(single)

    single = copy.deepcopy(many)
    uuids = by_key(many, stored(many))
    if not uuids:
        return
    records = [{**patch, "uuid": uuids[number % len(uuids)]} for number, patch in enumerate(patches)]
    restarts = [patch for patch in patches if "certificate.name" in patch]
    if restarts:
        # On anything but a policy with a certificate, ONTAP would restart (fact sheet 4.2).
        return
    fine = [
        sent(single, "PATCH", f"{PATH}/{record['uuid']}", patch).status == 200
        for record, patch in zip(records, patches, strict=True)
    ]
    if not all(fine):
        before = stored(many)
        assert done(many, "PATCH", records)["records"] == []
        assert stored(many) == before
    done(many, "PATCH", records, "?continue_on_failure=true")
    assert stored(many) == stored(single)

    results = done(many, "DELETE", [{"uuid": uuids[0]}, {"uuid": "nobody"}, *({"uuid": uuid} for uuid in uuids[1:])])
    assert (results["num_records"], len(results["errors"])) == (len(uuids), 1)
    assert stored(many) == {}


@LIMITS
@given(version=st.just("9.19.1"), bodies=MANY, patch=PATCHES, rate=st.none() | st.integers(1, 2))
def test_a_write_to_all_that_match_is_one_to_each(
    version: str, bodies: list[Record], patch: Record, rate: int | None
) -> None:
    patch = {path: value for path, value in patch.items() if path != "certificate.name"}
    single = State(version, Unknowns(), 10000)
    for body in bodies:
        sent(single, "POST", PATH, body)
    many = copy.deepcopy(single)
    many.search_rate = rate
    matching = sorted(uuid for uuid, record in stored(single).items() if record["name"] in ("a", "b"))
    fine = [sent(single, "PATCH", f"{PATH}/{uuid}", patch).status == 200 for uuid in matching]
    counted = 0
    for method, body in (("PATCH", patch), ("DELETE", None)):
        target = f"{PATH}?name=a|b&return_timeout=1"
        while target:
            answer = sent(many, method, target, body)
            if answer.status != 200:
                assert method == "PATCH" and not (matching and all(fine))
                break
            counted += (answer.body or {})["num_records"]
            target = (answer.body or {}).get("_links", {}).get("next", {}).get("href", "")
        if method == "PATCH" and all(fine):
            assert (stored(many), counted) == (stored(single), len(matching))
    assert stored(many).keys() == stored(single).keys() - set(matching)
