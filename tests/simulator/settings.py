# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of an array that a test may turn while it runs."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any, Generic, TypeVar, overload

from .state import State
from .unknowns import Unknowns
from .versions import parse

T = TypeVar("T")


class _Setting(Generic[T]):
    """An attribute of the state, read and set under the lock; `meaning` is for who reads this file."""

    def __init__(self, meaning: str) -> None:
        self.__doc__ = meaning

    def __set_name__(self, owner: type[Settings], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, settings: None, owner: type[Settings]) -> _Setting[T]:
        """On the class: the setting itself."""

    @overload
    def __get__(self, settings: Settings, owner: type[Settings]) -> T:
        """On an array: the value."""

    def __get__(self, settings: Settings | None, owner: type[Settings]) -> Any:
        if settings is None:
            return self
        with settings._lock:
            return self._read(settings._state)

    def __set__(self, settings: Settings, value: T) -> None:
        with settings._lock:
            self._write(settings._state, value)

    def _read(self, state: State) -> Any:
        return getattr(state, self._name)

    def _write(self, state: State, value: T) -> None:
        setattr(state, self._name, value)


class _OfIpsec(_Setting[T]):
    """A part of the configuration of the IPsec service, which is stored under the name that the API has for it."""

    def _read(self, state: State) -> Any:
        return state.ipsec[self._name.removeprefix("ipsec_")]

    def _write(self, state: State, value: T) -> None:
        state.configure_ipsec({self._name.removeprefix("ipsec_"): value})


class _OfEvents(_Setting[int | None]):
    """How much of the log of events is kept."""

    def _read(self, state: State) -> Any:
        return state.events.size

    def _write(self, state: State, value: int | None) -> None:
        state.events.size = value


class Settings:
    """What can be read and set as attributes; a reset puts all of it back."""

    unknowns = _Setting[Unknowns]("The switches for what the fact sheet marks unknown.")
    rules_in_policies = _Setting[int | None](
        "The most rules that the record of an export policy holds (fact sheet 7.1)."
    )
    page_size = _Setting[int]("The most records that a page holds.")
    policy_limit_per_svm = _Setting[int | None]("Policies that an SVM can have (66257121).")
    policy_limit_cluster = _Setting[int | None]("Policies in all (66257130).")
    request_limit = _Setting[int | None]("Requests at once; one more is answered 429 (262160).")
    search_rate = _Setting[int | None](
        "Records that a request to a collection looks at in a second, until its return_timeout is over (fact sheet 3.3, 4.3)."
    )
    migrating_svms = _Setting[set[str]]("Names of SVMs that are being migrated (66257142).")
    out_of_quorum = _Setting[set[str]](
        "Names of nodes that the others don't hear of: no write to IPsec is done (393271), their associations are not listed."
    )
    mixed_version = _Setting[bool]("Some node runs a release without IPsec (66257199).")
    low_ecv = _Setting[bool]("The effective cluster version is too low (66257201).")
    metrocluster = _Setting[bool]("The cluster is a MetroCluster (66257396).")
    now = _Setting[datetime | None]("What time it is on the array; None is the time of this machine.")
    auto_establish = _Setting[bool | int](
        "Protecting policies get associations by themselves: when somebody looks (True), or after as many looks in vain."
    )
    event_log_size = _OfEvents("How many events the log keeps; None is no limit.")
    ipsec_enabled = _OfIpsec[bool]("Whether IPsec is enabled.")
    replay_window = _OfIpsec[int]("The replay window of IPsec.")
    offload_enabled = _OfIpsec[bool]("Whether hardware does the work of IPsec.")
    restarts = _Setting[int]("How often ONTAP restarted because of a certificate (fact sheet 4.2).")

    def __init__(self, state: State, lock: threading.RLock) -> None:
        self._state = state
        self._lock = lock

    @property
    def version(self) -> str:
        """The release, as "9.17.1"."""
        with self._lock:
            return self._state.version_text

    @version.setter
    def version(self, text: str) -> None:
        parse(text)
        with self._lock:
            self._state.version_text = text
