# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a daemon is told to load, and to forget, given what it has and what it was told before. Real daemons are in tests/hosts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._1_daemons.daemon import Daemon, DaemonError
from ansible_collections.wiresec.ontap.plugins.modules import ipsec_client_load


class Told(Daemon):
    """A daemon that does as it is told, and remembers it. files: connections and their digests."""

    def __init__(self, files: Mapping[str, str], started_with_them: bool) -> None:
        self.process, self.files, self.started_with_them = "1", dict(files), started_with_them
        self.has = dict(files) if started_with_them else {}
        self.asleep = 0
        self.refuses: set[str] = set()

    def incarnation(self) -> str:
        if self.asleep:
            self.asleep -= 1
            raise DaemonError("It does not answer.")
        return self.process

    def has_read_the_files(self) -> bool:
        return self.started_with_them

    def wanted(self) -> Mapping[str, str]:
        return self.files

    def loaded(self) -> set[str]:
        return set(self.has)

    def load(self, names: Iterable[str], known: Mapping[str, str]) -> None:
        assert known.items() <= self.has.items()
        self.has.update({name: self.files[name] for name in names if name not in self.refuses})

    def unload(self, names: Iterable[str]) -> None:
        for name in names:
            del self.has[name]

    def trapped(self) -> set[str]:
        return set(self.has)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where is noted what was loaded."""
    return tmp_path / "state.json"


def run(daemon: Daemon, state: Path, check_mode: bool = False) -> dict[str, Any]:
    return ipsec_client_load.run(daemon, str(state), 10, check_mode)


def loaded(daemon: Daemon, state: Path, check_mode: bool = False) -> tuple[bool, list[str], list[str]]:
    """Whether there was a change, what was loaded, and what was unloaded."""
    result = run(daemon, state, check_mode)
    return result["changed"], result["loaded"], result["unloaded"]


NOTHING: tuple[bool, list[str], list[str]] = (False, [], [])


@pytest.mark.parametrize(("started_with_them", "first"), [(True, NOTHING), (False, (True, ["a", "b"], []))])
def test_what_a_daemon_has_is_not_loaded_again(
    state: Path, started_with_them: bool, first: tuple[bool, list[str], list[str]]
) -> None:
    daemon = Told({"a": "1", "b": "1"}, started_with_them)
    assert loaded(daemon, state) == first
    assert loaded(daemon, state) == NOTHING
    assert run(daemon, state)["connections"] == ["a", "b"]


def test_what_is_new_or_changed_is_loaded_and_what_is_gone_unloaded(state: Path) -> None:
    daemon = Told({"a": "1", "b": "1", "c": "1"}, started_with_them=True)
    run(daemon, state)
    daemon.files = {"a": "1", "b": "2", "d": "1"}
    assert loaded(daemon, state, check_mode=True) == (True, ["b", "d"], ["c"])
    assert daemon.has == {"a": "1", "b": "1", "c": "1"}
    assert loaded(daemon, state) == (True, ["b", "d"], ["c"])
    assert daemon.has == daemon.files
    assert loaded(daemon, state) == NOTHING


@pytest.mark.parametrize("noted", ["another process", "no JSON", "a list", "nothing"])
def test_what_was_noted_of_another_process_or_can_not_be_read_is_not_believed(state: Path, noted: str) -> None:
    daemon = Told({"a": "1"}, started_with_them=False)
    run(daemon, state)
    daemon.has = {"a": "0"}
    assert loaded(daemon, state, check_mode=True) == NOTHING
    content = json.loads(state.read_text())
    state.write_text(
        {
            "another process": json.dumps({**content, "daemon": "2"}),
            "no JSON": state.read_text()[:-1],
            "a list": json.dumps([content]),
            "nothing": "",
        }[noted]
    )
    assert loaded(daemon, state) == (True, ["a"], [])
    assert daemon.has == daemon.files


def test_what_does_not_come_into_force_is_told_and_no_change_of_that_run_is_taken_for_known(state: Path) -> None:
    daemon = Told({"a": "1", "b": "1"}, started_with_them=True)
    run(daemon, state)
    daemon.files, daemon.refuses = {"a": "1", "b": "2", "c": "1"}, {"c"}
    with pytest.raises(DaemonError, match="not in force, so their packets may leave in clear: c[.]"):
        run(daemon, state)
    assert daemon.has == {"a": "1", "b": "2"}
    daemon.files = {"a": "1", "b": "1"}
    assert loaded(daemon, state) == (True, ["b"], [])
    assert daemon.has == daemon.files


def test_a_daemon_that_starts_is_waited_for(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(ipsec_client_load.time, "sleep", waited.append)
    daemon = Told({"a": "1"}, started_with_them=True)
    daemon.asleep = 3
    assert loaded(daemon, state) == NOTHING
    assert len(waited) == 3
    daemon.asleep = 1
    with pytest.raises(DaemonError, match="does not answer"):
        ipsec_client_load.run(daemon, str(state), 0, False)
