# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Experiments on what policies may say, and what ONTAP makes of it."""

from __future__ import annotations

from .._2_objects.ipsec_policy import POLICY
from .._2_objects.resource import dig
from .experiment import (
    KEY,
    LOCAL,
    Experiment,
    Finding,
    Question,
    Seen,
    Unclear,
    create,
    create_esp,
    endpoint,
    modify,
    read,
    whether,
)

_PORT_ZERO_SINCE = (9, 16, 1)
_PROTOCOLS = ("132", "1", "47")


def _protocols(seen: Seen) -> Finding:
    spelled = {}
    for number in _PROTOCOLS:
        if seen.accepted(f"set_{number}") and seen.accepted(f"read_{number}"):
            spelled[number] = seen.record(f"read_{number}").get("protocol")
    if not spelled:
        raise Unclear("no protocol was accepted")
    text = ", ".join(f"{number} as {value!r}" for number, value in spelled.items())
    numbers = all(str(value) == number for number, value in spelled.items())
    return Finding(text, "number" if numbers else "name")


def _host_bits(seen: Seen) -> Finding:
    address = dig(seen.record("read"), "local_endpoint.address")
    if address == "192.0.2.9":
        return Finding("they are kept", "kept")
    return Finding(f"192.0.2.9/24 became {address}", "cleared" if address == "192.0.2.0" else None)


def _host_rule(seen: Seen) -> Finding:
    if seen.accepted("subnet"):
        return Finding("not for a disabled policy with a remote subnet", "never")
    if seen.refused("subnet", 66257120):
        return Finding(f"a remote subnet is refused ({seen.one('subnet')})", "remote")
    raise Unclear(f"a remote subnet was answered {seen.one('subnet')}")


def _kept_port(seen: Seen) -> Finding:
    if seen.refused("without"):
        raise Unclear(f"the modification was answered {seen.one('without')}")
    port = dig(seen.record("after_without"), "local_endpoint.port")
    if str(port) in ("4500-4500", "4500"):
        return Finding(f"it is kept: {port}", "keeps")
    return Finding(f"it becomes {port or 'any'}", "resets" if port in (None, "0", "0-0") else None)


def _port_zero(seen: Seen) -> Finding:
    taken = seen.accepted("zero")
    text = "port 0 is accepted" if taken else f"port 0 is refused ({seen.one('zero')})"
    if seen.release is None or seen.release >= _PORT_ZERO_SINCE:
        return Finding(f"{text}; the switch is about releases before 9.16.1")
    return Finding(text, taken)


def _null(seen: Seen) -> Finding:
    if seen.record("before").get("local_identity") is None:
        raise Unclear("the policy did not get an identity")
    if seen.refused("clear"):
        return Finding(f"it is refused ({seen.one('clear')})", "refused")
    kept = seen.record("after").get("local_identity")
    return Finding("it is ignored" if kept else "it clears the property", "ignored" if kept else "clears")


def _mask_128(seen: Seen) -> Finding:
    if seen.accepted("hosts"):
        return Finding("it is accepted", "accepted")
    if seen.accepted("subnets"):
        return Finding(f"it is refused ({seen.one('hosts')})", "refused")
    raise Unclear(f"no IPv6 policy was accepted: {seen.one('subnets')}, {seen.one('hosts')}")


def _default_mask(seen: Seen) -> Finding:
    if seen.accepted("unmasked"):
        netmask = dig(seen.record("read"), "remote_endpoint.netmask")
        return Finding(f"it becomes {netmask}", "64" if str(netmask) == "64" else None)
    if seen.accepted("subnets") or seen.accepted("hosts"):
        return Finding(f"it is refused ({seen.one('unmasked')})", "required")
    raise Unclear("no IPv6 policy was accepted")


def _default_action(seen: Seen) -> Finding:
    if seen.refused("no_action"):
        return Finding(f"it is refused ({seen.one('no_action')})", "required")
    action = seen.record("read_no_action").get("action")
    return Finding(f"it becomes {action}", action if action == "esp_transport" else None)


def _default_method(seen: Seen) -> Finding:
    if seen.refused("no_method"):
        return Finding(f"it is refused ({seen.one('no_method')})", "refuse")
    method = seen.record("read_no_method").get("authentication_method")
    return Finding(f"it becomes {method}", {"psk": "infer", "none": "none"}.get(str(method)))


def _ignored(seen: Seen) -> Finding:
    if seen.accepted("create"):
        return Finding("the key is ignored", "ignored")
    if seen.refused("create", 66257112):
        return Finding(f"the create is refused ({seen.one('create')})", "error")
    raise Unclear(f"the create was answered {seen.one('create')}")


VALUE_EXPERIMENTS = (
    Experiment(
        "Set protocols by number",
        {
            "create": create("protocol"),
            **{
                key: step
                for number in _PROTOCOLS
                for key, step in (
                    (f"set_{number}", modify("protocol", {"protocol": number})),
                    (f"read_{number}", read("protocol")),
                )
            },
        },
        [Question("9.7", "protocol_names", "How are protocols other than tcp, udp and any spelled?", _protocols)],
    ),
    Experiment(
        "Create policies for subnets",
        {
            "bits": create("bits", local_endpoint=endpoint("192.0.2.9", "24")),
            "read": read("bits"),
            "subnet": create("subnet", remote_endpoint=endpoint("198.51.100.0", "24")),
        },
        [
            Question("9.10", "host_bits", "What becomes of bits of an address outside of its netmask?", _host_bits),
            Question("9.9", "host_address_rule", "When does 66257120 ask for a host?", _host_rule),
        ],
    ),
    Experiment(
        "Modify ports",
        {
            "create": create("port", protocol="udp", local_endpoint=endpoint(LOCAL, port="4500")),
            "without": modify("port", {"local_endpoint": endpoint(LOCAL)}),
            "after_without": read("port"),
            "zero": modify("port", {"local_endpoint": endpoint(LOCAL, port="0")}),
            "after_zero": read("port"),
        },
        [
            Question("9.12", "patch_without_port", "What becomes of a port that a PATCH leaves out?", _kept_port),
            Question("9.11", "port_zero_accepted", "Can port 0 reset a port to any?", _port_zero),
        ],
    ),
    Experiment(
        "Write a number where the schema has a string",
        {"create": create("number"), "number": modify("number", {"protocol": 17})},
        [
            Question(
                "9.23",
                "number_for_string",
                "Is a JSON number accepted for a string?",
                whether("number", ("yes", "accepted"), ("no", "refused")),
            )
        ],
    ),
    Experiment(
        "Clear a property by null",
        {
            "create": create_esp("null", local_identity="local.wiresec.example"),
            "before": read("null"),
            # With another property, because ignoring the only one could be refused as nothing to do (262190).
            "clear": modify("null", {"local_identity": None, "enabled": False}),
            "after": read("null"),
        },
        [Question("9.13", "null_in_body", "What does null do to a property?", _null)],
    ),
    Experiment(
        "Create policies for IPv6",
        {
            "subnets": create(
                "v6subnets", local_endpoint=endpoint("2001:db8::", "64"), remote_endpoint=endpoint("2001:db8:1::", "64")
            ),
            "hosts": create(
                "v6hosts",
                local_endpoint=endpoint("2001:db8::1", "128"),
                remote_endpoint=endpoint("2001:db8:1::1", "128"),
            ),
            "unmasked": create(
                "v6unmasked", local_endpoint=endpoint("2001:db8:2::", "64"), remote_endpoint={"address": "2001:db8:3::"}
            ),
            "read": read("v6unmasked"),
        },
        [
            Question("9.8", "ipv6_host_mask_128", "Is an IPv6 netmask of 128 accepted?", _mask_128),
            Question(
                "9.8", "ipv6_default_netmask", "What is the netmask of an IPv6 address without one?", _default_mask
            ),
        ],
    ),
    Experiment(
        "Create a policy whose action is in capitals",
        {"create": create("capitals", action="BYPASS")},
        [
            Question(
                "2", "enum_case", "Is BYPASS accepted for bypass?", whether("create", ("yes", "any"), ("no", "lower"))
            )
        ],
    ),
    Experiment(
        "Create a policy without action",
        {"no_action": create_esp("no_action", action=None), "read_no_action": read("no_action")},
        [Question("9.14", "default_action", "What is the action of a policy without one?", _default_action)],
    ),
    Experiment(
        "Create a policy without authentication method",
        {
            "no_method": create_esp("no_method", authentication_method=None),
            "read_no_method": read("no_method"),
        },
        [
            Question(
                "9.14", "default_authentication_method", "What is the method of a policy with a key?", _default_method
            )
        ],
        since=POLICY.by_option["authentication_method"].since,
    ),
    Experiment(
        "Create a bypass with a key",
        {"create": create("ignored", secret_key=KEY)},
        [Question("9.15", "ignored_authentication", "Is 66257112 an error?", _ignored)],
    ),
    Experiment(
        "Create a policy without remote endpoint",
        {"create": create("one_end", remote_endpoint=None)},
        [
            Question(
                "2, 4.1",
                "endpoints_required",
                "Does a create have to have both endpoints?",
                whether("create", ("no", False), ("yes", True)),
            )
        ],
    ),
)
