# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ipsec_probe inside of Ansible's own process where that makes no difference but to its speed."""

from __future__ import annotations

from ansible_collections.wiresec.ontap.plugins.plugin_utils.in_process import InProcessAction as ActionModule

__all__ = ["ActionModule"]
