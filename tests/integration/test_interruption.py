# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that is to end early: whichever request its time runs out at, nothing is left half done, and the result is true.

Ansible ends a task (the keyword ``timeout``) by an alarm whose handler raises. Here the simulator rings it, in the middle
of a request, so that no test waits for a clock.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.modules import (
    ipsec_ca_certificate,
    ipsec_config,
    ipsec_policies,
    ipsec_policy,
    ipsec_probe,
)
from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_execution.in_process import _Finished, _Module
from simulator import Simulator
from support.harness import CHECKOUT, login

WEB = {"name": "web", "svm": "svm1"}
PROTECTING = {
    **WEB,
    "action": "esp_transport",
    "local_endpoint": {"address": "10.0.0.1", "netmask": "32"},
    "remote_endpoint": {"address": "10.0.1.0", "netmask": "24"},
}
KEY, NEW_KEY = "the-key-that-was-there-before", "the-key-of-the-rotation-test"
POLICIES = "/security/ipsec/policies"


class TimeIsUp(BaseException):
    """As Ansible's own exception: nothing that a module catches."""


@contextmanager
def alarm() -> Iterator[None]:
    """Within, an alarm raises in the main thread."""

    def ring(number: int, frame: Any) -> None:
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


class Bell:
    """Sends a process a signal when an array gets a request that fits. ``rang``: whether there was one."""

    array: Simulator
    rang = False
    process = os.getpid()
    number = signal.SIGALRM

    def arm(self, fits: Callable[[Any], bool]) -> None:
        self.rang, self._fits = False, fits

    def heard(self, line: Any) -> None:
        if not self.rang and self._fits(line):
            self.rang = True
            os.kill(self.process, self.number)


@pytest.fixture
def bell(make_array: Callable[..., Simulator]) -> Bell:
    bell = Bell()
    bell.array = make_array(on_request=bell.heard)
    return bell


def run(module: Any, array: Simulator, options: dict[str, Any]) -> dict[str, Any] | None:
    """The result of a module as it comes from Ansible's own process, ``None`` if the alarm ended it."""
    with alarm():
        try:
            module.main(partial(_Module, {**login(array), "retries": 2, **options}))
        except _Finished as finished:
            return finished.result
        except TimeIsUp:
            return None
    raise AssertionError("It ended without a result.")


def rotation(array: Simulator) -> None:
    record = {**PROTECTING, "svm": "svm1", "enabled": True, "authentication_method": "psk", "secret_key": KEY}
    array.add_policy(record)
    array.fault("unavailable", "POST", POLICIES, retry_after="0")


def modification(array: Simulator) -> None:
    array.add_policy({**PROTECTING, "enabled": True, "authentication_method": "psk", "secret_key": KEY})
    array.fault("unavailable", "PATCH", f"{POLICIES}/*", retry_after="0")


def service(array: Simulator) -> None:
    array.fault("unavailable", "PATCH", "/security/ipsec", occurrence=3, retry_after="0")


def nothing(array: Simulator) -> None:
    """The array is as it is."""


@dataclass(frozen=True)
class Task:
    """A module, what it is to do, and what it finds.

    whole: whether an array with a result of the task has no change that is half done. writes: how many there are at least.
    stride: every so many requests, where there are hundreds.
    """

    module: Any
    options: dict[str, Any]
    whole: Callable[[Simulator, dict[str, Any]], bool]
    prepare: Callable[[Simulator], None] = nothing
    writes: int = 1
    stride: int = 1


ROTATION = {**PROTECTING, "secret_key": NEW_KEY, "update_secret_key": "always", "recreate": True}
SET = [{**PROTECTING, "name": f"p{number}", "secret_key": KEY} for number in range(5)]


def web(array: Simulator) -> dict[str, Any]:
    return array.policy("web", "svm1") or {}


TASKS = {
    "create": Task(ipsec_policy, {**PROTECTING, "secret_key": KEY}, lambda array, _told: bool(web(array))),
    "modify": Task(
        ipsec_policy, {**WEB, "enabled": False}, lambda array, _told: not web(array)["enabled"], modification, 2
    ),
    "delete": Task(ipsec_policy, {**WEB, "state": "absent"}, lambda array, _told: not web(array), modification),
    "rotation": Task(ipsec_policy, ROTATION, lambda array, _told: web(array).get("secret_key") == NEW_KEY, rotation, 3),
    "offload": Task(
        ipsec_config,
        {"offload_enabled": True, "replay_window": 0, "force": True},
        lambda array, _told: array.ipsec_enabled and array.offload_enabled,
        service,
        4,
    ),
    "authority": Task(
        ipsec_ca_certificate,
        {"name": "ipsec-ca", "svm": "svm1"},
        lambda array, told: told["registered"] and len(array.ca_certificates()) == 1,
    ),
    "set": Task(
        ipsec_policies,
        {"policies": SET, "concurrency": 2},
        lambda array, told: len(array.policies()) == told["summary"]["done"] == 5 - told["summary"]["not_attempted"],
        nothing,
        5,
    ),
    "probe": Task(
        ipsec_probe,
        {"svm": "svm1", "prefix": "wiresec-probe-"},
        lambda array, told: len(array.policies()) == 1 and told["left"] == [],
        modification,
        20,
        29,
    ),
}


def state(array: Simulator) -> str:
    """Everything that a task could change."""
    service = [array.ipsec_enabled, array.replay_window, array.offload_enabled]
    return json.dumps([array.policies(), array.ca_certificates(), service], sort_keys=True)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_whenever_the_time_is_up_nothing_is_half_done_and_the_result_is_true(bell: Bell, task: Task) -> None:
    array = bell.array
    most = 0
    for at in range(1, 1000, task.stride):
        array.reset()
        task.prepare(array)
        array.clear_log()
        before = state(array)
        bell.arm(lambda _line, at=at: len(array.requests) == at)
        result = run(task.module, array, task.options)
        writes = [one for one in array.requests if one.method != "GET"]
        most = max(most, len(writes))
        if not bell.rang:
            assert result is not None
            assert "failed" not in result, result["msg"]
            break
        if result is None:
            assert writes == []
            assert state(array) == before
            continue
        assert writes
        assert "keyword timeout" in result["msg"]
        assert result["failed"] is True
        assert result["changed"] is (state(array) != before)
        assert task.whole(array, result), at
        assert [secret for secret in (KEY, NEW_KEY) if secret in json.dumps(result)] == []
    assert most >= task.writes


def test_a_probe_whose_time_is_up_asks_nothing_more(bell: Bell) -> None:
    bell.arm(lambda line: line.method == "POST")
    result = run(ipsec_probe, bell.array, {"svm": "svm1", "prefix": "wiresec-probe-"})
    assert result is not None
    assert result["report"]["stopped"] == "the time of the task is over"
    assert [one.method for one in bell.array.requests].count("POST") == 1
    assert result["left"] == bell.array.policies() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_process_that_is_to_end_brings_its_change_to_the_end(bell: Bell, number: signal.Signals) -> None:
    array = bell.array
    rotation(array)
    given = {**login(array), "retries": 2, **ROTATION}
    # What a shell starts in the background inherits that SIGINT is ignored, and nothing would end then.
    heard = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    module = f"runpy.run_module({ipsec_policy.__name__!r}, run_name='__main__')"
    command = [sys.executable, "-c", f"import runpy, signal; {heard}; {module}"]
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT / ".venv")},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        bell.process, bell.number = process.pid, number
        bell.arm(lambda line: line.method == "DELETE")
        process.communicate(json.dumps({"ANSIBLE_MODULE_ARGS": given}))
    assert bell.rang
    assert web(array)["secret_key"] == NEW_KEY
    assert process.returncode == -number
