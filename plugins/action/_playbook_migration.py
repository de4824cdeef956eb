# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves playbooks from netapp.ontap on the controller; documented in modules/playbook_migration.py."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.parsing.vault import is_encrypted
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._0_basics.errors import InvalidInput, counted
from ..module_utils._5_task import given, options
from ..modules import ipsec_ca_certificate, ipsec_config
from ..modules.playbook_migration import OPTIONS
from ..plugin_utils._0_execution.in_process import plain
from ..plugin_utils._0_migration.netapp_ontap import Moved, Playbook, Question, Unreadable, without_secrets
from ..plugin_utils._0_reports.report_files import write_whole

_SUFFIXES = (".yml", ".yaml")
_NOT_OF_USERS = ("ansible_collections", "node_modules")
_SPECS: dict[str, dict[str, Any]] = {
    "wiresec.ontap.ipsec_policy": {
        **options.CONNECTION,
        **options.POLICY,
        **options.PERMISSIONS,
        **options.VERIFICATION,
        **options.IMPACT,
    },
    "wiresec.ontap.ipsec_config": {**options.CONNECTION, **ipsec_config.OPTIONS},
    "wiresec.ontap.ipsec_ca_certificate": {**options.CONNECTION, **ipsec_ca_certificate.OPTIONS},
}
_KNOWN = {
    module: {name for option, row in spec.items() for name in (option, *row.get("aliases", []))}
    for module, spec in _SPECS.items()
}


class ActionModule(ActionBase):
    """See the documentation of the module."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Reads all files, then writes those that change."""
        result: dict[str, Any] = {**super().run(tmp, task_vars), "changed": False}
        try:
            given.check(OPTIONS, plain(self._task.args))
            _validation, params = self.validate_argument_spec(OPTIONS)
            return {**result, **self._move(params["paths"])}
        except InvalidInput as error:
            return {**result, "failed": True, "msg": str(error)}

    def _move(self, paths: Sequence[str]) -> dict[str, Any]:
        texts, questions = _read(paths)
        moved, unread = _moved(texts)
        questions += unread
        questions += [(path, question) for path, one in moved.items() for question in one.questions]
        changed = {path: one for path, one in moved.items() if one.text != texts[path]}
        if not self._task.check_mode:
            for path, one in changed.items():
                _write(path, one.text)
        told = [
            {"path": path, "line": question.line, "message": question.message}
            for path, question in sorted(questions, key=lambda one: (one[0], one[1].line))
        ]
        tasks = sum(one.tasks for one in changed.values())
        text = _said(tasks, len(changed), len(texts), len(told), self._task.check_mode)
        Display().display(text)
        return {
            "changed": bool(changed),
            "msg": text,
            "tasks": tasks,
            "files": list(changed),
            "questions": told,
            # Ansible shows them after the diffs, which may be long.
            "warnings": [_place(one) for one in told],
            "diff": [
                {
                    "before": without_secrets(texts[path]),
                    "after": without_secrets(one.text),
                    "before_header": path,
                    "after_header": path,
                }
                for path, one in changed.items()
            ],
        }


def _read(paths: Sequence[str]) -> tuple[dict[str, str], list[tuple[str, Question]]]:
    """The texts of all files by path, and the files of folders that were not read. Raises ``InvalidInput``."""
    if not paths:
        raise InvalidInput("paths: names nothing. Give playbooks, or folders with playbooks and roles.")
    texts: dict[str, str] = {}
    questions = []
    for given_path in paths:
        top = os.path.expanduser(given_path)
        if not given_path.strip() or os.path.realpath(top) == os.sep or not os.path.exists(top):
            raise InvalidInput(f"paths: {given_path!r} is neither a file nor a folder that playbooks can be in.")
        before = len(texts)
        for path in _files(top):
            try:
                content = Path(path).read_bytes()
                if is_encrypted(content):
                    raise Unreadable("is encrypted as a whole, and was not looked at.")
                if os.path.islink(path):
                    raise Unreadable("is a link, and was not looked at: name what it leads to.")
                texts[path] = content.decode("utf-8")
            except UnicodeDecodeError:
                questions.append((path, Question(0, "is no UTF-8 text, and was not looked at.")))
            except OSError as error:
                questions.append((path, Question(0, f"can't be read: {error.strerror}.")))
            except Unreadable as error:
                questions.append((path, Question(error.line, error.message)))
        if len(texts) == before and not questions:
            raise InvalidInput(f"paths: no file in {given_path} ends with {' or '.join(_SUFFIXES)}.")
    return texts, questions


def _files(top: str) -> Iterator[str]:
    """A file itself, or the files of a folder that may be playbooks or tasks."""
    if os.path.isfile(top):
        yield os.path.realpath(top) if os.path.islink(top) else top
        return
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NOT_OF_USERS)
        for name in sorted(names):
            if name.lower().endswith(_SUFFIXES) and not name.startswith("."):
                yield os.path.normpath(os.path.join(folder, name))


def _moved(texts: Mapping[str, str]) -> tuple[dict[str, Moved], list[tuple[str, Question]]]:
    """What becomes of the files that can be read, and those that can't."""
    playbooks, moved, questions = {}, {}, []
    for path, text in texts.items():
        try:
            playbooks[path] = Playbook(text, _KNOWN)
        except Unreadable as error:
            questions.append((path, Question(error.line, error.message)))
    # A play may give its defaults to the tasks of another file.
    with_defaults = any(one.is_concerned for one in playbooks.values())
    for path, playbook in playbooks.items():
        try:
            moved[path] = playbook.move(with_defaults)
        except Unreadable as error:
            questions.append((path, Question(error.line, error.message)))
    return moved, questions


def _write(path: str, text: str) -> None:
    """Writes a file in one step, with the permissions that it has. Raises ``InvalidInput``."""
    try:
        write_whole(Path(path), text)
    except OSError as error:
        raise InvalidInput(
            f"{path} can't be written: {error.strerror}. What is before it in the order of paths has been."
        ) from None


def _place(question: Mapping[str, Any]) -> str:
    line = f":{question['line']}" if question["line"] else ""
    return f"{question['path']}{line}: {question['message']}"


def _said(tasks: int, changed: int, looked_at: int, questions: int, check: bool) -> str:
    """What people read first: how much moves, how much is left to them, and what to do next."""
    if not changed:
        moves = f"Nothing moves: {counted(looked_at, 'file was', 'files were')} looked at."
    else:
        verb, writes = ("would move", "would change") if check else ("moved", "changed")
        moves = (
            f"{counted(tasks, 'task', 'tasks')} {verb}: {changed} of {counted(looked_at, 'file', 'files')} {writes}."
        )
    asks = f" {counted(questions, 'place is', 'places are')} left to you, see the warnings." if questions else ""
    after = (
        " To write it, run this without --check."
        if check
        else " Now run them with --check --diff: nothing should change."
    )
    return f"{moves}{asks}{after if changed else ''}"
