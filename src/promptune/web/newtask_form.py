"""New task: its widgets, and what their values say of a file and of a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import gradio as gr

from promptune.errors import Problem, Problems, UserError
from promptune.lab import Lab, TaskFile
from promptune.web import present
from promptune.web.guard import Visitor
from promptune.web.handlers import words
from promptune.web.reading import ReadOptions

Changes = dict[Any, Any]  # widget: its new value
OWN = ""  # the choice among the templates that is a person's own
YES_NO = {"yes": True, "no": False}
STEPS = ("Data", "Template", "Look", "Save")
SHARES = "80, 10, 10"


@dataclass(frozen=True)
class Brought:
    """What a person brought, by its upload's id, and what was found in it. `sample` holds the first rows, for a guess at the template."""

    upload: str
    title: str
    read: ReadOptions = field(default_factory=ReadOptions)
    columns: tuple[str, ...] = ()
    sample: tuple[Mapping[str, Any], ...] = ()
    good: int = 0
    bad: int = 0
    form: TaskFile = field(default_factory=TaskFile)  # what the source says of itself, where it is a task's own file

    def path(self, lab: Lab, visitor: Visitor) -> Path:
        """Whoever replays another's page gets nothing of it."""
        return lab.uploads.path(visitor.owner, self.upload)


@dataclass(frozen=True)
class Step:
    """A part of the page that folds to a line when it is done."""

    head: gr.HTML
    change: gr.Button | None  # the last step has none: nothing follows it
    body: gr.Column


@dataclass(frozen=True)
class ReadForm:
    encoding: gr.Textbox
    separator: gr.Dropdown
    header: gr.Dropdown
    quoting: gr.Dropdown
    columns: gr.Textbox

    def inputs(self) -> list[Any]:
        return [getattr(self, one.name) for one in fields(self)]


def options(encoding: str, separator: str, header: str, quoting: str, columns: str) -> ReadOptions:
    names = tuple(name.strip() for name in columns.split(",")) if columns.strip() else ()
    return ReadOptions(encoding.strip() or None, separator or None, YES_NO.get(header), names, YES_NO.get(quoting))


@dataclass(frozen=True)
class TaskForm:
    """The task's own words, in the order of its YAML."""

    template: gr.Textbox
    answer_choices: gr.Textbox
    rationale: gr.Textbox
    also: gr.Textbox
    answer_type: gr.Dropdown
    metrics: gr.Dropdown
    input: gr.Dropdown
    group: gr.Dropdown
    source: gr.Dropdown
    shares: gr.Textbox

    def inputs(self) -> list[Any]:
        return [getattr(self, one.name) for one in fields(self)]


def wanted(read: Sequence[Any], task: Sequence[Any]) -> TaskFile:
    """Everything that was said, as a task's YAML would say it."""
    given: dict[str, Any] = dict(zip((one.name for one in fields(TaskForm)), task, strict=True))
    shares, kept = str(given.pop("shares")).strip(), {key: value for key, value in given.items() if value}
    said = options(*read)
    if said != ReadOptions():
        kept["read"] = {one.name: getattr(said, one.name) for one in fields(said)}
    if shares:
        kept["splits"] = _shares(shares)
    return TaskFile.check(kept, "")


def _shares(text: str) -> dict[str, float]:
    try:
        train, validation, test = (float(piece) for piece in text.replace("%", "").split(","))
    except ValueError:
        raise Problems([Problem("splits", f"{text!r} is not three numbers; write {SHARES}.")]) from None
    whole = 100 if train + validation + test > 1.5 else 1
    return {"train": train / whole, "validation": validation / whole, "test": test / whole}


def beside(error: Exception, places: Mapping[str, gr.HTML], otherwise: str) -> Changes:
    """What is wrong, each beside the field that it is about; the other places are empty again."""
    found: dict[str, list[str]] = {}
    if isinstance(error, Problems):
        for problem in error.problems:
            found.setdefault(_place(problem.field, places, otherwise), []).append(f"{problem.field}: {problem.what}")
    else:
        where = error.where if isinstance(error, UserError) else ""
        found[_place(where, places, otherwise)] = [words(error)]
    return {place: "".join(present.fault(one) for one in found.get(name, ())) for name, place in _once(places).items()}


def clear(places: Mapping[str, gr.HTML]) -> Changes:
    return dict.fromkeys(_once(places).values(), "")


def _place(where: str, places: Mapping[str, gr.HTML], otherwise: str) -> str:
    key = where.replace(",", ".").replace(":", ".").partition(".")[0].strip()
    return next(name for name, place in _once(places).items() if place is places.get(key, places[otherwise]))


def _once(places: Mapping[str, gr.HTML]) -> dict[str, gr.HTML]:
    """Several fields may share a place: each place by its first name."""
    first: dict[int, str] = {}
    for name, place in places.items():
        first.setdefault(id(place), name)
    return {name: places[name] for name in first.values()}
