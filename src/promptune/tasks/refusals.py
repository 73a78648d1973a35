"""Why a row is no example, in words that name its column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from promptune.core.task import Row, Task
from promptune.errors import TemplateError, UserError
from promptune.registry import did_you_mean
from promptune.sandbox import RowFailed
from promptune.tasks.tables.table import BadRow


def wrong(task: Task, prompt: str, completions: Sequence[str], choices: Sequence[str], answered: bool) -> str:
    if not prompt:
        return "its prompt is empty"
    if len(completions) > 1:
        return "its template writes ||| more than once"
    if answered and not any(completions):
        return "its completion is empty"
    if "" in choices:
        return "one of its answer choices is empty"
    if task.answer_type == "choice" and completions and completions[0] not in choices:
        return f"its completion {_short(completions[0])} is not among its choices: {', '.join(map(_short, choices))}"
    if task.answer_type == "number" and completions and not re.search(r"\d", completions[0]):
        return f"its completion {_short(completions[0])} holds no number"
    return ""


def failed(row: Row, failed: RowFailed, written: Mapping[str, str]) -> BadRow:
    """Which column it was: of the names in the expression that failed, the one that this row has nothing for."""
    columns = {name: column for column, name in written.items()}
    null = [name for name in failed.names or columns if name in columns and row.values.get(columns[name], "") is None]
    where = f", which its {failed.text} prints" if failed.text == "template" else f", which its {failed.text.replace('_', ' ')} print"
    if failed.kind == "absent":
        name = failed.names[0]
        near = did_you_mean(name, row.values)
        return BadRow(row.number, columns.get(name, name), f"it is not there{where}. {near}".rstrip("."))
    if failed.kind == "null":
        name = (null or list(failed.names) or [""])[0]
        column = columns.get(name, name)
        return BadRow(row.number, column, f"it {'holds' if row.values.get(column) is not None else 'is'} null (None){where}")
    return BadRow(row.number, columns[null[0]] if len(null) == 1 else "", f"its {failed.text.replace('_', ' ')} failed: {failed.what}")


def unasked(failed: RowFailed, values: Mapping[str, Any], written: Mapping[str, str]) -> UserError:
    columns = {name: column for column, name in written.items()}
    if failed.kind == "absent":
        todo = did_you_mean(failed.names[0], values) if len(failed.names) == 1 else f"Given: {', '.join(values) or 'nothing'}."
        return UserError(f"the prompt needs {', '.join(failed.names)}.", where="row", todo=todo)
    if failed.kind == "null":
        null = [columns[name] for name in failed.names if name in columns and values[columns[name]] is None]
        return UserError(f"{', '.join(null or failed.names)} is null (None), and the prompt prints it.", where="row", todo="Give a value.")
    return TemplateError(f"{failed.what}.", where=failed.text, todo="Correct the template or the values.")


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}…")
