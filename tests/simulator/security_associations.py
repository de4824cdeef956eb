# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource /api/security/ipsec/security-associations (fact sheet 7)."""

from __future__ import annotations

from collections.abc import Iterable

from .associations import IKE_STATES
from .errors import no_such_association
from .messages import Answer
from .parameters import START
from .query import Condition
from .resource import Collection, Context
from .schema import Field, Kind, Link, Record, Schema
from .versions import V9_8, V9_16_1

PATH = "/api/security/ipsec/security-associations"


def _word(path: str, *words: str) -> Field:
    return Field(path, Kind.WORD, words=dict.fromkeys(words, V9_8))


def _direction(name: str) -> list[Field]:
    return [
        Field(f"{name}.bytes", Kind.NUMBER),
        Field(f"{name}.packets", Kind.NUMBER),
        Field(f"{name}.offload_bytes", Kind.NUMBER, V9_16_1),
        Field(f"{name}.offload_packets", Kind.NUMBER, V9_16_1),
        Field(f"{name}.security_parameter_index"),
    ]


class SecurityAssociations(Collection):
    """IPsec and IKE associations, node by node; nobody writes them."""

    schema = Schema(
        PATH,
        [
            Field("uuid"),
            _word("type", "ipsec", "ike"),
            Field("node.name"),
            Field("node.uuid"),
            Field("svm.name"),
            Field("svm.uuid"),
            _word("scope", "svm", "cluster"),
            Field("policy_name"),
            Field("local_address", Kind.ADDRESS),
            Field("remote_address", Kind.ADDRESS),
            _word("cipher_suite", "suite_aescbc", "suiteb_gcm256", "suiteb_gmac256"),
            Field("lifetime", Kind.NUMBER),
            _word("ike.authentication", "none", "psk", "cert"),
            _word("ike.state", *IKE_STATES),
            Field("ike.is_initiator", Kind.FLAG),
            Field("ike.version", Kind.NUMBER),
            Field("ike.initiator_security_parameter_index"),
            Field("ike.responder_security_parameter_index"),
            _word("ipsec.action", "bypass", "discard", "esp_transport"),
            Field("ipsec.state"),
            *_direction("ipsec.inbound"),
            *_direction("ipsec.outbound"),
        ],
        identifiers=("uuid", "node", "svm"),
        links=[Link("node", "/api/cluster/nodes/{uuid}"), Link("svm", "/api/svm/svms/{uuid}")],
        order=("svm.name", "policy_name", "node.name", "remote_address", "type"),
    )
    since = V9_8
    links_itself = False

    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """See Collection."""
        lost = context.state.out_of_quorum
        return (one for one in context.state.associations.all() if context.sees(one) and one["node.name"] not in lost)

    def get_all(self, context: Context) -> Answer:
        """Answer a GET of the collection, which is one more look at it unless it goes on with an earlier one."""
        context.state.catch_up(counted=START not in context.call.parameters())
        return super().get_all(context)

    def find(self, context: Context, uuid: str) -> Record:
        """Return the association of this UUID."""
        for record in self.records(context, []):
            if record["uuid"] == uuid:
                return record
        raise no_such_association(context.state.version)
