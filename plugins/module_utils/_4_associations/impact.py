# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many live security associations a change of policies ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .._1_array.rest import RestClient, literal
from .._2_objects.ipsec_policy import POLICY
from .._2_objects.ipsec_security_association import SECURITY_ASSOCIATION, TYPES
from .._3_state.planning import DELETED, RECREATED, Change
from .._3_state.reading import listing


def impact(client: RestClient, changes: Sequence[Change]) -> list[dict[str, Any]]:
    """What each change ends, by one listing; nothing is read if none of them can end anything.

    To be called before the changes are carried out.
    """
    ends = [_ends(change) for change in changes]
    counts = _count(client, [change for change, ending in zip(changes, ends) if ending is not False])
    return [
        _told(counts if ending is not False else Counter(), change, certain=ending is not None)
        for change, ending in zip(changes, ends)
    ]


def total(impacts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The sum of what several changes end, certain if each of them is."""
    counted = {name: sum(one[name] for one in impacts) for name in ("security_associations", *TYPES)}
    return {**counted, "certain": all(one["certain"] for one in impacts)}


def _ends(change: Change) -> bool | None:
    gone = change.operation in (DELETED, RECREATED)
    return POLICY.ends_associations(change.before or {}, {} if gone else change.after or {})


def _count(client: RestClient, changes: Sequence[Change]) -> Counter[tuple[Any, Any, str]]:
    """The number of associations by SVM, policy and type, of these policies at least."""
    if not changes:
        return Counter()
    svms = {(change.before or {}).get("svm") for change in changes}
    where = {"svm": literal(str(next(iter(svms))))} if len(svms) == 1 and None not in svms else {}
    associations = listing(client, SECURITY_ASSOCIATION, where, ["uuid", "type", "svm", "scope", "policy"])
    return Counter((one["svm"], one["policy"], one["type"]) for one in associations)


def _told(counts: Counter[tuple[Any, Any, str]], change: Change, certain: bool) -> dict[str, Any]:
    before = change.before or {}
    by_type = {kind: counts[before.get("svm"), before.get("name"), kind] for kind in TYPES}
    return {"security_associations": sum(by_type.values()), **by_type, "certain": certain}
