# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the files of a task on the controller, and then runs the module as any other; documented in modules/certificate.py."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleError

from ..module_utils._0_basics.errors import InvalidInput
from ..modules.certificate import FILES
from ..plugin_utils._0_execution.in_process import InProcessAction


class ActionModule(InProcessAction):
    """A module whose options may be files."""

    def run(self, tmp: str | None = None, task_vars: Any = None) -> dict[str, Any]:
        """As in Ansible, once the options have what is in the files."""
        try:
            self._task.args = self._with_files(dict(self._task.args))
        except InvalidInput as error:
            return {"failed": True, **error.result()}
        result: dict[str, Any] = super().run(tmp, task_vars)
        return result

    def _with_files(self, options: dict[str, Any]) -> dict[str, Any]:
        problems = []
        for option in FILES:
            path = options.get(f"{option}_path")
            if path is None:
                continue
            if options.get(option) is not None:
                problems.append(f"{option}, {option}_path: give one of them.")
                continue
            try:
                text = self._content(str(path))
            except (AnsibleError, OSError, UnicodeDecodeError) as error:
                problems.append(f"{option}_path: {_why(option, str(path), error)}")
                continue
            del options[f"{option}_path"]
            options[option] = [text] if option == "intermediate_certificates" else text
        if problems:
            raise InvalidInput(*problems)
        return options

    def _content(self, path: str) -> str:
        """The text of a file, found as files are that a task copies, and decrypted if Ansible Vault has encrypted it."""
        real = self._loader.get_real_file(self._find_needle("files", path))
        try:
            with open(real, encoding="utf-8") as stream:
                return stream.read()
        finally:
            self._loader.cleanup_tmp_file(real)


def _why(option: str, path: str, error: Exception) -> str:
    """Why a file could not be read, without any part of it."""
    if isinstance(error, UnicodeDecodeError):
        command = "pkey" if option == "private_key" else "x509"
        return f"{path} is no text: give PEM (openssl {command} -inform der -in {path})."
    if isinstance(error, OSError):
        return f"{path} can't be read: {error.strerror}."
    return f"{path} can't be read: {str(error).splitlines()[0].rstrip('.')}."
