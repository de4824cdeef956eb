# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the modules behave in check mode, diff mode and on a second run."""

from __future__ import annotations


class ModuleDocFragment:
    """See the module's docstring. Modules say themselves how far they support each attribute."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Predicts the result without writing anything to the array.
  diff_mode:
    description: Says what changed, or in check mode what would change.
  idempotent:
    description: A second run with the same options changes nothing, if nobody else changed the array meanwhile.
  action_group:
    description: Use C(group/wiresec.ontap.ontap) in C(module_defaults) to set the connection options for all modules.
    support: full
    membership:
      - wiresec.ontap.ontap
"""

    INFO_MODULE = r"""
attributes:
  check_mode:
    support: full
    details:
      - The module only reads.
  diff_mode:
    support: N/A
    details:
      - The module only reads.
  idempotent:
    support: full
    details:
      - The module only reads.
"""
