# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates there are, and what of IPsec uses each: policies, and the registration of authorities."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from .._0_basics.errors import ApiError, UnexpectedAnswer
from .._1_array.rest import RestClient
from .._2_objects.certificate import INSTALLED
from .._2_objects.ipsec_ca_certificate import CA_CERTIFICATE
from .._2_objects.ipsec_policy import POLICY
from .._2_objects.resource import NO_SUCH_PATH, NOT_KNOWN_TO_RELEASE, Resource, State
from .._3_state.reading import check_complete, find_all, is_enabled

Owners = Optional[Collection[Optional[str]]]
"""SVMs, ``None`` among them for the cluster itself; ``None`` in place of all for everything there is."""

Reference = tuple[Any, Any]
"""SVM (``None`` for the cluster) and name of a certificate, as a policy refers to it."""


@dataclass(frozen=True)
class Uses:
    """policies: names of the policies that a certificate identifies, by its owner and name. registered: UUIDs of authorities."""

    policies: Mapping[Reference, list[str]] = field(default_factory=dict)
    registered: frozenset[str] = frozenset()

    def of_policies(self, certificate: Mapping[str, Any]) -> list[str]:
        """The policies that use a certificate."""
        return self.policies.get((certificate.get("svm"), certificate["name"]), [])

    def is_registered(self, certificate: Mapping[str, Any]) -> bool:
        """Whether IPsec trusts it."""
        return certificate.get("uuid") in self.registered


def installed(client: RestClient, owners: Owners) -> list[State]:
    """The certificates of these owners, with their content."""
    return _of(client, INSTALLED, owners, {})


def registrations(client: RestClient, owners: Owners) -> list[State]:
    """The authorities that IPsec trusts there, by UUID and owner; none on a release that has no certificates for IPsec."""
    try:
        return _of(client, CA_CERTIFICATE, owners, {})
    except ApiError as error:
        if (error.status, error.code) == NO_SUCH_PATH:
            return []
        raise


def registered(client: RestClient, owners: Owners) -> frozenset[str]:
    """The UUIDs of these authorities."""
    return frozenset(one["uuid"] for one in registrations(client, owners))


def uses(client: RestClient, owners: Owners) -> Uses:
    """What uses the certificates of these owners, as far as IPsec goes.

    Raises ``UnexpectedAnswer`` where that can't be told: an empty listing proves nothing while IPsec is off.
    """
    try:
        policies = _of(client, POLICY, owners, {"certificate": "", "authentication_method": ""})
    except ApiError as error:
        if error.code not in NOT_KNOWN_TO_RELEASE:
            raise
        # A release before 9.10.1, whose policies know no certificates.
        return Uses()
    if not policies and is_enabled(client, POLICY) is False:
        raise UnexpectedAnswer(
            "No policy is listed, but IPsec is not enabled on this array (GET /api/security/ipsec), and ONTAP may then not list "
            "what it has. So which policies use a certificate can't be told until that is enabled."
        )
    by_reference: dict[Reference, list[str]] = {}
    for policy in policies:
        check_complete(POLICY, policy, ["certificate"])
        if "certificate" in policy:
            by_reference.setdefault((policy.get("svm"), policy["certificate"]), []).append(policy["name"])
    return Uses(by_reference, registered(client, owners))


def _of(client: RestClient, resource: Resource, owners: Owners, asked: State) -> list[State]:
    containers = None if owners is None or None in owners else {svm for svm in owners if svm is not None}
    wanted = [asked] if containers is None else [{**asked, "svm": svm} for svm in containers]
    found = find_all(client, resource, containers, wanted).values()
    return [one for one in found if owners is None or one.get("svm") in owners]
