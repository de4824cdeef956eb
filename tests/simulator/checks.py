# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which fault a body is refused for if it has several."""

from __future__ import annotations

from types import TracebackType

from .errors import OntapError
from .unknowns import Unknowns


class Checks:
    """The checks of one body, each in a `with` of its own; what fails ends them at once, or `report` tells the last."""

    def __init__(self, unknowns: Unknowns) -> None:
        self._goes_on = unknowns.reported_fault == "last"
        self._fault: OntapError | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not self._goes_on or not isinstance(error, OntapError):
            return False
        self._fault = error
        return True

    def report(self) -> None:
        """Raise what has been kept for the end."""
        if self._fault is not None:
            raise self._fault
