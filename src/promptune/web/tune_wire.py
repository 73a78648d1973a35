"""Which event on the runs calls what; a run is carried over to Compare and to Score."""

from __future__ import annotations

from functools import partial
from typing import Any

import gradio as gr

from promptune.lab import Lab
from promptune.web import compare_wire, score_form, tune_runs
from promptune.web.clock import Clock
from promptune.web.compare_form import CompareForm
from promptune.web.handlers import QUIET, bound
from promptune.web.score_form import NewScore
from promptune.web.tune_runs import RunsForm


def wire(lab: Lab, form: RunsForm, tab: gr.Tab, clock: Clock) -> None:
    quick: dict[str, Any] = {**QUIET, "queue": False}
    asked, shown = form.asked(), form.shown()
    clock.tick(partial(tune_runs.look, lab, form), asked, shown)
    tab.select(bound(tune_runs.look, lab, form), asked, shown, api_name="runs_shown", **quick)
    tab.select(None, form.open, None, js="id => window.promptune.here('tune', id)", api_name="runs_here", **QUIET)
    chosen = form.rows.input(bound(tune_runs.choose, lab, form), [form.drawn, form.rows], shown, api_name="runs_open", **quick)
    chosen.success(None, form.open, None, js="id => window.promptune.opened('tune', id, 'shelf-runs')", api_name="runs_reveal", **QUIET)
    form.open.change(None, form.open, None, js="id => window.promptune.opened('tune', id)", api_name="runs_remember", **QUIET)
    form.cancel.click(bound(tune_runs.cancel, lab, form), asked, shown, api_name="runs_cancel", **quick)
    form.resume.click(bound(tune_runs.resume, lab, form), asked, shown, api_name="runs_resume", **quick)
    renamed = [form.manage.rename.click, form.manage.label.submit]
    gr.on(renamed, bound(tune_runs.rename, lab, form), [*asked, form.manage.label], shown, api_name="runs_rename", **quick)
    form.manage.yes.click(bound(tune_runs.delete, lab, form), asked, shown, api_name="runs_delete", **quick)


def carry(lab: Lab, form: RunsForm, tabs: gr.Tabs, compare_form: CompareForm, new: NewScore) -> None:
    quick: dict[str, Any] = {**QUIET, "queue": False}
    compared = [tabs, compare_form.task, *compare_form.filled()]
    carried = form.compare.click(bound(tune_runs.compare, lab, tabs, compare_form), form.open, compared, api_name="runs_compare", **quick)
    compare_wire.choose(lab, compare_form, carried.success, "runs_compare")
    scored = [tabs, *new.filled()]
    form.score.click(bound(score_form.fill, lab, tabs, new), form.open, scored, api_name="runs_score", **quick)
