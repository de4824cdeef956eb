# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error code of the reference, read as the user of a failed play reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import ApiError
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from simulator import Simulator, Unknowns
from support import samples
from support.arrays import writes
from support.harness import Playbooks, policy
from support.paths import POLICIES
from support.samples import KEY

WEB: dict[str, Any] = {**samples.WEB, "local_endpoint": {"address": "10.10.10.7/32"}}
PKI = {
    **{option: value for option, value in WEB.items() if option != "secret_key"},
    "authentication_method": "pki",
    "certificate": "ipsec-cert",
    "remote_identity": "ANYTHING",
}

# ONTAP has these for input that the module checks itself, before it asks the array.
CHECKED_BEFOREHAND: list[tuple[int, dict[str, Any], str]] = [
    (66257099, {"protocol": "tcp,udp"}, "protocol: 'tcp,udp' is not an IP protocol"),
    (
        66257100,
        {"local_endpoint": {"address": "10.0.0.1/32", "port": "1,2"}},
        "local_endpoint.port: '1,2' is not a port",
    ),
    (66257101, {"remote_endpoint": {"address": "10.0.0.1/32", "port": "1,2"}}, "remote_endpoint.port: '1,2' is not"),
    (66257107, {"secret_key": "0xnot-hexadecimal!"}, "secret_key: is not valid hexadecimal"),
    (66257109, {"secret_key": "0snot-base64-at-all!"}, "secret_key: is not valid Base64"),
    (66257111, {"secret_key": None, "authentication_method": None}, "secret_key or certificate: needed to create"),
    (66257113, {"local_endpoint": {"address": "10.0.0.1/32,10.0.0.2/32"}}, "local_endpoint.netmask: '32,10"),
    (66257114, {"remote_endpoint": {"address": "10.0.0.1,10.0.0.2", "netmask": "32"}}, "remote_endpoint.address"),
    (66257115, {"local_endpoint": {"address": "10.0.0.1/32", "port": "1-2"}}, "ONTAP takes one port per policy"),
    (66257125, {"local_endpoint": {"address": "10.0.0.1"}}, "local_endpoint: address needs a netmask"),
    (66257126, {"remote_endpoint": {"address": "10.0.0.1"}}, "remote_endpoint: address needs a netmask"),
    (66257127, {"local_endpoint": {"address": "0.0.0.0/0"}}, "local_endpoint: can't be all addresses"),
    (66257129, {"remote_endpoint": {"address": "0.0.0.0/0"}}, "only allowed together with one port"),
    (
        66257131,
        {
            "action": "esp_udp",
            "local_endpoint": {"address": "2001:db8::1/64"},
            "remote_endpoint": {"address": "2001:db8::2/64"},
        },
        "esp_udp works over IPv4 only",
    ),
    (66257132, {"local_endpoint": {"address": "10.0.0.1/32", "port": "70000"}}, "the highest is 65535"),
    (66257133, {"secret_key": None}, "secret_key: needed to create"),
    (66257134, {"authentication_method": "pki", "secret_key": None}, "certificate: needed to create"),
    (66257136, {"certificate": "ipsec-cert", "secret_key": None}, "certificate: goes with authentication_method pki"),
    (66257137, {"authentication_method": "pki"}, "secret_key: goes with authentication_method psk"),
    (
        66257140,
        {"authentication_method": "pki", "certificate": "ipsec-ca", "secret_key": None},
        "certificate 'ipsec-ca' on SVM 'svm1' is of type",
    ),
    (66257143, {"remote_endpoint": None}, "remote_endpoint.address, remote_endpoint.netmask: needed"),
    (66257148, {"name": "n" * 65}, "name: has 65 characters"),
    (66257153, {"ppk": {"identity": "ppk-identity"}}, "ppk.shared_key: identity and key"),
    (66257154, {"ppk": {"shared_key": KEY}}, "ppk.identity: identity and key"),
    (66257200, {"secret_key": "short"}, "secret_key: has 5 characters"),
]


def limit_svm(array: Simulator) -> None:
    array.policy_limit_per_svm = 0


def limit_cluster(array: Simulator) -> None:
    array.policy_limit_cluster = 0


def migrate(array: Simulator) -> None:
    array.migrating_svms = {"svm1"}


def mix_releases(array: Simulator) -> None:
    array.mixed_version = True


def lower_cluster_version(array: Simulator) -> None:
    array.low_ecv = True


def be_metrocluster(array: Simulator) -> None:
    array.metrocluster = True


def add_namesake(array: Simulator) -> None:
    array.unknowns = Unknowns(names_unique_case=False)
    array.add_policy({"name": "WEB", "svm": {"name": "svm1"}, "action": "bypass", "enabled": True})


def add_namesake_on_9_8(array: Simulator) -> None:
    array.version = "9.8"
    add_namesake(array)


def want_hosts(array: Simulator) -> None:
    array.unknowns = Unknowns(host_address_rule="remote")


def nothing(array: Simulator) -> None:
    pass


# What only the array can know.
PROVOKED: list[tuple[int, Callable[[Simulator], None], dict[str, Any]]] = [
    (66257104, add_namesake, WEB),
    (66257103, add_namesake_on_9_8, {**WEB, "authentication_method": None}),
    (66257117, nothing, {**WEB, "svm": "cluster1"}),
    (66257120, want_hosts, WEB),
    (66257121, limit_svm, WEB),
    (66257130, limit_cluster, WEB),
    (66257138, nothing, {**PKI, "remote_identity": None}),
    (66257142, migrate, WEB),
    (66257199, mix_releases, WEB),
    (66257201, lower_cluster_version, WEB),
    (66257202, nothing, {**WEB, "svm": "no-such-svm"}),
    (66257396, be_metrocluster, {**WEB, "svm": "cluster1"}),
]


@pytest.mark.parametrize(("code", "options", "message"), CHECKED_BEFOREHAND, ids=lambda case: str(case)[:40])
def test_what_the_module_checks_itself(array: Simulator, code: int, options: dict[str, Any], message: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the message is what matters
        policy(array, **{**WEB, **options})
    assert message in str(caught.value)
    assert writes(array) == []
    assert code in POLICY.advice


@pytest.mark.parametrize(
    ("code", "arrange", "options"),
    PROVOKED,
    ids=[f"{code}-{number}" for number, (code, _arrange, _options) in enumerate(PROVOKED)],
)
@pytest.mark.parametrize(("status", "number"), [(400, "str"), (409, "int"), (500, "str")])
def test_what_the_array_refuses(
    array: Simulator,
    status: int,
    number: str,
    code: int,
    arrange: Callable[[Simulator], None],
    options: dict[str, Any],
) -> None:
    arrange(array)
    array.unknowns = replace(
        array.unknowns, error_status=status, error_code_type=number, error_target_present=status == 400
    )
    before = array.policies()
    with pytest.raises(ApiError) as caught:
        policy(array, **options)
    assert (caught.value.code, caught.value.status) == (code, status)
    assert str(caught.value).startswith(f"Creating {POLICY.title(options)} failed: ")
    assert str(caught.value).endswith(POLICY.advice[code])
    assert array.policies() == before


def test_each_code_reads_well_in_a_failed_play(playbooks: Playbooks) -> None:
    array = playbooks.array
    array.add_policy({"name": "old", "svm": {"name": "svm1"}, "action": "bypass", "enabled": True})
    only_delete, only_patch = {66257096}, {66257097, 66257116}
    cases = {}
    for code in sorted(POLICY.advice):
        method = "DELETE" if code in only_delete else "PATCH" if code in only_patch else "POST"
        array.refuse(method, POLICIES if method == "POST" else f"{POLICIES}/*", code=code)
        cases[str(code)] = {
            "POST": {**WEB, "name": "new"},
            "PATCH": {"name": "old", "svm": "svm1", "enabled": False},
            "DELETE": {"name": "old", "svm": "svm1", "state": "absent"},
        }[method]
    # From a file, because Ansible quotes the playbook around a failed task.
    (playbooks.folder / "cases.yml").write_text(yaml.safe_dump({"cases": cases}), encoding="utf-8")
    loop = {"name": "each code", "wiresec.ontap.ipsec_policy": "{{ cases[item] }}", "loop": list(cases)}
    play = playbooks.play([{**loop, "ignore_errors": True}], "-e", "@cases.yml")
    assert play.code == 0, play.output
    results = {
        one["result"]["item"]: one["result"] for one in play.results if one["failed"] and "item" in one["result"]
    }
    for code, advice in POLICY.advice.items():
        result = results[str(code)]
        assert result["changed"] is False
        assert result["error"]["code"] == code
        assert f"code {code}" in result["msg"]
        assert result["msg"].endswith(advice)
        assert advice[0].isupper()
        assert advice.endswith(".")
    assert KEY not in play.output
    assert [record["name"] for record in array.policies()] == ["old"]
