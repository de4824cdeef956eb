# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A destination of events through its life; refusals."""

from __future__ import annotations

from netapp_ontap.resources import EmsDestination
from script import arguments, refused, report

arguments()
NAMES = "name,type,destination,filters,system_defined"


def listed() -> list[dict[str, object]]:
    """Return all destinations."""
    found = [one.to_dict() for one in EmsDestination.get_collection(fields=NAMES)]
    return [{name: value for name, value in one.items() if name != "_links"} for one in found]


hook = EmsDestination(
    name="rulebook",
    type="rest_api",
    destination="https://rulebook.example.com/c1",
    filters=[{"name": "important-events"}],
)
hook.post()
created = listed()
hook.filters = [{"name": "no-info-debug-events"}]
hook.patch()
modified = listed()
bad = EmsDestination(name="bad", type="rest_api", destination="rulebook.example.com")
outcome = {
    "created": created,
    "modified": modified,
    "no_scheme": refused(bad.post),
    "of_the_system": refused(EmsDestination(name="snmp-traphost").delete),
}
hook.delete()
report({**outcome, "last": [one["name"] for one in listed()]})
