"""The tab Tune: a task, a recipe, one button; below it every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import gradio as gr

from promptune.core.job import Job
from promptune.lab import Lab
from promptune.web import duel, pane, present, present_duel, present_tune
from promptune.web.drawing import Changes
from promptune.web.guard import LOCAL, Visitor
from promptune.web.handlers import QUIET, bound, words

MAIN = ("rate", "epochs", "batch", "rank")  # the others stand under Advanced
PICK: dict[str, Any] = {"interactive": True, "filterable": False}
HTML: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}
ROWS = 500  # that a run is scored on, where nothing else is said
OVERFLOW = [("Say which, and stop", "fail"), ("Leave them out", "skip")]
WHAT = "Trains on the train rows, chooses by the validation rows alone, then asks the test rows and other skills, before and after."


@dataclass(frozen=True)
class TuneForm:
    """What is wished, in the order of the page."""

    task: gr.Dropdown
    data: gr.HTML
    model: gr.Dropdown
    recipe: gr.Radio
    knobs: dict[str, gr.Textbox]  # empty: as the recipe has it
    overflow: gr.Dropdown
    limit: gr.Textbox
    name: gr.Textbox
    run: gr.Button
    about: gr.HTML
    oops: gr.HTML

    def inputs(self) -> list[Any]:
        return [self.task, self.model, self.recipe, self.overflow, self.limit, self.name, *self.knobs.values()]


# ---- handlers ----


def describe(lab: Lab, visitor: Visitor, task: str) -> str:
    if not task:
        return ""
    try:
        return present_tune.data(lab.describe(visitor.owner, task))
    except Exception as error:
        return present.fault(words(error))


def choose_recipe(lab: Lab, form: TuneForm, visitor: Visitor, recipe: str) -> Changes:
    """Its own values are what stands in an empty field; it has only the fields it knows."""
    info = next(one for one in lab.tunes.recipes() if one.recipe.name == recipe)
    known = {knob.name for knob in info.knobs}
    return {widget: gr.Textbox(placeholder=f"{getattr(info.recipe, name):g}", visible=name in known) for name, widget in form.knobs.items()}


def start(
    lab: Lab, form: TuneForm, open_: gr.Textbox, visitor: Visitor, task: str, model: str, recipe: str, overflow: str, limit: str, name: str, *values: str
) -> Iterator[Changes]:
    """All that is wrong stands under the button, and what was typed stays; else the run is open below."""
    yield {form.oops: "", form.run: gr.Button(interactive=False)}
    try:
        known = {knob.name for one in lab.tunes.recipes() if one.recipe.name == recipe for knob in one.knobs}
        settings = {knob: value.strip() for knob, value in zip(form.knobs, values, strict=True) if value.strip() and knob in known}
        count = _whole(limit) if limit.strip() else ROWS
        news = lab.tunes.start(visitor.owner, task, model, recipe, settings, name=name.strip(), overflow="skip" if overflow == "skip" else "fail", limit=count)
        while True:
            try:
                step = next(news)
            except StopIteration as end:
                job = cast(Job, end.value)
                break
            yield {form.about: present_duel.measuring(step.done, step.total)}
    except Exception as error:
        yield {form.oops: present.fault(words(error)), form.run: gr.Button(interactive=True), form.about: ""}
        return
    yield {form.run: gr.Button(interactive=True), form.about: "", form.name: "", open_: str(job.spec["run"])}


def _whole(text: str) -> int:
    """What is no number is none that is allowed: the lab says so with all the rest."""
    return int(text) if text.strip().isdecimal() else 0


# ---- layout and wiring ----


def build(lab: Lab) -> TuneForm:
    infos = lab.tunes.recipes()
    first = infos[0]
    known = {knob.name: knob for info in infos for knob in info.knobs}
    order = [*(name for name in MAIN if name in known), *(name for name in known if name not in MAIN)]
    own = {knob.name for knob in first.knobs}

    def knob(name: str) -> gr.Textbox:
        about = known[name].about
        value = f"{getattr(first.recipe, name):g}"
        info = f"{about[:1].upper()}{about[1:]}."
        return gr.Textbox("", label=present_tune.TITLES.get(name, name), info=info, placeholder=value, interactive=True, max_lines=1, visible=name in own)

    with gr.Column(elem_classes="card step", elem_id="tune-data"), gr.Row(elem_classes="actions head"):
        gr.HTML(present_tune.step(1, "Data"), elem_classes="fit", **HTML)
        tasks = duel.tasks(lab, LOCAL)
        task = gr.Dropdown(
            tasks, value=duel.first(tasks), label="Task to tune on", show_label=False, container=False, min_width=230, scale=0, elem_id="tune-task", **PICK
        )
        data = gr.HTML("", elem_id="tune-about", **HTML)
    with gr.Column(elem_classes="card step", elem_id="tune-recipe"):
        with gr.Row(elem_classes="actions head"):
            gr.HTML(present_tune.step(2, "Recipe"), elem_classes="fit", **HTML)
            models = pane.usable(lab, LOCAL)
            model = gr.Dropdown(
                models,
                value=lab.settings.default_model,
                label="Model to tune",
                show_label=False,
                container=False,
                min_width=130,
                scale=0,
                elem_id="tune-model",
                **PICK,
            )
        cards = [(f"{info.title}\n{info.summary}", info.recipe.name) for info in infos]
        recipe = gr.Radio(cards, value=first.recipe.name, label="Recipe", show_label=False, container=False, interactive=True, elem_classes="rows across")
        with gr.Row(elem_classes="grid", elem_id="tune-knobs"):
            knobs = {name: knob(name) for name in order if name in MAIN}
        with gr.Accordion("Advanced", open=False, elem_classes="inner"), gr.Row(elem_classes="grid"):
            knobs |= {name: knob(name) for name in order if name not in MAIN}
            overflow = gr.Dropdown(OVERFLOW, value="fail", label="Rows that do not fit", info="A row too long for the model's window.", **PICK)
            limit = gr.Textbox("", label="Test rows", info="How many the run is scored on.", placeholder=str(ROWS), interactive=True, max_lines=1)
    with gr.Column(elem_classes="card step", elem_id="tune-launch"):
        with gr.Row(elem_classes="actions head"):
            gr.HTML(present_tune.step(3, "Launch"), elem_classes="fit", **HTML)
            hint = "Name of the run (one is made up)"
            name = gr.Textbox(
                "",
                label="Name of the run",
                placeholder=hint,
                show_label=False,
                container=False,
                interactive=True,
                max_lines=1,
                max_length=100,
                min_width=250,
                scale=0,
                elem_id="tune-name",
            )
            run = gr.Button("Tune it", variant="primary", elem_classes=["btn", "go"], elem_id="tune-run")
            gr.HTML(f'<p class="soft small">{present.esc(WHAT)}</p>', **HTML)
        about = gr.HTML("", elem_classes="quiet", **HTML)
        oops = gr.HTML("", elem_classes="oops", elem_id="tune-oops", **HTML)
    return TuneForm(task, data, model, recipe, knobs, overflow, limit, name, run, about, oops)


def wire(lab: Lab, form: TuneForm, tab: gr.Tab, open_: gr.Textbox) -> None:
    """`open_`: which run is open below."""
    quick: dict[str, Any] = {**QUIET, "queue": False}
    chosen = [form.task, form.model]
    tab.select(bound(duel.choices, lab, form), chosen, chosen, api_name="tune_choices", **quick)
    described = [form.task.change, tab.select]  # one event: of two that are under way the later answer could be the older task's
    gr.on(described, bound(describe, lab), form.task, form.data, api_name="tune_describe", trigger_mode="always_last", **quick)
    form.recipe.input(bound(choose_recipe, lab, form), form.recipe, list(form.knobs.values()), api_name="tune_recipe", **quick)
    begun = [form.oops, form.run, form.about, form.name, open_]
    started = form.run.click(bound(start, lab, form, open_), form.inputs(), begun, api_name="tune_start", trigger_mode="once", **QUIET)
    started.success(None, None, None, js="() => window.promptune.arrive('#tune-oops .fault')", api_name="tune_arrive", **QUIET)
