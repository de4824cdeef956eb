# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource /api/security/ipsec/ca-certificates: which authorities IPsec trusts (fact sheet 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .body import Operation
from .bulk import BulkCollection
from .errors import OntapError
from .messages import Answer
from .ownership import named_svm
from .parameters import Parameters
from .query import Condition
from .resource import Context, Handler, InstanceHandler
from .schema import Field, Kind, Link, Record, Schema
from .security_certificates import AUTHORITIES
from .versions import V9_10_1, V9_16_1

PATH = "/api/security/ipsec/ca-certificates"


class CaCertificates(BulkCollection):
    """The certificates of authorities that are added to IPsec; a record is known by the UUID of its certificate."""

    schema = Schema(
        PATH,
        [
            Field("certificate.uuid", create=True),
            Field("scope", Kind.WORD, words={"svm": V9_10_1, "cluster": V9_10_1}),
            Field("svm.name", create=True),
            Field("svm.uuid", create=True),
        ],
        identifiers=("certificate", "svm"),
        links=[Link("certificate", "/api/security/certificates/{uuid}"), Link("svm", "/api/svm/svms/{uuid}")],
        key="certificate.uuid",
        order=("svm.name",),
    )
    since = V9_10_1
    links_itself = False
    bulk_methods = ("POST", "DELETE")

    def handlers(self, context: Context) -> Mapping[str, Handler]:
        """See Resource; a DELETE of the collection is in the bindings of 9.16.1, as for policies (fact sheet 4.3)."""
        handlers = {"GET": self.get_all, "POST": self.create}
        if context.state.version >= V9_16_1:
            handlers["DELETE"] = self.delete_matching
        return handlers

    def instance_handlers(self, context: Context) -> Mapping[str, InstanceHandler]:
        """See Resource."""
        return {"GET": self.get_one, "DELETE": self.delete}

    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """See Collection."""
        return filter(context.sees, context.state.ca_certificates.values())

    def create(self, context: Context) -> Answer:
        """Answer a POST."""
        parameters = self.write_parameters(context, code=262211)
        return self.created(context, parameters, self.add(context, parameters), by="certificate.uuid")

    def add(self, context: Context, parameters: Parameters) -> Record:
        """See BulkCollection: the certificate has to be installed just where the body says, for an SVM or the cluster."""
        state = context.state
        given = self.read_body(context, parameters, Operation.CREATE)
        uuid = given.get("certificate.uuid")
        if uuid is None:
            raise OntapError(262212, "certificate.uuid", message='The field "certificate.uuid" is required')
        svm = named_svm(context, given, unknown_name=262197, unknown_uuid=262197) or context.svm
        certificate = state.certificates.get(uuid)
        if (
            certificate is None
            or certificate["type"] not in AUTHORITIES
            or certificate.get("svm.uuid") != (svm or {}).get("uuid")
        ):
            raise OntapError(66257304, "certificate.uuid")
        if uuid in state.ca_certificates:
            raise OntapError(1, "certificate.uuid")
        return state.add_ca_certificate(certificate)

    def modify(self, context: Context, uuid: str) -> Answer:
        """Refuse a PATCH, which there is not."""
        raise OntapError(3)

    def delete(self, context: Context, uuid: str) -> Answer:
        """Answer a DELETE of one record; what stands for none is documented and, in practice, not known."""
        self.write_parameters(context)
        state = context.state
        record = state.ca_certificates.get(uuid)
        if record is not None and context.sees(record):
            del state.ca_certificates[uuid]
            return Answer()
        if state.unknowns.ca_delete_not_added == "entry":
            raise OntapError(4, "uuid")
        raise OntapError(66257298 if uuid in state.certificates else 66257303, "certificate.uuid")

    def stored(self, context: Context, uuid: str) -> Record | None:
        """See BulkCollection."""
        return context.state.ca_certificates.get(uuid)

    def put_back(self, context: Context, uuid: str, record: Record | None) -> None:
        """See BulkCollection."""
        if record is None:
            context.state.ca_certificates.pop(uuid, None)
        else:
            context.state.ca_certificates[uuid] = record

    def delete_matching(self, context: Context) -> Answer:
        """Answer a DELETE of the collection."""

        def write(records: list[Record], parameters: Parameters) -> None:
            for record in records:
                del context.state.ca_certificates[record["certificate.uuid"]]

        return self.write_matching(context, write)
