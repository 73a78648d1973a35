"""What is to be scored: a task, contenders, rows, probes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from promptune.lab import Lab
from promptune.web import duel, pane, present, tune_runs
from promptune.web.drawing import Changes
from promptune.web.guard import LOCAL, Visitor
from promptune.web.handlers import QUIET, bound, words

WAYS = ("zero-shot", "few-shot:1", "few-shot:3", "few-shot:6", "cot")  # offered for each model; any other can be written
OVERFLOW = [("Say which, and stop", "fail"), ("Leave out examples", "drop"), ("Leave out the row, for all", "skip")]
PICK: dict[str, Any] = {"interactive": True, "filterable": False}
HTML: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}


@dataclass(frozen=True)
class NewScore:
    """In the order of the page."""

    fold: gr.Accordion
    task: gr.Dropdown
    contenders: gr.Dropdown
    limit: gr.Textbox
    overflow: gr.Dropdown
    probes: gr.Checkbox
    start: gr.Button
    oops: gr.HTML

    def inputs(self) -> list[Any]:
        return [self.task, self.contenders, self.limit, self.overflow, self.probes]

    def filled(self) -> list[Any]:
        """What a run that is carried over fills."""
        return [self.fold, self.task, self.contenders, self.probes, self.oops]


# ---- handlers ----


def offered(lab: Lab, owner: str) -> list[str]:
    """Spellings to choose from: every model asked in some ways, every run as it was taught."""
    runs = [run.contender for run in lab.runs.list(owner) if run.usable]
    return [*runs, *(f"{model}/{way}" for _, model in pane.usable(lab, owner) for way in WAYS)]


def choices(lab: Lab, form: NewScore, visitor: Visitor, task: str, chosen: list[str]) -> Changes:
    tasks = duel.tasks(lab, visitor.owner)
    there = task in {slug for _, slug in tasks}
    return {
        form.task: gr.Dropdown(choices=tasks) if there else gr.Dropdown(choices=tasks, value=duel.first(tasks)),
        form.contenders: gr.Dropdown(choices=list(dict.fromkeys([*(chosen or []), *offered(lab, visitor.owner)]))),
    }


def fill(lab: Lab, tabs: gr.Tabs, form: NewScore, visitor: Visitor, slug: str) -> Changes:
    run = lab.runs.get(visitor.owner, slug)
    tasks, wanted = duel.tasks(lab, visitor.owner), list(tune_runs.beside(run))
    there = run.task in {task for _, task in tasks}
    return {
        tabs: gr.Tabs(selected="score"),
        form.fold: gr.Accordion(open=True),
        form.task: gr.Dropdown(choices=tasks, value=run.task if there else duel.first(tasks)),
        form.contenders: gr.Dropdown(choices=list(dict.fromkeys([*wanted, *offered(lab, visitor.owner)])), value=wanted),
        form.probes: True,
        form.oops: "",
    }


def start(
    lab: Lab, form: NewScore, open_: gr.Textbox, visitor: Visitor, task: str, contenders: Sequence[str], limit: str, overflow: str, probes: bool
) -> Changes:
    try:
        wanted = [one.strip() for one in contenders or [] if one.strip()]
        count = (int(limit) if limit.strip().isdecimal() else 0) if limit.strip() else None  # what is no number is none that is allowed
        how = next((how for how in ("drop", "skip") if how == overflow), "fail")
        job = lab.scores.start(visitor.owner, task, wanted, limit=count, overflow=how, probes=bool(probes))  # type: ignore[arg-type]
    except Exception as error:  # what was chosen stays, beside what is wrong
        return {form.oops: present.fault(words(error))}
    return {form.oops: "", form.fold: gr.Accordion(open=False), open_: job.id}


# ---- layout and wiring ----


def build(lab: Lab) -> NewScore:
    model = lab.settings.default_model
    with gr.Accordion("Score contenders", open=False, elem_id="new-score", elem_classes="fold") as fold, gr.Column(elem_classes="step"):
        tasks = duel.tasks(lab, LOCAL)
        with gr.Row(elem_classes="grid"):
            task = gr.Dropdown(tasks, value=duel.first(tasks), label="Task", info="Its test rows are asked.", elem_id="score-task", **PICK)
            limit = gr.Textbox(
                "",
                label="Rows",
                info="A sample, the same for every contender.",
                placeholder="all of them",
                interactive=True,
                max_lines=1,
                elem_id="score-limit",
            )
            overflow = gr.Dropdown(OVERFLOW, value="fail", label="Prompts that do not fit", info="Longer than the model's window.", **PICK)
            probes = gr.Checkbox(False, label="Ask other skills too", info="What tuning forgot.", interactive=True)
        contenders = gr.Dropdown(
            offered(lab, LOCAL),
            value=[f"{model}/zero-shot", f"{model}/few-shot:3"],
            label="Contenders",
            info="Choose, or write one as the command line spells it, such as tiny/few-shot:4 or tiny+my-run@0.5/zero-shot.",
            multiselect=True,
            allow_custom_value=True,
            interactive=True,
            elem_id="score-contenders",
        )
        start_ = gr.Button("Score them", variant="primary", elem_classes=["btn", "go"], elem_id="score-start")
        oops = gr.HTML("", elem_classes="oops", elem_id="score-oops", **HTML)
    return NewScore(fold, task, contenders, limit, overflow, probes, start_, oops)


def wire(lab: Lab, form: NewScore, tab: gr.Tab, open_: gr.Textbox) -> None:
    quick: dict[str, Any] = {**QUIET, "queue": False}
    listed = [form.task, form.contenders]
    tab.select(bound(choices, lab, form), listed, listed, api_name="score_choices", **quick)
    form.start.click(bound(start, lab, form, open_), form.inputs(), [form.oops, form.fold, open_], api_name="score_start", trigger_mode="once", **QUIET)
