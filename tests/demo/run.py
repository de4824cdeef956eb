# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, shown on a simulated array: ``make demo``. Exits non-zero if it does not go as it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import requests

CHECKOUT = Path(__file__).resolve().parents[2]
PLAYBOOK = CHECKOUT / "playbooks" / "quick_start.yml"
sys.path.insert(0, str(CHECKOUT / "tests"))

from environment import PROGRAMS, isolate, isolated  # noqa: E402 - it is found only now
from simulator import Simulator  # noqa: E402 - as well

ON_YOUR_ARRAY = """\
  export ONTAP_HOSTNAME=cluster1.example.com ONTAP_USERNAME=admin ONTAP_CA_PATH=/path/to/ca.pem
  ask() { printf '%s: ' "$1"; stty -echo; IFS= read -r "$2"; stty echo; echo; export "$2"; }
  ask 'Password' ONTAP_PASSWORD && ask 'Key, 18 characters or more' IPSEC_NFS_KEY
  export ANSIBLE_COLLECTIONS_PATH=$PWD/.venv
  .venv/bin/ansible-playbook playbooks/quick_start.yml --check --diff \\
    -e svm=YOUR_SVM -e svm_address=ITS_ADDRESS -e certificate=ITS_CERTIFICATE
"""


def say(text: str) -> None:
    """Prints one paragraph of the story, in lines that any terminal has room for."""
    story = textwrap.fill(text, 79, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    print(f"\n\033[1m{story}\033[0m" if sys.stdout.isatty() else f"\n{story}", flush=True)


def play(array: Simulator, *arguments: str, changed: int) -> None:
    """Runs the playbook as a user would, shows what it prints, and insists on the number of changes."""
    print(f"$ ansible-playbook playbooks/{PLAYBOOK.name} {' '.join(arguments)}", flush=True)
    environment = {
        **isolated(os.environ),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_FORCE_COLOR": str(sys.stdout.isatty()).lower(),
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "ONTAP_HOSTNAME": f"{array.host}:{array.port}",
        "ONTAP_USERNAME": array.username,
        "ONTAP_PASSWORD": array.password,
        "ONTAP_CA_PATH": array.ca_path,
        "IPSEC_NFS_KEY": "an example key of enough length",
    }
    command = [str(PROGRAMS / "ansible-playbook"), str(PLAYBOOK), *arguments]
    finished = subprocess.run(command, env=environment, text=True, capture_output=True, check=False)
    lines = (line.rstrip() for line in finished.stdout.splitlines())
    print("\n".join(re.sub(r"\*{3,}$", "", line) for line in lines if line and not line.startswith("PLAY [")))
    if finished.returncode or not re.search(rf"changed={changed}\s", finished.stdout):
        sys.exit(f"{finished.stderr}\nThis is not what the demo should show: {changed} changes were expected.")


def edit_behind_ansibles_back(array: Simulator) -> None:
    """What a colleague with another tool does: REST calls that Ansible knows nothing of."""
    with requests.Session() as session:
        session.auth = (array.username, array.password)
        collection = f"{array.url}/api/security/ipsec/policies"
        found = session.get(collection, params={"name": "nfs-clients"}, verify=array.ca_path, timeout=10).json()
        body = {"enabled": False, "remote_endpoint": {"address": "10.10.20.0", "netmask": "16"}}
        path = f"{collection}/{found['records'][0]['uuid']}"
        session.patch(path, json=body, verify=array.ca_path, timeout=10).raise_for_status()


def main() -> None:
    """Tells the story."""
    isolate()
    with Simulator() as array:
        say(f"A simulated ONTAP {array.version} answers on {array.url}. Three policies are created on it.")
        play(array, "--tags", "policies", changed=3)
        say("The same playbook again: nothing to do.")
        array.clear_log()
        play(array, "--tags", "policies", changed=0)
        print(f"The array counted {len(array.requests)} requests for three policies.")
        say("Somebody disables a policy and widens its subnet, behind Ansible's back. A check run shows the drift.")
        edit_behind_ansibles_back(array)
        play(array, "--tags", "policies", "--check", "--diff", changed=1)
        say("A real run repairs it, and lists what is there now.")
        play(array, changed=1)
        say("And away with them.")
        play(array, "--tags", "policies", "-e", "state=absent", changed=3)
        say(
            "That was the demo. The same playbook on your array, with the file of the authority that signed its certificate:"
        )
    print(f"\n{ON_YOUR_ARRAY}\nLook at what it would change, then run it without --check.")


if __name__ == "__main__":
    main()
