# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in: does it end well?"""

from __future__ import annotations

from netapp_ontap.resources import IpsecPolicy
from script import arguments, refused, report

arguments()
report(refused(lambda: list(IpsecPolicy.get_collection())))
