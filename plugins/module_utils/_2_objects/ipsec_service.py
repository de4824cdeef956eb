# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IPsec service of an array (``/api/security/ipsec``): its field table, and the order in which it can be changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._0_basics import normalize
from .._0_basics.errors import InvalidInput
from .resource import Field, Resource, State, release

REPLAY_WINDOWS = (0, 64, 128, 256, 512, 1024)


def _replay_window(value: Any) -> int:
    window = normalize.integer(value)
    if window not in REPLAY_WINDOWS:
        raise ValueError(f"{window} is not one of {', '.join(map(str, REPLAY_WINDOWS))}.")
    return window


class IpsecService(Resource):
    """One object for the whole array, which is there from the beginning and can only be modified."""

    noun = "IPsec service"
    result_name = "config"
    path = "/security/ipsec"
    fields = (
        Field("enabled", normalizer=normalize.boolean, always_returned=True),
        # Text in NetApp's test data, a number in its specification (docs/ontap_facts.md, 7).
        Field("replay_window", normalizer=_replay_window, reader=normalize.integer, always_returned=True),
        Field("offload_enabled", normalizer=normalize.boolean, since=(9, 16, 1), when_absent=False),
    )
    # "Enabling failed" and "disabling failed" do not say how far that got.
    unclear_codes = frozenset({66256898, 66256899})
    advice = {
        66256898: "Nothing can be concluded about the service: run the task again, and look into the event log of the array if it fails again.",
        66256899: "Nothing can be concluded about the service: run the task again, and look into the event log of the array if it fails again.",
        66256913: "IPsec was enabled in the meantime: run the task again.",
        66256915: "Give replay_window: 0 together with offload_enabled: true.",
        66257007: "Run the task again, and look into the event log of the array if it fails again.",
        66257199: "Finish the upgrade: every node must run a release that has IPsec.",
        66257496: "Remove the MD5 authentication from the BGP peer groups first: it needs IPsec.",
    }

    def interrupts(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Whether the way from ``before`` to ``after`` disables IPsec, be it for a moment: that ends every association."""
        return bool(before["enabled"] and not all(state["enabled"] for state in self.steps(dict(before), dict(after))))

    def steps(self, current: State, result: State) -> list[State]:
        """Offload changes on its own and while IPsec is disabled; what excludes it goes before, and comes after."""
        offload = self.by_option["offload_enabled"]
        if not offload.differs(result.get(offload.option, False), current):
            return [result]
        ways: list[State] = [{"enabled": False}]
        changed: list[State] = [{option: result[option]} for option in ("replay_window", offload.option)]
        ways += changed if result[offload.option] else reversed(changed)
        ways.append({"enabled": result["enabled"]})
        stations = [current]
        for way in ways:
            if not way.items() <= stations[-1].items():
                stations.append({**stations[-1], **way})
        return stations[1:]

    def check_modify(self, current: Mapping[str, Any], changes: Iterable[Field]) -> None:
        """Refuses to begin with what the array does not know: the first step would disable IPsec for nothing."""
        missing = [row for row in changes if row.option not in current]
        if missing:
            raise InvalidInput(
                *(f"{row.option} needs ONTAP {release(row.since)} or later; this array has none." for row in missing)
            )

    def check_result(self, result: Mapping[str, Any]) -> None:
        """Replay window and offload exclude each other (code 66256915)."""
        if result.get("offload_enabled") and result["replay_window"]:
            raise InvalidInput(
                f"offload_enabled, replay_window: offload works without a replay window only, which would be "
                f"{result['replay_window']}. Give replay_window: 0 as well, or offload_enabled: false."
            )

    def title(self, state: Mapping[str, Any]) -> str:
        """There is one."""
        return self.noun


SERVICE = IpsecService()
