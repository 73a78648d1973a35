"""What can be done with a pane beside asking: set it, add one, take one out, look closer at its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from promptune.core.contender import Contender
from promptune.lab import Lab
from promptune.web import compare_task, pane, present, present_talk
from promptune.web.asking import Asks, memo
from promptune.web.chat import Chat
from promptune.web.compare_draw import drawn, fill, silent, told
from promptune.web.compare_form import Changes, CompareForm, Held
from promptune.web.guard import LOCAL, Visitor
from promptune.web.handlers import words
from promptune.web.pane import PaneForm, Values

MOST = len(present.KEYS)
WAYS = ("zero-shot", "cot", "self-consistency")  # a new pane takes the first that none has
WAYS_TASK = ("zero-shot", "few-shot", "cot", "few-shot-cot", "self-consistency")
PARTED = "These answers were given to other panes: the next question begins a new chat. They are kept in the Library."


def describe(lab: Lab, form: CompareForm, asks: Asks, i: int, visitor: Visitor, chat: Chat, *settings: Any) -> Changes:
    """A pane's head names what answered in it; other settings are for the next question, and say so."""
    view, strategy = form.views[i], str(settings[1])
    hint = gr.Textbox(placeholder=pane.suggested(lab, visitor.owner, strategy) or "none")
    strength = gr.Textbox(visible="+" in str(settings[0]))
    changes: Changes = {form.panes[i].arguments: hint, form.panes[i].strength: strength}
    if chat.hidden:  # who sits where is not known before the vote
        return changes | {view.about: "", view.spelled: "", view.next: ""}
    changes[view.about] = pane.about(lab, visitor.owner, strategy)
    try:
        contender = str(PaneForm.contender(*settings))
    except Exception as error:
        return changes | {view.spelled: present.fault(words(error))}
    answered = chat.contenders[i] if i < len(chat.contenders) else ""
    if not answered and not asks.busy(visitor):  # else it is about to answer
        changes |= silent(lab, form, [*[tuple(settings)] * (i + 1)], i, i + 1)
    return changes | {view.next: present.following(contender if answered not in ("", contender) else ""), view.spelled: present.spelled(contender)}


def add(lab: Lab, form: CompareForm, asks: Asks, visitor: Visitor, held: Held, task: str, chat: Chat, count: int, *settings: Any) -> Changes:
    """One more, of the last one's model, asked in a way that none has yet."""
    if count >= MOST or asks.busy(visitor) or chat.hidden:
        return {form.oops: present.notice(f"{MOST} panes are the most." if count >= MOST else "Another pane can be added when the answers are there.")}
    values = pane.apart(settings, count)
    now, kept = chat.with_one_more(count), [*values, _other(values, task)]
    keep: list[Values | None] = [*([None] * count), kept[-1]]
    changes = fill(lab, form, visitor, keep) | silent(lab, form, kept, count, count + 1) | _parted(form, chat, now, task, held)
    return changes | {form.add: gr.Button(interactive=count + 1 < MOST)}


def remove(lab: Lab, form: CompareForm, asks: Asks, i: int, visitor: Visitor, held: Held, task: str, chat: Chat, count: int, *settings: Any) -> Changes:
    """Later panes move up, and what they show with them."""
    if count <= 1 or asks.busy(visitor) or chat.hidden:
        return {form.oops: present.notice("One pane stays." if count <= 1 else "A pane can be removed when the answers are there.")}
    values = pane.apart(settings, count)
    del values[i]
    now = chat.without(i)
    said = len(now.last.panes) if now.last else 0  # those are drawn, the others move up in silence
    changes = fill(lab, form, visitor, [*([None] * i), *values[i:]]) | silent(lab, form, values, max(i, said))
    return changes | _parted(form, chat, now, task, held) | told(lab, form, now, values) | {form.add: gr.Button(interactive=True)}


def _parted(form: CompareForm, before: Chat, now: Chat, task: str, held: Held) -> Changes:
    if now is before:
        return {form.oops: ""}
    box = {form.box: held.text, form.held: Held(), form.note: "", form.picked: None} if before.editing is not None else {}
    return {**box, form.chat: now, form.memo: memo(task, ""), **drawn(form, now), form.oops: "" if task else present.notice(PARTED)}


def _other(values: Sequence[Values], task: str) -> Values:
    """After every way of asking, chance: another seed."""
    model, used = values[-1][0], {str(one[1]) for one in values}
    strategy = next((way for way in (WAYS_TASK if task else WAYS) if way not in used), "")
    if strategy:
        return (model, strategy, pane.SUGGESTED.get(strategy, ""), "", "", "", "")
    seeds = {str(one[5]) for one in values}
    return (model, "zero-shot", "", "0.7", "", next(str(n) for n in range(1, MOST + 1) if str(n) not in seeds), "")


def look(lab: Lab, form: CompareForm, i: int, visitor: Visitor, chat: Chat, opened: str) -> Changes:
    """How sure the model was of every token of its last answer; once more closes it."""
    sure = form.views[i].sure
    if opened:
        return {sure: ""}
    if (turn := chat.last) is None or not chat.settled or chat.hidden:
        return {}
    try:
        return {sure: present_talk.confidence(lab.talks.confidence(visitor.owner, turn.id, i))}
    except Exception as error:
        return {sure: present.fault(words(error))}


def list_models(lab: Lab, form: CompareForm, visitor: Visitor, task: str, talk: Chat, count: int, *chosen: str) -> Changes:
    """The models and tasks there are now; a pane whose model is gone takes the default one, and the page says so."""
    models = pane.askable(lab, visitor.owner)
    slugs = [slug for _, slug in models]
    default = next((slug for slug in (lab.settings.default_model, *slugs) if slug in slugs), "")
    changes: Changes = {form.hints: pane.hints(lab, visitor.owner)}
    for one, slug in zip(form.panes, chosen, strict=True):  # what is there is not chosen again: something newer may be by now
        changes[one.model] = gr.Dropdown(choices=models) if slug in slugs else gr.Dropdown(choices=models, value=default)
    seen = list(zip(present.KEYS, chosen, strict=True))[:count]
    gone = [f"Pane {key}: {slug or 'its model'} is no longer there; {default} is next." for key, slug in seen if slug not in slugs]
    changes |= compare_task.listed(lab, form, visitor, task, talk)
    return changes | ({form.oops: present.notice(" ".join(gone))} if gone and not talk.hidden else {})


def spare(lab: Lab) -> list[Contender]:
    """What all six begin as; those behind the first three are not seen."""
    first = [Contender.parse(one) for one in compare_task.starts(lab, Visitor(LOCAL), "")]
    return [*first, *first][:MOST]
