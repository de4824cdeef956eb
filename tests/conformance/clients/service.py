# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IPsec service: read it, change it, read it again, and be refused."""

from __future__ import annotations

from netapp_ontap.resources import Ipsec
from script import arguments, refused, report


def shown(ipsec: Ipsec) -> dict[str, object]:
    """Return the configuration as the client has it."""
    return {name: getattr(ipsec, name) for name in ("enabled", "replay_window", "offload_enabled")}


def config() -> dict[str, object]:
    """Return the configuration as it is read anew."""
    ipsec = Ipsec()
    ipsec.get()
    return shown(ipsec)


def changed(**changes: object) -> dict[str, object]:
    """Return the configuration that a change, which is read back at once, ends in."""
    ipsec = Ipsec()
    for name, value in changes.items():
        # The client sends what was assigned, not what an object is made with.
        setattr(ipsec, name, value)
    ipsec.patch(hydrate=True)
    return shown(ipsec)


arguments()
outcome = {
    "first": config(),
    "offload_while_enabled": refused(lambda: changed(offload_enabled=True)),
    "replay": changed(replay_window=64),
    "disabled": changed(enabled=False),
    "offload_with_replay": refused(lambda: changed(offload_enabled=True)),
    "offload": changed(replay_window=0, offload_enabled=True),
    "enabled": changed(enabled=True),
    "no_such_window": refused(lambda: changed(replay_window=65)),
}
outcome["last"] = config()
report(outcome)
