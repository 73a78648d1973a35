"""A task's folder: its YAML, and a table for each split. Built-in tasks and kept ones lie on the disk alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptune.core.task import SPLITS, Example, Row, Split, Task
from promptune.errors import UserError
from promptune.tasks.definition import TaskFile
from promptune.tasks.render import Renderer
from promptune.tasks.tables import read_table
from promptune.tasks.tables.collect import Record, collect
from promptune.tasks.tables.table import Found, Table

YAML = "task.yaml"


@dataclass(frozen=True)
class TaskData:
    """A task with everything it has. A split without rows is not among its keys."""

    task: Task
    rows: Mapping[Split, tuple[Row, ...]]
    examples: Mapping[Split, tuple[Example, ...]]

    def columns(self) -> list[str]:
        """In the order they are first seen."""
        return list(dict.fromkeys(name for rows in self.rows.values() for row in rows for name in row.values))


def read(file: Path, renderer: Renderer) -> TaskData:
    """A complete task: `file` is its YAML, its tables lie beside it. Raises what is wrong, and keeps no half of it."""
    form = TaskFile.load(file)
    rows: dict[Split, tuple[Row, ...]] = {}
    for split, table in tables(form, file.parent).items():
        if table.bad:
            raise UserError(f"{split}: {table.bad[0]}", where=file.name, todo="Mend the row.")
        if table.rows:
            rows[split] = table.rows
    task = complete(form, file.name)
    examples = {}
    for split, of_split in rows.items():
        rendered = renderer.examples(task, of_split, split)
        if rendered.bad:
            raise UserError(f"{split}: {rendered.bad[0]}", where=file.name, todo="Mend the row or the template.")
        examples[split] = rendered.examples
    return TaskData(task, rows, examples)


def tables(form: TaskFile, place: Path) -> dict[Split, Table]:
    """The given splits of a task, in their order."""
    if isinstance(form.rows, str):
        raise UserError("its rows are not split yet.", where=YAML, todo="Make a task of it: promptune tasks new FILE.")
    found: dict[Split, Table] = {}
    for split in SPLITS:
        if (given := form.rows.get(split)) is not None:
            found[split] = read_table(beside(place, given), form.read) if isinstance(given, str) else inline(given)
    return found


def inline(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Rows that stand in the YAML itself."""
    return collect((Record(None, dict(row)) for row in rows), Found("json", 0, "UTF-8"))


def beside(place: Path, name: str) -> Path:
    """A file of the task's own folder: a YAML that somebody else wrote must not read what lies elsewhere."""
    path = place / name
    if Path(name).is_absolute() or not path.resolve().is_relative_to(place.resolve()):
        raise UserError(f"{name!r} leads out of the task's folder.", where="rows", todo="Name a file that lies beside the task's YAML.")
    return path


def complete(form: TaskFile, where: str) -> Task:
    missing = [key for key in ("name", "template", "input", "answer_type", "metrics") if not getattr(form, key)]
    if missing or form.answer_type is None:
        raise UserError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing.", where=where, todo="Make a task of it: promptune tasks new FILE."
        )
    return Task(
        name=form.name,
        title=form.title or form.name,
        template=form.template,
        input=form.input,
        answer_choices=form.answer_choices,
        rationale=form.rationale,
        also=form.also,
        answer_type=form.answer_type,
        metrics=form.metrics,
        group=form.group,
        source=form.source,
        columns=form.columns,
        description=form.description,
    )


def write(folder: Path, task: Task, rows: Mapping[Split, Sequence[Row]]) -> None:
    """As `read` finds it again: every value as it is."""
    names = {split: f"{split}.jsonl" for split in SPLITS if rows.get(split)}
    for split, name in names.items():
        lines = (json.dumps(row.values, ensure_ascii=False) for row in rows[split])
        (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (folder / YAML).write_text(TaskFile.of(task, names).dump(), encoding="utf-8")
