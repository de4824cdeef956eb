# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an IPsec policy consists of, as an entry of a list."""

from __future__ import annotations

import re
from textwrap import indent

from .policy import ModuleDocFragment as Policy


def _entry_of_a_list(options: str) -> str:
    """The documentation of options, with references that lead through the list; the module checks choices itself."""
    return re.sub(r"O\((?!ignore:)", "O(policies[].", re.sub(r" +choices: .*\n", "", options))


class ModuleDocFragment:
    """The options of the fragment ``policy`` one level below ``policies``."""

    # With its type, because ansible-test parses plain assignments, and can't parse one that is put together.
    DOCUMENTATION: str = """
options:
  policies:
    suboptions:
      name:
        description: Name of the policy, unique within its SVM; 1 to 64 ASCII characters. Needed.
        type: str
      state:
        description: V(present), which is the default, or V(absent).
        type: str
      update_secret_key:
        description: As O(update_secret_key), for this policy.
        type: str
      recreate:
        description: As O(recreate), for this policy.
        type: bool
""" + indent(_entry_of_a_list(Policy.DOCUMENTATION.partition("options:\n")[2]), "    ")
