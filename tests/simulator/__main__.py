# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m simulator` and `python tests/simulator`."""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:
    # Started by its path, Python looks for modules inside of the package instead of beside it.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from simulator.command import main

sys.exit(main())
