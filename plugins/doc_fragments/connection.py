# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which every module reaches the array."""

from __future__ import annotations


class ModuleDocFragment:
    """See the module's docstring."""

    DOCUMENTATION = r"""
options:
  hostname:
    description:
      - Name or address of the management interface of the cluster or SVM. V(host:port) is accepted, too; a URL is not.
      - Needed; if the task does not give it, the environment variable E(ONTAP_HOSTNAME) is used.
    type: str
  port:
    description:
      - TCP port; V(443) if neither this option nor O(hostname) gives one.
      - If the task does not give it, the environment variable E(ONTAP_PORT) is used.
    type: int
    aliases: [http_port]
  username:
    description:
      - Account to log in with, together with O(password). It needs access by the application C(http).
      - If the task does not give it, the environment variable E(ONTAP_USERNAME) is used.
    type: str
    aliases: [user]
  password:
    description:
      - Password of O(username), in quotes if it looks like a number.
      - If the task does not give it, the environment variable E(ONTAP_PASSWORD) is used.
    type: str
    aliases: [pass]
  access_token:
    description:
      - OAuth 2.0 bearer token, instead of O(username) and O(password). Needs ONTAP 9.14.1.
      - If the task does not give it, the environment variable E(ONTAP_ACCESS_TOKEN) is used.
    type: str
  client_cert:
    description:
      - Path of a PEM file with a client certificate to log in with, instead of O(username) and O(password).
        It may contain the key, too.
      - If the task does not give it, the environment variable E(ONTAP_CLIENT_CERT) is used.
    type: path
    aliases: [cert_filepath]
  client_key:
    description:
      - Path of the PEM file with the key of O(client_cert).
      - If the task does not give it, the environment variable E(ONTAP_CLIENT_KEY) is used.
    type: path
    aliases: [key_filepath]
  validate_certs:
    description:
      - Whether the array's TLS certificate must be valid. Set O(ca_path) rather than switching this off.
      - If the task does not give it, the environment variable E(ONTAP_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - Path of a PEM file with the authorities that may have signed the array's certificate, or with that certificate
        itself where it is self-signed.
      - If the task does not give it, the environment variable E(ONTAP_CA_PATH) is used.
    type: path
  timeout:
    description:
      - Seconds within which the whole answer to a request must have arrived, from 1 to 86400. Connecting may take 10 of them
        at the most.
      - If the task does not give it, the environment variable E(ONTAP_TIMEOUT) is used.
    type: int
    default: 60
  retries:
    description:
      - How often a request is repeated, with growing pauses, or those that the array asks for with C(Retry-After), up to
        30 seconds each.
      - A read is repeated after a connection error, a time-out, HTTP 429, 502, 503 or 504. A write is repeated only if it
        is certain that it was not carried out, which is if no byte of it was sent, and after HTTP 429 or 503.
      - If the answer to a write got lost otherwise, the array is read again, and what it shows decides. This is not counted here.
      - If the task does not give it, the environment variable E(ONTAP_RETRIES) is used.
    type: int
    default: 3
  ontap_version:
    description:
      - The release of the array, such as V(9.12.1). An option that this release lacks is then refused before the first request.
      - Never needed. The release is read only after ONTAP has refused an option, to say which release has it.
      - If the task does not give it, the environment variable E(ONTAP_VERSION) is used.
    type: raw
    aliases: [force_ontap_version]
  trace:
    description:
      - Path of a file to which every request is added as one line of JSON, with time, method, path, status, duration, and
        the bodies of request and answer. Keys, passwords and tokens are left out.
      - The file is created for its owner only (mode 0600). A symbolic link, or a file that others can read, is refused.
      - If the task does not give it, the environment variable E(ONTAP_TRACE) is used.
    type: path
  https:
    description:
      - Accepted for playbooks that come from C(netapp.ontap), and of no effect. HTTPS is always used.
    type: bool
  use_rest:
    description:
      - Accepted for playbooks that come from C(netapp.ontap), and of no effect. REST is always used.
    type: raw
requirements:
  - Python >= 3.9 where the module runs
  - requests >= 2.25.1
  - ONTAP >= 9.8
notes:
  - Run it on the controller (C(connection=local) or C(delegate_to=localhost)); it talks to the array from there.
  - Where a task runs on the controller anyway, by Ansible's own interpreter, it runs in Ansible's own process, and the
    items of a loop share a connection. It makes no difference but to the speed. The variable C(wiresec_ontap_in_process) switches
    it off where it is V(false). On macOS it is off unless the variable is V(true).
  - A proxy is taken from the environment variables C(HTTPS_PROXY), C(ALL_PROXY) and C(NO_PROXY). It may be spoken to by HTTP or
    HTTPS, not by SOCKS. Nothing else of the environment of C(requests) counts, be it C(REQUESTS_CA_BUNDLE) or C(~/.netrc).
  - Relative paths begin in the folder in which C(ansible-playbook) was started, where a task runs on the controller.
  - If the keyword C(timeout) ends a task that has begun to write, what belongs together is brought to its end first. The result
    says what was done, if the task runs in Ansible's own process.
  - "Options of the task win over environment variables. C(module_defaults: group/wiresec.ontap.ontap) sets the connection
    for a whole play."
"""
