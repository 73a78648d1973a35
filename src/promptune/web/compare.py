"""The tab Compare: one question, three contenders, side by side; in a task, with the right answer beside theirs."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from promptune.core.contender import Contender
from promptune.lab import Lab
from promptune.web import asking, batch, compare_task, pane, present, present_asked
from promptune.web.compare_form import Asked, Changes, Chip, CompareForm, Held
from promptune.web.guard import LOCAL, Visitor
from promptune.web.handlers import QUIET, Stops, bound, press_stop, words
from promptune.web.pane import PaneForm

MOST_CHIPS = 10  # a task with more rows has none

# ---- handlers ----


def describe(lab: Lab, form: CompareForm, i: int, visitor: Visitor, asked: Asked, *settings: Any) -> Changes:
    """A pane's head names what answered in it; other settings are for the next question, and say so."""
    view, strategy = form.views[i], str(settings[1])
    hint = gr.Textbox(placeholder=pane.suggested(lab, visitor.owner, strategy) or "none")
    strength = gr.Textbox(visible="+" in str(settings[0]))
    changes: Changes = {view.about: pane.about(lab, visitor.owner, strategy), form.panes[i].arguments: hint, form.panes[i].strength: strength}
    try:
        contender = PaneForm.contender(*settings)
    except Exception as error:
        return changes | {view.spelled: present.fault(words(error))}
    answered = asked.contenders[i] if asked.contenders else str(contender)
    if not asked.contenders:
        changes[view.talk] = present.silence(i, answered, pane.summary(lab, contender))
    return changes | {view.head: present.pane_head(i, answered, str(contender)), view.spelled: present.spelled(str(contender))}


def suggest(lab: Lab, visitor: Visitor, strategy: str) -> str:
    """Another strategy begins with arguments that fit it."""
    return pane.suggested(lab, visitor.owner, strategy)


def command(lab: Lab, visitor: Visitor, typed: str, task: str, picked: Chip | None, asked: Asked, *settings: Any) -> str:
    contenders = [str(contender) for contender in pane.contenders(settings)]
    if typed or not asked.question:
        return lab.command(contenders, typed or compare_task.EXAMPLES[0], asking.about(task, picked or None))
    return lab.command(contenders, asked.question, asked.about)


def restore(lab: Lab, form: CompareForm, visitor: Visitor, kept: str) -> Changes:
    """A page that opens shows the owner's last comparison in the task it was in, and lists the models there are now."""
    models = pane.askable(lab, visitor.owner)
    changes: Changes = {one.model: gr.Dropdown(choices=models) for one in form.panes}
    record = lab.newest_comparison(visitor.owner)
    frame = lab.panes(record) if record else ()
    spelled = [Contender.parse(shown.contender) for shown in frame]
    slugs = {slug for _, slug in models}
    known = len(frame) == len(form.panes) and all(pane.spellable(one) and pane.weights(one.model, one.run) in slugs for one in spelled)
    asked = Asked(record.question, tuple(map(str, spelled))) if record and known else Asked()
    asked, task = compare_task.remembered(lab, form, visitor, _memo(kept), asked)
    changes |= task
    if not asked.question:
        return changes
    changes |= asking.shown(form, asked, frame)
    if not asked.about:
        changes[form.start] = gr.Row(visible=False)
    for one, view, contender in zip(form.panes, form.views, spelled, strict=True):
        changes |= dict(zip(one.inputs(), PaneForm.values(contender), strict=True))
        changes[one.model] = gr.Dropdown(choices=models, value=pane.weights(contender.model, contender.run))
        changes[one.strength] = gr.Textbox(PaneForm.values(contender)[-1], visible=contender.run is not None)
        changes[view.spelled], changes[view.about] = present.spelled(str(contender)), pane.about(lab, visitor.owner, contender.strategy)
    return changes


def _memo(kept: str) -> dict[str, Any]:
    """As the browser had it: it may be anything."""
    try:
        read = json.loads(kept or "{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) and all(isinstance(value, str | int | None) for value in read.values()) else {}


def list_models(lab: Lab, form: CompareForm, visitor: Visitor, task: str, asked: Asked, *chosen: str) -> Changes:
    """The models and tasks there are now; a pane whose model is gone takes the default one, and the page says so."""
    models = pane.askable(lab, visitor.owner)
    slugs = [slug for _, slug in models]
    default = next((slug for slug in (lab.settings.default_model, *slugs) if slug in slugs), "")
    changes: Changes = {}
    for one, slug in zip(form.panes, chosen, strict=True):  # what is there is not chosen again: something newer may be by now
        changes[one.model] = gr.Dropdown(choices=models) if slug in slugs else gr.Dropdown(choices=models, value=default)
    gone = [
        f"Pane {key}: {slug or 'its model'} is no longer there; {default} is next." for key, slug in zip(present.KEYS, chosen, strict=True) if slug not in slugs
    ]
    changes |= compare_task.listed(lab, form, visitor, task, asked)
    return changes | ({form.oops: present.notice(" ".join(gone))} if gone else {})


# ---- layout ----


def build(lab: Lab, demo: gr.Blocks, tab: gr.Tab, clock: gr.Timer) -> CompareForm:
    default = lab.settings.default_model
    start = [Contender.parse(f"{default}/{how}") for how in ("zero-shot", "cot", "zero-shot?t=0.7&seed=1")]
    with gr.Row(elem_id="task-line"):
        tasks = compare_task.tasks(lab, LOCAL)
        task = gr.Dropdown(tasks, value="", label="Task", interactive=True, filterable=False, container=True, elem_id="task", scale=0, min_width=260)
        try_ = gr.Button("Try an example ⟳", elem_classes="btn", elem_id="try", visible=False)
        reference = gr.HTML("", elem_id="reference", js_on_load=None, apply_default_css=False)
    with gr.Row(elem_id="panes", equal_height=True):
        built = [pane.build(lab, LOCAL, i, contender) for i, contender in enumerate(start)]
    with gr.Row(elem_id="ask"):
        label, hint = "Question for all three", "Ask all three …"
        box = gr.Textbox(lines=1, max_lines=8, label=label, placeholder=hint, show_label=False, container=False, elem_id="q", scale=1)
        stop = gr.Button("Stop", elem_classes="btn", elem_id="stop", interactive=False)
        send = gr.Button("Send", variant="primary", elem_classes=["btn", "go"], elem_id="send")
    picked = gr.HTML("", elem_id="picked", elem_classes="quiet", js_on_load=None, apply_default_css=False)
    oops = gr.HTML("", elem_classes="oops", js_on_load=None, apply_default_css=False)
    chips = tuple(map(Chip, compare_task.EXAMPLES))
    with gr.Row(elem_id="start") as row:
        invite = gr.HTML(present_asked.invite(compare_task.INVITE), elem_classes="fit", js_on_load=None)
        texts = [chips[i].text if i < len(chips) else "" for i in range(MOST_CHIPS)]
        examples = tuple(gr.Button(text, elem_classes=["btn", "example"], visible=bool(text)) for text in texts)
    with gr.Row(elem_id="foot"):
        copy = gr.Button("Copy command", elem_classes="lnk", elem_id="copy")
        gr.HTML('<span class="soft small">Every comparison is kept in the Library.</span>', elem_classes="fit", js_on_load=None)
    form = CompareForm(
        task=task,
        try_=try_,
        reference=reference,
        box=box,
        send=send,
        stop=stop,
        note=picked,
        oops=oops,
        start=row,
        invite=invite,
        chips=examples,
        offered=gr.State(chips),
        picked=gr.State(None),
        asked=gr.State(Asked()),
        held=gr.State(Held()),
        memo=gr.Textbox(visible=False, label="Memory"),
        command=gr.Textbox(visible=False, label="Command"),
        panes=tuple(form for form, _ in built),
        views=tuple(view for _, view in built),
    )
    wire(lab, form, copy, demo, tab)
    batch.build(lab, demo, clock, form.settings())
    return form


# ---- wiring ----


def wire(lab: Lab, form: CompareForm, copy: gr.Button, demo: gr.Blocks, tab: gr.Tab) -> None:
    stops, settings, shown = Stops(), form.settings(), form.shown()
    many: dict[str, Any] = {**QUIET, "concurrency_limit": 32, "concurrency_id": "ask", "trigger_mode": "once"}
    quick: dict[str, Any] = {**QUIET, "queue": False}
    question = [form.box, form.task, form.picked, form.held, *settings]
    drops = [view.drop.click for view in form.views]
    asked = [
        gr.on([form.box.submit, form.send.click], bound(asking.ask, lab, form, stops), question, shown, api_name="ask", **many),
        gr.on(drops, bound(asking.again, lab, form, stops), form.asked, shown, api_name="ask_with_less", **many),
    ]
    for i, event in enumerate(asked):
        back = [form.box, form.picked, form.held]
        event.then(bound(asking.give_back, form), [form.box, form.held], back, api_name=f"give_back_{i}", **quick)
        event.then(None, form.memo, None, js="text => window.promptune.remember(text)", api_name=f"remember_{i}", **QUIET)
    form.stop.click(bound(press_stop, stops), None, None, api_name="stop", **quick)
    _wire_task(lab, form, quick)
    for i, (one, view) in enumerate(zip(form.panes, form.views, strict=True)):
        edits, described = [widget.change for widget in one.inputs()], [view.head, view.about, one.arguments, one.strength, view.spelled, view.talk]
        letter = present.KEYS[i].lower()
        each = {**quick, "trigger_mode": "always_last"}
        gr.on(edits, bound(describe, lab, form, i), [form.asked, *one.inputs()], described, api_name=f"describe_{letter}", **each)
        one.strategy.input(bound(suggest, lab), one.strategy, one.arguments, api_name=f"suggest_{letter}", **quick)
    spelled = [form.box, form.task, form.picked, form.asked, *settings]
    copied = copy.click(bound(command, lab), spelled, form.command, api_name="command", **quick)
    copied.success(None, form.command, None, js="text => window.promptune.copy(text, 'copy')", api_name="copy_command", **QUIET)
    models = [one.model for one in form.panes]
    tab.select(
        bound(list_models, lab, form), [form.task, form.asked, *models], [*models, form.task, form.oops, *form.of_task()], api_name="list_models", **quick
    )
    recall = "() => window.promptune.recall()"
    demo.load(bound(restore, lab, form), form.memo, form.kept(), js=recall, api_name="restore", **quick)


def _wire_task(lab: Lab, form: CompareForm, quick: dict[str, Any]) -> None:
    choose(lab, form, form.task.input, "task", quick)
    held = [form.box, form.picked, form.held]
    tried = [form.box, form.picked, form.held, form.note, form.oops, form.memo]
    example = form.try_.click(bound(compare_task.try_example, lab, form), [form.task, form.asked, *held], tried, api_name="try_example", **quick)
    example.then(None, form.memo, None, js="text => window.promptune.tried(text)", api_name="try_remember", **QUIET)
    for i, chip in enumerate(form.chips):
        pressed = chip.click(bound(compare_task.press, i, form), [form.offered, *held], held, api_name=f"chip_{i}", **quick)
        pressed.success(None, None, None, js="() => window.promptune.press('send')", api_name=f"chip_{i}_send", **QUIET)


def choose(lab: Lab, form: CompareForm, event: Any, name: str, quick: dict[str, Any]) -> Any:
    """What follows when a task was chosen, here or on another tab."""
    chosen = event(bound(compare_task.choose, lab, form), [form.task, form.asked], form.of_task(), api_name=f"{name}_chosen", **quick)
    return chosen.then(None, form.memo, None, js="text => window.promptune.remember(text)", api_name=f"{name}_remember", **QUIET)
