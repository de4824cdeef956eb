# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that decides what of the caller's environment gets into a demo, a test or a linter: next to nothing.

    python tests/environment.py [--online] COMMAND [ARGUMENT ...]

runs a command in that environment, and a program of .venv by its name. Everything that it starts (plays, servers, git)
inherits it. --online: with what it takes to reach package registries, and without .venv, for commands that install
something. Programs that somebody may start directly call ``isolate`` first.
"""

from __future__ import annotations

import json
import locale
import os
import sys
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
PROGRAMS = CHECKOUT / ".venv" / "bin"

KEPT = frozenset(
    {
        # where programs, temporary files and caches are, and who asks
        *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME"),
        *("PYENV_ROOT", "PYENV_VERSION"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
        # what changes how strict the gates are, and how the terminal is
        *("CI", "TERM"),
        # what the tests themselves hand to the processes that they start
        "SETUP_NETWORK",
    }
)
KEPT_PREFIXES = ("COVERAGE_", "PYTEST_XDIST_")

NETWORK = frozenset(
    {
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"),
        *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_TRUSTED_HOST", "PIP_PROXY"),
        *("PIP_CERT", "PIP_CLIENT_CERT", "PIP_CONFIG_FILE", "PIP_CACHE_DIR", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES"),
        *("PIP_KEYRING_PROVIDER", "XDG_CONFIG_HOME"),
    }
)
"""Where packages come from, and by which way: for commands that install something, and nothing else."""

# Whatever pip's own configuration says: into the environment that was named, and whole.
_INSTALL_HERE = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

NEW_REPOSITORY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{
        f"GIT_{role}_{what}": f"{role.lower()}@example.com"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    },
}
"""Variables for git in a repository that a test makes: an identity, and no signatures, hooks or templates of the caller's.

Not for git in the checkout, which may need the caller's ``safe.directory``.
"""


def isolated(caller: Mapping[str, str]) -> dict[str, str]:
    """The environment for everything that is started here, whatever ``caller``'s is.

    It has no setting of Ansible's, ONTAP's, git's, Python's or a proxy's, a locale with UTF-8, which Ansible insists on,
    and the collection of this checkout.
    """
    kept = {name: value for name, value in caller.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    network = {name: value for name, value in caller.items() if name in NETWORK}
    return {
        "SETUP_NETWORK": json.dumps(network),
        **kept,
        "LC_ALL": _utf8_locale(),
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / ".venv"),
        # Named, so that neither ~/.ansible.cfg nor one in the current folder or in /etc counts.
        "ANSIBLE_CONFIG": str(CHECKOUT / "tests" / "ansible.cfg"),
        # Plugins and roles of the caller's would be found in ~/.ansible.
        "ANSIBLE_HOME": str(CHECKOUT / ".ansible"),
    }


def online(caller: Mapping[str, str]) -> dict[str, str]:
    """As ``isolated``, with what it takes to reach package registries: proxies, authorities, pip's sources.

    ``caller`` may be an isolated environment: that one carries along what it leaves out.
    """
    environment = isolated(caller)
    return {**environment, **json.loads(environment["SETUP_NETWORK"]), **_INSTALL_HERE}


def isolate() -> None:
    """Makes the environment of this process ``isolated``."""
    environment = isolated(os.environ)
    os.environ.clear()
    os.environ.update(environment)


def _utf8_locale() -> str:
    """A locale with UTF-8 that this machine has; C.UTF-8 is missing on older systems."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8", "C.utf8", "en_GB.UTF-8", "de_DE.UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"


def main() -> None:
    """Replaces this process by the command."""
    command = sys.argv[1:]
    if command[:1] == ["--online"]:
        command = command[1:]
        environment = online(os.environ)
    else:
        environment = isolated(os.environ)
        environment["PATH"] = os.pathsep.join([str(PROGRAMS), environment.get("PATH", os.defpath)])
    if not command:
        sys.exit(__doc__)
    try:
        os.execvpe(command[0], command, environment)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
