"""New task, its second step: a template of the library is filled with columns, or somebody writes their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from promptune.lab import Lab, LibraryTemplate, TaskFile
from promptune.web import present, present_new, reading
from promptune.web.guard import Visitor
from promptune.web.handlers import words
from promptune.web.newtask_form import OWN, Brought, Changes, Step, TaskForm, clear

FILLED = ("template", "answer_choices", "rationale", "also", "answer_type", "metrics", "input")  # what a template of the library decides


@dataclass(frozen=True)
class TemplateForm:
    step: Step
    library: gr.Dropdown
    about: gr.HTML
    fields: tuple[gr.Dropdown, ...]
    oops_fields: gr.HTML
    names: gr.HTML  # how the columns are written in a template
    task: TaskForm
    oops_template: gr.HTML
    oops_more: gr.HTML
    go: gr.Button
    filled: gr.State  # the text that the page itself wrote last
    mine: gr.State  # a person's own template, while one of the library is looked at
    written_for: gr.State  # the columns that all this is about

    def places(self) -> dict[str, gr.HTML]:
        """What is wrong stands beside: the template, the fields, or what is under Advanced."""
        more = ("answer_choices", "rationale", "also", "answer_type", "metrics", "input", "group", "source", "splits", "task")
        return {"template": self.oops_template, "fields": self.oops_fields, **dict.fromkeys(more, self.oops_more)}

    def shown(self) -> list[Any]:
        return [self.library, self.about, *self.fields, *self.places_once(), self.names, *self.task.inputs(), self.filled, self.mine, self.written_for]

    def places_once(self) -> list[gr.HTML]:
        return [self.oops_fields, self.oops_template, self.oops_more]


def begin(form: TemplateForm, brought: Brought, template: str, written_for: tuple[str, ...]) -> Changes:
    """For the columns that there are now: what is written already, the template the file brings with it, or the one that suits."""
    columns = list(brought.columns)
    if template and written_for == brought.columns:
        return clear(form.places())
    task = form.task
    changes: Changes = {
        form.written_for: brought.columns,
        form.names: present_new.columns(reading.written(columns)),
        task.input: _column("found by itself", columns),
        task.group: _column("none", columns),
        task.source: _column("none", columns),
        **{one: gr.Dropdown(choices=columns) for one in form.fields},
        **clear(form.places()),
    }
    if not template:  # nothing was written yet: what is left of another task goes
        changes |= {getattr(task, key): "" for key in FILLED if key != "input"} | {task.metrics: [], task.shares: ""}
    if brought.form.template:
        return changes | _written(form, brought.form, brought.columns) | _own(form, present_new.own())
    guess = reading.guess(brought.columns, brought.sample)
    if guess is None:
        return changes | _own(form, present_new.no_guess())
    chosen, mapping = guess
    return changes | {form.library: chosen.name} | _fields(form, chosen, mapping, brought.columns) | _filled(form, chosen, mapping, brought.columns)


def choose(lab: Lab, form: TemplateForm, visitor: Visitor, name: str, brought: Brought | None, mine: str) -> Changes:
    """Another template of the library, its fields guessed; or back to a person's own."""
    if not brought:
        return {form.mine: gr.skip()}
    if name == OWN:
        hidden = dict.fromkeys(form.fields, gr.Dropdown(visible=False))
        return {**hidden, form.about: present_new.own(), **clear(form.places()), **({form.task.template: mine} if mine else {})}
    chosen = _library(lab)[name]
    mapping = chosen.guess(brought.columns, brought.sample) or {}
    return clear(form.places()) | _fields(form, chosen, mapping, brought.columns) | _filled(form, chosen, mapping, brought.columns)


def fill(lab: Lab, form: TemplateForm, visitor: Visitor, name: str, brought: Brought | None, *fields: str) -> Changes:
    """A field was given another column, or an expression."""
    library = _library(lab)
    if not brought or name not in library:
        return {form.mine: gr.skip()}
    chosen = library[name]
    return clear(form.places()) | _filled(form, chosen, dict(zip(chosen.fields, fields, strict=False)), brought.columns)


def write(form: TemplateForm, visitor: Visitor, text: str, filled: str) -> Changes:
    """Whoever changes the text has a template of their own from then on."""
    if text.strip() == filled.strip():
        return {form.mine: gr.skip()}
    return _own(form, present_new.own()) | {form.mine: text}


def _library(lab: Lab) -> Mapping[str, LibraryTemplate]:
    return {one.name: one for one in lab.templates()}


def _own(form: TemplateForm, about: str) -> Changes:
    """No template of the library, and so no fields."""
    changes: Changes = {one: gr.Dropdown(visible=False) for one in form.fields}
    return changes | {form.library: OWN, form.about: about}


def _fields(form: TemplateForm, chosen: LibraryTemplate, mapping: Mapping[str, str], columns: Sequence[str]) -> Changes:
    changes: Changes = {form.about: ""}
    names = list(chosen.fields)
    for i, dropdown in enumerate(form.fields):
        if i >= len(names):
            changes[dropdown] = gr.Dropdown(visible=False, value=None)
            continue
        field, value = chosen.fields[names[i]], mapping.get(names[i], "")
        named = [] if field.plain else list(columns)
        choices = named if not value or value in named else [*named, value]
        label = f"{field.title} (may stay empty)" if field.optional or field.plain else field.title
        changes[dropdown] = gr.Dropdown(label=label, choices=choices, value=value or None, visible=True)
    return changes


def _filled(form: TemplateForm, chosen: LibraryTemplate, mapping: Mapping[str, str], columns: Sequence[str]) -> Changes:
    """The text that the library's template becomes; a field that is still empty is asked for, and what was there stays."""
    given = {field: value for field, value in mapping.items() if value}
    if missing := [field.title for name, field in chosen.fields.items() if name not in given and not (field.optional or field.plain)]:
        return {form.oops_fields: present.notice(f"Say which column holds: {', '.join(missing)}.")}
    try:
        filled = chosen.fill(given, columns)
    except Exception as error:
        return {form.oops_fields: present.fault(words(error))}
    return _written(form, filled, columns)


def _written(form: TemplateForm, said: Any, columns: Sequence[str]) -> Changes:
    """What a filled template, or a task's own file, says."""
    task = form.task
    changes: Changes = {getattr(task, key): getattr(said, key) or "" for key in FILLED} | {task.metrics: list(said.metrics)}
    changes |= {task.input: _column("found by itself", columns, said.input), form.filled: said.template}
    if isinstance(said, TaskFile):
        changes |= {task.group: _column("none", columns, said.group), task.source: _column("none", columns, said.source)}
    return changes


def _column(nothing: str, columns: Sequence[str], value: str = "") -> Any:
    return gr.Dropdown(choices=[(nothing, ""), *((column, column) for column in columns)], value=value if value in columns else "")
