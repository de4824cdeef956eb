# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs every module that meta/runtime.yml routes here inside of Ansible's own process, where that only changes its speed.

The name is that of one of them, because ansible-test asks for a module behind each action plugin (it overlooks the underscore).
"""

from __future__ import annotations

from ..plugin_utils._0_execution.in_process import InProcessAction as ActionModule

__all__ = ["ActionModule"]
