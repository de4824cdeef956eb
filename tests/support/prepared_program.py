# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``ansible-playbook`` as a program that shells find, and that lets a prepared Python do the work.

It has no terminal, so nothing can be asked, and its output comes at its end.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, UnixStreamServer
from tempfile import TemporaryDirectory

from support.prepared_python import PreparedPython

PROGRAM = """\
#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    server.sendall(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode() + b"\\n")
    code, output = json.load(server.makefile())
sys.stdout.write(output)
sys.exit(code)
"""


@contextmanager
def program(python: PreparedPython) -> Iterator[Path]:
    """The folder of the program, for the search path of whoever calls it, one call at a time."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            arguments, environment, folder = json.loads(self.rfile.readline())
            assert python.can_run_in(environment)
            command = [str(python.programs / "ansible-playbook"), *arguments]
            self.wfile.write(json.dumps(python.run(command, environment, Path(folder))).encode())

    with TemporaryDirectory(prefix="program-") as name:
        folder = Path(name)
        made = folder / "ansible-playbook"
        with UnixStreamServer(str(folder / "socket"), Handler) as server:
            made.write_text(PROGRAM.format(python=python.programs / "python", address=server.server_address))
            made.chmod(0o700)
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield folder
            except BaseException:
                # Whatever ends the test ends what was called.
                python.stop()
                raise
            finally:
                server.shutdown()
                thread.join()
