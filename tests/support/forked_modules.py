# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executes modules in forks of the process that asks for them, at a fifth of what a Python of their own costs.

Where Ansible would start its own interpreter on this machine with a module, a fork becomes what that would have been. It keeps
what Python itself and its libraries are, and the module brings along in its zip file all that is Ansible's or the collection's.
Everything else (other interpreters, ``become``, ``async``, other hosts) is started as ever.
"""

from __future__ import annotations

import atexit
import itertools
import os
import re
import runpy
import shlex
import signal
import subprocess
import sys
import threading
import traceback
import zipimport
from collections.abc import Mapping
from marshal import loads
from pathlib import Path
from tempfile import TemporaryFile
from types import CodeType, SimpleNamespace
from typing import IO, Any, NamedTuple

VARIABLE = re.compile(r"\w+=")
SCRIPT = re.compile(r".*/AnsiballZ_\w+\.py")


def fork_modules(code: Mapping[bytes, bytes], path: list[str]) -> None:
    """Lets Ansible's connection to this machine execute modules so. code: by source, what needs no compiling. path: a new Python's."""
    from ansible.plugins.connection import local  # noqa: PLC0415 - not before the environment is what it has to be

    def popen(command: Any, **options: Any) -> Any:
        module = Module.of(command)
        return _Forked(module, options["cwd"], code, path) if module else subprocess.Popen(command, **options)

    local.subprocess = SimpleNamespace(Popen=popen, PIPE=subprocess.PIPE)


class Module(NamedTuple):
    """A command that executes a module: with variables, a file or what is on the standard input."""

    environment: dict[str, str]
    script: str | None

    @classmethod
    def of(cls, command: Any) -> Module | None:
        """The one that a command executes with this interpreter; else none."""
        try:
            _shell, _option, inner = shlex.split(command)
            words = shlex.split(inner)
        except ValueError:
            return None
        variables = list(itertools.takewhile(VARIABLE.match, words))
        python, *script = words[len(variables) : -3] or [""]
        if python != sys.executable or words[-3:] != ["&&", "sleep", "0"]:
            return None
        if len(script) > 1 or not all(map(SCRIPT.fullmatch, script)):
            return None
        return cls(dict(one.split("=", 1) for one in variables), script[0] if script else None)


class _Forked:
    """What Ansible needs of ``subprocess.Popen``."""

    stdout = stderr = returncode = None

    def __init__(self, module: Module, folder: str | None, code: Mapping[bytes, bytes], path: list[str]) -> None:
        self._environment, self._script = module
        self._folder = folder
        self._code = code
        self._path = path

    def communicate(self, given: bytes | None) -> tuple[bytes, bytes]:
        """Executes the module, and gives what it printed; whatever ends the task ends the module."""
        with TemporaryFile() as source, TemporaryFile() as output, TemporaryFile() as errors:
            source.write(given or b"")
            source.seek(0)
            child = os.fork()
            if child == 0:
                self._become(source, output, errors)
            try:
                status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            except BaseException:
                os.kill(child, signal.SIGKILL)
                raise
            if status < 0:
                # As a shell says it.
                errors.seek(0, os.SEEK_END)
                errors.write(f"{signal.strsignal(-status)}\n".encode())
            self.returncode = status if status >= 0 else 128 - status
            output.seek(0)
            errors.seek(0)
            return output.read(), errors.read()

    def _become(self, *streams: IO[bytes]) -> None:
        """Makes this process the one that would have been started, to its end."""
        status: Any = 1
        try:
            for number, stream in enumerate(streams):
                os.dup2(stream.fileno(), number)
            if self._folder:
                os.chdir(self._folder)
            os.environ.update(self._environment, PWD=str(Path.cwd()))
            _begin_anew(self._code, self._path)
            sys.argv = [self._script or "-"]
            if self._script:
                runpy.run_path(self._script, run_name="__main__")
            else:
                exec(compile(sys.stdin.buffer.read(), "<stdin>", "exec"), sys.modules["__main__"].__dict__)
            status = 0
        except SystemExit as ended:
            status = ended.code or 0
            if not isinstance(status, int):
                print(status, file=sys.stderr)
        except BaseException:
            traceback.print_exc()
        finally:
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status if isinstance(status, int) else 1)


def _is_ansibles(hook: object) -> bool:
    """Whether what finds modules, or a method of it, is Ansible's."""
    return type(getattr(hook, "__self__", hook)).__module__.startswith("ansible.")


_KEPT: list[Any] = []
"""What must not be destroyed, for it would close files that are others by then."""


def _begin_anew(code: Mapping[bytes, bytes], path: list[str]) -> None:
    """Forgets all that is Ansible's."""
    atexit._clear()
    signal.alarm(0)
    for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGHUP, signal.SIGQUIT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process lives
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    names = [name for name in sys.modules if name.partition(".")[0] in ("ansible", "ansible_collections", "__main__")]
    _KEPT.extend(sys.modules.pop(name) for name in names)
    sys.meta_path[:] = [finder for finder in sys.meta_path if not _is_ansibles(finder)]
    sys.path_hooks[:] = [hook for hook in sys.path_hooks if not _is_ansibles(hook)]
    sys.path_importer_cache.clear()
    sys.path[:] = path
    sys.modules["__main__"] = type(sys)("__main__")
    compile_anew = zipimport._compile_source  # type: ignore[attr-defined]

    def compile_source(name: str, source: bytes) -> CodeType:
        known = code.get(source)
        made: CodeType = loads(known) if known else compile_anew(name, source)
        return made

    zipimport._compile_source = compile_source  # type: ignore[attr-defined]
