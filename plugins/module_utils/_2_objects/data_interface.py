# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logical interfaces of an array (``/api/network/ip/interfaces``): addresses, and what is served on them. Nobody writes these.

Source: the field lists of NetApp's Python client, 9.8 to 9.19.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._0_basics import normalize
from .resource import SCOPES, Field, SvmScoped


def words(value: Any) -> list[str]:
    """A list of words of a fixed vocabulary, lower case. Raises ``ValueError`` for anything but a list."""
    if not isinstance(value, list):
        raise ValueError(f"is {normalize.kind(value)}, not a list.")
    return [normalize.keyword(one) for one in value]


class DataInterface(SvmScoped):
    """One logical interface (LIF)."""

    noun = "network interface"
    plural = "interfaces"
    path = "/network/ip/interfaces"
    key = ("name", "svm")
    fields = (
        Field("uuid", always_returned=True),
        Field("name", always_returned=True),
        Field("svm", path="svm.name", uuid_path="svm.uuid"),
        Field("scope", normalizer=normalize.keyword, choices=SCOPES),
        Field("ipspace", path="ipspace.name"),
        Field("address", path="ip.address", normalizer=normalize.ip_address, reader=normalize.ip_address_as_returned),
        Field("services", normalizer=words),
        Field("enabled", normalizer=normalize.boolean),
        Field("state", normalizer=normalize.keyword),
    )

    def serves(self, state: Mapping[str, Any], service: str) -> bool:
        """Whether a service such as ``data_nfs`` is offered on an interface; an interface that does not say offers all."""
        return "services" not in state or service in state["services"]

    def of_data(self, state: Mapping[str, Any]) -> bool:
        """Whether clients reach data there."""
        return "services" not in state or any(one.startswith("data_") for one in state["services"])


DATA_INTERFACE = DataInterface()
