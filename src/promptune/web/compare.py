"""The tab Compare: one question, up to six contenders side by side; in a task, with the right answer beside theirs."""

from __future__ import annotations

from typing import Any

import gradio as gr

from promptune.lab import Lab
from promptune.web import batch, compare_panes, compare_task, compare_wire, foot, pane, present_asked
from promptune.web.asking import Asks
from promptune.web.chat import COUNTS, Chat
from promptune.web.clock import Clock
from promptune.web.compare_form import Chip, CompareForm, Held
from promptune.web.guard import LOCAL

FIRST = 3  # panes of a page that nobody has set
MOST_CHIPS = 10  # a task with more rows has none
HTML: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}


def build(lab: Lab, demo: gr.Blocks, tab: gr.Tab, clock: Clock) -> CompareForm:
    with gr.Row(elem_id="task-line"):
        tasks = compare_task.tasks(lab, LOCAL)
        task = gr.Dropdown(tasks, value="", label="Task", interactive=True, filterable=False, container=True, elem_id="task", scale=0, min_width=260)
        try_ = gr.Button("Try an example ⟳", elem_classes="btn", elem_id="try", visible=False)
        reference = gr.HTML("", elem_id="reference", **HTML)
        add = gr.Button("+ Contender", elem_classes="btn", elem_id="add-pane")
    with gr.Row(elem_id="panes", equal_height=True):
        built = [pane.build(lab, LOCAL, i, contender, visible=i < FIRST) for i, contender in enumerate(compare_panes.spare(lab))]
    with gr.Row(elem_id="ask"):
        label, hint = f"Question for {COUNTS[FIRST]}", f"Ask {COUNTS[FIRST]} …"
        box = gr.Textbox(lines=1, max_lines=8, label=label, placeholder=hint, show_label=False, container=False, elem_id="q", scale=1)
        stop = gr.Button("Stop", elem_classes="btn", elem_id="stop", interactive=False)
        send = gr.Button("Send", variant="primary", elem_classes=["btn", "go"], elem_id="send")
    note = gr.HTML("", elem_id="picked", elem_classes="quiet", **HTML)
    oops = gr.HTML("", elem_classes="oops", elem_id="oops", **HTML)
    chips = tuple(map(Chip, compare_task.EXAMPLES))
    with gr.Row(elem_id="start") as row:
        invite = gr.HTML(present_asked.invite(compare_task.invite(lab, "", chips)), elem_classes="fit", js_on_load=None)
        texts = [chips[i].text if i < len(chips) else "" for i in range(MOST_CHIPS)]
        examples = tuple(gr.Button(text, elem_classes=["btn", "example"], visible=bool(text)) for text in texts)
    form = CompareForm(
        task=task,
        try_=try_,
        reference=reference,
        add=add,
        box=box,
        send=send,
        stop=stop,
        note=note,
        oops=oops,
        start=row,
        invite=invite,
        chips=examples,
        offered=gr.State(chips),
        picked=gr.State(None),
        chat=gr.State(Chat()),
        count=gr.State(FIRST),
        held=gr.State(Held()),
        memo=gr.Textbox(visible=False, label="Memory"),
        link=gr.Textbox(visible=False, label="Link"),
        draft=gr.Textbox(visible=False, label="Draft"),
        open=gr.Textbox(visible=False, label="Open conversation"),
        hints=gr.Textbox(pane.hints(lab, LOCAL), visible=False, label="Hints"),
        edit=gr.Textbox(visible="hidden", label="Edit question", elem_id="edit-turn", interactive=True),
        foot=foot.build(lab),
        panes=tuple(form for form, _ in built),
        views=tuple(view for _, view in built),
    )
    compare_wire.wire(lab, form, Asks(), demo, tab)
    batch.build(lab, demo, clock, [form.count, *form.settings()])
    return form
