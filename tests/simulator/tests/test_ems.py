# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events: what packets lead to, and how the log is listed, by whom."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from simulator import Simulator, Unknowns

from .conftest import Api, Record

PATH = "/api/support/ems/events"
LIF, CLIENT, STRANGER = "10.0.0.1", "10.0.1.7", "10.9.9.9"


@pytest.fixture
def policy(array: Simulator) -> str:
    """Return the name of a policy on svm1 for NFS with one client."""
    local = {"address": LIF, "netmask": "32", "port": "2049-2049"}
    remote = {"address": CLIENT, "netmask": "32"}
    array.add_policy(
        {"name": "nfs", "svm": "svm1", "protocol": "tcp", "local_endpoint": local, "remote_endpoint": remote}
    )
    return "nfs"


def index_of(array: Simulator) -> str:
    """Return the index by which packets that come in name the association that there is."""
    (one,) = [one for one in array.security_associations() if one["type"] == "ipsec"]
    return str(one["ipsec"]["inbound"]["security_parameter_index"])


def last(api: Api) -> Record:
    """Return name, severity, text and parameters of the newest event."""
    one = api.records(PATH, fields="*", max_records="1")[0]
    return {
        **one["message"],
        "text": one["log_message"],
        **{parameter["name"]: parameter["value"] for parameter in one["parameters"]},
    }


# --- what a packet leads to ---


def test_a_packet_in_clear(array: Simulator, api: Api, policy: str) -> None:
    assert array.packet_in(CLIENT, LIF) == "ipsec.ib.policy.violation"
    assert last(api) == {
        "name": "ipsec.ib.policy.violation",
        "severity": "alert",
        "text": f"ipsec.ib.policy.violation: IPsec: Inbound tcp packet {CLIENT} ==> {LIF} security policy violation.",
        "protocol": "tcp",
        "srcAddr": CLIENT,
        "dstAddr": LIF,
    }


@pytest.mark.parametrize(
    "packet",
    [
        {"source": STRANGER},
        {"destination": "10.0.0.2"},
        {"port": 111},
        {"protocol": "udp"},
    ],
)
def test_what_no_policy_covers_passes(array: Simulator, policy: str, packet: dict[str, Any]) -> None:
    assert array.packet_in(**{"source": CLIENT, "destination": LIF, **packet}) is None
    assert array.events() == []


def test_nothing_is_said_where_nothing_is_protected(array: Simulator, policy: str) -> None:
    array.edit_policy(policy, "svm1", {"enabled": False})
    array.add_policy({"name": "open", "svm": "svm2", "action": "bypass"})
    assert (array.packet_in(CLIENT, LIF), array.packet_out(LIF, CLIENT)) == (None, None)
    array.edit_policy(policy, "svm1", {"enabled": True})
    array.ipsec_enabled = False
    assert [array.packet_in(CLIENT, LIF, spi=spi) for spi in (None, "0x1")] == [None, None]
    assert array.packet_out(LIF, CLIENT) is None


def test_a_packet_of_an_association_that_is_gone(array: Simulator, api: Api, policy: str) -> None:
    array.establish(policy, "svm1", remote_address=CLIENT)
    index = index_of(array)
    assert array.packet_in(CLIENT, LIF, spi=index) is None
    assert array.packet_in(STRANGER, LIF, spi=index) == "ipsec.ib.no.lookup"
    array.drop_sas(policy, "svm1")
    assert array.packet_in(CLIENT, LIF, spi=index) == "ipsec.ib.no.lookup"
    assert last(api) == {
        "name": "ipsec.ib.no.lookup",
        "severity": "notice",
        "text": f"ipsec.ib.no.lookup: IPsec: SA not found. SPI: {index} Src IP: {CLIENT} Dst IP: {LIF}.",
        "spi": index,
        "srcAddr": CLIENT,
        "dstAddr": LIF,
    }


@pytest.mark.parametrize("form", ["brackets", "arrow"])
def test_a_packet_that_can_not_be_read(array: Simulator, api: Api, policy: str, form: str) -> None:
    array.unknowns = Unknowns(association_text=form)
    array.establish(policy, "svm1", remote_address=CLIENT)
    assert array.packet_in(CLIENT, LIF, spi=index_of(array), damaged=True) == "ipsec.ib.bad.encrypt"
    told = last(api)
    assert told["severity"] == "alert"
    assert all(part in told["sa2str"] for part in (CLIENT, LIF, index_of(array)))


def test_repeated_packets_count_with_a_window_only(array: Simulator, policy: str) -> None:
    array.establish(policy, "svm1", remote_address=CLIENT)
    assert array.packet_in(CLIENT, LIF, spi=index_of(array), replayed=True) is None
    array.replay_window = 64
    assert array.packet_in(CLIENT, LIF, spi=index_of(array), replayed=True) == "ipsec.ib.no.replay"


def test_a_packet_for_which_nothing_could_be_negotiated(array: Simulator, api: Api, policy: str) -> None:
    assert array.packet_out(LIF, CLIENT) == "ipsec.ob.no.acquire"
    assert {"srcAddr": LIF, "dstAddr": CLIENT, "severity": "notice"}.items() <= last(api).items()
    array.establish(policy, "svm1", remote_address=CLIENT, ipsec=False)
    assert array.packet_out(LIF, CLIENT) == "ipsec.ob.no.acquire"
    array.establish(policy, "svm1", remote_address=CLIENT)
    assert array.packet_out(LIF, CLIENT) is None


def test_an_event_is_of_the_node_that_has_the_address(array: Simulator, policy: str) -> None:
    node = array.add_node("cluster1-03")
    array.add_interface("nfs1", "svm1", LIF, location={"node": {"name": "cluster1-03", "uuid": node}})
    array.packet_in(CLIENT, LIF)
    assert [one["node"]["name"] for one in array.events()] == ["cluster1-03"]


# --- how they are listed ---


def test_the_newest_first_and_what_comes_unasked(array: Simulator, api: Api) -> None:
    array.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    array.log_event("raid.first", node="cluster1-02")
    array.log_event("raid.second", "error", "Look.", disk="0a.1")
    first, second = api.records(PATH)
    assert (first["index"], second["index"]) == (1, 1)
    assert first["_links"]["self"]["href"] == f"{PATH}/cluster1-01/1"
    assert {name: value for name, value in first.items() if name not in ("_links", "node")} == {
        "index": 1,
        "time": "2026-03-01T12:00:00+00:00",
        "message": {"name": "raid.second", "severity": "error"},
        "log_message": "raid.second: Look.",
    }
    (latest,) = api.records(PATH, fields="message.name", max_records="1")
    assert {*latest} == {"node", "index", "message", "_links"}
    assert api.records(PATH, fields="parameters", max_records="1")[0]["parameters"] == [
        {"name": "disk", "value": "0a.1"}
    ]


def test_filters_and_pages(array: Simulator, api: Api, policy: str) -> None:
    for hour in range(5):
        array.now = datetime(2026, 3, 1, hour, tzinfo=UTC)
        array.log_event("wafl.scan.done")
        array.packet_in(CLIENT, LIF)
    names = [one["message"]["name"] for one in api.records(PATH, message__name="ipsec.*", fields="message.name")]
    assert names == ["ipsec.ib.policy.violation"] * 5
    since = api.records(PATH, time=">=2026-03-01T03:00:00Z", message__severity="alert|error", fields="time")
    assert [one["time"][11:13] for one in since] == ["04", "03"]
    page = api("GET", PATH, message__name="ipsec.*", max_records="3").json()
    rest = api("GET", page["_links"]["next"]["href"]).json()
    assert [one["time"][11:13] for one in [*page["records"], *rest["records"]]] == ["04", "03", "02", "01", "00"]
    oldest = api.records(PATH, order_by="time asc", max_records="1", fields="time")
    assert oldest[0]["time"].startswith("2026-03-01T00")
    assert api.refused("GET", PATH, message__severity="terrible")[0] == "262185"
    assert api.refused("GET", PATH, fields="svm")[0] == "262197"


def test_what_is_for_debugging_comes_if_asked_for(array: Simulator, api: Api) -> None:
    array.log_event("kern.noise", "debug")
    assert api.records(PATH) == []
    assert len(api.records(PATH, message__severity="debug")) == 1


def test_the_log_forgets(array: Simulator, api: Api) -> None:
    array.event_log_size = 2
    for number in range(4):
        array.log_event(f"raid.{number}")
    assert [one["message"]["name"] for one in api.records(PATH)] == ["raid.3", "raid.2"]
    assert [one["index"] for one in api.records(PATH)] == [4, 3]


@pytest.mark.parametrize(("setting", "status"), [("refused", 403), ("shown", 200)])
def test_an_account_of_one_svm(array: Simulator, api: Api, setting: str, status: int) -> None:
    array.unknowns = Unknowns(events_of_svm_accounts=setting)
    array.log_event("raid.first")
    array.add_account("vsadmin", "secret-enough", svm="svm1")
    own = Api(array, auth=("vsadmin", "secret-enough"))
    tunnel = Api(array, **{"X-Dot-SVM-Name": "svm1"})
    assert [one("GET", PATH).status_code for one in (own, tunnel)] == [status, status]


def test_an_account_that_may_not(array: Simulator) -> None:
    array.add_account("auditor", "secret-enough", forbidden=("/api/support",))
    assert Api(array, auth=("auditor", "secret-enough")).refused("GET", PATH) == ("6", None)


def test_nobody_writes_them(api: Api) -> None:
    assert api("OPTIONS", PATH).headers["Allow"] == "GET, HEAD, OPTIONS"
    assert api("GET", f"{PATH}/cluster1-01/1").status_code == 404


def test_a_severity_that_is_none(array: Simulator) -> None:
    with pytest.raises(ValueError, match="a severity is emergency"):
        array.log_event("raid.first", "terrible")
