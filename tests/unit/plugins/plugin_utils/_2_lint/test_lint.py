# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules: for every finding a file that provokes it, and nothing else, and one that looks alike and is in order."""

from __future__ import annotations

import json
import random
import re
import string
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import template as template_module
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.template import Templar

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics.errors import InvalidInput
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
from ansible_collections.wiresec.ontap.plugins.module_utils._3_state import whole_set
from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import options as tables
from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_reports.findings import (
    KINDS,
    Finding,
    as_json,
    as_sarif,
    as_text,
    on_terminal,
    summary,
)
from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_policy_files import policy_files
from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_policy_files.policy_values import Values
from ansible_collections.wiresec.ontap.plugins.plugin_utils._2_lint import lint

SAMPLES = Path(__file__).resolve().parents[4] / "integration" / "policy_files"
VARIABLES = {
    "key_a": "XnTT4cQ2mJ9rVw8sKpLz",
    "key_b": "Zt7QpLm3vRx9WcN2kHsB",
    "key_weak": "netapp-password-123",
    "key_of_a_file": "Qm6RzT8wLk2VxNc5HsJp\n",
    "key_binary": "0x8f14e45fceea167a5a36dedd4bea2543",
    "key_base64": "0sjxTkX87qFnpaNt7dS+olQw==",
    "net_of_clients": "10.2.0.0/16",
}
VAULT_PASSWORD = b"sample files only"
TARGET: dict[str, dict[str, Any]] = {
    "release-too-old": {"version": (9, 9, 1)},
    "lockout-management": {"management_addresses": ["10.0.0.10"], "controller_addresses": ["10.9.0.1"]},
    "unfit-for-windows": {"windows": [ip_network("10.2.7.0/24")]},
    "nfs3-in-clear": {"nfs3": True},
    "lockout-unchecked": {"unresolved": ["cluster1.example.com"]},
    # Folders of samples stand for hosts: the one beside what is read is none.
    "folder-without-host": {"hosts": ["provokes"]},
    "lockout-controller": {"management_addresses": ["10.0.0.10"], "controller_addresses": ["10.9.0.1"]},
}


def values(**more: Any) -> tuple[DataLoader, Values]:
    """A loader that knows the Vault password, and values for one host."""
    loader = DataLoader()
    secrets = [("default", VaultSecret(VAULT_PASSWORD))]
    loader.set_vault_secrets(secrets)
    return loader, Values(loader, Templar(loader=loader, variables={**VARIABLES, **more}))


def check(folder: Path, **target: Any) -> list[Finding]:
    """All findings. Nobody uses NFSv3, unless a case is about that: most samples are about NFS, and would have a note of it."""
    loader, known = values()
    return lint.check(policy_files.read([str(folder)], loader), known, lint.Target(**{"nfs3": False, **target}))


OF_CERTIFICATES = {"invalid-certificate", "expiring-certificate", "key-without-certificate"}
"""The findings of test_pem_files.py, which makes what provokes them: certificates expire, and no key belongs into a repository."""

SAMPLED = [kind for kind in KINDS if kind not in OF_CERTIFICATES]


def test_every_finding_has_samples() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == set(SAMPLED)


@pytest.mark.parametrize("kind", SAMPLED)
def test_a_file_provokes_it_and_nothing_else(kind: str) -> None:
    found = check(SAMPLES / kind / "provokes", **TARGET.get(kind, {}))
    expected = {kind, "weak-secret"} if kind == "ignore-without-reason" else {kind}
    assert {one.id for one in found if not one.ignored} == expected, found


@pytest.mark.parametrize("kind", SAMPLED)
def test_what_looks_alike_is_in_order(kind: str) -> None:
    found = check(SAMPLES / kind / "looks_alike", **TARGET.get(kind, {}))
    assert [one for one in found if not one.ignored] == []


REFUSED = {"missing-name", "duplicate-name"}
"""The findings that ipsec_policies makes, too, before it reads the array; besides what concerns values."""


@pytest.mark.parametrize("side", ["provokes", "looks_alike"])
@pytest.mark.parametrize("kind", SAMPLED)
def test_the_module_refuses_what_the_check_does(kind: str, side: str) -> None:
    loader, known = values(net_of_nowhere="10.2.0.0/16", key_of_nobody=VARIABLES["key_b"])
    read = policy_files.read([str(SAMPLES / kind / side)], loader)
    options = [
        {**known.of(policy)[0], **({} if policy.svm is None else {"svm": policy.svm})} for policy in read.policies
    ]
    validator = ArgumentSpecValidator({"policies": tables.WHOLE_SET["policies"]})
    validated = validator.validate({"policies": options})
    assert validated.error_messages == []
    refused = False
    try:
        whole_set.read_entries(POLICY, validated.validated_parameters["policies"], {})
    except InvalidInput:
        refused = True
    assert refused == (side == "provokes" and kind in {*REFUSED, "invalid-value"})


# What findings say, and where


def of_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, **target: Any) -> list[str]:
    """The lines of the text report about one file, without its path."""
    (tmp_path / "ipsec").mkdir(exist_ok=True)
    (tmp_path / "ipsec" / "svm1.yml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = check(Path("ipsec"), **target)
    lines = as_text(found, summary(found, 1, 1)).splitlines()[:-1]
    return [line.removeprefix("ipsec/svm1.yml:") for line in lines]


def entry(name: str, **options: Any) -> dict[str, Any]:
    """A policy in order, for NFS from 10.2.0.0/16; ``None`` leaves an option out."""
    base = {
        "name": name,
        "action": "esp_transport",
        "protocol": "tcp",
        "local_endpoint": {"address": "10.1.1.1/32", "port": 2049},
        "remote_endpoint": {"address": "10.2.0.0/16"},
        "secret_key": "{{ key_a }}",
        "remote_identity": "nfs-clients",
    }
    return {option: value for option, value in {**base, **options}.items() if value is not None}


def end(address: str, port: int | None = None) -> dict[str, Any]:
    return {"address": address} if port is None else {"address": address, "port": port}


def unprotected(name: str, action: str, **options: Any) -> dict[str, Any]:
    return entry(name, action=action, secret_key=None, remote_identity=None, **options)


LONE: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "the line of the option": (
        entry("a", remote_endpoint={"address": "10.2.0.0/16", "netmask": 8}),
        {},
        ["8: error invalid-value: remote_endpoint: address says /16 and netmask says 8."],
    ),
    "a truth value": (
        entry("a", enabled="maybe"),
        {},
        ["12: error invalid-value: enabled: 'maybe' is neither true nor false."],
    ),
    "a choice": (entry("a", state="gone"), {}, ["12: error invalid-value: state: 'gone' is not one of present, absent."]),
    "a name that ONTAP does not take": (
        entry("ä"),
        {},
        ["2: error invalid-value: name: may contain ASCII characters only."],
    ),
    "a method that does not go with the action": (
        entry("a", authentication_method="none", secret_key=None),
        {},
        [
            "11: error invalid-value: authentication_method: psk or pki is needed to create IPsec policy 'a' on SVM 'svm1' "
            "with action esp_transport, not none."
        ],
    ),
    "no certificate": (
        entry("a", authentication_method="pki", remote_identity="ANYTHING", secret_key=None),
        {},
        [
            "2: warning incomplete-policy: certificate: needed to create IPsec policy 'a' on SVM 'svm1' with action "
            "esp_transport and authentication_method pki."
        ],
    ),
    "a post-quantum key without its key": (
        entry("a", ppk={"identity": "storage1"}),
        {},
        [
            "2: note psk-without-secret: ppk.shared_key: identity and key of a post-quantum key are only usable together."
        ],
    ),
    "a post-quantum key without its identity": (
        entry("a", ppk={"shared_key": "{{ key_b }}"}),
        {},
        ["2: warning incomplete-policy: ppk.identity: identity and key of a post-quantum key are only usable together."],
    ),
    "a release that has no IPsec": (
        entry("a"),
        {"version": (9, 7, 0)},
        ["2: error release-too-old: IPsec policy needs ONTAP 9.8 or later; this array runs 9.7."],
    ),
    "an option of a later release": (
        entry("a", authentication_method="psk"),
        {"version": (9, 8, 0)},
        ["12: error release-too-old: authentication_method needs ONTAP 9.10.1 or later; this array runs 9.8."],
    ),
    "a discarded controller": (
        unprotected("a", "discard", local_endpoint=end("10.0.0.0/8"), remote_endpoint=end("10.9.0.0/16")),
        {"controller_addresses": ["10.9.0.1"]},
        [
            "2: error lockout-controller: discards HTTPS (443) and SSH (22) from the controller 10.9.0.1 to 10.0.0.0/8, "
            "which may have the management address; Ansible itself may be cut off."
        ],
    ),
    "a controller that must speak IPsec": (
        entry("a", protocol=None, local_endpoint=end("10.0.0.0/8", 443)),
        {"management_addresses": ["10.0.0.10", "10.8.0.1"], "controller_addresses": ["10.2.0.1"]},
        [
            "2: error lockout-controller: takes HTTPS (443) with IPsec only, if it comes from the controller 10.2.0.1 to the "
            "management address 10.0.0.10; Ansible itself may be cut off."
        ],
    ),
    "discarded management": (
        unprotected("a", "discard", local_endpoint=end("10.0.0.10/32", 22)),
        {"management_addresses": ["10.0.0.10"], "controller_addresses": ["10.9.0.1"]},
        [
            "2: error lockout-management: discards SSH (22) from 10.2.0.0/16 to the management address 10.0.0.10; whoever "
            "manages the array from there is cut off."
        ],
    ),
    "management by IPv6": (
        entry("a", local_endpoint=end("fd00::/64"), remote_endpoint=end("fd01::/64")),
        {"management_addresses": ["10.0.0.10", "fd00::10"]},
        [
            "2: error lockout-management: takes HTTPS (443) and SSH (22) with IPsec only, if it comes from fd01::/64 to the "
            "management address fd00::10; whoever manages the array from there and has no such policy is cut off."
        ],
    ),
    "several secrets that can't be known": (
        entry("a", secret_key="{{ none }}", ppk={"identity": "storage1", "shared_key": "{{ none }}"}),
        {},
        [
            "10: note unreadable-secret: secret_key: can't be looked at: its template needs none_such, which is undefined.",
            "14: note unreadable-secret: ppk.shared_key: can't be looked at: its template needs none_such, which is undefined.",
        ],
    ),
    "Windows, by a key": (
        entry("a"),
        {"windows": [ip_network("10.2.7.0/24"), ip_network("fd00::/8")]},
        [
            "2: warning unfit-for-windows: Windows in 10.2.7.0/24 authenticates by certificates only; give certificate instead of secret_key."
        ],
    ),
    "SMB, by a key": (
        entry("a", local_endpoint=end("10.1.1.1/32", 445)),
        {},
        [
            "2: warning unfit-for-windows: Windows, if that is what uses SMB, authenticates by certificates only; give certificate instead "
            "of secret_key."
        ],
    ),
    "Windows, by an alternative name": (
        entry("a", secret_key=None, certificate="c", remote_identity="win1.example.com"),
        {"windows": [ip_network("10.0.0.0/8")]},
        [
            "2: warning unfit-for-windows: Windows in 10.0.0.0/8 is what the subject of its certificate says, and remote_identity is "
            "'win1.example.com'."
        ],
    ),
    "a local identity that stands for anybody": (
        entry("a", secret_key=None, certificate="c", local_identity="ANYTHING", remote_identity="10.0.0.0/8"),
        {},
        [
            "10: error impossible-identity: remote_identity: is a subnet, and a certificate names single addresses.",
            "12: error impossible-identity: local_identity: is ANYTHING, which is no identity but a permission, for remote_identity only.",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LONE)
def test_a_finding_says_what_and_where(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy, target, expected = LONE[case]
    text = yaml.safe_dump({"policies": [policy]}, sort_keys=False, allow_unicode=True).replace(
        "none }}", "none_such }}"
    )
    assert of_text(tmp_path, monkeypatch, text, **target) == expected


def together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *policies: dict[str, Any]) -> list[str]:
    """As ``of_text`` of several policies, each on a line of its own."""
    text = "policies:\n" + "".join(f"- {yaml.safe_dump(one, default_flow_style=True, width=1000)}" for one in policies)
    return of_text(tmp_path, monkeypatch, text)


def test_the_narrower_policy_names_the_wider_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = [
        unprotected(f"wide-{length}", "discard", remote_endpoint=end(f"10.0.0.0/{length}"))
        for length in (8, 9, 10, 11, 12)
    ]
    assert together(tmp_path, monkeypatch, entry("narrow"), *wide) == [
        "2: warning ambiguous-overlap: overlaps with 'wide-8' (discard, ipsec/svm1.yml:3), 'wide-9' (discard, "
        "ipsec/svm1.yml:4), 'wide-10' (discard, ipsec/svm1.yml:5) and 2 more; NetApp does not say which applies."
    ]


def test_of_policies_that_cross_the_later_one_names_the_earlier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crossing = unprotected("b", "bypass", local_endpoint=end("10.1.0.0/16", 2049), remote_endpoint=end("10.2.1.0/24"))
    assert together(tmp_path, monkeypatch, entry("a"), crossing) == [
        "3: warning ambiguous-overlap: overlaps with 'a' (esp_transport, ipsec/svm1.yml:2); NetApp does not say which applies."
    ]


def test_overlaps_of_several_actions_are_one_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    discard = unprotected("b", "discard", remote_endpoint=end("10.0.0.0/8"))
    udp = entry("c", action="esp_udp", remote_endpoint=end("10.0.0.0/9"))
    assert together(tmp_path, monkeypatch, discard, udp, entry("a")) == [
        "3: warning ambiguous-overlap: overlaps with 'b' (discard, ipsec/svm1.yml:2); NetApp does not say which applies.",
        "4: warning ambiguous-overlap: overlaps with 'b' (discard, ipsec/svm1.yml:2), 'c' (esp_udp, ipsec/svm1.yml:3); "
        "NetApp does not say which applies.",
    ]


def test_nfs3_is_told_of_each_address_once_and_not_if_any_policy_covers_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = [
        entry("a"),
        entry("b", remote_endpoint=end("10.3.0.0/16"), secret_key="{{ key_b }}"),
        entry("other", local_endpoint=end("10.1.1.2/32", 2049), secret_key="{{ key_binary }}"),
        unprotected("rest", "discard", protocol=None, local_endpoint=end("10.1.1.2/32")),
        unprotected("mountd", "bypass", protocol=None, local_endpoint=end("10.1.1.1/32", 635)),
    ]
    text = "policies:\n" + "".join(f"- {yaml.safe_dump(one, default_flow_style=True, width=1000)}" for one in policies)
    found = [line for line in of_text(tmp_path, monkeypatch, text, nfs3=True) if "nfs3" in line]
    assert found == [
        "2: note nfs3-in-clear: NFSv3 also needs portmapper (111), NLM (4045), NSM (4046), rquotad (4049), which no policy for these "
        "addresses covers."
    ]


def test_policies_of_cluster_scope_overlap_within_their_ipspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    policies = [entry("a"), entry("b", ipspace="Default"), entry("c", ipspace="other")]
    Path("all.yml").write_text(yaml.safe_dump({"scope": "cluster", "policies": policies}), encoding="utf-8")
    assert [(one.id, one.policy) for one in check(Path("all.yml"))] == [("duplicate-selector", "b")]


def test_many_with_one_secret_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policies = [
        entry(f"p{i}", remote_endpoint=end(f"10.{i // 2}.0.0/16"), local_endpoint=end("10.1.1.1/32", i + 1))
        for i in range(5)
    ]
    lines = together(tmp_path, monkeypatch, *policies)
    assert lines == [
        "4: warning shared-secret: secret_key: is also that of 'p0' (ipsec/svm1.yml:2) and 1 more, for other peers.",
        "5: warning shared-secret: secret_key: is also that of 'p0' (ipsec/svm1.yml:2) and 1 more, for other peers.",
        "6: warning shared-secret: secret_key: is also that of 'p0' (ipsec/svm1.yml:2) and 3 more, for other peers.",
    ]


@pytest.mark.parametrize(
    ("secret", "weak"),
    [
        ("aaaaaaaaaaaaaaaaaaaaaaaa", True),
        ("abcdefghijklmnopqrstuvwxyz", True),
        ("12345678901234567890", True),
        ("Winter2026!Winter2026!Winter2026!", True),
        ("passwordpassword12", True),
        ("ThisIsMySecretKey1", True),
        ("netapp-ipsec-test-key", True),
        ("0x00000000000000000000000000000000", True),
        ("0x0123456789abcdef", True),
        ("0x8f14e45fceea167a5a36dedd4bea2543", False),
        ("0sjxTkX87qFnpaNt7dS+olQw==", False),
        ("kR8vTq2LxW9zNc4MbY7s", False),
        ("moody-otter-builds-quiet-lighthouse", False),
    ],
)
def test_the_measure_of_weak_secrets(secret: str, weak: bool) -> None:
    assert (lint.strength(secret) < lint.ENOUGH_BITS) == weak


@pytest.mark.parametrize(
    ("secret", "bits"),
    [
        # Hexadecimal digits without their prefix, of which upper and lower case are the same.
        ("0x0f1e2d3c", 8 * 3),
        ("0x0F1E2D3C", 8 * 3),
        ("0xF1f1", 2 * 1),
        # Neighbours do not count, but every second character does.
        ("abcdefgh", 0),
        ("acegikmo", 8 * 3),
        ("xkxkxkxk", 2 * 1),
    ],
)
def test_what_a_secret_is_worth(secret: str, bits: int) -> None:
    assert lint.strength(secret) == bits


def test_fifty_bits_are_enough_and_a_little_less_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exactly, less = "adgk" * 6 + "d", "adgjmpsvyBadgjm"
    assert lint.strength(exactly) == 50 > lint.strength(less) > 49
    for secret, weak in ((exactly, False), (less + less[:3], False), (less, True)):
        monkeypatch.setitem(VARIABLES, "key_a", secret)
        text = yaml.safe_dump({"svm": "svm1", "policies": [entry("a", secret_key="{{ key_a }}")]})
        Path("a.yml").write_text(text, encoding="utf-8")
        found = [one.id for one in check(Path("a.yml"))]
        assert ("weak-secret" in found) is weak, secret


def test_random_secrets_of_24_characters_are_not_weak() -> None:
    alphabet = string.ascii_letters + string.digits
    drawn = ["".join(random.Random(seed).choices(alphabet, k=24)) for seed in range(1000)]
    assert [secret for secret in drawn if lint.strength(secret) < lint.ENOUGH_BITS] == []


# Where a secret stands

PLAIN = "Bq3YfTs7GnEe9ZxLr2Vk"


def exposed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: str, variables: str, encrypt: bool = False
) -> str:
    """What the check says of a secret that a template takes from a file of variables."""
    monkeypatch.chdir(tmp_path)
    loader = DataLoader()
    secret = VaultSecret(VAULT_PASSWORD)
    loader.set_vault_secrets([("default", secret)])
    content = variables if not encrypt else VaultLib([("default", secret)]).encrypt(variables).decode()
    Path("group_vars.yml").write_text(content, encoding="utf-8")
    Path("a.yml").write_text(
        yaml.safe_dump({"svm": "svm1", "policies": [entry("a", secret_key=template)]}), encoding="utf-8"
    )
    # As Ansible reads variables; ansible-core 2.19 and later would take templates in them for text otherwise.
    trust = {"trusted_as_template": True} if hasattr(template_module, "trust_as_template") else {}
    given = loader.load_from_file(str(tmp_path / "group_vars.yml"), **trust)
    found = lint.check(
        policy_files.read(["a.yml"], loader), Values(loader, Templar(loader=loader, variables=given)), lint.Target()
    )
    assert PLAIN not in str(found)
    return next((one.message for one in found if one.id == "plain-text-secret"), "")


@pytest.mark.parametrize(
    ("template", "variables", "where"),
    [
        (f"{{{{ '{PLAIN}' }}}}", "a: 1", "the template itself"),
        (f"{{{{ nowhere | default('{PLAIN}') }}}}", "a: 1", "the template itself"),
        (f"{{{{ '{PLAIN[:9]}' ~ '{PLAIN[9:]}' }}}}", "a: 1", "the template itself"),
        (f"{PLAIN[:15]}{{{{ a }}}}", "a: xyz", "the template itself"),
        ("{{ a }}", f"a: {PLAIN}", "the variable a in group_vars.yml:1"),
        ("{{ a }}", f"b: 1\na: '{{{{ c.d[0] }}}}'\nc:\n  d: [{PLAIN}]", "the variable c in group_vars.yml:4"),
        ("{{ a }}", f"a: \"{{{{ '{PLAIN}' }}}}\"", "the variable a in group_vars.yml:1"),
        ("nfs-{{ a }}", f"a: {PLAIN}", "the variable a in group_vars.yml:1"),
    ],
)
def test_a_secret_that_a_template_takes_from_plain_text_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: str, variables: str, where: str
) -> None:
    found = exposed(tmp_path, monkeypatch, template, variables)
    assert (
        found == f"secret_key: stands in {where} as plain text; encrypt it by ansible-vault, or take it from a lookup."
    )
    if "template" not in where:
        assert exposed(tmp_path, monkeypatch, template, variables, encrypt=True) == ""


def test_a_secret_from_elsewhere_is_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_OF_A_TEST", PLAIN)
    assert exposed(tmp_path, monkeypatch, "{{ lookup('env', 'KEY_OF_A_TEST') }}", "a: 1") == ""
    assert exposed(tmp_path, monkeypatch, "pre-{{ lookup('env', 'KEY_OF_A_TEST') }}", "a: 1") == ""


# Several credentials


@pytest.mark.parametrize(
    ("others", "found"),
    [
        ([{"secret_key": "{{ key_b }}"}], True),
        ([{"secret_key": "{{ key_a }}"}], False),
        ([{"secret_key": None, "certificate": "cert1", "remote_identity": "ANYTHING"}], True),
        ([{"secret_key": None, "authentication_method": "psk"}], False),
        ([{"secret_key": "{{ nowhere }}"}], False),
        ([{"secret_key": "{{ key_b }}", "enabled": False}], False),
        ([{"secret_key": "{{ key_b }}", "protocol": "udp"}], False),
        ([{"secret_key": "{{ key_b }}", "remote_endpoint": {"address": "10.0.0.0/8", "port": 700}}], True),
        ([{"secret_key": "{{ key_b }}", "local_endpoint": {"address": "10.1.1.1/32", "port": 2050}}], False),
    ],
)
def test_overlapping_policies_need_one_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: list[dict[str, Any]], found: bool
) -> None:
    wide = {"remote_endpoint": {"address": "10.0.0.0/8"}}
    policies = [entry("a"), *(entry(f"b{number}", **{**wide, **one}) for number, one in enumerate(others))]
    lines = together(tmp_path, monkeypatch, *policies)
    assert any("conflicting-credentials" in line for line in lines) is found, lines


def test_each_two_of_many_credentials_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a chain of subnets every policy meets all that are wider, whatever halves they are in."""
    count = 7
    for number in range(count):
        monkeypatch.setitem(VARIABLES, f"key_{number}", f"{number}XnTT4cQ2mJ9rVw8sKpLz")
    policies = [
        entry(f"p{number}", secret_key=f"{{{{ key_{number} }}}}", remote_endpoint=end(f"10.0.0.0/{8 + number}"))
        for number in range(count)
    ]
    lines = [line for line in together(tmp_path, monkeypatch, *policies) if "conflicting" in line]
    assert len(lines) == count - 1
    assert "'p2' (esp_transport, ipsec/svm1.yml:4) and 3 more" in lines[-1]


# Ignoring


def test_ignored_findings_keep_their_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    policy = entry("a", secret_key="{{ key_weak }}", lint_ignore={"weak-secret": "A reason."})
    Path("a.yml").write_text(yaml.safe_dump({"svm": "svm1", "policies": [policy]}), encoding="utf-8")
    (one,) = check(Path("a.yml"))
    assert (one.id, one.ignored) == ("weak-secret", "A reason.")
    assert summary([one], 1, 1) == {"files": 1, "policies": 1, "error": 0, "warning": 0, "note": 0, "ignored": 1}
    assert as_text([one], summary([one], 1, 1)) == "0 errors, 0 warnings, 0 notes, 1 ignored in 1 policy of 1 file"


def test_what_can_not_be_ignored_and_what_there_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ignores = {
        "invalid-value": "Because.",
        "no-such-thing": "Because.",
        "weak-secret": "Because.",
        "shared-secret": None,
    }
    policy = entry("a", action="esp", lint_ignore=ignores)
    lines = of_text(tmp_path, monkeypatch, yaml.safe_dump({"policies": [policy]}, sort_keys=False))
    assert lines == [
        "3: error invalid-value: action: 'esp' is not one of bypass, discard, esp_transport, esp_udp.",
        "13: note unused-ignore: lint_ignore.invalid-value: this finding can't be ignored.",
        "14: note unused-ignore: lint_ignore.no-such-thing: there is no such finding.",
        "16: error ignore-without-reason: lint_ignore.shared-secret: give the reason, as text.",
    ]


def test_what_could_not_look_leaves_ignores_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ignores = ["weak-secret", "shared-secret", "lockout-management", "lockout-controller", "release-too-old"]
    policy = entry("a", secret_key="{{ nowhere }}", lint_ignore=dict.fromkeys(ignores, "Because."))
    lines = of_text(tmp_path, monkeypatch, yaml.safe_dump({"policies": [policy]}, sort_keys=False))
    assert [line.split()[2] for line in lines] == ["unreadable-secret:"]


def test_a_secret_in_a_wrong_place_is_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = entry("a", protocol="{{ key_a }}")
    (line,) = of_text(tmp_path, monkeypatch, yaml.safe_dump({"policies": [policy]}, sort_keys=False))
    assert "'(hidden)' is not an IP protocol" in line


# Reports


def test_a_report_in_json_has_it_all() -> None:
    found = check(SAMPLES / "ignore-without-reason" / "looks_alike")
    counted = summary(found, 1, 1)
    assert json.loads(as_json(found, counted)) == {"findings": [one.as_dict() for one in found], "summary": counted}


def test_a_report_in_sarif_has_what_the_standard_asks_for() -> None:
    found = [
        Finding("weak-secret", "one", "ipsec/a b/svm1.yml", 3, "svm1", "a"),
        Finding("weak-secret", "one", "ipsec/a b/svm1.yml", 9, "svm1", "a", "A reason."),
        Finding("unreadable-file", "two", "/elsewhere/svm2.yml", 0),
    ]
    log = json.loads(as_sarif(found, summary(found, 2, 2)))
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    driver = log["runs"][0]["tool"]["driver"]
    assert driver["name"] == "wiresec.ontap.ipsec_policy_lint"
    assert [rule["id"] for rule in driver["rules"]] == list(KINDS)
    assert {rule["defaultConfiguration"]["level"] for rule in driver["rules"]} == {"error", "warning", "note"}
    one, other, third = log["runs"][0]["results"]
    for result, finding in zip((one, other, third), found, strict=True):
        assert result["ruleId"] == driver["rules"][result["ruleIndex"]]["id"] == finding.id
        assert (result["level"], result["message"]) == (finding.severity, {"text": finding.message})
    places = [result["locations"][0]["physicalLocation"] for result in (one, other, third)]
    assert [place["artifactLocation"]["uri"] for place in places] == [
        "ipsec/a%20b/svm1.yml",
        "ipsec/a%20b/svm1.yml",
        "file:///elsewhere/svm2.yml",
    ]
    assert [place["region"] for place in places] == [{"startLine": 3}, {"startLine": 9}, {"startLine": 1}]
    assert one["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "svm1/a"}]
    assert one["partialFingerprints"] == other["partialFingerprints"] != third["partialFingerprints"]
    assert [result.get("suppressions") for result in (one, other, third)] == [
        None,
        [{"kind": "inSource", "justification": "A reason."}],
        None,
    ]


# The guide


def test_the_guide_has_every_finding() -> None:
    guide = (Path(__file__).resolve().parents[5] / "docs" / "policy_files.md").read_text(encoding="utf-8")
    rows = [line for line in guide.splitlines() if re.match(r"\| \[", line)]
    assert rows == [
        f"| [{kind.id}](#{kind.id}) | {kind.severity} | {'yes' if kind.ignorable else 'no'} |"
        for kind in KINDS.values()
    ]
    sections = dict(re.findall(r"^### (\S+)\n\n(.*?)(?=^##)", guide, flags=re.M | re.S))
    assert list(sections) == list(KINDS)
    for text in sections.values():
        assert ("*Provoked by*" in text, "*Instead:*" in text) == (True, True)


def test_the_files_of_the_guide_are_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (Path(__file__).resolve().parents[5] / "docs" / "policy_files.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(svm: svm1\n.*?)```", guide, flags=re.S)
    monkeypatch.setitem(VARIABLES, "vault_nfs_clients_key", VARIABLES["key_a"])
    monkeypatch.setitem(VARIABLES, "backup_network", "10.10.30.0/24")
    assert of_text(tmp_path, monkeypatch, example) == []


def test_a_terminal_has_every_error_and_no_flood_of_warnings() -> None:
    kinds = {"weak-secret": 12, "shared-secret": 10, "missing-name": 20, "unreadable-secret": 3}
    found = [Finding(kind, "So.", "a.yml", line) for kind, number in kinds.items() for line in range(1, number + 1)]
    *lines, last = on_terminal(found, summary(found, 1, 9)).splitlines()
    assert [sum(f" {kind}: " in line for line in lines) for kind in kinds] == [10, 10, 20, 0]
    assert [line for line in lines if line.startswith("…")] == [
        "… and 2 more of weak-secret, all in the findings of the result, and in the report"
    ]
    assert last.startswith("20 errors, 22 warnings, 3 notes")
    assert on_terminal(found[:12], summary(found, 1, 9)).splitlines()[10].startswith("…")
    ignored = [Finding("weak-secret", "So.", "a.yml", line, ignored="Known.") for line in range(20)]
    assert len(on_terminal(ignored, summary(ignored, 1, 9)).splitlines()) == 1
