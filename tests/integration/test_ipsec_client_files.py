# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a client are written at all. What becomes of them shows in test_ipsec_client_config.py, where an action plugin sends them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.modules import ipsec_client_files


@pytest.mark.parametrize(
    ("names", "odd"),
    [
        (["ssh.conf"], "ssh.conf"),
        (["../wiresec-a.conf"], "../wiresec-a.conf"),
        (["wiresec-/a.conf", "wiresec-b.conf"], "wiresec-/a.conf"),
        (["wiresec-a.conf", "wiresec-a.conf", "b.conf"], "wiresec-a.conf, b.conf"),
    ],
)
def test_only_files_of_this_collection_are_written_and_each_once(tmp_path: Path, names: list[str], odd: str) -> None:
    files = [{"name": name, "content": ""} for name in names]
    module: Any = SimpleNamespace(params={"directory": str(tmp_path), "files": files})
    with pytest.raises(ipsec_client_files.Refused, match=f"begin with wiresec-, .* and be different: {odd}[.]$"):
        ipsec_client_files.run(module)
    assert list(tmp_path.iterdir()) == []
