"""From tables and what a person said of them to a task: what was left open is found, and everything wrong is told by row.

A draft is what the page previews and the command line prints; keeping it is another step.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from promptune.core.contender import slugify
from promptune.core.task import SPLITS, AnswerType, Example, Row, Split, Task
from promptune.errors import UserError
from promptune.registry import did_you_mean
from promptune.tasks import splits, templates
from promptune.tasks.answers import answer_kind
from promptune.tasks.definition import Making, TaskFile
from promptune.tasks.folder import TaskData
from promptune.tasks.overlap import exact
from promptune.tasks.render import Rendered, Renderer, check, retyped
from promptune.tasks.tables.table import BadRow, Found, Table

TOLD = 5  # bad rows that an error names
Tables = Mapping[Split, Table] | Table  # given splits, or one table to be split


@dataclass(frozen=True)
class BadIn:
    """A bad row, and the table it is in: a split, or empty where there is one table."""

    table: str
    bad: BadRow

    def __str__(self) -> str:
        return f"{self.table}, {self.bad}" if self.table else str(self.bad)


@dataclass(frozen=True)
class Draft:
    data: TaskData
    columns: tuple[str, ...]
    found: Mapping[str, Found]  # how each table was read, by split; under "" where there is one
    bad: tuple[BadIn, ...]
    used: str  # the library template it was made with; empty for a person's own
    warnings: tuple[str, ...]
    keep_good: bool  # the person agreed to go on without the bad rows

    @property
    def task(self) -> Task:
        return self.data.task


def unusable(bad: Sequence[BadIn]) -> str:
    """What is wrong with the first of them, and how many there are."""
    if not bad:
        return ""
    more = f"; and {len(bad) - TOLD:,} more" if len(bad) > TOLD else ""
    return f"{len(bad):,} row{'s' * (len(bad) > 1)} cannot be used: {'; '.join(map(str, bad[:TOLD]))}{more}."


def draft(tables: Tables, wanted: TaskFile, renderer: Renderer, *, title: str) -> Draft:
    """`title`: what the task is called where nobody said so, such as its file's name. Bad rows are told, never raised."""
    by_name: dict[str, Table] = {"": tables} if isinstance(tables, Table) else {split: tables[split] for split in SPLITS if split in tables}
    columns = tuple(dict.fromkeys(name for table in by_name.values() for name in table.columns))
    bad = [BadIn(name, one) for name, table in by_name.items() for one in table.bad]
    if not any(table.rows for table in by_name.values()):
        raise UserError(" ".join(filter(None, ("it has no rows.", unusable(bad)))), where="rows", todo="Mend them, or bring another table.")
    sample = [row.values for row in islice((row for table in by_name.values() for row in table.rows), 50)]
    wanted, used = _with_template(wanted, columns, sample)
    task = _task(wanted, columns, sample, title)
    check(task, columns)
    task, results = _rendered(task, wanted, by_name, renderer)
    rendered: dict[str, list[tuple[Row, Example]]] = {}
    for name, result in results.items():
        bad += [BadIn(name, one) for one in result.bad]
        there = {example.row: example for example in result.examples}
        rendered[name] = [(row, there[row.number]) for row in by_name[name].rows if row.number in there]
    try:
        data, warnings = _split(task, rendered, wanted)
    except UserError as error:  # there are too few, for which the bad ones are the reason
        raise UserError(" ".join(filter(None, (error.what, unusable(bad)))), where=error.where, todo=error.todo) from None
    return Draft(data, columns, {name: table.found for name, table in by_name.items()}, tuple(bad), used, warnings, wanted.keep_good)


def _with_template(wanted: TaskFile, columns: Sequence[str], sample: Sequence[Mapping[str, object]]) -> tuple[TaskFile, str]:
    """The person's own template, else the one of the library that they named, else the one that suits the columns."""
    if wanted.template:
        return wanted, ""
    if wanted.use:
        library = templates.library()
        if wanted.use not in library:
            raise UserError(f"no template {wanted.use!r} in the library.", where="template", todo=did_you_mean(wanted.use, library))
        chosen, mapping = library[wanted.use], library[wanted.use].guess(columns, sample) or {}
    elif guess := templates.best_guess(columns, sample):
        chosen, mapping = guess
    else:
        raise UserError(
            f"no template of the library suits the columns {', '.join(columns)}.",
            where="template",
            todo="Choose one and say what fills it, or write your own: “{{ question }} ||| {{ answer }}”.",
        )
    filled = chosen.fill({**mapping, **wanted.fills}, columns)
    fields = {key: getattr(filled, key) for key in ("template", "answer_choices", "rationale", "also", "answer_type", "metrics", "input")}
    return wanted.model_copy(update={key: value for key, value in fields.items() if value and not getattr(wanted, key)}), chosen.name


def _task(wanted: TaskFile, columns: Sequence[str], sample: Sequence[Mapping[str, object]], title: str) -> Task:
    for column in (*wanted.columns, wanted.group, wanted.source, wanted.input):
        if column and column not in columns:
            raise UserError(f"there is no column {column!r}.", where="task", todo=did_you_mean(column, columns))
    title = wanted.title or title
    return Task(
        name=wanted.name or slugify(title) or "task",
        title=title,
        template=wanted.template,
        input=wanted.input or _longest(wanted.template, columns, sample),
        answer_choices=wanted.answer_choices,
        rationale=wanted.rationale,
        also=wanted.also,
        answer_type=wanted.answer_type or "text",
        metrics=tuple(dict.fromkeys(wanted.metrics)),
        group=wanted.group,
        source=wanted.source,
        columns=tuple(columns),
        description=wanted.description,
    )


def _longest(template: str, columns: Sequence[str], sample: Sequence[Mapping[str, object]]) -> str:
    """The column that a person would type in: of those the prompt shows, the one with the longest text."""
    shown = templates.prompt_columns(template, columns) or list(columns)
    return max(shown, key=lambda column: statistics.fmean([len(str(row.get(column, ""))) for row in sample] or [0]))


def _rendered(task: Task, wanted: TaskFile, tables: Mapping[str, Table], renderer: Renderer) -> tuple[Task, dict[str, Rendered]]:
    """Where nobody said what an answer is, all the answers together say it, and are looked at again as that."""
    default: dict[AnswerType, tuple[str, ...]] = {"choice": ("accuracy",), "number": ("numeric_match",), "text": ("exact_match",)}
    results = {name: renderer.examples(task, table.rows) for name, table in tables.items()}
    if wanted.answer_type is not None:
        return replace(task, metrics=task.metrics or default[wanted.answer_type]), results
    found = answer_kind([example for result in results.values() for example in result.examples])
    choices = task.answer_choices or found.answer_choices
    task = replace(task, answer_type=found.answer_type, answer_choices=choices, metrics=task.metrics or found.metrics)
    if found.answer_choices and "answer_choices" in task.template:  # which asks otherwise where it knows the choices
        return task, {name: renderer.examples(task, table.rows) for name, table in tables.items()}
    return task, {name: retyped(task, result, found.choices) for name, result in results.items()}


def _split(task: Task, rendered: Mapping[str, Sequence[tuple[Row, Example]]], wanted: TaskFile) -> tuple[TaskData, tuple[str, ...]]:
    if not any(rendered.values()):
        raise UserError("no row can be used.", where="rows", todo="Mend the rows or the template.")
    warnings: tuple[str, ...] = ()
    given: dict[Split, list[tuple[Row, Example]]]
    if "" in rendered:
        pairs = rendered[""]
        making = wanted.splits or Making()
        made = splits.make([example for _, example in pairs], making.fractions, making.seed)
        warnings = made.warnings
        given = {split: [pairs[i] for i in indices] for split, indices in made.indices.items() if indices}
    elif wanted.splits:
        raise UserError("its tables are splits already, and how to make splits is said as well.", where="splits", todo="Leave out one of them.")
    else:
        given = {split: list(rendered[split]) for split in SPLITS if rendered.get(split)}
        if wanted.splits:
            warnings = ("The splits are given, so none were made.",)
    # From here on a row's number is its place in its own split, as it is when the task is read again.
    rows = {split: tuple(Row(n, row.values) for n, (row, _) in enumerate(pairs, 1)) for split, pairs in given.items()}
    examples = {split: tuple(replace(example, split=split, row=n) for n, (_, example) in enumerate(pairs, 1)) for split, pairs in given.items()}
    return TaskData(task, rows, examples), (*warnings, *(exact(examples).lines() if len(examples) > 1 else ()))
