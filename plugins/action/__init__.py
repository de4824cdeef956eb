# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every task of the collection executes, imported in the process that Ansible forks its workers from.

Ansible imports this package there, when it looks up the first task. It keeps no bytecode of collections, so each worker, which
is one for each task and host, would otherwise compile and import all of it anew: most of what a task costs.
"""

from __future__ import annotations

from ..modules import ipsec_policy
from . import _ipsec_policy

__all__ = ["_ipsec_policy", "ipsec_policy"]
