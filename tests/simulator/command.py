# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: start a simulator, say how to reach it, run until told to stop."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import faults, unknowns
from .messages import Request
from .server import Simulator
from .unknowns import Unknowns

_METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "*")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _options(arguments)
    # Blocked before any thread starts, so that no thread but this one, which waits for them, gets the signals.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    simulator = Simulator(
        options.version,
        options.unknown,
        options.page_size,
        host=options.host,
        port=options.port,
        on_request=_print_request if options.log else None,
    )
    try:
        with simulator:
            _serve(simulator, options)
    except OSError as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 1
    return 0


def _serve(simulator: Simulator, options: argparse.Namespace) -> None:
    """Say how to reach a running simulator, then wait for a signal."""
    for name in options.svm:
        simulator.add_svm(name)
    if options.data:
        simulator.serve_data()
    for fault in options.fault:
        simulator.fault(**fault)
    for method, path in options.require_approval:
        simulator.require_approval(method, path)
    if options.ca_file is not None:
        options.ca_file.write_bytes(Path(simulator.ca_path).read_bytes())
        simulator.ca_path = str(options.ca_file.resolve())
    block = _environment(simulator)
    if options.env_file is not None:
        _write_private(options.env_file, block)
    print(f"{block}\n{_introduction(simulator)}", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="simulator",
        description="A stateful ONTAP over HTTPS, as far as IPsec goes. Prints how to reach it.",
        epilog="kinds of faults, when they happen and their fixed details:\n"
        + faults.describe()
        + "\n\nswitches, with their defaults and the paragraph of the fact sheet:\n"
        + unknowns.describe(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at [%(default)s]")
    parser.add_argument("--port", type=int, default=8443, help="port to listen at, 0 for a free one [%(default)s]")
    parser.add_argument("--version", default="9.17.1", help="release to be [%(default)s]")
    parser.add_argument("--page-size", type=int, default=10000, help="most records of a page [%(default)s]")
    parser.add_argument("--ca-file", type=Path, help="where to write the certificate of its authority")
    parser.add_argument("--env-file", type=Path, help="where to write the environment, once it is ready to serve")
    parser.add_argument("--svm", action="append", default=[], metavar="NAME", help="a further SVM")
    parser.add_argument(
        "--data",
        action="store_true",
        help="let all SVMs serve NFS, SMB and iSCSI, with interfaces, export rules and clients",
    )
    parser.add_argument("--unknown", action="append", default=[], metavar="NAME=VALUE", help="turn a switch, see below")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        type=_fault,
        metavar="KIND:METHOD:PATH[:OCCURRENCE[:after]]",
        help="a fault, see below, that happens once: to the first request that fits, or that of this number; the path "
        "is shell-style, the method may be *, and with :after the request is carried out first",
    )
    parser.add_argument(
        "--require-approval",
        action="append",
        default=[],
        type=_protected,
        metavar="METHOD:PATH",
        help="answer such requests as multi-admin verification does; nobody approves them",
    )
    parser.add_argument("--log", action="store_true", help="print each request on stderr")
    options = parser.parse_args(arguments)
    try:
        options.unknown = Unknowns().with_text(options.unknown)
    except ValueError as error:
        parser.error(str(error))
    return options


def _fault(text: str) -> dict[str, Any]:
    """Return what `Simulator.fault` takes."""
    kind, *parts = text.split(":")
    if not 2 <= len(parts) <= 4:
        raise argparse.ArgumentTypeError(f"{text!r} is not KIND:METHOD:PATH[:OCCURRENCE[:after]]")
    method, path = _request(*parts[:2])
    number = parts[2] if len(parts) > 2 else "1"
    after_effect = len(parts) == 4
    if not (number.isascii() and number.isdecimal() and int(number)):
        raise argparse.ArgumentTypeError(f"an occurrence is a number from 1 on, not {number!r}")
    if after_effect and parts[3] != "after":
        raise argparse.ArgumentTypeError(f"what may follow an occurrence is :after, not :{parts[3]}")
    try:
        faults.check(kind, method, after_effect)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return {"kind": kind, "method": method, "path": path, "occurrence": int(number), "after_effect": after_effect}


def _protected(text: str) -> tuple[str, str]:
    """Return what `Simulator.require_approval` takes."""
    method, colon, path = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r} is not METHOD:PATH")
    return _request(method, path)


def _request(method: str, path: str) -> tuple[str, str]:
    if method.upper() not in _METHODS:
        raise argparse.ArgumentTypeError(f"a method is one of {', '.join(_METHODS)}, not {method!r}")
    if not path.startswith(("/", "*")):
        raise argparse.ArgumentTypeError(f"a path begins with / or *, not as {path!r} does")
    return method.upper(), path


def _environment(simulator: Simulator) -> str:
    """Return lines for a shell to evaluate."""
    variables = {
        "ONTAP_HOSTNAME": simulator.url.removeprefix("https://"),
        "ONTAP_USERNAME": simulator.username,
        "ONTAP_PASSWORD": simulator.password,
        "ONTAP_CA_PATH": simulator.ca_path,
    }
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _introduction(simulator: Simulator) -> str:
    """Return what somebody wants to know who has just started an array."""
    service = "enabled" if simulator.ipsec_enabled else "disabled"
    return f"""\
Paste the lines above into a second terminal. They lead to a simulated ONTAP {simulator.version},
which runs until you press Ctrl-C here, and forgets everything then. It has
  {f"{chr(10)}  ".join(simulator.inventory())}
  IPsec: {service}; {len(simulator.policies())} policies
"""


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in one step: whoever waits for it finds all of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(temporary).replace(path)


def _print_request(request: Request) -> None:
    query = f"?{request.raw_query}" if request.raw_query else ""
    print(f"{request.status or '---'} {request.method} {request.path}{query}", file=sys.stderr, flush=True)
