"""The runs under the tab Tune: every one there is, and the one that is open: its curves while it trains, then what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from promptune.core.job import Job, JobState
from promptune.core.score import Scorecard
from promptune.errors import NotFound, UserError
from promptune.lab import Lab, RunInfo
from promptune.web import compare_draw, compare_task, library, present, present_duel, present_tune
from promptune.web.compare_form import CompareForm
from promptune.web.drawing import Changes, Drawing, Shown
from promptune.web.guard import Visitor
from promptune.web.library import Manage

DELETING = "Its weights and its predictions are lost; answers that it gave stay."
IN_DUEL = "It belongs to a duel: cancel, resume or delete that in Score."
EXAMPLES = 3  # in the prompt of the contender beside a run
HTML: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}


@dataclass(frozen=True)
class RunsForm:
    open: gr.Textbox  # the slug of the run that is open
    drawn: gr.State  # a Shown
    rows: gr.Radio
    empty: gr.HTML
    beside: gr.Column
    head: gr.HTML
    progress: gr.HTML
    cancel: gr.Button
    resume: gr.Button
    compare: gr.Button
    score: gr.Button
    going: gr.HTML
    result: gr.HTML
    links: gr.HTML
    manage: Manage

    def asked(self) -> list[Any]:
        return [self.drawn, self.open]

    def shown(self) -> list[Any]:
        html = [self.head, self.progress, self.going, self.result, self.links, self.manage.question, self.manage.row, self.manage.label]
        return [self.open, self.drawn, self.rows, self.empty, self.beside, self.cancel, self.resume, self.compare, self.score, *html]


# ---- handlers ----


def runs(lab: Lab, owner: str) -> list[RunInfo]:
    """Newest first, those whose job is still there."""
    return [run for run in lab.runs.list(owner) if _job(lab, owner, run)]


def _job(lab: Lab, owner: str, run: RunInfo) -> Job | None:
    try:
        return lab.job(owner, run.job)
    except NotFound:
        return None


def look(lab: Lab, form: RunsForm, visitor: Visitor, shown: Shown, open_: str) -> Changes:
    found, drawing = runs(lab, visitor.owner), Drawing(shown)
    there = {run.slug: run for run in found}
    chosen = open_ if open_ in there else next((run.slug for run in reversed(found) if run.state.active), next(iter(there), ""))
    sign = tuple((run.slug, run.label, run.state, run.usable) for run in found)
    drawing.choice(form.rows, sign, lambda: [(present_tune.row(run, _validated(lab, visitor.owner, run)), run.slug) for run in found], chosen, open_)
    if chosen != open_:
        drawing.changes[form.open] = chosen
    drawing.html(form.empty, "" if found else present_tune.nothing())
    drawing.visible(form.beside, bool(chosen))
    if chosen:
        _open(lab, form, visitor.owner, drawing, there[chosen])
    return drawing.sent(form.drawn)


def _validated(lab: Lab, owner: str, run: RunInfo) -> float | None:
    """Its best score on validation rows."""
    made = lab.tunes.live(owner, run.job).made if run.usable else None
    return float(made["best"]["score"]) if made and made["best"].get("score") is not None else None


def _open(lab: Lab, form: RunsForm, owner: str, drawing: Drawing, run: RunInfo) -> None:
    job = lab.job(owner, run.job)
    drawing.html(form.head, present_tune.head(run))
    note = present.notice(IN_DUEL) if job.parent and job.state is not JobState.DONE else ""
    drawing.html(form.progress, present_duel.progress(job, [], lab.before_job(owner, job.id), time.time()) + note)
    drawing.button(form.cancel, visible=job.state.active and not job.parent, interactive=not job.cancelling)
    drawing.button(form.resume, visible=job.state.resumable and not job.parent)
    drawing.button(form.compare, visible=run.usable)
    drawing.button(form.score, visible=run.usable)
    drawing.put(form.manage.row, bool(job.parent), lambda: gr.Row(visible=not job.parent))
    drawing.put(form.manage.label, (run.slug, run.label), lambda: run.label)
    drawing.html(form.manage.question, library.asked(run.label, DELETING))
    links = [("zip", f"runs/{run.slug}.zip")] if run.usable else []
    drawing.html(form.links, present.download_links(links))
    far = (run.slug, job.state, run.usable, job.done if job.state is JobState.RUNNING else 0)
    if drawing.shown.get(form.going._id) == far:
        return
    live = lab.tunes.live(owner, job.id)
    drawing.put(form.going, far, lambda: present_tune.going(job, live.points, live.checks))
    drawing.put(form.result, (run.slug, job.state, run.usable), lambda: present_tune.result(_card(lab, owner, job), live.made, run.size))


def _card(lab: Lab, owner: str, job: Job) -> Scorecard | None:
    if job.state is not JobState.DONE:
        return None
    try:
        return lab.scores.card(owner, job.id)
    except UserError:  # its folder was lost
        return None


def choose(lab: Lab, form: RunsForm, visitor: Visitor, shown: Shown, chosen: str) -> Changes:
    return {form.open: chosen} | look(lab, form, visitor, shown, chosen)


def cancel(lab: Lab, form: RunsForm, visitor: Visitor, shown: Shown, open_: str) -> Changes:
    lab.cancel_job(visitor.owner, lab.runs.get(visitor.owner, open_).job)
    return look(lab, form, visitor, shown, open_)


def resume(lab: Lab, form: RunsForm, visitor: Visitor, shown: Shown, open_: str) -> Changes:
    lab.resume_job(visitor.owner, lab.runs.get(visitor.owner, open_).job)
    return look(lab, form, visitor, shown, open_)


def rename(lab: Lab, form: RunsForm, visitor: Visitor, shown: Shown, open_: str, label: str) -> Changes:
    lab.runs.rename(visitor.owner, open_, label)
    return look(lab, form, visitor, shown, open_)


def delete(lab: Lab, form: RunsForm, visitor: Visitor, shown: Shown, open_: str) -> Changes:
    lab.runs.delete(visitor.owner, open_)
    return {form.open: ""} | look(lab, form, visitor, shown, "")


def compare(lab: Lab, tabs: gr.Tabs, form: CompareForm, visitor: Visitor, open_: str) -> Changes:
    """The run beside its base, asked plainly and with examples, in the task it was tuned on."""
    run = lab.runs.get(visitor.owner, open_)
    tasks = compare_task.tasks(lab, visitor.owner)
    changes: Changes = {tabs: gr.Tabs(selected="compare")}
    changes[form.task] = gr.Dropdown(choices=tasks, value=run.task if run.task in {slug for _, slug in tasks} else "")
    spelled = [f"{run.model}/zero-shot", f"{run.model}/few-shot:{EXAMPLES}", run.contender]
    changes |= compare_draw.fill(lab, form, visitor, compare_draw.values_of(spelled))
    return changes


def beside(run: RunInfo) -> Sequence[str]:
    """What a run is scored with: its base, asked the same way, and itself."""
    return [f"{run.model}/zero-shot", run.contender]


# ---- layout ----


def build() -> RunsForm:
    with gr.Row(elem_classes="shelf wide", elem_id="shelf-runs"):
        with gr.Column(elem_classes="list", min_width=240):
            gr.HTML(present_tune.step(4, "Runs"), js_on_load=None)
            rows = gr.Radio([], label="Runs", show_label=False, container=False, interactive=True, elem_classes="rows")
            empty = gr.HTML(present_tune.nothing(), **HTML)
        with gr.Column(elem_classes="beside card", min_width=280, visible=False, elem_id="run") as beside_:
            with gr.Row(elem_classes="actions titled"):
                head = gr.HTML("", elem_id="run-head", **HTML)
                compare_ = gr.Button("Compare it", elem_classes="btn", visible=False, elem_id="run-compare")
                score = gr.Button("Score it", elem_classes="btn", visible=False, elem_id="run-score")
            with gr.Column(elem_classes="going", elem_id="run-going"):
                progress = gr.HTML("", **HTML)
                with gr.Row(elem_classes="actions"):
                    cancel_ = gr.Button("Cancel, keep the checkpoint", elem_classes="btn", visible=False, elem_id="run-cancel")
                    resume_ = gr.Button("Resume", elem_classes="btn", visible=False, elem_id="run-resume")
            going = gr.HTML("", elem_id="run-curves", **HTML)
            result = gr.HTML("", elem_id="run-result", **HTML)
            links = gr.HTML("", elem_id="run-links", **HTML)
            manage = library.build_manage()
    return RunsForm(
        open=gr.Textbox(visible=False, label="Open run"),
        drawn=gr.State({}),
        rows=rows,
        empty=empty,
        beside=beside_,
        head=head,
        progress=progress,
        cancel=cancel_,
        resume=resume_,
        compare=compare_,
        score=score,
        going=going,
        result=result,
        links=links,
        manage=manage,
    )
