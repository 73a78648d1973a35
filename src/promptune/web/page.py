"""The page: header, tabs, and the one clock they share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from promptune.lab import Lab
from promptune.web import compare, library, present, tasks
from promptune.web.guard import Visitor
from promptune.web.handlers import QUIET, bound
from promptune.web.theme import theme

HERE = Path(__file__).parent
TICK = 1.0  # seconds between two looks at the store


class Page(gr.Blocks):
    """Gradio checks values before a handler sees them, and its words are for programmers."""

    async def preprocess_data(self, *args: Any, **named: Any) -> Any:
        try:
            return await super().preprocess_data(*args, **named)
        except gr.Error as error:
            raise gr.Error("What is chosen here is no longer there. Reload the page and choose again.", duration=10, print_exception=False) from error


def status(lab: Lab, visitor: Visitor) -> str:
    return present.chip(lab.settings.default_model, lab.status())


def build(lab: Lab) -> gr.Blocks:
    page = Page(title="Promptune", analytics_enabled=False)
    with page:
        clock = gr.Timer(TICK)
        gr.HTML('<h1 class="brand">Promptune</h1>', elem_id="brand", js_on_load=None)
        chip = gr.HTML("", elem_id="chip", js_on_load=None)
        with gr.Tabs(elem_id="nav", selected="compare") as tabs:
            with gr.Tab("Compare", id="compare") as first:
                form = compare.build(lab, page, first, clock)
            with gr.Tab("Tasks", id="tasks") as second:
                tasks.build(lab, second, tabs, form)
            with gr.Tab("Library", id="library") as third:
                library.build(lab, third)
        page.load(bound(status, lab), None, chip, api_name="status_shown", queue=False, **QUIET)
        clock.tick(bound(status, lab), None, chip, api_name="status_watched", queue=False, **QUIET)
    page.queue(default_concurrency_limit=16, max_size=256, api_open=False)
    return page


def looks() -> dict[str, Any]:
    """Theme, styles and script, for whatever serves the page."""
    head = f"<script>{(HERE / 'head.js').read_text(encoding='utf-8')}</script>"
    return {"theme": theme(), "css": (HERE / "app.css").read_text(encoding="utf-8"), "head": head}
