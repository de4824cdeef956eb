# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/ipsec_policy_file.schema.json, by which editors check policy files: .venv/bin/python tests/policy_file_schema.py

From the options that the reader takes, their documentation, and the table of findings. Draft 7 is what the YAML support of
editors knows best. A template may stand for any value, so nothing that is text can be checked further than that.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(CHECKOUT / ".venv"))

try:
    import yaml

    from ansible_collections.wiresec.ontap.plugins.doc_fragments import policy as fragment
    from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
    from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_service import REPLAY_WINDOWS
    from ansible_collections.wiresec.ontap.plugins.modules import ipsec_config, ipsec_policy
    from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_reports.findings import KINDS
    from ansible_collections.wiresec.ontap.plugins.plugin_utils._1_policy_files.policy_files import LINT_IGNORE, OPTIONS
except ModuleNotFoundError as error:
    sys.exit(
        f"{error}. Run it by the environment: make unit makes it, then .venv/bin/python tests/{Path(__file__).name}"
    )

PATH = CHECKOUT / "docs" / "ipsec_policy_file.schema.json"
ADDRESS = "https://raw.githubusercontent.com/wiresec/wiresec.ontap/main/docs/ipsec_policy_file.schema.json"

_TEMPLATE = {"type": "string", "pattern": r"\{\{"}
_NUMBERS = {"port": (0, 65535), "netmask": (0, 128), "protocol": (0, 255)}


def build() -> dict[str, Any]:
    """The schema."""
    documented = {
        **yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)["options"],
        **yaml.safe_load(ipsec_policy.DOCUMENTATION)["options"],
    }
    undocumented = [option for option in OPTIONS if option not in documented]
    if undocumented:
        raise LookupError(f"plugins/doc_fragments/policy.py has no documentation of {', '.join(undocumented)}.")
    service = yaml.safe_load(ipsec_config.DOCUMENTATION)["options"]
    options = {option: _option(option, row, documented[option]) for option, row in OPTIONS.items()}
    options[LINT_IGNORE] = {
        "description": "Findings of ipsec_policy_lint that this policy does not want to hear of, each with the reason.",
        "type": "object",
        "properties": {
            kind.id: {"description": f"{kind.severity}: {kind.summary}", "type": "string", "minLength": 1}
            for kind in KINDS.values()
            if kind.ignorable
        },
        "additionalProperties": False,
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": ADDRESS,
        "title": "IPsec policies of NetApp ONTAP, for wiresec.ontap",
        "type": "object",
        "properties": {
            "svm": {
                "description": "The SVM of all policies of this file. By default the folder or file name below the folder that is read.",
                "type": "string",
                "minLength": 1,
                "not": _TEMPLATE,
            },
            "scope": {"description": "Says that the policies are of cluster scope, and of no SVM.", "const": "cluster"},
            "policies": {
                "description": "The policies.",
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": options,
                    "required": ["name"],
                    "additionalProperties": False,
                },
            },
            "ipsec_config": {
                "description": "What the IPsec service of the cluster should be, in a file with scope: cluster.",
                "type": "object",
                "minProperties": 1,
                "properties": {
                    option: {"description": _plain(service[option]["description"]), **rule}
                    for option, rule in {
                        "enabled": {"type": "boolean"},
                        "replay_window": {"enum": list(REPLAY_WINDOWS)},
                        "offload_enabled": {"type": "boolean"},
                    }.items()
                },
                "additionalProperties": False,
            },
            "ca_certificates": {
                "description": "Names of all CA certificates that IPsec trusts on the SVM, or for the cluster; the others are removed where pruning is on.",
                "type": "array",
                "items": {"type": "string", "minLength": 1, "not": _TEMPLATE},
                "uniqueItems": True,
            },
        },
        "patternProperties": {"^x-": {"description": "Ignored: a place for YAML anchors."}},
        "anyOf": [{"required": [key]} for key in ("policies", "ipsec_config", "ca_certificates")],
        "not": {"required": ["svm", "scope"]},
        "dependencies": {"ipsec_config": ["scope"]},
        "additionalProperties": False,
    }


def _option(option: str, row: dict[str, Any], documented: dict[str, Any]) -> dict[str, Any]:
    described = {"description": _plain(documented["description"])}
    name = option.rpartition(".")[2]
    choices = row.get("choices") or getattr(POLICY.by_option.get(option), "choices", ())
    if row["type"] == "dict":
        inner = {
            part: _option(f"{option}.{part}", spec, documented["suboptions"][part])
            for part, spec in row["options"].items()
        }
        return {
            **described,
            "anyOf": [
                {"type": "object", "properties": inner, "additionalProperties": False},
                _TEMPLATE,
                {"type": "null"},
            ],
        }
    if row["type"] == "bool":
        words = {"type": "string", "pattern": r"^([Yy]es|[Nn]o|[Oo]n|[Oo]ff|[Tt]rue|[Ff]alse)$"}
        return {**described, "anyOf": [{"type": ["boolean", "null"]}, words, _TEMPLATE]}
    if row["type"] == "int":
        digits = {"type": "string", "pattern": "^[0-9]+$"}
        return {**described, "anyOf": [{"type": ["integer", "null"]}, digits, _TEMPLATE]}
    if choices:
        return {**described, "anyOf": [{"enum": [*choices, None]}, _TEMPLATE]}
    if name in _NUMBERS:
        lowest, highest = _NUMBERS[name]
        number = {"type": "integer", "minimum": lowest, "maximum": highest}
        return {**described, "anyOf": [number, {"type": ["string", "null"]}]}
    if row.get("no_log"):
        # As Ansible writes a vaulted value in JSON.
        vaulted = {
            "type": "object",
            "properties": {"__ansible_vault": {"type": "string"}},
            "additionalProperties": False,
        }
        return {
            **described,
            "anyOf": [{"type": ["string", "number", "null"]}, {**vaulted, "required": ["__ansible_vault"]}],
        }
    kinds = ["string", "number", "boolean"]
    return {**described, "type": kinds if name == "name" else [*kinds, "null"]}


def _plain(description: list[str] | str) -> str:
    """A description without the markup of Ansible's documentation."""
    text = " ".join([description] if isinstance(description, str) else description)
    text = re.sub(r"\b[A-Z]\((?:ignore:)?([^()]*)\)", lambda match: match.group(1).replace("=", ": "), text)
    return re.sub(r"policies\[\]\.|wiresec\.ontap\.", "", text)


def text() -> str:
    """The content of the file."""
    return json.dumps(build(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
