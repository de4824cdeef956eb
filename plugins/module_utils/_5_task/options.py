# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option groups that the modules compose, as Ansible's argument specs."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import env_fallback
from ansible.module_utils.errors import AnsibleFallbackNotFound

from ansible_collections.wiresec.ontap.plugins.module_utils._0_basics import normalize
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects import ipsec_policy
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.ipsec_policy import (
    ACTIONS,
    AUTHENTICATION_METHODS,
)
from ansible_collections.wiresec.ontap.plugins.module_utils._2_objects.resource import Resource


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

_ENDPOINT: dict[str, Any] = {
    "type": "dict",
    "options": {"address": {"type": "str"}, "netmask": {"type": "str"}, "port": {"type": "str"}},
}

POLICY: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "svm": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "action": {"type": "str", "choices": list(ACTIONS)},
    "enabled": {"type": "bool"},
    "protocol": {"type": "str"},
    "local_endpoint": _ENDPOINT,
    "remote_endpoint": _ENDPOINT,
    "local_identity": {"type": "str"},
    "remote_identity": {"type": "str"},
    "authentication_method": {"type": "str", "choices": list(AUTHENTICATION_METHODS)},
    "certificate": {"type": "str"},
    "certificate_modify_keepsa": {"type": "bool"},
    "secret_key": {"type": "str", "no_log": True},
    "ppk": {
        "type": "dict",
        "options": {"identity": {"type": "str"}, "shared_key": {"type": "str", "no_log": True}},
    },
    "ipspace": {"type": "str"},
}


def _of_a_list(spec: dict[str, Any]) -> dict[str, Any]:
    """Options of a list's entries: without defaults and choices, so that errors can say which entry they are about."""
    return {
        option: {key: value for key, value in row.items() if key not in ("default", "choices", "required")}
        for option, row in spec.items()
    }


def _filters(resource: Resource) -> dict[str, Any]:
    """An option for each field that can be read. Filters may be ONTAP's query expressions, so they are text, or truth values."""
    options: dict[str, Any] = {}
    for row in resource.fields:
        if row.readable:
            option, dot, part = row.option.partition(".")
            kind = {"type": "raw" if row.normalizer is normalize.boolean else "str"}
            if dot:
                options.setdefault(option, {"type": "dict", "options": {}})["options"][part] = kind
            else:
                options[option] = kind
    return options


POLICY_FILTERS: dict[str, Any] = _filters(ipsec_policy.POLICY)

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
