"""Which test rows are meant: all of them, or those with a value in a column."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from promptune.core.task import Example, Row
from promptune.errors import Problem
from promptune.registry import did_you_mean
from promptune.tasks.folder import TaskData


@dataclass(frozen=True)
class Chosen:
    examples: tuple[Example, ...]
    problems: tuple[Problem, ...] = ()


def chosen(data: TaskData, where: str | None) -> Chosen:
    """`where` is column=value. Every row that is meant says what is right; else that is a problem, and there are none."""
    examples = data.examples.get("test", ())
    if not examples:
        return _wrong("task", f"{data.task.name!r} has no test rows.")
    if where is not None:
        column, equals, wanted = where.partition("=")
        if not equals:
            return _wrong("where", f"{where!r} is no column=value.")
        if column not in data.columns():
            return _wrong("where", f"the task has no column {column!r}. {did_you_mean(column, data.columns())}")
        numbers = {row.number for row in data.rows["test"] if _has(row, column, wanted)}
        examples = tuple(example for example in examples if example.row in numbers)
        if not examples:
            seen = sorted({_spelled(row.values[column]) for row in data.rows["test"] if column in row.values})
            return _wrong("where", f"no test row has {column}={wanted}. {_values(seen)}")
    if without := [str(example.row) for example in examples if not example.references]:
        named = ", ".join(without[:10]) + (f" and {len(without) - 10} more" if len(without) > 10 else "")
        return _wrong("task", f"nothing says what is right in test row{'s' * (len(without) > 1)} {named}: its template has no completion (|||) there.")
    return Chosen(examples)


def _wrong(field: str, what: str) -> Chosen:
    return Chosen((), (Problem(field, what),))


def _has(row: Row, column: str, wanted: str) -> bool:
    return column in row.values and _spelled(row.values[column]) == wanted


def _spelled(value: object) -> str:
    """Texts as they are, everything else as JSON writes it: true, 3, null."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _values(seen: Sequence[str]) -> str:
    shown = [one for one in seen if len(one) <= 40][:8]
    return f"It has {', '.join(shown)}{' …' if len(shown) < len(seen) else ''}." if shown else ""
