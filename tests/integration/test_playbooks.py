# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ipsec_policy as users run it: ansible-playbook, over HTTPS, read from the screen."""

from __future__ import annotations

import json
import platform
import re
import venv
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator import Simulator
from simulator.authority import Authority
from support.harness import CHECKOUT, Play, Playbooks, task
from support.pages import examples
from support.samples import KEY, NEW_KEY, PPK, SHORT_KEY, WEB

# Each option in every form in which a user may write it; all forms of a row mean the same.
FORMS: dict[str, list[dict[str, Any]]] = {
    "netmask": [
        {"remote_endpoint": {"address": "10.10.20.0", "netmask": 24}},
        {"remote_endpoint": {"address": "10.10.20.0", "netmask": "24"}},
        {"remote_endpoint": {"address": "10.10.20.0", "netmask": "255.255.255.0"}},
        {"remote_endpoint": {"address": "10.10.20.0/24"}},
        {"remote_endpoint": {"address": "10.10.20.0/255.255.255.0"}},
        {"remote_endpoint": {"address": "10.10.20.0/24", "netmask": "255.255.255.0"}},
    ],
    "port": [{"local_endpoint": {"address": "10.10.10.7/32", "port": port}} for port in (23, "23", "23-23")],
    "any port": [
        {"local_endpoint": {"address": "10.10.10.7/32", "port": port}} for port in (0, "0", "any", "ANY", "0-0")
    ],
    "tcp": [{"protocol": protocol} for protocol in (6, "6", "tcp", "TCP")],
    "udp": [{"protocol": protocol} for protocol in ("udp", 17)],
    "any protocol": [{"protocol": protocol} for protocol in ("any", 0, "ANY")],
    "icmp": [
        {"protocol": protocol, "local_endpoint": {"address": "10.10.10.7/32"}} for protocol in ("icmp", 1, "ICMP")
    ],
    "IPv6": [
        {"local_endpoint": {"address": f"{one}/64"}, "remote_endpoint": {"address": two, "netmask": 64}}
        for one, two in (
            ("2001:db8::7", "2001:db8:1::"),
            ("2001:DB8:0:0:0:0:0:7", "2001:0db8:0001::0"),
            ("2001:0db8:0000:0000:0000:0000:0000:0007", "2001:db8:1:0::"),
        )
    ],
    "enabled": [{"enabled": value} for value in (False, "no", "false", 0)],
    "identities": [{"local_identity": "CN=svm1", "remote_identity": "ANYTHING"}],
    "IPspace": [{"ipspace": "Default"}],
    "post-quantum key": [{"ppk": {"identity": "ppk-identity", "shared_key": PPK}}],
    "PKI": [
        {
            "authentication_method": method,
            "secret_key": None,
            "certificate": "ipsec-cert",
            "certificate_modify_keepsa": keep,
            "remote_identity": "ANYTHING",
        }
        for method, keep in (("pki", True), ("pki", "yes"))
    ],
    "bypass": [{"action": "bypass", "authentication_method": None, "secret_key": None}],
    "discard": [{"action": "discard", "authentication_method": "none", "secret_key": None}],
    "NAT": [{"action": "esp_udp"}],
    "name": [{"name": name} for name in ('name *|!"{}', 'name *|!"{}')],
    "cluster scope": [{"svm": None}],
}


def test_every_option_in_every_form_converges_in_one_run(playbooks: Playbooks) -> None:
    playbooks.array.version = "9.18.1"
    cases = {
        f"{row} {number}": task("", **{**WEB, "name": row, **form})["wiresec.ontap.ipsec_policy"]
        for row, forms in FORMS.items()
        for number, form in enumerate(forms)
    }
    (playbooks.folder / "cases.yml").write_text(yaml.safe_dump({"cases": cases}), encoding="utf-8")

    def bring(names: list[str]) -> tuple[Play, dict[str, bool]]:
        """Whether each case changed something; in a loop, because a task costs more than what it does."""
        loop = {"name": "each", "wiresec.ontap.ipsec_policy": "{{ cases[item] }}", "loop": names}
        play = playbooks.play([loop], "-e", "@cases.yml")
        results = [entry["result"] for entry in play.results if "item" in entry["result"]]
        return play, {result["item"]: result["changed"] for result in results}

    first = [name for name in cases if name.endswith(" 0")]
    created, changed = bring(first)
    assert (created.code, changed) == (0, dict.fromkeys(first, True)), created.output
    again, changed = bring(list(cases))
    assert (again.code, changed) == (0, dict.fromkeys(cases, False)), again.output
    assert "DEPRECATION" not in again.output


def test_check_and_diff_show_the_change_and_write_nothing(playbooks: Playbooks) -> None:
    create = playbooks.play([task("create", **WEB)], "--check", "--diff")
    assert '"address": "10.10.10.7"' in "".join(line for line in create.output.splitlines() if line.startswith("+"))
    assert playbooks.array.policies() == []
    playbooks.play([task("create", **WEB)])
    playbooks.array.edit_policy("web", "svm1", {"enabled": False, "remote_endpoint.netmask": "16"})
    drift = playbooks.play([task("drift", **WEB, enabled=True)], "--check", "--diff")
    assert drift.changed == ["drift"]
    changed_lines = {line.strip() for line in drift.output.splitlines() if line[:1] in "+-" and line[1:3] == "  "}
    assert {line.lstrip("+- ") for line in changed_lines} == {
        '"enabled": false,',
        '"enabled": true,',
        '"netmask": "16",',
        '"netmask": "24",',
    }
    rotation = playbooks.play(
        [task("rotate", **WEB, enabled=False, update_secret_key="always", recreate=True)], "--check", "--diff"
    )
    assert "deleted and created again" in rotation.output
    assert '"secret_key": "(replaced)"' in rotation.output


def test_the_result_speaks_the_language_of_the_options(playbooks: Playbooks) -> None:
    play = playbooks.play([task("create", **WEB), task("modify", **{**WEB, "enabled": False})])
    created, modified = play.result("create"), play.result("modify")
    assert (created["operation"], created["modified"]) == ("created", [])
    assert (modified["operation"], modified["modified"]) == ("modified", ["enabled"])
    assert modified["policy"] == {
        "name": "web",
        "svm": "svm1",
        "action": "esp_transport",
        "authentication_method": "psk",
        "enabled": False,
        "protocol": "any",
        "local_endpoint": {"address": "10.10.10.7", "netmask": "32", "port": "2049-2049"},
        "remote_endpoint": {"address": "10.10.20.0", "netmask": "24", "port": "0-0"},
    }
    assert modified["uuid"] == created["uuid"]


def test_no_secret_shows_anywhere(playbooks: Playbooks, tmp_path: Path, place: Path) -> None:
    array = playbooks.array
    secrets = {
        "key": KEY,
        "new_key": NEW_KEY,
        "short_key": SHORT_KEY,
        "ppk": PPK,
        "short_ppk": "ppk-short",
        "password": "a-wrong-password",
        "token": array.access_token,
    }
    # From a file, because Ansible quotes the playbook around a failed task.
    (tmp_path / "secrets.yml").write_text(yaml.safe_dump(secrets), encoding="utf-8")
    secret = {name: f"{{{{ {name} }}}}" for name in secrets}
    keyed = {**WEB, "secret_key": secret["key"]}
    ppk = {"identity": "ppk-identity", "shared_key": secret["ppk"]}
    rotation = {"secret_key": secret["new_key"], "update_secret_key": "always"}
    array.refuse("POST", "/api/security/ipsec/policies", code=66257110)
    failing = {
        "refused": {"ppk": ppk},
        "too short": {"secret_key": secret["short_key"]},
        "wrong account": {"password": secret["password"]},
        "nonsense": {"ppk": {"identity": "x", "shared_key": secret["short_ppk"]}},
        "key with pki": {"authentication_method": "pki"},
    }
    tasks = [task(title, **{**keyed, **options}) | {"ignore_errors": True} for title, options in failing.items()]
    tasks += [
        task("create", **keyed, ppk=ppk),
        task("unchanged", **{**keyed, "secret_key": secret["new_key"]}),
        task("not permitted", **{**keyed, **rotation}) | {"ignore_errors": True},
        task("rotate", **{**keyed, **rotation}, ppk=ppk, recreate=True),
        {
            "name": "token",
            "wiresec.ontap.ipsec_policy_info": {"access_token": secret["token"], "fields": ["name", "ppk"]},
        },
        task("delete", name="web", svm="svm1", state="absent"),
    ]
    own_home = {"ANSIBLE_HOME": str(place / "home")}
    play = playbooks.play(tasks, "-vvvv", "--diff", "-e", f"@{tmp_path / 'secrets.yml'}", environment=own_home)
    assert (play.code, play.failed) == (0, [*failing, "not permitted"]), play.output
    assert play.changed == ["create", "rotate", "delete"]
    hidden = [*secrets.values(), array.password]
    record = (tmp_path / "results.jsonl").read_text(encoding="utf-8")
    assert [value for value in hidden if value in play.output + record] == []
    remains = [path for path in (place / "home").rglob("*") if path.is_file()]
    assert [path for path in remains if any(value.encode() in path.read_bytes() for value in hidden)] == []


def test_bad_input_reads_well_and_writes_nothing(playbooks: Playbooks) -> None:
    bad = {
        **WEB,
        "protocol": "nonsense",
        "local_endpoint": {"address": "10.10.10.7", "port": "1-2"},
        "secret_key": SHORT_KEY,
    }
    play = playbooks.play([task("bad", **bad)])
    assert play.code == 2
    message = play.result("bad")["msg"]
    for sentence in (
        "protocol: 'nonsense' is not an IP protocol",
        "local_endpoint.port: '1-2' is a range of ports",
        "secret_key: has 14 characters, but 18 to 128 are allowed.",
    ):
        assert sentence in message
    assert "Traceback" not in play.output
    assert playbooks.array.requests == []


def test_a_lost_answer_reads_well_and_gives_no_secret_away(playbooks: Playbooks, tmp_path: Path) -> None:
    array = playbooks.array
    pki = {
        **WEB,
        "secret_key": None,
        "authentication_method": "pki",
        "certificate": "ipsec-cert",
        "remote_identity": "A",
    }
    for occurrence in (1, 2):
        array.fault("reset", "POST", "/security/ipsec/policies", occurrence=occurrence, after_effect=True)
    trace = tmp_path / "trace"
    tasks = [
        task("certificate", **{**pki, "name": "pki"}, trace=str(trace)),
        task("key", **{**WEB, "secret_key": "{{ key }}"}, trace=str(trace)) | {"ignore_errors": True},
        task("key again", **{**WEB, "secret_key": "{{ key }}"}),
    ]
    (tmp_path / "secrets.yml").write_text(yaml.safe_dump({"key": KEY}), encoding="utf-8")
    play = playbooks.play(tasks, "-vvvv", "-e", f"@{tmp_path / 'secrets.yml'}")
    assert (play.code, play.failed) == (0, ["key"]), play.output
    assert play.changed == ["certificate", "key"]
    # Older releases of ansible-core wrap warnings.
    assert "The array shows that it was carried out all the same." in " ".join(play.output.split())
    result = play.result("key")
    assert result["operation"] == "unknown"
    assert "its secret_key can't be, because ONTAP returns no secrets. Run the task again." in result["msg"]
    assert play.result("key again")["operation"] == "none"
    hidden = [KEY, array.password]
    record = (tmp_path / "results.jsonl").read_text(encoding="utf-8")
    assert [secret for secret in hidden if secret in play.output + record + trace.read_text(encoding="utf-8")] == []
    assert len(trace.read_text(encoding="utf-8").splitlines()) == 8


def test_a_pending_approval_reads_well(playbooks: Playbooks) -> None:
    playbooks.array.require_approval("POST", "/security/ipsec/policies")
    waiting = playbooks.play([task("create", **WEB)])
    assert waiting.code == 2
    assert waiting.result("create")["approval"] == {"pending": True, "request": "1"}
    assert "Run the task again once it is approved." in waiting.result("create")["msg"]
    playbooks.array.approve()
    assert playbooks.play([task("create", **WEB)]).changed == ["create"]


# Where it runs


def test_the_connection_is_set_once_for_all_modules(playbooks: Playbooks) -> None:
    array = playbooks.array
    defaults = {"hostname": f"{array.host}:{array.port}", "username": array.username, "password": array.password}
    head = {"module_defaults": {"group/wiresec.ontap.ontap": {**defaults, "ca_path": array.ca_path}}}
    tasks = [task("create", **WEB), {"name": "list", "wiresec.ontap.ipsec_policy_info": {"svm": "svm1"}}]
    nothing = {f"ONTAP_{name}": "" for name in ("HOSTNAME", "PORT", "USERNAME", "PASSWORD", "CA_PATH")}
    environment = {name: value for name, value in playbooks.environment().items() if name not in nothing}
    playbooks.environment = lambda: environment  # type: ignore[method-assign]
    play = playbooks.play(tasks, head=head)
    assert (play.code, play.result("list")["num_records"]) == (0, 1), play.output


INVENTORIES = {
    "declared localhost": "localhost ansible_connection=local",
    "array as host": "cluster1 ansible_connection=local",
}


@pytest.mark.parametrize("inventory", INVENTORIES.values(), ids=INVENTORIES)
def test_it_runs_for_every_kind_of_host(playbooks: Playbooks, tmp_path: Path, inventory: str) -> None:
    path = tmp_path / "inventory.ini"
    path.write_text(f"{inventory} ansible_python_interpreter='{{{{ ansible_playbook_python }}}}'\n", encoding="utf-8")
    play = playbooks.run(
        [{"name": "test", "hosts": "all", "gather_facts": False, "tasks": [task("create", **WEB)]}], "-i", str(path)
    )
    assert (play.code, play.changed) == (0, ["create"]), play.output


# What lies in the place of requests, and what the error calls it.
UNUSABLE_REQUESTS = {
    "missing": (None, "has none"),
    "broken": ("import nowhere_to_be_found", "has one that can't be imported (No module named 'nowhere_to_be_found')"),
}


@pytest.mark.parametrize("delegated", [False, True], ids=["controller", "delegated"])
@pytest.mark.parametrize("kind", UNUSABLE_REQUESTS)
def test_without_requests_the_error_names_the_interpreter_and_the_cures(
    playbooks: Playbooks, tmp_path: Path, kind: str, delegated: bool
) -> None:
    source, named = UNUSABLE_REQUESTS[kind]
    venv.create(tmp_path / "bare", with_pip=False)
    python = tmp_path / "bare" / "bin" / "python"
    if source:
        (folder,) = tmp_path.glob("bare/lib/python*/site-packages")
        (folder / "requests.py").write_text(source, encoding="utf-8")
    inventory = tmp_path / "inventory.ini"
    host = "elsewhere" if delegated else "localhost"
    inventory.write_text(f"{host} ansible_connection=local ansible_python_interpreter={python}\n", encoding="utf-8")
    create = {**task("create", **WEB), **({"delegate_to": host} if delegated else {})}
    play = playbooks.play([create], "-i", str(inventory))
    message = play.result("create")["msg"]
    assert play.code == 2
    assert f"the interpreter that runs this task {named}: {python}, Python {platform.python_version()}" in message
    assert f"{python} -m pip install 'requests>=2.25.1'" in message
    assert "delegate_to: localhost" in message
    assert 'ansible_python_interpreter: "{{ ansible_playbook_python }}"' in message
    assert playbooks.array.requests == []


def test_the_options_of_the_peer_are_understood(playbooks: Playbooks) -> None:
    array = playbooks.array
    options = {
        "hostname": array.host,
        "http_port": array.port,
        "user": array.username,
        "pass": array.password,
        "https": True,
        "use_rest": "always",
        "force_ontap_version": "9.17.1",
    }
    play = playbooks.play([task("create", **WEB, **options)])
    assert (play.code, play.changed) == (0, ["create"]), play.output


def test_the_modules_of_the_service_understand_the_peer_and_keep_secrets(playbooks: Playbooks, tmp_path: Path) -> None:
    array = playbooks.array
    array.add_ca_certificate("ipsec-ca", "svm1")
    login = {"hostname": array.host, "http_port": array.port, "user": array.username, "pass": "{{ password }}"}
    peer = {**login, "https": True, "use_rest": "always", "force_ontap_version": "9.17.1"}
    tasks = [
        {"name": "configure", "wiresec.ontap.ipsec_config": {**peer, "state": "present", "replay_window": "64"}},
        {"name": "register", "wiresec.ontap.ipsec_ca_certificate": {**peer, "name": "ipsec-ca", "svm": "svm1"}},
        {"name": "bad window", "wiresec.ontap.ipsec_config": {**peer, "replay_window": "65"}, "ignore_errors": True},
        {"name": "bad UUID", "wiresec.ontap.ipsec_ca_certificate": {**peer, "uuid": "ca"}, "ignore_errors": True},
        {"name": "list", "wiresec.ontap.ipsec_security_association_info": login},
        {"name": "check", "wiresec.ontap.ipsec_policy_health": {**login, "policies": ["x"]}, "ignore_errors": True},
    ]
    (tmp_path / "secrets.yml").write_text(yaml.safe_dump({"password": array.password}), encoding="utf-8")
    play = playbooks.play(tasks, "-vvvv", "--diff", "-e", f"@{tmp_path / 'secrets.yml'}")
    assert (play.code, play.changed) == (0, ["configure"]), play.output
    assert play.failed == ["bad window", "bad UUID", "check"]
    assert "one of: 0, 64, 128, 256, 512, 1024, got: 65" in play.result("bad window")["msg"]
    assert play.result("bad UUID")["msg"] == "uuid: 'ca' is not a UUID."
    assert "there is no IPsec policy 'x'" in play.result("check")["msg"]
    assert "Traceback" not in play.output
    record = (tmp_path / "results.jsonl").read_text(encoding="utf-8")
    assert array.password not in play.output + record


def test_every_module_with_connection_options_is_in_the_action_group() -> None:
    group = yaml.safe_load((CHECKOUT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["ontap"]
    modules = (CHECKOUT / "plugins" / "modules").glob("*.py")
    assert group == sorted(path.stem for path in modules if "wiresec.ontap.connection\n" in path.read_text("utf-8"))


def test_playbooks_use_no_filter_that_loses_the_order_of_what_they_say_and_do() -> None:
    """Ansible makes sets of lists for these, so names in messages, and the items of loops, would come in another order each time."""
    files = [*(CHECKOUT / "playbooks").rglob("*.yml"), *(CHECKOUT / "roles").rglob("*.yml")]
    found = [
        f"{path.relative_to(CHECKOUT)}: {use}"
        for path in files
        # Whether anything is in both lists has no order.
        for use in re.findall(
            r"\|\s*(?:symmetric_difference|difference|union)\(|\|\s*intersect\((?:[^()]|\([^()]*\))*\)\s*\|(?!\s*length)",
            path.read_text(encoding="utf-8"),
        )
    ]
    assert len(files) > 20 and found == []


# Examples


# These need a daemon on the host, and are tasks of the role ipsec_client.
WITH_A_DAEMON = ("ipsec_client_info", "ipsec_client_load", "ipsec_client_negotiate")
RUNNABLE = [(module, tasks) for module, tasks in examples() if module not in WITH_A_DAEMON]


@pytest.mark.parametrize(("module", "tasks"), RUNNABLE, ids=[module for module, _tasks in RUNNABLE])
def test_the_examples_in_the_documentation_run(playbooks: Playbooks, module: str, tasks: list[dict[str, Any]]) -> None:
    seed(playbooks.array)
    if module == "ipsec_policy_health":
        playbooks.array.add_policy({"name": "nfs-clients", "svm": "svm1"})
        playbooks.array.auto_establish = True
    if module == "certificate_info":
        playbooks.array.add_policy({"name": "database", "svm": "svm1", "certificate": "ipsec-cert"})
    if module in ("certificate", "ipsec_policy_lint"):
        write_certificates(playbooks.folder / "pki")
    if module == "ipsec_policy_lint":
        # Which should be encrypted, and here is not.
        (playbooks.folder / "pki" / "svm1.key").unlink()
    for folder in ("playbooks", "roles"):
        (playbooks.folder / folder).mkdir()
        (playbooks.folder / folder / "nothing_to_move.yml").write_text("[]\n", encoding="utf-8")
    (playbooks.folder / "policies.json").write_text(json.dumps([{**OF_SVM1[0], "secret_key": KEY}]), encoding="utf-8")
    (playbooks.folder / "ipsec" / "localhost").mkdir(parents=True)
    (playbooks.folder / "ipsec" / "localhost" / "svm1.yml").write_text(
        yaml.safe_dump({"policies": OF_SVM1}), encoding="utf-8"
    )
    keys = {"vault_nfs_clients_key": KEY, "vault_nfs_clients_new_key": NEW_KEY}
    approved = {"ipsec_plan_digests": "{{ planned.digests }}"}
    head = {"vars": {**keys, **approved, "ipsec_policies_of_svm1": OF_SVM1}}
    play = playbooks.play(tasks, head=head, environment={"IPSEC_NFS_KEY": KEY})
    assert play.code == 0, play.output
    assert KEY not in play.output


OF_SVM1 = [
    {
        "name": "nfs-clients",
        "action": "esp_transport",
        "local_endpoint": {"address": "10.10.10.7/32", "port": 2049},
        "remote_endpoint": {"address": "10.10.20.0/24"},
        "remote_identity": "nfs-clients.example.com",
        "secret_key": "{{ lookup('ansible.builtin.env', 'IPSEC_NFS_KEY') }}",
    }
]


def write_certificates(folder: Path) -> None:
    """Writes what an SVM needs to be known by a certificate."""
    authority = Authority("CN=Example CA")
    issued = authority.issue("CN=svm1.example.com")
    folder.mkdir()
    for name, text in (("ca.pem", authority.certificate), ("svm1.pem", issued.certificate), ("svm1.key", issued.key)):
        (folder / name).write_text(text, encoding="utf-8")


def seed(array: Simulator) -> None:
    array.add_policy(
        {
            "name": "a|b",
            "svm": {"name": "svm2"},
            "action": "bypass",
            "enabled": True,
            "authentication_method": "none",
            "protocol": "tcp",
            "remote_endpoint": {"address": "10.0.0.0", "netmask": "16", "port": "0-0"},
            "local_endpoint": {"address": "10.1.0.1", "netmask": "32", "port": "0-0"},
        }
    )


def test_the_quick_start_playbook_runs_twice(playbooks: Playbooks) -> None:
    path = CHECKOUT / "playbooks" / "quick_start.yml"
    environment = {"IPSEC_NFS_KEY": KEY}
    changes = [
        playbooks.run(path, *arguments, environment=environment).changed
        for arguments in ((), (), ("-e", "state=absent"))
    ]
    assert [len(names) for names in changes] == [3, 0, 3]
    assert playbooks.array.policies() == []


PROTECTED = CHECKOUT / "playbooks" / "protected_traffic.yml"
GIVEN = "svm=svm1 svm_address=10.10.10.7 certificate=ipsec-cert authority=ipsec-ca"
STEPS = [
    "Enable IPsec",
    "Trust the authority that signed the certificate of the database host",
    "Encrypt NFS for a subnet of clients, with a pre-shared key",
    "Encrypt everything between the SVM and a database host, with certificates",
]


def test_from_ipsec_off_to_verified_traffic(playbooks: Playbooks) -> None:
    array = playbooks.array
    array.ipsec_enabled = False
    array.auto_establish = 1
    environment = {"IPSEC_NFS_KEY": KEY}
    first = playbooks.run(PROTECTED, "-e", GIVEN, environment=environment)
    assert (first.code, first.changed) == (0, STEPS), first.output
    assert "nfs-clients: established" in first.output
    assert KEY not in first.output
    for arguments in ((), ("--check", "--diff")):
        again = playbooks.run(PROTECTED, "-e", GIVEN, *arguments, environment=environment)
        assert (again.code, again.changed) == (0, []), again.output
    assert {one["policy_name"] for one in array.security_associations()} == {"nfs-clients", "database"}


def test_check_mode_predicts_the_rest_from_every_state_on_the_way(playbooks: Playbooks) -> None:
    array = playbooks.array
    array.ipsec_enabled = False
    environment = {"IPSEC_NFS_KEY": KEY}
    for done, tag in enumerate(["service", "authority", "psk", "pki", None]):
        before = (array.policies(), array.ca_certificates(), array.ipsec_enabled)
        play = playbooks.run(PROTECTED, "-e", GIVEN, "--check", "--diff", environment=environment)
        assert (play.code, play.changed) == (0, STEPS[done:]), play.output
        assert (array.policies(), array.ca_certificates(), array.ipsec_enabled) == before
        assert ("+++ after: IPsec service" in play.output) is (done == 0)
        # Nobody has sent anything yet, so there is no association to be found.
        assert "do not have the security associations that are expected of them" in play.output
        if tag:
            real = playbooks.run(PROTECTED, "-e", GIVEN, "--tags", tag, environment=environment)
            assert (real.code, real.changed) == (0, [STEPS[done]]), real.output


def test_the_playbook_fails_readably_if_traffic_is_not_protected(playbooks: Playbooks) -> None:
    play = playbooks.run(PROTECTED, "-e", GIVEN, "-e", "wait=0", environment={"IPSEC_NFS_KEY": KEY})
    assert play.code == 2
    message = play.result("Wait until both protect traffic")["msg"]
    assert (
        "IPsec policy 'database' on SVM 'svm1' has none; IPsec policy 'nfs-clients' on SVM 'svm1' has none." in message
    )


def test_the_playbook_asks_for_what_it_needs_before_it_does_anything(playbooks: Playbooks) -> None:
    array = playbooks.array
    for arguments, message in (
        (("-e", "svm=svm1 svm_address="), "Missing: svm_address, certificate, authority."),
        (("--tags", "verify"), "Missing: svm."),
        (("-e", GIVEN), "Give the pre-shared key in the environment variable IPSEC_NFS_KEY"),
    ):
        play = playbooks.run(PROTECTED, *arguments)
        assert (play.code, message in play.results[-1]["result"]["msg"]) == (2, True), play.output
    assert array.requests == []
