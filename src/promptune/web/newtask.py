"""New task: one page of steps, each folding to a line when it is done. The last one keeps the task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import gradio as gr

from promptune.core.contender import slugify
from promptune.core.task import SPLITS
from promptune.errors import UserError
from promptune.lab import Draft, Lab, TaskData
from promptune.web import newtask_data, newtask_template, present, present_new, present_tasks, reading
from promptune.web.guard import Visitor
from promptune.web.handlers import words
from promptune.web.newtask_data import DataForm
from promptune.web.newtask_form import STEPS, Brought, Changes, ReadForm, Step, TaskForm, beside, clear, wanted
from promptune.web.newtask_template import TemplateForm

READ, TASK = len(fields(ReadForm)), len(fields(TaskForm))
EXAMPLES = 3


@dataclass(frozen=True)
class Looked:
    """What was shown: rows that cannot be used and were not agreed to yet, and a line on the others."""

    bad: int = 0
    line: str = ""


@dataclass(frozen=True)
class LookForm:
    step: Step
    examples: gr.HTML
    rows: gr.HTML
    keep_good: gr.Checkbox
    oops: gr.HTML
    go: gr.Button
    looked: gr.State  # a Looked

    def shown(self) -> list[Any]:
        return [self.examples, self.rows, self.keep_good, self.oops, self.looked]


@dataclass(frozen=True)
class SaveForm:
    step: Step
    title: gr.Textbox
    go: gr.Button
    oops: gr.HTML
    done: gr.Column
    told: gr.HTML
    use: gr.Button
    see: gr.Button
    saved: gr.Textbox  # hidden: the slug of what was saved

    def shown(self) -> list[Any]:
        return [self.title, self.go, self.oops, self.done, self.told, self.saved]


@dataclass(frozen=True)
class NewTask:
    data: DataForm
    template: TemplateForm
    look: LookForm
    save: SaveForm
    lines: gr.State  # of each step that is done, what became of it

    def steps(self) -> tuple[Step, ...]:
        return (self.data.step, self.template.step, self.look.step, self.save.step)

    def folds(self) -> list[Any]:
        return [widget for step in self.steps() for widget in (step.head, step.change, step.body) if widget] + [self.lines]

    def emptied(self) -> list[Any]:
        """What a fresh start changes."""
        data, template = self.data, self.template
        widgets = [data.brought, data.found, data.told, data.rows, data.oops, data.upload, *data.read.inputs(), template.task.template, template.mine]
        return [*widgets, self.save.title, self.save.saved, self.save.done, *self.folds()]

    def task_inputs(self) -> list[Any]:
        """What a draft is made of."""
        return [self.data.brought, *self.data.read.inputs(), *self.template.task.inputs()]


# ---- handlers ----


def unfold(form: NewTask, place: int, lines: tuple[str, ...]) -> Changes:
    """Step `place` is open; those before it are lines, those behind it wait."""
    lines = lines[:place]
    changes: Changes = {form.lines: lines}
    for i, step in enumerate(form.steps()):
        changes[step.head] = present_new.step(i + 1, STEPS[i], lines[i] if i < place else "", open_=i == place)
        if step.change:
            changes[step.change] = gr.Button(visible=i < place, interactive=True)
        changes[step.body] = gr.Column(visible=i == place)
    return changes


def change(form: NewTask, place: int, visitor: Visitor, lines: tuple[str, ...]) -> Changes:
    return unfold(form, place, lines)


def fresh(lab: Lab, form: NewTask, visitor: Visitor, saved: str, brought: Brought | None) -> Changes:
    """Opened again after a task was saved, the page is empty; what is only half done stays. Until then the file is there to go back to."""
    if not saved:
        return {form.lines: gr.skip()}
    if brought:
        lab.uploads.delete(visitor.owner, brought.upload)
    data, save = form.data, form.save
    changes: Changes = {data.brought: None, data.found: gr.Column(visible=False), data.told: "", data.rows: "", data.oops: "", data.upload: ""}
    changes |= dict.fromkeys(data.read.inputs(), "") | {form.template.task.template: "", form.template.mine: "", save.title: "", save.saved: ""}
    return changes | {save.done: gr.Column(visible=False)} | unfold(form, 0, ())


def to_template(lab: Lab, form: NewTask, visitor: Visitor, brought: Brought | None, keep_good: bool, template: str, written_for: tuple[str, ...]) -> Changes:
    why = newtask_data.ready(brought or None, keep_good)
    if why or not brought:
        return {form.data.oops_go: present.fault(why)}
    return {
        form.data.oops_go: "",
        **unfold(form, 1, (newtask_data.line(brought),)),
        **newtask_template.begin(form.template, brought, template, written_for),
    }


def to_look(lab: Lab, form: NewTask, visitor: Visitor, lines: tuple[str, ...], keep_good: bool, library: str, *values: Any) -> Iterator[Changes]:
    """Everything the task would be; nothing is kept yet. While it is made, the data stay as they are: it is about them."""
    places, held = form.template.places(), [form.template.go, form.data.step.change]
    yield {**clear(places), form.template.oops_template: present.empty("Making the examples …"), **dict.fromkeys(held, gr.Button(interactive=False))}
    try:
        brought, draft = _draft(lab, visitor, values)
        looked = _looked(lab, form, visitor, brought, draft)
    except Exception as error:
        yield {**beside(error, places, "template"), **dict.fromkeys(held, gr.Button(interactive=True))}
        return
    kind = f"{_called(lab, library)} · {draft.task.answer_type} · scored by {draft.task.metrics[0]}"
    yield {**clear(places), form.template.go: gr.Button(interactive=True), **unfold(form, 2, (*lines[:1], kind)), **looked}


def _looked(lab: Lab, form: NewTask, visitor: Visitor, brought: Brought, draft: Draft) -> Changes:
    found, line = len(draft.bad), ", ".join(f"{len(rows):,} {split}" for split, rows in draft.data.rows.items())
    bad = present_new.bad_rows([(one.table, one.bad) for one in draft.bad]) if found > brought.bad else ""
    left_out = present.notice(f"{present.plural(found, 'bad row')} left out, as you chose.") if found and not bad else ""
    glance = reading.glance(draft.data)
    return {
        form.look.examples: examples(lab, visitor, draft.data),
        form.look.rows: f"{bad}{left_out}{present_tasks.rows(glance)}{present_tasks.warnings(glance, draft.warnings)}",
        form.look.keep_good: gr.Checkbox(label=newtask_data.without(found), value=bool(found and not bad), visible=bool(bad)),
        form.look.oops: "",
        form.look.looked: Looked(found, line),
    }


def _called(lab: Lab, library: str) -> str:
    return next((one.title for one in lab.templates() if one.name == library), "written by yourself")


def to_save(form: NewTask, visitor: Visitor, lines: tuple[str, ...], brought: Brought | None, keep_good: bool, looked: Looked, title: str) -> Changes:
    """Bad rows are agreed to before the task gets its name."""
    if looked.bad and not keep_good:
        return {form.look.oops: present.fault("Some rows cannot be used. Tick the box above to go on without them, or mend the template.")}
    name = title or (brought.title if brought else "")
    return {
        form.look.oops: "",
        form.save.title: name,
        form.save.done: gr.Column(visible=False),
        form.save.go: gr.Button(visible=True),
        form.save.oops: "",
        **unfold(form, 3, (*lines[:2], looked.line)),
    }


def save(lab: Lab, form: NewTask, visitor: Visitor, title: str, keep_good: bool, *values: Any) -> Iterator[Changes]:
    place = form.save
    if not title.strip():
        yield {place.oops: present.fault("Give it a name.")}
        return
    yield {place.oops: present.empty("Saving …"), place.go: gr.Button(interactive=False)}
    try:
        _, draft = _draft(lab, visitor, values)
        task = replace(draft.task, title=title.strip(), name=slugify(title) or draft.task.name)
        info = lab.tasks.keep(visitor.owner, replace(draft, data=replace(draft.data, task=task)), keep_good=keep_good)
    except Exception as error:
        yield {place.oops: present.fault(words(error)), place.go: gr.Button(interactive=True)}
        return
    yield {
        place.oops: "",
        place.go: gr.Button(visible=False, interactive=True),
        place.done: gr.Column(visible=True),
        place.told: present_new.saved(info.title, info.slug),
        place.saved: info.slug,
    }


def examples(lab: Lab, visitor: Visitor, data: TaskData) -> str:
    """Three of them as the default model would read them; without their tokens where no model can count."""
    split = next(split for split in SPLITS if data.examples.get(split))
    shown, contender = data.examples[split][:EXAMPLES], f"{lab.settings.default_model}/zero-shot"
    try:
        return present_tasks.examples(shown, lab.preview(visitor.owner, shown, contender), contender)
    except UserError as error:
        return present_tasks.examples(shown, (), contender, f"Their tokens cannot be counted now: {words(error)}")


def _draft(lab: Lab, visitor: Visitor, values: tuple[Any, ...]) -> tuple[Brought, Draft]:
    brought, read, task = values[0] or None, values[1 : 1 + READ], values[1 + READ : 1 + READ + TASK]
    if not isinstance(brought, Brought):
        raise UserError("there is no file yet.", todo="Go back to Data and bring one.")
    return brought, lab.tasks.draft([brought.path(lab, visitor)], wanted(read, task), brought.title)
