# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource /api/security/certificates: what is installed, installing and deleting (fact sheet 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from . import pem
from .body import Operation
from .bulk import BulkCollection
from .checks import Checks
from .errors import OntapError
from .messages import Answer
from .ownership import named_svm
from .parameters import Parameters
from .query import Condition
from .resource import Context, Handler, InstanceHandler
from .schema import Field, Kind, Link, Record, Schema
from .state import ADMIN_SVM, State, new_uuid
from .versions import V9_6, V9_8, V9_14_1, V9_15_1, V9_16_1

AUTHORITIES = ("server_ca", "client_ca", "root_ca")
_END_ENTITIES = ("client", "server")
_HASHES = ("sha1", "sha224", "sha256", "sha384", "sha512", "md5")


def _azure() -> Iterable[Field]:
    """Yield the fields by which ONTAP fetches a certificate from Azure; they are of no further use here."""
    secrets = ("client_secret", "client_certificate")
    for name in ("key_vault", "client_id", "tenant_id", "oauth_host", *secrets):
        yield Field(f"azure.{name}", since=V9_14_1, create=True, read=name not in secrets)


class SecurityCertificates(BulkCollection):
    """The certificates that are installed, on an SVM or for the cluster."""

    schema = Schema(
        "/api/security/certificates",
        [
            Field("uuid"),
            Field("name", since=V9_8, create=True),
            Field("common_name", create=True),
            Field("type", Kind.WORD, words=dict.fromkeys((*_END_ENTITIES, *AUTHORITIES), V9_6), create=True),
            Field("scope", Kind.WORD, words={"svm": V9_6, "cluster": V9_6}),
            Field("svm.name", create=True),
            Field("svm.uuid", create=True),
            Field("serial_number"),
            Field("ca"),
            Field("expiry_time", Kind.TIME, create=True),
            Field("key_size", Kind.NUMBER, create=True),
            Field("hash_function", Kind.WORD, words=dict.fromkeys(_HASHES, V9_6), create=True),
            Field("subject_key_identifier", since=V9_8),
            Field("authority_key_identifier", since=V9_8),
            Field("public_certificate", create=True),
            Field("private_key", create=True, read=False),
            Field("intermediate_certificates", Kind.TEXTS, create=True, read=False),
            *(
                Field(f"subject_alternatives.{kind}", Kind.TEXTS, since=V9_15_1, create=True)
                for kind in ("dns", "email", "ip", "uri")
            ),
            *_azure(),
        ],
        identifiers=("uuid", "name", "svm"),
        links=[Link("svm", "/api/svm/svms/{uuid}")],
    )
    bulk_methods = ("POST", "DELETE")

    def handlers(self, context: Context) -> Mapping[str, Handler]:
        """See Resource; no release has a PATCH. DELETE of the collection as for policies."""
        handlers: dict[str, Handler] = {"GET": self.get_all, "POST": self.create}
        if context.state.version >= V9_16_1:
            handlers["DELETE"] = self.delete_matching
        return handlers

    def instance_handlers(self, context: Context) -> Mapping[str, InstanceHandler]:
        """See Resource."""
        return {"GET": self.get_one, "DELETE": self.delete}

    def records(self, context: Context, conditions: list[Condition]) -> Iterable[Record]:
        """See Collection."""
        found = filter(context.sees, context.state.certificates.values())
        if context.state.unknowns.certificate_text == "lines":
            return found
        return ({**one, "public_certificate": " ".join(one.get("public_certificate", "").split("\n"))} for one in found)

    # --- installing ---

    def create(self, context: Context) -> Answer:
        """Answer a POST."""
        parameters = self.write_parameters(context, code=262211)
        return self.created(context, parameters, self.add(context, parameters), by="name")

    def add(self, context: Context, parameters: Parameters) -> Record:
        """See BulkCollection."""
        state = context.state
        given = self.read_body(context, parameters, Operation.CREATE)
        if given.get("type") is None:
            raise OntapError(262212, "type", message='The field "type" is required')
        owner = named_svm(context, given, unknown_name=262197, unknown_uuid=262197) or context.svm
        if owner is not None and owner["name"] == ADMIN_SVM:
            owner = None
        if any(path.startswith("azure.") for path in given):
            raise OntapError(3735755, "azure")
        if given.get("public_certificate") is None:
            # ONTAP makes a certificate then. Nothing here needs one.
            raise OntapError(3735553)
        record = _installed(given, owner, state)
        state.certificates[record["uuid"]] = record
        return record

    # --- deleting ---

    def modify(self, context: Context, uuid: str) -> Answer:
        """Refuse a PATCH, which there is not."""
        raise OntapError(3)

    def delete(self, context: Context, uuid: str) -> Answer:
        """Answer a DELETE of one certificate."""
        self.write_parameters(context)
        self._remove(context, self.find(context, uuid)["uuid"])
        return Answer()

    def delete_matching(self, context: Context) -> Answer:
        """Answer a DELETE of the collection."""

        def write(records: list[Record], parameters: Parameters) -> None:
            for record in records:
                self._remove(context, record["uuid"])

        return self.write_matching(context, write)

    def _remove(self, context: Context, uuid: str) -> None:
        state = context.state
        used = uuid in state.ca_certificates or any(
            policy.get("certificate.uuid") == uuid for policy in state.policies.all()
        )
        if used and state.unknowns.certificate_in_use == "refused":
            raise OntapError(52560272, "uuid")
        del state.certificates[uuid]
        state.ca_certificates.pop(uuid, None)

    # --- many at a time ---

    def stored(self, context: Context, uuid: str) -> Record | None:
        """See BulkCollection."""
        return context.state.certificates.get(uuid)

    def put_back(self, context: Context, uuid: str, record: Record | None) -> None:
        """See BulkCollection."""
        if record is None:
            context.state.certificates.pop(uuid, None)
        else:
            context.state.certificates[uuid] = record


def _installed(given: Record, owner: Record | None, state: State) -> Record:
    """Return the record of a certificate that is to be installed; the order of the checks is ours."""
    kind = given["type"]
    checks = Checks(state.unknowns)
    with checks:
        _check_type(kind, given)
    content: Record = {}
    with checks:
        try:
            certificate = pem.one_in(given["public_certificate"])
        except ValueError:
            raise OntapError(52559975, "public_certificate") from None
        content = pem.facts(certificate)
        if certificate.not_valid_before_utc > state.time():
            raise OntapError(52559972, "public_certificate")
        if certificate.not_valid_after_utc <= state.time():
            raise OntapError(52559973, "public_certificate")
        if "common_name" not in content and not given.get("common_name"):
            raise OntapError(3735676, "common_name")
        if kind in _END_ENTITIES:
            _check_key(given["private_key"], pem.public_key(certificate))
            _check_chain(given, state)
    checks.report()
    record: Record = {
        "uuid": new_uuid(),
        "type": kind,
        "scope": "cluster" if owner is None else "svm",
        "common_name": given.get("common_name"),
        **content,
        "public_certificate": given["public_certificate"],
    }
    if owner is not None:
        record |= {"svm.name": owner["name"], "svm.uuid": owner["uuid"]}
    record["name"] = given.get("name") or f"{record['common_name']}_{record['serial_number']}"
    _check_room(record, state)
    return record


def _check_type(kind: str, given: Record) -> None:
    """Check that there is what an installation of this type takes, and nothing else."""
    if kind == "root_ca":
        # A root authority is made by ONTAP, which has its key, and can't be installed (CLI: security certificate install).
        raise OntapError(3735622, "type")
    if kind in AUTHORITIES and given.get("private_key") is not None:
        raise OntapError(3735618, "private_key")
    if kind in AUTHORITIES and given.get("intermediate_certificates"):
        raise OntapError(3735696, "intermediate_certificates")
    if kind in _END_ENTITIES and not given.get("private_key"):
        raise OntapError(3735693, "private_key")


def _check_key(private_key: str, public_key: bytes) -> None:
    try:
        own = pem.public_key_of(private_key)
    except ValueError:
        raise OntapError(52560123, "private_key") from None
    if own != public_key:
        raise OntapError(52559976, "private_key")


def _check_chain(given: Record, state: State) -> None:
    """Check the certificates that come along; what the documents' list of texts may have in each, is not known."""
    texts = given.get("intermediate_certificates") or []
    if len(texts) > 1 and state.unknowns.several_intermediates == "joined":
        raise OntapError(52559975, "intermediate_certificates")
    try:
        others = [certificate for text in texts for certificate in pem.all_in(text)]
    except ValueError:
        raise OntapError(52559975, "intermediate_certificates") from None
    if state.unknowns.incomplete_chain == "refused":
        known = [
            pem.one_in(one["public_certificate"]) for one in state.certificates.values() if one["type"] in AUTHORITIES
        ]
        if not pem.is_complete(pem.one_in(given["public_certificate"]), [*others, *known]):
            raise OntapError(3735646, "intermediate_certificates")


def _check_room(record: Record, state: State) -> None:
    """Check that neither the name is taken nor the certificate there: one is known by owner, name, issuer, number and type."""
    identity = ("svm.uuid", "common_name", "ca", "serial_number", "type")
    by_type = state.unknowns.certificate_names == "by_type"
    for other in state.certificates.values():
        same_name = other["name"] == record["name"] and other.get("svm.uuid") == record.get("svm.uuid")
        if same_name and not (by_type and other["type"] != record["type"]):
            raise OntapError(1, "name", message="duplicate entry")
        if all(other.get(path) == record.get(path) for path in identity):
            raise OntapError(1, "uuid", message="duplicate entry")
