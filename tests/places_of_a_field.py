# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in words which places a field of the policy is missing in: .venv/bin/python tests/places_of_a_field.py

docs/adding_a_field.md leads through the places. Exits non-zero if one is missing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path[:0] = [str(CHECKOUT / ".venv"), str(CHECKOUT / "tests")]

try:
    import policy_file_schema
    import yaml

    from ansible_collections.wiresec.ontap.plugins.doc_fragments import policy as fragment
    from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import POLICY
    from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.resource import OLDEST_SUPPORTED, Field
    from ansible_collections.wiresec.ontap.plugins.module_utils._5_task import options as tables
    from ansible_collections.wiresec.ontap.plugins.modules import ipsec_policy, ipsec_policy_info
    from simulator.policy_schema import POLICY as SIMULATED
except ModuleNotFoundError as error:
    sys.exit(
        f"{error}. Run it by the environment: make unit makes it, then .venv/bin/python tests/{Path(__file__).name}"
    )

TABLE = "plugins/module_utils/_2_objects/ipsec_policy.py"
FACTS = "docs/ontap_facts.md"
SCHEMA = "docs/ipsec_policy_file.schema.json"


def missing() -> list[str]:
    """What is missing, each as a sentence that names the file."""
    option_docs = {
        **yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)["options"],
        **yaml.safe_load(ipsec_policy.DOCUMENTATION)["options"],
    }
    filter_docs = yaml.safe_load(ipsec_policy_info.DOCUMENTATION)["options"]
    facts = (CHECKOUT / FACTS).read_text(encoding="utf-8")
    found: list[str] = []
    for row in POLICY.fields:
        found += _of_row(row, option_docs, filter_docs, facts)
    paths = {path for row in POLICY.fields for path in (row.api_path, row.uuid_path)}
    for path in SIMULATED.fields:
        if path not in paths and not path.endswith(".uuid"):
            found.append(f"{path}: {TABLE}, fields: the row of this property, which the simulator has, is missing.")
    try:
        if policy_file_schema.PATH.read_text(encoding="utf-8") != policy_file_schema.text():
            found.append(f"{SCHEMA}: write it anew: .venv/bin/python tests/policy_file_schema.py")
    except LookupError as error:
        found.append(f"{SCHEMA}: can't be written yet: {error.args[0]}")
    return found


def _of_row(row: Field, option_docs: Mapping[str, Any], filter_docs: Mapping[str, Any], facts: str) -> Iterator[str]:
    option, release = row.option, ".".join(map(str, row.since))
    new = row.since > OLDEST_SUPPORTED
    if not row.read_only:
        spec = _find(tables.POLICY, option, "options") or {}
        documented = _find(option_docs, option, "suboptions")
        if documented is None:
            yield f"{option}: plugins/doc_fragments/policy.py: the documentation of the option is missing."
        elif documented.get("type") != spec["type"]:
            yield f"{option}: plugins/doc_fragments/policy.py: by the normalizer in {TABLE} the type is {spec['type']}."
        elif new and release not in str(documented["description"]) and "." not in option:
            yield f"{option}: plugins/doc_fragments/policy.py: say that it needs ONTAP {release}."
    if row.readable and _find(filter_docs, option, "suboptions") is None:
        yield f"{option}: plugins/modules/ipsec_policy_info.py: the documentation of the filter is missing."
    simulated = next((field for field in SIMULATED.fields.values() if field.path == row.api_path), None)
    if simulated is None:
        yield f"{option}: tests/simulator/policy_schema.py: the row of {row.api_path} is missing."
    elif max(simulated.since, OLDEST_SUPPORTED) != row.since:
        yield f"{option}: tests/simulator/policy_schema.py has another release than {TABLE}; look up which is right."
    if new and f"`{row.api_path}`" not in facts:
        yield f"{option}: {FACTS}: what is known about {row.api_path} is missing."


def _find(options: Mapping[str, Any], dotted: str, inner: str) -> Mapping[str, Any] | None:
    """What there is under a dotted name, ``None`` for nothing."""
    first, _dot, rest = dotted.partition(".")
    found = options.get(first)
    return found if not rest or found is None else _find(found.get(inner) or {}, rest, inner)


if __name__ == "__main__":
    lacking = missing()
    print("\n".join(lacking) or "Every field is in every place.")
    sys.exit(bool(lacking))
