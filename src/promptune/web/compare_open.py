"""What Compare shows when it is opened: the talk there was, one from the Library, what a link says, or nothing yet; and a turn taken back into the box."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import gradio as gr

from promptune import links
from promptune.errors import UserError
from promptune.lab import Lab, Talk
from promptune.links import Link
from promptune.web import compare_task, pane, present
from promptune.web.asking import Asks, memo
from promptune.web.chat import COUNTS, Chat
from promptune.web.compare_draw import drawn, fill, silent, told, values_of
from promptune.web.compare_form import Changes, Chip, CompareForm, Held
from promptune.web.compare_task import row
from promptune.web.guard import Visitor
from promptune.web.handlers import words


def restore(lab: Lab, form: CompareForm, visitor: Visitor, kept: str, query: str, draft: str) -> Changes:
    """A page that opens shows what a link says; else the talk that was open in its tab, or the newest, in the task it was in."""
    hints: Changes = {form.hints: pane.hints(lab, visitor.owner)}
    if (link := links.read(query)) != Link():  # other queries mean nothing to us
        return follow(lab, form, visitor, link, draft) | hints
    known = memory(kept)
    newest = lab.talks.newest(visitor.owner)
    chat, talk = Chat(), newest
    if "talk" not in known:
        chat = Chat.of(newest)
    elif known["talk"]:
        with suppress(UserError):
            talk = lab.talks.get(visitor.owner, str(known["talk"]))
            chat = Chat.of(talk)
    changes = _shown(lab, form, visitor, chat, talk)
    if isinstance(editing := known.get("editing"), int) and chat.settled and 0 <= editing < len(chat.turns):
        chat = replace(chat, editing=editing)
        changes |= {form.chat: chat, form.held: Held(str(known.get("held") or ""))}
    changes |= _set_before(lab, form, visitor, chat, str(known.get("panes") or ""))
    return changes | compare_task.remembered(lab, form, visitor, known, chat) | hints


def follow(lab: Lab, form: CompareForm, visitor: Visitor, link: Link, draft: str) -> Changes:
    """A link fills the panes, the task and the box. Nothing is asked by itself: that would spend what is somebody else's."""
    wrong = list(link.wrong)
    values = values_of(link.contenders)
    wrong += [f"A pane cannot be set to {one!r}." for one, value in zip(link.contenders, values, strict=True) if value is None]
    good = [value for value in values if value] or [value for value in values_of(compare_task.starts(lab, visitor, "")) if value]
    models = {slug for _, slug in pane.askable(lab, visitor.owner)}
    wrong += [f"There is no {one} here." for one in dict.fromkeys(str(value[0]) for value in good) if one not in models]
    task = compare_task.known(lab, visitor, link.task)
    if link.task and not task:
        wrong.append(f"There is no task {link.task!r} here.")
    changes = fill(lab, form, visitor, good) | silent(lab, form, good) | compare_task.put(lab, form, visitor, task, Chat())
    question, chip = link.question, None
    if task and link.row is not None:
        try:
            place = row(link.split or "test", link.row) or Chip("")
            text = lab.tasks.typed(visitor.owner, compare_task.about_row(task, place))
            question = question or text
            chip = replace(place, text=question)
            changes |= {form.picked: chip, form.note: compare_task.note(lab, visitor, task, chip)}
        except UserError as error:
            wrong.append(words(error))
    label = COUNTS[len(good)]
    if question:
        changes[form.box] = gr.Textbox(question, label=f"Question for {label}", placeholder=f"Ask {label} …")
        changes[form.held] = Held(draft if draft != question else "")
    told = f"From a link. {'Press Send to ask.' if question else 'Write a question to ask.'}"
    return changes | {
        form.chat: Chat(),
        form.memo: memo(task, "", chip),
        form.oops: present.notice(" ".join([told, *wrong])),
        form.add: gr.Button(interactive=len(good) < len(form.panes)),
        form.link: "",
    }


def open_talk(lab: Lab, form: CompareForm, asks: Asks, visitor: Visitor, id: str) -> Changes:
    """A kept talk, to be looked at and gone on with."""
    if not id:
        return {form.open: ""}
    asks.leave(visitor)
    try:
        talk = lab.talks.get(visitor.owner, id)
    except UserError as error:
        return {form.oops: present.fault(words(error)), form.open: ""}
    chat = Chat.of(talk)
    changes = _shown(lab, form, visitor, chat, talk)
    about = chat.last.about if chat.last else None
    changes |= compare_task.put(lab, form, visitor, about.task if about else "", chat)
    return changes | form.busy(False) | {form.open: ""}


def fresh(lab: Lab, form: CompareForm, asks: Asks, visitor: Visitor, held: Held, task: str, before: Chat, count: int, *settings: Any) -> Changes:
    """A new chat with the same contenders. What is in the box stays there, unless it was an earlier question."""
    asks.leave(visitor)
    chat = Chat()
    changes: Changes = given_up(form, task, before, held)
    changes |= silent(lab, form, pane.apart(settings, count)) | {form.chat: chat, form.reference: "", form.oops: "", form.foot.say: ""}
    changes[form.start] = gr.Row(visible=True)
    changes |= _sheets(lab, form, visitor, count, settings)
    return changes | form.busy(False) | {form.add: gr.Button(interactive=count < len(form.panes)), form.memo: memo(task, "")}


def edit(lab: Lab, form: CompareForm, visitor: Visitor, wish: str, task: str, typed: str, chat: Chat, held: Held) -> Changes:
    """A turn's question goes back into the box; `-1` gives that up. The page writes the turn's place, then anything that makes it new."""
    place = int(wish.partition(".")[0]) if wish.partition(".")[0].removeprefix("-").isdecimal() else -1
    if place < 0 or not chat.settled or place >= len(chat.turns):
        return given_up(form, task, chat, held)
    turn = chat.turns[place]
    changes: Changes = {}
    if (turn.about.task if turn.about else "") != task:
        changes |= compare_task.put(lab, form, visitor, turn.about.task if turn.about else "", chat)
    chip = Chip(turn.question, turn.about.split, turn.about.row) if turn.about and turn.about.row is not None else None
    own = typed if chat.editing is None else ""
    now, back = replace(chat, editing=place), Held(own) if own else held
    kept = memo(turn.about.task if turn.about else "", chat.talk, chip, place, back.text)
    return changes | {form.note: compare_task.edited(now), form.memo: kept, form.chat: now, form.box: turn.question, form.picked: chip, form.held: back}


def given_up(form: CompareForm, task: str, chat: Chat, held: Held) -> Changes:
    """No earlier question is in the box any more; what made room for it comes back."""
    if chat.editing is None:
        return {}
    kept = memo(task, chat.talk)
    return {form.chat: replace(chat, editing=None), form.note: "", form.picked: None, form.box: held.text, form.held: Held(), form.memo: kept}


def _shown(lab: Lab, form: CompareForm, visitor: Visitor, chat: Chat, talk: Talk | None) -> Changes:
    """The panes are set to whom the talk asked last; where its names are hidden, in an order that says nothing of who sits where."""
    last = talk.turns[-1] if talk and talk.turns else None
    spelled = [one.contender for one in last.panes] if last else []
    if last and last.hidden:
        spelled.sort()
    values = values_of(spelled) if spelled else list(values_of(compare_task.starts(lab, visitor, "")))
    changes = fill(lab, form, visitor, values) | {form.chat: chat, form.memo: memo("", chat.talk)}
    known = [value for value in values if value]
    if chat.turns:
        changes |= silent(lab, form, [], len(values)) | drawn(form, chat)
        changes[form.start] = gr.Row(visible=False)
        if chat.hidden:
            changes |= {widget: "" for view in form.views for widget in view.settings()}
        lost = [
            f"{present.KEYS[i]} was {one}, which a pane cannot be set to." for i, (one, value) in enumerate(zip(spelled, values, strict=False)) if not value
        ]
        changes[form.oops] = present.notice(" ".join(lost)) if lost and not chat.hidden else ""
    elif len(known) == len(values):
        changes |= silent(lab, form, known)
    return changes | {form.add: gr.Button(interactive=len(values) < len(form.panes) and not chat.hidden)}


def _set_before(lab: Lab, form: CompareForm, visitor: Visitor, chat: Chat, spelled: str) -> Changes:
    """What the panes were set to in this tab, where nobody was asked so yet."""
    values = [one for one in values_of(spelled.split()[: len(form.panes)]) if one]
    if not values or chat.hidden:
        return {}
    changes = fill(lab, form, visitor, values) | told(lab, form, chat, values)
    return changes | {form.add: gr.Button(interactive=len(values) < len(form.panes))}


def _sheets(lab: Lab, form: CompareForm, visitor: Visitor, count: int, settings: tuple[Any, ...]) -> Changes:
    """What stands in the settings beside the choices: it was blank while names were hidden."""
    changes: Changes = {}
    for view, values in zip(form.views, pane.apart(settings, count), strict=False):
        changes[view.about] = pane.about(lab, visitor.owner, str(values[1]))
        with suppress(Exception):  # a mistake in the settings is told when they are changed
            changes[view.spelled] = present.spelled(str(pane.PaneForm.contender(*values)))
    return changes


def memory(kept: str) -> dict[str, Any]:
    """As the browser had it: it may be anything."""
    try:
        read = json.loads(kept or "{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) and all(isinstance(value, str | int | None) for value in read.values()) else {}
