# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster has, as the policy files that a person would write. Pure.

Complete, so that whatever becomes different later is a difference to them: also what is at ONTAP's default is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

SCHEMA = "https://raw.githubusercontent.com/wiresec/wiresec.ontap/main/docs/ipsec_policy_file.schema.json"
OF_THE_CLUSTER = "cluster_scope.yml"
"""The file of the service, and of policies of cluster scope."""

_HEAD = """---
# yaml-language-server: $schema={schema}
#
# IPsec of {cluster}, as it was on the array when this file was exported.
{keys}"""
_KEYS = """#
# ONTAP never returns keys. A policy with a pre-shared key works as it is here; to let Ansible create it again, add its
# secret_key, encrypted by `ansible-vault encrypt_string`.
"""


def files(
    cluster: str,
    policies: Sequence[Mapping[str, Any]],
    config: Mapping[str, Any] | None,
    authorities: Sequence[Mapping[str, Any]] | None,
) -> dict[str, str]:
    """Name and text of each file.

    policies, config, authorities: as the info modules return them; ``None`` for what could not be read.
    """
    made = {}
    svms = {one["svm"] for one in (*policies, *(authorities or ())) if one.get("svm")}
    for svm in sorted(svms):
        of_svm = [one for one in policies if one.get("svm") == svm]
        trusted = None if authorities is None else sorted(one["name"] for one in authorities if one.get("svm") == svm)
        # Of most SVMs there is nothing to say about authorities, and an empty list says that there are to be none.
        made[f"{svm}.yml"] = _text(cluster, {"svm": svm}, None, trusted, of_svm)
    of_cluster = [one for one in policies if not one.get("svm")]
    if of_cluster or config is not None:
        trusted = None if authorities is None else sorted(one["name"] for one in authorities if not one.get("svm"))
        made[OF_THE_CLUSTER] = _text(cluster, {"scope": "cluster"}, config, trusted, of_cluster)
    return made


def looks_like_a_template(policies: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of policies with text that Ansible would render."""
    return [
        str(one["name"]) for one in policies if any(mark in text for text in _texts(one) for mark in ("{{", "{%", "{#"))
    ]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    else:
        yield str(value)


def _text(
    cluster: str,
    place: Mapping[str, str],
    config: Mapping[str, Any] | None,
    authorities: Sequence[str] | None,
    policies: Sequence[Mapping[str, Any]],
) -> str:
    keys = _KEYS if any(one.get("authentication_method") == "psk" for one in policies) else ""
    parts = [_HEAD.format(schema=SCHEMA, cluster=cluster, keys=keys), _yaml(place)]
    if config is not None:
        parts.append(_yaml({"ipsec_config": dict(config)}))
    if authorities is not None:
        parts.append(_yaml({"ca_certificates": list(authorities)}))
    entries = [_readable(one) for one in sorted(policies, key=lambda one: str(one["name"]))]
    parts.append(_yaml({"policies": entries}))
    return "".join(parts)


def _readable(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A policy as a person writes it: addresses with their length, a port as a number or ``any``."""
    made = {option: value for option, value in policy.items() if option not in ("svm", "scope", "uuid")}
    for side in ("local_endpoint", "remote_endpoint"):
        endpoint = made.get(side)
        if endpoint:
            port = str(endpoint.get("port", "0-0")).partition("-")[0]
            address = f"{endpoint['address']}/{endpoint['netmask']}" if "netmask" in endpoint else endpoint["address"]
            made[side] = {"address": address, "port": int(port) or "any"}
    return made


class _Indented(yaml.SafeDumper):
    """Lists begin further in than their key, as people and linters of YAML like it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """As the base class, but never without indentation."""
        super().increase_indent(flow, False)


def _yaml(value: Mapping[str, Any]) -> str:
    text: str = yaml.dump(
        dict(value), Dumper=_Indented, sort_keys=False, width=1000, allow_unicode=True, default_flow_style=False
    )
    return text
