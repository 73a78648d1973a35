"""The card above the panes: one button that starts a duel; while one runs, how far it is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

import gradio as gr

from promptune.core.job import Job
from promptune.errors import UserError
from promptune.lab import Lab
from promptune.web import estimate, pane, present, present_duel
from promptune.web.clock import Clock
from promptune.web.drawing import Changes, Drawing, Shown
from promptune.web.guard import LOCAL, Visitor
from promptune.web.handlers import QUIET, bound, words

FIRST = "reviews"  # the task that is chosen to begin with
PICK: dict[str, Any] = {"interactive": True, "filterable": False, "scale": 0}
HTML: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}


class TaskAndModel(Protocol):
    """Any form that lets one choose both."""

    @property
    def task(self) -> gr.Dropdown: ...

    @property
    def model(self) -> gr.Dropdown: ...


@dataclass(frozen=True)
class DuelCard:
    invite: gr.HTML
    fields: gr.Row
    task: gr.Dropdown
    model: gr.Dropdown
    run: gr.Button
    about: gr.HTML  # how long it will take
    see: gr.Button
    oops: gr.HTML
    drawn: gr.State  # a Shown

    def shown(self) -> list[Any]:
        return [self.invite, self.fields, self.see, self.drawn]


# ---- handlers ----


def tasks(lab: Lab, owner: str) -> list[tuple[str, str]]:
    found = lab.tasks.list(owner)
    titles = [task.title for task in found]
    return [(task.title if titles.count(task.title) == 1 else f"{task.title} ({task.slug})", task.slug) for task in found]


def first(there: list[tuple[str, str]]) -> str:
    """The task that is chosen where nobody chose."""
    slugs = [slug for _, slug in there]
    return FIRST if FIRST in slugs else next(iter(slugs), "")


def look(lab: Lab, form: DuelCard, visitor: Visitor, shown: Shown) -> Changes:
    """The duel that runs, else waits; without one the invitation."""
    job, drawing = active(lab.jobs(visitor.owner)), Drawing(shown)
    drawing.html(form.invite, present_duel.going(job, time.time()) if job else present_duel.invite())
    drawing.visible(form.fields, job is None)
    drawing.button(form.see, visible=job is not None)
    return drawing.sent(form.drawn)


def active(jobs: list[Job]) -> Job | None:
    """Of the duels the one that goes on first."""
    return next((job for job in reversed(jobs) if job.kind == "duel" and job.state.active), None)


def choices(lab: Lab, form: TaskAndModel, visitor: Visitor, task: str, model: str) -> Changes:
    """The tasks and models there are now. What is there is not chosen again: something newer may be by now."""
    there, models = tasks(lab, visitor.owner), pane.usable(lab, visitor.owner)
    slugs = [slug for _, slug in models]
    default = lab.settings.default_model if lab.settings.default_model in slugs else next(iter(slugs), "")
    return {
        form.task: gr.Dropdown(choices=there) if task in {slug for _, slug in there} else gr.Dropdown(choices=there, value=first(there)),
        form.model: gr.Dropdown(choices=models) if model in slugs else gr.Dropdown(choices=models, value=default),
    }


def foresee(lab: Lab, visitor: Visitor, task: str, model: str) -> str:
    """How long it will take: as long as the last time, else as its rows say."""
    last = estimate.measured(lab.jobs(visitor.owner), task, model)
    try:
        rows = sum(map(len, lab.tasks.load(visitor.owner, task).examples.values()))
        size = lab.model(visitor.owner, model).size
    except UserError:  # it is told when the button is pressed
        return ""
    known = lab.status().device in ("CPU", "")  # of other devices nothing is known before the first time
    return present_duel.how_long(estimate.stated(rows, size, os.cpu_count() or 1) if known else None, last)


def start(lab: Lab, form: DuelCard, tabs: gr.Tabs, open_: gr.Textbox, visitor: Visitor, task: str, model: str) -> Iterator[Changes]:
    """Everything wrong is said here, before there is a job; else the duel is opened on its tab."""
    news = lab.duels.start(visitor.owner, task, model)
    yield {form.oops: "", form.run: gr.Button(interactive=False)}
    try:
        while True:
            try:
                step = next(news)
            except StopIteration as end:
                job = cast(Job, end.value)
                break
            yield {form.about: present_duel.measuring(step.done, step.total)}
    except Exception as error:
        yield {form.oops: present.fault(words(error)), form.run: gr.Button(interactive=True), form.about: foresee(lab, visitor, task, model)}
        return
    yield {form.run: gr.Button(interactive=True), form.about: foresee(lab, visitor, task, model), open_: job.id, tabs: gr.Tabs(selected="score")}


def see(lab: Lab, visitor: Visitor) -> tuple[Any, str]:
    job = active(lab.jobs(visitor.owner))
    return gr.Tabs(selected="score"), job.id if job else ""


# ---- layout and wiring ----


def build(lab: Lab) -> DuelCard:
    with gr.Column(elem_id="duel", elem_classes="card"):
        with gr.Row(elem_classes="actions"):
            invite = gr.HTML(present_duel.invite(), elem_id="duel-invite", **HTML)
            with gr.Row(elem_classes="actions fit", elem_id="duel-fields") as fields:
                there, models = tasks(lab, LOCAL), pane.usable(lab, LOCAL)
                task = gr.Dropdown(
                    there, value=first(there), label="Task of the duel", show_label=False, container=False, min_width=210, elem_id="duel-task", **PICK
                )
                model = gr.Dropdown(
                    models,
                    value=lab.settings.default_model,
                    label="Model of the duel",
                    show_label=False,
                    container=False,
                    min_width=110,
                    elem_id="duel-model",
                    **PICK,
                )
                run = gr.Button("Run the duel", variant="primary", elem_classes=["btn", "go"], elem_id="duel-run")
                about = gr.HTML("", elem_id="duel-about", elem_classes="fit", **HTML)
            see_ = gr.Button("See it", variant="primary", elem_classes=["btn", "go"], elem_id="duel-see", visible=False)
        oops = gr.HTML("", elem_classes="oops", elem_id="duel-oops", **HTML)
    return DuelCard(invite, fields, task, model, run, about, see_, oops, gr.State({}))


def wire(lab: Lab, form: DuelCard, demo: gr.Blocks, tab: gr.Tab, clock: Clock, tabs: gr.Tabs, open_: gr.Textbox) -> None:
    """`open_`: which scorecard is open on its tab."""
    quick: dict[str, Any] = {**QUIET, "queue": False}
    chosen = [form.task, form.model]
    demo.load(bound(look, lab, form), form.drawn, form.shown(), api_name="duel_shown", **quick)
    clock.tick(partial(look, lab, form), [form.drawn], form.shown())
    tab.select(bound(choices, lab, form), chosen, chosen, api_name="duel_choices", **quick)
    foreseen = [form.task.change, form.model.change, tab.select]  # one event: of two under way the later answer could be the older choice's
    gr.on(foreseen, bound(foresee, lab), chosen, form.about, api_name="duel_foresee", trigger_mode="always_last", **quick)
    begun = [form.oops, form.run, form.about, open_, tabs]
    form.run.click(bound(start, lab, form, tabs, open_), chosen, begun, api_name="duel_start", trigger_mode="once", **QUIET)
    form.see.click(bound(see, lab), None, [tabs, open_], api_name="duel_see", **quick)
