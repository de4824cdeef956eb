# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ONTAP refuses, as the client reports it."""

from __future__ import annotations

from netapp_ontap.resources import IpsecPolicy
from script import arguments, refused, report

given = arguments()
body = given["body"]


def changed(**changes: object) -> dict[str, object] | None:
    """Return how a create of the body with changes is refused."""
    return refused(IpsecPolicy.from_dict({**body, **changes}).post)


policy = IpsecPolicy.from_dict(body)
policy.post()
policy.protocol = "6,17"
report(
    {
        "duplicate": changed(),
        "no_key": changed(name="other", secret_key=None),
        "port_range": changed(name="other", local_endpoint={**body["local_endpoint"], "port": "80-90"}),
        "patch": refused(policy.patch),
        "not_found": refused(IpsecPolicy(uuid="5ab4aa51-0000-0000-0000-000000000000").get),
        "no_such_field": refused(lambda: list(IpsecPolicy.get_collection(fields="nothing"))),
        "no_such_filter": refused(lambda: list(IpsecPolicy.get_collection(nothing="x"))),
        "secret": refused(lambda: list(IpsecPolicy.get_collection(fields="secret_key"))),
    }
)
