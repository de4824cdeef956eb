#!/usr/bin/python
# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says of an array's traffic what is protected, and what is not."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_coverage
short_description: Say which traffic of NetApp ONTAP is protected by IPsec, and which is not
version_added: 2.0.0
description:
  - Holds the IPsec policies of an array against its traffic. RV(flows.intended) is what may come, each interface for data with each
    service and each network of clients that export rules let in. RV(flows.observed) is who is connected now.
  - A flow is C(protected) only if every one of its packets is. Of policies with different actions that overlap, NetApp does not publish
    which one ONTAP applies, so such packets are C(ambiguous). A policy that is disabled, or IPsec that is off, protects nothing.
  - NFS over TLS, Kerberos with privacy and SMB encryption count where they are required, and are named.
  - NFSv3 needs more than port 2049. What it needs counts as what it is.
  - With O(fail_on) the task is a gate. O(exceptions) say what is accepted, why, and until when.
  - Reads policies, service, associations, SVMs, interfaces, export policies, services and sessions once each, however many there are.
    An account that may not read one of them gets an answer that says so in RV(unread), and what is missing from it.
  - What each state means, and what can't be seen, is in
    L(the guide, https://github.com/wiresec/wiresec.ontap/blob/main/docs/coverage.md).
author:
  - wiresec.ontap contributors (@wiresec)
extends_documentation_fragment:
  - wiresec.ontap.attributes
  - wiresec.ontap.attributes.info_module
  - wiresec.ontap.connection
options:
  svms:
    description:
      - Names of the SVMs that are meant. Without it all that the account sees are.
    type: list
    elements: str
  protocols:
    description:
      - V(nfs), V(smb), V(iscsi), V(all) for these three, and ports as in V(tcp/4420), which are looked at on each interface for data.
    type: list
    elements: str
    default: [all]
  client_networks:
    description:
      - The networks that clients are in, for protocols without rules about that, which are SMB, iSCSI and ports, and for NFS if its rules
        can't be read. Without one, anybody may come.
      - Their names are shown with every flow from there.
    type: list
    elements: dict
    default: []
    suboptions:
      network:
        description: The network, such as V(10.20.0.0/16), or one address.
        type: str
        required: true
      name:
        description: What people call it.
        type: str
      protocols:
        description: V(nfs), V(smb) and V(iscsi) if it is about some of them only.
        type: list
        elements: str
        choices: [nfs, smb, iscsi]
      svms:
        description: Names of SVMs if it is about some of them only.
        type: list
        elements: str
  client_names:
    description:
      - The addresses and networks of hosts, domains and netgroups that export rules name, as the rules spell them. Nothing is resolved,
        so a name that is not here may be anybody.
    type: dict
    default: {}
  observe:
    description:
      - Whether to look at who is connected.
    type: bool
    default: true
  changes:
    description:
      - Changes as M(wiresec.ontap.ipsec_policies) returns them in check mode. Each flow then has C(after), what becomes of it by them.
    type: list
    elements: dict
  fail_on:
    description:
      - The task fails if packets of a flow are one of these, unless O(exceptions) accept it; also if what could not be read might
        hide such a flow.
      - V(not_in_use) is a connection that a policy should protect and that has no security association, V(worse) a flow from which
        O(changes) take protection away.
    type: list
    elements: str
    choices: [clear, bypassed, ambiguous, unknown, authenticated, partly, discarded, not_in_use, worse]
    default: []
  exceptions:
    description:
      - What is accepted although it is not as it should be. An exception is about the flows that all of its options fit.
      - Those that have expired, or that no flow needs, are told apart in RV(exceptions).
    type: list
    elements: dict
    default: []
    suboptions:
      reason:
        description: Why. Reports show it.
        type: str
        required: true
      until:
        description: The last day on which it is accepted, as in V("2026-12-31"), in quotes.
        type: str
        required: true
      svm:
        description: Name of the SVM.
        type: str
      protocol:
        description: The protocol, V(ports) for those that O(protocols) names by port.
        type: str
        choices: [nfs, smb, iscsi, ports]
      service:
        description: One service, by name or port, such as V(mountd) or V(tcp/635).
        type: str
      interface:
        description: Name of the interface.
        type: str
      client:
        description: A network that the clients are in, or the name of a host or netgroup as export rules spell it.
        type: str
      states:
        description: Only flows that are one of these.
        type: list
        elements: str
        choices: [clear, bypassed, ambiguous, unknown, authenticated, partly, discarded]
      unread:
        description: Accepts that something could not be read, in place of flows.
        type: str
        choices: [service, interfaces, export_policies, nfs_clients, smb_sessions, iscsi_sessions, security_associations]
  allow_empty:
    description:
      - Whether a gate is open if there is not one flow, which is also what an account that sees nothing finds.
    type: bool
    default: false
  expiry_warning:
    description:
      - Say which certificates that IPsec uses expire within so many days, have expired, or do not say when they do. They keep no gate closed.
      - Costs three requests more, and an account that may read C(/api/security/certificates). Without it nobody looks.
    type: int
notes:
  - The account needs to read C(/api/security/ipsec), C(/api/security/ipsec/policies), C(/api/security/ipsec/security-associations),
    C(/api/svm/svms), C(/api/network/ip/interfaces), C(/api/protocols/nfs), C(/api/protocols/cifs) and C(/api/protocols/san/iscsi), and
    C(/api/cluster) for the name of the array. Without C(/api/security/ipsec/policies) there is no answer at all.
seealso:
  - module: wiresec.ontap.ipsec_policy_health
  - module: wiresec.ontap.ipsec_policy_lint
"""

EXAMPLES = r"""
- name: Is all NFS traffic encrypted?
  wiresec.ontap.ipsec_coverage:
    protocols: [nfs]
    fail_on: [clear, bypassed, ambiguous, unknown, authenticated]
    exceptions:
      - client: 10.20.7.0/24
        reason: The old render farm can't do IPsec, and leaves in June.
        until: "2099-06-30"
      - unread: nfs_clients
        reason: The auditor's account may not see who is connected.
        until: "2099-12-31"
    allow_empty: true

- name: What is there of SMB and NVMe/TCP, and who may come?
  wiresec.ontap.ipsec_coverage:
    svms: [svm1]
    protocols: [smb, tcp/4420]
    client_networks:
      - network: 10.30.0.0/16
        name: Frankfurt, offices
"""

RETURN = r"""
msg:
  description: How many flows are protected, and what the others are.
  returned: success
  type: str
  sample: 41 of 52 intended flows are protected (9 in clear, 2 in part); 6 of 6 observed flows are protected.
flows:
  description: The flows, C(intended) and C(observed). Services of one interface and network that fare alike are one flow.
  returned: success, and if O(fail_on) fails the task
  type: dict
  contains:
    intended:
      description: Who may come.
      type: list
      elements: dict
      contains:
        svm:
          description: Name of the SVM.
          type: str
        protocol:
          description: V(nfs), V(smb), V(iscsi) or V(ports).
          type: str
        services:
          description: What is served, such as V(nfs) and V(mountd).
          type: list
          elements: str
        ports:
          description: The same by port, such as V(tcp/2049).
          type: list
          elements: str
        interface:
          description: Name of the interface, empty if it is not known.
          type: str
        address:
          description: Its address.
          type: str
        client:
          description: The network of the clients, or a name that export rules use.
          type: str
        client_name:
          description: What O(client_networks) calls it, empty if it does not.
          type: str
        let_in_by:
          description: What lets it in, the first ones if there are many.
          type: list
          elements: str
        state:
          description:
            - V(protected) by IPsec, all of it. V(protected_otherwise), all of it. V(partly), the rest being in C(parts).
            - V(clear), no policy covers it. V(bypassed), a policy lets it through in clear. V(discarded), it is blocked.
            - V(ambiguous), policies of different actions overlap. V(authenticated), its associations do not encrypt. V(unknown), something
              that was not read, or a name that nobody resolved, decides.
          type: str
        means:
          description: What protects it if IPsec does not, of V(krb5p), V(nfs_tls) and V(smb_encryption).
          type: list
          elements: str
        policies:
          description: Names of the first policies that overlap with it.
          type: list
          elements: str
        policy_count:
          description: How many policies overlap with it.
          type: int
        in_use:
          description: Whether there is a security association for it now, V(null) if that can't be told or it is not V(protected).
          type: bool
        parts:
          description:
            - Where packets of it fare differently, each outcome with its C(state), its C(share) of all addresses and ports of clients, and
              C(where) it is, the first places.
          type: list
          elements: dict
        notes:
          description: What else there is to say.
          type: list
          elements: str
        exception:
          description: C(reason) and C(until) of the exception that accepts it, V(null) if none does.
          type: dict
        after:
          description:
            - With O(changes), what becomes of it, C(state), C(policies), C(policy_count) and C(parts). C(worse) says whether protection is
              taken away, C(losing) where, and C(cut_off) whether packets will be discarded that are not now.
          type: dict
    observed:
      description: Who is connected, the same keys.
      type: list
      elements: dict
summary:
  description: By C(svm) and C(protocol), how many flows there are C(intended) and C(observed), how many of each state, how many accepted.
  returned: as RV(flows)
  type: list
  elements: dict
  sample:
    - svm: svm1
      protocol: nfs
      intended: {flows: 4, protected: 2, clear: 2, excepted: 1}
      observed: {flows: 3, protected: 3, excepted: 0}
unread:
  description: What could not be read. C(what), C(endpoint), C(why), and what is C(missing) for it.
  returned: as RV(flows)
  type: list
  elements: dict
exceptions:
  description: The exceptions, each with its C(state), V(used), V(unused) or V(expired), and for how many flows it was C(used).
  returned: as RV(flows)
  type: list
  elements: dict
problems:
  description: What keeps the gate closed, a sentence each; of flows the first ones.
  returned: as RV(flows)
  type: list
  elements: str
expiry_warnings:
  description: What O(expiry_warning) is about, a sentence each; also why it could not be told.
  returned: as RV(flows), if O(expiry_warning) is given
  type: list
  elements: str
failing:
  description: How many flows, and things that could not be read, are not as O(fail_on) wants them.
  returned: as RV(flows)
  type: int
worse:
  description: From how many flows O(changes) take protection away.
  returned: as RV(flows)
  type: int
ipsec_enabled:
  description: Whether IPsec is enabled, V(null) if the account may not know.
  returned: as RV(flows)
  type: bool
array:
  description: C(name), C(uuid) and C(version) of the cluster, empty if the account may not know.
  returned: as RV(flows)
  type: dict
account:
  description: The account that looked, V(null) if it has no name.
  returned: as RV(flows)
  type: str
time:
  description: When that was, in UTC.
  returned: as RV(flows)
  type: str
  sample: "2026-05-05T10:00:00Z"
looked_at:
  description: How many objects of each kind were read.
  returned: as RV(flows)
  type: dict
digest:
  description: SHA-256 of all that was read, so that two answers can be told to come from the same array in the same state.
  returned: as RV(flows)
  type: str
error:
  description: What ONTAP said, as in M(wiresec.ontap.ipsec_policy).
  returned: when ONTAP refused a request
  type: dict
"""

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._0_basics.errors import InvalidInput, Uncovered
from ..module_utils._1_array.rest import RestClient
from ..module_utils._2_objects.ipsec_policy import POLICY
from ..module_utils._4_certificates.inventory import expiring_of_ipsec
from ..module_utils._4_coverage.coverage import cover
from ..module_utils._4_coverage.flows import PROTOCOLS
from ..module_utils._4_coverage.gate import FAIL_ON, Gate
from ..module_utils._4_coverage.question import ACCEPTABLE, ALL, PORTS, UNREAD, check_changes, exceptions, question
from ..module_utils._4_coverage.survey import Surveyor, check_svms
from ..module_utils._5_task import options
from ..module_utils._5_task.execute import Mode, execute

OPTIONS: dict[str, Any] = {
    "svms": {"type": "list", "elements": "str"},
    "protocols": {"type": "list", "elements": "str", "default": [ALL]},
    "client_networks": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "network": {"type": "str", "required": True},
            "name": {"type": "str"},
            "protocols": {"type": "list", "elements": "str", "choices": list(PROTOCOLS)},
            "svms": {"type": "list", "elements": "str"},
        },
    },
    "client_names": {"type": "dict", "default": {}},
    "observe": {"type": "bool", "default": True},
    "changes": {"type": "list", "elements": "dict"},
    "fail_on": {"type": "list", "elements": "str", "choices": list(FAIL_ON), "default": []},
    "exceptions": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "reason": {"type": "str", "required": True},
            "until": {"type": "str", "required": True},
            "svm": {"type": "str"},
            "protocol": {"type": "str", "choices": [*PROTOCOLS, PORTS]},
            "service": {"type": "str"},
            "interface": {"type": "str"},
            "client": {"type": "str"},
            "states": {"type": "list", "elements": "str", "choices": list(ACCEPTABLE)},
            "unread": {"type": "str", "choices": list(UNREAD)},
        },
    },
    "allow_empty": {"type": "bool", "default": False},
    "expiry_warning": {"type": "int"},
}


def run(params: Mapping[str, Any], client: RestClient, mode: Mode) -> dict[str, Any]:
    """From validated options to the result of the task. Raises ``OntapError``."""
    asked, accepted = question(params), exceptions(params["exceptions"])
    check_changes(params["changes"], params["fail_on"])
    days = params["expiry_warning"]
    if days is not None and days < 0:
        raise InvalidInput(f"expiry_warning: {days} is too small.")
    now = datetime.now(timezone.utc)
    survey = Surveyor(client, asked.groups, params["observe"]).survey()
    check_svms(survey, params["svms"] or ())
    gate = Gate(params["fail_on"], accepted, now.date())
    found = cover(survey, asked, gate, accepted, params["changes"])
    result = {
        "changed": False,
        **found.result,
        "account": client.connection.username,
        "time": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    if days is not None:
        result["expiry_warnings"] = expiring_of_ipsec(client, None, days)[1]
    problems = list(found.problems)
    if params["fail_on"] and not params["allow_empty"] and not any(result["flows"].values()):
        problems.append("There is not one flow, so nothing was looked at. Set allow_empty: true if that is fine.")
    result["problems"] = problems
    if problems:
        raise Uncovered(" ".join([result["msg"], *problems])).reporting(result)
    return {
        **result,
        "warnings": [
            *(
                f"exceptions: {one['reason']!r} has expired."
                for one in result["exceptions"]
                if one["state"] == "expired"
            ),
            *result.get("expiry_warnings", ()),
        ],
    }


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Entry point of Ansible."""
    module = module_class(argument_spec={**options.CONNECTION, **OPTIONS}, supports_check_mode=True)
    execute(module, POLICY, run)


if __name__ == "__main__":
    main()
