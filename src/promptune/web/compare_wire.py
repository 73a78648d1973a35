"""Which event on Compare calls what."""

from __future__ import annotations

from typing import Any

import gradio as gr

from promptune.lab import Lab
from promptune.web import asking, compare_open, compare_panes, compare_task
from promptune.web.asking import Asks
from promptune.web.compare_form import CompareForm
from promptune.web.handlers import QUIET, bound
from promptune.web.present import KEYS

QUICK: dict[str, Any] = {**QUIET, "queue": False}
MANY: dict[str, Any] = {**QUIET, "concurrency_limit": 32, "concurrency_id": "ask", "trigger_mode": "once"}
ASKED = "(...values) => { window.promptune.asked(); return values; }"  # until it is kept nobody knows its talk: a reload shows the newest

# Another strategy begins with arguments that fit it. The browser knows them: an answer that took its time would write over what was typed since.
SUGGEST = "(strategy, hints) => JSON.parse(hints || '{}')[strategy] || ''"


def wire(lab: Lab, form: CompareForm, asks: Asks, demo: gr.Blocks, tab: gr.Tab) -> None:
    _wire_asking(lab, form, asks)
    _wire_task(lab, form)
    for i in range(len(form.views)):
        _wire_pane(lab, form, asks, i)
    adding = [*form.drawn(), *form.filled(), *_held(form), form.note]
    form.add.click(bound(compare_panes.add, lab, form, asks), [form.held, form.task, *form.asked()], _once(adding), api_name="add_pane", **QUICK)
    for button, vote in ((form.foot.tie, "tie"), (form.foot.bad, "bad")):
        button.click(bound(asking.vote, vote, lab, form), form.chat, form.judged(), api_name=f"vote_{vote}", **QUICK)
    fresh = [form.held, form.task, *form.asked()]
    begun = _once([*form.shown(), *form.filled()])
    new = form.foot.fresh.click(bound(compare_open.fresh, lab, form, asks), fresh, begun, api_name="new_chat", **QUIET)
    _remember(form, new, "new_chat")
    edited = [form.edit, form.task, form.box, form.chat, form.held]
    back = form.edit.change(
        bound(compare_open.edit, lab, form), edited, _once([*_held(form), form.chat, form.task, *form.of_task()]), api_name="edit_turn", **QUICK
    )
    back.then(None, form.memo, None, js="text => window.promptune.tried(text)", api_name="edit_turn_write", **QUIET)
    opened = form.open.change(bound(compare_open.open_talk, lab, form, asks), form.open, form.kept(), api_name="open_talk", **QUIET)
    _remember(form, opened, "open_talk")
    models = [one.model for one in form.panes]
    listed = [*models, form.task, form.oops, *form.of_task()]
    tab.select(bound(compare_panes.list_models, lab, form), [form.task, form.chat, form.count, *models], [*listed, form.hints], api_name="list_models", **QUICK)
    recall = "() => window.promptune.recall()"
    arrived = [form.memo, form.link, form.draft]
    loaded = demo.load(bound(compare_open.restore, lab, form), arrived, form.kept(), js=recall, api_name="restore", **QUICK)
    _remember(form, loaded, "restore")


def _wire_asking(lab: Lab, form: CompareForm, asks: Asks) -> None:
    question, shown = [form.foot.blind, form.held, *form.question()], form.shown()
    asking_ = bound(asking.ask, lab, form, asks)
    asked = gr.on([form.box.submit, form.send.click], asking_, question, shown, js=ASKED, api_name="ask", **MANY)
    asked.then(bound(asking.give_back, form), [form.box, form.held], _held(form), api_name="give_back", **QUICK)
    _remember(form, asked, "ask")
    again = [form.chat, form.task]
    gr.on([view.drop.click for view in form.views], bound(asking.with_less, lab, form, asks), again, shown, api_name="ask_with_less", **MANY)
    for i, view in enumerate(form.views):
        view.again.click(bound(asking.one_again, i, lab, form, asks), again, shown, api_name=f"ask_again_{KEYS[i].lower()}", **MANY)
    form.stop.click(bound(asking.stop, asks, None), None, None, api_name="stop", **QUICK)


def _wire_task(lab: Lab, form: CompareForm) -> None:
    choose(lab, form, form.task.input, "task")
    tried = [*_held(form), form.note, form.oops, form.memo]
    example = form.try_.click(bound(compare_task.try_example, lab, form), [form.task, form.chat, *_held(form)], tried, api_name="try_example", **QUICK)
    example.then(None, form.memo, None, js="text => window.promptune.tried(text)", api_name="try_remember", **QUIET)
    for i, chip in enumerate(form.chips):
        pressed = chip.click(bound(compare_task.press, i, form), [form.offered, *_held(form)], _held(form), api_name=f"chip_{i}", **QUICK)
        pressed.success(None, None, None, js="() => window.promptune.press('send')", api_name=f"chip_{i}_send", **QUIET)


def _wire_pane(lab: Lab, form: CompareForm, asks: Asks, i: int) -> None:
    one, view, letter = form.panes[i], form.views[i], KEYS[i].lower()
    edits = [widget.change for widget in one.inputs()]
    described = [view.head, view.next, view.about, one.arguments, one.strength, view.spelled, view.talk, view.result, view.opened, view.sure]
    describe, set_to = bound(compare_panes.describe, lab, form, asks, i), [form.chat, *one.inputs()]
    gr.on(edits, describe, set_to, described, api_name=f"describe_{letter}", trigger_mode="always_last", **QUICK)
    one.strategy.input(None, [one.strategy, form.hints], one.arguments, js=SUGGEST, api_name=f"suggest_{letter}", **QUIET)
    view.stop.click(bound(asking.stop, asks, i), None, None, api_name=f"stop_{letter}", **QUICK)
    left = _once([*form.judged(), *_held(form), form.note])
    remove, with_others = bound(compare_panes.remove, lab, form, asks, i), [form.held, form.task, *form.asked()]
    removed = view.remove.click(remove, with_others, left, api_name=f"remove_{letter}", **QUICK)
    removed.then(None, form.memo, None, js="text => window.promptune.removed(text)", api_name=f"remove_{letter}_remember", **QUIET)
    view.best.click(bound(asking.vote, str(i), lab, form), form.chat, form.judged(), api_name=f"best_{letter}", **QUICK)
    view.look.click(bound(compare_panes.look, lab, form, i), [form.chat, view.sure], view.sure, api_name=f"look_{letter}", **QUIET)


def choose(lab: Lab, form: CompareForm, event: Any, name: str) -> Any:
    """What follows when a task was chosen, here or on another tab."""
    asked = [form.task, *form.asked()]
    chosen = event(bound(compare_task.choose, lab, form), asked, _once([*form.of_task(), *form.filled(), *form.drawn()]), api_name=f"{name}_chosen", **QUICK)
    return _remember(form, chosen, name)


def _remember(form: CompareForm, event: Any, name: str) -> Any:
    return event.then(None, form.memo, None, js="text => window.promptune.remember(text)", api_name=f"{name}_remember", **QUIET)


def _held(form: CompareForm) -> list[Any]:
    return [form.box, form.picked, form.held]


def _once(widgets: list[Any]) -> list[Any]:
    return list(dict.fromkeys(widgets))
