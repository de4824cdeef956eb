# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option groups that the modules compose, as Ansible's argument specs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from ansible.module_utils.basic import env_fallback
from ansible.module_utils.errors import AnsibleFallbackNotFound

from .._0_basics import normalize
from .._2_objects import ipsec_policy
from .._2_objects.resource import Field


def _set_in_environment(variable: str) -> str:
    """As Ansible's ``env_fallback``; an empty variable counts as not set, because AWX sets one for a field left blank."""
    value = str(env_fallback(variable))
    if not value:
        raise AnsibleFallbackNotFound
    return value


def variable(option: str) -> str:
    """The environment variable that stands in for an option of the connection."""
    return "ONTAP_VERSION" if option == "ontap_version" else f"ONTAP_{option.upper()}"


_FROM_ENVIRONMENT: dict[str, Any] = {
    "hostname": {"type": "str"},
    "port": {"type": "int", "aliases": ["http_port"]},
    "username": {"type": "str", "aliases": ["user"]},
    "password": {"type": "str", "aliases": ["pass"], "no_log": True},
    "access_token": {"type": "str", "no_log": True},
    "client_cert": {"type": "path", "aliases": ["cert_filepath"]},
    "client_key": {"type": "path", "aliases": ["key_filepath"], "no_log": False},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 60},
    "retries": {"type": "int", "default": 3},
    # As it was given, because 9.10 without quotes is a number, 9.1.
    "ontap_version": {"type": "raw", "aliases": ["force_ontap_version"]},
    "trace": {"type": "path"},
}

CONNECTION: dict[str, Any] = {
    **{
        option: {**row, "fallback": (_set_in_environment, [variable(option)])}
        for option, row in _FROM_ENVIRONMENT.items()
    },
    "https": {"type": "bool"},
    "use_rest": {"type": "raw"},
}


def _of_rows(rows: Iterable[Field], kind: Callable[[Field], dict[str, Any]]) -> dict[str, Any]:
    """An option for each field; ``kind`` says of which."""
    spec: dict[str, Any] = {}
    for row in rows:
        option, _dot, part = row.option.partition(".")
        if part:
            spec.setdefault(option, {"type": "dict", "options": {}})["options"][part] = kind(row)
        else:
            spec[option] = kind(row)
    return spec


def _written(row: Field) -> dict[str, Any]:
    """How a user writes the value of a field."""
    kinds: dict[Callable[[Any], Any], str] = {normalize.boolean: "bool", normalize.integer: "int"}
    option: dict[str, Any] = {"type": kinds.get(row.normalizer, "str")}
    if row.choices:
        option["choices"] = list(row.choices)
    if row.write_only:
        option["no_log"] = True
    return option


def _filtered(row: Field) -> dict[str, Any]:
    """How a user filters by a field. Filters may be ONTAP's query expressions, so they are text, or truth values."""
    return {"type": "raw" if row.normalizer is normalize.boolean else "str"}


POLICY: dict[str, Any] = {
    **_of_rows((row for row in ipsec_policy.POLICY.fields if not row.read_only), _written),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
POLICY["name"]["required"] = True


def _of_a_list(spec: dict[str, Any]) -> dict[str, Any]:
    """Options of a list's entries: without defaults and choices, so that errors can say which entry they are about."""
    return {
        option: {key: value for key, value in row.items() if key not in ("default", "choices", "required")}
        for option, row in spec.items()
    }


POLICY_FILTERS: dict[str, Any] = _of_rows((row for row in ipsec_policy.POLICY.fields if row.readable), _filtered)

LISTING: dict[str, Any] = {
    "fields": {"type": "list", "elements": "str"},
    "order_by": {"type": "list", "elements": "str"},
    "max_records": {"type": "int"},
    "count_only": {"type": "bool", "default": False},
}

PERMISSIONS: dict[str, Any] = {
    "update_secret_key": {
        "type": "str",
        "choices": ["on_create", "always"],
        "default": "on_create",
        "no_log": False,
    },
    "recreate": {"type": "bool", "default": False},
}

VERIFICATION: dict[str, Any] = {"verify_writes": {"type": "bool", "default": False}}

IMPACT: dict[str, Any] = {"report_impact": {"type": "bool", "default": False}}

WHOLE_SET: dict[str, Any] = {
    "policies": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": _of_a_list({**POLICY, **PERMISSIONS}),
    },
    "svm": {"type": "str"},
    "prune": {"type": "bool", "default": False},
    "svms": {"type": "list", "elements": "str"},
    "strict": {"type": "bool"},
    "whole_cluster": {"type": "bool", "default": False},
    "keep": {"type": "list", "elements": "str", "default": []},
    "max_deletes": {"type": "str"},
    "allow_empty": {"type": "bool", "default": False},
    "continue_on_error": {"type": "bool", "default": False},
    "concurrency": {"type": "int", "default": 4},
    "return_policies": {"type": "bool", "default": False},
    # Not null by default, so that null, which a blank answer gives, is refused.
    "approved_digests": {"type": "list", "elements": "str", "default": ["any"]},
    "source": {"type": "str", "default": ""},
    **PERMISSIONS,
    **VERIFICATION,
}
