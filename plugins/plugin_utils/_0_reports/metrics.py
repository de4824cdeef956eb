# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules found on clusters, as metrics for Prometheus. Pure.

The text is OpenMetrics, and Prometheus' own format (0.0.4), which node_exporter's textfile collector reads, at once: all metrics
are gauges, because the two spell counters differently. Nothing is a counter here anyway: bytes are those of the associations that
there are now, so they fall when one ends.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

Sample = tuple[str, Mapping[str, str], int]
"""Name of the metric without the prefix, labels, value."""

_PREFIX = "ontap_ipsec_"
_SUCCESS = "last_success_timestamp_seconds"

METRICS = {
    "up": "Whether the last run read this part of the cluster (1) or not (0).",
    "last_run_timestamp_seconds": "When the last run was over.",
    _SUCCESS: "When a run last read this part of the cluster.",
    "enabled": "Whether IPsec is enabled (1) or not (0).",
    "policies": "Policies by the status of their security associations.",
    "policy_peers": "Peers of a policy that protects traffic, pairs of hosts on a node, by state.",
    "policy_ike_associations": "IKE security associations of a policy, by state.",
    "policy_ipsec_associations": "IPsec security associations of a policy.",
    "policy_bytes": "Bytes that the IPsec security associations of a policy that there are now have carried.",
    "policy_packets": "Packets that the IPsec security associations of a policy that there are now have carried.",
    "certificate_expiry_timestamp_seconds": "When a certificate that IPsec uses expires.",
    "certificates_without_expiry": "Certificates that IPsec uses and that do not say when they expire.",
    "drift": "Whether the cluster is anything else than what its files say (1) or not (0).",
    "drift_changes": "Changes that would make the cluster what its files say.",
    "unmanaged": "Policies and CA certificates that are on the cluster and in no file.",
    "flows": "Flows of traffic, by what protects them.",
    "flows_failing": "Flows that nobody has accepted, and things that could not be read, for which an audit fails.",
    "flows_unread": "Things that could not be read, so that flows may be missing.",
}
"""All metrics, in the order in which they are written, with what each means."""

_STATUSES = ("established", "half_open", "none", "not_expected")
_PEERS = ("established", "half_open")
_DIRECTIONS = ("inbound", "outbound")
_OPERATIONS = ("created", "modified", "recreated", "deleted")


def text(measured: Mapping[str, Mapping[str, Any]], now: int, earlier: str = "") -> str:
    """All metrics of a run.

    measured: by cluster and part what a module returned, which counts as read only if it is what that module returns. now: in
    seconds since 1970. earlier: the text that is replaced, for the time at which what was not read now last was.
    """
    succeeded = _successes(earlier)
    found: dict[str, dict[tuple[tuple[str, str], ...], int]] = {name: {} for name in METRICS}

    def put(samples: Iterable[Sample], **more: str) -> None:
        for name, labels, value in samples:
            key = tuple(sorted({**more, **labels}.items()))
            if key in found[name]:
                raise ValueError("one metric has two values")
            found[name][key] = value

    for cluster, parts in measured.items():
        for part, result in parts.items():
            samples = read(part, result)
            last = now if samples is not None else succeeded.get((cluster, part))
            put(samples or (), cluster=cluster)
            told = {"up": int(samples is not None), "last_run_timestamp_seconds": now, _SUCCESS: last}
            put(((name, {}, value) for name, value in told.items() if value is not None), cluster=cluster, part=part)
    return "".join(_lines(found))


def read(part: str, result: Any) -> list[Sample] | None:
    """What the result of a module says, ``None`` if it is anything but the result of that module."""
    try:
        samples = list(_PARTS[part](result))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    labels = Counter((name, tuple(sorted(labels.items()))) for name, labels, _value in samples)
    # Prometheus refuses a whole file with two values for the same.
    return samples if max(labels.values(), default=1) == 1 else None


def _service(result: Mapping[str, Any]) -> Iterator[Sample]:
    yield "enabled", {}, _truth(result["config"]["enabled"])


def _health(result: Mapping[str, Any]) -> Iterator[Sample]:
    policies = result["policies"]
    statuses = Counter(one["status"] for one in policies)
    if not statuses.keys() <= set(_STATUSES):
        raise ValueError("a policy has an unknown status")
    for status in _STATUSES:
        yield "policies", {"status": status}, statuses[status]
    for one in policies:
        if one["status"] == "not_expected":
            continue
        own = {"svm": _label(one["svm"]), "policy": _label(one["policy"])}
        for state in _PEERS:
            yield "policy_peers", {**own, "state": state}, _number(one["peers"][state])
        for state, number in {"established": 0, **one["ike_states"]}.items():
            yield "policy_ike_associations", {**own, "state": _label(state)}, _number(number)
        yield "policy_ipsec_associations", own, _number(one["security_associations"]["ipsec"])
        for direction in _DIRECTIONS:
            for unit in ("bytes", "packets"):
                yield f"policy_{unit}", {**own, "direction": direction}, _number(one[direction][unit])


def _certificates(result: Mapping[str, Any]) -> Iterator[Sample]:
    unknown = 0
    for one in result["certificates"]:
        if one["expiry_time"] is None:
            unknown += 1
            continue
        own = {key: _label(one[key]) for key in ("svm", "type", "serial_number")}
        expiry = int(datetime.fromisoformat(one["expiry_time"]).timestamp())
        yield "certificate_expiry_timestamp_seconds", {"certificate": _label(one["name"]), **own}, expiry
    yield "certificates_without_expiry", {}, unknown


def _drift(result: Mapping[str, Any]) -> Iterator[Sample]:
    if result["verdict"] not in ("same", "differs", "refused", "unmanaged"):
        raise ValueError("nothing was compared")
    yield "drift", {}, int(result["verdict"] != "same")
    for operation in _OPERATIONS:
        yield "drift_changes", {"operation": operation}, _number(result["summary"][operation])
    yield "unmanaged", {}, _number(result["unmanaged"])


def _coverage(result: Mapping[str, Any]) -> Iterator[Sample]:
    for kind in ("intended", "observed"):
        flows = Counter((row["state"], row["exception"] is not None) for row in result["flows"][kind])
        for state, accepted in sorted({("clear", False), ("protected", False), *flows}):
            labels = {"kind": kind, "state": _label(state), "accepted": str(accepted).lower()}
            yield "flows", labels, flows[state, accepted]
    yield "flows_failing", {}, _number(result["failing"])
    yield "flows_unread", {}, len(result["unread"])


_PARTS: dict[str, Callable[[Mapping[str, Any]], Iterator[Sample]]] = {
    "service": _service,
    "health": _health,
    "certificates": _certificates,
    "drift": _drift,
    "coverage": _coverage,
}
PARTS = tuple(_PARTS)
"""What of a cluster can be measured."""


def _truth(value: Any) -> int:
    if not isinstance(value, bool):
        raise ValueError("no boolean")
    return int(value)


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("no number")
    return value


def _label(value: Any) -> str:
    """The value of a label. Nobody can read text that is no Unicode."""
    return str("" if value is None else value).encode("utf-8", "replace").decode("utf-8")


_ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n"}
_UNESCAPES = {escaped: plain for plain, escaped in _ESCAPES.items()}


def _lines(found: Mapping[str, Mapping[tuple[tuple[str, str], ...], int]]) -> Iterator[str]:
    for name, samples in found.items():
        if not samples:
            continue
        yield f"# HELP {_PREFIX}{name} {METRICS[name]}\n# TYPE {_PREFIX}{name} gauge\n"
        for labels, value in samples.items():
            told = ",".join(f'{label}="{_escaped(content)}"' for label, content in labels)
            yield f"{_PREFIX}{name}{{{told}}} {value}\n"
    yield "# EOF\n"


def _escaped(content: str) -> str:
    return re.sub(r'[\\"\n]', lambda one: _ESCAPES[one[0]], _label(content))


def _successes(earlier: str) -> dict[tuple[str, str], int]:
    """By cluster and part, when it was last read, as an earlier text says; nothing of what is no such text."""
    lines = re.findall(
        rf'^{_PREFIX}{_SUCCESS}\{{cluster="((?:[^"\\\n]|\\.)*)",part="([a-z]+)"\}} ([0-9]{{1,12}})$',
        earlier,
        re.MULTILINE,
    )
    return {
        (re.sub(r'\\[\\"n]', lambda one: _UNESCAPES[one[0]], cluster), part): int(seconds)
        for cluster, part, seconds in lines
    }
