# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook in a fork of a Python that has imported Ansible and the collection already.

Most of a short play is the start of Python and the import of Ansible and of what it is made of. Ansible reads its
environment and its configuration while it is imported. So there are forks of two generations: one that imports Ansible for
each set of Ansible's settings, and from it one for each play, which reads plugins and all else as anew. What Ansible makes of
its own files is made once for all plays, and what Python makes of the collection's as long as they are the same.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import marshal
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory, mkdtemp
from typing import Any, TextIO

from support.forked_modules import fork_modules

COUNTS_AT_THE_START = ("PYTHON", "LC_", "LANG", "LD_", "DYLD_", "TZ", "OPENSSL_")
"""How the names of variables begin that Python, or a library, reads once and for all."""

READ_BY_ANSIBLE = (
    "ANSIBLE_",
    "_ANSIBLE_",
    "HOME",
    "USER",
    "LOGNAME",
    "PATH",
    "TMP",
    "TEMP",
    "TERM",
    "NO_COLOR",
    "EDITOR",
    "PAGER",
)
"""How the names of variables begin that Ansible, or what it imports, may read while it is imported; each play has all others of its own."""

NEVER_PATHS = {
    *(
        "ANSIBLE_NOCOLOR",
        "ANSIBLE_CALLBACKS_ENABLED",
        "ANSIBLE_LOCALHOST_WARNING",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING",
        "ANSIBLE_PIPELINING",
    ),
}
"""Settings of the tests for which it does not matter in which folder Ansible is started. Others may, unless they begin with /."""

MOST_SETTINGS = 8
"""How many sets of Ansible's settings have a process of their own; what is there is 60 MB, most of it shared."""

LOADED_BY_ANY_PLAY = ("become", "callback", "connection", "inventory", "shell", "vars")
"""Kinds of plugins of which Ansible reads all that there are, with their documentation, before or while it plays anything."""

LIBRARIES = (
    "import sys, requests, ansible.cli.playbook; "
    "print(*(name for name in sys.modules if name.partition('.')[0] not in ('ansible', 'ansible_collections', '__main__')))"
)
"""What has to be imported: what ansible-playbook and the modules of the collection import that is not theirs."""


class PreparedPython:
    """An interpreter that starts at the first call, and from then on runs scripts in forks of itself, one at a time."""

    def __init__(self, interpreter: Path, environment: Mapping[str, str]) -> None:
        """``environment`` is that of the interpreter itself; each script has its own."""
        self.programs = interpreter.parent
        self._interpreter = interpreter
        self._environment = {name: value for name, value in environment.items() if not name.startswith("COVERAGE_")}
        self._server: subprocess.Popen[str] | None = None
        self._folder = TemporaryDirectory(prefix="prepared-")

    def can_run_in(self, environment: Mapping[str, str]) -> bool:
        """Whether all that counts at the start of Python is the same for the interpreter and for a script.

        Besides, the script has to say which configuration of Ansible counts: else that depends on the folder, too.
        """
        here, there = (
            {name: value for name, value in one.items() if name.startswith(COUNTS_AT_THE_START)}
            for one in (self._environment, environment)
        )
        return here == there and "ANSIBLE_CONFIG" in environment

    def run(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> tuple[int, str]:
        """Runs a script, and gives its exit status and all that it printed; whatever ends the test ends all that it started."""
        script = 0
        with NamedTemporaryFile("r", encoding="utf-8") as output:
            task = {"command": command, "environment": dict(environment), "folder": str(folder), "output": output.name}
            try:
                script = self._ask(json.dumps(task))
                status = self._ask()
            except BaseException:
                # Where it ends before that was read, there may be a script all the same.
                told = self.stop().split()
                script = script or int(told[0] if told else 0)
                if script:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(script, signal.SIGKILL)
                raise
            return status, output.read()

    def _ask(self, line: str = "") -> int:
        """Sends a line, if there is one, and returns the number that the server answers."""
        if self._server is None:
            self._server = subprocess.Popen(
                [self._interpreter, "-m", "support.prepared_python", self._folder.name],
                env=self._environment,
                cwd=Path(__file__).resolve().parents[1],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        assert self._server.stdin and self._server.stdout
        if line:
            print(line, file=self._server.stdin, flush=True)
        return int(self._server.stdout.readline())

    def stop(self) -> str:
        """Ends the interpreter and what it prepared; the next call starts another. Gives what it answered and nobody has read."""
        if self._server is None:
            return ""
        assert self._server.stdin and self._server.stdout
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._server.pid, signal.SIGKILL)
        unread = self._server.stdout.read()
        with contextlib.suppress(BrokenPipeError):
            self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait()
        self._server = None
        return unread


def serve() -> None:
    """Hands each line of the input to the process that has imported Ansible with its settings, and forks one if there is none."""
    # So that nothing of the tests is found.
    del sys.path[0]
    names = subprocess.run([sys.executable, "-c", LIBRARIES], stdout=subprocess.PIPE, text=True, check=True).stdout
    for name in names.split():
        # Some come and go while others are imported.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    code = compiled()
    # Else each fork would look through all of it, and so copy it, whenever it collects garbage. None lives long enough to need that.
    gc.disable()
    gc.freeze()
    prepared: dict[str, TextIO] = {}
    signal.signal(signal.SIGCHLD, end_with_what_crashed)
    for line in sys.stdin:
        settings = settings_of(**json.loads(line))
        if settings not in prepared:
            if len(prepared) == MOST_SETTINGS:
                prepared.pop(next(iter(prepared))).close()
            reading, writing = os.pipe()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.close(writing)
                for other in prepared.values():
                    other.close()
                serve_with(json.loads(settings), os.fdopen(reading, encoding="utf-8"), code)
                return
            os.close(reading)
            prepared[settings] = os.fdopen(writing, "w", encoding="utf-8")
        prepared[settings] = prepared.pop(settings)
        print(line, end="", file=prepared[settings], flush=True)


def end_with_what_crashed(_number: int, _frame: object) -> None:
    """Else somebody would wait for its answer."""
    if os.waitpid(-1, 0)[1]:
        os._exit(1)


def settings_of(command: list[str], environment: dict[str, str], folder: str, **_others: str) -> str:
    """What Ansible may read while it is imported: the environment, the configuration, and what relative paths begin at."""
    settings = {
        name: value
        for name, value in sorted(environment.items())
        if name.startswith((*COUNTS_AT_THE_START, *READ_BY_ANSIBLE))
    }
    configuration = Path(folder, settings["ANSIBLE_CONFIG"])
    content = configuration.read_text(encoding="utf-8") if configuration.is_file() else None
    relative = [
        name
        for name, value in settings.items()
        if name.startswith("ANSIBLE_") and name not in NEVER_PATHS and not value.startswith("/")
    ]
    return json.dumps([command[0], settings, content, folder if relative else os.sep])


def compiled() -> dict[tuple[str, bytes], bytes]:
    """The code of the collection, and of what modules may import of Ansible, by file and source.

    Ansible compiles a file whenever a process imports it, as Python does where it comes from a module's zip file.
    """
    collections = os.environ.get("ANSIBLE_COLLECTIONS_PATH")
    folders = [Path(collections, "ansible_collections/wiresec/ontap/plugins")] if collections else []
    ansible = find_spec("ansible")
    assert ansible and ansible.origin
    folders.append(Path(ansible.origin).parent / "module_utils")
    return {
        (str(path), path.read_bytes()): marshal.dumps(SourceFileLoader(path.stem, str(path)).get_code(path.stem))
        for folder in folders
        for path in folder.rglob("*.py")
    }


def serve_with(settings: list[Any], lines: TextIO, code: Mapping[tuple[str, bytes], bytes]) -> None:
    """Imports Ansible, forks for each line, and answers with the number of the process, and with its exit status at its end."""
    script, environment, _configuration, folder = settings
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    path = list(sys.path)
    sys.path.insert(0, str(Path(script).resolve().parent))
    importlib.import_module("ansible.cli.playbook")
    from ansible import constants  # noqa: PLC0415 - not before the environment is what it has to be

    # Else it looks a thousand times a second whether a worker has finished, which takes a sixth of a play that waits for many.
    constants.DEFAULT_INTERNAL_POLL_INTERVAL = 0.01
    prepare_ansible(code)
    fork_modules({source: made for (_path, source), made in code.items()}, path)
    gc.freeze()
    modules = Path(mkdtemp(dir=sys.argv[1]))
    for line in lines:
        # Each run removes it at its end.
        Path(constants.DEFAULT_LOCAL_TMP).mkdir(mode=0o700, parents=True, exist_ok=True)
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(tell)
            if not os.read(told, 1):
                # Nobody knows of this process, and so nobody would end it.
                return
            os.close(told)
            lines.close()
            become(**json.loads(line), modules=modules)
            return
        os.close(told)
        print(child, flush=True)
        os.write(tell, b"1")
        os.close(tell)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def prepare_ansible(code: Mapping[tuple[str, bytes], bytes]) -> None:
    """Does what each play would do again, with the same outcome: reads Ansible's own plugins, and where it has moved which."""
    import ansible  # noqa: PLC0415 - as above
    from ansible.plugins import loader  # noqa: PLC0415
    from ansible.utils.collection_loader import _collection_finder as finder  # noqa: PLC0415

    for kind in LOADED_BY_ANY_PLAY:
        plugins = getattr(loader, f"{kind}_loader")
        list(plugins.all(class_only=True))
        # Which files there are is for each play to see.
        plugins._clear_caches()

    finder._meta_yml_to_dict = functools.cache(finder._meta_yml_to_dict)
    moved = Path(ansible.__file__).parent / "config" / "ansible_builtin_runtime.yml"
    finder._meta_yml_to_dict(moved.read_bytes(), ("ansible.builtin", "runtime.yml"))

    compile_anew = finder._AnsibleCollectionPkgLoaderBase.get_code

    def get_code(self: Any, fullname: str) -> Any:
        known = code.get((self.get_filename(fullname), self.get_source(fullname)))
        return marshal.loads(known) if known else compile_anew(self, fullname)

    finder._AnsibleCollectionPkgLoaderBase.get_code = get_code
    import_collection(Path(path) for path, _source in code)


IMPORTED: dict[Path, tuple[int, int]] = {}
"""Which files of the collection are imported, and what becomes another number when they change."""


def import_collection(files: Iterable[Path]) -> None:
    """Imports the collection from where Ansible finds it, which each process of a play would do; another one is left for it to find."""
    from ansible import constants  # noqa: PLC0415 - as above
    from ansible.plugins import loader  # noqa: PLC0415
    from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder  # noqa: PLC0415

    root = Path(constants.COLLECTIONS_PATHS[0])
    loader.init_plugin_loader()
    for file in files:
        if file.is_relative_to(root / "ansible_collections") and file.stem != "__init__":
            IMPORTED[file] = change_of(file)
            module = importlib.import_module(".".join(file.relative_to(root).with_suffix("").parts))
            if file.stem == "html_report":
                # To compile the templates of the pages takes longer than to write the pages.
                for template in module._ENVIRONMENT.list_templates():
                    module._ENVIRONMENT.get_template(template)
    _AnsibleCollectionFinder._remove()


def change_of(file: Path) -> tuple[int, int]:
    """Which file it is, and when it was changed, which nobody can set; zero where there is none."""
    with contextlib.suppress(FileNotFoundError):
        found = file.stat()
        return found.st_ino, found.st_ctime_ns
    return 0, 0


def forget_collection() -> None:
    """Leaves it for the play to import, as it is now."""
    for name in [name for name in sys.modules if name.startswith("ansible_collections.wiresec.ontap.")]:
        del sys.modules[name]


def keep_packed_modules(folder: Path) -> None:
    """Lets the next play find there what this one packs: to look for all that a module imports takes longer than most modules do."""
    from ansible import constants  # noqa: PLC0415 - as above

    Path(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache").symlink_to(folder)


def measure_coverage() -> None:
    """Begins here what ``coverage`` would begin with Python itself: nothing that is imported by now is traced.

    Nor are modules: they come from a zip file, of which it takes nothing in.
    """
    import coverage  # noqa: PLC0415 - few plays need it

    measured = coverage.process_startup()
    assert measured
    measured.set_option("run:patch", ["fork", "_exit"])
    del os.environ["COVERAGE_PROCESS_CONFIG"]


def become(command: list[str], environment: dict[str, str], folder: str, output: str, modules: Path) -> None:
    """Makes this process the one that a command would have started. modules: where Ansible keeps those that it has packed."""
    os.setsid()
    for descriptor, path, flags in ((0, os.devnull, os.O_RDONLY), (1, output, os.O_WRONLY | os.O_APPEND)):
        opened = os.open(path, flags)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.dup2(1, 2)
    sys.stdin = open(0, encoding=sys.stdin.encoding, closefd=False)  # noqa: SIM115 - for as long as the process lives
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    measured = "COVERAGE_PROCESS_CONFIG" in environment
    changed = any(change_of(file) != known for file, known in IMPORTED.items())
    if measured or changed:
        forget_collection()
    if measured:
        measure_coverage()
    if not changed and (IMPORTED or "ANSIBLE_COLLECTIONS_PATH" not in environment):
        keep_packed_modules(modules)
    sys.argv = command
    runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    serve()
