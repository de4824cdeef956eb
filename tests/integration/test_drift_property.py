# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For any two arrays that differ in anything a policy or the service has, and files that are true of one: drift on the other is never green."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator import Simulator
from support import cluster, harness

SVMS = ["svm1", "svm2", None]
CERTIFICATES = ["cert-1", "cert-2"]

# Arrays

_ADDRESS = st.integers(1, 200).map(lambda number: f"10.{number}.0.0")
_END = st.fixed_dictionaries(
    {"address": _ADDRESS, "netmask": st.sampled_from(["16", "24"]), "port": st.sampled_from(["0-0", "2049-2049"])}
)
_KEY = st.fixed_dictionaries(
    {"action": st.just("esp_transport"), "authentication_method": st.just("psk")},
    optional={"ppk.identity": st.just("ppk-identity"), "remote_identity": st.sampled_from(["CN=b", "ANYTHING"])},
)
_CERTIFICATE = st.fixed_dictionaries(
    {
        "action": st.just("esp_transport"),
        "authentication_method": st.just("pki"),
        "certificate": st.sampled_from(CERTIFICATES),
        "remote_identity": st.sampled_from(["CN=b", "ANYTHING"]),
    },
    optional={"certificate_modify_keepsa": st.booleans()},
)
_NOTHING = st.fixed_dictionaries(
    {"action": st.sampled_from(["bypass", "discard"]), "authentication_method": st.just("none")}
)
_COMMON = st.fixed_dictionaries(
    {
        "svm": st.sampled_from(SVMS),
        "enabled": st.booleans(),
        "protocol": st.sampled_from(["any", "tcp", "udp"]),
        "local_endpoint": _END,
        "remote_endpoint": _END,
    },
    optional={"local_identity": st.just("CN=a")},
)
_POLICY = st.tuples(_COMMON, _KEY | _CERTIFICATE | _NOTHING).map(lambda parts: {**parts[0], **parts[1]})
_SERVICE = st.sampled_from([(0, False), (0, True), (64, False)]).flatmap(
    lambda both: st.fixed_dictionaries(
        {"ipsec_enabled": st.booleans(), "replay_window": st.just(both[0]), "offload_enabled": st.just(both[1])}
    )
)
_AUTHORITIES = st.sets(
    st.sampled_from([("ca-1", "svm1"), ("ca-1", "svm2"), ("ca-2", "svm1"), ("ca-2", None)]), max_size=3
)
_ARRAY = st.tuples(st.lists(_POLICY, max_size=4), _SERVICE, _AUTHORITIES)
_EDITS: dict[str, list[Any]] = {
    "enabled": [True, False],
    "protocol": ["any", "tcp", "udp"],
    "local_endpoint.port": ["0-0", "2049-2049", "111-111"],
    "remote_endpoint.port": ["0-0", "2049-2049"],
    "remote_endpoint.address": ["10.77.0.0"],
    "remote_endpoint.netmask": ["16", "24"],
    "action": ["esp_transport", "bypass", "discard"],
    "local_identity": [None, "CN=c"],
    "remote_identity": [None, "CN=c", "ANYTHING"],
    "ppk.identity": [None, "another-identity"],
    "certificate.name": CERTIFICATES,
    "certificate_modify_keepsa": [True, False],
    "authentication_method": ["psk", "none"],
}


def build(array: Simulator, drawn: Any) -> None:
    policies, service, authorities = drawn
    array.reset()
    array.version = "9.18.1"
    array.ipsec_enabled = True
    for svm in SVMS:
        for name in CERTIFICATES:
            array.add_certificate(name, svm)
    for number, one in enumerate(policies):
        array.add_policy({"name": f"p{number}", **copy.deepcopy(one)})
    for name, svm in sorted(authorities, key=str):
        array.add_certificate(name, svm, "root_ca")
        array.add_ca_certificate(name, svm)
    for setting, value in service.items():
        setattr(array, setting, value)


def possible(policy: dict[str, Any]) -> set[str]:
    """What ONTAP lets differ in a policy: without certificates, there is no certificate of it, and without ESP no method but none."""
    return {
        option
        for option in _EDITS
        if (not option.startswith("certificate") or policy.get("authentication_method") == "pki")
        and (option != "authentication_method" or policy["action"] == "esp_transport")
    }


def content(array: Simulator) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All that tells two arrays apart, without what each has of its own: the objects, and the service."""
    service = harness.service_info(array)
    objects = [*harness.info(array)["policies"], *service["ca_certificates"]]
    return [{key: one[key] for key in one if key != "uuid"} for one in objects], service["config"]


@pytest.fixture
def other_array(make_array: Callable[..., Simulator]) -> Simulator:
    return make_array()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    base=_ARRAY,
    edits=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(sorted(_EDITS)), st.integers(0, 2)), max_size=2),
    other=st.none() | _ARRAY,
    prune=st.booleans(),
    lost=st.sampled_from([None, None, *SVMS]),
)
def test_drift_is_green_for_equal_arrays_and_for_no_others(
    tmp_path: Path, array: Simulator, other_array: Simulator, base: Any, edits: Any, other: Any, prune: bool, lost: Any
) -> None:
    """lost: the SVM whose file is not there any more, where there is one."""
    build(array, base)
    build(other_array, base if other is None else other)
    for number, option, choice in edits:
        if other is None and number < len(base[0]) and option in possible(base[0][number]):
            value = _EDITS[option][choice % len(_EDITS[option])]
            other_array.edit_policy(f"p{number}", base[0][number]["svm"], {option: value})
    # Whether anybody uses a policy is no difference.
    for one in other_array.policies():
        if one.get("svm") and one["enabled"] and one["action"] == "esp_transport" and other_array.ipsec_enabled:
            other_array.establish(one["name"], one["svm"]["name"])
    files = cluster.files_of(array)
    (true, service), (found_there, other_service) = content(array), content(other_array)
    if lost and files.pop(f"{lost}.yml", None):
        true = [one for one in true if one.get("svm") != lost]
    equal = (true, service) == (found_there, other_service)
    found = cluster.verdict(tmp_path, files, other_array, **cluster.UNLIMITED, prune=prune)
    # While IPsec is off, a listing proves nothing.
    unsure = [] if other_array.ipsec_enabled else ["not compared"]
    assert found in [*(["same"] if equal else ["differs"]), *unsure]
