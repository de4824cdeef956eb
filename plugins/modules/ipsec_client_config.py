#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_client_config
short_description: Configure the other end of IPsec policies from the same files
version_added: 2.0.0
description:
  - Reads the policy files of clusters on the controller, finds out which policies concern a client, and writes the configuration
    that the client needs to meet them, be it on the client, or into a folder of the controller.
  - Endpoints, identities, keys, protocols and ports come from the policies, seen from the other side. What no policy says is what
    ONTAP negotiates, as far as that is known.
  - Nothing is written unless everything that concerns the client is known, and can be said in O(format).
  - It touches no daemon. M(wiresec.ontap.ipsec_client_load) loads what it writes, and the role
    P(wiresec.ontap.ipsec_client#role) does all of it. L(Both ends,
    https://github.com/wiresec/wiresec.ontap/blob/main/docs/both_ends.md) explains the whole.
author:
  - wiresec.ontap contributors (@wiresec)
attributes:
  check_mode:
    description: Predicts the result without writing anything to the host.
    support: full
  diff_mode:
    description: Says what changed, or in check mode what would change.
    support: full
    details:
      - Of files with secrets it only says that they are others.
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
options:
  policy_files:
    description:
      - The folder that has a folder with policy files for each cluster. A relative path starts where C(ansible-playbook) was started.
    type: path
    default: ipsec
  clusters:
    description:
      - The clusters that this client may talk to, by the names of their folders. By default all of them.
      - Where a host of the inventory has the name of a cluster, templates in its files see the variables of that host, as they do
        for the array. Otherwise they see those of the client.
    type: list
    elements: str
  addresses:
    description: All addresses of the client, as the arrays see them.
    type: list
    elements: str
    required: true
  format:
    description:
      - V(strongswan) are files for C(swanctl), V(libreswan) files for C(/etc/ipsec.d), V(windows) is a PowerShell script, V(nmstate)
        a desired state of NMState.
      - Windows authenticates by certificates only. What else a format can't say is an error that says so.
    type: str
    choices: [strongswan, libreswan, windows, nmstate]
    default: strongswan
  directory:
    description:
      - The folder that files are written to. All of them begin with C(wiresec-), and what else begins so is removed.
      - By default C(/etc/swanctl/conf.d) for V(strongswan) and C(/etc/ipsec.d) for V(libreswan). Other formats need one.
    type: str
  make_directory:
    description: Whether the folder is made, for its owner only, if there is none. Otherwise that is an error.
    type: bool
    default: false
  client:
    description: What the files call the client. By default the name of the inventory host.
    type: str
  certificate:
    description:
      - The certificate of the client, as its daemon finds it. For V(strongswan) a file below C(/etc/swanctl/x509), or its path; for
        V(libreswan) and V(nmstate) its name in the NSS database. V(windows) looks for one by O(authorities).
      - Needed for policies that authenticate by certificate.
    type: str
  identities:
    description:
      - What the certificate of the client proves, its whole subject first (as in V(C=US, O=Example, CN=db1.example.com), in the order of
        the certificate), then its alternative names.
      - If given, a policy that expects another identity is an error.
    type: list
    elements: str
    default: []
  authorities:
    description:
      - Which authorities may have signed the certificates of arrays. For V(strongswan) files below C(/etc/swanctl/x509ca), or their
        paths; for V(windows) the subject of one. Others trust those of their database.
    type: list
    elements: str
    default: []
  array_addresses:
    description:
      - Addresses of the interfaces of arrays, for policies of which C(local_endpoint) is a subnet. Without them, V(strongswan) and
        V(windows) find out by traffic, and others can't.
    type: list
    elements: str
    default: []
  replay_window:
    description:
      - The replay window of the client in packets, instead of what C(ipsec_config) in the files says. V(0) is needed where
        an array has hardware offload.
    type: int
  lookups:
    description: Whether templates of the files may use lookups, which run code on the controller.
    type: bool
    default: true
  validate:
    description: As in M(wiresec.ontap.ipsec_client_files).
    type: str
  allow_empty:
    description:
      - Whether a client that has connections may lose all of them, because no policy concerns it any more.
      - Its traffic is in clear from then on.
    type: bool
    default: false
notes:
  - Keys are in the files that need them, which only their owner may read, and nowhere else; not in results, differences or output at
    any verbosity.
seealso:
  - module: wiresec.ontap.ipsec_client_load
  - module: wiresec.ontap.ipsec_policy_lint
  - module: wiresec.ontap.ipsec_files
"""

EXAMPLES = r"""
- name: Write what a host with strongSwan needs, into a folder of the controller
  wiresec.ontap.ipsec_client_config:
    client: db1
    addresses: [10.10.20.5]
    directory: ipsec-clients/db1
    make_directory: true
  delegate_to: localhost

- name: The same for Windows, which needs certificates
  wiresec.ontap.ipsec_client_config:
    client: win1
    addresses: [10.10.30.31]
    format: windows
    certificate: that of the machine
    authorities: ["CN=Example CA, O=Example"]
    directory: ipsec-clients/win1
    make_directory: true
  delegate_to: localhost
"""

RETURN = r"""
files:
  description: All files that there are to be, and those that are removed, with what becomes of each.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    operation:
      description: What becomes of it.
      type: str
      choices: [created, modified, removed, none]
connections:
  description: What the client needs.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the connection.
      type: str
    policies:
      description:
        - The policies that it is for, each with C(cluster), C(svm) (V(null) for cluster scope), C(policy), C(path), and as C(clients)
          the network of all addresses that it is for.
      type: list
      elements: dict
    does:
      description: Whether packets are protected, pass in clear although a wider connection protects, or are dropped.
      type: str
      choices: [protect, pass, drop]
    local:
      description: The client's end, with C(address), C(port) (V(0) for any) and C(identity) (V(null) if the certificate says it).
      type: dict
    remote:
      description: The array's end, as RV(connections[].local).
      type: dict
    protocol:
      description: The number of the protocol, V(0) for any.
      type: int
    method:
      description: How both authenticate; empty where nothing is protected.
      type: str
      choices: [psk, pki, ""]
unconcerned:
  description: The policies that the client need not know, each with C(cluster), C(svm), C(policy), C(path) and the C(reason).
  returned: success
  type: list
  elements: dict
added_connections:
  description: Names of connections that were in no such file before.
  returned: success
  type: list
  elements: str
removed_connections:
  description: Names of connections that are in no such file any more.
  returned: success
  type: list
  elements: str
compared:
  description:
    - By the name of a connection, whether the files had it as it is to be (V(same)), or otherwise (V(other), V(other_secrets) if only its
      secrets are others), not yet (V(missing)), or although there is none to be (V(surplus)). Comments, modes and owners don't count.
  returned: with O(format=strongswan) and O(format=libreswan), if the files are as they were written
  type: dict
  sample: {wiresec-cluster1--svm1--nfs: same}
diff:
  description: What changes, of files with secrets only whether.
  returned: in diff mode
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

OPTIONS: dict[str, Any] = {
    "policy_files": {"type": "path", "default": "ipsec"},
    "clusters": {"type": "list", "elements": "str"},
    "addresses": {"type": "list", "elements": "str", "required": True},
    "format": {"type": "str", "choices": ["strongswan", "libreswan", "windows", "nmstate"], "default": "strongswan"},
    "directory": {"type": "str"},
    "make_directory": {"type": "bool", "default": False},
    "client": {"type": "str"},
    "certificate": {"type": "str"},
    "identities": {"type": "list", "elements": "str", "default": []},
    "authorities": {"type": "list", "elements": "str", "default": []},
    "array_addresses": {"type": "list", "elements": "str", "default": []},
    "replay_window": {"type": "int"},
    "lookups": {"type": "bool", "default": True},
    "validate": {"type": "str"},
    "allow_empty": {"type": "bool", "default": False},
}


def main() -> None:
    """Fails: in a task Ansible runs the action plugin of this name, because Vault and variables are on the controller only."""
    AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True).fail_json(
        msg="ipsec_client_config is an action of the controller and can't run as a module; call it in a task, by its full name."
    )


if __name__ == "__main__":
    main()
