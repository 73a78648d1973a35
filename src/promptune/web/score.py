"""The tab Score: every scorecard there is, and the one that is open: while it is made, and read aloud."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from promptune.core.job import Job, JobState
from promptune.core.score import Scorecard
from promptune.errors import UserError
from promptune.lab import Lab
from promptune.markup import samples
from promptune.web import library, present, present_duel, present_score
from promptune.web.clock import Clock
from promptune.web.drawing import Changes, Drawing, Shown
from promptune.web.guard import Visitor
from promptune.web.handlers import QUIET, bound
from promptune.web.library import Manage

EMPTY = "No scorecards yet. Press “Run the duel” in Compare, or score contenders above."
AGAIN = 5  # seconds between two looks at scores that still arrive
MOST = 8  # samples of a kind that are shown
HTML: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}


@dataclass(frozen=True)
class ScoreForm:
    open: gr.Textbox  # the id of the job whose scorecard is open
    drawn: gr.State  # a Shown
    rows: gr.Radio
    empty: gr.HTML
    beside: gr.Column
    head: gr.HTML
    progress: gr.HTML
    cancel: gr.Button
    resume: gr.Button
    curves: gr.HTML
    card: gr.HTML
    filter: gr.Column
    show: gr.Radio
    samples: gr.HTML
    links: gr.HTML
    copy: gr.Button
    manage: Manage

    def asked(self) -> list[Any]:
        return [self.drawn, self.open, self.show]

    def shown(self) -> list[Any]:
        html = [self.head, self.progress, self.curves, self.card, self.samples, self.links, self.manage.row, self.manage.question]
        buttons = [self.cancel, self.resume, self.copy, self.filter, self.show]
        return [self.open, self.drawn, self.rows, self.empty, self.beside, *html, *buttons, self.manage.label]


# ---- handlers ----


def scorecards(jobs: Sequence[Job]) -> list[Job]:
    """Newest first. A run's is one once it is there; until then the run is seen in Tune."""
    return [job for job in jobs if job.kind in ("duel", "score") or (job.kind == "tune" and job.state is JobState.DONE)]


def first(jobs: Sequence[Job]) -> str:
    """What is open where nobody chose: the newest that is still made, else the newest."""
    return next((job.id for job in jobs if job.state.active), jobs[0].id if jobs else "")


def look(lab: Lab, form: ScoreForm, visitor: Visitor, shown: Shown, open_: str, show: samples.Show) -> Changes:
    jobs, drawing = scorecards(lab.jobs(visitor.owner)), Drawing(shown)
    there = {job.id: job for job in jobs}
    chosen = open_ if open_ in there else first(jobs)
    rows = [(present_duel.row(job), job.id) for job in jobs]
    drawing.choice(form.rows, tuple(rows), lambda: rows, chosen, open_)
    if chosen != open_:
        drawing.changes[form.open] = chosen
    drawing.html(form.empty, "" if rows else present.empty(EMPTY))
    drawing.visible(form.beside, bool(chosen))
    if chosen:
        _open(lab, form, visitor, drawing, there[chosen], show)
    return drawing.sent(form.drawn)


def _open(lab: Lab, form: ScoreForm, visitor: Visitor, drawing: Drawing, job: Job, asked: samples.Show) -> None:
    owner, now, show = visitor.owner, time.time(), asked
    steps = lab.duels.steps(owner, job.id)
    drawing.html(form.progress, present_duel.progress(job, steps, lab.before_job(owner, job.id), now))
    drawing.button(form.cancel, visible=job.state.active, interactive=not job.cancelling)
    drawing.button(form.resume, visible=lab.can_resume(owner, job.id))
    drawing.html(form.curves, _curves(lab, owner, steps))
    far = (job.id, job.label, job.state, tuple(step.state for step in steps), int(now / AGAIN) if job.state is JobState.RUNNING else 0)
    if drawing.shown.get(form.card._id) == far and drawing.shown.get(form.samples._id) == (far, show):
        return
    card, rows = _made(lab, owner, job)
    over = not job.state.active
    drawing.html(form.head, present_duel.head(job, card.rows if card else None))
    drawing.put(form.card, far, lambda: present_score.whole(card, over=over) if card else "")
    found = samples.counts(rows, card.contenders) if card and over else None
    if found and not found[show]:
        show = next((one for one, count in found.items() if count), "all")
    drawing.choice(form.show, tuple((found or {}).items()), lambda: present_score.choices(found), show, asked)
    drawing.visible(form.filter, found is not None)
    drawing.put(form.samples, (far, show), lambda: samples.view(rows, card.contenders, show, MOST) if card and over else "")
    drawing.html(form.links, present_score.links(job, made=card is not None and over, rows=bool(rows)))
    drawing.button(form.copy, visible=over)
    drawing.visible(form.manage.row, over)
    drawing.put(form.manage.label, (job.id, job.label), lambda: job.label)
    drawing.html(form.manage.question, library.asked(job.label, present_score.DELETING[job.kind]))


def _curves(lab: Lab, owner: str, steps: Sequence[Job]) -> str:
    """Of the training that runs just now."""
    tuned = next((step for step in steps if step.kind == "tune" and step.state is JobState.RUNNING), None)
    if tuned is None:
        return ""
    live = lab.tunes.live(owner, tuned.id)
    return present_score.training(tuned, live.points, live.checks)


def _made(lab: Lab, owner: str, job: Job) -> tuple[Scorecard | None, Sequence[samples.Row]]:
    """What there is by now: of a duel those who are finished, of others all or nothing."""
    if job.kind == "duel":
        view = lab.duels.view(owner, job.id)
        return view.card, view.rows
    if job.state is not JobState.DONE:
        return None, []
    try:
        return lab.scores.card(owner, job.id), lab.scores.predictions(owner, job.id)
    except UserError:  # its folder was lost
        return None, []


def choose(lab: Lab, form: ScoreForm, visitor: Visitor, shown: Shown, chosen: str, show: samples.Show) -> Changes:
    return {form.open: chosen} | look(lab, form, visitor, shown, chosen, show)


def cancel(lab: Lab, form: ScoreForm, visitor: Visitor, shown: Shown, open_: str, show: samples.Show) -> Changes:
    lab.cancel_job(visitor.owner, open_)
    return look(lab, form, visitor, shown, open_, show)


def resume(lab: Lab, form: ScoreForm, visitor: Visitor, shown: Shown, open_: str, show: samples.Show) -> Changes:
    lab.resume_job(visitor.owner, open_)
    return look(lab, form, visitor, shown, open_, show)


def rename(lab: Lab, form: ScoreForm, visitor: Visitor, shown: Shown, open_: str, show: samples.Show, label: str) -> Changes:
    lab.rename_job(visitor.owner, open_, label)
    return look(lab, form, visitor, shown, open_, show)


def delete(lab: Lab, form: ScoreForm, visitor: Visitor, shown: Shown, open_: str, show: samples.Show) -> Changes:
    if lab.job(visitor.owner, open_).kind == "tune":
        lab.runs.delete(visitor.owner, lab.tunes.run(visitor.owner, open_).slug)
    else:
        lab.delete_job(visitor.owner, open_)
    return {form.open: ""} | look(lab, form, visitor, shown, "", show)


def command(lab: Lab, visitor: Visitor, open_: str) -> str:
    return lab.scorecard_command(visitor.owner, open_)


# ---- layout and wiring ----


def build() -> ScoreForm:
    with gr.Row(elem_classes="shelf wide", elem_id="shelf-scores"):
        with gr.Column(elem_classes="list", min_width=240):
            gr.HTML("<h2>Scorecards</h2>", js_on_load=None)
            rows = gr.Radio([], label="Scorecards", show_label=False, container=False, interactive=True, elem_classes="rows")
            empty = gr.HTML(present.empty(EMPTY), **HTML)
        with gr.Column(elem_classes="beside open", min_width=280, visible=False, elem_id="scorecard") as beside:
            head = gr.HTML("", elem_id="score-head", **HTML)
            with gr.Column(elem_classes="card going", elem_id="score-going"):
                progress = gr.HTML("", **HTML)
                with gr.Row(elem_classes="actions"):
                    cancel_ = gr.Button("Cancel, keep what is there", elem_classes="btn", visible=False, elem_id="score-cancel")
                    resume_ = gr.Button("Resume", elem_classes="btn", visible=False, elem_id="score-resume")
                curves = gr.HTML("", elem_id="score-curves", **HTML)
            card = gr.HTML("", elem_id="score-card", **HTML)
            with gr.Column(elem_classes="card", elem_id="score-samples", visible=False) as filter_:
                with gr.Row(elem_classes="actions titled"):
                    gr.HTML("<h2>Samples</h2>", elem_classes="fit", **HTML)
                    show = gr.Radio(
                        present_score.choices(None),
                        value="flips",
                        label="Which samples",
                        show_label=False,
                        container=False,
                        interactive=True,
                        elem_classes="chips",
                    )
                samples_ = gr.HTML("", **HTML)
            with gr.Row(elem_classes="actions taken"):
                links = gr.HTML("", elem_id="score-links", **HTML)
                copy = gr.Button("Copy command", elem_classes="lnk", elem_id="score-copy", visible=False)
            manage = library.build_manage()
    return ScoreForm(
        open=gr.Textbox(visible=False, label="Open scorecard"),
        drawn=gr.State({}),
        rows=rows,
        empty=empty,
        beside=beside,
        head=head,
        progress=progress,
        cancel=cancel_,
        resume=resume_,
        curves=curves,
        card=card,
        filter=filter_,
        show=show,
        samples=samples_,
        links=links,
        copy=copy,
        manage=manage,
    )


def wire(lab: Lab, form: ScoreForm, tab: gr.Tab, clock: Clock) -> None:
    quick: dict[str, Any] = {**QUIET, "queue": False}
    asked, shown = form.asked(), form.shown()
    clock.tick(partial(look, lab, form), asked, shown)
    tab.select(bound(look, lab, form), asked, shown, api_name="score_shown", **quick)
    tab.select(None, form.open, None, js="id => window.promptune.here('score', id)", api_name="score_here", **QUIET)
    chosen = form.rows.input(bound(choose, lab, form), [form.drawn, form.rows, form.show], shown, api_name="score_open", **quick)
    chosen.success(None, form.open, None, js="id => window.promptune.opened('score', id, 'shelf-scores')", api_name="score_reveal", **QUIET)
    form.open.change(None, form.open, None, js="id => window.promptune.opened('score', id)", api_name="score_remember", **QUIET)
    form.show.input(bound(look, lab, form), asked, shown, api_name="score_show", **quick)
    form.cancel.click(bound(cancel, lab, form), asked, shown, api_name="score_cancel", **quick)
    form.resume.click(bound(resume, lab, form), asked, shown, api_name="score_resume", **quick)
    renamed = [form.manage.rename.click, form.manage.label.submit]
    gr.on(renamed, bound(rename, lab, form), [*asked, form.manage.label], shown, api_name="score_rename", **quick)
    form.manage.yes.click(bound(delete, lab, form), asked, shown, api_name="score_delete", **quick)
    text = gr.Textbox(visible=False, label="Command of the duel")
    copied = form.copy.click(bound(command, lab), form.open, text, api_name="score_command", **quick)
    copied.success(None, text, None, js="text => window.promptune.copy(text, 'score-copy')", api_name="score_copy", **QUIET)
