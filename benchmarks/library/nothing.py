# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that does nothing: what it costs to run is what Ansible charges for one module, and for a list given to it."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Entry point of Ansible."""
    AnsibleModule(argument_spec={"policies": {"type": "list", "elements": "dict", "no_log": False}}).exit_json()


if __name__ == "__main__":
    main()
