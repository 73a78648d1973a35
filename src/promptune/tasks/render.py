"""Rows become examples: each a pure function of its task and its values, or a bad row that says why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from promptune.core.task import Example, Row, Split, Task
from promptune.errors import Problem, Problems, TemplateError, UserError
from promptune.registry import did_you_mean
from promptune.sandbox import RowDone, RowFailed, Sandbox
from promptune.tasks.names import Used, names, used
from promptune.tasks.refusals import failed, unasked, wrong
from promptune.tasks.tables.table import BadRow

# The sandbox's limits are for a batch: an honest template over an honest batch comes nowhere near them.
BATCH_ROWS = 250
BATCH_CHARACTERS = 2_000_000

INSIDE = re.compile(r"\{[{%]([^{}]{1,1000})")  # what an expression may hold

TEXTS = ("template", "answer_choices", "rationale", "also")


@dataclass(frozen=True)
class Rendered:
    """Every row is in one of them."""

    examples: tuple[Example, ...]
    bad: tuple[BadRow, ...]


@dataclass(frozen=True)
class _Encoded:
    row: Row
    text: str  # its values as JSON, by the names that the templates use


def check(task: Task, columns: Sequence[str]) -> None:
    """Everything wrong with a task's templates that can be told before a row is rendered, or a model loaded."""
    written = names(columns)
    known = set(written.values())
    problems: list[Problem] = []
    for field, text in _texts(task).items():
        try:
            needed = used(text, field).needed
        except TemplateError as error:
            spaced = [column for column, name in written.items() if column != name and any(column in inside for inside in INSIDE.findall(text))]
            todo = f"Write {spaced[0]!r} as {written[spaced[0]]}." if spaced else error.todo
            problems.append(Problem(field, f"{error.what} {todo}"))
            continue
        there = known | {"answer_choices"} if task.answer_choices.strip() and field != "answer_choices" else known
        problems += [Problem(field, f"there is no column {name!r}. {did_you_mean(name, known)}") for name in sorted(needed - there)]
    if task.answer_type == "choice" and not task.answer_choices.strip():
        problems.append(Problem("answer_choices", "an answer that is a choice needs its choices. Write them with ||| between them."))
    if not task.template.strip():
        problems.append(Problem("template", "it is empty. Write the prompt, then |||, then the completion."))
    if problems:
        raise Problems(problems, where=f"task {task.name}")


class Renderer:
    """Safe by construction: whatever a template says is worked out in the sandbox's child."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def examples(self, task: Task, rows: Sequence[Row], split: Split | None = None) -> Rendered:
        """A bad row does not hide the others; what is wrong with a template as a whole is raised."""
        texts = _texts(task)
        uses = {field: used(text, field) for field, text in texts.items()}
        columns = task.columns or tuple(dict.fromkeys(column for row in rows for column in row.values))
        written = {column: name for column, name in names(columns).items() if any(name in use.names for use in uses.values())}
        made: list[Example | BadRow] = []
        for batch in _batches(rows, written, made):
            try:
                results = self._sandbox.render_each(texts, [encoded.text for encoded in batch])
            except TemplateError as error:
                where = f"{error.where or 'template'}, rows {batch[0].row.number} to {batch[-1].row.number}"
                raise TemplateError(error.what, where=where, todo=error.todo) from None
            for encoded, result in zip(batch, results, strict=True):
                if isinstance(result, RowFailed):
                    made.append(failed(encoded.row, result, written))
                else:
                    made.append(_example(task, encoded.row, result, uses, split))
        bad = sorted((one for one in made if isinstance(one, BadRow)), key=lambda one: one.row)
        return Rendered(tuple(one for one in made if isinstance(one, Example)), tuple(bad))

    def ask(self, task: Task, values: Mapping[str, Any]) -> Example:
        """By hand: only the prompt, and the choices where they can be told. The completion may use what was not given."""
        written = names(task.columns or values)
        texts = {field: text for field, text in _texts(task).items() if field in ("template", "answer_choices")}
        for field, text in texts.items():
            used(text, field)
        try:
            row = _encode(values, written)
        except ValueError as error:
            raise UserError(f"{error}.", where="row", todo="Correct the value.") from None
        result = self._sandbox.render_each(texts, [row], asking=True)[0]
        if isinstance(result, RowFailed):
            raise unasked(result, values, written)
        prompt = result.pieces["template"][0]
        if not prompt:
            raise UserError("the prompt is empty.", where="row", todo=f"Give {task.input!r}.")
        example = Example(prompt, choices=tuple(result.pieces.get("answer_choices", ())), answer_type=task.answer_type)
        return replace(example, group=_column(values, task.group), source=_column(values, task.source))


def retyped(task: Task, rendered: Rendered, choices: Sequence[str]) -> Rendered:
    """Examples that were rendered as texts, as the task's answers turned out to be. `choices`: for rows that have none of their own."""
    good, bad = [], list(rendered.bad)
    for example in rendered.examples:
        one = replace(example, answer_type=task.answer_type, choices=example.choices or tuple(choices))
        what = wrong(task, one.prompt, [] if one.completion is None else [one.completion], one.choices, False)
        if what:
            bad.append(BadRow(one.row or 0, "", what))
        else:
            good.append(one)
    return Rendered(tuple(good), tuple(sorted(bad, key=lambda one: one.row)))


def _texts(task: Task) -> dict[str, str]:
    return {field: text for field in TEXTS if (text := getattr(task, field)).strip() or field == "template"}


def _encode(values: Mapping[str, Any], written: Mapping[str, str]) -> str:
    """JSON keeps every value as it is: whole numbers of any size, floats to the last bit, any text."""
    try:
        return json.dumps({name: values[column] for column, name in written.items() if column in values}, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"a value cannot be given to a template: {error}") from None


def _batches(rows: Sequence[Row], written: Mapping[str, str], bad: list[Example | BadRow]) -> Iterator[list[_Encoded]]:
    batch: list[_Encoded] = []
    size = 0
    for row in rows:
        try:
            text = _encode(row.values, written)
        except ValueError as error:
            bad.append(BadRow(row.number, "", str(error)))
            continue
        if batch and (len(batch) == BATCH_ROWS or size + len(text) > BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(_Encoded(row, text))
        size += len(text)
    if batch:
        yield batch


def _example(task: Task, row: Row, done: RowDone, uses: Mapping[str, Used], split: Split | None) -> Example | BadRow:
    pieces = done.pieces
    prompt, *completions = pieces["template"]
    completion = completions[0] if completions else None
    choices = tuple(pieces.get("answer_choices", ()))
    if what := wrong(task, prompt, completions, choices, uses["template"].pieces):
        return BadRow(row.number, "", what)
    for column in (task.group, task.source):
        if column and row.values.get(column) is None:
            return BadRow(row.number, column, "it is not there, and the task needs it to keep rows together")
    return Example(
        prompt,
        completion,
        choices=choices,
        answer_type=task.answer_type,
        also=tuple(dict.fromkeys(piece for piece in pieces.get("also", ()) if piece and piece != completion)),
        rationale=" ||| ".join(pieces.get("rationale", ())) or None,
        group=_column(row.values, task.group),
        source=_column(row.values, task.source),
        split=split,
        row=row.number,
    )


def _column(values: Mapping[str, Any], column: str) -> str | None:
    return str(values[column]) if column and values.get(column) is not None else None
