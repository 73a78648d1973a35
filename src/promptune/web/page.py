"""The page: header, tabs, and the one clock they share."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from promptune.lab import Lab
from promptune.markup import styles
from promptune.web import compare, duel, foot, library, present, score, score_form, tasks, tune, tune_runs, tune_wire
from promptune.web.clock import Clock
from promptune.web.drawing import Changes, Drawing, Shown
from promptune.web.guard import Visitor
from promptune.web.handlers import QUIET, bound
from promptune.web.theme import theme

HERE = Path(__file__).parent
PLACES = ("tune", "score")  # tabs that a reload finds again
STYLES = ("app.css", "compare.css")


class Page(gr.Blocks):
    """Gradio checks values before a handler sees them, and its words are for programmers."""

    async def preprocess_data(self, *args: Any, **named: Any) -> Any:
        try:
            return await super().preprocess_data(*args, **named)
        except gr.Error as error:
            raise gr.Error("What is chosen here is no longer there. Reload the page and choose again.", duration=10, print_exception=False) from error


def status(lab: Lab, visitor: Visitor) -> str:
    return present.chip(lab.settings.default_model, lab.status())


def watched(lab: Lab, chip: gr.HTML, memory: gr.State, visitor: Visitor, shown: Shown) -> Changes:
    drawing = Drawing(shown)
    drawing.html(chip, status(lab, visitor))
    return drawing.sent(memory)


def arrive(visitor: Visitor, place: str) -> tuple[Any, str, str]:
    """Where a reload was, as the address says: a tab, and what is open on it. It may say anything."""
    tab, _, id = place.partition("/")
    return (gr.Tabs(selected=tab) if tab in PLACES else gr.skip()), id if tab == "tune" else "", id if tab == "score" else ""


def build(lab: Lab) -> gr.Blocks:
    page = Page(title="Promptune", analytics_enabled=False)
    quick: dict[str, Any] = {**QUIET, "queue": False}
    with page:
        clock = Clock()
        brand = gr.HTML('<h1 class="brand">Promptune</h1>', elem_id="brand", js_on_load=None)
        chip = gr.HTML("", elem_id="chip", js_on_load=None)
        with gr.Tabs(elem_id="nav", selected="compare") as tabs:
            with gr.Tab("Compare", id="compare") as first:
                card = duel.build(lab)
                form = compare.build(lab, page, first, clock)
            with gr.Tab("Tune", id="tune") as second:
                wish, runs = tune.build(lab), tune_runs.build()
            with gr.Tab("Score", id="score") as third:
                new, scores = score_form.build(lab), score.build()
            with gr.Tab("Tasks", id="tasks") as fourth:
                tasks.build(lab, fourth, tabs, form)
            with gr.Tab("Library", id="library") as fifth:
                library.build(lab, fifth, tabs, form)
        place = gr.Textbox(visible=False, label="Place")
        foot.wire(lab, form.foot, form, tabs, scores.open)
        duel.wire(lab, card, page, first, clock, tabs, scores.open)
        tune.wire(lab, wish, second, runs.open)
        tune_wire.wire(lab, runs, second, clock)
        tune_wire.carry(lab, runs, tabs, form, new)
        score_form.wire(lab, new, third, scores.open)
        score.wire(lab, scores, third, clock)
        page.load(bound(arrive), place, [tabs, runs.open, scores.open], js="() => window.promptune.where()", api_name="arrived", **quick)
        for tab in (first, fourth, fifth):
            tab.select(None, None, None, js="() => window.promptune.here('')", api_name=f"left_{tab.id}", **QUIET)
        page.load(bound(status, lab), None, chip, api_name="status_shown", **quick)
        clock.tick(partial(watched, lab, chip, seen := gr.State({})), [seen], [chip, seen])
        clock.wire()
    calm(page, brand)
    page.queue(default_concurrency_limit=16, max_size=256, api_open=False)
    return page


def calm(page: gr.Blocks, widget: gr.HTML) -> None:
    """Gradio tells every widget that an event ever changed of every event's progress, which none of ours shows: one is told now."""
    for fn in page.fns.values():
        fn.show_progress_on = [widget]


def looks() -> dict[str, Any]:
    """Theme, styles and script, for whatever serves the page."""
    head = f"<script>{(HERE / 'head.js').read_text(encoding='utf-8')}</script>"
    css = styles.tokens() + "".join((HERE / name).read_text(encoding="utf-8") for name in STYLES) + styles.score()
    return {"theme": theme(), "css": css, "head": head}
