"""Many questions through the same contenders: started here, run by a worker, seen again wherever the page is opened."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import gradio as gr

from promptune.core.job import Job, JobState
from promptune.lab import Lab
from promptune.web import pane, present, present_kept
from promptune.web.clock import Clock
from promptune.web.guard import Visitor
from promptune.web.handlers import QUIET, bound, words

Changes = dict[Any, Any]  # widget: its new value
FRESH = 3600.0  # seconds for which a job that ended stays on this tab; the Library keeps it
FORMS = (("CSV", "csv"), ("JSON", "json"), ("Markdown", "md"))


@dataclass(frozen=True)
class Watch:
    """What one page remembers of the job it shows: which, and how far it was when it began to look."""

    job: str = ""
    done: int = 0
    since: float = 0.0
    opened: str = ""  # the job whose result is open
    drawn: tuple[Any, ...] = ()  # how far that was when it was drawn

    def seen(self, job: Job) -> Watch:
        runs = job.state is JobState.RUNNING
        if job.id != self.job:
            return Watch(job.id, job.done, time.time() if runs else 0.0)
        if runs and self.since and job.done >= self.done:
            return self
        return replace(self, done=job.done, since=time.time() if runs else 0.0)

    def left(self, job: Job) -> float | None:
        """Seconds, at the pace since this page looks; None until there is a pace."""
        came = job.done - self.done
        return (time.time() - self.since) / came * (job.total - job.done) if self.since and came > 0 else None


@dataclass(frozen=True)
class BatchForm:
    questions: gr.Textbox
    oops: gr.HTML
    watch: gr.State
    block: gr.Column
    card: gr.HTML
    cancel: gr.Button
    resume: gr.Button
    open: gr.Button
    result: gr.HTML

    def shown(self) -> list[Any]:
        return [self.watch, self.block, self.card, self.cancel, self.resume, self.open, self.result]


def current(jobs: list[Job]) -> Job | None:
    """The job this tab is about: what runs, else what waits, else the newest that ended lately."""
    jobs = [job for job in jobs if job.kind == "batch"]
    for state in (JobState.RUNNING, JobState.QUEUED):
        if found := [job for job in jobs if job.state is state]:
            return min(found, key=lambda job: job.created)
    ended = [job for job in jobs if time.time() - (job.ended or job.created) < FRESH]
    return max(ended, key=lambda job: job.ended or job.created, default=None)


# ---- handlers ----


def look(lab: Lab, form: BatchForm, visitor: Visitor, watch: Watch) -> Changes:
    job = current(lab.jobs(visitor.owner))
    if job is None:
        return {} if watch == Watch() else {form.watch: Watch(), form.block: gr.Column(visible=False), form.result: ""}
    opened = watch.opened == job.id
    drawn = (job.id, job.state, job.done) if opened else ()
    result: Changes = {} if drawn == watch.drawn else {form.result: _result(lab, visitor, job) if opened else ""}
    watch = replace(watch.seen(job), opened=watch.opened if opened else "", drawn=drawn)
    return result | {
        form.watch: watch,
        form.block: gr.Column(visible=True),
        form.card: present_kept.job_card(job, watch.left(job)),
        form.cancel: gr.Button(visible=job.state.active, interactive=not job.cancelling),
        form.resume: gr.Button(visible=job.state.resumable),
        form.open: gr.Button("Close result" if opened else "Open result", visible=job.done > 0),
    }


def start(lab: Lab, form: BatchForm, visitor: Visitor, watch: Watch, questions: str, count: int, *settings: Any) -> Changes:
    try:
        lab.start_batch(visitor.owner, questions.splitlines(), [str(contender) for contender in pane.contenders(settings, count)])
    except Exception as error:  # what was typed stays, beside what is wrong
        return {form.oops: present.fault(words(error))}
    return {form.oops: "", **look(lab, form, visitor, watch)}


def sample(lab: Lab, visitor: Visitor) -> str:
    return "\n".join(lab.sample_questions())


def cancel(lab: Lab, form: BatchForm, visitor: Visitor, watch: Watch) -> Changes:
    lab.cancel_job(visitor.owner, watch.job)
    return look(lab, form, visitor, watch)


def resume(lab: Lab, form: BatchForm, visitor: Visitor, watch: Watch) -> Changes:
    lab.resume_job(visitor.owner, watch.job)
    return look(lab, form, visitor, watch)


def open_result(lab: Lab, form: BatchForm, visitor: Visitor, watch: Watch) -> Changes:
    """Opens the result, or closes it again."""
    return look(lab, form, visitor, replace(watch, opened="" if watch.opened == watch.job else watch.job))


def _result(lab: Lab, visitor: Visitor, job: Job) -> str:
    answers = lab.batch_result(visitor.owner, job.id)
    links = [(label, f"jobs/{job.id}.{form}") for label, form in FORMS]
    return present.download_links(links) + present_kept.batch_table(job, answers)


# ---- layout and wiring ----


def build(lab: Lab, demo: gr.Blocks, clock: Clock, asked: list[Any]) -> None:
    """`asked`: how many panes there are, and their settings."""
    with gr.Accordion("Many questions", open=False, elem_id="many", elem_classes="fold"):
        questions = gr.Textbox(
            label="Questions, one a line", lines=6, max_lines=14, placeholder="Every line goes to every contender.", elem_id="questions", interactive=True
        )
        oops = gr.HTML("", elem_classes="oops", js_on_load=None, apply_default_css=False)
        with gr.Row(elem_classes="actions"):
            run = gr.Button("Run through every contender", variant="primary", elem_classes=["btn", "go"], elem_id="run-many")
            fill = gr.Button("Use 50 sample questions", elem_classes="btn", elem_id="sample")
    with gr.Column(elem_classes="card", elem_id="job", visible=False) as block:
        card = gr.HTML("", js_on_load=None, apply_default_css=False)
        with gr.Row(elem_classes="actions"):
            cancel_ = gr.Button("Cancel", elem_classes="btn", elem_id="job-cancel", visible=False)
            resume_ = gr.Button("Resume", elem_classes="btn", elem_id="job-resume", visible=False)
            open_ = gr.Button("Open result", elem_classes="btn", elem_id="job-open", visible=False)
        result = gr.HTML("", elem_id="job-result", js_on_load=None, apply_default_css=False)
    form = BatchForm(questions, oops, gr.State(Watch()), block, card, cancel_, resume_, open_, result)

    demo.load(bound(look, lab, form), form.watch, form.shown(), api_name="job_shown", queue=False, **QUIET)
    clock.tick(partial(look, lab, form), [form.watch], form.shown())
    run.click(bound(start, lab, form), [form.watch, questions, *asked], [form.oops, *form.shown()], api_name="job_start", trigger_mode="once", **QUIET)
    fill.click(bound(sample, lab), None, questions, api_name="job_sample", queue=False, **QUIET)
    form.cancel.click(bound(cancel, lab, form), form.watch, form.shown(), api_name="job_cancel", queue=False, **QUIET)
    form.resume.click(bound(resume, lab, form), form.watch, form.shown(), api_name="job_resume", queue=False, **QUIET)
    form.open.click(bound(open_result, lab, form), form.watch, form.shown(), api_name="job_open", queue=False, **QUIET)
