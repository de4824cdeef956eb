# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource /api/security/ipsec, the IPsec service of the cluster (fact sheet 7)."""

from __future__ import annotations

from collections.abc import Mapping

from .body import Operation
from .errors import OntapError
from .messages import Answer
from .resource import Context, Handler, Resource
from .schema import Field, Kind, Schema
from .versions import V9_8, V9_16_1

_WINDOWS = (0, 64, 128, 256, 512, 1024)


class IpsecConfig(Resource):
    """One object, to be read by everybody and written by administrators of the cluster."""

    schema = Schema(
        "/api/security/ipsec",
        [
            Field("enabled", Kind.FLAG, modify=True),
            Field("replay_window", Kind.NUMBER, modify=True),
            Field("offload_enabled", Kind.FLAG, V9_16_1, modify=True),
        ],
    )
    since = V9_8

    def handlers(self, context: Context) -> Mapping[str, Handler]:
        """See Resource."""
        return {"GET": self.get, "PATCH": self.modify}

    def get(self, context: Context) -> Answer:
        """Answer a GET; the vendor's test data differs from the specification in two ways (fact sheet 7)."""
        config, unknowns = context.state.ipsec, context.state.unknowns
        if unknowns.replay_window_type == "str":
            config = {**config, "replay_window": str(config["replay_window"])}
        answer = self.shown(context, config)
        if unknowns.ipsec_config_shape == "records":
            record = answer.body or {}
            links = {"_links": record.pop("_links")} if "_links" in record else {}
            count = {"num_records": 1} if unknowns.num_records_present else {}
            answer.body = {"records": [record], **count, **links}
        return answer

    def modify(self, context: Context) -> Answer:
        """Answer a PATCH; the order of the checks is ours."""
        state = context.state
        if context.account.svm is not None:
            # Fact sheet 6: accounts of an SVM read the service's configuration, and do not write it.
            raise OntapError(6)
        parameters = self.write_parameters(context)
        given = self.read_body(context, parameters, Operation.MODIFY)
        given = {path: value for path, value in given.items() if value is not None}
        if not given:
            raise OntapError(262190)
        if state.mixed_version or state.low_ecv:
            raise OntapError(66257199)
        if given.get("replay_window", 0) not in _WINDOWS:
            raise OntapError(262185, "replay_window")
        changed = {**state.ipsec, **given}
        if changed["offload_enabled"] != state.ipsec["offload_enabled"] and state.ipsec["enabled"]:
            raise OntapError(66256913, "offload_enabled")
        if changed["offload_enabled"] and changed["replay_window"]:
            raise OntapError(66256915, "replay_window" if "replay_window" in given else "offload_enabled")
        state.configure_ipsec(given)
        return Answer()
