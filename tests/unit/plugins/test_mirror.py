# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests mirror the plugins: from a file of plugins one finds its tests without a search, or this table says where they are.

A file of module_utils or plugin_utils has its tests at the same place below tests/unit/plugins, as test_FILE.py; a module or
lookup has them in tests/integration, by its name.
"""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
PLUGINS = TESTS.parent / "plugins"
UTILITIES = sorted(path for kind in ("module_utils", "plugin_utils") for path in (PLUGINS / kind).rglob("*.py"))
CALLED = sorted(path for kind in ("modules", "lookup") for path in (PLUGINS / kind).glob("*.py"))

_OF_SETS = ("integration/test_ipsec_policies.py",)
_OF_TABLES = ("unit/plugins/module_utils/_2_objects/test_service_tables.py",)
_OF_FORMATS = ("unit/plugins/plugin_utils/_1_clients/test_formats.py",)
_OF_REPORTS = ("integration/test_coverage_report.py",)
_OF_COVERAGE = ("integration/test_ipsec_coverage.py",)

ELSEWHERE: dict[str, tuple[str, ...]] = {
    # What becomes of an error is what a task says of it.
    "module_utils/_0_basics/errors.py": ("integration/test_error_codes.py", "integration/test_faults.py"),
    "module_utils/_0_basics/certificate_bundle.py": ("unit/plugins/module_utils/_0_basics/test_x509.py",),
    "module_utils/_0_basics/hiding.py": ("integration/test_rest.py", "integration/test_ipsec_probe.py"),
    "module_utils/_0_basics/interruption.py": ("integration/test_interruption.py",),
    "module_utils/_0_basics/ip_protocols.py": ("unit/plugins/module_utils/_0_basics/test_normalize.py",),
    "module_utils/_1_array/trace.py": ("integration/test_rest.py",),
    # Field tables have contracts, which one file holds for all of them.
    "module_utils/_2_objects/ipsec_ca_certificate.py": _OF_TABLES,
    "module_utils/_2_objects/ipsec_security_association.py": _OF_TABLES,
    "module_utils/_2_objects/ipsec_service.py": _OF_TABLES,
    "module_utils/_2_objects/resource.py": (
        "unit/plugins/module_utils/_2_objects/test_ipsec_policy.py",
        *_OF_TABLES,
    ),
    "module_utils/_2_objects/ems_destination.py": ("integration/test_ems_destination.py",),
    "module_utils/_2_objects/client_session.py": _OF_COVERAGE,
    "module_utils/_2_objects/data_interface.py": _OF_COVERAGE,
    "module_utils/_2_objects/nas.py": _OF_COVERAGE,
    # What reads from an array or writes to it is tested on one.
    "module_utils/_3_state/applying.py": ("integration/test_faults.py", "integration/test_recreates.py"),
    "module_utils/_3_state/outcome.py": ("integration/test_faults.py",),
    "module_utils/_3_state/preparing.py": ("integration/test_what_the_array_says.py", "integration/test_recreates.py"),
    "module_utils/_3_state/protection.py": ("unit/plugins/module_utils/_3_state/test_guards.py",),
    "module_utils/_3_state/reading.py": ("integration/test_what_the_array_says.py", "integration/test_odd_arrays.py"),
    "module_utils/_3_state/set_report.py": _OF_SETS,
    "module_utils/_3_state/whole_set.py": (*_OF_SETS, "integration/test_strict_sets.py"),
    "module_utils/_4_associations/impact.py": ("integration/test_impact.py",),
    "module_utils/_4_associations/explaining.py": ("integration/test_ipsec_policy_health.py",),
    "module_utils/_4_associations/policy_health.py": ("integration/test_ipsec_policy_health.py",),
    "module_utils/_4_certificates": (
        "integration/test_certificate.py",
        "integration/test_certificate_info.py",
        "integration/test_policy_certificates.py",
    ),
    "module_utils/_4_coverage": _OF_COVERAGE,
    "module_utils/_4_probe": ("integration/test_ipsec_probe.py",),
    "module_utils/_5_task/execute.py": ("integration/test_playbooks.py", "integration/test_in_process.py"),
    "module_utils/_5_task/options.py": ("unit/plugins/module_utils/_2_objects/test_ipsec_policy.py",),
    "module_utils/_5_task/texts.py": ("integration/test_set_guards.py", "integration/test_approved_digests.py"),
    "plugin_utils/_0_execution/in_process.py": ("integration/test_in_process.py",),
    "plugin_utils/_0_reports/findings.py": ("unit/plugins/plugin_utils/_2_lint/test_lint.py",),
    "plugin_utils/_0_reports/coverage_report.py": _OF_REPORTS,
    "plugin_utils/_0_reports/diagnosis_page.py": ("integration/test_ipsec_diagnosis.py",),
    "plugin_utils/_0_reports/html_report.py": _OF_REPORTS,
    "plugin_utils/_0_reports/markup.py": _OF_REPORTS,
    "plugin_utils/_0_reports/picture.py": _OF_REPORTS,
    "plugin_utils/_0_reports/plan_coverage.py": ("integration/test_plan_coverage.py",),
    # A format is right if what reads it reads what was meant: one table, all formats.
    "plugin_utils/_1_clients": _OF_FORMATS,
    "plugin_utils/_1_policy_files/exported.py": ("integration/test_role.py",),
    "plugin_utils/_1_policy_files/policy_values.py": (
        "unit/plugins/plugin_utils/_1_policy_files/test_policy_files.py",
        "unit/plugins/plugin_utils/_2_lint/test_lint.py",
    ),
    "plugin_utils/_2_lint/other_end.py": ("unit/plugins/plugin_utils/_2_lint/test_lint.py",),
    "plugin_utils/_2_clients/client_policies.py": ("integration/test_ipsec_client_config.py",),
    "plugin_utils/_2_cluster/cluster_plan.py": (
        "integration/test_cluster_plan.py",
        "integration/test_role_drift.py",
        "integration/test_drift_property.py",
    ),
    # Real daemons do what these tell them.
    "module_utils/_1_daemons": ("negotiate/test_scenarios.py", "hosts/test_role_ipsec_client.py"),
    "modules/ipsec_client_negotiate.py": ("negotiate/test_scenarios.py",),
    "modules/ipsec_client_info.py": (
        "integration/test_ipsec_diagnosis.py",
        "unit/plugins/module_utils/_1_daemons/test_own_view.py",
    ),
    "modules/ipsec_coverage_report.py": _OF_REPORTS,
    # The role calls them, and what it does is what users see of them.
    "modules/ipsec_files.py": ("integration/test_role.py", "integration/test_role_drift.py"),
    "modules/ipsec_report.py": (
        "integration/test_role.py",
        "unit/plugins/plugin_utils/_0_reports/test_report_files.py",
    ),
    "modules/ipsec_service_info.py": (
        "integration/test_drift_property.py",
        "integration/targets/ipsec_service_info/tasks/main.yml",
    ),
    "modules/playbook_migration.py": (
        "unit/plugins/plugin_utils/_0_migration/test_netapp_ontap.py",
        "conformance/test_migration.py",
    ),
    "modules/ipsec_policy_lint.py": (
        "integration/test_ipsec_policy_files.py",
        "unit/plugins/plugin_utils/_2_lint/test_lint.py",
    ),
}
"""Files and rooms of plugins whose tests are elsewhere, and where: files of tests."""


def name_of(path: Path) -> str:
    return "/".join(path.relative_to(PLUGINS).parts)


def counterpart(path: Path) -> Path:
    """Where the tests of a file are, unless the table says otherwise."""
    if path in CALLED:
        return TESTS / "integration" / f"test_{path.name}"
    return TESTS / "unit" / "plugins" / path.relative_to(PLUGINS).parent / f"test_{path.name}"


@pytest.mark.parametrize("path", [*UTILITIES, *CALLED], ids=name_of)
def test_a_file_has_its_tests_where_one_looks_for_them(path: Path) -> None:
    known = {name_of(path), name_of(path.parent)} & ELSEWHERE.keys()
    wanted = counterpart(path).relative_to(TESTS.parent)
    assert counterpart(path).exists() or known, (
        f"plugins/{name_of(path)} has no tests: write {wanted}, or say in ELSEWHERE of "
        f"{Path(__file__).relative_to(TESTS.parent)} which file has them."
    )


@pytest.mark.parametrize("name", ELSEWHERE)
def test_the_table_names_what_there_is(name: str) -> None:
    assert (PLUGINS / name).exists(), f"plugins/{name} is not there any more."
    assert [test for test in ELSEWHERE[name] if not (TESTS / test).exists()] == []


MIRRORS = sorted(
    path for kind in ("module_utils", "plugin_utils") for path in (TESTS / "unit/plugins" / kind).rglob("test_*.py")
)


@pytest.mark.parametrize("path", MIRRORS, ids=lambda path: path.name)
def test_tests_of_no_file_are_in_the_table(path: Path) -> None:
    mirrored = PLUGINS / path.relative_to(TESTS / "unit" / "plugins").parent / path.name[len("test_") :]
    named = {test for tests in ELSEWHERE.values() for test in tests}
    assert mirrored.exists() or "/".join(path.relative_to(TESTS).parts) in named
