"""The tab Compare: one question, three contenders, side by side."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import gradio as gr

from promptune.core.contender import Contender
from promptune.core.prompt import SentPrompt
from promptune.lab import Frame, Lab, Pane
from promptune.web import batch, pane, present
from promptune.web.guard import LOCAL, Visitor
from promptune.web.handlers import QUIET, Stops, bound, press_stop, words
from promptune.web.pane import PaneForm, PaneView

EXAMPLES = (
    "I have 5 apples and eat 2. How many are left?",
    "“The lamp broke.” Good or bad?",
    "Name three blue things.",
)
Changes = dict[Any, Any]  # widget: its new value
POLL = 0.1  # seconds between two frames


@dataclass(frozen=True)
class Asked:
    """What the panes show the answers of; what is set by now may be something else."""

    question: str = ""
    contenders: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompareForm:
    """What the handlers change. What they read are a question and the panes' settings, in the panes' order."""

    box: gr.Textbox
    send: gr.Button
    stop: gr.Button
    oops: gr.HTML
    start: gr.Row
    asked: gr.State  # an Asked: what the panes show
    unanswered: gr.State  # the question, when a pane failed: it goes back into the box
    command: gr.Textbox
    panes: tuple[PaneForm, ...]
    views: tuple[PaneView, ...]

    def settings(self) -> list[Any]:
        return [widget for form in self.panes for widget in form.inputs()]

    def shown(self) -> list[Any]:
        views = [widget for view in self.views for widget in (view.head, view.talk, view.result, view.prompt)]
        return [self.box, self.send, self.stop, self.oops, self.start, self.asked, self.unanswered, *views]

    def kept(self) -> list[Any]:
        return [self.start, self.asked, *self.settings(), *(widget for view in self.views for widget in vars(view).values())]

    def busy(self, busy: bool) -> Changes:
        return {self.send: gr.Button(interactive=not busy), self.stop: gr.Button(interactive=busy)}


@dataclass
class Painter:
    """Turns frames into changes, only of what looks different from before."""

    form: CompareForm
    question: str
    seen: Changes = field(default_factory=dict)
    prompts: dict[int, SentPrompt | None] = field(default_factory=dict)  # shown by now: a long one is slow to mark up

    def changes(self, frame: Frame, waiting: str = "") -> Changes:
        new: Changes = {}
        for i, (view, shown) in enumerate(zip(self.form.views, frame, strict=False)):
            new[view.head] = present.pane_head(i, shown.contender)
            new[view.talk] = present.talk(i, self.question, shown, waiting)
            new[view.result] = present.result(shown)
            if i not in self.prompts or self.prompts[i] != shown.prompt:
                self.prompts[i] = shown.prompt
                new[view.prompt] = present.prompt_view(shown.prompt)
        changed = {widget: markup for widget, markup in new.items() if self.seen.get(widget) != markup}
        self.seen |= changed
        return changed


# ---- handlers ----


def ask(lab: Lab, form: CompareForm, stops: Stops, visitor: Visitor, question: str, *settings: Any) -> Iterator[Changes]:
    stopping = threading.Event()
    try:
        contenders = pane.contenders(settings)
        frames = lab.compare(visitor.owner, question, contenders, poll=POLL, stop=stopping)
    except Exception as error:  # the question stays in its box, beside what is wrong
        yield {form.oops: present.fault(words(error))}
        return
    painter = Painter(form, question)
    frame: Frame = ()
    asked = Asked(question, tuple(map(str, contenders)))
    yield {form.box: "", form.oops: "", form.start: gr.Row(visible=False), form.asked: asked, form.unanswered: "", **form.busy(True)}
    try:
        with closing(frames), stops.watch(visitor, stopping):
            for frame in frames:
                yield painter.changes(frame, _waiting(lab)) or {form.oops: gr.skip()}  # a closed tab is noticed between two yields
        yield {**painter.changes(frame), form.unanswered: question if _unanswered(frame) else "", **form.busy(False)}
    except Exception as error:
        yield {**painter.changes(tuple(map(_settled, frame))), form.oops: present.fault(words(error)), form.unanswered: question, **form.busy(False)}


def give_back(visitor: Visitor, typed: str, unanswered: str) -> str:
    """Nothing typed is lost: a question that failed returns to its box, unless another one is being written."""
    return typed or unanswered


def describe(i: int, visitor: Visitor, asked: Asked, *settings: Any) -> tuple[Any, str]:
    """A pane's head names what answered in it; other settings are for the next question, and say so."""
    try:
        contender = str(PaneForm.contender(*settings))
    except Exception as error:
        return gr.skip(), present.fault(words(error))
    answered = asked.contenders[i] if asked.contenders else contender
    return present.pane_head(i, answered, contender), present.spelled(contender)


def command(lab: Lab, visitor: Visitor, typed: str, asked: Asked, *settings: Any) -> str:
    return lab.command([str(contender) for contender in pane.contenders(settings)], typed or asked.question or EXAMPLES[0])


def restore(lab: Lab, form: CompareForm, visitor: Visitor) -> Changes:
    """A page that opens shows the owner's last comparison, and lists the models there are now."""
    models = pane.usable(lab, visitor.owner)
    changes: Changes = {one.model: gr.Dropdown(choices=models) for one in form.panes}
    if record := lab.newest_comparison(visitor.owner):
        frame = lab.panes(record)
        spelled = [Contender.parse(shown.contender) for shown in frame]
        slugs = {slug for _, slug in models}
        if len(frame) == len(form.panes) and all(pane.spellable(one) and one.model in slugs for one in spelled):
            changes |= _shown(form, record.question, frame, spelled, models)
    return changes


def _shown(form: CompareForm, question: str, frame: Frame, spelled: Sequence[Contender], models: list[tuple[str, str]]) -> Changes:
    asked = Asked(question, tuple(map(str, spelled)))
    changes: Changes = {form.start: gr.Row(visible=False), form.asked: asked, **Painter(form, question).changes(frame)}
    for one, view, contender in zip(form.panes, form.views, spelled, strict=True):
        changes |= dict(zip(one.inputs(), PaneForm.values(contender), strict=True))
        changes[one.model] = gr.Dropdown(choices=models, value=contender.model)
        changes[view.spelled] = present.spelled(str(contender))
    return changes


def list_models(lab: Lab, form: CompareForm, visitor: Visitor, *chosen: str) -> Changes:
    """The models there are now; a pane whose model is gone takes the default one, and the page says so."""
    models = pane.usable(lab, visitor.owner)
    slugs = [slug for _, slug in models]
    default = next((slug for slug in (lab.settings.default_model, *slugs) if slug in slugs), "")
    changes: Changes = {one.model: gr.Dropdown(choices=models, value=slug if slug in slugs else default) for one, slug in zip(form.panes, chosen, strict=True)}
    gone = [
        f"Pane {key}: {slug or 'its model'} is no longer there; {default} is next." for key, slug in zip(present.KEYS, chosen, strict=True) if slug not in slugs
    ]
    return changes | ({form.oops: present.notice(" ".join(gone))} if gone else {})


def _unanswered(frame: Frame) -> bool:
    """A pane failed, or nothing came at all before the end."""
    return any(shown.state == "failed" for shown in frame) or all(shown.state == "cancelled" and not shown.text for shown in frame)


def _settled(shown: Pane) -> Pane:
    """What was under way when something of ours broke: its text stays."""
    return replace(shown, state="cancelled", finish_reason="cancelled") if shown.state in ("waiting", "streaming") else shown


def _waiting(lab: Lab) -> str:
    status = lab.status()
    return "" if status.state == "ready" else f"Waiting for the model: {status.detail or status.state} …"


# ---- layout ----


def build(lab: Lab, demo: gr.Blocks, tab: gr.Tab, clock: gr.Timer) -> CompareForm:
    default = lab.settings.default_model
    start = [Contender.parse(f"{default}/{how}") for how in ("zero-shot", "cot", "zero-shot?t=0.7&seed=1")]
    note = next((model.note for model in lab.models(LOCAL) if model.slug == default), "")
    gr.HTML(present.notice(note), visible=bool(note), js_on_load=None, apply_default_css=False)
    with gr.Row(elem_id="panes", equal_height=True):
        built = [pane.build(lab, LOCAL, i, contender) for i, contender in enumerate(start)]
    with gr.Row(elem_id="ask"):
        label, hint = "Question for all three", "Ask all three …"
        box = gr.Textbox(lines=1, max_lines=8, label=label, placeholder=hint, show_label=False, container=False, elem_id="q", scale=1)
        stop = gr.Button("Stop", elem_classes="btn", elem_id="stop", interactive=False)
        send = gr.Button("Send", variant="primary", elem_classes=["btn", "go"], elem_id="send")
    oops = gr.HTML("", elem_classes="oops", js_on_load=None, apply_default_css=False)
    with gr.Row(elem_id="start") as row:
        gr.HTML('<span class="soft small">One question, three answers side by side. Try one:</span>', elem_classes="fit", js_on_load=None)
        examples = [gr.Button(question, elem_classes=["btn", "example"]) for question in EXAMPLES]
    with gr.Row(elem_id="foot"):
        copy = gr.Button("Copy command", elem_classes="lnk", elem_id="copy")
        gr.HTML('<span class="soft small">Every comparison is kept in the Library.</span>', elem_classes="fit", js_on_load=None)
    text = gr.Textbox(visible=False, label="Command")
    form = CompareForm(box, send, stop, oops, row, gr.State(Asked()), gr.State(""), text, tuple(f for f, _ in built), tuple(v for _, v in built))
    wire(lab, form, examples, copy, demo, tab)
    batch.build(lab, demo, clock, form.settings())
    return form


# ---- wiring ----


def wire(lab: Lab, form: CompareForm, examples: Sequence[gr.Button], copy: gr.Button, demo: gr.Blocks, tab: gr.Tab) -> None:
    stops, settings = Stops(), form.settings()
    many: dict[str, Any] = {**QUIET, "concurrency_limit": 32, "concurrency_id": "ask", "trigger_mode": "once"}
    asking = [gr.on([form.box.submit, form.send.click], bound(ask, lab, form, stops), [form.box, *settings], form.shown(), api_name="ask", **many)]
    for i, example in enumerate(examples, 1):  # a button's value is its label: the question itself
        asking.append(example.click(bound(ask, lab, form, stops), [example, *settings], form.shown(), api_name=f"ask_example_{i}", **many))
    for i, event in enumerate(asking):
        event.then(bound(give_back), [form.box, form.unanswered], form.box, api_name=f"give_back_{i}", queue=False, **QUIET)
    form.stop.click(bound(press_stop, stops), None, None, api_name="stop", queue=False, **QUIET)
    for i, (one, view) in enumerate(zip(form.panes, form.views, strict=True)):
        edits, described = [widget.change for widget in one.inputs()], [view.head, view.spelled]
        each = {**QUIET, "queue": False, "trigger_mode": "always_last"}
        gr.on(edits, bound(describe, i), [form.asked, *one.inputs()], described, api_name=f"describe_{present.KEYS[i].lower()}", **each)
    copied = copy.click(bound(command, lab), [form.box, form.asked, *settings], form.command, api_name="command", queue=False, **QUIET)
    copied.success(None, form.command, None, js="text => window.promptune.copy(text, 'copy')", api_name="copy_command", **QUIET)
    models = [one.model for one in form.panes]
    tab.select(bound(list_models, lab, form), models, [*models, form.oops], api_name="list_models", queue=False, **QUIET)
    demo.load(bound(restore, lab, form), None, form.kept(), api_name="restore", queue=False, **QUIET)
