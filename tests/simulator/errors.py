# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ONTAP's error codes: what each says, its HTTP status, and the release that began to use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .unknowns import Unknowns
from .versions import V9_9_1, V9_10_1, V9_12_1, V9_13_1, V9_14_1, V9_16_1, V9_17_1, Version

FIELD_INVALID = 2


@dataclass(frozen=True)
class ErrorText:
    """What is known of a code; `before` is the code that releases older than `since` use for the same thing."""

    message: str
    status: int | None = None
    since: Version = (9, 0, 0)
    before: int = FIELD_INVALID


# Fact sheet 5.2: status as documented. The `*` codes there are those with a `since`.
GENERIC = {
    1: ErrorText("An object with the same identifiers exists already", 409),
    2: ErrorText("A field is invalid, missing or not expected", 400),
    3: ErrorText("The operation is not supported", 405),
    4: ErrorText("entry doesn't exist", 404),
    6: ErrorText("not authorized for that command", 403),
    7: ErrorText("A limit of this resource is reached", 503),
    8: ErrorText("The object is in use", 409),
    65541: ErrorText("An internal call timed out", 500),
    65552: ErrorText("An internal call failed", 500),
    65562: ErrorText("An internal call reported an internal error", 500),
    262145: ErrorText("An unexpected exception occurred", 500),
    262160: ErrorText("Too many requests are in progress. Try again", 429),
    262177: ErrorText("A value is missing", 400),
    262179: ErrorText("Unexpected argument", 400),
    262185: ErrorText("Invalid value", 400),
    262186: ErrorText("The field does not go together with another one", 400),
    262188: ErrorText("The field is given twice", 400),
    262190: ErrorText("There is nothing to apply", 400),
    262194: ErrorText("The expression has no value", 400, V9_16_1, before=262177),
    262196: ErrorText("The field cannot be set in this operation", 400),
    262197: ErrorText("Invalid value for the field", 400),
    262198: ErrorText("A body is not allowed with this method", 400),
    262199: ErrorText("The body is not valid JSON", 400),
    262200: ErrorText("The body is not a JSON object", 400),
    262202: ErrorText("A secret must not be part of the URL", 400),
    262203: ErrorText("The field is not supported in the body of a PATCH", 400, V9_16_1, before=262196),
    262210: ErrorText("The records cannot be put in order in time", 500),
    262211: ErrorText("A POST does not take filters", 400),
    262212: ErrorText("A required value is missing", 400),
    262245: ErrorText("The value has the wrong type", 400),
    262248: ErrorText("The assignment operator is missing", 400),
    262249: ErrorText("The field cannot be read", 400),
    262250: ErrorText("The field cannot be used as a filter", 400),
    262254: ErrorText("An array is expected", 400),
    262255: ErrorText("An array is not expected", 400),
    262268: ErrorText("Records cannot be ordered by this field", 400),
    262286: ErrorText("The braces in the list of fields are not balanced", 400),
    262287: ErrorText("One of the records failed, and none was written", 400),
    262288: ErrorText("One of the records failed, and others were written", 400),
    262293: ErrorText("The job is still running", 400),
    262294: ErrorText("This is no job of this API", 400),
    262325: ErrorText("The operation requires approval by multi-admin verification", 403),
    393271: ErrorText("A node is out of quorum", 500),
    6691623: ErrorText("User is not authorized.", 401),
    8586226: ErrorText("The specified UUID was not found", 400),
    39387137: ErrorText("The URL is not valid", 400),
}

# Fact sheet 5.1; the status is unknown (9.1). Where a document of 2022 is the first to list a code, 9.12.1 is taken.
IPSEC = {
    66257096: ErrorText("Internal error: the connections of the IPsec policy could not be purged"),
    66257097: ErrorText("Internal error: the IPsec policy could not be updated"),
    66257099: ErrorText("More than one protocol is given"),
    66257100: ErrorText("More than one local port is given"),
    66257101: ErrorText("More than one remote port is given"),
    66257102: ErrorText("IKEv1 is not supported", since=V9_16_1),
    66257103: ErrorText("The SVM has an IPsec policy of this name"),
    66257104: ErrorText("The SVM has an IPsec policy of this name", since=V9_9_1, before=66257103),
    66257107: ErrorText("The pre-shared key is not a valid hexadecimal string"),
    66257109: ErrorText("The pre-shared key is not a valid Base64 string"),
    66257110: ErrorText("The sequencing value of the policy could not be created"),
    66257111: ErrorText("An ESP action protects packets and needs a secret key"),
    66257112: ErrorText("This action protects nothing; the authentication data would be ignored"),
    66257113: ErrorText("More than one local subnet is given"),
    66257114: ErrorText("More than one remote subnet is given"),
    66257115: ErrorText("A range of more than one port is not supported"),
    66257116: ErrorText("There is no IPsec policy with this UUID"),
    66257117: ErrorText("IPsec is supported on data SVMs only"),
    66257118: ErrorText("There is no such IPsec security association"),
    66257119: ErrorText("There is no such IKE security association"),
    66257120: ErrorText("The selector has to be a host address: a netmask of 32 for IPv4, of 128 for IPv6"),
    66257121: ErrorText("The SVM has as many IPsec policies as it may have"),
    66257125: ErrorText("local_endpoint.address and local_endpoint.netmask go together"),
    66257126: ErrorText("remote_endpoint.address and remote_endpoint.netmask go together"),
    66257127: ErrorText("The local subnet must not be zero", since=V9_16_1),
    66257128: ErrorText("This is not a valid wildcard subnet", since=V9_16_1),
    66257129: ErrorText("A wildcard remote endpoint needs a specific local or remote port", since=V9_16_1),
    66257130: ErrorText("The cluster has as many IPsec policies as it may have", since=V9_16_1, before=7),
    66257131: ErrorText("ESP in UDP is not supported over IPv6", since=V9_16_1),
    66257132: ErrorText("The port is out of range", since=V9_10_1),
    66257133: ErrorText("Authentication by pre-shared key needs secret_key", since=V9_12_1, before=66257111),
    66257134: ErrorText("Authentication by certificate needs a certificate", since=V9_12_1, before=66257111),
    66257135: ErrorText("The SVM has no such certificate", since=V9_16_1),
    66257136: ErrorText("A certificate does not go with a pre-shared key", since=V9_16_1),
    66257137: ErrorText("A secret key does not go with authentication by certificate", since=V9_12_1),
    66257138: ErrorText("Authentication by certificate needs remote_identity", since=V9_16_1),
    66257139: ErrorText("There is no certificate with this UUID", since=V9_10_1),
    66257140: ErrorText("The certificate has to be of type client or server", since=V9_10_1),
    66257142: ErrorText("The SVM is being migrated", since=V9_16_1),
    66257143: ErrorText("The subnet is empty", since=V9_16_1),
    66257144: ErrorText("An ESP action needs a secret key or a certificate", since=V9_16_1, before=66257111),
    66257148: ErrorText("The name has to be 1 to 64 ASCII characters long", since=V9_16_1),
    66257153: ErrorText("ppk.identity needs ppk.shared_key", since=V9_17_1),
    66257154: ErrorText("ppk.shared_key needs ppk.identity", since=V9_17_1),
    66257199: ErrorText("Not every node of the cluster runs a release that supports IPsec"),
    66257200: ErrorText("A shared key has to be 18 to 128 ASCII characters long", since=V9_16_1),
    66257201: ErrorText("The effective cluster version is too low", since=V9_16_1),
    66257202: ErrorText("The name of the SVM is not valid", since=V9_16_1),
    66257203: ErrorText("The UUID of the SVM is not valid", since=V9_16_1),
    66257204: ErrorText("Name and UUID of the IPspace disagree", since=V9_16_1),
    66257205: ErrorText("The SVM is not in this IPspace", since=V9_16_1),
    66257305: ErrorText("Name and UUID of the certificate disagree", since=V9_16_1),
    66257396: ErrorText("The admin SVM of a MetroCluster is not supported", since=V9_12_1, before=66257117),
}

# Fact sheet 7, /security/ipsec.
CONFIG = {
    66256898: ErrorText("IPsec could not be enabled"),
    66256899: ErrorText("IPsec could not be disabled"),
    66256913: ErrorText("The offload setting cannot change while IPsec is enabled"),
    66256915: ErrorText("A replay window and offload exclude each other"),
    66257007: ErrorText("The replay window could not be changed"),
    66257496: ErrorText("BGP peer groups that use MD5 need IPsec"),
}

# Fact sheet 7, /security/ipsec/ca-certificates. The sheet has the first code for 9.10 to 9.12, the one that took its
# place for 9.16 and later, and nothing for the releases between: a code begins with the first document that lists it.
CA_CERTIFICATES = {
    66257296: ErrorText("The CA certificate is not installed"),
    66257298: ErrorText("The CA certificate is not added to IPsec"),
    66257303: ErrorText("The CA certificate cannot be removed from IPsec, since it is not installed"),
    66257304: ErrorText("The CA certificate is not installed", since=V9_16_1, before=66257296),
}

# Fact sheet 7, /security/certificates; the status of these is not known either.
CERTIFICATES = {
    3735553: ErrorText("Failed to create self-signed certificate"),
    3735589: ErrorText("Cannot delete certificate"),
    3735618: ErrorText("Cannot accept private key for server_ca or client_ca"),
    3735622: ErrorText("The certificate type is not supported"),
    3735646: ErrorText("Failed to store the certificates"),
    3735676: ErrorText("The subject of the certificate is empty, so common_name must have a value"),
    3735693: ErrorText("The certificate installation failed as the private key was empty"),
    3735696: ErrorText("Intermediate certificates are not supported with client_ca and server_ca"),
    3735755: ErrorText("The call to Azure failed", since=V9_14_1),
    52559972: ErrorText("The start date of the certificate is later than the current date"),
    52559973: ErrorText("The certificate has expired"),
    52559975: ErrorText("Failed to read the certificate due to incorrect formatting"),
    52559976: ErrorText("The certificate and private key do not match"),
    52560123: ErrorText("Failed to read the key due to incorrect formatting"),
    52560272: ErrorText("The certificate is in use by one or more subsystems", since=V9_16_1, before=3735589),
}

# Fact sheet 7.3, /support/ems/destinations.
DESTINATIONS = {
    983107: ErrorText("A provided filter does not exist"),
    983129: ErrorText("The rest-api destination must contain a valid scheme, such as http:// or https://"),
    983130: ErrorText("The rest-api destination contains an invalid URL"),
    983131: ErrorText("The rest-api destination contains an invalid IPv6 URL"),
    983144: ErrorText("The certificate information is incomplete. Provide the certificate and serial number"),
    983145: ErrorText("Certificate information does not go with the scheme http://"),
    983149: ErrorText("New SNMP destinations cannot be created"),
    983152: ErrorText("Default destinations cannot be modified or removed"),
    983153: ErrorText("The security certificate does not exist"),
    983179: ErrorText("The value for the destination field cannot be empty"),
    983180: ErrorText("The destination name cannot be empty"),
    983181: ErrorText("The destination name cannot contain spaces"),
    983182: ErrorText("The destination name is invalid"),
    983184: ErrorText("A property cannot be configured on this type of destination"),
}

TABLE: dict[int, ErrorText] = {**GENERIC, **IPSEC, **CONFIG, **CA_CERTIFICATES, **CERTIFICATES, **DESTINATIONS}
_UNLISTED = ErrorText("The request failed", 400)


class OntapError(Exception):
    """A refusal: code, and what overrides the table's message and status; `exact` codes are the same in any release."""

    def __init__(
        self,
        code: int,
        target: str | None = None,
        *,
        message: str | None = None,
        status: int | None = None,
        exact: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code, target)
        self.code = code
        self.target = target
        self.message = message or TABLE.get(code, _UNLISTED).message
        self.status = status
        self.exact = exact
        self.headers = headers or {}

    def in_release(self, version: Version) -> int:
        """Return the code that this release uses (fact sheet 5.1)."""
        code = self.code
        while not self.exact and version < TABLE.get(code, _UNLISTED).since:
            code = TABLE[code].before
        return code


def not_found(version: Version) -> OntapError:
    """Return the answer to an unknown policy UUID: 66257116 is listed up to 9.13.1 (fact sheet 0.3)."""
    return OntapError(4 if version >= V9_14_1 else 66257116, "uuid")


def no_such_association(version: Version) -> OntapError:
    """Return the answer to an unknown UUID of an association: documents up to 9.12 list codes for it (fact sheet 7)."""
    return OntapError(4 if version >= V9_13_1 else 66257118, "uuid")


def describe(error: OntapError, version: Version, unknowns: Unknowns) -> tuple[int, dict[str, Any]]:
    """Return HTTP status and the body's `error` object (fact sheet 5.3)."""
    code = error.in_release(version)
    text = TABLE.get(code, _UNLISTED)
    of_ipsec = text.status is None
    details: dict[str, Any] = {
        "message": error.message,
        "code": code if unknowns.error_code_type == "int" else str(code),
    }
    if error.target is not None and (unknowns.error_target_present or not of_ipsec):
        details["target"] = error.target
    return error.status or text.status or unknowns.error_status, details
