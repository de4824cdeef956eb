# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of ansible-runner, as AWX makes it: the parameters come by standard input, so that no secret is an argument.

The first line of standard input is a JSON object, the keywords of ``ansible_runner.run``. With the streamer ``transmit`` the job
goes to standard output, with ``process`` what a worker sends is read from the rest of standard input.
"""

from __future__ import annotations

import json
import sys

import ansible_runner

if __name__ == "__main__":
    parameters = json.loads(sys.stdin.buffer.readline())
    runner = ansible_runner.run(**parameters)
    sys.exit(0 if runner.status == "successful" or parameters.get("streamer") == "transmit" else 2)
