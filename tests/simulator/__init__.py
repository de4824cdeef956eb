# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stateful ONTAP over real HTTPS, as far as IPsec goes.

Its sources are the 9.7 reference and a fact sheet of how releases differ, docs/ontap_facts.md; a comment such as
"fact sheet 4.2" names a paragraph of it. What nobody could find out is a switch, see `Unknowns`.
"""

from __future__ import annotations

from .messages import Request
from .server import Simulator
from .unknowns import Unknowns

__all__ = ["Request", "Simulator", "Unknowns"]
