# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program behind ``make bench``: it makes the folders known to Python, then runs the command."""

from __future__ import annotations

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path[0] = str(CHECKOUT)
sys.path[1:1] = [str(CHECKOUT / ".venv"), str(CHECKOUT / "tests")]

from benchmarks.command import main  # noqa: E402 - it is found only now

if __name__ == "__main__":
    sys.exit(main())
