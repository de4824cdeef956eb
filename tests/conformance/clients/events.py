# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events: the latest, all of IPsec over several pages, and since when; refusals."""

from __future__ import annotations

from netapp_ontap.resources import EmsEvent
from script import arguments, refused, report

given = arguments()
(latest,) = [one.to_dict() for one in EmsEvent.get_collection(fields="*", max_records=1)][:1]
report(
    {
        "latest": latest,
        "ipsec": [
            [one.index, one.message.name, {parameter.name: parameter.value for parameter in one.parameters}]
            for one in EmsEvent.get_collection(
                fields="message.name,parameters", max_records=2, **{"message.name": "ipsec.*"}
            )
        ],
        "alerts": EmsEvent.count_collection(**{"message.severity": "alert"}),
        "since": len(list(EmsEvent.get_collection(time=f">={given['since']}"))),
        "oldest": next(iter(EmsEvent.get_collection(order_by="time asc", fields="time"))).time.isoformat(),
        "no_such_field": refused(lambda: list(EmsEvent.get_collection(fields="svm"))),
    }
)
