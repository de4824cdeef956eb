#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_metrics
short_description: Write what was found on NetApp ONTAP clusters as metrics for Prometheus
version_added: 2.0.0
description:
  - Makes one file of what other modules returned for one or more clusters, in the format of OpenMetrics, which the textfile collector of
    Prometheus' C(node_exporter) reads, too. The file is replaced in one step.
  - A cluster that could not be read has C(ontap_ipsec_up) 0 for that part, no other numbers of it, and the time at which it was last
    read, which is taken from the file that is replaced.
  - The metrics, rules for alerts and a dashboard are in
    L(the guide, https://github.com/wiresec/wiresec.ontap/blob/main/docs/monitoring.md).
author:
  - wiresec.ontap contributors (@wiresec)
attributes:
  check_mode:
    description: Predicts the result without writing anything to the array.
    support: full
    details:
      - Asks no array. The file is written in check mode, too.
  diff_mode:
    description: Says what changed, or in check mode what would change.
    support: N/A
    details:
      - Asks no array.
  idempotent:
    description: A second run with the same options changes nothing, if nobody else changed the array meanwhile.
    support: full
    details:
      - It never says that something changed.
options:
  path:
    description:
      - The file. C(node_exporter) reads those that end with C(.prom) in the folder that its C(--collector.textfile.directory) names.
      - Its folder is made if there is none.
    type: path
    required: true
  service:
    description:
      - By the name of a cluster, what M(wiresec.ontap.ipsec_service_info) returned for it, also if it failed.
      - As with each of these options, a cluster with anything else counts as one that could not be read.
    type: dict
  health:
    description: By the name of a cluster, what M(wiresec.ontap.ipsec_policy_health) returned, also if it failed.
    type: dict
  certificates:
    description: By the name of a cluster, what M(wiresec.ontap.certificate_info) returned, which should be asked for C(used_by_ipsec).
    type: dict
  drift:
    description: By the name of a cluster, what M(wiresec.ontap.ipsec_files) returned with C(purpose=drift).
    type: dict
  coverage:
    description: By the name of a cluster, what M(wiresec.ontap.ipsec_coverage) returned, also if it failed.
    type: dict
notes:
  - It runs on the controller only.
  - A cluster that one of the options names is looked for in all that are given.
seealso:
  - module: wiresec.ontap.ipsec_policy_health
  - module: wiresec.ontap.ipsec_coverage_report
"""

EXAMPLES = r"""
- name: Look
  wiresec.ontap.ipsec_policy_health:
    wait: 0
    allow_empty: true
  register: found
  failed_when: false

- name: Write metrics
  wiresec.ontap.ipsec_metrics:
    path: metrics/ipsec.prom
    health:
      cluster1: "{{ found }}"
"""

RETURN = r"""
msg:
  description: Of how many clusters there are metrics, and what of them was not read.
  returned: success
  type: str
  sample: "Metrics of 3 clusters. Not read: cluster2 (health, drift)."
path:
  description: The file that was written.
  returned: success
  type: str
unread:
  description: By the name of a cluster, what of it was not read.
  returned: success
  type: dict
  sample: {cluster2: [health, drift]}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

OPTIONS: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "service": {"type": "dict"},
    "health": {"type": "dict"},
    "certificates": {"type": "dict"},
    "drift": {"type": "dict"},
    "coverage": {"type": "dict"},
}


def main() -> None:
    """Fails: in a task Ansible runs the action plugin of this name, because metrics are for the controller only."""
    AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True).fail_json(
        msg="ipsec_metrics is an action of the controller and can't run as a module; call it in a task, by its full name."
    )


if __name__ == "__main__":
    main()
