# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Demo and tests on anybody's machine: what the caller has set, at home or in the environment, does not get in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from environment import CHECKOUT, PROGRAMS, isolated, online
from support.harness import PYTHON, ansible_playbook, base_environment, run_to_end
from support.prepared_program import program
from support.prepared_python import PreparedPython
from support.repository import Repository

NOBODY = "127.0.0.1:9"

# Each of these broke a demo or a test, or would.
SETTINGS = {
    "HTTPS_PROXY": f"http://{NOBODY}",
    "https_proxy": f"http://{NOBODY}",
    "ALL_PROXY": f"socks5://{NOBODY}",
    "NO_PROXY": "example.com",
    "REQUESTS_CA_BUNDLE": "/nowhere/bundle.pem",
    "CURL_CA_BUNDLE": "/nowhere/bundle.pem",
    "SSL_CERT_FILE": "/nowhere/bundle.pem",
    "ANSIBLE_STDOUT_CALLBACK": "minimal",
    "ANSIBLE_VAULT_PASSWORD_FILE": ".vault-pass",
    "ANSIBLE_INVENTORY": "hosts",
    "ANSIBLE_ROLES_PATH": "/nowhere",
    "ANSIBLE_JINJA2_NATIVE": "true",
    "ANSIBLE_FORCE_COLOR": "true",
    "ONTAP_PORT": "8443",
    "ONTAP_ACCESS_TOKEN": "a-token-of-the-real-array",
    "ONTAP_TRACE": "/nowhere/trace.jsonl",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "commit.gpgsign",
    "GIT_CONFIG_VALUE_0": "true",
    "GIT_DIR": "/nowhere/.git",
    "LC_ALL": "C",
    "LC_CTYPE": "de_DE.ISO-8859-1",
    "LANG": "C",
    "PYTHONPATH": "/nowhere",
    "PYTHONHOME": "/nowhere",
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONIOENCODING": "ascii",
    "PYTEST_ADDOPTS": "--collect-only",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "BASH_ENV": "/nowhere/bashrc",
    "COLUMNS": "20",
    "HYPOTHESIS_PROFILE": "ci",
    "IPSEC_NFS_KEY": "short",
    "NFS_CLIENTS_KEY": "short",
}

AT_HOME = {
    ".ansible.cfg": "[defaults]\nstdout_callback = minimal\nvault_password_file = .vault-pass\n",
    ".ansible/plugins/callback/broken.py": "raise RuntimeError('a plugin of the caller')\n",
    ".gitconfig": "[commit]\n\tgpgsign = true\n[core]\n\thooksPath = hooks\n[init]\n\ttemplateDir = /nowhere\n",
    "hooks/pre-commit": "#!/bin/sh\nexit 1\n",
    ".netrc": "machine 127.0.0.1 login nobody password nothing\n",
    ".config/pip/pip.conf": "[install]\nuser = true\n",
}


@pytest.fixture
def caller(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has set all of that, in variables and at home."""
    for name, content in AT_HOME.items():
        path = tmp_path / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        path.chmod(0o700)
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), **SETTINGS}


def make(caller: dict[str, str], target: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Calls make, which is not to renew the environment that this test runs in."""
    ready = [option for name in (".venv", ".venv-conformance") for option in ("--old-file", f"{name}/.ready")]
    return subprocess.run(
        ["make", "--directory", str(CHECKOUT), *ready, target, *arguments],
        env=caller,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_no_setting_gets_in(name: str) -> None:
    made = isolated({"PATH": "/bin", name: SETTINGS[name]})
    assert made.get(name) != SETTINGS[name]
    names = set(made) - {"PATH"}
    assert names == {"SETUP_NETWORK", "LC_ALL", "ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_CONFIG", "ANSIBLE_HOME"}


def test_what_installs_packages_keeps_the_way_to_them_and_nothing_else() -> None:
    way = {"HTTPS_PROXY": f"http://{NOBODY}", "no_proxy": "example.com", "PIP_INDEX_URL": "https://example.com/simple"}
    made = online(isolated({"PATH": "/bin", **way, "PIP_TARGET": "/nowhere", "PIP_USER": "1", "ONTAP_PORT": "1"}))
    assert way.items() <= made.items()
    assert (made["PIP_USER"], made.get("PIP_TARGET"), made.get("ONTAP_PORT")) == ("0", None, None)


def test_the_demo_shows_the_same_on_any_machine(caller: dict[str, str]) -> None:
    shown = make(caller, "demo")
    assert shown.returncode == 0, shown.stdout
    assert "The array counted 3 requests for three policies." in shown.stdout


def test_tests_pass_on_any_machine(caller: dict[str, str]) -> None:
    chosen = ["tests/integration/test_ipsec_ca_certificate.py", "tests/unit/plugins/module_utils/_1_array/test_rest.py"]
    ran = make(caller, "pytest", f"ARGS=-n0 {' '.join(chosen)}")
    assert ran.returncode == 0, ran.stdout
    assert " passed" in ran.stdout


def test_git_commits_in_a_repository_of_a_test(
    caller: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in caller.items():
        monkeypatch.setenv(name, value)
    with Repository(tmp_path / "repository") as repository:
        for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "first"]):
            command = ["git", *arguments]
            subprocess.run(command, cwd=repository.folder, env=repository.environment(), check=True)


# A test that hangs

HANGING = """
import os
import sys
import threading
from pathlib import Path

from support.harness import run_to_end
from support.prepared_python import PreparedPython

HANGS = "import os, sys; sys.argv[1:] and os.system('sleep 1000 & echo $! >child-of-fork; wait')"
Path("hanging.py").write_text(HANGS)
PYTHON = PreparedPython(Path(sys.executable), os.environ)
# What prepares it takes as long as the machine lets it.
PYTHON.run(["hanging.py"], os.environ, Path.cwd())

def hang():
    threading.Event().wait()

def test_that_hangs():
    hang()

def test_whose_play_hangs():
    run_to_end(["sh", "-c", "sleep 1000 & echo $! >child; wait"], os.environ, Path.cwd())

def test_whose_fork_hangs():
    PYTHON.run(["hanging.py", "now"], os.environ, Path.cwd())

def test_after_it():
    pass
"""


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_test_that_hangs_fails_with_its_stack_and_the_rest_goes_on(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGING, encoding="utf-8")
    options = ["-c", str(CHECKOUT / "pyproject.toml"), "-p", "no:cacheprovider", "-n", workers, "--timeout", "1"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout
    assert "threading.Event().wait()" in ran.stdout
    assert "3 failed, 1 passed" in ran.stdout
    for name in ("child", "child-of-fork"):
        child = (tmp_path / name).read_text(encoding="utf-8").strip()
        ps = subprocess.run(["ps", "-o", "stat=", "-p", child], text=True, stdout=subprocess.PIPE, check=False)
        assert ps.stdout.strip()[:1] in ("", "Z"), "what the play had started still runs"


# A fork instead of a new process

SHOWN = """
import atexit, json, locale, os, sys
import ansible.cli.playbook
from ansible import constants
settings = {
    name: sorted(map(str, value)) if isinstance(value, (set, frozenset)) else str(value)
    for name, value in vars(constants).items()
    if name.isupper() and name not in ("DEFAULT_LOCAL_TMP", "DEFAULT_INTERNAL_POLL_INTERVAL")
}
atexit.register(print, "the end")
print(json.dumps({
    "argv": sys.argv, "path": sys.path, "environment": dict(os.environ), "folder": os.getcwd(), "file": __file__,
    "executable": [sys.executable, sys.prefix, list(sys.flags)], "encodings": [sys.stdout.encoding, locale.getlocale()],
    "input": sys.stdin.read(), "main": sys.modules["__main__"].__dict__ is globals(),
    "settings": settings, "temporary": sorted({*os.listdir(constants.DEFAULT_LOCAL_TMP)} - {"ansiballz_cache"}),
    "alone": os.getpid() == os.getsid(0), "descriptors": len(os.listdir("/dev/fd")),
}, indent=1))
print("to standard error", file=sys.stderr)
sys.exit(int(sys.argv[2]))
"""


def test_a_fork_is_like_a_new_process(tmp_path: Path) -> None:
    script = tmp_path / "bin" / "script.py"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\n{SHOWN}", encoding="utf-8")
    script.chmod(0o700)
    # What is measured does not begin at the same place as what is not.
    ours = {name: value for name, value in isolated(os.environ).items() if not name.startswith("COVERAGE_")}
    python = PreparedPython(Path(sys.executable), ours)
    variables = {**ours, "ONTAP_PORT": "1"}
    try:
        assert python.can_run_in(variables)
        assert not python.can_run_in({**variables, "LC_ALL": "C"})
        configuration = tmp_path / "ansible.cfg"
        for status, port, own in (
            ("0", "1", {}),
            ("3", "2", {}),
            ("0", "2", {"ANSIBLE_ROLES_PATH": "roles", "ANSIBLE_FORKS": "7"}),
            ("0", "2", {"ANSIBLE_CONFIG": str(configuration)}),
            ("1", "2", {"ANSIBLE_CONFIG": str(configuration)}),
        ):
            configuration.write_text(f"[defaults]\nforks = 1{status}\ninventory = hosts.yml\n", encoding="utf-8")
            command = [str(script), "first argument", status]
            environment = {**variables, "ONTAP_PORT": port, **own}
            forked, started = (run(command, environment, tmp_path) for run in (python.run, run_to_end))
            assert forked[1].splitlines() == started[1].splitlines()
            assert forked[0] == started[0] == int(status)
    finally:
        python.stop()


IMPORTING = """
import ansible.cli.playbook
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader()
from ansible_collections.wiresec.ontap.plugins.module_utils import some
print(some.VALUE, some.__file__, some.tell.__code__.co_filename)
"""


def test_a_fork_imports_the_collection_as_it_is_by_then(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(IMPORTING, encoding="utf-8")
    some = tmp_path / "ansible_collections" / "wiresec" / "ontap" / "plugins" / "module_utils" / "some.py"
    some.parent.mkdir(parents=True)
    ours = {name: value for name, value in isolated(os.environ).items() if not name.startswith("COVERAGE_")}
    environment = {**ours, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}
    python = PreparedPython(Path(sys.executable), environment)
    try:
        for value in "121":
            some.write_text(f"VALUE = {value}\ndef tell(): pass\n", encoding="utf-8")
            # Python takes a file for the same if time and size are.
            os.utime(some, (1, 1))
            assert python.run([str(script)], environment, tmp_path) == (0, f"{value} {some} {some}\n")
    finally:
        python.stop()


SHOWING = """
import atexit, json, os, signal, sys, threading, warnings
from ansible.module_utils.basic import AnsibleModule

def main():
    module = AnsibleModule({"end": {}, "key": {"no_log": True}})
    atexit.register(open(os.environ["ENDS"], "a").write, module.params["end"] + " ")
    ends = {
        "crash": lambda: 1 / 0, "text": lambda: sys.exit("a text"), "number": lambda: sys.exit(3),
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL), "fail": lambda: module.fail_json("bad", rc=7),
    }
    print("before the result")
    print("to standard error", file=sys.stderr)
    ends.get(module.params["end"], str)()
    handlers = {name: str(signal.getsignal(number)) for name, number in vars(signal).items() if name[:4] in ("SIGT", "SIGI", "SIGA")}
    module.exit_json(
        argv=sys.argv, path=sys.path, environment={k: v for k, v in os.environ.items() if k not in ("_", "SHLVL")}, folder=os.getcwd(), input=sys.stdin.read(),
        executable=[sys.executable, sys.prefix, list(sys.flags)], encodings=[sys.stdout.encoding, sys.stderr.errors],
        main=[__name__, sys.modules["__main__"].__dict__ is globals()], handlers=handlers, threads=threading.active_count(),
        imported=sorted(name for name in sys.modules if name.startswith("ansible")), mask=os.umask(0o22),
        hooks=[str(hook) for hook in (*sys.meta_path, *sys.path_hooks)], remaining=signal.alarm(0),
        forked="jinja2" in sys.modules,
    )

if __name__ == "__main__":
    main()
"""


def test_a_module_in_a_fork_is_like_one_in_a_new_process(tmp_path: Path) -> None:
    (tmp_path / "showing.py").write_text(SHOWING, encoding="utf-8")
    tasks = [
        {"name": end, "showing": {"end": end, "key": "a secret"}, "vars": {"ansible_pipelining": pipelining}}
        for pipelining in (True, False)
        for end in ("well", "crash", "text", "number", "kill", "fail")
    ]
    play = {"hosts": "localhost", "gather_facts": False, "ignore_errors": True, "tasks": tasks}
    play["environment"] = {"GIVEN": "it's $HOME"}
    (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    seen = []
    for way, within in (("forked", []), ("started", ["env"])):
        variables = {"ANSIBLE_LIBRARY": str(tmp_path), "ENDS": str(tmp_path / way)}
        environment = {**base_environment(tmp_path / "results.jsonl"), **variables}
        done = ansible_playbook(["play.yml"], environment, tmp_path, within)
        # A fork still has the libraries of the process that it was.
        assert [done.results[first]["result"].pop("forked") for first in (0, 6)] == [way == "forked"] * 2
        shown = json.dumps(done.results, indent=1, sort_keys=True).replace(variables["ENDS"], "ENDS")
        varying = r"ansible-tmp-[\w.-]+|ansible_\w+_payload_\w+|ansible-local-\w+|0x[0-9a-f]+|(?<=\"PYTEST_CURRENT_TEST\": ).*"
        ends = (tmp_path / way).read_text(encoding="utf-8")
        seen.append((done.code, len(done.results), ends, re.sub(varying, "", shown).splitlines()))
    assert "a secret" not in str(seen)
    assert seen[0][:3] == (0, 12, seen[1][2])
    assert seen[0][3] == seen[1][3]


@pytest.mark.parametrize("arguments", ["--version", "--inventory=nowhere, missing.yml", "--nonsense"])
def test_a_program_that_hands_over_to_a_fork_is_like_the_one_itself(tmp_path: Path, arguments: str) -> None:
    script = f'cd "{tmp_path}"; ansible-playbook {arguments}; echo "status $?"'
    with program(PYTHON) as folder:
        handed_over, itself = (
            run_to_end(
                ["sh", "-c", script],
                {**isolated(os.environ), "PATH": os.pathsep.join([str(first), os.environ["PATH"]])},
                CHECKOUT,
            )
            for first in (folder, PROGRAMS)
        )
    assert handed_over == itself


def test_the_network_of_the_caller_is_carried_along_but_used_by_nothing_else(caller: dict[str, str]) -> None:
    carried = json.loads(isolated(isolated(caller))["SETUP_NETWORK"])
    assert carried["HTTPS_PROXY"] == SETTINGS["HTTPS_PROXY"]
